package exec

import (
	"millrace/delta"
	"millrace/storage/codec"
	"millrace/types"
)

// rowWeights adds up the weights of identical rows of a step.
type rowWeights struct {
	table   keyTable // rows in the row format
	weights []int64
}

// add adds a row by its bytes and gives its number.
func (r *rowWeights) add(row []byte, weight int64) (uint32, error) {
	id, added, err := r.table.addOne(row)
	if err != nil {
		return 0, err
	}
	if added {
		r.weights = append(r.weights, 0)
	}
	r.weights[id] += weight
	return id, nil
}

// bytes is about the memory that they take.
func (r *rowWeights) bytes() int { return r.table.bytes() + 8*cap(r.weights) }

func (r *rowWeights) reset() {
	r.table.reset()
	if r.weights = r.weights[:0]; cap(r.weights) > retainedKeys {
		r.weights = nil
	}
}

// consolidator adds up the changes of a step per row and emits at Flush what is left of them. The builder puts it
// behind a root that may emit a row and its opposite in one step.
//
// It holds the step's batches. Nothing can cancel in a step without a retraction, which passes as it is. Otherwise only
// retracted rows go into a table, and insertions are looked up there: an encoding and a probe a row.
type consolidator struct {
	batches []*delta.Batch
	retract bool // a weight is negative
	rows    rowWeights
	at      []rowRef // by number of the row in rows: where it is
	sel     []uint32
	buf     []byte
	out     builder
}

// rowRef is a row of a batch.
type rowRef struct{ batch, row uint32 }

func newConsolidator(ts []types.T, emit func(*delta.Batch) error) *consolidator {
	o := &output{to: []edge{{op: sink{emit}}}}
	return &consolidator{out: newBuilder(o, ts)}
}

// Push implements Operator.
func (c *consolidator) Push(_ int, b *delta.Batch) error {
	c.batches = append(c.batches, b)
	for _, w := range b.Weights {
		c.retract = c.retract || w <= 0
	}
	return nil
}

// Flush implements Operator.
func (c *consolidator) Flush() error {
	if err := c.run(); err != nil {
		return err
	}
	clear(c.batches)
	c.batches, c.at, c.retract = c.batches[:0], c.at[:0], false
	c.rows.reset()
	return c.out.end()
}

func (c *consolidator) run() error {
	if !c.retract {
		for _, b := range c.batches {
			if err := c.out.emit(b); err != nil {
				return err
			}
		}
		return nil
	}
	for n, b := range c.batches {
		if err := c.addRetractions(n, b); err != nil {
			return err
		}
	}
	for _, b := range c.batches {
		if err := c.emitInsertions(b); err != nil {
			return err
		}
	}
	for id, w := range c.rows.weights {
		if w == 0 {
			continue
		}
		r := c.at[id]
		c.out.batch().AppendFrom(c.batches[r.batch], int(r.row), w)
		if err := c.out.spill(); err != nil {
			return err
		}
	}
	return nil
}

// addRetractions puts the retracted rows of batch n into the table.
func (c *consolidator) addRetractions(n int, b *delta.Batch) error {
	for i, w := range b.Weights {
		if w >= 0 {
			continue
		}
		c.buf = codec.AppendRow(c.buf[:0], b, nil, i)
		id, err := c.rows.add(c.buf, w)
		if err != nil {
			return err
		}
		if int(id) == len(c.at) {
			c.at = append(c.at, rowRef{uint32(n), uint32(i)})
		}
	}
	return nil
}

// emitInsertions emits the inserted rows that nobody retracted and adds the others to the table.
func (c *consolidator) emitInsertions(b *delta.Batch) error {
	c.sel = c.sel[:0]
	for i := range b.N {
		w := b.Weight(i)
		if w <= 0 {
			continue
		}
		c.buf = codec.AppendRow(c.buf[:0], b, nil, i)
		if id, found := c.rows.table.findKey(c.buf); found {
			c.rows.weights[id] += w
		} else {
			c.sel = append(c.sel, uint32(i))
		}
	}
	if len(c.sel) == b.N {
		return c.out.emit(b)
	}
	return c.out.emit(b.Gather(c.sel))
}
