package types

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/internal/testseed"
)

// comparables lists, for each type, texts in ascending order; those in one group are equal.
var comparables = map[string][][]string{
	"boolean":          {{"f"}, {"t"}},
	"smallint":         {{"-32768"}, {"-1"}, {"0"}, {"32767"}},
	"bigint":           {{"-9223372036854775808"}, {"-1"}, {"0"}, {"9223372036854775807"}},
	"oid":              {{"0"}, {"1"}, {"2147483648"}, {"4294967295"}},
	"real":             {{"-Infinity"}, {"-1"}, {"-1e-45"}, {"0", "-0"}, {"1e-45"}, {"Infinity"}, {"NaN"}},
	"double precision": {{"-Infinity"}, {"-1e308"}, {"0", "-0", "-0.0"}, {"5e-324"}, {"Infinity"}, {"NaN", "-NaN"}},
	"numeric": {{"-Infinity"}, {"-1e131071"}, {"-9223372036854775809"}, {"-9223372036854775808"}, {"-1.01"}, {"-1", "-1.0", "-1." + strings.Repeat("0", 400)},
		{"-1e-16383"}, {"0", "0.0", "-0", "0." + strings.Repeat("0", 300)}, {"1e-16383"}, {"0.1", "0.10", "1e-1"}, {"1", "1.000000000000000000000000000000"},
		{"1.000000000000000000000000000001"}, {"9223372036854775807", "9223372036854775807.0"}, {"9223372036854775807.1"},
		{"9223372036854775808"}, {"1e131071"}, {"Infinity", "inf"}, {"NaN"}},
	"text":                {{""}, {"A"}, {"a"}, {"a "}, {"ab"}, {"b"}, {"é"}, {"\uffff"}, {"\U00010000"}},
	"character varying":   {{""}, {"a"}, {"a "}},
	"character":           {{"", " ", "   "}, {"a", "a ", "a  "}, {"a b"}, {"b"}},
	"name":                {{""}, {"a"}, {"a "}},
	`"char"`:              {{""}, {"A"}, {"a"}, {`\200`}, {`\377`}},
	"bytea":               {{`\x`}, {`\x00`}, {`\x0000`}, {`\x01`}, {`\xff`}},
	"uuid":                {{"00000000-0000-0000-0000-000000000001"}, {"7fffffff-0000-0000-0000-000000000000"}, {"80000000-0000-0000-0000-000000000000", "{80000000000000000000000000000000}"}},
	"integer[]":           {{"{}"}, {"{1}"}, {"[2:2]={1}"}, {"{{1}}"}, {"{1,2}"}, {"{1,2,3,4}"}, {"{{1,2},{3,4}}"}, {"{1,3}"}, {"{1,NULL}"}, {"{NULL}"}, {"{NULL,NULL}"}},
	"numeric[]":           {{"{1,2.0}", "{1.00,2}"}, {"{NaN}"}},
	"character[]":         {{`{a}`, `{"a "}`}, {"{b}"}},
	"double precision[]":  {{"{-0,1}", "{0,1}"}, {"{NaN}"}},
	"character varying[]": {{`{""}`}, {"{a}"}},
}

// TestCompare checks every pair of the lists, and that equal values have equal hashes and different ones, in this small
// set, different ones.
func TestCompare(t *testing.T) {
	for name, groups := range comparables {
		typ := formType(t, name)
		parse := func(s string) Datum {
			d, err := ParseText(typ, []byte(s), DefaultEnv)
			if err != nil {
				t.Fatalf("%s %q: %v", name, s, err)
			}
			return d
		}
		hashes := map[uint64]string{}
		for i, g := range groups {
			for j, h := range groups {
				for _, x := range g {
					for _, y := range h {
						a, b := parse(x), parse(y)
						if got, want := Compare(typ, a, b), compareInts(int64(i), int64(j)); got != want {
							t.Errorf("%s: Compare(%q, %q) = %d, want %d", name, x, y, got, want)
						}
						if got := Equal(typ, a, b); got != (i == j) {
							t.Errorf("%s: Equal(%q, %q) = %v", name, x, y, got)
						}
						if i == j && Hash(typ, a, 7) != Hash(typ, b, 7) {
							t.Errorf("%s: %q and %q are equal but hash differently", name, x, y)
						}
					}
				}
			}
			hash := Hash(typ, parse(g[0]), 7)
			if other, ok := hashes[hash]; ok {
				t.Errorf("%s: %q and %q have the same hash", name, g[0], other)
			}
			hashes[hash] = g[0]
		}
	}
}

// TestCompareMatchesPostgres puts every pair of the lists to PostgreSQL.
func TestCompareMatchesPostgres(t *testing.T) {
	p := askPostgres(t)
	var queries, ours []string
	for name, groups := range comparables {
		for i, g := range groups {
			for j, h := range groups {
				x, y := quote(g[len(g)-1])+"::"+sqlName(name), quote(h[0])+"::"+sqlName(name)
				queries = append(queries, fmt.Sprintf("SELECT (%s < %s)::text || (%s = %s)::text", x, y, x, y))
				ours = append(ours, fmt.Sprintf("%v%v", i < j, i == j))
			}
		}
	}
	p.compare(queries, ours)
}

