package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// crashViews are there in all cycles.
var crashViews = []viewCase{
	{name: "total", query: `SELECT (SELECT sum(balance) FROM checking) + (SELECT sum(balance) FROM saving) AS total`},
	{name: "ledger", query: `SELECT c.id, c.balance + coalesce(m.sent, 0) AS opening
  FROM checking c LEFT JOIN (SELECT src, sum(amount) AS sent FROM moves GROUP BY src) m ON m.src = c.id`},
	{name: "log_counts", query: `SELECT writer, count(*) AS n, count(DISTINCT seq) AS d, min(seq) AS first, max(seq) AS last FROM log GROUP BY writer`},
	{name: "log_total", query: `SELECT sum(n) AS n, sum(last) AS last FROM log_counts`},
	{name: "made_counts", query: `SELECT count(*) AS n, count(DISTINCT id) AS d, max(id) - min(id) + 1 AS span FROM made`},
	{name: "made_groups", query: `SELECT k, count(*) AS n, sum(v) AS s, max(id) AS hi FROM made GROUP BY k`},
	{name: "item_sums", query: `SELECT writer, count(*) AS n, sum(v) AS s, min(id) AS lo FROM items GROUP BY writer`},
}

// churnQueries are those of views that come and go.
var churnQueries = []string{
	`SELECT id, writer, v FROM items ORDER BY v DESC, id LIMIT 10`,
	`SELECT DISTINCT writer, v FROM bag`,
	`SELECT i.id, b.v FROM items i JOIN bag b ON i.v % 10 = b.v AND i.writer = b.writer`,
	`SELECT b.writer, b.v, count(i.id) AS n FROM bag b LEFT JOIN items i ON i.v = b.v GROUP BY b.writer, b.v`,
	`SELECT writer, n FROM log_counts UNION ALL SELECT writer, n FROM item_sums`,
	`SELECT v, max(id) AS hi, count(*) FILTER (WHERE writer = 1) AS n FROM items GROUP BY v`,
	`SELECT writer FROM log_counts WHERE writer NOT IN (SELECT writer FROM bag)`,
}

// churnMax bounds how many views of churnQueries there are.
const churnMax = 5

// crash is the test's state over all cycles: what must be in the database.
type crash struct {
	t       *testing.T
	r       *rand.Rand
	dir     string
	writers []*writer
	churn   churn
}

// churn creates and drops views, with the model of which there are.
type churn struct {
	r     *rand.Rand
	query map[string]string // by name; acknowledged
	next  int
	doubt string // name of the view that was being created or dropped; "" is none
	under string // its query
}

// TestCrash kills the server with SIGKILL in the middle of writes and DDL, again and again, and looks after each restart
// whether what was acknowledged is there once, no transaction is there in part, and the views are right.
func TestCrash(t *testing.T) {
	r := newRandom(t)
	c := &crash{t: t, r: r, dir: t.TempDir()}
	c.churn = churn{r: rand.New(rand.NewPCG(r.Uint64(), 2)), query: map[string]string{}}
	for id := range 3 {
		c.writers = append(c.writers, &writer{id: id, r: rand.New(rand.NewPCG(r.Uint64(), 3)), known: newWriterState()})
	}
	c.setUp()
	cycles := either(*cyclesFlag, 30, 1000)
	commits := int64(0)
	for i := range cycles {
		if r.IntN(5) == 0 {
			c.killDuringStart()
		}
		n := c.cycle()
		commits += n
		if i%50 == 49 {
			t.Logf("%d of %d cycles, %d commits", i+1, cycles, commits)
		}
	}
	t.Logf("%d cycles, %d commits, %d rows in the log", cycles, commits, c.writers[0].known.seq+c.writers[1].known.seq+c.writers[2].known.seq)
}

// setUp makes tables and views, in a server that is killed right after.
func (c *crash) setUp() {
	c.t.Helper()
	child := launch(c.t, c.dir)
	defer func() {
		if err := child.kill(); err != nil {
			c.t.Error(err)
		}
	}()
	addr, err := child.address()
	if err != nil {
		c.t.Fatal(err)
	}
	d := openDB(c.t, "millrace", nodeURL(addr))
	defer d.close()
	for _, sql := range crashTables {
		d.exec(sql)
	}
	for _, name := range []string{"checking", "saving"} {
		d.exec(fmt.Sprintf("INSERT INTO %s SELECT i, %d FROM generate_series(1, %d) AS s(i)", name, openingBalance, accounts))
	}
	for _, v := range crashViews {
		d.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
	}
}

