package agg

import (
	"math"
	"math/big"

	"millrace/delta"
	"millrace/types"
)

// The sums that a statistic of pairs needs.
const (
	needX = 1 << iota
	needY
	needXX
	needYY
	needXY
)

// pairStat is a statistic of pairs (y, x), the dependent variable first.
type pairStat struct {
	needs int
	value func(m *pairMoments) (v float64, null bool)
}

// regressions are the aggregates of pairs: covariance, correlation and linear regression.
func regressions() []*Function {
	stat := func(name string, oid uint32, note string, needs int, value func(*pairMoments) (float64, bool)) *Function {
		s := &pairStat{needs, value}
		return &Function{Name: name, OID: oid, Args: []types.T{types.Of(types.Float8), types.Of(types.Float8)},
			Ret: types.Of(types.Float8), Note: note, New: func([]types.T) Accumulator { return newPairAcc(s) }}
	}
	count := stat("regr_count", 2818, "The number of pairs (y, x) without a null.", 0, nil)
	count.Ret, count.NeverNull = types.Of(types.Int8), true
	const spreadX, spreadY, both = needX | needXX, needY | needYY, needX | needY | needXY
	return []*Function{
		count,
		stat("regr_sxx", 2819, "The sum of the squares of x less their mean.", spreadX, func(m *pairMoments) (float64, bool) { return m.over(m.xx(), m.n, 1), false }),
		stat("regr_syy", 2820, "The sum of the squares of y less their mean.", spreadY, func(m *pairMoments) (float64, bool) { return m.over(m.yy(), m.n, 1), false }),
		stat("regr_sxy", 2821, "The sum of the products of x and y less their means.", both, func(m *pairMoments) (float64, bool) { return m.over(m.xy(), m.n, 1), false }),
		stat("regr_avgx", 2822, "The mean of x.", needX, func(m *pairMoments) (float64, bool) { return mean(m.xs, m.sx, m.n), false }),
		stat("regr_avgy", 2823, "The mean of y.", needY, func(m *pairMoments) (float64, bool) { return mean(m.ys, m.sy, m.n), false }),
		stat("regr_r2", 2824, "The square of the correlation.", spreadX|spreadY|needXY, determination),
		stat("regr_slope", 2825, "The slope of the line through the pairs by least squares.", spreadX|both, slope),
		stat("regr_intercept", 2826, "The y of that line at x = 0.", spreadX|both, intercept),
		stat("covar_pop", 2827, "The covariance of the pairs as a population.", both, func(m *pairMoments) (float64, bool) { return m.over(m.xy(), m.n, m.n), false }),
		stat("covar_samp", 2828, "The covariance estimated from the pairs as a sample.", both, func(m *pairMoments) (float64, bool) { return m.over(m.xy(), m.n, m.n-1), m.n < 2 }),
		stat("corr", 2829, "The correlation.", spreadX|spreadY|needXY, correlation),
	}
}

// pairMoments are the exact sums of n pairs: of the values in units of 2^-1074, of the products in units of 2^-2148.
type pairMoments struct {
	n             int64
	xs, ys        floatCounts
	sx, sy        *big.Int
	sxx, syy, sxy *big.Int
}

// moment is n Σab - Σa Σb, which is n times the sum of products of deviations from the means; nil where a value that is
// not finite makes that NaN.
func (m *pairMoments) moment(ab, a, b *big.Int, defined bool) *big.Int {
	if !defined {
		return nil
	}
	d := new(big.Int).Mul(ab, big.NewInt(m.n))
	return d.Sub(d, new(big.Int).Mul(a, b))
}

func (m *pairMoments) xx() *big.Int { return m.moment(m.sxx, m.sx, m.sx, m.xs.finite()) }
func (m *pairMoments) yy() *big.Int { return m.moment(m.syy, m.sy, m.sy, m.ys.finite()) }
func (m *pairMoments) xy() *big.Int {
	return m.moment(m.sxy, m.sx, m.sy, m.xs.finite() && m.ys.finite())
}

// over gives v / (a b) for a moment v.
func (m *pairMoments) over(v *big.Int, a, b int64) float64 {
	if v == nil {
		return math.NaN()
	}
	return ratio(v, new(big.Int).Mul(big.NewInt(a), big.NewInt(max(b, 1))), squareOrig)
}

func mean(c floatCounts, sum *big.Int, n int64) float64 {
	if v, special := c.special(); special {
		return v
	}
	return ratio(sum, big.NewInt(n), sumOrigin)
}

// isZero reports whether a moment is 0 and not NaN.
func isZero(v *big.Int) bool { return v != nil && v.Sign() == 0 }

func slope(m *pairMoments) (float64, bool) {
	xx, xy := m.xx(), m.xy()
	switch {
	case isZero(xx):
		return 0, true
	case xx == nil || xy == nil:
		return math.NaN(), false
	}
	return ratio(xy, xx, 0), false
}

func intercept(m *pairMoments) (float64, bool) {
	xx, xy := m.xx(), m.xy()
	switch {
	case isZero(xx):
		return 0, true
	case xx == nil || xy == nil:
		return math.NaN(), false
	}
	num := new(big.Int).Mul(m.sy, xx)
	num.Sub(num, new(big.Int).Mul(m.sx, xy))
	return ratio(num, new(big.Int).Mul(big.NewInt(m.n), xx), sumOrigin), false
}

func determination(m *pairMoments) (float64, bool) {
	xx, yy, xy := m.xx(), m.yy(), m.xy()
	switch {
	case isZero(xx):
		return 0, true
	case isZero(yy):
		return 1, false
	case xx == nil || yy == nil || xy == nil:
		return math.NaN(), false
	}
	return ratio(new(big.Int).Mul(xy, xy), new(big.Int).Mul(xx, yy), 0), false
}

