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
	indexes []pendingIndex // of the unique indexes
}

// pendingIndex is what the transaction has changed in one unique index, by the index's key.
type pendingIndex struct {
	space KeySpace
	byKey map[string]*pendingEntry
}

type pendingEntry struct {
	gone bool        // the stored row with this key is deleted or has another key now
	row  *pendingRow // the new row with this key; nil: none
}

// pendingRow is the change of one key of a table.
type pendingRow struct {
	gone   []byte // the stored row that is deleted or replaced, encoded; nil: none
	weight int64  // of the new row; 0: there is none
	batch  int    // where the new row is
	row    int
}

// NewPending makes one for a relation of which nothing is changed yet.
func NewPending(r *catalog.Relation, cat *catalog.Snapshot) *Pending {
	p := &Pending{rel: r, byKey: map[string]*pendingRow{}}
	for _, k := range UniqueSpaces(r, cat) {
		if k.Index != nil {
			p.indexes = append(p.indexes, pendingIndex{k, map[string]*pendingEntry{}})
		}
	}
	return p
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
			p.index(b, i, func(x *pendingEntry) { x.row = e })
		}
	}
}

// index changes the entries of a row in the unique indexes.
func (p *Pending) index(b *delta.Batch, i int, change func(*pendingEntry)) {
	for _, x := range p.indexes {
		key, distinct := x.space.Key(b, i)
		if distinct {
			continue
		}
		e := x.byKey[string(key)]
		if e == nil {
			e = &pendingEntry{}
			x.byKey[string(key)] = e
		}
		change(e)
	}
}

// remove takes back a new row, or notes that a stored one is gone.
func (p *Pending) remove(b *delta.Batch, i int, w int64) {
	e := p.entry(b, i)
	if e.weight > 0 {
		e.weight += w
		p.index(b, i, func(x *pendingEntry) { x.row = nil })
		return
	}
	e.gone = codec.AppendRow(nil, b, nil, i)
	p.index(b, i, func(x *pendingEntry) { x.gone = true })
}

// entry finds or makes the entry of a row's key.
func (p *Pending) entry(b *delta.Batch, i int) *pendingRow {
	key := string(RowKey(p.rel, b, i))
	e := p.byKey[key]
	if e == nil {
		e = &pendingRow{}
		p.byKey[key] = e
		p.rows = append(p.rows, e)
	}
	return e
}

// NumberRows gives the new rows of a batch for a table without a primary key ids that tell them apart within their
// transaction: negative ones, from next downwards, each row with an id of its own. Other batches stay as they are. The
// committer gives rows their final ids; see [ForgetNumbers].
func NumberRows(r *catalog.Relation, b *delta.Batch, next *int64) *delta.Batch {
	id, hidden := r.RowID()
	if !hidden || !b.Cols[id].Nulls.Any() {
		return b
	}
	out := delta.NewBatch(b.Types(), b.N)
	for i := range b.N {
		if !b.Cols[id].IsNull(i) {
			out.AppendFrom(b, i, b.Weight(i))
			continue
		}
		for range b.Weight(i) {
			out.AppendFrom(b, i, 1)
			at := out.N - 1
			out.Cols[id].Ints[at] = *next
			out.Cols[id].Nulls.Clear(at)
			*next--
		}
	}
	return out
}

// ForgetNumbers takes the ids of [NumberRows] away, for the commit; it changes b.
func ForgetNumbers(r *catalog.Relation, b *delta.Batch) {
	id, hidden := r.RowID()
	if !hidden {
		return
	}
	v := b.Cols[id]
	for i := range b.N {
		if !v.IsNull(i) && v.Ints[i] < 0 {
			v.SetNull(i)
		}
	}
}

// Find tells what the transaction has done to the row with a key in a unique space: row is the new one, as row i of a
// batch, nil if there is none; gone says that the stored row with this key does not count any more.
func (p *Pending) Find(space uint32, key []byte) (b *delta.Batch, i int, gone bool) {
	if p == nil {
		return nil, 0, false
	}
	e := p.byKey[string(key)]
	if space != 0 {
		e = nil
		for _, x := range p.indexes {
			if entry := x.byKey[string(key)]; x.space.ID() == space && entry != nil {
				e, gone = entry.row, entry.gone
			}
		}
	} else if e != nil {
		gone = e.gone != nil
	}
	if e == nil || e.weight <= 0 {
		return nil, 0, gone
	}
	return p.batches[e.batch], e.row, gone
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
