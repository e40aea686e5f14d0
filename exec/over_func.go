package exec

import (
	"fmt"
	"math"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// overFunc is a window function with what follows from its description.
type overFunc struct {
	*physical.OverFunc
	start, end overBound

	n     int64 // of lag (of lead: negative), nth_value and ntile
	nNull bool
	nCol  int // the column that holds n for each row; -1: it is n

	// whole: a change anywhere can change any row, so the partition is evaluated from its start to its end.
	whole bool
	// prefix: a row's value follows from an amount that is carried from row to row (a number, a running aggregate).
	prefix bool
	// head: the value is that of the partition's n-th row.
	head bool
	// counted: the value depends on the partition's number of rows, so that every row's may change when that does.
	counted bool
	// single: the copies of a row have values of their own.
	single bool
	// carries: the carried amount is an accumulator's state.
	carries bool
	// folds: the value is made of the frame's rows in order, for each row anew.
	folds bool
	// inverts: rows that leave a frame can be subtracted.
	inverts bool

	ahead, back overReach
}

// overBound is an end of a frame. Rows and peer groups are counted from the current one, negative before it.
type overBound struct {
	unbounded bool
	n         int64
	moved     bool // RANGE with an offset
	offset    types.Datum
	back      bool
}

// overReach is how far from a row one has to look: the largest of its parts.
type overReach struct {
	rows   int64 // copies of rows
	groups int64 // peer groups beyond its own; -1 not even the others of its own
	within *overBound
}

var noReach = overReach{groups: -1}

// offsetMax bounds counted offsets, so that sums of positions do not overflow; no partition has so many rows.
const offsetMax = 1 << 61

func newOverFunc(ctx *expr.Context, n *physical.Over, f *physical.OverFunc) (*overFunc, error) {
	o := &overFunc{OverFunc: f, nCol: -1, n: 1, ahead: noReach, back: noReach}
	if err := o.readN(ctx); err != nil {
		return nil, err
	}
	var err error
	if o.start, err = newOverBound(ctx, n, f.Frame.Mode, f.Frame.Start, "starting"); err != nil {
		return nil, err
	}
	if o.end, err = newOverBound(ctx, n, f.Frame.Mode, f.Frame.End, "ending"); err != nil {
		return nil, err
	}
	o.classify()
	return o, nil
}

// readN evaluates the offset of lag, and the like.
func (o *overFunc) readN(ctx *expr.Context) error {
	if o.N == nil {
		if o.Kind == physical.OverLead {
			o.n = -1
		}
		return nil
	}
	if c, ok := o.N.(*expr.Column); ok {
		o.nCol = c.Index
		return nil
	}
	d, err := expr.EvalConst(ctx, o.N)
	if err != nil {
		return err
	}
	o.n, o.nNull = min(max(d.I, -offsetMax), offsetMax), d.Null
	if o.Kind == physical.OverLead {
		o.n = -o.n
	}
	if d.Null {
		o.n = 0
	}
	return nil
}

func newOverBound(ctx *expr.Context, n *physical.Over, mode physical.FrameMode, b physical.Bound, which string) (overBound, error) {
	switch b.Kind {
	case physical.UnboundedPreceding, physical.UnboundedFollowing:
		return overBound{unbounded: true}, nil
	case physical.CurrentRow:
		return overBound{}, nil
	}
	back := b.Kind == physical.OffsetPreceding
	d, err := expr.EvalConst(ctx, b.Offset)
	switch {
	case err != nil:
		return overBound{}, err
	case d.Null:
		return overBound{}, pgerr.New(pgerr.NullValueNotAllowed, "frame %s offset must not be null", which)
	case mode == physical.Range:
		if len(n.Order) != 1 {
			return overBound{}, fmt.Errorf("exec: a RANGE frame with an offset and %d keys", len(n.Order))
		}
		return overBound{moved: true, offset: d, back: back}, nil
	case d.I < 0:
		return overBound{}, pgerr.New(pgerr.InvalidPrecedingOrFollowing, "frame %s offset must not be negative", which)
	}
	x := overBound{n: min(d.I, offsetMax)}
	if back {
		x.n = -x.n
	}
	return x, nil
}

// classify works out what the function looks at.
func (o *overFunc) classify() {
	switch o.Kind {
	case physical.OverRowNumber:
		o.prefix, o.single = true, true
	case physical.OverRank, physical.OverDenseRank:
		o.prefix = true
	case physical.OverPercentRank:
		o.prefix, o.counted = true, true
	case physical.OverCumeDist:
		o.prefix, o.counted = true, true
		o.ahead.groups = 0
	case physical.OverNtile:
		o.single = true
		o.whole = o.nCol >= 0
		o.prefix, o.counted = !o.whole, !o.whole
	case physical.OverLag, physical.OverLead:
		o.single, o.whole = true, o.nCol >= 0
		if o.n >= 0 {
			o.back.rows = o.n
		} else {
			o.ahead.rows = -o.n
		}
	default:
		o.single = o.Frame.Mode == physical.Rows
		o.folds = o.Kind == physical.OverAggregate && o.Agg.Func.Fold != nil
		o.inverts = o.Kind == physical.OverAggregate && !o.Agg.Func.Ordered && !o.folds
		o.classifyFrame()
	}
}

func (o *overFunc) classifyFrame() {
	excludes := o.Frame.Exclude != physical.ExcludeNone
	rows := o.Frame.Mode == physical.Rows
	if !o.end.unbounded {
		o.ahead = o.reach(o.end, 1)
	}
	back := o.start
	if back.unbounded {
		back = o.end
	}
	if !back.unbounded {
		o.back = o.reach(back, -1)
	}
	if excludes {
		o.back.groups = max(o.back.groups, 0)
		if o.Frame.Exclude != physical.ExcludeCurrentRow {
			o.ahead.groups = max(o.ahead.groups, 0)
		}
	}
	switch o.Kind {
	case physical.OverAggregate:
		switch {
		case o.end.unbounded || o.start.unbounded && o.folds:
			o.whole = true
		case o.start.unbounded && excludes && !o.inverts:
			o.whole = true
		case o.start.unbounded:
			o.prefix, o.carries = true, true
		}
	case physical.OverLastValue:
		o.whole = o.end.unbounded
	default: // first_value is the first of nth_value
		switch {
		case o.nCol >= 0 || o.n <= 0 || (o.start.unbounded || o.end.unbounded) && excludes:
			o.whole = true
		case o.start.unbounded:
			o.prefix, o.head = true, true
			if o.end.unbounded {
				o.ahead, o.back = overReach{rows: o.n, groups: -1}, noReach // a change among the first n rows is one of all
			}
		case o.end.unbounded:
			// The n-th row from the frame's start.
			if !rows && (o.start.moved && !o.start.back || o.start.n > 0) {
				o.whole = true
			}
			o.ahead.rows = max(o.start.n, 0) + o.n - 1
		}
	}
}

// reach is how far a bound lies in a direction, 1 ahead and -1 back.
func (o *overFunc) reach(b overBound, way int64) overReach {
	r := noReach
	switch {
	case b.moved:
		r.within = &b
	case o.Frame.Mode == physical.Rows:
		r.rows = max(b.n*way, 0)
	case b.n*way >= 0:
		r.groups = b.n * way
	}
	return r
}

// nOf gives n for a row.
func (o *overFunc) nOf(w *overRows, i int) (n int64, null bool) {
	if o.nCol < 0 {
		return o.n, o.nNull
	}
	v := w.col(o.nCol)
	if v.IsNull(w.at(i)) {
		return 0, true
	}
	n = min(max(v.Ints[w.at(i)], -offsetMax), offsetMax)
	if o.Kind == physical.OverLead {
		n = -n
	}
	return n, false
}

// float gives a datum of type double precision.
func float(v float64) types.Datum { return types.Datum{I: int64(math.Float64bits(v))} }
