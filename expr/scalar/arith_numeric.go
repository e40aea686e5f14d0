package scalar

import (
	"math"
	"math/big"
	"slices"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

func numericOperators() []*expr.Function {
	two, one := with(tNumeric, tNumeric), with(tNumeric)
	list := []*expr.Function{
		{Name: "+", Operator: true, Args: two, Ret: tNumeric, Eval: numericFast(addFast, types.NumericAdd), Commutator: "+"},
		{Name: "-", Operator: true, Args: two, Ret: tNumeric, Eval: numericFast(subFast, types.NumericSub)},
		{Name: "*", Operator: true, Args: two, Ret: tNumeric, Eval: numericFast(mulFast, types.NumericMul), Commutator: "*"},
		{Name: "/", Operator: true, Args: two, Ret: tNumeric, Eval: numeric2(types.NumericDiv)},
		{Name: "%", Operator: true, Args: two, Ret: tNumeric, Eval: numeric2(types.NumericRem)},
		{Name: "^", Operator: true, Args: two, Ret: tNumeric, Eval: numeric2(types.NumericPower)},
		{Name: "-", Operator: true, Args: one, Ret: tNumeric, Total: true, Eval: numeric1(total(types.NumericNeg))},
		{Name: "+", Operator: true, Args: one, Ret: tNumeric, Total: true, Eval: numeric1(total(same))},
		{Name: "@", Operator: true, Args: one, Ret: tNumeric, Total: true, Eval: numeric1(total(types.NumericAbs))},

		{Name: "mod", Args: two, Ret: tNumeric, Eval: numeric2(types.NumericRem)},
		{Name: "div", Args: two, Ret: tNumeric, Eval: numeric2(types.NumericDivTrunc)},
		{Name: "power", Args: two, Ret: tNumeric, Eval: numeric2(types.NumericPower)},
		{Name: "pow", Args: two, Ret: tNumeric, Eval: numeric2(types.NumericPower)},
		{Name: "log", Args: two, Ret: tNumeric, Eval: numeric2(types.NumericLog)},
		{Name: "gcd", Args: two, Ret: tNumeric, Eval: numeric2(numericGCD)},
		{Name: "lcm", Args: two, Ret: tNumeric, Eval: numeric2(numericLCM)},
		{Name: "abs", Args: one, Ret: tNumeric, Total: true, Eval: numeric1(total(types.NumericAbs))},
		{Name: "sign", Args: one, Ret: tNumeric, Total: true, Eval: numeric1(numericSign)},
		{Name: "sqrt", Args: one, Ret: tNumeric, Eval: numeric1(types.NumericSqrt)},
		{Name: "exp", Args: one, Ret: tNumeric, Eval: numeric1(types.NumericExp)},
		{Name: "ln", Args: one, Ret: tNumeric, Eval: numeric1(types.NumericLn)},
		{Name: "log", Args: one, Ret: tNumeric, Eval: numeric1(numericLog10)},
		{Name: "log10", Args: one, Ret: tNumeric, Eval: numeric1(numericLog10)},
		{Name: "ceil", Args: one, Ret: tNumeric, Eval: numeric1(types.NumericCeil)},
		{Name: "ceiling", Args: one, Ret: tNumeric, Eval: numeric1(types.NumericCeil)},
		{Name: "floor", Args: one, Ret: tNumeric, Eval: numeric1(types.NumericFloor)},
		{Name: "trim_scale", Args: one, Ret: tNumeric, Total: true, Eval: numeric1(total(types.NumericTrimScale))},
		{Name: "round", Args: one, Ret: tNumeric, Eval: numeric1(func(dst, a []byte) ([]byte, error) { return types.NumericRound(dst, a, 0) })},
		{Name: "trunc", Args: one, Ret: tNumeric, Eval: numeric1(func(dst, a []byte) ([]byte, error) { return types.NumericTrunc(dst, a, 0) })},
		{Name: "round", Args: with(tNumeric, tInt4), Ret: tNumeric, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			return types.NumericRound(dst, x.bytes(0), int32(x.int(1)))
		})},
		{Name: "trunc", Args: with(tNumeric, tInt4), Ret: tNumeric, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			return types.NumericTrunc(dst, x.bytes(0), int32(x.int(1)))
		})},
		{Name: "scale", Args: one, Ret: tInt4, Eval: toInt(numericScale(types.NumericScale))},
		{Name: "min_scale", Args: one, Ret: tInt4, Eval: toInt(numericScale(types.NumericMinScale))},
		{Name: "factorial", Args: with(tInt8), Ret: tNumeric, Eval: toBytes(factorial)},
		{Name: "width_bucket", Args: with(tNumeric, tNumeric, tNumeric, tInt4), Ret: tInt4, Eval: toInt(widthBucketNumeric)},
	}
	return list
}

