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
	"millrace/types"
)

// overPlace is where to begin for the sake of a change: behind a row, or at the partition's start.
type overPlace struct {
	after []byte
	from  []byte // the first row whose values may differ; nil is the partition's first
	mark  []byte // what is carried over after, where functions need that
}

// place looks from a change back for the first row that it can reach, and from that for the first row that is needed
// to evaluate it.
func (o *over) place(r *overReader, change int) (*overPlace, error) {
	if o.whole || o.mm == nil || o.counted && o.totals[0] != o.totals[1] {
		return &overPlace{}, nil
	}
	b := &overBack{o: o, w: r, p: &overPlace{}}
	c := o.step.row(&r.changes[change])
	b.p.from = slices.Clone(c)
	if err := b.turn(c); err != nil {
		return nil, err
	}
	next := change - 1
	err := o.mm.ScanReverseFrom(r.hash, r.group, c, func(row []byte, w int64) bool {
		for next >= 0 && bytes.Compare(o.step.row(&r.changes[next]), row) > 0 {
			x := &r.changes[next]
			next--
			if !b.see(o.step.row(x), 0, x.weight) {
				return false
			}
		}
		now := w
		if next >= 0 && bytes.Equal(o.step.row(&r.changes[next]), row) {
			now += r.changes[next].weight
			next--
		}
		return bytes.Equal(row, c) || b.see(row, w, now)
	})
	for ; err == nil && !b.done && next >= 0; next-- {
		x := &r.changes[next]
		b.see(o.step.row(x), 0, x.weight)
	}
	if err == nil {
		err = b.err
	}
	return b.p, err
}

// overBack is a walk backwards. It goes through the rows that the change reaches, through those that are needed for the
// first of them, through one more on each side, and to a mark.
type overBack struct {
	o    *over
	w    *overReader
	p    *overPlace
	err  error
	done bool

	stage  int
	rows   [2]int64 // copies passed on each side
	groups [2]int64 // peer groups passed
	there  [2]bool  // the present group has rows
	spare  [2]bool
	key    []byte // order key of the present group
	origin []byte // the row from which distances count
	near   types.Datum
}

const (
	backReached = iota
	backNeeded
	backSpare
	backMark
)

// turn begins to count from a row.
func (b *overBack) turn(row []byte) error {
	b.rows, b.groups, b.there = [2]int64{}, [2]int64{}, [2]bool{}
	b.origin = append(b.origin[:0], row...)
	b.key = append(b.key[:0], b.o.rows.key(row)...)
	if !b.o.moves {
		return nil
	}
	d, err := b.o.orderValue(row)
	b.near = types.Datum{Null: d.Null, I: d.I, B: slices.Clone(d.B)}
	return err
}

// see takes the next row back; it is false when no more are needed.
func (b *overBack) see(row []byte, old, now int64) bool {
	if len(row) < rowOrderTrailer {
		b.err = errState
	}
	if b.err == nil {
		b.err = b.take(row, old, now)
	}
	b.done = b.done || b.err != nil
	return !b.done
}

func (b *overBack) take(row []byte, old, now int64) error {
	if b.stage <= backNeeded {
		if k := b.o.rows.key(row); !bytes.Equal(k, b.key) {
			for side, there := range b.there {
				if there {
					b.groups[side]++
				}
			}
			b.there, b.key = [2]bool{}, append(b.key[:0], k...)
		}
	}
	if b.stage == backReached {
		yes, err := b.any(row, true)
		if err != nil {
			return err
		}
		if yes {
			b.p.from = append(b.p.from[:0], row...)
			b.pass(old, now)
			return nil
		}
		key, there := slices.Clone(b.key), b.there
		if err := b.turn(b.p.from); err != nil {
			return err
		}
		if !bytes.Equal(b.key, key) {
			b.key, b.there = key, there
		}
		b.stage = backNeeded
	}
	if b.stage == backNeeded {
		yes, err := b.any(row, false)
		if err != nil {
			return err
		}
		if yes {
			b.pass(old, now)
			return nil
		}
		b.stage = backSpare
	}
	if b.stage == backSpare {
		if !b.spare[0] || !b.spare[1] {
			b.spare[0], b.spare[1] = b.spare[0] || old > 0, b.spare[1] || now > 0
			return nil
		}
		b.stage = backMark
	}
	return b.end(row, old, now)
}

func (b *overBack) pass(old, now int64) {
	b.rows[0] += old
	b.rows[1] += now
	b.there[0], b.there[1] = b.there[0] || old > 0, b.there[1] || now > 0
}

// end takes a row as the one behind which to begin, if it can be.
func (b *overBack) end(row []byte, old, now int64) error {
	if b.o.marking.m != nil {
		if !isMark(row) || old <= 0 || now <= 0 {
			return nil
		}
		m, err := b.o.marking.get(b.w.group, row)
		if err != nil {
			return err
		}
		b.p.mark = m
	}
	b.p.after, b.done = slices.Clone(row), true
	return nil
}

// any reports whether a function's reach from a row, ahead to the origin or back from the origin, covers the distance.
func (b *overBack) any(row []byte, ahead bool) (bool, error) {
	var d types.Datum
	if b.o.moves {
		var err error
		if d, err = b.o.orderValue(row); err != nil {
			return false, err
		}
	}
	rows, groups := min(b.rows[0], b.rows[1]), min(b.groups[0], b.groups[1])
	for _, f := range b.o.runs {
		r := f.back
		if ahead {
			r = f.ahead
		}
		if rows < r.rows || groups <= r.groups {
			return true, nil
		}
		if r.within == nil {
			continue
		}
		if d.Null || b.near.Null {
			if d.Null && b.near.Null {
				return true, nil
			}
			continue
		}
		if ahead {
			if m, err := f.move(r.within, d); err != nil || f.before(&m, b.near) {
				return true, nil
			}
			continue
		}
		if m, err := f.move(r.within, b.near); err != nil || f.behind(&m, d) {
			return true, nil
		}
	}
	return false, nil
}

// orderValue reads the key of a RANGE frame from a row.
func (o *over) orderValue(row []byte) (types.Datum, error) {
	o.scratch.Reset()
	if err := codec.DecodeRowInto(o.rows.value(row), o.scratch.Cols); err != nil {
		return types.Datum{}, err
	}
	return o.scratch.Cols[o.n.Order[0].Col].Datum(0), nil
}

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
