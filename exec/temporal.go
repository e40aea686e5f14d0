package exec

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// temporal keeps the rows for which a condition on the time is true. For a given row the condition changes its outcome only
// at the turns of the comparisons that it is made of, so a row need not be looked at before its next one.
//
// State: a multimap with a single group, whose rows are the next turn of a row and the row itself, in order of time. So
// advancing is a scan of what is due, and the row of a retraction is found by computing its next turn. A row without a
// further turn is not kept.
//
// A step's rows are gathered and looked at when it ends, at the time of its end, after what is due: then no row in the
// state has a turn that has passed. What is due is evaluated a microsecond before its turn, which tells what is withdrawn,
// and at the time of the step. Both outcomes may be errors, which come and go as rows do.
//
// Cost: per row an evaluation of the condition and one of what gives each turn, or, for turns that have to be searched, about 60
// evaluations of the comparison; an encoding and a change of the state, where it has a turn ahead. Per row that is due two
// evaluations of the condition and the same again. A step without anything due costs nothing.
type temporal struct {
	*output
	n     *physical.TemporalFilter
	types []types.T
	pred  *expr.Program
	turns []turn
	ctx   expr.Context
	env   types.Env
	mm    *state.Multimap
	hash  uint64

	step      []*delta.Batch
	stepBytes int
	next      int64 // the earliest turn in the state; valid when known
	some      bool  // there is one
	known     bool
	first     []byte // no row of the state is below

	search turnSearch
	was    outcomes
	is     outcomes
	buf    []byte
}

// turn finds the turns of one comparison.
type turn struct {
	cond    *expr.Program
	monthly bool
	at      *expr.Program // nil: by search
	shift   int64
}

func newTemporal(o *output, n *physical.TemporalFilter) (*temporal, error) {
	subs := subspace{o: o}
	t := &temporal{output: o, n: n, types: o.d.plan.Nodes[n.Input].Out().Types, mm: subs.nextMultimap(), hash: keys.Hash(nil)}
	if subs.err != nil {
		return nil, subs.err
	}
	if o.d.opt.Context != nil {
		t.ctx = *o.d.opt.Context
	}
	t.env = *types.DefaultEnv
	if t.ctx.Env != nil {
		t.env = *t.ctx.Env
	}
	t.ctx.Env = &t.env
	var err error
	if t.pred, err = expr.Compile(n.Pred); err != nil {
		return nil, err
	}
	for _, x := range n.Turns {
		c := turn{monthly: x.Monthly, shift: x.Shift}
		if c.cond, err = expr.Compile(x.Cond); err != nil {
			return nil, err
		}
		if x.At != nil {
			if c.at, err = expr.Compile(x.At); err != nil {
				return nil, err
			}
		}
		t.turns = append(t.turns, c)
	}
	return t, nil
}

// Push implements Operator.
func (t *temporal) Push(_ int, b *delta.Batch) error {
	t.step = append(t.step, b)
	t.stepBytes += b.Bytes()
	return t.holds(t.stepBytes)
}

// Flush implements Operator.
func (t *temporal) Flush() error {
	if err := t.advance(t.d.allowance(t.op)); err != nil {
		return err
	}
	for i, b := range t.step {
		t.step[i] = nil
		if err := t.take(b); err != nil {
			return err
		}
	}
	t.step, t.stepBytes = t.step[:0], 0
	return nil
}

