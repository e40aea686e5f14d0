package scalar

import (
	"time"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// stable marks an entry as reading the session's settings or time.
func stable(f *expr.Function, uses expr.Uses) *expr.Function {
	f.Volatility, f.Uses = expr.Stable, uses
	return f
}

func datetimeOperators() []*expr.Function {
	op := func(symbol string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: symbol, Operator: true, Args: args, Ret: ret, Eval: kernel}
	}
	zoned := func(f *expr.Function) *expr.Function { return stable(f, expr.UsesSettings) }
	return []*expr.Function{
		op("+", tDate, toInt(func(x *row) (int64, error) { return types.DateAddDays(x.int(0), x.int(1)) }), tDate, tInt4),
		op("+", tDate, toInt(func(x *row) (int64, error) { return types.DateAddDays(x.int(1), x.int(0)) }), tInt4, tDate),
		op("-", tDate, toInt(func(x *row) (int64, error) { return types.DateAddDays(x.int(0), -x.int(1)) }), tDate, tInt4),
		op("-", tInt4, toInt(func(x *row) (int64, error) { return types.DateSubDate(x.int(0), x.int(1)) }), tDate, tDate),
		op("+", tTimestamp, toInt(func(x *row) (int64, error) { return types.DateAddInterval(x.int(0), x.interval(1)) }), tDate, tInterval),
		op("+", tTimestamp, toInt(func(x *row) (int64, error) { return types.DateAddInterval(x.int(1), x.interval(0)) }), tInterval, tDate),
		op("-", tTimestamp, toInt(func(x *row) (int64, error) {
			return subtractInterval(x, 1, func(iv types.IntervalValue) (int64, error) { return types.DateAddInterval(x.int(0), iv) })
		}), tDate, tInterval),
		op("+", tTimestamp, toInt(func(x *row) (int64, error) { return dateAndTime(x.int(0), x.int(1)) }), tDate, tTime),
		op("+", tTimestamp, toInt(func(x *row) (int64, error) { return dateAndTime(x.int(1), x.int(0)) }), tTime, tDate),

		op("+", tTimestamp, shift(1, func(x *row) (int64, error) { return types.TimestampAddInterval(x.int(0), x.interval(1)) }), tTimestamp, tInterval),
		op("+", tTimestamp, toInt(func(x *row) (int64, error) { return types.TimestampAddInterval(x.int(1), x.interval(0)) }), tInterval, tTimestamp),
		op("-", tTimestamp, shift(-1, func(x *row) (int64, error) {
			return subtractInterval(x, 1, func(iv types.IntervalValue) (int64, error) { return types.TimestampAddInterval(x.int(0), iv) })
		}), tTimestamp, tInterval),
		op("-", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return encoded(dst)(types.TimestampSub(x.int(0), x.int(1)))
		}), tTimestamp, tTimestamp),
		zoned(op("+", tTimestampTZ, shift(1, func(x *row) (int64, error) {
			return types.TimestampTZAddInterval(x.int(0), x.interval(1), x.ctx.Env.TimeZone)
		}), tTimestampTZ, tInterval)),
		zoned(op("+", tTimestampTZ, toInt(func(x *row) (int64, error) {
			return types.TimestampTZAddInterval(x.int(1), x.interval(0), x.ctx.Env.TimeZone)
		}), tInterval, tTimestampTZ)),
		zoned(op("-", tTimestampTZ, shift(-1, func(x *row) (int64, error) {
			return subtractInterval(x, 1, func(iv types.IntervalValue) (int64, error) {
				return types.TimestampTZAddInterval(x.int(0), iv, x.ctx.Env.TimeZone)
			})
		}), tTimestampTZ, tInterval)),
		op("-", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return encoded(dst)(types.TimestampSub(x.int(0), x.int(1)))
		}), tTimestampTZ, tTimestampTZ),

		op("+", tTime, toInt(func(x *row) (int64, error) { return types.TimeAddInterval(x.int(0), x.interval(1)), nil }), tTime, tInterval),
		op("+", tTime, toInt(func(x *row) (int64, error) { return types.TimeAddInterval(x.int(1), x.interval(0)), nil }), tInterval, tTime),
		op("-", tTime, toInt(func(x *row) (int64, error) { return types.TimeSubInterval(x.int(0), x.interval(1)), nil }), tTime, tInterval),
		op("-", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return types.IntervalFromTime(x.int(0) - x.int(1)).Encode(dst), nil
		}), tTime, tTime),

		op("+", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(x.interval(0).Add(x.interval(1))) }), tInterval, tInterval),
		op("-", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(x.interval(0).Sub(x.interval(1))) }), tInterval, tInterval),
		op("-", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(x.interval(0).Neg()) }), tInterval),
		op("*", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(x.interval(0).Mul(x.float(1))) }), tInterval, tFloat8),
		op("*", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(x.interval(1).Mul(x.float(0))) }), tFloat8, tInterval),
		op("/", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(x.interval(0).Div(x.float(1))) }), tInterval, tFloat8),
	}
}

