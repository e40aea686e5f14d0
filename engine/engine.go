package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"millrace/catalog"
	"millrace/connector"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/state"
)

// Options opens an engine.
type Options struct {
	Dir         string
	FS          storage.FS // nil is the machine's file system
	Clock       Clock      // nil is SystemClock
	MemoryLimit int64      // bytes for caches, operator state and tails together; 0 is 1 GiB
	Log         *slog.Logger
	// Plan makes the physical plan of a materialized view or sink from its definition. The engine calls it when
	// it installs a dataflow: at creation and on every start.
	Plan func(r *catalog.Relation, c *catalog.Snapshot) (*physical.Plan, string, error)
	// Watermark gives the expression of a relation's WATERMARK clause, over all of its columns.
	Watermark func(r *catalog.Relation, c *catalog.Snapshot) (expr.Expr, error)
	// Sources opens the connector of a stream at an offset; nil starts no connectors. Sinks does the same for
	// sinks.
	Sources func(r *catalog.Relation, offset []byte) (connector.Source, error)
	Sinks   func(r *catalog.Relation) (connector.Sink, error)
	// System lists the system relations that are computed at read time, with their contents.
	System []SystemRelation
	// NoBackground leaves flushing and trimming to explicit calls of Maintain, and ticks to Tick: for tests.
	NoBackground bool
	// EpochTimesKept is how long, in microseconds, the times of old epochs are kept; see EpochTime. 0 is a week.
	EpochTimesKept int64
	// AdvanceRowsMax bounds the rows of state that time alone moves in one write; 0 is the default.
	AdvanceRowsMax int
	// StepRowsMax bounds the changed rows of one dataflow step; 0 is the default.
	StepRowsMax int
	// StateBytes overrides the share of MemoryLimit for operator state: for tests; 0 is the default, -1 none.
	StateBytes int64
}

// Engine is a running database. All methods are safe for concurrent use.
type Engine struct {
	store  *storage.Store
	clock  Clock
	log    *slog.Logger
	opt    Options
	budget *state.Budget
	tails  *tails
	system map[string]*SystemRelation

	catalog atomic.Pointer[catalog.Snapshot]
	ddl     sync.Mutex // one catalog change at a time

	queue         chan *Txn
	stopped       chan struct{}
	committerDone chan struct{}
	stopOnce      sync.Once
	commitErr     error      // committer only
	late          lateRoutes // committer only
	background    sync.WaitGroup

	seqMu     sync.Mutex
	sequences map[uint32]*sequence // those in use, by id

	markers   sync.Map      // *marker by relation
	dueMoved  chan struct{} // the next time that a dataflow waits for may have changed; capacity 1
	followers *followers

	mu           sync.Mutex
	published    *sharedSnapshot
	oldest       map[uint32]int64     // when the oldest row of a table with a TTL was written, or noTime
	timed        map[uint32]*dataflow // those that wait for a time
	tracked      map[uint32]*tracked  // relations with a watermark; which there are changes in the committer only
	timesTrimmed uint64               // exact times are gone through this epoch, as far as this process knows
	relations    map[uint32]*relation
	flows        map[uint32]*dataflow
	sources      map[uint32]*source
	closed       bool
}

// relation is what the engine keeps of a stream, table or materialized view beside its catalog entry; under
// Engine.mu.
type relation struct {
	id         uint32
	lastChange uint64 // the last epoch that changed it; for a view, unused
	trimmed    uint64 // its changelog is gone through this epoch
	delivered  uint64 // of a sink into another relation: its changelog is delivered through this epoch
	rowsIn     int64
	rows       int64 // about how many it has
	consumers  []*dataflow
	following  int    // followers that read its tail
	logFloor   uint64 // its changelog in the store is complete after this epoch; noLog where none is written
}

