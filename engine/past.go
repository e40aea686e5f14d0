package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

// HistoryGoneError means that the history of a relation does not reach back to a position.
type HistoryGoneError struct {
	Relation string
	Held     uint64 // the earliest position that it can be read at
}

func (e *HistoryGoneError) Error() string {
	return fmt.Sprintf("the history of %q does not reach back that far", e.Relation)
}

// FutureTimeError means that a time was asked for that has not come.
type FutureTimeError struct{}

func (*FutureTimeError) Error() string { return "the time lies ahead" }

// scanHistory reads a relation back in time, the columns of s, within so much memory. It reads the rows and the changelog of one
// snapshot: the contents are the present ones less the changes since, so they cost what both of these do.
func (r *Read) scanHistory(ctx *expr.Context, rel *catalog.Relation, s *physical.Scan, memory int64, push func(*delta.Batch) error) error {
	to, err := r.historyBound(ctx, rel, s.History.To)
	if err != nil {
		return err
	}
	if s.History.Changes {
		from, err := r.historyBound(ctx, rel, s.History.From)
		if err != nil {
			return err
		}
		if err := r.checkHistory(rel, from); err != nil {
			return err
		}
		return r.pushChanges(rel, s, from, to, push)
	}
	if err := r.checkHistory(rel, to); err != nil {
		return err
	}
	if rel.Kind == catalog.Stream {
		return r.pushLog(rel, s, r.snap.snap.ReadLog(rel.ID, 0, to), push)
	}
	v := r.views[rel.ID]
	if v == nil {
		return fmt.Errorf("view %q was not named when the read began", rel.Name)
	}
	var now weightedRows
	switch viewForm(rel) {
	case appended:
		return r.pushAppended(rel, s, v.snap.ReadRows(rel.ID), to, push)
	case keyed:
		now = onceEach{v.snap.ScanRows(rel.ID, nil, nil, false)}
	default:
		now = v.snap.ScanMultiset(rel.ID)
	}
	net, err := undone(v.snap.ReadLog(rel.ID, to, r.Epoch), rel.Types(), memory)
	if err != nil {
		return errors.Join(err, now.Close())
	}
	return pushRows(rel.Types(), s.Cols, &rewound{weightedRows: now, net: net}, push)
}

// historyBound gives the position that a bound stands for: a number is one, a time that of the last commit at or before it.
func (r *Read) historyBound(ctx *expr.Context, rel *catalog.Relation, e expr.Expr) (uint64, error) {
	d, err := expr.EvalConst(ctx, e)
	if err != nil {
		return 0, err
	}
	switch {
	case d.Null:
		return 0, &NullPositionError{}
	case e.Type().Is(types.Int8):
		if d.I < 0 {
			return 0, &InvalidPositionError{d.I}
		}
		if uint64(d.I) > r.Epoch {
			return 0, &FutureError{uint64(d.I), r.Epoch}
		}
		return uint64(d.I), nil
	case d.I >= r.Wall:
		if d.I > max(r.Wall, r.e.clock.Now()) {
			return 0, &FutureTimeError{}
		}
		return r.Epoch, nil
	}
	epoch, ok, err := r.e.EpochAt(d.I)
	if err != nil || ok {
		return min(epoch, r.Epoch), err
	}
	// Before the first time that is known: the relation's history does not reach there, unless it began empty.
	return 0, r.checkHistory(rel, 0)
}

// NullPositionError means that a position was NULL.
type NullPositionError struct{}

func (*NullPositionError) Error() string { return "a position must not be null" }

// InvalidPositionError means that a number is no position.
type InvalidPositionError struct{ Position int64 }

func (e *InvalidPositionError) Error() string { return fmt.Sprintf("invalid position: %d", e.Position) }

// checkHistory says whether changes after a position are all there. The read's snapshot has been taken: what is trimmed from now on
// stays for it, and the floor is raised before anything is trimmed.
func (r *Read) checkHistory(rel *catalog.Relation, after uint64) error {
	if rel.Kind == catalog.Stream {
		return nil
	}
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	x := r.e.relations[rel.ID]
	switch {
	case x == nil:
		return &RelationGoneError{Name: rel.Name}
	case after >= x.logFloor:
		return nil
	}
	return &HistoryGoneError{Relation: rel.Name, Held: min(x.logFloor, r.Epoch)}
}

