package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"millrace/internal/randquery"
	"millrace/server"
	"millrace/storage"
)

// TestRelations holds what must be so whatever the right answer is, on random queries kept as views: it does not matter how changes
// are split into commits, whether a view is stacked on another or has its query inlined, whether there was a restart, how much state
// is cached, and what was there in between; rows whose condition is true, false and unknown are all the rows; and operator state
// has no more entries for changes that were taken back.
func TestRelations(t *testing.T) {
	r := newRandom(t)
	for range either(0, 6, 200) {
		g := randquery.New(r, randquery.Options{})
		x := &relations{t: t, schema: g.Schema()}
		g.Over(x.schema)
		base := x.open(nil)
		x.define(g, base)
		x.change(g, base)
		want := x.contents(base)
		x.holdPairs(want)
		x.splits(want)
		x.takenBack(g, r, base, want)
		if t.Failed() {
			return
		}
	}
}

// relations is one schema with views and the statements that have changed it.
type relations struct {
	t      testing.TB
	schema randquery.Schema
	views  []string    // definitions, in order
	names  []string    // of the views
	pairs  [][2]string // views that must be equal
	done   []string    // statements that were accepted
}

// site is a server with the schema.
type site struct {
	*db
	node *node
}

func (x *relations) open(config func(*server.Config)) *site {
	x.t.Helper()
	if config == nil {
		config = func(*server.Config) {}
	}
	n := startNode(x.t, config)
	s := &site{n.db(), n}
	for _, table := range x.schema {
		s.exec(table.Create(false))
	}
	return s
}

// define makes views of random queries, views over them beside the same with the query inlined, and partitions by a condition.
func (x *relations) define(g *randquery.Generator, s *site) {
	x.t.Helper()
	const wanted = 24
	for tries := 0; len(x.names) < wanted && tries < 4*wanted; tries++ {
		if tries%3 == 0 {
			whole, parts := g.Partition()
			x.pair(s, fmt.Sprintf("(%s) AS %s", whole.Columns(), whole), fmt.Sprintf("(%s) AS %s", parts.Columns(), parts))
			continue
		}
		q := g.Query()
		if name := x.view(s, fmt.Sprintf("(%s) AS %s", q.Columns(), q)); name != "" {
			const over = "AS SELECT c1, count(*) AS n FROM %s GROUP BY c1"
			x.pair(s, fmt.Sprintf(over, name), fmt.Sprintf(over, fmt.Sprintf("(%s) AS q (%s)", q, q.Columns())))
		}
	}
}

// view makes a view and returns its name, or nothing if it is refused.
func (x *relations) view(s *site, definition string) string {
	x.t.Helper()
	name := fmt.Sprintf("v%d", len(x.names)+1)
	sql := "CREATE MATERIALIZED VIEW " + name + " " + definition
	if _, err := s.tryExec(sql); err != nil {
		// Some of what is generated has no meaning; whether that is so is TestAnswers's question.
		if err.Code != unsupported && !strings.HasPrefix(err.Code, "42") {
			x.t.Fatalf("%s\n%s", sql, describe(err))
		}
		return ""
	}
	x.views = append(x.views, sql)
	x.names = append(x.names, name)
	return name
}

// pair makes two views that must be equal.
func (x *relations) pair(s *site, a, b string) {
	x.t.Helper()
	p := [2]string{x.view(s, a), x.view(s, b)}
	if p[0] != "" && p[1] != "" {
		x.pairs = append(x.pairs, p)
	}
}

// change fills the tables and changes them, each statement a commit, and keeps those that are accepted.
func (x *relations) change(g *randquery.Generator, s *site) {
	x.t.Helper()
	changes := g.Load().Changes
	for range 12 {
		changes = append(changes, g.Change())
	}
	for _, c := range changes {
		if c.Uses == "TRUNCATE" {
			continue // not for transaction blocks, in which this is repeated
		}
		if _, err := s.tryExec(c.String()); err == nil {
			x.done = append(x.done, c.String())
		}
	}
}

// contents reads all tables and views.
func (x *relations) contents(s *site) map[string]table {
	x.t.Helper()
	names := x.all()
	queries := make([]string, len(names))
	for i, name := range names {
		queries[i] = "SELECT * FROM " + name
	}
	out := map[string]table{}
	for i, r := range s.ask(queries) {
		if r.err != nil {
			x.t.Fatalf("%s: %s\n%s", names[i], describe(r.err), x.script())
		}
		out[names[i]] = r.table
	}
	return out
}

