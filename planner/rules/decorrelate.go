package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// decorrelate turns dependent joins into ordinary ones.
//
// Before: a join whose right input reads columns of the left, as correlated subqueries and LATERAL are bound.
// After: joins whose inputs stand on their own. In order of preference:
//
//   - The conditions by which the right side depends on the left are lifted out of it into the join's condition; through
//     an aggregation, a DISTINCT or a TopN, an equality becomes a further grouping column. See [lifter].
//   - Otherwise the right side is computed for every distinct combination of the left columns that it reads: they are
//     joined into the right side where it reads them, and its result is joined back by them. See [magic]. This is the
//     method of Neumann and Kemper, "Unnesting Arbitrary Queries", BTW 2015.
//
// Why: only joins over independent inputs can be kept incrementally.
// Guard: lifting computes the right side for combinations that the left does not have, so it is refused where something
// in it could fail for such rows: SELECT (SELECT max(1 / u.x) FROM u WHERE u.k = t.k) FROM t must not fail for a zero in a
// row of u that no row of t asks for.
func decorrelate(c *Context, n logical.Node) logical.Node {
	return logical.Transform(n, func(n logical.Node) logical.Node {
		j, ok := n.(*logical.Join)
		if !ok {
			return n
		}
		if !c.depends(j) {
			return n
		}
		return c.unnest(j)
	})
}

func (c *Context) depends(j *logical.Join) bool {
	return c.Analysis.Free(j.Right).Intersects(logical.OutputSet(j.Left))
}

// unnest makes one dependent join independent.
func (c *Context) unnest(j *logical.Join) logical.Node {
	outer := logical.OutputSet(j.Left)
	x := *j
	j = &x
	j.On = slices.DeleteFunc(slices.Clone(j.On), isTrue)
	if s, ok := j.Right.(*logical.SingleRow); ok && len(s.Group) == 0 && c.exactlyOne(s.Input) {
		j.Right = s.Input
	}
	if j.Kind == physical.Left && len(j.On) == 0 && c.exactlyOne(j.Right) {
		j.Kind = physical.Inner
	}
	if j.Kind == physical.Inner && len(j.On) == 0 {
		if n := c.unnestScalar(j, outer); n != nil {
			return n
		}
	}
	if s, ok := j.Right.(*logical.Series); ok && s.Input == nil && len(j.On) == 0 && (j.Kind == physical.Inner || j.Kind == physical.Left) {
		x := *s
		x.Input, x.Outer = j.Left, j.Kind == physical.Left
		return &x
	}
	l := &lifter{c: c, outer: outer, kind: j.Kind}
	if right, preds, ok := l.lift(j.Right, false); ok {
		return l.join(j, right, preds)
	}
	return c.magicJoin(j, outer)
}

// exactlyOne reports whether n gives one row whatever its input: an aggregation without groups, possibly projected.
func (c *Context) exactlyOne(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Project:
		return c.exactlyOne(n.Input)
	case *logical.Aggregate:
		return len(n.Group) == 0 && !n.Grouped
	case *logical.Values:
		return len(n.Rows) == 1
	case *logical.SingleRow:
		return len(n.Group) == 0
	}
	return false
}

// unnestScalar handles a right side that gives one row for each left row: a scalar aggregation under projections, or a
// scalar subquery. Both become a left join with rows grouped by what the left reads: a left row without a group gets the
// value of the empty group, which is NULL, or 0 for counts.
func (c *Context) unnestScalar(j *logical.Join, outer logical.ColSet) logical.Node {
	var projects []*logical.Project
	n := j.Right
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			break
		}
		projects = append(projects, p)
		n = p.Input
	}
	switch n := n.(type) {
	case *logical.Aggregate:
		if len(n.Group) > 0 || n.Grouped || logical.ExprsCols(n.Exprs()).Intersects(outer) {
			return nil
		}
		a, counts := c.countsApart(n)
		g, on := c.groupedBy(n.Input, outer, j.Left, func(in logical.Node, by []logical.ColID) logical.Node {
			a.Input, a.Group = in, by
			return a
		})
		join := &logical.Join{Kind: physical.Left, Left: j.Left, Right: g, On: on}
		return c.reproject(c.Columns.Extend(join, counts...), j.Left, projects)
	case *logical.SingleRow:
		if len(n.Group) > 0 || len(projects) > 0 {
			return nil
		}
		g, on := c.groupedBy(n.Input, outer, j.Left, func(in logical.Node, by []logical.ColID) logical.Node {
			return &logical.SingleRow{Input: in, Group: by}
		})
		return &logical.Join{Kind: physical.Left, Left: j.Left, Right: g, On: on}
	}
	return nil
}

