package agg

import (
	"encoding/binary"
	"math"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// floatCounts counts the values of a slot: all that are not NULL, and those that are not finite, which cannot be
// added and subtracted.
type floatCounts struct{ n, nan, posInf, negInf int64 }

// count counts x and reports whether it is finite.
func (c *floatCounts) count(x float64, weight int64) bool {
	c.n += weight
	switch {
	case x-x == 0:
		return true
	case math.IsNaN(x):
		c.nan += weight
	case x > 0:
		c.posInf += weight
	default:
		c.negInf += weight
	}
	return false
}

func (c *floatCounts) add(o *floatCounts) {
	c.n += o.n
	c.nan += o.nan
	c.posInf += o.posInf
	c.negInf += o.negInf
}

// special gives the sum when it is decided by values that are not finite.
func (c *floatCounts) special() (float64, bool) {
	switch {
	case c.nan != 0 || c.posInf != 0 && c.negInf != 0:
		return math.NaN(), true
	case c.posInf != 0:
		return math.Inf(1), true
	case c.negInf != 0:
		return math.Inf(-1), true
	}
	return 0, false
}

// finite reports whether all values are.
func (c *floatCounts) finite() bool { return c.nan == 0 && c.posInf == 0 && c.negInf == 0 }

// append writes c: n doubled, plus 1 when the other counts follow.
func (c *floatCounts) append(dst []byte) []byte {
	if *c == (floatCounts{n: c.n}) {
		return append128(dst, product(c.n, 2))
	}
	dst = append128(dst, product(c.n, 2).addInt(1))
	dst = binary.AppendVarint(dst, c.nan)
	dst = binary.AppendVarint(dst, c.posInf)
	return binary.AppendVarint(dst, c.negInf)
}

// readFloatCounts reads what append wrote.
func readFloatCounts(b []byte) (c floatCounts, rest []byte) {
	if len(b) == 0 {
		return c, nil
	}
	v, b := read128(b)
	c.n = int64(v.lo>>1 | uint64(v.hi)<<63)
	if v.lo&1 == 1 {
		c.nan, b = readVarint(b)
		c.posInf, b = readVarint(b)
		c.negInf, b = readVarint(b)
	}
	return c, b
}

// floatSumAcc is sum and avg over real and double precision. The result is the exact sum of the values, correctly
// rounded, whatever their order and whatever was added and retracted before; the sum of negative zeros alone is
// negative zero. State: the counts, then the exact sum as appendLong writes it, then the number of negative zeros as a
// varint unless that is none.
type floatSumAcc struct {
	counts slab[floatCounts]
	sums   exactSums
	zeros  slab[int64] // negative zeros
	avg    bool
	single bool // the result is a real
}

func newSumFloat8([]types.T) Accumulator { return &floatSumAcc{sums: newExactSums(sumWords)} }
func newSumFloat4([]types.T) Accumulator {
	return &floatSumAcc{sums: newExactSums(sumWords), single: true}
}
func newAvgFloat([]types.T) Accumulator { return &floatSumAcc{sums: newExactSums(sumWords), avg: true} }

func (a *floatSumAcc) Grow(n int) {
	a.counts.Grow(n)
	a.sums.Grow(n)
	a.zeros.Grow(n)
}

func (a *floatSumAcc) Reset() {
	a.counts.Reset()
	a.sums.Reset()
	a.zeros.Reset()
}

func (a *floatSumAcc) Bytes() int { return a.counts.Bytes() + a.sums.Bytes() + a.zeros.Bytes() }

func (a *floatSumAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	floats := args[0].Floats
	eachRow(slots, sel, args[0], weights, func(i int, slot uint32, w int64) {
		x := floats[i]
		if x == 0 && math.Signbit(x) {
			a.zeros.slots[slot] += w
		}
		if a.counts.slots[slot].count(x, w) {
			a.sums.add(slot, floatTerm(x, magnitude(w)), (x < 0) != (w < 0))
		}
	})
}

// magnitude gives |w|, which for the least int64 is only in range without a sign.
func magnitude(w int64) uint64 {
	if w < 0 {
		return -uint64(w)
	}
	return uint64(w)
}

func (a *floatSumAcc) Merge(dst, state []byte, slot int) []byte {
	c, rest := readFloatCounts(state)
	c.add(&a.counts.slots[slot])
	w := a.sums.scratch
	clear(w)
	zeros, _ := readVarint(readLong(w, rest))
	zeros += a.zeros.slots[slot]
	a.sums.addSlot(w, slot)
	start := len(dst)
	dst = appendLong(c.append(dst), w)
	switch {
	case zeros != 0:
		return binary.AppendVarint(dst, zeros)
	case c == (floatCounts{}) && len(dst) == start+2:
		return dst[:start]
	}
	return dst
}

func (a *floatSumAcc) Result(state []byte, out *delta.Vec) error {
	c, rest := readFloatCounts(state)
	if c.n == 0 {
		out.AppendNull()
		return nil
	}
	v, special := c.special()
	if !special {
		w := a.sums.scratch
		clear(w)
		zeros, _ := readVarint(readLong(w, rest))
		v = a.value(w, c.n)
		if v == 0 && zeros == c.n && !a.avg {
			v = math.Copysign(0, -1)
		}
		if math.IsInf(v, 0) {
			out.AppendNull()
			return errFloatOverflow()
		}
	}
	out.Append(types.NewFloat(v))
	return nil
}

func (a *floatSumAcc) value(w []uint64, n int64) float64 {
	if a.single {
		q, exp := round(w, sumOrigin, 24, -149)
		v := math.Ldexp(q, exp)
		if math.Abs(v) > math.MaxFloat32 {
			return math.Inf(1)
		}
		return v
	}
	q, exp := round(w, sumOrigin, 53, -1074)
	if a.avg {
		q /= float64(n) // before scaling: the average may be in range where the sum is not
	}
	return math.Ldexp(q, exp)
}

func errFloatOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}
