package bind

import (
	"errors"
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/pgerr"
	"millrace/planner/logical"
)

// aggregation collects the aggregate calls of a query level. Their arguments are expressions over the level's input,
// which are computed before the aggregation.
type aggregation struct {
	b     *Binder
	input *clause // binds the arguments
	calls []aggCall
	// groupings are the calls of GROUPING.
	groupings []groupingCall
	// recursive: the level reads the recursive reference, which PostgreSQL does not aggregate.
	recursive bool
}

// computed makes columns of expressions over a plan: those that are columns of it already stay, equal ones are computed
// once. A column of an outer query becomes a column of its own, so that no column is both inside and outside of a plan.
type computed struct {
	b     *Binder
	have  logical.ColSet
	items []logical.Item
}

func (b *Binder) compute(over logical.Node) *computed {
	return &computed{b: b, have: logical.OutputSet(over)}
}

func (m *computed) column(e expr.Expr, name string) logical.ColID {
	if c, ok := e.(*expr.Column); ok && m.have.Has(c.Index) {
		return c.Index
	}
	volatile := expr.VolatilityOf(e) == expr.Volatile
	for _, it := range m.items {
		if !volatile && expr.Equal(it.Expr, e) {
			return it.Col
		}
	}
	id := m.b.cols.Add(logical.Column{Name: name, T: e.Type()})
	m.items = append(m.items, logical.Item{Col: id, Expr: e})
	return id
}

// grouping is the grouped form of a query level: what may be read after the aggregation.
type grouping struct {
	b     *Binder
	exprs []expr.Expr // the group's expressions, over the level's input
	cols  []logical.ColID
	// ids are the columns that exist after the aggregation.
	ids logical.ColSet
	// local are the columns of the level's input: an expression may not read them unless they are in ids.
	local logical.ColSet
	extra []logical.ColID // columns that depend on a table's key in the group
	// renamed: the group's columns have other numbers afterwards, since a grouping set may make them NULL.
	renamed bool
	// constants are the expressions that are constant, and the item of the select list that each is. Where a grouping set may
	// make it NULL only that item is, and an equal constant elsewhere is what it says.
	constants map[int]int
	sets      *setUnion // where there are grouping sets
	// same are the columns of subqueries that the group has, too, and what they are there.
	same  map[logical.ColID]expr.Expr
	node  *logical.Aggregate // of a plain GROUP BY
	items []logical.Item     // GROUPING
}

// build puts the aggregation on top of the level's input. The targets lend their names.
func (a *aggregation) build(input logical.Node, g *grouping, by *groupBy, targets []target) (logical.Node, error) {
	if by.sets != nil {
		return a.buildSets(input, g, by, targets)
	}
	m := a.b.compute(input)
	node := &logical.Aggregate{Grouped: len(by.exprs) > 0}
	for _, e := range by.exprs {
		id := m.column(e, groupName(e, targets))
		g.cols = append(g.cols, id)
		if !g.ids.Has(id) {
			g.ids.Add(id)
			node.Group = append(node.Group, id)
		}
	}
	var err error
	if node.Aggs, err = a.aggs(m, by.exprs, g.cols); err != nil {
		return nil, err
	}
	for i := range a.calls {
		g.ids.Add(a.calls[i].id)
	}
	g.node = node
	node.Input = a.b.cols.Extend(input, m.items...)
	if len(a.groupings) == 0 {
		return node, nil
	}
	var items []logical.Item
	for i := range a.groupings {
		all := make([]int, len(by.exprs))
		for n := range all {
			all[n] = n
		}
		v, err := a.groupings[i].value(by, all)
		if err != nil {
			return nil, err
		}
		items = append(items, logical.Item{Col: a.groupings[i].id, Expr: v})
		g.ids.Add(a.groupings[i].id)
	}
	g.items = items
	return node, nil
}

// groupName is the name of the select list's item that is grouped by.
func groupName(e expr.Expr, targets []target) string {
	for i := range targets {
		if targets[i].bound != nil && expr.Equal(targets[i].bound, e) {
			return targets[i].name
		}
	}
	return "group"
}

// aggs makes the calls over columns; group are those of the group, whose expressions exprs are.
func (a *aggregation) aggs(m *computed, exprs []expr.Expr, group []logical.ColID) ([]logical.Agg, error) {
	direct := &grouping{b: a.b, exprs: exprs, cols: group, ids: logical.SetOf(group...), local: m.have, renamed: true}
	var out []logical.Agg
	for i := range a.calls {
		call := &a.calls[i]
		x := logical.Agg{Col: call.id, Func: call.fn, Distinct: call.distinct}
		for _, e := range call.direct {
			e = direct.replace(e)
			if err := direct.check(e); err != nil {
				return nil, onlyGrouped(err)
			}
			x.Params = append(x.Params, e)
		}
		if call.fn.Form == agg.Hypothetical {
			for _, e := range call.args[:len(call.order)] {
				if err := direct.check(direct.replace(e)); err != nil {
					return nil, onlyGrouped(err)
				}
			}
		}
		for _, e := range call.args {
			x.Args = append(x.Args, m.column(e, "arg"))
		}
		x.Order = aggOrder(m, call)
		if call.filter != nil {
			x.Filter = m.column(call.filter, "filter")
		}
		out = append(out, x)
	}
	return out, nil
}

