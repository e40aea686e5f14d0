package slt

import (
	"bytes"
	"context"
	"flag"
	"net/url"
	"strings"
	"testing"

	"millrace/internal/oracle"
)

var (
	recordFlag = flag.Bool("record", false, "rewrite the results in testdata/slt with PostgreSQL's answers")
	suitesFlag = flag.String("suites", "../../testdata/slt", "folder or file of the suites to run")
)

// suitesOnPostgres are the ways in which the suites run against PostgreSQL. What they say holds in all of them.
var suitesOnPostgres = []struct {
	name           string
	protocol       Protocol
	reconnectEvery int    // records; a session's state must not matter unless the file says so
	settings       string // of the session, as for the parameter "options" of a connection string
	asViews        bool   // which here tests the mode: a plain view of a query is that query
}{
	{"simple", Simple, 0, "", false},
	{"extended", Extended, 3, "", false},
	{"as views", Simple, 0, "", true},
	// Other plans give unordered rows in other orders: a result that hangs on one is a mistake in the suite.
	{"other plans", Simple, 0, "-c enable_hashagg=off -c enable_hashjoin=off -c enable_memoize=off", false},
	{"yet other plans", Simple, 0, "-c enable_sort=off -c enable_mergejoin=off -c enable_nestloop=off -c enable_indexscan=off -c enable_bitmapscan=off", false},
}

// TestSuitesHoldOnPostgres runs the end-to-end suites against PostgreSQL: each expected result is the reference's own.
// With -record it writes them: go test ./internal/slt -run Suites -record.
func TestSuitesHoldOnPostgres(t *testing.T) {
	files, err := Files(*suitesFlag)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no suites in %s", *suitesFlag)
	}
	server := oracle.Require(t)
	database := server.NewDatabase(t)
	ways := suitesOnPostgres
	if testing.Short() {
		ways = ways[:1]
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			opts := Options{
				Protocol: way.protocol,
				Engine:   "postgresql",
				// PostgreSQL itself runs on: a restart only reconnects.
				Restart:      func() error { return nil },
				RestartEvery: way.reconnectEvery,
				AsViews:      way.asViews,
				Record:       *recordFlag && way.name == "simple",
				// One database for all: a new one for each file would take most of the time.
				NewDatabase: func(ctx context.Context) (string, func() error, error) {
					drop := func() error { return nil }
					return withSettings(database, way.settings), drop, server.Empty(ctx, database)
				},
			}
			var report bytes.Buffer
			res, err := Run(t.Context(), opts, files, &report)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range res.Failures {
				t.Error(f)
			}
			t.Log(res)
			if testing.Verbose() {
				t.Log("\n" + report.String())
			}
		})
	}
}

// withSettings adds settings to a connection string.
func withSettings(base, settings string) string {
	if settings == "" {
		return base
	}
	// pgconn takes a space as %20 only.
	return base + "&options=" + strings.ReplaceAll(url.QueryEscape(settings), "+", "%20")
}
