package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// comparer orders keys by their bytes. Its Split makes the group part of a group key the unit of Bloom filters, so
// that looking for a group that is not there reads no data block. Prefixes end themselves, hence comparing prefixes
// and then suffixes is comparing bytes, as Pebble demands. The name is stored and never changes.
var comparer = func() *pebble.Comparer {
	c := *pebble.DefaultComparer
	c.Name = "millrace.bytes.v1"
	c.Split = splitGroup
	c.Compare = bytes.Compare
	c.Equal = bytes.Equal
	c.ComparePointSuffixes = bytes.Compare
	c.CompareRangeSuffixes = bytes.Compare
	return &c
}()

// merger sums weights. A value is a zigzag varint, optionally followed by a payload that is the same in all operands
// of a key. The name is stored and never changes.
//
// A sum of zero stays a record: Pebble v2.1.7 loses a compaction's place when a merger that can delete meets a value
// that was set, and compactions turn merged values into set ones. So only additions are merged, and whoever subtracts
// finds out the sum and sets or deletes it.
var merger = &pebble.Merger{
	Name: "millrace.weights.v1",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		m := new(weightMerger)
		return m, m.add(value)
	},
}

type weightMerger struct {
	sum     int64
	payload []byte
	out     [binary.MaxVarintLen64]byte
}

func (m *weightMerger) add(value []byte) error {
	w, n := binary.Varint(value)
	if n <= 0 {
		return fmt.Errorf("%w: weight %x", ErrCorrupt, value)
	}
	m.sum += w
	if m.payload == nil && n < len(value) {
		m.payload = append(m.payload, value[n:]...)
	}
	return nil
}

func (m *weightMerger) MergeNewer(value []byte) error { return m.add(value) }
func (m *weightMerger) MergeOlder(value []byte) error { return m.add(value) }

func (m *weightMerger) Finish(bool) ([]byte, io.Closer, error) {
	return append(binary.AppendVarint(m.out[:0], m.sum), m.payload...), nil, nil
}

func appendWeight(dst []byte, w int64) []byte { return binary.AppendVarint(dst, w) }

// formatVersion is the format of Pebble's files. Stores are raised to it when they are opened, so whoever changes it
// raises formatCurrent, too.
const formatVersion = pebble.FormatValueSeparation

// pebbleOptions are the options that both stores share.
func pebbleOptions(opt *Options, cache *pebble.Cache, log *pebbleLog) *pebble.Options {
	o := &pebble.Options{
		FS:                          opt.FS,
		Cache:                       cache,
		Comparer:                    comparer,
		Merger:                      merger,
		FormatMajorVersion:          formatVersion,
		MemTableSize:                uint64(opt.MemTableBytes),
		MemTableStopWritesThreshold: 4,
		// Few, large files in level 0: each flushed file costs a sync. Elsewhere files are small enough for their
		// Bloom filters, which are read whole, to be good citizens of the cache.
		TargetFileSizes:            [7]int64{16 << 20, 8 << 20, 16 << 20, 16 << 20, 32 << 20, 32 << 20, 32 << 20},
		L0CompactionThreshold:      4,
		L0StopWritesThreshold:      24,
		LBaseMaxBytes:              64 << 20,
		CompactionConcurrencyRange: func() (lower, upper int) { return 1, 2 },
		MaxOpenFiles:               4096,
		FlushDelayDeleteRange:      flushDelay,
		BytesPerSync:               1 << 20,
		Logger:                     log,
		EventListener:              log.listener(),
	}
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		o.Levels[i].BlockSize = 8 << 10
		o.Levels[i].IndexBlockSize = 64 << 10
	}
	o.Experimental.EnableColumnarBlocks = func() bool { return true }
	// Suffixes are rows here, not versions: none is more likely to be read than another.
	o.Experimental.SpanPolicyFunc = func([]byte) (pebble.SpanPolicy, []byte, error) {
		return pebble.SpanPolicy{DisableValueSeparationBySuffix: true}, nil, nil
	}
	return o
}

// pebbleLog passes what Pebble reports on to the log.
type pebbleLog struct {
	log    *slog.Logger
	errors atomic.Int64 // background errors
}

// Infof implements pebble.Logger. Pebble tells of each flush and compaction here.
func (l *pebbleLog) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}

// Errorf implements pebble.Logger.
func (l *pebbleLog) Errorf(format string, args ...any) {
	l.log.Error(fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. Pebble calls it when it cannot go on: its write-ahead log or manifest failed. What
// is on disk is unknown then, and only a restart, which reads it, makes it known.
func (l *pebbleLog) Fatalf(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	l.log.Error(msg)
	fmt.Fprintln(os.Stderr, "millrace: storage failed:", msg)
	os.Exit(1)
}

func (l *pebbleLog) listener() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			// Pebble retries without a pause; say so now and then.
			if n := l.errors.Add(1); n&(n-1) == 0 {
				l.log.Error("a background operation of the store failed", "error", err, "times", n)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			l.log.Error("the store is corrupt", "path", info.Path, "error", info.Details)
		},
		DiskSlow: func(info pebble.DiskSlowInfo) {
			l.log.Warn("the disk is slow", "path", info.Path, "duration", info.Duration)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			l.log.Warn("writes wait for the store", "reason", info.Reason)
		},
	}
}
