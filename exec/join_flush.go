package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/storage/codec"
)

// Flush implements Operator.
func (j *join) Flush() error {
	if err := j.flushStep(); err != nil || j.expiry == nil {
		return err
	}
	return j.expiry.drop(func(_ byte, key []byte) error {
		if err := j.left.drop(key); err != nil {
			return err
		}
		return j.right.drop(key)
	})
}

func (j *join) flushStep() error {
	n := j.table.len()
	if n == 0 {
		return nil
	}
	if j.expiry != nil {
		if err := j.expiry.noteAll(&j.table); err != nil {
			return err
		}
	}
	l, r := &j.left, &j.right
	if err := l.arrange(n); err != nil {
		return err
	}
	if err := r.arrange(n); err != nil {
		return err
	}
	j.pairs.limit = rowsWithin(widest(l.rows.Cols) + widest(r.rows.Cols))
	if err := j.run(); err != nil {
		return fmt.Errorf("operator %d: %w", j.op, err)
	}
	j.table.reset()
	l.reset()
	r.reset()
	return nil
}

// run meets the changes of each side with the other side's state.
func (j *join) run() error {
	l, r := &j.left, &j.right
	switch {
	case l.mm == nil && r.mm == nil:
		return j.runOnce()
	case l.mm == nil:
		// The right is static: what comes of it comes in the first step, before which there was no left row.
		if err := r.applyAll(&j.table); err != nil {
			return err
		}
		return newJoinPhase(j, l, r).run()
	case r.mm == nil:
		if err := l.applyAll(&j.table); err != nil {
			return err
		}
		return newJoinPhase(j, r, l).run()
	}
	if err := newJoinPhase(j, l, r).run(); err != nil {
		return err
	}
	return newJoinPhase(j, r, l).run()
}

func (s *joinSide) applyAll(t *keyTable) error {
	for k := range t.len() {
		if err := s.apply(t, uint32(k)); err != nil {
			return err
		}
	}
	return nil
}

// joinPhase applies the changes of one side, d, and works out what they change in the output against the state of the
// other, s: pairs, rows of s whose c changes, and rows of d with their c.
type joinPhase struct {
	j    *join
	d, s *joinSide
	pd   *pairSide
	ps   *pairSide

	// Rows of s that were read, until they are settled.
	read    *delta.Batch
	weights []int64
	keyOf   []uint32
	bytes   []byte // the rows' encodings, where their matches are counted
	ends    []int
	hits    []int64
	alone   alone // rows of read

	aloneD alone // rows of d's step

	widest, widestD int // bytes of a row of s that was read, and of d

	// The group being read.
	resume []byte // where to go on; nil when the group has been read
	size   int
	err    error
}

// readRows is how many rows of state are decoded before they are settled.
const readRows = chunkRows

func newJoinPhase(j *join, d, s *joinSide) *joinPhase {
	p := &joinPhase{j: j, d: d, s: s, pd: j.pairs.of(d), ps: j.pairs.of(s), read: delta.NewBatch(s.types, 0)}
	p.pd.from, p.ps.from = d.rows, p.read
	p.widestD = widest(d.rows.Cols)
	return p
}

func (p *joinPhase) run() error {
	j, d, s := p.j, p.d, p.s
	n := uint32(j.table.len())
	if err := s.prefetch(&j.table.keys, d); err != nil {
		return err
	}
	if s.when != never && !s.counts || d.matches != nil {
		if err := d.prefetch(&j.table.keys, d); err != nil {
			return err
		}
	}
	if d.counts {
		d.hits = append(d.hits[:0], make([]int64, d.rows.N)...)
		p.pd.hits = d.hits
	}
	for k := range n {
		if len(d.of(k)) == 0 {
			continue
		}
		if err := p.key(k); err != nil {
			return err
		}
	}
	if err := p.settle(); err != nil {
		return err
	}
	if d.counts {
		if err := p.settleD(n); err != nil {
			return err
		}
	}
	p.pd.hits, p.ps.hits = nil, nil
	return p.aloneD.emit(&j.pairs, d, d.rows)
}

// key takes the changes of a key.
func (p *joinPhase) key(k uint32) error {
	d, s, t := p.d, p.s, &p.j.table
	if d.when != never && !d.counts {
		empty, err := s.empty(t, k)
		if err != nil {
			return err
		}
		for _, i := range d.of(k) {
			p.aloneD.add(i, d.weights[i]*d.when.of(!empty))
		}
	}
	var change int64 // of c of the rows of s
	if s.when != never && !s.counts {
		before, err := d.empty(t, k)
		if err != nil {
			return err
		}
		if err := d.apply(t, k); err != nil {
			return err
		}
		after, err := d.empty(t, k)
		if err != nil {
			return err
		}
		change = s.when.of(!after) - s.when.of(!before)
	} else if err := d.apply(t, k); err != nil {
		return err
	}
	if p.j.pairs.emits || d.counts || s.counts {
		return p.meet(k, d.of(k), change)
	}
	if change != 0 {
		return p.meet(k, nil, change)
	}
	return nil
}

