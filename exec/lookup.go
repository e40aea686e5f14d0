package exec

import (
	"encoding/binary"
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// lookup joins left rows, when they come, with the right rows of that moment: of the end of the step, which whoever runs the dataflow
// ends so that it is the end of the rows' epoch (physical.EndsStep).
//
// Algebra: none. The output is a history: a left row adds its pairs once, and takes away what it added when it goes. Of rows that are
// alike in Row the last that came goes first.
//
// State: part 0 holds the right rows per key. Part 1, unless the left is append-only, holds for each left row that is there, under its
// columns of Row and those that are emitted, what it was joined with: the number of its arrival among its like, whether there was a partner, and
// the partner. Arrivals are numbered anew when all of them have gone.
//
// A row with NULL in a key column that is not null-safe meets no other: it is output or dropped at once.
//
// Cost: per right row an entry in the state; per left row a scan of the right rows of its key, read once a step and key, an output row
// for each of them and, unless the left is append-only, as many entries in the state. The right rows of one key are in memory while its
// left rows are joined.
type lookup struct {
	*output
	n           *physical.Lookup
	left, right asOfSide
	joined      *state.Multimap
	table       keyTable
	arriving    []stepRow // left rows that come in the step
	raw         [][]byte  // what was read of the right, in the row format
	weights     []int64
	width       int // columns of a left row as it is kept
	buf         []byte
	entry       []byte // of joined
	out         builder
}

// A row of part 1 begins with the arrival's number and one of these.
const (
	joinedHead      = 9
	joinedNone byte = 0
	joinedOne  byte = 1
)

func newLookup(o *output, n *physical.Lookup) (Operator, error) {
	in := [2]*physical.Output{o.d.plan.Nodes[n.Left_].Out(), o.d.plan.Nodes[n.Right_].Out()}
	if len(n.LeftKeys) != len(n.RightKeys) || len(n.NullSafe) != len(n.LeftKeys) {
		return nil, fmt.Errorf("exec: a look-up with %d, %d and %d keys", len(n.LeftKeys), len(n.RightKeys), len(n.NullSafe))
	}
	l := &lookup{output: o, n: n}
	l.left = newAsOfSide(in[0].Types, n.LeftKeys, n.NullSafe, noTime, false, nil, n.LeftCols)
	l.right = newAsOfSide(in[1].Types, n.RightKeys, n.NullSafe, noTime, false, nil, n.RightCols)
	emitted := len(l.left.rows.cols)
	subs := subspace{o: o}
	l.right.mm = subs.nextMultimap()
	if joined := subs.nextMultimap(); !in[0].AppendOnly {
		l.joined = joined
		l.left.rows.cols = append(append([]int(nil), l.left.rows.cols...), n.Row...)
	}
	if subs.err == nil && l.right.mm == nil {
		return nil, fmt.Errorf("exec: a look-up needs a state")
	}
	l.width = len(l.left.rows.cols)
	ts := append(pick(in[0].Types, l.left.rows.cols), pick(in[1].Types, l.right.rows.cols)...)
	l.out = newBuilder(o, ts)
	if l.width > emitted {
		l.out.cols = upTo(emitted)
		for i := l.width; i < len(ts); i++ {
			l.out.cols = append(l.out.cols, i)
		}
	}
	return l, subs.err
}

// Push implements Operator.
func (l *lookup) Push(port int, b *delta.Batch) error {
	s := &l.left
	if port == 1 {
		s = &l.right
	}
	sel := s.required.of(b)
	if port == 0 && l.n.Outer && sel != nil {
		emitted := len(l.n.Types) - len(l.right.rows.cols)
		if err := l.passAlone(b, sel, s.rows.cols[:emitted], l.n.Types); err != nil {
			return err
		}
	}
	if err := s.add(b, sel, &l.table); err != nil {
		return err
	}
	return l.holds(l.table.bytes() + l.left.step.bytes() + l.right.step.bytes())
}

// Flush implements Operator.
func (l *lookup) Flush() error {
	n := l.table.len()
	if n == 0 {
		return nil
	}
	l.left.step.sortInto(n)
	l.right.step.sortInto(n)
	if err := l.step(n); err != nil {
		return fmt.Errorf("operator %d: %w", l.op, err)
	}
	l.table.reset()
	l.left.step.reset()
	l.right.step.reset()
	if cap(l.arriving) > retainedKeys {
		l.arriving = nil
	}
	return l.out.end()
}

// step takes in the step's n keys: the right's changes, then the left rows that go, then those that come.
func (l *lookup) step(n int) error {
	if err := l.right.mm.Prefetch(&l.table.keys, nil); err != nil {
		return err
	}
	l.arriving = l.arriving[:0]
	for key := range uint32(n) {
		for _, r := range l.right.step.of(key) {
			if err := l.right.mm.Add(l.table.hash(key), l.table.key(key), l.right.step.row(&r), r.weight); err != nil {
				return err
			}
		}
		for _, r := range l.left.step.of(key) {
			if r.weight > 0 {
				l.arriving = append(l.arriving, r)
			}
			for range -r.weight {
				if err := l.depart(l.left.step.row(&r)); err != nil {
					return err
				}
			}
		}
	}
	for i := range l.arriving {
		r := &l.arriving[i]
		if i == 0 || r.group != l.arriving[i-1].group {
			if err := l.read(r.group); err != nil {
				return err
			}
		}
		if err := l.arrive(r); err != nil {
			return err
		}
	}
	return nil
}

// read reads the right rows of a key.
func (l *lookup) read(key uint32) error {
	l.raw, l.weights, l.buf = l.raw[:0], l.weights[:0], l.buf[:0]
	bad := false
	err := l.right.mm.Scan(l.table.hash(key), l.table.key(key), func(row []byte, weight int64) bool {
		bad = bad || weight < 0
		n := len(l.buf)
		l.buf = append(l.buf, l.right.rows.value(row)...)
		l.raw, l.weights = append(l.raw, l.buf[n:len(l.buf):len(l.buf)]), append(l.weights, weight)
		return true
	})
	if bad {
		return ErrNegative
	}
	return err
}

// arrive joins a left row that comes with the rows that were read, once for each of its copies.
func (l *lookup) arrive(r *stepRow) error {
	row := l.left.rows.value(l.left.step.row(r))
	if l.joined == nil {
		return l.pairs(row, r.weight)
	}
	hash := keys.Hash(row)
	last, _, ok, err := l.joined.Last(hash, row)
	if err != nil {
		return err
	}
	next := uint64(0)
	if ok {
		next = binary.BigEndian.Uint64(last) + 1
	}
	for k := range uint64(r.weight) {
		l.entry = binary.BigEndian.AppendUint64(l.entry[:0], next+k)
		if len(l.raw) == 0 {
			err = l.joined.Add(hash, row, append(l.entry, joinedNone), 1)
		}
		for i, partner := range l.raw {
			if err == nil {
				l.entry = append(append(l.entry[:joinedHead-1], joinedOne), partner...)
				err = l.joined.Add(hash, row, l.entry, l.weights[i])
			}
		}
		if err == nil {
			err = l.pairs(row, 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pairs outputs a left row with all that were read.
func (l *lookup) pairs(row []byte, weight int64) error {
	if len(l.raw) == 0 && l.n.Outer {
		return l.out.pair(row, l.width, nil, weight)
	}
	for i, partner := range l.raw {
		w, err := mulWeights(weight, l.weights[i])
		if err != nil {
			return err
		}
		if err := l.out.pair(row, l.width, partner, w); err != nil {
			return err
		}
	}
	return nil
}

// depart takes away what a left row was joined with.
func (l *lookup) depart(stepRow []byte) error {
	if l.joined == nil {
		return fmt.Errorf("exec: a retraction in an input that was planned as append-only")
	}
	row := l.left.rows.value(stepRow)
	hash := keys.Hash(row)
	last, _, ok, err := l.joined.Last(hash, row)
	if err != nil {
		return err
	}
	if !ok || len(last) < joinedHead {
		return ErrNegative
	}
	l.raw, l.weights, l.buf = l.raw[:0], l.weights[:0], l.buf[:0]
	from := append([]byte(nil), last[:joinedHead-1]...)
	err = l.joined.ScanFrom(hash, row, from, func(r []byte, weight int64) bool {
		n := len(l.buf)
		l.buf = append(l.buf, r...)
		l.raw, l.weights = append(l.raw, l.buf[n:len(l.buf):len(l.buf)]), append(l.weights, weight)
		return true
	})
	for i, r := range l.raw {
		if err == nil {
			err = l.joined.Add(hash, row, r, -l.weights[i])
		}
		switch {
		case err != nil:
		case r[joinedHead-1] == joinedOne:
			err = l.out.pair(row, l.width, r[joinedHead:], -l.weights[i])
		case l.n.Outer:
			err = l.out.pair(row, l.width, nil, -1)
		}
	}
	return err
}