func correlation(m *pairMoments) (float64, bool) {
	xx, yy, xy := m.xx(), m.yy(), m.xy()
	switch {
	case isZero(xx) || isZero(yy):
		return 0, true
	case xx == nil || yy == nil || xy == nil:
		return math.NaN(), false
	}
	root := new(big.Float).SetPrec(ratioBits).SetInt(new(big.Int).Mul(xx, yy))
	q := new(big.Float).SetPrec(ratioBits).SetInt(xy)
	v, _ := q.Quo(q, root.Sqrt(root)).Float64()
	return v, false
}

// ratioBits is the precision of quotients: the last rounding, to float64, is then the only one that can be seen.
const ratioBits = 128

// ratio is num / den in units of 2^exp.
func ratio(num, den *big.Int, exp int) float64 {
	q := new(big.Float).SetPrec(ratioBits).SetInt(num)
	q.Quo(q, new(big.Float).SetPrec(ratioBits).SetInt(den))
	v, _ := q.SetMantExp(q, exp).Float64()
	return v
}

// pairAcc is the covariance and regression family over pairs neither of which is NULL, from exact sums that are rounded
// once at the end: neither order nor retractions show in a result. PostgreSQL's own results carry the errors of its
// running updates (of Youngs and Cramer), and differ in the last digits. State: the counts of x and of y, then the sums
// that the statistic needs, as appendLong writes them.
type pairAcc struct {
	stat   *pairStat
	xs, ys slab[floatCounts]
	sums   [5]*exactSums // x, y, xx, yy, xy; nil where not needed
}

func newPairAcc(s *pairStat) *pairAcc {
	a := &pairAcc{stat: s}
	for i := range a.sums {
		if s.needs>>i&1 == 0 {
			continue
		}
		words := squareWords
		if i < 2 {
			words = sumWords
		}
		e := newExactSums(words)
		a.sums[i] = &e
	}
	return a
}

func (a *pairAcc) each(f func(e *exactSums)) {
	for _, e := range a.sums {
		if e != nil {
			f(e)
		}
	}
}

func (a *pairAcc) Grow(n int) {
	a.xs.Grow(n)
	a.ys.Grow(n)
	a.each(func(e *exactSums) { e.Grow(n) })
}

func (a *pairAcc) Reset() {
	a.xs.Reset()
	a.ys.Reset()
	a.each((*exactSums).Reset)
}

func (a *pairAcc) Bytes() int {
	n := a.xs.Bytes() + a.ys.Bytes()
	a.each(func(e *exactSums) { n += e.Bytes() })
	return n
}

func (a *pairAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	yv, xv := args[0], args[1]
	eachRow(slots, sel, yv, weights, func(i int, slot uint32, w int64) {
		if xv.IsNull(i) {
			return
		}
		y, x := yv.Floats[i], xv.Floats[i]
		yFinite, xFinite := a.ys.slots[slot].count(y, w), a.xs.slots[slot].count(x, w)
		m, minus := magnitude(w), w < 0
		add := func(k int, t func() term, neg bool) {
			if a.sums[k] != nil {
				a.sums[k].add(slot, t(), neg != minus)
			}
		}
		if xFinite {
			add(0, func() term { return floatTerm(x, m) }, x < 0)
			add(2, func() term { return productTerm(x, x, m) }, false)
		}
		if yFinite {
			add(1, func() term { return floatTerm(y, m) }, y < 0)
			add(3, func() term { return productTerm(y, y, m) }, false)
		}
		if xFinite && yFinite {
			add(4, func() term { return productTerm(x, y, m) }, (x < 0) != (y < 0))
		}
	})
}

// load sets the scratch numbers to the sums of a state.
func (a *pairAcc) load(state []byte) (xs, ys floatCounts) {
	xs, state = readFloatCounts(state)
	ys, state = readFloatCounts(state)
	a.each(func(e *exactSums) {
		clear(e.scratch)
		state = readLong(e.scratch, state)
	})
	return xs, ys
}

func (a *pairAcc) Merge(dst, state []byte, slot int) []byte {
	xs, ys := a.load(state)
	xs.add(&a.xs.slots[slot])
	ys.add(&a.ys.slots[slot])
	start := len(dst)
	dst = ys.append(xs.append(dst))
	empty := xs == (floatCounts{}) && ys == (floatCounts{})
	a.each(func(e *exactSums) {
		e.addSlot(e.scratch, slot)
		before := len(dst)
		dst = appendLong(dst, e.scratch)
		empty = empty && len(dst) == before+1
	})
	if empty {
		return dst[:start]
	}
	return dst
}

func (a *pairAcc) Result(state []byte, out *delta.Vec) error {
	xs, ys := a.load(state)
	switch {
	case a.stat.value == nil:
		out.Append(types.NewInt(xs.n))
		return nil
	case xs.n < 1:
		out.AppendNull()
		return nil
	}
	m := pairMoments{n: xs.n, xs: xs, ys: ys}
	for i, at := range [...]**big.Int{&m.sx, &m.sy, &m.sxx, &m.syy, &m.sxy} {
		if a.sums[i] != nil {
			*at = bigLong(a.sums[i].scratch)
		}
	}
	v, null := a.stat.value(&m)
	if null {
		out.AppendNull()
		return nil
	}
	if _, special := xs.special(); math.IsInf(v, 0) && !special {
		if _, special = ys.special(); !special {
			out.AppendNull()
			return errFloatOverflow()
		}
	}
	out.Append(types.NewFloat(v))
	return nil
}
