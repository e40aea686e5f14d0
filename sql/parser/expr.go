package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// mode restricts an expression; not what parentheses in it enclose.
type mode uint8

const (
	modeAny mode = 0
	// modeB is PostgreSQL's b_expr: without the operators made of words, for places where such a word may follow. It
	// holds for the operands too.
	modeB mode = 1
	// modeLabel is an item of a select list, which a label without AS may follow: an operator's word can be one. It
	// does not hold for operands: in a AND b AT, the word must be the operator, as it binds more tightly than AND.
	modeLabel mode = 2
	// modeSimilar is the first argument of SUBSTRING, which SIMILAR without TO may follow.
	modeSimilar mode = 4
)

// expr reads an expression: PostgreSQL's a_expr.
func (p *parser) expr() ast.Expr { return p.exprMode(modeAny) }

// bExpr reads a restricted expression: PostgreSQL's b_expr.
func (p *parser) bExpr() ast.Expr { return p.exprMode(modeB) }

func (p *parser) exprMode(m mode) ast.Expr {
	outer := p.push()
	e := p.operand(ast.PrecLowest, m)
	p.pop(outer)
	return e
}

// exprList reads expressions with commas between them.
func (p *parser) exprList() []ast.Expr {
	base := len(p.scratch)
	p.scratch = append(p.scratch, p.expr())
	for p.acceptKind(',') {
		p.scratch = append(p.scratch, p.expr())
	}
	return p.gather(base)
}

func (p *parser) parenExprList() []ast.Expr {
	p.expectKind('(')
	list := p.exprList()
	p.expectKind(')')
	return list
}

// operand reads an expression of operators that bind at least as tightly as min.
func (p *parser) operand(min ast.Precedence, m mode) ast.Expr {
	return p.infix(p.prefix(m), min, m)
}

// prefix reads a prefix operator with its operand, or a primary. A prefix operator may stand after an infix operator
// that binds more tightly: a + NOT b is a + (NOT b).
func (p *parser) prefix(m mode) ast.Expr {
	t := p.tok
	m &= modeB
	switch {
	case t.Kind == '+' || t.Kind == '-':
		p.next()
		return p.unary(t, t.Text, "", ast.PrecUnary, m)
	case t.Kind == lex.Op:
		p.next()
		return p.unary(t, t.Text, "", ast.PrecOp+1, m)
	case t.Kw == lex.NOT && m&modeB == 0:
		p.next()
		outer := p.push()
		arg := p.operand(ast.PrecNot, m)
		p.pop(outer)
		return &ast.Not{Pos: int(t.Pos), Arg: arg}
	case t.Kw == lex.OPERATOR && p.peek(1).Kind == '(':
		op, schema := p.qualifiedOp()
		return p.unary(t, op, schema, ast.PrecOp+1, m)
	case t.Kw == lex.DEFAULT && m&modeB == 0:
		p.later(pgerr.New(pgerr.SyntaxError, "DEFAULT is not allowed in this context").At(int(t.Pos)))
		p.next()
		return &ast.Default{Pos: int(t.Pos)}
	case t.Kw == lex.UNIQUE && m&modeB == 0:
		p.unsupported(t.Pos, "UNIQUE predicate")
	}
	return p.overlaps(p.primary(), m)
}

// overlaps reads OVERLAPS after a row.
func (p *parser) overlaps(left ast.Expr, m mode) ast.Expr {
	l, ok := left.(*ast.Row)
	if !ok || !p.is(lex.OVERLAPS) || m&modeB != 0 {
		return left
	}
	pos := p.pos()
	p.next()
	if !p.is(lex.ROW) && !p.isKind('(') {
		p.syntaxError()
	}
	r, ok := p.primary().(*ast.Row)
	if !ok {
		p.syntaxError()
	}
	if len(l.Args) != 2 {
		p.errorAt(int32(l.Pos), "wrong number of parameters on left side of OVERLAPS expression")
	}
	if len(r.Args) != 2 {
		p.errorAt(int32(r.Pos), "wrong number of parameters on right side of OVERLAPS expression")
	}
	args := []ast.Expr{l.Args[0], l.Args[1], r.Args[0], r.Args[1]}
	return &ast.FuncCall{Pos: pos, Name: pgCatalog(pos, "overlaps"), Form: ast.OverlapsForm, Args: args}
}

