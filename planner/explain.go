package planner

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/types"
)

// Explain prints a plan as an indented tree, the root first. It is the one printer for EXPLAIN, tests and logs: its
// text is the same for equal plans. A line is an operator: its number, what it does, and in a view's plan in brackets
// whether its output only grows, what state it keeps, and what bounds that. An operator that several read is printed once and referred to afterwards. With
// verbose, each operator's output columns with their types, and its key, follow on a line of their own.
func Explain(p *physical.Plan, verbose bool) string { return ExplainFigures(p, verbose, nil) }

// ExplainFigures is Explain with what has been measured of each operator, by node of the plan, at the ends of the lines.
func ExplainFigures(p *physical.Plan, verbose bool, f []Figures) string {
	x := &explainer{p: p, verbose: verbose, seen: make([]bool, len(p.Nodes)), figures: f}
	x.header()
	x.node(p.Root(), 0)
	return x.String()
}

type explainer struct {
	strings.Builder
	p       *physical.Plan
	verbose bool
	seen    []bool
	figures []Figures
	from    []*sources // by node, once it has been asked for
}

func (x *explainer) header() {
	root := x.p.Nodes[x.p.Root()].Out()
	var parts []string
	if x.p.Key != nil {
		parts = append(parts, "key ("+names(root, x.p.Key)+")")
	}
	if x.p.AppendOnly && !x.p.AdHoc {
		parts = append(parts, "append-only")
	}
	if len(x.p.Order) > 0 {
		parts = append(parts, "order by "+sortKeys(root, x.p.Order))
	}
	if len(parts) > 0 {
		x.WriteString("Result: " + strings.Join(parts, "; ") + "\n")
	}
}

func (x *explainer) node(i, depth int) {
	indent := strings.Repeat("  ", depth)
	n := x.p.Nodes[i]
	if x.seen[i] {
		fmt.Fprintf(x, "%s#%d (see above)\n", indent, i)
		return
	}
	x.seen[i] = true
	fmt.Fprintf(x, "%s#%d %s", indent, i, x.describe(n))
	var notes []string
	if n.Out().AppendOnly && !x.p.AdHoc {
		notes = append(notes, "append-only")
	}
	if s := x.state(n); s != "" && !x.p.AdHoc {
		notes = append(notes, "state: "+s, "bounded by "+x.bound(n))
	}
	if len(notes) > 0 {
		x.WriteString(" [" + strings.Join(notes, "; ") + "]")
	}
	if x.figures != nil {
		x.WriteString(" (" + x.figures[i].text() + ")")
	}
	x.WriteByte('\n')
	if j, ok := n.(*physical.DeltaJoin); ok {
		for _, line := range x.paths(j) {
			x.WriteString(indent + "     " + line + "\n")
		}
	}
	if x.verbose {
		x.WriteString(indent + "     " + outputLine(n.Out()) + "\n")
	}
	for _, in := range n.Inputs() {
		x.node(in, depth+1)
	}
}

func outputLine(o *physical.Output) string {
	cols := make([]string, len(o.Types))
	for i, t := range o.Types {
		cols[i] = name(o, i) + " " + t.String()
	}
	s := "output: " + strings.Join(cols, ", ")
	if o.Key != nil {
		s += "; key (" + names(o, o.Key) + ")"
	}
	return s
}

func (x *explainer) in(i int) *physical.Output { return x.p.Nodes[i].Out() }

// describe says what an operator does.
func (x *explainer) describe(n physical.Node) string {
	switch n := n.(type) {
	case *physical.Scan:
		return describeScan(n)
	case *physical.Values:
		return fmt.Sprintf("Values: %s", plural(len(n.Rows), "row"))
	case *physical.Series:
		return describeSeries(n)
	case *physical.Filter:
		return "Filter: " + bare(n.Pred)
	case *physical.TemporalFilter:
		return "Temporal filter: " + bare(n.Pred)
	case *physical.Project:
		return "Project: " + projection(n)
	case *physical.Union:
		return "Union all"
	case *physical.Window:
		return x.describeWindow(n)
	case *physical.Session:
		return x.describeSession(n)
	case *physical.Join:
		return x.describeJoin(n)
	case *physical.DeltaJoin:
		return x.describeDeltaJoin(n)
	case *physical.AsOf:
		return x.describeAsOf(n)
	case *physical.Buckets:
		return x.describeBuckets(n)
	case *physical.Versions:
		return "Versions by " + names(x.in(n.Input), n.Key) + " from " + name(x.in(n.Input), n.Time)
	case *physical.Lookup:
		return x.describeLookup(n)
	case *physical.Aggregate:
		return x.describeAggregate(n)
	case *physical.Distinct:
		return "Distinct"
	case *physical.SetOp:
		s := "Intersect"
		if n.Except {
			s = "Except"
		}
		if n.All {
			s += " all"
		}
		return s
	case *physical.TopN:
		return x.describeTopN(n)
	case *physical.Over:
		return x.describeOver(n)
	case *physical.SingleRow:
		if len(n.Group) > 0 {
			return "Single row per (" + names(x.in(n.Input), n.Group) + ")"
		}
		return "Single row"
	case *physical.Recurse:
		s := "Recursion " + n.Name + ": union"
		if n.All {
			s += " all"
		}
		if n.StopAfter > 0 {
			s += "; stop after " + plural(int(n.StopAfter), "row")
		}
		return s + fmt.Sprintf(" over #%d", n.Work)
	case *physical.WorkTable:
		return "Work table of " + n.Name
	case *physical.Late:
		return "Late rows out: " + name(n.Out(), n.Col) + " below the " + n.Mark.String() + x.lateness()
	case *physical.Hold:
		what := "Hold until final: "
		if n.Flag {
			what = "Tell final rows: "
		}
		return what + name(x.in(n.Input), n.Col) + " below the " + n.Mark.String()
	}
	return fmt.Sprintf("%T", n)
}

