package rules

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// pruneColumns removes what nothing reads.
//
// Before: columns, aggregates and row numbers that are computed and not used; a left join of which no column of the
// right side is used; a join with the distinct rows of something, of which no column is used.
// After: without them, down to the columns of scans; the left side alone; a semi join, whose right side need not be distinct.
// Why: columns cost decoding and state.
// Guard: what decides which rows there are stays: the columns of a DISTINCT, a set operation or a recursion, grouping columns, functions
// that return sets, and the right side of a left join that may give a left row several partners.
func pruneColumns(c *Context, n logical.Node) logical.Node { return c.prune(n, c.Need) }

func (c *Context) prune(n logical.Node, need logical.ColSet) logical.Node {
	switch n := n.(type) {
	case *logical.Scan:
		return pruneScan(n, need)
	case *logical.Values:
		return pruneValues(n, need)
	case *logical.Project:
		return c.pruneProject(n, need)
	case *logical.Join:
		return c.pruneJoin(n, need)
	case *logical.Aggregate:
		return c.pruneAggregate(n, need)
	case *logical.Union:
		return c.pruneUnion(n, need)
	case *logical.TopN:
		if n.RowNumber != 0 && !need.Has(n.RowNumber) && n.Rank == physical.RowNumberRank {
			x := *n
			x.RowNumber = 0
			return c.prune(&x, need)
		}
	case *logical.Over:
		return c.pruneOver(n, need)
	case *logical.AsOf:
		return c.pruneAsOf(n, need)
	case *logical.Lookup:
		return c.pruneLookup(n, need)
	case *logical.Distinct, *logical.SetOp, *logical.Recursive:
		need = logical.ColSet{}
	}
	below := need.Clone()
	below.Union(logical.Used(n))
	return logical.MapInputs(n, func(in logical.Node) logical.Node { return c.prune(in, below) })
}

func pruneScan(n *logical.Scan, need logical.ColSet) logical.Node {
	need = need.Clone()
	need.Union(logical.ExprsCols(n.Filter))
	if need.HasAll(n.Cols) {
		return n
	}
	x := *n
	x.Cols, x.Attrs = nil, nil
	for i, id := range n.Cols {
		if need.Has(id) || slices.Contains(n.Relation.Key, n.Attrs[i]) {
			// The key costs nothing while it is not used, and tells that rows are distinct.
			x.Cols, x.Attrs = append(x.Cols, id), append(x.Attrs, n.Attrs[i])
		}
	}
	if len(x.Cols) == len(n.Cols) {
		return n
	}
	return &x
}

func pruneValues(n *logical.Values, need logical.ColSet) logical.Node {
	if need.HasAll(n.Cols) {
		return n
	}
	x := &logical.Values{}
	var keep []int
	for i, id := range n.Cols {
		if need.Has(id) {
			x.Cols, keep = append(x.Cols, id), append(keep, i)
		}
	}
	for _, r := range n.Rows {
		row := r[:0:0]
		for _, i := range keep {
			row = append(row, r[i])
		}
		x.Rows = append(x.Rows, row)
	}
	return x
}

func (c *Context) pruneProject(n *logical.Project, need logical.ColSet) logical.Node {
	items := slices.DeleteFunc(slices.Clone(n.Items), func(it logical.Item) bool { return !need.Has(it.Col) })
	var below logical.ColSet
	for _, it := range items {
		below.Union(logical.ExprCols(it.Expr))
	}
	in := c.prune(n.Input, below)
	if len(items) == len(n.Items) && in == n.Input {
		return n
	}
	return &logical.Project{Input: in, Items: items}
}