// meet reads the rows of s of a key, pairs them with rows of d's step, and outputs them with a weight of change.
func (p *joinPhase) meet(k uint32, rows []uint32, change int64) error {
	t := &p.j.table
	hash, key := t.hash(k), t.key(k)
	visit := func(row []byte, w int64) bool { return p.decode(k, row, w) }
	for from := []byte(nil); ; from = p.resume {
		first := p.read.N
		p.resume = nil
		var err error
		if from == nil {
			err = p.s.mm.Scan(hash, key, visit)
		} else {
			err = p.s.mm.ScanFrom(hash, key, from, visit)
		}
		if err == nil {
			err = p.err
		}
		if err != nil {
			return err
		}
		for r := first; r < p.read.N; r++ {
			w := p.weights[r]
			p.alone.add(uint32(r), change*w)
			for _, i := range rows {
				if err := p.j.pairs.add(p.pd, i, p.d.weights[i], p.ps, uint32(r), w); err != nil {
					return err
				}
			}
		}
		if p.full() {
			if err := p.settle(); err != nil {
				return err
			}
		}
		if p.resume == nil {
			return nil
		}
	}
}

func (p *joinPhase) full() bool { return p.read.N >= readRows || p.size >= chunkBytes }

// decode takes a row of s; it is false when the rows read so far must be settled first.
func (p *joinPhase) decode(k uint32, row []byte, w int64) bool {
	if w < 0 {
		p.err = ErrNegative
		return false
	}
	if p.full() {
		// Go on from this row: nothing may be emitted or written while the group is being read.
		p.resume = append([]byte{}, row...)
		return false
	}
	if p.err = codec.DecodeRow(row, p.read, 1); p.err != nil {
		return false
	}
	p.size += len(row)
	p.weights = append(p.weights, w)
	if p.s.counts {
		p.keyOf = append(p.keyOf, k)
		p.bytes = append(p.bytes, row...)
		p.ends = append(p.ends, len(p.bytes))
		p.hits = append(p.hits, 0)
		p.ps.hits = p.hits
	}
	if len(row) > p.widest {
		p.widest = len(row)
		p.j.pairs.limit = min(p.j.pairs.limit, rowsWithin(p.widestD+p.widest))
	}
	return true
}

// settle finishes with the rows of s that were read: their pairs, their matches, their own output.
func (p *joinPhase) settle() error {
	if err := p.j.pairs.flush(); err != nil {
		return err
	}
	if p.s.counts {
		start := 0
		for r, end := range p.ends {
			if err := p.settleRow(uint32(r), p.bytes[start:end]); err != nil {
				return err
			}
			start = end
		}
	}
	if err := p.alone.emit(&p.j.pairs, p.s, p.read); err != nil {
		return err
	}
	p.read.Reset()
	p.weights, p.keyOf, p.bytes, p.ends, p.hits = p.weights[:0], p.keyOf[:0], p.bytes[:0], p.ends[:0], p.hits[:0]
	p.size = 0
	return nil
}

// settleRow changes the number of matches of a row of s.
func (p *joinPhase) settleRow(r uint32, row []byte) error {
	if p.hits[r] == 0 {
		return nil
	}
	s, key := p.s, p.j.table.key(p.keyOf[r])
	before, err := s.count(key, row)
	if err != nil {
		return err
	}
	after := before + p.hits[r]
	if after < 0 {
		return fmt.Errorf("a row has %d matches: %w", after, ErrNegative)
	}
	p.alone.add(r, p.weights[r]*(s.when.of(after > 0)-s.when.of(before > 0)))
	return s.setCount(key, row, after)
}

// settleD outputs the rows of d's step by the number of their matches, and keeps that number for those that are there
// after the step.
func (p *joinPhase) settleD(n uint32) error {
	d, t := p.d, &p.j.table
	for k := range n {
		for _, i := range d.of(k) {
			p.aloneD.add(i, d.weights[i]*d.when.of(d.hits[i] > 0))
			if d.matches == nil {
				continue
			}
			d.buf = d.encode(d.buf[:0], i)
			w, err := d.mm.Weight(t.hash(k), t.key(k), d.buf)
			if err != nil {
				return err
			}
			hits := d.hits[i]
			if w <= 0 {
				hits = 0
			}
			if err := d.setCount(t.key(k), d.buf, hits); err != nil {
				return err
			}
		}
	}
	return nil
}

// runOnce joins the rows of the one step that there is, without state.
func (j *join) runOnce() error {
	l, r, p := &j.left, &j.right, &j.pairs
	p.left.from, p.right.from = l.rows, r.rows
	for _, s := range []*joinSide{l, r} {
		if s.when != never {
			s.hits = append(s.hits[:0], make([]int64, s.rows.N)...)
			if s.counts {
				p.of(s).hits = s.hits
			}
		}
	}
	for k := range uint32(j.table.len()) {
		if err := j.keyOnce(k); err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.left.hits, p.right.hits = nil, nil
	for _, s := range []*joinSide{l, r} {
		if s.when == never {
			continue
		}
		var a alone
		for _, i := range s.order {
			a.add(i, s.weights[i]*s.when.of(s.hits[i] > 0))
		}
		if err := a.emit(p, s, s.rows); err != nil {
			return err
		}
	}
	return nil
}

// keyOnce pairs the rows of a key, or notes that they match where that needs no pairs.
func (j *join) keyOnce(k uint32) error {
	l, r, p := &j.left, &j.right, &j.pairs
	for _, s := range []*joinSide{l, r} {
		if s.when != never && !s.counts && len(s.other.of(k)) > 0 {
			for _, i := range s.of(k) {
				s.hits[i] = 1
			}
		}
	}
	if !p.emits && !l.counts && !r.counts {
		return nil
	}
	for _, i := range l.of(k) {
		for _, m := range r.of(k) {
			if err := p.add(&p.left, i, l.weights[i], &p.right, m, r.weights[m]); err != nil {
				return err
			}
		}
	}
	return nil
}
