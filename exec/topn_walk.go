package exec

import (
	"bytes"
	"encoding/binary"
	"math"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
)

// rowOrder writes rows as byte strings that sort in the order of a TopN or an Over and hold the row: the order's keys, the keys of the
// other columns, which break ties, the row in the row format, and the lengths of the first two parts.
type rowOrder struct {
	order, ties []keys.Order
	cols        []int // of the row; nil is all
}

const rowOrderTrailer = 8

// newRowOrder orders rows within a group. reversed orders those that tie by their other columns descending.
func newRowOrder(in *physical.Output, group []int, order []physical.SortKey, reversed bool) (r rowOrder) {
	decided := map[int]bool{}
	for _, k := range order {
		r.order = append(r.order, keys.Order{Col: k.Col, Desc: k.Desc, NullsFirst: k.NullsFirst})
		decided[k.Col] = true
	}
	for _, c := range group {
		decided[c] = true
	}
	unique := in.Key != nil
	for _, c := range in.Key {
		unique = unique && decided[c]
	}
	for c := range in.Types {
		if !unique && !decided[c] {
			r.ties = append(r.ties, keys.Order{Col: c, Desc: reversed, NullsFirst: reversed})
		}
	}
	return r
}

// appendKey appends a row's order keys, with which it begins.
func (r *rowOrder) appendKey(dst []byte, b *delta.Batch, i int) []byte {
	return keys.AppendRowOrder(dst, b.Cols, r.order, i)
}

// finish completes a row of which dst holds the order's keys.
func (r *rowOrder) finish(dst []byte, b *delta.Batch, i int) []byte {
	order := len(dst)
	dst = keys.AppendRowOrder(dst, b.Cols, r.ties, i)
	ties := len(dst)
	dst = codec.AppendRow(dst, b, r.cols, i)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(order))
	return binary.LittleEndian.AppendUint32(dst, uint32(ties))
}

// key gives the order's keys of a row, value the row in the row format.
func (r *rowOrder) key(row []byte) []byte {
	return row[:min(uint64(binary.LittleEndian.Uint32(row[len(row)-8:])), uint64(len(row)))]
}

func (r *rowOrder) value(row []byte) []byte {
	end := len(row) - rowOrderTrailer
	return row[min(int(binary.LittleEndian.Uint32(row[len(row)-4:])), end):end]
}

// topWindow says which rows of an ordered group are in the output.
type topWindow struct {
	rows   rowOrder
	offset int64
	end    int64 // of the window: the last number in it
	kind   physical.RankKind
	ties   bool
}

func newTopWindow(n *physical.TopN) topWindow {
	w := topWindow{offset: n.Offset, end: math.MaxInt64, kind: n.Rank, ties: n.WithTies && n.Limit > 0}
	if n.Limit >= 0 && n.Limit < math.MaxInt64-n.Offset {
		w.end = n.Offset + n.Limit
	}
	return w
}

// topEntry is a row in the window: n copies, numbered from num on (by row_number) or all num (by a rank).
type topEntry struct {
	off, len int
	num, n   int64
}

// topPlace is a place in an ordered group: what is before it.
type topPlace struct {
	copies int64  // rows
	rank   int64  // of the last row
	dense  int64  // of the last row
	key    []byte // order keys of the last row
}

// topWalk walks over a group's rows in order and remembers those in the window from a given row on.
type topWalk struct {
	topWindow
	topPlace
	from    []byte // nil is the start
	reached bool   // a row at or after from was seen
	at      topPlace
	stopped bool // a row beyond the window was seen
	bad     bool // a row with a negative weight was seen
	all     bool // every row is to be remembered, in seen
	entries []topEntry
	seen    []topEntry // n is the weight
	bytes   []byte     // of the rows remembered
}

func (w *topWalk) begin(from []byte) {
	w.topPlace = topPlace{key: w.key[:0]}
	w.from, w.reached, w.stopped, w.bad, w.all = from, from == nil, false, false, false
	w.entries, w.seen, w.bytes = w.entries[:0], w.seen[:0], w.bytes[:0]
}

// resume starts where o came to its from.
func (w *topWalk) resume(o *topWalk) {
	w.begin(nil)
	place := &o.at
	if !o.reached {
		place = &o.topPlace
	}
	key := append(w.key, place.key...)
	w.topPlace = *place
	w.key = key
}

func (w *topWalk) row(e *topEntry) []byte { return w.bytes[e.off : e.off+e.len] }

// endsBeforeFrom reports whether nothing that happens at or after from can change the window.
func (w *topWalk) endsBeforeFrom() bool {
	full := w.kind == physical.RowNumberRank && !w.ties && w.copies >= w.end
	return !w.reached && (w.stopped || full)
}

// see takes the next row; it is false when no later row is in the window.
func (w *topWalk) see(row []byte, weight int64) bool {
	if weight < 0 || len(row) < rowOrderTrailer {
		w.bad = true
		return false
	}
	if !w.reached && bytes.Compare(row, w.from) >= 0 {
		w.reached = true
		w.at = topPlace{copies: w.copies, rank: w.rank, dense: w.dense, key: append(w.at.key[:0], w.key...)}
	}
	if k := w.rows.key(row); w.copies == 0 || !bytes.Equal(k, w.key) {
		w.rank, w.dense = w.copies+1, w.dense+1
		w.key = append(w.key[:0], k...)
	}
	e, beyond := w.place(weight)
	w.stopped = w.stopped || beyond
	if w.all {
		w.seen = append(w.seen, w.remember(row, topEntry{n: weight}))
	}
	if beyond {
		return w.all
	}
	w.copies += weight
	switch {
	case e.n <= 0 || !w.reached:
	case w.all:
		last := &w.seen[len(w.seen)-1]
		e.off, e.len = last.off, last.len
		w.entries = append(w.entries, e)
	default:
		w.entries = append(w.entries, w.remember(row, e))
	}
	return true
}

func (w *topWalk) remember(row []byte, e topEntry) topEntry {
	e.off, e.len = len(w.bytes), len(row)
	w.bytes = append(w.bytes, row...)
	return e
}

// place gives the part of a row's copies that is in the window; beyond says that the row and all later ones are after
// its end.
func (w *topWalk) place(weight int64) (e topEntry, beyond bool) {
	switch w.kind {
	case physical.Rank:
		return w.whole(w.rank, weight)
	case physical.DenseRank:
		return w.whole(w.dense, weight)
	}
	last := w.copies + weight
	if w.copies >= w.end && !(w.ties && w.rank <= w.end) {
		return e, true
	}
	if !w.ties || w.rank > w.end {
		last = min(last, w.end)
	}
	e.num = max(w.copies, w.offset) + 1
	e.n = max(last-e.num+1, 0)
	return e, false
}

// whole is place for a row all of whose copies have one number.
func (w *topWalk) whole(num, weight int64) (e topEntry, beyond bool) {
	if num > w.offset && num <= w.end {
		e.num, e.n = num, weight
	}
	return e, num > w.end
}
