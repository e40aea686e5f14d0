package state

import "encoding/binary"

// A group is an entry whose body is
//
//	0  touch: 1 + the group's number in this step's list of changed groups, 0 when it has not changed
//	4  length of the records at the front that are in order, each row once
//	8  records
//
// or, once the records would exceed inlineMax, with flagBig, the roots of a larger structure, see chunks.go. The
// entry's size is the length of the records. Adding appends a record; reading puts the records in order first.
const (
	groupTouch   = 0
	groupSorted  = 4
	groupRecords = 8
	inlineMax    = 1 << 10
)

// groups is the memory form of a multimap: the arena, the table, and scratch memory.
type groups struct {
	cells arena
	table table

	recs  []record // of the group that is being put in order
	kept  []record // of the chunk that is being merged into
	merge []record // the result of that
	buf   []byte
}

func u32(b []byte, at int) uint32       { return binary.LittleEndian.Uint32(b[at:]) }
func putU32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

// newGroup makes a group of no row with room for records of so many bytes; ref is 0 when the arena is full. It is not
// in the table: a group may move while it is being filled, and the table must not refer to a cell that is free.
func (g *groups) newGroup(key []byte, flags byte, room int) (ref uint32) {
	room = min(room, inlineMax)
	ref, class := g.cells.alloc(keySize(len(key)) + groupRecords + room)
	if ref == 0 {
		return 0
	}
	e := g.cells.cell(ref)
	at := writeHead(e, class, flags, key, 0)
	putU32(e, at+groupTouch, 0)
	putU32(e, at+groupSorted, 0)
	return ref
}

// add appends a record to the group at ref, which may move: it gives the new ref, 0 when the arena is full.
func (g *groups) add(ref uint32, row []byte, w int64) uint32 {
	e := g.cells.cell(ref)
	at := bodyAt(e)
	if e[entryFlags]&flagBig != 0 {
		if !g.bigAdd(e[at:], row, w) {
			return 0
		}
		setEntrySize(e, entrySize(e)+recordSize(row, w))
		return ref
	}
	used := entrySize(e)
	need := used + recordSize(row, w)
	end := at + groupRecords + used
	if size := g.cells.size(ref, e[0]); at+groupRecords+need > size {
		if need > inlineMax {
			moved := g.toBig(ref)
			if moved == 0 {
				return 0
			}
			return g.add(moved, row, w)
		}
		moved := g.resize(ref, min(max(need, used+used/2), inlineMax))
		if moved == 0 {
			return 0
		}
		ref, e = moved, g.cells.cell(moved)
	}
	putRecord(e[end:], row, w)
	setEntrySize(e, need)
	return ref
}

// resize moves a group's entry to a cell with room for records of so many bytes. Who calls it tells the table.
func (g *groups) resize(ref uint32, room int) uint32 {
	old := g.cells.cell(ref)
	at := bodyAt(old)
	moved, class := g.cells.alloc(at + groupRecords + room)
	if moved == 0 {
		return 0
	}
	e := g.cells.cell(moved)
	copy(e, old[:at+groupRecords+min(entrySize(old), room)])
	e[0] = class
	g.cells.release(ref, old[0])
	return moved
}

// order puts a group's records in order. The group stays where it is.
func (g *groups) order(ref uint32) bool {
	e := g.cells.cell(ref)
	at := bodyAt(e)
	if e[entryFlags]&flagBig != 0 {
		return g.bigOrder(e, at)
	}
	used, sorted := entrySize(e), int(u32(e, at+groupSorted))
	if used == sorted {
		return true
	}
	data := e[at+groupRecords : at+groupRecords+used]
	g.recs = appendRecords(g.recs[:0], data)
	if isConsolidated(g.recs) {
		putU32(e, at+groupSorted, uint32(used))
		return true
	}
	g.recs = consolidate(g.recs)
	g.buf = g.buf[:0]
	for _, r := range g.recs {
		g.buf = appendRecord(g.buf, r.row, r.w)
	}
	// Sums of weights may be longer than their parts: 63 + 63 takes a byte more than 63, but two records' worth
	// has become one, whose row and length are saved.
	n := copy(data, g.buf)
	setEntrySize(e, n)
	putU32(e, at+groupSorted, uint32(n))
	return true
}

