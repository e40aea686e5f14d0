package rules

import (
	"math"
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/types"
)

// intervalJoins gives a join whose condition holds the distance of two times between bounds a key of time.
//
// Before: a JOIN b ON a.k = b.k AND a.ts BETWEEN b.ts - x AND b.ts + y.
// After: the same with a.bucket = b.bucket first, where time is cut into buckets, a row of a is in the one of its time, and a row of b in
// the two or three that [b.ts - x, b.ts + y] touches. A pair meets in the bucket of a, once.
// Why: without another equality every pair of rows would be compared. With one, the state is in order of time, so that what is before
// a watermark can be dropped.
// Guard: with another equality only where both times are watermarks, since copies cost; the side whose rows are kept without a partner
// is not copied, or each copy would be without one.
func intervalJoins(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || j.NotIn || j.Kind != physical.Inner && j.Kind != physical.Left {
		return n
	}
	d := distanceBetween(j)
	if d == nil {
		return n
	}
	l, r := logical.OutputSet(j.Left), logical.OutputSet(j.Right)
	size := max(d.hi-d.lo, 1)
	if slices.ContainsFunc(j.On, func(p expr.Expr) bool { _, ok := c.equation(p, l, r, false); return ok }) {
		if !isWatermark(j.Left, d.left) || !isWatermark(j.Right, d.right) {
			return n
		}
		size *= 2 // fewer copies; the equality keeps the pairs of a bucket few
	}
	left := &logical.Buckets{Input: j.Left, Time: d.left, Bucket: c.bucket(d.left), Size: size}
	right := &logical.Buckets{Input: j.Right, Time: d.right, Bucket: c.bucket(d.right), Size: size, Lo: d.lo, Hi: d.hi}
	x := *j
	x.Left, x.Right = left, right
	x.On = append([]expr.Expr{c.equal(c.Columns.Ref(left.Bucket), c.Columns.Ref(right.Bucket), false)}, j.On...)
	return &x
}

func (c *Context) bucket(time logical.ColID) logical.ColID {
	t := c.Columns.At(time)
	return c.Columns.Add(logical.Column{Name: "bucket", T: t.T, Rel: t.Rel})
}

// distance says that left - right lies between lo and hi.
type distance struct {
	left, right logical.ColID
	lo, hi      int64 // microseconds
}

// distanceMax bounds the bounds, so that sums of them and of times stay in range.
const distanceMax = int64(1) << 58

// distanceBetween finds two times of which a join's condition bounds the distance on both sides; nil where there are none.
func distanceBetween(j *logical.Join) *distance {
	l, r := logical.OutputSet(j.Left), logical.OutputSet(j.Right)
	var all []*distance
	for _, p := range j.On {
		left, right, op, bound, ok := distanceBound(p)
		if !ok {
			continue
		}
		if l.Has(right) && r.Has(left) {
			left, right, op, bound = right, left, -op, -bound
		}
		if !l.Has(left) || !r.Has(right) || bound <= -distanceMax || bound >= distanceMax {
			continue
		}
		i := slices.IndexFunc(all, func(d *distance) bool { return d.left == left && d.right == right })
		if i < 0 {
			i = len(all)
			all = append(all, &distance{left, right, math.MinInt64, math.MaxInt64})
		}
		if op < 0 {
			all[i].hi = min(all[i].hi, bound)
		} else {
			all[i].lo = max(all[i].lo, bound)
		}
	}
	for _, d := range all {
		if d.lo != math.MinInt64 && d.hi != math.MaxInt64 && d.lo <= d.hi {
			return d
		}
	}
	return nil
}

// distanceBound reads a conjunct as left - right <= bound (op is -1) or >= bound (1).
func distanceBound(p expr.Expr) (left, right logical.ColID, op int, bound int64, ok bool) {
	call, isCall := p.(*expr.Call)
	if !isCall || !call.Func.Operator || len(call.Args) != 2 {
		return 0, 0, 0, 0, false
	}
	switch call.Func.Name {
	case "<", "<=":
		op = -1
	case ">", ">=":
		op = 1
	default:
		return 0, 0, 0, 0, false
	}
	a, x, oka := shiftedTime(call.Args[0])
	b, y, okb := shiftedTime(call.Args[1])
	if !oka || !okb || a.T.Kind != b.T.Kind {
		return 0, 0, 0, 0, false
	}
	return a.Index, b.Index, op, y - x, true
}

// shiftedTime reads an expression as a column of timestamps plus microseconds. Months have no fixed length, and in a time zone days
// have none.
func shiftedTime(e expr.Expr) (col *expr.Column, shift int64, ok bool) {
	switch e := e.(type) {
	case *expr.Column:
		return e, 0, e.T.Kind == types.Timestamp || e.T.Kind == types.TimestampTZ
	case *expr.Call:
		if !e.Func.Operator || len(e.Args) != 2 || e.Func.Name != "+" && e.Func.Name != "-" {
			return nil, 0, false
		}
		time, by := e.Args[0], e.Args[1]
		if k, isConst := time.(*expr.Const); isConst && e.Func.Name == "+" {
			time, by = by, k
		}
		k, isConst := by.(*expr.Const)
		if !isConst || k.Value.Null || k.T.Kind != types.Interval {
			return nil, 0, false
		}
		if col, shift, ok = shiftedTime(time); !ok {
			return nil, 0, false
		}
		iv := types.DecodeInterval(k.Value.B)
		const day = 24 * 60 * 60 * 1_000_000
		if iv.Months != 0 || iv.Days != 0 && col.T.Kind == types.TimestampTZ || iv.Micros <= -distanceMax || iv.Micros >= distanceMax {
			return nil, 0, false
		}
		by64 := int64(iv.Days)*day + iv.Micros
		if e.Func.Name == "-" {
			by64 = -by64
		}
		shift += by64
		return col, shift, shift > -distanceMax && shift < distanceMax
	}
	return nil, 0, false
}

// isWatermark reports whether a column is that of a stream's watermark.
func isWatermark(n logical.Node, id logical.ColID) (is bool) {
	logical.Walk(n, func(x logical.Node) {
		s, ok := x.(*logical.Scan)
		if !ok || s.Relation.Kind != catalog.Stream || s.Relation.Watermark == nil {
			return
		}
		if i := slices.Index(s.Cols, id); i >= 0 {
			is = is || s.Attrs[i] == s.Relation.Watermark.Column
		}
	})
	return is
}
