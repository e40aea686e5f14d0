package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

type aggCall struct {
	id       logical.ColID
	fn       *agg.Function
	args     []expr.Expr
	filter   expr.Expr
	distinct bool
	order    []sortExpr
	direct   []expr.Expr // arguments that are the same for all rows of a group
}

// missingAggregates are aggregates of PostgreSQL's that the registry lacks: they are reported as such rather than as unknown
// functions.
var missingAggregates = map[string]bool{"xmlagg": true, "range_agg": true, "range_intersect_agg": true}

// isAggregate reports whether a name is an aggregate's.
func isAggregate(name string) bool { return len(agg.Lookup(name)) > 0 || missingAggregates[name] }

// aggregate binds an aggregate's call and gives the column of its result.
func (c *clause) aggregate(e *ast.FuncCall) (expr.Expr, error) {
	name := e.Name.Name
	switch {
	case len(agg.Lookup(name)) == 0:
		return nil, pgerr.Unsupported("the aggregate function " + name).At(e.Pos)
	case e.Variadic:
		return nil, pgerr.Unsupported("VARIADIC in an aggregate's arguments").At(e.Pos)
	case e.Distinct && e.Star:
		return nil, pgerr.New(pgerr.SyntaxError, "DISTINCT specified with *").At(e.Pos)
	}
	in := &clause{b: c.b, scope: c.scope, name: "aggregate arguments", inAggregate: true}
	call, err := in.aggregateCall(e)
	if err != nil {
		return nil, err
	}
	level, err := c.aggregateLevel(call, in, e.Pos)
	if err != nil {
		return nil, err
	}
	for i := range level.calls {
		if level.calls[i].same(call) {
			return c.b.cols.Ref(level.calls[i].id), nil
		}
	}
	level.calls = append(level.calls, *call)
	level.input.pending = append(level.input.pending, in.pending...)
	return c.b.cols.Ref(call.id), nil
}

// aggregateCall binds what is inside of an aggregate's call, and chooses the function.
func (c *clause) aggregateCall(e *ast.FuncCall) (*aggCall, error) {
	name := e.Name.Name
	call := &aggCall{distinct: e.Distinct}
	var pos []int
	var names []string
	for _, a := range e.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			a, names = n.Value, append(names, n.Name)
		} else {
			names = append(names, "")
		}
		x, err := c.bind(a)
		if err != nil {
			return nil, err
		}
		call.args, pos = append(call.args, x), append(pos, ast.Start(a))
	}
	if slices.ContainsFunc(names, func(n string) bool { return n != "" }) { // no aggregate names its arguments
		return nil, undefinedNamed(name, call.args, names, e.Pos)
	}
	sorts, err := c.aggregateOrder(e)
	if err != nil {
		return nil, err
	}
	direct := len(call.args)
	if e.WithinGroup {
		for _, s := range sorts {
			call.args, pos = append(call.args, s.expr), append(pos, s.pos)
		}
	}
	fn, argTypes, ret, err := agg.Resolve(name, typesOf(call.args), e.Star)
	if err != nil {
		return nil, at(err, e.Pos)
	}
	if err := checkForm(fn, e, direct, call.args); err != nil {
		return nil, at(err, e.Pos)
	}
	if call.fn = fn; fn.Form == agg.Hypothetical {
		if argTypes, err = c.hypotheticalTypes(call.args, pos); err != nil {
			return nil, err
		}
	}
	for i := range call.args {
		if call.args[i], err = c.coerce(call.args[i], argTypes[i], implicit, pos[i]); err == nil {
			call.args[i], err = c.typed(call.args[i], pos[i])
		}
		if err != nil {
			return nil, err
		}
	}
	if fn.Direct > 0 {
		call.direct, call.args = call.args[:fn.Direct:fn.Direct], call.args[fn.Direct:]
	}
	if err := c.arrange(call, e, sorts, pos); err != nil {
		return nil, err
	}
	if e.Filter != nil {
		f := *c
		f.name = "FILTER"
		if call.filter, err = f.bindBool(e.Filter, "FILTER"); err != nil {
			return nil, err
		}
		c.pending = f.pending
	}
	call.id = c.b.cols.Add(logical.Column{Name: name, T: ret})
	return call, nil
}

