package session

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/types"
)

// constraintNames are the names of constraints that are not built.
var constraintNames = map[ast.ConstraintKind]string{
	ast.ConstraintForeignKey: "FOREIGN KEY constraints", ast.ConstraintExclude: "EXCLUDE constraints",
}

// uniqueKey is a UNIQUE constraint of a table that is being defined.
type uniqueKey struct {
	name       string // "" to be chosen
	columns    []int
	nullsEqual bool
}

// givenCheck is a CHECK constraint of a table that is being defined.
type givenCheck struct {
	name string // "" to be chosen
	expr ast.Expr
}

func (b *columnBuilder) columnConstraint(at int, con *ast.ColumnConstraint) error {
	col := &b.r.Columns[at]
	if err := refuseTiming(con.Timing, con.Pos); err != nil {
		return err
	}
	switch con.Kind {
	case ast.ConstraintNull:
		return nil
	case ast.ConstraintNotNull:
		col.NotNull = true
		return nil
	case ast.ConstraintPrimaryKey:
		return b.primaryKey([]int{at}, con.Name, con.Pos)
	case ast.ConstraintUnique:
		return b.unique([]int{at}, con.Name, con.NullsNot, con.Pos)
	case ast.ConstraintCheck:
		b.given = append(b.given, &givenCheck{con.Name, con.Expr})
		return nil
	case ast.ConstraintDefault:
		return b.columnDefault(col, con)
	case ast.ConstraintGenerated:
		if b.r.Kind != catalog.Table {
			return pgerr.Unsupported("generated columns of a stream").At(con.Pos)
		}
		switch {
		case b.countedAt(at) && col.Generated != catalog.GivenOrDefault:
			return b.twice("identity and generation expression", col, con.Pos)
		case b.countedAt(at) || col.Default != "" && col.Generated == catalog.GivenOrDefault:
			return b.twice("default and generation expression", col, con.Pos)
		case col.Generated == catalog.StoredExpr:
			return pgerr.New(pgerr.SyntaxError, "multiple generation clauses specified for column \"%s\" of table \"%s\"", col.Name, b.r.Name).At(con.Pos)
		}
		col.Generated, col.Default = catalog.StoredExpr, ast.Format(con.Expr)
		b.computed = append(b.computed, computedColumn{at, con.Expr})
		return nil
	case ast.ConstraintIdentity:
		return b.identity(at, con)
	}
	return pgerr.Unsupported(constraintNames[con.Kind]).At(con.Pos)
}

// countedAt reports whether a column has a sequence of its own.
func (b *columnBuilder) countedAt(at int) bool {
	return slices.ContainsFunc(b.counters, func(k counted) bool { return k.at == at })
}

