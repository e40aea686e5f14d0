package exec

import (
	"encoding/binary"
	"fmt"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// setOp is INTERSECT and EXCEPT. Not linear: the number of copies of a row in the output is a function of the numbers
// in the two inputs.
//
// State: a map from a row's key to the two numbers and, where the key does not determine the row, the row as the left
// input wrote it when it appeared there. Cost: per row a key encoding and a probe of the step's table; per distinct row
// and step one read and one write.
type setOp struct {
	*output
	types       []types.T
	except, all bool
	stored      bool
	state       *state.Map
	expiry      *expiry

	table keyTable
	step  []sides
	reps  *delta.Batch // per row of the step: the row as first seen, from the left if the left has it
	kc    keys.KeyColumn
	cols  []int
	buf   []byte
}

// sides are the changes of the numbers of a row in the two inputs in a step.
type sides struct {
	n        [2]int64
	rep      uint32 // the row, in reps
	fromLeft bool   // it came from the left
}

func newSetOp(o *output, n *physical.SetOp) (*setOp, error) {
	subs := subspace{o: o}
	s := &setOp{output: o, types: n.Types, except: n.Except, all: n.All, stored: !allFaithful(n.Types),
		state: subs.nextMap(), reps: delta.NewBatch(n.Types, 0), cols: upTo(len(n.Types))}
	s.expiry = newExpiry(o, n.Expire, &subs)
	return s, subs.err
}

// copies is how many copies of a row the output has.
func (s *setOp) copies(n [2]int64) int64 {
	left, right := n[0], n[1]
	switch {
	case s.except && s.all:
		return max(left-right, 0)
	case s.all:
		return min(left, right)
	case left > 0 && (right > 0) != s.except:
		return 1
	}
	return 0
}

// Push implements Operator.
func (s *setOp) Push(port int, b *delta.Batch) error {
	s.kc.Reset()
	keys.AppendAll(&s.kc, b, s.cols)
	for i, h := range s.kc.Hash {
		key := s.kc.Key(i)
		id, found := s.table.find(h, key)
		if !found {
			if err := s.table.room(key); err != nil {
				return err
			}
			id = s.table.insert(h, key)
			s.step = append(s.step, sides{})
			if s.expiry != nil {
				s.expiry.at = append(s.expiry.at, timeAt(b.Cols[s.expiry.col], i))
			}
		}
		t := &s.step[id]
		if !found || port == 0 && !t.fromLeft && s.stored {
			t.rep, t.fromLeft = uint32(s.reps.N), port == 0
			s.reps.AppendFrom(b, i, 1)
		}
		t.n[port] += b.Weight(i)
	}
	return s.holds(s.table.bytes() + 24*cap(s.step) + s.reps.Bytes())
}

// Flush implements Operator.
func (s *setOp) Flush() error {
	if err := s.flushStep(); err != nil || s.expiry == nil {
		return err
	}
	return s.expiry.drop(func(_ byte, key []byte) error { return s.state.Delete(keys.Hash(key), key) })
}

func (s *setOp) flushStep() error {
	if len(s.step) == 0 {
		return nil
	}
	if s.expiry != nil {
		if err := s.expiry.noteAll(&s.table); err != nil {
			return err
		}
	}
	if s.state != nil {
		if err := s.state.Prefetch(&s.table.keys, nil); err != nil {
			return err
		}
	}
	out := newBuilder(s.output, s.types)
	for id := range s.step {
		if s.step[id].n == [2]int64{} {
			continue
		}
		if err := s.one(uint32(id), &out); err != nil {
			return err
		}
		if err := out.spill(); err != nil {
			return err
		}
	}
	s.reset()
	return out.end()
}

// one takes a row's changes into its state and emits the difference in the output.
func (s *setOp) one(id uint32, out *builder) error {
	t := &s.step[id]
	h, key := s.table.hash(id), s.table.key(id)
	var old []byte
	if s.state != nil {
		v, ok, err := s.state.Get(h, key)
		if err != nil {
			return err
		}
		if ok {
			old = v
		}
	}
	before, rep, err := parseSides(old)
	if err != nil {
		return err
	}
	after := [2]int64{before[0] + t.n[0], before[1] + t.n[1]}
	if after[0] < 0 || after[1] < 0 {
		return fmt.Errorf("operator %d: a row occurs %d and %d times: %w", s.op, after[0], after[1], ErrNegative)
	}
	if w := s.copies(after) - s.copies(before); w != 0 {
		if s.stored && before[0] > 0 {
			if err := codec.DecodeRow(rep, out.batch(), w); err != nil {
				return err
			}
		} else {
			out.batch().AppendFrom(s.reps, int(t.rep), w)
		}
	}
	switch {
	case s.state == nil:
		return nil
	case after == [2]int64{}:
		if old == nil {
			return nil
		}
		return s.state.Delete(h, key)
	}
	s.buf = binary.AppendVarint(binary.AppendVarint(s.buf[:0], after[0]), after[1])
	switch {
	case !s.stored || after[0] == 0:
	case before[0] > 0:
		s.buf = append(s.buf, rep...)
	default:
		s.buf = codec.AppendRow(s.buf, s.reps, nil, int(t.rep))
	}
	return s.state.Put(h, key, s.buf)
}

// parseSides splits a row's state; that of a row without state is zero.
func parseSides(b []byte) (n [2]int64, rep []byte, err error) {
	if b == nil {
		return n, nil, nil
	}
	for i := range n {
		v, k := binary.Varint(b)
		if k <= 0 {
			return n, nil, errState
		}
		n[i], b = v, b[k:]
	}
	return n, b, nil
}

func (s *setOp) reset() {
	s.table.reset()
	s.step = s.step[:0]
	if s.reps.Bytes() > retainedBytes {
		s.reps = delta.NewBatch(s.types, 0)
	}
	s.reps.Reset()
}
