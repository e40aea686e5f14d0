package scalar

import (
	"math"
	"math/bits"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// integerPairs are the combinations of integer types that arithmetic is defined for, with the wider one, which the
// result has.
var integerPairs = []struct{ left, right, result types.T }{
	{tInt2, tInt2, tInt2},
	{tInt2, tInt4, tInt4},
	{tInt2, tInt8, tInt8},
	{tInt4, tInt2, tInt4},
	{tInt4, tInt4, tInt4},
	{tInt4, tInt8, tInt8},
	{tInt8, tInt2, tInt8},
	{tInt8, tInt4, tInt8},
	{tInt8, tInt8, tInt8},
}

var integerTypes = []types.T{tInt2, tInt4, tInt8}

func integerOperators() []*expr.Function {
	var list []*expr.Function
	for _, p := range integerPairs {
		for _, o := range []struct {
			symbol, commuted string
			kernel           expr.EvalFunc
		}{
			{"+", "+", addInts}, {"-", "", subInts}, {"*", "*", mulInts}, {"/", "", divInts},
		} {
			list = append(list, &expr.Function{Name: o.symbol, Operator: true, Args: with(p.left, p.right), Ret: p.result, Eval: o.kernel, Commutator: o.commuted})
		}
	}
	for _, t := range integerTypes {
		both, one := with(t, t), with(t)
		list = append(list,
			&expr.Function{Name: "%", Operator: true, Args: both, Ret: t, Eval: modInts},
			&expr.Function{Name: "&", Operator: true, Args: both, Ret: t, Total: true, Eval: bitwise(func(x, y int64) int64 { return x & y })},
			&expr.Function{Name: "|", Operator: true, Args: both, Ret: t, Total: true, Eval: bitwise(func(x, y int64) int64 { return x | y })},
			&expr.Function{Name: "#", Operator: true, Args: both, Ret: t, Total: true, Eval: bitwise(func(x, y int64) int64 { return x ^ y })},
			&expr.Function{Name: "<<", Operator: true, Args: with(t, tInt4), Ret: t, Total: true, Eval: bitwise(shiftLeft(t.Kind))},
			&expr.Function{Name: ">>", Operator: true, Args: with(t, tInt4), Ret: t, Total: true, Eval: bitwise(shiftRight(t.Kind))},
			&expr.Function{Name: "~", Operator: true, Args: one, Ret: t, Total: true, Eval: toInt(func(x *row) (int64, error) { return ^x.int(0), nil })},
			&expr.Function{Name: "-", Operator: true, Args: one, Ret: t, Eval: toInt(negateInt)},
			&expr.Function{Name: "+", Operator: true, Args: one, Ret: t, Total: true, Eval: toInt(func(x *row) (int64, error) { return x.int(0), nil })},
			&expr.Function{Name: "@", Operator: true, Args: one, Ret: t, Eval: toInt(absInt)},
			&expr.Function{Name: "abs", Args: one, Ret: t, Eval: toInt(absInt)},
			&expr.Function{Name: "mod", Args: both, Ret: t, Eval: modInts},
		)
	}
	for _, t := range []types.T{tInt4, tInt8} {
		list = append(list,
			&expr.Function{Name: "gcd", Args: with(t, t), Ret: t, Eval: toInt(gcdInt)},
			&expr.Function{Name: "lcm", Args: with(t, t), Ret: t, Eval: toInt(lcmInt)},
		)
	}
	return list
}

func errDivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

// The loops of checked arithmetic gather evidence of overflow over the whole column; only when there is some does
// a second pass look for the rows.

func intLoop(dst []int64, a, b []int64, f func(x, y int64) (r, bad int64)) (bad int64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		r, o := f(a[i], b[i])
		dst[i] = r
		bad |= o
	}
	return bad
}

func intLoopConst(dst []int64, a []int64, y int64, f func(x, y int64) (r, bad int64)) (bad int64) {
	a = a[:len(dst)]
	for i := range dst {
		r, o := f(a[i], y)
		dst[i] = r
		bad |= o
	}
	return bad
}

