package expr

import (
	"math"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// conversions are the casts between kinds that do not go through text: PostgreSQL's pg_cast without its text
// casts. Casts within a kind, of arrays, and from and to text are in cast.go.
var conversions = map[[2]types.Kind]conversion{
	{types.Bool, types.Int4}: {total: true, kernel: boolToInt},
	{types.Int4, types.Bool}: {total: true, kernel: intToBool},

	{types.Int2, types.Int4}: {retype: true, total: true},
	{types.Int2, types.Int8}: {retype: true, total: true},
	{types.Int4, types.Int8}: {retype: true, total: true},
	{types.Int4, types.Int2}: {kernel: narrow},
	{types.Int8, types.Int2}: {kernel: narrow},
	{types.Int8, types.Int4}: {kernel: narrow},

	{types.Int2, types.Float4}:   {total: true, kernel: intToFloat},
	{types.Int4, types.Float4}:   {total: true, kernel: intToFloat},
	{types.Int8, types.Float4}:   {total: true, kernel: intToFloat},
	{types.Int2, types.Float8}:   {total: true, kernel: intToFloat},
	{types.Int4, types.Float8}:   {total: true, kernel: intToFloat},
	{types.Int8, types.Float8}:   {total: true, kernel: intToFloat},
	{types.Float4, types.Float8}: {retype: true, total: true},
	{types.Float8, types.Float4}: {kernel: floatToReal},
	{types.Float4, types.Int2}:   {kernel: floatToInt},
	{types.Float4, types.Int4}:   {kernel: floatToInt},
	{types.Float4, types.Int8}:   {kernel: floatToInt},
	{types.Float8, types.Int2}:   {kernel: floatToInt},
	{types.Float8, types.Int4}:   {kernel: floatToInt},
	{types.Float8, types.Int8}:   {kernel: floatToInt},

	{types.Int2, types.Numeric}:   {total: true, kernel: intToNumeric},
	{types.Int4, types.Numeric}:   {total: true, kernel: intToNumeric},
	{types.Int8, types.Numeric}:   {total: true, kernel: intToNumeric},
	{types.Float4, types.Numeric}: {total: true, kernel: floatToNumeric},
	{types.Float8, types.Numeric}: {total: true, kernel: floatToNumeric},
	{types.Numeric, types.Int2}:   {kernel: datumKernel(numericToInt)},
	{types.Numeric, types.Int4}:   {kernel: datumKernel(numericToInt)},
	{types.Numeric, types.Int8}:   {kernel: datumKernel(numericToInt)},
	{types.Numeric, types.Float4}: {kernel: datumKernel(numericToFloat)},
	{types.Numeric, types.Float8}: {kernel: numericToDouble},

	{types.Date, types.Timestamp}: {kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return intDatum(types.TimestampFromDate(d.I))
	})},
	{types.Date, types.TimestampTZ}: {kernel: datumKernel(func(ctx *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return intDatum(types.TimestampTZFromDate(d.I, ctx.Env.TimeZone))
	})},
	{types.Timestamp, types.Date}: {total: true, kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return types.NewInt(types.DateFromTimestamp(d.I)), nil
	})},
	{types.Timestamp, types.Time}: {kernel: orNull(func(_ *Context, v int64) (int64, bool, error) {
		t, ok := types.TimeFromTimestamp(v)
		return t, ok, nil
	})},
	{types.Timestamp, types.TimestampTZ}: {kernel: datumKernel(func(ctx *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return intDatum(types.TimestampToTZ(d.I, ctx.Env.TimeZone))
	})},
	{types.TimestampTZ, types.Date}: {kernel: datumKernel(func(ctx *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return intDatum(types.DateFromTimestampTZ(d.I, ctx.Env.TimeZone))
	})},
	{types.TimestampTZ, types.Time}: {kernel: orNull(func(ctx *Context, v int64) (int64, bool, error) {
		t, ok := types.TimeFromTimestampTZ(v, ctx.Env.TimeZone)
		return t, ok, nil
	})},
	{types.TimestampTZ, types.Timestamp}: {kernel: datumKernel(func(ctx *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return intDatum(types.TimestampFromTZ(d.I, ctx.Env.TimeZone))
	})},
	{types.Time, types.Interval}: {total: true, kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return types.NewBytes(types.IntervalFromTime(d.I).Encode(nil)), nil
	})},
	{types.Interval, types.Time}: {total: true, kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return types.NewInt(types.TimeFromInterval(types.DecodeInterval(d.B))), nil
	})},

	{types.JSON, types.JSONB}: {kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		b, err := types.ParseJSONB(d.B)
		return types.NewBytes(b), err
	})},
	{types.JSONB, types.JSON}: {total: true, kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return types.NewBytes(types.AppendJSONB(nil, d.B)), nil
	})},
	{types.JSONB, types.Bool}:    {kernel: datumKernel(jsonbToScalar)},
	{types.JSONB, types.Int2}:    {kernel: datumKernel(jsonbToScalar)},
	{types.JSONB, types.Int4}:    {kernel: datumKernel(jsonbToScalar)},
	{types.JSONB, types.Int8}:    {kernel: datumKernel(jsonbToScalar)},
	{types.JSONB, types.Float4}:  {kernel: datumKernel(jsonbToScalar)},
	{types.JSONB, types.Float8}:  {kernel: datumKernel(jsonbToScalar)},
	{types.JSONB, types.Numeric}: {kernel: datumKernel(jsonbToScalar)},

	{types.Int2, types.OID}: {total: true, kernel: intToOID},
	{types.Int4, types.OID}: {total: true, kernel: intToOID},
	{types.Int8, types.OID}: {kernel: bigintToOID},
	{types.OID, types.Int4}: {total: true, kernel: oidToInt},
	{types.OID, types.Int8}: {retype: true, total: true},

	{types.OID, types.Regclass}:     {retype: true, total: true},
	{types.OID, types.Regtype}:      {retype: true, total: true},
	{types.OID, types.Regproc}:      {retype: true, total: true},
	{types.OID, types.Regnamespace}: {retype: true, total: true},
	{types.OID, types.Regrole}:      {retype: true, total: true},
	{types.Regclass, types.OID}:     {retype: true, total: true},
	{types.Regtype, types.OID}:      {retype: true, total: true},
	{types.Regproc, types.OID}:      {retype: true, total: true},
	{types.Regnamespace, types.OID}: {retype: true, total: true},
	{types.Regrole, types.OID}:      {retype: true, total: true},

	{types.Regclass, types.Int8}:     {retype: true, total: true},
	{types.Regtype, types.Int8}:      {retype: true, total: true},
	{types.Regproc, types.Int8}:      {retype: true, total: true},
	{types.Regnamespace, types.Int8}: {retype: true, total: true},
	{types.Regrole, types.Int8}:      {retype: true, total: true},
	{types.Regclass, types.Int4}:     {total: true, kernel: oidToInt},
	{types.Regtype, types.Int4}:      {total: true, kernel: oidToInt},
	{types.Regproc, types.Int4}:      {total: true, kernel: oidToInt},
	{types.Regnamespace, types.Int4}: {total: true, kernel: oidToInt},
	{types.Regrole, types.Int4}:      {total: true, kernel: oidToInt},
	{types.Int2, types.Regclass}:     {total: true, kernel: intToOID},
	{types.Int2, types.Regtype}:      {total: true, kernel: intToOID},
	{types.Int2, types.Regproc}:      {total: true, kernel: intToOID},
	{types.Int2, types.Regnamespace}: {total: true, kernel: intToOID},
	{types.Int2, types.Regrole}:      {total: true, kernel: intToOID},
	{types.Int4, types.Regclass}:     {total: true, kernel: intToOID},
	{types.Int4, types.Regtype}:      {total: true, kernel: intToOID},
	{types.Int4, types.Regproc}:      {total: true, kernel: intToOID},
	{types.Int4, types.Regnamespace}: {total: true, kernel: intToOID},
	{types.Int4, types.Regrole}:      {total: true, kernel: intToOID},
	{types.Int8, types.Regclass}:     {kernel: bigintToOID},
	{types.Int8, types.Regtype}:      {kernel: bigintToOID},
	{types.Int8, types.Regproc}:      {kernel: bigintToOID},
	{types.Int8, types.Regnamespace}: {kernel: bigintToOID},
	{types.Int8, types.Regrole}:      {kernel: bigintToOID},

	{types.CIDR, types.Inet}: {retype: true, total: true},
	{types.Inet, types.CIDR}: {total: true, kernel: datumKernel(func(_ *Context, _, _ types.T, d types.Datum) (types.Datum, error) {
		return types.NewBytes(types.DecodeInet(d.B).Network().Encode(nil)), nil
	})},

	{types.Char1, types.Int4}: {total: true, kernel: char1ToInt},
	{types.Int4, types.Char1}: {kernel: intToChar1},
}

