package server_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"millrace/server"
)

// TestStatementErrors holds what a client is told about wrong statements against PostgreSQL: SQLSTATE and position, and
// the message where it is ours to choose no other. hint and detail are patterns of our own.
func TestStatementErrors(t *testing.T) {
	w := newTwin(t, startNode(t))
	w.define("CREATE TABLE account (id int PRIMARY KEY, owner text NOT NULL, balance numeric(8,2), opened date)")
	w.must("INSERT INTO account VALUES (1, 'ann', 10, '2024-01-01'), (2, 'bob', 0, NULL)")
	for _, c := range []struct {
		state, sql   string
		hint, detail string
		otherText    bool // the message need not be PostgreSQL's
	}{
		{state: "42P01", sql: "SELECT * FROM acount", hint: "account"},
		{state: "42P01", sql: "SELECT 1 FROM account WHERE EXISTS (SELECT * FROM missing)"},
		{state: "42P01", sql: "INSERT INTO nowhere VALUES (1)"},
		{state: "42P01", sql: "SELECT x.id FROM account a"},
		{state: "3F000", sql: "CREATE TABLE nowhere.t (a int)"},
		{state: "42703", sql: "SELECT id, ownr FROM account", hint: "owner"},
		{state: "42703", sql: "SELECT a.balanc FROM account AS a", hint: "balance"},
		{state: "42703", sql: "UPDATE account SET owned = 1"},
		{state: "42703", sql: "INSERT INTO account (id, nam) VALUES (1, 'x')"},
		{state: "42703", sql: "SELECT id FROM account ORDER BY nothing"},
		{state: "42883", sql: "SELECT lenght(owner) FROM account"},
		{state: "42883", sql: "SELECT substring(id, 1, 2) FROM account"},
		{state: "42883", sql: "SELECT owner + 1 FROM account"},
		{state: "42883", sql: "SELECT id FROM account WHERE opened = 1"},
		{state: "42704", sql: "SELECT id::integr FROM account"},
		{state: "42704", sql: "CREATE TABLE t (a txt)"},
		{state: "42804", sql: "SELECT id FROM account WHERE owner"},
		{state: "42804", sql: "SELECT CASE WHEN true THEN id ELSE owner END FROM account"},
		{state: "42804", sql: "INSERT INTO account (id, owner) VALUES (true, 'x')"},
		{state: "42804", sql: "UPDATE account SET opened = 5"},
		{state: "42846", sql: "SELECT opened::int FROM account"},
		{state: "42803", sql: "SELECT owner, count(*) FROM account"},
		{state: "42803", sql: "SELECT count(*) FROM account WHERE count(*) > 1"},
		{state: "42702", sql: "SELECT id FROM account a, account b"},
		{state: "42712", sql: "SELECT 1 FROM account, account"},
		{state: "42P10", sql: "SELECT id FROM account ORDER BY 3"},
		{state: "42601", sql: "SELEC 1"},
		{state: "42601", sql: "SELECT id FROM account WHERE"},
		{state: "42601", sql: "SELECT (1, 2"},
		{state: "42601", sql: "INSERT INTO account VALUES (1, 'x', 2, NULL, 5)"},
		{state: "42601", sql: "INSERT INTO account (id, owner) VALUES (1)"},
		{state: "42601", sql: "SELECT 'open"},
		{state: "42701", sql: "CREATE TABLE t (a int, a int)"},
		{state: "42P07", sql: "CREATE TABLE account (a int)"},
		{state: "42P16", sql: "CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY)"},
		{state: "22P02", sql: "SELECT 'x1'::int"},
		{state: "22P02", sql: "INSERT INTO account VALUES ('one', 'x')"},
		{state: "22P02", sql: "SELECT id FROM account WHERE balance > 'much'"},
		{state: "22007", sql: "SELECT 'yesterdayish'::date"},
		{state: "22008", sql: "SELECT '2024-02-30'::date"},
		{state: "22003", sql: "SELECT 3000000000::int"},
		{state: "22003", sql: "SELECT id + 2147483647 FROM account"},
		{state: "22003", sql: "INSERT INTO account VALUES (3, 'eve', 12345678.9)", detail: "precision 8, scale 2"},
		{state: "22012", sql: "SELECT 1 / (id - 1) FROM account"},
		{state: "22012", sql: "SELECT balance / 0 FROM account"},
		{state: "23505", sql: "INSERT INTO account VALUES (3, 'x'), (1, 'y')", detail: "(id)=(1)"},
		{state: "23505", sql: "INSERT INTO account VALUES (4, 'x'), (4, 'y')", detail: "(id)=(4)"},
		{state: "23505", sql: "UPDATE account SET id = 2 WHERE id = 1", detail: "(id)=(2)"},
		{state: "23502", sql: "INSERT INTO account (id) VALUES (5)"},
		{state: "23502", sql: "UPDATE account SET owner = NULL WHERE id = 2"},
		{state: "23502", sql: "INSERT INTO account VALUES (NULL, 'x')"},
		{state: "42P02", sql: "SELECT $1::int"},
		{state: "26000", sql: "EXECUTE nothing"},
		{state: "34000", sql: "FETCH 1 FROM nothing"},
		{state: "42704", sql: "SHOW nothing"},
		{state: "42704", sql: "SET nothing = 1"},
		{state: "22023", sql: "SET timezone = 'Mars/Olympus'", otherText: true},
		{state: "3D000", sql: "SELECT * FROM other.public.t", otherText: true},
	} {
		_, pg := w.postgres.tryExec(c.sql)
		if pg == nil {
			t.Errorf("PostgreSQL accepts %s", c.sql)
			continue
		}
		_, got := w.millrace.tryExec(c.sql)
		if got == nil {
			t.Errorf("accepted: %s\nPostgreSQL says: %s", c.sql, describe(pg))
			continue
		}
		if c.state == "3D000" {
			pg.Code = got.Code // PostgreSQL says 0A000 for a name of another database
		} else if pg.Code != c.state {
			t.Errorf("PostgreSQL fails with %s and not with %s: %s", pg.Code, c.state, c.sql)
		}
		switch {
		case got.Code != pg.Code:
			t.Errorf("%s\nmillrace:   %s\npostgresql: %s", c.sql, describe(got), describe(pg))
		case got.Message != pg.Message && !c.otherText:
			t.Errorf("%s\nmillrace:   %s\npostgresql: %s", c.sql, describe(got), describe(pg))
		case got.Position != pg.Position && pg.Position != 0: // to tell more than PostgreSQL is welcome
			t.Errorf("%s\nposition %d, PostgreSQL has %d", c.sql, got.Position, pg.Position)
		case !strings.Contains(got.Hint, c.hint) || !strings.Contains(got.Detail, c.detail):
			t.Errorf("%s\nmillrace:   %s\nshould have hint %q and detail %q", c.sql, describe(got), c.hint, c.detail)
		}
		if strings.HasPrefix(c.state, "23") && (got.TableName != pg.TableName || got.ColumnName != pg.ColumnName || got.ConstraintName != pg.ConstraintName) {
			t.Errorf("%s\nnames table %q, column %q, constraint %q; PostgreSQL: %q, %q, %q", c.sql,
				got.TableName, got.ColumnName, got.ConstraintName, pg.TableName, pg.ColumnName, pg.ConstraintName)
		}
	}
	if d := difference(w.millrace.query("SELECT * FROM account"), w.postgres.query("SELECT * FROM account")); d != "" {
		t.Errorf("a failed statement has left something: %s", d)
	}
}

