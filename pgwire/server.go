package pgwire

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"millrace/pgerr"
	"millrace/session"
)

// Server accepts connections and answers them.
type Server struct {
	cfg    Config
	mock   mockSecrets
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	conns    map[int32]*conn // by process id
	starting map[net.Conn]bool
	open     int
	nextID   int32
	closed   bool
	wait     sync.WaitGroup
}

// NewServer makes a server.
func NewServer(cfg Config) *Server {
	cfg.setDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{cfg: cfg, mock: newMockSecrets(), ctx: ctx, cancel: cancel, conns: map[int32]*conn{}, starting: map[net.Conn]bool{}}
}

// Serve accepts connections until the listener is closed, which Close does not do.
func (s *Server) Serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				continue
			}
			// Out of file descriptors and the like pass; do not spin meanwhile.
			s.cfg.Log.Warn("accept failed", "error", err)
			select {
			case <-time.After(50 * time.Millisecond):
				continue
			case <-s.ctx.Done():
				return nil
			}
		}
		s.wait.Add(1)
		go s.handle(c)
	}
}

// Connect gives the client's end of a connection within the process. It counts as one from loopback.
func (s *Server) Connect() net.Conn {
	client, server := net.Pipe()
	s.wait.Add(1)
	go s.handle(inProcess{server})
	return client
}

// inProcess is the server's end of a connection within the process.
type inProcess struct{ net.Conn }

func (inProcess) RemoteAddr() net.Addr { return &net.UnixAddr{Name: "in process", Net: "unix"} }

// Close ends all connections with 57P01 and waits until they are gone. Those that are still starting are just closed.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for nc := range s.starting {
		_ = nc.Close()
	}
	conns := make([]*conn, 0, len(s.conns))
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	s.cancel()
	for _, c := range conns {
		c.shutDown()
	}
	s.wait.Wait()
}

// Connections is the number of authenticated connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// handle is a connection's goroutine.
func (s *Server) handle(nc net.Conn) {
	defer s.wait.Done()
	defer nc.Close()
	c := &conn{srv: s, nc: nc, bare: nc, remote: nc.RemoteAddr()}
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("a connection panicked", "remote", nc.RemoteAddr(), "panic", p, "stack", string(debug.Stack()))
			c.goodbye(pgerr.New(pgerr.InternalError, "internal error: %v", p))
		}
	}()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.open++
	s.starting[nc] = true
	tooMany := s.open > s.cfg.ConnectionsMax
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.open--
		delete(s.starting, nc)
		s.mu.Unlock()
	}()
	if tc, ok := nc.(*net.TCPConn); ok {
		_ = tc.SetNoDelay(true)
		_ = tc.SetKeepAlive(true)
	}
	_ = nc.SetDeadline(time.Now().Add(s.cfg.StartupTimeout))
	if err := c.startUp(tooMany); err != nil {
		s.cfg.Log.Debug("connection ended at start-up", "remote", nc.RemoteAddr(), "error", err)
		return
	}
	defer s.remove(c)
	defer c.sess.Close()
	c.run()
}

// add gives a connection its process id and secret. The server's end and ids in use are taken care of.
func (s *Server) add(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return pgerr.New(pgerr.CannotConnectNow, "the database system is shutting down")
	}
	for {
		s.nextID++
		if s.nextID <= 0 {
			s.nextID = 1
		}
		if s.conns[s.nextID] == nil {
			break
		}
	}
	c.pid = s.nextID
	c.secret = make([]byte, 4)
	if c.minor >= 2 {
		c.secret = make([]byte, 32)
	}
	if _, err := rand.Read(c.secret); err != nil {
		return err
	}
	s.conns[c.pid] = c
	delete(s.starting, c.bare)
	return nil
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c.pid)
}

// cancelRequest ends the statement that a connection is running, if the secret is right. There is no answer.
func (s *Server) cancelRequest(body []byte) {
	if len(body) < 8 {
		return
	}
	pid := int32(binary.BigEndian.Uint32(body))
	s.mu.Lock()
	c := s.conns[pid]
	s.mu.Unlock()
	if c == nil || subtle.ConstantTimeCompare(c.secret, body[4:]) != 1 {
		return
	}
	c.sess.Cancel()
}

// newSession opens a connection's session.
func (s *Server) newSession(c *conn, params map[string]string) (*session.Session, error) {
	return s.cfg.Sessions.New(session.Options{User: c.user, Database: c.database, PID: c.pid, Settings: params, Wake: c.wake})
}
