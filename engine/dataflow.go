package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"millrace/catalog"
	"millrace/exec"
	"millrace/planner/physical"
	"millrace/storage"
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

// failuresMax is how often a view may fail before it is set aside.
const failuresMax = 3

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

// stop is an epoch at which a dataflow must end a step, and who waits for its rows there.
type stop struct {
	epoch   uint64
	waiters []*waiter
	meet    bool // other dataflows step to it as well
	held    int  // followers that end at it
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

// link computes what d depends on and subscribes it to its inputs' changelogs; Engine.mu is held.
func (e *Engine) link(d *dataflow) {
	for _, id := range d.relation().DependsOn {
		r := e.relations[id]
		if r == nil {
			continue // a plain view: what it reads is in the list, too
		}
		if len(r.consumers) == 0 && e.flows[id] == nil {
			r.logFloor = e.published.epoch // the committer writes it from the next epoch on
		}
		if !slices.Contains(r.consumers, d) {
			r.consumers = append(r.consumers, d)
		}
		e.dependOn(d, id)
	}
	d.countExact(1)
}

// dependOn computes what d depends on through an input, and opens the input's tail; Engine.mu is held.
func (e *Engine) dependOn(d *dataflow, id uint32) {
	e.openTail(id)
	up := e.flows[id]
	if up == nil {
		d.base = appendNew(d.base, id)
		return
	}
	d.ups = appendNew(d.ups, up)
	for _, b := range up.base {
		d.base = appendNew(d.base, b)
	}
	for _, u := range append([]*dataflow{up}, up.allUps...) {
		d.allUps = appendNew(d.allUps, u)
	}
}

// openTail begins to hold a relation's changes in memory; Engine.mu is held. The committer appends under Engine.mu, so all
// later changes will be there. A view that is behind has yet to emit changes of epochs before the published one.
func (e *Engine) openTail(id uint32) {
	floor := e.published.epoch
	if up := e.flows[id]; up != nil {
		floor = up.frontier
	}
	e.tails.open(id, floor)
}

// closeTail ends that when nobody reads the tail any more; Engine.mu is held.
func (e *Engine) closeTail(r *relation) {
	if len(r.consumers) == 0 && r.following == 0 {
		e.tails.close(r.id)
	}
}

// unlink undoes link; Engine.mu is held.
func (e *Engine) unlink(d *dataflow) {
	for _, id := range d.relation().DependsOn {
		r := e.relations[id]
		if r == nil {
			continue
		}
		r.consumers = slices.DeleteFunc(r.consumers, func(x *dataflow) bool { return x == d })
		if len(r.consumers) == 0 && e.flows[id] == nil {
			r.logFloor = noLog
		}
		e.closeTail(r)
	}
	d.countExact(-1)
	delete(e.timed, d.id)
}

func appendNew[E comparable](s []E, x E) []E {
	if slices.Contains(s, x) {
		return s
	}
	return append(s, x)
}

// start runs the dataflow's goroutine unless its status forbids it; Engine.mu is held.
func (d *dataflow) start() {
	if d.status == Failed || d.status == Quarantined {
		close(d.done)
		return
	}
	d.running = true
	go d.run()
}

// stop ends the goroutine and waits for it. A stopped dataflow serves no read.
func (d *dataflow) stop() {
	d.cancel()
	<-d.done
}

func (d *dataflow) wakeUp() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// pending is the last epoch that changed an input or, by its time, the rows of this view or one below it; Engine.mu is
// held.
func (d *dataflow) pending() uint64 {
	p := d.timePending()
	for _, u := range d.allUps {
		p = max(p, u.timePending())
	}
	for _, b := range d.base {
		if r := d.e.relations[b]; r != nil {
			p = max(p, r.lastChange)
		}
	}
	return p
}

// reached is the epoch that the view's rows stand for: the published one when no input has changed since its
// frontier; Engine.mu is held.
func (d *dataflow) reached() uint64 {
	if d.loading {
		return 0
	}
	if d.frontier >= d.pending() {
		return max(d.frontier, d.e.published.epoch)
	}
	return d.frontier
}

// isCurrent reports whether the view's rows stand for the published epoch; Engine.mu is held.
func (d *dataflow) isCurrent() bool { return !d.loading && d.frontier >= d.pending() }

func (d *dataflow) run() {
	defer close(d.done)
	err := d.runRecovered()
	if d.out != nil && d.out.sink != nil {
		err = errors.Join(err, d.out.sink.Close())
	}
	if d.ctx.Err() != nil {
		err = ErrStopped
	}
	d.fail(err)
}

// runRecovered is the dataflow's life; a panic in it is an error of this view and of nothing else.
func (d *dataflow) runRecovered() (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.e.log.Error("a view panicked", "view", d.name(), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	defer func() {
		if d.space != nil {
			d.space.Close() // its iterators must not outlive the store
		}
	}()
	if err := d.build(); err != nil {
		return err
	}
	recovered := !d.fresh
	if d.fresh {
		if err := d.load(); err != nil {
			return err
		}
	}
	if d.delivers() {
		stop, err := d.startDelivery(recovered)
		if err != nil {
			return err
		}
		defer stop()
	}
	d.setStatus(Running)
	for {
		target, err := d.next()
		if err != nil {
			return err
		}
		err = d.step(target)
		switch {
		case errors.Is(err, errPaused):
			if err := d.rebuild(); err != nil {
				return err
			}
			continue
		case errors.Is(err, storage.ErrDiskFull):
			err = d.waitForDisk(err)
		}
		if err != nil {
			return err
		}
		d.forgetFailures()
	}
}

// waitForDisk waits a while and builds the operators anew from what is stored: a full disk is no fault of the view.
func (d *dataflow) waitForDisk(cause error) error {
	d.e.log.Warn("a view waits for space on the disk", "view", d.name(), "error", cause)
	select {
	case <-time.After(time.Second):
	case <-d.ctx.Done():
		return ErrStopped
	}
	return d.rebuild()
}

// rebuild makes the operators anew from what is stored; what a step that was given up has left in memory is gone.
func (d *dataflow) rebuild() error {
	d.space.Close()
	if d.out.sink != nil {
		if err := d.out.sink.Close(); err != nil {
			d.e.log.Warn("a sink could not be closed; it is opened anew", "sink", d.name(), "error", err)
		}
		d.out.sink = nil
	}
	return d.build()
}

// forgetFailures clears the count of failures once the view has got past them.
func (d *dataflow) forgetFailures() {
	if d.failures == 0 {
		return
	}
	d.e.mu.Lock()
	d.failures = 0
	d.e.mu.Unlock()
	if err := d.e.storeFailures(d.id, 0); err != nil && !errors.Is(err, ErrStopped) {
		d.e.log.Warn("could not clear the failure count of a view", "view", d.name(), "error", err)
	}
}

// setStatus changes the status and tells who waits for it.
func (d *dataflow) setStatus(s Status) {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.status = s
	d.broadcast()
}

// broadcast wakes all who wait for a change; Engine.mu is held.
func (d *dataflow) broadcast() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// fail ends the dataflow's service: waiting reads get the error, and so do views over this one.
func (d *dataflow) fail(err error) {
	e := d.e
	e.mu.Lock()
	d.running = false
	d.waitUntil(noTime)
	if !errors.Is(err, ErrStopped) {
		d.status, d.err = Failed, err
		d.failures++
		e.log.Error("a view failed", "view", d.name(), "frontier", d.frontier, "error", err)
	} else if d.err = err; !e.isStopping() {
		d.err = &RelationGoneError{Name: d.name()} // it was dropped, which is what its readers are told
	}
	for _, s := range d.stops {
		for _, w := range s.waiters {
			w.answer(nil, d.failure())
		}
	}
	d.stops = nil
	d.broadcast()
	for _, c := range e.relations[d.id].consumersOrNone() {
		c.wakeUp()
	}
	e.followers.changed(d.id, true)
	failures := d.failures
	e.mu.Unlock()
	if errors.Is(err, ErrStopped) {
		return
	}
	if err := e.storeFailures(d.id, failures); err != nil && !errors.Is(err, ErrStopped) {
		e.log.Warn("could not record the failure of a view", "view", d.name(), "error", err)
	}
}

func (r *relation) consumersOrNone() []*dataflow {
	if r == nil {
		return nil
	}
	return r.consumers
}

// ViewError means that a view does not serve reads.
type ViewError struct {
	View   string
	Status Status
	Err    error
}

func (v *ViewError) Error() string {
	return fmt.Sprintf("materialized view %q is %s: %v", v.View, v.Status, v.Err)
}

func (v *ViewError) Unwrap() error { return v.Err }

// failure is why d serves nothing, or nil; Engine.mu is held.
func (d *dataflow) failure() error {
	switch {
	case d.status == Failed || d.status == Quarantined:
		return &ViewError{View: d.name(), Status: d.status, Err: d.err}
	case d.err != nil:
		return d.err
	}
	return nil
}

// next waits for work and gives the epoch to step to.
func (d *dataflow) next() (uint64, error) {
	e := d.e
	for {
		e.mu.Lock()
		if d.busy && d.paused() {
			d.broadcast() // see rest
		}
		d.serveStops()
		target, ready, err := d.chooseTarget()
		if d.deliverErr != nil {
			err = d.deliverErr
		}
		d.busy = ready && err == nil
		d.exact = d.exactFor > 0
		e.mu.Unlock()
		if err != nil {
			return 0, err
		}
		if ready {
			return target, nil
		}
		if e.budget.Exceeded() {
			if err := d.space.Trim(); err != nil {
				return 0, err
			}
		}
		// Views wake their consumers at every step, so one channel serves every reason to look again.
		select {
		case <-d.wake:
		case <-d.ctx.Done():
			return 0, ErrStopped
		}
	}
}

// chooseTarget decides how far the next step may go; Engine.mu is held. A step never crosses a stop, and ends
// where every input view has ended a step, too.
func (d *dataflow) chooseTarget() (target uint64, ready bool, err error) {
	if d.isCurrent() || d.paused() {
		return 0, false, nil
	}
	target = d.e.published.epoch
	if len(d.stops) > 0 {
		target = min(target, d.stops[0].epoch)
	}
	for _, u := range d.ups {
		if err := u.failure(); err != nil {
			return 0, false, fmt.Errorf("input view: %w", err)
		}
	}
	if len(d.ups) == 1 && len(d.inputs) == 1 && d.inputs[0].view {
		// A single view: wherever it ended a step is a place to end ours.
		target = min(target, d.ups[0].reached())
		return target, target > d.frontier, nil
	}
	ready = true
	for _, u := range d.ups {
		if u.reached() < target {
			ready = false
		}
	}
	if !ready {
		if len(d.stops) == 0 || d.stops[0].epoch > target {
			// Meet the inputs at the published epoch: no view has passed it yet, so all can stop there.
			d.addStop(target, nil)
		}
		return 0, false, nil
	}
	return target, true, nil
}

// addStop makes d, and every view below it, end a step at epoch, which must not be behind any of them;
// Engine.mu is held. The waiter, if any, gets a snapshot of d's rows there.
func (d *dataflow) addStop(epoch uint64, w *waiter) {
	for _, u := range d.allUps {
		u.insertStop(epoch, nil)
	}
	d.insertStop(epoch, w)
}

func (d *dataflow) insertStop(epoch uint64, w *waiter) {
	s := d.stopAt(epoch)
	if w != nil {
		s.waiters = append(s.waiters, w)
	} else {
		s.meet = true
	}
	d.wakeUp()
}

// holdStop makes d, and every view below it, end a step at an epoch that may lie ahead. The function that it returns says that
// this is wanted no longer. Engine.mu is held, in both.
func (d *dataflow) holdStop(epoch uint64) (release func()) {
	flows := append([]*dataflow{d}, d.allUps...)
	stops := make([]*stop, len(flows))
	for i, u := range flows {
		stops[i] = u.stopAt(epoch)
		stops[i].held++
		u.wakeUp()
	}
	return func() {
		for i, u := range flows {
			s := stops[i]
			if s.held--; s.held == 0 && !s.meet && len(s.waiters) == 0 {
				u.stops = slices.DeleteFunc(u.stops, func(x *stop) bool { return x == s })
			}
		}
	}
}

// stopAt finds or makes a stop.
func (d *dataflow) stopAt(epoch uint64) *stop {
	i, found := slices.BinarySearchFunc(d.stops, epoch, func(s *stop, e uint64) int {
		switch {
		case s.epoch < e:
			return -1
		case s.epoch > e:
			return 1
		}
		return 0
	})
	if !found {
		d.stops = slices.Insert(d.stops, i, &stop{epoch: epoch})
	}
	return d.stops[i]
}

// serveStops hands a snapshot to the waiters of every stop that is reached; Engine.mu is held, and no step is
// being applied since this is the dataflow's own goroutine.
func (d *dataflow) serveStops() {
	reached := d.reached()
	for len(d.stops) > 0 && d.stops[0].epoch <= reached {
		s := d.stops[0]
		d.stops = d.stops[1:]
		if len(s.waiters) == 0 {
			continue
		}
		snap := d.e.newDerivedShared(len(s.waiters))
		for _, w := range s.waiters {
			w.answer(snap, nil)
		}
	}
}
