package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// pending is a subquery whose value an expression reads: a join that the clause's input needs before the expression
// can be evaluated.
type pending struct {
	kind physical.JoinKind
	node logical.Node
	pos  int
	// of is the expression that the subquery is of, to tell equal ones.
	of ast.Expr
}

// attach joins the pending subqueries to the plan that the clause's expressions are evaluated over.
func (c *clause) attach(n logical.Node) logical.Node {
	for _, p := range c.pending {
		n = &logical.Join{Kind: p.kind, Left: n, Right: p.node}
	}
	c.pending = nil
	return n
}

// bindSubquery binds a subquery as a value.
func (c *clause) bindSubquery(e ast.Expr) (expr.Expr, error) {
	if c.subqueryError != "" {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "%s", c.subqueryError).At(e.Position())
	}
	switch e := e.(type) {
	case *ast.InSubquery:
		return c.bindInSubquery(e)
	case *ast.Exists:
		return c.bindExists(e)
	case *ast.ScalarSubquery:
		return c.scalarSubquery(e)
	}
	return c.arraySubquery(e.(*ast.ArraySubquery))
}

// subquery binds a query that sees this clause's scope from inside.
func (c *clause) subquery(q *ast.Select) (*Rel, error) {
	if c.noSubqueries != "" {
		return nil, pgerr.Unsupported(c.noSubqueries).At(q.Pos)
	}
	return c.b.bindSubselect(q, c.scope, c)
}

// column1 checks that a subquery has one column.
func column1(r *Rel, pos int) error {
	if len(r.Cols) != 1 {
		return pgerr.New(pgerr.SyntaxError, "subquery must return only one column").At(pos)
	}
	return nil
}

// scalarSubquery binds (SELECT ...) as a value: before is joined with its one row.
func (c *clause) scalarSubquery(e *ast.ScalarSubquery) (expr.Expr, error) {
	r, err := c.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	if err := column1(r, e.Pos); err != nil {
		return nil, err
	}
	id := r.Cols[0].ID
	node := c.b.cols.Narrow(r.Finish(), []logical.ColID{id})
	c.pending = append(c.pending, pending{physical.Inner, &logical.SingleRow{Input: node}, e.Pos, e})
	return c.b.cols.Ref(id), nil
}

// rowSubquery binds (SELECT ...) as a row of n values.
func (c *clause) rowSubquery(e *ast.ScalarSubquery, n int) ([]expr.Expr, error) {
	r, err := c.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	switch {
	case len(r.Cols) > n:
		return nil, pgerr.New(pgerr.SyntaxError, "subquery has too many columns").At(e.Pos)
	case len(r.Cols) < n:
		return nil, pgerr.New(pgerr.SyntaxError, "subquery has too few columns").At(e.Pos)
	}
	node := c.b.cols.Narrow(r.Finish(), r.ids())
	c.pending = append(c.pending, pending{physical.Inner, &logical.SingleRow{Input: node}, e.Pos, e})
	out := make([]expr.Expr, n)
	for i, col := range r.Cols {
		out[i] = c.b.cols.Ref(col.ID)
	}
	return out, nil
}

// mark gives a boolean column that is true where n has a row, and NULL elsewhere.
func (c *clause) mark(n logical.Node, of ast.Expr) *expr.Column {
	b := c.b
	id := b.cols.Add(logical.Column{Name: "exists", T: types.Of(types.Bool)})
	one := &logical.Project{Input: n, Items: []logical.Item{{Col: id, Expr: &expr.Const{Value: types.NewBool(true), T: types.Of(types.Bool)}}}}
	c.pending = append(c.pending, pending{physical.Left, &logical.Distinct{Input: one}, of.Position(), of})
	return b.cols.Ref(id)
}

// existsMark is [clause.mark] as a boolean that is never NULL.
func (c *clause) existsMark(n logical.Node, of ast.Expr) expr.Expr {
	return &expr.IsNull{Arg: c.mark(n, of), Negate: true}
}

// bindExists binds EXISTS as a value.
func (c *clause) bindExists(e *ast.Exists) (expr.Expr, error) {
	r, err := c.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	return c.existsMark(existsInput(r), e), nil
}

// existsInput is the plan whose rows EXISTS asks for: a limit above zero makes no difference.
func existsInput(r *Rel) logical.Node {
	if k, ok := r.Limit.(*expr.Const); ok && r.Offset == nil && !k.Value.Null && k.Value.I > 0 {
		return r.Node
	}
	return r.Finish()
}

