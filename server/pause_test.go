package server_test

import "testing"

const notReady = "55000" // object_not_in_prerequisite_state

// TestPause: a paused view keeps its rows, fails strict reads and those of the views over it, and after RESUME stands for
// the present again; a restart in between changes nothing.
func TestPause(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, g int, n bigint)")
	d.exec("CREATE TABLE u (id int PRIMARY KEY)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT g, count(*) AS c, sum(n) AS s FROM t GROUP BY g")
	d.exec("CREATE MATERIALIZED VIEW w AS SELECT sum(c) AS c FROM v")
	d.exec("CREATE MATERIALIZED VIEW x AS SELECT v.g, u.id FROM v JOIN u ON v.c = u.id")
	d.exec("CREATE MATERIALIZED VIEW other AS SELECT count(*) AS c FROM t")
	d.exec("INSERT INTO t VALUES (1, 1, 10), (2, 1, 20), (3, 2, 30)")
	d.exec("INSERT INTO u VALUES (1), (2), (3)")
	want := func(sql, rows string) {
		t.Helper()
		if got := d.query(sql).String(); got != rows {
			t.Errorf("%s: %q, want %q", sql, got, rows)
		}
	}
	want("SELECT * FROM w", "\"3\"\n")
	want("SELECT * FROM x ORDER BY 1", "\"1\"  \"2\"\n\"2\"  \"1\"\n")
	d.exec("ALTER MATERIALIZED VIEW v PAUSE")
	d.exec("ALTER MATERIALIZED VIEW v PAUSE") // once more is nothing
	check := func() {
		t.Helper()
		want("SELECT name, status FROM millrace.views WHERE name IN ('v', 'other') ORDER BY name", "\"other\"  \"running\"\n\"v\"  \"paused\"\n")
		for _, sql := range []string{"SELECT * FROM v", "SELECT * FROM v WHERE g = 1", "SELECT * FROM w", "SELECT * FROM x", "SELECT * FROM v, t"} {
			d.refused(notReady, sql)
		}
		d.exec("BEGIN")
		want("SELECT * FROM other", d.query("SELECT count(*) FROM t").String())
		d.refused(notReady, "SELECT * FROM w")
		d.exec("ROLLBACK")
		d.refused(notReady, "CREATE MATERIALIZED VIEW y AS SELECT * FROM v")
		d.exec("SET read_freshness = relaxed")
		want("SELECT * FROM v ORDER BY g", "\"1\"  \"2\"  \"30\"\n\"2\"  \"1\"  \"30\"\n")
		want("SELECT s FROM v WHERE g = 1", "\"30\"\n")
		want("SELECT * FROM w", "\"3\"\n")
		d.exec("RESET read_freshness")
	}
	check() // although nothing has changed
	d.exec("INSERT INTO t VALUES (4, 2, 40), (5, 3, 50)")
	d.exec("DELETE FROM t WHERE id = 1")
	d.exec("INSERT INTO u VALUES (4)")
	check()
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	d = n.db()
	check()
	d.exec("UPDATE t SET n = n + 1 WHERE id = 2")
	check()
	d.exec("ALTER MATERIALIZED VIEW v RESUME")
	want("SELECT * FROM v ORDER BY g", "\"1\"  \"1\"  \"21\"\n\"2\"  \"2\"  \"70\"\n\"3\"  \"1\"  \"50\"\n")
	want("SELECT * FROM w", "\"4\"\n")
	want("SELECT * FROM x ORDER BY 1", "\"1\"  \"1\"\n\"2\"  \"2\"\n\"3\"  \"1\"\n")
	want("SELECT status FROM millrace.views WHERE name = 'v'", "\"running\"\n")
}

// TestPauseEndsStep: PAUSE gives up a step that is under way, with its readers, and what is in the way of it may be taken
// away before RESUME.
func TestPauseEndsStep(t *testing.T) {
	n := startNode(t)
	d, other := n.db(), n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, n bigint)")
	d.exec("INSERT INTO t VALUES (1, 5)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT t.id, count(*) AS n FROM t, generate_series(1, t.n) GROUP BY t.id")
	d.exec("CREATE MATERIALIZED VIEW w AS SELECT count(*) AS n FROM v")
	d.exec("INSERT INTO t VALUES (2, 1000000000000000)") // a step without end
	done := make(chan struct{})
	go func() {
		defer close(done)
		other.refused(notReady, "SELECT * FROM w")
	}()
	d.exec("ALTER MATERIALIZED VIEW v PAUSE")
	<-done
	d.exec("SET read_freshness = relaxed")
	if got := d.query("SELECT * FROM v").String(); got != "\"1\"  \"5\"\n" {
		t.Errorf("%q", got)
	}
	d.exec("DROP MATERIALIZED VIEW v CASCADE")
	d.refused("42P01", "SELECT * FROM v")
}

// TestPauseInBlock: PAUSE and RESUME are changes of the catalog like others.
func TestPauseInBlock(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t")
	d.exec("BEGIN")
	d.exec("ALTER MATERIALIZED VIEW v PAUSE")
	d.exec("ROLLBACK")
	d.query("SELECT * FROM v")
	d.exec("BEGIN")
	d.exec("ALTER MATERIALIZED VIEW v PAUSE")
	d.exec("COMMIT")
	d.refused(notReady, "SELECT * FROM v")
	d.exec("BEGIN")
	d.exec("ALTER MATERIALIZED VIEW v RESUME")
	d.exec("INSERT INTO t VALUES (1)")
	d.exec("COMMIT")
	if got := d.query("SELECT * FROM v").String(); got != "\"1\"\n" {
		t.Errorf("%q", got)
	}
	d.exec("BEGIN")
	d.refused("25001", "ALTER MATERIALIZED VIEW v RESUME")
	d.exec("ROLLBACK")
	d.exec("CREATE SINK k FROM v WITH (connector = 'blackhole')")
	d.exec("ALTER SINK k PAUSE")
	d.exec("INSERT INTO t VALUES (2)")
	if got := d.query("SELECT status, epochs_behind > 0 FROM millrace.views WHERE name = 'k'").String(); got != "\"paused\"  \"t\"\n" {
		t.Errorf("%q", got)
	}
	d.exec("ALTER SINK k RESUME")
	d.exec("DROP SINK k")
	d.exec("ALTER MATERIALIZED VIEW v PAUSE")
	d.exec("DROP MATERIALIZED VIEW v")
}