// Times and distances within these bounds can be added without a thought of infinity or overflow: the bounds lie within
// PostgreSQL's range of timestamps and far from that of int64.
const (
	shiftMax     = 100_000_000_000_000_000 // some 3,000 years in microseconds
	shiftedLeast = -200_000_000_000_000_000
	shiftedMax   = 9_000_000_000_000_000_000
)

// shift is the sum (sign 1) or difference (-1) of a timestamp and an interval. A constant interval that is a fixed number of
// microseconds, the usual case, makes it an addition; general does the rest.
func shift(sign int64, general func(x *row) (int64, error)) expr.EvalFunc {
	slow := toInt(general)
	return func(ctx *expr.Context, args expr.Args, out *delta.Vec, errs *expr.Errors) {
		if !args.Const[1] || args.Const[0] || args.Sel != nil {
			slow(ctx, args, out, errs)
			return
		}
		iv := types.DecodeInterval(args.V[1].Bytes(0))
		if iv.Months != 0 || iv.Days != 0 || iv.Micros > shiftMax || iv.Micros < -shiftMax {
			slow(ctx, args, out, errs)
			return
		}
		dst, by := expr.GrowInts(out, args.N), sign*iv.Micros
		var x *row
		for r, v := range args.V[0].Ints[:args.N] {
			sum := v + by
			if sum < shiftedLeast || sum > shiftedMax {
				if x == nil {
					x = newRow(ctx, &args, out.Type)
				}
				x.r = r
				var err error
				if sum, err = general(x); err != nil {
					errs.Add(r, err)
				}
			}
			dst[r] = sum
		}
	}
}

// encoded appends an interval unless there is an error.
func encoded(dst []byte) func(iv types.IntervalValue, err error) ([]byte, error) {
	return func(iv types.IntervalValue, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		return iv.Encode(dst), nil
	}
}

func subtractInterval(x *row, i int, add func(types.IntervalValue) (int64, error)) (int64, error) {
	iv, err := x.interval(i).Neg()
	if err != nil {
		return 0, err
	}
	return add(iv)
}

func dateAndTime(days, clock int64) (int64, error) {
	ts, err := types.TimestampFromDate(days)
	if err != nil || !types.TimestampIsFinite(ts) {
		return ts, err
	}
	return types.TimestampAddInterval(ts, types.IntervalFromTime(clock))
}

