package logical

import (
	"slices"

	"millrace/expr"
)

// Versions gives every version that the rows of a table have had, told apart by the table's key and the version's time. A change of a row
// without a change of its time replaces a version; a row that goes leaves its versions. It reads the table's changelog in order: nothing
// that holds rows back may be below it.
type Versions struct {
	Input Node
	Key   []ColID
	Time  ColID
}

// Inputs implements Node, as do the methods below.
func (n *Versions) Inputs() []Node               { return []Node{n.Input} }
func (n *Versions) WithInputs(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Versions) Output() []ColID              { return n.Input.Output() }
func (n *Versions) Exprs() []expr.Expr           { return nil }
func (n *Versions) WithExprs(_ []expr.Expr) Node { return n }

// Lookup joins each left row, when it arrives, with the rows that the right has at the end of that commit, and never corrects the
// result. When a left row goes, what it was joined with goes.
type Lookup struct {
	Left, Right Node
	// Outer keeps left rows without a partner.
	Outer               bool
	LeftKeys, RightKeys []ColID
	NullSafe            []bool // per key: IS NOT DISTINCT FROM instead of =
	// Row are columns of the left that tell its rows apart, by which a row that goes is found again.
	Row []ColID
}

// Inputs implements Node, as do the methods below.
func (n *Lookup) Inputs() []Node               { return []Node{n.Left, n.Right} }
func (n *Lookup) WithInputs(in []Node) Node    { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *Lookup) Output() []ColID              { return slices.Concat(n.Left.Output(), n.Right.Output()) }
func (n *Lookup) Exprs() []expr.Expr           { return nil }
func (n *Lookup) WithExprs(_ []expr.Expr) Node { return n }

// Once reports whether a left row meets at most one right row.
func (a *Analysis) Once(n *Lookup) bool { return a.HasKey(n.Right, SetOf(n.RightKeys...)) }

// LeastRow gives as few columns as tell the left rows apart; none where no row ever goes.
func (a *Analysis) LeastRow(n *Lookup) []ColID {
	if a.AppendOnly(n.Left) {
		return nil
	}
	best := n.Row
	for _, k := range a.Keys(n.Left) {
		if len(k) < len(best) {
			best = k
		}
	}
	return best
}

// lookupKeys gives the left's keys, where a row comes once, and else those with one of the right's.
func (a *Analysis) lookupKeys(n *Lookup) [][]ColID {
	if a.Once(n) {
		return slices.Clone(a.Keys(n.Left))
	}
	// The right's keys tell its rows apart at one time, which is all that a left row meets.
	var keys [][]ColID
	for _, l := range a.Keys(n.Left) {
		for _, r := range a.Keys(n.Right) {
			keys = append(keys, slices.Concat(l, r))
		}
	}
	return keys
}

func (a *Analysis) lookupNotNull(n *Lookup) ColSet {
	s := a.NotNull(n.Left).Clone()
	if n.Outer {
		return s
	}
	s.Union(a.NotNull(n.Right))
	for i, nullSafe := range n.NullSafe {
		if !nullSafe {
			s.AddAll([]ColID{n.LeftKeys[i], n.RightKeys[i]})
		}
	}
	return s
}
