package oracle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// superuser is the cluster's one role. It has no password: pg_hba.conf trusts this machine.
	superuser = "postgres"

	// startAttempts bounds the tries for a port: between choosing one and PostgreSQL's binding it,
	// another process can take it.
	startAttempts = 5

	// startTimeout is how long one attempt may take to answer; a loaded machine needs some seconds.
	startTimeout = 60 * time.Second

	// connectRetryInterval is the pause between two attempts to connect while the server starts.
	connectRetryInterval = 10 * time.Millisecond
)

// Server is a running PostgreSQL server. Its methods are safe for concurrent use.
type Server struct {
	bin, dir string
	port     int
	cred     *syscall.Credential
	proc     *process
	watchdog *watchdog
	stopOnce sync.Once
	stopErr  error
	nextDB   nextNumber
}

// Start initialises and starts a server, and returns when it answers queries. Settings are lines of
// postgresql.conf such as "wal_level=logical", and win over the defaults here. ctx bounds the start only, not the
// server's life. The error is ErrNotInstalled where PostgreSQL is missing.
func Start(ctx context.Context, settings ...string) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	cred, err := serverCredential()
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder(cred)
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, cred: cred}
	// The watchdog first: from here on nothing can leave the folder behind.
	if s.watchdog, err = startWatchdog(bin, dir, cred); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.initialise(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	for attempt := 1; ; attempt++ {
		err := s.launch(ctx, settings)
		if err == nil {
			return s, nil
		}
		if attempt == startAttempts || !errors.Is(err, errPortTaken) {
			return nil, errors.Join(err, s.Stop())
		}
	}
}

// initialise makes the cluster's data folder.
func (s *Server) initialise(ctx context.Context) error {
	// Order by code point, as Millrace does, but know letters beyond ASCII. C.UTF-8 is missing on some systems;
	// there upper() and lower() see ASCII only.
	var firstErr error
	for _, ctype := range []string{"C.UTF-8", "C"} {
		var out bytes.Buffer
		cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"),
			"--pgdata", s.dataDir(), "--username", superuser, "--auth", "trust", "--encoding", "UTF8",
			"--locale", "C", "--lc-ctype", ctype, "--no-sync", "--no-instructions")
		cmd.Dir = "/"
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.SysProcAttr = childAttr(s.cred, syscall.SIGKILL)
		proc, err := spawn(cmd)
		if err == nil {
			<-proc.exited
			err = proc.err
		}
		if err == nil {
			return nil
		}
		firstErr = errors.Join(firstErr, fmt.Errorf("oracle: initdb with character type %s: %w\n%s", ctype, err, out.Bytes()))
		if ctx.Err() != nil {
			break
		}
	}
	return firstErr
}

// errPortTaken says that the server could not bind its port.
var errPortTaken = errors.New("oracle: port taken")

// launch starts the server on a free port and waits until it answers.
func (s *Server) launch(ctx context.Context, settings []string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.port = port
	logPath := filepath.Join(s.dir, "log")
	log, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("oracle: log file: %w", err)
	}
	defer log.Close() // the child has its own descriptor

	args := []string{"-D", s.dataDir()}
	for _, setting := range append(s.defaults(), settings...) {
		args = append(args, "-c", setting)
	}
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C", "LANG=C")
	cmd.Stdout, cmd.Stderr = log, log
	// SIGQUIT is PostgreSQL's immediate shutdown: it takes its own children with it.
	cmd.SysProcAttr = childAttr(s.cred, syscall.SIGQUIT)
	if s.proc, err = spawn(cmd); err != nil {
		return fmt.Errorf("oracle: starting postgres: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.awaitAnswer(ctx); err != nil {
		text, readErr := os.ReadFile(logPath)
		if readErr != nil {
			return errors.Join(err, readErr)
		}
		// The server's log is the only place where it says this; LC_ALL=C keeps it in English.
		if strings.Contains(string(text), "could not bind") {
			return fmt.Errorf("%w: %d", errPortTaken, port)
		}
		return fmt.Errorf("%w\nserver log:\n%s", err, text)
	}
	return nil
}

func (s *Server) defaults() []string {
	return []string{
		"listen_addresses=127.0.0.1",
		"port=" + strconv.Itoa(s.port),
		"unix_socket_directories=" + s.dir,
		"fsync=off",
		"synchronous_commit=off",
		"full_page_writes=off",
		"shared_buffers=32MB",
		"max_connections=60",
		"autovacuum=off", // its timing would vary plans, and so the order of unordered results
		"jit=off",
		"timezone=UTC",
		"log_timezone=UTC",
		"datestyle=ISO, MDY",
		"lc_messages=C",
	}
}

// awaitAnswer tries to connect until that works, the server ends, or ctx does. It uses the socket in the server's
// own folder: on the TCP port it could meet a stranger who took the port first.
func (s *Server) awaitAnswer(ctx context.Context) error {
	ticker := time.NewTicker(connectRetryInterval)
	defer ticker.Stop()
	for {
		conn, err := pgconn.Connect(ctx, s.socketURL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.proc.exited:
			return fmt.Errorf("oracle: postgres ended while starting: %w", s.proc.err)
		case <-ctx.Done():
			return fmt.Errorf("oracle: postgres does not answer: %w", errors.Join(ctx.Err(), err))
		case <-ticker.C:
		}
	}
}

// Stop ends the server and removes its folder. Open connections are cut. Calling it again does nothing.
func (s *Server) Stop() error {
	s.stopOnce.Do(func() {
		s.stopErr = s.watchdog.fire()
		if s.proc != nil {
			// The watchdog stops a server that has written its pid file; this one may not have come that far.
			if err := s.proc.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				s.stopErr = errors.Join(s.stopErr, err)
			}
			<-s.proc.exited // its exit status says "killed": that is what was asked for
		}
	})
	return s.stopErr
}

// Host is the address that the server listens on.
func (s *Server) Host() string { return "127.0.0.1" }

// Port is the server's TCP port on Host.
func (s *Server) Port() int { return s.port }

// SocketDir is the folder of the server's Unix socket.
func (s *Server) SocketDir() string { return s.dir }

// URL is the connection string of the database postgres, as superuser.
func (s *Server) URL() string { return s.DatabaseURL("postgres") }

// DatabaseURL is the connection string of the named database, as superuser.
func (s *Server) DatabaseURL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Host:     net.JoinHostPort(s.Host(), strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

func (s *Server) socketURL() string {
	q := url.Values{"host": {s.dir}, "port": {strconv.Itoa(s.port)}, "sslmode": {"disable"}}
	return "postgres://" + superuser + "@/postgres?" + q.Encode()
}

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }

// freePort asks the kernel for a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("oracle: free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
