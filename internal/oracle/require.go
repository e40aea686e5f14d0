package oracle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// databaseTimeout bounds the making and dropping of one database.
const databaseTimeout = 60 * time.Second

// nextNumber hands out distinct numbers.
type nextNumber struct{ atomic.Uint64 }

// shared is the test process's one server, started by the first test that requires it. It runs until the process
// ends; the watchdog then removes it.
var shared = sync.OnceValues(func() (*Server, error) { return Start(context.Background()) })

// Require returns the server that this test process shares. Where PostgreSQL is not installed the test is
// skipped, or failed when MILLRACE_REQUIRE_POSTGRES=1.
func Require(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	switch {
	case err == nil:
		return s
	case errors.Is(err, ErrNotInstalled) && os.Getenv("MILLRACE_REQUIRE_POSTGRES") != "1":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
	return nil
}

// NewDatabase makes an empty database, dropped when the test ends, and returns its connection string.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	url, drop, err := s.CreateDatabase(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return url
}

// CreateDatabase makes an empty database and returns its connection string and the function that drops it,
// cutting any connection that is left.
func (s *Server) CreateDatabase(ctx context.Context) (url string, drop func() error, err error) {
	name := fmt.Sprintf("db_%d", s.nextDB.Add(1))
	if err := s.admin(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, err
	}
	drop = func() error { return s.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)") }
	return s.DatabaseURL(name), drop, nil
}

// Empty drops all schemas of the database at url, with what is in them, and makes schema public anew. It is many times
// faster than a new database, but settings and large objects stay.
func (s *Server) Empty(ctx context.Context, url string) error {
	return run(ctx, url, `DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
  CREATE SCHEMA public;
END $$`)
}

// admin runs one statement in the database postgres.
func (s *Server) admin(ctx context.Context, sql string) error { return run(ctx, s.URL(), sql) }

// run runs one statement on a connection of its own.
func run(ctx context.Context, url, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTimeout)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	_, err = conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		err = fmt.Errorf("oracle: %s: %w", sql, err)
	}
	return errors.Join(err, conn.Close(ctx))
}
