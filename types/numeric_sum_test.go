package types

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// sumOf adds all values, each once, to a fresh sum.
func sumOf(values [][]byte) *NumericSum {
	s := new(NumericSum)
	for _, v := range values {
		s.Add(v, 1)
	}
	return s
}

func sumText(t *testing.T, s *NumericSum) string {
	t.Helper()
	b, err := s.Sum(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(AppendNumericText(nil, b))
}

// TestNumericSumFollowsItsValues adds and removes random values, removals before additions among them, passes the state
// through its encoding now and then, and holds it against a sum made afresh from what is left, in another order.
func TestNumericSumFollowsItsValues(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		var s NumericSum
		var values [][]byte
		for range rng.IntN(60) {
			switch n := rng.IntN(10); {
			case n < 4 && len(values) > 0:
				i := rng.IntN(len(values))
				s.Add(values[i], -1)
				values = append(values[:i], values[i+1:]...)
			case n == 4 && len(values) > 0: // a change of a value, the old one first
				i := rng.IntN(len(values))
				next := mustNumeric(t, randomNumeric(rng))
				s.Add(values[i], -1)
				s.Add(next, 1)
				values[i] = next
			case n == 5:
				v := mustNumeric(t, randomNumeric(rng))
				s.Add(v, -1)
				s.Add(v, 3)
				values = append(values, v, v)
			case n == 6:
				v := rng.Int64() >> rng.IntN(64)
				s.AddInt(v, 1)
				values = append(values, NumericFromInt(nil, v))
			default:
				v := mustNumeric(t, randomNumeric(rng))
				s.Add(v, 1)
				values = append(values, v)
			}
			if rng.IntN(5) == 0 {
				state := s.Append([]byte("x"))
				var n int
				if s, n = DecodeNumericSum(state[1:]); n != len(state)-1 {
					t.Fatalf("state of %d bytes reads as %d", len(state)-1, n)
				}
			}
		}
		rng.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		fresh := sumOf(values)
		if got, want := sumText(t, &s), sumText(t, fresh); got != want {
			t.Fatalf("sum %s, from the values left %s", got, want)
		}
		if got, want := s.Append(nil), fresh.Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("state %x, from the values left %x", got, want)
		}
		if s.IsZero() != (len(values) == 0) {
			t.Fatalf("IsZero is %v with %d values", s.IsZero(), len(values))
		}
		half := len(values) / 2
		merged := sumOf(values[:half])
		merged.Merge(sumOf(values[half:]))
		if got, want := merged.Append(nil), fresh.Append(nil); !bytes.Equal(got, want) {
			t.Fatalf("merged state %x, whole %x", got, want)
		}
		for _, v := range values {
			s.Add(v, -1)
		}
		if state := s.Append(nil); !bytes.Equal(state, []byte{0}) || !s.IsZero() {
			t.Fatalf("after all values are gone the state is %x", state)
		}
	}
}

// TestNumericSumShowsRemainingScale: the scale of a sum is the greatest of the values that are still in it.
func TestNumericSumShowsRemainingScale(t *testing.T) {
	var s NumericSum
	step := func(v string, weight int64, want string) {
		t.Helper()
		s.Add(mustNumeric(t, v), weight)
		if got := sumText(t, &s); got != want {
			t.Errorf("after %s times %d: %s, want %s", v, weight, got, want)
		}
	}
	step("1.5", 1, "1.5")
	step("0.250", 1, "1.750")
	step("0.00", 1, "1.750")
	step("0.250", -1, "1.50")
	step("0.00", -1, "1.5")
	step("1e300", 1, "1"+strings.Repeat("0", 299)+"1.5")
	step("1e300", -1, "1.5")
	step("NaN", 2, "NaN")
	step("Infinity", 1, "NaN")
	step("NaN", -2, "Infinity")
	step("-Infinity", 1, "NaN")
	step("Infinity", -1, "-Infinity")
	step("-Infinity", -1, "1.5")
	step("1.5", -1, "0")
	if !s.IsZero() {
		t.Error("something is left")
	}
}

// TestNumericSumIsWide: no intermediate sum overflows, and one beyond the limits of numeric is an error only while it is.
func TestNumericSumIsWide(t *testing.T) {
	var s NumericSum
	for range 3 {
		s.AddInt(math.MaxInt64, math.MaxInt64)
		s.AddInt(math.MinInt64, math.MinInt64)
	}
	if got, want := sumText(t, &s), "510423550381407695139721678926523662339"; got != want {
		t.Errorf("sum %s, want %s", got, want)
	}
	for range 3 {
		s.AddInt(math.MinInt64, math.MaxInt64)
		s.AddInt(math.MaxInt64, math.MinInt64)
	}
	if got, want := sumText(t, &s), "3"; got != want {
		t.Errorf("sum %s, want %s", got, want)
	}
	s = NumericSum{}
	s.AddInt(math.MinInt64, math.MinInt64)
	s.AddInt(math.MinInt64, math.MinInt64)
	s.AddInt(math.MinInt64, math.MaxInt64)
	s.AddInt(math.MinInt64, math.MaxInt64)
	if got, want := sumText(t, &s), "18446744073709551616"; got != want {
		t.Errorf("sum %s, want %s", got, want)
	}

	s = NumericSum{}
	most := mustNumeric(t, "9e131071")
	s.Add(most, 2)
	if _, err := s.Sum(nil); pgerr.CodeOf(err) != pgerr.NumericValueOutOfRange {
		t.Errorf("a sum beyond the limits: %v", err)
	}
	s.Add(most, -1)
	if b, err := s.Sum(nil); err != nil || NumericCmp(b, most) != 0 {
		t.Errorf("back within the limits: %v", err)
	}
}

