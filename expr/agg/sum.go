package agg

import (
	"encoding/binary"
	"math/big"
	"unsafe"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

func sums() []*Function {
	fs := []*Function{
		unary("sum", 2109, types.Int2, types.Int8, newSumInt),
		unary("sum", 2108, types.Int4, types.Int8, newSumInt),
		unary("sum", 2107, types.Int8, types.Numeric, newSumBigint),
		unary("sum", 2114, types.Numeric, types.Numeric, newSumNumeric),
		unary("sum", 2110, types.Float4, types.Float4, newSumFloat4),
		unary("sum", 2111, types.Float8, types.Float8, newSumFloat8),
		unary("sum", 2113, types.Interval, types.Interval, newSumInterval),
	}
	for _, f := range fs[:4] { // parts of the others may overflow or be rounded
		f.Combine = "sum"
	}
	return described("The sum.", fs)
}

func averages() []*Function {
	return described("The mean.", []*Function{
		unary("avg", 2102, types.Int2, types.Numeric, newAvgInt),
		unary("avg", 2101, types.Int4, types.Numeric, newAvgInt),
		unary("avg", 2100, types.Int8, types.Numeric, newAvgInt),
		unary("avg", 2103, types.Numeric, types.Numeric, newAvgNumeric),
		unary("avg", 2104, types.Float4, types.Float8, newAvgFloat),
		unary("avg", 2105, types.Float8, types.Float8, newAvgFloat),
		unary("avg", 2106, types.Interval, types.Interval, newAvgInterval),
	})
}

// intSum is a weighted sum of integers and the number of values in it. The sum of 128 bits cannot overflow,
// so neither the order of rows nor a later retraction matters.
type intSum struct {
	sum int128
	n   int64
}

// intSumAcc is sum and avg over integer types. State: the sum, then the number of values, as varints.
type intSumAcc struct {
	slab[intSum]
	result func(out *delta.Vec, s intSum) error // s.n is not zero
}

func newSumInt([]types.T) Accumulator    { return &intSumAcc{result: sumAsBigint} }
func newSumBigint([]types.T) Accumulator { return &intSumAcc{result: sumAsNumeric} }
func newAvgInt([]types.T) Accumulator    { return &intSumAcc{result: sumAsAverage} }

func (a *intSumAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	v, ints, acc := args[0], args[0].Ints, a.slots
	if sel == nil && v.Nulls == nil && weights == nil {
		for i, slot := range slots {
			s := &acc[slot]
			s.sum = s.sum.addInt(ints[i])
			s.n++
		}
		return
	}
	eachRow(slots, sel, v, weights, func(i int, slot uint32, w int64) {
		s := &acc[slot]
		if w == 1 {
			s.sum = s.sum.addInt(ints[i])
		} else {
			s.sum = s.sum.add(product(ints[i], w))
		}
		s.n += w
	})
}

func readIntSum(state []byte) (s intSum) {
	if len(state) == 0 {
		return s
	}
	s.sum, state = read128(state)
	s.n, _ = readVarint(state)
	return s
}

func (a *intSumAcc) Merge(dst, state []byte, slot int) []byte {
	s, add := readIntSum(state), &a.slots[slot]
	s.sum = s.sum.add(add.sum)
	s.n += add.n
	if s.n == 0 && s.sum.isZero() {
		return dst
	}
	return binary.AppendVarint(append128(dst, s.sum), s.n)
}

func (a *intSumAcc) Result(state []byte, out *delta.Vec) error {
	s := readIntSum(state)
	if s.n == 0 {
		out.AppendNull()
		return nil
	}
	return a.result(out, s)
}

// sumAsBigint is the result of sum over smallint and integer.
func sumAsBigint(out *delta.Vec, s intSum) error {
	v, ok := s.sum.int64()
	if !ok {
		out.AppendNull()
		return pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
	}
	out.Append(types.NewInt(v))
	return nil
}

// sumAsNumeric is the result of sum over bigint.
func sumAsNumeric(out *delta.Vec, s intSum) error {
	var err error
	out.Data, err = appendNumeric128(out.Data, s.sum)
	out.EndBytes()
	return err
}

// sumAsAverage is avg over integers: a numeric with the scale that division gives.
func sumAsAverage(out *delta.Vec, s intSum) error {
	var sumBuf, nBuf [40]byte
	sum, err := appendNumeric128(sumBuf[:0], s.sum)
	if err != nil {
		out.AppendNull()
		return err
	}
	return appendQuotient(out, sum, types.NumericFromInt(nBuf[:0], s.n))
}

// appendQuotient appends the numeric a/b, or NULL with an error.
func appendQuotient(out *delta.Vec, a, b []byte) error {
	start := len(out.Data)
	data, err := types.NumericDiv(out.Data, a, b)
	if err != nil {
		out.Data = out.Data[:start]
		out.AppendNull()
		return err
	}
	out.Data = data
	out.EndBytes()
	return nil
}

// appendNumeric128 appends x as a numeric of scale 0.
func appendNumeric128(dst []byte, x int128) ([]byte, error) {
	if v, ok := x.int64(); ok {
		return types.NumericFromInt(dst, v), nil
	}
	return types.ParseNumeric(dst, x.big().Append(nil, 10))
}

// big gives x as a big integer.
func (x int128) big() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(x.hi), 64)
	return v.Add(v, new(big.Int).SetUint64(x.lo))
}

// numericSum is a weighted sum of numerics and the number of values in it.
type numericSum struct {
	sum types.NumericSum
	n   int64
}

// numericSumAcc is sum, or avg when avg, over numeric. State: the number of values as a varint, then the
// exact sum as types.NumericSum writes it.
type numericSumAcc struct {
	slots []numericSum
	avg   bool
}

func newSumNumeric([]types.T) Accumulator { return &numericSumAcc{} }
func newAvgNumeric([]types.T) Accumulator { return &numericSumAcc{avg: true} }

func (a *numericSumAcc) Grow(n int) {
	for len(a.slots) < n {
		a.slots = append(a.slots, numericSum{})
	}
}

func (a *numericSumAcc) Reset() {
	clear(a.slots)
	a.slots = a.slots[:0]
}

func (a *numericSumAcc) Bytes() int { return cap(a.slots) * int(unsafe.Sizeof(numericSum{})) }

func (a *numericSumAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	v := args[0]
	eachRow(slots, sel, v, weights, func(i int, slot uint32, w int64) {
		s := &a.slots[slot]
		s.sum.Add(v.Bytes(i), w)
		s.n += w
	})
}

func readNumericSum(state []byte) (s numericSum) {
	if len(state) == 0 {
		return s
	}
	s.n, state = readVarint(state)
	s.sum, _ = types.DecodeNumericSum(state)
	return s
}

func (a *numericSumAcc) Merge(dst, state []byte, slot int) []byte {
	s := readNumericSum(state)
	s.sum.Merge(&a.slots[slot].sum)
	s.n += a.slots[slot].n
	if s.n == 0 && s.sum.IsZero() {
		return dst
	}
	return s.sum.Append(binary.AppendVarint(dst, s.n))
}

func (a *numericSumAcc) Result(state []byte, out *delta.Vec) error {
	s := readNumericSum(state)
	if s.n == 0 {
		out.AppendNull()
		return nil
	}
	start, data, err := len(out.Data), out.Data, error(nil)
	if a.avg {
		data, err = s.sum.Avg(data, s.n)
	} else {
		data, err = s.sum.Sum(data)
	}
	if err != nil {
		out.Data = out.Data[:start]
		out.AppendNull()
		return err
	}
	out.Data = data
	out.EndBytes()
	return nil
}
