package state

// A big group's body, after touch and sorted, which is not used, holds
//
//	 8  ref of the directory: refs of the chunks, in order of their rows
//	12  number of chunks
//	16  ref of the first tail cell: records that were added and not yet put in order
//	20  ref of the last one
//
// A chunk is a cell with ordered records, each row once over all chunks: size class, 3 bytes free, length, records.
// A tail cell is the same with the ref of the next one before the records. So a row is found by two binary searches'
// worth of look-ups, changed by rewriting a chunk, and added without looking at anything.
const (
	bigDir    = 8
	bigChunks = 12
	bigTail   = 16
	bigLast   = 20
	bigSize   = 24

	chunkLen  = 4
	chunkHead = 8
	chunkMax  = 1536 // bytes of records; a larger row has a chunk of its own
	chunkFill = 1024 // what chunks are cut to

	tailNext = 8
	tailHead = 12
	tailMin  = 1 << 10
	tailMax  = 64 << 10

	dirHead = 8
)

// toBig makes a small group a big one with everything in the tail; ref may move, and is 0 when the arena is full.
func (g *groups) toBig(ref uint32) uint32 {
	e := g.cells.cell(ref)
	at := bodyAt(e)
	g.buf = append(g.buf[:0], e[at+groupRecords:at+groupRecords+entrySize(e)]...)
	if g.cells.size(ref, e[0]) < at+bigSize {
		if ref = g.resize(ref, bigSize-groupRecords); ref == 0 {
			return 0
		}
		e = g.cells.cell(ref)
	}
	e[entryFlags] |= flagBig
	clear(e[at+groupSorted : at+bigSize])
	if !g.tailWrite(e[at:], g.buf) {
		return 0
	}
	return ref
}

func (g *groups) bigAdd(body, row []byte, w int64) bool {
	g.buf = appendRecord(g.buf[:0], row, w)
	return g.tailWrite(body, g.buf)
}

// tailWrite appends whole records to the tail.
func (g *groups) tailWrite(body, recs []byte) bool {
	last := u32(body, bigLast)
	if last != 0 {
		c := g.cells.cell(last)
		used := int(u32(c, chunkLen))
		if tailHead+used+len(recs) <= g.cells.size(last, c[0]) {
			copy(c[tailHead+used:], recs)
			putU32(c, chunkLen, uint32(used+len(recs)))
			return true
		}
	}
	size := tailMin
	if last != 0 {
		size = min(2*g.cells.size(last, g.cells.cell(last)[0]), tailMax)
	}
	ref, class := g.cells.alloc(max(size, tailHead+len(recs)))
	if ref == 0 {
		return false
	}
	c := g.cells.cell(ref)
	c[0] = class
	putU32(c, chunkLen, uint32(copy(c[tailHead:], recs)))
	putU32(c, tailNext, 0)
	if last == 0 {
		putU32(body, bigTail, ref)
	} else {
		putU32(g.cells.cell(last), tailNext, ref)
	}
	putU32(body, bigLast, ref)
	return true
}

func (g *groups) chunkRef(body []byte, i int) uint32 {
	return u32(g.cells.cell(u32(body, bigDir)), dirHead+4*i)
}

func (g *groups) chunk(body []byte, i int) []byte {
	c := g.cells.cell(g.chunkRef(body, i))
	return c[chunkHead : chunkHead+u32(c, chunkLen)]
}

// firstRow is a chunk's least row.
func (g *groups) firstRow(body []byte, i int) []byte {
	r, _ := readRecord(g.chunk(body, i))
	return r.row
}

