package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"millrace/storage/keys"
)

// Step collects everything that one dataflow changes in a step; Apply writes it as one atomic batch. It is used
// by one goroutine.
//
// Changes are kept by kind and written in order of key, since sorted batches are what Pebble takes fastest: a batch
// above half the memtable's size then goes to disk without passing through a skiplist.
type Step struct {
	s        *Store
	dataflow uint32
	frontier uint64
	advanced bool // SetFrontier was called
	clear    bool
	open     bool

	rows, multiset, errors opList
	maps, groups           opList // operator state, in order of key
	drops                  opList // groups that go as a whole, before other changes of theirs
	others                 opList // logs, row batches, notes: few
}

type opType uint8

const (
	opPut opType = iota
	opDelete
	opMerge
)

// op is a change; key and value lie one after the other in the list's data.
type op struct {
	at     int
	keyLen uint32
	valLen uint32
	typ    opType
}

type opList struct {
	ops  []op
	data []byte
}

func (l *opList) key(i int) []byte {
	o := &l.ops[i]
	return l.data[o.at : o.at+int(o.keyLen)]
}

func (l *opList) val(i int) []byte {
	o := &l.ops[i]
	at := o.at + int(o.keyLen)
	return l.data[at : at+int(o.valLen)]
}

// begin is called before a key and then its value are appended to data, end with the value's start.
func (l *opList) begin() int { return len(l.data) }

func (l *opList) end(at, valAt int, typ opType) {
	l.ops = append(l.ops, op{at: at, keyLen: uint32(valAt - at), valLen: uint32(len(l.data) - valAt), typ: typ})
}

// add appends a change of a key made of a kind and the rest.
func (l *opList) add(dataflow uint32, kind byte, rest, val []byte, typ opType) {
	at := l.begin()
	l.data = append(appendHead(l.data, dataflow, kind), rest...)
	valAt := len(l.data)
	l.data = append(l.data, val...)
	l.end(at, valAt, typ)
}

// retainMax is the memory that a step's lists may keep for the next step.
const retainMax = 4 << 20

func (l *opList) reset() {
	if cap(l.data) > retainMax || cap(l.ops)*24 > retainMax {
		*l = opList{}
		return
	}
	l.ops, l.data = l.ops[:0], l.data[:0]
}

var stepPool = sync.Pool{New: func() any { return new(Step) }}

// NewStep begins a step of a dataflow. Either Apply or Close must end it; then it must not be used again.
func (s *Store) NewStep(dataflow uint32) *Step {
	st := stepPool.Get().(*Step)
	st.s, st.dataflow, st.open = s, dataflow, true
	return st
}

// Dataflow is the dataflow's id.
func (st *Step) Dataflow() uint32 { return st.dataflow }

// SetFrontier records the last epoch that the dataflow has wholly applied. It never goes back, except with Clear.
func (st *Step) SetFrontier(epoch uint64) { st.frontier, st.advanced = epoch, true }

// PutRow sets a row of a keyed view. The last PutRow or DeleteRow of a key counts.
func (st *Step) PutRow(key, row []byte) { st.rows.add(st.dataflow, kindRow, key, row, opPut) }

// DeleteRow removes a row of a keyed view.
func (st *Step) DeleteRow(key []byte) { st.rows.add(st.dataflow, kindRow, key, nil, opDelete) }

// AddRow changes the weight of a row of an unkeyed view. An increase costs no look at the store; after a decrease in
// all, the row's weight must not be below zero, else Apply fails with ErrNegative.
func (st *Step) AddRow(row []byte, weight int64) {
	if weight == 0 {
		return
	}
	var buf [binary.MaxVarintLen64]byte
	st.multiset.add(st.dataflow, kindMultiset, row, appendWeight(buf[:0], weight), opMerge)
}

// AppendRows adds an encoded batch to the rows of an append-only view.
func (st *Step) AppendRows(pos Position, encoded []byte) {
	st.others.add(st.dataflow, kindRows, logKey(0, 0, pos)[headLen:], encoded, opPut)
}

// AppendLog adds an encoded batch to the view's changelog.
func (st *Step) AppendLog(pos Position, encoded []byte) {
	st.others.add(st.dataflow, kindLog, logKey(0, 0, pos)[headLen:], encoded, opPut)
}

// AddError changes the weight of an error row, as AddRow does. The payload depends on the key alone.
func (st *Step) AddError(key []byte, weight int64, payload []byte) {
	if weight == 0 {
		return
	}
	val := appendWeight(make([]byte, 0, binary.MaxVarintLen64+len(payload)), weight)
	st.errors.add(st.dataflow, kindError, key, append(val, payload...), opMerge)
}

