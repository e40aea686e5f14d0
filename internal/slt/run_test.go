package slt

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/internal/oracle"
)

// runText runs one file's text against PostgreSQL.
func runText(t *testing.T, opts Options, text string) (res Result, report string) {
	t.Helper()
	res, report, _ = runNamed(t, opts, map[string]string{"f.slt": text}, "f.slt")
	return res, report
}

// runNamed writes files into a folder, runs one of them, and also returns its text after the run.
func runNamed(t *testing.T, opts Options, files map[string]string, name string) (res Result, report, after string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if opts.URL == "" && opts.Connect == nil && opts.NewDatabase == nil {
		opts.NewDatabase = oracle.Require(t).CreateDatabase
	}
	if opts.Engine == "" {
		opts.Engine = "postgresql"
	}
	var out bytes.Buffer
	res, err := Run(t.Context(), opts, []string{filepath.Join(dir, name)}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return res, strings.ReplaceAll(out.String(), dir+string(filepath.Separator), ""), string(text)
}

const passing = `
statement ok
CREATE TABLE t (a int PRIMARY KEY, b text, c float8)

statement count 3
INSERT INTO t VALUES (1, 'x y', 0.1), (2, NULL, 0.2), (3, '', 0.3);

query ITR
SELECT * FROM t ORDER BY a
----
1  x y      0.1
2  NULL     0.2
3  (empty)  0.3

query I rowsort
SELECT a FROM t ORDER BY a DESC
----
2
3
1

query I? valuesort
SELECT a, a * 10 FROM t
----
1
10
2
20
3
30

query II
SELECT 1, 2
----
1 2

query I
SELECT a FROM t WHERE false
----

query T
SELECT 'a' || repeat(' ', 3) || 'b'
----
"a   b"

query III
SELECT a, a, a FROM t ORDER BY a
----
9 values hashing to ee5ff2fbdd7ad8d5ea2e8d8b6dd34a4a

statement error 23505
INSERT INTO t VALUES (1)

statement error (23505) duplicate key .* "t_pkey"
INSERT INTO t VALUES (1)

query error does not exist
SELECT nothing FROM t

onlyif millrace
statement ok
THIS IS NOT RUN

skipif postgresql
statement ok
NOR IS THIS

control floattolerance 1e-12

query R
SELECT sum(c) FROM t
----
0.6

halt

statement ok
NOT REACHED
`

func TestPassingFile(t *testing.T) {
	text := strings.Replace(passing, "ee5ff2fbdd7ad8d5ea2e8d8b6dd34a4a", hashOf([][]string{{"1", "1", "1", "2", "2", "2", "3", "3", "3"}}), 1)
	for _, protocol := range []Protocol{Simple, Extended} {
		t.Run(string(protocol), func(t *testing.T) {
			res, report := runText(t, Options{Protocol: protocol}, text)
			if res.Err() != nil || res.Passed != 13 || res.Skipped != 2 {
				t.Fatalf("%v\n%s", res, report)
			}
		})
	}
}

// TestFailures holds each kind of failure against its message; a runner that lets one pass is worthless.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"result", "\nquery IT\nSELECT 1, 'a b'\nWHERE true\n----\n1  a c\n", []string{
			"f.slt:2: result differs (- expected, + actual)\n    SELECT 1, 'a b'\n    WHERE true\n- 1  a c\n+ 1  a b"}},
		{"row missing", "query I\nSELECT 1\n----\n1\n2\n", []string{"f.slt:1: result differs", "- 2"}},
		{"row extra", "query I\nVALUES (1), (2)\n----\n1\n", []string{"+ 2"}},
		{"order", "query I\nVALUES (2), (1)\n----\n1\n2\n", []string{"result differs"}},
		{"duplicates", "query I rowsort\nVALUES (1), (1)\n----\n1\n", []string{"+ 1"}},
		{"null is not its text", "query T\nSELECT 'NULL'\n----\nNULL\n", []string{`+ "NULL"`}},
		{"hash", "query I\nSELECT 1\n----\n1 values hashing to 00000000000000000000000000000000\n",
			[]string{"+ 1 values hashing to b026324c6904b2a9cb4b88d6d61c81d1"}},
		{"columns", "query II\nSELECT 1\n----\n1\n", []string{"expected 2 columns (II), got 1 (I)"}},
		{"type", "query I\nSELECT 1.0\n----\n1.0\n", []string{"column 1 (?column?) is of type R (OID 1700), expected I"}},
		{"unrecorded", "query I\nSELECT 1\n", []string{"no ---- line"}},
		{"no rows", "query I\nCREATE TABLE t ()\n----\n", []string{"use statement, not query"}},
		{"unexpected error", "query I\nSELECT 1/0\n----\n1\n", []string{"unexpected error: (22012) division by zero"}},
		{"unexpected error in statement", "statement ok\nSELECT nothing\n", []string{`unexpected error: (42703) column "nothing" does not exist; at character 8`}},
		{"unexpected success", "statement error\nSELECT 1\n", []string{"expected an error, but the statement succeeded"}},
		{"wrong state", "statement error 22003\nSELECT 1/0\n", []string{"wrong error", "- (22003)", "+ (22012) division by zero"}},
		{"wrong message", "statement error (22012) nothing like it\nSELECT 1/0\n", []string{"- (22012) message matching /nothing like it/"}},
		{"wrong count", "statement count 2\nSELECT 1\n", []string{"wrong count of rows", "- 2\n+ 1"}},
		{"label", "query I rowsort same\nSELECT 1\n----\n1\n\nquery I rowsort same\nSELECT 2\n----\n2\n",
			[]string{"f.slt:6: result differs from that of the query with the same label same at f.slt:1"}},
		{"float without tolerance", "query R\nSELECT 0.1::float8 + 0.2::float8\n----\n0.3\n", []string{"+ 0.30000000000000004"}},
		{"numeric with tolerance", "control floattolerance 1e-3\n\nquery R\nSELECT 1.00001\n----\n1.0\n", []string{"+ 1.00001"}},
		{"float beyond tolerance", "control floattolerance 1e-12\n\nquery R\nSELECT 0.31::float8\n----\n0.3\n", []string{"+ 0.31"}},
		{"lost connection", "statement error\nSELECT pg_terminate_backend(pg_backend_pid())\n\nquery I\nSELECT 1\n----\n2\n",
			[]string{"f.slt:4: result differs"}},
		{"two results", "onlyif simple\nquery I\nSELECT 1; SELECT 2\n----\n1\n", []string{"2 statements of one record return rows"}},
		{"syntax", "statement ok\nSELECT 1\n\nsleep 5s\n", []string{"f.slt:4: sleep is refused"}},
		{"include missing", "include nothing.slt\n", []string{"f.slt:1: ", "no such file"}},
		{"include cycle", "include f.slt\n", []string{"more than 16 includes inside each other"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, report := runText(t, Options{}, c.text)
			if len(res.Failures) != 1 {
				t.Fatalf("%d failures, want 1\n%s", len(res.Failures), report)
			}
			for _, want := range c.want {
				if !strings.Contains(report, want) {
					t.Errorf("report lacks %q:\n%s", want, report)
				}
			}
			if res.Err() == nil {
				t.Error("Err is nil")
			}
		})
	}
}

