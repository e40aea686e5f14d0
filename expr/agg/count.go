package agg

import (
	"encoding/binary"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

func counts() []*Function {
	count := Function{Name: "count", Ret: types.Of(types.Int8), NeverNull: true, Combine: "sum"}
	star, values := count, count
	star.OID, star.Star, star.New, star.Note = 2803, true, newCountStar, "The number of rows."
	values.OID, values.Args, values.New, values.Note = 2147, []types.T{expr.AnyType}, newCount, "The number of values that are not null."
	return []*Function{&star, &values}
}

func booleans() []*Function {
	fs := []*Function{
		unary("bool_and", 2517, types.Bool, types.Bool, newBoolAnd),
		unary("every", 2519, types.Bool, types.Bool, newBoolAnd),
		unary("bool_or", 2518, types.Bool, types.Bool, newBoolOr),
	}
	for _, f := range fs {
		f.Once, f.Combine, f.Note = true, f.Name, "Whether all values are true."
	}
	fs[2].Note = "Whether some value is true."
	return fs
}

// countAcc counts rows (star) or values that are not NULL. State: the count as a varint.
type countAcc struct {
	slab[int64]
	star bool
}

func newCountStar([]types.T) Accumulator { return &countAcc{star: true} }
func newCount([]types.T) Accumulator     { return &countAcc{} }

func (a *countAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	counts := a.slots
	if !a.star && args[0].Nulls != nil {
		eachRow(slots, sel, args[0], weights, func(_ int, slot uint32, w int64) { counts[slot] += w })
		return
	}
	switch {
	case sel != nil && weights != nil:
		for _, i := range sel {
			counts[slots[i]] += weights[i]
		}
	case sel != nil:
		for _, i := range sel {
			counts[slots[i]]++
		}
	case weights != nil:
		for i, slot := range slots {
			counts[slot] += weights[i]
		}
	default:
		for _, slot := range slots {
			counts[slot]++
		}
	}
}

func (a *countAcc) Merge(dst, state []byte, slot int) []byte {
	n, _ := readVarint(state)
	if n += a.slots[slot]; n == 0 {
		return dst
	}
	return binary.AppendVarint(dst, n)
}

func (a *countAcc) Result(state []byte, out *delta.Vec) error {
	n, _ := readVarint(state)
	out.Append(types.NewInt(n))
	return nil
}

// boolCounts is how many values are true and how many false.
type boolCounts struct{ yes, no int64 }

// boolAcc is bool_and, or bool_or when or: both keep the two counts, so that a retraction is a subtraction.
// State: the counts as varints.
type boolAcc struct {
	slab[boolCounts]
	or bool
}

func newBoolAnd([]types.T) Accumulator { return &boolAcc{} }
func newBoolOr([]types.T) Accumulator  { return &boolAcc{or: true} }

func (a *boolAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	bools := args[0].Bools
	eachRow(slots, sel, args[0], weights, func(i int, slot uint32, w int64) {
		if bools[i] {
			a.slots[slot].yes += w
		} else {
			a.slots[slot].no += w
		}
	})
}

func readBoolCounts(state []byte) boolCounts {
	yes, state := readVarint(state)
	no, _ := readVarint(state)
	return boolCounts{yes, no}
}

func (a *boolAcc) Merge(dst, state []byte, slot int) []byte {
	c := readBoolCounts(state)
	c.yes += a.slots[slot].yes
	c.no += a.slots[slot].no
	if c == (boolCounts{}) {
		return dst
	}
	return binary.AppendVarint(binary.AppendVarint(dst, c.yes), c.no)
}

func (a *boolAcc) Result(state []byte, out *delta.Vec) error {
	c := readBoolCounts(state)
	switch {
	case c == boolCounts{}:
		out.AppendNull()
	case a.or:
		out.Append(types.NewBool(c.yes != 0))
	default:
		out.Append(types.NewBool(c.no == 0))
	}
	return nil
}
