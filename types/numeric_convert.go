package types

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"

	"millrace/pgerr"
)

// NumericFromInt appends v at scale 0.
func NumericFromInt(dst []byte, v int64) []byte { return AppendNumeric(dst, v, 0) }

// NumericFromFloat64 appends v rounded to 15 significant digits, as PostgreSQL converts.
func NumericFromFloat64(dst []byte, v float64) []byte { return numericFromFloat(dst, v, 15) }

// NumericFromFloat32 appends v rounded to 6 significant digits, as PostgreSQL converts.
func NumericFromFloat32(dst []byte, v float32) []byte { return numericFromFloat(dst, float64(v), 6) }

func numericFromFloat(dst []byte, v float64, digits int) []byte {
	switch {
	case math.IsNaN(v):
		return appendSpecial(dst, classNaN)
	case math.IsInf(v, 1):
		return appendSpecial(dst, classPosInf)
	case math.IsInf(v, -1):
		return appendSpecial(dst, classNegInf)
	}
	// d.ddde±xx: the coefficient is the digits without the point.
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], math.Abs(v), 'e', digits-1, 64)
	coef := uint64(text[0] - '0')
	i := 1
	if text[i] == '.' {
		for i++; text[i] != 'e'; i++ {
			coef = coef*10 + uint64(text[i]-'0')
		}
	}
	exp, _ := scanExponent(text[i+1:])
	coef, dropped := trimZeros(coef, int32(digits-1))
	scale := int32(digits-1) - dropped - int32(exp)
	if coef == 0 {
		scale = 0
	}
	m := uint128{lo: coef}
	if scale < 0 {
		var ok bool
		if m, ok = m.mulPow10(-scale); !ok {
			c := new(big.Int).SetUint64(coef)
			if v < 0 {
				c.Neg(c)
			}
			return appendBigUnchecked(dst, rescaleBig(c, int(scale), 0, false), 0)
		}
		scale = 0
	}
	return append128(dst, v < 0, m, scale)
}

// NumericToInt64 rounds a half away from zero. Out of range is 22003; NaN and infinities are 0A000, as in PostgreSQL.
func NumericToInt64(a []byte) (int64, error) { return NumericToInt(a, Int8) }

// NumericToInt is [NumericToInt64] for the integer kind k: [Int2], [Int4] or [Int8].
func NumericToInt(a []byte, k Kind) (int64, error) {
	v, ok := numericRoundInt(a)
	if ok {
		switch k {
		case Int2:
			ok = v == int64(int16(v))
		case Int4:
			ok = v == int64(int32(v))
		}
		if ok {
			return v, nil
		}
	}
	name := kinds[k].sql
	switch {
	case NumericIsNaN(a):
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert NaN to %s", name)
	case NumericIsInf(a) != 0:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "cannot convert infinity to %s", name)
	}
	return 0, pgerr.New(pgerr.NumericValueOutOfRange, "%s out of range", name)
}

// numericRoundInt rounds a to an int64 if it is finite and fits.
func numericRoundInt(a []byte) (int64, bool) {
	if coef, scale, ok := NumericFast(a); ok {
		if scale == 0 {
			return coef, true
		}
		if scale >= int32(len(pow10)) {
			return 0, true
		}
		neg, m := abs64(coef)
		p := pow10[scale]
		q, r := m/p, m%p
		if r >= p-r {
			q++
		}
		if neg {
			return -int64(q), true
		}
		return int64(q), true
	}
	d := decodeNumeric(a)
	if d.class != classFinite || !digitsFit(d.big, 20+int(d.scale)) {
		return 0, false
	}
	v := rescaleBig(d.big, int(d.scale), 0, false)
	return v.Int64(), v.IsInt64()
}

// NumericToFloat64 gives the nearest double. A value that is too great, or not zero and too small, is an error (22003).
func NumericToFloat64(a []byte) (float64, error) { return numericToFloat(a, Float8) }

// NumericToFloat32 gives the nearest float, with errors as [NumericToFloat64].
func NumericToFloat32(a []byte) (float32, error) {
	v, err := numericToFloat(a, Float4)
	return float32(v), err
}

func numericToFloat(a []byte, k Kind) (float64, error) {
	if coef, scale, ok := NumericFast(a); ok {
		// Both operands are exact doubles, so that one division rounds correctly.
		if k == Float8 && scale <= 22 && coef <= 1<<53 && coef >= -1<<53 {
			return float64(coef) / pow10Float[scale], nil
		}
	} else if len(a) == 1 {
		return decodeNumeric(a).specialFloat(), nil
	}
	var buf [64]byte
	text := AppendNumericText(buf[:0], a)
	v, err := parseFloat(text, k)
	if err != nil {
		return 0, errFloatRange(text, k)
	}
	return v, nil
}

// pow10Float holds the powers of ten that a double holds exactly.
var pow10Float = [23]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

func (d decimal) specialFloat() float64 {
	switch d.class {
	case classPosInf:
		return math.Inf(1)
	case classNegInf:
		return math.Inf(-1)
	}
	return quietNaN
}

