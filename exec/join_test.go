package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
)

func weighted(ts []types.T, r row, w int64) *delta.Batch {
	b := delta.NewBatch(ts, 1)
	b.AppendRow(r, w)
	return b
}

// joinOf makes a join of two scans of (bigint, numeric, bigint) with its output types.
func joinOf(n physical.Join, left, right []types.T) *physical.Join {
	n.Left_, n.Right_ = 0, 1
	if n.LeftCols == nil {
		n.Types = append(n.Types, left...)
	} else {
		n.Types = append(n.Types, pick(left, n.LeftCols)...)
	}
	if n.Kind <= physical.Full {
		if n.RightCols == nil {
			n.Types = append(n.Types, right...)
		} else {
			n.Types = append(n.Types, pick(right, n.RightCols)...)
		}
	}
	return &n
}

var joinKinds = []physical.JoinKind{physical.Inner, physical.Left, physical.Right, physical.Full, physical.Semi, physical.Anti}

func TestJoin(t *testing.T) {
	gen := rowsOf(smallInt, smallNumeric, smallInt)
	ts := kindsOf(types.Int8, types.Numeric, types.Int8)
	on := less(column(2, types.Int8), column(5, types.Int8))
	onFails := less(div(column(2, types.Int8), column(5, types.Int8)), intConst(2))
	for _, k := range joinKinds {
		for name, n := range map[string]physical.Join{
			"key":              {LeftKeys: []int{0}, RightKeys: []int{0}},
			"numeric key":      {LeftKeys: []int{1}, RightKeys: []int{1}},
			"two keys":         {LeftKeys: []int{0, 1}, RightKeys: []int{2, 1}, NullSafe: []bool{true, false}},
			"null-safe key":    {LeftKeys: []int{0}, RightKeys: []int{0}, NullSafe: []bool{true}},
			"key and on":       {LeftKeys: []int{0}, RightKeys: []int{0}, On: on},
			"key and failing":  {LeftKeys: []int{0}, RightKeys: []int{0}, On: onFails},
			"only on":          {On: on},
			"cross":            {},
			"columns":          {LeftKeys: []int{0}, RightKeys: []int{0}, LeftCols: []int{2, 1, 2}, RightCols: []int{1}},
			"few columns, on":  {LeftKeys: []int{0}, RightKeys: []int{0}, LeftCols: []int{1}, RightCols: []int{}, On: on},
			"no columns":       {LeftKeys: []int{0}, RightKeys: []int{0}, LeftCols: []int{}, RightCols: []int{}},
			"false on, by key": {LeftKeys: []int{1}, RightKeys: []int{1}, On: less(column(0, types.Int8), intConst(0))},
		} {
			n.Kind = k
			t.Run(fmt.Sprint(k, " ", name), func(t *testing.T) {
				verify(t, planOf(scanOf(false, types.Int8, types.Numeric, types.Int8), scanOf(false, types.Int8, types.Numeric, types.Int8),
					joinOf(n, ts, ts)), 12, map[int]func(*rand.Rand) row{0: gen, 1: gen})
			})
		}
		t.Run(fmt.Sprint(k, " append-only"), func(t *testing.T) {
			n := physical.Join{Kind: k, LeftKeys: []int{0}, RightKeys: []int{0}, On: on}
			verify(t, planOf(scanOf(true, types.Int8, types.Numeric, types.Int8), scanOf(true, types.Int8, types.Numeric, types.Int8),
				joinOf(n, ts, ts)), 12, map[int]func(*rand.Rand) row{0: gen, 1: gen})
		})
	}
}

// TestJoinStatic joins a scan with constants on either side.
func TestJoinStatic(t *testing.T) {
	ts := kindsOf(types.Int8, types.Int8)
	values := &physical.Values{Output: physical.Output{Types: ts}, Rows: [][]expr.Expr{
		{intConst(1), intConst(1)}, {intConst(1), intConst(1)}, {intConst(2), intConst(0)},
		{&expr.Const{Value: types.Null, T: kind(types.Int8)}, intConst(3)}, {intConst(9), intConst(1)},
	}}
	on := less(column(1, types.Int8), column(3, types.Int8))
	for _, k := range joinKinds {
		for _, cond := range []expr.Expr{nil, on} {
			for _, left := range []bool{false, true} {
				t.Run(fmt.Sprint(k, cond != nil, left), func(t *testing.T) {
					n := physical.Join{Kind: k, LeftKeys: []int{0}, RightKeys: []int{0}, On: cond, LeftStatic: left, RightStatic: !left}
					plan := planOf(scanOf(false, types.Int8, types.Int8), values, joinOf(n, ts, ts))
					at := 0
					if left {
						plan = planOf(values, scanOf(false, types.Int8, types.Int8), joinOf(n, ts, ts))
						at = 1
					}
					verify(t, plan, 12, map[int]func(*rand.Rand) row{at: rowsOf(smallInt, smallInt)})
				})
			}
		}
	}
}

