package types

import (
	"cmp"
	"encoding/binary"
	"math"

	"millrace/pgerr"
)

// IntervalValue is a decoded interval. Its three parts are independent: how many days a month has, and how
// many hours a day, depends on what the interval is added to.
type IntervalValue struct {
	Months, Days int32
	Micros       int64
}

// Conventional lengths that comparison, multiplication and justification use.
const (
	daysPerMonth  = 30
	monthsPerYear = 12
)

// intervalSize is the length of the stored form.
const intervalSize = 16

// DecodeInterval reads the stored form that [IntervalValue.Encode] writes; b must hold 16 bytes.
func DecodeInterval(b []byte) IntervalValue {
	_ = b[intervalSize-1]
	return IntervalValue{
		Micros: int64(binary.BigEndian.Uint64(b)),
		Days:   int32(binary.BigEndian.Uint32(b[8:])),
		Months: int32(binary.BigEndian.Uint32(b[12:])),
	}
}

// Encode appends the stored form, 16 bytes, which is also PostgreSQL's binary form: microseconds, days and
// months, big-endian.
func (iv IntervalValue) Encode(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(iv.Micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(iv.Days))
	return binary.BigEndian.AppendUint32(dst, uint32(iv.Months))
}

// AppendBinaryInterval appends the network form of a stored interval.
func AppendBinaryInterval(dst []byte, b []byte) []byte { return append(dst, b[:intervalSize]...) }

