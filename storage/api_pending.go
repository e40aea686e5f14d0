package storage

import (
	"context"
	"errors"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// FS is a file system to open a store on.
type FS = vfs.FS

// NewMemFS makes an empty file system in memory.
func NewMemFS() FS { return vfs.NewMem() }

// The ways in which Open and writes fail that users can do something about. Test with errors.Is.
var (
	// ErrLocked means that another process (or another Store of this one) has the directory open.
	ErrLocked = errors.New("the data directory is in use by another process")
	// ErrNewerFormat means that a newer version of the program has written the directory.
	ErrNewerFormat = errors.New("the data directory was written by a newer version")
	// ErrUnwritable means that the directory cannot be created or written.
	ErrUnwritable = errors.New("the data directory is not writable")
	// ErrDiskFull means that a write was refused since free space has come below the reserve. Nothing of the
	// write happened, and later writes may succeed.
	ErrDiskFull = errors.New("disk full")
	// ErrClosed means that the store is closed.
	ErrClosed = errors.New("the store is closed")
	// ErrCorrupt means that stored bytes are not what was written.
	ErrCorrupt = errors.New("corrupt data")
)

// Options opens a store.
type Options struct {
	Dir string
	FS  FS // nil is the machine's file system
	// CacheBytes is the size of the block cache that both stores share; 0 is 64 MiB.
	CacheBytes int64
	// MemTableBytes is the size of one memtable of the derived store; 0 is 16 MiB. Up to four of them may be held.
	MemTableBytes int64
	// DiskReserveBytes is the free space below which writes are refused with ErrDiskFull; 0 is the lesser of
	// 256 MiB and 5 % of the disk, negative turns the check off.
	DiskReserveBytes int64
	Log              *slog.Logger // nil discards
}

// Position is a change's place in a changelog: unique, monotone, stable for ever.
type Position struct {
	Epoch uint64
	Seq   uint32
}

// Store is an open pair of stores. All methods are safe for concurrent use unless they say otherwise.
type Store struct{}

// Open opens or creates the stores under opt.Dir.
func Open(opt Options) (*Store, error) { panic("pending") }

// Close waits for running background work and closes both stores. Snapshots and iterators must be closed before.
// What was applied to the derived store and not flushed is flushed.
func (s *Store) Close() error { panic("pending") }

// Commit is one durable batch in the making. It is used by one goroutine.
type Commit struct{}

// NewCommit begins a durable batch. Either Apply or Close must end it.
func (s *Store) NewCommit() *Commit { panic("pending") }

// AppendLog adds an encoded batch to a relation's changelog.
func (c *Commit) AppendLog(rel uint32, pos Position, encoded []byte) { panic("pending") }

// PutRow sets a table's row; DeleteRow removes it.
func (c *Commit) PutRow(rel uint32, key, row []byte) { panic("pending") }

// DeleteRow removes a table's row.
func (c *Commit) DeleteRow(rel uint32, key []byte) { panic("pending") }

// PutCatalog sets a catalog record.
func (c *Commit) PutCatalog(key string, val []byte) { panic("pending") }

// DeleteCatalog removes a catalog record.
func (c *Commit) DeleteCatalog(key string) { panic("pending") }

// PutOffset sets a relation's connector offset.
func (c *Commit) PutOffset(rel uint32, val []byte) { panic("pending") }

// DropRelation removes a relation's rows, changelog and offset, including what this commit wrote of it before.
func (c *Commit) DropRelation(rel uint32) { panic("pending") }

// Apply writes everything in one synced batch under epoch, which must be above the last one, and ends the
// commit. wallMicros is the commit's time. After ErrDiskFull nothing has happened; after any other error it is
// unknown whether the commit is on disk, and the store must be reopened.
func (c *Commit) Apply(epoch uint64, wallMicros int64) error { panic("pending") }

// Close ends a commit that is not to be applied. After Apply it does nothing.
func (c *Commit) Close() { panic("pending") }

// LastEpoch gives the last durable epoch and its commit time; zeros in a new store.
func (s *Store) LastEpoch() (epoch uint64, wallMicros int64, err error) { panic("pending") }

// Catalog calls f for each catalog record in order of key. val is valid during the call only.
func (s *Store) Catalog(f func(key string, val []byte) error) error { panic("pending") }

// GetRow appends a table's row by key, in its latest state, to dst; ok is false when there is none.
func (s *Store) GetRow(rel uint32, key, dst []byte) (row []byte, ok bool, err error) {
	panic("pending")
}

// GetRows looks up many rows at once, with one pass in order of key: f is called for each i in [0, n) in an
// unspecified order; row is valid during the call only, nil when there is none.
func (s *Store) GetRows(rel uint32, n int, key func(i int) []byte, f func(i int, row []byte) error) error {
	panic("pending")
}

// Offset gives a relation's connector offset.
func (s *Store) Offset(rel uint32) (val []byte, ok bool, err error) { panic("pending") }

// ReadLog reads a relation's changelog: epochs after afterEpoch up to and including toEpoch.
func (s *Store) ReadLog(rel uint32, afterEpoch, toEpoch uint64) *LogIter { panic("pending") }

// LogBounds gives the first and last epoch in a relation's changelog and its approximate size on disk.
func (s *Store) LogBounds(rel uint32) (first, last uint64, bytes int64, err error) { panic("pending") }

// LastLogEpoch gives the last epoch in a relation's changelog, 0 when it is empty.
func (s *Store) LastLogEpoch(rel uint32) (uint64, error) { panic("pending") }

// LogSize estimates the bytes on disk of a part of a relation's changelog, bounds as in ReadLog.
func (s *Store) LogSize(rel uint32, afterEpoch, toEpoch uint64) (int64, error) { panic("pending") }

// TrimLog removes a relation's changelog up to and including an epoch. It is ordered with commits and not synced.
func (s *Store) TrimLog(rel uint32, throughEpoch uint64) error { panic("pending") }

// Snapshot is the durable store at one moment. Safe for concurrent use; Close it once.
type Snapshot struct{}

// Snapshot takes a snapshot of the durable store. It costs about a microsecond. A commit that is being applied at
// the same time may be in it or not: take snapshots where commits are made.
func (s *Store) Snapshot() *Snapshot { panic("pending") }

// Close releases the snapshot.
func (s *Snapshot) Close() { panic("pending") }

// GetRow is [Store.GetRow] at the snapshot.
func (s *Snapshot) GetRow(rel uint32, key, dst []byte) (row []byte, ok bool, err error) {
	panic("pending")
}

// ScanRows iterates over a table's rows with keys in [lower, upper), nil being no bound, in order of key.
func (s *Snapshot) ScanRows(rel uint32, lower, upper []byte, reverse bool) *RowIter {
	panic("pending")
}

// ReadLog is [Store.ReadLog] at the snapshot.
func (s *Snapshot) ReadLog(rel uint32, afterEpoch, toEpoch uint64) *LogIter { panic("pending") }

// Catalog is [Store.Catalog] at the snapshot.
func (s *Snapshot) Catalog(f func(key string, val []byte) error) error { panic("pending") }

// Offset is [Store.Offset] at the snapshot.
func (s *Snapshot) Offset(rel uint32) (val []byte, ok bool, err error) { panic("pending") }

// RowIter iterates over keyed rows. Use: for it.Next() { it.Key(), it.Row() }; err = it.Close().
type RowIter struct{}

// Next moves to the next row; false at the end or on an error.
func (it *RowIter) Next() bool { panic("pending") }

// Key is the row's key, valid until the next call of Next or Close.
func (it *RowIter) Key() []byte { panic("pending") }

// Row is the row's bytes, valid until the next call of Next or Close.
func (it *RowIter) Row() []byte { panic("pending") }

// Close ends the iteration and returns its error.
func (it *RowIter) Close() error { panic("pending") }

// LogIter iterates over a changelog in order of position.
type LogIter struct{}

// Next moves to the next batch; false at the end or on an error.
func (it *LogIter) Next() bool { panic("pending") }

// Position is the batch's position.
func (it *LogIter) Position() Position { panic("pending") }

// Value is the encoded batch, valid until the next call of Next or Close.
func (it *LogIter) Value() []byte { panic("pending") }

// Close ends the iteration and returns its error.
func (it *LogIter) Close() error { panic("pending") }

// MultisetIter iterates over rows with weights.
type MultisetIter struct{}

// Next moves to the next distinct row; false at the end or on an error.
func (it *MultisetIter) Next() bool { panic("pending") }

// Row is the row's bytes, valid until the next call of Next or Close.
func (it *MultisetIter) Row() []byte { panic("pending") }

// Weight is the row's weight, never 0.
func (it *MultisetIter) Weight() int64 { panic("pending") }

// Payload is what AddError stored beside the weight; empty for view rows.
func (it *MultisetIter) Payload() []byte { panic("pending") }

// Close ends the iteration and returns its error.
func (it *MultisetIter) Close() error { panic("pending") }

// Step collects everything that one dataflow changes in a step; Apply writes it as one atomic batch. It is used
// by one goroutine.
type Step struct{}

// NewStep begins a step of a dataflow. Either Apply or Close must end it.
func (s *Store) NewStep(dataflow uint32) *Step { panic("pending") }

// SetFrontier records the last epoch that the dataflow has wholly applied.
func (st *Step) SetFrontier(epoch uint64) { panic("pending") }

// PutRow sets a row of a keyed view. The last PutRow or DeleteRow of a key counts.
func (st *Step) PutRow(key, row []byte) { panic("pending") }

// DeleteRow removes a row of a keyed view.
func (st *Step) DeleteRow(key []byte) { panic("pending") }

// AddRow changes the weight of a row of an unkeyed view.
func (st *Step) AddRow(row []byte, weight int64) { panic("pending") }

// AppendRows adds an encoded batch to the rows of an append-only view.
func (st *Step) AppendRows(pos Position, encoded []byte) { panic("pending") }

// AppendLog adds an encoded batch to the view's changelog.
func (st *Step) AppendLog(pos Position, encoded []byte) { panic("pending") }

// AddError changes the weight of an error row. The payload depends on the key alone.
func (st *Step) AddError(key []byte, weight int64, payload []byte) { panic("pending") }

// PutNote sets a small named value of the dataflow, as an operator's clock or a plan's fingerprint.
func (st *Step) PutNote(name string, val []byte) { panic("pending") }

// Clear removes everything of the dataflow that was written before this step.
func (st *Step) Clear() { panic("pending") }

// Bytes is the size of what has been collected.
func (st *Step) Bytes() int { panic("pending") }

// Apply writes the step in one batch, without waiting for the disk, and ends it. After an error of Apply nothing
// of the step is visible.
func (st *Step) Apply() error { panic("pending") }

// Close ends a step that is not to be applied. After Apply it does nothing.
func (st *Step) Close() { panic("pending") }

// PutState, DeleteState and AddState are for package storage/state: an operator's entry by virtual partition.
func (st *Step) PutState(id StateID, part uint8, key, val []byte) { panic("pending") }

// DeleteState removes an entry.
func (st *Step) DeleteState(id StateID, part uint8, key []byte) { panic("pending") }

// AddState changes the weight of a row of a group.
func (st *Step) AddState(id StateID, part uint8, group, row []byte, weight int64) {
	panic("pending")
}

// StateID names one piece of a dataflow's operator state.
type StateID struct {
	Op  uint16
	Sub uint8
}

// Frontier gives the last epoch that a dataflow has applied; ok is false when it has none.
func (s *Store) Frontier(dataflow uint32) (epoch uint64, ok bool, err error) { panic("pending") }

// DurableFrontier gives the frontier that a dataflow is sure to have after a crash.
func (s *Store) DurableFrontier(dataflow uint32) (epoch uint64, ok bool) { panic("pending") }

// Note gives a value of PutNote.
func (s *Store) Note(dataflow uint32, name string) (val []byte, ok bool, err error) {
	panic("pending")
}

// Dataflows lists the ids of all dataflows with anything in the derived store.
func (s *Store) Dataflows() ([]uint32, error) { panic("pending") }

// DropDataflow removes everything of a dataflow. No step of it may be running.
func (s *Store) DropDataflow(dataflow uint32) error { panic("pending") }

// ReadViewLog reads a view's changelog: epochs after afterEpoch up to and including toEpoch.
func (s *Store) ReadViewLog(dataflow uint32, afterEpoch, toEpoch uint64) *LogIter { panic("pending") }

// TrimViewLog removes a view's changelog up to and including an epoch.
func (s *Store) TrimViewLog(dataflow uint32, throughEpoch uint64) error { panic("pending") }

// FlushDerived makes all applied steps durable and returns each dataflow's durable frontier. When ctx ends
// first it returns ctx's error and the flush goes on.
func (s *Store) FlushDerived(ctx context.Context) (map[uint32]uint64, error) { panic("pending") }

// DerivedSnapshot is the derived store at one moment. Safe for concurrent use; Close it once.
type DerivedSnapshot struct{}

// DerivedSnapshot takes a snapshot of the derived store. It costs about a microsecond.
func (s *Store) DerivedSnapshot() *DerivedSnapshot { panic("pending") }

// Close releases the snapshot.
func (d *DerivedSnapshot) Close() { panic("pending") }

// Frontier is [Store.Frontier] at the snapshot.
func (d *DerivedSnapshot) Frontier(dataflow uint32) (epoch uint64, ok bool, err error) {
	panic("pending")
}

// Get appends a keyed view's row to dst; ok is false when there is none.
func (d *DerivedSnapshot) Get(dataflow uint32, key, dst []byte) (row []byte, ok bool, err error) {
	panic("pending")
}

// ScanRows iterates over a keyed view's rows with keys in [lower, upper), nil being no bound, in order of key.
func (d *DerivedSnapshot) ScanRows(dataflow uint32, lower, upper []byte, reverse bool) *RowIter {
	panic("pending")
}

// ScanMultiset iterates over an unkeyed view's rows in order of their bytes.
func (d *DerivedSnapshot) ScanMultiset(dataflow uint32) *MultisetIter { panic("pending") }

// ReadRows iterates over the batches of an append-only view.
func (d *DerivedSnapshot) ReadRows(dataflow uint32) *LogIter { panic("pending") }

// ReadLog is [Store.ReadViewLog] at the snapshot.
func (d *DerivedSnapshot) ReadLog(dataflow uint32, afterEpoch, toEpoch uint64) *LogIter {
	panic("pending")
}

// Errors iterates over a view's open errors: Row is AddError's key.
func (d *DerivedSnapshot) Errors(dataflow uint32) *MultisetIter { panic("pending") }

// Metrics are sizes and counters of both stores.
type Metrics struct {
	Durable, Derived DBMetrics
	CacheBytes       int64
}

// DBMetrics are the figures of one of the stores.
type DBMetrics struct {
	DiskBytes       int64 // all files
	WALBytes        int64 // live write-ahead log
	MemTableBytes   int64
	Tables          int64
	L0Files         int64
	ReadAmp         int64
	CompactionDebt  int64 // bytes
	Flushes         int64
	Compactions     int64
	BytesWritten    int64 // by flushes and compactions
	BackgroundError int64 // failed background operations since Open
}

// Metrics reads the current figures.
func (s *Store) Metrics() Metrics { panic("pending") }

// DataflowSize estimates the bytes on disk of a dataflow: its rows and everything.
func (s *Store) DataflowSize(dataflow uint32) (rows, total int64, err error) { panic("pending") }

// RelationSize estimates the bytes on disk of a relation's rows and changelog.
func (s *Store) RelationSize(rel uint32) (rows, log int64, err error) { panic("pending") }

// Checkpoint writes a consistent copy of both stores into dir, which must not exist. It can be opened as a store.
func (s *Store) Checkpoint(dir string) error { panic("pending") }
