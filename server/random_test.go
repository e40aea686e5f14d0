package server_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"millrace/server"
)

// randomTables are the inputs of TestRandomChanges: with and without a primary key, and a stream. Keys are few, so that
// rows meet, tie and repeat.
var randomTables = []string{
	`CREATE TABLE a (id int PRIMARY KEY, k int, v int, s text, b boolean, n numeric(10,2), f float8)`,
	`CREATE TABLE m (k int, x int, y text)`,
	`CREATE TABLE c (p int, q text, v bigint, tags text[], PRIMARY KEY (p, q))`,
	`CREATE STREAM ev (ts timestamp, k int, v int)`,
}

// randomViews cover every operator. A later one may read an earlier one.
var randomViews = []viewCase{
	// Filters and projections.
	{name: "filtered", query: `SELECT id, v * 2 AS w, upper(s) AS s FROM a WHERE v > 2 AND s IS NOT NULL`},
	{name: "cased", query: `SELECT k, CASE WHEN v < 0 THEN 'neg' WHEN v IS NULL THEN 'none' ELSE 'pos' END AS c, coalesce(s, y) AS t FROM a LEFT JOIN m USING (k)`},
	{name: "not_true", query: `SELECT id FROM a WHERE NOT (b AND v > 1)`},
	{name: "multiset", query: `SELECT k, x FROM m WHERE x <> 2`},
	{name: "constant", query: `SELECT 1 AS one, 'x' AS t WHERE 1 < 2`},
	// Union, distinct, set operations.
	{name: "unioned", query: `SELECT k, v FROM a UNION ALL SELECT k, x FROM m UNION ALL SELECT k, v FROM ev`},
	{name: "distinct_keys", query: `SELECT DISTINCT k, b FROM a`},
	{name: "united", query: `SELECT k FROM a UNION SELECT k FROM m`},
	{name: "intersected", query: `SELECT k, v FROM a INTERSECT SELECT k, x FROM m`},
	{name: "intersected_all", query: `SELECT k FROM m INTERSECT ALL SELECT k FROM ev`},
	{name: "excepted", query: `SELECT k FROM m EXCEPT SELECT k FROM a`},
	{name: "excepted_all", query: `SELECT k FROM m EXCEPT ALL SELECT k FROM a`},
	// Joins.
	{name: "inner_join", query: `SELECT a.id, m.x, m.y FROM a JOIN m ON a.k = m.k`},
	{name: "null_safe_join", query: `SELECT a.id, m.x FROM a JOIN m ON a.k IS NOT DISTINCT FROM m.k AND a.v >= m.x`},
	{name: "non_equi_join", query: `SELECT a.id, c.p, c.q FROM a JOIN c ON a.v < c.v`},
	{name: "left_join", query: `SELECT a.id, a.k, m.x FROM a LEFT JOIN m ON a.k = m.k`},
	{name: "left_join_mixed", query: `SELECT a.id, m.x, m.y FROM a LEFT JOIN m ON a.k = m.k AND m.x > a.v AND a.b`},
	{name: "left_join_non_equi", query: `SELECT a.id, c.p FROM a LEFT JOIN c ON a.v > c.v`},
	{name: "right_join", query: `SELECT a.id, m.k, m.x FROM a RIGHT JOIN m ON a.k = m.k AND a.v <> m.x`},
	{name: "full_join", query: `SELECT a.id, a.k AS ak, c.p, c.q FROM a FULL JOIN c ON a.k = c.p`},
	{name: "full_join_mixed", query: `SELECT m.x, m.y, c.p, c.v FROM m FULL JOIN c ON m.k = c.p AND m.y = c.q`},
	{name: "cross_join", query: `SELECT a.id, c.q FROM a, c WHERE a.b`},
	{name: "self_join", query: `SELECT x.id AS xid, y.id AS yid FROM a x JOIN a y ON x.k = y.k AND x.id < y.id`},
	{name: "three_way", query: `SELECT a.id, m.x, c.v FROM a JOIN m ON m.k = a.k JOIN c ON c.p = m.k AND c.q = a.s`},
	{name: "semi_in", query: `SELECT id, k FROM a WHERE k IN (SELECT k FROM m WHERE x > 1)`},
	{name: "anti_not_in", query: `SELECT id, k FROM a WHERE k NOT IN (SELECT k FROM m WHERE k IS NOT NULL)`},
	{name: "anti_not_in_null", query: `SELECT id, k FROM a WHERE k NOT IN (SELECT p FROM c UNION ALL SELECT k FROM m WHERE x = 3)`},
	{name: "semi_exists", query: `SELECT id FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.p = a.k AND c.v > a.v)`},
	{name: "anti_not_exists", query: `SELECT k, x, y FROM m WHERE NOT EXISTS (SELECT 1 FROM a WHERE a.k = m.k AND a.v = m.x)`},
	{name: "scalar_subquery", query: `SELECT id, (SELECT max(x) FROM m WHERE m.k = a.k) AS most FROM a WHERE v >= (SELECT avg(x) FROM m)`},
	// Aggregates.
	{name: "grouped", query: `SELECT k, count(*) AS c, count(v) AS cv, sum(v) AS sv, avg(v) AS av, min(v) AS lo, max(s) AS hi, sum(n) AS sn, avg(f) AS af FROM a GROUP BY k`},
	{name: "global", query: `SELECT count(*) AS c, sum(v) AS s, min(s) AS lo, max(n) AS hi, bool_and(b) AS every FROM a`},
	{name: "aggregate_modifiers", query: `SELECT k, count(DISTINCT x) AS dx, sum(x) FILTER (WHERE x > 1) AS sx, count(*) FILTER (WHERE y IS NULL) AS ny FROM m GROUP BY k`},
	{name: "repeated", query: `SELECT k, x, count(*) AS c FROM m GROUP BY k, x HAVING count(*) > 1`},
	{name: "grouped_join", query: `SELECT a.s, sum(m.x) AS sx, count(m.y) AS cy FROM a LEFT JOIN m ON a.k = m.k GROUP BY a.s`},
	// Top-n.
	{name: "top_n", ordered: true, query: `SELECT id, v, s FROM a ORDER BY v DESC NULLS LAST, id LIMIT 5`},
	{name: "top_n_offset", query: `SELECT k, x FROM m ORDER BY k NULLS FIRST, x, y LIMIT 4 OFFSET 2`},
	{name: "top_per_group", query: `SELECT k, id, v FROM (SELECT k, id, v, row_number() OVER (PARTITION BY k ORDER BY v DESC, id) AS r FROM a) q WHERE r <= 2`},
	// Window functions.
	{name: "near_rows", query: `SELECT id, lag(v) OVER w AS p, lead(v, 2, -1) OVER w AS n, sum(v) OVER (w ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS s,
  min(v) OVER (w ROWS 3 PRECEDING) AS lo FROM a WINDOW w AS (PARTITION BY k ORDER BY v NULLS FIRST, id)`},
	{name: "near_values", query: `SELECT id, sum(n) OVER (ORDER BY v RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING) AS s, max(s) OVER (ORDER BY v DESC GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS hi FROM a`},
	{name: "running", query: `SELECT id, sum(v) OVER w AS s, max(v) OVER w AS hi, count(*) FILTER (WHERE b) OVER w AS c, first_value(s) OVER w AS f, row_number() OVER w AS r FROM a WINDOW w AS (ORDER BY v, id)`},
	{name: "to_the_end", query: `SELECT id, sum(v) OVER (ORDER BY v RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS s, last_value(v) OVER (PARTITION BY k ORDER BY v, id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS l FROM a`},
	{name: "shares", query: `SELECT id, v - avg(v) OVER (PARTITION BY k) AS d, count(*) OVER () AS c, cume_dist() OVER (ORDER BY v) AS cd, percent_rank() OVER (PARTITION BY k ORDER BY s) AS pr, ntile(4) OVER (ORDER BY id) AS q FROM a`},
	{name: "bag_windows", query: `SELECT k, x, y, row_number() OVER w AS r, sum(x) OVER (w ROWS 1 PRECEDING) AS s, nth_value(y, 2) OVER w AS y2 FROM m WINDOW w AS (PARTITION BY k ORDER BY x, y)`},
	{name: "group_windows", query: `SELECT k, sum(v) AS s, sum(sum(v)) OVER (ORDER BY k) AS t, lag(count(*)) OVER (ORDER BY k DESC) AS p FROM a GROUP BY k`},
	// Windows in time.
	{
		name:     "tumble",
		query:    `SELECT window_start, count(*) AS c, sum(v) AS s FROM TUMBLE(ev, ts, INTERVAL '10 minutes') GROUP BY window_start`,
		postgres: `SELECT date_bin('10 minutes', ts, '1970-01-01') AS window_start, count(*) AS c, sum(v) AS s FROM ev GROUP BY 1`,
	},
	{
		name:  "session",
		query: `SELECT k, window_start, window_end, count(*) AS c, sum(v) AS s FROM SESSION(ev PARTITION BY k, ts, INTERVAL '5 minutes') GROUP BY k, window_start, window_end`,
		postgres: `SELECT k, min(ts) AS window_start, max(ts) + interval '5 minutes' AS window_end, count(*) AS c, sum(v) AS s FROM (
  SELECT *, count(*) FILTER (WHERE fresh) OVER (PARTITION BY k ORDER BY ts) AS n FROM (
    SELECT *, coalesce(ts - lag(ts) OVER (PARTITION BY k ORDER BY ts) > interval '5 minutes', true) AS fresh FROM ev WHERE ts IS NOT NULL) x) y GROUP BY k, n`,
	},
	{
		name:  "cumulate",
		query: `SELECT window_start, window_end, count(*) AS c, max(v) AS v FROM CUMULATE(ev, ts, INTERVAL '5 minutes', INTERVAL '15 minutes') GROUP BY window_start, window_end`,
		postgres: `SELECT w AS window_start, w + i * interval '5 minutes' AS window_end, count(*) AS c, max(v) AS v
  FROM (SELECT *, date_bin('15 minutes', ts, '1970-01-01') AS w FROM ev) x, generate_series(1, 3) AS i WHERE ts < w + i * interval '5 minutes' GROUP BY 1, 2`,
	},
	{
		name:  "hop",
		query: `SELECT window_start, window_end, k, max(v) AS v FROM HOP(ev, ts, INTERVAL '5 minutes', INTERVAL '15 minutes') GROUP BY window_start, window_end, k`,
		postgres: `SELECT w AS window_start, w + interval '15 minutes' AS window_end, k, max(v) AS v
  FROM ev, generate_series(date_bin('5 minutes', ts, '1970-01-01') - interval '10 minutes', date_bin('5 minutes', ts, '1970-01-01'), interval '5 minutes') AS w
  GROUP BY w, k`,
	},
	// Rows that are made up.
	{name: "with_values", query: `SELECT a.id, u.label FROM a JOIN (VALUES (0, 'zero'), (1, 'one'), (1, 'uno'), (NULL, 'none')) AS u(k, label) ON a.k = u.k`},
	{name: "series", query: `SELECT id, g FROM a, generate_series(1, v) AS s(g) WHERE v < 4`},
	{name: "unnested", query: `SELECT p, tag FROM c, unnest(tags) AS u(tag)`},
	{name: "tag_counts", query: `SELECT tag, count(*) AS n, count(DISTINCT p) AS ps FROM c, unnest(tags) AS u(tag) GROUP BY tag`},
	// What must be rewritten before it can be kept.
	{name: "distinct_on", query: `SELECT DISTINCT ON (k) k, id, v FROM a ORDER BY k, v DESC, id`},
	{name: "ranked", query: `SELECT id, rank() OVER (PARTITION BY k ORDER BY v) AS r, dense_rank() OVER (ORDER BY s) AS d FROM a`},
	{name: "lateral_top", query: `SELECT a.id, l.x FROM a, LATERAL (SELECT x FROM m WHERE m.k = a.k ORDER BY x DESC NULLS LAST, y LIMIT 2) l`},
	{name: "lateral_left", query: `SELECT a.id, l.c, l.s FROM a LEFT JOIN LATERAL (SELECT count(*) AS c, sum(x) AS s FROM m WHERE m.k = a.k AND m.x < a.v) l ON true`},
	{name: "compared_all", query: `SELECT id FROM a WHERE v >= ALL (SELECT x FROM m WHERE x IS NOT NULL)`},
	{name: "compared_any", query: `SELECT id FROM a WHERE v < ANY (SELECT x FROM m WHERE m.k = a.k)`},
	{name: "counted", query: `SELECT id, (SELECT count(*) FROM m WHERE m.k = a.k AND m.x > a.v) AS n FROM a`},
	{name: "divided", query: `SELECT DISTINCT k FROM a o WHERE NOT EXISTS (
    SELECT 1 FROM m WHERE m.k = o.k AND NOT EXISTS (SELECT 1 FROM c WHERE c.p = m.k AND c.v = m.x))`},
	{name: "having_subquery", query: `SELECT k, sum(v) AS s FROM a GROUP BY k HAVING sum(v) > (SELECT avg(x) FROM m)`},
	{name: "exists_or", query: `SELECT id FROM a WHERE b OR EXISTS (SELECT 1 FROM m WHERE m.k = a.k AND m.x = 1)`},
	{name: "in_case", query: `SELECT id, CASE WHEN k IN (SELECT k FROM m) THEN 'in' WHEN k IN (SELECT p FROM c) THEN 'c' END AS w FROM a`},
	{name: "statistics", query: `SELECT k, sum(DISTINCT v) AS sd, avg(DISTINCT v) AS ad, stddev_samp(v) AS sv, var_pop(n) AS vn FROM a GROUP BY k`},
	{name: "grouped_expression", query: `SELECT v % 3 AS r, upper(s) AS u, count(*) AS c, max(f) AS f FROM a GROUP BY v % 3, upper(s)`},
	{name: "or_join", query: `SELECT a.id, m.x FROM a JOIN m ON a.k = m.k OR a.v = m.x`},
	{name: "common_table", query: `WITH g AS (SELECT k, count(*) AS n FROM m GROUP BY k) SELECT x.k, y.k AS other FROM g x JOIN g y ON x.n = y.n AND x.k <> y.k`},
	{name: "two_tops", query: `(SELECT id FROM a ORDER BY v DESC NULLS LAST, id LIMIT 3) UNION ALL (SELECT p FROM c ORDER BY p, q LIMIT 2)`},
	{name: "arrays", query: `SELECT p, q, tags[1] AS first, cardinality(tags) AS n, 'u' = ANY (tags) AS has FROM c WHERE tags IS NOT NULL`},
	{name: "null_lists", query: `SELECT id, k IN (0, NULL, 2) AS i, k NOT IN (1, NULL) AS n FROM a`},
	{name: "row_compared", query: `SELECT id FROM a WHERE (k, v) IN (SELECT k, x FROM m) AND (k, v) < (3, 2)`},
	{name: "windowed_join", query: `SELECT w.window_start, a.id FROM TUMBLE(ev, ts, INTERVAL '30 minutes') w JOIN a ON w.k = a.k AND w.v = a.v`,
		postgres: `SELECT date_bin('30 minutes', ts, '1970-01-01') AS window_start, a.id FROM ev w JOIN a ON w.k = a.k AND w.v = a.v`},
	{name: "left_condition", query: `SELECT a.id, m.x FROM a LEFT JOIN m ON m.k = a.k AND m.x > (SELECT min(v) FROM c WHERE c.p = a.k)`},
	{name: "left_condition_pairs", query: `SELECT a.id, m.x FROM a LEFT JOIN m ON m.k = a.k AND EXISTS (SELECT 1 FROM c WHERE c.p = m.x AND c.v <> a.v)`},
	{name: "full_condition_pairs", query: `SELECT a.id, m.k, m.x FROM a FULL JOIN m ON m.k = a.k AND (SELECT count(*) FROM c WHERE c.p = m.x AND c.v >= a.v) > 0`},
	{name: "rows_any", query: `SELECT id FROM a WHERE (k, v) < ANY (SELECT k, x FROM m) AND (k, v) <> ALL (SELECT p, v FROM c)`},
	{name: "outer_aggregate", query: `SELECT k, (SELECT count(*) FROM m WHERE m.x < max(a.v)) AS n FROM a GROUP BY k`},
	{name: "grouped_by_subquery", query: `SELECT (SELECT count(*) FROM m WHERE m.k = a.k) AS cnt, count(*) AS c, sum(v) AS s FROM a GROUP BY cnt`},
	{name: "grouping_sets", query: `SELECT k, b, grouping(k, b) AS g, count(*) AS c, max(v) AS v FROM a GROUP BY ROLLUP (k, b)`},
	{name: "series_nested", query: `SELECT id, generate_series(1, generate_series(1, v)) AS n FROM a WHERE v < 4`},
	{name: "series_grouped", query: `SELECT unnest(tags) AS tag, count(*) AS n FROM c GROUP BY tag`},
	{name: "series_rows_from", query: `SELECT c.p, c.q, r.* FROM c LEFT JOIN ROWS FROM (unnest(c.tags), generate_series(1, c.v::int), abs(c.p)) AS r(t, n, o) ON r.n > 1`},
	{name: "limit_subquery", query: `SELECT id, v FROM a ORDER BY v DESC NULLS LAST, id LIMIT (SELECT count(*) FROM c)`},
	{name: "limit_per_row", query: `SELECT a.id, l.x FROM a, LATERAL (SELECT x FROM m WHERE m.k = a.k ORDER BY x, y LIMIT abs(a.v)) l`},
	{name: "qualified", query: `SELECT id, k, row_number() OVER (PARTITION BY k ORDER BY v DESC, id) AS rn FROM a QUALIFY rn <= (SELECT max(p) FROM c)`,
		postgres: `SELECT * FROM (SELECT id, k, row_number() OVER (PARTITION BY k ORDER BY v DESC, id) AS rn FROM a) q WHERE rn <= (SELECT max(p) FROM c)`},
	// Views over views.
	{name: "over_group", query: `SELECT c, count(*) AS groups, sum(sv) AS s FROM grouped GROUP BY c`},
	{name: "over_join", query: `SELECT l.id, l.x, g.c FROM left_join l JOIN grouped g ON l.k = g.k WHERE l.x IS NULL OR l.x > 1`},
	{name: "over_top", query: `SELECT t.k, t.id, d.b FROM top_per_group t LEFT JOIN distinct_keys d ON t.k = d.k`},
	{name: "over_diamond", query: `SELECT g.k, g.c, m.dx FROM grouped g FULL JOIN aggregate_modifiers m ON g.k = m.k`},
}