// groupedBy makes n independent of the left and groups it by what it read of it: make gets the input and the grouping
// columns. on is the condition that joins a left row with its group.
func (c *Context) groupedBy(n logical.Node, outer logical.ColSet, left logical.Node, make func(logical.Node, []logical.ColID) logical.Node) (logical.Node, []expr.Expr) {
	l := &lifter{c: c, outer: outer, kind: physical.Inner}
	if in, preds, ok := l.lift(n, true); ok {
		in, by, on := c.groupColumns(in, preds, outer)
		return make(in, by), on
	}
	free := c.Analysis.Free(n).Intersect(outer)
	m := c.newMagic(free, c.source(left, free, n))
	in := m.push(m.rename(n))
	return make(in, m.cols), m.on()
}

// groupColumns makes columns of the inner sides of lifted equalities.
func (c *Context) groupColumns(in logical.Node, preds []expr.Expr, outer logical.ColSet) (n logical.Node, by []logical.ColID, on []expr.Expr) {
	var items []logical.Item
	var seen logical.ColSet
	for _, p := range preds {
		o, i, nullSafe := sides(p, outer)
		col, ok := i.(*expr.Column)
		if !ok {
			id := c.Columns.Add(logical.Column{Name: "key", T: i.Type()})
			items = append(items, logical.Item{Col: id, Expr: i})
			col = c.Columns.Ref(id)
		}
		if !seen.Has(col.Index) {
			seen.Add(col.Index)
			by = append(by, col.Index)
		}
		on = append(on, c.equal(o, col, nullSafe))
	}
	return c.Columns.Extend(in, items...), by, on
}

// countsApart copies a scalar aggregation with new columns for its counts and the like, and gives the items that compute the
// old ones: a group that is not there counts 0, while most aggregates are NULL.
func (c *Context) countsApart(n *logical.Aggregate) (*logical.Aggregate, []logical.Item) {
	a := *n
	a.Aggs = slices.Clone(n.Aggs)
	var counts []logical.Item
	for i := range a.Aggs {
		f := a.Aggs[i].Func
		if !f.NeverNull {
			continue
		}
		old := a.Aggs[i].Col
		a.Aggs[i].Col = c.Columns.Copy(old)
		ref := c.Columns.Ref(a.Aggs[i].Col)
		counts = append(counts, logical.Item{Col: old, Expr: &expr.Coalesce{Args: []expr.Expr{ref, &expr.Const{Value: f.Empty, T: ref.T}}, T: ref.T}})
	}
	return &a, counts
}

// reproject computes the projections of a join's right side, outermost first, over the join, and keeps the left's
// columns.
func (c *Context) reproject(n, left logical.Node, projects []*logical.Project) logical.Node {
	for _, from := range slices.Backward(projects) {
		p := &logical.Project{Input: n}
		for _, id := range left.Output() {
			p.Items = append(p.Items, logical.Item{Col: id, Expr: c.Columns.Ref(id)})
		}
		p.Items = append(p.Items, from.Items...)
		n = p
	}
	return n
}

// sides tells the outer from the inner side of a lifted equality.
func sides(p expr.Expr, outer logical.ColSet) (o, i expr.Expr, nullSafe bool) {
	a, b, nullSafe, _ := logical.Equality(p)
	if logical.ExprCols(a).Intersects(outer) {
		return a, b, nullSafe
	}
	return b, a, nullSafe
}

// lifter takes the conditions that read outer columns out of a plan.
type lifter struct {
	c     *Context
	outer logical.ColSet
	kind  physical.JoinKind
	// later are projections that are computed after the join (only of an inner one), innermost first.
	later []logical.Item
}

// reads reports whether an expression reads outer columns, or what is computed of them after the join.
func (l *lifter) reads(e expr.Expr) bool {
	cols := logical.ExprCols(e)
	for _, it := range l.later {
		if cols.Has(it.Col) {
			return true
		}
	}
	return cols.Intersects(l.outer)
}

