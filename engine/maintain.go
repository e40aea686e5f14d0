package engine

import (
	"context"
	"errors"
	"time"

	"millrace/catalog"
)

// maintainEvery is how often derived stores are flushed and changelogs trimmed while there is something to do.
// It bounds what a restart must replay.
const maintainEvery = time.Second

// runMaintenance flushes and trims in the background; an idle engine does nothing.
func (e *Engine) runMaintenance() {
	defer e.background.Done()
	ticker := time.NewTicker(maintainEvery)
	defer ticker.Stop()
	var last uint64
	for {
		select {
		case <-e.stopped:
			return
		case <-ticker.C:
		}
		mark := e.progressMark()
		if mark == last {
			continue
		}
		last = mark
		if err := e.Maintain(context.Background()); err != nil {
			e.log.Warn("maintenance failed; it is tried again", "error", err)
		}
	}
}

// progressMark changes whenever some dataflow has taken a step.
func (e *Engine) progressMark() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	var m uint64
	for _, d := range e.flows {
		m += uint64(d.stats.Steps) + d.frontier
	}
	return m
}

// Maintain makes what the dataflows computed durable and trims the changelogs of tables and views below what
// every consumer has durably applied.
func (e *Engine) Maintain(ctx context.Context) error {
	durable, err := e.store.FlushDerived(ctx)
	if err != nil {
		return err
	}
	trims, err := e.trims(durable)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range trims {
		if t.history {
			if err := e.moveHistory(t.rel, t.through); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		if t.view {
			errs = append(errs, e.store.TrimViewLog(t.rel, t.through))
		} else {
			errs = append(errs, e.store.TrimLog(t.rel, t.through))
		}
	}
	errs = append(errs, e.trimTimes(durable))
	return errors.Join(errs...)
}

// trim is a part of a changelog that nobody needs any more.
type trim struct {
	rel     uint32
	through uint64
	view    bool
	history bool // the view keeps its history, which begins there from now on
}

// trims decides what can go, from the frontiers that are durable. A stream's log is its contents and stays. A
// changelog that has no consumers and is no history is not written.
func (e *Engine) trims(durable map[uint32]uint64) ([]trim, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	cat := e.Catalog()
	var out []trim
	for id, r := range e.relations {
		rel, ok := cat.Relation(id)
		if !ok || rel.Kind == catalog.Stream || len(r.consumers) == 0 && rel.Into == 0 && rel.History == 0 {
			continue
		}
		through := e.published.epoch
		if rel.Into != 0 {
			through = r.delivered
		}
		if d := e.flows[id]; d != nil && rel.History > 0 {
			end, err := e.historyEnd(d)
			if err != nil {
				return nil, err
			}
			through = min(end, durable[id])
		}
		for _, c := range r.consumers {
			through = min(through, durable[c.id]) // 0 while nothing of it is durable
		}
		if through > r.trimmed && (rel.History == 0 || through > r.logFloor) {
			r.trimmed = through
			if r.logFloor != noLog {
				r.logFloor = max(r.logFloor, through)
			}
			out = append(out, trim{id, through, rel.Kind != catalog.Table, rel.History > 0})
		}
	}
	return out, nil
}
