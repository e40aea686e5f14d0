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
	// AppendOnly says that the input never retracts, so an Ordered function may keep its extreme only, and a Pick its row.
	AppendOnly bool
	// Order is the order in which a Fold gets the rows; it covers all of Args, so that what it leaves open is the order
	// of rows that are equal. Of a hypothetical-set function it is that of the second half of Args.
	Order []SortKey
	// Params are the direct arguments of an ordered-set function, as expressions over the columns of the group.
	Params []expr.Expr
}

// SortKey orders by a column of the aggregate's input.
type SortKey struct {
	Col              int
	Desc, NullsFirst bool
}

// Form is how a function is called.
type Form uint8

// The forms.
const (
	Plain        Form = iota // f(x [ORDER BY y])
	OrderedSet               // f(direct) WITHIN GROUP (ORDER BY x)
	Hypothetical             // f(x) WITHIN GROUP (ORDER BY y), x being as if it were a y of the group
)

// Function is an aggregate of the registry. It has New, or Ordered with New, or Fold, or Fold with New.
type Function struct {
	Name  string
	OID   uint32    // PostgreSQL's, else 0
	Args  []types.T // of an ordered-set function the direct ones first; none of a hypothetical-set function, which takes any
	Ret   types.T
	RetOf func(args []types.T) types.T // for results that follow the argument; nil means Ret
	Form  Form
	// Direct is how many of Args are direct arguments.
	Direct int
	// Ordered says that retraction needs the group's values in order (min, max).
	Ordered bool
	Desc    bool // Ordered: the largest value rather than the smallest
	// NeverNull says that no result is NULL; Empty is the one of no rows.
	NeverNull bool
	Empty     types.Datum
	// Star says that the function is written with * (count(*)).
	Star bool
	// Once says that a value counts once however often it comes, so that DISTINCT makes no difference.
	Once bool
	// Combine names the function that makes the result of the results of parts, "" where none does so exactly.
	Combine string
	// Each says that equal rows count once even without DISTINCT.
	Each bool
	// New makes the accumulator for a call with these argument types. That of a function which is Ordered or has a Fold
	// ignores retractions, so it serves append-only inputs only.
	New func(args []types.T) Accumulator
	// NewRank makes that of a hypothetical-set function.
	NewRank func(args []types.T, order []SortKey) Accumulator
	// Fold makes the fold for a call with these argument types, the direct ones not among them.
	Fold func(args []types.T) Fold
	// Pick says that the result is the first argument of the first row: a Fold from newPick, which need not keep others
	// where the input never retracts.
	Pick bool
	// By orders the rows of a Fold by one of its arguments before anything else. Backward turns the whole order around.
	By       *By
	Backward bool
	// Strict is how many of the leading arguments must not be NULL: other rows are passed over by a Fold.
	Strict int
	// Digest, of a Fold of one argument, puts a number in the place of a value that is not NULL; rows are in the order of the
	// numbers.
	Digest func(t types.T, d types.Datum) int64
	// Through names the scalar function that each argument goes through on its way to the Fold, which is thus
	// independent of a session's settings; "" is none. The rows' order is that of the arguments as they were.
	Through string
	// Note is what the documentation says of the function, beside its arguments and result.
	Note string
}

// By is an argument to order by.
type By struct {
	Arg  int
	Desc bool
}

// Accumulator makes the accumulator of a call over an input with columns of these types.
func (c *Call) Accumulator(in []types.T) Accumulator {
	args := make([]types.T, len(c.Args))
	for i, col := range c.Args {
		args[i] = in[col]
	}
	if c.Func.NewRank != nil {
		return c.Func.NewRank(args, c.Order)
	}
	return c.Func.New(args)
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

// Done is the position that ends a Fold's reading.
const Done = -1

// Fold computes the value of a function that is no sum, from a group's rows in the call's order. It is used by one
// goroutine, for one group after the other.
//
// Positions count rows from 0, each as often as it occurs; with DISTINCT once. A fold names the next row that it
// wants, so that a percentile costs no decoding of the rows before it.
type Fold interface {
	// Begin starts a group of so many rows (of which DISTINCT may drop some) with the values of its direct arguments, and
	// gives the position of the first row wanted, or Done.
	Begin(direct []types.Datum, rows int64) (next int64, err error)
	// Row takes n equal rows from position at on, the one wanted, and gives the next position wanted, or Done. What args
	// refer to is valid during the call.
	Row(args []types.Datum, at, n int64) (next int64, err error)
	// End appends the value to out. An error is a row error, and NULL is appended.
	End(out *delta.Vec) error
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
