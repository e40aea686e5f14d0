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
