package bind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// bind binds an expression. An untyped literal or parameter comes back with types.Unknown, for its surroundings to
// decide its type.
func (c *clause) bind(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return c.columnRef(e)
	case *ast.Literal:
		x, err := literal(e, false)
		if k, ok := x.(*expr.Const); ok && e.Kind == ast.StringLiteral {
			c.b.literals[k] = e.Pos
		}
		return x, err
	case *ast.TypedLiteral:
		return c.typedLiteral(e)
	case *ast.Param:
		return c.b.bindParam(e)
	case *ast.BinaryOp:
		return c.binaryOp(e)
	case *ast.UnaryOp:
		return c.unaryOp(e)
	case *ast.And, *ast.Or, *ast.Not:
		return c.logic(e)
	case *ast.IsNull:
		return c.isNull(e)
	case *ast.IsBool:
		return c.isBool(e)
	case *ast.IsDistinct:
		return c.isDistinct(e)
	case *ast.Between:
		return c.between(e)
	case *ast.Like:
		return c.like(e)
	case *ast.In:
		return c.in(e)
	case *ast.AnyAll:
		if e.Query != nil {
			return c.bindAnySubquery(e)
		}
		return c.anyAll(e)
	case *ast.InSubquery, *ast.Exists, *ast.ScalarSubquery, *ast.ArraySubquery:
		return c.bindSubquery(e)
	case *ast.Case:
		var x expr.Expr
		err := c.withoutSets("CASE", func() (err error) { x, err = c.caseExpr(e); return err })
		return x, err
	case *ast.Cast:
		return c.cast(e)
	case *ast.Collate:
		return c.collate(e)
	case *ast.AtTimeZone:
		return inCatalog(c.call("timezone", []ast.Expr{e.Zone, e.Arg}, false, e.Pos))
	case *ast.Array:
		return c.array(e, 1)
	case *ast.Subscript:
		return c.subscript(e)
	case *ast.FuncCall:
		return c.funcCall(e)
	case *ast.Coalesce:
		x := &expr.Coalesce{}
		err := c.withoutSets("COALESCE", func() (err error) { x.Args, x.T, err = c.common("COALESCE", e.Args); return err })
		return x, err
	case *ast.MinMax:
		name := "GREATEST"
		if e.Least {
			name = "LEAST"
		}
		args, t, err := c.common(name, e.Args)
		return &expr.Extremum{Args: args, Least: e.Least, T: t}, err
	case *ast.NullIf:
		return c.nullIf(e)
	case *ast.SQLValue:
		return c.sqlValue(e)
	case *ast.Grouping:
		return c.bindGrouping(e)
	case *ast.FieldSelect:
		return c.fieldSelect(e)
	case *ast.Row:
		return c.row(e)
	case *ast.Default:
		return nil, pgerr.New(pgerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.Pos)
	case *ast.Star:
		return nil, pgerr.New(pgerr.SyntaxError, "row expansion via \"*\" is not supported here").At(e.Pos)
	}
	return nil, pgerr.Unsupported(unsupportedExpr(e)).At(e.Position())
}

// logic binds AND, OR and NOT.
func (c *clause) logic(e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.And:
		args, err := c.bools(e.Args, "AND", false)
		return &expr.And{Args: args}, err
	case *ast.Or:
		args, err := c.bools(e.Args, "OR", false)
		return &expr.Or{Args: args}, err
	}
	args, err := c.bools([]ast.Expr{e.(*ast.Not).Arg}, "NOT", false)
	if err != nil {
		return nil, err
	}
	return &expr.Not{Arg: args[0]}, nil
}

// unsupportedExpr names an expression that has no meaning yet.
func unsupportedExpr(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.CurrentOf:
		return "WHERE CURRENT OF"
	case *ast.IsDocument:
		return "IS DOCUMENT"
	case *ast.SecretRef:
		return "SECRET as a value"
	default:
		return fmt.Sprintf("an expression of kind %s", strings.TrimPrefix(fmt.Sprintf("%T", e), "*ast."))
	}
}

// rowOf binds a call of a set-returning function of several columns; nil for anything else.
func (c *clause) rowOf(e ast.Expr) (*setCall, error) {
	call, ok := e.(*ast.FuncCall)
	if !ok || call.Over != nil || call.Name.Schema != "" || !hasSeveralColumns(call.Name.Name) {
		return nil, nil
	}
	return c.setCallRow(call)
}

