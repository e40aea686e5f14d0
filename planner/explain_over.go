package planner

import (
	"strings"

	"millrace/planner/physical"
)

var overNames = [...]string{
	physical.OverRowNumber: "row_number", physical.OverRank: "rank", physical.OverDenseRank: "dense_rank",
	physical.OverPercentRank: "percent_rank", physical.OverCumeDist: "cume_dist", physical.OverNtile: "ntile",
	physical.OverLag: "lag", physical.OverLead: "lead", physical.OverFirstValue: "first_value",
	physical.OverLastValue: "last_value", physical.OverNthValue: "nth_value",
}

// describeOver writes window functions with their frames, where these are not the default.
func (x *explainer) describeOver(n *physical.Over) string {
	in := x.in(n.Input)
	s := "Over"
	if len(n.Partition) > 0 {
		s += " per (" + names(in, n.Partition) + ")"
	}
	if len(n.Order) > 0 {
		s += " by " + sortKeys(in, n.Order)
	}
	if n.TiesReversed {
		s += ", ties reversed"
	}
	parts := make([]string, len(n.Funcs))
	for i := range n.Funcs {
		f := &n.Funcs[i]
		if f.Kind == physical.OverAggregate {
			parts[i] = x.describeCall(n.Input, &f.Agg)
		} else {
			args := make([]string, 0, 3)
			if len(f.Args) > 0 {
				args = append(args, x.computed(n.Input, f.Args[:1]))
			}
			if f.N != nil {
				args = append(args, bare(f.N))
			}
			if len(f.Args) > 1 {
				args = append(args, x.computed(n.Input, f.Args[1:]))
			}
			parts[i] = overNames[f.Kind] + "(" + strings.Join(args, ", ") + ")"
		}
		if frame := describeFrame(&f.Frame); frame != "" {
			parts[i] += " " + frame
		}
	}
	return s + ": " + strings.Join(parts, ", ")
}

func describeFrame(f *physical.Frame) string {
	if *f == (physical.Frame{}) || *f == (physical.Frame{End: physical.Bound{Kind: physical.CurrentRow}}) {
		return ""
	}
	bound := func(b *physical.Bound) string {
		s := [...]string{"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW", " FOLLOWING", "UNBOUNDED FOLLOWING"}[b.Kind]
		if b.Offset != nil {
			s = bare(b.Offset) + s
		}
		return s
	}
	return [...]string{"RANGE", "ROWS", "GROUPS"}[f.Mode] + " BETWEEN " + bound(&f.Start) + " AND " + bound(&f.End) +
		[...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude]
}
