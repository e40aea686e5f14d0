package rules

import (
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// simplifyOuterJoins turns outer joins into inner ones where their unmatched rows are dropped afterwards.
//
// Before: SELECT * FROM a LEFT JOIN b ON a.k = b.k WHERE b.x > 1.
// After: the inner join.
// Why: it needs no account of which rows are matched, never retracts a row of NULLs, and lets conditions through.
// Guard: the condition must be not true when all columns of the missing side are NULL: WHERE b.x IS NULL, or
// coalesce(b.x, 5) > 1, keeps unmatched rows.
func simplifyOuterJoins(c *Context, n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		if in := c.strengthen(n.Input, n.Preds); in != n.Input {
			return &logical.Filter{Input: in, Preds: n.Preds}
		}
	case *logical.Join:
		x := *n
		if n.Kind == physical.Inner || n.Kind == physical.Semi || n.Kind == physical.Right {
			x.Left = c.strengthen(n.Left, n.On)
		}
		if n.Kind != physical.Right && n.Kind != physical.Full && !n.NotIn {
			x.Right = c.strengthen(n.Right, n.On)
		}
		if x.Left != n.Left || x.Right != n.Right {
			return &x
		}
	}
	return n
}

// strengthen makes an outer join stricter, given that of its rows only those count for which preds are true.
func (c *Context) strengthen(n logical.Node, preds []expr.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		if in := c.strengthen(n.Input, preds); in != n.Input {
			return &logical.Filter{Input: in, Preds: n.Preds}
		}
	case *logical.Project:
		names := map[logical.ColID]expr.Expr{}
		for _, it := range n.Items {
			names[it.Col] = it.Expr
		}
		below := make([]expr.Expr, len(preds))
		for i, p := range preds {
			below[i] = logical.RenameExpr(p, names)
		}
		if in := c.strengthen(n.Input, below); in != n.Input {
			return &logical.Project{Input: in, Items: n.Items}
		}
	case *logical.Lookup:
		x := *n
		x.Outer, x.Left = n.Outer && !rejects(preds, n.Right), c.strengthen(n.Left, preds)
		if x.Outer != n.Outer || x.Left != n.Left {
			return &x
		}
	case *logical.AsOf:
		x := *n
		x.Outer, x.Left = n.Outer && !rejects(preds, n.Right), c.strengthen(n.Left, preds)
		if x.Outer != n.Outer || x.Left != n.Left {
			return &x
		}
	case *logical.Join:
		kind := n.Kind
		if (kind == physical.Left || kind == physical.Full) && rejects(preds, n.Right) {
			kind = map[physical.JoinKind]physical.JoinKind{physical.Left: physical.Inner, physical.Full: physical.Right}[kind]
		}
		if (kind == physical.Right || kind == physical.Full) && rejects(preds, n.Left) {
			kind = map[physical.JoinKind]physical.JoinKind{physical.Right: physical.Inner, physical.Full: physical.Left}[kind]
		}
		x := *n
		x.Kind = kind
		// What is demanded of the joined rows is demanded of the side that they come from.
		if kind == physical.Inner || kind == physical.Left || kind == physical.Semi || kind == physical.Anti {
			x.Left = c.strengthen(n.Left, preds)
		}
		if kind == physical.Inner || kind == physical.Right {
			x.Right = c.strengthen(n.Right, preds)
		}
		if x.Kind != n.Kind || x.Left != n.Left || x.Right != n.Right {
			return &x
		}
	}
	return n
}

// rejects reports whether one of preds is not true for rows in which all columns of n are NULL.
func rejects(preds []expr.Expr, n logical.Node) bool {
	cols := logical.OutputSet(n)
	for _, p := range preds {
		if logical.ExprCols(p).Intersects(cols) && logical.RejectsNull(p, cols) {
			return true
		}
	}
	return false
}
