package exec

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/state"
	"millrace/types"
)

// deltaJoin multiplies the inputs out and keeps what every look-up of every path and the condition hold of.
func (n *naiveRun) deltaJoin(x *physical.DeltaJoin) []row {
	var ts []types.T
	var offsets []int
	rows := []row{{}}
	for _, in := range x.In {
		offsets = append(offsets, len(ts))
		ts = append(ts, n.typesOf(in)...)
		var next []row
		for _, a := range rows {
			for _, b := range n.out[in] {
				next = append(next, slices.Concat(a, b))
			}
		}
		rows = next
	}
	var out []row
	for _, r := range rows {
		if !n.linked(x, r, ts, offsets) {
			continue
		}
		if x.On != nil {
			if d, ok := n.eval(r, ts, []expr.Expr{x.On}); !ok || d[0].Null || !d[0].Bool() {
				continue
			}
		}
		out = append(out, pick(r, x.Cols))
	}
	return out
}

func (n *naiveRun) linked(x *physical.DeltaJoin, r row, ts []types.T, offsets []int) bool {
	for _, p := range x.Paths {
		for _, l := range p {
			a := x.Arrangements[l.Arrangement]
			for i, c := range l.Key {
				d := offsets[a.Input] + a.Key[i]
				if r[c].Null || r[d].Null {
					if !l.NullSafe[i] || r[c].Null != r[d].Null {
						return false
					}
				} else if types.Compare(ts[c], r[c], r[d]) != 0 {
					return false
				}
			}
		}
	}
	return true
}

// equal is a condition of a delta join: column a of all inputs equals column b.
type equal struct {
	a, b     int
	nullSafe bool
}

// deltaJoinOf makes a delta join of the first n nodes, scans of width columns each: paths go to the nearest input that a condition
// links to what they have.
func deltaJoinOf(n, width int, equals []equal, on expr.Expr, cols []int, of func(int) types.T) *physical.DeltaJoin {
	x := &physical.DeltaJoin{On: on, Cols: cols}
	for _, c := range cols {
		x.Types = append(x.Types, of(c%width))
	}
	for i := range n {
		x.In = append(x.In, i)
		in := map[int]bool{i: true}
		var path []physical.DeltaLookup
		for len(in) < n {
			for j := range n {
				if in[j] {
					continue
				}
				var l physical.DeltaLookup
				arr := physical.Arrangement{Input: j}
				for _, e := range equals {
					for _, e := range []equal{e, {e.b, e.a, e.nullSafe}} {
						if e.b/width == j && in[e.a/width] {
							l.Key, l.NullSafe, arr.Key = append(l.Key, e.a), append(l.NullSafe, e.nullSafe), append(arr.Key, e.b%width)
						}
					}
				}
				if len(l.Key) == 0 {
					continue
				}
				if l.Arrangement = slices.IndexFunc(x.Arrangements, arr.Same); l.Arrangement < 0 {
					l.Arrangement = len(x.Arrangements)
					x.Arrangements = append(x.Arrangements, arr)
				}
				path, in[j] = append(path, l), true
				break
			}
		}
		x.Paths = append(x.Paths, path)
	}
	return x
}

