package planner_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// randomQuery writes queries that PostgreSQL and Millrace both take, whose answers are determined as multisets: nothing
// that can fail, and limits only in a total order. Correlation, outer joins and NULLs are frequent.
type randomQuery struct {
	r       *rand.Rand
	aliases int
}

// rtable is a relation in scope: its alias and its integer columns.
type rtable struct {
	name string
	cols []string
}

var randomTables = []struct {
	name string
	cols []string
}{
	{"t", []string{"id", "a", "b"}},
	{"u", []string{"x", "y"}},
	{"w", []string{"p", "q", "z"}},
}

const randomDDL = `
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
CREATE TABLE u (x int, y int);
CREATE TABLE w (p int, q int, z int, PRIMARY KEY (p, q));`

func (g *randomQuery) pick(n int) int { return g.r.IntN(n) }

func (g *randomQuery) chance(percent int) bool { return g.r.IntN(100) < percent }

func (g *randomQuery) alias() string {
	g.aliases++
	return fmt.Sprintf("r%d", g.aliases)
}

// column names a column in scope; scope holds the tables from the innermost query outward, and its first own tables are
// preferred.
func (g *randomQuery) column(scope []rtable) string {
	t := scope[g.pick(len(scope))]
	return t.name + "." + t.cols[g.pick(len(t.cols))]
}

func (g *randomQuery) value(scope []rtable, depth int) string {
	switch k := g.pick(20); {
	case k < 11 || depth <= 0 && k < 14:
		return g.column(scope)
	case k < 14:
		return fmt.Sprint(g.pick(5))
	case k < 15:
		return fmt.Sprintf("(%s + %s)", g.column(scope), g.value(scope, depth-1))
	case k < 16:
		return fmt.Sprintf("coalesce(%s, %s)", g.column(scope), g.value(scope, depth-1))
	case k < 17:
		return fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", g.pred(scope, depth-1), g.column(scope), g.value(scope, depth-1))
	case k < 18 && depth > 0:
		return fmt.Sprintf("(SELECT z FROM w WHERE p = %s AND q = %s)", g.value(scope, 0), g.value(scope, 0))
	case depth > 0:
		inner := g.table()
		fn := []string{"max(%s)", "min(%s)", "count(%s)::int", "count(*)::int + 0 * coalesce(max(%s), 0)", "coalesce(sum(%s), -1)::int"}[g.pick(5)]
		where := g.pred(append([]rtable{inner.rtable}, scope...), depth-1)
		if g.chance(60) {
			where = fmt.Sprintf("%s = %s AND %s", g.column([]rtable{inner.rtable}), g.column(scope), where)
		}
		return fmt.Sprintf("(SELECT %s FROM %s WHERE %s)", fmt.Sprintf(fn, g.column([]rtable{inner.rtable})), inner.sql, where)
	}
	return g.column(scope)
}

func (g *randomQuery) pred(scope []rtable, depth int) string {
	switch k := g.pick(24); {
	case k < 10 || depth <= 0:
		op := []string{"=", "<>", "<", "<=", ">", ">=", "=", "="}[g.pick(8)]
		return fmt.Sprintf("%s %s %s", g.value(scope, 0), op, g.value(scope, depth-1))
	case k < 11:
		return fmt.Sprintf("%s IS %sNULL", g.column(scope), []string{"", "NOT "}[g.pick(2)])
	case k < 12:
		return fmt.Sprintf("%s BETWEEN %s AND %s", g.column(scope), g.value(scope, 0), g.value(scope, 0))
	case k < 13:
		return fmt.Sprintf("%s IS %sDISTINCT FROM %s", g.column(scope), []string{"", "NOT "}[g.pick(2)], g.value(scope, 0))
	case k < 14:
		return fmt.Sprintf("%s %sIN (1, %s, 3)", g.column(scope), []string{"", "NOT "}[g.pick(2)], g.value(scope, 0))
	case k < 16:
		return fmt.Sprintf("(%s AND %s)", g.pred(scope, depth-1), g.pred(scope, depth-1))
	case k < 18:
		return fmt.Sprintf("(%s OR %s)", g.pred(scope, depth-1), g.pred(scope, depth-1))
	case k < 19:
		return fmt.Sprintf("NOT (%s)", g.pred(scope, depth-1))
	case k < 21:
		return fmt.Sprintf("%sEXISTS (%s)", []string{"", "NOT "}[g.pick(2)], g.query(scope, 1, depth-1))
	case k < 23:
		return fmt.Sprintf("%s %sIN (%s)", g.value(scope, 0), []string{"", "NOT "}[g.pick(2)], g.query(scope, 1, depth-1))
	}
	if g.chance(30) {
		return fmt.Sprintf("(%s, %s) %sIN (%s)", g.value(scope, 0), g.value(scope, 0), []string{"", "NOT "}[g.pick(2)], g.query(scope, 2, depth-1))
	}
	op := []string{"=", "<", ">", "<>", "<=", ">="}[g.pick(6)]
	if g.chance(30) {
		return fmt.Sprintf("(%s, %s) %s %s (%s)", g.value(scope, 0), g.value(scope, 0), op, []string{"ANY", "ALL"}[g.pick(2)], g.query(scope, 2, depth-1))
	}
	return fmt.Sprintf("%s %s %s (%s)", g.value(scope, 0), op, []string{"ANY", "ALL"}[g.pick(2)], g.query(scope, 1, depth-1))
}

