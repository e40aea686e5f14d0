package parser

import (
	"errors"
	"testing"
	"unicode/utf8"

	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/sql/ast"
)

// FuzzParse: no text makes the parser panic; an error has a code and a position in the text; a tree that was read is
// printed as a text that reads as the same tree.
func FuzzParse(f *testing.F) {
	for _, sql := range wholeCorpus(f) {
		testseed.Add(f, sql)
	}
	for _, sql := range []string{"", ";", "SELECT 'a", "SELECT E'\\ud800'", "SELECT \"", "/*", "SELECT $a$", "SELECT U&'\\'", "SELECT 1e", "SELECT ü‘"} {
		testseed.Add(f, sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		stmts, err := Parse(sql)
		if err != nil {
			var e *pgerr.Error
			if !errors.As(err, &e) {
				t.Fatalf("not an error for users: %v", err)
			}
			if e.Code == "" || e.Message == "" || e.Position < 0 || e.Position > utf8.RuneCountInString(sql)+1 {
				t.Fatalf("%+v", e)
			}
			return
		}
		for _, s := range stmts {
			if s.Params != ast.MaxParam(s.AST) {
				t.Fatalf("%d parameters counted, %d in the tree", s.Params, ast.MaxParam(s.AST))
			}
			if err := roundTrip(s.AST); err != nil && pgerr.CodeOf(err) != pgerr.StatementTooComplex {
				t.Fatal(err)
			}
		}
	})
}

func FuzzExpr(f *testing.F) {
	for _, sql := range []string{"a + b * c", "NOT a IS NULL", "f(x => 1) OVER (ROWS 1 PRECEDING)", "a[1:2].b", "(a, b) OVERLAPS (c, d)"} {
		testseed.Add(f, sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		e, err := ParseExpr(sql)
		if err != nil {
			return
		}
		text := ast.Format(e)
		again, err := ParseExpr(text)
		if err != nil && pgerr.CodeOf(err) != pgerr.StatementTooComplex {
			t.Fatalf("%s: %v", text, err)
		}
		if err == nil && !ast.Equal(e, again) {
			t.Fatalf("%s\n%s\n%s", text, dump(e), dump(again))
		}
	})
}
