package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/pgwire"
	"millrace/server"
)

// TestHostileStatements runs statements that ask for too much. Each ends soon, with an error where it must, and the server
// goes on.
func TestHostileStatements(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, s text)")
	d.exec("INSERT INTO t SELECT i, 'x' FROM generate_series(1, 1000) AS s(i)")
	d.exec("SET statement_timeout = '1s'")
	nested := func(open, inner, closed string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(closed, n)
	}
	list := func(n int, f func(int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f(i)
		}
		return strings.Join(parts, ", ")
	}
	same := func(s string) func(int) string { return func(int) string { return s } }
	const any = "any"
	for _, c := range []struct{ state, name, sql string }{
		{"54001", "parentheses", "SELECT " + nested("(", "1", ")", 100_000)},
		{"54001", "casts", "SELECT 1" + strings.Repeat("::int", 100_000)},
		{"54001", "minus signs", "SELECT " + strings.Repeat("- ", 100_000) + "1"},
		{"54001", "NOT", "SELECT " + strings.Repeat("NOT ", 100_000) + "true"},
		{"54001", "CASE", "SELECT " + nested("CASE WHEN true THEN ", "1", " END", 50_000)},
		{"54001", "subqueries", "SELECT " + nested("(SELECT ", "1", ")", 50_000)},
		{"54001", "FROM subqueries", nested("SELECT * FROM (", "SELECT 1", ") q", 50_000)},
		{any, "long sum", "SELECT 1" + strings.Repeat(" + 1", 50_000)},
		{any, "long OR", "SELECT count(*) FROM t WHERE id = 0" + strings.Repeat(" OR id = 1", 20_000)},
		{any, "long UNION", "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 5_000)},
		{any, "many joins", "SELECT count(*) FROM t t0 " + strings.ReplaceAll(list(300, func(i int) string { return fmt.Sprintf("JOIN t t%d USING (id)", i+1) }), ",", "")},
		{any, "cross joins", "SELECT count(*) FROM t a, t b, t c, t d"},
		{any, "series", "SELECT count(*) FROM generate_series(1, 1000000000000)"},
		{any, "series of series", "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"},
		{any, "sorted series", "SELECT i FROM generate_series(1, 1000000000000) AS s(i) ORDER BY -i"},
		{any, "distinct series", "SELECT count(DISTINCT i) FROM generate_series(1, 1000000000000) AS s(i)"},
		{any, "grouped series", "SELECT i, count(*) FROM generate_series(1, 1000000000000) AS s(i) GROUP BY i"},
		{any, "repeat", "SELECT length(repeat('x', 2000000000))"},
		{any, "repeat of repeat", "SELECT length(repeat(repeat('x', 100000), 100000))"},
		{any, "lpad", "SELECT length(lpad('x', 2000000000))"},
		{any, "replace", "SELECT length(replace(repeat('x', 1000000), 'x', repeat('y', 1000)))"},
		{any, "concatenation", "SELECT length(string_agg(repeat('x', 1000000), '')) FROM generate_series(1, 100000)"},
		{any, "array", "SELECT cardinality(array_agg(i)) FROM generate_series(1, 1000000000) AS s(i)"},
		{any, "numeric power", "SELECT 10::numeric ^ 100000"},
		{any, "numeric powers", "SELECT (9999::numeric ^ 30000) * (9999::numeric ^ 1000)"},
		{any, "factorial", "SELECT factorial(30000)"},
		{any, "regular expression", "SELECT repeat('a', 100000) ~ '(a*)*b'"},
		{any, "large regular expression", "SELECT 'x' ~ '((x{1000}){1000}){1000}'"},
		{any, "LIKE", "SELECT repeat('a', 100000) LIKE '" + strings.Repeat("%a", 1000) + "b'"},
		{any, "wide row", "SELECT " + list(2000, same("1"))},
		{any, "many values", "VALUES " + list(50_000, same("(1)"))},
		{any, "IN list", "SELECT count(*) FROM t WHERE id IN (" + list(50_000, func(i int) string { return fmt.Sprint(i) }) + ")"},
		{any, "json", "SELECT '" + nested("[", "1", "]", 100_000) + "'::jsonb"},
		{any, "array text", "SELECT '" + nested("{", "1", "}", 100_000) + "'::int[]"},
		{any, "format", "SELECT to_char(1, '" + strings.Repeat("9", 100_000) + "')"},
		{any, "long name", "SELECT 1 AS " + strings.Repeat("n", 100_000)},
		{any, "long literal", "SELECT length('" + strings.Repeat("x", 10_000_000) + "')"},
		{any, "interval", "SELECT interval '9223372036854775807 years'"},
		{any, "many statements", strings.Repeat("SELECT 1;", 20_000)},
		{"42601", "comment", "SELECT " + strings.Repeat("/*", 100_000)},
		{any, "width of a window", "SELECT count(*) FROM HOP(t, now(), INTERVAL '1 microsecond', INTERVAL '100 years')"},
		{any, "limit", "SELECT * FROM t LIMIT 9223372036854775807 OFFSET 9223372036854775807"},
		{any, "view", "CREATE MATERIALIZED VIEW hostile AS SELECT t.id, i FROM t, generate_series(1, 1000000000000) AS s(i)"},
		{any, "view of a product", "CREATE MATERIALIZED VIEW hostile AS SELECT a.id FROM t a, t b, t c, t d"},
	} {
		begin := time.Now()
		_, err := d.tryExec(c.sql)
		switch {
		case err == nil && c.state != any:
			t.Errorf("%s: accepted, want %s", c.name, c.state)
		case err != nil && err.Code == "XX000":
			t.Errorf("%s: %s", c.name, describe(err))
		case err != nil && c.state != any && err.Code != c.state:
			t.Errorf("%s: %s, want %s", c.name, describe(err), c.state)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%s: took %v", c.name, took)
		}
	}
	d.exec("RESET statement_timeout")
	if got := d.query("SELECT count(*) FROM t").scalar(t); got != "1000" {
		t.Errorf("%s rows", got)
	}
}