// comparison binds `left op subquery` for IN, ANY and ALL: the subquery's plan, and the condition under which one of
// its rows matches.
func (c *clause) comparison(left ast.Expr, op string, q *ast.Select, pos int) (logical.Node, []expr.Expr, error) {
	r, err := c.subquery(q)
	if err != nil {
		return nil, nil, err
	}
	lefts := []ast.Expr{left}
	if row, ok := left.(*ast.Row); ok {
		lefts = row.Args
	}
	switch {
	case len(lefts) < len(r.Cols):
		return nil, nil, pgerr.New(pgerr.SyntaxError, "subquery has too many columns").At(pos)
	case len(lefts) > len(r.Cols):
		return nil, nil, pgerr.New(pgerr.SyntaxError, "subquery has too few columns").At(pos)
	}
	rights := make([]expr.Expr, len(r.Cols))
	for i := range r.Cols {
		rights[i] = c.b.cols.Ref(r.Cols[i].ID)
	}
	xs, err := c.bindAll(lefts)
	if err != nil {
		return nil, nil, err
	}
	var p expr.Expr
	if len(xs) == 1 {
		p, err = c.operator(op, xs[0], rights[0], pos)
	} else {
		p, err = c.compareRows(op, xs, rights, pos)
	}
	if err == nil {
		p, err = c.toBool(p, "IN", pos)
	}
	if err == nil && c.sets.read(p) {
		err = pgerr.New(pgerr.DatatypeMismatch, "row comparison operator must not return a set").At(pos)
	}
	if err != nil {
		return nil, nil, err
	}
	preds := logical.Conjuncts(p)
	return r.Finish(), preds, nil
}

// inMark binds x IN (subquery) where false and NULL are the same.
func (c *clause) inMark(e *ast.InSubquery) (expr.Expr, error) {
	n, preds, err := c.comparison(e.Left, "=", e.Query, e.Pos)
	if err != nil {
		return nil, err
	}
	return c.existsMark(logical.NewFilter(n, preds...), e), nil
}

// anyMark binds x op ANY (subquery) where false and NULL are the same.
func (c *clause) anyMark(e *ast.AnyAll) (expr.Expr, error) {
	n, preds, err := c.comparison(e.Left, e.Op, e.Query, e.Pos)
	if err != nil {
		return nil, err
	}
	return c.existsMark(logical.NewFilter(n, preds...), e), nil
}

// bindInSubquery binds x [NOT] IN (subquery) as a value of three: true where a row is equal; otherwise NULL where a
// comparison was unknown, that is where there is a row and x is NULL, or a row with NULL; otherwise false.
func (c *clause) bindInSubquery(e *ast.InSubquery) (expr.Expr, error) {
	v, err := c.threeValued(e, e.Left, "=", e.Query, false)
	if err != nil || !e.Not {
		return v, err
	}
	return &expr.Not{Arg: v}, nil
}

// bindAnySubquery binds x op ANY | ALL (subquery) as a value of three.
func (c *clause) bindAnySubquery(e *ast.AnyAll) (expr.Expr, error) {
	return c.threeValued(e, e.Left, e.Op, e.Query, e.All)
}

// threeValued reads the subquery twice: once for rows that decide the answer (equal ones for ANY, unequal ones for
// ALL), once for rows whose comparison is unknown.
func (c *clause) threeValued(of, left ast.Expr, op string, q *ast.Select, all bool) (expr.Expr, error) {
	pos := of.Position()
	n, preds, err := c.comparison(left, op, q, pos)
	if err != nil {
		return nil, err
	}
	if all {
		preds = []expr.Expr{&expr.BoolTest{Arg: logical.Conjoin(preds), Want: types.NewBool(false)}}
	}
	decided := c.existsMark(logical.NewFilter(n, preds...), of)
	n, preds, err = c.comparison(left, op, q, pos)
	if err != nil {
		return nil, err
	}
	unknown := c.existsMark(logical.NewFilter(n, unknownPred(preds)), of)
	boolean := types.Of(types.Bool)
	return &expr.Case{T: boolean, Else: &expr.Const{Value: types.NewBool(all), T: boolean}, Whens: []expr.When{
		{Cond: decided, Result: &expr.Const{Value: types.NewBool(!all), T: boolean}},
		{Cond: unknown, Result: &expr.Const{Value: types.Null, T: boolean}},
	}}, nil
}

func unknownPred(preds []expr.Expr) expr.Expr {
	return &expr.BoolTest{Arg: logical.Conjoin(preds), Want: types.Null}
}

