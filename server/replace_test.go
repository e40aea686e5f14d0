package server_test

import (
	"context"
	"testing"
)

// TestReplaceView: CREATE OR REPLACE MATERIALIZED VIEW puts a new view in the place of the old one while others read it, and
// leaves the old one where it fails.
func TestReplaceView(t *testing.T) {
	n := startNode(t)
	d, reader := n.db(), n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, g int)")
	d.exec("INSERT INTO t SELECT i, i % 3 FROM generate_series(1, 300) AS i")
	d.exec("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t") // there is none yet
	d.exec("COMMENT ON MATERIALIZED VIEW v IS 'kept'")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if got := reader.query("SELECT n FROM v").String(); got != "\"300\"\n" && got != "\"600\"\n" {
				t.Errorf("a reader saw %q", got)
				return
			}
		}
	}()
	for range 10 {
		d.exec("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 2 * count(*) AS n FROM t")
		d.exec("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t")
	}
	cancel()
	<-done
	d.exec("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT g, count(*) AS n FROM t GROUP BY g")
	d.exec("INSERT INTO t VALUES (301, 0)")
	one := func(sql, want string) {
		t.Helper()
		if got := d.query(sql).String(); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	one("SELECT * FROM v ORDER BY g", "\"0\"  \"101\"\n\"1\"  \"100\"\n\"2\"  \"100\"\n")
	one("SELECT obj_description('v'::regclass)", "\"kept\"\n")
	one("SELECT count(*) FROM millrace.views", "\"1\"\n")
	d.refused("42P17", "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT * FROM v")
	d.refused("42703", "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT nothing FROM t")
	d.exec("SET statement_timeout = 300")
	d.refused("57014", "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t, generate_series(1, 1000000000000) GROUP BY t.id")
	d.exec("RESET statement_timeout")
	one("SELECT count(*) FROM millrace.views", "\"1\"\n")
	one("SELECT count(*) FROM v", "\"3\"\n")
	d.exec("CREATE VIEW over AS SELECT * FROM v")
	d.refused("2BP01", "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1 AS n")
	d.exec("DROP VIEW over")
	d.exec("BEGIN")
	d.refused("25001", "CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1 AS n")
	d.exec("ROLLBACK")
	d.exec("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT sum(id) AS s FROM t")
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	d = n.db()
	one("SELECT * FROM v", "\"45451\"\n")
	d.exec("DELETE FROM t WHERE id = 301")
	one("SELECT * FROM v", "\"45150\"\n")
}

// TestSwapViews: ALTER MATERIALIZED VIEW ... SWAP WITH exchanges names.
func TestSwapViews(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE SCHEMA other")
	d.exec("CREATE TABLE t (id int PRIMARY KEY)")
	d.exec("INSERT INTO t VALUES (1), (2)")
	d.exec("CREATE MATERIALIZED VIEW a AS SELECT count(*) AS n FROM t")
	d.exec("CREATE MATERIALIZED VIEW other.b AS SELECT sum(id) AS n FROM t")
	check := func(a, b string) {
		t.Helper()
		if got := d.query("SELECT a.n, b.n FROM a, other.b").String(); got != "\""+a+"\"  \""+b+"\"\n" {
			t.Errorf("%q, want %s and %s", got, a, b)
		}
	}
	d.exec("BEGIN")
	d.exec("ALTER MATERIALIZED VIEW a SWAP WITH other.b")
	check("3", "2")
	d.exec("ROLLBACK")
	check("2", "3")
	d.exec("ALTER MATERIALIZED VIEW a SWAP WITH other.b")
	check("3", "2")
	d.exec("INSERT INTO t VALUES (10)")
	check("13", "3")
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	d = n.db()
	check("13", "3")
	d.exec("ALTER MATERIALIZED VIEW a SWAP WITH a")
	check("13", "3")
	d.refused("42809", "ALTER MATERIALIZED VIEW a SWAP WITH t")
	d.exec("CREATE MATERIALIZED VIEW over AS SELECT n FROM a")
	d.refused("2BP01", "ALTER MATERIALIZED VIEW other.b SWAP WITH a")
	d.exec("DROP MATERIALIZED VIEW over")
	d.exec("DROP MATERIALIZED VIEW a")
	d.refused("42P01", "SELECT * FROM a")
	d.query("SELECT * FROM other.b")
}
