package types

import (
	"strconv"
	"time"

	"millrace/pgerr"
)

// formatParts is a timestamp or interval in the parts that patterns show. An interval's parts may be
// negative or beyond their usual ranges.
type formatParts struct {
	year, month, day             int64 // the year astronomical; of an interval, just a number
	hour, minute, second, micros int64 // micros beyond the second
	dayOfYear                    int64
	days                         int64 // stored day number
	interval                     bool
	zoned                        bool
	abbrev                       string
	east                         int64
}

// AppendTimestamp appends to_char(timestamp, f); ok is false where that is NULL, for infinity and for the
// empty template.
func (f *DateFormat) AppendTimestamp(dst []byte, ts int64) (_ []byte, ok bool) {
	if f.Empty() || !TimestampIsFinite(ts) {
		return dst, false
	}
	p := timestampParts(ts)
	return f.append(dst, &p), true
}

// AppendTimestampTZ appends to_char(timestamptz, f) in zone loc; ok as of [DateFormat.AppendTimestamp].
func (f *DateFormat) AppendTimestampTZ(dst []byte, ts int64, loc *time.Location) (_ []byte, ok bool) {
	if f.Empty() || !TimestampIsFinite(ts) {
		return dst, false
	}
	east, abbrev := zoneOffsetAt(ts, loc)
	p := timestampParts(ts + east*MicrosPerSecond)
	p.zoned, p.abbrev, p.east = true, abbrev, east
	return f.append(dst, &p), true
}

func timestampParts(ts int64) (p formatParts) {
	days, micros := splitTimestamp(ts)
	p.days = days
	p.year, p.month, p.day = CivilFromDays(days)
	p.dayOfYear = days - DaysFromCivil(p.year, 1, 1) + 1
	p.hour = micros / MicrosPerHour
	p.minute = micros / MicrosPerMinute % 60
	p.second = micros / MicrosPerSecond % 60
	p.micros = micros % MicrosPerSecond
	return p
}

// AppendInterval appends to_char(interval, f); ok is false where that is NULL, for the empty template. The
// error is 22007, for patterns that need a date. Those of Julian days and ISO weeks are allowed and mean nothing.
func (f *DateFormat) AppendInterval(dst []byte, iv IntervalValue) (_ []byte, ok bool, err error) {
	if f.Empty() {
		return dst, false, nil
	}
	for i := range f.nodes {
		if k := f.nodes[i].key; k != nil && k.needsDate() {
			return dst, false, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
				WithHint("Intervals are not tied to specific calendar dates.")
		}
	}
	parts := iv.parts()
	p := formatParts{
		year: parts.years, month: parts.months, day: parts.days,
		hour: parts.hours, minute: parts.minutes, second: parts.secs, micros: parts.subsecs, interval: true,
	}
	p.dayOfYear = int64(iv.Months)*daysPerMonth + p.day
	p.days = DaysFromCivil(p.year, p.month, p.day)
	return f.append(dst, &p), true, nil
}

func (k *formatKey) needsDate() bool {
	switch k.id {
	case fmEra, fmEraDots, fmZone, fmZoneHours, fmZoneMinutes, fmOffset, fmMonthName, fmMonthShort, fmDayName,
		fmDayShort, fmWeekday, fmISOWeekday:
		return true
	}
	return false
}

func (f *DateFormat) append(dst []byte, p *formatParts) []byte {
	for i := range f.nodes {
		n := &f.nodes[i]
		if n.kind != formatField {
			dst = append(dst, n.text...)
			continue
		}
		start := len(dst)
		var number bool
		if dst, number = n.appendField(dst, p); number && n.suffix != "" {
			dst = appendOrdinal(dst, start, n.suffix)
		}
	}
	return dst
}

// appendField appends one pattern's text and tells whether it is a number that can be an ordinal.
func (n *formatNode) appendField(dst []byte, p *formatParts) (_ []byte, number bool) {
	switch n.key.id {
	case fmMeridian, fmMeridianDots, fmEra, fmEraDots, fmMonthName, fmMonthShort, fmDayName, fmDayShort, fmRoman:
		return n.appendName(dst, p), false
	case fmZone, fmZoneHours, fmZoneMinutes, fmOffset:
		return n.appendZone(dst, p), false
	case fmExact:
		return dst, false
	case fmHour12, fmHour24, fmMinute, fmSecond, fmMillis, fmFraction, fmMicros, fmDaySeconds:
		return n.appendClockField(dst, p), true
	case fmQuarter:
		if p.month == 0 {
			return dst, false
		}
	}
	return n.appendDateField(dst, p), true
}

