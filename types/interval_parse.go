package types

import (
	"math"
	"strings"
)

// ParseInterval reads an interval literal: PostgreSQL's verbose form ("1 year 2 mons ago"), the SQL standard's
// ("1-2", "3 4:05:06"), ISO 8601's with designators ("P1Y2M3DT4H5M6S") or without ("P0001-02-03T04:05:06").
// The type modifier (-1 for none) says what a number without unit means, and is then applied. Fractions of
// a unit become smaller units as PostgreSQL 15 carries them. Errors: 22007 for the form, 22015 and 22008 for the range.
func ParseInterval(s string, mod int32, env *Env) (IntervalValue, error) {
	fields, _ := intervalModParts(mod)
	d := intervalDecoder{fields: fields}
	var f dtFields
	fault := dtBadFormat
	if f.scan(s) {
		d.sqlSigns = env.intervalStyle() == intervalSQL && f.n > 0 && f.tok[0].text[0] == '-'
		for _, t := range f.tok[1:max(f.n, 1)] {
			if t.text[0] == '-' || t.text[0] == '+' {
				d.sqlSigns = false
			}
		}
		fault = d.decode(&f)
	}
	if fault == dtBadFormat {
		d = intervalDecoder{fields: fields}
		fault = d.decodeISO(s)
	}
	switch fault {
	case dtOK:
	case dtOverflow:
		return IntervalValue{}, dtIntervalOverflow.err(s, "interval")
	default:
		return IntervalValue{}, fault.err(s, "interval")
	}
	iv, err := intervalFromParts(d.years*monthsPerYear+d.months, d.days, d.micros)
	if err != nil {
		return IntervalValue{}, err
	}
	return ApplyIntervalMod(iv, mod)
}

// intervalDecoder gathers an interval's parts. Years, months and days stay within int32.
type intervalDecoder struct {
	years, months, days, micros int64

	fields   int32 // of the type modifier
	sqlSigns bool  // a leading minus counts for all parts, as in the SQL standard
	mask     uint32
	unit     intervalUnit
	ago      bool
}

type intervalUnit uint8

const (
	unitNone intervalUnit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitAgo
)

// unitWordMax is how much of a unit's name counts, as in PostgreSQL: "microsecond" and "microseconds" are one.
const unitWordMax = 10

var intervalUnits = map[string]intervalUnit{
	"ago": unitAgo,
	"us":  unitMicrosecond, "usec": unitMicrosecond, "usecond": unitMicrosecond, "useconds": unitMicrosecond,
	"usecs": unitMicrosecond, "microsecon": unitMicrosecond,
	"ms": unitMillisecond, "msec": unitMillisecond, "msecond": unitMillisecond, "mseconds": unitMillisecond,
	"msecs": unitMillisecond, "millisecon": unitMillisecond,
	"s": unitSecond, "sec": unitSecond, "second": unitSecond, "seconds": unitSecond, "secs": unitSecond,
	"m": unitMinute, "min": unitMinute, "mins": unitMinute, "minute": unitMinute, "minutes": unitMinute,
	"h": unitHour, "hour": unitHour, "hours": unitHour, "hr": unitHour, "hrs": unitHour,
	"d": unitDay, "day": unitDay, "days": unitDay, "w": unitWeek, "week": unitWeek, "weeks": unitWeek,
	"mon": unitMonth, "mons": unitMonth, "month": unitMonth, "months": unitMonth,
	"y": unitYear, "year": unitYear, "years": unitYear, "yr": unitYear, "yrs": unitYear,
	"dec": unitDecade, "decade": unitDecade, "decades": unitDecade, "decs": unitDecade,
	"c": unitCentury, "cent": unitCentury, "centuries": unitCentury, "century": unitCentury,
	"mil": unitMillennium, "mils": unitMillennium, "millennia": unitMillennium, "millennium": unitMillennium,
}

// unitMask is the bit of a unit in the set of those given.
func unitMask(u intervalUnit) uint32 { return 1 << u }

const (
	maskSeconds = 1<<unitSecond | 1<<unitMillisecond | 1<<unitMicrosecond
	maskClock   = 1<<unitHour | 1<<unitMinute | maskSeconds
)

