package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// percentile gives the p-th percentile of durations, which it sorts.
func percentile(d []time.Duration, p float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(int(float64(len(d))*p/100), len(d)-1)]
}

// freshness sends 1,000 single-row inserts a second from several connections; another connection reads the view of
// row counts in a loop. An insert's freshness is the time from sending it until the first read that shows it has been
// answered.
func freshness(t *target, conns, n int) error {
	if n == 0 {
		n = 10_000
	}
	ctx := context.Background()
	admin, err := t.connect(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{"CREATE STREAM events (writer int, n bigint)", "CREATE MATERIALIZED VIEW seen AS SELECT writer, count(*) AS c FROM events GROUP BY writer"} {
		if err := execSQL(ctx, admin, sql); err != nil {
			return err
		}
	}
	per := n / conns
	sent := make([][]atomic.Int64, conns) // time of commit's acknowledgement start, by writer and number
	for i := range sent {
		sent[i] = make([]atomic.Int64, per)
	}
	var wg sync.WaitGroup
	errs := make(chan error, conns+1)
	interval := time.Second * time.Duration(conns) / 1000
	begin := time.Now()
	acks := make([][]time.Duration, conns)
	for w := range conns {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := t.connect(ctx)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close(ctx)
			offset := interval * time.Duration(w) / time.Duration(conns)
			for i := range per {
				time.Sleep(time.Until(begin.Add(offset + interval*time.Duration(i))))
				at := time.Now()
				sent[w][i].Store(int64(at.Sub(begin)))
				if err := execSQL(ctx, c, "INSERT INTO events VALUES ("+strconv.Itoa(w)+","+strconv.Itoa(i)+")"); err != nil {
					errs <- err
					return
				}
				acks[w] = append(acks[w], time.Since(at))
			}
		}()
	}
	delays, err := watch(ctx, admin, sent, begin, per, errs)
	if err != nil {
		return err
	}
	wg.Wait()
	var ack []time.Duration
	for _, a := range acks {
		ack = append(ack, a...)
	}
	report("freshness: %d inserts at 1000/s from %d connections: insert to visible p50 %v, p99 %v; insert acknowledged p50 %v, p99 %v",
		len(delays), conns, percentile(delays, 50), percentile(delays, 99), percentile(ack, 50), percentile(ack, 99))
	return nil
}

// watch reads the view until it shows everything.
func watch(ctx context.Context, c *pgconn.PgConn, sent [][]atomic.Int64, begin time.Time, per int, errs chan error) ([]time.Duration, error) {
	seen := make([]int, len(sent))
	var delays []time.Duration
	for left := len(sent) * per; left > 0; {
		select {
		case err := <-errs:
			return nil, err
		default:
		}
		res, err := c.Exec(ctx, "SELECT writer, c FROM seen").ReadAll()
		if err != nil {
			return nil, err
		}
		now := time.Since(begin)
		for _, row := range res[0].Rows {
			w, _ := strconv.Atoi(string(row[0]))
			count, _ := strconv.Atoi(string(row[1]))
			for ; seen[w] < count; seen[w]++ {
				delays = append(delays, now-time.Duration(sent[w][seen[w]].Load()))
				left--
			}
		}
	}
	return delays, nil
}

// points reads single rows of a view by key.
func points(t *target, conns, n int) error {
	if n == 0 {
		n = 300_000
	}
	const keys = 100_000
	ctx := context.Background()
	admin, err := t.connect(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		"CREATE STREAM s (k bigint, v bigint)",
		"CREATE MATERIALIZED VIEW sums AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k",
		fmt.Sprintf("INSERT INTO s SELECT g %% %d, g FROM generate_series(1, %d) AS g", keys, 2*keys),
		"SELECT count(*) FROM sums",
	} {
		if err := execSQL(ctx, admin, sql); err != nil {
			return err
		}
	}
	var wg sync.WaitGroup
	errs := make(chan error, conns)
	all := make([][]time.Duration, conns)
	start := time.Now()
	for w := range conns {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := t.connect(ctx)
			if err != nil {
				errs <- err
				return
			}
			defer c.Close(ctx)
			if _, err := c.Prepare(ctx, "p", "SELECT n, total FROM sums WHERE k = $1", nil); err != nil {
				errs <- err
				return
			}
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range n / conns {
				at := time.Now()
				res := c.ExecPrepared(ctx, "p", [][]byte{strconv.AppendInt(nil, r.Int64N(keys), 10)}, nil, nil).Read()
				if res.Err != nil || len(res.Rows) != 1 {
					errs <- fmt.Errorf("%d rows, %w", len(res.Rows), res.Err)
					return
				}
				all[w] = append(all[w], time.Since(at))
			}
		}()
	}
	wg.Wait()
	took := time.Since(start)
	select {
	case err := <-errs:
		return err
	default:
	}
	d := slices.Concat(all...)
	report("points: %d reads, %d connections: %.0f/s, p50 %v, p99 %v", len(d), conns, float64(len(d))/took.Seconds(), percentile(d, 50), percentile(d, 99))
	return nil
}

