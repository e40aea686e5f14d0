package engine

import (
	"fmt"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/sql/lex"
	"millrace/storage/keys"
	"millrace/types"
)

// KeySpace is a table's columns by which its rows are told apart or found: the primary key, or an index. In the store
// it is a range of its own, of the table's rows or of the index's entries.
type KeySpace struct {
	Table *catalog.Relation
	Index *catalog.Relation // nil for the primary key
}

// UniqueSpaces lists the key spaces of a table in which no two rows may be equal, the primary key first.
func UniqueSpaces(r *catalog.Relation, cat *catalog.Snapshot) []KeySpace {
	var out []KeySpace
	if r.Kind != catalog.Table {
		return nil
	}
	if _, hidden := r.RowID(); !hidden {
		out = append(out, KeySpace{Table: r})
	}
	for _, x := range cat.Indexes(r) {
		if x.Index.Unique {
			out = append(out, KeySpace{r, x})
		}
	}
	return out
}

// ID names the space among those of its table: 0 is the primary key.
func (k KeySpace) ID() uint32 {
	if k.Index == nil {
		return 0
	}
	return k.Index.ID
}

// storageID is where the space lies in the store.
func (k KeySpace) storageID() uint32 {
	if k.Index == nil {
		return k.Table.StorageID()
	}
	return k.Index.StorageID()
}

// Columns are the table's that make the key.
func (k KeySpace) Columns() []int {
	if k.Index == nil {
		return k.Table.Key
	}
	return k.Index.Index.Columns
}

// Key is row i's key in the space. distinct says that no other row can have it, since it holds a NULL.
func (k KeySpace) Key(b *delta.Batch, i int) (key []byte, distinct bool) {
	nullsEqual := k.Index == nil || k.Index.Index.NullsEqual
	for _, c := range k.Columns() {
		distinct = distinct || !nullsEqual && b.Cols[c].IsNull(i)
		key = keys.Append(key, b.Cols[c], i, false, false)
	}
	return key, distinct
}

// entry is the key under which an index keeps row i, whose key in the table is rowKey. unique says that another row's
// entry may not stand there.
func (k KeySpace) entry(b *delta.Batch, i int, rowKey []byte) (key []byte, unique bool) {
	key, distinct := k.Key(b, i)
	if k.Index.Index.Unique && !distinct {
		return key, true
	}
	return append(key, rowKey...), false
}

// Duplicate is the error for row i, whose key exists.
func (k KeySpace) Duplicate(b *delta.Batch, i int) error {
	return &ConstraintError{Violated: UniqueKey, Relation: k.Table, Constraint: k.name(), Detail: k.describe(b, i) + " already exists."}
}

func (k KeySpace) name() string {
	if k.Index == nil {
		return k.Table.PrimaryKeyName
	}
	return k.Index.Name
}

// describe shows a row's key as PostgreSQL does: Key (a, b)=(1, x).
func (k KeySpace) describe(b *delta.Batch, i int) string {
	var names, values []string
	for _, c := range k.Columns() {
		col := &k.Table.Columns[c]
		names = append(names, lex.QuoteIdent(col.Name))
		if b.Cols[c].IsNull(i) {
			values = append(values, "null")
		} else {
			values = append(values, string(types.AppendText(nil, col.T, b.Cols[c].Datum(i), types.DefaultEnv)))
		}
	}
	return fmt.Sprintf("Key (%s)=(%s)", strings.Join(names, ", "), strings.Join(values, ", "))
}
