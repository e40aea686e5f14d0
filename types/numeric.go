package types

import (
	"encoding/binary"
	"math/big"

	"millrace/pgerr"
)

// A numeric is a decimal of any size, or NaN, Infinity or -Infinity, as PostgreSQL's numeric: a finite value is
// coefficient * 10^-scale, and the scale is part of the value (1.0 prints otherwise than 1.00) though not of its
// equality. The stored form is a byte string; each value and scale has exactly one:
//
//	fast     tag 0x00..0xEF = scale, then the int64 coefficient, little endian: 9 bytes
//	big      tag 0xF0 (0xF1 for a negative value), scale as little-endian uint16, then the coefficient's
//	         magnitude, big endian without leading zeros: for all that fast cannot hold
//	special  tag 0xFD -Infinity, 0xFE Infinity, 0xFF NaN: 1 byte
//
// The empty string, which stands in the slots of NULL rows, reads as 0. The functions here take encoded values and
// append an encoded result to dst, which must not overlap their inputs. Most values of most systems are fast, and on
// those addition, subtraction, multiplication, comparison and division run in 128-bit integers without allocation;
// everything else goes through math/big.
const (
	numericFastScaleMax = 0xEF
	numericBig          = 0xF0
	numericBigNeg       = 0xF1
	numericNegInf       = 0xFD
	numericPosInf       = 0xFE
	numericNaN          = 0xFF

	numericFastLen   = 9
	numericBigHeader = 3
)

// Limits of numeric, PostgreSQL's.
const (
	// NumericScaleMax is the greatest scale of any value.
	NumericScaleMax = 16383
	// NumericDigitsMax is the greatest number of digits before the decimal point.
	NumericDigitsMax = 131072

	numericMinSigDigits    = 16   // significant digits that division and the functions aim at
	numericMaxDisplayScale = 1000 // the scale that they never exceed
	numericMaxResultScale  = 2000 // bounds the scale argument of round and trunc
)

// class tells finite values from the special ones. The order is that of comparison.
type class int8

const (
	classNegInf class = iota - 1
	classFinite
	classPosInf
	classNaN
)

// decimal is a numeric taken apart. For a finite value the coefficient is big unless big is nil, else coef.
type decimal struct {
	class class
	scale int32
	coef  int64
	big   *big.Int
}

// decodeNumeric takes b apart. It allocates for the big form only. Bytes that are no numeric read as NaN.
func decodeNumeric(b []byte) decimal {
	if coef, scale, ok := NumericFast(b); ok {
		return decimal{coef: coef, scale: scale}
	}
	switch b[0] {
	case numericBig, numericBigNeg:
		if len(b) >= numericBigHeader {
			v := new(big.Int).SetBytes(b[numericBigHeader:])
			if b[0] == numericBigNeg {
				v.Neg(v)
			}
			return decimal{scale: int32(binary.LittleEndian.Uint16(b[1:])), big: v}
		}
	case numericNegInf:
		return decimal{class: classNegInf}
	case numericPosInf:
		return decimal{class: classPosInf}
	}
	return decimal{class: classNaN}
}

// bigCoef gives the coefficient of a finite value; the caller must not change it.
func (d *decimal) bigCoef() *big.Int {
	if d.big == nil {
		d.big = big.NewInt(d.coef)
	}
	return d.big
}

// sign gives -1, 0 or 1; for NaN it gives 1.
func (d *decimal) sign() int {
	switch {
	case d.class == classNegInf:
		return -1
	case d.class != classFinite:
		return 1
	case d.big != nil:
		return d.big.Sign()
	case d.coef < 0:
		return -1
	case d.coef > 0:
		return 1
	}
	return 0
}

// append encodes d, which was decoded or is within the limits.
func (d *decimal) append(dst []byte) []byte {
	switch {
	case d.class != classFinite:
		return appendSpecial(dst, d.class)
	case d.big == nil:
		return AppendNumeric(dst, d.coef, d.scale)
	}
	return appendBigUnchecked(dst, d.big, d.scale)
}

// NumericFast reads a numeric in the fast form: its value is coef * 10^-scale. ok is false for the other forms.
func NumericFast(b []byte) (coef int64, scale int32, ok bool) {
	if len(b) == numericFastLen && b[0] <= numericFastScaleMax {
		return int64(binary.LittleEndian.Uint64(b[1:])), int32(b[0]), true
	}
	return 0, 0, len(b) == 0
}

// AppendNumeric appends coef * 10^-scale. The scale must be within 0 and [NumericScaleMax].
func AppendNumeric(dst []byte, coef int64, scale int32) []byte {
	if uint32(scale) <= numericFastScaleMax {
		c := uint64(coef)
		return append(dst, byte(scale), byte(c), byte(c>>8), byte(c>>16), byte(c>>24), byte(c>>32), byte(c>>40), byte(c>>48), byte(c>>56))
	}
	neg, m := abs64(coef)
	return append128(dst, neg, uint128{lo: m}, scale)
}

