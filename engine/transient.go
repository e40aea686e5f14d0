package engine

import (
	"context"
	"fmt"

	"millrace/catalog"
	"millrace/delta"
	"millrace/exec"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/state"
)

// transient follows a query: a view's dataflow in memory, without a writer, that runs in its follower's goroutine.
type transient struct {
	d       *dataflow
	ids     []uint32
	memory  int64
	ctx     context.Context // of the statement that is waiting for it
	context *expr.Context
	emit    func(*delta.Batch) error // takes the output of the present step
	direct  bool                     // output may be given out as it comes
	idle    bool                     // the target is reached without a step
	failed  map[string]*queryFailure
	bytes   int
	out     []*delta.Batch
}

// queryFailure is an error of a row, and how often it is there.
type queryFailure struct {
	err    error
	weight int64
}

// newTransient links a dataflow for a plan; Engine.mu is held.
func (e *Engine) newTransient(o *Following, f *follower) (*transient, error) {
	d := e.newDataflow(&catalog.Relation{Name: "subscription", Kind: catalog.MaterializedView})
	d.plan, d.transient, d.fresh, d.wake = o.Plan, true, true, f.wake
	d.roles = o.Plan.Arrivals()
	switch {
	case o.Plan.Clocked():
		return nil, pgerr.Unsupported("SUBSCRIBE to a query that depends on the current time").WithHint("Follow a materialized view of it.")
	case len(o.Plan.Watermarks) > 0:
		return nil, pgerr.Unsupported("SUBSCRIBE to a query that depends on watermarks").WithHint("Follow a materialized view of it.")
	}
	t := &transient{d: d, memory: o.Memory, context: o.Context, direct: isLinear(o.Plan), failed: map[string]*queryFailure{}}
	if t.memory == 0 {
		t.memory = QueryMemory
	}
	if err := d.findInputs(func(id uint32) (*dataflow, bool) { return e.flows[id], e.relations[id] != nil }); err != nil {
		return nil, err
	}
	for _, in := range d.inputs {
		t.ids = appendNew(t.ids, in.scan.Relation)
	}
	for _, id := range t.ids {
		e.dependOn(d, id)
	}
	d.exact = len(d.ups) == 0 || len(d.inputs) == 1 // several views have ended steps together at some epochs only
	return t, nil
}

// isLinear reports whether a plan's operators keep nothing, so that what comes out of them is the result's.
func isLinear(p *physical.Plan) bool {
	for _, n := range p.Nodes {
		switch n.(type) {
		case *physical.Scan, *physical.Filter, *physical.Project, *physical.Union, *physical.Window:
		default:
			return false
		}
	}
	return true
}

func (t *transient) build() error {
	t.d.space = state.NewSpace(nil, 0, state.NewBudget(t.memory))
	flow, err := exec.Build(t.d.plan, exec.Options{
		Space:   t.d.space,
		Context: t.context,
		Emit:    t.take,
		OnError: t.rowError,
		Fresh:   true,
		Memory:  t.memory,
		Interrupt: func() error {
			if t.ctx.Err() != nil {
				return context.Cause(t.ctx)
			}
			return nil
		},
	})
	t.d.flow = flow
	return err
}

// take takes a batch of the step's output, which is immutable.
func (t *transient) take(b *delta.Batch) error {
	if b.N == 0 {
		return nil
	}
	if t.emit != nil {
		return t.emit(b)
	}
	if t.bytes += b.Bytes(); int64(t.bytes) > t.memory {
		return state.ErrMemory
	}
	t.out = append(t.out, b)
	return nil
}

func (t *transient) rowError(_ int, err error, _ *delta.Batch, _ int, weight int64) {
	key := err.Error()
	f := t.failed[key]
	if f == nil {
		f = &queryFailure{err: err}
		t.failed[key] = f
	}
	if f.weight += weight; f.weight == 0 {
		delete(t.failed, key)
	}
}

