package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"millrace/storage"
)

// failuresMax is how often a view may fail before it is set aside.
const failuresMax = 3

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
