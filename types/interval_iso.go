package types

import (
	"math"
	"strconv"
)

// decodeISO reads an ISO 8601 interval (section 4.4.3): with designators, or in the alternative format, whose
// basic form is PYYYYMMDDTHHMMSS and extended form PYYYY-MM-DDTHH:MM:SS. Every number may have a sign and a
// fraction, which the standard allows for the last one only.
func (d *intervalDecoder) decodeISO(s string) dtFault {
	if len(s) < 2 || s[0] != 'P' {
		return dtBadFormat
	}
	s = s[1:]
	dates, first := true, true
	for s != "" {
		if s[0] == 'T' {
			dates, first = false, true
			s = s[1:]
			continue
		}
		n, fault := scanISONumber(s)
		if fault != dtOK {
			return fault
		}
		rest := n.rest
		unit := byte(0)
		if rest != "" {
			unit = rest[0]
		}
		if u := isoUnit(unit, dates); u != unitNone {
			if !d.add(u, n.whole, n.fraction) {
				return dtOverflow
			}
			s, first = rest[1:], false
			continue
		}
		// What has no designator is the alternative format, which fills its half of the interval.
		if !first {
			return dtBadFormat
		}
		if dates {
			s, fault = d.isoDate(n)
		} else {
			s, fault = d.isoTime(n)
		}
		if fault != dtOK {
			return fault
		}
	}
	return dtOK
}

func isoUnit(designator byte, dates bool) intervalUnit {
	if dates {
		switch designator {
		case 'Y':
			return unitYear
		case 'M':
			return unitMonth
		case 'W':
			return unitWeek
		case 'D':
			return unitDay
		}
		return unitNone
	}
	switch designator {
	case 'H':
		return unitHour
	case 'M':
		return unitMinute
	case 'S':
		return unitSecond
	}
	return unitNone
}

// isoDate reads the date of the alternative format from its first number on; what is left starts with T.
func (d *intervalDecoder) isoDate(n isoNumber) (rest string, fault dtFault) {
	if n.digits == 8 && (n.rest == "" || n.rest[0] == 'T') {
		ok := d.add(unitYear, n.whole/10000, 0) && d.add(unitMonth, n.whole/100%100, 0) && d.add(unitDay, n.whole%100, n.fraction)
		if !ok {
			return "", dtOverflow
		}
		return n.rest, dtOK
	}
	if n.rest != "" && n.rest[0] != 'T' && n.rest[0] != '-' {
		return "", dtBadFormat
	}
	for i, u := range [3]intervalUnit{unitYear, unitMonth, unitDay} {
		if i > 0 {
			if n.rest == "" || n.rest[0] == 'T' {
				return n.rest, dtOK
			}
			if n.rest[0] != '-' {
				return "", dtBadFormat
			}
			if n, fault = scanISONumber(n.rest[1:]); fault != dtOK {
				return "", fault
			}
		}
		if !d.add(u, n.whole, n.fraction) {
			return "", dtOverflow
		}
	}
	if n.rest != "" && n.rest[0] != 'T' {
		return "", dtBadFormat
	}
	return n.rest, dtOK
}

// isoTime reads the time of the alternative format, which ends the literal.
func (d *intervalDecoder) isoTime(n isoNumber) (rest string, fault dtFault) {
	if n.digits == 6 && n.rest == "" {
		// A fraction counts as one of a microsecond, and so is lost: PostgreSQL 15 reads it so.
		ok := d.add(unitHour, n.whole/10000, 0) && d.add(unitMinute, n.whole/100%100, 0) && d.add(unitSecond, n.whole%100, 0) &&
			d.add(unitMicrosecond, 0, n.fraction)
		if !ok {
			return "", dtOverflow
		}
		return "", dtOK
	}
	if n.rest != "" && n.rest[0] != ':' {
		return "", dtBadFormat
	}
	for i, u := range [3]intervalUnit{unitHour, unitMinute, unitSecond} {
		if i > 0 {
			if n.rest == "" {
				return "", dtOK
			}
			if n.rest[0] != ':' {
				return "", dtBadFormat
			}
			if n, fault = scanISONumber(n.rest[1:]); fault != dtOK {
				return "", fault
			}
		}
		if !d.add(u, n.whole, n.fraction) {
			return "", dtOverflow
		}
	}
	if n.rest != "" {
		return "", dtBadFormat
	}
	return "", dtOK
}

// isoNumber is a number and what follows it.
type isoNumber struct {
	whole    int64
	fraction float64
	digits   int // before the point
	rest     string
}

// isoNumberMax bounds a number, as PostgreSQL does, so that a double holds its whole part exactly.
const isoNumberMax = 1e15

func scanISONumber(s string) (n isoNumber, fault dtFault) {
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	start := i
	i = skipDigits(s, i)
	n.digits = i - start
	any := n.digits
	if i < len(s) && s[i] == '.' {
		end := skipDigits(s, i+1)
		any += end - i - 1
		i = end
	}
	if any == 0 {
		return n, dtBadFormat
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if end := skipDigits(s, j); end > j {
			i = end
		}
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return n, dtBadFormat
	}
	if v < -isoNumberMax || v > isoNumberMax {
		return n, dtOverflow
	}
	n.whole = int64(math.Trunc(v))
	n.fraction = v - float64(n.whole)
	n.rest = s[i:]
	return n, dtOK
}
