package server_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/internal/randquery"
	"millrace/server"
)

var (
	comparisonsFlag = flag.Int("comparisons", 0, "comparisons of TestAnswers; 0 is 20,000, or 1,000,000 with MILLRACE_LONG=1")
	failuresFlag    = flag.Int("failures", 1, "mismatches that TestAnswers reduces and reports before it ends")
)

const (
	queriesPerSchema = 16
	commitsPerSchema = 8
	// refusalsMax bounds the queries that are made in vain for one schema, since Millrace lacks something.
	refusalsMax = 80
	// reductionTries bounds the runs that make one failing case small.
	reductionTries = 600
	// queryTimeout ends the queries that take long by chance, in both servers.
	queryTimeout = "SET statement_timeout = '4s'"
)

// oracleWay is a configuration of the server in which answers must be the same.
type oracleWay struct {
	name         string
	config       func(*server.Config)
	restartEvery int // commits
}

var oracleWays = []oracleWay{
	{name: "memory", config: func(*server.Config) {}},
	{name: "no state cache, steps of one epoch", config: func(c *server.Config) { c.StateBytes, c.StepRowsMax = -1, 1 }},
	{name: "small state cache", config: func(c *server.Config) { c.StateBytes = 32 << 10 }},
	{name: "restarts", config: func(c *server.Config) { c.StateBytes = 256 << 10 }, restartEvery: 3},
}

// TestAnswers holds the answers to random queries against PostgreSQL's, after each of many random commits: of the query run by
// itself, of a view of it that was there before the data, and of one that was made in between. A mismatch is reduced to the smallest
// case that shows it. The counts at the end say what was covered, and what was not since it is not built.
func TestAnswers(t *testing.T) {
	r := newRandom(t)
	want := either(*comparisonsFlag, 20_000, 1_000_000)
	tally := newTally()
	pg := newPostgres(t)
	pg.exec(queryTimeout)
	start, failures := time.Now(), 0
	for round := 0; tally.compared < want && failures < *failuresFlag; round++ {
		l := &lab{t: t, pg: pg, way: oracleWays[round%len(oracleWays)], tally: tally}
		if m := l.round(r, round); m != nil {
			failures++
			l.report(m)
		}
	}
	t.Logf("%d comparisons in %v\n%s", tally.compared, time.Since(start).Round(time.Second), tally)
	tally.judge(t)
}

// lab is one schema in both servers.
type lab struct {
	t      testing.TB
	pg     *db
	way    oracleWay
	tally  *tally
	node   *node
	log    *errorLog
	mill   *db
	schema randquery.Schema
	cases  []*watched
	// done are the transactions so far.
	done []*randquery.Transaction
}

// watched is a query with its views.
type watched struct {
	query       *randquery.Query
	early, late string // names of views, empty while there is none
	noView      bool   // refused as a view with 0A000
	dropped     bool   // takes too long, or failed in PostgreSQL for another reason than its data
}

// mismatch is a difference between the servers.
type mismatch struct {
	how    string // which of the answers
	class  string // rows, order, or a SQLSTATE
	detail string
	at     *watched
}

// lost is the class of a mismatch in which Millrace ended the connection or a view failed; what it logged is the detail.
const lost = "lost"

// tryExec and tryQuery run statements and queries on Millrace. Where the connection is lost, the error has the code lost.
func (l *lab) tryExec(sql string) (string, *pgconn.PgError) {
	tag, err := execOn(context.Background(), l.mill.conn, sql)
	return tag, l.serverError(err)
}

func (l *lab) tryQuery(sql string) (table, *pgconn.PgError) {
	rows, err := queryOn(context.Background(), l.mill.conn, sql)
	return rows, l.serverError(err)
}

// ask asks one by one where the connection does not survive all.
func (l *lab) ask(queries []string) []reply {
	replies, err := askOn(l.mill.conn, queries)
	if err == nil {
		return replies
	}
	replies = make([]reply, len(queries))
	for i, q := range queries {
		l.connect()
		replies[i].table, replies[i].err = l.tryQuery(q)
	}
	return replies
}

func (l *lab) serverError(err error) *pgconn.PgError {
	if err == nil {
		return nil
	}
	var pe *pgconn.PgError
	switch failed := l.log.take(); {
	case failed != "":
		return &pgconn.PgError{Code: lost, Message: failed}
	case errors.As(err, &pe):
		return pe
	}
	return &pgconn.PgError{Code: lost, Message: err.Error()}
}

