package exec

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

// recurse evaluates a recursive query as PostgreSQL describes it: with a working table that holds the rows of the last
// iteration, and the step's operators run on it from scratch.
func (n *naiveRun) recurse(x *physical.Recurse, at int) []row {
	of := n.p.InRecursion()
	var out []row
	seen := map[string]bool{}
	working := n.least(x, n.out[x.Base], seen)
	for it := int64(0); len(working) > 0; it++ {
		if it > x.Limit {
			n.op = at
			for range working {
				n.fail(errIterations(x))
			}
			break
		}
		out = append(out, working...)
		n.out[x.Work] = nil
		for _, r := range working {
			n.out[x.Work] = append(n.out[x.Work], append(slices.Clone(r), types.NewInt(it)))
		}
		for i := x.Work + 1; i < at; i++ {
			if of[i] == x.Work {
				n.op = i
				n.out[i] = n.node(n.p.Nodes[i], i)
			}
		}
		var made []row
		for _, r := range n.out[x.Step] {
			made = append(made, r[:len(r)-1])
		}
		working = n.least(x, made, seen)
	}
	return out
}

// least drops, under UNION, what has been seen, and of rows that are equal all but the least by its bytes.
func (n *naiveRun) least(x *physical.Recurse, rows []row, seen map[string]bool) []row {
	if x.All {
		return rows
	}
	var out []row
	at := map[string]int{}
	for _, r := range rows {
		k := sqlKey(r, x.Types)
		if i, ok := at[k]; ok {
			if textOfRow(x.Types, r) < textOfRow(x.Types, out[i]) {
				out[i] = r
			}
			continue
		}
		if !seen[k] {
			at[k] = len(out)
			out = append(out, r)
		}
	}
	for k := range at {
		seen[k] = true
	}
	return out
}

func textOfRow(ts []types.T, r row) string {
	return string(codec.AppendRow(nil, batchOf(ts, r), nil, 0))
}

func errIterations(x *physical.Recurse) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "recursive query \"%s\" has not ended after %d iterations", x.Name, x.Limit)
}

func out(ks ...types.Kind) physical.Output { return physical.Output{Types: kindsOf(ks...)} }

// closure is the transitive closure of edges: base edges (a, b); a row (a, b) of an iteration and an edge (b, c) make
// (a, c).
func closure(all bool, limit int64, kinds ...types.Kind) *physical.Plan {
	k := kinds[0]
	edges := scanOf(false, k, k)
	return planOf(
		edges,
		scanOf(false, k, k), // 1: the base
		&physical.WorkTable{Output: out(k, k, types.Int8), Name: "t"},
		&physical.Join{Output: out(k, types.Int8, k), Left_: 2, Right_: 0, LeftKeys: []int{1}, RightKeys: []int{0}, NullSafe: []bool{false}, LeftCols: []int{0, 2}, RightCols: []int{1}},
		&physical.Project{Output: out(k, k, types.Int8), Input: 3, Exprs: []expr.Expr{column(0, k), column(2, k), column(1, types.Int8)}},
		&physical.Recurse{Output: out(k, k), Base: 1, Step: 4, Work: 2, All: all, Name: "t", Limit: limit},
	)
}

func edge2(f func(*rand.Rand) types.Datum) func(*rand.Rand) row {
	return rowsOf(f, f)
}

func nodeOf(n int) func(*rand.Rand) types.Datum {
	return func(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(int64(rng.IntN(n)))) }
}

// TestRecursionClosure keeps a closure over few nodes, so that there are cycles, and rows that make each other.
func TestRecursionClosure(t *testing.T) {
	for _, nodes := range []int{3, 5, 9} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			gen := edge2(nodeOf(nodes))
			verify(t, closure(false, 100, types.Int8), 60, map[int]func(*rand.Rand) row{0: gen, 1: gen})
		})
	}
}

// TestRecursionNumeric: rows that are equal in SQL and not in their bytes.
func TestRecursionNumeric(t *testing.T) {
	gen := edge2(smallNumeric)
	verify(t, closure(false, 100, types.Numeric), 60, map[int]func(*rand.Rand) row{0: gen, 1: gen})
}

// TestRecursionAll walks edges that go up only, so that UNION ALL ends.
func TestRecursionAll(t *testing.T) {
	up := func(rng *rand.Rand) row {
		a := rng.IntN(4)
		return row{types.NewInt(int64(a)), types.NewInt(int64(a + 1 + rng.IntN(3)))}
	}
	verify(t, closure(true, 100, types.Int8), 40, map[int]func(*rand.Rand) row{0: up, 1: up})
}

// TestRecursionLimit: rows beyond the last iteration are errors, which go when what leads there goes.
func TestRecursionLimit(t *testing.T) {
	gen := func(rng *rand.Rand) row {
		a := rng.IntN(5)
		return row{types.NewInt(int64(a)), types.NewInt(int64((a + 1 + rng.IntN(2)) % 5))}
	}
	for _, all := range []bool{true, false} {
		t.Run(fmt.Sprint(all), func(t *testing.T) {
			verify(t, closure(all, 2, types.Int8), 40, map[int]func(*rand.Rand) row{0: gen, 1: gen})
		})
	}
}

