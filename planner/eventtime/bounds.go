package eventtime

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
	"millrace/watermark"
)

// column is what is known of a column's times.
type column struct {
	mark *watermark.Mark // nil for nothing
	// whole says that it is NULL in no row.
	whole bool
	// after lists columns of the same output that this one is never before.
	after []relative
}

// relative says that a column is at least another plus a number of microseconds.
type relative struct {
	col int
	by  int64
}

// least is what is known of times that come from either of two columns.
func least(a, b column) column {
	return column{mark: watermark.Least(a.mark, b.mark), whole: a.whole && b.whole}
}

// bounds works out what is known of a node's output columns from what is known of its inputs'.
func bounds(p *physical.Plan, n physical.Node, of [][]column, cat *catalog.Snapshot) []column {
	out := make([]column, len(n.Out().Types))
	switch n := n.(type) {
	case *physical.Scan:
		r, ok := cat.Relation(n.Relation)
		if !ok {
			return out
		}
		marks := r.TimeMarks()
		for i, c := range n.Cols {
			if c < len(marks) {
				out[i] = column{mark: marks[c], whole: r.Columns[c].NotNull}
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
			out[i] = column{mark: of[n.In[0]][i].mark, whole: of[n.In[0]][i].whole}
			for _, in := range n.In[1:] {
				out[i] = least(out[i], of[in][i])
			}
		}
	case *physical.SetOp:
		for i := range out {
			out[i] = least(of[n.Left_][i], of[n.Right_][i])
		}
	case *physical.Window:
		window(out, n, of[n.Input])
	case *physical.Buckets:
		copy(out, of[n.Input])
		last := len(out) - 1
		out[last].mark = of[n.Input][n.Time].mark.Plus(n.Lo).In(fixed(n.Size, 0))
		out[n.Time].after = append(slices.Clone(out[n.Time].after), relative{last, -n.Hi})
	case *physical.Session:
		// A new row changes sessions that end at or after its time.
		out[len(out)-1] = column{mark: of[n.Input][n.Time].mark, whole: true}
	case *physical.Versions:
		out[n.Time] = column{mark: of[n.Input][n.Time].mark, whole: true} // rows without a time are no versions
	case *physical.AsOf:
		asOf(out, n, of[n.Left_], of[n.Right_])
	case *physical.Lookup:
		// Rows come out as left rows come.
		for i, c := range emitted(n.LeftCols, len(of[n.Left_])) {
			out[i].mark, out[i].whole = of[n.Left_][c].mark, of[n.Left_][c].whole
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
			out[i] = least(left[c], right[n.RightTime])
			out[i].whole = left[c].whole
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
		}
		out[i] = moved(e, in)
	}
	for i, e := range n.Exprs {
		c, ok := e.(*expr.Column)
		if !ok {
			continue
		}
		out[i].after = renumber(in[c.Index].after, at)
	}
	for i, e := range n.Exprs {
		_, arg, cut := truncation(e)
		c, ok := arg.(*expr.Column)
		if !cut || !ok {
			continue
		}
		if to, there := at[c.Index]; there {
			out[to].after = append(slices.Clone(out[to].after), relative{col: i})
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

// moved gives what is known of a column's time, also plus or minus constant intervals and cut down to units of time. Months are not
// monotone: the evening of the 30th and the morning of the 31st of January change places when one is added.
func moved(e expr.Expr, in []column) column {
	if c, ok := e.(*expr.Column); ok {
		return column{mark: in[c.Index].mark, whole: in[c.Index].whole}
	}
	if w, arg, ok := truncation(e); ok {
		c := moved(arg, in)
		return column{mark: c.mark.In(w), whole: c.whole}
	}
	call, ok := e.(*expr.Call)
	if !ok || len(call.Args) != 2 || call.Func.Name != "+" && call.Func.Name != "-" {
		return column{}
	}
	k, constant := call.Args[1].(*expr.Const)
	if !constant || k.Value.Null || !isTime(call.Args[0].Type()) || !k.T.Is(types.Interval) {
		return column{}
	}
	iv := types.DecodeInterval(k.Value.B)
	micros := int64(iv.Days)*microsPerDay + iv.Micros
	if iv.Months != 0 || micros/microsPerDay > 1<<20 || micros/microsPerDay < -1<<20 {
		return column{}
	}
	if call.Func.Name == "-" {
		micros = -micros
	}
	c := moved(call.Args[0], in)
	return column{mark: c.mark.Plus(micros), whole: c.whole}
}

const microsPerDay = 86_400_000_000

func isTime(t types.T) bool { return t.Is(types.Timestamp) || t.Is(types.TimestampTZ) }

// units are the units of date_trunc that have a fixed length, from the epoch on; weeks begin on Mondays and the epoch is a
// Saturday. A view's time zone is UTC.
var units = map[string]watermark.Window{
	"microseconds": fixed(1, 0),
	"milliseconds": fixed(1000, 0),
	"second":       fixed(1_000_000, 0),
	"minute":       fixed(60_000_000, 0),
	"hour":         fixed(3_600_000_000, 0),
	"day":          fixed(microsPerDay, 0),
	"week":         fixed(7*microsPerDay, 2*microsPerDay),
}

func fixed(size, shift int64) watermark.Window {
	return watermark.Window{Size: size, Slide: size, Shift: shift}
}

// truncation recognises date_trunc(unit, time) and date_bin(size, time, origin) of constant, fixed lengths.
func truncation(e expr.Expr) (w watermark.Window, of expr.Expr, ok bool) {
	call, isCall := e.(*expr.Call)
	if !isCall || len(call.Args) < 2 {
		return w, nil, false
	}
	of = call.Args[1]
	first, constant := call.Args[0].(*expr.Const)
	if !constant || first.Value.Null || !isTime(of.Type()) {
		return w, nil, false
	}
	switch {
	case call.Func.Name == "date_trunc" && len(call.Args) == 2:
		w, ok = units[string(first.Value.B)]
		return w, of, ok
	case call.Func.Name == "date_bin" && len(call.Args) == 3:
		origin, constant := call.Args[2].(*expr.Const)
		iv := types.DecodeInterval(first.Value.B)
		size := int64(iv.Days)*microsPerDay + iv.Micros
		if !constant || origin.Value.Null || iv.Months != 0 || size <= 0 || !types.TimestampIsFinite(origin.Value.I) {
			return w, nil, false
		}
		return fixed(size, origin.Value.I%size), of, true
	}
	return w, nil, false
}

// window adds the bounds of window_start and window_end, and that a time is not before the start of its windows.
func window(out []column, n *physical.Window, in []column) {
	copy(out, in)
	start, end := len(out)-2, len(out)-1
	out[start].whole, out[end].whole = true, true
	out[end].mark = in[n.Time].mark.Plus(1) // a window ends after each of its rows
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
		out[i].after, out[i].whole = renumber(in[c].after, at), in[c].whole
		if slices.Contains(group, c) {
			out[i].mark = in[c].mark
			continue
		}
		for _, r := range in[c].after {
			if m := in[r.col].mark; m != nil && slices.Contains(group, r.col) {
				out[i].mark = m.Plus(r.by)
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
	side := func(out []column, cols []int, in []column, keys []int, other []column, otherKeys []int, otherStatic, extended bool) {
		at := map[int]int{}
		for i, c := range cols {
			at[c] = i
		}
		for i, c := range cols {
			out[i].after, out[i].whole = renumber(in[c].after, at), in[c].whole && !extended
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
				if out[i].mark = watermark.Least(in[c].mark, other[otherKeys[k]].mark.Plus(r.by)); out[i].mark != nil {
					break
				}
			}
		}
	}
	leftCols, rightCols := emitted(n.LeftCols, len(left)), n.RightCols
	if n.Kind != physical.Semi && n.Kind != physical.Anti {
		rightCols = emitted(n.RightCols, len(right))
	}
	side(out[:len(leftCols)], leftCols, left, n.LeftKeys, right, n.RightKeys, n.RightStatic, n.Kind == physical.Right || n.Kind == physical.Full)
	if len(rightCols) > 0 {
		base := len(leftCols)
		side(out[base:base+len(rightCols)], rightCols, right, n.RightKeys, left, n.LeftKeys, n.LeftStatic, n.Kind == physical.Left || n.Kind == physical.Full)
		for i := base; i < len(out); i++ {
			for k := range out[i].after {
				out[i].after[k].col += base
			}
		}
	}
}
