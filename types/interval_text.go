package types

import (
	"strconv"
	"strings"
)

// intervalStyle is the session's IntervalStyle, decoded.
type intervalStyle uint8

const (
	intervalPostgres intervalStyle = iota
	intervalVerbose
	intervalISO8601
	intervalSQL
)

func (e *Env) intervalStyle() intervalStyle {
	switch e.IntervalStyle {
	case "postgres":
		return intervalPostgres
	}
	switch strings.ToLower(e.IntervalStyle) {
	case "postgres_verbose":
		return intervalVerbose
	case "iso_8601":
		return intervalISO8601
	case "sql_standard":
		return intervalSQL
	}
	return intervalPostgres
}

// intervalParts is an interval as text shows it. All parts below the month have the sign of the whole they
// come from.
type intervalParts struct {
	years, months, days           int64
	hours, minutes, secs, subsecs int64
}

func (iv IntervalValue) parts() intervalParts {
	p := intervalParts{
		years: int64(iv.Months / monthsPerYear), months: int64(iv.Months % monthsPerYear), days: int64(iv.Days),
		hours: iv.Micros / MicrosPerHour,
	}
	rest := iv.Micros % MicrosPerHour
	p.minutes, rest = rest/MicrosPerMinute, rest%MicrosPerMinute
	p.secs, p.subsecs = rest/MicrosPerSecond, rest%MicrosPerSecond
	return p
}

// negateTime makes the time's parts positive where they are negative.
func (p *intervalParts) absTime() {
	p.hours, p.minutes, p.secs, p.subsecs = absInt(p.hours), absInt(p.minutes), absInt(p.secs), absInt(p.subsecs)
}