// checkForm holds the way in which a function is called against the way in which it is to be.
func checkForm(fn *agg.Function, e *ast.FuncCall, direct int, args []expr.Expr) error {
	switch {
	case e.WithinGroup && fn.Form == agg.Plain:
		return pgerr.New(pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", fn.Name)
	case !e.WithinGroup && fn.Form != agg.Plain:
		return pgerr.New(pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", fn.Name)
	case fn.Form == agg.Hypothetical && 2*direct != len(args):
		return pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(fn.Name, typesOf(args))).
			WithHint("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d).",
				fn.Name, direct, len(args)-direct)
	case fn.Form == agg.OrderedSet && direct != fn.Direct:
		return pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(fn.Name, typesOf(args))).
			WithHint("There is an ordered-set aggregate %s, but it requires %d direct arguments, not %d.", fn.Name, fn.Direct, direct)
	}
	return nil
}

// aggregateOrder binds the ORDER BY of a call. A number in it is a constant and no position.
func (c *clause) aggregateOrder(e *ast.FuncCall) ([]sortExpr, error) {
	var sorts []sortExpr
	for _, o := range spread(e.OrderBy) {
		x, err := c.bind(o.Expr)
		if err != nil {
			return nil, err
		}
		if e.WithinGroup && x.Type().Is(types.Unknown) { // it is an argument, whose type the function decides
			s := sortExpr{expr: x, desc: o.Desc, pos: ast.Start(o.Expr)}
			s.nullsFirst = o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && o.Desc
			sorts = append(sorts, s)
			continue
		}
		s, err := c.sortKey(o, x)
		if err != nil {
			return nil, err
		}
		sorts = append(sorts, s)
	}
	return sorts, nil
}

// hypotheticalTypes gives each pair of a hypothetical value and what it is compared with one type.
func (c *clause) hypotheticalTypes(args []expr.Expr, pos []int) ([]types.T, error) {
	n := len(args) / 2
	ts := make([]types.T, len(args))
	for i := range n {
		// The column comes first, so that an error points at the value.
		t, err := scalar.CommonTypeFor("WITHIN GROUP", []types.T{args[n+i].Type(), args[i].Type()})
		if err != nil {
			return nil, at(err, pos[i])
		}
		ts[i], ts[n+i] = t.WithoutMod(), t.WithoutMod()
	}
	return ts, nil
}

