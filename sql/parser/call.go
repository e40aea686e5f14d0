package parser

import (
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// callOrConstant reads the rest after the name of a function or type: its arguments, or a string.
func (p *parser) callOrConstant(name ast.ObjectName) ast.Expr {
	if p.isKind(lex.String) {
		return &ast.TypedLiteral{Pos: name.Pos, Type: &ast.TypeName{Pos: name.Pos, Name: name}, Value: p.str()}
	}
	call := p.callArgs(name)
	if p.isKind(lex.String) && p.constantModifiers(call) {
		return &ast.TypedLiteral{Pos: name.Pos, Type: &ast.TypeName{Pos: name.Pos, Name: name, Mods: call.Args}, Value: p.str()}
	}
	p.callTail(call)
	return call
}

// constantModifiers says whether the arguments of a call may be the modifiers of a type, as in mytype(3) 'x'.
func (p *parser) constantModifiers(call *ast.FuncCall) bool {
	if call.Star || call.Distinct || call.Variadic || len(call.Args) == 0 {
		return false
	}
	for _, a := range call.Args {
		if n, ok := a.(*ast.NamedArg); ok {
			p.errorAt(int32(n.Pos), "type modifier cannot have parameter name")
		}
	}
	if call.OrderBy != nil {
		p.errorAt(int32(call.Pos), "type modifier cannot have ORDER BY")
	}
	return true
}

// callArgs reads the parentheses of a call.
func (p *parser) callArgs(name ast.ObjectName) *ast.FuncCall {
	call := &ast.FuncCall{Pos: name.Pos, Name: name}
	p.expectKind('(')
	if p.acceptKind(')') {
		return call
	}
	if p.acceptKind('*') {
		call.Star = true
		p.expectKind(')')
		return call
	}
	plain := true // ALL and DISTINCT go with neither VARIADIC nor an empty list
	if call.Distinct = p.accept(lex.DISTINCT); call.Distinct || p.accept(lex.ALL) {
		plain = false
	}
	base := len(p.scratch)
	for {
		if plain && p.accept(lex.VARIADIC) {
			call.Variadic = true
		}
		arg := p.funcArg()
		p.scratch = append(p.scratch, arg)
		if call.Variadic || !p.acceptKind(',') {
			break
		}
	}
	call.Args = p.gather(base)
	if p.is(lex.ORDER) {
		call.OrderBy = p.orderBy()
	}
	p.expectKind(')')
	return call
}

// funcArg reads an argument, with or without a name.
func (p *parser) funcArg() ast.Expr { return p.funcArgMode(modeAny) }

func (p *parser) funcArgMode(m mode) ast.Expr {
	if k := p.peek(1).Kind; (k == lex.Arrow || k == lex.Assign) && isTypeFuncName(p.tok) {
		a := &ast.NamedArg{Pos: p.pos(), Name: p.tok.Text}
		p.next()
		p.next()
		a.Value = p.exprMode(m)
		return a
	}
	return p.exprMode(m)
}

// callTail reads WITHIN GROUP, FILTER and OVER.
func (p *parser) callTail(call *ast.FuncCall) {
	if t := p.tok; t.Kw == lex.WITHIN {
		p.next()
		p.expect(lex.GROUP)
		p.expectKind('(')
		order := p.orderBy()
		p.expectKind(')')
		switch {
		case call.OrderBy != nil:
			p.errorAt(t.Pos, "cannot use multiple ORDER BY clauses with WITHIN GROUP")
		case call.Distinct:
			p.errorAt(t.Pos, "cannot use DISTINCT with WITHIN GROUP")
		case call.Variadic:
			p.errorAt(t.Pos, "cannot use VARIADIC with WITHIN GROUP")
		}
		call.OrderBy, call.WithinGroup = order, true
	}
	if p.is(lex.FILTER) && p.peek(1).Kind == '(' {
		p.next()
		p.next()
		p.expect(lex.WHERE)
		call.Filter = p.expr()
		p.expectKind(')')
	}
	if p.accept(lex.OVER) {
		if p.isKind('(') {
			call.Over = p.windowSpec()
		} else {
			call.OverName = p.colID()
		}
	}
}

// specialCall reads a function that has syntax of its own; the current word is followed by a parenthesis. nil if it is
// none.
func (p *parser) specialCall() ast.Expr {
	t := p.tok
	pos := int(t.Pos)
	call := func(name string, form ast.CallForm) *ast.FuncCall {
		p.next()
		p.expectKind('(')
		return &ast.FuncCall{Pos: pos, Name: pgCatalog(pos, name), Form: form}
	}
	var c *ast.FuncCall
	switch t.Kw {
	case lex.EXTRACT:
		c = call("extract", ast.ExtractForm)
		c.Args = p.extractArgs()
	case lex.POSITION:
		c = call("position", ast.PositionForm)
		needle := p.bExpr()
		p.expect(lex.IN)
		c.Args = []ast.Expr{p.bExpr(), needle}
	case lex.SUBSTRING:
		c = call("substring", ast.SubstringForm)
		if p.substringArgs(c) {
			return c
		}
	case lex.OVERLAY:
		c = call("overlay", ast.OverlayForm)
		if p.overlayArgs(c) {
			return c
		}
	case lex.TRIM:
		c = call("btrim", ast.TrimForm)
		p.trimArgs(c)
	case lex.NORMALIZE:
		c = call("normalize", ast.NormalizeForm)
		c.Args = []ast.Expr{p.expr()}
		if p.acceptKind(',') {
			switch form := p.tok; form.Kw {
			case lex.NFC, lex.NFD, lex.NFKC, lex.NFKD:
				p.next()
				c.Args = append(c.Args, normalForm(form))
			default:
				p.syntaxError()
			}
		}
	case lex.TREAT:
		c = call("", ast.TreatForm)
		c.Args = []ast.Expr{p.expr()}
		p.expect(lex.AS)
		c.Name.Name = p.typeName().Name.Name
	case lex.XMLCONCAT, lex.XMLELEMENT, lex.XMLEXISTS, lex.XMLFOREST, lex.XMLPARSE, lex.XMLPI, lex.XMLROOT, lex.XMLSERIALIZE:
		p.unsupported(t.Pos, "XML function")
	default:
		return nil
	}
	p.expectKind(')')
	return c
}

// extractArgs reads field FROM x. The field is a plain name, one of six keywords, or a string.
func (p *parser) extractArgs() []ast.Expr {
	t := p.tok
	switch {
	case isIdent(t), t.Kind == lex.String:
	case t.Kw == lex.YEAR, t.Kw == lex.MONTH, t.Kw == lex.DAY, t.Kw == lex.HOUR, t.Kw == lex.MINUTE, t.Kw == lex.SECOND:
	default:
		p.syntaxError()
	}
	field := p.literal(ast.StringLiteral, t.Text)
	p.next()
	p.expect(lex.FROM)
	return []ast.Expr{field, p.expr()}
}

// plainArgs reads the ordinary arguments of a function that could also have had words between them: the call is then
// one by the unqualified name, as PostgreSQL makes it. The parenthesis is read too.
func (p *parser) plainArgs(c *ast.FuncCall, first ast.Expr) {
	c.Form = ast.PlainCall
	c.Name.Schema = ""
	if first != nil {
		c.Args = []ast.Expr{first}
		for p.acceptKind(',') {
			c.Args = append(c.Args, p.funcArg())
		}
	}
	p.expectKind(')')
}

// substringArgs reads the arguments of SUBSTRING; true if they were ordinary ones, up to the parenthesis.
func (p *parser) substringArgs(c *ast.FuncCall) (plain bool) {
	if p.isKind(')') {
		p.plainArgs(c, nil)
		return true
	}
	x := p.funcArgMode(modeSimilar)
	switch {
	case p.accept(lex.FROM):
		c.Args = []ast.Expr{x, p.expr()}
		if p.accept(lex.FOR) {
			c.Args = append(c.Args, p.expr())
		}
	case p.accept(lex.FOR):
		length := p.expr()
		if p.accept(lex.FROM) {
			c.Args = []ast.Expr{x, p.expr(), length}
		} else {
			c.Args = []ast.Expr{x, &ast.Literal{Kind: ast.IntLiteral, Text: "1"}, length}
		}
	case p.accept(lex.SIMILAR):
		c.Form = ast.SubstringSimilar
		pattern := p.expr()
		p.expect(lex.ESCAPE)
		c.Args = []ast.Expr{x, pattern, p.expr()}
	default:
		p.plainArgs(c, x)
		return true
	}
	if n, ok := x.(*ast.NamedArg); ok {
		p.errorAt(int32(n.Pos), "an argument's name does not go with the words of SUBSTRING")
	}
	return false
}

// overlayArgs reads the arguments of OVERLAY; true if they were ordinary ones, up to the parenthesis.
func (p *parser) overlayArgs(c *ast.FuncCall) (plain bool) {
	if p.isKind(')') {
		p.plainArgs(c, nil)
		return true
	}
	x := p.funcArg()
	if !p.accept(lex.PLACING) {
		p.plainArgs(c, x)
		return true
	}
	if n, ok := x.(*ast.NamedArg); ok {
		p.errorAt(int32(n.Pos), "an argument's name does not go with the words of OVERLAY")
	}
	c.Args = []ast.Expr{x, p.expr()}
	p.expect(lex.FROM)
	c.Args = append(c.Args, p.expr())
	if p.accept(lex.FOR) {
		c.Args = append(c.Args, p.expr())
	}
	return false
}

// trimArgs reads [BOTH | LEADING | TRAILING] [characters] [FROM] x, or x, characters.
func (p *parser) trimArgs(c *ast.FuncCall) {
	switch p.tok.Kw {
	case lex.LEADING:
		c.Name.Name = "ltrim"
		p.next()
	case lex.TRAILING:
		c.Name.Name = "rtrim"
		p.next()
	case lex.BOTH:
		p.next()
	}
	if p.accept(lex.FROM) {
		c.Args = p.exprList()
		return
	}
	first := p.expr()
	if p.accept(lex.FROM) {
		c.Args = append(p.exprList(), first)
		return
	}
	c.Args = []ast.Expr{first}
	if p.acceptKind(',') {
		c.Args = append(c.Args, p.exprList()...)
	}
}

// collationFor reads COLLATION FOR (x).
func (p *parser) collationFor() ast.Expr {
	pos := p.pos()
	p.expect(lex.COLLATION, lex.FOR)
	p.expectKind('(')
	c := &ast.FuncCall{Pos: pos, Name: pgCatalog(pos, "pg_collation_for"), Form: ast.CollationForForm, Args: []ast.Expr{p.expr()}}
	p.expectKind(')')
	return c
}
