package scalar

import (
	"bytes"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

// comparison is one of the six operators.
type comparison int

const (
	eq comparison = iota
	ne
	lt
	le
	gt
	ge
)

// comparisons are the operators with their commutators and negators.
var comparisons = []struct {
	op                        comparison
	symbol, commuted, negated string
}{
	{eq, "=", "=", "<>"},
	{ne, "<>", "<>", "="},
	{lt, "<", ">", ">="},
	{le, "<=", ">=", ">"},
	{gt, ">", "<", "<="},
	{ge, ">=", "<=", "<"},
}

// holds tells from the sign of a comparison whether the operator is true.
func (c comparison) holds(sign int) bool {
	switch c {
	case eq:
		return sign == 0
	case ne:
		return sign != 0
	case lt:
		return sign < 0
	case le:
		return sign <= 0
	case gt:
		return sign > 0
	}
	return sign >= 0
}

// comparable lists the pairs of types that have the six operators.
var comparable = []struct {
	left, right types.T
	kernel      func(comparison) expr.EvalFunc
	uses        expr.Uses
}{
	{tBool, tBool, compareBools, 0},
	{tInt2, tInt2, compareInts, 0},
	{tInt2, tInt4, compareInts, 0},
	{tInt2, tInt8, compareInts, 0},
	{tInt4, tInt2, compareInts, 0},
	{tInt4, tInt4, compareInts, 0},
	{tInt4, tInt8, compareInts, 0},
	{tInt8, tInt2, compareInts, 0},
	{tInt8, tInt4, compareInts, 0},
	{tInt8, tInt8, compareInts, 0},
	{tFloat4, tFloat4, compareFloats, 0},
	{tFloat4, tFloat8, compareFloats, 0},
	{tFloat8, tFloat4, compareFloats, 0},
	{tFloat8, tFloat8, compareFloats, 0},
	{tNumeric, tNumeric, compareWith(types.NumericCmp), 0},
	{tText, tText, compareText, 0},
	{tBpchar, tBpchar, compareWith(compareBpchar), 0},
	{tName, tName, compareText, 0},
	{tName, tText, compareText, 0},
	{tText, tName, compareText, 0},
	{tChar1, tChar1, compareInts, 0},
	{tBytea, tBytea, compareText, 0},
	{tDate, tDate, compareInts, 0},
	{tTime, tTime, compareInts, 0},
	{tTimestamp, tTimestamp, compareInts, 0},
	{tTimestampTZ, tTimestampTZ, compareInts, 0},
	{tDate, tTimestamp, compareRows(dateTimestamp), 0},
	{tTimestamp, tDate, compareRows(swapped(dateTimestamp)), 0},
	{tDate, tTimestampTZ, compareRows(dateTimestampTZ), expr.UsesSettings},
	{tTimestampTZ, tDate, compareRows(swapped(dateTimestampTZ)), expr.UsesSettings},
	{tTimestamp, tTimestampTZ, compareRows(timestampTimestampTZ), expr.UsesSettings},
	{tTimestampTZ, tTimestamp, compareRows(swapped(timestampTimestampTZ)), expr.UsesSettings},
	{tInterval, tInterval, compareWith(types.CompareInterval), 0},
	{tUUID, tUUID, compareText, 0},
	{tJSONB, tJSONB, compareWith(types.CompareJSONB), 0},
	{tOID, tOID, compareInts, 0},
	{tInet, tInet, compareText, 0},
	{anyArray, anyArray, compareArrays, 0},
	{anyEnum, anyEnum, compareInts, 0},
	{tRecord, tRecord, compareArrays, 0},
}

func comparisonOperators() []*expr.Function {
	var list []*expr.Function
	for _, p := range comparable {
		for _, c := range comparisons {
			f := &expr.Function{
				Name: c.symbol, Operator: true, Args: with(p.left, p.right), Ret: tBool, Eval: p.kernel(c.op),
				Commutator: c.commuted, Negator: c.negated, Total: true, Uses: p.uses,
			}
			if p.uses != 0 {
				f.Volatility = expr.Stable
			}
			list = append(list, f)
		}
	}
	return list
}

// The loops below are small enough to be inlined together with the functions that they are given, so that each use
// becomes a loop of its own around one machine instruction.

func pairs[E int64 | float64](dst []bool, a, b []E, f func(x, y E) bool) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = f(a[i], b[i])
	}
}

func against[E int64 | float64](dst []bool, a []E, y E, f func(x, y E) bool) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] = f(a[i], y)
	}
}

func chosen[E int64 | float64](dst []bool, sel []uint32, a, b []E, ma, mb int, f func(x, y E) bool) {
	for _, r := range sel {
		dst[r] = f(a[int(r)&ma], b[int(r)&mb])
	}
}

// shape is how a binary kernel's arguments come.
type shape int

const (
	columns     shape = iota // two columns, all rows
	columnConst              // a column and a constant, all rows
	selected                 // anything else: by row number and mask
)

