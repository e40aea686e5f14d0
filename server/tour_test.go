package server_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"millrace/server"
)

// The relations of testdata/data.
const (
	createFlights  = `CREATE STREAM flights (departed_at timestamp, delay_min int, distance_mi int, origin text, destination text)`
	createAirports = `CREATE TABLE airports (iata text PRIMARY KEY, name text, city text, state text, country text, latitude float8, longitude float8)`
	createQuakes   = `CREATE TABLE earthquakes (id text PRIMARY KEY, occurred_at timestamptz, updated_at timestamptz, magnitude numeric,
  magnitude_type text, depth_km float8, longitude float8, latitude float8, place text, network text, status text)`
)

// tourViews are kept over the real data; a later one may read an earlier one.
var tourViews = []viewCase{
	{name: "by_origin", query: `SELECT f.origin, a.city, count(*) AS flights, avg(f.delay_min) AS mean_delay, max(f.delay_min) AS worst
  FROM flights f JOIN airports a ON a.iata = f.origin GROUP BY f.origin, a.city`},
	{
		name: "per_hour",
		query: `SELECT window_start, window_end, count(*) AS flights, sum(delay_min) AS delay, min(delay_min) AS least
  FROM TUMBLE(flights, departed_at, INTERVAL '1 hour') GROUP BY window_start, window_end`,
		postgres: `SELECT date_trunc('hour', departed_at) AS window_start, date_trunc('hour', departed_at) + interval '1 hour' AS window_end,
  count(*) AS flights, sum(delay_min) AS delay, min(delay_min) AS least FROM flights GROUP BY 1, 2`,
	},
	{
		name: "quake_hours",
		query: `SELECT window_start, count(*) AS quakes, max(magnitude) AS strongest
  FROM HOP(earthquakes, occurred_at, INTERVAL '1 hour', INTERVAL '3 hours') GROUP BY window_start`,
		postgres: `SELECT w AS window_start, count(*) AS quakes, max(magnitude) AS strongest
  FROM earthquakes, generate_series(date_bin('1 hour', occurred_at, '1970-01-01 00:00+00') - interval '2 hours',
    date_bin('1 hour', occurred_at, '1970-01-01 00:00+00'), interval '1 hour') AS w GROUP BY w`,
	},
	{name: "worst_routes", ordered: true, query: `SELECT origin, destination, count(*) AS flights, avg(delay_min) AS mean
  FROM flights GROUP BY origin, destination HAVING count(*) >= 5 ORDER BY mean DESC, origin, destination LIMIT 10`},
	{name: "unused_airports", query: `SELECT a.iata, a.state
  FROM airports a LEFT JOIN (SELECT DISTINCT origin FROM flights) f ON f.origin = a.iata WHERE f.origin IS NULL`},
	{name: "no_departures", query: `SELECT iata, state FROM airports a WHERE NOT EXISTS (SELECT 1 FROM flights f WHERE f.origin = a.iata)`},
	{name: "no_arrivals", query: `SELECT iata, state FROM airports WHERE iata NOT IN (SELECT destination FROM flights)`},
	{name: "networks", query: `SELECT network, count(*) AS quakes, max(magnitude) AS strongest, avg(magnitude) AS mean, min(depth_km) AS shallowest
  FROM earthquakes GROUP BY network`},
	{name: "depths", query: `SELECT magnitude_type, sum(depth_km) AS total, avg(depth_km) AS mean FROM earthquakes GROUP BY magnitude_type`},
	{name: "strongest", query: `SELECT network, id, magnitude FROM (
    SELECT network, id, magnitude, row_number() OVER (PARTITION BY network ORDER BY magnitude DESC, id) AS n FROM earthquakes) q WHERE n <= 3`},
	{name: "states", query: `SELECT state, count(*) AS airports FROM no_departures GROUP BY state`},
	{name: "cities", query: `SELECT city, sum(flights) AS flights, max(worst) AS worst FROM by_origin GROUP BY city`},
	{name: "worst_cities", query: `SELECT r.origin, r.destination, a.city, b.city AS to_city
  FROM worst_routes r JOIN airports a ON a.iata = r.origin JOIN airports b ON b.iata = r.destination`},
}

