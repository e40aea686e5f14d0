package watermark

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"millrace/internal/testseed"
	"millrace/types"
)

func newRand(t *testing.T) *rand.Rand {
	seed := testseed.Seed()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 2))
}

// TestFirstWindow compares First with a search over all windows.
func TestFirstWindow(t *testing.T) {
	r := newRand(t)
	for range 20_000 {
		w := Window{Slide: 1 + r.Int64N(12)}
		w.Size, w.Shift = w.Slide*(1+r.Int64N(5)), r.Int64N(15)
		if w.Cumulate = r.IntN(3) == 0; !w.Cumulate && r.IntN(4) == 0 {
			w.Size = 1 + r.Int64N(w.Slide) // gaps between windows
		}
		ts := r.Int64N(200) - 100
		found := false
		var start int64
		for at := ts; at < ts+40 && !found; at++ { // the first time from ts on that a window holds, and its first window
			period := w.Slide
			if w.Cumulate {
				period = w.Size
			}
			for s := at - w.Size; s <= at && !found; s++ {
				if (s-w.Shift)%period != 0 {
					continue
				}
				ends := []int64{s + w.Size}
				if w.Cumulate {
					ends = nil
					for e := s + w.Slide; e <= s+w.Size; e += w.Slide {
						ends = append(ends, e)
					}
				}
				for _, e := range ends {
					if at < e && at >= s && !found {
						start, found = s, true
					}
				}
			}
		}
		if got, ok := w.First(ts); !ok || got != start {
			t.Fatalf("%+v at %d: %d %v, want %d", w, ts, got, ok, start)
		}
	}
}

// TestMarkIsStored checks that a mark survives JSON, and what it says of itself.
func TestMarkIsStored(t *testing.T) {
	w := Window{Size: 10, Slide: 5}
	m := Least(Of(7, "a").In(w).Plus(-3), Of(9, "b").Plus(1_000_000))
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Mark
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !m.Equal(&back) || back.String() != m.String() {
		t.Errorf("%s became %s", m, &back)
	}
	if ids := m.Relations(); len(ids) != 2 || ids[0] != 7 || ids[1] != 9 {
		t.Errorf("relations %v", ids)
	}
	if Least(Of(1, "x"), nil) != nil || Least(Of(1, "x"), Of(1, "x")).String() != "watermark of x" {
		t.Error("the least of marks")
	}
	at := func(v int64) func(uint32) int64 { return func(uint32) int64 { return v } }
	if got := Of(7, "a").In(w).Plus(-3).Value(at(12)); got != 2 {
		t.Errorf("value %d", got) // the first window that holds 12 is [5, 15)
	}
	berlin := Window{Calendar: types.IntervalValue{Days: 1}, Zone: "Europe/Berlin"}
	if got, ok := berlin.First(12 * 3600 * 1_000_000); !ok || got != -3600*1_000_000 {
		t.Errorf("midnight in Berlin is at %d, %v", got, ok)
	}
	if got := m.Value(at(None)); got != None {
		t.Errorf("without a watermark: %d", got)
	}
}

// TestTracker follows partitions that are new, late, idle and back.
func TestTracker(t *testing.T) {
	tr := NewTracker(100, 0)
	check := func(what string, mark int64, idle bool) {
		t.Helper()
		if got := tr.Reading(); got != (Reading{mark, idle}) {
			t.Fatalf("%s: %+v, want %d, idle %v", what, got, mark, idle)
		}
		back, err := ParseTracker(tr.Append(nil), 100)
		if err != nil {
			t.Fatal(err)
		}
		tr = back // a restart at each step
	}
	next := func(want int64) {
		t.Helper()
		at, ok := tr.NextIdle()
		if !ok {
			at = 0
		}
		if at != want {
			t.Fatalf("idle next at %d, want %d", at, want)
		}
	}
	check("nothing", None, false)
	next(100)
	if !tr.Decide(100) {
		t.Error("silence from the beginning is no change")
	}
	check("silent from the beginning", None, true)
	next(0)
	tr.Observe("p1", 1000, 110)
	tr.Decide(110)
	check("the first", 1000, false)
	tr.Observe("p2", 400, 120)
	tr.Decide(120)
	check("one that is behind does not take it back", 1000, false)
	next(210)
	tr.Observe("p1", 2000, 130)
	tr.Decide(130)
	check("but holds it", 1000, false)
	tr.Observe("p2", 1500, 140)
	tr.Decide(140)
	check("until it is past", 1500, false)
	next(230)
	tr.Observe("p1", 1900, 180) // an hour late within a partition does nothing
	tr.Decide(180)
	check("late rows", 1500, false)
	tr.Decide(239)
	check("before the timeout", 1500, false)
	tr.Decide(240)
	check("p2 is idle", 2000, false)
	tr.Observe("p2", 1600, 250)
	tr.Decide(250)
	check("p2 is back, behind", 2000, false)
	tr.Observe("p1", 3000, 260)
	tr.Decide(260)
	check("and holds it again", 2000, false)
	tr.Decide(1000)
	check("all idle", 3000, true)
	next(0)
	tr.Observe("p3", None, 1010)
	tr.Decide(1010)
	check("a new one without a time", 3000, false)
	tr.Observe("p1", 4000, 1020)
	tr.Decide(1020)
	check("holds it", 3000, false)
	if tr.Decide(1021) {
		t.Error("nothing has changed")
	}
}

// TestTrackerBytes checks that damaged bytes are refused.
func TestTrackerBytes(t *testing.T) {
	tr := NewTracker(0, 5)
	tr.Observe("a", 5, 6)
	tr.Observe("b", None, 7)
	tr.Decide(7)
	good := tr.Append(nil)
	for n := range good {
		if _, err := ParseTracker(good[:n], 0); err == nil {
			t.Errorf("%d of %d bytes are taken for a tracker", n, len(good))
		}
	}
	if _, err := ParseTracker(append(good, 0), 0); err == nil {
		t.Error("a byte too many is taken")
	}
	if _, err := ParseReading(nil); err == nil {
		t.Error("no bytes are a reading")
	}
}

// TestSet: an idle relation goes with the active ones, and nothing goes back.
func TestSet(t *testing.T) {
	s := NewSet([]uint32{1, 2})
	step := func(a, b Reading, wantA, wantB int64) {
		t.Helper()
		s.Note(1, a)
		s.Note(2, b)
		s.Settle()
		if s.Value(1) != wantA || s.Value(2) != wantB {
			t.Fatalf("%d and %d, want %d and %d", s.Value(1), s.Value(2), wantA, wantB)
		}
		back := NewSet([]uint32{1, 2})
		if err := back.Load(s.Append(nil)); err != nil {
			t.Fatal(err)
		}
		s = back
	}
	step(Reading{10, false}, Reading{None, false}, 10, None)
	step(Reading{20, false}, Reading{None, true}, 20, 20)
	step(Reading{30, false}, Reading{5, false}, 30, 20)
	step(Reading{40, true}, Reading{25, false}, 40, 25)
	step(Reading{40, true}, Reading{60, true}, 40, 60)
	step(Reading{45, true}, Reading{70, false}, 70, 70)
	step(Reading{50, false}, Reading{70, false}, 70, 70)
	if s.Value(3) != None {
		t.Error("a relation that is not in the set has a watermark")
	}
}
