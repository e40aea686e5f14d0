package types

import "math/big"

// NumericAdd appends a + b. The scale is the greater of the two. Infinity + -Infinity is NaN.
func NumericAdd(dst, a, b []byte) ([]byte, error) {
	ca, sa, oka := NumericFast(a)
	cb, sb, okb := NumericFast(b)
	if oka && okb {
		if sa == sb {
			if sum := ca + cb; (sum > ca) == (cb > 0) {
				return AppendNumeric(dst, sum, sa), nil
			}
		}
		na, ma := abs64(ca)
		nb, mb := abs64(cb)
		if dst, ok := addFast(dst, na, ma, sa, nb, mb, sb); ok {
			return dst, nil
		}
	}
	return addSlow(dst, decodeNumeric(a), decodeNumeric(b), false)
}

// NumericSub appends a - b. The scale is the greater of the two. Infinity - Infinity is NaN.
func NumericSub(dst, a, b []byte) ([]byte, error) {
	ca, sa, oka := NumericFast(a)
	cb, sb, okb := NumericFast(b)
	if oka && okb {
		na, ma := abs64(ca)
		nb, mb := abs64(cb)
		if dst, ok := addFast(dst, na, ma, sa, !nb, mb, sb); ok {
			return dst, nil
		}
	}
	return addSlow(dst, decodeNumeric(a), decodeNumeric(b), true)
}

// align brings two magnitudes to the greater of their scales; ok is false when the scales are too far apart for 128 bits.
func align(ma uint64, sa int32, mb uint64, sb int32) (x, y uint128, scale int32, ok bool) {
	switch d := sa - sb; {
	case d == 0:
		return uint128{lo: ma}, uint128{lo: mb}, sa, true
	case d > 0 && d < int32(len(pow10)):
		return uint128{lo: ma}, mul64(mb, pow10[d]), sa, true
	case d < 0 && -d < int32(len(pow10)):
		return mul64(ma, pow10[-d]), uint128{lo: mb}, sb, true
	}
	return x, y, 0, false
}

func addFast(dst []byte, na bool, ma uint64, sa int32, nb bool, mb uint64, sb int32) ([]byte, bool) {
	x, y, scale, ok := align(ma, sa, mb, sb)
	if !ok {
		return dst, false
	}
	// The magnitudes are below 2^63 * 10^19 < 2^127, so their sum fits.
	switch {
	case na == nb:
		return append128(dst, na, x.add(y), scale), true
	case x.cmp(y) >= 0:
		return append128(dst, na, x.sub(y), scale), true
	}
	return append128(dst, nb, y.sub(x), scale), true
}

func addSlow(dst []byte, a, b decimal, negate bool) ([]byte, error) {
	if negate && (b.class == classPosInf || b.class == classNegInf) {
		b.class = -b.class
	}
	switch {
	case a.class == classNaN || b.class == classNaN:
		return appendSpecial(dst, classNaN), nil
	case a.class != classFinite && b.class != classFinite && a.class != b.class:
		return appendSpecial(dst, classNaN), nil
	case a.class != classFinite:
		return appendSpecial(dst, a.class), nil
	case b.class != classFinite:
		return appendSpecial(dst, b.class), nil
	}
	x, y, scale := alignBig(&a, &b)
	sum := new(big.Int)
	if negate {
		sum.Sub(x, y)
	} else {
		sum.Add(x, y)
	}
	return appendBig(dst, sum, scale)
}

// NumericMul appends a * b, exact: the scale is the sum of the two, rounded to [NumericScaleMax]. Infinity * 0 is NaN.
func NumericMul(dst, a, b []byte) ([]byte, error) {
	ca, sa, oka := NumericFast(a)
	cb, sb, okb := NumericFast(b)
	if oka && okb {
		na, ma := abs64(ca)
		nb, mb := abs64(cb)
		return append128(dst, na != nb && ma != 0 && mb != 0, mul64(ma, mb), sa+sb), nil
	}
	x, y := decodeNumeric(a), decodeNumeric(b)
	if x.class != classFinite || y.class != classFinite {
		return appendSpecial(dst, specialProduct(&x, &y)), nil
	}
	product := new(big.Int).Mul(x.bigCoef(), y.bigCoef())
	scale := x.scale + y.scale
	if scale > NumericScaleMax {
		product = rescaleBig(product, int(scale), NumericScaleMax, false)
		scale = NumericScaleMax
	}
	return appendBig(dst, product, scale)
}

