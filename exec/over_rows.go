package exec

import (
	"bytes"
	"slices"
	"sort"

	"millrace/delta"
	"millrace/storage/codec"
)

// overReader reads a partition's rows in order with their weights before and after the step, by merging the state with
// the step's changes.
type overReader struct {
	o       *over
	hash    uint64
	group   []byte
	changes []stepRow
	next    int // of changes

	last   []byte // the last row read from the state, or the row after which to begin; nil at the start
	rows   []byte // of the piece that was read
	ends   []int
	weight []int64
	at     int
	piece  int // rows to read at once
	done   bool
}

const (
	firstPiece = 16
	lastPiece  = 512
)

// begin starts behind a row; nil is the partition's start.
func (r *overReader) begin(after []byte) {
	r.last = nil
	if after != nil {
		r.last = append([]byte{}, after...)
	}
	r.next = 0
	if after != nil {
		r.next = sort.Search(len(r.changes), func(i int) bool { return bytes.Compare(r.o.step.row(&r.changes[i]), after) > 0 })
	}
	r.forget()
	r.piece, r.done = firstPiece, r.o.mm == nil
}

func (r *overReader) forget() {
	r.rows, r.ends, r.weight, r.at = r.rows[:0], r.ends[:0], r.weight[:0], 0
}

// fetch reads the next piece of the state.
func (r *overReader) fetch() error {
	r.forget()
	visit := func(row []byte, w int64) bool {
		if r.last != nil && bytes.Equal(row, r.last) {
			return true
		}
		r.rows = append(r.rows, row...)
		r.ends, r.weight = append(r.ends, len(r.rows)), append(r.weight, w)
		return len(r.ends) < r.piece
	}
	var err error
	if r.last == nil {
		err = r.o.mm.Scan(r.hash, r.group, visit)
	} else {
		err = r.o.mm.ScanFrom(r.hash, r.group, r.last, visit)
	}
	n := len(r.ends)
	r.done = n < r.piece
	if n > 0 {
		r.last = append(r.last[:0], r.stored(n-1)...)
	}
	r.piece = min(2*r.piece, lastPiece)
	return err
}

func (r *overReader) stored(i int) []byte {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.rows[start:r.ends[i]]
}

// row gives the next row, valid until the next call; nil at the end. now is negative where the step is at fault.
func (r *overReader) row() (row []byte, old, now int64, err error) {
	if r.at == len(r.ends) && !r.done {
		if err := r.fetch(); err != nil {
			return nil, 0, 0, err
		}
	}
	c := 0
	switch {
	case r.at == len(r.ends) && r.next == len(r.changes):
		return nil, 0, 0, nil
	case r.at == len(r.ends):
		c = -1
	case r.next == len(r.changes):
		c = 1
	default:
		c = bytes.Compare(r.o.step.row(&r.changes[r.next]), r.stored(r.at))
	}
	if c <= 0 {
		row, now = r.o.step.row(&r.changes[r.next]), r.changes[r.next].weight
		r.next++
	}
	if c >= 0 {
		row, old = r.stored(r.at), r.weight[r.at]
		r.at++
	}
	return row, old, old + now, nil
}

// overRows is the part of a partition that is being looked at: its rows before and after the step side by side. Rows
// have numbers that count from the first that was read; those that are behind are dropped.
type overRows struct {
	o      *over
	reader overReader

	first int // the number of the first row that is kept
	batch *delta.Batch
	peers []int64     // numbers of the rows' peer groups, of both sides together
	key   []byte      // order key of the last row
	side  [2]overSide // before the step, and after it

	atStart     bool   // the first row read was the partition's
	from        []byte // rows before this one are not evaluated
	begin       int    // the first row that is
	lastChanged int
	done        bool // the last row has been read
}

// overSide is the rows as they are before or after the step. Positions count copies of rows, from the partition's start
// where a function needs that and else from the first row read.
type overSide struct {
	weight []int64
	pos    []int64 // of the row's first copy
	group  []int64 // number of the row's peer group
	base   int64   // position of the first row that was read
	end    int64   // position after the last

	starts    []int64 // positions at which peer groups begin
	firstPeer int64   // the number of the first of starts
	lastPeers int64   // the last group, by its number for both sides
}

// open begins behind a place in the partition.
func (w *overRows) open(p *overPlace) error {
	w.reader.begin(p.after)
	w.first, w.begin, w.lastChanged, w.done = 0, -1, -1, false
	w.atStart, w.from = p.after == nil, p.from
	w.batch.Reset()
	w.peers, w.key = w.peers[:0], w.key[:0]
	m := mark{}
	if p.mark != nil {
		var err error
		if m, err = readMark(p.mark); err != nil {
			return err
		}
		w.key = append(w.key, w.o.rows.key(p.after)...)
	}
	for k := range w.side {
		s := &w.side[k]
		s.weight, s.pos, s.group, s.starts = s.weight[:0], s.pos[:0], s.group[:0], s.starts[:0]
		s.base, s.end, s.firstPeer, s.lastPeers = m.copies, m.copies, 0, -1
		if m.groups > 0 {
			s.starts, s.firstPeer, s.lastPeers = append(s.starts, m.groupStart), m.groups-1, 0
		}
	}
	return w.o.marking.begin(m)
}

