package types

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// NumericSum is the state of SUM and AVG over numerics and integers under insertion and deletion. Its zero value is the
// empty sum. Whatever is added with weight w and again with -w leaves no trace, the state's size included:
//
//   - the sum is exact: 128 bits wide, and of any size beyond;
//   - NaN and the infinities are counted, not added;
//   - the scale of a SUM is the greatest scale of the values summed, so values are counted by scale.
//
// Most sums see one scale and fit 128 bits; then nothing is allocated. A NumericSum must not be copied once it is in use,
// except to move it.
type NumericSum struct {
	nan, posInf, negInf int64

	// The sum's coefficient: big, or else the two's complement number hi:lo. Its scale is no less than every counted one.
	scale int32
	hi    int64
	lo    uint64
	big   *big.Int

	// How many values there are of each scale: one scale here, further ones in more in no order. No count in more is 0.
	oneScale int32
	oneCount int64
	more     []scaleCount
}

type scaleCount struct {
	scale int32
	count int64
}

// Add adds the numeric b weight times; a negative weight takes it away.
func (s *NumericSum) Add(b []byte, weight int64) {
	if coef, scale, ok := NumericFast(b); ok {
		s.addFast(coef, scale, weight)
		return
	}
	d := decodeNumeric(b)
	switch d.class {
	case classNaN:
		s.nan += weight
		return
	case classPosInf:
		s.posInf += weight
		return
	case classNegInf:
		s.negInf += weight
		return
	}
	s.count(d.scale, weight)
	v := new(big.Int).Mul(d.big, big.NewInt(weight))
	s.raise(d.scale)
	s.addBig(rescaleBig(v, int(d.scale), int(s.scale), false))
}

// AddInt adds the integer v weight times.
func (s *NumericSum) AddInt(v int64, weight int64) { s.addFast(v, 0, weight) }

func (s *NumericSum) addFast(coef int64, scale int32, weight int64) {
	s.count(scale, weight)
	s.raise(scale)
	nc, mc := abs64(coef)
	nw, mw := abs64(weight)
	m := mul64(mc, mw)
	if scale != s.scale {
		var ok bool
		if m, ok = m.mulPow10(s.scale - scale); !ok || m.hi>>63 != 0 {
			v := new(big.Int).Mul(big.NewInt(coef), big.NewInt(weight))
			s.addBig(rescaleBig(v, int(scale), int(s.scale), false))
			return
		}
	}
	// m is below 2^127, so its negation is a two's complement number as well.
	if nc != nw {
		lo, borrow := bits.Sub64(0, m.lo, 0)
		hi, _ := bits.Sub64(0, m.hi, borrow)
		m = uint128{hi, lo}
	}
	s.add128(int64(m.hi), m.lo)
}

// add128 adds a two's complement number at the sum's scale.
func (s *NumericSum) add128(hi int64, lo uint64) {
	if s.big == nil {
		newLo, carry := bits.Add64(s.lo, lo, 0)
		newHi := s.hi + hi + int64(carry)
		// Overflow: operands of one sign, a result of the other.
		if (s.hi^newHi)&(hi^newHi) >= 0 {
			s.hi, s.lo = newHi, newLo
			return
		}
	}
	s.addBig(bigFrom128(hi, lo))
}

// addBig adds v at the sum's scale.
func (s *NumericSum) addBig(v *big.Int) {
	s.setBig(new(big.Int).Add(s.coef(), v))
}

// setBig makes v, which the sum then owns, its coefficient in the narrowest form.
func (s *NumericSum) setBig(v *big.Int) {
	s.hi, s.lo, s.big = 0, 0, v
	if v.BitLen() <= 127 {
		s.hi, s.lo = int64(new(big.Int).Rsh(v, 64).Int64()), 0
		s.lo = new(big.Int).And(v, maxUint64Big).Uint64()
		s.big = nil
	}
}

var maxUint64Big = new(big.Int).SetUint64(1<<64 - 1)

// coef gives the coefficient; the caller must not change it.
func (s *NumericSum) coef() *big.Int {
	if s.big != nil {
		return s.big
	}
	return bigFrom128(s.hi, s.lo)
}

func bigFrom128(hi int64, lo uint64) *big.Int {
	v := big.NewInt(hi)
	v.Lsh(v, 64)
	return v.Or(v, new(big.Int).SetUint64(lo))
}

