package randquery

import (
	"fmt"
	"strings"
)

// form is a way to make a value: the text with a $ for each operand, and the operands' types.
type form struct {
	text     string
	operands []Type
}

// forms cannot fail, whatever the operands are.
var forms = map[Type][]form{
	Int: {
		{"($ % 3)", []Type{Int}}, {"(- ($ % 100))", []Type{Int}}, {"abs($ % 7)", []Type{Int}}, {"($ / 2)", []Type{Int}},
		{"length($)", []Type{Text}}, {"strpos($, $)", []Type{Text, Text}}, {"ascii($)", []Type{Text}},
		{"cardinality($)", []Type{Ints}}, {"array_length($, 1)", []Type{Texts}}, {"($)[1]", []Type{Ints}},
		{"($)::int4", []Type{Bool}}, {"extract(day FROM $)::int4", []Type{Date}}, {"extract(hour FROM $)::int4", []Type{Timestamp}},
		{"(($ & 3) | 1)", []Type{Int}}, {"sign($ % 10)::int4", []Type{Int}}, {"num_nulls($, $)", []Type{Int, Text}},
	},
	BigInt: {
		{"($::int8 + $)", []Type{Int, Int}}, {"($::int8 * $)", []Type{Int, Int}}, {"($::int8 - $)", []Type{Int, Int}},
		{"$::int8", []Type{Int}}, {"($ % 5)", []Type{BigInt}}, {"($ / 3)", []Type{BigInt}},
	},
	Numeric: {
		{"($ + $)", []Type{Numeric, Numeric}}, {"($ * $)", []Type{Numeric, Int}}, {"round($, 1)", []Type{Numeric}},
		{"($ / nullif($, 0))", []Type{Numeric, Int}}, {"$::numeric", []Type{BigInt}}, {"trunc($)", []Type{Numeric}}, {"ceil($)", []Type{Numeric}},
		{"($::numeric - $)", []Type{Int, BigInt}}, {"abs($)", []Type{Numeric}}, {"(- $)", []Type{Numeric}}, {"($ % 2.5)", []Type{Numeric}},
	},
	Float: {
		{"$::float8", []Type{Int}}, {"($ * 0.5)", []Type{Float}}, {"($ + $)", []Type{Float, Float}}, {"(- $)", []Type{Float}},
		{"abs($)", []Type{Float}}, {"floor($)", []Type{Float}}, {"round($)", []Type{Float}},
	},
	Text: {
		{"($ || $)", []Type{Text, Text}}, {"($ || $)", []Type{Text, Int}}, {"upper($)", []Type{Text}}, {"lower($)", []Type{Text}},
		{"left($, 1)", []Type{Text}}, {"right($, 2)", []Type{Text}}, {"substr($, 2)", []Type{Text}}, {"replace($, 'a', 'bc')", []Type{Text}},
		{"$::text", []Type{Int}}, {"$::text", []Type{Date}}, {"$::text", []Type{Bool}}, {"$::text", []Type{Ints}}, {"concat($, $)", []Type{Text, Int}},
		{"reverse($)", []Type{Text}}, {"lpad($, 3, '*')", []Type{Text}}, {"trim($)", []Type{Text}}, {"split_part($, ',', 1)", []Type{Text}},
		{"array_to_string($, '-', 'n')", []Type{Texts}}, {"($)[2]", []Type{Texts}}, {"repeat($, 2)", []Type{Text}}, {"translate($, 'ab', 'b')", []Type{Text}},
		{"concat_ws('/', $, $::text)", []Type{Text, Date}}, {"md5($)", []Type{Text}}, {"to_char($, 'YYYY-MM')", []Type{Timestamp}}, {"initcap($)", []Type{Text}},
	},
	Date: {
		{"($ + 1)", []Type{Date}}, {"($ - $ % 5)", []Type{Date, Int}}, {"$::date", []Type{Timestamp}},
	},
	Timestamp: {
		{"($ + interval '1 day 02:00')", []Type{Timestamp}}, {"date_trunc('hour', $)", []Type{Timestamp}}, {"$::timestamp", []Type{Date}},
		{"($ - interval '1 month')", []Type{Timestamp}}, {"date_trunc('month', $)", []Type{Timestamp}},
	},
	Ints: {
		{"ARRAY[$, $]", []Type{Int, Int}}, {"($)[1:2]", []Type{Ints}},
	},
	Texts: {
		{"ARRAY[$, $]", []Type{Text, Text}}, {"string_to_array($, ',')", []Type{Text}}, {"array_replace($, $, 'z')", []Type{Texts, Text}},
	},
}

