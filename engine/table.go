package engine

import (
	"bytes"
	"fmt"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/types"
)

// ConstraintError is a violated PRIMARY KEY or NOT NULL constraint.
type ConstraintError struct {
	Relation   *catalog.Relation
	Constraint string // the key constraint's name; empty for NOT NULL
	Column     string // the NOT NULL column
	Detail     string
}

func (e *ConstraintError) Error() string {
	if e.Column != "" {
		return fmt.Sprintf("null value in column %q of relation %q violates not-null constraint", e.Column, e.Relation.Name)
	}
	return fmt.Sprintf("duplicate key value violates unique constraint %q", e.Constraint)
}

// txnState is one transaction while it is being checked: its row changes over those of the group and the store.
type txnState struct {
	g       *groupState
	e       *Engine
	overlay map[string][]byte
	stored  map[string][]byte // rows of the store that were looked up together; nil value is none
	rowOps  []rowOp
	nextRow int64
	scratch []byte
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

// stageTable resolves a table's change against the current rows: deletions first, then insertions.
func (st *txnState) stageTable(w *Write) error {
	r := w.Relation
	if err := CheckNotNull(w); err != nil {
		return err
	}
	if err := st.assignRowIDs(w); err != nil {
		return err
	}
	b := w.Batch
	if err := st.prefetch(r, b); err != nil {
		return err
	}
	id, hidden := RowIDColumn(r)
	for i := range b.N {
		if b.Weight(i) >= 0 {
			continue
		}
		key := RowKey(r, b, i)
		cur, err := st.current(r.ID, key)
		if err != nil {
			return err
		}
		if b.Weight(i) < -1 || cur == nil || !bytes.Equal(cur, codec.AppendRow(nil, b, nil, i)) {
			return ErrConflict
		}
		st.set(r.ID, key, nil)
	}
	for i := range b.N {
		if b.Weight(i) <= 0 {
			continue
		}
		key := RowKey(r, b, i)
		if b.Weight(i) > 1 {
			return DuplicateKey(r, b, i)
		}
		if !hidden || b.Cols[id].Ints[i] < rowIDBase(st.g.epoch) { // a new row id is in no store
			cur, err := st.current(r.ID, key)
			if err != nil {
				return err
			}
			if cur != nil {
				return DuplicateKey(r, b, i)
			}
		}
		st.set(r.ID, key, codec.AppendRow(nil, b, nil, i))
	}
	return nil
}

// prefetchRows is the number of rows from which on one ordered pass over the store beats single look-ups.
const prefetchRows = 32

// prefetch looks the keys of a large change up in one pass. Keys with a hidden row id that is new need none.
func (st *txnState) prefetch(r *catalog.Relation, b *delta.Batch) error {
	if b.N < prefetchRows {
		return nil
	}
	if _, hidden := RowIDColumn(r); hidden && b.Weights == nil {
		return nil
	}
	ks := make([][]byte, b.N)
	for i := range ks {
		ks[i] = RowKey(r, b, i)
	}
	st.stored = make(map[string][]byte, b.N)
	return st.e.store.GetRows(r.ID, b.N, func(i int) []byte { return ks[i] }, func(i int, row []byte) error {
		st.stored[overlayKey(r.ID, ks[i])] = bytes.Clone(row)
		return nil
	})
}

// RowKey is the key under which a table stores row i of a batch of its columns.
func RowKey(r *catalog.Relation, b *delta.Batch, i int) []byte {
	var key []byte
	for _, c := range r.Key {
		key = keys.Append(key, b.Cols[c], i, false, false)
	}
	return key
}

// assignRowIDs fills in the hidden row id of new rows.
func (st *txnState) assignRowIDs(w *Write) error {
	c, ok := RowIDColumn(w.Relation)
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

// RowIDColumn gives the hidden row id column of a table without a primary key.
func RowIDColumn(r *catalog.Relation) (int, bool) {
	if n := len(r.Columns); r.Kind == catalog.Table && n > 0 && r.Columns[n-1].Hidden {
		return n - 1, true
	}
	return 0, false
}

// DuplicateKey is the error for a row whose key exists.
func DuplicateKey(r *catalog.Relation, b *delta.Batch, i int) error {
	var names, values []string
	for _, c := range r.Key {
		names = append(names, r.Columns[c].Name)
		values = append(values, valueText(r.Columns[c].T, b.Cols[c].Datum(i)))
	}
	return &ConstraintError{Relation: r, Constraint: r.PrimaryKeyName,
		Detail: fmt.Sprintf("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(values, ", "))}
}

// CheckNotNull checks a write's NOT NULL columns. Writers may call it early; the committer checks again.
func CheckNotNull(w *Write) error {
	for c := range w.Relation.Columns {
		col := &w.Relation.Columns[c]
		v := w.Batch.Cols[c]
		if !col.NotNull || v.Nulls == nil || !v.Nulls.Any() {
			continue
		}
		for i := range w.Batch.N {
			if v.Nulls.Get(i) && w.Batch.Weight(i) > 0 {
				return &ConstraintError{Relation: w.Relation, Column: col.Name, Detail: failingRow(w, i)}
			}
		}
	}
	return nil
}

// failingRow shows a row as PostgreSQL does in the detail of a constraint error.
func failingRow(w *Write, i int) string {
	var vals []string
	for c, v := range w.Batch.Cols {
		if !w.Relation.Columns[c].Hidden {
			vals = append(vals, valueText(w.Relation.Columns[c].T, v.Datum(i)))
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
