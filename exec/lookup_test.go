package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/types"
)

// arrival is a left row that is there, with what it was joined with when it came.
type arrival struct {
	left  row
	pairs []row
}

// TestLookup runs random epochs, several to a step where a step may take them, and compares with what each row met at the end of its own
// epoch.
func TestLookup(t *testing.T) {
	kinds := []types.Kind{types.Int8, types.Numeric, types.Int8}
	ts := kindsOf(kinds...)
	gen := rowsOf(smallInt, smallNumeric, smallInt)
	for name, n := range map[string]physical.Lookup{
		"key":           {LeftKeys: []int{0}, RightKeys: []int{0}},
		"two keys":      {LeftKeys: []int{0, 1}, RightKeys: []int{2, 1}, NullSafe: []bool{true, false}},
		"no key":        {},
		"few columns":   {LeftKeys: []int{0}, RightKeys: []int{2}, LeftCols: []int{2}, RightCols: []int{1}},
		"columns twice": {LeftKeys: []int{0}, RightKeys: []int{0}, LeftCols: []int{1, 1, 0}, RightCols: []int{}},
	} {
		for _, outer := range []bool{false, true} {
			for _, appendOnly := range []bool{false, true} {
				n.Outer, n.Row = outer, []int{0, 1, 2}
				if n.NullSafe == nil {
					n.NullSafe = make([]bool, len(n.LeftKeys))
				}
				j := n
				j.Output = joinOf(physical.Join{Kind: physical.Left, LeftCols: n.LeftCols, RightCols: n.RightCols}, ts, ts).Output
				j.Left_, j.Right_ = 0, 1
				j.AppendOnly = appendOnly
				t.Run(fmt.Sprint(name, outer, appendOnly), func(t *testing.T) {
					verifyLookup(t, planOf(scanOf(appendOnly, kinds...), scanOf(false, kinds...), &j), &j, gen)
				})
			}
		}
	}
}

func verifyLookup(t *testing.T, plan *physical.Plan, n *physical.Lookup, gen func(*rand.Rand) row) {
	seed := seedOf(t)
	for c, cfg := range someConfigs(seed, t.Name()) {
		rng := rand.New(rand.NewPCG(seed, uint64(c)))
		l := &lookupModel{t: t, rng: rng, plan: plan, n: n, gen: gen}
		r := newRunner(t, cfg, plan)
		roles := plan.Arrivals()
		var pending []scanBatch
		var seen physical.Role
		for range 60 {
			batches, role := l.epoch(roles)
			if physical.EndsStep(seen, role) || rng.IntN(5) == 0 {
				l.step(r, cfg, pending)
				pending, seen = nil, 0
			}
			pending, seen = append(pending, batches...), seen|role
			l.settle()
		}
		l.step(r, cfg, pending)
		if !plan.Nodes[0].Out().AppendOnly {
			var undo []scanBatch
			for _, a := range l.arrivals {
				undo = append(undo, scanBatch{0, weighted(plan.Nodes[0].Out().Types, a.left, -1)})
			}
			for _, x := range l.right {
				undo = append(undo, scanBatch{1, weighted(plan.Nodes[1].Out().Types, x, -1)})
			}
			l.arrivals, l.right = nil, nil
			l.settle()
			l.step(r, cfg, undo)
			if e := r.entries(); e != 0 {
				t.Fatalf("%s: %d entries are left", cfg.name, e)
			}
		}
		r.close()
	}
}

// lookupModel is what should be.
type lookupModel struct {
	t        *testing.T
	rng      *rand.Rand
	plan     *physical.Plan
	n        *physical.Lookup
	gen      func(*rand.Rand) row
	right    []row
	arrivals []arrival
	want     []row // after the epochs so far
}

// step runs a step of the epochs before the last and compares.
func (l *lookupModel) step(r *runner, cfg config, batches []scanBatch) {
	if err := r.step(batches); err != nil {
		l.t.Fatalf("%s: %v", cfg.name, err)
	}
	if err := r.out.check(l.want, nil); err != nil {
		l.t.Fatalf("%s: %v", cfg.name, err)
	}
}