func (p *parser) unary(t *lex.Token, op, schema string, prec ast.Precedence, m mode) ast.Expr {
	outer := p.push()
	arg := p.operand(prec, m)
	p.pop(outer)
	return &ast.UnaryOp{Pos: int(t.Pos), Op: op, Schema: schema, Arg: arg}
}

// isOperator: any token that is the name of an operator.
func isOperator(t *lex.Token) bool {
	switch t.Kind {
	case lex.Op, '+', '-', '*', '/', '%', '^', '<', '>', '=', lex.LessEqual, lex.GreaterEqual, lex.NotEqual:
		return true
	}
	return false
}

// qualifiedOp reads OPERATOR(schema.op).
func (p *parser) qualifiedOp() (op, schema string) {
	p.expect(lex.OPERATOR)
	p.expectKind('(')
	op, schema = p.anyOperator()
	p.expectKind(')')
	return op, schema
}

// anyOperator reads an operator's name that may have a schema before it.
func (p *parser) anyOperator() (op, schema string) {
	pos := p.tok.Pos
	for n := 0; isColID(p.tok); n++ {
		start := p.i
		schema = p.colID()
		p.expectKind('.')
		if n > 0 {
			p.errorAt(pos, "improper qualified name (too many dotted names): %s", p.sourceWords(start-2, p.i+1))
		}
	}
	if !isOperator(p.tok) {
		p.syntaxError()
	}
	op = p.tok.Text
	p.next()
	return op, schema
}

// infix continues an expression whose first operand is there, by operators that bind at least as tightly as min.
func (p *parser) infix(left ast.Expr, min ast.Precedence, m mode) ast.Expr {
	inner := m & modeB
	// barred is the precedence of which no operator may follow: that of an operator without associativity whose right
	// operand was just read, as in a < b < c.
	barred := ast.PrecLowest
	for {
		t := p.tok
		prec := p.infixPrecedence(t, m)
		if prec == ast.PrecLowest || prec < min {
			return left
		}
		if prec == barred {
			p.syntaxError()
		}
		barred = ast.PrecLowest
		height := p.height // of what is on the left
		p.height = 0
		grown := true
		switch {
		case prec == ast.PrecOr || prec == ast.PrecAnd:
			p.next()
			left, grown = logical(left, p.operand(prec+1, inner), prec == ast.PrecOr, int(t.Pos))
		case t.Kind == lex.Cast:
			p.next()
			left = &ast.Cast{Pos: int(t.Pos), Arg: left, Type: p.typeName()}
		case t.Kind == lex.Ident && t.Kw != lex.OPERATOR:
			var open bool
			if left, open = p.wordOperator(left, t, inner); open {
				barred = prec
			}
		default:
			op, schema := t.Text, ""
			if t.Kw == lex.OPERATOR {
				op, schema = p.qualifiedOp()
			} else {
				p.next()
			}
			if m&modeB == 0 && p.anyAllAhead() {
				left = p.anyAll(left, t.Pos, op, schema)
				break
			}
			left = &ast.BinaryOp{Pos: int(t.Pos), Op: op, Schema: schema, Left: left, Right: p.operand(prec+1, inner)}
			if prec == ast.PrecCompare {
				barred = prec
			}
		}
		p.height = max(p.height, height)
		if grown {
			p.grow()
		}
	}
}

// logical puts two operands under AND or OR. Where the left one is such a node already, it takes the right one in, and
// the tree does not become higher.
func logical(left, right ast.Expr, or bool, pos int) (e ast.Expr, higher bool) {
	if or {
		if l, ok := left.(*ast.Or); ok {
			l.Args = append(l.Args, right)
			return l, false
		}
		return &ast.Or{Pos: pos, Args: []ast.Expr{left, right}}, true
	}
	if l, ok := left.(*ast.And); ok {
		l.Args = append(l.Args, right)
		return l, false
	}
	return &ast.And{Pos: pos, Args: []ast.Expr{left, right}}, true
}

