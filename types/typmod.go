package types

import (
	"strconv"

	"millrace/pgerr"
)

// Limits on type modifiers, PostgreSQL's.
const (
	// NumericPrecisionMax bounds the precision of a declared numeric, and the absolute value of its scale.
	NumericPrecisionMax = 1000
	// CharsMax bounds the length of a declared character type, in characters.
	CharsMax = 10485760
	// TimePrecisionMax is the greatest number of fractional digits in seconds.
	TimePrecisionMax = 6
)

// modHeader is the length word that PostgreSQL adds to the modifiers of variable-length types.
const modHeader = 4

// NumericMod encodes numeric(precision, scale). A negative scale rounds before the point, as since PostgreSQL 15.
func NumericMod(precision, scale int) (int32, error) {
	if precision < 1 || precision > NumericPrecisionMax {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "NUMERIC precision %d must be between 1 and %d", precision, NumericPrecisionMax)
	}
	if scale < -NumericPrecisionMax || scale > NumericPrecisionMax {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "NUMERIC scale %d must be between %d and %d", scale, -NumericPrecisionMax, NumericPrecisionMax)
	}
	return int32(precision<<16|scale&0x7ff) + modHeader, nil
}

// numericModParts decodes a numeric modifier, which must not be -1.
func numericModParts(mod int32) (precision, scale int) {
	mod -= modHeader
	return int(mod >> 16 & 0xffff), int(mod&0x7ff^1024) - 1024
}

// PrecisionScale gives the declared precision and scale of a numeric; ok is false when it has none.
func (t T) PrecisionScale() (precision, scale int, ok bool) {
	if t.Kind != Numeric || t.Mod < modHeader {
		return 0, 0, false
	}
	precision, scale = numericModParts(t.Mod)
	return precision, scale, true
}

// VarcharMod encodes varchar(n), n in characters.
func VarcharMod(n int) (int32, error) { return charsMod("varchar", n) }

// BpcharMod encodes character(n), n in characters.
func BpcharMod(n int) (int32, error) { return charsMod("char", n) }

func charsMod(typeName string, n int) (int32, error) {
	if n < 1 {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "length for type %s must be at least 1", typeName)
	}
	if n > CharsMax {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "length for type %s cannot exceed %d", typeName, CharsMax)
	}
	return int32(n) + modHeader, nil
}

// MaxChars gives the declared length in characters of a varchar or character; ok is false when it has none.
func (t T) MaxChars() (n int, ok bool) {
	if t.Kind != Varchar && t.Kind != Bpchar || t.Mod < modHeader {
		return 0, false
	}
	return int(t.Mod - modHeader), true
}

// TimeMod encodes the fractional digits of time, timestamp and timestamptz. More than [TimePrecisionMax] digits are
// reduced to it, for which PostgreSQL warns; a negative number is an error.
func TimeMod(precision int) (int32, error) {
	if precision < 0 {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "TIMESTAMP(%d) precision must not be negative", precision)
	}
	return int32(min(precision, TimePrecisionMax)), nil
}

// intervalRanges are the field combinations that SQL allows, with their spelling.
var intervalRanges = []struct {
	fields int32
	text   string
}{
	{IntervalYear, "year"},
	{IntervalMonth, "month"},
	{IntervalDay, "day"},
	{IntervalHour, "hour"},
	{IntervalMinute, "minute"},
	{IntervalSecond, "second"},
	{IntervalYear | IntervalMonth, "year to month"},
	{IntervalDay | IntervalHour, "day to hour"},
	{IntervalDay | IntervalHour | IntervalMinute, "day to minute"},
	{IntervalDay | IntervalHour | IntervalMinute | IntervalSecond, "day to second"},
	{IntervalHour | IntervalMinute, "hour to minute"},
	{IntervalHour | IntervalMinute | IntervalSecond, "hour to second"},
	{IntervalMinute | IntervalSecond, "minute to second"},
}

// IntervalMod encodes an interval's fields and fractional digits. fields is "" for all, or SQL's words in lower case
// ("day to second"); precision is -1 where none is given, and reduced to [TimePrecisionMax].
func IntervalMod(fields string, precision int) (int32, error) {
	if fields == "" && precision == -1 {
		return -1, nil
	}
	if precision < -1 {
		return -1, pgerr.New(pgerr.InvalidParameterValue, "INTERVAL(%d) precision must not be negative", precision)
	}
	bits := IntervalFullRange
	if fields != "" {
		bits = 0
		for _, r := range intervalRanges {
			if r.text == fields {
				bits = r.fields
			}
		}
		if bits == 0 {
			return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid INTERVAL type modifier")
		}
	}
	p := IntervalFullPrecision
	if precision >= 0 {
		p = int32(min(precision, TimePrecisionMax))
	}
	return bits<<16 | p, nil
}

// intervalModText gives the suffix that a modifier adds to the type's name: " day to second(3)".
func intervalModText(mod int32) string {
	s := ""
	for _, r := range intervalRanges {
		if r.fields == mod>>16&IntervalFullRange {
			s = " " + r.text
		}
	}
	if p := mod & IntervalFullPrecision; p != IntervalFullPrecision {
		s += "(" + strconv.Itoa(int(p)) + ")"
	}
	return s
}

// Modifier encodes the modifier list that a type name carries in SQL, as in numeric(12,2) or varchar(10): PostgreSQL's
// typmodin functions. An interval's fields come through [IntervalMod] instead.
func Modifier(k Kind, args ...int) (int32, error) {
	switch k {
	case Numeric:
		switch len(args) {
		case 1:
			return NumericMod(args[0], 0)
		case 2:
			return NumericMod(args[0], args[1])
		}
		return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid NUMERIC type modifier")
	case Varchar, Bpchar, Time, Timestamp, TimestampTZ, Interval:
		if len(args) != 1 {
			return -1, pgerr.New(pgerr.InvalidParameterValue, "invalid type modifier")
		}
		switch k {
		case Varchar:
			return VarcharMod(args[0])
		case Bpchar:
			return BpcharMod(args[0])
		case Interval:
			return IntervalMod("", max(args[0], -2))
		}
		return TimeMod(args[0])
	}
	return -1, pgerr.New(pgerr.SyntaxError, "type modifier is not allowed for type %q", kinds[k].name)
}