// TestSlowReader: a client that does not read its result is let go, and costs little until then.
func TestSlowReader(t *testing.T) {
	n := startNode(t)
	addr, srv := front(t, n, pgwire.Config{WriteTimeout: 100 * time.Millisecond}, plain)
	before := heapBytes()
	w := dialWire(t, addr)
	w.start()
	w.send(queryMessage("SELECT i, 'some text beside it' FROM generate_series(1, 1000000000000) AS s(i)"))
	// Not one byte is read; the server ends the session by itself.
	d := n.db()
	waitFor(t, "the session to end", func() bool {
		d.exec("SELECT 1")
		return srv.Connections() == 0
	})
	if grown := heapBytes() - before; grown > 64<<20 {
		t.Errorf("a client that does not read takes %d MiB", grown>>20)
	}
}

// waitFor waits until a condition holds.
func waitFor(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(answerTimeout)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", answerTimeout, what)
		}
	}
}

// TestIdleInTransaction: a transaction block that its client leaves lying is ended.
func TestIdleInTransaction(t *testing.T) {
	n := startNode(t)
	n.db().exec("CREATE TABLE t (a int)")
	w := dialWire(t, n.cfg.Listen)
	w.start()
	w.send(queryMessage("SET idle_in_transaction_session_timeout = 50; BEGIN; INSERT INTO t VALUES (1)"))
	w.untilReady()
	if e := w.rest(); e == nil || e.Severity != "FATAL" || e.Code != "25P03" {
		t.Errorf("the client is told %v", e)
	}
	if got := n.db().query("SELECT count(*) FROM t").scalar(t); got != "0" {
		t.Errorf("%s rows of a transaction that was not committed", got)
	}
	// Outside a block it may take its time.
	w = dialWire(t, n.cfg.Listen)
	w.start()
	w.send(queryMessage("SET idle_in_transaction_session_timeout = 1; SELECT 1"))
	w.untilReady()
	n.db().exec("SELECT count(*) FROM generate_series(1, 1000000)")
	w.send(queryMessage("SELECT 2"))
	w.untilReady()
}

