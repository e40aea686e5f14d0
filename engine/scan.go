package engine

import (
	"errors"
	"fmt"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/types"
)

// scanBatchRows is the size of the batches in which rows of tables and views are read.
const scanBatchRows = 4096

// errEnough ends a scan of which no more is wanted.
var errEnough = errors.New("enough rows")

// scan reads a relation's contents at the read's epoch, the columns of s, and pushes them in batches.
func (r *Read) scan(rel *catalog.Relation, s *physical.Scan, push func(*delta.Batch) error) error {
	return r.scanRange(rel, s, nil, nil, nil, nil, push)
}

// scanRange is scan for keys in [lower, upper); nil is open. Relations that are not stored by key ignore it. Rows of a
// table that are in gone are left out, as often as it says; session is who asks, for system relations.
func (r *Read) scanRange(rel *catalog.Relation, s *physical.Scan, lower, upper []byte, gone map[string]int64, session expr.SessionInfo, push func(*delta.Batch) error) error {
	switch rel.Kind {
	case catalog.Stream:
		return r.pushLog(rel, s, r.snap.snap.ReadLog(rel.ID, 0, r.Epoch), push)
	case catalog.Table:
		var it weightedRows = onceEach{r.snap.snap.ScanRows(rel.StorageID(), lower, upper, s.Reverse)}
		if len(gone) > 0 {
			it = &without{it, gone}
		}
		return pushRows(rel.Types(), s.Cols, it, push)
	case catalog.MaterializedView:
		return r.scanView(rel, s, lower, upper, push)
	case catalog.System:
		return r.scanSystem(rel, s, session, push)
	case catalog.Sequence:
		b, err := r.scanSequence(rel)
		if err != nil {
			return err
		}
		return push(prune(b, s.Cols))
	}
	return fmt.Errorf("a %s has no rows", rel.Kind)
}

func (r *Read) scanView(rel *catalog.Relation, s *physical.Scan, lower, upper []byte, push func(*delta.Batch) error) error {
	v := r.views[rel.ID]
	if v == nil {
		return fmt.Errorf("view %q was not named when the read began", rel.Name)
	}
	switch viewForm(rel) {
	case keyed:
		return pushRows(rel.Types(), s.Cols, onceEach{v.snap.ScanRows(rel.ID, lower, upper, s.Reverse)}, push)
	case appended:
		return r.pushLog(rel, s, v.snap.ReadRows(rel.ID), push)
	}
	return pushRows(rel.Types(), s.Cols, v.snap.ScanMultiset(rel.ID), push)
}

// pushLog pushes every batch of a log.
func (r *Read) pushLog(rel *catalog.Relation, s *physical.Scan, it *storage.LogIter, push func(*delta.Batch) error) (err error) {
	defer func() { err = errors.Join(err, it.Close()) }()
	ts := rel.Types()
	for it.Next() {
		b, err := codec.Decode(it.Value(), ts, s.Cols)
		if err != nil {
			return fmt.Errorf("relation %q at epoch %d: %w", rel.Name, it.Position().Epoch, err)
		}
		if err := push(b); err != nil {
			return err
		}
	}
	return nil
}

// weightedRows iterates over encoded rows with their multiplicities.
type weightedRows interface {
	Next() bool
	Row() []byte
	Weight() int64
	Close() error
}

// onceEach gives the rows of a keyed relation the weight 1.
type onceEach struct{ *storage.RowIter }

func (onceEach) Weight() int64 { return 1 }

// without leaves rows out.
type without struct {
	weightedRows
	gone map[string]int64
}

// Next moves to the next row that is not to be left out.
func (w *without) Next() bool {
	for w.weightedRows.Next() {
		n := w.gone[string(w.Row())]
		if n == 0 {
			return true
		}
		w.gone[string(w.Row())] = n - 1
	}
	return false
}

// pushRows decodes encoded rows into batches, with the iterator's weights.
func pushRows(ts []types.T, cols []int, it weightedRows, push func(*delta.Batch) error) (err error) {
	defer func() { err = errors.Join(err, it.Close()) }()
	size := 64 // small first: a LIMIT may need few rows
	b := delta.NewBatch(ts, size)
	for it.Next() {
		if err := codec.DecodeRow(it.Row(), b, it.Weight()); err != nil {
			return err
		}
		if b.N == size {
			if err := push(prune(b, cols)); err != nil {
				return err
			}
			size = min(size*4, scanBatchRows)
			b = delta.NewBatch(ts, size)
		}
	}
	if b.N > 0 {
		return push(prune(b, cols))
	}
	return nil
}

// estimateRows guesses how many rows a back-fill will read, for progress; 0 when unknown.
func (r *Read) estimateRows(ids []uint32) int64 {
	var n int64
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	for _, id := range ids {
		if rel := r.e.relations[id]; rel != nil {
			n += rel.rowsIn
		}
	}
	return n
}
