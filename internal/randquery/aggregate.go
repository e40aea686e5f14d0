package randquery

import (
	"fmt"
	"slices"
	"strings"
)

// aggregateForms are by the type of the result. $ is an argument; (o) marks those whose arguments need an order, which is
// by the argument itself.
var aggregateForms = map[Type][]form{
	Int:       {{"count(*)::int4", nil}, {"min($)", []Type{Int}}, {"max($)", []Type{Int}}, {"count($)::int4", []Type{Text}}, {"bit_or($)", []Type{Int}}, {"bit_and($)", []Type{Int}}},
	BigInt:    {{"count(*)", nil}, {"sum($)", []Type{Int}}, {"count($)", []Type{Int}}, {"min($)", []Type{BigInt}}, {"max($)", []Type{BigInt}}, {"bit_xor($)", []Type{BigInt}}},
	Numeric:   {{"sum($)", []Type{BigInt}}, {"avg($)", []Type{Int}}, {"sum($)", []Type{Numeric}}, {"avg($)", []Type{Numeric}}, {"max($)", []Type{Numeric}}, {"round(var_pop($), 6)", []Type{Int}}, {"round(stddev($), 6)", []Type{Int}}},
	Float:     {{"max($)", []Type{Float}}, {"min($)", []Type{Float}}, {"sum($)", []Type{Float}}, {"avg($)", []Type{Float}}},
	Text:      {{"min($)", []Type{Text}}, {"max($)", []Type{Text}}, {"string_agg($, ',' (o))", []Type{Text}}, {"string_agg($, '' (o))", []Type{Text}}},
	Bool:      {{"bool_and($)", []Type{Bool}}, {"bool_or($)", []Type{Bool}}, {"every($)", []Type{Bool}}, {"(count(*) > 1)", nil}, {"(sum($) > 2)", []Type{Int}}},
	Date:      {{"min($)", []Type{Date}}, {"max($)", []Type{Date}}},
	Timestamp: {{"min($)", []Type{Timestamp}}, {"max($)", []Type{Timestamp}}},
	Ints:      {{"array_agg($ (o))", []Type{Int}}, {"min($)", []Type{Ints}}},
	Texts:     {{"array_agg($ (o))", []Type{Text}}, {"max($)", []Type{Texts}}},
}

// orderedSets are aggregates that take their order with WITHIN GROUP; their argument is what they are ordered by.
var orderedSets = map[Type][]form{
	Int:   {{"percentile_disc(0.5) WITHIN GROUP (ORDER BY $)", []Type{Int}}, {"mode() WITHIN GROUP (ORDER BY $)", []Type{Int}}},
	Text:  {{"percentile_disc(0.25) WITHIN GROUP (ORDER BY $)", []Type{Text}}, {"mode() WITHIN GROUP (ORDER BY $)", []Type{Text}}},
	Float: {{"percentile_cont(0.5) WITHIN GROUP (ORDER BY $)", []Type{Float}}},
}

// aggregate writes an aggregate over the rows of s, with DISTINCT, FILTER and ORDER BY where these may be.
func (g *Generator) aggregate(s *scope, t Type) *Node {
	if sets := orderedSets[t]; sets != nil && g.chance(4) {
		f := sets[g.pick(len(sets))]
		g.use("ordered-set aggregate")
		return g.fill(string(t), f, s, 0)
	}
	forms := aggregateForms[t]
	f := forms[g.pick(len(forms))]
	name, _, _ := strings.Cut(strings.TrimLeft(f.text, "("), "(")
	if name == "round" {
		name = "variance, stddev"
	}
	g.use("aggregate " + name)
	arg := word("")
	if len(f.operands) > 0 {
		arg = g.expr(s, f.operands[0], 1)
	}
	text := f.text
	var kids []any
	if len(f.operands) > 0 {
		kids = append(kids, arg)
		if g.chance(15) {
			g.use("DISTINCT aggregate")
			text = strings.Replace(text, "($", "(DISTINCT $", 1)
		}
		if strings.Contains(text, "(o)") {
			g.use("aggregate with ORDER BY")
			text = strings.Replace(text, "(o)", "ORDER BY $"+g.direction(), 1)
			kids = append(kids, arg.String())
		}
	}
	if g.chance(15) && !strings.HasPrefix(text, "round") {
		g.use("FILTER")
		at := closing(text)
		text = text[:at] + " $" + text[at:]
		kids = append(kids, option("FILTER (WHERE $)", g.pred(s, 1)))
	}
	return build(string(t), text, kids...)
}

