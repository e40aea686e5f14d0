package storage

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// frontier is what is known of a dataflow's progress.
type frontier struct {
	applied    uint64
	hasApplied bool
	durable    uint64 // a lower bound
	hasDurable bool
	// reset counts Clear and DropDataflow, so that a flush that began before one does not report after it.
	reset uint64
}

func (s *Store) frontierNow(dataflow uint32) (epoch uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frontiers[dataflow]
	return f.applied, f.hasApplied
}

// stepApplied records a step that has been written.
func (s *Store) stepApplied(st *Step) {
	s.derivedChanged()
	if !st.advanced && !st.clear {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frontiers[st.dataflow]
	if st.clear {
		f = frontier{reset: f.reset + 1}
	}
	if st.advanced {
		f.applied, f.hasApplied = st.frontier, true
	}
	s.frontiers[st.dataflow] = f
}

func (s *Store) loadFrontiers() error {
	ids, err := s.Dataflows()
	if err != nil {
		return err
	}
	for _, id := range ids {
		epoch, ok, err := readFrontier(s.derived, id)
		if err != nil {
			return err
		}
		s.frontiers[id] = frontier{applied: epoch, hasApplied: ok, durable: epoch, hasDurable: ok}
	}
	return nil
}

func readFrontier(r pebble.Reader, dataflow uint32) (uint64, bool, error) {
	val, ok, err := getKeyed(r, dataflow, kindFrontier, nil, nil)
	if err != nil || !ok {
		return 0, false, err
	}
	if len(val) != 8 {
		return 0, false, fmt.Errorf("%w: frontier %x", ErrCorrupt, val)
	}
	return binary.BigEndian.Uint64(val), true, nil
}

// Frontier gives the last epoch that a dataflow has applied; ok is false when it has none.
func (s *Store) Frontier(dataflow uint32) (epoch uint64, ok bool, err error) {
	epoch, ok = s.frontierNow(dataflow)
	return epoch, ok, nil
}

// DurableFrontier gives the frontier that a dataflow has at least after a crash at this moment.
func (s *Store) DurableFrontier(dataflow uint32) (epoch uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frontiers[dataflow]
	return f.durable, f.hasDurable
}

// Note gives a value of PutNote.
func (s *Store) Note(dataflow uint32, name string) (val []byte, ok bool, err error) {
	return getKeyed(s.derived, dataflow, kindNote, []byte(name), nil)
}

// Dataflows lists the ids of all dataflows with anything in the derived store, ascending.
func (s *Store) Dataflows() ([]uint32, error) {
	it, err := s.derived.NewIter(nil)
	if err != nil {
		return nil, err
	}
	var ids []uint32
	for ok := it.First(); ok; {
		if len(it.Key()) < headLen {
			_ = it.Close()
			return nil, fmt.Errorf("%w: key %x", ErrCorrupt, it.Key())
		}
		id := binary.BigEndian.Uint32(it.Key())
		ids = append(ids, id)
		_, upper := idRange(id)
		if upper == nil {
			break
		}
		ok = it.SeekGE(upper)
	}
	return ids, it.Close()
}

// DropDataflow removes everything of a dataflow. No step of it may be running. After a crash it may be back.
func (s *Store) DropDataflow(dataflow uint32) error {
	lower, upper := idRange(dataflow)
	s.applying.RLock()
	defer s.applying.RUnlock()
	if err := s.derived.DeleteRange(lower, upper, pebble.NoSync); err != nil {
		return err
	}
	s.derivedChanged()
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.frontiers[dataflow]; ok {
		s.frontiers[dataflow] = frontier{reset: f.reset + 1}
	}
	return nil
}

// ReadViewLog reads a view's changelog: epochs after afterEpoch up to and including toEpoch.
func (s *Store) ReadViewLog(dataflow uint32, afterEpoch, toEpoch uint64) *LogIter {
	return readLog(s.derived, dataflow, kindLog, afterEpoch, toEpoch)
}

// TrimViewLog removes a view's changelog up to and including an epoch.
func (s *Store) TrimViewLog(dataflow uint32, throughEpoch uint64) error {
	defer s.derivedChanged()
	return s.trimLog(s.derived, dataflow, throughEpoch)
}

// FlushDerived makes all applied steps durable and returns each dataflow's durable frontier. When ctx ends
// first it returns ctx's error, and the flush goes on; DurableFrontier then does not know of it.
func (s *Store) FlushDerived(ctx context.Context) (map[uint32]uint64, error) {
	if err := s.checkDisk(0); err != nil {
		return nil, err // a flush would be retried for ever
	}
	// A step is written before its frontier is recorded; holding applying makes the two one for us, so that a
	// frontier captured here is in the memtables about to be flushed, and a reset is, too.
	s.applying.Lock()
	s.mu.Lock()
	captured := make(map[uint32]frontier, len(s.frontiers))
	for id, f := range s.frontiers {
		captured[id] = f
	}
	s.mu.Unlock()
	done, err := s.derived.AsyncFlush()
	s.applying.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.adaptFilters()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[uint32]uint64, len(captured))
	for id, c := range captured {
		f, ok := s.frontiers[id]
		if !ok || f.reset != c.reset || !c.hasApplied {
			continue
		}
		f.durable, f.hasDurable = max(f.durable, c.applied), true
		s.frontiers[id] = f
		out[id] = f.durable
	}
	return out, nil
}

