package scalar

import (
	"math"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// mathFunctions are the functions of double precision, which integers and reals are converted to.
func mathFunctions() []*expr.Function {
	one, two := with(tFloat8), with(tFloat8, tFloat8)
	list := []*expr.Function{
		{Name: "^", Operator: true, Args: two, Ret: tFloat8, Eval: toFloat(power)},
		{Name: "|/", Operator: true, Args: one, Ret: tFloat8, Eval: toFloat(sqrt)},
		{Name: "||/", Operator: true, Args: one, Ret: tFloat8, Eval: toFloat(checked(math.Cbrt))},
		{Name: "power", Args: two, Ret: tFloat8, Eval: toFloat(power)},
		{Name: "pow", Args: two, Ret: tFloat8, Eval: toFloat(power)},
		{Name: "sqrt", Args: one, Ret: tFloat8, Eval: toFloat(sqrt)},
		{Name: "cbrt", Args: one, Ret: tFloat8, Eval: toFloat(checked(math.Cbrt))},
		{Name: "exp", Args: one, Ret: tFloat8, Eval: toFloat(exp)},
		{Name: "ln", Args: one, Ret: tFloat8, Eval: toFloat(logarithm(math.Log))},
		{Name: "log", Args: one, Ret: tFloat8, Eval: toFloat(logarithm(math.Log10))},
		{Name: "log10", Args: one, Ret: tFloat8, Eval: toFloat(logarithm(math.Log10))},
		{Name: "ceil", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Ceil))},
		{Name: "ceiling", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Ceil))},
		{Name: "floor", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Floor))},
		{Name: "round", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.RoundToEven))},
		{Name: "trunc", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Trunc))},
		{Name: "sign", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(sign))},
		{Name: "degrees", Args: one, Ret: tFloat8, Eval: toFloat(checked(func(v float64) float64 { return v / radiansPerDegree }))},
		{Name: "radians", Args: one, Ret: tFloat8, Eval: toFloat(checked(func(v float64) float64 { return v * radiansPerDegree }))},
		{Name: "pi", Ret: tFloat8, Total: true, Eval: toFloat(func(*row) (float64, error) { return math.Pi, nil })},
		{Name: "sin", Args: one, Ret: tFloat8, Eval: toFloat(finite(math.Sin))},
		{Name: "cos", Args: one, Ret: tFloat8, Eval: toFloat(finite(math.Cos))},
		{Name: "tan", Args: one, Ret: tFloat8, Eval: toFloat(finite(math.Tan))},
		{Name: "cot", Args: one, Ret: tFloat8, Eval: toFloat(finite(func(v float64) float64 { return 1 / math.Tan(v) }))},
		{Name: "asin", Args: one, Ret: tFloat8, Eval: toFloat(within(-1, 1, math.Asin))},
		{Name: "acos", Args: one, Ret: tFloat8, Eval: toFloat(within(-1, 1, math.Acos))},
		{Name: "atan", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Atan))},
		{Name: "atan2", Args: two, Ret: tFloat8, Total: true, Eval: toFloat(func(x *row) (float64, error) { return math.Atan2(x.float(0), x.float(1)), nil })},
		{Name: "sinh", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Sinh))},
		{Name: "cosh", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Cosh))},
		{Name: "tanh", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Tanh))},
		{Name: "asinh", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(math.Asinh))},
		{Name: "acosh", Args: one, Ret: tFloat8, Eval: toFloat(within(1, math.Inf(1), math.Acosh))},
		{Name: "atanh", Args: one, Ret: tFloat8, Eval: toFloat(within(-1, 1, math.Atanh))},
		{Name: "sind", Args: one, Ret: tFloat8, Eval: toFloat(finite(sinDegrees))},
		{Name: "cosd", Args: one, Ret: tFloat8, Eval: toFloat(finite(func(v float64) float64 { return sinDegrees(90 - math.Mod(v, 360)) }))},
		{Name: "tand", Args: one, Ret: tFloat8, Eval: toFloat(finite(tanDegrees))},
		{Name: "cotd", Args: one, Ret: tFloat8, Eval: toFloat(finite(func(v float64) float64 { return 1 / tanDegrees(v) }))},
		{Name: "asind", Args: one, Ret: tFloat8, Eval: toFloat(within(-1, 1, asinDegrees))},
		{Name: "acosd", Args: one, Ret: tFloat8, Eval: toFloat(within(-1, 1, func(v float64) float64 { return 90 - asinDegrees(v) }))},
		{Name: "atand", Args: one, Ret: tFloat8, Total: true, Eval: toFloat(plain(func(v float64) float64 { return math.Atan(v) / (math.Pi / 4) * 45 }))},
		{Name: "atan2d", Args: two, Ret: tFloat8, Total: true, Eval: toFloat(func(x *row) (float64, error) {
			return math.Atan2(x.float(0), x.float(1)) / (math.Pi / 4) * 45, nil
		})},
		{Name: "width_bucket", Args: with(tFloat8, tFloat8, tFloat8, tInt4), Ret: tInt4, Eval: toInt(widthBucketFloat)},
		{Name: "width_bucket", Args: with(anyCompatible, anyCompatibleArray), Ret: tInt4, Eval: toInt(widthBucketArray)},
		{Name: "random", Ret: tFloat8, Volatility: expr.Volatile, Uses: expr.UsesRandom, Eval: toFloat(random)},
	}
	return list
}

const radiansPerDegree = math.Pi / 180

// plain, checked, finite and within make row functions of one double: total, with overflow and underflow as errors,
// failing for infinite input, and failing outside a range.

func plain(f func(float64) float64) func(*row) (float64, error) {
	return func(x *row) (float64, error) { return f(x.float(0)), nil }
}

