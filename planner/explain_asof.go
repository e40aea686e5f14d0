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
	parts := equalities(l, r, n.LeftKeys, n.RightKeys, n.NullSafe)
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

// equalities writes a join's keys.
func equalities(l, r *physical.Output, left, right []int, nullSafe []bool) []string {
	var parts []string
	for i := range left {
		op := " = "
		if nullSafe[i] {
			op = " IS NOT DISTINCT FROM "
		}
		parts = append(parts, name(l, left[i])+op+name(r, right[i]))
	}
	return parts
}

func (x *explainer) describeBuckets(n *physical.Buckets) string {
	time := name(x.in(n.Input), n.Time)
	s := "Buckets of " + time
	if n.Lo != 0 || n.Hi != 0 {
		s += " from " + shifted(time, n.Lo) + " to " + shifted(time, n.Hi)
	}
	return s + ": size " + micros(n.Size)
}

func shifted(time string, by int64) string {
	if by < 0 {
		return time + " - " + micros(-by)
	}
	return time + " + " + micros(by)
}

func (x *explainer) describeLookup(n *physical.Lookup) string {
	s := "Look-up on arrival, inner: "
	if n.Outer {
		s = "Look-up on arrival, left: "
	}
	if len(n.LeftKeys) == 0 {
		return s + "no key"
	}
	return s + strings.Join(equalities(x.in(n.Left_), x.in(n.Right_), n.LeftKeys, n.RightKeys, n.NullSafe), " AND ")
}

func (x *explainer) lookupState(n *physical.Lookup) string {
	s := "right rows" + perKey(n.RightKeys)
	if !x.in(n.Left_).AppendOnly {
		s += ", and for each left row what it was joined with"
	}
	return s
}

func perKey(keys []int) string {
	if len(keys) > 0 {
		return " per key"
	}
	return ""
}