// adaptFilters decides whether look-ups use the Bloom filters of the last level, where nine tenths of the data are. A
// filter is read whole, so this pays only while all of them stay in the cache; otherwise a look-up of an absent key
// had better read one data block.
func (s *Store) adaptFilters() {
	const (
		bytesPerKey  = 40 // on disk, about the least
		bitsPerKey   = 10
		cacheQuarter = 4
	)
	keys := int64(s.derived.Metrics().Total().TablesSize) / bytesPerKey
	s.allFilters.Store(keys*bitsPerKey/8 <= s.opt.CacheBytes/cacheQuarter)
}

// DerivedSnapshot is the derived store at one moment. Safe for concurrent use; Close it once.
type DerivedSnapshot struct {
	snap   *pebble.Snapshot
	shared *sharedSnapshot
	closed atomic.Bool
}

// sharedSnapshot is one snapshot for all who ask between two changes of the derived store: closing one of Pebble's
// looks for compactions to do, which a thousand readers need not do each.
type sharedSnapshot struct {
	snap *pebble.Snapshot
	refs atomic.Int32
}

func (h *sharedSnapshot) release() error {
	if h.refs.Add(-1) == 0 {
		return h.snap.Close()
	}
	return nil
}

// DerivedSnapshot takes a snapshot of the derived store. It has every step whose Apply has returned, and costs well
// below a microsecond while no steps are applied.
func (s *Store) DerivedSnapshot() *DerivedSnapshot {
	s.snapMu.Lock()
	h := s.snap
	if h == nil {
		h = &sharedSnapshot{snap: s.derived.NewSnapshot()}
		h.refs.Store(1) // the store's own
		s.snap = h
	}
	h.refs.Add(1)
	s.snapMu.Unlock()
	return &DerivedSnapshot{snap: h.snap, shared: h}
}

// derivedChanged makes the next snapshot a new one.
func (s *Store) derivedChanged() {
	s.snapMu.Lock()
	h := s.snap
	s.snap = nil
	s.snapMu.Unlock()
	if h != nil {
		_ = h.release()
	}
}

// Close releases the snapshot.
func (d *DerivedSnapshot) Close() {
	if !d.closed.Swap(true) {
		_ = d.shared.release()
	}
}

// Frontier is [Store.Frontier] at the snapshot.
func (d *DerivedSnapshot) Frontier(dataflow uint32) (epoch uint64, ok bool, err error) {
	return readFrontier(d.snap, dataflow)
}

// Get appends a keyed view's row to dst; ok is false when there is none.
func (d *DerivedSnapshot) Get(dataflow uint32, key, dst []byte) (row []byte, ok bool, err error) {
	return getKeyed(d.snap, dataflow, kindRow, key, dst)
}

// ScanRows iterates over a keyed view's rows with keys in [lower, upper), nil being no bound, in order of key.
func (d *DerivedSnapshot) ScanRows(dataflow uint32, lower, upper []byte, reverse bool) *RowIter {
	return scanRows(d.snap, dataflow, kindRow, lower, upper, reverse)
}

// ScanMultiset iterates over an unkeyed view's rows in order of their bytes.
func (d *DerivedSnapshot) ScanMultiset(dataflow uint32) *MultisetIter {
	return scanMultiset(d.snap, dataflow, kindMultiset)
}

// ReadRows iterates over the batches of an append-only view.
func (d *DerivedSnapshot) ReadRows(dataflow uint32) *LogIter {
	lower, upper := kindRange(dataflow, kindRows)
	return &LogIter{cursor: newCursor(d.snap, lower, upper, false)}
}

// ReadLog is [Store.ReadViewLog] at the snapshot.
func (d *DerivedSnapshot) ReadLog(dataflow uint32, afterEpoch, toEpoch uint64) *LogIter {
	return readLog(d.snap, dataflow, kindLog, afterEpoch, toEpoch)
}

// Errors iterates over a view's open errors: Row is AddError's key.
func (d *DerivedSnapshot) Errors(dataflow uint32) *MultisetIter {
	return scanMultiset(d.snap, dataflow, kindError)
}
