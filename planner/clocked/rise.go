package clocked

import (
	"slices"
	"strings"

	"millrace/expr"
	"millrace/types"
)

// Reads reports whether an expression depends on the current time.
func Reads(e expr.Expr) bool { return e != nil && expr.UsesOf(e)&expr.UsesNow != 0 }

// isNow reports whether e is the current time itself. The functions are those that stand for the time of the transaction or the
// statement, which in a view are the time of the epoch.
func isNow(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	return ok && len(c.Args) == 0 && slices.Contains([]string{"now", "transaction_timestamp", "statement_timestamp", "current_timestamp"}, c.Func.Name)
}

// Replace puts a column in the place of the current time.
func Replace(e expr.Expr, column *expr.Column) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if isNow(x) {
			return column
		}
		return x
	})
}

// rise says how an expression's value changes as time goes on.
type rise struct {
	up bool // it never falls; otherwise it never rises
	// instant: it is the current time itself. days: it is the midnight of some day.
	instant, days bool
	// monthly: what is said holds within each day of UTC only, and between times on days before the 29th.
	monthly bool
}

// rises finds out how an expression that reads the time changes with it; ok is false where it may go either way.
func rises(e expr.Expr) (r rise, ok bool) {
	if isNow(e) {
		return rise{up: true, instant: true}, true
	}
	switch e := e.(type) {
	case *expr.Cast:
		return castRises(e)
	case *expr.Call:
		return callRises(e)
	}
	return rise{}, false
}

func castRises(e *expr.Cast) (r rise, ok bool) {
	if r, ok = rises(e.Arg); !ok {
		return r, false
	}
	from, to := e.Arg.Type(), e.To
	switch {
	case isTime(from) && to.Is(types.Date):
		r.days = true
	case isTime(from) && isTime(to):
		r.instant = r.instant && to.Mod < 0
		return r, true
	case isNumber(from) && isNumber(to):
	default:
		return rise{}, false
	}
	r.instant = false
	return r, true
}

// isTime reports whether a type is that of points in time.
func isTime(t types.T) bool {
	return t.Is(types.TimestampTZ) || t.Is(types.Timestamp) || t.Is(types.Date)
}

func isNumber(t types.T) bool {
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8:
		return true
	}
	return false
}

func callRises(e *expr.Call) (rise, bool) {
	switch name := e.Func.Name; {
	case e.Func.Operator && name == "+" && len(e.Args) == 2:
		if Reads(e.Args[0]) {
			return sumRises(e.Args[0], e.Args[1])
		}
		return sumRises(e.Args[1], e.Args[0])
	case e.Func.Operator && name == "-" && len(e.Args) == 2 && Reads(e.Args[0]):
		return sumRises(e.Args[0], e.Args[1])
	case e.Func.Operator && name == "-" && len(e.Args) == 2:
		// A time less the current one, and a number less one that rises.
		r, ok := rises(e.Args[1])
		r.up, r.instant, r.days = !r.up, false, false
		return r, ok && !e.Args[1].Type().Is(types.Interval)
	case name == "date_trunc" && len(e.Args) == 2 && !Reads(e.Args[0]):
		return truncRises(e)
	case name == "date_bin" && !Reads(e.Args[0]) && !Reads(e.Args[2]):
		r, ok := rises(e.Args[1])
		r.instant, r.days = false, false
		return r, ok
	case name == "timezone" && len(e.Args) == 2 && isUTC(e.Args[0]):
		return rises(e.Args[1])
	case (name == "extract" || name == "date_part") && len(e.Args) == 2 && isText(e.Args[0], "epoch"):
		r, ok := rises(e.Args[1])
		r.instant, r.days = false, false
		return r, ok
	case (name == "floor" || name == "ceil" || name == "ceiling") && len(e.Args) == 1:
		return rises(e.Args[0])
	}
	return rise{}, false
}

// sumRises is for m + x and m - x, where only m reads the time.
func sumRises(m, x expr.Expr) (rise, bool) {
	r, ok := rises(m)
	if !ok || Reads(x) || m.Type().Is(types.Interval) && isTime(x.Type()) {
		return rise{}, false
	}
	was := r
	r.instant = false
	if !x.Type().Is(types.Interval) {
		// Days to a date, a time of the day to a date, a time from a time, a number to a number.
		r.days = was.days && m.Type().Is(types.Date) && isNumber(x.Type())
		return r, true
	}
	if !isTime(m.Type()) {
		return r, true // an interval, which compares by its length
	}
	iv, known := interval(x)
	r.days = was.days && known && iv.Micros == 0
	switch {
	case known && iv.Months == 0, was.days:
		return r, true
	case was.instant:
		r.monthly = true
		return r, true
	}
	return rise{}, false
}

// interval reads a constant interval.
func interval(e expr.Expr) (iv types.IntervalValue, ok bool) {
	c, ok := e.(*expr.Const)
	if !ok || c.Value.Null || !c.T.Is(types.Interval) {
		return iv, false
	}
	return types.DecodeInterval(c.Value.B), true
}

func truncRises(e *expr.Call) (rise, bool) {
	r, ok := rises(e.Args[1])
	if !ok || e.Args[1].Type().Is(types.Interval) {
		return rise{}, false
	}
	r.instant = false
	unit := text(e.Args[0])
	r.days = r.days || slices.Contains([]string{"day", "week", "month", "quarter", "year", "decade", "century", "millennium"}, unit)
	return r, true
}

// text is a constant text in lower case, or empty.
func text(e expr.Expr) string {
	if c, ok := e.(*expr.Const); ok && !c.Value.Null && c.T.Is(types.Text) {
		return strings.ToLower(string(c.Value.B))
	}
	return ""
}

func isText(e expr.Expr, s string) bool { return text(e) == s }

func isUTC(e expr.Expr) bool {
	return slices.Contains([]string{"utc", "gmt", "etc/utc", "etc/gmt", "z", "zulu"}, text(e))
}

// Steady reports whether an expression depends on the current time and on nothing else, and has a value at every time
// of some centuries: it rises or falls, and has one at both ends. Then it counts as one that cannot fail.
func Steady(e expr.Expr) bool {
	if !Reads(e) || len(expr.Columns(e)) > 0 {
		return false
	}
	if _, ok := rises(e); !ok {
		return false
	}
	const from, to = 0, 400 * 366 * 86_400_000_000 // 2000 to about 2400
	for _, now := range []int64{from, to} {
		env := *types.DefaultEnv
		env.Now = now
		if _, err := expr.EvalConst(&expr.Context{Env: &env}, e); err != nil {
			return false
		}
	}
	return true
}