// TestCopyErrors: a COPY with a bad line keeps nothing of it, and says which line it was.
func TestCopyErrors(t *testing.T) {
	w := newTwin(t, startNode(t))
	w.define("CREATE TABLE t (id int PRIMARY KEY, n numeric(4,1), s text NOT NULL)")
	w.define("CREATE STREAM e (a int, b timestamp)")
	w.must("INSERT INTO t VALUES (7, 1, 'old')")
	for _, c := range []struct{ sql, data, where string }{
		{sql: "COPY t FROM STDIN", data: "1\t1.5\tx\n2\ttwo\ty\n3\t1\tz\n"},
		{sql: "COPY t FROM STDIN", data: "1\t1.5\tx\n2\t5\n"},
		{sql: "COPY t FROM STDIN", data: "1\t1.5\tx\tmore\n"},
		{sql: "COPY t FROM STDIN", data: "1\t12345\tx\n"},
		{sql: "COPY t FROM STDIN", data: "1\t1\tx\n7\t1\ty\n"},
		{sql: "COPY t FROM STDIN", data: "1\t1\tx\n1\t1\ty\n"},
		{sql: "COPY t FROM STDIN", data: "1\t1\t\\N\n"},
		// PostgreSQL names the line where the data ended; where the quote began is more use.
		{sql: "COPY t FROM STDIN (FORMAT csv)", data: "1,1.5,x\n2,1,\"y\n3,1,z\n", where: "COPY t, line 2"},
		{sql: "COPY t FROM STDIN (FORMAT csv, HEADER true)", data: "id,n,s\n1,1.5,x\n\n"},
		{sql: "COPY t (id, s) FROM STDIN (FORMAT csv)", data: "1,x\ntwo,y\n"},
		{sql: "COPY t (id, nothing) FROM STDIN", data: "1\tx\n"},
		{sql: "COPY t FROM STDIN (FORMAT csv, DELIMITER ';;')", data: ""},
		{sql: "COPY t FROM STDIN (FORMAT nothing)", data: ""},
		{sql: "COPY nothing FROM STDIN", data: ""},
		{sql: "COPY e FROM STDIN", data: "1\t2024-01-01 10:00\n2\tnever\n"},
		{sql: "COPY e FROM STDIN", data: "1\t2024-01-01 10:00\n99999999999\t\\N\n"},
	} {
		_, got := w.millrace.tryCopyFrom(c.sql, strings.NewReader(c.data))
		_, want := w.postgres.tryCopyFrom(c.sql, strings.NewReader(c.data))
		if want != nil && c.where != "" {
			want.Where = c.where
		}
		switch {
		case want == nil:
			t.Errorf("PostgreSQL accepts %s of %q", c.sql, c.data)
		case got == nil:
			t.Errorf("accepted: %s of %q\nPostgreSQL says: %s", c.sql, c.data, describe(want))
		case got.Code != want.Code || got.Message != want.Message:
			t.Errorf("%s of %q\nmillrace:   %s\npostgresql: %s", c.sql, c.data, describe(got), describe(want))
		case place(got.Where) != place(want.Where) && !strings.HasPrefix(want.Code, "23"):
			// Keys and NULLs are checked when all lines are read, so there the line is not known.
			t.Errorf("%s of %q\nplace %q, PostgreSQL has %q", c.sql, c.data, got.Where, want.Where)
		}
	}
	for _, name := range []string{"t", "e"} {
		if d := difference(w.millrace.query("SELECT * FROM "+name), w.postgres.query("SELECT * FROM "+name)); d != "" {
			t.Errorf("a failed COPY has left something in %s: %s", name, d)
		}
	}
	// The connection is good for more, and a COPY that the client gives up keeps nothing either.
	if _, err := w.millrace.conn.CopyFrom(context.Background(), brokenReader{}, "COPY t FROM STDIN"); err == nil {
		t.Error("a COPY whose data ends in an error succeeds")
	}
	if got := w.millrace.query("SELECT count(*) FROM t").scalar(t); got != "1" {
		t.Errorf("%s rows after a COPY that was given up, want 1", got)
	}
}

