package exec

import (
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/planner/physical"
	"millrace/storage/keys"
	"millrace/types"
)

// join joins two inputs on equal keys and a condition.
//
// Algebra: the pairs are bilinear. With dL and dR the changes of a step and L' = L + dL,
//
//	d(L x R) = dL x R  +  L' x dR
//
// so a change meets the other side's state once. A left row is also output by itself where the kind wants rows
// without a match (Left, Full, Anti) or with one (Semi). With c(l) = 1 if l is wanted so and 0 if not, and a prime for
// the value after the step,
//
//	d(sum of c(l) l) = sum over dL of c(l) l  +  sum over L' of (c'(l) - c(l)) l
//
// and likewise for the right of Right and Full. Without a condition c depends on whether the other side's group is
// empty, so it is worked out once per key, and a group's rows are read for it only when it changes. With a condition
// each row has its number of matches, which the pairs of the step change.
//
// State: part 0 and 1 hold the rows of the left and the right per key, reduced to the columns that are emitted or in
// the condition; part 2 and 3, for a kind that outputs rows of that side by themselves under a condition, a row's number
// of matches where it is not zero. A side has no state when the other never changes after the first step and this
// side's rows need not be reconsidered.
//
// A row with NULL in a key column that is not null-safe meets no other: it is output or dropped at once.
//
// Cost: per row a key encoding, a probe of the step's table and an entry in the state; per pair an index pair, the
// condition over its columns, and the emitted columns of those that pass. Output is made in chunks, however many
// rows a key has.
type join struct {
	*output
	kind        physical.JoinKind
	left, right joinSide
	cond        *expr.Program // over left.cond columns, then right.cond columns; nil is true
	expiry      *expiry
	table       keyTable // keys of the step
	pairs       joinPairs
}

// when says for which rows a side is output by itself.
type when uint8

const (
	never when = iota
	unmatched
	matched
)

// of gives c of a row that has a match or not.
func (w when) of(match bool) int64 {
	if w == never || match != (w == matched) {
		return 0
	}
	return 1
}

// kinds says what each kind of join outputs.
var kinds = [...]struct {
	pairs       bool
	left, right when
}{
	physical.Inner: {pairs: true},
	physical.Left:  {pairs: true, left: unmatched},
	physical.Right: {pairs: true, right: unmatched},
	physical.Full:  {pairs: true, left: unmatched, right: unmatched},
	physical.Semi:  {left: matched},
	physical.Anti:  {left: unmatched},
}

func newJoin(o *output, n *physical.Join) (Operator, error) {
	if int(n.Kind) >= len(kinds) {
		return nil, fmt.Errorf("exec: join kind %d", n.Kind)
	}
	if n.NotIn {
		if n.On == nil {
			return newNotIn(o, n)
		}
		m, err := withoutNotIn(n, o.d.plan)
		if err != nil {
			return nil, err
		}
		n = m
	}
	j := &join{output: o, kind: n.Kind}
	nullSafe := n.NullSafe
	if len(nullSafe) == 0 {
		nullSafe = make([]bool, len(n.LeftKeys))
	}
	in := [2][]types.T{o.d.plan.Nodes[n.Left_].Out().Types, o.d.plan.Nodes[n.Right_].Out().Types}
	k := kinds[n.Kind]
	j.left = newJoinSide(in[0], n.LeftKeys, n.LeftCols, k.left)
	j.right = newJoinSide(in[1], n.RightKeys, n.RightCols, k.right)
	j.left.required.addKeys(n.LeftKeys, nullSafe)
	j.right.required.addKeys(n.RightKeys, nullSafe)
	if !k.pairs {
		j.right.emit = nil
	}
	j.left.other, j.right.other = &j.right, &j.left
	if err := j.compile(n.On, len(in[0])); err != nil {
		return nil, err
	}
	j.left.settle(in[0])
	j.right.settle(in[1])
	j.pairs = newJoinPairs(j, k.pairs)
	subs := subspace{o: o}
	j.left.open(&subs, n.RightStatic && j.right.when == never, j.cond != nil)
	j.right.open(&subs, n.LeftStatic && j.left.when == never, j.cond != nil)
	subs.openMatches(&j.left, &j.right)
	j.expiry = newExpiry(o, n.Expire, &subs)
	return j, subs.err
}

// compile makes the condition's program over the columns that it needs.
func (j *join) compile(on expr.Expr, width int) (err error) {
	if on == nil {
		return nil
	}
	at := map[int]int{}
	for _, c := range expr.Columns(on) {
		at[c] = 0
		if c < width {
			j.left.cond = append(j.left.cond, c)
		} else {
			j.right.cond = append(j.right.cond, c-width)
		}
	}
	for i, c := range j.left.cond {
		at[c] = i
	}
	for i, c := range j.right.cond {
		at[c+width] = len(j.left.cond) + i
	}
	j.cond, err = expr.Compile(expr.RemapColumns(on, func(old int) int { return at[old] }))
	return err
}

// withoutNotIn turns NOT IN under a further condition into an anti join whose condition says that a right row is in
// the way when the keys are equal or either is NULL.
func withoutNotIn(n *physical.Join, p *physical.Plan) (*physical.Join, error) {
	left, right := p.Nodes[n.Left_].Out().Types, p.Nodes[n.Right_].Out().Types
	m := *n
	m.NotIn, m.LeftKeys, m.RightKeys, m.NullSafe = false, nil, nil, nil
	and := &expr.And{}
	for i, l := range n.LeftKeys {
		r := n.RightKeys[i]
		eq, err := scalar.Operator("=", &expr.Column{Index: l, T: left[l]}, &expr.Column{Index: len(left) + r, T: right[r]}, 0)
		if err != nil {
			return nil, err
		}
		and.Args = append(and.Args, &expr.BoolTest{Arg: eq, Want: types.NewBool(false), Negate: true})
	}
	and.Args = append(and.Args, n.On)
	m.On = and
	return &m, nil
}

