package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"millrace/catalog"
	"millrace/delta"
	"millrace/storage"
	"millrace/storage/codec"
)

// Limits of one commit group. A group ends early at either.
const (
	groupTxnsMax = 1024
	groupRowsMax = 1 << 18
	queueTxnsMax = 256
)

// ErrConflict means that a row to be changed is no longer what the transaction read (SQLSTATE 40001).
var ErrConflict = errors.New("row was changed by another transaction")

// ErrStopped means that the engine is shutting down.
var ErrStopped = errors.New("engine is shutting down")

// Commit makes a transaction durable and visible, and returns its epoch. When ctx ends first the outcome is
// unknown to the caller only if the transaction was already being written; then Commit waits for it.
func (e *Engine) Commit(ctx context.Context, t *Txn) (uint64, error) {
	if err := e.markAll(t); err != nil {
		return 0, err
	}
	t.done = make(chan error, 1)
	select {
	case e.queue <- t:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-e.stopped:
		return 0, ErrStopped
	}
	select {
	case err := <-t.done:
		return t.epoch, err
	case <-e.committerDone:
		select {
		case err := <-t.done:
			return t.epoch, err
		default:
			return 0, ErrStopped
		}
	}
}

// runCommitter is the committer's goroutine.
func (e *Engine) runCommitter() {
	defer close(e.committerDone)
	var group []*Txn
	var alone *Txn // came while a group was being collected that it cannot be in
	for {
		group = group[:0]
		if alone != nil {
			group, alone = append(group, alone), nil
		} else {
			select {
			case t := <-e.queue:
				group = append(group, t)
			case <-e.stopped:
				return
			}
		}
		rows := group[0].rows()
	drain:
		for len(group) < groupTxnsMax && rows < groupRowsMax && !group[0].exclusive() {
			select {
			case t := <-e.queue:
				if t.exclusive() {
					alone = t
					break drain
				}
				group = append(group, t)
				rows += t.rows()
			default:
				break drain
			}
		}
		e.commitGroup(group)
	}
}

// groupState is what one group is about to write.
type groupState struct {
	commit  *storage.Commit
	cat     *catalog.Snapshot // with the changes of the group's earlier transactions
	epoch   uint64
	now     int64             // the epoch's time
	seq     map[uint32]uint32 // next changelog sequence per relation
	overlay map[string][]byte // rows written by earlier transactions of the group; nil value is deleted
	nextRow int64
	touched []touched
	decided []decided // by relation
	encoded []byte    // scratch
}

func (g *groupState) appendLog(rel uint32, encoded []byte) {
	g.commit.AppendLog(rel, storage.Position{Epoch: g.epoch, Seq: g.seq[rel]}, encoded)
	g.seq[rel]++
}

// Limits of one entry of a changelog, far below those of the codec.
const (
	entryRowsMax  = 1 << 16
	entryBytesMax = 64 << 20
)

// parts cuts a batch into pieces that fit one entry of a changelog.
func parts(b *delta.Batch) iter.Seq[*delta.Batch] {
	return func(yield func(*delta.Batch) bool) {
		if b.N <= entryRowsMax && b.Bytes() <= entryBytesMax {
			yield(b)
			return
		}
		from, bytes := 0, 0
		for i := range b.N {
			bytes += b.RowBytes(i)
			if i+1 == b.N || i+1-from == entryRowsMax || bytes >= entryBytesMax {
				if !yield(b.Slice(from, i+1)) {
					return
				}
				from, bytes = i+1, 0
			}
		}
	}
}

type touched struct {
	rel   uint32
	batch *delta.Batch
}

func (e *Engine) commitGroup(group []*Txn) {
	if e.commitErr != nil {
		for _, t := range group {
			t.done <- e.commitErr
		}
		return
	}
	epoch := e.lastEpoch() + 1
	g := &groupState{
		commit:  e.store.NewCommit(),
		cat:     e.Catalog(),
		epoch:   epoch,
		now:     e.commitTime(),
		seq:     map[uint32]uint32{},
		overlay: map[string][]byte{},
		nextRow: rowIDBase(epoch),
	}
	accepted := group[:0:0]
	for _, t := range group {
		err := e.routeLate(g, t)
		if err == nil {
			err = e.stage(g, t)
		}
		if err != nil {
			t.done <- err
			continue
		}
		accepted = append(accepted, t)
	}
	if len(accepted) == 0 {
		g.commit.Close()
		return
	}
	e.decideWatermarks(g, accepted, g.now)
	if err := g.commit.Apply(epoch, g.now); err != nil {
		err = fmt.Errorf("commit epoch %d: %w", epoch, err)
		if !errors.Is(err, storage.ErrDiskFull) {
			e.commitErr = err // what is on disk is unknown: refuse every later commit
			e.log.Error("durable store failed; no more commits are accepted", "error", err)
		}
		for _, t := range accepted {
			t.done <- err
		}
		return
	}
	e.publish(g, accepted)
	for _, t := range accepted {
		t.epoch = epoch
		t.done <- nil
	}
}

