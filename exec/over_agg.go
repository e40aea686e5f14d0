package exec

import (
	"slices"

	"millrace/delta"
	"millrace/expr/agg"
	"millrace/types"
)

// overAcc is an aggregate's accumulator over the frames of one side, which move forward only. How it follows them is
// decided by the function's algebra:
//
//   - Rows that come are added, and rows that leave are subtracted, where that is exact, or where none leave since the
//     frame begins at the partition's start. Cost: each row once.
//   - min and max keep for the older rows of the frame the extreme from each row to the middle, on a stack, and one
//     state for those behind the middle (the queue of two stacks). Cost: each row twice.
//   - What EXCLUDE leaves out is subtracted for each row; where that is not possible, the frame is added up anew for each
//     row. Cost: the excluded rows, or the frame, for each row.
//   - Aggregates that gather values, as array_agg, read the frame in order for each row.
type overAcc struct {
	fold   agg.Fold // instead of all below
	parts  []foldPart
	cells  []int64 // of the frame, where the fold reads the digests of values
	values []types.Datum

	acc, other agg.Accumulator
	lo, hi     int64 // the positions that acc has
	base       []byte
	state      []byte
	result     []byte

	stack []stacked
	heap  []byte
	mid   int // rows from here on are in acc, to back
	back  int
}

// stacked is the state of the rows from one to the middle.
type stacked struct{ row, off, end int }

// foldPart is copies of a row that a fold gets.
type foldPart struct {
	at int
	n  int64
}

func newOverAcc(c *agg.Call, in []types.T) *overAcc {
	if c.Func.Fold != nil {
		return &overAcc{fold: c.Func.Fold(pick(in, c.Args))}
	}
	return &overAcc{acc: c.Accumulator(in), other: c.Accumulator(in)}
}

func (a *overAcc) begin(base int64, state []byte) {
	if a.fold != nil {
		return
	}
	a.lo, a.hi, a.base = base, base, state
	a.acc.Reset()
	a.acc.Grow(1)
	a.stack, a.heap, a.mid, a.back = a.stack[:0], a.heap[:0], -1, -1
}

// carried gives the state that is carried to the next row.
func (a *overAcc) carried() []byte {
	a.state = a.acc.Merge(a.state[:0], a.base, 0)
	return a.state
}

// value appends the aggregate of the frame of a copy.
func (a *overAcc) value(r *overRun, w *overRows, side, i int, p int64, out *delta.Vec) (bad, err error) {
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
	low := lo
	if r.start.unbounded {
		low = hi
	}
	for _, g := range gaps[:k] {
		low = min(low, max(g.from, s.base))
	}
	r.low[side] = min(i, w.row(s, low))
	switch {
	case r.folds:
		return a.gather(r.overFunc, w, s, without(span{lo, hi}, gaps[:k]), out), nil
	case k > 0 && !r.inverts:
		a.anew(r.overFunc, w, s, span{lo, hi}, gaps[:k])
	case r.inverts || r.start.unbounded:
		a.slide(r.overFunc, w, s, lo, hi)
		a.state = a.acc.Merge(a.state[:0], a.base, 0)
		if k > 0 {
			a.leaveOut(r.overFunc, w, s, span{lo, hi}, gaps[:k])
		}
	default:
		from, to := w.row(s, lo), w.row(s, lo)
		if lo < hi {
			to = min(w.row(s, hi-1)+1, w.last())
		}
		a.queue(r.overFunc, w, s, from, to)
	}
	return a.acc.Result(a.state, out), nil
}

// slide makes acc that of the positions [lo, hi).
func (a *overAcc) slide(f *overFunc, w *overRows, s *overSide, lo, hi int64) {
	if lo >= a.hi {
		if a.lo < a.hi {
			a.acc.Reset()
			a.acc.Grow(1)
		}
		a.lo, a.hi = lo, lo
	} else if lo > a.lo {
		w.addSpan(a.acc, f, s, span{a.lo, lo}, -1)
		a.lo = lo
	}
	if hi > a.hi {
		w.addSpan(a.acc, f, s, span{a.hi, hi}, 1)
		a.hi = hi
	}
}

// leaveOut subtracts what the frame excludes from the state.
func (a *overAcc) leaveOut(f *overFunc, w *overRows, s *overSide, frame span, gaps []span) {
	a.other.Reset()
	a.other.Grow(1)
	for _, g := range gaps {
		w.addSpan(a.other, f, s, span{max(g.from, frame.from), min(g.to, frame.to)}, -1)
	}
	a.result = a.other.Merge(a.result[:0], a.state, 0)
	a.state, a.result = a.result, a.state
}