// isEmpty reports whether an ordered group has no row.
func (g *groups) isEmpty(ref uint32) bool {
	e := g.cells.cell(ref)
	if e[entryFlags]&flagBig != 0 {
		return u32(e, bodyAt(e)+bigChunks) == 0
	}
	return entrySize(e) == 0
}

// scan calls f for the rows of an ordered group from the first that is not below from, or backwards from the last
// that is not above it; nil is from the end.
func (g *groups) scan(ref uint32, from []byte, reverse bool, f func(row []byte, w int64) bool) {
	e := g.cells.cell(ref)
	at := bodyAt(e)
	if e[entryFlags]&flagBig != 0 {
		g.bigScan(e[at:], from, reverse, f)
		return
	}
	g.scanRecords(e[at+groupRecords:at+groupRecords+entrySize(e)], from, reverse, f)
}

// scanRecords scans ordered records and reports whether f wants more.
func (g *groups) scanRecords(data, from []byte, reverse bool, f func(row []byte, w int64) bool) bool {
	if reverse {
		recs := appendRecords(g.recs[:0], data)
		g.recs = recs
		for i := len(recs) - 1; i >= 0; i-- {
			if from != nil && string(recs[i].row) > string(from) {
				continue
			}
			if !f(recs[i].row, recs[i].w) {
				return false
			}
		}
		return true
	}
	for len(data) > 0 {
		var r record
		r, data = readRecord(data)
		if from != nil && string(r.row) < string(from) {
			continue
		}
		if !f(r.row, r.w) {
			return false
		}
	}
	return true
}

// weight sums the weights of a row's records.
func (g *groups) weight(ref uint32, row []byte) int64 {
	e := g.cells.cell(ref)
	at := bodyAt(e)
	if e[entryFlags]&flagBig != 0 {
		g.bigOrder(e, at)
		return g.bigWeight(e[at:], row)
	}
	return weightIn(e[at+groupRecords:at+groupRecords+entrySize(e)], row)
}

func weightIn(data, row []byte) int64 {
	sum := int64(0)
	for len(data) > 0 {
		var r record
		if r, data = readRecord(data); string(r.row) == string(row) {
			sum += r.w
		}
	}
	return sum
}

// clear removes a group's rows; a big group becomes a small one.
func (g *groups) clear(ref uint32) {
	e := g.cells.cell(ref)
	at := bodyAt(e)
	if e[entryFlags]&flagBig != 0 {
		g.bigRelease(e[at:])
		e[entryFlags] &^= flagBig
	}
	setEntrySize(e, 0)
	putU32(e, at+groupSorted, 0)
}

// release frees a group's cells.
func (g *groups) release(ref uint32) {
	g.clear(ref)
	g.cells.release(ref, g.cells.cell(ref)[0])
}

// rebuild copies all groups into a new arena, which gives the memory between them back.
func (g *groups) rebuild() {
	old := g.cells
	g.cells = arena{mem: old.mem}
	g.table.each(func(s *uint64) bool {
		from := old.cell(slotRef(*s))
		at := bodyAt(from)
		size := at + groupRecords + entrySize(from)
		if from[entryFlags]&flagBig != 0 {
			size = at + bigSize
		}
		ref, class := g.cells.alloc(size)
		e := g.cells.cell(ref)
		copy(e, from[:size])
		e[0] = class
		if e[entryFlags]&flagBig != 0 {
			g.bigCopy(e[at:], &old)
		}
		*s = *s&^uint64(1<<32-1) | uint64(ref)
		return true
	})
	old.drop()
}

func (g *groups) drop() {
	g.cells.drop()
	g.table.drop()
	g.recs, g.kept, g.merge, g.buf = nil, nil, nil, nil
}
