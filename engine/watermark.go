package engine

import (
	"fmt"
	"sort"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/storage"
	"millrace/types"
	"millrace/watermark"
)

// The committer decides the watermarks of streams and tables. Each epoch that moves one has a record of it, which
// dataflows read like a changelog: what they do with a watermark depends on the log alone.

// tracked is a relation with a WATERMARK clause. The tracker is the committer's; the rest is under Engine.mu.
type tracked struct {
	tracker *watermark.Tracker
	reading watermark.Reading
	parts   []watermark.Partition
	next    int64 // when a partition becomes idle if it stays silent; noTime is never

	// The newest marks, complete after epoch floor: the others are in the store.
	marks []markAt
	floor uint64
}

// markAt is what became of a watermark in an epoch.
type markAt struct {
	epoch uint64
	watermark.Reading
}

// marksKept bounds the marks of a relation in memory.
const marksKept = 4096

// loadTrackers reads the trackers of all relations that have a watermark; it comes before the committer starts.
func (e *Engine) loadTrackers(snap *catalog.Snapshot) error {
	epoch, wall := e.lastEpoch(), e.published.wall
	for _, r := range snap.Relations() {
		if r.Watermark == nil {
			continue
		}
		t := watermark.NewTracker(r.Watermark.IdleTimeout, wall)
		b, ok, err := e.store.Tracker(r.ID)
		if err != nil {
			return err
		}
		if ok {
			if t, err = watermark.ParseTracker(b, r.Watermark.IdleTimeout); err != nil {
				return fmt.Errorf("the watermark of %s: %w", r.Name, err)
			}
		}
		e.tracked[r.ID] = newTracked(t, epoch)
	}
	return nil
}

func newTracked(t *watermark.Tracker, epoch uint64) *tracked {
	k := &tracked{tracker: t, floor: epoch}
	k.note()
	return k
}

// note brings what others read in line with the tracker.
func (k *tracked) note() {
	k.reading, k.parts, k.next = k.tracker.Reading(), k.tracker.Partitions(), noTime
	if at, ok := k.tracker.NextIdle(); ok {
		k.next = at
	}
}

// follow makes or drops trackers as the catalog changes; Engine.mu is held, and it is the committer that calls.
func (e *Engine) follow(r *catalog.Relation, epoch uint64, wall int64) {
	switch k := e.tracked[r.ID]; {
	case r.Watermark == nil:
		delete(e.tracked, r.ID)
	case k == nil:
		e.tracked[r.ID] = newTracked(watermark.NewTracker(r.Watermark.IdleTimeout, wall), epoch)
	default:
		k.tracker.SetTimeout(r.Watermark.IdleTimeout)
		k.note()
	}
	select {
	case e.dueMoved <- struct{}{}:
	default:
	}
}

// marker computes the WATERMARK expression of a relation.
type marker struct {
	clause *catalog.Watermark
	prog   *expr.Program
}

// mark works out the greatest value of the WATERMARK expression among a write's rows, in the writer's goroutine. Rows for
// which it fails or is NULL say nothing about the time.
func (e *Engine) mark(w *Write) error {
	clause := w.Relation.Watermark
	w.mark = watermark.None
	if clause == nil || w.Batch.N == 0 {
		return nil
	}
	m, _ := e.markers.Load(w.Relation.ID)
	k, _ := m.(*marker)
	if k == nil || k.clause != clause {
		x, err := e.opt.Watermark(w.Relation, e.Catalog())
		if err != nil {
			return fmt.Errorf("the watermark of %s: %w", w.Relation.Name, err)
		}
		p, err := expr.Compile(x)
		if err != nil {
			return fmt.Errorf("the watermark of %s: %w", w.Relation.Name, err)
		}
		k = &marker{clause, p}
		e.markers.Store(w.Relation.ID, k)
	}
	var errs expr.Errors
	v := k.prog.Eval(&expr.Context{Env: types.DefaultEnv}, w.Batch, &errs)
	failed := errs.List
	for i := range w.Batch.N {
		if len(failed) > 0 && failed[0].Row == i {
			failed = failed[1:]
			continue
		}
		if !v.IsNull(i) && w.Batch.Weight(i) > 0 && types.TimestampIsFinite(v.Ints[i]) {
			w.mark = max(w.mark, v.Ints[i])
		}
	}
	return nil
}

// decided is a tracker after a group that is not yet durable.
type decided struct {
	rel     uint32
	tracker *watermark.Tracker
	moved   bool
}

