package mysql

import (
	"strings"
	"testing"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// TestDepth: what nests or chains without end is refused with 54001, before it exhausts a stack, whichever part of the
// grammar it is made of; and what is not refused can be printed and read.
func TestDepth(t *testing.T) {
	repeat := func(before, inner, after string) func(int) string {
		return func(n int) string { return "SELECT " + strings.Repeat(before, n) + inner + strings.Repeat(after, n) }
	}
	for name, text := range map[string]func(int) string{
		"parentheses": repeat("(", "1", ")"),
		"calls":       repeat("ABS(", "1", ")"),
		"if":          repeat("IF(a, 1, ", "1", ")"),
		"case":        repeat("CASE WHEN a THEN ", "1", " END"),
		"not":         repeat("NOT ", "a", ""),
		"minus":       repeat("- ", "1", ""),
		"subqueries":  repeat("(SELECT ", "1", ")"),
		"sum":         repeat("1 + ", "1", ""),
		"comparisons": repeat("a = ", "1", ""),
		"and":         repeat("a AND ", "b", ""),
		"or":          repeat("a OR b AND ", "b", ""),
		"concat":      func(n int) string { return "SELECT CONCAT(a" + strings.Repeat(", a", n) + ")" },
		"substring":   repeat("SUBSTRING(", "a", ", b)"),
		"greatest":    repeat("GREATEST(", "a", ", 1)"),
		"intervals":   func(n int) string { return "SELECT a" + strings.Repeat(" + INTERVAL 1 DAY", n) },
		"comma joins": func(n int) string { return "SELECT 1 FROM t" + strings.Repeat(", t", n) },
		"joins":       func(n int) string { return "SELECT 1 FROM t" + strings.Repeat(" JOIN t", n) },
		"unions":      func(n int) string { return "SELECT 1" + strings.Repeat(" UNION SELECT 1", n) },
		"mixed sets":  func(n int) string { return "SELECT 1" + strings.Repeat(" UNION SELECT 1 EXCEPT SELECT 1", n) },
		"in":          func(n int) string { return "SELECT a IN (1" + strings.Repeat(", 1", n) + ")" },
		"assignments": func(n int) string { return "UPDATE t SET a = a + a" + strings.Repeat(", a = a + a", n) },
		"collate":     func(n int) string { return "SELECT a" + strings.Repeat(" COLLATE utf8mb4_bin", n) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{5, 100, 1_000, 5_000} {
				stmts, err := Parse(text(n))
				if err != nil {
					if code := pgerr.CodeOf(err); code != pgerr.StatementTooComplex {
						t.Fatalf("%d times: %s %v", n, code, err)
					}
					if n == 5 {
						t.Fatalf("refused when there are only %d of them", n)
					}
					continue
				}
				if _, err := parser.ParseOne(ast.Format(stmts[0].AST)); err != nil {
					t.Fatalf("%d times: does not read again: %v", n, err)
				}
			}
		})
	}
}

// TestHeight: what would make TiDB's parser recurse too deeply does not reach it.
func TestHeight(t *testing.T) {
	for _, text := range []string{
		"SELECT 1" + strings.Repeat(" + 1", heightMax), "SELECT " + strings.Repeat("(", heightMax+1),
		"SELECT 1 FROM t" + strings.Repeat(", t", heightMax), "INSERT INTO t VALUES (1" + strings.Repeat("+ 1", heightMax),
		"SELECT /*! 1" + strings.Repeat(" + 1", heightMax) + "*/",
	} {
		s, err := scan(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.split(); pgerr.CodeOf(err) != pgerr.StatementTooComplex {
			t.Errorf("%.40s...: %v", text, err)
		}
	}
}

// TestLongInsert: the number of rows is no matter of depth.
func TestLongInsert(t *testing.T) {
	const rows = 50_000
	stmts, err := Parse("INSERT INTO t (a, b) VALUES (-1, 'x')" + strings.Repeat(", (-1, 'x')", rows-1))
	if err != nil {
		t.Fatal(err)
	}
	values := stmts[0].AST.(*ast.Insert).Query.Body.(*ast.Values)
	if len(values.Rows) != rows {
		t.Fatalf("%d rows", len(values.Rows))
	}
}

// TestManyStatements: positions count through the whole text, and its length costs no more than once.
func TestManyStatements(t *testing.T) {
	text := strings.Repeat("SELECT 'ü';\nSHOW TABLES; ", 20_000)
	stmts, err := Parse(text + "SELECT a FORM t")
	if e, ok := err.(*pgerr.Error); !ok || e.Position != len([]rune(text))+len("SELECT a FORM t") {
		t.Fatalf("%d statements, %+v", len(stmts), err)
	}
	stmts, err = Parse(text)
	if err != nil || len(stmts) != 40_000 {
		t.Fatalf("%d statements, %v", len(stmts), err)
	}
	last := stmts[len(stmts)-2]
	if text[last.Start:last.End] != "SELECT 'ü'" || last.AST.Position() != len([]rune(text[:last.Start]))+1 {
		t.Fatalf("%q at %d", text[last.Start:last.End], last.AST.Position())
	}
}
