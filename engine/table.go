package engine

import (
	"bytes"
	"fmt"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/types"
)

// Violated says which kind of constraint a row violates.
type Violated uint8

// The kinds.
const (
	NotNull Violated = iota
	UniqueKey
	CheckFails
	// NotUnique is a key that rows have twice where they are to have it once from now on.
	NotUnique
)

// ConstraintError is a violated constraint of a table.
type ConstraintError struct {
	Violated   Violated
	Relation   *catalog.Relation
	Constraint string // the constraint's name; empty for NotNull
	Column     string // the column of NotNull
	Row        int    // of the batch that was checked, for NotNull and CheckFails
	Detail     string
}

func (e *ConstraintError) Error() string {
	switch e.Violated {
	case NotNull:
		return fmt.Sprintf("null value in column %q of relation %q violates not-null constraint", e.Column, e.Relation.Name)
	case NotUnique:
		return fmt.Sprintf("could not create unique index %q", e.Constraint)
	case CheckFails:
		return fmt.Sprintf("new row for relation %q violates check constraint %q", e.Relation.Name, e.Constraint)
	}
	return fmt.Sprintf("duplicate key value violates unique constraint %q", e.Constraint)
}

// txnState is one transaction while it is being checked: its row changes over those of the group and the store.
type txnState struct {
	g       *groupState
	e       *Engine
	cat     *catalog.Snapshot // as it is for this transaction
	overlay map[string][]byte
	stored  map[string][]byte // rows of the store that were looked up together; nil value is none
	rowOps  []rowOp
	nextRow int64
	scratch []byte
	expired storage.Expiry // the last entry of a table's rows in order of age that is dealt with
	ageless []uint32       // ids of rows that have ages no more
}

type rowOp struct {
	rel uint32
	key []byte
	row []byte // nil deletes
}

// current gives a table's row by key as this transaction sees it; nil when there is none.
func (st *txnState) current(rel uint32, key []byte) ([]byte, error) {
	ok := overlayKey(rel, key)
	if v, found := st.overlay[ok]; found {
		return v, nil
	}
	if v, found := st.g.overlay[ok]; found {
		return v, nil
	}
	if v, found := st.stored[ok]; found {
		return v, nil
	}
	v, found, err := st.e.store.GetRow(rel, key, st.scratch[:0])
	if err != nil || !found {
		return nil, err
	}
	st.scratch = v
	return v, nil
}

func overlayKey(rel uint32, key []byte) string {
	b := make([]byte, 0, 4+len(key))
	b = append(b, byte(rel>>24), byte(rel>>16), byte(rel>>8), byte(rel))
	return string(append(b, key...))
}

func (st *txnState) set(rel uint32, key, row []byte) {
	st.overlay[overlayKey(rel, key)] = row
	st.rowOps = append(st.rowOps, rowOp{rel, key, row})
}

