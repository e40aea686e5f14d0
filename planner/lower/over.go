package lower

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// over lowers window functions. In a view they are split by what a change costs:
//
//   - Aggregates of the whole partition that do not depend on its order are grouped apart and joined with its rows: only what they are changes, and not
//     the place of a row, and the partition is never read to find out.
//   - Functions of the rows from a frame to the partition's end go into an Over in the opposite order, where those rows are
//     the ones from its start: what is carried from row to row makes them cheap there.
//
// All read one input, so that it is computed and kept once.
func (l *lowering) over(n *logical.Over, need logical.ColSet) (ref, error) {
	want := need.Clone()
	for i := range n.Funcs {
		want.Remove(n.Funcs[i].Col)
	}
	want.Union(logical.Used(n))
	in, err := l.inputFor(n.Input, want)
	if err != nil {
		return in, err
	}
	var plain, turned, whole []logical.OverFunc
	for _, f := range n.Funcs {
		switch {
		case !need.Has(f.Col):
		case l.q.View && wholePartition(n, &f):
			whole = append(whole, f)
		case l.q.View && turns(&f):
			turned = append(turned, turn(f))
		default:
			plain = append(plain, f)
		}
	}
	r, err := l.overNode(n, in, plain)
	if err == nil {
		r, err = l.overNode(opposite(n), r, turned)
	}
	if err == nil && len(whole) > 0 {
		// The arguments are not needed beside the rows.
		if r, err = l.narrow(r, with(need, logical.SetOf(n.Partition...))); err == nil {
			r, err = l.joinWhole(n, in, r, whole)
		}
	}
	return r, err
}

// overNode adds an Over of some of the functions.
func (l *lowering) overNode(n *logical.Over, in ref, funcs []logical.OverFunc) (ref, error) {
	if len(funcs) == 0 {
		return in, nil
	}
	p := &physical.Over{Input: in.op, TiesReversed: n.TiesReversed}
	var err error
	if p.Partition, err = l.positions(n.Partition, in); err != nil {
		return in, err
	}
	if p.Order, err = l.sortKeys(n.Order, in); err != nil {
		return in, err
	}
	ids := slices.Clone(in.ids)
	for i := range funcs {
		f, err := l.overFunc(&funcs[i], in)
		if err != nil {
			return in, err
		}
		p.Funcs, ids = append(p.Funcs, f), append(ids, funcs[i].Col)
	}
	p.Output = l.output(n, ids)
	return l.add(p, ids), nil
}

func (l *lowering) overFunc(f *logical.OverFunc, in ref) (physical.OverFunc, error) {
	p := physical.OverFunc{Kind: f.Kind, Frame: f.Frame, T: l.q.Columns.At(f.Col).T}
	var err error
	if p.Args, err = l.positions(f.Args, in); err != nil {
		return p, err
	}
	if f.Kind == physical.OverAggregate {
		call := f.Agg
		call.Col = f.Col
		if p.Agg, err = l.call(call, in, nil); err != nil {
			return p, err
		}
		p.Agg.AppendOnly = false // the rows of a frame leave it
	}
	if f.N != nil {
		p.N, err = l.expr(f.N, in.ids)
	}
	return p, err
}

// wholePartition reports whether f is an aggregate whose frame is the whole partition for every row.
func wholePartition(n *logical.Over, f *logical.OverFunc) bool {
	if f.Kind != physical.OverAggregate || f.Agg.Func.Fold != nil || f.Frame.Exclude != physical.ExcludeNone {
		return false
	}
	start, end := f.Frame.Start.Kind, f.Frame.End.Kind
	if f.Frame.Mode == physical.Range && len(n.Order) == 0 {
		return start <= physical.CurrentRow && end >= physical.CurrentRow // all rows are peers
	}
	return start == physical.UnboundedPreceding && end == physical.UnboundedFollowing
}

// turns reports whether f is worth turning around: it reads up to the partition's end, and its value does not depend on the
// order of the rows in its frame, or is that of the last.
func turns(f *logical.OverFunc) bool {
	if f.Frame.End.Kind != physical.UnboundedFollowing || f.Frame.Exclude != physical.ExcludeNone {
		return false
	}
	return f.Kind == physical.OverLastValue || f.Kind == physical.OverAggregate && f.Agg.Func.Fold == nil
}

// turn writes a function for the opposite order.
func turn(f logical.OverFunc) logical.OverFunc {
	if f.Kind == physical.OverLastValue {
		f.Kind = physical.OverFirstValue
	}
	f.Frame.Start, f.Frame.End = turnBound(f.Frame.End), turnBound(f.Frame.Start)
	return f
}

func turnBound(b physical.Bound) physical.Bound {
	b.Kind = physical.UnboundedFollowing - b.Kind
	return b
}

func opposite(n *logical.Over) *logical.Over {
	x := *n
	x.Order = slices.Clone(n.Order)
	for i := range x.Order {
		x.Order[i].Desc, x.Order[i].NullsFirst = !x.Order[i].Desc, !x.Order[i].NullsFirst
	}
	x.TiesReversed = !n.TiesReversed
	return &x
}

// joinWhole groups the input by partition, and joins the groups with the rows.
func (l *lowering) joinWhole(n *logical.Over, in, rows ref, funcs []logical.OverFunc) (ref, error) {
	group, err := l.positions(n.Partition, in)
	if err != nil {
		return in, err
	}
	a := &physical.Aggregate{Input: in.op, Group: group}
	var ids []logical.ColID
	for _, id := range n.Partition {
		ids = append(ids, l.q.Columns.Copy(id))
	}
	out := slices.Clone(rows.ids)
	j := &physical.Join{Left_: rows.op, Kind: physical.Inner}
	for i := range funcs {
		f, err := l.overFunc(&funcs[i], in)
		if err != nil {
			return in, err
		}
		f.Agg.AppendOnly = l.plan.Nodes[in.op].Out().AppendOnly
		j.RightCols = append(j.RightCols, len(ids))
		a.Aggs, ids, out = append(a.Aggs, f.Agg), append(ids, funcs[i].Col), append(out, funcs[i].Col)
	}
	if a.Key = upTo(len(group)); len(group) == 0 {
		a.Key = []int{}
	}
	a.Input = l.belowOvers(a)
	j.Right_ = l.add(a, ids).op
	if j.LeftKeys, err = l.positions(n.Partition, rows); err != nil {
		return in, err
	}
	j.RightKeys, j.NullSafe = upTo(len(group)), make([]bool, len(group))
	for i := range j.NullSafe {
		j.NullSafe[i] = true
	}
	j.Output = l.output(n, out)
	return l.add(j, out), nil
}

// belowOvers gives the operator below others' window functions, which the aggregates need not see change. An Over's first
// columns are its input's.
func (l *lowering) belowOvers(a *physical.Aggregate) int {
	used := slices.Clone(a.Group)
	for _, c := range a.Aggs {
		used = append(append(used, c.Args...), c.Filter)
	}
	op := a.Input
	for {
		o, ok := l.plan.Nodes[op].(*physical.Over)
		if !ok || len(used) > 0 && slices.Max(used) >= len(l.plan.Nodes[o.Input].Out().Types) {
			return op
		}
		op = o.Input
	}
}

func upTo(n int) []int {
	var out []int
	for i := range n {
		out = append(out, i)
	}
	return out
}