func datetimeFunctions() []*expr.Function {
	fn := func(name string, ret types.T, kernel expr.EvalFunc, args ...types.T) *expr.Function {
		return &expr.Function{Name: name, Args: args, Ret: ret, Eval: kernel}
	}
	zoned := func(f *expr.Function) *expr.Function { return stable(f, expr.UsesSettings) }
	list := []*expr.Function{
		fn("date_trunc", tTimestamp, toInt(func(x *row) (int64, error) { return types.DateTrunc(fieldOf(x), x.int(1)) }), tText, tTimestamp),
		zoned(fn("date_trunc", tTimestampTZ, toInt(func(x *row) (int64, error) {
			return types.DateTruncTZ(fieldOf(x), x.int(1), x.ctx.Env.TimeZone)
		}), tText, tTimestampTZ)),
		fn("date_trunc", tTimestampTZ, toInt(dateTruncZone), tText, tTimestampTZ, tText),
		fn("date_trunc", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return encoded(dst)(types.DateTruncInterval(fieldOf(x), x.interval(1)))
		}), tText, tInterval),
		fn("date_bin", tTimestamp, toInt(dateBin), tInterval, tTimestamp, tTimestamp),
		fn("date_bin", tTimestampTZ, toInt(dateBin), tInterval, tTimestampTZ, tTimestampTZ),

		fn("age", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return age(dst, x.int(0), x.int(1), nil) }), tTimestamp, tTimestamp),
		zoned(fn("age", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return age(dst, x.int(0), x.int(1), x.ctx.Env.TimeZone)
		}), tTimestampTZ, tTimestampTZ)),
		stable(fn("age", tInterval, toBytes(ageToday), tTimestamp), expr.UsesNow|expr.UsesSettings),
		stable(fn("age", tInterval, toBytes(ageTodayTZ), tTimestampTZ), expr.UsesNow|expr.UsesSettings),
		fn("justify_days", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(types.JustifyDays(x.interval(0))) }), tInterval),
		fn("justify_hours", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) { return encoded(dst)(types.JustifyHours(x.interval(0))) }), tInterval),
		fn("justify_interval", tInterval, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return encoded(dst)(types.JustifyInterval(x.interval(0)))
		}), tInterval),
		fn("isfinite", tBool, toBool(func(x *row) (bool, error) { return types.DateIsFinite(x.int(0)), nil }), tDate),
		fn("isfinite", tBool, toBool(func(x *row) (bool, error) { return types.TimestampIsFinite(x.int(0)), nil }), tTimestamp),
		fn("isfinite", tBool, toBool(func(x *row) (bool, error) { return types.TimestampIsFinite(x.int(0)), nil }), tTimestampTZ),
		fn("isfinite", tBool, toBool(func(*row) (bool, error) { return true, nil }), tInterval),

		fn("make_date", tDate, toInt(func(x *row) (int64, error) { return types.MakeDate(x.int(0), x.int(1), x.int(2)) }), tInt4, tInt4, tInt4),
		fn("make_time", tTime, toInt(func(x *row) (int64, error) { return types.MakeTime(x.int(0), x.int(1), seconds(x, 2)) }), tInt4, tInt4, tFloat8),
		fn("make_timestamp", tTimestamp, toInt(makeTimestamp), tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8),
		zoned(fn("make_timestamptz", tTimestampTZ, toInt(makeTimestampTZ), tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8)),
		fn("make_timestamptz", tTimestampTZ, toInt(makeTimestampTZ), tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8, tText),
		makeIntervalEntry(),

		fn("to_timestamp", tTimestampTZ, toInt(func(x *row) (int64, error) { return types.TimestampFromUnix(x.float(0)) }), tFloat8),
		zoned(fn("to_timestamp", tTimestampTZ, toInt(func(x *row) (int64, error) {
			return dateFormatOf(x, 1).ParseTimestampTZ(x.str(0), x.ctx.Env)
		}), tText, tText)),
		zoned(fn("to_date", tDate, toInt(func(x *row) (int64, error) { return dateFormatOf(x, 1).ParseDate(x.str(0)) }), tText, tText)),
		zoned(fn("to_char", tText, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return formatted(dateFormatOf(x, 1).AppendTimestamp(dst, x.int(0)))
		}), tTimestamp, tText)),
		zoned(fn("to_char", tText, toBytes(func(x *row, dst []byte) ([]byte, error) {
			return formatted(dateFormatOf(x, 1).AppendTimestampTZ(dst, x.int(0), x.ctx.Env.TimeZone))
		}), tTimestampTZ, tText)),
		zoned(fn("to_char", tText, toBytes(intervalToChar), tInterval, tText)),

		fn("timezone", tTimestampTZ, toInt(inZone(types.TimestampToTZ)), tText, tTimestamp),
		fn("timezone", tTimestamp, toInt(inZone(types.TimestampFromTZ)), tText, tTimestampTZ),
		fn("timezone", tTimestampTZ, toInt(inFixedZone(types.TimestampToTZ)), tInterval, tTimestamp),
		fn("timezone", tTimestamp, toInt(inFixedZone(types.TimestampFromTZ)), tInterval, tTimestampTZ),
	}
	list = append(list, extractFunctions()...)
	list = append(list, overlapsFunctions()...)
	return append(list, clockFunctions()...)
}

// fieldOf reads the field name in argument 0.
func fieldOf(x *row) types.Field {
	f, _ := remember(x, x.bytes(0), func(key string) (types.Field, error) { return types.ParseField(key), nil })
	return f
}