// TestRandomChanges holds views that cover every operator against their queries and PostgreSQL after each of many random
// commits.
func TestRandomChanges(t *testing.T) {
	for _, way := range []struct {
		name         string
		config       func(*server.Config)
		share        int // of the changes, in a hundred
		restartEvery int // commits
	}{
		{name: "memory", config: func(*server.Config) {}, share: 100},
		{name: "no state cache, restarts", config: func(c *server.Config) { c.StateBytes, c.StepRowsMax = -1, 1 }, share: 40, restartEvery: 6},
		{name: "small state cache", config: func(c *server.Config) { c.StateBytes = 64 << 10 }, share: 30},
	} {
		t.Run(way.name, func(t *testing.T) {
			r := newRandom(t)
			n := startNode(t, way.config)
			w := newTwin(t, n)
			for _, sql := range randomTables {
				w.define(sql)
			}
			// Some views are there from the start and others come when there are rows.
			made := make([]bool, len(randomViews))
			commits := max(1, either(*changesFlag, 60, 5000)*way.share/100)
			for i := range commits {
				for at := range randomViews {
					if !made[at] && (r.IntN(2) == 0 || i > 5) {
						v := &randomViews[at]
						if !viewReady(v, made) {
							continue
						}
						w.millrace.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
						w.postgres.exec("CREATE VIEW " + v.name + " AS " + v.onPostgres())
						made[at] = true
					}
				}
				randomCommit(r, w)
				if way.restartEvery > 0 && i%way.restartEvery == way.restartEvery-1 {
					w.history = append(w.history, "-- restart")
					if err := n.restart(); err != nil {
						t.Fatal(err)
					}
					w.millrace = n.db()
				}
				for at := range randomViews {
					if made[at] {
						w.compare(&randomViews[at])
					}
				}
			}
		})
	}
}

