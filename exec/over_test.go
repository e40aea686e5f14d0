package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
)

// overShape is the input of the tests: a partition, a key to order by, a value, and a small number.
var overShape = kindsOf(types.Int8, types.Int8, types.Numeric, types.Int8)

func intOrNull(rng *rand.Rand) expr.Expr {
	if rng.IntN(12) == 0 {
		return &expr.Const{Value: types.Null, T: kind(types.Int8)}
	}
	return intConst(int64(rng.IntN(4)))
}

// randomFrame makes any frame that SQL allows.
func randomFrame(rng *rand.Rand, ranges bool) physical.Frame {
	f := physical.Frame{Mode: physical.FrameMode(rng.IntN(3)), Exclude: physical.FrameExclude(max(0, rng.IntN(7)-3))}
	for {
		f.Start.Kind, f.End.Kind = physical.BoundKind(rng.IntN(4)), physical.BoundKind(1+rng.IntN(4))
		if f.Start.Kind > f.End.Kind {
			continue
		}
		offsets := f.Start.Kind == physical.OffsetPreceding || f.Start.Kind == physical.OffsetFollowing ||
			f.End.Kind == physical.OffsetPreceding || f.End.Kind == physical.OffsetFollowing
		if f.Mode == physical.Range && offsets && !ranges {
			continue
		}
		break
	}
	for _, b := range []*physical.Bound{&f.Start, &f.End} {
		if b.Kind == physical.OffsetPreceding || b.Kind == physical.OffsetFollowing {
			b.Offset = intConst(int64(rng.IntN(4)))
		}
	}
	return f
}

func randomOverFunc(t testing.TB, rng *rand.Rand, ranges bool) physical.OverFunc {
	f := physical.OverFunc{Kind: physical.OverKind(rng.IntN(int(physical.OverNthValue) + 1)), T: kind(types.Int8)}
	if rng.IntN(3) == 0 {
		f.Kind = physical.OverAggregate
	}
	switch f.Kind {
	case physical.OverPercentRank, physical.OverCumeDist:
		f.T = kind(types.Float8)
	case physical.OverNtile:
		f.N = intOrNull(rng)
		if rng.IntN(2) == 0 {
			f.N = column(3, types.Int8)
		}
	case physical.OverLag, physical.OverLead:
		f.Args, f.T = []int{2}, overShape[2]
		switch f.N = intOrNull(rng); rng.IntN(6) {
		case 0:
			f.N = column(3, types.Int8)
		case 1:
			f.N = intConst(-2)
		case 2:
			f.N = nil
		}
		if rng.IntN(2) == 0 {
			f.Args = []int{0, 1}
			f.T = overShape[0]
		}
	case physical.OverFirstValue, physical.OverLastValue, physical.OverNthValue:
		f.Args, f.T = []int{2}, overShape[2]
		f.Frame = randomFrame(rng, ranges)
		if f.Kind == physical.OverNthValue {
			if f.N = intOrNull(rng); rng.IntN(6) == 0 {
				f.N = column(3, types.Int8)
			}
		}
	case physical.OverAggregate:
		names := []string{"count", "sum", "avg", "min", "max"}
		f.Agg = call(t, names[rng.IntN(len(names))], overShape, 2)
		switch rng.IntN(6) {
		case 0:
			f.Agg = call(t, "count", overShape)
		case 1:
			f.Agg = call(t, "array_agg", overShape, 1+rng.IntN(2)*2)
		}
		f.T = f.Agg.T
		f.Frame = randomFrame(rng, ranges)
	}
	return f
}

func randomOver(t testing.TB, rng *rand.Rand) *physical.Over {
	n := &physical.Over{}
	if rng.IntN(3) == 0 {
		n.Partition = []int{0}
	}
	for range rng.IntN(3) {
		n.Order = append(n.Order, physical.SortKey{Col: 1 + len(n.Order), Desc: rng.IntN(2) == 0, NullsFirst: rng.IntN(2) == 0})
	}
	n.TiesReversed = rng.IntN(4) == 0
	n.Types = append(n.Types, overShape...)
	for range 1 + rng.IntN(3) {
		f := randomOverFunc(t, rng, len(n.Order) == 1)
		n.Funcs = append(n.Funcs, f)
		n.Types = append(n.Types, f.T)
	}
	return n
}

