package bind

import (
	"slices"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// setCalls collects the set-returning functions of a select list, or of GROUP BY. Those of one level run in lock step, for
// each row of the level below: a function whose arguments contain others is one level above them.
type setCalls struct {
	levels [][]*setCall
}

// setCall is one call and the names of its columns.
type setCall struct {
	logical.SetFunc
	names []scopeCol
}

// level is the level of a function with the given arguments.
func (s *setCalls) level(args []expr.Expr) int {
	cols := logical.ExprsCols(args)
	for i := len(s.levels); i > 0; i-- {
		if slices.ContainsFunc(s.levels[i-1], func(f *setCall) bool { return cols.HasAny(f.Cols) }) {
			return i
		}
	}
	return 0
}

// add puts a call among the others. An equal one that is there already serves for both: in lock step they give the same.
func (s *setCalls) add(f *setCall) *setCall {
	at := s.level(f.Args)
	if at == len(s.levels) {
		s.levels = append(s.levels, nil)
	}
	for _, g := range s.levels[at] {
		if sameSetFunc(&f.SetFunc, &g.SetFunc) {
			return g
		}
	}
	s.levels[at] = append(s.levels[at], f)
	return f
}

func sameSetFunc(f, g *logical.SetFunc) bool {
	return f.Name == g.Name && slices.EqualFunc(f.Args, g.Args, expr.Equal) && slices.Equal(f.Ret, g.Ret) &&
		!slices.ContainsFunc(f.Args, func(e expr.Expr) bool { return expr.VolatilityOf(e) == expr.Volatile })
}

// read reports whether an expression reads what the functions give.
func (s *setCalls) read(e expr.Expr) bool { return s != nil && s.level([]expr.Expr{e}) > 0 }

// apply runs the functions over a plan.
func (s *setCalls) apply(n logical.Node) logical.Node {
	for _, level := range s.levels {
		series := &logical.Series{Input: n}
		for _, f := range level {
			series.Funcs = append(series.Funcs, f.SetFunc)
		}
		n = series
	}
	return n
}

// without takes out the calls that other has as well, and adds to names what their columns are there.
func (s *setCalls) without(other *setCalls, b *Binder, names map[logical.ColID]expr.Expr) {
	if len(other.levels) == 0 {
		return
	}
	var levels [][]*setCall
	for _, level := range s.levels {
		var rest []*setCall
		for _, f := range level {
			for i := range f.Args {
				f.Args[i] = logical.RenameExpr(f.Args[i], names)
			}
			g := other.find(f)
			if g == nil {
				rest = append(rest, f)
				continue
			}
			for i, id := range f.Cols {
				names[id] = b.cols.Ref(g.Cols[i])
			}
		}
		if len(rest) > 0 {
			levels = append(levels, rest)
		}
	}
	s.levels = levels
}

func (s *setCalls) find(f *setCall) *setCall {
	for _, level := range s.levels {
		for _, g := range level {
			if sameSetFunc(&f.SetFunc, &g.SetFunc) {
				return g
			}
		}
	}
	return nil
}

const lateralHint = "You might be able to move the set-returning function into a LATERAL FROM item."

// setCall binds a set-returning function in a select list as a value.
func (c *clause) setCall(e *ast.FuncCall) (expr.Expr, error) {
	f, err := c.setCallRow(e)
	if err != nil {
		return nil, err
	}
	if len(f.Cols) == 1 {
		return c.b.cols.Ref(f.Cols[0]), nil
	}
	// Beside a function that gives more rows it is NULL, and not a row of NULLs.
	fields, attrs := make([]expr.Expr, len(f.names)), make([]types.Attr, len(f.names))
	for i, col := range f.names {
		x := c.b.column(col.id, e.Pos, col.name)
		fields[i], attrs[i] = x, types.Attr{Name: col.name, T: x.T.WithoutMod()}
	}
	row, err := makeRow(fields, attrs, e.Pos)
	if err != nil {
		return nil, err
	}
	return &expr.Case{T: row.T, Else: row, Whens: []expr.When{{Cond: scalar.RowNull(row, false), Result: &expr.Const{Value: types.Null, T: row.T}}}}, nil
}

// setCallRow binds a set-returning function in a select list: the rows that it gives are made beside those of the list's
// other such functions.
func (c *clause) setCallRow(e *ast.FuncCall) (*setCall, error) {
	refuse := func(format string, args ...any) (*setCall, error) {
		return nil, pgerr.New(pgerr.FeatureNotSupported, format, args...).WithHint(lateralHint).At(e.Pos)
	}
	switch {
	case c.inAggregate:
		return refuse("aggregate function calls cannot contain set-returning function calls")
	case c.inWindow:
		return refuse("window function calls cannot contain set-returning function calls")
	case c.sets == nil && c.name == functionsInFrom:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "set-returning functions must appear at top level of FROM").At(e.Pos)
	case c.sets == nil:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", c.name).At(e.Pos)
	case c.noSets != "":
		return refuse("set-returning functions are not allowed in %s", c.noSets)
	}
	args, argPos, err := c.setArgs(e)
	if err != nil {
		return nil, err
	}
	f, cols, err := c.setFunc(e.Name.Name, args, argPos, nil, e.Pos)
	if err != nil {
		return nil, err
	}
	return c.sets.add(&setCall{f, cols}), nil
}

// setArgs binds the arguments of a set-returning function.
func (c *clause) setArgs(e *ast.FuncCall) ([]expr.Expr, []int, error) {
	if e.Star || e.Distinct || e.Variadic || e.Filter != nil || len(e.OrderBy) > 0 {
		return nil, nil, notAggregate(e, "%s is not an aggregate function")
	}
	var args []expr.Expr
	var pos []int
	for _, a := range e.Args {
		x, err := c.bind(a)
		if err != nil {
			return nil, nil, err
		}
		args, pos = append(args, x), append(pos, ast.Start(a))
	}
	return args, pos, nil
}

// withoutSets binds what may not contain set-returning functions; what names it.
func (c *clause) withoutSets(what string, bind func() error) error {
	old := c.noSets
	if old == "" {
		c.noSets = what
	}
	err := bind()
	c.noSets = old
	return err
}
