package planner

import (
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
