package exec

// OpStats are what went through an operator since Build.
type OpStats struct {
	RowsIn, RowsOut int64 // for a Scan, RowsIn is before its filter
	Nanos           int64 // spent in the operator itself; 0 without Options.Now
	PeakBytes       int64 // the most that it held within a step, besides its state
}

// AppendStats appends the figures of all operators, by index.
func (d *Dataflow) AppendStats(dst []OpStats) []OpStats {
	for _, o := range d.outs {
		dst = append(dst, OpStats{RowsIn: o.rowsIn, RowsOut: o.rowsOut, Nanos: o.nanos, PeakBytes: o.peak})
	}
	return dst
}

// timer charges the time that passes to the operator at work. An operator pushes what it makes to the next before it goes
// on, so the one at work changes with each batch that is passed on, and back when that has been taken.
type timer struct {
	now   func() int64
	at    *output // at work; nil outside of the dataflow
	since int64
}

// enter puts an operator, or none, to work, and gives the one that was.
func (t *timer) enter(o *output) (before *output) {
	if t.now == nil {
		return nil
	}
	now := t.now()
	before = t.at
	if before != nil {
		before.nanos += now - t.since
	}
	t.at, t.since = o, now
	return before
}
