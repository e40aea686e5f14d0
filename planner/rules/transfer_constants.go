package rules

import (
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// transferConstants tells one side of a join what the other side's key is held to.
//
// Before: a JOIN b ON a.k = b.k WHERE a.k = 5.
// After: the same with b.k = 5 on b.
// Why: b is read by its key, or keeps less state.
// Guard: only towards a side whose rows have no life without a partner: with a LEFT JOIN b, a condition on b's key does not
// go to a.
func transferConstants(c *Context, n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || j.NotIn || j.Kind == physical.Full {
		return n
	}
	lcols, rcols := logical.JoinColumns(j)
	if len(lcols) == 0 {
		return n
	}
	x := *j
	toRight := j.Kind != physical.Right
	toLeft := j.Kind == physical.Inner || j.Kind == physical.Semi || j.Kind == physical.Right
	if toRight {
		x.Right = c.transfer(j.Left, lcols, j.Right, rcols)
	}
	if toLeft {
		x.Left = c.transfer(j.Right, rcols, j.Left, lcols)
	}
	if x.Left == j.Left && x.Right == j.Right {
		return n
	}
	return &x
}

func (c *Context) transfer(from logical.Node, fromCols []logical.ColID, to logical.Node, toCols []logical.ColID) logical.Node {
	have, has := heldTo(from), heldTo(to)
	var preds []expr.Expr
	for i, id := range fromCols {
		k := have[id]
		if k == nil || has[toCols[i]] != nil {
			continue
		}
		eq, err := scalar.Operator("=", c.Columns.Ref(toCols[i]), k, 0)
		if err != nil || !safe(eq) {
			continue
		}
		preds = append(preds, eq)
		has[toCols[i]] = k
	}
	if len(preds) == 0 {
		return to
	}
	return c.push(to, preds)
}

// heldTo gives the columns of a plan that its filters hold to a constant.
func heldTo(n logical.Node) map[logical.ColID]expr.Expr {
	switch n := n.(type) {
	case *logical.Scan:
		return logical.ConstantCols(n.Filter)
	case *logical.Filter:
		m := heldTo(n.Input)
		for id, k := range logical.ConstantCols(n.Preds) {
			m[id] = k
		}
		return m
	case *logical.Project:
		in := heldTo(n.Input)
		m := map[logical.ColID]expr.Expr{}
		for _, it := range n.Items {
			if col, ok := it.Expr.(*expr.Column); ok && in[col.Index] != nil {
				m[it.Col] = in[col.Index]
			}
		}
		return m
	case *logical.Join:
		m := map[logical.ColID]expr.Expr{}
		if n.Kind != physical.Right && n.Kind != physical.Full {
			for id, k := range heldTo(n.Left) {
				m[id] = k
			}
		}
		if n.Kind == physical.Inner || n.Kind == physical.Right {
			for id, k := range heldTo(n.Right) {
				m[id] = k
			}
		}
		return m
	case *logical.Union:
		return heldInAll(n)
	case *logical.SetOp:
		in, m := heldTo(n.Left), map[logical.ColID]expr.Expr{}
		for i, id := range n.LeftCols {
			if in[id] != nil {
				m[n.Cols[i]] = in[id]
			}
		}
		return m
	case *logical.Values:
		return map[logical.ColID]expr.Expr{}
	}
	if in := n.Inputs(); len(in) == 1 {
		return heldTo(in[0])
	}
	return map[logical.ColID]expr.Expr{}
}

// heldInAll gives the columns that all inputs of a union hold to the same constant.
func heldInAll(n *logical.Union) map[logical.ColID]expr.Expr {
	m := map[logical.ColID]expr.Expr{}
	for k, in := range n.In {
		held := heldTo(in)
		for i, id := range n.Cols {
			e := held[n.From[k][i]]
			if k == 0 && e != nil {
				m[id] = e
			} else if m[id] != nil && !expr.Equal(m[id], e) {
				delete(m, id)
			}
		}
	}
	return m
}
