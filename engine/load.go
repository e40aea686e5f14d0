package engine

import (
	"errors"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/planner/physical"
)

// loadRowsMax is the number of rows of a back-fill that are pushed before the operators are flushed.
const loadRowsMax = 1 << 17

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
