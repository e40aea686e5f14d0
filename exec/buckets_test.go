package exec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/planner/physical"
	"millrace/types"
)

// buckets looks at every bucket there may be.
func (n *naiveRun) buckets(x *physical.Buckets) []row {
	var out []row
	for _, r := range n.out[x.Input] {
		at := r[x.Time]
		if at.Null || !types.TimestampIsFinite(at.I) {
			out = append(out, append(append(row{}, r...), at))
			continue
		}
		for start := int64(-200) * x.Size; start < 200*x.Size; start += x.Size {
			if start <= at.I+x.Hi && at.I+x.Lo < start+x.Size {
				out = append(out, append(append(row{}, r...), types.NewInt(start)))
			}
		}
	}
	return out
}

func TestBuckets(t *testing.T) {
	time := func(rng *rand.Rand) types.Datum {
		switch rng.IntN(8) {
		case 0:
			return types.NewInt(math.MaxInt64)
		case 1:
			return types.NewInt(math.MinInt64)
		}
		return orNull(rng, types.NewInt(rng.Int64N(60)-30))
	}
	kinds := []types.Kind{types.Timestamp, types.Int8}
	for _, n := range []physical.Buckets{{Size: 7}, {Size: 1}, {Size: 7, Lo: -3, Hi: 4}, {Size: 5, Lo: 2, Hi: 19}, {Size: 10, Lo: -10, Hi: 0}, {Size: 3, Lo: -9, Hi: -9}} {
		t.Run(fmt.Sprint(n.Size, n.Lo, n.Hi), func(t *testing.T) {
			n.Types = kindsOf(types.Timestamp, types.Int8, types.Timestamp)
			verify(t, planOf(scanOf(false, kinds...), &n), 12, map[int]func(*rand.Rand) row{0: rowsOf(time, smallInt)})
		})
	}
}

// TestBucketedJoin joins by buckets as the planner does, and must give what the condition gives by itself.
func TestBucketedJoin(t *testing.T) {
	time := func(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(rng.Int64N(40)-20)) }
	kinds := []types.Kind{types.Int8, types.Int8}
	ts := kindsOf(kinds...)
	for _, bounds := range [][2]int64{{-3, 4}, {0, 0}, {2, 9}, {-12, -5}} {
		for _, kind := range []physical.JoinKind{physical.Inner, physical.Left} {
			t.Run(fmt.Sprint(bounds, kind), func(t *testing.T) {
				lo, hi := bounds[0], bounds[1]
				size := max(hi-lo, 1)
				bucketed := append(append([]types.T(nil), ts...), ts[0])
				left := &physical.Buckets{Output: physical.Output{Types: bucketed}, Input: 0, Size: size}
				right := &physical.Buckets{Output: physical.Output{Types: bucketed}, Input: 1, Size: size, Lo: lo, Hi: hi}
				inside := within(t, 0, 3, lo, hi)
				join := joinOf(physical.Join{Kind: kind, LeftKeys: []int{2, 1}, RightKeys: []int{2, 1}, On: inside,
					LeftCols: []int{0, 1}, RightCols: []int{0, 1}}, bucketed, bucketed)
				join.Left_, join.Right_ = 2, 3
				plain := joinOf(physical.Join{Kind: kind, LeftKeys: []int{1}, RightKeys: []int{1},
					On: within(t, 0, 2, lo, hi)}, ts, ts)
				gen := map[int]func(*rand.Rand) row{0: rowsOf(time, smallInt), 1: rowsOf(time, smallInt)}
				verifyAs(t, planOf(scanOf(false, kinds...), scanOf(false, kinds...), left, right, join),
					planOf(scanOf(false, kinds...), scanOf(false, kinds...), plain), 30, gen)
			})
		}
	}
}

// within says that the distance of two columns lies between two bounds.
func within(t *testing.T, a, b int, lo, hi int64) expr.Expr {
	operator := func(op string, x, y expr.Expr) expr.Expr {
		e, err := scalar.Operator(op, x, y, 0)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	x, y := column(a, types.Int8), column(b, types.Int8)
	return &expr.And{Args: []expr.Expr{operator(">=", x, operator("+", y, intConst(lo))), operator("<=", x, operator("+", y, intConst(hi)))}}
}
