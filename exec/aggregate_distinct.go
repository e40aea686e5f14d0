package exec

import (
	"encoding/binary"
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/expr/agg"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// distinctSet counts the values of a DISTINCT argument per group. The calls that it serves get a value with weight +1
// when it appears and -1 when it is gone.
//
// State: a map from the group's key and the value's key to the number of occurrences and, where the key does not
// determine it, the value as it first came.
type distinctSet struct {
	cols       []int // of the input: the group's, then the arguments
	args       []int
	filter     int
	appendOnly bool // the number of occurrences does not matter, so it is not kept
	stored     bool // the state keeps the value
	linear     []int
	state      *state.Map

	table   keyTable
	slots   []uint32     // per value of the step: its group
	weights []int64      // per value of the step: change of its number
	values  *delta.Batch // per value of the step: the arguments in the first row seen
	kc      keys.KeyColumn
	buf     []byte
}

func newDistinctSet(a *aggregate, linear int, c *agg.Call, in []types.T, m *state.Map) *distinctSet {
	ts := pick(in, c.Args)
	return &distinctSet{
		cols: slices.Concat(a.group, c.Args), args: c.Args, filter: c.Filter, appendOnly: c.AppendOnly,
		stored: !c.AppendOnly && !allFaithful(ts), linear: []int{linear}, state: m, values: delta.NewBatch(ts, 0),
	}
}

// serves reports whether a call can share the set.
func (s *distinctSet) serves(c *agg.Call) bool {
	return slices.Equal(s.args, c.Args) && s.filter == c.Filter && s.appendOnly == c.AppendOnly
}

// add counts the rows sel of b, all when sel is nil.
func (s *distinctSet) add(b *delta.Batch, ids, sel []uint32) error {
	s.kc.Reset()
	keys.AppendAll(&s.kc, b, s.cols)
	if sel != nil {
		for _, i := range sel {
			if err := s.addRow(b, ids, int(i)); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range b.N {
		if err := s.addRow(b, ids, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *distinctSet) addRow(b *delta.Batch, ids []uint32, i int) error {
	h, key := s.kc.Hash[i], s.kc.Key(i)
	id, found := s.table.find(h, key)
	if !found {
		if err := s.table.room(key); err != nil {
			return err
		}
		id = s.table.insert(h, key)
		s.slots = append(s.slots, ids[i])
		s.weights = append(s.weights, 0)
		for k, c := range s.args {
			s.values.Cols[k].AppendFrom(b.Cols[c], i)
		}
		s.values.N++
	}
	s.weights[id] += b.Weight(i)
	return nil
}

// flush counts the step's values and passes on those that appeared and those that are gone.
func (s *distinctSet) flush(a *aggregate, tag byte) error {
	if s.table.len() == 0 {
		return nil
	}
	if s.state != nil {
		if err := s.state.Prefetch(&s.table.keys, nil); err != nil {
			return err
		}
	}
	feed := delta.NewBatch(s.values.Types(), 0)
	var slots []uint32
	for id, w := range s.weights {
		if w == 0 {
			continue
		}
		change, value, err := s.count(uint32(id), w)
		if err != nil {
			return fmt.Errorf("operator %d: %w", a.op, err)
		}
		if change > 0 && a.expiry != nil {
			if err := a.expiry.note(timeAt(a.reps.Cols[a.expiry.col], int(s.slots[id])), tag, s.table.key(uint32(id))); err != nil {
				return err
			}
		}
		switch {
		case change == 0:
			continue
		case value != nil:
			if err := codec.DecodeRow(value, feed, change); err != nil {
				return err
			}
		default:
			feed.AppendFrom(s.values, id, change)
		}
		slots = append(slots, s.slots[id])
	}
	if feed.N > 0 {
		for _, l := range s.linear {
			a.linear[l].acc.Add(slots, nil, feed.Cols, feed.Weights)
		}
	}
	s.reset()
	return nil
}

// count adds w to the number of a value and says whether it appeared (+1) or is gone (-1). value is the value as it
// was stored, nil where the step's form serves.
func (s *distinctSet) count(id uint32, w int64) (change int64, value []byte, err error) {
	if s.state == nil {
		return 1, nil, nil // ad hoc: nothing was before, and w is positive
	}
	h, key := s.table.hash(id), s.table.key(id)
	old, ok, err := s.state.Get(h, key)
	if err != nil {
		return 0, nil, err
	}
	if s.appendOnly {
		if ok {
			return 0, nil, nil
		}
		return 1, nil, s.state.Put(h, key, nil)
	}
	var count int64
	if ok {
		n := 0
		if count, n = binary.Varint(old); n <= 0 {
			return 0, nil, errState
		}
		value = old[n:]
	}
	after := count + w
	switch {
	case after < 0:
		return 0, nil, fmt.Errorf("a value has %d occurrences: %w", after, ErrNegative)
	case after == 0:
		s.buf = append(s.buf[:0], value...)
		if err := s.state.Delete(h, key); err != nil || !s.stored {
			return -1, nil, err
		}
		return -1, s.buf, nil
	}
	s.buf = binary.AppendVarint(s.buf[:0], after)
	if count == 0 {
		change = 1
		if s.stored {
			s.buf = codec.AppendRow(s.buf, s.values, nil, int(id))
		}
	} else {
		s.buf = append(s.buf, value...)
	}
	return change, nil, s.state.Put(h, key, s.buf)
}

func (s *distinctSet) reset() {
	s.table.reset()
	s.slots, s.weights = s.slots[:0], s.weights[:0]
	if s.values.Bytes() > retainedBytes {
		s.values = delta.NewBatch(s.values.Types(), 0)
	}
	s.values.Reset()
}
