package planner_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"millrace/internal/oracle"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

const columnsDDL = `
CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text);
CREATE TABLE t2 (id bigint PRIMARY KEY, a int, z text);
CREATE TABLE u (x int, y text, d date);
CREATE TABLE n (n numeric(10,2), f float8, i8 bigint);
CREATE TABLE w (j json, jb jsonb);`

// TestColumnsArePostgreSQLs describes the statements of testdata_pg/columns.sql here and in PostgreSQL: names and types of
// columns and types of parameters must be the same.
func TestColumnsArePostgreSQLs(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, oracle.Require(t).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, columnsDDL); err != nil {
		t.Fatal(err)
	}
	w := newWorld()
	if err := w.ddl(columnsDDL); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata_pg/columns.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		sql := strings.TrimSuffix(line, ";")
		d, err := conn.Prepare(ctx, "", sql)
		if err != nil {
			t.Errorf("PostgreSQL: %v\n%s", err, sql)
			continue
		}
		var b strings.Builder
		for _, f := range d.Fields {
			fmt.Fprintf(&b, "%s %s; ", f.Name, typeOf(f.DataTypeOID))
		}
		b.WriteString("/ ")
		for _, p := range d.ParamOIDs {
			fmt.Fprintf(&b, "%s; ", typeOf(p))
		}
		if got, want := w.described(sql), b.String(); got != want {
			t.Errorf("%s\ngave %s\nwant %s", sql, got, want)
		}
	}
}

func typeOf(oid uint32) string {
	t, ok := types.ByOID(oid)
	if !ok {
		return fmt.Sprint(oid)
	}
	return t.String()
}

// described describes a statement as the protocol would.
func (w *world) described(sql string) string {
	stmt, err := parser.ParseOne(sql)
	if err != nil {
		return err.Error()
	}
	var cols []physical.Column
	var params []types.T
	if _, ok := stmt.AST.(*ast.Select); ok {
		q, err := planner.PlanQuery(stmt.AST, w.env())
		if err != nil {
			return err.Error()
		}
		cols, params = q.Columns, q.Params
	} else {
		d, err := planDML(stmt.AST, w.env())
		if err != nil {
			return err.Error()
		}
		cols, params = d.ReturningColumns, d.Params
	}
	var b strings.Builder
	for _, c := range cols {
		fmt.Fprintf(&b, "%s %s; ", c.Name, c.T.WithoutMod())
	}
	b.WriteString("/ ")
	for _, p := range params {
		fmt.Fprintf(&b, "%s; ", p)
	}
	return b.String()
}
