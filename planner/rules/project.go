package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
)

// mergeProjects makes one projection of two, and drops those that change nothing.
//
// Before: SELECT x + 1 FROM (SELECT a * 2 AS x FROM t); SELECT of all columns.
// After: SELECT a * 2 + 1 FROM t; the input itself. A projection of one constant row is a constant row.
// Why: one pass over the rows.
// Guard: an expression that is used twice is computed once, below; a volatile one stays where it is: in
// SELECT r, r FROM (SELECT random() AS r) both are the same number.
func mergeProjects(c *Context, n logical.Node) logical.Node {
	p, ok := n.(*logical.Project)
	if !ok {
		return n
	}
	if !slices.ContainsFunc(p.Items, func(it logical.Item) bool { return !it.PassThrough() }) && slices.Equal(sorted(p.Output()), sorted(p.Input.Output())) {
		return p.Input
	}
	switch in := p.Input.(type) {
	case *logical.Project:
		if names, ok := inlinable(p, in); ok {
			out := &logical.Project{Input: in.Input, Items: slices.Clone(p.Items)}
			for i := range out.Items {
				out.Items[i].Expr = logical.RenameExpr(out.Items[i].Expr, names)
			}
			return out
		}
	case *logical.Values:
		if len(in.Rows) == 1 {
			return c.constantRow(p, in)
		}
	}
	return n
}

func sorted(ids []logical.ColID) []logical.ColID {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

// inlinable gives what stands for the inner projection's columns in the outer one.
func inlinable(outer, inner *logical.Project) (map[logical.ColID]expr.Expr, bool) {
	uses := map[logical.ColID]int{}
	for _, it := range outer.Items {
		expr.Walk(it.Expr, func(x expr.Expr) bool {
			if col, ok := x.(*expr.Column); ok {
				uses[col.Index]++
			}
			return true
		})
	}
	names := map[logical.ColID]expr.Expr{}
	for _, it := range inner.Items {
		names[it.Col] = it.Expr
		switch it.Expr.(type) {
		case *expr.Column, *expr.Const, *expr.Param:
			continue
		}
		if uses[it.Col] > 1 || uses[it.Col] > 0 && expr.VolatilityOf(it.Expr) == expr.Volatile {
			return nil, false
		}
	}
	return names, true
}

// constantRow computes a projection of one constant row as a constant row.
func (c *Context) constantRow(p *logical.Project, v *logical.Values) logical.Node {
	names := map[logical.ColID]expr.Expr{}
	for i, id := range v.Cols {
		switch v.Rows[0][i].(type) {
		case *expr.Const, *expr.Param:
		default:
			return p
		}
		names[id] = v.Rows[0][i]
	}
	out := &logical.Values{Cols: p.Output(), Rows: [][]expr.Expr{make([]expr.Expr, len(p.Items))}}
	for i, it := range p.Items {
		out.Rows[0][i] = logical.RenameExpr(it.Expr, names)
	}
	return out
}