// copyRows brings bids in by COPY text, in several COPYs one after another, and waits until the view shows them.
func copyRows(t *target, conns, n int) error {
	if n == 0 {
		n = 4_000_000
	}
	const perCopy = 500_000
	ctx := context.Background()
	c, err := t.connect(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		"CREATE STREAM bid (auction bigint, bidder bigint, price bigint, channel text, url text, date_time timestamp, extra text)",
		"CREATE MATERIALIZED VIEW by_auction AS SELECT auction, count(*) AS n, max(price) AS highest FROM bid GROUP BY auction",
	} {
		if err := execSQL(ctx, c, sql); err != nil {
			return err
		}
	}
	data := bids(perCopy)
	start := time.Now()
	for done := 0; done < n; done += perCopy {
		if _, err := c.CopyFrom(ctx, bytes.NewReader(data), "COPY bid FROM STDIN"); err != nil {
			return err
		}
	}
	res, err := c.Exec(ctx, "SELECT sum(n) FROM by_auction").ReadAll()
	if err != nil {
		return err
	}
	took := time.Since(start)
	report("copy: %d rows of %d bytes: %.0f rows/s until the view shows them (%s)", n, len(data)/perCopy, float64(n)/took.Seconds(), res[0].Rows[0][0])
	return nil
}

// bids makes COPY text of bids.
func bids(n int) []byte {
	r := rand.New(rand.NewPCG(5, 5))
	var out []byte
	letters := make([]byte, 70)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		for j := range letters {
			letters[j] = 'a' + byte(r.IntN(26))
		}
		out = strconv.AppendInt(out, 1000+int64(i/15)-r.Int64N(min(int64(i/15)+1, 100)), 10)
		out = append(out, '\t')
		out = strconv.AppendInt(out, 1000+r.Int64N(10000), 10)
		out = append(out, '\t')
		out = strconv.AppendInt(out, 100+r.Int64N(1_000_000), 10)
		out = append(out, "\tchannel-"...)
		out = strconv.AppendInt(out, r.Int64N(10000), 10)
		out = append(out, "\thttps://www.nexmark.com/abcde/fghij/klmno/item.htm?query=1\t"...)
		out = at.Add(time.Duration(i)*100*time.Microsecond).AppendFormat(out, "2006-01-02 15:04:05.000")
		out = append(out, '\t')
		out = append(append(out, letters...), '\n')
	}
	return out
}

// idle measures a server with nothing to do for ten seconds.
func idle(t *target, _, _ int) error {
	ctx := context.Background()
	c, err := t.connect(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{"CREATE TABLE t (id bigint PRIMARY KEY, g bigint)", "CREATE MATERIALIZED VIEW v AS SELECT g, count(*) FROM t GROUP BY g", "INSERT INTO t VALUES (1, 1)"} {
		if err := execSQL(ctx, c, sql); err != nil {
			return err
		}
	}
	time.Sleep(3 * time.Second)
	_, before, err := t.resident()
	if err != nil {
		return err
	}
	const span = 10 * time.Second
	time.Sleep(span)
	mb, after, err := t.resident()
	if err != nil {
		return err
	}
	report("idle: %.2f %% of a core, %d MB resident", 100*float64(after-before)/float64(span), mb)
	return nil
}

// restart fills a view with many groups, kills the server, and measures how soon it answers.
func restart(t *target, _, n int) error {
	if n == 0 {
		n = 10_000_000
	}
	ctx := context.Background()
	c, err := t.connect(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		fmt.Sprintf("CREATE STREAM s (id bigint, v bigint) WITH (connector = 'datagen', rate = 0, rows = %d, paused = true)", n),
		"CREATE MATERIALIZED VIEW groups AS SELECT id, count(*) AS n, sum(v) AS total FROM s GROUP BY id",
		"ALTER STREAM s RESUME",
	} {
		if err := execSQL(ctx, c, sql); err != nil {
			return err
		}
	}
	begin := time.Now()
	peak := int64(0)
	for {
		res, err := c.Exec(ctx, "SELECT v.rows_in FROM millrace.views v WHERE v.name = 'groups'").ReadAll()
		if err != nil {
			return err
		}
		mb, _, err := t.resident()
		if err != nil {
			return err
		}
		peak = max(peak, mb)
		if string(res[0].Rows[0][0]) == strconv.Itoa(n) {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	report("restart: %d groups computed in %v, peak %d MB resident", n, time.Since(begin).Round(time.Millisecond), peak)
	if err := t.cmd.Process.Kill(); err != nil {
		return err
	}
	_ = t.cmd.Wait()
	begin = time.Now()
	if err := t.run(); err != nil {
		return err
	}
	if c, err = t.connect(ctx); err != nil {
		return err
	}
	res, err := c.Exec(ctx, fmt.Sprintf("SELECT n FROM groups WHERE id = %d", n-1)).ReadAll()
	if err != nil {
		return err
	}
	answered := time.Since(begin)
	if len(res[0].Rows) != 1 || string(res[0].Rows[0][0]) != "1" {
		return fmt.Errorf("the first answer is wrong: %v", res[0].Rows)
	}
	report("restart: first correct answer %v after kill -9", answered.Round(time.Millisecond))
	return nil
}
