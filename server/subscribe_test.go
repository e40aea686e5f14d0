package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/server"
)

// contents are a relation's rows with how often each is there, as a subscription has told them.
type contents struct {
	rows map[string]int64
	hash uint64 // of the rows, whatever their order
}

func newContents() *contents { return &contents{rows: map[string]int64{}} }

func (c *contents) add(row string, diff int64) {
	if c.rows[row] += diff; c.rows[row] == 0 {
		delete(c.rows, row)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(row))
	c.hash += h.Sum64() * uint64(diff)
}

// changesSeen reads a subscription in the form of COPY with progress and keeps what it was told at each position.
type changesSeen struct {
	relation string
	contents *contents
	last     int64
	order    []int64
	hashes   []uint64 // of the contents at these positions
	check    func(position int64, c *contents) error
}

// read takes a line: position, whether it is progress, diff, row.
func (w *changesSeen) read(line string) error {
	f := strings.SplitN(line, "\t", 4)
	position, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil || len(f) < 4 {
		return fmt.Errorf("%s: line %q", w.relation, line)
	}
	if n := len(w.order); n > 0 && position <= w.order[n-1] {
		return fmt.Errorf("%s: position %d after everything through %d was told", w.relation, position, w.order[n-1])
	}
	if n := len(w.order); position > w.last && w.last > 0 && (n == 0 || w.last > w.order[n-1]) {
		if err := w.complete(w.last); err != nil {
			return err
		}
	}
	if f[1] == "t" {
		if w.last > position {
			return fmt.Errorf("%s: a change at %d, then progress to %d", w.relation, w.last, position)
		}
		return w.complete(position)
	}
	if position < w.last {
		return fmt.Errorf("%s: a change at %d after one at %d", w.relation, position, w.last)
	}
	diff, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil || diff == 0 {
		return fmt.Errorf("%s: diff in line %q", w.relation, line)
	}
	w.last = position
	if w.contents.add(f[3], diff); diff > 0 && w.contents.rows[f[3]] < 0 {
		return fmt.Errorf("%s: %d times the row %q at %d", w.relation, w.contents.rows[f[3]], f[3], position)
	}
	return nil
}

// complete notes the contents at a position.
func (w *changesSeen) complete(position int64) error {
	w.hashes, w.order = append(w.hashes, w.contents.hash), append(w.order, position)
	return w.check(position, w.contents)
}

// follow runs a COPY of a subscription until it ends.
func (w *changesSeen) follow(ctx context.Context, n *node, sql string) error {
	conn, err := n.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	r, out := io.Pipe()
	go func() {
		_, err := conn.CopyTo(ctx, out, sql)
		_ = out.CloseWithError(err)
	}()
	in := bufio.NewScanner(r)
	for in.Scan() {
		if err := w.read(in.Text()); err != nil {
			_ = r.CloseWithError(err)
			return err
		}
	}
	return in.Err()
}

// snapshot reads a relation at the epoch that is then, which it gives.
func snapshot(ctx context.Context, conn *pgconn.PgConn, relation string) (position int64, c *contents, err error) {
	var buf bytes.Buffer
	if _, err := conn.CopyTo(ctx, &buf, "COPY (SUBSCRIBE "+relation+" WITH (PROGRESS) UP TO 0) TO STDOUT"); err != nil {
		return 0, nil, err
	}
	w := &changesSeen{relation: relation, contents: newContents(), check: func(p int64, _ *contents) error { position = p; return nil }}
	for line := range strings.Lines(buf.String()) {
		if err := w.read(strings.TrimSuffix(line, "\n")); err != nil {
			return 0, nil, err
		}
	}
	if len(w.order) != 1 {
		return 0, nil, fmt.Errorf("a snapshot with %d positions", len(w.order))
	}
	return position, w.contents, nil
}

