package scalar_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// binder types the expressions of these tests: the part of SQL that needs no relations, by the same calls as the planner's
// binder.
type binder struct {
	columns map[string]*expr.Column
}

func (b *binder) parse(sql string) (expr.Expr, error) {
	e, err := parser.ParseExpr(sql)
	if err != nil {
		return nil, err
	}
	return b.bind(e)
}

func constant(t types.T, d types.Datum) expr.Expr { return &expr.Const{T: t, Value: d} }

func (b *binder) list(es []ast.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		x, err := b.bind(e)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

func (b *binder) bind(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.Literal:
		return b.literal(e)
	case *ast.TypedLiteral:
		return b.cast(&ast.Literal{Kind: ast.StringLiteral, Text: e.Value}, e.Type)
	case *ast.ColumnRef:
		c, ok := b.columns[e.Parts[len(e.Parts)-1]]
		if !ok {
			return nil, fmt.Errorf("no column %v", e.Parts)
		}
		return c, nil
	case *ast.BinaryOp:
		return b.binary(e.Op, e.Left, e.Right)
	case *ast.UnaryOp:
		if l, ok := e.Arg.(*ast.Literal); ok && e.Op == "-" && (l.Kind == ast.IntLiteral || l.Kind == ast.NumericLiteral) {
			return b.literal(&ast.Literal{Kind: l.Kind, Text: "-" + l.Text})
		}
		x, err := b.bind(e.Arg)
		if err != nil {
			return nil, err
		}
		return scalar.Operator(e.Op, nil, x, 0)
	case *ast.And:
		args, err := b.bools(e.Args)
		return &expr.And{Args: args}, err
	case *ast.Or:
		args, err := b.bools(e.Args)
		return &expr.Or{Args: args}, err
	case *ast.Not:
		args, err := b.bools([]ast.Expr{e.Arg})
		if err != nil {
			return nil, err
		}
		return &expr.Not{Arg: args[0]}, nil
	case *ast.IsNull:
		x, err := b.bind(e.Arg)
		return &expr.IsNull{Arg: x, Negate: e.Not}, err
	case *ast.IsBool:
		args, err := b.bools([]ast.Expr{e.Arg})
		if err != nil {
			return nil, err
		}
		want := types.Null
		if e.Value != ast.TestUnknown {
			want = types.NewBool(e.Value == ast.TestTrue)
		}
		return &expr.BoolTest{Arg: args[0], Want: want, Negate: e.Not}, nil
	case *ast.Between:
		low, err := b.binary(">=", e.Arg, e.Low)
		if err != nil {
			return nil, err
		}
		high, err := b.binary("<=", e.Arg, e.High)
		both := expr.Expr(&expr.And{Args: []expr.Expr{low, high}})
		if e.Not {
			both = &expr.Not{Arg: both}
		}
		return both, err
	case *ast.Cast:
		return b.cast(e.Arg, e.Type)
	case *ast.Collate:
		return b.bind(e.Arg)
	}
	return b.bindMore(e)
}

func (b *binder) bindMore(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.IsDistinct:
		l, r, err := b.pair(e.Left, e.Right)
		if err != nil {
			return nil, err
		}
		res, err := scalar.ResolveOperator("=", l.Type(), r.Type())
		if err != nil {
			return nil, err
		}
		call := res.Build([]expr.Expr{l, r}, 0).(*expr.Call)
		return &expr.DistinctFrom{Left: call.Args[0], Right: call.Args[1], Eq: res.Func, Negate: e.Not}, nil
	case *ast.Like:
		return b.like(e)
	case *ast.In:
		return b.in(e)
	case *ast.AnyAll:
		return b.anyAll(e)
	case *ast.Case:
		return b.caseExpr(e)
	case *ast.AtTimeZone:
		return b.call("timezone", []ast.Expr{e.Zone, e.Arg})
	case *ast.Array:
		return b.array(e)
	case *ast.Subscript:
		return b.subscript(e)
	case *ast.FuncCall:
		return b.funcCall(e)
	case *ast.Coalesce:
		args, t, err := b.common("COALESCE", e.Args)
		return &expr.Coalesce{Args: args, T: t}, err
	case *ast.MinMax:
		args, t, err := b.common("GREATEST", e.Args)
		return &expr.Extremum{Args: args, Least: e.Least, T: t}, err
	case *ast.NullIf:
		l, r, err := b.pair(e.Left, e.Right)
		if err != nil {
			return nil, err
		}
		cond, err := scalar.Operator("=", l, r, 0)
		if err != nil {
			return nil, err
		}
		return &expr.Case{Whens: []expr.When{{Cond: cond, Result: constant(l.Type(), types.Null)}}, Else: l, T: l.Type()}, nil
	case *ast.SQLValue:
		names := map[ast.SQLValueKind]string{
			ast.CurrentDate: "current_date", ast.CurrentTimestamp: "current_timestamp", ast.LocalTime: "localtime",
			ast.LocalTimestamp: "localtimestamp", ast.CurrentUser: "current_user", ast.SessionUser: "session_user",
		}
		return scalar.Call(names[e.Kind], nil, false, 0)
	}
	return nil, fmt.Errorf("cannot bind a %T", e)
}