// steps is a recursion whose step has more than a join: of the edges (b, c) of a row (a, b), the two with the least c that
// are not forbidden, each once; with the number of forbidden nodes beside.
func TestRecursionStep(t *testing.T) {
	k := types.Int8
	plan := planOf(
		scanOf(false, k, k), // 0: edges
		scanOf(false, k, k), // 1: base
		scanOf(false, k),    // 2: forbidden nodes
		&physical.WorkTable{Output: out(k, k, k), Name: "t"},
		&physical.Join{Output: out(k, k, k), Left_: 3, Right_: 0, LeftKeys: []int{1}, RightKeys: []int{0}, NullSafe: []bool{false}, LeftCols: []int{0, 2}, RightCols: []int{1}},
		&physical.Join{Output: out(k, k, k), Kind: physical.Anti, Left_: 4, Right_: 2, LeftKeys: []int{2}, RightKeys: []int{0}, NullSafe: []bool{false}},
		&physical.Distinct{Output: out(k, k, k), Input: 5},
		&physical.TopN{Output: out(k, k, k), Input: 6, Group: []int{0, 1}, Order: []physical.SortKey{{Col: 2}}, Limit: 2},
		&physical.Project{Output: out(k, k, k), Input: 7, Exprs: []expr.Expr{column(0, k), column(2, k), column(1, k)}},
		&physical.Recurse{Output: out(k, k), Base: 1, Step: 8, Work: 3, Name: "t", Limit: 100},
		&physical.Distinct{Output: out(k, k), Input: 9},
	)
	gen := edge2(nodeOf(6))
	verify(t, plan, 60, map[int]func(*rand.Rand) row{0: gen, 1: gen, 2: rowsOf(nodeOf(6))})
}

// TestRecursionSelfSupport deletes the one edge that leads to a cycle: its nodes must not keep each other.
func TestRecursionSelfSupport(t *testing.T) {
	r := newRunner(t, configs[0], closure(false, 100, types.Int8))
	defer r.close()
	edge := func(a, b int64) row { return row{types.NewInt(a), types.NewInt(b)} }
	rng := rand.New(rand.NewPCG(1, 1))
	base := change{1, edge(0, 1), 1}
	edges := []change{{0, edge(1, 2), 1}, {0, edge(2, 3), 1}, {0, edge(3, 2), 1}}
	if err := r.step(split(rng, r.plan, append(edges, base))); err != nil {
		t.Fatal(err)
	}
	if err := r.out.check([]row{edge(0, 1), edge(0, 2), edge(0, 3)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.step([]scanBatch{split(rng, r.plan, []change{{0, edge(1, 2), -1}})[0]}); err != nil {
		t.Fatal(err)
	}
	if err := r.out.check([]row{edge(0, 1)}, nil); err != nil {
		t.Fatal(err)
	}
}

// TestRecursionEnds: a recursion without end is stopped by its limit, by an interrupt, and by its memory.
func TestRecursionEnds(t *testing.T) {
	k := types.Int8
	// Each row makes itself again, twice: twice as many rows in each iteration.
	plan := planOf(
		&physical.Values{Output: out(k), Rows: [][]expr.Expr{{intConst(1)}}},
		&physical.WorkTable{Output: out(k, k), Name: "t"},
		&physical.Values{Output: out(k), Rows: [][]expr.Expr{{intConst(1)}, {intConst(2)}}},
		&physical.Join{Output: out(k, k, k), Left_: 1, Right_: 2},
		&physical.Project{Output: out(k, k), Input: 3, Exprs: []expr.Expr{
			&expr.Call{Func: testMix, Args: []expr.Expr{column(0, k), column(2, k)}, T: kind(k)}, column(1, k)}},
		&physical.Recurse{Output: out(k), Base: 0, Step: 4, Work: 1, All: true, Name: "t", Limit: 1000},
	)
	run := func(opt Options) error {
		opt.Emit = func(*delta.Batch) error { return nil }
		d, err := Build(plan, opt)
		if err != nil {
			t.Fatal(err)
		}
		return d.Flush()
	}
	// It ends before the iteration in which it would outgrow the memory, and in that one where the growth is not foreseen.
	for _, memory := range []int64{16 << 20, 1 << 12} {
		var pe *pgerr.Error
		if err := run(Options{AdHoc: true, Memory: memory}); !errors.As(err, &pe) || pe.Code != pgerr.ProgramLimitExceeded || pe.Hint == "" ||
			strings.HasPrefix(pe.Detail, "Each iteration") != (memory > 1<<20) {
			t.Errorf("with %d bytes: %v", memory, err)
		}
	}
	stop := errors.New("stop")
	count := 0
	interrupt := func() error {
		if count++; count > 20 {
			return stop
		}
		return nil
	}
	if err := run(Options{AdHoc: true, Interrupt: interrupt}); !errors.Is(err, stop) {
		t.Errorf("interrupted: %v", err)
	}
	old := recursionBytes
	recursionBytes = 1 << 20
	defer func() { recursionBytes = old }()
	var pe *pgerr.Error
	err := run(Options{Fresh: true, Space: state.NewSpace(nil, 1, state.NewBudget(1<<30))})
	if !errors.As(err, &pe) || !strings.Contains(pe.Message, `"t"`) {
		t.Errorf("a view: %v", err)
	}
}

// testMix makes different numbers of different arguments, mostly.
var testMix = &expr.Function{
	Name: "mix", Args: kindsOf(types.Int8, types.Int8), Ret: kind(types.Int8),
	Eval: func(_ *expr.Context, a expr.Args, out *delta.Vec, _ *expr.Errors) {
		dst := expr.GrowInts(out, a.N)
		a.Each(func(i int) { dst[i] = a.V[0].Ints[a.Row(0, i)]*1000003 + a.V[1].Ints[a.Row(1, i)] })
	},
}
