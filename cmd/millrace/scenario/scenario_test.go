package scenario_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"millrace/cmd/millrace/scenario"
	"millrace/internal/slt"
)

const suites = "../../../testdata/time"

// TestTimeSuites runs the suites of event time and of the clock.
func TestTimeSuites(t *testing.T) {
	files, err := slt.Files(suites)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("there are no suites")
	}
	for _, way := range []struct {
		name string
		opts slt.Options
	}{
		{"simple", slt.Options{}},
		{"extended, restarts", slt.Options{Protocol: slt.Extended, RestartEvery: 2}},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, file := range files {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".slt"), func(t *testing.T) { passes(t, way.opts, file) })
			}
		})
	}
}

func passes(t *testing.T, opts slt.Options, file string) slt.Result {
	t.Helper()
	res, err := scenario.Run(t.Context(), opts, []string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Failures {
		t.Error(f)
	}
	if res.Passed == 0 && len(res.Failures) == 0 {
		t.Error("no record of the file was run")
	}
	return res
}

// TestHowto runs the example of the documentation.
func TestHowto(t *testing.T) {
	text, err := os.ReadFile("../../../docs/howto/testing-views.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```slt\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the page has no example")
	}
	file := filepath.Join(t.TempDir(), "example.slt")
	if err := os.WriteFile(file, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	if res := passes(t, slt.Options{}, file); res.Passed < 10 {
		t.Errorf("only %d records", res.Passed)
	}
}

// TestWrongRecordsFail checks that a record which does not hold is reported, and how.
func TestWrongRecordsFail(t *testing.T) {
	const setUp = "clock '2026-01-01 10:00:00'\n\nstatement ok\nCREATE TABLE t (id int PRIMARY KEY, at timestamptz)\n\n" +
		"statement ok\nCREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE at > now()\n\nstatement ok\nINSERT INTO t VALUES (1, '2026-01-01 11:00:00Z')\n\n"
	for _, c := range []struct{ name, record, want string }{
		{"clock back", "clock '2026-01-01 09:00:00'\n", "does not go back"},
		{"clock", "clock 'x'\n", "invalid input syntax"},
		{"clock unquoted", "clock 2026\n", "single quotes"},
		{"advance back", "advance by '-1 h'\n", "does not go back"},
		{"advance", "advance '1 h'\n", "advance takes to"},
		{"changes", "changes v\n----\n2026-01-01 10:00:00  +1  2\n", "+ 2026-01-01 10:00:00  +1  1"},
		{"no changes", "advance by '10 h'\n\nchanges v\n----\n2026-01-01 10:00:00  +1  1\n", "+ 2026-01-01 11:00:00  -1  1"},
		{"state", "state v\n----\nrows 2\n", "+ rows 1"},
		{"state bytes", "state v\n----\nbytes <= 1\n", "+ bytes"},
		{"state line", "state v\n----\nrows = 2\n", "lines such as"},
		{"state of nothing", "state w\n----\nrows 2\n", "no view"},
		{"nothing to compare", "changes v\n", "no ---- line"},
	} {
		file := filepath.Join(t.TempDir(), "wrong.slt")
		if err := os.WriteFile(file, []byte(setUp+c.record), 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := scenario.Run(t.Context(), slt.Options{}, []string{file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Failures) != 1 || !strings.Contains(res.Failures[0].Error(), c.want) {
			t.Errorf("%s: %v, want one failure with %q", c.name, res.Failures, c.want)
		}
	}
}

// TestRecordScenario writes the answers into a file and runs that.
func TestRecordScenario(t *testing.T) {
	const script = "statement ok\nCREATE TABLE t (id int PRIMARY KEY, at timestamptz)\n\nstatement ok\nCREATE MATERIALIZED VIEW v AS SELECT id FROM t WHERE at > now()\n\n" +
		"statement ok\nINSERT INTO t VALUES (1, '2000-01-01 01:00:00Z')\n\nchanges v\n\nadvance by '1 d'\n\nchanges v\n\nstate v\n"
	file := filepath.Join(t.TempDir(), "record.slt")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scenario.Run(t.Context(), slt.Options{Record: true}, []string{file}, nil); err != nil {
		t.Fatal(err)
	}
	passes(t, slt.Options{}, file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"----\n2000-01-01 00:00:00  +1  1\n", "----\n2000-01-01 01:00:00  -1  1\n", "----\nrows 0\nbytes <= 1024\n"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the file does not have %q:\n%s", want, text)
		}
	}
}
