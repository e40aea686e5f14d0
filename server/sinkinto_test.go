package server_test

import (
	"testing"
	"time"
)

// comesTo waits until a query gives the rows: what a sink writes comes a little later than what it is computed from.
func (d *db) comesTo(sql, want string) {
	d.t.Helper()
	end := time.Now().Add(answerTimeout)
	for {
		got := d.query(sql).String()
		if got == want {
			return
		}
		if time.Now().After(end) {
			d.t.Fatalf("%s: %q, want %q", sql, got, want)
		}
	}
}

// TestSinkIntoTable: a sink keeps a table equal to a query by its key, through restarts, pauses and changes by others.
func TestSinkIntoTable(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, g int, n int)")
	d.exec("CREATE TABLE sums (g bigint PRIMARY KEY, note text DEFAULT 'made', s numeric(10, 1))")
	d.exec("INSERT INTO t VALUES (1, 1, 10), (2, 1, 20), (3, 2, 30)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT g, sum(n) AS s FROM t GROUP BY g")
	d.exec("CREATE SINK k INTO sums (g, s) FROM v")
	d.exec("CREATE MATERIALIZED VIEW over AS SELECT count(*) AS c, sum(s) AS s FROM sums")
	const rows = "SELECT * FROM sums ORDER BY g"
	d.comesTo(rows, "\"1\"  \"made\"  \"30.0\"\n\"2\"  \"made\"  \"30.0\"\n")
	d.comesTo("SELECT * FROM over", "\"2\"  \"60.0\"\n")
	d.exec("DELETE FROM t WHERE g = 2")
	d.exec("UPDATE t SET n = n + 1")
	d.comesTo(rows, "\"1\"  \"made\"  \"32.0\"\n")
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	d = n.db()
	d.exec("ALTER SINK k PAUSE")
	d.exec("INSERT INTO t SELECT i, i, 1 FROM generate_series(10, 20009) AS i")
	d.exec("ALTER SINK k RESUME")
	d.comesTo("SELECT count(*), sum(s) FROM sums", "\"20001\"  \"20032.0\"\n")
	d.exec("UPDATE sums SET note = 'mine' WHERE g = 1") // not the sink's row any more: it may be replaced, and is not deleted
	d.exec("DELETE FROM t")
	d.comesTo(rows, "\"1\"  \"mine\"  \"32.0\"\n")
	d.exec("INSERT INTO t VALUES (1, 1, 5)")
	d.comesTo(rows, "\"1\"  \"made\"  \"5.0\"\n")
	d.comesTo("SELECT * FROM over", "\"1\"  \"5.0\"\n")
	d.refused("2BP01", "DROP TABLE sums")
	d.refused("0A000", "ALTER TABLE sums ADD COLUMN x int")
	d.exec("DROP SINK k")
	d.exec("INSERT INTO t VALUES (7, 7, 7)")
	d.exec("DROP TABLE sums CASCADE")
}

// TestSinkRefused: what a sink cannot write is refused when it is created.
func TestSinkRefused(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, g int)")
	d.exec("CREATE TABLE to_key (id int PRIMARY KEY, n bigint)")
	d.exec("CREATE TABLE to_bag (id int, n bigint)")
	d.exec("CREATE STREAM s (id int, n bigint)")
	d.exec("CREATE TABLE checked (id int PRIMARY KEY, n bigint CHECK (n > 0))")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT g, count(*) AS n FROM t GROUP BY g")
	d.exec("CREATE MATERIALIZED VIEW w AS SELECT id, n FROM to_key")
	for sql, code := range map[string]string{
		"CREATE SINK k INTO s FROM v":                                 "42P16", // its rows change
		"CREATE SINK k INTO to_bag FROM v":                            "42P16", // no key
		"CREATE SINK k INTO to_key AS SELECT g, id FROM t":            "42P16", // another key
		"CREATE SINK k INTO to_key FROM w":                            "42P17", // a cycle
		"CREATE SINK k INTO to_key FROM to_key":                       "42P17",
		"CREATE SINK k INTO v FROM t":                                 "42809",
		"CREATE SINK k INTO nothing FROM t":                           "42P01",
		"CREATE SINK k INTO checked FROM v":                           "0A000",
		"CREATE SINK k INTO to_key AS SELECT g, n, 1 FROM v":          "42601", // too many columns
		"CREATE SINK k INTO to_key AS SELECT g, 'x' || g FROM v":      "42804", // of another type
		"CREATE SINK k INTO to_key FROM v WITH (connector = 'kafka')": "22023",
		"CREATE STREAM x AS SELECT * FROM v":                          "42P16",
	} {
		d.refused(code, sql)
	}
	d.exec("CREATE SINK k INTO to_key FROM v")
	d.refused("42P17", "CREATE SINK k2 INTO t AS SELECT id, n FROM to_key")
	if got := d.query("SELECT count(*) FROM millrace.streams WHERE name = 'x'").String(); got != "\"0\"\n" {
		t.Errorf("a refused CREATE STREAM AS left the stream: %s", got)
	}
}

// TestStreamAs: CREATE STREAM AS takes each row once, through restarts, and takes its sink with it when it is dropped.
func TestStreamAs(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE STREAM s (id int, n bigint)")
	d.exec("INSERT INTO s SELECT i, i % 7 FROM generate_series(1, 20000) AS i")
	d.exec("INSERT INTO s VALUES (1, 1), (1, 1)")
	d.exec("CREATE STREAM evens AS SELECT id, n * 2 AS m FROM s WHERE n > 0")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT count(*) AS c, sum(m) AS s FROM evens")
	same := func() {
		t.Helper()
		d.comesTo("SELECT * FROM v", d.query("SELECT count(*), sum(n * 2) FROM s WHERE n > 0").String())
	}
	same()
	for i := range 4 {
		d.exec("INSERT INTO s SELECT i, i % 5 FROM generate_series(1, 9000) AS i")
		if i%2 == 0 {
			same()
		}
		if err := n.restart(); err != nil {
			t.Fatal(err)
		}
		d = n.db()
	}
	same()
	d.exec("DROP MATERIALIZED VIEW v")
	d.exec("DROP STREAM evens")
	if got := d.query("SELECT count(*) FROM millrace.views").String(); got != "\"0\"\n" {
		t.Errorf("%s sinks are left", got)
	}
	d.exec("BEGIN")
	d.exec("CREATE STREAM evens AS SELECT id FROM s WHERE n = 0")
	d.exec("COMMIT")
	d.comesTo("SELECT count(*) FROM evens", d.query("SELECT count(*) FROM s WHERE n = 0").String())
}