// place is the part of an error's context that names table, line and column, without the value.
func place(where string) string {
	head, _, _ := strings.Cut(where, ": ")
	return head
}

// brokenReader gives a line and fails.
type brokenReader struct{}

func (brokenReader) Read(p []byte) (int, error) {
	return copy(p, "5\t1\tx\n"), errors.New("the file is gone")
}

// TestDependants: what other objects need is not dropped, and the error names them.
func TestDependants(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (a int, b int)")
	d.exec("CREATE MATERIALIZED VIEW first AS SELECT a, count(*) AS n FROM t GROUP BY a")
	d.exec("CREATE MATERIALIZED VIEW second AS SELECT n, count(*) AS m FROM first GROUP BY n")
	d.exec("CREATE VIEW third AS SELECT * FROM second")
	d.exec("INSERT INTO t VALUES (1, 1), (1, 2), (2, 1)")
	for _, c := range []struct{ sql, message, detail string }{
		{"DROP TABLE t", "cannot drop table t because other objects depend on it", "materialized view first depends on table t"},
		{"DROP MATERIALIZED VIEW first", "cannot drop materialized view first because other objects depend on it", "materialized view second depends on materialized view first"},
		{"DROP MATERIALIZED VIEW second", "cannot drop materialized view second because other objects depend on it", "view third depends on materialized view second"},
	} {
		err := d.refused("2BP01", c.sql)
		if err.Message != c.message || !strings.Contains(err.Detail, c.detail) || !strings.Contains(err.Hint, "CASCADE") {
			t.Errorf("%s\n%s", c.sql, describe(err))
		}
	}
	if got := d.query("SELECT * FROM third ORDER BY n").String(); got != "\"1\"  \"1\"\n\"2\"  \"1\"\n" {
		t.Errorf("after refused drops the views hold\n%s", got)
	}
	d.exec("DROP TABLE t CASCADE")
	var notices []string
	for _, n := range d.takeNotices() {
		notices = append(notices, n.Message+"\n"+n.Detail)
	}
	for _, name := range []string{"first", "second", "third"} {
		if !strings.Contains(strings.Join(notices, "\n"), name) {
			t.Errorf("DROP ... CASCADE does not say that it dropped %s: %q", name, notices)
		}
		d.refused("42P01", "SELECT * FROM "+name)
	}
}