// TestSubscribersOfBank follows all views of the bank, the table and queries over both, while money moves: what a subscription
// has told through a position is the relation there, and money is conserved at each.
func TestSubscribersOfBank(t *testing.T) {
	r := newRandom(t)
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE transactions (id bigint PRIMARY KEY, from_account int, to_account int, amount numeric(12,2), at timestamp)")
	for _, v := range bankViews {
		d.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
	}
	d.exec(fmt.Sprintf("INSERT INTO transactions SELECT -i, i, i, 0 FROM generate_series(1, %d) AS s(i)", bankAccounts))
	subjects := map[string]string{}
	for _, v := range bankViews {
		subjects[v.name] = v.name
	}
	subjects["transactions"] = "transactions"
	subjects["query"] = "(SELECT sum(CASE WHEN c.account = d.account THEN credits - debits END) AS total FROM credits c JOIN debits d ON c.account = d.account)"
	subjects["table query"] = "(SELECT id, from_account + to_account FROM transactions WHERE amount > 10)"
	b := &bank{rowsMax: int64(either(0, 6_000, 300_000))}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writers, followers, readers sync.WaitGroup
	failed := make(chan error, 64)
	run := func(g *sync.WaitGroup, f func() error) {
		g.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				failed <- err
				cancel()
			}
		})
	}
	for id := range 3 {
		w := &bankWriter{b: b, id: int64(id), r: rand.New(rand.NewPCG(r.Uint64(), 4))}
		run(&writers, func() error { return loop(ctx, n, w.write) })
	}
	var all []*changesSeen
	for name, subject := range subjects {
		w := &changesSeen{relation: name, contents: newContents()}
		w.check = func(position int64, c *contents) error {
			if (name == "total" || name == "query") && !slices.Equal(slices.Collect(maps.Keys(c.rows)), []string{"0.00"}) {
				return fmt.Errorf("%s is %v at %d", name, c.rows, position)
			}
			if name == "outer_join" {
				for row := range c.rows {
					if strings.Contains(row, `\N`) {
						return fmt.Errorf("outer_join has %q at %d", row, position)
					}
				}
			}
			return nil
		}
		all = append(all, w)
		run(&followers, func() error {
			err := w.follow(ctx, n, "COPY (SUBSCRIBE "+subject+" WITH (PROGRESS)) TO STDOUT")
			if ctx.Err() != nil {
				return nil
			}
			return err
		})
	}
	type seen struct {
		name     string
		position int64
		hash     uint64
	}
	var mu sync.Mutex
	var reads []seen
	for name, subject := range subjects {
		run(&readers, func() error {
			return loop(ctx, n, func(ctx context.Context, conn *pgconn.PgConn) (bool, error) {
				p, c, err := snapshot(ctx, conn, subject)
				if err != nil {
					return false, err
				}
				mu.Lock()
				defer mu.Unlock()
				reads = append(reads, seen{name, p, c.hash})
				return b.rows.Load() < b.rowsMax, nil
			})
		})
	}
	writers.Wait()
	readers.Wait()
	cancel()
	followers.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	points, compared := 0, 0
	for _, w := range all {
		points += len(w.order)
		for _, s := range reads {
			if s.name != w.relation || len(w.order) == 0 || s.position < w.order[0] || s.position > w.order[len(w.order)-1] {
				continue
			}
			i, found := slices.BinarySearch(w.order, s.position)
			if !found {
				if w.relation == "query" {
					continue // of several views, it takes several epochs as one when it is behind
				}
				i-- // nothing has changed since
			}
			compared++
			if w.hashes[i] != s.hash {
				next := min(i+1, len(w.order)-1)
				t.Fatalf("%s at %d: the changes through %d do not sum up to what a read gives; those through %d do: %v",
					w.relation, s.position, w.order[i], w.order[next], w.hashes[next] == s.hash)
			}
		}
	}
	t.Logf("%d rows, %d positions, %d reads compared", b.rows.Load(), points, compared)
	if points < 100 || compared < 50 {
		t.Errorf("%d positions and %d comparisons are too few to say something", points, compared)
	}
}

