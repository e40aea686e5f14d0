package engine

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"millrace/catalog"
)

// behindAfter is how long a read waits before it tells the client which view it waits for.
const behindAfter = time.Second

// Behind says that a read is waiting for a view.
type Behind struct {
	View     string
	Frontier uint64
	Target   uint64
	Loading  bool
	Rows     int64 // read so far by a back-fill
	Total    int64 // estimate; 0 unknown
}

// Read is a set of relations at one epoch. Close it.
type Read struct {
	e     *Engine
	Epoch uint64
	Wall  int64 // the epoch's commit time
	snap  *sharedSnapshot
	views map[uint32]*derivedShared
	// promised are views that were asked for their rows at the epoch and not waited for yet.
	promised map[uint32]promise
	cat      *catalog.Snapshot
}

// promise is a place in a view's queue.
type promise struct {
	d *dataflow
	w *waiter
}

// waiter waits for a view's rows at an epoch.
type waiter struct {
	ch chan answer // capacity 1
}

type answer struct {
	snap *derivedShared
	err  error
}

// answer never blocks: a waiter is answered once.
func (w *waiter) answer(s *derivedShared, err error) { w.ch <- answer{s, err} }

// BeginRead takes the published epoch and gets every named relation at exactly that epoch, waiting for views
// that have not reached it. After a second of waiting, notify (if not nil) is told once for each view that is
// behind. Names of relations that are not views cost nothing.
func (e *Engine) BeginRead(ctx context.Context, relations []uint32, notify func(Behind)) (*Read, error) {
	return e.beginRead(ctx, relations, notify, nil)
}

