package rules

import (
	"math"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// pushLimits drops limits that limit nothing, and limits the inputs of a union.
//
// Before: SELECT max(a) FROM t LIMIT 1; SELECT * FROM (a UNION ALL b) ORDER BY x LIMIT 10; LIMIT 0.
// After: without the limit; the first ten of the first ten of each; no rows.
// Why: less is kept and passed on.
// Guard: the inputs' limit is offset and limit together, and they are ordered as the whole is, down to the columns that
// decide between equals, so that it picks the same rows. Limits by group, with ties or numbers are left alone.
func pushLimits(c *Context, n logical.Node) logical.Node {
	t, ok := n.(*logical.TopN)
	if !ok || t.RowNumber != 0 || t.Rank != physical.RowNumberRank {
		return n
	}
	if t.Limit == nil && t.Offset == nil {
		return t.Input
	}
	limit, offset, ok := counts(t)
	if !ok {
		return n
	}
	if limit == 0 {
		return nothing(n)
	}
	if offset == 0 && limit >= 1 && (c.Analysis.AtMostOne(t.Input) || len(t.Group) > 0 && c.Analysis.HasKey(t.Input, logical.SetOf(t.Group...))) {
		return t.Input
	}
	u, isUnion := t.Input.(*logical.Union)
	if !isUnion || limit < 0 || len(t.Group) > 0 || t.WithTies || limit > math.MaxInt64-offset {
		return n
	}
	x := *u
	x.In = make([]logical.Node, len(u.In))
	changed := false
	for k, in := range u.In {
		x.In[k] = c.limitBranch(t, u, k, in, limit+offset)
		changed = changed || x.In[k] != in
	}
	if !changed {
		return n
	}
	y := *t
	y.Input = &x
	return &y
}

// counts reads a TopN's bounds where they are constants; no limit is -1.
func counts(t *logical.TopN) (limit, offset int64, ok bool) {
	limit = -1
	if t.Limit != nil {
		k, isConst := t.Limit.(*expr.Const)
		if !isConst || k.Value.Null {
			return 0, 0, false
		}
		limit = k.Value.I
	}
	if t.Offset != nil {
		k, isConst := t.Offset.(*expr.Const)
		if !isConst || k.Value.Null {
			return 0, 0, false
		}
		offset = k.Value.I
	}
	return limit, offset, true
}

// limitBranch limits one input of a union, unless it is limited as well already.
func (c *Context) limitBranch(t *logical.TopN, u *logical.Union, k int, in logical.Node, limit int64) logical.Node {
	if c.Analysis.AtMostOne(in) {
		return in
	}
	if b, ok := in.(*logical.TopN); ok && len(b.Group) == 0 {
		if have, _, ok := counts(b); ok && have >= 0 && have <= limit {
			return in
		}
	}
	// Exactly the union's columns, in its order: they decide between rows that are equal by Order.
	p := &logical.Project{Input: in}
	b := &logical.TopN{Limit: bigint(limit)}
	at := map[logical.ColID]logical.ColID{}
	var seen logical.ColSet
	for i, id := range u.Cols {
		from := u.From[k][i]
		at[id] = from
		if !seen.Has(from) {
			seen.Add(from)
			p.Items = append(p.Items, logical.Item{Col: from, Expr: c.Columns.Ref(from)})
		}
	}
	b.Input = p
	for _, o := range t.Order {
		b.Order = append(b.Order, logical.SortKey{Col: at[o.Col], Desc: o.Desc, NullsFirst: o.NullsFirst})
	}
	return b
}
