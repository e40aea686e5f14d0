package exec

import (
	"errors"
	"math/bits"

	"millrace/delta"
	"millrace/expr"
)

// errWeight means that a product of multiplicities leaves 64 bits.
var errWeight = errors.New("exec: the multiplicity of a joined row is out of range")

// joinPairs turns pairs of row numbers into output: the condition is evaluated over the columns that it needs, and the
// emitted columns are gathered for the pairs that pass.
type joinPairs struct {
	j           *join
	emits       bool // pairs are output; otherwise they only count
	left, right pairSide
	limit       int // pairs in a chunk

	sel  []uint32
	errs expr.Errors
}

// pairSide is one side of the pairs.
type pairSide struct {
	side *joinSide
	from *delta.Batch // what rows are numbers in
	rows []uint32
	w    []int64
	hits []int64 // per row of from: the other side's weight in the pairs that passed; nil when nobody asks
}

func newJoinPairs(j *join, emits bool) joinPairs {
	return joinPairs{j: j, emits: emits, limit: chunkRows, left: pairSide{side: &j.left}, right: pairSide{side: &j.right}}
}

// of gives a side's part.
func (p *joinPairs) of(s *joinSide) *pairSide {
	if s == p.left.side {
		return &p.left
	}
	return &p.right
}

// add notes a pair of a row of d with one of s.
func (p *joinPairs) add(d *pairSide, i uint32, wd int64, s *pairSide, k uint32, ws int64) error {
	d.rows, d.w = append(d.rows, i), append(d.w, wd)
	s.rows, s.w = append(s.rows, k), append(s.w, ws)
	if len(d.rows) < p.limit {
		return nil
	}
	return p.flush()
}

// flush evaluates the pairs, counts hits and emits.
func (p *joinPairs) flush() error {
	n := len(p.left.rows)
	if n == 0 {
		return nil
	}
	if err := p.j.interrupted(); err != nil {
		return err
	}
	if p.j.cond != nil {
		if err := p.filter(n); err != nil {
			return err
		}
	}
	if p.left.hits != nil || p.right.hits != nil {
		p.count()
	}
	if p.emits && len(p.left.rows) > 0 {
		if err := p.emit(); err != nil {
			return err
		}
	}
	for _, s := range []*pairSide{&p.left, &p.right} {
		s.rows, s.w = s.rows[:0], s.w[:0]
	}
	return nil
}

// filter keeps the pairs that fulfil the condition.
func (p *joinPairs) filter(n int) error {
	b := &delta.Batch{N: n}
	for _, s := range []*pairSide{&p.left, &p.right} {
		for _, c := range s.side.cond {
			b.Cols = append(b.Cols, s.from.Cols[c].Gather(s.rows))
		}
	}
	p.errs.List = p.errs.List[:0]
	p.sel = p.j.cond.EvalPred(p.j.d.opt.Context, b, p.sel, &p.errs)
	for _, e := range p.errs.List {
		w, err := mulWeights(p.left.w[e.Row], p.right.w[e.Row])
		if err != nil {
			return err
		}
		if err := p.j.fail(e.Err, b, e.Row, w); err != nil {
			return err
		}
	}
	if len(p.sel) == n {
		return nil
	}
	for _, s := range []*pairSide{&p.left, &p.right} {
		for i, r := range p.sel {
			s.rows[i], s.w[i] = s.rows[r], s.w[r]
		}
		s.rows, s.w = s.rows[:len(p.sel)], s.w[:len(p.sel)]
	}
	return nil
}

func (p *joinPairs) count() {
	if h := p.left.hits; h != nil {
		for i, r := range p.left.rows {
			h[r] += p.right.w[i]
		}
	}
	if h := p.right.hits; h != nil {
		for i, r := range p.right.rows {
			h[r] += p.left.w[i]
		}
	}
}

func (p *joinPairs) emit() error {
	out := &delta.Batch{N: len(p.left.rows), Cols: make([]*delta.Vec, 0, len(p.left.side.emit)+len(p.right.side.emit))}
	for _, s := range []*pairSide{&p.left, &p.right} {
		for _, c := range s.side.emit {
			out.Cols = append(out.Cols, s.from.Cols[c].Gather(s.rows))
		}
	}
	var err error
	out.Weights, err = products(p.left.w, p.right.w)
	if err != nil {
		return err
	}
	return p.j.emit(out)
}

// products gives the products of two columns of weights, nil when all are 1.
func products(a, b []int64) ([]int64, error) {
	ones := true
	for i := range a {
		ones = ones && a[i] == 1 && b[i] == 1
	}
	if ones {
		return nil, nil
	}
	w := make([]int64, len(a))
	for i := range a {
		var err error
		if w[i], err = mulWeights(a[i], b[i]); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func mulWeights(a, b int64) (int64, error) {
	hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b)))
	if hi != 0 || lo>>63 != 0 {
		return 0, errWeight
	}
	return a * b, nil
}

// emitAlone outputs rows of a side by themselves: the rows sel of its emitted columns, with NULLs for the other side's.
func (p *joinPairs) emitAlone(s *joinSide, cols []*delta.Vec, sel []uint32, weights []int64) error {
	if len(sel) == 0 {
		return nil
	}
	out := &delta.Batch{N: len(sel), Weights: weights}
	nulls := func(o *joinSide) {
		for _, c := range o.emit {
			out.Cols = append(out.Cols, nullVec(o.types[c], len(sel)))
		}
	}
	if s == &p.j.right {
		nulls(&p.j.left)
	}
	for _, c := range cols {
		out.Cols = append(out.Cols, c.Gather(sel))
	}
	if s == &p.j.left {
		nulls(&p.j.right)
	}
	return p.j.emit(out)
}

// alone gathers rows of a side that are output by themselves.
type alone struct {
	rows    []uint32
	weights []int64
}

func (a *alone) add(row uint32, weight int64) {
	if weight != 0 {
		a.rows, a.weights = append(a.rows, row), append(a.weights, weight)
	}
}

// emit outputs what was gathered, rows of from, and forgets it.
func (a *alone) emit(p *joinPairs, s *joinSide, from *delta.Batch) error {
	cols := make([]*delta.Vec, len(s.emit))
	for i, c := range s.emit {
		cols[i] = from.Cols[c]
	}
	for lo := 0; lo < len(a.rows); lo += p.limit {
		hi := min(lo+p.limit, len(a.rows))
		if err := p.emitAlone(s, cols, a.rows[lo:hi], append([]int64(nil), a.weights[lo:hi]...)); err != nil {
			return err
		}
	}
	a.rows, a.weights = a.rows[:0], a.weights[:0]
	return nil
}