// ParseBinaryInterval reads the network form.
func ParseBinaryInterval(b []byte) (IntervalValue, error) {
	if len(b) < intervalSize {
		return IntervalValue{}, pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
	}
	if len(b) > intervalSize {
		return IntervalValue{}, pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return DecodeInterval(b), nil
}

// span gives the interval's length as whole days and the microseconds beyond them, 0 <= micros < 1 day, with
// months of 30 days and days of 24 hours. As microseconds it would not fit an int64.
func (iv IntervalValue) span() (days, micros int64) {
	days = int64(iv.Months)*daysPerMonth + int64(iv.Days)
	return days + floorDiv(iv.Micros, MicrosPerDay), floorMod(iv.Micros, MicrosPerDay)
}

// Compare orders intervals by length, with months of 30 days and days of 24 hours: '1 mon' equals '30 days'.
func (iv IntervalValue) Compare(o IntervalValue) int {
	d1, m1 := iv.span()
	d2, m2 := o.span()
	if c := cmp.Compare(d1, d2); c != 0 {
		return c
	}
	return cmp.Compare(m1, m2)
}

// Sign gives -1, 0 or +1 as the interval is below, equal to or above '0'.
func (iv IntervalValue) Sign() int { return iv.Compare(IntervalValue{}) }

// CompareInterval orders two stored intervals; see [IntervalValue.Compare].
func CompareInterval(a, b []byte) int { return DecodeInterval(a).Compare(DecodeInterval(b)) }

// HashInterval hashes a stored interval so that equal ones, in the sense of [CompareInterval], agree.
func HashInterval(b []byte, seed uint64) uint64 {
	days, micros := DecodeInterval(b).span()
	return HashInt(micros, HashInt(days, seed))
}

// intervalFromParts checks that months and days fit an interval.
func intervalFromParts(months, days, micros int64) (IntervalValue, error) {
	if int64(int32(months)) != months || int64(int32(days)) != days {
		return IntervalValue{}, errIntervalRange()
	}
	return IntervalValue{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

// Add is interval + interval, part by part. The error is 22008.
func (iv IntervalValue) Add(o IntervalValue) (IntervalValue, error) {
	micros := iv.Micros + o.Micros
	if (micros > iv.Micros) != (o.Micros > 0) && o.Micros != 0 {
		return IntervalValue{}, errIntervalRange()
	}
	return intervalFromParts(int64(iv.Months)+int64(o.Months), int64(iv.Days)+int64(o.Days), micros)
}

// Sub is interval - interval, part by part. The error is 22008.
func (iv IntervalValue) Sub(o IntervalValue) (IntervalValue, error) {
	micros := iv.Micros - o.Micros
	if (micros < iv.Micros) != (o.Micros > 0) && o.Micros != 0 {
		return IntervalValue{}, errIntervalRange()
	}
	return intervalFromParts(int64(iv.Months)-int64(o.Months), int64(iv.Days)-int64(o.Days), micros)
}

// Neg is -interval. The error is 22008, for a part that is its type's least value.
func (iv IntervalValue) Neg() (IntervalValue, error) {
	if iv.Micros == math.MinInt64 {
		return IntervalValue{}, errIntervalRange()
	}
	return intervalFromParts(-int64(iv.Months), -int64(iv.Days), -iv.Micros)
}

// Mul is interval * f. Fractions of months become days (of 30), fractions of days become time. The
// arithmetic is in binary floating point and follows PostgreSQL step by step, so as to round alike.
func (iv IntervalValue) Mul(f float64) (IntervalValue, error) {
	return iv.scale(func(v float64) float64 { return v * f })
}

// Div is interval / f, as [IntervalValue.Mul]; division by zero is 22012.
func (iv IntervalValue) Div(f float64) (IntervalValue, error) {
	if f == 0 {
		return IntervalValue{}, pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return iv.scale(func(v float64) float64 { return v / f })
}

func (iv IntervalValue) scale(op func(float64) float64) (IntervalValue, error) {
	months, days := op(float64(iv.Months)), op(float64(iv.Days))
	if !fitsInt32(months) || !fitsInt32(days) {
		return IntervalValue{}, errIntervalRange()
	}
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	// Explicit conversions keep a compiler from fusing the products with what follows.
	monthDays := roundTo6(float64((months - wholeMonths) * daysPerMonth))
	secs := roundTo6(float64((days - wholeDays + monthDays - math.Trunc(monthDays)) * 86400))
	outDays := int64(wholeDays)
	if math.Abs(secs) >= 86400 {
		carry := math.Trunc(secs / 86400)
		outDays += int64(carry)
		secs -= float64(carry * 86400)
	}
	outDays += int64(monthDays)
	micros := math.RoundToEven(op(float64(iv.Micros)) + float64(secs*1e6))
	if !(micros >= math.MinInt64 && micros < math.MaxInt64) {
		return IntervalValue{}, errIntervalRange()
	}
	return intervalFromParts(int64(wholeMonths), outDays, int64(micros))
}

func fitsInt32(f float64) bool { return f >= math.MinInt32 && f <= math.MaxInt32 }

// roundTo6 rounds to six decimals, which hides the noise of binary fractions before they cascade.
func roundTo6(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// JustifyDays turns whole spans of 30 days into months.
func JustifyDays(iv IntervalValue) (IntervalValue, error) {
	months, days := int64(iv.Months)+int64(iv.Days/daysPerMonth), int64(iv.Days%daysPerMonth)
	switch {
	case months > 0 && days < 0:
		months, days = months-1, days+daysPerMonth
	case months < 0 && days > 0:
		months, days = months+1, days-daysPerMonth
	}
	return intervalFromParts(months, days, iv.Micros)
}

// JustifyHours turns whole spans of 24 hours into days.
func JustifyHours(iv IntervalValue) (IntervalValue, error) {
	days, micros := int64(iv.Days)+iv.Micros/MicrosPerDay, iv.Micros%MicrosPerDay
	switch {
	case days > 0 && micros < 0:
		days, micros = days-1, micros+MicrosPerDay
	case days < 0 && micros > 0:
		days, micros = days+1, micros-MicrosPerDay
	}
	return intervalFromParts(int64(iv.Months), days, micros)
}

// JustifyInterval does both, and gives all parts the same sign.
func JustifyInterval(iv IntervalValue) (IntervalValue, error) {
	days, micros := int64(iv.Days)+iv.Micros/MicrosPerDay, iv.Micros%MicrosPerDay
	months, days := int64(iv.Months)+days/daysPerMonth, days%daysPerMonth
	switch {
	case months > 0 && (days < 0 || days == 0 && micros < 0):
		months, days = months-1, days+daysPerMonth
	case months < 0 && (days > 0 || days == 0 && micros > 0):
		months, days = months+1, days-daysPerMonth
	}
	switch {
	case days > 0 && micros < 0:
		days, micros = days-1, micros+MicrosPerDay
	case days < 0 && micros > 0:
		days, micros = days+1, micros-MicrosPerDay
	}
	return intervalFromParts(months, days, micros)
}

// MakeInterval is make_interval. Seconds are rounded to microseconds. The error is 22008.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (IntervalValue, error) {
	fraction := math.RoundToEven(secs * 1e6)
	if !(fraction >= math.MinInt64 && fraction < math.MaxInt64) {
		return IntervalValue{}, errIntervalRange()
	}
	micros := int64(fraction)
	whole := (int64(hours)*60 + int64(mins)) * MicrosPerMinute
	if whole > math.MaxInt64-max(micros, 0) || whole < math.MinInt64-min(micros, 0) {
		return IntervalValue{}, errIntervalRange()
	}
	return intervalFromParts(int64(years)*monthsPerYear+int64(months), int64(weeks)*7+int64(days), whole+micros)
}

// IntervalFromTime is the cast from time to interval.
func IntervalFromTime(t int64) IntervalValue { return IntervalValue{Micros: t} }

// The fields of an interval's type modifier, as in PostgreSQL's: bits 16 and up say which fields the type
// has (INTERVAL YEAR TO MONTH), the low 16 bits its precision.
const (
	IntervalMonth  int32 = 1 << 1
	IntervalYear   int32 = 1 << 2
	IntervalDay    int32 = 1 << 3
	IntervalHour   int32 = 1 << 10
	IntervalMinute int32 = 1 << 11
	IntervalSecond int32 = 1 << 12

	IntervalFullRange     int32 = 0x7fff
	IntervalFullPrecision int32 = 0xffff
)

// intervalModParts gives the fields and the precision of a type modifier.
func intervalModParts(mod int32) (fields, precision int32) {
	if mod < 0 {
		return IntervalFullRange, IntervalFullPrecision
	}
	return mod >> 16 & IntervalFullRange, mod & IntervalFullPrecision
}

// ApplyIntervalMod cuts off what lies below the least field of a type modifier and rounds to its precision.
// Fields above the greatest one are kept, as PostgreSQL keeps them.
func ApplyIntervalMod(iv IntervalValue, mod int32) (IntervalValue, error) {
	fields, precision := intervalModParts(mod)
	if fields != IntervalFullRange {
		switch fields & -fields { // of year and month the least bit is the month's
		case IntervalYear:
			iv = IntervalValue{Months: iv.Months / monthsPerYear * monthsPerYear}
		case IntervalMonth:
			iv = IntervalValue{Months: iv.Months}
		default:
			switch {
			case fields&IntervalSecond != 0:
			case fields&IntervalMinute != 0:
				iv.Micros -= iv.Micros % MicrosPerMinute
			case fields&IntervalHour != 0:
				iv.Micros -= iv.Micros % MicrosPerHour
			default:
				iv.Micros = 0
			}
		}
	}
	if precision < TimePrecisionMax {
		iv.Micros = roundMicros(iv.Micros, precision)
	}
	return iv, nil
}
