package bind

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// groupingCall is GROUPING(...): which of its arguments a row is not grouped by, as bits, the last the lowest.
type groupingCall struct {
	id   logical.ColID
	args []expr.Expr
	pos  []int
	at   int
}

// grouping finds a call of GROUPING that belongs to the clause's query among columns that are read; nil for none.
func (c *clause) grouping(used logical.ColSet) *groupingCall {
	if c == nil || c.aggs == nil {
		return nil
	}
	for i := range c.aggs.groupings {
		if used.Has(c.aggs.groupings[i].id) {
			return &c.aggs.groupings[i]
		}
	}
	return nil
}

// bindGrouping binds GROUPING, whose value is known once the sets are. It belongs to the innermost query whose columns its
// arguments read, as an aggregate does; for a subquery within it is a value from outside.
func (c *clause) bindGrouping(e *ast.Grouping) (expr.Expr, error) {
	if len(e.Args) > 31 {
		return nil, pgerr.New(pgerr.SyntaxError, "GROUPING must have fewer than 32 arguments").At(e.Pos)
	}
	in := c.b.clause(c.scope, "GROUPING")
	call := groupingCall{at: e.Pos}
	for _, a := range e.Args {
		x, err := in.bind(a)
		if err != nil {
			return nil, err
		}
		call.args, call.pos = append(call.args, x), append(call.pos, ast.Start(a))
	}
	level := c.levelOf(logical.ExprsCols(call.args))
	switch {
	case level == nil:
		return nil, pgerr.New(pgerr.GroupingError, "grouping operations are not allowed in FROM clause of their own query level").At(e.Pos)
	case level.inAggregate:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate function calls cannot be nested").At(e.Pos)
	case level.aggs == nil:
		return nil, level.notAllowed("grouping operations", pgerr.GroupingError, e.Pos)
	}
	call.id = c.b.cols.Add(logical.Column{Name: "grouping", T: types.Of(types.Int4)})
	level.aggs.groupings = append(level.aggs.groupings, call)
	return c.b.cols.Ref(call.id), nil
}

