package bind

import (
	"slices"
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// windowTime finds or computes the time column of a window function.
func (b *Binder) windowTime(w *logical.Window, t *ast.WindowTable, in *from, s *scope) error {
	c := b.clause(&scope{outer: s.outer, within: s.within, items: in.items, hidden: s.items, ctes: s.ctes}, strings.ToUpper(t.Kind.String()))
	e, err := c.bind(t.Time)
	if err != nil {
		return err
	}
	switch e.Type().Kind {
	case types.Timestamp, types.TimestampTZ:
	case types.Date:
		if e, err = c.coerce(e, types.Of(types.Timestamp), implicit, ast.Start(t.Time)); err != nil {
			return err
		}
	default:
		return pgerr.New(pgerr.DatatypeMismatch, "the time column of %s must be of type timestamp or timestamp with time zone, not %s",
			t.Kind, e.Type()).At(ast.Start(t.Time))
	}
	if col, ok := e.(*expr.Column); ok && slices.Contains(w.Input.Output(), col.Index) {
		w.Time = col.Index
		return nil
	}
	w.Time = b.cols.Add(logical.Column{Name: "window_time", T: e.Type()})
	w.Input = b.cols.Extend(w.Input, logical.Item{Col: w.Time, Expr: e})
	return nil
}

// windowSizes reads a window function's size, slide or step, and offset.
func (b *Binder) windowSizes(w *logical.Window, t *ast.WindowTable, s *scope) error {
	var err error
	if w.Size, err = b.fixedInterval(t.Size, t.Kind, "size", s); err != nil {
		return err
	}
	w.Slide = w.Size
	if t.Step != nil {
		what := "slide"
		if t.Kind == ast.Cumulate {
			what = "step"
		}
		if w.Slide, err = b.fixedInterval(t.Step, t.Kind, what, s); err != nil {
			return err
		}
		if w.Slide > w.Size || w.Size%w.Slide != 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "the size of %s must be a multiple of its %s", t.Kind, what).At(ast.Start(t.Size))
		}
		if n := w.Size / w.Slide; n > windowsPerRowMax {
			return pgerr.New(pgerr.ProgramLimitExceeded, "%s would put each row into %d windows, more than %d", t.Kind, n, windowsPerRowMax).At(ast.Start(t.Size))
		}
	}
	if t.Offset != nil {
		if w.Shift, err = b.intervalConst(t.Offset, t.Kind, "offset", s); err != nil {
			return err
		}
		// Windows repeat with the slide (of CUMULATE: with the size).
		period := w.Slide
		if w.Cumulate {
			period = w.Size
		}
		w.Shift %= period
		if w.Shift < 0 {
			w.Shift += period
		}
	}
	return nil
}

// windowsPerRowMax bounds how many copies a window function makes of a row.
const windowsPerRowMax = 10_000

func (b *Binder) fixedInterval(e ast.Expr, kind ast.WindowKind, what string, s *scope) (int64, error) {
	v, err := b.intervalConst(e, kind, what, s)
	if err == nil && v <= 0 {
		err = pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must be greater than zero", what, kind).At(ast.Start(e))
	}
	return v, err
}

// intervalConst reads a constant interval of fixed length in microseconds; a day is 24 hours.
func (b *Binder) intervalConst(e ast.Expr, kind ast.WindowKind, what string, s *scope) (int64, error) {
	pos := ast.Start(e)
	c := b.clause(&scope{ctes: s.ctes}, kind.String())
	x, err := c.bindAs(e, types.Of(types.Interval), implicit)
	if err != nil {
		return 0, err
	}
	k, ok := b.fold(x).(*expr.Const)
	if !ok {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must be a constant", what, kind).At(pos)
	}
	if k.Value.Null {
		return 0, pgerr.New(pgerr.NullValueNotAllowed, "the %s of %s must not be null", what, kind).At(pos)
	}
	iv := types.DecodeInterval(k.Value.B)
	if iv.Months != 0 {
		return 0, pgerr.New(pgerr.InvalidParameterValue, "the %s of %s must have a fixed length", what, kind).
			WithHint("Months and years differ in length; give days or smaller units.").At(pos)
	}
	const day = 24 * 60 * 60 * 1_000_000
	total := int64(iv.Days)*day + iv.Micros
	if iv.Micros > 1<<61 || iv.Micros < -1<<61 {
		return 0, pgerr.New(pgerr.IntervalFieldOverflow, "interval out of range").At(pos)
	}
	return total, nil
}
