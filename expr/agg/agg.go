package agg

import (
	"unsafe"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

// Call is an aggregate's use in a plan.
type Call struct {
	Func     *Function
	Args     []int // columns of the aggregate's input
	Filter   int   // a boolean column of the input, -1 without FILTER
	Distinct bool
	T        types.T // result type
	// AppendOnly says that the input never retracts, so an Ordered function may keep its extreme only.
	AppendOnly bool
	Params     []expr.Expr // constants beside the arguments, as string_agg's order or percentile fractions
}

// Function is an aggregate of the registry.
type Function struct {
	Name  string
	OID   uint32 // PostgreSQL's, else 0
	Args  []types.T
	Ret   types.T
	RetOf func(args []types.T) types.T // for results that follow the argument; nil means Ret
	// Ordered says that retraction needs the group's values in order (min, max).
	Ordered bool
	Desc    bool // Ordered: the largest value rather than the smallest
	// Star says that the function is written with * (count(*)).
	Star bool
	// New makes the accumulator for a call with these argument types. That of an Ordered function ignores
	// retractions, so it serves append-only inputs only.
	New func(args []types.T) Accumulator
}

// Accumulator is one aggregate's partial states of a step, one slot per group, and the code that merges
// a slot into a stored state. It is used by one goroutine.
//
// A stored state is a byte string of the accumulator's own; an empty one is the state of an empty group, and
// a group whose rows have all been retracted comes back to the empty state.
type Accumulator interface {
	// Grow makes room for slots [0, n), new ones empty.
	Grow(n int)
	// Add adds the rows sel of the argument vectors (every row when sel is nil): row i to slot slots[i] with
	// weight weights[i] (1 when weights is nil). NULL handling is the function's own.
	Add(slots []uint32, sel []uint32, args []*delta.Vec, weights []int64)
	// Merge appends to dst the sum of a stored state and a slot. It does not change state, which must not
	// alias the spare room of dst.
	Merge(dst, state []byte, slot int) []byte
	// Result appends the aggregate's value for a stored state to out. An error (overflow) is a row error, and
	// NULL is appended.
	Result(state []byte, out *delta.Vec) error
	// Reset forgets all slots and keeps the memory.
	Reset()
	// Bytes is about the memory that the slots take.
	Bytes() int
}

// slab is the slots of an accumulator whose partial state is a pointer-free value of type S.
type slab[S any] struct{ slots []S }

// Grow implements Accumulator.
func (s *slab[S]) Grow(n int) {
	if n <= len(s.slots) {
		return
	}
	if n <= cap(s.slots) {
		old := len(s.slots)
		s.slots = s.slots[:n]
		clear(s.slots[old:])
		return
	}
	s.slots = append(s.slots, make([]S, n-len(s.slots))...)
}

// Reset implements Accumulator.
func (s *slab[S]) Reset() { s.slots = s.slots[:0] }

// Bytes implements Accumulator.
func (s *slab[S]) Bytes() int {
	var one S
	return cap(s.slots) * int(unsafe.Sizeof(one))
}

// eachRow calls add for every row of sel (every row of [0, n) when sel is nil) that is not NULL in v, with
// its slot and weight.
func eachRow(slots, sel []uint32, v *delta.Vec, weights []int64, add func(row int, slot uint32, weight int64)) {
	w := int64(1)
	if sel == nil {
		for i, slot := range slots {
			if v.IsNull(i) {
				continue
			}
			if weights != nil {
				w = weights[i]
			}
			add(i, slot, w)
		}
		return
	}
	for _, i := range sel {
		if v.IsNull(int(i)) {
			continue
		}
		if weights != nil {
			w = weights[i]
		}
		add(int(i), slots[i], w)
	}
}
