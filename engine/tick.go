package engine

import (
	"context"
	"math"
	"slices"
	"time"
)

// epochTimesKept is how long the times of epochs are kept, to the second. exactTimesKept is how long each epoch has a time
// of its own; longer where a dataflow has yet to step over it. trimTimesEvery bounds the work of forgetting the older.
const (
	epochTimesKept = 7 * 24 * 3600 * 1_000_000
	exactTimesKept = 600 * 1_000_000
	trimTimesEvery = 4096
)

// tickEvery is the least time between two ticks. Rows of a view that depends on the time come and go at most so much late,
// and as much as a commit and a step take.
const tickEvery = 40 * time.Millisecond

// Tick commits the clock's time, and deletes the rows of tables that are too old by then: in as many epochs as that takes, else in
// one that changes nothing. It returns the last. The engine does so by itself when a dataflow waits for a time that has come and
// no other commit has carried it, and when a row has come to its age; with a ManualClock it does not.
func (e *Engine) Tick(ctx context.Context) (uint64, error) {
	epoch, err := e.expireRows(ctx)
	if err != nil || epoch != 0 {
		return epoch, err
	}
	return e.Commit(ctx, &Txn{})
}

// EpochTime gives the commit time of an epoch in microseconds from 2000-01-01 UTC. It is exact for the newest ten minutes
// and wherever a dataflow has yet to step over the epoch; older epochs have the time of the last one in the same second, and those beyond
// Options.EpochTimesKept, and the time of the longest history, the time of the first that is still known. Times never go back, even if the clock has. ok is false
// for an epoch that has not been.
func (e *Engine) EpochTime(epoch uint64) (micros int64, ok bool, err error) {
	return e.store.EpochTime(epoch)
}

// EpochAt gives the last epoch at or before a time, by the times that EpochTime gives: for whole seconds it is exact as long as
// it is known at all. ok is false for times before that.
func (e *Engine) EpochAt(micros int64) (epoch uint64, ok bool, err error) {
	return e.store.EpochAt(micros)
}

// commitTime is the time of the next epoch: the clock's, or the last epoch's where that is later.
func (e *Engine) commitTime() int64 {
	_, last := e.Epoch()
	return max(e.clock.Now(), last)
}

// wakeDue wakes the dataflows that waited for the published time; Engine.mu is held.
func (e *Engine) wakeDue() {
	for _, d := range e.timed {
		if d.nextTime <= e.published.wall {
			d.wakeUp()
		}
	}
}

// nextDue is the earliest time after the published one for which a dataflow waits, or at which a row comes to its age, or noTime.
func (e *Engine) nextDue() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := int64(noTime)
	for _, d := range e.timed {
		if d.nextTime > e.published.wall {
			next = min(next, d.nextTime)
		}
	}
	for _, k := range e.tracked {
		next = min(next, max(k.next, e.published.wall+1))
	}
	cat := e.Catalog()
	for id := range e.oldest {
		next = min(next, e.expiry(id, cat))
	}
	return next
}

// NextDue gives the earliest time for which a view or the age of a row waits; ok is false when none does. Views that have yet
// to follow the last commit do not count: see Settle.
func (e *Engine) NextDue() (micros int64, ok bool) {
	micros = e.nextDue()
	return micros, micros != noTime
}

// Settle waits until every view and sink that is neither failed nor held up by a paused one has followed the last commit, and says what it waits for.
func (e *Engine) Settle(ctx context.Context) error {
	for {
		e.mu.Lock()
		var changed <-chan struct{}
		for _, d := range e.flows {
			// The lowest first: whether a view is there may also change with those below it.
			if !d.settled() && !slices.ContainsFunc(d.allUps, func(u *dataflow) bool { return !u.settled() }) {
				changed = d.changed
				break
			}
		}
		e.mu.Unlock()
		if changed == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// settled reports whether a dataflow has followed the last commit and says what it waits for, or does not run; Engine.mu is held.
func (d *dataflow) settled() bool {
	return d.failure() != nil || d.pausedBy() != nil || d.isCurrent() && d.nextTime != math.MinInt64
}

// runTicks commits a tick whenever a dataflow waits for a time that has come. While none waits it does nothing.
func (e *Engine) runTicks() {
	defer e.background.Done()
	const (
		look = time.Second // a machine's clock may jump, which a timer does not notice
		rest = time.Second // after a failure
	)
	timer := time.NewTimer(look)
	defer timer.Stop()
	last := time.Now().Add(-tickEvery)
	for {
		due, wait := e.nextDue(), time.Duration(math.MaxInt64)
		if due != noTime {
			wait = max(untilDue(due-e.clock.Now()), tickEvery-time.Since(last))
		}
		if wait <= 0 {
			last = time.Now()
			if _, err := e.Tick(context.Background()); err != nil {
				if e.isStopping() {
					return
				}
				e.log.Warn("the time could not be written; views that depend on it wait", "error", err)
				last = last.Add(rest)
			}
			continue
		}
		timer.Reset(min(wait, look))
		timed := timer.C
		if due == noTime {
			timed = nil
		}
		select {
		case <-timed:
		case <-e.dueMoved:
		case <-e.stopped:
			return
		}
	}
}

// untilDue is a wait of so many microseconds, of at most an hour.
func untilDue(micros int64) time.Duration {
	return time.Duration(min(micros, 3600*1_000_000)) * time.Microsecond
}

// trimTimes forgets times of epochs that nobody will ask for exactly. What a dataflow has yet to step over, seen from what is
// durable of it, keeps its times.
func (e *Engine) trimTimes(durable map[uint32]uint64) error {
	e.mu.Lock()
	through, wall := e.published.epoch, e.published.wall
	for _, d := range e.flows {
		if at := durable[d.id]; !d.isCurrent() || at < d.pending() {
			through = min(through, at)
		}
	}
	trimmed := e.timesTrimmed
	kept := max(e.opt.EpochTimesKept, e.longestHistory())
	e.mu.Unlock()
	recent, ok, err := e.store.EpochAt(wall - exactTimesKept)
	if err != nil || !ok {
		return err
	}
	through = min(through, recent)
	if through < trimmed+trimTimesEvery {
		return nil
	}
	old, _, err := e.store.EpochAt(wall - kept)
	if err != nil {
		return err
	}
	if err := e.store.TrimTimes(through, old); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timesTrimmed = max(e.timesTrimmed, through)
	return nil
}
