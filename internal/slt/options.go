package slt

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Protocol is the way statements are sent.
type Protocol string

// The protocols. In Extended, statements go through the unnamed prepared statement, with results in text form.
const (
	Simple   Protocol = "simple"
	Extended Protocol = "extended"
)

const (
	defaultTimeout         = 60 * time.Second
	defaultFailuresPerFile = 20
)

// Options say which server to run against, and how. Exactly one of URL, Connect and NewDatabase is set.
type Options struct {
	// URL is a connection string as pgconn takes it. All files share the database.
	URL string
	// Connect opens a connection. All files share what it leads to.
	Connect func(ctx context.Context) (*pgconn.PgConn, error)
	// NewDatabase makes an empty database for one file and returns its connection string and the function that
	// removes it. Method CreateDatabase of oracle.Server is one.
	NewDatabase func(ctx context.Context) (url string, drop func() error, err error)

	// Protocol is Simple when empty.
	Protocol Protocol
	// Engine is the label of the server for onlyif and skipif: millrace, postgresql. Labels are further ones, for
	// instance of a configuration.
	Engine string
	Labels []string

	// Restart stops the server and starts it on the same data. Without it a restart record only reconnects.
	Restart func() error
	// RestartEvery restarts after this many executed records, at the next point at which no connection is inside a
	// transaction; 0 means never. Files run alike with and without, unless they rely on session state and say so.
	RestartEvery int

	// AsViews also keeps each query as a materialized view, created before the tables that it reads have rows, and
	// compares the two; see the package comment.
	AsViews bool

	// Scenario gives the run a clock of its own; nil refuses the records that need one.
	Scenario *Scenario

	// Record rewrites the files' results with the server's answers.
	Record bool

	// Timeout bounds one record; 60 s when 0.
	Timeout time.Duration
	// FailuresPerFile is after how many failures a file is given up; 20 when 0.
	FailuresPerFile int
}

// normalise fills in defaults.
func (o Options) normalise() (Options, error) {
	ways := 0
	for _, set := range []bool{o.URL != "", o.Connect != nil, o.NewDatabase != nil} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		return o, fmt.Errorf("slt: set exactly one of Options.URL, Connect and NewDatabase; %d are set", ways)
	}
	switch o.Protocol {
	case "":
		o.Protocol = Simple
	case Simple, Extended:
	default:
		return o, fmt.Errorf("slt: unknown protocol %q", o.Protocol)
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.FailuresPerFile <= 0 {
		o.FailuresPerFile = defaultFailuresPerFile
	}
	if o.AsViews && o.Record {
		return o, fmt.Errorf("slt: AsViews compares and records nothing")
	}
	if o.RestartEvery < 0 || o.RestartEvery > 0 && o.Restart == nil {
		return o, fmt.Errorf("slt: RestartEvery %d needs a Restart function and must not be negative", o.RestartEvery)
	}
	return o, nil
}

func (o Options) labelSet() map[string]bool {
	set := map[string]bool{string(o.Protocol): true}
	if o.Engine != "" {
		set[o.Engine] = true
	}
	for _, l := range o.Labels {
		set[l] = true
	}
	return set
}

// connector returns how to open the connections of one file, and what to do after its last.
func (o Options) connector(ctx context.Context) (connect func(context.Context) (*pgconn.PgConn, error), done func() error, err error) {
	done = func() error { return nil }
	url := o.URL
	if o.NewDatabase != nil {
		if url, done, err = o.NewDatabase(ctx); err != nil {
			return nil, nil, err
		}
	}
	if o.Connect != nil {
		return o.Connect, done, nil
	}
	return func(ctx context.Context) (*pgconn.PgConn, error) { return pgconn.Connect(ctx, url) }, done, nil
}