// sqlName avoids SQL's character without a length, which is character(1).
func sqlName(name string) string {
	if base, ok := strings.CutPrefix(name, "character"); ok && (base == "" || base == "[]") {
		return "bpchar" + base
	}
	return name
}

// TestCompareIsAnOrder draws random numerics and checks antisymmetry and transitivity.
func TestCompareIsAnOrder(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var values [][]byte
	for range 120 {
		values = append(values, mustNumeric(t, randomNumeric(rng)))
	}
	for _, a := range values {
		for _, b := range values {
			ab := NumericCmp(a, b)
			if ab != -NumericCmp(b, a) {
				t.Fatalf("%x and %x compare one way only", a, b)
			}
			if ab == 0 && HashNumeric(a, 3) != HashNumeric(b, 3) {
				t.Fatalf("%x and %x are equal but hash differently", a, b)
			}
			for _, c := range values {
				if ab <= 0 && NumericCmp(b, c) <= 0 && NumericCmp(a, c) > 0 {
					t.Fatalf("%x <= %x <= %x, but not the outer two", a, b, c)
				}
			}
		}
	}
}

// TestHashVectors pins the hash for ever: stored state is laid out by it.
func TestHashVectors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		seed, want uint64
	}{
		{"integer", "0", 0, 0x8209b480faed1b10},
		{"integer", "1", 0, 0x01d60447fea35413},
		{"bigint", "-9223372036854775808", 1, 0x175ada320ba4b799},
		{"boolean", "t", 2, 0x8596845e7ea88ca1},
		{"double precision", "0", 0, 0x8209b480faed1b10},
		{"double precision", "-1.5", 0, 0xd4cffbd648d7fe1a},
		{"double precision", "nan", 3, 0x230783078093ae58},
		{"numeric", "0", 0, 0x8209b480faed1b10},
		{"numeric", "-12.50", 0, 0x37299aa301429f4e},
		{"numeric", "NaN", 0, 0x5b4224a65b211bbd},
		{"numeric", "-Infinity", 0, 0x3b67bbaf0664c713},
		{"numeric", "123456789012345678901234567890.123", 9, 0xcf2dd645e6478e86},
		{"text", "", 0, 0x61bf9e032d08b2ca},
		{"text", "a", 0, 0x431e747e3335d6cb},
		{"text", "the quick brown fox jumps over the lazy dog", 18446744073709551615, 0x15ace7820ccde7a9},
		{"bpchar", "a  ", 0, 0x431e747e3335d6cb},
		{"bytea", "\\x00ff", 0, 0x81184820b470cb63},
		{"uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", 0, 0xfd9242386bddce5a},
		{"integer[]", "{}", 0, 0x8209b480faed1b10},
		{"integer[]", "{{1,NULL},{3,4}}", 0, 0x1c08a96e7bdf430e},
		{"text[]", "[2:3]={a,b}", 0, 0x1081269d1fb65770},
	} {
		typ := formType(t, c.name)
		d, err := ParseText(typ, []byte(c.text), DefaultEnv)
		if err != nil {
			t.Fatal(err)
		}
		if got := Hash(typ, d, c.seed); got != c.want {
			t.Errorf("{%q, %q, %d, %#016x},", c.name, c.text, c.seed, got)
		}
	}
}

// TestHashAcrossKinds: joins of integers of different width, and of text and varchar, may hash without a cast.
func TestHashAcrossKinds(t *testing.T) {
	if a, b := Hash(Of(Int2), NewInt(5), 1), Hash(Of(Int8), NewInt(5), 1); a != b {
		t.Error("smallint and bigint hash differently")
	}
	if a, b := Hash(Of(Text), NewString("x"), 1), Hash(Of(Varchar), NewString("x"), 1); a != b {
		t.Error("text and varchar hash differently")
	}
	if a, b := Hash(Of(Float4), NewFloat(1.5), 1), Hash(Of(Float8), NewFloat(1.5), 1); a != b {
		t.Error("real and double precision hash differently")
	}
	nan := math.Float64frombits(0xfff8000000000001)
	if a, b := HashFloat(math.NaN(), 1), HashFloat(nan, 1); a != b {
		t.Error("NaNs hash differently")
	}
}

// TestHashSpreads: small integers, the usual keys, fall evenly into 256 partitions, for several seeds.
func TestHashSpreads(t *testing.T) {
	for seed := range uint64(4) {
		var counts [256]int
		const n = 256 * 400
		for i := range n {
			counts[HashInt(int64(i), seed)>>56]++
		}
		chi := 0.0
		for _, c := range counts {
			d := float64(c) - n/256
			chi += d * d / (n / 256)
		}
		// With 255 degrees of freedom the statistic is above 360 once in 50,000 times.
		if chi > 360 {
			t.Errorf("seed %d: chi squared %f", seed, chi)
		}
	}
}
