package server_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// versionWriter is one of several connections that write to a table with a version column at the same time.
type versionWriter struct {
	conn *pgconn.PgConn
	rng  *rand.Rand
	id   int
	// newest is the greatest version that it has written of each key.
	newest map[int]int
}

// rows makes lines of id, value and version for COPY, or rows for VALUES; every version is one of its own.
func (w *versionWriter) rows(n, step int, format string) string {
	var out []string
	for i := range n {
		key := w.rng.IntN(12)
		version := (w.rng.IntN(1000)*100+step)*1000 + i*10 + w.id
		out = append(out, fmt.Sprintf(format, key, version, version))
		w.newest[key] = max(w.newest[key], version)
	}
	return strings.Join(out, map[bool]string{true: "\n", false: ", "}[strings.Contains(format, "\t")])
}

func (w *versionWriter) step(ctx context.Context, step int) error {
	var script []string
	insert := func() string {
		return "INSERT INTO seen VALUES " + w.rows(1+w.rng.IntN(4), step, "(%d, 'v%d', %d)")
	}
	switch w.rng.IntN(3) {
	case 0:
		_, err := w.conn.CopyFrom(ctx, strings.NewReader(w.rows(1+w.rng.IntN(50), step, "%d\tv%d\t%d")+"\n"), "COPY seen FROM STDIN")
		return err
	case 1:
		script = []string{"BEGIN", insert(), "SELECT count(*) FROM seen", insert(), "COMMIT"}
	default:
		script = []string{insert()}
	}
	for _, sql := range script {
		if _, err := w.conn.Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// TestVersionColumn lets several connections write the same keys by INSERT, COPY and transactions: none of it fails, each key
// ends up with its newest row, and a view with what that sums up to.
func TestVersionColumn(t *testing.T) {
	r := newRandom(t)
	n := startNode(t)
	ctx, cancel := context.WithTimeout(t.Context(), answerTimeout)
	defer cancel()
	c := n.pgx()
	for _, sql := range []string{
		"CREATE TABLE seen (id int PRIMARY KEY, v text, ver bigint) ON CONFLICT OVERWRITE WITH VERSION COLUMN (ver)",
		"CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n, sum(ver) AS s, count(*) FILTER (WHERE v <> 'v' || ver) AS torn FROM seen",
	} {
		if _, err := c.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	writers := make([]*versionWriter, 5)
	errs := make([]error, len(writers))
	var wg sync.WaitGroup
	for i := range writers {
		conn, err := n.dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		w := &versionWriter{conn: conn, id: i, rng: rand.New(rand.NewPCG(r.Uint64(), uint64(i))), newest: map[int]int{}}
		writers[i] = w
		wg.Go(func() {
			for step := range 40 {
				if err := w.step(ctx, step); err != nil {
					errs[i] = errors.Join(errs[i], err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	want := map[int]int{}
	for _, w := range writers {
		for k, v := range w.newest {
			want[k] = max(want[k], v)
		}
	}
	check := func() {
		t.Helper()
		sum := 0
		for k, v := range want {
			sum += v
			var got int
			if err := c.QueryRow(ctx, "SELECT ver FROM seen WHERE id = $1 AND v = 'v' || ver", k).Scan(&got); err != nil || got != v {
				t.Errorf("key %d: version %d (%v), want %d", k, got, err, v)
			}
		}
		var rows, s, torn int
		if err := c.QueryRow(ctx, "SELECT n, s, torn FROM total").Scan(&rows, &s, &torn); err != nil || rows != len(want) || s != sum || torn != 0 {
			t.Errorf("view: %d rows, sum %d, %d torn (%v), want %d and %d", rows, s, torn, err, len(want), sum)
		}
	}
	check()
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	c = n.pgx()
	check()
	if _, err := c.Exec(ctx, "INSERT INTO seen VALUES (0, 'old', 1)"); err != nil {
		t.Fatal(err)
	}
	check()
}