// TestTour loads real data, keeps views over it that were made before and after the data, changes rows at random, and
// holds each view against its query and against PostgreSQL.
func TestTour(t *testing.T) {
	r := newRandom(t)
	n := startNode(t)
	w := newTwin(t, n)
	for _, sql := range []string{createFlights, createAirports, createQuakes} {
		w.define(sql)
	}
	for i := range tourViews {
		v := &tourViews[i]
		w.millrace.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
		w.postgres.exec("CREATE VIEW " + v.name + " AS " + v.onPostgres())
	}
	compare := func() {
		t.Helper()
		for i := range tourViews {
			w.compare(&tourViews[i])
		}
	}
	compare()
	ids := loadData(t, w, compare)

	late := make([]viewCase, len(tourViews))
	for i, v := range tourViews {
		v.name += "_late"
		late[i] = v
		w.millrace.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
	}
	compareLate := func() {
		t.Helper()
		for i := range late {
			v := &late[i]
			if d := difference(w.millrace.query("SELECT * FROM "+v.name), w.millrace.query("SELECT * FROM "+tourViews[i].name)); d != "" {
				t.Fatalf("view %s, made after the data (first), differs from %s, made before (second): %s\n%s", v.name, tourViews[i].name, d, w.past())
			}
		}
	}
	compareLate()
	changes := either(*changesFlag, 60, 2000)
	for i := range changes {
		changeData(r, w, ids)
		if i%10 == 9 || i == changes-1 {
			compare()
			compareLate()
		}
	}
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	w.millrace = n.db()
	compare()
	compareLate()
}

// TestTourWithoutStateCache is the tour's data and changes in a server whose operators keep nothing in memory, with small steps.
func TestTourWithoutStateCache(t *testing.T) {
	r := newRandom(t)
	w := newTwin(t, startNode(t, func(c *server.Config) { c.StateBytes, c.StepRowsMax = -1, 500 }))
	for _, sql := range []string{createFlights, createAirports, createQuakes} {
		w.define(sql)
	}
	for i := range tourViews {
		v := &tourViews[i]
		w.millrace.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
		w.postgres.exec("CREATE VIEW " + v.name + " AS " + v.onPostgres())
	}
	ids := loadData(t, w, func() {})
	for range either(*changesFlag, 30, 500) {
		changeData(r, w, ids)
	}
	for i := range tourViews {
		w.compare(&tourViews[i])
	}
}

// tourKeys are the keys that changes pick from, whether or not their rows are still there.
type tourKeys struct{ airports, quakes, networks []string }

