package types

import "time"

// CalendarWindows are windows whose length is counted in months or in days of a calendar, so that it differs: months have 28
// to 31 days, and days 23 to 25 hours where clocks change. They follow each other without gaps: window k begins where window
// k-1 ends. Windows of months are counted from January 2000, those of days from 1970-01-01, at midnight or Shift later.
//
// A window begins when the clock on the wall first shows its beginning. Where clocks that go forward leave that time out, it
// begins with the change; windows of which nothing is left are empty. Where the time comes twice, it is the first, as opposed
// to PostgreSQL's conversion, which takes the second: so a window contains all times that the clock shows between its ends.
type CalendarWindows struct {
	Months, Days int64 // the length: one is positive, the other 0
	// Shift is the time of the clock at which windows begin, in microseconds after midnight of their first day.
	Shift int64
	// Zone is that of timestamps with time zone; nil for UTC, and for timestamps without.
	Zone *time.Location
}

// Start gives the beginning of window k, in UTC where the windows have a zone. ok is false outside of the range of timestamps.
func (w *CalendarWindows) Start(k int64) (ts int64, ok bool) {
	day := k*w.Days + UnixEpochDays
	if w.Months > 0 {
		month := 2000*12 + k*w.Months
		day = DaysFromCivil(floorDiv(month, 12), floorMod(month, 12)+1, 1)
	}
	local, ok := joinTimestamp(day, 0)
	if !ok {
		return 0, false
	}
	if local, ok = addTimestamp(local, w.Shift); !ok {
		return 0, false
	}
	if w.Zone == nil {
		return local, timestampInRange(local)
	}
	ts, ok = addTimestamp(local, -firstOffset(unixSeconds(local), w.Zone)*MicrosPerSecond)
	return ts, ok && timestampInRange(ts)
}

// Find gives the window that holds a finite ts: the last that does not begin after it. ok is false where that, or its end, is outside of
// the range of timestamps.
func (w *CalendarWindows) Find(ts int64) (k, start, end int64, ok bool) {
	local := ts
	if w.Zone != nil {
		off, _ := zoneOffsetAt(ts, w.Zone)
		if local, ok = addTimestamp(ts, off*MicrosPerSecond); !ok {
			return 0, 0, 0, false
		}
	}
	if local, ok = addTimestamp(local, -w.Shift); !ok {
		return 0, 0, 0, false
	}
	day, _ := splitTimestamp(local)
	if w.Months > 0 {
		year, month, _ := CivilFromDays(day)
		k = floorDiv((year-2000)*12+month-1, w.Months)
	} else {
		k = floorDiv(day-UnixEpochDays, w.Days)
	}
	// The clock's time is that of the window, but for times that come twice, and shifts longer than a short month.
	for {
		if start, ok = w.Start(k); !ok {
			return 0, 0, 0, false
		}
		if start <= ts {
			break
		}
		k--
	}
	for {
		if end, ok = w.Start(k + 1); !ok {
			return 0, 0, 0, false
		}
		if end > ts {
			return k, start, end, true
		}
		k, start = k+1, end
	}
}

// firstOffset gives the offset, in seconds, with which a local time, in seconds from 1970 as if it were UTC, becomes the moment
// when the clock first shows it or, where it is left out, a later time.
func firstOffset(local int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return 0
	}
	before, change, after := nextZoneChange(local-86400, zone)
	switch {
	case local-before < change:
		return before
	case local-after >= change:
		return after
	}
	return local - change // left out: the moment of the change
}
