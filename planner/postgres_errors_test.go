package planner_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"millrace/internal/oracle"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// errorsDDL are the relations of testdata_pg/errors.sql.
const errorsDDL = `
CREATE SCHEMA s;
CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text);
CREATE TABLE u (x int, y text, d date);
CREATE TABLE w (p int, arr int[], j json);`

// TestErrorsArePostgreSQLs gives the same wrong statements to PostgreSQL: code, message and position must be the
// same; a position may be given where PostgreSQL has none.
// A line that ends in "-- differs: reason" is one where that is not so, on purpose, and the test checks that it is so.
func TestErrorsArePostgreSQLs(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, oracle.Require(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, errorsDDL); err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	if err := w.ddl(errorsDDL); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata_pg/errors.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		sql, note, _ := strings.Cut(line, ";")
		want, got := postgresError(ctx, conn, sql), w.plannedError(sql)
		same := want.Code == got.Code && want.Message == got.Message && (want.Position == got.Position || want.Position == 0)
		switch {
		case strings.Contains(note, "-- differs: ") && same:
			t.Errorf("%s\nno longer differs from PostgreSQL", sql)
		case !strings.Contains(note, "-- differs: ") && !same:
			t.Errorf("%s\ngave %s %d: %s (%s; %s)\nwant %s %d: %s (%s; %s)", sql, got.Code, got.Position, got.Message, got.Detail, got.Hint,
				want.Code, want.Position, want.Message, want.Detail, want.Hint)
		}
	}
}

func postgresError(ctx context.Context, conn *pgx.Conn, sql string) *pgerr.Error {
	// Parse only where the statement has parameters; otherwise run it, as some checks are made late.
	var err error
	if strings.Contains(sql, "$") {
		_, err = conn.Prepare(ctx, "", sql)
	} else {
		_, err = conn.PgConn().Exec(ctx, sql).ReadAll()
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return &pgerr.Error{Message: "no error"}
	}
	return &pgerr.Error{Code: pgerr.Code(pe.Code), Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint, Position: int(pe.Position)}
}

func (w *world) plannedError(sql string) *pgerr.Error {
	stmt, err := parser.ParseOne(sql)
	if err == nil {
		if _, ok := stmt.AST.(*ast.Select); ok {
			_, err = planner.PlanQuery(stmt.AST, w.env())
		} else {
			_, err = planDML(stmt.AST, w.env())
		}
	}
	var e *pgerr.Error
	switch {
	case err == nil:
		return &pgerr.Error{Message: "no error"}
	case !errors.As(err, &e):
		return &pgerr.Error{Message: "not a user error: " + err.Error()}
	}
	return e
}
