package bind

import (
	"fmt"
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// viewTarget is a view whose rows can be changed: those of one table, the base, that a condition chooses.
type viewTarget struct {
	view *catalog.Relation
	base *catalog.Relation
	scan *logical.Scan // of base
	// node gives the base's columns of the view's rows, and the view's computed ones.
	node logical.Node
	cols []viewColumn
	// levels are the views that it is over, innermost first, and itself.
	levels []viewLevel
}

// viewLevel is the condition of one view.
type viewLevel struct {
	view   string
	option string      // catalog.CheckLocal, catalog.CheckCascaded
	preds  []expr.Expr // over scan's columns
	nested bool        // it has a subquery
}

// viewColumn is a column of an updatable view.
type viewColumn struct {
	name string
	id   logical.ColID // in node
	attr int           // the base's; -1: it is computed
	expr expr.Expr     // what computes it from scan's columns; nil for a subquery
}

// ViewCheck is a condition on new rows, over the table's columns, which a view's check option holds them to.
type ViewCheck struct {
	View string
	Expr expr.Expr
}

// notUpdatable says why a view is not automatically updatable, in PostgreSQL's words.
type notUpdatable struct{ why string }

func (e *notUpdatable) Error() string { return e.why + " are not automatically updatable." }

// verbs of messages, by that of the statement: gerund, and the event.
var viewVerbs = map[string][2]string{"insert into": {"inserting into", "INSERT"}, "update": {"updating", "UPDATE"}, "delete from": {"deleting from", "DELETE"}}

// changeableView finds what a change of a view changes.
func (b *Binder) changeableView(r *catalog.Relation, verb string) (*viewTarget, error) {
	v, err := b.viewTarget(r, verb != "delete from")
	if why, ok := err.(*notUpdatable); ok {
		return nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cannot %s view \"%s\"", verb, r.Name).WithDetail("%s", why.Error()).
			WithHint("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.",
				viewVerbs[verb][0], viewVerbs[verb][1], viewVerbs[verb][1])
	}
	return v, err
}

// Updatable reports why a query that is to be a view is not automatically updatable; "" where it is. It is an error where the
// view's check option cannot be held.
func (b *Binder) Updatable(r *catalog.Relation, q *ast.Select) (string, error) {
	v, err := b.viewQuery(r, q, true)
	if why, ok := err.(*notUpdatable); ok {
		return why.Error(), nil
	}
	if err == nil {
		_, err = v.checks()
	}
	return "", err
}

// viewTarget binds a view as the target of a change; assigned says that columns are, so that the view must have some.
func (b *Binder) viewTarget(r *catalog.Relation, assigned bool) (*viewTarget, error) {
	if b.viewDepth >= viewDepthMax {
		return nil, pgerr.New(pgerr.StatementTooComplex, "views are nested more than %d deep", viewDepthMax)
	}
	stmt, err := parser.ParseOne(r.Query)
	if err != nil {
		return nil, within(err, "view "+r.Schema+"."+r.Name)
	}
	q, ok := stmt.AST.(*ast.Select)
	if !ok {
		return nil, fmt.Errorf("the definition of view %q is not a query", r.Name)
	}
	path, widths := b.path, b.widths
	b.path, b.widths, b.viewDepth = r.SearchPath, r.Widths(), b.viewDepth+1
	defer func() { b.path, b.widths, b.viewDepth = path, widths, b.viewDepth-1 }()
	b.deps[r.ID] = true
	v, err := b.viewQuery(r, q, assigned)
	if err != nil {
		return nil, within(err, "view "+r.Schema+"."+r.Name)
	}
	for i := range v.cols {
		if i < len(r.Columns) {
			v.cols[i].name = r.Columns[i].Name
		}
	}
	return v, nil
}

