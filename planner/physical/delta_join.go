package physical

import (
	"slices"

	"millrace/expr"
)

// DeltaJoin joins three or more inputs on the equality of columns without keeping what a part of them gives together. A change
// of one input looks its partners up in the arrangements of the others, one after the other along its path.
//
// Columns of several inputs are numbered through: those of the first input, then those of the second, and so on.
type DeltaJoin struct {
	Output
	In           []int
	Arrangements []Arrangement
	Paths        [][]DeltaLookup // by input: every other input once
	On           expr.Expr       // over the columns of all inputs; nil is true
	Cols         []int           // what is emitted, of the columns of all inputs
}

// Arrangement is the rows of an input, found by some of its columns.
type Arrangement struct {
	Input int   // number among the inputs
	Key   []int // columns of the input
}

// DeltaLookup finds the partners of the rows that a path has so far: those whose key is equal to columns of these rows.
type DeltaLookup struct {
	Arrangement int
	Key         []int  // columns of all inputs, of such as the path has been to
	NullSafe    []bool // per key: IS NOT DISTINCT FROM instead of =
}

// Inputs lists the inputs.
func (n *DeltaJoin) Inputs() []int { return n.In }

// Same reports whether two lookups are alike.
func (l DeltaLookup) Same(o DeltaLookup) bool {
	return l.Arrangement == o.Arrangement && slices.Equal(l.Key, o.Key) && slices.Equal(l.NullSafe, o.NullSafe)
}

// Same reports whether two arrangements are alike.
func (a Arrangement) Same(o Arrangement) bool {
	return a.Input == o.Input && slices.Equal(a.Key, o.Key)
}

func (n *DeltaJoin) same(o *DeltaJoin) bool {
	return slices.EqualFunc(n.Arrangements, o.Arrangements, Arrangement.Same) && same(n.On, o.On) && slices.Equal(n.Cols, o.Cols) &&
		slices.EqualFunc(n.Paths, o.Paths, func(a, b []DeltaLookup) bool { return slices.EqualFunc(a, b, DeltaLookup.Same) })
}