// rowIDBase is the first hidden row id of an epoch; an epoch may assign 2^24 of them.
func rowIDBase(epoch uint64) int64 { return int64(epoch) << 24 }

const rowIDsPerEpoch = 1 << 24

// stage checks a transaction and adds it to the group; on an error nothing of it is added.
func (e *Engine) stage(g *groupState, t *Txn) error {
	st := &txnState{g: g, e: e, cat: g.cat, overlay: map[string][]byte{}, nextRow: g.nextRow}
	if t.edit != nil {
		st.cat = t.edit.Snapshot()
	}
	if t.expire != 0 {
		if err := st.expire(t); err != nil {
			return err
		}
	}
	for i := range t.Writes {
		if err := st.settle(&t.Writes[i]); err != nil {
			return err
		}
	}
	if t.edit != nil {
		if err := st.build(t); err != nil {
			return err
		}
		if t.Built != nil {
			t.Built()
		}
	}
	for i := range t.Writes {
		w := &t.Writes[i]
		if w.Relation.Kind == catalog.Table {
			if err := st.stageTable(w); err != nil {
				return err
			}
		}
	}
	st.apply(t)
	return nil
}

// settle puts a write on the relation as it is now. One that was dropped after the writer looked it up is gone; where
// its columns or what they must satisfy has changed, the rows were made for another table.
func (st *txnState) settle(w *Write) error {
	now, ok := st.cat.Relation(w.Relation.ID)
	if !ok {
		return &RelationGoneError{Name: w.Relation.Name}
	}
	if !now.SameRows(w.Relation) {
		return ErrConflict
	}
	w.Relation = now
	return nil
}

// RelationGoneError means that a relation was dropped while it was being used.
type RelationGoneError struct{ Name string }

func (e *RelationGoneError) Error() string { return fmt.Sprintf("relation %q does not exist", e.Name) }

// apply adds a checked transaction's writes to the group's durable batch. It cannot fail.
func (st *txnState) apply(t *Txn) {
	g := st.g
	for k, v := range st.overlay {
		g.overlay[k] = v
	}
	for _, id := range t.clear {
		g.commit.DropRelation(id)
	}
	for _, op := range st.rowOps {
		if op.row == nil {
			g.commit.DeleteRow(op.rel, op.key)
		} else {
			g.commit.PutRow(op.rel, op.key, op.row)
		}
	}
	st.keepAges(t)
	g.nextRow, g.cat = st.nextRow, st.cat
	for i := range t.Writes {
		w := &t.Writes[i]
		if w.Batch.N == 0 {
			continue
		}
		id := w.Relation.ID
		if w.Relation.Kind == catalog.Stream || st.e.hasConsumers(id) {
			if w.Encoded != nil {
				g.appendLog(id, w.Encoded)
			} else {
				for part := range parts(w.Batch) {
					g.encoded = codec.Encode(g.encoded[:0], part)
					g.appendLog(id, g.encoded)
				}
			}
		}
		g.touched = append(g.touched, touched{id, w.Batch})
	}
	for _, r := range t.records {
		if r.Value == nil {
			g.commit.DeleteCatalog(r.Key)
		} else {
			g.commit.PutCatalog(r.Key, r.Value)
		}
	}
	for _, o := range t.Offsets {
		g.commit.PutOffset(o.Relation, o.Value)
	}
	for _, id := range t.drop {
		g.commit.DropRelation(id)
	}
	for _, id := range t.unmark {
		g.commit.DropMarks(id)
	}
}

// publish makes a group visible: the new epoch, its snapshot, the tails, the catalog; then it wakes dataflows.
func (e *Engine) publish(g *groupState, txns []*Txn) {
	snap := e.newSharedSnapshot(g.epoch, g.now)
	e.mu.Lock()
	old := e.published
	e.published = snap
	for _, t := range g.touched {
		e.tails.append(t.rel, change{g.epoch, g.epoch - 1, t.batch})
		if r := e.relations[t.rel]; r != nil {
			r.lastChange = g.epoch
			r.rowsIn += int64(t.batch.N)
			r.rows += netRows(t.batch)
		}
	}
	e.publishWatermarks(g)
	for _, t := range txns {
		if t.edit != nil {
			t.edit.Publish()
			e.catalog.Store(t.edit.Snapshot())
		}
		if t.published != nil {
			t.published(g.epoch)
		}
		e.noteAges(t, g.now)
	}
	for _, t := range g.touched {
		if r := e.relations[t.rel]; r != nil {
			for _, d := range r.consumers {
				d.wakeUp()
			}
		}
		e.followers.changed(t.rel, true)
		e.followers.moved(t.rel, g.epoch)
	}
	e.wakeDue()
	e.followers.epochEnded()
	e.mu.Unlock()
	old.release()
}