func intLoopSel(dst []int64, sel []uint32, a, b []int64, ma, mb int, f func(x, y int64) (r, bad int64)) (bad int64) {
	for _, i := range sel {
		r, o := f(a[int(i)&ma], b[int(i)&mb])
		dst[i] = r
		bad |= o
	}
	return bad
}

// bad is negative where a sum, difference or product of bigints has overflowed.

func add64(x, y int64) (r, bad int64) {
	r = x + y
	return r, (x ^ r) & (y ^ r)
}

func sub64(x, y int64) (r, bad int64) {
	r = x - y
	return r, (x ^ y) & (x ^ r)
}

func mul64(x, y int64) (r, bad int64) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	high := int64(hi) - x>>63&y - y>>63&x
	d := high ^ int64(lo)>>63 // zero where the high word is the sign of the low one
	return int64(lo), d | -d
}

// int32 operands cannot overflow int64, so that the result tells by itself.

func add32(x, y int64) (r, bad int64) { r = x + y; return r, r ^ int64(int32(r)) }
func sub32(x, y int64) (r, bad int64) { r = x - y; return r, r ^ int64(int32(r)) }
func mul32(x, y int64) (r, bad int64) { r = x * y; return r, r ^ int64(int32(r)) }
func add16(x, y int64) (r, bad int64) { r = x + y; return r, r ^ int64(int16(r)) }
func sub16(x, y int64) (r, bad int64) { r = x - y; return r, r ^ int64(int16(r)) }
func mul16(x, y int64) (r, bad int64) { r = x * y; return r, r ^ int64(int16(r)) }

func addInts(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowInts(out, args.N)
	switch k := out.Type.Kind; {
	case k == types.Int8 && shapeOf(&args) == columns:
		report(k, intLoop(dst, a, b, add64), add64, &args, errs)
	case k == types.Int8 && shapeOf(&args) == columnConst:
		report(k, intLoopConst(dst, a, b[0], add64), add64, &args, errs)
	case k == types.Int8:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), add64), add64, &args, errs)
	case k == types.Int4 && shapeOf(&args) == columns:
		report(k, intLoop(dst, a, b, add32), add32, &args, errs)
	case k == types.Int4 && shapeOf(&args) == columnConst:
		report(k, intLoopConst(dst, a, b[0], add32), add32, &args, errs)
	case k == types.Int4:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), add32), add32, &args, errs)
	default:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), add16), add16, &args, errs)
	}
}

func subInts(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowInts(out, args.N)
	switch k := out.Type.Kind; {
	case k == types.Int8 && shapeOf(&args) == columns:
		report(k, intLoop(dst, a, b, sub64), sub64, &args, errs)
	case k == types.Int8 && shapeOf(&args) == columnConst:
		report(k, intLoopConst(dst, a, b[0], sub64), sub64, &args, errs)
	case k == types.Int8:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), sub64), sub64, &args, errs)
	case k == types.Int4 && shapeOf(&args) == columns:
		report(k, intLoop(dst, a, b, sub32), sub32, &args, errs)
	case k == types.Int4 && shapeOf(&args) == columnConst:
		report(k, intLoopConst(dst, a, b[0], sub32), sub32, &args, errs)
	case k == types.Int4:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), sub32), sub32, &args, errs)
	default:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), sub16), sub16, &args, errs)
	}
}

func mulInts(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowInts(out, args.N)
	switch k := out.Type.Kind; {
	case k == types.Int8 && shapeOf(&args) == columns:
		report(k, intLoop(dst, a, b, mul64), mul64, &args, errs)
	case k == types.Int8 && shapeOf(&args) == columnConst:
		report(k, intLoopConst(dst, a, b[0], mul64), mul64, &args, errs)
	case k == types.Int8:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), mul64), mul64, &args, errs)
	case k == types.Int4 && shapeOf(&args) == columns:
		report(k, intLoop(dst, a, b, mul32), mul32, &args, errs)
	case k == types.Int4 && shapeOf(&args) == columnConst:
		report(k, intLoopConst(dst, a, b[0], mul32), mul32, &args, errs)
	case k == types.Int4:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), mul32), mul32, &args, errs)
	default:
		report(k, intLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), mul16), mul16, &args, errs)
	}
}

