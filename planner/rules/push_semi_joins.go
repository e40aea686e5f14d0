package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// pushSemiJoins moves EXISTS, IN and their negations towards the rows that they hold for.
//
// Before: WHERE l.part IN (SELECT part FROM p WHERE ...) over lines JOIN orders JOIN customers: the semi join keeps all rows of the
// whole join, and each of the joins below all that they have.
// After: the semi join over lines alone, then the joins.
// Why: a view keeps what it joins, and rows that are dropped first are kept by nothing above.
// Guard: only past joins whose other side does not bring rows back, as a LEFT JOIN's left side does: in a LEFT JOIN b WHERE b.x
// IN (...) a condition on b must not go to b, since a row of a would then come with NULLs instead of not at all. A condition that can
// fail stays, as a join below may drop what it would fail for. And only where the input has no more rows, by the estimate, than the
// join: a join that leaves few rows is the better filter, and what a semi join is over is kept in a view.
func pushSemiJoins(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || j.Kind != physical.Semi && j.Kind != physical.Anti || slices.ContainsFunc(j.On, func(p expr.Expr) bool { return !safe(p) }) {
		return n
	}
	s := &semiPusher{sizes: newSizes(c), join: j}
	if out, ok := s.push(j.Left, j.On, s.sizes.rows(j.Left)); ok {
		return out
	}
	return n
}

// semiPusher moves one semi or anti join.
type semiPusher struct {
	sizes *sizes
	join  *logical.Join
}

// push gives n with the join in it, where there is a place below n's top; most is how many rows that may have.
func (s *semiPusher) push(n logical.Node, on []expr.Expr, most float64) (logical.Node, bool) {
	switch n := n.(type) {
	case *logical.Project:
		names := map[logical.ColID]expr.Expr{}
		for _, it := range n.Items {
			if _, ok := it.Expr.(*expr.Column); ok {
				names[it.Col] = it.Expr
			} else if logical.ExprsCols(on).Has(it.Col) {
				return nil, false
			}
		}
		renamed := make([]expr.Expr, len(on))
		for i, p := range on {
			renamed[i] = logical.RenameExpr(p, names)
		}
		in, ok := s.push(n.Input, renamed, most)
		if !ok {
			return nil, false
		}
		return &logical.Project{Input: in, Items: n.Items}, true
	case *logical.Join:
		cols := logical.ExprsCols(on)
		left, right := logical.OutputSet(n.Left), logical.OutputSet(n.Right)
		x := *n
		switch {
		case !cols.Intersects(left) && !cols.Intersects(right):
			return nil, false
		case n.Kind != physical.Right && n.Kind != physical.Full && !cols.Intersects(right):
			if n.Kind == physical.Semi || n.Kind == physical.Anti {
				// Two of a kind: what matters is whether there is a join below both.
				in, ok := s.push(n.Left, on, most)
				x.Left = in
				return &x, ok
			}
			in, ok := s.place(n.Left, on, most)
			x.Left = in
			return &x, ok
		case (n.Kind == physical.Inner || n.Kind == physical.Right) && !cols.Intersects(left):
			in, ok := s.place(n.Right, on, most)
			x.Right = in
			return &x, ok
		}
	}
	return nil, false
}

// place puts the join in or over n.
func (s *semiPusher) place(n logical.Node, on []expr.Expr, most float64) (logical.Node, bool) {
	if out, ok := s.push(n, on, most); ok {
		return out, true
	}
	if s.sizes.rows(n) > most {
		return nil, false
	}
	x := *s.join
	x.Left, x.On = n, on
	return &x, true
}
