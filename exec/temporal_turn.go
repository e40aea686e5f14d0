package exec

import (
	"math"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

// noTurn stands for a condition that does not change any more.
const noTurn = math.MaxInt64

// horizon is the last time up to which turns are searched: the year 10000. Beyond it the time stands still.
const horizon = 8000 * 3652425 * (types.MicrosPerDay / 10000)

// turnSearch finds the next turns of rows, with scratch memory from one batch to the next.
type turnSearch struct {
	found  []int64
	base   []byte // the outcome before
	probe  []byte
	lo, hi []int64
	errs   expr.Errors
}

// next gives for each row the first time after now at which one of the conditions may change, or noTurn. The last column of
// in is the time, now. It is valid until the next call.
func (s *turnSearch) next(t *temporal, in *delta.Batch, now int64) []int64 {
	s.found = s.found[:0]
	for range in.N {
		s.found = append(s.found, noTurn)
	}
	for i := range t.turns {
		c := &t.turns[i]
		switch {
		case c.at != nil:
			s.direct(t, c, in, now)
		case now >= horizon:
		case c.monthly:
			s.monthly(t, c, in, now)
		default:
			s.base = s.outcomes(t, c, in, s.base)
			s.start(in.N, now, horizon)
			s.bisect(t, c, in, nil, func(int) bool { return true })
		}
	}
	return s.found
}

// direct takes turns that an expression gives.
func (s *turnSearch) direct(t *temporal, c *turn, in *delta.Batch, now int64) {
	s.errs.List = s.errs.List[:0]
	v := c.at.Eval(&t.ctx, in, &s.errs) // where it fails, so does the condition, at any time
	for i := range in.N {
		if v.IsNull(i) || !types.TimestampIsFinite(v.Ints[i]) {
			continue
		}
		when := v.Ints[i] + c.shift
		if (when > v.Ints[i]) != (c.shift > 0) && c.shift != 0 {
			continue // beyond all time
		}
		if when > now {
			s.found[i] = min(s.found[i], when)
		}
	}
}

// The outcomes of a condition.
const (
	isFalse byte = iota
	isTrue
	isNull
	isFailure
)

// outcomes evaluates a condition for each row at the time in the last column.
func (s *turnSearch) outcomes(t *temporal, c *turn, in *delta.Batch, to []byte) []byte {
	s.errs.List = s.errs.List[:0]
	v := c.cond.Eval(&t.ctx, in, &s.errs)
	to = to[:0]
	for i := range in.N {
		switch {
		case v.IsNull(i):
			to = append(to, isNull)
		case v.Bools[i]:
			to = append(to, isTrue)
		default:
			to = append(to, isFalse)
		}
	}
	for _, e := range s.errs.List {
		to[e.Row] = isFailure
	}
	return to
}

// at evaluates a condition at one time for all rows.
func (s *turnSearch) at(t *temporal, c *turn, in *delta.Batch, when int64, to []byte) []byte {
	return s.outcomes(t, c, retime(in, constantTime(when, in.N)), to)
}

// retime gives a batch with other times in its last column.
func retime(in *delta.Batch, at []int64) *delta.Batch {
	cols := append([]*delta.Vec(nil), in.Cols...)
	cols[len(cols)-1] = &delta.Vec{Type: cols[len(cols)-1].Type, Ints: at}
	return &delta.Batch{Cols: cols, N: in.N}
}

// start sets the bounds of a search: the turn is after lo and not after hi.
func (s *turnSearch) start(n int, lo, hi int64) {
	s.lo, s.hi = s.lo[:0], s.hi[:0]
	for range n {
		s.lo, s.hi = append(s.lo, lo), append(s.hi, hi)
	}
}

// bisect finds for the wanted rows the first time in (lo, hi] at which the outcome is not the base. It is the base at lo; where
// it is at hi, too, there is no turn. The outcome is taken at shift(time), which rises; nil is the time itself.
func (s *turnSearch) bisect(t *temporal, c *turn, in *delta.Batch, shift func(int64) int64, wanted func(i int) bool) {
	at := make([]int64, in.N)
	evaluate := func(when func(i int) int64) {
		for i := range at {
			if at[i] = when(i); shift != nil {
				at[i] = shift(at[i])
			}
		}
		s.probe = s.outcomes(t, c, retime(in, at), s.probe)
	}
	evaluate(func(i int) int64 { return s.hi[i] })
	open := 0
	for i := range in.N {
		if s.probe[i] == s.base[i] || !wanted(i) {
			s.lo[i] = noTurn // closed
			continue
		}
		open++
	}
	middle := func(i int) int64 {
		if s.lo[i] == noTurn {
			return s.hi[i]
		}
		return s.lo[i] + (s.hi[i]-s.lo[i])/2
	}
	for open > 0 {
		evaluate(middle)
		for i := range in.N {
			if s.lo[i] == noTurn {
				continue
			}
			if mid := middle(i); mid == s.lo[i] {
				s.found[i] = min(s.found[i], s.hi[i])
				s.lo[i] = noTurn
				open--
			} else if s.probe[i] == s.base[i] {
				s.lo[i] = mid
			} else {
				s.hi[i] = mid
			}
		}
	}
}

// monthly searches turns of a condition that has the time plus or minus months in it. Between the first and the 28th of a month that
// rises; from the 29th on it may begin again at a day's midnight, since 30 and 31 January plus a month are both 28 February. What it
// comes to in these days lies between what it is at the beginning of the 28th and at that of the next month, which rise from month to
// month. So it is enough to look at the latter, and within the days at the end of a month at each day.
func (s *turnSearch) monthly(t *temporal, c *turn, in *delta.Batch, now int64) {
	s.base = s.outcomes(t, c, in, s.base)
	from, near := now, []bool(nil)
	if first, end, in28 := monthEnd(now); in28 {
		a := s.at(t, c, in, first, nil)
		b := s.at(t, c, in, end, nil)
		midnight := (now/types.MicrosPerDay + 1) * types.MicrosPerDay
		if now < 0 {
			midnight = -((-now - 1) / types.MicrosPerDay) * types.MicrosPerDay
		}
		near = make([]bool, in.N)
		some := false
		for i := range near {
			near[i] = a[i] != s.base[i] || b[i] != s.base[i]
			some = some || near[i]
		}
		if some {
			s.start(in.N, now, midnight-1)
			if midnight-1 > now {
				s.bisect(t, c, in, nil, func(i int) bool { return near[i] })
			}
			for i := range near {
				if near[i] {
					s.found[i] = min(s.found[i], midnight) // look again then
				}
			}
		}
		from = end
	}
	s.start(in.N, from, horizon)
	s.bisect(t, c, in, func(when int64) int64 {
		if _, end, in28 := monthEnd(when); in28 {
			return end
		}
		return when
	}, func(i int) bool { return near == nil || !near[i] })
}

// monthEnd gives the beginnings of the 28th and of the next month, for a time on the 28th of a month or later.
func monthEnd(when int64) (first, end int64, in28 bool) {
	day := when / types.MicrosPerDay
	if when%types.MicrosPerDay < 0 {
		day--
	}
	y, m, d := types.CivilFromDays(day)
	if d < 28 {
		return 0, 0, false
	}
	first = (day - int64(d-28)) * types.MicrosPerDay
	if m++; m > 12 {
		y, m = y+1, 1
	}
	return first, types.DaysFromCivil(y, m, 1) * types.MicrosPerDay, true
}
