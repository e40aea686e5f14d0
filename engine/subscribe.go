package engine

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
)

// Following says what to follow: the changelog of a relation, or the result of a query.
type Following struct {
	Relation *catalog.Relation
	Cols     []int // of the relation that are wanted

	Plan    *physical.Plan // a view's plan, with its parameters bound; in place of Relation
	Context *expr.Context
	Memory  int64 // bounds, in bytes, the query's state and the rows of one step; 0 is QueryMemory

	// Snapshot asks for the contents first. Without it changes begin after AsOf, or after the epoch that is published when it
	// begins.
	Snapshot bool
	AsOf     *uint64
	// UpTo ends the subscription once everything through this epoch has been given.
	UpTo *uint64
	// Idle asks to be told, at most once in that time, that nothing has changed; 0 does not.
	Idle time.Duration
	// Notify is told of views that the contents wait for; it may be nil.
	Notify func(Behind)
}

// Changes is what a subscription gives: rows with weights, which are the contents or all changes of one epoch, or the news
// that everything through a position has been given.
type Changes struct {
	Position uint64
	Snapshot bool         // a part of the contents
	Batch    *delta.Batch // nil says that the subscription is complete through Position
}

// ErrWaited means that nothing came before the time was up.
var ErrWaited = errors.New("nothing came in time")

// FutureError means that a position has not been reached yet.
type FutureError struct{ Position, Now uint64 }

func (e *FutureError) Error() string { return "the position lies ahead" }

// Subscription follows a relation or query. It is used by one goroutine at a time, runs only while it is asked, and keeps
// nothing for later but a position: see ChangesGoneError.
type Subscription struct {
	e       *Engine
	o       Following
	f       *follower
	query   *transient
	release func() // of the stop at UpTo
	at      uint64 // everything through this epoch has been given
	told    uint64 // so it was said
	ctx     context.Context
	until   <-chan time.Time

	next func() (Changes, error, bool)
	stop func()
}

// Subscribe begins to follow. Nothing is read before Next.
func (e *Engine) Subscribe(o Following) (*Subscription, error) {
	s := &Subscription{e: e, o: o}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrStopped
	}
	if o.AsOf != nil && *o.AsOf > e.published.epoch {
		return nil, &FutureError{*o.AsOf, e.published.epoch}
	}
	s.f = &follower{wake: make(chan struct{}, 1), epochs: o.UpTo != nil}
	flows := []*dataflow{}
	if o.Plan != nil {
		s.f.steps = true
		t, err := e.newTransient(&o, s.f)
		if err != nil {
			return nil, err
		}
		s.query, s.f.relations = t, t.ids
		flows = append(flows, t.d)
	} else {
		s.f.relations = []uint32{o.Relation.ID}
		s.f.steps = o.UpTo != nil
		if d := e.flows[o.Relation.ID]; d != nil {
			flows = append(flows, d)
		}
	}
	if err := e.enter(s.f); err != nil {
		return nil, err
	}
	if o.UpTo != nil {
		for _, d := range flows {
			s.release = d.holdStop(*o.UpTo)
		}
	}
	s.next, s.stop = iter.Pull2(s.run)
	return s, nil
}

// Next waits for the next changes. It fails with [ErrWaited] when until fires first, with the context's cause when that ends
// the wait, and can then be called again; with io.EOF at the end that was asked for. After any other error the subscription has ended. The batch is nobody's to change.
func (s *Subscription) Next(ctx context.Context, until <-chan time.Time) (Changes, error) {
	s.ctx, s.until = ctx, until
	c, err, ok := s.next()
	if !ok {
		return Changes{}, io.EOF
	}
	return c, err
}

// Errors gives the number of rows of a query that could not be computed, with one of the reasons.
func (s *Subscription) Errors() (int64, error) {
	if s.query == nil {
		return 0, nil
	}
	return s.query.errors()
}

// Close ends the subscription and frees what it has.
func (s *Subscription) Close() {
	s.stop()
	s.e.leave(s.f)
	if s.query != nil {
		s.query.close()
	}
	if s.release != nil {
		s.e.mu.Lock()
		s.release()
		s.release = nil
		s.e.mu.Unlock()
	}
}

