package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// pushFilters moves conditions towards the relations.
//
// Before: a filter above projections, joins, groupings, unions; conditions of one input in a join's ON.
// After: each condition as far down as it means the same: in a scan's own filter, or in the ON of the inner join that
// first has all its columns, so that WHERE a.x = b.y makes a join of a cross product.
// Why: rows that are dropped early cost no state.
// Guard, by operator:
//   - An outer join's missing side, the right side of a join by time, a TopN, a window function's rows and an aggregate's values do
//     not let a condition through: SELECT * FROM (SELECT * FROM t ORDER BY a LIMIT 1) WHERE b = 2 must not take the first row with b = 2.
//   - A condition that can fail does not pass an operator that drops rows, which may be those it would fail for: in
//     a JOIN b ON a.k = b.k WHERE 1 / a.x > 0 a zero in a row of a without partner must not matter.
//   - A volatile condition stays where it is, and a volatile column is not put in the place of its name.
func pushFilters(c *Context, n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		out := c.push(n.Input, n.Preds)
		if f, ok := out.(*logical.Filter); ok && f.Input == n.Input && slices.Equal(f.Preds, n.Preds) {
			return n
		}
		return out
	case *logical.Join:
		out := c.pushJoin(n, nil)
		if j, ok := out.(*logical.Join); ok && j.Left == n.Left && j.Right == n.Right && slices.Equal(j.On, n.On) {
			return n
		}
		return out
	}
	return n
}

// safe reports whether a condition may be evaluated for rows that another operator would drop first.
func safe(p expr.Expr) bool { return !logical.CanFail(p) && expr.VolatilityOf(p) != expr.Volatile }

// push filters n by preds, as far down as possible.
func (c *Context) push(n logical.Node, preds []expr.Expr) logical.Node {
	if len(preds) == 0 {
		return n
	}
	switch n := n.(type) {
	case *logical.Join:
		return c.pushJoin(n, preds)
	case *logical.Filter:
		return c.push(n.Input, slices.Concat(n.Preds, preds))
	case *logical.Project:
		return c.pushProject(n, preds)
	case *logical.Scan:
		down, stay := split(preds, safe)
		if len(down) == 0 {
			return logical.NewFilter(n, stay...)
		}
		x := *n
		x.Filter = slices.Concat(n.Filter, down)
		return logical.NewFilter(&x, stay...)
	case *logical.Union:
		return c.pushUnion(n, preds)
	case *logical.SetOp:
		down, stay := split(preds, safe)
		if len(down) == 0 {
			break
		}
		x := *n
		x.Left = c.push(n.Left, renamed(c, down, n.Cols, n.LeftCols))
		x.Right = c.push(n.Right, renamed(c, down, n.Cols, n.RightCols))
		return logical.NewFilter(&x, stay...)
	case *logical.Distinct:
		down, stay := split(preds, safe)
		if len(down) == 0 {
			break
		}
		return logical.NewFilter(&logical.Distinct{Input: c.push(n.Input, down)}, stay...)
	case *logical.Aggregate:
		if len(n.Group) > 0 {
			return c.pushOver(n, preds, n.Group)
		}
	case *logical.TopN:
		if len(n.Group) > 0 {
			return c.pushOver(n, preds, n.Group)
		}
	case *logical.Over:
		if len(n.Partition) > 0 {
			return c.pushOver(n, preds, n.Partition)
		}
	case *logical.Session:
		if len(n.Partition) > 0 {
			return c.pushOver(n, preds, n.Partition)
		}
	case *logical.SingleRow:
		if len(n.Group) > 0 {
			return c.pushOver(n, preds, n.Group)
		}
	case *logical.AsOf:
		return c.pushLeft(n, n.Left, preds)
	case *logical.Lookup:
		return c.pushLeft(n, n.Left, preds)
	case *logical.Window, *logical.Series:
		if in := n.Inputs(); len(in) == 1 {
			return c.pushOver(n, preds, in[0].Output())
		}
	}
	return logical.NewFilter(n, preds...)
}

// split divides conditions, which keep their order.
func split(preds []expr.Expr, f func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, p := range preds {
		if f(p) {
			yes = append(yes, p)
		} else {
			no = append(no, p)
		}
	}
	return yes, no
}

// pushOver pushes through an operator with one input what reads only the columns cols of it.
func (c *Context) pushOver(n logical.Node, preds []expr.Expr, cols []logical.ColID) logical.Node {
	set := logical.SetOf(cols...)
	down, stay := split(preds, func(p expr.Expr) bool { return safe(p) && logical.ExprCols(p).SubsetOf(set) })
	if len(down) == 0 {
		return logical.NewFilter(n, stay...)
	}
	in := n.Inputs()[0]
	return logical.NewFilter(n.WithInputs([]logical.Node{c.push(in, down)}), stay...)
}

