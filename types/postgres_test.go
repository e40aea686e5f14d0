package types

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"millrace/internal/oracle"
	"millrace/pgerr"
)

// postgres asks a PostgreSQL server for its answers; tests that use it are skipped where there is none.
type postgres struct {
	t    *testing.T
	conn *pgx.Conn
}

// tryFunction runs a query that gives one text and returns that, or the error as asError writes it.
const tryFunction = `CREATE FUNCTION try(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; d text; c text; m text;
BEGIN
	EXECUTE q INTO r;
	RETURN r;
EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, c = RETURNED_SQLSTATE, m = MESSAGE_TEXT;
	RETURN 'ERROR ' || c || ': ' || m || CASE WHEN d = '' THEN '' ELSE ' / ' || d END;
END $$`

func askPostgres(t *testing.T) *postgres {
	t.Helper()
	url := oracle.Require(t).NewDatabase(t)
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	p := &postgres{t, conn}
	if _, err := conn.Exec(context.Background(), tryFunction); err != nil {
		t.Fatal(err)
	}
	return p
}

// answers runs each query, which must give one text, and returns the texts or errors in order.
func (p *postgres) answers(queries []string) []string {
	p.t.Helper()
	rows, err := p.conn.Query(context.Background(),
		"SELECT coalesce(try(q), 'NULL') FROM unnest($1::text[]) WITH ORDINALITY AS u(q, n) ORDER BY n", queries)
	if err != nil {
		p.t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		p.t.Fatal(err)
	}
	if len(got) != len(queries) {
		p.t.Fatalf("%d answers to %d queries", len(got), len(queries))
	}
	return got
}

// compare fails the test for each query that PostgreSQL answers otherwise than ours.
func (p *postgres) compare(queries, ours []string) {
	p.t.Helper()
	for i, theirs := range p.answers(queries) {
		if ours[i] != theirs {
			p.t.Errorf("%s\n  ours:       %s\n  PostgreSQL: %s", queries[i], ours[i], theirs)
		}
	}
}

// exec runs a statement for its effect on the session.
func (p *postgres) exec(sql string) {
	p.t.Helper()
	if _, err := p.conn.Exec(context.Background(), sql); err != nil {
		p.t.Fatal(err)
	}
}

// quote makes a string literal that means the same whatever standard_conforming_strings says.
func quote(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// asError writes an error as PostgreSQL's answers show theirs.
func asError(err error) string {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return "not a pgerr.Error: " + err.Error()
	}
	s := "ERROR " + string(e.Code) + ": " + e.Message
	if e.Detail != "" {
		s += " / " + e.Detail
	}
	return s
}
