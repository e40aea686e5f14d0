// Package blackhole is a sink that counts the changes it gets and throws them away: for measuring what it costs to
// compute a query without storing its result.
package blackhole

import (
	"context"

	"millrace/connector"
	"millrace/delta"
)

// Definition declares the connector.
func Definition() *connector.Definition {
	return &connector.Definition{
		Name: "blackhole",
		Doc:  "Discards the changes it is given.",
		Sink: func(connector.SinkConfig) (connector.Sink, error) { return sink{}, nil },
	}
}

type sink struct{}

// Deliver takes the changes.
func (sink) Deliver(context.Context, uint64, []*delta.Batch) error { return nil }

// Close does nothing.
func (sink) Close() error { return nil }
