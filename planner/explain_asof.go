package planner

import (
	"strings"

	"millrace/planner/physical"
)

// describeAsOf says by what rows find their partner, as the condition of the join has it.
func (x *explainer) describeAsOf(n *physical.AsOf) string {
	l, r := x.in(n.Left_), x.in(n.Right_)
	s := "As-of inner join: "
	if n.Outer {
		s = "As-of left join: "
	}
	var parts []string
	for i := range n.LeftKeys {
		op := " = "
		if n.NullSafe[i] {
			op = " IS NOT DISTINCT FROM "
		}
		parts = append(parts, name(l, n.LeftKeys[i])+op+name(r, n.RightKeys[i]))
	}
	op := " >"
	if n.After {
		op = " <"
	}
	if !n.Strict {
		op += "="
	}
	parts = append(parts, name(l, n.LeftTime)+op+" "+name(r, n.RightTime))
	s += strings.Join(parts, " AND ")
	if len(n.Ties) > 0 {
		s += "; ties by " + names(r, n.Ties)
	}
	return s
}

func perKey(keys []int) string {
	if len(keys) > 0 {
		return " per key"
	}
	return ""
}