// errors gives one of the open row errors, the least by its text, and the number of rows; 0 is none.
func (t *transient) errors() (n int64, one error) {
	least := ""
	for key, f := range t.failed {
		if n += f.weight; one == nil || key < least {
			least, one = key, f.err
		}
	}
	return n, one
}

// load computes the first contents at one epoch. They go to emit as they come where the query keeps nothing, else they are
// gathered.
func (t *transient) load(ctx context.Context, notify func(Behind), begun func(epoch uint64), emit func(*delta.Batch) error) (uint64, error) {
	t.ctx = ctx
	if err := t.build(); err != nil {
		return 0, err
	}
	read, err := t.d.e.beginRead(ctx, t.ids, notify, t.d)
	if err != nil {
		return 0, err
	}
	defer read.Close()
	begun(read.Epoch)
	if t.direct {
		t.emit = emit
		defer func() { t.emit = nil }()
	}
	err = t.d.pushContents(read, func(node int, b *delta.Batch) error {
		if t.ctx.Err() != nil {
			return context.Cause(t.ctx)
		}
		return t.d.flow.Push(node, b)
	})
	if err != nil {
		return 0, err
	}
	if err := t.d.flow.Flush(); err != nil {
		return 0, err
	}
	if err := t.endStep(read.Epoch); err != nil {
		return 0, err
	}
	for _, b := range t.takeOut() {
		if err := emit(b); err != nil {
			return 0, err
		}
	}
	return read.Epoch, nil
}

func (t *transient) takeOut() []*delta.Batch {
	out := t.out
	t.out, t.bytes = nil, 0
	return out
}

// endStep publishes the dataflow's new frontier.
func (t *transient) endStep(epoch uint64) error {
	if err := t.d.space.EndStep(); err != nil {
		return err
	}
	t.d.e.mu.Lock()
	defer t.d.e.mu.Unlock()
	t.d.frontier, t.d.loading, t.d.placed, t.d.fresh = epoch, false, true, false
	return nil
}

// target says how far the next step may go, and whether there is one; Engine.mu is held.
func (t *transient) target() (epoch uint64, ready bool, err error) {
	for _, id := range t.ids {
		if t.d.e.relations[id] == nil {
			return 0, false, &RelationGoneError{Name: t.name(id)}
		}
	}
	for _, u := range t.d.ups {
		if err := u.failure(); err != nil {
			return 0, false, err
		}
	}
	t.d.serveStops()
	if t.idle = t.d.isCurrent(); t.idle {
		return t.d.reached(), true, nil // nothing has changed, which is worth knowing
	}
	return t.d.chooseTarget()
}

// name is what the query calls a relation that is gone.
func (t *transient) name(id uint32) string {
	for _, in := range t.d.inputs {
		if in.scan.Relation == id {
			return in.scan.Name
		}
	}
	return fmt.Sprint(id)
}

// step goes on to the target, or to an epoch before it, and gives the changes, and the epoch that it came to.
func (t *transient) step(ctx context.Context, to uint64) ([]*delta.Batch, uint64, error) {
	t.ctx = ctx
	d := t.d
	if t.idle {
		return nil, to, t.endStep(to)
	}
	for _, in := range d.inputs {
		if r, ok := d.e.Catalog().Relation(in.scan.Relation); !ok || !in.view && !sameColumns(r, in.scan) {
			return nil, 0, &RelationGoneError{Name: in.scan.Name}
		}
	}
	end, _, err := d.pushStep(to)
	if err != nil {
		return nil, 0, err
	}
	if err := t.endStep(end); err != nil {
		return nil, 0, err
	}
	return t.takeOut(), end, nil
}

// sameColumns reports whether a scan's columns are still there.
func sameColumns(r *catalog.Relation, s *physical.Scan) bool {
	for i, c := range s.Cols {
		if c >= len(r.Columns) || r.Columns[c].T != s.Output.Types[i] || r.Columns[c].Dropped {
			return false
		}
	}
	return true
}

// close ends the dataflow.
func (t *transient) close() {
	t.d.cancel()
	if t.d.space != nil {
		t.d.space.Close()
	}
}
