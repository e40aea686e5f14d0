package exec

import (
	"encoding/binary"
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// notIn is NOT IN over one key without a further condition. A left row is output if the right is empty; otherwise
// if no key of the right is NULL, the row's own key is not NULL, and the right does not have it.
//
// Whether the right is empty or has a NULL concerns every left row: when that changes, all left rows are read.
// Otherwise the operator is an anti join.
//
// State: part 0 holds the left rows per key, reduced to the emitted columns; part 1 maps a right key to its number of
// rows, and the empty string to the number of all and of those with a NULL key. Cost as for a join that emits no
// pairs, except for the changes of regime.
type notIn struct {
	*output
	left   joinSide
	right  []int // key column
	rows   *state.Multimap
	counts *state.Map

	table   keyTable
	changes []int64 // per key of the step: change of its number on the right
	null    []byte  // the key of NULL
	out     builder
	kc      keys.KeyColumn
	ids     []uint32
	buf     []byte
}

// regime is what the right side means for every left row.
type regime struct{ all, nulls int64 }

// active gives 1 for a left row that is output, else 0.
func (r regime) active(null, match bool) int64 {
	if r.all == 0 || r.nulls == 0 && !null && !match {
		return 1
	}
	return 0
}

// like reports whether r and o mean the same.
func (r regime) like(o regime) bool {
	return (r.all == 0) == (o.all == 0) && (r.nulls == 0) == (o.nulls == 0)
}

func newNotIn(o *output, n *physical.Join) (*notIn, error) {
	if len(n.LeftKeys) != 1 || len(n.RightKeys) != 1 || n.Kind != physical.Anti {
		return nil, fmt.Errorf("exec: NOT IN is an anti join over one key")
	}
	in := o.d.plan.Nodes[n.Left_].Out().Types
	subs := subspace{o: o}
	x := &notIn{output: o, left: newJoinSide(in, n.LeftKeys, n.LeftCols, unmatched), right: n.RightKeys}
	x.left.settle(in)
	x.out = newBuilder(o, x.left.types)
	x.out.cols = x.left.emit
	x.rows, x.counts = subs.nextMultimap(), subs.nextMap()
	null := delta.NewBatch(in[n.LeftKeys[0]:n.LeftKeys[0]+1], 1)
	null.Cols[0].AppendNull()
	x.null = keys.AppendRow(nil, null.Cols, 0)
	return x, subs.err
}

// Push implements Operator.
func (x *notIn) Push(port int, b *delta.Batch) (err error) {
	if port == 0 {
		if err := x.left.add(b, nil, &x.table); err != nil {
			return err
		}
		return x.holds(x.table.bytes() + x.left.bytes())
	}
	if x.ids, err = x.table.number(&x.kc, b, x.right, nil, x.ids[:0]); err != nil {
		return err
	}
	x.grow()
	for i, id := range x.ids {
		x.changes[id] += b.Weight(i)
	}
	return x.holds(x.table.bytes() + x.left.bytes())
}

func (x *notIn) grow() {
	for len(x.changes) < x.table.len() {
		x.changes = append(x.changes, 0)
	}
}

// Flush implements Operator.
func (x *notIn) Flush() error {
	n := x.table.len()
	if n == 0 {
		return nil
	}
	x.grow()
	if err := x.left.arrange(n); err != nil {
		return err
	}
	if err := x.run(); err != nil {
		return fmt.Errorf("operator %d: %w", x.op, err)
	}
	x.table.reset()
	x.left.reset()
	x.changes = x.changes[:0]
	return x.out.end()
}

func (x *notIn) run() error {
	before, after, err := x.countAll()
	if err != nil {
		return err
	}
	matchOld, matchNew, err := x.countKeys()
	if err != nil {
		return err
	}
	if x.rows == nil {
		return x.step(after, matchNew) // the only step
	}
	if err := x.step(before, matchOld); err != nil {
		return err
	}
	if !before.like(after) {
		return x.changeRegime(before, after, matchOld, matchNew)
	}
	for id := range matchOld {
		w := after.active(x.isNull(uint32(id)), matchNew[id]) - before.active(x.isNull(uint32(id)), matchOld[id])
		if w == 0 {
			continue
		}
		if err := x.group(uint32(id), w); err != nil {
			return err
		}
	}
	return nil
}

func (x *notIn) isNull(id uint32) bool { return string(x.table.key(id)) == string(x.null) }

// step outputs the left rows of the step as the right side was, and adds them to the state.
func (x *notIn) step(r regime, match []bool) error {
	for id, m := range match {
		c := r.active(x.isNull(uint32(id)), m)
		for _, i := range x.left.of(uint32(id)) {
			w := x.left.weights[i]
			x.buf = x.left.encode(x.buf[:0], i)
			if x.rows != nil {
				if err := x.rows.Add(x.table.hash(uint32(id)), x.table.key(uint32(id)), x.buf, w); err != nil {
					return err
				}
			}
			if c != 0 {
				if err := x.emitRow(x.buf, w); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// countAll changes the numbers that hold for the whole right side.
func (x *notIn) countAll() (before, after regime, err error) {
	if x.counts != nil {
		v, _, err := x.counts.Get(keys.Hash(nil), nil)
		if err != nil {
			return before, after, err
		}
		if n, _, err := parseSides(v); err != nil {
			return before, after, err
		} else if v != nil {
			before = regime{n[0], n[1]}
		}
	}
	after = before
	for id, w := range x.changes {
		after.all += w
		if w != 0 && x.isNull(uint32(id)) {
			after.nulls += w
		}
	}
	if after.all < 0 || after.nulls < 0 {
		return before, after, ErrNegative
	}
	if x.counts == nil || after == before {
		return before, after, nil
	}
	if after == (regime{}) {
		return before, after, x.counts.Delete(keys.Hash(nil), nil)
	}
	x.buf = binary.AppendVarint(binary.AppendVarint(x.buf[:0], after.all), after.nulls)
	return before, after, x.counts.Put(keys.Hash(nil), nil, x.buf)
}

// countKeys changes the numbers of the step's keys and says which were and are on the right.
func (x *notIn) countKeys() (before, after []bool, err error) {
	before, after = make([]bool, len(x.changes)), make([]bool, len(x.changes))
	if x.counts != nil {
		if err := x.counts.Prefetch(&x.table.keys, nil); err != nil {
			return nil, nil, err
		}
	}
	for id, w := range x.changes {
		n, err := x.count(uint32(id))
		if err != nil {
			return nil, nil, err
		}
		before[id], after[id] = n > 0, n+w > 0
		if n+w < 0 {
			return nil, nil, ErrNegative
		}
		if w == 0 || x.counts == nil {
			continue
		}
		h, key := x.table.hash(uint32(id)), x.table.key(uint32(id))
		if n+w == 0 {
			err = x.counts.Delete(h, key)
		} else {
			x.buf = binary.AppendVarint(x.buf[:0], n+w)
			err = x.counts.Put(h, key, x.buf)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return before, after, nil
}

// count reads the number of right rows of a key of the step.
func (x *notIn) count(id uint32) (int64, error) {
	if x.counts == nil {
		return 0, nil
	}
	return x.countOf(x.table.hash(id), x.table.key(id))
}

func (x *notIn) countOf(hash uint64, key []byte) (int64, error) {
	v, ok, err := x.counts.Get(hash, key)
	if err != nil || !ok {
		return 0, err
	}
	n, k := binary.Varint(v)
	if k <= 0 {
		return 0, errState
	}
	return n, nil
}

// storedRow is a left row on its way from the state to the output.
type storedRow struct {
	group, row []byte
	weight     int64
}

// group outputs the left rows of a key, times c.
func (x *notIn) group(id uint32, c int64) error {
	var rows []storedRow
	var bad bool
	err := x.rows.Scan(x.table.hash(id), x.table.key(id), func(row []byte, w int64) bool {
		bad = bad || w < 0
		rows = append(rows, storedRow{row: append([]byte(nil), row...), weight: w})
		return true
	})
	if err == nil && bad {
		err = ErrNegative
	}
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := x.emitRow(r.row, c*r.weight); err != nil {
			return err
		}
	}
	return nil
}

// changeRegime outputs the change of every left row. It holds all of them in memory, since nothing may be emitted
// while the state is read.
func (x *notIn) changeRegime(before, after regime, matchOld, matchNew []bool) error {
	var rows []storedRow
	var bad bool
	err := x.rows.ScanAll(func(group, row []byte, w int64) bool {
		bad = bad || w < 0
		buf := append(append(make([]byte, 0, len(group)+len(row)), group...), row...)
		rows = append(rows, storedRow{group: buf[:len(group)], row: buf[len(group):], weight: w})
		return true
	})
	if err == nil && bad {
		err = ErrNegative
	}
	if err != nil {
		return err
	}
	for _, r := range rows {
		hash := keys.Hash(r.group)
		var was, is bool
		if id, ok := x.table.find(hash, r.group); ok {
			was, is = matchOld[id], matchNew[id]
		} else {
			n, err := x.countOf(hash, r.group)
			if err != nil {
				return err
			}
			was, is = n > 0, n > 0
		}
		null := string(r.group) == string(x.null)
		if w := r.weight * (after.active(null, is) - before.active(null, was)); w != 0 {
			if err := x.emitRow(r.row, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// emitRow outputs an encoded left row.
func (x *notIn) emitRow(row []byte, w int64) error {
	if err := codec.DecodeRow(row, x.out.batch(), w); err != nil {
		return err
	}
	return x.out.spill()
}