// PutNote sets a small named value of the dataflow, as an operator's clock or a plan's fingerprint.
func (st *Step) PutNote(name string, val []byte) {
	st.others.add(st.dataflow, kindNote, []byte(name), val, opPut)
}

// Clear removes everything of the dataflow that was written before this step.
func (st *Step) Clear() { st.clear = true }

// PutState, DeleteState and AddState are for package storage/state. Within the maps and within the multimaps they
// must be called in order of id, partition, key (for multimaps: length of group, group, row).

// PutState sets an entry of a map.
func (st *Step) PutState(id StateID, part uint8, key, val []byte) {
	l := &st.maps
	at := l.begin()
	l.data = appendMapKey(l.data, st.dataflow, id, part, key)
	valAt := len(l.data)
	l.data = append(l.data, val...)
	l.end(at, valAt, opPut)
}

// DeleteState removes an entry of a map.
func (st *Step) DeleteState(id StateID, part uint8, key []byte) {
	l := &st.maps
	at := l.begin()
	l.data = appendMapKey(l.data, st.dataflow, id, part, key)
	l.end(at, len(l.data), opDelete)
}

// AddState raises the weight of a row of a group of a multimap. A weight that falls must be known: see SetState.
func (st *Step) AddState(id StateID, part uint8, group, row []byte, weight int64) {
	st.groupOp(id, part, group, row, weight, opMerge)
}

// SetState sets the weight of a row of a group, for who knows it. Weight 0 removes the row.
func (st *Step) SetState(id StateID, part uint8, group, row []byte, weight int64) {
	if weight == 0 {
		st.groupOp(id, part, group, row, 0, opDelete)
		return
	}
	st.groupOp(id, part, group, row, weight, opPut)
}

// DropState removes all rows that a group had before this step. It costs a range tombstone, so it is for large groups.
func (st *Step) DropState(id StateID, part uint8, group []byte) {
	l := &st.drops
	at := l.begin()
	l.data = appendGroupKey(l.data, st.dataflow, id, part, group)
	l.end(at, len(l.data), opDelete)
}

func (st *Step) groupOp(id StateID, part uint8, group, row []byte, weight int64, typ opType) {
	l := &st.groups
	at := l.begin()
	l.data = appendGroupKey(l.data, st.dataflow, id, part, group)
	l.data = append(l.data, row...)
	valAt := len(l.data)
	if typ != opDelete {
		l.data = appendWeight(l.data, weight)
	}
	l.end(at, valAt, typ)
}

func (st *Step) lists() [7]*opList {
	return [7]*opList{&st.others, &st.rows, &st.multiset, &st.errors, &st.maps, &st.groups, &st.drops}
}

// Bytes is the size of what has been collected.
func (st *Step) Bytes() int {
	n := 0
	for _, l := range st.lists() {
		n += len(l.data)
	}
	return n
}

// Apply writes the step in one batch, without waiting for the disk, and ends it. After an error of Apply nothing
// of the step is visible.
func (st *Step) Apply() error {
	defer st.Close()
	s := st.s
	old, known := s.frontierNow(st.dataflow)
	if st.advanced && known && st.frontier < old && !st.clear {
		return fmt.Errorf("%w: dataflow %d at epoch %d after %d", ErrOrder, st.dataflow, st.frontier, old)
	}
	if st.batchSize() > batchMax {
		return fmt.Errorf("%w: step of dataflow %d", ErrTooLarge, st.dataflow)
	}
	if err := s.checkDisk(st.Bytes()); err != nil {
		return err
	}
	b := s.derived.NewBatchWithSize(st.batchSize())
	if err := st.fill(b); err != nil {
		_ = b.Close()
		return err
	}
	s.applying.RLock()
	err := b.Commit(pebble.NoSync)
	if err == nil {
		s.stepApplied(st)
	}
	s.applying.RUnlock()
	if err2 := b.Close(); err == nil {
		err = err2
	}
	return err
}

// batchSize is at least what the batch will take, so that it need not grow.
func (st *Step) batchSize() int {
	n := 128
	for _, l := range st.lists() {
		n += len(l.data) + 11*len(l.ops)
	}
	return n
}

