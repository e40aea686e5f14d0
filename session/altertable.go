package session

import (
	"context"
	"fmt"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/types"
)

// alteration is an ALTER TABLE being carried out: its actions change a copy of the table one after the other, and say what
// becomes of the rows that are there.
type alteration struct {
	s    *Session
	e    *catalog.Edit
	st   *ast.Alter
	from *catalog.Relation
	to   *catalog.Relation
	b    *columnBuilder
	// steps change rows, all columns, in the order of the actions.
	steps []func(*delta.Batch) error
	// rewrite: rows are stored anew; rekey: they or their index entries have other keys.
	rewrite, rekey bool
	rowID          int // the hidden row id that from has; -1 is none
	notNull        []int
	domains        []int // columns whose values are to be held against their domains
	checked        int   // of to.Checks: those before are known to hold
	notices        []notice
}

// notice is something to be told once a change is made.
type notice struct {
	code pgerr.Code
	text string
}

func (a *alteration) tell(code pgerr.Code, format string, args ...any) {
	a.notices = append(a.notices, notice{code, fmt.Sprintf(format, args...)})
}

// alterable reports whether an action is one of those that an alteration does.
func alterable(k ast.AlterActionKind) bool {
	switch k {
	case ast.AlterAddColumn, ast.AlterDropColumn, ast.AlterColumnType, ast.AlterColumnSetDefault, ast.AlterColumnDropDefault,
		ast.AlterColumnSetNotNull, ast.AlterColumnDropNotNull, ast.AlterAddConstraint, ast.AlterDropConstraint, ast.AlterRenameConstraint:
		return true
	}
	return false
}

// alterTable runs the actions of ALTER TABLE as one change.
func (s *Session) alterTable(ctx context.Context, r *catalog.Relation, st *ast.Alter, c Client) error {
	var a *alteration
	t := &engine.Txn{}
	err := s.ddlRows(ctx, t, func(e *catalog.Edit) error {
		now, ok := e.Snapshot().Relation(r.ID)
		if !ok {
			return &engine.RelationGoneError{Name: r.Name}
		}
		a = newAlteration(s, e, st, now)
		for _, x := range st.Actions {
			if err := a.action(x); err != nil {
				return err
			}
		}
		return a.finish(t)
	})
	if err != nil {
		return err
	}
	for _, n := range a.notices {
		if err := s.notice(c, "NOTICE", pgerr.New(n.code, "%s", n.text)); err != nil {
			return err
		}
	}
	return nil
}

func newAlteration(s *Session, e *catalog.Edit, st *ast.Alter, from *catalog.Relation) *alteration {
	to := *from
	to.Columns, to.Checks = slices.Clone(from.Columns), slices.Clone(from.Checks)
	a := &alteration{s: s, e: e, st: st, from: from, to: &to, rowID: -1, checked: len(to.Checks)}
	if id, hidden := from.RowID(); hidden {
		a.rowID, to.Key = id, nil
	}
	a.b = &columnBuilder{s: s, env: s.ddlEnv(e.Snapshot()), r: &to, altering: true}
	return a
}

func (a *alteration) action(x *ast.AlterAction) error {
	switch x.Kind {
	case ast.AlterAddColumn:
		return a.addColumn(x)
	case ast.AlterAddConstraint:
		return a.addConstraint(x.Constraint)
	case ast.AlterDropConstraint:
		return a.dropConstraint(x)
	case ast.AlterRenameConstraint:
		return a.renameConstraint(x)
	}
	i := a.to.ColumnIndex(x.Name)
	if i < 0 || a.to.Columns[i].Hidden {
		if x.Kind == ast.AlterDropColumn && x.IfExists {
			a.tell(pgerr.SuccessfulCompletion, "column %q of relation %q does not exist, skipping", x.Name, a.to.Name)
			return nil
		}
		return undefinedColumn(x.Name, a.to)
	}
	col := &a.to.Columns[i]
	switch x.Kind {
	case ast.AlterDropColumn:
		return a.dropColumn(i, x)
	case ast.AlterColumnType:
		return a.setType(i, x)
	case ast.AlterColumnSetNotNull:
		if !col.NotNull {
			col.NotNull = true
			a.notNull = append(a.notNull, i)
		}
		return nil
	case ast.AlterColumnDropNotNull:
		return a.dropNotNull(i)
	}
	switch {
	case col.Generated == catalog.StoredExpr:
		return pgerr.New(pgerr.SyntaxError, "column %q of relation %q is a generated column", col.Name, a.to.Name)
	case col.Generated != catalog.GivenOrDefault:
		return pgerr.New(pgerr.SyntaxError, "column %q of relation %q is an identity column", col.Name, a.to.Name)
	case x.Kind == ast.AlterColumnDropDefault:
		col.Default = ""
		return nil
	}
	text, err := a.s.defaultText(x.Expr, a.b.env, col)
	col.Default = text
	return err
}

