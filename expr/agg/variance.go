package agg

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unsafe"

	"millrace/delta"
	"millrace/types"
)

// spread says which of the four statistics is wanted.
type spread struct {
	pop bool // of the population rather than estimated from a sample
	dev bool // the standard deviation rather than the variance
}

// spreads is one of the variance family.
func spreads(name string, s spread, oids [6]uint32) []*Function {
	note := "The variance"
	if s.dev {
		note = "The standard deviation"
	}
	if s.pop {
		note += " of the values as a population."
	} else {
		note += " estimated from the values as a sample."
	}
	return described(note, []*Function{
		unary(name, oids[0], types.Int2, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[1], types.Int4, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[2], types.Int8, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[3], types.Numeric, types.Numeric, newSpreadNumeric(s)),
		unary(name, oids[4], types.Float4, types.Float8, newSpreadFloat(s)),
		unary(name, oids[5], types.Float8, types.Float8, newSpreadFloat(s)),
	})
}

// defined reports whether the statistic of n values is not NULL.
func (s spread) defined(n int64) bool { return n > 1 || n == 1 && s.pop }

// divisor is what n*Σx² - (Σx)² is divided by.
func (s spread) divisor(n int64) *big.Int {
	d := big.NewInt(n)
	if s.pop {
		return d.Mul(d, d)
	}
	return d.Mul(d, big.NewInt(n-1))
}

func newSpreadNumeric(s spread) func([]types.T) Accumulator {
	return func(args []types.T) Accumulator {
		return &numericSpreadAcc{spread: s, ints: args[0].Rep() == types.RepInt}
	}
}

func newSpreadFloat(s spread) func([]types.T) Accumulator {
	return func([]types.T) Accumulator {
		return &floatSpreadAcc{spread: s, sums: newExactSums(sumWords), squares: newExactSums(squareWords)}
	}
}

// numericSpread is the sums of the values and of their squares.
type numericSpread struct {
	n            int64
	sum, squares types.NumericSum
}

// numericSpreadAcc is variance and standard deviation over integers and numerics, by PostgreSQL's formula from
// exact sums. State: the number of values as a varint, then the two sums as types.NumericSum writes them.
type numericSpreadAcc struct {
	spread
	ints  bool // the argument is an integer
	slots []numericSpread
	buf   []byte
}

func (a *numericSpreadAcc) Grow(n int) {
	for len(a.slots) < n {
		a.slots = append(a.slots, numericSpread{})
	}
}

func (a *numericSpreadAcc) Reset() {
	clear(a.slots)
	a.slots = a.slots[:0]
}

func (a *numericSpreadAcc) Bytes() int { return cap(a.slots) * int(unsafe.Sizeof(numericSpread{})) }

func (a *numericSpreadAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	v := args[0]
	eachRow(slots, sel, v, weights, func(i int, slot uint32, w int64) {
		s := &a.slots[slot]
		s.n += w
		var x []byte
		if a.ints {
			a.buf = types.NumericFromInt(a.buf[:0], v.Ints[i])
			x = a.buf
		} else {
			x = v.Bytes(i)
		}
		s.sum.Add(x, w)
		// The square of a numeric near the type's limit has too many digits for the type.
		sq, err := types.NumericMul(nil, x, x)
		if err != nil {
			sq = types.AppendNumericInf(nil, 1)
		}
		s.squares.Add(sq, w)
	})
}

func readNumericSpread(state []byte) (s numericSpread) {
	if len(state) == 0 {
		return s
	}
	s.n, state = readVarint(state)
	var k int
	s.sum, k = types.DecodeNumericSum(state)
	s.squares, _ = types.DecodeNumericSum(state[k:])
	return s
}

func (a *numericSpreadAcc) Merge(dst, state []byte, slot int) []byte {
	s, add := readNumericSpread(state), &a.slots[slot]
	s.n += add.n
	s.sum.Merge(&add.sum)
	s.squares.Merge(&add.squares)
	if s.n == 0 && s.sum.IsZero() && s.squares.IsZero() {
		return dst
	}
	return s.squares.Append(s.sum.Append(binary.AppendVarint(dst, s.n)))
}

func (a *numericSpreadAcc) Result(state []byte, out *delta.Vec) error {
	s := readNumericSpread(state)
	if !a.defined(s.n) {
		out.AppendNull()
		return nil
	}
	v, err := a.statistic(&s)
	if err != nil {
		out.AppendNull()
		return err
	}
	out.AppendBytes(v)
	return nil
}

