package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/state"
	"millrace/types"
)

// BenchmarkDeltaJoin compares a delta join with the same join in steps of two, over relations of which each refers to the next by its
// key: lines, orders, customers, nations, regions. Loading is the first contents; lines and customers are single changes
// afterwards. state-B/row is the state for each row of the inputs.
func BenchmarkDeltaJoin(b *testing.B) {
	sizes := []int{200_000, 50_000, 5_000, 25, 5}
	for _, inputs := range []int{3, 5} {
		for _, d := range []bool{false, true} {
			name := fmt.Sprintf("inputs=%d/joins", inputs)
			plan := joinsOfTwo(inputs)
			if d {
				name, plan = fmt.Sprintf("inputs=%d/delta", inputs), deltaChain(inputs)
			}
			sizes := sizes[:inputs]
			b.Run(name+"/load", func(b *testing.B) {
				rows := 0
				for range b.N {
					flow, space := chainFlow(b, plan)
					rows = loadChain(b, flow, sizes)
					b.ReportMetric(float64(space.Stats().MemoryBytes)/float64(rows), "state-B/row")
					space.Close()
				}
				b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			})
			for scan, what := range []string{"line", "order", "customer"} {
				b.Run(name+"/"+what, func(b *testing.B) {
					flow, space := chainFlow(b, plan)
					defer space.Close()
					loadChain(b, flow, sizes)
					rng := rand.New(rand.NewPCG(1, 2))
					b.ResetTimer()
					for range b.N {
						// A row comes and goes.
						r := chainRow(rng, rng.IntN(sizes[scan]), scan, sizes)
						for _, w := range []int64{1, -1} {
							if err := flow.Push(scan, weighted(chainTypes, r, w)); err != nil {
								b.Fatal(err)
							}
							if err := flow.Flush(); err != nil {
								b.Fatal(err)
							}
						}
					}
				})
			}
		}
	}
}

// chainTypes are key, key of the next, and a value.
var chainTypes = kindsOf(types.Int8, types.Int8, types.Text)

func chainScans(n int) []physical.Node {
	var out []physical.Node
	for range n {
		out = append(out, scanOf(false, types.Int8, types.Int8, types.Text))
	}
	return out
}

// deltaChain joins n inputs, the second column of each with the first of the next, and gives all values.
func deltaChain(n int) *physical.Plan {
	var equals []equal
	var cols []int
	for i := range n {
		if i > 0 {
			equals = append(equals, equal{3*i - 2, 3 * i, false})
		}
		cols = append(cols, 3*i+2)
	}
	of := func(c int) types.T { return chainTypes[c] }
	return planOf(append(chainScans(n), deltaJoinOf(n, 3, equals, nil, cols, of))...)
}

func joinsOfTwo(n int) *physical.Plan {
	nodes := chainScans(n)
	left, key, values := 0, 1, []int{2}
	for i := 1; i < n; i++ {
		j := &physical.Join{Left_: left, Right_: i, LeftKeys: []int{key}, RightKeys: []int{0}, NullSafe: []bool{false}, LeftCols: values, RightCols: []int{1, 2}}
		if i == n-1 {
			j.RightCols = []int{2}
		}
		j.Types = slices.Concat(pick(nodes[left].Out().Types, j.LeftCols), pick(chainTypes, j.RightCols))
		nodes = append(nodes, j)
		left, key = len(nodes)-1, i
		values = append(upTo(i), i+1) // all values, without the key
	}
	return planOf(nodes...)
}

func chainFlow(b *testing.B, plan *physical.Plan) (*Dataflow, *state.Space) {
	space := state.NewSpace(nil, 1, state.NewBudget(8<<30))
	flow, err := Build(plan, Options{Space: space, Fresh: true, Emit: func(*delta.Batch) error { return nil }})
	if err != nil {
		b.Fatal(err)
	}
	return flow, space
}

func chainRow(rng *rand.Rand, k, input int, sizes []int) row {
	next := 0
	if input+1 < len(sizes) {
		next = rng.IntN(sizes[input+1])
	}
	return row{types.NewInt(int64(k)), types.NewInt(int64(next)), types.NewString(fmt.Sprintf("value %d of %d", k, input))}
}

// loadChain fills the inputs in steps of some thousand rows, the referred to ones first, and gives the number of rows.
func loadChain(b *testing.B, flow *Dataflow, sizes []int) int {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := 0
	for input := len(sizes) - 1; input >= 0; input-- {
		for lo := 0; lo < sizes[input]; lo += 8192 {
			batch := delta.NewBatch(chainTypes, 8192)
			for k := lo; k < min(lo+8192, sizes[input]); k++ {
				batch.AppendRow(chainRow(rng, k, input, sizes), 1)
			}
			rows += batch.N
			if err := flow.Push(input, batch); err != nil {
				b.Fatal(err)
			}
			if err := flow.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
	return rows
}