func (a *alteration) addColumn(x *ast.AlterAction) error {
	if i := a.to.ColumnIndex(x.Column.Name); i >= 0 {
		if !x.IfExists {
			return pgerr.New(pgerr.DuplicateColumn, "column %q of relation %q already exists", x.Column.Name, a.to.Name)
		}
		a.tell(pgerr.DuplicateColumn, "column %q of relation %q already exists, skipping", x.Column.Name, a.to.Name)
		return nil
	}
	if err := a.b.column(x.Column); err != nil {
		return err
	}
	at := len(a.to.Columns) - 1
	if a.to.Columns[at].NotNull {
		a.notNull = append(a.notNull, at)
	}
	a.rewrite = true
	a.domains = append(a.domains, at)
	a.steps = append(a.steps, func(rows *delta.Batch) error {
		v, err := a.defaults(at, rows.N)
		rows.Cols = append(rows.Cols, v)
		return err
	})
	return nil
}

// defaults computes a new column's values for n rows. The column's own sequence counts here: nobody else has it yet.
func (a *alteration) defaults(at, n int) (*delta.Vec, error) {
	e, err := planner.ColumnDefault(a.to, at, a.b.env)
	if err != nil {
		return nil, err
	}
	v := delta.NewVec(a.to.Columns[at].T, n)
	ec := a.s.execContext()
	var d types.Datum
	for i := range n {
		if i == 0 || expr.VolatilityOf(e) == expr.Volatile {
			if d, err = expr.EvalConst(ec, e); err != nil {
				return nil, err
			}
		}
		v.Append(d)
	}
	return v, nil
}

func (a *alteration) dropColumn(i int, x *ast.AlterAction) error {
	name := a.to.Columns[i].Name
	if err := a.keepWatermark(i, "drop"); err != nil {
		return err
	}
	users, err := a.users(i)
	if err != nil {
		return err
	}
	var details []string
	for _, u := range users {
		details = append(details, fmt.Sprintf("%s %s depends on column %s of table %s", u.Kind, u.Name, name, a.to.Name))
	}
	rules, err := planner.PlanTableRules(a.to, a.e.Snapshot())
	if err != nil {
		return err
	}
	var computed []int
	for _, g := range rules.Generated {
		if g.Column != i && slices.Contains(expr.Columns(g.Expr), i) {
			computed = append(computed, g.Column)
			details = append(details, fmt.Sprintf("column %s of table %s depends on column %s of table %s", a.to.Columns[g.Column].Name, a.to.Name, name, a.to.Name))
		}
	}
	if len(details) > 0 && !x.Cascade {
		return catalog.DependedOn(fmt.Sprintf("column %s of table %s", name, a.to.Name), details)
	}
	var ids []uint32
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	removed, err := a.e.Drop(ids, true)
	if err != nil {
		return err
	}
	for _, r := range removed {
		a.tell(pgerr.SuccessfulCompletion, "drop cascades to %s %s", r.Kind, r.Name)
	}
	a.forget(i, rules)
	for _, g := range computed {
		a.tell(pgerr.SuccessfulCompletion, "drop cascades to column %s of table %s", a.to.Columns[g].Name, a.to.Name)
		a.forget(g, rules)
	}
	return nil
}