func shapeOf(args *expr.Args) shape {
	switch {
	case args.Sel != nil || args.Const[0]:
		return selected
	case args.Const[1]:
		return columnConst
	}
	return columns
}

// everyRow gives the selection that a kernel of shape selected works on.
func everyRow(args *expr.Args) []uint32 {
	if args.Sel != nil {
		return args.Sel
	}
	sel := make([]uint32, args.N)
	for i := range sel {
		sel[i] = uint32(i)
	}
	return sel
}

func compareInts(op comparison) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
		a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowBools(out, args.N)
		switch shapeOf(&args) {
		case columns:
			intPairs(op, dst, a, b)
		case columnConst:
			intAgainst(op, dst, a, b[0])
		default:
			intChosen(op, dst, everyRow(&args), a, b, args.Mask(0), args.Mask(1))
		}
	}
}

func intPairs(op comparison, dst []bool, a, b []int64) {
	switch op {
	case eq:
		pairs(dst, a, b, func(x, y int64) bool { return x == y })
	case ne:
		pairs(dst, a, b, func(x, y int64) bool { return x != y })
	case lt:
		pairs(dst, a, b, func(x, y int64) bool { return x < y })
	case le:
		pairs(dst, a, b, func(x, y int64) bool { return x <= y })
	case gt:
		pairs(dst, a, b, func(x, y int64) bool { return x > y })
	case ge:
		pairs(dst, a, b, func(x, y int64) bool { return x >= y })
	}
}

func intAgainst(op comparison, dst []bool, a []int64, y int64) {
	switch op {
	case eq:
		against(dst, a, y, func(x, y int64) bool { return x == y })
	case ne:
		against(dst, a, y, func(x, y int64) bool { return x != y })
	case lt:
		against(dst, a, y, func(x, y int64) bool { return x < y })
	case le:
		against(dst, a, y, func(x, y int64) bool { return x <= y })
	case gt:
		against(dst, a, y, func(x, y int64) bool { return x > y })
	case ge:
		against(dst, a, y, func(x, y int64) bool { return x >= y })
	}
}

func intChosen(op comparison, dst []bool, sel []uint32, a, b []int64, ma, mb int) {
	switch op {
	case eq:
		chosen(dst, sel, a, b, ma, mb, func(x, y int64) bool { return x == y })
	case ne:
		chosen(dst, sel, a, b, ma, mb, func(x, y int64) bool { return x != y })
	case lt:
		chosen(dst, sel, a, b, ma, mb, func(x, y int64) bool { return x < y })
	case le:
		chosen(dst, sel, a, b, ma, mb, func(x, y int64) bool { return x <= y })
	case gt:
		chosen(dst, sel, a, b, ma, mb, func(x, y int64) bool { return x > y })
	case ge:
		chosen(dst, sel, a, b, ma, mb, func(x, y int64) bool { return x >= y })
	}
}

// Floats compare as in PostgreSQL: NaN equals itself and is greater than everything else.

func floatEq(x, y float64) bool { return x == y || x != x && y != y }
func floatLt(x, y float64) bool { return x < y || y != y && x == x }

func compareFloats(op comparison) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
		a, b, dst := args.V[0].Floats, args.V[1].Floats, expr.GrowBools(out, args.N)
		ma, mb := args.Mask(0), args.Mask(1)
		switch shapeOf(&args) {
		case columns:
			floatPairs(op, dst, a, b)
		case columnConst:
			floatAgainst(op, dst, a, b[0])
		default:
			floatChosen(op, dst, everyRow(&args), a, b, ma, mb)
		}
	}
}

func floatPairs(op comparison, dst []bool, a, b []float64) {
	switch op {
	case eq:
		pairs(dst, a, b, floatEq)
	case ne:
		pairs(dst, a, b, func(x, y float64) bool { return !floatEq(x, y) })
	case lt:
		pairs(dst, a, b, floatLt)
	case le:
		pairs(dst, a, b, func(x, y float64) bool { return !floatLt(y, x) })
	case gt:
		pairs(dst, a, b, func(x, y float64) bool { return floatLt(y, x) })
	case ge:
		pairs(dst, a, b, func(x, y float64) bool { return !floatLt(x, y) })
	}
}

func floatAgainst(op comparison, dst []bool, a []float64, y float64) {
	switch op {
	case eq:
		against(dst, a, y, floatEq)
	case ne:
		against(dst, a, y, func(x, y float64) bool { return !floatEq(x, y) })
	case lt:
		against(dst, a, y, floatLt)
	case le:
		against(dst, a, y, func(x, y float64) bool { return !floatLt(y, x) })
	case gt:
		against(dst, a, y, func(x, y float64) bool { return floatLt(y, x) })
	case ge:
		against(dst, a, y, func(x, y float64) bool { return !floatLt(x, y) })
	}
}

