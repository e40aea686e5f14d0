package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// in binds x IN (list). Where all have one type it is a list lookup, else a chain of comparisons.
func (c *clause) in(e *ast.In) (expr.Expr, error) {
	if row, ok := e.Left.(*ast.Row); ok {
		return c.rowIn(e, row)
	}
	left, err := c.bind(e.Left)
	if err != nil {
		return nil, err
	}
	xs := []expr.Expr{left}
	pos := []int{ast.Start(e.Left)}
	for _, a := range e.List {
		x, err := c.bind(a)
		if err != nil {
			return nil, err
		}
		xs, pos = append(xs, x), append(pos, ast.Start(a))
	}
	if t, err := c.commonType("IN", xs); err == nil {
		if eq := scalar.Equality(t); eq != nil {
			t.Mod = -1
			for i := range xs {
				if xs[i], err = c.coerce(xs[i], t, implicit, pos[i]); err != nil {
					return nil, err
				}
			}
			return &expr.InList{Left: xs[0], List: xs[1:], Eq: eq, Negate: e.Not}, nil
		}
	}
	args := make([]expr.Expr, len(xs)-1)
	for i, x := range xs[1:] {
		if args[i], err = c.operator("=", left, x, e.Pos); err != nil {
			return nil, err
		}
	}
	return orNot(args, e.Not), nil
}

func orNot(args []expr.Expr, not bool) expr.Expr {
	var out expr.Expr = &expr.Or{Args: args}
	if len(args) == 1 {
		out = args[0]
	}
	if not {
		out = &expr.Not{Arg: out}
	}
	return out
}

func (c *clause) rowIn(e *ast.In, left *ast.Row) (expr.Expr, error) {
	var args []expr.Expr
	for _, a := range e.List {
		if _, row := a.(*ast.Row); !row {
			if _, err := c.bind(a); err != nil {
				return nil, err
			}
		}
		x, err := c.rowComparison(&ast.BinaryOp{Pos: e.Pos, Op: "=", Left: left, Right: a}, left)
		if err == nil {
			err = repeated(x, len(e.List))
		}
		if err != nil {
			return nil, err
		}
		args = append(args, x)
	}
	return orNot(args, e.Not), nil
}

// anyAll binds x op ANY | ALL (array).
func (c *clause) anyAll(e *ast.AnyAll) (expr.Expr, error) {
	left, err := c.bind(e.Left)
	if err != nil {
		return nil, err
	}
	arr, err := c.bind(e.Array)
	if err != nil {
		return nil, err
	}
	elem := types.Of(types.Unknown)
	switch t := arr.Type(); {
	case t.Is(types.Array):
		elem = t.ElemType()
	case !t.Is(types.Unknown):
		return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires array on right side").At(e.Pos)
	}
	r, err := scalar.ResolveOperator(e.Op, left.Type(), elem)
	if err != nil {
		return nil, at(err, e.Pos)
	}
	if !r.Ret.Is(types.Bool) {
		return nil, pgerr.New(pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean").At(e.Pos)
	}
	if err := c.check(r.Func.Volatility, r.Func.Uses, "the operator "+e.Op, e.Pos); err != nil {
		return nil, err
	}
	if left, err = c.coerce(left, r.Args[0], implicit, ast.Start(e.Left)); err != nil {
		return nil, err
	}
	if arr, err = c.coerce(arr, types.ArrayOf(r.Args[1]), implicit, ast.Start(e.Array)); err != nil {
		return nil, err
	}
	return &expr.AnyAll{Left: left, Op: r.Func, Array: arr, All: e.All, Pos: e.Pos}, nil
}

// arrayDepthMax is PostgreSQL's MAXDIM.
const arrayDepthMax = 6

// array binds ARRAY[...]; nested ones are dimensions.
func (c *clause) array(e *ast.Array, depth int) (expr.Expr, error) {
	if depth > arrayDepthMax {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", depth, arrayDepthMax).At(e.Pos)
	}
	xs := make([]expr.Expr, len(e.Elems))
	pos := make([]int, len(e.Elems))
	for i, a := range e.Elems {
		x, err := expr.Expr(nil), error(nil)
		if inner, ok := a.(*ast.Array); ok {
			x, err = c.array(inner, depth+1)
		} else {
			x, err = c.bind(a)
		}
		if err != nil {
			return nil, err
		}
		xs[i], pos[i] = x, ast.Start(a)
	}
	if len(xs) == 0 {
		return nil, pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].").At(e.Pos)
	}
	t, err := c.commonType("ARRAY", xs, pos...)
	if err != nil {
		return nil, err
	}
	t.Mod = -1
	for i := range xs {
		if xs[i], err = c.coerce(xs[i], t, implicit, pos[i]); err != nil {
			return nil, err
		}
	}
	if !t.Is(types.Array) {
		if t.ArrayOID() == 0 {
			return nil, pgerr.New(pgerr.UndefinedObject, "could not find array type for data type %s", t).At(e.Pos)
		}
		t = types.ArrayOf(t)
	}
	return &expr.MakeArray{Elems: xs, T: t}, nil
}

