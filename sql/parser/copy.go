package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// copy reads COPY.
func (p *parser) copy() ast.Statement {
	s := &ast.Copy{Pos: p.pos()}
	p.next()
	if p.isKind('(') {
		p.next()
		if p.is(lex.SUBSCRIBE) {
			s.Query = p.subscribe()
		} else {
			s.Query = p.preparable()
		}
		p.expectKind(')')
		p.expect(lex.TO)
	} else {
		if pos := p.pos(); p.is(lex.BINARY) {
			p.next()
			s.Options = append(s.Options, stringOption("format", "binary", pos))
		}
		s.Table = p.qualifiedName()
		s.Columns = p.optParenNames()
		if s.From = p.accept(lex.FROM); !s.From {
			p.expect(lex.TO)
		}
	}
	p.copyTarget(s)
	if s.Query == nil && (p.is(lex.USING) || p.isWord("delimiters")) {
		pos := p.pos()
		p.accept(lex.USING)
		p.expect(lex.DELIMITERS)
		s.Options = append(s.Options, stringOption("delimiter", p.str(), pos))
	}
	p.accept(lex.WITH)
	if p.isKind('(') {
		p.parenList(func() { s.Options = append(s.Options, p.copyOption()) })
	} else {
		p.oldCopyOptions(s)
	}
	if s.From && p.accept(lex.WHERE) {
		s.Where = p.expr()
	} else if s.Query == nil && p.is(lex.WHERE) {
		p.fail(pgerr.New(pgerr.SyntaxError, "WHERE clause not allowed with COPY TO").
			WithHint("Try the COPY (SELECT ... WHERE ...) TO variant.").At(p.pos()))
	}
	return s
}

func (p *parser) copyTarget(s *ast.Copy) {
	program := p.tok
	isProgram := p.accept(lex.PROGRAM)
	switch {
	case p.is(lex.STDIN), p.is(lex.STDOUT):
		// PostgreSQL takes either word in either direction.
		if isProgram {
			p.errorAt(program.Pos, "STDIN/STDOUT not allowed with PROGRAM")
		}
		p.next()
	default:
		s.File = p.str()
		s.Target = ast.CopyFile
		if isProgram {
			s.Target = ast.CopyProgram
		}
	}
}

// copyOption reads an option of the parenthesised form.
func (p *parser) copyOption() ast.Option {
	o := ast.Option{Pos: p.pos(), Name: p.colLabel()}
	pos := p.pos()
	switch {
	case p.isKind(','), p.isKind(')'):
	case p.acceptKind('*'):
		o.Value = &ast.Star{Pos: pos}
	case p.isKind('('):
		list := &ast.Row{Pos: pos, Explicit: true}
		p.parenList(func() {
			t := p.tok
			switch {
			case t.Kind == lex.String:
				list.Args = append(list.Args, p.constant(ast.StringLiteral))
				return
			case !isNonReserved(t) && t.Kw != lex.TRUE && t.Kw != lex.FALSE && t.Kw != lex.ON:
				p.syntaxError()
			}
			list.Args = append(list.Args, &ast.ColumnRef{Pos: int(t.Pos), Parts: []string{t.Text}})
			p.next()
		})
		o.Value = list
	default:
		o.Value = p.settingValue()
	}
	return o
}

// oldCopyOptions reads options without parentheses, and gives them their names of the form with them.
func (p *parser) oldCopyOptions(s *ast.Copy) {
	for {
		pos := p.pos()
		add := func(o ast.Option) { s.Options = append(s.Options, o) }
		switch p.tok.Kw {
		case lex.BINARY, lex.CSV:
			add(stringOption("format", p.tok.Text, pos))
			p.next()
		case lex.FREEZE, lex.HEADER:
			add(flag(p.tok.Text, pos))
			p.next()
		case lex.DELIMITER, lex.NULL, lex.QUOTE, lex.ESCAPE:
			name := p.tok.Text
			p.next()
			p.accept(lex.AS)
			add(stringOption(name, p.str(), pos))
		case lex.ENCODING:
			p.next()
			add(stringOption("encoding", p.str(), pos))
		case lex.FORCE:
			p.next()
			name := "force_null"
			switch {
			case p.accept(lex.QUOTE):
				name = "force_quote"
			case p.accept(lex.NOT):
				p.expect(lex.NULL)
				name = "force_not_null"
			default:
				p.expect(lex.NULL)
			}
			list := p.pos()
			if name == "force_quote" && p.acceptKind('*') {
				add(ast.Option{Pos: pos, Name: name, Value: &ast.Star{Pos: list}})
			} else {
				add(ast.Option{Pos: pos, Name: name, Value: nameList(p.names(), list)})
			}
		default:
			return
		}
	}
}
