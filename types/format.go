package types

import (
	"strings"
	"unicode/utf8"
)

// DateFormat is a compiled template of to_char, to_timestamp and to_date, with the patterns and modifiers of
// PostgreSQL's documentation, section 9.8. It is immutable. TM is accepted; names are always English.
type DateFormat struct {
	nodes []formatNode
	empty bool
}

// Empty reports whether the template is the empty text, for which to_char gives NULL.
func (f *DateFormat) Empty() bool { return f.empty }

// formatNode is one pattern of a template, or one character of other text.
type formatNode struct {
	kind   formatNodeKind
	key    *formatKey // of a pattern
	text   string     // of other text: one character
	fill   bool       // FM: no padding
	trans  bool       // TM
	suffix string     // TH or th: an ordinal
}

type formatNodeKind uint8

const (
	formatField formatNodeKind = iota
	formatChar
	formatSpace
	formatSeparator
)

// formatKey is a pattern.
type formatKey struct {
	name  string
	id    formatID
	style nameStyle
	digit bool // the field is a number, as far as to_timestamp is concerned
	mode  formatMode
}

// nameStyle is the case in which a pattern's text comes out; the pattern is written in it.
type nameStyle uint8

const (
	styleUpper nameStyle = iota
	styleTitle
	styleLower
)

// formatMode is the calendar that a pattern belongs to; a template for input cannot mix them.
type formatMode uint8

const (
	modeNone formatMode = iota
	modeGregorian
	modeISO
)

type formatID uint8

const (
	fmMeridian formatID = iota
	fmMeridianDots
	fmEra
	fmEraDots
	fmHour12
	fmHour24
	fmMinute
	fmSecond
	fmMillis
	fmFraction // FF1 to FF6: the digits are in the name
	fmMicros
	fmDaySeconds
	fmZone
	fmZoneHours
	fmZoneMinutes
	fmOffset
	fmMonthName
	fmMonthShort
	fmMonth
	fmDayName
	fmDayShort
	fmDayOfYear
	fmISODayOfYear
	fmDay
	fmWeekday
	fmISOWeekday
	fmWeek
	fmISOWeek
	fmQuarter
	fmCentury
	fmYearComma
	fmYear
	fmYear3
	fmYear2
	fmYear1
	fmISOYear
	fmISOYear3
	fmISOYear2
	fmISOYear1
	fmRoman
	fmMonthWeek
	fmJulian
	fmExact // FX
)

// formatKeys are the patterns in upper case. Numbers may also be written in lower case, and words in lower
// case or, where a month or day, in title case.
var formatKeys = []formatKey{
	{name: "A.D.", id: fmEraDots}, {name: "B.C.", id: fmEraDots}, {name: "AD", id: fmEra}, {name: "BC", id: fmEra},
	{name: "A.M.", id: fmMeridianDots}, {name: "P.M.", id: fmMeridianDots}, {name: "AM", id: fmMeridian}, {name: "PM", id: fmMeridian},
	{name: "CC", id: fmCentury, digit: true},
	{name: "DAY", id: fmDayName}, {name: "DY", id: fmDayShort},
	{name: "DDD", id: fmDayOfYear, digit: true, mode: modeGregorian},
	{name: "DD", id: fmDay, digit: true, mode: modeGregorian},
	{name: "D", id: fmWeekday, digit: true, mode: modeGregorian},
	{name: "FF1", id: fmFraction, digit: true}, {name: "FF2", id: fmFraction, digit: true}, {name: "FF3", id: fmFraction, digit: true},
	{name: "FF4", id: fmFraction, digit: true}, {name: "FF5", id: fmFraction, digit: true}, {name: "FF6", id: fmFraction, digit: true},
	{name: "FX", id: fmExact},
	{name: "HH24", id: fmHour24, digit: true}, {name: "HH12", id: fmHour12, digit: true}, {name: "HH", id: fmHour12, digit: true},
	{name: "IDDD", id: fmISODayOfYear, digit: true, mode: modeISO},
	{name: "ID", id: fmISOWeekday, digit: true, mode: modeISO},
	{name: "IW", id: fmISOWeek, digit: true, mode: modeISO},
	{name: "IYYY", id: fmISOYear, digit: true, mode: modeISO}, {name: "IYY", id: fmISOYear3, digit: true, mode: modeISO},
	{name: "IY", id: fmISOYear2, digit: true, mode: modeISO}, {name: "I", id: fmISOYear1, digit: true, mode: modeISO},
	{name: "J", id: fmJulian, digit: true},
	{name: "MI", id: fmMinute, digit: true},
	{name: "MM", id: fmMonth, digit: true, mode: modeGregorian},
	{name: "MONTH", id: fmMonthName, mode: modeGregorian}, {name: "MON", id: fmMonthShort, mode: modeGregorian},
	{name: "MS", id: fmMillis, digit: true},
	{name: "OF", id: fmOffset},
	{name: "Q", id: fmQuarter, digit: true},
	{name: "RM", id: fmRoman, mode: modeGregorian},
	{name: "SSSSS", id: fmDaySeconds, digit: true}, {name: "SSSS", id: fmDaySeconds, digit: true}, {name: "SS", id: fmSecond, digit: true},
	{name: "TZH", id: fmZoneHours}, {name: "TZM", id: fmZoneMinutes, digit: true}, {name: "TZ", id: fmZone},
	{name: "US", id: fmMicros, digit: true},
	{name: "WW", id: fmWeek, digit: true, mode: modeGregorian}, {name: "W", id: fmMonthWeek, digit: true, mode: modeGregorian},
	{name: "Y,YYY", id: fmYearComma, digit: true, mode: modeGregorian},
	{name: "YYYY", id: fmYear, digit: true, mode: modeGregorian}, {name: "YYY", id: fmYear3, digit: true, mode: modeGregorian},
	{name: "YY", id: fmYear2, digit: true, mode: modeGregorian}, {name: "Y", id: fmYear1, digit: true, mode: modeGregorian},
}

