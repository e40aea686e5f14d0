package ast

import "testing"

func col(name string) Expr { return &ColumnRef{Parts: []string{name}} }

func num(text string) Expr { return &Literal{Kind: IntLiteral, Text: text} }

func bin(op string, l, r Expr) Expr { return &BinaryOp{Op: op, Left: l, Right: r} }

// TestFormat prints trees that were made by hand: parentheses where they are needed and nowhere else.
func TestFormat(t *testing.T) {
	a, b, c := col("a"), col("b"), col("c")
	for want, n := range map[string]Node{
		"a + b * c":                 bin("+", a, bin("*", b, c)),
		"(a + b) * c":               bin("*", bin("+", a, b), c),
		"a - b - c":                 bin("-", bin("-", a, b), c),
		"a - (b - c)":               bin("-", a, bin("-", b, c)),
		"(a < b) < c":               bin("<", bin("<", a, b), c),
		"a OR b AND c":              &Or{Args: []Expr{a, &And{Args: []Expr{b, c}}}},
		"(a OR b) AND c":            &And{Args: []Expr{&Or{Args: []Expr{a, b}}, c}},
		"(a AND b) AND c":           &And{Args: []Expr{&And{Args: []Expr{a, b}}, c}},
		"NOT (a AND b)":             &Not{Arg: &And{Args: []Expr{a, b}}},
		"a + (NOT b)":               bin("+", a, &Not{Arg: b}),
		"- -1":                      &UnaryOp{Op: "-", Arg: &UnaryOp{Op: "-", Arg: num("1")}},
		"-1 ^ 2":                    bin("^", &UnaryOp{Op: "-", Arg: num("1")}, num("2")),
		"- (a ^ b)":                 &UnaryOp{Op: "-", Arg: bin("^", a, b)},
		"(-1)::integer":             &Cast{Arg: &UnaryOp{Op: "-", Arg: num("1")}, Type: &TypeName{Name: ObjectName{Schema: "pg_catalog", Name: "int4"}}},
		"a IS NULL IS NOT NULL":     &IsNull{Arg: &IsNull{Arg: a}, Not: true},
		"a IS NULL = b":             bin("=", &IsNull{Arg: a}, b),
		"a = (b IS NULL)":           bin("=", a, &IsNull{Arg: b}),
		"a BETWEEN (b AND c) AND c": &Between{Arg: a, Low: &And{Args: []Expr{b, c}}, High: c},
		"(a).b":                     &FieldSelect{Base: a, Field: "b"},
		"a[1].b":                    &FieldSelect{Base: &Subscript{Base: a, Index: num("1")}, Field: "b"},
		`"Tab"."select"`:            &ColumnRef{Parts: []string{"Tab", "select"}},
		"a @ b COLLATE \"C\"":       bin("@", a, &Collate{Arg: b, Collation: ObjectName{Name: "C"}}),
		"SELECT a UNION (SELECT b UNION ALL SELECT c)": &SetOp{Args: []QueryBody{core(a), &SetOp{All: true, Args: []QueryBody{core(b), core(c)}}}},
		"SELECT a UNION ALL SELECT b EXCEPT SELECT c":  &SetOp{Op: Except, Args: []QueryBody{&SetOp{All: true, Args: []QueryBody{core(a), core(b)}}, core(c)}},
		"SELECT a UNION SELECT b INTERSECT SELECT c":   &SetOp{Args: []QueryBody{core(a), &SetOp{Op: Intersect, Args: []QueryBody{core(b), core(c)}}}},
	} {
		if got := Format(n); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func core(e Expr) QueryBody { return &SelectCore{Targets: []*Target{{Expr: e}}} }

func TestEqual(t *testing.T) {
	a := &BinaryOp{Pos: 3, Op: "+", Left: &ColumnRef{Pos: 1, Parts: []string{"a"}}, Right: num("1")}
	b := &BinaryOp{Pos: 9, Op: "+", Left: &ColumnRef{Pos: 7, Parts: []string{"a"}}, Right: num("1")}
	if !Equal(a, b) {
		t.Error("trees that differ in positions only are not equal")
	}
	for _, other := range []Node{
		bin("-", col("a"), num("1")), bin("+", col("b"), num("1")), bin("+", col("a"), num("2")), bin("+", num("1"), col("a")),
		&BinaryOp{Op: "+", Schema: "s", Left: col("a"), Right: num("1")}, col("a"), nil,
	} {
		if Equal(a, other) || Equal(other, a) {
			t.Errorf("%#v is equal", other)
		}
	}
	if !Equal(nil, nil) || Equal(&SelectCore{}, &SelectCore{Targets: []*Target{}}) {
		t.Error("nothing and an empty list")
	}
}

func TestStart(t *testing.T) {
	e := &IsNull{Pos: 9, Arg: &Cast{Pos: 5, Arg: &Subscript{Pos: 2, Base: &ColumnRef{Pos: 1, Parts: []string{"a"}}}}}
	if Start(e) != 1 {
		t.Errorf("%d", Start(e))
	}
	if f := (&FuncCall{Pos: 4, Args: []Expr{col("a")}}); Start(f) != 4 {
		t.Errorf("%d", Start(f))
	}
}

func TestWalkStops(t *testing.T) {
	q := &Select{Body: core(bin("+", &ScalarSubquery{Query: &Select{Body: core(col("inner"))}}, col("outer")))}
	var seen []string
	Walk(q, func(n Node) bool {
		if c, ok := n.(*ColumnRef); ok {
			seen = append(seen, c.Parts[0])
		}
		_, sub := n.(*ScalarSubquery)
		return !sub
	})
	if len(seen) != 1 || seen[0] != "outer" {
		t.Errorf("%v", seen)
	}
	Walk(nil, func(Node) bool { t.Error("nothing was visited"); return true })
}

func TestOptionText(t *testing.T) {
	for _, c := range []struct {
		value Expr
		text  string
		ok    bool
	}{
		{nil, "", false}, {col("on"), "on", true}, {num("5"), "5", true}, {&UnaryOp{Op: "-", Arg: num("5")}, "-5", true},
		{&Literal{Kind: StringLiteral, Text: "x"}, "x", true}, {&Literal{Kind: BoolLiteral, Text: "true"}, "true", true},
		{&Literal{Kind: NullLiteral}, "", false}, {&SecretRef{}, "", false}, {&TypedLiteral{Value: "1 s"}, "1 s", true},
	} {
		o := Option{Value: c.value}
		if text, ok := o.Text(); text != c.text || ok != c.ok {
			t.Errorf("%#v: %q %v", c.value, text, ok)
		}
	}
}
