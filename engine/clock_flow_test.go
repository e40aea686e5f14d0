package engine_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"millrace/catalog"
	"millrace/engine"
	"millrace/internal/testseed"
	"millrace/storage"
	"millrace/types"
)

// timedViews are views whose rows come and go with the time, and views over them.
var timedViews = []struct{ name, query string }{
	{"fresh", "SELECT id, v FROM ev WHERE at > now() - interval '1 hour'"},
	{"between", "SELECT id, v FROM ev WHERE now() BETWEEN at AND at + interval '3 hours' OR v = 0"},
	{"counted", "SELECT v, count(*) AS n, sum(id) AS s FROM ev WHERE at <= now() AND at > now() - interval '1 day' GROUP BY v"},
	{"over_view", "SELECT v, count(*) AS n FROM fresh GROUP BY v"},
	{"joined", "SELECT f.id, c.n FROM fresh f JOIN counted c ON c.v = f.v"},
	{"paired", "SELECT a.id, b.id AS other FROM ev a JOIN ev b ON a.v = b.v WHERE a.at > now() - interval '2 hours' AND b.at < now() + interval '1 hour'"},
	{"stacked", "SELECT v, max(at) AS last FROM ev WHERE at > now() - interval '5 hours' GROUP BY v HAVING max(at) < now() - interval '1 hour'"},
	{"days", "SELECT id FROM ev WHERE date_trunc('day', now()) = date_trunc('day', at)"},
	{"logged", "SELECT v, count(*) AS n FROM log WHERE at > now() - interval '1 hour' GROUP BY v"},
	{"months", "SELECT id FROM ev WHERE at > now() - interval '1 month'"},
}

// timedHarness has a table ev and a stream log of rows with a time, and the views.
func timedHarness(t *testing.T, opt engine.Options) *harness {
	h := open(t, opt)
	columns := []catalog.Column{{Name: "id", T: types.Of(types.Int8), NotNull: true}, {Name: "at", T: types.Of(types.TimestampTZ)}, {Name: "v", T: types.Of(types.Int8)}}
	h.ddl(func(e *catalog.Edit) error {
		r := &catalog.Relation{ID: e.NewID(), Schema: "public", Name: "ev", Kind: catalog.Table, Key: []int{0}, PrimaryKeyName: "ev_pkey", Columns: columns}
		return e.AddRelation(r)
	})
	h.ddl(func(e *catalog.Edit) error {
		return e.AddRelation(&catalog.Relation{ID: e.NewID(), Schema: "public", Name: "log", Kind: catalog.Stream, AppendOnly: true, Columns: columns})
	})
	return h
}

func (h *harness) sameTimed() {
	h.t.Helper()
	for _, v := range timedViews {
		h.same(v.name, v.query)
	}
}