// value gives the bits for a set of a GROUP BY's expressions.
func (g *groupingCall) value(by *groupBy, set []int) (expr.Expr, error) {
	bits := int64(0)
	for i, a := range g.args {
		at := slices.IndexFunc(by.exprs, func(x expr.Expr) bool { return expr.Equal(a, x) })
		if at < 0 {
			return nil, pgerr.New(pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(g.pos[i])
		}
		bits <<= 1
		if len(join(set, []int{at})) > len(set) {
			bits |= 1
		}
	}
	return &expr.Const{Value: types.NewInt(bits), T: types.Of(types.Int4)}, nil
}

// setUnion is the results of all grouping sets, one after the other.
type setUnion struct {
	b     *Binder
	union *logical.Union
	sets  []*logical.Aggregate
	items []*logical.Project // over each set
	// common are the input's columns that every set groups by.
	common []logical.ColID
	// extra are input columns that follow from the common ones, and what they are afterwards.
	extra map[logical.ColID]logical.ColID
	order []logical.ColID
}

// carried gives what a column that follows from the common ones is afterwards.
func (s *setUnion) carried(g *grouping, id logical.ColID) logical.ColID {
	to, ok := s.extra[id]
	if !ok {
		to = s.b.cols.Copy(id)
		s.extra[id], s.order = to, append(s.order, id)
		g.ids.Add(to)
	}
	return to
}

// carry passes on the columns that were asked for.
func (s *setUnion) carry() {
	for _, id := range s.order {
		s.union.Cols = append(s.union.Cols, s.extra[id])
		for i, a := range s.sets {
			a.Group, a.Dependent = append(a.Group, id), append(a.Dependent, id)
			out := s.b.cols.Copy(id)
			s.items[i].Items = append(s.items[i].Items, logical.Item{Col: out, Expr: s.b.cols.Ref(id)})
			s.union.From[i] = append(s.union.From[i], out)
		}
	}
}

// buildSets groups the same input by each set, and puts the results one after the other: columns that a set lacks are
// NULL.
func (a *aggregation) buildSets(input logical.Node, g *grouping, by *groupBy, targets []target) (logical.Node, error) {
	b := a.b
	m := b.compute(input)
	cols := make([]logical.ColID, len(by.exprs))
	for i, e := range by.exprs {
		cols[i] = m.column(e, groupName(e, targets))
		if _, constant := by.constants[i]; constant && slices.Contains(cols[:i], cols[i]) {
			// Equal constants of two items are NULL each in its own sets.
			cols[i] = b.cols.Add(logical.Column{Name: groupName(e, targets), T: e.Type()})
			m.items = append(m.items, logical.Item{Col: cols[i], Expr: e})
		}
	}
	aggs, err := a.aggs(m, by.exprs, cols)
	if err != nil {
		return nil, err
	}
	input = b.cols.Extend(input, m.items...)
	u := &logical.Union{}
	for _, id := range cols {
		out := b.cols.Copy(id)
		g.cols = append(g.cols, out)
		u.Cols = append(u.Cols, out)
	}
	for i := range aggs {
		u.Cols = append(u.Cols, a.calls[i].id)
	}
	for i := range a.groupings {
		u.Cols = append(u.Cols, a.groupings[i].id)
	}
	g.ids.AddAll(u.Cols)
	g.renamed = true
	g.sets = &setUnion{b: b, union: u, extra: map[logical.ColID]logical.ColID{}}
	for i, id := range cols {
		if !slices.ContainsFunc(by.sets, func(set []int) bool { return !slices.Contains(set, i) }) {
			g.sets.common = append(g.sets.common, id)
		}
	}
	for _, set := range by.sets {
		if err := b.grow(2); err != nil {
			return nil, err
		}
		from, err := a.oneSet(input, g.sets, cols, aggs, by, set)
		if err != nil {
			return nil, err
		}
		u.In, u.From = append(u.In, g.sets.items[len(u.In)]), append(u.From, from)
	}
	return u, nil
}

// oneSet groups by one set.
func (a *aggregation) oneSet(input logical.Node, to *setUnion, cols []logical.ColID, aggs []logical.Agg, by *groupBy, set []int) ([]logical.ColID, error) {
	b := a.b
	node := &logical.Aggregate{Input: input, Grouped: len(set) > 0}
	grouped := logical.ColSet{}
	for _, i := range set {
		if !grouped.Has(cols[i]) {
			grouped.Add(cols[i])
			node.Group = append(node.Group, cols[i])
		}
	}
	p := &logical.Project{Input: node}
	var from []logical.ColID
	add := func(like logical.ColID, e expr.Expr) {
		id := b.cols.Copy(like)
		p.Items = append(p.Items, logical.Item{Col: id, Expr: e})
		from = append(from, id)
	}
	for _, id := range cols {
		if grouped.Has(id) {
			add(id, b.cols.Ref(id))
		} else {
			add(id, &expr.Const{Value: types.Null, T: b.cols.At(id).T})
		}
	}
	for _, x := range aggs {
		old := x.Col
		x.Col = b.cols.Copy(old)
		x.Params = slices.Clone(x.Params)
		for i, e := range x.Params {
			x.Params[i] = expr.Rewrite(e, func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok && slices.Contains(cols, c.Index) && !grouped.Has(c.Index) {
					return &expr.Const{Value: types.Null, T: c.T}
				}
				return e
			})
		}
		node.Aggs = append(node.Aggs, x)
		add(old, b.cols.Ref(x.Col))
	}
	for i := range a.groupings {
		v, err := a.groupings[i].value(by, set)
		if err != nil {
			return nil, err
		}
		add(a.groupings[i].id, v)
	}
	to.sets, to.items = append(to.sets, node), append(to.items, p)
	return from, nil
}
