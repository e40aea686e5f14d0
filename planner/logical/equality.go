package logical

import (
	"millrace/expr"
	"millrace/planner/clocked"
	"millrace/types"
)

// Equality takes apart `a = b` and `a IS NOT DISTINCT FROM b` (nullSafe) where both sides can serve as keys: the
// equality of the operator is the equality of their key forms (package storage/keys). Conversions that leave the key form
// as it is, as from integer to bigint, are taken off. ok is false for any other expression.
func Equality(e expr.Expr) (a, b expr.Expr, nullSafe, ok bool) {
	switch e := e.(type) {
	case *expr.Call:
		if e.Func.Operator && e.Func.Name == "=" && len(e.Args) == 2 {
			a, b = e.Args[0], e.Args[1]
		}
	case *expr.DistinctFrom:
		if e.Negate {
			a, b, nullSafe = e.Left, e.Right, true
		}
	}
	if a == nil || keyForm(a.Type()) != keyForm(b.Type()) {
		return nil, nil, false, false
	}
	return keyOf(a), keyOf(b), nullSafe, true
}

// Comparable takes apart what is compared by an operator of order where both sides can serve as keys, whose order is the operator's:
// conversions that leave the key form as it is are taken off.
func Comparable(a, b expr.Expr) (x, y expr.Expr, ok bool) {
	if keyForm(a.Type()) != keyForm(b.Type()) {
		return nil, nil, false
	}
	return keyOf(a), keyOf(b), true
}

// keyForm gives one type to stand for all that share a key form.
func keyForm(t types.T) types.T {
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8:
		return types.Of(types.Int8)
	case types.Float4, types.Float8:
		return types.Of(types.Float8)
	case types.Inet, types.CIDR:
		return types.Of(types.Inet)
	case types.Text, types.Varchar, types.Name:
		return types.Of(types.Text)
	case types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole, types.OID:
		return types.Of(types.OID)
	}
	return t.WithoutMod()
}

// keyOf takes conversions off that change neither the key form nor, for any value, the key.
func keyOf(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Cast)
		if !ok || c.To.Mod >= 0 || c.To.Is(types.Name) || keyForm(c.Arg.Type()) != keyForm(c.To) || expr.CanFail(&expr.Cast{Arg: &expr.Column{T: c.Arg.Type()}, To: c.To}) {
			return e
		}
		e = c.Arg
	}
}

// ConstantCols gives the columns that are equal to a constant or a parameter in every row for which all of preds are
// true, with what they are equal to.
func ConstantCols(preds []expr.Expr) map[ColID]expr.Expr {
	out := map[ColID]expr.Expr{}
	for _, p := range preds {
		a, b, nullSafe, ok := Equality(p)
		if !ok {
			if e, ok := p.(*expr.IsNull); ok && !e.Negate {
				if c, ok := e.Arg.(*expr.Column); ok {
					out[c.Index] = nil
				}
			}
			continue
		}
		if _, ok := a.(*expr.Column); !ok {
			a, b = b, a
		}
		if c, ok := a.(*expr.Column); ok && IsConstant(b) && !nullSafe {
			out[c.Index] = b
		}
	}
	return out
}

// IsConstant reports whether e is the same for all rows of a statement: it reads no column and is not volatile.
func IsConstant(e expr.Expr) bool {
	return ExprCols(e).Empty() && expr.VolatilityOf(e) != expr.Volatile
}

// CanFail reports whether the evaluation of e may give an error for some row; a parameter is taken for a constant, as
// which it is evaluated, and so is what depends on the current time only, such as now() - interval '1 hour'.
func CanFail(e expr.Expr) bool {
	steady := map[expr.Expr]bool{}
	expr.Walk(e, func(x expr.Expr) bool {
		if clocked.Steady(x) {
			steady[x] = true
		}
		return !steady[x]
	})
	return expr.CanFail(expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if _, param := x.(*expr.Param); param || steady[x] {
			return &expr.Const{Value: types.Null, T: x.Type()}
		}
		return x
	}))
}
