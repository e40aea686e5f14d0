package planner_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// TestHostileStatements plans statements that are large or deep in one way each. They may be refused, with an error for
// the user; they may not panic, overflow the stack, or take long.
func TestHostileStatements(t *testing.T) {
	w := newWorld()
	if err := w.ddl(`CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text); CREATE VIEW v0 AS SELECT a FROM t`); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if err := w.ddl(fmt.Sprintf(`CREATE VIEW v%d AS SELECT x.a FROM v%d x JOIN v%d y ON x.a = y.a`, i+1, i, i)); err != nil {
			if pgerr.CodeOf(err) != pgerr.StatementTooComplex {
				t.Fatal(err)
			}
			break
		}
	}
	for name, sql := range hostileStatements() {
		t.Run(name, func(t *testing.T) {
			stmt, err := parser.ParseOne(sql)
			if err != nil {
				t.Fatal(err)
			}
			for _, view := range []bool{false, true} {
				if view && name == "parameters" {
					continue
				}
				env := w.env()
				env.View = view
				start := time.Now()
				q, err := planner.PlanQuery(stmt.AST, env)
				took := time.Since(start)
				switch {
				case err != nil && pgerr.CodeOf(err) == pgerr.InternalError:
					t.Error(err)
				case err == nil:
					planner.Explain(q.Plan, true)
					planner.Fingerprint(q.Plan)
				default:
					t.Log(err)
				}
				if took > time.Minute {
					t.Errorf("planning took %v", took)
				}
				t.Logf("view %v: %v", view, took.Round(time.Millisecond))
			}
		})
	}
}

// hostileStatements are statements over TestHostileStatements' relations, by what they have too much of.
func hostileStatements() map[string]string {
	ctes := []string{"q0 AS (SELECT a FROM t)"}
	for i := range 60 {
		ctes = append(ctes, fmt.Sprintf("q%d AS (SELECT x.a FROM q%d x, q%d y)", i+1, i, i))
	}
	repeat := func(s string, n int, sep string) string {
		return strings.TrimSuffix(strings.Repeat(s+sep, n), sep)
	}
	join := "t t0"
	for i := range 600 {
		join += fmt.Sprintf(" JOIN t t%d ON t%d.id = t%d.id", i+1, i, i+1)
	}
	nested := func(outer string) string {
		x := "a"
		for range 40 {
			x = strings.ReplaceAll(outer, "@", x)
		}
		return "SELECT " + x + " FROM t"
	}
	return map[string]string{
		"nested BETWEEN": nested("(@ BETWEEN SYMMETRIC 1 AND 2)::int"),
		"nested rows":    nested("(ROW(@, 1) < ROW(1, 2))::int"),
		"nested row":     nested("(ROW(@) BETWEEN ROW(1) AND ROW(2))::int"),
		"nested row IN":  nested("((@, 1) IN ((1, 2), (2, 3)))::int"),
		"nested NULLIF":  nested("NULLIF(@, 3)"),
		"nested CASE":    nested("CASE @ WHEN 1 THEN 2 WHEN 3 THEN 4 END"),
		"WITH doubled":   "WITH " + strings.Join(ctes, ", ") + " SELECT count(*) FROM q60",
		"union":          repeat("SELECT a FROM t", 3000, " UNION ALL "),
		"distinct union": repeat("SELECT a FROM t", 1500, " UNION "),
		"join":           "SELECT t0.a FROM " + join,
		"comma join": "SELECT 1 FROM " + func() string {
			s := "t"
			for i := range 1000 {
				s += fmt.Sprintf(", t t%d", i)
			}
			return s
		}(),
		"and":        "SELECT a FROM t WHERE " + repeat("a = b", 20000, " AND "),
		"or":         "SELECT a FROM t WHERE " + repeat("a = b", 20000, " OR "),
		"sum":        "SELECT " + repeat("a", 15000, " + ") + " FROM t",
		"list":       "SELECT a FROM t WHERE a IN (" + repeat("1", 50000, ", ") + ")",
		"nested":     "SELECT " + strings.Repeat("(", 1500) + "a" + strings.Repeat(")", 1500) + " FROM t",
		"functions":  "SELECT " + strings.Repeat("abs(", 1500) + "a" + strings.Repeat(")", 1500) + " FROM t",
		"from":       strings.Repeat("SELECT a FROM (", 600) + "SELECT a FROM t" + strings.Repeat(") q", 600),
		"exists":     "SELECT a FROM t WHERE " + strings.Repeat("EXISTS (SELECT 1 FROM t x WHERE x.a = t.a AND ", 150) + "true" + strings.Repeat(")", 150),
		"correlated": "SELECT " + strings.Repeat("(SELECT max(b) FROM t x WHERE x.a > t.a AND x.b = ", 100) + "1" + strings.Repeat(")", 100) + " FROM t",
		"lateral": "SELECT 1 FROM t" + func() string {
			s := ""
			for i := range 60 {
				s += fmt.Sprintf(", LATERAL (SELECT a FROM t x WHERE x.a > t.b) q%d", i)
			}
			return s
		}(),
		"lateral groups": "SELECT 1 FROM t" + func() string {
			s := ""
			for i := range 60 {
				s += fmt.Sprintf(", LATERAL (SELECT max(a) FROM t x WHERE x.a > t.b) q%d", i)
			}
			return s
		}(),
		"lateral chain": "SELECT 1 FROM t q0(id, m)" + func() string {
			s := ""
			for i := range 60 {
				s += fmt.Sprintf(", LATERAL (SELECT id, max(a) AS m FROM t x WHERE x.a > q%d.m GROUP BY id) q%d", i, i+1)
			}
			return s
		}(),
		"lateral failing": "SELECT 1 FROM t" + func() string {
			s := ""
			for i := range 60 {
				s += fmt.Sprintf(", LATERAL (SELECT max(1 / a) FROM t x WHERE x.a > t.b) q%d", i)
			}
			return s
		}(),
		"scalar failing": "SELECT " + repeat("(SELECT x.a / x.b FROM t x WHERE x.a > t.b ORDER BY x.id LIMIT 1)", 80, ", ") + " FROM t",
		"outer join conditions": "SELECT 1 FROM t t0" + func() string {
			s := ""
			for i := range 25 {
				s += fmt.Sprintf(" %s JOIN t t%d ON t%d.a = t%d.a AND EXISTS (SELECT 1 FROM t x WHERE x.a > t%d.b AND x.b < t%d.a)",
					[]string{"LEFT", "RIGHT", "FULL"}[i%3], i+1, i, i+1, i, i+1)
			}
			return s
		}(),
		"nested limits":        "SELECT a FROM t LIMIT " + strings.Repeat("(SELECT a FROM t LIMIT ", 100) + "1" + strings.Repeat(")", 100),
		"nested series":        "SELECT " + strings.Repeat("generate_series(1, ", 500) + "a" + strings.Repeat(")", 500) + " FROM t",
		"outer aggregates":     "SELECT " + strings.Repeat("(SELECT ", 200) + "sum(t.a)" + strings.Repeat(")", 200) + " FROM t",
		"grouped subqueries":   "SELECT count(*) FROM t GROUP BY " + repeat("(SELECT count(*) FROM t x WHERE x.a > t.a)", 200, ", "),
		"case":                 "SELECT CASE " + repeat("WHEN a = 1 THEN 2", 5000, " ") + " END FROM t",
		"cube":                 "SELECT count(*) FROM t GROUP BY CUBE (a, b, s, id, a + 1, b + 1, a + 2, b + 2, a + 3, b + 3, a + 4, b + 4)",
		"rollup":               "SELECT count(*) FROM t GROUP BY " + repeat("ROLLUP (a, b, s)", 8, ", "),
		"targets":              "SELECT " + repeat("a", 1700, ", ") + " FROM t",
		"parameters":           "SELECT $65535::int",
		"aggregates":           "SELECT " + repeat("sum(a + 1)", 1600, ", ") + " FROM t",
		"windows":              "SELECT " + repeat("row_number() OVER (ORDER BY a)", 300, ", ") + " FROM t",
		"intersect correlated": "SELECT (SELECT count(*) FROM (" + repeat("SELECT b FROM t x WHERE x.a > t.a", 60, " INTERSECT ") + ") q) FROM t",
	}
}

