package exec

import (
	"encoding/binary"
	"errors"

	"millrace/delta"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// joinState is the stored part of a side.
type joinState struct {
	mm      *state.Multimap // key to rows; nil when the side is not kept
	matches *state.Map      // key and row to the number of matches, where that is not zero; nil when nobody asks
	counts  bool            // the number of matches of each row matters
	keyBuf  []byte
}

// open takes the side's part of the state, unless it needs none.
func (s *joinSide) open(subs *subspace, unneeded, cond bool) {
	s.counts = cond && s.when != never
	mm := subs.nextMultimap() // the number of a part does not depend on what is needed
	if !unneeded {
		s.mm = mm
	}
}

func (s *subspace) openMatches(sides ...*joinSide) {
	for _, side := range sides {
		if m := s.nextMap(); side.counts && side.mm != nil {
			side.matches = m
		}
	}
}

// encode appends row i of the step in the row format.
func (s *joinSide) encode(dst []byte, i uint32) []byte {
	return codec.AppendVecs(dst, s.rows.Cols, int(i))
}

// arrange orders the step's rows by key. Rows that add up to nothing are left out if any was retracted; identical ones
// then are one.
func (s *joinSide) arrange(keys int) error {
	if s.retract {
		if err := s.consolidate(); err != nil {
			return err
		}
	}
	s.start = append(s.start[:0], make([]uint32, keys+1)...)
	n := 0
	for i, k := range s.keyOf {
		if s.weights[i] != 0 {
			s.start[k+1]++
			n++
		}
	}
	for k := range keys {
		s.start[k+1] += s.start[k]
	}
	if cap(s.order) < n {
		s.order = make([]uint32, n)
	}
	s.order = s.order[:n]
	// start[k] is moved to the end of k's rows, which is where k+1's began, and then everything by one.
	for i, k := range s.keyOf {
		if s.weights[i] != 0 {
			s.order[s.start[k]] = uint32(i)
			s.start[k]++
		}
	}
	copy(s.start[1:], s.start[:keys])
	s.start[0] = 0
	return nil
}

// consolidate moves the weights of identical rows of a key to the first of them.
func (s *joinSide) consolidate() error {
	var first []uint32 // by number of the distinct row
	for i, k := range s.keyOf {
		s.buf = s.encode(binary.LittleEndian.AppendUint32(s.buf[:0], k), uint32(i))
		id, err := s.same.add(s.buf, s.weights[i])
		if err != nil {
			return err
		}
		if int(id) == len(first) {
			first = append(first, uint32(i))
		}
		s.weights[i] = 0
	}
	for id, i := range first {
		s.weights[i] = s.same.weights[id]
	}
	s.same.reset()
	return nil
}

// of gives the step's rows of a key.
func (s *joinSide) of(key uint32) []uint32 { return s.order[s.start[key]:s.start[key+1]] }

// prefetch brings the groups of the keys that by has rows of in the step into memory.
func (s *joinSide) prefetch(kc *keys.KeyColumn, by *joinSide) error {
	if s.mm == nil {
		return nil
	}
	rows := s.ids[:0]
	for k := range uint32(kc.Len()) {
		if len(by.of(k)) > 0 {
			rows = append(rows, k)
		}
	}
	s.ids = rows
	if len(rows) == 0 {
		return nil
	}
	return s.mm.Prefetch(kc, rows)
}

// empty reports whether the state has no row of a key.
func (s *joinSide) empty(t *keyTable, key uint32) (bool, error) {
	_, _, ok, err := s.mm.First(t.hash(key), t.key(key))
	return !ok, err
}

// apply adds the step's rows of a key to the state.
func (s *joinSide) apply(t *keyTable, key uint32) error {
	if s.mm == nil {
		return nil
	}
	for _, i := range s.of(key) {
		s.buf = s.encode(s.buf[:0], i)
		if err := s.mm.Add(t.hash(key), t.key(key), s.buf, s.weights[i]); err != nil {
			return err
		}
	}
	return nil
}

// drop removes all rows of a key.
func (s *joinSide) drop(key []byte) error {
	if s.mm == nil {
		return nil
	}
	hash := keys.Hash(key)
	if s.matches != nil {
		var failed error
		err := s.mm.Scan(hash, key, func(row []byte, _ int64) bool {
			failed = s.setCount(key, row, 0)
			return failed == nil
		})
		if err = errors.Join(err, failed); err != nil {
			return err
		}
	}
	return s.mm.Drop(hash, key)
}

// matchKey gives the key of a row in matches.
func (s *joinSide) matchKey(key, row []byte) []byte {
	s.keyBuf = append(append(s.keyBuf[:0], key...), row...)
	return s.keyBuf
}

// count reads a row's number of matches.
func (s *joinSide) count(key, row []byte) (int64, error) {
	k := s.matchKey(key, row)
	v, ok, err := s.matches.Get(keys.Hash(k), k)
	if err != nil || !ok {
		return 0, err
	}
	n, used := binary.Varint(v)
	if used <= 0 {
		return 0, errState
	}
	return n, nil
}

// setCount writes a row's number of matches.
func (s *joinSide) setCount(key, row []byte, n int64) error {
	k := s.matchKey(key, row)
	if n == 0 {
		return s.matches.Delete(keys.Hash(k), k)
	}
	var v [binary.MaxVarintLen64]byte
	return s.matches.Put(keys.Hash(k), k, v[:binary.PutVarint(v[:], n)])
}

// reset forgets the step.
func (s *joinSide) reset() {
	if s.rows.Bytes() > retainedBytes || cap(s.keyOf) > 2*retainedKeys {
		s.rows = delta.NewBatch(s.types, 0)
		s.keyOf, s.weights, s.order, s.hits = nil, nil, nil, nil
	}
	s.rows.Reset()
	s.keyOf, s.weights, s.retract = s.keyOf[:0], s.weights[:0], false
}
