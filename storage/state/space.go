package state

import (
	"errors"
	"fmt"
	"slices"

	"millrace/storage"
)

// The errors of state. Test with errors.Is.
var (
	// ErrMemory means that state which must stay in memory has outgrown its share of the budget.
	ErrMemory = errors.New("operator state does not fit in memory")
	// ErrNegative means that a row has been removed more often than added: an error in an operator.
	ErrNegative = errors.New("negative multiplicity in operator state")
)

// Space is the operator state of one dataflow. It is used by one goroutine at a time.
type Space struct {
	store    *storage.Store
	dataflow uint32
	budget   *Budget

	maps      map[storage.StateID]*Map
	multimaps map[storage.StateID]*Multimap
	order     []storage.StateID // all ids, ascending: nothing may depend on the order of a Go map

	mem      memory
	reported int64 // what the budget was last told
	hits     int64
	reads    int64
}

// NewSpace opens a dataflow's state. Without a store it lives in memory only. Nothing is read before it is asked for,
// so opening costs the same however large the state is.
func NewSpace(store *storage.Store, dataflow uint32, budget *Budget) *Space {
	return &Space{
		store: store, dataflow: dataflow, budget: budget,
		maps: map[storage.StateID]*Map{}, multimaps: map[storage.StateID]*Multimap{},
	}
}

func stateID(op, sub int) storage.StateID {
	if op < 0 || op > 0xFFFF || sub < 0 || sub > 0xFF {
		panic(fmt.Sprintf("state %d.%d is out of range", op, sub))
	}
	return storage.StateID{Op: uint16(op), Sub: uint8(sub)}
}

func (s *Space) register(id storage.StateID) {
	i, found := slices.BinarySearchFunc(s.order, id, func(a, b storage.StateID) int {
		if a.Op != b.Op {
			return int(a.Op) - int(b.Op)
		}
		return int(a.Sub) - int(b.Sub)
	})
	if !found {
		s.order = slices.Insert(s.order, i, id)
	}
}

// Map gives the map of an operator (0..65535) and its part sub (0..255). The same numbers give the same object; a
// number may be used for a map and a multimap, which have nothing to do with each other.
func (s *Space) Map(op int, sub int) *Map {
	id := stateID(op, sub)
	m := s.maps[id]
	if m == nil {
		m = newMap(s, id)
		s.maps[id] = m
		s.register(id)
	}
	return m
}

// Multimap gives the multimap of an operator and its part.
func (s *Space) Multimap(op int, sub int) *Multimap {
	id := stateID(op, sub)
	m := s.multimaps[id]
	if m == nil {
		m = newMultimap(s, id)
		s.multimaps[id] = m
		s.register(id)
	}
	return m
}

func (s *Space) hasState(id storage.StateID, multimap bool) (bool, error) {
	if s.store == nil {
		return false, nil
	}
	some, err := s.store.HasState(s.dataflow, id, multimap)
	if err != nil {
		return false, fmt.Errorf("read state: %w", err)
	}
	return some, nil
}

// checkMemory tells the budget when the space has grown noticeably, and fails if it has to stay in memory and is over
// its share.
func (s *Space) checkMemory() error {
	if s.mem.bytes-s.reported < 64<<10 {
		return nil
	}
	allowed := s.report()
	if s.store == nil && s.mem.bytes > allowed {
		return fmt.Errorf("%w: %d MiB in use, %d MiB allowed", ErrMemory, s.mem.bytes>>20, allowed>>20)
	}
	return nil
}

func (s *Space) report() int64 {
	s.reported = s.mem.bytes
	return s.budget.report(s, s.mem.bytes)
}

