package rules

import (
	"millrace/expr"
	"millrace/planner/logical"
)

// flattenUnions makes one union of unions of unions.
//
// Before: (a UNION ALL b) UNION ALL c, as a set operation of many inputs is bound; a union of one input.
// After: one union of three inputs; the input, its columns renamed.
// Why: one operator instead of a chain.
// Guard: only UNION ALL in UNION ALL; the DISTINCT of a UNION in between is an operator of its own.
func flattenUnions(c *Context, n logical.Node) logical.Node {
	u, ok := n.(*logical.Union)
	if !ok {
		return n
	}
	if len(u.In) == 1 {
		p := &logical.Project{Input: u.In[0]}
		for i, id := range u.Cols {
			p.Items = append(p.Items, logical.Item{Col: id, Expr: c.Columns.Ref(u.From[0][i])})
		}
		return p
	}
	flat := &logical.Union{Cols: u.Cols}
	for k, in := range u.In {
		inner, names := unionOf(in)
		if inner == nil {
			flat.In, flat.From = append(flat.In, in), append(flat.From, u.From[k])
			continue
		}
		at := map[logical.ColID]int{}
		for i, id := range inner.Cols {
			at[id] = i
		}
		for m := range inner.In {
			from := make([]logical.ColID, len(u.Cols))
			for i, id := range u.From[k] {
				if to, ok := names[id]; ok {
					id = to
				}
				from[i] = inner.From[m][at[id]]
			}
			flat.In, flat.From = append(flat.In, inner.In[m]), append(flat.From, from)
		}
	}
	if len(flat.In) == len(u.In) {
		return n
	}
	return flat
}

// unionOf finds a union of several inputs, possibly under a projection that renames its columns.
func unionOf(n logical.Node) (*logical.Union, map[logical.ColID]logical.ColID) {
	names := map[logical.ColID]logical.ColID{}
	if p, ok := n.(*logical.Project); ok {
		for _, it := range p.Items {
			col, ok := it.Expr.(*expr.Column)
			if !ok {
				return nil, nil
			}
			names[it.Col] = col.Index
		}
		n = p.Input
	}
	u, ok := n.(*logical.Union)
	if !ok || len(u.In) < 2 {
		return nil, nil
	}
	return u, names
}
