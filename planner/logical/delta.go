package logical

import (
	"millrace/expr"
	"millrace/planner/physical"
)

// Delta is how a tree of inner joins is kept as one operator, by the Join at its top: the ways on which a change of each input
// meets the others. It is for the tree as it is, so nothing may rewrite that afterwards.
type Delta struct {
	// Paths gives for each input, in the order of [InnerJoins], the others in the order in which its changes meet them.
	Paths [][]DeltaStep
	// Rest are conditions that no path has met when it ends.
	Rest []expr.Expr
}

// DeltaStep meets an input by columns that are equal.
type DeltaStep struct {
	Input int
	Pairs []DeltaPair
}

// DeltaPair is a column of an input that the path has been to, and the one of the input that it meets.
type DeltaPair struct {
	From, To ColID
	NullSafe bool
}

// InnerJoins gives what a tree of inner joins joins, from left to right, and all its conditions. Projections in it that only pass
// columns on do not count.
func InnerJoins(n Node) (inputs []Node, preds []expr.Expr) {
	j := innerJoin(n)
	if j == nil {
		return []Node{n}, nil
	}
	left, lp := InnerJoins(j.Left)
	right, rp := InnerJoins(j.Right)
	return append(left, right...), append(append(lp, rp...), j.On...)
}

// MapInnerJoins replaces what a tree of inner joins joins.
func MapInnerJoins(n Node, f func(Node) Node) Node {
	if innerJoin(n) == nil {
		return f(n)
	}
	return MapInputs(n, func(in Node) Node { return MapInnerJoins(in, f) })
}

// innerJoin gives the inner join that n is, or passes on.
func innerJoin(n Node) *Join {
	for {
		switch x := n.(type) {
		case *Join:
			if x.Kind == physical.Inner {
				return x
			}
			return nil
		case *Project:
			for i := range x.Items {
				if !x.Items[i].PassThrough() {
					return nil
				}
			}
			n = x.Input
		default:
			return nil
		}
	}
}
