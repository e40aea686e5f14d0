package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// windowCalls collects the window functions of a query level.
type windowCalls struct {
	defs  []*ast.WindowDef // of the WINDOW clause
	calls []windowCall
}

// windowCall is f(...) OVER (...).
type windowCall struct {
	id     logical.ColID
	kind   physical.OverKind
	agg    *aggCall    // of an aggregate
	args   []expr.Expr // see physical.OverFunc
	n      expr.Expr
	window window
}

// window is what OVER says.
type window struct {
	partition []expr.Expr
	order     []sortExpr
	frame     physical.Frame
}

// exprs are the expressions that are evaluated over the level's rows.
func (w *windowCall) exprs() []*expr.Expr {
	var out []*expr.Expr
	all := func(es []expr.Expr) {
		for i := range es {
			out = append(out, &es[i])
		}
	}
	all(w.args)
	if w.agg != nil {
		all(w.agg.args)
		if w.agg.filter != nil {
			out = append(out, &w.agg.filter)
		}
	}
	if w.n != nil {
		out = append(out, &w.n)
	}
	all(w.window.partition)
	for i := range w.window.order {
		out = append(out, &w.window.order[i].expr)
	}
	return out
}

// windowFunc is the signature of a window function that is no aggregate.
type windowFunc struct {
	kind  physical.OverKind
	value bool // the first argument is of any type, which is the result's
	least int  // the number of arguments at least and at most; those after the value are an integer and a default
	most  int
	ret   types.Kind
}

var windowFuncs = map[string]windowFunc{
	"row_number":   {kind: physical.OverRowNumber, ret: types.Int8},
	"rank":         {kind: physical.OverRank, ret: types.Int8},
	"dense_rank":   {kind: physical.OverDenseRank, ret: types.Int8},
	"percent_rank": {kind: physical.OverPercentRank, ret: types.Float8},
	"cume_dist":    {kind: physical.OverCumeDist, ret: types.Float8},
	"ntile":        {kind: physical.OverNtile, least: 1, most: 1, ret: types.Int4},
	"lag":          {kind: physical.OverLag, value: true, least: 1, most: 3},
	"lead":         {kind: physical.OverLead, value: true, least: 1, most: 3},
	"first_value":  {kind: physical.OverFirstValue, value: true, least: 1, most: 1},
	"last_value":   {kind: physical.OverLastValue, value: true, least: 1, most: 1},
	"nth_value":    {kind: physical.OverNthValue, value: true, least: 2, most: 2},
}

func isWindowFunc(name string) bool { _, ok := windowFuncs[name]; return ok }

// windowCall binds f(...) OVER (...) and gives the column of its result.
func (c *clause) windowCall(e *ast.FuncCall) (expr.Expr, error) {
	if err := c.checkWindowCall(e); err != nil {
		return nil, err
	}
	in := *c
	in.inWindow, in.windowPart, in.sets = true, "window function calls cannot be nested", nil
	w := windowCall{}
	var err error
	if isWindowFunc(e.Name.Name) {
		err = in.windowArgs(&w, e)
	} else {
		err = in.windowAggregate(&w, e)
	}
	if err != nil {
		return nil, err
	}
	c.pending = in.pending
	def := e.Over
	if def == nil {
		if def = c.namedWindow(e.OverName, len(c.windows.defs)); def == nil {
			return nil, pgerr.New(pgerr.UndefinedObject, "window \"%s\" does not exist", e.OverName).At(e.Pos)
		}
	}
	if w.window, err = c.window(def); err != nil {
		return nil, err
	}
	c.windows.calls = append(c.windows.calls, w)
	return c.b.cols.Ref(w.id), nil
}

