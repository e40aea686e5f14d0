package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/types"
)

// calendarWindow assigns rows to windows whose length is counted in days, months or years, in a time zone or in UTC, and to
// parts of such days. Windows are found anew where a row lies outside of the last one's, so rows in about the order of time
// cost as much as with windows of fixed length.
type calendarWindow struct {
	w    *window
	unit types.CalendarWindows // of TUMBLE and HOP the slide, of CUMULATE the size
	// n is how many units a window of HOP and TUMBLE has.
	n int64
	// part, when positive, is the length of windows, or of CUMULATE the step, that are counted from a unit's beginning; in
	// microseconds. The last in a unit ends with it.
	part int64
	// step is CUMULATE's where it is of the calendar, too.
	step *types.CalendarWindows

	known      bool // the unit that the last row was in
	k          int64
	start, end int64
	bounds     []int64 // where units k-n+1 to k+n begin; empty where that is out of range
}

func newCalendarWindow(w *window, n *physical.Window) (*calendarWindow, error) {
	cal := n.Calendar
	c := &calendarWindow{w: w, n: 1}
	var err error
	if cal.Zone != "" {
		if c.unit.Zone, err = types.LookupZone(cal.Zone); err != nil {
			return nil, err
		}
	}
	c.unit.Shift = n.Shift
	bad := fmt.Errorf("exec: calendar windows of %v by %v", cal.Size, cal.Slide)
	units := func(iv types.IntervalValue) (types.CalendarWindows, bool) {
		u := c.unit
		u.Months, u.Days = int64(iv.Months), int64(iv.Days)
		return u, iv.Micros == 0 && u.Months >= 0 && u.Days >= 0 && (u.Months > 0) != (u.Days > 0)
	}
	var ok bool
	switch {
	case n.Cumulate:
		if c.unit, ok = units(cal.Size); !ok {
			return nil, bad
		}
		if cal.Slide.Micros > 0 {
			c.part = cal.Slide.Micros
		} else if step, ok := units(cal.Slide); ok {
			c.step = &step
		} else {
			return nil, bad
		}
	case cal.Slide.Micros > 0:
		if cal.Size != cal.Slide {
			return nil, bad
		}
		c.unit.Days, c.part = 1, cal.Slide.Micros
	default:
		size, sized := units(cal.Size)
		if c.unit, ok = units(cal.Slide); !ok || !sized {
			return nil, bad
		}
		if c.unit.Months > 0 {
			c.n = size.Months / c.unit.Months
		} else {
			c.n = size.Days / c.unit.Days
		}
		if c.n < 1 {
			return nil, bad
		}
	}
	return c, nil
}

// assign adds the windows of row i. On a failure it adds none.
func (c *calendarWindow) assign(b *delta.Batch, i int, ts int64) (ok bool, err error) {
	if !c.known || ts < c.start || ts >= c.end {
		if c.k, c.start, c.end, c.known = c.unit.Find(ts); !c.known {
			return false, nil
		}
		c.bounds = c.bounds[:0]
		for k := c.k - c.n + 1; k <= c.k+c.n; k++ {
			ts, ok := c.unit.Start(k)
			if !ok {
				c.bounds = c.bounds[:0]
				break
			}
			c.bounds = append(c.bounds, ts)
		}
	}
	switch {
	case c.w.cumulate:
		return c.cumulate(b, i, ts)
	case c.part > 0:
		start := ts - (ts-c.start)%c.part
		return true, c.w.add(b, i, start, min(start+c.part, c.end))
	case len(c.bounds) == 0:
		return false, nil
	}
	for j := range int(c.n) {
		if err := c.w.add(b, i, c.bounds[j], c.bounds[j+int(c.n)]); err != nil {
			return true, err
		}
	}
	return true, nil
}

// cumulate adds the windows from the unit's beginning that end with a step after ts.
func (c *calendarWindow) cumulate(b *delta.Batch, i int, ts int64) (ok bool, err error) {
	end, next := int64(0), int64(0)
	if c.step == nil {
		end = c.start + ((ts-c.start)/c.part+1)*c.part
	} else if next, _, end, ok = c.step.Find(ts); !ok {
		return false, nil
	}
	for {
		end = min(end, c.end)
		if err := c.w.add(b, i, c.start, end); err != nil || end == c.end {
			return true, err
		}
		if c.step == nil {
			end += c.part
			continue
		}
		// Steps begin where units do, so there is one after this one within the unit.
		next++
		if end, ok = c.step.Start(next + 1); !ok {
			end = c.end
		}
	}
}
