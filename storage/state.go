package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"millrace/storage/keys"
)

// What follows is for package storage/state, which is the only reader of operator state.

// HasState reports whether a piece of operator state holds anything: ok for a map or for a multimap.
func (s *Store) HasState(dataflow uint32, id StateID, multimap bool) (bool, error) {
	it, err := s.newStateIter(dataflow, id, stateKind(multimap))
	if err != nil {
		return false, err
	}
	ok := it.First()
	return ok, errors.Join(it.Error(), it.Close())
}

// StateEntries counts the entries of all of a dataflow's operator state, by reading it: one for each key of a map and each
// distinct row of a group. It is for tests and diagnosis.
func (s *Store) StateEntries(dataflow uint32) (n int64, err error) {
	for _, kind := range []byte{kindMap, kindGroup} {
		lower, upper := kindRange(dataflow, kind)
		it, err := s.derived.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
		if err != nil {
			return 0, err
		}
		for ok := it.First(); ok; ok = it.Next() {
			n++
		}
		if err := errors.Join(it.Error(), it.Close()); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func stateKind(multimap bool) byte {
	if multimap {
		return kindGroup
	}
	return kindMap
}

func (s *Store) newStateIter(dataflow uint32, id StateID, kind byte) (*pebble.Iterator, error) {
	lower := appendStateHead(nil, dataflow, kind, id)
	upper := keys.PrefixEnd(nil, lower)
	return s.derived.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper, UseL6Filters: s.allFilters.Load()})
}

// GetState appends a map entry's value to dst; ok is false when there is none.
func (s *Store) GetState(dataflow uint32, id StateID, part uint8, key, dst []byte) (val []byte, ok bool, err error) {
	var buf [128]byte
	return get(s.derived, appendMapKey(buf[:0], dataflow, id, part, key), dst)
}

// GetStateWeight gives the weight of a row of a group, 0 when there is none.
func (s *Store) GetStateWeight(dataflow uint32, id StateID, part uint8, group, row []byte) (int64, error) {
	var buf [256]byte
	k := append(appendGroupKey(buf[:0], dataflow, id, part, group), row...)
	v, ok, err := get(s.derived, k, nil)
	if err != nil || !ok {
		return 0, err
	}
	return decodeWeight(v)
}

func decodeWeight(v []byte) (int64, error) {
	w, n := binary.Varint(v)
	if n <= 0 || n != len(v) {
		return 0, fmt.Errorf("%w: weight %x", ErrCorrupt, v)
	}
	return w, nil
}

// MapIter reads a map of operator state. Close it soon: it pins what it reads.
type MapIter struct {
	it   *pebble.Iterator
	buf  []byte
	head int
}

// NewMapIter opens an iterator over a map.
func (s *Store) NewMapIter(dataflow uint32, id StateID) (*MapIter, error) {
	it, err := s.newStateIter(dataflow, id, kindMap)
	if err != nil {
		return nil, err
	}
	buf := appendStateHead(make([]byte, 0, 64), dataflow, kindMap, id)
	return &MapIter{it: it, buf: buf, head: len(buf)}, nil
}

// Get looks an entry up. Ascending keys are fast. val is valid until the next call.
func (m *MapIter) Get(part uint8, key []byte) (val []byte, ok bool, err error) {
	m.buf = append(append(m.buf[:m.head], part), key...)
	if !m.it.SeekPrefixGE(m.buf) || string(m.it.Key()) != string(m.buf) {
		return nil, false, m.it.Error()
	}
	val, err = m.it.ValueAndErr()
	return val, err == nil, err
}

// First and Next move through all entries, by partition and key; false at the end or on an error.
func (m *MapIter) First() bool { return m.it.First() }

// Next moves to the next entry.
func (m *MapIter) Next() bool { return m.it.Next() }

// Key is the current entry's partition and key, valid until the next call.
func (m *MapIter) Key() (part uint8, key []byte) {
	k := m.it.Key()
	return k[stateLen], k[partLen:]
}

// Value is the current entry's value, valid until the next call.
func (m *MapIter) Value() ([]byte, error) { return m.it.ValueAndErr() }

// Close ends the iteration and returns its error.
func (m *MapIter) Close() error { return m.it.Close() }

// GroupIter reads a multimap of operator state. Close it soon: it pins what it reads.
type GroupIter struct {
	it     *pebble.Iterator
	buf    []byte
	head   int
	group  int // length of the current group's common part in buf
	weight int64
	err    error
}

// NewGroupIter opens an iterator over a multimap.
func (s *Store) NewGroupIter(dataflow uint32, id StateID) (*GroupIter, error) {
	it, err := s.newStateIter(dataflow, id, kindGroup)
	if err != nil {
		return nil, err
	}
	buf := appendStateHead(make([]byte, 0, 128), dataflow, kindGroup, id)
	return &GroupIter{it: it, buf: buf, head: len(buf)}, nil
}

