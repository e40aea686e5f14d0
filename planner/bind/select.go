package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// selectOptions vary how a query is bound.
type selectOptions struct {
	locking []*ast.Locking
	top     bool // the statement itself
	// keepUnknown leaves columns that are untyped literals for the caller to type; see Rel.Literals.
	keepUnknown bool
}

// bindSelect binds a query. outside is what is around it: its names are visible within.
func (b *Binder) bindSelect(q *ast.Select, s *scope, opt selectOptions) (*Rel, error) {
	if err := b.grow(1); err != nil {
		return nil, err
	}
	switch {
	case q.Into != nil:
		return nil, pgerr.New(pgerr.SyntaxError, "SELECT ... INTO is not allowed here").At(q.Into.Name.Pos)
	case len(q.Locking) > 0 && (b.env.View || b.viewDepth > 0):
		// In a session's own query a lock is not needed: a transaction whose reads have changed does not commit.
		return nil, pgerr.Unsupported("FOR UPDATE in a view").At(q.Locking[0].Pos)
	case q.Emit == ast.EmitOnWindowClose || q.Emit == ast.EmitFinal || q.Emit == ast.EmitOnUpdateFinal || q.Late != nil:
		return nil, pgerr.Unsupported("EMIT ON WINDOW CLOSE other than at the end of a materialized view").
			WithHint("Create a materialized view with it, and query that.").At(q.Pos)
	}
	if q.AsOf != nil {
		x := *q
		x.AsOf = nil
		var rel *Rel
		err := b.asOfScope(q.AsOf, s, "AS OF", func() (err error) {
			rel, err = b.bindSelect(&x, s, opt)
			return err
		})
		return rel, err
	}
	s, ctes, err := b.with(q.With, s, opt.top)
	if err != nil {
		return nil, err
	}
	opt.locking = q.Locking
	plain := len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil
	opt.keepUnknown = opt.keepUnknown && plain
	var rel *Rel
	switch body := q.Body.(type) {
	case *ast.SelectCore:
		rel, err = b.bindCore(body, q.OrderBy, s, opt)
	case *ast.Values:
		if rel, err = b.bindValues(body, s, opt); err == nil {
			err = b.orderByOutput(rel, q.OrderBy, s, "VALUES")
		}
	case *ast.SetOp:
		if len(q.Locking) > 0 {
			return nil, lockingWith(lockNames[q.Locking[0].Strength], "UNION/INTERSECT/EXCEPT")
		}
		if rel, err = b.bindSetOp(body, s); err == nil {
			err = b.orderByOutput(rel, q.OrderBy, s, "UNION/INTERSECT/EXCEPT")
		}
	case *ast.Select:
		rel, err = b.bindSelect(body, s, opt)
		if err == nil && !plain {
			rel = &Rel{Node: rel.Finish(), Cols: rel.Cols}
			err = b.orderByOutput(rel, q.OrderBy, s, "UNION/INTERSECT/EXCEPT")
		}
	default:
		return nil, pgerr.Unsupported("this form of a query").At(q.Pos)
	}
	if err != nil {
		return nil, err
	}
	if err := b.limits(rel, q, s); err != nil {
		return nil, err
	}
	return rel, b.unused(ctes)
}

// core is one SELECT ... FROM ... being bound.
type core struct {
	b       *Binder
	ast     *ast.SelectCore
	scope   *scope
	targets []target
	aggs    *aggregation
	windows *windowCalls
	sets    *setCalls
	list    *clause // the select list and ORDER BY
}

