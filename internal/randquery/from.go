package randquery

import (
	"fmt"
	"slices"
	"strings"
)

// item is an item of FROM and what it brings into scope.
type item struct {
	*Node
	relation
}

// from writes a FROM list of one to four items.
func (g *Generator) from(outer *scope, depth int) (*Node, []relation) {
	first := g.item(outer, nil, depth)
	node, own := first.Node, []relation{first.relation}
	more := g.pick(3)
	if depth <= 0 {
		more = g.pick(2)
	}
	for range more {
		node, own = g.join(outer, node, own, depth)
	}
	if depth >= 2 && g.chance(12) {
		// A comma binds less tightly than JOIN: what comes after it sees what is before it, if it is LATERAL.
		next := g.item(outer, own, depth)
		g.use("comma join")
		node = build("from", "$, $", node, next.Node)
		own = append(own, next.relation)
	}
	return node, own
}

// join joins one more item to the left side.
func (g *Generator) join(outer *scope, left *Node, own []relation, depth int) (*Node, []relation) {
	kind := g.one("JOIN", "JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
	g.use(kind)
	lateral := own
	if kind == "RIGHT JOIN" || kind == "FULL JOIN" {
		lateral = nil
	}
	next := g.item(outer, lateral, depth)
	both := append(slices.Clone(own), next.relation)
	if kind == "CROSS JOIN" {
		return build("from", "($ CROSS JOIN $)", left, next.Node), both
	}
	if g.chance(8) {
		if col, merged := sharedColumn(own, next.relation); merged {
			g.use("USING")
			return build("from", "($ "+kind+" $ USING ("+col.Name+"))", left, next.Node), append(both, relation{"", []Column{col}})
		}
	}
	s := outer.inner(both)
	return build("from", "($ "+kind+" $ ON $)", left, next.Node, g.on(s, own, next.relation, kind, depth)), both
}

// sharedColumn is the column k if both sides have it, once on the left.
func sharedColumn(own []relation, next relation) (Column, bool) {
	count, col := 0, Column{}
	for _, r := range own {
		if r.alias == "" {
			return col, false
		}
		for _, c := range r.columns {
			if c.Name == "k" {
				count++
				col = c
			}
		}
	}
	at := slices.IndexFunc(next.columns, func(c Column) bool { return c.Name == "k" })
	return col, count == 1 && at >= 0 && next.columns[at].Type == col.Type
}

// on writes a join condition: an equality, perhaps with more, or something odd.
func (g *Generator) on(s *scope, own []relation, next relation, kind string, depth int) *Node {
	eq := g.equality(own, next)
	k := g.pick(12)
	if kind == "FULL JOIN" && k > 8 {
		k = g.pick(9) // what else PostgreSQL refuses mostly
	}
	switch {
	case eq == nil || k > 10:
		g.use("ON any condition")
		return g.pred(s, min(depth, 2))
	case k < 5:
		return eq
	case k < 6:
		if second := g.equality(own, next); second != nil {
			return build("bool", "($ AND $)", eq, second)
		}
		return eq
	case k < 9:
		g.use("ON equality and more")
		if depth > 1 && g.chance(30) {
			g.use("ON with a subquery")
			return build("bool", "($ AND $)", eq, g.subqueryPred(s, 1))
		}
		return build("bool", "($ AND $)", eq, g.pred(s, 1))
	case k < 10:
		g.use("ON with OR")
		return build("bool", "($ OR $)", eq, g.pred(s, 1))
	}
	g.use("ON constant or one side")
	switch g.pick(3) {
	case 0:
		return build("bool", g.one("true", "false", "NULL::bool"))
	case 1:
		return g.pred(&scope{own: []relation{next}}, 1)
	}
	return g.pred(&scope{own: own}, 1)
}

// equality compares a column of the left with one of the next item, or is nil if no types fit.
func (g *Generator) equality(own []relation, next relation) *Node {
	c := next.columns[g.pick(len(next.columns))]
	left := g.column(&scope{own: own}, c.Type)
	if left == nil {
		return nil
	}
	right := build(string(c.Type), qualified(next.alias, c.Name))
	switch g.pick(8) {
	case 0:
		g.use("IS NOT DISTINCT FROM as join key")
		return build("bool", "($ IS NOT DISTINCT FROM $)", left, right)
	case 1:
		if c.Type == Int {
			g.use("expression as join key")
			return build("bool", "($ % 3 = $)", left, right)
		}
	}
	return build("bool", "($ = $)", left, right)
}

// item writes one item. left are the relations before it, which LATERAL may see.
func (g *Generator) item(outer *scope, left []relation, depth int) item {
	if len(g.ctes) > 0 && g.chance(50) {
		c := g.ctes[g.pick(len(g.ctes))]
		a := g.alias()
		return item{build("from", c.alias+" AS "+a), relation{a, c.columns}}
	}
	if depth <= 0 || g.chance(65) {
		return g.tableItem()
	}
	s := outer
	lateral := ""
	if len(left) > 0 && g.chance(45) {
		lateral = "LATERAL "
		s = outer.inner(left)
		g.use("LATERAL")
	}
	switch g.pick(10) {
	case 0:
		return g.valuesItem()
	case 1:
		g.use("generate_series in FROM")
		a := g.alias()
		bound := g.literal(Int)
		if lateral != "" {
			bound = g.expr(s, Int, 1)
		}
		end := build("", "($ % 4)", bound) // of no sort: reduced, it must not become a large number
		return item{build("from", "generate_series(0, $) AS "+a+"(n)", end), relation{a, []Column{{"n", Int, false}}}}
	case 2:
		return g.unnestItem(s, lateral != "")
	}
	a := g.alias()
	g.use("derived table")
	types := make([]Type, 1+g.pick(3))
	cols := make([]Column, len(types))
	names := make([]string, len(types))
	for i := range types {
		types[i] = g.columnType()
		names[i] = fmt.Sprintf("c%d", i+1)
		cols[i] = Column{Name: names[i], Type: types[i]}
	}
	node := build("from", lateral+"($) AS "+a+"("+strings.Join(names, ", ")+")", g.query(s, types, depth-1))
	return item{node, relation{a, cols}}
}

func (g *Generator) tableItem() item {
	t := g.schema[g.pick(len(g.schema))]
	a := g.alias()
	return item{build("from", t.Name+" AS "+a), relation{a, t.Columns}}
}

func (g *Generator) valuesItem() item {
	g.use("VALUES in FROM")
	a := g.alias()
	t := g.columnType()
	row := func() *Node { return build("", "($, $)", g.literal(Int), g.literal(t)) }
	return item{
		build("from", "(VALUES $) AS "+a+"(v1, v2)", list(", ", row(), row(), row())),
		relation{a, []Column{{"v1", Int, false}, {"v2", t, false}}},
	}
}

func (g *Generator) unnestItem(s *scope, lateral bool) item {
	g.use("unnest in FROM")
	a := g.alias()
	t, of := Ints, Int
	if g.chance(40) {
		t, of = Texts, Text
	}
	array := g.literal(t)
	if lateral {
		array = g.expr(s, t, 1)
	}
	if g.chance(25) {
		g.use("WITH ORDINALITY")
		return item{build("from", "unnest($) WITH ORDINALITY AS "+a+"(e, o)", array), relation{a, []Column{{"e", of, false}, {"o", BigInt, false}}}}
	}
	return item{build("from", "unnest($) AS "+a+"(e)", array), relation{a, []Column{{"e", of, false}}}}
}