// loadData copies the files in, the flights in parts, and calls between after each.
func loadData(t *testing.T, w *twin, between func()) *tourKeys {
	t.Helper()
	load := func(name string, parts int) {
		text, err := os.ReadFile("../testdata/data/" + name + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
		header, lines := lines[0], lines[1:]
		for p := range parts {
			part := header + strings.Join(lines[len(lines)*p/parts:len(lines)*(p+1)/parts], "")
			sql := "COPY " + name + " FROM STDIN (FORMAT csv, HEADER true)"
			tag := w.millrace.copyFrom(sql, strings.NewReader(part))
			if want := w.postgres.copyFrom(sql, strings.NewReader(part)); tag != want {
				t.Fatalf("COPY %s answers %s, want %s", name, tag, want)
			}
			between()
		}
	}
	load("flights", 3)
	load("airports", 1)
	load("earthquakes", 2)
	return &tourKeys{
		airports: w.postgres.query("SELECT origin FROM flights GROUP BY origin UNION SELECT iata FROM airports WHERE latitude > 60").column(0),
		quakes:   w.postgres.query("SELECT id FROM earthquakes").column(0),
		networks: w.postgres.query("SELECT DISTINCT network FROM earthquakes").column(0),
	}
}

// changeData makes one commit, of one or two random changes.
func changeData(r *rand.Rand, w *twin, keys *tourKeys) {
	w.t.Helper()
	if r.IntN(4) > 0 {
		w.exec(tourChange(r, keys))
		return
	}
	w.must("BEGIN")
	first := w.exec(tourChange(r, keys))
	if first && w.exec(tourChange(r, keys)) && r.IntN(4) > 0 {
		w.must("COMMIT")
	} else {
		w.must("ROLLBACK")
	}
}

func tourChange(r *rand.Rand, keys *tourKeys) string {
	pick := func(list []string) string { return quote(list[r.IntN(len(list))]) }
	switch r.IntN(12) {
	case 0:
		return fmt.Sprintf("UPDATE earthquakes SET magnitude = magnitude + %d.%d WHERE network = %s", r.IntN(2), r.IntN(10), pick(keys.networks))
	case 1:
		return fmt.Sprintf("UPDATE earthquakes SET network = %s WHERE id IN (%s, %s)", pick(keys.networks), pick(keys.quakes), pick(keys.quakes))
	case 2:
		return fmt.Sprintf("UPDATE earthquakes SET id = id || 'x', occurred_at = occurred_at + interval '%d minutes' WHERE id = %s", r.IntN(200)-100, pick(keys.quakes))
	case 3:
		return fmt.Sprintf("DELETE FROM earthquakes WHERE id IN (%s, %s, %s)", pick(keys.quakes), pick(keys.quakes), pick(keys.quakes))
	case 4:
		return fmt.Sprintf("DELETE FROM earthquakes WHERE magnitude < 0.%d AND network = %s", r.IntN(5), pick(keys.networks))
	case 5:
		return fmt.Sprintf("INSERT INTO earthquakes (id, occurred_at, magnitude, magnitude_type, depth_km, network) VALUES (%s, '2018-02-0%d %02d:%02d:00+00', %s, %s, %d.5, %s)",
			pick(keys.quakes), 1+r.IntN(7), r.IntN(24), r.IntN(60), oneOf(r, "1.5", "9.1", "NULL"), oneOf(r, "'ml'", "'md'", "NULL"), r.IntN(600), pick(keys.networks))
	case 6:
		return fmt.Sprintf("UPDATE earthquakes SET depth_km = %s, magnitude_type = %s WHERE id = %s", oneOf(r, "NULL", "0", "12.25"), oneOf(r, "'ml'", "NULL"), pick(keys.quakes))
	case 7:
		return fmt.Sprintf("UPDATE airports SET city = city || ' %d' WHERE iata = %s", r.IntN(3), pick(keys.airports))
	case 8:
		return fmt.Sprintf("UPDATE airports SET iata = %s WHERE iata = %s", pick(keys.airports), pick(keys.airports))
	case 9:
		return fmt.Sprintf("DELETE FROM airports WHERE iata IN (%s, %s)", pick(keys.airports), pick(keys.airports))
	case 10:
		return fmt.Sprintf("INSERT INTO airports (iata, city, state) VALUES (%s, 'New', %s)", pick(keys.airports), oneOf(r, "'AK'", "'CA'", "NULL"))
	}
	return fmt.Sprintf("INSERT INTO flights SELECT timestamp '2001-01-%02d %02d:00' + i * interval '7 minutes', %d * i, 500, %s, %s FROM generate_series(1, %d) AS s(i)",
		1+r.IntN(28), r.IntN(24), r.IntN(400)-20, pick(keys.airports), pick(keys.airports), 1+r.IntN(8))
}

func oneOf(r *rand.Rand, choices ...string) string { return choices[r.IntN(len(choices))] }

// quote makes an SQL string literal.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
