package exec

import (
	"bytes"
	"encoding/binary"
	"slices"

	"millrace/delta"
	"millrace/storage/keys"
)

// groupedRows gathers the changes of a step per group and row.
type groupedRows struct {
	cols   []int // the group's
	groups keyTable
	rows   rowWeights // by the group's number, big-endian in 4 bytes, then the row's bytes
	order  []uint32   // rows with a weight, by group and row, after sort
	kc     keys.KeyColumn
	ids    []uint32
	buf    []byte
}

// number sets ids to the groups of b's rows.
func (g *groupedRows) number(b *delta.Batch) (err error) {
	g.kc.Reset()
	keys.AppendAll(&g.kc, b, g.cols)
	g.ids, err = g.groups.add(&g.kc, g.ids[:0])
	return err
}

// add adds a row that enc appends to its argument.
func (g *groupedRows) add(group uint32, weight int64, enc func(dst []byte) []byte) error {
	g.buf = enc(binary.BigEndian.AppendUint32(g.buf[:0], group))
	_, err := g.rows.addEncoded(g.buf, weight)
	return err
}

// row gives the bytes of a row and its group.
func (g *groupedRows) row(id uint32) (group uint32, row []byte) {
	k := g.rows.table.key(id)
	return binary.BigEndian.Uint32(k), k[4:]
}

// sort fills order.
func (g *groupedRows) sort() {
	g.order = g.order[:0]
	for id, w := range g.rows.weights {
		if w != 0 {
			g.order = append(g.order, uint32(id))
		}
	}
	slices.SortFunc(g.order, func(a, b uint32) int {
		return bytes.Compare(g.rows.table.key(a), g.rows.table.key(b))
	})
}

// cut takes the rows of the first group off order.
func (g *groupedRows) cut(order []uint32) (group uint32, rows, rest []uint32) {
	group, _ = g.row(order[0])
	n := 1
	for n < len(order) {
		if next, _ := g.row(order[n]); next != group {
			break
		}
		n++
	}
	return group, order[:n], order[n:]
}

func (g *groupedRows) reset() {
	g.groups.reset()
	g.rows.reset()
	if cap(g.order) > retainedKeys {
		g.order = nil
	}
}
