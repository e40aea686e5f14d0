package mysql

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// corpus reads the statements of testdata.
func corpus(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no testdata: %v", err)
	}
	var out []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if errors.Is(err, os.ErrInvalid) || err != nil {
			continue // testdata/fuzz is a folder
		}
		for _, part := range strings.Split(string(text), "\nlower\n")[1:] {
			sql, _, _ := strings.Cut(part, "\n----\n")
			out = append(out, sql)
		}
	}
	return out
}

// FuzzParse: no text makes the dialect panic, neither our part nor TiDB's; an error has a code and a position in the
// text; a lowered tree has a text that package parser reads, and that prints alike.
func FuzzParse(f *testing.F) {
	for _, sql := range corpus(f) {
		testseed.Add(f, sql)
	}
	for _, sql := range []string{"", ";", "SELECT '", "SELECT `", "/*!", "/*! SELECT 1 */", "SELECT x'1", "SELECT 0x", "SELECT b'2'", "SELECT ü‘", "SELECT $0", "SELECT 1e400", "SELECT @", "EXPLAIN (", "CREATE VIEW v AS (", "SELECT _x'a'"} {
		testseed.Add(f, sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		stmts, err := Parse(sql)
		if err != nil {
			var e *pgerr.Error
			if !errors.As(err, &e) {
				t.Fatalf("not an error for users: %v", err)
			}
			if e.Code == "" || e.Code == pgerr.InternalError || e.Message == "" || e.Position < 0 || e.Position > utf8.RuneCountInString(sql)+1 {
				t.Fatalf("%+v", e)
			}
			return
		}
		for _, st := range stmts {
			if n := ast.MaxParam(st.AST); n > st.Params {
				t.Fatalf("%d parameters counted, %d in the tree", st.Params, n)
			}
			if hasMark(st.AST) {
				continue
			}
			text := ast.Format(st.AST)
			again, err := parser.ParseOne(text)
			if err != nil {
				t.Fatalf("printed %s\n%v", text, err)
			}
			if second := ast.Format(again.AST); second != text {
				t.Fatalf("printed\n%s\nthen\n%s", text, second)
			}
		}
	})
}
