package exec

import (
	"millrace/delta"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/types"
)

// overRun is a window function at work on a partition.
type overRun struct {
	*overFunc
	o     *over
	heads [2]*delta.Vec // overFunc.head: the value, no row where there is none
	accs  [2]*overAcc   // aggregates
	tiles [2]overTiles  // ntile

	// A RANGE frame with offsets, as numbers of rows: both sides have the same rows.
	startRow, endRow int
	frameErr         error

	// low is the first row that the values of this and later rows depend on, on each side.
	low  [2]int
	ends [2]int64 // overFunc.head: where the frame ends
}

// begin starts at the rows that were opened.
func (r *overRun) begin(w *overRows, base []byte) {
	r.startRow, r.endRow, r.frameErr, r.low = w.first, w.first, nil, [2]int{w.first, w.first}
	for k := range r.accs {
		if r.accs[k] != nil {
			r.accs[k].begin(w.side[k].base, base)
		}
		r.tiles[k] = overTiles{}
	}
}

// move moves a key by a bound, and before and behind say whether a key comes at or before the moved one in the order, or
// at or behind it.
func (r *overRun) move(b *overBound, key types.Datum) (types.RangeBound, error) {
	k := r.o.n.Order[0]
	return types.MoveRange(r.o.in[k.Col].Kind, key, b.offset, b.back != k.Desc, r.o.env)
}

func (r *overRun) before(b *types.RangeBound, key types.Datum) bool {
	if r.o.n.Order[0].Desc {
		return b.AtLeast(key)
	}
	return b.AtMost(key)
}

func (r *overRun) behind(b *types.RangeBound, key types.Datum) bool {
	if r.o.n.Order[0].Desc {
		return b.AtMost(key)
	}
	return b.AtLeast(key)
}

// advance moves the ends of a RANGE frame with offsets to row i. NULL keys are in the frames of NULL keys only, unless an
// end is unbounded.
func (r *overRun) advance(w *overRows, i int) error {
	r.frameErr = nil
	if !r.start.moved && !r.end.moved {
		return nil
	}
	v := w.col(r.o.n.Order[0].Col)
	nullsFirst := r.o.n.Order[0].NullsFirst
	key := v.Datum(w.at(i))
	var start, end types.RangeBound
	if r.start.moved && !key.Null {
		start, r.frameErr = r.move(&r.start, key)
	}
	if r.end.moved && !key.Null && r.frameErr == nil {
		end, r.frameErr = r.move(&r.end, key)
	}
	if r.frameErr != nil {
		return nil
	}
	if r.start.moved {
		err := w.skip(&r.startRow, func(at int) bool {
			switch null := v.IsNull(at); {
			case !null && !key.Null:
				return !r.behind(&start, v.Datum(at))
			case nullsFirst:
				return null && !key.Null
			default:
				return !null && key.Null
			}
		})
		if err != nil {
			return err
		}
	}
	if !r.end.moved {
		return nil
	}
	return w.skip(&r.endRow, func(at int) bool {
		switch null := v.IsNull(at); {
		case !null && !key.Null:
			return r.before(&end, v.Datum(at))
		case nullsFirst:
			return null
		default:
			return key.Null
		}
	})
}

// skip moves a row number on while f holds for the row.
func (w *overRows) skip(i *int, f func(at int) bool) error {
	for {
		ok, err := w.has(*i)
		if err != nil || !ok || !f(w.at(*i)) {
			return err
		}
		*i++
	}
}