// anew adds up the frame without what it excludes.
func (a *overAcc) anew(f *overFunc, w *overRows, s *overSide, frame span, gaps []span) {
	a.other.Reset()
	a.other.Grow(1)
	for _, p := range without(frame, gaps) {
		w.addSpan(a.other, f, s, p, 1)
	}
	a.state = a.other.Merge(a.state[:0], nil, 0)
}

// without gives what is left of a frame.
func without(frame span, gaps []span) []span {
	var out []span
	from := frame.from
	for _, g := range gaps {
		if g.from < g.to {
			out = append(out, span{from, min(g.from, frame.to)})
			from = max(from, g.to)
		}
	}
	return append(out, span{from, frame.to})
}

// gather appends the value of a fold over a frame.
func (a *overAcc) gather(f *overFunc, w *overRows, s *overSide, frame []span, out *delta.Vec) error {
	a.parts = a.parts[:0]
	total := int64(0)
	for _, r := range frame {
		if r.from >= r.to {
			continue
		}
		for at := w.at(w.row(s, r.from)); at < len(s.pos) && s.pos[at] < r.to; at++ {
			n := min(r.to, s.pos[at]+s.weight[at]) - max(r.from, s.pos[at])
			if n > 0 && w.passes(f, at) && w.strict(f, at) {
				a.parts = append(a.parts, foldPart{at, n})
				total += n
			}
		}
	}
	if f.Agg.Func.Digest != nil {
		return a.gatherCells(f, w, out)
	}
	next, err := a.fold.Begin(nil, total)
	end := int64(0)
	for _, p := range a.parts {
		start := end
		end += p.n
		if err != nil || next == agg.Done {
			break
		}
		a.values = a.values[:0]
		for _, c := range f.Agg.Args {
			a.values = append(a.values, w.col(c).Datum(p.at))
		}
		for err == nil && next != agg.Done && next < end {
			from := max(next, start)
			next, err = a.fold.Row(a.values, from, end-from)
		}
	}
	if err != nil {
		out.AppendNull()
		return err
	}
	return a.fold.End(out)
}

// gatherCells appends the value of a fold over the digests of the frame's values, which it gets in order and once each.
func (a *overAcc) gatherCells(f *overFunc, w *overRows, out *delta.Vec) error {
	v := w.col(f.Agg.Args[0])
	a.cells = a.cells[:0]
	for _, p := range a.parts {
		if !v.IsNull(p.at) {
			a.cells = append(a.cells, f.Agg.Func.Digest(v.Type, v.Datum(p.at)))
		}
	}
	slices.Sort(a.cells)
	a.cells = slices.Compact(a.cells)
	next, err := a.fold.Begin(nil, int64(len(a.cells)))
	for i, cell := range a.cells {
		if err != nil || next == agg.Done {
			break
		}
		a.values = append(a.values[:0], types.NewInt(cell))
		next, err = a.fold.Row(a.values, int64(i), 1)
	}
	if err != nil {
		out.AppendNull()
		return err
	}
	return a.fold.End(out)
}

// strict reports whether the arguments that must not be NULL are not.
func (w *overRows) strict(f *overFunc, at int) bool {
	for _, c := range f.Agg.Args[:f.Agg.Func.Strict] {
		if w.col(c).IsNull(at) {
			return false
		}
	}
	return true
}

// queue makes state that of the rows from lo up to hi.
func (a *overAcc) queue(f *overFunc, w *overRows, s *overSide, lo, hi int) {
	if lo >= a.mid {
		a.turn(f, w, s, lo, hi)
	}
	for n := len(a.stack); n > 0 && a.stack[n-1].row < lo; n-- {
		a.stack = a.stack[:n-1]
	}
	if hi > a.back {
		w.addRows(a.acc, f, s, a.back, hi)
		a.back = hi
	}
	var front []byte
	if n := len(a.stack); n > 0 {
		front = a.heap[a.stack[n-1].off:a.stack[n-1].end]
	}
	a.state = a.acc.Merge(a.state[:0], front, 0)
}

// turn moves the middle to the frame's end.
func (a *overAcc) turn(f *overFunc, w *overRows, s *overSide, lo, hi int) {
	a.stack, a.heap = a.stack[:0], a.heap[:0]
	a.acc.Reset()
	a.acc.Grow(1)
	a.mid, a.back = hi, hi
	var top []byte
	for i := hi - 1; i >= lo; i-- {
		if s.weight[w.at(i)] <= 0 {
			continue
		}
		a.other.Reset()
		a.other.Grow(1)
		w.addRows(a.other, f, s, i, i+1)
		off := len(a.heap)
		a.heap = a.other.Merge(a.heap, top, 0)
		top = a.heap[off:len(a.heap):len(a.heap)]
		a.stack = append(a.stack, stacked{i, off, len(a.heap)})
	}
}
