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

// topN keeps, per group, the rows at Offset+1 .. Offset+Limit of an order, by row_number, rank or dense_rank, with or
// without their number. Not linear: it looks at the group's rows in order.
//
// State: a multimap from the group to its rows as rowOrder writes them. Over an input that never retracts, rows
// beyond the window can never come back and are removed.
//
// A step's changes are gathered per group and row. Flush walks the rows of each touched group to the end of the window,
// remembers those from the first change on, applies the changes, walks on from the first change, and emits the
// differences. Cost: per row an encoding, a probe of the step's table and a part of a sort; per group and step a walk
// of Offset+Limit rows. Numbering a whole group (no limit) costs a walk of the group per step, and output for every
// row whose number shifts.
type topN struct {
	*output
	n      *physical.TopN
	rows   rowOrder
	mm     *state.Multimap
	expiry *expiry
	prunes bool // the input never retracts, so rows beyond the window can be dropped

	step     groupedRows
	limits   [][]byte // per group of the step: a row that is at or beyond the end of the window, nil when none is known
	nextCut  int      // how many rows may be gathered before those beyond the window are dropped
	old, now topWalk
	out      builder
	buf      []byte
}

// firstCut is how many rows a step gathers before it drops those beyond the window.
const firstCut = 16 * chunkRows

func newTopN(o *output, n *physical.TopN) (*topN, error) {
	in := o.d.plan.Nodes[n.Input].Out()
	subs := subspace{o: o}
	t := &topN{
		output: o, n: n, rows: newRowOrder(in, n.Group, n.Order, false), mm: subs.nextMultimap(),
		prunes: (in.AppendOnly || o.d.opt.AdHoc) && n.Limit >= 0,
		step:   groupedRows{cols: n.Group}, nextCut: firstCut, out: newBuilder(o, n.Types),
	}
	if n.Offset < 0 {
		return nil, fmt.Errorf("exec: an offset of %d", n.Offset)
	}
	t.expiry = newExpiry(o, n.Expire, &subs)
	w := newTopWindow(n)
	w.rows = t.rows
	t.old.topWindow, t.now.topWindow = w, w
	return t, subs.err
}

// Push implements Operator.
func (t *topN) Push(_ int, b *delta.Batch) error {
	if err := t.step.number(b); err != nil {
		return err
	}
	if t.expiry != nil {
		t.expiry.see(t.step.ids, b.Cols[t.n.Group[t.expiry.col]], nil)
	}
	for len(t.limits) < t.step.groups.len() {
		t.limits = append(t.limits, nil)
	}
	for i, group := range t.step.ids {
		w := b.Weight(i)
		if w < 0 && t.prunes {
			return fmt.Errorf("exec: operator %d: a retraction in an input that was planned as append-only", t.op)
		}
		t.add(group, b, i, w)
	}
	if t.prunes && len(t.step.rows) > t.nextCut {
		if err := t.cut(); err != nil {
			return err
		}
	}
	return t.holds(t.step.bytes())
}

// add gathers a row unless it is known to lie beyond the window.
func (t *topN) add(group uint32, b *delta.Batch, i int, w int64) {
	t.buf = t.rows.appendKey(t.buf[:0], b, i)
	if limit := t.limits[group]; limit != nil && bytes.Compare(t.buf, limit) > 0 {
		return
	}
	t.buf = t.rows.finish(t.buf, b, i)
	t.step.add(group, t.buf, w)
}

// cut drops the gathered rows that lie beyond the window whatever else the group has.
func (t *topN) cut() error {
	t.step.sort()
	kept := groupedRows{}
	for group := range uint32(t.step.groups.len()) {
		for _, r := range t.within(group) {
			kept.add(group, t.step.row(&r), r.weight)
		}
	}
	t.step.rows, t.step.blocks, t.step.blockBytes = kept.rows, kept.blocks, kept.blockBytes
	t.nextCut = max(firstCut, 2*len(kept.rows))
	return nil
}

// within gives the step's rows of a group; where the step alone decides, without those that lie beyond the window.
func (t *topN) within(group uint32) []stepRow {
	rows := t.step.of(group)
	if !t.prunes && t.mm != nil {
		return rows
	}
	t.now.begin(nil)
	for i := range rows {
		row := t.step.row(&rows[i])
		if !t.now.see(row, rows[i].weight) {
			t.limits[group] = slices.Clone(row)
			return rows[:i]
		}
	}
	return rows
}

// Flush implements Operator.
func (t *topN) Flush() error {
	if err := t.flushStep(); err != nil || t.expiry == nil {
		return err
	}
	return t.expiry.drop(func(_ byte, key []byte) error { return t.mm.Drop(keys.Hash(key), key) })
}

func (t *topN) flushStep() error {
	if t.step.groups.len() == 0 {
		return nil
	}
	if t.expiry != nil {
		if err := t.expiry.noteAll(&t.step.groups); err != nil {
			return err
		}
	}
	if err := t.step.each(t.mm, t.one); err != nil {
		return fmt.Errorf("operator %d: %w", t.op, err)
	}
	t.step.reset()
	t.limits, t.nextCut = t.limits[:0], firstCut
	return t.out.end()
}

