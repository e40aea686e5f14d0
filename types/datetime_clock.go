package types

import (
	"math"
	"strconv"
)

// clockField interprets HH:MM, HH:MM:SS and HH:MM:SS.ffffff; MM:SS.ffffff as well.
func (d *dtDecoder) clockField(text string) dtFault {
	var fault dtFault
	var rest string
	if d.hour, rest, fault = leadingInt(text); fault != dtOK {
		return fault
	}
	if rest == "" || rest[0] != ':' {
		return dtBadFormat
	}
	if d.minute, rest, fault = leadingInt(rest[1:]); fault != dtOK {
		return fault
	}
	d.second, d.micros = 0, 0
	switch {
	case rest == "":
	case rest[0] == '.':
		d.hour, d.minute, d.second = 0, d.hour, d.minute
		fault = d.fraction(rest)
	case rest[0] == ':':
		if d.second, rest, fault = leadingInt(rest[1:]); fault != dtOK {
			return fault
		}
		if rest != "" {
			if rest[0] != '.' {
				return dtBadFormat
			}
			fault = d.fraction(rest)
		}
	default:
		return dtBadFormat
	}
	if fault != dtOK {
		return fault
	}
	if d.minute > 59 || d.second > 60 {
		return dtOverflow
	}
	return dtOK
}

// timeOverflows reports whether the time lies beyond 24:00:00.
func (d *dtDecoder) timeOverflows() bool {
	if d.hour > 24 || d.minute > 59 || d.second > 60 || d.micros > MicrosPerSecond {
		return true
	}
	return d.timeMicros() > MicrosPerDay
}

func (d *dtDecoder) timeMicros() int64 {
	return ((d.hour*60+d.minute)*60+d.second)*MicrosPerSecond + d.micros
}

// fraction reads the digits after a second's decimal point, rounding to microseconds.
func (d *dtDecoder) fraction(text string) dtFault {
	part, bad := parseFraction(text)
	if bad {
		return dtBadFormat
	}
	d.micros = int64(math.RoundToEven(part * 1e6))
	return dtOK
}

// zoneOffset reads +HH, +HH:MM, +HH:MM:SS or +HHMM.
func (d *dtDecoder) zoneOffset(text string) dtFault {
	if text == "" || text[0] != '+' && text[0] != '-' {
		return dtBadFormat
	}
	hour, rest, fault := signedInt(text[1:])
	if fault != dtOK {
		return dtZoneOverflow
	}
	var minute, second int64
	switch {
	case rest != "" && rest[0] == ':':
		if minute, rest, fault = signedInt(rest[1:]); fault != dtOK {
			return dtZoneOverflow
		}
		if rest != "" && rest[0] == ':' {
			if second, rest, fault = signedInt(rest[1:]); fault != dtOK {
				return dtZoneOverflow
			}
		}
	case rest == "" && len(text) > 3:
		hour, minute = hour/100, hour%100
	}
	if hour < 0 || hour > 15 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return dtZoneOverflow
	}
	d.west = (hour*60+minute)*60 + second
	if text[0] == '+' {
		d.west = -d.west
	}
	if rest != "" {
		return dtBadFormat
	}
	return dtOK
}

// leadingInt reads the digits at the start of s as an int32. Without digits it gives 0.
func leadingInt(s string) (v int64, rest string, fault dtFault) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		v = v*10 + int64(s[i]-'0')
		if v > math.MaxInt32 {
			return 0, s, dtOverflow
		}
		i++
	}
	return v, s[i:], dtOK
}

// signedInt is [leadingInt] that takes a sign.
func signedInt(s string) (v int64, rest string, fault dtFault) {
	if s == "" || s[0] != '-' && s[0] != '+' || skipDigits(s, 1) == 1 {
		return leadingInt(s)
	}
	v, rest, fault = leadingInt(s[1:])
	if s[0] == '-' {
		v = -v
	}
	return v, rest, fault
}

// twoDigits reads at most two digits at the start of s; what is no digit ends them, as PostgreSQL has it.
func twoDigits(s string) int64 {
	v, _, _ := leadingInt(s[:2])
	return v
}

// parseFraction reads "." and digits as a part of one; "." alone is 0.
func parseFraction(s string) (part float64, bad bool) {
	if len(s) == 1 {
		return 0, false
	}
	if skipDigits(s, 1) != len(s) {
		return 0, true
	}
	part, err := strconv.ParseFloat(s, 64)
	return part, err != nil
}