// decode reads the fields from the last to the first, so that a unit is known before its number.
func (d *intervalDecoder) decode(f *dtFields) dtFault {
	for i := f.n - 1; i >= 0; i-- {
		text := f.tok[i].text
		var mask uint32
		fault := dtOK
		switch f.tok[i].kind {
		case dtTime:
			mask, fault = d.clock(text, false)
		case dtZone:
			handled := false
			if strings.IndexByte(text, ':') >= 0 {
				saved := *d
				if mask, fault = d.clock(text[1:], text[0] == '-'); fault == dtOK {
					handled = true
				} else {
					*d = saved
				}
			}
			if !handled {
				mask, fault = d.number(text)
			}
		case dtDate, dtNumber:
			mask, fault = d.number(text)
		case dtString, dtSpecial:
			u, ok := intervalUnits[text[:min(len(text), unitWordMax)]]
			if !ok {
				return dtBadFormat
			}
			d.unit = u
			if u == unitAgo {
				d.ago = true
			}
		}
		if fault != dtOK {
			return fault
		}
		if mask&d.mask != 0 {
			return dtBadFormat
		}
		d.mask |= mask
	}
	if d.mask == 0 {
		return dtBadFormat
	}
	if d.ago {
		if d.years == math.MinInt32 || d.months == math.MinInt32 || d.days == math.MinInt32 || d.micros == math.MinInt64 {
			return dtOverflow
		}
		d.years, d.months, d.days, d.micros = -d.years, -d.months, -d.days, -d.micros
	}
	return dtOK
}

// clock reads H:MM, H:MM:SS.ffffff, or MM:SS where the type is MINUTE TO SECOND.
func (d *intervalDecoder) clock(text string, negative bool) (uint32, dtFault) {
	hour, rest, fault := leadingInt64(text, false)
	if fault != dtOK {
		return 0, fault
	}
	if rest == "" || rest[0] != ':' {
		return 0, dtBadFormat
	}
	var minute, second, micros int64
	if minute, rest, fault = leadingInt(rest[1:]); fault != dtOK {
		return 0, fault
	}
	fraction := ""
	switch {
	case rest == "" && d.fields == IntervalMinute|IntervalSecond:
		hour, minute, second = 0, hour, minute
	case rest == "":
	case rest[0] == '.':
		hour, minute, second, fraction = 0, hour, minute, rest
	case rest[0] == ':':
		if second, rest, fault = leadingInt(rest[1:]); fault != dtOK {
			return 0, fault
		}
		if rest != "" && rest[0] != '.' {
			return 0, dtBadFormat
		}
		fraction = rest
	default:
		return 0, dtBadFormat
	}
	if fraction != "" {
		part, bad := parseFraction(fraction)
		if bad {
			return 0, dtBadFormat
		}
		micros = int64(math.RoundToEven(part * 1e6))
	}
	if minute > 59 || second > 60 {
		return 0, dtOverflow
	}
	if hour > math.MaxInt64/MicrosPerHour {
		return 0, dtOverflow
	}
	total, ok := addInt64(hour*MicrosPerHour, minute*MicrosPerMinute+second*MicrosPerSecond+micros)
	if !ok {
		return 0, dtOverflow
	}
	if negative || d.sqlSigns {
		total = -total
	}
	d.micros = total // in place of what fractions after the clock have carried down: so does PostgreSQL
	d.unit = unitDay // a number before the clock counts days
	return maskClock, dtOK
}

// number reads a number, perhaps signed, perhaps with a fraction, or the standard's years-months.
func (d *intervalDecoder) number(text string) (uint32, dtFault) {
	if d.unit == unitNone {
		d.unit = d.defaultUnit()
	}
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	v, rest, fault := leadingInt64(text, negative)
	if fault != dtOK {
		return 0, fault
	}
	var fraction float64
	switch {
	case rest == "":
	case rest[0] == '-':
		months, tail, fault := signedInt(rest[1:])
		if fault != dtOK || months < 0 || months >= monthsPerYear {
			return 0, dtOverflow
		}
		if tail != "" {
			return 0, dtBadFormat
		}
		if absInt(v) > math.MaxInt32 {
			return 0, dtOverflow
		}
		if negative {
			months = -months
		}
		v, d.unit = v*monthsPerYear+months, unitMonth
	case rest[0] == '.':
		var bad bool
		if fraction, bad = parseFraction(rest); bad {
			return 0, dtBadFormat
		}
	default:
		return 0, dtBadFormat
	}
	if negative {
		fraction = -fraction
	} else if d.sqlSigns {
		v, fraction = -v, -fraction
	}
	if d.unit == unitAgo {
		return 0, dtBadFormat
	}
	mask := unitMask(d.unit)
	if d.unit == unitSecond && fraction != 0 {
		mask = maskSeconds
	}
	if !d.add(d.unit, v, fraction) {
		return 0, dtOverflow
	}
	if d.unit == unitHour {
		d.unit = unitDay
	}
	return mask, dtOK
}

