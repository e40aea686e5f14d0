package types

import (
	"math/big"

	"millrace/pgerr"
)

// NumericRound appends a rounded to scale digits after the point, halves away from zero; a negative scale rounds before
// the point. The scale is limited to ±2000 as in PostgreSQL, and the result's scale is scale or 0.
func NumericRound(dst, a []byte, scale int32) ([]byte, error) {
	scale = min(max(scale, -numericMaxResultScale), numericMaxResultScale)
	return rescale(dst, a, scale, false)
}

// NumericTrunc appends a with the digits beyond scale dropped, as [NumericRound] otherwise. It cannot overflow, except
// that a scale which a has not is added.
func NumericTrunc(dst, a []byte, scale int32) ([]byte, error) {
	scale = min(max(scale, -numericMaxResultScale), numericMaxResultScale)
	return rescale(dst, a, scale, true)
}

// rescale appends a at the given scale, which may be negative: then the result has scale 0 and ends in zeros.
func rescale(dst, a []byte, scale int32, trunc bool) ([]byte, error) {
	if neg, m, from, ok := numericWide(a); ok {
		if dst, ok := rescaleWide(dst, neg, m, from, scale, trunc); ok {
			return dst, nil
		}
	}
	d := decodeNumeric(a)
	if d.class != classFinite {
		return appendSpecial(dst, d.class), nil
	}
	v := rescaleBig(d.bigCoef(), int(d.scale), int(scale), trunc)
	if scale < 0 {
		v, scale = rescaleBig(v, int(scale), 0, false), 0
	}
	return appendBig(dst, v, scale)
}

func rescaleWide(dst []byte, neg bool, m uint128, from, to int32, trunc bool) ([]byte, bool) {
	if to >= from {
		v, ok := m.mulPow10(to - from)
		if !ok {
			return dst, false
		}
		return append128(dst, neg, v, to), true
	}
	drop := from - to
	if drop >= int32(len(pow10)) {
		return dst, false
	}
	p := pow10[drop]
	q, r := m.divRem64(p)
	if !trunc && r >= p-r {
		q = q.add(uint128{lo: 1})
	}
	if to < 0 {
		v, ok := q.mulPow10(-to)
		if !ok {
			return dst, false
		}
		q, to = v, 0
	}
	return append128(dst, neg && q != uint128{}, q, to), true
}

// NumericCeil appends the least integer not below a.
func NumericCeil(dst, a []byte) ([]byte, error) { return roundTowards(dst, a, 1) }

// NumericFloor appends the greatest integer not above a.
func NumericFloor(dst, a []byte) ([]byte, error) { return roundTowards(dst, a, -1) }

func roundTowards(dst, a []byte, direction int64) ([]byte, error) {
	if coef, scale, ok := NumericFast(a); ok && scale < int32(len(pow10)) {
		neg, m := abs64(coef)
		q, r := m/pow10[scale], m%pow10[scale]
		if r != 0 && neg == (direction < 0) {
			q++
		}
		return append128(dst, neg && q != 0, uint128{lo: q}, 0), nil
	}
	d := decodeNumeric(a)
	if d.class != classFinite {
		return appendSpecial(dst, d.class), nil
	}
	q, r := new(big.Int).QuoRem(d.bigCoef(), bigPow10(int(d.scale)), new(big.Int))
	if r.Sign() == int(direction) {
		q.Add(q, big.NewInt(direction))
	}
	return appendBig(dst, q, 0)
}

// NumericMinScale gives the least scale that holds a exactly; 0 for special values.
func NumericMinScale(a []byte) int32 {
	scale := NumericScale(a)
	if coef, _, ok := NumericFast(a); ok {
		_, m := abs64(coef)
		_, n := trimZeros(m, scale)
		return scale - n
	}
	d := decodeNumeric(a)
	if d.class != classFinite || scale == 0 || d.sign() == 0 {
		return 0
	}
	digits := d.appendCoef(nil)
	for i := len(digits) - 1; scale > 0 && i > 0 && digits[i] == '0'; i-- {
		scale--
	}
	return scale
}

// NumericTrimScale appends a at its least scale ([NumericMinScale]).
func NumericTrimScale(dst, a []byte) []byte {
	if coef, scale, ok := NumericFast(a); ok {
		neg, m := abs64(coef)
		m, n := trimZeros(m, scale)
		return append128(dst, neg, uint128{lo: m}, scale-n)
	}
	d := decodeNumeric(a)
	if d.class != classFinite {
		return appendSpecial(dst, d.class)
	}
	scale := NumericMinScale(a)
	return appendBigUnchecked(dst, rescaleBig(d.bigCoef(), int(d.scale), int(scale), true), scale)
}

// ApplyNumericMod appends a as a column declared with the modifier mod stores it: rounded to the declared scale, and an
// error (22003) when it then has more digits before the point than declared. Infinities do not fit any modifier.
func ApplyNumericMod(dst, a []byte, mod int32) ([]byte, error) {
	if mod < modHeader {
		return appendNumericCopy(dst, a), nil
	}
	precision, scale := numericModParts(mod)
	if neg, m, from, ok := numericWide(a); ok {
		if dst, ok, err := modWide(dst, neg, m, from, precision, scale); ok {
			return dst, err
		}
	}
	d := decodeNumeric(a)
	switch d.class {
	case classNaN:
		return appendSpecial(dst, classNaN), nil
	case classPosInf, classNegInf:
		return dst, pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	return appendWithMod(dst, d.bigCoef(), int(d.scale), precision, scale)
}

// modWide is ApplyNumericMod for a coefficient of at most 128 bits; ok is false when that does not hold what it takes.
func modWide(dst []byte, neg bool, m uint128, from int32, precision, scale int) (out []byte, ok bool, err error) {
	if scale < 0 || precision >= len(pow10) {
		return dst, false, nil
	}
	switch drop := int(from) - scale; {
	case drop < 0:
		if m, ok = m.mulPow10(int32(-drop)); !ok {
			return dst, false, nil
		}
	case drop >= len(pow10):
		return dst, false, nil
	case drop > 0:
		p := pow10[drop]
		var r uint64
		if m, r = m.divRem64(p); r >= p-r {
			m = m.add(uint128{lo: 1})
		}
	}
	if m.hi != 0 || m.lo >= pow10[precision] {
		return dst, true, errFieldOverflow(precision, scale)
	}
	return append128(dst, neg && m.lo != 0, m, int32(scale)), true, nil
}

// appendWithMod appends v * 10^-from under a declared precision and scale.
func appendWithMod(dst []byte, v *big.Int, from, precision, scale int) ([]byte, error) {
	if !digitsFit(v, precision-scale+from+1) { // spares rounding a value that is far too large
		return dst, errFieldOverflow(precision, scale)
	}
	v = rescaleBig(v, from, scale, false)
	if !digitsFit(v, precision) {
		return dst, errFieldOverflow(precision, scale)
	}
	if scale < 0 {
		v, scale = rescaleBig(v, scale, 0, false), 0
	}
	return appendBig(dst, v, int32(scale))
}

func errFieldOverflow(precision, scale int) error {
	e := pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow")
	if precision == scale {
		return e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 1.", precision, scale)
	}
	return e.WithDetail("A field with precision %d, scale %d must round to an absolute value less than 10^%d.", precision, scale, precision-scale)
}