// fallible forms fail for some operands.
var fallible = map[Type][]form{
	Int:     {{"($ + $)", []Type{Int, Int}}, {"($ * $)", []Type{Int, Int}}, {"($ / $)", []Type{Int, Int}}, {"($ % $)", []Type{Int, Int}}, {"$::int4", []Type{BigInt}}},
	BigInt:  {{"($ + $)", []Type{BigInt, BigInt}}, {"($ / $)", []Type{BigInt, Int}}},
	Numeric: {{"($ / $)", []Type{Numeric, Int}}},
	Ints:    {{"array_append($, $)", []Type{Ints, Int}}, {"array_remove($, $)", []Type{Ints, Int}}, {"($ || $)", []Type{Ints, Ints}}},
	Float:   {{"($ / $)", []Type{Float, Float}}, {"sqrt($)", []Type{Float}}},
}

// expr writes an expression. What it refers to is in s.
func (g *Generator) expr(s *scope, t Type, depth int) *Node {
	if depth <= 0 || g.chance(45) {
		if n := g.column(s, t); n != nil && !g.chance(8) {
			return n
		}
		if depth <= 0 || g.chance(30) {
			return g.literal(t)
		}
	}
	switch {
	case t == Bool:
		return g.pred(s, depth)
	case g.chance(18):
		return g.conditional(s, t, depth)
	case depth >= 2 && g.chance(12):
		return g.scalar(s, t, depth-1)
	}
	options := forms[t]
	if g.opts.Fallible && g.chance(10) && fallible[t] != nil {
		g.use("expressions that can fail")
		options = fallible[t]
	}
	f := options[g.pick(len(options))]
	return g.fill(string(t), f, s, depth-1)
}

func (g *Generator) fill(sort string, f form, s *scope, depth int) *Node {
	kids := make([]any, len(f.operands))
	for i, t := range f.operands {
		kids[i] = g.expr(s, t, depth)
	}
	return build(sort, f.text, kids...)
}

// conditional writes an expression that chooses among values of its type.
func (g *Generator) conditional(s *scope, t Type, depth int) *Node {
	e := func() *Node { return g.expr(s, t, depth-1) }
	switch g.pick(6) {
	case 0, 1:
		g.use("CASE")
		return build(string(t), "CASE WHEN $ THEN $ $ELSE $ END", g.pred(s, depth-1), e(), option("WHEN $ THEN $ ", g.pred(s, depth-1), e()), e())
	case 2:
		g.use("CASE with operand")
		of := g.typeInScope(s)
		return build(string(t), "CASE $ WHEN $ THEN $ ELSE $ END", g.expr(s, of, depth-1), g.expr(s, of, 0), e(), e())
	case 3:
		g.use("NULLIF")
		return build(string(t), "nullif($, $)", e(), e())
	case 4:
		g.use("GREATEST, LEAST")
		return build(string(t), g.one("greatest", "least")+"($, $)", e(), e())
	}
	g.use("COALESCE")
	return build(string(t), "coalesce($, $)", e(), e())
}

// scalar writes a subquery of one row at most.
func (g *Generator) scalar(s *scope, t Type, depth int) *Node {
	g.use("scalar subquery")
	if (t == Ints || t == Texts) && g.chance(40) {
		g.use("ARRAY(subquery)")
		of := Int
		if t == Texts {
			of = Text
		}
		return build(string(t), "ARRAY($ ORDER BY 1)", g.plain(s, []Type{of}, depth))
	}
	if g.chance(60) {
		from, own := g.from(s, depth)
		in := s.inner(own)
		return build(string(t), "(SELECT $ FROM $$)", g.aggregate(&scope{own: own}, t), from, g.where(in, depth, 90))
	}
	return build(string(t), "(SELECT c1 FROM ($) AS $(c1) ORDER BY c1 LIMIT 1)", g.query(s, []Type{t}, depth), g.alias())
}

// comparisons are operators by weight.
var comparisons = []string{"=", "=", "=", "<>", "<", "<=", ">", ">="}

