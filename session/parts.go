package session

import (
	"context"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// parts is a statement that changes rows while it runs. It may have several parts: data-modifying statements in WITH, and
// queries of its own. All of them read the same epoch, and nothing is written before the last has run.
type parts struct {
	read    *engine.Read // nil: each plan takes its own
	results map[uint32]*delta.Batch
	// touched are the rows that a part has changed or deleted: another part leaves them alone. nil where there is one part.
	touched map[string]bool
	changes []pendingChange
	kept    int // rows that parts have returned
}

// keep counts rows that are kept until all parts have run, at most as many as a transaction may change.
func (r *parts) keep(rows int) error {
	if r.kept += rows; r.kept > pendingRowsMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "the parts of a statement may return at most %d rows", pendingRowsMax)
	}
	return nil
}

// pendingChange is what a part does to a relation.
type pendingChange struct {
	relation *catalog.Relation
	*change
}

// setResult gives plans the rows of a result.
func (r *parts) setResult(id uint32, b *delta.Batch) {
	if r.results == nil {
		r.results = map[uint32]*delta.Batch{}
	}
	r.results[id] = b
}

// untouched leaves out the rows that another part has changed, and notes the others.
func (r *parts) untouched(rel *catalog.Relation, b *delta.Batch) *delta.Batch {
	if r == nil || r.touched == nil {
		return b
	}
	var keep []uint32
	old := &delta.Batch{Cols: b.Cols[:len(rel.Columns)], N: b.N}
	for i := range b.N {
		key := rel.Name + "\x00" + rel.Schema + "\x00" + string(engine.RowKey(rel, old, i))
		if !r.touched[key] {
			r.touched[key] = true
			keep = append(keep, uint32(i))
		}
	}
	if len(keep) == b.N {
		return b
	}
	return b.Gather(keep)
}

// modifies reports whether a query's WITH clause has a data-modifying statement.
func modifies(q *ast.Select) bool {
	if q.With == nil {
		return false
	}
	return slices.ContainsFunc(q.With.CTEs, func(c *ast.CTE) bool {
		_, query := c.Query.(*ast.Select)
		return !query
	})
}

// upserts reports whether one of the statements has an ON CONFLICT clause.
func upserts(with []*planner.With) bool {
	for _, w := range with {
		if w.Conflict != nil {
			return true
		}
	}
	return false
}

// numbered adds a column of numbers from 0.
func numbered(b *delta.Batch) *delta.Batch {
	v := delta.NewVec(types.Of(types.Int8), b.N)
	for i := range b.N {
		v.Append(types.NewInt(int64(i)))
	}
	return &delta.Batch{Cols: append(b.Cols[:len(b.Cols):len(b.Cols)], v), N: b.N}
}

// runParts runs the data-modifying statements of a WITH clause and main, which is what the clause belongs to and runs plans, and
// writes what they change.
func (s *Session) runParts(ctx context.Context, with []*planner.With, plans []*physical.Plan, params []types.Datum, c Client, main func() error) error {
	run := &parts{}
	s.parts = run
	defer func() { s.parts = nil }()
	if len(with) > 0 || len(plans) > 0 {
		for _, w := range with {
			plans = append(plans[:len(plans):len(plans)], w.Plans()...)
		}
		var ids []uint32
		for _, p := range plans {
			ids = append(ids, scanned(p)...)
		}
		read, done, err := s.beginRead(ctx, ids, c)
		if err != nil {
			return err
		}
		defer done()
		run.read = read
	}
	if len(with) > 0 {
		run.touched = map[string]bool{}
	}
	clearMeasured(s.measured)
	if err := s.runWith(ctx, with, true, params, c); err != nil {
		return err
	}
	if err := main(); err != nil {
		return err
	}
	if err := s.runWith(ctx, with, false, params, c); err != nil {
		return err
	}
	return s.writeChanges(ctx, run.changes, c)
}

// runWith runs those statements of a WITH clause that others read, or the rest.
func (s *Session) runWith(ctx context.Context, with []*planner.With, read bool, params []types.Datum, c Client) error {
	for _, w := range with {
		if (w.Result != 0) != read {
			continue
		}
		_, returned, err := s.runPart(ctx, w.DML, params, c)
		if err != nil {
			return err
		}
		if !read {
			continue
		}
		ts := make([]types.T, len(w.ReturningColumns))
		for i, col := range w.ReturningColumns {
			ts[i] = col.T
		}
		rows := delta.NewBatch(ts, 16)
		for _, b := range returned {
			appendCols(rows, b, 0, len(ts), 1)
		}
		if err := s.parts.keep(rows.N); err != nil {
			return err
		}
		s.parts.setResult(w.Result, rows)
	}
	return nil
}

// runPart computes what a statement changes and returns.
func (s *Session) runPart(ctx context.Context, d *planner.DML, params []types.Datum, c Client) (n int64, returned []*delta.Batch, err error) {
	ch, err := s.dmlChange(ctx, d, params, c)
	if err != nil {
		return 0, nil, err
	}
	if d.ReturningColumns != nil {
		if returned, err = s.returning(ctx, d, params, ch.rows, c); err != nil {
			return 0, nil, err
		}
	}
	s.parts.changes = append(s.parts.changes, pendingChange{d.Relation, ch})
	if s.measured != nil {
		s.measured.Rows[d] = ch.n
	}
	return ch.n, returned, nil
}

// writeChanges writes what the parts of a statement change, in the order in which they ran.
func (s *Session) writeChanges(ctx context.Context, changes []pendingChange, c Client) error {
	if s.txn != nil || len(changes) == 1 {
		for _, ch := range changes {
			err := error(nil)
			if ch.proposed {
				err = s.propose(ctx, ch.relation, []*delta.Batch{ch.batch}, c)
			} else {
				err = s.write(ctx, engine.Write{Relation: ch.relation, Batch: ch.batch})
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	var writes []engine.Write
	for _, ch := range changes {
		if ch.batch.N == 0 {
			continue
		}
		if err := engine.CheckNotNull(&engine.Write{Relation: ch.relation, Batch: ch.batch}); err != nil {
			return err
		}
		w := engine.Write{Relation: ch.relation, Batch: ch.batch}
		if ch.proposed {
			w = engine.Write{Relation: ch.relation, Proposed: ch.batch}
		}
		writes = append(writes, w)
	}
	return s.writeAll(ctx, writes)
}

// modifyingQuery runs a query whose WITH clause has data-modifying statements, and emits its rows when all is written.
func (s *Session) modifyingQuery(ctx context.Context, q *planner.Query, params []types.Datum, c Client, emit func(*delta.Batch) error) error {
	if s.txn != nil && s.txn.readOnly {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute SELECT in a read-only transaction")
	}
	var rows []*delta.Batch
	err := s.retryConflicts(ctx, upserts(q.With), func() error {
		rows = nil
		return s.runParts(ctx, q.With, []*physical.Plan{q.Plan}, params, c, func() error {
			return s.runPlan(ctx, q.Plan, params, c, &engine.Query{Emit: func(b *delta.Batch) error {
				rows = append(rows, b)
				return s.parts.keep(b.N)
			}})
		})
	})
	if err != nil {
		return err
	}
	return emitAll(rows, emit)
}