// errorLog takes what a server logs as an error: a view that failed, a panic.
type errorLog struct {
	mu   sync.Mutex
	text string
}

func (e *errorLog) add(s string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.text == "" {
		e.text = withoutStack(s)
	}
}

func (e *errorLog) take() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.text
	e.text = ""
	return s
}

// withoutStack keeps the frames that tell where a panic came from.
func withoutStack(s string) string {
	head, stack, found := strings.Cut(s, " stack=")
	if !found {
		return s
	}
	_, stack, _ = strings.Cut(stack, "panic(")
	var frames []string
	for _, line := range strings.Split(stack, "\n") {
		if strings.HasPrefix(line, "millrace/") && len(frames) < 4 {
			frames = append(frames, line)
		}
	}
	return head + " in " + strings.Join(frames, " < ")
}

// open makes the schema in both servers, from nothing.
func (l *lab) open(s randquery.Schema) {
	l.t.Helper()
	l.schema = s
	l.log = &errorLog{}
	l.node = startNode(l.t, l.way.config, func(c *server.Config) {
		c.Log = slog.New(&logHandler{warning: func(string) {}, failure: l.log.add})
	})
	l.connect()
	l.pg.exec("ROLLBACK") // a change may have failed in a block
	l.pg.exec("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	for _, table := range s {
		l.mill.exec(table.Create(false))
		l.pg.exec(table.Create(true))
	}
}

// connect opens a connection that lasts until the server ends.
func (l *lab) connect() {
	l.mill = l.node.db()
	l.mill.exec("SET strict_errors = on; " + queryTimeout)
}

// close ends the server of this schema.
func (l *lab) close() {
	l.mill.close()
	l.node.stop()
}

// round makes a schema with queries and views, changes it commit by commit, and compares. It returns the first mismatch.
func (l *lab) round(r *rand.Rand, number int) *mismatch {
	g := randquery.New(r, randquery.Options{Extremes: number%3 == 2, Fallible: number%4 == 3, Streams: number%2 == 0})
	s := g.Schema()
	g.Over(s)
	l.open(s)
	defer l.close()
	for refused := 0; len(l.cases) < queriesPerSchema && refused < refusalsMax; {
		q := g.Query()
		taken, m := l.watch(q, r.IntN(3) > 0)
		if m != nil {
			return m
		}
		if !taken {
			refused++
		}
	}
	middle := 1 + r.IntN(commitsPerSchema-2)
	for i := range commitsPerSchema {
		tx := g.Transaction()
		if i == 0 {
			tx = g.Load()
		}
		if m := l.commit(tx); m != nil {
			return m
		}
		if l.way.restartEvery > 0 && i%l.way.restartEvery == l.way.restartEvery-1 {
			l.restart()
		}
		if i == middle {
			for n, w := range l.cases {
				if w.noView {
					continue
				}
				if m := l.view(w, &w.late, fmt.Sprintf("late_%d", n)); m != nil {
					return m
				}
			}
		}
		if m := l.compare(); m != nil {
			return m
		}
	}
	return nil
}

func (l *lab) restart() {
	l.t.Helper()
	l.mill.close()
	if err := l.node.restart(); err != nil {
		l.t.Fatal(err)
	}
	l.connect()
}

const unsupported = "0A000"

// watch adds a query if both servers take it. The mismatch is that of one that only PostgreSQL takes.
func (l *lab) watch(q *randquery.Query, early bool) (bool, *mismatch) {
	l.t.Helper()
	l.tally.made(q)
	if _, err := l.pg.tryQuery("EXPLAIN " + q.String()); err != nil {
		l.tally.refusedByPostgres(err)
		return false, nil
	}
	w := &watched{query: q}
	if _, err := l.tryQuery(q.String()); err != nil && !dataError(err) {
		if err.Code == unsupported {
			l.tally.unsupported(q, err)
			return false, nil
		}
		if err.Code == "57014" {
			return false, nil
		}
		return false, l.refusal(w, "query", err)
	}
	l.cases = append(l.cases, w)
	if early {
		return true, l.view(w, &w.early, fmt.Sprintf("early_%d", len(l.cases)))
	}
	return true, nil
}

func (l *lab) refusal(w *watched, what string, err *pgconn.PgError) *mismatch {
	if failed := l.log.take(); failed != "" {
		err = &pgconn.PgError{Code: lost, Message: failed}
	}
	return &mismatch{how: what, class: err.Code, detail: "PostgreSQL takes it, Millrace says: " + describe(err), at: w}
}

