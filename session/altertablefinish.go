package session

import (
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

func (a *alteration) addConstraint(con *ast.TableConstraint) error {
	if con.Timing.NotValid {
		return pgerr.Unsupported("NOT VALID").At(con.Pos)
	}
	if con.Name != "" && slices.Contains(a.e.Snapshot().ConstraintNames(a.to), con.Name) {
		if con.Kind == ast.ConstraintCheck {
			return pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", con.Name, a.to.Name)
		}
		return pgerr.New(pgerr.DuplicateTable, "relation %q already exists", con.Name)
	}
	if con.Kind == ast.ConstraintPrimaryKey {
		cols, err := keyColumns(a.to, con)
		if err != nil {
			return err
		}
		for _, c := range cols {
			if !a.to.Columns[c].NotNull {
				a.notNull = append(a.notNull, c)
			}
		}
	}
	return a.b.tableConstraint(con)
}

func (a *alteration) dropConstraint(x *ast.AlterAction) error {
	if x.Name != "" && x.Name == a.to.PrimaryKeyName {
		a.dropKey()
		return nil
	}
	if slices.ContainsFunc(a.to.Checks, func(k catalog.Check) bool { return k.Name == x.Name }) {
		a.removeCheck(x.Name)
		return nil
	}
	for _, idx := range a.e.Snapshot().Indexes(a.to) {
		if idx.Name == x.Name && idx.Index.Constraint {
			a.dropRelation(idx.ID)
			return nil
		}
	}
	if x.IfExists {
		a.tell(pgerr.SuccessfulCompletion, "constraint %q of relation %q does not exist, skipping", x.Name, a.to.Name)
		return nil
	}
	return pgerr.New(pgerr.UndefinedObject, "constraint %q of relation %q does not exist", x.Name, a.to.Name)
}

func (a *alteration) renameConstraint(x *ast.AlterAction) error {
	names := a.e.Snapshot().ConstraintNames(a.to)
	switch {
	case !slices.Contains(names, x.Name):
		return pgerr.New(pgerr.UndefinedObject, "constraint %q for table %q does not exist", x.Name, a.to.Name)
	case slices.Contains(names, x.NewName):
		return pgerr.New(pgerr.DuplicateObject, "constraint %q for relation %q already exists", x.NewName, a.to.Name)
	}
	if a.to.PrimaryKeyName == x.Name {
		a.to.PrimaryKeyName = x.NewName
	}
	for i := range a.to.Checks {
		if a.to.Checks[i].Name == x.Name {
			a.to.Checks[i].Name = x.NewName
		}
	}
	for _, idx := range a.e.Snapshot().Indexes(a.to) {
		if idx.Name == x.Name {
			return a.e.Modify(idx.ID, func(i *catalog.Relation) { i.Name = x.NewName })
		}
	}
	return nil
}

// finish puts the altered table into the catalog and says what is to be done with its rows.
func (a *alteration) finish(t *engine.Txn) error {
	if err := a.b.generated(); err != nil {
		return err
	}
	if err := a.b.checks(); err != nil {
		return err
	}
	if len(a.to.Columns) > columnsMax {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", columnsMax)
	}
	if err := a.keepsConflictRule(); err != nil {
		return err
	}
	if err := a.settleKey(); err != nil {
		return err
	}
	if a.rewrite || a.rekey {
		a.to.Storage = a.e.NewID()
	}
	if err := a.e.Update(a.to); err != nil {
		return err
	}
	if err := a.b.sequences(a.e); err != nil {
		return err
	}
	for _, u := range a.b.uniques {
		if err := addUnique(a.e, a.to.ID, u); err != nil {
			return err
		}
	}
	to, _ := a.e.Snapshot().Relation(a.to.ID)
	if a.rekey {
		for _, x := range a.e.Snapshot().Indexes(to) {
			err := a.e.Modify(x.ID, func(x *catalog.Relation) {
				x.Storage = a.e.NewID()
				for i, c := range x.Index.Columns {
					x.Columns[i].T = to.Columns[c].T
				}
			})
			if err != nil {
				return err
			}
		}
	}
	a.to, a.b.env = to, a.s.ddlEnv(a.e.Snapshot())
	rules, err := planner.PlanTableRules(to, a.e.Snapshot())
	if err != nil {
		return err
	}
	if !a.rewrite && !a.rekey && len(a.notNull) == 0 && len(to.Checks) == a.checked {
		return nil // the rows are as they were
	}
	for i := len(a.from.Columns); i < len(to.Columns); i++ {
		for _, id := range to.Columns[i].DefaultSequences() {
			x, ok := a.e.Snapshot().Relation(id)
			if !ok || x.Sequence == nil || x.Sequence.Table != to.ID || x.Sequence.Column != i {
				return pgerr.Unsupported("adding a column whose default takes numbers from a sequence that exists already").At(a.st.Pos)
			}
		}
	}
	t.Rewrites = append(t.Rewrites, engine.Rewrite{From: a.from, To: to, Rows: func(b *delta.Batch) (*delta.Batch, error) { return a.rows(rules, b) }})
	return nil
}

// settleKey gives the table a primary key, or a row id where it has none.
func (a *alteration) settleKey() error {
	id, kept := a.rowID, a.rowID >= 0
	switch {
	case a.to.Key != nil && kept: // a key in place of the row id
		a.rewrite, a.rekey = true, true
		a.to.PrimaryKeyName = a.b.keyName
		if a.b.keyName == "" {
			a.to.PrimaryKeyName = catalog.ObjectName(a.to.Name, "", "pkey")
		}
		a.hide(id)
	case a.to.Key != nil:
		if a.b.keyName != "" {
			a.to.PrimaryKeyName = a.b.keyName
		} else if a.to.PrimaryKeyName == "" {
			a.to.PrimaryKeyName = catalog.ObjectName(a.to.Name, "", "pkey")
		}
	case kept:
		a.to.Key = []int{id}
	default: // a row id in place of the key
		for _, d := range a.e.Snapshot().Dependants(a.to.ID) {
			if d.Kind == catalog.MaterializedView || d.Kind == catalog.Sink {
				return pgerr.Unsupported("dropping the primary key of a table that views read").At(a.st.Pos).
					WithHint("Drop %s %s before, and create it again.", d.Kind, d.Name)
			}
		}
		a.rewrite, a.rekey = true, true
		a.to.Columns = append(a.to.Columns, catalog.Column{Name: rowIDName, T: types.Of(types.Int8), Hidden: true})
		a.to.Key = []int{len(a.to.Columns) - 1}
		var next int64
		a.steps = append(a.steps, func(rows *delta.Batch) error {
			v := delta.NewVec(types.Of(types.Int8), rows.N)
			for range rows.N {
				v.Append(types.NewInt(next))
				next++
			}
			rows.Cols = append(rows.Cols, v)
			return nil
		})
	}
	return nil
}

// rows makes the altered table's rows of some that are there, and holds them against what is new in its definition.
func (a *alteration) rows(rules *planner.TableRules, b *delta.Batch) (*delta.Batch, error) {
	out := &delta.Batch{Cols: slices.Clone(b.Cols), N: b.N}
	for _, step := range a.steps {
		if err := step(out); err != nil {
			return nil, err
		}
	}
	for i := range out.Cols {
		if i < len(a.to.Columns) && a.to.Columns[i].Dropped && a.rewrite {
			out.Cols[i] = nulls(a.to.Columns[i].T, out.N)
		}
	}
	for _, g := range rules.Generated {
		if g.Column < len(a.from.Columns) {
			continue
		}
		v, err := evaluate(&expr.Context{Env: types.DefaultEnv}, g.Expr, out)
		if err != nil {
			return nil, err
		}
		out.Cols[g.Column] = v
	}
	for _, d := range rules.Domains {
		if !slices.Contains(a.domains, d.Column) {
			continue
		}
		if _, err := a.s.checkDomains([]planner.GeneratedColumn{d}, out); err != nil {
			return nil, err
		}
	}
	for _, c := range a.notNull {
		if v := out.Cols[c]; v.Nulls != nil && v.Nulls.Any() {
			e := pgerr.New(pgerr.NotNullViolation, "column %q of relation %q contains null values", a.to.Columns[c].Name, a.to.Name)
			e.Schema, e.Table, e.Column = a.to.Schema, a.to.Name, a.to.Columns[c].Name
			return nil, e
		}
	}
	return out, a.newChecks(rules, out)
}

// newChecks holds rows against the CHECK constraints that are new.
func (a *alteration) newChecks(rules *planner.TableRules, b *delta.Batch) error {
	for _, k := range rules.Checks {
		if !slices.ContainsFunc(a.to.Checks[a.checked:], func(c catalog.Check) bool { return c.Name == k.Name }) {
			continue
		}
		v, err := evaluate(a.s.execContext(), k.Expr, b)
		if err != nil {
			return err
		}
		for i := range b.N {
			if !v.IsNull(i) && !v.Bools[i] {
				e := pgerr.New(pgerr.CheckViolation, "check constraint %q of relation %q is violated by some row", k.Name, a.to.Name)
				e.Schema, e.Table, e.Constraint = a.to.Schema, a.to.Name, k.Name
				return e
			}
		}
	}
	return nil
}

func nulls(t types.T, n int) *delta.Vec {
	v := delta.NewVec(t, n)
	for range n {
		v.AppendNull()
	}
	return v
}
