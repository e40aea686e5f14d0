package parser

import (
	"strconv"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// typeName reads the name of a type with modifiers and array bounds.
func (p *parser) typeName() *ast.TypeName {
	pos := p.pos()
	setOf := p.accept(lex.SETOF)
	t := p.simpleType(false)
	t.Pos, t.SetOf = pos, setOf
	if p.accept(lex.ARRAY) {
		t.Bounds = []int{-1}
		if p.acceptKind('[') {
			t.Bounds[0] = p.intConst()
			p.expectKind(']')
		}
		return t
	}
	for p.acceptKind('[') {
		bound := -1
		if !p.isKind(']') {
			bound = p.intConst()
		}
		p.expectKind(']')
		t.Bounds = append(t.Bounds, bound)
	}
	return t
}

// funcType reads a type of a function's parameter or result, which may be column%TYPE.
func (p *parser) funcType() *ast.TypeName {
	pos, setOf := p.pos(), p.is(lex.SETOF)
	n := 0
	if setOf {
		n = 1
	}
	if isTypeFuncName(p.peek(n)) {
		end := n + 1
		for p.peek(end).Kind == '.' && isColLabel(p.peek(end+1)) {
			end += 2
		}
		if end > n+1 && p.peek(end).Kind == '%' && p.peek(end+1).Kw == lex.TYPE {
			p.accept(lex.SETOF)
			t := &ast.TypeName{Pos: pos, SetOf: setOf, PercentType: true}
			namePos := p.pos()
			t.Name = p.objectName(namePos, p.dotted(p.typeFuncName()))
			p.next()
			p.next()
			return t
		}
	}
	return p.typeName()
}

func systemType(pos int, name string) *ast.TypeName {
	return &ast.TypeName{Pos: pos, Name: pgCatalog(pos, name)}
}

// simpleType reads a type without SETOF and array bounds. As the type of a constant (constant), a length that is not
// written stays so for character and bit; elsewhere it is 1.
func (p *parser) simpleType(constant bool) *ast.TypeName {
	t := p.tok
	pos := int(t.Pos)
	switch t.Kw {
	case lex.INT, lex.INTEGER:
		p.next()
		return systemType(pos, "int4")
	case lex.SMALLINT:
		p.next()
		return systemType(pos, "int2")
	case lex.BIGINT:
		p.next()
		return systemType(pos, "int8")
	case lex.REAL:
		p.next()
		return systemType(pos, "float4")
	case lex.BOOLEAN:
		p.next()
		return systemType(pos, "bool")
	case lex.FLOAT:
		p.next()
		return systemType(pos, p.floatType())
	case lex.DECIMAL, lex.DEC, lex.NUMERIC:
		p.next()
		n := systemType(pos, "numeric")
		n.Mods = p.typeMods()
		return n
	case lex.BIT:
		return p.bitType(constant)
	case lex.CHARACTER, lex.CHAR, lex.VARCHAR, lex.NATIONAL, lex.NCHAR:
		return p.charType(constant)
	case lex.TIME, lex.TIMESTAMP:
		return p.timeType()
	case lex.INTERVAL:
		p.next()
		n := systemType(pos, "interval")
		if p.isKind('(') {
			n.Mods = []ast.Expr{p.parenIntLiteral()}
		} else {
			p.intervalFields(n)
		}
		return n
	case lex.DOUBLE:
		if p.peek(1).Kw == lex.PRECISION {
			p.next()
			p.next()
			return systemType(pos, "float8")
		}
	}
	return p.genericType()
}

// genericType reads a type that has no syntax of its own.
func (p *parser) genericType() *ast.TypeName {
	pos := p.pos()
	t := &ast.TypeName{Pos: pos, Name: p.objectName(pos, p.dotted(p.typeFuncName()))}
	t.Mods = p.typeMods()
	return t
}

func (p *parser) typeMods() []ast.Expr {
	if !p.isKind('(') {
		return nil
	}
	return p.parenExprList()
}

// parenIntLiteral reads an integer constant in parentheses as a literal.
func (p *parser) parenIntLiteral() ast.Expr {
	p.expectKind('(')
	pos := p.pos()
	n := p.intConst()
	p.expectKind(')')
	return &ast.Literal{Pos: pos, Kind: ast.IntLiteral, Text: strconv.Itoa(n)}
}

func one(pos int) []ast.Expr {
	return []ast.Expr{&ast.Literal{Pos: pos, Kind: ast.IntLiteral, Text: "1"}}
}

// floatType reads the precision of FLOAT, in binary digits, which chooses between the two floating-point types.
func (p *parser) floatType() string {
	if !p.isKind('(') {
		return "float8"
	}
	pos := int(p.peek(1).Pos)
	switch n := p.parenInt(); {
	case n < 1:
		p.fail(pgerr.New(pgerr.InvalidParameterValue, "precision for type float must be at least 1 bit").At(pos))
	case n <= 24:
		return "float4"
	case n > 53:
		p.fail(pgerr.New(pgerr.InvalidParameterValue, "precision for type float must be less than 54 bits").At(pos))
	}
	return "float8"
}

func (p *parser) bitType(constant bool) *ast.TypeName {
	pos := p.pos()
	p.next()
	t := systemType(pos, "bit")
	if p.accept(lex.VARYING) {
		t.Name.Name = "varbit"
	}
	if p.isKind('(') {
		t.Mods = p.parenExprList()
	} else if t.Name.Name == "bit" && !constant {
		t.Mods = one(pos)
	}
	return t
}

// charType reads CHARACTER, CHAR, VARCHAR, NATIONAL CHARACTER, NATIONAL CHAR, NCHAR with VARYING.
func (p *parser) charType(constant bool) *ast.TypeName {
	t := p.tok
	pos := int(t.Pos)
	p.next()
	if t.Kw == lex.NATIONAL && !p.accept(lex.CHAR) {
		p.expect(lex.CHARACTER)
	}
	n := systemType(pos, "bpchar")
	if t.Kw == lex.VARCHAR || p.accept(lex.VARYING) {
		n.Name.Name = "varchar"
	}
	if p.isKind('(') {
		n.Mods = []ast.Expr{p.parenIntLiteral()}
	} else if n.Name.Name == "bpchar" && !constant {
		n.Mods = one(pos)
	}
	return n
}

// timeType reads TIME and TIMESTAMP with precision and WITH or WITHOUT TIME ZONE.
func (p *parser) timeType() *ast.TypeName {
	t := p.tok
	p.next()
	n := systemType(int(t.Pos), t.Text)
	if p.isKind('(') {
		n.Mods = []ast.Expr{p.parenIntLiteral()}
	}
	switch {
	case p.ahead(lex.WITH, lex.TIME):
		p.next()
		p.next()
		p.expect(lex.ZONE)
		n.Name.Name += "tz"
	case p.is(lex.WITHOUT) && p.peek(1).Kw == lex.TIME:
		p.next()
		p.next()
		p.expect(lex.ZONE)
	}
	return n
}

// intervalFields reads YEAR, DAY TO SECOND (3) and the like.
func (p *parser) intervalFields(t *ast.TypeName) {
	first := p.tok
	switch first.Kw {
	case lex.YEAR, lex.MONTH, lex.DAY, lex.HOUR, lex.MINUTE, lex.SECOND:
		p.next()
	default:
		return
	}
	t.Fields = intervalWords[first.Kw]
	last := first.Kw
	if p.is(lex.TO) && first.Kw != lex.MONTH && first.Kw != lex.SECOND {
		p.next()
		last = p.tok.Kw
		ok := false
		switch first.Kw {
		case lex.YEAR:
			ok = last == lex.MONTH
		case lex.DAY:
			ok = last == lex.HOUR || last == lex.MINUTE || last == lex.SECOND
		case lex.HOUR:
			ok = last == lex.MINUTE || last == lex.SECOND
		case lex.MINUTE:
			ok = last == lex.SECOND
		}
		if !ok {
			p.syntaxError()
		}
		p.next()
		t.Fields += " TO " + intervalWords[last]
	}
	if last == lex.SECOND && p.isKind('(') {
		t.Mods = []ast.Expr{p.parenIntLiteral()}
	}
}

var intervalWords = map[lex.Keyword]string{
	lex.YEAR: "YEAR", lex.MONTH: "MONTH", lex.DAY: "DAY", lex.HOUR: "HOUR", lex.MINUTE: "MINUTE", lex.SECOND: "SECOND",
}

// typedConstantAhead says whether the current keyword, which could name a column, is a type before a constant.
func (p *parser) typedConstantAhead() bool {
	next := p.peek(1)
	switch p.tok.Kw {
	case lex.INT, lex.INTEGER, lex.SMALLINT, lex.BIGINT, lex.REAL, lex.BOOLEAN:
		return next.Kind == lex.String
	case lex.FLOAT, lex.DECIMAL, lex.DEC, lex.NUMERIC:
		return next.Kind == lex.String || next.Kind == '('
	case lex.INTERVAL:
		return next.Kind == lex.String || next.Kind == '(' || next.Kind == lex.Integer || next.Kind == lex.Numeric
	case lex.BIT, lex.CHARACTER, lex.CHAR, lex.VARCHAR, lex.NCHAR:
		return next.Kind == lex.String || next.Kind == '(' || next.Kw == lex.VARYING
	case lex.NATIONAL:
		return next.Kw == lex.CHARACTER || next.Kw == lex.CHAR
	case lex.TIME, lex.TIMESTAMP:
		return next.Kind == lex.String || next.Kind == '(' ||
			(next.Kw == lex.WITH || next.Kw == lex.WITHOUT) && p.peek(2).Kw == lex.TIME
	}
	return false
}

// typedConstant reads a keyword type and the string after it.
func (p *parser) typedConstant() ast.Expr {
	pos := p.pos()
	if p.is(lex.INTERVAL) {
		p.next()
		t := systemType(pos, "interval")
		if p.isKind('(') {
			t.Mods = []ast.Expr{p.parenIntLiteral()}
			return &ast.TypedLiteral{Pos: pos, Type: t, Value: p.str()}
		}
		value := p.str()
		p.intervalFields(t)
		return &ast.TypedLiteral{Pos: pos, Type: t, Value: value}
	}
	t := p.simpleType(true)
	return &ast.TypedLiteral{Pos: pos, Type: t, Value: p.str()}
}
