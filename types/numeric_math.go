package types

import (
	"math"
	"math/big"

	"millrace/pgerr"
)

// The functions here choose the scale of their results by PostgreSQL's rules (its numeric.c), which aim at 16 significant
// digits, and compute with enough further digits to round the true value half away from zero at that scale. PostgreSQL
// computes with eight further digits, so that the two can differ in the last digit where the true value lies that close to
// the middle between two results.

// NumericSqrt appends the square root of a. A negative a is an error (2201F).
func NumericSqrt(dst, a []byte) ([]byte, error) {
	d := decodeNumeric(a)
	if d.class != classNaN && d.sign() < 0 {
		return dst, pgerr.New(pgerr.InvalidPowerArgument, "cannot take square root of a negative number")
	}
	if d.class != classFinite {
		return appendSpecial(dst, d.class), nil
	}
	weight := (d.base10000().weight+1)*2 - 1
	scale := functionScale(numericMinSigDigits-weight, d.scale)
	return appendBig(dst, sqrtAt(&d, scale), scale)
}

// functionScale limits the scale that a rule asks for by those of the arguments and the display limits.
func functionScale(want int, args ...int32) int32 {
	scale := int32(max(want, 0))
	for _, a := range args {
		scale = max(scale, a)
	}
	return min(scale, numericMaxDisplayScale)
}

// sqrtAt gives the coefficient of the square root of d at a scale, rounded half away from zero.
func sqrtAt(d *decimal, scale int32) *big.Int {
	// One digit more, cut off, decides the rounding.
	v := rescaleBig(d.bigCoef(), int(d.scale), 2*int(scale+1), true)
	return rescaleBig(new(big.Int).Sqrt(v), int(scale+1), int(scale), false)
}

// NumericVariance appends the variance, or the standard deviation, of n values of which the sum and the sum of squares are
// given: of a sample (divided by n-1, which must not be 0) or of the whole population. The special values give NaN.
func NumericVariance(dst []byte, n int64, sum, squares []byte, sample, stddev bool) ([]byte, error) {
	s, q := decodeNumeric(sum), decodeNumeric(squares)
	if s.class != classFinite || q.class != classFinite {
		return appendSpecial(dst, classNaN), nil
	}
	count := big.NewInt(n)
	divisor := decimal{big: new(big.Int).Mul(count, count)}
	if sample {
		divisor.big.Sub(divisor.big, count)
	}
	if divisor.sign() <= 0 {
		return dst, errDivisionByZero()
	}
	// (n * sum of squares - square of the sum) / divisor
	square := decimal{scale: 2 * s.scale, big: new(big.Int).Mul(s.bigCoef(), s.bigCoef())}
	q.big = new(big.Int).Mul(q.bigCoef(), count)
	x, y, scale := alignBig(&q, &square)
	numerator := decimal{scale: scale, big: new(big.Int).Sub(x, y)}
	if numerator.sign() <= 0 {
		return AppendNumeric(dst, 0, 0), nil
	}
	scale = divScale(&numerator, &divisor)
	variance, err := divAt(nil, &numerator, &divisor, scale)
	if err != nil {
		return dst, err
	}
	if !stddev {
		return append(dst, variance...), nil
	}
	v := decodeNumeric(variance)
	return appendBig(dst, sqrtAt(&v, scale), scale)
}

const (
	log10e = 0.434294481903252 // PostgreSQL's constants, cut at 15 digits
	ln10   = 2.302585092994046
)

// NumericExp appends e to the power of a. An overflow is an error (22003); what is too small is 0.
func NumericExp(dst, a []byte) ([]byte, error) {
	d := decodeNumeric(a)
	switch d.class {
	case classNegInf:
		return AppendNumeric(dst, 0, 0), nil
	case classPosInf, classNaN:
		return appendSpecial(dst, d.class), nil
	}
	weight := d.float() * log10e
	weight = min(max(weight, -numericMaxResultScale), numericMaxResultScale)
	scale := functionScale(numericMinSigDigits-int(weight), d.scale)
	v, err := expAt(&d, scale)
	if err != nil {
		return dst, err
	}
	return appendBig(dst, v, scale)
}

