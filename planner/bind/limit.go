package bind

import (
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// rowCount is a bound LIMIT or OFFSET.
type rowCount struct {
	expr expr.Expr // nil is none
	// subqueries are those of the expression.
	subqueries []pending
	clause     string
	negative   pgerr.Code
}

// fixed reports whether the count is known when the statement starts.
func (r *rowCount) fixed() bool {
	return r.expr == nil || len(r.subqueries) == 0 && logical.ExprCols(r.expr).Empty()
}

// limits binds LIMIT, OFFSET and FETCH.
func (b *Binder) limits(rel *Rel, q *ast.Select, s *scope) error {
	if q.Limit == nil && q.Offset == nil {
		return nil
	}
	if q.FetchWithTies && len(q.OrderBy) == 0 {
		return pgerr.New(pgerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause").At(q.Limit.Position())
	}
	if rel.scope != nil {
		s = rel.scope // for the message about a column
	} else {
		s = &scope{outer: s.outer, within: s.within, hidden: s.hidden, ctes: s.ctes}
	}
	limit := &rowCount{clause: "LIMIT", negative: pgerr.InvalidRowCountInLimit}
	offset := &rowCount{clause: "OFFSET", negative: pgerr.InvalidRowCountInOffset}
	if err := b.rowCount(limit, q.Limit, s); err != nil {
		return err
	}
	if err := b.rowCount(offset, q.Offset, s); err != nil {
		return err
	}
	if !limit.fixed() || !offset.fixed() {
		b.limitByNumber(rel, limit, offset, q.FetchWithTies)
		return nil
	}
	rel.Limit, rel.Offset = limit.expr, offset.expr
	if k, ok := rel.Offset.(*expr.Const); ok && k.Value.I == 0 {
		rel.Offset = nil
	}
	rel.WithTies = q.FetchWithTies && rel.Limit != nil
	return nil
}

// rowCount binds a count of rows.
func (b *Binder) rowCount(r *rowCount, e ast.Expr, s *scope) error {
	if e == nil {
		return nil
	}
	c := b.clause(s, r.clause)
	x, err := c.bind(e)
	if err != nil {
		return err
	}
	if !x.Type().Is(types.Unknown) && x.Type().Category() != 'N' {
		return pgerr.New(pgerr.DatatypeMismatch, "argument of %s must be type bigint, not type %s", r.clause, x.Type()).At(ast.Start(e))
	}
	if x, err = c.coerce(x, types.Of(types.Int8), assignment, ast.Start(e)); err != nil {
		return err
	}
	used := logical.ExprCols(x)
	for _, p := range c.pending {
		used.Union(logical.Free(p.node))
	}
	for _, id := range used.List() {
		if s.gives(logical.SetOf(id)) {
			return pgerr.New(pgerr.InvalidColumnReference, "argument of %s must not contain variables", r.clause).At(b.firstRef(id, ast.Start(e)))
		}
	}
	r.expr, r.subqueries = b.fold(x), c.pending
	if k, ok := r.expr.(*expr.Const); ok {
		switch {
		case k.Value.Null:
			r.expr = nil
		case k.Value.I < 0:
			return pgerr.New(r.negative, "%s must not be negative", r.clause)
		}
	}
	return nil
}

// limitByNumber limits rows by counts that are computed as rows are, from a subquery or an outer query's row: it numbers the
// rows in their order and compares the numbers. A row is within a limit with ties if the first of its peers is.
func (b *Binder) limitByNumber(rel *Rel, limit, offset *rowCount, ties bool) {
	int8 := types.Of(types.Int8)
	n := rel.Node
	number := func(rank physical.RankKind) expr.Expr {
		id := b.cols.Add(logical.Column{Name: "row_number", T: int8})
		n = &logical.TopN{Input: n, Order: rel.Order, RowNumber: id, Rank: rank}
		return b.cols.Ref(id)
	}
	last := number(physical.RowNumberRank)
	place := last
	if ties {
		last = number(physical.Rank)
	}
	value := func(r *rowCount, none int64) expr.Expr {
		if r.expr == nil {
			return bigint(none)
		}
		c := &clause{b: b, pending: r.subqueries}
		n = c.attach(n)
		check := &expr.Call{Func: scalar.RowCount(r.clause, r.negative), Args: []expr.Expr{r.expr}, T: int8}
		return &expr.Coalesce{Args: []expr.Expr{check, bigint(none)}, T: int8}
	}
	skipped, kept := value(offset, 0), value(limit, -1)
	compare := func(op string, l, r expr.Expr) expr.Expr {
		x, err := scalar.Operator(op, l, r, 0)
		if err != nil {
			panic(err) // bigint has these operators
		}
		return x
	}
	preds := []expr.Expr{compare(">", place, skipped)}
	if limit.expr != nil {
		// last - skipped cannot overflow, as skipped + kept could.
		within := compare("<=", compare("-", last, skipped), kept)
		preds = append(preds, &expr.Or{Args: []expr.Expr{compare("<", kept, bigint(0)), within}})
	}
	out := logical.NewFilter(n, preds...)
	rel.Node = b.cols.Narrow(out, append(rel.ids(), sortIDs(rel.Order)...))
	rel.Limit, rel.Offset = nil, nil
}

func bigint(v int64) expr.Expr {
	return &expr.Const{Value: types.NewInt(v), T: types.Of(types.Int8)}
}

func sortIDs(order []logical.SortKey) []logical.ColID {
	ids := make([]logical.ColID, len(order))
	for i, o := range order {
		ids[i] = o.Col
	}
	return ids
}