// defaultUnit is the unit of a number that has none: the least field of the type, or seconds.
func (d *intervalDecoder) defaultUnit() intervalUnit {
	switch f := d.fields; {
	case f == IntervalFullRange || f&IntervalSecond != 0:
		return unitSecond
	case f&IntervalMinute != 0:
		return unitMinute
	case f&IntervalHour != 0:
		return unitHour
	case f&IntervalDay != 0:
		return unitDay
	case f&IntervalMonth != 0:
		return unitMonth
	case f&IntervalYear != 0:
		return unitYear
	}
	return unitSecond
}

// add adds v + fraction of a unit, carrying the fraction into smaller ones. It reports false on overflow.
func (d *intervalDecoder) add(u intervalUnit, v int64, fraction float64) bool {
	switch u {
	case unitMicrosecond:
		return d.addMicros(v, fraction, 1)
	case unitMillisecond:
		return d.addMicros(v, fraction, 1000)
	case unitSecond:
		return d.addMicros(v, fraction, MicrosPerSecond)
	case unitMinute:
		return d.addMicros(v, fraction, MicrosPerMinute)
	case unitHour:
		return d.addMicros(v, fraction, MicrosPerHour)
	case unitDay:
		return addInt32(&d.days, v, 1) && d.addFraction(fraction, MicrosPerDay)
	case unitWeek:
		return addInt32(&d.days, v, 7) && d.addDayFraction(fraction, 7)
	case unitMonth:
		return addInt32(&d.months, v, 1) && d.addDayFraction(fraction, daysPerMonth)
	case unitYear:
		return d.addYears(v, fraction, 1)
	case unitDecade:
		return d.addYears(v, fraction, 10)
	case unitCentury:
		return d.addYears(v, fraction, 100)
	case unitMillennium:
		return d.addYears(v, fraction, 1000)
	}
	return false
}

func (d *intervalDecoder) addMicros(v int64, fraction float64, scale int64) bool {
	product := v * scale
	if product/scale != v {
		return false
	}
	sum, ok := addInt64(d.micros, product)
	if !ok {
		return false
	}
	d.micros = sum
	return d.addFraction(fraction, scale)
}

// addFraction adds a part of a unit of scale microseconds, rounded, halves toward zero.
func (d *intervalDecoder) addFraction(fraction float64, scale int64) bool {
	if fraction == 0 {
		return true
	}
	fraction *= float64(scale)
	micros := int64(fraction)
	switch rest := fraction - float64(micros); {
	case rest > 0.5:
		micros++
	case rest < -0.5:
		micros--
	}
	sum, ok := addInt64(d.micros, micros)
	d.micros = sum
	return ok
}

func (d *intervalDecoder) addDayFraction(fraction float64, days int64) bool {
	if fraction == 0 {
		return true
	}
	fraction *= float64(days)
	whole := math.Trunc(fraction)
	return addInt32(&d.days, int64(whole), 1) && d.addFraction(fraction-whole, MicrosPerDay)
}

func (d *intervalDecoder) addYears(v int64, fraction float64, scale int64) bool {
	months := int64(math.RoundToEven(fraction * float64(scale) * monthsPerYear))
	return addInt32(&d.years, v, scale) && addInt32(&d.months, months, 1)
}

// addInt32 adds v * scale to a part that must stay within int32.
func addInt32(part *int64, v, scale int64) bool {
	if int64(int32(v)) != v {
		return false
	}
	v *= scale
	sum := *part + v
	if int64(int32(v)) != v || int64(int32(sum)) != sum {
		return false
	}
	*part = sum
	return true
}

func addInt64(a, b int64) (int64, bool) {
	sum := a + b
	return sum, b == 0 || (sum > a) == (b > 0)
}

// leadingInt64 reads the digits at the start of s, whose sign came before. Without digits it gives 0.
func leadingInt64(s string, negative bool) (v int64, rest string, fault dtFault) {
	i := 0
	for ; i < len(s) && isDigit(s[i]); i++ {
		digit := int64(s[i] - '0')
		if negative {
			digit = -digit
		}
		if absInt(v) > math.MaxInt64/10 {
			return 0, s, dtOverflow
		}
		sum, ok := addInt64(v*10, digit)
		if !ok {
			return 0, s, dtOverflow
		}
		v = sum
	}
	return v, s[i:], dtOK
}