// view makes a view of a query.
func (l *lab) view(w *watched, name *string, as string) *mismatch {
	_, err := l.tryExec(fmt.Sprintf("CREATE MATERIALIZED VIEW %s (%s) AS %s", as, w.query.Columns(), w.query))
	switch {
	case err == nil:
		*name = as
	case err.Code == unsupported:
		l.tally.unsupported(w.query, err)
		w.noView = true
	case err.Code == "57014":
		w.noView = true
	default:
		return l.refusal(w, strings.TrimRight(as, "_0123456789")+" view", err)
	}
	return nil
}

// commit runs a transaction on both. They must agree on the outcome of each statement. One that Millrace lacks something for has no
// effect on either.
func (l *lab) commit(tx *randquery.Transaction) *mismatch {
	l.t.Helper()
	l.done = append(l.done, tx)
	statements := tx.Statements()
	block := len(statements) > 1
	for _, sql := range statements {
		if l.beyondPostgres(sql) {
			l.forget(block)
			return nil
		}
		tag, err := l.tryExec(sql)
		if err != nil && err.Code == unsupported {
			l.tally.features[err.Message]++
			l.forget(block)
			return nil
		}
		pgTag, pgErr := l.pg.tryExec(sql)
		switch {
		case err == nil && pgErr == nil && tag == pgTag:
			continue
		case err != nil && pgErr != nil && (err.Code == pgErr.Code || dataError(err) && dataError(pgErr)):
			if block {
				l.mill.exec("ROLLBACK")
				l.pg.exec("ROLLBACK")
			}
			return nil
		case pgErr != nil && pgErr.Code == "57014":
			l.t.Fatalf("PostgreSQL takes too long for a change: %s", sql)
		}
		return &mismatch{how: "change", class: outcomeClass(tag, err) + " against " + outcomeClass(pgTag, pgErr), detail: fmt.Sprintf("%s\nmillrace:   %s\npostgresql: %s",
			sql, outcome(tag, err), outcome(pgTag, pgErr))}
	}
	return nil
}

// beyondPostgres tells whether PostgreSQL has no plan for a change, which it says without making it.
func (l *lab) beyondPostgres(sql string) bool {
	switch word, _, _ := strings.Cut(sql, " "); word {
	case "INSERT", "UPDATE", "DELETE", "MERGE":
	default:
		return false
	}
	replies := l.pg.ask([]string{"SAVEPOINT explained", "EXPLAIN " + sql, "ROLLBACK TO explained"})
	return replies[1].err != nil && replies[1].err.Code == unsupported
}

// forget undoes the transaction that was begun last, if any, on both servers.
func (l *lab) forget(block bool) {
	l.done[len(l.done)-1] = &randquery.Transaction{}
	if block {
		l.mill.exec("ROLLBACK")
		l.pg.exec("ROLLBACK")
	}
}

func outcomeClass(tag string, err *pgconn.PgError) string {
	if err == nil {
		return strings.TrimRight(tag, "0123456789")
	}
	return err.Code
}

// dataError tells whether an error is about a row's values.
func dataError(err *pgconn.PgError) bool {
	return strings.HasPrefix(err.Code, "22") || err.Code == "21000" || err.Code == "2202E"
}

// compare asks all queries and views and returns the first difference.
func (l *lab) compare() *mismatch {
	l.t.Helper()
	var alive []*watched
	var onPostgres, onMillrace []string
	for _, w := range l.cases {
		if w.dropped {
			continue
		}
		alive = append(alive, w)
		onPostgres = append(onPostgres, w.query.String())
		onMillrace = append(onMillrace, w.query.String())
		for _, v := range []string{w.early, w.late} {
			if v != "" {
				onMillrace = append(onMillrace, "SELECT * FROM "+v)
			}
		}
	}
	want := l.pg.ask(onPostgres)
	got := l.ask(onMillrace)
	next := 0
	take := func() reply { next++; return got[next-1] }
	for i, w := range alive {
		answers := []struct {
			how string
			reply
		}{{"query", take()}}
		if w.early != "" {
			answers = append(answers, struct {
				how string
				reply
			}{"early view", take()})
		}
		if w.late != "" {
			answers = append(answers, struct {
				how string
				reply
			}{"late view", take()})
		}
		for _, a := range answers {
			if m := l.judge(w, a.how, a.reply, want[i]); m != nil {
				return m
			}
		}
	}
	return nil
}

