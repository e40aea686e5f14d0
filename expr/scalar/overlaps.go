package scalar

import (
	"millrace/expr"
	"millrace/types"
)

// overlapsFunctions are (a, b) OVERLAPS (c, d), where b and d may be lengths instead of ends.
func overlapsFunctions() []*expr.Function {
	addTimestamp := func(_ *expr.Context, v int64, iv types.IntervalValue) (int64, error) {
		return types.TimestampAddInterval(v, iv)
	}
	addTimestampTZ := func(ctx *expr.Context, v int64, iv types.IntervalValue) (int64, error) {
		return types.TimestampTZAddInterval(v, iv, ctx.Env.TimeZone)
	}
	addTime := func(_ *expr.Context, v int64, iv types.IntervalValue) (int64, error) {
		return types.TimeAddInterval(v, iv), nil
	}
	var list []*expr.Function
	for _, t := range []struct {
		typ types.T
		add func(ctx *expr.Context, v int64, iv types.IntervalValue) (int64, error)
	}{{tTimestamp, addTimestamp}, {tTimestampTZ, addTimestampTZ}, {tTime, addTime}} {
		for _, ends := range [][2]types.T{{t.typ, t.typ}, {t.typ, tInterval}, {tInterval, t.typ}, {tInterval, tInterval}} {
			f := &expr.Function{
				Name: "overlaps", Args: with(t.typ, ends[0], t.typ, ends[1]), Ret: tBool, NullCall: true,
				Eval: toBool(func(x *row) (bool, error) { return overlaps(x, t.add) }),
			}
			if t.typ == tTimestampTZ && (ends[0] == tInterval || ends[1] == tInterval) {
				stable(f, expr.UsesSettings)
			}
			list = append(list, f)
		}
	}
	return list
}

// point is a bound of a period, which may be NULL.
type point struct {
	v    int64
	null bool
}

// overlaps follows the SQL standard where bounds are NULL: a period of which one bound is known starts there.
func overlaps(x *row, add func(ctx *expr.Context, v int64, iv types.IntervalValue) (int64, error)) (bool, error) {
	var bounds [4]point
	for i := 0; i < 4; i += 2 {
		bounds[i] = point{null: x.null(i)}
		if !bounds[i].null {
			bounds[i].v = x.int(i)
		}
		bounds[i+1] = point{null: x.null(i + 1)}
		switch {
		case bounds[i+1].null:
		case !x.typ(i + 1).Is(types.Interval):
			bounds[i+1].v = x.int(i + 1)
		case bounds[i].null:
			bounds[i+1].null = true
		default:
			end, err := add(x.ctx, bounds[i].v, x.interval(i+1))
			if err != nil {
				return false, err
			}
			bounds[i+1].v = end
		}
	}
	s1, e1, ok1 := ordered(bounds[0], bounds[1])
	s2, e2, ok2 := ordered(bounds[2], bounds[3])
	if !ok1 || !ok2 {
		return false, errNull
	}
	switch {
	case s1.v > s2.v:
		return s1.v < e2.v && !e2.null, nullUnless(!e2.null && s1.v < e2.v || !e1.null && !e2.null)
	case s1.v < s2.v:
		return s2.v < e1.v && !e1.null, nullUnless(!e1.null && s2.v < e1.v || !e1.null && !e2.null)
	}
	return true, nullUnless(!e1.null && !e2.null)
}

func nullUnless(known bool) error {
	if known {
		return nil
	}
	return errNull
}

// ordered puts the earlier bound first and a NULL last; ok is false where both are NULL.
func ordered(a, b point) (start, end point, ok bool) {
	switch {
	case a.null:
		return b, a, !b.null
	case b.null || a.v <= b.v:
		return a, b, true
	}
	return b, a, true
}
