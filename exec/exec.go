package exec

import (
	"errors"
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/state"
)

// ErrNegative means that after a step some row, group or value has a multiplicity below zero. It fails the view.
var ErrNegative = state.ErrNegative

// Options are what a dataflow gets from its surroundings.
type Options struct {
	// Space is where operators keep their state; nil only with AdHoc, which keeps some in recursions only: in
	// memory, and in a space of its own where this is nil.
	Space *state.Space
	// Context is what expressions may depend on; nil stands for the default environment without a session.
	Context *expr.Context
	// Emit takes the root's output in immutable batches. An error ends the step and is returned as it is.
	Emit func(*delta.Batch) error
	// OnError takes a failure of operator op (a node's index) on row i of a batch, whose columns are the operator's
	// own choice. The same error comes again with the opposite weight when the row is retracted. nil discards.
	OnError func(op int, err error, row *delta.Batch, i int, weight int64)
	// AdHoc runs a query once: there is one Flush, no input has a negative weight, and the first row error is
	// returned by Push or Flush instead of going to OnError.
	AdHoc bool
	// Fresh says that the state is new, so that the first Flush emits constants and the rows of global aggregates.
	// AdHoc implies it.
	Fresh bool
	// Memory bounds, in bytes, what the operators gather within a step besides their state; more ends the step with
	// state.ErrMemory. 0 is no bound for a view, whose steps the engine bounds by rows, and 256 MiB for an ad-hoc query,
	// all of whose input is one step.
	Memory int64
	// Interrupt is asked once a batch by operators that can make much output of little input; an error ends the
	// step and is returned as it is. nil never interrupts.
	Interrupt func() error
	// Watermarks are those that hold at the start, by relation.
	Watermarks map[uint32]int64
	// OnLate takes the rows that operator op, a physical.Late, found below its mark. nil discards.
	OnLate func(op int, mark int64, rows *delta.Batch) error
	// Now gives a time in nanoseconds that does not go back, for Stats; nil takes none. It is asked twice for each batch
	// that an operator is pushed.
	Now func() int64
}

// Operator is a node at work. Batches that it is pushed are immutable, and so are those that it emits.
type Operator interface {
	// Push takes a change of one input.
	Push(port int, b *delta.Batch) error
	// Flush ends a step: all input of the step has been pushed.
	Flush() error
}

// Dataflow is a plan at work.
type Dataflow struct {
	opt   Options
	plan  *physical.Plan
	ops   []Operator
	outs  []*output
	scans []int
	root  *consolidator // nil when the root's output is consolidated as it is
	timer timer
	held  int64 // bytes gathered by all operators in the present step
	marks marks
	// inRecursion gives for each operator the work table that it depends on, or -1.
	inRecursion []int
	clocked     []clocked // operators that act as time goes on, by index
	now         int64     // the time at which the present step ends
	moving      moving
	fresh       bool // the next Flush is the first over a new state
	done        bool // AdHoc: the one Flush has been
}

// Scans lists the indexes of Scan nodes, ascending.
func (d *Dataflow) Scans() []int { return d.scans }

// Push takes a change of the relation that a Scan node reads. The batch has the scanned columns (Scan.Cols) in that
// order; the scan's filter is applied here. The batch becomes immutable.
func (d *Dataflow) Push(scan int, b *delta.Batch) error {
	if !slices.Contains(d.scans, scan) {
		return fmt.Errorf("exec: operator %d is no scan", scan)
	}
	if b.N == 0 {
		return nil
	}
	d.outs[scan].rowsIn += int64(b.N)
	before := d.timer.enter(d.outs[scan])
	err := d.ops[scan].Push(0, b)
	d.timer.enter(before)
	return err
}

// Flush ends a step. Afterwards the state is ready to be written by Space.WriteTo.
func (d *Dataflow) Flush() error {
	if d.done {
		return errors.New("exec: an ad-hoc query has one step")
	}
	d.moving = moving{op: -1}
	return d.flushAll()
}

func (d *Dataflow) flushAll() error {
	for i := range d.ops {
		if err := d.flush(i); err != nil {
			return err
		}
	}
	d.fresh, d.held = false, 0
	d.marks.endStep()
	for _, o := range d.outs {
		o.held = 0
	}
	d.done = d.opt.AdHoc
	if d.root != nil {
		return d.root.Flush()
	}
	return nil
}

// flush flushes an operator.
func (d *Dataflow) flush(op int) error {
	before := d.timer.enter(d.outs[op])
	err := d.ops[op].Flush()
	d.timer.enter(before)
	return err
}
