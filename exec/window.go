package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// window assigns rows to the windows that contain their time (TUMBLE, HOP, CUMULATE): linear, without state. A row
// is copied once per window, with window_start and window_end appended; a row whose time is NULL or
// infinite is in none and dropped, and one whose windows lie outside the range of timestamps is an error row.
type window struct {
	*output
	time               int
	size, slide, shift int64
	cumulate           bool
	end                types.T

	calendar *calendarWindow // nil where windows have a fixed length

	sel        []uint32
	start, fin []int64
	limit      int // copies in a chunk
}

func newWindow(o *output, n *physical.Window) (*window, error) {
	w := &window{output: o, time: n.Time, size: n.Size, slide: n.Slide, shift: n.Shift, cumulate: n.Cumulate,
		end: n.Types[len(n.Types)-1]}
	if n.Calendar != nil {
		var err error
		w.calendar, err = newCalendarWindow(w, n)
		return w, err
	}
	if w.slide <= 0 || w.cumulate && w.slide > w.size {
		w.slide = w.size
	}
	if w.size <= 0 {
		return nil, fmt.Errorf("exec: a window of %d microseconds", w.size)
	}
	return w, nil
}

// Push implements Operator.
func (w *window) Push(_ int, b *delta.Batch) error {
	v := b.Cols[w.time]
	w.limit = 4 * rowsWithin(widest(b.Cols))
	for i := range b.N {
		if v.IsNull(i) || !types.TimestampIsFinite(v.Ints[i]) {
			continue
		}
		ok, err := w.assign(b, i, v.Ints[i])
		if err != nil {
			return err
		}
		if !ok {
			if err := w.fail(pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range"), b, i, b.Weight(i)); err != nil {
				return err
			}
		}
	}
	return w.pass(b)
}

// assign adds the windows of row i. On a failure it adds none.
func (w *window) assign(b *delta.Batch, i int, ts int64) (ok bool, err error) {
	if w.calendar != nil {
		return w.calendar.assign(b, i, ts)
	}
	step := w.slide
	if w.cumulate {
		step = w.size
	}
	last, ok := types.TumbleStart(ts, step, w.shift)
	if !ok {
		return false, nil
	}
	if w.cumulate {
		return w.assignCumulate(b, i, ts, last)
	}
	if ts-last >= w.size {
		return true, nil // a slide longer than the size leaves gaps
	}
	// The windows that contain ts start at last, last-slide, ... down to above ts-size.
	first := last - (w.size-1-(ts-last))/step*step
	if first > last || !inRange(first) || last+w.size < last || !inRange(last+w.size) {
		return false, nil
	}
	for start := first; start <= last; start += step {
		if err := w.add(b, i, start, start+w.size); err != nil {
			return true, err
		}
	}
	return true, nil
}

// assignCumulate adds the windows from start on that grow by slide up to size and end after ts.
func (w *window) assignCumulate(b *delta.Batch, i int, ts, start int64) (ok bool, err error) {
	if !inRange(start) || start+w.size < start || !inRange(start+w.size) {
		return false, nil
	}
	for n := (ts-start)/w.slide + 1; ; n++ {
		end := start + min(w.size, n*w.slide)
		if err := w.add(b, i, start, end); err != nil {
			return true, err
		}
		if end == start+w.size {
			return true, nil
		}
	}
}

// PostgreSQL's timestamps reach from 4714-11-24 BC to the end of 294276.
const (
	timestampMin = -211813488000000000
	timestampEnd = 9223371331200000000
)

func inRange(ts int64) bool { return ts >= timestampMin && ts < timestampEnd }

func (w *window) add(b *delta.Batch, i int, start, end int64) error {
	w.sel = append(w.sel, uint32(i))
	w.start = append(w.start, start)
	w.fin = append(w.fin, end)
	if len(w.sel) < w.limit {
		return nil
	}
	if err := w.interrupted(); err != nil {
		return err
	}
	return w.pass(b)
}

// pass emits the copies gathered so far.
func (w *window) pass(b *delta.Batch) error {
	n := len(w.sel)
	if n == 0 {
		return nil
	}
	out := &delta.Batch{N: n, Cols: make([]*delta.Vec, 0, len(b.Cols)+2), Weights: b.Weights}
	if !w.identity(b.N) {
		for _, c := range b.Cols {
			out.Cols = append(out.Cols, c.Gather(w.sel))
		}
		if b.Weights != nil {
			out.Weights = appendSel(nil, b.Weights, w.sel)
		}
	} else {
		out.Cols = append(out.Cols, b.Cols...)
	}
	out.Cols = append(out.Cols, &delta.Vec{Type: w.end, Ints: append([]int64(nil), w.start...)},
		&delta.Vec{Type: w.end, Ints: append([]int64(nil), w.fin...)})
	w.sel, w.start, w.fin = w.sel[:0], w.start[:0], w.fin[:0]
	return w.emit(out)
}

// identity reports whether each row has exactly one copy, as in TUMBLE: then the columns are shared.
func (w *window) identity(n int) bool {
	if len(w.sel) != n {
		return false
	}
	for i, r := range w.sel {
		if int(r) != i {
			return false
		}
	}
	return true
}

// Flush implements Operator.
func (w *window) Flush() error { return nil }