// simpleQuery gives the SELECT of a view that may be updatable.
func simpleQuery(q *ast.Select) (*ast.SelectCore, error) {
	core, plain := q.Body.(*ast.SelectCore)
	_, setOp := q.Body.(*ast.SetOp)
	switch {
	case plain && (core.Distinct || len(core.DistinctOn) > 0):
		return nil, &notUpdatable{"Views containing DISTINCT"}
	case plain && len(core.GroupBy) > 0:
		return nil, &notUpdatable{"Views containing GROUP BY"}
	case plain && (core.Having != nil || core.Qualify != nil):
		return nil, &notUpdatable{"Views containing HAVING"}
	case setOp:
		return nil, &notUpdatable{"Views containing UNION, INTERSECT, or EXCEPT"}
	case q.With != nil:
		return nil, &notUpdatable{"Views containing WITH"}
	case q.Limit != nil || q.Offset != nil:
		return nil, &notUpdatable{"Views containing LIMIT or OFFSET"}
	case !plain:
		return nil, &notUpdatable{"Views that do not select from a single table or view"}
	}
	var aggregate, window bool
	for _, t := range core.Targets {
		ast.Walk(t.Expr, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncCall); ok {
				window = window || f.Over != nil
				aggregate = aggregate || f.Over == nil && isAggregate(f.Name.Name)
			}
			_, query := n.(*ast.Select)
			return !query
		})
	}
	switch {
	case aggregate:
		return nil, &notUpdatable{"Views that return aggregate functions"}
	case window:
		return nil, &notUpdatable{"Views that return window functions"}
	}
	return core, nil
}

// viewQuery binds a view's query as the target of a change.
func (b *Binder) viewQuery(r *catalog.Relation, q *ast.Select, assigned bool) (*viewTarget, error) {
	core, err := simpleQuery(q)
	if err != nil {
		return nil, err
	}
	v, s, err := b.viewSource(core, assigned)
	if err != nil {
		return nil, err
	}
	v.view = r
	level := viewLevel{view: r.Name, option: r.CheckOption}
	if core.Where != nil {
		w := b.clause(s, "WHERE")
		preds, semis, err := w.bindWhere(core.Where, "WHERE")
		if err != nil {
			return nil, err
		}
		level.nested = len(semis) > 0 || len(w.pending) > 0
		v.node = w.applyWhere(v.node, preds, semis)
		for _, p := range preds {
			over := overBase(p, v.cols)
			level.nested = level.nested || over == nil
			level.preds = append(level.preds, over)
		}
	}
	v.levels = append(slices.Clip(v.levels), level)
	if err := v.columns(b, core, s); err != nil {
		return nil, err
	}
	if assigned && !slices.ContainsFunc(v.cols, func(c viewColumn) bool { return c.attr >= 0 }) {
		return nil, &notUpdatable{"Views that have no updatable columns"}
	}
	return v, nil
}

// viewSource binds the one table or view that an updatable view is over.
func (b *Binder) viewSource(core *ast.SelectCore, assigned bool) (*viewTarget, *scope, error) {
	single := &notUpdatable{"Views that do not select from a single table or view"}
	if len(core.From) != 1 {
		return nil, nil, single
	}
	t, ok := core.From[0].(*ast.TableName)
	if !ok {
		return nil, nil, single
	}
	if t.Sample != nil {
		return nil, nil, &notUpdatable{"Views containing TABLESAMPLE"}
	}
	rel, err := b.Relation(t.ObjectName)
	if err != nil {
		return nil, nil, err
	}
	v := &viewTarget{}
	var cols []scopeCol
	switch rel.Kind {
	case catalog.View:
		inner, err := b.viewTarget(rel, assigned)
		if err != nil {
			return nil, nil, err
		}
		*v = viewTarget{base: inner.base, scan: inner.scan, node: inner.node, levels: inner.levels, cols: inner.cols}
		for _, c := range inner.cols {
			cols = append(cols, scopeCol{name: c.name, id: c.id})
		}
	case catalog.Table:
		b.deps[rel.ID] = true
		v.base, v.scan = rel, b.scan(rel, rel.Name)
		v.node = v.scan
		for i, id := range v.scan.Cols {
			c := &rel.Columns[i]
			cols = append(cols, scopeCol{name: c.Name, id: id, hidden: c.Hidden || i >= b.width(rel)})
			v.cols = append(v.cols, viewColumn{name: c.Name, id: id, attr: i, expr: b.cols.Ref(id)})
		}
	default:
		return nil, nil, single
	}
	f, err := b.aliased(v.node, cols, rel.Name, rel.Schema, t.Alias)
	if err != nil {
		return nil, nil, err
	}
	return v, &scope{items: f.items}, nil
}

