package engine

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"millrace/catalog"
	"millrace/exec"
	"millrace/planner/physical"
	"millrace/storage/state"
)

// Status is a dataflow's condition, as shown to users.
type Status string

// The conditions of a dataflow.
const (
	Loading     Status = "loading" // its first contents are being computed
	Running     Status = "running"
	Failed      Status = "failed"
	Quarantined Status = "quarantined" // failed repeatedly; not started until resumed
	Paused      Status = "paused"      // takes no steps until resumed
)

// planNote is the name under which a dataflow's plan fingerprint is stored.
const planNote = "plan"

// dataflow keeps one materialized view or sink current. Its goroutine is the only one that touches plan, flow,
// space and out once it is started.
type dataflow struct {
	e           *Engine
	id          uint32
	rel         atomic.Pointer[catalog.Relation]
	plan        *physical.Plan
	fingerprint string // of the plan, stored with its state
	flow        *exec.Dataflow
	out         *writer

	space  *state.Space
	inputs []input
	fresh  bool // nothing of it is in the store yet
	// clocked says that the plan depends on the log's time.
	clocked bool
	time    timeline
	// roles are those of the plan's nodes where rows look others up on arrival; else nil.
	roles []physical.Role
	// transient says that it serves a follower: it holds no changelog, stores nothing, and has no goroutine of its own.
	transient bool
	// since is an epoch after which all changes of the present step are, if it lies after the frontier.
	since uint64
	// exact says that a step takes one epoch that has changed something, so that each can be told from the next. exactFor counts
	// the views for whose history that is so, itself included; it is under Engine.mu.
	exact    bool
	exactFor int

	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{}
	done   chan struct{}

	// apply is held for writing while a step becomes visible in the store, for reading by whoever reads the
	// view's rows without a snapshot.
	apply sync.RWMutex

	// The rest is under Engine.mu.
	base     []uint32    // streams and tables that it depends on, directly or through views
	ups      []*dataflow // views that it reads
	allUps   []*dataflow // the same, transitively
	frontier uint64      // the last epoch that it has wholly applied
	loading  bool        // its first contents are not complete: it serves no read
	placed   bool        // the frontier is valid, or, while loading, where it will be when loaded
	running  bool
	busy     bool    // it is taking a step
	nextTime int64   // the next time at which its rows change by themselves; noTime is never
	acted    uint64  // of a clocked one: the end of the last step that changed its rows
	stops    []*stop // epochs that a step must end at, ascending
	status   Status
	err      error
	// deliverErr is what ended the delivery of a sink into another relation.
	deliverErr error
	failures   int
	changed    chan struct{} // closed at every change of frontier or status
	stats      Stats
	// shownMarks are the watermarks that the view goes by, as others see them.
	shownMarks map[uint32]int64
	heldFrom   int64 // the least time of the results that are held back, if held
	held       bool
	figures    []exec.OpStats // of the operators, since they were built
}

// Stats counts a dataflow's work since it was started.
type Stats struct {
	Steps, RowsIn, RowsOut int64
	OpenErrors             int64
	LateRows               int64 // that came in all, below the watermark
	// LoadRows of LoadTotal (an estimate) were read by the current or last back-fill.
	LoadRows, LoadTotal int64
}

// input is one Scan of the plan.
type input struct {
	node int
	scan *physical.Scan
	view bool // it scans a view, not a stream or table
}

func (e *Engine) newDataflow(r *catalog.Relation) *dataflow {
	ctx, cancel := context.WithCancel(context.Background())
	d := &dataflow{
		e: e, id: r.ID, ctx: ctx, cancel: cancel,
		wake: make(chan struct{}, 1), done: make(chan struct{}), changed: make(chan struct{}),
		loading: true, status: Loading, nextTime: noTime,
	}
	d.rel.Store(r)
	return d
}

// relation is the view's catalog entry; a rename replaces it.
func (d *dataflow) relation() *catalog.Relation { return d.rel.Load() }

func (d *dataflow) name() string { return d.rel.Load().Name }

// prepare links a dataflow to its inputs, plans it and finds its frontier; Engine.mu is held. What goes wrong is
// recorded as the dataflow's failure. A view that fails stays linked: its inputs keep their changelogs from its
// frontier on, so that it can go on later.
func (e *Engine) prepare(d *dataflow, snap *catalog.Snapshot) {
	e.link(d)
	if err := e.plan(d, snap); err != nil {
		d.status, d.err = Failed, err
		return
	}
	frontier, found, err := e.store.Frontier(d.id)
	if err != nil {
		d.status, d.err = Failed, err
		return
	}
	d.frontier, d.fresh = frontier, !found
	d.loading, d.placed = d.fresh, !d.fresh
	if d.clocked && found {
		// What it waits for is in its state, which its own goroutine reads; until then it takes every time for its own.
		d.acted = frontier
		d.waitUntil(math.MinInt64)
	}
	// Reads that come before the dataflow's first step must know of them.
	if d.stats.OpenErrors, err = e.countErrors(d.id); err != nil {
		d.status, d.err = Failed, err
		return
	}
	late, err := e.countLate(d.id)
	if err != nil {
		d.status, d.err = Failed, err
		return
	}
	d.stats.LateRows = int64(late)
	if d.failures = e.storedFailures(d.id); d.failures >= failuresMax {
		d.status = Quarantined
		d.err = fmt.Errorf("the view failed %d times", d.failures)
	}
}

// plan makes the physical plan; stored state that belongs to another plan is thrown away.
func (e *Engine) plan(d *dataflow, snap *catalog.Snapshot) error {
	return e.planAmong(d, snap, func(id uint32) (*dataflow, bool) { return e.flows[id], e.relations[id] != nil })
}

// planAmong is plan with a look-up of the dataflows and relations that there are.
func (e *Engine) planAmong(d *dataflow, snap *catalog.Snapshot, find func(id uint32) (*dataflow, bool)) error {
	plan, fingerprint, err := e.opt.Plan(d.relation(), snap)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	d.plan, d.clocked, d.roles = plan, plan.Clocked(), plan.Arrivals()
	d.fingerprint = fingerprint
	stored, found, err := e.store.Note(d.id, planNote)
	if err != nil {
		return err
	}
	if found && string(stored) != fingerprint {
		e.log.Warn("the plan of a view has changed with this version; it is computed anew", "view", d.name())
		if err := e.store.DropDataflow(d.id); err != nil {
			return err
		}
	}
	return d.findInputs(find)
}

// findInputs lists the scans of d's plan, by a look-up as of planAmong.
func (d *dataflow) findInputs(find func(id uint32) (*dataflow, bool)) error {
	for i, n := range d.plan.Nodes {
		s, ok := n.(*physical.Scan)
		if !ok {
			continue
		}
		if s.System != "" {
			return fmt.Errorf("a view cannot read the system relation %s", s.System)
		}
		up, known := find(s.Relation)
		if !known {
			return fmt.Errorf("input relation %d is missing", s.Relation)
		}
		d.inputs = append(d.inputs, input{node: i, scan: s, view: up != nil})
	}
	return nil
}
