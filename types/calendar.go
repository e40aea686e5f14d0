package types

import (
	"math"

	"millrace/pgerr"
)

// Units of time. Stored times count microseconds, stored dates count days.
const (
	MicrosPerSecond int64 = 1_000_000
	MicrosPerMinute       = 60 * MicrosPerSecond
	MicrosPerHour         = 60 * MicrosPerMinute
	MicrosPerDay          = 24 * MicrosPerHour
)

// The infinities of date, timestamp and timestamptz, as stored. A date's are int32 extremes held in an int64.
const (
	DateNegInfinity      int64 = math.MinInt32
	DateInfinity         int64 = math.MaxInt32
	TimestampNegInfinity int64 = math.MinInt64
	TimestampInfinity    int64 = math.MaxInt64
)

// Fixed points of the two day counts in use: stored days from 2000-01-01, Julian days from 4714-11-24 BC.
const (
	UnixEpochDays     int64 = -10957  // 1970-01-01 in stored days
	PostgresEpochJDay int64 = 2451545 // 2000-01-01 as a Julian day

	// UnixEpochMicros is 1970-01-01 00:00 as a stored timestamp.
	UnixEpochMicros int64 = UnixEpochDays * MicrosPerDay
)

// The ranges that PostgreSQL accepts: dates from 4714-11-24 BC to 5874897-12-31, timestamps from the same
// day to the end of the year 294276. The upper bounds are exclusive.
const (
	dateMin      int64 = -PostgresEpochJDay
	dateEnd      int64 = 2147483494 - PostgresEpochJDay
	timestampMin int64 = -PostgresEpochJDay * MicrosPerDay
	timestampEnd int64 = (109203528 - PostgresEpochJDay) * MicrosPerDay
)

// DaysFromCivil gives the stored day number (days from 2000-01-01) of a date in the proleptic Gregorian
// calendar. The year is astronomical: 0 is 1 BC, -1 is 2 BC. Month and day may lie outside their usual
// ranges by any small amount and carry over: month 13 is January of the next year.
//
// The method is that of Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in March,
// so that the leap day is a year's last day, and 400 years are one cycle of 146097 days.
func DaysFromCivil(year, month, day int64) int64 {
	month--
	year += floorDiv(month, 12)
	month = floorMod(month, 12) + 1
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 730425
}

// CivilFromDays is the inverse of [DaysFromCivil]: the astronomical year, the month 1..12 and the day 1..31.
func CivilFromDays(days int64) (year, month, day int64) {
	days += 730425
	era := floorDiv(days, 146097)
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	year = yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// IsLeapYear reports whether an astronomical year has a 29th of February.
func IsLeapYear(year int64) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

var monthDays = [13]int64{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysInMonth gives the length of a month (1..12) of an astronomical year.
func DaysInMonth(year, month int64) int64 {
	if month == 2 && IsLeapYear(year) {
		return 29
	}
	return monthDays[month]
}

// Weekday gives the day of the week of a stored day number: 0 is Sunday, 6 is Saturday.
func Weekday(days int64) int64 { return floorMod(days+6, 7) }

// DayOfYear gives the day's number in its year, from 1.
func DayOfYear(days int64) int64 {
	year, _, _ := CivilFromDays(days)
	return days - DaysFromCivil(year, 1, 1) + 1
}

// isoWeekStart gives the Monday of week 1 of an ISO 8601 year: the week that holds January 4th.
func isoWeekStart(year int64) int64 {
	jan4 := DaysFromCivil(year, 1, 4)
	return jan4 - floorMod(jan4+5, 7)
}

// ISOWeek gives the ISO 8601 year (astronomical) and week (1..53) of a stored day number.
func ISOWeek(days int64) (year, week int64) {
	year, _, _ = CivilFromDays(days)
	start := isoWeekStart(year)
	switch {
	case days < start:
		year--
		start = isoWeekStart(year)
	default:
		if next := isoWeekStart(year + 1); days >= next {
			year++
			start = next
		}
	}
	return year, (days-start)/7 + 1
}

// displayYear gives the year as people count it: there is no year 0, so 1 BC is -1.
func displayYear(year int64) int64 {
	if year <= 0 {
		return year - 1
	}
	return year
}

// DateIsFinite reports whether a stored date is neither infinity.
func DateIsFinite(days int64) bool { return days != DateInfinity && days != DateNegInfinity }

// TimestampIsFinite reports whether a stored timestamp is neither infinity.
func TimestampIsFinite(ts int64) bool { return ts != TimestampInfinity && ts != TimestampNegInfinity }

func dateInRange(days int64) bool { return days >= dateMin && days < dateEnd }

func timestampInRange(ts int64) bool { return ts >= timestampMin && ts < timestampEnd }

// splitTimestamp divides a finite timestamp into its stored day and the microseconds since that midnight.
func splitTimestamp(ts int64) (days, micros int64) {
	days = floorDiv(ts, MicrosPerDay)
	return days, ts - days*MicrosPerDay
}

// joinTimestamp is the inverse of [splitTimestamp], for any number of microseconds; ok is false outside the
// range of timestamps.
func joinTimestamp(days, micros int64) (ts int64, ok bool) {
	if days < dateMin-1 || days > timestampEnd/MicrosPerDay {
		return 0, false // so the product below cannot overflow
	}
	return addTimestamp(days*MicrosPerDay, micros)
}

// addTimestamp adds two numbers of microseconds; ok is false outside the range of timestamps.
func addTimestamp(a, b int64) (ts int64, ok bool) {
	ts = a + b
	if (ts > a) != (b > 0) && b != 0 {
		return 0, false
	}
	return ts, timestampInRange(ts)
}

// unixSeconds gives a timestamp's whole seconds from 1970. The microseconds from there
// would not fit an int64 in the last years of the range.
func unixSeconds(ts int64) int64 {
	return floorDiv(ts, MicrosPerSecond) - UnixEpochMicros/MicrosPerSecond
}

func errTimestampRange() *pgerr.Error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
}

func errDateRange() *pgerr.Error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
}

func errIntervalRange() *pgerr.Error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
}

// floorDiv and floorMod round toward negative infinity, so that times before the epoch fall into the
// same periods as times after it. The divisor is positive.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// TumbleStart gives the start of the tumbling window of the given size that holds ts: the greatest
// offset + k*size that is not above ts, for times before the epoch as well. The size is positive. Infinite
// timestamps are returned as they are. Where the start would lie below the least int64, ok is false.
func TumbleStart(ts, size, offset int64) (start int64, ok bool) {
	if !TimestampIsFinite(ts) {
		return ts, true
	}
	shift := floorMod(ts, size) - floorMod(offset, size)
	if shift < 0 {
		shift += size
	}
	start = ts - shift
	return start, start <= ts && start != TimestampNegInfinity
}
