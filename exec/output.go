package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/expr"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

// chunkRows is how many rows operators gather into a batch before they pass it on.
const chunkRows = 4096

// chunkBytes bounds a batch of wide rows in the same way.
const chunkBytes = 4 << 20

// rowsWithin is how many rows of at most so many bytes make a chunk.
func rowsWithin(rowBytes int) int { return min(chunkRows, max(1, chunkBytes/max(1, rowBytes))) }

// dataBytes is the bytes of the columns' variable-length values.
func dataBytes(cols []*delta.Vec) int {
	n := 0
	for _, c := range cols {
		n += len(c.Data)
	}
	return n
}

// output is an operator's connection to its surroundings: where its output goes, and its part of the dataflow.
type output struct {
	d               *Dataflow // nil beyond the root
	op              int
	to              []edge
	rowsIn, rowsOut int64
	held            int64 // bytes that the operator has gathered
	peak            int64 // the most of them
	nanos           int64 // spent in the operator
}

// edge is an input of an operator.
type edge struct {
	op   Operator
	port int
	from *output // of the operator that is pushed to, for its counter; nil at the root
}

// emit passes a batch on. It becomes immutable.
func (o *output) emit(b *delta.Batch) error {
	if b.N == 0 {
		return nil
	}
	o.rowsOut += int64(b.N)
	for _, e := range o.to {
		if e.from != nil {
			e.from.rowsIn += int64(b.N)
		}
		if err := o.push(e, b); err != nil {
			return err
		}
	}
	return nil
}

// push gives an edge a batch.
func (o *output) push(e edge, b *delta.Batch) error {
	if o.d == nil {
		return e.op.Push(e.port, b)
	}
	before := o.d.timer.enter(e.from)
	err := e.op.Push(e.port, b)
	o.d.timer.enter(before)
	return err
}

// fail reports a row error. It returns an error where that ends the query.
func (o *output) fail(err error, row *delta.Batch, i int, weight int64) error {
	if o.d.opt.AdHoc {
		return err
	}
	if o.d.opt.OnError != nil {
		o.d.opt.OnError(o.op, err, row, i, weight)
	}
	return nil
}

// failRows reports the failures of an evaluation over b.
func (o *output) failRows(errs *expr.Errors, b *delta.Batch) error {
	for _, e := range errs.List {
		if err := o.fail(e.Err, b, e.Row, b.Weight(e.Row)); err != nil {
			return err
		}
	}
	return nil
}

// adHocMemory is the default bound on what an ad-hoc query gathers.
const adHocMemory = 256 << 20

// holds notes how many bytes the operator has gathered in the step so far. It fails when all operators together have
// more than they may.
func (o *output) holds(bytes int) error {
	d := o.d
	d.held += int64(bytes) - o.held
	o.held = int64(bytes)
	o.peak = max(o.peak, o.held)
	if d.opt.Memory > 0 && d.held > d.opt.Memory {
		return fmt.Errorf("operator %d: %w", o.op, state.ErrMemory)
	}
	return nil
}

// interrupted asks whether the step is to end.
func (o *output) interrupted() error {
	if o.d == nil || o.d.opt.Interrupt == nil {
		return nil
	}
	return o.d.opt.Interrupt()
}

// sink is the edge beyond the root.
type sink struct{ emit func(*delta.Batch) error }

func (s sink) Push(_ int, b *delta.Batch) error { return s.emit(b) }
func (s sink) Flush() error                     { return nil }

// builder gathers rows into batches of an operator's output types and passes them on when they are full.
type builder struct {
	*output
	types []types.T
	cols  []int // which of the columns are passed on, and in what order; nil is all
	b     *delta.Batch
}

func newBuilder(o *output, ts []types.T) builder { return builder{output: o, types: ts} }

// batch gives the batch to write the next rows to.
func (w *builder) batch() *delta.Batch {
	if w.b == nil {
		w.b = delta.NewBatch(w.types, 16)
	}
	return w.b
}

// pair adds a row of two parts in the row format, of which the first has width columns. nil as the second is NULLs.
func (w *builder) pair(left []byte, width int, right []byte, weight int64) error {
	b := w.batch()
	if err := codec.DecodeRowInto(left, b.Cols[:width]); err != nil {
		return err
	}
	if right == nil {
		for _, c := range b.Cols[width:] {
			c.AppendNull()
		}
	} else if err := codec.DecodeRowInto(right, b.Cols[width:]); err != nil {
		return err
	}
	b.AppendRow(nil, weight)
	return w.spill()
}

// spill passes the batch on if it is full, unless the step is to end.
func (w *builder) spill() error {
	if w.b == nil || w.b.N < chunkRows && dataBytes(w.b.Cols) < chunkBytes {
		return nil
	}
	if err := w.interrupted(); err != nil {
		return err
	}
	return w.end()
}

// end passes on what is there.
func (w *builder) end() error {
	b := w.b
	w.b = nil
	if b == nil {
		return nil
	}
	if w.cols != nil {
		b = &delta.Batch{Cols: pick(b.Cols, w.cols), Weights: b.Weights, N: b.N}
	}
	return w.emit(b)
}
