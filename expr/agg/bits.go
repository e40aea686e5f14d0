package agg

import (
	"encoding/binary"
	"math/bits"

	"millrace/delta"
	"millrace/types"
)

// bitOp is what is made of the bits of a group's values.
type bitOp uint8

const (
	bitAnd bitOp = iota
	bitOr
	bitXor
)

// bitAggregates is one of bit_and, bit_or and bit_xor over the integer types. oids are those for smallint, integer, bigint.
func bitAggregates(name string, op bitOp, oids [3]uint32) []*Function {
	var fs []*Function
	for i, k := range [...]types.Kind{types.Int2, types.Int4, types.Int8} {
		acc := func([]types.T) Accumulator { return &bitAcc{op: op, width: 16 << i} }
		f := unary(name, oids[i], k, k, acc)
		f.Once, f.Combine = op != bitXor, name
		fs = append(fs, f)
	}
	return described([...]string{bitAnd: "The bits that all values have.", bitOr: "The bits that some value has.",
		bitXor: "The bits that an odd number of values have."}[op], fs)
}

// bitCounts is how many values there are, and how many have each bit.
type bitCounts struct {
	n    int64
	ones [64]int64
}

// bitAcc is bit_and, bit_or and bit_xor: a count for each bit position decides it, so that a retraction is a subtraction.
// State: the number of values as a varint, a bit mask of the positions whose count is not zero, and those counts as
// varints.
type bitAcc struct {
	slab[bitCounts]
	op    bitOp
	width int // bits of the type
}

func (a *bitAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	ints := args[0].Ints
	mask := ^uint64(0) >> (64 - a.width)
	eachRow(slots, sel, args[0], weights, func(i int, slot uint32, w int64) {
		s := &a.slots[slot]
		s.n += w
		for v := uint64(ints[i]) & mask; v != 0; v &= v - 1 {
			s.ones[bits.TrailingZeros64(v)] += w
		}
	})
}

func readBitCounts(state []byte) (c bitCounts) {
	c.n, state = readVarint(state)
	mask, n := binary.Uvarint(state)
	if n <= 0 {
		return c
	}
	state = state[n:]
	for ; mask != 0; mask &= mask - 1 {
		c.ones[bits.TrailingZeros64(mask)], state = readVarint(state)
	}
	return c
}

func (a *bitAcc) Merge(dst, state []byte, slot int) []byte {
	c, add := readBitCounts(state), &a.slots[slot]
	c.n += add.n
	var mask uint64
	for i := range c.ones {
		if c.ones[i] += add.ones[i]; c.ones[i] != 0 {
			mask |= 1 << i
		}
	}
	if c.n == 0 && mask == 0 {
		return dst
	}
	dst = binary.AppendUvarint(binary.AppendVarint(dst, c.n), mask)
	for ; mask != 0; mask &= mask - 1 {
		dst = binary.AppendVarint(dst, c.ones[bits.TrailingZeros64(mask)])
	}
	return dst
}

func (a *bitAcc) Result(state []byte, out *delta.Vec) error {
	c := readBitCounts(state)
	if c.n == 0 {
		out.AppendNull()
		return nil
	}
	var v uint64
	for i, ones := range c.ones {
		set := ones != 0
		switch a.op {
		case bitAnd:
			set = ones == c.n
		case bitXor:
			set = ones&1 != 0
		}
		if set {
			v |= 1 << i
		}
	}
	shift := 64 - a.width // the type's sign bit is that of the result
	out.Append(types.NewInt(int64(v<<shift) >> shift))
	return nil
}