// checkWindowCall refuses what cannot have an OVER, and calls that are where none may be.
func (c *clause) checkWindowCall(e *ast.FuncCall) error {
	name := e.Name.Name
	plain := isWindowFunc(name)
	aggregate := isAggregate(name)
	switch {
	case !plain && !aggregate:
		if len(scalar.Lookup(name)) > 0 {
			return pgerr.New(pgerr.WrongObjectType, "OVER specified, but %s is not a window function nor an aggregate function", name).At(e.Pos)
		}
		_, err := c.call(name, e.Args, e.Variadic, e.Pos) // for the error
		if err == nil {
			err = pgerr.Unsupported("window function " + name).At(e.Pos)
		}
		return err
	case c.inAggregate:
		return pgerr.New(pgerr.GroupingError, "aggregate function calls cannot contain window function calls").At(e.Pos)
	case c.inWindow:
		return pgerr.New(pgerr.WindowingError, "%s", c.windowPart).At(e.Pos)
	case c.windows == nil:
		return c.notAllowed("window functions", pgerr.WindowingError, e.Pos)
	case e.WithinGroup:
		return pgerr.New(pgerr.FeatureNotSupported, "OVER is not supported for ordered-set aggregate %s", name).At(e.Pos)
	case e.Distinct:
		return pgerr.New(pgerr.FeatureNotSupported, "DISTINCT is not implemented for window functions").At(e.Pos)
	case len(e.OrderBy) > 0:
		return pgerr.New(pgerr.FeatureNotSupported, "aggregate ORDER BY is not implemented for window functions").At(e.Pos)
	case plain && e.Filter != nil:
		return pgerr.New(pgerr.FeatureNotSupported, "FILTER is not implemented for non-aggregate window functions").At(e.Pos)
	case plain && e.Star:
		return pgerr.New(pgerr.WrongObjectType, "%s(*) specified, but %s is not an aggregate function", name, name).At(e.Pos)
	case aggregate && len(agg.Lookup(name)) == 0:
		return pgerr.Unsupported("the aggregate function " + name).At(e.Pos)
	}
	return nil
}

// windowAggregate binds an aggregate as a window function.
func (c *clause) windowAggregate(w *windowCall, e *ast.FuncCall) error {
	call, err := c.aggregateCall(e)
	if err != nil {
		return err
	}
	if fn := call.fn; fn.Fold != nil && (fn.By != nil || fn.Backward || fn.Pick) {
		// They have an order of their own.
		return pgerr.Unsupported("the aggregate function " + call.fn.Name + " with OVER").At(e.Pos)
	}
	w.kind, w.agg, w.id = physical.OverAggregate, call, call.id
	return nil
}

// windowArgs binds the arguments of a window function that is no aggregate.
func (c *clause) windowArgs(w *windowCall, e *ast.FuncCall) error {
	f := windowFuncs[e.Name.Name]
	args := make([]expr.Expr, len(e.Args))
	pos := make([]int, len(e.Args))
	names := make([]string, len(e.Args))
	for i, a := range e.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			a, names[i] = n.Value, n.Name
		}
		var err error
		if args[i], err = c.bind(a); err != nil {
			return err
		}
		pos[i] = ast.Start(a)
	}
	undefined := func() error {
		return pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", signature(e.Name.Name, typesOf(args))).
			WithHint("No function matches the given name and argument types. You might need to add explicit type casts.").At(e.Pos)
	}
	if slices.ContainsFunc(names, func(n string) bool { return n != "" }) { // none names its arguments
		return undefinedNamed(e.Name.Name, args, names, e.Pos)
	}
	if len(args) < f.least || len(args) > f.most {
		return undefined()
	}
	t := types.Of(f.ret)
	rest := args
	if f.value {
		var err error
		same := false
		if t, same, err = c.windowValue(args, e.Pos); err != nil {
			return err
		}
		for _, i := range []int{0, 2} {
			if i < len(args) {
				same = same && scalar.CanCast(args[i].Type(), t, implicit)
			}
		}
		if !same {
			return undefined()
		}
		rest = args[1:]
	}
	if len(rest) > 0 {
		if !scalar.CanCast(rest[0].Type(), types.Of(types.Int4), implicit) {
			return undefined()
		}
		n, err := c.coerce(rest[0], types.Of(types.Int4), implicit, pos[len(args)-len(rest)])
		if err != nil {
			return err
		}
		w.n = c.b.fold(n)
	}
	if f.value {
		for _, i := range []int{0, 2} {
			if i >= len(args) {
				break
			}
			x, err := c.coerce(args[i], t, implicit, pos[i])
			if err != nil {
				return err
			}
			w.args = append(w.args, x)
		}
	}
	w.kind = f.kind
	w.id = c.b.cols.Add(logical.Column{Name: e.Name.Name, T: t})
	return nil
}

