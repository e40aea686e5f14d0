package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
)

// joinKeys makes columns of the expressions that a join equates.
//
// Before: bid JOIN side ON mod(bid.auction, 100) = side.key.
// After: bid with a column mod(bid.auction, 100), joined on that column.
// Why: joins find partners by columns; a condition that is no key compares every pair of rows.
// Guard: an expression that can fail becomes a key only where there is no other, since with another it was evaluated for
// pairs that agree on that: ON a.k = b.k AND a.x / a.y = b.z must not fail for a row without partner.
func joinKeys(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || j.NotIn {
		return n
	}
	return c.keyColumns(j)
}

// notInColumns does the same for NOT IN, whose one comparison the lowering takes as a key, and decides one that is known.
func notInColumns(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || !j.NotIn {
		return n
	}
	if len(j.On) == 1 {
		if known, ok := j.On[0].(*expr.Const); ok {
			return decidedNotIn(j, known)
		}
	}
	return c.keyColumns(j)
}

// decidedNotIn is a NOT IN whose comparison has the same outcome for all rows: if that is false all rows pass, else those with nothing on
// the right.
func decidedNotIn(j *logical.Join, outcome *expr.Const) logical.Node {
	if !isTrue(outcome) && !outcome.Value.Null {
		return j.Left
	}
	x := *j
	x.NotIn, x.On = false, nil
	return &x
}

// equated is a conjunct that equates an expression of the left with one of the right.
type equated struct {
	left, right expr.Expr
	nullSafe    bool
}

func (e *equated) columns() bool {
	_, l := e.left.(*expr.Column)
	_, r := e.right.(*expr.Column)
	return l && r
}

// equation takes a conjunct apart. One of NOT IN may have no column on a side: 1 NOT IN (SELECT y FROM u).
func (c *Context) equation(p expr.Expr, l, r logical.ColSet, notIn bool) (equated, bool) {
	a, b, nullSafe, ok := logical.Equality(p)
	if !ok || expr.VolatilityOf(p) == expr.Volatile {
		return equated{}, false
	}
	ac, bc := logical.ExprCols(a), logical.ExprCols(b)
	if (ac.Empty() || bc.Empty()) && !notIn {
		return equated{}, false
	}
	if ac.SubsetOf(r) && bc.SubsetOf(l) && !(ac.SubsetOf(l) && bc.SubsetOf(r)) {
		a, b, ac, bc = b, a, bc, ac
	}
	return equated{a, b, nullSafe}, ac.SubsetOf(l) && bc.SubsetOf(r)
}

func (c *Context) keyColumns(j *logical.Join) logical.Node {
	l, r := logical.OutputSet(j.Left), logical.OutputSet(j.Right)
	plain := slices.ContainsFunc(j.On, func(p expr.Expr) bool {
		e, ok := c.equation(p, l, r, j.NotIn)
		return ok && (e.columns() || !logical.CanFail(e.left) && !logical.CanFail(e.right))
	})
	var left, right []logical.Item
	on := slices.Clone(j.On)
	for i, p := range on {
		e, ok := c.equation(p, l, r, j.NotIn)
		if !ok || e.columns() || plain && (logical.CanFail(e.left) || logical.CanFail(e.right)) {
			continue
		}
		a, b := c.keyColumn(e.left, &left), c.keyColumn(e.right, &right)
		on[i] = c.equal(a, b, e.nullSafe)
		plain = true
	}
	if len(left) == 0 && len(right) == 0 {
		return j
	}
	x := *j
	x.Left, x.Right, x.On = c.Columns.Extend(j.Left, left...), c.Columns.Extend(j.Right, right...), on
	return &x
}

// keyColumn gives a column that holds e: itself, one that is there already, or a new one.
func (c *Context) keyColumn(e expr.Expr, items *[]logical.Item) *expr.Column {
	if col, ok := e.(*expr.Column); ok {
		return col
	}
	for _, it := range *items {
		if expr.Equal(it.Expr, e) {
			return c.Columns.Ref(it.Col)
		}
	}
	id := c.Columns.Add(logical.Column{Name: "key", T: e.Type()})
	*items = append(*items, logical.Item{Col: id, Expr: e})
	return c.Columns.Ref(id)
}