// Push implements Operator.
func (j *join) Push(port int, b *delta.Batch) error {
	s := &j.left
	if port == 1 {
		s = &j.right
	}
	sel := s.required.of(b)
	if sel != nil && len(sel) < b.N && s.when == unmatched {
		if err := j.passKeyless(s, b, sel); err != nil {
			return err
		}
	}
	first := len(s.keyOf)
	if err := s.add(b, sel, &j.table); err != nil {
		return err
	}
	if j.expiry != nil {
		j.expiry.see(s.keyOf[first:], b.Cols[s.keys[j.expiry.col]], sel)
	}
	return j.holds(j.table.bytes() + j.left.bytes() + j.right.bytes())
}

// bytes is about the memory that the step takes.
func (s *joinSide) bytes() int {
	return s.rows.Bytes() + 4*cap(s.keyOf) + 8*cap(s.weights) + 4*cap(s.order)
}

// passKeyless outputs the rows that are not in sel, which can have no match.
func (j *join) passKeyless(s *joinSide, b *delta.Batch, sel []uint32) error {
	rest := restOf(b.N, sel)
	cols := make([]*delta.Vec, len(s.emit))
	for i, c := range s.emit {
		cols[i] = b.Cols[s.cols[c]]
	}
	var weights []int64
	if b.Weights != nil {
		weights = appendSel(nil, b.Weights, rest)
	}
	return j.pairs.emitAlone(s, cols, rest, weights)
}

// joinSide is one input of a join.
type joinSide struct {
	keys  []int // key columns of the input
	cols  []int // columns of the input that are kept
	emit  []int // of cols: the emitted ones
	cond  []int // of cols: those in the condition
	types []types.T
	when  when
	other *joinSide
	joinState

	// The step: rows in kept columns with their keys' numbers and weights.
	rows    *delta.Batch
	keyOf   []uint32
	weights []int64
	retract bool // a weight is negative

	// The step by key, after arrange: the rows of key k are order[start[k]:start[k+1]].
	start, order []uint32
	same         rowWeights
	hits         []int64 // per row of the step: its matches

	required requiredRows
	kc       keys.KeyColumn
	ids      []uint32
	buf      []byte
}

// newJoinSide takes the emitted columns, all when emit is nil; settle completes it when the condition is known.
func newJoinSide(in []types.T, keyCols, emit []int, w when) joinSide {
	if emit == nil {
		emit = upTo(len(in))
	}
	return joinSide{keys: keyCols, emit: emit, when: w}
}

// settle fixes the columns that are kept.
func (s *joinSide) settle(in []types.T) {
	s.cols = slices.Concat(s.emit, s.cond)
	slices.Sort(s.cols)
	s.cols = slices.Compact(s.cols)
	index := func(cs []int) []int {
		out := make([]int, len(cs))
		for i, c := range cs {
			out[i], _ = slices.BinarySearch(s.cols, c)
		}
		return out
	}
	s.emit, s.cond = index(s.emit), index(s.cond)
	s.types = pick(in, s.cols)
	s.rows = delta.NewBatch(s.types, 0)
}

// requiredRows gives the rows of a batch that have no NULL in some columns: those that can meet rows of another input.
type requiredRows struct {
	cols []int
	sel  []uint32
}

// addKeys adds the key columns that do not meet NULL with NULL.
func (r *requiredRows) addKeys(cols []int, nullSafe []bool) {
	for k, c := range cols {
		if !nullSafe[k] {
			r.add(c)
		}
	}
}

func (r *requiredRows) add(col int) {
	if !slices.Contains(r.cols, col) {
		r.cols = append(r.cols, col)
	}
}

// of gives the rows of b; nil for all. They are valid until the next call.
func (r *requiredRows) of(b *delta.Batch) []uint32 {
	if !slices.ContainsFunc(r.cols, func(c int) bool { return b.Cols[c].Nulls.Any() }) {
		return nil
	}
	if r.sel == nil {
		r.sel = make([]uint32, 0, b.N)
	}
	r.sel = r.sel[:0]
	for i := range b.N {
		if !slices.ContainsFunc(r.cols, func(c int) bool { return b.Cols[c].IsNull(i) }) {
			r.sel = append(r.sel, uint32(i))
		}
	}
	return r.sel
}

// add takes the rows sel of b, all when sel is nil, into the step.
func (s *joinSide) add(b *delta.Batch, sel []uint32, table *keyTable) (err error) {
	if s.keyOf, err = table.number(&s.kc, b, s.keys, sel, s.keyOf); err != nil {
		return err
	}
	for i, c := range s.cols {
		if err := appendVec(s.rows.Cols[i], b.Cols[c], sel); err != nil {
			return err
		}
	}
	s.rows.N = len(s.keyOf)
	for i := len(s.weights); i < len(s.keyOf); i++ {
		s.weights = append(s.weights, 1)
	}
	if b.Weights == nil {
		return nil
	}
	added := s.weights[len(s.weights)-countOf(sel, b.N):]
	for i := range added {
		r := i
		if sel != nil {
			r = int(sel[i])
		}
		added[i] = b.Weights[r]
		s.retract = s.retract || added[i] < 0
	}
	return nil
}

func countOf(sel []uint32, n int) int {
	if sel == nil {
		return n
	}
	return len(sel)
}
