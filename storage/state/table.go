package state

// table finds cells by the upper 32 bits of their key's 64-bit hash: open addressing with linear probing in segments,
// which a directory addresses by the leading bits of the hash and which split when they are full (extendible hashing,
// Fagin et al. 1979). So it grows without ever moving more than one segment at a time.
//
// A slot is the hash's upper 32 bits, the lowest of them replaced by a mark of recent use, and the ref; 0 is empty.
// Slots lie nearly in order of hash, and so in order of virtual partition, which is the hash's first byte.
type table struct {
	dir   []*segment // by the first depth bits of the hash
	depth uint8
	n     int
	hand  uint32 // where the next sweep begins: an index of dir
	mem   *memory
}

type segment struct {
	slots []uint64
	n     int
	bits  uint8 // len(slots) == 1<<bits
	depth uint8 // leading bits of the hash that all keys share
}

const (
	slotUsed        uint64 = 1 << 32 // the mark of recent use
	segmentBitsMin         = 3
	segmentBitsMax         = 13
	tableDepthMax          = 17
	segmentOverhead        = 64
)

func slotRef(s uint64) uint32  { return uint32(s) }
func slotHash(s uint64) uint32 { return uint32(s >> 32) }

// slotPart is the virtual partition.
func slotPart(s uint64) uint8 { return uint8(s >> 56) }

func makeSlot(hash uint64, ref uint32) uint64 {
	return hash&^uint64(1<<33-1) | slotUsed | uint64(ref)
}

func newSegment(bits, depth uint8) *segment {
	return &segment{slots: make([]uint64, 1<<bits), bits: bits, depth: depth}
}

func (s *segment) home(hash uint32) uint32 {
	return (hash &^ 1) << s.depth >> (32 - s.bits)
}

// full reports whether one more key would fill more than three quarters.
func (s *segment) full() bool { return (s.n+1)*4 > len(s.slots)*3 }

// put adds a slot that is not there; there is room.
func (s *segment) put(slot uint64) {
	mask := uint32(len(s.slots) - 1)
	p := s.home(slotHash(slot))
	for s.slots[p] != 0 {
		p = (p + 1) & mask
	}
	s.slots[p] = slot
	s.n++
}

// remove empties position p and moves up what was displaced by it.
func (s *segment) remove(p uint32) {
	mask := uint32(len(s.slots) - 1)
	hole := p
	for q := (p + 1) & mask; s.slots[q] != 0; q = (q + 1) & mask {
		// The slot at q may fill the hole unless its home lies cyclically in (hole, q].
		if home := s.home(slotHash(s.slots[q])); (q-home)&mask >= (q-hole)&mask {
			s.slots[hole] = s.slots[q]
			hole = q
		}
	}
	s.slots[hole] = 0
	s.n--
}

// find looks for a key. eq decides among cells with the same 31 bits of hash. seg is nil when the table is empty.
func (t *table) find(a *arena, hash uint64, key []byte) (seg *segment, pos uint32, ok bool) {
	if t.dir == nil {
		return nil, 0, false
	}
	h := uint32(hash >> 32)
	seg = t.dir[h>>(32-t.depth)]
	mask := uint32(len(seg.slots) - 1)
	for p := seg.home(h); ; p = (p + 1) & mask {
		s := seg.slots[p]
		if s == 0 {
			return seg, p, false
		}
		if (slotHash(s)^h)>>1 == 0 && string(entryKey(a.cell(slotRef(s)))) == string(key) {
			seg.slots[p] = s | slotUsed
			return seg, p, true
		}
	}
}

// insert adds a cell whose key is not in the table.
func (t *table) insert(hash uint64, ref uint32) {
	if t.dir == nil {
		t.dir = []*segment{t.newSegment(segmentBitsMin, 0)}
	}
	h := uint32(hash >> 32)
	seg := t.dir[h>>(32-t.depth)]
	for seg.full() {
		t.grow(seg, h)
		seg = t.dir[h>>(32-t.depth)]
	}
	seg.put(makeSlot(hash, ref))
	t.n++
}

