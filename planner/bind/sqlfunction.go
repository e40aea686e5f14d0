package bind

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// Calls of functions in SQL are inlined. One whose body is SELECT expression, without FROM, becomes that expression; any
// other becomes a subquery, beside one row of arguments that its names and $n refer to. So a function costs a view nothing
// that the same text in its place would not, and is kept current as that would be.

// sqlFunctions lists the overloads of a name: in its schema, or in those of the search path.
func (b *Binder) sqlFunctions(name ast.ObjectName) []*catalog.Function {
	if name.Schema != "" {
		return b.env.Catalog.FunctionsNamed(name.Schema, name.Name)
	}
	var out []*catalog.Function
	for _, schema := range b.path {
		out = append(out, b.env.Catalog.FunctionsNamed(schema, name.Name)...)
	}
	return out
}

// hasBuiltin reports whether there is a built-in function of a name.
func hasBuiltin(name string) bool {
	return len(scalar.Lookup(name)) > 0 || isAggregate(name) || isSetFunc(name) || isWindowFunc(name)
}

// sqlCall is a call of a function in SQL with its arguments, converted to the parameters' types.
type sqlCall struct {
	f    *catalog.Function
	args []expr.Expr
	pos  int
}

// resolveSQL chooses among overloads and binds the arguments.
func (c *clause) resolveSQL(e *ast.FuncCall, fs []*catalog.Function) (*sqlCall, error) {
	if e.Star || e.Distinct || e.Filter != nil || len(e.OrderBy) > 0 || e.WithinGroup || e.Over != nil || e.OverName != "" {
		return nil, notAggregate(e, "%s is not an aggregate function")
	}
	if e.Variadic {
		return nil, pgerr.Unsupported("VARIADIC in the call of a function in SQL").At(e.Pos)
	}
	args, err := c.callArguments(e.Args)
	if err != nil {
		return nil, err
	}
	var fns []*expr.Function // of the overloads that the arguments can be laid out for, by argument
	var given [][]int        // by overload and parameter: the number of the argument, -1 for a default
	var of []*catalog.Function
	for _, f := range fs {
		places := args.place(f)
		if places == nil {
			continue
		}
		fn := &expr.Function{Name: f.Name, Args: make([]types.T, len(args.values)), Volatility: expr.Immutable}
		for p, a := range places {
			if a >= 0 {
				fn.Args[a] = f.Params[p].T
			}
		}
		fns, given, of = append(fns, fn), append(given, places), append(of, f)
	}
	r, err := scalar.Choose(e.Name.Name, fns, typesOf(args.values))
	if err != nil {
		return nil, at(err, e.Pos)
	}
	chosen := slices.Index(fns, r.Func)
	call := &sqlCall{f: of[chosen], pos: e.Pos}
	for p, a := range given[chosen] {
		x, err := c.sqlArgument(call.f, p, a, args)
		if err != nil {
			return nil, err
		}
		call.args = append(call.args, x)
	}
	c.b.functions[call.f.ID] = true
	return call, nil
}

// sqlArgument gives parameter p of f its value: argument a, or its default where that is negative.
func (c *clause) sqlArgument(f *catalog.Function, p, a int, args *callArguments) (expr.Expr, error) {
	if a >= 0 {
		return c.coerce(args.values[a], f.Params[p].T, implicit, args.pos[a])
	}
	st, err := parser.ParseExpr(f.Params[p].Default)
	if err != nil {
		return nil, inFunction(err, f)
	}
	d := c.b.clause(&scope{}, "DEFAULT")
	x, err := d.bindAs(st, f.Params[p].T, assignment)
	if err != nil {
		return nil, inFunction(err, f)
	}
	return x, nil
}