// infixPrecedence gives the precedence of the current token as an infix or postfix operator, ast.PrecLowest if it is none.
func (p *parser) infixPrecedence(t *lex.Token, m mode) ast.Precedence {
	switch t.Kind {
	case ',', ')', ';', lex.EOF:
		return ast.PrecLowest
	case '<', '>', '=', lex.LessEqual, lex.GreaterEqual, lex.NotEqual:
		return ast.PrecCompare
	case '+', '-':
		return ast.PrecAdd
	case '*', '/', '%':
		return ast.PrecMul
	case '^':
		return ast.PrecPow
	case lex.Op:
		return ast.PrecOp
	case lex.Cast:
		return ast.PrecCast
	case lex.Ident:
		if t.Kw != lex.NoKeyword {
			return p.wordPrecedence(t.Kw, m)
		}
	}
	return ast.PrecLowest
}

func (p *parser) wordPrecedence(k lex.Keyword, m mode) ast.Precedence {
	var prec ast.Precedence
	switch k {
	case lex.OPERATOR:
		if p.peek(1).Kind != '(' {
			return ast.PrecLowest
		}
		return ast.PrecOp
	case lex.IS:
		prec = ast.PrecIs
	case lex.AND:
		prec = ast.PrecAnd
	case lex.OR:
		prec = ast.PrecOr
	case lex.ISNULL, lex.NOTNULL:
		prec = ast.PrecIs
	case lex.BETWEEN, lex.IN, lex.LIKE, lex.ILIKE:
		prec = ast.PrecLike
	case lex.SIMILAR:
		if m&modeSimilar == 0 || p.peek(1).Kw == lex.TO {
			prec = ast.PrecLike
		}
	case lex.NOT:
		switch p.peek(1).Kw {
		case lex.BETWEEN, lex.IN, lex.LIKE, lex.ILIKE, lex.SIMILAR:
			prec = ast.PrecLike
		}
	case lex.AT:
		prec = ast.PrecAt
	case lex.COLLATE:
		prec = ast.PrecCollate
	}
	if prec == ast.PrecLowest || m&modeB != 0 && k != lex.IS {
		return ast.PrecLowest
	}
	if m&modeLabel != 0 && k.Info().BareLabel && endsTarget(p.peek(1)) {
		return ast.PrecLowest // SELECT a is FROM t: a label
	}
	return prec
}

// endsTarget says whether a token can follow an item of a select list, and cannot be the operand of an operator.
func endsTarget(t *lex.Token) bool {
	switch t.Kind {
	case ',', ')', ';', lex.EOF:
		return true
	}
	switch t.Kw {
	case lex.FROM, lex.INTO, lex.WHERE, lex.GROUP, lex.HAVING, lex.WINDOW, lex.UNION, lex.INTERSECT, lex.EXCEPT,
		lex.ORDER, lex.LIMIT, lex.OFFSET, lex.FETCH, lex.FOR, lex.WITH, lex.ON, lex.RETURNING, lex.CREATE, lex.GRANT:
		return true
	}
	return false
}