// keepWatermark refuses a change of a column that the watermark depends on.
func (a *alteration) keepWatermark(i int, what string) error {
	used, err := readByWatermark(a.to, i, a.e.Snapshot())
	if err == nil && used {
		err = pgerr.New(pgerr.DependentObjectsStillExist, "cannot %s column %q of table %q because its watermark depends on it", what, a.to.Columns[i].Name, a.to.Name).
			WithHint("ALTER TABLE %s DROP WATERMARK first.", a.to.Name)
	}
	return err
}

// forget takes a column out with the constraints and indexes over it. It keeps its place: rows that are there keep its value,
// new ones have NULL.
func (a *alteration) forget(i int, rules *planner.TableRules) {
	for _, k := range rules.Checks {
		if slices.Contains(expr.Columns(k.Expr), i) {
			a.removeCheck(k.Name)
		}
	}
	for _, idx := range a.e.Snapshot().Indexes(a.to) {
		if slices.Contains(idx.Index.Columns, i) {
			a.dropRelation(idx.ID)
		}
	}
	for _, seq := range a.e.Snapshot().OwnedSequences(a.to) {
		if seq.Sequence.Column == i {
			a.dropRelation(seq.ID)
		}
	}
	if slices.Contains(a.to.Key, i) {
		a.dropKey()
	}
	a.hide(i)
}

// hide marks a column as dropped.
func (a *alteration) hide(i int) {
	a.to.Columns[i] = catalog.Column{Name: fmt.Sprintf("........pg.dropped.%d........", i+1), T: a.to.Columns[i].T, Hidden: true, Dropped: true}
	a.notNull = slices.DeleteFunc(a.notNull, func(c int) bool { return c == i })
}

// dropRelation drops an index or a sequence of the table, in the catalog and in the copy.
func (a *alteration) dropRelation(id uint32) {
	if _, err := a.e.Drop([]uint32{id}, false); err != nil {
		return // it is gone
	}
	gone := func(x uint32) bool { return x == id }
	a.to.Indexes = slices.DeleteFunc(slices.Clone(a.to.Indexes), gone)
	a.to.Sequences = slices.DeleteFunc(slices.Clone(a.to.Sequences), gone)
}

func (a *alteration) removeCheck(name string) {
	at := slices.IndexFunc(a.to.Checks, func(k catalog.Check) bool { return k.Name == name })
	if at < 0 {
		return
	}
	a.to.Checks = slices.Delete(a.to.Checks, at, at+1)
	if at < a.checked {
		a.checked--
	}
}

// dropKey takes the primary key away: a row id takes its place.
func (a *alteration) dropKey() {
	a.to.Key, a.to.PrimaryKeyName, a.rekey = nil, "", true
}

// users lists the views that read a column, or all columns with *.
func (a *alteration) users(col int) ([]*catalog.Relation, error) {
	trial := a.e.Snapshot().Edit()
	err := trial.Modify(a.to.ID, func(t *catalog.Relation) {
		if col < len(t.Columns) {
			t.Columns[col].Name, t.Columns[col].Hidden = "........pg.dropped", true
		}
	})
	if err != nil {
		return nil, err
	}
	var out []*catalog.Relation
	for _, d := range a.e.Snapshot().Dependants(a.to.ID) {
		if !stillSame(d, trial.Snapshot()) {
			out = append(out, d)
		}
	}
	return out, nil
}

// stillSame reports whether a view's query has the same columns under another catalog.
func stillSame(d *catalog.Relation, cat *catalog.Snapshot) bool {
	q, err := planStored(d, cat)
	if err != nil {
		return false
	}
	n := 0
	for _, c := range d.Columns {
		if !c.Hidden {
			n++
		}
	}
	if len(q.Columns) != n {
		return false
	}
	for i, c := range q.Columns {
		if c.T != d.Columns[i].T {
			return false
		}
	}
	return true
}

