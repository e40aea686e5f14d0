package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"millrace/catalog"
	"millrace/connector"
	"millrace/delta"
	"millrace/storage/codec"
)

// Pauses between attempts to open a source that fails.
const (
	retryFirst = 500 * time.Millisecond
	retryMax   = 30 * time.Second
)

// SourceStatus is a source's condition, as shown to users.
type SourceStatus struct {
	Relation  uint32
	Connector string
	Status    string // running, paused, retrying, finished
	Rows      int64
	LastError string
}

// source runs one stream's connector.
type source struct {
	e      *Engine
	rel    *catalog.Relation
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	status SourceStatus
}

// startSource runs the connector of a stream that has one and is not paused.
func (e *Engine) startSource(r *catalog.Relation) {
	name, ok := r.Option("connector")
	if !ok || e.opt.Sources == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &source{e: e, rel: r, cancel: cancel, done: make(chan struct{})}
	s.status = SourceStatus{Relation: r.ID, Connector: name, Status: "running"}
	e.mu.Lock()
	if e.closed || e.sources[r.ID] != nil {
		e.mu.Unlock()
		cancel()
		return
	}
	e.sources[r.ID] = s
	e.mu.Unlock()
	if r.Paused() {
		s.status.Status = "paused"
		close(s.done)
		return
	}
	go s.run(ctx)
}

func (e *Engine) stopSource(rel uint32) {
	e.mu.Lock()
	s := e.sources[rel]
	delete(e.sources, rel)
	e.mu.Unlock()
	if s != nil {
		s.cancel()
		<-s.done
	}
}

func (e *Engine) stopSources() {
	e.mu.Lock()
	ids := make([]uint32, 0, len(e.sources))
	for id, s := range e.sources {
		s.cancel()
		ids = append(ids, id)
	}
	e.mu.Unlock()
	for _, id := range ids {
		e.stopSource(id)
	}
}

// RestartSource applies a change of a stream's options, as PAUSE and RESUME make it.
func (e *Engine) RestartSource(r *catalog.Relation) {
	e.stopSource(r.ID)
	e.startSource(r)
}

// SourceStatuses lists the sources' conditions, in no order.
func (e *Engine) SourceStatuses() []SourceStatus {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []SourceStatus
	for _, s := range e.sources {
		s.mu.Lock()
		out = append(out, s.status)
		s.mu.Unlock()
	}
	return out
}

func (s *source) set(status string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Status = status
	if err != nil {
		s.status.LastError = err.Error()
	}
}

// run reads the source until it is done, opening it again from the stored offset after an error.
func (s *source) run(ctx context.Context) {
	defer close(s.done)
	wait := retryFirst
	for {
		err := s.read(ctx)
		switch {
		case ctx.Err() != nil || errors.Is(err, ErrStopped):
			return
		case errors.Is(err, connector.ErrDone):
			s.set("finished", nil)
			return
		}
		var gone *RelationGoneError
		if errors.As(err, &gone) {
			return
		}
		s.e.log.Warn("a source failed; it is opened again", "stream", s.rel.Name, "error", err, "after", wait)
		s.set("retrying", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(wait*2, retryMax)
		s.set("running", nil)
	}
}

// fetched is a batch on its way from the source to the committer, encoded.
type fetched struct {
	batch   *delta.Batch
	encoded []byte
	offset  []byte
	err     error
}

// read opens the source at its stored offset and commits what it gives. Reading and encoding the next batch
// overlap with the commit of the last.
func (s *source) read(ctx context.Context) error {
	offset, _, err := s.e.store.Offset(s.rel.ID)
	if err != nil {
		return err
	}
	src, err := s.e.opt.Sources(s.rel, offset)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan fetched, 1)
	var reader sync.WaitGroup
	reader.Add(1)
	go func() {
		defer reader.Done()
		defer close(batches)
		s.fetch(ctx, src, batches)
	}()
	defer func() {
		cancel()
		reader.Wait()
	}()
	for f := range batches {
		if f.err != nil {
			return f.err
		}
		t := &Txn{
			Writes:  []Write{{Relation: s.rel, Batch: f.batch, Encoded: f.encoded}},
			Offsets: []Offset{{Relation: s.rel.ID, Value: f.offset}},
		}
		if _, err := s.e.Commit(ctx, t); err != nil {
			return err
		}
		s.mu.Lock()
		s.status.Rows += int64(f.batch.N)
		s.mu.Unlock()
	}
	return ctx.Err()
}

// fetch reads batches until an error, which it passes on. A panic of a connector is an error of this source.
func (s *source) fetch(ctx context.Context, src connector.Source, out chan<- fetched) {
	send := func(f fetched) bool {
		select {
		case out <- f:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer func() {
		if p := recover(); p != nil {
			s.e.log.Error("a source panicked", "stream", s.rel.Name, "panic", p, "stack", string(debug.Stack()))
			send(fetched{err: fmt.Errorf("internal error: %v", p)})
		}
	}()
	defer src.Close()
	for {
		b, offset, err := src.Next(ctx)
		if err != nil {
			send(fetched{err: err})
			return
		}
		f := fetched{batch: b, offset: offset}
		if s.rel.Kind == catalog.Stream {
			f.encoded = codec.Encode(nil, b)
		}
		if !send(f) {
			return
		}
	}
}