// pred writes a condition.
func (g *Generator) pred(s *scope, depth int) *Node {
	const bool = "bool"
	not := func() string { return g.one("", "NOT ") }
	if depth <= 0 {
		return g.comparison(s, 0)
	}
	switch k := g.pick(34); {
	case k < 10:
		return g.comparison(s, depth-1)
	case k < 12:
		g.use("IS NULL")
		return build(bool, "($ IS "+not()+"NULL)", g.expr(s, g.typeInScope(s), depth-1))
	case k < 14:
		g.use("IS DISTINCT FROM")
		t := g.typeInScope(s)
		return build(bool, "($ IS "+not()+"DISTINCT FROM $)", g.expr(s, t, 0), g.expr(s, t, depth-1))
	case k < 15:
		g.use("BETWEEN")
		t := g.typeInScope(s)
		return build(bool, "($ "+not()+"BETWEEN "+g.one("", "SYMMETRIC ")+"$ AND $)", g.expr(s, t, 0), g.expr(s, t, 0), g.expr(s, t, 0))
	case k < 16:
		g.use("IN list")
		t := g.typeInScope(s)
		return build(bool, "($ "+not()+"IN ($))", g.expr(s, t, 0), list(", ", g.expr(s, t, 0), g.literal(t), g.literal(t)))
	case k < 20:
		return build(bool, "($ "+g.one("AND", "AND", "OR")+" $)", g.pred(s, depth-1), g.pred(s, depth-1))
	case k < 21:
		return build(bool, "(NOT $)", g.pred(s, depth-1))
	case k < 22:
		g.use("IS TRUE")
		return build(bool, "($ IS "+not()+g.one("TRUE", "FALSE", "UNKNOWN")+")", g.pred(s, depth-1))
	case k < 23:
		g.use("LIKE")
		return build(bool, "($ "+g.one("LIKE 'a%'", "NOT LIKE '%b_'", "ILIKE 'A%'", "~ '^[ab]'", "!~ 'b'", "NOT SIMILAR TO '(a|b)%'")+")", g.expr(s, Text, 0))
	case k < 24:
		g.use("= ANY (array)")
		return build(bool, "($ "+g.one("= ANY", "<> ALL", "< ANY", ">= ALL")+" ($))", g.expr(s, Int, 0), g.expr(s, Ints, depth-1))
	case k < 25:
		return g.rowComparison(s)
	case k < 26:
		return g.column0(s, Bool)
	case depth < 2:
		return g.comparison(s, depth-1)
	}
	return g.subqueryPred(s, depth)
}

func (g *Generator) column0(s *scope, t Type) *Node {
	if n := g.column(s, t); n != nil {
		return n
	}
	return g.comparison(s, 0)
}

func (g *Generator) comparison(s *scope, depth int) *Node {
	t := g.typeInScope(s)
	return build("bool", "($ "+comparisons[g.pick(len(comparisons))]+" $)", g.expr(s, t, 0), g.expr(s, t, depth))
}

func (g *Generator) rowComparison(s *scope) *Node {
	g.use("row comparison")
	t, u := g.typeInScope(s), g.typeInScope(s)
	return build("bool", "(($, $) "+g.one("=", "<>", "<", ">=")+" ($, $))", g.expr(s, t, 0), g.expr(s, u, 0), g.expr(s, t, 0), g.expr(s, u, 0))
}

// subqueryPred writes EXISTS, IN, ANY and ALL.
func (g *Generator) subqueryPred(s *scope, depth int) *Node {
	not := g.one("", "NOT ")
	t := g.typeInScope(s)
	switch k := g.pick(8); {
	case k < 3:
		g.use(not + "EXISTS")
		return build("bool", "("+not+"EXISTS ($))", g.query(s, []Type{t}, depth-1))
	case k < 6:
		g.use(not + "IN subquery")
		return build("bool", "($ "+not+"IN ($))", g.expr(s, t, 0), g.query(s, []Type{t}, depth-1))
	case k < 7:
		g.use("row IN subquery")
		u := g.typeInScope(s)
		return build("bool", "(($, $) "+not+"IN ($))", g.expr(s, t, 0), g.expr(s, u, 0), g.query(s, []Type{t, u}, depth-1))
	}
	if g.chance(30) {
		g.use("row ANY, ALL subquery")
		u := g.typeInScope(s)
		op := fmt.Sprintf("%s %s", g.one("=", "<>", "<", "<=", ">", ">="), g.one("ANY", "ALL"))
		return build("bool", "(($, $) "+op+" ($))", g.expr(s, t, 0), g.expr(s, u, 0), g.query(s, []Type{t, u}, depth-1))
	}
	g.use("ANY, ALL subquery")
	op := fmt.Sprintf("%s %s", comparisons[g.pick(len(comparisons))], g.one("ANY", "ALL"))
	return build("bool", "($ "+op+" ($))", g.expr(s, t, 0), g.query(s, []Type{t}, depth-1))
}

// where writes a WHERE clause, or nothing.
func (g *Generator) where(s *scope, depth, percent int) *Node {
	if !g.chance(percent) {
		return word("")
	}
	return option(" WHERE $", g.pred(s, depth))
}

// sortOf is the sort of queries with columns of these types.
func sortOf(types []Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return "query:" + strings.Join(names, ",")
}
