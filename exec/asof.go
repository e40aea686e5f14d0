package exec

import (
	"bytes"
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// asOf joins each left row with the right row that is nearest in time.
//
// Algebra: with m(l) the partner of a left row l, a prime for what is after the step, and dL the left side's changes,
//
//	d(sum of (l, m(l))) = sum over L of (l, m'(l)) - (l, m(l))  +  sum over dL of (l, m'(l))
//
// m changes only between a changed time on the right and the next time that the right has: there every left row had one partner, and
// has one now. So a change on the right costs what left rows lie between, however many others the key has.
//
// Time runs in one direction for all four comparisons: where the partner comes after the left row, times are written in descending
// order, and it is again the last that comes before.
//
// State: part 0 and 1 hold the rows of the left and the right per key, in order of time: the key of the time, for the right the keys
// of the columns that decide between rows of one time, and the emitted columns. So what lies before a mark is the front of a group
// (where times descend, its end) and is dropped from there, see asof_expire.go; part 2 and 3 then tell which keys have something there.
//
// A row with NULL as its time, or in a key column that is not null-safe, meets no other.
//
// Cost: per row of either side a key encoding, a probe of the step's table, a part of a sort and an entry in the state; per right
// time that changes two look-ups in the left's or right's order and two output rows for each left row that gets another partner;
// per left row a look-up, or none when it has the partner of the row before it.
type asOf struct {
	*output
	n           *physical.AsOf
	left, right asOfSide
	table       keyTable // keys of the step
	spans       []asOfSpan
	kept        []byte // rows that spans refer to
	found       []byte // the partner of the left row at hand
	until       []byte // from here on another
	bound       [2][]byte
	expiry      *expiry // nil where nothing expires
	bad         bool    // a row with a weight below zero was seen
	out         builder
}

// asOfSide is one input of a join in time.
type asOfSide struct {
	keys []int
	rows rowOrder
	mm   *state.Multimap // nil without state
	step groupedRows     // by number of the key in the join's table

	required requiredRows
	kc       keys.KeyColumn
	ids      []uint32
	changed  []uint32
	buf      []byte
}

// noTime is the time column of rows that are in no order of time.
const noTime = -1

func newAsOf(o *output, n *physical.AsOf) (Operator, error) {
	in := [2][]types.T{o.d.plan.Nodes[n.Left_].Out().Types, o.d.plan.Nodes[n.Right_].Out().Types}
	if len(n.LeftKeys) != len(n.RightKeys) || len(n.NullSafe) != len(n.LeftKeys) {
		return nil, fmt.Errorf("exec: an as-of join with %d, %d and %d keys", len(n.LeftKeys), len(n.RightKeys), len(n.NullSafe))
	}
	a := &asOf{output: o, n: n, out: newBuilder(o, n.Types)}
	a.left = newAsOfSide(in[0], n.LeftKeys, n.NullSafe, n.LeftTime, n.After, nil, n.LeftCols)
	a.right = newAsOfSide(in[1], n.RightKeys, n.NullSafe, n.RightTime, n.After, n.Ties, n.RightCols)
	subs := subspace{o: o}
	a.left.mm, a.right.mm = subs.nextMultimap(), subs.nextMultimap()
	a.expiry = newExpiry(o, n.Expire, &subs)
	return a, subs.err
}

func newAsOfSide(in []types.T, keyCols []int, nullSafe []bool, time int, desc bool, ties, emit []int) asOfSide {
	if emit == nil {
		emit = upTo(len(in))
	}
	s := asOfSide{keys: keyCols, rows: rowOrder{cols: emit}}
	s.required.addKeys(keyCols, nullSafe)
	if time != noTime {
		s.required.add(time)
		s.rows.order = []keys.Order{{Col: time, Desc: desc}}
	}
	for _, c := range ties {
		s.rows.ties = append(s.rows.ties, keys.Order{Col: c})
	}
	return s
}

// Push implements Operator.
func (a *asOf) Push(port int, b *delta.Batch) error {
	s := &a.left
	if port == 1 {
		s = &a.right
	}
	sel := s.required.of(b)
	if port == 0 && a.n.Outer && sel != nil {
		if err := a.passAlone(b, sel, s.rows.cols, a.n.Types); err != nil {
			return err
		}
	}
	if err := s.add(b, sel, &a.table); err != nil {
		return err
	}
	return a.holds(a.table.bytes() + a.left.step.bytes() + a.right.step.bytes())
}

// passAlone outputs the columns cols of the rows that are not in sel, and NULLs for the others of the output's types.
func (o *output) passAlone(b *delta.Batch, sel []uint32, cols []int, ts []types.T) error {
	rest := restOf(b.N, sel)
	if len(rest) == 0 {
		return nil
	}
	var weights []int64
	if b.Weights != nil {
		weights = appendSel(nil, b.Weights, rest)
	}
	out := gatherBatch(pick(b.Cols, cols), rest, weights)
	for _, t := range ts[len(cols):] {
		out.Cols = append(out.Cols, nullVec(t, out.N))
	}
	return o.emit(out)
}

// restOf gives the numbers below n that are not in sel, which is ascending.
func restOf(n int, sel []uint32) []uint32 {
	rest := make([]uint32, 0, n-len(sel))
	for i := range uint32(n) {
		if len(sel) > 0 && sel[0] == i {
			sel = sel[1:]
			continue
		}
		rest = append(rest, i)
	}
	return rest
}

// add takes the rows sel of b, all when sel is nil, into the step.
func (s *asOfSide) add(b *delta.Batch, sel []uint32, table *keyTable) (err error) {
	if s.ids, err = table.number(&s.kc, b, s.keys, sel, s.ids[:0]); err != nil {
		return err
	}
	for k, group := range s.ids {
		i := k
		if sel != nil {
			i = int(sel[k])
		}
		s.buf = s.rows.finish(s.rows.appendKey(s.buf[:0], b, i), b, i)
		s.step.add(group, s.buf, b.Weight(i))
	}
	return nil
}

// Flush implements Operator.
func (a *asOf) Flush() error {
	if err := a.flushStep(); err != nil || a.expiry == nil {
		return err
	}
	return a.expire()
}

func (a *asOf) flushStep() error {
	n := a.table.len()
	if n == 0 {
		return nil
	}
	a.left.step.sortInto(n)
	a.right.step.sortInto(n)
	if err := a.prefetch(); err != nil {
		return fmt.Errorf("operator %d: %w", a.op, err)
	}
	for group := range uint32(n) {
		if err := a.one(group); err != nil {
			return fmt.Errorf("operator %d: %w", a.op, err)
		}
	}
	a.table.reset()
	a.left.step.reset()
	a.right.step.reset()
	return a.out.end()
}

// prefetch brings into memory what will be read: of the right all keys of the step, of the left those whose right side changes.
func (a *asOf) prefetch() error {
	if a.right.mm == nil {
		return nil
	}
	if err := a.right.mm.Prefetch(&a.table.keys, nil); err != nil {
		return err
	}
	start, changed := a.right.step.start, a.left.changed[:0]
	for k := range uint32(a.table.len()) {
		if start[k] < start[k+1] {
			changed = append(changed, k)
		}
	}
	a.left.changed = changed
	if len(changed) == 0 {
		return nil
	}
	return a.left.mm.Prefetch(&a.table.keys, changed)
}

// one takes in a key's changes: the right's first, for the left rows that were there before.
func (a *asOf) one(group uint32) error {
	left, right := a.left.step.of(group), a.right.step.of(group)
	if a.right.mm == nil {
		return a.once(left, right)
	}
	hash, key := a.table.hash(group), a.table.key(group)
	if len(right) > 0 {
		if err := a.changeRight(hash, key, right); err != nil {
			return err
		}
	}
	if len(left) > 0 {
		if err := a.changeLeft(hash, key, left); err != nil {
			return err
		}
	}
	if a.bad {
		return ErrNegative
	}
	return a.note(key, left, right)
}

// once joins the rows of a key where there is nothing else.
func (a *asOf) once(left, right []stepRow) error {
	k := 0
	for i := range left {
		row := a.left.step.row(&left[i])
		limit := a.limit(a.left.rows.key(row))
		for k < len(right) && bytes.Compare(a.right.step.row(&right[k]), limit) < 0 {
			k++
		}
		var partner []byte
		if k > 0 {
			partner = a.right.step.row(&right[k-1])
		}
		if err := a.pair(row, partner, left[i].weight); err != nil {
			return err
		}
	}
	return nil
}

// pair outputs a left row with its partner, which may be none.
func (a *asOf) pair(left, right []byte, weight int64) error {
	if right == nil && !a.n.Outer {
		return nil
	}
	value := []byte(nil)
	if right != nil {
		value = a.right.rows.value(right)
	}
	return a.out.pair(a.left.rows.value(left), len(a.left.rows.cols), value, weight)
}
