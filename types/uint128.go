package types

import (
	"math/bits"
	"strconv"
)

// uint128 is an unsigned 128-bit integer: the width in which two int64 coefficients meet without overflow.
type uint128 struct{ hi, lo uint64 }

// pow10 holds the powers of ten that fit a uint64.
var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

func mul64(a, b uint64) uint128 {
	hi, lo := bits.Mul64(a, b)
	return uint128{hi, lo}
}

// add gives x + y, which must not overflow.
func (x uint128) add(y uint128) uint128 {
	lo, carry := bits.Add64(x.lo, y.lo, 0)
	hi, _ := bits.Add64(x.hi, y.hi, carry)
	return uint128{hi, lo}
}

// sub gives x - y for x >= y.
func (x uint128) sub(y uint128) uint128 {
	lo, borrow := bits.Sub64(x.lo, y.lo, 0)
	hi, _ := bits.Sub64(x.hi, y.hi, borrow)
	return uint128{hi, lo}
}

func (x uint128) cmp(y uint128) int {
	switch {
	case x.hi != y.hi:
		if x.hi < y.hi {
			return -1
		}
		return 1
	case x.lo < y.lo:
		return -1
	case x.lo > y.lo:
		return 1
	}
	return 0
}

// mul64 gives x * y and whether it fits.
func (x uint128) mul64(y uint64) (uint128, bool) {
	top, hi := bits.Mul64(x.hi, y)
	mid, lo := bits.Mul64(x.lo, y)
	hi, carry := bits.Add64(hi, mid, 0)
	return uint128{hi, lo}, top == 0 && carry == 0
}

// mulPow10 gives x * 10^n and whether it fits.
func (x uint128) mulPow10(n int32) (uint128, bool) {
	for n > 19 {
		if n > 38 {
			return uint128{}, x == uint128{}
		}
		var ok bool
		if x, ok = x.mul64(pow10[19]); !ok {
			return uint128{}, false
		}
		n -= 19
	}
	return x.mul64(pow10[n])
}

// divRem64 gives quotient and remainder of x by y, which must not be zero.
func (x uint128) divRem64(y uint64) (uint128, uint64) {
	hi, r := bits.Div64(0, x.hi, y)
	lo, r := bits.Div64(r, x.lo, y)
	return uint128{hi, lo}, r
}

// appendDecimal appends x in decimal digits.
func (x uint128) appendDecimal(dst []byte) []byte {
	high, low := x.divRem64(pow10[19])
	if high == (uint128{}) {
		return strconv.AppendUint(dst, low, 10)
	}
	top, mid := high.divRem64(pow10[19])
	if top.lo != 0 {
		dst = strconv.AppendUint(dst, top.lo, 10)
		dst = appendPadded(dst, mid, 19)
	} else {
		dst = strconv.AppendUint(dst, mid, 10)
	}
	return appendPadded(dst, low, 19)
}

// abs64 gives the magnitude of v, for every v, and whether v is negative.
func abs64(v int64) (neg bool, magnitude uint64) {
	if v < 0 {
		return true, -uint64(v)
	}
	return false, uint64(v)
}

// digits64 counts the decimal digits of v; 0 has none.
func digits64(v uint64) int {
	if v == 0 {
		return 0
	}
	// 1233/4096 is just below log10(2); the table settles the last digit.
	n := bits.Len64(v) * 1233 >> 12
	if n < len(pow10) && v >= pow10[n] {
		n++
	}
	return n
}