func absInt(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// AppendInterval appends an interval's text in the session's IntervalStyle.
func AppendInterval(dst []byte, iv IntervalValue, env *Env) []byte {
	switch env.intervalStyle() {
	case intervalVerbose:
		return appendIntervalVerbose(dst, iv)
	case intervalISO8601:
		return appendIntervalISO(dst, iv)
	case intervalSQL:
		return appendIntervalSQL(dst, iv)
	}
	return appendIntervalPostgres(dst, iv)
}

// AppendIntervalText is [AppendInterval].
func AppendIntervalText(dst []byte, iv IntervalValue, env *Env) []byte {
	return AppendInterval(dst, iv, env)
}

// appendIntervalPostgres writes "1 year 2 mons -3 days +04:05:06.7": a part after a negative one shows its plus.
func appendIntervalPostgres(dst []byte, iv IntervalValue) []byte {
	p := iv.parts()
	start, afterMinus := len(dst), false
	for _, part := range [3]struct {
		v    int64
		unit string
	}{{p.years, "year"}, {p.months, "mon"}, {p.days, "day"}} {
		if part.v == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		if afterMinus && part.v > 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, part.v, 10)
		dst = append(append(dst, ' '), part.unit...)
		if part.v != 1 {
			dst = append(dst, 's')
		}
		afterMinus = part.v < 0
	}
	if iv.Micros == 0 && len(dst) > start {
		return dst
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	switch {
	case iv.Micros < 0:
		dst = append(dst, '-')
	case afterMinus:
		dst = append(dst, '+')
	}
	p.absTime()
	if p.hours < 10 {
		dst = append(dst, '0')
	}
	return appendIntervalClock(dst, p)
}

// appendIntervalClock appends H:MM:SS of positive parts.
func appendIntervalClock(dst []byte, p intervalParts) []byte {
	dst = append(strconv.AppendInt(dst, p.hours, 10), ':')
	dst = append(appendPair(dst, p.minutes), ':')
	return appendFraction(appendPair(dst, p.secs), p.subsecs)
}

// appendIntervalVerbose writes "@ 1 year 2 mons -3 days 4 hours ago": the first part decides about "ago", and the
// signs of the others are relative to it.
func appendIntervalVerbose(dst []byte, iv IntervalValue) []byte {
	p := iv.parts()
	dst = append(dst, '@')
	zero, before := true, false
	for _, part := range [5]struct {
		v    int64
		unit string
	}{{p.years, "year"}, {p.months, "mon"}, {p.days, "day"}, {p.hours, "hour"}, {p.minutes, "min"}} {
		v := part.v
		if v == 0 {
			continue
		}
		if zero {
			before, v = v < 0, absInt(v)
		} else if before {
			v = -v
		}
		zero = false
		dst = strconv.AppendInt(append(dst, ' '), v, 10)
		dst = append(append(dst, ' '), part.unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
	}
	if p.secs != 0 || p.subsecs != 0 {
		dst = append(dst, ' ')
		negative := p.secs < 0 || p.subsecs < 0
		switch {
		case zero:
			before = negative
		case negative != before:
			dst = append(dst, '-')
		}
		zero = false
		dst = strconv.AppendInt(dst, absInt(p.secs), 10)
		dst = appendFraction(dst, absInt(p.subsecs))
		dst = append(dst, " sec"...)
		if absInt(p.secs) != 1 || p.subsecs != 0 {
			dst = append(dst, 's')
		}
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

// appendIntervalISO writes ISO 8601's "P1Y2M3DT4H5M6.7S", each part with its own sign.
func appendIntervalISO(dst []byte, iv IntervalValue) []byte {
	if iv == (IntervalValue{}) {
		return append(dst, "PT0S"...)
	}
	p := iv.parts()
	dst = append(dst, 'P')
	dst = appendISOPart(dst, p.years, 'Y')
	dst = appendISOPart(dst, p.months, 'M')
	dst = appendISOPart(dst, p.days, 'D')
	if iv.Micros == 0 {
		return dst
	}
	dst = append(dst, 'T')
	dst = appendISOPart(dst, p.hours, 'H')
	dst = appendISOPart(dst, p.minutes, 'M')
	if p.secs == 0 && p.subsecs == 0 {
		return dst
	}
	if p.secs < 0 || p.subsecs < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendInt(dst, absInt(p.secs), 10)
	return append(appendFraction(dst, absInt(p.subsecs)), 'S')
}

func appendISOPart(dst []byte, v int64, unit byte) []byte {
	if v == 0 {
		return dst
	}
	return append(strconv.AppendInt(dst, v, 10), unit)
}

// appendIntervalSQL writes the SQL standard's literals: "1-2" or "3 4:05:06", and for what those cannot say,
// mixed signs or all fields, "+1-2 -3 +4:05:06".
func appendIntervalSQL(dst []byte, iv IntervalValue) []byte {
	if iv == (IntervalValue{}) {
		return append(dst, '0')
	}
	negative := iv.Months < 0 || iv.Days < 0 || iv.Micros < 0
	positive := iv.Months > 0 || iv.Days > 0 || iv.Micros > 0
	p := iv.parts()
	p.absTime()
	p.years, p.months, p.days = absInt(p.years), absInt(p.months), absInt(p.days)
	if negative && positive || iv.Months != 0 && (iv.Days != 0 || iv.Micros != 0) {
		dst = strconv.AppendInt(appendSign(dst, iv.Months < 0), p.years, 10)
		dst = strconv.AppendInt(append(dst, '-'), p.months, 10)
		dst = strconv.AppendInt(appendSign(append(dst, ' '), iv.Days < 0), p.days, 10)
		return appendIntervalClock(appendSign(append(dst, ' '), iv.Micros < 0), p)
	}
	if negative {
		dst = append(dst, '-')
	}
	if iv.Months != 0 {
		dst = strconv.AppendInt(dst, p.years, 10)
		return strconv.AppendInt(append(dst, '-'), p.months, 10)
	}
	if iv.Days != 0 {
		dst = append(strconv.AppendInt(dst, p.days, 10), ' ')
	}
	return appendIntervalClock(dst, p)
}

func appendSign(dst []byte, negative bool) []byte {
	if negative {
		return append(dst, '-')
	}
	return append(dst, '+')
}