// BeginReadAll is BeginRead for a transaction that may read more relations later: every view is asked for its rows
// at the epoch, and only the named ones are waited for. See Include.
func (e *Engine) BeginReadAll(ctx context.Context, relations []uint32, notify func(Behind)) (*Read, error) {
	// New views choose their place when they begin to load, not when they have loaded: this does not wait long.
	if err := e.lockPlaced(ctx, func() []uint32 { return slices.Collect(maps.Keys(e.flows)) }, false); err != nil {
		return nil, err
	}
	r, err := e.newRead()
	if err != nil {
		e.mu.Unlock()
		return nil, err
	}
	for id, d := range e.flows {
		if d.failure() == nil && d.pausedBy() == nil {
			r.ask(id, d)
		}
	}
	e.mu.Unlock()
	if err := r.Include(ctx, relations, notify); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Include waits for more relations of a read that BeginReadAll began. A view that was created since cannot be read at
// the read's epoch.
func (r *Read) Include(ctx context.Context, relations []uint32, notify func(Behind)) error {
	for _, id := range relations {
		r.e.mu.Lock()
		d := r.e.flows[id]
		var held error
		if d != nil {
			held = d.pausedError()
		}
		r.e.mu.Unlock()
		if r.views[id] != nil {
			continue
		}
		if d == nil {
			if rel, ok := r.cat.Relation(id); ok && rel.Kind == catalog.MaterializedView {
				return &RelationGoneError{Name: rel.Name} // it was there when the read began
			}
			continue
		}
		p, ok := r.promised[id]
		if !ok && held != nil {
			return held
		}
		if !ok {
			return &ViewError{View: d.name(), Status: Loading, Err: errors.New("it had no contents when the transaction began")}
		}
		delete(r.promised, id)
		s, err := r.e.await(ctx, p.d, p.w, r.Epoch, notify)
		if err != nil {
			return err
		}
		r.views[id] = s
	}
	return nil
}

// newRead begins a read of the published epoch without views; Engine.mu is held.
func (e *Engine) newRead() (*Read, error) {
	if e.closed {
		return nil, ErrStopped
	}
	return &Read{e: e, Epoch: e.published.epoch, Wall: e.published.wall, snap: e.published.acquire(),
		views: map[uint32]*derivedShared{}, promised: map[uint32]promise{}, cat: e.Catalog()}, nil
}

// ask gets a view's rows at once when it stands at the read's epoch, which must be the published one, or takes a
// place in its queue; Engine.mu is held.
func (r *Read) ask(id uint32, d *dataflow) {
	if d.isCurrent() && d.apply.TryRLock() {
		r.views[id] = r.e.newDerivedShared(1)
		d.apply.RUnlock()
		return
	}
	w := &waiter{ch: make(chan answer, 1)}
	d.addStop(r.Epoch, w)
	r.promised[id] = promise{d, w}
}

// beginRead is BeginRead for a session (reader nil) or for a dataflow that loads its first contents.
func (e *Engine) beginRead(ctx context.Context, relations []uint32, notify func(Behind), reader *dataflow) (*Read, error) {
	if err := e.lockPlaced(ctx, func() []uint32 { return relations }, reader != nil && !reader.transient); err != nil {
		return nil, err
	}
	r, err := e.newRead()
	if err != nil {
		e.mu.Unlock()
		return nil, err
	}
	for _, id := range relations {
		d := e.flows[id]
		if _, asked := r.promised[id]; asked || d == nil || r.views[id] != nil {
			continue
		}
		if err = d.failure(); err == nil {
			err = d.pausedError()
		}
		if err != nil {
			break
		}
		r.ask(id, d)
	}
	if reader != nil {
		// The changelogs from here on are this reader's: its views must stand at exactly this epoch.
		reader.placeLocked(r.Epoch)
	}
	e.mu.Unlock()
	if err == nil {
		err = r.Include(ctx, relations, notify)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// lockPlaced locks Engine.mu at a moment in which every named view, and every view below it, has a place in time. A new
// view takes the published epoch for its first contents; a read must not ask it for an earlier one.
// The names are asked for with the lock held. With loads, it waits for views that are paused, too, which fail a read
// of anyone else's.
func (e *Engine) lockPlaced(ctx context.Context, relations func() []uint32, loads bool) error {
	for {
		e.mu.Lock()
		changed := e.unplaced(relations(), loads)
		if changed == nil {
			return nil
		}
		e.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unplaced gives the channel that tells of a change of a view without a place; nil when there is none; Engine.mu is
// held.
func (e *Engine) unplaced(relations []uint32, loads bool) <-chan struct{} {
	for _, id := range relations {
		d := e.flows[id]
		if d == nil {
			continue
		}
		if by := d.pausedBy(); by != nil {
			if loads {
				return by.changed
			}
			continue
		}
		for _, v := range append([]*dataflow{d}, d.allUps...) {
			if !v.placed && v.failure() == nil {
				return v.changed
			}
		}
	}
	return nil
}

// await waits for a view's snapshot; when ctx ends first it gives up its place.
func (e *Engine) await(ctx context.Context, d *dataflow, w *waiter, epoch uint64, notify func(Behind)) (*derivedShared, error) {
	timer := time.NewTimer(behindAfter)
	defer timer.Stop()
	for {
		select {
		case a := <-w.ch:
			return a.snap, a.err
		case <-ctx.Done():
			e.abandon(d, w)
			return nil, ctx.Err()
		case <-timer.C:
			if notify != nil {
				notify(e.behind(d, epoch))
			}
		}
	}
}

func (e *Engine) behind(d *dataflow, epoch uint64) Behind {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Behind{View: d.name(), Frontier: d.frontier, Target: epoch, Loading: d.loading, Rows: d.stats.LoadRows, Total: d.stats.LoadTotal}
}

// abandon takes a waiter back, releasing what it was given meanwhile.
func (e *Engine) abandon(d *dataflow, w *waiter) {
	e.mu.Lock()
	for _, s := range d.stops {
		for i, x := range s.waiters {
			if x == w {
				s.waiters = append(s.waiters[:i:i], s.waiters[i+1:]...)
				break
			}
		}
	}
	e.mu.Unlock()
	select {
	case a := <-w.ch:
		if a.snap != nil {
			a.snap.release()
		}
	default:
	}
}

// Close gives the read's snapshots back.
func (r *Read) Close() {
	for id, s := range r.views {
		s.release()
		delete(r.views, id)
	}
	for id, p := range r.promised {
		r.e.abandon(p.d, p.w)
		delete(r.promised, id)
	}
	if r.snap != nil {
		r.snap.release()
		r.snap = nil
	}
}

// OpenErrors gives the number of open row errors of a view.
func (e *Engine) OpenErrors(view uint32) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if d := e.flows[view]; d != nil {
		return d.stats.OpenErrors
	}
	return 0
}

// BeginReadRelaxed reads one view where it stands, which may be before the published epoch: it waits for no step of the
// view, only for the first contents of one that is loading. What is not a view is read at the published epoch.
func (e *Engine) BeginReadRelaxed(ctx context.Context, view uint32, notify func(Behind)) (*Read, error) {
	e.mu.Lock()
	d := e.flows[view]
	loading := d != nil && d.loading
	e.mu.Unlock()
	if d == nil || loading {
		return e.BeginRead(ctx, []uint32{view}, notify)
	}
	// No step becomes visible while apply is held, so the frontier is that of the rows.
	d.apply.RLock()
	defer d.apply.RUnlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := d.failure(); err != nil {
		return nil, err
	}
	r, err := e.newRead()
	if err != nil {
		return nil, err
	}
	r.Epoch = d.reached()
	r.views[view] = e.newDerivedShared(1)
	return r, nil
}

// PointRead gets one row of a table or keyed view by its encoded key, at the published epoch or, relaxed, a view's
// where it stands. It is the fast path: handled is false when the view is not caught up (or not keyed), and the caller
// must use BeginRead.
func (e *Engine) PointRead(r *catalog.Relation, key, dst []byte, relaxed bool) (row []byte, found, handled bool, err error) {
	if r.Kind == catalog.Table {
		e.mu.Lock()
		if e.closed {
			e.mu.Unlock()
			return nil, false, true, ErrStopped
		}
		snap := e.published.acquire()
		e.mu.Unlock()
		defer snap.release()
		row, found, err = snap.snap.GetRow(r.StorageID(), key, dst)
		return row, found, true, err
	}
	e.mu.Lock()
	d := e.flows[r.ID]
	if d == nil || e.closed || d.failure() != nil || d.loading || !relaxed && (!d.isCurrent() || d.pausedBy() != nil) || d.stats.OpenErrors > 0 || viewForm(r) != keyed || !d.apply.TryRLock() {
		e.mu.Unlock()
		return nil, false, false, nil
	}
	e.mu.Unlock()
	defer d.apply.RUnlock()
	snap := e.store.DerivedSnapshot()
	defer snap.Close()
	row, found, err = snap.Get(r.ID, key, dst)
	return row, found, true, err
}

// Stored looks up many rows of a table by their keys in one of its unique key spaces, at the read's epoch: f is called for
// each i in [0, n) in an unspecified order; row is valid during the call only, nil where there is none. It costs one
// ordered pass over the space, and for an index one over the rows.
func (r *Read) Stored(space KeySpace, n int, key func(i int) []byte, f func(i int, row []byte) error) error {
	if space.Index == nil {
		return r.snap.snap.GetRows(space.storageID(), n, key, f)
	}
	var found []int
	var rowKeys [][]byte
	err := r.snap.snap.GetRows(space.storageID(), n, key, func(i int, rowKey []byte) error {
		if rowKey == nil {
			return f(i, nil)
		}
		found, rowKeys = append(found, i), append(rowKeys, bytes.Clone(rowKey))
		return nil
	})
	if err != nil {
		return err
	}
	rows := KeySpace{Table: space.Table}
	return r.Stored(rows, len(found), func(i int) []byte { return rowKeys[i] }, func(i int, row []byte) error { return f(found[i], row) })
}

// Exists tells which of n keys some row of the table has in a unique key space, at the read's epoch.
func (r *Read) Exists(space KeySpace, n int, key func(i int) []byte, f func(i int)) error {
	return r.snap.snap.GetRows(space.storageID(), n, key, func(i int, row []byte) error {
		if row != nil {
			f(i)
		}
		return nil
	})
}

// WaitLoaded waits until a view has its first contents up to the epoch that is published now, calling progress
// (if not nil) every interval. A failed view is an error.
func (e *Engine) WaitLoaded(ctx context.Context, view uint32, interval time.Duration, progress func(Behind)) error {
	e.mu.Lock()
	d := e.flows[view]
	target := e.published.epoch
	e.mu.Unlock()
	if d == nil {
		return errors.New("no such view")
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		e.mu.Lock()
		err, reached, changed := d.failure(), !d.loading && (d.reached() >= target || d.pausedBy() != nil), d.changed
		if err == nil && !reached {
			err = d.pausedError()
		}
		e.mu.Unlock()
		if err != nil {
			return err
		}
		if reached {
			return nil
		}
		select {
		case <-changed:
		case <-ticker.C:
			if progress != nil {
				progress(e.behind(d, target))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
