package bind

import (
	"math"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// windowsPerRowMax bounds how many copies a window function makes of a row.
const windowsPerRowMax = 10_000

// windowSizes reads the size, slide or step, offset and time zone of a window function.
func (b *Binder) windowSizes(w *logical.Window, t *ast.WindowTable, s *scope) error {
	size, err := b.windowInterval(t.Size, t.Kind, "size", s)
	if err != nil {
		return err
	}
	slide, what := size, ""
	if t.Step != nil {
		if what = "slide"; w.Cumulate {
			what = "step"
		}
		if slide, err = b.windowInterval(t.Step, t.Kind, what, s); err != nil {
			return err
		}
	}
	if t.TimeZone != nil || size.Months != 0 || slide.Months != 0 {
		return b.calendarWindow(w, t, s, size, slide, what)
	}
	if w.Size, err = fixedMicros(size, t.Size); err != nil {
		return err
	}
	if w.Slide = w.Size; t.Step != nil {
		if w.Slide, err = fixedMicros(slide, t.Step); err != nil {
			return err
		}
		if w.Cumulate && (w.Slide > w.Size || w.Size%w.Slide != 0) {
			return notMultiple(t, what)
		}
		if n := (w.Size-1)/w.Slide + 1; n > windowsPerRowMax {
			return tooManyWindows(t, n)
		}
	}
	// Windows are counted from 1970, as in Flink and RisingWave, and repeat with the slide (of CUMULATE: with the size).
	w.Shift = types.UnixEpochMicros
	if t.Offset != nil {
		offset, err := b.fixedOffset(t, s)
		if err != nil {
			return err
		}
		period := w.Slide
		if w.Cumulate {
			period = w.Size
		}
		w.Shift += offset % period
	}
	return nil
}

// calendarWindow makes windows of the calendar: in a time zone, or of months and years.
//
// Days and months are those of the zone. Parts of a day are counted from its beginning, so that its last may be shorter or
// longer; they have to divide 24 hours.
func (b *Binder) calendarWindow(w *logical.Window, t *ast.WindowTable, s *scope, size, slide types.IntervalValue, what string) error {
	w.Calendar = &physical.Calendar{Size: size, Slide: slide}
	if t.TimeZone != nil {
		var err error
		if w.Calendar.Zone, err = b.windowZone(w, t, s); err != nil {
			return err
		}
	}
	if err := calendarSize(size, t.Size, t.Kind, "size"); err != nil {
		return err
	}
	if t.Step != nil {
		if err := calendarSize(slide, t.Step, t.Kind, what); err != nil {
			return err
		}
	}
	n := int64(1)
	const dayMost = 25 * 60 * 60 * 1_000_000
	switch {
	case t.Step == nil:
	case size.Micros > 0 || slide.Micros > 0 && !w.Cumulate:
		if w.Cumulate {
			return pgerr.Unsupported("CUMULATE of less than a day in a time zone").At(ast.Start(t.Size))
		}
		return pgerr.Unsupported("HOP by less than a day in a time zone").
			WithHint("Give size and slide in days, months or years.").At(ast.Start(t.Step))
	case slide.Micros > 0:
		days := float64(size.Days) + 31*float64(size.Months)
		n = int64(min(days*dayMost/float64(slide.Micros), math.MaxInt32)) // of years by microseconds more than 64 bits
	case size.Months > 0 && slide.Months > 0:
		if size.Months%slide.Months != 0 {
			return notMultiple(t, what)
		}
		n = int64(size.Months / slide.Months)
	case size.Days > 0 && slide.Days > 0:
		if size.Days%slide.Days != 0 {
			return notMultiple(t, what)
		}
		n = int64(size.Days / slide.Days)
	case w.Cumulate && slide.Days == 1:
		n = 31 * int64(size.Months)
	default:
		return notMultiple(t, what)
	}
	if n > windowsPerRowMax {
		return tooManyWindows(t, n)
	}
	return b.calendarOffset(w, t, s)
}

// calendarOffset reads the time of the clock at which a calendar's windows begin.
func (b *Binder) calendarOffset(w *logical.Window, t *ast.WindowTable, s *scope) error {
	if t.Offset == nil {
		return nil
	}
	shift, err := b.fixedOffset(t, s)
	if err != nil {
		return err
	}
	unit := w.Calendar.Slide
	if w.Cumulate {
		unit = w.Calendar.Size
	}
	switch {
	case unit.Micros > 0:
		shift %= unit.Micros
	case unit.Days > 0:
		shift %= int64(unit.Days) * types.MicrosPerDay
	case shift <= -28*types.MicrosPerDay || shift >= 28*types.MicrosPerDay:
		return pgerr.New(pgerr.InvalidParameterValue, "the offset of %s by months must be less than 28 days", t.Kind).At(ast.Start(t.Offset))
	}
	w.Shift = shift
	return nil
}

// windowZone reads the time zone.
func (b *Binder) windowZone(w *logical.Window, t *ast.WindowTable, s *scope) (string, error) {
	pos := ast.Start(t.TimeZone)
	x, err := b.clause(&scope{ctes: s.ctes}, t.Kind.String()).bindAs(t.TimeZone, types.Of(types.Text), implicit)
	if err != nil {
		return "", err
	}
	k, ok := b.fold(x).(*expr.Const)
	if !ok {
		return "", pgerr.New(pgerr.InvalidParameterValue, "the time zone of %s must be a constant", t.Kind).At(pos)
	}
	if k.Value.Null {
		return "", pgerr.New(pgerr.NullValueNotAllowed, "the time zone of %s must not be null", t.Kind).At(pos)
	}
	if _, err := types.LookupZone(string(k.Value.B)); err != nil {
		return "", at(err, pos)
	}
	if b.cols.At(w.Time).T.Kind != types.TimestampTZ {
		return "", pgerr.New(pgerr.DatatypeMismatch, "%s in a time zone needs a column of type timestamp with time zone, not %s", t.Kind, b.cols.At(w.Time).T).
			WithHint("If its times are those of a zone, convert them: column AT TIME ZONE 'UTC'.").At(pos)
	}
	return string(k.Value.B), nil
}

// calendarSize checks that an interval is a number of months, or of days, or a part of a day.
func calendarSize(iv types.IntervalValue, e ast.Expr, kind ast.WindowKind, what string) error {
	set := 0
	for _, is := range []bool{iv.Months != 0, iv.Days != 0, iv.Micros != 0} {
		if is {
			set++
		}
	}
	switch {
	case set > 1:
		return pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must be months, days or a part of a day, not a mix of them", what, kind).At(ast.Start(e))
	case iv.Micros > 0 && types.MicrosPerDay%iv.Micros != 0 || iv.Micros >= types.MicrosPerDay:
		return pgerr.New(pgerr.InvalidParameterValue, "the %s of %s in a time zone must divide 24 hours, or be whole days", what, kind).
			WithHint("A day is written INTERVAL '1 day'; it has 23 or 25 hours where clocks change.").At(ast.Start(e))
	}
	return nil
}

func notMultiple(t *ast.WindowTable, what string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "the size of %s must be a multiple of its %s", t.Kind, what).At(ast.Start(t.Size))
}

