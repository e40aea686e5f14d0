package randquery

import (
	"fmt"
	"strings"
)

// query writes a query with columns of these types, which may refer to outer.
func (g *Generator) query(outer *scope, types []Type, depth int) *Node {
	if depth <= 0 {
		return g.plain(outer, types, depth)
	}
	switch k := g.pick(100); {
	case k < 36:
		return g.plain(outer, types, depth)
	case k < 55:
		return g.grouped(outer, types, depth)
	case k < 61:
		return g.whole(outer, types, depth)
	case k < 70:
		return g.setOperation(outer, types, depth)
	case k < 79:
		return g.windowed(outer, types, depth)
	case k < 83:
		return g.ranked(outer, types, depth)
	case k < 88:
		return g.limited(outer, types, depth)
	case k < 91:
		return g.distinctOn(outer, types, depth)
	case k < 96:
		return g.with(outer, types, depth)
	case k < 98:
		return g.recursive(outer, types, depth)
	}
	return g.values(outer, types)
}

// plain writes SELECT ... FROM ... WHERE.
func (g *Generator) plain(outer *scope, types []Type, depth int) *Node {
	from, own := g.from(outer, depth)
	s := outer.inner(own)
	distinct := word("")
	if g.chance(15) {
		g.use("DISTINCT")
		distinct = option("DISTINCT ")
	}
	cols := make([]*Node, len(types))
	for i, t := range types {
		cols[i] = g.expr(s, t, depth)
		if t == Int && depth > 0 && g.chance(2) {
			g.use("set-returning function in the list")
			if g.chance(40) {
				g.use("set-returning function of another")
				cols[i] = build(string(t), "generate_series(0, generate_series(1, ($ % 3)))", g.expr(s, Int, 0))
				continue
			}
			cols[i] = build(string(t), g.one("generate_series(1, $)", "unnest(ARRAY[0, $, NULL])"), build(string(Int), "($ % 3)", g.expr(s, Int, 0)))
		}
	}
	return build(sortOf(types), "SELECT $$ FROM $$", distinct, fixed(cols...), from, g.where(s, depth, 65))
}

// values writes VALUES.
func (g *Generator) values(outer *scope, types []Type) *Node {
	g.use("VALUES")
	rows := make([]*Node, 1+g.pick(3))
	for i := range rows {
		cells := make([]*Node, len(types))
		for j, t := range types {
			if cells[j] = g.literal(t); outer != nil && g.chance(30) {
				cells[j] = g.expr(outer, t, 0)
			}
		}
		rows[i] = build("", "($)", fixed(cells...))
	}
	return build(sortOf(types), "VALUES $", list(", ", rows...))
}

func (g *Generator) setOperation(outer *scope, types []Type, depth int) *Node {
	op := g.one("UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL")
	g.use(op)
	return build(sortOf(types), "($) "+op+" ($)", g.query(outer, types, depth-1), g.query(outer, types, depth-1))
}

// limited keeps the first rows in an order by all columns, so that what is left out does not depend on ties.
func (g *Generator) limited(outer *scope, types []Type, depth int) *Node {
	g.use("LIMIT")
	order := make([]*Node, len(types))
	for i := range order {
		order[i] = word(fmt.Sprint(i+1) + g.direction())
	}
	limit := word(fmt.Sprintf(" LIMIT %d", g.pick(5)))
	switch g.pick(5) {
	case 0:
		g.use("OFFSET")
		limit = word(fmt.Sprintf(" LIMIT %d OFFSET %d", 1+g.pick(4), g.pick(4)))
	case 2:
		g.use("LIMIT subquery")
		limit = build("", " LIMIT (SELECT count(*) % 5 FROM ($) AS $)", g.query(outer, []Type{Int}, depth-2), g.alias())
		if outer != nil && g.chance(50) {
			limit = build("", " LIMIT greatest(0, $ % 4) OFFSET $", g.expr(outer, Int, 0), g.one("0", "1", "2"))
		}
	case 1:
		// With ties the order may have them.
		g.use("WITH TIES")
		order = order[:1+g.pick(len(order))]
		limit = word(fmt.Sprintf(" FETCH FIRST %d ROWS WITH TIES", 1+g.pick(3)))
	}
	return build(sortOf(types), "$ ORDER BY $$", g.simple(outer, types, depth-1), fixed(order...), limit)
}

