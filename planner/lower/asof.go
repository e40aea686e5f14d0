package lower

import (
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// asOf lowers a join by nearest time.
func (l *lowering) asOf(n *logical.AsOf, need logical.ColSet) (ref, error) {
	want := with(need, logical.Used(n))
	left, err := l.node(n.Left, want.Intersect(logical.OutputSet(n.Left)))
	if err != nil {
		return left, err
	}
	right, err := l.node(n.Right, want.Intersect(logical.OutputSet(n.Right)))
	if err != nil {
		return right, err
	}
	j := &physical.AsOf{Left_: left.op, Right_: right.op, Outer: n.Outer, NullSafe: n.NullSafe, After: n.After, Strict: n.Strict}
	if j.LeftKeys, err = l.positions(n.LeftKeys, left); err != nil {
		return left, err
	}
	if j.RightKeys, err = l.positions(n.RightKeys, right); err != nil {
		return right, err
	}
	if j.Ties, err = l.positions(l.an.LeastTies(n), right); err != nil {
		return right, err
	}
	if j.LeftTime, j.RightTime = left.at(n.LeftTime), right.at(n.RightTime); j.LeftTime < 0 || j.RightTime < 0 {
		return left, errInternal("the time of an ASOF JOIN is missing")
	}
	var ids []logical.ColID
	j.LeftCols, ids = emitted(left, need, ids)
	j.RightCols, ids = emitted(right, need, ids)
	j.Output = l.output(n, ids)
	return l.add(j, ids), nil
}