// take passes on what is true of new changes and keeps those with a turn ahead.
func (t *temporal) take(b *delta.Batch) error {
	now := t.d.now
	in := t.withTime(b, constantTime(now, b.N))
	t.is.evaluate(t, in)
	if err := t.report(b, nil, &t.is); err != nil {
		return err
	}
	next := t.search.next(t, in, now)
	for i := range b.N {
		if next[i] != noTurn {
			if err := t.keep(next[i], b, i, b.Weight(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance looks at up to so many rows whose turn has come; at all when limit is negative.
func (t *temporal) advance(limit int) error {
	now := t.d.now
	for limit != 0 {
		if due, err := t.isDue(now); err != nil || !due {
			return err
		}
		size := chunkRows
		if limit > 0 {
			size = min(size, limit)
		}
		b, at, err := t.due(now, size)
		if err != nil {
			return err
		}
		if b.N == 0 {
			return nil
		}
		if limit > 0 {
			limit -= b.N
		}
		if err := t.move(b, at); err != nil {
			return err
		}
		if err := t.interrupted(); err != nil {
			return err
		}
	}
	return nil
}

// due reads rows of the state that are due, up to so many, with their turns. They are to be moved: the next call looks behind them,
// since all that comes has a later turn, and what is gone is not to be walked over again.
func (t *temporal) due(now int64, size int) (b *delta.Batch, at []int64, err error) {
	b = delta.NewBatch(t.types, 16)
	bytes := 0
	var last []byte
	scanErr := t.mm.ScanFrom(t.hash, nil, t.first, func(row []byte, weight int64) bool {
		if len(row) < timeKeyBytes {
			err = errState
			return false
		}
		when := parseTimeKey(row)
		if when > now {
			return false
		}
		if err = codec.DecodeRow(row[timeKeyBytes:], b, weight); err != nil {
			return false
		}
		at = append(at, when)
		last = append(last[:0], row...)
		bytes += len(row)
		return b.N < size && bytes < chunkBytes
	})
	if err == nil {
		err = scanErr
	}
	if err == nil && len(at) > 0 {
		t.first = last
	}
	return b, at, err
}

// move takes rows from their turns to the next ones, and passes on how their outcomes differ.
func (t *temporal) move(b *delta.Batch, at []int64) error {
	now := t.d.now
	before := make([]int64, b.N)
	for i, when := range at {
		before[i] = when - 1
		if err := t.keep(when, b, i, -b.Weight(i)); err != nil {
			return err
		}
	}
	t.was.evaluate(t, t.withTime(b, before))
	in := t.withTime(b, constantTime(now, b.N))
	t.is.evaluate(t, in)
	if err := t.report(b, &t.was, &t.is); err != nil {
		return err
	}
	next := t.search.next(t, in, now)
	for i, when := range next {
		if when != noTurn {
			if err := t.keep(when, b, i, b.Weight(i)); err != nil {
				return err
			}
		}
	}
	t.known = false
	return nil
}

// keep changes the weight of a row under its turn.
func (t *temporal) keep(when int64, b *delta.Batch, i int, weight int64) error {
	t.buf = timeKey(t.buf[:0], when)
	t.buf = codec.AppendRow(t.buf, b, nil, i)
	if t.known && (!t.some || when <= t.next) {
		t.known = false // it may be the new first, or take the first away
	}
	return t.mm.Add(t.hash, nil, t.buf, weight)
}

// report emits the rows by which the outcomes differ; was is nil where there were none.
func (t *temporal) report(b *delta.Batch, was, is *outcomes) error {
	var gone, come []uint32
	for i := range b.N {
		now, before := is.of[i], failed
		if was != nil {
			before = was.of[i]
		}
		if was != nil && now == before && now != failed {
			continue
		}
		if was != nil && before == passes {
			gone = append(gone, uint32(i))
		}
		if now == passes {
			come = append(come, uint32(i))
		}
	}
	if was != nil {
		for _, e := range was.errs.List {
			if err := t.fail(e.Err, b, e.Row, -b.Weight(e.Row)); err != nil {
				return err
			}
		}
	}
	if err := t.failRows(&is.errs, b); err != nil {
		return err
	}
	if len(gone) > 0 {
		g := b.Gather(gone)
		weights := make([]int64, g.N)
		for i := range weights {
			weights[i] = -g.Weight(i)
		}
		if err := t.emit(&delta.Batch{Cols: g.Cols, Weights: weights, N: g.N}); err != nil {
			return err
		}
	}
	switch len(come) {
	case 0:
		return nil
	case b.N:
		return t.emit(b)
	}
	return t.emit(b.Gather(come))
}

// withTime gives a batch with the time as one more column.
func (t *temporal) withTime(b *delta.Batch, at []int64) *delta.Batch {
	cols := make([]*delta.Vec, 0, len(b.Cols)+1)
	cols = append(append(cols, b.Cols...), &delta.Vec{Type: types.Of(types.TimestampTZ), Ints: at})
	return &delta.Batch{Cols: cols, N: b.N}
}

func constantTime(now int64, n int) []int64 {
	at := make([]int64, n)
	for i := range at {
		at[i] = now
	}
	return at
}

// index implements clocked.
func (t *temporal) index() int { return t.op }

// nextTime implements clocked.
func (t *temporal) nextTime() (int64, bool, error) {
	if t.known {
		return t.next, t.some, nil
	}
	t.some = false
	bad := false
	err := t.mm.ScanFrom(t.hash, nil, t.first, func(row []byte, _ int64) bool {
		if bad = len(row) < timeKeyBytes; !bad {
			t.next, t.some = parseTimeKey(row), true
		}
		return false
	})
	if err == nil && bad {
		err = errState
	}
	t.known = err == nil
	return t.next, t.some, err
}

func (t *temporal) isDue(now int64) (bool, error) {
	next, some, err := t.nextTime()
	return some && next <= now, err
}

// overdue implements clocked.
func (t *temporal) overdue(now int64, rows int) (bool, error) {
	if due, err := t.isDue(now); err != nil || !due {
		return false, err
	}
	n := 0
	err := t.mm.ScanFrom(t.hash, nil, t.first, func(row []byte, _ int64) bool {
		if len(row) < timeKeyBytes || parseTimeKey(row) > now {
			return false
		}
		n++
		return n <= rows
	})
	return n > rows, err
}

// outcome is what a condition is for a row, as far as it matters.
type outcome uint8

const (
	rejects outcome = iota // false or NULL
	passes
	failed
)

// outcomes are those of a batch.
type outcomes struct {
	of   []outcome
	errs expr.Errors
	sel  []uint32
}

// evaluate evaluates the filter's condition.
func (o *outcomes) evaluate(t *temporal, in *delta.Batch) {
	o.errs.List = o.errs.List[:0]
	o.sel = t.pred.EvalPred(&t.ctx, in, o.sel, &o.errs)
	o.of = append(o.of[:0], make([]outcome, in.N)...)
	for _, i := range o.sel {
		o.of[i] = passes
	}
	for _, e := range o.errs.List {
		o.of[e.Row] = failed
	}
}
