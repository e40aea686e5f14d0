package exec

import (
	"encoding/binary"
	"fmt"

	"millrace/delta"
	"millrace/expr/agg"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// aggregate groups rows and aggregates them; DISTINCT is the case of all columns and no aggregate.
//
// Algebra: the linear functions add each change to a group's partial state with its weight; min and max over an
// input that retracts keep the group's values as an ordered multiset, and so do the functions that fold their rows in
// order; a DISTINCT argument is counted per value, and only the first appearance and the last disappearance of a value
// reach the function.
//
// A step is collapsed per group first: a group of the step has a dense number, and the accumulators have a slot for
// each. Flush reads and writes each group's state once and emits its old row with weight -1 and its new row with +1
// if they differ.
//
// State: part 0 maps a group to its number of rows, the group columns as they were written when the group appeared
// (only where the key does not determine them), and the functions' states. Each retracting min or max has a multimap
// of its own, each set of arguments that are folded in order another, each set of DISTINCT arguments a map. A group without rows has no state.
//
// Cost: per row a key encoding, one probe of a table that holds the step's groups, and an addition per function;
// per group and step one read and one write of its state.
type aggregate struct {
	*output
	types  []types.T
	group  []int
	global bool // exactly one row, always
	stored bool // the state keeps the group columns
	state  *state.Map

	calls    []agg.Call
	positive bool // a call relies on an input without retractions
	linear   []linearAgg
	ordered  []orderedAgg
	distinct []*distinctSet
	sorted   []*sortedRows
	expiry   *expiry

	table keyTable
	rows  []int64      // per group of the step: change of its number of rows
	reps  *delta.Batch // per group of the step: its group columns in the first row seen

	kc     keys.KeyColumn
	ids    []uint32
	firsts []uint32
	sels   map[int][]uint32 // by FILTER column: rows of the batch that pass
	flush  aggFlush
}

// linearAgg is a call whose state is an accumulator's.
type linearAgg struct {
	call     int
	acc      agg.Accumulator
	args     []*delta.Vec // scratch
	distinct bool         // its rows come from a distinctSet
}

// newDistinct makes DISTINCT.
func newDistinct(o *output, n *physical.Distinct) (*aggregate, error) {
	return newAggregate(o, &physical.Aggregate{Output: n.Output, Input: n.Input, Group: upTo(len(n.Types)), Grouped: true, Expire: n.Expire})
}

func newAggregate(o *output, n *physical.Aggregate) (*aggregate, error) {
	a := &aggregate{
		output: o, types: n.Types, group: n.Group, calls: n.Aggs,
		global: len(n.Group) == 0 && !n.Grouped,
		stored: !allFaithful(n.Types[:len(n.Group)]),
		reps:   delta.NewBatch(n.Types[:len(n.Group)], 0),
		sels:   map[int][]uint32{},
	}
	subs := subspace{o: o}
	a.state = subs.nextMap()
	for i, c := range n.Aggs {
		a.positive = a.positive || c.AppendOnly
		in := o.d.plan.Nodes[n.Input].Out().Types
		l := linearAgg{call: i, args: make([]*delta.Vec, len(c.Args))}
		switch positive := c.AppendOnly || o.d.opt.AdHoc; {
		case c.Func.Ordered && !positive:
			a.ordered = append(a.ordered, newOrderedAgg(i, &n.Aggs[i], subs.nextMultimap()))
			continue
		case c.Func.Pick && positive:
			l.acc = newPickAcc(&n.Aggs[i], in)
			l.args = make([]*delta.Vec, len(in))
			a.linear = append(a.linear, l)
			continue
		case c.Func.Fold != nil:
			if err := a.shareSorted(i, &n.Aggs[i], in, &subs); err != nil {
				return nil, err
			}
			continue
		}
		l.acc = c.Accumulator(in)
		if l.distinct = c.Distinct && !c.Func.Ordered; l.distinct {
			a.shareDistinct(len(a.linear), &n.Aggs[i], in, &subs)
		}
		a.linear = append(a.linear, l)
	}
	a.expiry = newExpiry(o, n.Expire, &subs)
	a.flush.init(a)
	return a, subs.err
}

// shareDistinct adds a linear call to the set of its DISTINCT argument, which calls with the same argument and filter
// share.
func (a *aggregate) shareDistinct(linear int, c *agg.Call, in []types.T, subs *subspace) {
	for _, s := range a.distinct {
		if s.serves(c) {
			s.linear = append(s.linear, linear)
			return
		}
	}
	a.distinct = append(a.distinct, newDistinctSet(a, linear, c, in, subs.nextMap()))
}

// shareSorted adds a call to the rows that it folds, which calls with the same arguments, order and filter share.
func (a *aggregate) shareSorted(i int, c *agg.Call, in []types.T, subs *subspace) error {
	for _, s := range a.sorted {
		if s.serves(c) {
			return s.add(i, c, in)
		}
	}
	s := newSortedRows(c, in, subs.nextMultimap())
	a.sorted = append(a.sorted, s)
	return s.add(i, c, in)
}

// subspace gives an operator's parts of the state space, which are numbered in order of creation. Without a space,
// as in ad-hoc queries, the parts are nil.
type subspace struct {
	o    *output
	next int
	err  error
}

const maxParts = 256

func (s *subspace) part() (int, bool) {
	if s.err != nil || !s.o.d.keepsState(s.o.op) {
		return 0, false
	}
	if s.next == maxParts {
		s.err = pgerr.New(pgerr.ProgramLimitExceeded, "too many aggregates that keep their arguments").
			WithDetail("One GROUP BY can have %d aggregates with DISTINCT, min, max, or values in order.", maxParts-1)
		return 0, false
	}
	s.next++
	return s.next - 1, true
}

func (s *subspace) nextMap() *state.Map {
	if n, ok := s.part(); ok {
		return s.o.d.opt.Space.Map(s.o.op, n)
	}
	return nil
}

func (s *subspace) nextMultimap() *state.Multimap {
	if n, ok := s.part(); ok {
		return s.o.d.opt.Space.Multimap(s.o.op, n)
	}
	return nil
}

// Push implements Operator.
func (a *aggregate) Push(_ int, b *delta.Batch) error {
	if err := a.checkPositive(b); err != nil {
		return err
	}
	if err := a.number(b); err != nil {
		return err
	}
	if b.Weights == nil {
		for _, id := range a.ids {
			a.rows[id]++
		}
	} else {
		for i, id := range a.ids {
			a.rows[id] += b.Weights[i]
		}
	}
	clear(a.sels)
	for i := range a.linear {
		l := &a.linear[i]
		if l.distinct {
			continue
		}
		c := &a.calls[l.call]
		if c.Func.Pick { // it orders by more than its arguments
			copy(l.args, b.Cols)
		} else {
			for k, col := range c.Args {
				l.args[k] = b.Cols[col]
			}
		}
		l.acc.Add(a.ids, a.passing(b, c.Filter), l.args, b.Weights)
		clear(l.args)
	}
	for i := range a.ordered {
		o := &a.ordered[i]
		if err := o.add(a, b, a.passing(b, o.call.Filter)); err != nil {
			return err
		}
	}
	for _, s := range a.distinct {
		if err := s.add(b, a.ids, a.passing(b, s.filter)); err != nil {
			return err
		}
	}
	for _, s := range a.sorted {
		s.gather(a, b, a.passing(b, s.filter))
	}
	return a.holds(a.bytes())
}

// bytes is about the memory that the step takes.
func (a *aggregate) bytes() int {
	n := a.table.bytes() + 8*cap(a.rows) + a.reps.Bytes()
	for i := range a.linear {
		n += a.linear[i].acc.Bytes()
	}
	for _, s := range a.distinct {
		n += s.table.bytes() + 4*cap(s.slots) + 8*cap(s.weights) + s.values.Bytes()
	}
	for _, s := range a.sorted {
		n += s.step.bytes()
	}
	return n
}

// checkPositive holds the plan to its word: a function that keeps only its extreme cannot retract.
func (a *aggregate) checkPositive(b *delta.Batch) error {
	for _, w := range b.Weights {
		if w < 0 && a.positive {
			return fmt.Errorf("exec: operator %d: a retraction in an input that was planned as append-only", a.op)
		}
	}
	return nil
}

// number sets ids to the groups of b's rows and makes room for new ones.
func (a *aggregate) number(b *delta.Batch) (err error) {
	known := a.table.len()
	a.ids = a.ids[:0]
	if len(a.group) == 0 {
		if known == 0 {
			if err := a.addGlobal(); err != nil {
				return err
			}
		}
		for range b.N {
			a.ids = append(a.ids, 0)
		}
		return nil
	}
	if a.ids, err = a.table.number(&a.kc, b, a.group, nil, a.ids); err != nil {
		return err
	}
	if a.table.len() == known {
		return nil
	}
	a.firsts = a.firsts[:0]
	next := uint32(known)
	for i, id := range a.ids {
		if id == next {
			a.firsts = append(a.firsts, uint32(i))
			next++
		}
	}
	for i, col := range a.group {
		if err := appendVec(a.reps.Cols[i], b.Cols[col], a.firsts); err != nil {
			return err
		}
	}
	a.reps.N = a.table.len()
	return a.grow(known)
}

// addGlobal makes the one group of a query without GROUP BY.
func (a *aggregate) addGlobal() error {
	if _, _, err := a.table.addOne(nil); err != nil {
		return err
	}
	a.reps.N = 1
	return a.grow(0)
}

// grow makes room for the groups from known on.
func (a *aggregate) grow(known int) error {
	n := a.table.len()
	for len(a.rows) < n {
		a.rows = append(a.rows, 0)
	}
	for i := range a.linear {
		a.linear[i].acc.Grow(n)
	}
	for i := range a.ordered {
		if err := a.ordered[i].begin(&a.table, known); err != nil {
			return err
		}
	}
	return nil
}

// passing gives the rows of b for which a FILTER column is true; nil without a FILTER.
func (a *aggregate) passing(b *delta.Batch, filter int) []uint32 {
	if filter < 0 {
		return nil
	}
	if sel, ok := a.sels[filter]; ok {
		return sel
	}
	v := b.Cols[filter]
	sel := make([]uint32, 0, b.N)
	for i, yes := range v.Bools[:b.N] {
		if yes && !v.IsNull(i) {
			sel = append(sel, uint32(i))
		}
	}
	a.sels[filter] = sel
	return sel
}

// Flush implements Operator.
func (a *aggregate) Flush() error {
	if err := a.flushStep(); err != nil || a.expiry == nil {
		return err
	}
	return a.expiry.drop(a.drop)
}

// drop removes a piece of state that has expired: of a group, or of a value of a DISTINCT set, which the tag counts from 1.
func (a *aggregate) drop(tag byte, key []byte) error {
	hash := keys.Hash(key)
	if tag > 0 {
		return a.distinct[tag-1].state.Delete(hash, key)
	}
	for i := range a.ordered {
		if err := a.ordered[i].mm.Drop(hash, key); err != nil {
			return err
		}
	}
	for _, s := range a.sorted {
		if err := s.mm.Drop(hash, key); err != nil {
			return err
		}
	}
	return a.state.Delete(hash, key)
}

func (a *aggregate) flushStep() error {
	if a.table.len() == 0 {
		if !a.global || !a.d.fresh {
			return nil
		}
		if err := a.addGlobal(); err != nil {
			return err
		}
	}
	for i, s := range a.distinct {
		if err := s.flush(a, byte(i+1)); err != nil {
			return err
		}
	}
	if a.state != nil {
		if err := a.state.Prefetch(&a.table.keys, nil); err != nil {
			return err
		}
	}
	for _, s := range a.sorted {
		if err := s.begin(a); err != nil {
			return err
		}
	}
	if err := a.flush.run(); err != nil {
		return err
	}
	a.reset()
	return nil
}

func (a *aggregate) reset() {
	a.table.reset()
	a.rows = a.rows[:0]
	if a.reps.Bytes() > retainedBytes {
		a.reps = delta.NewBatch(a.types[:len(a.group)], 0)
	}
	a.reps.Reset()
	for i := range a.linear {
		a.linear[i].acc.Reset()
	}
	for i := range a.ordered {
		a.ordered[i].reset()
	}
	for _, s := range a.sorted {
		s.reset()
	}
}

// appendPiece appends a byte string that write appends, preceded by its length.
func appendPiece(dst []byte, write func(dst []byte) []byte) []byte {
	start := len(dst)
	dst = write(append(dst, 0))
	return closePiece(dst, start)
}

// closePiece sets the length of the piece whose length byte is at start.
func closePiece(dst []byte, start int) []byte {
	n := len(dst) - start - 1
	if n < 0x80 {
		dst[start] = byte(n)
		return dst
	}
	var head [binary.MaxVarintLen64]byte
	k := binary.PutUvarint(head[:], uint64(n))
	dst = append(dst, head[:k-1]...) // room
	copy(dst[start+k:], dst[start+1:start+1+n])
	copy(dst[start:], head[:k])
	return dst
}

// cutPiece gives the piece at the start of b and what follows it.
func cutPiece(b []byte) (piece, rest []byte, err error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, errState
	}
	return b[k : k+int(n) : k+int(n)], b[k+int(n):], nil
}