// expAt gives the coefficient of e^d at a scale.
func expAt(d *decimal, scale int32) (*big.Int, error) {
	x := d.float()
	if math.Abs(x) >= 3*numericMaxResultScale {
		if x > 0 {
			return nil, errNumericOverflow()
		}
		return new(big.Int), nil
	}
	digits := max(int(x*log10e)+1, 0) + int(scale)
	prec := fixedBits(digits)
	return fixedExp(fixedFrom(d, prec), prec).decimal(int(scale)), nil
}

// lnWeight estimates the decimal exponent of ln(d), from which the scale of logarithms follows; 0 for d <= 0.
func lnWeight(d *decimal) int {
	if d.sign() <= 0 {
		return 0
	}
	x, y, scale := alignBig(d, &decimal{scale: 1, coef: 9})
	upper := new(big.Int).Mul(bigPow10(int(scale)-1), big.NewInt(11))
	if x.Cmp(y) >= 0 && x.Cmp(upper) <= 0 {
		// Near 1, ln(1+x) is about x.
		off := decimal{scale: scale, big: new(big.Int).Sub(x, bigPow10(int(scale)))}
		return off.base10000().exp
	}
	// The first two digits of base 10000 are enough elsewhere.
	b := d.base10000()
	n := b.exp - 4*b.weight + 1 + 4
	lead := float64(d.leading(bigDigits(d.bigCoef()), n))
	return int(math.Log10(math.Abs(math.Log(lead) + float64(4*b.weight-4)*ln10)))
}

func errLog(sign int) error {
	if sign == 0 {
		return pgerr.New(pgerr.InvalidLogArgument, "cannot take logarithm of zero")
	}
	return pgerr.New(pgerr.InvalidLogArgument, "cannot take logarithm of a negative number")
}

// NumericLn appends the natural logarithm of a. An a that is not positive is an error (2201E).
func NumericLn(dst, a []byte) ([]byte, error) {
	d := decodeNumeric(a)
	if d.class != classNaN && d.sign() <= 0 {
		return dst, errLog(d.sign())
	}
	if d.class != classFinite {
		return appendSpecial(dst, d.class), nil
	}
	scale := functionScale(numericMinSigDigits-lnWeight(&d), d.scale)
	return appendBig(dst, lnAt(&d, scale), scale)
}

// lnAt gives the coefficient of ln(d), d > 0, at a scale.
func lnAt(d *decimal, scale int32) *big.Int {
	prec := fixedBits(int(scale) + 6)
	return fixedLn(d, prec).decimal(int(scale))
}

// NumericLog appends the logarithm of a to a base. Arguments that are not positive are errors (2201E), as is the base 1
// (22012).
func NumericLog(dst, base, a []byte) ([]byte, error) {
	b, d := decodeNumeric(base), decodeNumeric(a)
	if b.class == classNaN || d.class == classNaN {
		return appendSpecial(dst, classNaN), nil
	}
	if sb, sd := b.sign(), d.sign(); sb <= 0 || sd <= 0 {
		// Of two specials a negative one is named first; of two finite values the base.
		sign := sb
		if sb > 0 || (b.class != classFinite || d.class != classFinite) && sd < sb {
			sign = sd
		}
		return dst, errLog(sign)
	}
	switch {
	case b.class != classFinite && d.class != classFinite:
		return appendSpecial(dst, classNaN), nil
	case b.class != classFinite:
		return AppendNumeric(dst, 0, 0), nil
	case d.class != classFinite:
		return appendSpecial(dst, classPosInf), nil
	}
	wb, wd := lnWeight(&b), lnWeight(&d)
	weight := wd - wb
	scale := functionScale(numericMinSigDigits-weight, b.scale, d.scale)
	x := lnDecimal(&d, max(scale+int32(weight-wd+8), 0))
	y := lnDecimal(&b, max(scale+int32(weight-wb+8), 0))
	if y.sign() == 0 {
		return dst, errDivisionByZero()
	}
	return divAt(dst, &x, &y, scale)
}

