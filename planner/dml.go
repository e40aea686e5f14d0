package planner

import (
	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/bind"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// DMLKind is the kind of a [DML].
type DMLKind uint8

// The kinds.
const (
	Insert DMLKind = iota
	Update
	Delete
)

// DML is a planned INSERT, UPDATE or DELETE.
type DML struct {
	Kind     DMLKind
	Relation *catalog.Relation
	// Source computes the rows. With n the number of the relation's columns, hidden ones included:
	//   - INSERT: n columns, the new row; defaults are filled in and assignment casts applied; hidden columns are
	//     NULL, for the committer to fill.
	//   - DELETE: n columns, the old row.
	//   - UPDATE: 2n columns, the old row, then the new one.
	// After these there may be columns that only Returning reads. Each affected row comes once, with as many copies as
	// the relation holds of it. NOT NULL is not checked here. It is nil when Rows or ValueRows is set.
	Source *physical.Plan
	// Rows are the new rows of an INSERT whose values are all constants.
	Rows *delta.Batch
	// ValueRows are an INSERT's rows whose values read nothing but parameters: one expression a column, to be
	// evaluated at execution.
	ValueRows [][]expr.Expr
	// Late are defaults to be computed in the order in which Source's rows come, by column; Source has NULL there.
	Late map[int]expr.Expr
	// Conflict is the ON CONFLICT clause; nil without.
	Conflict *bind.Conflict
	// Rules are what the new rows must obey; Source, Rows and ValueRows have NULL in generated columns.
	Rules *TableRules
	// Checks are what views ask of the new rows by their check options: true, not NULL.
	Checks []bind.ViewCheck

	// Returning computes the RETURNING list from the row: its columns count in Source's columns, or in those of Rows
	// or ValueRows. Where the list has subqueries, ReturningPlan computes it in its place: it reads the rows' columns, with a
	// number last, from the result ReturningRows. Both are nil without the clause; ReturningColumns is nil then, too.
	Returning        []expr.Expr
	ReturningPlan    *physical.Plan
	ReturningRows    uint32
	ReturningColumns []physical.Column

	// ConflictPlan computes the update of ON CONFLICT DO UPDATE where it has subqueries; see [bind.Conflict]: its Rows are the
	// result that the plan reads.
	ConflictPlan *physical.Plan
	// With are the data-modifying statements of the WITH clause.
	With []*With

	Params    []types.T
	DependsOn []uint32
	Notices   []string
}

// With is a data-modifying statement of a WITH clause. All parts of a statement read what was there before it; each runs once.
type With struct {
	Name string
	*DML
	// Result is the id under which the plans of other parts read the rows that this one returns; 0 where none does. A part that
	// others read runs before the statement that has the clause, the others after it.
	Result uint32
}

// Plans lists the plans by which the statement is run, without those of its WITH clause.
func (d *DML) Plans() []*physical.Plan {
	var out []*physical.Plan
	for _, p := range []*physical.Plan{d.Source, d.ReturningPlan, d.ConflictPlan} {
		if p != nil {
			out = append(out, p)
		}
	}
	return out
}

// PlanInsert plans an INSERT.
func PlanInsert(stmt *ast.Insert, env *Env) (*DML, error) {
	b := bind.New(env.bindEnv())
	in, err := b.Insert(stmt)
	if err != nil {
		return nil, err
	}
	return planStatement(b, insertion(in), in.Source, in.Returning, env)
}

// PlanUpdate plans an UPDATE.
func PlanUpdate(stmt *ast.Update, env *Env) (*DML, error) {
	b := bind.New(env.bindEnv())
	ch, err := b.Update(stmt)
	if err != nil {
		return nil, err
	}
	return planStatement(b, &DML{Kind: Update, Relation: ch.Relation, Checks: ch.Checks}, ch.Source, ch.Returning, env)
}

// PlanDelete plans a DELETE.
func PlanDelete(stmt *ast.Delete, env *Env) (*DML, error) {
	b := bind.New(env.bindEnv())
	ch, err := b.Delete(stmt)
	if err != nil {
		return nil, err
	}
	return planStatement(b, &DML{Kind: Delete, Relation: ch.Relation}, ch.Source, ch.Returning, env)
}

func insertion(in *bind.Insert) *DML {
	return &DML{Kind: Insert, Relation: in.Relation, Rows: in.Rows, ValueRows: in.Values, Late: in.Late, Conflict: in.Conflict, Checks: in.Checks}
}

// planStatement plans a whole statement.
func planStatement(b *bind.Binder, d *DML, source *bind.Rel, ret *bind.Returning, env *Env) (*DML, error) {
	err := d.finish(b, source, ret, env)
	if err == nil {
		d.With, err = planWith(b, env)
	}
	return d, err
}

// planWith plans the data-modifying statements of the WITH clause.
func planWith(b *bind.Binder, env *Env) ([]*With, error) {
	var out []*With
	for _, m := range b.Modifying() {
		w := &With{Name: m.Name}
		if m.Read {
			w.Result = m.Result.ID
		}
		var err error
		switch {
		case m.Insert != nil:
			w.DML = insertion(m.Insert)
			err = w.finish(b, m.Insert.Source, m.Insert.Returning, env)
		default:
			w.DML = &DML{Kind: Update, Relation: m.Change.Relation, Checks: m.Change.Checks}
			if m.Delete {
				w.Kind = Delete
			}
			err = w.finish(b, m.Change.Source, m.Change.Returning, env)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// finish plans the source and settles parameters.
func (d *DML) finish(b *bind.Binder, source *bind.Rel, ret *bind.Returning, env *Env) error {
	if source != nil {
		q, err := finish(b, source, env)
		if err != nil {
			return err
		}
		d.Source, d.Notices = q.Plan, q.Notices
	}
	var err error
	if d.Params, err = b.Params(); err != nil {
		return err
	}
	if d.Rules, err = PlanTableRules(d.Relation, env.Catalog); err != nil {
		return err
	}
	if err := d.finishConflict(b, env); err != nil {
		return err
	}
	d.DependsOn = b.DependsOn()
	for _, row := range d.ValueRows {
		for i := range row {
			row[i] = typeParam(row[i], d.Params)
		}
	}
	if ret == nil {
		return nil
	}
	for _, e := range ret.Exprs {
		d.Returning = append(d.Returning, typeParam(e, d.Params))
	}
	for _, c := range ret.Cols {
		d.ReturningColumns = append(d.ReturningColumns, physical.Column{Name: c.Name, T: c.T})
	}
	if ret.Query != nil {
		q, err := finish(b, ret.Query, env)
		if err != nil {
			return err
		}
		d.ReturningPlan, d.ReturningRows = q.Plan, ret.Rows.ID
	}
	return nil
}

// finishConflict plans ON CONFLICT DO UPDATE.
func (d *DML) finishConflict(b *bind.Binder, env *Env) error {
	c := d.Conflict
	if c == nil {
		return nil
	}
	if c.Query != nil {
		q, err := finish(b, c.Query, env)
		if err == nil {
			d.ConflictPlan = q.Plan
		}
		return err
	}
	for i, e := range c.Set {
		if e != nil {
			c.Set[i] = typeParam(e, d.Params)
		}
	}
	if c.Where != nil {
		c.Where = typeParam(c.Where, d.Params)
	}
	return nil
}
