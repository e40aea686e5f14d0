package bind

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// apply adds the window functions to a plan: those of one partition and order in one operator. The three that number
// rows become a numbering of their own each, on top, where a condition on the number can bound it.
func (w *windowCalls) apply(b *Binder, n logical.Node) logical.Node {
	if len(w.calls) == 0 {
		return n
	}
	m := b.compute(n)
	var overs []*logical.Over
	var tops []*logical.TopN
	for i := range w.calls {
		call := &w.calls[i]
		o := &logical.Over{Partition: partitionCols(m, call.window.partition), Order: windowKeys(m, &call.window)}
		if rank, ok := ranks[call.kind]; ok {
			tops = append(tops, &logical.TopN{Group: o.Partition, Order: o.Order, RowNumber: call.id, Rank: rank})
			continue
		}
		if at := slices.IndexFunc(overs, func(x *logical.Over) bool { return logical.SameOver(x, o) }); at >= 0 {
			o = overs[at]
		} else {
			overs = append(overs, o)
		}
		o.Funcs = append(o.Funcs, call.over(m))
	}
	n = b.cols.Extend(n, m.items...)
	for _, o := range overs {
		o.Input = n
		n = o
	}
	for _, t := range tops {
		t.Input = n
		n = t
	}
	return n
}

var ranks = map[physical.OverKind]physical.RankKind{
	physical.OverRowNumber: physical.RowNumberRank, physical.OverRank: physical.Rank, physical.OverDenseRank: physical.DenseRank,
}

func partitionCols(m *computed, es []expr.Expr) []logical.ColID {
	var out []logical.ColID
	for _, p := range es {
		if id := m.column(p, "partition"); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// windowKeys gives the columns that a window is ordered by. A constant is a key only where a frame moves it.
func windowKeys(m *computed, w *window) []logical.SortKey {
	if w.frame.Mode == physical.Range && (w.frame.Start.Offset != nil || w.frame.End.Offset != nil) {
		s := w.order[0]
		return []logical.SortKey{{Col: m.column(s.expr, "order"), Desc: s.desc, NullsFirst: s.nullsFirst}}
	}
	return sortKeys(m, w.order, nil)
}

// over makes the function over columns.
func (w *windowCall) over(m *computed) logical.OverFunc {
	f := logical.OverFunc{Col: w.id, Kind: w.kind, N: w.n, Frame: w.window.frame}
	for _, e := range w.args {
		f.Args = append(f.Args, m.column(e, "arg"))
	}
	if w.n != nil && (!logical.ExprCols(w.n).Empty() || expr.VolatilityOf(w.n) == expr.Volatile) {
		f.N = m.b.cols.Ref(m.column(w.n, "n"))
	}
	if w.agg == nil {
		return f
	}
	f.Agg = logical.Agg{Func: w.agg.fn, Params: w.agg.direct}
	for _, e := range w.agg.args {
		f.Agg.Args = append(f.Agg.Args, m.column(e, "arg"))
	}
	if w.agg.filter != nil {
		f.Agg.Filter = m.column(w.agg.filter, "filter")
	}
	return f
}
