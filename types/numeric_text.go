package types

import (
	"bytes"
	"math/big"
	"strconv"

	"millrace/pgerr"
)

// ParseNumeric appends the numeric that the text s stands for: PostgreSQL's input syntax, with blanks around it, an
// exponent, and NaN, Infinity, inf in any case. Errors are 22P02 for bad syntax and 22003 beyond the limits; the cost
// is bounded by the length of s and the limits, not by the exponent.
func ParseNumeric(dst, s []byte) ([]byte, error) { return parseNumeric(dst, s, -1) }

// parseNumeric is ParseNumeric under a type modifier.
func parseNumeric(dst, s []byte, mod int32) ([]byte, error) {
	if coef, scale, ok := parseNumericFast(s); ok {
		if mod < 0 {
			return AppendNumeric(dst, coef, scale), nil
		}
		neg, m := abs64(coef)
		precision, to := numericModParts(mod)
		if dst, ok, err := modWide(dst, neg, uint128{lo: m}, scale, precision, to); ok {
			return dst, err
		}
	}
	text := trimSpace(s)
	if len(text) == 0 {
		return dst, errInvalidText("numeric", s)
	}
	if c, ok := specialText(text); ok {
		return ApplyNumericMod(dst, appendSpecial(nil, c), mod)
	}
	lit, ok := scanDecimal(text)
	if !ok {
		return dst, errInvalidText("numeric", s)
	}
	return lit.append(dst, mod)
}

// parseNumericFast reads [-+]digits[.digits] with at most 18 digits in all.
func parseNumericFast(s []byte) (coef int64, scale int32, ok bool) {
	if len(s) == 0 || len(s) > 20 {
		return 0, 0, false
	}
	i := 0
	neg := s[0] == '-'
	if neg || s[0] == '+' {
		i++
	}
	point := -1
	digits := 0
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c-'0' <= 9:
			coef = coef*10 + int64(c-'0')
			digits++
		case c == '.' && point < 0:
			point = digits
		default:
			return 0, 0, false
		}
	}
	if digits == 0 || digits > 18 {
		return 0, 0, false
	}
	if point >= 0 {
		scale = int32(digits - point)
	}
	if neg {
		coef = -coef
	}
	return coef, scale, true
}

// specialText recognises NaN and the infinities; only these take a sign.
func specialText(s []byte) (class, bool) {
	if asciiEqualFold(s, "nan") {
		return classNaN, true
	}
	c := classPosInf
	if s[0] == '-' || s[0] == '+' {
		if s[0] == '-' {
			c = classNegInf
		}
		s = s[1:]
	}
	return c, asciiEqualFold(s, "infinity") || asciiEqualFold(s, "inf")
}

// decimalLiteral is a scanned decimal: 0.digits * 10^point, without leading zeros, and the scale that its text shows
// (the digits after the point less the exponent), possibly far outside the limits.
type decimalLiteral struct {
	neg    bool
	digits []byte
	point  int64
	scale  int64
	wild   bool // the exponent was exponentMax or beyond
}

// exponentMax is the bound on a literal's exponent: PostgreSQL's INT_MAX/2. From there on every literal overflows, 0 included.
const exponentMax = 1<<30 - 1

// scanDecimal reads [-+] digits with an optional point and exponent. The digits of the result may alias s.
func scanDecimal(s []byte) (lit decimalLiteral, ok bool) {
	i := 0
	if s[0] == '-' || s[0] == '+' {
		lit.neg = s[0] == '-'
		i++
	}
	start := i
	whole := leadingDigits(s[i:])
	i += whole
	frac := 0
	if i < len(s) && s[i] == '.' {
		frac = leadingDigits(s[i+1:])
		i += 1 + frac
	}
	if whole+frac == 0 {
		return lit, false
	}
	mantissa := s[start:i]
	exponent := int64(0)
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if exponent, ok = scanExponent(s[i+1:]); !ok {
			return lit, false
		}
		lit.wild = max(exponent, -exponent) >= exponentMax
	} else if i < len(s) {
		return lit, false
	}
	if p := bytes.IndexByte(mantissa, '.'); p >= 0 {
		switch {
		case whole == 0 || len(bytes.Trim(mantissa[:p], "0")) == 0:
			mantissa = mantissa[p+1:]
			whole = 0
		default:
			mantissa = append(append(make([]byte, 0, len(mantissa)), mantissa[:p]...), mantissa[p+1:]...)
		}
	}
	lit.digits = bytes.TrimLeft(mantissa, "0")
	lit.point = int64(whole) - int64(len(mantissa)-len(lit.digits)) + exponent
	lit.scale = max(int64(frac)-exponent, 0)
	return lit, true
}

func leadingDigits(s []byte) int {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}

