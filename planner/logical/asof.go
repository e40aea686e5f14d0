package logical

import (
	"slices"

	"millrace/expr"
)

// AsOf joins each left row with at most one right row: of those with equal keys the one that is nearest in time.
type AsOf struct {
	Left, Right Node
	// Outer keeps left rows without a partner.
	Outer               bool
	LeftKeys, RightKeys []ColID
	NullSafe            []bool // per key: IS NOT DISTINCT FROM instead of =
	// LeftTime and RightTime have one key form (see [Equality]). A right row qualifies when its time is at or before the left row's, or
	// with After at or after it; with Strict it must be another.
	LeftTime, RightTime ColID
	After, Strict       bool
	// Ties are columns of the right: of rows at the same time the one with the greatest values in them, NULL being greater than
	// all, is the partner.
	Ties []ColID
}

// Inputs implements Node, as do the methods below.
func (n *AsOf) Inputs() []Node               { return []Node{n.Left, n.Right} }
func (n *AsOf) WithInputs(in []Node) Node    { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *AsOf) Output() []ColID              { return slices.Concat(n.Left.Output(), n.Right.Output()) }
func (n *AsOf) Exprs() []expr.Expr           { return nil }
func (n *AsOf) WithExprs(_ []expr.Expr) Node { return n }

// used gives the columns that the operator names.
func (n *AsOf) used() ColSet {
	s := SetOf(n.LeftKeys...)
	s.AddAll(n.RightKeys)
	s.AddAll(n.Ties)
	s.Add(n.LeftTime)
	s.Add(n.RightTime)
	return s
}

// renamed names other columns.
func (n *AsOf) renamed(to func(ColID) ColID, list func([]ColID) []ColID) *AsOf {
	c := *n
	c.LeftKeys, c.RightKeys, c.Ties = list(n.LeftKeys), list(n.RightKeys), list(n.Ties)
	c.LeftTime, c.RightTime = to(n.LeftTime), to(n.RightTime)
	return &c
}

// asOfNotNull gives the columns of the left that are not NULL, and those of the right where it is there.
func (a *Analysis) asOfNotNull(n *AsOf) ColSet {
	s := a.NotNull(n.Left).Clone()
	if n.Outer {
		return s
	}
	s.Union(a.NotNull(n.Right))
	s.AddAll([]ColID{n.LeftTime, n.RightTime})
	for i, nullSafe := range n.NullSafe {
		if !nullSafe {
			s.AddAll([]ColID{n.LeftKeys[i], n.RightKeys[i]})
		}
	}
	return s
}

// LeastTies gives as many of the tie columns as tell the right rows of one key and time apart.
func (a *Analysis) LeastTies(n *AsOf) []ColID {
	decided := SetOf(n.RightKeys...)
	decided.Add(n.RightTime)
	var ties []ColID
	for _, id := range n.Ties {
		if a.HasKey(n.Right, decided) {
			break
		}
		if !decided.Has(id) {
			decided.Add(id)
			ties = append(ties, id)
		}
	}
	return ties
}
