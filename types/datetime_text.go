package types

import (
	"strconv"
	"strings"
	"time"
)

// dateStyle is the session's DateStyle, decoded.
type dateStyle struct {
	format dateStyleFormat
	order  dateOrder
}

type dateStyleFormat uint8

const (
	styleISO dateStyleFormat = iota
	styleSQL
	stylePostgres
	styleGerman
)

// dateStyle decodes DateStyle. What it does not know it leaves at the default, ISO and MDY: the session
// checks the setting when it is made.
func (e *Env) dateStyle() dateStyle {
	if e.DateStyle == "ISO, MDY" {
		return dateStyle{}
	}
	return parseDateStyle(e.DateStyle)
}

func parseDateStyle(s string) dateStyle {
	var st dateStyle
	for word := range strings.SplitSeq(s, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		switch {
		case word == "sql":
			st.format = styleSQL
		case strings.HasPrefix(word, "postgres"):
			st.format = stylePostgres
		case word == "german":
			st.format, st.order = styleGerman, orderDMY
		case word == "dmy" || strings.HasPrefix(word, "euro"):
			st.order = orderDMY
		case word == "ymd":
			st.order = orderYMD
		case word == "mdy" || word == "us" || strings.HasPrefix(word, "noneuro"):
			st.order = orderMDY
		}
	}
	return st
}

// appendInfinity appends the text of an infinite date or timestamp.
func appendInfinity(dst []byte, negative bool) []byte {
	if negative {
		return append(dst, "-infinity"...)
	}
	return append(dst, "infinity"...)
}

func appendPair(dst []byte, v int64) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }

// appendYear appends a positive year with at least four digits.
func appendYear(dst []byte, year int64) []byte {
	if year < 10000 {
		return appendPair(appendPair(dst, year/100), year%100)
	}
	return strconv.AppendInt(dst, year, 10)
}

// appendCivil appends a date with three parts between separators.
func appendCivil(dst []byte, first, second, year int64, sep byte) []byte {
	dst = append(appendPair(dst, first), sep)
	dst = append(appendPair(dst, second), sep)
	return appendYear(dst, year)
}

// appendDay appends a date in a style, without its era.
func appendDay(dst []byte, year, month, day int64, st dateStyle) []byte {
	if st.format == styleISO {
		dst = append(appendYear(dst, year), '-')
		dst = append(appendPair(dst, month), '-')
		return appendPair(dst, day)
	}
	if st.format == styleGerman {
		return appendCivil(dst, day, month, year, '.')
	}
	sep := byte('/')
	if st.format == stylePostgres {
		sep = '-'
	}
	if st.order == orderDMY {
		return appendCivil(dst, day, month, year, sep)
	}
	return appendCivil(dst, month, day, year, sep)
}

// eraYear gives the year within its era, and whether that is BC.
func eraYear(year int64) (int64, bool) {
	if year <= 0 {
		return 1 - year, true
	}
	return year, false
}

// appendClock appends HH:MM:SS with as many digits of the second as it has.
func appendClock(dst []byte, micros int64) []byte {
	second := micros / MicrosPerSecond
	dst = append(appendPair(dst, second/3600), ':')
	dst = append(appendPair(dst, second/60%60), ':')
	dst = appendPair(dst, second%60)
	return appendFraction(dst, micros%MicrosPerSecond)
}

// appendFraction appends the point and digits of 0 <= micros < 1 second, without trailing zeros.
func appendFraction(dst []byte, micros int64) []byte {
	if micros == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendPair(dst, micros/10000)
	dst = appendPair(dst, micros/100%100)
	dst = appendPair(dst, micros%100)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendOffset appends a zone's offset as +HH, +HH:MM or +HH:MM:SS, whichever is exact.
func appendOffset(dst []byte, east int64, minutes bool) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	dst = appendPair(append(dst, sign), east/3600)
	if east%60 != 0 {
		dst = appendPair(append(dst, ':'), east/60%60)
		return appendPair(append(dst, ':'), east%60)
	}
	if minutes || east/60%60 != 0 {
		dst = appendPair(append(dst, ':'), east/60%60)
	}
	return dst
}

// zoneLabel is the zone to print after a timestamp, if any.
type zoneLabel struct {
	show   bool
	abbrev string
	east   int64
}

// abbrevTextMax bounds the text of a zone abbreviation, as in PostgreSQL.
const abbrevTextMax = 10

// appendDateTime appends a finite timestamp, already moved into its zone.
func appendDateTime(dst []byte, ts int64, zone zoneLabel, st dateStyle) []byte {
	days, micros := splitTimestamp(ts)
	year, month, day := CivilFromDays(days)
	year, bc := eraYear(year)
	if st.format == stylePostgres {
		dst = append(append(dst, weekdayNames[Weekday(days)][:3]...), ' ')
		if st.order == orderDMY {
			dst = append(appendPair(dst, day), ' ')
			dst = append(dst, monthNames[month-1][:3]...)
		} else {
			dst = append(append(dst, monthNames[month-1][:3]...), ' ')
			dst = appendPair(dst, day)
		}
		dst = appendClock(append(dst, ' '), micros)
		dst = appendYear(append(dst, ' '), year)
	} else {
		dst = appendDay(dst, year, month, day, st)
		dst = appendClock(append(dst, ' '), micros)
	}
	switch {
	case !zone.show:
	case st.format == styleISO:
		dst = appendOffset(dst, zone.east, false)
	case zone.abbrev != "":
		dst = append(append(dst, ' '), zone.abbrev[:min(len(zone.abbrev), abbrevTextMax)]...)
	default:
		if st.format == stylePostgres {
			dst = append(dst, ' ')
		}
		dst = appendOffset(dst, zone.east, false)
	}
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// appendXSD appends a finite timestamp as XML Schema and JSON write it: with a T and an exact offset.
func appendXSD(dst []byte, ts int64) (_ []byte, bc bool) {
	days, micros := splitTimestamp(ts)
	year, month, day := CivilFromDays(days)
	year, bc = eraYear(year)
	dst = appendDay(dst, year, month, day, dateStyle{})
	return appendClock(append(dst, 'T'), micros), bc
}

// AppendTimestampXSD appends a timestamp as to_json does: 2020-01-02T03:04:05.6.
func AppendTimestampXSD(dst []byte, ts int64) []byte {
	if !TimestampIsFinite(ts) {
		return appendInfinity(dst, ts < 0)
	}
	dst, bc := appendXSD(dst, ts)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

// AppendTimestampTZXSD appends a timestamptz as to_json does, in zone loc: 2020-01-02T03:04:05.6+01:00.
func AppendTimestampTZXSD(dst []byte, ts int64, loc *time.Location) []byte {
	if !TimestampIsFinite(ts) {
		return appendInfinity(dst, ts < 0)
	}
	east, _ := zoneOffsetAt(ts, loc)
	dst, bc := appendXSD(dst, ts+east*MicrosPerSecond)
	dst = appendOffset(dst, east, true)
	if bc {
		dst = append(dst, " BC"...)
	}
	return dst
}

var monthNames = [12]string{
	"January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December",
}

var weekdayNames = [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
