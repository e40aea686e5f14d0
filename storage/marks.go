package storage

import "encoding/binary"

// PutMark records what became of a relation's watermark in an epoch, in the caller's encoding.
func (c *Commit) PutMark(rel uint32, epoch uint64, val []byte) {
	k := logKey(rel, kindMark, Position{Epoch: epoch})
	c.put(rel, kindMark, k[headLen:], val)
}

// PutTracker sets how far the partitions of a relation's input have come in time.
func (c *Commit) PutTracker(rel uint32, val []byte) { c.put(rel, kindTracker, nil, val) }

// DropMarks forgets a relation's watermarks.
func (c *Commit) DropMarks(rel uint32) {
	lower, _ := kindRange(rel, kindMark)
	_, upper := kindRange(rel, kindTracker)
	_ = c.b.DeleteRange(lower, upper, nil)
}

// Tracker gives what PutTracker has set; ok is false when nothing has been.
func (s *Store) Tracker(rel uint32) (val []byte, ok bool, err error) {
	return get(s.durable, key(rel, kindTracker, nil), nil)
}

// ReadMarks reads a relation's marks: epochs after afterEpoch up to and including toEpoch.
func (s *Store) ReadMarks(rel uint32, afterEpoch, toEpoch uint64) *LogIter {
	return readLog(s.durable, rel, kindMark, afterEpoch, toEpoch)
}

// LastMark gives the last mark of a relation up to an epoch; ok is false when there is none.
func (s *Store) LastMark(rel uint32, toEpoch uint64) (val []byte, ok bool, err error) {
	lower, _ := kindRange(rel, kindMark)
	it := newCursor(s.durable, lower, logStart(rel, kindMark, toEpoch), true)
	if it.next() {
		val, ok = append([]byte(nil), it.value()...), true
	}
	return val, ok, it.Close()
}

// LastMarkEpoch gives the epoch of the last mark of a relation, 0 when there is none.
func (s *Store) LastMarkEpoch(rel uint32) (uint64, error) {
	lower, upper := kindRange(rel, kindMark)
	it := newCursor(s.durable, lower, upper, true)
	var epoch uint64
	if it.next() {
		if pos, ok := decodePosition(it.it.Key()); ok {
			epoch = pos.Epoch
		}
	}
	return epoch, it.Close()
}

// LateRow is a row that a view could not take, as stored: in the caller's encoding, under a number that counts from 0.
type LateRow struct {
	Number uint64
	Value  []byte
}

// PutLate records a late row.
func (st *Step) PutLate(number uint64, val []byte) {
	st.others.add(st.dataflow, kindLate, binary.BigEndian.AppendUint64(nil, number), val, opPut)
}

// DeleteLate forgets a late row.
func (st *Step) DeleteLate(number uint64) {
	st.others.add(st.dataflow, kindLate, binary.BigEndian.AppendUint64(nil, number), nil, opDelete)
}

// LateRows calls f for the late rows of a dataflow in order of number. The value is valid during the call only.
func (s *DerivedSnapshot) LateRows(dataflow uint32, f func(LateRow) error) error {
	lower, upper := kindRange(dataflow, kindLate)
	it := newCursor(s.snap, lower, upper, false)
	for it.next() {
		k := it.it.Key()
		if len(k) != headLen+8 {
			_ = it.Close()
			return ErrCorrupt
		}
		if err := f(LateRow{Number: binary.BigEndian.Uint64(k[headLen:]), Value: it.value()}); err != nil {
			_ = it.Close()
			return err
		}
	}
	return it.Close()
}