// TestInsertOfManyRows holds the cost of a plain INSERT: no expressions are made for constants.
func TestInsertOfManyRows(t *testing.T) {
	w := newWorld()
	if err := w.ddl(`CREATE TABLE t (id int PRIMARY KEY, a bigint, s text, d timestamp, n numeric)`); err != nil {
		t.Fatal(err)
	}
	stmt := insertOf(t, 1000)
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := planner.PlanInsert(stmt, w.env()); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 6000 {
		t.Errorf("%.0f allocations for 1000 rows", allocs)
	}
}

func insertOf(t testing.TB, n int) *ast.Insert {
	var b strings.Builder
	b.WriteString("INSERT INTO t VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, -%d, 'text %d', '2024-01-01 10:00:00', '1.5')", i, i*1000, i)
	}
	stmt, err := parser.ParseOne(b.String())
	if err != nil {
		t.Fatal(err)
	}
	return stmt.AST.(*ast.Insert)
}

func BenchmarkInsert1000(b *testing.B) {
	w := newWorld()
	if err := w.ddl(`CREATE TABLE t (id int PRIMARY KEY, a bigint, s text, d timestamp, n numeric)`); err != nil {
		b.Fatal(err)
	}
	stmt := insertOf(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := planner.PlanInsert(stmt, w.env()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPoint(b *testing.B) {
	w := newWorld()
	if err := w.ddl(`CREATE TABLE t (id int PRIMARY KEY, a bigint, s text)`); err != nil {
		b.Fatal(err)
	}
	stmt, err := parser.ParseOne("SELECT a, s FROM t WHERE id = 5")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := planner.PlanQuery(stmt.AST, w.env()); err != nil {
			b.Fatal(err)
		}
	}
}

// TestTooManyWindows: a row that would be in too many windows of the calendar is refused, however long they are.
func TestTooManyWindows(t *testing.T) {
	w := newWorld()
	if err := w.ddl(`CREATE TABLE ev (ts timestamptz)`); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[string]pgerr.Code{
		"1 day":             "",
		"1000 days":         pgerr.ProgramLimitExceeded,
		"105000000 days":    pgerr.ProgramLimitExceeded, // 25 hours each are more microseconds than 64 bits hold
		"178000000 years":   pgerr.ProgramLimitExceeded,
		"2147483647 days":   pgerr.ProgramLimitExceeded,
		"2147483647 months": pgerr.ProgramLimitExceeded,
	} {
		stmt, err := parser.ParseOne(fmt.Sprintf(`SELECT * FROM CUMULATE(ev, ts, INTERVAL '1 hour', INTERVAL '%s', timezone => 'Europe/Berlin')`, size))
		if err != nil {
			t.Fatal(err)
		}
		_, err = planner.PlanQuery(stmt.AST, w.env())
		if want == "" && err == nil {
			continue
		}
		if err == nil || pgerr.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", size, err, want)
		}
	}
}
