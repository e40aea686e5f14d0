package lint

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// findingsOf parses a small repository, given as path -> text, and applies one rule.
func findingsOf(t *testing.T, files map[string]string, rule func(*tree) []Finding) []string {
	t.Helper()
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tr, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range rule(tr) {
		got = append(got, fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Msg))
	}
	return got
}

// expect compares findings with their expected beginnings, in order.
func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d findings, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// importing is a file's text with imports.
func importing(pkg string, paths ...string) string {
	text := "package " + pkg + "\n"
	for _, p := range paths {
		text += fmt.Sprintf("import _ %q\n", p)
	}
	return text
}

func TestLayers(t *testing.T) {
	for _, c := range []struct {
		file, imports string
		want          string // empty: allowed
	}{
		{"session/a.go", "millrace/engine", ""},
		{"session/a.go", "millrace/sql/parser", ""},
		{"engine/a.go", "millrace/engine/sub", ""},
		{"cmd/millrace/a.go", "millrace/server", ""},
		{"engine/a.go", "millrace/session", "engine imports session, which is above it"},
		{"types/a.go", "millrace/delta", "types imports delta, which is above it"},
		{"pgerr/a.go", "millrace/types", "pgerr imports types, which is above it"},
		{"types/a_test.go", "millrace/delta", "types imports delta, which is above it"},
		{"exec/a.go", "millrace/planner/physical", ""},
		{"exec/a.go", "millrace/planner/bind", "exec imports planner/bind: an operator"},
		{"exec/a.go", "millrace/planner", "exec imports planner: an operator"},
		{"exec/a_test.go", "millrace/planner/bind", ""},
		{"engine/a.go", "millrace/planner/lower", "engine imports planner/lower: the engine knows no SQL"},
		{"engine/a.go", "millrace/planner/physicality", "engine imports planner/physicality: the engine"},
		{"session/a.go", "millrace/planner/lower", ""},
		{"connector/nats/a.go", "millrace/planner/physical", "connector imports planner/physical: a source"},
		{"sql/parser/a.go", "millrace/pgerr", ""},
		{"sql/parser/a.go", "millrace/sql/ast", ""},
		{"sql/parser/a.go", "millrace/types", "sql imports types: syntax is untyped"},
		{"expr/scalar/a.go", "millrace/storage", "expr imports storage: expressions"},
		{"planner/physical/a.go", "millrace/planner/logical", "planner/physical imports planner/logical: a physical plan"},
		{"planner/lower/a.go", "millrace/planner/logical", ""},
		{"engine/a.go", "millrace/misplaced", "import of misplaced, which is in no layer"},
		{"misplaced/a.go", "fmt", "folder misplaced is in no layer"},
		{"a.go", "fmt", "folder . is in no layer"},
		{"engine/a_test.go", "millrace/internal/oracle", ""},
		{"engine/a.go", "millrace/internal/oracle", "internal/oracle is for tests"},
		{"cmd/millrace/a.go", "millrace/internal/slt", ""},
		{"cmd/millrace/a.go", "millrace/internal/oracle", "internal/oracle is for tests"},
		{"server/a.go", "millrace/internal/slt", "internal/slt is for tests"},
		{"internal/slt/a.go", "millrace/internal/oracle", ""},
		{"internal/slt/a.go", "millrace/types", "internal/slt is a leaf"},
	} {
		t.Run(c.file+" "+c.imports, func(t *testing.T) {
			got := findingsOf(t, map[string]string{c.file: importing("p", c.imports)}, checkLayers)
			if c.want == "" {
				expect(t, got)
				return
			}
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	for _, c := range []struct {
		file, imports string
		allowed       bool
	}{
		{"storage/a.go", "github.com/cockroachdb/pebble/v2", true},
		{"storage/state/a_test.go", "github.com/cockroachdb/pebble/v2/vfs", true},
		{"engine/a.go", "github.com/cockroachdb/pebble/v2", false},
		{"engine/a_test.go", "github.com/cockroachdb/pebble/v2/vfs", false},
		{"storagelike/a.go", "github.com/cockroachdb/pebble/v2", false},
		{"pgwire/a.go", "github.com/jackc/pgx/v5/pgproto3", true},
		{"session/a.go", "github.com/jackc/pgx/v5/pgproto3", false},
		{"session/a_test.go", "github.com/jackc/pgx/v5/pgproto3", false},
		{"session/a_test.go", "github.com/jackc/pgx/v5/pgconn", true},
		{"session/a.go", "github.com/jackc/pgx/v5/pgconn", false},
		{"internal/slt/a.go", "github.com/jackc/pgx/v5/pgconn", true},
		{"cmd/millrace/a.go", "github.com/jackc/pgx/v5", true},
		{"connector/kafka/a.go", "github.com/twmb/franz-go/pkg/kgo", true},
		{"connector/nats/a.go", "github.com/twmb/franz-go/pkg/kgo", false},
		{"exec/a_test.go", "github.com/cockroachdb/datadriven", true},
		{"exec/a.go", "github.com/cockroachdb/datadriven", false},
		{"exec/a.go", "github.com/cespare/xxhash/v2", true},
		{"sql/mysql/a.go", "github.com/pingcap/tidb/pkg/parser/ast", true},
		{"sql/parser/a.go", "github.com/pingcap/tidb/pkg/parser", false},
		{"session/a_test.go", "github.com/pingcap/tidb/pkg/parser", false},
		{"sql/mysql/a.go", "github.com/pingcap/tidb/pkg/types", false},
		{"exec/a.go", "github.com/unheard/of", false},
		{"exec/a.go", "encoding/json", true},
	} {
		got := findingsOf(t, map[string]string{c.file: importing("p", c.imports)}, checkDependencies)
		if (len(got) == 0) != c.allowed {
			t.Errorf("%s imports %s: findings %q, want allowed = %v", c.file, c.imports, got, c.allowed)
		}
	}
}

func TestNames(t *testing.T) {
	expect(t, findingsOf(t, map[string]string{
		"exec/join.go":           "package exec",
		"exec/join_helpers.go":   "package exec",
		"exec/utility.go":        "package exec", // utility statements are a thing
		"exec/common_test.go":    "package exec",
		"stringutil/a.go":        "package stringutil",
		"engine/lock/a.go":       "package lockmanager",
		"exec/testdata/utils.go": "package utils",
	}, checkNames),
		"engine/lock:0: package name says manager",
		"exec/common_test.go:0: file name says common",
		"exec/join_helpers.go:0: file name says helpers",
		"stringutil:0: package name says util",
	)
}

func TestDocs(t *testing.T) {
	expect(t, findingsOf(t, map[string]string{
		"good/doc.go":        "// Package good does good.\npackage good",
		"good/a.go":          "package good",
		"cmd/tool/doc.go":    "// Command tool is one.\npackage main",
		"missing/a.go":       "// Package missing has its comment elsewhere.\npackage missing",
		"empty/doc.go":       "package empty",
		"wrong/doc.go":       "// This package is wrong.\npackage wrong",
		"nested/go.mod":      "module other",
		"nested/a.go":        "package nested",
		".hidden/a.go":       "package hidden",
		"good/testdata/a.go": "package notlooked",
	}, checkDocs),
		"empty:0: no doc.go", "missing:0: no doc.go", "wrong:0: no doc.go")
}

func TestArchitecturePaths(t *testing.T) {
	files := map[string]string{
		"exec/doc.go":         "package exec",
		"storage/state/a.go":  "package state",
		"testdata/slt/a.slt":  "",
		"docs/adr/0001-it.md": "",
		"ARCHITECTURE.md": strings.Join([]string{
			"Fine: `exec/doc.go`, `exec/`, `./exec/doc.go`, `exec/...`, `doc.go`, `storage/state.Store`, `docs/adr/*.md`, `millrace/exec`.",
			"No paths: `exec.Join`, `SELECT a/b`, `/metrics`, `github.com/jackc/pgx/v5`, `.slt`, `-old +new`, exec/nothing.",
			"Gone: `exec/join.go`, `plan/physical`, `state.go`, `docs/howto/*.md`, `storage/stat.Store`.",
			"```",
			"`exec/in/a/drawing`",
			"```",
			"After: `exec/gone`",
		}, "\n"),
	}
	expect(t, findingsOf(t, files, checkArchitecture),
		"ARCHITECTURE.md:3: exec/join.go does not exist",
		"ARCHITECTURE.md:3: plan/physical does not exist",
		"ARCHITECTURE.md:3: state.go does not exist",
		"ARCHITECTURE.md:3: docs/howto/*.md does not exist",
		"ARCHITECTURE.md:3: storage/stat.Store does not exist",
		"ARCHITECTURE.md:7: exec/gone does not exist",
	)
	delete(files, "ARCHITECTURE.md")
	expect(t, findingsOf(t, files, checkArchitecture))
}

func TestSleep(t *testing.T) {
	expect(t, findingsOf(t, map[string]string{
		"a/a_test.go": "package a\nimport \"time\"\nfunc f() { time.Sleep(time.Second) }",
		"a/b_test.go": "package a\nimport clock \"time\"\nfunc g() { clock.Sleep(1) }",
		"a/c_test.go": "package a\nimport \"time\"\nvar time2 T\nfunc h() { time2.Sleep(1); _ = time.Second }",
		"a/a.go":      "package a\nimport \"time\"\nfunc k() { time.Sleep(1) }",
	}, checkSleep),
		"a/a_test.go:3: a test waits", "a/b_test.go:3: a test waits")
}

func TestDeterministic(t *testing.T) {
	body := "\nfunc f() {\n\tgo f()\n\t_ = time.Now()\n\t_ = time.Second\n}"
	expect(t, findingsOf(t, map[string]string{
		"exec/a.go":      "package exec\nimport \"time\"\nimport _ \"math/rand/v2\"" + body,
		"exec/a_test.go": "package exec\nimport \"time\"\nimport _ \"math/rand/v2\"" + body,
		"engine/a.go":    "package engine\nimport \"time\"\nimport _ \"math/rand/v2\"" + body,
		"types/a.go":     "package types\nimport \"os\"\nvar _ = os.Getenv",
	}, checkDeterministic),
		"exec/a.go:6: time.Now in a package",
		"exec/a.go:3: import of math/rand/v2 in",
		"exec/a.go:5: go statement in",
		"types/a.go:2: import of os in",
	)
}

func TestDurableWrites(t *testing.T) {
	text := "package storage\nimport \"github.com/cockroachdb/pebble/v2\"\nvar _ = pebble.WriteOptions{}\n" +
		"func f() { use(pebble.NoSync, pebble.Sync) }\nfunc g() { use(pebble.NoSync) }"
	rule := func(t *tree) []Finding {
		return checkUnsynced(t, []unsynced{{path: "storage/durable.go", function: "g"}, {path: "storage/durable.go", function: "h"}})
	}
	expect(t, findingsOf(t, map[string]string{
		"storage/durable.go":       text,
		"storage/derived_write.go": text,
		"storage/durable_test.go":  text,
	}, rule),
		"storage/durable.go:3: pebble.WriteOptions",
		"storage/durable.go:4: pebble.NoSync",
		"storage/durable.go:0: h in calls.go does not write unsynced any more",
	)
}

func TestSizes(t *testing.T) {
	long := func(lines int) string { return strings.Repeat("// line\n", lines) }
	function := func(lines int) string { return "func f() {\n" + long(lines-2) + "}\n" }
	files := map[string]string{
		"a/most.go":       "package a\n" + long(fileLinesMax-1),
		"a/over.go":       "package a\n" + long(fileLinesMax),
		"a/over_test.go":  "package a\n" + long(fileLinesMax),
		"a/generated.go":  "// Code generated by hand. DO NOT EDIT.\n\npackage a\n" + long(fileLinesMax),
		"a/fn.go":         "package a\n" + function(functionLinesMax),
		"a/fn_over.go":    "package a\n" + function(functionLinesMax+1),
		"a/fn_listed.go":  "package a\n" + function(functionLinesMax+10),
		"a/fn_growing.go": "package a\n" + function(functionLinesMax+11),
	}
	rule := func(t *tree) []Finding {
		return checkSizes(t, []oversize{
			{path: "a/fn_listed.go", function: "f", linesMax: functionLinesMax + 10},
			{path: "a/fn_growing.go", function: "f", linesMax: functionLinesMax + 10},
			{path: "a/fn.go", function: "f", linesMax: 200},
			{path: "a/removed.go", linesMax: 2000},
		})
	}
	expect(t, findingsOf(t, files, rule),
		"a/fn_growing.go:2: function f (listed) has 161 lines; the limit is 160",
		"a/fn_over.go:2: function f has 151 lines; the limit is 150",
		"a/over.go:0: file has 901 lines; the limit is 900",
		`a/fn.go:0: entry "a/fn.go f" in size.go is not needed`,
		`a/removed.go:0: entry "a/removed.go " in size.go is not needed`,
	)
}

func TestCheckNamesTheRuleAndOrdersFindings(t *testing.T) {
	findings, err := Check(fstest.MapFS{
		"exec/b.go": {Data: []byte("package exec\nfunc f() { go f() }\n")},
		"exec/a.go": {Data: []byte("package exec\n\nimport _ \"millrace/session\"\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		if f.Rule != "size" && f.Rule != "durable writes" { // the repository's lists of exceptions do not fit this one
			got = append(got, f.String())
		}
	}
	expect(t, got, "exec: no doc.go", "exec/a.go:3: exec imports session", "exec/b.go:2: go statement")
	if !strings.HasSuffix(got[1], "(rule layers)") {
		t.Errorf("no rule named: %s", got[1])
	}
	if _, err := Check(fstest.MapFS{"exec/a.go": {Data: []byte("package")}}); err == nil {
		t.Error("a file that does not parse is not an error")
	}
}
