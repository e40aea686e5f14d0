package catalog

import (
	"fmt"
	"regexp"
	"strconv"

	"millrace/pgerr"
	"millrace/types"
)

// SequenceDef says how a sequence counts. Where it stands is not in the catalog.
type SequenceDef struct {
	T         types.T
	Start     int64
	Increment int64
	Min, Max  int64
	Cache     int64
	Cycle     bool `json:",omitempty"`
	// Table and Column own the sequence, which goes with them: a serial or an identity column; 0 is none.
	Table  uint32 `json:",omitempty"`
	Column int    `json:",omitempty"`
}

// SequenceColumns are what a sequence shows when it is read as a relation.
func SequenceColumns() []Column {
	return []Column{
		{Name: "last_value", T: types.Of(types.Int8), NotNull: true},
		{Name: "log_cnt", T: types.Of(types.Int8), NotNull: true},
		{Name: "is_called", T: types.Of(types.Bool), NotNull: true},
	}
}

// Next gives the number after v; done is false where the sequence ends.
func (s *SequenceDef) Next(v int64) (next int64, ok bool) {
	if s.Increment > 0 {
		if v > s.Max-s.Increment && s.Max-s.Increment <= s.Max || v >= s.Max {
			return s.Min, s.Cycle
		}
		return v + s.Increment, true
	}
	if v < s.Min-s.Increment && s.Min-s.Increment >= s.Min || v <= s.Min {
		return s.Max, s.Cycle
	}
	return v + s.Increment, true
}

// NextValue is the text of a default that takes the next number of a sequence. It names the sequence by id, so that
// either may be renamed.
func NextValue(sequence uint32) string { return fmt.Sprintf("nextval(%d)", sequence) }

var nextValue = regexp.MustCompile(`nextval\((\d+)\)`)

// DefaultSequences lists the sequences that a column's default takes numbers from.
func (c *Column) DefaultSequences() []uint32 {
	var ids []uint32
	for _, m := range nextValue.FindAllStringSubmatch(c.Default, -1) {
		if id, err := strconv.ParseUint(m[1], 10, 32); err == nil {
			ids = append(ids, uint32(id))
		}
	}
	return ids
}

// OwnedSequences lists the sequences that a table's columns own.
func (s *Snapshot) OwnedSequences(r *Relation) []*Relation {
	var out []*Relation
	for _, id := range r.Sequences {
		if x, ok := s.relations[id]; ok {
			out = append(out, x)
		}
	}
	return out
}

// AddSequence creates a sequence; one that a column owns is added to its table.
func (e *Edit) AddSequence(x *Relation) error {
	x.Kind, x.Columns = Sequence, SequenceColumns()
	if err := e.AddRelation(x); err != nil {
		return err
	}
	return e.own(x)
}

// OwnSequence gives a sequence to a column, or to none.
func (e *Edit) OwnSequence(id, table uint32, column int) error {
	old, ok := e.next.relations[id]
	if !ok || old.Sequence == nil {
		return pgerr.New(pgerr.UndefinedTable, "sequence %d does not exist", id)
	}
	e.disown(old)
	x := *old
	def := *old.Sequence
	def.Table, def.Column = table, column
	x.Sequence = &def
	e.put(&x)
	return e.own(&x)
}

func (e *Edit) own(x *Relation) error {
	if x.Sequence.Table == 0 {
		return nil
	}
	return e.Modify(x.Sequence.Table, func(t *Relation) { t.Sequences = append(append([]uint32(nil), t.Sequences...), x.ID) })
}

func (e *Edit) disown(x *Relation) {
	t, ok := e.next.relations[x.Sequence.Table]
	if !ok {
		return
	}
	c := *t
	c.Sequences = nil
	for _, id := range t.Sequences {
		if id != x.ID {
			c.Sequences = append(c.Sequences, id)
		}
	}
	e.put(&c)
}
