package types

// isoTime is a literal in the one form that nearly all programs write, read without the general decoder.
type isoTime struct {
	days   int64 // stored day number
	micros int64 // since midnight
	east   int64 // the zone's offset in seconds, where zoned
	timed  bool
	zoned  bool
}

// parseISO reads YYYY-MM-DD, optionally with a blank or T and HH:MM[:SS[.ffffff]], optionally with Z, +HH, +HHMM or
// +HH:MM. Where it reports false the literal may still be good, or be wrong in a way that the general
// decoder explains.
func parseISO(s string) (t isoTime, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return t, false
	}
	century, ok1 := digitPair(s, 0)
	year, ok2 := digitPair(s, 2)
	month, ok3 := digitPair(s, 5)
	day, ok4 := digitPair(s, 8)
	year += century * 100
	if !ok1 || !ok2 || !ok3 || !ok4 || year == 0 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month) {
		return t, false
	}
	t.days = DaysFromCivil(year, month, day)
	if len(s) == 10 {
		return t, true
	}
	if s[10] != ' ' && s[10] != 'T' {
		return t, false
	}
	t.timed = true
	var n int
	if t.micros, n, ok = parseISOClock(s[11:]); !ok {
		return t, false
	}
	s = s[11+n:]
	if s == "" {
		return t, true
	}
	t.zoned = true
	t.east, ok = parseISOZone(s)
	return t, ok
}

// parseISOClock reads HH:MM[:SS[.ffffff]] up to 23:59:59.999999 and tells how many bytes it took.
func parseISOClock(s string) (micros int64, n int, ok bool) {
	if len(s) < 5 || s[2] != ':' {
		return 0, 0, false
	}
	hour, ok1 := digitPair(s, 0)
	minute, ok2 := digitPair(s, 3)
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, 0, false
	}
	micros, n = hour*MicrosPerHour+minute*MicrosPerMinute, 5
	if len(s) < 8 || s[5] != ':' {
		return micros, n, true
	}
	second, ok3 := digitPair(s, 6)
	if !ok3 || second > 59 {
		return 0, 0, false
	}
	micros, n = micros+second*MicrosPerSecond, 8
	if len(s) == 8 || s[8] != '.' {
		return micros, n, true
	}
	unit := MicrosPerSecond
	for n = 9; n < len(s) && isDigit(s[n]); n++ {
		if unit /= 10; unit == 0 {
			return 0, 0, false // more than six digits: rounding is the general decoder's
		}
		micros += int64(s[n]-'0') * unit
	}
	return micros, n, true
}

func parseISOZone(s string) (east int64, ok bool) {
	if s == "Z" || s == "z" {
		return 0, true
	}
	if s[0] != '+' && s[0] != '-' || len(s) < 3 {
		return 0, false
	}
	hour, ok1 := digitPair(s, 1)
	minute, ok2 := int64(0), true
	switch {
	case len(s) == 3:
	case len(s) == 5:
		minute, ok2 = digitPair(s, 3)
	case len(s) == 6 && s[3] == ':':
		minute, ok2 = digitPair(s, 4)
	default:
		return 0, false
	}
	if !ok1 || !ok2 || hour > 15 || minute > 59 {
		return 0, false
	}
	east = (hour*60 + minute) * 60
	if s[0] == '-' {
		east = -east
	}
	return east, true
}

// digitPair reads the two digits at s[i:].
func digitPair(s string, i int) (v int64, ok bool) {
	a, b := s[i]-'0', s[i+1]-'0'
	return int64(a)*10 + int64(b), a <= 9 && b <= 9
}
