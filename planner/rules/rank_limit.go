package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/types"
)

// rankLimit bounds the rows that are numbered by a condition on their number.
//
// Before: SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY a ORDER BY b) AS r FROM t) WHERE r <= 3.
// After: the first three rows per group; without their numbers where these are not selected.
// Why: numbering all rows of a group changes all numbers behind a new row, and needs all rows kept.
// Guard: the number is compared with a constant from above. r > 3, or r = 2, keeps its condition; r = 2 bounds as r <= 2
// does. A group's rows may be limited only while nothing between the numbering and the condition numbers rows again.
func rankLimit(c *Context, n logical.Node) logical.Node {
	f, ok := n.(*logical.Filter)
	if !ok {
		return n
	}
	t, ok := f.Input.(*logical.TopN)
	if !ok || t.RowNumber == 0 || t.Limit != nil || t.Offset != nil {
		return n
	}
	limit := int64(-1)
	var keep []expr.Expr
	for _, p := range f.Preds {
		bound, drop, ok := rankBound(p, t.RowNumber)
		if ok && bound >= 0 && (limit < 0 || bound < limit) {
			limit = bound
		}
		if !ok || !drop {
			keep = append(keep, p)
		}
	}
	if limit < 0 {
		if len(keep) == len(f.Preds) {
			return n
		}
		return logical.NewFilter(t, keep...)
	}
	if limit == 0 {
		return nothing(n)
	}
	x := *t
	x.Limit = bigint(limit)
	return logical.NewFilter(&x, slices.Clip(keep)...)
}

// rankBound reads a condition on a row's number: bound is the highest number that it lets through, -1 when it only says
// what holds for all; drop says that it says no more than that.
func rankBound(p expr.Expr, number logical.ColID) (bound int64, drop, ok bool) {
	call, isCall := p.(*expr.Call)
	if !isCall || !call.Func.Operator || len(call.Args) != 2 {
		return 0, false, false
	}
	op := call.Func.Name
	col, k := call.Args[0], call.Args[1]
	if _, isConst := col.(*expr.Const); isConst {
		col, k = k, col
		op = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}[op]
	}
	ref, isCol := col.(*expr.Column)
	v, isConst := k.(*expr.Const)
	if !isCol || ref.Index != number || !isConst || v.Value.Null {
		return 0, false, false
	}
	switch v.T.Kind {
	case types.Int2, types.Int4, types.Int8:
	default:
		return 0, false, false
	}
	n := v.Value.I
	switch op {
	case "<=":
		return max(n, 0), true, true
	case "<":
		return max(n-1, 0), true, true
	case "=":
		return max(n, 0), n <= 1, true
	case ">=":
		return -1, n <= 1, n <= 1
	case ">":
		return -1, n <= 0, n <= 0
	}
	return 0, false, false
}
