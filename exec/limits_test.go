package exec

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/state"
	"millrace/types"
)

// ints makes a batch of bigints.
func ints(cols int, rows ...[]int64) *delta.Batch {
	ts := make([]types.T, cols)
	for i := range ts {
		ts[i] = kind(types.Int8)
	}
	b := delta.NewBatch(ts, len(rows))
	for _, r := range rows {
		d := make(row, cols)
		for i := range d {
			d[i] = types.NewInt(r[i])
		}
		b.AppendRow(d, 1)
	}
	return b
}

// negated is b with opposite weights.
func negated(b *delta.Batch) *delta.Batch {
	n := *b
	n.Weights = make([]int64, b.N)
	for i := range n.Weights {
		n.Weights[i] = -b.Weight(i)
	}
	return &n
}

// TestNegative: a row that is retracted more often than inserted fails the dataflow in every stateful operator, at the
// step's end at the latest when the state is written.
func TestNegative(t *testing.T) {
	scan := func() *physical.Scan { return scanOf(false, types.Int8, types.Int8) }
	out := scan().Output
	ts := out.Types
	for name, plan := range map[string]*physical.Plan{
		"aggregate":      planOf(scan(), aggregateOf(scan(), []int{0}, true, call(t, "count", ts))),
		"global":         planOf(scan(), aggregateOf(scan(), nil, false, call(t, "sum", ts, 1))),
		"max":            planOf(scan(), aggregateOf(scan(), nil, false, call(t, "max", ts, 1))),
		"count distinct": planOf(scan(), aggregateOf(scan(), nil, false, distinct(call(t, "count", ts, 1)))),
		"distinct":       planOf(scan(), &physical.Distinct{Output: out}),
		"except":         planOf(scan(), &physical.SetOp{Output: out, Except: true}),
		"top":            planOf(scan(), &physical.TopN{Output: out, Limit: 3}),
		"single row":     planOf(scan(), &physical.SingleRow{Output: out}),
		"join":           planOf(scan(), joinOf(physical.Join{LeftKeys: []int{0}, RightKeys: []int{0}}, ts, ts)),
		"left join on": planOf(scan(), joinOf(physical.Join{Kind: physical.Left, LeftKeys: []int{0}, RightKeys: []int{0},
			On: less(column(1, types.Int8), column(3, types.Int8))}, ts, ts)),
		"not in": planOf(scan(), joinOf(physical.Join{Kind: physical.Anti, NotIn: true, LeftKeys: []int{0}, RightKeys: []int{0}}, ts, ts)),
	} {
		for i, n := range plan.Nodes {
			if j, ok := n.(*physical.Join); ok { // of the scan with itself
				j.Left_, j.Right_ = 0, i-1
			}
			if s, ok := n.(*physical.SetOp); ok {
				s.Left_, s.Right_ = 0, 0
			}
		}
		t.Run(name, func(t *testing.T) {
			r := newRunner(t, configs[1], plan)
			defer r.close()
			if err := r.step([]scanBatch{{0, ints(2, []int64{1, 1}, []int64{2, 2})}}); err != nil {
				t.Fatal(err)
			}
			// Below zero within the step and back.
			if err := r.step([]scanBatch{{0, negated(ints(2, []int64{3, 3}, []int64{3, 3}))}, {0, ints(2, []int64{3, 3}, []int64{3, 3})}}); err != nil {
				t.Fatal(err)
			}
			if err := r.step([]scanBatch{{0, negated(ints(2, []int64{1, 9}))}}); !errors.Is(err, ErrNegative) && name != "global" && name != "aggregate" {
				t.Fatalf("a retraction of what was never there gives %v", err)
			} else if err != nil {
				return
			}
			// A count alone cannot tell rows apart: it fails when the group has fewer than none.
			if err := r.step([]scanBatch{{0, negated(ints(2, []int64{1, 1}, []int64{2, 2}, []int64{2, 2}))}}); !errors.Is(err, ErrNegative) {
				t.Fatalf("fewer rows than none give %v", err)
			}
		})
	}
}