// place lays the arguments out for a function: by parameter the number of the argument, -1 for a default; nil where they do
// not fit.
func (a *callArguments) place(f *catalog.Function) []int {
	if len(a.values) > len(f.Params) {
		return nil
	}
	out := make([]int, len(f.Params))
	for i := range out {
		out[i] = -1
	}
	for i, name := range a.names {
		p := i
		if name != "" {
			p = slices.IndexFunc(f.Params, func(c catalog.Column) bool { return c.Name == name })
		}
		if p < 0 || out[p] >= 0 {
			return nil
		}
		out[p] = i
	}
	for p, arg := range out {
		if arg < 0 && f.Params[p].Default == "" {
			return nil
		}
	}
	return out
}

// inFunction is [within] of a function's text.
func inFunction(err error, f *catalog.Function) error {
	return within(err, "SQL function \""+f.Name+"\"")
}

// sqlArgs are the arguments that $n stands for in a function's body.
type sqlArgs struct{ ids []logical.ColID }

// body binds a function's query. The columns args stand for its parameters, which are all that it sees.
func (b *Binder) body(f *catalog.Function, args []logical.ColID) (*Rel, error) {
	if b.viewDepth >= viewDepthMax {
		return nil, pgerr.New(pgerr.StatementTooComplex, "functions are nested more than %d deep", viewDepthMax)
	}
	name := "function " + f.Schema + "." + f.Signature()
	if slices.Contains(b.inlined, name) {
		return nil, pgerr.Unsupported("a recursive function in SQL").WithHint("WITH RECURSIVE computes with recursion.")
	}
	st, err := parser.ParseOne(f.Body)
	if err != nil {
		return nil, inFunction(err, f)
	}
	q, ok := st.AST.(*ast.Select)
	if !ok {
		return nil, inFunction(pgerr.Unsupported("a function whose body is not a query"), f)
	}
	path, outerArgs := b.path, b.sqlArgs
	b.path, b.viewDepth, b.inlined, b.sqlArgs = f.SearchPath, b.viewDepth+1, append(b.inlined, name), &sqlArgs{args}
	defer func() {
		b.path, b.viewDepth, b.inlined, b.sqlArgs = path, b.viewDepth-1, b.inlined[:len(b.inlined)-1], outerArgs
	}()
	it := &fromItem{name: f.Name, relVisible: true, colsVisible: true}
	for i, p := range f.Params {
		if p.Name != "" {
			it.cols = append(it.cols, scopeCol{name: p.Name, id: args[i]})
		}
	}
	rel, err := b.bindSubselect(q, &scope{items: []*fromItem{it}}, nil)
	if err != nil {
		return nil, inFunction(err, f)
	}
	if !f.Set && len(rel.Order) > 0 && rel.Limit == nil {
		rel.Limit = &expr.Const{Value: types.NewInt(1), T: types.Of(types.Int8)} // a value is the first row's
	}
	if len(rel.Cols) != len(f.Result) {
		return nil, returnMismatch(f, "Final statement must return exactly "+columnsWord(len(f.Result))+".")
	}
	return b.returned(f, rel)
}

func columnsWord(n int) string {
	if n == 1 {
		return "one column"
	}
	return "the declared columns"
}

// returnMismatch is PostgreSQL's error for a body that does not give what the function returns.
func returnMismatch(f *catalog.Function, detail string) error {
	what := f.Result[0].T.WithoutMod().String()
	if f.Table {
		what = "record"
	}
	return pgerr.New(pgerr.InvalidFunctionDefinition, "return type mismatch in function declared to return %s", what).WithDetail("%s", detail)
}

