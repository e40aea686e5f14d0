package pgwire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/pgerr"
	"millrace/session"
)

// flushBytes is how much is collected before it is sent while a statement is still running.
const flushBytes = 32 << 10

// conn is one client's connection.
type conn struct {
	srv      *Server
	nc       net.Conn
	bare     net.Conn // nc without TLS
	remote   net.Addr
	tls      bool
	minor    int // of protocol 3
	pid      int32
	secret   []byte
	user     string
	database string
	sess     *session.Session
	reader   *messageReader

	buf     []byte // to be sent
	broken  error  // of a write, which may have sent a part of a message: nothing more can be said
	portals map[string]*portalFormats
	formats *portalFormats // of the rows being sent
	columns bool           // rows of the statement are announced with RowDescription (simple protocol)
	skip    bool           // after an error, until Sync
	closing atomic.Bool    // the server is going down

	streaming bool        // what is sent comes as things happen: the client may take its time
	gone      atomic.Bool // the client has gone

	idleMu sync.Mutex
	idle   bool // the wait for a message may be interrupted by a notification
}

// portalFormats are the formats in which a portal's rows are sent.
type portalFormats struct{ codes []int16 }

// binary reports whether column i is sent in binary.
func (f *portalFormats) binary(i int) bool {
	switch {
	case f == nil || len(f.codes) == 0:
		return false
	case len(f.codes) == 1:
		return f.codes[0] == 1
	}
	return i < len(f.codes) && f.codes[i] == 1
}

// append adds a message to what is to be sent.
func (c *conn) append(m pgproto3.BackendMessage) {
	if out, err := m.Encode(c.buf); err == nil { // it fails for messages over 1 GiB only
		c.buf = out
	}
}

// flush sends what is collected. A client that does not take it in time is dropped.
func (c *conn) flush() error {
	if c.broken != nil || len(c.buf) == 0 {
		return c.broken
	}
	deadline := time.Now().Add(c.srv.cfg.WriteTimeout)
	if c.streaming && !c.closing.Load() {
		deadline = time.Time{} // its statement holds nothing that grows
	}
	_ = c.nc.SetWriteDeadline(deadline)
	if c.streaming && c.closing.Load() { // shutDown may have come in between
		_ = c.nc.SetWriteDeadline(time.Unix(1, 0))
	}
	_, err := c.nc.Write(c.buf)
	if err != nil {
		c.broken = fmt.Errorf("write: %w", err)
	}
	if cap(c.buf) > 1<<20 {
		c.buf = nil
	}
	c.buf = c.buf[:0]
	return c.broken
}

// greet ends start-up: settings, the key for cancellation, and readiness.
func (c *conn) greet() {
	for _, kv := range c.sess.Parameters() {
		c.append(&pgproto3.ParameterStatus{Name: kv[0], Value: kv[1]})
	}
	c.buf = append(c.buf, 'K')
	c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(8+len(c.secret)))
	c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(c.pid))
	c.buf = append(c.buf, c.secret...)
	c.ready()
}

// appendNegotiate tells the newest minor version that is spoken and the options that are not known.
func (c *conn) appendNegotiate(unknown []string) {
	c.buf = append(c.buf, 'v')
	at := len(c.buf)
	c.buf = append(c.buf, 0, 0, 0, 0)
	c.buf = binary.BigEndian.AppendUint32(c.buf, 3<<16|uint32(c.minor))
	c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(len(unknown)))
	for _, u := range unknown {
		c.buf = append(append(c.buf, u...), 0)
	}
	binary.BigEndian.PutUint32(c.buf[at:], uint32(len(c.buf)-at))
}

// ready tells what the client must know before its next statement, and that it may send it.
func (c *conn) ready() {
	_ = c.sess.Deliver(client{c}) // it fails when the connection is broken, as the next flush does
	for _, kv := range c.sess.ChangedParameters() {
		c.append(&pgproto3.ParameterStatus{Name: kv[0], Value: kv[1]})
	}
	c.append(&pgproto3.ReadyForQuery{TxStatus: byte(c.sess.Status())})
}

// shutDown ends a connection from outside: the statement that runs is canceled, and a connection that waits for its
// client is woken.
func (c *conn) shutDown() {
	c.closing.Store(true)
	c.sess.Cancel()
	_ = c.nc.SetDeadline(time.Unix(1, 0))
}