func (a *alteration) setType(i int, x *ast.AlterAction) error {
	col := &a.to.Columns[i]
	if col.Generated == catalog.StoredExpr {
		return pgerr.Unsupported("ALTER TYPE of a generated column").At(x.Pos)
	}
	if err := a.keepWatermark(i, "alter type of"); err != nil {
		return err
	}
	t, domain, err := planner.ResolveColumnType(x.Type, a.b.env)
	if err != nil {
		return err
	}
	if users, err := a.users(i); err != nil || len(users) > 0 {
		if err != nil {
			return err
		}
		return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
			WithDetail("rule _RETURN on %s %s depends on column %q", users[0].Kind, users[0].Name, col.Name)
	}
	rules, err := planner.PlanTableRules(a.to, a.e.Snapshot())
	if err != nil {
		return err
	}
	for _, g := range rules.Generated {
		if slices.Contains(expr.Columns(g.Expr), i) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a generated column").
				WithDetail("Column %q is used by generated column %q.", col.Name, a.to.Columns[g.Column].Name)
		}
	}
	convert, err := a.conversion(i, t, x)
	if err != nil {
		return err
	}
	col.T, col.Domain = t, domain
	a.domains = append(a.domains, i)
	if col.Default != "" && col.Generated == catalog.GivenOrDefault {
		if _, err := planner.ColumnDefault(a.to, i, a.b.env); err != nil {
			return pgerr.New(pgerr.DatatypeMismatch, "default for column %q cannot be cast automatically to type %s", col.Name, t)
		}
	}
	if _, err := planner.PlanTableRules(a.to, a.e.Snapshot()); err != nil {
		return err
	}
	a.rewrite, a.rekey = true, true
	a.checked = 0 // they are looked at anew, as in PostgreSQL
	a.steps = append(a.steps, func(rows *delta.Batch) error {
		v, err := evaluate(a.s.execContext(), convert, rows)
		rows.Cols[i] = v
		return err
	})
	return nil
}

// conversion is what a column's values become under another type.
func (a *alteration) conversion(i int, t types.T, x *ast.AlterAction) (expr.Expr, error) {
	col := &a.to.Columns[i]
	e := x.Expr
	if e == nil {
		e = &ast.ColumnRef{Pos: x.Pos, Parts: []string{col.Name}}
	}
	out, err := planner.BindRow(e, a.b.env, a.to, planner.TransformExpr, col.Name, t)
	if pgerr.CodeOf(err) != pgerr.DatatypeMismatch {
		return out, err
	}
	if x.Expr != nil {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "result of USING clause for column %q cannot be cast automatically to type %s", col.Name, t).
			WithHint("You might need to add an explicit cast.")
	}
	return nil, pgerr.New(pgerr.DatatypeMismatch, "column %q cannot be cast automatically to type %s", col.Name, t).
		WithHint("You might need to specify \"USING %s::%s\".", col.Name, t)
}

func (a *alteration) dropNotNull(i int) error {
	col := &a.to.Columns[i]
	switch {
	case slices.Contains(a.to.Key, i):
		return pgerr.New(pgerr.InvalidTableDefinition, "column %q is in a primary key", col.Name)
	case col.Generated == catalog.IdentityAlways || col.Generated == catalog.IdentityDefault:
		return pgerr.New(pgerr.SyntaxError, "column %q of relation %q is an identity column", col.Name, a.to.Name)
	}
	col.NotNull = false
	a.notNull = slices.DeleteFunc(a.notNull, func(c int) bool { return c == i })
	return a.samePlans("dropping NOT NULL of a column that views rely on")
}

// samePlans refuses what would make the plans of views other ones: those that run were made for the table as it is.
func (a *alteration) samePlans(what string) error {
	trial := a.e.Snapshot().Edit()
	if err := trial.Update(a.trial()); err != nil {
		return err
	}
	for _, d := range a.e.Snapshot().Dependants(a.to.ID) {
		if d.Kind != catalog.MaterializedView && d.Kind != catalog.Sink {
			continue
		}
		_, before, err := PlanFlow(d, a.e.Snapshot())
		if err != nil {
			return err
		}
		if _, after, err := PlanFlow(d, trial.Snapshot()); err != nil || before != after {
			return pgerr.Unsupported(what).At(a.st.Pos).WithHint("Drop %s %s before, and create it again.", d.Kind, d.Name)
		}
	}
	return nil
}

// trial is the table as the actions so far make it, complete with a key.
func (a *alteration) trial() *catalog.Relation {
	r := *a.to
	if r.Key == nil && a.rowID >= 0 {
		r.Key = []int{a.rowID}
	}
	return &r
}
