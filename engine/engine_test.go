package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"millrace/catalog"
	"millrace/engine"
	"millrace/storage"
)

const groupQuery = "SELECT g, count(*) AS n, sum(v) AS s FROM t GROUP BY g"

func TestViewFollowsTable(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "g", "v")
	h.view("before", groupQuery)
	h.mustCommit(h.write("t", plus(1, 10, 100), plus(2, 10, 200), plus(3, 20, 300)))
	h.same("before", groupQuery)
	h.view("after", groupQuery)
	h.same("after", groupQuery)
	h.mustCommit(h.write("t", minus(1, 10, 100), plus(1, 20, 100)))
	h.mustCommit(h.write("t", minus(2, 10, 200)))
	h.same("before", groupQuery)
	h.same("after", groupQuery)
	if got := h.rows("SELECT * FROM before"); !slices.Equal(got, []string{"20,2,400"}) {
		t.Errorf("rows %v", got)
	}
}

func TestConstraints(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "v")
	h.mustCommit(h.write("t", plus(1, 1)))
	var con *engine.ConstraintError
	if err := h.commit(h.write("t", plus(2, 2), plus(1, 5))); !errors.As(err, &con) || con.Constraint != "t_pkey" {
		t.Errorf("duplicate key: %v", err)
	}
	if got := h.rows("SELECT * FROM t"); !slices.Equal(got, []string{"1,1"}) {
		t.Errorf("a part of a refused transaction is there: %v", got)
	}
	if err := h.commit(h.write("t", minus(1, 7))); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("deleting a row that is not so: %v", err)
	}
	h.mustCommit(h.write("t", minus(1, 1), plus(1, 2)))
}

// TestStackedViewsAtOneEpoch reads two views of different depth over the same table while it changes: at every
// read they must stand for the same commit.
func TestStackedViewsAtOneEpoch(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "g", "v")
	h.view("sums", groupQuery)
	h.view("total", "SELECT sum(s) AS s, sum(n) AS n FROM sums")
	h.view("plain", "SELECT sum(v) AS s, count(*) AS n FROM t")
	plan, ids := h.plan("SELECT total.s, plain.s FROM total, plain WHERE total.s IS DISTINCT FROM plain.s OR total.n IS DISTINCT FROM plain.n")
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := int64(0); ctx.Err() == nil; i++ {
			if err := h.commit(h.write("t", plus(i, i%7, i))); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 200 {
		read, err := h.eng.BeginRead(context.Background(), ids, nil)
		if err != nil {
			t.Fatal(err)
		}
		rows, epoch := h.runPlan(read, plan, "totals"), read.Epoch
		read.Close()
		// The sum of counts of no rows is NULL, the count 0: they are equal once there are rows, from epoch 5 on.
		if len(rows) > 0 && epoch > 5 {
			t.Fatalf("epoch %d: the views differ: %v", epoch, rows)
		}
	}
	cancel()
	wg.Wait()
}

func TestRestartGoesOn(t *testing.T) {
	for _, state := range []int64{0, -1} {
		t.Run(fmt.Sprint("state bytes ", state), func(t *testing.T) {
			h := open(t, engine.Options{StateBytes: state})
			h.table("t", "id", "g", "v")
			h.stream("s", "g", "w")
			join := "SELECT t.id, s.w FROM t JOIN s ON t.g = s.g"
			h.view("sums", groupQuery)
			h.view("joined", join)
			h.view("top", "SELECT id, v FROM t ORDER BY v DESC, id LIMIT 3")
			r := rand.New(rand.NewPCG(1, 2))
			for i := int64(0); i < 30; i++ {
				h.mustCommit(h.write("t", plus(i, r.Int64N(5), r.Int64N(100))), h.write("s", plus(r.Int64N(5), i)))
				if i%5 == 0 {
					h.reopen()
				}
			}
			h.same("sums", groupQuery)
			h.same("joined", join)
			h.same("top", "SELECT id, v FROM t ORDER BY v DESC, id LIMIT 3")
			v, _ := h.eng.ViewStatus(h.rel("sums").ID)
			if v.LoadRows != 0 {
				t.Errorf("a restart read %d rows anew", v.LoadRows)
			}
		})
	}
}

