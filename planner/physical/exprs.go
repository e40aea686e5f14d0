package physical

import (
	"slices"

	"millrace/expr"
)

// MapExprs gives a copy of the plan with every expression replaced by f's result: parameters by their values.
// Nodes without expressions are shared. A LIMIT or OFFSET that becomes a constant of zero or more takes effect.
func (p *Plan) MapExprs(f func(expr.Expr) expr.Expr) *Plan {
	out := *p
	out.Nodes = make([]Node, len(p.Nodes))
	one := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		return f(e)
	}
	for i, n := range p.Nodes {
		out.Nodes[i] = mapNode(n, one)
	}
	return &out
}

func mapNode(n Node, f func(expr.Expr) expr.Expr) Node {
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Filter, c.Point = f(n.Filter), mapList(n.Point, f)
		if n.History != nil {
			c.History = &History{Changes: n.History.Changes, From: f(n.History.From), To: f(n.History.To)}
		}
		return &c
	case *Values:
		c := *n
		c.Rows = make([][]expr.Expr, len(n.Rows))
		for i, row := range n.Rows {
			c.Rows[i] = mapList(row, f)
		}
		return &c
	case *Series:
		c := *n
		c.Funcs = make([]SetFunc, len(n.Funcs))
		for i, fn := range n.Funcs {
			fn.Args = mapList(fn.Args, f)
			c.Funcs[i] = fn
		}
		return &c
	case *Filter:
		c := *n
		c.Pred = f(n.Pred)
		return &c
	case *TemporalFilter:
		c := *n
		c.Pred, c.Turns = f(n.Pred), slices.Clone(n.Turns)
		for i := range c.Turns {
			c.Turns[i].Cond, c.Turns[i].At = f(c.Turns[i].Cond), f(c.Turns[i].At)
		}
		return &c
	case *Project:
		c := *n
		c.Exprs = mapList(n.Exprs, f)
		return &c
	case *Join:
		c := *n
		c.On = f(n.On)
		return &c
	case *DeltaJoin:
		c := *n
		c.On = f(n.On)
		return &c
	case *Aggregate:
		c := *n
		c.Aggs = slices.Clone(n.Aggs)
		for i := range c.Aggs {
			c.Aggs[i].Params = mapList(c.Aggs[i].Params, f)
		}
		return &c
	case *Over:
		c := *n
		c.Funcs = slices.Clone(n.Funcs)
		for i := range c.Funcs {
			fn := &c.Funcs[i]
			fn.N, fn.Frame.Start.Offset, fn.Frame.End.Offset = f(fn.N), f(fn.Frame.Start.Offset), f(fn.Frame.End.Offset)
			fn.Agg.Params = mapList(fn.Agg.Params, f)
		}
		return &c
	case *TopN:
		c := *n
		c.LimitExpr, c.OffsetExpr = f(n.LimitExpr), f(n.OffsetExpr)
		settle(&c.LimitExpr, &c.Limit, -1)
		settle(&c.OffsetExpr, &c.Offset, 0)
		return &c
	}
	return n
}

func mapList(es []expr.Expr, f func(expr.Expr) expr.Expr) []expr.Expr {
	if es == nil {
		return nil
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = f(e)
	}
	return out
}
