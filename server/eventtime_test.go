package server_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"millrace/server"
)

// eventStream is a stream with a watermark, and what a naive evaluation knows of it: its rows that came in time are in a
// table of their own.
type eventStream struct {
	name string
	late int // ticks, of a second, that the watermark stays behind
	mark int // no row is to be before it; none yet where started is false
	max  int

	started bool
	lateNow int
}

const eventBase = "timestamp '2026-01-01'"

func (s *eventStream) create(d *db) {
	d.exec(fmt.Sprintf("CREATE STREAM %s (ts timestamp, k int, v int, WATERMARK FOR ts AS ts - INTERVAL '%d seconds' IDLE TIMEOUT INTERVAL '0')", s.name, s.late))
	d.exec(fmt.Sprintf("CREATE TABLE %s_ok (ts timestamp, k int, v int)", s.name))
}

// insert sends rows around a time as one commit.
func (s *eventStream) insert(d *db, r *rand.Rand, around int) {
	var all, good []string
	newest, some := s.max, s.started
	for range 1 + r.IntN(6) {
		at := around - r.IntN(25)
		if r.IntN(4) > 0 {
			at = around - r.IntN(4)
		}
		row := fmt.Sprintf("(%s + %d * interval '1 second', %s, %d)", eventBase, at, nullOr(r, r.IntN(4)), r.IntN(10))
		if r.IntN(30) == 0 {
			row = fmt.Sprintf("(NULL, %d, 1)", r.IntN(4))
		}
		all = append(all, row)
		switch {
		case strings.HasPrefix(row, "(NULL"):
			good = append(good, row)
		case s.started && at < s.mark:
			s.lateNow++
		default:
			good = append(good, row)
		}
		if !strings.HasPrefix(row, "(NULL") && (at > newest || !some) {
			newest, some = at, true
		}
	}
	d.exec(fmt.Sprintf("INSERT INTO %s VALUES %s", s.name, strings.Join(all, ", ")))
	if len(good) > 0 {
		d.exec(fmt.Sprintf("INSERT INTO %s_ok VALUES %s", s.name, strings.Join(good, ", ")))
	}
	s.max, s.started = newest, some
	s.mark = newest - s.late
}

func nullOr(r *rand.Rand, n int) string {
	if r.IntN(8) == 0 {
		return "NULL"
	}
	return fmt.Sprint(n)
}

// eventView is a view whose state watermarks bound, and the query over the rows that came in time that its rows must
// equal. $W stands for the least of the watermarks. Relations are written a and b.
type eventView struct {
	name, query, naive string
}