// closing is the place after the parenthesis that closes the aggregate's arguments.
func closing(text string) int {
	start := strings.Index(strings.TrimPrefix(text, "("), "(") + len(text) - len(strings.TrimPrefix(text, "("))
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// whole writes an aggregation of all rows.
func (g *Generator) whole(outer *scope, types []Type, depth int) *Node {
	g.use("aggregation without GROUP BY")
	from, own := g.from(outer, depth-1)
	cols := make([]*Node, len(types))
	for i, t := range types {
		cols[i] = g.aggregate(&scope{own: own}, t)
	}
	return build(sortOf(types), "SELECT $ FROM $$$", fixed(cols...), from, g.where(outer.inner(own), depth-1, 60), g.having(&scope{own: own}, 15))
}

// key is an expression of GROUP BY.
type key struct {
	*Node
	t      Type
	column relation // of one column, if the key is one
}

func (g *Generator) key(own []relation) key {
	r := own[g.pick(len(own))]
	c := r.columns[g.pick(len(r.columns))]
	if g.chance(4) {
		g.use("GROUP BY subquery")
		inner := g.tableItem()
		for _, d := range inner.columns {
			if d.Type == c.Type {
				return key{Node: build(string(BigInt), "(SELECT count(*) FROM $ WHERE $ = $)", inner.Node, qualified(inner.alias, d.Name), qualified(r.alias, c.Name)), t: BigInt}
			}
		}
	}
	if g.chance(20) {
		// Without a column it would be a constant, which PostgreSQL up to 17 does not set to NULL in the grouping sets that lack it, and which
		// may read as a position.
		if e := g.expr(&scope{own: own}, c.Type, 1); mentions(e, own) {
			g.use("GROUP BY expression")
			return key{Node: e, t: c.Type}
		}
	}
	return key{build(string(c.Type), qualified(r.alias, c.Name)), c.Type, relation{r.alias, []Column{c}}}
}

// mentions tells whether an expression refers to one of the relations.
func mentions(e *Node, own []relation) bool {
	text := e.String()
	return slices.ContainsFunc(own, func(r relation) bool { return r.alias != "" && strings.Contains(text, r.alias+".") })
}

func (g *Generator) grouped(outer *scope, types []Type, depth int) *Node {
	g.use("GROUP BY")
	from, own := g.from(outer, depth-1)
	s := &scope{own: own}
	var keys []key
	for range 1 + g.pick(3) {
		keys = append(keys, g.key(own))
	}
	cols := make([]*Node, len(types))
	for i, t := range types {
		cols[i] = g.ofGroup(s, outer, keys, t, depth)
	}
	return build(sortOf(types), "SELECT $ FROM $$ GROUP BY $$", fixed(cols...), from, g.where(outer.inner(own), depth-1, 50),
		g.groupBy(keys), g.having(s, 20))
}

// ofGroup writes an output column of a group: a key, an aggregate, or an expression over these.
func (g *Generator) ofGroup(s, outer *scope, keys []key, t Type, depth int) *Node {
	var fit []key
	plain := &scope{outer: outer}
	for _, k := range keys {
		if k.t == t {
			fit = append(fit, k)
		}
		if k.column.columns != nil {
			plain.own = append(plain.own, k.column)
		}
	}
	switch {
	case len(fit) > 0 && g.chance(60):
		return build(string(t), "$", fit[g.pick(len(fit))].String())
	case len(plain.own) > 0 && g.chance(12):
		return g.expr(plain, t, depth-1)
	case t == BigInt && depth > 0 && g.chance(15):
		g.use("aggregate of an outer query")
		inner := g.tableItem()
		c := inner.columns[g.pick(len(inner.columns))]
		return build(string(t), "(SELECT count(*) FROM $ WHERE $ $ $)", inner.Node, qualified(inner.alias, c.Name), g.one("=", "<", ">="), g.aggregate(s, c.Type))
	case g.chance(10):
		return build(string(t), "coalesce($, $)", g.aggregate(s, t), g.literal(t))
	}
	return g.aggregate(s, t)
}

func (g *Generator) groupBy(keys []key) *Node {
	texts := make([]string, len(keys))
	for i, k := range keys {
		texts[i] = k.String()
	}
	all := strings.Join(texts, ", ")
	if !g.chance(20) {
		nodes := make([]*Node, len(keys))
		for i := range keys {
			nodes[i] = word(texts[i])
		}
		return list(", ", nodes...)
	}
	kind := g.one("ROLLUP", "CUBE", "GROUPING SETS")
	g.use(kind)
	if kind != "GROUPING SETS" {
		return build("", kind+" ($)", all)
	}
	sets := []*Node{word("()")}
	for _, t := range texts {
		sets = append(sets, word("("+t+")"))
	}
	g.r.Shuffle(len(sets), func(i, j int) { sets[i], sets[j] = sets[j], sets[i] })
	// Each key is in one of the sets, or it would be no grouped column.
	return build("", "GROUPING SETS (($), $)", all, list(", ", sets[:1+g.pick(len(sets))]...))
}

func (g *Generator) having(s *scope, percent int) *Node {
	if !g.chance(percent) {
		return word("")
	}
	g.use("HAVING")
	t := []Type{Int, BigInt, Numeric, Text}[g.pick(4)]
	if !slices.Contains(g.opts.Types, t) {
		t = BigInt
	}
	return option(" HAVING $", build("bool", "($ "+comparisons[g.pick(len(comparisons))]+" $)", g.aggregate(s, t), g.literal(t)))
}

// windowForms are by the type of the result. $ are arguments; (t) marks those for which the order must leave no ties.
var windowForms = map[Type][]form{
	Int:       {{"ntile(3) (t)", nil}, {"lag($) (t)", []Type{Int}}, {"lead($, 1, 0) (t)", []Type{Int}}, {"first_value($) (t)", []Type{Int}}, {"last_value($) (t)", []Type{Int}}, {"nth_value($, 2) (t)", []Type{Int}}, {"max($)", []Type{Int}}, {"min($)", []Type{Int}}},
	BigInt:    {{"row_number() (t)", nil}, {"rank()", nil}, {"dense_rank()", nil}, {"count(*)", nil}, {"sum($)", []Type{Int}}, {"count($)", []Type{Text}}},
	Numeric:   {{"avg($)", []Type{Int}}, {"sum($)", []Type{BigInt}}, {"lag($, 2) (t)", []Type{Numeric}}},
	Float:     {{"percent_rank()", nil}, {"cume_dist()", nil}, {"max($)", []Type{Float}}, {"lag($) (t)", []Type{Float}}},
	Text:      {{"lag($) (t)", []Type{Text}}, {"first_value($) (t)", []Type{Text}}, {"max($)", []Type{Text}}, {"lead($) (t)", []Type{Text}}},
	Bool:      {{"bool_or($)", []Type{Bool}}, {"lag($) (t)", []Type{Bool}}},
	Date:      {{"max($)", []Type{Date}}, {"lag($) (t)", []Type{Date}}},
	Timestamp: {{"min($)", []Type{Timestamp}}, {"lead($) (t)", []Type{Timestamp}}},
	Ints:      {{"lag($) (t)", []Type{Ints}}},
	Texts:     {{"first_value($) (t)", []Type{Texts}}},
}

// frames are those of rows, which need an order without ties, and those of peers.
var (
	rowFrames  = []string{"ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW", "ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING"}
	peerFrames = []string{"RANGE UNBOUNDED PRECEDING", "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING", "GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE GROUP", "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES"}
)

// windowed writes a query with window functions. Only one of them may tell equal rows apart: which of two equal rows is the first for one
// function says nothing about the other.
func (g *Generator) windowed(outer *scope, types []Type, depth int) *Node {
	from, own := g.from(outer, min(depth-1, 1))
	s := outer.inner(own)
	cols := make([]*Node, len(types))
	apart := false
	for i, t := range types {
		if i > 0 && g.chance(30) {
			cols[i] = g.expr(s, t, 1)
			continue
		}
		var total bool
		if cols[i], total = g.window(own, t, !apart); cols[i] == nil {
			cols[i] = g.expr(s, t, 1)
		}
		apart = apart || total
	}
	return build(sortOf(types), "SELECT $ FROM $$", fixed(cols...), from, g.where(s, depth-1, 40))
}

// window writes a window function and tells whether it tells equal rows apart. It is nil if it must not and the type has no other.
func (g *Generator) window(own []relation, t Type, mayTotal bool) (call *Node, total bool) {
	s := &scope{own: own}
	forms := windowForms[t]
	f := forms[g.pick(len(forms))]
	if strings.HasSuffix(f.text, " (t)") && !mayTotal {
		return nil, false
	}
	name, _, _ := strings.Cut(f.text, "(")
	g.use("window " + name)
	text, total := strings.CutSuffix(f.text, " (t)")
	kids := []any{}
	for _, operand := range f.operands {
		kids = append(kids, g.expr(s, operand, 1))
	}
	ranking := f.operands == nil && name != "count"
	over := ""
	if g.chance(70) {
		r := own[g.pick(len(own))]
		over = "PARTITION BY " + qualified(r.alias, r.columns[g.pick(len(r.columns))].Name) + " "
	}
	frame := ""
	if !ranking && g.chance(35) {
		frame = peerFrames[g.pick(len(peerFrames))]
		if total || mayTotal && g.chance(50) {
			frame = rowFrames[g.pick(len(rowFrames))]
			total = true
		}
		g.use("window frame")
	}
	order := total || ranking || frame != "" || g.chance(50)
	if order {
		over += "ORDER BY " + g.windowOrder(own, total) + " "
	}
	kids = append(kids, strings.TrimSpace(over+frame))
	return build(string(t), text+" OVER ($)", kids...), total
}

// windowOrder is one column, or all, which leaves ties only among rows that are equal in everything that can be seen.
func (g *Generator) windowOrder(own []relation, total bool) string {
	var order []string
	for _, r := range own {
		for _, c := range r.columns {
			order = append(order, qualified(r.alias, c.Name)+g.direction())
		}
	}
	g.r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if !total {
		order = order[:1]
	}
	return strings.Join(order, ", ")
}

// ranked keeps the first rows of each group by their rank.
func (g *Generator) ranked(outer *scope, types []Type, depth int) *Node {
	g.use("filter on rank")
	t := g.schema[g.pick(len(g.schema))]
	a := g.alias()
	own := []relation{{t.Name, t.Columns}}
	s := outer.inner([]relation{{a, t.Columns}})
	cols := make([]*Node, len(types))
	for i, t := range types {
		cols[i] = g.expr(s, t, 1)
	}
	partition := option("PARTITION BY $ ", t.Name+"."+t.Columns[g.pick(len(t.Columns))].Name)
	fn := g.one("row_number", "rank", "dense_rank")
	g.use("window " + fn)
	return build(sortOf(types), "SELECT $ FROM (SELECT *, $() OVER ($ORDER BY $) AS rn FROM $) AS $ WHERE $ $", fixed(cols...), fn, partition,
		g.windowOrder(own, fn == "row_number"), t.Name, a, fmt.Sprintf("rn %s", g.one("<= 2", "= 1", "< 3", "= 2", "BETWEEN 1 AND 3", "> 1")),
		option("AND $", g.pred(s, depth-1)))
}
