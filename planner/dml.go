package planner

import (
	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
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
	// Each affected row comes once, with as many copies as the relation holds of it. NOT NULL is not checked here.
	// It is nil when Rows is set.
	Source *physical.Plan
	// Rows are the new rows of an INSERT whose values are all constants; nil when Source is set.
	Rows *delta.Batch
	// ValueRows are an INSERT's rows whose values are constants and parameters only: one expression a column,
	// Const or Param or a cast of one. Set beside Source, as a faster way: Substitute gives the batch. Nil otherwise.
	ValueRows [][]expr.Expr
	// Conflict is the ON CONFLICT clause.
	Conflict ConflictAction

	// Returning computes the RETURNING list from Source's row (from the new row for an UPDATE: the expressions'
	// columns count in Source's columns); nil without the clause.
	Returning        []expr.Expr
	ReturningColumns []physical.Column

	Params    []types.T
	DependsOn []uint32
	Notices   []string
}

// ConflictAction says what an INSERT does about a row whose key exists.
type ConflictAction uint8

// The actions.
const (
	ConflictError ConflictAction = iota
	ConflictNothing
)

// PlanInsert plans an INSERT.
func PlanInsert(stmt *ast.Insert, env *Env) (*DML, error) { panic("pending") }

// PlanUpdate plans an UPDATE.
func PlanUpdate(stmt *ast.Update, env *Env) (*DML, error) { panic("pending") }

// PlanDelete plans a DELETE.
func PlanDelete(stmt *ast.Delete, env *Env) (*DML, error) { panic("pending") }
