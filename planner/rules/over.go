package rules

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// numberRows makes numberings without a bound window functions like any other.
//
// Before: SELECT row_number() OVER w, lag(x) OVER w FROM t: a TopN without a limit, which numbers rows, over an Over.
// After: one Over with both functions.
// Why: an Over finds a row's number without counting the partition's rows, and keeps one copy of the rows for all functions
// over one order. It runs last, since a condition on a number bounds only what is a TopN still.
// Guard: an Over further down serves, too, if there are only others between, which have the same rows. Its partition and
// order are the same columns, so they are columns below it.
func numberRows(_ *Context, n logical.Node) logical.Node {
	t, ok := n.(*logical.TopN)
	if !ok || t.RowNumber == 0 || t.Limit != nil || t.Offset != nil {
		return n
	}
	kinds := map[physical.RankKind]physical.OverKind{
		physical.RowNumberRank: physical.OverRowNumber, physical.Rank: physical.OverRank, physical.DenseRank: physical.OverDenseRank,
	}
	f := logical.OverFunc{Col: t.RowNumber, Kind: kinds[t.Rank]}
	o := &logical.Over{Input: t.Input, Partition: t.Group, Order: t.Order}
	if joined, ok := joinOver(t.Input, o, f); ok {
		return joined
	}
	o.Funcs = []logical.OverFunc{f}
	return o
}

// joinOver adds a function to the Over of its partition and order in a stack of them.
func joinOver(n logical.Node, like *logical.Over, f logical.OverFunc) (logical.Node, bool) {
	o, ok := n.(*logical.Over)
	if !ok {
		return nil, false
	}
	x := *o
	if logical.SameOver(o, like) {
		x.Funcs = append(slices.Clone(o.Funcs), f)
		return &x, true
	}
	in, ok := joinOver(o.Input, like, f)
	x.Input = in
	return &x, ok
}

// sinkWindows puts window functions of which a change touches few rows below those of which it touches many.
//
// Before: lag(x) OVER (ORDER BY k) over sum(x) OVER (PARTITION BY g).
// After: the sum over lag.
// Why: what the lower one changes is a change for the upper one. A new row changes the sum of all rows of its partition, but
// lag of one other row.
// Guard: the one that sinks does not read what the other gives.
func sinkWindows(c *Context, n logical.Node) logical.Node {
	o, ok := n.(*logical.Over)
	if !ok || !c.View {
		return n
	}
	below, ok := o.Input.(*logical.Over)
	if !ok || spread(o) >= spread(below) {
		return n
	}
	used := logical.Used(o)
	for i := range below.Funcs {
		if used.Has(below.Funcs[i].Col) {
			return n
		}
	}
	x, y := *o, *below
	x.Input = below.Input
	y.Input = sinkWindows(c, &x)
	return &y
}

// spread is how far a change goes: 0 to the rows near it, 1 to those behind it, 2 to the whole partition.
func spread(o *logical.Over) int {
	far := 0
	for i := range o.Funcs {
		f := &o.Funcs[i]
		reach := 0
		switch f.Kind {
		case physical.OverRowNumber, physical.OverRank, physical.OverDenseRank:
			reach = 1
		case physical.OverPercentRank, physical.OverCumeDist, physical.OverNtile:
			reach = 2
		case physical.OverLag, physical.OverLead:
			if f.N != nil && !logical.ExprCols(f.N).Empty() {
				reach = 2
			}
		default:
			start, end := f.Frame.Start.Kind == physical.UnboundedPreceding, f.Frame.End.Kind == physical.UnboundedFollowing
			switch {
			case start && end || len(o.Order) == 0 && f.Frame.Mode == physical.Range:
				reach = 2
			case start || end:
				reach = 1
			}
		}
		far = max(far, reach)
	}
	return far
}
