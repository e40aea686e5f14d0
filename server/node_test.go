package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"millrace/internal/oracle"
	"millrace/server"
	"millrace/storage"
)

// answerTimeout bounds one statement: a server that hangs fails a test instead of blocking it.
const answerTimeout = 60 * time.Second

// node is a server under test: in this process, on a file system in memory unless the test says otherwise, and to be
// restarted on the same data and port. What the server logs as an error fails the test.
type node struct {
	t   testing.TB
	cfg server.Config
	srv *server.Server
}

// startNode starts a server, which the end of the test closes.
func startNode(t testing.TB, change ...func(*server.Config)) *node {
	t.Helper()
	n := &node{t: t, cfg: server.Config{
		DataDir: "data", Listen: "127.0.0.1:0", FS: storage.NewMemFS(), Log: slog.New(newLogHandler(t)),
	}}
	for _, f := range change {
		f(&n.cfg)
	}
	n.start()
	t.Cleanup(n.stop)
	return n
}

func (n *node) start() {
	n.t.Helper()
	srv, err := server.Start(n.cfg)
	if err != nil {
		n.t.Fatalf("start the server: %v", err)
	}
	n.srv = srv
	n.cfg.Listen = srv.Addr().String()
}

// stop closes the server, unless that was done before.
func (n *node) stop() {
	n.t.Helper()
	if n.srv == nil {
		return
	}
	srv := n.srv
	n.srv = nil
	if err := srv.Close(); err != nil {
		n.t.Errorf("close the server: %v", err)
	}
	if err := <-srv.Served(); err != nil {
		n.t.Errorf("accepting connections ended with: %v", err)
	}
}

// restart closes the server and starts it on the same data and port.
func (n *node) restart() error {
	srv := n.srv
	n.srv = nil
	if err := srv.Close(); err != nil {
		return err
	}
	srv, err := server.Start(n.cfg)
	if err != nil {
		return err
	}
	n.srv = srv
	return nil
}

func (n *node) url() string { return nodeURL(n.cfg.Listen) }

func nodeURL(addr string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", server.Superuser, addr, server.Database)
}

// dial opens a connection, for a goroutine that handles its error.
func (n *node) dial(ctx context.Context) (*pgconn.PgConn, error) { return pgconn.Connect(ctx, n.url()) }

// db opens a connection that the end of the test closes.
func (n *node) db() *db {
	n.t.Helper()
	return openDB(n.t, "millrace", n.url())
}

// pgx opens a connection of the high-level client.
func (n *node) pgx() *pgx.Conn {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	c, err := pgx.Connect(ctx, n.url())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = c.Close(context.Background()) }) // the server may be gone by then
	return c
}

// logHandler takes the server's warnings and errors.
type logHandler struct {
	warning, failure func(string)
	attrs            string
}

// newLogHandler shows warnings, and fails the test on what is logged as an error: a view that failed, a panic.
func newLogHandler(t testing.TB) *logHandler {
	return &logHandler{
		warning: func(s string) { t.Logf("the server logged: %s", s) },
		failure: func(s string) { t.Errorf("the server logged: %s", s) },
	}
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(" " + a.String())
		return true
	})
	if r.Level >= slog.LevelError {
		h.failure(b.String())
	} else {
		h.warning(b.String())
	}
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := *h
	for _, a := range attrs {
		out.attrs += " " + a.String()
	}
	return &out
}

func (h *logHandler) WithGroup(string) slog.Handler { return h }

// db is a connection to a server, Millrace or PostgreSQL, whose every failure is the test's.
type db struct {
	t       testing.TB
	name    string
	conn    *pgconn.PgConn
	notices []*pgconn.Notice
}

func openDB(t testing.TB, name, url string) *db {
	t.Helper()
	d := &db{t: t, name: name}
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { d.notices = append(d.notices, n) }
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	if d.conn, err = pgconn.ConnectConfig(ctx, cfg); err != nil {
		t.Fatalf("connect to %s: %v", name, err)
	}
	t.Cleanup(d.close)
	return d
}

// newPostgres opens a connection to an empty database of PostgreSQL.
func newPostgres(t testing.TB) *db {
	t.Helper()
	return openDB(t, "postgresql", oracle.Require(t).NewDatabase(t))
}

func (d *db) close() {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	_ = d.conn.Close(ctx) // the server may be gone
}

// exec runs statements that must succeed and returns the last one's command tag.
func (d *db) exec(sql string) string {
	d.t.Helper()
	tag, err := d.tryExec(sql)
	if err != nil {
		d.t.Fatalf("%s: %s\n%s", d.name, sql, describe(err))
	}
	return tag
}

// tryExec runs statements and returns the last one's command tag, or what the server had against it. A lost connection
// or no answer fails the test.
func (d *db) tryExec(sql string) (string, *pgconn.PgError) {
	d.t.Helper()
	tag, err := execOn(context.Background(), d.conn, sql)
	return tag, d.serverError(sql, err)
}

// query runs one statement with rows, which must succeed.
func (d *db) query(sql string) table {
	d.t.Helper()
	rows, err := d.tryQuery(sql)
	if err != nil {
		d.t.Fatalf("%s: %s\n%s", d.name, sql, describe(err))
	}
	return rows
}

func (d *db) tryQuery(sql string) (table, *pgconn.PgError) {
	d.t.Helper()
	rows, err := queryOn(context.Background(), d.conn, sql)
	return rows, d.serverError(sql, err)
}

// refused runs statements that must fail with a SQLSTATE, and returns the error.
func (d *db) refused(state, sql string) *pgconn.PgError {
	d.t.Helper()
	_, err := d.tryExec(sql)
	if err == nil {
		d.t.Fatalf("%s: %s\nsucceeded, and should fail with %s", d.name, sql, state)
	}
	if err.Code != state {
		d.t.Errorf("%s: %s\nfails with %s, want %s", d.name, sql, describe(err), state)
	}
	return err
}

func (d *db) copyFrom(sql string, data io.Reader) string {
	d.t.Helper()
	tag, err := d.tryCopyFrom(sql, data)
	if err != nil {
		d.t.Fatalf("%s: %s\n%s", d.name, sql, describe(err))
	}
	return tag
}

func (d *db) tryCopyFrom(sql string, data io.Reader) (string, *pgconn.PgError) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	tag, err := d.conn.CopyFrom(ctx, data, sql)
	return tag.String(), d.serverError(sql, err)
}

// takeNotices returns the notices since the last call.
func (d *db) takeNotices() []*pgconn.Notice {
	n := d.notices
	d.notices = nil
	return n
}

func (d *db) serverError(sql string, err error) *pgconn.PgError {
	d.t.Helper()
	if err == nil {
		return nil
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		d.t.Fatalf("%s: %s\nno answer: %v", d.name, sql, err)
	}
	return pe
}

func describe(e *pgconn.PgError) string {
	s := fmt.Sprintf("%s (%s)", e.Message, e.Code)
	for _, part := range [][2]string{{"detail", e.Detail}, {"hint", e.Hint}, {"where", e.Where}} {
		if part[1] != "" {
			s += "\n  " + part[0] + ": " + part[1]
		}
	}
	if e.Position > 0 {
		s += fmt.Sprintf("\n  at character %d", e.Position)
	}
	return s
}

// execOn runs statements in the simple protocol and returns the last one's command tag.
func execOn(ctx context.Context, conn *pgconn.PgConn, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return "", err
	}
	return results[len(results)-1].CommandTag.String(), nil
}

// freePort asks the kernel for a port that nobody listens on now.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
