package planner

import (
	"millrace/catalog"
	"millrace/expr"
	"millrace/planner/bind"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// BindScalar binds an expression over the given columns, which it refers to by index: defaults, checks,
// watermarks, options. Subqueries, aggregates, window and set-returning functions and parameters are refused.
func BindScalar(e ast.Expr, env *Env, columns []physical.Column) (expr.Expr, error) {
	return bind.New(env.bindEnv()).Scalar(e, scalarColumns(columns))
}

// BindAssignment binds an expression as [BindScalar] does and converts it to the type of the column that it is
// assigned to; name is the column's for messages.
func BindAssignment(e ast.Expr, env *Env, columns []physical.Column, name string, to types.T) (expr.Expr, error) {
	return bind.New(env.bindEnv()).Assignment(e, scalarColumns(columns), name, to)
}

// RowExpr is what an expression over a table's row is for.
type RowExpr = bind.RowExpr

// The kinds of expressions over a row.
const (
	CheckExpr      = bind.CheckExpr
	GenerationExpr = bind.GenerationExpr
	CopyFilter     = bind.CopyFilter
	TransformExpr  = bind.TransformExpr
	// PlainRow is one without words of its own in messages.
	PlainRow = bind.PlainRow
)

// BindRow binds an expression over the columns of a relation, which may also be referred to by its name, and converts it to a
// type; name is the column's that it is for, in messages.
func BindRow(e ast.Expr, env *Env, r *catalog.Relation, kind RowExpr, name string, to types.T) (expr.Expr, error) {
	return bind.New(env.bindEnv()).Row(e, r, kind, name, to)
}

// ColumnDefault binds what a column is given where a statement gives it nothing.
func ColumnDefault(r *catalog.Relation, col int, env *Env) (expr.Expr, error) {
	return bind.New(env.bindEnv()).ColumnDefault(r, col)
}

func scalarColumns(columns []physical.Column) []bind.ScalarColumn {
	cols := make([]bind.ScalarColumn, len(columns))
	for i, c := range columns {
		cols[i] = bind.ScalarColumn{Name: c.Name, T: c.T}
	}
	return cols
}

// ResolveType gives the type that a type name stands for.
func ResolveType(t *ast.TypeName, env *Env) (types.T, error) {
	return bind.New(env.bindEnv()).Type(t)
}

// ResolveColumnType is [ResolveType] for a column, which may be of a domain: its id is 0 where it is not.
func ResolveColumnType(t *ast.TypeName, env *Env) (types.T, uint32, error) {
	out, d, err := bind.New(env.bindEnv()).TypeOrDomain(t)
	if d == nil {
		return out, 0, err
	}
	return out, d.ID, err
}

// Updatable says why a query that is to be view r is not automatically updatable; "" where it is.
func Updatable(r *catalog.Relation, q *ast.Select, env *Env) (string, error) {
	return bind.New(env.bindEnv()).Updatable(r, q)
}

// CheckDomain binds the condition of a domain over a type, for its mistakes.
func CheckDomain(e ast.Expr, t types.T, env *Env) error {
	_, err := bind.New(env.bindEnv()).DomainCheck(e, t)
	return err
}

// CheckFunction binds the body and the defaults of a function in SQL, as a call would.
func CheckFunction(f *catalog.Function, env *Env) error {
	return bind.New(env.bindEnv()).CheckFunction(f)
}