func TestNotIn(t *testing.T) {
	ts := kindsOf(types.Int8, types.Int8)
	rareNull := func(rng *rand.Rand) types.Datum {
		if rng.IntN(12) == 0 {
			return types.Null
		}
		return types.NewInt(int64(rng.IntN(4)))
	}
	for _, n := range []physical.Join{{}, {LeftCols: []int{1}}, {LeftCols: []int{1, 1, 0}}} {
		t.Run(fmt.Sprint(n.LeftCols), func(t *testing.T) {
			n.Kind, n.NotIn, n.LeftKeys, n.RightKeys = physical.Anti, true, []int{0}, []int{0}
			verify(t, planOf(scanOf(false, types.Int8, types.Int8), scanOf(false, types.Int8, types.Int8), joinOf(n, ts, ts)), 30,
				map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallInt), 1: rowsOf(rareNull, smallInt)})
		})
	}
	t.Run("with a condition", func(t *testing.T) {
		n := physical.Join{Kind: physical.Anti, NotIn: true, LeftKeys: []int{0}, RightKeys: []int{0}, On: less(column(1, types.Int8), column(3, types.Int8))}
		verify(t, planOf(scanOf(false, types.Int8, types.Int8), scanOf(false, types.Int8, types.Int8), joinOf(n, ts, ts)), 15,
			map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallInt), 1: rowsOf(rareNull, smallInt)})
	})
}

// TestJoinSequences runs every sequence of up to six insertions and deletions over two keys and two sides, duplicates
// included, one change a step, for each kind of join with and without a condition.
func TestJoinSequences(t *testing.T) {
	const depth = 6
	ts := kindsOf(types.Int8, types.Int8)
	on := less(column(1, types.Int8), column(3, types.Int8))
	for _, k := range joinKinds {
		for _, cond := range []expr.Expr{nil, on} {
			t.Run(fmt.Sprint(k, cond != nil), func(t *testing.T) {
				n := physical.Join{Kind: k, LeftKeys: []int{0}, RightKeys: []int{0}, On: cond}
				plan := planOf(scanOf(false, types.Int8, types.Int8), scanOf(false, types.Int8, types.Int8), joinOf(n, ts, ts))
				e := &sequences{t: t, plan: plan, ts: ts}
				e.r = newRunner(t, configs[0], plan)
				e.walk(depth)
				e.r.close()
				t.Logf("%d steps", e.steps)
			})
		}
	}
}

// sequences walks the tree of sequences. A step back is the opposite change, so every step is checked in both
// directions.
type sequences struct {
	t     *testing.T
	plan  *physical.Plan
	ts    []types.T
	r     *runner
	left  map[int]int // how many there are, by side and key
	steps int
}

func (e *sequences) walk(depth int) {
	if e.left == nil {
		e.left = map[int]int{}
	}
	if depth == 0 {
		return
	}
	for which := range 8 {
		side, key, w := which&1, which>>1&1, int64(1)
		slot := side*2 + key
		if which&4 != 0 {
			if w = -1; e.left[slot] == 0 {
				continue
			}
		}
		e.apply(slot, side, key, w)
		e.walk(depth - 1)
		e.apply(slot, side, key, -w)
	}
}

func (e *sequences) apply(slot, side, key int, w int64) {
	e.left[slot] += int(w)
	e.steps++
	if err := e.r.step([]scanBatch{{side, weighted(e.ts, e.row(slot), w)}}); err != nil {
		e.t.Fatal(err)
	}
	contents := map[int][]row{}
	for s, n := range e.left {
		for range n {
			contents[s/2] = append(contents[s/2], e.row(s))
		}
	}
	rows, errs := naive(e.plan, contents)
	if err := e.r.out.check(rows, errs); err != nil {
		e.t.Fatalf("%v: %v", e.left, err)
	}
}

// row is the row of a side and key. The condition holds for key 0 only.
func (e *sequences) row(slot int) row {
	side, key := slot/2, slot%2
	return row{types.NewInt(int64(key)), types.NewInt(int64(side * (1 - key)))}
}
