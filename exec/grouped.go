package exec

import (
	"bytes"
	"encoding/binary"
	"slices"

	"millrace/delta"
	"millrace/storage/keys"
	"millrace/storage/state"
)

// groupedRows gathers the changes of a step as encoded rows, and gives them by group and, within a group, in the order
// of their bytes, identical ones added up. The rows' bytes lie in blocks, so that a large step moves nothing.
type groupedRows struct {
	cols       []int // the group's
	groups     keyTable
	rows       []stepRow
	sorted     []stepRow // after sort
	start      []uint32  // after sort: the rows of group g are sorted[start[g]:start[g+1]]
	blocks     [][]byte
	blockBytes int // of all blocks
	kc         keys.KeyColumn
	ids        []uint32
}

// stepRow is a row of a step.
type stepRow struct {
	prefix           uint64 // the first bytes, which mostly decide the order
	weight           int64
	group            uint32
	block, at, bytes uint32
}

// number sets ids to the groups of b's rows.
func (g *groupedRows) number(b *delta.Batch) (err error) {
	g.ids, err = g.groups.number(&g.kc, b, g.cols, nil, g.ids[:0])
	return err
}

// each sorts the step and calls f for each of its groups, whose state in mm, if there is one, has been read in one pass. The
// step is to be reset afterwards.
func (g *groupedRows) each(mm *state.Multimap, f func(group uint32) error) error {
	g.sort()
	if mm != nil {
		if err := mm.Prefetch(&g.groups.keys, nil); err != nil {
			return err
		}
	}
	for group := range uint32(g.groups.len()) {
		if err := f(group); err != nil {
			return err
		}
	}
	return nil
}

const rowBlockBytes = 1 << 18

// add takes a row, whose bytes are copied.
func (g *groupedRows) add(group uint32, row []byte, weight int64) {
	last := len(g.blocks) - 1
	if last < 0 || len(g.blocks[last])+len(row) > cap(g.blocks[last]) {
		size := max(rowBlockBytes, len(row))
		g.blocks = append(g.blocks, make([]byte, 0, size))
		g.blockBytes += size
		last++
	}
	b := g.blocks[last]
	r := stepRow{prefix: prefixOf(row), weight: weight, group: group, block: uint32(last), at: uint32(len(b)), bytes: uint32(len(row))}
	g.blocks[last] = append(b, row...)
	g.rows = append(g.rows, r)
}

func prefixOf(row []byte) uint64 {
	if len(row) >= 8 {
		return binary.BigEndian.Uint64(row)
	}
	var p [8]byte
	copy(p[:], row)
	return binary.BigEndian.Uint64(p[:])
}

// row gives a row's bytes.
func (g *groupedRows) row(r *stepRow) []byte {
	return g.blocks[r.block][r.at : r.at+r.bytes : r.at+r.bytes]
}

// bytes is about the memory that the step takes, the sorted list included.
func (g *groupedRows) bytes() int {
	const rowBytes = 32
	return g.groups.bytes() + 2*rowBytes*cap(g.rows) + g.blockBytes
}

// sort prepares of.
func (g *groupedRows) sort() { g.sortInto(g.groups.len()) }

// sortInto is sort for groups that the caller has numbered, n of them.
func (g *groupedRows) sortInto(n int) {
	g.start = append(g.start[:0], make([]uint32, n+1)...)
	for i := range g.rows {
		g.start[g.rows[i].group+1]++
	}
	for k := range n {
		g.start[k+1] += g.start[k]
	}
	g.sorted = slices.Grow(g.sorted[:0], len(g.rows))[:len(g.rows)]
	next := g.start // moved to the groups' ends, and back below
	for _, r := range g.rows {
		g.sorted[next[r.group]] = r
		next[r.group]++
	}
	copy(g.start[1:], g.start[:n])
	g.start[0] = 0
	for k := range n {
		if rows := g.sorted[g.start[k]:g.start[k+1]]; len(rows) > 1 {
			slices.SortFunc(rows, g.compare)
		}
	}
}

func (g *groupedRows) compare(a, b stepRow) int {
	switch {
	case a.prefix < b.prefix:
		return -1
	case a.prefix > b.prefix:
		return 1
	}
	return bytes.Compare(g.row(&a), g.row(&b))
}

// of gives the rows of a group whose weights do not add up to zero, in order, each once. It moves them together in
// place, so after a sort it may be asked once for each group.
func (g *groupedRows) of(group uint32) []stepRow {
	rows := g.sorted[g.start[group]:g.start[group+1]]
	n := 0
	for i := range rows {
		if n > 0 && rows[n-1].prefix == rows[i].prefix && bytes.Equal(g.row(&rows[n-1]), g.row(&rows[i])) {
			rows[n-1].weight += rows[i].weight
			continue
		}
		if n > 0 && rows[n-1].weight == 0 {
			n--
		}
		rows[n] = rows[i]
		n++
	}
	if n > 0 && rows[n-1].weight == 0 {
		n--
	}
	return rows[:n]
}

// compact adds up the rows gathered so far that are identical, for n groups.
func (g *groupedRows) compact(n int) {
	g.sortInto(n)
	kept := groupedRows{}
	for group := range uint32(n) {
		for _, r := range g.of(group) {
			kept.add(group, g.row(&r), r.weight)
		}
	}
	g.rows, g.blocks, g.blockBytes = kept.rows, kept.blocks, kept.blockBytes
}

func (g *groupedRows) reset() {
	g.groups.reset()
	if cap(g.rows) > 2*retainedKeys {
		g.rows, g.sorted = nil, nil
	}
	g.rows = g.rows[:0]
	g.resetBlocks()
}

// resetBlocks forgets the rows' bytes and keeps one block.
func (g *groupedRows) resetBlocks() {
	if len(g.blocks) == 0 {
		return
	}
	clear(g.blocks[1:])
	g.blocks, g.blockBytes = g.blocks[:1], cap(g.blocks[0])
	if g.blocks[0] = g.blocks[0][:0]; g.blockBytes > rowBlockBytes {
		g.blocks, g.blockBytes = nil, 0
	}
}
