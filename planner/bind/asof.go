package bind

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
)

// asOfKind checks the kind of an ASOF JOIN.
func asOfKind(j *ast.Join) error {
	switch j.Type {
	case ast.RightJoin:
		return pgerr.Unsupported("ASOF RIGHT JOIN").At(j.Pos).
			WithHint("Exchange the two sides, so that the rows which are to be kept come first: b ASOF LEFT JOIN a.")
	case ast.FullJoin:
		return pgerr.Unsupported("ASOF FULL JOIN").At(j.Pos).
			WithHint("ASOF LEFT JOIN keeps the rows of the left side; rows of the right that are nobody's nearest can be added by UNION ALL.")
	}
	return nil
}

// asOfJoin binds the condition of an ASOF JOIN: equalities, which may be none, and one inequality.
func (b *Binder) asOfJoin(j *ast.Join, left, right *from, s *scope) (*from, error) {
	kind := joinKinds[j.Type]
	a, err := b.newAsOf(left, right, kind == physical.Left, j)
	if err != nil {
		return nil, err
	}
	l, r := missing(kind, left.items, right.items)
	out := &from{items: slices.Concat(l, r)}
	scope := &scope{outer: s.outer, within: s.within, items: slices.Concat(left.items, right.items), hidden: s.items, ctes: s.ctes}
	if j.Match != nil {
		if err := a.takeAll(b.clause(scope, "MATCH_CONDITION"), j.Match); err != nil {
			return nil, err
		}
		if a.inequalities == 0 || len(a.n.LeftKeys) > 0 {
			return nil, pgerr.New(pgerr.SyntaxError, "MATCH_CONDITION must be one inequality between a column of the left side and one of the right").
				WithHint("For example, MATCH_CONDITION (a.ts >= b.ts) ON a.k = b.k.").At(ast.Start(j.Match))
		}
	}
	if len(j.Using) > 0 {
		return b.asOfUsing(a, j, &from{node: left.node, items: l}, &from{node: right.node, items: r}, s)
	}
	if j.On != nil {
		if err := a.takeAll(b.clause(scope, "JOIN conditions"), j.On); err != nil {
			return nil, err
		}
	}
	out.node, err = a.finish()
	return out, err
}

// asOfUsing takes the columns of USING for equal ones, and the last, where there is no MATCH_CONDITION, for the time.
func (b *Binder) asOfUsing(a *asOf, j *ast.Join, left, right *from, s *scope) (*from, error) {
	equal := &logical.Join{Kind: joinKinds[j.Type], Left: left.node, Right: right.node}
	out, err := b.joinUsing(j, equal, left, right, s)
	if err != nil {
		return nil, err
	}
	c := b.clause(&scope{outer: s.outer, ctes: s.ctes}, "JOIN/USING")
	for i, p := range equal.On {
		if j.Match == nil && i == len(equal.On)-1 {
			l, r, _, ok := logical.Equality(p)
			if !ok {
				return nil, pgerr.Unsupported("an ASOF JOIN by columns of type " + p.Type().String()).At(j.Pos)
			}
			if p, err = c.operator(">=", l, r, j.Pos); err != nil {
				return nil, err
			}
		}
		if err := a.take(p, j.Pos); err != nil {
			return nil, err
		}
	}
	n, err := a.finish()
	if err != nil {
		return nil, err
	}
	// The merged columns may be computed over the join.
	if p, ok := out.node.(*logical.Project); ok {
		computed := slices.DeleteFunc(slices.Clone(p.Items), func(it logical.Item) bool { return it.PassThrough() })
		n = b.cols.Extend(n, computed...)
	}
	out.node = n
	return out, nil
}

// asOf is an ASOF JOIN whose condition is being read.
type asOf struct {
	b            *Binder
	n            *logical.AsOf
	pos          int
	l, r         logical.ColSet
	left, right  []logical.Item // computed columns that are joined on
	inequalities int
	// leftOnly and rightOnly are conditions that read one side: the left rows that are joined at all, and the right rows there are.
	leftOnly, rightOnly []expr.Expr
}

func (b *Binder) newAsOf(left, right *from, outer bool, j *ast.Join) (*asOf, error) {
	a := &asOf{b: b, pos: j.Pos, l: logical.OutputSet(left.node), r: logical.OutputSet(right.node)}
	if logical.Free(right.node).Intersects(a.l) {
		return nil, pgerr.Unsupported("LATERAL as the right side of an ASOF JOIN").At(j.Right.Position()).
			WithHint("Put conditions that read both sides into the ON clause.")
	}
	a.n = &logical.AsOf{Left: left.node, Right: right.node, Outer: outer}
	for _, col := range right.cols() {
		if !col.hidden && !slices.Contains(a.n.Ties, col.id) {
			a.n.Ties = append(a.n.Ties, col.id)
		}
	}
	return a, nil
}

// takeAll reads a condition.
func (a *asOf) takeAll(c *clause, e ast.Expr) error {
	list := []ast.Expr{e}
	if and, ok := e.(*ast.And); ok {
		list = and.Args
	}
	for _, e := range list {
		x, err := c.bindBool(e, "JOIN/ON")
		if err != nil {
			return err
		}
		if len(c.pending) > 0 {
			return pgerr.Unsupported("a subquery in the condition of an ASOF JOIN").At(ast.Start(e)).
				WithHint("Join the subquery to one of the sides first.")
		}
		for _, p := range logical.Conjuncts(x) {
			if err := a.take(p, ast.Start(e)); err != nil {
				return err
			}
		}
	}
	return nil
}