var eventViews = []eventView{
	{name: "agg", query: "SELECT window_start, k, count(*) AS n, sum(v) AS s, max(v) AS m, count(DISTINCT v) AS d, array_agg(v ORDER BY v) AS a FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY window_start, k"},
	{name: "hop", query: "SELECT window_start, window_end, count(*) AS n, avg(v) AS x FROM HOP(a, ts, INTERVAL '5 seconds', INTERVAL '15 seconds') GROUP BY window_start, window_end"},
	{name: "cumulate", query: "SELECT window_start, window_end, count(*) AS n FROM CUMULATE(a, ts, INTERVAL '5 seconds', INTERVAL '20 seconds') GROUP BY window_start, window_end"},
	{name: "trunc", query: "SELECT date_trunc('minute', ts) AS m, count(*) AS n FROM a GROUP BY 1"},
	{name: "moved", query: "SELECT ts + INTERVAL '3 seconds' AS later, count(*) AS n FROM a GROUP BY 1"},
	{name: "closed", query: "SELECT window_start, window_end, k, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY window_start, window_end, k EMIT ON WINDOW CLOSE",
		naive: "SELECT window_start, window_end, k, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY window_start, window_end, k HAVING window_end <= $A"},
	{name: "closed_hop", query: "SELECT k, count(*) AS n FROM HOP(a, ts, INTERVAL '5 seconds', INTERVAL '15 seconds') GROUP BY window_start, window_end, k EMIT FINAL",
		naive: "SELECT k, count(*) AS n FROM HOP(a, ts, INTERVAL '5 seconds', INTERVAL '15 seconds') GROUP BY window_start, window_end, k HAVING window_end <= $A"},
	{name: "flagged", query: "SELECT window_start, k, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY window_start, k EMIT ON UPDATE, FINAL AFTER WATERMARK",
		naive: "SELECT window_start, k, count(*) AS n, window_start + INTERVAL '10 seconds' <= $A AS is_final FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY window_start, k"},
	{name: "rows", query: "SELECT ts, k, v FROM a EMIT ON WINDOW CLOSE", naive: "SELECT ts, k, v FROM a WHERE ts IS NULL OR ts < $A"},
	{name: "minutes_closed", query: "SELECT date_trunc('minute', ts) AS m, count(*) AS n, sum(v) AS s FROM a GROUP BY 1 EMIT ON WINDOW CLOSE",
		naive: "SELECT date_trunc('minute', ts) AS m, count(*) AS n, sum(v) AS s FROM a GROUP BY 1 HAVING date_trunc('minute', ts) IS NULL OR date_trunc('minute', ts) < date_trunc('minute', $A)"},
	{name: "outer_closed", query: "SELECT y.window_start AS w, x.window_start, x.n, y.n AS m FROM (SELECT window_start, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY 1) x LEFT JOIN (SELECT window_start, count(*) AS n FROM TUMBLE(b, ts, INTERVAL '10 seconds') GROUP BY 1) y ON x.window_start = y.window_start EMIT ON WINDOW CLOSE",
		naive: "SELECT y.window_start AS w, x.window_start, x.n, y.n AS m FROM (SELECT window_start, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY 1) x LEFT JOIN (SELECT window_start, count(*) AS n FROM TUMBLE(b, ts, INTERVAL '10 seconds') GROUP BY 1) y ON x.window_start = y.window_start WHERE x.window_start + INTERVAL '10 seconds' <= $W"},
	{name: "top", query: "SELECT * FROM (SELECT window_start, k, v, row_number() OVER (PARTITION BY window_start ORDER BY v DESC, k, ts) AS r FROM TUMBLE(a, ts, INTERVAL '10 seconds')) x WHERE r <= 2"},
	{name: "numbered", query: "SELECT window_start, k, v, sum(v) OVER (PARTITION BY window_start ORDER BY v, k, ts) AS s FROM TUMBLE(a, ts, INTERVAL '10 seconds')"},
	{name: "dedupe", query: "SELECT DISTINCT window_start, k FROM TUMBLE(a, ts, INTERVAL '10 seconds')"},
	{name: "first", query: "SELECT DISTINCT ON (window_start, k) window_start, k, ts, v FROM TUMBLE(a, ts, INTERVAL '10 seconds') ORDER BY window_start, k, ts, v"},
	{name: "joined", query: "SELECT x.window_start, x.k, x.v, y.v AS w FROM TUMBLE(a, ts, INTERVAL '10 seconds') x JOIN TUMBLE(b, ts, INTERVAL '10 seconds') y ON x.window_start = y.window_start AND x.k = y.k"},
	{name: "left_joined", query: "SELECT x.window_start, x.k, x.v, y.v AS w FROM TUMBLE(a, ts, INTERVAL '10 seconds') x LEFT JOIN TUMBLE(b, ts, INTERVAL '10 seconds') y ON x.window_start = y.window_start AND x.k = y.k AND x.v < y.v"},
	{name: "semi", query: "SELECT x.window_start, x.k, x.v FROM TUMBLE(a, ts, INTERVAL '10 seconds') x WHERE NOT EXISTS (SELECT 1 FROM TUMBLE(b, ts, INTERVAL '10 seconds') y WHERE x.window_start = y.window_start AND x.k = y.k)"},
	{name: "joined_closed", query: "SELECT x.window_start, x.n, y.n AS m FROM (SELECT window_start, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY 1) x JOIN (SELECT window_start, count(*) AS n FROM TUMBLE(b, ts, INTERVAL '10 seconds') GROUP BY 1) y USING (window_start) EMIT ON WINDOW CLOSE",
		naive: "SELECT x.window_start, x.n, y.n AS m FROM (SELECT window_start, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY 1) x JOIN (SELECT window_start, count(*) AS n FROM TUMBLE(b, ts, INTERVAL '10 seconds') GROUP BY 1) y USING (window_start) WHERE window_start + INTERVAL '10 seconds' <= $W"},
	{name: "three", query: "SELECT x.window_start, x.v, y.v AS w, z.n FROM TUMBLE(a, ts, INTERVAL '10 seconds') x JOIN TUMBLE(b, ts, INTERVAL '10 seconds') y ON x.window_start = y.window_start AND x.k = y.k JOIN (SELECT window_start, max(v) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY 1) z ON z.window_start = y.window_start AND z.n = y.v"},
	{name: "except_", query: "SELECT window_start, k FROM TUMBLE(a, ts, INTERVAL '10 seconds') EXCEPT ALL SELECT window_start, k FROM TUMBLE(b, ts, INTERVAL '10 seconds')"},
	{name: "union_", query: "SELECT window_start, count(*) AS n FROM (SELECT window_start FROM TUMBLE(a, ts, INTERVAL '10 seconds') UNION ALL SELECT window_start FROM TUMBLE(b, ts, INTERVAL '10 seconds')) x GROUP BY 1"},
	{name: "sessions", query: "SELECT window_start, window_end, k, count(*) AS n FROM SESSION(a PARTITION BY k, ts, INTERVAL '4 seconds') GROUP BY window_start, window_end, k"},
	{name: "sessions_closed", query: "SELECT window_start, window_end, k, count(*) AS n FROM SESSION(a PARTITION BY k, ts, INTERVAL '4 seconds') GROUP BY window_start, window_end, k EMIT ON WINDOW CLOSE",
		naive: "SELECT window_start, window_end, k, count(*) AS n FROM SESSION(a PARTITION BY k, ts, INTERVAL '4 seconds') GROUP BY window_start, window_end, k HAVING window_end < $A"},
	{name: "days", query: "SELECT window_start, k, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '1 day') GROUP BY window_start, k"},
	{name: "near", query: "SELECT x.ts, x.k, x.v, y.v AS w FROM a x ASOF LEFT JOIN (SELECT k, ts, max(v) AS v FROM b GROUP BY k, ts) y ON x.k = y.k AND x.ts >= y.ts EMIT ON WINDOW CLOSE",
		naive: "SELECT x.ts, x.k, x.v, y.v AS w FROM a x ASOF LEFT JOIN (SELECT k, ts, max(v) AS v FROM b GROUP BY k, ts) y ON x.k = y.k AND x.ts >= y.ts WHERE x.ts IS NULL OR x.ts < $W"},
	{name: "interval", query: "SELECT x.ts, x.k, x.v, y.v AS w FROM a x JOIN b y ON x.k = y.k AND x.ts BETWEEN y.ts - INTERVAL '3 seconds' AND y.ts + INTERVAL '4 seconds'"},
	{name: "interval_left", query: "SELECT x.ts, x.k, x.v, y.v AS w FROM a x LEFT JOIN b y ON x.k = y.k AND x.ts >= y.ts AND x.ts < y.ts + INTERVAL '6 seconds'"},
	{name: "levels", query: "SELECT window_start, max(n) AS most FROM (SELECT window_start, k, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY 1, 2) x GROUP BY 1"},
}

