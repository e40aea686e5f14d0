package parser

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// corpus reads the statements of a file: one a line, continued by lines that begin with a space.
func corpus(tb testing.TB, file string) []string {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	var stmts []string
	for _, line := range strings.Split(string(data), "\n") {
		switch {
		case line == "":
		case line[0] == ' ':
			stmts[len(stmts)-1] += "\n" + line
		default:
			stmts = append(stmts, line)
		}
	}
	return stmts
}

func wholeCorpus(tb testing.TB) []string {
	return append(corpus(tb, "testdata/corpus_postgres.sql"), corpus(tb, "testdata/corpus_streaming.sql")...)
}

// roundTrip prints a tree and reads it again.
func roundTrip(n ast.Statement) error {
	text := ast.Format(n)
	again, err := ParseOne(text)
	if err != nil {
		return fmt.Errorf("printed %s\n%w", text, err)
	}
	if !ast.Equal(n, again.AST) {
		return fmt.Errorf("printed %s\nbefore %s\nafter  %s", text, dump(n), dump(again.AST))
	}
	return nil
}

func TestRoundTrip(t *testing.T) {
	for _, sql := range wholeCorpus(t) {
		s, err := ParseOne(sql)
		if err != nil {
			t.Errorf("%s\n%v", sql, err)
			continue
		}
		if err := roundTrip(s.AST); err != nil {
			t.Errorf("%s\n%v", sql, err)
		}
	}
}

// TestWalk holds Walk against reflection: it must come by every node that is in a tree.
func TestWalk(t *testing.T) {
	for _, sql := range wholeCorpus(t) {
		s, err := ParseOne(sql)
		if err != nil {
			t.Fatal(err)
		}
		want := map[ast.Node]bool{}
		reachable(reflect.ValueOf(s.AST), want)
		got := map[ast.Node]bool{}
		ast.Walk(s.AST, func(n ast.Node) bool {
			if reflect.TypeOf(n).Kind() == reflect.Pointer {
				if got[n] {
					t.Errorf("%s\n%T visited twice", sql, n)
				}
				got[n] = true
			}
			return true
		})
		for n := range want {
			if !got[n] {
				t.Errorf("%s\n%T not visited: %s", sql, n, dump(n))
			}
		}
	}
}

func reachable(v reflect.Value, out map[ast.Node]bool) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Pointer {
			// A name has no parts, and is visited by value.
			if n, ok := v.Interface().(ast.Node); ok && v.Type() != reflect.TypeFor[*ast.ObjectName]() {
				out[n] = true
			}
		}
		reachable(v.Elem(), out)
	case reflect.Slice:
		for i := range v.Len() {
			reachable(v.Index(i), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			reachable(v.Field(i), out)
		}
	}
}

// TestPositions: a position lies within the text, and that of a statement is its first token.
func TestPositions(t *testing.T) {
	for _, sql := range wholeCorpus(t) {
		text := "/* ü */ ;" + sql + "\n; SELECT 1"
		stmts, err := Parse(text)
		if err != nil || len(stmts) != 2 {
			t.Fatalf("%s: %d statements, %v", text, len(stmts), err)
		}
		s := stmts[0]
		if s.Text != strings.TrimSpace(sql) && !strings.Contains(sql, "--") || s.Text != text[s.Start:s.End] {
			t.Errorf("%s\nhas the text %q", sql, s.Text)
		}
		first := utf8.RuneCountInString(text[:s.Start]) + 1
		last := utf8.RuneCountInString(text[:s.End])
		ast.Walk(s.AST, func(n ast.Node) bool {
			if pos := n.Position(); pos != 0 && (pos < first || pos > last) {
				t.Errorf("%s\n%T at %d, outside %d..%d", sql, n, pos, first, last)
			}
			return true
		})
		if s.AST.Position() > first+strings.IndexFunc(s.Text, func(r rune) bool { return r != '(' && r != ' ' }) {
			t.Errorf("%s\nstatement at %d, begins at %d", sql, s.AST.Position(), first)
		}
	}
}