// arrange decides the order in which a function gets its rows, and gives its arguments the form in which it takes them.
func (c *clause) arrange(call *aggCall, e *ast.FuncCall, sorts []sortExpr, pos []int) error {
	fn := call.fn
	if e.WithinGroup {
		own := call.args[len(call.args)-len(sorts):]
		for i := range sorts {
			sorts[i].expr = own[i]
			if scalar.Compare("<", own[i].Type()) == nil {
				return pgerr.New(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", own[i].Type().WithoutMod()).
					WithHint("Use an explicit ordering operator or modify the query.").At(sorts[i].pos)
			}
		}
	}
	if e.Distinct {
		for i, a := range call.args {
			if _, err := c.equality(a.Type(), pos[i]); err != nil {
				return err
			}
		}
		for _, s := range sorts {
			if !slices.ContainsFunc(call.args, func(a expr.Expr) bool { return expr.Equal(a, s.expr) }) {
				return pgerr.New(pgerr.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list").At(s.pos)
			}
		}
	}
	call.distinct = call.distinct || fn.Each
	if fn.By != nil {
		if scalar.Compare("<", call.args[fn.By.Arg].Type()) == nil {
			return pgerr.New(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", call.args[fn.By.Arg].Type().WithoutMod()).
				WithHint("Use an explicit ordering operator or modify the query.").At(pos[fn.By.Arg])
		}
	}
	switch {
	case fn.Form == agg.Hypothetical:
		call.order = sorts
	case fn.Fold != nil:
		if len(sorts) == 0 && !e.Distinct && fn.Form == agg.Plain {
			for _, k := range c.scope.order {
				sorts = append(sorts, sortExpr{expr: c.b.cols.Ref(k.Col), desc: k.Desc, nullsFirst: k.NullsFirst})
			}
		}
		call.order = foldOrder(fn, call.args, sorts)
	}
	if fn.Through == "" {
		return nil
	}
	for i := range call.args {
		x, err := c.callBound(fn.Through, call.args[i:i+1:i+1], pos[i:i+1], false, pos[i])
		if err != nil {
			return err
		}
		call.args[i] = x
	}
	return nil
}

// foldOrder is the order of a fold's rows: the function's own, then that of the call (or, without one, of the subquery in FROM),
// then that of the arguments, so that no two rows that differ are left in an order that nothing decides.
func foldOrder(fn *agg.Function, args []expr.Expr, sorts []sortExpr) []sortExpr {
	var order []sortExpr
	if fn.By != nil {
		order = append(order, sortExpr{expr: args[fn.By.Arg], desc: fn.By.Desc, nullsFirst: fn.By.Desc})
	}
	order = append(order, sorts...)
	for _, a := range args {
		order = append(order, sortExpr{expr: a})
	}
	if fn.Backward {
		for i := range order {
			order[i].desc, order[i].nullsFirst = !order[i].desc, !order[i].nullsFirst
		}
	}
	return order
}

// aggregateLevel finds the query that an aggregate belongs to: the innermost of those whose columns its arguments read, and
// its own where they read none. For a subquery within, an outer query's aggregate is a value from outside.
func (c *clause) aggregateLevel(call *aggCall, in *clause, pos int) (*aggregation, error) {
	used := logical.ExprsCols(call.args)
	if call.filter != nil {
		used.Union(logical.ExprCols(call.filter))
	}
	for _, s := range call.order {
		used.Union(logical.ExprCols(s.expr))
	}
	for _, p := range in.pending {
		used.Union(logical.Free(p.node))
	}
	level := c.levelOf(used)
	switch {
	case level == nil:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate functions are not allowed in FROM clause of their own query level").At(pos)
	case level.grouping(used) != nil:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate function calls cannot be nested").At(level.grouping(used).at)
	case level.inAggregate:
		return nil, pgerr.New(pgerr.GroupingError, "aggregate function calls cannot be nested").At(pos)
	case level.aggs == nil:
		return nil, level.notAllowed("aggregate functions", pgerr.GroupingError, pos)
	case level.aggs.recursive:
		return nil, pgerr.New(pgerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term").At(pos)
	}
	return level.aggs, nil
}

// levelOf gives the clause of the innermost query whose columns are among some; c itself where none are, nil where that query's
// FROM clause is what is being bound.
func (c *clause) levelOf(used logical.ColSet) *clause {
	level := c
	for s := c.scope; s != nil; s = s.outer {
		if s.gives(used) || level.grouping(used) != nil {
			return level
		}
		if s.outer == nil {
			break
		}
		level = s.within
	}
	return c
}

func (a *aggCall) same(o *aggCall) bool {
	return a.fn == o.fn && a.distinct == o.distinct && expr.Equal(a.filter, o.filter) && slices.EqualFunc(a.args, o.args, expr.Equal) &&
		slices.EqualFunc(a.direct, o.direct, expr.Equal) && slices.EqualFunc(a.order, o.order, sortExpr.same) &&
		!slices.ContainsFunc(a.args, func(e expr.Expr) bool { return expr.VolatilityOf(e) == expr.Volatile })
}

func (s sortExpr) same(o sortExpr) bool {
	return s.desc == o.desc && s.nullsFirst == o.nullsFirst && expr.Equal(s.expr, o.expr)
}
