package slt

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"millrace/internal/testseed"
)

func TestParseRecords(t *testing.T) {
	script, err := Parse("f.slt", strings.Join([]string{
		"# a comment",
		"statement ok",
		"CREATE TABLE t (",
		"  a int);",
		"",
		"onlyif millrace",
		"skipif extended # why",
		"connection other",
		"statement count 3",
		"INSERT INTO t VALUES (1), (2), (3)",
		"",
		"query IT rowsort again",
		"SELECT a, 'x y'",
		"FROM t",
		"----",
		"1  x y",
		"2  x y  ",
		"",
		"query",
		"SELECT 1",
		"",
		"query I",
		"SELECT 1 WHERE false",
		"----",
		"",
		"halt",
		"query rowsort again",
		"SELECT 1",
	}, "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range script.Records {
		got = append(got, fmt.Sprintf("%d kind=%d conn=%q sql=%q types=%s sort=%s label=%s recorded=%v result=%q count=%d conds=%v",
			r.Pos.Line, r.Kind, r.Connection, r.SQL, r.Types, r.Sort, r.Label, r.Recorded, r.Result, r.Expect.Count, r.conditions))
	}
	want := []string{
		`2 kind=0 conn="" sql="CREATE TABLE t (\n  a int);" types= sort= label= recorded=false result=[] count=0 conds=[]`,
		`9 kind=0 conn="other" sql="INSERT INTO t VALUES (1), (2), (3)" types= sort= label= recorded=false result=[] count=3 conds=[{millrace true} {extended false}]`,
		`12 kind=1 conn="" sql="SELECT a, 'x y'\nFROM t" types=IT sort=rowsort label=again recorded=true result=["1  x y" "2  x y"] count=0 conds=[]`,
		`19 kind=1 conn="" sql="SELECT 1" types= sort= label= recorded=false result=[] count=0 conds=[]`,
		`22 kind=1 conn="" sql="SELECT 1 WHERE false" types=I sort= label= recorded=true result=[] count=0 conds=[]`,
		`26 kind=2 conn="" sql="" types= sort= label= recorded=false result=[] count=0 conds=[]`,
		`27 kind=1 conn="" sql="SELECT 1" types= sort=rowsort label=again recorded=false result=[] count=0 conds=[]`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %d records:\n%s", len(got), strings.Join(got, "\n"))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("record %d:\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}

func TestParseExpectedErrors(t *testing.T) {
	for _, c := range []struct{ header, state, message string }{
		{"statement error", "", ""},
		{"statement error 22012", "22012", ""},
		{"statement error (22012)", "22012", ""},
		{"statement error (22012) by zero$", "22012", "by zero$"},
		{"statement error division (or|by) zero", "", "division (or|by) zero"},
		{"statement error XX000", "XX000", ""},
		{"statement error ERROR", "", "ERROR"}, // a word, not a SQLSTATE
		{"statement error (quoted) text", "", "(quoted) text"},
		{"query error 42P01", "42P01", ""},
		{"query error   does not exist", "", "does not exist"},
	} {
		script, err := Parse("f", c.header+"\nSELECT 1\n")
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		got := script.Records[0]
		message := ""
		if got.Expect.Message != nil {
			message = got.Expect.Message.String()
		}
		if got.Kind != Statement || got.Expect.Outcome != Error || got.Expect.State != c.state || message != c.message {
			t.Errorf("%s: state %q, message %q", c.header, got.Expect.State, message)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		msg  string
	}{
		{"nonsense", 1, `unknown record "nonsense"`},
		{"\n\nsleep 1s", 3, "sleep is refused"},
		{"system ok\nls", 1, "system is refused"},
		{"statement", 1, "needs ok, count or error"},
		{"statement fine\nSELECT 1", 1, "want ok, count or error"},
		{"statement ok now\nSELECT 1", 1, `unexpected "now"`},
		{"statement count many\nSELECT 1", 1, "not \"many\""},
		{"statement count -1\nSELECT 1", 1, "not \"-1\""},
		{"statement error (\nSELECT 1", 1, "error parsing regexp"},
		{"statement ok\n\n", 1, "no statement"},
		{"statement ok\nSELECT 1\n----\n1\n", 3, "only a query has one"},
		{"query X\nSELECT 1\n----\n", 1, `column type "X"`},
		{"query I rowsort a b\nSELECT 1\n----\n", 1, `unexpected "b"`},
		{"onlyif\nstatement ok\nSELECT 1", 1, "takes one label"},
		{"onlyif a\n\nstatement ok\nSELECT 1", 2, "must follow at once"},
		{"statement ok\nSELECT 1\n\nskipif a", 4, "no record after"},
		{"connection a b\nstatement ok\nSELECT 1", 1, "takes one name"},
		{"include\n", 1, "takes one path"},
		{"hash-threshold lots", 1, "number of values"},
		{"control sortmode random", 1, `bad value "random"`},
		{"control floattolerance 2", 1, `bad value "2"`},
		{"control weather fine", 1, `unknown setting "weather"`},
		{"control sortmode", 1, "setting and its value"},
	} {
		_, err := Parse("f.slt", c.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a SyntaxError", c.text, err)
			continue
		}
		if syntax.Pos.Line != c.line || !strings.Contains(syntax.Msg, c.msg) {
			t.Errorf("%q: got %v, want line %d: %s", c.text, err, c.line, c.msg)
		}
	}
}

func FuzzParse(f *testing.F) {
	testseed.Add(f, "query IT rowsort l\nSELECT 1\n----\n1  \"a  b\"\n\nstatement error (22012) x\nSELECT 1/0\n")
	testseed.Add(f, "onlyif a\nconnection b\nstatement count 3\nx\n\nhash-threshold 3\ncontrol sortmode rowsort\n")
	f.Fuzz(func(t *testing.T, text string) {
		script, err := Parse("f", text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("not a SyntaxError: %v", err)
			}
			return
		}
		// With no edits the text comes back, but for its line ends.
		want := strings.ReplaceAll(text, "\r\n", "\n")
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		if got := applyEdits(script.lines, nil); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