// lift gives n without what reads outer columns, and the conditions that do, over n's columns. Above a barrier (an
// operator that combines rows) only equalities can be lifted, to become its grouping columns. ok is false where n depends
// on the outer columns in another way.
func (l *lifter) lift(n logical.Node, barrier bool) (out logical.Node, preds []expr.Expr, ok bool) {
	if !l.c.Analysis.Free(n).Intersects(l.outer) {
		return n, nil, true
	}
	switch n.(type) {
	case *logical.Aggregate, *logical.Distinct, *logical.TopN, *logical.Over, *logical.SingleRow, *logical.Window, *logical.Session:
		if logical.Used(n).Intersects(l.outer) {
			return nil, nil, false // it groups or orders by an outer column
		}
	}
	switch n := n.(type) {
	case *logical.Filter:
		return l.filter(n, barrier)
	case *logical.Project:
		return l.project(n, barrier)
	case *logical.Aggregate:
		if len(n.Group) == 0 && !n.Grouped {
			return nil, nil, false
		}
		return l.grouped(n.Input, func(in logical.Node, by []logical.ColID) logical.Node {
			a := *n
			a.Input, a.Group = in, union(n.Group, by)
			return &a
		})
	case *logical.Distinct:
		return l.grouped(n.Input, func(in logical.Node, by []logical.ColID) logical.Node {
			return &logical.Distinct{Input: l.c.Columns.Narrow(in, union(n.Input.Output(), by))}
		})
	case *logical.TopN:
		return l.grouped(n.Input, func(in logical.Node, by []logical.ColID) logical.Node {
			t := *n
			t.Input, t.Group = in, union(n.Group, by)
			return &t
		})
	case *logical.Over:
		return l.grouped(n.Input, func(in logical.Node, by []logical.ColID) logical.Node {
			o := *n
			o.Input, o.Partition = in, union(n.Partition, by)
			return &o
		})
	case *logical.Session:
		return l.grouped(n.Input, func(in logical.Node, by []logical.ColID) logical.Node {
			s := *n
			s.Input, s.Partition = in, union(n.Partition, by)
			return &s
		})
	case *logical.SingleRow:
		if len(n.Group) == 0 {
			return nil, nil, false
		}
		return l.grouped(n.Input, func(in logical.Node, by []logical.ColID) logical.Node {
			return &logical.SingleRow{Input: in, Group: union(n.Group, by)}
		})
	case *logical.Join:
		return l.join2(n, barrier)
	case *logical.Window:
		in, preds, ok := l.lift(n.Input, barrier)
		if !ok || l.reads(l.c.Columns.Ref(n.Time)) {
			return nil, nil, false
		}
		w := *n
		w.Input = in
		return &w, preds, true
	}
	return nil, nil, false
}

func union(a, b []logical.ColID) []logical.ColID {
	seen := logical.SetOf(a...)
	out := append([]logical.ColID(nil), a...)
	for _, id := range b {
		if !seen.Has(id) {
			seen.Add(id)
			out = append(out, id)
		}
	}
	return out
}

func (l *lifter) filter(n *logical.Filter, barrier bool) (logical.Node, []expr.Expr, bool) {
	in, preds, ok := l.lift(n.Input, barrier)
	if !ok {
		return nil, nil, false
	}
	var keep []expr.Expr
	for _, p := range n.Preds {
		switch {
		case l.reads(p):
			if barrier && !l.liftable(p) {
				return nil, nil, false
			}
			preds = append(preds, p)
		case len(preds) > 0 && logical.CanFail(p):
			// It was evaluated for rows that met the lifted conditions only.
			if barrier {
				return nil, nil, false
			}
			preds = append(preds, p)
		default:
			keep = append(keep, p)
		}
	}
	return logical.NewFilter(in, keep...), preds, true
}

// liftable reports whether p is an equality of an outer expression and one of the plan's own, which cannot fail.
func (l *lifter) liftable(p expr.Expr) bool {
	a, b, _, ok := logical.Equality(p)
	if !ok || logical.CanFail(a) || logical.CanFail(b) {
		return false
	}
	ac, bc := logical.ExprCols(a), logical.ExprCols(b)
	aOuter, bOuter := ac.Intersects(l.outer), bc.Intersects(l.outer)
	return aOuter != bOuter && (aOuter && ac.SubsetOf(l.outer) && !bc.Empty() || bOuter && bc.SubsetOf(l.outer) && !ac.Empty())
}