// returned converts a body's columns to what the function returns.
func (b *Binder) returned(f *catalog.Function, rel *Rel) (*Rel, error) {
	c := b.clause(&scope{}, "a function's result")
	p := &logical.Project{Input: rel.Finish()}
	out := &Rel{Node: p}
	for i, col := range rel.Cols {
		want := f.Result[i].T
		x := rel.expr(b, i)
		if !scalar.CanCast(x.Type(), want, assignment) && !x.Type().Is(types.Unknown) {
			return nil, returnMismatch(f, "Actual return type is "+x.Type().WithoutMod().String()+".")
		}
		x, err := c.coerce(x, want, assignment, 0)
		if err != nil {
			return nil, inFunction(err, f)
		}
		id := b.cols.Add(logical.Column{Name: col.Name, T: want})
		p.Items = append(p.Items, logical.Item{Col: id, Expr: x})
		out.Cols = append(out.Cols, OutCol{Name: f.Result[i].Name, ID: id})
	}
	return out, nil
}

// argumentRow makes the row of a call's arguments. For a strict function there is none when an argument is NULL.
func (b *Binder) argumentRow(call *sqlCall) (logical.Node, []logical.ColID) {
	p := &logical.Project{Input: oneRow()}
	var ids []logical.ColID
	for i, x := range call.args {
		id := b.cols.Add(logical.Column{Name: call.f.Params[i].Name, T: x.Type()})
		p.Items, ids = append(p.Items, logical.Item{Col: id, Expr: x}), append(ids, id)
	}
	if !call.f.Strict || len(ids) == 0 {
		return p, ids
	}
	filter := &logical.Filter{Input: p}
	for _, id := range ids {
		filter.Preds = append(filter.Preds, &expr.IsNull{Arg: b.cols.Ref(id), Negate: true})
	}
	return filter, ids
}

// sqlScalar binds a call as a value: NULL where the body gives no row, its first row otherwise.
func (c *clause) sqlScalar(call *sqlCall) (expr.Expr, error) {
	f := call.f
	if f.Set {
		return nil, pgerr.Unsupported("a set-returning function in SQL in this place").WithHint("Call it in FROM, with LATERAL where its arguments depend on a row.").At(call.pos)
	}
	row, ids := c.b.argumentRow(call)
	rel, err := c.b.body(f, ids)
	if err != nil {
		return nil, err
	}
	if x := c.asExpression(call, rel, ids); x != nil {
		return x, nil
	}
	switch {
	case c.subqueryError != "":
		return nil, pgerr.New(pgerr.FeatureNotSupported, "%s", c.subqueryError).At(call.pos)
	case c.noSubqueries != "":
		return nil, pgerr.Unsupported(c.noSubqueries).At(call.pos)
	}
	id := rel.Cols[0].ID
	one := &expr.Const{Value: types.NewInt(1), T: types.Of(types.Int8)}
	first := &logical.TopN{Input: c.b.cols.Narrow(rel.Node, []logical.ColID{id}), Order: rel.Order, Limit: one}
	joined := c.b.cols.Narrow(&logical.Join{Kind: physical.Inner, Left: row, Right: first}, []logical.ColID{id})
	c.pending = append(c.pending, pending{kind: physical.Inner, node: &logical.SingleRow{Input: joined}, pos: call.pos})
	return c.b.cols.Ref(id), nil
}

// asExpression gives the call as an expression where the body is SELECT expression; nil where it is not, or where an
// argument that is not the same at each evaluation would be evaluated more than once.
func (c *clause) asExpression(call *sqlCall, rel *Rel, ids []logical.ColID) expr.Expr {
	var x expr.Expr = c.b.cols.Ref(rel.Cols[0].ID)
	node := rel.Node
	for {
		p, ok := node.(*logical.Project)
		if !ok {
			break
		}
		byID := map[int]expr.Expr{}
		for _, it := range p.Items {
			byID[it.Col] = it.Expr
		}
		x = expr.Rewrite(x, func(e expr.Expr) expr.Expr {
			if col, ok := e.(*expr.Column); ok && byID[col.Index] != nil {
				return byID[col.Index]
			}
			return e
		})
		node = p.Input
	}
	v, ok := node.(*logical.Values)
	if !ok || len(v.Rows) != 1 || len(v.Rows[0]) != 0 {
		return nil
	}
	uses := make([]int, len(ids))
	x = expr.Rewrite(x, func(e expr.Expr) expr.Expr {
		if col, ok := e.(*expr.Column); ok {
			if i := slices.Index(ids, col.Index); i >= 0 {
				uses[i]++
				return call.args[i]
			}
		}
		return e
	})
	for i, n := range uses {
		if (n != 1 || call.f.Strict) && expr.VolatilityOf(call.args[i]) == expr.Volatile {
			return nil
		}
	}
	if tooLarge(x, exprMax) {
		return nil
	}
	if !call.f.Strict || len(call.args) == 0 {
		return x
	}
	null := &expr.Or{}
	for _, a := range call.args {
		null.Args = append(null.Args, &expr.IsNull{Arg: a})
	}
	return &expr.Case{Whens: []expr.When{{Cond: null, Result: &expr.Const{Value: types.Null, T: x.Type()}}}, Else: x, T: x.Type()}
}

