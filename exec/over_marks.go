package exec

import (
	"bytes"
	"encoding/binary"
	"slices"

	"millrace/delta"
	"millrace/expr/agg"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// mark is what is carried over a row: how many copies and peer groups there are up to it, where its own group begins,
// and the states of the running aggregates.
type mark struct {
	copies, groups, groupStart int64
	states                     [][]byte
}

// markEvery is about how many rows apart marks are; tests make it small.
var markEvery uint64 = 128

// isMark chooses the rows at which marks are kept. It depends on the row alone, so that the state depends on the rows
// and not on how they came.
func isMark(row []byte) bool { return keys.Hash(row)%markEvery == 0 }

func readMark(b []byte) (m mark, err error) {
	for _, n := range []*int64{&m.copies, &m.groups, &m.groupStart} {
		v, k := binary.Uvarint(b)
		if k <= 0 {
			return m, errState
		}
		*n, b = int64(v), b[k:]
	}
	for len(b) > 0 {
		var s []byte
		if s, b, err = cutPiece(b); err != nil {
			return m, err
		}
		m.states = append(m.states, s)
	}
	return m, nil
}

// overMarks keeps the marks of the partitions: a map from partition and row to what is carried over it. A mark is
// written when its row is read on the way, which is when what is carried over it may have changed.
type overMarks struct {
	o      *over
	m      *state.Map // nil where no function needs marks
	group  []byte
	states [][]byte // after the rows before next
	accs   []agg.Accumulator
	runs   []*overRun // of accs
	next   int
	key    []byte
	val    []byte
}

// begin starts to carry from a mark.
func (k *overMarks) begin(m mark) error {
	if k.m != nil && len(m.states) > 0 && len(m.states) != len(k.accs) {
		return errState
	}
	k.next = 0
	k.states = k.states[:0]
	for i, acc := range k.accs {
		var s []byte
		if i < len(m.states) {
			s = m.states[i]
		}
		k.states = append(k.states, slices.Clone(s))
		acc.Reset()
		acc.Grow(1)
	}
	return nil
}

// see takes the row i that was read last.
func (k *overMarks) see(w *overRows, i int, row []byte, wasThere bool) error {
	if k.m == nil || !isMark(row) {
		return nil
	}
	s := &w.side[1]
	at := w.at(i)
	key := k.keyOf(k.group, row)
	hash := keys.Hash(key)
	if s.weight[at] <= 0 {
		if wasThere {
			return k.m.Delete(hash, key)
		}
		return nil
	}
	if err := k.catchUp(w); err != nil {
		return err
	}
	k.val = binary.AppendUvarint(k.val[:0], uint64(s.end))
	k.val = binary.AppendUvarint(k.val, uint64(s.group[at]+1))
	k.val = binary.AppendUvarint(k.val, uint64(s.groupStart(s.group[at])))
	for _, st := range k.states {
		k.val = appendPiece(k.val, func(dst []byte) []byte { return append(dst, st...) })
	}
	if old, ok, err := k.m.Get(hash, key); err != nil || ok && bytes.Equal(old, k.val) {
		return err
	}
	return k.m.Put(hash, key, k.val)
}

// catchUp carries the states over all rows that were read.
func (k *overMarks) catchUp(w *overRows) error {
	for i, acc := range k.accs {
		r := k.runs[i]
		w.addRows(acc, r.overFunc, &w.side[1], k.next, w.last())
		k.states[i] = acc.Merge(nil, k.states[i], 0)
		acc.Reset()
		acc.Grow(1)
	}
	k.next = w.last()
	return nil
}

func (k *overMarks) keyOf(group, row []byte) []byte {
	k.key = binary.AppendUvarint(k.key[:0], uint64(len(group)))
	k.key = append(k.key, group...)
	k.key = append(k.key, row...)
	return k.key
}

// get reads a mark.
func (k *overMarks) get(group, row []byte) ([]byte, error) {
	key := k.keyOf(group, row)
	v, ok, err := k.m.Get(keys.Hash(key), key)
	if err == nil && !ok {
		err = errState
	}
	return slices.Clone(v), err
}

// count finds how many rows a partition had and has, by their sum, which is kept beside the marks.
func (k *overMarks) count(changes []stepRow) (totals [2]int64, err error) {
	if k.m != nil {
		key := k.keyOf(k.group, nil)
		b, ok, err := k.m.Get(keys.Hash(key), key)
		if err != nil {
			return totals, err
		}
		if ok {
			n, size := binary.Uvarint(b)
			if size <= 0 {
				return totals, errState
			}
			totals[0] = int64(n)
		}
	}
	totals[1] = totals[0]
	for i := range changes {
		totals[1] += changes[i].weight
	}
	if totals[1] < 0 {
		return totals, ErrNegative
	}
	return totals, nil
}

// keepCount writes the number of rows.
func (k *overMarks) keepCount(totals [2]int64) error {
	if k.m == nil || totals[0] == totals[1] {
		return nil
	}
	key := k.keyOf(k.group, nil)
	if totals[1] == 0 {
		return k.m.Delete(keys.Hash(key), key)
	}
	k.val = binary.AppendUvarint(k.val[:0], uint64(totals[1]))
	return k.m.Put(keys.Hash(key), key, k.val)
}

// drop removes all that is kept of a partition, whose rows are still there.
func (k *overMarks) drop(group []byte) error {
	if k.m == nil {
		return nil
	}
	remove := func(row []byte) error {
		key := k.keyOf(group, row)
		return k.m.Delete(keys.Hash(key), key)
	}
	var failed error
	err := k.o.mm.Scan(keys.Hash(group), group, func(row []byte, _ int64) bool {
		if isMark(row) {
			failed = remove(row)
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = remove(nil) // the number of rows
	}
	return err
}

// overHeads finds the rows of a partition that first_value and nth_value name by their number from its start.
type overHeads struct {
	reader overReader
	row    *delta.Batch
}

// find reads a partition from its start for as long as a function looks for a row. Cost: the number of that row.
func (h *overHeads) find(runs []*overRun) error {
	missing := 0
	for _, r := range runs {
		if r.overFunc.head {
			r.heads[0].Reset()
			r.heads[1].Reset()
			missing += 2
		}
	}
	if missing == 0 {
		return nil
	}
	h.reader.begin(nil)
	var pos [2]int64
	for missing > 0 {
		row, old, now, err := h.reader.row()
		if err != nil || row == nil {
			return err
		}
		if len(row) < rowOrderTrailer {
			return errState
		}
		h.row.Reset()
		if err := codec.DecodeRowInto(h.reader.o.rows.value(row), h.row.Cols); err != nil {
			return err
		}
		for side, w := range [2]int64{old, now} {
			for _, r := range runs {
				if r.overFunc.head && r.n > pos[side] && r.n <= pos[side]+w {
					r.heads[side].AppendFrom(h.row.Cols[r.Args[0]], 0)
					missing--
				}
			}
			pos[side] += w
		}
	}
	return nil
}
