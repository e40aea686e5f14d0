package mysql

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// MySQL has no boolean type: a comparison is the number 1 or 0, and any number is a condition. An expression is
// lowered to a boolean where it is one by its form (isBoolean); value makes a number of such a one where a number is
// expected, and cond a condition of any other.

// comparisons and arithmetic that are written alike in both dialects.
var sameOperators = map[opcode.Op]string{
	opcode.GE: ">=", opcode.LE: "<=", opcode.EQ: "=", opcode.NE: "<>", opcode.LT: "<", opcode.GT: ">",
	opcode.Plus: "+", opcode.Minus: "-", opcode.Mul: "*",
}

func isComparison(op opcode.Op) bool {
	switch op {
	case opcode.GE, opcode.LE, opcode.EQ, opcode.NE, opcode.LT, opcode.GT:
		return true
	}
	return false
}

// isBoolean says whether the lowered form of an expression is a boolean.
func isBoolean(e mast.ExprNode) bool {
	switch e := e.(type) {
	case *value:
		_, ok := e.v.(bool)
		return ok
	case *mast.ParenthesesExpr:
		return isBoolean(e.Expr)
	case *mast.BinaryOperationExpr:
		switch e.Op {
		case opcode.LogicAnd, opcode.LogicOr, opcode.LogicXor, opcode.NullEQ:
			return true
		}
		return isComparison(e.Op)
	case *mast.UnaryOperationExpr:
		return e.Op == opcode.Not || e.Op == opcode.Not2
	case *mast.BetweenExpr, *mast.PatternInExpr, *mast.PatternLikeOrIlikeExpr, *mast.PatternRegexpExpr, *mast.IsNullExpr,
		*mast.IsTruthExpr, *mast.ExistsSubqueryExpr, *mast.CompareSubqueryExpr:
		return true
	case *mast.CaseExpr:
		return allBoolean(caseResults(e))
	case *mast.FuncCallExpr:
		return booleanFunction(e)
	case *mast.SetCollationExpr:
		return isBoolean(e.Expr)
	}
	return false
}

// allBoolean says whether the possible results of a conditional expression are booleans. Constants TRUE and FALSE
// alone are numbers to whoever wrote them beside other numbers, so one that is not a boolean makes all numbers.
func allBoolean(results []mast.ExprNode) bool {
	some := false
	for _, r := range results {
		if v, ok := r.(*value); ok && v.v == nil {
			continue
		}
		if !isBoolean(r) {
			return false
		}
		some = true
	}
	return some
}

func caseResults(e *mast.CaseExpr) []mast.ExprNode {
	var results []mast.ExprNode
	for _, w := range e.WhenClauses {
		results = append(results, w.Result)
	}
	if e.ElseClause != nil {
		results = append(results, e.ElseClause)
	}
	return results
}

func booleanFunction(e *mast.FuncCallExpr) bool {
	switch e.FnName.L {
	case "isnull", "regexp_like", "json_contains", "json_memberof":
		return true
	case "if":
		return len(e.Args) == 3 && allBoolean(e.Args[1:])
	case "ifnull", "coalesce":
		return allBoolean(e.Args)
	}
	return false
}

// isNumeric says whether an expression is a number by its form.
func isNumeric(e mast.ExprNode) bool {
	switch e := e.(type) {
	case *value:
		switch e.v.(type) {
		case int64, uint64, float64, decimal:
			return true
		}
	case *mast.ParenthesesExpr:
		return isNumeric(e.Expr)
	case *mast.BinaryOperationExpr:
		return !isBoolean(e)
	case *mast.UnaryOperationExpr:
		return e.Op == opcode.Minus || e.Op == opcode.BitNeg
	case *mast.AggregateFuncExpr:
		switch strings.ToLower(e.F) {
		case "count", "sum", "avg":
			return true
		}
	case *mast.FuncCallExpr:
		switch e.FnName.L {
		case "length", "char_length", "character_length", "octet_length", "locate", "instr", "position", "datediff", "timestampdiff",
			"year", "month", "day", "hour", "minute", "second", "abs", "round", "floor", "ceil", "ceiling", "find_in_set", "field", "sign", "strcmp":
			return true
		}
	}
	return false
}