// TestRowErrors: a row that a view cannot compute does not stop the view. It serves the others, says so, shows the row,
// and forgets it when it is corrected.
func TestRowErrors(t *testing.T) {
	n := startNode(t)
	d := n.db()
	d.exec("CREATE TABLE t (id int PRIMARY KEY, a int, b int)")
	d.exec("CREATE MATERIALIZED VIEW ratio AS SELECT id, a / b AS q FROM t")
	d.exec("CREATE MATERIALIZED VIEW ratios AS SELECT count(*) AS n, sum(q) AS s FROM ratio")
	d.exec("INSERT INTO t VALUES (1, 10, 2), (2, 10, 0), (3, 9, 3)")
	check := func(what string, rows, errs int, sum string) {
		t.Helper()
		d.takeNotices()
		got := d.query("SELECT * FROM ratio")
		if len(got.rows) != rows {
			t.Errorf("%s: the view has %d rows, want %d", what, len(got.rows), rows)
		}
		notices := d.takeNotices()
		warned := len(notices) == 1 && notices[0].Severity == "WARNING" && strings.Contains(notices[0].Message, "ratio") && strings.Contains(notices[0].Hint, "millrace.view_errors")
		if warned != (errs > 0) || !warned && len(notices) > 0 {
			t.Errorf("%s: %d errors, and the notices %v", what, errs, notices)
		}
		list := d.query("SELECT sqlstate, message, count FROM millrace.view_errors WHERE view = 'ratio'")
		if len(list.rows) != errs || errs > 0 && (list.rows[0][0].text != "22012" || list.rows[0][1].text != "division by zero") {
			t.Errorf("%s: millrace.view_errors has\n%s", what, list)
		}
		if got := d.query("SELECT s FROM ratios").scalar(t); got != sum {
			t.Errorf("%s: the view over the view says %s, want %s", what, got, sum)
		}
		d.exec("SET strict_errors = on")
		if _, err := d.tryExec("SELECT * FROM ratio"); (err != nil) != (errs > 0) {
			t.Errorf("%s: with strict_errors: %v", what, err)
		}
		d.exec("RESET strict_errors")
	}
	check("one bad row", 2, 1, "8")
	if err := n.restart(); err != nil {
		t.Fatal(err)
	}
	d = n.db()
	check("after a restart", 2, 1, "8")
	d.refused("22012", "SELECT id, a / b AS q FROM t")
	d.exec("UPDATE t SET b = 5 WHERE id = 2")
	check("corrected", 3, 0, "10")
	d.exec("UPDATE t SET b = 0 WHERE id < 3")
	check("two bad rows", 1, 2, "3")
	d.exec("DELETE FROM t WHERE b = 0")
	check("deleted", 1, 0, "3")
	d.exec("INSERT INTO t VALUES (5, 1, 0)")
	check("again", 1, 1, "3")
	d.exec("DROP MATERIALIZED VIEW ratios")
	d.exec("DROP MATERIALIZED VIEW ratio")
	if got := d.query("SELECT count(*) FROM millrace.view_errors").scalar(t); got != "0" {
		t.Errorf("%s errors of a view that is gone", got)
	}
}

// TestAggregateErrors: an aggregate that cannot be computed is an error of its group alone.
func TestAggregateErrors(t *testing.T) {
	d := startNode(t).db()
	d.exec("CREATE TABLE t (k int, v int)")
	d.exec("CREATE MATERIALIZED VIEW g AS SELECT k, (count(*) / min(v))::int AS q FROM t GROUP BY k")
	d.exec("INSERT INTO t VALUES (1, 1), (1, 2), (2, 0), (2, 5)")
	if got := d.query("SELECT * FROM g").String(); got != "\"1\"  \"2\"\n" {
		t.Errorf("the view has\n%s", got)
	}
	d.exec("DELETE FROM t WHERE v = 0")
	if got := d.query("SELECT * FROM g ORDER BY k").String(); got != "\"1\"  \"2\"\n\"2\"  \"0\"\n" {
		t.Errorf("after the correction the view has\n%s", got)
	}
	if got := d.query("SELECT count(*) FROM millrace.view_errors").scalar(t); got != "0" {
		t.Errorf("%s errors after the correction", got)
	}
}

