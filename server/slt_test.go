package server_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"millrace/internal/slt"
	"millrace/server"
)

var suitesFlag = flag.String("suites", "../testdata/slt", "folder or file of the suites that TestSuites runs")

// suiteWays are the ways in which the suites run. The answers must be the same in all of them.
var suiteWays = []struct {
	name         string
	protocol     slt.Protocol
	restartEvery int // records
	asViews      bool
	config       func(*server.Config)
	// folders are those that the way can say something about; nil is all.
	folders []string
}{
	{name: "simple", protocol: slt.Simple},
	{name: "extended", protocol: slt.Extended},
	{name: "restarts", protocol: slt.Simple, restartEvery: 3, folders: []string{"view", "dml", "ddl"}},
	// Each query is also a view made before the data.
	{name: "as views", protocol: slt.Simple, asViews: true},
	{name: "as views, no state cache, restarts", protocol: slt.Extended, asViews: true, restartEvery: 5, config: func(c *server.Config) {
		c.StateBytes, c.StepRowsMax = -1, 1
	}, folders: []string{"aggregate", "join", "select", "setop", "window"}},
	// All operator state is read back from the store.
	{name: "no state cache", protocol: slt.Simple, config: func(c *server.Config) { c.StateBytes = -1 }, folders: []string{"view"}},
	// Each step of a dataflow takes a single epoch.
	{name: "small steps", protocol: slt.Extended, config: func(c *server.Config) { c.StepRowsMax = 1 }, folders: []string{"view"}},
	{name: "no state cache, restarts", protocol: slt.Extended, restartEvery: 2, config: func(c *server.Config) {
		c.StateBytes, c.StepRowsMax = -1, 1
	}, folders: []string{"view"}},
}

// TestSuites runs the end-to-end suites over the wire: their results are PostgreSQL's.
func TestSuites(t *testing.T) {
	files, err := slt.Files(*suitesFlag)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no suites in %s", *suitesFlag)
	}
	for _, way := range suiteWays {
		t.Run(way.name, func(t *testing.T) {
			for _, file := range files {
				name := suiteName(file)
				if way.folders != nil && !inFolders(name, way.folders) {
					continue
				}
				t.Run(name, func(t *testing.T) {
					n := startNode(t, func(c *server.Config) {
						if way.config != nil {
							way.config(c)
						}
					})
					opts := slt.Options{
						Connect:  func(ctx context.Context) (*pgconn.PgConn, error) { return n.dial(ctx) },
						Engine:   "millrace",
						Protocol: way.protocol, Restart: n.restart, RestartEvery: way.restartEvery, AsViews: way.asViews,
					}
					var report bytes.Buffer
					res, err := slt.Run(t.Context(), opts, []string{file}, &report)
					if err != nil {
						t.Fatal(err)
					}
					for _, f := range res.Failures {
						t.Error(f)
					}
					if way.asViews {
						t.Log(res)
					}
					if res.Passed == 0 && len(res.Failures) == 0 {
						t.Error("no record of the file was run")
					}
				})
			}
		})
	}
}

// TestSkippedRecordsFail runs the records that the suites keep from Millrace with "skipif millrace": each must fail, or the
// label has outlived its reason.
func TestSkippedRecordsFail(t *testing.T) {
	const label = "skipif millrace"
	files, err := slt.Files(*suitesFlag)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		skipped := map[int]bool{} // by line of the record's header, from 1
		for i, line := range lines {
			if line != label {
				continue
			}
			lines[i] = "# without its label" // the lines keep their numbers
			at := i + 1
			for strings.HasPrefix(lines[at], "skipif ") || strings.HasPrefix(lines[at], "onlyif ") {
				at++
			}
			skipped[at+1] = true
		}
		if len(skipped) == 0 {
			continue
		}
		t.Run(suiteName(file), func(t *testing.T) {
			n := startNode(t)
			unlabelled := filepath.Join(t.TempDir(), "unlabelled.slt")
			if err := os.WriteFile(unlabelled, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			opts := slt.Options{
				Connect: func(ctx context.Context) (*pgconn.PgConn, error) { return n.dial(ctx) },
				Engine:  "millrace", FailuresPerFile: 10_000,
			}
			res, err := slt.Run(t.Context(), opts, []string{unlabelled}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range res.Failures {
				delete(skipped, f.Pos.Line)
			}
			for line := range skipped {
				t.Errorf("%s:%d passes and needs no label", file, line)
			}
		})
	}
}

// suiteName is a file's folder and name.
func suiteName(file string) string {
	return filepath.Base(filepath.Dir(file)) + "/" + strings.TrimSuffix(filepath.Base(file), ".slt")
}

func inFolders(name string, folders []string) bool {
	for _, f := range folders {
		if strings.HasPrefix(name, f+"/") {
			return true
		}
	}
	return false
}
