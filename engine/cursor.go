package engine

import (
	"errors"
	"fmt"

	"millrace/delta"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/types"
)

// cursor reads one input's changes in order of epoch.
type cursor struct {
	in    *input
	types []types.T
	tail  []change
	log   *storage.LogIter
	live  bool   // there is a current change
	epoch uint64 // of the current change
	after uint64 // it is the change since this epoch, or a later one
	batch *delta.Batch
}

// openCursor positions a cursor before the input's changes of (after, to].
func (d *dataflow) openCursor(in *input, after, to uint64) (*cursor, error) {
	c := &cursor{in: in}
	if cs, ok := d.e.tails.read(in.scan.Relation, after, to); ok {
		c.tail = cs
		return c, nil
	}
	r, ok := d.e.Catalog().Relation(in.scan.Relation)
	if !ok {
		return nil, fmt.Errorf("input relation %d is gone", in.scan.Relation)
	}
	c.types = r.Types()
	c.log = d.e.openLog(r, after, to)
	if d.transient {
		if err := d.e.checkHeld(r, after); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// next moves to the next change; false at the end.
func (c *cursor) next() (bool, error) {
	if c.log == nil {
		if len(c.tail) == 0 {
			return false, nil
		}
		c.epoch, c.after, c.batch = c.tail[0].epoch, c.tail[0].after, prune(c.tail[0].batch, c.in.scan.Cols)
		c.tail = c.tail[1:]
		return true, nil
	}
	if !c.log.Next() {
		return false, c.close()
	}
	b, err := codec.Decode(c.log.Value(), c.types, c.in.scan.Cols)
	if err != nil {
		return false, fmt.Errorf("changelog of relation %d at epoch %d: %w", c.in.scan.Relation, c.log.Position().Epoch, err)
	}
	c.epoch, c.batch = c.log.Position().Epoch, b
	if !c.in.view {
		c.after = c.epoch - 1
	}
	return true, nil
}

// close ends the cursor and gives the error that the log ended with. It may be called twice.
func (c *cursor) close() error {
	if c.log == nil {
		return nil
	}
	err := c.log.Close()
	c.log = nil
	return err
}

// prune gives the columns cols of b, sharing them.
func prune(b *delta.Batch, cols []int) *delta.Batch {
	out := &delta.Batch{Cols: make([]*delta.Vec, len(cols)), Weights: b.Weights, N: b.N}
	for i, c := range cols {
		out.Cols[i] = b.Cols[c]
	}
	return out
}

// epochBytesMax is up to which size the changes of one epoch are held together to cancel what both appears and goes.
const epochBytesMax = 128 << 20

// changes gives the changes of the epoch that the cursor stands on, consolidated, and moves on. Of an epoch that is too large
// it gives a part.
func (c *cursor) changes() (epoch uint64, batches []*delta.Batch, err error) {
	epoch = c.epoch
	for bytes := 0; c.live && c.epoch == epoch && bytes <= epochBytesMax; {
		batches = append(batches, c.batch)
		bytes += c.batch.Bytes()
		if c.live, err = c.next(); err != nil {
			return 0, nil, err
		}
	}
	return epoch, merged(batches), nil
}

// merged consolidates changes that belong together. Rows that only appear stay as they are.
func merged(batches []*delta.Batch) []*delta.Batch {
	rows, retracts := 0, false
	for _, b := range batches {
		rows += b.N
		for _, w := range b.Weights {
			retracts = retracts || w < 0
		}
	}
	if !retracts {
		return batches
	}
	all := batches[0]
	if len(batches) > 1 {
		all = delta.NewBatch(all.Types(), rows)
		for _, b := range batches {
			for i := range b.N {
				all.AppendFrom(b, i, b.Weight(i))
			}
		}
	}
	if all = delta.Consolidate(all); all.N == 0 {
		return nil
	}
	return []*delta.Batch{all}
}