// arrayAs binds an array constructor whose type a cast gives, so that its elements are read as that and it may be
// empty.
func (c *clause) arrayAs(e *ast.Array, t types.T, depth int) (expr.Expr, error) {
	if depth > arrayDepthMax {
		return c.array(e, depth)
	}
	out := &expr.MakeArray{T: t}
	for _, a := range e.Elems {
		if inner, ok := a.(*ast.Array); ok {
			x, err := c.arrayAs(inner, t, depth+1)
			if err != nil {
				return nil, err
			}
			out.Elems = append(out.Elems, x)
			continue
		}
		x, err := c.bindAs(a, t.ElemType(), explicit)
		if err != nil {
			return nil, err
		}
		out.Elems = append(out.Elems, x)
	}
	return out, nil
}

// subscript binds x[i], x[a:b] and chains of them. Over an array a chain is one look-up in as many dimensions, and gives
// an array where any of it is a slice.
func (c *clause) subscript(e *ast.Subscript) (expr.Expr, error) {
	chain := []*ast.Subscript{e}
	first := e.Base
	for {
		inner, ok := first.(*ast.Subscript)
		if !ok || inner.Grouped {
			break
		}
		chain, first = append(chain, inner), inner.Base
	}
	slices.Reverse(chain)
	base, err := c.bind(first)
	if err != nil {
		return nil, err
	}
	if base.Type().Is(types.JSONB) {
		for _, s := range chain {
			if base, err = c.jsonSubscript(base, s); err != nil {
				return nil, err
			}
		}
		return base, nil
	}
	if !base.Type().Is(types.Array) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", base.Type().WithoutMod()).At(ast.Start(first))
	}
	return c.arraySubscripts(base, chain)
}

// arraySubscripts applies a chain of subscripts, outermost dimension first, to an array.
func (c *clause) arraySubscripts(base expr.Expr, chain []*ast.Subscript) (expr.Expr, error) {
	if len(chain) > arrayDepthMax {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(chain), arrayDepthMax).At(chain[0].Pos)
	}
	slice := slices.ContainsFunc(chain, func(s *ast.Subscript) bool { return s.Slice })
	array := base.Type()
	out := base
	for i, s := range chain {
		low, err := c.arrayIndex(s.Index)
		if err != nil {
			return nil, err
		}
		sub := &expr.Subscript{Arg: out, Slice: s.Slice, T: array, First: i == 0}
		if s.Slice {
			sub.Low = low
			if sub.High, err = c.arrayIndex(s.Upper); err != nil {
				return nil, err
			}
		} else if sub.Index = low; !slice && i == len(chain)-1 {
			sub.T = array.ElemType()
		}
		out = sub
	}
	return out, nil
}

// arrayIndex binds one subscript; nil stays nil, an open bound.
func (c *clause) arrayIndex(x ast.Expr) (expr.Expr, error) {
	if x == nil {
		return nil, nil
	}
	b, err := c.bind(x)
	if err != nil {
		return nil, err
	}
	if t := b.Type(); !scalar.CanCast(t, types.Of(types.Int4), assignment) || t.Category() != 'N' && !t.Is(types.Unknown) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "array subscript must have type integer").At(ast.Start(x))
	}
	return c.coerce(b, types.Of(types.Int4), assignment, ast.Start(x))
}

func (c *clause) jsonSubscript(base expr.Expr, e *ast.Subscript) (expr.Expr, error) {
	if e.Slice {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "jsonb subscript does not support slices").At(ast.Start(e.Base))
	}
	i, err := c.bind(e.Index)
	if err != nil {
		return nil, err
	}
	if i, err = c.typed(i, ast.Start(e.Index)); err != nil {
		return nil, err
	}
	return c.operator("->", base, i, e.Pos)
}

// like binds LIKE, ILIKE and SIMILAR TO as the operators behind them.
func (c *clause) like(e *ast.Like) (expr.Expr, error) {
	left, err := c.bind(e.Left)
	if err != nil {
		return nil, err
	}
	pattern, err := c.bind(e.Pattern)
	if err != nil {
		return nil, err
	}
	op := [...]string{"~~", "~~*", "~"}[e.Kind]
	if e.Kind == ast.LikeSimilarTo || e.Escape != nil {
		name, args := "like_escape", []expr.Expr{pattern}
		if e.Kind == ast.LikeSimilarTo {
			name = "similar_to_escape"
		}
		if e.Escape != nil {
			esc, err := c.bind(e.Escape)
			if err != nil {
				return nil, err
			}
			args = append(args, esc)
		}
		if pattern, err = c.callBound(name, args, nil, false, e.Pos); err != nil {
			return nil, err
		}
	}
	if e.Not {
		op = "!" + op
	}
	return c.operator(op, left, pattern, e.Pos)
}
