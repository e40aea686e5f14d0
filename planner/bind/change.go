package bind

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// Change is a bound UPDATE or DELETE. Source gives, for each affected row, all columns of the old row, hidden ones
// included, for an UPDATE then those of the new row, and then what RETURNING reads of other relations.
type Change struct {
	Relation *catalog.Relation
	Source   *Rel
	// Returning is over Source's columns; nil without.
	Returning *Returning
	// Checks are what the check options of a view that was named ask of the new rows.
	Checks []ViewCheck
}

// changed is an UPDATE or DELETE being bound.
type changed struct {
	b      *Binder
	rel    *catalog.Relation
	view   *viewTarget // that the statement names in the place of rel; nil for rel itself
	scan   *logical.Scan
	scope  *scope // the target, then the other relations
	node   logical.Node
	others bool
	ctes   []*cte
	old    []logical.ColID // the target's row as it is, where parts of it are assigned
	parts  []int           // columns of which a part is assigned
}

// begin binds the target, the other relations and the condition.
func (b *Binder) begin(table *ast.TableName, others []ast.TableExpr, with withClause, where ast.Expr, verb string) (*changed, error) {
	rel, view, err := b.writable(table.ObjectName, verb)
	if err != nil {
		return nil, err
	}
	outside, ctes, err := b.with(with.ast, with.outside, with.top)
	if err != nil {
		return nil, err
	}
	alias := table.Name
	if table.Alias != nil {
		alias = table.Alias.Name
	}
	ch := &changed{b: b, rel: rel, view: view, others: len(others) > 0, ctes: ctes}
	f, err := ch.target(table, alias)
	if err != nil {
		return nil, err
	}
	ch.scope = &scope{items: f.items, ctes: outside.ctes}
	if ch.others {
		if rel.Key == nil {
			return nil, pgerr.Unsupported("changing a table without a key by a join").At(table.Pos)
		}
		s := &scope{hidden: f.items, ctes: outside.ctes}
		node, err := b.bindFrom(others, s)
		if err != nil {
			return nil, err
		}
		if err := checkAliases(f.items, s.items, others[0].Position()); err != nil {
			return nil, err
		}
		ch.scope.items = append(ch.scope.items, s.items...)
		ch.node = &logical.Join{Kind: physical.Inner, Left: ch.node, Right: node}
	}
	if where != nil {
		if ch.node, err = b.clause(ch.scope, "WHERE").where(ch.node, where); err != nil {
			return nil, err
		}
	}
	return ch, nil
}

// target makes the plan of the target's rows and its namespace entry.
func (ch *changed) target(table *ast.TableName, alias string) (*from, error) {
	var cols []scopeCol
	if ch.view != nil {
		ch.scan, ch.node = ch.view.scan, ch.view.node
		for _, c := range ch.view.cols {
			cols = append(cols, scopeCol{name: c.name, id: c.id})
		}
		return ch.b.aliased(ch.node, cols, ch.view.view.Name, ch.view.view.Schema, table.Alias)
	}
	ch.scan = ch.b.scan(ch.rel, alias)
	ch.node = ch.scan
	for i := range ch.rel.Columns {
		cols = append(cols, scopeCol{name: ch.rel.Columns[i].Name, id: ch.scan.Cols[i], hidden: ch.rel.Columns[i].Hidden})
	}
	return ch.b.aliased(ch.scan, cols, ch.rel.Name, ch.rel.Schema, table.Alias)
}

// column finds a column that is assigned to.
func (ch *changed) column(c *ast.InsertColumn) (int, error) {
	if ch.view != nil {
		return ch.view.column(c, "update")
	}
	return targetColumn(ch.rel, c)
}

// once takes one of the rows of a join for each row of the target: as in PostgreSQL, which one is not defined when
// several match.
func (ch *changed) once(n logical.Node) logical.Node {
	if !ch.others {
		return n
	}
	one := &expr.Const{Value: types.NewInt(1), T: types.Of(types.Int8)}
	t := &logical.TopN{Input: n, Limit: one}
	for _, k := range ch.rel.Key {
		t.Group = append(t.Group, ch.scan.Cols[k])
	}
	return t
}