// float gives an approximation of d to double precision, with 0 and infinity beyond its range: for estimates.
func (d *decimal) float() float64 {
	if d.class != classFinite {
		return d.specialFloat()
	}
	v, _ := strconv.ParseFloat(string(AppendNumericText(nil, d.append(nil))), 64)
	return v
}

// Binary form: PostgreSQL's numeric_send. Four int16 (number of base-10000 digits, weight of the first, sign, scale),
// then the digits, all big endian.
const (
	numericBinaryHeader = 8
	numericSignPos      = 0x0000
	numericSignNeg      = 0x4000
	numericSignNaN      = 0xC000
	numericSignPosInf   = 0xD000
	numericSignNegInf   = 0xF000
	numericInfScale     = 0x20 // what PostgreSQL sends as the scale of infinities
)

// AppendNumericBinary appends a in PostgreSQL's binary format.
func AppendNumericBinary(dst, a []byte) []byte {
	d := decodeNumeric(a)
	be := binary.BigEndian
	if d.class != classFinite {
		sign, scale := uint16(numericSignNaN), uint16(0)
		switch d.class {
		case classPosInf:
			sign, scale = numericSignPosInf, numericInfScale
		case classNegInf:
			sign, scale = numericSignNegInf, numericInfScale
		}
		dst = be.AppendUint32(dst, 0)
		dst = be.AppendUint16(dst, sign)
		return be.AppendUint16(dst, scale)
	}
	var buf [48]byte
	text := d.appendCoef(buf[:0])
	// Decimal digit i has the exponent exp-i; base-10000 digits start where the exponent is 3 modulo 4.
	exp := len(text) - 1 - int(d.scale)
	weight := exp >> 2
	lead := exp - 4*weight + 1 // decimal digits in the first group
	head := len(dst)
	dst = be.AppendUint16(dst, 0)
	dst = be.AppendUint16(dst, uint16(int16(weight)))
	sign := uint16(numericSignPos)
	if d.sign() < 0 {
		sign = numericSignNeg
	}
	dst = be.AppendUint16(dst, sign)
	dst = be.AppendUint16(dst, uint16(d.scale))
	groups, last := 0, len(dst)
	for i := 0; i < len(text); {
		g := uint16(0)
		for range lead {
			g *= 10
			if i < len(text) {
				g += uint16(text[i] - '0')
			}
			i++
		}
		lead = 4
		dst = be.AppendUint16(dst, g)
		if g != 0 {
			last = len(dst)
		}
		groups++
	}
	dst = dst[:last] // trailing zero groups are not sent
	be.PutUint16(dst[head:], uint16((last-head-numericBinaryHeader)/2))
	if last == head+numericBinaryHeader { // zero
		be.PutUint16(dst[head+2:], 0)
	}
	return dst
}

// ParseNumericBinary appends the numeric that b holds in PostgreSQL's binary format. Errors are 22P03, and 22003 beyond
// the limits.
func ParseNumericBinary(dst, b []byte) ([]byte, error) {
	if len(b) < numericBinaryHeader {
		return dst, errShortBinary()
	}
	be := binary.BigEndian
	n, weight, sign, scale := int(be.Uint16(b)), int(int16(be.Uint16(b[2:]))), be.Uint16(b[4:]), be.Uint16(b[6:])
	if len(b) != numericBinaryHeader+2*n {
		return dst, errBinary(`invalid length in external "numeric" value`)
	}
	switch sign {
	case numericSignNaN:
		return appendSpecial(dst, classNaN), nil
	case numericSignPosInf:
		return appendSpecial(dst, classPosInf), nil
	case numericSignNegInf:
		return appendSpecial(dst, classNegInf), nil
	case numericSignPos, numericSignNeg:
	default:
		return dst, errBinary(`invalid sign in external "numeric" value`)
	}
	if scale > NumericScaleMax {
		return dst, errBinary(`invalid scale in external "numeric" value`)
	}
	text := make([]byte, 0, 4*n)
	for i := range n {
		g := be.Uint16(b[numericBinaryHeader+2*i:])
		if g > 9999 {
			return dst, errBinary(`invalid digit in external "numeric" value`)
		}
		text = append(text, byte('0'+g/1000), byte('0'+g/100%10), byte('0'+g/10%10), byte('0'+g%10))
	}
	return appendBase10000(dst, text, sign == numericSignNeg, weight, int32(scale))
}

// appendBase10000 appends 0.text * 10000^(weight+1) at the given scale; digits that the scale would hide are dropped.
func appendBase10000(dst, text []byte, neg bool, weight int, scale int32) ([]byte, error) {
	lead := 0
	for lead < len(text) && text[lead] == '0' {
		lead++
	}
	lit := decimalLiteral{neg: neg, digits: text[lead:], point: int64(4*(weight+1) - lead), scale: int64(scale)}
	if keep := max(lit.point+int64(scale), 0); keep < int64(len(lit.digits)) {
		lit.digits = lit.digits[:keep]
	}
	if len(lit.digits) == 0 {
		return AppendNumeric(dst, 0, scale), nil
	}
	return lit.append(dst, -1)
}