// aggOrder gives the columns that a call's rows are in the order of. Of a hypothetical-set function each counts, as it belongs
// to an argument.
func aggOrder(m *computed, call *aggCall) []logical.SortKey {
	if call.fn.Form != agg.Hypothetical {
		return sortKeys(m, call.order, nil)
	}
	var keys []logical.SortKey
	for _, s := range call.order {
		keys = append(keys, logical.SortKey{Col: m.column(s.expr, "order"), Desc: s.desc, NullsFirst: s.nullsFirst})
	}
	return keys
}

func onlyGrouped(err error) error {
	var e *pgerr.Error
	if errors.As(err, &e) {
		e.WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
	}
	return err
}

// finish completes the aggregation once all that reads it is known: with columns that depend on the group, and the
// values of GROUPING.
func (g *grouping) finish(n logical.Node) logical.Node {
	if g.sets != nil {
		g.sets.carry()
	}
	if g.node != nil {
		g.node.Group, g.node.Dependent = append(g.node.Group, g.extra...), g.extra
	}
	return g.b.cols.Extend(n, g.items...)
}

// replace rewrites an expression over the level's input to one over the aggregation's result.
func (g *grouping) replace(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	for i, x := range g.exprs {
		if !g.apart(i) && expr.Equal(e, x) {
			if _, same := e.(*expr.Column); same && !g.renamed {
				return e
			}
			return g.b.cols.Ref(g.cols[i])
		}
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		col, ok := x.(*expr.Column)
		if ok && !g.renamed {
			return x
		}
		for i, y := range g.exprs {
			if !g.apart(i) && expr.Equal(x, y) {
				return g.b.cols.Ref(g.cols[i])
			}
		}
		if ok && g.sets != nil && g.local.Has(col.Index) && g.dependent(col.Index) {
			return g.b.cols.Ref(g.sets.carried(g, col.Index))
		}
		return x
	})
}

// apart reports whether an expression of the group is a constant that grouping sets make NULL in its own place only.
func (g *grouping) apart(i int) bool {
	_, constant := g.constants[i]
	return constant && g.sets != nil
}

// item rewrites an item of the select list, or what orders by it.
func (g *grouping) item(target int, e expr.Expr) expr.Expr {
	for i := range g.exprs {
		if of, ok := g.constants[i]; ok && of >= 0 && of == target && g.sets != nil {
			return g.b.cols.Ref(g.cols[i])
		}
	}
	return g.replace(e)
}

// check reports the first column in e that is neither grouped nor inside of an aggregate. A column of a table whose
// whole primary key is grouped depends on the group, and is let through.
func (g *grouping) check(e expr.Expr) error {
	var err error
	expr.Walk(e, func(x expr.Expr) bool {
		col, ok := x.(*expr.Column)
		if err != nil || !ok || !g.local.Has(col.Index) || g.ids.Has(col.Index) {
			return err == nil
		}
		if g.dependent(col.Index) {
			g.extra = append(g.extra, col.Index)
			g.ids.Add(col.Index)
			return true
		}
		ref := g.b.refs[col]
		if ref.label == "" {
			ref.label = g.b.label(col.Index)
		}
		err = pgerr.New(pgerr.GroupingError, "column \"%s\" must appear in the GROUP BY clause or be used in an aggregate function", ref.label).At(ref.pos)
		return false
	})
	return err
}

func (b *Binder) label(id logical.ColID) string {
	c := b.cols.At(id)
	if c.Rel == "" {
		return c.Name
	}
	return c.Rel + "." + c.Name
}

// dependent reports whether a column's value follows from grouped columns: those are its table's primary key.
func (g *grouping) dependent(id logical.ColID) bool {
	scan, cols := g.b.scans[id], g.cols
	if g.sets != nil {
		cols = g.sets.common
	} else if g.renamed {
		return false
	}
	if scan == nil || len(scan.Relation.Key) == 0 {
		return false
	}
	for _, k := range scan.Relation.Key {
		if i := slices.Index(scan.Attrs, k); i < 0 || !slices.Contains(cols, scan.Cols[i]) {
			return false
		}
	}
	return true
}

// checkPending checks that a subquery reads grouped columns only, and makes it read them.
func (g *grouping) checkPending(list []pending) error {
	for i := range list {
		list[i].node = logical.Transform(list[i].node, func(n logical.Node) logical.Node { return logical.MapExprs(logical.RenameCols(n, g.same), g.replace) })
		for _, id := range logical.Free(list[i].node).List() {
			if !g.local.Has(id) || g.ids.Has(id) {
				continue
			}
			if g.dependent(id) {
				g.extra = append(g.extra, id)
				g.ids.Add(id)
				continue
			}
			return pgerr.New(pgerr.GroupingError, "subquery uses ungrouped column \"%s\" from outer query", g.b.label(id)).At(g.b.firstRef(id, list[i].pos))
		}
	}
	return nil
}

// firstRef is the position of the first reference to a column from a position on.
func (b *Binder) firstRef(id logical.ColID, from int) int {
	best := 0
	for c, ref := range b.refs {
		if c.Index == id && ref.pos >= from && (best == 0 || ref.pos < best) {
			best = ref.pos
		}
	}
	if best == 0 {
		return from
	}
	return best
}
