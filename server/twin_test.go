package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// twin is a database kept alike in Millrace and PostgreSQL. A statement must have the same outcome in both.
type twin struct {
	t        testing.TB
	millrace *db
	postgres *db
	history  []string
}

func newTwin(t testing.TB, n *node) *twin {
	t.Helper()
	return &twin{t: t, millrace: n.db(), postgres: newPostgres(t)}
}

// historyShown is how many statements a failure prints.
const historyShown = 20

// past lists the last statements, for a failure's report.
func (w *twin) past() string {
	from := max(0, len(w.history)-historyShown)
	return fmt.Sprintf("after %d statements, the last of which are:\n%s;", len(w.history), strings.Join(w.history[from:], ";\n"))
}

// exec runs a statement on both, and reports whether they accepted it. Command tags and SQLSTATEs must be the same.
func (w *twin) exec(sql string) bool {
	w.t.Helper()
	w.history = append(w.history, sql)
	tag, err := w.millrace.tryExec(sql)
	pgTag, pgErr := w.postgres.tryExec(sql)
	switch {
	case err == nil && pgErr == nil && tag == pgTag:
		return true
	case err != nil && pgErr != nil && err.Code == pgErr.Code:
		return false
	}
	w.t.Fatalf("different outcomes of: %s\nmillrace:   %s\npostgresql: %s\n%s", sql, outcome(tag, err), outcome(pgTag, pgErr), w.past())
	return false
}

// must is exec of a statement that both have to accept.
func (w *twin) must(sql string) {
	w.t.Helper()
	if !w.exec(sql) {
		w.t.Fatalf("refused: %s", sql)
	}
}

// define creates a table on both, as a stream on Millrace if its text says so.
func (w *twin) define(sql string) {
	w.t.Helper()
	w.millrace.exec(sql)
	w.postgres.exec(strings.Replace(sql, "CREATE STREAM", "CREATE TABLE", 1))
}

// same runs one statement on both and compares rows, in order, types and column names.
func (w *twin) same(sql string) {
	w.t.Helper()
	w.history = append(w.history, sql)
	got, err := w.millrace.tryQuery(sql)
	want, pgErr := w.postgres.tryQuery(sql)
	switch {
	case err != nil && pgErr != nil && err.Code == pgErr.Code:
		return
	case err != nil || pgErr != nil:
		w.t.Errorf("different outcomes of: %s\nmillrace:   %s\npostgresql: %s", sql, outcome("accepted", err), outcome("accepted", pgErr))
		return
	}
	if d := difference(got, want); d != "" {
		w.t.Errorf("%s\nMillrace (first) and PostgreSQL (second) differ: %s", sql, d)
		return
	}
	for i := range got.fields {
		if x, y := got.fields[i].Name, want.fields[i].Name; x != y {
			w.t.Errorf("%s\ncolumn %d is named %s, PostgreSQL says %s", sql, i+1, x, y)
		}
	}
	for i := range got.rows {
		if fmt.Sprint(got.rows[i]) != fmt.Sprint(want.rows[i]) {
			w.t.Errorf("%s\nrow %d is %v, PostgreSQL has %v", sql, i+1, got.rows[i], want.rows[i])
			return
		}
	}
}

func outcome(tag string, err *pgconn.PgError) string {
	if err != nil {
		return describe(err)
	}
	return tag
}

// viewCase is a query that is also kept as a materialized view of this name.
type viewCase struct {
	name  string
	query string
	// postgres is the query in PostgreSQL's own words, where Millrace has words that it lacks; "" is the same text.
	postgres string
	// ordered says that the order of the rows is told by the query, and is compared.
	ordered bool
}

func (v *viewCase) onPostgres() string {
	if v.postgres != "" {
		return v.postgres
	}
	return v.query
}

// compare checks that a view, its query run by itself and PostgreSQL's answer are the same, and returns the rows.
func (w *twin) compare(v *viewCase) table {
	w.t.Helper()
	adHoc := w.millrace.query(v.query)
	want := w.postgres.query(v.onPostgres())
	view := w.millrace.query("SELECT * FROM " + v.name)
	if d := difference(adHoc, want); d != "" {
		w.t.Fatalf("the query %s run by itself (first) differs from PostgreSQL (second): %s\n%s\n%s", v.name, d, v.query, w.past())
	}
	if d := difference(view, adHoc); d != "" {
		w.t.Fatalf("view %s (first) differs from its query (second): %s\n%s\n%s", v.name, d, v.query, w.past())
	}
	if v.ordered {
		for i := range want.rows {
			if fmt.Sprint(want.rows[i]) != fmt.Sprint(adHoc.rows[i]) {
				w.t.Fatalf("the rows of %s come in another order: row %d is %v, want %v\n%s", v.name, i+1, adHoc.rows[i], want.rows[i], w.past())
			}
		}
	}
	return want
}
