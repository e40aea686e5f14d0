package types

import (
	"math"
	"strconv"
	"strings"

	"millrace/pgerr"
)

// ParseTimestampTZ is to_timestamp(s, f): the instant of the time that s gives, in its own zone if the template
// has TZH, else in env's. What the template does not give is the start of the year 1 BC. Errors: 22007
// where s does not fit the template, 22008 for values out of range.
func (f *DateFormat) ParseTimestampTZ(s string, env *Env) (int64, error) {
	t, err := f.parse(s)
	if err != nil {
		return 0, err
	}
	ts, ok := joinTimestamp(DaysFromCivil(t.year, t.month, t.day), t.clock)
	if !ok {
		return 0, errTimestampRange()
	}
	if t.zoned {
		if ts, ok = addTimestamp(ts, -t.east*MicrosPerSecond); !ok {
			return 0, errTimestampRange()
		}
	} else if ts, err = TimestampToTZ(ts, env.TimeZone); err != nil {
		return 0, err
	}
	if t.precision > 0 {
		ts = roundMicros(ts, t.precision)
	}
	return ts, nil
}

// ParseDate is to_date(s, f), with errors as of [DateFormat.ParseTimestampTZ].
func (f *DateFormat) ParseDate(s string) (int64, error) {
	t, err := f.parse(s)
	if err != nil {
		return 0, err
	}
	days := DaysFromCivil(t.year, t.month, t.day)
	if !dateInRange(days) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", s)
	}
	return days, nil
}

// formatTime is what a text and a template give.
type formatTime struct {
	year, month, day int64
	clock            int64 // microseconds
	zoned            bool
	east             int64 // seconds
	precision        int32 // to round to this many digits of a second; 0 is none
}

// formatInput holds the fields of a text as its template finds them. Zero means not given, as in PostgreSQL.
type formatInput struct {
	s    string // what is left
	all  string
	node *formatNode
	next *formatNode // nil at the template's end
	mode formatMode

	hour, minute, second, daySecond, millis, micros int64
	clock12                                         bool
	pmSet, bcSet                                    int64
	year, yearDigits, century, month, day           int64
	dayOfYear, weekday, week, monthWeek, julian     int64
	zoneSign, zoneHour, zoneMinute                  int64
	precision                                       int32
}

func (f *DateFormat) parse(s string) (formatTime, error) {
	in := formatInput{s: s, all: s}
	if err := in.read(f.nodes); err != nil {
		return formatTime{}, err
	}
	return in.assemble()
}

// read matches the text against the template. Blanks in the text count for little: before and after fields any
// number of them is skipped, unless the template has FX. A character of the template that is no field
// stands for any one character of the text.
func (in *formatInput) read(nodes []formatNode) error {
	exact := false
	skipped := 0 // characters skipped beyond those of the template
	for i := range nodes {
		if in.s == "" {
			break
		}
		n := &nodes[i]
		in.node, in.next = n, nil
		if i+1 < len(nodes) {
			in.next = &nodes[i+1]
		}
		if !exact && (i == 0 || n.kind == formatField) && (n.key == nil || n.key.id != fmExact) {
			skipped += in.skipSpace()
		}
		switch {
		case n.kind == formatField:
			if n.key.id == fmExact {
				exact = true
				break
			}
			if err := in.field(skipped); err != nil {
				return err
			}
			if !exact {
				skipped = in.skipSpace()
			}
		case exact:
			in.skipChars(1)
		case n.kind != formatChar:
			skipped--
			if in.s != "" && (isSpace(in.s[0]) || isPunct(in.s[0])) {
				in.s = in.s[1:]
				skipped++
			}
		case skipped > 0:
			skipped--
		default:
			in.skipChars(1)
		}
	}
	return nil
}

func (in *formatInput) skipSpace() (n int) {
	for in.s != "" && isSpace(in.s[0]) {
		in.s = in.s[1:]
		n++
	}
	return n
}

func (in *formatInput) skipChars(n int) {
	for ; n > 0 && in.s != ""; n-- {
		in.s = in.s[runeLen([]byte(in.s[:min(len(in.s), 4)])):]
	}
}

