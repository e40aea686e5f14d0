package exec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"millrace/delta"
	"millrace/storage/codec"
)

// errState means that stored operator state is not what was written.
var errState = errors.New("exec: operator state is corrupt")

// aggFlush is the second half of aggregate: from the slots of a step to state and output, in blocks of groups.
type aggFlush struct {
	a        *aggregate
	old, new aggRows
	reps     *delta.Batch // group columns of the block, where the state keeps them
	buf      []byte
	pieces   [][]byte
	oldSel   []uint32
	newSel   []uint32
}

// aggRows are output rows of a block before or after the step, one per group; rows of groups that are not there
// hold NULLs.
type aggRows struct {
	cols  []*delta.Vec // the aggregates
	there []bool
	errs  []error // of the first call that failed, else nil
	any   bool    // an error
}

func (f *aggFlush) init(a *aggregate) {
	f.a = a
	f.pieces = make([][]byte, len(a.linear)+len(a.sorted))
	for _, r := range []*aggRows{&f.old, &f.new} {
		r.cols = make([]*delta.Vec, len(a.calls))
		for i := range r.cols {
			r.cols[i] = delta.NewVec(a.types[len(a.group)+i], 0)
		}
	}
	f.reps = delta.NewBatch(a.types[:len(a.group)], 0)
}

func (r *aggRows) reset() {
	for _, c := range r.cols {
		c.Reset()
	}
	r.there, r.errs, r.any = r.there[:0], r.errs[:0], false
}

// bytes is the length of the results that have one.
func (r *aggRows) bytes() int {
	n := 0
	for _, c := range r.cols {
		n += len(c.Data)
	}
	return n
}

// begin adds the row of one more group.
func (r *aggRows) begin(there bool) {
	r.there = append(r.there, there)
	r.errs = append(r.errs, nil)
}

func (r *aggRows) fail(err error) {
	if i := len(r.errs) - 1; err != nil && r.errs[i] == nil {
		r.errs[i], r.any = err, true
	}
}