// judge holds one answer against PostgreSQL's.
func (l *lab) judge(w *watched, how string, got, want reply) *mismatch {
	fails := slices.Contains(w.query.Uses, "expressions that can fail")
	switch {
	case want.err != nil && (want.err.Code == "57014" || !dataError(want.err)):
		w.dropped = true
		l.tally.skipped["PostgreSQL: "+want.err.Code]++
		return nil
	case got.err != nil && got.err.Code == "57014":
		w.dropped = true
		l.tally.skipped["Millrace takes too long"]++
		return nil
	case want.err != nil:
		// Which rows' errors a server comes across depends on its plan.
		l.tally.skipped["an error of the data in PostgreSQL"]++
		return nil
	case got.err != nil && fails && (dataError(got.err) || got.err.Code == "XX001" || strings.Contains(got.err.Message, "could not be computed")):
		l.tally.skipped["an error of the data in Millrace alone"]++
		return nil
	case got.err != nil:
		return l.refusal(w, how, got.err)
	}
	l.tally.comparison(w.query)
	if d := difference(got.table, want.table); d != "" {
		if sameValues(got.table, want.table) {
			l.tally.scales++
			return nil
		}
		return &mismatch{how: how, class: "rows", detail: "Millrace (first) and PostgreSQL (second): " + d, at: w}
	}
	if how == "query" && w.query.Ordered() && !sameOrder(unscaled(got.table), unscaled(want.table)) {
		return &mismatch{how: how, class: "order", detail: fmt.Sprintf("Millrace:\n%sPostgreSQL:\n%s", got.table, want.table), at: w}
	}
	return nil
}

// sameOrder compares results row by row. Numbers that are equal but for their scale tie, so either may come first.
func sameOrder(a, b table) bool {
	return slices.EqualFunc(a.rows, b.rows, func(x, y []cell) bool { return fmt.Sprint(x) == fmt.Sprint(y) || len(x) > 0 && hasFloat(a) })
}

func hasFloat(t table) bool { return slices.ContainsFunc(t.fields, isFloat) }

// sameValues compares with numbers' trailing zeros removed: of equal numbers with different scales, DISTINCT, GROUP BY and set
// operations keep either.
func sameValues(a, b table) bool {
	return difference(unscaled(a), unscaled(b)) == ""
}

func unscaled(t table) table {
	const numericOID = 1700
	out := table{fields: t.fields}
	for _, row := range t.rows {
		r := slices.Clone(row)
		for i := range r {
			if t.fields[i].DataTypeOID == numericOID && strings.Contains(r[i].text, ".") {
				r[i].text = strings.TrimRight(strings.TrimRight(r[i].text, "0"), ".")
			}
		}
		out.rows = append(out.rows, r)
	}
	return out
}

// report makes a mismatch small and fails the test with it.
func (l *lab) report(m *mismatch) {
	l.t.Helper()
	c := &randquery.Case{Schema: l.schema, Transactions: l.done}
	if m.how != "change" {
		c.Query = m.at.query
	}
	var last *mismatch
	fails := func(c *randquery.Case) bool {
		got := l.replay(c, m.how)
		if got == nil || got.how != m.how || got.class != m.class {
			return false
		}
		last = got
		return true
	}
	if !fails(c) {
		l.t.Errorf("%s: %s (%s), which does not happen again when it is replayed by itself:\n%s\n%s", m.how, m.class, l.way.name, m.detail, caseText(c))
		return
	}
	small := randquery.Reduce(c, reductionTries, fails)
	if !fails(small) {
		l.t.Errorf("%s: %s (%s), whose reduction does not happen again:\n%s", m.how, m.class, l.way.name, caseText(small))
		return
	}
	l.t.Errorf("%s: %s (%s)\n%s\n-- %s", m.how, m.class, l.way.name, caseText(small), strings.ReplaceAll(last.detail, "\n", "\n-- "))
}

// caseText is a case as a script.
func caseText(c *randquery.Case) string {
	var b strings.Builder
	for _, t := range c.Schema {
		fmt.Fprintf(&b, "%s;\n", t.Create(false))
	}
	for _, tx := range c.Transactions {
		for _, sql := range tx.Statements() {
			fmt.Fprintf(&b, "%s;\n", sql)
		}
	}
	if c.Query != nil {
		fmt.Fprintf(&b, "%s;", c.Query)
	}
	return b.String()
}

