package expr_test

import (
	"slices"
	"testing"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/types"
)

func TestString(t *testing.T) {
	a, b, s := column(0, tInt4, "a"), column(1, tInt4, "b"), column(2, tText, "s")
	price := column(3, types.Of(types.Numeric), "price")
	rate, err := types.ParseNumeric(nil, []byte("0.908"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		e    expr.Expr
		want string
	}{
		{op(t, "*", price, &expr.Const{T: types.Of(types.Numeric), Value: types.NewBytes(rate)}), "(price * 0.908)"},
		{op(t, "-", nil, a), "(- a)"},
		{call(t, "lower", s), "lower(s)"},
		{&expr.Column{Index: 7, T: tInt4}, "#7"},
		{&expr.And{Args: []expr.Expr{op(t, "=", a, integer(1)), &expr.Not{Arg: op(t, "<", b, a)}}}, "((a = 1) AND (NOT (b < a)))"},
		{&expr.Or{Args: []expr.Expr{boolean(true), null(tBool)}}, "(true OR NULL::boolean)"},
		{&expr.IsNull{Arg: a, Negate: true}, "(a IS NOT NULL)"},
		{&expr.BoolTest{Arg: boolean(true), Want: types.Null}, "(true IS UNKNOWN)"},
		{&expr.DistinctFrom{Left: a, Right: b, Eq: scalar.Equality(tInt4)}, "(a IS DISTINCT FROM b)"},
		{&expr.Case{Whens: []expr.When{{Cond: boolean(true), Result: a}}, Else: b, T: tInt4}, "CASE WHEN true THEN a ELSE b END"},
		{&expr.Coalesce{Args: []expr.Expr{a, b}, T: tInt4}, "COALESCE(a, b)"},
		{&expr.Extremum{Args: []expr.Expr{a, b}, Least: true, T: tInt4}, "LEAST(a, b)"},
		{&expr.Cast{Arg: op(t, "+", a, b), To: tText}, "((a + b))::text"},
		{&expr.InList{Left: s, List: []expr.Expr{text("it's"), text("x")}, Eq: scalar.Equality(tText), Negate: true}, "(s NOT IN ('it''s'::text, 'x'::text))"},
		{&expr.AnyAll{Left: a, Op: scalar.Equality(tInt4), Array: &expr.MakeArray{Elems: []expr.Expr{a, b}, T: types.ArrayOf(tInt4)}}, "(a = ANY (ARRAY[a, b]))"},
		{&expr.Subscript{Arg: s, Slice: true, Low: a, T: tText}, "s[a:]"},
		{&expr.Param{Index: 0, T: tInt4}, "$1"},
		{&expr.Const{T: types.Of(types.Date), Value: types.NewInt(0)}, "'2000-01-01'::date"},
		{&expr.Const{T: types.Of(types.Float8), Value: types.NewFloat(1.5)}, "1.5"},
	} {
		if got := expr.String(test.e); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestTreeOperations(t *testing.T) {
	a, b := column(3, tInt4, "a"), column(1, tInt4, "b")
	p := &expr.Param{Index: 0, T: tInt4}
	e := op(t, "+", op(t, "*", a, b), op(t, "-", p, a))
	if got := expr.Columns(e); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("columns %v", got)
	}
	moved := expr.RemapColumns(e, func(i int) int { return i + 10 })
	if got := expr.Columns(moved); !slices.Equal(got, []int{11, 13}) {
		t.Errorf("remapped columns %v", got)
	}
	if got := expr.Columns(e); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("the original changed: %v", got)
	}
	full := expr.Substitute(e, []types.Datum{types.NewInt(5)})
	if got := expr.String(full); got != "((a * b) + (5 - a))" {
		t.Errorf("substituted %s", got)
	}
	if _, err := expr.Compile(e); err == nil {
		t.Error("a parameter compiled")
	}
	if expr.Rewrite(e, func(x expr.Expr) expr.Expr { return x }) != e {
		t.Error("a rewrite that changes nothing copied")
	}
	visits := 0
	expr.Walk(e, func(x expr.Expr) bool {
		visits++
		c, ok := x.(*expr.Call)
		return !ok || c.Func.Name != "*"
	})
	if visits != 5 { // +, * (not below), -, $1, a
		t.Errorf("%d visits", visits)
	}
}

func TestEqual(t *testing.T) {
	make1 := func() expr.Expr {
		return &expr.Case{
			Whens: []expr.When{{Cond: op(t, "<", column(0, tInt4, "a"), integer(5)), Result: text("x")}},
			Else:  &expr.Cast{Arg: column(1, tInt4, "b"), To: tText},
			T:     tText,
		}
	}
	x := make1()
	if !expr.Equal(x, make1()) {
		t.Error("equal trees differ")
	}
	named := expr.Rewrite(x, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return &expr.Column{Index: c.Index, T: c.T, Name: "other"}
		}
		return e
	})
	if !expr.Equal(x, named) {
		t.Error("a column's name counts")
	}
	for _, change := range []func(e expr.Expr) expr.Expr{
		func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Const); ok && c.T == tInt4 {
				return integer(6)
			}
			return e
		},
		func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return &expr.Column{Index: c.Index + 1, T: c.T}
			}
			return e
		},
		func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Cast); ok {
				return &expr.Cast{Arg: c.Arg, To: c.To, Explicit: true}
			}
			return e
		},
		func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Case); ok {
				return &expr.Case{Whens: c.Whens, T: c.T}
			}
			return e
		},
	} {
		if y := expr.Rewrite(x, change); expr.Equal(x, y) {
			t.Errorf("%s equals %s", expr.String(x), expr.String(y))
		}
	}
}