// killDuringStart kills a server while it starts, or just after.
func (c *crash) killDuringStart() {
	c.t.Helper()
	child := launch(c.t, c.dir)
	<-time.After(time.Duration(c.r.Int64N(int64(120 * time.Millisecond))))
	if err := child.kill(); err != nil {
		c.t.Fatal(err)
	}
}

// cycle starts the server, checks everything, lets all work on it, and kills it at a random moment. It returns the number of
// commits.
func (c *crash) cycle() int64 {
	c.t.Helper()
	child := launch(c.t, c.dir)
	addr, err := child.address()
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	if err := c.verify(ctx, addr); err != nil {
		c.t.Fatal(errors.Join(err, child.kill()))
	}

	target := 1 + c.r.Int64N(300)
	var commits atomic.Int64
	reached := make(chan struct{})
	acknowledged := func() {
		if commits.Add(1) == target {
			close(reached)
		}
	}
	work := []func(context.Context, *pgconn.PgConn) error{c.churn.change, readInvariants, readInvariants}
	for _, w := range c.writers {
		work = append(work, func(ctx context.Context, conn *pgconn.PgConn) error {
			err := w.write(ctx, conn)
			if err == nil {
				acknowledged()
			}
			return err
		})
	}
	failed := make(chan error, len(work))
	var running sync.WaitGroup
	for _, f := range work {
		running.Go(func() {
			if err := repeat(ctx, addr, f); err != nil {
				failed <- err
			}
		})
	}
	stuck := time.NewTimer(answerTimeout)
	defer stuck.Stop()
	var trouble error
	select {
	case <-reached:
		// Into the middle of what comes next.
		<-time.After(time.Duration(c.r.Int64N(int64(4 * time.Millisecond))))
	case trouble = <-failed:
	case <-stuck.C:
		trouble = fmt.Errorf("%d commits in %v, want %d", commits.Load(), answerTimeout, target)
	}
	trouble = errors.Join(trouble, child.kill())
	running.Wait()
	close(failed)
	for err := range failed {
		trouble = errors.Join(trouble, err)
	}
	if trouble != nil {
		c.t.Fatal(trouble)
	}
	return commits.Load()
}

// repeat runs f on a connection until the server is gone.
func repeat(ctx context.Context, addr string, f func(context.Context, *pgconn.PgConn) error) error {
	conn, err := pgconn.Connect(ctx, nodeURL(addr))
	if err != nil {
		return nil // killed before it came to that
	}
	defer conn.Close(ctx)
	for {
		err := f(ctx, conn)
		var gone errGone
		var pe *pgconn.PgError
		switch {
		case err == nil:
		case errors.As(err, &gone):
			return nil
		case !errors.As(err, &pe) && conn.IsClosed():
			return nil
		default:
			return err
		}
	}
}

// verify holds the database against the models.
func (c *crash) verify(ctx context.Context, addr string) error {
	conn, err := pgconn.Connect(ctx, nodeURL(addr))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := readInvariants(ctx, conn); err != nil {
		return err
	}
	for _, w := range c.writers {
		if err := w.check(ctx, conn); err != nil {
			return err
		}
	}
	if err := c.churn.check(ctx, conn); err != nil {
		return err
	}
	for _, v := range crashViews {
		if err := viewEqualsQuery(ctx, conn, v.name, v.query); err != nil {
			return err
		}
	}
	for name, query := range c.churn.query {
		if err := viewEqualsQuery(ctx, conn, name, query); err != nil {
			return err
		}
	}
	return nil
}

// viewEqualsQuery reads a view and runs its query in one transaction.
func viewEqualsQuery(ctx context.Context, conn *pgconn.PgConn, name, query string) error {
	tables, err := queriesOn(ctx, conn, "BEGIN; SELECT * FROM "+name+"; "+query+"; COMMIT")
	if err != nil {
		return fmt.Errorf("view %s: %w", name, err)
	}
	if d := difference(tables[0], tables[1]); d != "" {
		return fmt.Errorf("view %s (first) differs from its query (second): %s\n%s", name, d, query)
	}
	return nil
}