// withClause is the WITH clause of a statement that is the whole (top), or is itself in one, whose queries outside has.
type withClause struct {
	ast     *ast.With
	outside *scope
	top     bool
}

// Delete binds DELETE.
func (b *Binder) Delete(stmt *ast.Delete) (*Change, error) { return b.delete(stmt, &scope{}, true) }

func (b *Binder) delete(stmt *ast.Delete, outside *scope, top bool) (*Change, error) {
	ch, err := b.begin(stmt.Table, stmt.Using, withClause{stmt.With, outside, top}, stmt.Where, "delete from")
	if err != nil {
		return nil, err
	}
	out := &Change{Relation: ch.rel, Source: &Rel{Node: ch.once(ch.node)}}
	for i, id := range ch.scan.Cols {
		out.Source.Cols = append(out.Source.Cols, OutCol{ch.rel.Columns[i].Name, id})
	}
	if err := ch.returning(out, stmt.Returning, ch.scan.Cols, nil); err != nil {
		return nil, err
	}
	return out, b.unused(ch.ctes)
}

// Update binds UPDATE.
func (b *Binder) Update(stmt *ast.Update) (*Change, error) { return b.update(stmt, &scope{}, true) }

func (b *Binder) update(stmt *ast.Update, outside *scope, top bool) (*Change, error) {
	ch, err := b.begin(stmt.Table, stmt.From, withClause{stmt.With, outside, top}, stmt.Where, "update")
	if err != nil {
		return nil, err
	}
	c := b.clause(ch.scope, "UPDATE")
	values := make([]expr.Expr, len(ch.rel.Columns))
	ch.old = ch.scan.Cols
	for _, a := range stmt.Set {
		if err := ch.assign(c, a, values); err != nil {
			return nil, err
		}
	}
	p := &logical.Project{Input: c.attach(ch.node)}
	for _, id := range p.Input.Output() {
		p.Items = append(p.Items, logical.Item{Col: id, Expr: b.cols.Ref(id)})
	}
	out := &Change{Relation: ch.rel, Source: &Rel{}}
	news := make([]logical.ColID, len(values))
	for i, id := range ch.scan.Cols {
		out.Source.Cols = append(out.Source.Cols, OutCol{ch.rel.Columns[i].Name, id})
		if values[i] == nil {
			values[i] = b.cols.Ref(id)
		}
		news[i] = b.cols.Add(logical.Column{Name: ch.rel.Columns[i].Name, T: ch.rel.Columns[i].T})
		p.Items = append(p.Items, logical.Item{Col: news[i], Expr: values[i]})
	}
	for i, id := range news {
		out.Source.Cols = append(out.Source.Cols, OutCol{ch.rel.Columns[i].Name, id})
	}
	var node logical.Node = p
	var row *viewRow
	if ch.view != nil {
		if out.Checks, err = ch.view.checks(); err != nil {
			return nil, err
		}
		row = ch.view.row(b, news)
		node = b.cols.Extend(p, row.items...)
	}
	out.Source.Node = ch.once(node)
	if err := ch.returning(out, stmt.Returning, news, row); err != nil {
		return nil, err
	}
	return out, b.unused(ch.ctes)
}

