package server_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// said is an expression in both dialects, each in its own words.
type said struct{ mysql, postgres string }

// saying generates random expressions over the tables of TestDialects. What the dialects say in different words is
// written out here in PostgreSQL's, from MySQL's manual, and not by way of what sql/mysql makes of it.
type saying struct {
	*rand.Rand
	prefix string // of columns: "" or "t."
}

func same(s string) said { return said{s, s} }

// join makes an expression of parts; %s stands for them in both formats, in order.
func join(mysql, postgres string, parts ...said) said {
	var my, pg []any
	for _, p := range parts {
		my, pg = append(my, p.mysql), append(pg, p.postgres)
	}
	return said{fmt.Sprintf(mysql, my...), fmt.Sprintf(postgres, pg...)}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func (r *saying) column(names ...string) said { return same(r.prefix + pick(r.Rand, names...)) }

func (r *saying) number(depth int) said {
	if depth == 0 || r.IntN(4) == 0 {
		if r.IntN(3) == 0 {
			return same(fmt.Sprint(r.IntN(7)))
		}
		return r.column("id", "a", "b")
	}
	x, y := r.number(depth-1), r.number(depth-1)
	switch r.IntN(19) {
	case 0:
		return join("(%s + %s)", "(%s + %s)", x, y)
	case 1:
		return join("(%s - %s)", "(%s - %s)", x, y)
	case 2:
		return join("(%s * 2)", "(%s * 2)", x)
	case 3:
		return join("(%s DIV %s)", "(%s / NULLIF(%s, 0))", x, y)
	case 4:
		return join(pick(r.Rand, "(%s %% %s)", "MOD(%s, %s)"), "mod(%s, NULLIF(%s, 0))", x, y)
	case 5:
		return join("IFNULL(%s, %s)", "COALESCE(%s, %s)", x, y)
	case 6:
		return join("IF(%s, %s, %s)", "CASE WHEN %s THEN %s ELSE %s END", r.cond(depth-1), x, y)
	case 7:
		return join("GREATEST(%s, %s)", "(CASE WHEN %[1]s >= %[2]s THEN %[1]s WHEN %[1]s < %[2]s THEN %[2]s END)", x, y)
	case 8:
		return join("LENGTH(%s)", "octet_length(%s)", r.text(depth-1))
	case 9:
		return join("LOCATE('a', %s)", "position('a' IN %s)", r.text(depth-1))
	case 10:
		return join("(%s + 0)", "(CASE WHEN %[1]s THEN 1 WHEN NOT %[1]s THEN 0 END + 0)", r.comparison(depth))
	case 11:
		return join("YEAR(%s)", "date_part('year', %s)::int", r.moment(depth-1))
	case 12:
		return join("DAYOFWEEK(%s)", "(date_part('dow', %s)::int + 1)", r.moment(depth-1))
	case 13:
		return join("DATEDIFF(%s, %s)", "(date_trunc('day', %s)::date - date_trunc('day', %s)::date)", r.moment(depth-1), r.moment(depth-1))
	case 14:
		return join("ABS(%s)", "abs(%s)", x)
	case 15:
		return join("NULLIF(%s, %s)", "NULLIF(%s, %s)", x, y)
	case 16:
		return join("CASE %s WHEN 1 THEN %s WHEN 2 THEN 7 END", "CASE %s WHEN 1 THEN %s WHEN 2 THEN 7 END", x, y)
	case 17:
		return join("FIELD(%s, 'abc', 'b')", "CASE %s WHEN 'abc' THEN 1 WHEN 'b' THEN 2 ELSE 0 END", r.text(depth-1))
	}
	return join("HOUR(%s)", "date_part('hour', %s)::int", r.moment(depth-1))
}

func (r *saying) text(depth int) said {
	if depth == 0 || r.IntN(4) == 0 {
		if r.IntN(3) == 0 {
			return pick(r.Rand, said{`'it\'s'`, "'it''s'"}, said{`"a,b,c"`, "'a,b,c'"}, said{`'\\x'`, `'\x'`}, same("''"))
		}
		return r.column("s")
	}
	x, y := r.text(depth-1), r.text(depth-1)
	switch r.IntN(13) {
	case 0:
		return join("CONCAT(%s, '-', %s)", "(%s || '-' || %s)", x, y)
	case 1:
		return join("CONCAT_WS('+', %s, %s)", "concat_ws('+', %s, %s)", x, y)
	case 2:
		return join("UCASE(%s)", "upper(%s)", x)
	case 3:
		return join("SUBSTRING(%s, 2)", "substring(%s FROM 2)", x)
	case 4:
		return join("SUBSTRING(%s, -2)", "(CASE WHEN length(%[1]s) >= 2 THEN substring(%[1]s FROM length(%[1]s) - 1) WHEN length(%[1]s) < 2 THEN '' END)", x)
	case 5:
		return join("SUBSTRING_INDEX(%s, 'a', 1)", "split_part(%s, 'a', 1)", x)
	case 6:
		return join("SUBSTRING_INDEX(%s, ',', -1)", "split_part(%s, ',', -1)", x)
	case 7:
		return join("REPLACE(%s, 'a', %s)", "replace(%s, 'a', %s)", x, y)
	case 8:
		return join("LPAD(%s, 4, '*')", "lpad(%s, 4, '*')", x)
	case 9:
		return join("DATE_FORMAT(%s, '%%Y/%%m at %%H')", `to_char(%s, 'YYYY/MM "at" HH24')`, r.moment(depth-1))
	case 10:
		return join("IF(%s, %s, %s)", "CASE WHEN %s THEN %s ELSE %s END", r.cond(depth-1), x, y)
	case 11:
		return join("CONCAT(%s, 1)", "(%s || '1')", x)
	}
	return join("REVERSE(%s)", "reverse(%s)", x)
}

func (r *saying) moment(depth int) said {
	if depth == 0 || r.IntN(3) == 0 {
		return r.column("d")
	}
	x := r.moment(depth - 1)
	switch r.IntN(5) {
	case 0:
		return join("(%s + INTERVAL 1 MONTH)", "(%s + interval '1 mon')", x)
	case 1:
		return join("DATE_SUB(%s, INTERVAL 36 HOUR)", "(%s - interval '1 day 12:00')", x)
	case 2:
		return join("DATE_ADD(%s, INTERVAL %s DAY)", "(%s + make_interval(days => %s))", x, r.column("a", "id"))
	case 3:
		return join("IFNULL(%s, %s)", "COALESCE(%s, %s)", x, r.moment(depth-1))
	}
	return join("TIMESTAMPADD(QUARTER, 1, %s)", "(%s + interval '3 mons')", x)
}

func (r *saying) cond(depth int) said {
	if depth == 0 || r.IntN(5) == 0 {
		if r.IntN(2) == 0 {
			return join("%s", "(%s <> 0)", r.column("a", "b"))
		}
		op := pick(r.Rand, "=", "<>", "<", ">=")
		return join("(%s "+op+" %s)", "(%s "+op+" %s)", r.number(0), r.number(0))
	}
	x, y := r.cond(depth-1), r.cond(depth-1)
	n, m := r.number(depth-1), r.number(depth-1)
	s := r.text(depth - 1)
	switch r.IntN(14) {
	case 0:
		return join(pick(r.Rand, "(%s AND %s)", "(%s && %s)"), "(%s AND %s)", x, y)
	case 1:
		return join(pick(r.Rand, "(%s OR %s)", "(%s || %s)"), "(%s OR %s)", x, y)
	case 2:
		return join("(%s XOR %s)", "((%s) <> (%s))", x, y)
	case 3:
		return join(pick(r.Rand, "(NOT %s)", "(!(%s))"), "(NOT %s)", x)
	case 4:
		return join("(%s <=> %s)", "(%s IS NOT DISTINCT FROM %s)", n, m)
	case 5:
		return join("(%s LIKE '%%a\\_%%')", `(%s LIKE '%%a\_%%')`, s)
	case 6:
		return join("(%s REGEXP '^[a-b]')", "(%s ~ '^[a-b]')", s)
	case 7:
		return join("(%s BETWEEN %s AND 4)", "(%s BETWEEN %s AND 4)", n, m)
	case 8:
		return join("(%s IN (1, %s))", "(%s IN (1, %s))", n, m)
	case 9:
		return join("ISNULL(%s)", "(%s IS NULL)", n)
	case 10:
		return join("(%s IS TRUE)", "((%s) IS TRUE)", x)
	case 11:
		return join("((%s) = TRUE)", "((%s) = true)", r.comparison(depth))
	case 12:
		return join("(%s < '2024-03-01')", "(%s < timestamp '2024-03-01')", r.moment(depth-1))
	}
	return join("(%s > %s)", "(%s > %s)", n, m)
}

// query is a whole query, ordered by all of its columns.
func (r *saying) query() said {
	const depth = 3
	switch r.IntN(4) {
	case 0:
		return join("SELECT id, %s AS c, %s AS e FROM t WHERE %s ORDER BY id", "SELECT id, %s AS c, %s AS e FROM t WHERE %s ORDER BY id",
			r.number(depth), r.text(depth), r.cond(depth))
	case 1: // NULL comes first in MySQL
		return join("SELECT %s AS c, id FROM t ORDER BY c, id DESC LIMIT 2, 5", "SELECT %s AS c, id FROM t ORDER BY c NULLS FIRST, id DESC LIMIT 5 OFFSET 2",
			r.number(depth))
	case 2:
		k := r.number(1)
		return join("SELECT %s AS c, COUNT(*) AS e, SUM(%s) AS f, MAX(%s) AS g FROM t GROUP BY c HAVING e > 0 ORDER BY c DESC",
			"SELECT %s AS c, count(*) AS e, sum(CASE WHEN %[2]s THEN 1 WHEN NOT %[2]s THEN 0 END) AS f, max(%[3]s) AS g FROM t GROUP BY 1 HAVING count(*) > 0 ORDER BY 1 DESC NULLS LAST",
			k, r.comparison(depth), r.text(depth))
	}
	r.prefix = "t."
	defer func() { r.prefix = "" }()
	return join("SELECT t.id, u.x, %s AS c FROM t LEFT JOIN u ON u.x = t.a AND %s WHERE %s ORDER BY t.id, u.x",
		"SELECT t.id, u.x, %s AS c FROM t LEFT JOIN u ON u.x = t.a AND %s WHERE %s ORDER BY t.id, u.x NULLS FIRST",
		r.number(depth), r.cond(1), r.cond(depth))
}

// comparison is a condition that is one by its form: as the argument of SUM a column alone would be summed.
func (r *saying) comparison(depth int) said {
	return join("(%s > %s)", "(%s > %s)", r.number(max(depth-1, 0)), r.number(max(depth-1, 0)))
}

// TestDialects: random queries, said in each dialect's own words, have equal answers, once and as views.
func TestDialects(t *testing.T) {
	r := &saying{Rand: newRandom(t)}
	n := startNode(t)
	postgres, mysql := n.db(), n.db()
	mysql.exec("SET sql_dialect = 'mysql'")
	mysql.exec("CREATE TABLE `t` (id INT PRIMARY KEY, a INT, b SMALLINT, s VARCHAR(20), d DATETIME)")
	mysql.exec("CREATE TABLE u (x INT)")
	mysql.exec("INSERT INTO u VALUES (0), (1), (1), (3)")
	for id := range 12 {
		values := []string{fmt.Sprint(id)}
		for _, v := range []string{
			fmt.Sprint(r.IntN(5) - 1), fmt.Sprint(r.IntN(4)), pick(r.Rand, "''", "'a'", `'a_b,ca'`, `'b,\'x'`, `"abc"`),
			fmt.Sprintf("'2024-%02d-%02d %02d:00:00'", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24)),
		} {
			values = append(values, pick(r.Rand, v, v, v, v, "NULL"))
		}
		mysql.exec("INSERT INTO t VALUES (" + strings.Join(values, ", ") + ")")
	}
	compare := func(q said) {
		t.Helper()
		got, err := mysql.tryQuery(q.mysql)
		want, wantErr := postgres.tryQuery(q.postgres)
		switch {
		case err != nil && wantErr != nil && err.Code == wantErr.Code:
		case err != nil || wantErr != nil:
			t.Fatalf("%s\n%s\n%v\n%v", q.mysql, q.postgres, err, wantErr)
		case fmt.Sprint(got.rows) != fmt.Sprint(want.rows):
			t.Fatalf("%s\n%v\n%s\n%v", q.mysql, got.rows, q.postgres, want.rows)
		}
	}
	for range either(0, 400, 20_000) {
		compare(r.query())
	}
	views := either(0, 12, 100)
	for i := range views {
		depth := 2
		q := join("SELECT id, %s AS c, %s AS e FROM t WHERE %s", "SELECT id, %s AS c, %s AS e FROM t WHERE %s", r.number(depth), r.text(depth), r.cond(depth))
		if i%2 == 0 {
			q = join("SELECT b, COUNT(*) AS n, SUM(%s) AS c FROM t GROUP BY b", "SELECT b, count(*) AS n, sum(CASE WHEN %[1]s THEN 1 WHEN NOT %[1]s THEN 0 END) AS c FROM t GROUP BY b",
				r.comparison(depth))
		}
		mysql.exec(fmt.Sprintf("CREATE MATERIALIZED VIEW `my%d` AS %s", i, q.mysql))
		postgres.exec(fmt.Sprintf("CREATE MATERIALIZED VIEW pg%d AS %s", i, q.postgres))
	}
	mysql.exec("UPDATE t SET a = a + 1, s = CONCAT(s, a) WHERE id < 6")
	mysql.exec("DELETE FROM t WHERE id IN (3, 7)")
	mysql.exec("INSERT INTO t SET id = 50, a = 2, s = 'a\\nb', d = '2024-02-29 23:59:59'")
	for i := range views {
		compare(said{fmt.Sprintf("SELECT * FROM `my%d` ORDER BY 1", i), fmt.Sprintf("SELECT * FROM pg%d ORDER BY 1 NULLS FIRST", i)})
	}
}