// errLeft ends the work of a subscription that was closed.
var errLeft = errors.New("the subscription was closed")

// run gives everything to yield, one after the other.
func (s *Subscription) run(yield func(Changes, error) bool) {
	give := func(c Changes) error {
		if !yield(c, nil) {
			return errLeft
		}
		return nil
	}
	err := s.begin(give)
	for err == nil {
		if s.o.UpTo != nil && s.at >= *s.o.UpTo {
			return
		}
		err = s.advance(give)
		var p *pause
		if errors.As(err, &p) {
			if err = nil; !yield(Changes{}, p.err) {
				return
			}
		}
	}
	if !errors.Is(err, errLeft) {
		yield(Changes{}, err)
	}
}

// begin gives the contents and finds the position from which changes are given.
func (s *Subscription) begin(give func(Changes) error) error {
	position := uint64(0)
	begun := func(epoch uint64) { position = epoch }
	part := func(b *delta.Batch) error {
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		if !s.o.Snapshot {
			return nil
		}
		return give(Changes{position, true, b})
	}
	var err error
	switch {
	case s.o.AsOf != nil && (s.o.Snapshot || s.query != nil):
		return ErrHistory
	case s.query != nil:
		s.at, err = s.query.load(s.ctx, s.o.Notify, begun, part)
	case s.o.AsOf != nil:
		s.at = *s.o.AsOf
		return s.checkPosition()
	default:
		s.at, err = s.contents(begun, part)
	}
	if err != nil {
		return err
	}
	return s.complete(give)
}

// ErrHistory means that contents at an earlier position were asked for, which are not kept.
var ErrHistory = errors.New("contents at an earlier position are not kept")

// contents reads a relation.
func (s *Subscription) contents(begun func(uint64), part func(*delta.Batch) error) (uint64, error) {
	read, err := s.e.BeginRead(s.ctx, []uint32{s.o.Relation.ID}, s.o.Notify)
	if err != nil {
		return 0, err
	}
	defer read.Close()
	begun(read.Epoch)
	if !s.o.Snapshot {
		return read.Epoch, nil
	}
	return read.Epoch, read.scan(s.o.Relation, &physical.Scan{Relation: s.o.Relation.ID, Name: s.o.Relation.Name, Cols: s.o.Cols}, part)
}

// checkPosition refuses to go on from a position that lies within a step of the view, whose changes cannot be told apart.
func (s *Subscription) checkPosition() error {
	if s.o.Relation.Kind != catalog.MaterializedView {
		return nil
	}
	cs, ok := s.e.tails.read(s.o.Relation.ID, s.at, noLog)
	switch {
	case !ok:
		return s.checkLogPosition()
	case len(cs) > 0 && cs[0].after < s.at:
		return &ChangesGoneError{Relation: s.o.Relation.Name, After: s.at, Held: cs[0].epoch}
	}
	return nil
}

// checkLogPosition is checkPosition in the changelog in the store, which does not tell where steps began: a position is one that a
// step with changes ended at, or the one after which the changelog is complete.
func (s *Subscription) checkLogPosition() (err error) {
	e, r := s.e, s.o.Relation
	e.mu.Lock()
	x := e.relations[r.ID]
	sure := r.History > 0 || x == nil || s.at <= x.logFloor
	e.mu.Unlock()
	if sure {
		return nil
	}
	it := e.store.ReadViewLog(r.ID, max(s.at, 1)-1, noLog)
	defer func() { err = errors.Join(err, it.Close()) }()
	if it.Next() && it.Position().Epoch > s.at {
		return &ChangesGoneError{Relation: r.Name, After: s.at, Held: it.Position().Epoch}
	}
	return nil
}

// complete says that everything through the position has been given.
func (s *Subscription) complete(give func(Changes) error) error {
	s.told = s.at
	return give(Changes{Position: s.at})
}

