package pgwire

import (
	"errors"
	"os"
	"time"
)

// watch notices that the client goes away while a statement waits and nobody reads the connection: it cancels the
// statement. What the client sends meanwhile stays in the reader's buffer; a client that fills it is watched no longer. The
// function that it returns ends the watch, after which the connection is read as before.
func (c *conn) watch() (end func()) {
	if c.streaming {
		return func() {}
	}
	c.streaming = true
	_ = c.nc.SetReadDeadline(time.Time{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		br := c.reader.br
		for n := br.Buffered() + 1; n <= br.Size(); n = br.Buffered() + 1 {
			if _, err := br.Peek(n); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					c.gone.Store(true)
					c.sess.Cancel()
				}
				return
			}
		}
	}()
	return func() {
		_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		<-done
		c.streaming = false
		if !c.closing.Load() {
			_ = c.nc.SetReadDeadline(time.Time{})
		}
		if c.closing.Load() { // shutDown may have come in between
			_ = c.nc.SetReadDeadline(time.Unix(1, 0))
		}
	}
}
