package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage"
	"millrace/storage/codec"
)

// A sink into a stream or table of this database (catalog.Relation.Into) is a dataflow that keeps no rows but only its
// changelog, and a delivery that commits what is in there, in order and in transactions of bounded size. Each of them
// carries, as an Offset, the place in the changelog after it; so each change is in the target exactly once whatever
// happens in between. Only what is on disk of the changelog is delivered: the dataflow never comes back to an earlier
// frontier than a change that was delivered, and need not make the same steps twice. A changelog is trimmed behind the delivery, and one
// that waits for a slow target takes space on disk and none in memory.

const (
	// deliverRowsMax and deliverBytesMax bound a delivery's transaction.
	deliverRowsMax  = 1 << 13
	deliverBytesMax = 16 << 20
	// deliverEvery is the least time between two looks at the changelog, each of which flushes the derived store.
	deliverEvery = 50 * time.Millisecond
)

// place is a position in a sink's changelog: the row of an entry, and how many copies of it, that come next.
type place struct {
	epoch  uint64
	seq    uint32
	row    uint32
	copies uint64
}

const placeBytes = 24

func (p place) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, p.epoch)
	b = binary.BigEndian.AppendUint32(b, p.seq)
	b = binary.BigEndian.AppendUint32(b, p.row)
	return binary.BigEndian.AppendUint64(b, p.copies)
}

func parsePlace(b []byte) (place, error) {
	if len(b) != placeBytes {
		return place{}, fmt.Errorf("the place of a sink in its changelog is damaged: %x", b)
	}
	return place{binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint64(b[16:])}, nil
}

// firstEpoch is the first epoch of a sink's changelog: what a dataflow makes of nothing counts for epoch 1.
const firstEpoch = 1

// delivers reports whether d is a sink into a relation of this database.
func (d *dataflow) delivers() bool { return d.relation().Into != 0 }

// delivery is the state of one sink's delivery; its goroutine's alone.
type delivery struct {
	d    *dataflow
	next place
	// chunk are rows of the sink that make up the next transaction, and at what comes after them.
	chunk *delta.Batch
	bytes int
	at    place
}

// startDelivery begins to deliver; stop ends it and waits. The dataflow's own goroutine calls both. recovered says that
// what is in the store is from before this start, so all of it is on disk.
func (d *dataflow) startDelivery(recovered bool) (stop func(), err error) {
	v := &delivery{d: d, next: place{epoch: firstEpoch}}
	stored, found, err := d.e.store.Offset(d.relation().StorageID())
	if err != nil {
		return nil, err
	}
	if found {
		if v.next, err = parsePlace(stored); err != nil {
			return nil, err
		}
		if !recovered {
			return nil, errors.New("its state was lost after some of its rows had been delivered; drop the sink and create it anew")
		}
	}
	ctx, cancel := context.WithCancel(d.ctx)
	done := make(chan struct{})
	through := uint64(0)
	if recovered {
		through = d.frontier
	}
	go func() {
		defer close(done)
		if err := v.run(ctx, through); err != nil && ctx.Err() == nil && !errors.Is(err, ErrStopped) {
			d.e.mu.Lock()
			d.deliverErr = err
			d.wakeUp()
			d.e.mu.Unlock()
		}
	}()
	return func() { cancel(); <-done }, nil
}