// TestSubscribeFetch takes a subscription by parts: FETCH waits for a first row, or until its time is up; other reads of a block
// stay at their epoch.
func TestSubscribeFetch(t *testing.T) {
	n := startNode(t)
	d, other := n.db(), n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	d.exec("CREATE MATERIALIZED VIEW s AS SELECT v, count(*) AS n FROM t GROUP BY v")
	d.exec("INSERT INTO t VALUES (1, 10), (2, 10), (3, 20)")
	d.exec("BEGIN")
	if got := d.query("SELECT count(*) FROM t").scalar(t); got != "3" {
		t.Fatalf("count %s", got)
	}
	d.exec("DECLARE c CURSOR FOR SUBSCRIBE s")
	if got := fmt.Sprint(d.query("FETCH 1 c").column(2), d.query("FETCH ALL c").column(2)); got != "[10] [20]" {
		t.Fatalf("the contents in two parts: %s", got)
	}
	if rows := d.query("FETCH ALL c WITH (timeout = '10ms')").rows; len(rows) != 0 {
		t.Fatalf("rows without a change: %v", rows)
	}
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		<-time.After(20 * time.Millisecond)
		other.exec("UPDATE t SET v = 20 WHERE id = 1")
	}()
	got := d.query("FETCH ALL c")
	<-changed
	if len(got.rows) != 4 {
		t.Fatalf("changes: %s", got)
	}
	for _, row := range got.rows {
		if row[0] != got.rows[0][0] {
			t.Fatalf("one commit at two positions: %s", got)
		}
	}
	if got := d.query("SELECT v FROM t WHERE id = 1").scalar(t); got != "10" {
		t.Fatalf("a read of the block has moved on: %s", got)
	}
	d.refused("55000", "FETCH BACKWARD 1 c")
	d.exec("ROLLBACK")
	d.refused("34000", "FETCH 1 c")
	d.refused("25P01", "DECLARE c CURSOR FOR SUBSCRIBE s")
	d.exec("DECLARE c CURSOR WITH HOLD FOR SELECT v, n FROM s EMIT CHANGES")
	if rows := d.query("FETCH ALL c").rows; len(rows) != 2 {
		t.Fatalf("contents: %v", rows)
	}
	other.exec("DELETE FROM t WHERE id = 2")
	if rows := d.query("FETCH ALL c").rows; len(rows) != 1 {
		t.Fatalf("a deletion: %v", rows)
	}
	d.exec("SET statement_timeout = '20ms'")
	d.refused("57014", "FETCH 1 c")
	d.exec("RESET statement_timeout")
	other.exec("INSERT INTO t VALUES (9, 9)")
	if rows := d.query("FETCH ALL c").rows; len(rows) != 1 {
		t.Fatalf("after a timeout: %v", rows)
	}
	other.exec("DROP MATERIALIZED VIEW s")
	d.refused("42P01", "FETCH ALL c")
}

