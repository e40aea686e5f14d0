package server_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/pgwire"
	"millrace/server"
)

// Codes of start-up packets.
const (
	protocol30    = 3 << 16
	sslRequest    = 80877103
	gssRequest    = 80877104
	cancelRequest = 80877102
)

// wire is a bare connection, for what no client library would send.
type wire struct {
	t  testing.TB
	nc net.Conn
	fe *pgproto3.Frontend
}

func dialWire(t testing.TB, addr string) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		t.Fatal(err)
	}
	return &wire{t: t, nc: nc, fe: pgproto3.NewFrontend(nc, nc)}
}

// send writes bytes. An error is not one of the test: the server may have closed the connection already.
func (w *wire) send(b []byte) { _, _ = w.nc.Write(b) }

// packet is a start-up packet: length, code and body.
func packet(code uint32, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(binary.BigEndian.AppendUint32(b, code), body...)
}

// message is a message of the given kind; its length need not be true.
func message(kind byte, length int32, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(length)), body...)
}

func queryMessage(sql string) []byte { return message('Q', int32(5+len(sql)), append([]byte(sql), 0)) }

// startup is the start-up packet of a user of the database.
func startup(user string, settings ...string) []byte {
	body := "user\x00" + user + "\x00database\x00" + server.Database + "\x00"
	for _, s := range settings {
		body += s + "\x00"
	}
	return packet(protocol30, []byte(body+"\x00"))
}

// start runs the start-up to readiness.
func (w *wire) start() {
	w.t.Helper()
	w.send(startup(server.Superuser))
	w.untilReady()
}

// untilReady reads messages up to ReadyForQuery.
func (w *wire) untilReady() []pgproto3.BackendMessage {
	w.t.Helper()
	out, err := w.receive(1)
	if err != nil {
		w.t.Fatalf("waiting for the server to be ready: %v", err)
	}
	return out
}

// receive reads messages up to the given number of ReadyForQuery. What it returns stays valid.
func (w *wire) receive(ready int) ([]pgproto3.BackendMessage, error) {
	var out []pgproto3.BackendMessage
	for ready > 0 {
		m, err := w.fe.Receive()
		if err != nil {
			return out, err
		}
		out = append(out, cloneMessage(m))
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			ready--
		}
	}
	return out, nil
}

// cloneMessage copies a message that the next Receive would overwrite.
func cloneMessage(m pgproto3.BackendMessage) pgproto3.BackendMessage {
	switch m := m.(type) {
	case *pgproto3.DataRow:
		c := &pgproto3.DataRow{}
		for _, v := range m.Values {
			if v != nil {
				v = append([]byte{}, v...)
			}
			c.Values = append(c.Values, v)
		}
		return c
	case *pgproto3.RowDescription:
		c := &pgproto3.RowDescription{Fields: append([]pgproto3.FieldDescription(nil), m.Fields...)}
		for i := range c.Fields {
			c.Fields[i].Name = append([]byte(nil), c.Fields[i].Name...)
		}
		return c
	case *pgproto3.ErrorResponse:
		c := *m
		return &c
	case *pgproto3.NoticeResponse:
		c := *m
		return &c
	case *pgproto3.CommandComplete:
		return &pgproto3.CommandComplete{CommandTag: append([]byte(nil), m.CommandTag...)}
	case *pgproto3.ParameterDescription:
		return &pgproto3.ParameterDescription{ParameterOIDs: append([]uint32(nil), m.ParameterOIDs...)}
	case *pgproto3.ReadyForQuery:
		c := *m
		return &c
	case *pgproto3.CopyData:
		return &pgproto3.CopyData{Data: append([]byte(nil), m.Data...)}
	case *pgproto3.ParameterStatus:
		c := *m
		return &c
	}
	return m
}

// rest reads until the server closes the connection, and gives the error that it sent before, nil if none. A server that
// keeps the connection open fails the test.
func (w *wire) rest() *pgproto3.ErrorResponse {
	w.t.Helper()
	var last *pgproto3.ErrorResponse
	for {
		m, err := w.fe.Receive()
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				w.t.Error("the server keeps the connection open")
			}
			return last
		}
		switch m := cloneMessage(m).(type) {
		case *pgproto3.ErrorResponse:
			last = m
		case *pgproto3.DataRow, *pgproto3.CommandComplete:
			w.t.Errorf("the server goes on with %T", m)
		}
	}
}

// sendCancel asks for a cancel and waits until the server has dealt with it.
func sendCancel(t testing.TB, addr string, pid uint32, key []byte) {
	t.Helper()
	w := dialWire(t, addr)
	w.send(packet(cancelRequest, append(binary.BigEndian.AppendUint32(nil, pid), key...)))
	if b, err := io.ReadAll(w.nc); len(b) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a cancel request is answered with %q, %v", b, err)
	}
	_ = w.nc.Close()
}

func limitConnections(n int) func(*server.Config) {
	return func(c *server.Config) { c.Connections = n }
}

// farListener makes connections look as if they came from another machine.
type farListener struct{ net.Listener }

type farConn struct{ net.Conn }

var farAddr = &net.TCPAddr{IP: net.IPv4(203, 0, 113, 5), Port: 4711}

func (l farListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return farConn{c}, nil
}

func (farConn) RemoteAddr() net.Addr { return farAddr }

// front serves a node's sessions on another address, with another configuration of the protocol.
func front(t testing.TB, n *node, cfg pgwire.Config, wrap func(net.Listener) net.Listener) (addr string, s *pgwire.Server) {
	t.Helper()
	cfg.Sessions, cfg.Database, cfg.Superuser, cfg.Log = n.srv.Sessions, server.Database, server.Superuser, n.cfg.Log
	s = pgwire.NewServer(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(wrap(l)) }()
	t.Cleanup(func() {
		_ = l.Close()
		s.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), s
}

func plain(l net.Listener) net.Listener { return l }

func far(l net.Listener) net.Listener { return farListener{l} }

// render prints a message for comparison, without what legitimately differs between servers.
func render(m pgproto3.BackendMessage) string {
	switch m := m.(type) {
	case *pgproto3.RowDescription:
		s := "RowDescription"
		for _, f := range m.Fields {
			s += fmt.Sprintf(" %s:%d:%d", f.Name, f.DataTypeOID, f.Format)
		}
		return s
	case *pgproto3.DataRow:
		s := "DataRow"
		for _, v := range m.Values {
			if v == nil {
				s += " NULL"
			} else {
				s += fmt.Sprintf(" %q", v)
			}
		}
		return s
	case *pgproto3.CommandComplete:
		return "CommandComplete " + string(m.CommandTag)
	case *pgproto3.ErrorResponse:
		return "ErrorResponse " + m.Severity + " " + m.Code
	case *pgproto3.NoticeResponse:
		return "NoticeResponse " + m.Severity + " " + m.Code
	case *pgproto3.ParameterDescription:
		return fmt.Sprint("ParameterDescription ", m.ParameterOIDs)
	case *pgproto3.ReadyForQuery:
		return "ReadyForQuery " + string(m.TxStatus)
	case *pgproto3.ParameterStatus:
		return "ParameterStatus " + m.Name + " " + m.Value
	case *pgproto3.CopyData:
		return fmt.Sprintf("CopyData %q", m.Data)
	}
	return fmt.Sprintf("%T", m)[len("*pgproto3."):]
}