// TestChunks runs steps and groups that are larger than a chunk, in store and memory.
func TestChunks(t *testing.T) {
	const many = 3*chunkRows + 17
	wide := func(n int, key func(i int) int64) *delta.Batch {
		b := delta.NewBatch(kindsOf(types.Int8, types.Int8), n)
		for i := range n {
			b.AppendRow(row{types.NewInt(key(i)), types.NewInt(int64(i))}, 1)
		}
		return b
	}
	one := func(int) int64 { return 7 }
	self := func(i int) int64 { return int64(i) }
	scan := scanOf(false, types.Int8, types.Int8)
	ts := scan.Types
	count := call(t, "count", ts)
	for _, cfg := range []config{configs[0], configs[2]} {
		t.Run(cfg.name, func(t *testing.T) {
			t.Run("join", func(t *testing.T) {
				for _, k := range joinKinds {
					for _, on := range []expr.Expr{nil, less(column(1, types.Int8), &expr.Column{Index: 3, T: kind(types.Int8)})} {
						plan := planOf(scan, scanOf(false, types.Int8, types.Int8),
							joinOf(physical.Join{Kind: k, LeftKeys: []int{0}, RightKeys: []int{0}, On: on}, ts, ts))
						r := newRunner(t, cfg, plan)
						// One left row meets a large group, and goes again.
						if err := r.step([]scanBatch{{1, wide(many, one)}}); err != nil {
							t.Fatal(err)
						}
						r.out.step = map[string]int64{}
						before := rowsIn(r.out)
						left := ints(2, []int64{7, int64(many / 2)}, []int64{8, 0})
						if err := r.step([]scanBatch{{0, left}}); err != nil {
							t.Fatal(err)
						}
						matches := many
						if on != nil {
							matches = many - many/2 - 1
						}
						want := map[physical.JoinKind]int{physical.Inner: matches, physical.Left: matches + 1, physical.Right: many, physical.Full: many + 1,
							physical.Semi: 1, physical.Anti: 1}[k]
						if got := rowsIn(r.out); got != want {
							t.Errorf("kind %d, condition %t: %d rows, want %d", k, on != nil, got, want)
						}
						r.out.step = map[string]int64{}
						if err := r.step([]scanBatch{{0, negated(left)}}); err != nil {
							t.Fatal(err)
						}
						if got := rowsIn(r.out); got != before || len(r.out.bad) > 0 {
							t.Errorf("kind %d, condition %t: %d rows after undoing, want %d; %v", k, on != nil, got, before, r.out.bad)
						}
						r.close()
					}
				}
			})
			t.Run("aggregate", func(t *testing.T) {
				r := newRunner(t, cfg, planOf(scan, aggregateOf(scan, []int{0}, true, count, call(t, "max", ts, 1))))
				for _, b := range []*delta.Batch{wide(many, self), wide(many, self), negated(wide(many, self)), negated(wide(many, self))} {
					r.out.step = map[string]int64{}
					if err := r.step([]scanBatch{{0, b}}); err != nil {
						t.Fatal(err)
					}
				}
				if n := rowsIn(r.out); n != 0 || len(r.out.bad) > 0 || r.entries() != 0 {
					t.Errorf("%d rows, %v", n, r.out.bad)
				}
				r.close()
			})
			t.Run("top", func(t *testing.T) {
				for _, appendOnly := range []bool{false, true} {
					s := scanOf(appendOnly, types.Int8, types.Int8)
					top := &physical.TopN{Output: physical.Output{Types: append(slices.Clone(ts), kind(types.Int8))},
						Order: []physical.SortKey{{Col: 1, Desc: true}}, Limit: 5, Offset: 2, RowNumber: true}
					r := newRunner(t, cfg, planOf(s, top))
					for range 30 {
						r.out.step = map[string]int64{}
						if err := r.step([]scanBatch{{0, wide(many, one)}, {0, wide(100, one)}}); err != nil {
							t.Fatal(err)
						}
					}
					if n := rowsIn(r.out); n != 5 || len(r.out.bad) > 0 {
						t.Errorf("%d rows, %v", n, r.out.bad)
					}
					if n := r.entries(); appendOnly && n > 7 {
						t.Errorf("%d entries of state for a window of 7", n)
					}
					r.close()
				}
			})
		})
	}
}

// rowsIn counts the rows of a result.
func rowsIn(g *gathered) int {
	n := int64(0)
	for _, w := range g.exact {
		n += w
	}
	return int(n)
}