func (n *formatNode) appendClockField(dst []byte, p *formatParts) []byte {
	switch n.key.id {
	case fmHour12:
		h := p.hour % 12
		if h == 0 {
			h = 12
		}
		return n.appendPadded(dst, h, 2, p.hour < 0)
	case fmHour24:
		return n.appendPadded(dst, p.hour, 2, p.hour < 0)
	case fmMinute:
		return n.appendPadded(dst, p.minute, 2, p.minute < 0)
	case fmSecond:
		return n.appendPadded(dst, p.second, 2, p.second < 0)
	case fmMillis:
		return appendZeroPadded(dst, p.micros/1000, 3)
	case fmFraction:
		digits := int32(n.key.name[2] - '0')
		return appendZeroPadded(dst, p.micros/microScale[digits], int(digits))
	case fmMicros:
		return appendZeroPadded(dst, p.micros, 6)
	}
	return strconv.AppendInt(dst, (p.hour*60+p.minute)*60+p.second, 10)
}

func (n *formatNode) appendDateField(dst []byte, p *formatParts) []byte {
	switch n.key.id {
	case fmMonth:
		return n.appendPadded(dst, p.month, 2, p.month < 0)
	case fmDayOfYear:
		return n.appendPadded(dst, p.dayOfYear, 3, false)
	case fmISODayOfYear:
		year, _ := ISOWeek(p.days)
		return n.appendPadded(dst, p.days-isoWeekStart(year)+1, 3, false)
	case fmDay:
		return n.appendPadded(dst, p.day, 2, false)
	case fmWeekday:
		return strconv.AppendInt(dst, Weekday(p.days)+1, 10)
	case fmISOWeekday:
		return strconv.AppendInt(dst, floorMod(p.days+5, 7)+1, 10)
	case fmWeek:
		return n.appendPadded(dst, (p.dayOfYear-1)/7+1, 2, false)
	case fmISOWeek:
		_, week := ISOWeek(p.days)
		return n.appendPadded(dst, week, 2, false)
	case fmQuarter:
		return strconv.AppendInt(dst, (p.month-1)/3+1, 10)
	case fmMonthWeek:
		return strconv.AppendInt(dst, (p.day-1)/7+1, 10)
	case fmJulian:
		return strconv.AppendInt(dst, p.days+PostgresEpochJDay, 10)
	case fmCentury:
		century := p.year / 100
		switch {
		case p.interval:
		case p.year > 0:
			century = (p.year-1)/100 + 1
		default:
			century--
		}
		return n.appendPadded(dst, century, 2, century < 0)
	}
	return n.appendYear(dst, p)
}

// appendYear appends a year, or its last digits. The width follows the sign of the year itself.
func (n *formatNode) appendYear(dst []byte, p *formatParts) []byte {
	year := p.shownYear(p.year)
	negative := year < 0
	switch n.key.id {
	case fmISOYear, fmISOYear3, fmISOYear2, fmISOYear1:
		year, _ = ISOWeek(p.days)
		year = p.shownYear(year)
	}
	switch n.key.id {
	case fmYearComma:
		dst = append(strconv.AppendInt(dst, year/1000, 10), ',')
		return appendZeroPadded(dst, year%1000, 3)
	case fmYear3, fmISOYear3:
		return n.appendPadded(dst, year%1000, 3, negative)
	case fmYear2, fmISOYear2:
		return n.appendPadded(dst, year%100, 2, negative)
	case fmYear1, fmISOYear1:
		return strconv.AppendInt(dst, year%10, 10)
	}
	return n.appendPadded(dst, year, 4, negative)
}

// shownYear gives a year within its era; an interval's is a plain number.
func (p *formatParts) shownYear(year int64) int64 {
	if p.interval {
		return year
	}
	year, _ = eraYear(year)
	return year
}

