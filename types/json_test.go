package types

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

func mustJSONB(t testing.TB, s string) []byte {
	t.Helper()
	b, err := ParseJSONB([]byte(s))
	if err != nil {
		t.Fatalf("%.100q: %v", s, err)
	}
	return b
}

func TestJSONBStoredForm(t *testing.T) {
	for _, c := range [][2]string{
		{` { "bb" : 1 , "a" : [ 1e2 , -0 , 1.10 ] , "a" : 2 } `, `{"a": 2, "bb": 1}`},
		{`[1e2,-0,-0.0,1.10,1E-5,1.10e1]`, `[100, 0, 0.0, 1.10, 0.00001, 11.0]`},
		{`"\u0041\/\u00e9\n\u001F\ud83d\ude00\"\\"`, `"A/é\n\u001f😀\"\\"`},
		{`{"":{"z":[],"y":{}}}`, `{"": {"y": {}, "z": []}}`},
		{`{"\"":1,"b":2,"a":3}`, `{"\"": 1, "a": 3, "b": 2}`},
	} {
		got := mustJSONB(t, c[0])
		if string(got) != c[1] {
			t.Errorf("%s is stored as %s, want %s", c[0], got, c[1])
		}
		if again := mustJSONB(t, string(got)); !bytes.Equal(again, got) {
			t.Errorf("%s is stored again as %s", got, again)
		}
	}
}

func TestJSONErrors(t *testing.T) {
	for _, c := range []struct{ text, code, detail, where string }{
		{`{"a":1,}`, "22P02", `Expected string, but found "}".`, `JSON data, line 1: {"a":1,}`},
		{"[1,\n2 3]", "22P02", `Expected "," or "]", but found "3".`, "JSON data, line 2: 2 3..."},
		{`"\u0000"`, "22P05", `\u0000 cannot be converted to text.`, `JSON data, line 1: "\u0000...`},
		{`"\ud800x"`, "22P02", "Unicode low surrogate must follow a high surrogate.", `JSON data, line 1: "\ud800x...`},
		{``, "22P02", "The input string ended unexpectedly.", "JSON data, line 1: "},
		{`{"a":01}`, "22P02", `Token "01" is invalid.`, `JSON data, line 1: {"a":01...`},
		{`1e200000`, "22003", "", ""},
	} {
		_, err := ParseJSONB([]byte(c.text))
		var e *pgerr.Error
		if !errors.As(err, &e) || string(e.Code) != c.code || e.Detail != c.detail || e.Where != c.where {
			t.Errorf("%q: %#v", c.text, err)
		}
	}
}

func TestJSONDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat(`{"a":[`, n/2) + strings.Repeat(`]}`, n/2) }
	deep := mustJSONB(t, nested(JSONDepthMax))
	for _, s := range []string{nested(JSONDepthMax + 2), strings.Repeat("[", 1_000_000), strings.Repeat(`{"a":`, 1_000_000)} {
		start := time.Now()
		for _, parse := range []func([]byte) ([]byte, error){ParseJSON, ParseJSONB} {
			if _, err := parse([]byte(s)); pgerr.CodeOf(err) != pgerr.StatementTooComplex {
				t.Errorf("%.20q...: %v", s, err)
			}
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%.20q... took %s", s, took)
		}
	}
	for name, f := range map[string]func() ([]byte, error){
		"concat": func() ([]byte, error) { return JSONConcat([]byte(`[]`), append(append([]byte("["), deep...), ']')) },
		"set":    func() ([]byte, error) { return JSONSet([]byte(`{"a": 1}`), []string{"a"}, deep, true) },
		"insert": func() ([]byte, error) { return JSONInsert([]byte(`[1]`), []string{"0"}, deep, false) },
		"build": func() ([]byte, error) {
			var b JSONBuilder
			b.BeginArray()
			b.Raw(deep)
			b.EndArray()
			return b.Finish()
		},
	} {
		if _, err := f(); pgerr.CodeOf(err) != pgerr.StatementTooComplex {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := JSONPretty(deep); len(got) == 0 {
		t.Error("no text")
	}
	if CompareJSONB(deep, deep) != 0 || !JSONContains(deep, deep) {
		t.Error("a deep value differs from itself")
	}
}

// TestJSONWorkIsLinear gives the readers long values of each shape that could make them look twice.
func TestJSONWorkIsLinear(t *testing.T) {
	const n = 1 << 21
	for name, s := range map[string]string{
		"backslashes": `"` + strings.Repeat(`\\`, n/2) + `"`,
		"quotes":      `"` + strings.Repeat(`\"`, n/2) + `"`,
		"plain":       `"` + strings.Repeat("x", n) + `"`,
		"elements":    "[1" + strings.Repeat(", 1", n/3) + "]",
		"members":     "{" + strings.Repeat(`"a": 1, `, n/8) + `"a": 1}`,
	} {
		start := time.Now()
		doc := mustJSONB(t, s)
		JSONText(doc)
		JSONGetIndex(doc, -1)
		JSONGetField(doc, "b")
		HashJSONB(doc, 0)
		CompareJSONB(doc, append([]byte(nil), doc...))
		JSONPretty(doc)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: %s", name, took)
		}
	}
}