// TestLimitsOfASession: names that a client makes are bounded.
func TestLimitsOfASession(t *testing.T) {
	n := startNode(t)
	w := dialWire(t, n.cfg.Listen)
	w.start()
	refused := func(make func(i int) pgproto3.FrontendMessage, most int) string {
		t.Helper()
		for i := range most {
			w.fe.Send(make(i))
			if i%500 == 499 {
				w.fe.Send(flushMessage)
			}
		}
		w.fe.Send(syncMessage)
		sent := make1(w.fe.Flush)
		answers, err := w.receive(1)
		if err := errors.Join(err, <-sent); err != nil {
			t.Fatal(err)
		}
		for _, m := range answers {
			if e, ok := m.(*pgproto3.ErrorResponse); ok {
				return e.Code
			}
		}
		return ""
	}
	if code := refused(func(i int) pgproto3.FrontendMessage { return parse(fmt.Sprintf("s%d", i), "SELECT 1") }, 20_000); code != "54000" {
		t.Errorf("20,000 prepared statements: %q", code)
	}
	if code := refused(func(i int) pgproto3.FrontendMessage { return bind(fmt.Sprintf("p%d", i), "s0") }, 20_000); code != "54000" {
		t.Errorf("20,000 portals: %q", code)
	}
	w.send(queryMessage("DEALLOCATE ALL"))
	w.untilReady()
}

// make1 runs f beside the caller: what it sends may wait for the caller to read.
func make1(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	return c
}

// TestDroppedUnderneath: relations go while others read and write them. Each statement works or says what is missing.
func TestDroppedUnderneath(t *testing.T) {
	n := startNode(t)
	d := n.db()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 8)
	allowed := map[string]bool{"42P01": true, "55000": true, "40001": true}
	for _, sql := range []string{"INSERT INTO t VALUES (1, 2), (2, 3)", "DELETE FROM t", "SELECT * FROM v", "SELECT count(*) FROM t JOIN v ON t.k = v.k", "SELECT * FROM vv", "BEGIN; SELECT * FROM v; SELECT * FROM vv; COMMIT"} {
		go func() {
			failed <- loop(ctx, n, func(ctx context.Context, conn *pgconn.PgConn) (bool, error) {
				_, err := execOn(ctx, conn, sql)
				var pe *pgconn.PgError
				if err != nil && ctx.Err() == nil && (!errors.As(err, &pe) || !allowed[pe.Code]) {
					return false, fmt.Errorf("%s: %w", sql, err)
				}
				if conn.TxStatus() == 'E' {
					if _, err := execOn(ctx, conn, "ROLLBACK"); err != nil && ctx.Err() == nil {
						return false, err
					}
				}
				return true, nil
			})
		}()
	}
	for range either(0, 60, 2000) {
		d.exec("CREATE TABLE t (k int, v int)")
		d.exec("CREATE MATERIALIZED VIEW v AS SELECT k, count(*) AS n, max(v) AS v FROM t GROUP BY k")
		d.exec("CREATE MATERIALIZED VIEW vv AS SELECT n, count(*) AS m FROM v GROUP BY n")
		d.exec("INSERT INTO t VALUES (7, 7)")
		d.query("SELECT * FROM vv")
		d.exec("DROP TABLE t CASCADE")
	}
	cancel()
	for range 6 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if got := d.query("SELECT count(*) FROM millrace.views").scalar(t); got != "0" {
		t.Errorf("%s views are left", got)
	}
}

// TestMemoryOfQueries: a query that needs more memory than it may have ends with an error, and others do not notice.
func TestMemoryOfQueries(t *testing.T) {
	d := startNode(t, func(c *server.Config) { c.MemoryLimit = 0 }).db()
	d.exec("SET statement_timeout = '30s'")
	for _, sql := range []string{
		"SELECT count(*) FROM (SELECT i, count(*) FROM generate_series(1, 100000000) AS s(i) GROUP BY i) q",
		"SELECT count(*) FROM (SELECT i FROM generate_series(1, 100000000) AS s(i) ORDER BY -i LIMIT 90000000) q",
		"SELECT count(*) FROM generate_series(1, 50000000) a(i) JOIN generate_series(1, 50000000) b(i) ON a.i = b.i",
	} {
		if _, err := d.tryExec(sql); err == nil || err.Code != "53200" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	d.exec("SELECT 1")
}