// TestStartErrors: a server that cannot start says why in one line.
func TestStartErrors(t *testing.T) {
	n := startNode(t, func(c *server.Config) { c.FS, c.DataDir = nil, t.TempDir() })
	start := func(dir, listen string) error {
		t.Helper()
		srv, err := server.Start(server.Config{DataDir: dir, Listen: listen})
		if err == nil {
			_ = srv.Close()
			t.Fatalf("a server starts on %s with data in %s", listen, dir)
		}
		if msg := err.Error(); strings.Contains(msg, "\n") || strings.Contains(msg, "goroutine") {
			t.Errorf("the error is not one line: %s", msg)
		}
		return err
	}
	mentions := func(err error, words ...string) {
		t.Helper()
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("the error does not mention %q: %v", word, err)
			}
		}
	}
	mentions(start(t.TempDir(), n.cfg.Listen), n.cfg.Listen, "in use")
	mentions(start(t.TempDir(), "nonsense"), "nonsense")
	mentions(start(n.cfg.DataDir, "127.0.0.1:0"), n.cfg.DataDir, "lock")

	newer := t.TempDir()
	if err := os.WriteFile(filepath.Join(newer, "FORMAT"), []byte("millrace data directory, format 999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mentions(start(newer, "127.0.0.1:0"), newer, "999")

	strange := t.TempDir()
	if err := os.WriteFile(filepath.Join(strange, "FORMAT"), []byte("something else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mentions(start(strange, "127.0.0.1:0"), strange)

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mentions(start(filepath.Join(file, "data"), "127.0.0.1:0"), file)
	if os.Getuid() != 0 {
		closed := t.TempDir()
		if err := os.Chmod(closed, 0o500); err != nil {
			t.Fatal(err)
		}
		mentions(start(filepath.Join(closed, "data"), "127.0.0.1:0"), closed, "denied")
	}
	// A failed start has left nothing behind: the port is free, and the data can be opened.
	addr := freePort(t)
	if _, err := server.Start(server.Config{DataDir: newer, Listen: addr}); err == nil {
		t.Fatal("a newer format is opened")
	}
	srv, err := server.Start(server.Config{DataDir: t.TempDir(), Listen: addr})
	if err != nil {
		t.Fatalf("after a failed start: %v", err)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamagedDirectory: a directory whose format file is gone is not taken for an empty one.
func TestDamagedDirectory(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, func(c *server.Config) { c.FS, c.DataDir = nil, dir })
	d := n.db()
	d.exec("CREATE TABLE t (a int)")
	d.close()
	n.stop()
	if err := os.Remove(filepath.Join(dir, "FORMAT")); err != nil {
		t.Fatal(err)
	}
	srv, err := server.Start(server.Config{DataDir: dir, Listen: "127.0.0.1:0"})
	if err == nil {
		_ = srv.Close()
		t.Fatal("opened")
	}
	if !strings.Contains(err.Error(), "FORMAT") {
		t.Error(err)
	}
}

// TestNames: names that need quoting, and values that look like SQL, stay what they are.
func TestNames(t *testing.T) {
	w := newTwin(t, startNode(t))
	for _, name := range []string{`"select"`, `"Mixed Case"`, `"a""b"`, `"ünïcode"`, `"semi;colon"`, `"` + strings.Repeat("x", 63) + `"`} {
		w.define("CREATE TABLE " + name + ` ("order" int PRIMARY KEY, "x y" text)`)
		for i, value := range []string{"'; DROP TABLE t; --", `\`, "''", "$1", "日本語", "a\nb\tc"} {
			w.must(fmt.Sprintf(`INSERT INTO %s VALUES (%d, %s)`, name, i, quote(value)))
		}
		w.millrace.exec("CREATE MATERIALIZED VIEW v AS SELECT \"x y\", count(*) AS \"count\" FROM " + name + ` GROUP BY "x y"`)
		v := &viewCase{name: "v", query: `SELECT "x y", count(*) AS "count" FROM ` + name + ` GROUP BY "x y"`}
		w.compare(v)
		w.millrace.exec("DROP MATERIALIZED VIEW v")
	}
}
