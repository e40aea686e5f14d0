package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"millrace/catalog"
)

// A paused view or sink takes no steps: it keeps its rows as of its frontier, and its inputs keep their changelogs from
// there on, which is what RESUME goes on from. It is paused as long as its catalog entry says so, through restarts. Views
// over it wait at their own frontiers. It does nothing else: its goroutine lives, and a drop ends it like any other.

// errPaused ends a step under way of a view that is paused.
var errPaused = errors.New("the view is paused")

// PausedError means that a read would have to wait for a view that is paused.
type PausedError struct {
	View   string // that was to be read
	Paused string // View, or a view that it reads
}

func (p *PausedError) Error() string {
	if p.View == p.Paused {
		return fmt.Sprintf("materialized view %q is paused", p.View)
	}
	return fmt.Sprintf("materialized view %q waits for materialized view %q, which is paused", p.View, p.Paused)
}

func (d *dataflow) paused() bool { return d.relation().Paused() }

// pausedBy gives the paused view without which d does not go on: d itself or one below it; nil when there is none.
// Engine.mu is held.
func (d *dataflow) pausedBy() *dataflow {
	if d.paused() {
		return d
	}
	for _, u := range d.allUps {
		if u.paused() {
			return u
		}
	}
	return nil
}

// pausedError is the error of a read of d that does not take rows as they are; Engine.mu is held. Whether any input has changed
// since makes no difference, so that a read does not begin to fail at some commit long after the PAUSE.
func (d *dataflow) pausedError() error {
	if by := d.pausedBy(); by != nil {
		return &PausedError{View: d.name(), Paused: by.name()}
	}
	return nil
}

// interrupted is why the step under way should end. A step that is given up is taken again from what is stored. Not
// so the first contents, and not the steps of a view with a clock, which may be written in parts.
func (d *dataflow) interrupted() error {
	switch {
	case d.ctx.Err() != nil:
		return ErrStopped
	case !d.fresh && !d.clocked && d.paused():
		return errPaused
	}
	return nil
}

// turnAway answers the readers that wait for a view that is now paused, or for one over it; Engine.mu is held.
func (e *Engine) turnAway(d *dataflow) {
	for _, f := range e.flows {
		if f != d && !slices.Contains(f.allUps, d) {
			continue
		}
		reached := f.reached()
		for _, s := range f.stops {
			if s.epoch <= reached {
				continue // they are about to get their rows
			}
			for _, w := range s.waiters {
				w.answer(nil, f.pausedError())
			}
			s.waiters = nil
		}
	}
}

// follow takes a changed catalog entry over; Engine.mu is held.
func (d *dataflow) follow(r *catalog.Relation) {
	was := d.paused()
	d.rel.Store(r)
	if r.Paused() == was {
		return
	}
	if !was {
		d.e.turnAway(d)
	}
	d.wakeUp()
	d.broadcast()
}

// settlePauses carries out what a catalog change has paused or resumed; Engine.ddl is held. A view that is paused has ended
// its step when this returns, and its rows are on disk, so that they are the same after a crash; when ctx ends before, it
// is paused all the same.
func (e *Engine) settlePauses(ctx context.Context, before *catalog.Snapshot, updated []*catalog.Relation) error {
	flush := false
	for _, r := range updated {
		old, ok := before.Relation(r.ID)
		if !ok || old.Paused() == r.Paused() {
			continue
		}
		e.mu.Lock()
		d := e.flows[r.ID]
		e.mu.Unlock()
		switch {
		case d == nil:
		case r.Paused():
			flush = true
			e.rest(ctx, d)
		default:
			if err := e.restart(d); err != nil {
				return err
			}
		}
	}
	if !flush || ctx.Err() != nil {
		return nil
	}
	_, err := e.store.FlushDerived(ctx)
	return err
}

// rest waits until a paused view has ended the step that it was in.
func (e *Engine) rest(ctx context.Context, d *dataflow) {
	for {
		e.mu.Lock()
		idle, changed := !d.running || !d.busy, d.changed
		e.mu.Unlock()
		if idle {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
