package engine

import (
	"fmt"

	"millrace/catalog"
	"millrace/exec"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/state"
	"millrace/types"
)

// stepRowsMax is the default number of changed rows after which a step ends at the next epoch's end. Large
// steps are the efficient ones (state is touched once per key and step), small ones are quick to see.
const stepRowsMax = 1 << 17

// build makes the operators and the writer of results.
func (d *dataflow) build() error {
	d.space = state.NewSpace(d.e.store, d.id, d.e.budget)
	d.out = newWriter(d)
	if d.relation().Kind == catalog.Sink && !d.delivers() {
		sink, err := d.e.opt.Sinks(d.relation())
		if err != nil {
			return err
		}
		d.out.sink = sink
	}
	if err := d.openTime(); err != nil {
		return err
	}
	flow, err := exec.Build(d.plan, exec.Options{
		Space:      d.space,
		Context:    &expr.Context{Env: types.DefaultEnv},
		Emit:       d.out.emit,
		OnError:    d.out.rowError,
		OnLate:     d.onLate,
		Watermarks: d.time.startMarks(),
		Fresh:      d.fresh,
		Now:        monotonic,
		Interrupt:  d.interrupted,
	})
	if err != nil {
		return fmt.Errorf("build operators: %w", err)
	}
	d.flow = flow
	if err := d.showTime(); err != nil {
		return err
	}
	if d.out.openErrors, err = d.e.countErrors(d.id); err != nil || !d.clocked || d.fresh {
		return err
	}
	return d.recoverTime()
}

// step applies the inputs' changes up to target, or, when they are many and all inputs are streams or tables,
// up to an earlier epoch.
func (d *dataflow) step(target uint64) error {
	end, rows, err := d.pushStep(target)
	if err != nil {
		return err
	}
	return d.applyStep(end, rows)
}

// pushStep carries the changes of a step through the operators and says at which epoch it ends.
func (d *dataflow) pushStep(target uint64) (end uint64, rows int64, err error) {
	cursors := make([]*cursor, 0, len(d.inputs))
	defer func() {
		for _, c := range cursors {
			_ = c.close() // a log that was read to its end has told its error in next
		}
	}()
	for i := range d.inputs {
		c, err := d.openCursor(&d.inputs[i], d.frontier, target)
		if err != nil {
			return 0, 0, err
		}
		cursors = append(cursors, c)
		if c.live, err = c.next(); err != nil {
			return 0, 0, err
		}
	}
	marks, err := d.openAllMarks(d.frontier, target)
	if err != nil {
		return 0, 0, err
	}
	defer closeMarks(marks)
	d.noteSince(cursors, marks)
	if err := d.catchUp(cursors, target); err != nil {
		return 0, 0, err
	}
	if end, rows, err = d.pushAll(cursors, marks, target); err != nil {
		return 0, 0, err
	}
	return end, rows, d.flush(end)
}

// noteSince finds out after which epoch the step's changes are, from cursors that stand on the first. The frontier may lie far
// before that, where nothing has changed since; so a subscriber may begin anywhere in between.
func (d *dataflow) noteSince(cursors []*cursor, marks []*markCursor) {
	first, some := nextEpoch(nil, marks)
	since := uint64(0)
	if some {
		since = first - 1
	}
	for _, c := range cursors {
		if c.live && (!some || c.after < since) {
			since, some = c.after, true
		}
	}
	if some && !d.clocked { // time may have changed something before
		d.since = since
	}
}

// pushAll pushes changes epoch by epoch and says after which epoch it stopped.
func (d *dataflow) pushAll(cursors []*cursor, marks []*markCursor, target uint64) (end uint64, rows int64, err error) {
	var seen physical.Role
	for {
		epoch, some := nextEpoch(cursors, marks)
		if !some {
			break
		}
		next := d.rolesAt(epoch, cursors)
		if d.exact && (rows > 0 || end > 0 && !d.transient) {
			return end, rows, nil
		}
		if end > 0 && len(d.ups) == 0 {
			full, err := rows >= int64(d.e.opt.StepRowsMax) || physical.EndsStep(seen, next), error(nil)
			if !full {
				full, err = d.overdue(epoch)
			}
			if full || err != nil {
				return end, rows, err
			}
		}
		seen |= next
		n, err := d.pushEpoch(cursors, marks, epoch)
		if err != nil {
			return 0, 0, err
		}
		rows += n
		end = epoch
	}
	if end > 0 && d.exact && !d.transient {
		return end, rows, nil // and not the target: the changes are of this epoch
	}
	if end > 0 && len(d.ups) == 0 {
		if much, err := d.overdue(target); much || err != nil {
			return end, rows, err
		}
	}
	return target, rows, nil
}

