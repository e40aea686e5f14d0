package rules

import (
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/types"
)

func bigint(v int64) expr.Expr {
	return &expr.Const{Value: types.NewInt(v), T: types.Of(types.Int8)}
}

// isTrue reports whether e is the constant true.
func isTrue(e expr.Expr) bool {
	k, ok := e.(*expr.Const)
	return ok && !k.Value.Null && k.Value.Bool()
}

// isNeverTrue reports whether e is the constant false or NULL.
func isNeverTrue(e expr.Expr) bool {
	k, ok := e.(*expr.Const)
	return ok && (k.Value.Null || !k.Value.Bool())
}

// nothing is a plan without rows that has n's columns.
func nothing(n logical.Node) logical.Node { return &logical.Values{Cols: n.Output()} }

// isNothing reports whether n is a plan without rows.
func isNothing(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 0
}

func nullOf(t types.T) expr.Expr { return &expr.Const{Value: types.Null, T: t} }