// windowValue gives the type of a function's value: of its first argument, or what that and a default have in common.
// ok is false where they have nothing in common.
func (c *clause) windowValue(args []expr.Expr, pos int) (t types.T, ok bool, err error) {
	t = args[0].Type()
	if len(args) > 2 {
		common, err := scalar.CommonType([]types.T{t, args[2].Type()})
		return common, err == nil, nil
	}
	if t.Is(types.Unknown) {
		return t, false, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type %s", t).At(pos)
	}
	return t.WithoutMod(), true, nil
}

// namedWindow finds a window among the first of the WINDOW clause.
func (c *clause) namedWindow(name string, first int) *ast.WindowDef {
	for _, d := range c.windows.defs[:first] {
		if d.Name == name {
			return d
		}
	}
	return nil
}

// before is how many windows of the WINDOW clause a definition can extend: those before it.
func (c *clause) before(d *ast.WindowDef) int {
	for i, x := range c.windows.defs {
		if x == d {
			return i
		}
	}
	return len(c.windows.defs)
}

// window binds a window's definition, with those that it extends.
func (c *clause) window(def *ast.WindowDef) (w window, err error) {
	var chain []*ast.WindowDef
	for d := def; ; {
		chain = append(chain, d)
		if d.Base == "" {
			break
		}
		base := c.namedWindow(d.Base, c.before(d))
		if base == nil {
			return w, pgerr.New(pgerr.UndefinedObject, "window \"%s\" does not exist", d.Base).At(d.Pos)
		}
		if err := c.checkExtension(d, base); err != nil {
			return w, err
		}
		d = base
	}
	in := *c
	in.inWindow, in.windowPart, in.sets = true, "window functions are not allowed in window definitions", nil
	for i := len(chain) - 1; i >= 0; i-- {
		d := chain[i]
		for _, p := range d.PartitionBy {
			x, err := in.bind(p)
			if err == nil {
				x, err = in.typed(x, ast.Start(p))
			}
			if err == nil {
				_, err = in.equality(x.Type(), ast.Start(p))
			}
			if err != nil {
				return w, err
			}
			w.partition = append(w.partition, x)
		}
		for _, o := range spread(d.OrderBy) {
			x, err := in.bind(o.Expr)
			if err != nil {
				return w, err
			}
			s, err := in.sortKey(o, x)
			if err != nil {
				return w, err
			}
			w.order = append(w.order, s)
		}
	}
	c.pending = in.pending
	w.frame, err = c.frame(def, w.order)
	return w, err
}

// checkWindows binds the definitions of the WINDOW clause for their errors, which are errors where no function uses them, too.
func (c *clause) checkWindows() error {
	if c.windows == nil {
		return nil
	}
	for _, d := range c.windows.defs {
		in := *c
		if _, err := in.window(d); err != nil {
			return err
		}
	}
	return nil
}

// hasOrder reports whether a window is ordered, by itself or by what it extends.
func (c *clause) hasOrder(d *ast.WindowDef) bool {
	for d != nil && len(d.OrderBy) == 0 && d.Base != "" {
		d = c.namedWindow(d.Base, c.before(d))
	}
	return d != nil && len(d.OrderBy) > 0
}

// checkExtension checks what a window may add to the one that it extends.
func (c *clause) checkExtension(d, base *ast.WindowDef) error {
	switch {
	case len(d.PartitionBy) > 0:
		return pgerr.New(pgerr.WindowingError, "cannot override PARTITION BY clause of window \"%s\"", d.Base).At(d.Pos)
	case len(d.OrderBy) > 0 && c.hasOrder(base):
		return pgerr.New(pgerr.WindowingError, "cannot override ORDER BY clause of window \"%s\"", d.Base).At(d.Pos)
	case base.Frame != nil:
		err := pgerr.New(pgerr.WindowingError, "cannot copy window \"%s\" because it has a frame clause", d.Base)
		if d.Name == "" && len(d.OrderBy) == 0 && d.Frame == nil {
			err.WithHint("Omit the parentheses in this OVER clause.")
		}
		return err.At(d.Pos)
	}
	return nil
}
