package scalar

import (
	"math"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

var floatPairTypes = []struct{ left, right, result types.T }{
	{tFloat4, tFloat4, tFloat4},
	{tFloat4, tFloat8, tFloat8},
	{tFloat8, tFloat4, tFloat8},
	{tFloat8, tFloat8, tFloat8},
}

func floatOperators() []*expr.Function {
	var list []*expr.Function
	for _, p := range floatPairTypes {
		for _, o := range []struct {
			symbol, commuted string
			kernel           expr.EvalFunc
		}{
			{"+", "+", addFloats}, {"-", "", subFloats}, {"*", "*", mulFloats}, {"/", "", divFloats},
		} {
			list = append(list, &expr.Function{Name: o.symbol, Operator: true, Args: with(p.left, p.right), Ret: p.result, Eval: o.kernel, Commutator: o.commuted})
		}
	}
	for _, t := range []types.T{tFloat4, tFloat8} {
		one := with(t)
		list = append(list,
			&expr.Function{Name: "-", Operator: true, Args: one, Ret: t, Total: true, Eval: toFloat(func(x *row) (float64, error) { return -x.float(0), nil })},
			&expr.Function{Name: "+", Operator: true, Args: one, Ret: t, Total: true, Eval: toFloat(func(x *row) (float64, error) { return x.float(0), nil })},
			&expr.Function{Name: "@", Operator: true, Args: one, Ret: t, Total: true, Eval: toFloat(absFloat)},
			&expr.Function{Name: "abs", Args: one, Ret: t, Total: true, Eval: toFloat(absFloat)},
		)
	}
	return list
}

func absFloat(x *row) (float64, error) { return math.Abs(x.float(0)), nil }

// The loops compute all rows and gather whether any result is suspicious: infinite, NaN or, where that may mean
// underflow, zero. Then a second pass looks at the operands.

func floatLoop(dst []float64, a, b []float64, f func(x, y float64) float64, odd func(r float64) bool) bool {
	a, b = a[:len(dst)], b[:len(dst)]
	found := false
	for i := range dst {
		r := f(a[i], b[i])
		dst[i] = r
		found = found || odd(r)
	}
	return found
}

func floatLoopConst(dst []float64, a []float64, y float64, f func(x, y float64) float64, odd func(r float64) bool) bool {
	a = a[:len(dst)]
	found := false
	for i := range dst {
		r := f(a[i], y)
		dst[i] = r
		found = found || odd(r)
	}
	return found
}

func floatLoopSel(dst []float64, sel []uint32, a, b []float64, ma, mb int, f func(x, y float64) float64, odd func(r float64) bool) bool {
	found := false
	for _, i := range sel {
		r := f(a[int(i)&ma], b[int(i)&mb])
		dst[i] = r
		found = found || odd(r)
	}
	return found
}

func notFinite(r float64) bool       { return r-r != 0 }
func notFiniteOrZero(r float64) bool { return r-r != 0 || r == 0 }

func plus(x, y float64) float64     { return x + y }
func minus(x, y float64) float64    { return x - y }
func times(x, y float64) float64    { return x * y }
func plus32(x, y float64) float64   { return float64(float32(x) + float32(y)) }
func minus32(x, y float64) float64  { return float64(float32(x) - float32(y)) }
func times32(x, y float64) float64  { return float64(float32(x) * float32(y)) }
func divide(x, y float64) float64   { return x / y }
func divide32(x, y float64) float64 { return float64(float32(x) / float32(y)) }

func addFloats(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Floats, args.V[1].Floats, expr.GrowFloats(out, args.N)
	var odd bool
	switch real := out.Type.Is(types.Float4); {
	case real:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), plus32, notFinite)
	case shapeOf(&args) == columns:
		odd = floatLoop(dst, a, b, plus, notFinite)
	case shapeOf(&args) == columnConst:
		odd = floatLoopConst(dst, a, b[0], plus, notFinite)
	default:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), plus, notFinite)
	}
	if odd {
		reportFloats(&args, dst, errs, sumFailure)
	}
}

func subFloats(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Floats, args.V[1].Floats, expr.GrowFloats(out, args.N)
	var odd bool
	switch real := out.Type.Is(types.Float4); {
	case real:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), minus32, notFinite)
	case shapeOf(&args) == columns:
		odd = floatLoop(dst, a, b, minus, notFinite)
	case shapeOf(&args) == columnConst:
		odd = floatLoopConst(dst, a, b[0], minus, notFinite)
	default:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), minus, notFinite)
	}
	if odd {
		reportFloats(&args, dst, errs, sumFailure)
	}
}

func mulFloats(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Floats, args.V[1].Floats, expr.GrowFloats(out, args.N)
	var odd bool
	switch real := out.Type.Is(types.Float4); {
	case real:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), times32, notFiniteOrZero)
	case shapeOf(&args) == columns:
		odd = floatLoop(dst, a, b, times, notFiniteOrZero)
	case shapeOf(&args) == columnConst:
		odd = floatLoopConst(dst, a, b[0], times, notFiniteOrZero)
	default:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), times, notFiniteOrZero)
	}
	if odd {
		reportFloats(&args, dst, errs, productFailure)
	}
}

func divFloats(_ *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
	a, b, dst := args.V[0].Floats, args.V[1].Floats, expr.GrowFloats(out, args.N)
	var odd bool
	switch real := out.Type.Is(types.Float4); {
	case real:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), divide32, notFiniteOrZero)
	case shapeOf(&args) == columns:
		odd = floatLoop(dst, a, b, divide, notFiniteOrZero)
	case shapeOf(&args) == columnConst:
		odd = floatLoopConst(dst, a, b[0], divide, notFiniteOrZero)
	default:
		odd = floatLoopSel(dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1), divide, notFiniteOrZero)
	}
	if odd {
		reportFloats(&args, dst, errs, quotientFailure)
	}
}

func reportFloats(args *expr.Args, dst []float64, errs *expr.Errors, failure func(x, y, r float64) error) {
	a, b, ma, mb := args.V[0].Floats, args.V[1].Floats, args.Mask(0), args.Mask(1)
	args.Each(func(r int) {
		if err := failure(a[r&ma], b[r&mb], dst[r]); err != nil {
			errs.Add(r, err)
		}
	})
}

func isInf(x float64) bool { return math.IsInf(x, 0) }

func sumFailure(x, y, r float64) error {
	if isInf(r) && !isInf(x) && !isInf(y) {
		return expr.ErrFloatOverflow()
	}
	return nil
}

func productFailure(x, y, r float64) error {
	if r == 0 && x != 0 && y != 0 {
		return expr.ErrFloatUnderflow()
	}
	return sumFailure(x, y, r)
}

func quotientFailure(x, y, r float64) error {
	switch {
	case y == 0 && x == x:
		return errDivisionByZero()
	case isInf(r) && !isInf(x):
		return expr.ErrFloatOverflow()
	case r == 0 && x != 0 && !isInf(y):
		return expr.ErrFloatUnderflow()
	}
	return nil
}
