package exec

import (
	"math/rand/v2"
	"testing"
	"time"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/state"
	"millrace/types"
)

// BenchmarkOverOneRow is the cost of a change of one row in a partition of a million, in memory and in a store that the
// partition is read from. A frame with two bounds and lag cost what is near the change; a running sum is changed at its end.
func BenchmarkOverOneRow(b *testing.B) {
	const rows = 1_000_000
	over := func(f physical.OverFunc) physical.Node {
		return &physical.Over{Output: physical.Output{Types: append(append([]types.T(nil), overShape...), f.T)},
			Order: []physical.SortKey{{Col: 1}}, Funcs: []physical.OverFunc{f}}
	}
	sum := call(b, "sum", overShape, 2)
	lowest := call(b, "min", overShape, 2)
	offset := func(k physical.BoundKind, n int64) physical.Bound {
		return physical.Bound{Kind: k, Offset: intConst(n)}
	}
	near := physical.Frame{Mode: physical.Rows, Start: offset(physical.OffsetPreceding, 50), End: physical.Bound{Kind: physical.CurrentRow}}
	within := physical.Frame{Mode: physical.Range, Start: offset(physical.OffsetPreceding, 50), End: offset(physical.OffsetFollowing, 50)}
	upTo := physical.Frame{End: physical.Bound{Kind: physical.CurrentRow}}
	for _, c := range []struct {
		name string
		node physical.Node
		end  bool // changes come at the partition's end
	}{
		{"lag", over(physical.OverFunc{Kind: physical.OverLag, Args: []int{2}, T: overShape[2]}), false},
		{"sum of 50 rows", over(physical.OverFunc{Kind: physical.OverAggregate, Agg: sum, T: sum.T, Frame: near}), false},
		{"min of 50 rows", over(physical.OverFunc{Kind: physical.OverAggregate, Agg: lowest, T: lowest.T, Frame: near}), false},
		{"sum of a range", over(physical.OverFunc{Kind: physical.OverAggregate, Agg: sum, T: sum.T, Frame: within}), false},
		{"running sum at the end", over(physical.OverFunc{Kind: physical.OverAggregate, Agg: sum, T: sum.T, Frame: upTo}), true},
		{"running min", over(physical.OverFunc{Kind: physical.OverAggregate, Agg: lowest, T: lowest.T, Frame: upTo}), false},
		{"row_number at the end", over(physical.OverFunc{Kind: physical.OverRowNumber, T: kind(types.Int8)}), true},
		{"top 10", &physical.TopN{Output: physical.Output{Types: overShape}, Order: []physical.SortKey{{Col: 1}}, Limit: 10}, false},
	} {
		for _, stored := range []bool{false, true} {
			name := c.name + "/memory"
			if stored {
				name = c.name + "/store"
			}
			b.Run(name, func(b *testing.B) {
				var store *storage.Store
				if stored {
					var err error
					if store, err = storage.Open(storage.Options{Dir: "data", FS: storage.NewMemFS()}); err != nil {
						b.Fatal(err)
					}
					defer store.Close()
				}
				space := state.NewSpace(store, 1, state.NewBudget(map[bool]int64{false: 4 << 30, true: 1 << 20}[stored]))
				defer space.Close()
				plan := planOf(scanOf(false, types.Int8, types.Int8, types.Numeric, types.Int8), c.node)
				flow, err := Build(plan, Options{Space: space, Fresh: true, Emit: func(*delta.Batch) error { return nil }})
				if err != nil {
					b.Fatal(err)
				}
				epoch := uint64(0)
				spent := time.Duration(0) // in the operator, without the commit
				step := func(x *delta.Batch) {
					start := time.Now()
					if err := flow.Push(0, x); err != nil {
						b.Fatal(err)
					}
					if err := flow.Flush(); err != nil {
						b.Fatal(err)
					}
					spent += time.Since(start)
					if store == nil {
						return
					}
					epoch++
					st := store.NewStep(1)
					st.SetFrontier(epoch)
					if err := space.WriteTo(st); err != nil {
						b.Fatal(err)
					}
					if err := st.Apply(); err != nil {
						b.Fatal(err)
					}
					if err := space.Trim(); err != nil {
						b.Fatal(err)
					}
				}
				value := func(k int64) []types.Datum {
					return []types.Datum{types.NewInt(1), types.NewInt(k), mustParse(types.Numeric, "1.25"), types.NewInt(k)}
				}
				x := delta.NewBatch(overShape, rows)
				for i := range rows {
					x.AppendRow(value(int64(2*i)), 1)
				}
				step(x)
				rng := rand.New(rand.NewPCG(1, 2))
				for i := range b.N + 1 {
					if i == 1 {
						b.ResetTimer() // the first read puts the million rows in order
						spent = 0
					}
					k := 2*rng.Int64N(rows) + 1
					if c.end {
						k = 2*rows + int64(i)
					}
					one := delta.NewBatch(overShape, 1)
					one.AppendRow(value(k), 1)
					step(one)
				}
				b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "operator-ns/op")
			})
		}
	}
}
