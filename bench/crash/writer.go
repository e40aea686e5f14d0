package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// setUp makes the relations: the writers' logs, how far each writer is, and a view over the logs.
func setUp(ctx context.Context, addr string, writers []*writer) error {
	c, err := connect(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	stmts := []string{
		"CREATE STREAM log (writer int, seq bigint)",
		"CREATE TABLE progress (writer int PRIMARY KEY, seq bigint)",
		"CREATE MATERIALIZED VIEW counts AS SELECT writer, count(*) AS n, min(seq) AS first, max(seq) AS last FROM log GROUP BY writer",
	}
	for _, w := range writers {
		stmts = append(stmts, fmt.Sprintf("INSERT INTO progress VALUES (%d, 0)", w.id))
	}
	for _, sql := range stmts {
		if _, err := c.Exec(ctx, sql).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// writer numbers its rows from 1 on.
type writer struct {
	id, rows int
	commits  int64 // of this cycle, acknowledged
	acked    int64 // the last acknowledged row
	sent     int64 // the last row that was sent
}

// run commits until the connection breaks.
func (w *writer) run(ctx context.Context, addr string) error {
	c, err := connect(ctx, addr)
	if err != nil {
		return nil // killed before it came to that
	}
	defer c.Close(ctx)
	var sql strings.Builder
	for {
		sql.Reset()
		sql.WriteString("BEGIN; INSERT INTO log VALUES ")
		for i := range w.rows {
			if i > 0 {
				sql.WriteString(", ")
			}
			fmt.Fprintf(&sql, "(%d, %d)", w.id, w.acked+int64(i)+1)
		}
		w.sent = w.acked + int64(w.rows)
		fmt.Fprintf(&sql, "; UPDATE progress SET seq = %d WHERE writer = %d; COMMIT", w.sent, w.id)
		if _, err := c.Exec(ctx, sql.String()).ReadAll(); err != nil {
			var pe *pgconn.PgError
			if errors.As(err, &pe) {
				return err
			}
			return nil
		}
		w.acked = w.sent
		w.commits++
	}
}

// check counts every writer's rows, in the stream, in the view and by its own progress, and gives the number of rows in all.
func check(ctx context.Context, s *process, writers []*writer) (total int64, err error) {
	rows, err := s.query(ctx, `SELECT p.writer, p.seq, coalesce(l.n, 0), coalesce(l.d, 0), coalesce(l.last, 0), coalesce(v.n, 0), coalesce(v.last, 0)
FROM progress p LEFT JOIN (SELECT writer, count(*) AS n, count(DISTINCT seq) AS d, max(seq) AS last FROM log GROUP BY writer) l ON l.writer = p.writer
LEFT JOIN counts v ON v.writer = p.writer ORDER BY p.writer`)
	if err != nil {
		return 0, err
	}
	if len(rows) != len(writers) {
		return 0, fmt.Errorf("%d writers are there, want %d", len(rows), len(writers))
	}
	for i, w := range writers {
		var v [7]int64
		for k, text := range rows[i] {
			if v[k], err = strconv.ParseInt(string(text), 10, 64); err != nil {
				return 0, err
			}
		}
		seq := v[1]
		for _, n := range v[2:] {
			if n != seq {
				return 0, fmt.Errorf("writer %d: progress %d, log rows %d, different ones %d, the last %d, in the view %d, the last %d", w.id, v[1], v[2], v[3], v[4], v[5], v[6])
			}
		}
		if seq != w.acked && seq != w.sent {
			return 0, fmt.Errorf("writer %d: row %d was acknowledged and %d sent, and %d is the last one there", w.id, w.acked, w.sent, seq)
		}
		w.acked, w.sent = seq, seq
		total += seq
	}
	return total, nil
}
