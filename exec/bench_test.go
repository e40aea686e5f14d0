package exec

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"millrace/delta"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/state"
	"millrace/types"
)

// The benchmarks have the shapes of Nexmark's queries: per 50 events 1 person, 3 auctions and 46 bids, half of the bids on
// the hottest of the last 100 auctions.

type nexmark struct {
	rng     *rand.Rand
	auction int64
	now     int64
}

var (
	bidTypes     = kindsOf(types.Int8, types.Int8, types.Int8, types.Timestamp, types.Text) // auction, bidder, price, time, extra
	auctionTypes = kindsOf(types.Int8, types.Int8, types.Int8, types.Timestamp, types.Timestamp)
	extra        = []byte("0123456789012345678901234567890123456789")
)

// batches makes the auctions and bids of so many groups of 50 events.
func (n *nexmark) batches(groups int) (auctions, bids *delta.Batch) {
	auctions, bids = delta.NewBatch(auctionTypes, 3*groups), delta.NewBatch(bidTypes, 46*groups)
	for range groups {
		n.now += 5000
		for range 3 {
			n.auction++
			auctions.AppendRow(row{types.NewInt(n.auction), types.NewInt(n.auction / 30), types.NewInt(10 + n.auction%5),
				types.NewInt(n.now), types.NewInt(n.now + 10_000_000)}, 1)
		}
		for range 46 {
			a := n.auction - n.auction%100
			if n.rng.IntN(2) == 0 {
				a = n.auction - n.rng.Int64N(100)
			}
			bids.AppendRow(row{types.NewInt(a), types.NewInt(n.rng.Int64N(1000)), types.NewInt(n.rng.Int64N(1_000_000)),
				types.NewInt(n.now), types.NewBytes(extra)}, 1)
		}
	}
	return auctions, bids
}

// benchPlan pushes steps of about 64 K events: scan 0 gets auctions, scan 1 bids.
func benchPlan(b *testing.B, plan *physical.Plan, stored bool) {
	const groups = 82 // about 4096 events a batch
	const batches = 16
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
	var out int64
	flow, err := Build(plan, Options{Space: space, Fresh: true, Emit: func(x *delta.Batch) error { out += int64(x.N); return nil }})
	if err != nil {
		b.Fatal(err)
	}
	n := &nexmark{rng: rand.New(rand.NewPCG(1, 2))}
	epoch := uint64(0)
	events := 0
	var cpu int64
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	b.ResetTimer()
	for events < b.N {
		b.StopTimer()
		var as, bs []*delta.Batch
		for range batches {
			x, y := n.batches(groups)
			as, bs = append(as, x), append(bs, y)
		}
		b.StartTimer()
		start := threadTime()
		for i := range as {
			for _, s := range flow.Scans() {
				if err := flow.Push(s, []*delta.Batch{as[i], bs[i]}[s]); err != nil {
					b.Fatal(err)
				}
			}
			events += as[i].N + bs[i].N
		}
		if err := flow.Flush(); err != nil {
			b.Fatal(err)
		}
		cpu += threadTime() - start
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
	b.ReportMetric(float64(cpu)/float64(events), "exec-cpu-ns/event")
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(out)/float64(events), "rows/event")
	b.ReportMetric(float64(space.Stats().MemoryBytes)/float64(events), "stateB/event")
}

func appendOnly(c agg.Call) agg.Call { c.AppendOnly = true; return c }

