package engine

import (
	"fmt"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
)

// SystemRelation is a relation whose rows are computed when it is read.
type SystemRelation struct {
	Relation *catalog.Relation
	// Rows gives the relation's rows, all columns, in a batch that nobody changes any more. It sees the read's catalog, the
	// engine's state of the moment, and who asks, which may be nil.
	Rows func(e *Engine, c *catalog.Snapshot, session expr.SessionInfo) (*delta.Batch, error)
}

func (r *Read) scanSystem(rel *catalog.Relation, s *physical.Scan, session expr.SessionInfo, push func(*delta.Batch) error) error {
	sys := r.e.system[rel.Schema+"."+rel.Name]
	if sys == nil {
		return fmt.Errorf("system relation %s.%s has no contents", rel.Schema, rel.Name)
	}
	b, err := sys.Rows(r.e, r.cat, session)
	if err != nil || b.N == 0 {
		return err
	}
	return push(prune(b, s.Cols))
}

// ViewStatus is a view's or sink's condition.
type ViewStatus struct {
	Relation uint32
	Status   Status
	Err      error
	Frontier uint64
	// Lag is the number of epochs by which it is behind the published one, 0 when no input has changed since.
	Lag uint64
	Stats
}

// ViewStatus gives the condition of a view or sink.
func (e *Engine) ViewStatus(id uint32) (ViewStatus, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := e.flows[id]
	if d == nil {
		return ViewStatus{}, false
	}
	v := ViewStatus{Relation: id, Status: d.status, Err: d.err, Frontier: d.reached(), Stats: d.stats}
	if v.Status == Loading && !d.loading {
		v.Status = Running // its contents are there, and its goroutine is being started
	}
	if v.Status == Running && d.paused() {
		v.Status = Paused
	}
	if !d.isCurrent() {
		v.Lag = e.published.epoch - min(d.frontier, e.published.epoch)
	}
	return v, true
}

// RowsIn gives the number of rows written to a stream or table since the start.
func (e *Engine) RowsIn(rel uint32) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.relations[rel]; r != nil {
		return r.rowsIn
	}
	return 0
}

// Failure is one open row error of a view.
type Failure struct {
	Operator, Code, Message, Row string
	Weight                       int64
}

// Failures lists a view's open errors, at most limit of them.
func (e *Engine) Failures(view uint32, limit int) ([]Failure, error) {
	snap := e.store.DerivedSnapshot()
	defer snap.Close()
	it := snap.Errors(view)
	var out []Failure
	for len(out) < limit && it.Next() {
		f, err := parseFailure(it.Row())
		if err != nil {
			return nil, fmt.Errorf("%w; %w", err, it.Close())
		}
		f.Weight = it.Weight()
		out = append(out, f)
	}
	return out, it.Close()
}

// RelationSize estimates the bytes on disk of a relation's rows, and of all that is kept of it: its changelog, a view's
// operator state. What is still in memory only is not counted.
func (e *Engine) RelationSize(id uint32) (rows, total int64, err error) {
	rows, log, err := e.store.RelationSize(id)
	if err != nil {
		return 0, 0, err
	}
	viewRows, viewTotal, err := e.store.DataflowSize(id)
	return rows + log + viewRows, rows + log + viewTotal, err
}

// DiskSize is the size of the database's files in bytes.
func (e *Engine) DiskSize() int64 {
	m := e.store.Metrics()
	return m.Durable.DiskBytes + m.Derived.DiskBytes
}
