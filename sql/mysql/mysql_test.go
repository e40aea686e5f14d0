package mysql

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// TestLowering runs testdata: MySQL's text to the text of the lowered statements, with notices; or the error, with a
// caret under its place.
func TestLowering(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return describe(t, d.Input)
		})
	})
}

func describe(t *testing.T, sql string) string {
	t.Helper()
	stmts, err := Parse(sql)
	if err != nil {
		return describeError(t, sql, err)
	}
	var b strings.Builder
	for _, st := range stmts {
		text := ast.Format(st.AST)
		fmt.Fprintln(&b, text)
		for _, n := range st.Notices {
			fmt.Fprintln(&b, "notice:", n)
		}
		if st.Params > 0 {
			fmt.Fprintln(&b, "parameters:", st.Params)
		}
		if again, err := parser.ParseOne(text); err != nil {
			fmt.Fprintln(&b, "does not read:", err)
		} else if !hasMark(st.AST) && !ast.Equal(st.AST, again.AST) {
			fmt.Fprintln(&b, "reads as:", ast.Format(again.AST))
		}
	}
	return b.String()
}

func describeError(t *testing.T, sql string, err error) string {
	t.Helper()
	var e *pgerr.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: not an error for users: %v", sql, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.Code, e.Message)
	if e.Position > 0 {
		before := []rune(sql)[:e.Position-1]
		line := string(before[strings.LastIndex(string(before), "\n")+1:])
		rest, _, _ := strings.Cut(string([]rune(sql)[e.Position-1:]), "\n")
		fmt.Fprintf(&b, "%s%s\n%s^\n", line, rest, strings.Repeat(" ", len([]rune(line))))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "hint: %s\n", e.Hint)
	}
	return b.String()
}

// hasMark says whether a tree holds what has no text.
func hasMark(st ast.Statement) bool {
	i, ok := st.(*ast.Insert)
	return ok && i.OnConflict != nil && i.OnConflict.AnyKey
}
