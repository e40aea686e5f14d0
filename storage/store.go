package storage

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options opens a store.
type Options struct {
	Dir string
	FS  FS // nil is the machine's file system
	// CacheBytes is the size of the block cache that both stores share, memtables apart; 0 is 64 MiB.
	CacheBytes int64
	// MemTableBytes is the size of one memtable of each store; 0 is 16 MiB. Up to four of them may be held. A step
	// or commit larger than half of it bypasses the memtable's sorting.
	MemTableBytes int64
	// DiskReserveBytes is the free space below which writes are refused with ErrDiskFull; 0 is the lesser of
	// 256 MiB and 5 % of the disk, negative turns the check off.
	DiskReserveBytes int64
	Log              *slog.Logger // nil discards
}

const (
	formatName    = "FORMAT"
	formatPrefix  = "millrace data directory, format "
	formatCurrent = 1

	// flushDelay is how long the space of a dropped range may stay occupied by memtables.
	flushDelay = 10 * time.Second
)

// memTablesHeld is how many memtables both stores together hold under load.
const memTablesHeld = 6

// Store is an open pair of stores. All methods are safe for concurrent use unless they say otherwise.
type Store struct {
	opt     Options
	durable *pebble.DB
	derived *pebble.DB
	cache   *pebble.Cache
	lock    io.Closer
	logs    [2]*pebbleLog // durable, derived

	// commit is held while an epoch is written.
	commit sync.Mutex
	// applying is held for reading while a step is written and recorded, for writing by who needs the two as one.
	applying sync.RWMutex
	// trim is held for writing by Checkpoint, for reading by whoever trims: see Checkpoint.
	trim sync.RWMutex

	// allFilters says that the Bloom filters of the derived store's last level are worth reading, see adaptFilters.
	allFilters atomic.Bool

	snapMu sync.Mutex
	snap   *sharedSnapshot // of the derived store as it is now, if somebody has asked

	mu        sync.Mutex
	epoch     uint64
	wall      int64
	frontiers map[uint32]frontier
}

// Open opens or creates the stores under opt.Dir.
func Open(opt Options) (*Store, error) {
	if opt.FS == nil {
		opt.FS = vfs.Default
		// The lock of a directory is found by its name within a process.
		dir, err := filepath.Abs(opt.Dir)
		if err != nil {
			return nil, fmt.Errorf("open data directory %s: %w: %w", opt.Dir, ErrUnwritable, err)
		}
		opt.Dir = dir
	}
	if opt.CacheBytes == 0 {
		opt.CacheBytes = 64 << 20
	}
	if opt.MemTableBytes == 0 {
		opt.MemTableBytes = 16 << 20
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	opt.MemTableBytes = max(opt.MemTableBytes, 64<<10)
	s := &Store{opt: opt, frontiers: map[uint32]frontier{}}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open data directory %s: %w", opt.Dir, err), s.release())
	}
	return s, nil
}

func (s *Store) open() error {
	if err := s.prepare(); err != nil {
		return err
	}
	// Pebble takes the memory of its memtables out of the cache's capacity. Without room for them a small cache has
	// none left for blocks, and each look-up reads a table's whole Bloom filter from the file again.
	s.cache = pebble.NewCache(s.opt.CacheBytes + memTablesHeld*s.opt.MemTableBytes)
	for i := range s.logs {
		s.logs[i] = &pebbleLog{log: s.opt.Log.With("store", [2]string{"durable", "derived"}[i])}
	}
	var err error
	if s.durable, err = pebble.Open(s.dir("durable"), pebbleOptions(&s.opt, s.cache, s.logs[0])); err != nil {
		return fmt.Errorf("durable: %w", err)
	}
	o := pebbleOptions(&s.opt, s.cache, s.logs[1])
	o.DisableWAL = true
	if s.derived, err = pebble.Open(s.dir("derived"), o); err != nil {
		return fmt.Errorf("derived: %w", err)
	}
	s.adaptFilters()
	if err := s.loadEpoch(); err != nil {
		return err
	}
	return s.loadFrontiers()
}

func (s *Store) dir(name string) string { return s.opt.FS.PathJoin(s.opt.Dir, name) }

// prepare creates and locks the directory and holds its format against ours.
func (s *Store) prepare() error {
	fs := s.opt.FS
	if err := makeDir(fs, s.opt.Dir); err != nil {
		return fmt.Errorf("%w: %w", ErrUnwritable, err)
	}
	lock, err := fs.Lock(s.dir("LOCK"))
	if err != nil {
		// Who cannot create the file gets an error with its path, who cannot lock it one without.
		var p *iofs.PathError
		if errors.As(err, &p) {
			return fmt.Errorf("%w: %w", ErrUnwritable, err)
		}
		return fmt.Errorf("%w: %w", ErrLocked, err)
	}
	s.lock = lock
	text, err := readFile(fs, s.dir(formatName))
	switch {
	case errors.Is(err, iofs.ErrNotExist):
		if _, err := fs.Stat(s.dir("durable")); err == nil {
			return fmt.Errorf("%w: file %s is missing", ErrCorrupt, formatName)
		}
		if err := writeFile(fs, s.opt.Dir, formatName, formatText()); err != nil {
			return fmt.Errorf("%w: %w", ErrUnwritable, err)
		}
		return nil
	case err != nil:
		return err
	}
	return checkFormat(text)
}

func formatText() string { return fmt.Sprintf("%s%d\n", formatPrefix, formatCurrent) }

func checkFormat(text string) error {
	var n int
	rest, ok := strings.CutPrefix(text, formatPrefix)
	if _, err := fmt.Sscanf(rest, "%d", &n); !ok || err != nil || n < 1 {
		return fmt.Errorf("%w: file %s", ErrCorrupt, formatName)
	}
	if n > formatCurrent {
		return fmt.Errorf("%w: format %d, this version knows %d", ErrNewerFormat, n, formatCurrent)
	}
	return nil
}

// Close flushes what was applied to the derived store, waits for running background work and closes both stores.
// Snapshots, iterators, commits and steps must be ended before, and nothing may be called afterwards.
// On a full disk the flush is left out: then the derived store is as after a crash.
func (s *Store) Close() error {
	var err error
	if s.checkDisk(0) == nil {
		err = s.derived.Flush()
	}
	return errors.Join(err, s.release())
}

// release closes what is open.
func (s *Store) release() error {
	var errs []error
	s.derivedChanged()
	if s.derived != nil {
		errs = append(errs, s.derived.Close())
	}
	if s.durable != nil {
		errs = append(errs, s.durable.Close())
	}
	if s.cache != nil {
		s.cache.Unref()
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