// all are the names of the tables and the views.
func (x *relations) all() []string {
	var names []string
	for _, t := range x.schema {
		names = append(names, t.Name)
	}
	return append(names, x.names...)
}

func (x *relations) holdPairs(got map[string]table) {
	x.t.Helper()
	for _, p := range x.pairs {
		if d := difference(got[p[0]], got[p[1]]); d != "" && !sameValues(got[p[0]], got[p[1]]) {
			x.t.Errorf("%s and %s must be equal: %s\n%s", p[0], p[1], d, x.script())
		}
	}
}

// same holds the views of another site, or of another moment, against what they should be.
func (x *relations) same(what string, got, want map[string]table) {
	x.t.Helper()
	for _, name := range x.all() {
		if d := difference(got[name], want[name]); d != "" && !sameValues(got[name], want[name]) {
			x.t.Errorf("%s: %s: %s\n%s", what, name, d, x.script())
			return
		}
	}
}

func (x *relations) script() string {
	var b strings.Builder
	for _, t := range x.schema {
		b.WriteString(t.Create(false) + ";\n")
	}
	return b.String() + strings.Join(slices.Concat(x.views, x.done), ";\n") + ";"
}

// splits repeats the changes in one commit, with views made after them, and with other caches and steps.
func (x *relations) splits(want map[string]table) {
	x.t.Helper()
	run := func(what string, config func(*server.Config), statements []string) {
		x.t.Helper()
		s := x.open(config)
		for _, sql := range statements {
			s.exec(sql)
		}
		x.same(what, x.contents(s), want)
		s.close()
		s.node.stop()
	}
	run("one commit", nil, slices.Concat(x.views, []string{"BEGIN"}, x.done, []string{"COMMIT"}))
	run("views made after", nil, slices.Concat(x.done, x.views))
	run("no state cache, steps of one epoch", func(c *server.Config) { c.StateBytes, c.StepRowsMax = -1, 1 }, slices.Concat(x.views, x.done))
}

// takenBack makes more changes, puts the tables' rows back, and holds views and the size of their state against those before. The
// size is taken from a server that is stopped and started again, so this also says that a restart changes nothing.
func (x *relations) takenBack(g *randquery.Generator, r *rand.Rand, s *site, want map[string]table) {
	x.t.Helper()
	restore := []string{"BEGIN"}
	for _, t := range x.schema {
		restore = append(restore, "DELETE FROM "+t.Name)
		if rows := s.query("SELECT * FROM " + t.Name).rows; len(rows) > 0 {
			restore = append(restore, "INSERT INTO "+t.Name+" VALUES "+literals(rows))
		}
	}
	restore = append(restore, "COMMIT")
	before := x.stateEntries(s)
	x.same("restart", x.contents(s), want)
	for range 3 + r.IntN(6) {
		sql := g.Change().String()
		if _, err := s.tryExec(sql); err != nil && strings.HasPrefix(err.Code, "XX") {
			x.t.Fatalf("%s\n%s", sql, describe(err))
		}
	}
	for _, sql := range restore {
		s.exec(sql)
	}
	x.same("rows put back", x.contents(s), want)
	for id, n := range x.stateEntries(s) {
		if n != before[id] {
			x.t.Errorf("dataflow %d (%s) has %d entries of state, and had %d before changes that were taken back\n%s", id,
				s.query(fmt.Sprintf("SELECT name FROM millrace.views WHERE id = %d", id)), n, before[id], x.script())
		}
	}
	s.close()
	s.node.stop()
}

// literals writes rows for VALUES.
func literals(rows [][]cell) string {
	out := make([]string, len(rows))
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, c := range row {
			if cells[j] = "NULL"; !c.null {
				cells[j] = "'" + strings.ReplaceAll(c.text, "'", "''") + "'"
			}
		}
		out[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	return strings.Join(out, ", ")
}

// stateEntries counts the entries of each dataflow's state, in the store that the server leaves when it is stopped, and starts it again.
func (x *relations) stateEntries(s *site) map[uint32]int64 {
	x.t.Helper()
	s.close()
	s.node.stop()
	store, err := storage.Open(storage.Options{Dir: s.node.cfg.DataDir, FS: s.node.cfg.FS})
	if err != nil {
		x.t.Fatal(err)
	}
	ids, err := store.Dataflows()
	if err != nil {
		x.t.Fatal(err)
	}
	out := map[uint32]int64{}
	for _, id := range ids {
		if out[id], err = store.StateEntries(id); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		x.t.Fatal(err)
	}
	s.node.start()
	s.db = s.node.db()
	return out
}
