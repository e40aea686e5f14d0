package rules

import (
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// simplifySemiJoins decides semi and anti joins that their right side decides, and makes NOT IN an anti join.
//
// Before: WHERE x NOT IN (SELECT y FROM u); WHERE EXISTS (SELECT count(*) FROM u).
// After: WHERE NOT EXISTS (SELECT FROM u WHERE y = x); all rows, as an aggregate without GROUP BY always gives one.
// Why: NOT IN must know whether there is a NULL, or any row, on the right.
// Guard: neither x nor y may be NULL: 1 NOT IN (2, NULL) is not true.
func simplifySemiJoins(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || j.Kind != physical.Semi && j.Kind != physical.Anti {
		return n
	}
	if len(j.On) == 0 && c.exactlyOne(j.Right) {
		if j.Kind == physical.Semi {
			return j.Left
		}
		return nothing(j)
	}
	if j.NotIn && len(j.On) == 1 {
		l, r := c.Analysis.NotNull(j.Left), c.Analysis.NotNull(j.Right)
		a, b, _, _ := logical.Equality(j.On[0])
		known := l.Clone()
		known.Union(r)
		if logical.NeverNull(a, known) && logical.NeverNull(b, known) {
			x := *j
			x.NotIn = false
			return &x
		}
	}
	return n
}
