package server_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// crashTables are what the writers of TestCrash write to. Rows of log are numbered by each writer from 1 on without a gap;
// transfers between the two account tables keep the sum of all balances, and are told in moves. The rows of made come from a
// connector, which has to go on where its last commit was.
var crashTables = []string{
	`CREATE STREAM log (writer int, seq bigint)`,
	`CREATE TABLE items (id bigint PRIMARY KEY, writer int NOT NULL, v bigint NOT NULL)`,
	`CREATE TABLE bag (writer int, v bigint)`,
	`CREATE TABLE checking (id int PRIMARY KEY, balance bigint NOT NULL)`,
	`CREATE TABLE saving (id int PRIMARY KEY, balance bigint NOT NULL)`,
	`CREATE STREAM moves (src int, dst int, amount bigint)`,
	`CREATE STREAM made (id bigint, k int, v int) WITH (connector = 'datagen', rate = 500, cardinality = 20)`,
}

// Accounts of each of the two tables, and what each has at first.
const (
	accounts       = 20
	openingBalance = 1000
)

// writerState is what one writer's rows must be.
type writerState struct {
	seq   int64           // log has 1 to seq
	items map[int64]int64 // v by id
	bag   map[int64]int   // multiplicity by v
	next  int64           // next id of items, never used again
}

func newWriterState() *writerState {
	return &writerState{items: map[int64]int64{}, bag: map[int64]int{}}
}

func (s *writerState) clone() *writerState {
	return &writerState{seq: s.seq, items: maps.Clone(s.items), bag: maps.Clone(s.bag), next: s.next}
}

func (s *writerState) equal(o *writerState) bool {
	return s.seq == o.seq && maps.Equal(s.items, o.items) && maps.Equal(s.bag, o.bag)
}

func (s *writerState) String() string {
	return fmt.Sprintf("log 1..%d, items %v, bag %v", s.seq, s.items, s.bag)
}

// writer is one connection that writes, with the model of its rows.
type writer struct {
	id    int
	r     *rand.Rand
	known *writerState // acknowledged
	doubt *writerState // with what was under way when the server died; nil: nothing was
}

// The ids of items: each writer has a range of its own, and rows may move to the range's second half.
const (
	idsPerWriter = 1 << 40
	idMove       = idsPerWriter / 2
)

// statement makes a random statement and applies it to s.
func (w *writer) statement(s *writerState) string {
	switch w.r.IntN(8) {
	case 0, 1:
		var rows []string
		for range 1 + w.r.IntN(5) {
			s.seq++
			rows = append(rows, fmt.Sprintf("(%d, %d)", w.id, s.seq))
		}
		return "INSERT INTO log VALUES " + strings.Join(rows, ", ")
	case 2, 3:
		var rows []string
		for range 1 + w.r.IntN(5) {
			s.next++
			id, v := int64(w.id)*idsPerWriter+s.next, w.r.Int64N(100)
			s.items[id] = v
			rows = append(rows, fmt.Sprintf("(%d, %d, %d)", id, w.id, v))
		}
		return "INSERT INTO items VALUES " + strings.Join(rows, ", ")
	case 4:
		mod := w.r.Int64N(3)
		for id, v := range s.items {
			if v%3 == mod {
				s.items[id] = v + 7
			}
		}
		return fmt.Sprintf("UPDATE items SET v = v + 7 WHERE writer = %d AND v %% 3 = %d", w.id, mod)
	case 5:
		// Keys move, each once.
		mod, moved := w.r.Int64N(5), int64(w.id)*idsPerWriter+idMove
		for _, id := range slices.Collect(maps.Keys(s.items)) {
			if v := s.items[id]; v%5 == mod && id < moved {
				delete(s.items, id)
				s.items[id+idMove] = v
			}
		}
		return fmt.Sprintf("UPDATE items SET id = id + %d WHERE writer = %d AND v %% 5 = %d AND id < %d", int64(idMove), w.id, mod, moved)
	case 6:
		if len(s.items) > 30 || w.r.IntN(3) == 0 {
			mod := w.r.Int64N(4)
			maps.DeleteFunc(s.items, func(_, v int64) bool { return v%4 == mod })
			return fmt.Sprintf("DELETE FROM items WHERE writer = %d AND v %% 4 = %d", w.id, mod)
		}
		v := w.r.Int64N(6)
		delete(s.bag, v)
		return fmt.Sprintf("DELETE FROM bag WHERE writer = %d AND v = %d", w.id, v)
	}
	v := w.r.Int64N(6)
	s.bag[v] += 2
	return fmt.Sprintf("INSERT INTO bag VALUES (%d, %d), (%d, %d)", w.id, v, w.id, v)
}

func transfer(r *rand.Rand) []string {
	src, dst, amount := 1+r.IntN(accounts), 1+r.IntN(accounts), r.IntN(50)-25
	return []string{
		fmt.Sprintf("UPDATE checking SET balance = balance - %d WHERE id = %d", amount, src),
		fmt.Sprintf("INSERT INTO moves VALUES (%d, %d, %d)", src, dst, amount),
		fmt.Sprintf("UPDATE saving SET balance = balance + %d WHERE id = %d", amount, dst),
	}
}

