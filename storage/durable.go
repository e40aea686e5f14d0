package storage

import (
	"github.com/cockroachdb/pebble/v2"

	"millrace/storage/keys"
)

// Snapshot is the durable store at one moment. Safe for concurrent use; Close it once.
type Snapshot struct{ snap *pebble.Snapshot }

// Snapshot takes a snapshot of the durable store. It costs about a microsecond. A commit that is being applied at
// the same time may be in it or not: take snapshots where commits are made.
func (s *Store) Snapshot() *Snapshot { return &Snapshot{s.durable.NewSnapshot()} }

// Close releases the snapshot.
func (s *Snapshot) Close() { _ = s.snap.Close() }

// GetRow appends a table's row by key, in its latest state, to dst; ok is false when there is none.
func (s *Store) GetRow(rel uint32, key, dst []byte) (row []byte, ok bool, err error) {
	return getKeyed(s.durable, rel, kindTable, key, dst)
}

// GetRow is [Store.GetRow] at the snapshot.
func (s *Snapshot) GetRow(rel uint32, key, dst []byte) (row []byte, ok bool, err error) {
	return getKeyed(s.snap, rel, kindTable, key, dst)
}

func getKeyed(r pebble.Reader, id uint32, kind byte, rest, dst []byte) ([]byte, bool, error) {
	var buf [128]byte
	return get(r, append(appendHead(buf[:0], id, kind), rest...), dst)
}

// getRowsFew is the number of look-ups that are not worth an iterator.
const getRowsFew = 4

// GetRows looks up many rows at once, with one pass in order of key: f is called for each i in [0, n) in an
// unspecified order; row is valid during the call only, nil when there is none.
func (s *Store) GetRows(rel uint32, n int, key func(i int) []byte, f func(i int, row []byte) error) error {
	return getRows(s.durable, rel, n, key, f)
}

// GetRows is [Store.GetRows] at the snapshot.
func (s *Snapshot) GetRows(rel uint32, n int, key func(i int) []byte, f func(i int, row []byte) error) error {
	return getRows(s.snap, rel, n, key, f)
}

func getRows(r pebble.Reader, rel uint32, n int, key func(i int) []byte, f func(i int, row []byte) error) error {
	if n < getRowsFew {
		var buf []byte
		for i := range n {
			row, ok, err := getKeyed(r, rel, kindTable, key(i), buf[:0])
			if err != nil {
				return err
			}
			if buf = row; !ok {
				row = nil
			} else if row == nil {
				row = []byte{}
			}
			if err := f(i, row); err != nil {
				return err
			}
		}
		return nil
	}
	lower, upper := kindRange(rel, kindTable)
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	err = getSorted(it, lower, keys.Sort(n, key), key, f)
	if err2 := it.Close(); err == nil {
		err = err2
	}
	return err
}

// getSorted looks up prefix+key(i) for the i of order, which is in order of key.
func getSorted(it *pebble.Iterator, prefix []byte, order []uint32, key func(i int) []byte, f func(i int, val []byte) error) error {
	buf := append([]byte(nil), prefix...)
	for _, i := range order {
		buf = append(buf[:len(prefix)], key(int(i))...)
		var val []byte
		if it.SeekPrefixGE(buf) && string(it.Key()) == string(buf) {
			v, err := it.ValueAndErr()
			if err != nil {
				return err
			}
			if val = v; val == nil {
				val = []byte{}
			}
		}
		if err := it.Error(); err != nil {
			return err
		}
		if err := f(int(i), val); err != nil {
			return err
		}
	}
	return nil
}

// ScanRows iterates over a table's rows with keys in [lower, upper), nil being no bound, in order of key.
func (s *Snapshot) ScanRows(rel uint32, lower, upper []byte, reverse bool) *RowIter {
	return scanRows(s.snap, rel, kindTable, lower, upper, reverse)
}

// ReadLog reads a relation's changelog: epochs after afterEpoch up to and including toEpoch.
func (s *Store) ReadLog(rel uint32, afterEpoch, toEpoch uint64) *LogIter {
	return readLog(s.durable, rel, kindLog, afterEpoch, toEpoch)
}

// ReadLog is [Store.ReadLog] at the snapshot.
func (s *Snapshot) ReadLog(rel uint32, afterEpoch, toEpoch uint64) *LogIter {
	return readLog(s.snap, rel, kindLog, afterEpoch, toEpoch)
}

// Catalog calls f for each catalog record in order of key. val is valid during the call only.
func (s *Store) Catalog(f func(key string, val []byte) error) error {
	return scanCatalog(s.durable, f)
}

// Catalog is [Store.Catalog] at the snapshot.
func (s *Snapshot) Catalog(f func(key string, val []byte) error) error {
	return scanCatalog(s.snap, f)
}

func scanCatalog(r pebble.Reader, f func(key string, val []byte) error) error {
	it := scanRows(r, 0, kindCatalog, nil, nil, false)
	for it.Next() {
		if err := f(string(it.Key()), it.Row()); err != nil {
			_ = it.Close()
			return err
		}
	}
	return it.Close()
}

// Offset gives a relation's connector offset.
func (s *Store) Offset(rel uint32) (val []byte, ok bool, err error) {
	return getKeyed(s.durable, rel, kindOffset, nil, nil)
}

// Offset is [Store.Offset] at the snapshot.
func (s *Snapshot) Offset(rel uint32) (val []byte, ok bool, err error) {
	return getKeyed(s.snap, rel, kindOffset, nil, nil)
}

// LogBounds gives the first and last epoch in a relation's changelog, 0 when it is empty.
func (s *Store) LogBounds(rel uint32) (first, last uint64, err error) {
	return logBounds(s.durable, rel, kindLog)
}

// LastLogEpoch gives the last epoch in a relation's changelog, 0 when it is empty.
func (s *Store) LastLogEpoch(rel uint32) (uint64, error) {
	_, last, err := s.LogBounds(rel)
	return last, err
}

// LogSize estimates the bytes on disk of a part of a relation's changelog, bounds as in ReadLog. What is still in
// memory only is not counted.
func (s *Store) LogSize(rel uint32, afterEpoch, toEpoch uint64) (int64, error) {
	if afterEpoch >= toEpoch {
		return 0, nil
	}
	return diskUsage(s.durable, logStart(rel, kindLog, afterEpoch), logStart(rel, kindLog, toEpoch))
}

// TrimLog removes a relation's changelog up to and including an epoch. It is ordered with commits and not synced:
// after a crash the removed part may be back.
func (s *Store) TrimLog(rel uint32, throughEpoch uint64) error {
	return s.trimLog(s.durable, rel, throughEpoch)
}

func (s *Store) trimLog(db *pebble.DB, id uint32, through uint64) error {
	s.trim.RLock()
	defer s.trim.RUnlock()
	lower, _ := kindRange(id, kindLog)
	return db.DeleteRange(lower, logStart(id, kindLog, through), pebble.NoSync)
}

// DropRows removes a table's rows under an id, with their ages, and leaves its changelog. It is not synced: after a crash the rows may be
// back, which matters to nobody who does not read them.
func (s *Store) DropRows(rel uint32) error {
	lower, upper := key(rel, kindTable, nil), key(rel, kindExpiry+1, nil)
	return s.durable.DeleteRange(lower, upper, pebble.NoSync)
}
