package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/internal/oracle"
)

// hearer is a connection that keeps what it is notified of.
type hearer struct {
	t     testing.TB
	name  string
	conn  *pgconn.PgConn
	pids  map[uint32]string // names of sessions
	heard []string
}

func newHearer(t testing.TB, url, name string, pids map[uint32]string) *hearer {
	t.Helper()
	h := &hearer{t: t, name: name, pids: pids}
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		h.heard = append(h.heard, fmt.Sprintf("%s=%s from %s", n.Channel, n.Payload, h.pids[n.PID]))
	}
	if h.conn, err = pgconn.ConnectConfig(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.conn.Close(context.Background()) })
	pids[h.conn.PID()] = name
	return h
}

// exec runs statements and gives the SQLSTATE and message of an error.
func (h *hearer) exec(sql string) string {
	h.t.Helper()
	_, err := execOn(context.Background(), h.conn, sql)
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code + " " + pe.Message
	}
	if err != nil {
		h.t.Fatalf("%s: %s: %v", h.name, sql, err)
	}
	return ""
}

// wait gives the next n notifications, for which it waits without a statement.
func (h *hearer) wait(n int) []string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	for len(h.heard) < n {
		if err := h.conn.WaitForNotification(ctx); err != nil {
			h.t.Fatalf("%s has heard %q and waits for %d: %v", h.name, h.heard, n, err)
		}
	}
	got := slices.Clone(h.heard[:n])
	h.heard = h.heard[n:]
	return got
}

// notifyStep is a statement of a session, and what each session then hears of: "session channel=payload".
type notifyStep struct {
	by, sql string
	fails   string
	hear    []string
}