// columnRef resolves a.b.c from the innermost query level outward.
func (c *clause) columnRef(e *ast.ColumnRef) (expr.Expr, error) {
	if c.noColumns != "" {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "%s", c.noColumns).At(e.Pos)
	}
	name := e.Parts[len(e.Parts)-1]
	if len(e.Parts) == 1 {
		it, col, err := c.scope.column(name, e.Pos)
		if err != nil {
			return nil, err
		}
		if col == nil && c.outputs != nil {
			if x, err := c.outputs(e); x != nil || err != nil {
				return x, err
			}
		}
		if col == nil {
			if whole, err := c.scope.relation("", name, e.Pos); err == nil && whole != nil {
				return c.wholeRow(whole, e.Pos)
			}
			return nil, c.scope.noColumn(nil, name, e.Pos)
		}
		return c.b.column(col.id, e.Pos, it.label(col.name)), nil
	}
	it, err := c.qualifier(e.Parts[:len(e.Parts)-1], e.Pos)
	if err != nil {
		return nil, err
	}
	col, n := it.find(name)
	switch {
	case n > 1:
		return nil, pgerr.New(pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name).At(e.Pos)
	case n == 0:
		return nil, c.scope.noColumn(it, name, e.Pos)
	}
	return c.b.column(col.id, e.Pos, it.label(col.name)), nil
}

// qualifier finds the FROM item that t, s.t or d.s.t names.
func (c *clause) qualifier(parts []string, pos int) (*fromItem, error) {
	schema, name := "", parts[len(parts)-1]
	switch {
	case len(parts) > 3:
		return nil, pgerr.New(pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", strings.Join(parts, ".")).At(pos)
	case len(parts) > 1:
		schema = parts[len(parts)-2]
	}
	it, err := c.scope.relation(schema, name, pos)
	if err == nil && it == nil {
		err = c.scope.noRelation(schema, name, pos)
	}
	return it, err
}

// literal types a literal: numbers by their size, strings not yet.
func literal(e *ast.Literal, negative bool) (expr.Expr, error) {
	text := e.Text
	if negative {
		text = "-" + text
	}
	switch e.Kind {
	case ast.NullLiteral:
		return &expr.Const{Value: types.Null, T: types.Of(types.Unknown)}, nil
	case ast.BoolLiteral:
		return &expr.Const{Value: types.NewBool(e.Text == "true"), T: types.Of(types.Bool)}, nil
	case ast.StringLiteral:
		return &expr.Const{Value: types.NewString(e.Text), T: types.Of(types.Unknown)}, nil
	case ast.IntLiteral:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			t := types.Of(types.Int8)
			if v == int64(int32(v)) {
				t = types.Of(types.Int4)
			}
			return &expr.Const{Value: types.NewInt(v), T: t}, nil
		}
		return numericLiteral(text, e.Pos)
	case ast.NumericLiteral:
		return numericLiteral(text, e.Pos)
	}
	return nil, pgerr.Unsupported("bit strings").At(e.Pos)
}

func numericLiteral(text string, pos int) (expr.Expr, error) {
	b, err := types.ParseNumeric(nil, []byte(text))
	if err != nil {
		return nil, at(err, pos)
	}
	return &expr.Const{Value: types.NewBytes(b), T: types.Of(types.Numeric)}, nil
}

func (c *clause) typedLiteral(e *ast.TypedLiteral) (expr.Expr, error) {
	t, domain, err := c.b.TypeOrDomain(e.Type)
	if err != nil {
		return nil, err
	}
	x, err := c.coerce(&expr.Const{Value: types.NewString(e.Value), T: types.Of(types.Unknown)}, t, explicit, e.Pos)
	if err != nil {
		return nil, err
	}
	return c.toDomain(x, domain, e.Pos)
}

func (c *clause) unaryOp(e *ast.UnaryOp) (expr.Expr, error) {
	if e.Op == "-" {
		if lit, ok := e.Arg.(*ast.Literal); ok && (lit.Kind == ast.IntLiteral || lit.Kind == ast.NumericLiteral) {
			return literal(lit, true)
		}
	}
	x, err := c.bind(e.Arg)
	if err != nil {
		return nil, err
	}
	return c.prefix(e.Op, x, e.Pos)
}

