package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// removeDistinct drops what removes duplicates where there are none, or where they do no harm.
//
// Before: SELECT DISTINCT over rows that have a key; GROUP BY over a key, without aggregates; a DISTINCT below another
// DISTINCT's union, or on the right of a semi join.
// After: the same without it.
// Why: it keeps every row.
// Guard: the key must be among the selected columns: SELECT DISTINCT name FROM t, where t's key is id, keeps it.
func removeDistinct(c *Context, n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Distinct:
		if len(c.Analysis.Keys(n.Input)) > 0 {
			return n.Input
		}
		if in := withoutDistinct(n.Input); in != n.Input {
			return &logical.Distinct{Input: in}
		}
	case *logical.Join:
		if n.Kind != physical.Semi && n.Kind != physical.Anti {
			return n
		}
		x := *n
		x.Right = withoutDistinct(n.Right)
		if x.Right != n.Right {
			return &x
		}
	}
	return n
}

// withoutDistinct removes duplicate removal at the top of a plan whose duplicates do not count.
func withoutDistinct(n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Distinct:
		return withoutDistinct(n.Input)
	case *logical.Project:
		if slices.ContainsFunc(n.Items, func(it logical.Item) bool { return expr.VolatilityOf(it.Expr) == expr.Volatile }) {
			return n
		}
		return logical.MapInputs(n, withoutDistinct)
	case *logical.Filter, *logical.Union:
		return logical.MapInputs(n, withoutDistinct)
	}
	return n
}

// groupToDistinct makes a GROUP BY without aggregates a DISTINCT.
//
// Before: SELECT a, b FROM t GROUP BY a, b.
// After: SELECT DISTINCT a, b FROM t.
// Why: over rows that are never retracted, a DISTINCT never retracts either.
// Guard: at least one column; without any, it tells whether there are rows, and with neither GROUP BY nor columns there is
// always one.
func groupToDistinct(c *Context, n logical.Node) logical.Node {
	a, ok := n.(*logical.Aggregate)
	if !ok || len(a.Aggs) > 0 || len(a.Group) == 0 {
		return n
	}
	return &logical.Distinct{Input: c.Columns.Narrow(a.Input, a.Group)}
}