func TestDeltaJoin(t *testing.T) {
	kinds := []types.Kind{types.Int8, types.Numeric, types.Int8}
	of := func(c int) types.T { return types.Of(kinds[c]) }
	gen := rowsOf(smallInt, smallNumeric, smallInt)
	col := func(in, c int) int { return 3*in + c }
	on := less(column(col(0, 2), types.Int8), column(col(2, 2), types.Int8))
	fails := less(div(column(col(0, 2), types.Int8), column(col(1, 2), types.Int8)), intConst(2))
	for name, c := range map[string]struct {
		n      int
		equals []equal
		on     expr.Expr
		cols   []int
	}{
		"chain":     {3, []equal{{col(0, 0), col(1, 0), false}, {col(1, 2), col(2, 0), false}}, nil, upTo(9)},
		"star":      {4, []equal{{col(0, 0), col(1, 0), false}, {col(0, 1), col(2, 1), false}, {col(0, 2), col(3, 2), false}}, nil, []int{col(3, 1), col(0, 1), col(1, 1)}},
		"cycle":     {3, []equal{{col(0, 0), col(1, 0), false}, {col(1, 1), col(2, 1), false}, {col(2, 2), col(0, 2), false}}, nil, upTo(9)},
		"same key":  {3, []equal{{col(0, 1), col(1, 1), false}, {col(1, 1), col(2, 1), false}}, nil, []int{1, 4, 7}},
		"null-safe": {3, []equal{{col(0, 0), col(1, 0), true}, {col(1, 2), col(2, 0), true}}, nil, upTo(9)},
		"condition": {3, []equal{{col(0, 0), col(1, 0), false}, {col(1, 2), col(2, 0), false}}, on, []int{0, 5}},
		"failing":   {3, []equal{{col(0, 0), col(1, 0), false}, {col(1, 2), col(2, 0), false}}, fails, []int{0, 5}},
		"nothing":   {3, []equal{{col(0, 0), col(1, 0), false}, {col(1, 2), col(2, 0), false}}, nil, []int{}},
	} {
		for _, appendOnly := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", appendOnly), func(t *testing.T) {
				var nodes []physical.Node
				gens := map[int]func(*rand.Rand) row{}
				for i := range c.n {
					nodes = append(nodes, scanOf(appendOnly, kinds...))
					gens[i] = gen
				}
				verify(t, planOf(append(nodes, deltaJoinOf(c.n, 3, c.equals, c.on, c.cols, of))...), 15, gens)
			})
		}
	}
	t.Run("one scan", func(t *testing.T) {
		j := deltaJoinOf(3, 3, []equal{{col(0, 0), col(1, 0), false}, {col(1, 2), col(2, 0), false}}, nil, upTo(9), of)
		j.In = []int{0, 0, 0}
		verify(t, planOf(scanOf(false, kinds...), j), 12, map[int]func(*rand.Rand) row{0: gen})
	})
}

// TestDeltaJoinIsJoins holds a delta join against the same join in steps of two under random changes: after each step both have given
// the same, although each gets the changes in batches and an order of its own, and the delta join alone is opened anew.
func TestDeltaJoinIsJoins(t *testing.T) {
	kinds := []types.Kind{types.Int8, types.Numeric, types.Int8}
	of := func(c int) types.T { return types.Of(kinds[c]) }
	scans := func() []physical.Node {
		return []physical.Node{scanOf(false, kinds...), scanOf(false, kinds...), scanOf(false, kinds...), scanOf(false, kinds...)}
	}
	// a.0 = b.0, b.2 = c.0, c.1 = d.1, all columns of a and d
	one := planOf(append(scans(), deltaJoinOf(4, 3, []equal{{0, 3, false}, {5, 6, false}, {7, 10, false}}, nil, []int{0, 1, 2, 9, 10, 11}, of))...)
	ts := kindsOf(kinds...)
	ab := &physical.Join{Left_: 0, Right_: 1, LeftKeys: []int{0}, RightKeys: []int{0}, NullSafe: []bool{false}, RightCols: []int{2}}
	ab.Types = slices.Concat(ts, ts[2:])
	abc := &physical.Join{Left_: 4, Right_: 2, LeftKeys: []int{3}, RightKeys: []int{0}, NullSafe: []bool{false}, LeftCols: []int{0, 1, 2}, RightCols: []int{1}}
	abc.Types = slices.Concat(ts, ts[1:2])
	all := &physical.Join{Left_: 5, Right_: 3, LeftKeys: []int{3}, RightKeys: []int{1}, NullSafe: []bool{false}, LeftCols: []int{0, 1, 2}}
	all.Types = slices.Concat(ts, ts)
	two := planOf(append(scans(), ab, abc, all)...)
	seed := seedOf(t)
	rng := rand.New(rand.NewPCG(seed, 0))
	m := &model{rng: rng, contents: map[int][]row{}, appendOnly: map[int]bool{}, scans: upTo(4), gen: map[int]func(*rand.Rand) row{}}
	for i := range 4 {
		m.gen[i] = rowsOf(smallInt, smallNumeric, smallInt)
	}
	for _, cfg := range []config{configs[0], configs[4]} {
		a, b := newRunner(t, cfg, one), newRunner(t, configs[0], two)
		m.contents = map[int][]row{}
		for step := range 40 {
			changes := m.random()
			for _, r := range []*runner{a, b} {
				if err := r.step(split(rng, r.plan, changes)); err != nil {
					t.Fatalf("%s: step %d: %v", cfg.name, step, err)
				}
			}
			if !maps.Equal(a.out.exact, b.out.exact) {
				t.Fatalf("%s: step %d: %v, want %v", cfg.name, step, a.out.exact, b.out.exact)
			}
			if step == 39 && len(a.out.exact) == 0 {
				t.Errorf("%s: nothing was joined", cfg.name)
			}
		}
		a.close()
		b.close()
	}
}

