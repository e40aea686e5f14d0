package types

import (
	"math"
	"strconv"

	"millrace/pgerr"
)

// parseFloat reads a real or double precision as C's strtod does, without blanks: decimal or hexadecimal digits, an
// exponent, NaN, inf and infinity in any case. The error is strconv's, with ErrRange for overflow and for a value that
// is not zero but too small for the smallest denormal.
func parseFloat(s []byte, k Kind) (float64, error) {
	bits := 64
	if k == Float4 {
		bits = 32
	}
	if v, ok := floatWord(s); ok {
		return v, nil
	}
	text := string(s)
	hex, exp := false, false
	for i, c := range s {
		switch {
		case c == 'x' || c == 'X':
			hex = i > 0 && s[i-1] == '0'
		case c == 'p' || c == 'P':
			exp = true
		case c == '_' || c >= 'g' && c <= 'z' || c >= 'G' && c <= 'Z':
			return 0, strconv.ErrSyntax
		}
	}
	if hex && !exp {
		text += "p0" // Go's syntax demands it, C's does not
	}
	v, err := strconv.ParseFloat(text, bits)
	if err != nil {
		return v, err
	}
	if v == 0 && nonZeroDigits(s, hex) {
		return v, strconv.ErrRange
	}
	return v, nil
}

// nonZeroDigits reports whether a number's text has a digit other than 0 before its exponent.
func nonZeroDigits(s []byte, hex bool) bool {
	for _, c := range s {
		switch {
		case c >= '1' && c <= '9':
			return true
		case !hex && (c == 'e' || c == 'E'), c == 'p', c == 'P':
			return false
		case hex && (c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'):
			return true
		}
	}
	return false
}

// floatWord reads the words for the special values; unlike numeric's, NaN takes a sign here.
func floatWord(s []byte) (float64, bool) {
	sign := 1
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	switch {
	case asciiEqualFold(s, "nan"):
		return math.NaN(), true
	case asciiEqualFold(s, "infinity"), asciiEqualFold(s, "inf"):
		return math.Inf(sign), true
	}
	return 0, false
}

func errFloatRange(s []byte, k Kind) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", s, kinds[k].sql)
}

// parseFloatText is the input function of real and double precision.
func parseFloatText(s []byte, k Kind) (Datum, error) {
	v, err := parseFloat(trimSpace(s), k)
	if err == nil {
		return NewFloat(v), nil
	}
	if ne, ok := err.(*strconv.NumError); ok {
		err = ne.Err
	}
	if err == strconv.ErrRange {
		return Datum{}, errFloatRange(trimSpace(s), k)
	}
	return Datum{}, errInvalidText(kinds[k].sql, s)
}

// AppendFloat64 appends v as PostgreSQL prints a double precision under extra_float_digits: above 0 the shortest text
// that reads back exactly, else %.*g of 15 digits plus that (negative) number.
func AppendFloat64(dst []byte, v float64, extraDigits int) []byte {
	return appendFloat(dst, v, 64, extraDigits, 15, 1e15)
}

// AppendFloat32 appends a real likewise.
func AppendFloat32(dst []byte, v float32, extraDigits int) []byte {
	return appendFloat(dst, float64(v), 32, extraDigits, 6, 1e6)
}

// float32Small is the least real that prints without an exponent.
const float32Small = float64(float32(1e-4))

func appendFloat(dst []byte, v float64, bits, extraDigits, digits int, big float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	if extraDigits <= 0 {
		return strconv.AppendFloat(dst, v, 'g', max(digits+extraDigits, 1), bits)
	}
	// The bounds are the numbers' own nearest floats, and the shortest text of a lesser float is a lesser number:
	// so comparing values decides by the exponent of the text.
	small := 1e-4
	if bits == 32 {
		small = float32Small
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < small || a >= big) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, bits)
}