// readInvariants reads in one transaction what must hold at every epoch.
func readInvariants(ctx context.Context, conn *pgconn.PgConn) error {
	tables, err := queriesOn(ctx, conn, `BEGIN; SELECT total FROM total; SELECT id, opening FROM ledger; SELECT n, d, first, last FROM log_counts;
SELECT t.n, t.last, sum(c.n) FROM log_total t, log_counts c GROUP BY t.n, t.last;
SELECT (SELECT sum(balance) FROM checking) + (SELECT sum(balance) FROM saving) - total FROM total;
SELECT n, d, coalesce(span, 0), (SELECT coalesce(sum(n), 0) FROM made_groups) FROM made_counts; COMMIT`)
	if err != nil {
		return err
	}
	if len(tables) != 6 {
		return fmt.Errorf("%d results of 6 queries", len(tables))
	}
	if got := tables[0]; len(got.rows) != 1 || got.rows[0][0].int() != 2*accounts*openingBalance {
		return fmt.Errorf("the sum of all balances is not %d: %s", 2*accounts*openingBalance, got)
	}
	if n := len(tables[1].rows); n != accounts {
		return fmt.Errorf("%d accounts in the ledger, want %d", n, accounts)
	}
	for _, row := range tables[1].rows {
		if row[1].int() != openingBalance {
			return fmt.Errorf("a balance and its moves do not agree: %v", row)
		}
	}
	for _, row := range tables[2].rows {
		if row[0] != row[1] || row[2].text != "1" || row[0] != row[3] {
			return fmt.Errorf("a log has gaps or repeats: %v", row)
		}
	}
	for _, row := range tables[3].rows {
		if row[0] != row[1] || row[0] != row[2] {
			return fmt.Errorf("two views of one epoch do not agree: %v", row)
		}
	}
	if got := tables[4]; len(got.rows) != 1 || got.rows[0][0].int() != 0 {
		return fmt.Errorf("a view and its tables of one epoch do not agree: %s", got)
	}
	if got := tables[5].rows; len(got) != 1 || got[0][0] != got[0][1] || got[0][0] != got[0][2] || got[0][0] != got[0][3] {
		return fmt.Errorf("the rows of a connector have gaps or repeats: %s", tables[5])
	}
	return nil
}

// change creates or drops a view, reads one, or asks for a checkpoint.
func (c *churn) change(ctx context.Context, conn *pgconn.PgConn) error {
	names := c.names()
	switch k := c.r.IntN(10); {
	case k < 3 && len(names) < churnMax:
		c.next++
		name, query := fmt.Sprintf("churn_%d", c.next), churnQueries[c.r.IntN(len(churnQueries))]
		return c.apply(ctx, conn, "CREATE MATERIALIZED VIEW "+name+" AS "+query, name, query)
	case k < 5 && len(names) > 0:
		name := names[c.r.IntN(len(names))]
		return c.apply(ctx, conn, "DROP MATERIALIZED VIEW "+name, name, "")
	case k == 5:
		_, err := execOn(ctx, conn, "CHECKPOINT")
		return err
	case len(names) > 0:
		name := names[c.r.IntN(len(names))]
		return viewEqualsQuery(ctx, conn, name, c.query[name])
	}
	return readInvariants(ctx, conn)
}

// apply runs DDL that leaves the view name with this query, "" being no view.
func (c *churn) apply(ctx context.Context, conn *pgconn.PgConn, sql, name, query string) error {
	c.doubt, c.under = name, query
	if query == "" {
		c.under = c.query[name]
	}
	if _, err := execOn(ctx, conn, sql); err != nil {
		return err
	}
	c.doubt = ""
	if query == "" {
		delete(c.query, name)
	} else {
		c.query[name] = query
	}
	return nil
}

func (c *churn) names() []string {
	var names []string
	for name := range c.query {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// check holds the views that there are against the model.
func (c *churn) check(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := queryOn(ctx, conn, "SELECT name FROM millrace.views WHERE name LIKE 'churn_%' ORDER BY name")
	if err != nil {
		return err
	}
	have := rows.column(0)
	if c.doubt != "" {
		if slices.Contains(have, c.doubt) {
			c.query[c.doubt] = c.under
		} else {
			delete(c.query, c.doubt)
		}
		c.doubt = ""
	}
	slices.Sort(have)
	if want := c.names(); !slices.Equal(have, want) {
		return fmt.Errorf("there are the views %s, want %s", strings.Join(have, ", "), strings.Join(want, ", "))
	}
	return nil
}