// write makes one commit on a connection. The error says that the server is gone or has answered wrongly.
func (w *writer) write(ctx context.Context, conn *pgconn.PgConn) error {
	next := w.known.clone()
	switch w.r.IntN(4) {
	case 0:
		return w.commit(ctx, conn, next, w.statement(next))
	case 1:
		if w.r.IntN(2) == 0 {
			return w.copyLog(ctx, conn, next)
		}
		// Rolled back: whatever happens, nothing of it may show.
		return w.discard(ctx, conn)
	}
	stmts := []string{"BEGIN", w.statement(next), w.statement(next)}
	stmts = append(stmts, transfer(w.r)...)
	stmts = append(stmts, w.statement(next))
	if w.r.IntN(2) == 0 {
		return w.commit(ctx, conn, next, strings.Join(stmts, "; ")+"; COMMIT")
	}
	for _, sql := range stmts {
		if _, err := execOn(ctx, conn, sql); err != nil {
			return w.conflicted(ctx, conn, sql, err) // not committed, so not in doubt
		}
	}
	return w.commit(ctx, conn, next, "COMMIT")
}

// commit sends what ends in a commit. Until it is answered, the writer's rows are in doubt.
func (w *writer) commit(ctx context.Context, conn *pgconn.PgConn, next *writerState, sql string) error {
	w.doubt = next
	tag, err := execOn(ctx, conn, sql)
	if err != nil {
		return w.conflicted(ctx, conn, sql, err)
	}
	if strings.HasSuffix(sql, "COMMIT") && tag != "COMMIT" {
		return fmt.Errorf("COMMIT is answered with %q", tag)
	}
	w.known, w.doubt = next, nil
	return nil
}

// conflicted judges a statement's error: a conflict with another writer's transfer means that nothing was committed.
func (w *writer) conflicted(ctx context.Context, conn *pgconn.PgConn, sql string, err error) error {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return errGone{err}
	}
	w.doubt = nil
	if pe.Code != "40001" {
		return fmt.Errorf("writer %d: %s\n%s", w.id, sql, describe(pe))
	}
	if conn.TxStatus() != 'I' {
		if _, err := execOn(ctx, conn, "ROLLBACK"); err != nil {
			return errGone{err}
		}
	}
	return nil
}

// errGone means that the connection broke, which a killed server explains.
type errGone struct{ error }

func (w *writer) copyLog(ctx context.Context, conn *pgconn.PgConn, next *writerState) error {
	var data strings.Builder
	for range 1 + w.r.IntN(50) {
		next.seq++
		fmt.Fprintf(&data, "%d\t%d\n", w.id, next.seq)
	}
	w.doubt = next
	if _, err := conn.CopyFrom(ctx, strings.NewReader(data.String()), "COPY log FROM STDIN"); err != nil {
		return w.conflicted(ctx, conn, "COPY", err)
	}
	w.known, w.doubt = next, nil
	return nil
}

// discard runs a transaction that is rolled back.
func (w *writer) discard(ctx context.Context, conn *pgconn.PgConn) error {
	lost := w.known.clone()
	for _, sql := range []string{"BEGIN", w.statement(lost), w.statement(lost), "ROLLBACK"} {
		if _, err := execOn(ctx, conn, sql); err != nil {
			return w.conflicted(ctx, conn, sql, err)
		}
	}
	return nil
}

// check reads the writer's rows and holds them against the model: they are what was acknowledged, or that with the
// commit that was under way, and nothing in between.
func (w *writer) check(ctx context.Context, conn *pgconn.PgConn) error {
	got := newWriterState()
	rows, err := queryOn(ctx, conn, fmt.Sprintf("SELECT count(*), count(DISTINCT seq), coalesce(min(seq), 1), coalesce(max(seq), 0) FROM log WHERE writer = %d", w.id))
	if err != nil {
		return err
	}
	c := rows.rows[0]
	if c[0] != c[1] || c[0] != c[3] || c[2].text != "1" {
		return fmt.Errorf("writer %d: the log has %s rows, %s different ones, from %s to %s", w.id, c[0], c[1], c[2], c[3])
	}
	got.seq = c[0].int()
	if rows, err = queryOn(ctx, conn, fmt.Sprintf("SELECT id, v FROM items WHERE writer = %d", w.id)); err != nil {
		return err
	}
	for _, row := range rows.rows {
		got.items[row[0].int()] = row[1].int()
	}
	if len(got.items) != len(rows.rows) {
		return fmt.Errorf("writer %d: a key of items is there twice", w.id)
	}
	if rows, err = queryOn(ctx, conn, fmt.Sprintf("SELECT v, count(*) FROM bag WHERE writer = %d GROUP BY v", w.id)); err != nil {
		return err
	}
	for _, row := range rows.rows {
		got.bag[row[0].int()] = int(row[1].int())
	}
	switch {
	case got.equal(w.known):
	case w.doubt != nil && got.equal(w.doubt):
		w.known = w.doubt
	default:
		return fmt.Errorf("writer %d has rows that it did not write so:\n%s\nacknowledged:\n%s\nwith what was under way:\n%s", w.id, got, w.known, w.doubt)
	}
	w.doubt = nil
	return nil
}
