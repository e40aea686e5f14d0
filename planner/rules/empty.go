package rules

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// foldEmpty works out what operators make of an input that has no rows.
//
// Before: an inner join, a grouping, a projection of nothing; a union with nothing.
// After: nothing; the other inputs of the union.
// Why: conditions that are false, as views for all cases have them, leave no operators.
// Guard: a left join keeps its left rows, an aggregate without GROUP BY gives its one row, a scalar subquery its NULL.
func foldEmpty(c *Context, n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Filter, *logical.Project, *logical.Distinct, *logical.TopN, *logical.Over, *logical.Window, *logical.Session,
		*logical.Versions, *logical.Buckets:
		if isNothing(n.Inputs()[0]) {
			return nothing(n)
		}
	case *logical.Series:
		if n.Input != nil && isNothing(n.Input) {
			return nothing(n)
		}
	case *logical.SingleRow:
		if len(n.Group) > 0 && isNothing(n.Input) {
			return nothing(n)
		}
	case *logical.Aggregate:
		if (len(n.Group) > 0 || n.Grouped) && isNothing(n.Input) {
			return nothing(n)
		}
	case *logical.Join:
		return c.emptyJoin(n)
	case *logical.AsOf:
		return c.emptySide(n, n.Outer)
	case *logical.Lookup:
		return c.emptySide(n, n.Outer)
	case *logical.Union:
		return emptyUnion(n)
	case *logical.SetOp:
		if isNothing(n.Left) || !n.Except && isNothing(n.Right) {
			return nothing(n)
		}
		if isNothing(n.Right) {
			p := &logical.Project{Input: n.Left}
			for i, id := range n.Cols {
				p.Items = append(p.Items, logical.Item{Col: id, Expr: c.Columns.Ref(n.LeftCols[i])})
			}
			if n.All {
				return p
			}
			return &logical.Distinct{Input: p}
		}
	}
	return n
}

func (c *Context) emptyJoin(n *logical.Join) logical.Node {
	left, right := isNothing(n.Left), isNothing(n.Right)
	switch n.Kind {
	case physical.Inner, physical.Semi:
		if left || right {
			return nothing(n)
		}
	case physical.Anti:
		if left {
			return nothing(n)
		}
		if right {
			return n.Left
		}
	case physical.Left:
		if left {
			return nothing(n)
		}
		if right {
			return c.withNulls(n.Left, n.Right.Output())
		}
	case physical.Right:
		if right {
			return nothing(n)
		}
		if left {
			return c.withNulls(n.Right, n.Left.Output())
		}
	case physical.Full:
		switch {
		case left && right:
			return nothing(n)
		case left:
			return c.withNulls(n.Right, n.Left.Output())
		case right:
			return c.withNulls(n.Left, n.Right.Output())
		}
	}
	return n
}

// emptySide is what a join in time, inner or left, makes of a side without rows.
func (c *Context) emptySide(n logical.Node, outer bool) logical.Node {
	in := n.Inputs()
	switch {
	case isNothing(in[0]) || isNothing(in[1]) && !outer:
		return nothing(n)
	case isNothing(in[1]):
		return c.withNulls(in[0], in[1].Output())
	}
	return n
}

func emptyUnion(n *logical.Union) logical.Node {
	if !slices.ContainsFunc(n.In, isNothing) {
		return n
	}
	x := &logical.Union{Cols: n.Cols}
	for k, in := range n.In {
		if !isNothing(in) {
			x.In, x.From = append(x.In, in), append(x.From, n.From[k])
		}
	}
	if len(x.In) == 0 {
		return nothing(n)
	}
	return x
}
