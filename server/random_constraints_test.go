package server_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"millrace/server"
)

// constrainedTables have every kind of constraint, with indexes that serve reads.
var constrainedTables = []string{
	`CREATE TABLE u (id int PRIMARY KEY, k int UNIQUE, v int CHECK (v < 50), w int GENERATED ALWAYS AS (k + v) STORED, s text NOT NULL DEFAULT 'd', UNIQUE (v, s))`,
	`CREATE TABLE n (a int, b int, UNIQUE NULLS NOT DISTINCT (a, b))`,
	`CREATE INDEX u_sv ON u (s, v)`,
	`CREATE INDEX n_b ON n (b)`,
}

var constrainedViews = []viewCase{
	{name: "all_u", query: `SELECT id, k, v, w, s FROM u`},
	{name: "all_n", query: `SELECT a, b FROM n`},
	{name: "by_s", query: `SELECT s, count(*) AS c, sum(w) AS w FROM u GROUP BY s`},
	{name: "joined_un", query: `SELECT u.id, n.a FROM u JOIN n ON u.k = n.b`},
}

// TestRandomConstraints makes random changes to tables with constraints, upserts and definitions among them, on Millrace and
// PostgreSQL alike: the same statements fail, and the same rows are there.
func TestRandomConstraints(t *testing.T) {
	for _, restartEvery := range []int{0, 7} {
		t.Run(fmt.Sprintf("restart every %d", restartEvery), func(t *testing.T) {
			r := newRandom(t)
			n := startNode(t, func(*server.Config) {})
			w := newTwin(t, n)
			for _, sql := range constrainedTables {
				w.define(sql)
			}
			for i := range constrainedViews {
				v := &constrainedViews[i]
				w.millrace.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
				w.postgres.exec("CREATE VIEW " + v.name + " AS " + v.query)
			}
			added := 0
			for i := range max(1, either(*changesFlag, 60, 5000)) {
				if i%9 == 8 {
					added++
					w.define(fmt.Sprintf(`ALTER TABLE %s ADD COLUMN extra%d int DEFAULT %d`, oneOf(r, "u", "n"), added, added))
				}
				constrainedCommit(r, w)
				if restartEvery > 0 && i%restartEvery == restartEvery-1 {
					w.history = append(w.history, "-- restart")
					if err := n.restart(); err != nil {
						t.Fatal(err)
					}
					w.millrace = n.db()
				}
				for at := range constrainedViews {
					w.compare(&constrainedViews[at])
				}
			}
		})
	}
}

func constrainedCommit(r *rand.Rand, w *twin) {
	w.t.Helper()
	if r.IntN(3) > 0 {
		w.exec(constrainedStatement(r))
		return
	}
	w.must("BEGIN")
	for range 2 + r.IntN(3) {
		if !w.exec(constrainedStatement(r)) {
			w.must("ROLLBACK")
			return
		}
	}
	w.must(oneOf(r, "COMMIT", "COMMIT", "COMMIT", "ROLLBACK"))
}

func constrainedStatement(r *rand.Rand) string {
	small := func() string { return oneOf(r, "NULL", "0", "1", "2", "3", "4", "5", "60") }
	// Where several rows of an upsert are wrong in different ways, which one is reported may differ: one row each.
	fine := fmt.Sprintf("(%d, %s, %s, %s)", r.IntN(20), small(), oneOf(r, "NULL", "0", "1", "2", "3"), oneOf(r, "'a'", "'b'", "'c'", "'d'"))
	rows := rowsOf(r, func() string {
		return fmt.Sprintf("%d, %s, %s, %s", r.IntN(20), small(), small(), oneOf(r, "'a'", "'b'", "'c'", "'d'", "NULL"))
	})
	switch r.IntN(12) {
	case 0, 1:
		return "INSERT INTO u (id, k, v, s) VALUES " + rows
	case 2:
		return "INSERT INTO u (id, k, v, s) VALUES " + fine + " ON CONFLICT DO NOTHING"
	case 3:
		return "INSERT INTO u (id, k, v, s) VALUES " + fine + " ON CONFLICT (id) DO UPDATE SET v = excluded.v, s = excluded.s"
	case 4:
		return "INSERT INTO u AS t (id, k, v, s) VALUES " + fine + " ON CONFLICT (k) DO UPDATE SET v = t.v + 1, s = t.s || excluded.s WHERE t.id % 2 = 0"
	case 5:
		return "INSERT INTO u (id, k, v, s) VALUES " + fine + " ON CONFLICT (v, s) DO UPDATE SET k = excluded.k"
	case 6:
		return "INSERT INTO n (a, b) VALUES " + rowsOf(r, func() string { return small() + ", " + small() }) +
			oneOf(r, "", " ON CONFLICT DO NOTHING", " ON CONFLICT (a, b) DO UPDATE SET b = 9")
	case 7:
		return fmt.Sprintf("UPDATE u SET k = %s, v = %s WHERE id = %d", small(), small(), r.IntN(20))
	case 8:
		return fmt.Sprintf("DELETE FROM u WHERE s = %s AND v = %s", oneOf(r, "'a'", "'b'", "'c'"), small())
	case 9:
		return fmt.Sprintf("UPDATE n SET a = %s WHERE b = %s AND a = 1", small(), small())
	case 10:
		return fmt.Sprintf("DELETE FROM n WHERE b = %s", small())
	}
	return fmt.Sprintf("DELETE FROM u USING n WHERE u.k = n.b AND n.a = %s", small())
}