// run reads and answers messages until the connection ends.
func (c *conn) run() {
	c.portals = map[string]*portalFormats{}
	_ = c.nc.SetDeadline(time.Time{})
	for {
		if err := c.waitForMessage(); err != nil {
			c.goodbye(err)
			return
		}
		kind, body, err := c.reader.next()
		if err != nil {
			c.goodbye(err)
			return
		}
		if kind == 'X' {
			return
		}
		if err := c.message(kind, body); err != nil {
			c.goodbye(err)
			return
		}
	}
}

// waitForMessage sets the time that the client may take. Nothing is left unsent while the server waits for a
// client that has nothing more under way.
func (c *conn) waitForMessage() error {
	if c.closing.Load() {
		return os.ErrDeadlineExceeded
	}
	var deadline time.Time
	if c.sess.Status() != session.Idle {
		if d := c.sess.IdleInTransactionTimeout(); d > 0 {
			deadline = time.Now().Add(d)
		}
	}
	if err := c.nc.SetReadDeadline(deadline); err != nil {
		return err
	}
	if c.closing.Load() { // shutDown may have come in between
		return os.ErrDeadlineExceeded
	}
	if c.sess.Listening() && c.sess.Status() == session.Idle {
		return c.waitListening()
	}
	return nil
}

// goodbye tells the client why the connection ends, where there is something to tell.
func (c *conn) goodbye(err error) {
	var pe *pgerr.Error
	switch {
	case c.broken != nil:
		c.srv.cfg.Log.Debug("connection lost", "remote", c.remote, "error", c.broken)
		return
	case c.closing.Load():
		pe = pgerr.New(pgerr.AdminShutdown, "terminating connection due to administrator command")
	case errors.As(err, &pe):
	case errors.Is(err, os.ErrDeadlineExceeded):
		pe = pgerr.New(pgerr.IdleInTransactionTimeout, "terminating connection due to idle-in-transaction timeout")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return
	default:
		c.srv.cfg.Log.Debug("connection lost", "remote", c.remote, "error", err)
		return
	}
	c.appendError('E', "FATAL", pe)
	_ = c.flush()
}

// message answers one message. Only errors that end the connection are returned.
func (c *conn) message(kind byte, body []byte) error {
	if c.skip && kind != 'S' {
		return nil
	}
	switch kind {
	case 'Q':
		return c.simpleQuery(body)
	case 'S':
		return c.sync()
	case 'H':
		return c.flush()
	case 'P', 'B', 'D', 'E', 'C':
		if err := c.extended(kind, body); err != nil {
			return c.fail(err)
		}
		if len(c.buf) >= flushBytes {
			return c.flush()
		}
		return nil
	case 'd', 'c', 'f':
		return nil // left over from a COPY that failed: the protocol says to ignore them
	case 'F':
		if err := c.report(pgerr.Unsupported("the function call protocol")); err != nil {
			return err
		}
		c.ready()
		return c.flush()
	}
	return framingError("invalid frontend message type %d", kind)
}

// fail reports an error of the extended protocol and skips to Sync.
func (c *conn) fail(err error) error {
	if err := c.report(err); err != nil {
		return err
	}
	c.skip = true
	return c.flush() // a client may wait for it before it sends Sync
}

// report sends an error of a statement; an error that is not the statement's ends the connection.
func (c *conn) report(err error) error {
	if c.broken != nil {
		return c.broken
	}
	var pe *pgerr.Error
	if !errors.As(err, &pe) || pe.Fatal {
		return err
	}
	c.appendError('E', "ERROR", pe)
	return nil
}

func (c *conn) simpleQuery(body []byte) error {
	sql, err := cString(body)
	if err != nil {
		return err
	}
	c.formats, c.columns = nil, true
	err = c.sess.Simple(c.srv.ctx, sql, client{c})
	if err != nil {
		if err := c.report(err); err != nil {
			return err
		}
	}
	c.ready()
	return c.flush()
}

// cString reads a body that is one zero-terminated string.
func cString(body []byte) (string, error) {
	n := len(body) - 1
	if n < 0 || body[n] != 0 {
		return "", framingError("invalid string in message")
	}
	for _, b := range body[:n] {
		if b == 0 {
			return "", framingError("invalid string in message")
		}
	}
	return string(body[:n]), nil
}

func (c *conn) sync() error {
	c.skip = false
	if err := c.sess.Sync(c.srv.ctx); err != nil {
		if err := c.report(err); err != nil {
			return err
		}
	}
	if c.sess.Status() == session.Idle {
		clear(c.portals)
	}
	c.ready()
	return c.flush()
}
