package jsonpath

import (
	"errors"
	"strings"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
	"millrace/types"
)

func noRegexp(string, string) (func([]byte) (bool, error), error) {
	return func(s []byte) (bool, error) { return len(s) > 0, nil }, nil
}

func TestDepth(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 100_000), strings.Repeat("-", 100_000) + "1", "$" + strings.Repeat(" ?(@", 100_000), "$" + strings.Repeat(".a", 100_000),
		"1" + strings.Repeat(" + 1", 100_000), "$.a == 1" + strings.Repeat(" && $.a == 1", 100_000), "$" + strings.Repeat("[$", 100_000), strings.Repeat("!(", 100_000),
	} {
		_, err := Parse(text, noRegexp)
		if code := pgerr.CodeOf(err); code != pgerr.StatementTooComplex && code != pgerr.SyntaxError {
			t.Errorf("%.20s: %v", text, err)
		}
	}
}

// TestStop: an error of the caller's ends the walk and comes back.
func TestStop(t *testing.T) {
	p, err := Parse("$[*]", noRegexp)
	if err != nil {
		t.Fatal(err)
	}
	enough, n := errors.New("enough"), 0
	err = p.Run([]byte("[1, 2, 3]"), nil, func([]byte) error {
		if n++; n == 2 {
			return enough
		}
		return nil
	})
	if err != enough || n != 2 {
		t.Errorf("%v after %d items", err, n)
	}
}

// FuzzPath: no path and no value makes the parser or a walk panic, and items are JSON.
func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"$.a[*] ? (@.b > 1 && exists(@.c)).d", "strict $.**{1 to 2}.k", `$."x\u00e9" starts with "a"`, "-$.a[0, last - 1 to last] * 2 / 3", `$ like_regex "a.c" flag "is"`,
		"$.keyvalue().value.type()", "($.a == null) is unknown", "1.5e3.floor()", "$v + 1 /* c */",
	} {
		testseed.Add(f, path, `{"a": [1, {"b": 2, "c": null, "d": "x"}], "k": {"k": true}}`)
	}
	f.Fuzz(func(t *testing.T, path, value string) {
		p, err := Parse(path, noRegexp)
		if err != nil {
			return
		}
		doc, err := types.ParseJSONB([]byte(value))
		if err != nil {
			return
		}
		items := 0
		_ = p.Run(doc, []byte(`{"v": 2}`), func(item []byte) error {
			if _, err := types.ParseJSONB(item); err != nil {
				t.Fatalf("%s over %s gives %s: %v", path, value, item, err)
			}
			if items++; items > 1000 {
				return errStop
			}
			return nil
		})
	})
}