// report finds the rows that overflowed, once bad says that there are any.
func report(k types.Kind, bad int64, f func(x, y int64) (int64, int64), args *expr.Args, errs *expr.Errors) {
	overflowed := func(bad int64) bool { return bad < 0 || k != types.Int8 && bad != 0 }
	if !overflowed(bad) {
		return
	}
	a, b, ma, mb := args.V[0].Ints, args.V[1].Ints, args.Mask(0), args.Mask(1)
	args.Each(func(r int) {
		if _, bad := f(a[r&ma], b[r&mb]); overflowed(bad) {
			errs.Add(r, expr.ErrOutOfRange(k))
		}
	})
}

func divInts(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowInts(out, args.N)
	ma, mb := args.Mask(0), args.Mask(1)
	least, _ := expr.IntRange(out.Type.Kind)
	args.Each(func(r int) {
		x, y := a[r&ma], b[r&mb]
		switch {
		case y == 0:
			errs.Add(r, errDivisionByZero())
		case y == -1 && x == least:
			errs.Add(r, expr.ErrOutOfRange(out.Type.Kind))
		default:
			dst[r] = x / y
		}
	})
}

func modInts(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowInts(out, args.N)
	ma, mb := args.Mask(0), args.Mask(1)
	args.Each(func(r int) {
		y := b[r&mb]
		switch y {
		case 0:
			errs.Add(r, errDivisionByZero())
		case -1: // Go's % is right for the least integer, too, but slower than knowing it
			dst[r] = 0
		default:
			dst[r] = a[r&ma] % y
		}
	})
}

// bitwise makes a kernel of an operation that cannot fail.
func bitwise(f func(x, y int64) int64) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
		a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowInts(out, args.N)
		ma, mb := args.Mask(0), args.Mask(1)
		args.Each(func(r int) { dst[r] = f(a[r&ma], b[r&mb]) })
	}
}

// shiftLeft shifts within the type's width. As on the machines that PostgreSQL runs on, only the lower bits of the
// distance count: five, or six for bigint.
func shiftLeft(k types.Kind) func(x, y int64) int64 {
	switch k {
	case types.Int2:
		return func(x, y int64) int64 { return int64(int16(int32(x) << (uint32(y) & 31))) }
	case types.Int4:
		return func(x, y int64) int64 { return int64(int32(x) << (uint32(y) & 31)) }
	}
	return func(x, y int64) int64 { return x << (uint64(y) & 63) }
}

func shiftRight(k types.Kind) func(x, y int64) int64 {
	if k == types.Int8 {
		return func(x, y int64) int64 { return x >> (uint64(y) & 63) }
	}
	return func(x, y int64) int64 { return int64(int32(x) >> (uint32(y) & 31)) }
}

func negateInt(x *row) (int64, error) {
	v := x.int(0)
	if least, _ := expr.IntRange(x.out.Kind); v == least {
		return 0, expr.ErrOutOfRange(x.out.Kind)
	}
	return -v, nil
}

func absInt(x *row) (int64, error) {
	if v := x.int(0); v >= 0 {
		return v, nil
	}
	return negateInt(x)
}

// gcdInt is Euclid's algorithm on magnitudes; the result may not fit only when it is that of the least integer.
func gcdInt(x *row) (int64, error) {
	g := gcd(x.int(0), x.int(1))
	if g > maxOf(x.out.Kind) {
		return 0, expr.ErrOutOfRange(x.out.Kind)
	}
	return int64(g), nil
}

func gcd(x, y int64) uint64 {
	a, b := magnitude(x), magnitude(y)
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

func maxOf(k types.Kind) uint64 {
	_, hi := expr.IntRange(k)
	return uint64(hi)
}

func lcmInt(x *row) (int64, error) {
	a, b := x.int(0), x.int(1)
	if a == 0 || b == 0 {
		return 0, nil
	}
	hi, lo := bits.Mul64(magnitude(a)/gcd(a, b), magnitude(b))
	if hi != 0 || lo > min(maxOf(x.out.Kind), math.MaxInt64) {
		return 0, expr.ErrOutOfRange(x.out.Kind)
	}
	return int64(lo), nil
}
