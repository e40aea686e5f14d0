package rules

import (
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/types"
)

// magic is the set of the distinct combinations of left columns that a dependent right side reads, under names of its
// own. Pushing it into the right side makes that independent: every operator then works for all combinations at once.
//
// Values of a type that has no equality, as json, are there as text: equal text is equal value.
type magic struct {
	c     *Context
	outer []logical.ColID // the left's columns
	left  logical.Node
	names map[logical.ColID]expr.Expr // the left's columns to this set's
	cols  []logical.ColID
}

// magicMax bounds how many operators sets of combinations may add to a plan: each repeats the plan that they come from.
const magicMax = 50_000

func (c *Context) newMagic(free logical.ColSet, left logical.Node) *magic {
	m := &magic{c: c, outer: free.List(), left: left, names: map[logical.ColID]expr.Expr{}}
	if c.magic += c.Analysis.Size(left); c.magic > magicMax {
		c.fail(pgerr.New(pgerr.StatementTooComplex, "correlated subqueries are nested too deep"))
		m.left = nothing(left)
	}
	for _, id := range m.outer {
		col := *c.Columns.At(id)
		to := col.T
		if scalar.Equality(to) == nil {
			col = logical.Column{Name: col.Name, T: types.Of(types.Text)}
		}
		d := c.Columns.Add(col)
		m.cols = append(m.cols, d)
		m.names[id] = c.cast(c.Columns.Ref(d), to)
	}
	return m
}

// set is the plan of the combinations.
func (m *magic) set() logical.Node {
	cols := m.c.Columns
	comparable, ids := cols.Narrow(m.left, m.outer), slices.Clone(m.outer)
	var texts []logical.Item
	for i, id := range ids {
		if e := m.c.comparable(id); cols.At(id).T != e.Type() {
			ids[i] = cols.Add(logical.Column{Name: cols.At(id).Name, T: e.Type()})
			texts = append(texts, logical.Item{Col: ids[i], Expr: e})
		}
	}
	if len(texts) > 0 {
		comparable = cols.Narrow(cols.Extend(comparable, texts...), ids)
	}
	p := &logical.Project{Input: &logical.Distinct{Input: comparable}}
	for i, id := range ids {
		p.Items = append(p.Items, logical.Item{Col: m.cols[i], Expr: cols.Ref(id)})
	}
	return p
}

// comparable reads a column, as text where its type has no equality.
func (c *Context) comparable(id logical.ColID) expr.Expr {
	ref := c.Columns.Ref(id)
	if scalar.Equality(ref.T) != nil {
		return ref
	}
	return c.cast(ref, types.Of(types.Text))
}

func (c *Context) cast(e expr.Expr, to types.T) expr.Expr {
	x, err := scalar.Coerce(e, to, scalar.Explicit, 0)
	if err != nil {
		c.fail(pgerr.Unsupported("a correlated subquery over a column of type " + to.String()))
		return e
	}
	return x
}

// copy is the same set under other names, for a second place in a plan.
func (m *magic) copy() *magic { return m.c.newMagic(logical.SetOf(m.outer...), m.left) }

// rename makes a plan read this set's columns instead of the left's.
func (m *magic) rename(n logical.Node) logical.Node {
	return logical.Transform(n, func(n logical.Node) logical.Node { return logical.RenameCols(n, m.names) })
}

// on joins the left with what was computed for its combinations.
func (m *magic) on() []expr.Expr { return m.match(m.outer) }

// match equates columns with this set's, NULL being equal to NULL.
func (m *magic) match(cols []logical.ColID) []expr.Expr {
	var on []expr.Expr
	for i, id := range cols {
		on = append(on, m.c.equal(m.c.comparable(id), m.c.Columns.Ref(m.cols[i]), true))
	}
	return on
}

// equal makes an equality of two expressions that are keys of one form.
func (c *Context) equal(a, b expr.Expr, nullSafe bool) expr.Expr {
	f := scalar.Equality(a.Type())
	if f == nil {
		c.fail(pgerr.Unsupported("a correlated subquery over a column of type " + a.Type().String()))
		return a
	}
	if nullSafe {
		return &expr.DistinctFrom{Left: a, Right: b, Eq: f, Negate: true}
	}
	eq, err := scalar.Operator("=", a, b, 0)
	if err != nil {
		c.fail(err)
		return a
	}
	return eq
}

// magicJoin replaces a dependent join by one with the right side computed for all combinations.
func (c *Context) magicJoin(j *logical.Join, outer logical.ColSet) logical.Node {
	free := c.Analysis.Free(j.Right).Intersect(outer)
	m := c.newMagic(free, c.source(j.Left, free, j.Right))
	right := m.push(m.rename(j.Right))
	return &logical.Join{Kind: j.Kind, Left: j.Left, Right: right, On: append(m.on(), j.On...)}
}