// seekGroup makes a group the current one.
func (g *GroupIter) seekGroup(part uint8, group []byte) {
	g.buf = append(g.buf[:g.head], part)
	g.buf = append(appendGroupLen(g.buf, len(group)), group...)
	g.group = len(g.buf)
}

// Seek moves to the first row of a group that is not below from; false when there is none. Ascending groups are
// fast, and a group that is not there costs a look into the Bloom filters.
func (g *GroupIter) Seek(part uint8, group, from []byte) bool {
	g.seekGroup(part, group)
	return g.load(g.it.SeekPrefixGE(append(g.buf, from...)))
}

// SeekLast moves to the last row of a group or, with below not nil, to the last that is not above it.
func (g *GroupIter) SeekLast(part uint8, group, upTo []byte) bool {
	g.seekGroup(part, group)
	var end []byte
	if upTo != nil {
		end = append(append(append(end, g.buf...), upTo...), 0) // the least key above the row
	} else {
		end = keys.PrefixEnd(end, g.buf)
	}
	return g.load(g.it.SeekLT(end))
}

// Next and Prev move within the group that Seek or SeekLast found; after Seek only Next, after SeekLast only Prev.
func (g *GroupIter) Next() bool { return g.load(g.it.Next()) }

// Prev moves to the row before.
func (g *GroupIter) Prev() bool { return g.load(g.it.Prev()) }

// load reads the row under the iterator, which ends the iteration when it is of another group.
func (g *GroupIter) load(ok bool) bool {
	if !ok || g.err != nil {
		return false
	}
	k := g.it.Key()
	if len(k) < g.group || string(k[:g.group]) != string(g.buf[:g.group]) {
		return false
	}
	return g.loadWeight()
}

func (g *GroupIter) loadWeight() bool {
	v, err := g.it.ValueAndErr()
	if err == nil {
		g.weight, err = decodeWeight(v)
	}
	g.err = err
	return err == nil
}

// Row is the current row, valid until the next call.
func (g *GroupIter) Row() []byte { return g.it.Key()[g.group:] }

// Weight is the current row's weight, never 0.
func (g *GroupIter) Weight() int64 { return g.weight }

// FirstOfAll and NextOfAll move through all rows of all groups, by partition and group; use Key instead of Row.
func (g *GroupIter) FirstOfAll() bool { return g.it.First() && g.loadWeight() }

// NextOfAll moves to the next row of any group.
func (g *GroupIter) NextOfAll() bool { return g.it.Next() && g.loadWeight() }

// Key is the current row with its partition and group, valid until the next call.
func (g *GroupIter) Key() (part uint8, group, row []byte) {
	k := g.it.Key()
	at, _ := groupAt(k)
	end := splitGroup(k)
	return k[stateLen], k[min(at, end):end], k[end:]
}

// Err is the error met so far.
func (g *GroupIter) Err() error {
	if g.err != nil {
		return g.err
	}
	return g.it.Error()
}

// Close ends the iteration and returns its error.
func (g *GroupIter) Close() error {
	err := g.it.Close()
	if g.err != nil {
		return g.err
	}
	return err
}

// StateSize estimates the bytes on disk of all operator state of a dataflow.
func (s *Store) StateSize(dataflow uint32) (int64, error) {
	return diskUsage(s.derived, key(dataflow, kindMap, nil), key(dataflow, kindGroup+1, nil))
}

// StateCounts counts a dataflow's operator state at the snapshot: entries of maps, and different rows of multimaps, with the
// bytes of their keys and values. each is called once for each operator that has some, in ascending order; an error
// ends the count and is returned. interrupted is asked every few thousand entries. Cost: about a microsecond an entry.
func (d *DerivedSnapshot) StateCounts(dataflow uint32, interrupted func() error, each func(op int, entries, bytes int64) error) (err error) {
	it, err := d.snap.NewIter(&pebble.IterOptions{LowerBound: key(dataflow, kindMap, nil), UpperBound: key(dataflow, kindGroup+1, nil)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	type size struct{ entries, bytes int64 }
	sizes := map[uint16]size{}
	const interruptEvery = 4096
	n := 0
	for ok := it.First(); ok; ok = it.Next() {
		k := it.Key()
		if len(k) < headLen+2 {
			return fmt.Errorf("%w: state key %x", ErrCorrupt, k)
		}
		op := binary.BigEndian.Uint16(k[headLen:])
		v, err := it.ValueAndErr()
		if err != nil {
			return err
		}
		old := sizes[op]
		sizes[op] = size{old.entries + 1, old.bytes + int64(len(k)+len(v))}
		if n++; n%interruptEvery == 0 {
			if err := interrupted(); err != nil {
				return err
			}
		}
	}
	if err := it.Error(); err != nil {
		return err
	}
	for _, op := range slices.Sorted(maps.Keys(sizes)) {
		if err := each(int(op), sizes[op].entries, sizes[op].bytes); err != nil {
			return err
		}
	}
	return nil
}