// identity makes a column GENERATED ... AS IDENTITY.
func (b *columnBuilder) identity(at int, con *ast.ColumnConstraint) error {
	col := &b.r.Columns[at]
	switch {
	case b.r.Kind != catalog.Table:
		return pgerr.Unsupported("identity columns of a stream").At(con.Pos)
	case col.Generated == catalog.StoredExpr:
		return b.twice("identity and generation expression", col, con.Pos)
	case col.Generated != catalog.GivenOrDefault:
		return pgerr.New(pgerr.SyntaxError, "multiple identity specifications for column \"%s\" of table \"%s\"", col.Name, b.r.Name).At(con.Pos)
	case col.Default != "" || b.countedAt(at):
		return b.twice("default and identity", col, con.Pos)
	}
	switch col.T.Kind {
	case types.Int2, types.Int4, types.Int8:
	default:
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	col.NotNull, col.Generated = true, catalog.IdentityDefault
	if con.Always {
		col.Generated = catalog.IdentityAlways
	}
	b.counters = append(b.counters, counted{at, con.Sequence, con.Pos})
	return nil
}

// twice refuses two ways for a column to come by its values.
func (b *columnBuilder) twice(what string, col *catalog.Column, pos int) error {
	return pgerr.New(pgerr.SyntaxError, "both %s specified for column \"%s\" of table \"%s\"", what, col.Name, b.r.Name).At(pos)
}

func (b *columnBuilder) columnDefault(col *catalog.Column, con *ast.ColumnConstraint) error {
	switch {
	case col.Generated == catalog.StoredExpr:
		return b.twice("default and generation expression", col, con.Pos)
	case col.Generated != catalog.GivenOrDefault:
		return b.twice("default and identity", col, con.Pos)
	case col.Default != "" || slices.ContainsFunc(b.counters, func(k counted) bool { return &b.r.Columns[k.at] == col }):
		return pgerr.New(pgerr.SyntaxError, "multiple default values specified for column \"%s\" of table \"%s\"", col.Name, b.r.Name).At(con.Pos)
	}
	text, err := b.s.defaultText(con.Expr, b.env, col)
	if err != nil {
		return err
	}
	col.Default = text
	return nil
}

// defaultText checks the default of a column and gives it as it is stored.
func (s *Session) defaultText(e ast.Expr, env *planner.Env, col *catalog.Column) (string, error) {
	if err := noColumns(e); err != nil {
		return "", err
	}
	if _, err := planner.BindAssignment(e, env, nil, col.Name, col.T); err != nil {
		return "", err
	}
	if err := s.storedDefault(e); err != nil {
		return "", err
	}
	return ast.Format(e), nil
}

// noColumns refuses an expression that names a column, since a default is computed before there is a row.
func noColumns(e ast.Expr) (err error) {
	ast.Walk(e, func(n ast.Node) bool {
		if c, ok := n.(*ast.ColumnRef); ok && err == nil {
			err = pgerr.New(pgerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression").At(c.Pos)
		}
		return err == nil
	})
	return err
}

func refuseTiming(t ast.ConstraintTime, pos int) error {
	if t.Deferrable || t.InitiallyDeferred {
		return pgerr.Unsupported("DEFERRABLE constraints").At(pos)
	}
	return nil
}

func (b *columnBuilder) tableConstraint(con *ast.TableConstraint) error {
	if err := refuseTiming(con.Timing, con.Pos); err != nil {
		return err
	}
	switch con.Kind {
	case ast.ConstraintCheck:
		b.given = append(b.given, &givenCheck{con.Name, con.Expr})
		return nil
	case ast.ConstraintPrimaryKey, ast.ConstraintUnique:
	default:
		return pgerr.Unsupported(constraintNames[con.Kind]).At(con.Pos)
	}
	cols, err := keyColumns(b.r, con)
	if err != nil {
		return err
	}
	if con.Kind == ast.ConstraintUnique {
		return b.unique(cols, con.Name, con.NullsNot, con.Pos)
	}
	return b.primaryKey(cols, con.Name, con.Pos)
}

// keyColumns finds the columns of a key.
func keyColumns(r *catalog.Relation, con *ast.TableConstraint) ([]int, error) {
	if con.Index.UsingIndex != "" {
		return nil, pgerr.Unsupported("USING INDEX").At(con.Pos)
	}
	what := "unique"
	if con.Kind == ast.ConstraintPrimaryKey {
		what = "primary key"
	}
	var cols []int
	for _, name := range con.Columns {
		i := r.ColumnIndex(name)
		if i < 0 || r.Columns[i].Hidden {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column %q named in key does not exist", name).At(con.Pos)
		}
		if slices.Contains(cols, i) {
			return nil, pgerr.New(pgerr.DuplicateColumn, "column %q appears twice in %s constraint", name, what).At(con.Pos)
		}
		cols = append(cols, i)
	}
	return cols, nil
}

func (b *columnBuilder) primaryKey(cols []int, name string, pos int) error {
	if b.r.Key != nil {
		if b.altering {
			pos = 0
		}
		return pgerr.New(pgerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", b.r.Name).At(pos)
	}
	for _, i := range cols {
		b.r.Columns[i].NotNull = true
	}
	b.r.Key, b.keyName = cols, name
	return indexable(b.r, cols, pos)
}

// indexable refuses columns whose type has no order.
func indexable(r *catalog.Relation, cols []int, pos int) error {
	for _, i := range cols {
		if r.Columns[i].T.Kind == types.JSON {
			return pgerr.New(pgerr.UndefinedObject, "data type %s has no default operator class for access method \"btree\"", r.Columns[i].T).
				WithHint("You must specify an operator class for the index or define a default operator class for the data type.").At(pos)
		}
	}
	return nil
}

func (b *columnBuilder) unique(cols []int, name string, nullsEqual bool, pos int) error {
	b.uniques = append(b.uniques, &uniqueKey{name, cols, nullsEqual})
	return indexable(b.r, cols, pos)
}

// computedColumn is a generated column with its expression, which may name columns that come later.
type computedColumn struct {
	at   int
	expr ast.Expr
}

// generated checks the expressions of generated columns, once all columns are known.
func (b *columnBuilder) generated() error {
	for _, g := range b.computed {
		if err := checkGenerated(g.expr, b.env, b.r, g.at); err != nil {
			return err
		}
	}
	return nil
}

// checkGenerated holds the expression of a generated column against PostgreSQL's rules.
func checkGenerated(e ast.Expr, env *planner.Env, r *catalog.Relation, at int) error {
	bound, err := planner.BindRow(e, env, r, planner.GenerationExpr, r.Columns[at].Name, r.Columns[at].T)
	if err != nil {
		return err
	}
	for _, c := range expr.Columns(bound) {
		if r.Columns[c].Generated == catalog.StoredExpr {
			return pgerr.New(pgerr.InvalidObjectDefinition, "cannot use generated column \"%s\" in column generation expression", r.Columns[c].Name).
				WithDetail("A generated column cannot reference another generated column.").At(columnPosition(e, r.Columns[c].Name))
		}
	}
	if expr.VolatilityOf(bound) != expr.Immutable {
		return pgerr.New(pgerr.InvalidObjectDefinition, "generation expression is not immutable")
	}
	return nil
}

// columnPosition finds where an expression names a column.
func columnPosition(e ast.Expr, name string) (pos int) {
	ast.Walk(e, func(n ast.Node) bool {
		if c, ok := n.(*ast.ColumnRef); ok && pos == 0 && c.Parts[len(c.Parts)-1] == name {
			pos = c.Pos
		}
		return pos == 0
	})
	return pos
}

// checks binds and names the CHECK constraints.
func (b *columnBuilder) checks() error {
	for _, g := range b.given {
		k, err := newCheck(g, b.env, b.r)
		if err != nil {
			return err
		}
		b.r.Checks = append(b.r.Checks, k)
	}
	return nil
}

// newCheck checks a CHECK constraint and chooses its name where it has none.
func newCheck(g *givenCheck, env *planner.Env, r *catalog.Relation) (catalog.Check, error) {
	bound, err := planner.BindRow(g.expr, env, r, planner.CheckExpr, "", types.Of(types.Bool))
	if err != nil {
		return catalog.Check{}, err
	}
	names := env.Catalog.ConstraintNames(r)
	name := g.name
	switch {
	case name == "":
		var columns []string
		if used := expr.Columns(bound); len(used) == 1 {
			columns = []string{r.Columns[used[0]].Name}
		}
		name = env.Catalog.ChooseName(r.Schema, r.Name, columns, "check", func(n string) bool { return slices.Contains(names, n) })
	case slices.Contains(names, name):
		return catalog.Check{}, pgerr.New(pgerr.DuplicateObject, "check constraint \"%s\" already exists", name)
	}
	return catalog.Check{Name: name, Expr: ast.Format(g.expr)}, nil
}

// uniqueIndexes makes the indexes of UNIQUE constraints. One that says the same as another constraint is made once.
func (b *columnBuilder) uniqueIndexes(e *catalog.Edit) error {
	var made []*uniqueKey
	if _, hidden := b.r.RowID(); !hidden {
		made = append(made, &uniqueKey{b.r.PrimaryKeyName, b.r.Key, false})
	}
	for _, u := range b.uniques {
		same := slices.IndexFunc(made, func(m *uniqueKey) bool {
			return slices.Equal(m.columns, u.columns) && m.nullsEqual == u.nullsEqual && (u.name == "" || m.name == u.name)
		})
		if same >= 0 {
			continue
		}
		made = append(made, u)
		if err := addUnique(e, b.r.ID, u); err != nil {
			return err
		}
	}
	return nil
}

// addUnique adds a UNIQUE constraint to a table.
func addUnique(e *catalog.Edit, table uint32, u *uniqueKey) error {
	r, _ := e.Snapshot().Relation(table)
	name := u.name
	if name == "" {
		name = e.Snapshot().ChooseName(r.Schema, r.Name, columnNames(r, u.columns), "key", func(n string) bool {
			return slices.Contains(e.Snapshot().ConstraintNames(r), n)
		})
	}
	return e.AddIndex(&catalog.Relation{ID: e.NewID(), Name: name,
		Index: &catalog.IndexDef{Table: table, Columns: u.columns, Unique: true, NullsEqual: u.nullsEqual, Constraint: true}})
}

func columnNames(r *catalog.Relation, cols []int) []string {
	names := make([]string, len(cols))
	for i, c := range cols {
		names[i] = r.Columns[c].Name
	}
	return names
}