func (t *table) newSegment(bits, depth uint8) *segment {
	t.mem.bytes += 8<<bits + segmentOverhead
	return newSegment(bits, depth)
}

// grow doubles a segment or splits it in two.
func (t *table) grow(seg *segment, hash uint32) {
	t.mem.bytes -= int64(8<<seg.bits) + segmentOverhead
	if seg.bits < segmentBitsMax || seg.depth >= tableDepthMax {
		bigger := t.newSegment(seg.bits+1, seg.depth)
		for _, s := range seg.slots {
			if s != 0 {
				bigger.put(s)
			}
		}
		t.point(hash, seg.depth, bigger)
		return
	}
	if seg.depth == t.depth {
		dir := make([]*segment, 2*len(t.dir))
		for i, s := range t.dir {
			dir[2*i], dir[2*i+1] = s, s
		}
		t.mem.bytes += int64(8 * len(t.dir))
		t.dir = dir
		t.depth++
		t.hand *= 2
	}
	depth := seg.depth + 1
	halves := [2]*segment{t.newSegment(seg.bits, depth), t.newSegment(seg.bits, depth)}
	for _, s := range seg.slots {
		if s != 0 {
			halves[slotHash(s)>>(32-depth)&1].put(s)
		}
	}
	first := hash >> (32 - depth) &^ 1
	t.point(first<<(32-depth), depth, halves[0])
	t.point((first|1)<<(32-depth), depth, halves[1])
}

// point makes the directory's entries for the first depth bits of hash name seg.
func (t *table) point(hash uint32, depth uint8, seg *segment) {
	span := uint32(1) << (t.depth - depth)
	first := hash >> (32 - t.depth) &^ (span - 1)
	for i := range span {
		t.dir[first+i] = seg
	}
}

// removeAt removes the slot at a position that find gave.
func (t *table) removeAt(seg *segment, pos uint32) {
	seg.remove(pos)
	t.n--
}

// each calls f for every slot, segment by segment, until it returns false. f may change the slot's ref through the
// pointer, and nothing else.
func (t *table) each(f func(slot *uint64) bool) {
	for i := 0; i < len(t.dir); {
		seg := t.dir[i]
		for p := range seg.slots {
			if seg.slots[p] != 0 && !f(&seg.slots[p]) {
				return
			}
		}
		i += 1 << (t.depth - seg.depth)
	}
}

// sweep goes around the table as a clock's hand (Corbató's CLOCK): a slot marked as used loses its mark, another is
// removed if evict agrees. It ends when enough says so, at the latest after two rounds.
func (t *table) sweep(evict func(slot uint64) bool, enough func() bool) {
	for turn := uint32(0); turn < 2*uint32(len(t.dir)) && !enough(); {
		if t.hand >= uint32(len(t.dir)) {
			t.hand = 0
		}
		seg := t.dir[t.hand]
		span := uint32(1) << (t.depth - seg.depth)
		for p := uint32(0); p < uint32(len(seg.slots)); {
			s := seg.slots[p]
			switch {
			case s == 0:
				p++
			case s&slotUsed != 0:
				seg.slots[p] &^= slotUsed
				p++
			case evict(s):
				t.removeAt(seg, p) // another slot may have moved to p
			default:
				p++
			}
		}
		t.hand += span
		turn += span
	}
}

// drop empties the table.
func (t *table) drop() {
	for i := 0; i < len(t.dir); {
		seg := t.dir[i]
		t.mem.bytes -= int64(8<<seg.bits) + segmentOverhead
		i += 1 << (t.depth - seg.depth)
	}
	if t.depth > 0 {
		t.mem.bytes -= int64(8 * (len(t.dir) - 1))
	}
	*t = table{mem: t.mem}
}
