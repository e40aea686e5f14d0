package lower

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// over lowers window functions.
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
	p := &physical.Over{Input: in.op, TiesReversed: n.TiesReversed}
	if p.Partition, err = l.positions(n.Partition, in); err != nil {
		return in, err
	}
	if p.Order, err = l.sortKeys(n.Order, in); err != nil {
		return in, err
	}
	ids := slices.Clone(in.ids)
	for i := range n.Funcs {
		if !need.Has(n.Funcs[i].Col) {
			continue
		}
		f, err := l.overFunc(&n.Funcs[i], in)
		if err != nil {
			return in, err
		}
		p.Funcs, ids = append(p.Funcs, f), append(ids, n.Funcs[i].Col)
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
		if p.Agg, err = l.call(call, in); err != nil {
			return p, err
		}
		p.Agg.AppendOnly = false // the rows of a frame leave it
	}
	if f.N != nil {
		p.N, err = l.expr(f.N, in.ids)
	}
	return p, err
}
