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

	// Returning computes the RETURNING list from the row: its columns count in Source's columns, or in those of Rows
	// or ValueRows. It is nil without the clause.
	Returning        []expr.Expr
	ReturningColumns []physical.Column

	Params    []types.T
	DependsOn []uint32
	Notices   []string
}

// PlanInsert plans an INSERT.
func PlanInsert(stmt *ast.Insert, env *Env) (*DML, error) {
	b := bind.New(env.bindEnv())
	in, err := b.Insert(stmt)
	if err != nil {
		return nil, err
	}
	d := &DML{Kind: Insert, Relation: in.Relation, Rows: in.Rows, ValueRows: in.Values, Late: in.Late, Conflict: in.Conflict}
	return d, d.finish(b, in.Source, in.Returning, in.ReturningCols, env)
}

// PlanUpdate plans an UPDATE.
func PlanUpdate(stmt *ast.Update, env *Env) (*DML, error) {
	b := bind.New(env.bindEnv())
	ch, err := b.Update(stmt)
	if err != nil {
		return nil, err
	}
	d := &DML{Kind: Update, Relation: ch.Relation}
	return d, d.finish(b, ch.Source, ch.Returning, ch.ReturningCols, env)
}

// PlanDelete plans a DELETE.
func PlanDelete(stmt *ast.Delete, env *Env) (*DML, error) {
	b := bind.New(env.bindEnv())
	ch, err := b.Delete(stmt)
	if err != nil {
		return nil, err
	}
	d := &DML{Kind: Delete, Relation: ch.Relation}
	return d, d.finish(b, ch.Source, ch.Returning, ch.ReturningCols, env)
}

// finish plans the source and settles parameters.
func (d *DML) finish(b *bind.Binder, source *bind.Rel, returning []expr.Expr, cols []bind.ScalarColumn, env *Env) error {
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
	if c := d.Conflict; c != nil {
		for i, e := range c.Set {
			if e != nil {
				c.Set[i] = typeParam(e, d.Params)
			}
		}
		if c.Where != nil {
			c.Where = typeParam(c.Where, d.Params)
		}
	}
	d.DependsOn = b.DependsOn()
	for _, row := range d.ValueRows {
		for i := range row {
			row[i] = typeParam(row[i], d.Params)
		}
	}
	for _, e := range returning {
		d.Returning = append(d.Returning, typeParam(e, d.Params))
	}
	for _, c := range cols {
		d.ReturningColumns = append(d.ReturningColumns, physical.Column{Name: c.Name, T: c.T})
	}
	return nil
}
