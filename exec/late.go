package exec

import (
	"millrace/delta"
	"millrace/planner/physical"
)

// late takes out the rows that come below the watermark and hands them over: linear, without state. Cost: a comparison a
// row.
type late struct {
	*output
	n     *physical.Late
	limit limit
	good  []uint32
	bad   []uint32
}

func newLate(o *output, n *physical.Late) *late {
	l := &late{output: o, n: n, limit: newLimit(o.d, n.Mark, o.d.plan.Lateness)}
	l.limit.before = n.ByStep
	return l
}

// Push implements Operator.
func (l *late) Push(_ int, b *delta.Batch) error {
	limit := l.limit.now()
	v := b.Cols[l.n.Col]
	l.good, l.bad = l.good[:0], l.bad[:0]
	for i, t := range v.Ints[:b.N] {
		if t < limit && !v.IsNull(i) && (!l.n.Insertions || b.Weight(i) > 0) {
			l.bad = append(l.bad, uint32(i))
		}
	}
	if len(l.bad) == 0 {
		return l.emit(b)
	}
	if l.d.opt.OnLate != nil {
		if err := l.d.opt.OnLate(l.op, limit, b.Gather(l.bad)); err != nil {
			return err
		}
	}
	bad := l.bad
	for i := range uint32(b.N) {
		if len(bad) > 0 && bad[0] == i {
			bad = bad[1:]
			continue
		}
		l.good = append(l.good, i)
	}
	return l.emit(b.Gather(l.good))
}

// Flush implements Operator.
func (l *late) Flush() error { return nil }
