package eventtime

import (
	"slices"

	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
	"millrace/watermark"
)

// column is what is known of a column's times.
type column struct {
	mark *watermark.Mark // nil for nothing
	// after lists columns of the same output that this one is never before.
	after []relative
}

// relative says that a column is at least another plus a number of microseconds.
type relative struct {
	col int
	by  int64
}

// bounds works out what is known of a node's output columns from what is known of its inputs'.
func bounds(p *physical.Plan, n physical.Node, of [][]column, relation func(uint32) ([]*watermark.Mark, bool)) []column {
	out := make([]column, len(n.Out().Types))
	switch n := n.(type) {
	case *physical.Scan:
		if n.System != "" {
			return out
		}
		marks, _ := relation(n.Relation)
		for i, c := range n.Cols {
			if c < len(marks) {
				out[i].mark = marks[c]
			}
		}
	case *physical.Filter:
		copy(out, of[n.Input])
	case *physical.Late:
		copy(out, of[n.Input])
	case *physical.Hold:
		copy(out, of[n.Input])
	case *physical.Distinct:
		copy(out, of[n.Input])
	case *physical.Series:
		if n.Input >= 0 {
			copy(out, of[n.Input])
		}
	case *physical.Project:
		project(out, n, of[n.Input])
	case *physical.Union:
		for i := range out {
			marks := make([]*watermark.Mark, len(n.In))
			for k, in := range n.In {
				marks[k] = of[in][i].mark
			}
			out[i].mark = watermark.Least(marks...)
		}
	case *physical.SetOp:
		for i := range out {
			out[i].mark = watermark.Least(of[n.Left_][i].mark, of[n.Right_][i].mark)
		}
	case *physical.Window:
		window(out, n, of[n.Input])
	case *physical.Buckets:
		copy(out, of[n.Input])
		last := len(out) - 1
		out[last].mark = of[n.Input][n.Time].mark.PlusMicros(n.Lo).In(fixed(n.Size, 0))
		out[n.Time].after = append(slices.Clone(out[n.Time].after), relative{last, -n.Hi})
	case *physical.Session:
		// A new row changes sessions that end at or after its time.
		out[len(out)-1].mark = of[n.Input][n.Time].mark
	case *physical.Versions:
		out[n.Time].mark = of[n.Input][n.Time].mark
	case *physical.AsOf:
		asOf(out, n, of[n.Left_], of[n.Right_])
	case *physical.Lookup:
		// Rows come out as left rows come.
		for i, c := range emitted(n.LeftCols, len(of[n.Left_])) {
			out[i].mark = of[n.Left_][c].mark
		}
	case *physical.Aggregate:
		grouped(out[:len(n.Group)], n.Group, n.Group, of[n.Input])
	case *physical.TopN:
		grouped(out[:len(of[n.Input])], upTo(len(of[n.Input])), n.Group, of[n.Input])
	case *physical.SingleRow:
		grouped(out, upTo(len(out)), n.Group, of[n.Input])
	case *physical.Over:
		grouped(out[:len(of[n.Input])], upTo(len(of[n.Input])), n.Partition, of[n.Input])
	case *physical.Join:
		join(out, n, of[n.Left_], of[n.Right_])
	}
	return out
}

// emitted lists the columns that are emitted, where nil means all.
func emitted(cols []int, width int) []int {
	if cols == nil {
		return upTo(width)
	}
	return cols
}

