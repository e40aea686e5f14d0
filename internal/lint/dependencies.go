package lint

import (
	"fmt"
	"strings"
)

// dependency says where a third-party package, and those below it, may be imported.
type dependency struct {
	path    string
	in      []string // folders; "*" is everywhere
	inTests []string // further folders for test files
	why     string
}

// dependencies has a row for each third-party package; the longest path that matches an import decides. A dependency without a
// row is refused: each is chosen for its field and kept at the edge.
var dependencies = []dependency{
	{"github.com/cockroachdb/pebble/v2", []string{"storage"}, nil, "one package knows how bytes are kept"},
	{"github.com/cockroachdb/apd/v3", []string{"types", "expr"}, nil, "decimals, behind the fast form of types"},
	{"github.com/cockroachdb/datadriven", nil, []string{"*"}, "golden text in tests"},
	{"github.com/cespare/xxhash/v2", []string{"*"}, nil, "a pure function"},
	{"golang.org/x/sync", []string{"*"}, nil, "an extension of the standard library"},
	{"golang.org/x/text", []string{"types", "expr", "sql", "session", "pgwire"}, nil, "Unicode tables for text functions and SASLprep"},
	{"github.com/klauspost/compress", []string{"storage", "connector"}, nil, "compression at rest and in formats"},

	{"github.com/jackc/pgx/v5/pgproto3", []string{"pgwire", leaves}, []string{"server"}, "the server's side of the protocol; session has no wire type"},
	{"github.com/jackc/pgx/v5", []string{"connector/postgres", "cmd", "bench", leaves}, []string{"*"}, "a PostgreSQL client"},
	{"github.com/xdg-go/scram", []string{"pgwire", "session"}, nil, "password verifiers: made by CREATE ROLE, used at login"},
	{"github.com/pingcap/tidb/pkg/parser", []string{"sql/mysql"}, nil, "the second dialect"},

	{"github.com/nats-io", []string{"connector/nats"}, nil, "client of one system"},
	{"github.com/twmb/franz-go", []string{"connector/kafka"}, nil, "client of one system"},

	{"github.com/prometheus/client_golang", []string{"console", "server"}, nil, "metrics are shown in one place"},
	{"github.com/spf13/cobra", []string{"cmd"}, nil, "command line"},
	{"github.com/spf13/pflag", []string{"cmd"}, nil, "the flags of cobra's commands"},
	{"gopkg.in/yaml.v3", []string{"cmd", "server"}, nil, "configuration files"},
}

func checkDependencies(t *tree) []Finding {
	var findings []Finding
	for _, f := range t.files {
		for _, imp := range f.imports() {
			if !thirdParty(imp.path) {
				continue
			}
			if msg := wrongDependency(f, imp.path); msg != "" {
				findings = append(findings, Finding{Path: f.path, Line: t.line(imp.spec), Msg: msg})
			}
		}
	}
	return findings
}

// thirdParty tells modules by the dot in their host, which neither the standard library nor this module has.
func thirdParty(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".")
}

func wrongDependency(f *file, importPath string) string {
	var best *dependency
	for i := range dependencies {
		d := &dependencies[i]
		if within(importPath, d.path) && (best == nil || len(d.path) > len(best.path)) {
			best = d
		}
	}
	if best == nil {
		return fmt.Sprintf("third-party package %s has no row in dependencies.go", importPath)
	}
	if permitted(f.dir, best.in) || f.test && permitted(f.dir, best.inTests) {
		return ""
	}
	where := strings.Join(best.in, ", ")
	if where == "" {
		where = "tests"
	}
	return fmt.Sprintf("%s is imported in %s only (%s)", best.path, where, best.why)
}

func permitted(folder string, dirs []string) bool {
	for _, dir := range dirs {
		if dir == "*" || within(folder, dir) {
			return true
		}
	}
	return false
}
