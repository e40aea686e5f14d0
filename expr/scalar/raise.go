package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// raiseFunc fails with the error that its arguments describe: code, message, schema, data type, constraint. No name finds it.
var raiseFunc = &expr.Function{Name: "raise", NullCall: true, Eval: toDatum(func(x *row) (types.Datum, error) {
	e := pgerr.New(pgerr.Code(x.str(0)), "%s", x.str(1))
	e.Schema, e.DataType, e.Constraint = x.str(2), x.str(3), x.str(4)
	return types.Null, e
})}

// Raise makes an expression of a type that fails wherever it is evaluated.
func Raise(e *pgerr.Error, t types.T) expr.Expr {
	args := make([]expr.Expr, 0, 5)
	for _, s := range []string{string(e.Code), e.Message, e.Schema, e.DataType, e.Constraint} {
		args = append(args, &expr.Const{T: tText, Value: types.NewString(s)})
	}
	return &expr.Call{Func: raiseFunc, Args: args, T: t}
}