func lnDecimal(d *decimal, scale int32) decimal {
	return decimal{scale: scale, big: lnAt(d, scale)}
}

// NumericPower appends a to the power of b. 0 to a negative power, and a negative number to a power that is no integer,
// are errors (2201F); an overflow is one too (22003).
func NumericPower(dst, a, b []byte) ([]byte, error) {
	x, y := decodeNumeric(a), decodeNumeric(b)
	one := decimal{coef: 1}
	switch {
	case x.class == classNaN:
		if y.class == classFinite && y.sign() == 0 {
			return one.append(dst), nil
		}
		return appendSpecial(dst, classNaN), nil
	case y.class == classNaN:
		if x.class == classFinite && NumericCmp(a, one.append(nil)) == 0 {
			return one.append(dst), nil
		}
		return appendSpecial(dst, classNaN), nil
	}
	n, integral := integerOf(&y)
	if x.sign() == 0 && y.sign() < 0 {
		return dst, pgerr.New(pgerr.InvalidPowerArgument, "zero raised to a negative power is undefined")
	}
	if x.sign() < 0 && y.class == classFinite && !integral {
		return dst, pgerr.New(pgerr.InvalidPowerArgument, "a negative number raised to a non-integer power yields a complex result")
	}
	if x.class != classFinite || y.class != classFinite {
		return powerSpecial(dst, &x, &y, n), nil
	}
	if integral && n.IsInt64() && n.Int64() == int64(int32(n.Int64())) {
		return powerInt(dst, &x, int(n.Int64()))
	}
	if x.sign() == 0 {
		return AppendNumeric(dst, 0, numericMinSigDigits), nil
	}
	return powerReal(dst, &x, &y, integral && n.Bit(0) == 1)
}

// integerOf gives d as an integer, if it is a finite one.
func integerOf(d *decimal) (*big.Int, bool) {
	if d.class != classFinite {
		return nil, false
	}
	q, r := new(big.Int).QuoRem(d.bigCoef(), bigPow10(int(d.scale)), new(big.Int))
	return q, r.Sign() == 0
}

// powerSpecial follows POSIX pow() where an operand is infinite; n is y if that is an integer.
func powerSpecial(dst []byte, x, y *decimal, n *big.Int) []byte {
	one := decimal{coef: 1}
	abs := *x
	if abs.class == classNegInf {
		abs.class = classPosInf
	}
	size := NumericCmp(NumericAbs(nil, x.append(nil)), one.append(nil)) // |x| against 1
	switch {
	case y.sign() == 0 || size == 0:
		return one.append(dst) // x^0, 1^y and (-1)^±infinity
	case x.class == classFinite && x.sign() == 0:
		return AppendNumeric(dst, 0, 0)
	case y.class != classFinite:
		if (size > 0) == (y.sign() > 0) {
			return appendSpecial(dst, classPosInf)
		}
		return AppendNumeric(dst, 0, 0)
	case y.sign() < 0:
		return AppendNumeric(dst, 0, 0)
	case x.class == classNegInf && n != nil && n.Bit(0) == 1:
		return appendSpecial(dst, classNegInf)
	}
	return appendSpecial(dst, classPosInf)
}

