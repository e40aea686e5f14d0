package server_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"millrace/internal/testseed"
	"millrace/pgwire"
	"millrace/server"
)

// FuzzConnection feeds bytes to a connection: as a start-up (even first byte) or as messages of a client that is
// authenticated. Whatever they are, the server answers or hangs up, and does not panic.
func FuzzConnection(f *testing.F) {
	for _, seed := range [][]byte{
		startup(server.Superuser), packet(sslRequest, nil), packet(gssRequest, startup(server.Superuser)), packet(cancelRequest, []byte("12345678")),
		packet(protocol30, []byte("user\x00millrace\x00options\x00-c statement_timeout=5 -c a.b=c\x00\x00")),
	} {
		testseed.Add(f, append([]byte{0}, seed...))
	}
	for _, seed := range [][]byte{
		queryMessage("SELECT 1; SELECT * FROM t WHERE a = 'x' ORDER BY 1"),
		queryMessage("BEGIN; INSERT INTO t VALUES (1, 'x'); ROLLBACK"),
		queryMessage("COPY t FROM STDIN"),
		append(queryMessage("COPY t FROM STDIN (FORMAT binary)"), message('d', 24, []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"))...),
		append(message('P', 26, []byte("s\x00SELECT $1::int + 1\x00\x00\x00")), message('S', 4, nil)...),
		message('B', 17, []byte("p\x00s\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")),
		message('D', 6, []byte("S\x00")), message('E', 9, []byte("\x00\x00\x00\x00\x00")), message('C', 6, []byte("P\x00")), message('X', 4, nil),
		queryMessage("DECLARE c CURSOR FOR SELECT 1; FETCH c; PREPARE p AS SELECT $1; EXECUTE p(1)"),
	} {
		testseed.Add(f, append([]byte{1}, seed...))
	}
	logged := make(chan string, 1)
	l := pipeServer(f, logged)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 || len(data) > 1<<16 {
			return
		}
		client, srv := net.Pipe()
		deadline := time.Now().Add(answerTimeout)
		if err := client.SetDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		l.conns <- nearConn{srv}
		read := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, client)
			read <- err
		}()
		if data[0]%2 == 1 {
			// A statement that is ever so slow ends soon.
			if _, err := client.Write(startup(server.Superuser, "statement_timeout", "100")); err != nil {
				t.Fatal(err)
			}
		}
		// The server may hang up in between; then the write fails.
		_, _ = client.Write(data[1:])
		// With both ends of a pipe closed by one call there is no half-close: a Terminate message asks for the end, unless the
		// bytes before it have left the server waiting for more.
		_ = client.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		_, _ = client.Write(message('X', 4, nil))
		_ = client.Close()
		if err := <-read; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the server does not come to an end")
		}
		select {
		case s := <-logged:
			t.Fatalf("the server logged: %s", s)
		default:
		}
	})
}

// pipeListener hands in-memory connections to a server.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.done)
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// nearConn looks as if it came from this machine.
type nearConn struct{ net.Conn }

func (nearConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// pipeServer serves in-memory connections until the end of the test. What is logged as an error goes to logged.
func pipeServer(f *testing.F, logged chan<- string) *pipeListener {
	n := startNode(f, func(c *server.Config) {
		c.Log = slog.New(&logHandler{warning: func(string) {}, failure: func(s string) {
			select {
			case logged <- s:
			default: // one is enough
			}
		}})
	})
	d := n.db()
	d.exec("CREATE TABLE t (a int, b text)")
	d.exec("CREATE MATERIALIZED VIEW v AS SELECT a, count(*) AS n FROM t GROUP BY a")
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	s := pgwire.NewServer(pgwire.Config{Sessions: n.srv.Sessions, Database: server.Database, Superuser: server.Superuser, Log: n.cfg.Log})
	go func() { _ = s.Serve(l) }()
	f.Cleanup(func() {
		_ = l.Close()
		s.Close()
	})
	return l
}
