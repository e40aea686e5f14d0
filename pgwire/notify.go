package pgwire

import (
	"errors"
	"os"
	"time"
)

// waitListening waits until something of the next message is there, and sends the client what it is notified of meanwhile.
// All is done by the connection's own goroutine, which a notification wakes from reading. While the client does not read,
// its notifications wait where their number is bounded.
func (c *conn) waitListening() error {
	for c.reader.br.Buffered() == 0 {
		if c.sess.Notified() {
			if err := c.deliver(); err != nil {
				return err
			}
		}
		c.interruptible(true)
		if c.sess.Notified() { // it came in between
			c.interruptible(false)
			continue
		}
		_, err := c.reader.br.Peek(1)
		c.interruptible(false)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded) || c.closing.Load():
			return err
		}
	}
	return nil
}

// deliver sends the notifications that wait. The client may leave them unread for as long as it likes.
func (c *conn) deliver() error {
	c.streaming = true
	defer func() { c.streaming = false }()
	if err := c.sess.Deliver(client{c}); err != nil {
		return err
	}
	return c.flush()
}

// wake interrupts the wait for a message. It may be called from any goroutine.
func (c *conn) wake() {
	c.idleMu.Lock()
	defer c.idleMu.Unlock()
	if c.idle {
		_ = c.nc.SetReadDeadline(time.Unix(1, 0))
	}
}

// interruptible says whether wake has an effect, and forgets that it had one.
func (c *conn) interruptible(on bool) {
	c.idleMu.Lock()
	c.idle = on
	_ = c.nc.SetReadDeadline(time.Time{})
	c.idleMu.Unlock()
	if c.closing.Load() { // shutDown may have come in between
		_ = c.nc.SetReadDeadline(time.Unix(1, 0))
	}
}
