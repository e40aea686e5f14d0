package exec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/state"
	"millrace/types"
)

// asOf looks for each left row through all right rows.
func (n *naiveRun) asOf(x *physical.AsOf) []row {
	lt, rt := n.typesOf(x.Left_), n.typesOf(x.Right_)
	keys := &physical.Join{LeftKeys: x.LeftKeys, RightKeys: x.RightKeys, NullSafe: x.NullSafe}
	lc, rc := x.LeftCols, x.RightCols
	if lc == nil {
		lc = upTo(len(lt))
	}
	if rc == nil {
		rc = upTo(len(rt))
	}
	var out []row
	for _, l := range n.out[x.Left_] {
		var best row
		for _, r := range n.out[x.Right_] {
			a, b := l[x.LeftTime], r[x.RightTime]
			if a.Null || b.Null || !n.meets(keys, l, r, lt, rt) {
				continue
			}
			c := types.Compare(rt[x.RightTime], a, b)
			if x.After {
				c = -c
			}
			if c > 0 || c == 0 && !x.Strict {
				if best == nil || n.nearer(x, rt, r, best) {
					best = r
				}
			}
		}
		switch {
		case best != nil:
			out = append(out, append(pick(l, lc), pick(best, rc)...))
		case x.Outer:
			out = append(out, append(pick(l, lc), nullRow(len(rc))...))
		}
	}
	return out
}

// nearer compares two right rows that both qualify.
func (n *naiveRun) nearer(x *physical.AsOf, ts []types.T, a, b row) bool {
	if c := types.Compare(ts[x.RightTime], a[x.RightTime], b[x.RightTime]); c != 0 {
		return c < 0 == x.After
	}
	for _, t := range x.Ties {
		if c := compareKey(ts[t], a[t], b[t], false, false); c != 0 {
			return c > 0
		}
	}
	return false
}

func asOfNode(n physical.AsOf, left, right []types.T) *physical.AsOf {
	j := joinOf(physical.Join{Kind: physical.Left, LeftCols: n.LeftCols, RightCols: n.RightCols}, left, right)
	n.Left_, n.Right_, n.Output = 0, 1, j.Output
	if n.NullSafe == nil {
		n.NullSafe = make([]bool, len(n.LeftKeys))
	}
	return &n
}

// TestAsOf runs all four comparisons over several types of time, with times that tie, come in any order and go again.
func TestAsOf(t *testing.T) {
	gen := rowsOf(smallInt, smallNumeric, smallInt, smallText)
	kinds := []types.Kind{types.Int8, types.Numeric, types.Int8, types.Text}
	ts := kindsOf(kinds...)
	cases := map[string]physical.AsOf{
		"key":           {LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 2, RightTime: 2, Ties: []int{1, 3}},
		"numeric":       {LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 1, RightTime: 1, Ties: []int{2, 3}},
		"text":          {LeftKeys: []int{0}, RightKeys: []int{2}, LeftTime: 3, RightTime: 3, Ties: []int{0, 1, 2}},
		"no key":        {LeftTime: 0, RightTime: 2, Ties: []int{3, 1, 0}},
		"null-safe key": {LeftKeys: []int{0, 2}, RightKeys: []int{0, 2}, NullSafe: []bool{true, false}, LeftTime: 1, RightTime: 1, Ties: []int{3}},
		"columns":       {LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 2, RightTime: 2, Ties: []int{3, 1}, LeftCols: []int{3}, RightCols: []int{1}},
		"no columns":    {LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 2, RightTime: 2, Ties: []int{1}, LeftCols: []int{}, RightCols: []int{}},
	}
	for name, n := range cases {
		for mode := range 8 {
			n.Outer, n.After, n.Strict = mode&1 != 0, mode&2 != 0, mode&4 != 0
			t.Run(fmt.Sprintf("%s outer %v after %v strict %v", name, n.Outer, n.After, n.Strict), func(t *testing.T) {
				verify(t, planOf(scanOf(false, kinds...), scanOf(false, kinds...), asOfNode(n, ts, ts)), 12,
					map[int]func(*rand.Rand) row{0: gen, 1: gen})
			})
		}
	}
}