// appendPadded appends v with zeros up to width, one more where there is a sign to come, none under FM.
func (n *formatNode) appendPadded(dst []byte, v int64, width int, signed bool) []byte {
	if n.fill {
		width = 0
	} else if signed {
		width++
	}
	return appendZeroPadded(dst, v, width)
}

// appendZeroPadded appends v with zeros up to width, its sign included, as C's %0*d.
func appendZeroPadded(dst []byte, v int64, width int) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
		width--
	}
	for limit := int64(10); width > 1; limit *= 10 {
		if width--; v < limit {
			for ; width > 0; width-- {
				dst = append(dst, '0')
			}
			break
		}
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendOrdinal appends st, nd, rd or th to the number that starts at start.
func appendOrdinal(dst []byte, start int, suffix string) []byte {
	i := len(dst) - 1
	ending := "th"
	if i == start || dst[i-1] != '1' { // 11th to 13th
		switch dst[i] {
		case '1':
			ending = "st"
		case '2':
			ending = "nd"
		case '3':
			ending = "rd"
		}
	}
	dst = append(dst, ending...)
	if suffix == "TH" {
		upperASCII(dst[len(dst)-2:])
	}
	return dst
}

func (n *formatNode) appendName(dst []byte, p *formatParts) []byte {
	start := len(dst)
	width := 0
	switch n.key.id {
	case fmMeridian, fmMeridianDots:
		dst = n.appendChoice(dst, p.hour%24 >= 12, "AM", "PM")
	case fmEra, fmEraDots:
		dst = n.appendChoice(dst, p.year <= 0, "AD", "BC")
	case fmMonthName:
		dst, width = append(dst, monthNames[p.month-1]...), 9
	case fmMonthShort:
		dst = append(dst, monthNames[p.month-1][:3]...)
	case fmDayName:
		dst, width = append(dst, weekdayNames[Weekday(p.days)]...), 9
	case fmDayShort:
		dst = append(dst, weekdayNames[Weekday(p.days)][:3]...)
	case fmRoman:
		if p.month == 0 && p.year == 0 {
			return dst
		}
		dst, width = append(dst, romanMonths[p.romanMonth()]...), 4
	}
	switch n.key.style {
	case styleUpper:
		upperASCII(dst[start:])
	case styleLower:
		lowerASCII(dst[start:])
	}
	if n.fill || n.trans && n.key.id != fmRoman {
		width = 0
	}
	for len(dst)-start < width {
		dst = append(dst, ' ')
	}
	return dst
}

// appendChoice appends one of two abbreviations, with dots if the pattern has them.
func (n *formatNode) appendChoice(dst []byte, second bool, a, b string) []byte {
	if second {
		a = b
	}
	if n.key.id == fmMeridianDots || n.key.id == fmEraDots {
		return append(dst, a[0], '.', a[1], '.')
	}
	return append(dst, a...)
}

// romanMonths are 1 to 12.
var romanMonths = [13]string{"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}

// romanMonth gives the month 1..12 to show: an interval's negative months count back from December, and whole
// years are a December, or a January if negative.
func (p *formatParts) romanMonth() int64 {
	switch {
	case p.month > 0:
		return p.month
	case p.month < 0:
		return p.month + 13
	case p.year >= 0:
		return 12
	}
	return 1
}

func (n *formatNode) appendZone(dst []byte, p *formatParts) []byte {
	switch n.key.id {
	case fmZone:
		if !p.zoned {
			return dst
		}
		start := len(dst)
		dst = append(dst, p.abbrev...)
		if n.key.style == styleLower {
			lowerASCII(dst[start:])
		}
		return dst
	case fmZoneMinutes:
		return appendZeroPadded(dst, absInt(p.east)/60%60, 2)
	}
	sign := byte('+')
	if p.east < 0 {
		sign = '-'
	}
	east := absInt(p.east)
	dst = append(dst, sign)
	if n.key.id == fmZoneHours {
		return appendZeroPadded(dst, east/3600, 2)
	}
	dst = n.appendPadded(dst, east/3600, 2, false)
	if east%3600 != 0 {
		dst = appendZeroPadded(append(dst, ':'), east/60%60, 2)
	}
	return dst
}

func upperASCII(b []byte) {
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 0x20
		}
	}
}

func lowerASCII(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 0x20
		}
	}
}