// assign binds one item of SET.
func (ch *changed) assign(c *clause, a *ast.Assignment, values []expr.Expr) error {
	exprs := []ast.Expr{a.Value}
	var bound []expr.Expr
	if a.Multi {
		switch v := a.Value.(type) {
		case *ast.Row:
			exprs = v.Args
		case *ast.ScalarSubquery:
			if len(a.Columns) > 1 {
				var err error
				if bound, err = c.rowSubquery(v, len(a.Columns)); err != nil {
					return err
				}
			}
		}
		if bound == nil && len(exprs) != len(a.Columns) {
			return pgerr.New(pgerr.SyntaxError, "number of columns does not match number of values").At(a.Value.Position())
		}
	}
	for i, target := range a.Columns {
		col, err := ch.column(target)
		if err != nil {
			return err
		}
		if len(target.Path) > 0 {
			if values[col], err = ch.part(c, target, col, values[col], exprs, bound, i, a.Value.Position()); err != nil {
				return err
			}
			continue
		}
		if values[col] != nil && ch.view != nil {
			return pgerr.New(pgerr.SyntaxError, "multiple assignments to same column \"%s\"", ch.rel.Columns[col].Name)
		}
		if values[col] != nil {
			return pgerr.New(pgerr.SyntaxError, "multiple assignments to same column \"%s\"", target.Name).At(target.Pos)
		}
		if bound != nil {
			if err := mayUpdate(&ch.rel.Columns[col]); err != nil {
				return err
			}
			values[col], err = c.assignColumn(bound[i], &ch.rel.Columns[col], a.Value.Position())
		} else {
			values[col], err = ch.value(c, exprs[i], col)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// part binds an assignment to a part of a column: the first changes the column's old value, others what those before have
// made of it.
func (ch *changed) part(c *clause, target *ast.InsertColumn, col int, before expr.Expr, exprs []ast.Expr, bound []expr.Expr, i, pos int) (expr.Expr, error) {
	switch {
	case before == nil:
		before = c.b.cols.Ref(ch.old[col])
	case !slices.Contains(ch.parts, col):
		return nil, pgerr.New(pgerr.SyntaxError, "multiple assignments to same column \"%s\"", target.Name).At(target.Pos)
	}
	if err := mayUpdate(&ch.rel.Columns[col]); err != nil {
		return nil, err
	}
	p := &partAssignment{c: c, column: target.Name, at: target.Pos, pos: pos}
	if bound != nil {
		p.value = bound[i]
	} else {
		if _, ok := exprs[i].(*ast.Default); ok {
			return nil, partDefault(target)
		}
		var err error
		if p.value, err = c.bind(exprs[i]); err != nil {
			return nil, err
		}
		p.pos = ast.Start(exprs[i])
	}
	ch.parts = append(ch.parts, col)
	return p.assign(before, target.Path)
}

// mayUpdate refuses a value for a column that has its own.
func mayUpdate(c *catalog.Column) error {
	if c.Generated == catalog.StoredExpr || c.Generated == catalog.IdentityAlways {
		return generatedColumn(c, "column \"%s\" can only be updated to DEFAULT")
	}
	return nil
}

// value binds what one column is set to.
func (ch *changed) value(c *clause, e ast.Expr, col int) (expr.Expr, error) {
	if _, ok := e.(*ast.Default); ok {
		return ch.b.ColumnDefault(ch.rel, col)
	}
	if err := mayUpdate(&ch.rel.Columns[col]); err != nil {
		return nil, err
	}
	x, err := c.bind(e)
	if err != nil {
		return nil, err
	}
	return c.assignColumn(x, &ch.rel.Columns[col], ast.Start(e))
}

// returning binds a RETURNING list over the rows as they are afterwards (row; of a view that is updated, view), and over the other relations, whose columns
// are added to the source where they are read.
func (ch *changed) returning(out *Change, list []*ast.Target, row []logical.ColID, view *viewRow) error {
	if len(list) == 0 {
		return nil
	}
	target := *ch.scope.items[0]
	target.cols = slices.Clone(target.cols)
	switch {
	case view != nil:
		target.cols = view.item.cols
	case ch.view == nil:
		for i := range target.cols {
			target.cols[i].id = row[i]
		}
	}
	items := append([]*fromItem{&target}, ch.scope.items[1:]...)
	c := ch.b.clause(&scope{items: items, ctes: ch.scope.ctes}, "RETURNING")
	at := func(id logical.ColID) int {
		// From the end: an UPDATE's new row stands after the old one.
		for i := len(out.Source.Cols) - 1; i >= 0; i-- {
			if out.Source.Cols[i].ID == id {
				return i
			}
		}
		out.Source.Cols = append(out.Source.Cols, OutCol{ch.b.cols.At(id).Name, id})
		return len(out.Source.Cols) - 1
	}
	var err error
	rows := returned{at: at, cols: out.Source.ids}
	if view != nil {
		rows.view = &viewRow{absent: view.absent} // the source has what is computed
	}
	out.Returning, err = c.returning(list, rows)
	return err
}
