package engine

import (
	"errors"
	"fmt"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/exec"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

// stepRowsMax is the default number of changed rows after which a step ends at the next epoch's end. Large
// steps are the efficient ones (state is touched once per key and step), small ones are quick to see.
const stepRowsMax = 1 << 17

// loadRowsMax is the number of rows of a back-fill that are pushed before the operators are flushed.
const loadRowsMax = 1 << 17

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

// cursor reads one input's changes in order of epoch.
type cursor struct {
	in    *input
	types []types.T
	tail  []change
	log   *storage.LogIter
	live  bool   // there is a current change
	epoch uint64 // of the current change
	batch *delta.Batch
}

// openCursor positions a cursor before the input's changes of (after, to].
func (d *dataflow) openCursor(in *input, after, to uint64) (*cursor, error) {
	c := &cursor{in: in}
	if cs, ok := d.e.tails.read(in.scan.Relation, after, to); ok {
		c.tail = cs
		return c, nil
	}
	r, ok := d.e.Catalog().Relation(in.scan.Relation)
	if !ok {
		return nil, fmt.Errorf("input relation %d is gone", in.scan.Relation)
	}
	c.types = r.Types()
	c.log = d.e.openLog(r, after, to)
	if d.transient {
		if err := d.e.checkHeld(r, after); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// next moves to the next change; false at the end.
func (c *cursor) next() (bool, error) {
	if c.log == nil {
		if len(c.tail) == 0 {
			return false, nil
		}
		c.epoch, c.batch = c.tail[0].epoch, prune(c.tail[0].batch, c.in.scan.Cols)
		c.tail = c.tail[1:]
		return true, nil
	}
	if !c.log.Next() {
		return false, c.close()
	}
	b, err := codec.Decode(c.log.Value(), c.types, c.in.scan.Cols)
	if err != nil {
		return false, fmt.Errorf("changelog of relation %d at epoch %d: %w", c.in.scan.Relation, c.log.Position().Epoch, err)
	}
	c.epoch, c.batch = c.log.Position().Epoch, b
	return true, nil
}

// close ends the cursor and gives the error that the log ended with. It may be called twice.
func (c *cursor) close() error {
	if c.log == nil {
		return nil
	}
	err := c.log.Close()
	c.log = nil
	return err
}

// prune gives the columns cols of b, sharing them.
func prune(b *delta.Batch, cols []int) *delta.Batch {
	out := &delta.Batch{Cols: make([]*delta.Vec, len(cols)), Weights: b.Weights, N: b.N}
	for i, c := range cols {
		out.Cols[i] = b.Cols[c]
	}
	return out
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
	if err := d.catchUp(cursors, target); err != nil {
		return 0, 0, err
	}
	if end, rows, err = d.pushAll(cursors, marks, target); err != nil {
		return 0, 0, err
	}
	return end, rows, d.flush(end)
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
	before := d.frontier
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

// load computes the first contents. A view over streams alone begins before their first epoch and follows
// their logs, so a crash loses no progress. Otherwise the inputs' contents at the published epoch are pushed in
// chunks; the frontier is written with the last of them, and a crash before that begins again.
func (d *dataflow) load() error {
	if err := d.e.store.DropDataflow(d.id); err != nil {
		return err
	}
	streams := len(d.ups) == 0
	for _, in := range d.inputs {
		if r, ok := d.e.Catalog().Relation(in.scan.Relation); !ok || r.Kind != catalog.Stream {
			streams = false
		}
	}
	end := uint64(0)
	if streams {
		d.place(0)
	} else {
		epoch, err := d.loadSnapshot()
		for held := (*PausedError)(nil); errors.As(err, &held); {
			epoch, err = d.loadSnapshot() // the next attempt waits until the view below goes on
		}
		if err != nil {
			return err
		}
		end = epoch
	}
	if err := d.flush(end); err != nil {
		return err
	}
	if err := d.applyStep(end, 0); err != nil {
		return err
	}
	d.e.mu.Lock()
	d.loading, d.fresh = false, false
	d.wakeUp()
	for _, c := range d.e.relations[d.id].consumersOrNone() {
		c.wakeUp()
	}
	d.e.mu.Unlock()
	return nil
}

// place fixes the epoch that the first contents will stand for. Reads that want the view can be queued from now on.
func (d *dataflow) place(epoch uint64) {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.placeLocked(epoch)
}

// placeLocked is place with Engine.mu held.
func (d *dataflow) placeLocked(epoch uint64) {
	d.frontier, d.placed = epoch, true
	d.broadcast()
}

// loadSnapshot pushes the inputs' contents at one epoch, tables and views before streams, and returns it.
func (d *dataflow) loadSnapshot() (uint64, error) {
	ids := make([]uint32, 0, len(d.inputs))
	for _, in := range d.inputs {
		ids = append(ids, in.scan.Relation)
	}
	read, err := d.e.beginRead(d.ctx, ids, nil, d)
	if err != nil {
		return 0, err
	}
	defer read.Close()
	d.noteLoad(0, read.estimateRows(ids))
	var pending, loaded int64
	err = d.pushContents(read, func(node int, b *delta.Batch) error {
		if err := d.ctx.Err(); err != nil {
			return ErrStopped
		}
		pending += int64(b.N)
		loaded += int64(b.N)
		if err := d.flow.Push(node, b); err != nil || pending < loadRowsMax || d.roles != nil && d.roles[node]&physical.LookedUp != 0 {
			return err
		}
		pending = 0
		d.noteLoad(loaded, -1)
		return d.flushLoad(read.Epoch)
	})
	if err != nil {
		return 0, err
	}
	if len(d.plan.Watermarks) > 0 {
		if err := d.loadLogs(read.Epoch, &loaded); err != nil {
			return 0, err
		}
		if err := d.jumpMarks(read.Epoch); err != nil {
			return 0, err
		}
	}
	d.noteLoad(loaded, -1)
	return read.Epoch, nil
}

// pushContents gives the inputs' contents to push.
func (d *dataflow) pushContents(read *Read, push func(node int, b *delta.Batch) error) error {
	for _, in := range d.loadOrder() {
		r, ok := d.e.Catalog().Relation(in.scan.Relation)
		if !ok {
			return &RelationGoneError{Name: in.scan.Name}
		}
		if r.Kind == catalog.Stream && len(d.plan.Watermarks) > 0 {
			continue // see loadLogs
		}
		all := &physical.Scan{Relation: in.scan.Relation, Name: in.scan.Name, Cols: in.scan.Cols}
		if err := read.scan(r, all, func(b *delta.Batch) error { return push(in.node, b) }); err != nil {
			return err
		}
	}
	return nil
}

// loadOrder gives the inputs in the order in which they are loaded: what arriving rows look up before those rows, and streams, which may
// be long, last.
func (d *dataflow) loadOrder() []*input {
	order := make([]*input, len(d.inputs))
	for i := range d.inputs {
		order[i] = &d.inputs[i]
	}
	rank := func(in *input) int {
		switch {
		case d.roles != nil && d.roles[in.node]&physical.LookedUp != 0:
			return 0
		case in.scan.Kind != catalog.Stream.String():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(order, func(a, b *input) int { return rank(a) - rank(b) })
	return order
}

// loadLogs pushes the contents of the streams among the inputs up to an epoch as they came, so that what was late is.
func (d *dataflow) loadLogs(to uint64, loaded *int64) error {
	var cursors []*cursor
	defer func() {
		for _, c := range cursors {
			_ = c.close() // as in step
		}
	}()
	for i := range d.inputs {
		in := &d.inputs[i]
		if r, ok := d.e.Catalog().Relation(in.scan.Relation); !ok || r.Kind != catalog.Stream {
			continue
		}
		c, err := d.openCursor(in, 0, to)
		if err != nil {
			return err
		}
		cursors = append(cursors, c)
		if c.live, err = c.next(); err != nil {
			return err
		}
	}
	if len(cursors) == 0 {
		return nil
	}
	marks, err := d.openAllMarks(0, to)
	if err != nil {
		return err
	}
	defer closeMarks(marks)
	pending := int64(0)
	var seen physical.Role
	for {
		epoch, some := nextEpoch(cursors, marks)
		if !some {
			return nil
		}
		if d.ctx.Err() != nil {
			return ErrStopped
		}
		next := d.rolesAt(epoch, cursors)
		if pending >= loadRowsMax || physical.EndsStep(seen, next) {
			d.noteLoad(*loaded, -1)
			if err := d.flushLoad(to); err != nil {
				return err
			}
			pending, seen = 0, 0
		}
		seen |= next
		n, err := d.pushEpoch(cursors, marks, epoch)
		if err != nil {
			return err
		}
		*loaded += n
		pending += n
	}
}

// flushLoad writes a part of a back-fill, without a frontier.
func (d *dataflow) flushLoad(epoch uint64) error {
	if err := d.flush(epoch); err != nil {
		return err
	}
	st := d.e.store.NewStep(d.id)
	if err := d.out.write(st, epoch, false); err != nil {
		return err
	}
	if err := d.writeTime(st); err != nil {
		return err
	}
	if err := d.space.WriteTo(st); err != nil {
		return err
	}
	if err := st.Apply(); err != nil {
		return err
	}
	d.e.mu.Lock()
	d.wroteTime()
	d.noteRows()
	d.e.mu.Unlock()
	d.out.reset()
	return nil
}

func (d *dataflow) noteLoad(rows, total int64) {
	d.e.mu.Lock()
	defer d.e.mu.Unlock()
	d.stats.LoadRows = rows
	if total >= 0 {
		d.stats.LoadTotal = total
	}
	d.broadcast()
}
