package pgwire

import (
	"encoding/binary"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/session"
	"millrace/types"
)

// client is the session's view of a connection: it implements session.Client.
type client struct{ c *conn }

// Columns announces rows in the simple protocol; in the extended one the client has asked before.
func (k client) Columns(cols []physical.Column) error {
	if k.c.columns {
		k.c.appendColumns(cols, nil)
	}
	return nil
}

// Rows encodes a batch's rows straight into the buffer.
func (k client) Rows(b *delta.Batch, n int) error {
	c := k.c
	env := c.sess.Env()
	for i := range b.N {
		from := len(c.buf)
		c.appendRow(b, n, i, env)
		to := len(c.buf)
		if err := k.flushFull(); err != nil {
			return err
		}
		for range b.Weight(i) - 1 {
			if len(c.buf) >= to { // not flushed: copy the encoded row
				c.buf = append(c.buf, c.buf[from:to]...)
			} else {
				from = len(c.buf)
				c.appendRow(b, n, i, env)
				to = len(c.buf)
			}
			if err := k.flushFull(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k client) flushFull() error {
	if len(k.c.buf) < flushBytes {
		return nil
	}
	return k.c.flush()
}

func (c *conn) appendRow(b *delta.Batch, n, i int, env *types.Env) {
	buf := append(c.buf, 'D', 0, 0, 0, 0)
	head := len(buf) - 4
	buf = binary.BigEndian.AppendUint16(buf, uint16(n))
	for col, v := range b.Cols[:n] {
		if v.IsNull(i) {
			buf = append(buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		at := len(buf)
		buf = append(buf, 0, 0, 0, 0)
		if c.formats.binary(col) {
			buf = types.AppendBinary(buf, v.Type, v.Datum(i))
		} else {
			buf = types.AppendText(buf, v.Type, v.Datum(i), env)
		}
		binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4))
	}
	binary.BigEndian.PutUint32(buf[head:], uint32(len(buf)-head))
	c.buf = buf
}

// Complete ends a statement.
func (k client) Complete(tag string) error {
	k.c.append(&pgproto3.CommandComplete{CommandTag: []byte(tag)})
	return nil
}

// Empty ends an empty query.
func (k client) Empty() error {
	k.c.append(&pgproto3.EmptyQueryResponse{})
	return nil
}

// Notice sends a notice at once: it may come from a statement that is waiting.
func (k client) Notice(severity string, n *pgerr.Error) error {
	k.c.appendError('N', severity, n)
	return k.c.flush()
}

// appendError appends an ErrorResponse or NoticeResponse with all fields that are known.
func (c *conn) appendError(kind byte, severity string, e *pgerr.Error) {
	buf := append(c.buf, kind, 0, 0, 0, 0)
	head := len(buf) - 4
	field := func(code byte, value string) {
		if value == "" {
			return
		}
		buf = append(buf, code)
		for i := range len(value) { // a zero byte would end the field early
			if value[i] != 0 {
				buf = append(buf, value[i])
			}
		}
		buf = append(buf, 0)
	}
	field('S', severity)
	field('V', severity)
	field('C', string(e.Code))
	message := e.Message
	if message == "" {
		message = "unknown error"
	}
	field('M', message)
	field('D', e.Detail)
	field('H', e.Hint)
	if e.Position > 0 {
		field('P', strconv.Itoa(e.Position))
	}
	field('W', e.Where)
	field('s', e.Schema)
	field('t', e.Table)
	field('c', e.Column)
	field('d', e.DataType)
	field('n', e.Constraint)
	buf = append(buf, 0)
	binary.BigEndian.PutUint32(buf[head:], uint32(len(buf)-head))
	c.buf = buf
}

// Notification sends a notification with others, or with what follows.
func (k client) Notification(n *session.Notification) error {
	k.c.append(&pgproto3.NotificationResponse{PID: uint32(n.PID), Channel: n.Channel, Payload: n.Payload})
	return k.flushFull()
}

// Flush sends what was collected.
func (k client) Flush() error { return k.c.flush() }

// Streaming watches the connection while a statement waits.
func (k client) Streaming() (end func()) { return k.c.watch() }

// CopyIn begins COPY from the client.
func (k client) CopyIn(columns int, binaryFormat bool) (io.ReadCloser, error) {
	k.c.append(&pgproto3.CopyInResponse{OverallFormat: formatByte(binaryFormat), ColumnFormatCodes: copyFormats(columns, binaryFormat)})
	if err := k.c.flush(); err != nil {
		return nil, err
	}
	return &copyIn{c: k.c}, nil
}

// CopyOut begins COPY to the client.
func (k client) CopyOut(columns int, binaryFormat bool) (io.WriteCloser, error) {
	k.c.append(&pgproto3.CopyOutResponse{OverallFormat: formatByte(binaryFormat), ColumnFormatCodes: copyFormats(columns, binaryFormat)})
	return copyOut{k}, nil
}

func formatByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func copyFormats(n int, b bool) []uint16 {
	out := make([]uint16, n)
	for i := range out {
		out[i] = uint16(formatByte(b))
	}
	return out
}

// copyIn gives the bytes of CopyData messages.
type copyIn struct {
	c    *conn
	rest []byte
	end  error // io.EOF after CopyDone, the client's reason after CopyFail, or what ended the connection
}

// Read implements io.Reader.
func (r *copyIn) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.end != nil {
			return 0, r.end
		}
		kind, body, err := r.c.reader.next()
		if err != nil {
			r.end = err
			if err == io.EOF {
				r.end = io.ErrUnexpectedEOF // the connection's end is not the data's
			}
			return 0, r.end
		}
		switch kind {
		case 'd':
			r.rest = body
		case 'c':
			r.end = io.EOF
		case 'f':
			reason, _ := cString(body)
			r.end = pgerr.New(pgerr.QueryCanceled, "COPY from stdin failed: %s", reason)
		case 'H', 'S': // allowed by the protocol, and without meaning here
		default:
			e := pgerr.New(pgerr.ProtocolViolation, "unexpected message type 0x%02X during COPY from stdin", kind)
			e.Fatal = true
			r.end = e
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Close reads what the client still sends of the data, so that the next message is a statement's. In the extended
// protocol the skipping to Sync does the same.
func (r *copyIn) Close() error {
	r.rest = nil
	if !r.c.columns {
		return nil
	}
	var scratch [4096]byte
	for r.end == nil {
		_, _ = r.Read(scratch[:])
		r.rest = nil
	}
	if r.end == io.EOF {
		return nil
	}
	if _, ok := r.end.(*pgerr.Error); ok {
		return nil // reported where it was read
	}
	return r.end
}

// copyOut sends CopyData messages.
type copyOut struct{ k client }

// Write sends one message.
func (w copyOut) Write(p []byte) (int, error) {
	c := w.k.c
	c.buf = append(c.buf, 'd')
	c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(len(p)+4))
	c.buf = append(c.buf, p...)
	return len(p), w.k.flushFull()
}

// Close ends the data.
func (w copyOut) Close() error {
	w.k.c.append(&pgproto3.CopyDone{})
	return nil
}
