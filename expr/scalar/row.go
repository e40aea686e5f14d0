package scalar

import (
	"errors"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

// row gives a kernel that works row by row the arguments of one row.
type row struct {
	ctx   *expr.Context
	v     []*delta.Vec
	masks []int
	memo  *any
	r     int
	out   types.T
}

func newRow(ctx *expr.Context, args *expr.Args, out types.T) *row {
	x := &row{ctx: ctx, v: args.V, masks: make([]int, len(args.V)), memo: args.Memo, out: out}
	for i := range args.V {
		x.masks[i] = args.Mask(i)
	}
	return x
}

func (x *row) len() int                { return len(x.v) }
func (x *row) typ(i int) types.T       { return x.v[i].Type }
func (x *row) null(i int) bool         { return x.v[i].IsNull(x.r & x.masks[i]) }
func (x *row) bool(i int) bool         { return x.v[i].Bools[x.r&x.masks[i]] }
func (x *row) int(i int) int64         { return x.v[i].Ints[x.r&x.masks[i]] }
func (x *row) float(i int) float64     { return x.v[i].Floats[x.r&x.masks[i]] }
func (x *row) bytes(i int) []byte      { return x.v[i].Bytes(x.r & x.masks[i]) }
func (x *row) str(i int) string        { return string(x.bytes(i)) }
func (x *row) datum(i int) types.Datum { return x.v[i].Datum(x.r & x.masks[i]) }

func (x *row) interval(i int) types.IntervalValue { return types.DecodeInterval(x.bytes(i)) }

// array reads argument i, an array.
func (x *row) array(i int) types.ArrayReader {
	return types.ReadArray(x.v[i].Type.ElemType(), x.bytes(i))
}

// errNull is what a row function returns instead of an error for a result that is NULL.
var errNull = errors.New("null")

// fail records what a row function returned.
func fail(err error, r int, out *delta.Vec, errs *expr.Errors) {
	if err == errNull {
		out.SetNull(r)
		return
	}
	errs.Add(r, err)
}

// toInt makes a kernel of a function that gives a RepInt value for a row.
func toInt(f func(x *row) (int64, error)) expr.EvalFunc {
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		x, dst := newRow(ctx, &args, out.Type), expr.GrowInts(out, args.N)
		args.Each(func(r int) {
			x.r = r
			v, err := f(x)
			if err != nil {
				fail(err, r, out, errs)
				return
			}
			dst[r] = v
		})
	}
}

// toFloat makes a kernel of a function that gives a RepFloat value.
func toFloat(f func(x *row) (float64, error)) expr.EvalFunc {
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		x, dst := newRow(ctx, &args, out.Type), expr.GrowFloats(out, args.N)
		args.Each(func(r int) {
			x.r = r
			v, err := f(x)
			if err != nil {
				fail(err, r, out, errs)
				return
			}
			dst[r] = v
		})
	}
}

// toBool makes a kernel of a function that gives a boolean.
func toBool(f func(x *row) (bool, error)) expr.EvalFunc {
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		x, dst := newRow(ctx, &args, out.Type), expr.GrowBools(out, args.N)
		args.Each(func(r int) {
			x.r = r
			v, err := f(x)
			if err != nil {
				fail(err, r, out, errs)
				return
			}
			dst[r] = v
		})
	}
}

// toBytes makes a kernel of a function that appends a RepBytes value to dst and returns it.
func toBytes(f func(x *row, dst []byte) ([]byte, error)) expr.EvalFunc {
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		x := newRow(ctx, &args, out.Type)
		var nulls []int
		args.EachBytes(out, errs, func(dst []byte, r int) ([]byte, error) {
			x.r = r
			v, err := f(x, dst)
			if err == errNull {
				nulls = append(nulls, r)
				return dst, nil
			}
			return v, err
		})
		for _, r := range nulls {
			out.SetNull(r)
		}
	}
}

// toDatum makes a kernel of a function whose result may have any representation.
func toDatum(f func(x *row) (types.Datum, error)) expr.EvalFunc {
	ints := toInt(func(x *row) (int64, error) {
		d, err := f(x)
		return d.I, orNull(d, err)
	})
	floats := toFloat(func(x *row) (float64, error) {
		d, err := f(x)
		return d.Float(), orNull(d, err)
	})
	bools := toBool(func(x *row) (bool, error) {
		d, err := f(x)
		return d.Bool(), orNull(d, err)
	})
	bytes := toBytes(func(x *row, dst []byte) ([]byte, error) {
		d, err := f(x)
		return append(dst, d.B...), orNull(d, err)
	})
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		switch out.Type.Rep() {
		case types.RepInt:
			ints(ctx, args, out, errs)
		case types.RepFloat:
			floats(ctx, args, out, errs)
		case types.RepBool:
			bools(ctx, args, out, errs)
		default:
			bytes(ctx, args, out, errs)
		}
	}
}

func orNull(d types.Datum, err error) error {
	if err == nil && d.Null {
		return errNull
	}
	return err
}

// memoMax bounds what one call site remembers when its pattern or format is not constant.
const memoMax = 64

// memoised is what a call site remembers: the last result, which is all that a constant argument needs, and some
// more.
type memoised[V any] struct {
	key  string
	last memoResult[V]
	all  map[string]memoResult[V]
}

type memoResult[V any] struct {
	value V
	err   error
}

// remember gives build(key), from the call site's memory where it was built before.
func remember[V any](x *row, key []byte, build func(key string) (V, error)) (V, error) {
	m, ok := (*x.memo).(*memoised[V])
	if !ok {
		m = &memoised[V]{all: map[string]memoResult[V]{}}
		*x.memo = m
	} else if m.key == string(key) && len(m.all) > 0 {
		return m.last.value, m.last.err
	}
	res, ok := m.all[string(key)]
	if !ok {
		res.value, res.err = build(string(key))
		if len(m.all) >= memoMax {
			clear(m.all)
		}
		m.all[string(key)] = res
	}
	m.key, m.last = string(key), res
	return res.value, res.err
}