func specialProduct(x, y *decimal) class {
	if x.class == classNaN || y.class == classNaN {
		return classNaN
	}
	switch x.sign() * y.sign() {
	case 1:
		return classPosInf
	case -1:
		return classNegInf
	}
	return classNaN
}

// divScale gives the scale of a quotient by PostgreSQL's rule (select_div_scale in its numeric.c): at least 16
// significant digits, counted in base 10000, and no less than either operand's scale.
func divScale(a, b *decimal) int32 {
	wa, wb := a.base10000(), b.base10000()
	weight := wa.weight - wb.weight
	if wa.first <= wb.first {
		weight--
	}
	scale := max(int32(numericMinSigDigits-weight*4), a.scale, b.scale, 0)
	return min(scale, numericMaxDisplayScale)
}

// NumericDiv appends a / b, rounded half away from zero at the scale that PostgreSQL chooses: at least 16 significant
// digits and no less than the scale of a or b. Division by zero is an error (22012), whatever a is except NaN.
func NumericDiv(dst, a, b []byte) ([]byte, error) {
	x, y := decodeNumeric(a), decodeNumeric(b)
	if x.class != classFinite || y.class != classFinite {
		return divSpecial(dst, &x, &y)
	}
	if y.sign() == 0 {
		return dst, errDivisionByZero()
	}
	scale := divScale(&x, &y)
	return divAt(dst, &x, &y, scale)
}

// divAt appends x / y rounded half away from zero at scale, for finite x and y, y not zero.
func divAt(dst []byte, x, y *decimal, scale int32) ([]byte, error) {
	shift := scale + y.scale - x.scale
	if x.big == nil && y.big == nil && shift >= 0 {
		nx, mx := abs64(x.coef)
		ny, my := abs64(y.coef)
		if n, ok := (uint128{lo: mx}).mulPow10(shift); ok {
			q, r := n.divRem64(my)
			if r >= my-r { // 2r >= my without overflow
				q = q.add(uint128{lo: 1})
			}
			return append128(dst, nx != ny && q != uint128{}, q, scale), nil
		}
	}
	n, d := x.bigCoef(), y.bigCoef()
	if shift >= 0 {
		n = new(big.Int).Mul(n, bigPow10(int(shift)))
	} else {
		d = new(big.Int).Mul(d, bigPow10(int(-shift)))
	}
	return appendBig(dst, quoHalfAway(n, d), scale)
}

func divSpecial(dst []byte, x, y *decimal) ([]byte, error) {
	switch {
	case x.class == classNaN || y.class == classNaN:
		return appendSpecial(dst, classNaN), nil
	case x.class == classFinite: // finite / infinity
		return AppendNumeric(dst, 0, 0), nil
	case y.class != classFinite: // infinity / infinity
		return appendSpecial(dst, classNaN), nil
	}
	switch x.sign() * y.sign() {
	case 1:
		return appendSpecial(dst, classPosInf), nil
	case -1:
		return appendSpecial(dst, classNegInf), nil
	}
	return dst, errDivisionByZero()
}

// NumericDivTrunc appends a / b cut to an integer of scale 0: PostgreSQL's div().
func NumericDivTrunc(dst, a, b []byte) ([]byte, error) {
	x, y := decodeNumeric(a), decodeNumeric(b)
	if x.class != classFinite || y.class != classFinite {
		return divSpecial(dst, &x, &y)
	}
	if y.sign() == 0 {
		return dst, errDivisionByZero()
	}
	if n, m, neg, _, ok := remOperands(&x, &y); ok {
		q, _ := n.divRem64(m)
		return append128(dst, neg != (y.coef < 0) && q != uint128{}, q, 0), nil
	}
	n, m, _ := alignBig(&x, &y)
	return appendBig(dst, new(big.Int).Quo(n, m), 0)
}

// NumericRem appends the remainder of a / b with the sign of a: SQL's % and mod(). The scale is the greater of the two.
// (The name NumericMod belongs to the type modifier.)
func NumericRem(dst, a, b []byte) ([]byte, error) {
	x, y := decodeNumeric(a), decodeNumeric(b)
	switch {
	case x.class == classNaN || y.class == classNaN:
		return appendSpecial(dst, classNaN), nil
	case y.class == classFinite && y.sign() == 0:
		return dst, errDivisionByZero()
	case x.class != classFinite:
		return appendSpecial(dst, classNaN), nil
	case y.class != classFinite:
		return x.append(dst), nil
	}
	if n, m, neg, scale, ok := remOperands(&x, &y); ok {
		_, r := n.divRem64(m)
		return append128(dst, neg && r != 0, uint128{lo: r}, scale), nil
	}
	n, m, scale := alignBig(&x, &y)
	return appendBig(dst, new(big.Int).Rem(n, m), scale)
}