func (f *aggFlush) run() error {
	n := f.a.table.len()
	for from := 0; from < n; {
		f.old.reset()
		f.new.reset()
		f.reps.Reset()
		to := from
		for to < min(n, from+chunkRows) && f.old.bytes()+f.new.bytes() < blockBytes {
			if err := f.one(uint32(to)); err != nil {
				return err
			}
			to++
		}
		if err := f.emit(from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// blockBytes bounds the results of a block, which ends with the one that passes it.
const blockBytes = 16 << 20

// one merges a group's slot into its state and computes its rows before and after.
func (f *aggFlush) one(id uint32) error {
	a := f.a
	var old []byte
	if a.state != nil {
		v, ok, err := a.state.Get(a.table.hash(id), a.table.key(id))
		if err != nil {
			return err
		}
		if ok {
			old = v
		}
	}
	count, rep, err := f.parse(old)
	if err != nil {
		return err
	}
	after := count + a.rows[id]
	if after < 0 {
		return fmt.Errorf("operator %d: a group has %d rows: %w", a.op, after, ErrNegative)
	}
	if a.stored {
		if err := f.keepRep(id, rep); err != nil {
			return err
		}
	}
	f.old.begin(count > 0 || a.global && !a.d.fresh)
	f.new.begin(after > 0 || a.global)
	f.buf = binary.AppendVarint(f.buf[:0], after)
	if a.stored {
		f.buf = appendPiece(f.buf, func(dst []byte) []byte {
			return codec.AppendRow(dst, f.reps, nil, f.reps.N-1)
		})
	}
	for i := range a.linear {
		f.linear(&a.linear[i], f.pieces[i], id)
	}
	if err := f.sorted(id); err != nil {
		return err
	}
	if err := f.save(id, old, after); err != nil {
		return err
	}
	for i := range a.ordered {
		if err := a.ordered[i].results(a, id, &f.old, &f.new); err != nil {
			return err
		}
	}
	return nil
}

// parse splits a group's state; that of a group without state is all empty.
func (f *aggFlush) parse(old []byte) (count int64, rep []byte, err error) {
	clear(f.pieces)
	if old == nil {
		return 0, nil, nil
	}
	count, n := binary.Varint(old)
	if n <= 0 {
		return 0, nil, errState
	}
	old = old[n:]
	if f.a.stored {
		if rep, old, err = cutPiece(old); err != nil {
			return 0, nil, err
		}
	}
	for i := range f.pieces {
		if f.pieces[i], old, err = cutPiece(old); err != nil {
			return 0, nil, err
		}
	}
	return count, rep, nil
}

// keepRep adds the group columns of a group to the block: as they were stored, or as the step has them.
func (f *aggFlush) keepRep(id uint32, rep []byte) error {
	if rep == nil {
		f.reps.AppendFrom(f.a.reps, int(id), 1)
		return nil
	}
	return codec.DecodeRow(rep, f.reps, 1)
}

// linear merges one function's slot.
func (f *aggFlush) linear(l *linearAgg, piece []byte, id uint32) {
	row := len(f.old.there) - 1
	oldCol, newCol := f.old.cols[l.call], f.new.cols[l.call]
	if f.old.there[row] {
		f.old.fail(l.acc.Result(piece, oldCol))
	} else {
		oldCol.AppendNull()
	}
	start := len(f.buf)
	f.buf = l.acc.Merge(append(f.buf, 0), piece, int(id))
	if f.new.there[row] {
		f.new.fail(l.acc.Result(f.buf[start+1:], newCol))
	} else {
		newCol.AppendNull()
	}
	f.buf = closePiece(f.buf, start)
}

// sorted folds a group's rows in order, and adds their numbers to its state.
func (f *aggFlush) sorted(id uint32) error {
	a := f.a
	if len(a.sorted) == 0 {
		return nil
	}
	group := &delta.Batch{N: 1}
	for i, c := range a.reps.Cols {
		row := int(id)
		if a.stored {
			c, row = f.reps.Cols[i], f.reps.N-1
		}
		group.Cols = append(group.Cols, c.Slice(row, row+1))
	}
	for i, s := range a.sorted {
		count, _ := binary.Varint(f.pieces[len(a.linear)+i])
		count, err := s.flush(a, id, group, count, &f.old, &f.new)
		if err != nil {
			return fmt.Errorf("operator %d: %w", a.op, err)
		}
		f.buf = appendPiece(f.buf, func(dst []byte) []byte {
			if count == 0 {
				return dst
			}
			return binary.AppendVarint(dst, count)
		})
	}
	return nil
}

// save writes a group's state if it has changed.
func (f *aggFlush) save(id uint32, old []byte, after int64) error {
	a := f.a
	switch {
	case a.state == nil || after > 0 && bytes.Equal(old, f.buf):
		return nil
	case after > 0:
		if old == nil && a.expiry != nil {
			if err := a.expiry.note(timeAt(a.reps.Cols[a.expiry.col], int(id)), 0, a.table.key(id)); err != nil {
				return err
			}
		}
		return a.state.Put(a.table.hash(id), a.table.key(id), f.buf)
	case old != nil:
		return a.state.Delete(a.table.hash(id), a.table.key(id))
	}
	return nil
}

// emit passes on the rows of the block that have changed.
func (f *aggFlush) emit(from, to int) error {
	group := f.reps.Cols
	if !f.a.stored {
		group = make([]*delta.Vec, len(f.a.reps.Cols))
		for i, c := range f.a.reps.Cols {
			group[i] = c.Slice(from, to)
		}
	}
	f.oldSel, f.newSel = f.oldSel[:0], f.newSel[:0]
	for i := range to - from {
		if f.old.there[i] && f.new.there[i] && f.unchanged(i) {
			continue
		}
		if f.old.there[i] && f.old.errs[i] == nil {
			f.oldSel = append(f.oldSel, uint32(i))
		}
		if f.new.there[i] && f.new.errs[i] == nil {
			f.newSel = append(f.newSel, uint32(i))
		}
	}
	if f.old.any || f.new.any {
		if err := f.emitErrors(group, to-from); err != nil {
			return err
		}
	}
	if len(f.oldSel)+len(f.newSel) == 0 {
		return nil
	}
	out := gatherBatch(group, append(f.oldSel, f.newSel...), nil)
	for i, c := range f.old.cols {
		v := c.Gather(f.oldSel)
		v.Type = f.a.types[len(group)+i]
		if len(f.newSel) > 0 {
			if err := appendVec(v, f.new.cols[i], f.newSel); err != nil {
				return err
			}
		}
		out.Cols = append(out.Cols, v)
	}
	if len(f.oldSel) > 0 {
		out.Weights = make([]int64, out.N)
		for i := range out.Weights {
			out.Weights[i] = 1
			if i < len(f.oldSel) {
				out.Weights[i] = -1
			}
		}
	}
	return f.a.emit(out)
}

// unchanged reports whether group i of the block has the same row before and after.
func (f *aggFlush) unchanged(i int) bool {
	if (f.old.errs[i] == nil) != (f.new.errs[i] == nil) ||
		f.old.errs[i] != nil && f.old.errs[i].Error() != f.new.errs[i].Error() {
		return false
	}
	for c, v := range f.old.cols {
		if !sameValue(v, i, f.new.cols[c], i) {
			return false
		}
	}
	return true
}

// emitErrors retracts the errors of rows that failed before and reports those that fail now.
func (f *aggFlush) emitErrors(group []*delta.Vec, n int) error {
	report := func(r *aggRows, i int, weight int64) error {
		if !r.there[i] || r.errs[i] == nil {
			return nil
		}
		cols := append(append([]*delta.Vec(nil), group...), r.cols...)
		row := gatherBatch(cols, []uint32{uint32(i)}, []int64{weight})
		return f.a.fail(r.errs[i], row, 0, weight)
	}
	for i := range n {
		if f.old.errs[i] == nil && f.new.errs[i] == nil || f.old.there[i] && f.new.there[i] && f.unchanged(i) {
			continue
		}
		if err := report(&f.old, i, -1); err != nil {
			return err
		}
		if err := report(&f.new, i, 1); err != nil {
			return err
		}
	}
	return nil
}
