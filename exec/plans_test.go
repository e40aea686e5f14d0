package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
)

// planShape is what every node of a random plan has: columns that any operator can take and give.
var planShape = kindsOf(types.Int8, types.Numeric, types.Int8)

// randomPlan makes a plan over two or three scans in which anything may stand on anything.
func randomPlan(t *testing.T, rng *rand.Rand) *physical.Plan {
	p := planOf(scanOf(false, types.Int8, types.Numeric, types.Int8), scanOf(rng.IntN(3) == 0, types.Int8, types.Numeric, types.Int8))
	out := func(in ...int) physical.Output {
		o := physical.Output{Types: planShape, AppendOnly: true}
		for _, i := range in {
			o.AppendOnly = o.AppendOnly && p.Nodes[i].Out().AppendOnly
		}
		return o
	}
	any := func() int { // the newest nodes are the likeliest
		n := len(p.Nodes)
		return n - 1 - min(rng.IntN(n), rng.IntN(n))
	}
	for range 2 + rng.IntN(5) {
		in, other := any(), any()
		always, never := out(in), physical.Output{Types: planShape}
		var node physical.Node
		switch rng.IntN(10) {
		case 0:
			node = &physical.Filter{Output: always, Input: in, Pred: less(column(rng.IntN(2)*2, types.Int8), intConst(int64(1+rng.IntN(3))))}
		case 1:
			cols := [][2]int{{0, 2}, {2, 0}, {0, 0}}[rng.IntN(3)]
			node = &physical.Project{Output: always, Input: in, Exprs: []expr.Expr{
				column(cols[0], types.Int8), column(1, types.Numeric), column(cols[1], types.Int8)}}
		case 2:
			node = &physical.Union{Output: out(in, other), In: []int{in, other}}
		case 3, 4:
			node = randomJoin(rng, in, other)
		case 5:
			shape := aggregateOf(p.Nodes[in], []int{0}, true, call(t, "max", planShape, 1), call(t, "count", planShape, 2))
			if rng.IntN(2) == 0 {
				shape = aggregateOf(p.Nodes[in], []int{2}, true, call(t, "sum", planShape, 0), distinct(call(t, "count", planShape, 1)))
			}
			if rng.IntN(4) == 0 {
				shape = aggregateOf(p.Nodes[in], nil, false, call(t, "max", planShape, 2), call(t, "sum", planShape, 1), call(t, "count", planShape))
			}
			shape.Input = in
			node = shape
		case 6:
			node = &physical.Distinct{Output: always, Input: in}
		case 7:
			node = &physical.SetOp{Output: never, Left_: in, Right_: other, Except: rng.IntN(2) == 0, All: rng.IntN(2) == 0}
		case 8:
			top := &physical.TopN{Output: never, Input: in, Order: []physical.SortKey{{Col: rng.IntN(3), Desc: rng.IntN(2) == 0}},
				Limit: int64(rng.IntN(4)), Offset: int64(rng.IntN(2)), WithTies: rng.IntN(3) == 0}
			if rng.IntN(2) == 0 {
				top.Group = []int{0}
			}
			node = top
		default:
			node = &physical.SingleRow{Output: never, Input: in, Group: [][]int{nil, {0, 1, 2}}[rng.IntN(2)]}
		}
		p.Nodes = append(p.Nodes, node)
	}
	return p
}

func randomJoin(rng *rand.Rand, left, right int) *physical.Join {
	j := &physical.Join{Output: physical.Output{Types: planShape}, Left_: left, Right_: right, Kind: joinKinds[rng.IntN(len(joinKinds))],
		LeftKeys: []int{0}, RightKeys: []int{rng.IntN(2) * 2}, NullSafe: []bool{rng.IntN(2) == 0}}
	if rng.IntN(3) == 0 {
		j.LeftKeys, j.RightKeys = []int{1, 2}, []int{1, 0}
		j.NullSafe = []bool{false, true}
	}
	if rng.IntN(2) == 0 {
		j.On = less(column(2, types.Int8), column(3, types.Int8))
	}
	if j.Kind == physical.Anti && rng.IntN(2) == 0 {
		j.NotIn, j.NullSafe = true, nil
		j.LeftKeys, j.RightKeys = []int{0}, []int{0}
	}
	if j.Kind <= physical.Full {
		j.LeftCols, j.RightCols = []int{2}, []int{1, 2}
	}
	return j
}

// describe prints a plan for a failure message.
func describe(p *physical.Plan) string {
	s := ""
	for i, n := range p.Nodes {
		s += fmt.Sprintf("%d %T %+v\n", i, n, n)
	}
	return s
}

