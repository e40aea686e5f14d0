package engine

import "slices"

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
		floor = max(up.frontier, up.acted) // a part of a step may have been applied already
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

// relink puts a dataflow in the place of one that has ended in all views over it; Engine.mu is held. Those that had nothing to do
// since have not failed with it, and go on with the new one. It ends its steps where they wait, and as finely as their
// history needs.
func (e *Engine) relink(old, d *dataflow) {
	for _, f := range e.flows {
		i := slices.Index(f.allUps, old)
		if i < 0 {
			continue
		}
		f.allUps[i] = d
		if i := slices.Index(f.ups, old); i >= 0 {
			f.ups[i] = d
		}
		if f.keepsHistory() {
			d.exactFor++
		}
		for _, s := range f.stops {
			d.insertStop(s.epoch, nil)
		}
		f.wakeUp()
	}
}
