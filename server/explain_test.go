package server_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestExplainAnalyze checks what is measured of a query and of a view at work: rows, time and state.
func TestExplainAnalyze(t *testing.T) {
	n := startNode(t)
	c := n.db()
	c.exec("CREATE TABLE t (id int PRIMARY KEY, g int, v int)")
	c.exec("CREATE MATERIALIZED VIEW sums AS SELECT g, sum(v) AS s FROM t GROUP BY g")
	c.exec("INSERT INTO t SELECT i, i % 10, i FROM generate_series(1, 1000) i")
	plan := func(sql string) string {
		var lines []string
		for _, r := range c.query(sql).rows {
			lines = append(lines, r[0].text)
		}
		return strings.Join(lines, "\n")
	}
	match := func(text, pattern string) {
		t.Helper()
		if !regexp.MustCompile(pattern).MatchString(text) {
			t.Errorf("no %s in\n%s", pattern, text)
		}
	}
	text := plan("EXPLAIN ANALYZE MATERIALIZED VIEW sums")
	match(text, `Aggregate by g: sum\(v\) .*bounded by table t\] \(1000 rows in, 10 out, [0-9.]+ ms.*, state 10 rows, [0-9]+ bytes\)`)
	match(text, `Scan table t: g, v.*\(1000 rows in, 1000 out`)
	c.exec("DELETE FROM t WHERE g > 3")
	// Each group that is gone or changes is retracted: 6 are gone.
	match(plan("EXPLAIN ANALYZE MATERIALIZED VIEW sums"), `\(1600 rows in, 16 out, .*state 4 rows`)
	match(plan("EXPLAIN ANALYZE SELECT g, count(*) FROM t WHERE v > 100 GROUP BY g"), `Aggregate by g: count\(\*\) \(360 rows in, 4 out, [0-9.]+ ms`)
	var out []struct{ Plan map[string]any }
	if err := json.Unmarshal([]byte(plan("EXPLAIN (ANALYZE, FORMAT JSON) SELECT g, count(*) FROM t GROUP BY g")), &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 || out[0].Plan["Actual Rows"] != 4.0 || out[0].Plan["Rows In"] != 400.0 {
		t.Errorf("JSON: %v", out)
	}
}
