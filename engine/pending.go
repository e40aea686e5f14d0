package engine

import (
	"millrace/catalog"
	"millrace/delta"
	"millrace/storage/codec"
)

// Pending is what an open transaction has changed in one stream or table, as its own later statements see it. It is kept by
// key, so that a statement by key costs the same however much the transaction has changed before. It is not safe for
// concurrent use.
type Pending struct {
	rel     *catalog.Relation
	batches []*delta.Batch
	rows    []*pendingRow // in the order in which their keys were first changed
	byKey   map[string]*pendingRow
}

// pendingRow is the change of one key of a table. New rows of a table without a primary key have no key yet, and stand
// under their contents.
type pendingRow struct {
	gone   []byte // the stored row that is deleted or replaced, encoded; nil: none
	weight int64  // of the new row; 0: there is none
	batch  int    // where the new row is
	row    int
}

// NewPending makes one for a relation of which nothing is changed yet.
func NewPending(r *catalog.Relation) *Pending {
	return &Pending{rel: r, byKey: map[string]*pendingRow{}}
}

// Add adds a statement's change: a batch as in Write, deletions before insertions.
func (p *Pending) Add(b *delta.Batch) {
	at := len(p.batches)
	p.batches = append(p.batches, b)
	if p.rel.Kind != catalog.Table {
		return // a stream has insertions only, and no keys
	}
	for i := range b.N {
		if w := b.Weight(i); w < 0 {
			p.remove(b, i, w)
		}
	}
	for i := range b.N {
		if w := b.Weight(i); w > 0 {
			e := p.entry(b, i)
			e.weight += w
			e.batch, e.row = at, i
		}
	}
}

// remove takes back a new row, or notes that a stored one is gone.
func (p *Pending) remove(b *delta.Batch, i int, w int64) {
	e := p.entry(b, i)
	if e.weight > 0 {
		e.weight += w
		return
	}
	e.gone = codec.AppendRow(nil, b, nil, i)
}

// entry finds or makes the entry of a row's key.
func (p *Pending) entry(b *delta.Batch, i int) *pendingRow {
	key := string(p.key(b, i))
	e := p.byKey[key]
	if e == nil {
		e = &pendingRow{}
		p.byKey[key] = e
		p.rows = append(p.rows, e)
	}
	return e
}

func (p *Pending) key(b *delta.Batch, i int) []byte {
	if id, hidden := RowIDColumn(p.rel); hidden && b.Cols[id].IsNull(i) {
		return codec.AppendRow([]byte("new"), b, nil, i)
	}
	return RowKey(p.rel, b, i)
}

// Weight is by how much the number of rows with this key of a table has changed: 1 for a new row, -1 for one that is
// gone, 0 for one that is replaced or not touched.
func (p *Pending) Weight(key []byte) int64 {
	if p == nil {
		return 0
	}
	e := p.byKey[string(key)]
	switch {
	case e == nil:
		return 0
	case e.gone != nil:
		return e.weight - 1
	}
	return e.weight
}

// read gives the rows that the transaction adds and the stored rows that are gone for it, encoded; of one key only, when
// key is not nil.
func (p *Pending) read(key []byte) (added *delta.Batch, gone map[string]int64) {
	if p == nil {
		return nil, nil
	}
	rows := p.rows
	if key != nil {
		e := p.byKey[string(key)]
		if e == nil {
			return nil, nil
		}
		rows = []*pendingRow{e}
	}
	added = delta.NewBatch(p.rel.Types(), 16)
	if p.rel.Kind != catalog.Table {
		for _, b := range p.batches {
			for i := range b.N {
				added.AppendFrom(b, i, b.Weight(i))
			}
		}
		return added, nil
	}
	gone = map[string]int64{}
	for _, e := range rows {
		if e.gone != nil {
			gone[string(e.gone)]++
		}
		if e.weight > 0 {
			added.AppendFrom(p.batches[e.batch], e.row, e.weight)
		}
	}
	return added, gone
}