// viewReady reports whether the views that v reads are made.
func viewReady(v *viewCase, made []bool) bool {
	for i := range randomViews {
		if !made[i] && (strings.Contains(v.query, "FROM "+randomViews[i].name+" ") || strings.Contains(v.query, "JOIN "+randomViews[i].name+" ")) {
			return false
		}
	}
	return true
}

// randomCommit makes one commit of one to four statements, or one that is rolled back.
func randomCommit(r *rand.Rand, w *twin) {
	w.t.Helper()
	n := 1 + r.IntN(4)
	if n == 1 {
		w.exec(randomStatement(r))
		return
	}
	w.must("BEGIN")
	for range n {
		if !w.exec(randomStatement(r)) {
			w.must("ROLLBACK")
			return
		}
	}
	if r.IntN(8) == 0 {
		w.must("ROLLBACK")
	} else {
		w.must("COMMIT")
	}
}

func randomStatement(r *rand.Rand) string {
	switch r.IntN(16) {
	case 0, 1, 2:
		return "INSERT INTO a VALUES " + rowsOf(r, func() string {
			return fmt.Sprintf("%d, %s, %s, %s, %s, %s, %s", r.IntN(60), key(r), number(r), word(r), oneOf(r, "true", "false", "NULL"),
				oneOf(r, "NULL", "0", "1.50", "-2.25", "1000000.01"), oneOf(r, "NULL", "0.1", "1e10", "3.5"))
		})
	case 3, 4:
		return "INSERT INTO m VALUES " + rowsOf(r, func() string { return fmt.Sprintf("%s, %s, %s", key(r), number(r), word(r)) })
	case 5:
		return "INSERT INTO c VALUES " + rowsOf(r, func() string {
			return fmt.Sprintf("%d, %s, %s, %s", r.IntN(5), oneOf(r, "'a'", "'b'", "'x'", "''"), number(r), oneOf(r, "NULL", "'{}'", "'{u}'", "'{u,u,w}'", "'{NULL,v}'"))
		})
	case 6, 7:
		return "INSERT INTO ev VALUES " + rowsOf(r, func() string {
			return fmt.Sprintf("'2024-03-01 %02d:%02d:%02d', %s, %s", r.IntN(2), r.IntN(60), oneOfInt(r, 0, 0, 1, 59), key(r), number(r))
		})
	case 8:
		return fmt.Sprintf("UPDATE a SET v = %s, k = %s WHERE id %% 4 = %d", oneOf(r, "v + 1", "NULL", "-v", "v", "k"), oneOf(r, "k", key(r)), r.IntN(4))
	case 9:
		return fmt.Sprintf("UPDATE a SET id = %d, s = %s WHERE id = %d", r.IntN(60), word(r), r.IntN(60))
	case 10:
		return fmt.Sprintf("UPDATE m SET x = %s, y = %s WHERE k %s", oneOf(r, "x + 1", "1", "NULL", "x"), oneOf(r, "y", word(r)), condition(r))
	case 11:
		return fmt.Sprintf("UPDATE c SET q = %s, tags = %s WHERE p = %d AND q = %s", oneOf(r, "q || 'z'", "q", "'a'"), oneOf(r, "tags", "'{w}'", "NULL"), r.IntN(5), oneOf(r, "'a'", "'b'"))
	case 12:
		return fmt.Sprintf("DELETE FROM a WHERE id %% 7 = %d", r.IntN(7))
	case 13:
		return fmt.Sprintf("DELETE FROM m WHERE k %s AND x %s", condition(r), condition(r))
	case 14:
		return fmt.Sprintf("DELETE FROM c WHERE v %s", condition(r))
	}
	return fmt.Sprintf("UPDATE a SET b = NOT b, n = n + 0.5, f = CASE WHEN f < 1e12 THEN f * 2 ELSE 0.25 END WHERE k %s", condition(r))
}

// rowsOf makes one to five rows for VALUES, of which one may be there twice.
func rowsOf(r *rand.Rand, row func() string) string {
	var rows []string
	for range 1 + r.IntN(5) {
		rows = append(rows, "("+row()+")")
	}
	return strings.Join(rows, ", ")
}

func key(r *rand.Rand) string    { return oneOf(r, "NULL", "0", "1", "1", "2", "3") }
func number(r *rand.Rand) string { return oneOf(r, "NULL", "-1", "0", "1", "2", "2", "3", "5") }
func word(r *rand.Rand) string   { return oneOf(r, "NULL", "''", "'a'", "'b'", "'x'", "'Ä'") }

func condition(r *rand.Rand) string {
	return oneOf(r, "IS NULL", "IS NOT NULL", "= 1", "= 2", "> 1", "<> 0", "< 1", "IN (0, 3)")
}

func oneOfInt(r *rand.Rand, choices ...int) int { return choices[r.IntN(len(choices))] }
