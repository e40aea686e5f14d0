package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// bankViews are those of Jamie Brandon's test of streaming systems ("Internal consistency in streaming systems", 2021): money
// only moves, so that total is 0 in every consistent state, and the self-join misses nobody.
var bankViews = []viewCase{
	{name: "accepted_transactions", query: `SELECT id FROM transactions`},
	{name: "outer_join", query: `SELECT t1.id AS id, t2.id AS other_id
  FROM (SELECT id FROM transactions) t1 LEFT JOIN (SELECT id FROM transactions) t2 ON t1.id = t2.id`},
	{name: "credits", query: `SELECT to_account AS account, sum(amount) AS credits FROM transactions GROUP BY to_account`},
	{name: "debits", query: `SELECT from_account AS account, sum(amount) AS debits FROM transactions GROUP BY from_account`},
	{name: "balance", query: `SELECT credits.account, credits - debits AS balance FROM credits, debits WHERE credits.account = debits.account`},
	{name: "total", query: `SELECT sum(balance) AS total FROM balance`},
}

const bankAccounts = 50

// bank is what the writers share.
type bank struct {
	rows    atomic.Int64 // written so far
	rowsMax int64
	points  atomic.Int64 // observed
}

// TestBank moves money with several writers while readers look at all views, in transactions and in single queries: each
// observed state must be one in which money is conserved.
func TestBank(t *testing.T) {
	for _, form := range []struct{ name, key string }{{"primary key", " PRIMARY KEY"}, {"no key", ""}} {
		t.Run(form.name, func(t *testing.T) {
			r := newRandom(t)
			n := startNode(t)
			d := n.db()
			d.exec("CREATE TABLE transactions (id bigint" + form.key + ", from_account int, to_account int, amount numeric(12,2), at timestamp)")
			for _, v := range bankViews {
				d.exec("CREATE MATERIALIZED VIEW " + v.name + " AS " + v.query)
			}
			// With a transfer to itself, each account has credits and debits from the start.
			d.exec(fmt.Sprintf("INSERT INTO transactions SELECT -i, i, i, 0 FROM generate_series(1, %d) AS s(i)", bankAccounts))
			b := &bank{rowsMax: int64(either(0, 20_000, 500_000))}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var writers, readers sync.WaitGroup
			failed := make(chan error, 8)
			run := func(group *sync.WaitGroup, f func(context.Context, *pgconn.PgConn) (more bool, err error)) {
				group.Go(func() {
					if err := loop(ctx, n, f); err != nil {
						failed <- err
						cancel()
					}
				})
			}
			for id := range 3 {
				w := &bankWriter{b: b, id: int64(id), r: rand.New(rand.NewPCG(r.Uint64(), 4))}
				run(&writers, w.write)
			}
			var done atomic.Bool
			for _, read := range []func(context.Context, *pgconn.PgConn) error{readBankInTransaction, readBankInTransaction, readBankInOneQuery, compareBank} {
				run(&readers, func(ctx context.Context, conn *pgconn.PgConn) (bool, error) {
					last := done.Load()
					b.points.Add(1)
					return !last, read(ctx, conn)
				})
			}
			writers.Wait()
			done.Store(true)
			readers.Wait()
			close(failed)
			for err := range failed {
				t.Error(err)
			}
			t.Logf("%d rows, %d observed points", b.rows.Load(), b.points.Load())
			if b.points.Load() < 20 {
				t.Errorf("%d observed points are too few to say something", b.points.Load())
			}
		})
	}
}

// loop calls f on a connection of its own until it wants no more.
func loop(ctx context.Context, n *node, f func(context.Context, *pgconn.PgConn) (bool, error)) error {
	conn, err := n.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for more := true; more && ctx.Err() == nil; {
		if more, err = f(ctx, conn); err != nil {
			if ctx.Err() != nil {
				return nil // another one has failed and said so
			}
			return err
		}
	}
	return nil
}

// bankWriter inserts transactions, changes some and deletes some.
type bankWriter struct {
	b    *bank
	id   int64
	r    *rand.Rand
	next int64
}