// value lowers an expression whose value is wanted: a truth value becomes 1 or 0.
func (l *lowerer) value(e mast.ExprNode) ast.Expr {
	if !isBoolean(e) {
		return l.expr(e)
	}
	if v, ok := e.(*value); ok {
		if v.v == true {
			return number(l.at(e), 1)
		}
		return number(l.at(e), 0)
	}
	return castTo(l.expr(e), "int4")
}

// cond lowers an expression that is a condition.
func (l *lowerer) cond(e mast.ExprNode) ast.Expr {
	if isBoolean(e) {
		return l.expr(e)
	}
	if p, ok := e.(*mast.ParenthesesExpr); ok {
		return l.cond(p.Expr)
	}
	x := l.expr(e)
	if n, ok := intLiteral(x); ok {
		return boolean(l.at(e), n != 0)
	}
	switch {
	case isNull(x):
		return castTo(x, "bool")
	case isNumeric(e):
		return binaryOp(l.at(e), "<>", x, number(l.at(e), 0))
	}
	if s, ok := stringLiteral(x); ok {
		return boolean(l.at(e), leadingNumber(s) != 0)
	}
	if _, ok := x.(*ast.Param); ok {
		return binaryOp(l.at(e), "<>", castTo(x, "numeric"), number(l.at(e), 0))
	}
	// A column may be a boolean or a number: a string constant takes its type.
	return binaryOp(l.at(e), "<>", x, str(l.at(e), "0"))
}

// leadingNumber is what MySQL makes of a string constant where it wants a number.
func leadingNumber(s string) float64 {
	s = strings.TrimLeft(s, " \t\n")
	for n := min(len(s), 64); n > 0; n-- {
		if v, err := strconv.ParseFloat(s[:n], 64); err == nil && s[n-1] >= '.' && s[n-1] <= '9' {
			return v
		}
	}
	return 0
}

// exprs lowers a list of values.
func (l *lowerer) exprs(list []mast.ExprNode) []ast.Expr {
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = l.value(e)
	}
	return out
}

// alike lowers expressions one of which will be the result, or which are compared with each other: all as
// booleans, or all as other values.
func (l *lowerer) alike(list []mast.ExprNode) []ast.Expr {
	if !allBoolean(list) {
		return l.exprs(list)
	}
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = l.expr(e)
	}
	return out
}

// results lowers the possible results of a conditional expression. One of text makes all text, as in MySQL; a constant
// is certainly text if it cannot be a number or a time.
func (l *lowerer) results(list []mast.ExprNode) []ast.Expr {
	out := l.alike(list)
	words := false
	for _, x := range out {
		s, ok := stringLiteral(x)
		words = words || ok && (s == "" || !strings.ContainsAny(s[:1], "0123456789+-. "))
	}
	if words {
		for i, x := range out {
			if !isNull(x) {
				out[i] = asText(x)
			}
		}
	}
	return out
}

