package types

import "math/big"

// fixed is a fixed-point number: v * 2^-prec. Exponentials and logarithms are computed in it, since shifts cost less than
// divisions by powers of ten.
type fixed struct {
	v    *big.Int
	prec int
}

// fixedGuard is the number of bits beyond those of the result, for the errors of some hundred roundings.
const fixedGuard = 64

// fixedBits gives the precision that holds so many decimal digits, with room for errors.
func fixedBits(digits int) int { return digits*10/3 + fixedGuard }

// fixedFrom converts a finite decimal, cut at the precision.
func fixedFrom(d *decimal, prec int) fixed {
	v := new(big.Int).Lsh(d.bigCoef(), uint(prec))
	return fixed{v.Quo(v, bigPow10(int(d.scale))), prec}
}

// decimal gives the coefficient at a scale, rounded half away from zero.
func (x fixed) decimal(scale int) *big.Int {
	v := new(big.Int).Mul(x.v, bigPow10(scale))
	return quoHalfAway(v, new(big.Int).Lsh(bigPow10Table[0], uint(x.prec)))
}

func (x fixed) mul(y *big.Int) *big.Int {
	v := new(big.Int).Mul(x.v, y)
	return v.Rsh(v, uint(x.prec))
}

// fixedExp gives e^x for |x| < 2^14, to a relative error of about 2^-x.prec.
//
// The argument is brought to r = x - k ln 2, |r| <= ln 2 / 2, then halved n times; the Taylor series of the rest is squared
// n times and shifted by k (the method of Brent and Zimmermann, Modern Computer Arithmetic, 4.3).
func fixedExp(x fixed, prec int) fixed {
	halvings := 8
	for halvings*halvings < prec {
		halvings++
	}
	p := prec + halvings + 16
	v := new(big.Int).Lsh(x.v, uint(p-x.prec))
	ln2 := fixedLn2(p + 16) // k has up to 14 bits
	k := int(quoHalfAway(new(big.Int).Lsh(v, 16), ln2.v).Int64())
	v.Lsh(v, 16)
	v.Sub(v, new(big.Int).Mul(ln2.v, big.NewInt(int64(k))))
	v.Rsh(v, uint(16+halvings))
	r := fixed{v, p}

	one := new(big.Int).Lsh(bigPow10Table[0], uint(p))
	sum := new(big.Int).Add(one, v)
	term := new(big.Int).Set(v)
	for i := int64(2); term.Sign() != 0 && term.CmpAbs(bigPow10Table[0]) > 0; i++ {
		term = r.mul(term)
		term.Quo(term, big.NewInt(i))
		sum.Add(sum, term)
	}
	result := fixed{sum, p}
	for range halvings {
		result.v = result.mul(result.v)
	}
	if k >= 0 {
		result.v.Lsh(result.v, uint(k))
		return result
	}
	// A small result keeps its significant bits: the point moves instead.
	result.prec += -k
	return result
}

// ln2Bits is the precision to which ln 2 is at hand: enough for results of some fifty digits.
const ln2Bits = 384

var ln2Ready = computeLn2(ln2Bits)

// fixedLn2 gives ln 2.
func fixedLn2(prec int) fixed {
	if prec > ln2Bits {
		return computeLn2(prec)
	}
	return fixed{new(big.Int).Rsh(ln2Ready.v, uint(ln2Bits-prec)), prec}
}

// computeLn2 computes ln 2 by the formula 18 artanh(1/26) - 2 artanh(1/4801) + 8 artanh(1/8749).
func computeLn2(prec int) fixed {
	p := prec + 16
	v := new(big.Int).Mul(artanhInverse(26, p), big.NewInt(18))
	v.Sub(v, new(big.Int).Mul(artanhInverse(4801, p), big.NewInt(2)))
	v.Add(v, new(big.Int).Mul(artanhInverse(8749, p), big.NewInt(8)))
	return fixed{v.Rsh(v, 16), prec}
}

// artanhInverse gives artanh(1/n) * 2^prec by its series.
func artanhInverse(n int64, prec int) *big.Int {
	power := new(big.Int).Lsh(bigPow10Table[0], uint(prec))
	power.Quo(power, big.NewInt(n))
	square := big.NewInt(n * n)
	sum := new(big.Int).Set(power)
	term := new(big.Int)
	for i := int64(3); power.Sign() != 0; i += 2 {
		power.Quo(power, square)
		sum.Add(sum, term.Quo(power, big.NewInt(i)))
	}
	return sum
}

// fixedLn gives ln(d) for d > 0 to an absolute error of about 2^-prec: d = m * 2^k with m near 1, and
// ln m = 2 artanh((m-1)/(m+1)).
func fixedLn(d *decimal, prec int) fixed {
	p := prec + 32
	n, den := d.bigCoef(), bigPow10(int(d.scale))
	// k so that n/den / 2^k lies within 1/2 and 2, then within 2/3 and 4/3 or so.
	k := n.BitLen() - den.BitLen()
	m := ratioBits(n, den, p-k)
	one := new(big.Int).Lsh(bigPow10Table[0], uint(p))
	threeHalves := new(big.Int).Add(one, new(big.Int).Rsh(one, 1))
	if m.Cmp(threeHalves) > 0 {
		k++
		m = ratioBits(n, den, p-k)
	}
	num := new(big.Int).Sub(m, one)
	num.Lsh(num, uint(p))
	z := fixed{num.Quo(num, m.Add(m, one)), p}
	square := fixed{z.mul(z.v), p}

	sum := new(big.Int).Set(z.v)
	power := new(big.Int).Set(z.v)
	term := new(big.Int)
	for i := int64(3); power.Sign() != 0 && power.CmpAbs(bigPow10Table[0]) > 0; i += 2 {
		power = square.mul(power)
		sum.Add(sum, term.Quo(power, big.NewInt(i)))
	}
	sum.Lsh(sum, 1)
	if k != 0 {
		ln2 := fixedLn2(p + 20) // k has up to 19 bits
		add := new(big.Int).Mul(ln2.v, big.NewInt(int64(k)))
		sum.Add(sum, add.Rsh(add, 20))
	}
	return fixed{sum, p}
}

// ratioBits gives n/den * 2^shift, cut to an integer; shift may be negative.
func ratioBits(n, den *big.Int, shift int) *big.Int {
	if shift >= 0 {
		return new(big.Int).Quo(new(big.Int).Lsh(n, uint(shift)), den)
	}
	return new(big.Int).Quo(n, new(big.Int).Lsh(den, uint(-shift)))
}