// scanExponent reads a signed exponent that takes all of s, clipped to exponentMax. Blanks before it are allowed, since
// PostgreSQL 15 reads it with C's strtol.
func scanExponent(s []byte) (int64, bool) {
	for len(s) > 0 && asciiSpace(s[0]) {
		s = s[1:]
	}
	neg := len(s) > 0 && s[0] == '-'
	if neg || len(s) > 0 && s[0] == '+' {
		s = s[1:]
	}
	if len(s) == 0 || leadingDigits(s) != len(s) {
		return 0, false
	}
	e := int64(0)
	for _, c := range s {
		e = min(e*10+int64(c-'0'), exponentMax)
	}
	if neg {
		e = -e
	}
	return e, true
}

// append encodes the literal under a modifier. Digits that rounding drops are cut before they are converted, so that the
// work is bounded by the limits.
func (lit *decimalLiteral) append(dst []byte, mod int32) ([]byte, error) {
	if lit.wild {
		return dst, errNumericOverflow()
	}
	precision, scale := 0, 0
	limit := int64(NumericScaleMax) // digits after the point that matter
	if mod >= modHeader {
		precision, scale = numericModParts(mod)
		limit = int64(scale) + 1 // one more decides the rounding half away from zero
	} else if lit.scale > NumericScaleMax {
		return dst, errNumericOverflow()
	}
	if len(lit.digits) > 0 && lit.point > NumericDigitsMax {
		if mod >= modHeader {
			return dst, errFieldOverflow(precision, scale)
		}
		return dst, errNumericOverflow()
	}
	digits := lit.digits
	if keep := lit.point + limit; keep < int64(len(digits)) {
		digits = digits[:max(keep, 0)]
	}
	v := new(big.Int)
	if len(digits) > 0 {
		v.SetString(string(digits), 10)
	}
	if lit.neg {
		v.Neg(v)
	}
	from := int64(len(digits)) - lit.point // v * 10^-from, from possibly negative
	if len(digits) == 0 {
		from = 0
	}
	if mod >= modHeader {
		return appendWithMod(dst, v, int(from), precision, scale)
	}
	return appendBig(dst, rescaleBig(v, int(from), int(lit.scale), false), int32(lit.scale))
}

// AppendNumericText appends a's text as PostgreSQL prints it: all digits of the scale, never an exponent.
func AppendNumericText(dst, a []byte) []byte {
	if coef, scale, ok := NumericFast(a); ok {
		if scale == 0 {
			return strconv.AppendInt(dst, coef, 10)
		}
		neg, m := abs64(coef)
		if neg {
			dst = append(dst, '-')
		}
		if int(scale) < len(pow10) {
			dst = strconv.AppendUint(dst, m/pow10[scale], 10)
			dst = append(dst, '.')
			return appendPadded(dst, m%pow10[scale], int(scale))
		}
		var buf [20]byte
		return appendPoint(dst, strconv.AppendUint(buf[:0], m, 10), int(scale))
	}
	if neg, m, scale, ok := numericWide(a); ok {
		if neg {
			dst = append(dst, '-')
		}
		var buf [40]byte
		return appendPoint(dst, m.appendDecimal(buf[:0]), int(scale))
	}
	d := decodeNumeric(a)
	switch d.class {
	case classNaN:
		return append(dst, "NaN"...)
	case classPosInf:
		return append(dst, "Infinity"...)
	case classNegInf:
		return append(dst, "-Infinity"...)
	}
	if d.sign() < 0 {
		dst = append(dst, '-')
	}
	return appendPoint(dst, d.appendCoef(nil), int(d.scale))
}

// appendPadded appends v with leading zeros to the given width.
func appendPadded(dst []byte, v uint64, width int) []byte {
	for n := max(digits64(v), 0); n < width; n++ {
		dst = append(dst, '0')
	}
	if v == 0 {
		return dst
	}
	return strconv.AppendUint(dst, v, 10)
}

// appendPoint appends decimal digits with the point before the last scale of them.
func appendPoint(dst, digits []byte, scale int) []byte {
	if scale == 0 {
		return append(dst, digits...)
	}
	whole := len(digits) - scale
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, digits[whole:]...)
	}
	dst = append(dst, "0."...)
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// appendCoef appends the decimal digits of a finite value's coefficient, without sign; "0" for zero.
func (d *decimal) appendCoef(dst []byte) []byte {
	if d.big == nil {
		_, m := abs64(d.coef)
		return strconv.AppendUint(dst, m, 10)
	}
	start := len(dst)
	dst = d.big.Append(dst, 10)
	if dst[start] == '-' {
		dst = append(dst[:start], dst[start+1:]...)
	}
	return dst
}

// errInvalidText is the error of every input function for text that it cannot read.
func errInvalidText(typeName string, s []byte) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "invalid input syntax for type %s: \"%s\"", typeName, validText(s))
}

// asciiSpace tells the blanks that C's isspace knows.
func asciiSpace(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

// trimSpace cuts such blanks at both ends.
func trimSpace(s []byte) []byte {
	for len(s) > 0 && asciiSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && asciiSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// asciiEqualFold reports whether s equals the lower-case ASCII word, in any case.
func asciiEqualFold(s []byte, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range s {
		c := s[i]
		if c-'A' <= 'Z'-'A' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
