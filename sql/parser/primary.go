package parser

import (
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// primary reads PostgreSQL's c_expr: a constant, a column, a call, or something in parentheses, with subscripts and
// fields where the grammar allows them.
func (p *parser) primary() ast.Expr {
	t := p.tok
	switch t.Kind {
	case lex.Integer:
		return p.constant(ast.IntLiteral)
	case lex.Numeric:
		return p.constant(ast.NumericLiteral)
	case lex.String:
		return p.constant(ast.StringLiteral)
	case lex.BitString:
		return p.bitString(ast.BitLiteral, "01")
	case lex.HexString:
		return p.bitString(ast.HexLiteral, "0123456789abcdefABCDEF")
	case lex.Param:
		p.next()
		n := paramNumber(t.Text)
		if n == 0 {
			p.fail(pgerr.New(pgerr.UndefinedParameter, "there is no parameter $0").At(int(t.Pos)))
		}
		p.params = max(p.params, n)
		return p.indirection(&ast.Param{Pos: int(t.Pos), Number: n})
	case '(':
		q, list := p.parenGroup(groupOfAny)
		return p.groupExpr(q, list, int(t.Pos))
	case lex.QuotedIdent:
		return p.named()
	case lex.Ident:
		if t.Kw == lex.NoKeyword {
			return p.named()
		}
		return p.keyword()
	}
	p.syntaxError()
	return nil
}

func (p *parser) constant(kind ast.LiteralKind) ast.Expr {
	l := p.literal(kind, p.tok.Text)
	p.next()
	return l
}

func (p *parser) bitString(kind ast.LiteralKind, digits string) ast.Expr {
	for _, c := range p.tok.Text {
		if !strings.ContainsRune(digits, c) {
			p.fail(badBitString(p.tok, c))
		}
	}
	return p.constant(kind)
}

// named reads what begins with a name: a column, a call, or a constant with a type before it.
func (p *parser) named() ast.Expr {
	t := p.tok
	pos := int(t.Pos)
	next := p.peek(1).Kind
	if next != '.' && next != '(' && next != lex.String {
		if !isColID(t) {
			p.syntaxErrorAt(p.i + 1) // a word that can only name a function or a type
		}
		p.next()
		return p.indirection(&ast.ColumnRef{Pos: pos, Parts: []string{t.Text}})
	}
	if next != '.' {
		if !isTypeFuncName(t) {
			p.syntaxErrorAt(p.i + 1) // a word that can only name a column
		}
		p.next()
		return p.callOrConstant(ast.ObjectName{Pos: pos, Name: t.Text})
	}
	if !isColID(t) {
		p.syntaxErrorAt(p.i + 1)
	}
	p.next()
	parts := append(make([]string, 0, 2), t.Text)
	for p.isKind('.') {
		p.next()
		if p.acceptKind('*') {
			p.endStar()
			return &ast.Star{Pos: pos, Qualifier: parts}
		}
		parts = append(parts, p.colLabel())
	}
	if p.isKind('(') || p.isKind(lex.String) {
		return p.callOrConstant(p.objectName(pos, parts))
	}
	return p.indirection(&ast.ColumnRef{Pos: pos, Parts: parts})
}

// endStar refuses a field or subscript after .*.
func (p *parser) endStar() {
	if !p.isKind('.') && !p.isKind('[') {
		return
	}
	p.indirection(nil)
	if p.isKind(lex.EOF) || p.isKind(lex.Error) {
		p.errorAt(p.tok.Pos, `improper use of "*" at end of input`)
	}
	p.errorAt(p.tok.Pos, `improper use of "*" at or near "%s"`, p.src[p.tok.Start:p.tok.End])
}

// indirection reads the subscripts and fields after an expression.
func (p *parser) indirection(base ast.Expr) ast.Expr {
	for {
		t := p.tok
		switch t.Kind {
		case '[':
			p.grow()
			base = p.subscript(base)
		case '.':
			p.grow()
			p.next()
			if p.acceptKind('*') {
				p.endStar()
				return &ast.Star{Pos: int(t.Pos), Base: base}
			}
			base = &ast.FieldSelect{Pos: int(t.Pos), Base: base, Field: p.colLabel()}
		default:
			return base
		}
	}
}

// subscript reads [i] or [low:high], either bound of which may be absent.
func (p *parser) subscript(base ast.Expr) ast.Expr {
	s := &ast.Subscript{Pos: p.pos(), Base: base}
	p.expectKind('[')
	if !p.isKind(':') {
		s.Index = p.expr()
	}
	if p.acceptKind(':') {
		s.Slice = true
		if !p.isKind(']') {
			s.Upper = p.expr()
		}
	}
	p.expectKind(']')
	return s
}

// keyword reads an expression that begins with a keyword.
func (p *parser) keyword() ast.Expr {
	t := p.tok
	pos := int(t.Pos)
	switch t.Kw.Info().Class {
	case lex.Unreserved:
		if t.Kw == lex.DOUBLE && p.peek(1).Kw == lex.PRECISION {
			return p.typedConstant()
		}
		return p.named()
	case lex.ColumnName:
		return p.columnNameWord()
	case lex.TypeFuncName:
		switch {
		case t.Kw == lex.COLLATION && p.peek(1).Kw == lex.FOR:
			return p.collationFor()
		case t.Kw == lex.CURRENT_SCHEMA && p.peek(1).Kind != '(' && p.peek(1).Kind != lex.String:
			p.next()
			return &ast.FuncCall{Pos: pos, Name: ast.ObjectName{Pos: pos, Name: "current_schema"}, Form: ast.CurrentSchemaForm}
		}
		return p.named()
	}
	switch t.Kw {
	case lex.NULL, lex.TRUE, lex.FALSE:
		kind, text := ast.BoolLiteral, t.Text
		if t.Kw == lex.NULL {
			kind, text = ast.NullLiteral, ""
		}
		l := p.literal(kind, text)
		p.next()
		return l
	case lex.CASE:
		return p.caseExpr()
	case lex.CAST:
		p.next()
		p.expectKind('(')
		c := &ast.Cast{Pos: pos, Arg: p.expr(), Call: true}
		p.expect(lex.AS)
		c.Type = p.typeName()
		p.expectKind(')')
		return c
	case lex.ARRAY:
		return p.array()
	}
	if v := p.sqlValue(); v != nil {
		return v
	}
	p.syntaxError()
	return nil
}

// columnNameWord reads an expression that begins with a keyword of the class that may name columns: a function with
// syntax of its own, a type before a constant, or else a column of that name.
func (p *parser) columnNameWord() ast.Expr {
	t := p.tok
	pos := int(t.Pos)
	if p.typedConstantAhead() {
		return p.typedConstant()
	}
	if p.peek(1).Kind != '(' {
		return p.named()
	}
	switch t.Kw {
	case lex.ROW:
		p.next()
		return p.rowConstructor(pos)
	case lex.EXISTS:
		p.next()
		return &ast.Exists{Pos: pos, Query: p.parenQuery()}
	case lex.COALESCE:
		p.next()
		return &ast.Coalesce{Pos: pos, Args: p.parenExprList()}
	case lex.GREATEST, lex.LEAST:
		p.next()
		return &ast.MinMax{Pos: pos, Least: t.Kw == lex.LEAST, Args: p.parenExprList()}
	case lex.NULLIF:
		p.next()
		p.expectKind('(')
		n := &ast.NullIf{Pos: pos, Left: p.expr()}
		p.expectKind(',')
		n.Right = p.expr()
		p.expectKind(')')
		return n
	case lex.GROUPING:
		p.next()
		return &ast.Grouping{Pos: pos, Args: p.parenExprList()}
	}
	if e := p.specialCall(); e != nil {
		return e
	}
	p.next()
	p.syntaxError() // at the parenthesis
	return nil
}

// rowConstructor reads the parentheses after ROW.
func (p *parser) rowConstructor(pos int) ast.Expr {
	r := &ast.Row{Pos: pos, Explicit: true}
	p.expectKind('(')
	if !p.isKind(')') {
		r.Args = p.exprList()
	}
	p.expectKind(')')
	return r
}

func (p *parser) caseExpr() ast.Expr {
	c := &ast.Case{Pos: p.pos()}
	p.next()
	if !p.is(lex.WHEN) {
		c.Operand = p.expr()
	}
	for first := true; first || p.is(lex.WHEN); first = false {
		w := ast.When{Pos: p.pos()}
		p.expect(lex.WHEN)
		w.Cond = p.expr()
		p.expect(lex.THEN)
		w.Then = p.expr()
		c.Whens = append(c.Whens, w)
	}
	if p.accept(lex.ELSE) {
		c.Else = p.expr()
	}
	p.expect(lex.END)
	return c
}

// array reads ARRAY[...] or ARRAY(SELECT ...).
func (p *parser) array() ast.Expr {
	pos := p.pos()
	p.next()
	if p.isKind('(') {
		return &ast.ArraySubquery{Pos: pos, Query: p.parenQuery()}
	}
	a := p.arrayElems()
	a.Pos = pos
	return a
}

// arrayElems reads [...], whose elements are expressions or, all of them, such lists.
func (p *parser) arrayElems() *ast.Array {
	outer := p.push()
	defer p.pop(outer)
	a := &ast.Array{Pos: p.pos()}
	p.expectKind('[')
	base := len(p.scratch)
	switch {
	case p.isKind(']'):
	case p.isKind('['):
		p.scratch = append(p.scratch, p.arrayElems())
		for p.acceptKind(',') {
			p.scratch = append(p.scratch, p.arrayElems())
		}
	default:
		p.scratch = append(p.scratch, p.expr())
		for p.acceptKind(',') {
			p.scratch = append(p.scratch, p.expr())
		}
	}
	p.expectKind(']')
	a.Elems = p.gather(base)
	return a
}

// sqlValue reads CURRENT_DATE and the like; nil if none is there.
func (p *parser) sqlValue() ast.Expr {
	v := &ast.SQLValue{Pos: p.pos(), Precision: -1}
	timed := false
	switch p.tok.Kw {
	case lex.CURRENT_DATE:
		v.Kind = ast.CurrentDate
	case lex.CURRENT_TIME:
		v.Kind, timed = ast.CurrentTime, true
	case lex.CURRENT_TIMESTAMP:
		v.Kind, timed = ast.CurrentTimestamp, true
	case lex.LOCALTIME:
		v.Kind, timed = ast.LocalTime, true
	case lex.LOCALTIMESTAMP:
		v.Kind, timed = ast.LocalTimestamp, true
	case lex.CURRENT_ROLE:
		v.Kind = ast.CurrentRole
	case lex.CURRENT_USER:
		v.Kind = ast.CurrentUser
	case lex.SESSION_USER:
		v.Kind = ast.SessionUser
	case lex.USER:
		v.Kind = ast.User
	case lex.CURRENT_CATALOG:
		v.Kind = ast.CurrentCatalog
	default:
		return nil
	}
	p.next()
	if timed && p.isKind('(') {
		v.Precision = p.parenInt()
	}
	return v
}

// parenInt reads an integer constant in parentheses.
func (p *parser) parenInt() int {
	p.expectKind('(')
	n := p.intConst()
	p.expectKind(')')
	return n
}

// intConst reads an integer constant of at most 31 bits: PostgreSQL's Iconst. Larger ones are another token there.
func (p *parser) intConst() int {
	n := int64(0)
	if !p.isKind(lex.Integer) {
		p.syntaxError()
	}
	for _, c := range []byte(p.tok.Text) {
		if n = n*10 + int64(c-'0'); n > 1<<31-1 {
			p.syntaxError()
		}
	}
	p.next()
	return int(n)
}
