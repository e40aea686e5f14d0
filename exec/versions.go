package exec

import (
	"bytes"
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// versions keeps every version of a table's rows: what ends in the table with an update or a deletion stays.
//
// Algebra: the output is a function from key and time to a row, the last that was inserted there. It depends on the order of the
// changes of one key and time, which is that of the table's changelog, and on nothing else: not on steps, since the last of a step is
// the last of all so far.
//
// State: a map from the keys of key columns and time to the row in the row format. It grows with each version.
//
// Cost: per inserted row a key encoding and a probe of the step's table; per version that is touched a look-up and, where it is new or
// differs, an entry in the state and one or two output rows. Retractions cost nothing.
type versions struct {
	*output
	n     *physical.Versions
	cols  []int // key and time
	state *state.Map
	table keyTable  // versions of the step
	last  []bytesAt // by number of the version: its last row
	rows  []byte
	kc    keys.KeyColumn
	out   builder

	expiry *expiry // nil where nothing expires
}

// bytesAt is a part of a buffer.
type bytesAt struct{ from, to int }

func newVersions(o *output, n *physical.Versions) (Operator, error) {
	subs := subspace{o: o}
	v := &versions{output: o, n: n, state: subs.nextMap(), out: newBuilder(o, n.Types)}
	v.expiry = newExpiry(o, n.Expire, &subs)
	v.cols = append(append(v.cols, n.Key...), n.Time)
	if subs.err == nil && v.state == nil {
		return nil, fmt.Errorf("exec: versions need a state")
	}
	return v, subs.err
}

// Push implements Operator.
func (v *versions) Push(_ int, b *delta.Batch) error {
	v.kc.Reset()
	keys.AppendAll(&v.kc, b, v.cols)
	time := b.Cols[v.n.Time]
	for i := range b.N {
		if b.Weight(i) < 0 || time.IsNull(i) {
			continue
		}
		id, err := v.table.addHashed(v.kc.Hash[i], v.kc.Key(i))
		if err != nil {
			return err
		}
		if int(id) == len(v.last) {
			v.last = append(v.last, bytesAt{})
			if v.expiry != nil {
				if err := v.expiry.note(time.Ints[i], 0, v.kc.Key(i)); err != nil {
					return err
				}
			}
		}
		from := len(v.rows)
		v.rows = codec.AppendRow(v.rows, b, nil, i)
		v.last[id] = bytesAt{from, len(v.rows)}
	}
	return v.holds(v.table.bytes() + cap(v.rows) + 16*cap(v.last))
}

// Flush implements Operator.
func (v *versions) Flush() error {
	if err := v.flushStep(); err != nil || v.expiry == nil {
		return err
	}
	return v.expiry.drop(func(_ byte, key []byte) error { return v.state.Delete(keys.Hash(key), key) })
}

func (v *versions) flushStep() error {
	if v.table.len() == 0 {
		return nil
	}
	if err := v.state.Prefetch(&v.table.keys, nil); err != nil {
		return fmt.Errorf("operator %d: %w", v.op, err)
	}
	for id := range uint32(v.table.len()) {
		if err := v.one(id); err != nil {
			return fmt.Errorf("operator %d: %w", v.op, err)
		}
	}
	v.table.reset()
	v.last, v.rows = v.last[:0], v.rows[:0]
	if cap(v.rows) > retainedBytes {
		v.last, v.rows = nil, nil
	}
	return v.out.end()
}

// one takes in a version.
func (v *versions) one(id uint32) error {
	row := v.rows[v.last[id].from:v.last[id].to]
	old, ok, err := v.state.Get(v.table.hash(id), v.table.key(id))
	if err != nil || ok && bytes.Equal(old, row) {
		return err
	}
	if ok {
		if err := v.version(old, -1); err != nil {
			return err
		}
	}
	if err := v.state.Put(v.table.hash(id), v.table.key(id), row); err != nil {
		return err
	}
	return v.version(row, 1)
}

func (v *versions) version(row []byte, weight int64) error {
	b := v.out.batch()
	if err := codec.DecodeRowInto(row, b.Cols); err != nil {
		return err
	}
	b.AppendRow(nil, weight)
	return v.out.spill()
}