// stageTable resolves a table's change against the current rows: deletions first, then insertions. The entries of its
// indexes follow the rows.
func (st *txnState) stageTable(w *Write) error {
	r := w.Relation
	if w.Proposed != nil {
		if err := st.settleProposed(w); err != nil {
			return err
		}
	}
	if err := CheckNotNull(w); err != nil {
		return err
	}
	if err := st.assignRowIDs(w); err != nil {
		return err
	}
	b := w.Batch
	var indexes []KeySpace
	for _, x := range st.cat.Indexes(r) {
		indexes = append(indexes, KeySpace{r, x})
	}
	if err := st.prefetch(r, indexes, b); err != nil {
		return err
	}
	rows := r.StorageID()
	for i := range b.N {
		if b.Weight(i) >= 0 {
			continue
		}
		key := RowKey(r, b, i)
		cur, err := st.current(rows, key)
		if err != nil {
			return err
		}
		if b.Weight(i) < -1 || cur == nil || !bytes.Equal(cur, codec.AppendRow(nil, b, nil, i)) {
			return ErrConflict
		}
		st.set(rows, key, nil)
		for _, x := range indexes {
			entry, _ := x.entry(b, i, key)
			st.set(x.storageID(), entry, nil)
		}
	}
	for i := range b.N {
		if b.Weight(i) > 0 {
			if err := st.insert(r, indexes, b, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleProposed makes the change of proposed rows.
func (st *txnState) settleProposed(w *Write) (err error) {
	r := w.Relation
	if err := st.prefetch(r, nil, w.Proposed); err != nil {
		return err
	}
	w.Batch, err = Settle(r, w.Proposed, func(key []byte) ([]byte, error) { return st.current(r.StorageID(), key) })
	return err
}

// insert adds row i of a batch to a table and its indexes.
func (st *txnState) insert(r *catalog.Relation, indexes []KeySpace, b *delta.Batch, i int) error {
	rows, key := r.StorageID(), RowKey(r, b, i)
	if b.Weight(i) > 1 {
		return KeySpace{Table: r}.Duplicate(b, i)
	}
	id, hidden := r.RowID()
	if !hidden || b.Cols[id].Ints[i] < rowIDBase(st.g.epoch) { // a new row id is in no store
		cur, err := st.current(rows, key)
		if err != nil {
			return err
		}
		if cur != nil {
			return KeySpace{Table: r}.Duplicate(b, i)
		}
	}
	for _, x := range indexes {
		entry, unique := x.entry(b, i, key)
		if unique {
			cur, err := st.current(x.storageID(), entry)
			if err != nil {
				return err
			}
			if cur != nil {
				return x.Duplicate(b, i)
			}
		}
		st.set(x.storageID(), entry, key)
	}
	st.set(rows, key, codec.AppendRow(nil, b, nil, i))
	return nil
}

// prefetchRows is the number of rows from which on one ordered pass over the store beats single look-ups.
const prefetchRows = 32

// prefetch looks the keys of a large change up in one pass each over the rows and the unique indexes. Keys with a hidden
// row id that is new need none.
func (st *txnState) prefetch(r *catalog.Relation, indexes []KeySpace, b *delta.Batch) error {
	if b.N < prefetchRows {
		return nil
	}
	st.stored = make(map[string][]byte, b.N)
	if _, hidden := r.RowID(); !hidden || b.Weights != nil {
		if err := st.fetch(r.StorageID(), b.N, func(i int) []byte { return RowKey(r, b, i) }); err != nil {
			return err
		}
	}
	for _, x := range indexes {
		if !x.Index.Index.Unique {
			continue
		}
		if err := st.fetch(x.storageID(), b.N, func(i int) []byte { k, _ := x.Key(b, i); return k }); err != nil {
			return err
		}
	}
	return nil
}

func (st *txnState) fetch(id uint32, n int, key func(i int) []byte) error {
	ks := make([][]byte, n)
	for i := range ks {
		ks[i] = key(i)
	}
	return st.e.store.GetRows(id, n, func(i int) []byte { return ks[i] }, func(i int, row []byte) error {
		st.stored[overlayKey(id, ks[i])] = bytes.Clone(row)
		return nil
	})
}

// RowKey is the key under which a table stores row i of a batch of its columns.
func RowKey(r *catalog.Relation, b *delta.Batch, i int) []byte {
	key, _ := KeySpace{Table: r}.Key(b, i)
	return key
}

// assignRowIDs fills in the hidden row id of new rows.
func (st *txnState) assignRowIDs(w *Write) error {
	c, ok := w.Relation.RowID()
	if !ok {
		return nil
	}
	w.Batch = splitRepeats(w.Batch, c)
	v := w.Batch.Cols[c]
	for i := range w.Batch.N {
		if !v.IsNull(i) {
			continue
		}
		if st.nextRow >= rowIDBase(st.g.epoch)+rowIDsPerEpoch {
			return fmt.Errorf("more than %d rows in one commit", rowIDsPerEpoch)
		}
		v.Ints[i] = st.nextRow
		v.Nulls.Clear(i)
		st.nextRow++
	}
	return nil
}

// splitRepeats writes new rows that are there several times once for each time, since each gets an id of its own.
func splitRepeats(b *delta.Batch, id int) *delta.Batch {
	repeated := false
	for i := range b.N {
		repeated = repeated || b.Weight(i) > 1
	}
	if !repeated {
		return b
	}
	out := delta.NewBatch(b.Types(), b.N)
	for i := range b.N {
		if w := b.Weight(i); w > 1 && b.Cols[id].IsNull(i) {
			for range w {
				out.AppendFrom(b, i, 1)
			}
		} else {
			out.AppendFrom(b, i, w)
		}
	}
	return out
}

// CheckNotNull checks a write's NOT NULL columns. Writers may call it early; the committer checks again.
func CheckNotNull(w *Write) error {
	first, column := w.Batch.N, 0
	for c := range w.Relation.Columns {
		v := w.Batch.Cols[c]
		if !w.Relation.Columns[c].NotNull || v.Nulls == nil || !v.Nulls.Any() {
			continue
		}
		for i := range first {
			if v.Nulls.Get(i) && w.Batch.Weight(i) > 0 {
				first, column = i, c
				break
			}
		}
	}
	if first == w.Batch.N {
		return nil
	}
	return &ConstraintError{Violated: NotNull, Relation: w.Relation, Column: w.Relation.Columns[column].Name, Row: first,
		Detail: FailingRow(w.Relation, w.Batch, first)}
}

// FailingRow shows a row as PostgreSQL does in the detail of a constraint error.
func FailingRow(r *catalog.Relation, b *delta.Batch, i int) string {
	var vals []string
	for c, v := range b.Cols[:len(r.Columns)] {
		if !r.Columns[c].Hidden {
			vals = append(vals, valueText(r.Columns[c].T, v.Datum(i)))
		}
	}
	return "Failing row contains (" + strings.Join(vals, ", ") + ")."
}

func valueText(t types.T, d types.Datum) string {
	if d.Null {
		return "null"
	}
	const most = 64 // PostgreSQL clips long values, too
	s := string(types.AppendText(nil, t, d, types.DefaultEnv))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
