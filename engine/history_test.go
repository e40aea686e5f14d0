package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/internal/testseed"
	"millrace/storage"
	"millrace/types"
)

const hour = 3600 * 1_000_000

// keptFor makes a view keep its history.
func keptFor(micros int64) func(*catalog.Relation) {
	return func(r *catalog.Relation) { r.History = micros }
}

// past is what a table and a stream held after a commit.
type past struct {
	table  map[int64]int64
	stream []int64
}

// views gives the rows that the views of TestHistory have over it.
func (p *past) views() map[string][]string {
	counts := map[int64]int64{}
	out := map[string][]string{}
	for _, v := range p.table {
		counts[v]++
		out["twice"] = append(out["twice"], fmt.Sprint(v), fmt.Sprint(v+1))
	}
	sizes := map[int64]int64{}
	for v, n := range counts {
		out["counts"] = append(out["counts"], fmt.Sprintf("%d,%d", v, n))
		sizes[n]++
	}
	for n, c := range sizes {
		out["sizes"] = append(out["sizes"], fmt.Sprintf("%d,%d", n, c))
	}
	for id, v := range p.table {
		out["joined"] = append(out["joined"], fmt.Sprintf("%d,%d", id, counts[v]))
	}
	for _, id := range p.stream {
		if id%2 == 0 {
			out["even"] = append(out["even"], fmt.Sprint(id))
		}
		out["st"] = append(out["st"], fmt.Sprint(id))
	}
	for _, rows := range out {
		slices.Sort(rows)
	}
	return out
}