// decideWatermarks works out what a group does to the watermarks and writes it with the group.
func (e *Engine) decideWatermarks(g *groupState, accepted []*Txn, now int64) {
	if len(e.tracked) == 0 {
		return
	}
	next := map[uint32]*watermark.Tracker{}
	of := func(id uint32) *watermark.Tracker {
		if t := next[id]; t != nil {
			return t
		}
		k := e.tracked[id]
		if k == nil {
			return nil // made in this very epoch: its rows come later
		}
		next[id] = k.tracker.Clone()
		return next[id]
	}
	for _, t := range accepted {
		for i := range t.Writes {
			w := &t.Writes[i]
			if w.Relation.Watermark == nil || !adds(w.Batch) {
				continue
			}
			if k := of(w.Relation.ID); k != nil {
				k.Observe(w.Partition, w.mark, now)
			}
		}
	}
	for id, k := range e.tracked {
		if k.next <= now {
			of(id)
		}
	}
	for id, t := range next {
		d := decided{rel: id, tracker: t, moved: t.Decide(now)}
		g.encoded = t.Append(g.encoded[:0])
		g.commit.PutTracker(id, g.encoded)
		if d.moved {
			g.encoded = watermark.AppendReading(g.encoded[:0], t.Reading())
			g.commit.PutMark(id, g.epoch, g.encoded)
		}
		g.decided = append(g.decided, d)
	}
	sort.Slice(g.decided, func(i, j int) bool { return g.decided[i].rel < g.decided[j].rel })
}

// adds reports whether a batch has a row that comes in.
func adds(b *delta.Batch) bool {
	if b.Weights == nil {
		return b.N > 0
	}
	for _, w := range b.Weights {
		if w > 0 {
			return true
		}
	}
	return false
}

// publishWatermarks makes what was decided visible with the epoch; Engine.mu is held.
func (e *Engine) publishWatermarks(g *groupState) {
	for _, d := range g.decided {
		k := e.tracked[d.rel]
		r := e.relations[d.rel]
		if k == nil || r == nil {
			continue // dropped in this epoch
		}
		waited := k.next
		k.tracker = d.tracker
		k.note()
		if waited == noTime && k.next != noTime {
			select {
			case e.dueMoved <- struct{}{}:
			default:
			}
		}
		if !d.moved {
			continue
		}
		k.marks = append(k.marks, markAt{g.epoch, k.reading})
		if len(k.marks) > 2*marksKept {
			k.floor = k.marks[len(k.marks)-marksKept-1].epoch
			k.marks = append([]markAt(nil), k.marks[len(k.marks)-marksKept:]...)
		}
		r.lastChange = g.epoch
		for _, c := range r.consumers {
			c.wakeUp()
		}
	}
}

// markCursor reads a relation's marks in order of epoch.
type markCursor struct {
	rel  uint32
	tail []markAt
	log  *storage.LogIter // nil where the tail has them
	live bool
	markAt
}

// openMarks positions a cursor before the marks of (after, to].
func (e *Engine) openMarks(rel uint32, after, to uint64) *markCursor {
	c := &markCursor{rel: rel}
	e.mu.Lock()
	if k := e.tracked[rel]; k != nil && after >= k.floor {
		i := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].epoch > after })
		j := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].epoch > to })
		c.tail = append(c.tail, k.marks[i:j]...)
		e.mu.Unlock()
		return c
	}
	e.mu.Unlock()
	c.log = e.store.ReadMarks(rel, after, to)
	return c
}

// next moves to the next mark.
func (c *markCursor) next() (err error) {
	c.live = false
	if c.log == nil {
		if len(c.tail) > 0 {
			c.markAt, c.tail, c.live = c.tail[0], c.tail[1:], true
		}
		return nil
	}
	if !c.log.Next() {
		return c.close()
	}
	c.epoch = c.log.Position().Epoch
	c.Reading, err = watermark.ParseReading(c.log.Value())
	c.live = err == nil
	return err
}

func (c *markCursor) close() error {
	if c.log == nil {
		return nil
	}
	err := c.log.Close()
	c.log = nil
	return err
}

// WatermarkStatus is how far a relation has come in time.
type WatermarkStatus struct {
	Relation   uint32
	Watermark  watermark.Reading
	Partitions []watermark.Partition
	// Wall is the published time, and NextIdle, if it Waits, when a partition becomes idle if it stays silent.
	Wall     int64
	NextIdle int64
	Waits    bool
}

// Watermark gives the watermark of a stream or table; ok is false where it has none.
func (e *Engine) Watermark(rel uint32) (WatermarkStatus, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	k := e.tracked[rel]
	if k == nil {
		return WatermarkStatus{}, false
	}
	return WatermarkStatus{Relation: rel, Watermark: k.reading, Partitions: k.parts, Wall: e.published.wall, NextIdle: k.next, Waits: k.next != noTime}, true
}

// ViewWatermark gives the watermarks that a view goes by, as of its frontier: by relation.
func (e *Engine) ViewWatermark(view uint32) map[uint32]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.flows[view]
	if d == nil {
		return nil
	}
	return d.shownMarks
}

// markAll does mark for all writes of a transaction.
func (e *Engine) markAll(t *Txn) error {
	for i := range t.Writes {
		if err := e.mark(&t.Writes[i]); err != nil {
			return err
		}
	}
	return nil
}
