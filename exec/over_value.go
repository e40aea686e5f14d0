package exec

import (
	"bytes"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// overTiles is where the buckets of ntile begin.
type overTiles struct {
	known bool
	n     int64
	from  int64
}

// value appends the function's value for a copy of row i, which stands at p, on a side. A row error comes as bad, and
// NULL is appended.
func (r *overRun) value(w *overRows, side, i int, p int64, out *delta.Vec) (bad, err error) {
	s := &w.side[side]
	at := w.at(i)
	switch r.Kind {
	case physical.OverAggregate:
		return r.accs[side].value(r, w, side, i, p, out)
	case physical.OverLastValue:
		return r.lastValue(w, side, i, p, out)
	case physical.OverFirstValue, physical.OverNthValue:
		return r.nthValue(w, side, i, p, out)
	}
	r.low[side] = i
	switch r.Kind {
	case physical.OverRowNumber:
		out.Append(types.NewInt(p + 1))
	case physical.OverRank:
		out.Append(types.NewInt(s.groupStart(s.group[at]) + 1))
	case physical.OverDenseRank:
		out.Append(types.NewInt(s.group[at] + 1))
	case physical.OverPercentRank:
		v := 0.0
		if total := r.o.totalOf(w, side); total > 1 {
			v = float64(s.groupStart(s.group[at])) / float64(total-1)
		}
		out.Append(float(v))
	case physical.OverCumeDist:
		if err := w.toGroup(s, s.group[at]); err != nil {
			return nil, err
		}
		out.Append(float(float64(s.groupStart(s.group[at]+1)) / float64(r.o.totalOf(w, side))))
	case physical.OverNtile:
		return r.tile(w, side, i, p, out), nil
	case physical.OverLag, physical.OverLead:
		return nil, r.shifted(w, side, i, p, out)
	}
	return nil, nil
}

// tile is ntile. The number of buckets is that of the first row that has one.
func (r *overRun) tile(w *overRows, side, i int, p int64, out *delta.Vec) (bad error) {
	t := &r.tiles[side]
	if !t.known {
		n, null := r.nOf(w, i)
		if null {
			out.AppendNull()
			return nil
		}
		if n <= 0 {
			out.AppendNull()
			return pgerr.New(pgerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
		}
		*t = overTiles{known: true, n: n, from: p}
		if r.nCol < 0 {
			t.from = 0
		}
	}
	total := r.o.totalOf(w, side)
	size, larger := total/t.n, total%t.n // the first buckets have one row more
	k := p - t.from
	if k < larger*(size+1) {
		out.Append(types.NewInt(k/(size+1) + 1))
	} else {
		out.Append(types.NewInt(larger + (k-larger*(size+1))/size + 1))
	}
	return nil
}

// shifted is lag and lead.
func (r *overRun) shifted(w *overRows, side, i int, p int64, out *delta.Vec) error {
	s := &w.side[side]
	n, null := r.nOf(w, i)
	if null {
		out.AppendNull()
		return nil
	}
	q := p - n
	if err := w.toPosition(s, q); err != nil {
		return err
	}
	if n > 0 {
		r.low[side] = min(i, w.row(s, max(q, s.base)))
	}
	if q >= s.base && q < s.end {
		out.AppendFrom(w.col(r.Args[0]), w.at(w.row(s, q)))
		return nil
	}
	if len(r.Args) < 2 {
		out.AppendNull()
		return nil
	}
	out.AppendFrom(w.col(r.Args[1]), w.at(i))
	return nil
}

// nthValue is nth_value, and first_value as the first.
func (r *overRun) nthValue(w *overRows, side, i int, p int64, out *delta.Vec) (bad, err error) {
	s := &w.side[side]
	n, null := r.nOf(w, i)
	if null || n <= 0 {
		out.AppendNull()
		if !null {
			bad = pgerr.New(pgerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
		}
		return bad, nil
	}
	lo, hi, err := r.frame(w, s, i, p)
	if err != nil || r.frameErr != nil {
		out.AppendNull()
		return r.frameErr, err
	}
	if r.overFunc.head {
		r.low[side], r.ends[side] = i, hi
		if r.heads[side].Len() == 0 || hi < n && !r.end.unbounded {
			out.AppendNull()
		} else {
			out.AppendFrom(r.heads[side], 0)
		}
		return nil, nil
	}
	q := lo + n - 1
	gaps, k, err := r.excluded(w, s, i, p)
	if err != nil {
		out.AppendNull()
		return nil, err
	}
	for _, g := range gaps[:k] {
		if g.from = max(g.from, lo); g.from < g.to && q >= g.from {
			q += g.to - g.from
		}
	}
	if r.end.unbounded {
		if err := w.toPosition(s, q); err != nil {
			return nil, err
		}
		hi = s.end
	}
	r.low[side] = min(i, w.row(s, lo))
	if q >= hi {
		out.AppendNull()
		return nil, nil
	}
	out.AppendFrom(w.col(r.Args[0]), w.at(w.row(s, q)))
	return nil, nil
}

// lastValue is last_value.
func (r *overRun) lastValue(w *overRows, side, i int, p int64, out *delta.Vec) (bad, err error) {
	s := &w.side[side]
	lo, hi, err := r.frame(w, s, i, p)
	if err != nil || r.frameErr != nil {
		out.AppendNull()
		return r.frameErr, err
	}
	gaps, k, err := r.excluded(w, s, i, p)
	if err != nil {
		return nil, err
	}
	low := hi
	q := hi - 1
	for j := k - 1; j >= 0; j-- {
		g := gaps[j]
		low = min(low, g.from)
		if g.from < g.to && q >= g.from && q < g.to {
			q = g.from - 1
		}
	}
	r.low[side] = min(i, w.row(s, max(min(q, low), s.base)))
	if q < lo {
		out.AppendNull()
		return nil, nil
	}
	out.AppendFrom(w.col(r.Args[0]), w.at(w.row(s, q)))
	return nil, nil
}

// stable reports whether the function's values are the same before and after the step for the rows after i, for which
// they are, as long as no change comes. Row i is behind the last change that was read.
func (r *overRun) stable(w *overRows, i int) bool {
	a, b := &w.side[0], &w.side[1]
	at := w.at(i)
	if r.frameErr != nil {
		return false
	}
	switch {
	case r.whole || r.counted && r.o.totals[0] != r.o.totals[1]:
		return false
	case r.Kind == physical.OverRowNumber || r.Kind == physical.OverNtile:
		return a.pos[at] == b.pos[at]
	case r.Kind == physical.OverRank || r.Kind == physical.OverPercentRank || r.Kind == physical.OverCumeDist:
		return a.pos[at] == b.pos[at] && a.groupStart(a.group[at]) == b.groupStart(b.group[at])
	case r.Kind == physical.OverDenseRank:
		return a.group[at] == b.group[at]
	case r.overFunc.head:
		reached := r.heads[0].Len() == 0 || r.end.unbounded || min(r.ends[0], r.ends[1]) >= r.n
		return (reached || a.pos[at] == b.pos[at]) && sameHead(r.heads[0], r.heads[1])
	case r.carries:
		x, y := r.accs[0], r.accs[1]
		if next := w.row(a, x.hi); next <= w.lastChanged || next != w.row(b, y.hi) {
			return false
		}
		return (r.Frame.Exclude == physical.ExcludeNone || min(r.low[0], r.low[1]) > w.lastChanged) && bytes.Equal(x.carried(), y.carried())
	}
	return min(r.low[0], r.low[1]) > w.lastChanged
}

// sameHead compares vectors of one value or none.
func sameHead(a, b *delta.Vec) bool {
	return a.Len() == b.Len() && (a.Len() == 0 || sameValue(a, 0, b, 0))
}
