package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// foldConstants evaluates what is constant in expressions, and drops what constants decide.
//
// Before: WHERE a > 1 + 1 AND true; WHERE false; JOIN ... ON false.
// After: WHERE a > 2; no rows.
// Why: fewer operators; other rules look for constants.
// Guard: an expression that fails when evaluated stays, to fail for each row that reaches it, as does one that depends on
// the session or the time (expr.Fold): SELECT 1/0 FROM t must not fail for an empty t. A condition before a constant false
// one is dropped with its errors, as AND may stop anywhere.
func foldConstants(c *Context, n logical.Node) logical.Node {
	n = logical.MapExprs(n, expr.Fold)
	switch n := n.(type) {
	case *logical.Filter:
		preds, none := conditions(n.Preds)
		switch {
		case none:
			return nothing(n)
		case len(preds) == 0:
			return n.Input
		case !slices.Equal(preds, n.Preds):
			return &logical.Filter{Input: n.Input, Preds: preds}
		}
	case *logical.Scan:
		preds, none := conditions(n.Filter)
		switch {
		case none:
			return nothing(n)
		case !slices.Equal(preds, n.Filter):
			x := *n
			x.Filter = preds
			return &x
		}
	case *logical.Join:
		if n.NotIn {
			return n
		}
		preds, none := conditions(n.On)
		switch {
		case none:
			return neverMatches(c, n)
		case !slices.Equal(preds, n.On):
			x := *n
			x.On = preds
			return &x
		}
	}
	return n
}

// conditions splits a list of conditions at ANDs and drops those that are true or come twice; none reports that one is
// never true.
func conditions(preds []expr.Expr) (out []expr.Expr, none bool) {
	for _, p := range preds {
		for _, q := range logical.Conjuncts(p) {
			switch {
			case isTrue(q):
			case isNeverTrue(q):
				return nil, true
			case slices.ContainsFunc(out, func(o expr.Expr) bool { return expr.Equal(o, q) }) && expr.VolatilityOf(q) != expr.Volatile:
			default:
				out = append(out, q)
			}
		}
	}
	return out, false
}

// neverMatches is a join whose condition is never true.
func neverMatches(c *Context, n *logical.Join) logical.Node {
	switch n.Kind {
	case physical.Inner, physical.Semi:
		return nothing(n)
	case physical.Anti:
		return n.Left
	case physical.Left:
		return c.withNulls(n.Left, n.Right.Output())
	case physical.Right:
		return c.withNulls(n.Right, n.Left.Output())
	}
	return n
}

// withNulls adds columns of NULLs to a plan.
func (c *Context) withNulls(n logical.Node, ids []logical.ColID) logical.Node {
	items := make([]logical.Item, len(ids))
	for i, id := range ids {
		items[i] = logical.Item{Col: id, Expr: nullOf(c.Columns.At(id).T)}
	}
	return c.Columns.Extend(n, items...)
}
