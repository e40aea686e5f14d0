package logical

import "millrace/expr"

// Equality takes apart `a = b` and `a IS NOT DISTINCT FROM b` (nullSafe) over the same type, for a type whose equality
// operator agrees with types.Compare. ok is false for any other expression.
func Equality(e expr.Expr) (a, b expr.Expr, nullSafe, ok bool) {
	switch e := e.(type) {
	case *expr.Call:
		if e.Func.Operator && e.Func.Name == "=" && len(e.Args) == 2 && SameComparison(e.Args[0], e.Args[1]) {
			return e.Args[0], e.Args[1], false, true
		}
	case *expr.DistinctFrom:
		if e.Negate && SameComparison(e.Left, e.Right) {
			return e.Left, e.Right, true, true
		}
	}
	return nil, nil, false, false
}

// SameComparison reports whether two expressions can be compared as keys: they are of one type but for the modifier.
func SameComparison(a, b expr.Expr) bool {
	return a.Type().WithoutMod() == b.Type().WithoutMod()
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