// each calls f for every map and multimap in order of id.
func (s *Space) each(maps func(*Map) error, multimaps func(*Multimap) error) error {
	for _, id := range s.order {
		if m := s.maps[id]; m != nil {
			if err := maps(m); err != nil {
				return err
			}
		}
	}
	for _, id := range s.order {
		if m := s.multimaps[id]; m != nil {
			if err := multimaps(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteTo adds all uncommitted changes to step and counts them as committed. Until the step is applied the space
// must not be used; when Apply fails, or WriteTo itself, Discard must follow. Afterwards the space gives back what it
// has above its share.
func (s *Space) WriteTo(step *storage.Step) error {
	if s.store == nil {
		return nil
	}
	err := s.each(
		func(m *Map) error { return m.writeTo(step) },
		func(m *Multimap) error { return m.writeTo(step) })
	if err != nil {
		return err
	}
	return s.shrink()
}

// EndStep counts all changes as committed, for a space without a store that goes on to another step.
func (s *Space) EndStep() error {
	scratch := new(storage.Step) // takes what would be written, and is thrown away
	return s.each(
		func(m *Map) error { return m.writeTo(scratch) },
		func(m *Multimap) error { return m.writeTo(scratch) })
}

// Trim gives memory back if the space has more than its share. For idle spaces; WriteTo does so by itself. It must not
// be called in the middle of a step.
func (s *Space) Trim() error {
	if s.store == nil {
		return nil
	}
	return s.shrink()
}

// A space that must give way keeps keepPart of 8 parts of its share, so that it need not do so again at once, and is
// dropped whole when its share is next to nothing.
const (
	keepPart  = 7
	dropBelow = 64 << 10
)

// shrink brings a space whose entries are all clean down to its share.
func (s *Space) shrink() error {
	allowed := s.report()
	if s.mem.bytes <= allowed {
		return nil
	}
	defer s.report()
	if allowed < dropBelow {
		return s.dropClean()
	}
	live := int64(0)
	s.forArenas(func(a *arena, _ func(func() bool)) { live += a.live })
	goal := allowed / 8 * keepPart
	tables := s.mem.bytes
	s.forArenas(func(a *arena, _ func(func() bool)) { tables -= a.total() })
	goal = max(goal-tables, 0)
	if live > goal {
		// Each part gives in proportion to what it has.
		keep := float64(goal) / float64(live)
		s.forArenas(func(a *arena, evict func(func() bool)) {
			target := int64(float64(a.live) * keep)
			evict(func() bool { return a.live <= target })
		})
	}
	if s.mem.bytes > allowed+allowed/8 {
		s.rebuild()
	}
	return nil
}

// forArenas calls f with the arena of every map and multimap and the function that evicts from it.
func (s *Space) forArenas(f func(a *arena, evict func(enough func() bool))) {
	_ = s.each(
		func(m *Map) error { f(&m.cells, m.evict); return nil },
		func(m *Multimap) error { f(&m.cells, m.evict); return nil })
}

// rebuild compacts the arenas that hold notably more than what lives in them.
func (s *Space) rebuild() {
	wasteful := func(a *arena) bool { return a.total() > a.live+a.live/8+blockMin }
	_ = s.each(
		func(m *Map) error {
			if wasteful(&m.cells) {
				m.rebuild()
			}
			return nil
		},
		func(m *Multimap) error {
			if wasteful(&m.cells) {
				m.rebuild()
			}
			return nil
		})
}

// dropClean forgets everything in memory.
func (s *Space) dropClean() error {
	var errs []error
	_ = s.each(
		func(m *Map) error { errs = append(errs, m.drop()); return nil },
		func(m *Multimap) error { errs = append(errs, m.drop()); return nil })
	return errors.Join(errs...)
}

// Discard forgets the uncommitted changes and everything in memory: the space is as after opening.
func (s *Space) Discard() {
	// An error of closing an iterator concerns a read that has been answered or has failed already.
	_ = s.dropClean()
	s.report()
}

// Close forgets everything and returns the memory to the budget. The space must not be used afterwards.
func (s *Space) Close() {
	_ = s.dropClean()
	s.budget.forget(s)
}

// Stats are figures of a space.
type Stats struct {
	Entries     int64 // map entries and multimap groups in memory
	MemoryBytes int64
	DirtyBytes  int64 // approximate size of uncommitted changes to multimaps
	StoreBytes  int64 // approximate size on disk, without what is still in memtables
	Hits        int64 // look-ups answered in memory
	Reads       int64 // look-ups that read the store
}

// Stats reads the figures.
func (s *Space) Stats() Stats {
	st := Stats{MemoryBytes: s.mem.bytes, Hits: s.hits, Reads: s.reads}
	_ = s.each(
		func(m *Map) error { st.Entries += int64(m.n); return nil },
		func(m *Multimap) error {
			st.Entries += int64(m.table.n)
			st.DirtyBytes += m.pending.bytes
			return nil
		})
	if s.store != nil {
		if n, err := s.store.StateSize(s.dataflow); err == nil {
			st.StoreBytes = n
		}
	}
	return st
}
