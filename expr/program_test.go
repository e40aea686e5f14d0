package expr_test

import (
	"slices"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/types"
)

var (
	tBool = types.Of(types.Bool)
	tInt4 = types.Of(types.Int4)
	tText = types.Of(types.Text)
)

func column(i int, t types.T, name string) expr.Expr { return &expr.Column{Index: i, T: t, Name: name} }
func integer(v int64) expr.Expr                      { return &expr.Const{T: tInt4, Value: types.NewInt(v)} }
func boolean(v bool) expr.Expr                       { return &expr.Const{T: tBool, Value: types.NewBool(v)} }
func text(s string) expr.Expr                        { return &expr.Const{T: tText, Value: types.NewString(s)} }
func null(t types.T) expr.Expr                       { return &expr.Const{T: t, Value: types.Null} }

func op(t testing.TB, symbol string, l, r expr.Expr) expr.Expr {
	t.Helper()
	e, err := scalar.Operator(symbol, l, r, 0)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func call(t testing.TB, name string, args ...expr.Expr) expr.Expr {
	t.Helper()
	list := make([]scalar.Argument, len(args))
	for i, a := range args {
		list[i].Expr = a
	}
	e, err := scalar.Call(name, list, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func compile(t testing.TB, e expr.Expr) *expr.Program {
	t.Helper()
	p, err := expr.Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ints makes a batch of integer columns, NULL where the pointer is nil.
func ints(columns ...[]*int64) *delta.Batch {
	ts := make([]types.T, len(columns))
	for i := range ts {
		ts[i] = tInt4
	}
	b := delta.NewBatch(ts, 0)
	for r := range columns[0] {
		row := make([]types.Datum, len(columns))
		for c := range columns {
			row[c] = types.Null
			if v := columns[c][r]; v != nil {
				row[c] = types.NewInt(*v)
			}
		}
		b.AppendRow(row, 1)
	}
	return b
}

func values(vs ...any) []*int64 {
	out := make([]*int64, len(vs))
	for i, v := range vs {
		if n, ok := v.(int); ok {
			x := int64(n)
			out[i] = &x
		}
	}
	return out
}

func evaluate(t testing.TB, e expr.Expr, b *delta.Batch) (string, *expr.Errors) {
	t.Helper()
	var errs expr.Errors
	v := compile(t, e).Eval(nil, b, &errs)
	parts := make([]string, b.N)
	for i := range parts {
		parts[i] = v.Datum(i).Text(v.Type)
	}
	return strings.Join(parts, " "), &errs
}

func failedRows(errs *expr.Errors) []int {
	rows := []int{}
	for _, e := range errs.List {
		rows = append(rows, e.Row)
	}
	return rows
}

// What does not reach an operand cannot fail in it.
func TestShortCircuit(t *testing.T) {
	a, b := column(0, tInt4, "a"), column(1, tInt4, "b")
	batch := ints(values(6, 6, nil, 7), values(2, 0, 0, nil))
	quotient := op(t, "/", a, b)
	nonZero := op(t, "<>", b, integer(0))
	for _, test := range []struct {
		name, want string
		e          expr.Expr
		failed     []int
	}{
		{"no guard", "3 NULL NULL NULL", quotient, []int{1}}, // NULL / 0 is NULL
		{"case", "3 NULL NULL NULL", &expr.Case{Whens: []expr.When{{Cond: nonZero, Result: quotient}}, T: tInt4}, []int{}},
		{"case else", "0 NULL NULL NULL", &expr.Case{Whens: []expr.When{{Cond: nonZero, Result: integer(0)}}, Else: quotient, T: tInt4}, []int{1}},
		{"and", "t f f NULL", &expr.And{Args: []expr.Expr{nonZero, op(t, ">", quotient, integer(1))}}, []int{}},
		{"or", "t t t NULL", &expr.Or{Args: []expr.Expr{op(t, "=", b, integer(0)), op(t, ">", quotient, integer(1))}}, []int{}},
		{"coalesce", "2 0 0 NULL", &expr.Coalesce{Args: []expr.Expr{b, quotient}, T: tInt4}, []int{}},
		{"constant in a branch that no row takes", "6 6 NULL 7",
			&expr.Case{Whens: []expr.When{{Cond: op(t, ">", a, integer(100)), Result: op(t, "/", integer(1), integer(0))}}, Else: a, T: tInt4}, []int{}},
		{"constant in a branch that one row takes", "6 6 NULL NULL",
			&expr.Case{Whens: []expr.When{{Cond: op(t, "=", a, integer(7)), Result: op(t, "/", integer(1), integer(0))}}, Else: a, T: tInt4}, []int{3}},
		{"in list", "t t NULL NULL", &expr.InList{Left: a, List: []expr.Expr{integer(6), quotient}, Eq: scalar.Equality(tInt4)}, []int{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, e := range []expr.Expr{test.e, expr.Fold(test.e)} {
				got, errs := evaluate(t, e, batch)
				if got != test.want || !slices.Equal(failedRows(errs), test.failed) {
					t.Errorf("%s: %s, failed %v; want %s, failed %v", expr.String(e), got, failedRows(errs), test.want, test.failed)
				}
			}
		})
	}
}

// Three-valued logic, for all combinations of operands.
func TestLogic(t *testing.T) {
	two := func(v any) []*int64 { return values(v) }
	in := []any{1, 0, nil}
	show := map[any]string{1: "t", 0: "f", nil: "NULL"}
	truth := func(e expr.Expr) expr.Expr { return op(t, "=", e, integer(1)) }
	for _, x := range in {
		for _, y := range in {
			batch := ints(two(x), two(y))
			a, b := truth(column(0, tInt4, "a")), truth(column(1, tInt4, "b"))
			and, or := "t", "f"
			switch {
			case x == 0 || y == 0:
				and = "f"
			case x == nil || y == nil:
				and = "NULL"
			}
			switch {
			case x == 1 || y == 1:
				or = "t"
			case x == nil || y == nil:
				or = "NULL"
			}
			if got, _ := evaluate(t, &expr.And{Args: []expr.Expr{a, b}}, batch); got != and {
				t.Errorf("%s AND %s = %s", show[x], show[y], got)
			}
			if got, _ := evaluate(t, &expr.Or{Args: []expr.Expr{a, b}}, batch); got != or {
				t.Errorf("%s OR %s = %s", show[x], show[y], got)
			}
		}
	}
}

func TestEvalPred(t *testing.T) {
	a, b := column(0, tInt4, "a"), column(1, tInt4, "b")
	batch := ints(values(6, 6, nil, 8, 1), values(2, 0, 0, 3, 1))
	quotient := op(t, ">", op(t, "/", a, b), integer(1))
	for _, test := range []struct {
		name   string
		e      expr.Expr
		want   []uint32
		failed []int
	}{
		{"a failing row does not pass", quotient, []uint32{0, 3}, []int{1}},
		{"nor where its NULL would", &expr.IsNull{Arg: op(t, "/", a, b)}, []uint32{2}, []int{1}},
		{"conjunction", &expr.And{Args: []expr.Expr{op(t, "<>", b, integer(0)), quotient}}, []uint32{0, 3}, []int{}},
		// A WHERE ends at NULL, where AND as a value goes on.
		{"NULL ends a row", &expr.And{Args: []expr.Expr{op(t, ">", a, integer(7)), op(t, "=", op(t, "/", integer(1), op(t, "-", b, b)), integer(1))}}, []uint32{}, []int{3}},
		{"constant true", boolean(true), []uint32{0, 1, 2, 3, 4}, []int{}},
		{"constant NULL", null(tBool), []uint32{}, []int{}},
		{"constant failure", op(t, "=", op(t, "/", integer(1), integer(0)), integer(1)), []uint32{}, []int{0, 1, 2, 3, 4}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := compile(t, test.e)
			scratch := make([]uint32, 0, 8)
			for range 2 { // scratch memory is used again
				var errs expr.Errors
				scratch = p.EvalPred(nil, batch, scratch, &errs)
				if !slices.Equal(scratch, test.want) || !slices.Equal(failedRows(&errs), test.failed) {
					t.Errorf("%v, failed %v; want %v, failed %v", scratch, failedRows(&errs), test.want, test.failed)
				}
			}
		})
	}
	var errs expr.Errors
	if got := compile(t, quotient).EvalPred(nil, delta.NewBatch([]types.T{tInt4, tInt4}, 0), nil, &errs); len(got) != 0 {
		t.Errorf("rows %v of an empty batch", got)
	}
}

// Several programs over one batch share the list of errors: one a row, the first, in order of row.
func TestErrorsAreShared(t *testing.T) {
	a := column(0, tInt4, "a")
	batch := ints(values(0, 1, 2147483647, 0))
	var errs expr.Errors
	compile(t, op(t, "+", a, integer(1))).Eval(nil, batch, &errs)
	v := compile(t, op(t, "/", integer(1), a)).Eval(nil, batch, &errs)
	if got := failedRows(&errs); !slices.Equal(got, []int{0, 2, 3}) {
		t.Fatalf("failed rows %v", got)
	}
	codes := []pgerr.Code{pgerr.DivisionByZero, pgerr.NumericValueOutOfRange, pgerr.DivisionByZero}
	for i, e := range errs.List {
		if pgerr.CodeOf(e.Err) != codes[i] {
			t.Errorf("row %d: %v", e.Row, e.Err)
		}
	}
	if v.IsNull(2) || !v.IsNull(0) {
		t.Error("the second program's result has the first one's failure")
	}
	// Of two failures within one expression the first in evaluation order counts.
	errs = expr.Errors{}
	compile(t, op(t, "+", op(t, "/", integer(1), a), op(t, "+", a, integer(2147483647)))).Eval(nil, ints(values(0, 1)), &errs)
	if len(errs.List) != 2 || pgerr.CodeOf(errs.List[0].Err) != pgerr.DivisionByZero || pgerr.CodeOf(errs.List[1].Err) != pgerr.NumericValueOutOfRange {
		t.Errorf("%v", errs.List)
	}
}

func TestEvalConstRefusesColumns(t *testing.T) {
	if _, err := expr.EvalConst(nil, op(t, "+", column(0, tInt4, "a"), integer(1))); err == nil {
		t.Error("no error")
	}
	d, err := expr.EvalConst(nil, call(t, "upper", text("abc")))
	if err != nil || string(d.B) != "ABC" {
		t.Errorf("%s %v", d.B, err)
	}
}

// A chain of operators as long as a parser lets through must give an error at worst.
func TestDeepNesting(t *testing.T) {
	e := column(0, tInt4, "a")
	for range 100_000 {
		e = op(t, "+", e, integer(0))
	}
	if _, err := expr.Compile(e); pgerr.CodeOf(err) != pgerr.StatementTooComplex {
		t.Errorf("%v", err)
	}
}

// Volatile functions are evaluated per row, stable ones once.
func TestVolatileAndStable(t *testing.T) {
	calls := 0
	ctx := &expr.Context{Env: types.DefaultEnv, Random: func() uint64 { calls++; return uint64(calls) << 40 }}
	batch := ints(values(1, 2, 3))
	var errs expr.Errors
	p := compile(t, call(t, "random"))
	v := p.Eval(ctx, batch, &errs)
	if calls != 3 || v.Floats[0] == v.Floats[1] {
		t.Errorf("%d calls, %v", calls, v.Floats)
	}
	compile(t, call(t, "gen_random_uuid")).Eval(&expr.Context{}, batch, &errs)
	if len(errs.List) != 3 || pgerr.CodeOf(errs.List[0].Err) != pgerr.FeatureNotSupported {
		t.Errorf("randomness without a source: %v", errs.List)
	}
	env := *types.DefaultEnv
	env.Now = 86_400_000_000
	errs = expr.Errors{}
	v = compile(t, call(t, "now")).Eval(&expr.Context{Env: &env}, batch, &errs)
	if v.Len() != 3 || v.Ints[2] != env.Now {
		t.Errorf("now: %v", v.Ints)
	}
}

// An empty batch evaluates nothing, and gives a vector of the right type.
func TestEmptyBatch(t *testing.T) {
	var errs expr.Errors
	v := compile(t, op(t, "/", integer(1), integer(0))).Eval(nil, ints(values()), &errs)
	if v.Len() != 0 || v.Type != tInt4 || len(errs.List) != 0 {
		t.Errorf("%d rows, %v", v.Len(), errs.List)
	}
}

// A row may ask for a long value, but not all rows of a batch for one each.
func TestLargeResults(t *testing.T) {
	const rows, long = 6, 60 << 20
	all := make([]any, rows)
	for i := range all {
		all[i] = i
	}
	batch := ints(values(all...))
	value := call(t, "repeat", text("x"), integer(long))
	isPositive := op(t, ">=", column(0, tInt4, "a"), integer(0))
	for name, e := range map[string]expr.Expr{
		"constant": value,
		"case":     &expr.Case{Whens: []expr.When{{Cond: isPositive, Result: value}}, Else: text("y"), T: tText},
		"call":     op(t, "||", value, &expr.Cast{Arg: column(0, tInt4, "a"), To: tText}),
	} {
		var errs expr.Errors
		v := compile(t, e).Eval(nil, batch, &errs)
		if v.Len() != rows || len(v.Data) > 300<<20 || len(errs.List) == 0 || len(errs.List) == rows {
			t.Errorf("%s: %d rows, %d bytes, %d failures", name, v.Len(), len(v.Data), len(errs.List))
		}
		for _, e := range errs.List {
			if pgerr.CodeOf(e.Err) != pgerr.ProgramLimitExceeded || !v.IsNull(e.Row) {
				t.Fatalf("%s: row %d: %v", name, e.Row, e.Err)
			}
		}
	}
	var errs expr.Errors
	compile(t, call(t, "repeat", text("x"), integer(100<<20))).Eval(nil, batch, &errs)
	if len(errs.List) != rows {
		t.Errorf("%d failures of a value beyond the limit", len(errs.List))
	}
}
