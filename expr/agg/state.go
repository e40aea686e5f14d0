package agg

import (
	"encoding/binary"
	"math/bits"
)

// int128 is a two's complement 128-bit integer, wide enough for the sum of any number of weighted int64 values
// whose multiplicities add up to less than 2^63.
type int128 struct {
	lo uint64
	hi int64
}

func (x int128) isZero() bool { return x.lo == 0 && x.hi == 0 }

func (x int128) add(y int128) int128 {
	lo, carry := bits.Add64(x.lo, y.lo, 0)
	return int128{lo, x.hi + y.hi + int64(carry)}
}

// addInt adds v.
func (x int128) addInt(v int64) int128 {
	lo, carry := bits.Add64(x.lo, uint64(v), 0)
	return int128{lo, x.hi + v>>63 + int64(carry)}
}

// product gives a*b.
func product(a, b int64) int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	// The unsigned product of the two's complement forms is too large by 2^64 times the other factor for each
	// negative one.
	return int128{lo, int64(hi) - a>>63&b - b>>63&a}
}

// int64 gives x as an int64 if it is in range.
func (x int128) int64() (int64, bool) {
	v := int64(x.lo)
	return v, v>>63 == x.hi
}

// append128 appends x as a variable-length integer: zigzag, seven bits a byte, least significant first.
func append128(dst []byte, x int128) []byte {
	if v, ok := x.int64(); ok {
		return binary.AppendVarint(dst, v)
	}
	sign := uint64(x.hi >> 63)
	lo, hi := x.lo<<1^sign, (uint64(x.hi)<<1|x.lo>>63)^sign
	for hi != 0 || lo >= 0x80 {
		dst = append(dst, byte(lo)|0x80)
		lo, hi = lo>>7|hi<<57, hi>>7
	}
	return append(dst, byte(lo))
}

// read128 reads what append128 wrote.
func read128(b []byte) (int128, []byte) {
	var lo, hi uint64
	for i, shift := 0, uint(0); i < len(b); i, shift = i+1, shift+7 {
		d := uint64(b[i] & 0x7f)
		switch {
		case shift < 64:
			lo |= d << shift
			hi |= d >> (64 - shift) // no bits for shift < 57
		case shift < 128:
			hi |= d << (shift - 64)
		}
		if b[i] < 0x80 {
			sign := -(lo & 1)
			return int128{(lo>>1 | hi<<63) ^ sign, int64(hi>>1 ^ sign)}, b[i+1:]
		}
	}
	return int128{}, nil
}

// readVarint reads a signed variable-length integer, 0 from an empty state.
func readVarint(b []byte) (int64, []byte) {
	v, n := binary.Varint(b)
	if n <= 0 {
		return 0, nil
	}
	return v, b[n:]
}