// TestTimedViews changes rows and the clock, which sometimes jumps by days and sometimes back, and compares views with their
// queries at every epoch; the engine is closed, and crashes, in between. Little may be done in one write.
func TestTimedViews(t *testing.T) {
	seed := testseed.Seed()
	t.Logf("MILLRACE_SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	fs := storage.NewCrashFS()
	clock := &engine.ManualClock{}
	now := int64(100 * types.MicrosPerDay)
	clock.Set(now)
	h := timedHarness(t, engine.Options{Clock: clock, FS: fs, AdvanceRowsMax: 3, StepRowsMax: 20, NoBackground: true})
	for i, v := range timedViews {
		if i%2 == 0 || v.name == "counted" { // the others come later, over rows that are there
			h.view(v.name, v.query)
		}
	}
	type kept struct{ at, v int64 }
	rows := map[int64]kept{}
	next := int64(0)
	for i := range 120 {
		switch r.IntN(8) {
		case 0:
			now += r.Int64N(3 * types.MicrosPerDay)
		case 1:
			now -= r.Int64N(types.MicrosPerDay / 24)
		default:
			now += r.Int64N(types.MicrosPerDay / 40)
		}
		clock.Set(now)
		changes := []change{}
		if old := r.Int64N(next + 1); rows[old] != (kept{}) && r.IntN(2) == 0 {
			changes = append(changes, minus(old, rows[old].at, rows[old].v))
			delete(rows, old)
		}
		for range r.IntN(6) {
			next++
			k := kept{now + r.Int64N(6*types.MicrosPerHour) - 4*types.MicrosPerHour, r.Int64N(4)}
			rows[next] = k
			changes = append(changes, plus(next, k.at, k.v))
		}
		switch {
		case len(changes) == 0 || r.IntN(3) == 0:
			if _, err := h.eng.Tick(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				if c.weight > 0 {
					delete(rows, c.row[0])
				} else {
					rows[c.row[0]] = kept{c.row[1], c.row[2]}
				}
			}
		default:
			h.mustCommit(h.write("ev", changes...), h.write("log", plus(next, now-r.Int64N(2*types.MicrosPerHour), r.Int64N(3))))
		}
		if i == 30 {
			for j, v := range timedViews {
				if j%2 == 1 && v.name != "counted" {
					h.view(v.name, v.query)
				}
			}
		}
		if i > 30 && r.IntN(3) > 0 {
			h.sameTimed()
		}
		switch r.IntN(10) {
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
			if i > 30 {
				crashed.sameTimed()
			}
			crashed.close()
		}
	}
	h.sameTimed()
}

// TestClockJumps lets all rows of a view go by a jump of the clock and checks that no write takes more of them than it may, also
// where all go at the same time, and that a view over it follows.
func TestClockJumps(t *testing.T) {
	for _, apart := range []int64{1, 0} {
		clock := &engine.ManualClock{}
		clock.Set(types.MicrosPerDay)
		h := timedHarness(t, engine.Options{Clock: clock, AdvanceRowsMax: 100})
		id := h.view("fresh", timedViews[0].query)
		h.view("over_view", timedViews[3].query)
		var changes []change
		for i := range int64(5000) {
			changes = append(changes, plus(i, types.MicrosPerDay+i*apart, i%7))
		}
		h.mustCommit(h.write("ev", changes...))
		if got := h.rows("SELECT count(*), sum(n) FROM fresh, (SELECT sum(n) AS n FROM over_view) q"); got[0] != "5000,25000000" {
			t.Fatalf("%v", got)
		}
		before, _, err := h.eng.Figures(context.Background(), id, false)
		if err != nil {
			t.Fatal(err)
		}
		clock.Set(3 * types.MicrosPerDay)
		if _, err := h.eng.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := h.rows("SELECT count(*) FROM fresh UNION ALL SELECT count(*) FROM over_view"); !slices.Equal(got, []string{"0", "0"}) {
			t.Fatalf("%v", got)
		}
		after, _, err := h.eng.Figures(context.Background(), id, true)
		if err != nil {
			t.Fatal(err)
		}
		if n := after.Stats.Steps - before.Stats.Steps; n < 50 || n > 52 {
			t.Errorf("%d writes, want 50", n)
		}
		for _, s := range after.State {
			if s.Rows > 0 {
				t.Errorf("%d rows of state are left", s.Rows)
			}
		}
		h.close()
	}
}

// TestIdleClock checks that the engine commits nothing while no view waits for a time, though one is there that could.
func TestIdleClock(t *testing.T) {
	h := timedHarness(t, engine.Options{Clock: engine.SystemClock{}})
	h.view("fresh", timedViews[0].query)
	h.mustCommit(h.write("ev", plus(1, 0, 1))) // long gone
	h.rows("SELECT * FROM fresh")
	before, _ := h.eng.Epoch()
	h.reopen()
	h.rows("SELECT * FROM fresh")
	if after, _ := h.eng.Epoch(); after != before {
		t.Errorf("epoch %d after %d without a commit", after, before)
	}
}

// TestTicks waits for the machine's clock to take a row out of a view, without any commit but the engine's own.
func TestTicks(t *testing.T) {
	h := timedHarness(t, engine.Options{Clock: engine.SystemClock{}})
	h.view("fresh", timedViews[0].query)
	const hour = types.MicrosPerHour
	start := engine.SystemClock{}.Now()
	h.mustCommit(h.write("ev", plus(1, start-hour+300_000, 1), plus(2, start+hour, 1)))
	for {
		rows := h.rows("SELECT id FROM fresh")
		late := engine.SystemClock{}.Now() - (start + 300_000)
		if len(rows) == 1 {
			if late < 0 {
				t.Errorf("the row left %d microseconds early", -late)
			}
			break
		}
		if late > 5_000_000 {
			t.Fatalf("the view still has %v", rows)
		}
	}
	epoch, wall := h.eng.Epoch()
	if epoch > 10 || wall < start+300_000 {
		t.Errorf("epoch %d at %d", epoch, wall)
	}
}
