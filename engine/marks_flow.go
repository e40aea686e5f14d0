package engine

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/watermark"
)

// What follows is the event time of a dataflow. Its rows come epoch by epoch, and after those of an epoch the marks of
// that epoch: so what is late does not depend on how epochs are put together into steps. State is dropped at the end of a
// step, and what a step has dropped is written with its frontier.

// marksNote is the name under which a dataflow's watermarks are stored, and lateNote that of its number of late rows.
const (
	marksNote = "marks"
	lateNote  = "late"
)

// LateRowsKept is how many of a view's late rows are kept, the newest. All are counted.
const LateRowsKept = 10_000

// timeline is a dataflow's event time.
type timeline struct {
	set     *watermark.Set
	moved   bool   // since it was last stored
	epoch   uint64 // of the rows that are being pushed
	late    uint64 // how many rows came late so far
	latest  []lateRow
	lateNow int64 // late rows of the present step

	heldFrom int64 // the least time of results that are not final, if held
	held     bool
}

// lateRow is a row that came too late, as it is stored.
type lateRow struct {
	Relation uint32 `json:"r"`
	Name     string `json:"n"`
	Epoch    uint64 `json:"e"`
	Mark     int64  `json:"m"`
	Time     int64  `json:"t"`
	Weight   int64  `json:"w"`
	Row      string `json:"v"`
}

// openTime recovers the dataflow's watermarks and the count of its late rows.
func (d *dataflow) openTime() error {
	d.time = timeline{set: watermark.NewSet(d.plan.Watermarks)}
	if d.fresh {
		return nil
	}
	note, ok, err := d.e.store.Note(d.id, marksNote)
	if err == nil && ok {
		err = d.time.set.Load(note)
	}
	if err != nil {
		return fmt.Errorf("the watermarks of a view: %w", err)
	}
	if d.time.late, err = d.e.countLate(d.id); err != nil {
		return err
	}
	return nil
}

// showTime lets others see the time that was recovered.
func (d *dataflow) showTime() error {
	if len(d.plan.Watermarks) == 0 || d.fresh {
		return nil
	}
	at, held, err := d.flow.FirstHeld()
	if err != nil {
		return err
	}
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.shownMarks, d.heldFrom, d.held = d.time.startMarks(), at, held
	return nil
}

// countLate gives the stored number of a view's late rows.
func (e *Engine) countLate(view uint32) (uint64, error) {
	note, ok, err := e.store.Note(view, lateNote)
	if err != nil || !ok {
		return 0, err
	}
	if len(note) != 8 {
		return 0, fmt.Errorf("the number of a view's late rows is damaged: %x", note)
	}
	return binary.BigEndian.Uint64(note), nil
}

// startMarks are the watermarks that the operators begin with.
func (t *timeline) startMarks() map[uint32]int64 {
	m := map[uint32]int64{}
	for _, id := range t.set.Relations() {
		m[id] = t.set.Value(id)
	}
	return m
}

// openAllMarks opens the marks of (after, to] of all relations that the plan goes by.
func (d *dataflow) openAllMarks(after, to uint64) ([]*markCursor, error) {
	var cs []*markCursor
	for _, id := range d.plan.Watermarks {
		c := d.e.openMarks(id, after, to)
		cs = append(cs, c)
		if err := c.next(); err != nil {
			closeMarks(cs)
			return nil, err
		}
	}
	return cs, nil
}

func closeMarks(cs []*markCursor) {
	for _, c := range cs {
		_ = c.close() // one that was read to its end has told its error in next
	}
}

// takeMarks takes the marks of an epoch, whose rows have been pushed.
func (d *dataflow) takeMarks(cs []*markCursor, epoch uint64) error {
	any := false
	for _, c := range cs {
		for c.live && c.epoch == epoch {
			d.time.set.Note(c.rel, c.Reading)
			any = true
			if err := c.next(); err != nil {
				return err
			}
		}
	}
	if any {
		d.settleMarks()
	}
	return nil
}

// settleMarks hands the watermarks to the operators.
func (d *dataflow) settleMarks() {
	d.time.set.Settle()
	d.time.moved = true
	for _, id := range d.time.set.Relations() {
		d.flow.SetWatermark(id, d.time.set.Value(id))
	}
}

