package types

import (
	"time"

	"millrace/pgerr"
)

// DateTrunc is date_trunc for timestamps: the start of the field's unit that holds ts.
func DateTrunc(f Field, ts int64) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	return truncTimestamp(f, ts, nameTimestamp)
}

func truncTimestamp(f Field, ts int64, typeName string) (int64, error) {
	if !f.truncates() {
		return 0, f.unknown(typeName)
	}
	if unit := clockUnit(f.code); unit != 0 {
		return ts - floorMod(ts, unit), nil
	}
	days := floorDiv(ts, MicrosPerDay)
	switch f.code {
	case fieldDay:
	case fieldWeek:
		days -= floorMod(days+5, 7)
	case fieldTimezone, fieldTimezoneHour, fieldTimezoneMinute:
		return 0, f.err(typeName)
	default:
		year, month, _ := CivilFromDays(days)
		year, month = truncYearMonth(f.code, year, month)
		days = DaysFromCivil(year, month, 1)
	}
	ts, ok := joinTimestamp(days, 0)
	if !ok {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// clockUnit gives the length of a unit below the day, or 0.
func clockUnit(code fieldCode) int64 {
	switch code {
	case fieldMicrosecond:
		return 1
	case fieldMillisecond:
		return 1000
	case fieldSecond:
		return MicrosPerSecond
	case fieldMinute:
		return MicrosPerMinute
	case fieldHour:
		return MicrosPerHour
	}
	return 0
}

// truncYearMonth gives the first month of a unit of at least a month. Centuries and millennia begin with a
// year 1, decades with a year 0.
func truncYearMonth(code fieldCode, year, month int64) (int64, int64) {
	switch code {
	case fieldMonth:
		return year, month
	case fieldQuarter:
		return year, (month-1)/3*3 + 1
	case fieldDecade:
		year -= floorMod(year, 10)
	case fieldCentury:
		year -= floorMod(year-1, 100)
	case fieldMillennium:
		year -= floorMod(year-1, 1000)
	}
	return year, 1
}

// DateTruncTZ is date_trunc for timestamptz in zone loc. Units below the day keep the offset of ts, so that both of
// two hours with one name truncate to themselves; longer units begin at local midnight.
func DateTruncTZ(f Field, ts int64, loc *time.Location) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	east, _ := zoneOffsetAt(ts, loc)
	local, err := truncTimestamp(f, ts+east*MicrosPerSecond, nameTimestampTZ)
	if err != nil {
		return 0, err
	}
	if clockUnit(f.code) != 0 {
		ts, ok := addTimestamp(local, -east*MicrosPerSecond)
		if !ok {
			return 0, errTimestampRange()
		}
		return ts, nil
	}
	return TimestampToTZ(local, loc)
}

// DateTruncInterval is date_trunc for intervals: parts below the field become zero.
func DateTruncInterval(f Field, iv IntervalValue) (IntervalValue, error) {
	if !f.truncates() {
		return IntervalValue{}, f.unknown("interval")
	}
	if unit := clockUnit(f.code); unit != 0 {
		iv.Micros -= iv.Micros % unit
		return iv, nil
	}
	unit := int32(0)
	switch f.code {
	case fieldDay:
		return IntervalValue{Months: iv.Months, Days: iv.Days}, nil
	case fieldMonth:
		unit = 1
	case fieldQuarter:
		unit = 3
	case fieldYear:
		unit = monthsPerYear
	case fieldDecade:
		unit = 10 * monthsPerYear
	case fieldCentury:
		unit = 100 * monthsPerYear
	case fieldMillennium:
		unit = 1000 * monthsPerYear
	case fieldWeek:
		return IntervalValue{}, f.err("interval").WithDetail("Months usually have fractional weeks.")
	default:
		return IntervalValue{}, f.err("interval")
	}
	return IntervalValue{Months: iv.Months - iv.Months%unit}, nil
}

// DateBin is date_bin for timestamp and timestamptz: the start of the bin that holds ts, where bins have the
// stride's length and one begins at origin. The stride must be positive and without months.
func DateBin(stride IntervalValue, ts, origin int64) (int64, error) {
	if !TimestampIsFinite(ts) {
		return ts, nil
	}
	switch {
	case !TimestampIsFinite(origin):
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "origin out of range")
	case stride.Months != 0:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	size, ok := stride.FixedMicros()
	if !ok {
		return 0, errIntervalRange()
	}
	if size <= 0 {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff, ok := addInt64(ts, -origin)
	if !ok {
		return 0, errIntervalRange()
	}
	start, ok := addTimestamp(ts, -floorMod(diff, size))
	if !ok {
		return 0, errTimestampRange()
	}
	return start, nil
}

// FixedMicros gives an interval's days and time as microseconds, a day being 24 hours; ok is false where it has
// months, whose length is not fixed, or overflows.
func (iv IntervalValue) FixedMicros() (micros int64, ok bool) {
	days := int64(iv.Days)
	if iv.Months != 0 || days*MicrosPerDay/MicrosPerDay != days {
		return 0, false
	}
	return addInt64(days*MicrosPerDay, iv.Micros)
}

// Overlaps is (start1, end1) OVERLAPS (start2, end2) for values that compare as integers, none of them NULL:
// whether the half-open periods share an instant. Ends may be given in either order, and a period of no
// length counts as the instant itself.
func Overlaps(start1, end1, start2, end2 int64) bool {
	if start1 > end1 {
		start1, end1 = end1, start1
	}
	if start2 > end2 {
		start2, end2 = end2, start2
	}
	switch {
	case start1 > start2:
		return start1 < end2
	case start1 < start2:
		return start2 < end1
	}
	return true
}