// frame gives the positions [lo, hi) of the frame of a copy of row i, which stands at p, before anything is excluded.
// An end that is unbounded is what has been read.
func (r *overRun) frame(w *overRows, s *overSide, i int, p int64) (lo, hi int64, err error) {
	g := s.group[w.at(i)]
	rows := r.Frame.Mode == physical.Rows
	switch {
	case r.start.unbounded:
		lo = s.base
	case r.start.moved:
		lo = w.position(s, r.startRow)
	case rows:
		lo = max(p+r.start.n, s.base)
	default:
		if err := w.toGroup(s, g+r.start.n-1); err != nil {
			return 0, 0, err
		}
		lo = s.groupStart(g + r.start.n)
	}
	switch {
	case r.end.unbounded:
		hi = s.end
	case r.end.moved:
		hi = w.position(s, r.endRow)
	case rows:
		if err := w.toPosition(s, p+r.end.n); err != nil {
			return 0, 0, err
		}
		hi = min(max(p+r.end.n+1, s.base), s.end)
	default:
		if err := w.toGroup(s, g+r.end.n); err != nil {
			return 0, 0, err
		}
		hi = s.groupStart(g + r.end.n + 1)
	}
	return lo, max(lo, hi), nil
}

// position gives the position of a row's first copy, or the end.
func (w *overRows) position(s *overSide, i int) int64 {
	if i >= w.last() {
		return s.end
	}
	return s.pos[max(w.at(i), 0)]
}

// span is a range [from, to) of positions.
type span struct{ from, to int64 }

// excluded gives what the frame of a copy leaves out, in order.
func (r *overRun) excluded(w *overRows, s *overSide, i int, p int64) (out [2]span, n int, err error) {
	if r.Frame.Exclude == physical.ExcludeNone {
		return out, 0, nil
	}
	own := span{p, p + 1}
	if r.Frame.Exclude == physical.ExcludeCurrentRow {
		return [2]span{own}, 1, nil
	}
	g := s.group[w.at(i)]
	if err := w.toGroup(s, g); err != nil {
		return out, 0, err
	}
	peers := span{s.groupStart(g), s.groupStart(g + 1)}
	if r.Frame.Exclude == physical.ExcludeGroup {
		return [2]span{peers}, 1, nil
	}
	return [2]span{{peers.from, p}, {p + 1, peers.to}}, 2, nil
}

// addRows adds the rows from a number up to another, on a side, to slot 0 of an accumulator.
func (w *overRows) addRows(acc agg.Accumulator, f *overFunc, s *overSide, from, to int) {
	o := w.o
	o.sel = o.sel[:0]
	for i := from; i < to; i++ {
		at := w.at(i)
		if s.weight[at] > 0 && w.passes(f, at) {
			o.weigh(at, s.weight[at])
		}
	}
	w.addSelected(acc, f)
}

// addSpan adds the copies in a range of positions, or subtracts them.
func (w *overRows) addSpan(acc agg.Accumulator, f *overFunc, s *overSide, r span, sign int64) {
	if r.from >= r.to {
		return
	}
	o := w.o
	o.sel = o.sel[:0]
	for at := w.at(w.row(s, r.from)); at < len(s.pos) && s.pos[at] < r.to; at++ {
		n := min(r.to, s.pos[at]+s.weight[at]) - max(r.from, s.pos[at])
		if n > 0 && w.passes(f, at) {
			o.weigh(at, sign*n)
		}
	}
	w.addSelected(acc, f)
}

// passes reports whether a row passes an aggregate's FILTER.
func (w *overRows) passes(f *overFunc, at int) bool {
	if f.Agg.Filter < 0 {
		return true
	}
	v := w.col(f.Agg.Filter)
	return v.Bools[at] && !v.IsNull(at)
}

// weigh selects a row for addSelected.
func (o *over) weigh(at int, weight int64) {
	for len(o.weights) <= at {
		o.weights, o.slots = append(o.weights, 0), append(o.slots, 0)
	}
	o.weights[at] = weight
	o.sel = append(o.sel, uint32(at))
}

func (w *overRows) addSelected(acc agg.Accumulator, f *overFunc) {
	o := w.o
	if len(o.sel) == 0 {
		return
	}
	o.args = o.args[:0]
	for _, c := range f.Agg.Args {
		o.args = append(o.args, w.batch.Cols[c])
	}
	acc.Add(o.slots, o.sel, o.args, o.weights)
}
