package engine

import (
	"sync/atomic"

	"millrace/storage"
)

// sharedSnapshot is the durable store at one published epoch, shared by all reads that took that epoch.
type sharedSnapshot struct {
	epoch uint64
	wall  int64 // the commit's time
	snap  *storage.Snapshot
	refs  atomic.Int32
}

func (e *Engine) newSharedSnapshot(epoch uint64, wall int64) *sharedSnapshot {
	s := &sharedSnapshot{epoch: epoch, wall: wall, snap: e.store.Snapshot()}
	s.refs.Store(1)
	return s
}

// acquire adds a reference; the caller holds one, or the engine's lock while the snapshot is published.
func (s *sharedSnapshot) acquire() *sharedSnapshot {
	s.refs.Add(1)
	return s
}

// release drops a reference; the last one closes the store's snapshot.
func (s *sharedSnapshot) release() {
	if s.refs.Add(-1) == 0 {
		s.snap.Close()
	}
}

// derivedShared is the derived store at a moment when some view stood at a certain epoch.
type derivedShared struct {
	snap *storage.DerivedSnapshot
	refs atomic.Int32
}

func (e *Engine) newDerivedShared(refs int) *derivedShared {
	s := &derivedShared{snap: e.store.DerivedSnapshot()}
	s.refs.Store(int32(refs))
	return s
}

func (s *derivedShared) release() {
	if s.refs.Add(-1) == 0 {
		s.snap.Close()
	}
}
