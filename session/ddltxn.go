package session

import (
	"context"
	"slices"

	"millrace/catalog"
	"millrace/engine"
	"millrace/pgerr"
)

// ddlStep is a catalog change of an open transaction. It is made at once for the transaction's own view of the catalog, and
// once more at commit over the catalog as it is then, which finds what others have changed meanwhile.
type ddlStep struct {
	change func(*catalog.Edit) error
	rows   *engine.Txn // what becomes of the rows of altered tables: change adds to it
	path   string      // search_path
	ids    []uint32    // given to new objects
}

// catalog is the catalog as the session sees it: with the changes of its open transaction, and of the statement that is
// making one.
func (s *Session) catalog() *catalog.Snapshot {
	switch {
	case s.editing != nil:
		return s.editing.Snapshot()
	case s.txn != nil && s.txn.cat != nil:
		return s.txn.cat
	}
	return s.srv.Engine.Catalog()
}

// ddl changes the catalog, for the open transaction or at once.
func (s *Session) ddl(ctx context.Context, f func(*catalog.Edit) error) error {
	return s.ddlRows(ctx, &engine.Txn{}, f)
}

// ddlRows is ddl with what becomes of the rows of altered tables: f adds it to t.
func (s *Session) ddlRows(ctx context.Context, t *engine.Txn, f func(*catalog.Edit) error) error {
	defer func() { s.editing = nil }()
	change := func(e *catalog.Edit) error {
		s.editing = e
		return f(e)
	}
	if s.txn == nil {
		defer func() { s.own = nil }()
		t.Built = func() { s.offerSequences(t) }
		return s.srv.Engine.CommitDDL(ctx, t, change)
	}
	edit := s.catalog().Edit()
	if err := change(edit); err != nil {
		return err
	}
	s.editing = nil
	if err := s.rewritePending(t); err != nil {
		return err
	}
	s.txn.steps = append(slices.Clip(s.txn.steps), ddlStep{f, t, s.settings.get("search_path"), edit.IDs()})
	s.txn.cat, s.txn.changed = edit.Snapshot(), nil
	return nil
}

// rewritePending brings the transaction's own rows of an altered table into its new form.
func (s *Session) rewritePending(t *engine.Txn) error {
	for i := range t.Rewrites {
		w := &t.Rewrites[i]
		if _, stored := s.srv.Engine.Catalog().Relation(w.From.ID); stored {
			if s.txn.altered == nil {
				s.txn.altered = map[uint32]bool{}
			}
			s.txn.altered[w.From.ID] = true
		}
		writes := slices.Clone(s.txn.writes)
		for j := range writes {
			if writes[j].Relation.ID != w.From.ID {
				continue
			}
			if writes[j].Proposed != nil {
				return pgerr.Unsupported("altering a table with an ON CONFLICT rule after an INSERT in the same transaction").
					WithHint("Commit the INSERT first.")
			}
			b, err := w.Rows(writes[j].Batch)
			if err != nil {
				return err
			}
			b.Weights = writes[j].Batch.Weights
			writes[j] = engine.Write{Relation: w.To, Batch: b}
		}
		s.txn.writes = writes
	}
	return nil
}

// checkAltered refuses to read stored rows of a table whose form the open transaction has changed: they are written anew
// at commit.
func (s *Session) checkAltered(ids []uint32) error {
	if s.txn == nil {
		return nil
	}
	for _, id := range ids {
		if s.txn.altered[id] {
			return pgerr.Unsupported("reading a table that the same transaction has altered").
				WithHint("Commit the ALTER TABLE first.")
		}
	}
	return nil
}

// commitDDL commits a transaction that has changed the catalog.
func (s *Session) commitDDL(ctx context.Context, t *txn) error {
	out := &engine.Txn{}
	for _, w := range coalesce(t.writes) {
		if _, kept := t.cat.Relation(w.Relation.ID); kept {
			out.Writes = append(out.Writes, w)
		}
	}
	out.Built = func() { s.offerSequences(out) }
	path := s.settings.get("search_path")
	defer func() {
		s.editing, s.own, s.path = nil, nil, nil
	}()
	err := s.srv.Engine.CommitDDL(ctx, out, func(e *catalog.Edit) error {
		s.editing = e
		for i := range t.steps {
			step := &t.steps[i]
			step.rows.Rewrites = nil
			e.Reuse(step.ids)
			if step.path != path {
				s.path = &step.path
			} else {
				s.path = nil
			}
			if err := step.change(e); err != nil {
				return err
			}
			out.Rewrites = append(out.Rewrites, step.rows.Rewrites...)
		}
		e.Reuse(nil)
		return nil
	})
	if err != nil {
		return err
	}
	if s.settings.isOn("background_ddl") {
		return nil
	}
	for _, id := range t.views {
		if err := s.srv.Engine.WaitLoaded(ctx, id, progressEvery, nil); err != nil {
			return err
		}
	}
	return nil
}

// uncommitted reports whether the open transaction has made a relation.
func (s *Session) uncommitted(id uint32) bool {
	_, known := s.srv.Engine.Catalog().Relation(id)
	return !known
}

// ownSequence is the state of a sequence that the open transaction, or the running statement, has made: it counts here, and
// is stored at commit. It is nil for a sequence that others know.
func (s *Session) ownSequence(r *catalog.Relation) *engine.SequenceState {
	if !s.uncommitted(r.ID) {
		return nil
	}
	st := s.own[r.ID]
	if st == nil {
		st = &engine.SequenceState{Last: r.Sequence.Start}
		if s.own == nil {
			s.own = map[uint32]*engine.SequenceState{}
		}
		s.own[r.ID] = st
	}
	return st
}

// offerSequences adds where the transaction's own sequences stand to what is committed.
func (s *Session) offerSequences(t *engine.Txn) {
	ids := make([]uint32, 0, len(s.own))
	for id := range s.own {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if _, ok := s.catalog().Relation(id); ok {
			t.Offsets = append(t.Offsets, engine.Offset{Relation: id, Value: s.own[id].Encode()})
		}
	}
}