func dateFormatOf(x *row, i int) *types.DateFormat {
	f, _ := remember(x, x.bytes(i), func(key string) (*types.DateFormat, error) { return types.CompileDateFormat(key), nil })
	return f
}

func formatted(dst []byte, ok bool) ([]byte, error) {
	if !ok {
		return nil, errNull
	}
	return dst, nil
}

func intervalToChar(x *row, dst []byte) ([]byte, error) {
	dst, ok, err := dateFormatOf(x, 1).AppendInterval(dst, x.interval(0))
	if err != nil {
		return nil, err
	}
	return formatted(dst, ok)
}

// dateTruncZone truncates in the zone of argument 2, which shares the call site's memory with the field.
func dateTruncZone(x *row) (int64, error) {
	if v := x.int(1); !types.TimestampIsFinite(v) {
		return v, nil
	}
	type fieldAndZone struct {
		field types.Field
		loc   *time.Location
	}
	key := append(append(append(make([]byte, 0, 64), x.bytes(0)...), 0), x.bytes(2)...)
	fz, err := remember(x, key, func(key string) (fieldAndZone, error) {
		loc, err := types.LookupZone(x.str(2))
		return fieldAndZone{types.ParseField(x.str(0)), loc}, err
	})
	if err != nil {
		return 0, err
	}
	return types.DateTruncTZ(fz.field, x.int(1), fz.loc)
}

func dateBin(x *row) (int64, error) { return types.DateBin(x.interval(0), x.int(1), x.int(2)) }

// today gives the midnight that starts the current day in the session's zone, as a local time.
func today(x *row) (int64, error) {
	local, err := types.TimestampFromTZ(x.ctx.Env.Now, x.ctx.Env.TimeZone)
	if err != nil {
		return 0, err
	}
	return types.TimestampFromDate(types.DateFromTimestamp(local))
}

func ageToday(x *row, dst []byte) ([]byte, error) {
	midnight, err := today(x)
	if err != nil {
		return nil, err
	}
	return age(dst, midnight, x.int(0), nil)
}

func ageTodayTZ(x *row, dst []byte) ([]byte, error) {
	midnight, err := today(x)
	if err != nil {
		return nil, err
	}
	instant, err := types.TimestampToTZ(midnight, x.ctx.Env.TimeZone)
	if err != nil {
		return nil, err
	}
	return age(dst, instant, x.int(0), x.ctx.Env.TimeZone)
}

// seconds reads an argument of seconds; a negative number that rounds to no microsecond is none.
func seconds(x *row, i int) float64 {
	v := x.float(i)
	if v < 0 && v >= -0.5e-6 {
		return 0
	}
	return v
}

func makeTimestamp(x *row) (int64, error) {
	return types.MakeTimestamp(x.int(0), x.int(1), x.int(2), x.int(3), x.int(4), seconds(x, 5))
}

func makeTimestampTZ(x *row) (int64, error) {
	ts, err := makeTimestamp(x)
	if err != nil {
		return 0, err
	}
	loc := x.ctx.Env.TimeZone
	if x.len() == 7 {
		if zone := x.bytes(6); len(zone) > 0 && isDigit(zone[0]) {
			return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid input syntax for type numeric time zone: \"%s\"", zone).
				WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
		}
		if loc, err = zoneOf(x, 6); err != nil {
			return 0, err
		}
	}
	return types.TimestampToTZ(ts, loc)
}

func zoneOf(x *row, i int) (*time.Location, error) {
	return remember(x, x.bytes(i), types.LookupZone)
}

// age is age() of two local times, or, with a zone, of two instants. They must be finite.
func age(dst []byte, a, b int64, loc *time.Location) ([]byte, error) {
	switch {
	case !types.TimestampIsFinite(a) || !types.TimestampIsFinite(b):
		return nil, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
	case loc == nil:
		return encoded(dst)(types.Age(a, b))
	}
	return encoded(dst)(types.AgeTZ(a, b, loc))
}

// inZone makes AT TIME ZONE of a conversion between local time and instant; the zone comes first.
func inZone(convert func(int64, *time.Location) (int64, error)) func(x *row) (int64, error) {
	return func(x *row) (int64, error) {
		if v := x.int(1); !types.TimestampIsFinite(v) {
			return v, nil // whatever the zone, even if there is none of that name
		}
		loc, err := zoneOf(x, 0)
		if err != nil {
			return 0, err
		}
		return convert(x.int(1), loc)
	}
}

