package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"millrace/catalog"
	"millrace/engine"
	"millrace/expr"
	"millrace/planner"
	"millrace/sql/parser"
	"millrace/types"
)

// subscribe follows a relation, with its contents unless told otherwise.
func (h *harness) subscribe(name string, change ...func(*engine.Following)) *engine.Subscription {
	h.t.Helper()
	r := h.rel(name)
	o := engine.Following{Relation: r, Snapshot: true}
	for i, c := range r.Columns {
		if !c.Hidden {
			o.Cols = append(o.Cols, i)
		}
	}
	return h.follow(o, change...)
}

// subscribeQuery follows a query.
func (h *harness) subscribeQuery(query string, change ...func(*engine.Following)) *engine.Subscription {
	h.t.Helper()
	st, err := parser.ParseOne(query)
	if err != nil {
		h.t.Fatal(err)
	}
	q, err := planner.PlanQuery(st.AST, &planner.Env{Catalog: h.eng.Catalog(), SearchPath: []string{"public"}, View: true, Transient: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.follow(engine.Following{Plan: q.Plan, Context: &expr.Context{Env: types.DefaultEnv}, Snapshot: true}, change...)
}

func (h *harness) follow(o engine.Following, change ...func(*engine.Following)) *engine.Subscription {
	h.t.Helper()
	for _, f := range change {
		f(&o)
	}
	s, err := h.eng.Subscribe(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(s.Close)
	return s
}

func upTo(epoch uint64) func(*engine.Following) {
	return func(o *engine.Following) { o.UpTo = &epoch }
}

func asOf(epoch uint64) func(*engine.Following) {
	return func(o *engine.Following) { o.AsOf, o.Snapshot = &epoch, false }
}

// next gives what comes next as text: position, then rows with their weights; "=" where everything through a position is
// told.
func next(s *engine.Subscription, until <-chan time.Time) (string, error) {
	c, err := s.Next(context.Background(), until)
	if err != nil {
		return "", err
	}
	if c.Batch == nil {
		return fmt.Sprintf("%d=", c.Position), nil
	}
	var rows []string
	for i := range c.Batch.N {
		var row []string
		for _, v := range c.Batch.Cols {
			if v.IsNull(i) {
				row = append(row, "")
				continue
			}
			row = append(row, string(types.AppendText(nil, v.Type, v.Datum(i), types.DefaultEnv)))
		}
		rows = append(rows, fmt.Sprintf("%+d(%s)", c.Batch.Weight(i), strings.Join(row, ",")))
	}
	slices.Sort(rows)
	return fmt.Sprintf("%d: %s", c.Position, strings.Join(rows, " ")), nil
}

// expect checks what comes next.
func expect(t *testing.T, s *engine.Subscription, want ...string) {
	t.Helper()
	for _, w := range want {
		if got, err := next(s, nil); err != nil || got != w {
			t.Fatalf("got %q, %v; want %q", got, err, w)
		}
	}
}

// ready is a time that is up.
func ready() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}

// TestSubscription follows a table, a view of it, and queries over both.
func TestSubscription(t *testing.T) {
	h := open(t, engine.Options{NoBackground: true})
	h.table("t", "id", "v")
	h.view("s", "SELECT v, count(*) AS n FROM t GROUP BY v")
	h.mustCommit(h.write("t", plus(1, 10), plus(2, 10)))
	table, view := h.subscribe("t"), h.subscribe("s")
	query := h.subscribeQuery("SELECT n, count(*) FROM s GROUP BY n")
	both := h.subscribeQuery("SELECT t.id, s.n FROM t JOIN s ON s.v = t.v")
	expect(t, table, "3: +1(1,10) +1(2,10)", "3=")
	expect(t, view, "3: +1(10,2)", "3=")
	expect(t, query, "3: +1(2,1)", "3=")
	expect(t, both, "3: +1(1,2) +1(2,2)", "3=")
	for _, s := range []*engine.Subscription{table, view, query, both} {
		if _, err := next(s, ready()); !errors.Is(err, engine.ErrWaited) {
			t.Fatalf("nothing has changed: %v", err)
		}
	}
	h.mustCommit(h.write("t", minus(1, 10), plus(1, 20)))
	expect(t, table, "4: +1(1,20) -1(1,10)", "4=")
	expect(t, view, "4: +1(10,1) +1(20,1) -1(10,2)", "4=")
	expect(t, query, "4: +1(1,2) -1(2,1)", "4=")
	expect(t, both, "4: +1(1,1) +1(2,1) -1(1,2) -1(2,2)", "4=")
	// A change that comes to nothing is none: what came and went in one transaction.
	h.mustCommit(h.write("t", minus(1, 20), plus(1, 20)))
	h.mustCommit(h.write("t", plus(3, 20)))
	expect(t, table, "6: +1(3,20)", "6=")
	expect(t, view, "6: +1(20,2) -1(20,1)", "6=")

	expect(t, h.subscribe("t", asOf(3)), "4: +1(1,20) -1(1,10)", "6: +1(3,20)", "6=")
	past := h.subscribe("t", asOf(3), upTo(5))
	expect(t, past, "4: +1(1,20) -1(1,10)", "5=")
	if _, err := next(past, nil); !errors.Is(err, io.EOF) {
		t.Fatalf("after UP TO: %v", err)
	}
	ahead := h.subscribe("s", upTo(8))
	expect(t, ahead, "6: +1(10,1) +1(20,2)", "6=")
	h.mustCommit(h.write("t", plus(4, 40)))
	expect(t, ahead, "7: +1(40,1)", "7=")
	h.table("other", "id")
	expect(t, ahead, "8=")
	if _, err := next(ahead, nil); !errors.Is(err, io.EOF) {
		t.Fatalf("after UP TO: %v", err)
	}
	far := uint64(1000)
	var future *engine.FutureError
	if _, err := h.eng.Subscribe(engine.Following{Relation: h.rel("t"), AsOf: &far}); !errors.As(err, &future) {
		t.Fatalf("AS OF ahead: %v", err)
	}
}

// TestPositionsOfIdleView goes on with a view from a position at which nothing of it had changed: its next step begins before
// that and has the changes of later commits alone. A position within a step is refused.
func TestPositionsOfIdleView(t *testing.T) {
	h := open(t, engine.Options{MemoryLimit: 16 << 20, NoBackground: true})
	h.table("t", "id", "v")
	h.table("other", "id")
	s := h.view("s", "SELECT v, count(*) AS n FROM t GROUP BY v")
	h.mustCommit(h.write("t", plus(1, 10)))
	keeps := h.subscribe("s") // the changes that follow
	expect(t, keeps, "4: +1(10,1)", "4=")
	h.mustCommit(h.write("other", plus(1)))
	h.mustCommit(h.write("t", plus(2, 20)))
	expect(t, keeps, "6: +1(20,1)", "6=")
	expect(t, h.subscribe("s", asOf(4)), "6: +1(20,1)", "6=")
	expect(t, h.subscribe("s", asOf(5)), "6: +1(20,1)", "6=")
	set := func(view uint32, paused bool) {
		h.ddl(func(e *catalog.Edit) error {
			return e.Modify(view, func(r *catalog.Relation) { r.SetPaused(paused) })
		})
	}
	set(s, true) // 7
	h.mustCommit(h.write("t", plus(3, 30)))
	h.mustCommit(h.write("t", plus(4, 40)))
	set(s, false)
	expect(t, keeps, "10: +1(30,1) +1(40,1)", "10=")
	expect(t, h.subscribe("s", asOf(7)), "10: +1(30,1) +1(40,1)", "10=")
	var gone *engine.ChangesGoneError
	if got, err := next(h.subscribe("s", asOf(8)), nil); !errors.As(err, &gone) || gone.Held != 10 {
		t.Errorf("within a step: %q, %v", got, err)
	}
	// The same from the changelog in the store, which is kept for a view that does not go on.
	reader := h.view("reader", "SELECT count(*) FROM s") // 11
	h.rows("SELECT * FROM reader")
	set(reader, true) // 12
	h.mustCommit(h.write("t", plus(5, 50)))
	expect(t, keeps, "13: +1(50,1)", "13=")
	set(s, true)
	h.mustCommit(h.write("t", plus(6, 60)))
	h.mustCommit(h.write("t", plus(7, 70)))
	set(s, false)
	expect(t, keeps, "17: +1(60,1) +1(70,1)", "17=")
	const commits, rows = 20, 4000
	for i := range int64(commits) {
		var changes []change
		for k := range int64(rows) {
			changes = append(changes, plus(100+i*rows+k, 100+i*rows+k))
		}
		h.mustCommit(h.write("t", changes...))
		h.rows("SELECT count(*) FROM s")
	}
	expect(t, h.subscribe("s", asOf(13)), "17: +1(60,1) +1(70,1)")
	if got, err := next(h.subscribe("s", asOf(15)), nil); !errors.As(err, &gone) || gone.Held != 17 {
		t.Errorf("within a step, in the store: %q, %v", got, err)
	}
}

// TestSubscribePausedView: a paused view refuses a subscriber to a query over it like one to itself.
func TestSubscribePausedView(t *testing.T) {
	h := open(t, engine.Options{NoBackground: true})
	h.table("t", "id", "v")
	s := h.view("s", "SELECT v, count(*) AS n FROM t GROUP BY v")
	h.mustCommit(h.write("t", plus(1, 10)))
	h.rows("SELECT * FROM s")
	pause := func(paused bool) {
		h.ddl(func(e *catalog.Edit) error {
			return e.Modify(s, func(r *catalog.Relation) { r.SetPaused(paused) })
		})
	}
	pause(true) // 4
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, sub := range []*engine.Subscription{h.subscribe("s"), h.subscribeQuery("SELECT sum(n) FROM s")} {
		var paused *engine.PausedError
		if _, err := sub.Next(ctx, nil); !errors.As(err, &paused) || paused.Paused != "s" {
			t.Errorf("got %v", err)
		}
	}
	pause(false) // 5
	expect(t, h.subscribeQuery("SELECT n FROM s"), "5: +1(1)", "5=")
}

// TestSlowSubscriber does not read while more is written than the tails may hold: nothing is kept for it, and it is told from where
// it could go on. One that reads meanwhile misses nothing, and one of a stream goes on from the log.
func TestSlowSubscriber(t *testing.T) {
	h := open(t, engine.Options{MemoryLimit: 16 << 20, NoBackground: true})
	h.table("t", "id", "v")
	h.stream("st", "id", "v")
	slow, quick, log := h.subscribe("t"), h.subscribe("t"), h.subscribe("st")
	slowQuery := h.subscribeQuery("SELECT sum(v) FROM t")
	expect(t, slow, "2=")
	expect(t, quick, "2=")
	expect(t, log, "2=")
	expect(t, slowQuery, "2: +1()", "2=")
	const commits, rows = 40, 4000
	for i := range int64(commits) {
		var changes []change
		for k := range int64(rows) {
			changes = append(changes, plus(i*rows+k, 1))
		}
		h.mustCommit(h.write("t", changes...), h.write("st", changes...))
		for {
			got, err := next(quick, nil)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(got, "=") {
				break
			}
		}
		if b := h.eng.TailBytes(); b > 1<<20 {
			t.Fatalf("the tails take %d bytes", b)
		}
	}
	for _, s := range []*engine.Subscription{slow, slowQuery} {
		var gone *engine.ChangesGoneError
		if _, err := next(s, nil); !errors.As(err, &gone) || gone.After != 2 || gone.Held <= 2 || gone.Held > commits+2 {
			t.Fatalf("a slow subscriber: %v, %+v", err, gone)
		}
		if _, err := next(s, nil); !errors.Is(err, io.EOF) {
			t.Fatalf("after its end: %v", err)
		}
	}
	n := 0
	for {
		c, err := log.Next(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.Batch == nil {
			break
		}
		n += c.Batch.N
	}
	if n != commits*rows {
		t.Fatalf("%d rows of the stream, want %d", n, commits*rows)
	}
}

// TestManySubscribers has a thousand subscribers to one view, which share its changes, and ten thousand to what does not
// change, of which none is woken.
func TestManySubscribers(t *testing.T) {
	h := open(t, engine.Options{NoBackground: true})
	h.table("t", "id", "v")
	h.table("idle", "id")
	h.view("s", "SELECT v, count(*) AS n, sum(id) AS ids FROM t GROUP BY v")
	h.mustCommit(h.write("t", plus(0, 0)))
	var idle []*engine.Subscription
	for range 10_000 {
		s := h.subscribe("idle")
		expect(t, s, "4=")
		idle = append(idle, s)
	}
	const commits = 30
	var all sync.WaitGroup
	sums := make([]int64, 1000)
	for i := range sums {
		s := h.subscribe("s")
		all.Go(func() {
			for {
				c, err := s.Next(context.Background(), nil)
				if err != nil {
					t.Error(err)
					return
				}
				if c.Batch == nil {
					if c.Position == 4+commits {
						return
					}
					continue
				}
				for k := range c.Batch.N {
					sums[i] += c.Batch.Weight(k) * c.Batch.Cols[1].Datum(k).I
				}
			}
		})
	}
	before := h.eng.TailBytes()
	for i := range int64(commits) {
		h.mustCommit(h.write("t", plus(i+1, i%5)))
	}
	all.Wait()
	for i, n := range sums {
		if n != commits+1 {
			t.Fatalf("subscriber %d counts %d rows, want %d", i, n, commits+1)
		}
	}
	// The table's changes and the view's, once each.
	if grown := h.eng.TailBytes() - before; grown > commits*1024 {
		t.Errorf("the tails have grown by %d bytes for %d commits", grown, commits)
	}
	for _, s := range idle {
		if s.Woken() {
			t.Fatal("a subscriber to what has not changed was woken")
		}
	}
	h.mustCommit(h.write("idle", plus(1)))
	for _, s := range idle {
		s.WaitWoken()
	}
}
