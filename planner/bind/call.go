package bind

import (
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// funcCall binds a call: of an aggregate, a window function, a set-returning or a scalar function.
func (c *clause) funcCall(e *ast.FuncCall) (expr.Expr, error) {
	name := e.Name.Name
	if fs := c.b.sqlFunctions(e.Name); len(fs) > 0 {
		if x, ok, err := c.sqlFuncCall(e, fs); ok {
			return x, err
		}
	}
	if e.Name.Schema != "" && e.Name.Schema != catalog.PgCatalog {
		return nil, c.undefinedSchemaFunction(e)
	}
	return c.builtinCall(e, name)
}

// sqlFuncCall binds the call of a function in SQL. A built-in one of the same name comes first, as pg_catalog does in the
// search path, so ok is false where that takes the arguments.
func (c *clause) sqlFuncCall(e *ast.FuncCall, fs []*catalog.Function) (x expr.Expr, ok bool, err error) {
	if e.Name.Schema == "" && hasBuiltin(e.Name.Name) {
		waiting := len(c.pending)
		_, err := c.builtinCall(e, e.Name.Name)
		c.pending = c.pending[:waiting]
		if pgerr.CodeOf(err) != pgerr.UndefinedFunction {
			return nil, false, nil
		}
	}
	call, err := c.resolveSQL(e, fs)
	if err != nil {
		return nil, true, err
	}
	x, err = c.sqlScalar(call)
	return x, true, err
}

// builtinCall binds the call of a built-in function.
func (c *clause) builtinCall(e *ast.FuncCall, name string) (expr.Expr, error) {
	switch {
	case e.Over != nil || e.OverName != "":
		return c.windowCall(e)
	case isAggregate(name) && !(isWindowFunc(name) && len(e.Args) == 0 && !e.WithinGroup):
		return c.aggregate(e)
	case isSetFunc(name):
		return c.setCall(e)
	case isWindowFunc(name):
		return nil, pgerr.New(pgerr.WrongObjectType, "window function %s requires an OVER clause", name).At(e.Pos)
	}
	switch {
	case e.Distinct:
		return nil, notAggregate(e, "DISTINCT specified, but %s is not an aggregate function")
	case e.WithinGroup:
		return nil, notAggregate(e, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP")
	case len(e.OrderBy) > 0:
		return nil, notAggregate(e, "ORDER BY specified, but %s is not an aggregate function")
	case e.Filter != nil:
		return nil, notAggregate(e, "FILTER specified, but %s is not an aggregate function")
	}
	x, err := c.call(name, e.Args, e.Variadic, e.Pos)
	if e.Name.Schema != "" {
		return inCatalog(x, err)
	}
	return x, err
}

// inCatalog names a function that does not exist as it was asked for: with its schema, which special syntax implies.
func inCatalog(x expr.Expr, err error) (expr.Expr, error) {
	if e, ok := err.(*pgerr.Error); ok && e.Code == pgerr.UndefinedFunction {
		if rest, ok := strings.CutPrefix(e.Message, "function "); ok && !strings.HasPrefix(rest, "pg_catalog.") {
			e.Message = "function pg_catalog." + rest
		}
	}
	return x, err
}

func notAggregate(e *ast.FuncCall, format string) error {
	args := make([]any, strings.Count(format, "%s"))
	for i := range args {
		args[i] = e.Name.Name
	}
	return pgerr.New(pgerr.WrongObjectType, format, args...).At(e.Pos)
}

func (c *clause) undefinedSchemaFunction(e *ast.FuncCall) error {
	args, err := c.bindAll(e.Args)
	if err != nil {
		return err
	}
	if _, ok := c.b.env.Catalog.Schema(e.Name.Schema); !ok {
		return pgerr.New(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", e.Name.Schema).At(e.Pos)
	}
	return pgerr.New(pgerr.UndefinedFunction, "function %s.%s does not exist", e.Name.Schema, signature(e.Name.Name, typesOf(args))).At(e.Pos).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

// callArguments are a call's arguments as bound.
type callArguments struct {
	values []expr.Expr
	pos    []int
	names  []string // "" for one without
	named  bool     // one has a name
}

func (c *clause) callArguments(args []ast.Expr) (*callArguments, error) {
	out := &callArguments{values: make([]expr.Expr, len(args)), pos: make([]int, len(args)), names: make([]string, len(args))}
	for i, a := range args {
		if n, ok := a.(*ast.NamedArg); ok {
			if slices.Contains(out.names[:i], n.Name) {
				return nil, pgerr.New(pgerr.SyntaxError, "argument name \"%s\" used more than once", n.Name).At(n.Pos)
			}
			out.names[i], a, out.named = n.Name, n.Value, true
		} else if out.named {
			return nil, pgerr.New(pgerr.SyntaxError, "positional argument cannot follow named argument").At(ast.Start(a))
		}
		x, err := c.bind(a)
		if err != nil {
			return nil, err
		}
		out.values[i], out.pos[i] = x, ast.Start(a)
	}
	return out, nil
}

// call binds a scalar function's call.
func (c *clause) call(name string, args []ast.Expr, variadic bool, pos int) (expr.Expr, error) {
	a, err := c.callArguments(args)
	if err != nil {
		return nil, err
	}
	if a.named {
		return c.callNamed(name, a.values, a.names, a.pos, pos)
	}
	return c.callBound(name, a.values, a.pos, variadic, pos)
}

// callBound builds the call of a function with bound arguments.
func (c *clause) callBound(name string, args []expr.Expr, argPos []int, variadic bool, pos int) (expr.Expr, error) {
	ts := make([]types.T, len(args))
	for i, a := range args {
		ts[i] = a.Type()
	}
	if name == "pg_typeof" && len(ts) == 1 && ts[0].Is(types.Unknown) {
		if k, ok := args[0].(*expr.Const); ok {
			// Any other function takes an untyped literal for text.
			return &expr.Const{Value: types.NewInt(int64(k.T.OID())), T: types.Of(types.Regtype)}, nil
		}
	}
	r, err := scalar.Resolve(name, ts, variadic)
	if err != nil {
		if x, ok, castErr := c.callAsCast(name, args, variadic, pos); ok {
			return x, castErr
		}
		return nil, c.undefinedFunction(err, name, pos)
	}
	return c.build(&r, args, argPos, name+"()", pos)
}

// callAsCast binds type(x), which is a cast where no function of that name takes x.
func (c *clause) callAsCast(name string, args []expr.Expr, variadic bool, pos int) (expr.Expr, bool, error) {
	if len(args) != 1 || variadic {
		return nil, false, nil
	}
	to, ok := types.LookupType(name)
	if !ok {
		to, ok = c.b.userType("", name)
	}
	if !ok || to.Is(types.Array) || to.Is(types.Unknown) || !scalar.CanCast(args[0].Type(), to, explicit) {
		return nil, false, nil
	}
	x, err := c.coerce(args[0], to, explicit, pos)
	return x, true, err
}

// undefinedFunction completes the error for a call that no function takes: where there is none of that name, with a
// hint at the one that was meant.
func (c *clause) undefinedFunction(err error, name string, pos int) error {
	e, ok := at(err, pos).(*pgerr.Error)
	if !ok || e.Code != pgerr.UndefinedFunction || len(scalar.Lookup(name)) > 0 {
		return err
	}
	if isGroupWindow(name) {
		return groupWindow(name).At(pos)
	}
	names := make([]string, 0, 512)
	for _, f := range scalar.Functions() {
		if !f.Operator {
			names = append(names, f.Name)
		}
	}
	for _, f := range agg.Functions() {
		names = append(names, f.Name)
	}
	names = append(names, setFuncNames()...)
	if near := nearest(name, names); near != "" {
		e.WithHint("Perhaps you meant the function \"%s\".", near)
	}
	return e
}

// callNamed builds a call with arguments by name: they are put in the order of the function's parameters.
func (c *clause) callNamed(name string, xs []expr.Expr, names []string, argPos []int, pos int) (expr.Expr, error) {
	for _, f := range scalar.Lookup(name) {
		if args, argPos, ok := positional(f, xs, names, argPos, pos); ok {
			return c.callBound(name, args, argPos, false, pos)
		}
	}
	return nil, undefinedNamed(name, xs, names, pos)
}

// undefinedNamed is the error for a call with arguments by name, "" being one without.
func undefinedNamed(name string, xs []expr.Expr, names []string, pos int) error {
	parts := make([]string, len(xs))
	for i, x := range xs {
		if parts[i] = x.Type().WithoutMod().String(); names[i] != "" {
			parts[i] = names[i] + " => " + parts[i]
		}
	}
	return pgerr.New(pgerr.UndefinedFunction, "function %s(%s) does not exist", name, strings.Join(parts, ", ")).At(pos).
		WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

func positional(f *expr.Function, xs []expr.Expr, names []string, pos []int, callPos int) ([]expr.Expr, []int, bool) {
	if len(f.ArgNames) != len(f.Args) || len(xs) > len(f.Args) {
		return nil, nil, false
	}
	out := make([]expr.Expr, len(f.Args))
	outPos := make([]int, len(f.Args))
	for i, x := range xs {
		k := i
		if names[i] != "" {
			k = slices.Index(f.ArgNames, names[i])
		}
		if k < 0 || out[k] != nil {
			return nil, nil, false
		}
		out[k], outPos[k] = x, pos[i]
	}
	required := len(f.Args) - len(f.Defaults)
	for i := range out {
		if out[i] != nil {
			continue
		}
		if i < required {
			return nil, nil, false
		}
		out[i], outPos[i] = f.Defaults[i-required], callPos
	}
	return out, outPos, true
}

// sqlValue binds CURRENT_TIMESTAMP and its like.
func (c *clause) sqlValue(e *ast.SQLValue) (expr.Expr, error) {
	now := func(k types.Kind) (expr.Expr, error) {
		x, err := c.callBound("now", nil, nil, false, e.Pos)
		if err != nil {
			return nil, err
		}
		t := types.Of(k)
		if e.Precision >= 0 {
			if t.Mod, err = types.TimeMod(e.Precision); err != nil {
				return nil, at(err, e.Pos)
			}
		}
		return c.coerce(x, t, explicit, e.Pos)
	}
	switch e.Kind {
	case ast.CurrentDate:
		return now(types.Date)
	case ast.CurrentTimestamp:
		return now(types.TimestampTZ)
	case ast.LocalTimestamp:
		return now(types.Timestamp)
	case ast.LocalTime:
		return now(types.Time)
	case ast.CurrentTime:
		return nil, pgerr.Unsupported("CURRENT_TIME").WithHint("There is no type time with time zone; use LOCALTIME.").At(e.Pos)
	case ast.CurrentRole, ast.CurrentUser, ast.User:
		return c.callBound("current_user", nil, nil, false, e.Pos)
	case ast.SessionUser:
		return c.callBound("session_user", nil, nil, false, e.Pos)
	}
	return c.callBound("current_database", nil, nil, false, e.Pos)
}