// remOperands aligns two fast values for an integer division: magnitudes n and m, and the sign of the first.
func remOperands(x, y *decimal) (n uint128, m uint64, neg bool, scale int32, ok bool) {
	if x.big != nil || y.big != nil {
		return n, 0, false, 0, false
	}
	neg, mx := abs64(x.coef)
	_, my := abs64(y.coef)
	n, d, scale, ok := align(mx, x.scale, my, y.scale)
	return n, d.lo, neg, scale, ok && d.hi == 0
}

// NumericNeg appends -a.
func NumericNeg(dst, a []byte) []byte {
	if coef, scale, ok := NumericFast(a); ok {
		neg, m := abs64(coef)
		return append128(dst, !neg && m != 0, uint128{lo: m}, scale)
	}
	d := decodeNumeric(a)
	switch {
	case d.class == classFinite:
		d.big = new(big.Int).Neg(d.bigCoef())
	case d.class != classNaN:
		d.class = -d.class
	}
	return d.append(dst)
}

// NumericAbs appends |a|.
func NumericAbs(dst, a []byte) []byte {
	if NumericSign(a) >= 0 {
		return appendNumericCopy(dst, a)
	}
	return NumericNeg(dst, a)
}

// appendNumericCopy appends a itself, an empty string as a proper zero.
func appendNumericCopy(dst, a []byte) []byte {
	if len(a) == 0 {
		return AppendNumeric(dst, 0, 0)
	}
	return append(dst, a...)
}

// NumericCmp gives -1, 0 or 1. NaN equals itself and is greater than everything else; scales do not matter.
func NumericCmp(a, b []byte) int {
	ca, sa, oka := NumericFast(a)
	cb, sb, okb := NumericFast(b)
	if oka && okb {
		if sa == sb {
			return compareInts(ca, cb)
		}
		if r, ok := cmpFast(ca, sa, cb, sb); ok {
			return r
		}
	} else if r, ok := cmpWide(a, b); ok {
		return r
	}
	x, y := decodeNumeric(a), decodeNumeric(b)
	if x.class != y.class {
		return compareInts(int64(x.class), int64(y.class))
	}
	if x.class != classFinite {
		return 0
	}
	sx, sy := x.sign(), y.sign()
	if sx != sy || sx == 0 {
		return compareInts(int64(sx), int64(sy))
	}
	// Magnitudes that differ by more than rounding of the estimate need no power of ten.
	const log10of2 = 0.30102999566398120
	ex := float64(x.bigCoef().BitLen())*log10of2 - float64(x.scale)
	ey := float64(y.bigCoef().BitLen())*log10of2 - float64(y.scale)
	switch {
	case ex > ey+1:
		return sx
	case ex < ey-1:
		return -sx
	}
	p, q, _ := alignBig(&x, &y)
	return p.Cmp(q)
}

func cmpFast(ca int64, sa int32, cb int64, sb int32) (int, bool) {
	na, ma := abs64(ca)
	nb, mb := abs64(cb)
	if na != nb {
		if na {
			return -1, true
		}
		return 1, true
	}
	x, y, _, ok := align(ma, sa, mb, sb)
	if !ok {
		return 0, false
	}
	if na {
		return y.cmp(x), true
	}
	return x.cmp(y), true
}

// cmpWide compares values of at most 128 bits; ok is false when they are wider, or their scales too far apart.
func cmpWide(a, b []byte) (int, bool) {
	na, ma, sa, oka := numericWide(a)
	nb, mb, sb, okb := numericWide(b)
	if !oka || !okb {
		return 0, false
	}
	var ok bool
	if sa < sb {
		ma, ok = ma.mulPow10(sb - sa)
	} else {
		mb, ok = mb.mulPow10(sa - sb)
	}
	switch {
	case !ok:
		return 0, false
	case na != nb && na:
		return -1, true
	case na != nb:
		return 1, true
	case na:
		return mb.cmp(ma), true
	}
	return ma.cmp(mb), true
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// trimZeros divides m by ten while that leaves no remainder, at most limit times, and gives how often.
func trimZeros(m uint64, limit int32) (uint64, int32) {
	n := int32(0)
	if m == 0 {
		return 0, limit
	}
	for n < limit {
		q := m / 10
		if q*10 != m {
			break
		}
		m = q
		n++
	}
	return m, n
}