func (l *lifter) project(n *logical.Project, barrier bool) (logical.Node, []expr.Expr, bool) {
	in, preds, ok := l.lift(n.Input, barrier)
	if !ok {
		return nil, nil, false
	}
	p := &logical.Project{Input: in}
	for _, it := range n.Items {
		if l.reads(it.Expr) || len(preds) > 0 && logical.CanFail(it.Expr) {
			// Computed after the join, where that is the same.
			if barrier || l.kind == physical.Left || expr.VolatilityOf(it.Expr) == expr.Volatile {
				return nil, nil, false
			}
			l.later = append(l.later, it)
			continue
		}
		p.Items = append(p.Items, it)
	}
	needed := logical.ExprsCols(preds)
	for _, it := range l.later {
		needed.Union(logical.ExprCols(it.Expr))
	}
	have := logical.OutputSet(p)
	for _, id := range in.Output() {
		if needed.Has(id) && !have.Has(id) {
			p.Items = append(p.Items, logical.Item{Col: id, Expr: l.c.Columns.Ref(id)})
		}
	}
	return p, preds, true
}

// grouped lifts through an operator that combines rows: what is lifted out of its input becomes columns that it groups
// by.
func (l *lifter) grouped(input logical.Node, make func(logical.Node, []logical.ColID) logical.Node) (logical.Node, []expr.Expr, bool) {
	in, preds, ok := l.lift(input, true)
	if !ok {
		return nil, nil, false
	}
	in, by, on := l.c.groupColumns(in, preds, l.outer)
	return make(in, by), on, true
}

// join2 lifts through a join, from those sides whose every row the join's condition sees.
func (l *lifter) join2(n *logical.Join, barrier bool) (logical.Node, []expr.Expr, bool) {
	x := *n
	if slices.ContainsFunc(n.On, l.reads) {
		if n.Kind != physical.Inner || barrier {
			return nil, nil, false
		}
		// The condition of an inner join is a filter.
		x.On = nil
		return l.filter(&logical.Filter{Input: &x, Preds: n.On}, barrier)
	}
	var preds []expr.Expr
	free := l.c.Analysis.Free
	if free(n.Left).Intersects(l.outer) {
		if n.Kind == physical.Right || n.Kind == physical.Full {
			return nil, nil, false
		}
		left, p, ok := l.lift(n.Left, barrier)
		if !ok {
			return nil, nil, false
		}
		x.Left, preds = left, append(preds, p...)
	}
	if free(n.Right).Intersects(l.outer) {
		if n.Kind != physical.Inner && n.Kind != physical.Right {
			return nil, nil, false
		}
		right, p, ok := l.lift(n.Right, barrier)
		if !ok {
			return nil, nil, false
		}
		x.Right, preds = right, append(preds, p...)
	}
	if len(preds) > 0 && slices.ContainsFunc(n.On, logical.CanFail) || slices.ContainsFunc(n.On, l.reads) {
		return nil, nil, false
	}
	return &x, preds, true
}

// join makes the join over what was lifted.
func (l *lifter) join(j *logical.Join, right logical.Node, preds []expr.Expr) logical.Node {
	names := map[logical.ColID]expr.Expr{}
	for _, it := range l.later {
		names[it.Col] = logical.RenameExpr(it.Expr, names)
	}
	on := make([]expr.Expr, 0, len(preds)+len(j.On))
	for _, p := range append(append(on, preds...), j.On...) {
		on = append(on, logical.RenameExpr(p, names))
	}
	var n logical.Node = &logical.Join{Kind: j.Kind, Left: j.Left, Right: right, On: on}
	if len(l.later) == 0 || j.Kind != physical.Inner {
		return n
	}
	p := &logical.Project{Input: n}
	for _, id := range n.Output() {
		p.Items = append(p.Items, logical.Item{Col: id, Expr: l.c.Columns.Ref(id)})
	}
	for _, it := range l.later {
		p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: names[it.Col]})
	}
	return p
}