func intDatum(v int64, err error) (types.Datum, error) { return types.Datum{I: v}, err }

// ErrOutOfRange is the failure of a value that the integer kind k does not hold.
func ErrOutOfRange(k types.Kind) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "%s out of range", types.Of(k))
}

// IntRange gives the least and the greatest value of an integer kind.
func IntRange(k types.Kind) (lo, hi int64) {
	switch k {
	case types.Int2:
		return math.MinInt16, math.MaxInt16
	case types.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func boolToInt(_ *Context, args Args, out *delta.Vec, _ *Errors) {
	v, dst, mask := args.V[0].Bools, GrowInts(out, args.N), args.Mask(0)
	args.Each(func(row int) { dst[row] = int64(bit(v[row&mask])) })
}

func intToBool(_ *Context, args Args, out *delta.Vec, _ *Errors) {
	v, dst, mask := args.V[0].Ints, GrowBools(out, args.N), args.Mask(0)
	args.Each(func(row int) { dst[row] = v[row&mask] != 0 })
}

func narrow(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
	lo, hi := IntRange(out.Type.Kind)
	args.Each(func(row int) {
		x := v[row&mask]
		if x < lo || x > hi {
			errs.Add(row, ErrOutOfRange(out.Type.Kind))
		}
		dst[row] = x
	})
}

func intToFloat(_ *Context, args Args, out *delta.Vec, _ *Errors) {
	v, dst, mask := args.V[0].Ints, GrowFloats(out, args.N), args.Mask(0)
	if out.Type.Is(types.Float4) {
		args.Each(func(row int) { dst[row] = float64(float32(v[row&mask])) })
		return
	}
	args.Each(func(row int) { dst[row] = float64(v[row&mask]) })
}

// ErrFloatOverflow and ErrFloatUnderflow are the failures of float arithmetic.
func ErrFloatOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}

// ErrFloatUnderflow is the failure of a result that is not zero but too small.
func ErrFloatUnderflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
}

