package server_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"millrace/server"
)

// TestJoinOrderOfViewsIsKept: the order of joins follows the numbers of rows, but a view keeps the one that it was made
// with, over restarts, too: with another its state would have to be computed anew.
func TestJoinOrderOfViewsIsKept(t *testing.T) {
	var mu sync.Mutex
	var warnings []string
	note := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		warnings = append(warnings, s)
	}
	n := startNode(t, func(c *server.Config) {
		c.Log = slog.New(&logHandler{warning: note, failure: func(s string) { t.Error(s) }})
	})
	const query = "SELECT a.id, b.id AS b, c.id AS c, d.id AS d FROM a JOIN b ON b.x = a.x JOIN c ON c.y = b.y JOIN d ON d.z = c.z"
	c := n.pgx()
	run := func(sql ...string) {
		t.Helper()
		for _, q := range sql {
			if _, err := c.Exec(t.Context(), q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
	}
	explain := func(what string) string {
		t.Helper()
		rows, err := c.Query(t.Context(), "EXPLAIN "+what+query)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for rows.Next() {
			v, err := rows.Values()
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString(v[0].(string) + "\n")
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		return out.String()
	}
	run("CREATE TABLE a (id int PRIMARY KEY, x int)", "CREATE TABLE b (id int PRIMARY KEY, x int, y int)",
		"CREATE TABLE c (id int PRIMARY KEY, y int, z int)", "CREATE TABLE d (id int PRIMARY KEY, z int)",
		"INSERT INTO a VALUES (1, 1)", "INSERT INTO b VALUES (1, 1, 1)", "INSERT INTO c VALUES (1, 1, 1)", "INSERT INTO d VALUES (1, 1)",
		"INSERT INTO a SELECT g, g + 100000 FROM generate_series(2, 30000) g", "INSERT INTO b SELECT g, g + 200000, g FROM generate_series(2, 30000) g")
	first := explain("CREATE MATERIALIZED VIEW v AS ")
	run("CREATE MATERIALIZED VIEW v AS " + query)
	run("INSERT INTO c SELECT g, g + 100000, g FROM generate_series(2, 30000) g", "INSERT INTO d SELECT g, g + 200000 FROM generate_series(2, 30000) g",
		"DELETE FROM a WHERE id > 1", "DELETE FROM b WHERE id > 1")
	if later := explain("CREATE MATERIALIZED VIEW v AS "); later == first {
		t.Fatalf("the numbers of rows do not change the plan:\n%s", later)
	}
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	c = n.pgx()
	run("INSERT INTO d VALUES (0, 1)")
	var count int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM v").Scan(&count); err != nil || count != 2 {
		t.Errorf("%d rows, %v", count, err)
	}
	for _, w := range warnings {
		if strings.Contains(w, "computed anew") {
			t.Error(w)
		}
	}
}
