package state

import (
	"bytes"
	"slices"
)

// pending is the list of changes that a multimap has not yet written: what WriteTo needs, by group. The groups
// themselves hold sums only.
type pending struct {
	groups []touched
	rows   []pendingRow
	blocks [][]byte // the rows' bytes
	bytes  int64
}

// touched is a group with changes.
type touched struct {
	slot uint64 // hash and current ref
	head uint32 // 1 + number of the last change, which leads to the earlier ones
}

type pendingRow struct {
	w     int64
	block uint32
	at    uint32
	size  uint32
	next  uint32 // 1 + number of the group's change before, 0 at the end
}

const pendingBlock = 256 << 10

func (p *pending) add(group int, row []byte, w int64) {
	block, at := p.store(row)
	t := &p.groups[group]
	p.rows = append(p.rows, pendingRow{w: w, block: block, at: at, size: uint32(len(row)), next: t.head})
	t.head = uint32(len(p.rows))
	p.bytes += int64(len(row)) + 24
}

func (p *pending) store(row []byte) (block, at uint32) {
	n := len(p.blocks)
	if n == 0 || len(p.blocks[n-1])+len(row) > cap(p.blocks[n-1]) {
		p.blocks = append(p.blocks, make([]byte, 0, max(min(pendingBlock, 1024<<min(n, 8)), len(row))))
		n++
	}
	b := &p.blocks[n-1]
	at = uint32(len(*b))
	*b = append(*b, row...)
	return uint32(n - 1), at
}

// changes gives a group's changes in order of row, one a row.
func (p *pending) changes(dst []record, t *touched) []record {
	for n := t.head; n != 0; {
		r := &p.rows[n-1]
		dst = append(dst, record{p.blocks[r.block][r.at : r.at+r.size], r.w})
		n = r.next
	}
	slices.Reverse(dst) // rows often come in order
	return consolidate(dst)
}

// inOrder gives the numbers of the groups in the store's order: by partition, length and bytes of the group.
func (p *pending) inOrder(key func(slot uint64) []byte) []uint32 {
	slots := make([]uint64, len(p.groups))
	for i := range p.groups {
		slots[i] = p.groups[i].slot&^uint64(1<<32-1) | uint64(i)
	}
	slots = sortGroups(slots, func(s uint64) []byte { return key(p.groups[slotRef(s)].slot) })
	out := make([]uint32, len(slots))
	for i, s := range slots {
		out[i] = slotRef(s)
	}
	return out
}

// sortGroups is sortSlots with shorter keys first within a partition.
func sortGroups(slots []uint64, key func(slot uint64) []byte) []uint64 {
	slots = sortSlots(slots, key)
	sorted := slices.IsSortedFunc(slots, func(a, b uint64) int { return compareGroups(a, b, key) })
	if !sorted {
		slices.SortStableFunc(slots, func(a, b uint64) int { return compareGroups(a, b, key) })
	}
	return slots
}

func compareGroups(a, b uint64, key func(slot uint64) []byte) int {
	if c := int(slotPart(a)) - int(slotPart(b)); c != 0 {
		return c
	}
	return len(key(a)) - len(key(b))
}

// comparePartGroup is the store's order of groups.
func comparePartGroup(p uint8, k []byte, q uint8, l []byte) int {
	if c := int(p) - int(q); c != 0 {
		return c
	}
	if c := len(k) - len(l); c != 0 {
		return c
	}
	return bytes.Compare(k, l)
}

// reset empties the list and keeps a moderate amount of memory.
func (p *pending) reset() {
	if len(p.blocks) > 0 {
		p.blocks = append(p.blocks[:0], p.blocks[len(p.blocks)-1][:0])
		if cap(p.blocks[0]) > pendingBlock {
			p.blocks = nil
		}
	}
	if cap(p.rows) > dirtyRetainMax {
		p.rows, p.groups = nil, nil
	}
	p.rows, p.groups, p.bytes = p.rows[:0], p.groups[:0], 0
}