// state says what an operator remembers between steps.
func (x *explainer) state(n physical.Node) string {
	switch n := n.(type) {
	case *physical.Join:
		return x.joinState(n)
	case *physical.Versions:
		return "every version"
	case *physical.Lookup:
		return x.lookupState(n)
	case *physical.DeltaJoin:
		return x.arrangements(n)
	case *physical.AsOf:
		return "left rows and right rows in order of time" + perKey(n.LeftKeys)
	case *physical.Aggregate:
		return x.aggregateState(n)
	case *physical.TemporalFilter:
		return "rows that will enter or leave"
	case *physical.Distinct:
		return "each distinct row"
	case *physical.SetOp:
		return "each distinct row of both inputs"
	case *physical.TopN:
		if x.in(n.Input).AppendOnly && n.Limit >= 0 && n.LimitExpr == nil && n.OffsetExpr == nil {
			return plural(int(n.Limit+n.Offset), "row") + perGroup(n.Group)
		}
		return "all rows in order" + perGroup(n.Group)
	case *physical.Over:
		return "all rows in order" + perGroup(n.Partition)
	case *physical.Session:
		return "all rows by time" + perGroup(n.Partition)
	case *physical.SingleRow:
		return "all rows" + perGroup(n.Group)
	case *physical.Recurse:
		if !n.All {
			return "each distinct row with the iterations that it comes up in"
		}
	case *physical.Hold:
		return "rows that are not final"
	}
	return ""
}

// lateness says how far below the watermarks rows are taken.
func (x *explainer) lateness() string {
	if x.p.Lateness == 0 {
		return ""
	}
	return " less " + (time.Duration(x.p.Lateness) * time.Microsecond).String()
}

func perGroup(group []int) string {
	if len(group) > 0 {
		return " per group"
	}
	return ""
}

func (x *explainer) joinState(n *physical.Join) string {
	left, right := keptSides(n)
	var sides []string
	if left {
		sides = append(sides, "left rows")
	}
	if right {
		sides = append(sides, "right rows")
	}
	if n.NotIn {
		sides = []string{"left rows", "right keys"}
	}
	if len(sides) == 0 {
		return ""
	}
	return strings.Join(sides, " and ") + map[bool]string{true: " by key", false: ""}[len(n.LeftKeys) > 0]
}

// keptSides says of which inputs a join keeps rows.
func keptSides(n *physical.Join) (left, right bool) {
	left = n.NotIn || !n.RightStatic || n.Kind == physical.Left || n.Kind == physical.Full
	right = n.NotIn || !n.LeftStatic || n.Kind == physical.Right || n.Kind == physical.Full
	return left, right
}

// keepsValues reports whether an aggregate keeps its arguments.
func keepsValues(c agg.Call) bool { return c.Distinct || c.Func.Ordered && !c.AppendOnly }

func (x *explainer) aggregateState(n *physical.Aggregate) string {
	per := "per group"
	if len(n.Group) == 0 {
		per = "in all"
	}
	parts := []string{"one row " + per}
	ordered, sorted, distinct := false, false, false
	for _, c := range n.Aggs {
		switch {
		case c.Func.Ordered:
			ordered = ordered || !c.AppendOnly
		case c.Func.Fold != nil:
			sorted = sorted || !(c.Func.Pick && c.AppendOnly)
		default:
			distinct = distinct || c.Distinct
		}
	}
	if ordered {
		parts = append(parts, "values in order for min and max")
	}
	if sorted {
		parts = append(parts, "values in the order of their aggregate")
	}
	if distinct {
		parts = append(parts, "distinct values")
	}
	return strings.Join(parts, ", ")
}

