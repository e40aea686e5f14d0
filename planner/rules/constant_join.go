package rules

import (
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// removeConstantJoins drops joins with one constant row.
//
// Before: SELECT * FROM t, (VALUES (1)) v(x), and the row that stands for a FROM clause that is not there.
// After: t with a column of 1, filtered by the join's condition.
// Why: a join keeps its inputs.
// Guard: an inner join, or an outer one that has no condition and whose row is on the side that may be missing: without
// a condition it never is.
func removeConstantJoins(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok {
		return n
	}
	if items, ok := constantItemsOf(j.Right); ok && (j.Kind == physical.Inner || j.Kind == physical.Left && len(j.On) == 0) {
		return logical.NewFilter(c.Columns.Extend(j.Left, items...), j.On...)
	}
	if items, ok := constantItemsOf(j.Left); ok && (j.Kind == physical.Inner || j.Kind == physical.Right && len(j.On) == 0) {
		return logical.NewFilter(c.Columns.Extend(j.Right, items...), j.On...)
	}
	return n
}

// constantItemsOf gives the columns of one constant row.
func constantItemsOf(n logical.Node) ([]logical.Item, bool) {
	v, ok := n.(*logical.Values)
	if !ok || len(v.Rows) != 1 {
		return nil, false
	}
	items := make([]logical.Item, len(v.Cols))
	for i, id := range v.Cols {
		e := v.Rows[0][i]
		if logical.CanFail(e) || expr.VolatilityOf(e) == expr.Volatile {
			return nil, false
		}
		items[i] = logical.Item{Col: id, Expr: e}
	}
	return items, true
}
