package bind

import (
	"slices"
	"strings"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
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

type aggCall struct {
	id       logical.ColID
	fn       *agg.Function
	args     []expr.Expr
	filter   expr.Expr
	distinct bool
	params   []expr.Expr
}

// aggregateNames are aggregates of PostgreSQL's that the registry may lack: they are reported as such rather than as
// unknown functions.
var aggregateNames = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bit_and bit_or bit_xor
		corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
		percentile_cont percentile_disc mode xmlagg range_agg any_value`) {
		m[n] = true
	}
	return m
}()

// orderFree are the aggregates whose result does not depend on the order of their input, so that an ORDER BY inside the
// call means nothing.
var orderFree = map[string]bool{
	"count": true, "sum": true, "avg": true, "min": true, "max": true, "bool_and": true, "bool_or": true, "every": true,
	"bit_and": true, "bit_or": true, "bit_xor": true, "var_pop": true, "var_samp": true, "variance": true,
	"stddev": true, "stddev_pop": true, "stddev_samp": true,
}

// aggregate binds an aggregate's call and gives the column of its result.
func (c *clause) aggregate(e *ast.FuncCall) (expr.Expr, error) {
	name := e.Name.Name
	switch {
	case len(agg.Lookup(name)) == 0:
		return nil, pgerr.Unsupported("the aggregate function " + name).At(e.Pos)
	case e.WithinGroup:
		return nil, pgerr.Unsupported("the ordered-set aggregate " + name).At(e.Pos)
	case e.Variadic:
		return nil, pgerr.Unsupported("VARIADIC in an aggregate's arguments").At(e.Pos)
	case len(e.OrderBy) > 0 && !orderFree[name]:
		return nil, pgerr.Unsupported("ORDER BY in the aggregate function " + name).At(e.Pos)
	case e.Distinct && e.Star:
		return nil, pgerr.New(pgerr.SyntaxError, "DISTINCT specified with *").At(e.Pos)
	}
	in := &clause{b: c.b, scope: c.scope, name: "aggregate arguments", inAggregate: true}
	call, err := c.aggregateArgs(e, in)
	if err != nil {
		return nil, err
	}
	own, err := c.aggregateLevel(call, in, e.Pos)
	if err != nil {
		return nil, err
	}
	for i := range own.calls {
		if own.calls[i].same(call) {
			return c.b.cols.Ref(own.calls[i].id), nil
		}
	}
	own.calls = append(own.calls, *call)
	own.input.pending = append(own.input.pending, in.pending...)
	return c.b.cols.Ref(call.id), nil
}

// aggregateLevel finds the query that an aggregate belongs to: the innermost of those whose columns its arguments read, and
// its own where they read none. For a subquery within, an outer query's aggregate is a value from outside.
func (c *clause) aggregateLevel(call *aggCall, in *clause, pos int) (*aggregation, error) {
	used := logical.ExprsCols(call.args)
	if call.filter != nil {
		used.Union(logical.ExprCols(call.filter))
	}
	for _, p := range in.pending {
		used.Union(logical.Free(p.node))
	}
	level := c
	for s := c.scope; s != nil; s = s.outer {
		if s.gives(used) {
			break
		}
		if s.outer == nil {
			level = c
			break
		}
		level = s.within
	}
	switch {
	case level == nil:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate functions are not allowed in FROM clause of their own query level").At(pos)
	case level.inAggregate:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate function calls cannot be nested").At(pos)
	case level.aggs == nil:
		return nil, level.notAllowed("aggregate functions", pgerr.GroupingError, pos)
	case level.aggs.recursive:
		return nil, pgerr.New(pgerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term").At(pos)
	}
	return level.aggs, nil
}

// aggregateArgs binds what is inside of an aggregate's call in the clause in, and chooses the function.
func (c *clause) aggregateArgs(e *ast.FuncCall, in *clause) (*aggCall, error) {
	name := e.Name.Name
	call := &aggCall{distinct: e.Distinct}
	var ts []types.T
	var pos []int
	for _, a := range e.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			return nil, pgerr.Unsupported("named arguments of aggregate functions").At(n.Pos)
		}
		x, err := in.bind(a)
		if err != nil {
			return nil, err
		}
		call.args, ts, pos = append(call.args, x), append(ts, x.Type()), append(pos, ast.Start(a))
	}
	for _, o := range e.OrderBy { // for its errors
		if _, err := in.bind(o.Expr); err != nil {
			return nil, err
		}
	}
	fn, argTypes, ret, err := agg.Resolve(name, ts, e.Star)
	if err != nil {
		return nil, at(err, e.Pos)
	}
	call.fn = fn
	for i := range call.args {
		if call.args[i], err = in.coerce(call.args[i], argTypes[i], implicit, pos[i]); err == nil {
			call.args[i], err = in.typed(call.args[i], pos[i])
		}
		if err != nil {
			return nil, err
		}
	}
	if e.Filter != nil {
		f := *in
		f.name = "FILTER"
		if call.filter, err = f.bindBool(e.Filter, "FILTER"); err != nil {
			return nil, err
		}
		in.pending = f.pending
	}
	if e.Distinct && len(call.args) > 0 {
		if _, err := c.equality(call.args[0].Type(), e.Pos); err != nil {
			return nil, err
		}
		if len(call.args) > 1 {
			return nil, pgerr.Unsupported("DISTINCT in an aggregate of several arguments").At(e.Pos)
		}
	}
	call.id = c.b.cols.Add(logical.Column{Name: name, T: ret})
	return call, nil
}

func (a *aggCall) same(o *aggCall) bool {
	return a.fn == o.fn && a.distinct == o.distinct && expr.Equal(a.filter, o.filter) && slices.EqualFunc(a.args, o.args, expr.Equal) &&
		!slices.ContainsFunc(a.args, func(e expr.Expr) bool { return expr.VolatilityOf(e) == expr.Volatile })
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
	node.Aggs = a.aggs(m)
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

// aggs makes the calls over columns.
func (a *aggregation) aggs(m *computed) []logical.Agg {
	var out []logical.Agg
	for i := range a.calls {
		call := &a.calls[i]
		x := logical.Agg{Col: call.id, Func: call.fn, Distinct: call.distinct, Params: call.params}
		for _, e := range call.args {
			x.Args = append(x.Args, m.column(e, "arg"))
		}
		if call.filter != nil {
			x.Filter = m.column(call.filter, "filter")
		}
		out = append(out, x)
	}
	return out
}

// finish completes the aggregation once all that reads it is known: with columns that depend on the group, and the
// values of GROUPING.
func (g *grouping) finish(n logical.Node) logical.Node {
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
		if expr.Equal(e, x) {
			if _, same := e.(*expr.Column); same && !g.renamed {
				return e
			}
			return g.b.cols.Ref(g.cols[i])
		}
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if _, ok := x.(*expr.Column); ok && !g.renamed {
			return x
		}
		for i, y := range g.exprs {
			if expr.Equal(x, y) {
				return g.b.cols.Ref(g.cols[i])
			}
		}
		return x
	})
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
	scan := g.b.scans[id]
	if g.renamed || scan == nil || len(scan.Relation.Key) == 0 {
		return false
	}
	for _, k := range scan.Relation.Key {
		if i := slices.Index(scan.Attrs, k); i < 0 || !slices.Contains(g.cols, scan.Cols[i]) {
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
