package engine

import (
	"millrace/catalog"
	"millrace/delta"
)

// guessedRowBytes is about what a stored row takes on disk, compressed.
const guessedRowBytes = 40

// netRows is by how many rows a change makes a relation grow.
func netRows(b *delta.Batch) int64 {
	if b.Weights == nil {
		return int64(b.N)
	}
	var n int64
	for _, w := range b.Weights {
		n += w
	}
	return n
}

// RowCounts gives about how many rows relations have: counted since the start, on top of a guess from their size on disk.
// Relations that are not there, and plain views, are left out.
func (e *Engine) RowCounts(ids []uint32) map[uint32]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[uint32]int64{}
	for _, id := range ids {
		if r := e.relations[id]; r != nil {
			out[id] = max(r.rows, 0)
		}
	}
	return out
}

// guessRows guesses how many rows a relation that was stored before the start has.
func (e *Engine) guessRows(r *catalog.Relation) int64 {
	var bytes int64
	var err error
	switch r.Kind {
	case catalog.Table:
		bytes, _, err = e.store.RelationSize(r.StorageID())
	case catalog.Stream:
		_, bytes, err = e.store.RelationSize(r.ID)
	default:
		bytes, _, err = e.store.DataflowSize(r.ID)
	}
	if err != nil {
		return 0 // a guess is not worth a failed start
	}
	return bytes / guessedRowBytes
}

// noteRows counts what a step has changed and what the operators have done; Engine.mu is held.
func (d *dataflow) noteRows() {
	d.figures = d.flow.AppendStats(d.figures[:0])
	if r := d.e.relations[d.id]; r != nil {
		r.rows += d.out.net
	}
}