// fill writes the changes to b in order of key as far as it matters.
func (st *Step) fill(b *pebble.Batch) error {
	if st.clear {
		lower, upper := idRange(st.dataflow)
		if err := b.DeleteRange(lower, upper, nil); err != nil {
			return err
		}
	}
	if st.advanced {
		val := binary.BigEndian.AppendUint64(nil, st.frontier)
		if err := b.Set(key(st.dataflow, kindFrontier, nil), val, nil); err != nil {
			return err
		}
	}
	st.fillSorted(b, &st.rows)
	if err := st.fillWeights(b, &st.multiset, kindMultiset); err != nil {
		return err
	}
	st.fillInOrder(b, &st.others)
	if err := st.fillWeights(b, &st.errors, kindError); err != nil {
		return err
	}
	st.fillInOrder(b, &st.maps)
	for i := range st.drops.ops {
		group := st.drops.key(i)
		if err := b.DeleteRange(group, keys.PrefixEnd(nil, group), nil); err != nil {
			return err
		}
	}
	st.fillInOrder(b, &st.groups)
	return nil
}

func (st *Step) fillInOrder(b *pebble.Batch, l *opList) {
	for i := range l.ops {
		writeOp(b, l.ops[i].typ, l.key(i), l.val(i))
	}
}

// fillSorted sorts a list. Of the changes of one key the last remains.
func (st *Step) fillSorted(b *pebble.Batch, l *opList) {
	order := keys.Sort(len(l.ops), l.key)
	for n, i := range order {
		if n+1 < len(order) && string(l.key(int(i))) == string(l.key(int(order[n+1]))) {
			continue
		}
		writeOp(b, l.ops[i].typ, l.key(int(i)), l.val(int(i)))
	}
}

// fillWeights sorts a list of weight changes and sums those of one key. An increase is merged blindly. For a decrease
// the store is asked, since the sum must be known to remove what has become zero; see merger.
func (st *Step) fillWeights(b *pebble.Batch, l *opList, kind byte) (err error) {
	var it *pebble.Iterator
	defer func() {
		if it != nil {
			err = errors.Join(err, it.Close())
		}
	}()
	order := keys.Sort(len(l.ops), l.key)
	var val []byte
	for n := 0; n < len(order); {
		k := l.key(int(order[n]))
		sum := int64(0)
		var payload []byte
		for ; n < len(order) && string(l.key(int(order[n]))) == string(k); n++ {
			v := l.val(int(order[n]))
			w, used := binary.Varint(v)
			sum += w
			payload = v[used:]
		}
		switch {
		case sum > 0:
			val = append(appendWeight(val[:0], sum), payload...)
			writeOp(b, opMerge, k, val)
			continue
		case sum == 0:
			continue
		}
		if it == nil && !st.clear {
			lower, upper := kindRange(st.dataflow, kind)
			if it, err = st.s.derived.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper}); err != nil {
				return err
			}
		}
		if sum, err = st.total(it, k, sum); err != nil {
			return err
		}
		if sum == 0 {
			writeOp(b, opDelete, k, nil)
			continue
		}
		val = append(appendWeight(val[:0], sum), payload...)
		writeOp(b, opPut, k, val)
	}
	return nil
}

// total adds what the store has of a key, nothing when it is nil, to a change.
func (st *Step) total(it *pebble.Iterator, k []byte, change int64) (int64, error) {
	if it != nil && it.SeekPrefixGE(k) && string(it.Key()) == string(k) {
		v, err := it.ValueAndErr()
		if err != nil {
			return 0, err
		}
		w, n := binary.Varint(v)
		if n <= 0 {
			return 0, fmt.Errorf("%w: weight %x", ErrCorrupt, v)
		}
		change += w
	}
	if it != nil && it.Error() != nil {
		return 0, it.Error()
	}
	if change < 0 {
		return 0, fmt.Errorf("%w: dataflow %d, row %x: %d", ErrNegative, st.dataflow, k[headLen:], change)
	}
	return change, nil
}

// writeOp adds a change to a batch, which cannot fail before the batch is 4 GiB.
func writeOp(b *pebble.Batch, typ opType, key, val []byte) {
	var d *pebble.DeferredBatchOp
	switch typ {
	case opDelete:
		d = b.DeleteDeferred(len(key))
	case opMerge:
		d = b.MergeDeferred(len(key), len(val))
	default:
		d = b.SetDeferred(len(key), len(val))
	}
	copy(d.Key, key)
	copy(d.Value, val)
	_ = d.Finish()
}

// Close ends a step that is not to be applied. After Apply it does nothing.
func (st *Step) Close() {
	if !st.open {
		return
	}
	for _, l := range st.lists() {
		l.reset()
	}
	st.s, st.open, st.advanced, st.clear, st.frontier = nil, false, false, false, 0
	stepPool.Put(st)
}
