package mysql

import (
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/sql/ast"
)

// aggregates are MySQL's names of aggregates that are called with their arguments alone.
var aggregates = map[string]string{
	"count": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max",
	"std": "stddev_pop", "stddev": "stddev_pop", "stddev_pop": "stddev_pop", "stddev_samp": "stddev_samp",
	"variance": "var_pop", "var_pop": "var_pop", "var_samp": "var_samp",
	"bit_and": "bit_and", "bit_or": "bit_or", "bit_xor": "bit_xor",
	"json_arrayagg": "jsonb_agg", "json_objectagg": "jsonb_object_agg",
}

// aggregate lowers a call of an aggregate.
func (l *lowerer) aggregate(e *mast.AggregateFuncExpr) ast.Expr {
	pos := l.at(e)
	outer := l.aliases
	l.aliases = nil // inside an aggregate a name is that of a column
	defer func() { l.aliases = outer }()
	f := strings.ToLower(e.F)
	if f == "group_concat" {
		return l.groupConcat(e, pos)
	}
	target, ok := aggregates[f]
	if !ok {
		l.unsupported(pos, "the aggregate "+strings.ToUpper(f)+" of MySQL")
	}
	x := l.aggregateCall(pos, target, e.Args)
	x.Distinct = e.Distinct
	if len(e.Args) > 1 && f == "count" { // rows in which one of them is NULL do not count
		c := &invocation{lowerer: l, pos: pos}
		x.Filter = c.notNull(x.Args)
		x.Args = []ast.Expr{call(pos, "jsonb_build_array", x.Args...)} // a value with an equality of its parts
	}
	if target == "bit_or" || target == "bit_xor" {
		return &ast.Coalesce{Pos: pos, Args: []ast.Expr{x, number(pos, 0)}}
	}
	return x
}

func (l *lowerer) aggregateCall(pos int, name string, args []mast.ExprNode) *ast.FuncCall {
	x := &ast.FuncCall{Pos: pos, Name: ast.ObjectName{Pos: pos, Name: name}}
	if v, ok := firstValue(args); ok && name == "count" && len(args) == 1 {
		if _, star := v.v.(int); star {
			x.Star = true
			return x
		}
	}
	if name == "count" {
		for _, a := range args {
			x.Args = append(x.Args, l.expr(a))
		}
		return x
	}
	if len(args) > 0 {
		x.Args = l.exprs(args)
	}
	return x
}

func firstValue(args []mast.ExprNode) (*value, bool) {
	if len(args) == 0 {
		return nil, false
	}
	v, ok := args[0].(*value)
	return v, ok
}

// groupConcat lowers GROUP_CONCAT. The last argument is the separator.
func (l *lowerer) groupConcat(e *mast.AggregateFuncExpr, pos int) ast.Expr {
	parts := e.Args[:len(e.Args)-1]
	separator := l.expr(e.Args[len(e.Args)-1])
	c := &invocation{lowerer: l, name: "group_concat", pos: pos, args: parts}
	x := &ast.FuncCall{Pos: pos, Name: ast.ObjectName{Pos: pos, Name: "string_agg"}, Distinct: e.Distinct}
	if e.Order != nil {
		x.OrderBy = l.orderItems(e.Order.Items)
		for _, item := range x.OrderBy {
			n, ok := intLiteral(item.Expr)
			if ok && n > 0 && n <= len(parts) { // ORDER BY 1 is the first argument
				item.Expr = l.value(parts[n-1])
			}
		}
	}
	if e.Distinct && x.OrderBy != nil {
		return l.distinctConcat(c, x, separator)
	}
	arg := concat(c)
	if !isText(arg) {
		arg = castTo(arg, "text")
	}
	x.Args = []ast.Expr{arg, separator}
	return x
}

// distinctConcat lowers GROUP_CONCAT(DISTINCT x ORDER BY x): PostgreSQL orders distinct values by themselves only, and
// they must not become text before that.
func (l *lowerer) distinctConcat(c *invocation, x *ast.FuncCall, separator ast.Expr) ast.Expr {
	arg := c.arg(0)
	if len(c.args) > 1 || len(x.OrderBy) > 1 || !ast.Equal(arg, x.OrderBy[0].Expr) {
		l.unsupported(c.pos, "GROUP_CONCAT with DISTINCT that is ordered by something else")
	}
	x.Name.Name = "array_agg"
	x.Args = []ast.Expr{arg}
	x.Filter = &ast.IsNull{Pos: c.pos, Arg: l.again(arg), Not: true}
	return c.call("array_to_string", x, separator)
}

// windowFunctions are those that are no aggregates. They have the same names.
var windowFunctions = map[string]bool{
	"row_number": true, "rank": true, "dense_rank": true, "percent_rank": true, "cume_dist": true, "ntile": true,
	"lag": true, "lead": true, "first_value": true, "last_value": true, "nth_value": true,
}

func (l *lowerer) windowFunction(e *mast.WindowFuncExpr) ast.Expr {
	pos := l.at(e)
	f := strings.ToLower(e.Name)
	target, ok := aggregates[f]
	switch {
	case windowFunctions[f]:
		target = f
	case !ok:
		l.unsupported(pos, "the window function "+strings.ToUpper(f)+" of MySQL")
	case e.FromLast:
		l.unsupported(pos, "FROM LAST")
	}
	if e.IgnoreNull {
		l.unsupported(pos, "IGNORE NULLS")
	}
	x := l.aggregateCall(pos, target, e.Args)
	x.Distinct = e.Distinct
	if e.Spec.OnlyAlias {
		x.OverName = name(e.Spec.Name)
		return x
	}
	x.Over = l.window(&e.Spec, pos)
	return x
}

func (l *lowerer) window(w *mast.WindowSpec, pos int) *ast.WindowDef {
	x := &ast.WindowDef{Pos: pos, Name: name(w.Name), Base: name(w.Ref)}
	if w.PartitionBy != nil {
		for _, item := range w.PartitionBy.Items {
			x.PartitionBy = append(x.PartitionBy, l.value(item.Expr))
		}
	}
	if w.OrderBy != nil {
		x.OrderBy = l.orderItems(w.OrderBy.Items)
	}
	if f := w.Frame; f != nil {
		x.Frame = &ast.Frame{Pos: pos, Mode: ast.FrameRange, Between: true, Start: l.bound(&f.Extent.Start, pos), End: l.bound(&f.Extent.End, pos)}
		switch f.Type {
		case mast.Rows:
			x.Frame.Mode = ast.FrameRows
		case mast.Groups:
			x.Frame.Mode = ast.FrameGroups
		}
	}
	return x
}

func (l *lowerer) bound(b *mast.FrameBound, pos int) ast.FrameBound {
	x := ast.FrameBound{Pos: pos}
	switch {
	case b.Type == mast.CurrentRow:
		x.Kind = ast.CurrentRow
	case b.Type == mast.Preceding && b.UnBounded:
		x.Kind = ast.UnboundedPreceding
	case b.Type == mast.Preceding:
		x.Kind = ast.OffsetPreceding
	case b.UnBounded:
		x.Kind = ast.UnboundedFollowing
	default:
		x.Kind = ast.OffsetFollowing
	}
	if b.Expr != nil {
		if b.Unit != mast.TimeUnitInvalid {
			x.Offset = l.interval(b.Expr, b.Unit)
		} else {
			x.Offset = l.value(b.Expr)
		}
	}
	return x
}
