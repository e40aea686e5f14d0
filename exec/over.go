package exec

import (
	"bytes"
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// over computes window functions. Not linear: a row's value depends on its neighbours in order.
//
// State: a multimap from the partition to its rows as rowOrder writes them, and, where a function's value is carried from
// row to row, a map of marks: for about one row in 128, chosen by its hash, what is carried over it (see overMarks). What
// has been emitted is not kept: it is computed again from the rows as they were.
//
// A step's changes are gathered per partition and row. Flush goes through each changed partition's changes in order. For
// each it looks back for the first row that the change can reach, and from there for the first row that is needed to
// evaluate that one, or for the mark before it. Then it walks forward over the rows as they were and as they are, side
// by side, evaluates both, and emits where they differ, until all functions say that they are past the change: frames
// begin behind it, and what is carried is the same on both sides. A change that follows closely is met on the way. Only
// then the changes go into the state.
//
// Cost of a change, by function:
//
//   - lag, lead, and all functions over frames with two bounds: the rows between the change and the ends of the frames
//     that it is in, twice, whatever the partition's size. nth_value(n) from a bounded start to the partition's end: n rows.
//   - row_number, rank, dense_rank, and aggregates from the partition's start: from the mark before the change to the row
//     where what is carried is the same as before; that is the partition's end for a number after an insertion, and the next
//     row for a running maximum that the change does not touch. first_value from the partition's start reads its first row,
//     nth_value its first n.
//   - percent_rank, cume_dist and ntile: as rank while the partition's number of rows stays, which an update in place does;
//     else the whole partition, of which all values change. Its rows pass by and are not held.
//   - The whole partition: aggregates and last_value to the partition's end, unless the planner has turned the order around or grouped them apart; lag and lead whose
//     offset is a column, nth_value and ntile whose number is; min and max from the partition's start with EXCLUDE;
//     aggregates that gather values, as array_agg, over frames with an open end. These hold the partition in memory while
//     they walk.
//
// Memory besides: the rows between the least row that a frame on the way still needs and the last one read.
type over struct {
	*output
	n    *physical.Over
	in   []types.T
	env  *types.Env
	rows rowOrder
	mm   *state.Multimap
	// expiry is nil where no partition expires.
	expiry *expiry

	runs   []*overRun
	whole  bool // a function reads whole partitions
	single bool // copies of a row can have different values
	moves  bool // a frame has RANGE offsets
	// counted: a function needs totals, the number of the partition's rows on each side.
	counted bool
	totals  [2]int64

	step    groupedRows
	win     overRows
	heads   overHeads
	marking overMarks
	sides   [2]overValues
	out     builder

	scratch *delta.Batch
	sel     []uint32
	weights []int64
	slots   []uint32
	args    []*delta.Vec
	buf     []byte
	count   int
}

func newOver(o *output, n *physical.Over) (*over, error) {
	in := o.d.plan.Nodes[n.Input].Out()
	subs := subspace{o: o}
	v := &over{output: o, n: n, in: in.Types, env: types.DefaultEnv,
		rows: newRowOrder(in, n.Partition, n.Order, n.TiesReversed), mm: subs.nextMultimap(),
		step: groupedRows{cols: n.Partition}, out: newBuilder(o, n.Types), scratch: delta.NewBatch(in.Types, 1)}
	if c := o.d.opt.Context; c != nil && c.Env != nil {
		v.env = c.Env
	}
	prefix := false
	for i := range n.Funcs {
		f, err := newOverFunc(o.d.opt.Context, n, &n.Funcs[i])
		if err != nil {
			return nil, err
		}
		r := &overRun{overFunc: f, o: v}
		v.runs = append(v.runs, r)
		v.whole, v.single, prefix = v.whole || f.whole, v.single || f.single, prefix || f.prefix
		v.moves, v.counted = v.moves || f.start.moved || f.end.moved, v.counted || f.counted
		for k := range v.sides {
			v.sides[k].cols = append(v.sides[k].cols, delta.NewVec(f.T, 1))
			if f.head {
				r.heads[k] = delta.NewVec(f.T, 1)
			}
			if f.Kind == physical.OverAggregate {
				r.accs[k] = newOverAcc(&f.Agg, in.Types)
			}
		}
	}
	v.marking.o = v
	if prefix && !v.whole {
		v.marking.m = subs.nextMap()
		for _, r := range v.runs {
			if r.carries {
				v.marking.runs = append(v.marking.runs, r)
				v.marking.accs = append(v.marking.accs, r.Agg.Accumulator(in.Types))
			}
		}
	}
	v.expiry = newExpiry(o, n.Expire, &subs)
	v.win.o, v.win.reader.o, v.heads.reader.o = v, v, v
	v.win.batch, v.heads.row = delta.NewBatch(in.Types, 0), delta.NewBatch(in.Types, 1)
	return v, subs.err
}

// Push implements Operator.
func (o *over) Push(_ int, b *delta.Batch) error {
	if err := o.step.number(b); err != nil {
		return err
	}
	if o.expiry != nil {
		o.expiry.see(o.step.ids, b.Cols[o.n.Partition[o.expiry.col]], nil)
	}
	for i, group := range o.step.ids {
		o.buf = o.rows.finish(o.rows.appendKey(o.buf[:0], b, i), b, i)
		o.step.add(group, o.buf, b.Weight(i))
	}
	return o.holds(o.step.bytes())
}

// Flush implements Operator.
func (o *over) Flush() error {
	if err := o.flushStep(); err != nil || o.expiry == nil {
		return err
	}
	return o.expiry.drop(func(_ byte, key []byte) error {
		if err := o.marking.drop(key); err != nil {
			return err
		}
		return o.mm.Drop(keys.Hash(key), key)
	})
}

func (o *over) flushStep() error {
	if o.step.groups.len() == 0 {
		return nil
	}
	if o.expiry != nil {
		if err := o.expiry.noteAll(&o.step.groups); err != nil {
			return err
		}
	}
	if err := o.step.each(o.mm, o.partition); err != nil {
		return fmt.Errorf("operator %d: %w", o.op, err)
	}
	o.step.reset()
	return o.out.end()
}

// partition emits what a partition's changes change, and takes them into the state.
func (o *over) partition(group uint32) error {
	r := &o.win.reader
	if r.changes = o.step.of(group); len(r.changes) == 0 {
		return nil
	}
	r.hash, r.group = o.step.groups.hash(group), o.step.groups.key(group)
	o.marking.group = r.group
	h := &o.heads.reader
	h.hash, h.group, h.changes = r.hash, r.group, r.changes
	if err := o.heads.find(o.runs); err != nil {
		return err
	}
	if err := o.total(); err != nil {
		return err
	}
	place, err := o.place(r, 0)
	if err != nil {
		return err
	}
	for place != nil {
		if place, err = o.walk(place); err != nil {
			return err
		}
	}
	if o.mm == nil {
		return nil
	}
	if o.counted && !o.whole {
		if err := o.marking.keepCount(o.totals); err != nil {
			return err
		}
	}
	for i := range r.changes {
		if err := o.mm.Add(r.hash, r.group, o.step.row(&r.changes[i]), r.changes[i].weight); err != nil {
			return err
		}
	}
	return nil
}

// total counts the partition's rows, where a function needs to know.
func (o *over) total() (err error) {
	if o.counted && !o.whole {
		o.totals, err = o.marking.count(o.win.reader.changes)
	}
	return err
}

// totalOf gives the partition's number of rows on a side.
func (o *over) totalOf(w *overRows, side int) int64 {
	if o.whole {
		return w.side[side].end // all have been read
	}
	return o.totals[side]
}

// walk goes forward from a place until the changes that were met have no more effect. It gives the place to go on from
// for the next change, nil when there is none.
func (o *over) walk(from *overPlace) (next *overPlace, err error) {
	w := &o.win
	if err := w.open(from); err != nil {
		return nil, err
	}
	carried := 0
	for _, r := range o.runs {
		var base []byte
		if r.carries && carried < len(o.marking.states) {
			base = slices.Clone(o.marking.states[carried])
			carried++
		}
		r.begin(w, base)
	}
	asked := -1
	for i := 0; ; i++ {
		if ok, err := w.has(i); err != nil || !ok {
			return nil, err
		}
		if o.whole {
			if err := w.all(); err != nil {
				return nil, err
			}
		}
		if w.begin < 0 || i < w.begin {
			continue
		}
		if err := o.evaluate(i); err != nil {
			return nil, err
		}
		if o.count++; o.count%1024 == 0 {
			if err := o.breathe(); err != nil {
				return nil, err
			}
		}
		if !o.whole {
			if err := w.drop(o.low(i)); err != nil {
				return nil, err
			}
		}
		if i <= w.lastChanged || asked == w.reader.next || !o.stable(i) {
			continue
		}
		if w.reader.next == len(w.reader.changes) {
			return nil, nil
		}
		asked = w.reader.next
		if next, err = o.place(&w.reader, asked); err != nil {
			return nil, err
		}
		if o.buf = w.bytesOf(o.buf[:0], i); next.after != nil && bytes.Compare(next.after, o.buf) >= 0 {
			return next, nil
		}
	}
}

// breathe looks at memory and interrupts.
func (o *over) breathe() error {
	if err := o.holds(o.step.bytes() + o.win.bytes()); err != nil {
		return err
	}
	return o.interrupted()
}

// all reads the rest of the partition.
func (w *overRows) all() error {
	for !w.done {
		if err := w.read(); err != nil {
			return err
		}
		if len(w.peers)%1024 == 0 {
			if err := w.o.breathe(); err != nil {
				return err
			}
		}
	}
	return nil
}

// low is the first row that is still needed after row i.
func (o *over) low(i int) int {
	for _, r := range o.runs {
		i = min(i, r.low[0], r.low[1])
		if r.start.moved {
			i = min(i, r.startRow)
		}
		if r.end.moved {
			i = min(i, r.endRow)
		}
	}
	return i
}

func (o *over) stable(i int) bool {
	for _, r := range o.runs {
		if !r.stable(&o.win, i) {
			return false
		}
	}
	return true
}

// overValues are the functions' values for the copies of a row on one side.
type overValues struct {
	cols    []*delta.Vec
	weights []int64
	bad     []error // the first function's error for each
}

func (v *overValues) reset() {
	for _, c := range v.cols {
		c.Reset()
	}
	v.weights, v.bad = v.weights[:0], v.bad[:0]
}

// evaluate computes the values of row i on both sides and emits the difference.
func (o *over) evaluate(i int) error {
	w := &o.win
	for _, r := range o.runs {
		if err := r.advance(w, i); err != nil {
			return err
		}
	}
	for k := range o.sides {
		v := &o.sides[k]
		v.reset()
		s := &w.side[k]
		at := w.at(i)
		weight, p := s.weight[at], s.pos[at]
		if weight <= 0 {
			continue
		}
		copies, each := int64(1), weight
		if o.single {
			copies, each = weight, 1
		}
		for c := range copies {
			var bad error
			for n, r := range o.runs {
				low := r.low[k]
				b, err := r.value(w, k, i, p+c, v.cols[n])
				if err != nil {
					return err
				}
				if bad == nil {
					bad = b
				}
				if c > 0 {
					r.low[k] = min(low, r.low[k])
				}
			}
			v.weights, v.bad = append(v.weights, each), append(v.bad, bad)
		}
	}
	return o.emitRow(i)
}

// emitRow emits the difference between the values of row i.
func (o *over) emitRow(i int) error {
	old, now := &o.sides[0], &o.sides[1]
	if len(old.weights) <= 1 && len(now.weights) <= 1 {
		if len(old.weights) == 1 && len(now.weights) == 1 && sameValues(old, 0, now, 0) {
			return o.emitValues(i, now, 0, now.weights[0]-old.weights[0])
		}
		for k, sign := range [2]int64{-1, 1} {
			v := &o.sides[k]
			for j := range v.weights {
				if err := o.emitValues(i, v, j, sign*v.weights[j]); err != nil {
					return err
				}
			}
		}
		return nil
	}
	// Most copies of a row have the values that they had, or that the copy at their place had.
	at := o.win.at(i)
	o.match(0)
	o.match(o.win.side[1].pos[at] - o.win.side[0].pos[at])
	return o.emitRest(i)
}

// match pairs the copies of a row after the step with those so much further on before it, and drops pairs of equal values.
func (o *over) match(shift int64) {
	old, now := &o.sides[0], &o.sides[1]
	for j := range now.weights {
		i := int64(j) + shift
		if i >= 0 && i < int64(len(old.weights)) && old.weights[i] == now.weights[j] && now.weights[j] != 0 && sameValues(old, int(i), now, j) {
			old.weights[i], now.weights[j] = 0, 0
		}
	}
}

// emitRest emits the difference between the values that are left, which may be the same in another order.
func (o *over) emitRest(i int) error {
	type copyOf struct {
		values []byte
		side   *overValues
		j      int
		weight int64
	}
	var all []copyOf
	for k, sign := range [2]int64{-1, 1} {
		v := &o.sides[k]
		for j, w := range v.weights {
			if w == 0 {
				continue
			}
			b := codec.AppendVecs(nil, v.cols, j)
			if v.bad[j] != nil {
				b = append(append(b, '!'), v.bad[j].Error()...)
			}
			all = append(all, copyOf{b, v, j, sign * w})
		}
	}
	slices.SortFunc(all, func(a, b copyOf) int { return bytes.Compare(a.values, b.values) })
	for len(all) > 0 {
		n, weight := 0, int64(0)
		for ; n < len(all) && bytes.Equal(all[n].values, all[0].values); n++ {
			weight += all[n].weight
		}
		if err := o.emitValues(i, all[0].side, all[0].j, weight); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

func sameValues(a *overValues, i int, b *overValues, j int) bool {
	if (a.bad[i] == nil) != (b.bad[j] == nil) || a.bad[i] != nil && a.bad[i].Error() != b.bad[j].Error() {
		return false
	}
	for c := range a.cols {
		if !sameValue(a.cols[c], i, b.cols[c], j) {
			return false
		}
	}
	return true
}

// emitValues emits row i with the j-th of its values.
func (o *over) emitValues(i int, v *overValues, j int, weight int64) error {
	if weight == 0 {
		return nil
	}
	w := &o.win
	at := w.at(i)
	if v.bad[j] != nil {
		return o.fail(v.bad[j], w.batch, at, weight)
	}
	b := o.out.batch()
	for c, col := range w.batch.Cols {
		b.Cols[c].AppendFrom(col, at)
	}
	for c, col := range v.cols {
		b.Cols[len(w.batch.Cols)+c].AppendFrom(col, j)
	}
	b.AppendRow(nil, weight)
	return o.out.spill()
}