// arraySubquery binds ARRAY(SELECT ...) through array_agg.
func (c *clause) arraySubquery(e *ast.ArraySubquery) (expr.Expr, error) {
	r, err := c.subquery(e.Query)
	if err != nil {
		return nil, err
	}
	if err := column1(r, e.Pos); err != nil {
		return nil, err
	}
	id := r.Cols[0].ID
	t := c.b.cols.At(id).T
	f, _, ret, err := agg.Resolve("array_agg", []types.T{t}, false)
	if err != nil {
		return nil, err
	}
	out := c.b.cols.Add(logical.Column{Name: "array", T: ret})
	node := &logical.Aggregate{Input: r.Finish(), Aggs: []logical.Agg{{Col: out, Func: f, Args: []logical.ColID{id},
		Order: append(slices.Clone(r.Order), logical.SortKey{Col: id})}}}
	c.pending = append(c.pending, pending{physical.Inner, node, e.Pos, e})
	empty, err := types.ParseText(ret, []byte("{}"), types.DefaultEnv)
	if err != nil {
		return nil, err
	}
	return &expr.Coalesce{Args: []expr.Expr{c.b.cols.Ref(out), &expr.Const{Value: empty, T: ret}}, T: ret}, nil
}

// semi is a condition of WHERE that is a subquery: a semi or anti join.
type semi struct {
	of    ast.Expr
	anti  bool
	node  logical.Node
	on    []expr.Expr
	notIn bool
}

// asSemi binds a conjunct that is [NOT] EXISTS, [NOT] IN, ANY or ALL of a subquery; nil for any other.
func (c *clause) asSemi(e ast.Expr) (*semi, error) {
	if c.exact {
		return nil, nil
	}
	not := false
	for {
		n, ok := e.(*ast.Not)
		if !ok {
			break
		}
		not, e = !not, n.Arg
	}
	switch e := e.(type) {
	case *ast.Exists:
		r, err := c.subquery(e.Query)
		if err != nil {
			return nil, err
		}
		return &semi{of: e, anti: not, node: existsInput(r)}, nil
	case *ast.InSubquery:
		n, preds, err := c.comparison(e.Left, "=", e.Query, e.Pos)
		if err != nil {
			return nil, err
		}
		if e.Not == not {
			return &semi{of: e, node: n, on: preds}, nil
		}
		return notIn(e, n, preds), nil
	case *ast.AnyAll:
		if e.Query == nil || not {
			return nil, nil
		}
		n, preds, err := c.comparison(e.Left, e.Op, e.Query, e.Pos)
		if err != nil {
			return nil, err
		}
		if !e.All {
			return &semi{of: e, node: n, on: preds}, nil
		}
		// True unless for some row the comparison is not true.
		on := &expr.BoolTest{Arg: logical.Conjoin(preds), Want: types.NewBool(true), Negate: true}
		return &semi{of: e, anti: true, node: n, on: []expr.Expr{on}}, nil
	}
	return nil, nil
}

// notIn makes NOT IN: of one column a join kind of its own; of several a condition that holds back a row as well
// when the comparison is unknown.
func notIn(of ast.Expr, n logical.Node, preds []expr.Expr) *semi {
	if len(preds) == 1 && logical.Free(n).Empty() {
		if _, _, nullSafe, ok := logical.Equality(preds[0]); ok && !nullSafe {
			return &semi{of: of, anti: true, node: n, on: preds, notIn: true}
		}
	}
	on := &expr.BoolTest{Arg: logical.Conjoin(preds), Want: types.NewBool(false), Negate: true}
	return &semi{of: of, anti: true, node: n, on: []expr.Expr{on}}
}

func (s *semi) join(input logical.Node) logical.Node {
	kind := physical.Semi
	if s.anti {
		kind = physical.Anti
	}
	return &logical.Join{Kind: kind, Left: input, Right: s.node, On: s.on, NotIn: s.notIn}
}

// where filters a plan by a condition whose conjuncts may be subqueries.
func (c *clause) where(n logical.Node, e ast.Expr) (logical.Node, error) {
	preds, semis, err := c.bindWhere(e, c.name)
	if err != nil {
		return nil, err
	}
	return c.applyWhere(n, preds, semis), nil
}

// bindWhere binds a condition as predicates and semi joins.
func (c *clause) bindWhere(e ast.Expr, what string) (preds []expr.Expr, semis []*semi, err error) {
	list := []ast.Expr{e}
	if and, ok := e.(*ast.And); ok {
		list = and.Args
	}
	if c.name == "JOIN conditions" {
		what = "JOIN/ON"
	}
	for _, e := range list {
		s, err := c.asSemi(e)
		if err != nil {
			return nil, nil, err
		}
		if s != nil {
			semis = append(semis, s)
			continue
		}
		x, err := c.bindBool(e, what)
		if err != nil {
			return nil, nil, err
		}
		preds = append(preds, logical.Conjuncts(x)...)
	}
	return preds, semis, nil
}

func (c *clause) applyWhere(n logical.Node, preds []expr.Expr, semis []*semi) logical.Node {
	n = logical.NewFilter(c.attach(n), preds...)
	for _, s := range semis {
		n = s.join(n)
	}
	return n
}