// field reads the text of one pattern.
func (in *formatInput) field(skipped int) error {
	key := in.node.key
	if key.mode != modeNone {
		if in.mode == modeNone {
			in.mode = key.mode
		} else if in.mode != key.mode {
			return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid combination of date conventions").
				WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
		}
	}
	switch key.id {
	case fmMeridian, fmMeridianDots, fmEra, fmEraDots, fmMonthName, fmMonthShort, fmDayName, fmDayShort, fmRoman:
		return in.name()
	case fmZone, fmOffset:
		return pgerr.New(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", key.name)
	case fmZoneHours:
		in.zoneSign = 1
		switch c := in.s; {
		case c != "" && (c[0] == '+' || c[0] == '-' || c[0] == ' '):
			if c[0] == '-' {
				in.zoneSign = -1
			}
			in.s = c[1:]
		case skipped > 0 && len(in.s) < len(in.all) && in.all[len(in.all)-len(in.s)-1] == '-':
			in.zoneSign = -1 // the sign was taken for a separator
		}
		_, err := in.int(&in.zoneHour, 2)
		return err
	case fmZoneMinutes:
		if in.zoneSign == 0 {
			in.zoneSign = 1
		}
		_, err := in.int(&in.zoneMinute, 2)
		return err
	}
	if err := in.number(); err != nil {
		return err
	}
	if in.node.suffix != "" {
		in.skipChars(2)
	}
	return nil
}

// number reads the patterns that are numbers.
func (in *formatInput) number() error {
	width := len(in.node.key.name)
	var err error
	switch in.node.key.id {
	case fmHour12:
		in.clock12 = true
		_, err = in.int(&in.hour, 2)
	case fmHour24:
		_, err = in.int(&in.hour, 2)
	case fmMinute:
		_, err = in.int(&in.minute, width)
	case fmSecond:
		_, err = in.int(&in.second, width)
	case fmDaySeconds:
		_, err = in.int(&in.daySecond, width)
	case fmMillis:
		err = in.fraction(&in.millis, 3, 3)
	case fmMicros:
		err = in.fraction(&in.micros, 6, 6)
	case fmFraction:
		in.precision = int32(in.node.key.name[2] - '0')
		err = in.fraction(&in.micros, int(in.precision), 6)
	case fmMonth:
		_, err = in.int(&in.month, width)
	case fmDayOfYear, fmISODayOfYear:
		_, err = in.int(&in.dayOfYear, 3)
	case fmDay:
		_, err = in.int(&in.day, width)
	case fmWeekday:
		_, err = in.int(&in.weekday, width)
	case fmISOWeekday:
		if _, err = in.int(&in.weekday, 1); err == nil {
			if in.weekday++; in.weekday > 7 { // Sunday is 1, as in D
				in.weekday = 1
			}
		}
	case fmWeek, fmISOWeek:
		_, err = in.int(&in.week, width)
	case fmQuarter:
		_, err = in.int(nil, width) // says nothing about the date
	case fmCentury:
		_, err = in.int(&in.century, width)
	case fmMonthWeek:
		_, err = in.int(&in.monthWeek, width)
	case fmJulian:
		_, err = in.int(&in.julian, width)
	case fmYearComma:
		err = in.yearComma()
	case fmYear, fmISOYear:
		in.yearDigits = 4
		_, err = in.int(&in.year, 4)
	case fmYear3, fmISOYear3:
		err = in.partialYear(3)
	case fmYear2, fmISOYear2:
		err = in.partialYear(2)
	case fmYear1, fmISOYear1:
		err = in.partialYear(1)
	}
	return err
}

// partialYear reads a year's last digits and puts it near 2020.
func (in *formatInput) partialYear(digits int) error {
	n, err := in.int(&in.year, digits)
	if err != nil {
		return err
	}
	in.yearDigits = int64(digits)
	if n < 4 {
		switch y := in.year; {
		case y < 70:
			in.year += 2000
		case y < 100:
			in.year += 1900
		case y < 520:
			in.year += 2000
		case y < 1000:
			in.year += 1000
		}
	}
	return nil
}

// yearComma reads a year with a comma after its thousands.
func (in *formatInput) yearComma() error {
	bad := pgerr.New(pgerr.InvalidDatetimeFormat, "invalid input string for \"Y,YYY\"")
	in.skipSpace()
	thousands, rest, ok := scanInt(in.s)
	if !ok || rest == "" || rest[0] != ',' {
		return bad
	}
	rest = rest[1:]
	tail, after, ok := scanInt(rest[:min(len(rest), 3)])
	if !ok {
		return bad
	}
	in.s = rest[min(len(rest), 3)-len(after):]
	in.yearDigits = 4
	if thousands < math.MinInt32/1000 || thousands > math.MaxInt32/1000 {
		return bad
	}
	return in.set(&in.year, thousands*1000+tail)
}

// fraction reads up to width digits of a fraction of a second as units of 10^-digits.
func (in *formatInput) fraction(dest *int64, width, digits int) error {
	n, err := in.int(dest, width)
	if err != nil {
		return err
	}
	for ; n < digits; n++ {
		*dest *= 10
	}
	return nil
}

// int reads a number of exactly width characters, or of any length where what follows in the template cannot be
// mistaken for digits. It gives the length, blanks before the number included.
func (in *formatInput) int(dest *int64, width int) (length int, err error) {
	name := in.node.key.name
	start := in.s
	in.skipSpace()
	field := in.s[:min(len(in.s), width)]
	var v int64
	var ok bool
	if in.node.fill || in.endsNumber() {
		v, in.s, ok = scanInt(in.s)
	} else {
		if len(field) < width {
			return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "source string too short for \"%s\" formatting field", name).
				WithDetail("Field requires %d characters, but only %d remain.", width, len(field)).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		var rest string
		v, rest, ok = scanInt(field)
		if used := width - len(rest); ok && used < width {
			return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", field, name).
				WithDetail("Field requires %d characters, but only %d could be parsed.", width, used).
				WithHint("If your source string is not fixed-width, try using the \"FM\" modifier.")
		}
		if ok {
			in.s = in.s[width:]
		}
	}
	if !ok {
		return 0, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", field, name).
			WithDetail("Value must be an integer.")
	}
	if v < math.MinInt32 || v > math.MaxInt32 {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", name).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	if dest != nil {
		if err := in.set(dest, v); err != nil {
			return 0, err
		}
	}
	return len(start) - len(in.s), nil
}

// endsNumber reports whether what follows the current field in the template cannot be digits.
func (in *formatInput) endsNumber() bool {
	switch {
	case in.node.suffix != "" || in.next == nil:
		return true
	case in.next.kind == formatField:
		return !in.next.key.digit
	}
	return !isDigit(in.next.text[0])
}

// scanInt reads a signed number at the start of s, after blanks. Beyond int64 it gives the extremes.
func scanInt(s string) (v int64, rest string, ok bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	start := i
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	end := skipDigits(s, i)
	if end == i {
		return 0, s, false
	}
	v, _ = strconv.ParseInt(s[start:end], 10, 64)
	return v, s[end:], true
}

// set stores a field; a value given twice must be the same.
func (in *formatInput) set(dest *int64, v int64) error {
	if *dest != 0 && *dest != v {
		return pgerr.New(pgerr.InvalidDatetimeFormat, "conflicting values for \"%s\" field in formatting string", in.node.key.name).
			WithDetail("This value contradicts a previous setting for the same field type.")
	}
	*dest = v
	return nil
}

var (
	meridianNames     = []string{"am", "pm"}
	meridianDotsNames = []string{"a.m.", "p.m."}
	eraNames          = []string{"ad", "bc"}
	eraDotsNames      = []string{"a.d.", "b.c."}
	shortMonthNames   = shortNames(monthNames[:])
	shortWeekdayNames = shortNames(weekdayNames[:])
)

func shortNames(names []string) (short []string) {
	for _, n := range names {
		short = append(short, n[:3])
	}
	return short
}

// romanNumerals in the order in which they are tried: those that begin another come after it.
var romanNumerals = []string{"XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"}

// name reads the patterns that are words.
func (in *formatInput) name() error {
	var names []string
	switch in.node.key.id {
	case fmMeridian:
		names = meridianNames
	case fmMeridianDots:
		names = meridianDotsNames
	case fmEra:
		names = eraNames
	case fmEraDots:
		names = eraDotsNames
	case fmMonthName:
		names = monthNames[:]
	case fmMonthShort:
		names = shortMonthNames
	case fmDayName:
		names = weekdayNames[:]
	case fmDayShort:
		names = shortWeekdayNames
	case fmRoman:
		names = romanNumerals
	}
	i, n, ok := prefixIn(in.s, names)
	if !ok {
		word := in.s
		if end := strings.IndexFunc(word, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }); end >= 0 {
			word = word[:end]
		}
		return pgerr.New(pgerr.InvalidDatetimeFormat, "invalid value \"%s\" for \"%s\"", word, in.node.key.name).
			WithDetail("The given value did not match any of the allowed values for this field.")
	}
	in.s = in.s[n:]
	v := int64(i)
	switch in.node.key.id {
	case fmMeridian, fmMeridianDots:
		in.clock12 = true
		return in.set(&in.pmSet, v)
	case fmEra, fmEraDots:
		return in.set(&in.bcSet, v)
	case fmMonthName, fmMonthShort:
		return in.set(&in.month, v+1)
	case fmRoman:
		return in.set(&in.month, 12-v)
	}
	if err := in.set(&in.weekday, v); err != nil {
		return err
	}
	in.weekday++
	return nil
}