func (s *NumericSum) coefIsZero() bool {
	if s.big != nil {
		return s.big.Sign() == 0
	}
	return s.hi == 0 && s.lo == 0
}

// raise makes the sum's scale at least scale.
func (s *NumericSum) raise(scale int32) {
	if scale <= s.scale {
		return
	}
	if !s.coefIsZero() {
		s.setBig(new(big.Int).Mul(s.coef(), bigPow10(int(scale-s.scale))))
	}
	s.scale = scale
}

// count adds weight to the number of values of a scale.
func (s *NumericSum) count(scale int32, weight int64) {
	if scale == s.oneScale || s.oneCount == 0 && len(s.more) == 0 {
		s.oneScale = scale
		s.oneCount += weight
		return
	}
	for i := range s.more {
		if s.more[i].scale == scale {
			if s.more[i].count += weight; s.more[i].count == 0 {
				s.more[i] = s.more[len(s.more)-1]
				s.more = s.more[:len(s.more)-1]
			}
			return
		}
	}
	if weight != 0 {
		s.more = append(s.more, scaleCount{scale, weight})
	}
}

// shown gives the scale of the result: the greatest with values.
func (s *NumericSum) shown() int32 {
	scale := int32(0)
	if s.oneCount != 0 {
		scale = s.oneScale
	}
	for _, c := range s.more {
		scale = max(scale, c.scale)
	}
	return scale
}

// settle lowers the sum's scale to the greatest that still has values. A sum of values of that scale always allows it;
// one that is in the middle of a change, with a value taken away before it was added, keeps the digits that it needs.
func (s *NumericSum) settle() {
	shown := s.shown()
	if s.coefIsZero() {
		s.scale = shown
		s.big = nil
		return
	}
	for s.scale > shown {
		n := min(s.scale-shown, 18)
		q, r := new(big.Int).QuoRem(s.coef(), bigPow10(int(n)), new(big.Int))
		if r.Sign() != 0 {
			if n == 1 {
				return
			}
			// Not by so many digits at once: by single ones, as far as they are zeros.
			n = 1
			if q, r = q.QuoRem(s.coef(), bigPow10Table[1], r); r.Sign() != 0 {
				return
			}
		}
		s.setBig(q)
		s.scale -= n
	}
}

// Merge adds all that o has seen to s. o stays as it is.
func (s *NumericSum) Merge(o *NumericSum) {
	s.nan += o.nan
	s.posInf += o.posInf
	s.negInf += o.negInf
	if o.oneCount != 0 {
		s.count(o.oneScale, o.oneCount)
	}
	for _, c := range o.more {
		s.count(c.scale, c.count)
	}
	s.raise(o.scale)
	if s.scale == o.scale && o.big == nil {
		s.add128(o.hi, o.lo)
		return
	}
	s.addBig(rescaleBig(o.coef(), int(o.scale), int(s.scale), false))
}

// IsZero reports whether nothing is left in the sum: every value was taken away again.
func (s *NumericSum) IsZero() bool {
	return s.nan == 0 && s.posInf == 0 && s.negInf == 0 && s.oneCount == 0 && len(s.more) == 0 && s.coefIsZero()
}

// special gives the class of the result.
func (s *NumericSum) special() class {
	switch {
	case s.nan > 0 || s.posInf > 0 && s.negInf > 0:
		return classNaN
	case s.posInf > 0:
		return classPosInf
	case s.negInf > 0:
		return classNegInf
	}
	return classFinite
}

// decimal gives the sum as a number.
func (s *NumericSum) decimal() decimal {
	if c := s.special(); c != classFinite {
		return decimal{class: c}
	}
	s.settle()
	if s.big == nil && s.hi == int64(s.lo)>>63 {
		return decimal{scale: s.scale, coef: int64(s.lo)}
	}
	return decimal{scale: s.scale, big: s.coef()}
}

// Sum appends the sum, which is 0 when nothing was added (SQL's NULL is the caller's part). A sum beyond the limits of
// numeric is an error (22003), which a later deletion cures.
func (s *NumericSum) Sum(dst []byte) ([]byte, error) {
	d := s.decimal()
	if d.big != nil {
		return appendBig(dst, d.big, d.scale)
	}
	return d.append(dst), nil
}

// Avg appends the sum divided by count, with the scale of [NumericDiv]. A count of zero is an error (22012).
func (s *NumericSum) Avg(dst []byte, count int64) ([]byte, error) {
	d, n := s.decimal(), decimal{coef: count}
	if d.class != classFinite {
		return divSpecial(dst, &d, &n)
	}
	if count == 0 {
		return dst, errDivisionByZero()
	}
	return divAt(dst, &d, &n, divScale(&d, &n))
}