// Open opens or creates a database and starts its dataflows. They catch up in the background.
func Open(opt Options) (*Engine, error) {
	if opt.Clock == nil {
		opt.Clock = SystemClock{}
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.MemoryLimit == 0 {
		opt.MemoryLimit = 1 << 30
	}
	if opt.StepRowsMax == 0 {
		opt.StepRowsMax = stepRowsMax
	}
	if opt.AdvanceRowsMax == 0 {
		opt.AdvanceRowsMax = opt.StepRowsMax
	}
	if opt.EpochTimesKept == 0 {
		opt.EpochTimesKept = epochTimesKept
	}
	m := splitMemory(opt)
	store, err := storage.Open(storage.Options{Dir: opt.Dir, FS: opt.FS, CacheBytes: m.cache, MemTableBytes: m.memTable, Log: opt.Log})
	if err != nil {
		return nil, err
	}
	e := &Engine{
		store: store, clock: opt.Clock, log: opt.Log, opt: opt,
		budget:        state.NewBudget(m.state),
		tails:         newTails(int(m.tails)),
		system:        map[string]*SystemRelation{},
		queue:         make(chan *Txn, queueTxnsMax),
		stopped:       make(chan struct{}),
		committerDone: make(chan struct{}),
		relations:     map[uint32]*relation{},
		flows:         map[uint32]*dataflow{},
		sources:       map[uint32]*source{},
		sequences:     map[uint32]*sequence{},
		timed:         map[uint32]*dataflow{},
		tracked:       map[uint32]*tracked{},
		oldest:        map[uint32]int64{},
		dueMoved:      make(chan struct{}, 1),
		followers:     newFollowers(),
	}
	if err := e.load(); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return e, nil
}

// memory is how the limit is divided.
type memory struct{ cache, memTable, state, tails int64 }

func splitMemory(opt Options) memory {
	l := opt.MemoryLimit
	// The derived store holds up to four memtables, a step under way as much again, and the garbage collector needs
	// room beyond all that: the parts must come to well under the limit.
	m := memory{cache: l / 8, memTable: min(64<<20, l/32), state: l * 5 / 16, tails: min(256<<20, l/16)}
	switch {
	case opt.StateBytes > 0:
		m.state = opt.StateBytes
	case opt.StateBytes < 0:
		m.state = 0
	}
	return m
}

// load reads the catalog, publishes the last epoch and installs the dataflows.
func (e *Engine) load() error {
	var builtin []*catalog.Relation
	for i := range e.opt.System {
		s := &e.opt.System[i]
		builtin = append(builtin, s.Relation)
		e.system[s.Relation.Schema+"."+s.Relation.Name] = s
	}
	var records []catalog.Record
	err := e.store.Catalog(func(key string, val []byte) error {
		records = append(records, catalog.Record{Key: key, Value: slices.Clone(val)})
		return nil
	})
	if err != nil {
		return err
	}
	snap, err := catalog.Load(builtin, records)
	if err != nil {
		return err
	}
	e.catalog.Store(snap)
	epoch, wall, err := e.store.LastEpoch()
	if err != nil {
		return err
	}
	e.published = e.newSharedSnapshot(epoch, wall)
	if err := e.dropOrphans(snap); err != nil {
		return err
	}
	if err := e.loadTrackers(snap); err != nil {
		return err
	}
	go e.runCommitter()
	e.background.Add(1)
	go e.runFollowers()
	for _, r := range snap.Relations() {
		if err := e.restore(r, snap); err != nil {
			return err
		}
	}
	e.mu.Lock()
	e.restoreLogFloors()
	e.restoreHistory()
	for _, d := range e.flows {
		d.start()
	}
	e.mu.Unlock()
	if err := e.dropUnfinished(snap); err != nil {
		return err
	}
	for _, r := range snap.Relations() {
		if r.Kind == catalog.Stream {
			e.startSource(r)
		}
	}
	if !e.opt.NoBackground {
		e.background.Add(1)
		go e.runMaintenance()
		if _, still := e.clock.(*ManualClock); !still {
			e.background.Add(1)
			go e.runTicks()
		}
	}
	return nil
}

// restore registers a relation at start. Relations come in order of id, so inputs come before their readers
// (a replaced view may read a younger one, but plain views are no relations here).
func (e *Engine) restore(r *catalog.Relation, snap *catalog.Snapshot) error {
	switch r.Kind {
	case catalog.Stream, catalog.Table:
		last, err := e.store.LastLogEpoch(r.ID)
		if err != nil {
			return err
		}
		marked, err := e.store.LastMarkEpoch(r.ID)
		if err != nil {
			return err
		}
		last = max(last, marked)
		e.mu.Lock()
		e.relations[r.ID] = &relation{id: r.ID, lastChange: last, rows: e.guessRows(r), logFloor: noLog}
		e.watchAges(r)
		e.mu.Unlock()
	case catalog.MaterializedView, catalog.Sink:
		d := e.newDataflow(r)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.relations[r.ID] = &relation{id: r.ID, rows: e.guessRows(r), logFloor: noLog}
		e.flows[r.ID] = d
		e.prepare(d, snap)
		if d.plan != nil && (!slices.Equal(d.plan.Key, r.Key) || (d.plan.Key == nil) != (r.Key == nil) || d.plan.AppendOnly != r.AppendOnly) {
			return e.refreshKeys(d)
		}
	}
	return nil
}

// refreshKeys brings a view's catalog entry in line with a plan that another version of the planner has made:
// how rows are stored follows the plan. It is not written: each start finds it again.
func (e *Engine) refreshKeys(d *dataflow) error {
	edit := e.Catalog().Edit()
	err := edit.Modify(d.id, func(c *catalog.Relation) { c.Key, c.AppendOnly = d.plan.Key, d.plan.AppendOnly })
	if err != nil {
		return err
	}
	e.catalog.Store(edit.Snapshot())
	r, _ := edit.Snapshot().Relation(d.id)
	d.rel.Store(r)
	return nil
}

// dropUnfinished drops views that were to take the place of others and had not when the process ended.
func (e *Engine) dropUnfinished(snap *catalog.Snapshot) error {
	var ids []uint32
	for _, r := range snap.Relations() {
		if r.Replaces != 0 {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return e.DDL(context.Background(), func(edit *catalog.Edit) error {
		_, err := edit.Drop(ids, true)
		return err
	})
}

// dropOrphans removes derived data of views that are no longer in the catalog: a crash may come between the
// durable DROP and the derived one.
func (e *Engine) dropOrphans(snap *catalog.Snapshot) error {
	ids, err := e.store.Dataflows()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, ok := snap.Relation(id); !ok {
			if err := e.store.DropDataflow(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// Catalog is the current catalog.
func (e *Engine) Catalog() *catalog.Snapshot { return e.catalog.Load() }

// Store gives access to the store's metrics and checkpoints.
func (e *Engine) Store() *storage.Store { return e.store }

// lastEpoch is the last published epoch.
func (e *Engine) lastEpoch() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.published.epoch
}

// Epoch gives the last published epoch and its commit time.
func (e *Engine) Epoch() (epoch uint64, wall int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.published.epoch, e.published.wall
}

// Now is the engine's clock.
func (e *Engine) Now() int64 { return e.clock.Now() }

// isStopping reports whether Close has been called.
func (e *Engine) isStopping() bool {
	select {
	case <-e.stopped:
		return true
	default:
		return false
	}
}

// hasConsumers reports whether some dataflow reads the relation's changelog.
func (e *Engine) hasConsumers(id uint32) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.relations[id]
	return r != nil && len(r.consumers) > 0
}

// Close stops sources, the committer and the dataflows, flushes what they computed and closes the store.
// Commits that wait in the queue are answered with ErrStopped.
func (e *Engine) Close() error {
	var err error
	e.stopOnce.Do(func() {
		e.stopSources()
		if err := e.keepSequences(context.Background()); err != nil {
			e.log.Warn("where the sequences stand was not written; they go on further ahead", "error", err)
		}
		close(e.stopped)
		<-e.committerDone
		e.mu.Lock()
		e.closed = true
		flows := make([]*dataflow, 0, len(e.flows))
		for _, d := range e.flows {
			flows = append(flows, d)
		}
		e.mu.Unlock()
		for _, d := range flows {
			d.stop()
		}
		e.background.Wait()
		_, ferr := e.store.FlushDerived(context.Background())
		e.mu.Lock()
		pub := e.published
		e.mu.Unlock()
		pub.release()
		err = errors.Join(ferr, e.store.Close())
		if err != nil {
			err = fmt.Errorf("close: %w", err)
		}
	})
	return err
}