// TestDialectParameters: in MySQL's dialect a prepared statement's parameters are ? or $1, in LIMIT as well.
func TestDialectParameters(t *testing.T) {
	n := startNode(t)
	conn, err := pgconn.Connect(t.Context(), n.url()+"&options=-c%20sql_dialect%3Dmysql")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := execOn(t.Context(), conn, "CREATE TABLE `t` (id INT PRIMARY KEY, s TEXT); INSERT INTO t VALUES (1, \"a\"), (2, 'b'), (3, 'c')"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sql    string
		params []string
		want   string
	}{
		{"SELECT CONCAT(s, ?) FROM `t` WHERE id >= ? ORDER BY id LIMIT ?, ?", []string{"!", "1", "1", "2"}, "[b! c!]"},
		{"SELECT CONCAT(s, $4) FROM `t` WHERE id >= $3 ORDER BY id LIMIT $2 OFFSET $1", []string{"1", "1", "2", "!"}, "[c!]"},
		{"SELECT IF(?, 'yes', 'no')", []string{"0.5"}, "[yes]"},
		{"SELECT DATE_ADD(?, INTERVAL ? DAY)", []string{"2024-02-28", "2"}, "[2024-03-01 00:00:00]"},
		{"INSERT INTO t SET id = ?, s = ? ON DUPLICATE KEY UPDATE s = CONCAT(s, VALUES(s))", []string{"3", "z"}, "[]"},
		{"SELECT s FROM t WHERE id IN (?, ?)", []string{"3", "9"}, "[cz]"},
	} {
		values := make([][]byte, len(c.params))
		for i, p := range c.params {
			values[i] = []byte(p)
		}
		result := conn.ExecParams(t.Context(), c.sql, values, nil, nil, nil).Read()
		if result.Err != nil {
			t.Errorf("%s: %v", c.sql, result.Err)
			continue
		}
		got := []string{}
		for _, row := range result.Rows {
			got = append(got, string(row[0]))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.sql, got, c.want)
		}
	}
}
