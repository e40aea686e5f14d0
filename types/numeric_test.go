package types

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/internal/testseed"
	"millrace/pgerr"
)

// ratOf gives the exact value of a finite numeric's text, independently of this package's decoding.
func ratOf(t *testing.T, b []byte) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(string(AppendNumericText(nil, b)))
	if !ok {
		t.Fatalf("not a finite numeric: %s", AppendNumericText(nil, b))
	}
	return r
}

// TestNumericArithmeticIsExact checks random sums, products and comparisons against rational arithmetic, and quotients
// and remainders by their defining properties.
func TestNumericArithmeticIsExact(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	finite := func() []byte {
		for {
			if s := randomNumeric(rng); !strings.ContainsAny(s, "NI") {
				return mustNumeric(t, s)
			}
		}
	}
	for range 20000 {
		a, b := finite(), finite()
		x, y := ratOf(t, a), ratOf(t, b)
		check := func(op string, got []byte, err error, want *big.Rat, scale int32) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s %s %s: %v", AppendNumericText(nil, a), op, AppendNumericText(nil, b), err)
			}
			if ratOf(t, got).Cmp(want) != 0 || NumericScale(got) != scale {
				t.Fatalf("%s %s %s = %s (scale %d), want %s (scale %d)", AppendNumericText(nil, a), op, AppendNumericText(nil, b),
					AppendNumericText(nil, got), NumericScale(got), want.FloatString(int(scale)), scale)
			}
		}
		sa, sb := NumericScale(a), NumericScale(b)
		sum, err := NumericAdd(nil, a, b)
		check("+", sum, err, new(big.Rat).Add(x, y), max(sa, sb))
		diff, err := NumericSub(nil, a, b)
		check("-", diff, err, new(big.Rat).Sub(x, y), max(sa, sb))
		product, err := NumericMul(nil, a, b)
		check("*", product, err, new(big.Rat).Mul(x, y), sa+sb)
		if got, want := NumericCmp(a, b), x.Cmp(y); got != want {
			t.Fatalf("cmp(%s, %s) = %d, want %d", AppendNumericText(nil, a), AppendNumericText(nil, b), got, want)
		}
		if y.Sign() == 0 {
			continue
		}
		quotient, err := NumericDiv(nil, a, b)
		if err != nil {
			t.Fatal(err)
		}
		// |quotient - x/y| <= half a unit of its last place.
		off := new(big.Rat).Sub(ratOf(t, quotient), new(big.Rat).Quo(x, y))
		half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Lsh(bigPow10(int(NumericScale(quotient))), 1))
		if off.Abs(off).Cmp(half) > 0 {
			t.Fatalf("%s / %s = %s", AppendNumericText(nil, a), AppendNumericText(nil, b), AppendNumericText(nil, quotient))
		}
		whole, err1 := NumericDivTrunc(nil, a, b)
		rest, err2 := NumericRem(nil, a, b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		back := new(big.Rat).Mul(ratOf(t, whole), y)
		r := ratOf(t, rest)
		if back.Add(back, r).Cmp(x) != 0 || new(big.Rat).Abs(r).Cmp(new(big.Rat).Abs(y)) >= 0 || r.Sign()*x.Sign() < 0 {
			t.Fatalf("%s = %s * %s + %s", AppendNumericText(nil, a), AppendNumericText(nil, whole), AppendNumericText(nil, b), AppendNumericText(nil, rest))
		}
	}
}

// TestNumericEncodingIsUnique checks that every way to a value at a scale gives the same bytes, and that text, binary and
// encoded forms carry all of it.
func TestNumericEncodingIsUnique(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 20000 {
		a := mustNumeric(t, randomNumeric(rng))
		text := AppendNumericText(nil, a)
		if again := mustNumeric(t, string(text)); !bytes.Equal(a, again) {
			t.Fatalf("%s: %x, from its text %x", text, a, again)
		}
		wire, err := ParseNumericBinary(nil, AppendNumericBinary(nil, a))
		if err != nil || !bytes.Equal(a, wire) {
			t.Fatalf("%s: %x, from its binary form %x, %v", text, a, wire, err)
		}
		// Through the big path and back.
		if d := decodeNumeric(a); d.class == classFinite {
			d.bigCoef()
			if again := appendBigUnchecked(nil, d.big, d.scale); !bytes.Equal(a, again) {
				t.Fatalf("%s: %x, through math/big %x", text, a, again)
			}
		}
		negNeg := NumericNeg(nil, NumericNeg(nil, a))
		if !bytes.Equal(a, negNeg) {
			t.Fatalf("%s: %x, negated twice %x", text, a, negNeg)
		}
	}
}

