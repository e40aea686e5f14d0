package bind

import (
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/sql/ast"
)

// sameSubqueries finds the subqueries of clauses that are evaluated after the grouping which are written as one of GROUP BY
// is, and so have its value: it takes them from the clauses and gives what their columns are. Both see the same names, so that
// equal text has equal meaning.
func (g *groupBy) sameSubqueries(after ...*clause) map[logical.ColID]expr.Expr {
	names := map[logical.ColID]expr.Expr{}
	if len(g.subqueries) == 0 {
		return names
	}
	known := map[subqueryText]pending{}
	key := subqueryTexts()
	for _, p := range g.subqueries {
		if p.of == nil {
			continue // the body of a function
		}
		if k := key(p); known[k].node == nil {
			known[k] = p
		}
	}
	for _, c := range after {
		var rest []pending
		key := subqueryTexts()
		for _, p := range c.pending {
			var q pending
			ok := p.of != nil
			if ok {
				q, ok = known[key(p)]
			}
			if !ok {
				rest = append(rest, p)
				continue
			}
			to := q.node.Output()
			for i, id := range p.node.Output() {
				names[id] = c.b.cols.Ref(to[i])
			}
		}
		c.pending = rest
	}
	return names
}

// mergeSubqueries gives an expression of GROUP BY, whose subqueries are pending from number before on, with those in it that an
// earlier expression has, too: they are written alike, and so are one.
func (c *clause) mergeSubqueries(before int, e expr.Expr) expr.Expr {
	known := map[subqueryText]pending{}
	key := subqueryTexts()
	same := map[logical.ColID]logical.ColID{}
	kept := c.pending[:before:before]
	for i, p := range c.pending {
		if p.of == nil {
			if i >= before {
				kept = append(kept, p)
			}
			continue
		}
		k := key(p)
		first, ok := known[k]
		if !ok {
			known[k] = p
		}
		switch {
		case i < before:
		case !ok || first.kind != p.kind:
			kept = append(kept, p)
		default:
			to := first.node.Output()
			for n, id := range p.node.Output() {
				same[id] = to[n]
			}
		}
	}
	if len(same) == 0 {
		return e
	}
	c.pending = kept
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if col, ok := x.(*expr.Column); ok {
			if to, ok := same[col.Index]; ok {
				return c.b.cols.Ref(to)
			}
		}
		return x
	})
}

// subqueryText is how a subquery is written, and which one it is of those that its expression is bound as.
type subqueryText struct {
	text string
	part int
}

func subqueryTexts() func(pending) subqueryText {
	parts := map[ast.Expr]int{}
	return func(p pending) subqueryText {
		parts[p.of]++
		return subqueryText{ast.Format(p.of), parts[p.of]}
	}
}
