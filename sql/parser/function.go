package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// createFunction reads FUNCTION and PROCEDURE.
func (p *parser) createFunction(m createMods) ast.Statement {
	f := &ast.CreateFunction{Pos: m.pos, OrReplace: m.orReplace, Procedure: p.is(lex.PROCEDURE)}
	p.next()
	f.Name = p.funcName()
	f.Params = p.funcParams(true)
	if !f.Procedure && p.accept(lex.RETURNS) {
		if p.accept(lex.TABLE) {
			p.parenList(func() {
				f.ReturnsTable = append(f.ReturnsTable, &ast.FuncParam{Pos: p.pos(), Name: p.typeFuncName(), Type: p.funcType()})
			})
		} else {
			f.Returns = p.funcType()
		}
	}
	for p.functionOption(f) {
	}
	switch {
	case p.accept(lex.RETURN):
		f.Return = p.expr()
	case p.ahead(lex.BEGIN, lex.ATOMIC):
		p.next()
		p.next()
		p.atomicBody(f)
	}
	return f
}

// atomicBody reads the statements of BEGIN ATOMIC ... END.
func (p *parser) atomicBody(f *ast.CreateFunction) {
	outer := p.push()
	defer p.pop(outer)
	f.Atomic = []ast.Statement{}
	for !p.accept(lex.END) {
		if p.acceptKind(';') {
			continue
		}
		if p.is(lex.RETURN) {
			pos := p.pos()
			p.next()
			e := p.expr()
			core := &ast.SelectCore{Pos: pos, Targets: []*ast.Target{{Pos: e.Position(), Expr: e}}}
			f.Atomic = append(f.Atomic, &ast.Select{Pos: pos, Body: core})
		} else {
			f.Atomic = append(f.Atomic, p.statement())
		}
		p.expectKind(';')
	}
}

// funcParams reads the parameters of a function; only its definition has defaults.
func (p *parser) funcParams(defaults bool) []*ast.FuncParam {
	params := []*ast.FuncParam{}
	p.expectKind('(')
	if p.acceptKind(')') {
		return params
	}
	p.commaList(func() {
		a := p.funcParam()
		if defaults && (p.accept(lex.DEFAULT) || p.acceptKind('=')) {
			a.Default = p.expr()
		}
		params = append(params, a)
	})
	p.expectKind(')')
	return params
}

// funcParam reads [mode] [name] type, the mode before or after the name.
func (p *parser) funcParam() *ast.FuncParam {
	a := &ast.FuncParam{Pos: p.pos()}
	p.paramMode(a)
	if p.paramNameAhead() {
		a.Name = p.typeFuncName()
		if a.Mode == "" {
			p.paramMode(a)
		}
	}
	a.Type = p.funcType()
	return a
}

// paramNameAhead says whether a name stands before the type: then what follows it begins a type, or is a mode.
func (p *parser) paramNameAhead() bool {
	if !isTypeFuncName(p.tok) {
		return false
	}
	next := p.peek(1)
	if p.is(lex.DOUBLE) && next.Kw == lex.PRECISION {
		return false
	}
	if next.Kind == lex.Ident && next.Kw != lex.NoKeyword {
		switch next.Kw.Info().Class {
		case lex.Reserved:
			return next.Kw == lex.VARIADIC || next.Kw == lex.IN
		}
		return true
	}
	return isIdent(next)
}

func (p *parser) paramMode(a *ast.FuncParam) {
	switch p.tok.Kw {
	case lex.IN:
		p.next()
		if a.Mode = "in"; p.accept(lex.OUT) {
			a.Mode = "inout"
		}
	case lex.OUT, lex.INOUT, lex.VARIADIC:
		a.Mode = p.tok.Text
		p.next()
	}
}

// functionOption reads one clause after the parameters; false if none is there.
func (p *parser) functionOption(f *ast.CreateFunction) bool {
	pos := p.pos()
	add := func(o ast.Option) { f.Options = append(f.Options, o) }
	external := p.ahead(lex.EXTERNAL, lex.SECURITY)
	switch {
	case p.accept(lex.AS):
		p.commaList(func() { f.As = append(f.As, p.str()) })
		if len(f.As) > 2 {
			p.syntaxError()
		}
	case p.accept(lex.LANGUAGE):
		if p.isKind(lex.String) {
			f.Language = p.str()
		} else {
			f.Language = p.nonReserved()
		}
	case p.accept(lex.IMMUTABLE):
		add(stringOption("volatility", "immutable", pos))
	case p.accept(lex.STABLE):
		add(stringOption("volatility", "stable", pos))
	case p.accept(lex.VOLATILE):
		add(stringOption("volatility", "volatile", pos))
	case p.acceptAll(lex.CALLED, lex.ON, lex.NULL, lex.INPUT):
		add(stringOption("strict", "false", pos))
	case p.acceptAll(lex.RETURNS, lex.NULL, lex.ON, lex.NULL, lex.INPUT), p.accept(lex.STRICT):
		add(stringOption("strict", "true", pos))
	case external, p.is(lex.SECURITY):
		p.accept(lex.EXTERNAL)
		p.next()
		word := p.tok.Text
		if !p.accept(lex.DEFINER) {
			p.expect(lex.INVOKER)
		}
		add(stringOption("security", word, pos))
	case p.accept(lex.LEAKPROOF):
		add(stringOption("leakproof", "true", pos))
	case p.acceptAll(lex.NOT, lex.LEAKPROOF):
		add(stringOption("leakproof", "false", pos))
	case p.accept(lex.WINDOW):
		add(flag("window", pos))
	case p.is(lex.COST), p.is(lex.ROWS):
		name := p.tok.Text
		p.next()
		add(ast.Option{Pos: pos, Name: name, Value: p.number()})
	case p.accept(lex.SUPPORT):
		n := p.qualifiedName()
		add(ast.Option{Pos: pos, Name: "support", Value: nameRef(n)})
	case p.accept(lex.PARALLEL):
		add(stringOption("parallel", p.colID(), pos))
	case p.accept(lex.TRANSFORM):
		p.fail(pgerr.Unsupported("TRANSFORM clause of a function").At(pos))
	case p.is(lex.SET), p.is(lex.RESET):
		word := p.tok.Text
		start := p.i
		if p.is(lex.SET) {
			p.set()
		} else {
			p.reset()
		}
		add(stringOption(word, p.src[p.toks[start].Start:p.toks[p.i-1].End], pos))
	default:
		return false
	}
	return true
}

