package logical

import (
	"millrace/expr"
	"millrace/types"
)

// ColID is a column's number, unique in a statement, from 1; 0 is no column.
type ColID = int

// Column is what is known of a column wherever it appears.
type Column struct {
	Name string
	T    types.T
	// Table and Attr name the base column that this one is, for RowDescription; 0 when it is computed.
	Table uint32
	Attr  int16
	// Rel is the alias of the relation that the column was read from, for messages and EXPLAIN; "" when computed.
	Rel string
}

// Columns is the table of a statement's columns.
type Columns struct{ list []Column }

// Add numbers a new column.
func (c *Columns) Add(col Column) ColID {
	c.list = append(c.list, col)
	return len(c.list)
}

// Len is the number of columns; ids run from 1 to Len.
func (c *Columns) Len() int { return len(c.list) }

// At gives a column's data.
func (c *Columns) At(id ColID) *Column { return &c.list[id-1] }

// Ref makes an expression that reads a column.
func (c *Columns) Ref(id ColID) *expr.Column {
	col := c.At(id)
	return &expr.Column{Index: id, T: col.T, Name: col.Name}
}

// Copy numbers a new column with the data of id.
func (c *Columns) Copy(id ColID) ColID { return c.Add(*c.At(id)) }

// ColSet is a set of columns. The zero value is empty; it grows as needed.
type ColSet struct{ bits []uint64 }

// SetOf makes a set.
func SetOf(ids ...ColID) ColSet {
	var s ColSet
	s.AddAll(ids)
	return s
}

// Add adds a column.
func (s *ColSet) Add(id ColID) {
	w := id / 64
	s.grow(w + 1)
	s.bits[w] |= 1 << (id % 64)
}

// grow makes room for n words, at once: the columns of a large statement have large numbers.
func (s *ColSet) grow(n int) {
	if k := n - len(s.bits); k > 0 {
		s.bits = append(s.bits, make([]uint64, k)...)
	}
}

// AddAll adds columns.
func (s *ColSet) AddAll(ids []ColID) {
	for _, id := range ids {
		s.Add(id)
	}
}

// Remove removes a column.
func (s *ColSet) Remove(id ColID) {
	if w := id / 64; w < len(s.bits) {
		s.bits[w] &^= 1 << (id % 64)
	}
}

// Has reports whether id is in the set.
func (s ColSet) Has(id ColID) bool {
	w := id / 64
	return w < len(s.bits) && s.bits[w]&(1<<(id%64)) != 0
}

// HasAll reports whether all ids are in the set.
func (s ColSet) HasAll(ids []ColID) bool {
	for _, id := range ids {
		if !s.Has(id) {
			return false
		}
	}
	return true
}

// HasAny reports whether one of ids is in the set.
func (s ColSet) HasAny(ids []ColID) bool {
	for _, id := range ids {
		if s.Has(id) {
			return true
		}
	}
	return false
}

// HasAnyOf reports whether one of the map's keys is in the set.
func (s ColSet) HasAnyOf(m map[ColID]expr.Expr) bool {
	for id := range m {
		if s.Has(id) {
			return true
		}
	}
	return false
}

// Union adds the members of t.
func (s *ColSet) Union(t ColSet) {
	s.grow(len(t.bits))
	for i, w := range t.bits {
		s.bits[i] |= w
	}
}

// Without gives the members of s that are not in t.
func (s ColSet) Without(t ColSet) ColSet {
	out := s.Clone()
	for i := range min(len(out.bits), len(t.bits)) {
		out.bits[i] &^= t.bits[i]
	}
	return out
}

// Intersect gives the members of s that are in t, too.
func (s ColSet) Intersect(t ColSet) ColSet {
	out := s.Clone()
	for i := range out.bits {
		if i < len(t.bits) {
			out.bits[i] &= t.bits[i]
		} else {
			out.bits[i] = 0
		}
	}
	return out
}

// SubsetOf reports whether all members of s are in t.
func (s ColSet) SubsetOf(t ColSet) bool {
	for i, w := range s.bits {
		var o uint64
		if i < len(t.bits) {
			o = t.bits[i]
		}
		if w&^o != 0 {
			return false
		}
	}
	return true
}

// Intersects reports whether s and t have a member in common.
func (s ColSet) Intersects(t ColSet) bool {
	for i := range min(len(s.bits), len(t.bits)) {
		if s.bits[i]&t.bits[i] != 0 {
			return true
		}
	}
	return false
}

// Empty reports whether the set has no member.
func (s ColSet) Empty() bool {
	for _, w := range s.bits {
		if w != 0 {
			return false
		}
	}
	return true
}

// List gives the members in ascending order.
func (s ColSet) List() []ColID {
	var ids []ColID
	for i, w := range s.bits {
		for b := 0; w != 0; b, w = b+1, w>>1 {
			if w&1 != 0 {
				ids = append(ids, i*64+b)
			}
		}
	}
	return ids
}

// Clone gives an independent copy.
func (s ColSet) Clone() ColSet { return ColSet{append([]uint64(nil), s.bits...)} }

// ExprCols gives the columns that an expression reads.
func ExprCols(e expr.Expr) ColSet {
	var s ColSet
	expr.Walk(e, func(x expr.Expr) bool {
		if c, ok := x.(*expr.Column); ok {
			s.Add(c.Index)
		}
		return true
	})
	return s
}

// ExprsCols gives the columns that any of the expressions reads.
func ExprsCols(es []expr.Expr) ColSet {
	var s ColSet
	for _, e := range es {
		s.Union(ExprCols(e))
	}
	return s
}
