package lex

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"millrace/internal/testseed"
)

// show writes tokens as kind:text, keywords in upper case.
func show(t Tokens) string {
	names := map[Kind]string{
		EOF: "eof", Error: "error", Ident: "ident", QuotedIdent: "quoted", String: "string", BitString: "bits", HexString: "hex",
		Integer: "int", Numeric: "num", Param: "param", Op: "op",
	}
	var out []string
	for _, tok := range t.List {
		switch {
		case tok.Kw != NoKeyword:
			out = append(out, strings.ToUpper(tok.Text))
		case tok.Kind < 128:
			out = append(out, string(rune(tok.Kind)))
		case tok.Kind >= Cast:
			out = append(out, tok.Text)
		case tok.Kind != EOF:
			out = append(out, names[tok.Kind]+":"+tok.Text)
		}
	}
	return strings.Join(out, " ")
}

func TestScan(t *testing.T) {
	for sql, want := range map[string]string{
		"":                             "",
		"SELECT a,b":                   "SELECT ident:a , ident:b",
		"SeLeCt":                       "SELECT",
		`"select"`:                     "quoted:select",
		"a.b..c":                       "ident:a . ident:b .. ident:c",
		"1..2":                         "int:1 .. int:2",
		"1.2.3":                        "num:1.2 num:.3",
		"1. .5 5.e3 1e-7":              "num:1. num:.5 num:5.e3 num:1e-7",
		"$1$2":                         "param:1 param:2",
		"a::b:=c=>d":                   "ident:a :: ident:b := ident:c => ident:d",
		"<= >= <> != < >":              "<= >= <> <> < >",
		"+ - * / % ^":                  "+ - * / % ^",
		"|| -> ->> @> ?| !~* ~":        "op:|| op:-> op:->> op:@> op:?| op:!~* op:~",
		"=- =+ @- *+-":                 "= - = + op:@- * + -",
		"=-- comment":                  "=",
		"=/* comment */-":              "= -",
		"/*/* */*/ a /**/":             "ident:a",
		"--\r1":                        "int:1",
		"e'x' E'x' n'x' b'1' x'F'":     "string:x string:x NCHAR string:x bits:1 hex:F",
		"e x n b u":                    "ident:e ident:x ident:n ident:b ident:u",
		"u&'x' U&\"X\" u&x":            `string:x quoted:X ident:u op:& ident:x`,
		"$$a$$ $b$$$ $b$":              "string:a string:$$ ",
		"$a b":                         "$ ident:a ident:b",
		"a$1 $":                        "ident:a$1 $",
		"ÀB àb":                        "ident:Àb ident:àb",
		"'a'\n'b' 'c'":                 "string:ab string:c",
		"\"a\"\n\"b\"":                 "quoted:a quoted:b",
		"{ } \\ ?":                     `{ } \ op:?`,
		"tumble Emit watermark foobar": "TUMBLE EMIT WATERMARK ident:foobar",
	} {
		tokens, err := Scan(sql, nil)
		got := show(tokens)
		if err != nil || tokens.Err != nil || got != want {
			t.Errorf("%q: %s, %v, %v; want %s", sql, got, err, tokens.Err, want)
		}
	}
}

func TestPositions(t *testing.T) {
	tokens, err := Scan("a é /* ü */ 'ß' x\n  \"ö\" €", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ start, end, pos int32 }{{0, 1, 1}, {2, 4, 3}, {14, 18, 13}, {19, 20, 17}, {23, 27, 21}, {28, 31, 25}, {31, 31, 26}}
	for i, w := range want {
		if g := tokens.List[i]; g.Start != w.start || g.End != w.end || g.Pos != w.pos {
			t.Errorf("token %d: %d..%d at %d, want %v", i, g.Start, g.End, g.Pos, w)
		}
	}
}

// TestReuse: a slice that is used again holds nothing of the text before.
func TestReuse(t *testing.T) {
	first, _ := Scan("SELECT a, b, c FROM t", nil)
	second, _ := Scan("x", first.List)
	if len(second.List) != 2 || second.List[0].Text != "x" || second.List[1].Kind != EOF {
		t.Errorf("%+v", second.List)
	}
}

// TestQuoteIdent: a quoted name reads as that name.
func TestQuoteIdent(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "a_1$": "a_1$", "A": `"A"`, "1a": `"1a"`, "": `""`, `a"b`: `"a""b"`, "a b": `"a b"`, "é": `"é"`,
		"select": `"select"`, "int": `"int"`, "left": `"left"`, "date": "date", "year": "year", "tumble": `"tumble"`, "rows": `"rows"`,
		strings.Repeat("x", 64): `"` + strings.Repeat("x", 64) + `"`,
	} {
		if got := QuoteIdent(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	for _, k := range Keywords() {
		tokens, err := Scan(QuoteIdent(k.Word), nil)
		if err != nil || tokens.List[0].Text != k.Word {
			t.Errorf("%s reads as %s", k.Word, show(tokens))
		}
	}
}

func TestQuoteString(t *testing.T) {
	for _, s := range []string{"", "a", "it's", `a\b`, `\'`, "a\nb", "é€", `C:\x41`} {
		tokens, err := Scan(QuoteString(s), nil)
		if err != nil || len(tokens.List) != 2 || tokens.List[0].Kind != String || tokens.List[0].Text != s {
			t.Errorf("%q is written %s and reads as %s", s, QuoteString(s), show(tokens))
		}
	}
}

// TestKeywords: the list is in order, complete and classed as PostgreSQL's is.
func TestKeywords(t *testing.T) {
	counts := map[Class]int{}
	last := ""
	for _, k := range Keywords() {
		if k.Word <= last || Lookup(k.Word).Info() != k {
			t.Errorf("%s is out of order or not found", k.Word)
		}
		last = k.Word
		if k.Extension {
			if k.Class != Unreserved || !k.BareLabel {
				t.Errorf("%s must not be reserved in any way", k.Word)
			}
			continue
		}
		counts[k.Class]++
	}
	// select catcode, count(*) from pg_get_keywords() group by 1, in PostgreSQL 15
	want := map[Class]int{Unreserved: 309, ColumnName: 51, TypeFuncName: 23, Reserved: 77}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", counts, want)
	}
}

// FuzzScan: the tokens cover the text in order; what lies between them is blank or comment; positions count characters.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"", "SELECT 'a' -- b", "E'\\u00e9' $1 /* */ U&'\\00e9' UESCAPE '!'", "\xff", "a\x00", "'é' €", "U&''00A00"} {
		testseed.Add(f, s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		tokens, err := Scan(sql, nil)
		if err != nil {
			return
		}
		if last := tokens.List[len(tokens.List)-1].Kind; (last == Error) != (tokens.Err != nil) || last != Error && last != EOF {
			t.Fatalf("ends with kind %d and %v", last, tokens.Err)
		}
		end := int32(0)
		for _, tok := range tokens.List {
			if tok.Kind == Error {
				break
			}
			if tok.Start < end || tok.End < tok.Start || int(tok.End) > len(sql) {
				t.Fatalf("%+v after %d", tok, end)
			}
			if want := utf8.RuneCountInString(sql[:tok.Start]) + 1; int(tok.Pos) != want {
				t.Fatalf("%+v is at character %d", tok, want)
			}
			if !utf8.ValidString(tok.Text) {
				t.Fatalf("%q is not UTF-8", tok.Text)
			}
			end = tok.End
		}
	})
}
