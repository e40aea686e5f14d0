package expr

import (
	"fmt"

	"millrace/delta"
	"millrace/types"
)

// EvalConst evaluates an expression without columns, such as a literal's conversion or a prepared statement's
// argument. The error is the expression's own, a *pgerr.Error. The datum owns its bytes.
func EvalConst(ctx *Context, e Expr) (types.Datum, error) {
	if c, ok := e.(*Const); ok {
		return c.Value, nil
	}
	if cols := Columns(e); len(cols) > 0 {
		return types.Datum{}, fmt.Errorf("expr: %s is not constant", String(e))
	}
	p, err := Compile(e)
	if err != nil {
		return types.Datum{}, err
	}
	var errs Errors
	v := p.EvalOwned(ctx, noColumns, &errs)
	if len(errs.List) > 0 {
		return types.Datum{}, errs.List[0].Err
	}
	return v.Datum(0), nil
}

// Fold evaluates the immutable subexpressions without columns and parameters and simplifies conditions that constants
// decide. A subexpression whose evaluation fails stays as it is, so that the error is raised only where a row
// reaches it. Folded or not, an expression that gives a value gives the same one; folding may lose an error of an
// operand that another operand makes irrelevant (`1/0 = 1 AND false`), as PostgreSQL's planner does.
func Fold(e Expr) Expr { return Rewrite(e, foldNode) }

func foldNode(e Expr) Expr {
	switch x := e.(type) {
	case *Column, *Const, *Param:
		return e
	case *And:
		return foldJunction(e, x.Args, false)
	case *Or:
		return foldJunction(e, x.Args, true)
	case *Case:
		return foldCase(x)
	case *Coalesce:
		return foldCoalesce(x)
	case *Call:
		if x.Func.Volatility != Immutable {
			return e
		}
		if !x.Func.NullCall && hasNullConst(x.Args) && allTotal(x.Args) {
			return &Const{Value: types.Null, T: x.T}
		}
	case *AnyAll:
		if x.Op.Volatility != Immutable {
			return e
		}
	case *Cast:
		if castUses(x.Arg.Type(), x.To) != 0 {
			return e
		}
	case *Subscript:
		if x.T.Is(types.Array) {
			return e // may be part of a chain, which has a meaning only as a whole
		}
	}
	for _, op := range operands(e) {
		if _, ok := op.(*Const); op != nil && !ok {
			return e
		}
	}
	d, err := EvalConst(defaultContext, e)
	if err != nil {
		return e
	}
	return &Const{Value: d, T: e.Type()}
}

func hasNullConst(args []Expr) bool {
	for _, a := range args {
		if c, ok := a.(*Const); ok && c.Value.Null {
			return true
		}
	}
	return false
}

func allTotal(args []Expr) bool {
	for _, a := range args {
		if CanFail(a) || VolatilityOf(a) == Volatile {
			return false
		}
	}
	return true
}

// boolConst reads a constant boolean: ok is false for anything else.
func boolConst(e Expr) (value, null, ok bool) {
	c, ok := e.(*Const)
	if !ok {
		return false, false, false
	}
	return c.Value.Bool(), c.Value.Null, true
}

func boolExpr(d types.Datum) Expr { return &Const{Value: d, T: types.Of(types.Bool)} }

// foldJunction simplifies AND (decides false) or OR (decides true), flattening operands of the same kind.
func foldJunction(e Expr, args []Expr, decides bool) Expr {
	var keep []Expr
	changed, sawNull := false, false
	for _, a := range args {
		value, null, ok := boolConst(a)
		switch {
		case ok && null:
			if sawNull {
				changed = true
				continue
			}
			sawNull = true
		case ok && value == decides:
			return boolExpr(types.NewBool(decides))
		case ok:
			changed = true
			continue
		}
		if and, ok := a.(*And); ok && !decides {
			keep, changed = append(keep, and.Args...), true
			continue
		}
		if or, ok := a.(*Or); ok && decides {
			keep, changed = append(keep, or.Args...), true
			continue
		}
		keep = append(keep, a)
	}
	switch {
	case len(keep) == 0:
		return boolExpr(types.NewBool(!decides))
	case len(keep) == 1:
		return keep[0]
	case !changed:
		return e
	case decides:
		return &Or{Args: keep}
	}
	return &And{Args: keep}
}

// foldCase drops branches that are never taken and ends at one that always is.
func foldCase(e *Case) Expr {
	var whens []When
	elseExpr, changed := e.Else, false
	for i, w := range e.Whens {
		value, null, ok := boolConst(w.Cond)
		if !ok {
			whens = append(whens, w)
			continue
		}
		changed = true
		if value && !null {
			elseExpr = e.Whens[i].Result
			break
		}
	}
	if !changed {
		return e
	}
	if len(whens) > 0 {
		return &Case{Whens: whens, Else: elseExpr, T: e.T}
	}
	if elseExpr == nil {
		return &Const{Value: types.Null, T: e.T}
	}
	return elseExpr
}

// foldCoalesce drops NULL constants and what follows a constant that is not NULL.
func foldCoalesce(e *Coalesce) Expr {
	var keep []Expr
	for _, a := range e.Args {
		c, ok := a.(*Const)
		if ok && c.Value.Null {
			continue
		}
		keep = append(keep, a)
		if ok {
			break
		}
	}
	switch {
	case len(keep) == 0:
		return &Const{Value: types.Null, T: e.T}
	case len(keep) == 1:
		return keep[0]
	case len(keep) == len(e.Args):
		return e
	}
	return &Coalesce{Args: keep, T: e.T}
}

// Vec makes a vector of one row, for kernels that are called outside a program.
func Vec(t types.T, d types.Datum) *delta.Vec {
	v := delta.NewVec(t, 1)
	v.Append(d)
	return v
}
