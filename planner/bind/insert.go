package bind

import (
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// Insert is a bound INSERT. One of Rows, Values and Source gives the new rows, with all the relation's columns in order;
// hidden ones are NULL.
type Insert struct {
	Relation *catalog.Relation
	// Rows: all values are constants.
	Rows *delta.Batch
	// Values: rows of expressions without columns.
	Values [][]expr.Expr
	// Source: a query.
	Source *Rel
	// Late are defaults that must be computed in the order in which Source's rows come, by column; Source has NULL there.
	Late map[int]expr.Expr
	// Conflict is ON CONFLICT; nil without.
	Conflict *Conflict
	// Returning is over the relation's columns; nil without.
	Returning *Returning
	// Checks are what the check options of a view that was named ask of the new rows.
	Checks []ViewCheck
}

// insertion is an INSERT being bound.
type insertion struct {
	b        *Binder
	stmt     *ast.Insert
	rel      *catalog.Relation
	view     *viewTarget // that the statement names in the place of rel; nil for rel itself
	targets  []int       // the relation's columns in the order of the values
	parts    bool        // some values are for parts of columns
	explicit bool
	scope    *scope
	ctes     []*cte
	defaults map[int]expr.Expr
}

// Insert binds INSERT.
func (b *Binder) Insert(stmt *ast.Insert) (*Insert, error) { return b.insert(stmt, &scope{}, true) }

// insert binds INSERT as the statement itself (top), or one of a WITH clause, which sees those of outside.
func (b *Binder) insert(stmt *ast.Insert, outside *scope, top bool) (*Insert, error) {
	rel, view, err := b.writable(stmt.Table, "insert into")
	if err != nil {
		return nil, err
	}
	in := &insertion{b: b, stmt: stmt, rel: rel, view: view, defaults: map[int]expr.Expr{}}
	if err := in.columns(); err != nil {
		return nil, err
	}
	if in.scope, in.ctes, err = b.with(stmt.With, outside, top); err != nil {
		return nil, err
	}
	in.scope = &scope{outer: in.scope.outer, within: in.scope.within, items: in.scope.items, hidden: []*fromItem{in.target()}, ctes: in.scope.ctes}
	out := &Insert{Relation: rel}
	if view != nil {
		if out.Checks, err = view.checks(); err != nil {
			return nil, err
		}
	}
	if err := in.source(out); err != nil {
		return nil, err
	}
	if out.Conflict, err = in.conflict(); err != nil {
		return nil, err
	}
	if len(stmt.Returning) > 0 {
		r := in.row()
		c := b.clause(&scope{items: []*fromItem{r.item}, ctes: in.scope.ctes}, "RETURNING")
		out.Returning, err = c.returning(stmt.Returning, returned{r.at, func() []logical.ColID { return r.ids }, r.view})
		if err != nil {
			return nil, err
		}
	}
	return out, b.unused(in.ctes)
}

// target is the relation where it must not be read: for messages.
func (in *insertion) target() *fromItem {
	if in.view != nil {
		it := &fromItem{name: in.view.view.Name, schema: in.view.view.Schema}
		for _, c := range in.view.cols {
			it.cols = append(it.cols, scopeCol{name: c.name})
		}
		return it
	}
	it := &fromItem{name: in.rel.Name, schema: in.rel.Schema}
	if in.stmt.Alias != "" {
		it.name, it.schema, it.own = in.stmt.Alias, "", in.rel.Name
	}
	for i := range in.rel.Columns {
		it.cols = append(it.cols, scopeCol{name: in.rel.Columns[i].Name, hidden: in.rel.Columns[i].Hidden})
	}
	return it
}

// insertedRow is a row of the relation as expressions see it.
type insertedRow struct {
	item *fromItem
	ids  []logical.ColID // of the relation's columns
	view *viewRow        // of the view that the statement names
}

// at says where a column stands in the row.
func (r *insertedRow) at(id logical.ColID) int { return slices.Index(r.ids, id) }

// row numbers the columns of a row of the relation.
func (in *insertion) row() *insertedRow {
	r := &insertedRow{ids: in.newCols()}
	if in.view != nil {
		r.view = in.view.row(in.b, r.ids)
		r.item = r.view.item
		if in.stmt.Alias != "" {
			r.item.own, r.item.name, r.item.schema = r.item.name, in.stmt.Alias, ""
		}
		return r
	}
	r.item = in.target()
	r.item.relVisible, r.item.colsVisible = true, true
	for i, id := range r.ids {
		r.item.cols[i].id = id
	}
	return r
}

// writable finds a relation that rows can be written to: a table or a stream, or the table that a view is over.
func (b *Binder) writable(name ast.ObjectName, verb string) (*catalog.Relation, *viewTarget, error) {
	r, err := b.Relation(name)
	if err != nil {
		return nil, nil, err
	}
	if r.Kind == catalog.View {
		v, err := b.changeableView(r, verb)
		if err != nil {
			return nil, nil, err
		}
		return v.base, v, nil
	}
	if err := b.mayWrite(r, name, verb); err != nil {
		return nil, nil, err
	}
	b.deps[r.ID] = true
	return r, nil, nil
}

// mayWrite refuses relations without rows of their own to change.
func (b *Binder) mayWrite(r *catalog.Relation, name ast.ObjectName, verb string) error {
	stream := verb == "insert into"
	switch r.Kind {
	case catalog.Table:
	case catalog.Stream:
		if !stream {
			return pgerr.New(pgerr.WrongObjectType, "cannot %s stream \"%s\"", verb, r.Name).
				WithDetail("A stream is append-only.").WithHint("Use a table for rows that change.").At(name.Pos)
		}
		if r.Query != "" {
			return pgerr.New(pgerr.WrongObjectType, "cannot insert into stream \"%s\"", r.Name).
				WithDetail("Its rows are computed by a query.").At(name.Pos)
		}
	case catalog.MaterializedView:
		return pgerr.New(pgerr.WrongObjectType, "cannot change materialized view \"%s\"", r.Name).At(name.Pos)
	case catalog.System:
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", r.Name).At(name.Pos)
	default:
		return pgerr.New(pgerr.WrongObjectType, "cannot change %s \"%s\"", r.Kind, r.Name).At(name.Pos)
	}
	return nil
}

// columns finds the target columns.
func (in *insertion) columns() error {
	in.explicit = in.stmt.Columns != nil
	if !in.explicit && in.view != nil {
		for i := range in.view.cols {
			in.targets = append(in.targets, in.view.cols[i].attr) // -1: it may be given no value
		}
		return nil
	}
	if !in.explicit {
		for i := range in.rel.Columns {
			if !in.rel.Columns[i].Hidden {
				in.targets = append(in.targets, i)
			}
		}
		return nil
	}
	for _, c := range in.stmt.Columns {
		i, err := in.column(c)
		if err != nil {
			return err
		}
		in.parts = in.parts || len(c.Path) > 0
		// Several parts of one column are not twice the same.
		if at := slices.Index(in.targets, i); at >= 0 && (len(c.Path) == 0 || len(in.stmt.Columns[at].Path) == 0) {
			if in.view != nil && in.stmt.Columns[at].Name != c.Name {
				return pgerr.New(pgerr.SyntaxError, "multiple assignments to same column \"%s\"", in.rel.Columns[i].Name)
			}
			return pgerr.New(pgerr.DuplicateColumn, "column \"%s\" specified more than once", c.Name).At(c.Pos)
		}
		in.targets = append(in.targets, i)
	}
	return nil
}

// column finds a target column.
func (in *insertion) column(c *ast.InsertColumn) (int, error) {
	if in.view != nil {
		return in.view.column(c, "insert into")
	}
	return targetColumn(in.rel, c)
}

// targetColumn finds a column that INSERT or UPDATE assigns to.
func targetColumn(rel *catalog.Relation, c *ast.InsertColumn) (int, error) {
	i := rel.ColumnIndex(c.Name)
	if i < 0 || rel.Columns[i].Hidden {
		var names []string
		for _, col := range rel.Columns {
			if !col.Hidden {
				names = append(names, col.Name)
			}
		}
		return 0, noTarget(c, rel.Name, names)
	}
	return i, nil
}

// noTarget is the error for a column that a relation with these does not have.
func noTarget(c *ast.InsertColumn, rel string, names []string) error {
	e := pgerr.New(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", c.Name, rel).At(c.Pos)
	if near := nearest(c.Name, names); near != "" {
		e.WithHint("Perhaps you meant the column \"%s\".", near)
	}
	return e
}

// source binds where the rows come from.
func (in *insertion) source(out *Insert) error {
	q := in.stmt.Query
	if q == nil {
		in.targets = nil
		return in.values(out, &ast.Values{Pos: in.stmt.Pos, Rows: [][]ast.Expr{{}}})
	}
	v, ok := q.Body.(*ast.Values)
	if ok && q.With == nil && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil {
		return in.values(out, v)
	}
	return in.query(out, q)
}

// values binds VALUES, whose cells may be DEFAULT and are converted to the columns' types one by one.
func (in *insertion) values(out *Insert, v *ast.Values) error {
	n := len(v.Rows[0])
	for _, row := range v.Rows {
		if len(row) != n {
			return pgerr.New(pgerr.SyntaxError, "VALUES lists must all be the same length").At(firstPos(row, v.Pos))
		}
	}
	if err := in.count(n, func(i int) int { return ast.Start(v.Rows[0][i]) }); err != nil {
		return err
	}
	late := map[int]expr.Expr{}
	rows, ok, err := in.constants(v, late)
	if err != nil || ok {
		out.Rows, out.Late = rows, late
		return err
	}
	c := in.b.clause(in.scope, "VALUES")
	cells := make([][]expr.Expr, len(v.Rows))
	for i, row := range v.Rows {
		cells[i] = make([]expr.Expr, len(in.rel.Columns))
		for j, e := range row {
			x, err := in.cell(c, e, j, cells[i][in.targets[j]])
			if err != nil {
				return err
			}
			cells[i][in.targets[j]] = x
		}
		if err := in.fill(cells[i]); err != nil {
			return err
		}
	}
	if len(c.pending) == 0 {
		out.Values = cells
		return nil
	}
	out.Source = in.relOf(in.b.valuesNode(c, in.newCols(), cells))
	return nil
}

// count compares the number of values with that of the target columns.
func (in *insertion) count(n int, pos func(int) int) error {
	switch {
	case n > len(in.targets) && len(in.targets) == 0 && in.stmt.Query == nil:
		return nil
	case n > len(in.targets):
		return pgerr.New(pgerr.SyntaxError, "INSERT has more expressions than target columns").At(pos(len(in.targets)))
	case in.view != nil && slices.Contains(in.targets[:n], -1):
		_, err := in.view.attr(slices.Index(in.targets, -1), "insert into")
		return err
	case n < len(in.targets) && in.explicit:
		return pgerr.New(pgerr.SyntaxError, "INSERT has more target columns than expressions").At(in.stmt.Columns[n].Pos)
	}
	return nil
}

// path is the part of its column that the j-th value is for; empty for all of it.
func (in *insertion) path(j int) []ast.Expr {
	if !in.explicit {
		return nil
	}
	return in.stmt.Columns[j].Path
}

// part is a column after an assignment of the j-th value to a part of it; before is what it was, nil for NULL.
func (in *insertion) part(c *clause, j int, before, value expr.Expr, pos int) (expr.Expr, error) {
	target := in.stmt.Columns[j]
	if before == nil {
		before = &expr.Const{Value: types.Null, T: in.rel.Columns[in.targets[j]].T}
	}
	p := &partAssignment{c: c, column: target.Name, at: target.Pos, value: value, pos: pos}
	return p.assign(before, target.Path)
}

// cell binds the j-th value of a row; before is what is there of its column already.
func (in *insertion) cell(c *clause, e ast.Expr, j int, before expr.Expr) (expr.Expr, error) {
	col := in.targets[j]
	if len(in.path(j)) > 0 {
		return in.partCell(c, e, j, before)
	}
	if _, ok := e.(*ast.Default); ok {
		return in.deflt(col)
	}
	if own, err := in.mayGive(col); !own || err != nil {
		if err != nil {
			return nil, err
		}
		return in.deflt(col)
	}
	x, err := c.bind(e)
	if err == nil {
		x, err = c.assignColumn(x, &in.rel.Columns[col], ast.Start(e))
	}
	if err != nil {
		return nil, err
	}
	return in.b.fold(x), nil
}

// partCell binds the j-th value of a row, which is for a part of a column.
func (in *insertion) partCell(c *clause, e ast.Expr, j int, before expr.Expr) (expr.Expr, error) {
	if _, ok := e.(*ast.Default); ok {
		return nil, partDefault(in.stmt.Columns[j])
	}
	if own, err := in.mayGive(in.targets[j]); !own || err != nil {
		if err != nil {
			return nil, err
		}
		return in.deflt(in.targets[j])
	}
	x, err := c.bind(e)
	if err == nil {
		x, err = in.part(c, j, before, x, ast.Start(e))
	}
	if err != nil {
		return nil, err
	}
	return in.b.fold(x), nil
}

// mayGive says whether a value that the statement gives for a column counts; false is that the default is taken in its place.
func (in *insertion) mayGive(col int) (bool, error) {
	c := &in.rel.Columns[col]
	switch {
	case c.Generated == catalog.GivenOrDefault:
		return true, nil
	case c.Generated == catalog.StoredExpr:
		return false, generatedColumn(c, "cannot insert a non-DEFAULT value into column \"%s\"")
	case in.stmt.Overriding == ast.OverridingUser:
		return false, nil
	case c.Generated == catalog.IdentityAlways && in.stmt.Overriding != ast.OverridingSystem:
		return false, generatedColumn(c, "cannot insert a non-DEFAULT value into column \"%s\"").(*pgerr.Error).
			WithHint("Use OVERRIDING SYSTEM VALUE to override.")
	}
	return true, nil
}

// generatedColumn refuses a value for a column that has its own.
func generatedColumn(c *catalog.Column, format string) error {
	e := pgerr.New(pgerr.GeneratedAlways, format, c.Name)
	if c.Generated == catalog.StoredExpr {
		return e.WithDetail("Column \"%s\" is a generated column.", c.Name)
	}
	return e.WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name)
}

// fill puts defaults where no value was given.
func (in *insertion) fill(row []expr.Expr) error {
	for i := range row {
		if row[i] == nil {
			x, err := in.deflt(i)
			if err != nil {
				return err
			}
			row[i] = x
		}
	}
	return nil
}

// deflt is a column's default; hidden columns have NULL, for the committer to fill.
func (in *insertion) deflt(col int) (expr.Expr, error) {
	if x, ok := in.defaults[col]; ok {
		return x, nil
	}
	x, err := in.b.ColumnDefault(in.rel, col)
	in.defaults[col] = x
	return x, err
}

// ColumnDefault is what a column is given where a statement gives it nothing.
func (b *Binder) ColumnDefault(rel *catalog.Relation, col int) (expr.Expr, error) {
	c := &rel.Columns[col]
	deflt, of := c.Default, "column "+c.Name
	for _, d := range b.env.Catalog.DomainChain(c.Domain) {
		if deflt == "" {
			deflt, of = d.Domain.Default, "domain "+d.Name
		}
	}
	if deflt == "" || c.Hidden || c.Generated == catalog.StoredExpr { // what is generated is computed from the whole row
		return &expr.Const{Value: types.Null, T: c.T}, nil
	}
	e, err := parser.ParseExpr(deflt)
	if err != nil {
		return nil, within(err, "default of "+of)
	}
	// A default means the same whatever the settings of the session that inserts.
	stored := New(&Env{Catalog: b.env.Catalog, SearchPath: b.env.SearchPath})
	x, err := stored.Assignment(e, nil, c.Name, c.T)
	if err != nil {
		return nil, within(err, "default of "+of)
	}
	return x, nil
}

// newCols numbers columns for the relation's row.
func (in *insertion) newCols() []logical.ColID {
	ids := make([]logical.ColID, len(in.rel.Columns))
	for i := range ids {
		c := &in.rel.Columns[i]
		ids[i] = in.b.cols.Add(logical.Column{Name: c.Name, T: c.T})
	}
	return ids
}

func (in *insertion) relOf(n logical.Node) *Rel {
	rel := &Rel{Node: n}
	for i, id := range n.Output()[:len(in.rel.Columns)] {
		rel.Cols = append(rel.Cols, OutCol{in.rel.Columns[i].Name, id})
	}
	return rel
}

// query binds INSERT ... SELECT: its columns are converted to the target columns' types, untyped literals are read
// as those.
func (in *insertion) query(out *Insert, q *ast.Select) error {
	rel, err := in.b.bindSelect(q, in.scope, selectOptions{keepUnknown: true})
	if err != nil {
		return err
	}
	pos := bodyPos(q.Body)
	if err := in.count(len(rel.Cols), pos); err != nil {
		return err
	}
	c := in.b.clause(&scope{hidden: in.scope.hidden, ctes: in.scope.ctes}, "INSERT")
	row := make([]expr.Expr, len(in.rel.Columns))
	for i := range rel.Cols {
		col := in.targets[i]
		own, err := in.mayGive(col)
		if err != nil {
			return err
		}
		if !own {
			continue
		}
		if len(in.path(i)) > 0 {
			if row[col], err = in.part(c, i, row[col], rel.expr(in.b, i), pos(i)); err != nil {
				return err
			}
			continue
		}
		if row[col], err = c.assignColumn(rel.expr(in.b, i), &in.rel.Columns[col], pos(i)); err != nil {
			return err
		}
	}
	given := make([]bool, len(row))
	for i := range row {
		given[i] = row[i] != nil
	}
	if err := in.fill(row); err != nil {
		return err
	}
	out.Late = map[int]expr.Expr{}
	for i := range row {
		if !given[i] && expr.VolatilityOf(row[i]) == expr.Volatile {
			out.Late[i], row[i] = row[i], &expr.Const{Value: types.Null, T: row[i].Type()}
		}
	}
	p := &logical.Project{Input: c.attach(rel.Finish())}
	for i, id := range in.newCols() {
		p.Items = append(p.Items, logical.Item{Col: id, Expr: row[i]})
	}
	out.Source = in.relOf(p)
	if len(rel.Order) > 0 && len(out.Late) > 0 {
		for _, o := range rel.Order {
			p.Items = append(p.Items, logical.Item{Col: o.Col, Expr: in.b.cols.Ref(o.Col)})
		}
		out.Source.Order = rel.Order
	}
	return nil
}
