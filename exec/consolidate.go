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
	buf     []byte
}

// add adds row i of b, columns cols (nil is all), and gives its number.
func (r *rowWeights) add(b *delta.Batch, cols []int, i int, weight int64) (uint32, error) {
	r.buf = codec.AppendRow(r.buf[:0], b, cols, i)
	return r.addEncoded(r.buf, weight)
}

// addEncoded adds a row by its bytes.
func (r *rowWeights) addEncoded(row []byte, weight int64) (uint32, error) {
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

func (r *rowWeights) reset() {
	r.table.reset()
	r.weights = r.weights[:0]
	if cap(r.weights) > retainedKeys {
		r.weights = nil
	}
}

// consolidator adds up the changes of a step per row and emits at Flush what is left of them. The builder puts it
// behind a root that may emit a row and its opposite in one step. It costs one encoding and one table look-up a
// row, and holds the distinct rows of the step.
type consolidator struct {
	rows rowWeights
	out  builder
}

func newConsolidator(ts []types.T, emit func(*delta.Batch) error) *consolidator {
	o := &output{to: []edge{{op: sink{emit}}}}
	return &consolidator{out: newBuilder(o, ts)}
}

// Push implements Operator.
func (c *consolidator) Push(_ int, b *delta.Batch) error {
	for i := range b.N {
		if _, err := c.rows.add(b, nil, i, b.Weight(i)); err != nil {
			return err
		}
	}
	return nil
}

// Flush implements Operator.
func (c *consolidator) Flush() error {
	for id, w := range c.rows.weights {
		if w == 0 {
			continue
		}
		if err := codec.DecodeRow(c.rows.table.key(uint32(id)), c.out.batch(), w); err != nil {
			return err
		}
		if err := c.out.spill(); err != nil {
			return err
		}
	}
	c.rows.reset()
	return c.out.end()
}
