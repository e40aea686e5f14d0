package scalar_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// pick joins up to n random pieces.
func pick(rng *rand.Rand, n int, pieces ...string) string {
	var b strings.Builder
	for range rng.Intn(n + 1) {
		b.WriteString(pieces[rng.Intn(len(pieces))])
	}
	return b.String()
}

// compareRandom compares the answers to random expressions with PostgreSQL's. What is not supported here is left out.
func compareRandom(t *testing.T, count int, generate func(rng *rand.Rand) string) {
	t.Helper()
	t.Logf("seed %d", *seedFlag)
	p := connect(t)
	rng := rand.New(rand.NewSource(*seedFlag))
	unsupported, failures := 0, 0
	for range count {
		sql := generate(rng)
		got := evaluate(sql, false)
		if strings.HasPrefix(got, "! 0A000") {
			unsupported++
			continue
		}
		if want := p.evaluate(sql); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
			if failures++; failures == 15 {
				t.FailNow()
			}
		}
	}
	t.Logf("%d of %d not supported", unsupported, count)
}

func TestLikeIsPostgres(t *testing.T) {
	compareRandom(t, *countFlag, func(rng *rand.Rand) string {
		s := quote(pick(rng, 6, "a", "b", "é", "%", "_", `\`))
		p := quote(pick(rng, 6, "a", "b", "é", "%", "_", `\\`, `\%`, `\_`, `\`))
		return fmt.Sprintf("%s %s %s", s, []string{"LIKE", "NOT LIKE", "ILIKE"}[rng.Intn(3)], p)
	})
}

func TestSimilarIsPostgres(t *testing.T) {
	compareRandom(t, *countFlag, func(rng *rand.Rand) string {
		s := quote(pick(rng, 6, "a", "b", "c"))
		p := quote(pick(rng, 5, "a", "b", "%", "_", "(a|b)", "[ab]", "a*", "b+", "c?", "[^c]", "a{2}", "."))
		return fmt.Sprintf("%s SIMILAR TO %s", s, p)
	})
}

// TestRegexpIsPostgres leaves out non-greedy quantifiers, of which package regexp has an approximation only.
func TestRegexpIsPostgres(t *testing.T) {
	atoms := []string{"a", "b", "c", ".", "[ab]", "[^a]", `\d`, `\w`, `\s`, "(a)", "(?:b)", "(ab)", "^", "$", "[[:alpha:]]", "é", "1", " ", `\.`, "(b|c)"}
	quantifiers := []string{"", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}"}
	compareRandom(t, *countFlag, func(rng *rand.Rand) string {
		s := quote(pick(rng, 8, "a", "b", "c", "é", "1", " ", "."))
		p := ""
		for range 1 + rng.Intn(4) {
			p += atoms[rng.Intn(len(atoms))] + quantifiers[rng.Intn(len(quantifiers))]
		}
		p = quote(p)
		switch rng.Intn(7) {
		case 0:
			return fmt.Sprintf("%s ~ %s", s, p)
		case 1:
			return fmt.Sprintf("%s ~* upper(%s)", s, p)
		case 2:
			return fmt.Sprintf(`regexp_replace(%s, %s, '<\&>', 'g')`, s, p)
		case 3:
			return fmt.Sprintf(`regexp_replace(%s, %s, '-')`, s, p)
		case 4:
			return fmt.Sprintf("regexp_split_to_array(%s, %s)", s, p)
		case 5:
			return fmt.Sprintf("regexp_count(%s, %s)", s, p)
		}
		return fmt.Sprintf("substring(%s, %s)", s, p)
	})
}

func TestToCharIsPostgres(t *testing.T) {
	values := []string{"0", "1", "-1", "12", "-12.5", "123.456", "0.5", "-0.5", "1234567.891", "0.001", "99.995", "-0.04", "1000000", "10", "'NaN'::numeric"}
	compareRandom(t, *countFlag, func(rng *rand.Rand) string {
		f := pick(rng, 7, "9", "9", "9", "0", "0", ".", ",", "D", "G", "S", "MI", "PL", "SG", "PR", "FM", "B", "L", "V", "th", "TH", "x", `"q"`, " ")
		v := values[rng.Intn(len(values))]
		switch rng.Intn(4) {
		case 0:
			v = "(" + v + ")::float8"
		case 1:
			if !strings.Contains(v, "N") {
				v = "(" + v + ")::int"
			}
		}
		return fmt.Sprintf("to_char(%s, %s)", v, quote(f))
	})
}

func TestToNumberIsPostgres(t *testing.T) {
	compareRandom(t, *countFlag, func(rng *rand.Rand) string {
		s := pick(rng, 6, "1", "2", "3", ".", ",", "-", "+", " ", "x")
		f := pick(rng, 6, "9", "9", "0", ".", ",", "D", "G", "S", "MI", "PL", "SG", "FM", "L", "x", "th", "PR")
		return fmt.Sprintf("to_number(%s, %s)", quote(s), quote(f))
	})
}

// TestNormalizeIsPostgres leaves out the final consonant U+11A7, which PostgreSQL 15 loses when it composes Hangul.
func TestNormalizeIsPostgres(t *testing.T) {
	parts := []string{
		"a", "e", "o", "s", "ä", "ậ", "ṩ", "Å", "ﬁ", "①", "½", "ǭ", "\u0300", "\u0301", "\u0302", "\u0304", "\u0307", "\u0308", "\u031b", "\u0323", "\u0327",
		"\u0328", "\u0338", "\u0342", "\u0344", "\u0345", "\u0958", "\u0915", "\u093c", "\u09c7", "\u09be", "\u09d7", "\u0f71", "\u0f72", "\u0f73", "\u0f80", "\u0fb2",
		"\u0dd9", "\u0dca", "\u0dcf", "\u1025", "\u102e", "\u1100", "\u1161", "\u11a8", "\uac00", "\uac01", "\u3131", "ｶ", "ﾞ", "か", "\u3099", "\u2126", "\u212a",
		"\u1fb7", "\u03b1", "\uf900", "\ufb2c", "\ufdfa", "\U0001d15e", "\U00011099", "\U000110ba", "\U0001109b", "=", "<", "≠",
	}
	compareRandom(t, *countFlag, func(rng *rand.Rand) string {
		s := quote(pick(rng, 12, parts...))
		if rng.Intn(10) == 0 {
			s = fmt.Sprintf("%s || repeat(%s, 20)", s, quote(pick(rng, 4, parts...)))
		}
		form := []string{"NFC", "NFD", "NFKC", "NFKD"}[rng.Intn(4)]
		if rng.Intn(4) == 0 {
			return fmt.Sprintf("is_normalized(%s, '%s')", s, form)
		}
		return fmt.Sprintf("normalize(%s, '%s')", s, form)
	})
}
