package physical

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// Bind gives a copy of the plan for the values of its parameters: they are put in place of the expr.Param nodes, and
// LIMIT and OFFSET get their numbers. Errors are those of the two clauses: 2201W and 2201X for negative numbers.
func (p *Plan) Bind(ctx *expr.Context, params []types.Datum) (*Plan, error) {
	out := p.MapExprs(func(e expr.Expr) expr.Expr { return expr.Substitute(e, params) })
	for i, n := range out.Nodes {
		t, ok := n.(*TopN)
		if !ok || t.LimitExpr == nil && t.OffsetExpr == nil {
			continue
		}
		c := *t
		var err error
		if c.LimitExpr != nil {
			if c.Limit, err = rowCount(ctx, c.LimitExpr, -1, pgerr.InvalidRowCountInLimit, "LIMIT"); err != nil {
				return nil, err
			}
		}
		if c.OffsetExpr != nil {
			if c.Offset, err = rowCount(ctx, c.OffsetExpr, 0, pgerr.InvalidRowCountInOffset, "OFFSET"); err != nil {
				return nil, err
			}
		}
		c.LimitExpr, c.OffsetExpr = nil, nil
		out.Nodes[i] = &c
	}
	return out, nil
}

// rowCount evaluates LIMIT or OFFSET; NULL is as if the clause were not there.
func rowCount(ctx *expr.Context, e expr.Expr, none int64, code pgerr.Code, what string) (int64, error) {
	d, err := expr.EvalConst(ctx, e)
	switch {
	case err != nil:
		return 0, err
	case d.Null:
		return none, nil
	case d.I < 0:
		return 0, pgerr.New(code, "%s must not be negative", what)
	}
	return d.I, nil
}

// settle gives LIMIT or OFFSET its number once it is a constant. A negative one stays an expression, for Bind to refuse;
// whoever does not ask Bind gets no rows.
func settle(e *expr.Expr, v *int64, none int64) {
	if *e == nil {
		return
	}
	*e = expr.Fold(*e)
	k, ok := (*e).(*expr.Const)
	switch {
	case !ok:
	case k.Value.Null:
		*e, *v = nil, none
	case k.Value.I >= 0:
		*e, *v = nil, k.Value.I
	case none < 0:
		*v = 0
	}
}
