package types

import (
	"bytes"
	"math"
	"math/big"
	mathbits "math/bits"
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

// quietNaN is the NaN that PostgreSQL makes, bit for bit; math.NaN is another.
var quietNaN = math.Float64frombits(0x7ff8000000000000)

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
		return quietNaN, true
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

// floatForm is what the printing of a float depends on besides its value.
type floatForm struct {
	bits   int
	digits int     // that any decimal has and keeps: DBL_DIG, FLT_DIG
	small  float64 // the least number that prints without an exponent
	big    float64 // the least number above it that prints with one again
	whole  float64 // from here on the distance between neighbours is more than 1
}

var (
	float64Form = floatForm{bits: 64, digits: 15, small: 1e-4, big: 1e15, whole: 1 << 53}
	float32Form = floatForm{bits: 32, digits: 6, small: float64(float32(1e-4)), big: 1e6, whole: 1 << 24}
)

// AppendFloat64 appends v as PostgreSQL prints a double precision under extra_float_digits: above 0 the shortest text
// that reads back exactly, else %.*g of 15 digits plus that (negative) number.
func AppendFloat64(dst []byte, v float64, extraDigits int) []byte {
	return float64Form.append(dst, v, extraDigits)
}

// AppendFloat32 appends a real likewise, with 6 digits.
func AppendFloat32(dst []byte, v float32, extraDigits int) []byte {
	return float32Form.append(dst, float64(v), extraDigits)
}

func (f *floatForm) append(dst []byte, v float64, extraDigits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	if extraDigits <= 0 {
		return strconv.AppendFloat(dst, v, 'g', max(f.digits+extraDigits, 1), f.bits)
	}
	// The bounds of the two notations are numbers' own nearest floats, and the shortest text of a lesser float is a lesser
	// number: so comparing values decides by the exponent of the text.
	a := math.Abs(v)
	format := byte('f')
	if a != 0 && (a < f.small || a >= f.big) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, format, -1, f.bits)
	if a >= f.whole {
		return f.leaveMidpoint(dst, start, v)
	}
	if digits, scale, ok := f.longExact(a); ok {
		return f.roundEven(dst, start, v, digits, scale, format)
	}
	return dst
}

// longExact gives the exact decimal value of a number that is no whole number, digits * 10^-scale, when that is just long
// enough for a shorter decimal to stand for it, and an odd multiple of 5.
func (f *floatForm) longExact(a float64) (digits uint64, scale int, ok bool) {
	bits := math.Float64bits(a)
	m, e := bits&(1<<52-1)|1<<52, int(bits>>52)-1075
	zeros := mathbits.TrailingZeros64(m)
	m >>= zeros
	scale = -(e + zeros) // a = m / 2^scale = m * 5^scale / 10^scale
	if scale <= 0 || scale > 27 || a < 0x1p-1022 {
		return 0, 0, false
	}
	hi, digits := mathbits.Mul64(m, pow5(scale))
	return digits, scale, hi == 0 && digits >= pow10[f.digits]
}

// pow5 gives 5^n for n <= 27.
func pow5(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 5
	}
	return p
}

// roundEven replaces the text at dst[start:] when the exact value lies in the middle between two decimals as short as it:
// PostgreSQL then prints the even one, if that still reads back as v.
func (f *floatForm) roundEven(dst []byte, start int, v float64, digits uint64, scale int, format byte) []byte {
	short := digits / 10
	lit, ok := scanDecimal(dst[start:])
	if !ok || len(lit.digits) != digits64(short) {
		return dst
	}
	short += short & 1
	text := strconv.AppendUint(nil, short, 10)
	back, err := strconv.ParseFloat(string(text)+"e-"+strconv.Itoa(scale-1), f.bits)
	if err != nil || back != math.Abs(v) {
		return dst
	}
	dst = dst[:start]
	if v < 0 {
		dst = append(dst, '-')
	}
	if format == 'f' {
		return appendPoint(dst, text, scale-1)
	}
	exp, sign := len(text)-scale, byte('+') // the exponent of the first digit: at most two digits of its own
	if exp < 0 {
		exp, sign = -exp, '-'
	}
	dst = append(dst, text[0], '.')
	dst = append(dst, text[1:]...)
	return append(dst, 'e', sign, byte('0'+exp/10), byte('0'+exp%10))
}

// leaveMidpoint replaces the text at dst[start:] of a large whole number when it lies in the middle between v and a
// neighbour. PostgreSQL wants a decimal strictly between the midpoints, where strconv takes a midpoint that rounds to v as
// well; only among large whole numbers are midpoints that short. Then a digit more is needed.
func (f *floatForm) leaveMidpoint(dst []byte, start int, v float64) []byte {
	fraction := max(bytes.IndexByte(dst[start:], 'e')-bytes.IndexByte(dst[start:], '.')-1, 0)
	for f.midpoint(dst[start:], v) && fraction < f.digits+3 {
		fraction++
		dst = strconv.AppendFloat(dst[:start], v, 'e', fraction, f.bits)
		dst = trimMantissa(dst, start)
	}
	return dst
}

// midpoint reports whether the decimal text lies in the middle between v, a whole number, and one of its neighbours, or
// beyond it.
func (f *floatForm) midpoint(text []byte, v float64) bool {
	next, last := math.Nextafter(v, math.Inf(1)), math.Nextafter(v, math.Inf(-1))
	if f.bits == 32 {
		next = float64(math.Nextafter32(float32(v), float32(math.Inf(1))))
		last = float64(math.Nextafter32(float32(v), float32(math.Inf(-1))))
	}
	lit, ok := scanDecimal(text)
	if !ok || math.IsInf(next, 0) || math.IsInf(last, 0) || int64(len(lit.digits)) > lit.point {
		return false
	}
	twice := new(big.Int)
	twice.SetString(string(lit.digits), 10)
	twice.Mul(twice, bigPow10(int(lit.point)-len(lit.digits)))
	twice.Lsh(twice, 1)
	if lit.neg {
		twice.Neg(twice)
	}
	whole := func(x float64) *big.Int { i, _ := big.NewFloat(x).Int(nil); return i }
	upper := new(big.Int).Add(whole(v), whole(next))
	lower := new(big.Int).Add(whole(v), whole(last))
	return twice.Cmp(upper) >= 0 || twice.Cmp(lower) <= 0
}

// trimMantissa removes zeros at the end of the fraction of the number d.ddde+xx at dst[start:].
func trimMantissa(dst []byte, start int) []byte {
	e := bytes.IndexByte(dst[start:], 'e') + start
	end := e
	for dst[end-1] == '0' {
		end--
	}
	if dst[end-1] == '.' {
		end--
	}
	return append(dst[:end], dst[e:]...)
}