// source finds the part of the left side that its columns cols come from: the whole would be repeated for every subquery, with
// all subqueries before it. The part may have more combinations of them than the whole has, unless nothing beside it takes
// rows away; where more could bring up an error only such a part will do.
func (c *Context) source(left logical.Node, cols logical.ColSet, right logical.Node) logical.Node {
	fails := false
	logical.Walk(right, func(n logical.Node) {
		if _, ok := n.(*logical.SingleRow); ok || slices.ContainsFunc(n.Exprs(), logical.CanFail) {
			fails = true
		}
	})
	for {
		switch n := left.(type) {
		case *logical.Join:
			l, r := c.keepsRows(n)
			mayLeft := l || !fails && n.Kind != physical.Right && n.Kind != physical.Full
			mayRight := r || !fails && (n.Kind == physical.Inner || n.Kind == physical.Right)
			switch {
			case mayLeft && cols.SubsetOf(logical.OutputSet(n.Left)):
				left = n.Left
				continue
			case mayRight && cols.SubsetOf(logical.OutputSet(n.Right)):
				left = n.Right
				continue
			}
		case *logical.Project:
			if !slices.ContainsFunc(n.Items, func(it logical.Item) bool { return cols.Has(it.Col) && !it.PassThrough() }) {
				left = n.Input
				continue
			}
		}
		return left
	}
}

// keepsRows reports for each side of a join whether the result has all its rows, at least once each, and none in which the
// side is missing.
func (c *Context) keepsRows(n *logical.Join) (left, right bool) {
	switch n.Kind {
	case physical.Left:
		return true, false
	case physical.Right:
		return false, true
	case physical.Inner:
		return len(n.On) == 0 && c.exactlyOne(n.Right), len(n.On) == 0 && c.exactlyOne(n.Left)
	}
	return false, false
}

// push gives a plan with n's rows for each combination, beside the combination. n reads this set's columns as if from
// outside.
func (m *magic) push(n logical.Node) logical.Node {
	mine := logical.SetOf(m.cols...)
	if !m.c.Analysis.Free(n).Intersects(mine) {
		return &logical.Join{Kind: physical.Inner, Left: m.set(), Right: n}
	}
	switch n := n.(type) {
	case *logical.Filter:
		if w := m.ofWork(n); w != nil {
			return w
		}
		return logical.NewFilter(m.push(n.Input), n.Preds...)
	case *logical.Project:
		p := &logical.Project{Input: m.push(n.Input), Items: append([]logical.Item(nil), n.Items...)}
		for _, id := range m.cols {
			p.Items = append(p.Items, logical.Item{Col: id, Expr: m.c.Columns.Ref(id)})
		}
		return p
	case *logical.Join:
		return m.join(n)
	case *logical.Aggregate:
		return m.aggregate(n)
	case *logical.Distinct:
		return &logical.Distinct{Input: m.c.Columns.Narrow(m.push(n.Input), union(m.cols, n.Input.Output()))}
	case *logical.Union:
		return m.union(n)
	case *logical.SetOp:
		return m.setOp(n)
	case *logical.TopN:
		t := *n
		t.Input, t.Group = m.push(n.Input), union(m.cols, n.Group)
		return &t
	case *logical.Over:
		o := *n
		o.Input, o.Partition = m.push(n.Input), union(m.cols, n.Partition)
		return &o
	case *logical.Window:
		w := *n
		w.Input = m.push(n.Input)
		return &w
	case *logical.AsOf:
		return m.asOf(n)
	case *logical.Session:
		s := *n
		s.Input, s.Partition = m.push(n.Input), union(m.cols, n.Partition)
		return &s
	case *logical.Recursive:
		return m.recursive(n)
	case *logical.Lookup, *logical.Versions:
		m.c.fail(pgerr.Unsupported("FOR SYSTEM_TIME AS OF in a correlated subquery"))
		return n
	case *logical.Series:
		s := *n
		if n.Input == nil {
			s.Input = m.set()
		} else {
			s.Input = m.push(n.Input)
		}
		return &s
	case *logical.SingleRow:
		if len(n.Group) > 0 {
			return &logical.SingleRow{Input: m.push(n.Input), Group: union(m.cols, n.Group)}
		}
		return m.orEmpty(func(d *magic) logical.Node {
			return &logical.SingleRow{Input: d.push(d.renameFrom(m, n.Input)), Group: d.cols}
		})
	}
	return n
}

// renameFrom makes a plan that reads another copy's columns read this one's.
func (m *magic) renameFrom(from *magic, n logical.Node) logical.Node {
	names := from.to(m)
	return logical.Transform(n, func(n logical.Node) logical.Node { return logical.RenameCols(n, names) })
}

// to maps this set's columns to another copy's.
func (m *magic) to(o *magic) map[logical.ColID]expr.Expr {
	names := map[logical.ColID]expr.Expr{}
	for i, id := range m.cols {
		names[id] = m.c.Columns.Ref(o.cols[i])
	}
	return names
}