func (c *Context) pruneJoin(n *logical.Join, need logical.ColSet) logical.Node {
	l, r := logical.OutputSet(n.Left), logical.OutputSet(n.Right)
	switch n.Kind {
	case physical.Left:
		_, rcols := logical.JoinColumns(n)
		if !need.Intersects(r) && c.Analysis.HasKey(n.Right, logical.SetOf(rcols...)) {
			return c.prune(n.Left, need)
		}
	case physical.Right:
		lcols, _ := logical.JoinColumns(n)
		if !need.Intersects(l) && c.Analysis.HasKey(n.Left, logical.SetOf(lcols...)) {
			return c.prune(n.Right, need)
		}
	}
	x := *n
	if n.Kind == physical.Inner {
		// A row has one partner at most, which only tells whether the row is there.
		lcols, rcols := logical.JoinColumns(n)
		switch {
		case !need.Intersects(r) && isDistinct(n.Right) && c.Analysis.HasKey(n.Right, logical.SetOf(rcols...)):
			x.Kind = physical.Semi
		case !need.Intersects(l) && isDistinct(n.Left) && c.Analysis.HasKey(n.Left, logical.SetOf(lcols...)):
			x = logical.Join{Kind: physical.Semi, Left: n.Right, Right: n.Left, On: n.On}
			n, l, r = &logical.Join{Kind: physical.Semi, Left: n.Right, Right: n.Left, On: n.On}, r, l
		}
	}
	below := need.Clone()
	below.Union(logical.ExprsCols(n.On))
	x.Left, x.Right = c.prune(n.Left, below.Intersect(l)), c.prune(n.Right, below.Intersect(r))
	if x.Left == n.Left && x.Right == n.Right && x.Kind == n.Kind {
		return n
	}
	return &x
}

// isDistinct reports whether a plan removes duplicates for which a semi join does not ask.
func isDistinct(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Distinct:
		return true
	case *logical.Project:
		return isDistinct(n.Input)
	}
	return false
}

func (c *Context) pruneAggregate(n *logical.Aggregate, need logical.ColSet) logical.Node {
	x := *n
	x.Aggs = slices.DeleteFunc(slices.Clone(n.Aggs), func(a logical.Agg) bool { return !need.Has(a.Col) })
	x.Input = c.prune(n.Input, logical.Used(&x))
	if len(x.Aggs) == len(n.Aggs) && x.Input == n.Input {
		return n
	}
	return &x
}

// pruneOver leaves out window functions, and the operator when none is left.
func (c *Context) pruneOver(n *logical.Over, need logical.ColSet) logical.Node {
	x := *n
	x.Funcs = slices.DeleteFunc(slices.Clone(n.Funcs), func(f logical.OverFunc) bool { return !need.Has(f.Col) })
	if len(x.Funcs) == 0 {
		return c.prune(n.Input, need)
	}
	below := need.Clone()
	below.Union(logical.Used(&x))
	x.Input = c.prune(n.Input, below)
	if len(x.Funcs) == len(n.Funcs) && x.Input == n.Input {
		return n
	}
	return &x
}

// pruneAsOf leaves out columns that decide no tie, and the right side where nothing of it shows.
func (c *Context) pruneAsOf(n *logical.AsOf, need logical.ColSet) logical.Node {
	if n.Outer && !need.Intersects(logical.OutputSet(n.Right)) {
		return c.prune(n.Left, need)
	}
	x := *n
	x.Ties = c.Analysis.LeastTies(n)
	below := need.Clone()
	below.Union(logical.Used(&x))
	x.Left, x.Right = c.prune(n.Left, below), c.prune(n.Right, below)
	if x.Left == n.Left && x.Right == n.Right && len(x.Ties) == len(n.Ties) {
		return n
	}
	return &x
}

// pruneLookup leaves out columns by which no row need be found, and the right side where nothing of it shows.
func (c *Context) pruneLookup(n *logical.Lookup, need logical.ColSet) logical.Node {
	if n.Outer && !need.Intersects(logical.OutputSet(n.Right)) && c.Analysis.Once(n) {
		return c.prune(n.Left, need)
	}
	x := *n
	x.Row = c.Analysis.LeastRow(n)
	below := need.Clone()
	below.Union(logical.Used(&x))
	x.Left, x.Right = c.prune(n.Left, below), c.prune(n.Right, below)
	if x.Left == n.Left && x.Right == n.Right && len(x.Row) == len(n.Row) {
		return n
	}
	return &x
}

func (c *Context) pruneUnion(n *logical.Union, need logical.ColSet) logical.Node {
	x := &logical.Union{In: make([]logical.Node, len(n.In)), From: make([][]logical.ColID, len(n.In))}
	var keep []int
	for i, id := range n.Cols {
		if need.Has(id) {
			x.Cols, keep = append(x.Cols, id), append(keep, i)
		}
	}
	changed := len(keep) < len(n.Cols)
	for k, in := range n.In {
		for _, i := range keep {
			x.From[k] = append(x.From[k], n.From[k][i])
		}
		x.In[k] = c.prune(in, logical.SetOf(x.From[k]...))
		changed = changed || x.In[k] != in
	}
	if !changed {
		return n
	}
	return x
}