// run delivers what is durable, then waits for more.
func (v *delivery) run(ctx context.Context, through uint64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	e, d := v.d.e, v.d
	if through > 0 {
		if err := v.deliver(ctx, through); err != nil {
			return err
		}
	}
	seen := through
	for {
		e.mu.Lock()
		frontier, paused, changed := d.frontier, d.paused(), d.changed
		first := seen == 0
		e.mu.Unlock()
		if paused || frontier <= seen && !first {
			select {
			case <-changed:
			case <-ctx.Done():
				return nil
			}
			continue
		}
		durable, err := e.store.FlushDerived(ctx)
		if err == nil {
			if to, ok := durable[d.id]; ok {
				seen = max(to, firstEpoch)
				err = v.deliver(ctx, seen)
			}
		}
		if err != nil && !errors.Is(err, storage.ErrDiskFull) {
			return err
		}
		select {
		case <-time.After(deliverEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// deliver commits the changelog's entries up to an epoch.
func (v *delivery) deliver(ctx context.Context, through uint64) (err error) {
	d := v.d
	rel := d.relation()
	ts := rel.Types()
	all := make([]int, len(ts))
	for i := range all {
		all[i] = i
	}
	v.chunk, v.bytes, v.at = delta.NewBatch(ts, 64), 0, v.next
	it := d.e.store.ReadViewLog(d.id, v.next.epoch-1, through)
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		p := it.Position()
		if p.Epoch == v.next.epoch && p.Seq < v.next.seq {
			continue
		}
		b, err := codec.Decode(it.Value(), ts, all)
		if err != nil {
			return fmt.Errorf("changelog of sink %q at epoch %d: %w", rel.Name, p.Epoch, err)
		}
		if err := v.take(ctx, p, b); err != nil {
			return err
		}
	}
	if v.chunk.N > 0 {
		if err := v.commit(ctx); err != nil {
			return err
		}
	}
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	if r := d.e.relations[d.id]; r != nil {
		r.delivered = through
	}
	return nil
}

// take adds an entry's rows to the chunk, and commits whenever that is full.
func (v *delivery) take(ctx context.Context, p storage.Position, b *delta.Batch) error {
	row, copies := 0, uint64(0)
	if p.Epoch == v.next.epoch && p.Seq == v.next.seq {
		row, copies = int(v.next.row), v.next.copies
	}
	for ; row < b.N; row, copies = row+1, 0 {
		sign, n := int64(1), b.Weight(row)
		if n < 0 {
			sign, n = -1, -n
		}
		for copies < uint64(n) {
			v.chunk.AppendFrom(b, row, sign)
			v.bytes += b.RowBytes(row)
			copies++
			if v.chunk.N < deliverRowsMax && v.bytes < deliverBytesMax {
				continue
			}
			v.at = place{p.Epoch, p.Seq, uint32(row), copies}
			if err := v.commit(ctx); err != nil {
				return err
			}
		}
	}
	v.at = place{p.Epoch, p.Seq + 1, 0, 0}
	return nil
}

// commit writes the chunk and the place after it in one transaction.
func (v *delivery) commit(ctx context.Context) error {
	rel := v.d.relation()
	for {
		target, ok := v.d.e.Catalog().Relation(rel.Into)
		if !ok {
			return &RelationGoneError{Name: rel.Name}
		}
		w, err := v.write(target)
		if err != nil {
			return err
		}
		t := &Txn{Offsets: []Offset{{Relation: rel.StorageID(), Value: v.at.encode()}}}
		if w.Batch.N > 0 {
			t.Writes = []Write{w}
		}
		_, err = v.d.e.Commit(ctx, t)
		if errors.Is(err, ErrConflict) && ctx.Err() == nil {
			continue // someone else has changed a row meanwhile
		}
		if err != nil {
			return err
		}
		v.next = v.at
		v.chunk, v.bytes = delta.NewBatch(rel.Types(), 64), 0
		return nil
	}
}

// write makes the chunk a change of the target.
func (v *delivery) write(target *catalog.Relation) (Write, error) {
	width := len(target.Columns)
	rows := &delta.Batch{Cols: v.chunk.Cols[:width], Weights: v.chunk.Weights, N: v.chunk.N}
	w := Write{Relation: target, Batch: rows}
	_, numbered := target.RowID()
	if target.Kind == catalog.Table && !numbered {
		var err error
		w.Batch, err = v.byKey(target, rows)
		return w, err
	}
	for i := range rows.N {
		if rows.Weight(i) < 0 {
			return w, fmt.Errorf("a row is taken back, which %s %q cannot follow", target.Kind, target.Name)
		}
	}
	return w, nil
}

// byKey gives the change of a table that a chunk makes by its key: a row takes the place of the one that is there; a row
// that is taken back is deleted where it is still the one, so that it does not matter whether it is taken back before or
// after its successor has come.
func (v *delivery) byKey(target *catalog.Relation, rows *delta.Batch) (*delta.Batch, error) {
	type entry struct {
		key, was, is []byte
		row          int // of rows that is now the key's; -1: is is was, or nil
	}
	at := map[string]*entry{}
	var order []*entry
	for i := range rows.N {
		key := RowKey(target, rows, i)
		x := at[string(key)]
		if x == nil {
			x = &entry{key: key, row: -1}
			at[string(key)] = x
			order = append(order, x)
		}
	}
	read, err := v.d.e.BeginRead(v.d.ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	err = read.Stored(KeySpace{Table: target}, len(order), func(i int) []byte { return order[i].key }, func(i int, row []byte) error {
		if row != nil {
			order[i].was = bytes.Clone(row)
			order[i].is = order[i].was
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range rows.N {
		x, row := at[string(RowKey(target, rows, i))], codec.AppendRow(nil, rows, nil, i)
		switch {
		case rows.Weight(i) > 0:
			x.is, x.row = row, i
		case bytes.Equal(x.is, row):
			x.is, x.row = nil, -1
		}
	}
	out := delta.NewBatch(target.Types(), len(order))
	for _, x := range order {
		if bytes.Equal(x.was, x.is) && (x.was == nil) == (x.is == nil) {
			continue
		}
		if x.was != nil {
			if err := codec.DecodeRow(x.was, out, -1); err != nil {
				return nil, err
			}
		}
		if x.is != nil {
			out.AppendFrom(rows, x.row, 1)
		}
	}
	return out, nil
}