func TestFold(t *testing.T) {
	a := column(0, tInt4, "a")
	fails := op(t, "/", integer(1), integer(0))
	isOne := op(t, "=", a, integer(1))
	for _, test := range []struct {
		e    expr.Expr
		want string
	}{
		{op(t, "+", integer(1), op(t, "*", integer(2), integer(3))), "7"},
		{op(t, "+", a, op(t, "*", integer(2), integer(3))), "(a + 6)"},
		{fails, "(1 / 0)"},
		{&expr.Case{Whens: []expr.When{{Cond: isOne, Result: fails}}, Else: integer(2), T: tInt4}, "CASE WHEN (a = 1) THEN (1 / 0) ELSE 2 END"},
		{&expr.Case{Whens: []expr.When{{Cond: boolean(false), Result: fails}}, Else: integer(2), T: tInt4}, "2"},
		{&expr.Case{Whens: []expr.When{{Cond: isOne, Result: a}, {Cond: boolean(true), Result: integer(5)}}, Else: fails, T: tInt4}, "CASE WHEN (a = 1) THEN a ELSE 5 END"},
		{&expr.And{Args: []expr.Expr{isOne, boolean(true)}}, "(a = 1)"},
		{&expr.And{Args: []expr.Expr{isOne, boolean(false)}}, "false"},
		{&expr.And{Args: []expr.Expr{isOne, null(tBool)}}, "((a = 1) AND NULL::boolean)"},
		{&expr.Or{Args: []expr.Expr{isOne, &expr.Or{Args: []expr.Expr{isOne, isOne}}}}, "((a = 1) OR (a = 1) OR (a = 1))"},
		{&expr.Or{Args: []expr.Expr{boolean(false), boolean(false)}}, "false"},
		{&expr.Not{Arg: boolean(true)}, "false"},
		{&expr.Coalesce{Args: []expr.Expr{null(tInt4), a, integer(3), fails}, T: tInt4}, "COALESCE(a, 3)"},
		{op(t, "=", a, null(tInt4)), "NULL::boolean"},
		{op(t, "=", fails, null(tInt4)), "((1 / 0) = NULL::integer)"},
		{call(t, "now"), "now()"},
		{call(t, "random"), "random()"},
		{&expr.Cast{Arg: text("2020-01-01"), To: types.Of(types.Date)}, "'2020-01-01'::text::date"}, // by the session's DateStyle
		{&expr.Cast{Arg: text("12"), To: tInt4}, "12"},
		{&expr.Param{Index: 0, T: tInt4}, "$1"},
	} {
		if got := expr.String(expr.Fold(test.e)); got != test.want {
			t.Errorf("%s: got %s, want %s", expr.String(test.e), got, test.want)
		}
	}
}

func TestProperties(t *testing.T) {
	a := column(0, tInt4, "a")
	tz := column(1, types.Of(types.TimestampTZ), "tz")
	for _, test := range []struct {
		e          expr.Expr
		volatility expr.Volatility
		uses       expr.Uses
		canFail    bool
	}{
		{a, expr.Immutable, 0, false},
		{op(t, "=", a, integer(1)), expr.Immutable, 0, false},
		{op(t, "+", a, integer(1)), expr.Immutable, 0, true},
		{call(t, "now"), expr.Stable, expr.UsesNow, true},
		{call(t, "random"), expr.Volatile, expr.UsesRandom, true},
		{call(t, "date_trunc", text("day"), tz), expr.Stable, expr.UsesSettings, true},
		{call(t, "current_user"), expr.Stable, expr.UsesSession, true},
		{&expr.Cast{Arg: tz, To: types.Of(types.Date)}, expr.Stable, expr.UsesSettings, true},
		{&expr.Cast{Arg: a, To: types.Of(types.Int8)}, expr.Immutable, 0, false},
		{&expr.Cast{Arg: a, To: types.Of(types.Int2)}, expr.Immutable, 0, true},
		{&expr.Cast{Arg: a, To: tText}, expr.Immutable, 0, false},
		{&expr.IsNull{Arg: op(t, "/", a, a)}, expr.Immutable, 0, true},
	} {
		if v, u, f := expr.VolatilityOf(test.e), expr.UsesOf(test.e), expr.CanFail(test.e); v != test.volatility || u != test.uses || f != test.canFail {
			t.Errorf("%s: volatility %d, uses %b, can fail %v", expr.String(test.e), v, u, f)
		}
	}
}
