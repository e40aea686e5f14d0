package types

import (
	"math"
	"math/big"
	"strconv"
	"time"
)

// Extracted is the result of extract, a numeric, and of date_part, the same as a double.
type Extracted struct {
	Null  bool
	Inf   int8  // +1 or -1 for the infinities
	Coef  int64 // the value is Coef * 10^-Scale
	Scale int32
	Text  string // where Coef cannot hold the value, its decimal text

	float float64
}

// Float gives the value as date_part does. It must not be Null.
func (e Extracted) Float() float64 {
	if e.Inf != 0 {
		return math.Inf(int(e.Inf))
	}
	return e.float
}

// AppendNumeric appends the value as a stored numeric. It must not be Null.
func (e Extracted) AppendNumeric(dst []byte) []byte {
	text := e.Text
	switch {
	case e.Inf > 0:
		text = "Infinity"
	case e.Inf < 0:
		text = "-Infinity"
	case text == "":
		return AppendNumeric(dst, e.Coef, e.Scale)
	}
	out, err := ParseNumeric(dst, []byte(text))
	if err != nil {
		panic("types: extract made a wrong numeric: " + text)
	}
	return out
}

func extractInt(v int64) (Extracted, error) { return Extracted{Coef: v, float: float64(v)}, nil }

// extractScaled makes coef * 10^-scale; date_part computes its double by its own way, so f is given beside it.
func extractScaled(coef int64, scale int32, f float64) (Extracted, error) {
	return Extracted{Coef: coef, Scale: scale, float: f}, nil
}

// ExtractDate is extract from a date. Fields below the day are an error; date_part casts to timestamp instead.
func ExtractDate(f Field, days int64) (Extracted, error) {
	infinite := !DateIsFinite(days)
	switch f.code {
	case fieldEpoch:
		if !infinite {
			return extractInt((days - UnixEpochDays) * 86400)
		}
	case fieldJulian:
		if !infinite {
			return extractInt(days + PostgresEpochJDay)
		}
	case fieldDay, fieldMonth, fieldQuarter, fieldWeek, fieldDayOfWeek, fieldISODayOfWeek, fieldDayOfYear,
		fieldYear, fieldDecade, fieldCentury, fieldMillennium, fieldISOYear:
		if !infinite {
			return extractInt(dayField(f.code, days))
		}
	default:
		return Extracted{}, f.err("date")
	}
	return extractInfinite(f, days < 0), nil
}

// extractInfinite is a field of infinity: infinite if the field always grows with time, else NULL.
func extractInfinite(f Field, negative bool) Extracted {
	switch f.code {
	case fieldYear, fieldDecade, fieldCentury, fieldMillennium, fieldJulian, fieldISOYear, fieldEpoch:
		if negative {
			return Extracted{Inf: -1}
		}
		return Extracted{Inf: 1}
	}
	return Extracted{Null: true}
}

// dayField computes a field of a day; the caller has checked that it is one.
func dayField(code fieldCode, days int64) int64 {
	switch code {
	case fieldDayOfWeek:
		return Weekday(days)
	case fieldISODayOfWeek:
		return floorMod(days+5, 7) + 1
	case fieldDayOfYear:
		return DayOfYear(days)
	case fieldWeek:
		_, week := ISOWeek(days)
		return week
	case fieldISOYear:
		year, _ := ISOWeek(days)
		return displayYear(year)
	}
	year, month, day := CivilFromDays(days)
	switch code {
	case fieldDay:
		return day
	case fieldMonth:
		return month
	case fieldQuarter:
		return (month-1)/3 + 1
	case fieldYear:
		return displayYear(year)
	case fieldDecade:
		return floorDiv(year, 10)
	case fieldCentury:
		return yearSpan(year, 100)
	default:
		return yearSpan(year, 1000)
	}
}

// yearSpan numbers spans of n years, such as centuries: the first begins with year 1, the one before it is -1.
func yearSpan(year, n int64) int64 {
	span := floorDiv(year-1, n)
	if span >= 0 {
		return span + 1
	}
	return span
}

// clockExtract computes a field of a time of day; ok is false for other fields.
func clockExtract(code fieldCode, micros int64) (e Extracted, ok bool) {
	second := micros / MicrosPerSecond
	inMinute := micros % MicrosPerMinute
	switch code {
	case fieldMicrosecond:
		e, _ = extractInt(inMinute)
	case fieldMillisecond:
		e, _ = extractScaled(inMinute, 3, float64(second%60*1000)+float64(micros%MicrosPerSecond)/1e3)
	case fieldSecond:
		e, _ = extractScaled(inMinute, 6, float64(second%60)+float64(micros%MicrosPerSecond)/1e6)
	case fieldMinute:
		e, _ = extractInt(second / 60 % 60)
	case fieldHour:
		e, _ = extractInt(second / 3600)
	default:
		return e, false
	}
	return e, true
}

// ExtractTime is extract from a time.
func ExtractTime(f Field, t int64) (Extracted, error) {
	if e, ok := clockExtract(f.code, t); ok {
		return e, nil
	}
	if f.code == fieldEpoch {
		return extractScaled(t, 6, float64(t)/1e6)
	}
	return Extracted{}, f.errWord(nameTime)
}

// ExtractTimestamp is extract from a timestamp without time zone.
func ExtractTimestamp(f Field, ts int64) (Extracted, error) {
	return extractTimestamp(f, ts, ts, nameTimestamp)
}