// chunkFor gives the last chunk from number lo on that begins at or below row; lo when none does.
func (g *groups) chunkFor(body, row []byte, lo int) int {
	hi := int(u32(body, bigChunks))
	for lo+1 < hi {
		if mid := (lo + hi) / 2; string(g.firstRow(body, mid)) <= string(row) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// bigOrder merges the tail into the chunks; false when the arena is full.
func (g *groups) bigOrder(e []byte, at int) bool {
	body := e[at:]
	if u32(body, bigTail) == 0 {
		return true
	}
	recs := g.recs[:0]
	size := entrySize(e)
	for ref := u32(body, bigTail); ref != 0; {
		c := g.cells.cell(ref)
		recs = appendRecords(recs, c[tailHead:tailHead+u32(c, chunkLen)])
		size -= int(u32(c, chunkLen))
		ref = u32(c, tailNext)
	}
	recs = consolidate(recs)
	g.recs = recs
	pos := 0
	for len(recs) > 0 {
		pos = g.chunkFor(body, recs[0].row, pos)
		run := len(recs)
		if next := pos + 1; next < int(u32(body, bigChunks)) {
			limit := g.firstRow(body, next)
			for run = 0; run < len(recs) && string(recs[run].row) < string(limit); run++ {
			}
		}
		n, grown, ok := g.mergeInto(body, pos, recs[:run])
		if !ok {
			return false
		}
		size += grown
		recs = recs[run:]
		pos = max(pos+n-1, 0)
	}
	g.releaseTail(body)
	setEntrySize(e, size)
	return true
}

// mergeInto merges records into a chunk and gives the number of chunks that have taken its place, and by how many bytes
// they are longer.
func (g *groups) mergeInto(body []byte, pos int, run []record) (chunks, grown int, ok bool) {
	out := g.merge[:0]
	replaced := 0
	if int(u32(body, bigChunks)) > 0 {
		replaced = 1
		old := g.chunk(body, pos)
		grown = -len(old)
		g.kept = appendRecords(g.kept[:0], old)
		out = mergeRecords(out, g.kept, run)
	} else {
		out = append(out, run...)
	}
	g.merge = out
	var refs [8]uint32
	fresh := refs[:0]
	g.buf = g.buf[:0]
	total := 0
	for _, r := range out {
		total += recordSize(r.row, r.w)
	}
	limit := chunkMax
	if total > chunkMax {
		limit = chunkFill
	}
	for i, r := range out {
		g.buf = appendRecord(g.buf, r.row, r.w)
		if i+1 == len(out) || len(g.buf)+recordSize(out[i+1].row, out[i+1].w) > limit {
			ref, class := g.cells.alloc(chunkHead + len(g.buf))
			if ref == 0 {
				return 0, 0, false
			}
			c := g.cells.cell(ref)
			c[0] = class
			putU32(c, chunkLen, uint32(copy(c[chunkHead:], g.buf)))
			fresh = append(fresh, ref)
			g.buf = g.buf[:0]
		}
	}
	if replaced == 1 {
		ref := g.chunkRef(body, pos)
		g.cells.release(ref, g.cells.cell(ref)[0])
	}
	return len(fresh), grown + total, g.splice(body, pos, replaced, fresh)
}

// splice replaces entries of the directory.
func (g *groups) splice(body []byte, pos, replaced int, fresh []uint32) bool {
	n := int(u32(body, bigChunks))
	want := n - replaced + len(fresh)
	ref := u32(body, bigDir)
	var dir []byte
	if ref != 0 {
		dir = g.cells.cell(ref)
	}
	if ref == 0 || dirHead+4*want > g.cells.size(ref, dir[0]) {
		moved, class := g.cells.alloc(dirHead + 4*(want+want/2+2))
		if moved == 0 {
			return false
		}
		bigger := g.cells.cell(moved)
		bigger[0] = class
		if ref != 0 {
			copy(bigger[dirHead:], dir[dirHead:dirHead+4*n])
			g.cells.release(ref, dir[0])
		}
		dir = bigger
		putU32(body, bigDir, moved)
	}
	refs := dir[dirHead : dirHead+4*max(n, want)]
	copy(refs[4*(pos+len(fresh)):4*want], refs[4*(pos+replaced):4*n])
	for i, f := range fresh {
		putU32(refs, 4*(pos+i), f)
	}
	putU32(body, bigChunks, uint32(want))
	return true
}

func (g *groups) bigScan(body, from []byte, reverse bool, f func(row []byte, w int64) bool) {
	n := int(u32(body, bigChunks))
	if n == 0 {
		return
	}
	if reverse {
		i := n - 1
		if from != nil {
			i = g.chunkFor(body, from, 0)
		}
		for ; i >= 0; i-- {
			if !g.scanRecords(g.chunk(body, i), from, true, f) {
				return
			}
		}
		return
	}
	i := 0
	if from != nil {
		i = g.chunkFor(body, from, 0)
	}
	for ; i < n; i++ {
		if !g.scanRecords(g.chunk(body, i), from, false, f) {
			return
		}
	}
}

// bigWeight looks a row up in an ordered group.
func (g *groups) bigWeight(body, row []byte) int64 {
	if u32(body, bigChunks) == 0 {
		return 0
	}
	return weightIn(g.chunk(body, g.chunkFor(body, row, 0)), row)
}

func (g *groups) releaseTail(body []byte) {
	for ref := u32(body, bigTail); ref != 0; {
		c := g.cells.cell(ref)
		next := u32(c, tailNext)
		g.cells.release(ref, c[0])
		ref = next
	}
	putU32(body, bigTail, 0)
	putU32(body, bigLast, 0)
}

func (g *groups) bigRelease(body []byte) {
	g.releaseTail(body)
	for i := range int(u32(body, bigChunks)) {
		ref := g.chunkRef(body, i)
		g.cells.release(ref, g.cells.cell(ref)[0])
	}
	if ref := u32(body, bigDir); ref != 0 {
		g.cells.release(ref, g.cells.cell(ref)[0])
	}
	putU32(body, bigDir, 0)
	putU32(body, bigChunks, 0)
}

// bigCopy gives a group whose body was copied from another arena cells of its own in this one.
func (g *groups) bigCopy(body []byte, old *arena) {
	move := func(ref uint32, size int) uint32 {
		from := old.cell(ref)
		to, class := g.cells.alloc(size)
		c := g.cells.cell(to)
		copy(c, from[:size])
		c[0] = class
		return to
	}
	n := int(u32(body, bigChunks))
	if ref := u32(body, bigDir); ref != 0 {
		moved := move(ref, dirHead+4*n)
		putU32(body, bigDir, moved)
		dir := g.cells.cell(moved)
		for i := range n {
			chunk := u32(dir, dirHead+4*i)
			putU32(dir, dirHead+4*i, move(chunk, chunkHead+int(u32(old.cell(chunk), chunkLen))))
		}
	}
	prev := uint32(0)
	for ref := u32(body, bigTail); ref != 0; {
		from := old.cell(ref)
		moved := move(ref, tailHead+int(u32(from, chunkLen)))
		if prev == 0 {
			putU32(body, bigTail, moved)
		} else {
			putU32(g.cells.cell(prev), tailNext, moved)
		}
		prev = moved
		ref = u32(from, tailNext)
	}
	if prev != 0 {
		putU32(body, bigLast, prev)
	}
}