func TestTimeoutFailsAndRunGoesOn(t *testing.T) {
	res, report := runText(t, Options{Timeout: 200 * time.Millisecond},
		"statement error\nSELECT pg_sleep(100)\n\nquery I\nSELECT 1\n----\n1\n")
	if len(res.Failures) != 1 || res.Passed != 1 || !strings.Contains(report, "f.slt:1: no answer in 200ms") {
		t.Fatalf("%v\n%s", res, report)
	}
}

func TestFileIsGivenUp(t *testing.T) {
	res, report := runText(t, Options{FailuresPerFile: 3}, strings.Repeat("statement ok\nNONSENSE\n\n", 10))
	if len(res.Failures) != 3 || !strings.Contains(report, "given up after 3 failures") {
		t.Fatalf("%v\n%s", res, report)
	}
}

func TestConnections(t *testing.T) {
	res, report := runText(t, Options{}, `
statement ok
CREATE TABLE t (a int)

connection writer
statement ok
BEGIN

connection writer
statement count 1
INSERT INTO t VALUES (1)

query I
SELECT count(*) FROM t
----
0

connection writer
statement ok
COMMIT

connection default
query I
SELECT count(*) FROM t
----
1
`)
	if res.Err() != nil || res.Passed != 6 {
		t.Fatalf("%v\n%s", res, report)
	}
}

func TestInclude(t *testing.T) {
	res, report, _ := runNamed(t, Options{Record: true}, map[string]string{
		"f.slt":     "include inner.slt\n\nquery I\nSELECT a FROM t\n----\n1\n\nonlyif millrace\ninclude absent.slt\n",
		"inner.slt": "statement ok\nCREATE TABLE t AS SELECT 1 AS a\n\nquery I\nSELECT a FROM t\n----\n2\n\nhalt\n\nstatement ok\nNOT RUN\n",
	}, "f.slt")
	// The included file is wrong, and recording does not touch it.
	if len(res.Failures) != 1 || res.Passed != 2 || !strings.Contains(report, "inner.slt:4: result differs") {
		t.Fatalf("%v\n%s", res, report)
	}
}

