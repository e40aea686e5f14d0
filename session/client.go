package session

import (
	"io"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// Client is the protocol's side of a session: where results go. Methods return an error only when the
// connection is gone, and the statement then ends with that error.
type Client interface {
	// Columns announces a result, before its first row. The extended protocol has described it before and
	// may ignore this.
	Columns(cols []physical.Column) error
	// Rows sends the first n columns of a batch. A row of weight w is sent w times; weights are positive.
	Rows(b *delta.Batch, n int) error
	// Complete ends a statement with its command tag.
	Complete(tag string) error
	// Empty ends an empty query string.
	Empty() error
	// Notice sends a notice of the given severity (NOTICE, WARNING, INFO, ...).
	Notice(severity string, n *pgerr.Error) error
	// Notification sends a notification.
	Notification(n *Notification) error
	// Flush sends what was collected: nothing more will come for a while.
	Flush() error
	// Streaming says that from now on the statement waits for things to happen. Until end is called it is canceled when the
	// client goes away, and the client may take as long as it likes to read.
	Streaming() (end func())
	// CopyIn asks the client for COPY data and gives a reader of it, which ends with io.EOF after CopyDone and
	// with a *pgerr.Error (57014) after CopyFail. Closing it reads what is left and throws it away.
	CopyIn(columns int, binary bool) (io.ReadCloser, error)
	// CopyOut begins COPY data to the client. Each Write is one CopyData message; Close sends CopyDone.
	CopyOut(columns int, binary bool) (io.WriteCloser, error)
}

// Description is what a prepared statement takes and gives.
type Description struct {
	Params  []types.T
	Columns []physical.Column // nil when the statement gives no rows
}

// Status is the transaction status byte of ReadyForQuery.
type Status byte

// The transaction states.
const (
	Idle          Status = 'I'
	InTransaction Status = 'T'
	InFailed      Status = 'E'
)
