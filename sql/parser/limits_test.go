package parser

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// TestChains: long chains are read, printed, read again and visited.
func TestChains(t *testing.T) {
	const n = 10_000
	chain := func(first, link string) string { return first + strings.Repeat(link, n) }
	for name, sql := range map[string]string{
		"and":         "SELECT " + chain("a", " AND b"),
		"or":          "SELECT " + chain("a", " OR b"),
		"and or":      "SELECT " + chain("a", " AND b OR c AND d"),
		"concat":      "SELECT " + chain("a", " || 'b'"),
		"plus times":  "SELECT " + chain("1", " + 2 * 3"),
		"casts":       "SELECT " + chain("a", "::text"),
		"subscripts":  "SELECT " + chain("a", "[1]"),
		"fields":      "SELECT " + chain("(a)", ".b"),
		"is null":     "SELECT " + chain("a", " IS NULL"),
		"is null = b": "SELECT a" + strings.Repeat(" IS NULL = b", n/2),
		"collate":     "SELECT " + chain("a", ` COLLATE "C"`),
		"in":          "SELECT " + chain("a", " IN (1)"),
		"in list":     "SELECT a IN (" + chain("1", ", 2") + ")",
		"union":       chain("SELECT 1", " UNION SELECT 2"),
		"union all":   "SELECT 1" + strings.Repeat(" UNION ALL SELECT 2 UNION SELECT 3", n/2),
		"intersect":   "SELECT 1" + strings.Repeat(" INTERSECT SELECT 2 EXCEPT SELECT 3", n/2),
		"joins":       "SELECT * FROM " + chain("a", " JOIN b ON true"),
		"cross joins": "SELECT * FROM " + chain("a", " CROSS JOIN b"),
		"from list":   "SELECT * FROM " + chain("a", ", b"),
		"values":      chain("VALUES (1)", ", (2)"),
		"targets":     "SELECT " + chain("1 + 1", ", 2 + f(g(3))"),
		"case":        "SELECT CASE" + chain("", " WHEN a THEN b") + " END",
		"with":        "WITH a AS (SELECT 1)" + chain("", ", b AS (SELECT 2)") + " SELECT 3",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := ParseOne(sql)
			if err != nil {
				t.Fatal(err)
			}
			text := ast.Format(s.AST)
			again, err := ParseOne(text)
			if err != nil {
				t.Fatal(err)
			}
			if !ast.Equal(s.AST, again.AST) {
				t.Error("the printed text reads as another tree")
			}
			count := 0
			ast.Walk(s.AST, func(ast.Node) bool { count++; return true })
			if count < n {
				t.Errorf("only %d nodes", count)
			}
		})
	}
}

