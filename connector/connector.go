package connector

import (
	"context"
	"errors"

	"millrace/catalog"
	"millrace/delta"
)

// ErrDone is returned by Next when a source has given everything it ever will.
var ErrDone = errors.New("source is exhausted")

// Source reads records of one relation from another system.
type Source interface {
	// Next gives the next records, with the relation's columns in order and weights of +1, and the offset
	// after them. It blocks until there are some. The batch belongs to the caller. ErrDone ends the source
	// for good; any other error is shown in its status, and the source is opened again after a pause.
	Next(ctx context.Context) (b *delta.Batch, offset []byte, err error)
	Close() error
}

// Sink takes the changes of one relation.
type Sink interface {
	// Deliver gives the changes of the steps up to an epoch. After a crash changes may come again.
	Deliver(ctx context.Context, epoch uint64, changes []*delta.Batch) error
	Close() error
}

// Clock gives the time in microseconds from 2000-01-01 UTC, and waits by it.
type Clock interface {
	Now() int64
	// Sleep waits until the clock shows at least until, or ctx ends.
	Sleep(ctx context.Context, until int64) error
}

// SourceConfig is what a source is opened with.
type SourceConfig struct {
	Relation *catalog.Relation
	Options  Values
	Offset   []byte // as returned by Next before, nil at first
	Clock    Clock
}

// SinkConfig is what a sink is opened with.
type SinkConfig struct {
	Relation *catalog.Relation
	Options  Values
}

// Definition is a connector: what it can do and which options it takes.
type Definition struct {
	Name    string // the value of the option connector
	Doc     string
	Source  func(SourceConfig) (Source, error) // nil when it cannot be read from
	Sink    func(SinkConfig) (Sink, error)     // nil when it cannot be written to
	Options []Option
	// Columns gives the columns that a source provides when the statement names none, and checks those it names.
	Columns func(options Values, declared []catalog.Column) ([]catalog.Column, error)
}
