package storage

import "github.com/cockroachdb/pebble/v2"

// Bulk writes many rows of one relation ahead of the commit that makes them count: a table that is written anew, or an
// index over rows that are there. It is not synced and not atomic. Nothing must refer to the relation yet; a synced commit that
// does makes all of it durable, since the log keeps the order of writes. After a crash before that the rows may lie there,
// which is why whoever takes an id into use clears it.
type Bulk struct {
	s   *Store
	rel uint32
	b   *pebble.Batch
	err error
}

// bulkBytes is the size at which a bulk's batch is written.
const bulkBytes = 4 << 20

// NewBulk removes what lies under an id and begins to write. Close ends it.
func (s *Store) NewBulk(rel uint32) *Bulk {
	b := &Bulk{s: s, rel: rel, b: s.durable.NewBatch()}
	lower, upper := idRange(rel)
	b.err = b.b.DeleteRange(lower, upper, nil)
	return b
}

// Relation is the id under which the bulk writes.
func (b *Bulk) Relation() uint32 { return b.rel }

// Put sets a row.
func (b *Bulk) Put(key, row []byte) { b.set(kindTable, key, row) }

func (b *Bulk) set(kind byte, key, val []byte) {
	if b.err != nil {
		return
	}
	if b.err = b.b.Set(append(appendHead(make([]byte, 0, headLen+len(key)), b.rel, kind), key...), val, nil); b.err == nil && b.b.Len() >= bulkBytes {
		b.Flush()
	}
}

// Flush writes what was collected, so that look-ups find it. It gives the first error so far.
func (b *Bulk) Flush() error {
	if b.err != nil {
		return b.err
	}
	if b.err = b.s.checkDisk(b.b.Len()); b.err != nil {
		return b.err
	}
	if b.err = b.b.Commit(pebble.NoSync); b.err == nil {
		b.err = b.b.Close()
		b.b = b.s.durable.NewBatch()
	}
	return b.err
}

// Close writes the rest and gives the first error.
func (b *Bulk) Close() error {
	err := b.Flush()
	if b.b != nil {
		_ = b.b.Close()
		b.b = nil
	}
	return err
}

// Discard removes what a bulk wrote.
func (b *Bulk) Discard() error {
	if b.b != nil {
		_ = b.b.Close()
		b.b = nil
	}
	lower, upper := idRange(b.rel)
	return b.s.durable.DeleteRange(lower, upper, pebble.NoSync)
}
