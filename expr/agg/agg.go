package agg

import (
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
	// New makes the accumulator for a call with these argument types.
	New func(args []types.T) Accumulator
}

// Accumulator is one aggregate's partial states of a step, one slot per group, and the code that merges
// a slot into a stored state. It is used by one goroutine.
type Accumulator interface {
	// Grow makes room for slots [0, n), new ones empty.
	Grow(n int)
	// Add adds the rows sel of the argument vectors (every row when sel is nil), row i to slot slots[i] with
	// weight weights[i] (1 when weights is nil). NULL handling is the function's own.
	Add(slots []uint32, sel []uint32, args []*delta.Vec, weights []int64)
	// Merge adds slot i into a stored state and returns the state, which may have moved or changed its length.
	// A nil state is a group that did not exist. The result may be empty when nothing is left to remember.
	Merge(state []byte, slot int) []byte
	// Result appends the aggregate's value for a stored state to out; a nil state is an empty group. An error
	// (overflow) is a row error, and NULL is appended.
	Result(state []byte, out *delta.Vec) error
	// Reset forgets all slots and keeps the memory.
	Reset()
}
