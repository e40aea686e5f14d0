package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"millrace/catalog"
	"millrace/delta"
	"millrace/exec"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// QueryMemory bounds the operator state of one ad-hoc query.
const QueryMemory = 256 << 20

// Query says how to run an ad-hoc plan.
type Query struct {
	Plan    *physical.Plan
	Context *expr.Context
	// Pending are changes of the session's own open transaction, by relation: the query sees them.
	Pending map[uint32]*Pending
	// Catalog has the relations as the plan means them, with those that the session's open transaction has made; nil is the
	// read's.
	Catalog *catalog.Snapshot
	// Results are the rows that the plan's scans of results read, by id.
	Results map[uint32]*delta.Batch
	// Emit takes the result's batches: the plan's visible columns first, hidden ones after them. It may
	// return ErrEnough to end the query without an error.
	Emit func(*delta.Batch) error
	// Memory bounds the operators' state in bytes; 0 is QueryMemory.
	Memory int64
	// Figures, when not nil, is set to what went through the plan's operators, by node.
	Figures *[]exec.OpStats
}

// ErrEnough ends a query from its Emit function.
var ErrEnough = errEnough

// Run executes a plan over the read's relations through the same operators that keep views, in one step.
func (r *Read) Run(ctx context.Context, q *Query) error {
	var sorted *sorter
	emit := q.Emit
	if len(q.Plan.Order) > 0 {
		sorted = &sorter{order: q.Plan.Order, limit: q.Memory}
		emit = sorted.add
	}
	memory := q.Memory
	if memory == 0 {
		memory = QueryMemory
	}
	var now func() int64
	if q.Figures != nil {
		now = monotonic
	}
	flow, err := exec.Build(q.Plan, exec.Options{
		Now:     now,
		Space:   state.NewSpace(nil, 0, state.NewBudget(memory)),
		Context: q.Context,
		Emit:    emit,
		Memory:  memory,
		AdHoc:   true,
		Fresh:   true,
		Interrupt: func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	if q.Figures != nil {
		defer func() { *q.Figures = flow.AppendStats(nil) }()
	}
	for i, n := range q.Plan.Nodes {
		s, ok := n.(*physical.Scan)
		if !ok {
			continue
		}
		if err := r.runScan(ctx, q, flow, i, s); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
	if err := flow.Flush(); err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if sorted != nil {
		if err := sorted.emit(q.Emit); err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return nil
}

// runScan feeds one scan of the plan.
func (r *Read) runScan(ctx context.Context, q *Query, flow *exec.Dataflow, node int, s *physical.Scan) error {
	push := func(b *delta.Batch) error {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		return flow.Push(node, b)
	}
	if s.Result {
		return pushResult(q.Results[s.Relation], s, push)
	}
	rel, ok := r.cat.Relation(s.Relation)
	if q.Catalog != nil {
		if own, made := q.Catalog.Relation(s.Relation); !ok && made {
			rel, ok = own, true
		}
	}
	if !ok {
		return &RelationGoneError{Name: s.Name}
	}
	if s.History != nil {
		return r.scanHistory(q.Context, rel, s, q.Memory, push)
	}
	lower, upper, index, err := r.pointRange(q.Context, s, rel)
	if err != nil {
		return err
	}
	var key []byte
	if lower != nil && index == nil && len(s.Point) == len(rel.Key) {
		key = lower
	}
	pending, gone := q.Pending[s.Relation].read(key)
	changed := len(gone) > 0 || pending != nil && pending.N > 0
	if s.StopAfter > 0 && s.Filter == nil && !changed {
		push = stopAfter(s.StopAfter, push)
	}
	if index != nil {
		err = r.scanIndex(rel, s, KeySpace{rel, index}, lower, upper, gone, push)
	} else {
		err = r.scanRange(rel, s, lower, upper, gone, q.Context.Session, push)
	}
	if err != nil && !errors.Is(err, errScanned) {
		return err
	}
	if pending == nil || pending.N == 0 {
		return nil
	}
	return push(prune(pending, s.Cols))
}

// pushResult gives rows that the statement has at hand.
func pushResult(b *delta.Batch, s *physical.Scan, push func(*delta.Batch) error) error {
	if b == nil {
		return fmt.Errorf("nobody gave the rows of result %q", s.Name)
	}
	for from := 0; from < b.N; from += scanBatchRows {
		if err := push(prune(b.Slice(from, min(from+scanBatchRows, b.N)), s.Cols)); err != nil {
			return err
		}
	}
	return nil
}

var errScanned = errors.New("scan has given the rows that it was asked for")

// stopAfter ends a scan once n rows were pushed.
func stopAfter(n int64, push func(*delta.Batch) error) func(*delta.Batch) error {
	return func(b *delta.Batch) error {
		if int64(b.N) > n {
			b = b.Slice(0, int(n))
		}
		n -= int64(b.N)
		if err := push(b); err != nil {
			return err
		}
		if n <= 0 {
			return errScanned
		}
		return nil
	}
}

// pointRange turns a scan's key constants into a range of keys, of the relation or of the index that the scan names. An index
// that was not there at the read's epoch is no help: then there is no range.
func (r *Read) pointRange(ctx *expr.Context, s *physical.Scan, rel *catalog.Relation) (lower, upper []byte, index *catalog.Relation, err error) {
	if len(s.Point) == 0 || rel.Key == nil {
		return nil, nil, nil, nil
	}
	cols := rel.Key
	if s.Index != 0 {
		x, ok := r.cat.Relation(s.Index)
		if !ok || x.Index == nil || x.Index.Table != rel.ID || len(x.Index.Columns) < len(s.Point) {
			return nil, nil, nil, nil
		}
		index, cols = x, x.Index.Columns
	}
	for i, p := range s.Point {
		d, err := expr.EvalConst(ctx, p)
		if err != nil {
			return nil, nil, nil, err
		}
		if d.Null { // key = NULL is never true
			return []byte{}, []byte{}, index, nil
		}
		lower = keys.AppendDatum(lower, rel.Columns[cols[i]].T, d, false, false)
	}
	return lower, keyEnd(lower), index, nil
}

// scanIndex reads the rows that an index has in a range of its keys.
func (r *Read) scanIndex(rel *catalog.Relation, s *physical.Scan, space KeySpace, lower, upper []byte, gone map[string]int64, push func(*delta.Batch) error) (err error) {
	it := r.snap.snap.ScanRows(space.storageID(), lower, upper, false)
	defer func() { err = errors.Join(err, it.Close()) }()
	for more := true; more; {
		var rowKeys [][]byte
		for len(rowKeys) < scanBatchRows {
			if more = it.Next(); !more {
				break
			}
			rowKeys = append(rowKeys, bytes.Clone(it.Row()))
		}
		b := delta.NewBatch(rel.Types(), len(rowKeys))
		err := r.snap.snap.GetRows(rel.StorageID(), len(rowKeys), func(i int) []byte { return rowKeys[i] }, func(_ int, row []byte) error {
			switch n := gone[string(row)]; {
			case row == nil:
				return errors.New("an index has an entry without a row")
			case n > 0:
				gone[string(row)] = n - 1
				return nil
			}
			return codec.DecodeRow(row, b, 1)
		})
		if err != nil {
			return err
		}
		if b.N > 0 {
			if err := push(prune(b, s.Cols)); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyEnd is the first key after all keys that begin with prefix; nil when there is none.
func keyEnd(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// sorter holds a result to deliver it in order. Rows of weight n are delivered n times.
type sorter struct {
	order   []physical.SortKey
	batches []*delta.Batch
	rows    []sortedRow
	keys    []byte
	bytes   int64
	limit   int64
}

type sortedRow struct {
	keyFrom, keyTo int
	batch, row     int32
}

func (s *sorter) add(b *delta.Batch) error {
	s.bytes += int64(b.Bytes())
	if s.limit > 0 && s.bytes > s.limit {
		return state.ErrMemory
	}
	for i := range b.N {
		from := len(s.keys)
		for _, k := range s.order {
			s.keys = keys.Append(s.keys, b.Cols[k.Col], i, k.Desc, k.NullsFirst)
		}
		s.rows = append(s.rows, sortedRow{from, len(s.keys), int32(len(s.batches)), int32(i)})
	}
	s.batches = append(s.batches, b)
	return nil
}

// emit delivers the rows in order; rows with equal keys keep the order in which they came.
func (s *sorter) emit(out func(*delta.Batch) error) error {
	slices.SortStableFunc(s.rows, func(a, b sortedRow) int {
		return bytes.Compare(s.keys[a.keyFrom:a.keyTo], s.keys[b.keyFrom:b.keyTo])
	})
	var ts []types.T
	if len(s.batches) > 0 {
		ts = s.batches[0].Types()
	}
	for len(s.rows) > 0 {
		n := min(len(s.rows), scanBatchRows)
		b := delta.NewBatch(ts, n)
		for _, r := range s.rows[:n] {
			src := s.batches[r.batch]
			b.AppendFrom(src, int(r.row), src.Weight(int(r.row)))
		}
		if err := out(b); err != nil {
			return err
		}
		s.rows = s.rows[n:]
	}
	return nil
}