// TestNumericSumInTheMiddleOfAChange: a value that leaves before its replacement comes, with another scale, must not lose
// digits on the way, through the encoding too.
func TestNumericSumInTheMiddleOfAChange(t *testing.T) {
	for _, c := range []struct{ out, in, between string }{
		{"5.00", "1.23", "-3.77"},
		{"0." + strings.Repeat("1", 30), "0.1" + strings.Repeat("0", 29), "-0.0" + strings.Repeat("1", 29)},
		{"0." + strings.Repeat("1", 20) + strings.Repeat("0", 20), "0." + strings.Repeat("0", 40), "-0." + strings.Repeat("1", 20)},
	} {
		var s NumericSum
		s.Add(mustNumeric(t, c.out), -1)
		s.Add(mustNumeric(t, c.in), 1) // as many values in as out: none are counted
		state := s.Append(nil)
		s, _ = DecodeNumericSum(state)
		if got := sumText(t, &s); got != c.between || s.IsZero() {
			t.Errorf("-%s + %s = %s, want %s", c.out, c.in, got, c.between)
		}
		s.Add(mustNumeric(t, c.in), -1)
		s.Add(mustNumeric(t, c.out), 1)
		if !s.IsZero() {
			t.Errorf("%x is left", s.Append(nil))
		}
	}
}

func TestNumericSumAvgErrors(t *testing.T) {
	var s NumericSum
	if _, err := s.Avg(nil, 0); pgerr.CodeOf(err) != pgerr.DivisionByZero {
		t.Errorf("average of nothing: %v", err)
	}
}

// TestAggregatesMatchPostgres compares sums, averages, variances and deviations of random columns.
func TestAggregatesMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var queries, ours []string
	for range 400 {
		n := 1 + rng.IntN(8)
		values := make([][]byte, n)
		texts := make([]string, n)
		for i := range values {
			for texts[i] = randomNumeric(rng); strings.Contains(texts[i], "N") && rng.IntN(8) > 0; {
				texts[i] = randomNumeric(rng)
			}
			values[i] = mustNumeric(t, texts[i])
		}
		s := sumOf(values)
		sum, err1 := s.Sum(nil)
		avg, err2 := s.Avg(nil, int64(n))
		squares := new(NumericSum)
		for _, v := range values {
			square, err := NumericMul(nil, v, v)
			if err != nil {
				t.Fatal(err)
			}
			squares.Add(square, 1)
		}
		sq, err3 := squares.Sum(nil)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		results := [][]byte{sum, avg}
		list := "sum(x)::text || ' ' || avg(x)"
		for _, f := range []struct {
			name           string
			sample, stddev bool
		}{{"var_pop", false, false}, {"var_samp", true, false}, {"stddev_pop", false, true}, {"stddev_samp", true, true}} {
			if n == 1 && f.sample {
				continue
			}
			v, err := NumericVariance(nil, int64(n), sum, sq, f.sample, f.stddev)
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, v)
			list += fmt.Sprintf(" || ' ' || %s(x)", f.name)
		}
		var line []string
		for _, r := range results {
			line = append(line, string(AppendNumericText(nil, r)))
		}
		queries = append(queries, fmt.Sprintf("SELECT %s FROM unnest('{%s}'::numeric[]) x", list, strings.Join(texts, ",")))
		ours = append(ours, strings.Join(line, " "))
	}
	p.compare(queries, ours)
}

func FuzzNumericSumState(f *testing.F) {
	var s NumericSum
	testseed.Add(f, s.Append(nil))
	for i := range int32(9) {
		s.Add(AppendNumeric(nil, math.MaxInt64, i), int64(i)+1<<40)
	}
	testseed.Add(f, s.Append(nil))
	testseed.Add(f, []byte{0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, n := DecodeNumericSum(b)
		if n < 0 || n > len(b) {
			t.Fatalf("read %d of %d bytes", n, len(b))
		}
		if n == 0 {
			return
		}
		state := s.Append(nil)
		again, m := DecodeNumericSum(state)
		if m != len(state) || !bytes.Equal(again.Append(nil), state) {
			t.Fatalf("%x becomes %x, then %x", b[:n], state, again.Append(nil))
		}
	})
}