// item is an item of FROM.
type item struct {
	rtable
	sql string
}

func (g *randomQuery) table() item {
	t := randomTables[g.pick(len(randomTables))]
	a := g.alias()
	return item{rtable{a, t.cols}, t.name + " " + a}
}

// from writes a FROM clause and the tables that it brings into scope.
func (g *randomQuery) from(outer []rtable, depth int) (string, []rtable) {
	first := g.item(outer, nil, depth)
	sql, scope := first.sql, []rtable{first.rtable}
	for range g.pick(3) {
		if depth <= 0 && g.chance(50) {
			break
		}
		kind := g.pick(6)
		if kind == 0 {
			next := g.item(outer, scope, depth)
			sql += ", " + next.sql
			scope = append(scope, next.rtable)
			continue
		}
		word := []string{"", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT JOIN"}[kind]
		left := scope
		if word == "RIGHT JOIN" || word == "FULL JOIN" {
			left = nil // no LATERAL through these
		}
		if strings.Contains(sql, ", ") {
			left = nil
		}
		next := g.item(outer, left, depth)
		on := g.joinPred(scope, next.rtable)
		if word == "FULL JOIN" {
			// PostgreSQL takes only equalities there.
			on = fmt.Sprintf("%s = %s", g.column(lastJoined(sql, scope)), g.column([]rtable{next.rtable}))
		}
		if depth > 0 && g.chance(25) {
			both := append(append([]rtable{}, lastJoined(sql, scope)...), next.rtable)
			on = fmt.Sprintf("%s AND %s", on, g.pred(append(both, outer...), depth-1))
		}
		sql = fmt.Sprintf("%s %s %s ON %s", sql, word, next.sql, on)
		scope = append(scope, next.rtable)
	}
	return sql, scope
}

// lastJoined are the tables that a JOIN after sql joins with: those after the last comma.
func lastJoined(sql string, scope []rtable) []rtable {
	depth, commas := 0, 0
	for _, c := range sql {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				commas++
			}
		}
	}
	if commas == 0 {
		return scope
	}
	return scope[len(scope)-1:]
}

func (g *randomQuery) joinPred(scope []rtable, next rtable) string {
	scope = scope[len(scope)-1:]
	both := append([]rtable{next}, scope...)
	p := fmt.Sprintf("%s = %s", g.column(scope), g.column([]rtable{next}))
	switch g.pick(4) {
	case 0:
		p = fmt.Sprintf("%s IS NOT DISTINCT FROM %s", g.column(scope), g.column([]rtable{next}))
	case 1:
		p += " AND " + g.plainPred(both)
	case 2:
		p = g.plainPred(both)
	}
	return p
}

// plainPred has no subquery.
func (g *randomQuery) plainPred(scope []rtable) string {
	return fmt.Sprintf("%s %s %s", g.column(scope), []string{"<", ">=", "=", "<>"}[g.pick(4)], g.column(scope))
}

func (g *randomQuery) item(outer, left []rtable, depth int) item {
	if depth <= 0 || g.chance(60) {
		return g.table()
	}
	a := g.alias()
	n := 1 + g.pick(2)
	scope := outer
	lateral := ""
	if len(left) > 0 && g.chance(50) {
		scope, lateral = append(append([]rtable{}, left...), outer...), "LATERAL "
	}
	cols := []string{"c1", "c2", "c3"}[:n]
	return item{rtable{a, cols}, fmt.Sprintf("%s(%s) %s(%s)", lateral, g.query(scope, n, depth-1), a, strings.Join(cols, ", "))}
}

// query writes a query with n integer columns that may refer to outer.
func (g *randomQuery) query(outer []rtable, n, depth int) string {
	if depth > 0 && g.chance(6) {
		return g.with(outer, n, depth)
	}
	if depth > 0 && g.chance(6) {
		return g.ranked(outer, n, depth)
	}
	if depth > 0 && g.chance(12) {
		op := []string{"UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"}[g.pick(6)]
		return fmt.Sprintf("(%s) %s (%s)", g.query(outer, n, depth-1), op, g.query(outer, n, depth-1))
	}
	from, own := g.from(outer, depth)
	scope := append(append([]rtable{}, own...), own...) // its own tables twice as often
	scope = append(scope, outer...)
	where := ""
	if g.chance(75) {
		where = " WHERE " + g.pred(scope, depth)
	}
	switch {
	case g.chance(20):
		return g.grouped(from, where, own, n, depth)
	case g.chance(6):
		aggs := make([]string, n)
		for i := range aggs {
			aggs[i] = g.aggregate(own)
		}
		return "SELECT " + strings.Join(aggs, ", ") + " FROM " + from + where
	}
	cols := make([]string, n)
	order := make([]string, n)
	for i := range cols {
		cols[i] = g.value(scope, depth)
		order[i] = fmt.Sprint(i+1, []string{"", " DESC", " NULLS FIRST"}[g.pick(3)])
	}
	q := "SELECT "
	if g.chance(15) {
		q += "DISTINCT "
	}
	q += strings.Join(cols, ", ") + " FROM " + from + where
	if g.chance(12) {
		q += fmt.Sprintf(" ORDER BY %s LIMIT %d", strings.Join(order, ", "), g.pick(5))
		if g.chance(30) {
			q += fmt.Sprintf(" OFFSET %d", g.pick(3))
		}
	}
	return q
}