// nameRef makes an option's value of a name.
func nameRef(n ast.ObjectName) ast.Expr {
	ref := &ast.ColumnRef{Pos: n.Pos, Parts: []string{n.Name}}
	if n.Schema != "" {
		ref.Parts = []string{n.Schema, n.Name}
	}
	if n.Catalog != "" {
		ref.Parts = []string{n.Catalog, n.Schema, n.Name}
	}
	return ref
}

// createType reads TYPE: an enum, a composite type, or a kind that only PostgreSQL has.
func (p *parser) createType(m createMods) ast.Statement {
	t := &ast.CreateType{Pos: m.pos}
	p.expect(lex.TYPE)
	t.Name = p.qualifiedName()
	switch {
	case p.isKind('('):
		t.Kind = ast.TypeBase
		t.Options = p.options()
	case !p.accept(lex.AS):
	case p.accept(lex.ENUM):
		t.Kind = ast.TypeEnum
		t.Labels = []string{}
		p.expectKind('(')
		if !p.isKind(')') {
			p.commaList(func() { t.Labels = append(t.Labels, p.str()) })
		}
		p.expectKind(')')
	case p.accept(lex.RANGE):
		t.Kind = ast.TypeRange
		t.Options = p.options()
	default:
		t.Kind = ast.TypeComposite
		if p.isKind('(') && p.peek(1).Kind == ')' {
			p.next()
			p.next()
			break
		}
		t.Columns = p.columnDefs()
	}
	return t
}

func (p *parser) createDomain(m createMods) ast.Statement {
	d := &ast.CreateDomain{Pos: m.pos}
	p.expect(lex.DOMAIN)
	d.Name = p.qualifiedName()
	p.accept(lex.AS)
	d.Type = p.typeName()
	c := &ast.ColumnDef{}
	p.columnConstraints(c)
	d.Collation, d.Constraints = c.Collation, c.Constraints
	return d
}

func (p *parser) createSequence(m createMods) ast.Statement {
	s := &ast.CreateSequence{Pos: m.pos, Persistence: m.persistence}
	p.expect(lex.SEQUENCE)
	s.IfNotExists = p.ifNotExists()
	s.Name = p.qualifiedName()
	s.Options = p.sequenceOptions()
	return s
}

// sequenceOptions reads the options of a sequence.
func (p *parser) sequenceOptions() (list []ast.Option) {
	for {
		o := ast.Option{Pos: p.pos(), Name: p.tok.Text}
		switch p.tok.Kw {
		case lex.AS:
			p.next()
			t := p.simpleType(false)
			o.Value = nameRef(t.Name)
		case lex.CACHE, lex.MAXVALUE, lex.MINVALUE:
			p.next()
			o.Value = p.number()
		case lex.CYCLE, lex.LOGGED, lex.UNLOGGED:
			p.next()
		case lex.INCREMENT:
			p.next()
			p.accept(lex.BY)
			o.Value = p.number()
		case lex.NO:
			p.next()
			switch p.tok.Kw {
			case lex.MAXVALUE, lex.MINVALUE, lex.CYCLE:
				o.Name = "no " + p.tok.Text
				p.next()
			default:
				p.syntaxError()
			}
		case lex.OWNED:
			p.next()
			p.expect(lex.BY)
			o.Name = "owned_by"
			o.Value = nameRef(p.qualifiedName())
		case lex.SEQUENCE:
			p.next()
			p.expect(lex.NAME)
			o.Name = "sequence_name"
			o.Value = nameRef(p.qualifiedName())
		case lex.START:
			p.next()
			p.accept(lex.WITH)
			o.Value = p.number()
		case lex.RESTART:
			p.next()
			if p.accept(lex.WITH) || p.isKind(lex.Integer) || p.isKind(lex.Numeric) || p.isKind('-') || p.isKind('+') {
				o.Value = p.number()
			}
		default:
			return list
		}
		list = append(list, o)
	}
}