// numericWide reads a value whose coefficient has at most 128 bits, fast or big: quotients and averages, with their 16
// significant digits and more, often just miss the fast form.
func numericWide(b []byte) (neg bool, m uint128, scale int32, ok bool) {
	if coef, scale, ok := NumericFast(b); ok {
		neg, lo := abs64(coef)
		return neg, uint128{lo: lo}, scale, true
	}
	raw := len(b) - numericBigHeader
	if raw < 0 || raw > 16 || b[0] > numericBigNeg {
		return false, uint128{}, 0, false
	}
	var full [16]byte
	copy(full[16-raw:], b[numericBigHeader:])
	m = uint128{binary.BigEndian.Uint64(full[:]), binary.BigEndian.Uint64(full[8:])}
	return b[0] == numericBigNeg, m, int32(binary.LittleEndian.Uint16(b[1:])), true
}

// append128 appends the value with the magnitude m, in whichever form is its own.
func append128(dst []byte, neg bool, m uint128, scale int32) []byte {
	if m.hi == 0 && scale <= numericFastScaleMax {
		if neg && m.lo <= 1<<63 {
			return AppendNumeric(dst, -int64(m.lo), scale)
		}
		if !neg && m.lo < 1<<63 {
			return AppendNumeric(dst, int64(m.lo), scale)
		}
	}
	tag := byte(numericBig)
	if neg {
		tag = numericBigNeg
	}
	dst = append(dst, tag)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(scale))
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], m.hi)
	binary.BigEndian.PutUint64(raw[8:], m.lo)
	i := 0
	for i < len(raw) && raw[i] == 0 {
		i++
	}
	return append(dst, raw[i:]...)
}

// appendBig appends v * 10^-scale, or gives the overflow error when a limit is exceeded.
func appendBig(dst []byte, v *big.Int, scale int32) ([]byte, error) {
	if scale > NumericScaleMax || !digitsFit(v, NumericDigitsMax+int(scale)) {
		return dst, errNumericOverflow()
	}
	return appendBigUnchecked(dst, v, scale), nil
}

func appendBigUnchecked(dst []byte, v *big.Int, scale int32) []byte {
	if scale <= numericFastScaleMax && v.IsInt64() {
		return AppendNumeric(dst, v.Int64(), scale)
	}
	tag := byte(numericBig)
	if v.Sign() < 0 {
		tag = numericBigNeg
	}
	dst = append(dst, tag)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(scale))
	n := (v.BitLen() + 7) / 8
	start := len(dst)
	for range n {
		dst = append(dst, 0)
	}
	v.FillBytes(dst[start:])
	return dst
}

func appendSpecial(dst []byte, c class) []byte {
	switch c {
	case classNegInf:
		return append(dst, numericNegInf)
	case classPosInf:
		return append(dst, numericPosInf)
	}
	return append(dst, numericNaN)
}

// NumericIsNaN reports whether a is NaN.
func NumericIsNaN(a []byte) bool { return len(a) == 1 && a[0] == numericNaN }

// NumericIsInf gives 1 for Infinity, -1 for -Infinity, else 0.
func NumericIsInf(a []byte) int {
	if len(a) == 1 {
		switch a[0] {
		case numericPosInf:
			return 1
		case numericNegInf:
			return -1
		}
	}
	return 0
}

// AppendNumericNaN and AppendNumericInf append the special values.
func AppendNumericNaN(dst []byte) []byte { return append(dst, numericNaN) }

// AppendNumericInf appends -Infinity for a negative sign, else Infinity.
func AppendNumericInf(dst []byte, sign int) []byte {
	if sign < 0 {
		return append(dst, numericNegInf)
	}
	return append(dst, numericPosInf)
}

// NumericIsZero reports whether a is a zero of any scale.
func NumericIsZero(a []byte) bool {
	if coef, _, ok := NumericFast(a); ok {
		return coef == 0
	}
	return a[0] == numericBig && len(a) == numericBigHeader
}

// NumericSign gives -1, 0 or 1. NaN, which sorts above everything, gives 1: test for it first.
func NumericSign(a []byte) int {
	if coef, _, ok := NumericFast(a); ok {
		d := decimal{coef: coef}
		return d.sign()
	}
	switch {
	case NumericIsZero(a):
		return 0
	case a[0] == numericBigNeg || a[0] == numericNegInf:
		return -1
	}
	return 1
}

// NumericScale gives the display scale: the number of digits after the point; 0 for special values.
func NumericScale(a []byte) int32 {
	if _, scale, ok := NumericFast(a); ok {
		return scale
	}
	if len(a) >= numericBigHeader && a[0] <= numericBigNeg {
		return int32(binary.LittleEndian.Uint16(a[1:]))
	}
	return 0
}

// NumericDigits appends the decimal digits of a finite value's magnitude, without leading or trailing zeros, to dst.
// The magnitude is 0.d1d2d3... * 10^exp; zero has no digits. With [NumericSign] that is all that an order-preserving
// key needs. For special values it appends nothing.
func NumericDigits(dst, a []byte) (digits []byte, exp int32) {
	d := decodeNumeric(a)
	if d.class != classFinite || d.sign() == 0 {
		return dst, 0
	}
	start := len(dst)
	dst = d.appendCoef(dst)
	exp = int32(len(dst)-start) - d.scale
	for len(dst) > start && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst, exp
}

func errNumericOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
}

func errDivisionByZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }
