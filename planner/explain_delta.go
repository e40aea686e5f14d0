package planner

import (
	"fmt"
	"strings"

	"millrace/planner/physical"
)

// deltaColumn names a column of a delta join's inputs.
func (x *explainer) deltaColumn(n *physical.DeltaJoin, col int) string {
	for _, in := range n.In {
		out := x.in(in)
		if col < len(out.Types) {
			return name(out, col)
		}
		col -= len(out.Types)
	}
	return "?"
}

func (x *explainer) describeDeltaJoin(n *physical.DeltaJoin) string {
	s := fmt.Sprintf("Delta join: %d inputs", len(n.In))
	if n.On != nil {
		s += "; where " + bare(n.On)
	}
	s += "; gives " + strings.Join(n.Names, ", ")
	if len(n.Names) == 0 {
		s += "no columns"
	}
	return s
}

// paths says for each input what its changes look up.
func (x *explainer) paths(n *physical.DeltaJoin) []string {
	var out []string
	for i, path := range n.Paths {
		steps := make([]string, len(path))
		for k, l := range path {
			a := n.Arrangements[l.Arrangement]
			keys := make([]string, len(l.Key))
			for c, from := range l.Key {
				op := " = "
				if l.NullSafe[c] {
					op = " IS NOT DISTINCT FROM "
				}
				keys[c] = name(x.in(n.In[a.Input]), a.Key[c]) + op + x.deltaColumn(n, from)
			}
			steps[k] = fmt.Sprintf("#%d by %s", n.In[a.Input], strings.Join(keys, " AND "))
		}
		out = append(out, fmt.Sprintf("from #%d: %s", n.In[i], strings.Join(steps, "; ")))
	}
	return out
}

// arrangements says what a delta join keeps.
func (x *explainer) arrangements(n *physical.DeltaJoin) string {
	parts := make([]string, len(n.Arrangements))
	for i, a := range n.Arrangements {
		parts[i] = fmt.Sprintf("rows of #%d by (%s)", n.In[a.Input], names(x.in(n.In[a.Input]), a.Key))
	}
	return strings.Join(parts, ", ")
}