func tooManyWindows(t *ast.WindowTable, n int64) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "%s would put each row into %d windows, more than %d", t.Kind, n, windowsPerRowMax).At(ast.Start(t.Size))
}

// fixedInterval reads an interval of fixed length that is greater than zero, in microseconds.
func (b *Binder) fixedInterval(e ast.Expr, kind ast.WindowKind, what string, s *scope) (int64, error) {
	iv, err := b.windowInterval(e, kind, what, s)
	if err != nil {
		return 0, err
	}
	return b.fixedLength(iv, e, kind, what)
}

func (b *Binder) fixedLength(iv types.IntervalValue, e ast.Expr, kind ast.WindowKind, what string) (int64, error) {
	if iv.Months != 0 {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must have a fixed length", what, kind).
			WithHint("Months and years differ in length; give days or smaller units.").At(ast.Start(e))
	}
	return fixedMicros(iv, e)
}

// fixedOffset reads the offset, in microseconds.
func (b *Binder) fixedOffset(t *ast.WindowTable, s *scope) (int64, error) {
	iv, err := b.constantInterval(t.Offset, t.Kind, "offset", s)
	if err != nil {
		return 0, err
	}
	return b.fixedLength(iv, t.Offset, t.Kind, "offset")
}

// windowInterval reads a constant interval that is greater than zero.
func (b *Binder) windowInterval(e ast.Expr, kind ast.WindowKind, what string, s *scope) (types.IntervalValue, error) {
	iv, err := b.constantInterval(e, kind, what, s)
	if err == nil && (iv.Months < 0 || iv.Days < 0 || iv.Micros < 0 || iv == types.IntervalValue{}) {
		// Of parts with different signs only a fixed sum has a meaning.
		if sum, ferr := fixedMicros(iv, e); iv.Months != 0 || ferr != nil || sum <= 0 {
			err = pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must be greater than zero", what, kind).At(ast.Start(e))
		}
	}
	return iv, err
}

func (b *Binder) constantInterval(e ast.Expr, kind ast.WindowKind, what string, s *scope) (iv types.IntervalValue, err error) {
	pos := ast.Start(e)
	x, err := b.clause(&scope{ctes: s.ctes}, kind.String()).bindAs(e, types.Of(types.Interval), implicit)
	if err != nil {
		return iv, err
	}
	k, ok := b.fold(x).(*expr.Const)
	if !ok {
		return iv, pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must be a constant", what, kind).At(pos)
	}
	if k.Value.Null {
		return iv, pgerr.New(pgerr.NullValueNotAllowed, "the %s of %s must not be null", what, kind).At(pos)
	}
	return types.DecodeInterval(k.Value.B), nil
}

// fixedMicros is the length of an interval without months, of days of 24 hours.
func fixedMicros(iv types.IntervalValue, e ast.Expr) (int64, error) {
	const daysMost = 40_000_000 // with the micros within 64 bits
	if iv.Micros > 1<<61 || iv.Micros < -1<<61 || iv.Days > daysMost || iv.Days < -daysMost {
		return 0, pgerr.New(pgerr.IntervalFieldOverflow, "interval out of range").At(ast.Start(e))
	}
	return int64(iv.Days)*types.MicrosPerDay + iv.Micros, nil
}
