package exec

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// session evaluates SESSION by its definition: the rows of a partition by time, cut where two lie further apart than the gap.
func (n *naiveRun) session(x *physical.Session) []row {
	ts := n.typesOf(x.Input)
	var rows, out []row
	for _, r := range n.out[x.Input] {
		if t := r[x.Time]; !t.Null && types.TimestampIsFinite(t.I) {
			if t.I > timestampEnd-1-x.Gap {
				n.fail(pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range"))
				continue
			}
			rows = append(rows, r)
		}
	}
	for _, part := range groupBy(rows, ts, x.Partition) {
		slices.SortStableFunc(part, func(a, b row) int { return cmp.Compare(a[x.Time].I, b[x.Time].I) })
		for len(part) > 0 {
			k := 1
			for k < len(part) && uint64(part[k][x.Time].I)-uint64(part[k-1][x.Time].I) <= uint64(x.Gap) {
				k++
			}
			for _, r := range part[:k] {
				out = append(out, append(slices.Clone(r), types.NewInt(part[0][x.Time].I), types.NewInt(part[k-1][x.Time].I+x.Gap)))
			}
			part = part[k:]
		}
	}
	return out
}

func sessionOf(in physical.Node, gap int64, partition ...int) *physical.Session {
	return &physical.Session{Output: physical.Output{Types: append(slices.Clone(in.Out().Types), kind(types.Timestamp), kind(types.Timestamp))},
		Gap: gap, Partition: partition}
}

// TestSession compares random changes with the definition, in all configurations.
func TestSession(t *testing.T) {
	for n, times := range []func(rng *rand.Rand) types.Datum{
		func(rng *rand.Rand) types.Datum { return orNull(rng, types.NewInt(int64(rng.IntN(60)-30))) },
		func(rng *rand.Rand) types.Datum { return types.NewInt(int64(rng.IntN(200))) },
		func(rng *rand.Rand) types.Datum {
			return types.NewInt([]int64{timestampMin, timestampMin + 5, timestampEnd - 12, timestampEnd - 11, timestampEnd - 7, timestampEnd - 1, 0, 3,
				types.TimestampInfinity, types.TimestampNegInfinity}[rng.IntN(10)])
		},
	} {
		for _, partition := range [][]int{nil, {1}, {2, 1}} {
			for _, gap := range []int64{1, 6, 10} {
				t.Run(fmt.Sprint(n, partition, gap), func(t *testing.T) {
					scan := scanOf(false, types.Timestamp, types.Int8, types.Text)
					verify(t, planOf(scan, sessionOf(scan, gap, partition...)), 25, map[int]func(*rand.Rand) row{0: rowsOf(times, smallInt, smallText)})
				})
			}
		}
	}
}

// TestSessionGrouped: what an aggregation above sees of merging and splitting sessions adds up.
func TestSessionGrouped(t *testing.T) {
	times := func(rng *rand.Rand) types.Datum { return types.NewInt(int64(rng.IntN(40))) }
	scan := scanOf(false, types.Timestamp, types.Int8)
	s := sessionOf(scan, 4, 1)
	a := aggregateOf(s, []int{1, 2, 3}, true, call(t, "count", s.Types), call(t, "max", s.Types, 0))
	a.Input = 1
	verify(t, planOf(scan, s, a), 40, map[int]func(*rand.Rand) row{0: rowsOf(times, smallInt)})
}

// TestSessionPermutations inserts seven events in every order, with distances just below, at and above the gap, in steps
// of one and of several events, and deletes them in another order, with and without a restart after each step.
func TestSessionPermutations(t *testing.T) {
	const events, gap = 7, 10
	scan := scanOf(false, types.Timestamp, types.Int8)
	plan := planOf(scan, sessionOf(scan, gap))
	all := permutations(events)
	rng := rand.New(rand.NewPCG(seedOf(t), 0))
	restarts := config{name: "restart", store: true, reopen: true, budget: 1 << 20}
	patterns := 1
	for range events - 1 {
		patterns *= 3
	}
	first := rng.IntN(patterns)
	for n, order := range all {
		// Distances of 9, 10 and 11, another pattern for each order.
		rows := make([]row, events)
		for i, p, at := 0, (first+n)%patterns, int64(0); i < events; i, p = i+1, p/3 {
			rows[i] = row{types.NewInt(at), types.NewInt(int64(i % 2))}
			at += gap - 1 + int64(p%3)
		}
		cfg := configs[0]
		if n%60 == 0 {
			cfg = restarts
		}
		r := newRunner(t, cfg, plan)
		var contents []row
		undo := all[rng.IntN(len(all))]
		for _, step := range cuts(rng, order, undo) {
			b := delta.NewBatch(scan.Types, 0)
			for _, c := range step {
				if c.weight > 0 {
					contents = append(contents, rows[c.event])
				} else {
					at := slices.IndexFunc(contents, func(x row) bool { return x[0].I == rows[c.event][0].I })
					contents = slices.Delete(contents, at, at+1)
				}
				b.AppendRow(rows[c.event], c.weight)
			}
			if err := r.step([]scanBatch{{0, b}}); err != nil {
				t.Fatal(err)
			}
			want, errs := naive(plan, map[int][]row{0: contents})
			if err := r.out.check(want, errs); err != nil {
				t.Fatalf("%s, order %v then without %v, distances %d: %v", cfg.name, order, undo, (first+n)%patterns, err)
			}
		}
		if left := r.entries(); left != 0 {
			t.Fatalf("%d entries of state are left", left)
		}
		r.close()
	}
}

type sessionEvent struct {
	event  int
	weight int64
}

// cuts gives the insertion of events in an order and their deletion in another, cut into steps at random.
func cuts(rng *rand.Rand, in, out []int) [][]sessionEvent {
	var all []sessionEvent
	for _, e := range in {
		all = append(all, sessionEvent{e, 1})
	}
	for _, e := range out {
		all = append(all, sessionEvent{e, -1})
	}
	one := rng.IntN(2) == 0
	var steps [][]sessionEvent
	for i, e := range all {
		if i == 0 || one || rng.IntN(3) == 0 {
			steps = append(steps, nil)
		}
		k := len(steps) - 1
		steps[k] = append(steps[k], e)
	}
	return steps
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for at := range n {
			out = append(out, slices.Insert(slices.Clone(p), at, n-1))
		}
	}
	return out
}

