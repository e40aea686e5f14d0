package planner

import (
	"fmt"
	"slices"
	"strings"

	"millrace/pgerr"
	"millrace/planner/physical"
)

// What bounds an operator's state is a watermark, below which it is dropped, or the size of what it remembers rows of: of
// tables and views, which whoever writes them keeps in bounds, of constants, or of a number of rows in the plan. Streams only
// grow, so rows and groups of one are bounded by nothing else.

// timeRange is what bounds the rows that a temporal filter keeps, and those that it lets through where they leave again.
const timeRange = "the time range of the filter"

// sources are what the rows of a node come from, as far as they bound its size.
type sources struct {
	streams, others []string
}

func (s *sources) add(o sources) {
	for _, x := range o.streams {
		s.streams = appendNew(s.streams, x)
	}
	for _, x := range o.others {
		s.others = appendNew(s.others, x)
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// sources finds them for a node's output.
func (x *explainer) sources(i int) sources {
	if x.from == nil {
		x.from = make([]*sources, len(x.p.Nodes))
	}
	if s := x.from[i]; s != nil {
		return *s
	}
	s := &sources{}
	x.from[i] = s
	switch n := x.p.Nodes[i].(type) {
	case *physical.Scan:
		if n.Kind == "stream" {
			s.streams = []string{n.Kind + " " + n.Name}
		} else {
			s.others = []string{n.Kind + " " + n.Name}
		}
	case *physical.WorkTable:
		// What comes of the base, with what the step reads besides, which is counted where it does.
		for _, r := range x.p.Nodes {
			if r, ok := r.(*physical.Recurse); ok && r.Work == i {
				s.add(x.sources(r.Base))
				s.others = appendNew(s.others, iterations(r))
			}
		}
	case *physical.Recurse:
		*s = x.inputs(n)
		s.others = appendNew(s.others, iterations(n))
	case *physical.TemporalFilter:
		if *s = x.inputs(n); n.Ends {
			*s = sources{others: append(s.others, timeRange)}
		}
	case *physical.Aggregate:
		if len(n.Group) > 0 || n.Grouped {
			*s = x.inputs(n)
		}
	case *physical.TopN:
		if !limited(n) || len(n.Group) > 0 {
			*s = x.inputs(n)
		}
	default:
		*s = x.inputs(n)
	}
	return *s
}

func iterations(n *physical.Recurse) string { return fmt.Sprintf("%d iterations", n.Limit) }

func (x *explainer) inputs(n physical.Node) sources {
	var s sources
	for _, in := range n.Inputs() {
		s.add(x.sources(in))
	}
	return s
}

// limited reports whether a TopN has at most so many rows for each group.
func limited(n *physical.TopN) bool {
	return n.Limit >= 0 && n.LimitExpr == nil && n.OffsetExpr == nil && !n.WithTies && n.Rank == physical.RowNumberRank
}

// beyond says what stays of an operator's state though a mark has passed it.
func beyond(n physical.Node) string {
	switch n, ok := n.(*physical.AsOf); {
	case !ok:
		return ""
	case n.After:
		return ", and left rows that have no partner yet"
	}
	return ", and one right row per key"
}

// bound says what bounds the state of an operator.
func (x *explainer) bound(n physical.Node) string {
	if e := physical.ExpireOf(n); e != nil {
		return "the " + e.Mark.String() + x.lateness() + beyond(n)
	}
	var s sources
	switch n := n.(type) {
	case *physical.TemporalFilter:
		return timeRange
	case *physical.Hold:
		return "the " + n.Mark.String()
	case *physical.Join:
		left, right := keptSides(n)
		if left {
			s.add(x.sources(n.Left_))
		}
		if right {
			s.add(x.sources(n.Right_))
		}
	case *physical.Lookup:
		s.add(x.sources(n.Right_))
		if !x.in(n.Left_).AppendOnly {
			s.add(x.sources(n.Left_))
		}
	case *physical.Versions:
		return "nothing (changes of " + strings.Join(x.inputs(n).others, ", ") + ")"
	case *physical.Aggregate:
		ordered := slices.ContainsFunc(n.Aggs, keepsValues)
		if len(n.Group) > 0 || ordered {
			s = x.inputs(n)
		}
	case *physical.TopN:
		if len(n.Group) == 0 && limited(n) && x.in(n.Input).AppendOnly {
			return "the limit"
		}
		s = x.inputs(n)
	case *physical.Recurse:
		s = x.inputs(n)
		s.others = appendNew(s.others, iterations(n))
	default:
		s = x.inputs(n)
	}
	switch {
	case len(s.streams) > 0:
		return "nothing (" + strings.Join(s.streams, ", ") + ")"
	case len(s.others) > 0:
		return strings.Join(s.others, ", ")
	}
	return "constants"
}

// Figures are what has been measured of an operator.
type Figures struct {
	RowsIn, RowsOut int64
	Nanos           int64
	// HeldBytes is the most that it held within a step, and State what it keeps between steps, where it keeps some.
	HeldBytes             int64
	Stateful              bool
	StateRows, StateBytes int64
}

func (f *Figures) text() string {
	s := fmt.Sprintf("%s in, %d out, %.3f ms", plural(int(f.RowsIn), "row"), f.RowsOut, float64(f.Nanos)/1e6)
	if f.HeldBytes > 0 {
		s += fmt.Sprintf(", held %s", byteSize(f.HeldBytes))
	}
	if f.Stateful {
		s += fmt.Sprintf(", state %s, %s", plural(int(f.StateRows), "row"), byteSize(f.StateBytes))
	}
	return s
}

// byteSize writes a number of bytes with a unit.
func byteSize(n int64) string {
	switch {
	case n < 10<<10:
		return plural(int(n), "byte")
	case n < 10<<20:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// CheckBounded refuses the plan of a view that has an operator whose state nothing bounds.
func CheckBounded(p *physical.Plan) error {
	x := &explainer{p: p, seen: make([]bool, len(p.Nodes))}
	for _, n := range p.Nodes {
		if x.state(n) == "" {
			continue
		}
		if b := x.bound(n); strings.HasPrefix(b, "nothing") {
			kind, _, _ := strings.Cut(x.describe(n), ": ")
			return pgerr.New(pgerr.InvalidObjectDefinition, "the state of the view would be bounded by %s", b).
				WithDetail("The operator is %s; it keeps %s.", kind, x.state(n)).
				WithHint("Group or join by a time of a stream with WATERMARK FOR, as by window_start of TUMBLE; filter by now(); or SET allow_unbounded_state = on.")
		}
	}
	return nil
}