// with names a query and reads it twice.
func (g *randomQuery) with(outer []rtable, n, depth int) string {
	name, a, b := g.alias(), g.alias(), g.alias()
	cols := []string{"k", "v"}
	scope := []rtable{{a, cols}, {b, cols}}
	list := make([]string, n)
	for i := range list {
		list[i] = g.value(append(scope, outer...), depth-1)
	}
	kind := []string{"JOIN", "LEFT JOIN", "FULL JOIN"}[g.pick(3)]
	return fmt.Sprintf("WITH %s(k, v) AS (%s) SELECT %s FROM %s %s %s %s %s ON %s.k = %s.v WHERE %s", name, g.query(outer, 2, depth-1),
		strings.Join(list, ", "), name, a, kind, name, b, a, b, g.pred(append(scope, outer...), depth-1))
}

// ranked numbers rows and keeps the first: by all columns, so that it is determined which these are.
func (g *randomQuery) ranked(outer []rtable, n, depth int) string {
	t, q := randomTables[g.pick(len(randomTables))], g.alias()
	key := t.cols[g.pick(len(t.cols))]
	cols := make([]string, n)
	for i := range cols {
		cols[i] = q + "." + t.cols[g.pick(len(t.cols))]
	}
	where := g.pred(append([]rtable{{q, t.cols}}, outer...), depth-1)
	if g.chance(40) {
		order := strings.Join(append([]string{key}, t.cols...), ", ")
		return fmt.Sprintf("SELECT %s FROM (SELECT DISTINCT ON (%s) * FROM %s ORDER BY %s) %s WHERE %s", strings.Join(cols, ", "), key, t.name, order, q, where)
	}
	fn := []string{"row_number", "rank", "dense_rank"}[g.pick(3)]
	op := []string{"<= 2", "= 1", "< 3", "= 2", "BETWEEN 1 AND 3", "> 1"}[g.pick(6)]
	return fmt.Sprintf("SELECT %s FROM (SELECT *, %s() OVER (PARTITION BY %s ORDER BY %s DESC) AS rn FROM %s) %s WHERE %s.rn %s AND %s",
		strings.Join(cols, ", "), fn, key, strings.Join(t.cols, ", "), t.name, q, q, op, where)
}

func (g *randomQuery) aggregate(own []rtable) string {
	col := g.column(own)
	a := []string{"count(*)", "count(%s)", "sum(%s)", "min(%s)", "max(%s)", "count(DISTINCT %s)"}[g.pick(6)]
	if strings.Contains(a, "%s") {
		a = fmt.Sprintf(a, col)
	}
	if g.chance(20) {
		a += fmt.Sprintf(" FILTER (WHERE %s)", g.plainPred(own))
	}
	return a + "::int"
}

func (g *randomQuery) grouped(from, where string, own []rtable, n, depth int) string {
	key := g.column(own)
	cols := make([]string, n)
	for i := range cols {
		cols[i] = g.aggregate(own)
	}
	if g.chance(70) {
		cols[0] = key
	}
	by := key
	switch g.pick(8) {
	case 0:
		by = "ROLLUP (" + key + ", " + g.column(own) + ")"
	case 1:
		by = "GROUPING SETS ((" + key + "), (" + g.column(own) + "), ())"
	case 2:
		by = key + ", " + g.column(own)
	}
	if depth > 0 && g.chance(15) {
		// A subquery reads the group, and is an item of GROUP BY itself.
		inner := g.table()
		by = fmt.Sprintf("(SELECT count(*)::int FROM %s WHERE %s = %s)", inner.sql, g.column([]rtable{inner.rtable}), key)
		cols[0] = by
	}
	if depth > 0 && g.chance(20) {
		inner := g.table()
		cols[n-1] = fmt.Sprintf("(SELECT count(*)::int FROM %s WHERE %s < %s(%s))", inner.sql, g.column([]rtable{inner.rtable}),
			[]string{"max", "sum", "count"}[g.pick(3)], g.column(own))
	}
	q := "SELECT " + strings.Join(cols, ", ") + " FROM " + from + where + " GROUP BY " + by
	if g.chance(30) {
		q += fmt.Sprintf(" HAVING %s > %d", strings.TrimSuffix(g.aggregate(own), "::int"), g.pick(3))
	}
	return q
}
