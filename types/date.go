package types

import (
	"math"
	"time"

	"millrace/pgerr"
)

// ParseDate reads a date literal in any form that PostgreSQL accepts and gives its stored day number
// (days from 2000-01-01). 'now', 'today' and their like follow env.Now and env.TimeZone. Errors: 22007
// for the form, 22008 for the range, 22009 and 22023 for a zone beside the date.
func ParseDate(s string, env *Env) (int64, error) {
	if t, ok := parseISO(s); ok && !t.timed {
		return t.days, nil
	}
	var d dtDecoder
	if err := d.decode(s, "date", env); err != nil {
		return 0, err
	}
	switch d.special {
	case dvEpoch:
		return UnixEpochDays, nil
	case dvInfinity:
		return DateInfinity, nil
	case dvNegInfinity:
		return DateNegInfinity, nil
	}
	days := DaysFromCivil(d.year, d.month, d.day)
	if !dateInRange(days) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	return days, nil
}

// decode cuts s into fields and interprets them as date, time and zone. The error names the type.
func (d *dtDecoder) decode(s, typeName string, env *Env) error {
	d.env, d.order = env, env.dateStyle().order
	fault := dtBadFormat
	if d.f.scan(s) {
		fault = d.decodeDateTime()
	}
	return d.faultErr(fault, s, typeName)
}

func (d *dtDecoder) faultErr(fault dtFault, s, typeName string) error {
	switch fault {
	case dtOK:
		return nil
	case dtZoneUnknown:
		return errZoneUnknown(d.zoneText)
	}
	return fault.err(s, typeName)
}

// AppendDate appends a date's text in the session's DateStyle.
func AppendDate(dst []byte, v int64, env *Env) []byte {
	if !DateIsFinite(v) {
		return appendInfinity(dst, v < 0)
	}
	year, month, day := CivilFromDays(v)
	year, bc := eraYear(year)
	dst = appendDay(dst, year, month, day, env.dateStyle())
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// MakeDate is make_date: a negative year is BC, and there is no year 0.
func MakeDate(year, month, day int64) (int64, error) {
	days, ok := checkedDate(year, month, day)
	if year < 0 {
		year++ // PostgreSQL's messages show the year as it is inside
	}
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	if !dateInRange(days) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", year, month, day)
	}
	return days, nil
}

// checkedDate gives the day number of a date whose year counts without 0; ok is false where there is no
// such day. The day may lie outside the range of dates.
func checkedDate(year, month, day int64) (days int64, ok bool) {
	if year == 0 || month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	if year < 0 {
		year++
	}
	if day > DaysInMonth(year, month) {
		return 0, false
	}
	return DaysFromCivil(year, month, day), true
}

// DateAddDays is date + integer; for date - integer negate n. Infinite dates stay as they are.
func DateAddDays(days, n int64) (int64, error) {
	if !DateIsFinite(days) {
		return days, nil
	}
	if sum := days + n; n >= math.MinInt32 && n <= math.MaxInt32+1 && dateInRange(sum) {
		return sum, nil
	}
	return 0, errDateRange()
}

// DateSubDate is date - date, in days.
func DateSubDate(a, b int64) (int64, error) {
	if !DateIsFinite(a) || !DateIsFinite(b) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
	}
	return a - b, nil
}

// DateAddInterval is date + interval, a timestamp.
func DateAddInterval(days int64, iv IntervalValue) (int64, error) {
	ts, err := TimestampFromDate(days)
	if err != nil {
		return 0, err
	}
	return TimestampAddInterval(ts, iv)
}

// DateFromTimestamp is the cast from timestamp to date.
func DateFromTimestamp(ts int64) int64 {
	switch ts {
	case TimestampInfinity:
		return DateInfinity
	case TimestampNegInfinity:
		return DateNegInfinity
	}
	return floorDiv(ts, MicrosPerDay)
}

// DateFromTimestampTZ is the cast from timestamptz to date, in zone loc.
func DateFromTimestampTZ(ts int64, loc *time.Location) (int64, error) {
	local, err := TimestampFromTZ(ts, loc)
	if err != nil {
		return 0, err
	}
	return DateFromTimestamp(local), nil
}

// TimestampFromDate is the cast from date to timestamp. Dates reach further than timestamps, so it can fail.
func TimestampFromDate(days int64) (int64, error) {
	switch days {
	case DateInfinity:
		return TimestampInfinity, nil
	case DateNegInfinity:
		return TimestampNegInfinity, nil
	}
	if days >= timestampEnd/MicrosPerDay {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return days * MicrosPerDay, nil
}

// TimestampTZFromDate is the cast from date to timestamptz: midnight in zone loc.
func TimestampTZFromDate(days int64, loc *time.Location) (int64, error) {
	ts, err := TimestampFromDate(days)
	if err != nil {
		return 0, err
	}
	return TimestampToTZ(ts, loc)
}

// CompareDateTimestamp orders a date against a timestamp, without the overflow that a cast could have.
func CompareDateTimestamp(days, ts int64) int {
	a, err := TimestampFromDate(days)
	switch {
	case err != nil: // later than every finite timestamp
		if ts == TimestampInfinity {
			return -1
		}
		return 1
	case a < ts:
		return -1
	case a > ts:
		return 1
	}
	return 0
}
