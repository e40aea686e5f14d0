package storage

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Commit is one durable batch in the making. It is used by one goroutine.
type Commit struct {
	s        *Store
	b        *pebble.Batch // nil once ended
	tooLarge bool
}

// NewCommit begins a durable batch. Either Apply or Close must end it.
func (s *Store) NewCommit() *Commit { return &Commit{s: s, b: s.durable.NewBatch()} }

// batchMax bounds a commit or step. Pebble panics when a batch would exceed 4 GiB.
const batchMax = 2 << 30

// room reports whether a batch has room for another key and value.
func (c *Commit) room(bytes int) bool {
	if c.b.Len()+bytes > batchMax {
		c.tooLarge = true
	}
	return !c.tooLarge
}

// put writes a key with the given rest.
func (c *Commit) put(id uint32, kind byte, rest, val []byte) {
	if !c.room(len(rest) + len(val)) {
		return
	}
	op := c.b.SetDeferred(headLen+len(rest), len(val))
	copy(op.Key[headLen:], rest)
	appendHead(op.Key[:0], id, kind)
	copy(op.Value, val)
	_ = op.Finish()
}

func (c *Commit) delete(id uint32, kind byte, rest []byte) {
	if !c.room(len(rest)) {
		return
	}
	op := c.b.DeleteDeferred(headLen + len(rest))
	copy(op.Key[headLen:], rest)
	appendHead(op.Key[:0], id, kind)
	_ = op.Finish()
}

// AppendLog adds an encoded batch to a relation's changelog.
func (c *Commit) AppendLog(rel uint32, pos Position, encoded []byte) {
	k := logKey(rel, kindLog, pos)
	c.put(rel, kindLog, k[headLen:], encoded)
}

// PutRow sets a table's row.
func (c *Commit) PutRow(rel uint32, key, row []byte) { c.put(rel, kindTable, key, row) }

// DeleteRow removes a table's row.
func (c *Commit) DeleteRow(rel uint32, key []byte) { c.delete(rel, kindTable, key) }

// PutCatalog sets a catalog record.
func (c *Commit) PutCatalog(key string, val []byte) { c.put(0, kindCatalog, []byte(key), val) }

// DeleteCatalog removes a catalog record.
func (c *Commit) DeleteCatalog(key string) { c.delete(0, kindCatalog, []byte(key)) }

// PutOffset sets a relation's connector offset.
func (c *Commit) PutOffset(rel uint32, val []byte) { c.put(rel, kindOffset, nil, val) }

// DropRelation removes a relation's rows, changelog and offset, including what this commit wrote of it before.
func (c *Commit) DropRelation(rel uint32) {
	lower, upper := idRange(rel)
	_ = c.b.DeleteRange(lower, upper, nil)
}

// Bytes is the size of what has been collected.
func (c *Commit) Bytes() int { return c.b.Len() }

// Apply writes everything in one synced batch under epoch, which must be above the last one, and ends the
// commit. wallMicros is the commit's time, which must not be below the last one's. After an error that is [ErrDiskFull], [ErrOrder] or [ErrTooLarge] nothing has
// happened; after any other it is unknown whether the commit is on disk, and the store must be reopened.
func (c *Commit) Apply(epoch uint64, wallMicros int64) error {
	defer c.Close()
	s := c.s
	s.commit.Lock()
	defer s.commit.Unlock()
	last, lastWall := s.epochNow()
	if epoch <= last {
		return fmt.Errorf("%w: commit of epoch %d after %d", ErrOrder, epoch, last)
	}
	if last > 0 && wallMicros < lastWall {
		return fmt.Errorf("%w: commit at time %d after %d", ErrOrder, wallMicros, lastWall)
	}
	if c.tooLarge {
		return fmt.Errorf("%w: commit of epoch %d", ErrTooLarge, epoch)
	}
	if err := s.checkDisk(c.b.Len()); err != nil {
		return err
	}
	val := binary.BigEndian.AppendUint64(nil, epoch)
	val = binary.BigEndian.AppendUint64(val, uint64(wallMicros))
	c.put(0, kindEpoch, nil, val)
	c.putTime(epoch, wallMicros, last, lastWall)
	if err := c.b.Commit(pebble.Sync); err != nil {
		return err
	}
	s.mu.Lock()
	s.epoch, s.wall = epoch, wallMicros
	s.mu.Unlock()
	return nil
}

// Close ends a commit that is not to be applied. After Apply it does nothing.
func (c *Commit) Close() {
	if c.b != nil {
		_ = c.b.Close()
		c.b = nil
	}
}

func (s *Store) epochNow() (epoch uint64, wall int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch, s.wall
}

// LastEpoch gives the last durable epoch and its commit time; zeros in a new store.
func (s *Store) LastEpoch() (epoch uint64, wallMicros int64, err error) {
	epoch, wallMicros = s.epochNow()
	return epoch, wallMicros, nil
}

func (s *Store) loadEpoch() error {
	val, ok, err := get(s.durable, key(0, kindEpoch, nil), nil)
	if err != nil || !ok {
		return err
	}
	if len(val) != 16 {
		return fmt.Errorf("%w: epoch record %x", ErrCorrupt, val)
	}
	s.epoch = binary.BigEndian.Uint64(val)
	s.wall = int64(binary.BigEndian.Uint64(val[8:]))
	return nil
}