// TestData runs the datadriven files. The commands:
//
//	stmt    statements: their trees as SQL again
//	tree    statements: their trees
//	expr    expressions, one a line: their trees
//	type    types, one a line: as SQL again
//	errors  texts, one a line: the error, with a mark at its position
func TestData(t *testing.T) {
	datadriven.Walk(t, "testdata/cases", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			var out []string
			lines := strings.Split(d.Input, "\n")
			switch d.Cmd {
			case "stmt", "tree":
				stmts, err := Parse(d.Input)
				if err != nil {
					return describe(d.Input, err)
				}
				for _, s := range stmts {
					if err := roundTrip(s.AST); err != nil {
						t.Error(err)
					}
					if d.Cmd == "stmt" {
						out = append(out, ast.Format(s.AST))
					} else {
						out = append(out, dump(s.AST))
					}
				}
			case "expr":
				for _, line := range lines {
					e, err := ParseExpr(line)
					if err != nil {
						out = append(out, describe(line, err))
						continue
					}
					out = append(out, dump(e))
					if again, err := ParseExpr(ast.Format(e)); err != nil || !ast.Equal(e, again) {
						t.Errorf("%s is printed as %s: %v", line, ast.Format(e), err)
					}
				}
			case "type":
				for _, line := range lines {
					ty, err := ParseType(line)
					if err != nil {
						out = append(out, describe(line, err))
					} else {
						out = append(out, ast.Format(ty))
					}
				}
			case "errors":
				for _, line := range lines {
					_, err := Parse(line)
					out = append(out, describe(line, err))
				}
			default:
				t.Fatalf("unknown command %s", d.Cmd)
			}
			return strings.Join(out, "\n")
		})
	})
}

// describe writes an error with the text up to its position.
func describe(sql string, err error) string {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return fmt.Sprintf("%s\n  no error: %v", sql, err)
	}
	place := "without position"
	if e.Position > 0 {
		runes := []rune(sql)
		place = "at |" + string(runes[min(e.Position-1, len(runes)):]) + "|"
	}
	text := fmt.Sprintf("%s\n  %s %s %s", sql, e.Code, e.Message, place)
	if e.Hint != "" {
		text += "\n  hint: " + e.Hint
	}
	return text
}

func TestParams(t *testing.T) {
	stmts, err := Parse("SELECT $2, $1; SELECT 1; INSERT INTO t VALUES ($3, (SELECT $7))")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0, 7} {
		if stmts[i].Params != want || ast.MaxParam(stmts[i].AST) != want {
			t.Errorf("statement %d: %d and %d parameters, want %d", i, stmts[i].Params, ast.MaxParam(stmts[i].AST), want)
		}
	}
}

func TestParseOne(t *testing.T) {
	for sql, want := range map[string]string{
		"":                   "syntax error at end of input (SQLSTATE 42601)",
		" -- nothing":        "syntax error at end of input (SQLSTATE 42601)",
		"SELECT 1; SELECT 2": "expected one statement, found 2 (SQLSTATE 42601)",
	} {
		if _, err := ParseOne(sql); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", sql, err, want)
		}
	}
	if _, err := ParseOne(";; SELECT 1 ;;"); err != nil {
		t.Error(err)
	}
}

func TestEncoding(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT '\xff'":         `invalid byte sequence for encoding "UTF8": 0xff`,
		"SELECT '\xe2\x28\xa1'": `invalid byte sequence for encoding "UTF8": 0xe2 0x28 0xa1`,
		"SELECT '\xed\xa0\x80'": `invalid byte sequence for encoding "UTF8": 0xed 0xa0 0x80`,
		"SELECT 'a\x00b'":       `invalid byte sequence for encoding "UTF8": 0x00`,
		`SELECT E'\xff'`:        `invalid byte sequence for encoding "UTF8": 0xff`,
		`SELECT E'\0'`:          `invalid byte sequence for encoding "UTF8": 0x00`,
	} {
		_, err := Parse(sql)
		var e *pgerr.Error
		if !errors.As(err, &e) || e.Code != pgerr.CharacterNotInRepertoire || e.Message != want {
			t.Errorf("%q: %v, want %s", sql, err, want)
		}
	}
}