// replay runs a case from nothing and compares the answer of one kind at the end. It returns nil also for what is no case: a
// query or change that PostgreSQL refuses.
func (l *lab) replay(c *randquery.Case, how string) *mismatch {
	for _, table := range c.Schema {
		if len(table.Columns) == 0 {
			return nil
		}
	}
	try := &lab{t: l.t, pg: l.pg, way: l.way, tally: newTally()}
	try.open(c.Schema)
	defer try.close()
	w := &watched{query: c.Query}
	if how != "change" {
		if _, err := try.pg.tryQuery("EXPLAIN " + c.Query.String()); err != nil {
			return nil
		}
	}
	try.cases = []*watched{w}
	if how == "early view" {
		if m := try.view(w, &w.early, "early_1"); m != nil {
			return m
		}
	}
	for i, tx := range c.Transactions {
		if how == "late view" && i == len(c.Transactions)-1 {
			if m := try.view(w, &w.late, "late_1"); m != nil {
				return m
			}
		}
		if len(tx.Changes) == 0 {
			continue
		}
		if m := try.commit(tx); m != nil {
			if how == "change" {
				return m
			}
			return nil
		}
		if try.way.restartEvery > 0 {
			try.restart()
		}
	}
	if how == "change" {
		return nil
	}
	want, got := try.pg.ask([]string{c.Query.String()}), try.ask(askedFor(w, how))
	return try.judge(w, how, got[0], want[0])
}

func askedFor(w *watched, how string) []string {
	switch how {
	case "early view":
		return []string{"SELECT * FROM " + w.early}
	case "late view":
		return []string{"SELECT * FROM " + w.late}
	}
	return []string{w.query.String()}
}

// tally counts what a run has covered.
type tally struct {
	queries, compared, scales int
	postgresRefused           map[string]int
	features                  map[string]int // by the message of 0A000
	skipped                   map[string]int
	constructs                map[string]*coverage
}

// coverage of one construct of SQL.
type coverage struct{ queries, refused, compared int }

func newTally() *tally {
	return &tally{postgresRefused: map[string]int{}, features: map[string]int{}, skipped: map[string]int{}, constructs: map[string]*coverage{}}
}

func (c *tally) of(use string) *coverage {
	if c.constructs[use] == nil {
		c.constructs[use] = &coverage{}
	}
	return c.constructs[use]
}

func (c *tally) made(q *randquery.Query) {
	c.queries++
	for _, use := range q.Uses {
		c.of(use).queries++
	}
}

func (c *tally) comparison(q *randquery.Query) {
	c.compared++
	for _, use := range q.Uses {
		c.of(use).compared++
	}
}

func (c *tally) unsupported(q *randquery.Query, err *pgconn.PgError) {
	c.features[err.Message]++
	for _, use := range q.Uses {
		c.of(use).refused++
	}
}

func (c *tally) refusedByPostgres(err *pgconn.PgError) { c.postgresRefused[err.Message]++ }

func (c *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d queries, %d refused by PostgreSQL; %d comparisons equal but for the scale of numbers\n", c.queries, total(c.postgresRefused), c.scales)
	for _, part := range []struct {
		title  string
		counts map[string]int
	}{{"refused by PostgreSQL", c.postgresRefused}, {"not compared", c.skipped}, {"not supported (0A000)", c.features}} {
		fmt.Fprintf(&b, "%s:\n", part.title)
		for _, name := range slices.SortedFunc(maps.Keys(part.counts), func(x, y string) int { return part.counts[y] - part.counts[x] }) {
			fmt.Fprintf(&b, "  %6d %s\n", part.counts[name], name)
		}
	}
	fmt.Fprintf(&b, "%-45s %8s %12s %12s\n", "construct", "queries", "refused", "comparisons")
	for _, use := range slices.Sorted(maps.Keys(c.constructs)) {
		k := c.constructs[use]
		fmt.Fprintf(&b, "%-45s %8d %12d %12d\n", use, k.queries, k.refused, k.compared)
	}
	return b.String()
}

func total(counts map[string]int) int {
	n := 0
	for _, k := range counts {
		n += k
	}
	return n
}

// judge fails a run that has not covered what it should.
func (c *tally) judge(t testing.TB) {
	t.Helper()
	if n := total(c.postgresRefused); n > c.queries/8 {
		t.Errorf("PostgreSQL refused %d queries of %d: the generator is wrong", n, c.queries)
	}
}