// expr lowers an expression: to a boolean if isBoolean says so.
func (l *lowerer) expr(e mast.ExprNode) ast.Expr {
	defer l.push()()
	pos := l.at(e)
	switch e := e.(type) {
	case *value:
		return l.constant(e)
	case *marker:
		return l.param(e)
	case *mast.ParenthesesExpr:
		return l.expr(e.Expr)
	case *mast.ColumnNameExpr:
		return l.column(e.Name, pos)
	case *mast.BinaryOperationExpr:
		return l.binary(e)
	case *mast.UnaryOperationExpr:
		return l.unary(e)
	case *mast.BetweenExpr:
		args := l.alike([]mast.ExprNode{e.Expr, e.Left, e.Right})
		return &ast.Between{Pos: pos, Arg: args[0], Low: args[1], High: args[2], Not: e.Not}
	case *mast.PatternInExpr:
		return l.in(e)
	case *mast.IsNullExpr:
		return &ast.IsNull{Pos: pos, Arg: l.expr(e.Expr), Not: e.Not}
	case *mast.IsTruthExpr:
		test := ast.TestFalse
		if e.True != 0 {
			test = ast.TestTrue
		}
		return &ast.IsBool{Pos: pos, Arg: l.cond(e.Expr), Value: test, Not: e.Not}
	case *mast.PatternLikeOrIlikeExpr:
		return l.like(e)
	case *mast.PatternRegexpExpr:
		op := "~"
		if e.Not {
			op = "!~"
		}
		return binaryOp(l.operatorAt(e.Pattern), op, l.text(e.Expr), l.text(e.Pattern))
	case *mast.CaseExpr:
		return l.caseExpr(e)
	case *mast.RowExpr:
		return &ast.Row{Pos: pos, Explicit: len(e.Values) < 2, Args: l.exprs(e.Values)}
	case *mast.SubqueryExpr:
		return &ast.ScalarSubquery{Pos: pos, Query: l.subquery(e.Query)}
	case *mast.ExistsSubqueryExpr:
		x := ast.Expr(&ast.Exists{Pos: pos, Query: l.subquery(e.Sel.(*mast.SubqueryExpr).Query)})
		if e.Not {
			x = &ast.Not{Pos: pos, Arg: x}
		}
		return x
	case *mast.CompareSubqueryExpr:
		op, ok := sameOperators[e.Op]
		if !ok {
			l.unsupported(pos, "the operator "+e.Op.String()+" with ANY or ALL")
		}
		return &ast.AnyAll{Pos: pos, Left: l.value(e.L), Op: op, All: e.All, Query: l.subquery(e.R.(*mast.SubqueryExpr).Query)}
	case *mast.FuncCallExpr:
		return l.function(e)
	case *mast.FuncCastExpr:
		return l.castExpr(e)
	case *mast.AggregateFuncExpr:
		return l.aggregate(e)
	case *mast.WindowFuncExpr:
		return l.windowFunction(e)
	case *mast.SetCollationExpr:
		return l.collated(e)
	}
	return l.special(e, pos)
}

// special lowers the expressions that have a place of their own, or none here.
func (l *lowerer) special(e mast.ExprNode, pos int) ast.Expr {
	switch e := e.(type) {
	case *mast.DefaultExpr:
		if e.Name != nil {
			l.unsupported(pos, "the function DEFAULT of MySQL")
		}
		return &ast.Default{Pos: pos}
	case *mast.ValuesExpr:
		return &ast.ColumnRef{Pos: pos, Parts: []string{"excluded", name(e.Column.Name.Name)}}
	case *mast.PositionExpr:
		return number(pos, e.N)
	case *mast.VariableExpr:
		if e.IsSystem {
			l.unsupported(pos, "the system variable @@"+e.Name)
		}
		l.unsupported(pos, "user variables (@"+e.Name+")")
	case *mast.MatchAgainst:
		l.unsupported(pos, "MATCH ... AGAINST")
	case *mast.MaxValueExpr:
		l.unsupported(pos, "MAXVALUE")
	}
	l.unsupported(pos, "this expression in MySQL's dialect")
	return nil
}

// constant lowers a constant.
func (l *lowerer) constant(c *value) ast.Expr {
	pos := l.at(c)
	switch v := c.v.(type) {
	case nil:
		return null(pos)
	case bool:
		return boolean(pos, v)
	case string:
		switch charset := c.GetType().GetCharset(); charset {
		case "binary": // _binary'x'
			return typed(pos, "bytea", `\x`+hex.EncodeToString([]byte(v)))
		case "", "utf8", "utf8mb3", "utf8mb4", "ascii":
		default:
			l.unsupported(pos, "the character set "+charset)
		}
		noZero(v, pos)
		return str(pos, v)
	case float64:
		return typed(pos, "float8", c.text()) // 1e3 is a double, and in PostgreSQL a numeric
	case decimal:
		kind := ast.NumericLiteral
		if !strings.ContainsAny(string(v), ".eE") {
			kind = ast.IntLiteral
		}
		return &ast.Literal{Pos: pos, Kind: kind, Text: string(v)}
	case binary:
		return typed(pos, "bytea", `\x`+hex.EncodeToString(v))
	}
	return &ast.Literal{Pos: pos, Kind: ast.IntLiteral, Text: c.text()}
}