func TestJSONBuilder(t *testing.T) {
	var b JSONBuilder
	for range 2 { // the second time in the same memory
		b.Reset()
		b.BeginObject()
		b.Key([]byte("numbers"))
		b.BeginArray()
		b.Int(-7)
		b.Number([]byte("1.50"))
		b.Number([]byte("1e3"))
		b.Number([]byte("NaN"))
		b.EndArray()
		b.Key([]byte("b"))
		b.Bool(true)
		b.Key([]byte("a\n"))
		b.Null()
		b.Key([]byte("b"))
		b.String([]byte(`q"` + "\x01"))
		b.Key([]byte("o"))
		b.Raw([]byte(`{"x": 1}`))
		b.Key([]byte("e"))
		b.BeginObject()
		b.EndObject()
		b.EndObject()
		got, err := b.Finish()
		const want = `{"b": "q\"\u0001", "e": {}, "o": {"x": 1}, "a\n": null, "numbers": [-7, 1.50, 1000, "NaN"]}`
		if err != nil || string(got) != want {
			t.Fatalf("%s, %v, want %s", got, err, want)
		}
		if again := mustJSONB(t, want); string(again) != want {
			t.Fatalf("%s is not in the stored form", want)
		}
	}
	for name, build := range map[string]func(b *JSONBuilder){
		"nothing":           func(*JSONBuilder) {},
		"two values":        func(b *JSONBuilder) { b.Null(); b.Null() },
		"open":              func(b *JSONBuilder) { b.BeginArray() },
		"closed twice":      func(b *JSONBuilder) { b.BeginArray(); b.EndArray(); b.EndArray() },
		"value without key": func(b *JSONBuilder) { b.BeginObject(); b.Null(); b.EndObject() },
		"key without value": func(b *JSONBuilder) { b.BeginObject(); b.Key(nil); b.EndObject() },
		"key in array":      func(b *JSONBuilder) { b.BeginArray(); b.Key(nil); b.Null(); b.EndArray() },
		"key outside":       func(b *JSONBuilder) { b.Key(nil) },
	} {
		var b JSONBuilder
		build(&b)
		if got, err := b.Finish(); err == nil {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestJSONBBinary(t *testing.T) {
	doc := mustJSONB(t, `{"a":[1,2]}`)
	wire := AppendBinaryJSONB(nil, doc)
	if wire[0] != 1 {
		t.Errorf("version %d", wire[0])
	}
	if got, err := ParseBinaryJSONB(wire); err != nil || !bytes.Equal(got, doc) {
		t.Errorf("%s, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {2, '1'}, {1}, {1, '{'}} {
		if got, err := ParseBinaryJSONB(bad); err == nil {
			t.Errorf("%q is %s", bad, got)
		}
	}
}

func TestJSONOrderIsTotal(t *testing.T) {
	r := testRand(t)
	docs := [][]byte{[]byte(`[]`), []byte(`{}`), []byte(`null`), []byte(`[null]`), []byte(`1`), []byte(`[1]`), []byte(`[[]]`)}
	for range 60 {
		docs = append(docs, mustJSONB(t, randomJSON(r, 3)))
	}
	for _, a := range docs {
		for _, b := range docs {
			ab := CompareJSONB(a, b)
			if ab != -CompareJSONB(b, a) {
				t.Fatalf("%s and %s: %d one way only", a, b, ab)
			}
			if ab == 0 && HashJSONB(a, 3) != HashJSONB(b, 3) {
				t.Fatalf("%s and %s are equal and hash apart", a, b)
			}
			for _, c := range docs {
				if ab <= 0 && CompareJSONB(b, c) <= 0 && CompareJSONB(a, c) > 0 {
					t.Fatalf("%s <= %s <= %s, but not the first and last", a, b, c)
				}
			}
		}
	}
}

func TestJSONEditsKeepTheStoredForm(t *testing.T) {
	r := testRand(t)
	for range 3000 {
		a, b, path := mustJSONB(t, randomJSON(r, 3)), mustJSONB(t, randomJSON(r, 2)), randomPath(r)
		key := []string{"a", "b", "ab", "\t", `"q\`}[r.IntN(5)]
		for name, f := range map[string]func() ([]byte, error){
			"concat":       func() ([]byte, error) { return JSONConcat(a, b) },
			"set":          func() ([]byte, error) { return JSONSet(a, path, b, true) },
			"insert":       func() ([]byte, error) { return JSONInsert(a, path, b, true) },
			"delete path":  func() ([]byte, error) { return JSONDeletePath(a, path) },
			"delete key":   func() ([]byte, error) { return JSONDeleteKey(a, key) },
			"delete index": func() ([]byte, error) { return JSONDeleteIndex(a, 1) },
			"strip":        func() ([]byte, error) { return JSONStripNulls(a), nil },
		} {
			got, err := f()
			if err != nil {
				continue
			}
			if again, err := ParseJSONB(got); err != nil || !bytes.Equal(again, got) {
				t.Fatalf("%s of %s with %s at %q gives %s, which is no stored form (%v)", name, a, b, path, got, err)
			}
		}
		if again, err := ParseJSONB(JSONPretty(a)); err != nil || !bytes.Equal(again, a) {
			t.Fatalf("%s printed prettily reads as %s (%v)", a, again, err)
		}
	}
}

func TestJSONReadersDoNotAllocate(t *testing.T) {
	doc := mustJSONB(t, `{"user":{"name":"x","tags":["a","b"]},"n":1.5,"list":[1,2,3]}`)
	path := []string{"user", "tags", "1"}
	for name, f := range map[string]func(){
		"field":    func() { JSONGetField(doc, "user") },
		"missing":  func() { JSONGetField(doc, "usex") },
		"path":     func() { JSONPathGet(doc, path) },
		"exists":   func() { JSONExists(doc, "n") },
		"contains": func() { JSONContains(doc, doc) },
		"compare":  func() { CompareJSONB(doc, doc) },
		"hash":     func() { HashJSONB(doc, 1) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}

func ExampleJSONEach() {
	doc, _ := ParseJSONB([]byte(`{"b": [1, 2], "a\t": "x"}`))
	_ = JSONEach(doc, func(key, value []byte) error {
		fmt.Printf("%q %s\n", key, value)
		return nil
	})
	// Output:
	// "b" [1, 2]
	// "a\t" "x"
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range strings.Split(jsonLiterals, "\n") {
		testseed.Add(f, []byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		_, plain := ParseJSON(s)
		b, err := ParseJSONB(s)
		if err != nil {
			return
		}
		if plain != nil {
			t.Fatalf("jsonb takes %q, json does not: %v", s, plain)
		}
		if again, err := ParseJSONB(b); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q is stored as %s, that as %s (%v)", s, b, again, err)
		}
		if CompareJSONB(b, b) != 0 || !JSONContains(b, b) || jsonDepth(b) > JSONDepthMax {
			t.Fatalf("%s differs from itself", b)
		}
	})
}

// FuzzJSONReaders gives the readers what no parser has seen.
func FuzzJSONReaders(f *testing.F) {
	for _, s := range strings.Split(jsonLiterals, "\n") {
		testseed.Add(f, []byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, b []byte, key string) {
		if jsonDepth(b) > 2*JSONDepthMax {
			return
		}
		JSONTypeof(b)
		JSONText(b)
		RawJSONText(b)
		JSONGetField(b, key)
		RawJSONGetField(b, key)
		JSONGetIndex(b, -1)
		JSONPathGet(b, []string{key, "0"})
		RawJSONPathGet(b, []string{key, "0"})
		JSONArrayLength(b)
		JSONExists(b, key)
		JSONContains(b, b)
		CompareJSONB(b, []byte(key))
		CompareJSONB(b, b)
		HashJSONB(b, 0)
		JSONConcat(b, b)
		JSONDeleteKey(b, key)
		JSONDeleteIndex(b, 0)
		JSONDeletePath(b, []string{"0", key})
		JSONSet(b, []string{key, "0"}, []byte("1"), true)
		JSONStripNulls(b)
		JSONPretty(b)
		JSONEach(b, func(k, v []byte) error { return nil })
		JSONElements(b, func(v []byte) error { return nil })
	})
}

func BenchmarkJSON(b *testing.B) {
	text := []byte(`{"id": 12345, "user": {"name": "somebody", "email": "somebody@example.com", "tags": ["a", "b", "c"]}, "amount": 12.50, "ok": true, "note": "a line\nand another"}`)
	doc := mustJSONB(b, string(text))
	path := []string{"user", "tags", "1"}
	dst := make([]byte, 0, 1000)
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"ParseJSON", func() { ParseJSON(text) }},
		{"ParseJSONB", func() { ParseJSONB(text) }},
		{"GetField", func() { JSONGetField(doc, "amount") }},
		{"PathGet", func() { JSONPathGet(doc, path) }},
		{"Contains", func() { JSONContains(doc, doc) }},
		{"Hash", func() { HashJSONB(doc, 1) }},
		{"Append", func() { AppendJSONB(dst, doc) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}
