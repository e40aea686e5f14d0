package rules

import (
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// removeSingleRow drops the check of a scalar subquery that cannot give two rows.
//
// Before: SELECT * FROM t, with (SELECT max(x) FROM u) or (SELECT x FROM u WHERE key = 1) as a value.
// After: a cross join with the aggregation's one row; a left join with the one row or none.
// Why: the check keeps the rows.
// Guard: a key must say that there is at most one row; and where there may be none, the value is NULL, so that the rows
// of t stay.
func removeSingleRow(c *Context, n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.SingleRow:
		if len(n.Group) == 0 && c.exactlyOne(n.Input) || len(n.Group) > 0 && c.Analysis.HasKey(n.Input, logical.SetOf(n.Group...)) {
			return n.Input
		}
	case *logical.Join:
		if n.Kind != physical.Inner || len(n.On) > 0 {
			return n
		}
		if in := c.atMostOne(n.Right); in != nil {
			return &logical.Join{Kind: physical.Left, Left: n.Left, Right: in}
		}
		if in := c.atMostOne(n.Left); in != nil {
			return &logical.Join{Kind: physical.Right, Left: in, Right: n.Right}
		}
	}
	return n
}

// atMostOne gives the input of a check that is not needed beside rows that stay in any case.
func (c *Context) atMostOne(n logical.Node) logical.Node {
	if s, ok := n.(*logical.SingleRow); ok && len(s.Group) == 0 && c.Analysis.AtMostOne(s.Input) {
		return s.Input
	}
	return nil
}