func describeScan(n *physical.Scan) string {
	s := "Scan " + n.Kind + " " + n.Name + ": " + strings.Join(n.Names, ", ")
	if len(n.Cols) == 0 {
		s = strings.TrimSuffix(s, ": ") + ": no columns"
	}
	if h := n.History; h != nil && h.Changes {
		s += "; changes after " + bare(h.From) + " through " + bare(h.To)
	} else if h != nil {
		s += "; as of " + bare(h.To)
	}
	if n.Filter != nil {
		s += "; where " + bare(n.Filter)
	}
	if len(n.Point) > 0 {
		by := "key"
		if n.Index != 0 {
			by = "index " + n.IndexName
		}
		s += "; " + by + " from " + list(n.Point)
	}
	if n.KeyOrder {
		s += "; in key order"
		if n.Reverse {
			s += ", backwards"
		}
	}
	if n.StopAfter > 0 {
		s += "; stop after " + plural(int(n.StopAfter), "row")
	}
	return s
}

func describeSeries(n *physical.Series) string {
	calls := make([]string, len(n.Funcs))
	for i, f := range n.Funcs {
		calls[i] = f.Name + "(" + list(f.Args) + ")"
	}
	s := "Series: " + strings.Join(calls, ", ")
	if n.Ordinality {
		s += " with ordinality"
	}
	if n.Outer {
		s += ", keeping rows without result"
	}
	return s
}

func projection(n *physical.Project) string {
	if len(n.Exprs) == 0 {
		return "no columns"
	}
	parts := make([]string, len(n.Exprs))
	for i, e := range n.Exprs {
		parts[i] = bare(e)
		if _, ok := e.(*expr.Column); !ok {
			parts[i] = name(&n.Output, i) + " = " + parts[i]
		}
	}
	return strings.Join(parts, ", ")
}

func (x *explainer) describeWindow(n *physical.Window) string {
	time := name(x.in(n.Input), n.Time)
	size, slide, offset := micros(n.Size), micros(n.Slide), int64(0)
	if c := n.Calendar; c != nil {
		size, slide, offset = calendarText(c.Size), calendarText(c.Slide), n.Shift
	} else if period := n.Slide; period > 0 {
		if n.Cumulate {
			period = n.Size
		}
		offset = ((n.Shift-types.UnixEpochMicros)%period + period) % period
	}
	s := ""
	switch {
	case n.Cumulate:
		s = fmt.Sprintf("Window cumulate on %s: size %s, step %s", time, size, slide)
	case size == slide:
		s = fmt.Sprintf("Window tumble on %s: size %s", time, size)
	default:
		s = fmt.Sprintf("Window hop on %s: size %s, slide %s", time, size, slide)
	}
	if offset != 0 {
		s += ", offset " + micros(offset)
	}
	if n.Calendar != nil && n.Calendar.Zone != "" {
		s += ", time zone " + n.Calendar.Zone
	}
	return s
}

func (x *explainer) describeSession(n *physical.Session) string {
	in := x.in(n.Input)
	s := fmt.Sprintf("Window session on %s: gap %s", name(in, n.Time), micros(n.Gap))
	if len(n.Partition) > 0 {
		s += ", partition by " + names(in, n.Partition)
	}
	return s
}

func calendarText(iv types.IntervalValue) string {
	return string(types.AppendInterval(nil, iv, types.DefaultEnv))
}

func micros(v int64) string { return (time.Duration(v) * time.Microsecond).String() }

var joinNames = [...]string{physical.Inner: "inner", physical.Left: "left", physical.Right: "right", physical.Full: "full", physical.Semi: "semi", physical.Anti: "anti"}

func (x *explainer) describeJoin(n *physical.Join) string {
	l, r := x.in(n.Left_), x.in(n.Right_)
	var parts []string
	for i := range n.LeftKeys {
		op := " = "
		if n.NullSafe[i] {
			op = " IS NOT DISTINCT FROM "
		}
		parts = append(parts, name(l, n.LeftKeys[i])+op+name(r, n.RightKeys[i]))
	}
	s := "Join " + joinNames[n.Kind]
	if n.NotIn {
		s += " (not in)"
	}
	if len(parts) > 0 {
		s += ": " + strings.Join(parts, " AND ")
	} else {
		s += ": no key"
	}
	if n.On != nil {
		s += "; where " + bare(n.On)
	}
	if n.LeftCols != nil || n.RightCols != nil {
		s += "; gives " + strings.Join(n.Names, ", ")
		if len(n.Names) == 0 {
			s += "no columns"
		}
	}
	return s
}