// asOf bounds the left row's time: a new row on the right is the partner of left rows at or after its own time.
func asOf(out []column, n *physical.AsOf, left, right []column) {
	if n.After || left[n.LeftTime].mark == nil || right[n.RightTime].mark == nil {
		return
	}
	for i, c := range emitted(n.LeftCols, len(left)) {
		if c == n.LeftTime {
			out[i].mark = watermark.Least(left[c].mark, right[n.RightTime].mark)
		}
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// project passes on the bounds of columns, and moves those of columns that are moved.
func project(out []column, n *physical.Project, in []column) {
	at := map[int]int{} // where input columns stand in the output
	for i, e := range n.Exprs {
		if c, ok := e.(*expr.Column); ok {
			if _, again := at[c.Index]; !again {
				at[c.Index] = i
			}
			out[i].mark = in[c.Index].mark
			continue
		}
		out[i].mark = moved(e, in)
	}
	for i, e := range n.Exprs {
		c, ok := e.(*expr.Column)
		if !ok {
			continue
		}
		out[i].after = renumber(in[c.Index].after, at)
	}
	for i, e := range n.Exprs {
		if w, col, ok := truncation(e); ok {
			if to, there := at[col]; there && w.Size > 0 {
				out[to].after = append(slices.Clone(out[to].after), relative{col: i})
			}
		}
	}
}

func renumber(rs []relative, at map[int]int) []relative {
	var out []relative
	for _, r := range rs {
		if to, ok := at[r.col]; ok {
			out = append(out, relative{to, r.by})
		}
	}
	return out
}

// moved gives the bound of a column plus or minus a constant interval, or cut down to a unit of time.
func moved(e expr.Expr, in []column) *watermark.Mark {
	if w, col, ok := truncation(e); ok {
		return in[col].mark.In(w)
	}
	call, ok := e.(*expr.Call)
	if !ok || len(call.Args) != 2 || call.Func.Name != "+" && call.Func.Name != "-" {
		return nil
	}
	c, ok := call.Args[0].(*expr.Column)
	k, constant := call.Args[1].(*expr.Const)
	if !ok || !constant || k.Value.Null || !isTime(c.T) || !k.T.Is(types.Interval) {
		return nil
	}
	iv := types.DecodeInterval(k.Value.B)
	if call.Func.Name == "-" {
		iv = types.IntervalValue{Months: -iv.Months, Days: -iv.Days, Micros: -iv.Micros}
	}
	return in[c.Index].mark.Plus(iv)
}

func isTime(t types.T) bool { return t.Is(types.Timestamp) || t.Is(types.TimestampTZ) }

// units are the units of date_trunc that have a fixed length, from the epoch on; weeks begin on Mondays and the epoch is a
// Saturday. A view's time zone is UTC.
var units = map[string]watermark.Window{
	"microseconds": fixed(1, 0),
	"milliseconds": fixed(1000, 0),
	"second":       fixed(1_000_000, 0),
	"minute":       fixed(60_000_000, 0),
	"hour":         fixed(3_600_000_000, 0),
	"day":          fixed(86_400_000_000, 0),
	"week":         fixed(7*86_400_000_000, 2*86_400_000_000),
}

func fixed(size, shift int64) watermark.Window {
	return watermark.Window{Size: size, Slide: size, Shift: shift}
}

// truncation recognises date_trunc(unit, column) and date_bin(size, column, origin) of constant, fixed lengths.
func truncation(e expr.Expr) (w watermark.Window, col int, ok bool) {
	call, isCall := e.(*expr.Call)
	if !isCall || len(call.Args) < 2 {
		return w, 0, false
	}
	c, isColumn := call.Args[1].(*expr.Column)
	first, constant := call.Args[0].(*expr.Const)
	if !isColumn || !constant || first.Value.Null || !isTime(c.T) {
		return w, 0, false
	}
	switch {
	case call.Func.Name == "date_trunc" && len(call.Args) == 2:
		w, ok = units[string(first.Value.B)]
		return w, c.Index, ok
	case call.Func.Name == "date_bin" && len(call.Args) == 3:
		origin, constant := call.Args[2].(*expr.Const)
		iv := types.DecodeInterval(first.Value.B)
		size := int64(iv.Days)*86_400_000_000 + iv.Micros
		if !constant || origin.Value.Null || iv.Months != 0 || size <= 0 || !types.TimestampIsFinite(origin.Value.I) {
			return w, 0, false
		}
		return fixed(size, origin.Value.I%size), c.Index, true
	}
	return w, 0, false
}

// window adds the bounds of window_start and window_end, and that a time is not before the start of its windows.
func window(out []column, n *physical.Window, in []column) {
	copy(out, in)
	start, end := len(out)-2, len(out)-1
	out[end].mark = in[n.Time].mark.PlusMicros(1) // a window ends after each of its rows
	out[n.Time].after = append(slices.Clone(out[n.Time].after), relative{col: start})
	out[end].after = []relative{{col: start}}
	switch cal := n.Calendar; {
	case cal == nil:
		out[start].mark = in[n.Time].mark.In(watermark.Window{Size: n.Size, Slide: n.Slide, Shift: n.Shift, Cumulate: n.Cumulate})
		out[n.Time].after = append(out[n.Time].after, relative{end, -n.Size})
		out[start].after = []relative{{end, -n.Size}}
	case !n.Cumulate && cal.Size == cal.Slide:
		out[start].mark = in[n.Time].mark.In(watermark.Window{Shift: n.Shift, Zone: cal.Zone, Calendar: cal.Size})
	}
}

// grouped gives bounds of columns cols of the input where only rows change whose group gets a change: those of the group's
// columns, and what follows from these.
func grouped(out []column, cols, group []int, in []column) {
	at := map[int]int{}
	for i, c := range cols {
		if _, again := at[c]; !again {
			at[c] = i
		}
	}
	for i, c := range cols {
		out[i].after = renumber(in[c].after, at)
		if slices.Contains(group, c) {
			out[i].mark = in[c].mark
			continue
		}
		for _, r := range in[c].after {
			if m := in[r.col].mark; m != nil && slices.Contains(group, r.col) {
				out[i].mark = m.PlusMicros(r.by)
				break
			}
		}
	}
}

// join gives the bounds of a join's columns. A row that comes out later has a new row on one side at least. If the other
// is an old one, a bound must follow from the new one's key.
func join(out []column, n *physical.Join, left, right []column) {
	if n.NotIn {
		return
	}
	side := func(out []column, cols []int, in []column, keys []int, other []column, otherKeys []int, otherStatic bool) {
		at := map[int]int{}
		for i, c := range cols {
			at[c] = i
		}
		for i, c := range cols {
			out[i].after = renumber(in[c].after, at)
			if otherStatic {
				out[i].mark = in[c].mark
				continue
			}
			if k := slices.Index(keys, c); k >= 0 {
				if out[i].mark = watermark.Least(in[c].mark, other[otherKeys[k]].mark); out[i].mark != nil {
					continue
				}
			}
			for _, r := range in[c].after {
				k := slices.Index(keys, r.col)
				if k < 0 {
					continue
				}
				if out[i].mark = watermark.Least(in[c].mark, other[otherKeys[k]].mark.PlusMicros(r.by)); out[i].mark != nil {
					break
				}
			}
		}
	}
	leftCols, rightCols := emitted(n.LeftCols, len(left)), n.RightCols
	if n.Kind != physical.Semi && n.Kind != physical.Anti {
		rightCols = emitted(n.RightCols, len(right))
	}
	side(out[:len(leftCols)], leftCols, left, n.LeftKeys, right, n.RightKeys, n.RightStatic)
	if len(rightCols) > 0 {
		base := len(leftCols)
		side(out[base:base+len(rightCols)], rightCols, right, n.RightKeys, left, n.LeftKeys, n.LeftStatic)
		for i := base; i < len(out); i++ {
			for k := range out[i].after {
				out[i].after[k].col += base
			}
		}
	}
}