// TestSessionLong keeps a session that is larger than the state's memory, on disk.
func TestSessionLong(t *testing.T) {
	scan := scanOf(false, types.Timestamp, types.Text)
	plan := planOf(scan, sessionOf(scan, 10))
	r := newRunner(t, config{name: "small", store: true, budget: 64 << 10}, plan)
	defer r.close()
	const rows = 20_000
	text := types.NewBytes(bytes.Repeat([]byte{'x'}, 100))
	insert := func(from, to int) {
		b := delta.NewBatch(scan.Types, 0)
		for i := from; i < to; i++ {
			if i != rows/2 {
				b.AppendRow([]types.Datum{types.NewInt(int64(i) * 10), text}, 1)
			}
		}
		if err := r.step([]scanBatch{{0, b}}); err != nil {
			t.Fatal(err)
		}
	}
	insert(0, rows/2)
	insert(rows/2, rows)
	windows := func() map[string]int64 {
		n := map[string]int64{}
		for k, w := range r.out.exact {
			parts := strings.Split(r.out.text[k], ", ")
			n[strings.Join(parts[2:], ", ")] += w
		}
		return n
	}
	if n := windows(); len(n) != 2 {
		t.Fatal(n)
	}
	r.out.step, r.out.rows = map[string]int64{}, 0
	b := delta.NewBatch(scan.Types, 0)
	b.AppendRow([]types.Datum{types.NewInt(rows / 2 * 10), text}, 1)
	if err := r.step([]scanBatch{{0, b}}); err != nil {
		t.Fatal(err)
	}
	if n := windows(); len(n) != 1 {
		t.Fatal(n)
	}
	if r.out.rows != 2*(rows-1)+1 {
		t.Fatalf("%d rows of output for a merge of %d", r.out.rows, rows-1)
	}
	if n := r.space.Stats().MemoryBytes; n > 1<<20 {
		t.Fatalf("%d bytes of state in memory", n)
	}
}

// BenchmarkSession is 10,000 keys whose sessions have 20 rows on average, in steps of 50,000 rows, about five a key. With
// the count of each session's rows above, as Nexmark's q11 has it.
func BenchmarkSession(b *testing.B) {
	const keys, step = 10_000, 50_000
	scan := &physical.Scan{Output: physical.Output{Types: kindsOf(types.Timestamp, types.Int8), AppendOnly: true}}
	s := sessionOf(scan, 1_000_000, 1)
	a := aggregateOf(s, []int{1, 2, 3}, true, call(b, "count", s.Types))
	a.Input = 1
	for name, plan := range map[string]*physical.Plan{"session": planOf(scan, s), "count": planOf(scan, s, a)} {
		b.Run(name, func(b *testing.B) {
			r := newRunner(b, config{store: true, budget: 4 << 30}, plan)
			defer r.close()
			rng := rand.New(rand.NewPCG(1, 2))
			next := make([]int64, keys)
			out, cpu := int64(0), int64(0)
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			r.out.exact, r.emit = nil, nil
			emit := func(x *delta.Batch) error { out += int64(x.N); return nil }
			b.ResetTimer()
			for rows := 0; rows < b.N; rows += step {
				b.StopTimer()
				batch := delta.NewBatch(scan.Types, step)
				for range step {
					k := rng.IntN(keys)
					if next[k] += 100_000; rng.IntN(20) == 0 {
						next[k] += 2_000_000
					}
					batch.AppendRow([]types.Datum{types.NewInt(next[k]), types.NewInt(int64(k))}, 1)
				}
				b.StartTimer()
				r.emit = emit
				start := threadTime()
				if err := r.push([]scanBatch{{0, batch}}); err != nil {
					b.Fatal(err)
				}
				cpu += threadTime() - start
				r.epoch++
				st := r.store.NewStep(7)
				st.SetFrontier(r.epoch)
				if err := r.space.WriteTo(st); err != nil {
					b.Fatal(err)
				}
				if err := st.Apply(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out)/float64(b.N), "rows/row")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(cpu)/float64(b.N), "exec-cpu-ns/row")
		})
	}
}
