package watermark

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"millrace/types"
)

// None stands for no watermark: every time is at or above it.
const None = math.MinInt64

// Mark is a lower bound on the times of a column, as a function of the watermarks of streams and tables. It is one of four:
// a relation's watermark itself; the least of several marks; a mark moved by a fixed time; the start of the first window that can
// still get rows. All are monotone, so a mark never goes back. It is immutable, and is stored as JSON.
type Mark struct {
	// Relation is the catalog id of the relation whose watermark this is; 0 in the other forms.
	Relation uint32 `json:",omitempty"`
	// Name is the relation's, for messages.
	Name string `json:",omitempty"`
	// Least lists the marks of which this is the least.
	Least []*Mark `json:",omitempty"`
	// Of is the mark that Window or, without one, Shift is applied to; Shift is in microseconds.
	Of     *Mark   `json:",omitempty"`
	Shift  int64   `json:",omitempty"`
	Window *Window `json:",omitempty"`
}

// Window is a family of windows. Of a fixed length they are TUMBLE if Size and Slide are equal, else HOP, or CUMULATE; all
// in microseconds, moved from the epoch by Shift. With Calendar they are tumbling windows of so many months or days in a time
// zone, or of a part of a day, as physical.Calendar says.
type Window struct {
	Size, Slide int64               `json:",omitempty"`
	Shift       int64               `json:",omitempty"`
	Cumulate    bool                `json:",omitempty"`
	Zone        string              `json:",omitempty"`
	Calendar    types.IntervalValue `json:",omitzero"`
}

// Of is the mark that is a relation's watermark.
func Of(relation uint32, name string) *Mark { return &Mark{Relation: relation, Name: name} }

// Least is the least of marks: nil, which is no bound, if any of them is nil.
func Least(marks ...*Mark) *Mark {
	var out []*Mark
	for _, m := range marks {
		switch {
		case m == nil:
			return nil
		case m.Least != nil:
			out = append(out, m.Least...)
		default:
			out = append(out, m)
		}
	}
	var distinct []*Mark
	for _, m := range out {
		if !slices.ContainsFunc(distinct, m.Equal) {
			distinct = append(distinct, m)
		}
	}
	switch len(distinct) {
	case 0:
		return nil
	case 1:
		return distinct[0]
	}
	return &Mark{Least: distinct}
}

// Plus is m moved by a number of microseconds; nil for nil.
func (m *Mark) Plus(micros int64) *Mark {
	if m == nil || micros == 0 {
		return m
	}
	return &Mark{Of: m, Shift: micros}
}

// In is the start of the first of the windows that a row at or above m can be in; nil for nil.
func (m *Mark) In(w Window) *Mark {
	if m == nil {
		return nil
	}
	return &Mark{Of: m, Window: &w}
}

// Equal reports whether two marks are the same function; nil equals nil only.
func (m *Mark) Equal(o *Mark) bool {
	if m == nil || o == nil || m == o {
		return m == o
	}
	if m.Relation != o.Relation || !m.Of.Equal(o.Of) || !slices.EqualFunc(m.Least, o.Least, (*Mark).Equal) {
		return false
	}
	if m.Window == nil || o.Window == nil {
		return m.Window == o.Window && m.Shift == o.Shift
	}
	return *m.Window == *o.Window
}

// Relations lists the ids of the relations that m depends on, ascending.
func (m *Mark) Relations() []uint32 {
	var ids []uint32
	m.walk(func(leaf *Mark) { ids = append(ids, leaf.Relation) })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Names lists the relations' names, each once.
func (m *Mark) Names() []string {
	var names []string
	m.walk(func(leaf *Mark) {
		if !slices.Contains(names, leaf.Name) {
			names = append(names, leaf.Name)
		}
	})
	return names
}

func (m *Mark) walk(f func(leaf *Mark)) {
	switch {
	case m == nil:
	case m.Relation != 0:
		f(m)
	default:
		for _, l := range m.Least {
			l.walk(f)
		}
		m.Of.walk(f)
	}
}

// Value computes m from the watermarks of relations: None while any of those that it needs is None, and where it would
// leave the range of timestamps.
func (m *Mark) Value(of func(relation uint32) int64) int64 {
	switch {
	case m.Relation != 0:
		return of(m.Relation)
	case m.Least != nil:
		v := int64(math.MaxInt64)
		for _, l := range m.Least {
			v = min(v, l.Value(of))
		}
		return v
	}
	v := m.Of.Value(of)
	if v == None {
		return None
	}
	if m.Window == nil {
		t := v + m.Shift
		if (t < v) != (m.Shift < 0) || !types.TimestampIsFinite(t) {
			return None
		}
		return t
	}
	start, ok := m.Window.First(v)
	if !ok {
		return None
	}
	return start
}

// First gives the start of the first window that holds ts or begins after it. ok is false where it would leave the range of
// int64, and for a zone that is not known.
func (w *Window) First(ts int64) (start int64, ok bool) {
	switch {
	case !types.TimestampIsFinite(ts):
		return 0, false
	case w.Calendar != types.IntervalValue{}:
		return w.firstOfCalendar(ts)
	case w.Cumulate:
		return types.TumbleStart(ts, w.Size, w.Shift)
	}
	last, ok := types.TumbleStart(ts, w.Slide, w.Shift)
	if !ok {
		return 0, false
	}
	if ts-last >= w.Size { // in a gap: the next window is the first
		start = last + w.Slide
	} else {
		start = last - (w.Size-1-(ts-last))/w.Slide*w.Slide
	}
	return start, start <= last+w.Slide
}

func (w *Window) firstOfCalendar(ts int64) (start int64, ok bool) {
	c := types.CalendarWindows{Months: int64(w.Calendar.Months), Days: int64(w.Calendar.Days), Shift: w.Shift}
	if w.Zone != "" {
		var err error
		if c.Zone, err = types.LookupZone(w.Zone); err != nil {
			return 0, false
		}
	}
	if w.Calendar.Micros > 0 {
		c.Days = 1
	}
	if _, start, _, ok = c.Find(ts); ok && w.Calendar.Micros > 0 {
		start = ts - (ts-start)%w.Calendar.Micros
	}
	return start, ok
}

// String writes a mark for people.
func (m *Mark) String() string {
	switch {
	case m == nil:
		return "nothing"
	case m.Relation != 0:
		return "watermark of " + m.Name
	case m.Least != nil:
		parts := make([]string, len(m.Least))
		for i, l := range m.Least {
			parts[i] = l.String()
		}
		return "least of (" + strings.Join(parts, ", ") + ")"
	case m.Window == nil && m.Shift == 1:
		return m.Of.String() // what lies at it does not lie below it
	case m.Window == nil:
		return fmt.Sprintf("%s, moved by %s", m.Of, time.Duration(m.Shift)*time.Microsecond)
	}
	return m.Of.String() + ", by window"
}