// TestSubscribeEnvelopes shows changes in the forms other than the difference, with a key and without, and a row that is there so
// often that it must not be held in memory as many times.
func TestSubscribeEnvelopes(t *testing.T) {
	n := startNode(t)
	d, other := n.db(), n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	d.exec("CREATE MATERIALIZED VIEW vs AS SELECT v FROM t")
	d.exec("INSERT INTO t VALUES (1, 10), (2, 20), (3, 20)")
	follow := func(cursor, what, envelope string) func(want ...string) {
		d.exec("DECLARE " + cursor + " CURSOR WITH HOLD FOR SUBSCRIBE " + what + " WITH (envelope = '" + envelope + "')")
		return func(want ...string) {
			t.Helper()
			var got []string
			for len(got) < len(want) {
				for _, row := range d.query("FETCH ALL " + cursor).rows {
					got = append(got, strings.Trim(strings.ReplaceAll(fmt.Sprint(row[1:]), `"`, ""), "[]"))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s of %s\n got %q\nwant %q", envelope, what, got, want)
			}
		}
	}
	upsert, debezium, keyless := follow("a", "t", "upsert"), follow("b", "t", "debezium"), follow("c", "vs", "debezium")
	upsert("upsert 1 10", "upsert 2 20", "upsert 3 20")
	debezium("r NULL NULL 1 10", "r NULL NULL 2 20", "r NULL NULL 3 20")
	keyless("r NULL 10", "r NULL 20", "r NULL 20")
	other.exec("UPDATE t SET v = 11 WHERE id = 1")
	upsert("upsert 1 11")
	debezium("u 1 10 1 11")
	keyless("c NULL 11", "d 10 NULL")
	other.exec("DELETE FROM t WHERE id > 1")
	upsert("delete 2 NULL", "delete 3 NULL")
	debezium("d 2 20 NULL NULL", "d 3 20 NULL NULL")
	keyless("d 20 NULL", "d 20 NULL")
	d.refused("22023", "SUBSCRIBE vs WITH (envelope = 'upsert')")

	below := "vs"
	for i := range 8 {
		view := fmt.Sprint("many", i)
		d.exec("CREATE MATERIALIZED VIEW " + view + " AS " + strings.Repeat("SELECT v FROM "+below+" UNION ALL ", 15) + "SELECT v FROM " + below)
		below = view
	}
	d.exec("DECLARE many CURSOR WITH HOLD FOR SUBSCRIBE " + below + " WITH (envelope = 'debezium')")
	for _, most := range []int{3, 2} {
		if got := fmt.Sprint(d.query(fmt.Sprintf("FETCH %d many", most)).column(3)); got != "["+strings.TrimSpace(strings.Repeat("11 ", most))+"]" {
			t.Errorf("%d of many: %s", most, got)
		}
	}
}

// TestSubscribePortal takes a subscription through a portal with a row limit.
func TestSubscribePortal(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, v int)")
	d.exec("INSERT INTO t SELECT i, i FROM generate_series(1, 10) AS s(i)")
	ctx, cancel := context.WithTimeout(t.Context(), answerTimeout)
	defer cancel()
	conn, err := n.dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	f := conn.Frontend()
	f.SendParse(&pgproto3.Parse{Query: "SUBSCRIBE (SELECT id FROM t WHERE v > $1) UP TO 100000"})
	f.SendBind(&pgproto3.Bind{Parameters: [][]byte{[]byte("3")}})
	f.SendDescribe(&pgproto3.Describe{ObjectType: 'P'})
	receive := func() string {
		f.Send(&pgproto3.Flush{})
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			m, err := f.Receive()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case *pgproto3.ErrorResponse:
				t.Fatal(m.Message)
			case *pgproto3.RowDescription:
				got = append(got, string(m.Fields[0].Name), string(m.Fields[2].Name))
			case *pgproto3.DataRow:
				got = append(got, string(m.Values[1])+"/"+string(m.Values[2]))
			case *pgproto3.PortalSuspended, *pgproto3.CommandComplete:
				return strings.Join(append(got, strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3.")), " ")
			}
		}
	}
	for i, want := range []string{
		"millrace_position id 1/4 1/5 1/6 1/7 PortalSuspended", "1/8 1/9 1/10 PortalSuspended", "-1/5 PortalSuspended", "1/50 1/51 PortalSuspended", "1/52 PortalSuspended",
	} {
		switch i {
		case 2:
			d.exec("DELETE FROM t WHERE id IN (1, 5)")
		case 3:
			d.exec("INSERT INTO t VALUES (50, 50), (51, 51), (52, 52)")
		}
		f.SendExecute(&pgproto3.Execute{MaxRows: []uint32{4, 4, 4, 2, 2}[i]})
		if got := receive(); got != want {
			t.Errorf("%d: got %s, want %s", i, got, want)
		}
	}
}

// TestSubscriberGoesAway takes the server's last connection with a subscription and drops it without a word: the place is free
// at once.
func TestSubscriberGoesAway(t *testing.T) {
	n := startNode(t, func(c *server.Config) { c.Connections = 2 })
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY)")
	ctx, cancel := context.WithTimeout(t.Context(), answerTimeout)
	defer cancel()
	dial := func() *pgconn.PgConn {
		for {
			conn, err := n.dial(ctx)
			if err == nil {
				return conn
			}
			var pe *pgconn.PgError
			if !errors.As(err, &pe) || pe.Code != "53300" {
				t.Fatal(err)
			}
		}
	}
	for _, sql := range []string{"COPY (SUBSCRIBE t WITH (PROGRESS)) TO STDOUT", "SUBSCRIBE (SELECT count(*) FROM t)", "BEGIN; DECLARE c CURSOR FOR SUBSCRIBE t; FETCH ALL c"} {
		conn := dial()
		conn.Frontend().SendQuery(&pgproto3.Query{String: sql})
		if err := conn.Frontend().Flush(); err != nil {
			t.Fatal(err)
		}
		if sql[0] != 'B' { // the cursor has nothing to tell
			if _, err := conn.Frontend().Receive(); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.Conn().Close(); err != nil {
			t.Fatal(err)
		}
	}
	_ = dial().Close(ctx)
}