// TestCrashAtEveryCommit takes what a crash would leave after each commit and each step, opens it, and checks that
// every acknowledged row is there and every view equals its query.
func TestCrashAtEveryCommit(t *testing.T) {
	fs := storage.NewCrashFS()
	h := open(t, engine.Options{FS: fs, NoBackground: true})
	h.table("t", "id", "g", "v")
	h.view("sums", groupQuery)
	h.view("stacked", "SELECT n, count(*) AS groups FROM sums GROUP BY n")
	r := rand.New(rand.NewPCG(3, 4))
	model := map[int64][2]int64{}
	for i := range 40 {
		id := r.Int64N(12)
		row := [2]int64{r.Int64N(3), r.Int64N(50)}
		var cs []change
		if old, ok := model[id]; ok {
			cs = append(cs, minus(id, old[0], old[1]))
			delete(model, id)
		}
		if r.IntN(3) > 0 {
			cs = append(cs, plus(id, row[0], row[1]))
			model[id] = row
		}
		if len(cs) > 0 {
			h.mustCommit(h.write("t", cs...))
		}
		if i%3 == 0 {
			h.rows("SELECT * FROM stacked") // the views have applied it
		}
		if i%7 == 0 {
			if err := h.eng.Maintain(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		crashed := open(t, engine.Options{FS: fs.Crash(r.IntN(101), r), NoBackground: true})
		var want []string
		for id, row := range model {
			want = append(want, fmt.Sprintf("%d,%d,%d", id, row[0], row[1]))
		}
		slices.Sort(want)
		if got := crashed.rows("SELECT * FROM t"); !slices.Equal(got, want) {
			t.Fatalf("after a crash at commit %d: rows %v, want %v", i, got, want)
		}
		crashed.same("sums", groupQuery)
		crashed.same("stacked", "SELECT n, count(*) AS groups FROM sums GROUP BY n")
		crashed.close()
	}
}

// TestStepSizeDoesNotMatter runs the same commits with steps of one epoch and of all.
func TestStepSizeDoesNotMatter(t *testing.T) {
	var results [][]string
	for _, rows := range []int{1, 0} {
		h := open(t, engine.Options{StepRowsMax: rows})
		h.stream("s", "g", "v")
		h.view("w", "SELECT g, min(v) AS lo, max(v) AS hi, count(DISTINCT v) AS d FROM s GROUP BY g")
		for i := int64(0); i < 50; i++ {
			h.mustCommit(h.write("s", plus(i%4, i*7%13), plus(i%3, i)))
		}
		results = append(results, h.rows("SELECT * FROM w"))
	}
	if !slices.Equal(results[0], results[1]) {
		t.Errorf("steps of one row give %v, large steps %v", results[0], results[1])
	}
}

func TestDropUnderLoad(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "g", "v")
	for i := int64(0); i < 200; i++ {
		if i%10 == 0 {
			h.view(fmt.Sprint("v", i), groupQuery)
		}
		h.mustCommit(h.write("t", plus(i, i%3, i)))
		if i%10 == 5 {
			id := h.rel(fmt.Sprint("v", i-5)).ID
			h.ddl(func(e *catalog.Edit) error {
				_, err := e.Drop([]uint32{id}, false)
				return err
			})
		}
	}
	h.view("last", groupQuery)
	h.same("last", groupQuery)
	if ids, err := h.eng.Store().Dataflows(); err != nil || len(ids) != 1 {
		t.Errorf("dataflows in the store: %v, %v", ids, err)
	}
}

func TestReadWithDeadline(t *testing.T) {
	h := open(t, engine.Options{})
	h.table("t", "id", "g", "v")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	id := h.view("sums", groupQuery)
	for range 50 {
		read, err := h.eng.BeginRead(ctx, []uint32{id}, nil)
		if err == nil {
			read.Close()
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		h.mustCommit(h.write("t", plus(int64(h.epoch()), 1, 1)))
	}
	h.same("sums", groupQuery)
}

func (h *harness) epoch() uint64 {
	e, _ := h.eng.Epoch()
	return e
}

// TestIdleViewsGiveMemoryBack: a view that has nothing to do gives way to one that needs its memory.
func TestIdleViewsGiveMemoryBack(t *testing.T) {
	const limit = 2 << 20
	h := open(t, engine.Options{StateBytes: limit})
	h.stream("a", "k", "x")
	h.stream("b", "k", "x")
	h.view("va", "SELECT k, count(*) AS n, sum(x) AS x FROM a GROUP BY k")
	h.view("vb", "SELECT k, count(*) AS n, sum(x) AS x FROM b GROUP BY k")
	fill := func(stream string, n int) {
		var rows []change
		for i := range n {
			rows = append(rows, plus(int64(i), 1))
		}
		h.mustCommit(h.write(stream, rows...))
		h.rows("SELECT count(*) FROM v" + stream)
	}
	fill("a", 60000)
	before := h.eng.StateUsed()
	if before < limit/4 || before > limit+limit/8 {
		t.Fatalf("%d bytes after the first view", before)
	}
	fill("b", 60000)
	// The idle view is woken by the other's step and trims in its own time.
	deadline := time.After(20 * time.Second)
	for h.eng.StateUsed() > limit+limit/8 {
		select {
		case <-deadline:
			t.Fatalf("%d bytes in use, %d allowed", h.eng.StateUsed(), limit)
		default:
			runtime.Gosched()
		}
	}
	h.same("va", "SELECT k, count(*), sum(x) FROM a GROUP BY k")
	h.same("vb", "SELECT k, count(*), sum(x) FROM b GROUP BY k")
}
