package rules

import (
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/types"
)

// hopPanes aggregates over overlapping windows in two stages.
//
// Before: count(*) and the like by key and window over HOP(t, ts, slide, size) or CUMULATE(t, ts, step, size).
// After: the same by key and pane (a tumbling window of one slide or step), then the panes put into the windows that they are part
// of and combined: counts and sums summed, extremes compared.
// Why: a row is aggregated once rather than size / slide times. See Li et al., "No Pane, No Gain", SIGMOD Record 2005.
// Guard: the aggregates can be combined exactly: count, sum of integers and numerics, min, max, bool_and, bool_or, without
// DISTINCT. A sum of floats depends on the order of additions. Group columns other than the window must not depend on the
// window, and the window must be part of the group.
func hopPanes(c *Context, n logical.Node) logical.Node {
	a, ok := n.(*logical.Aggregate)
	if !ok {
		return n
	}
	p, _ := a.Input.(*logical.Project)
	w, ok := a.Input.(*logical.Window)
	if p != nil {
		w, ok = p.Input.(*logical.Window)
	}
	if !ok || w.Tumbles() || !slices.Contains(a.Group, w.Start) && !slices.Contains(a.Group, w.End) {
		return n
	}
	pane := paneOf(w)
	if pane == nil {
		return n
	}
	inWindow := logical.SetOf(w.Start, w.End)
	if p != nil && slices.ContainsFunc(p.Items, func(it logical.Item) bool {
		return !it.PassThrough() && (logical.ExprCols(it.Expr).Intersects(inWindow) || expr.VolatilityOf(it.Expr) == expr.Volatile)
	}) {
		return n
	}
	for i := range a.Aggs {
		if combiner(c, &a.Aggs[i]) == nil || slices.ContainsFunc(a.Aggs[i].Args, inWindow.Has) {
			return n
		}
	}
	return c.panes(a, p, w, pane)
}

// combiner chooses the function that combines an aggregate's results; nil where there is none.
func combiner(c *Context, a *logical.Agg) *agg.Function {
	name := a.Func.Combine
	if a.Distinct || name == "" {
		return nil
	}
	f, ts, _, err := agg.Resolve(name, []types.T{c.Columns.At(a.Col).T.WithoutMod()}, false)
	if err != nil || ts[0].Kind != c.Columns.At(a.Col).T.Kind {
		return nil
	}
	return f
}

// paneOf gives the tumbling windows of which each of w's is made; nil where those are too many to be worth it.
func paneOf(w *logical.Window) *logical.Window {
	pane := &logical.Window{Input: w.Input, Time: w.Time, Shift: w.Shift, Grace: w.Grace}
	if cal := w.Calendar; cal != nil {
		if cal.Slide.Micros > 0 && cal.Size != (types.IntervalValue{Days: 1}) {
			return nil // steps are counted from the window's beginning, panes from a day's
		}
		pane.Calendar = &physical.Calendar{Zone: cal.Zone, Size: cal.Slide, Slide: cal.Slide}
		return pane
	}
	// What windows and slides have in common: both begin and end where a pane does.
	part, rest := w.Slide, w.Size%w.Slide
	for rest != 0 {
		part, rest = rest, part%rest
	}
	if w.Slide/part > panesPerSlideMax || w.Slide > w.Size {
		return nil
	}
	pane.Size, pane.Slide = part, part
	return pane
}

// panesPerSlideMax bounds how many panes a slide is cut into where the size is no multiple of it: many have few rows each, which
// saves nothing.
const panesPerSlideMax = 16

// panes builds the two stages.
func (c *Context) panes(a *logical.Aggregate, p *logical.Project, w, pane *logical.Window) logical.Node {
	pane.Start, pane.End = c.Columns.Copy(w.Start), c.Columns.Copy(w.End)
	inWindow := logical.SetOf(w.Start, w.End)
	first := &logical.Aggregate{Input: pane, Group: []logical.ColID{pane.Start}, Grouped: true}
	if p != nil {
		x := &logical.Project{Input: pane, Items: []logical.Item{{Col: pane.Start, Expr: c.Columns.Ref(pane.Start)}}}
		for _, it := range p.Items {
			if !inWindow.Has(it.Col) {
				x.Items = append(x.Items, it)
			}
		}
		first.Input = x
	}
	for _, g := range a.Group {
		if !inWindow.Has(g) {
			first.Group = append(first.Group, g)
		}
	}
	second := &logical.Aggregate{Group: a.Group, Grouped: a.Grouped}
	out := &logical.Project{Input: second}
	for _, g := range a.Group {
		out.Items = append(out.Items, logical.Item{Col: g, Expr: c.Columns.Ref(g)})
	}
	for i := range a.Aggs {
		old := &a.Aggs[i]
		part := *old
		part.Col = c.Columns.Copy(old.Col)
		first.Aggs = append(first.Aggs, part)
		f := combiner(c, old)
		want := c.Columns.At(old.Col).T
		have := f.Ret
		if f.RetOf != nil {
			have = f.RetOf([]types.T{want})
		}
		total := c.Columns.Add(logical.Column{Name: c.Columns.At(old.Col).Name, T: have})
		second.Aggs = append(second.Aggs, logical.Agg{Col: total, Func: f, Args: []logical.ColID{part.Col}})
		// The sum of bigints is a numeric; as a bigint it is out of range when it would have been before.
		e, err := scalar.Coerce(c.Columns.Ref(total), want, scalar.Explicit, 0)
		if err != nil {
			return a
		}
		out.Items = append(out.Items, logical.Item{Col: old.Col, Expr: e})
	}
	windows := *w
	windows.Input, windows.Time = first, pane.Start
	second.Input = &windows
	return out
}
