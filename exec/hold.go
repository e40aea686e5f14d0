package exec

import (
	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/types"
)

// hold keeps rows back until they are final, or tells final rows from others. A row is final when the watermark has passed
// its time: no row that is yet to come can change it, but for those that the view's lateness lets in, which make
// corrections. A row without a time passes at once, and is never final.
//
// State: the rows that are not final, by time. Cost: per distinct row and step an encoding and an entry; a final row costs a
// removal.
type hold struct {
	*output
	n     *physical.Hold
	limit limit
	rows  timed

	step   rowWeights // the step's changes of rows that were not final before it
	at     []int64    // by number of the row in step: its time
	passed rowWeights // the step's changes of rows that pass at once
	final  []bool     // by number of the row in passed
	before int64      // the mark before the step
	buf    []byte
	out    builder
}

func newHold(o *output, n *physical.Hold) (*hold, error) {
	subs := subspace{o: o}
	h := &hold{output: o, n: n, limit: newLimit(o.d, n.Mark, 0), out: newBuilder(o, n.Types)}
	h.before = h.limit.now()
	if !o.d.opt.AdHoc {
		h.rows = newTimed(&subs)
	}
	return h, subs.err
}

// Push implements Operator.
func (h *hold) Push(_ int, b *delta.Batch) error {
	v := b.Cols[h.n.Col]
	for i := range b.N {
		h.buf = codec.AppendRow(h.buf[:0], b, nil, i)
		if v.IsNull(i) || v.Ints[i] < h.before {
			id, err := h.passed.add(h.buf, b.Weight(i))
			if err != nil {
				return err
			}
			if int(id) == len(h.final) {
				h.final = append(h.final, !v.IsNull(i))
			}
			continue
		}
		id, err := h.step.add(h.buf, b.Weight(i))
		if err != nil {
			return err
		}
		if int(id) == len(h.at) {
			h.at = append(h.at, v.Ints[i])
		}
	}
	return h.holds(h.step.bytes() + h.passed.bytes())
}

// Flush implements Operator.
func (h *hold) Flush() error {
	for id, w := range h.passed.weights {
		if err := h.give(h.passed.table.key(uint32(id)), h.final[id], w); err != nil {
			return err
		}
	}
	limit := h.limit.now()
	for id, w := range h.step.weights {
		if w == 0 {
			continue
		}
		row := h.step.table.key(uint32(id))
		if err := h.rows.add(h.at[id], row, w); err != nil {
			return err
		}
		if h.n.Flag && h.at[id] >= limit {
			if err := h.give(row, false, w); err != nil {
				return err
			}
		}
	}
	if err := h.rows.take(limit, h.finish); err != nil {
		return err
	}
	h.before = limit
	h.step.reset()
	h.passed.reset()
	h.at, h.final = h.at[:0], h.final[:0]
	return h.out.end()
}

// FirstHeld gives, after a Flush, the least time of the rows that are not final; ok is false where there are none, or the plan
// holds nothing.
func (d *Dataflow) FirstHeld() (at int64, ok bool, err error) {
	for _, op := range d.ops {
		if h, is := op.(*hold); is {
			return h.rows.first()
		}
	}
	return 0, false, nil
}

// finish gives out a row that has become final.
func (h *hold) finish(_ int64, row []byte, w int64) error {
	if h.n.Flag {
		shown := w // as often it has been given out as not final
		if id, ok := h.step.table.findKey(row); ok {
			shown -= h.step.weights[id]
		}
		if err := h.give(row, false, -shown); err != nil {
			return err
		}
	}
	return h.give(row, true, w)
}

// give adds a row to the output.
func (h *hold) give(row []byte, final bool, w int64) error {
	if w == 0 {
		return nil
	}
	b := h.out.batch()
	cols := b.Cols
	if h.n.Flag {
		last := len(cols) - 1
		cols[last].Append(types.NewBool(final))
		cols = cols[:last]
	}
	if err := codec.DecodeRowInto(row, cols); err != nil {
		return err
	}
	b.AppendRow(nil, w)
	return h.out.spill()
}