func TestNumericFastForm(t *testing.T) {
	for _, c := range []struct {
		text string
		fast bool
	}{
		{"0", true}, {"-1.50", true}, {"9223372036854775807", true}, {"-9223372036854775808", true},
		{"9223372036854775808", false}, {"-9223372036854775809", false}, {"NaN", false}, {"Infinity", false},
		{"0." + strings.Repeat("0", 239), true}, {"0." + strings.Repeat("0", 240), false},
	} {
		b := mustNumeric(t, c.text)
		coef, scale, ok := NumericFast(b)
		if ok != c.fast {
			t.Errorf("%s: fast %v", c.text, ok)
		}
		if ok && !bytes.Equal(AppendNumeric(nil, coef, scale), b) {
			t.Errorf("%s: %x is not AppendNumeric(%d, %d)", c.text, b, coef, scale)
		}
	}
	if coef, scale, ok := NumericFast(nil); !ok || coef != 0 || scale != 0 {
		t.Errorf("the slot of a NULL reads as %d, %d, %v", coef, scale, ok)
	}
}

func TestNumericLimits(t *testing.T) {
	most := "1e131071"
	if b := mustNumeric(t, most); len(AppendNumericText(nil, b)) != NumericDigitsMax {
		t.Errorf("%s has %d digits", most, len(AppendNumericText(nil, b)))
	}
	nines := mustNumeric(t, strings.Repeat("9", NumericDigitsMax)+"."+strings.Repeat("9", NumericScaleMax))
	for name, f := range map[string]func() ([]byte, error){
		"parse": func() ([]byte, error) { return ParseNumeric(nil, []byte("1e131072")) },
		"digits": func() ([]byte, error) {
			return ParseNumeric(nil, []byte(strings.Repeat("9", NumericDigitsMax+1)))
		},
		"scale": func() ([]byte, error) { return ParseNumeric(nil, []byte("1e-16384")) },
		"add":   func() ([]byte, error) { return NumericAdd(nil, nines, nines) },
		"mul":   func() ([]byte, error) { return NumericMul(nil, nines, mustNumeric(t, "2")) },
		"div":   func() ([]byte, error) { return NumericDiv(nil, nines, mustNumeric(t, "0.1")) },
		"round": func() ([]byte, error) { return NumericRound(nil, nines, 0) },
		"ceil":  func() ([]byte, error) { return NumericCeil(nil, nines) },
		"power": func() ([]byte, error) { return NumericPower(nil, mustNumeric(t, "10"), mustNumeric(t, "131072")) },
		"exp":   func() ([]byte, error) { return NumericExp(nil, mustNumeric(t, "6000")) },
		"huge power": func() ([]byte, error) {
			return NumericPower(nil, mustNumeric(t, "1e131071"), mustNumeric(t, "2147483647"))
		},
	} {
		if b, err := f(); pgerr.CodeOf(err) != pgerr.NumericValueOutOfRange || len(b) != 0 {
			t.Errorf("%s: %d bytes, %v, want an overflow and nothing appended", name, len(b), err)
		}
	}
	if b, err := NumericFloor(nil, nines); err != nil || len(AppendNumericText(nil, b)) != NumericDigitsMax {
		t.Errorf("floor: %v", err)
	}
	// A product's scale is rounded to the maximum.
	small := mustNumeric(t, "1e-16383")
	if b, err := NumericMul(nil, small, mustNumeric(t, "0.5")); err != nil || NumericCmp(b, small) != 0 || NumericScale(b) != NumericScaleMax {
		t.Errorf("1e-16383 * 0.5: %v", err)
	}
	// One with 10^147455 against its neighbours compares exactly.
	less, err := NumericSub(nil, nines, small)
	if err != nil || NumericCmp(less, nines) != -1 || NumericCmp(nines, less) != 1 {
		t.Errorf("neighbours do not compare: %v", err)
	}
}

// FuzzNumericBytes feeds arbitrary bytes to every function: stored bytes may be damaged, and nothing may panic.
func FuzzNumericBytes(f *testing.F) {
	testseed.Add(f, []byte{}, []byte{0xff})
	testseed.Add(f, []byte{0xf0}, []byte{0xf1, 0})
	testseed.Add(f, AppendNumeric(nil, -5, 300), AppendNumeric(nil, 7, 2))
	testseed.Add(f, []byte{0xf0, 0xff, 0xff}, []byte{0xf5, 1, 2})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 40 || len(b) > 40 {
			return
		}
		for _, op := range numericOps[:12] {
			_, _ = op.eval(nil, a, b)
		}
		NumericCmp(a, b)
		HashNumeric(a, 1)
		NumericSign(a)
		NumericIsZero(a)
		NumericDigits(nil, a)
		AppendNumericBinary(nil, a)
		_, _ = NumericToFloat64(a)
		_, _ = NumericToInt64(a)
		var s NumericSum
		s.Add(a, 3)
		s.Add(b, -2)
		_, _ = s.Sum(nil)
	})
}

func TestNumericDigits(t *testing.T) {
	for text, want := range map[string]struct {
		digits string
		exp    int32
	}{
		"0": {"", 0}, "0.000": {"", 0}, "1": {"1", 1}, "-1.50": {"15", 1}, "100": {"1", 3}, "0.00120": {"12", -2},
		"123456789012345678901234567890": {"12345678901234567890123456789", 30}, "NaN": {"", 0},
	} {
		digits, exp := NumericDigits([]byte("x"), mustNumeric(t, text))
		if string(digits) != "x"+want.digits || exp != want.exp {
			t.Errorf("%s: %s, %d, want %s, %d", text, digits[1:], exp, want.digits, want.exp)
		}
	}
}
