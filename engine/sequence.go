package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"millrace/catalog"
	"millrace/delta"
	"millrace/types"
)

// ErrSequenceEnd means that a sequence has no further number.
var ErrSequenceEnd = errors.New("the sequence is at its end")

// Numbers are taken from the durable store in blocks, so that one synced write serves many of them. A block begins small and
// doubles while numbers are asked for; what is left of it is lost in a crash, as in PostgreSQL, and kept by Close.
const (
	sequenceBlockMin = 32
	sequenceBlockMax = 8192
)

// SequenceState is where a sequence stands: its last number, or its first one while Called is false.
type SequenceState struct {
	Last   int64
	Called bool
}

// sequence is a sequence in use.
type sequence struct {
	mu     sync.Mutex
	loaded bool
	now    SequenceState
	stored SequenceState
	left   int // numbers up to the stored state
	block  int
}

func (e *Engine) sequence(id uint32) *sequence {
	e.seqMu.Lock()
	defer e.seqMu.Unlock()
	s := e.sequences[id]
	if s == nil {
		s = &sequence{block: sequenceBlockMin}
		e.sequences[id] = s
	}
	return s
}

// NextValue takes the next number of a sequence. It is never given again, whatever becomes of the transaction.
func (e *Engine) NextValue(ctx context.Context, r *catalog.Relation) (int64, error) {
	s := e.sequence(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := e.loadSequence(s, r); err != nil {
		return 0, err
	}
	next, ok := s.now.Next(r.Sequence)
	if !ok {
		return 0, ErrSequenceEnd
	}
	if s.left == 0 {
		if err := e.reserve(ctx, s, r); err != nil {
			return 0, err
		}
	}
	s.left--
	s.now = SequenceState{next, true}
	return next, nil
}

// Next gives the number that follows a state.
func (s SequenceState) Next(def *catalog.SequenceDef) (int64, bool) {
	if !s.Called {
		return s.Last, true
	}
	return def.Next(s.Last)
}

// reserve writes a state that lies ahead.
func (e *Engine) reserve(ctx context.Context, s *sequence, r *catalog.Relation) error {
	ahead, n := s.now, 0
	for n < s.block {
		v, ok := ahead.Next(r.Sequence)
		if !ok {
			break
		}
		ahead, n = SequenceState{v, true}, n+1
	}
	if err := e.storeSequence(ctx, r.ID, ahead); err != nil {
		return err
	}
	s.stored, s.left, s.block = ahead, n, min(2*s.block, sequenceBlockMax)
	return nil
}

func (e *Engine) storeSequence(ctx context.Context, id uint32, st SequenceState) error {
	_, err := e.Commit(ctx, &Txn{Offsets: []Offset{{Relation: id, Value: st.Encode()}}})
	return err
}

// SetValue puts a sequence at a state, durably.
func (e *Engine) SetValue(ctx context.Context, r *catalog.Relation, st SequenceState) error {
	s := e.sequence(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := e.storeSequence(ctx, r.ID, st); err != nil {
		return err
	}
	s.loaded, s.now, s.stored, s.left = true, st, st, 0
	return nil
}

// SequenceAt tells where a sequence stands.
func (e *Engine) SequenceAt(r *catalog.Relation) (SequenceState, error) {
	s := e.sequence(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	err := e.loadSequence(s, r)
	return s.now, err
}

// loadSequence reads where a sequence stands; one that was never used is before its first number.
func (e *Engine) loadSequence(s *sequence, r *catalog.Relation) error {
	if s.loaded {
		return nil
	}
	s.now = SequenceState{Last: r.Sequence.Start}
	v, ok, err := e.store.Offset(r.ID)
	if err != nil {
		return err
	}
	if ok {
		if s.now, err = decodeSequence(v); err != nil {
			return fmt.Errorf("sequence %q: %w", r.Name, err)
		}
	}
	s.stored, s.loaded = s.now, true
	return nil
}

// keepSequences writes where the sequences stand, so that a planned stop loses no numbers.
func (e *Engine) keepSequences(ctx context.Context) error {
	e.seqMu.Lock()
	defer e.seqMu.Unlock()
	t := &Txn{}
	for id, s := range e.sequences {
		s.mu.Lock()
		if _, ok := e.Catalog().Relation(id); ok && s.loaded && s.now != s.stored {
			t.Offsets = append(t.Offsets, Offset{Relation: id, Value: s.now.Encode()})
			s.stored, s.left = s.now, 0
		}
		s.mu.Unlock()
	}
	if len(t.Offsets) == 0 {
		return nil
	}
	_, err := e.Commit(ctx, t)
	return err
}

// Encode is the stored form: the number, big endian, and whether it was given.
func (st SequenceState) Encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(st.Last))
	if st.Called {
		return append(b, 1)
	}
	return append(b, 0)
}

func decodeSequence(v []byte) (SequenceState, error) {
	if len(v) != 9 || v[8] > 1 {
		return SequenceState{}, errors.New("its stored state is damaged")
	}
	return SequenceState{Last: int64(binary.BigEndian.Uint64(v)), Called: v[8] == 1}, nil
}

// scanSequence gives a sequence's one row.
func (r *Read) scanSequence(rel *catalog.Relation) (*delta.Batch, error) {
	st, err := r.e.SequenceAt(rel)
	if err != nil {
		return nil, err
	}
	b := delta.NewBatch(rel.Types(), 1)
	b.AppendRow([]types.Datum{types.NewInt(st.Last), types.NewInt(0), types.NewBool(st.Called)}, 1)
	return b, nil
}
