package session

import (
	"context"
	"errors"
	"strings"

	"millrace/catalog"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/types"
)

// sequences is what a session remembers of the numbers that it took.
type sequences struct {
	current map[uint32]int64 // the last number from each sequence
	last    uint32           // the sequence that nextval was called for last; 0 is none
}

// sequenceCall answers nextval, currval, setval and lastval.
func (s *Session) sequenceCall(function string, args []types.Datum) (types.Datum, error) {
	for _, a := range args {
		if a.Null {
			return types.Null, nil
		}
	}
	if function == "lastval" {
		r, ok := s.catalog().Relation(s.sequences.last)
		if !ok {
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
		}
		return types.NewInt(s.sequences.current[r.ID]), nil
	}
	r, err := s.sequenceArgument(args[0])
	if err != nil {
		return types.Null, err
	}
	if function != "currval" && s.txn != nil && s.txn.readOnly {
		return types.Null, pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s() in a read-only transaction", function)
	}
	switch function {
	case "currval":
		v, ok := s.sequences.current[r.ID]
		if !ok {
			return types.Null, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", r.Name)
		}
		return types.NewInt(v), nil
	case "setval":
		called := len(args) < 3 || args[2].I != 0
		return args[1], s.setSequence(r, args[1].I, called)
	}
	return s.nextValue(r)
}

func (s *Session) nextValue(r *catalog.Relation) (types.Datum, error) {
	v, err := s.takeNumber(r)
	if errors.Is(err, engine.ErrSequenceEnd) {
		bound, limit := "maximum", r.Sequence.Max
		if r.Sequence.Increment < 0 {
			bound, limit = "minimum", r.Sequence.Min
		}
		return types.Null, pgerr.New(pgerr.SequenceLimitExceeded, "nextval: reached %s value of sequence %q (%d)", bound, r.Name, limit)
	}
	if err != nil {
		return types.Null, err
	}
	if s.sequences.current == nil {
		s.sequences.current = map[uint32]int64{}
	}
	s.sequences.current[r.ID], s.sequences.last = v, r.ID
	return types.NewInt(v), nil
}

// takeNumber takes a sequence's next number. A sequence that the open transaction has made counts in the transaction.
func (s *Session) takeNumber(r *catalog.Relation) (int64, error) {
	st := s.ownSequence(r)
	if st == nil {
		return s.srv.Engine.NextValue(s.statementContext(), r)
	}
	next, ok := st.Next(r.Sequence)
	if !ok {
		return 0, engine.ErrSequenceEnd
	}
	*st = engine.SequenceState{Last: next, Called: true}
	return next, nil
}

func (s *Session) setSequence(r *catalog.Relation, v int64, called bool) error {
	def := r.Sequence
	if v < def.Min || v > def.Max {
		return pgerr.New(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", v, r.Name, def.Min, def.Max)
	}
	st := engine.SequenceState{Last: v, Called: called}
	if own := s.ownSequence(r); own != nil {
		*own = st
	} else if err := s.srv.Engine.SetValue(s.statementContext(), r, st); err != nil {
		return err
	}
	if called {
		if s.sequences.current == nil {
			s.sequences.current = map[uint32]int64{}
		}
		s.sequences.current[r.ID] = v
	}
	return nil
}

// statementContext is the context of the running statement, for functions that may wait.
func (s *Session) statementContext() context.Context {
	s.cancelMu.Lock()
	defer s.cancelMu.Unlock()
	if s.running == nil {
		return context.Background()
	}
	return s.running
}

// sequenceArgument finds the sequence that an argument means: an object's number, or a name as in SQL.
func (s *Session) sequenceArgument(d types.Datum) (*catalog.Relation, error) {
	if d.B == nil {
		r, ok := s.catalog().Relation(uint32(d.I))
		if !ok {
			return nil, pgerr.New(pgerr.UndefinedTable, "relation with OID %d does not exist", d.I)
		}
		return isSequence(r)
	}
	name, err := parseName(string(d.B))
	if err != nil {
		return nil, err
	}
	r, err := s.relation(name)
	if err != nil {
		return nil, err
	}
	return isSequence(r)
}

func isSequence(r *catalog.Relation) (*catalog.Relation, error) {
	if r.Kind != catalog.Sequence {
		return nil, pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a sequence", strings.ReplaceAll(r.Name, `"`, `""`))
	}
	return r, nil
}