// TestAsOfLongGroups has many rows of few keys, so that a change lies between rows far apart and groups are larger than a cell.
func TestAsOfLongGroups(t *testing.T) {
	time := func(rng *rand.Rand) types.Datum { return types.NewInt(int64(rng.IntN(60))) }
	key := func(rng *rand.Rand) types.Datum { return types.NewInt(int64(rng.IntN(2))) }
	id := func(rng *rand.Rand) types.Datum { return types.NewInt(rng.Int64N(1000)) }
	kinds := []types.Kind{types.Int8, types.Int8, types.Int8}
	ts := kindsOf(kinds...)
	for _, appendOnly := range []bool{false, true} {
		for mode := range 4 {
			n := physical.AsOf{LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 1, RightTime: 1, Ties: []int{2}, Outer: true}
			n.After, n.Strict = mode&1 != 0, mode&2 != 0
			t.Run(fmt.Sprint(appendOnly, mode), func(t *testing.T) {
				verify(t, planOf(scanOf(appendOnly, kinds...), scanOf(appendOnly, kinds...), asOfNode(n, ts, ts)), 60,
					map[int]func(*rand.Rand) row{0: rowsOf(key, time, id), 1: rowsOf(key, time, id)})
			})
		}
	}
}

// BenchmarkAsOf joins two streams of 10,000 keys whose times grow, in steps of 64 K rows.
func BenchmarkAsOf(b *testing.B) {
	for _, stored := range []bool{false, true} {
		b.Run(fmt.Sprint("stored=", stored), func(b *testing.B) { benchAsOf(b, stored) })
	}
}

func benchAsOf(b *testing.B, stored bool) {
	const batchRows, batches, keys = 4096, 16, 10_000
	kinds := []types.Kind{types.Int8, types.Timestamp, types.Int8}
	ts := kindsOf(kinds...)
	plan := planOf(scanOf(true, kinds...), scanOf(true, kinds...),
		asOfNode(physical.AsOf{LeftKeys: []int{0}, RightKeys: []int{0}, LeftTime: 1, RightTime: 1, Ties: []int{2}, Outer: true}, ts, ts))
	var store *storage.Store
	if stored {
		var err error
		if store, err = storage.Open(storage.Options{Dir: "data", FS: storage.NewMemFS()}); err != nil {
			b.Fatal(err)
		}
		defer store.Close()
	}
	space := state.NewSpace(store, 1, state.NewBudget(4<<30))
	defer space.Close()
	out := 0
	flow, err := Build(plan, Options{Space: space, Fresh: true, Emit: func(x *delta.Batch) error { out += x.N; return nil }})
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	now, rows, epoch := int64(0), 0, uint64(0)
	b.ResetTimer()
	for rows < b.N {
		b.StopTimer()
		var in []*delta.Batch
		for range batches {
			x := delta.NewBatch(ts, batchRows)
			for range batchRows {
				now += rng.Int64N(100)
				x.AppendRow(row{types.NewInt(rng.Int64N(keys)), types.NewInt(now - rng.Int64N(5000)), types.NewInt(now)}, 1)
			}
			in = append(in, x)
		}
		b.StartTimer()
		for i, x := range in {
			if err := flow.Push(i%2, x); err != nil {
				b.Fatal(err)
			}
			rows += x.N
		}
		if err := flow.Flush(); err != nil {
			b.Fatal(err)
		}
		if stored {
			epoch++
			st := store.NewStep(1)
			st.SetFrontier(epoch)
			if err := space.WriteTo(st); err != nil {
				b.Fatal(err)
			}
			if err := st.Apply(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
	b.ReportMetric(float64(out)/float64(rows), "rows/row")
	b.ReportMetric(0, "ns/op")
}
