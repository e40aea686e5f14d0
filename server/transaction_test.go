package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// TestTransactionsOfManyStatements: what a statement costs does not grow with what its transaction has done before. A cost
// that does shows as minutes here.
func TestTransactionsOfManyStatements(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	d.exec("CREATE TABLE k (v int)")
	d.exec("CREATE MATERIALIZED VIEW sums AS SELECT count(*) AS n, sum(t.v) AS tv FROM t JOIN k ON t.id = k.v")
	statements := either(0, 6000, 30_000)
	begin := time.Now()
	var sql strings.Builder
	sql.WriteString("BEGIN; ")
	for i := range statements {
		fmt.Fprintf(&sql, "INSERT INTO t VALUES (%d, %d); INSERT INTO k VALUES (%d); ", i, i, i/2)
	}
	for i := range statements {
		fmt.Fprintf(&sql, "UPDATE t SET v = v + 1 WHERE id = %d; ", i)
	}
	for i := range statements {
		fmt.Fprintf(&sql, "INSERT INTO t VALUES (%d, 0) ON CONFLICT DO NOTHING; ", i)
	}
	d.exec(sql.String() + "COMMIT")
	n := int64(statements)
	if got := d.query("SELECT count(*), sum(v) FROM t"); got.rows[0][0].int() != n || got.rows[0][1].int() != n*(n+1)/2 {
		t.Errorf("the table has %s", got)
	}
	if got := d.query("SELECT n FROM sums").scalar(t); got != fmt.Sprint(n) {
		t.Errorf("the view counts %s", got)
	}
	t.Logf("%d statements in %v", 4*statements, time.Since(begin))
}

// TestReadsInTransactions: a transaction sees the epoch of its first statement, in tables and views, and its own writes
// in tables.
func TestReadsInTransactions(t *testing.T) {
	n := startNode(t)
	a, b := n.db(), n.db()
	a.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	a.exec("CREATE TABLE m (v int)")
	a.exec("CREATE MATERIALIZED VIEW s AS SELECT count(*) AS n, sum(v) AS v FROM t")
	a.exec("INSERT INTO t VALUES (1, 10), (2, 20)")
	a.exec("INSERT INTO m VALUES (1), (1), (2)")
	a.exec("BEGIN")
	want := func(d *db, sql, rows string) {
		t.Helper()
		if got := strings.TrimSpace(d.query(sql).String()); got != rows {
			t.Errorf("%s gives\n%s\nwant\n%s", sql, got, rows)
		}
	}
	want(a, "SELECT * FROM s", `"2"  "30"`)
	b.exec("UPDATE t SET v = v + 1")
	b.exec("INSERT INTO m VALUES (9)")
	b.exec("CREATE MATERIALIZED VIEW later AS SELECT v FROM m")
	want(b, "SELECT * FROM s", `"2"  "32"`)
	want(a, "SELECT * FROM s", `"2"  "30"`)
	want(a, "SELECT sum(v) FROM t", `"30"`)
	want(a, "SELECT count(*) FROM m", `"3"`)
	a.exec("INSERT INTO m VALUES (1), (1)")
	want(a, "SELECT count(*) FROM m WHERE v = 1", `"4"`)
	a.exec("UPDATE m SET v = 7 WHERE v = 1")
	a.exec("DELETE FROM m WHERE v = 2")
	want(a, "SELECT v, count(*) FROM m GROUP BY v", `"7"  "4"`)
	want(b, "SELECT count(*) FROM m WHERE v = 7", `"0"`)
	a.exec("SAVEPOINT one")
	a.exec("DELETE FROM m")
	want(a, "SELECT count(*) FROM m", `"0"`)
	a.exec("ROLLBACK TO one")
	want(a, "SELECT count(*) FROM m", `"4"`)
	a.exec("COMMIT")
	want(b, "SELECT v, count(*) FROM m GROUP BY v ORDER BY v", "\"7\"  \"4\"\n\"9\"  \"1\"")
	want(b, "SELECT count(*) FROM later", `"5"`)
	// A row that somebody else has changed meanwhile is a conflict, and nothing of the transaction stays.
	a.exec("BEGIN")
	want(a, "SELECT v FROM t WHERE id = 1", `"11"`)
	a.exec("UPDATE t SET v = 100 WHERE id = 1")
	a.exec("INSERT INTO m VALUES (100)")
	b.exec("UPDATE t SET v = 200 WHERE id = 1")
	a.refused("40001", "COMMIT")
	want(a, "SELECT v FROM t WHERE id = 1", `"200"`)
	want(a, "SELECT count(*) FROM m WHERE v = 100", `"0"`)
	if got := a.conn.TxStatus(); got != 'I' {
		t.Errorf("after a COMMIT that failed the status is %c", got)
	}
}