// TestRandomPlans runs random plans of several operators on one another, some nodes with several readers.
func TestRandomPlans(t *testing.T) {
	seed := seedOf(t)
	gen := rowsOf(smallInt, smallNumeric, smallInt)
	for n := range 150 {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		plan := randomPlan(t, rng)
		cfg := configs[rng.IntN(len(configs))]
		m := &model{rng: rng, gen: map[int]func(*rand.Rand) row{0: gen, 1: gen}, scans: []int{0, 1},
			contents: map[int][]row{}, appendOnly: map[int]bool{1: plan.Nodes[1].Out().AppendOnly}}
		r := newRunner(t, cfg, plan)
		for range 8 {
			changes := m.random()
			rows, errs := naive(plan, m.contents)
			if len(rows) > 2000 {
				break
			}
			if err := r.step(split(rng, plan, changes)); err != nil {
				t.Fatalf("plan %d, %s: %v\n%s", n, cfg.name, err, describe(plan))
			}
			if err := r.out.check(rows, errs); err != nil {
				t.Fatalf("plan %d, %s: %v\n%s", n, cfg.name, err, describe(plan))
			}
			g, err := adHoc(t, rng, plan, m.contents)
			if (err != nil) != (len(errs) > 0) {
				t.Fatalf("plan %d ad hoc: error %v, want %v\n%s", n, err, errs, describe(plan))
			}
			if err == nil {
				if err := g.check(rows, nil); err != nil {
					t.Fatalf("plan %d ad hoc: %v\n%s", n, err, describe(plan))
				}
			}
		}
		r.close()
	}
}

// TestSplits: one step of many changes, many steps of one, and anything between give the same output and leave the
// same state.
func TestSplits(t *testing.T) {
	seed := seedOf(t)
	// Of values that are equal in SQL the first to come represents a group, so here equal values are the same bytes.
	plain := func(rng *rand.Rand) types.Datum {
		return orNull(rng, mustParse(types.Numeric, []string{"1", "2.5", "-3", "0"}[rng.IntN(4)]))
	}
	gen := rowsOf(smallInt, plain, smallInt)
	for n := range 60 {
		rng := rand.New(rand.NewPCG(seed, uint64(1000+n)))
		plan := randomPlan(t, rng)
		m := &model{rng: rng, gen: map[int]func(*rand.Rand) row{0: gen, 1: gen}, scans: []int{0, 1},
			contents: map[int][]row{}, appendOnly: map[int]bool{1: plan.Nodes[1].Out().AppendOnly}}
		var changes []change
		for range 5 {
			changes = append(changes, m.random()...)
		}
		if rows, _ := naive(plan, m.contents); len(rows) > 2000 {
			continue
		}
		var first *runner
		for _, size := range []int{len(changes), 1, 3, 7} {
			r := newRunner(t, configs[0], plan)
			defer r.close()
			for part := range slices.Chunk(changes, size) {
				r.out.step = map[string]int64{}
				if err := r.step(split(rng, plan, part)); err != nil {
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

// TestTraits: a root is consolidated where a row can meet its opposite, and only there.
func TestTraits(t *testing.T) {
	scan := scanOf(false, types.Int8, types.Numeric, types.Int8)
	agg := aggregateOf(scan, []int{0}, true, call(t, "max", planShape, 1), call(t, "count", planShape, 2))
	project := func(cols ...int) *physical.Project {
		p := &physical.Project{Input: 1}
		for _, c := range cols {
			p.Types = append(p.Types, planShape[c])
			p.Exprs = append(p.Exprs, column(c, planShape[c].Kind))
		}
		return p
	}
	for name, c := range map[string]struct {
		plan *physical.Plan
		want bool // a consolidator
	}{
		"scan":                     {planOf(scan), true},
		"stream":                   {planOf(scanOf(true, types.Int8)), false},
		"aggregate":                {planOf(scan, agg), false},
		"all columns of aggregate": {planOf(scan, agg, project(2, 0, 1)), false},
		"some columns of it":       {planOf(scan, agg, project(2, 0, 2)), true},
		"filter of aggregate":      {planOf(scan, agg, &physical.Filter{Output: agg.Output, Input: 1, Pred: less(column(0, types.Int8), intConst(1))}), false},
		"join":                     {planOf(scan, scan, randomJoin(rand.New(rand.NewPCG(1, 1)), 0, 1)), true},
		"inner join of streams": {planOf(scanOf(true, types.Int8), scanOf(true, types.Int8),
			joinOf(physical.Join{}, kindsOf(types.Int8), kindsOf(types.Int8))), false},
		"left join of streams": {planOf(scanOf(true, types.Int8), scanOf(true, types.Int8),
			joinOf(physical.Join{Kind: physical.Left}, kindsOf(types.Int8), kindsOf(types.Int8))), true},
	} {
		r := newRunner(t, configs[0], c.plan)
		if got := r.flow.root != nil; got != c.want {
			t.Errorf("%s: a consolidator %t, want %t", name, got, c.want)
		}
		r.close()
	}
	verify(t, planOf(scan, agg, project(2, 0, 1)), 10, map[int]func(*rand.Rand) row{0: rowsOf(smallInt, smallNumeric, smallInt)})
}
