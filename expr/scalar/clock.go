package scalar

import (
	"time"

	"millrace/expr"
	"millrace/types"
)

// clockFunctions read the statement's time, which the context carries: the same for all rows. The SQL keywords
// CURRENT_DATE, CURRENT_TIMESTAMP, LOCALTIME and LOCALTIMESTAMP are here by these names, with the precision as an
// argument.
func clockFunctions() []*expr.Function {
	now := func(name string, ret types.T, uses expr.Uses, f func(x *row) (int64, error), args ...types.T) *expr.Function {
		return stable(&expr.Function{Name: name, Args: args, Ret: ret, Eval: toInt(f)}, expr.UsesNow|uses)
	}
	instant := func(x *row) (int64, error) { return withPrecision(x, types.TimestampTZ, x.ctx.Env.Now), nil }
	list := []*expr.Function{
		now("now", tTimestampTZ, 0, instant),
		now("transaction_timestamp", tTimestampTZ, 0, instant),
		now("statement_timestamp", tTimestampTZ, 0, instant),
		now("clock_timestamp", tTimestampTZ, 0, instant),
		now("current_timestamp", tTimestampTZ, 0, instant),
		now("current_timestamp", tTimestampTZ, 0, instant, tInt4),
		now("localtimestamp", tTimestamp, expr.UsesSettings, localTimestamp),
		now("localtimestamp", tTimestamp, expr.UsesSettings, localTimestamp, tInt4),
		now("localtime", tTime, expr.UsesSettings, localTime),
		now("localtime", tTime, expr.UsesSettings, localTime, tInt4),
		now("current_date", tDate, expr.UsesSettings, func(x *row) (int64, error) {
			local, err := localTimestamp(x)
			return types.DateFromTimestamp(local), err
		}),
		{Name: "timeofday", Ret: tText, Volatility: expr.Volatile, Uses: expr.UsesNow | expr.UsesSettings, Eval: toBytes(timeOfDay)},
	}
	return list
}

// timeOfDay is the time as text, in a form of its own; it is the statement's, as clock_timestamp's is.
func timeOfDay(x *row, dst []byte) ([]byte, error) {
	const unixEpoch = 946684800 // 2000-01-01 in seconds of Unix time
	t := time.UnixMicro(unixEpoch*1e6 + x.ctx.Env.Now).In(x.ctx.Env.TimeZone)
	return t.AppendFormat(dst, "Mon Jan 02 15:04:05.000000 2006 MST"), nil
}

// withPrecision rounds to the number of fractional digits in argument 0, where there is one.
func withPrecision(x *row, k types.Kind, v int64) int64 {
	if x.len() == 0 {
		return v
	}
	return types.ApplyTimeMod(k, v, int32(min(max(x.int(0), 0), types.TimePrecisionMax)))
}

func localTimestamp(x *row) (int64, error) {
	local, err := types.TimestampFromTZ(x.ctx.Env.Now, x.ctx.Env.TimeZone)
	return withPrecision(x, types.Timestamp, local), err
}

func localTime(x *row) (int64, error) {
	t, ok := types.TimeFromTimestampTZ(x.ctx.Env.Now, x.ctx.Env.TimeZone)
	if !ok {
		return 0, errNull
	}
	return withPrecision(x, types.Time, t), nil
}
