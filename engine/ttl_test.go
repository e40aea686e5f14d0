package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/catalog"
	"millrace/engine"
	"millrace/internal/testseed"
	"millrace/storage"
	"millrace/types"
)

// TestRowsExpire writes, changes and deletes rows of tables with a TTL while the clock moves, jumps and goes back, with restarts
// and crashes in between, and compares the tables with a model, and views with their tables: a view that missed a deletion, or saw
// one twice, differs.
func TestRowsExpire(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 5))
	fs := storage.NewCrashFS()
	clock := &engine.ManualClock{}
	const ttl = types.MicrosPerHour
	h := open(t, engine.Options{Clock: clock, FS: fs, NoBackground: true})
	h.table("t", "id", "v")
	h.ddl(func(e *catalog.Edit) error {
		return e.Modify(h.rel("t").ID, func(r *catalog.Relation) { r.TTL = ttl })
	})
	const query = "SELECT v, count(*) AS n FROM t GROUP BY v"
	h.view("counted", query)
	type kept struct{ v, at int64 }
	model := map[int64]kept{}
	now, log := int64(0), int64(0) // of the clock, and of the last commit
	want := func() (out []string) {
		for id, k := range model {
			out = append(out, fmt.Sprintf("%d,%d", id, k.v))
		}
		slices.Sort(out)
		return out
	}
	expired := 0
	for range 200 {
		switch r.IntN(8) {
		case 0:
			now += r.Int64N(3 * ttl)
		case 1:
			now -= r.Int64N(ttl / 4)
		default:
			now += r.Int64N(ttl / 10)
		}
		clock.Set(now)
		if r.IntN(2) == 0 {
			if _, err := h.eng.Tick(context.Background()); err != nil {
				t.Fatal(err)
			}
			log = max(log, now)
			for id, k := range model {
				if k.at+ttl <= log {
					delete(model, id)
					expired++
				}
			}
		} else {
			var changes []change
			at := max(log, now)
			for range 1 + r.IntN(4) {
				id := r.Int64N(20)
				if slices.ContainsFunc(changes, func(c change) bool { return c.row[0] == id }) {
					continue
				}
				old, ok := model[id]
				if ok {
					changes = append(changes, minus(id, old.v))
					delete(model, id)
				}
				if !ok || r.IntN(3) > 0 {
					k := kept{r.Int64N(5), at}
					if ok && r.IntN(3) == 0 {
						k.v = old.v // the same row once more
					}
					changes = append(changes, plus(id, k.v))
					model[id] = k
				}
			}
			h.mustCommit(h.write("t", changes...))
			log = at
		}
		if got := h.rows("SELECT * FROM t"); !slices.Equal(got, want()) {
			t.Fatalf("rows %v, want %v", got, want())
		}
		h.same("counted", query)
		switch r.IntN(12) {
		case 0:
			h.reopen()
		case 1:
			if err := h.eng.Maintain(context.Background()); err != nil {
				t.Fatal(err)
			}
		case 2:
			opt := h.opt
			opt.FS = fs.Crash(r.IntN(101), r)
			crashed := open(t, opt)
			if got := crashed.rows("SELECT * FROM t"); !slices.Equal(got, want()) {
				t.Fatalf("after a crash rows %v, want %v", got, want())
			}
			crashed.same("counted", query)
			crashed.close()
		}
	}
	if expired < 20 {
		t.Errorf("only %d rows have expired", expired)
	}
	// At last all rows go, and nothing is waited for.
	clock.Set(max(now, log) + ttl)
	if _, err := h.eng.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := h.rows("SELECT * FROM t UNION ALL SELECT * FROM counted"); len(got) > 0 {
		t.Errorf("%v is left", got)
	}
	if due, ok := h.eng.NextDue(); ok {
		t.Errorf("something is due at %d", due)
	}
}

// TestManyRowsExpire lets more rows go at once than one commit may delete.
func TestManyRowsExpire(t *testing.T) {
	clock := &engine.ManualClock{}
	h := open(t, engine.Options{Clock: clock})
	h.table("t", "id", "v")
	h.ddl(func(e *catalog.Edit) error {
		return e.Modify(h.rel("t").ID, func(r *catalog.Relation) { r.TTL = 1000 })
	})
	h.view("counted", "SELECT count(*) AS n FROM t")
	var changes []change
	for i := range int64(25_000) {
		changes = append(changes, plus(i, i))
	}
	h.mustCommit(h.write("t", changes...))
	before, _ := h.eng.Epoch()
	clock.Set(1000)
	after, err := h.eng.Tick(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if after != before+3 {
		t.Errorf("%d commits, want 3", after-before)
	}
	if got := h.rows("SELECT n FROM counted"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("%v", got)
	}
}