// bindCore binds one SELECT ... FROM ... with the ORDER BY that belongs to it, in the order of evaluation.
func (b *Binder) bindCore(q *ast.SelectCore, order []*ast.OrderItem, outside *scope, opt selectOptions) (*Rel, error) {
	s := &scope{outer: outside.outer, within: outside.within, hidden: outside.hidden, ctes: outside.ctes, level: outside.level}
	if q.TimeWindow != nil {
		var err error
		if q, err = timeWindow(q); err != nil {
			return nil, err
		}
	}
	k := &core{b: b, ast: q, scope: s, windows: &windowCalls{defs: q.Windows}, sets: &setCalls{}}
	if err := checkWindowNames(q.Windows); err != nil {
		return nil, err
	}
	node, err := b.bindFrom(q.From, s)
	if err != nil {
		return nil, err
	}
	if q.Where != nil {
		if node, err = b.clause(s, "WHERE").where(node, q.Where); err != nil {
			return nil, err
		}
	}
	input := b.clause(s, "aggregate arguments")
	k.aggs = &aggregation{b: b, input: input, recursive: hasRecursive(s.items)}
	k.list = &clause{b: b, scope: s, name: "SELECT", aggs: k.aggs, windows: k.windows, sets: k.sets}
	if k.targets, err = k.bindTargets(opt.keepUnknown && !q.Distinct); err != nil {
		return nil, err
	}
	if err := k.list.checkWindows(); err != nil {
		return nil, err
	}
	group, err := k.bindGroupBy(input)
	if err != nil {
		return nil, err
	}
	having, havingPreds, havingSemis, err := k.bindHaving(group)
	if err != nil {
		return nil, err
	}
	sorts, err := k.bindOrderBy(order)
	if err != nil {
		return nil, err
	}
	distinctOn, err := k.bindDistinctOn()
	if err != nil {
		return nil, err
	}
	qualify, err := k.bindQualify()
	if err != nil {
		return nil, err
	}
	node = group.setCalls.apply(input.attach(node))
	if len(q.GroupBy) > 0 || q.Having != nil || len(k.aggs.calls) > 0 || len(k.aggs.groupings) > 0 {
		g := &grouping{b: b, exprs: group.exprs, constants: group.constants}
		g.same = group.sameSubqueries(having, k.list)
		k.sets.without(group.setCalls, b, g.same)
		g.local.AddAll(node.Output())
		if node, err = k.aggs.build(node, g, group, k.targets); err != nil {
			return nil, err
		}
		if err := k.regroup(g, having, havingPreds, havingSemis, sorts, distinctOn, qualify); err != nil {
			return nil, err
		}
		node = having.applyWhere(g.finish(node), havingPreds, havingSemis)
	}
	late := k.overWindows()
	node = k.windows.apply(b, k.list.attach(node))
	k.list.pending = late
	node = k.list.attach(node)
	if len(qualify.preds) > 0 {
		node = logical.NewFilter(node, qualify.preds...)
	}
	node = k.sets.apply(node)
	if err := k.checkLocking(opt.locking); err != nil {
		return nil, err
	}
	rel, err := k.project(node, sorts, distinctOn)
	if err == nil {
		rel.scope = s
	}
	return rel, err
}

// overWindows takes out the subqueries that read the results of window functions: rank() OVER (...) IN (SELECT ...).
func (k *core) overWindows() []pending {
	var results logical.ColSet
	for i := range k.windows.calls {
		results.Add(k.windows.calls[i].id)
	}
	if results.Empty() {
		return nil
	}
	var early, late []pending
	for _, p := range k.list.pending {
		if logical.Free(p.node).Intersects(results) {
			late = append(late, p)
			results.AddAll(p.node.Output())
		} else {
			early = append(early, p)
		}
	}
	k.list.pending = early
	return late
}

func checkWindowNames(defs []*ast.WindowDef) error {
	seen := map[string]bool{}
	for _, d := range defs {
		if seen[d.Name] {
			return pgerr.New(pgerr.WindowingError, "window \"%s\" is already defined", d.Name).At(d.Pos)
		}
		seen[d.Name] = true
	}
	return nil
}

// predicates is a list of conditions, boxed so that it may be rewritten.
type predicates struct{ preds []expr.Expr }

func (k *core) bindQualify() (*predicates, error) {
	if k.ast.Qualify == nil {
		return &predicates{}, nil
	}
	c := k.list.child("QUALIFY")
	c.sets = nil
	c.outputs = func(e *ast.ColumnRef) (expr.Expr, error) {
		i, err := k.outputName(e, "QUALIFY")
		if i < 0 || err != nil {
			return nil, err
		}
		t := &k.targets[i]
		switch {
		case t.bound == nil:
			return t.literal, nil
		case k.sets.read(t.bound):
			return nil, pgerr.New(pgerr.FeatureNotSupported, "set-returning functions are not allowed in QUALIFY").At(e.Pos)
		}
		return t.bound, nil
	}
	preds, err := c.conjuncts(k.ast.Qualify, "QUALIFY")
	k.list.pending = append(k.list.pending, c.pending...)
	return &predicates{preds}, err
}

func (k *core) bindHaving(group *groupBy) (*clause, []expr.Expr, []*semi, error) {
	c := k.list.child("HAVING")
	c.exact = len(group.subqueries) > 0
	c.windows, c.sets = nil, nil
	if k.ast.Having == nil {
		return c, nil, nil, nil
	}
	preds, semis, err := c.bindWhere(k.ast.Having, "HAVING")
	return c, preds, semis, err
}