// TestReadsInImplicitTransactions: a pipeline without Sync is one transaction. Its statements see what others have committed,
// until it changes rows itself: then it reads the epoch that its changes were made from, so that a row is there once.
func TestReadsInImplicitTransactions(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	d.exec("INSERT INTO t VALUES (1, 10)")
	w := dialWire(t, n.cfg.Listen)
	w.start()
	run := func(sql, want string) {
		t.Helper()
		for _, m := range []pgproto3.FrontendMessage{&pgproto3.Parse{Query: sql}, &pgproto3.Bind{}, &pgproto3.Execute{}, flushMessage} {
			w.fe.Send(m)
		}
		if err := w.fe.Flush(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			m, err := w.fe.Receive()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *pgproto3.DataRow:
				got = append(got, string(m.Values[0]))
			case *pgproto3.ErrorResponse:
				t.Fatalf("%s: %s", sql, m.Message)
			case *pgproto3.CommandComplete:
				if rows := strings.Join(got, " "); rows != want {
					t.Errorf("%s gives %q, want %q", sql, rows, want)
				}
				return
			}
		}
	}
	run("SELECT v FROM t", "10")
	d.exec("UPDATE t SET v = 20")
	run("SELECT v FROM t", "20")
	run("UPDATE t SET v = v + 1 RETURNING v", "21")
	d.exec("UPDATE t SET v = 30")
	run("SELECT v FROM t", "21")
	run("SELECT count(*) FROM t", "1")
	w.fe.Send(syncMessage)
	if err := w.fe.Flush(); err != nil {
		t.Fatal(err)
	}
	if e, ok := w.untilReady()[0].(*pgproto3.ErrorResponse); !ok || e.Code != "40001" {
		t.Errorf("the row has been changed by two, and the second is not refused")
	}
	if got := d.query("SELECT v FROM t").scalar(t); got != "30" {
		t.Errorf("the row has %s", got)
	}
}

// TestRandomTransactions runs random statements in long transactions, and compares what their reads see with PostgreSQL.
func TestRandomTransactions(t *testing.T) {
	r := newRandom(t)
	w := newTwin(t, startNode(t))
	for _, sql := range randomTables {
		w.define(sql)
	}
	ordered := []string{
		"SELECT * FROM a ORDER BY id", "SELECT id, v FROM a ORDER BY id DESC", "SELECT id FROM a ORDER BY id LIMIT 3", "SELECT id, s FROM a ORDER BY id DESC LIMIT 2 OFFSET 1",
		"SELECT * FROM c ORDER BY p, q", "SELECT p, q FROM c ORDER BY p DESC, q DESC LIMIT 4", "SELECT * FROM c WHERE p = 2 ORDER BY q", "SELECT k, count(*) FROM m GROUP BY k ORDER BY k",
		"SELECT id, row_number() OVER (ORDER BY v, id) FROM a ORDER BY id",
	}
	unordered := []string{
		"SELECT * FROM m", "SELECT count(*), sum(x) FROM m WHERE k = 1", "SELECT * FROM c WHERE p = 1 AND q = 'a'", "SELECT a.id, m.x FROM a LEFT JOIN m ON a.k = m.k",
		"SELECT x.id, y.id FROM a x JOIN a y ON x.k = y.k", "SELECT count(*), max(ts) FROM ev", "SELECT k FROM m EXCEPT SELECT k FROM a",
		"SELECT id FROM a WHERE k IN (SELECT k FROM ev)", "SELECT DISTINCT s FROM a", "SELECT * FROM a WHERE id IN (1, 2, 3, 50)",
	}
	read := func() {
		w.same(ordered[r.IntN(len(ordered))])
		w.same(fmt.Sprintf("SELECT * FROM a WHERE id = %d", r.IntN(60)))
		sql := unordered[r.IntN(len(unordered))]
		if d := difference(w.millrace.query(sql), w.postgres.query(sql)); d != "" {
			t.Fatalf("%s\nMillrace (first) and PostgreSQL (second) differ: %s\n%s", sql, d, w.past())
		}
		if t.Failed() {
			t.Fatal(w.past())
		}
	}
	for range either(*changesFlag, 40, 2000) {
		w.must("BEGIN")
		saved := false
		for range 1 + r.IntN(12) {
			if r.IntN(4) == 0 {
				w.must("SAVEPOINT s")
				saved = true
			}
			if !w.exec(randomStatement(r)) {
				if !saved {
					break
				}
				w.must("ROLLBACK TO s")
			}
			if saved && r.IntN(6) == 0 {
				w.must("ROLLBACK TO s")
			}
			read()
		}
		w.exec(oneOf(r, "COMMIT", "COMMIT", "COMMIT", "ROLLBACK"))
		read()
	}
}