func floatChosen(op comparison, dst []bool, sel []uint32, a, b []float64, ma, mb int) {
	switch op {
	case eq:
		chosen(dst, sel, a, b, ma, mb, floatEq)
	case ne:
		chosen(dst, sel, a, b, ma, mb, func(x, y float64) bool { return !floatEq(x, y) })
	case lt:
		chosen(dst, sel, a, b, ma, mb, floatLt)
	case le:
		chosen(dst, sel, a, b, ma, mb, func(x, y float64) bool { return !floatLt(y, x) })
	case gt:
		chosen(dst, sel, a, b, ma, mb, func(x, y float64) bool { return floatLt(y, x) })
	case ge:
		chosen(dst, sel, a, b, ma, mb, func(x, y float64) bool { return !floatLt(x, y) })
	}
}

// compareBools orders false before true.
func compareBools(op comparison) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
		a, b, dst := args.V[0].Bools, args.V[1].Bools, expr.GrowBools(out, args.N)
		ma, mb := args.Mask(0), args.Mask(1)
		args.Each(func(r int) {
			x, y := a[r&ma], b[r&mb]
			sign := 0
			if x != y {
				sign = 1
				if y {
					sign = -1
				}
			}
			dst[r] = op.holds(sign)
		})
	}
}

// compareText compares byte strings by bytes; equality looks at the lengths first.
func compareText(op comparison) expr.EvalFunc {
	if op != eq && op != ne {
		return compareWith(bytes.Compare)(op)
	}
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
		a, b, dst := args.V[0], args.V[1], expr.GrowBools(out, args.N)
		ma, mb, negate := args.Mask(0), args.Mask(1), op == ne
		if args.Sel == nil {
			for r := range args.N {
				dst[r] = bytes.Equal(a.Bytes(r&ma), b.Bytes(r&mb)) != negate
			}
			return
		}
		for _, s := range args.Sel {
			r := int(s)
			dst[r] = bytes.Equal(a.Bytes(r&ma), b.Bytes(r&mb)) != negate
		}
	}
}

func compareBpchar(a, b []byte) int { return bytes.Compare(types.TrimBpchar(a), types.TrimBpchar(b)) }

// compareWith makes the operators of a type from its comparison.
func compareWith(compare func(a, b []byte) int) func(comparison) expr.EvalFunc {
	return func(op comparison) expr.EvalFunc {
		return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
			a, b, dst := args.V[0], args.V[1], expr.GrowBools(out, args.N)
			ma, mb := args.Mask(0), args.Mask(1)
			args.Each(func(r int) { dst[r] = op.holds(compare(a.Bytes(r&ma), b.Bytes(r&mb))) })
		}
	}
}

// compareArrays compares element by element, then by length and dimensions; and rows, field by field.
func compareArrays(op comparison) expr.EvalFunc {
	return func(_ *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
		a, b, dst := args.V[0], args.V[1], expr.GrowBools(out, args.N)
		ma, mb := args.Mask(0), args.Mask(1)
		args.Each(func(r int) { dst[r] = op.holds(types.Compare(a.Type, a.Datum(r&ma), b.Datum(r&mb))) })
	}
}

// compareRows makes the operators of two RepInt types from a comparison of their values.
func compareRows(compare func(ctx *expr.Context, a, b int64) int) func(comparison) expr.EvalFunc {
	return func(op comparison) expr.EvalFunc {
		return func(ctx *expr.Context, args expr.Args, out *delta.Vec, _ *expr.Errors) {
			a, b, dst := args.V[0].Ints, args.V[1].Ints, expr.GrowBools(out, args.N)
			ma, mb := args.Mask(0), args.Mask(1)
			args.Each(func(r int) { dst[r] = op.holds(compare(ctx, a[r&ma], b[r&mb])) })
		}
	}
}

func swapped(compare func(ctx *expr.Context, a, b int64) int) func(ctx *expr.Context, a, b int64) int {
	return func(ctx *expr.Context, a, b int64) int { return -compare(ctx, b, a) }
}

func dateTimestamp(_ *expr.Context, days, ts int64) int { return types.CompareDateTimestamp(days, ts) }

// dateTimestampTZ compares the date's midnight in the session's zone. A date beyond the timestamps is above or below
// all of them.
func dateTimestampTZ(ctx *expr.Context, days, ts int64) int {
	midnight, err := types.TimestampTZFromDate(days, ctx.Env.TimeZone)
	return compareOr(midnight, ts, err, days)
}

func timestampTimestampTZ(ctx *expr.Context, local, ts int64) int {
	instant, err := types.TimestampToTZ(local, ctx.Env.TimeZone)
	return compareOr(instant, ts, err, local)
}

func compareOr(a, b int64, err error, side int64) int {
	switch {
	case err != nil && side < 0:
		if b == types.TimestampNegInfinity {
			return 1
		}
		return -1
	case err != nil:
		if b == types.TimestampInfinity {
			return -1
		}
		return 1
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