// TestTopNCut: a query for the first rows holds few rows however many come.
func TestTopNCut(t *testing.T) {
	seed := seedOf(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	scan := scanOf(true, types.Int8, types.Int8)
	top := &physical.TopN{Output: scan.Output, Group: []int{0}, Order: []physical.SortKey{{Col: 1}}, Limit: 3, WithTies: true}
	g := newGathered(scan.Types)
	d, err := Build(planOf(scan, top), Options{AdHoc: true, Emit: g.emit})
	if err != nil {
		t.Fatal(err)
	}
	least := map[int64][]int64{}
	held := 0
	for range 60 {
		b := delta.NewBatch(scan.Types, 0)
		for range chunkRows {
			k, v := rng.Int64N(5), rng.Int64N(1<<14)
			least[k] = append(least[k], v)
			b.AppendRow(row{types.NewInt(k), types.NewInt(v)}, 1)
		}
		if err := d.Push(0, b); err != nil {
			t.Fatal(err)
		}
		held = max(held, len(d.ops[1].(*topN).step.rows))
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	if held > firstCut+chunkRows {
		t.Errorf("%d rows were held", held)
	}
	want := 0
	for _, vs := range least {
		slices.Sort(vs)
		for _, v := range vs {
			if v <= vs[2] {
				want++
			}
		}
	}
	if n := rowsIn(g); n != want {
		t.Errorf("%d rows, want %d", n, want)
	}
}

// TestWideRows: chunks of wide rows stay small.
func TestWideRows(t *testing.T) {
	ts := kindsOf(types.Int8, types.Text)
	scan := func() *physical.Scan { return scanOf(true, types.Int8, types.Text) }
	big := make([]byte, 1<<20)
	b := delta.NewBatch(ts, 12)
	for i := range 12 {
		big[0] = byte(i)
		b.AppendRow(row{types.NewInt(int64(i % 2)), types.NewBytes(big)}, 1)
	}
	for name, plan := range map[string]*physical.Plan{
		"join": planOf(scan(), scan(), joinOf(physical.Join{LeftKeys: []int{0}, RightKeys: []int{0}}, ts, ts)),
		"top":  planOf(scan(), &physical.TopN{Output: physical.Output{Types: ts}, Limit: 100}),
		"series": planOf(scan(), &physical.Series{Output: physical.Output{Types: append(slices.Clone(ts), kind(types.Int8))}, Funcs: []physical.SetFunc{
			{Name: "generate_series", Args: []expr.Expr{intConst(1), intConst(6)}, Ret: kindsOf(types.Int8)}}}),
	} {
		for _, adHoc := range []bool{true, false} {
			most, rows := 0, 0
			r := newRunner(t, configs[0], plan)
			d, err := Build(plan, Options{AdHoc: adHoc, Space: r.space, Fresh: true, Emit: func(b *delta.Batch) error {
				most, rows = max(most, b.Bytes()), rows+b.N
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range d.Scans() {
				if err := d.Push(s, b); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.Flush(); err != nil {
				t.Fatal(err)
			}
			if want := map[string]int{"join": 72, "top": 12, "series": 72}[name]; rows != want || most > 5*chunkBytes {
				t.Errorf("%s, ad hoc %t: %d rows in batches of up to %d bytes", name, adHoc, rows, most)
			}
			r.close()
		}
	}
}

// TestInterrupt: endless output can be stopped, and is made in batches.
func TestInterrupt(t *testing.T) {
	stop := errors.New("stop")
	endless := physical.SetFunc{Name: "generate_series", Args: []expr.Expr{intConst(1), intConst(math.MaxInt64)}, Ret: kindsOf(types.Int8)}
	out := physical.Output{Types: kindsOf(types.Int8)}
	plan := planOf(&physical.Series{Output: out, Input: -1, Funcs: []physical.SetFunc{endless}}, aggregateOf(scanOf(true, types.Int8), nil, false, call(t, "count", out.Types)))
	asked := 0
	d, err := Build(plan, Options{AdHoc: true, Emit: func(*delta.Batch) error { return nil }, Interrupt: func() error {
		if asked++; asked == 10 {
			return stop
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(); !errors.Is(err, stop) {
		t.Fatalf("%v", err)
	}
	if s := d.AppendStats(nil); s[0].RowsOut != s[1].RowsIn || s[0].RowsOut != 10*chunkRows {
		t.Errorf("%+v", s)
	}
	// An error of the reader ends the step, too.
	plan = planOf(plan.Nodes[0])
	if d, err = Build(plan, Options{AdHoc: true, Emit: func(*delta.Batch) error { return stop }}); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(); !errors.Is(err, stop) {
		t.Fatalf("%v", err)
	}
}

// TestAdHocErrors: the first row error ends a query.
func TestAdHocErrors(t *testing.T) {
	scan := scanOf(false, types.Int8, types.Int8)
	scan.Filter = less(div(intConst(1), column(0, types.Int8)), intConst(9))
	d, err := Build(planOf(scan), Options{AdHoc: true, Emit: func(*delta.Batch) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Push(0, ints(2, []int64{1, 1})); err != nil {
		t.Fatal(err)
	}
	if err := d.Push(0, ints(2, []int64{0, 1})); pgerr.CodeOf(err) != pgerr.DivisionByZero {
		t.Fatalf("%v", err)
	}
}

func TestBuildRefuses(t *testing.T) {
	emit := func(*delta.Batch) error { return nil }
	scan := scanOf(false, types.Int8)
	for name, c := range map[string]struct {
		plan *physical.Plan
		opt  Options
	}{
		"an empty plan":        {planOf(), Options{AdHoc: true, Emit: emit}},
		"a view without state": {planOf(scan), Options{Emit: emit}},
		"no reader":            {planOf(scan), Options{AdHoc: true}},
		"an input after it":    {planOf(&physical.Filter{Output: scan.Output, Input: 1}, scan), Options{AdHoc: true, Emit: emit}},
		"a negative offset":    {planOf(scan, &physical.TopN{Output: scan.Output, Offset: -1}), Options{AdHoc: true, Emit: emit}},
		"no window":            {planOf(scan, &physical.Window{Output: scan.Output}), Options{AdHoc: true, Emit: emit}},
		"an unknown function":  {planOf(&physical.Series{Output: scan.Output, Input: -1, Funcs: []physical.SetFunc{{Name: "nothing", Ret: scan.Types}}}), Options{AdHoc: true, Emit: emit}},
		"a parameter":          {planOf(scan, &physical.Filter{Output: scan.Output, Pred: &expr.Param{T: kind(types.Bool)}}), Options{AdHoc: true, Emit: emit}},
	} {
		if _, err := Build(c.plan, c.opt); err == nil {
			t.Errorf("%s is built", name)
		}
	}
	d, err := Build(planOf(scan), Options{AdHoc: true, Emit: emit})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Push(5, ints(1, []int64{1})); err == nil {
		t.Error("a push to nowhere is accepted")
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(); err == nil {
		t.Error("an ad-hoc query has two steps")
	}
}

// TestReplay: the same steps give the same bytes.
func TestReplay(t *testing.T) {
	seed := seedOf(t)
	scan := scanOf(false, types.Int8, types.Numeric, types.Int8)
	ts := scan.Types
	plan := planOf(scan, scanOf(false, types.Int8, types.Numeric, types.Int8),
		joinOf(physical.Join{Kind: physical.Full, LeftKeys: []int{1}, RightKeys: []int{1}, On: less(column(0, types.Int8), column(5, types.Int8))}, ts, ts),
		nil)
	agg := aggregateOf(plan.Nodes[2], []int{0, 1}, true, call(t, "count", plan.Nodes[2].Out().Types), call(t, "max", plan.Nodes[2].Out().Types, 4))
	agg.Input = 2
	plan.Nodes[3] = agg
	run := func() string {
		rng := rand.New(rand.NewPCG(seed, 3))
		gen := rowsOf(smallInt, smallNumeric, smallInt)
		m := &model{rng: rng, gen: map[int]func(*rand.Rand) row{0: gen, 1: gen}, scans: []int{0, 1}, contents: map[int][]row{}, appendOnly: map[int]bool{}}
		r := newRunner(t, configs[1], plan)
		defer r.close()
		for range 20 {
			r.out.step = map[string]int64{}
			if err := r.step(split(rng, plan, m.random())); err != nil {
				t.Fatal(err)
			}
		}
		return string(r.trace)
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs differ: %d and %d bytes", len(a), len(b))
	}
}

// TestMemory: a query that gathers too much ends with an error, whichever operator gathers; one that needs little does
// not.
func TestMemory(t *testing.T) {
	out := physical.Output{Types: kindsOf(types.Int8)}
	many := func(n int64) *physical.Series {
		return &physical.Series{Output: out, Input: -1, Funcs: []physical.SetFunc{
			{Name: "generate_series", Args: []expr.Expr{intConst(1), intConst(n)}, Ret: out.Types}}}
	}
	run := func(n int64, node physical.Node) error {
		d, err := Build(planOf(many(n), node), Options{AdHoc: true, Memory: 1 << 20, Emit: func(*delta.Batch) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		return d.Flush()
	}
	scan := scanOf(true, types.Int8)
	for name, node := range map[string]func() physical.Node{
		"group by":       func() physical.Node { return aggregateOf(scan, []int{0}, true, call(t, "count", out.Types)) },
		"count distinct": func() physical.Node { return aggregateOf(scan, nil, false, distinct(call(t, "count", out.Types, 0))) },
		"distinct":       func() physical.Node { return &physical.Distinct{Output: out} },
		"except":         func() physical.Node { return &physical.SetOp{Output: out, Except: true} },
		"numbered":       func() physical.Node { return &physical.TopN{Output: out, Limit: -1} },
		"join": func() physical.Node {
			j := joinOf(physical.Join{LeftKeys: []int{0}, RightKeys: []int{0}}, out.Types, out.Types)
			j.Right_ = 0
			return j
		},
		"not in": func() physical.Node {
			j := joinOf(physical.Join{Kind: physical.Anti, NotIn: true, LeftKeys: []int{0}, RightKeys: []int{0}}, out.Types, out.Types)
			j.Right_ = 0
			return j
		},
	} {
		if err := run(1<<40, node()); !errors.Is(err, state.ErrMemory) {
			t.Errorf("%s of too many rows: %v", name, err)
		}
		if err := run(1000, node()); err != nil {
			t.Errorf("%s of few rows: %v", name, err)
		}
	}
	if err := run(1<<18, aggregateOf(scan, nil, false, call(t, "sum", out.Types, 0))); err != nil {
		t.Errorf("a sum of many rows: %v", err)
	}
}