// numericFast makes a kernel of an operation that is done on int64 coefficients where both operands and the result
// have that form, and by the general function elsewhere.
func numericFast(fast func(a int64, sa int32, b int64, sb int32) (r int64, sr int32, ok bool), general func(dst, a, b []byte) ([]byte, error)) expr.EvalFunc {
	slow := numeric2(general)
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		if args.Sel != nil {
			slow(ctx, args, out, errs)
			return
		}
		a, b, ma, mb := args.V[0], args.V[1], args.Mask(0), args.Mask(1)
		if len(out.Off) == 0 {
			out.Off = append(out.Off, 0)
		}
		data, off := out.Data, slices.Grow(out.Off, args.N)
		for r := range args.N {
			x, y := a.Bytes(r&ma), b.Bytes(r&mb)
			cx, sx, okx := types.NumericFast(x)
			cy, sy, oky := types.NumericFast(y)
			if c, s, ok := fast(cx, sx, cy, sy); ok && okx && oky && s <= numericFastScale {
				data = types.AppendNumeric(data, c, s)
			} else {
				start := len(data)
				v, err := general(data, x, y)
				if err != nil {
					errs.Add(r, err)
					v = data[:start]
				}
				data = v
			}
			off = append(off, uint32(len(data)))
		}
		out.Data, out.Off = data, off
	}
}

// numericFastScale is a scale up to which the fast form surely exists.
const numericFastScale = 18

// powersOfTen are those that int64 holds.
var powersOfTen = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

func mulFast(a int64, sa int32, b int64, sb int32) (int64, int32, bool) {
	r, bad := mul64(a, b)
	return r, sa + sb, bad >= 0
}

func addFast(a int64, sa int32, b int64, sb int32) (int64, int32, bool) {
	if sa != sb {
		var ok bool
		if a, b, sa, ok = align(a, sa, b, sb); !ok {
			return 0, 0, false
		}
	}
	r, bad := add64(a, b)
	return r, sa, bad >= 0
}

func subFast(a int64, sa int32, b int64, sb int32) (int64, int32, bool) {
	if sa != sb {
		var ok bool
		if a, b, sa, ok = align(a, sa, b, sb); !ok {
			return 0, 0, false
		}
	}
	r, bad := sub64(a, b)
	return r, sa, bad >= 0
}

// align brings two coefficients to the greater of their scales.
func align(a int64, sa int32, b int64, sb int32) (int64, int64, int32, bool) {
	bad := int64(0)
	switch d := sa - sb; {
	case d > 18 || d < -18:
		return 0, 0, 0, false
	case d > 0:
		b, bad = mul64(b, powersOfTen[d])
		return a, b, sa, bad >= 0
	default:
		a, bad = mul64(a, powersOfTen[-d])
		return a, b, sb, bad >= 0
	}
}

// numeric2 makes a kernel of an operation on two numerics.
func numeric2(f func(dst, a, b []byte) ([]byte, error)) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		a, b, ma, mb := args.V[0], args.V[1], args.Mask(0), args.Mask(1)
		args.EachBytes(out, errs, func(dst []byte, r int) ([]byte, error) {
			return f(dst, a.Bytes(r&ma), b.Bytes(r&mb))
		})
	}
}

func numeric1(f func(dst, a []byte) ([]byte, error)) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		a, ma := args.V[0], args.Mask(0)
		args.EachBytes(out, errs, func(dst []byte, r int) ([]byte, error) { return f(dst, a.Bytes(r&ma)) })
	}
}

func total(f func(dst, a []byte) []byte) func(dst, a []byte) ([]byte, error) {
	return func(dst, a []byte) ([]byte, error) { return f(dst, a), nil }
}

func same(dst, a []byte) []byte { return append(dst, a...) }

func numericSign(dst, a []byte) ([]byte, error) {
	if types.NumericIsNaN(a) {
		return append(dst, a...), nil
	}
	return types.NumericFromInt(dst, int64(types.NumericSign(a))), nil
}

var numericTen = types.NumericFromInt(nil, 10)