func checked(f func(float64) float64) func(*row) (float64, error) {
	return func(x *row) (float64, error) {
		v := x.float(0)
		r := f(v)
		switch {
		case isInf(r) && !isInf(v):
			return 0, expr.ErrFloatOverflow()
		case r == 0 && v != 0:
			return 0, expr.ErrFloatUnderflow()
		}
		return r, nil
	}
}

func errInputRange() error { return pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range") }

func finite(f func(float64) float64) func(*row) (float64, error) {
	return func(x *row) (float64, error) {
		v := x.float(0)
		if isInf(v) {
			return 0, errInputRange()
		}
		return f(v), nil
	}
}

func within(lo, hi float64, f func(float64) float64) func(*row) (float64, error) {
	return func(x *row) (float64, error) {
		v := x.float(0)
		if v < lo || v > hi {
			return 0, errInputRange()
		}
		return f(v), nil
	}
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0 // for NaN, too
}

// sinDegrees is exact at multiples of 30 degrees, where the sine of the converted angle is not.
func sinDegrees(v float64) float64 {
	v = math.Mod(v, 360)
	s := 1.0
	if v < 0 {
		v, s = -v, -1
	}
	if v > 180 {
		v, s = 360-v, -s
	}
	if v > 90 {
		v = 180 - v
	}
	switch v {
	case 30:
		return s * 0.5
	case 90:
		return s
	}
	return s * math.Sin(v*radiansPerDegree)
}

// tanDegrees is exact at multiples of 45 degrees.
func tanDegrees(v float64) float64 {
	v = math.Mod(v, 180)
	switch v {
	case 45, -135:
		return 1
	case -45, 135:
		return -1
	}
	if r := sinDegrees(v) / sinDegrees(90-v); r != 0 {
		return r
	}
	return 0 // never -0
}

// asinDegrees is exact at 0, a half and 1, with either sign.
func asinDegrees(v float64) float64 {
	switch v {
	case 0.5:
		return 30
	case -0.5:
		return -30
	case 1:
		return 90
	case -1:
		return -90
	}
	return math.Asin(v) / radiansPerDegree
}

func sqrt(x *row) (float64, error) {
	v := x.float(0)
	if v < 0 {
		return 0, pgerr.New(pgerr.InvalidPowerArgument, "cannot take square root of a negative number")
	}
	return math.Sqrt(v), nil
}

func exp(x *row) (float64, error) {
	v := x.float(0)
	r := math.Exp(v)
	switch {
	case isInf(r) && !isInf(v):
		return 0, expr.ErrFloatOverflow()
	case r == 0 && !isInf(v):
		return 0, expr.ErrFloatUnderflow()
	}
	return r, nil
}

func logarithm(f func(float64) float64) func(*row) (float64, error) {
	return func(x *row) (float64, error) {
		v := x.float(0)
		switch {
		case v == 0:
			return 0, pgerr.New(pgerr.InvalidLogArgument, "cannot take logarithm of zero")
		case v < 0:
			return 0, pgerr.New(pgerr.InvalidLogArgument, "cannot take logarithm of a negative number")
		}
		return f(v), nil
	}
}

func power(x *row) (float64, error) {
	a, b := x.float(0), x.float(1)
	switch {
	case a == 0 && b < 0:
		return 0, pgerr.New(pgerr.InvalidPowerArgument, "zero raised to a negative power is undefined")
	case a < 0 && b != math.Floor(b) && !isInf(b):
		return 0, pgerr.New(pgerr.InvalidPowerArgument, "a negative number raised to a non-integer power yields a complex result")
	}
	r := math.Pow(a, b)
	if !isInf(a) && !isInf(b) {
		switch {
		case isInf(r):
			return 0, expr.ErrFloatOverflow()
		case r == 0 && a != 0:
			return 0, expr.ErrFloatUnderflow()
		}
	}
	return r, nil
}

func widthBucketFloat(x *row) (int64, error) {
	v, lo, hi, count := x.float(0), x.float(1), x.float(2), x.int(3)
	if count <= 0 {
		return 0, errWidthBucket("count must be greater than zero")
	}
	switch {
	case v != v || lo != lo || hi != hi:
		return 0, errWidthBucket("operand, lower bound, and upper bound cannot be NaN")
	case isInf(lo) || isInf(hi):
		return 0, errWidthBucket("lower and upper bounds must be finite")
	case lo == hi:
		return 0, errWidthBucket("lower bound cannot equal upper bound")
	}
	if lo > hi {
		v, lo, hi = -v, -lo, -hi
	}
	switch {
	case v < lo:
		return 0, nil
	case v >= hi:
		return bucketAbove(count)
	}
	// Halves keep the differences finite.
	bucket := int64(float64(count) * ((v/2 - lo/2) / (hi/2 - lo/2)))
	return min(bucket, count-1) + 1, nil
}

// widthBucketArray finds the operand among ascending lower bounds.
func widthBucketArray(x *row) (int64, error) {
	a := x.array(1)
	if len(a.Dims()) > 1 {
		return 0, pgerr.New(pgerr.ArraySubscriptError, "thresholds must be one-dimensional array")
	}
	if a.HasNulls() {
		return 0, pgerr.New(pgerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
	}
	v, t := x.datum(0), x.typ(0)
	lo, hi := 0, a.Len()
	for lo < hi {
		mid := (lo + hi) / 2
		if types.Compare(t, v, a.At(mid)) < 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return int64(lo), nil
}

// random gives a double in [0, 1) from the context's source of randomness.
func random(x *row) (float64, error) {
	if x.ctx.Random == nil {
		return 0, errNoRandom("random()")
	}
	return float64(x.ctx.Random()>>11) / (1 << 53), nil
}

func errNoRandom(what string) error { return pgerr.Unsupported(what + " in a view") }
