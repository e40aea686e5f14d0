package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"
)

// cursor moves an iterator over its bounds in one direction. The kinds of iterator are cursors that read the key
// and value in their own way.
type cursor struct {
	it      *pebble.Iterator
	err     error
	reverse bool
	started bool
}

func newCursor(r pebble.Reader, lower, upper []byte, reverse bool) cursor {
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	return cursor{it: it, err: err, reverse: reverse}
}

func (c *cursor) next() bool {
	switch {
	case c.err != nil || c.it == nil:
		return false
	case !c.started && c.reverse:
		c.started = true
		return c.it.Last()
	case !c.started:
		c.started = true
		return c.it.First()
	case c.reverse:
		return c.it.Prev()
	}
	return c.it.Next()
}

func (c *cursor) value() []byte {
	v, err := c.it.ValueAndErr()
	if err != nil && c.err == nil {
		c.err = err
	}
	return v
}

// Close ends the iteration and returns its error.
func (c *cursor) Close() error {
	if c.it == nil {
		return c.err
	}
	err := c.it.Close()
	c.it = nil
	if c.err == nil {
		c.err = err
	}
	return c.err
}

// RowIter iterates over keyed rows. Use: for it.Next() { it.Key(), it.Row() }; err = it.Close().
type RowIter struct {
	cursor
	row []byte
}

func scanRows(r pebble.Reader, id uint32, kind byte, lower, upper []byte, reverse bool) *RowIter {
	from, to := kindRange(id, kind)
	if lower != nil {
		from = append(from, lower...)
	}
	if upper != nil {
		to = key(id, kind, upper)
	}
	return &RowIter{cursor: newCursor(r, from, to, reverse)}
}

// Next moves to the next row; false at the end or on an error.
func (it *RowIter) Next() bool {
	if !it.next() {
		return false
	}
	it.row = it.value()
	return it.err == nil
}

// Key is the row's key, valid until the next call of Next or Close.
func (it *RowIter) Key() []byte { return it.it.Key()[headLen:] }

// Row is the row's bytes, valid until the next call of Next or Close.
func (it *RowIter) Row() []byte { return it.row }

// LogIter iterates over a changelog in order of position.
type LogIter struct {
	cursor
	pos Position
	val []byte
}

// readLog reads epochs in (after, to].
func readLog(r pebble.Reader, id uint32, kind byte, after, to uint64) *LogIter {
	lower, upper := logStart(id, kind, after), logStart(id, kind, to)
	if after >= to {
		return &LogIter{}
	}
	return &LogIter{cursor: newCursor(r, lower, upper, false)}
}

// Next moves to the next batch; false at the end or on an error.
func (it *LogIter) Next() bool {
	if !it.next() {
		return false
	}
	var ok bool
	if it.pos, ok = decodePosition(it.it.Key()); !ok {
		it.err = fmt.Errorf("%w: changelog key %x", ErrCorrupt, it.it.Key())
		return false
	}
	it.val = it.value()
	return it.err == nil
}

// Position is the batch's position.
func (it *LogIter) Position() Position { return it.pos }

// Value is the encoded batch, valid until the next call of Next or Close.
func (it *LogIter) Value() []byte { return it.val }

// MultisetIter iterates over rows with weights.
type MultisetIter struct {
	cursor
	weight  int64
	payload []byte
}

func scanMultiset(r pebble.Reader, id uint32, kind byte) *MultisetIter {
	lower, upper := kindRange(id, kind)
	return &MultisetIter{cursor: newCursor(r, lower, upper, false)}
}

// Next moves to the next distinct row; false at the end or on an error.
func (it *MultisetIter) Next() bool {
	if !it.next() {
		return false
	}
	v := it.value()
	if it.err != nil {
		return false
	}
	var n int
	if it.weight, n = binary.Varint(v); n <= 0 {
		it.err = fmt.Errorf("%w: weight %x", ErrCorrupt, v)
		return false
	}
	it.payload = v[n:]
	return true
}

// Row is the row's bytes, valid until the next call of Next or Close.
func (it *MultisetIter) Row() []byte { return it.it.Key()[headLen:] }

// Weight is the row's weight, never 0.
func (it *MultisetIter) Weight() int64 { return it.weight }

// Payload is what AddError stored beside the weight; empty for view rows.
func (it *MultisetIter) Payload() []byte { return it.payload }

// get appends the value of a key to dst; ok is false when there is none.
func get(r pebble.Reader, k, dst []byte) (val []byte, ok bool, err error) {
	v, closer, err := r.Get(k)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, false, nil
	}
	if err != nil {
		return dst, false, err
	}
	dst = append(dst, v...)
	return dst, true, closer.Close()
}

// logBounds gives the first and last epoch of a changelog, 0 when it is empty.
func logBounds(r pebble.Reader, id uint32, kind byte) (first, last uint64, err error) {
	lower, upper := kindRange(id, kind)
	c := newCursor(r, lower, upper, false)
	if c.next() {
		if pos, ok := decodePosition(c.it.Key()); ok {
			first = pos.Epoch
		}
		if c.it.Last() {
			if pos, ok := decodePosition(c.it.Key()); ok {
				last = pos.Epoch
			}
		}
	}
	return first, last, c.Close()
}

// diskUsage estimates the bytes on disk of a range.
func diskUsage(db *pebble.DB, lower, upper []byte) (int64, error) {
	n, err := db.EstimateDiskUsage(lower, upper)
	return int64(min(n, math.MaxInt64)), err
}
