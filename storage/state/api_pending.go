package state

import (
	"errors"

	"millrace/storage"
	"millrace/storage/keys"
)

var (
	// ErrMemory means that state which must stay in memory has outgrown its share of the budget.
	ErrMemory = errors.New("operator state does not fit in memory")
	// ErrNegative means that a row has been removed more often than added: an error in an operator.
	ErrNegative = errors.New("negative multiplicity in operator state")
)

// Budget is a limit on the memory of many spaces together. Safe for concurrent use.
type Budget struct{}

// NewBudget makes a budget of so many bytes; 0 lets spaces keep next to nothing between steps.
func NewBudget(bytes int64) *Budget { panic("pending") }

// Used is the memory of all spaces, Limit the budget.
func (b *Budget) Used() int64 { panic("pending") }

// Limit is the budget's bytes.
func (b *Budget) Limit() int64 { panic("pending") }

// Space is the operator state of one dataflow. It is used by one goroutine at a time.
type Space struct{}

// NewSpace opens a dataflow's state. Without a store it lives in memory only.
func NewSpace(store *storage.Store, dataflow uint32, budget *Budget) *Space { panic("pending") }

// Map gives the map of an operator (0..65535) and its part sub (0..255); Multimap the multimap. The same numbers
// give the same object; a number is either a map or a multimap, for ever.
func (s *Space) Map(op int, sub int) *Map { panic("pending") }

// Multimap gives the multimap of an operator and its part.
func (s *Space) Multimap(op int, sub int) *Multimap { panic("pending") }

// WriteTo adds all uncommitted changes to step and counts them as committed. Until the step is applied the space
// must not be used; when Apply fails, Discard must follow.
func (s *Space) WriteTo(step *storage.Step) error { panic("pending") }

// Discard forgets the uncommitted changes and everything in memory: the space is as after opening.
func (s *Space) Discard() { panic("pending") }

// Trim gives memory back if the space has more than its share. For idle spaces; WriteTo does so by itself.
func (s *Space) Trim() { panic("pending") }

// Close forgets everything and returns the memory to the budget.
func (s *Space) Close() { panic("pending") }

// Stats are figures of a space.
type Stats struct {
	Entries     int64 // map entries and multimap groups in memory
	MemoryBytes int64
	DirtyBytes  int64 // approximate size of uncommitted changes
	StoreBytes  int64 // approximate size on disk
	Hits        int64 // look-ups answered in memory
	Reads       int64 // look-ups that read the store
}

// Stats reads the figures.
func (s *Space) Stats() Stats { panic("pending") }

// Map is keyed state: at most one value a key. hash is always keys.Hash(key).
type Map struct{}

// Get gives a key's value, including uncommitted changes; val is valid until the next call on the space.
func (m *Map) Get(hash uint64, key []byte) (val []byte, ok bool, err error) { panic("pending") }

// Put sets a key's value. Key and value are copied.
func (m *Map) Put(hash uint64, key, val []byte) error { panic("pending") }

// Delete removes a key; a key that is absent stays absent.
func (m *Map) Delete(hash uint64, key []byte) error { panic("pending") }

// Prefetch brings the keys of the given rows of kc (all when rows is nil) into memory with one ordered pass over
// the store, so that Get need not read it for each. Costs nothing for keys that are in memory.
func (m *Map) Prefetch(kc *keys.KeyColumn, rows []uint32) error { panic("pending") }

// Scan calls f for all entries, including uncommitted changes, by virtual partition and key, until f returns
// false. f must not change the space.
func (m *Map) Scan(f func(key, val []byte) bool) error { panic("pending") }

// Len counts the entries: at once while everything is in memory, else by reading the store.
func (m *Map) Len() (int, error) { panic("pending") }

// Multimap is grouped state: for each group an ordered multiset of rows, which are ordered bytewise. hash is
// always keys.Hash(group).
type Multimap struct{}

// Add changes the weight of a row of a group. It never reads the store. Within a step a row's total may go below
// zero; when it is below zero at WriteTo, that is ErrNegative (sooner or later, when the group is not in memory).
func (m *Multimap) Add(hash uint64, group, row []byte, weight int64) error { panic("pending") }

// Scan calls f for the rows of a group with a weight other than 0, in order, including uncommitted changes,
// until f returns false. f must not change the space, and row is valid during the call only.
func (m *Multimap) Scan(hash uint64, group []byte, f func(row []byte, weight int64) bool) error {
	panic("pending")
}

// ScanReverse is Scan in descending order.
func (m *Multimap) ScanReverse(hash uint64, group []byte, f func(row []byte, weight int64) bool) error {
	panic("pending")
}

// ScanFrom is Scan from the first row that is not below from.
func (m *Multimap) ScanFrom(hash uint64, group, from []byte, f func(row []byte, weight int64) bool) error {
	panic("pending")
}

// ScanReverseFrom is ScanReverse from the last row that is not above from.
func (m *Multimap) ScanReverseFrom(hash uint64, group, from []byte, f func(row []byte, weight int64) bool) error {
	panic("pending")
}

// Weight gives a row's weight, 0 when it is absent.
func (m *Multimap) Weight(hash uint64, group, row []byte) (int64, error) { panic("pending") }

// First gives the least row of a group; it is valid until the next call on the space.
func (m *Multimap) First(hash uint64, group []byte) (row []byte, weight int64, ok bool, err error) {
	panic("pending")
}

// Last gives the greatest row of a group.
func (m *Multimap) Last(hash uint64, group []byte) (row []byte, weight int64, ok bool, err error) {
	panic("pending")
}

// Prefetch brings the groups of the given rows of kc (all when rows is nil) into memory with one ordered pass
// over the store.
func (m *Multimap) Prefetch(kc *keys.KeyColumn, rows []uint32) error { panic("pending") }

// ScanAll calls f for all rows of all groups, by virtual partition and group, until f returns false.
func (m *Multimap) ScanAll(f func(group, row []byte, weight int64) bool) error { panic("pending") }
