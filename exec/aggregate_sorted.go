package exec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// sortedRows keeps what a Fold reads: the arguments of each group's rows, as an ordered multiset. Calls with the same
// arguments, order and filter share one.
//
// State: a multimap from the group to its rows as sortedOrder writes them, and, with the group, their number. Ad hoc there
// is none, and the step's rows are all there are.
//
// A step's changes are gathered per group and row, so that what cancels costs no state. Cost: per row an encoding and a part of
// a sort; per group and step with a change, what the folds read, twice: before and after. A fold that wants the n-th row
// costs a walk over n rows, of which it decodes one.
type sortedRows struct {
	args   []int
	keys   []agg.SortKey
	filter int
	strict int
	calls  []sortedCall
	mm     *state.Multimap
	order  sortedOrder

	step    groupedRows
	nextCut int
	count   int64 // of the present group's rows, before or after the step
	vecs    []*delta.Vec
	datums  []types.Datum
	buf     []byte
}

// sortedCall is a fold.
type sortedCall struct {
	call     int
	fold     agg.Fold
	distinct bool
	params   []*expr.Program
	direct   []types.Datum
}

// newSortedRows makes the state of a call.
func newSortedRows(c *agg.Call, in []types.T, mm *state.Multimap) *sortedRows {
	s := &sortedRows{args: c.Args, keys: c.Order, filter: c.Filter, strict: c.Func.Strict, mm: mm, nextCut: firstCut}
	ts := pick(in, c.Args)
	if c.Func.Digest != nil {
		s.order = sortedOrder{digest: c.Func.Digest}
		ts = []types.T{types.Of(types.Int8)}
	} else {
		s.order = newSortedOrder(c, in)
	}
	for _, t := range ts {
		s.vecs = append(s.vecs, delta.NewVec(t, 1))
	}
	s.datums = make([]types.Datum, len(ts))
	return s
}

// serves reports whether a call can share the state.
func (s *sortedRows) serves(c *agg.Call) bool {
	return slices.Equal(s.args, c.Args) && slices.Equal(s.keys, c.Order) && s.filter == c.Filter && s.strict == c.Func.Strict &&
		s.order.digest == nil && c.Func.Digest == nil
}

// add makes the state serve a call.
func (s *sortedRows) add(i int, c *agg.Call, in []types.T) error {
	x := sortedCall{call: i, fold: c.Func.Fold(pick(in, c.Args)), distinct: c.Distinct}
	for _, e := range c.Params {
		p, err := expr.Compile(e)
		if err != nil {
			return err
		}
		x.params = append(x.params, p)
	}
	x.direct = make([]types.Datum, len(x.params))
	s.calls = append(s.calls, x)
	return nil
}

// gather takes the rows sel of a batch, all when sel is nil.
func (s *sortedRows) gather(a *aggregate, b *delta.Batch, sel []uint32) {
	if sel != nil {
		for _, i := range sel {
			s.gatherRow(a.ids, b, int(i))
		}
	} else {
		for i := range b.N {
			s.gatherRow(a.ids, b, i)
		}
	}
	if len(s.step.rows) > s.nextCut {
		s.step.compact(a.table.len())
		s.nextCut = max(firstCut, 2*len(s.step.rows))
	}
}

func (s *sortedRows) gatherRow(ids []uint32, b *delta.Batch, i int) {
	for _, col := range s.args[:s.strict] {
		if b.Cols[col].IsNull(i) {
			return
		}
	}
	s.buf = s.order.append(s.buf[:0], b, s.args, i)
	s.step.add(ids[i], s.buf, b.Weight(i))
}

// begin prepares a flush.
func (s *sortedRows) begin(a *aggregate) error {
	s.step.sortInto(a.table.len())
	if s.mm == nil {
		return nil
	}
	return s.mm.Prefetch(&a.table.keys, nil)
}

// flush computes the rows of a group before and after the step, and takes the step into the state. group are the group's
// columns, at row 0; count is the number of the group's rows before. It gives that after.
func (s *sortedRows) flush(a *aggregate, id uint32, group *delta.Batch, count int64, old, now *aggRows) (int64, error) {
	row := len(old.there) - 1
	changes := s.step.of(id)
	s.count = count
	failed, err := s.results(a, id, group, changes, old, old.there[row] && s.mm != nil)
	if err != nil {
		return 0, err
	}
	if len(changes) == 0 && s.mm != nil && old.there[row] && now.there[row] {
		for i := range s.calls {
			c := s.calls[i].call
			now.cols[c].AppendFrom(old.cols[c], row)
		}
		now.fail(failed)
		return count, nil
	}
	for i := range changes {
		s.count += changes[i].weight
		if s.mm == nil {
			continue
		}
		if err := s.mm.Add(a.table.hash(id), a.table.key(id), s.step.row(&changes[i]), changes[i].weight); err != nil {
			return 0, err
		}
	}
	if s.count < 0 {
		return 0, fmt.Errorf("an aggregate has %d rows: %w", s.count, ErrNegative)
	}
	_, err = s.results(a, id, group, changes, now, now.there[row])
	return s.count, err
}

// results appends the value of each call over the group's present rows, NULL where the group is not there. first is the failure
// of the first call that has one.
func (s *sortedRows) results(a *aggregate, id uint32, group *delta.Batch, changes []stepRow, to *aggRows, there bool) (first, err error) {
	for i := range s.calls {
		c := &s.calls[i]
		out := to.cols[c.call]
		if !there {
			out.AppendNull()
			continue
		}
		failed, err := s.result(a, id, group, changes, c, out)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = failed
		}
	}
	to.fail(first)
	return first, nil
}