func (w *bankWriter) write(ctx context.Context, conn *pgconn.PgConn) (bool, error) {
	var sql string
	switch k := w.r.IntN(10); {
	case k == 0:
		sql = fmt.Sprintf("UPDATE transactions SET amount = amount + %d.25, to_account = %d WHERE id >= %d AND id < %d AND id %% 3 = %d",
			w.r.IntN(9), 1+w.r.IntN(bankAccounts), w.first(), w.first()+w.next, w.r.IntN(3))
	case k == 1:
		from := w.first() + w.r.Int64N(w.next+1)
		sql = fmt.Sprintf("DELETE FROM transactions WHERE id >= %d AND id < %d", from, min(from+20, w.first()+w.next))
	case k == 2:
		sql = "BEGIN; " + w.insert() + "; " + w.insert() + fmt.Sprintf("; UPDATE transactions SET from_account = to_account, to_account = from_account WHERE id = %d; COMMIT", w.first()+w.r.Int64N(w.next+1))
	default:
		sql = w.insert()
	}
	if _, err := execOn(ctx, conn, sql); err != nil {
		return false, fmt.Errorf("%s\n%w", sql, err)
	}
	return w.b.rows.Load() < w.b.rowsMax, nil
}

func (w *bankWriter) first() int64 { return (w.id + 1) << 32 }

func (w *bankWriter) insert() string {
	n := 1 + w.r.IntN(5)
	if w.r.IntN(4) == 0 {
		n = 1 + w.r.IntN(200)
	}
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("(%d, %d, %d, %d.%02d)", w.first()+w.next, 1+w.r.IntN(bankAccounts), 1+w.r.IntN(bankAccounts), w.r.IntN(1000), w.r.IntN(100))
		w.next++
	}
	w.b.rows.Add(int64(n))
	return "INSERT INTO transactions (id, from_account, to_account, amount) VALUES " + strings.Join(rows, ", ")
}

func readBankInTransaction(ctx context.Context, conn *pgconn.PgConn) error {
	tables, err := queriesOn(ctx, conn, `BEGIN; SELECT total FROM total; SELECT sum(credits) FROM credits; SELECT sum(debits) FROM debits;
SELECT sum(amount) FROM transactions; SELECT count(*) FROM outer_join WHERE other_id IS NULL;
SELECT (SELECT count(*) FROM outer_join) - (SELECT count(*) FROM accepted_transactions); SELECT sum(balance), count(*) FROM balance; COMMIT`)
	if err != nil {
		return err
	}
	if len(tables) != 7 {
		return fmt.Errorf("%d results of 7 queries", len(tables))
	}
	v := make([]string, len(tables))
	for i, t := range tables {
		v[i] = t.rows[0][0].text
	}
	switch {
	case v[0] != "0.00":
		return fmt.Errorf("total is %s", v[0])
	case v[1] != v[2] || v[1] != v[3]:
		return fmt.Errorf("credits are %s, debits %s, transactions %s", v[1], v[2], v[3])
	case v[4] != "0":
		return fmt.Errorf("%s rows of outer_join have no partner", v[4])
	case v[5] != "0":
		return fmt.Errorf("outer_join has %s rows more than accepted_transactions", v[5])
	case v[6] != "0.00" || tables[6].rows[0][1].int() != bankAccounts:
		return fmt.Errorf("balance is %s over %s accounts", v[6], tables[6].rows[0][1])
	}
	return nil
}

func readBankInOneQuery(ctx context.Context, conn *pgconn.PgConn) error {
	rows, err := queryOn(ctx, conn, `SELECT t.total, c.sum - d.sum AS moved, a.n - o.n AS joined
FROM total t, (SELECT sum(credits) AS sum FROM credits) c, (SELECT sum(debits) AS sum FROM debits) d,
  (SELECT count(*) AS n FROM accepted_transactions) a, (SELECT count(other_id) AS n FROM outer_join) o`)
	if err != nil {
		return err
	}
	if got := fmt.Sprint(rows.column(0), rows.column(1), rows.column(2)); got != "[0.00] [0.00] [0]" {
		return fmt.Errorf("a query over all views says total, credits - debits, accepted - joined: %s", got)
	}
	return nil
}

// compareBank holds each view against its query in one transaction.
func compareBank(ctx context.Context, conn *pgconn.PgConn) error {
	var sql strings.Builder
	sql.WriteString("BEGIN; ")
	for _, v := range bankViews {
		sql.WriteString("SELECT * FROM " + v.name + "; " + v.query + "; ")
	}
	tables, err := queriesOn(ctx, conn, sql.String()+"COMMIT")
	if err != nil {
		return err
	}
	if len(tables) != 2*len(bankViews) {
		return fmt.Errorf("%d results of %d queries", len(tables), 2*len(bankViews))
	}
	for i, v := range bankViews {
		if d := difference(tables[2*i], tables[2*i+1]); d != "" {
			return fmt.Errorf("view %s (first) differs from its query (second): %s", v.name, d)
		}
	}
	return nil
}