func (x *explainer) describeAggregate(n *physical.Aggregate) string {
	s := "Aggregate"
	if len(n.Group) > 0 {
		s += " by " + x.computed(n.Input, n.Group)
	}
	calls := make([]string, len(n.Aggs))
	for i, c := range n.Aggs {
		calls[i] = x.describeCall(n.Input, &c)
	}
	if len(calls) > 0 {
		s += ": " + strings.Join(calls, ", ")
	}
	return s
}

func (x *explainer) describeCall(in int, c *agg.Call) string {
	args := x.computed(in, c.Args)
	if c.Func.Star {
		args = "*"
	}
	order := make([]string, len(c.Order))
	for i, k := range c.Order {
		order[i] = x.computed(in, []int{k.Col}) + direction(k.Desc, k.NullsFirst)
	}
	by := "ORDER BY " + strings.Join(order, ", ")
	var s string
	switch {
	case c.Func.Form != agg.Plain:
		direct := list(c.Params)
		if c.Func.Form == agg.Hypothetical {
			direct = x.computed(in, c.Args[:len(c.Args)/2])
		}
		s = c.Func.Name + "(" + direct + ") WITHIN GROUP (" + by + ")"
	case len(order) > 0:
		if c.Distinct {
			args = "DISTINCT " + args
		}
		s = c.Func.Name + "(" + args + " " + by + ")"
	default:
		if c.Distinct {
			args = "DISTINCT " + args
		}
		s = c.Func.Name + "(" + args + ")"
	}
	if c.Filter >= 0 {
		s += " FILTER (" + x.computed(in, []int{c.Filter}) + ")"
	}
	return s
}

// computed names columns of an input; those that a projection computes by their expressions.
func (x *explainer) computed(in int, cols []int) string {
	p, ok := x.p.Nodes[in].(*physical.Project)
	parts := make([]string, len(cols))
	for i, c := range cols {
		if parts[i] = name(x.in(in), c); ok {
			parts[i] = bare(p.Exprs[c])
		}
	}
	return strings.Join(parts, ", ")
}

func (x *explainer) describeTopN(n *physical.TopN) string {
	in := x.in(n.Input)
	s := "Top"
	switch {
	case n.LimitExpr != nil:
		s += " " + bare(n.LimitExpr)
	case n.Limit >= 0:
		s += " " + strconv.FormatInt(n.Limit, 10)
	default:
		s = "Number"
		if n.Offset > 0 || n.OffsetExpr != nil {
			s = "All"
		}
	}
	if n.WithTies {
		s += " with ties"
	}
	if n.OffsetExpr != nil {
		s += " after " + bare(n.OffsetExpr)
	} else if n.Offset > 0 {
		s += " after " + strconv.FormatInt(n.Offset, 10)
	}
	if len(n.Group) > 0 {
		s += " per (" + names(in, n.Group) + ")"
	}
	if len(n.Order) > 0 {
		s += " by " + sortKeys(in, n.Order)
	}
	if n.Rank != physical.RowNumberRank || n.RowNumber {
		s += "; " + [...]string{physical.RowNumberRank: "row_number", physical.Rank: "rank", physical.DenseRank: "dense_rank"}[n.Rank]
	}
	return s
}

func sortKeys(o *physical.Output, keys []physical.SortKey) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = name(o, k.Col) + direction(k.Desc, k.NullsFirst)
	}
	return strings.Join(parts, ", ")
}

func direction(desc, nullsFirst bool) string {
	switch {
	case desc && nullsFirst:
		return " DESC"
	case desc:
		return " DESC NULLS LAST"
	case nullsFirst:
		return " NULLS FIRST"
	}
	return ""
}

// name is a column's name, and its number where the name says nothing or is that of several.
func name(o *physical.Output, i int) string {
	if i >= len(o.Names) || o.Names[i] == "" {
		return "#" + strconv.Itoa(i)
	}
	return o.Names[i]
}

func names(o *physical.Output, cols []int) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = name(o, c)
	}
	return strings.Join(parts, ", ")
}

func list(es []expr.Expr) string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = bare(e)
	}
	return strings.Join(parts, ", ")
}

// bare prints an expression without the parentheses around the whole.
func bare(e expr.Expr) string {
	s := expr.String(e)
	if !strings.HasPrefix(s, "(") || !strings.HasSuffix(s, ")") {
		return s
	}
	depth, quoted := 0, false
	for i, r := range s {
		switch {
		case r == '\'':
			quoted = !quoted
		case quoted:
		case r == '(':
			depth++
		case r == ')':
			if depth--; depth == 0 && i < len(s)-1 {
				return s
			}
		}
	}
	return s[1 : len(s)-1]
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