// TestDeltaJoinTouchesMatches: a change to one row of a join of five relations looks up as many keys, and reads as many rows, as it
// has partners, however many rows there are.
func TestDeltaJoinTouchesMatches(t *testing.T) {
	const inputs, size, fanOut = 5, 3000, 3
	kinds := []types.Kind{types.Int8, types.Int8}
	var nodes []physical.Node
	var equals []equal
	for i := range inputs {
		nodes = append(nodes, scanOf(false, kinds...))
		if i > 0 {
			equals = append(equals, equal{a: 2*i - 1, b: 2 * i}) // the second column of one is the first of the next
		}
	}
	j := deltaJoinOf(inputs, 2, equals, nil, []int{0, 9}, func(int) types.T { return types.Of(types.Int8) })
	rows := 0
	d, err := Build(planOf(append(nodes, j)...), Options{Fresh: true, Space: state.NewSpace(nil, 1, state.NewBudget(1<<30)),
		Emit: func(b *delta.Batch) error {
			for i := range b.N {
				rows += int(max(b.Weight(i), -b.Weight(i)))
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	step := func(scan int, change ...change) (lookups, found int64) {
		t.Helper()
		b := delta.NewBatch(kindsOf(kinds...), len(change))
		for _, c := range change {
			b.AppendRow(c.row, c.weight)
		}
		op := d.ops[inputs].(*deltaJoin)
		l, f := op.lookups, op.found
		if err := d.Push(scan, b); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(); err != nil {
			t.Fatal(err)
		}
		return op.lookups - l, op.found - f
	}
	// A key of one input leads to fanOut rows of the next, and is led to by fanOut of the one before.
	r := func(k, to int) row { return row{types.NewInt(int64(k)), types.NewInt(int64(to))} }
	for i := range inputs {
		var all []change
		for k := range size {
			for f := range fanOut {
				all = append(all, change{row: r(k, (k+f*size/fanOut)%size), weight: 1})
			}
		}
		step(i, all...)
	}
	for i := range inputs {
		for _, w := range []int64{1, -1} {
			rows = 0
			lookups, found := step(i, change{row: r(7, 11), weight: w})
			// Each side is walked to its end: the rows found multiply by fanOut with each input on the way, and every row found on
			// one side meets every row of the other. A chunk looks each key up once, and there are at most fanOut different ones.
			want := 1
			for range inputs - 1 {
				want *= fanOut
			}
			if rows != want {
				t.Errorf("input %d, weight %d: %d rows, want %d", i, w, rows, want)
			}
			if lookups > (inputs-1)*fanOut || found > (inputs-1)*fanOut*fanOut {
				t.Errorf("input %d, weight %d: %d keys looked up and %d rows read of %d", i, w, lookups, found, inputs*size*fanOut)
			}
			// What has no partner at the first step looks up one key and reads nothing.
			rows = 0
			lookups, found = step(i, change{row: r(-1, -1), weight: w})
			if rows != 0 || lookups != 1 || found != 0 {
				t.Errorf("input %d, weight %d: without partner %d rows, %d keys, %d rows read", i, w, rows, lookups, found)
			}
		}
	}
}