// formatKeyIndex finds patterns by their first byte, longer ones first.
var formatKeyIndex = func() (ix [128][]*formatKey) {
	add := func(k formatKey) {
		list := ix[k.name[0]]
		at := len(list)
		for at > 0 && len(list[at-1].name) < len(k.name) {
			at--
		}
		ix[k.name[0]] = append(list[:at:at], append([]*formatKey{&k}, list[at:]...)...)
	}
	for _, k := range formatKeys {
		add(k)
		upper := k.name
		k.name, k.style = strings.ToLower(upper), styleLower
		add(k)
		switch k.id {
		case fmMonthName, fmMonthShort, fmDayName, fmDayShort:
			k.name, k.style = upper[:1]+k.name[1:], styleTitle
			add(k)
		}
	}
	return ix
}()

func findFormatKey(s string) *formatKey {
	if s[0] >= utf8.RuneSelf {
		return nil
	}
	for _, k := range formatKeyIndex[s[0]] {
		if strings.HasPrefix(s, k.name) {
			return k
		}
	}
	return nil
}

// CompileDateFormat compiles a template. Every text is a template: what is no pattern stands for itself.
func CompileDateFormat(format string) *DateFormat {
	s := strings.Clone(format)
	f := &DateFormat{empty: s == ""}
	for s != "" {
		var n formatNode
		switch {
		case strings.HasPrefix(s, "FM") || strings.HasPrefix(s, "fm"):
			n.fill, s = true, s[2:]
		case strings.HasPrefix(s, "TM") || strings.HasPrefix(s, "tm"):
			n.trans, s = true, s[2:]
		}
		if s == "" {
			break
		}
		if n.key = findFormatKey(s); n.key != nil {
			s = s[len(n.key.name):]
			if len(s) >= 2 {
				switch s[:2] {
				case "TH", "th":
					n.suffix, s = s[:2], s[2:]
				case "SP":
					s = s[2:]
				}
			}
			f.nodes = append(f.nodes, n)
			continue
		}
		if s[0] == '"' {
			s = f.addQuoted(s[1:])
			continue
		}
		if len(s) >= 2 && s[0] == '\\' && s[1] == '"' {
			s = s[1:]
		}
		kind := formatChar
		switch {
		case isSpace(s[0]):
			kind = formatSpace
		case isPunct(s[0]):
			kind = formatSeparator
		}
		s = f.addChar(s, kind)
	}
	return f
}

// addQuoted adds quoted text, up to the closing quote or the end, and gives the rest.
func (f *DateFormat) addQuoted(s string) string {
	for s != "" {
		if s[0] == '"' {
			return s[1:]
		}
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		s = f.addChar(s, formatChar)
	}
	return s
}

func (f *DateFormat) addChar(s string, kind formatNodeKind) string {
	_, n := utf8.DecodeRuneInString(s)
	f.nodes = append(f.nodes, formatNode{kind: kind, text: s[:n]})
	return s[n:]
}
