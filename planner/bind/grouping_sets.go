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
}

// bindGrouping binds GROUPING, whose value is known once the sets are.
func (c *clause) bindGrouping(e *ast.Grouping) (expr.Expr, error) {
	if c.aggs == nil || c.inAggregate {
		return nil, c.notAllowed("grouping operations", pgerr.GroupingError, e.Pos)
	}
	if len(e.Args) > 31 {
		return nil, pgerr.New(pgerr.SyntaxError, "GROUPING must have fewer than 32 arguments").At(e.Pos)
	}
	in := *c.aggs.input
	in.name, in.pending = "GROUPING", nil
	call := groupingCall{}
	for _, a := range e.Args {
		x, err := in.bind(a)
		if err != nil {
			return nil, err
		}
		call.args, call.pos = append(call.args, x), append(call.pos, ast.Start(a))
	}
	call.id = c.b.cols.Add(logical.Column{Name: "grouping", T: types.Of(types.Int4)})
	c.aggs.groupings = append(c.aggs.groupings, call)
	return c.b.cols.Ref(call.id), nil
}

// value gives the bits for a set of a GROUP BY's expressions.
func (g *groupingCall) value(by *groupBy, set []int) (expr.Expr, error) {
	bits := int64(0)
	for i, a := range g.args {
		at := -1
		for n, x := range by.exprs {
			if expr.Equal(a, x) {
				at = n
			}
		}
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

// buildSets groups the same input by each set, and puts the results one after the other: columns that a set lacks are
// NULL.
func (a *aggregation) buildSets(input logical.Node, g *grouping, by *groupBy, targets []target) (logical.Node, error) {
	b := a.b
	m := b.compute(input)
	cols := make([]logical.ColID, len(by.exprs))
	for i, e := range by.exprs {
		cols[i] = m.column(e, groupName(e, targets))
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
	for _, set := range by.sets {
		if err := b.grow(2); err != nil {
			return nil, err
		}
		node, from, err := a.oneSet(input, cols, aggs, by, set)
		if err != nil {
			return nil, err
		}
		u.In, u.From = append(u.In, node), append(u.From, from)
	}
	return u, nil
}

// oneSet groups by one set.
func (a *aggregation) oneSet(input logical.Node, cols []logical.ColID, aggs []logical.Agg, by *groupBy, set []int) (logical.Node, []logical.ColID, error) {
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
			return nil, nil, err
		}
		add(a.groupings[i].id, v)
	}
	return p, from, nil
}