// TestNotifyAsPostgreSQL: the same conversation has the same notifications in Millrace and in PostgreSQL.
func TestNotifyAsPostgreSQL(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	steps := []notifyStep{
		{by: "a", sql: "LISTEN one"},
		{by: "b", sql: "LISTEN one; LISTEN Two; LISTEN one"},
		{by: "c", sql: "NOTIFY one, 'hello'", hear: []string{"a one=hello", "b one=hello"}},
		{by: "c", sql: "NOTIFY two", hear: []string{"b two="}},
		{by: "c", sql: "SELECT pg_notify('Two', 'case counts')"},
		{by: "b", sql: "NOTIFY two, 'own'", hear: []string{"b two=own"}},
		// Once in a transaction, at its end, in order.
		{by: "c", sql: "BEGIN; NOTIFY one, 'x'; NOTIFY one, 'y'; NOTIFY one, 'x'; SELECT pg_notify('one', NULL)"},
		{by: "c", sql: "NOTIFY one, 'z'"},
		{by: "c", sql: "COMMIT", hear: []string{"a one=x", "a one=y", "a one=", "a one=z", "b one=x", "b one=y", "b one=", "b one=z"}},
		{by: "c", sql: "NOTIFY one, 'm'; NOTIFY one, 'm'; SELECT 1", hear: []string{"a one=m", "b one=m"}},
		{by: "c", sql: "SELECT pg_notify('one', i::text) FROM generate_series(1, 3) i", hear: []string{"a one=1", "a one=2", "a one=3", "b one=1", "b one=2", "b one=3"}},
		// Taken back.
		{by: "c", sql: "BEGIN; NOTIFY one, 'lost'; ROLLBACK"},
		{by: "c", sql: "NOTIFY one, 'lost'; SELECT 1/0", fails: "22012 division by zero"},
		{by: "c", sql: "SELECT pg_notify('one', 'lost'), 1/(i-2) FROM generate_series(1, 2) i", fails: "22012 division by zero"},
		{by: "c", sql: "BEGIN; NOTIFY one, 'p'; SAVEPOINT s; NOTIFY one, 'q'; NOTIFY one, 'p'; ROLLBACK TO s; NOTIFY one, 'r'; SAVEPOINT u; NOTIFY one, 'v'; RELEASE u; COMMIT",
			hear: []string{"a one=p", "a one=r", "a one=v", "b one=p", "b one=r", "b one=v"}},
		{by: "c", sql: "BEGIN; LISTEN one; ROLLBACK"},
		{by: "c", sql: "BEGIN; SAVEPOINT s; LISTEN one; ROLLBACK TO s; COMMIT"},
		{by: "c", sql: "NOTIFY one, 'not to c'", hear: []string{"a one=not to c", "b one=not to c"}},
		// A block hears at its end. LISTEN takes effect then.
		{by: "d", sql: "BEGIN; LISTEN three"},
		{by: "a", sql: "BEGIN"},
		{by: "c", sql: "NOTIFY one, 'later'", hear: []string{"b one=later"}},
		{by: "c", sql: "NOTIFY three, 'too early'"},
		{by: "a", sql: "SELECT 1"},
		{by: "a", sql: "COMMIT", hear: []string{"a one=later"}},
		{by: "a", sql: "LISTEN three"},
		{by: "d", sql: "COMMIT"},
		{by: "c", sql: "NOTIFY three, 'in time'", hear: []string{"a three=in time", "d three=in time"}},
		{by: "d", sql: "UNLISTEN *"},
		{by: "d", sql: "BEGIN; NOTIFY four, 'self'; LISTEN four; COMMIT", hear: []string{"d four=self"}},
		{by: "d", sql: "BEGIN; NOTIFY four, 'self'; UNLISTEN four; COMMIT"},
		{by: "d", sql: "BEGIN; LISTEN four; UNLISTEN *; LISTEN five; COMMIT; NOTIFY four; NOTIFY five, '!'", hear: []string{"d five=!"}},
		{by: "d", sql: "RESET ALL; NOTIFY five, 'still'", hear: []string{"d five=still"}},
		{by: "d", sql: "DISCARD ALL"},
		{by: "d", sql: "NOTIFY five, 'gone'"},
		{by: "a", sql: "BEGIN; NOTIFY one, 'read'; SET TRANSACTION READ ONLY; NOTIFY one, 'only'; LISTEN one; COMMIT",
			hear: []string{"a one=read", "a one=only", "b one=read", "b one=only"}},
		// Names and payloads.
		{by: "c", sql: "NOTIFY one, '" + long(8000) + "'", fails: "22023 payload string too long"},
		{by: "c", sql: "NOTIFY one, '" + long(7999) + "'", hear: []string{"a one=" + long(7999), "b one=" + long(7999)}},
		{by: "c", sql: "SELECT pg_notify('', 'x')", fails: "22023 channel name cannot be empty"},
		{by: "c", sql: "SELECT pg_notify(NULL, 'x')", fails: "22023 channel name cannot be empty"},
		{by: "c", sql: "SELECT pg_notify('" + long(64) + "', 'x')", fails: "22023 channel name too long"},
		{by: "d", sql: "LISTEN " + long(70)},
		{by: "c", sql: "SELECT pg_notify('" + long(63) + "', 'x')", hear: []string{"d " + long(63) + "=x"}},
		{by: "d", sql: "NOTIFY " + long(70) + ", 'y'", hear: []string{"d " + long(63) + "=y"}},
		// UNLISTEN takes away what waits.
		{by: "a", sql: "BEGIN; UNLISTEN three"},
		{by: "c", sql: "NOTIFY three, 'waits'; NOTIFY one, 'stays'", hear: []string{"b one=stays"}},
		{by: "a", sql: "COMMIT", hear: []string{"a one=stays"}},
		{by: "a", sql: "BEGIN; SELECT nothing", fails: `42703 column "nothing" does not exist`},
		{by: "c", sql: "NOTIFY one, 'failed'", hear: []string{"b one=failed"}},
		{by: "a", sql: "ROLLBACK", hear: []string{"a one=failed"}},
	}
	for _, server := range []struct{ name, url string }{
		{"millrace", startNode(t).url()},
		{"postgresql", oracle.Require(t).NewDatabase(t)},
	} {
		pids := map[uint32]string{}
		sessions := map[string]*hearer{}
		for _, name := range []string{"a", "b", "c", "d"} {
			sessions[name] = newHearer(t, server.url, name, pids)
		}
		for _, st := range steps {
			if got := sessions[st.by].exec(st.sql); got != st.fails {
				t.Fatalf("%s: %.80s gives %q, want %q", server.name, st.sql, got, st.fails)
			}
			for _, name := range []string{"a", "b", "c", "d"} {
				var want []string
				for _, text := range st.hear {
					if who, what, _ := strings.Cut(text, " "); who == name {
						want = append(want, what+" from "+st.by)
					}
				}
				if st.by != name {
					// What waits for the end of a's block was sent by another.
					if got := sessions[name].wait(len(want)); !slices.Equal(got, want) {
						t.Fatalf("%s: after %.80s %s hears %q, want %q", server.name, st.sql, name, got, want)
					}
					continue
				}
				got := sessions[name].wait(len(want))
				for i := range got {
					got[i], _, _ = strings.Cut(got[i], " from ")
					want[i], _, _ = strings.Cut(want[i], " from ")
				}
				if !slices.Equal(got, want) || len(sessions[name].heard) > 0 {
					t.Fatalf("%s: after %.80s %s hears %q, want %q; and then %q", server.name, st.sql, name, got, want, sessions[name].heard)
				}
			}
		}
		for _, name := range []string{"a", "b", "c", "d"} { // nothing else has come
			h := sessions[name]
			if e := h.exec("LISTEN last; NOTIFY last, '" + name + "'; UNLISTEN last; LISTEN last"); e != "" {
				t.Fatal(e)
			}
			if got := h.wait(1); got[0] != "last="+name+" from "+name {
				t.Errorf("%s: %s hears %q at the end", server.name, name, got)
			}
			h.exec("UNLISTEN *")
		}
	}
}

