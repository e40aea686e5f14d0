package bind

import (
	"errors"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/types"
)

// castContext says where a conversion is wanted.
type castContext = scalar.CastContext

const (
	implicit   = scalar.Implicit
	assignment = scalar.Assignment
	explicit   = scalar.Explicit
)

// coerce converts e to a type. An untyped literal is read as a literal of the type, an untyped parameter takes it.
func (c *clause) coerce(e expr.Expr, to types.T, ctx castContext, pos int) (expr.Expr, error) {
	if e.Type().Is(types.Unknown) {
		switch e := e.(type) {
		case *expr.Const:
			return c.literalAs(e, to, ctx, pos)
		case *expr.Param:
			p, err := c.b.setParam(e, to, pos)
			if err != nil || to.Mod < 0 {
				return p, err
			}
			return scalar.Coerce(p, to, ctx, pos)
		}
	}
	from := e.Type()
	if to.Is(types.Record) && to.Def != nil && !from.Same(to) {
		if fields, ok := c.b.madeRow(e); ok {
			return c.coerceRow(e, fields, to, ctx, pos)
		}
	}
	x, err := scalar.Coerce(e, to, ctx, pos)
	if err != nil {
		return nil, err
	}
	if x == e {
		return e, nil
	}
	if cast, ok := x.(*expr.Cast); ok {
		cast.Pos = pos
		if err := c.check(expr.VolatilityOf(&expr.Cast{Arg: &expr.Const{T: from, Value: types.Null}, To: to}), expr.UsesOf(x)&^expr.UsesOf(e), "cast to "+to.String(), pos); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// literalAs reads an untyped literal as a type's text form. What depends on the session's catalog (regclass) is left
// to be read when it is evaluated.
func (c *clause) literalAs(e *expr.Const, to types.T, ctx castContext, pos int) (expr.Expr, error) {
	if own := c.b.literals[e]; own > 0 {
		pos = own
	}
	if e.Value.Null {
		return &expr.Const{Value: types.Null, T: to}, nil
	}
	switch to.Kind {
	case types.Unknown:
		return e, nil
	case types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole:
		text := &expr.Const{Value: e.Value, T: types.Of(types.Text)}
		return c.coerce(text, to, explicit, pos)
	}
	if to.Is(types.Interval) && to.Mod >= 0 {
		// The fields say what a bare number counts: INTERVAL '10' MINUTE.
		iv, err := types.ParseInterval(string(e.Value.B), to.Mod, c.b.typeEnv())
		if err != nil {
			return nil, at(err, pos)
		}
		return &expr.Const{Value: types.NewBytes(iv.Encode(nil)), T: to}, nil
	}
	d, err := types.ParseText(to.WithoutMod(), e.Value.B, c.b.typeEnv())
	if err != nil {
		return nil, at(err, pos)
	}
	k := &expr.Const{Value: d, T: to.WithoutMod()}
	if to.Mod < 0 {
		return k, nil
	}
	return c.b.fold(&expr.Cast{Arg: k, To: to, Explicit: ctx == explicit, Pos: pos}), nil
}

// at gives an error a position where it has none.
func at(err error, pos int) error {
	var e *pgerr.Error
	if errors.As(err, &e) {
		e.At(pos)
	}
	return err
}

// coerceAll converts expressions that must agree, implicitly.
func (c *clause) coerceAll(es []expr.Expr, to types.T, pos int) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		x, err := c.coerce(e, to, implicit, pos)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// commonType is the type that expressions take together; construct is for the message.
func (c *clause) commonType(construct string, es []expr.Expr, pos ...int) (types.T, error) {
	ts := make([]types.T, len(es))
	for i, e := range es {
		ts[i] = e.Type()
	}
	t, err := scalar.CommonTypeFor(construct, ts)
	if err != nil {
		return t, at(err, conflictPos(ts, pos))
	}
	return t, nil
}

// conflictPos is where a conflict of types shows: at the first whose category differs from that of those before.
func conflictPos(ts []types.T, pos []int) int {
	var first *types.T
	for i := range ts {
		if ts[i].Is(types.Unknown) {
			continue
		}
		if first == nil {
			first = &ts[i]
		} else if ts[i].Category() != first.Category() && i < len(pos) {
			return pos[i]
		}
	}
	if len(pos) > 0 {
		return pos[0]
	}
	return 0
}

// typed gives an untyped literal or parameter the type text, and leaves anything else.
func (c *clause) typed(e expr.Expr, pos int) (expr.Expr, error) {
	if e.Type().Is(types.Unknown) {
		return c.coerce(e, types.Of(types.Text), implicit, pos)
	}
	return e, nil
}

// operator builds a binary operator's call.
func (c *clause) operator(op string, l, r expr.Expr, pos int) (expr.Expr, error) {
	res, err := scalar.ResolveOperator(op, l.Type(), r.Type())
	if err != nil {
		return nil, at(err, pos)
	}
	return c.build(&res, []expr.Expr{l, r}, nil, "the operator "+op, pos)
}

// prefix builds a prefix operator's call.
func (c *clause) prefix(op string, x expr.Expr, pos int) (expr.Expr, error) {
	res, err := scalar.ResolvePrefix(op, x.Type())
	if err != nil {
		return nil, at(err, pos)
	}
	return c.build(&res, []expr.Expr{x}, nil, "the operator "+op, pos)
}

// build makes a call of what was resolved; argPos are the arguments' positions, the call's where missing.
func (c *clause) build(r *scalar.Resolution, args []expr.Expr, argPos []int, what string, pos int) (expr.Expr, error) {
	if err := c.check(r.Func.Volatility, r.Func.Uses, what, pos); err != nil {
		return nil, err
	}
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		p := pos
		if i < len(argPos) {
			p = argPos[i]
		}
		if out[i] = a; a.Type().Is(types.Unknown) {
			x, err := c.coerce(a, r.Args[i], implicit, p)
			if err != nil {
				return nil, err
			}
			out[i] = x
		}
	}
	return r.Build(out, pos), nil
}

// equality finds the = operator of a type, as IS DISTINCT FROM needs it.
func (c *clause) equality(t types.T, pos int) (*expr.Function, error) {
	f := scalar.Equality(t)
	if f == nil {
		return nil, pgerr.New(pgerr.UndefinedFunction, "could not identify an equality operator for type %s", t.WithoutMod()).At(pos)
	}
	return f, nil
}