// rolesAt gives the roles of the inputs that have changes of an epoch.
func (d *dataflow) rolesAt(epoch uint64, cursors []*cursor) (roles physical.Role) {
	if d.roles == nil {
		return 0
	}
	for _, c := range cursors {
		if c.live && c.epoch == epoch {
			roles |= d.roles[c.in.node]
		}
	}
	return roles
}

// nextEpoch is the first epoch of which a cursor has something.
func nextEpoch(cursors []*cursor, marks []*markCursor) (epoch uint64, some bool) {
	see := func(e uint64) {
		if !some || e < epoch {
			epoch, some = e, true
		}
	}
	for _, c := range cursors {
		if c.live {
			see(c.epoch)
		}
	}
	for _, c := range marks {
		if c.live {
			see(c.markAt.epoch)
		}
	}
	return epoch, some
}

// pushEpoch pushes the changes of an epoch, and then takes its marks.
func (d *dataflow) pushEpoch(cursors []*cursor, marks []*markCursor, epoch uint64) (rows int64, err error) {
	d.time.epoch = epoch
	for _, c := range cursors {
		for c.live && c.epoch == epoch {
			rows += int64(c.batch.N)
			if err := d.flow.Push(c.in.node, c.batch); err != nil {
				return 0, err
			}
			if c.live, err = c.next(); err != nil {
				return 0, err
			}
		}
	}
	return rows, d.takeMarks(marks, epoch)
}

// applyStep writes what the step changed as one derived batch and publishes the new frontier.
func (d *dataflow) applyStep(end uint64, rowsIn int64) error {
	e := d.e
	st := e.store.NewStep(d.id)
	logged := d.logs()
	if err := d.out.write(st, end, logged); err != nil {
		return err
	}
	next, err := d.waitsFor()
	if err != nil {
		return err
	}
	if err := d.writeTime(st); err != nil {
		return err
	}
	if err := d.space.WriteTo(st); err != nil {
		return err
	}
	st.SetFrontier(end)
	d.beginHistory(st, end)
	if d.fresh {
		st.PutNote(planNote, []byte(d.fingerprint))
	}
	d.apply.Lock()
	defer d.apply.Unlock()
	if err := st.Apply(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	d.noteLogged(logged, end)
	before := max(d.frontier, d.since)
	d.frontier = end
	d.wroteTime()
	if d.clocked {
		d.waitUntil(next)
		if d.out.rows > 0 {
			d.acted = end
		}
	}
	d.noteStep(end, before, rowsIn)
	for _, c := range e.relations[d.id].consumersOrNone() {
		c.wakeUp()
	}
	d.broadcast()
	return nil
}

// noteStep takes note of what was written, the changes since an epoch under the given one in the changelog, and forgets it; Engine.mu is held.
func (d *dataflow) noteStep(epoch, after uint64, rowsIn int64) {
	e := d.e
	d.stats.Steps++
	d.stats.RowsIn += rowsIn
	d.stats.RowsOut += d.out.rows
	d.stats.OpenErrors = d.out.openErrors
	for _, b := range d.out.batches {
		e.tails.append(d.id, change{epoch, after, b})
	}
	e.followers.changed(d.id, len(d.out.batches) > 0)
	if len(d.out.batches) > 0 {
		e.followers.moved(d.id, epoch)
	}
	d.noteRows()
	d.out.reset()
	if e.budget.Exceeded() {
		// This one has come down to its share; the others have to, too, though they may have nothing else to do.
		for _, f := range e.flows {
			f.wakeUp()
		}
	}
}