// last is the number after that of the last row read; at is where row i stands in the batch.
func (w *overRows) last() int            { return w.first + len(w.peers) }
func (w *overRows) at(i int) int         { return i - w.first }
func (w *overRows) col(c int) *delta.Vec { return w.batch.Cols[c] }

// has reports whether there is a row i, and reads it.
func (w *overRows) has(i int) (bool, error) {
	for i >= w.last() && !w.done {
		if err := w.read(); err != nil {
			return false, err
		}
	}
	return i < w.last(), nil
}

// read reads a row.
func (w *overRows) read() error {
	next := w.reader.next
	row, old, now, err := w.reader.row()
	switch {
	case err != nil:
		return err
	case row == nil:
		w.done = true
		return nil
	case now < 0 || old < 0 || len(row) < rowOrderTrailer:
		return ErrNegative
	}
	i := w.last()
	if w.reader.next > next {
		w.lastChanged = i
	}
	if w.begin < 0 && (w.from == nil || bytes.Compare(row, w.from) >= 0) {
		w.begin = i
	}
	peers := int64(0)
	if k := w.o.rows.key(row); i > 0 || len(w.key) > 0 {
		if i > 0 {
			peers = w.peers[len(w.peers)-1]
		}
		if !bytes.Equal(k, w.key) {
			peers++
			w.key = append(w.key[:0], k...)
		}
	} else {
		w.key = append(w.key, k...)
	}
	if err := codec.DecodeRowInto(w.o.rows.value(row), w.batch.Cols); err != nil {
		return err
	}
	w.batch.N++
	w.peers = append(w.peers, peers)
	w.side[0].add(peers, old)
	w.side[1].add(peers, now)
	return w.o.marking.see(w, i, row, old > 0)
}

// add adds a row.
func (s *overSide) add(peers, weight int64) {
	if weight > 0 && (len(s.starts) == 0 || s.lastPeers != peers) {
		s.starts, s.lastPeers = append(s.starts, s.end), peers
	}
	s.weight, s.pos = append(s.weight, weight), append(s.pos, s.end)
	s.group = append(s.group, s.firstPeer+int64(len(s.starts))-1)
	s.end += weight
}

// drop forgets the rows before number i, once it is worth it.
func (w *overRows) drop(i int) error {
	n := w.at(i)
	if n < 1024 || 2*n < len(w.peers) {
		return nil
	}
	if err := w.o.marking.catchUp(w); err != nil {
		return err
	}
	sel := make([]uint32, len(w.peers)-n)
	for k := range sel {
		sel[k] = uint32(n + k)
	}
	w.batch = w.batch.Gather(sel)
	w.peers = slices.Delete(w.peers, 0, n)
	for k := range w.side {
		s := &w.side[k]
		s.weight, s.pos = slices.Delete(s.weight, 0, n), slices.Delete(s.pos, 0, n)
		s.group = slices.Delete(s.group, 0, n)
		if gone := int(s.group[0] - s.firstPeer); gone > 0 {
			s.starts, s.firstPeer = slices.Delete(s.starts, 0, gone), s.group[0]
		}
	}
	w.first = i
	return nil
}

// bytes is about the memory that the rows take.
func (w *overRows) bytes() int { return w.batch.Bytes() + 7*8*cap(w.peers) }

// toPosition reads until a position is behind, toGroup until a peer group has ended.
func (w *overRows) toPosition(s *overSide, p int64) error {
	for s.end <= p && !w.done {
		if err := w.read(); err != nil {
			return err
		}
	}
	return nil
}

func (w *overRows) toGroup(s *overSide, g int64) error {
	for s.firstPeer+int64(len(s.starts))-1 <= g && !w.done {
		if err := w.read(); err != nil {
			return err
		}
	}
	return nil
}

// row gives the number of the row that has a position; the number after the last where none has.
func (w *overRows) row(s *overSide, p int64) int {
	return w.first + sort.Search(len(s.pos), func(k int) bool { return s.pos[k]+s.weight[k] > p })
}

// groupStart gives the position at which a peer group begins; the first known one for those before, the end for those
// after.
func (s *overSide) groupStart(g int64) int64 {
	k := g - s.firstPeer
	switch {
	case k < 0:
		return s.base
	case k >= int64(len(s.starts)):
		return s.end
	}
	return s.starts[k]
}

// bytesOf writes row i as the state has it.
func (w *overRows) bytesOf(dst []byte, i int) []byte {
	dst = w.o.rows.appendKey(dst, w.batch, w.at(i))
	return w.o.rows.finish(dst, w.batch, w.at(i))
}