// TestEventTime holds views whose state watermarks drop against a naive evaluation over the rows that came in time, after each of many commits
// with disorder, with restarts, and in all ways of the engine to take steps; and views over such views.
func TestEventTime(t *testing.T) {
	r := newRandom(t)
	for _, way := range oracleWays {
		t.Run(way.name, func(t *testing.T) {
			n := startNode(t, func(c *server.Config) { way.config(c) })
			d := n.db()
			a, b := &eventStream{name: "a", late: 5}, &eventStream{name: "b", late: 12}
			a.create(d)
			b.create(d)
			for _, v := range eventViews {
				d.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
			}
			d.exec("CREATE MATERIALIZED VIEW above AS SELECT window_start, sum(n) AS n FROM agg GROUP BY window_start EMIT ON WINDOW CLOSE")
			at := 0
			for commit := range 60 {
				at += r.IntN(8)
				if r.IntN(12) == 0 {
					at += 60
				}
				a.insert(d, r, at)
				if r.IntN(3) > 0 {
					b.insert(d, r, at-r.IntN(10))
				}
				if way.restartEvery > 0 && commit%way.restartEvery == 0 {
					if err := n.restart(); err != nil {
						t.Fatal(err)
					}
					d = n.db()
				}
				if commit%4 == 3 {
					checkEventViews(t, d, a, b)
				}
			}
			checkEventViews(t, d, a, b)
			if t.Failed() {
				return
			}
			// A view that is made now sees the same of the past.
			for _, v := range eventViews {
				d.exec("CREATE MATERIALIZED VIEW late_" + v.name + " AS " + v.query)
				if got, want := d.query("SELECT * FROM late_"+v.name), d.query("SELECT * FROM "+v.name); inOrder(got) != inOrder(want) {
					t.Errorf("%s, made at the end:\n%s\nmade at the beginning:\n%s", v.name, inOrder(got), inOrder(want))
				}
			}
			if got, want := d.query("SELECT late_rows FROM millrace.views WHERE name = 'rows'").String(), fmt.Sprintf("%q\n", fmt.Sprint(a.lateNow)); got != want {
				t.Errorf("late rows: %s, want %s", got, want)
			}
		})
	}
}