// pushChanges gives the changes of (from, to], each row with its position and weight before it.
func (r *Read) pushChanges(rel *catalog.Relation, s *physical.Scan, from, to uint64, push func(*delta.Batch) error) (err error) {
	var it *storage.LogIter
	if rel.Kind == catalog.Stream {
		it = r.snap.snap.ReadLog(rel.ID, from, to)
	} else {
		v := r.views[rel.ID]
		if v == nil {
			return fmt.Errorf("view %q was not named when the read began", rel.Name)
		}
		it = v.snap.ReadLog(rel.ID, from, to)
	}
	in := &input{scan: &physical.Scan{Relation: rel.ID, Name: rel.Name, Cols: allColumns(rel)}}
	c := &cursor{in: in, types: rel.Types(), log: it}
	defer func() { err = errors.Join(err, c.close()) }()
	if c.live, err = c.next(); err != nil {
		return err
	}
	for c.live {
		epoch, batches, err := c.changes()
		if err != nil {
			return err
		}
		for _, b := range batches {
			if err := push(prune(withPosition(b, epoch), s.Cols)); err != nil {
				return err
			}
		}
	}
	return nil
}

func allColumns(rel *catalog.Relation) []int {
	cols := make([]int, len(rel.Columns))
	for i := range cols {
		cols[i] = i
	}
	return cols
}

// withPosition puts the position and the weight of each row before it.
func withPosition(b *delta.Batch, epoch uint64) *delta.Batch {
	bigint := types.Of(types.Int8)
	position, diff := delta.NewVec(bigint, b.N), delta.NewVec(bigint, b.N)
	for i := range b.N {
		position.Append(types.NewInt(int64(epoch)))
		diff.Append(types.NewInt(b.Weight(i)))
	}
	return &delta.Batch{Cols: append([]*delta.Vec{position, diff}, b.Cols...), N: b.N}
}

// pushAppended gives the rows of an append-only view that came through an epoch.
func (r *Read) pushAppended(rel *catalog.Relation, s *physical.Scan, it *storage.LogIter, to uint64, push func(*delta.Batch) error) (err error) {
	defer func() { err = errors.Join(err, it.Close()) }()
	ts := rel.Types()
	for it.Next() && it.Position().Epoch <= to {
		b, err := codec.Decode(it.Value(), ts, s.Cols)
		if err != nil {
			return fmt.Errorf("relation %q at epoch %d: %w", rel.Name, it.Position().Epoch, err)
		}
		if err := push(b); err != nil {
			return err
		}
	}
	return nil
}

// undone sums the changes of a log, with the weights turned round, by encoded row.
func undone(it *storage.LogIter, ts []types.T, memory int64) (net map[string]int64, err error) {
	defer func() { err = errors.Join(err, it.Close()) }()
	if memory == 0 {
		memory = QueryMemory
	}
	const perRow = 64 // of the map, about
	net = map[string]int64{}
	cols := make([]int, len(ts))
	for i := range cols {
		cols[i] = i
	}
	var row []byte
	for it.Next() {
		b, err := codec.Decode(it.Value(), ts, cols)
		if err != nil {
			return nil, err
		}
		for i := range b.N {
			row = codec.AppendRow(row[:0], b, nil, i)
			before, known := net[string(row)]
			switch w := before - b.Weight(i); {
			case w == 0:
				delete(net, string(row))
				memory += int64(len(row)) + perRow
			default:
				net[string(row)] = w
				if !known {
					memory -= int64(len(row)) + perRow
				}
			}
			if memory < 0 {
				return nil, state.ErrMemory
			}
		}
	}
	return net, nil
}

// rewound gives the rows of a view as they were: those of now with their weights changed, and then those that have gone, in the order of
// their bytes.
type rewound struct {
	weightedRows
	net    map[string]int64
	gone   []string
	ended  bool
	row    string
	weight int64
	err    error
}

// Next moves to the next row that was there.
func (w *rewound) Next() bool {
	for !w.ended && w.err == nil {
		if !w.weightedRows.Next() {
			w.end()
			break
		}
		row := w.weightedRows.Row()
		change := w.net[string(row)]
		w.weight = w.weightedRows.Weight() + change
		if change != 0 {
			delete(w.net, string(row))
		}
		switch {
		case w.weight > 0:
			return true
		case w.weight < 0:
			w.err = fmt.Errorf("a row of a view's history had the weight %d", w.weight)
		}
	}
	if w.err != nil || len(w.gone) == 0 {
		return false
	}
	w.row, w.gone = w.gone[0], w.gone[1:]
	if w.weight = w.net[w.row]; w.weight < 0 {
		w.err = fmt.Errorf("a row of a view's history had the weight %d", w.weight)
		return false
	}
	return true
}

func (w *rewound) end() {
	w.ended = true
	for row := range w.net {
		w.gone = append(w.gone, row)
	}
	slices.SortFunc(w.gone, strings.Compare)
}

// Row is the row that Next moved to.
func (w *rewound) Row() []byte {
	if w.ended {
		return []byte(w.row)
	}
	return w.weightedRows.Row()
}

// Weight is how often the row was there.
func (w *rewound) Weight() int64 { return w.weight }

// Close ends the iteration and gives its error.
func (w *rewound) Close() error { return errors.Join(w.err, w.weightedRows.Close()) }
