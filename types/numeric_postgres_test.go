package types

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"millrace/internal/testseed"
)

// numericOp is an operation on numerics in SQL and here.
type numericOp struct {
	sql  string // with $a and $b for the operands
	eval func(dst, a, b []byte) ([]byte, error)
}

var numericOps = []numericOp{
	{"$a + $b", NumericAdd},
	{"$a - $b", NumericSub},
	{"$a * $b", NumericMul},
	{"$a / $b", NumericDiv},
	{"$a % $b", NumericRem},
	{"div($a, $b)", NumericDivTrunc},
	{"-$a", func(dst, a, _ []byte) ([]byte, error) { return NumericNeg(dst, a), nil }},
	{"abs($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericAbs(dst, a), nil }},
	{"ceil($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericCeil(dst, a) }},
	{"floor($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericFloor(dst, a) }},
	{"trim_scale($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericTrimScale(dst, a), nil }},
	{"sqrt($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericSqrt(dst, a) }},
	{"exp($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericExp(dst, a) }},
	{"ln($a)", func(dst, a, _ []byte) ([]byte, error) { return NumericLn(dst, a) }},
	{"log($a, $b)", NumericLog},
	{"power($a, $b)", NumericPower},
}

// randomNumeric writes a decimal of a random size and scale, or now and then a special value.
func randomNumeric(rng *rand.Rand) string {
	switch rng.IntN(40) {
	case 0:
		return "NaN"
	case 1:
		return "Infinity"
	case 2:
		return "-Infinity"
	case 3, 4:
		return "0" + []string{"", ".0", ".000", ".00000000000000000000000"}[rng.IntN(4)]
	case 5:
		return []string{"1", "-1", "1.0", "10", "0.1", "2", "0.5", "-0.5", "1.5", "1000", "9223372036854775807", "-9223372036854775808"}[rng.IntN(12)]
	}
	digits := 1 + rng.IntN(12)
	switch rng.IntN(6) {
	case 0:
		digits = 1 + rng.IntN(45)
	case 1:
		digits = 1 + rng.IntN(3)
	}
	scale := rng.IntN(digits + 4)
	if rng.IntN(3) == 0 {
		scale = 0
	}
	var s strings.Builder
	if rng.IntN(3) == 0 {
		s.WriteByte('-')
	}
	for i := range max(digits, scale+1) {
		if i == max(digits, scale+1)-scale {
			s.WriteByte('.')
		}
		d := rng.IntN(10)
		if i >= digits || rng.IntN(4) == 0 {
			d = 0
		}
		s.WriteByte(byte('0' + d))
	}
	return s.String()
}

// fill replaces each placeholder by the text after it.
func fill(sql string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(sql) }

func mustNumeric(t testing.TB, s string) []byte {
	t.Helper()
	b, err := ParseNumeric(nil, []byte(s))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return b
}

// TestNumericMatchesPostgres runs thousands of random operations here and in PostgreSQL: value, scale and error must agree.
func TestNumericMatchesPostgres(t *testing.T) {
	p := askPostgres(t)
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	const n = 8000
	queries := make([]string, n)
	ours := make([]string, n)
	for i := range n {
		op := numericOps[rng.IntN(len(numericOps))]
		a, b := randomNumeric(rng), randomNumeric(rng)
		if strings.HasPrefix(op.sql, "power") && rng.IntN(2) == 0 {
			b = strconv.Itoa(rng.IntN(40) - 15)
		}
		queries[i] = fill("SELECT "+op.sql, "$a", "numeric '"+a+"'", "$b", "numeric '"+b+"'")
		if r, err := op.eval(nil, mustNumeric(t, a), mustNumeric(t, b)); err != nil {
			ours[i] = asError(err)
		} else {
			ours[i] = string(AppendNumericText(nil, r))
		}
	}
	p.compare(queries, ours)
}

// numericCast is a conversion or a function with a small integer argument.
type numericCast struct {
	sql  string // with $a for the operand and $n for the argument
	eval func(a []byte, n int) (string, error)
}

func textOf(b []byte, err error) (string, error) { return string(AppendNumericText(nil, b)), err }

var numericCasts = []numericCast{
	{"round($a, $n)", func(a []byte, n int) (string, error) { return textOf(NumericRound(nil, a, int32(n))) }},
	{"trunc($a, $n)", func(a []byte, n int) (string, error) { return textOf(NumericTrunc(nil, a, int32(n))) }},
	{"$a::numeric(25,$n)", func(a []byte, n int) (string, error) {
		mod, _ := NumericMod(25, n)
		return textOf(ApplyNumericMod(nil, a, mod))
	}},
	{"$a::numeric(4,$n)", func(a []byte, n int) (string, error) {
		mod, _ := NumericMod(4, n)
		return textOf(ApplyNumericMod(nil, a, mod))
	}},
	{"$a::int8::numeric", func(a []byte, _ int) (string, error) { return intText(NumericToInt64(a)) }},
	{"$a::int4::numeric", func(a []byte, _ int) (string, error) { return intText(NumericToInt(a, Int4)) }},
	{"$a::int2::numeric", func(a []byte, _ int) (string, error) { return intText(NumericToInt(a, Int2)) }},
	{"$a::float8", func(a []byte, _ int) (string, error) {
		v, err := NumericToFloat64(a)
		return string(AppendFloat64(nil, v, 1)), err
	}},
	{"$a::float4", func(a []byte, _ int) (string, error) {
		v, err := NumericToFloat32(a)
		return string(AppendFloat32(nil, v, 1)), err
	}},
	{"$a::float8::numeric", func(a []byte, _ int) (string, error) {
		v, err := NumericToFloat64(a)
		return string(AppendNumericText(nil, NumericFromFloat64(nil, v))), err
	}},
	{"$a::float4::numeric", func(a []byte, _ int) (string, error) {
		v, err := NumericToFloat32(a)
		return string(AppendNumericText(nil, NumericFromFloat32(nil, v))), err
	}},
	{"encode(numeric_send($a), 'hex')", func(a []byte, _ int) (string, error) {
		return fmt.Sprintf("%x", AppendNumericBinary(nil, a)), nil
	}},
	{"coalesce(scale($a), 0)", func(a []byte, _ int) (string, error) { return strconv.Itoa(int(NumericScale(a))), nil }},
	{"coalesce(min_scale($a), 0)", func(a []byte, _ int) (string, error) { return strconv.Itoa(int(NumericMinScale(a))), nil }},
}

func intText(v int64, err error) (string, error) { return strconv.FormatInt(v, 10), err }

// TestNumericCastsMatchPostgres does the same for rounding, modifiers, casts and the binary format.
func TestNumericCastsMatchPostgres(t *testing.T) {
	p := askPostgres(t)
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	const n = 6000
	queries := make([]string, n)
	ours := make([]string, n)
	for i := range n {
		cast := numericCasts[rng.IntN(len(numericCasts))]
		a, arg := randomNumeric(rng), rng.IntN(30)-8
		queries[i] = fill("SELECT "+cast.sql, "$a", "numeric '"+a+"'", "$n", strconv.Itoa(arg))
		var err error
		if ours[i], err = cast.eval(mustNumeric(t, a), arg); err != nil {
			ours[i] = asError(err)
		}
	}
	p.compare(queries, ours)
}
