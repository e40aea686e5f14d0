package types

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/internal/testseed"
)

// extremeCalls are calls at the edges of the functions' ranges, where scales, precisions and overflow rules show.
var extremeCalls = []struct {
	fn   string
	args []string
}{
	{"exp", []string{"0"}}, {"exp", []string{"1"}}, {"exp", []string{"-1"}}, {"exp", []string{"1.0000000000000000000000000000000000000000"}},
	{"exp", []string{"5999.99"}}, {"exp", []string{"-5999.99"}}, {"exp", []string{"6000"}}, {"exp", []string{"-6000"}},
	{"exp", []string{"1e-1000"}}, {"exp", []string{"-1e10"}}, {"exp", []string{"1e100000"}}, {"exp", []string{"2302.585092994045684"}},
	{"exp", []string{"-36.84136148790472942"}}, {"exp", []string{"0.693147180559945309417232121458176568"}}, {"exp", []string{"32.999"}},
	{"ln", []string{"1"}}, {"ln", []string{"1.000"}}, {"ln", []string{"2.718281828459045235360287471352662497757"}},
	{"ln", []string{"1e131071"}}, {"ln", []string{"1e-1000"}}, {"ln", []string{"1e-16383"}}, {"ln", []string{"0.9"}}, {"ln", []string{"1.1"}},
	{"ln", []string{"0.99999999999999999999999999"}}, {"ln", []string{"1.00000000000000000000000000000000000001"}}, {"ln", []string{"10000"}},
	{"ln", []string{"22026.46579480671651695790"}}, {"ln", []string{"0"}}, {"ln", []string{"-1"}}, {"ln", []string{"-Infinity"}}, {"ln", []string{"3e-5"}},
	{"log", []string{"10", "1e131071"}}, {"log", []string{"10", "0.001"}}, {"log", []string{"2", "1024"}}, {"log", []string{"1", "5"}},
	{"log", []string{"0", "5"}}, {"log", []string{"5", "0"}}, {"log", []string{"-1", "0"}}, {"log", []string{"0", "-1"}}, {"log", []string{"NaN", "-1"}},
	{"log", []string{"Infinity", "-1"}}, {"log", []string{"0", "-Infinity"}}, {"log", []string{"Infinity", "0"}}, {"log", []string{"-Infinity", "0"}},
	{"log", []string{"0", "Infinity"}}, {"log", []string{"Infinity", "Infinity"}}, {"log", []string{"3", "Infinity"}}, {"log", []string{"Infinity", "3"}},
	{"log", []string{"1.000001", "1e50"}}, {"log", []string{"1e50", "1.000001"}}, {"log", []string{"0.5", "0.25"}},
	{"sqrt", []string{"0"}}, {"sqrt", []string{"0.000"}}, {"sqrt", []string{"2"}}, {"sqrt", []string{"1e131070"}}, {"sqrt", []string{"1e-1000"}},
	{"sqrt", []string{"1e-16383"}}, {"sqrt", []string{"152399025"}}, {"sqrt", []string{"0.0000000000000000000000000000000000000000000000025"}},
	{"sqrt", []string{"-1"}}, {"sqrt", []string{"-Infinity"}}, {"sqrt", []string{"99999999999999999999999999.9999"}},
	{"power", []string{"2", "0.5"}}, {"power", []string{"2", "-0.5"}}, {"power", []string{"10", "131071"}}, {"power", []string{"10", "131072"}},
	{"power", []string{"10", "-16"}}, {"power", []string{"10", "-17"}}, {"power", []string{"10", "-2147483648"}}, {"power", []string{"0.5", "17"}},
	{"power", []string{"-0.5", "17"}}, {"power", []string{"1.5", "100"}}, {"power", []string{"1.0000001", "10000000"}}, {"power", []string{"1.00000001", "2147483647"}},
	{"power", []string{"1.00000001", "2147483648"}}, {"power", []string{"-1", "2147483647"}}, {"power", []string{"-1", "2147483648"}}, {"power", []string{"-1", "2147483649"}},
	{"power", []string{"0.9999999999", "-2147483648"}}, {"power", []string{"0", "0"}}, {"power", []string{"0", "-1"}}, {"power", []string{"0", "0.5"}},
	{"power", []string{"0.000", "3"}}, {"power", []string{"-2", "0.5"}}, {"power", []string{"-2", "3.0"}}, {"power", []string{"2", "3.000000000000000000000"}},
	{"power", []string{"NaN", "0"}}, {"power", []string{"1", "NaN"}}, {"power", []string{"1.0", "Infinity"}}, {"power", []string{"-1", "Infinity"}},
	{"power", []string{"-1", "-Infinity"}}, {"power", []string{"0", "Infinity"}}, {"power", []string{"0", "-Infinity"}}, {"power", []string{"-Infinity", "3"}},
	{"power", []string{"-Infinity", "4"}}, {"power", []string{"-Infinity", "-3"}}, {"power", []string{"-Infinity", "0.5"}}, {"power", []string{"Infinity", "-0.5"}},
	{"power", []string{"0.5", "Infinity"}}, {"power", []string{"0.5", "-Infinity"}}, {"power", []string{"-5", "Infinity"}}, {"power", []string{"-0.5", "-Infinity"}},
	{"power", []string{"12.3", "1000.5"}}, {"power", []string{"12.3", "-1000.5"}}, {"power", []string{"1e-100", "1.5"}}, {"power", []string{"1e300", "-3.3"}},
	{"power", []string{"2", "100000"}}, {"power", []string{"2", "-100000"}}, {"power", []string{"3.789", "35.0000000000000001"}}, {"power", []string{"1.000000000123", "-2.1e9"}},
	{"power", []string{"7", "77.7"}}, {"power", []string{"123456789.123456789", "40"}}, {"power", []string{"0.1", "1000"}}, {"power", []string{"99", "-8"}},
	{"power", []string{"1e100", "1311"}}, {"power", []string{"0.00000000000000001", "2"}}, {"power", []string{"1.23456789012345678901234567890", "2"}},
	{"power", []string{"1.23456789012345678901234567890", "1"}}, {"power", []string{"3", "-1"}}, {"power", []string{"32.1", "9.8"}}, {"power", []string{"32.1", "-9.8"}},
	{"div", []string{"1e131071", "1e-16383"}}, {"div", []string{"999999999999999999999999999", "7e-30"}}, {"mod", []string{"1e1000", "7"}}, {"mod", []string{"1e-16383", "3e-16383"}},
	{"ceil", []string{"1e-16383"}}, {"floor", []string{"-1e-16383"}}, {"round", []string{"0.5"}}, {"round", []string{"-0.5"}}, {"round", []string{"2.5"}},
	{"trim_scale", []string{"1.500000000000000000000000000000000000000000000000000000000000"}}, {"trim_scale", []string{"0.000"}},
}