// simple is a query to which ORDER BY can be added as it stands.
func (g *Generator) simple(outer *scope, types []Type, depth int) *Node {
	if g.chance(30) {
		return g.grouped(outer, types, depth)
	}
	return g.plain(outer, types, depth)
}

// distinctOn keeps one row for each value of the first columns, chosen by the others.
func (g *Generator) distinctOn(outer *scope, types []Type, depth int) *Node {
	g.use("DISTINCT ON")
	a := g.alias()
	names := make([]string, len(types))
	order := make([]*Node, len(types))
	for i := range types {
		names[i] = fmt.Sprintf("c%d", i+1)
		order[i] = word(names[i] + g.direction())
	}
	on := names[:1+g.pick(len(names))]
	return build(sortOf(types), "SELECT DISTINCT ON ($) * FROM ($) AS $($) ORDER BY $", strings.Join(on, ", "),
		g.query(outer, types, depth-1), a, strings.Join(names, ", "), fixed(order...))
}

// with names a query, which the rest may read any number of times.
func (g *Generator) with(outer *scope, types []Type, depth int) *Node {
	g.use("WITH")
	name := g.alias()
	cols := []Column{{"k", Int, false}, {"v", g.columnType(), false}}
	body := g.query(outer, []Type{cols[0].Type, cols[1].Type}, depth-1)
	return g.within(relation{name, cols}, func() *Node {
		return build(sortOf(types), "WITH $(k, v) AS "+g.one("", "", "MATERIALIZED ", "NOT MATERIALIZED ")+"($) ($)", name, body,
			g.query(outer, types, depth-1))
	})
}

// within writes something in which a common table expression is visible.
func (g *Generator) within(cte relation, write func() *Node) *Node {
	saved := g.ctes
	g.ctes = append(append([]relation(nil), saved...), cte)
	defer func() { g.ctes = saved }()
	return write()
}

// recursive names a query that ends: it counts to a bound, or follows the edges of a table without repeating itself.
func (g *Generator) recursive(outer *scope, types []Type, depth int) *Node {
	g.use("WITH RECURSIVE")
	name, a := g.alias(), g.alias()
	body := build("", "SELECT 0 UNION ALL SELECT n + 1 FROM $ WHERE n < $", name, fmt.Sprint(g.pick(6)))
	if edges, from, to := g.edges(); edges != "" && g.chance(70) {
		start := build(string(Int), g.one("0", "1", "2"))
		body = build("", "SELECT $::int4 UNION SELECT $.$ FROM $ JOIN $ AS $ ON $.$ = n", start, a, to, name, edges, a, a, from)
	}
	return g.within(relation{name, []Column{{"n", Int, false}}}, func() *Node {
		return build(sortOf(types), "WITH RECURSIVE $(n) AS ($) ($)", name, body, g.query(outer, types, depth-1))
	})
}

// edges is a table with two integer columns that a walk can follow.
func (g *Generator) edges() (table, from, to string) {
	t := g.schema[g.pick(len(g.schema))]
	var ints []string
	for _, c := range t.Columns {
		if c.Type == Int {
			ints = append(ints, c.Name)
		}
	}
	if len(ints) < 2 {
		return "", "", ""
	}
	return t.Name, ints[0], ints[1]
}

// Partition writes a query and the same in three parts: the rows for which a condition is true, false and unknown. The two have the same
// answer, whatever the condition.
func (g *Generator) Partition() (whole, parts *Query) {
	g.aliases, g.ctes, g.uses = 0, nil, map[string]bool{}
	types := []Type{g.columnType(), g.columnType()}
	from, own := g.from(nil, 2)
	s := &scope{own: own}
	cols := fixed(g.expr(s, types[0], 1), g.expr(s, types[1], 1))
	p := g.pred(s, 2)
	whole = &Query{Node: build(sortOf(types), "SELECT $ FROM $", cols, from), Types: types}
	parts = &Query{Types: types, Node: build(sortOf(types), "SELECT $ FROM $ WHERE $ UNION ALL SELECT $ FROM $ WHERE NOT $ UNION ALL SELECT $ FROM $ WHERE ($) IS NULL",
		cols, from, p, cols, from, p, cols, from, p)}
	return whole, parts
}
