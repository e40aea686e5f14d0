package exec

// clocked is an operator whose output changes as time goes on. At a Flush it acts on all that is due at the dataflow's
// time, in [Dataflow.now], unless the dataflow says otherwise (see allowance).
type clocked interface {
	Operator
	// index is the operator's number in the plan.
	index() int
	// nextTime gives the earliest time at which something of the state is due; ok is false when there is none.
	nextTime() (micros int64, ok bool, err error)
	// overdue reports whether more than so many rows of the state are due at a time.
	overdue(micros int64, rows int) (bool, error)
}

// moving says which operator acts on what is due in a step of FlushTime, and on how many rows.
type moving struct {
	op   int // -1: all operators, on everything
	rows int
}

// timeKeyBytes is the length of what timeKey writes.
const timeKeyBytes = 8

// SetNow tells the time at which the present step ends, in microseconds from 2000-01-01 UTC. It must be called before each
// Flush of a plan that is physical.Plan.Clocked, and must not go back.
func (d *Dataflow) SetNow(micros int64) { d.now = micros }

// NextTime gives, after a Flush or before the first step, the earliest time at which an operator has to act: until then the
// result stays what it is unless input comes. ok is false when no operator waits.
func (d *Dataflow) NextTime() (micros int64, ok bool, err error) {
	for _, c := range d.clocked {
		t, some, err := c.nextTime()
		if err != nil {
			return 0, false, err
		}
		if some && (!ok || t < micros) {
			micros, ok = t, true
		}
	}
	return micros, ok, nil
}

// Overdue reports whether some operator has more than so many rows of state that are due at a time: a Flush at that time
// would act on all of them. See FlushTime.
func (d *Dataflow) Overdue(micros int64, rows int) (bool, error) {
	for _, c := range d.clocked {
		if more, err := c.overdue(micros, rows); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

// FlushTime ends a step that has no input and only moves time, and acts on about so many rows of what is due; the rest stays
// due. One operator acts, the last that has anything to do, so that what it emits meets operators that are at the new time
// already: rows that come to an operator are taken at the step's time, which nothing of its state may lag behind.
func (d *Dataflow) FlushTime(rows int) error {
	for i := len(d.clocked) - 1; i >= 0; i-- {
		c := d.clocked[i]
		t, some, err := c.nextTime()
		if err != nil {
			return err
		}
		if some && t <= d.now {
			d.moving = moving{op: c.index(), rows: rows}
			return d.flushAll()
		}
	}
	return d.Flush()
}

// allowance is on how many due rows an operator may act in the present Flush; -1 is all.
func (d *Dataflow) allowance(op int) int {
	switch d.moving.op {
	case -1:
		return -1
	case op:
		return d.moving.rows
	}
	return 0
}