func TestRestart(t *testing.T) {
	restarts := 0
	restart := func() error { restarts++; return nil }
	t.Run("record", func(t *testing.T) {
		restarts = 0
		res, report := runText(t, Options{Restart: restart}, `
statement ok
SET application_name = 'before'

restart

query T
SHOW application_name
----
(empty)
`)
		if res.Err() != nil || restarts != 1 {
			t.Fatalf("%d restarts, %v\n%s", restarts, res, report)
		}
	})
	t.Run("every record but not inside a transaction", func(t *testing.T) {
		restarts = 0
		res, report := runText(t, Options{Restart: restart, RestartEvery: 1}, `
statement ok
CREATE TABLE t (a int)

statement ok
BEGIN

statement ok
INSERT INTO t VALUES (1)

statement ok
COMMIT

query I
SELECT count(*) FROM t
----
1

control restart off

statement ok
SELECT 1
`)
		if res.Err() != nil || restarts != 3 {
			t.Fatalf("%d restarts, want 3, %v\n%s", restarts, res, report)
		}
	})
	t.Run("fails", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "f.slt")
		if err := os.WriteFile(file, []byte("restart\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("does not start")
		_, err := Run(t.Context(), Options{
			NewDatabase: oracle.Require(t).CreateDatabase,
			Restart:     func() error { return broken },
		}, []string{file}, nil)
		if !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestValuewise(t *testing.T) {
	text := `
control resultmode valuewise

query IRT
SELECT 1.9, 2, 'a' || chr(10) || 'b'
UNION ALL SELECT NULL, 3.14159, ''
----
1
2.000
a@b
NULL
3.142
(empty)

query II rowsort
VALUES (2, 1), (1, 3)
----
1
3
2
1
`
	res, report := runText(t, Options{}, text)
	if res.Err() != nil || res.Passed != 2 {
		t.Fatalf("%v\n%s", res, report)
	}
	// A value too few is a difference, not a row to overlook.
	res, _ = runText(t, Options{}, strings.TrimSuffix(text, "1\n"))
	if len(res.Failures) != 1 {
		t.Fatalf("missing value passes: %v", res)
	}
}

const unrecorded = `# kept as it is
statement ok
CREATE TABLE t (a int, b text)

statement count 0
INSERT INTO t VALUES (10, 'x y'), (2, NULL), (300, '')

query
SELECT * FROM t

query TT
SELECT * FROM t ORDER BY a
----
wrong

query I?
SELECT a,   b FROM t ORDER BY a
----
2 NULL
10   x y
300 (empty)

hash-threshold 3

query
SELECT a, b FROM t
----

query error
SELECT 1/0

statement error 22003 # stays a regular expression
SELECT 1/0

statement error
SELECT 1

statement ok
SELECT 1/0

query
SELECT 1/0
`

const recorded = `# kept as it is
statement ok
CREATE TABLE t (a int, b text)

statement count 3
INSERT INTO t VALUES (10, 'x y'), (2, NULL), (300, '')

query IT rowsort
SELECT * FROM t
----
10   x y
2    NULL
300  (empty)

query IT
SELECT * FROM t ORDER BY a
----
2    NULL
10   x y
300  (empty)

query I?
SELECT a,   b FROM t ORDER BY a
----
2 NULL
10   x y
300 (empty)

hash-threshold 3

query IT rowsort
SELECT a, b FROM t
----
6 values hashing to HASH

statement error 22012
SELECT 1/0

statement error 22012
SELECT 1/0

statement error
SELECT 1

statement ok
SELECT 1/0

query
SELECT 1/0
`

func TestRecord(t *testing.T) {
	hash := hashOf([][]string{{"10", "x y", "2", "NULL", "300", "(empty)"}})
	want := strings.Replace(recorded, "HASH", hash, 1)
	res, report, after := runNamed(t, Options{Record: true}, map[string]string{"f.slt": unrecorded}, "f.slt")
	if after != want {
		t.Fatalf("recorded:\n%s", formatDiff(diff(strings.Split(want, "\n"), strings.Split(after, "\n"))))
	}
	if len(res.Failures) != 3 || res.Recorded != 6 {
		t.Fatalf("success and failure must not be turned into each other: %v\n%s", res, report)
	}
	// What was recorded passes, and recording it again changes nothing.
	res, _ = runText(t, Options{}, want)
	if len(res.Failures) != 3 {
		t.Fatalf("recorded file: %v", res)
	}
	res, _, again := runNamed(t, Options{Record: true}, map[string]string{"f.slt": want}, "f.slt")
	if again != want || res.Recorded != 0 {
		t.Fatal("recording twice differs")
	}
}

func TestRunErrors(t *testing.T) {
	refuse := func(context.Context) (*pgconn.PgConn, error) { return nil, errors.New("refused") }
	file := filepath.Join(t.TempDir(), "f.slt")
	if err := os.WriteFile(file, []byte("statement ok\nSELECT 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		opts  Options
		files []string
		want  string
	}{
		{"no server", Options{}, nil, "exactly one of"},
		{"two servers", Options{URL: "x", Connect: refuse}, nil, "2 are set"},
		{"protocol", Options{URL: "x", Protocol: "binary"}, nil, "unknown protocol"},
		{"restarts without means", Options{URL: "x", RestartEvery: 1}, nil, "needs a Restart function"},
		{"unreachable", Options{Connect: refuse}, []string{file}, "refused"},
		{"missing file", Options{Connect: refuse}, []string{file + "x"}, "no such file"},
	} {
		if _, err := Run(t.Context(), c.opts, c.files, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.slt", "a.slt", "note.md", "sub/c.slt", "odd.txt"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Files(dir, filepath.Join(dir, "odd.txt"), filepath.Join(dir, "a.slt"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i], _ = filepath.Rel(dir, got[i])
	}
	if want := "a.slt b.slt odd.txt sub/c.slt"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
