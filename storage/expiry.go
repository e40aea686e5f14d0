package storage

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// The ages of a table's rows, for tables whose rows expire: when each was last written, and the same in order of time. A row that is
// written again, or removed, leaves its old entry in the order, which whoever comes to it there drops: see Age.

// expiryKey is the rest of an entry's key.
func expiryKey(micros int64, row []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(row)), uint64(micros)^1<<63), row...)
}

// PutAge says that a row was written at a time.
func (c *Commit) PutAge(rel uint32, row []byte, micros int64) {
	c.put(rel, kindAge, row, binary.BigEndian.AppendUint64(nil, uint64(micros)))
	c.put(rel, kindExpiry, expiryKey(micros, row), nil)
}

// DeleteAge forgets the age of a row that is removed.
func (c *Commit) DeleteAge(rel uint32, row []byte) { c.delete(rel, kindAge, row) }

// DropExpiry removes the entries up to and including one.
func (c *Commit) DropExpiry(rel uint32, through Expiry) {
	lower, _ := kindRange(rel, kindExpiry)
	_ = c.b.DeleteRange(lower, append(key(rel, kindExpiry, expiryKey(through.Micros, through.Row)), 0), nil)
}

// DropAges removes the ages of all rows.
func (c *Commit) DropAges(rel uint32) {
	_ = c.b.DeleteRange(key(rel, kindAge, nil), key(rel, kindExpiry+1, nil), nil)
}

// PutAge is [Commit.PutAge] in a bulk.
func (b *Bulk) PutAge(row []byte, micros int64) {
	b.set(kindAge, row, binary.BigEndian.AppendUint64(nil, uint64(micros)))
	b.set(kindExpiry, expiryKey(micros, row), nil)
}

// ExtendBulk is NewBulk for an id that keeps what lies under it; it must not be discarded.
func (s *Store) ExtendBulk(rel uint32) *Bulk { return &Bulk{s: s, rel: rel, b: s.durable.NewBatch()} }

// Age tells when a row was last written; ok is false where that is not known.
func (s *Store) Age(rel uint32, row []byte) (micros int64, ok bool, err error) {
	val, ok, err := getKeyed(s.durable, rel, kindAge, row, nil)
	if err != nil || !ok {
		return 0, false, err
	}
	if len(val) != 8 {
		return 0, false, fmt.Errorf("%w: age %x", ErrCorrupt, val)
	}
	return int64(binary.BigEndian.Uint64(val)), true, nil
}

// Expiry is an entry of a table's rows in order of age.
type Expiry struct {
	Micros int64 // when the row was written
	Row    []byte
}

// Oldest calls f for the entries of a table's rows in order of age, until it returns false. The entry is valid during the
// call only.
func (s *Store) Oldest(rel uint32, f func(Expiry) (more bool, err error)) (err error) {
	lower, upper := kindRange(rel, kindExpiry)
	it, err := s.durable.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return err
	}
	more := true
	for ok := it.First(); ok && more && err == nil; ok = it.Next() {
		k := it.Key()
		if len(k) < headLen+8 {
			err = fmt.Errorf("%w: entry %x of a table's ages", ErrCorrupt, k)
			break
		}
		more, err = f(Expiry{int64(binary.BigEndian.Uint64(k[headLen:]) ^ 1<<63), k[headLen+8:]})
	}
	if err2 := it.Close(); err == nil {
		err = err2
	}
	return err
}