// prefixIn finds the first of names that s starts with, in any case.
func prefixIn(s string, names []string) (index, length int, ok bool) {
	for i, name := range names {
		if len(s) >= len(name) && strings.EqualFold(s[:len(name)], name) {
			return i, len(name), true
		}
	}
	return 0, 0, false
}

// assemble makes a date and time of the fields.
func (in *formatInput) assemble() (formatTime, error) {
	t := formatTime{month: 1, day: 1, precision: in.precision}
	hour, minute, second := in.daySecond/3600, in.daySecond/60%60, in.daySecond%60
	if in.second != 0 {
		second = in.second
	}
	if in.minute != 0 {
		minute = in.minute
	}
	if in.hour != 0 {
		hour = in.hour
	}
	if in.clock12 {
		if hour < 1 || hour > 12 {
			return t, pgerr.New(pgerr.InvalidDatetimeFormat, "hour \"%d\" is invalid for the 12-hour clock", hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		hour = hour%12 + 12*in.pmSet
	}
	mask := in.assembleYear(&t)
	mask, err := in.assembleDay(&t, mask)
	if err != nil {
		return t, err
	}
	micros := in.millis*1000 + in.micros
	if mask != 0 {
		d := dtDecoder{year: t.year, month: t.month, day: t.day, mask: mask, julian: true}
		if d.validateDate() != dtOK {
			return t, dtOverflow.err(in.all, "timestamp")
		}
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || micros < 0 || micros >= MicrosPerSecond {
		return t, dtOverflow.err(in.all, "timestamp")
	}
	t.clock = ((hour*60+minute)*60+second)*MicrosPerSecond + micros
	if in.zoneSign != 0 {
		if in.zoneHour < 0 || in.zoneHour > 15 || in.zoneMinute < 0 || in.zoneMinute > 59 {
			return t, dtZoneOverflow.err(in.all, "timestamp")
		}
		t.zoned, t.east = true, in.zoneSign*(in.zoneHour*60+in.zoneMinute)*60
	}
	return t, nil
}

// assembleYear settles the year from year, century and era.
func (in *formatInput) assembleYear(t *formatTime) dtMask {
	bc := in.bcSet == 1
	century := in.century
	if bc {
		century = -century
	}
	switch {
	case in.year != 0 && century != 0 && in.yearDigits <= 2:
		// Two digits within a century, which ends with its year 00; before Christ they count backwards.
		t.year = in.year % 100
		switch {
		case t.year != 0 && century >= 0:
			t.year += (century - 1) * 100
		case t.year != 0:
			t.year = (century+1)*100 - t.year + 1
		case century >= 0:
			t.year = century * 100
		default:
			t.year = century*100 + 1
		}
	case in.year != 0:
		t.year = in.year
		if bc {
			t.year = -t.year
		}
		if t.year < 0 {
			t.year++
		}
	case century > 0:
		t.year = (century-1)*100 + 1
	case century < 0:
		t.year = century*100 + 1
	default:
		return 0
	}
	return mYear
}

// assembleDay settles month and day from whatever gives them.
func (in *formatInput) assembleDay(t *formatTime, mask dtMask) (dtMask, error) {
	if in.julian != 0 {
		t.year, t.month, t.day = CivilFromDays(in.julian - PostgresEpochJDay)
		mask |= mDate
	}
	day, dayOfYear := in.day, in.dayOfYear
	if in.week != 0 {
		if in.mode == modeISO {
			days := isoWeekStart(t.year) + (in.week-1)*7
			if in.weekday > 1 {
				days += in.weekday - 2
			} else if in.weekday == 1 {
				days += 6
			}
			t.year, t.month, t.day = CivilFromDays(days)
			mask |= mDate
		} else {
			dayOfYear = (in.week-1)*7 + 1
		}
	}
	if in.monthWeek != 0 {
		day = (in.monthWeek-1)*7 + 1
	}
	if day != 0 {
		t.day = day
		mask |= mDay
	}
	if in.month != 0 {
		t.month = in.month
		mask |= mMonth
	}
	if dayOfYear == 0 || t.month > 1 && t.day > 1 {
		return mask, nil
	}
	if t.year == 0 && in.bcSet == 0 {
		return mask, pgerr.New(pgerr.InvalidDatetimeFormat, "cannot calculate day of year without year information")
	}
	if in.mode == modeISO {
		t.year, t.month, t.day = CivilFromDays(isoWeekStart(t.year) - 1 + dayOfYear)
		return mask | mDate, nil
	}
	month := int64(1)
	for month <= 12 && dayOfYear > DaysInMonth(t.year, month) {
		dayOfYear -= DaysInMonth(t.year, month)
		month++
	}
	if t.month <= 1 {
		t.month = month
	}
	if t.day <= 1 {
		t.day = dayOfYear
	}
	return mask | mMonth | mDay, nil
}