// sqlFuncTable binds a call in FROM; ok is false for a function that returns a value, which is bound as any expression.
func (b *Binder) sqlFuncTable(c *clause, t *ast.FuncTable, e *ast.FuncCall, fs []*catalog.Function) (logical.Node, []scopeCol, bool, error) {
	if !slices.ContainsFunc(fs, func(f *catalog.Function) bool { return f.Set }) {
		return nil, nil, false, nil
	}
	waiting := len(c.pending)
	call, err := c.resolveSQL(e, fs)
	if err != nil {
		return nil, nil, false, err
	}
	switch {
	case !call.f.Set:
		c.pending = c.pending[:waiting]
		return nil, nil, false, nil
	case len(t.Funcs) > 1 || t.Ordinality:
		return nil, nil, false, pgerr.Unsupported("ROWS FROM and WITH ORDINALITY with a function in SQL").At(t.Pos)
	}
	node, cols, err := b.sqlTable(c, call)
	if err == nil && len(cols) == 1 && !call.f.Table {
		cols[0].name = e.Name.Name
		if t.Alias != nil {
			cols[0].name = t.Alias.Name
		}
	}
	return node, cols, err == nil, err
}

// sqlTable binds a call of a function that returns a set.
func (b *Binder) sqlTable(c *clause, call *sqlCall) (logical.Node, []scopeCol, error) {
	row, ids := b.argumentRow(call)
	rel, err := b.body(call.f, ids)
	if err != nil {
		return nil, nil, err
	}
	cols := make([]scopeCol, len(rel.Cols))
	outs := make([]logical.ColID, len(rel.Cols))
	for i, col := range rel.Cols {
		cols[i], outs[i] = scopeCol{name: col.Name, id: col.ID}, col.ID
	}
	join := &logical.Join{Kind: physical.Inner, Left: c.attach(oneRow()), Right: row}
	all := &logical.Join{Kind: physical.Inner, Left: join, Right: rel.Node}
	return b.cols.Narrow(all, outs), cols, nil
}

// CheckFunction binds a function's body and defaults as a call would: the error is what a call would end with.
func (b *Binder) CheckFunction(f *catalog.Function) error {
	ids := make([]logical.ColID, len(f.Params))
	c := b.clause(&scope{}, "DEFAULT")
	c.noColumns = "cannot use column references in parameter default value"
	for i, p := range f.Params {
		ids[i] = b.cols.Add(logical.Column{Name: p.Name, T: p.T})
		if p.Default == "" {
			continue
		}
		e, err := parser.ParseExpr(p.Default)
		if err != nil {
			return err
		}
		if _, err := c.bindAs(e, p.T, assignment); err != nil {
			return err
		}
	}
	_, err := b.body(f, ids)
	return err
}

// Functions lists the functions in SQL that the statement calls, by id.
func (b *Binder) Functions() []uint32 {
	ids := make([]uint32, 0, len(b.functions))
	for id := range b.functions {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