// jumpMarks takes the watermarks as they were after an epoch, for contents that were read at it.
func (d *dataflow) jumpMarks(epoch uint64) error {
	for _, id := range d.plan.Watermarks {
		val, ok, err := d.e.store.LastMark(id, epoch)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		r, err := watermark.ParseReading(val)
		if err != nil {
			return err
		}
		d.time.set.Note(id, r)
	}
	if len(d.plan.Watermarks) > 0 {
		d.settleMarks()
	}
	return nil
}

// onLate takes late rows from an operator.
func (d *dataflow) onLate(op int, mark int64, rows *delta.Batch) error {
	n, ok := d.plan.Nodes[op].(*physical.Late)
	if !ok {
		return fmt.Errorf("operator %d has late rows", op)
	}
	t := &d.time
	for i := range rows.N {
		t.lateNow++
		t.latest = append(t.latest, lateRow{
			Relation: n.Relation, Name: n.Name, Epoch: t.epoch, Mark: mark, Time: rows.Cols[n.Col].Ints[i], Weight: rows.Weight(i),
			Row: rowText(rows, i),
		})
		if len(t.latest) > 2*LateRowsKept {
			t.latest = append(t.latest[:0], t.latest[len(t.latest)-LateRowsKept:]...)
		}
	}
	return nil
}

// FirstHeld gives the least time of a view's results that are not final, as of its last step; ok is false when none is held. It
// waits for a view that is being started.
func (e *Engine) FirstHeld(ctx context.Context, view uint32) (at int64, ok bool, err error) {
	for {
		e.mu.Lock()
		d := e.flows[view]
		if d == nil || d.status != Loading {
			defer e.mu.Unlock()
			if d == nil {
				return 0, false, nil
			}
			return d.heldFrom, d.held, nil
		}
		changed := d.changed
		e.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, false, ctx.Err()
		}
	}
}

// writeTime adds to a step what has become of the dataflow's time. It reads the operators' state, so it comes before that is written.
func (d *dataflow) writeTime(st *storage.Step) error {
	t := &d.time
	var err error
	if t.heldFrom, t.held, err = d.flow.FirstHeld(); err != nil {
		return err
	}
	if t.moved {
		st.PutNote(marksNote, t.set.Append(nil))
	}
	if t.lateNow == 0 {
		return nil
	}
	after := t.late + uint64(t.lateNow)
	kept := t.latest[max(0, len(t.latest)-LateRowsKept):]
	for i := range kept {
		val, err := json.Marshal(&kept[i])
		if err != nil {
			return err
		}
		st.PutLate(after-uint64(len(kept)-i), val)
	}
	// What was kept before and is now too old goes.
	oldest := t.late - min(t.late, LateRowsKept)
	for n := oldest; n < t.late && n+LateRowsKept < after; n++ {
		st.DeleteLate(n)
	}
	st.PutNote(lateNote, binary.BigEndian.AppendUint64(nil, after))
	return nil
}

// wroteTime takes note that a step has been applied; Engine.mu is held.
func (d *dataflow) wroteTime() {
	t := &d.time
	t.late += uint64(t.lateNow)
	t.latest, t.lateNow = t.latest[:0], 0
	d.stats.LateRows = int64(t.late)
	d.heldFrom, d.held = t.heldFrom, t.held
	if t.moved {
		t.moved = false
		d.shownMarks = t.startMarks()
	}
}

// LateRow is a row that came to a view below the watermark and is not in its result.
type LateRow struct {
	Number   uint64 // counts the view's late rows from 0
	Relation uint32
	Name     string // of the relation
	Epoch    uint64
	Mark     int64
	Time     int64
	Weight   int64
	Row      string
}

// LateRows calls f for the late rows of a view that are kept, the oldest first.
func (e *Engine) LateRows(view uint32, f func(LateRow)) error {
	snap := e.store.DerivedSnapshot()
	defer snap.Close()
	return snap.LateRows(view, func(r storage.LateRow) error {
		var l lateRow
		if err := json.Unmarshal(r.Value, &l); err != nil {
			return fmt.Errorf("late row %d of view %d: %w", r.Number, view, err)
		}
		f(LateRow{Number: r.Number, Relation: l.Relation, Name: l.Name, Epoch: l.Epoch, Mark: l.Mark, Time: l.Time, Weight: l.Weight, Row: l.Row})
		return nil
	})
}
