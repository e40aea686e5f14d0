package engine

import (
	"fmt"
	"slices"
)

// stop is an epoch at which a dataflow must end a step, and who waits for its rows there.
type stop struct {
	epoch   uint64
	waiters []*waiter
	meet    bool // other dataflows step to it as well
	held    int  // followers that end at it
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