// binaryOp binds a chain of operators, which leans to the left, by a loop.
func (c *clause) binaryOp(e *ast.BinaryOp) (expr.Expr, error) {
	if l, ok := e.Left.(*ast.Row); ok && fieldwise(e, l) {
		return c.rowComparison(e, l)
	}
	var chain []*ast.BinaryOp
	var first ast.Expr = e
	for {
		x, ok := first.(*ast.BinaryOp)
		if !ok {
			break
		}
		if l, row := x.Left.(*ast.Row); row && x != e && fieldwise(x, l) {
			break
		}
		chain = append(chain, x)
		first = x.Left
	}
	x, err := c.bind(first)
	if err != nil {
		return nil, err
	}
	for i := len(chain) - 1; i >= 0; i-- {
		r, err := c.bind(chain[i].Right)
		if err != nil {
			return nil, err
		}
		if x, err = c.operator(chain[i].Op, x, r, chain[i].Pos); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// fieldwise reports whether an operator is one of rows written out on both sides, or with a subquery on the right, which
// are compared by their fields' operators. Other rows are values.
func fieldwise(e *ast.BinaryOp, l *ast.Row) bool {
	switch r := e.Right.(type) {
	case *ast.Row:
		return plainRow(l) && plainRow(r)
	case *ast.ScalarSubquery:
		return plainRow(l)
	}
	return false
}

// plainRow reports whether a row is written without t.* among its fields.
func plainRow(r *ast.Row) bool {
	return !slices.ContainsFunc(r.Args, func(e ast.Expr) bool { _, star := e.(*ast.Star); return star })
}

// rowComparison binds (a, b) op (c, d): field by field for = and <>, by the first unequal fields for the others. The
// right side may be a subquery of one row.
func (c *clause) rowComparison(e *ast.BinaryOp, l *ast.Row) (expr.Expr, error) {
	var right []expr.Expr
	switch r := e.Right.(type) {
	case *ast.Row:
		if len(l.Args) != len(r.Args) {
			return nil, pgerr.New(pgerr.SyntaxError, "unequal number of entries in row expressions").At(e.Pos)
		}
		var err error
		if right, err = c.bindAll(r.Args); err != nil {
			return nil, err
		}
	case *ast.ScalarSubquery:
		var err error
		if right, err = c.rowSubquery(r, len(l.Args)); err != nil {
			return nil, err
		}
	default:
		return nil, pgerr.Unsupported("comparing a row with something else").At(e.Pos)
	}
	left, err := c.bindAll(l.Args)
	if err != nil {
		return nil, err
	}
	return c.compareRows(e.Op, left, right, e.Pos)
}

func (c *clause) bindAll(es []ast.Expr) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		x, err := c.bind(e)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

func (c *clause) compareRows(op string, left, right []expr.Expr, pos int) (expr.Expr, error) {
	n := len(left)
	if n == 0 {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "cannot compare rows of zero length").At(pos)
	}
	switch op {
	case "=", "<>":
		args := make([]expr.Expr, n)
		for i := range args {
			x, err := c.operator(op, left[i], right[i], pos)
			if err != nil {
				return nil, err
			}
			args[i] = x
		}
		if op == "=" {
			return &expr.And{Args: args}, nil
		}
		return &expr.Or{Args: args}, nil
	case "<", "<=", ">", ">=":
	default:
		for i := range left {
			if _, err := c.operator(op, left[i], right[i], pos); err != nil {
				return nil, err
			}
		}
		return nil, pgerr.New(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).At(pos).
			WithHint("Row comparison operators must be associated with btree operator families.")
	}
	// (a, b) <= (c, d) is a < c OR a = c AND b <= d.
	out, err := c.operator(op, left[n-1], right[n-1], pos)
	if err != nil {
		return nil, err
	}
	for i := n - 2; i >= 0; i-- {
		less, err := c.operator(strings.TrimSuffix(op, "="), left[i], right[i], pos)
		if err != nil {
			return nil, err
		}
		equal, err := c.operator("=", left[i], right[i], pos)
		if err != nil {
			return nil, err
		}
		out = &expr.Or{Args: []expr.Expr{less, &expr.And{Args: []expr.Expr{equal, out}}}}
	}
	return out, repeated(out, 1)
}

func (c *clause) isNull(e *ast.IsNull) (expr.Expr, error) {
	if row, ok := e.Arg.(*ast.Row); ok && plainRow(row) {
		// All fields are NULL, or all are not.
		args := make([]expr.Expr, len(row.Args))
		for i, a := range row.Args {
			x, err := c.isNull(&ast.IsNull{Pos: e.Pos, Arg: a, Not: e.Not})
			if err != nil {
				return nil, err
			}
			args[i] = x
		}
		return &expr.And{Args: args}, nil
	}
	x, err := c.bind(e.Arg)
	if err != nil {
		return nil, err
	}
	if k, ok := x.(*expr.Const); ok && k.T.Is(types.Unknown) {
		k.T = types.Of(types.Text)
	}
	if x.Type().Is(types.Record) {
		return scalar.RowNull(x, e.Not), nil
	}
	return &expr.IsNull{Arg: x, Negate: e.Not}, nil
}

func (c *clause) isBool(e *ast.IsBool) (expr.Expr, error) {
	what := "IS " + [...]string{"TRUE", "FALSE", "UNKNOWN"}[e.Value]
	if e.Not {
		what = "IS NOT" + what[2:]
	}
	x, err := c.bind(e.Arg)
	if err == nil {
		x, err = c.toBool(x, what, ast.Start(e.Arg))
	}
	if err != nil {
		return nil, err
	}
	want := types.NewBool(e.Value == ast.TestTrue)
	if e.Value == ast.TestUnknown {
		want = types.Null
	}
	return &expr.BoolTest{Arg: x, Want: want, Negate: e.Not}, nil
}

func (c *clause) isDistinct(e *ast.IsDistinct) (expr.Expr, error) {
	if l, ok := e.Left.(*ast.Row); ok {
		if r, ok := e.Right.(*ast.Row); ok && plainRow(l) && plainRow(r) {
			return c.rowDistinct(e, l, r)
		}
	}
	args, t, err := c.common("IS DISTINCT FROM", []ast.Expr{e.Left, e.Right})
	if err != nil {
		return nil, err
	}
	eq, err := c.equality(t, e.Pos)
	if err != nil {
		return nil, err
	}
	return &expr.DistinctFrom{Left: args[0], Right: args[1], Eq: eq, Negate: e.Not}, nil
}

// rowDistinct binds (a, b) IS [NOT] DISTINCT FROM (c, d).
func (c *clause) rowDistinct(e *ast.IsDistinct, l, r *ast.Row) (expr.Expr, error) {
	if len(l.Args) != len(r.Args) {
		return nil, pgerr.New(pgerr.SyntaxError, "unequal number of entries in row expressions").At(e.Pos)
	}
	if len(l.Args) == 0 {
		return &expr.Const{Value: types.NewBool(e.Not), T: types.Of(types.Bool)}, nil
	}
	args := make([]expr.Expr, len(l.Args))
	for i := range args {
		x, err := c.isDistinct(&ast.IsDistinct{Pos: e.Pos, Left: l.Args[i], Right: r.Args[i], Not: e.Not})
		if err != nil {
			return nil, err
		}
		args[i] = x
	}
	if e.Not {
		return &expr.And{Args: args}, nil
	}
	return &expr.Or{Args: args}, nil
}

func (c *clause) between(e *ast.Between) (expr.Expr, error) {
	if _, row := e.Arg.(*ast.Row); row {
		return c.rowBetween(e)
	}
	arg, err := c.bind(e.Arg)
	if err != nil {
		return nil, err
	}
	low, err := c.bind(e.Low)
	if err != nil {
		return nil, err
	}
	high, err := c.bind(e.High)
	if err != nil {
		return nil, err
	}
	between := func(lo, hi expr.Expr) (expr.Expr, error) {
		ge, err := c.operator(">=", arg, lo, e.Pos)
		if err != nil {
			return nil, err
		}
		le, err := c.operator("<=", arg, hi, e.Pos)
		if err != nil {
			return nil, err
		}
		return &expr.And{Args: []expr.Expr{ge, le}}, nil
	}
	out, err := between(low, high)
	if err == nil && e.Symmetric {
		var swapped expr.Expr
		if swapped, err = between(high, low); err == nil {
			out = &expr.Or{Args: []expr.Expr{out, swapped}}
		}
	}
	if err != nil {
		return nil, err
	}
	if e.Not {
		out = &expr.Not{Arg: out}
	}
	return out, repeated(out, 1)
}

// rowBetween binds (a, b) BETWEEN (c, d) AND (e, f).
func (c *clause) rowBetween(e *ast.Between) (expr.Expr, error) {
	between := func(low, high ast.Expr) ast.Expr {
		return &ast.And{Pos: e.Pos, Args: []ast.Expr{
			&ast.BinaryOp{Pos: e.Pos, Op: ">=", Left: e.Arg, Right: low},
			&ast.BinaryOp{Pos: e.Pos, Op: "<=", Left: e.Arg, Right: high},
		}}
	}
	x := between(e.Low, e.High)
	if e.Symmetric {
		x = &ast.Or{Pos: e.Pos, Args: []ast.Expr{x, between(e.High, e.Low)}}
	}
	if e.Not {
		x = &ast.Not{Pos: e.Pos, Arg: x}
	}
	out, err := c.bind(x)
	if err != nil {
		return nil, err
	}
	return out, repeated(out, 1)
}

// common binds expressions that take one type together.
func (c *clause) common(construct string, es []ast.Expr) ([]expr.Expr, types.T, error) {
	xs := make([]expr.Expr, len(es))
	pos := make([]int, len(es))
	for i, e := range es {
		x, err := c.bind(e)
		if err != nil {
			return nil, types.T{}, err
		}
		xs[i], pos[i] = x, ast.Start(e)
	}
	t, err := c.commonType(construct, xs, pos...)
	if err != nil {
		return nil, types.T{}, err
	}
	for i := range xs {
		if xs[i], err = c.coerce(xs[i], t, implicit, pos[i]); err != nil {
			return nil, types.T{}, err
		}
	}
	return xs, t, nil
}

func (c *clause) nullIf(e *ast.NullIf) (expr.Expr, error) {
	l, err := c.bind(e.Left)
	if err != nil {
		return nil, err
	}
	r, err := c.bind(e.Right)
	if err != nil {
		return nil, err
	}
	eq, err := c.operator("=", l, r, e.Pos)
	if err != nil {
		return nil, err
	}
	// The value is the left operand as it was compared: NULLIF(1, 2.2) is numeric.
	l = eq.(*expr.Call).Args[0]
	if err := repeated(l, 2); err != nil {
		return nil, err
	}
	return &expr.Case{T: l.Type(), Else: l, Whens: []expr.When{{Cond: eq, Result: &expr.Const{Value: types.Null, T: l.Type()}}}}, nil
}

func (c *clause) caseExpr(e *ast.Case) (expr.Expr, error) {
	out := &expr.Case{}
	var operand expr.Expr
	if e.Operand != nil {
		x, err := c.bind(e.Operand)
		if err == nil {
			operand, err = c.typed(x, ast.Start(e.Operand))
		}
		if err == nil {
			err = repeated(operand, len(e.Whens))
		}
		if err != nil {
			return nil, err
		}
	}
	// The ELSE comes first in PostgreSQL's search for the common type.
	var results []ast.Expr
	if e.Else != nil {
		results = append(results, e.Else)
	}
	for _, w := range e.Whens {
		cond, err := c.when(operand, &w)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond})
		results = append(results, w.Then)
	}
	xs, t, err := c.common("CASE", results)
	if err != nil {
		return nil, err
	}
	if e.Else != nil {
		out.Else, xs = xs[0], xs[1:]
	}
	for i := range out.Whens {
		out.Whens[i].Result = xs[i]
	}
	out.T = t
	return out, nil
}

func (c *clause) when(operand expr.Expr, w *ast.When) (expr.Expr, error) {
	if operand == nil {
		return c.bindBool(w.Cond, "CASE/WHEN")
	}
	x, err := c.bind(w.Cond)
	if err != nil {
		return nil, err
	}
	return c.operator("=", operand, x, w.Pos)
}
