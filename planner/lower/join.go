package lower

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// join lowers a join: equalities of a column of the left with one of the right become its keys.
func (l *lowering) join(n *logical.Join, need logical.ColSet) (ref, error) {
	if plain, timed := l.timed(n.On); len(timed) > 0 && n.Kind == physical.Inner {
		x := &logical.Join{Kind: n.Kind, Left: n.Left, Right: n.Right, On: plain}
		in, err := l.join(x, with(need, logical.ExprsCols(timed)))
		if err != nil {
			return in, err
		}
		return l.temporal(n, in, timed, need)
	}
	lset, rset := logical.OutputSet(n.Left), logical.OutputSet(n.Right)
	if dependent := l.an.Free(n.Right); dependent.Intersects(lset) {
		return ref{}, errInternal("a dependent join is left in the plan")
	}
	if n.Delta != nil {
		return l.deltaJoin(n, need)
	}
	var keys []joinKey
	var rest []expr.Expr
	for _, p := range n.On {
		if k, ok := keyPair(p, lset, rset); ok {
			keys = append(keys, k)
		} else {
			rest = append(rest, p)
		}
	}
	l.timesFirst(keys)
	want := with(need, logical.ExprsCols(n.On))
	left, err := l.node(n.Left, want.Intersect(lset))
	if err != nil {
		return left, err
	}
	right, err := l.node(n.Right, want.Intersect(rset))
	if err != nil {
		return right, err
	}
	j := &physical.Join{Left_: left.op, Right_: right.op, Kind: n.Kind, NotIn: n.NotIn}
	for _, k := range keys {
		a, b := left.at(k.left), right.at(k.right)
		if a < 0 || b < 0 {
			return left, errInternal("a join key is missing")
		}
		if i := samePair(j, a, b); i >= 0 {
			j.NullSafe[i] = j.NullSafe[i] && k.nullSafe // said twice: the stricter holds
			continue
		}
		j.LeftKeys, j.RightKeys, j.NullSafe = append(j.LeftKeys, a), append(j.RightKeys, b), append(j.NullSafe, k.nullSafe)
	}
	if n.NotIn && (len(rest) > 0 || len(j.LeftKeys) != 1) {
		return left, errInternal("NOT IN is not a single equality of columns")
	}
	if len(rest) > 0 {
		if j.On, err = l.expr(logical.Conjoin(rest), slices.Concat(left.ids, right.ids)); err != nil {
			return left, err
		}
	}
	var ids []logical.ColID
	j.LeftCols, ids = emitted(left, need, ids)
	if n.Kind != physical.Semi && n.Kind != physical.Anti {
		j.RightCols, ids = emitted(right, need, ids)
	}
	j.LeftStatic, j.RightStatic = l.q.View && l.an.Constant(n.Left), l.q.View && l.an.Constant(n.Right)
	if !l.q.View && len(l.workOps) > 0 && l.depends(left.op) != l.depends(right.op) {
		// In a recursion that runs once, what does not read the work table is complete before the first iteration.
		j.LeftStatic, j.RightStatic = !l.depends(left.op), !l.depends(right.op)
	}
	j.Output = l.output(n, ids)
	return l.add(j, ids), nil
}

// timesFirst puts those keys first that are windows or buckets of time on both sides, so that a join's state is in order of time.
func (l *lowering) timesFirst(keys []joinKey) {
	if len(keys) < 2 {
		return
	}
	if !l.timesKnown {
		l.timesKnown = true
		logical.Walk(l.q.Node, func(n logical.Node) {
			switch n := n.(type) {
			case *logical.Window:
				l.times.AddAll([]logical.ColID{n.Start, n.End})
			case *logical.Buckets:
				l.times.Add(n.Bucket)
			}
		})
	}
	rank := func(k joinKey) int {
		if l.times.Has(k.left) && l.times.Has(k.right) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(keys, func(a, b joinKey) int { return rank(a) - rank(b) })
}

// samePair finds a pair of key columns among those of a join; -1 where it is not.
func samePair(j *physical.Join, left, right int) int {
	for i := range j.LeftKeys {
		if j.LeftKeys[i] == left && j.RightKeys[i] == right {
			return i
		}
	}
	return -1
}

// emitted chooses the columns that a join passes on; nil stands for all.
func emitted(r ref, need logical.ColSet, ids []logical.ColID) ([]int, []logical.ColID) {
	cols := []int{}
	for i, id := range r.ids {
		if need.Has(id) {
			cols, ids = append(cols, i), append(ids, id)
		}
	}
	if len(cols) == len(r.ids) {
		return nil, ids
	}
	return cols, ids
}

type joinKey struct {
	left, right logical.ColID
	nullSafe    bool
}

// keyPair reads a conjunct as the equality of a left and a right column.
func keyPair(p expr.Expr, lset, rset logical.ColSet) (joinKey, bool) {
	a, b, nullSafe, ok := logical.Equality(p)
	if !ok {
		return joinKey{}, false
	}
	x, okx := a.(*expr.Column)
	y, oky := b.(*expr.Column)
	if !okx || !oky {
		return joinKey{}, false
	}
	if lset.Has(y.Index) && rset.Has(x.Index) {
		x, y = y, x
	}
	return joinKey{x.Index, y.Index, nullSafe}, lset.Has(x.Index) && rset.Has(y.Index)
}