func (b *binder) literal(e *ast.Literal) (expr.Expr, error) {
	switch e.Kind {
	case ast.NullLiteral:
		return constant(types.Of(types.Unknown), types.Null), nil
	case ast.BoolLiteral:
		return constant(types.Of(types.Bool), types.NewBool(e.Text == "true")), nil
	case ast.StringLiteral:
		return constant(types.Of(types.Unknown), types.NewString(e.Text)), nil
	case ast.IntLiteral:
		if v, err := strconv.ParseInt(e.Text, 10, 64); err == nil {
			t := types.Of(types.Int8)
			if v >= math.MinInt32 && v <= math.MaxInt32 {
				t = types.Of(types.Int4)
			}
			return constant(t, types.NewInt(v)), nil
		}
	}
	n, err := types.ParseNumeric(nil, []byte(e.Text))
	return constant(types.Of(types.Numeric), types.NewBytes(n)), err
}

func (b *binder) pair(left, right ast.Expr) (l, r expr.Expr, err error) {
	args, err := b.list([]ast.Expr{left, right})
	if err != nil {
		return nil, nil, err
	}
	return args[0], args[1], nil
}

func (b *binder) binary(op string, left, right ast.Expr) (expr.Expr, error) {
	l, r, err := b.pair(left, right)
	if err != nil {
		return nil, err
	}
	return scalar.Operator(op, l, r, 0)
}

func (b *binder) bools(es []ast.Expr) ([]expr.Expr, error) {
	args, err := b.list(es)
	for i := range args {
		if err == nil {
			args[i], err = scalar.Coerce(args[i], types.Of(types.Bool), scalar.Implicit, 0)
		}
	}
	return args, err
}

func (b *binder) cast(arg ast.Expr, name *ast.TypeName) (expr.Expr, error) {
	x, err := b.bind(arg)
	if err != nil {
		return nil, err
	}
	t, err := typeOf(name)
	if err != nil {
		return nil, err
	}
	return scalar.Coerce(x, t, scalar.Explicit, 0)
}

func typeOf(name *ast.TypeName) (types.T, error) {
	t, ok := types.LookupType(name.Name.Name)
	if name.Name.Name == "char" { // the keyword comes as bpchar
		t, ok = types.Of(types.Char1), true
	}
	if !ok {
		return t, fmt.Errorf("no type %v", name.Name)
	}
	var mods []int
	for _, m := range name.Mods {
		v, err := strconv.Atoi(m.(*ast.Literal).Text)
		if err != nil {
			return t, err
		}
		mods = append(mods, v)
	}
	var err error
	switch {
	case name.Fields != "":
		t.Mod, err = types.IntervalMod(strings.ToLower(name.Fields), -1)
	case len(mods) > 0:
		t.Mod, err = types.Modifier(t.Kind, mods...)
	}
	if len(name.Bounds) > 0 {
		t = types.ArrayOf(t)
	}
	return t, err
}

func (b *binder) like(e *ast.Like) (expr.Expr, error) {
	l, p, err := b.pair(e.Left, e.Pattern)
	if err != nil {
		return nil, err
	}
	op := map[ast.LikeKind]string{ast.LikeLike: "~~", ast.LikeILike: "~~*", ast.LikeSimilarTo: "~"}[e.Kind]
	name, args := "like_escape", []scalar.Argument{{Expr: p}}
	if e.Kind == ast.LikeSimilarTo {
		name = "similar_to_escape"
	}
	if e.Escape != nil {
		esc, err := b.bind(e.Escape)
		if err != nil {
			return nil, err
		}
		args = append(args, scalar.Argument{Expr: esc})
	}
	if e.Escape != nil || e.Kind == ast.LikeSimilarTo {
		if p, err = scalar.Call(name, args, false, 0); err != nil {
			return nil, err
		}
	}
	if e.Not {
		op = "!" + op
	}
	return scalar.Operator(op, l, p, 0)
}