// take reads a conjunct.
func (a *asOf) take(p expr.Expr, pos int) error {
	cols := logical.ExprCols(p)
	switch {
	case !cols.Intersects(a.r):
		a.leftOnly = append(a.leftOnly, p)
		return nil
	case !cols.Intersects(a.l):
		a.rightOnly = append(a.rightOnly, p)
		return nil
	}
	if x, y, nullSafe, ok := logical.Equality(p); ok {
		if l, r, _, ok := a.sides(x, y); ok {
			a.n.LeftKeys = append(a.n.LeftKeys, a.column(l, &a.left))
			a.n.RightKeys = append(a.n.RightKeys, a.column(r, &a.right))
			a.n.NullSafe = append(a.n.NullSafe, nullSafe)
			return nil
		}
	}
	if call, ok := p.(*expr.Call); ok && call.Func.Operator && len(call.Args) == 2 {
		switch op := call.Func.Name; op {
		case "<", "<=", ">", ">=":
			if l, r, turned, ok := a.sides(call.Args[0], call.Args[1]); ok {
				return a.inequality(l, r, op[0] == '<' != turned, len(op) == 1, pos)
			}
		}
	}
	if _, ok := p.(*expr.Or); ok {
		return pgerr.Unsupported("OR in the condition of an ASOF JOIN").At(pos).
			WithHint("Its condition is equalities and one inequality, connected by AND. Filter the result, or join twice and combine the results by UNION ALL.")
	}
	return pgerr.Unsupported("a condition of an ASOF JOIN that is neither an equality nor an inequality between its sides").At(pos).
		WithHint("Each condition compares an expression over the left side with one over the right: equalities, and one of >=, >, <=, <. Others belong into WHERE.")
}

// sides tells which operand reads the left side and which the right; turned says that the right's stands first.
func (a *asOf) sides(x, y expr.Expr) (l, r expr.Expr, turned, ok bool) {
	xc, yc := logical.ExprCols(x), logical.ExprCols(y)
	if !xc.Intersects(a.r) && !yc.Intersects(a.l) {
		return x, y, false, true
	}
	return y, x, true, !xc.Intersects(a.l) && !yc.Intersects(a.r)
}

// inequality takes what decides which right row is the nearest.
func (a *asOf) inequality(l, r expr.Expr, after, strict bool, pos int) error {
	if a.inequalities++; a.inequalities > 1 {
		return pgerr.New(pgerr.SyntaxError, "an ASOF JOIN must have one inequality, not several").
			WithHint("The inequality says by which columns the nearest row is found. To look back no further than some time, filter the result.").At(pos)
	}
	c := a.b.clause(&scope{}, "JOIN/ON")
	x, y, ok := logical.Comparable(l, r)
	if !ok {
		t, err := c.commonType("ASOF JOIN", []expr.Expr{l, r}, pos, pos)
		if err != nil {
			return err
		}
		sides, err := c.coerceAll([]expr.Expr{l, r}, t, pos)
		if err != nil {
			return err
		}
		if x, y, ok = logical.Comparable(sides[0], sides[1]); !ok {
			return pgerr.Unsupported("an ASOF JOIN by " + l.Type().String() + " and " + r.Type().String()).At(pos)
		}
	}
	a.n.LeftTime, a.n.RightTime = a.column(x, &a.left), a.column(y, &a.right)
	a.n.After, a.n.Strict = after, strict
	return nil
}

// column gives a column that holds e.
func (a *asOf) column(e expr.Expr, items *[]logical.Item) logical.ColID {
	if col, ok := e.(*expr.Column); ok {
		return col.Index
	}
	id := a.b.cols.Add(logical.Column{Name: "key", T: e.Type()})
	*items = append(*items, logical.Item{Col: id, Expr: e})
	return id
}

// unless gives a column that is a computed or given one of the left, but NULL where the conditions on the left do not hold.
func (a *asOf) unless(id logical.ColID) logical.ColID {
	ref := a.b.cols.Ref(id)
	var value expr.Expr = ref
	for _, it := range a.left {
		if it.Col == id {
			value = it.Expr
		}
	}
	e := &expr.Case{Whens: []expr.When{{Cond: logical.Conjoin(a.leftOnly), Result: value}}, T: ref.T}
	a.leftOnly = nil
	return a.column(e, &a.left)
}

// finish makes the operator.
func (a *asOf) finish() (logical.Node, error) {
	if a.inequalities == 0 {
		return nil, pgerr.New(pgerr.SyntaxError, "an ASOF JOIN must have an inequality between a column of the left side and one of the right").
			WithHint("For example, ON a.k = b.k AND a.ts >= b.ts joins the row of b that is the last at or before a.ts.").At(a.pos)
	}
	n := a.n
	if len(a.leftOnly) > 0 && n.Outer {
		// A row for which the conditions do not hold has no partner, as one without a time.
		n.LeftTime = a.unless(n.LeftTime)
	}
	n.Left = a.b.cols.Extend(logical.NewFilter(n.Left, a.leftOnly...), a.left...)
	n.Right = a.b.cols.Extend(logical.NewFilter(n.Right, a.rightOnly...), a.right...)
	return n, nil
}
