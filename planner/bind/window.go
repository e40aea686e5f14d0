package bind

import (
	"strings"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// windowCalls collects the ranking window functions of a query level.
type windowCalls struct {
	defs  []*ast.WindowDef // of the WINDOW clause
	calls []windowCall
}

type windowCall struct {
	id        logical.ColID
	rank      physical.RankKind
	partition []expr.Expr
	order     []sortExpr
}

// sortExpr is an item of an ORDER BY.
type sortExpr struct {
	expr             expr.Expr
	desc, nullsFirst bool
	pos              int
	target           int // the number of the select list's item that it is, from 1; 0 for an expression of its own
}

var ranks = map[string]physical.RankKind{"row_number": physical.RowNumberRank, "rank": physical.Rank, "dense_rank": physical.DenseRank}

func isWindowFunc(name string) bool {
	switch name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value", "nth_value":
		return true
	}
	return false
}

// windowCall binds f(...) OVER (...): the ranking functions, as a column that numbers rows.
func (c *clause) windowCall(e *ast.FuncCall) (expr.Expr, error) {
	name := e.Name.Name
	known := isWindowFunc(name) || len(agg.Lookup(name)) > 0 || aggregateNames[name]
	rank, ok := ranks[name]
	switch {
	case !known:
		if len(scalar.Lookup(name)) > 0 {
			return nil, pgerr.New(pgerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name).At(e.Pos)
		}
		_, err := c.call(name, e.Args, e.Variadic, e.Pos) // for the error
		if err == nil {
			err = pgerr.Unsupported("window function " + name).At(e.Pos)
		}
		return nil, err
	case c.inAggregate:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate function calls cannot contain window function calls").At(e.Pos)
	case c.inWindow:
		return nil, pgerr.New(pgerr.WindowingError, "window functions are not allowed in window definitions").At(e.Pos)
	case c.windows == nil:
		return nil, c.notAllowed("window functions", pgerr.WindowingError, e.Pos)
	case !ok:
		return nil, pgerr.Unsupported("window function " + name).At(e.Pos)
	case e.Filter != nil:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions").At(e.Pos)
	case e.Distinct:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions").At(e.Pos)
	case len(e.Args) > 0 || e.Star:
		args, err := c.bindAll(e.Args)
		if err == nil {
			_, err = scalar.Resolve(name, typesOf(args), false)
		}
		return nil, at(err, e.Pos)
	}
	w := windowCall{rank: rank}
	if err := c.windowDef(&w, e); err != nil {
		return nil, err
	}
	w.id = c.b.cols.Add(logical.Column{Name: name, T: types.Of(types.Int8)})
	c.windows.calls = append(c.windows.calls, w)
	return c.b.cols.Ref(w.id), nil
}

// windowDef reads a window's partition and order. A frame makes no difference to the ranking functions.
func (c *clause) windowDef(w *windowCall, e *ast.FuncCall) error {
	def := e.Over
	if def == nil {
		if def = c.namedWindow(e.OverName); def == nil {
			return pgerr.New(pgerr.UndefinedObject, "window \"%s\" does not exist", e.OverName).At(e.Pos)
		}
	}
	var chain []*ast.WindowDef
	for d := def; d != nil; {
		chain = append(chain, d)
		if d.Base == "" {
			break
		}
		base := c.namedWindow(d.Base)
		if base == nil || len(chain) > len(c.windows.defs) {
			return pgerr.New(pgerr.UndefinedObject, "window \"%s\" does not exist", d.Base).At(d.Pos)
		}
		if len(d.PartitionBy) > 0 {
			return pgerr.New(pgerr.WindowingError, "cannot override PARTITION BY clause of window \"%s\"", d.Base).At(d.Pos)
		}
		if len(d.OrderBy) > 0 && len(base.OrderBy) > 0 {
			return pgerr.New(pgerr.WindowingError, "cannot override ORDER BY clause of window \"%s\"", d.Base).At(d.Pos)
		}
		d = base
	}
	in := *c
	in.inWindow, in.sets = true, nil
	for _, d := range chain {
		for _, p := range d.PartitionBy {
			x, err := in.bind(p)
			if err == nil {
				x, err = in.typed(x, ast.Start(p))
			}
			if err == nil {
				_, err = in.equality(x.Type(), ast.Start(p))
			}
			if err != nil {
				return err
			}
			w.partition = append(w.partition, x)
		}
		for _, o := range d.OrderBy {
			x, err := in.bind(o.Expr)
			if err != nil {
				return err
			}
			s, err := in.sortKey(o, x)
			if err != nil {
				return err
			}
			w.order = append(w.order, s)
		}
	}
	c.pending = in.pending
	return nil
}

func (c *clause) namedWindow(name string) *ast.WindowDef {
	for _, d := range c.windows.defs {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// sortKey gives an ORDER BY item's direction, and checks that its type has an order.
func (c *clause) sortKey(o *ast.OrderItem, x expr.Expr) (sortExpr, error) {
	x, err := c.typed(x, ast.Start(o.Expr))
	if err != nil {
		return sortExpr{}, err
	}
	s := sortExpr{expr: x, desc: o.Desc, pos: ast.Start(o.Expr)}
	switch strings.TrimSpace(o.Using) {
	case "":
	case "<":
		s.desc = false
	case ">":
		s.desc = true
	default:
		return s, pgerr.New(pgerr.WrongObjectType, "operator %s is not a valid ordering operator", o.Using).
			WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.").At(o.Pos)
	}
	s.nullsFirst = o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && s.desc
	if scalar.Compare("<", x.Type()) == nil {
		return s, pgerr.New(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", x.Type().WithoutMod()).
			WithHint("Use an explicit ordering operator or modify the query.").At(ast.Start(o.Expr))
	}
	return s, nil
}

// apply numbers the rows of a plan for each call.
func (w *windowCalls) apply(b *Binder, n logical.Node) logical.Node {
	if len(w.calls) == 0 {
		return n
	}
	m := b.compute(n)
	var tops []*logical.TopN
	for i := range w.calls {
		call := &w.calls[i]
		t := &logical.TopN{RowNumber: call.id, Rank: call.rank}
		var seen logical.ColSet
		for _, p := range call.partition {
			if id := m.column(p, "partition"); !seen.Has(id) {
				seen.Add(id)
				t.Group = append(t.Group, id)
			}
		}
		t.Order = sortKeys(m, call.order, nil)
		tops = append(tops, t)
	}
	n = b.cols.Extend(n, m.items...)
	for _, t := range tops {
		t.Input = n
		n = t
	}
	return n
}

// sortKeys gives the columns of sort expressions; a column that came before, or is constant, decides nothing. targets
// are the columns of the select list.
func sortKeys(m *computed, order []sortExpr, targets []logical.ColID) []logical.SortKey {
	var keys []logical.SortKey
	var seen logical.ColSet
	for _, s := range order {
		if logical.IsConstant(s.expr) {
			continue
		}
		id := 0
		if s.target > 0 {
			id = targets[s.target-1]
		} else {
			id = m.column(s.expr, "order")
		}
		if seen.Has(id) {
			continue
		}
		seen.Add(id)
		keys = append(keys, logical.SortKey{Col: id, Desc: s.desc, NullsFirst: s.nullsFirst})
	}
	return keys
}