func closeMarks(t *testing.T, every uint64) {
	old := markEvery
	markEvery = every
	t.Cleanup(func() { markEvery = old })
}

// TestOver compares random window functions over random frames with their evaluation by definition. Marks lie close, so
// that walks begin at them.
func TestOver(t *testing.T) {
	closeMarks(t, 3)
	seed := seedOf(t)
	for n := range 120 {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		plan := planOf(scanOf(false, types.Int8, types.Int8, types.Numeric, types.Int8), randomOver(t, rng))
		spread := []int{3, 12, 40}[rng.IntN(3)]
		key := func(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(int64(rng.IntN(spread)))) }
		ok := t.Run(fmt.Sprint(n), func(t *testing.T) {
			verify(t, plan, 12+rng.IntN(12), map[int]func(*rand.Rand) row{0: rowsOf(smallInt, key, smallNumeric, smallInt)})
		})
		if !ok {
			t.Fatal(describeOver(plan.Nodes[1].(*physical.Over)))
		}
	}
}

// TestOverSplits: however changes are split into steps, the result and the state are the same.
func TestOverSplits(t *testing.T) {
	closeMarks(t, 2)
	seed := seedOf(t)
	plain := func(rng *rand.Rand) types.Datum {
		return orNull(rng, mustParse(types.Numeric, []string{"1", "2.5", "-3", "0"}[rng.IntN(4)]))
	}
	gen := rowsOf(smallInt, smallInt, plain, smallInt)
	for n := range 60 {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		plan := planOf(scanOf(false, types.Int8, types.Int8, types.Numeric, types.Int8), randomOver(t, rng))
		m := &model{rng: rng, gen: map[int]func(*rand.Rand) row{0: gen}, scans: []int{0}, contents: map[int][]row{}, appendOnly: map[int]bool{}}
		var changes []change
		for range 8 {
			changes = append(changes, m.random()...)
		}
		var first *runner
		for _, size := range []int{len(changes), 1, 5} {
			r := newRunner(t, configs[0], plan)
			defer r.close()
			for from := 0; from < len(changes); from += size {
				r.out.step = map[string]int64{}
				if err := r.step(split(rng, plan, changes[from:min(from+size, len(changes))])); err != nil {
					t.Fatalf("plan %d: %v\n%s", n, err, describe(plan))
				}
			}
			if first == nil {
				first = r
				continue
			}
			if fmt.Sprint(first.out.sql) != fmt.Sprint(r.out.sql) || fmt.Sprint(first.out.errs) != fmt.Sprint(r.out.errs) {
				t.Fatalf("plan %d: steps of %d changes give another result\n%v\n%v\n%s", n, size, first.out.text, r.out.text, describe(plan))
			}
			if a, b := first.entries(), r.entries(); a != b {
				t.Fatalf("plan %d: steps of %d changes leave %d entries of state, one step %d\n%s", n, size, b, a, describe(plan))
			}
		}
	}
}

func describeOver(n *physical.Over) string {
	s := fmt.Sprintf("partition %v order %v reversed %t", n.Partition, n.Order, n.TiesReversed)
	for _, f := range n.Funcs {
		bound := func(b physical.Bound) string {
			if c, ok := b.Offset.(*expr.Const); ok {
				return fmt.Sprint(b.Kind, "(", c.Value.I, ")")
			}
			return fmt.Sprint(b.Kind)
		}
		s += fmt.Sprintf("\n%d", f.Kind)
		if f.Agg.Func != nil {
			s += " " + f.Agg.Func.Name
		}
		s += fmt.Sprintf(" %v mode %d %s to %s exclude %d", f.Args, f.Frame.Mode, bound(f.Frame.Start), bound(f.Frame.End), f.Frame.Exclude)
		if c, ok := f.N.(*expr.Const); ok {
			s += fmt.Sprintf(" n %d %t", c.Value.I, c.Value.Null)
		} else if f.N != nil {
			s += " n of a column"
		}
	}
	return s
}
