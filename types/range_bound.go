package types

import (
	"math"

	"millrace/pgerr"
)

// RangeBound is an end of a window frame of mode RANGE with an offset: a key that was moved.
type RangeBound struct {
	kind  Kind  // of the keys
	moved Datum // for dates a timestamp
	// beyond says that the bound lies below (-1) or above (1) all keys; all that every key is within it, but that NaN, the
	// greatest, is not below it.
	beyond int
	all    bool
}

// RangeOffset gives the type that an offset has for keys of kind k; ok is false where there are no such frames.
func RangeOffset(k Kind) (offset Kind, ok bool) {
	switch k {
	case Int2, Int4, Int8:
		return Int8, true
	case Float4, Float8:
		return Float8, true
	case Numeric:
		return Numeric, true
	case Date, Time, Timestamp, TimestampTZ, Interval:
		return Interval, true
	}
	return 0, false
}

// MoveRange moves a key by an offset of the type that RangeOffset gives, down when back is set. Neither is NULL. The
// error is for a negative offset (22013) and for a time out of range (22008), as in PostgreSQL's functions in_range.
func MoveRange(k Kind, key, offset Datum, back bool, env *Env) (RangeBound, error) {
	b := RangeBound{kind: k}
	var err error
	switch k {
	case Int2, Int4, Int8:
		err = b.moveInt(key.I, offset.I, back)
	case Time:
		// Days and months of the offset mean nothing, and the sum does not wrap at midnight.
		err = b.moveInt(key.I, DecodeInterval(offset.B).Micros, back)
	case Float4, Float8:
		err = b.moveFloat(math.Float64frombits(uint64(key.I)), math.Float64frombits(uint64(offset.I)), back)
	case Numeric:
		err = b.moveNumeric(key.B, offset.B, back)
	default:
		err = b.moveByInterval(key, DecodeInterval(offset.B), back, env)
	}
	return b, err
}

func errRangeOffset() error {
	return pgerr.New(pgerr.InvalidPrecedingOrFollowing, "invalid preceding or following size in window function")
}

func (b *RangeBound) moveInt(key, offset int64, back bool) error {
	if offset < 0 {
		return errRangeOffset()
	}
	sum := key + offset
	if back {
		sum = key - offset
		if sum > key {
			b.beyond = -1
		}
	} else if sum < key {
		b.beyond = 1
	}
	b.moved.I = sum
	return nil
}

func (b *RangeBound) moveFloat(key, offset float64, back bool) error {
	if math.IsNaN(offset) || offset < 0 {
		return errRangeOffset()
	}
	if back {
		// The infinity that an infinite offset leads away from is within reach of every key.
		b.all = math.IsInf(offset, 1) && math.IsInf(key, 1)
		offset = -offset
	} else {
		b.all = math.IsInf(offset, 1) && math.IsInf(key, -1)
	}
	b.moved = NewFloat(key + offset)
	return nil
}

func (b *RangeBound) moveNumeric(key, offset []byte, back bool) (err error) {
	if NumericIsNaN(offset) || NumericSign(offset) < 0 {
		return errRangeOffset()
	}
	far := NumericIsInf(offset) > 0
	if back {
		b.all = far && NumericIsInf(key) > 0
		b.moved.B, err = NumericSub(nil, key, offset)
	} else {
		b.all = far && NumericIsInf(key) < 0
		b.moved.B, err = NumericAdd(nil, key, offset)
	}
	return err
}

func (b *RangeBound) moveByInterval(key Datum, offset IntervalValue, back bool, env *Env) (err error) {
	if offset.Sign() < 0 {
		return errRangeOffset()
	}
	if b.kind == Interval {
		sum, iv := IntervalValue{}, DecodeInterval(key.B)
		if back {
			sum, err = iv.Sub(offset)
		} else {
			sum, err = iv.Add(offset)
		}
		b.moved = NewBytes(sum.Encode(nil))
		return err
	}
	if back {
		if offset, err = offset.Neg(); err != nil {
			return err
		}
	}
	switch b.kind {
	case Date:
		if b.moved.I, err = TimestampFromDate(key.I); err == nil {
			b.moved.I, err = TimestampAddInterval(b.moved.I, offset)
		}
	case Timestamp:
		b.moved.I, err = TimestampAddInterval(key.I, offset)
	case TimestampTZ:
		b.moved.I, err = TimestampTZAddInterval(key.I, offset, env.TimeZone)
	}
	return err
}

// AtMost reports whether a key is at or below the bound, AtLeast whether it is at or above. The key is not NULL.
func (b *RangeBound) AtMost(key Datum) bool {
	if b.all {
		return b.kind == Numeric && !NumericIsNaN(key.B) || b.kind != Numeric && !math.IsNaN(math.Float64frombits(uint64(key.I)))
	}
	return b.compare(key) <= 0
}

func (b *RangeBound) AtLeast(key Datum) bool { return b.all || b.compare(key) >= 0 }

func (b *RangeBound) compare(key Datum) int {
	switch {
	case b.beyond != 0:
		return -b.beyond
	case b.kind == Date:
		return CompareDateTimestamp(key.I, b.moved.I)
	}
	return Compare(Of(b.kind), key, b.moved)
}