// TestNesting: what is nested a thousand times is read; what is nested beyond all reason is refused at once.
func TestNesting(t *testing.T) {
	nest := func(n int, open, middle, close string) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(close, n)
	}
	for name, c := range map[string]struct {
		open, middle, close string
		depth               int // that must work
	}{
		"parens":        {"(", "1", ")", 1000},
		"calls":         {"f(", "1", ")", 1000},
		"not":           {"NOT ", "a", "", 1000},
		"minus":         {"- ", "a", "", 1000},
		"operator":      {"@ ", "a", "", 1000},
		"qualified":     {"OPERATOR(s.@) ", "a", "", 1000},
		"case":          {"CASE WHEN a THEN ", "1", " END", 1000},
		"case operand":  {"CASE ", "1", " WHEN 1 THEN 2 END", 1000},
		"array":         {"ARRAY[", "1", "]", 500},
		"array bracket": {"ARRAY[", nest(500, "[", "1", "]"), "]", 1},
		"subscript":     {"a[", "1", "]", 1000},
		"subquery":      {"(SELECT ", "1", ")", 500},
		"exists":        {"EXISTS (SELECT ", "1", ")", 500},
		"in":            {"a IN (", "1", ")", 500},
		"any":           {"a = ANY (", "1", ")", 500},
		"between":       {"a BETWEEN (", "1", ") AND 2", 500},
		"from":          {"(SELECT a FROM (SELECT b FROM ", "t", ") x)", 200},
		"row":           {"ROW(", "1", ")", 1000},
		"cast":          {"CAST(", "1", " AS int)", 1000},
		"typmod":        {"a::t(", "1", ")", 1000},
		"coalesce":      {"COALESCE(", "1", ")", 1000},
		"over":          {"f() OVER (PARTITION BY ", "1", ")", 1000},
		"filter":        {"f() FILTER (WHERE ", "1", ")", 1000},
		"named":         {"f(a => ", "1", ")", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			sql := "SELECT " + nest(c.depth, c.open, c.middle, c.close)
			if s, err := ParseOne(sql); err != nil {
				t.Errorf("%d deep: %v", c.depth, err)
			} else if err := roundTrip(s.AST); err != nil {
				t.Errorf("%d deep: %.200s", c.depth, err.Error())
			}
			refused(t, "SELECT "+nest(20_000, c.open, c.middle, c.close))
		})
	}
	for _, c := range [][3]string{
		{"SELECT * FROM ", "(", "a JOIN b ON true)"}, {"SELECT * FROM a", " JOIN b", ""}, {"", "(", "SELECT 1)"},
		{"SELECT a GROUP BY ", "GROUPING SETS (", "a)"}, {"SELECT 1 UNION ", "(SELECT 2 UNION ", "SELECT 3)"},
		{"", "WITH a AS (", "SELECT 1) SELECT 2"}, {"SELECT * FROM ", "TUMBLE((SELECT * FROM ", "t), a, b)"},
		{"SELECT ", "(", ""}, {"", "(", ""}, {"SELECT * FROM ", "(", ""}, {"INSERT INTO t ", "(", ""},
		{"", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ", ""}, {"", "CREATE SCHEMA a ", ""},
		{"UPDATE t SET (a) = ", "(", ""}, {"SELECT * FROM t ORDER BY ", "f(x ORDER BY ", ""},
	} {
		_, err := Parse(c[0] + strings.Repeat(c[1], 20_000) + strings.Repeat(c[2], 20_000))
		var e *pgerr.Error
		if !errors.As(err, &e) || e.Code != pgerr.StatementTooComplex && e.Code != pgerr.SyntaxError {
			t.Errorf("%s%s%s...: %v", c[0], c[1], c[1], err)
		}
	}
	refused(t, "SELECT 1"+strings.Repeat(" + 1", 100_000))
	refused(t, "SELECT * FROM a"+strings.Repeat(" CROSS JOIN b", 100_000))
	refused(t, "SELECT a"+strings.Repeat("::int", 100_000))
	refused(t, "SELECT 1"+strings.Repeat(" UNION SELECT 1 UNION ALL SELECT 1", 100_000))
}

// refused: the text is refused as too deep, in a time that shows that nothing in it is quadratic.
func refused(t *testing.T, sql string) {
	t.Helper()
	start := time.Now()
	_, err := Parse(sql)
	var e *pgerr.Error
	if !errors.As(err, &e) || e.Code != pgerr.StatementTooComplex || e.Message != "stack depth limit exceeded" {
		t.Errorf("%.60s...: %v", sql, err)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("%.60s...: took %s", sql, d)
	}
}

func insertText(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO orders (id, customer, amount, currency, placed_at, note, paid, discount) VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, %d, %d.%02d, 'EUR', '2024-01-01 00:00:%02d', 'note number %d', true, -1)", i, i%97, i%1000, i%100, i%60, i)
	}
	return b.String()
}

func BenchmarkInsert1000Rows(b *testing.B) {
	sql := insertText(1000)
	b.SetBytes(int64(len(sql)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(sql); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	sql := `SELECT c.region, date_trunc('day', o.placed_at) AS day, sum(o.amount * (1 - o.discount)) AS revenue
		FROM orders o JOIN customers c ON c.id = o.customer AND c.active
		WHERE o.placed_at >= $1 AND o.currency IN ('EUR', 'USD') GROUP BY 1, 2 HAVING count(*) > 10 ORDER BY revenue DESC LIMIT 100`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(sql); err != nil {
			b.Fatal(err)
		}
	}
}