// orEmpty joins the set with a plan that lacks combinations without rows, so that they come with NULLs.
func (m *magic) orEmpty(make func(d *magic) logical.Node) logical.Node {
	d := m.copy()
	return &logical.Join{Kind: physical.Left, Left: m.set(), Right: make(d), On: d.match(m.cols)}
}

func (m *magic) aggregate(n *logical.Aggregate) logical.Node {
	if len(n.Group) > 0 || n.Grouped {
		a := *n
		a.Input, a.Group = m.push(n.Input), union(m.cols, n.Group)
		return &a
	}
	a, counts := m.c.countsApart(n)
	return m.c.Columns.Extend(m.orEmpty(func(d *magic) logical.Node {
		a.Input, a.Group = d.push(d.renameFrom(m, n.Input)), d.cols
		names := m.to(d)
		return logical.MapExprs(a, func(e expr.Expr) expr.Expr { return logical.RenameExpr(e, names) })
	}), counts...)
}

// join pushes the set into the sides that read it: into one of them where that gives the same rows, else into both.
func (m *magic) join(n *logical.Join) logical.Node {
	mine := logical.SetOf(m.cols...)
	free := m.c.Analysis.Free
	leftReads, rightReads := free(n.Left).Intersects(mine), free(n.Right).Intersects(mine)
	x := *n
	switch {
	case n.Kind == physical.Inner && !rightReads:
		x.Left = m.push(n.Left)
		return &x
	case n.Kind == physical.Inner && !leftReads:
		x.Right = m.push(n.Right)
		return &x
	case n.Kind == physical.Right && !leftReads:
		x.Right = m.push(n.Right)
		return &x
	case n.Kind != physical.Right && n.Kind != physical.Full && !rightReads:
		x.Left = m.push(n.Left)
		return &x
	}
	d := m.copy()
	switch n.Kind {
	case physical.Right:
		// The right side has every combination; the left gets the copy.
		x.Right = m.push(n.Right)
		x.Left = d.push(d.renameFrom(m, n.Left))
		x.On = append(d.match(m.cols), n.On...)
		return &x
	case physical.Full:
		// Either side may be missing: the combination is that of the side that is there.
		l := m.copy()
		x.Left = l.push(l.renameFrom(m, n.Left))
		x.Right = d.push(d.renameFrom(m, n.Right))
		x.On = d.match(l.cols)
		for _, p := range n.On {
			x.On = append(x.On, logical.RenameExpr(p, m.to(l)))
		}
		var items []logical.Item
		for i, id := range m.cols {
			ref := m.c.Columns.Ref(l.cols[i])
			items = append(items, logical.Item{Col: id, Expr: &expr.Coalesce{Args: []expr.Expr{ref, m.c.Columns.Ref(d.cols[i])}, T: ref.T}})
		}
		return m.c.Columns.Extend(&x, items...)
	}
	x.Left = m.push(n.Left)
	x.Right = d.push(d.renameFrom(m, n.Right))
	x.On = append(d.match(m.cols), n.On...)
	return &x
}

// asOf pushes the set into the left side, and a copy into the right where that reads it, which then is a key as well.
func (m *magic) asOf(n *logical.AsOf) logical.Node {
	x := *n
	x.Left = m.push(n.Left)
	if !m.c.Analysis.Free(n.Right).Intersects(logical.SetOf(m.cols...)) {
		return &x
	}
	d := m.copy()
	x.Right = d.push(d.renameFrom(m, n.Right))
	x.LeftKeys, x.RightKeys = slices.Concat(n.LeftKeys, m.cols), slices.Concat(n.RightKeys, d.cols)
	x.NullSafe = slices.Clone(n.NullSafe)
	for range m.cols {
		x.NullSafe = append(x.NullSafe, true)
	}
	return &x
}

func (m *magic) union(n *logical.Union) logical.Node {
	u := &logical.Union{Cols: append(append([]logical.ColID(nil), n.Cols...), m.cols...)}
	for k, in := range n.In {
		d := m.copy()
		u.In = append(u.In, d.push(d.renameFrom(m, in)))
		u.From = append(u.From, append(append([]logical.ColID(nil), n.From[k]...), d.cols...))
	}
	return u
}

func (m *magic) setOp(n *logical.SetOp) logical.Node {
	l, r := m.copy(), m.copy()
	s := *n
	s.Left, s.Right = l.push(l.renameFrom(m, n.Left)), r.push(r.renameFrom(m, n.Right))
	s.Cols = append(append([]logical.ColID(nil), n.Cols...), m.cols...)
	s.LeftCols = append(append([]logical.ColID(nil), n.LeftCols...), l.cols...)
	s.RightCols = append(append([]logical.ColID(nil), n.RightCols...), r.cols...)
	return &s
}
