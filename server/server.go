package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"millrace/catalog"
	"millrace/connector"
	"millrace/connector/builtin"
	"millrace/engine"
	"millrace/engine/sysview"
	"millrace/pgwire"
	"millrace/session"
	"millrace/storage"
)

// Version is Millrace's own version.
const Version = "0.1.0"

// The names of the only database and of its first role.
const (
	Database  = "millrace"
	Superuser = "millrace"
)

// MemoryDefault is the memory limit when none is given.
const MemoryDefault = 1 << 30

// Config is a server's configuration.
type Config struct {
	DataDir     string
	Listen      string // host:port
	MemoryLimit int64  // bytes; 0 is the default
	Password    string // of the superuser, for connections from beyond loopback; empty refuses them
	TLSCert     string
	TLSKey      string
	Connections int
	Log         *slog.Logger

	// The rest is for tests; zero values are the defaults of the engine.
	FS          storage.FS   // where DataDir is; nil is the machine's file system
	StateBytes  int64        // memory for operator state; -1 is none, so that all of it is read back from the store
	StepRowsMax int          // changed rows of one dataflow step
	Clock       engine.Clock // nil is the machine's; an engine.ManualClock stands still until it is set
}

// Server is a running server.
type Server struct {
	Engine   *engine.Engine
	Sessions *session.Server
	wire     *pgwire.Server
	listener net.Listener
	served   chan error
}

// clock adapts the engine's clock for connectors.
type clock struct{ engine.SystemClock }

// Sleep waits until the clock shows until.
func (c clock) Sleep(ctx context.Context, until int64) error {
	t := time.NewTimer(time.Duration(until-c.Now()) * time.Microsecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Start opens the data directory and listens. The error of a port that is taken, a locked or unwritable directory and
// the like is one line that says what to do.
func Start(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	tlsConfig, err := loadTLS(cfg)
	if err != nil {
		return nil, err
	}
	password, err := passwords(cfg.Password)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", cfg.Listen, err)
	}
	if cfg.MemoryLimit == 0 {
		cfg.MemoryLimit = MemoryDefault
	}
	// The limit covers caches, state and everything that the garbage collector sees.
	debug.SetMemoryLimit(cfg.MemoryLimit)
	connectors := builtin.All()
	eng, err := engine.Open(engine.Options{
		Dir:         cfg.DataDir,
		FS:          cfg.FS,
		StateBytes:  cfg.StateBytes,
		StepRowsMax: cfg.StepRowsMax,
		Clock:       cfg.Clock,
		MemoryLimit: cfg.MemoryLimit,
		Log:         cfg.Log,
		Plan:        session.PlanFlow,
		Watermark:   session.PlanWatermark,
		System:      append(sysview.All(), session.SystemCatalog(Superuser, Database)...),
		Sources: func(r *catalog.Relation, offset []byte) (connector.Source, error) {
			return openSource(connectors, r, offset)
		},
		Sinks: func(r *catalog.Relation) (connector.Sink, error) { return openSink(connectors, r) },
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open the data directory %s: %w", cfg.DataDir, err), l.Close())
	}
	s := &Server{
		Engine:   eng,
		Sessions: &session.Server{Engine: eng, Connectors: connectors, Version: Version, Database: Database, Superuser: Superuser},
		listener: l, served: make(chan error, 1),
	}
	s.wire = pgwire.NewServer(pgwire.Config{
		Sessions: s.Sessions, Database: Database, Superuser: Superuser, Password: password, TLS: tlsConfig,
		ConnectionsMax: cfg.Connections, Log: cfg.Log,
	})
	go func() { s.served <- s.wire.Serve(l) }()
	return s, nil
}

// Addr is the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Connect gives the client's end of a connection within the process, which counts as one from loopback: the superuser
// needs no password, wherever the server listens.
func (s *Server) Connect() net.Conn { return s.wire.Connect() }

// Served gives the error with which accepting connections ended, nil after Close.
func (s *Server) Served() <-chan error { return s.served }

// Close ends connections, stops sources and dataflows, and closes the store: what was committed stays, and the next
// start has nothing to replay.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.wire.Close()
	return errors.Join(err, s.Engine.Close())
}

func openSource(list builtin.List, r *catalog.Relation, offset []byte) (connector.Source, error) {
	name, _ := r.Option("connector")
	d, ok := list.Lookup(name)
	if !ok || d.Source == nil {
		return nil, fmt.Errorf("connector %q is not in this version", name)
	}
	v, err := d.Check(r.Options)
	if err != nil {
		return nil, err
	}
	return d.Source(connector.SourceConfig{Relation: r, Options: v, Offset: offset, Clock: clock{}})
}

func openSink(list builtin.List, r *catalog.Relation) (connector.Sink, error) {
	name, _ := r.Option("connector")
	d, ok := list.Lookup(name)
	if !ok || d.Sink == nil {
		return nil, fmt.Errorf("connector %q is not in this version", name)
	}
	v, err := d.Check(r.Options)
	if err != nil {
		return nil, err
	}
	return d.Sink(connector.SinkConfig{Relation: r, Options: v})
}

func loadTLS(cfg Config) (*tls.Config, error) {
	if cfg.TLSCert == "" && cfg.TLSKey == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("cannot load the TLS certificate: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}, nil
}

// passwords answers with the superuser's verifier.
func passwords(password string) (func(string) (pgwire.Verifier, bool), error) {
	if password == "" {
		return nil, nil
	}
	v, err := pgwire.NewVerifier(password)
	if err != nil {
		return nil, err
	}
	return func(role string) (pgwire.Verifier, bool) { return v, role == Superuser }, nil
}