// epoch makes the changes of an epoch. want stays behind until settle.
func (l *lookupModel) epoch(roles []physical.Role) (out []scanBatch, role physical.Role) {
	ts := l.plan.Nodes[0].Out().Types
	add := func(scan int, x row, w int64) {
		if k := len(out) - 1; k >= 0 && out[k].scan == scan && l.rng.IntN(3) > 0 {
			out[k].b.AppendRow(x, w)
		} else {
			out = append(out, scanBatch{scan, weighted(ts, x, w)})
		}
		role |= roles[scan]
	}
	var come, go_ []row
	for range 1 + l.rng.IntN(4) {
		switch p := l.rng.IntN(6); {
		case p == 0 && len(l.right) > 0:
			i := l.rng.IntN(len(l.right))
			add(1, l.right[i], -1)
			l.right = slices.Delete(l.right, i, i+1)
		case p <= 2:
			x := l.gen(l.rng)
			add(1, x, 1)
			l.right = append(l.right, x)
		case p == 3 && len(l.arrivals) > len(go_) && !l.plan.Nodes[0].Out().AppendOnly:
			i := l.rng.IntN(len(l.arrivals))
			x := l.arrivals[i].left
			if !slices.ContainsFunc(go_, func(y row) bool { return l.same(x, y) }) && !slices.ContainsFunc(come, func(y row) bool { return l.same(x, y) }) {
				add(0, x, -1)
				go_ = append(go_, x)
			}
		default:
			if x := l.gen(l.rng); !slices.ContainsFunc(go_, func(y row) bool { return l.same(x, y) }) {
				add(0, x, 1)
				come = append(come, x)
			}
		}
	}
	for _, x := range go_ {
		for i, a := range slices.Backward(l.arrivals) {
			if l.same(a.left, x) {
				l.arrivals = slices.Delete(l.arrivals, i, i+1)
				break
			}
		}
	}
	for _, x := range come {
		l.arrivals = append(l.arrivals, arrival{x, l.meet(x)})
	}
	return out, role
}

// settle makes what the epochs have made the expected result.
func (l *lookupModel) settle() {
	l.want = nil
	for _, a := range l.arrivals {
		l.want = append(l.want, a.pairs...)
	}
}

func (l *lookupModel) same(a, b row) bool {
	ts := l.plan.Nodes[0].Out().Types
	return string(codec.AppendRow(nil, batchOf(ts, a), nil, 0)) == string(codec.AppendRow(nil, batchOf(ts, b), nil, 0))
}

func (l *lookupModel) meet(x row) (out []row) {
	j := &physical.Join{
		Kind: physical.Inner, Left_: 0, Right_: 1, LeftKeys: l.n.LeftKeys, RightKeys: l.n.RightKeys, NullSafe: l.n.NullSafe,
		LeftCols: l.n.LeftCols, RightCols: l.n.RightCols,
	}
	if l.n.Outer {
		j.Kind = physical.Left
	}
	run := &naiveRun{p: l.plan, out: [][]row{{x}, l.right}}
	return run.join(j)
}

// TestVersions pushes the changelog of a table, split into batches and steps in all ways.
func TestVersions(t *testing.T) {
	kinds := []types.Kind{types.Int8, types.Int8, types.Numeric} // key, time, value
	ts := kindsOf(kinds...)
	seed := seedOf(t)
	plan := planOf(scanOf(false, kinds...), &physical.Versions{Output: physical.Output{Types: ts}, Key: []int{0}, Time: 1})
	for c, cfg := range configs {
		rng := rand.New(rand.NewPCG(seed, uint64(c)))
		r := newRunner(t, cfg, plan)
		current, versions := map[int64]row{}, map[[2]int64]row{}
		for range 40 {
			var batches []scanBatch
			for range rng.IntN(10) {
				key := rng.Int64N(3)
				b := delta.NewBatch(ts, 2)
				if old, ok := current[key]; ok {
					b.AppendRow(old, -1)
					delete(current, key)
				}
				if rng.IntN(5) > 0 {
					x := row{types.NewInt(key), smallInt(rng), smallNumeric(rng)}
					b.AppendRow(x, 1)
					if current[key] = x; !x[1].Null {
						versions[[2]int64{key, x[1].I}] = x
					}
				}
				if k := len(batches) - 1; k >= 0 && rng.IntN(2) == 0 {
					for i := range b.N {
						batches[k].b.AppendRow(row(b.Row(i, nil)), b.Weight(i))
					}
				} else if b.N > 0 {
					batches = append(batches, scanBatch{0, b})
				}
			}
			if err := r.step(batches); err != nil {
				t.Fatal(err)
			}
			var want []row
			for _, x := range versions {
				want = append(want, x)
			}
			if err := r.out.check(want, nil); err != nil {
				t.Fatalf("%s: %v", cfg.name, err)
			}
		}
		r.close()
	}
}