func numericLog10(dst, a []byte) ([]byte, error) { return types.NumericLog(dst, numericTen, a) }

// isSpecial reports NaN and the infinities.
func isSpecial(a []byte) bool { return types.NumericIsNaN(a) || types.NumericIsInf(a) != 0 }

func numericScale(scale func([]byte) int32) func(x *row) (int64, error) {
	return func(x *row) (int64, error) {
		if isSpecial(x.bytes(0)) {
			return 0, errNull
		}
		return int64(scale(x.bytes(0))), nil
	}
}

// numericGCD is Euclid's algorithm; fractions have common divisors, too.
func numericGCD(dst, a, b []byte) ([]byte, error) {
	if isSpecial(a) || isSpecial(b) {
		return types.AppendNumericNaN(dst), nil
	}
	scale := max(types.NumericScale(a), types.NumericScale(b))
	x, y := types.NumericAbs(nil, a), types.NumericAbs(nil, b)
	for !types.NumericIsZero(y) {
		r, err := types.NumericRem(nil, x, y)
		if err != nil {
			return nil, err
		}
		x, y = y, r
	}
	return types.NumericRound(dst, x, scale)
}

func numericLCM(dst, a, b []byte) ([]byte, error) {
	if isSpecial(a) || isSpecial(b) {
		return types.AppendNumericNaN(dst), nil
	}
	scale := max(types.NumericScale(a), types.NumericScale(b))
	if types.NumericIsZero(a) || types.NumericIsZero(b) {
		return types.NumericRound(dst, types.NumericFromInt(nil, 0), scale)
	}
	g, err := numericGCD(nil, a, b)
	if err != nil {
		return nil, err
	}
	q, err := types.NumericDivTrunc(nil, a, g)
	if err != nil {
		return nil, err
	}
	p, err := types.NumericMul(nil, q, b)
	if err != nil {
		return nil, err
	}
	return types.NumericRound(dst, types.NumericAbs(nil, p), scale)
}

// factorialMax is the greatest argument whose factorial fits PostgreSQL's numeric.
const factorialMax = 32177

func factorial(x *row, dst []byte) ([]byte, error) {
	n := x.int(0)
	switch {
	case n < 0:
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case n > factorialMax:
		return nil, pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
	}
	return types.ParseNumeric(dst, new(big.Int).MulRange(1, max(n, 1)).Append(nil, 10))
}

func errWidthBucket(format string) error { return pgerr.New("2201G", "%s", format) }

// widthBucketNumeric gives the bucket of an equal-width histogram: 0 below the first bound, count+1 from the second on.
func widthBucketNumeric(x *row) (int64, error) {
	v, lo, hi, count := x.bytes(0), x.bytes(1), x.bytes(2), x.int(3)
	if count <= 0 {
		return 0, errWidthBucket("count must be greater than zero")
	}
	switch {
	case types.NumericIsNaN(v) || types.NumericIsNaN(lo) || types.NumericIsNaN(hi):
		return 0, errWidthBucket("operand, lower bound, and upper bound cannot be NaN")
	case types.NumericIsInf(lo) != 0 || types.NumericIsInf(hi) != 0:
		return 0, errWidthBucket("lower and upper bounds must be finite")
	}
	order := types.NumericCmp(lo, hi)
	if order == 0 {
		return 0, errWidthBucket("lower bound cannot equal upper bound")
	}
	// For descending bounds everything is mirrored.
	if below := types.NumericCmp(v, lo); below != 0 && (below < 0) == (order < 0) {
		return 0, nil
	}
	if above := types.NumericCmp(v, hi); above == 0 || (above > 0) == (order < 0) {
		return bucketAbove(count)
	}
	// floor((v - lo) * count / (hi - lo)) + 1, exact since both differences are.
	num, err := types.NumericSub(nil, v, lo)
	if err != nil {
		return 0, err
	}
	if num, err = types.NumericMul(nil, num, types.NumericFromInt(nil, count)); err != nil {
		return 0, err
	}
	den, err := types.NumericSub(nil, hi, lo)
	if err != nil {
		return 0, err
	}
	q, err := types.NumericDivTrunc(nil, num, den)
	if err != nil {
		return 0, err
	}
	bucket, err := types.NumericToInt64(q)
	return bucket + 1, err
}

func bucketAbove(count int64) (int64, error) {
	if count >= math.MaxInt32 {
		return 0, expr.ErrOutOfRange(types.Int4)
	}
	return count + 1, nil
}