// TestListeningChannels: the list is that of what has been committed.
func TestListeningChannels(t *testing.T) {
	w := newTwin(t, startNode(t))
	list := "SELECT * FROM pg_listening_channels()"
	w.same(list)
	w.must("LISTEN b")
	w.must("LISTEN a")
	w.must("LISTEN b")
	w.same(list)
	w.must("BEGIN")
	w.must("LISTEN c")
	w.must("UNLISTEN b")
	w.same(list)
	w.must("COMMIT")
	w.same(list)
	w.same("SELECT pg_listening_channels()")
	w.must("DISCARD ALL")
	w.same(list)
	for _, query := range []string{"SELECT pg_notify('a', 'b')", list} {
		if _, err := w.millrace.tryExec("CREATE MATERIALIZED VIEW v AS " + query); err == nil || err.Code != "0A000" {
			t.Errorf("a view with %s: %v", query, err)
		}
	}
}

// TestListenToRelations: the name of a relation is a channel that tells positions at which a read sees the change.
func TestListenToRelations(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	d.exec("CREATE TABLE other (v int)")
	d.exec("CREATE MATERIALIZED VIEW sums AS SELECT sum(v) AS v FROM t WHERE v > 0")
	c := n.pgx()
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	exec := func(sql string) {
		t.Helper()
		if _, err := c.Exec(ctx, sql); err != nil {
			t.Fatal(sql, err)
		}
	}
	last := uint64(0)
	hear := func(channel string) {
		t.Helper()
		note, err := c.WaitForNotification(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var at uint64
		if _, err := fmt.Sscan(note.Payload, &at); err != nil || note.Channel != channel || note.PID != 0 || at <= last {
			t.Fatalf("heard %+v after position %d, want one of %s", note, last, channel)
		}
		last = at
	}
	exec("SET read_freshness = 'relaxed'")
	exec(`LISTEN "public.sums"`)
	for i := range 20 {
		d.exec(fmt.Sprintf("INSERT INTO t VALUES (%d, 1)", i))
		hear("public.sums")
		var v int
		if err := c.QueryRow(ctx, "SELECT v FROM sums").Scan(&v); err != nil || v != i+1 {
			t.Fatalf("the view is %d after %d rows (%v)", v, i+1, err)
		}
	}
	// What does not change the view tells nothing: the next position is that of the change after it.
	d.exec("INSERT INTO other VALUES (1)")
	d.exec("INSERT INTO t VALUES (-1, -1)")
	before := last
	d.exec("DELETE FROM t WHERE id = 0")
	hear("public.sums")
	if last < before+3 {
		t.Errorf("position %d is told, %d was before three commits", last, before)
	}
	// Positions that are not delivered become one. A relation may be made after LISTEN.
	exec(`UNLISTEN *; LISTEN later; LISTEN done`)
	exec("BEGIN")
	d.exec("CREATE TABLE later (v int)")
	for i := range 10 {
		d.exec(fmt.Sprintf("INSERT INTO later VALUES (%d)", i))
	}
	d.exec("CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM later")
	d.query("SELECT * FROM seen")
	exec("COMMIT")
	hear("later")
	d.exec("ALTER TABLE later RENAME TO elsewhere")
	d.exec("INSERT INTO elsewhere VALUES (11)")
	d.exec("ALTER TABLE elsewhere RENAME TO later")
	d.exec("UPDATE later SET v = 12 WHERE v = 11")
	hear("later")
}

// TestListenerThatDoesNotRead: what waits for it is bounded, and it is told that something was lost.
func TestListenerThatDoesNotRead(t *testing.T) {
	n := startNode(t)
	cfg, err := pgconn.ParseConfig(n.url())
	if err != nil {
		t.Fatal(err)
	}
	var notices []string
	heard := 0
	cfg.OnNotice = func(_ *pgconn.PgConn, e *pgconn.Notice) { notices = append(notices, e.Message) }
	cfg.OnNotification = func(_ *pgconn.PgConn, x *pgconn.Notification) { heard++ }
	conn, err := pgconn.ConnectConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := execOn(context.Background(), conn, "LISTEN a"); err != nil {
		t.Fatal(err)
	}
	if _, err := execOn(context.Background(), conn, "BEGIN"); err != nil { // nothing is delivered
		t.Fatal(err)
	}
	idle := newHearer(t, n.url(), "idle", map[uint32]string{}) // is sent them, and never reads
	idle.exec("LISTEN a")
	d := n.db()
	const each, rounds = 1000, 4
	for i := range rounds {
		d.exec(fmt.Sprintf("SELECT pg_notify('a', rpad('%d-' || i, 7000, 'x')) FROM generate_series(1, %d) i", i, each))
	}
	if _, err := execOn(context.Background(), conn, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if len(notices) != 1 || notices[0] != fmt.Sprintf("%d notifications were lost", each*rounds-heard) || heard < each {
		t.Errorf("heard %d of %d with the notices %q", heard, each*rounds, notices)
	}
	if _, err := d.tryExec("SELECT pg_notify('a', rpad(i::text, 7000, 'x')) FROM generate_series(1, 5000) i"); err == nil || err.Code != "54000" {
		t.Errorf("a transaction with too many: %v", err)
	}
	d.exec("NOTIFY a, 'again'")
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	if err := conn.WaitForNotification(ctx); err != nil {
		t.Fatal(err)
	}
	n.stop() // does not wait for it
}

// TestNotifyInCommitOrder: notifications of concurrent transactions come to each listener in the order of their commits.
func TestNotifyInCommitOrder(t *testing.T) {
	n := startNode(t)
	n.db().exec("CREATE TABLE counter (v int); INSERT INTO counter VALUES (0)")
	h := newHearer(t, n.url(), "h", map[uint32]string{})
	h.exec("LISTEN c")
	const writers, each = 4, 25
	done := make(chan error, writers)
	for range writers {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
			defer cancel()
			conn, err := n.dial(ctx)
			if err == nil {
				defer conn.Close(context.Background())
			}
			for i := 0; i < each && err == nil; {
				_, err = execOn(ctx, conn, "BEGIN; UPDATE counter SET v = v + 1; SELECT pg_notify('c', lpad(v::text, 5, '0')) FROM counter; COMMIT")
				var pe *pgconn.PgError
				if errors.As(err, &pe) && pe.Code == "40001" {
					_, err = execOn(ctx, conn, "ROLLBACK") // somebody else has counted
					continue
				}
				i++
			}
			done <- err
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for i, got := range h.wait(writers * each) {
		if want := fmt.Sprintf("c=%05d from ", i+1); got != want {
			t.Fatalf("notification %d is %q, want %q", i, got, want)
		}
	}
}

// TestNotifyInPipeline: notifications come before ReadyForQuery and not within an implicit transaction.
func TestNotifyInPipeline(t *testing.T) {
	n := startNode(t)
	d := n.db()
	h := newHearer(t, n.url(), "h", map[uint32]string{})
	h.exec("LISTEN a")
	f := h.conn.Frontend()
	send := func(sql string) {
		f.SendParse(&pgproto3.Parse{Query: sql})
		f.SendBind(&pgproto3.Bind{})
		f.SendExecute(&pgproto3.Execute{})
	}
	send("NOTIFY a, 'own'")
	f.Send(&pgproto3.Flush{})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	_ = h.conn.Conn().SetReadDeadline(time.Now().Add(answerTimeout))
	var got []string
	receive := func(until any) {
		t.Helper()
		for {
			m, err := f.Receive()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *pgproto3.CommandComplete:
				got = append(got, string(m.CommandTag))
			case *pgproto3.NotificationResponse:
				got = append(got, m.Payload)
			}
			if fmt.Sprintf("%T", m) == fmt.Sprintf("%T", until) {
				return
			}
		}
	}
	receive(&pgproto3.CommandComplete{})
	d.exec("NOTIFY a, 'other'") // comes while the pipeline's transaction is open
	send("SELECT 1")
	f.SendSync(&pgproto3.Sync{})
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	receive(&pgproto3.ReadyForQuery{})
	if want := []string{"NOTIFY", "SELECT 1", "other", "own"}; !slices.Equal(got, want) {
		t.Errorf("the client gets %q, want %q", got, want)
	}
}