// inOrder is a result's rows in an order that depends on them alone.
func inOrder(t table) string {
	var lines []string
	for _, row := range t.rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, c.String())
		}
		lines = append(lines, strings.Join(cells, "  "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func checkEventViews(t *testing.T, d *db, a, b *eventStream) {
	t.Helper()
	mark := func(s *eventStream) string {
		if !s.started {
			return "timestamp '-infinity'"
		}
		return fmt.Sprintf("(%s + %d * interval '1 second')", eventBase, s.mark)
	}
	least := mark(a)
	if !b.started || a.started && b.mark < a.mark {
		least = mark(b)
	}
	naive := func(q string) string {
		q = strings.NewReplacer("$A", mark(a), "$W", least).Replace(q)
		for _, s := range []string{"a", "b"} {
			q = strings.NewReplacer("("+s+", ts", "("+s+"_ok, ts", "("+s+" PARTITION", "("+s+"_ok PARTITION", "FROM "+s+" ", "FROM "+s+"_ok ", "JOIN "+s+" ", "JOIN "+s+"_ok ").Replace(q + " ")
		}
		return q
	}
	for _, v := range eventViews {
		q := v.naive
		if q == "" {
			q = v.query
		}
		got, want := d.query("SELECT * FROM "+v.name), d.query(naive(q))
		if inOrder(got) != inOrder(want) {
			t.Fatalf("%s: %s\nwatermarks %d, %d\n%s\nwant\n%s", v.name, naive(q), a.mark, b.mark, inOrder(got), inOrder(want))
		}
	}
	got := inOrder(d.query("SELECT * FROM above"))
	want := inOrder(d.query("SELECT window_start, sum(n) FROM agg WHERE window_start + INTERVAL '10 seconds' <= " + mark(a) + " GROUP BY 1"))
	if got != want {
		t.Fatalf("above:\n%s\nwant\n%s", got, want)
	}
}

// TestLateRowsWithinLateness: rows below the watermark are taken as far as the view says, correct final results, and are
// kept apart beyond that.
func TestLateRowsWithinLateness(t *testing.T) {
	r := newRandom(t)
	for _, way := range oracleWays {
		t.Run(way.name, func(t *testing.T) {
			n := startNode(t, func(c *server.Config) { way.config(c) })
			d := n.db()
			d.exec("CREATE STREAM a (ts timestamp, k int, WATERMARK FOR ts AS ts - INTERVAL '5 seconds' IDLE TIMEOUT INTERVAL '0')")
			d.exec("CREATE TABLE known (ts timestamp, k int, mark timestamp)") // with the watermark before each row
			const windows = "SELECT window_start, k, count(*) AS n FROM TUMBLE(a, ts, INTERVAL '10 seconds') GROUP BY window_start, window_end, k "
			views := map[string]struct{ query, accepted, closed string }{
				"within":  {"WITH (allowed_lateness = '20 seconds') AS " + windows + "EMIT ON WINDOW CLOSE", "ts >= mark - INTERVAL '20 seconds'", "HAVING window_end <= $W"},
				"flagged": {"WITH (allowed_lateness = '1 minute') AS " + windows + "EMIT ON UPDATE", "ts >= mark - INTERVAL '1 minute'", ""},
				"open":    {"AS " + windows + "EMIT ON WINDOW CLOSE LATE DATA UPDATE", "date_bin('10 seconds', ts, '2000-01-01') + INTERVAL '10 seconds' > mark", "HAVING window_end <= $W"},
				"mixed": {"WITH (allowed_lateness = '15 seconds') AS " + windows + "EMIT ON UPDATE LATE DATA UPDATE",
					"date_bin('10 seconds', ts, '2000-01-01') + INTERVAL '10 seconds' > mark - INTERVAL '15 seconds'", ""},
			}
			for name, v := range views {
				d.exec("CREATE MATERIALIZED VIEW " + name + " " + v.query)
			}
			at, newest, started := 0, 0, false
			for commit := range 50 {
				at += r.IntN(9)
				mark := "'-infinity'"
				if started {
					mark = fmt.Sprintf("%s + %d * interval '1 second'", eventBase, newest-5)
				}
				var rows, known []string
				for range 1 + r.IntN(5) {
					ts := at - r.IntN(6)
					if r.IntN(3) == 0 {
						ts = at - r.IntN(80)
					}
					if newest = max(newest, ts); !started {
						newest, started = ts, true
					}
					row := fmt.Sprintf("%s + %d * interval '1 second', %d", eventBase, ts, r.IntN(3))
					rows, known = append(rows, "("+row+")"), append(known, "("+row+", "+mark+")")
				}
				d.exec("INSERT INTO a VALUES " + strings.Join(rows, ", "))
				d.exec("INSERT INTO known VALUES " + strings.Join(known, ", "))
				if way.restartEvery > 0 && commit%way.restartEvery == 0 {
					if err := n.restart(); err != nil {
						t.Fatal(err)
					}
					d = n.db()
				}
				if commit%5 != 4 {
					continue
				}
				for name, v := range views {
					closed := strings.ReplaceAll(v.closed, "$W", fmt.Sprintf("%s + %d * interval '1 second'", eventBase, newest-5))
					naive := strings.Replace(windows, "TUMBLE(a,", "TUMBLE((SELECT * FROM known WHERE "+v.accepted+"),", 1) + closed
					if got, want := inOrder(d.query("SELECT * FROM "+name)), inOrder(d.query(naive)); got != want {
						t.Fatalf("%s: %s\n%s\nwant\n%s", name, naive, got, want)
					}
					late := d.query("SELECT count(*) FROM known WHERE NOT (" + v.accepted + ")").String()
					if got := d.query("SELECT late_rows FROM millrace.views WHERE name = '" + name + "'").String(); got != late {
						t.Fatalf("%s has %s late rows, want %s", name, got, late)
					}
					if got := d.query("SELECT count(*) FROM millrace.late_rows WHERE view = '" + name + "'").String(); got != late {
						t.Fatalf("%s shows %s late rows, want %s", name, got, late)
					}
				}
			}
		})
	}
}

// TestExpiredStateIsGone sends rows for a million windows through operators of all kinds, and looks at what state they are
// left with on the way.
func TestExpiredStateIsGone(t *testing.T) {
	const perInsert = 10_000
	d := startNode(t, func(c *server.Config) { c.StateBytes = 4 << 20 }).db()
	d.exec("CREATE STREAM a (ts timestamp, k int, v int, WATERMARK FOR ts AS ts - INTERVAL '5 seconds')")
	d.exec("CREATE STREAM b (ts timestamp, k int, v int, WATERMARK FOR ts AS ts - INTERVAL '5 seconds')")
	views := []string{"agg", "top", "numbered", "left_joined", "except_", "joined_closed", "three", "sessions", "interval_left"}
	for _, v := range eventViews {
		if slices.Contains(views, v.name) {
			d.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
		}
	}
	windows := either(0, 100_000, 1_000_000)
	for done := 0; done < windows; done += perInsert {
		for _, s := range []string{"a", "b"} {
			d.exec(fmt.Sprintf("INSERT INTO %s SELECT %s + i * interval '10 seconds', i %% 3, i %% 7 FROM generate_series(%d, %d) AS i",
				s, eventBase, done, done+perInsert-1))
		}
		for _, v := range views {
			d.query("SELECT count(*) FROM " + v) // it has taken the step
			rows := 0
			found := stateRows.FindAllStringSubmatch(d.query("EXPLAIN ANALYZE MATERIALIZED VIEW "+v).String(), -1)
			if len(found) == 0 {
				t.Fatalf("no figures of the state of %s", v)
			}
			for _, m := range found {
				n, err := strconv.Atoi(m[1])
				if err != nil {
					t.Fatal(err)
				}
				rows += n
			}
			if rows > 200 {
				t.Fatalf("after %d windows %s keeps %d rows of state:\n%s", done+perInsert, v, rows, d.query("EXPLAIN ANALYZE MATERIALIZED VIEW "+v))
			}
		}
	}
	if got, want := d.query("SELECT count(*) FROM agg").String(), fmt.Sprintf("%q\n", fmt.Sprint(windows)); got != want {
		t.Errorf("%s windows, want %s", got, want)
	}
}

var stateRows = regexp.MustCompile(`state (\d+) rows?`)

// TestWhyPending follows what EXPLAIN WHY PENDING says of a view over two streams.
func TestWhyPending(t *testing.T) {
	n := startNode(t)
	d := n.db()
	for _, s := range []string{"a", "b"} {
		d.exec("CREATE STREAM " + s + " (ts timestamptz, WATERMARK FOR ts AS ts IDLE TIMEOUT INTERVAL '1 hour')")
	}
	const counts = "(SELECT window_start, count(*) AS n FROM TUMBLE(%s, ts, INTERVAL '10 seconds') GROUP BY 1)"
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT window_start, x.n, y.n AS m FROM " + fmt.Sprintf(counts, "a") + " x JOIN " + fmt.Sprintf(counts, "b") +
		" y USING (window_start) EMIT ON WINDOW CLOSE")
	d.exec("CREATE MATERIALIZED VIEW u AS SELECT count(*) FROM a")
	expect := func(view string, lines ...string) {
		t.Helper()
		got := strings.Join(d.query("EXPLAIN WHY PENDING "+view).column(0), "\n")
		if !regexp.MustCompile("^" + strings.Join(lines, "\n") + "$").MatchString(got) {
			t.Errorf("%s:\n%s\nwant\n%s", view, got, strings.Join(lines, "\n"))
		}
	}
	expect("u", "u gives out its results at every change: none is pending.")
	d.exec("INSERT INTO a VALUES ('2026-01-01 00:00:05+00'), ('2026-01-01 00:00:31+00')")
	d.exec("INSERT INTO b VALUES ('2026-01-01 00:00:06+00')")
	for range 2 {
		expect("v", "The next results of v to be final are those with window_start = 2026-01-01 00:00:00\\+00.",
			"A result is final when its window_start lies below the least of \\(watermark of a, by window, watermark of b, by window\\), now 2026-01-01 00:00:00\\+00.",
			"stream a stands at 2026-01-01 00:00:31\\+00.",
			"stream b stands at 2026-01-01 00:00:06\\+00, and is what the results wait for.",
			"  Its partition \"\" is the furthest behind, at 2026-01-01 00:00:06\\+00; its last rows came at 20.*.",
			"  If it stays silent it is idle at .*, in (1h0m|59m5).*, and holds no other partition or input back.")
		if err := n.restart(); err != nil {
			t.Fatal(err)
		}
		d = n.db()
	}
	if got := d.query("SELECT relation, holds_back FROM millrace.watermarks").String(); got != "\"a\"  \"\"\n\"b\"  \"v\"\n" {
		t.Errorf("held back: %s", got)
	}
	d.exec("INSERT INTO b VALUES ('2026-01-01 00:01:06+00')")
	expect("v", "No result of v is pending.", "A result is final when .*, now 2026-01-01 00:00:30\\+00.",
		"stream a stands at 2026-01-01 00:00:31\\+00, and is what the results wait for.", "  Its partition .*", "  If it stays silent .*",
		"stream b stands at 2026-01-01 00:01:06\\+00.")
	if got := d.query("SHOW WATERMARKS").column(0); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("SHOW WATERMARKS lists %v", got)
	}
	d.refused("42809", "EXPLAIN WHY PENDING a")
}