// pushLeft pushes through a join in time what reads only the left side: fewer right rows would be other partners.
func (c *Context) pushLeft(n, side logical.Node, preds []expr.Expr) logical.Node {
	left := logical.OutputSet(side)
	down, stay := split(preds, func(p expr.Expr) bool { return safe(p) && logical.ExprCols(p).SubsetOf(left) })
	if len(down) == 0 {
		return logical.NewFilter(n, stay...)
	}
	return logical.NewFilter(n.WithInputs([]logical.Node{c.push(side, down), n.Inputs()[1]}), stay...)
}

// pushProject puts the projection's expressions in the place of its columns. Rows are the same above and below, so
// conditions that can fail go as well, unless one before them stays.
func (c *Context) pushProject(n *logical.Project, preds []expr.Expr) logical.Node {
	names := map[logical.ColID]expr.Expr{}
	var volatile logical.ColSet
	for _, it := range n.Items {
		names[it.Col] = it.Expr
		if expr.VolatilityOf(it.Expr) == expr.Volatile {
			volatile.Add(it.Col)
		}
	}
	var down, stay []expr.Expr
	for _, p := range preds {
		if expr.VolatilityOf(p) == expr.Volatile || logical.ExprCols(p).Intersects(volatile) || len(stay) > 0 && logical.CanFail(p) {
			stay = append(stay, p)
			continue
		}
		down = append(down, logical.RenameExpr(p, names))
	}
	if len(down) == 0 {
		return logical.NewFilter(n, stay...)
	}
	return logical.NewFilter(&logical.Project{Input: c.push(n.Input, down), Items: n.Items}, stay...)
}

func (c *Context) pushUnion(n *logical.Union, preds []expr.Expr) logical.Node {
	if slices.ContainsFunc(preds, func(p expr.Expr) bool { return expr.VolatilityOf(p) == expr.Volatile }) {
		return logical.NewFilter(n, preds...)
	}
	x := *n
	x.In = make([]logical.Node, len(n.In))
	for k := range n.In {
		x.In[k] = c.push(n.In[k], renamed(c, preds, n.Cols, n.From[k]))
	}
	return &x
}

// renamed reads other columns in the place of some.
func renamed(c *Context, preds []expr.Expr, from, to []logical.ColID) []expr.Expr {
	names := map[logical.ColID]expr.Expr{}
	for i, id := range from {
		names[id] = c.Columns.Ref(to[i])
	}
	out := make([]expr.Expr, len(preds))
	for i, p := range preds {
		out[i] = logical.RenameExpr(p, names)
	}
	return out
}

// pushJoin distributes the conditions above a join and in its ON.
func (c *Context) pushJoin(j *logical.Join, preds []expr.Expr) logical.Node {
	l, r := logical.OutputSet(j.Left), logical.OutputSet(j.Right)
	ofLeft := func(p expr.Expr) bool { return safe(p) && logical.ExprCols(p).SubsetOf(l) }
	ofRight := func(p expr.Expr) bool {
		cols := logical.ExprCols(p)
		return safe(p) && cols.SubsetOf(r) && !cols.Empty()
	}
	x := *j
	if j.Kind == physical.Inner {
		// What cannot be decided by one side is the join's condition, evaluated for the pairs as before.
		on, stay := split(slices.Concat(j.On, preds), func(p expr.Expr) bool { return expr.VolatilityOf(p) != expr.Volatile })
		left, rest := split(on, ofLeft)
		right, rest := split(rest, ofRight)
		x.Left, x.Right, x.On = c.push(j.Left, left), c.push(j.Right, right), rest
		return filteredJoin(j, &x, stay)
	}
	var left, right, stay []expr.Expr
	switch j.Kind {
	case physical.Left, physical.Semi, physical.Anti:
		left, stay = split(preds, ofLeft)
	case physical.Right:
		right, stay = split(preds, ofRight)
	case physical.Full:
		stay = preds
	}
	if !j.NotIn {
		switch j.Kind {
		case physical.Left, physical.Anti:
			var on []expr.Expr
			on, x.On = split(j.On, ofRight)
			right = append(right, on...)
		case physical.Right:
			var on []expr.Expr
			on, x.On = split(j.On, ofLeft)
			left = append(left, on...)
		case physical.Semi:
			var on []expr.Expr
			on, x.On = split(j.On, ofLeft)
			left = append(left, on...)
			on, x.On = split(x.On, ofRight)
			right = append(right, on...)
		}
	}
	x.Left, x.Right = c.push(j.Left, left), c.push(j.Right, right)
	return filteredJoin(j, &x, stay)
}

// filteredJoin filters the join that came of j, which is j itself where nothing has changed.
func filteredJoin(j, x *logical.Join, stay []expr.Expr) logical.Node {
	if x.Left == j.Left && x.Right == j.Right && slices.Equal(x.On, j.On) {
		x = j
	}
	return logical.NewFilter(x, stay...)
}