func (b *binder) common(construct string, es []ast.Expr) ([]expr.Expr, types.T, error) {
	args, err := b.list(es)
	if err != nil {
		return nil, types.T{}, err
	}
	ts := make([]types.T, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	t, err := scalar.CommonTypeFor(construct, ts)
	for i := range args {
		if err == nil {
			args[i], err = scalar.Coerce(args[i], t, scalar.Implicit, 0)
		}
	}
	return args, t, err
}

func (b *binder) in(e *ast.In) (expr.Expr, error) {
	args, t, err := b.common("IN", append([]ast.Expr{e.Left}, e.List...))
	if err != nil {
		return nil, err
	}
	eq := scalar.Equality(t)
	if eq == nil {
		return nil, fmt.Errorf("no equality for %s", t)
	}
	return &expr.InList{Left: args[0], List: args[1:], Eq: eq, Negate: e.Not}, nil
}

func (b *binder) anyAll(e *ast.AnyAll) (expr.Expr, error) {
	l, a, err := b.pair(e.Left, e.Array)
	if err != nil {
		return nil, err
	}
	elem := a.Type().ElemType()
	if a.Type().Is(types.Unknown) {
		elem = l.Type()
	}
	r, err := scalar.ResolveOperator(e.Op, l.Type(), elem)
	if err != nil {
		return nil, err
	}
	left, err := scalar.Coerce(l, r.Args[0], scalar.Implicit, 0)
	if err != nil {
		return nil, err
	}
	array, err := scalar.Coerce(a, types.ArrayOf(r.Args[1]), scalar.Implicit, 0)
	return &expr.AnyAll{Left: left, Op: r.Func, Array: array, All: e.All}, err
}

func (b *binder) caseExpr(e *ast.Case) (expr.Expr, error) {
	results := []ast.Expr{}
	if e.Else != nil {
		results = append(results, e.Else) // as PostgreSQL does, for the message
	}
	for _, w := range e.Whens {
		results = append(results, w.Then)
	}
	args, t, err := b.common("CASE", results)
	if err != nil {
		return nil, err
	}
	otherwise := args[0]
	if e.Else != nil {
		args = args[1:]
	}
	c := &expr.Case{T: t}
	for i, w := range e.Whens {
		var cond expr.Expr
		if e.Operand != nil {
			cond, err = b.binary("=", e.Operand, w.Cond)
		} else {
			var conds []expr.Expr
			if conds, err = b.bools([]ast.Expr{w.Cond}); err == nil {
				cond = conds[0]
			}
		}
		if err != nil {
			return nil, err
		}
		c.Whens = append(c.Whens, expr.When{Cond: cond, Result: args[i]})
	}
	if e.Else != nil {
		c.Else = otherwise
	}
	return c, nil
}

func (b *binder) array(e *ast.Array) (expr.Expr, error) {
	args, t, err := b.common("ARRAY", e.Elems)
	if err != nil {
		return nil, err
	}
	if !t.Is(types.Array) {
		t = types.ArrayOf(t)
	}
	return &expr.MakeArray{Elems: args, T: t}, nil
}

func (b *binder) subscript(e *ast.Subscript) (expr.Expr, error) {
	base, err := b.bind(e.Base)
	if err != nil {
		return nil, err
	}
	if inner, ok := base.(*expr.Subscript); ok && inner.Arg.Type().Is(types.Array) {
		// a[1][2]: what is subscripted again keeps the array's type.
		inner.T = inner.Arg.Type()
	}
	s := &expr.Subscript{Arg: base, Slice: e.Slice}
	bounds := []*expr.Expr{&s.Index, nil}
	if e.Slice {
		bounds = []*expr.Expr{&s.Low, &s.High}
	}
	for i, x := range []ast.Expr{e.Index, e.Upper} {
		if x == nil || bounds[i] == nil {
			continue
		}
		v, err := b.bind(x)
		if err != nil {
			return nil, err
		}
		want := types.Of(types.Int4)
		if base.Type().Is(types.JSONB) && v.Type().Is(types.Unknown) {
			want = types.Of(types.Text)
		}
		if *bounds[i], err = scalar.Coerce(v, want, scalar.Implicit, 0); err != nil {
			return nil, err
		}
	}
	s.T = base.Type()
	if base.Type().Is(types.Array) && !e.Slice {
		s.T = base.Type().ElemType()
		if inner, ok := base.(*expr.Subscript); ok && inner.Slice {
			s.T = base.Type()
		}
	}
	return s, nil
}

func (b *binder) funcCall(e *ast.FuncCall) (expr.Expr, error) {
	var args []scalar.Argument
	for _, a := range e.Args {
		name := ""
		if n, ok := a.(*ast.NamedArg); ok {
			a, name = n.Value, n.Name
		}
		x, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		args = append(args, scalar.Argument{Expr: x, Name: name})
	}
	return scalar.Call(e.Name.Name, args, e.Variadic, 0)
}

func (b *binder) call(name string, es []ast.Expr) (expr.Expr, error) {
	args, err := b.list(es)
	if err != nil {
		return nil, err
	}
	list := make([]scalar.Argument, len(args))
	for i := range args {
		list[i].Expr = args[i]
	}
	return scalar.Call(name, list, false, 0)
}
