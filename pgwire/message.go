package pgwire

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"millrace/pgerr"
)

// growBytes is the step in which a message's buffer grows as its bytes arrive.
const growBytes = 64 << 10

// messageReader reads typed messages.
type messageReader struct {
	br  *bufio.Reader
	buf []byte
	max int // of a body
}

func newMessageReader(r io.Reader, max int) *messageReader {
	return &messageReader{br: bufio.NewReaderSize(r, 16<<10), max: max}
}

// framingError is fatal to the connection: where the next message begins is unknown.
func framingError(format string, args ...any) *pgerr.Error {
	e := pgerr.New(pgerr.ProtocolViolation, "%s", fmt.Sprintf(format, args...))
	e.Fatal = true
	return e
}

// next reads a message. The body is valid until the next call.
func (r *messageReader) next() (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r.br, head[:]); err != nil {
		return 0, nil, err
	}
	n := int64(int32(binary.BigEndian.Uint32(head[1:]))) - 4
	if n < 0 {
		return 0, nil, framingError("invalid message length")
	}
	if n > int64(r.max) {
		return 0, nil, framingError("message of %d bytes is longer than the limit of %d", n, r.max)
	}
	body, err = r.read(int(n))
	return head[0], body, err
}

// read reads n bytes into the reader's buffer, which grows with what arrives.
func (r *messageReader) read(n int) ([]byte, error) {
	if cap(r.buf) > 1<<20 && n < 1<<16 {
		r.buf = nil // do not hold on to the room of one large message
	}
	r.buf = r.buf[:0]
	for len(r.buf) < n {
		step := min(n-len(r.buf), growBytes)
		at := len(r.buf)
		if cap(r.buf) < at+step {
			grown := make([]byte, at, max(2*at, at+step))
			copy(grown, r.buf)
			r.buf = grown
		}
		r.buf = r.buf[:at+step]
		if _, err := io.ReadFull(r.br, r.buf[at:]); err != nil {
			return nil, err
		}
	}
	return r.buf, nil
}

// nextIs reports whether the next message has already arrived and is of this kind.
func (r *messageReader) nextIs(kind byte) bool {
	if r.br.Buffered() == 0 {
		return false
	}
	p, err := r.br.Peek(1)
	return err == nil && p[0] == kind
}
