package rules

import (
	"math"
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// The estimates that are made where nothing is known.
const (
	unknownRows = 1000 // of a relation
	workRows    = 100  // of an iteration of a recursion
	seriesRows  = 10   // of a function that returns a set, for each row
	equalPart   = 0.1  // of the rows that have a certain value in a column
	rangePart   = 0.33 // of the rows that a comparison leaves
	otherPart   = 0.5  // of the rows that any other condition leaves
	groupsPart  = 0.3  // groups for each row
)

// sizes estimates how many rows operators give. The numbers are for comparing join orders, and for nothing that a result
// depends on.
type sizes struct {
	c       *Context
	memo    map[logical.Node]float64
	columns map[logical.ColID]float64 // distinct values of a column of a relation
}

func newSizes(c *Context) *sizes {
	return &sizes{c: c, memo: map[logical.Node]float64{}, columns: map[logical.ColID]float64{}}
}

// rows estimates n's rows, at least 1.
func (s *sizes) rows(n logical.Node) float64 {
	if v, ok := s.memo[n]; ok {
		return v
	}
	v := max(s.estimate(n), 1)
	s.memo[n] = v
	return v
}

func (s *sizes) estimate(n logical.Node) float64 {
	switch n := n.(type) {
	case *logical.Scan:
		return s.scan(n)
	case *logical.Values:
		return float64(len(n.Rows))
	case *logical.Filter:
		rows := s.rows(n.Input)
		for _, p := range n.Preds {
			rows *= s.selectivity(p)
		}
		return rows
	case *logical.Join:
		return s.join(n)
	case *logical.Aggregate:
		if len(n.Group) == 0 {
			s.rows(n.Input)
			return 1
		}
		return s.groups(n.Input, n.Group)
	case *logical.SingleRow:
		if len(n.Group) == 0 {
			return 1
		}
		return s.rows(n.Input)
	case *logical.Distinct:
		return s.groups(n.Input, n.Input.Output())
	case *logical.TopN:
		rows := s.rows(n.Input)
		if k, ok := n.Limit.(*expr.Const); ok && !k.Value.Null && len(n.Group) == 0 {
			rows = min(rows, float64(k.Value.I))
		}
		return rows
	case *logical.Series:
		rows := 1.0
		if n.Input != nil {
			rows = s.rows(n.Input)
		}
		return rows * seriesRows
	case *logical.WorkTable:
		return workRows
	case *logical.Recursive:
		return s.rows(n.Base) * seriesRows
	}
	rows := 0.0
	for _, in := range n.Inputs() {
		rows += s.rows(in)
	}
	return rows
}

// scan notes how many different values a relation's columns have, too: a key has as many as there are rows, another
// column is taken to have the root of that.
func (s *sizes) scan(n *logical.Scan) float64 {
	rows, known := 0.0, false
	if v, ok := s.c.Rows[n.Relation.ID]; ok {
		rows, known = float64(v), true
	}
	if !known {
		rows = unknownRows
	}
	rows = max(rows, 1)
	for i, id := range n.Cols {
		s.columns[id] = math.Sqrt(rows)
		if len(n.Relation.Key) == 1 && n.Relation.Key[0] == n.Attrs[i] {
			s.columns[id] = rows
		}
	}
	constant := logical.ConstantCols(n.Filter)
	if n.Relation.Key != nil && !slices.ContainsFunc(n.Relation.Key, func(attr int) bool {
		i := slices.Index(n.Attrs, attr)
		return i < 0 || constant[n.Cols[i]] == nil
	}) {
		return 1
	}
	for _, p := range n.Filter {
		rows *= s.selectivity(p)
	}
	return rows
}

func (s *sizes) join(n *logical.Join) float64 {
	l, r := s.rows(n.Left), s.rows(n.Right)
	pairs := l * r
	for _, p := range n.On {
		pairs *= s.selectivity(p)
	}
	switch n.Kind {
	case physical.Left:
		return max(pairs, l)
	case physical.Right:
		return max(pairs, r)
	case physical.Full:
		return max(pairs, l+r)
	case physical.Semi, physical.Anti:
		return l * otherPart
	}
	return pairs
}

// groups estimates the number of groups.
func (s *sizes) groups(in logical.Node, by []logical.ColID) float64 {
	rows := s.rows(in)
	groups := 1.0
	for _, id := range by {
		groups *= s.distinct(id, rows)
	}
	return min(groups, rows*groupsPart)
}

// distinct estimates how many different values a column has; of is the number of rows where nothing is known of it.
func (s *sizes) distinct(id logical.ColID, of float64) float64 {
	if v, ok := s.columns[id]; ok {
		return v
	}
	return math.Sqrt(of)
}

// selectivity is the part of the rows, or pairs of rows, for which a condition is true.
func (s *sizes) selectivity(p expr.Expr) float64 {
	switch p := p.(type) {
	case *expr.Const:
		return 1
	case *expr.And:
		part := 1.0
		for _, a := range p.Args {
			part *= s.selectivity(a)
		}
		return part
	case *expr.Or:
		part := 0.0
		for _, a := range p.Args {
			part += s.selectivity(a)
		}
		return min(part, 1)
	}
	a, b, _, ok := logical.Equality(p)
	if !ok {
		if c, isCall := p.(*expr.Call); isCall && c.Func.Operator {
			return rangePart
		}
		return otherPart
	}
	x, okx := a.(*expr.Column)
	y, oky := b.(*expr.Column)
	switch {
	case okx && oky:
		return 1 / max(s.distinct(x.Index, unknownRows), s.distinct(y.Index, unknownRows), 1)
	case okx && logical.IsConstant(b):
		return 1 / max(s.distinct(x.Index, unknownRows), 1/equalPart)
	case oky && logical.IsConstant(a):
		return 1 / max(s.distinct(y.Index, unknownRows), 1/equalPart)
	case logical.ExprCols(a).Empty() || logical.ExprCols(b).Empty():
		return equalPart
	}
	return 1 / math.Sqrt(unknownRows)
}
