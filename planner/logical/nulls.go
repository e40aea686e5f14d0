package logical

import "millrace/expr"

// NullOn reports whether e is certainly NULL for a row in which all of cols are NULL.
func NullOn(e expr.Expr, cols ColSet) bool {
	switch e := e.(type) {
	case *expr.Column:
		return cols.Has(e.Index)
	case *expr.Const:
		return e.Value.Null
	case *expr.Call:
		return !e.Func.NullCall && anyExpr(e.Args, func(a expr.Expr) bool { return NullOn(a, cols) })
	case *expr.Cast:
		return NullOn(e.Arg, cols)
	case *expr.Not:
		return NullOn(e.Arg, cols)
	case *expr.InList:
		return len(e.List) > 0 && NullOn(e.Left, cols)
	case *expr.Subscript:
		return NullOn(e.Arg, cols) || !e.Slice && NullOn(e.Index, cols)
	case *expr.And:
		return allExprs(e.Args, func(a expr.Expr) bool { return NullOn(a, cols) })
	case *expr.Or:
		return allExprs(e.Args, func(a expr.Expr) bool { return NullOn(a, cols) })
	case *expr.Coalesce:
		return allExprs(e.Args, func(a expr.Expr) bool { return NullOn(a, cols) })
	case *expr.Extremum:
		return allExprs(e.Args, func(a expr.Expr) bool { return NullOn(a, cols) })
	}
	return false
}

// RejectsNull reports whether the predicate e cannot be true for a row in which all of cols are NULL.
func RejectsNull(e expr.Expr, cols ColSet) bool {
	switch e := e.(type) {
	case *expr.And:
		return anyExpr(e.Args, func(a expr.Expr) bool { return RejectsNull(a, cols) })
	case *expr.Or:
		return allExprs(e.Args, func(a expr.Expr) bool { return RejectsNull(a, cols) })
	case *expr.IsNull:
		return e.Negate && NullOn(e.Arg, cols)
	case *expr.Const:
		return e.Value.Null || !e.Value.Bool()
	case *expr.BoolTest:
		// NULL IS TRUE, NULL IS FALSE and NULL IS NOT UNKNOWN are false.
		return e.Negate == e.Want.Null && NullOn(e.Arg, cols)
	case *expr.DistinctFrom:
		return false
	case *expr.AnyAll:
		// NULL = ALL (an empty array) is true.
		return !e.All && !e.Op.NullCall && (NullOn(e.Left, cols) || NullOn(e.Array, cols))
	}
	return NullOn(e, cols)
}

// RejectedNulls gives the columns that cannot be NULL in a row for which the predicate e is true.
func RejectedNulls(e expr.Expr) ColSet {
	var s ColSet
	for _, id := range ExprCols(e).List() {
		if RejectsNull(e, SetOf(id)) {
			s.Add(id)
		}
	}
	return s
}

// NeverNull reports whether e cannot be NULL when the columns notNull are not.
func NeverNull(e expr.Expr, notNull ColSet) bool {
	switch e := e.(type) {
	case *expr.Column:
		return notNull.Has(e.Index)
	case *expr.Const:
		return !e.Value.Null
	case *expr.IsNull, *expr.BoolTest, *expr.DistinctFrom, *expr.MakeArray:
		return true
	case *expr.Not:
		return NeverNull(e.Arg, notNull)
	case *expr.And:
		return allExprs(e.Args, func(a expr.Expr) bool { return NeverNull(a, notNull) })
	case *expr.Or:
		return allExprs(e.Args, func(a expr.Expr) bool { return NeverNull(a, notNull) })
	case *expr.Coalesce:
		return anyExpr(e.Args, func(a expr.Expr) bool { return NeverNull(a, notNull) })
	case *expr.Extremum:
		return anyExpr(e.Args, func(a expr.Expr) bool { return NeverNull(a, notNull) })
	case *expr.Case:
		for _, w := range e.Whens {
			if !NeverNull(w.Result, notNull) {
				return false
			}
		}
		return e.Else != nil && NeverNull(e.Else, notNull)
	case *expr.Call:
		// A row whose evaluation fails has NULL in the slot, but goes to the errors. Comparisons of values that
		// are not NULL are never NULL; of other functions that is not known.
		return e.Func.Operator && isComparison(e.Func.Name) && allExprs(e.Args, func(a expr.Expr) bool { return NeverNull(a, notNull) })
	}
	return false
}

func isComparison(op string) bool {
	switch op {
	case "=", "<>", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func anyExpr(es []expr.Expr, f func(expr.Expr) bool) bool {
	for _, e := range es {
		if f(e) {
			return true
		}
	}
	return false
}

func allExprs(es []expr.Expr, f func(expr.Expr) bool) bool {
	return !anyExpr(es, func(e expr.Expr) bool { return !f(e) })
}