// powerInt appends x^n at 16 digits after the point, or as many as x has.
func powerInt(dst []byte, x *decimal, n int) ([]byte, error) {
	scale := functionScale(numericMinSigDigits, x.scale)
	one := decimal{coef: 1}
	switch {
	case n == 0:
		return appendBig(dst, bigPow10(int(scale)), scale)
	case n == 1:
		return appendBig(dst, rescaleBig(x.bigCoef(), int(x.scale), int(scale), false), scale)
	case n == -1:
		return divAt(dst, &one, x, scale)
	case x.sign() == 0:
		return AppendNumeric(dst, 0, scale), nil
	}
	// The result's decimal exponent, from the leading digits.
	digits := bigDigits(x.bigCoef())
	weight := float64(n) * (math.Log10(float64(x.leading(digits, 17))) + float64(digits-17-int(x.scale)))
	switch {
	case weight > NumericDigitsMax+1:
		return dst, errNumericOverflow()
	case weight+1 < -float64(scale):
		return AppendNumeric(dst, 0, scale), nil
	}
	m := n
	if m < 0 {
		m = -m
	}
	if x.bigCoef().BitLen()*m <= powerExactBits {
		power := decimal{big: new(big.Int).Exp(x.bigCoef(), big.NewInt(int64(m)), nil)}
		powerScale := int(x.scale) * m
		if n > 0 {
			return appendBig(dst, rescaleBig(power.big, powerScale, int(scale), false), scale)
		}
		// 10^powerScale / power
		return appendBig(dst, quoHalfAway(bigPow10(powerScale+int(scale)), power.big), scale)
	}
	prec := uint(fixedBits(max(int(math.Abs(weight)), 0)+int(scale)) + 2*32)
	v := powerFloat(x, m, prec)
	if n < 0 {
		v.Quo(new(big.Float).SetPrec(prec).SetInt64(1), v)
	}
	return appendBig(dst, floatDecimal(v, int(scale)), scale)
}

// powerExactBits bounds the size of a power that is computed exactly.
const powerExactBits = 1 << 15

// powerFloat gives x^m for m > 0 by repeated squaring at a precision. Each of the at most 62 roundings costs half a unit
// in the last place, magnified by at most m.
func powerFloat(x *decimal, m int, prec uint) *big.Float {
	base := new(big.Float).SetPrec(prec).SetInt(x.bigCoef())
	base.Quo(base, new(big.Float).SetPrec(prec).SetInt(bigPow10(int(x.scale))))
	v := new(big.Float).SetPrec(prec).SetInt64(1)
	for ; m > 0; m >>= 1 {
		if m&1 == 1 {
			v.Mul(v, base)
		}
		if m > 1 {
			base.Mul(base, base)
		}
	}
	return v
}

// floatDecimal gives v as a coefficient of a scale, rounded half away from zero.
func floatDecimal(v *big.Float, scale int) *big.Int {
	wide := new(big.Float).SetPrec(v.Prec() + 64)
	wide.Mul(v, new(big.Float).SetPrec(wide.Prec()).SetInt(bigPow10(scale)))
	half := big.NewFloat(math.Copysign(0.5, float64(v.Sign())))
	i, _ := wide.Add(wide, half).Int(nil)
	return i
}

// powerReal appends |x|^y, negated if odd, for x != 0 as e^(y ln |x|), with the steps and scales of PostgreSQL.
func powerReal(dst []byte, x, y *decimal, odd bool) ([]byte, error) {
	negate := x.sign() < 0 && odd
	if x.sign() < 0 {
		x = &decimal{scale: x.scale, big: new(big.Int).Neg(x.bigCoef())}
	}
	lnW := lnWeight(x)
	// A first estimate of the exponent to eight digits.
	rough := mulAt(lnDecimal(x, int32(max(8-lnW, 0))), y)
	exponent := rough.float()
	if math.Abs(exponent) > 3.01*numericMaxResultScale {
		if exponent > 0 {
			return dst, errNumericOverflow()
		}
		return AppendNumeric(dst, 0, numericMaxDisplayScale), nil
	}
	weight := int(exponent * log10e)
	scale := functionScale(numericMinSigDigits-weight, x.scale, y.scale)
	digits := max(int(scale)+weight, 0)
	power := mulAt(lnDecimal(x, int32(max(digits-lnW+8, 0))), y)
	v, err := expAt(&power, scale)
	if err != nil {
		return dst, err
	}
	if negate {
		v.Neg(v)
	}
	return appendBig(dst, v, scale)
}

// mulAt multiplies a by b, rounded at the scale of a.
func mulAt(a decimal, b *decimal) decimal {
	v := new(big.Int).Mul(a.bigCoef(), b.bigCoef())
	return decimal{scale: a.scale, big: rescaleBig(v, int(a.scale+b.scale), int(a.scale), false)}
}
