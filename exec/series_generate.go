package exec

import (
	"time"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// newGenerateSeries makes generate_series for the type of its bounds.
func newGenerateSeries(f *physical.SetFunc, ctx *expr.Context) (rowSource, []expr.Expr, error) {
	switch f.Args[0].Type().Kind {
	case types.Int2, types.Int4, types.Int8:
		return &intSeries{}, f.Args, nil
	case types.Numeric:
		return &numericSeries{}, f.Args, nil
	case types.Timestamp:
		return &timeSeries{add: types.TimestampAddInterval}, f.Args, nil
	case types.TimestampTZ:
		loc := time.UTC
		if ctx != nil && ctx.Env != nil {
			loc = ctx.Env.TimeZone
		}
		return &timeSeries{add: func(ts int64, iv types.IntervalValue) (int64, error) {
			return types.TimestampTZAddInterval(ts, iv, loc)
		}}, f.Args, nil
	}
	return nil, nil, pgerr.Unsupported("generate_series over " + f.Args[0].Type().String())
}

func anyNull(args []types.Datum) bool {
	for _, a := range args {
		if a.Null {
			return true
		}
	}
	return false
}

func errStepZero() error {
	return pgerr.New(pgerr.InvalidParameterValue, "step size cannot equal zero")
}

// intSeries is generate_series over integers. A series ends where the next value would be out of range.
type intSeries struct {
	at, stop, step int64
	done           bool
}

func (s *intSeries) start(args []types.Datum) error {
	if s.done = anyNull(args); s.done {
		return nil
	}
	s.at, s.stop, s.step = args[0].I, args[1].I, 1
	if len(args) > 2 {
		s.step = args[2].I
	}
	if s.step == 0 {
		return errStepZero()
	}
	return nil
}

func (s *intSeries) next(out []*delta.Vec) (bool, error) {
	if s.done || s.step > 0 && s.at > s.stop || s.step < 0 && s.at < s.stop {
		return false, nil
	}
	out[0].Append(types.NewInt(s.at))
	next := s.at + s.step
	s.done = (next > s.at) != (s.step > 0)
	s.at = next
	return true, nil
}

// numericSeries is generate_series over numerics.
type numericSeries struct {
	at, stop, step []byte
	sign           int // of the step
	done           bool
}

func (s *numericSeries) start(args []types.Datum) error {
	if s.done = anyNull(args); s.done {
		return nil
	}
	s.at, s.stop, s.step = append(s.at[:0], args[0].B...), args[1].B, types.NumericFromInt(nil, 1)
	if len(args) > 2 {
		s.step = args[2].B
	}
	for _, a := range []struct {
		v    []byte
		name string
	}{{s.at, "start value"}, {s.stop, "stop value"}, {s.step, "step size"}} {
		if types.NumericIsNaN(a.v) {
			return pgerr.New(pgerr.InvalidParameterValue, "%s cannot be NaN", a.name)
		}
		if types.NumericIsInf(a.v) != 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "%s cannot be infinity", a.name)
		}
	}
	if s.sign = types.NumericSign(s.step); s.sign == 0 {
		return errStepZero()
	}
	return nil
}

func (s *numericSeries) next(out []*delta.Vec) (bool, error) {
	if s.done || types.NumericCmp(s.at, s.stop)*s.sign > 0 {
		return false, nil
	}
	next, err := types.NumericAdd(nil, s.at, s.step)
	out[0].AppendBytes(s.at)
	s.at, s.done = next, err != nil // the range of numeric ends the series, as it does for integers
	return true, nil
}

// timeSeries is generate_series over timestamps, whose steps are intervals: months and days are added by the calendar.
type timeSeries struct {
	add      func(int64, types.IntervalValue) (int64, error)
	at, stop int64
	step     types.IntervalValue
	sign     int
	done     bool
	err      error // what the next value failed with
}

func (s *timeSeries) start(args []types.Datum) error {
	s.err = nil
	if s.done = anyNull(args); s.done {
		return nil
	}
	s.at, s.stop, s.step = args[0].I, args[1].I, types.DecodeInterval(args[2].B)
	if s.sign = s.step.Compare(types.IntervalValue{}); s.sign == 0 {
		return errStepZero()
	}
	return nil
}

func (s *timeSeries) next(out []*delta.Vec) (bool, error) {
	if s.err != nil {
		return false, s.err
	}
	if s.done || s.sign > 0 && s.at > s.stop || s.sign < 0 && s.at < s.stop {
		return false, nil
	}
	out[0].Append(types.NewInt(s.at))
	if !types.TimestampIsFinite(s.at) {
		s.done = true // an infinity stays where it is
		return true, nil
	}
	s.at, s.err = s.add(s.at, s.step)
	return true, nil
}
