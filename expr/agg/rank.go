package agg

import (
	"encoding/binary"

	"millrace/delta"
	"millrace/types"
)

// ranks are the hypothetical-set functions.
func ranks() []*Function {
	of := func(name string, oid uint32, ret types.Kind, value func(c rankCounts) types.Datum) *Function {
		return &Function{Name: name, OID: oid, Form: Hypothetical, Ret: types.Of(ret), NeverNull: true, Empty: value(rankCounts{}),
			NewRank: func(args []types.T, order []SortKey) Accumulator {
				return &rankAcc{types: args[:len(args)/2], order: order, value: value}
			}}
	}
	fs := []*Function{
		of("rank", 3986, types.Int8, func(c rankCounts) types.Datum { return types.NewInt(c.before + 1) }),
		of("dense_rank", 3992, types.Int8, func(c rankCounts) types.Datum { return types.NewInt(c.before + 1) }),
		of("percent_rank", 3988, types.Float8, func(c rankCounts) types.Datum {
			if c.rows == 0 {
				return types.NewFloat(0)
			}
			return types.NewFloat(float64(c.before) / float64(c.rows))
		}),
		of("cume_dist", 3990, types.Float8, func(c rankCounts) types.Datum {
			return types.NewFloat(float64(c.before+c.equal+1) / float64(c.rows+1))
		}),
	}
	fs[0].Note = "The rank that the arguments would have as a row of the group, with gaps."
	fs[1].Note = "The rank that the arguments would have as a row of the group, without gaps."
	fs[1].Each = true
	fs[2].Note = "(rank - 1) / (rows - 1), the arguments being one of the rows."
	fs[3].Note = "The part of the rows that are not after the arguments, these being one of the rows."
	return fs
}

// rankCounts is how many rows there are in all, before the hypothetical row, and equal to it.
type rankCounts struct{ rows, before, equal int64 }

// rankAcc is the hypothetical-set functions. Where the hypothetical row stands is a matter of counting, so a retraction is
// a subtraction and no order is kept. Its arguments are the hypothetical values, which are the same in all rows of a group,
// and then the row's own. State: the three counts as varints.
type rankAcc struct {
	slab[rankCounts]
	types []types.T
	order []SortKey
	value func(c rankCounts) types.Datum
}

func (a *rankAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	one := func(i int) {
		w := int64(1)
		if weights != nil {
			w = weights[i]
		}
		s := &a.slots[slots[i]]
		s.rows += w
		switch c := a.compare(args, i); {
		case c < 0:
			s.before += w
		case c == 0:
			s.equal += w
		}
	}
	if sel == nil {
		for i := range slots {
			one(i)
		}
		return
	}
	for _, i := range sel {
		one(int(i))
	}
}

// compare says where row i stands relative to the hypothetical row.
func (a *rankAcc) compare(args []*delta.Vec, i int) int {
	for k, o := range a.order {
		h, v := args[k], args[len(a.order)+k]
		switch hn, vn := h.IsNull(i), v.IsNull(i); {
		case hn && vn:
			continue
		case hn != vn:
			if vn == o.NullsFirst {
				return -1
			}
			return 1
		}
		if c := types.Compare(a.types[k], v.Datum(i), h.Datum(i)); c != 0 {
			if o.Desc {
				return -c
			}
			return c
		}
	}
	return 0
}

func readRankCounts(state []byte) (c rankCounts) {
	c.rows, state = readVarint(state)
	c.before, state = readVarint(state)
	c.equal, _ = readVarint(state)
	return c
}

func (a *rankAcc) Merge(dst, state []byte, slot int) []byte {
	c, add := readRankCounts(state), &a.slots[slot]
	c.rows += add.rows
	c.before += add.before
	c.equal += add.equal
	if c == (rankCounts{}) {
		return dst
	}
	return binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(dst, c.rows), c.before), c.equal)
}

func (a *rankAcc) Result(state []byte, out *delta.Vec) error {
	out.Append(a.value(readRankCounts(state)))
	return nil
}
