package types

import (
	"math"
	"strconv"
	"time"

	"millrace/pgerr"
)

// ParseTimestamp reads a literal of timestamp without time zone and gives its stored value (microseconds
// from 2000-01-01 00:00). A zone in the literal is checked and ignored. Errors as of [ParseDate].
func ParseTimestamp(s string, env *Env) (int64, error) {
	if t, ok := parseISO(s); ok {
		return t.days*MicrosPerDay + t.micros, nil
	}
	var d dtDecoder
	if err := d.decode(s, "timestamp", env); err != nil {
		return 0, err
	}
	return d.timestamp(s, 0)
}

// ParseTimestampTZ reads a literal of timestamp with time zone and gives its stored value (microseconds
// from 2000-01-01 00:00 UTC). Without a zone the literal is local to env.TimeZone; a local time that does not
// exist is taken as if clocks had not yet gone forward, one that comes twice as its second. Errors as of [ParseDate].
func ParseTimestampTZ(s string, env *Env) (int64, error) {
	if t, ok := parseISO(s); ok {
		ts := t.days*MicrosPerDay + t.micros
		if !t.zoned {
			t.east = zoneOffsetLocal(unixSeconds(ts), env.TimeZone)
		}
		return ts - t.east*MicrosPerSecond, nil
	}
	var d dtDecoder
	if err := d.decode(s, "timestamp with time zone", env); err != nil {
		return 0, err
	}
	return d.timestamp(s, d.west)
}

// timestamp assembles the decoded parts, moved by a zone's offset in seconds.
func (d *dtDecoder) timestamp(s string, west int64) (int64, error) {
	switch d.special {
	case dvEpoch:
		return UnixEpochMicros, nil
	case dvInfinity:
		return TimestampInfinity, nil
	case dvNegInfinity:
		return TimestampNegInfinity, nil
	}
	ts, ok := joinTimestamp(DaysFromCivil(d.year, d.month, d.day), d.timeMicros()+west*MicrosPerSecond)
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", s)
	}
	return ts, nil
}

// AppendTimestamp appends a timestamp's text in the session's DateStyle.
func AppendTimestamp(dst []byte, v int64, env *Env) []byte {
	if !TimestampIsFinite(v) {
		return appendInfinity(dst, v < 0)
	}
	return appendDateTime(dst, v, zoneLabel{}, env.dateStyle())
}

// AppendTimestampTZ appends a timestamptz's text in the session's DateStyle and time zone.
func AppendTimestampTZ(dst []byte, v int64, env *Env) []byte {
	if !TimestampIsFinite(v) {
		return appendInfinity(dst, v < 0)
	}
	east, abbrev := zoneOffsetAt(v, env.TimeZone)
	return appendDateTime(dst, v+east*MicrosPerSecond, zoneLabel{show: true, abbrev: abbrev, east: east}, env.dateStyle())
}

// TimestampToTZ is timestamp AT TIME ZONE loc, and the cast to timestamptz: the instant at which clocks in
// loc show ts. Gaps and overlaps are resolved as in [ParseTimestampTZ].
func TimestampToTZ(ts int64, loc *time.Location) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	east := zoneOffsetLocal(unixSeconds(ts), loc)
	out, ok := addTimestamp(ts, -east*MicrosPerSecond)
	if !ok {
		return 0, errTimestampRange()
	}
	return out, nil
}

// TimestampFromTZ is timestamptz AT TIME ZONE loc, and the cast to timestamp: what clocks in loc show at the
// instant ts.
func TimestampFromTZ(ts int64, loc *time.Location) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	east, _ := zoneOffsetAt(ts, loc)
	out, ok := addTimestamp(ts, east*MicrosPerSecond)
	if !ok {
		return 0, errTimestampRange()
	}
	return out, nil
}

