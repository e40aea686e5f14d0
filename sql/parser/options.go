package parser

import (
	"strings"

	"millrace/sql/ast"
	"millrace/sql/lex"
)

// options reads (name [= value], ...): the options of relations, connectors and views.
func (p *parser) options() (list []ast.Option) {
	p.parenList(func() { list = append(list, p.option()) })
	return list
}

// optWith reads WITH (options) where they come next.
func (p *parser) optWith() []ast.Option {
	if !p.is(lex.WITH) {
		return nil
	}
	if p.peek(1).Kind != '(' {
		p.missed(1)
		return nil
	}
	p.next()
	return p.options()
}

func (p *parser) option() ast.Option {
	o := ast.Option{Pos: p.pos(), Name: p.optionName()}
	if p.acceptKind('=') {
		o.Value = p.optionValue()
	}
	return o
}

// optionName reads a name with dots in it: a parameter of a connector such as properties.group.id.
func (p *parser) optionName() string {
	name := p.colLabel()
	if !p.isKind('.') {
		return name
	}
	return strings.Join(p.dotted(name), ".")
}

// optionValue reads PostgreSQL's def_arg: a string, a number, a word or the name of a type; and here a secret, and an
// interval.
func (p *parser) optionValue() ast.Expr {
	t := p.tok
	pos := int(t.Pos)
	switch {
	case t.Kind == lex.String:
		return p.constant(ast.StringLiteral)
	case t.Kind == lex.Integer, t.Kind == lex.Numeric, t.Kind == '+', t.Kind == '-':
		return p.number()
	case t.Kw == lex.TRUE, t.Kw == lex.FALSE:
		l := p.literal(ast.BoolLiteral, t.Text)
		p.next()
		return l
	case t.Kw == lex.SECRET && isColID(p.peek(1)):
		p.next()
		return &ast.SecretRef{Pos: pos, Name: p.qualifiedName()}
	case t.Kw == lex.INTERVAL && p.typedConstantAhead():
		return p.typedConstant()
	case isOperator(t), t.Kw == lex.OPERATOR && p.peek(1).Kind == '(':
		op, schema := t.Text, ""
		if t.Kw == lex.OPERATOR {
			op, schema = p.qualifiedOp()
		} else {
			p.next()
		}
		parts := []string{op}
		if schema != "" {
			parts = []string{schema, op}
		}
		return &ast.ColumnRef{Pos: pos, Parts: parts}
	case isColLabel(t):
		word := p.colLabel()
		return &ast.ColumnRef{Pos: pos, Parts: p.dotted(word)}
	}
	p.syntaxError()
	return nil
}

// number reads a signed number.
func (p *parser) number() ast.Expr {
	t := p.tok
	if t.Kind == '+' || t.Kind == '-' {
		p.next()
		n := p.unsigned()
		if t.Kind == '+' {
			return n
		}
		return &ast.UnaryOp{Pos: int(t.Pos), Op: "-", Arg: n}
	}
	return p.unsigned()
}

func (p *parser) unsigned() ast.Expr {
	switch p.tok.Kind {
	case lex.Integer:
		return p.constant(ast.IntLiteral)
	case lex.Numeric:
		return p.constant(ast.NumericLiteral)
	}
	p.syntaxError()
	return nil
}

// settingValue reads PostgreSQL's opt_boolean_or_string or a number: words come back as strings.
func (p *parser) settingValue() ast.Expr {
	t := p.tok
	switch {
	case t.Kind == lex.String, t.Kw == lex.TRUE, t.Kw == lex.FALSE, t.Kw == lex.ON, isNonReserved(t):
		l := p.literal(ast.StringLiteral, t.Text)
		p.next()
		return l
	}
	return p.number()
}

// wordOption reads an option of EXPLAIN, VACUUM and the like: a word and an optional value, without an equals sign.
func (p *parser) wordOption() ast.Option {
	o := ast.Option{Pos: p.pos()}
	switch {
	case p.is(lex.ANALYZE), p.is(lex.ANALYSE):
		o.Name = "analyze"
		p.next()
	default:
		o.Name = p.nonReserved()
	}
	if !p.isKind(',') && !p.isKind(')') {
		o.Value = p.settingValue()
	}
	return o
}

// flag makes an option without a value.
func flag(name string, pos int) ast.Option { return ast.Option{Pos: pos, Name: name} }

// stringOption makes an option with a string.
func stringOption(name, value string, pos int) ast.Option {
	return ast.Option{Pos: pos, Name: name, Value: &ast.Literal{Pos: pos, Kind: ast.StringLiteral, Text: value}}
}

// nameList makes an option's value of names.
func nameList(names []string, pos int) ast.Expr {
	r := &ast.Row{Pos: pos, Explicit: true}
	for _, n := range names {
		r.Args = append(r.Args, &ast.ColumnRef{Pos: pos, Parts: []string{n}})
	}
	return r
}