// regroup makes everything that is evaluated after an aggregation read its result.
func (k *core) regroup(g *grouping, having *clause, preds []expr.Expr, semis []*semi, sorts []sortExpr, on []expr.Expr, qualify *predicates) error {
	replace := func(e expr.Expr) (expr.Expr, error) {
		e = g.replace(logical.RenameExpr(e, g.same))
		return e, g.check(e)
	}
	all := func(es []expr.Expr) error {
		for i := range es {
			x, err := replace(es[i])
			if err != nil {
				return err
			}
			es[i] = x
		}
		return nil
	}
	for i := range k.targets {
		if k.targets[i].bound == nil {
			continue
		}
		x := g.item(i, logical.RenameExpr(k.targets[i].bound, g.same))
		if err := g.check(x); err != nil {
			return err
		}
		k.targets[i].bound = x
	}
	if err := all(preds); err != nil {
		return err
	}
	for _, s := range semis {
		p := []pending{{node: s.node}}
		if err := g.checkPending(p); err != nil {
			return err
		}
		s.node = p[0].node
		if err := all(s.on); err != nil {
			return err
		}
	}
	for i := range sorts {
		x := g.item(sorts[i].target-1, logical.RenameExpr(sorts[i].expr, g.same))
		if err := g.check(x); err != nil {
			return err
		}
		sorts[i].expr = x
	}
	for i := range k.windows.calls {
		for _, e := range k.windows.calls[i].exprs() {
			x, err := replace(*e)
			if err != nil {
				return err
			}
			*e = x
		}
	}
	for _, level := range k.sets.levels {
		for _, f := range level {
			if err := all(f.Args); err != nil {
				return err
			}
		}
	}
	if err := all(on); err != nil {
		return err
	}
	if err := all(qualify.preds); err != nil {
		return err
	}
	if err := g.checkPending(having.pending); err != nil {
		return err
	}
	return g.checkPending(k.list.pending)
}

// project computes the select list, removes duplicates and orders.
func (k *core) project(node logical.Node, sorts []sortExpr, on []expr.Expr) (*Rel, error) {
	b := k.b
	rel := &Rel{}
	m := b.compute(node)
	for i := range k.targets {
		t := &k.targets[i]
		if t.literal != nil {
			rel.literal(i, t.literal)
			rel.Cols = append(rel.Cols, OutCol{Name: t.name})
			continue
		}
		rel.Cols = append(rel.Cols, OutCol{Name: t.name, ID: m.column(t.bound, t.name)})
	}
	plain := k.ast.Distinct && len(k.ast.DistinctOn) == 0
	if plain {
		// The order may only use what is selected.
		items := len(m.items)
		rel.Order = sortKeys(m, sorts, rel.ids())
		selected := logical.SetOf(rel.ids()...)
		for _, s := range rel.Order {
			if !selected.Has(s.Col) || len(m.items) > items {
				return nil, pgerr.New(pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list").
					At(unselected(sorts, k.targets))
			}
		}
		if err := k.comparable(rel); err != nil {
			return nil, err
		}
		node = b.cols.Extend(node, m.items...)
		rel.Node = &logical.Distinct{Input: b.cols.Narrow(node, rel.ids())}
		return rel, nil
	}
	rel.Order = sortKeys(m, sorts, rel.ids())
	if len(on) == 0 {
		rel.Node = b.cols.Extend(node, m.items...)
		return rel, nil
	}
	top := &logical.TopN{Order: rel.Order, Limit: &expr.Const{Value: types.NewInt(1), T: types.Of(types.Int8)}}
	var seen logical.ColSet
	for _, e := range on {
		if id := m.column(e, "distinct"); !seen.Has(id) && !logical.IsConstant(e) {
			seen.Add(id)
			top.Group = append(top.Group, id)
		}
	}
	covered := 0
	for _, o := range rel.Order {
		if seen.Has(o.Col) {
			covered++
			continue
		}
		if covered < len(top.Group) {
			return nil, pgerr.New(pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions").
				At(ast.Start(k.ast.DistinctOn[0]))
		}
		break
	}
	top.Input = b.cols.Extend(node, m.items...)
	rel.Node = top
	return rel, nil
}

// unselected is the position of the first sort expression that is not selected.
func unselected(sorts []sortExpr, targets []target) int {
	for _, s := range sorts {
		selected := s.target > 0 || logical.IsConstant(s.expr)
		for i := range targets {
			selected = selected || expr.Equal(targets[i].bound, s.expr)
		}
		if !selected {
			return s.pos
		}
	}
	return 0
}

// comparable checks that all selected columns can be compared, for DISTINCT.
func (k *core) comparable(rel *Rel) error {
	for i, c := range rel.Cols {
		if _, err := k.list.equality(k.b.cols.At(c.ID).T, k.targets[i].pos); err != nil {
			return err
		}
	}
	return nil
}