// TimestampAddInterval is timestamp + interval: months first, where a day beyond the month's end becomes its
// last day, then days, then the time. For timestamp - interval add the negated interval.
func TimestampAddInterval(ts int64, iv IntervalValue) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	ok := true
	if iv.Months != 0 || iv.Days != 0 {
		days, micros := splitTimestamp(ts)
		if iv.Months != 0 {
			days = addMonths(days, int64(iv.Months))
		}
		if ts, ok = joinTimestamp(days+int64(iv.Days), micros); !ok {
			return 0, errTimestampRange()
		}
	}
	if ts, ok = addTimestamp(ts, iv.Micros); !ok {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// addMonths moves a day by months; the day of the month is clamped to the new month's length.
func addMonths(days, months int64) int64 {
	year, month, day := CivilFromDays(days)
	month += months - 1
	year += floorDiv(month, 12)
	month = floorMod(month, 12) + 1
	return DaysFromCivil(year, month, min(day, DaysInMonth(year, month)))
}

// TimestampTZAddInterval is timestamptz + interval in zone loc: months and days move the local clock, so that
// a day is what the calendar calls one, also when clocks change in between; the time then moves the instant.
func TimestampTZAddInterval(ts int64, iv IntervalValue, loc *time.Location) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	if iv.Months != 0 || iv.Days != 0 {
		// One step after the other, as PostgreSQL does: months can land in a gap, which moves the clock.
		for _, step := range [2]IntervalValue{{Months: iv.Months}, {Days: iv.Days}} {
			if step == (IntervalValue{}) {
				continue
			}
			local, err := TimestampFromTZ(ts, loc)
			if err != nil {
				return 0, err
			}
			if local, err = TimestampAddInterval(local, step); err != nil {
				return 0, err
			}
			if ts, err = TimestampToTZ(local, loc); err != nil {
				return 0, err
			}
		}
	}
	ts, ok := addTimestamp(ts, iv.Micros)
	if !ok {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// TimestampSub is a - b for timestamps and for timestamptz: days of 24 hours and a time of the same sign.
func TimestampSub(a, b int64) (IntervalValue, error) {
	if !TimestampIsFinite(a) || !TimestampIsFinite(b) {
		return IntervalValue{}, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	d := a - b
	if (d < a) != (b > 0) && b != 0 {
		return IntervalValue{}, errIntervalRange()
	}
	return IntervalValue{Days: int32(d / MicrosPerDay), Micros: d % MicrosPerDay}, nil
}

// Age is age(a, b) for timestamps: the difference in years, months, days and time as a person counts it.
// Days that do not fill a month count in the length of the earlier time's month.
func Age(a, b int64) (IntervalValue, error) {
	if a < b {
		iv, err := Age(b, a)
		if err != nil {
			return IntervalValue{}, err
		}
		return iv.Neg()
	}
	aDays, aMicros := splitTimestamp(a)
	bDays, bMicros := splitTimestamp(b)
	aYear, aMonth, aDay := CivilFromDays(aDays)
	bYear, bMonth, bDay := CivilFromDays(bDays)
	months := (aYear-bYear)*12 + aMonth - bMonth
	days, micros := aDay-bDay, aMicros-bMicros
	if micros < 0 {
		micros += MicrosPerDay
		days--
	}
	for days < 0 {
		days += DaysInMonth(bYear, bMonth)
		months--
	}
	return intervalFromParts(months, days, micros)
}

// AgeTZ is age(a, b) for timestamptz, whose calendar is that of zone loc.
func AgeTZ(a, b int64, loc *time.Location) (IntervalValue, error) {
	la, err := TimestampFromTZ(a, loc)
	if err != nil {
		return IntervalValue{}, err
	}
	lb, err := TimestampFromTZ(b, loc)
	if err != nil {
		return IntervalValue{}, err
	}
	return Age(la, lb)
}

// MakeTimestamp is make_timestamp. A negative year is BC.
func MakeTimestamp(year, month, day, hour, minute int64, sec float64) (int64, error) {
	days, ok := checkedDate(year, month, day)
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	if days >= dateEnd {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", year, month, day)
	}
	micros, ok := clockMicros(hour, minute, sec)
	if !ok {
		return 0, errTimeField(hour, minute, sec)
	}
	ts, ok := joinTimestamp(days, micros)
	if !ok {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%s",
			year, month, day, hour, minute, secondText(sec))
	}
	return ts, nil
}

// TimestampFromUnix is to_timestamp(double precision): seconds from 1970-01-01 UTC.
func TimestampFromUnix(sec float64) (int64, error) {
	switch {
	case math.IsNaN(sec):
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp cannot be NaN")
	case math.IsInf(sec, 1):
		return TimestampInfinity, nil
	case math.IsInf(sec, -1):
		return TimestampNegInfinity, nil
	}
	from := float64(timestampMin-UnixEpochMicros) / 1e6
	to := float64(timestampEnd/MicrosPerSecond - UnixEpochMicros/MicrosPerSecond)
	if sec >= from && sec < to {
		// In whole seconds first: PostgreSQL moves the epoch before it scales, and rounding follows that.
		ts := int64(math.RoundToEven((sec + float64(UnixEpochMicros/MicrosPerSecond)) * 1e6))
		if timestampInRange(ts) {
			return ts, nil
		}
	}
	return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", strconv.FormatFloat(sec, 'g', 6, 64))
}
