package keys

import (
	"math/bits"

	"millrace/types"
)

// The first byte of a numeric's payload, in the order of values.
const (
	numNegInf byte = 0x10
	numNeg    byte = 0x20
	numZero   byte = 0x30
	numPos    byte = 0x40
	numInf    byte = 0x50
	numNaN    byte = 0x60
)

// appendNumeric appends a class byte and, for finite values other than zero, the exponent and the digits of the
// magnitude 0.d1d2d3... * 10^exp: pairs of digits as bytes 1..100, ended by a zero byte. Trailing zeros are not
// digits, so the scale leaves no trace. For negative values the bytes after the class are inverted.
func appendNumeric(dst, b []byte) []byte {
	switch {
	case types.NumericIsNaN(b):
		return append(dst, numNaN)
	case types.NumericIsInf(b) > 0:
		return append(dst, numInf)
	case types.NumericIsInf(b) < 0:
		return append(dst, numNegInf)
	}
	var buf [32]byte
	digits, exp := types.NumericDigits(buf[:0], b)
	if len(digits) == 0 {
		return append(dst, numZero)
	}
	neg := types.NumericSign(b) < 0
	if neg {
		dst = append(dst, numNeg)
	} else {
		dst = append(dst, numPos)
	}
	start := len(dst)
	dst = appendExponent(dst, exp)
	for len(digits) >= 2 {
		dst = append(dst, (digits[0]-'0')*10+digits[1]-'0'+1)
		digits = digits[2:]
	}
	if len(digits) == 1 {
		dst = append(dst, (digits[0]-'0')*10+1)
	}
	dst = append(dst, 0)
	if neg {
		invert(dst[start:])
	}
	return dst
}

// Exponents from -exponentShort to exponentShort take one byte, the others four.
const exponentShort = 100

func appendExponent(dst []byte, exp int32) []byte {
	switch {
	case exp < -exponentShort:
		u := uint32(exp + 1<<23)
		return append(dst, 0x01, byte(u>>16), byte(u>>8), byte(u))
	case exp > exponentShort:
		return append(dst, 0xFE, byte(exp>>16), byte(exp>>8), byte(exp))
	}
	return append(dst, byte(exp+0x80))
}

// appendInterval appends the length of an interval as PostgreSQL compares it, in months of 30 days and days of 24
// hours: microseconds as a 128-bit integer with its sign bit flipped.
func appendInterval(dst, b []byte) []byte {
	if len(b) != 16 { // no interval
		b = make([]byte, 16)
	}
	iv := types.DecodeInterval(b)
	days := int64(iv.Months)*30 + int64(iv.Days)
	hi, lo := mulSigned(days, types.MicrosPerDay)
	lo, carry := bits.Add64(lo, uint64(iv.Micros), 0)
	hi += uint64(iv.Micros>>63) + carry
	dst = appendUint(dst, hi^1<<63)
	return appendUint(dst, lo)
}

// mulSigned multiplies a by a positive b to 128 bits, two's complement.
func mulSigned(a, b int64) (hi, lo uint64) {
	hi, lo = bits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		hi -= uint64(b)
	}
	return hi, lo
}
