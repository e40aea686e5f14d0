package engine

import (
	"errors"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage"
	"millrace/storage/codec"
)

// Rewrite is what a change of a table's definition does with the rows that are there.
type Rewrite struct {
	// From is the table as it was, To as it will be. Where their StorageIDs differ the rows are written anew.
	From, To *catalog.Relation
	// Rows gives To's rows for some of From's, or refuses one that To may not have. It is run by the committer, which it
	// must not wait for.
	Rows func(*delta.Batch) (*delta.Batch, error)
}

// exclusive says that a transaction is committed in a group of its own: it reads all rows of a table, or changes which
// entries rows have, so that what others of its group write must be in the store before.
func (t *Txn) exclusive() bool { return t.edit != nil || t.expire != 0 }

// building is what a change of definitions writes ahead of its commit.
type building struct {
	st    *txnState
	bulks []*storage.Bulk
}

// build writes tables anew and fills new indexes. Where it fails, what it wrote is taken back.
func (st *txnState) build(t *Txn) (err error) {
	b := &building{st: st}
	defer func() {
		if err != nil {
			for _, x := range b.bulks {
				err = errors.Join(err, x.Discard())
			}
		}
	}()
	for i := range t.Rewrites {
		if err := b.rewrite(&t.Rewrites[i]); err != nil {
			return err
		}
	}
	// A table that was altered several times has been written as often; only the last form is kept.
	for i := range t.Rewrites {
		to := t.Rewrites[i].To
		if now, ok := st.cat.Relation(to.ID); ok && now.StorageID() == to.StorageID() {
			continue
		}
		for _, x := range b.bulks {
			if x.Relation() == to.StorageID() {
				if err := x.Discard(); err != nil {
					return err
				}
			}
		}
	}
	for _, x := range st.cat.Relations() {
		if x.Kind == catalog.Table {
			if err := b.ages(x); err != nil {
				return err
			}
		}
		if x.Kind != catalog.Index {
			continue
		}
		if old, ok := st.g.cat.Relation(x.ID); ok && old.StorageID() == x.StorageID() {
			continue
		}
		if err := b.index(x); err != nil {
			return err
		}
	}
	return nil
}

func (b *building) bulk(id uint32) *storage.Bulk {
	x := b.st.e.store.NewBulk(id)
	b.bulks = append(b.bulks, x)
	return x
}

// scan reads a table's rows in batches.
func (b *building) scan(id uint32, r *catalog.Relation, f func(*delta.Batch) error) error {
	snap := b.st.e.store.Snapshot()
	defer snap.Close()
	all := make([]int, len(r.Columns))
	for i := range all {
		all[i] = i
	}
	return pushRows(r.Types(), all, onceEach{snap.ScanRows(id, nil, nil, false)}, f)
}

func (b *building) rewrite(w *Rewrite) error {
	space := KeySpace{Table: w.To}
	var out *storage.Bulk
	if w.To.StorageID() != w.From.StorageID() {
		out = b.bulk(w.To.StorageID())
	}
	err := b.scan(w.From.StorageID(), w.From, func(in *delta.Batch) error {
		rows, err := w.Rows(in)
		if err != nil || out == nil {
			return err
		}
		if err := b.fill(out, space, rows, func(i int) (key, value []byte, unique bool) {
			return RowKey(w.To, rows, i), codec.AppendRow(nil, rows, nil, i), true
		}); err != nil {
			return err
		}
		return b.moveAges(w, out, in, rows)
	})
	if err != nil || out == nil {
		return err
	}
	return out.Flush()
}

// index fills a new index with the rows of its table.
func (b *building) index(x *catalog.Relation) error {
	t, ok := b.st.cat.Relation(x.Index.Table)
	if !ok {
		return &RelationGoneError{Name: x.Name}
	}
	space := KeySpace{t, x}
	out := b.bulk(x.StorageID())
	err := b.scan(t.StorageID(), t, func(rows *delta.Batch) error {
		return b.fill(out, space, rows, func(i int) (key, value []byte, unique bool) {
			value = RowKey(t, rows, i)
			key, unique = space.entry(rows, i, value)
			return key, value, unique
		})
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

// fill writes entries for rows, and refuses one whose unique key was there before.
func (b *building) fill(out *storage.Bulk, space KeySpace, rows *delta.Batch, entry func(i int) (key, value []byte, unique bool)) error {
	if err := out.Flush(); err != nil { // the look-ups below see all earlier batches
		return err
	}
	seen := make(map[string]bool, rows.N)
	ks, values := make([][]byte, rows.N), make([][]byte, rows.N)
	var asked []int
	for i := range rows.N {
		var one bool
		ks[i], values[i], one = entry(i)
		if !one {
			continue
		}
		if seen[string(ks[i])] {
			return space.notUnique(rows, i)
		}
		seen[string(ks[i])] = true
		asked = append(asked, i)
	}
	err := b.st.e.store.GetRows(space.storageID(), len(asked), func(i int) []byte { return ks[asked[i]] }, func(i int, row []byte) error {
		if row != nil {
			return space.notUnique(rows, asked[i])
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range ks {
		out.Put(ks[i], values[i])
	}
	return nil
}

// notUnique is the error of a unique index or primary key over rows that are there.
func (k KeySpace) notUnique(b *delta.Batch, i int) error {
	return &ConstraintError{Violated: NotUnique, Relation: k.Table, Constraint: k.name(), Detail: k.describe(b, i) + " is duplicated."}
}