// failing runs a query that ends with an error.
func (h *harness) failing(query string) error {
	h.t.Helper()
	plan, ids := h.plan(query)
	read, err := h.eng.BeginRead(context.Background(), ids, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer read.Close()
	return read.Run(context.Background(), &engine.Query{Plan: plan, Context: &expr.Context{Env: types.DefaultEnv}, Emit: func(*delta.Batch) error { return nil }})
}

// TestHistory commits at random, often without waiting for the views, restarts the engine and lets history expire. The state of each
// view as of each position that is held is that of the tables then, and so is the sum of its changes.
func TestHistory(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	fs := storage.NewCrashFS()
	clock := &engine.ManualClock{}
	clock.Set(10 * hour)
	h := open(t, engine.Options{NoBackground: true, Clock: clock, FS: fs})
	h.table("t", "id", "v")
	h.stream("st", "id")
	now := &past{table: map[int64]int64{}}
	commit := func() { h.mustCommit(now.change(h, rng)...) }
	for range 5 {
		commit()
	}
	queries := []struct {
		name, query string
		kept        bool
	}{
		{"counts", "SELECT v, count(*) AS n FROM t GROUP BY v", true},
		{"twice", "SELECT v FROM t UNION ALL SELECT v + 1 FROM t", true},
		{"plain", "SELECT v, count(*) AS n FROM t GROUP BY v", false},
		{"sizes", "SELECT n, count(*) AS c FROM plain GROUP BY n", true},
		{"joined", "SELECT t.id, plain.n FROM t JOIN plain ON plain.v = t.v", true},
		{"even", "SELECT id FROM st WHERE id % 2 = 0", true},
	}
	for _, q := range queries {
		if q.kept {
			h.view(q.name, q.query, keptFor(hour))
		} else {
			h.view(q.name, q.query)
		}
	}
	names := []string{"counts", "twice", "sizes", "joined", "even", "st"}
	for _, n := range names {
		h.rows("SELECT * FROM " + n) // it is loaded
	}
	if err := h.eng.Maintain(context.Background()); err != nil {
		t.Fatal(err) // a crash before would make the views anew
	}
	floor, _ := h.eng.Epoch() // of all but views of streams alone, which begin with the stream
	states := map[uint64]map[string][]string{floor: now.views()}
	note := func() {
		at, _ := h.eng.Epoch()
		states[at] = now.views()
	}
	for round := range 12 {
		for range 1 + rng.IntN(8) {
			clock.Set(clock.Now() + rng.Int64N(60_000_000))
			commit()
			note()
		}
		switch rng.IntN(5) {
		case 0:
			h.reopen()
		case 1:
			if err := h.eng.Maintain(context.Background()); err != nil {
				t.Fatal(err)
			}
		case 2:
			opt := h.opt
			opt.FS = fs.Crash(rng.IntN(101), rng)
			crashed := open(t, opt)
			for _, n := range names {
				crashed.checkHistory(rng, n, floor, states)
			}
			crashed.close()
		}
		if round == 6 {
			floor = h.expire(clock, states, names, note)
			h.reopen()
		}
		for _, n := range names {
			h.checkHistory(rng, n, floor, states)
		}
	}
	var future *engine.FutureError
	if err := h.failing("SELECT * FROM counts AS OF 100000"); !errors.As(err, &future) {
		t.Fatalf("AS OF ahead: %v", err)
	}
}

// change changes the table or the stream, or both.
func (p *past) change(h *harness, rng *rand.Rand) []engine.Write {
	var changes, rows []change
	ids := rng.Perm(12)
	for more := 1 + rng.IntN(3); more > 0 || len(changes) == 0; more-- {
		id, v := int64(ids[0]), rng.Int64N(4)
		ids = ids[1:]
		if old, ok := p.table[id]; ok {
			changes = append(changes, minus(id, old))
			delete(p.table, id)
		}
		if rng.IntN(3) > 0 {
			changes = append(changes, plus(id, v))
			p.table[id] = v
		}
	}
	if rng.IntN(3) == 0 {
		id := rng.Int64N(50)
		rows = append(rows, plus(id))
		p.stream = append(p.stream, id)
	}
	writes := []engine.Write{h.write("t", changes...)}
	if len(rows) > 0 {
		writes = append(writes, h.write("st", rows...))
	}
	return writes
}

// expire lets an hour pass after the last commits but some, so that history begins anew, and says where.
func (h *harness) expire(clock *engine.ManualClock, states map[uint64]map[string][]string, names []string, note func()) uint64 {
	h.t.Helper()
	for _, n := range names {
		h.rows("SELECT * FROM " + n)
	}
	floor, _ := h.eng.Epoch()
	clock.Set(clock.Now() + hour + 1_000_000)
	if _, err := h.eng.Tick(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	note()
	if err := h.eng.Maintain(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	for at := range states {
		if at < floor {
			var gone *engine.HistoryGoneError
			err := h.failing(fmt.Sprintf("SELECT * FROM counts AS OF %d", at))
			if !errors.As(err, &gone) || gone.Held != floor {
				h.t.Fatalf("AS OF %d, before %d: %v", at, floor, err)
			}
			delete(states, at)
		}
	}
	return floor
}

// checkHistory compares a view's history with the states, at all positions that are held.
func (h *harness) checkHistory(rng *rand.Rand, name string, floor uint64, states map[uint64]map[string][]string) {
	h.t.Helper()
	for _, at := range slices.Sorted(maps.Keys(states)) {
		if got, want := h.rows(fmt.Sprintf("SELECT * FROM %s AS OF %d", name, at)), states[at][name]; !slices.Equal(got, want) {
			h.t.Fatalf("%s as of %d\n got %v\nwant %v", name, at, got, want)
		}
		if rng.IntN(4) > 0 {
			continue
		}
		sum := map[string]int64{}
		for _, row := range states[floor][name] {
			sum[row]++
		}
		for _, row := range h.rows(fmt.Sprintf("SELECT * FROM CHANGES(%s, %d, %d)", name, floor, at)) {
			f := strings.SplitN(row, ",", 3)
			n, err := strconv.ParseInt(f[1], 10, 64)
			if err != nil {
				h.t.Fatal(err)
			}
			sum[f[2]] += n
		}
		var got []string
		for row, n := range sum {
			for range n {
				got = append(got, row)
			}
		}
		slices.Sort(got)
		if want := states[at][name]; !slices.Equal(got, want) {
			h.t.Fatalf("changes of %s through %d\n got %v\nwant %v", name, at, got, want)
		}
	}
}
