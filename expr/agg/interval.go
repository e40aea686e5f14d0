package agg

import (
	"encoding/binary"
	"math"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// intervalSum is a weighted sum of intervals, field by field as PostgreSQL adds them, and the number of values.
type intervalSum struct {
	months, days, micros int128
	n                    int64
}

// intervalSumAcc is sum, or avg when avg, over interval. State: months, days, microseconds and the number of
// values as varints.
type intervalSumAcc struct {
	slab[intervalSum]
	avg bool
}

func newSumInterval([]types.T) Accumulator { return &intervalSumAcc{} }
func newAvgInterval([]types.T) Accumulator { return &intervalSumAcc{avg: true} }

func (a *intervalSumAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	v := args[0]
	eachRow(slots, sel, v, weights, func(i int, slot uint32, w int64) {
		iv, s := types.DecodeInterval(v.Bytes(i)), &a.slots[slot]
		s.months = s.months.add(product(int64(iv.Months), w))
		s.days = s.days.add(product(int64(iv.Days), w))
		s.micros = s.micros.add(product(iv.Micros, w))
		s.n += w
	})
}

func readIntervalSum(state []byte) (s intervalSum) {
	if len(state) == 0 {
		return s
	}
	s.months, state = read128(state)
	s.days, state = read128(state)
	s.micros, state = read128(state)
	s.n, _ = readVarint(state)
	return s
}

func (a *intervalSumAcc) Merge(dst, state []byte, slot int) []byte {
	s, add := readIntervalSum(state), &a.slots[slot]
	s.months = s.months.add(add.months)
	s.days = s.days.add(add.days)
	s.micros = s.micros.add(add.micros)
	s.n += add.n
	if s == (intervalSum{}) {
		return dst
	}
	return binary.AppendVarint(append128(append128(append128(dst, s.months), s.days), s.micros), s.n)
}

func (a *intervalSumAcc) Result(state []byte, out *delta.Vec) error {
	s := readIntervalSum(state)
	if s.n == 0 {
		out.AppendNull()
		return nil
	}
	iv, err := s.interval()
	if err == nil && a.avg {
		iv, err = iv.Div(float64(s.n))
	}
	if err != nil {
		out.AppendNull()
		return err
	}
	out.Data = iv.Encode(out.Data)
	out.EndBytes()
	return nil
}

// interval gives the sum as an interval if its fields are in range.
func (s *intervalSum) interval() (types.IntervalValue, error) {
	months, okMonths := s.months.int64()
	days, okDays := s.days.int64()
	micros, okMicros := s.micros.int64()
	fits := func(v int64) bool { return v >= math.MinInt32 && v <= math.MaxInt32 }
	if !okMonths || !okDays || !okMicros || !fits(months) || !fits(days) {
		return types.IntervalValue{}, pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range")
	}
	return types.IntervalValue{Months: int32(months), Days: int32(days), Micros: micros}, nil
}