// result folds a group's rows. failed is the call's own error, err one of the state.
func (s *sortedRows) result(a *aggregate, id uint32, group *delta.Batch, changes []stepRow, c *sortedCall, out *delta.Vec) (failed, err error) {
	if failed = c.evaluate(a.d.opt.Context, group); failed != nil {
		out.AppendNull()
		return failed, nil
	}
	w := sortedWalk{s: s, c: c}
	if w.next, failed = c.fold.Begin(c.direct, s.count); failed == nil && w.next != agg.Done && s.count > 0 {
		if s.mm != nil {
			err = s.mm.Scan(a.table.hash(id), a.table.key(id), w.see)
		} else {
			for i := range changes {
				if !w.see(s.step.row(&changes[i]), changes[i].weight) {
					break
				}
			}
		}
		if err == nil {
			err = w.err
		}
		if err != nil {
			return nil, err
		}
		failed = w.failed
	}
	if failed != nil {
		out.AppendNull()
		return failed, nil
	}
	return c.fold.End(out), nil
}

// evaluate computes the direct arguments of a group.
func (c *sortedCall) evaluate(ctx *expr.Context, group *delta.Batch) error {
	for i, p := range c.params {
		var errs expr.Errors
		c.direct[i] = p.EvalOwned(ctx, group, &errs).Datum(0)
		if len(errs.List) > 0 {
			return errs.List[0].Err
		}
	}
	return nil
}

func (s *sortedRows) reset() {
	s.step.reset()
	s.nextCut = firstCut
}

// sortedWalk gives a fold the rows that it wants.
type sortedWalk struct {
	s      *sortedRows
	c      *sortedCall
	at     int64 // the position of the next row
	next   int64 // the one wanted
	key    []byte
	some   bool // a row was seen
	failed error
	err    error
}

// see takes the next row of the group; it is false when no more are wanted.
func (w *sortedWalk) see(row []byte, weight int64) bool {
	if weight < 0 {
		w.err = ErrNegative
		return false
	}
	if w.c.distinct {
		key := w.s.order.key(row)
		if w.some && bytes.Equal(key, w.key) {
			return true
		}
		w.key, w.some, weight = append(w.key[:0], key...), true, 1
	}
	end := w.at + weight
	if w.next < end {
		if w.err = w.s.order.decode(row, w.s.vecs, w.s.datums); w.err != nil {
			return false
		}
	}
	for w.next < end {
		from := max(w.next, w.at)
		if w.next, w.failed = w.c.fold.Row(w.s.datums, from, end-from); w.failed != nil || w.next == agg.Done {
			return false
		}
	}
	w.at = end
	return true
}

// sortedOrder writes the arguments of a row as a byte string that sorts in the order of a call and holds them: the order's
// keys, the arguments in the row format, and the length of the keys. A row that is an integer or a byte string, in its own
// rising order, is written as valueOrder does.
type sortedOrder struct {
	order  []keys.Order
	single *valueOrder
	digest func(t types.T, d types.Datum) int64
}

const sortedTrailer = 4

func newSortedOrder(c *agg.Call, in []types.T) sortedOrder {
	if len(c.Args) == 1 && len(c.Order) == 1 && c.Func.Strict == 1 && c.Order[0] == (agg.SortKey{Col: c.Args[0]}) {
		if v := (valueOrder{in[c.Args[0]]}); v.bytewise() || v.t.Rep() == types.RepInt {
			return sortedOrder{single: &v}
		}
	}
	var s sortedOrder
	for _, k := range c.Order {
		s.order = append(s.order, keys.Order(k))
	}
	return s
}

func (s *sortedOrder) append(dst []byte, b *delta.Batch, args []int, i int) []byte {
	switch {
	case s.digest != nil:
		v := b.Cols[args[0]]
		return binary.BigEndian.AppendUint64(dst, uint64(s.digest(v.Type, v.Datum(i))))
	case s.single != nil:
		return s.single.append(dst, b.Cols[args[0]], i)
	}
	start := len(dst)
	dst = keys.AppendRowOrder(dst, b.Cols, s.order, i)
	n := len(dst) - start
	dst = codec.AppendRow(dst, b, args, i)
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

// key gives the part of a row that is the same for rows that are equal in SQL.
func (s *sortedOrder) key(row []byte) []byte {
	if s.single != nil || s.digest != nil || len(row) < sortedTrailer {
		return row
	}
	return row[:min(uint64(binary.LittleEndian.Uint32(row[len(row)-sortedTrailer:])), uint64(len(row)))]
}

// decode sets datums to the arguments; they may refer to row or vecs.
func (s *sortedOrder) decode(row []byte, vecs []*delta.Vec, datums []types.Datum) error {
	switch {
	case s.digest != nil:
		if len(row) != 8 {
			return errState
		}
		datums[0] = types.NewInt(int64(binary.BigEndian.Uint64(row)))
		return nil
	case s.single != nil && s.single.t.Rep() == types.RepInt:
		if len(row) != 8 {
			return errState
		}
		datums[0] = types.NewInt(int64(binary.BigEndian.Uint64(row) ^ 1<<63))
		return nil
	case s.single != nil:
		datums[0] = types.NewBytes(row)
		return nil
	}
	if len(row) < sortedTrailer {
		return errState
	}
	end := len(row) - sortedTrailer
	n := binary.LittleEndian.Uint32(row[end:])
	if uint64(n) > uint64(end) {
		return errState
	}
	for _, v := range vecs {
		v.Reset()
	}
	if err := codec.DecodeRowInto(row[n:end], vecs); err != nil {
		return err
	}
	for i, v := range vecs {
		datums[i] = v.Datum(0)
	}
	return nil
}