// inFixedZone is the same for a zone given as its distance from UTC.
func inFixedZone(convert func(int64, *time.Location) (int64, error)) func(x *row) (int64, error) {
	return func(x *row) (int64, error) {
		if v := x.int(1); !types.TimestampIsFinite(v) {
			return v, nil
		}
		iv := x.interval(0)
		if iv.Months != 0 || iv.Days != 0 {
			text := types.AppendInterval(nil, iv, x.ctx.Env)
			return 0, pgerr.New(pgerr.InvalidParameterValue, "interval time zone \"%s\" must not include months or days", text)
		}
		loc, _ := remember(x, x.bytes(0), func(string) (*time.Location, error) {
			return time.FixedZone("", int(iv.Micros/types.MicrosPerSecond)), nil
		})
		return convert(x.int(1), loc)
	}
}

// makeIntervalEntry is make_interval, whose arguments are usually named.
func makeIntervalEntry() *expr.Function {
	zero := &expr.Const{T: tInt4}
	return &expr.Function{
		Name: "make_interval", Args: with(tInt4, tInt4, tInt4, tInt4, tInt4, tInt4, tFloat8), Ret: tInterval,
		ArgNames: []string{"years", "months", "weeks", "days", "hours", "mins", "secs"},
		Defaults: []*expr.Const{zero, zero, zero, zero, zero, zero, {T: tFloat8}},
		Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			part := func(i int) int32 { return int32(x.int(i)) }
			return encoded(dst)(types.MakeInterval(part(0), part(1), part(2), part(3), part(4), part(5), x.float(6)))
		}),
	}
}

// extractFunctions are extract, with a numeric result, and date_part, with a double.
func extractFunctions() []*expr.Function {
	var list []*expr.Function
	for _, e := range []struct {
		arg     types.T
		extract func(x *row) (types.Extracted, error)
		zoned   bool
	}{
		{tDate, func(x *row) (types.Extracted, error) { return types.ExtractDate(fieldOf(x), x.int(1)) }, false},
		{tTime, func(x *row) (types.Extracted, error) { return types.ExtractTime(fieldOf(x), x.int(1)) }, false},
		{tTimestamp, func(x *row) (types.Extracted, error) { return types.ExtractTimestamp(fieldOf(x), x.int(1)) }, false},
		{tTimestampTZ, func(x *row) (types.Extracted, error) {
			return types.ExtractTimestampTZ(fieldOf(x), x.int(1), x.ctx.Env.TimeZone)
		}, true},
		{tInterval, func(x *row) (types.Extracted, error) { return types.ExtractInterval(fieldOf(x), x.interval(1)) }, false},
	} {
		part := e.extract
		if e.arg == tDate {
			// date_part of a date is that of its midnight, so that it knows hours, which extract refuses.
			part = func(x *row) (types.Extracted, error) {
				ts, err := types.TimestampFromDate(x.int(1))
				if err != nil {
					return types.Extracted{}, err
				}
				return types.ExtractTimestamp(fieldOf(x), ts)
			}
		}
		extract := &expr.Function{Name: "extract", Args: with(tText, e.arg), Ret: tNumeric, Eval: toBytes(extractNumeric(e.extract))}
		datePart := &expr.Function{Name: "date_part", Args: with(tText, e.arg), Ret: tFloat8, Eval: toFloat(extractFloat(part))}
		if e.zoned {
			stable(extract, expr.UsesSettings)
			stable(datePart, expr.UsesSettings)
		}
		list = append(list, extract, datePart)
	}
	return list
}

func extractNumeric(f func(x *row) (types.Extracted, error)) func(x *row, dst []byte) ([]byte, error) {
	return func(x *row, dst []byte) ([]byte, error) {
		e, err := f(x)
		switch {
		case err != nil:
			return nil, err
		case e.Null:
			return nil, errNull
		}
		return e.AppendNumeric(dst), nil
	}
}

func extractFloat(f func(x *row) (types.Extracted, error)) func(x *row) (float64, error) {
	return func(x *row) (float64, error) {
		e, err := f(x)
		switch {
		case err != nil:
			return 0, err
		case e.Null:
			return 0, errNull
		}
		return e.Float(), nil
	}
}
