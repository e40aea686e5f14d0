package slt

import (
	"slices"
	"strings"
	"testing"
)

func TestFormatValue(t *testing.T) {
	for _, c := range []struct {
		value []byte
		want  string
	}{
		{nil, "NULL"},
		{[]byte{}, "(empty)"},
		{[]byte("NULL"), `"NULL"`},
		{[]byte("(empty)"), `"(empty)"`},
		{[]byte("null"), "null"},
		{[]byte("a b"), "a b"},
		{[]byte("a  b"), `"a  b"`},
		{[]byte(" a"), `" a"`},
		{[]byte("a "), `"a "`},
		{[]byte("a\tb\n"), `"a\tb\n"`},
		{[]byte{0xff}, `"\xff"`},
		{[]byte(`\x01`), `\x01`},   // a bytea
		{[]byte(`"abc"`), `"abc"`}, // a jsonb string
		{[]byte(`"NULL"`), `"\"NULL\""`},
		{[]byte(`""`), `"\"\""`},
		{[]byte(`"`), `"\""`},
		{[]byte(`"a" : 1`), `"\"a\" : 1"`},
		{[]byte("größer"), "größer"},
	} {
		if got := formatValue(c.value); got != c.want {
			t.Errorf("formatValue(%q) = %s, want %s", c.value, got, c.want)
		}
	}
}

// Different values must look different, or a wrong answer could pass.
func FuzzFormatValueInjective(f *testing.F) {
	for _, s := range []string{"", "NULL", `"NULL"`, `"\"NULL\""`, `""`, " ", `" "`, "a\nb", `"a\nb"`, "\xff"} {
		for _, other := range []string{"", `"(empty)"`, "x", `"\"\""`} {
			f.Add(s, other)
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if a != b && formatValue([]byte(a)) == formatValue([]byte(b)) {
			t.Fatalf("%q and %q are both written %s", a, b, formatValue([]byte(a)))
		}
		if formatValue([]byte(a)) == formatValue(nil) {
			t.Fatalf("%q is written as NULL", a)
		}
		checkRowRoundTrip(t, a, b)
	})
}

// What the recorder writes is what the comparison reads.
func checkRowRoundTrip(t *testing.T, values ...string) {
	t.Helper()
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = formatValue([]byte(v))
	}
	line := joinRows([][]string{row})[0]
	if strings.TrimSpace(line) == "" {
		t.Fatalf("%q is written as a blank line", values)
	}
	if got := splitRow(strings.TrimRight(line, " \t"), len(row)); !slices.Equal(got, row) {
		t.Fatalf("%q is written as %q and read as %q", values, line, got)
	}
}

func TestSplitRow(t *testing.T) {
	for _, c := range []struct {
		line    string
		columns int
		want    []string
	}{
		{"1 2 3", 3, []string{"1", "2", "3"}},
		{"1  2  3", 3, []string{"1", "2", "3"}},
		{"a b  c", 2, []string{"a b", "c"}},
		{"a b\tc", 2, []string{"a b", "c"}},
		{"a b c", 2, []string{"a", "b", "c"}}, // not two: reported as a difference
		{"a b c", 1, []string{"a b c"}},
		{"a  b", 1, []string{"a  b"}},
		{`"a  b"  c`, 2, []string{`"a  b"`, "c"}},
		{`x  "a  b"`, 2, []string{"x", `"a  b"`}},
		{`"a" : "b"  2`, 2, []string{`"a" : "b"`, "2"}},
		{`"open  2`, 2, []string{`"open`, "2"}},
	} {
		if got := splitRow(c.line, c.columns); !slices.Equal(got, c.want) {
			t.Errorf("splitRow(%q, %d) = %q, want %q", c.line, c.columns, got, c.want)
		}
	}
}

func TestFormatClassic(t *testing.T) {
	for _, c := range []struct {
		value  string
		letter byte
		want   string
	}{
		{"3.7", 'I', "3"}, {"-3.7", 'I', "-3"}, {"t", 'I', "1"}, {"f", 'I', "0"}, {"1e3", 'I', "1000"}, {"x", 'I', "x"},
		{"2", 'R', "2.000"}, {"0.12345", 'R', "0.123"}, {"x", 'R', "x"},
		{"", 'T', "(empty)"}, {"a\tb\xff", 'T', "a@b@"},
	} {
		if got := formatClassic([]byte(c.value), c.letter); got != c.want {
			t.Errorf("formatClassic(%q, %c) = %q, want %q", c.value, c.letter, got, c.want)
		}
	}
	if got := formatClassic(nil, 'I'); got != "NULL" {
		t.Errorf("NULL is %q", got)
	}
}

// The hash is that of the original suite, here as `printf '1\n2\n3\n' | md5sum` prints it.
func TestHash(t *testing.T) {
	const want = "3 values hashing to c0710d6b4f15dfa88f600b0e6b624077"
	if got := hashLine([][]string{{"1", "2"}, {"3"}}); got != want {
		t.Fatalf("hashLine = %s, want %s", got, want)
	}
}

func TestArrange(t *testing.T) {
	rows := [][]string{{"b", "1"}, {"a", "2"}, {"a", "1"}}
	flat := func(rows [][]string) string {
		var lines []string
		for _, r := range rows {
			lines = append(lines, strings.Join(r, ","))
		}
		return strings.Join(lines, " ")
	}
	for mode, want := range map[SortMode]string{
		"":        "b,1 a,2 a,1",
		NoSort:    "b,1 a,2 a,1",
		RowSort:   "a,1 a,2 b,1",
		ValueSort: "1 1 2 a a b",
	} {
		if got := flat(arrange(rows, mode)); got != want {
			t.Errorf("arrange(%s) = %s, want %s", mode, got, want)
		}
	}
	if flat(rows) != "b,1 a,2 a,1" {
		t.Error("arrange changed its argument")
	}
}

func TestCloseFloats(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"0.30000000000000004", "0.3", true},
		{"1e300", "1.0000000001e300", false},
		{"5.5e-17", "0", false}, // no absolute tolerance
		{"Infinity", "Infinity", false},
		{"NaN", "NaN", false}, // equal text has passed before
		{"NULL", "0", false},
	} {
		if got := closeFloats(c.a, c.b, 1e-12); got != c.want {
			t.Errorf("closeFloats(%s, %s) = %v", c.a, c.b, got)
		}
	}
}

func TestDiff(t *testing.T) {
	same := []string{"1", "2", "3", "4", "5", "6", "7", "8"}
	actual := slices.Replace(slices.Clone(same), 6, 7, "x", "y")
	got := formatDiff(diff(same, actual))
	want := "  ... 3 equal\n  4\n  5\n  6\n- 7\n+ x\n+ y\n  8\n"
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	long := make([]string, 2*diffLinesMax)
	if got := formatDiff(diff(long, append(long, "more"))); !strings.Contains(got, "600 expected and 601 actual lines more") {
		t.Errorf("cut diff does not say so:\n%s", got)
	}
}
