package engine

import (
	"context"
	"errors"
	"fmt"

	"millrace/catalog"
)

// DDL makes a catalog change: f edits a copy of the current catalog, and the result becomes one epoch. New
// streams and tables can be written as soon as DDL returns; new materialized views and sinks are installed and
// compute their first contents in the background (see WaitLoaded). What f removed is stopped and deleted.
func (e *Engine) DDL(ctx context.Context, f func(*catalog.Edit) error) error {
	return e.CommitDDL(ctx, &Txn{}, f)
}

// CommitDDL is DDL together with the rest of a transaction: its writes, which are for the relations as f leaves them. f may add
// to t.Rewrites. New indexes are filled from the rows of their tables; that and rewrites hold up all other commits, and
// cost a pass over the rows.
func (e *Engine) CommitDDL(ctx context.Context, t *Txn, f func(*catalog.Edit) error) error {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	before := e.Catalog()
	edit := before.Edit()
	if err := f(edit); err != nil {
		return err
	}
	after := edit.Snapshot()
	added, removed, updated := diff(before, after)
	flows, err := e.newFlows(added, after)
	if err != nil {
		return err
	}
	if t.records, err = edit.Records(); err != nil {
		return err
	}
	t.edit, t.clear, t.drop, t.unmark = edit, nil, nil, nil
	for _, r := range added {
		if r.Kind == catalog.Table || r.Kind == catalog.Stream || r.Kind == catalog.Sequence {
			t.clear = append(t.clear, r.ID)
		}
	}
	for _, r := range removed {
		t.drop = append(t.drop, r.ID)
		if id := r.StorageID(); id != r.ID {
			t.drop = append(t.drop, id)
		}
	}
	moved := map[uint32]bool{}
	for _, r := range updated {
		if old, _ := before.Relation(r.ID); old.Watermark != nil && r.Watermark == nil {
			t.unmark = append(t.unmark, r.ID)
		}
		if old, _ := before.Relation(r.ID); old.StorageID() != r.StorageID() {
			if old.StorageID() == r.ID {
				moved[r.ID] = true // its changelog lies under this id, too
			} else {
				t.drop = append(t.drop, old.StorageID())
			}
		}
	}
	t.published = func(epoch uint64) { e.publishDDL(epoch, added, removed, updated, flows) }
	if _, err := e.Commit(ctx, t); err != nil {
		return err
	}
	for id := range moved {
		if err := e.store.DropRows(id); err != nil {
			return err
		}
	}
	for _, r := range added {
		if r.Kind == catalog.Stream {
			e.startSource(r)
		}
	}
	if err := e.settlePauses(ctx, before, updated); err != nil {
		return err
	}
	return e.cleanUp(removed)
}

// diff lists what an edit added, removed and changed, by id.
func diff(before, after *catalog.Snapshot) (added, removed, updated []*catalog.Relation) {
	for _, r := range after.Relations() {
		switch old, ok := before.Relation(r.ID); {
		case !ok:
			added = append(added, r)
		case old != r:
			updated = append(updated, r)
		}
	}
	for _, r := range before.Relations() {
		if _, ok := after.Relation(r.ID); !ok {
			removed = append(removed, r)
		}
	}
	return added, removed, updated
}

// newFlows plans the dataflows of new views before anything is committed, so that what cannot be planned is
// refused. The maps that planning reads change under e.ddl only, which is held.
func (e *Engine) newFlows(added []*catalog.Relation, after *catalog.Snapshot) (map[uint32]*dataflow, error) {
	flows := map[uint32]*dataflow{}
	find := func(id uint32) (*dataflow, bool) {
		up := e.flows[id]
		if up == nil {
			up = flows[id]
		}
		_, known := after.Relation(id)
		return up, known
	}
	for _, r := range added {
		if r.Kind != catalog.MaterializedView && r.Kind != catalog.Sink {
			continue
		}
		d := e.newDataflow(r)
		if err := e.planAmong(d, after, find); err != nil {
			return nil, err
		}
		for _, in := range d.inputs {
			up, _ := find(in.scan.Relation)
			if up == nil {
				continue
			}
			e.mu.Lock()
			err := up.failure()
			if err == nil {
				err = up.pausedError()
			}
			e.mu.Unlock()
			if err != nil {
				return nil, err
			}
		}
		d.fresh = true
		flows[r.ID] = d
	}
	return flows, nil
}

