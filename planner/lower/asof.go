package lower

import (
	"slices"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// buckets lowers the assignment of rows to buckets of time.
func (l *lowering) timeBuckets(n *logical.Buckets, need logical.ColSet) (ref, error) {
	// Copies of a row cost by its width.
	in, err := l.inputFor(n.Input, with(need, logical.SetOf(n.Time)))
	if err != nil {
		return in, err
	}
	time := in.at(n.Time)
	if time < 0 {
		return in, l.missing(n.Time)
	}
	ids := append(slices.Clone(in.ids), n.Bucket)
	b := &physical.Buckets{Output: l.output(n, ids), Input: in.op, Time: time, Size: n.Size, Lo: n.Lo, Hi: n.Hi}
	return l.add(b, ids), nil
}

// versions lowers the history of a table.
func (l *lowering) versions(n *logical.Versions, need logical.ColSet) (ref, error) {
	in, err := l.node(n.Input, with(need, logical.Used(n)))
	if err != nil {
		return in, err
	}
	if _, ok := l.plan.Nodes[in.op].(*physical.Scan); !ok {
		return in, errInternal("versions of what is no scan")
	}
	v := &physical.Versions{Output: l.output(n, in.ids), Input: in.op, Time: in.at(n.Time)}
	if v.Key, err = l.positions(n.Key, in); err != nil || v.Time < 0 {
		return in, l.missing(n.Time)
	}
	return l.add(v, in.ids), nil
}

// checkArrivals refuses a look-up on arrival in a plan that reads views: those take several epochs in a step, so that what a row would
// meet depended on their pace.
func (l *lowering) checkArrivals() error {
	if l.plan.Arrivals() == nil {
		return nil
	}
	for _, n := range l.plan.Nodes {
		if s, ok := n.(*physical.Scan); ok && s.Kind == catalog.MaterializedView.String() {
			return pgerr.Unsupported("FOR SYSTEM_TIME AS OF PROCTIME() together with a materialized view").
				WithHint("\"%s\" is one. Use a VIEW, whose query becomes part of this one, or the tables and streams themselves.", s.Name)
		}
	}
	return nil
}

// lookup lowers a join with the rows of the moment.
func (l *lowering) lookup(n *logical.Lookup, need logical.ColSet) (ref, error) {
	want := with(need, logical.Used(n))
	left, err := l.inputFor(n.Left, want.Intersect(logical.OutputSet(n.Left)))
	if err != nil {
		return left, err
	}
	right, err := l.node(n.Right, want.Intersect(logical.OutputSet(n.Right)))
	if err != nil {
		return right, err
	}
	j := &physical.Lookup{Left_: left.op, Right_: right.op, Outer: n.Outer, NullSafe: n.NullSafe}
	if j.LeftKeys, err = l.positions(n.LeftKeys, left); err != nil {
		return left, err
	}
	if j.RightKeys, err = l.positions(n.RightKeys, right); err != nil {
		return right, err
	}
	if j.Row, err = l.positions(l.an.LeastRow(n), left); err != nil {
		return left, err
	}
	var ids []logical.ColID
	j.LeftCols, ids = emitted(left, need, ids)
	j.RightCols, ids = emitted(right, need, ids)
	j.Output = l.output(n, ids)
	return l.add(j, ids), nil
}

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