func extremeResult(t *testing.T, fn string, args []string) string {
	a := mustNumeric(t, args[0])
	b := a
	if len(args) > 1 {
		b = mustNumeric(t, args[1])
	}
	var r []byte
	var err error
	switch fn {
	case "exp":
		r, err = NumericExp(nil, a)
	case "ln":
		r, err = NumericLn(nil, a)
	case "log":
		r, err = NumericLog(nil, a, b)
	case "sqrt":
		r, err = NumericSqrt(nil, a)
	case "power":
		r, err = NumericPower(nil, a, b)
	case "div":
		r, err = NumericDivTrunc(nil, a, b)
	case "mod":
		r, err = NumericRem(nil, a, b)
	case "ceil":
		r, err = NumericCeil(nil, a)
	case "floor":
		r, err = NumericFloor(nil, a)
	case "round":
		r, err = NumericRound(nil, a, 0)
	case "trim_scale":
		r = NumericTrimScale(nil, a)
	default:
		t.Fatalf("unknown function %s", fn)
	}
	if err != nil {
		return asError(err)
	}
	return string(AppendNumericText(nil, r))
}

// TestNumericExtremesMatchPostgres compares results at the edges, digit for digit.
func TestNumericExtremesMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	var queries, ours []string
	for _, c := range extremeCalls {
		args := make([]string, len(c.args))
		for i, a := range c.args {
			args[i] = "'" + a + "'::numeric"
		}
		queries = append(queries, fmt.Sprintf("SELECT %s(%s)", c.fn, strings.Join(args, ", ")))
		ours = append(ours, extremeResult(t, c.fn, c.args))
	}
	p.compare(queries, ours)
}

// TestNumericFunctionsAreAccurate checks logarithm and exponential against each other and root against its square, for
// arguments with many digits: errors must stay within the last place.
func TestNumericFunctionsAreAccurate(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	one := big.NewInt(1)
	for range 300 {
		var s strings.Builder
		fmt.Fprintf(&s, "%d.", rng.IntN(1000)+1)
		for range 20 + rng.IntN(150) {
			s.WriteByte(byte('0' + rng.IntN(10)))
		}
		d := decodeNumeric(mustNumeric(t, s.String()))
		scale := d.scale

		root := sqrtAt(&d, scale)
		// (root - 1/2)^2 <= d < (root + 1/2)^2, in units of a quarter at twice the scale
		four := new(big.Int).Lsh(rescaleBig(d.bigCoef(), int(scale), int(2*scale), false), 2)
		twice := new(big.Int).Lsh(root, 1)
		below := new(big.Int).Sub(twice, one)
		above := new(big.Int).Add(twice, one)
		if below.Mul(below, below).Cmp(four) > 0 || above.Mul(above, above).Cmp(four) <= 0 {
			t.Fatalf("sqrt(%s) = %s at scale %d", s.String(), root, scale)
		}

		ln := decimal{scale: scale + 4, big: lnAt(&d, scale+4)}
		back, err := expAt(&ln, scale)
		if err != nil {
			t.Fatal(err)
		}
		// The logarithm is off by at most half of 10^-(scale+4), the exponential by that times the value below 1001.
		if off := new(big.Int).Sub(back, d.bigCoef()); off.CmpAbs(one) > 0 {
			t.Fatalf("exp(ln(%s)) is off by %s at scale %d", s.String(), off, scale)
		}
	}
}