// one takes the changes of a group into its state and emits the difference in its window.
func (t *topN) one(group uint32) error {
	rows := t.within(group)
	if len(rows) == 0 {
		return nil
	}
	switch {
	case t.mm == nil: // within has walked over all there is
		t.old.begin(nil)
	case t.prunes:
		if err := t.grow(group, rows); err != nil {
			return err
		}
	default:
		if err := t.change(group, rows); err != nil {
			return err
		}
	}
	return t.emitChange()
}

// change applies the changes of a group. Before them it walks to the end of the window; after them it walks on from the
// first.
func (t *topN) change(group uint32, rows []stepRow) error {
	hash, key := t.step.groups.hash(group), t.step.groups.key(group)
	first := t.step.row(&rows[0])
	t.old.begin(first)
	if err := t.mm.Scan(hash, key, t.old.see); err != nil {
		return err
	}
	for i := range rows {
		if err := t.mm.Add(hash, key, t.step.row(&rows[i]), rows[i].weight); err != nil {
			return err
		}
	}
	t.now.resume(&t.old)
	if !t.old.endsBeforeFrom() {
		if err := t.mm.ScanFrom(hash, key, first, t.now.see); err != nil {
			return err
		}
	}
	if t.old.bad || t.now.bad {
		return ErrNegative
	}
	return nil
}

// grow adds rows to a group whose rows beyond the window are not kept. It reads the group once, merges it with the step
// in memory, and writes only what enters or leaves.
func (t *topN) grow(group uint32, rows []stepRow) error {
	hash, key := t.step.groups.hash(group), t.step.groups.key(group)
	t.old.begin(nil)
	t.old.all = true
	if err := t.mm.Scan(hash, key, t.old.see); err != nil {
		return err
	}
	if t.old.bad {
		return ErrNegative
	}
	t.now.begin(nil)
	i, k, stored := 0, 0, t.old.seen
	inside := true
	for i < len(rows) || k < len(stored) {
		c := 1
		if k == len(stored) {
			c = -1
		} else if i < len(rows) {
			c = bytes.Compare(t.step.row(&rows[i]), t.old.row(&stored[k]))
		}
		var row []byte
		var added, kept int64
		if c <= 0 {
			row, added = t.step.row(&rows[i]), rows[i].weight
			i++
		}
		if c >= 0 {
			row, kept = t.old.row(&stored[k]), stored[k].n
			k++
		}
		if inside = inside && t.now.see(row, added+kept); !inside {
			added = -kept
		}
		if err := t.mm.Add(hash, key, row, added); err != nil {
			return err
		}
	}
	return nil
}

// emitChange emits the difference between the old window and the new one, from the first change on.
func (t *topN) emitChange() error {
	i, j := 0, 0
	for i < len(t.old.entries) || j < len(t.now.entries) {
		var x, y *topEntry
		c := 0
		switch {
		case j == len(t.now.entries):
			c = -1
		case i == len(t.old.entries):
			c = 1
		default:
			c = bytes.Compare(t.old.row(&t.old.entries[i]), t.now.row(&t.now.entries[j]))
		}
		if c <= 0 {
			x = &t.old.entries[i]
			i++
		}
		if c >= 0 {
			y = &t.now.entries[j]
			j++
		}
		if err := t.emitEntry(x, y); err != nil {
			return err
		}
	}
	return nil
}

// emitEntry emits the difference between a row's places in the old window and in the new; nil is none.
func (t *topN) emitEntry(x, y *topEntry) error {
	none := topEntry{}
	row := []byte(nil)
	if x != nil {
		row = t.old.row(x)
	} else {
		x = &none
	}
	if y != nil {
		row = t.now.row(y)
	} else {
		y = &none
	}
	if !t.n.RowNumber || t.n.Rank != physical.RowNumberRank {
		if x.num == y.num || !t.n.RowNumber {
			return t.emitRow(row, y.num, y.n-x.n)
		}
		if err := t.emitRow(row, x.num, -x.n); err != nil {
			return err
		}
		return t.emitRow(row, y.num, y.n)
	}
	// The copies of a row have consecutive numbers.
	if err := t.emitRun(row, *x, *y, -1); err != nil {
		return err
	}
	return t.emitRun(row, *y, *x, 1)
}

// emitRun emits the numbers of x that y has not.
func (t *topN) emitRun(row []byte, x, y topEntry, weight int64) error {
	if y.n == 0 {
		y.num = x.num + x.n
	}
	for k := x.num; k < x.num+x.n; k++ {
		if k >= y.num && k < y.num+y.n {
			k = y.num + y.n - 1
			continue
		}
		if err := t.emitRow(row, k, weight); err != nil {
			return err
		}
	}
	return nil
}

func (t *topN) emitRow(row []byte, num, weight int64) error {
	if weight == 0 {
		return nil
	}
	b := t.out.batch()
	cols := b.Cols
	if t.n.RowNumber {
		cols = cols[:len(cols)-1]
		b.Cols[len(cols)].Append(types.NewInt(num))
	}
	if err := codec.DecodeRowInto(t.rows.value(row), cols); err != nil {
		return err
	}
	b.AppendRow(nil, weight)
	return t.out.spill()
}