func floatToReal(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, dst, mask := args.V[0].Floats, GrowFloats(out, args.N), args.Mask(0)
	args.Each(func(row int) {
		x := v[row&mask]
		y := float64(float32(x))
		if math.IsInf(y, 0) && !math.IsInf(x, 0) {
			errs.Add(row, ErrFloatOverflow())
		}
		if y == 0 && x != 0 {
			errs.Add(row, ErrFloatUnderflow())
		}
		dst[row] = y
	})
}

// floatToInt rounds a half to the even integer, as PostgreSQL's rint does.
func floatToInt(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, dst, mask := args.V[0].Floats, GrowInts(out, args.N), args.Mask(0)
	lo, hi := IntRange(out.Type.Kind)
	// As floats, hi+1 is exact for every kind and hi for bigint is not.
	least, end := float64(lo), -float64(lo)
	_ = hi
	args.Each(func(row int) {
		x := math.RoundToEven(v[row&mask])
		if !(x >= least && x < end) {
			errs.Add(row, ErrOutOfRange(out.Type.Kind))
			return
		}
		dst[row] = int64(x)
	})
}

func intToNumeric(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, mask := args.V[0].Ints, args.Mask(0)
	args.EachBytes(out, errs, func(dst []byte, row int) ([]byte, error) {
		return types.NumericFromInt(dst, v[row&mask]), nil
	})
}

func floatToNumeric(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, mask := args.V[0].Floats, args.Mask(0)
	real := args.V[0].Type.Is(types.Float4)
	args.EachBytes(out, errs, func(dst []byte, row int) ([]byte, error) {
		if real {
			return types.NumericFromFloat32(dst, float32(v[row&mask])), nil
		}
		return types.NumericFromFloat64(dst, v[row&mask]), nil
	})
}

