package server_test

import "testing"

// TestRelaxedReads: with read_freshness = relaxed a view that is amid a step is read where it stands, in a transaction
// block as everywhere else.
func TestRelaxedReads(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, n bigint)")
	d.exec("INSERT INTO t VALUES (1, 5)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT t.id, count(*) AS n FROM t, generate_series(1, t.n) GROUP BY t.id")
	d.exec("INSERT INTO t VALUES (2, 1000000000000000)") // a step without end
	d.exec("SET read_freshness = relaxed")
	for _, sql := range []string{"SELECT * FROM v", "SELECT id, n FROM v WHERE id = 1", "SELECT max(id), sum(n) FROM v"} {
		if got := d.query(sql).String(); got != "\"1\"  \"5\"\n" {
			t.Errorf("%s: %q", sql, got)
		}
	}
	d.exec("SET statement_timeout = 200")
	const wait = "57014"
	d.refused(wait, "SELECT * FROM v, t")
	d.exec("BEGIN")
	d.refused(wait, "SELECT * FROM v")
	d.exec("ROLLBACK")
	d.exec("RESET read_freshness")
	d.refused(wait, "SELECT * FROM v")
	d.exec("RESET statement_timeout")
	d.exec("DROP MATERIALIZED VIEW v")
}

// TestLargeLoad: the first contents of a view may be larger than what is kept of them in memory.
func TestLargeLoad(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (n bigint)")
	d.exec("INSERT INTO t VALUES (400000), (300000), (1)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT i, repeat('x', 150) || i AS filler FROM t, generate_series(1, n) AS i")
	d.exec("CREATE MATERIALIZED VIEW w AS SELECT i, repeat('x', 150) || i AS filler FROM generate_series(1, 700000) AS i")
	if got := d.query("SELECT count(*), sum(i), sum(length(filler)) FROM v").String(); got != "\"700001\"  \"125000350001\"  \"108977941\"\n" {
		t.Error(got)
	}
	if got := d.query("SELECT count(*), sum(i), sum(length(filler)) FROM w").String(); got != "\"700000\"  \"245000350000\"  \"109088895\"\n" {
		t.Error(got)
	}
	d.exec("DELETE FROM t WHERE n = 400000")
	if got := d.query("SELECT count(*), sum(i) FROM v").String(); got != "\"300001\"  \"45000150001\"\n" {
		t.Error(got)
	}
}