// ExtractTimestampTZ is extract from a timestamptz, as clocks and calendar in zone loc show it.
func ExtractTimestampTZ(f Field, ts int64, loc *time.Location) (Extracted, error) {
	if !TimestampIsFinite(ts) {
		return extractTimestamp(f, ts, ts, nameTimestampTZ)
	}
	east, _ := zoneOffsetAt(ts, loc)
	switch f.code {
	case fieldTimezone:
		return extractInt(east)
	case fieldTimezoneHour:
		return extractInt(east / 3600)
	case fieldTimezoneMinute:
		return extractInt(east / 60 % 60)
	}
	return extractTimestamp(f, ts, ts+east*MicrosPerSecond, nameTimestampTZ)
}

// extractTimestamp takes the instant, for the epoch, and what clocks show, for the rest.
func extractTimestamp(f Field, ts, local int64, typeName string) (Extracted, error) {
	switch f.code {
	case fieldUnknown, fieldReserved:
		return Extracted{}, f.err(typeName)
	case fieldTimezone, fieldTimezoneHour, fieldTimezoneMinute:
		if TimestampIsFinite(ts) {
			return Extracted{}, f.err(typeName)
		}
	}
	if !TimestampIsFinite(ts) {
		return extractInfinite(f, ts < 0), nil
	}
	if f.code == fieldEpoch {
		return extractEpoch(ts)
	}
	days, micros := splitTimestamp(local)
	if e, ok := clockExtract(f.code, micros); ok {
		return e, nil
	}
	if f.code == fieldJulian {
		return extractJulian(days+PostgresEpochJDay, micros)
	}
	return extractInt(dayField(f.code, days))
}

// extractEpoch gives the seconds from 1970. Microseconds from there overflow an int64 in the last years of the range, where
// PostgreSQL's own result is rounded and this one exact.
func extractEpoch(ts int64) (Extracted, error) {
	if micros, ok := addInt64(ts, -UnixEpochMicros); ok {
		return extractScaled(micros, 6, float64(micros)/1e6)
	}
	secs := ts/MicrosPerSecond - UnixEpochMicros/MicrosPerSecond
	return Extracted{Text: microsText(secs, ts%MicrosPerSecond), float: (float64(ts) - float64(UnixEpochMicros)) / 1e6}, nil
}

// microsText writes a number of seconds and microseconds, both not negative, with six decimals.
func microsText(secs, micros int64) string {
	text := strconv.AppendInt(nil, secs, 10)
	text = append(text, '.')
	for unit := MicrosPerSecond / 10; unit > 0; unit /= 10 {
		text = append(text, byte('0'+micros/unit%10))
	}
	return string(text)
}

// extractJulian gives the Julian day with the time as a fraction, to as many digits as numeric division gives.
func extractJulian(jday, micros int64) (Extracted, error) {
	part, err := NumericDiv(nil, NumericFromInt(nil, micros), NumericFromInt(nil, MicrosPerDay))
	if err != nil {
		return Extracted{}, err
	}
	sum, err := NumericAdd(nil, NumericFromInt(nil, jday), part)
	if err != nil {
		return Extracted{}, err
	}
	return Extracted{
		Text:  string(AppendNumericText(nil, sum)),
		float: float64(jday) + (float64(micros/MicrosPerSecond)+float64(micros%MicrosPerSecond)/1e6)/86400,
	}, nil
}

// ExtractInterval is extract from an interval. Its epoch counts years of 365.25 days and months of 30.
func ExtractInterval(f Field, iv IntervalValue) (Extracted, error) {
	p := iv.parts()
	switch f.code {
	case fieldMicrosecond:
		return extractInt(p.secs*MicrosPerSecond + p.subsecs)
	case fieldMillisecond:
		return extractScaled(p.secs*MicrosPerSecond+p.subsecs, 3, float64(p.secs*1000)+float64(p.subsecs)/1e3)
	case fieldSecond:
		return extractScaled(p.secs*MicrosPerSecond+p.subsecs, 6, float64(p.secs)+float64(p.subsecs)/1e6)
	case fieldMinute:
		return extractInt(p.minutes)
	case fieldHour:
		return extractInt(p.hours)
	case fieldDay:
		return extractInt(p.days)
	case fieldMonth:
		return extractInt(p.months)
	case fieldQuarter:
		return extractInt(p.months/3 + 1)
	case fieldYear:
		return extractInt(p.years)
	case fieldDecade:
		return extractInt(p.years / 10)
	case fieldCentury:
		return extractInt(p.years / 100)
	case fieldMillennium:
		return extractInt(p.years / 1000)
	case fieldEpoch:
		return intervalEpoch(iv, p)
	}
	return Extracted{}, f.errWord("interval")
}

func intervalEpoch(iv IntervalValue, p intervalParts) (Extracted, error) {
	const yearSecs = 36525 * 864 // of 365.25 days
	secs := p.years*yearSecs + (p.months*daysPerMonth+p.days)*86400
	// Each unit by itself, as date_part does, so as to round alike.
	f := float64(iv.Micros) / 1e6
	f += float64(float64(yearSecs) * float64(p.years))
	f += float64(float64(daysPerMonth*86400) * float64(p.months))
	f += float64(86400 * float64(p.days))
	if whole := secs * MicrosPerSecond; whole/MicrosPerSecond == secs {
		if micros, ok := addInt64(whole, iv.Micros); ok {
			return extractScaled(micros, 6, f)
		}
	}
	sum := new(big.Int).Mul(big.NewInt(secs), big.NewInt(MicrosPerSecond))
	sum.Add(sum, big.NewInt(iv.Micros))
	quo, rem := sum.QuoRem(sum, big.NewInt(MicrosPerSecond), new(big.Int))
	text := microsText(absInt(quo.Int64()), absInt(rem.Int64()))
	if quo.Sign() < 0 {
		text = "-" + text
	}
	return Extracted{Text: text, float: f}, nil
}
