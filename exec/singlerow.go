package exec

import (
	"bytes"
	"fmt"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/state"
	"millrace/types"
)

// singleRow is a scalar subquery: its input's one row, per group when there are group columns. An empty input
// without groups is a row of NULLs. More than one row is an error of weight +1, and no output, until that is cured.
//
// State: a multimap from the group to its rows. Cost: per row an encoding and an entry, per group and step a look at
// the first two rows before and after.
type singleRow struct {
	*output
	types []types.T
	mm    *state.Multimap
	step  groupedRows
	nulls []byte // the encoded row of NULLs, where an empty input gives one

	before, after single
	buf           []byte
}

// single is what a group's rows amount to.
type single struct {
	n   int    // rows, 2 standing for more than one
	row []byte // the row to output, nil when there is none
}

func newSingleRow(o *output, n *physical.SingleRow) (*singleRow, error) {
	subs := subspace{o: o}
	s := &singleRow{output: o, types: n.Types, mm: subs.nextMultimap(), step: groupedRows{cols: n.Group}}
	if len(n.Group) == 0 {
		b := delta.NewBatch(n.Types, 1)
		b.AppendRow(nullRow(len(n.Types)), 1)
		s.nulls = codec.AppendRow([]byte{}, b, nil, 0)
	}
	return s, subs.err
}

func nullRow(n int) []types.Datum {
	row := make([]types.Datum, n)
	for i := range row {
		row[i] = types.Null
	}
	return row
}

// Push implements Operator.
func (s *singleRow) Push(_ int, b *delta.Batch) error {
	if err := s.step.number(b); err != nil {
		return err
	}
	for i, group := range s.step.ids {
		s.buf = codec.AppendRow(s.buf[:0], b, nil, i)
		s.step.add(group, s.buf, b.Weight(i))
	}
	return s.holds(s.step.bytes())
}

// Flush implements Operator.
func (s *singleRow) Flush() error {
	n := s.step.groups.len()
	if n == 0 && s.nulls != nil && s.d.fresh {
		if _, _, err := s.step.groups.addOne(nil); err != nil { // the one group, whose row of NULLs appears
			return err
		}
		n = 1
	}
	if n == 0 {
		return nil
	}
	out := newBuilder(s.output, s.types)
	err := s.step.each(s.mm, func(group uint32) error {
		if err := s.one(group, &out); err != nil {
			return err
		}
		return out.spill()
	})
	if err != nil {
		return err
	}
	s.step.reset()
	return out.end()
}

// one takes the changes of a group into its state and emits the difference.
func (s *singleRow) one(group uint32, out *builder) error {
	rows := s.step.of(group)
	hash, key := s.step.groups.hash(group), s.step.groups.key(group)
	s.before.begin(s.nulls)
	if s.mm != nil {
		if err := s.mm.Scan(hash, key, s.before.see); err != nil {
			return err
		}
	}
	s.after.begin(s.nulls)
	for i := range rows {
		row, w := s.step.row(&rows[i]), rows[i].weight
		if s.mm == nil {
			s.after.see(row, w)
		} else if err := s.mm.Add(hash, key, row, w); err != nil {
			return err
		}
	}
	if s.mm != nil {
		if err := s.mm.Scan(hash, key, s.after.see); err != nil {
			return err
		}
	}
	if s.before.n < 0 || s.after.n < 0 {
		return fmt.Errorf("operator %d: %w", s.op, ErrNegative)
	}
	return s.emitChange(out)
}

// begin starts with no row, which is empty when that is not nil.
func (x *single) begin(empty []byte) {
	x.n, x.row = 0, empty
}

// see counts a row of the group; it is false when no more need be seen.
func (x *single) see(row []byte, weight int64) bool {
	switch {
	case weight < 0:
		x.n = -1
		return false
	case x.n == 0 && weight == 1:
		x.n, x.row = 1, append([]byte{}, row...)
		return true
	}
	x.n, x.row = 2, nil
	return false
}

func (s *singleRow) emitChange(out *builder) error {
	before, after := &s.before, &s.after
	if s.d.fresh {
		before.row = nil // not even the row of NULLs has been emitted
	}
	if bytes.Equal(before.row, after.row) && (before.row == nil) == (after.row == nil) && (before.n > 1) == (after.n > 1) {
		return nil
	}
	if before.n > 1 && after.n <= 1 {
		if err := s.tooMany(-1); err != nil {
			return err
		}
	}
	if before.row != nil {
		if err := s.move(out, before.row, -1); err != nil {
			return err
		}
	}
	if after.row != nil {
		if err := s.move(out, after.row, 1); err != nil {
			return err
		}
	}
	if after.n > 1 && before.n <= 1 {
		return s.tooMany(1)
	}
	return nil
}

func (s *singleRow) move(out *builder, row []byte, weight int64) error {
	return codec.DecodeRow(row, out.batch(), weight)
}

// tooMany reports that a subquery has more than one row, or that it no longer has.
func (s *singleRow) tooMany(weight int64) error {
	b := delta.NewBatch(s.types, 1)
	b.AppendRow(nullRow(len(s.types)), weight)
	return s.fail(pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression"), b, 0, weight)
}
