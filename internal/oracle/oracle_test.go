package oracle

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// one runs sql at url and returns its only value.
func one(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	results, err := conn.Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	rows := results[len(results)-1].Rows
	if len(rows) != 1 || len(rows[0]) != 1 {
		t.Fatalf("%s: got %d rows, want one value", sql, len(rows))
	}
	return string(rows[0][0])
}

func TestRequireSharesOneServer(t *testing.T) {
	a, b := Require(t), Require(t)
	if a != b {
		t.Fatal("two servers in one process")
	}
	if got := one(t, a.URL(), "SELECT 1"); got != "1" {
		t.Fatalf("SELECT 1 = %s", got)
	}
}

// The answers that tests record depend on these, whatever the machine's own locale and time zone are.
func TestSessionDefaults(t *testing.T) {
	url := Require(t).NewDatabase(t)
	for _, c := range []struct{ sql, want string }{
		{"SHOW timezone", "UTC"},
		{"SHOW server_encoding", "UTF8"},
		{"SHOW datestyle", "ISO, MDY"},
		{"SELECT 'B' < 'a'", "t"},
		{"SELECT datcollate FROM pg_database WHERE datname = current_database()", "C"},
	} {
		if got := one(t, url, c.sql); got != c.want {
			t.Errorf("%s = %s, want %s", c.sql, got, c.want)
		}
	}
}

func TestNewDatabasesAreSeparate(t *testing.T) {
	s := Require(t)
	first, second := s.NewDatabase(t), s.NewDatabase(t)
	one(t, first, "CREATE TABLE t (a int); SELECT 1")
	if got := one(t, second, "SELECT count(*) FROM pg_tables WHERE tablename = 't'"); got != "0" {
		t.Fatal("a table of one database is seen in another")
	}
}

func TestEmpty(t *testing.T) {
	s := Require(t)
	url := s.NewDatabase(t)
	one(t, url, `CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; CREATE SCHEMA "Odd name"; CREATE TABLE "Odd name".t (a int); SELECT 1`)
	if err := s.Empty(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	const left = "SELECT (SELECT count(*) FROM pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema') + " +
		"(SELECT count(*) FROM pg_namespace WHERE nspname = 'Odd name')"
	if got := one(t, url, left); got != "0" {
		t.Errorf("%s objects are left", got)
	}
	one(t, url, "CREATE TABLE t (a int); SELECT 1") // schema public is there
}

func TestDatabaseIsDroppedUnderOpenConnection(t *testing.T) {
	s := Require(t)
	url, drop, err := s.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := drop(); err != nil {
		t.Fatal(err)
	}
	if _, err := pgconn.Connect(t.Context(), url); err == nil {
		t.Fatal("dropped database still accepts connections")
	}
}

func TestStartWithSettingsAndStop(t *testing.T) {
	Require(t)
	s, err := Start(t.Context(), "wal_level=logical")
	if err != nil {
		t.Fatal(err)
	}
	if got := one(t, s.URL(), "SHOW wal_level"); got != "logical" {
		t.Errorf("wal_level = %s", got)
	}
	pid := s.proc.cmd.Process.Pid
	for range 2 { // the second call finds nothing to do
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	assertGone(t, s.dir)
	if processExists(pid) {
		t.Errorf("postgres %d runs after Stop", pid)
	}
}

func TestStartReportsServerLog(t *testing.T) {
	Require(t)
	_, err := Start(t.Context(), "wal_level=nonsense")
	if err == nil {
		t.Fatal("started with a nonsense setting")
	}
	if !strings.Contains(err.Error(), "wal_level") {
		t.Errorf("error does not carry the server's log: %v", err)
	}
}

func TestStartIsCancelled(t *testing.T) {
	Require(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

// TestKilledProcessLeavesNothing starts this test binary again, lets it start a server and kills it as kill -9
// would; the server and its folder must vanish.
func TestKilledProcessLeavesNothing(t *testing.T) {
	Require(t)
	cmd := exec.Command(os.Args[0], "-test.run", "^TestChildServer$")
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir, url string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if d, u, ok := strings.Cut(lines.Text(), " postgres://"); ok {
			dir, url = d, "postgres://"+u
			break
		}
	}
	if dir == "" {
		t.Fatal("child printed no folder")
	}
	if got := one(t, url, "SELECT 1"); got != "1" {
		t.Fatalf("child's server answers %s", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the error is the kill
	assertGone(t, dir)
	if conn, err := pgconn.Connect(t.Context(), url); err == nil {
		conn.Close(context.Background())
		t.Error("server outlived its test process")
	}
}

const childEnv = "MILLRACE_ORACLE_CHILD"

// TestChildServer is the process that TestKilledProcessLeavesNothing kills.
func TestChildServer(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		t.Skip("run by TestKilledProcessLeavesNothing only")
	}
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString(s.dir + " " + s.URL() + "\n")
	select {} // until killed
}

// assertGone waits for the watchdog to remove dir.
func assertGone(t *testing.T, dir string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s is still there", dir)
		case <-ticker.C:
		}
	}
}

func processExists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	return p.Signal(syscall.Signal(0)) == nil
}

func TestMajorVersion(t *testing.T) {
	for dir, want := range map[string]int{
		"/usr/lib/postgresql/15/bin":           15,
		"/usr/pgsql-9/bin":                     9,
		"/opt/homebrew/opt/postgresql@16/bin":  16,
		"/opt/homebrew/opt/postgresql/bin":     0,
		filepath.Join("/usr/pgsql-17", "bin"):  17,
		"/usr/lib/postgresql/9.6-backport/bin": 9,
	} {
		if got := majorVersion(dir); got != want {
			t.Errorf("majorVersion(%s) = %d, want %d", dir, got, want)
		}
	}
}