// wordOperator reads an operator made of words with its right side. open says that this ended in an operand of the
// same precedence level, after which no operator of that level may follow.
func (p *parser) wordOperator(left ast.Expr, t *lex.Token, m mode) (e ast.Expr, open bool) {
	pos := int(t.Pos)
	not := p.accept(lex.NOT)
	t = p.tok
	p.next()
	switch t.Kw {
	case lex.IS:
		return p.isTest(left, pos, m)
	case lex.ISNULL:
		return &ast.IsNull{Pos: pos, Arg: left}, false
	case lex.NOTNULL:
		return &ast.IsNull{Pos: pos, Arg: left, Not: true}, false
	case lex.AT:
		p.expect(lex.TIME, lex.ZONE)
		return &ast.AtTimeZone{Pos: pos, Arg: left, Zone: p.operand(ast.PrecAt+1, m)}, false
	case lex.COLLATE:
		return &ast.Collate{Pos: pos, Arg: left, Collation: p.qualifiedName()}, false
	case lex.BETWEEN:
		b := &ast.Between{Pos: pos, Arg: left, Not: not}
		if b.Symmetric = p.accept(lex.SYMMETRIC); !b.Symmetric {
			p.accept(lex.ASYMMETRIC)
		}
		b.Low = p.bExpr()
		p.expect(lex.AND)
		b.High = p.operand(ast.PrecLike+1, m)
		return b, true
	case lex.IN:
		if !p.isKind('(') {
			p.syntaxError()
		}
		q, list := p.parenGroup(groupOfAny)
		if q != nil {
			return &ast.InSubquery{Pos: pos, Left: left, Not: not, Query: q}, false
		}
		return &ast.In{Pos: pos, Left: left, Not: not, List: list}, false
	}
	return p.like(left, t.Kw, pos, not, m)
}

// like reads the pattern of LIKE, ILIKE and SIMILAR TO.
func (p *parser) like(left ast.Expr, word lex.Keyword, pos int, not bool, m mode) (ast.Expr, bool) {
	l := &ast.Like{Pos: pos, Left: left, Not: not}
	switch word {
	case lex.ILIKE:
		l.Kind = ast.LikeILike
	case lex.SIMILAR:
		l.Kind = ast.LikeSimilarTo
		p.expect(lex.TO)
	}
	if l.Kind != ast.LikeSimilarTo && p.anyAllAhead() {
		op := "~~"
		if l.Kind == ast.LikeILike {
			op = "~~*"
		}
		if not {
			op = "!" + op
		}
		return p.anyAll(left, int32(pos), op, ""), false
	}
	l.Pattern = p.operand(ast.PrecLike+1, m)
	if p.accept(lex.ESCAPE) {
		l.Escape = p.operand(ast.PrecLike+1, m)
	}
	return l, true
}

// isTest reads what follows IS.
func (p *parser) isTest(left ast.Expr, pos int, m mode) (ast.Expr, bool) {
	not := p.accept(lex.NOT)
	t := p.tok
	if m&modeB != 0 && t.Kw != lex.DISTINCT && t.Kw != lex.DOCUMENT {
		p.syntaxError()
	}
	switch t.Kw {
	case lex.NULL, lex.TRUE, lex.FALSE, lex.UNKNOWN, lex.DISTINCT, lex.DOCUMENT, lex.NFC, lex.NFD, lex.NFKC, lex.NFKD, lex.NORMALIZED:
		p.next()
	default:
		p.syntaxError()
	}
	switch t.Kw {
	case lex.NULL:
		return &ast.IsNull{Pos: pos, Arg: left, Not: not}, false
	case lex.TRUE:
		return &ast.IsBool{Pos: pos, Arg: left, Not: not, Value: ast.TestTrue}, false
	case lex.FALSE:
		return &ast.IsBool{Pos: pos, Arg: left, Not: not, Value: ast.TestFalse}, false
	case lex.UNKNOWN:
		return &ast.IsBool{Pos: pos, Arg: left, Not: not, Value: ast.TestUnknown}, false
	case lex.DOCUMENT:
		return &ast.IsDocument{Pos: pos, Arg: left, Not: not}, false
	case lex.DISTINCT:
		p.expect(lex.FROM)
		return &ast.IsDistinct{Pos: pos, Left: left, Not: not, Right: p.operand(ast.PrecIs+1, m)}, true
	}
	call := &ast.FuncCall{Pos: pos, Name: pgCatalog(pos, "is_normalized"), Form: ast.IsNormalizedForm, Args: []ast.Expr{left}}
	if t.Kw != lex.NORMALIZED {
		call.Args = append(call.Args, normalForm(t))
		p.expect(lex.NORMALIZED)
	}
	if not {
		return &ast.Not{Pos: pos, Arg: call}, false
	}
	return call, false
}

