package types

import "math/big"

// bigPow10Table holds the powers of ten that alignment of scales mostly needs. It is filled once and never changes.
var bigPow10Table = func() (t [78]*big.Int) {
	ten := big.NewInt(10)
	t[0] = big.NewInt(1)
	for i := 1; i < len(t); i++ {
		t[i] = new(big.Int).Mul(t[i-1], ten)
	}
	return t
}()

// bigPow10 gives 10^n for n >= 0; the caller must not change it.
func bigPow10(n int) *big.Int {
	if n < len(bigPow10Table) {
		return bigPow10Table[n]
	}
	return new(big.Int).Exp(bigPow10Table[1], big.NewInt(int64(n)), nil)
}

// digitsFit reports whether v has at most n decimal digits.
func digitsFit(v *big.Int, n int) bool {
	if n <= 0 || v.Sign() == 0 {
		return v.Sign() == 0
	}
	// log10(2) lies between 30102/100000 and 30103/100000, which settles nearly every case without a power of ten.
	bitLen := v.BitLen()
	if bitLen*30103/100000+1 <= n {
		return true
	}
	if (bitLen-1)*30102/100000 > n {
		return false
	}
	return v.CmpAbs(bigPow10(n)) < 0
}

// bigDigits counts the decimal digits of v; 0 has none.
func bigDigits(v *big.Int) int {
	if v.Sign() == 0 {
		return 0
	}
	n := (v.BitLen() - 1) * 30102 / 100000
	for v.CmpAbs(bigPow10(n)) >= 0 {
		n++
	}
	return n
}

// quoHalfAway gives n / d rounded to an integer, halves away from zero.
func quoHalfAway(n, d *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(n, d, new(big.Int))
	if r.Lsh(r, 1).CmpAbs(d) >= 0 {
		if n.Sign()*d.Sign() < 0 {
			q.Sub(q, bigPow10Table[0])
		} else {
			q.Add(q, bigPow10Table[0])
		}
	}
	return q
}

// rescaleBig gives v * 10^-from as a coefficient of scale to, either of which may be negative: halves are rounded away
// from zero, or digits dropped when trunc is set.
func rescaleBig(v *big.Int, from, to int, trunc bool) *big.Int {
	switch {
	case to == from || v.Sign() == 0:
		return v
	case to > from:
		return new(big.Int).Mul(v, bigPow10(to-from))
	case digitsFit(v, from-to-1):
		return new(big.Int) // below half a unit, however large from-to is
	case trunc:
		return new(big.Int).Quo(v, bigPow10(from-to))
	}
	return quoHalfAway(v, bigPow10(from-to))
}

// alignBig gives the coefficients of two finite values at their greater scale.
func alignBig(a, b *decimal) (x, y *big.Int, scale int32) {
	scale = max(a.scale, b.scale)
	x = rescaleBig(a.bigCoef(), int(a.scale), int(scale), false)
	y = rescaleBig(b.bigCoef(), int(b.scale), int(scale), false)
	return x, y, scale
}

// base10000 describes a non-zero finite value as PostgreSQL stores it, in digits of base 10000 around the decimal point:
// the weight (exponent of 10000) of the first digit, that digit, and the decimal exponent of the first decimal digit.
// The rules for result scales are made of these.
type base10000 struct {
	weight int
	first  int
	exp    int
}

func (d *decimal) base10000() base10000 {
	if d.sign() == 0 {
		return base10000{}
	}
	var digits int
	if d.big == nil {
		_, m := abs64(d.coef)
		digits = digits64(m)
	} else {
		digits = bigDigits(d.big)
	}
	b := base10000{exp: digits - 1 - int(d.scale)}
	b.weight = b.exp >> 2 // rounds down, for negative exponents too
	b.first = int(d.leading(digits, b.exp-4*b.weight+1))
	return b
}

// leading gives the first n decimal digits (n < 19) of the coefficient, which has the given number of them: as if zeros
// followed where it has fewer.
func (d *decimal) leading(digits, n int) uint64 {
	var m uint64
	switch {
	case d.big == nil:
		_, m = abs64(d.coef)
	case digits <= 18:
		m = new(big.Int).Abs(d.big).Uint64()
	default:
		m = new(big.Int).Quo(new(big.Int).Abs(d.big), bigPow10(digits-18)).Uint64()
		digits = 18
	}
	if digits > n {
		return m / pow10[digits-n]
	}
	return m * pow10[n-digits]
}
