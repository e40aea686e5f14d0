package exec

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// naiveOver is a partition in order, for the evaluation by definition: a frame is the list of the rows in it.
type naiveOver struct {
	x    *physical.Over
	ts   []types.T
	rows []row
	peer []int // number of each row's peer group
}

func (n *naiveRun) over(x *physical.Over) []row {
	ts := n.typesOf(x.Input)
	var out []row
	for _, g := range groupBy(n.out[x.Input], ts, x.Partition) {
		o := &naiveOver{x: x, ts: ts, rows: g}
		o.sort()
		for i, r := range g {
			vs := slices.Clone(r)
			var failed error
			for k := range x.Funcs {
				d, err := o.value(&x.Funcs[k], i)
				if err != nil && failed == nil {
					failed = err
				}
				vs = append(vs, d)
			}
			if failed != nil {
				n.fail(failed)
				continue
			}
			out = append(out, vs)
		}
	}
	return out
}

func (o *naiveOver) byOrder(a, b row) int {
	for _, k := range o.x.Order {
		if c := compareKey(o.ts[k.Col], a[k.Col], b[k.Col], k.Desc, k.NullsFirst); c != 0 {
			return c
		}
	}
	return 0
}

func (o *naiveOver) sort() {
	slices.SortStableFunc(o.rows, func(a, b row) int {
		if c := o.byOrder(a, b); c != 0 {
			return c
		}
		for i := range o.ts {
			if c := compareKey(o.ts[i], a[i], b[i], o.x.TiesReversed, o.x.TiesReversed); c != 0 {
				return c
			}
		}
		return 0
	})
	for i, r := range o.rows {
		if i == 0 {
			o.peer = append(o.peer, 0)
			continue
		}
		p := o.peer[i-1]
		if o.byOrder(o.rows[i-1], r) != 0 {
			p++
		}
		o.peer = append(o.peer, p)
	}
}

// number is the constant or the column of a function's N.
func (o *naiveOver) number(e expr.Expr, i int) types.Datum {
	switch e := e.(type) {
	case nil:
		return types.NewInt(1)
	case *expr.Column:
		return o.rows[i][e.Index]
	case *expr.Const:
		return e.Value
	}
	panic("no naive number")
}

func (o *naiveOver) value(f *physical.OverFunc, i int) (types.Datum, error) {
	first := slices.Index(o.peer, o.peer[i])
	last := first
	for last < len(o.rows) && o.peer[last] == o.peer[i] {
		last++
	}
	n := o.number(f.N, i)
	switch f.Kind {
	case physical.OverRowNumber:
		return types.NewInt(int64(i + 1)), nil
	case physical.OverRank:
		return types.NewInt(int64(first + 1)), nil
	case physical.OverDenseRank:
		return types.NewInt(int64(o.peer[i] + 1)), nil
	case physical.OverPercentRank:
		if len(o.rows) == 1 {
			return types.NewFloat(0), nil
		}
		return types.NewFloat(float64(first) / float64(len(o.rows)-1)), nil
	case physical.OverCumeDist:
		return types.NewFloat(float64(last) / float64(len(o.rows))), nil
	case physical.OverNtile:
		return o.ntile(f, i)
	case physical.OverLag, physical.OverLead:
		if n.Null {
			return types.Null, nil
		}
		at := i - int(n.I)
		if f.Kind == physical.OverLead {
			at = i + int(n.I)
		}
		switch {
		case at >= 0 && at < len(o.rows):
			return o.rows[at][f.Args[0]], nil
		case len(f.Args) > 1:
			return o.rows[i][f.Args[1]], nil
		}
		return types.Null, nil
	}
	frame := o.frame(&f.Frame, i)
	if f.Kind == physical.OverAggregate {
		var in []row
		for _, j := range frame {
			in = append(in, o.rows[j])
		}
		if f.Agg.Func.Name == "array_agg" { // in the order of the window
			if len(in) == 0 {
				return types.Null, nil
			}
			b := types.NewArrayBuilder(o.ts[f.Agg.Args[0]])
			for _, r := range in {
				b.Append(r[f.Agg.Args[0]])
			}
			return types.NewBytes(b.Build(nil)), nil
		}
		return naiveAgg(f.Agg, in, o.ts)
	}
	k := 0
	switch f.Kind {
	case physical.OverLastValue:
		k = len(frame) - 1
	case physical.OverNthValue:
		if n.Null {
			return types.Null, nil
		}
		if n.I <= 0 {
			return types.Null, pgerr.New(pgerr.InvalidArgumentForNthValue, "argument of nth_value must be greater than zero")
		}
		k = int(n.I - 1)
	}
	if k < 0 || k >= len(frame) {
		return types.Null, nil
	}
	return o.rows[frame[k]][f.Args[0]], nil
}

// ntile deals out the rows from the first that says how many buckets there are.
func (o *naiveOver) ntile(f *physical.OverFunc, i int) (types.Datum, error) {
	from := 0
	for from < len(o.rows) && (o.number(f.N, from).Null || o.number(f.N, from).I <= 0) {
		from++
	}
	switch n := o.number(f.N, i); {
	case i >= from:
	case n.Null:
		return types.Null, nil
	default:
		return types.Null, pgerr.New(pgerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
	}
	buckets := int(o.number(f.N, from).I)
	bucket, left := 0, 0
	for k := from; k <= i; k++ {
		if left == 0 {
			bucket++
			left = len(o.rows) / buckets
			if bucket <= len(o.rows)%buckets {
				left++
			}
		}
		left--
	}
	return types.NewInt(int64(bucket)), nil
}

func (o *naiveOver) frame(f *physical.Frame, i int) []int {
	var out []int
	for j := range o.rows {
		if !o.from(f, &f.Start, i, j, 1) || !o.from(f, &f.End, i, j, -1) {
			continue
		}
		peer := o.peer[j] == o.peer[i]
		switch f.Exclude {
		case physical.ExcludeCurrentRow:
			if j == i {
				continue
			}
		case physical.ExcludeGroup:
			if peer {
				continue
			}
		case physical.ExcludeTies:
			if peer && j != i {
				continue
			}
		}
		out = append(out, j)
	}
	return out
}

// from reports whether row j is on the inner side of a bound of row i's frame; way is 1 for the start and -1 for the end.
func (o *naiveOver) from(f *physical.Frame, b *physical.Bound, i, j, way int) bool {
	offset := int64(0)
	switch b.Kind {
	case physical.UnboundedPreceding, physical.UnboundedFollowing:
		return true
	case physical.OffsetPreceding:
		offset = -b.Offset.(*expr.Const).Value.I
	case physical.OffsetFollowing:
		offset = b.Offset.(*expr.Const).Value.I
	}
	switch {
	case f.Mode == physical.Rows:
		return (int64(j)-int64(i)-offset)*int64(way) >= 0
	case f.Mode == physical.Groups || b.Kind == physical.CurrentRow:
		return (int64(o.peer[j])-int64(o.peer[i])-offset)*int64(way) >= 0
	}
	k := o.x.Order[0]
	x, y := o.rows[i][k.Col], o.rows[j][k.Col]
	if x.Null || y.Null {
		// NULLs are equal, and as far as can be from all else.
		return compareKey(o.ts[k.Col], y, x, k.Desc, k.NullsFirst)*way >= 0
	}
	if k.Desc {
		offset = -offset
		way = -way
	}
	return (y.I-x.I-offset)*int64(way) >= 0
}
