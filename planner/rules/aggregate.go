package rules

import (
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/logical"
)

// simplifyAggregates makes aggregates cheaper that mean less than they say.
//
// Before: max(DISTINCT x); count(x) of a column that is never NULL; GROUP BY a, 'constant'.
// After: max(x); count(*); GROUP BY a.
// Why: DISTINCT keeps every value of a group; count(*) reads no column and can be shared; a group's columns are its key.
// Guard: count(DISTINCT x) stays unless x repeats in no group; a GROUP BY of constants only still gives no row for no
// input.
func simplifyAggregates(c *Context, n logical.Node) logical.Node {
	a, ok := n.(*logical.Aggregate)
	if !ok {
		return n
	}
	x := *a
	x.Aggs = slices.Clone(a.Aggs)
	changed := false
	notNull := c.Analysis.NotNull(a.Input)
	for i := range x.Aggs {
		g := &x.Aggs[i]
		if g.Distinct && (g.Func.Once || c.Analysis.HasKey(a.Input, logical.SetOf(append(slices.Clone(a.Group), g.Args...)...))) {
			g.Distinct, changed = false, true
		}
		if star := countStar(); star != nil && g.Func.Name == "count" && !g.Func.Star && !g.Distinct && len(g.Args) == 1 && notNull.Has(g.Args[0]) {
			g.Func, g.Args, changed = star, nil, true
		}
	}
	constants := constantItems(a.Input, a.Group)
	if len(constants) == 0 {
		if changed {
			return &x
		}
		return n
	}
	x.Group, x.Grouped = nil, true
	p := &logical.Project{Input: &x}
	for _, id := range a.Output() {
		if e, ok := constants[id]; ok {
			p.Items = append(p.Items, logical.Item{Col: id, Expr: e})
			continue
		}
		if slices.Contains(a.Group, id) {
			x.Group = append(x.Group, id)
		}
		p.Items = append(p.Items, logical.Item{Col: id, Expr: c.Columns.Ref(id)})
	}
	return p
}

func countStar() *agg.Function {
	for _, f := range agg.Lookup("count") {
		if f.Star {
			return f
		}
	}
	return nil
}

// constantItems finds columns that a projection makes of constants.
func constantItems(n logical.Node, cols []logical.ColID) map[logical.ColID]expr.Expr {
	p, ok := n.(*logical.Project)
	if !ok {
		return nil
	}
	m := map[logical.ColID]expr.Expr{}
	for _, it := range p.Items {
		switch it.Expr.(type) {
		case *expr.Const, *expr.Param:
			if slices.Contains(cols, it.Col) {
				m[it.Col] = it.Expr
			}
		}
	}
	return m
}
