package engine

import (
	"context"
	"math"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage"
	"millrace/storage/codec"
)

// Rows of a table with a TTL are deleted when they come to that age: by commits of their own, which views and subscribers see as
// any other deletion. The store keeps when each row was last written, in the log's time, and the rows in that order; both change with
// the rows in one batch, so a row is deleted once, whatever happens in between.

// expireRowsMax and expireBytesMax bound one commit that deletes rows.
const (
	expireRowsMax  = 10_000
	expireBytesMax = 16 << 20
)

// watchAges takes note of a table's TTL, and of its oldest row; Engine.mu is held.
func (e *Engine) watchAges(r *catalog.Relation) {
	if r.Kind != catalog.Table || r.TTL == 0 {
		delete(e.oldest, r.ID)
		return
	}
	e.oldest[r.ID] = noTime
	err := e.store.Oldest(r.StorageID(), func(x storage.Expiry) (bool, error) {
		e.oldest[r.ID] = x.Micros
		return false, nil
	})
	if err != nil {
		e.log.Error("the ages of a table's rows cannot be read; none is deleted before a restart", "table", r.Name, "error", err)
	}
	e.wakeTicks()
}

// wakeTicks makes the ticks look again for what they wait for.
func (e *Engine) wakeTicks() {
	select {
	case e.dueMoved <- struct{}{}:
	default:
	}
}

// expiry is when the oldest row of a table comes to its age; Engine.mu is held.
func (e *Engine) expiry(id uint32, cat *catalog.Snapshot) int64 {
	r, ok := cat.Relation(id)
	at := e.oldest[id]
	if !ok || r.TTL == 0 || at > noTime-r.TTL {
		return noTime
	}
	return at + r.TTL
}

// expireRows deletes the rows of all tables that are too old by the clock, and gives the last epoch that this took, or 0.
func (e *Engine) expireRows(ctx context.Context) (last uint64, err error) {
	for {
		now := e.commitTime()
		e.mu.Lock()
		table, cat := uint32(0), e.Catalog()
		for id := range e.oldest {
			if e.expiry(id, cat) <= now && (table == 0 || id < table) {
				table = id
			}
		}
		e.mu.Unlock()
		if table == 0 {
			return last, nil
		}
		if last, err = e.Commit(ctx, &Txn{expire: table}); err != nil {
			return 0, err
		}
	}
}

// expire makes the writes of a transaction that deletes old rows. It is alone in its group, so the store has the current ones.
func (st *txnState) expire(t *Txn) error {
	t.Writes, t.oldest, st.expired = nil, noTime, storage.Expiry{}
	r, ok := st.cat.Relation(t.expire)
	if !ok || r.Kind != catalog.Table || r.TTL == 0 {
		return nil
	}
	rows, store := r.StorageID(), st.e.store
	before := st.g.now - r.TTL
	if r.TTL > 0 && before > st.g.now {
		before = math.MinInt64
	}
	b := delta.NewBatch(r.Types(), 64)
	seen, size := 0, 0
	err := store.Oldest(rows, func(x storage.Expiry) (bool, error) {
		if x.Micros > before || seen == expireRowsMax || size > expireBytesMax {
			t.oldest = x.Micros
			return false, nil
		}
		seen++
		st.expired = storage.Expiry{Micros: x.Micros, Row: append(st.expired.Row[:0], x.Row...)}
		if at, known, err := store.Age(rows, x.Row); err != nil || !known || at != x.Micros {
			return true, err // written again, or gone
		}
		row, found, err := store.GetRow(rows, x.Row, nil)
		if err != nil || !found {
			return true, err
		}
		size += len(row)
		return true, codec.DecodeRow(row, b, -1)
	})
	if err == nil && b.N > 0 {
		t.Writes = []Write{{Relation: r, Batch: b}}
	}
	return err
}

// keepAges writes the ages of the rows that a transaction writes.
func (st *txnState) keepAges(t *Txn) {
	c := st.g.commit
	aged := map[uint32]bool{}
	for i := range t.Writes {
		if r := t.Writes[i].Relation; r.Kind == catalog.Table && r.TTL > 0 {
			aged[r.StorageID()] = true
		}
	}
	if len(aged) > 0 {
		for _, op := range st.rowOps {
			switch {
			case !aged[op.rel]:
			case op.row == nil:
				c.DeleteAge(op.rel, op.key)
			default:
				c.PutAge(op.rel, op.key, st.g.now)
			}
		}
	}
	if r, ok := st.cat.Relation(t.expire); ok && st.expired.Row != nil {
		c.DropExpiry(r.StorageID(), st.expired)
	}
	for _, id := range st.ageless {
		c.DropAges(id)
	}
}

// noteAges takes note of the oldest rows that a transaction leaves; Engine.mu is held.
func (e *Engine) noteAges(t *Txn, now int64) {
	if _, ok := e.oldest[t.expire]; ok {
		e.oldest[t.expire] = t.oldest
	}
	for i := range t.Writes {
		id := t.Writes[i].Relation.ID
		if at, ok := e.oldest[id]; ok && at == noTime && id != t.expire {
			e.oldest[id] = now
			e.wakeTicks()
		}
	}
}

// ages gives the rows of a table that gets a TTL an age, which begins now, and forgets those of one that has it no more.
func (b *building) ages(r *catalog.Relation) error {
	old, ok := b.st.g.cat.Relation(r.ID)
	if !ok || old.StorageID() != r.StorageID() || (old.TTL > 0) == (r.TTL > 0) {
		return nil
	}
	rows := r.StorageID()
	if r.TTL == 0 {
		b.st.ageless = append(b.st.ageless, rows)
		return nil
	}
	out := b.st.e.store.ExtendBulk(rows)
	err := b.scan(rows, r, func(in *delta.Batch) error {
		for i := range in.N {
			out.PutAge(RowKey(r, in, i), b.st.g.now)
		}
		return nil
	})
	if err2 := out.Close(); err == nil {
		err = err2
	}
	return err
}

// moveAges keeps the ages of rows that are written anew.
func (b *building) moveAges(w *Rewrite, out *storage.Bulk, from, to *delta.Batch) error {
	if w.To.TTL == 0 {
		return nil
	}
	for i := range to.N {
		at := b.st.g.now
		if w.From.TTL > 0 && from.N == to.N {
			age, known, err := b.st.e.store.Age(w.From.StorageID(), RowKey(w.From, from, i))
			if err != nil {
				return err
			}
			if known {
				at = age
			}
		}
		out.PutAge(RowKey(w.To, to, i), at)
	}
	return nil
}