// anyAllAhead says whether ANY, SOME or ALL comes next.
func (p *parser) anyAllAhead() bool {
	return p.tok.Kw == lex.ANY || p.tok.Kw == lex.SOME || p.tok.Kw == lex.ALL
}

// anyAll reads ANY, SOME or ALL with its array or subquery.
func (p *parser) anyAll(left ast.Expr, pos int32, op, schema string) ast.Expr {
	a := &ast.AnyAll{Pos: int(pos), Left: left, Op: op, Schema: schema, All: p.is(lex.ALL)}
	p.next()
	if !p.isKind('(') {
		p.syntaxError()
	}
	q, list := p.parenGroup(groupOfOne)
	if q != nil {
		a.Query = q
	} else {
		a.Array = list[0]
	}
	return a
}

// groupSize says how many expressions may stand in parentheses.
type groupSize bool

const (
	groupOfAny groupSize = false
	groupOfOne groupSize = true
)

// parenGroup reads what stands in parentheses: a query, or expressions with commas. That it is a query may show only
// after more parentheses have been closed, as in ((SELECT 1) UNION SELECT 2) against ((SELECT 1) + 2); so the inner
// group is read first, and what follows it decides.
func (p *parser) parenGroup(size groupSize) (*ast.Select, []ast.Expr) {
	outer := p.push()
	defer p.pop(outer)
	p.expectKind('(')
	base := len(p.scratch)
	switch {
	case p.queryAhead():
		q := p.query()
		p.expectKind(')')
		return q, nil
	case p.isKind('('):
		pos := p.pos()
		q, list := p.parenGroup(groupOfAny)
		if q != nil && (p.isKind(')') || p.continuesQuery()) {
			if !p.isKind(')') {
				q = p.queryFrom(q, nil, pos)
			}
			p.expectKind(')')
			return q, nil
		}
		inner := p.overlaps(p.groupExpr(q, list, pos), modeAny)
		p.scratch = append(p.scratch, p.infix(inner, ast.PrecLowest, modeAny))
	default:
		p.scratch = append(p.scratch, p.expr())
	}
	for size == groupOfAny && p.acceptKind(',') {
		p.scratch = append(p.scratch, p.expr())
	}
	p.expectKind(')')
	return nil, p.gather(base)
}

// groupExpr makes an expression of the contents of parentheses, with the subscripts and fields after them; a row takes
// none.
func (p *parser) groupExpr(q *ast.Select, list []ast.Expr, pos int) ast.Expr {
	switch {
	case q != nil:
		return p.indirection(&ast.ScalarSubquery{Pos: pos, Query: q})
	case len(list) == 1:
		if s, ok := list[0].(*ast.Subscript); ok && p.isKind('[') {
			s.Grouped = true
		}
		return p.indirection(list[0])
	}
	return &ast.Row{Pos: pos, Args: list}
}

// pgCatalog names a built-in function behind special syntax.
func pgCatalog(pos int, name string) ast.ObjectName {
	return ast.ObjectName{Pos: pos, Schema: "pg_catalog", Name: name}
}

func normalForm(t *lex.Token) ast.Expr {
	forms := map[lex.Keyword]string{lex.NFC: "NFC", lex.NFD: "NFD", lex.NFKC: "NFKC", lex.NFKD: "NFKD"}
	return &ast.Literal{Pos: int(t.Pos), Kind: ast.StringLiteral, Text: forms[t.Kw]}
}

// paramNumber is the number of a parameter; the lexer has bounded it.
func paramNumber(digits string) int {
	n := 0
	for _, c := range []byte(digits) {
		n = n*10 + int(c-'0')
	}
	return n
}

// badBitString is the error for a character that a bit string cannot hold.
func badBitString(t *lex.Token, c rune) *pgerr.Error {
	what := "binary"
	if t.Kind == lex.HexString {
		what = "hexadecimal"
	}
	return pgerr.New(pgerr.InvalidTextRepresentation, `"%c" is not a valid %s digit`, c, what).At(int(t.Pos))
}