// publishDDL changes the engine's maps at the moment in which the catalog changes; Engine.mu is held.
func (e *Engine) publishDDL(epoch uint64, added, removed, updated []*catalog.Relation, flows map[uint32]*dataflow) {
	for _, r := range removed {
		if d := e.flows[r.ID]; d != nil {
			e.unlink(d)
			d.cancel()
		}
	}
	for _, r := range removed {
		e.tails.close(r.ID)
		delete(e.relations, r.ID)
		delete(e.tracked, r.ID)
		e.markers.Delete(r.ID)
		delete(e.oldest, r.ID)
		e.followers.changed(r.ID, true)
	}
	for _, r := range updated {
		e.follow(r, epoch, e.published.wall)
		e.followers.changed(r.ID, true)
		if d := e.flows[r.ID]; d != nil {
			d.follow(r)
		}
		e.watchAges(r)
	}
	for _, r := range added {
		switch r.Kind {
		case catalog.Stream, catalog.Table:
			e.relations[r.ID] = &relation{id: r.ID, logFloor: noLog}
			e.follow(r, epoch, e.published.wall)
			e.watchAges(r)
		case catalog.MaterializedView, catalog.Sink:
			e.relations[r.ID] = &relation{id: r.ID, logFloor: noLog}
			d := flows[r.ID]
			e.flows[r.ID] = d
			e.link(d)
			d.start()
		}
	}
}

// cleanUp stops what was dropped and deletes its derived data. A crash before that leaves orphans, which the
// next start removes.
func (e *Engine) cleanUp(removed []*catalog.Relation) error {
	var errs []error
	for _, r := range removed {
		e.stopSource(r.ID)
		e.mu.Lock()
		d := e.flows[r.ID]
		delete(e.flows, r.ID)
		e.mu.Unlock()
		if d == nil {
			continue
		}
		d.stop()
		if err := e.store.DropDataflow(r.ID); err != nil {
			errs = append(errs, fmt.Errorf("delete the rows of %q: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Resume starts a failed or quarantined view again.
func (e *Engine) Resume(view uint32) error {
	e.ddl.Lock()
	defer e.ddl.Unlock()
	e.mu.Lock()
	old := e.flows[view]
	e.mu.Unlock()
	if old == nil {
		return errors.New("no such view")
	}
	return e.restart(old)
}

// restart puts a new dataflow in place of one that has ended, if it has; Engine.ddl is held.
func (e *Engine) restart(old *dataflow) error {
	view := old.id
	if e.runs(old) {
		return nil
	}
	old.stop()
	if err := e.storeFailures(view, 0); err != nil {
		return err
	}
	r, ok := e.Catalog().Relation(view)
	if !ok {
		return &RelationGoneError{Name: old.name()}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unlink(old)
	d := e.newDataflow(r)
	e.flows[view] = d
	e.prepare(d, e.Catalog())
	e.relink(old, d)
	d.start()
	return d.failure()
}

func (e *Engine) runs(d *dataflow) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return d.running
}

// storedFailures reads how often a view has failed; it stands where a connector's offset would.
func (e *Engine) storedFailures(view uint32) int {
	v, ok, err := e.store.Offset(view)
	if err != nil || !ok || len(v) != 1 {
		return 0
	}
	return int(v[0])
}

func (e *Engine) storeFailures(view uint32, n int) error {
	_, err := e.Commit(context.Background(), &Txn{Offsets: []Offset{{Relation: view, Value: []byte{byte(min(n, 255))}}}})
	return err
}