// advance gives the changes of one step, or of the epochs that wait, or waits for some.
func (s *Subscription) advance(give func(Changes) error) error {
	to, ready, err := s.target()
	if err != nil {
		return err
	}
	if s.o.UpTo != nil {
		to = min(to, *s.o.UpTo)
	}
	if ready && to > s.at {
		given, err := s.deliver(to, give)
		if err != nil {
			return err
		}
		if given || s.o.UpTo != nil && s.at >= *s.o.UpTo {
			return s.complete(give)
		}
		return nil
	}
	return s.wait(give)
}

// target is how far it may go at once.
func (s *Subscription) target() (to uint64, ready bool, err error) {
	e := s.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.isStopping() {
		return 0, false, ErrStopped
	}
	if s.query != nil {
		return s.query.target()
	}
	id := s.o.Relation.ID
	now, ok := e.Catalog().Relation(id)
	if !ok || e.relations[id] == nil {
		return 0, false, &RelationGoneError{Name: s.o.Relation.Name}
	}
	if !now.SameRows(s.o.Relation) {
		return 0, false, &AlteredError{Name: now.Name}
	}
	d := e.flows[id]
	if d == nil {
		return e.published.epoch, true, nil
	}
	return d.reached(), true, d.failure()
}

// AlteredError means that the columns of a relation were changed while it was followed.
type AlteredError struct{ Name string }

func (e *AlteredError) Error() string { return "the columns of \"" + e.Name + "\" were changed" }

// deliver gives the changes up to an epoch, or, of a query, of one step.
func (s *Subscription) deliver(to uint64, give func(Changes) error) (given bool, err error) {
	var changes []*delta.Batch
	if s.query == nil {
		return s.follow(to, give)
	}
	if changes, s.at, err = s.query.step(s.ctx, to); err != nil {
		return false, err
	}
	for _, b := range merged(changes) {
		given = true
		if err := give(Changes{s.at, false, b}); err != nil {
			return given, err
		}
	}
	return given, nil
}

// follow gives the changes of a relation epoch by epoch.
func (s *Subscription) follow(to uint64, give func(Changes) error) (given bool, err error) {
	r := s.o.Relation
	c, err := s.e.followCursor(r, s.o.Cols, s.at, to)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for c.live {
		epoch, batches, err := c.changes()
		if err != nil {
			return given, err
		}
		for _, b := range batches {
			given = true
			if err := give(Changes{epoch, false, b}); err != nil {
				return given, err
			}
		}
		if !c.live || c.epoch != epoch {
			s.at = epoch
		}
		if s.ctx.Err() != nil {
			return given, context.Cause(s.ctx)
		}
	}
	s.at = to
	return given, nil
}

// followCursor reads the changes of a relation of (after, to], from the tail or from the store, and stands on the first.
func (e *Engine) followCursor(r *catalog.Relation, cols []int, after, to uint64) (*cursor, error) {
	c := &cursor{in: &input{scan: &physical.Scan{Relation: r.ID, Name: r.Name, Cols: cols}}, types: r.Types()}
	var held bool
	if c.tail, held = e.tails.read(r.ID, after, to); !held {
		c.log = e.openLog(r, after, to)
		if err := e.checkHeld(r, after); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	var err error
	c.live, err = c.next()
	return c, err
}

// pause ends a wait and not the subscription.
type pause struct{ err error }

func (p *pause) Error() string { return p.err.Error() }

// wait waits until something happens. Where it was asked for, it tells meanwhile how far everything is given.
func (s *Subscription) wait(give func(Changes) error) error {
	var idle <-chan time.Time
	if s.o.Idle > 0 {
		t := time.NewTimer(s.o.Idle)
		defer t.Stop()
		idle = t.C
	}
	select {
	case <-s.f.wake:
		return nil
	case <-s.until:
		return &pause{ErrWaited}
	case <-s.ctx.Done():
		return &pause{context.Cause(s.ctx)}
	case <-idle:
		if to, ready, err := s.target(); err != nil || ready && to > s.at {
			return nil // advance comes upon it
		}
		if s.at > s.told {
			return s.complete(give)
		}
		return nil
	}
}