func numericToInt(_ *Context, _, to types.T, d types.Datum) (types.Datum, error) {
	return intDatum(types.NumericToInt(d.B, to.Kind))
}

func numericToFloat(_ *Context, _, to types.T, d types.Datum) (types.Datum, error) {
	if to.Is(types.Float4) {
		v, err := types.NumericToFloat32(d.B)
		return types.NewFloat(float64(v)), err
	}
	v, err := types.NumericToFloat64(d.B)
	return types.NewFloat(v), err
}

// numericToDouble divides coefficient and power of ten where doubles hold both: then the division alone rounds, and
// rounds right.
func numericToDouble(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, dst, mask := args.V[0], GrowFloats(out, args.N), args.Mask(0)
	args.Each(func(row int) {
		b := v.Bytes(row & mask)
		coef, scale, ok := types.NumericFast(b)
		if ok && coef < 1<<53 && coef > -1<<53 && int(scale) < len(floatPowers) {
			dst[row] = float64(coef) / floatPowers[scale]
			return
		}
		f, err := types.NumericToFloat64(b)
		if err != nil {
			errs.Add(row, err)
		}
		dst[row] = f
	})
}

// floatPowers are the powers of ten that a double holds exactly.
var floatPowers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// orNull makes a kernel of a conversion between RepInt kinds that gives NULL for some values (infinite times).
func orNull(convert func(ctx *Context, v int64) (r int64, ok bool, err error)) EvalFunc {
	return func(ctx *Context, args Args, out *delta.Vec, errs *Errors) {
		v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
		args.Each(func(row int) {
			r, ok, err := convert(ctx, v[row&mask])
			switch {
			case err != nil:
				errs.Add(row, err)
			case !ok:
				out.SetNull(row)
			default:
				dst[row] = r
			}
		})
	}
}

// jsonbToScalar casts a jsonb number or boolean.
func jsonbToScalar(ctx *Context, _, to types.T, d types.Datum) (types.Datum, error) {
	kind := types.JSONTypeof(d.B)
	if kind == "number" {
		kind = "numeric"
	}
	if to.Is(types.Bool) != (kind == "boolean") || !to.Is(types.Bool) && kind != "numeric" {
		return types.Datum{}, pgerr.New(pgerr.InvalidParameterValue, "cannot cast jsonb %s to type %s", kind, to.WithoutMod())
	}
	text, _ := types.JSONText(d.B)
	switch to.Kind {
	case types.Bool, types.Numeric:
		return types.ParseText(to.WithoutMod(), text, ctx.Env)
	}
	// By way of numeric, so that 1.5 becomes an integer as a numeric does.
	n, err := types.ParseNumeric(nil, text)
	if err != nil {
		return types.Datum{}, err
	}
	if to.Rep() == types.RepInt {
		return numericToInt(ctx, types.T{}, to, types.NewBytes(n))
	}
	return numericToFloat(ctx, types.T{}, to, types.NewBytes(n))
}

func intToOID(_ *Context, args Args, out *delta.Vec, _ *Errors) {
	v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
	args.Each(func(row int) { dst[row] = int64(uint32(v[row&mask])) })
}

func oidToInt(_ *Context, args Args, out *delta.Vec, _ *Errors) {
	v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
	args.Each(func(row int) { dst[row] = int64(int32(uint32(v[row&mask]))) })
}

func bigintToOID(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
	args.Each(func(row int) {
		x := v[row&mask]
		if x < 0 || x > math.MaxUint32 {
			errs.Add(row, pgerr.New(pgerr.NumericValueOutOfRange, "OID out of range"))
		}
		dst[row] = x
	})
}

func char1ToInt(_ *Context, args Args, out *delta.Vec, _ *Errors) {
	v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
	args.Each(func(row int) { dst[row] = int64(int8(v[row&mask])) })
}

func intToChar1(_ *Context, args Args, out *delta.Vec, errs *Errors) {
	v, dst, mask := args.V[0].Ints, GrowInts(out, args.N), args.Mask(0)
	args.Each(func(row int) {
		x := v[row&mask]
		if x < math.MinInt8 || x > math.MaxInt8 {
			errs.Add(row, pgerr.New(pgerr.NumericValueOutOfRange, `"char" out of range`))
		}
		dst[row] = int64(uint8(x))
	})
}