// statistic computes (n*Σx² - (Σx)²) / divisor, and its root for a standard deviation, with the scale that
// PostgreSQL's numeric_stddev_internal chooses.
func (a *numericSpreadAcc) statistic(s *numericSpread) ([]byte, error) {
	sum, err := s.sum.Sum(nil)
	if err != nil {
		return nil, err
	}
	squares, err := s.squares.Sum(nil)
	if err != nil {
		return nil, err
	}
	if special(sum) || special(squares) {
		return types.AppendNumericNaN(nil), nil
	}
	left, err := types.NumericMul(nil, types.NumericFromInt(nil, s.n), squares)
	if err != nil {
		return nil, err
	}
	right, err := types.NumericMul(nil, sum, sum)
	if err != nil {
		return nil, err
	}
	num, err := types.NumericSub(nil, left, right)
	if err != nil {
		return nil, err
	}
	if types.NumericSign(num) <= 0 {
		return types.NumericFromInt(nil, 0), nil
	}
	den, err := types.ParseNumeric(nil, a.divisor(s.n).Append(nil, 10))
	if err != nil {
		return nil, err
	}
	v, err := types.NumericDiv(nil, num, den)
	if err != nil || !a.dev {
		return v, err
	}
	return rootAtScale(v)
}

// rootAtScale is the square root of a numeric that is not negative, rounded once, to the numeric's own scale.
func rootAtScale(v []byte) ([]byte, error) {
	scale := types.NumericScale(v)
	text := strings.Replace(string(types.AppendNumericText(nil, v)), ".", "", 1)
	coef, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil, errors.New("agg: a variance that is no number")
	}
	// coef / 10^scale has the root sqrt(coef * 10^scale) / 10^scale.
	n := coef.Mul(coef, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil))
	r := new(big.Int).Sqrt(n)
	if n.Sub(n, new(big.Int).Mul(r, r)).Cmp(r) > 0 { // n > (r + 1/2)^2
		r.Add(r, big.NewInt(1))
	}
	digits := r.Append(nil, 10)
	return types.ParseNumeric(nil, append(digits, "e-"+strconv.Itoa(int(scale))...))
}

func special(v []byte) bool { return types.NumericIsNaN(v) || types.NumericIsInf(v) != 0 }

// floatSpreadAcc is variance and standard deviation over floats, from the exact sums of the values and of their
// squares, rounded once at the end. State: the counts, then the two sums as appendLong writes them.
type floatSpreadAcc struct {
	spread
	counts        slab[floatCounts]
	sums, squares exactSums
}

func (a *floatSpreadAcc) Grow(n int) {
	a.counts.Grow(n)
	a.sums.Grow(n)
	a.squares.Grow(n)
}

func (a *floatSpreadAcc) Reset() {
	a.counts.Reset()
	a.sums.Reset()
	a.squares.Reset()
}

func (a *floatSpreadAcc) Bytes() int { return a.counts.Bytes() + a.sums.Bytes() + a.squares.Bytes() }

func (a *floatSpreadAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	floats := args[0].Floats
	eachRow(slots, sel, args[0], weights, func(i int, slot uint32, w int64) {
		x := floats[i]
		if a.counts.slots[slot].count(x, w) {
			a.sums.add(slot, floatTerm(x, magnitude(w)), (x < 0) != (w < 0))
			a.squares.add(slot, productTerm(x, x, magnitude(w)), w < 0)
		}
	})
}

func (a *floatSpreadAcc) Merge(dst, state []byte, slot int) []byte {
	c, rest := readFloatCounts(state)
	c.add(&a.counts.slots[slot])
	sum, squares := a.sums.scratch, a.squares.scratch
	clear(sum)
	clear(squares)
	rest = readLong(sum, rest)
	readLong(squares, rest)
	a.sums.addSlot(sum, slot)
	a.squares.addSlot(squares, slot)
	start := len(dst)
	dst = appendLong(appendLong(c.append(dst), sum), squares)
	if c == (floatCounts{}) && len(dst) == start+3 {
		return dst[:start]
	}
	return dst
}

func (a *floatSpreadAcc) Result(state []byte, out *delta.Vec) error {
	c, rest := readFloatCounts(state)
	if !a.defined(c.n) {
		out.AppendNull()
		return nil
	}
	if _, special := c.special(); special {
		out.Append(types.NewFloat(math.NaN()))
		return nil
	}
	sum, squares := a.sums.scratch, a.squares.scratch
	clear(sum)
	clear(squares)
	rest = readLong(sum, rest)
	readLong(squares, rest)
	v := a.statistic(c.n, bigLong(sum), bigLong(squares))
	if math.IsInf(v, 0) {
		out.AppendNull()
		return errFloatOverflow()
	}
	out.Append(types.NewFloat(v))
	return nil
}

// statistic computes the result from n, Σx in units of 2^-1074 and Σx² in units of 2^-2148.
func (a *floatSpreadAcc) statistic(n int64, sum, squares *big.Int) float64 {
	num := squares.Mul(squares, big.NewInt(n))
	num.Sub(num, sum.Mul(sum, sum))
	if num.Sign() <= 0 {
		return 0
	}
	q := new(big.Float).SetPrec(ratioBits).SetInt(num)
	q.Quo(q, new(big.Float).SetPrec(ratioBits).SetInt(a.divisor(n)))
	q.SetMantExp(q, squareOrig)
	if a.dev {
		q.Sqrt(q)
	}
	v, _ := q.Float64()
	return v
}