// noZero refuses '\0' in text, which PostgreSQL's cannot hold.
func noZero(s string, pos int) {
	if strings.IndexByte(s, 0) >= 0 {
		fail(pgerr.New(pgerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x00`).At(pos))
	}
}

// operand lowers a value for arithmetic, where a hexadecimal constant is a number.
func (l *lowerer) operand(e mast.ExprNode) ast.Expr {
	if c, ok := e.(*value); ok {
		if b, ok := c.v.(binary); ok {
			return &ast.Literal{Pos: l.at(e), Kind: ast.IntLiteral, Text: new(big.Int).SetBytes(b).String()}
		}
	}
	return l.value(e)
}

func (l *lowerer) param(m *marker) ast.Expr {
	n := l.src.params[m.offset]
	if n == 0 {
		fail(pgerr.New(pgerr.InternalError, "a parameter is not where it was read").At(l.src.position(m.offset)))
	}
	l.params = max(l.params, n)
	return &ast.Param{Pos: l.src.position(m.offset), Number: n}
}

// column lowers the name of a column, or of what stands for one in HAVING, ORDER BY and SET.
func (l *lowerer) column(c *mast.ColumnName, pos int) ast.Expr {
	n := name(c.Name)
	table := name(c.Table)
	if table == "" {
		if e, ok := l.aliases[n]; ok {
			return l.again(e)
		}
	}
	if table == "" || table == l.assignedTable {
		if e, ok := l.assigned[n]; ok {
			return l.again(e)
		}
	}
	ref := &ast.ColumnRef{Pos: pos}
	switch {
	case c.Schema.L != "":
		ref.Parts = []string{name(c.Schema), table, n}
	case table != "":
		ref.Parts = []string{table, n}
	case l.target != "":
		ref.Parts = []string{l.target, n}
	default:
		ref.Parts = []string{n}
	}
	return ref
}

// binary lowers a binary operator. Chains of one operator, which lean to the left, are followed by a loop.
func (l *lowerer) binary(e *mast.BinaryOperationExpr) ast.Expr {
	switch e.Op {
	case opcode.LogicAnd, opcode.LogicOr:
		return l.logical(e)
	}
	var spine []*mast.BinaryOperationExpr
	left := mast.ExprNode(e)
	for {
		b, ok := left.(*mast.BinaryOperationExpr)
		if !ok || b.Op == opcode.LogicAnd || b.Op == opcode.LogicOr || len(spine) > 0 && isBoolean(b) {
			break
		}
		spine = append(spine, b)
		left = b.L
	}
	defer l.link(len(spine))()
	bottom := spine[len(spine)-1]
	x := l.binaryStep(bottom, nil)
	for i := len(spine) - 2; i >= 0; i-- {
		x = l.binaryStep(spine[i], x)
	}
	return x
}

// binaryStep lowers one operator; left is its left operand, lowered already, or nil.
func (l *lowerer) binaryStep(e *mast.BinaryOperationExpr, left ast.Expr) ast.Expr {
	pos := l.operatorAt(e.R)
	if isComparison(e.Op) || e.Op == opcode.NullEQ {
		return l.comparison(e, left, pos)
	}
	if e.Op == opcode.LogicXor {
		return binaryOp(pos, "<>", l.cond(e.L), l.cond(e.R))
	}
	if left == nil {
		left = l.operand(e.L)
	}
	right := l.operand(e.R)
	switch e.Op {
	case opcode.Div:
		// The quotient of integers is a decimal in MySQL, that of doubles a double; and division by zero gives NULL.
		return binaryOp(pos, "/", binaryOp(pos, "*", left, &ast.Literal{Pos: pos, Kind: ast.NumericLiteral, Text: "1.0"}), nonZero(right))
	case opcode.IntDiv:
		return castTo(call(pos, "div", castTo(left, "numeric"), nonZero(castTo(right, "numeric"))), "int8")
	case opcode.Mod:
		return binaryOp(pos, "%", left, nonZero(right))
	case opcode.And, opcode.Or, opcode.Xor:
		op := map[opcode.Op]string{opcode.And: "&", opcode.Or: "|", opcode.Xor: "#"}[e.Op]
		return binaryOp(pos, op, castTo(left, "int8"), castTo(right, "int8"))
	case opcode.LeftShift, opcode.RightShift:
		op := map[opcode.Op]string{opcode.LeftShift: "<<", opcode.RightShift: ">>"}[e.Op]
		if _, ok := intLiteral(right); !ok {
			right = castTo(right, "int4")
		}
		return binaryOp(pos, op, castTo(left, "int8"), right)
	}
	op, ok := sameOperators[e.Op]
	if !ok {
		l.unsupported(pos, "the operator "+e.Op.String())
	}
	return binaryOp(pos, op, left, right)
}

// nonZero makes a divisor NULL where it is zero.
func nonZero(e ast.Expr) ast.Expr {
	if lit, ok := e.(*ast.Literal); ok && lit.Kind != ast.NullLiteral && strings.ContainsAny(lit.Text, "123456789") {
		return e
	}
	return &ast.NullIf{Pos: e.Position(), Left: e, Right: number(e.Position(), 0)}
}

// comparison lowers a comparison. A truth value is compared with a truth value as such; with TRUE and FALSE, and with
// anything else, as a number.
func (l *lowerer) comparison(e *mast.BinaryOperationExpr, left ast.Expr, pos int) ast.Expr {
	right := ast.Expr(nil)
	switch {
	case left != nil:
		right = l.operand(e.R)
	case isBoolean(e.L) && isBoolean(e.R):
		left, right = l.expr(e.L), l.expr(e.R)
	case isBoolConstant(e.R):
		left, right = l.value(e.L), l.truth(e.R, e.L)
	case isBoolConstant(e.L):
		left, right = l.truth(e.L, e.R), l.value(e.R)
	default:
		left, right = l.value(e.L), l.value(e.R)
	}
	if e.Op == opcode.NullEQ {
		return &ast.IsDistinct{Pos: pos, Left: left, Right: right, Not: true}
	}
	return binaryOp(pos, sameOperators[e.Op], left, right)
}

func isBoolConstant(e mast.ExprNode) bool {
	v, ok := e.(*value)
	return ok && isBoolean(v)
}

// truth lowers TRUE or FALSE beside what it is compared with. A string constant suits a boolean column as well as
// one of numbers.
func (l *lowerer) truth(constant, other mast.ExprNode) ast.Expr {
	x := l.value(constant)
	if _, ok := other.(*mast.ColumnNameExpr); ok {
		return str(l.at(constant), x.(*ast.Literal).Text)
	}
	return x
}

// logical lowers a chain of AND or of OR.
func (l *lowerer) logical(e *mast.BinaryOperationExpr) ast.Expr {
	var right []mast.ExprNode
	left := mast.ExprNode(e)
	pos := 0
	for {
		b, ok := left.(*mast.BinaryOperationExpr)
		if !ok || b.Op != e.Op {
			break
		}
		right = append(right, b.R)
		left = b.L
		pos = l.operatorAt(b.R)
	}
	args := []ast.Expr{l.cond(left)}
	for i := len(right) - 1; i >= 0; i-- {
		args = append(args, l.cond(right[i]))
	}
	return connect(e.Op == opcode.LogicAnd, pos, args)
}

// connect makes a conjunction or disjunction, flat where arguments are one themselves.
func connect(and bool, pos int, args []ast.Expr) ast.Expr {
	var flat []ast.Expr
	for _, a := range args {
		switch inner := a.(type) {
		case *ast.And:
			if and {
				flat = append(flat, inner.Args...)
				continue
			}
		case *ast.Or:
			if !and {
				flat = append(flat, inner.Args...)
				continue
			}
		}
		flat = append(flat, a)
	}
	if len(flat) == 1 {
		return flat[0]
	}
	if and {
		return &ast.And{Pos: pos, Args: flat}
	}
	return &ast.Or{Pos: pos, Args: flat}
}

func (l *lowerer) unary(e *mast.UnaryOperationExpr) ast.Expr {
	pos := l.at(e)
	switch e.Op {
	case opcode.Not, opcode.Not2:
		return &ast.Not{Pos: pos, Arg: l.cond(e.V)}
	case opcode.Plus:
		return l.value(e.V)
	case opcode.Minus:
		return &ast.UnaryOp{Pos: pos, Op: "-", Arg: l.operand(e.V)}
	}
	l.unsupported(pos, "the operator "+e.Op.String()+" (unsigned 64 bits in MySQL)")
	return nil
}

func (l *lowerer) in(e *mast.PatternInExpr) ast.Expr {
	pos := l.at(e)
	if e.Sel != nil {
		return &ast.InSubquery{Pos: pos, Left: l.value(e.Expr), Not: e.Not, Query: l.subquery(e.Sel.(*mast.SubqueryExpr).Query)}
	}
	args := l.alike(append([]mast.ExprNode{e.Expr}, e.List...))
	return &ast.In{Pos: pos, Left: args[0], List: args[1:], Not: e.Not}
}

// like lowers LIKE: case counts, as under a binary collation, and a backslash escapes unless ESCAPE says otherwise.
func (l *lowerer) like(e *mast.PatternLikeOrIlikeExpr) ast.Expr {
	x := &ast.Like{Pos: l.operatorAt(e.Pattern), Not: e.Not, Left: l.text(e.Expr), Pattern: l.text(e.Pattern)}
	if !e.IsLike {
		x.Kind = ast.LikeILike
	}
	switch {
	case e.Escape == 0:
		x.Escape = str(x.Pos, "")
	case e.Escape != '\\':
		x.Escape = str(x.Pos, string(rune(e.Escape)))
	}
	return x
}

// text lowers an argument that is wanted as text: constants as they are, and everything else with a cast, so that
// numbers and dates are taken as well.
func (l *lowerer) text(e mast.ExprNode) ast.Expr { return asText(l.value(e)) }

func asText(x ast.Expr) ast.Expr {
	if lit, ok := x.(*ast.Literal); ok {
		if lit.Kind == ast.IntLiteral || lit.Kind == ast.NumericLiteral {
			lit.Kind = ast.StringLiteral
		}
		return x
	}
	if isText(x) {
		return x
	}
	return castTo(x, "text")
}

// isText says whether a lowered expression is text by its form.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Literal:
		return e.Kind == ast.StringLiteral
	case *ast.BinaryOp:
		return e.Op == "||" || e.Op == "->>" || e.Op == "#>>"
	case *ast.Cast:
		return e.Type.Name.Name == "text" && e.Type.Bounds == nil
	case *ast.FuncCall:
		switch e.Name.Name {
		case "lower", "upper", "substr", "left", "right", "replace", "lpad", "rpad", "ltrim", "rtrim", "btrim", "repeat", "reverse",
			"to_char", "concat_ws", "md5", "encode", "regexp_replace", "split_part", "array_to_string", "chr":
			return true
		}
	}
	return false
}

func (l *lowerer) caseExpr(e *mast.CaseExpr) ast.Expr {
	x := &ast.Case{Pos: l.at(e)}
	results := l.results(caseResults(e))
	var conds []ast.Expr
	if e.Value != nil {
		list := []mast.ExprNode{e.Value}
		for _, w := range e.WhenClauses {
			list = append(list, w.Expr)
		}
		conds = l.alike(list)
		x.Operand, conds = conds[0], conds[1:]
	} else {
		for _, w := range e.WhenClauses {
			conds = append(conds, l.cond(w.Expr))
		}
	}
	for i, w := range e.WhenClauses {
		x.Whens = append(x.Whens, ast.When{Pos: l.at(w), Cond: conds[i], Then: results[i]})
	}
	if e.ElseClause != nil {
		x.Else = results[len(results)-1]
	}
	return x
}

// collated drops a collation that compares as Millrace does, by code point, and refuses others.
func (l *lowerer) collated(e *mast.SetCollationExpr) ast.Expr {
	if c := strings.ToLower(e.Collate); !strings.HasSuffix(c, "_bin") && c != "binary" {
		l.unsupported(l.at(e), "the collation "+e.Collate)
	}
	return l.expr(e.Expr)
}
