package storage

import "github.com/cockroachdb/pebble/v2"

// Metrics are sizes and counters of both stores.
type Metrics struct {
	Durable, Derived DBMetrics
	CacheBytes       int64
	CacheHits        int64
	CacheMisses      int64
}

// DBMetrics are the figures of one of the stores. Counters count from Open.
type DBMetrics struct {
	DiskBytes        int64 // all files
	WALBytes         int64 // live write-ahead log
	MemTableBytes    int64
	Tables           int64
	L0Files          int64
	ReadAmp          int64
	CompactionDebt   int64 // bytes
	Flushes          int64
	Compactions      int64
	BytesWritten     int64 // by flushes and compactions
	BackgroundErrors int64
}

// Metrics reads the current figures.
func (s *Store) Metrics() Metrics {
	d, v := s.durable.Metrics(), s.derived.Metrics()
	return Metrics{
		Durable:     dbMetrics(d, s.logs[0]),
		Derived:     dbMetrics(v, s.logs[1]),
		CacheBytes:  d.BlockCache.Size, // the cache is shared: both report the same
		CacheHits:   d.BlockCache.Hits,
		CacheMisses: d.BlockCache.Misses,
	}
}

func dbMetrics(m *pebble.Metrics, log *pebbleLog) DBMetrics {
	total := m.Total()
	return DBMetrics{
		DiskBytes:        int64(m.DiskSpaceUsage()),
		WALBytes:         int64(m.WAL.Size),
		MemTableBytes:    int64(m.MemTable.Size),
		Tables:           total.TablesCount,
		L0Files:          m.Levels[0].TablesCount,
		ReadAmp:          int64(m.ReadAmp()),
		CompactionDebt:   int64(m.Compact.EstimatedDebt),
		Flushes:          m.Flush.Count,
		Compactions:      m.Compact.Count,
		BytesWritten:     int64(total.TableBytesFlushed + total.TableBytesCompacted),
		BackgroundErrors: log.errors.Load(),
	}
}

// DataflowSize estimates the bytes on disk of a dataflow: its rows and everything. What is still in memory only is
// not counted.
func (s *Store) DataflowSize(dataflow uint32) (rows, total int64, err error) {
	rows, err = diskUsage(s.derived, key(dataflow, kindRow, nil), key(dataflow, kindRows+1, nil))
	if err != nil {
		return 0, 0, err
	}
	lower, upper := idRange(dataflow)
	total, err = diskUsage(s.derived, lower, upper)
	return rows, total, err
}

// RelationSize estimates the bytes on disk of a relation's rows and changelog. What is still in memory only is not
// counted.
func (s *Store) RelationSize(rel uint32) (rows, log int64, err error) {
	lower, upper := kindRange(rel, kindTable)
	if rows, err = diskUsage(s.durable, lower, upper); err != nil {
		return 0, 0, err
	}
	lower, upper = kindRange(rel, kindLog)
	log, err = diskUsage(s.durable, lower, upper)
	return rows, log, err
}