// The state's encoding: a byte of flags, with the number of scales (7 means that a uvarint follows) in its upper bits;
// the counts of NaN, Infinity and -Infinity that are not 0, as varints; each scale as uvarint with its count as varint,
// in ascending order; the sum if it is not 0: its scale as uvarint, then a varint, or, if it is too wide for one, the
// magnitude's length as uvarint, a sign byte, and the magnitude, big endian. Equal states have equal encodings.
const (
	sumHasNaN = 1 << iota
	sumHasPosInf
	sumHasNegInf
	sumHasCoef
	sumWideCoef
	sumScalesShift = 5
	sumScalesMany  = 7
)

// Append appends the state's encoding: a few bytes, and one byte for the empty sum.
func (s *NumericSum) Append(dst []byte) []byte {
	s.settle()
	head := len(dst)
	dst = append(dst, 0)
	flags := byte(0)
	for i, n := range [3]int64{s.nan, s.posInf, s.negInf} {
		if n != 0 {
			flags |= 1 << i
			dst = binary.AppendVarint(dst, n)
		}
	}
	dst, scales := s.appendScales(dst)
	flags |= byte(min(scales, sumScalesMany)) << sumScalesShift
	if !s.coefIsZero() {
		flags |= sumHasCoef
		dst = binary.AppendUvarint(dst, uint64(s.scale))
		if s.big == nil && s.hi == int64(s.lo)>>63 {
			dst = binary.AppendVarint(dst, int64(s.lo))
		} else {
			flags |= sumWideCoef
			v := s.coef()
			raw := v.Bytes()
			dst = binary.AppendUvarint(dst, uint64(len(raw)))
			dst = append(dst, byte(v.Sign()))
			dst = append(dst, raw...)
		}
	}
	dst[head] = flags
	return dst
}

func (s *NumericSum) appendScales(dst []byte) ([]byte, int) {
	n := len(s.more)
	if s.oneCount != 0 {
		n++
	}
	if n >= sumScalesMany {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	last := int32(-1)
	for range n {
		least := scaleCount{scale: NumericScaleMax + 1}
		if s.oneCount != 0 && s.oneScale > last {
			least = scaleCount{s.oneScale, s.oneCount}
		}
		for _, c := range s.more {
			if c.scale > last && c.scale < least.scale {
				least = c
			}
		}
		dst = binary.AppendUvarint(dst, uint64(least.scale))
		dst = binary.AppendVarint(dst, least.count)
		last = least.scale
	}
	return dst, n
}

// DecodeNumericSum reads a state that [NumericSum.Append] wrote at the start of b, and gives its length. The length is 0
// when b holds no such state.
func DecodeNumericSum(b []byte) (NumericSum, int) {
	if len(b) == 0 {
		return NumericSum{}, 0
	}
	var s NumericSum
	r := varintReader{b: b[1:]}
	flags := b[0]
	for i, n := range [3]*int64{&s.nan, &s.posInf, &s.negInf} {
		if flags&(1<<i) != 0 {
			*n = r.varint()
		}
	}
	scales := uint64(flags >> sumScalesShift)
	if scales == sumScalesMany {
		scales = r.uvarint()
	}
	for i := uint64(0); i < scales && !r.bad; i++ {
		scale := r.uvarint()
		if scale > NumericScaleMax {
			return NumericSum{}, 0
		}
		s.count(int32(scale), r.varint())
	}
	s.scale = s.shown()
	if flags&sumHasCoef != 0 {
		s.scale = int32(min(r.uvarint(), NumericScaleMax))
		if flags&sumWideCoef == 0 {
			v := r.varint()
			s.hi, s.lo = v>>63, uint64(v)
		} else {
			n := r.uvarint()
			sign := r.bytes(1)
			v := new(big.Int).SetBytes(r.bytes(n))
			if len(sign) == 1 && int8(sign[0]) < 0 {
				v.Neg(v)
			}
			s.setBig(v)
		}
	}
	if r.bad {
		return NumericSum{}, 0
	}
	return s, len(b) - len(r.b)
}

// varintReader reads a sequence of varints; bad is set at the first that is not there.
type varintReader struct {
	b   []byte
	bad bool
}

func (r *varintReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varintReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *varintReader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}