func benchPlans(b *testing.B) map[string]*physical.Plan {
	auctions := func() *physical.Scan {
		return &physical.Scan{Output: physical.Output{Types: auctionTypes, AppendOnly: true}}
	}
	bids := func() *physical.Scan {
		return &physical.Scan{Output: physical.Output{Types: bidTypes, AppendOnly: true}}
	}
	on := func(n physical.Node, in int) physical.Node {
		switch n := n.(type) {
		case *physical.Aggregate:
			n.Input = in
		}
		return n
	}
	join := func(n physical.Join) *physical.Join {
		n.Left_, n.Right_ = 0, 1
		j := joinOf(n, auctionTypes, bidTypes)
		j.AppendOnly = true
		return j
	}
	q17 := []agg.Call{call(b, "count", bidTypes), appendOnly(call(b, "min", bidTypes, 2)), appendOnly(call(b, "max", bidTypes, 2)),
		call(b, "avg", bidTypes, 2), call(b, "sum", bidTypes, 2)}
	q4 := join(physical.Join{LeftKeys: []int{0}, RightKeys: []int{0}, LeftCols: []int{0, 2}, RightCols: []int{2},
		On: notAfter(3, 8)})
	q4max := aggregateOf(q4, []int{0, 1}, true, appendOnly(call(b, "max", q4.Types, 2)))
	q4avg := aggregateOf(q4max, []int{1}, true, call(b, "avg", q4max.Types, 2))
	hop := &physical.Window{Output: physical.Output{Types: append(append([]types.T(nil), bidTypes...), kind(types.Timestamp), kind(types.Timestamp)), AppendOnly: true},
		Input: 1, Time: 3, Size: 10_000_000, Slide: 2_000_000}
	hopCount := aggregateOf(hop, []int{0, 5, 6}, true, call(b, "count", hop.Types))
	top := &physical.TopN{Output: physical.Output{Types: bidTypes}, Input: 1, Group: []int{0}, Order: []physical.SortKey{{Col: 2, Desc: true}}, Limit: 10}
	last := &physical.TopN{Output: physical.Output{Types: bidTypes}, Input: 1, Group: []int{1, 0}, Order: []physical.SortKey{{Col: 3, Desc: true}}, Limit: 1}
	distinctBidders := aggregateOf(bids(), []int{0}, true, call(b, "count", bidTypes), appendOnly(distinct(call(b, "count", bidTypes, 1))))
	return map[string]*physical.Plan{
		"q17 aggregate":     planOf(auctions(), bids(), on(aggregateOf(bids(), []int{0}, true, q17...), 1)),
		"q4 join max avg":   planOf(auctions(), bids(), q4, on(q4max, 2), on(q4avg, 3)),
		"q20 join":          planOf(auctions(), bids(), join(physical.Join{LeftKeys: []int{0}, RightKeys: []int{0}})),
		"q5 hop count":      planOf(auctions(), bids(), hop, on(hopCount, 2)),
		"q19 top 10":        planOf(auctions(), bids(), top),
		"q18 last":          planOf(auctions(), bids(), last),
		"q15 distinct":      planOf(auctions(), bids(), on(distinctBidders, 1)),
		"retracting max":    planOf(auctions(), bids(), on(aggregateOf(bids(), []int{0}, true, call(b, "max", bidTypes, 2)), 1)),
		"left join":         planOf(auctions(), bids(), joinOf(physical.Join{Kind: physical.Left, LeftKeys: []int{0}, RightKeys: []int{0}}, auctionTypes, bidTypes)),
		"left join with on": planOf(auctions(), bids(), joinOf(physical.Join{Kind: physical.Left, LeftKeys: []int{0}, RightKeys: []int{0}, On: notAfter(3, 8)}, auctionTypes, bidTypes)),
		"semi join":         planOf(auctions(), bids(), joinOf(physical.Join{Kind: physical.Semi, LeftKeys: []int{0}, RightKeys: []int{0}}, auctionTypes, bidTypes)),
	}
}

// notAfter is column a <= column b, both timestamps.
func notAfter(a, b int) expr.Expr {
	return &expr.Not{Arg: less(column(b, types.Timestamp), column(a, types.Timestamp))}
}

func BenchmarkPlans(b *testing.B) {
	for name, plan := range benchPlans(b) {
		for _, stored := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/stored=%t", name, stored), func(b *testing.B) { benchPlan(b, plan, stored) })
		}
	}
}

// BenchmarkSmallSteps is the cost of a step of one row, which sets the latency of an idle view.
func BenchmarkSmallSteps(b *testing.B) {
	for name, plan := range benchPlans(b) {
		b.Run(name, func(b *testing.B) {
			space := state.NewSpace(nil, 1, state.NewBudget(4<<30))
			defer space.Close()
			flow, err := Build(plan, Options{Space: space, Fresh: true, Emit: func(*delta.Batch) error { return nil }})
			if err != nil {
				b.Fatal(err)
			}
			n := &nexmark{rng: rand.New(rand.NewPCG(1, 2))}
			as, bs := n.batches(2000)
			if err := flow.Push(0, as); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				k := i % bs.N
				if err := flow.Push(1, bs.Slice(k, k+1)); err != nil {
					b.Fatal(err)
				}
				if err := flow.Flush(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