// columns binds the view's select list over the columns that v has of what it is over.
func (v *viewTarget) columns(b *Binder, core *ast.SelectCore, s *scope) error {
	c := b.clause(s, "SELECT")
	c.sets = &setCalls{}
	targets, err := c.targets(core.Targets, false)
	if err != nil {
		return err
	}
	if len(c.sets.levels) > 0 {
		return &notUpdatable{"Views that return set-returning functions"}
	}
	below := v.cols
	v.node = c.attach(v.node)
	var items []logical.Item
	v.cols = make([]viewColumn, len(targets))
	for i, t := range targets {
		col := viewColumn{name: t.name, attr: -1}
		if k, ok := t.bound.(*expr.Column); ok {
			if at := slices.IndexFunc(below, func(x viewColumn) bool { return x.id == k.Index }); at >= 0 {
				col = below[at]
				col.name = t.name
			}
		}
		if col.id == 0 {
			col.id = b.cols.Add(logical.Column{Name: t.name, T: t.bound.Type()})
			items = append(items, logical.Item{Col: col.id, Expr: t.bound})
			col.expr = overBase(t.bound, below)
		}
		v.cols[i] = col
	}
	v.node = b.cols.Extend(v.node, items...)
	return nil
}

// overBase puts what computes them in the place of a view's columns; nil where that takes a subquery.
func overBase(e expr.Expr, cols []viewColumn) expr.Expr {
	ok := true
	out := expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		k, column := x.(*expr.Column)
		if !column {
			return x
		}
		at := slices.IndexFunc(cols, func(c viewColumn) bool { return c.id == k.Index })
		if at < 0 || cols[at].expr == nil {
			ok = false
			return x
		}
		return cols[at].expr
	})
	if !ok {
		return nil
	}
	return out
}

// checks lists what the check options of the view and of those that it is over ask of new rows, the innermost first. A cascaded
// one asks for the conditions of the views below, too.
func (v *viewTarget) checks() ([]ViewCheck, error) {
	var out []ViewCheck
	cascaded := false
	for _, l := range slices.Backward(v.levels) {
		if l.option == "" && !cascaded {
			continue
		}
		cascaded = cascaded || l.option == catalog.CheckCascaded
		if l.nested {
			return nil, pgerr.Unsupported("WITH CHECK OPTION of a view with subqueries")
		}
		if len(l.preds) > 0 {
			at := func(id logical.ColID) int { return slices.Index(v.scan.Cols, id) }
			out = append(out, ViewCheck{l.view, expr.RemapColumns(logical.Conjoin(l.preds), at)})
		}
	}
	slices.Reverse(out)
	return out, nil
}

// column finds the base's column that a view's is. target is where INSERT or UPDATE names it.
func (v *viewTarget) column(target *ast.InsertColumn, verb string) (int, error) {
	at := slices.IndexFunc(v.cols, func(c viewColumn) bool { return c.name == target.Name })
	if at < 0 {
		names := make([]string, len(v.cols))
		for i := range v.cols {
			names[i] = v.cols[i].name
		}
		return 0, noTarget(target, v.view.Name, names)
	}
	return v.attr(at, verb)
}

// attr gives the base's column that the view's column number i is.
func (v *viewTarget) attr(i int, verb string) (int, error) {
	if c := &v.cols[i]; c.attr < 0 {
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot %s column \"%s\" of view \"%s\"", verb, c.name, v.view.Name).
			WithDetail("View columns that are not columns of their base relation are not updatable.")
	}
	return v.cols[i].attr, nil
}

// viewRow is a row of a view made of a row of its base.
type viewRow struct {
	item *fromItem
	// items are the columns that are computed from those of the base's row. absent are those that take a subquery: they have an id
	// and no value.
	items  []logical.Item
	absent logical.ColSet
}

// row makes the row of the view over a row of its base, whose columns are ids.
func (v *viewTarget) row(b *Binder, ids []logical.ColID) *viewRow {
	r := &viewRow{item: &fromItem{name: v.view.Name, schema: v.view.Schema, relVisible: true, colsVisible: true}}
	names := map[logical.ColID]expr.Expr{}
	for i, id := range v.scan.Cols {
		names[id] = b.cols.Ref(ids[i])
	}
	for _, c := range v.cols {
		id := b.cols.Copy(c.id)
		switch {
		case c.attr >= 0:
			id = ids[c.attr]
		case c.expr != nil:
			r.items = append(r.items, logical.Item{Col: id, Expr: logical.RenameExpr(c.expr, names)})
		default:
			r.absent.Add(id)
		}
		r.item.cols = append(r.item.cols, scopeCol{name: c.name, id: id})
	}
	return r
}

// refuseAbsent refuses an expression that reads a column without a value.
func refuseAbsent(read, absent logical.ColSet, pos int) error {
	if read.Intersects(absent) {
		return pgerr.Unsupported("reading a column of a changed view that a subquery computes").At(pos)
	}
	return nil
}
