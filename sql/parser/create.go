package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// createMods are the words between CREATE and the kind of object.
type createMods struct {
	pos         int
	start       int // index of CREATE
	orReplace   bool
	persistence ast.Persistence
}

// create reads CREATE.
func (p *parser) create() ast.Statement {
	m := createMods{pos: p.pos(), start: p.i}
	p.next()
	m.orReplace = p.acceptAll(lex.OR, lex.REPLACE)
	m.persistence = p.persistence()
	s := p.createObject(m)
	if s == nil {
		return p.createOther(m)
	}
	return s
}

// createObject reads an object that Millrace has or whose syntax it knows; nil, with nothing read, for others.
func (p *parser) createObject(m createMods) ast.Statement {
	t := p.tok
	next := p.peek(1)
	plain := !m.orReplace && m.persistence == ast.Permanent
	switch t.Kw {
	case lex.TABLE:
		p.no(m.orReplace)
		return p.createTable(m)
	case lex.STREAM:
		p.no(m.persistence == ast.Unlogged)
		return p.createStream(m)
	case lex.RECURSIVE, lex.VIEW:
		if m.persistence == ast.Unlogged {
			p.later(pgerr.New(pgerr.SyntaxError, "views cannot be unlogged because they do not have storage"))
		}
		return p.createView(m)
	case lex.MATERIALIZED:
		p.no(m.persistence == ast.Temporary)
		return p.createMaterializedView(m)
	case lex.SEQUENCE:
		p.no(m.orReplace)
		return p.createSequence(m)
	case lex.FUNCTION, lex.PROCEDURE:
		p.no(m.persistence != ast.Permanent)
		return p.createFunction(m)
	case lex.SINK:
		p.no(m.persistence != ast.Permanent)
		return p.createSink(m)
	case lex.CONNECTION:
		p.no(m.persistence != ast.Permanent)
		return p.createConnection(m)
	case lex.SECRET:
		p.no(m.persistence != ast.Permanent)
		return p.createSecret(m)
	}
	if !plain {
		return nil
	}
	switch {
	case t.Kw == lex.UNIQUE, t.Kw == lex.INDEX:
		return p.createIndex(m)
	case t.Kw == lex.SUBSCRIPTION:
		return p.createSubscription(m)
	case t.Kw == lex.SCHEMA:
		return p.createSchema(m)
	case t.Kw == lex.DATABASE:
		return p.createDatabase(m)
	case t.Kw == lex.TYPE:
		return p.createType(m)
	case t.Kw == lex.DOMAIN:
		return p.createDomain(m)
	case t.Kw == lex.ROLE, t.Kw == lex.GROUP, t.Kw == lex.USER && next.Kw != lex.MAPPING:
		return p.createRole(m)
	case t.Kw == lex.EXTENSION:
		return p.createExtension(m)
	}
	return nil
}

// no refuses a word before the current kind of object that does not go with it.
func (p *parser) no(misplaced bool) {
	if misplaced {
		p.syntaxError()
	}
}

// createOther names a statement that is PostgreSQL's only.
func (p *parser) createOther(m createMods) ast.Statement {
	kind := ast.ObjectKind("")
	if m.persistence == ast.Permanent {
		kind = p.otherKind()
	}
	if kind == "" {
		p.syntaxError()
	}
	return p.unknown(m.start, "CREATE "+string(kind))
}

// otherKinds are PostgreSQL's kinds of object that Millrace knows by name only.
var otherKinds = [][]lex.Keyword{
	{lex.ACCESS, lex.METHOD}, {lex.AGGREGATE}, {lex.CAST}, {lex.COLLATION}, {lex.CONVERSION}, {lex.DEFAULT, lex.CONVERSION},
	{lex.CONSTRAINT, lex.TRIGGER}, {lex.EVENT, lex.TRIGGER}, {lex.FOREIGN, lex.DATA, lex.WRAPPER}, {lex.FOREIGN, lex.TABLE},
	{lex.TRUSTED, lex.LANGUAGE}, {lex.TRUSTED, lex.PROCEDURAL, lex.LANGUAGE}, {lex.PROCEDURAL, lex.LANGUAGE}, {lex.LANGUAGE},
	{lex.OPERATOR, lex.CLASS}, {lex.OPERATOR, lex.FAMILY}, {lex.OPERATOR}, {lex.POLICY}, {lex.PUBLICATION}, {lex.RULE},
	{lex.SERVER}, {lex.STATISTICS}, {lex.TABLESPACE}, {lex.TEXT, lex.SEARCH, lex.CONFIGURATION},
	{lex.TEXT, lex.SEARCH, lex.DICTIONARY}, {lex.TEXT, lex.SEARCH, lex.PARSER}, {lex.TEXT, lex.SEARCH, lex.TEMPLATE},
	{lex.TRANSFORM}, {lex.TRIGGER}, {lex.USER, lex.MAPPING}, {lex.LARGE, lex.OBJECT},
}

// otherKind reads one of otherKinds; "" if none is there.
func (p *parser) otherKind() ast.ObjectKind {
	for _, words := range otherKinds {
		start := p.i
		if p.acceptAll(words...) {
			return ast.ObjectKind(p.sourceWords(start, p.i))
		}
	}
	return ""
}

// unknown makes a statement of which only the name is known, and goes to its end.
func (p *parser) unknown(start int, name string) ast.Statement {
	for depth := 0; ; p.next() {
		switch p.tok.Kind {
		case '(':
			depth++
		case ')':
			depth--
		case lex.Error:
			p.syntaxError()
		}
		if p.isKind(lex.EOF) || p.isKind(';') && depth <= 0 {
			break
		}
	}
	first := p.toks[start]
	text := p.src[first.Start:p.toks[p.i-1].End]
	return &ast.Unsupported{Pos: int(first.Pos), Name: name, Text: text}
}

// createView reads [RECURSIVE] VIEW.
func (p *parser) createView(m createMods) ast.Statement {
	v := &ast.CreateView{Pos: m.pos, OrReplace: m.orReplace, Persistence: m.persistence}
	v.Recursive = p.accept(lex.RECURSIVE)
	p.expect(lex.VIEW)
	v.IfNotExists = !v.OrReplace && p.ifNotExists()
	v.Name = p.qualifiedName()
	if v.Recursive || p.isKind('(') {
		v.Columns = p.parenNames()
	}
	v.Options = p.optWith()
	p.expect(lex.AS)
	v.Query = p.queryStatement()
	if p.accept(lex.WITH) {
		v.Check = ast.CheckCascaded
		if p.accept(lex.LOCAL) {
			v.Check = ast.CheckLocal
		} else {
			p.accept(lex.CASCADED)
		}
		pos := p.pos()
		p.expect(lex.CHECK, lex.OPTION)
		if v.Recursive {
			p.fail(pgerr.Unsupported("WITH CHECK OPTION on a recursive view").At(pos))
		}
	}
	return v
}

// queryStatement reads a query where the grammar wants a SelectStmt.
func (p *parser) queryStatement() *ast.Select {
	if !p.isKind('(') && !p.queryAhead() {
		p.syntaxError()
	}
	return p.query()
}

func (p *parser) createMaterializedView(m createMods) ast.Statement {
	v := &ast.CreateMaterializedView{Pos: m.pos, OrReplace: m.orReplace, Persistence: m.persistence}
	p.expect(lex.MATERIALIZED, lex.VIEW)
	v.IfNotExists = p.ifNotExists()
	v.Name = p.qualifiedName()
	v.Columns = p.optParenNames()
	v.Using = p.usingMethod()
	v.Options = p.optWith()
	v.Tablespace = p.tablespace()
	p.expect(lex.AS)
	if p.is(lex.EXECUTE) {
		v.Query = p.execute()
	} else {
		v.Query = p.queryStatement()
	}
	v.NoData = p.withNoData()
	return v
}

// usingMethod reads USING name of an access method.
func (p *parser) usingMethod() string {
	if p.accept(lex.USING) {
		return p.colID()
	}
	return ""
}

func (p *parser) tablespace() string {
	if p.accept(lex.TABLESPACE) {
		return p.colID()
	}
	return ""
}

// withNoData reads WITH [NO] DATA; true for NO.
func (p *parser) withNoData() bool {
	if p.acceptAll(lex.WITH, lex.NO, lex.DATA) {
		return true
	}
	p.acceptAll(lex.WITH, lex.DATA)
	return false
}

// createIndex reads [UNIQUE] INDEX.
func (p *parser) createIndex(m createMods) ast.Statement {
	x := &ast.CreateIndex{Pos: m.pos, Unique: p.accept(lex.UNIQUE)}
	p.expect(lex.INDEX)
	x.Concurrently = p.accept(lex.CONCURRENTLY)
	x.IfNotExists = p.ifNotExists()
	if x.IfNotExists || !p.is(lex.ON) {
		x.Name = p.colID()
	}
	p.expect(lex.ON)
	x.Table = p.relation()
	x.Using = p.usingMethod()
	x.Elems = p.indexElems()
	if p.accept(lex.INCLUDE) {
		x.Include = p.indexElems()
	}
	x.NullsNot = p.nullsNotDistinct()
	x.Options = p.optWith()
	x.Tablespace = p.tablespace()
	x.Where = p.where()
	return x
}

// nullsNotDistinct reads NULLS [NOT] DISTINCT; true with NOT.
func (p *parser) nullsNotDistinct() bool {
	if p.acceptAll(lex.NULLS, lex.NOT, lex.DISTINCT) {
		return true
	}
	p.acceptAll(lex.NULLS, lex.DISTINCT)
	return false
}

func (p *parser) indexElems() (elems []*ast.IndexElem) {
	p.parenList(func() { elems = append(elems, p.indexElem()) })
	return elems
}

// indexElem reads a column, a call, or an expression in parentheses, with collation, operator class and order.
func (p *parser) indexElem() *ast.IndexElem {
	e := &ast.IndexElem{Pos: p.pos()}
	switch {
	case p.isKind('('):
		p.next()
		e.Expr = p.expr()
		p.expectKind(')')
	case p.funcTableAhead():
		e.Expr = p.windowless()
	default:
		e.Column = p.colID()
	}
	if p.accept(lex.COLLATE) {
		n := p.qualifiedName()
		e.Collation = &n
	}
	if isColID(p.tok) && !p.ahead(lex.NULLS, lex.FIRST) && !p.ahead(lex.NULLS, lex.LAST) {
		n := p.qualifiedName()
		e.OpClass = &n
		if p.isKind('(') {
			e.OpOptions = p.options()
		}
	}
	if e.Desc = p.accept(lex.DESC); !e.Desc {
		e.Asc = p.accept(lex.ASC)
	}
	e.Nulls = p.nullsOrder()
	return e
}

// createSink reads SINK name FROM relation | FROM (query) | AS query, INTO relation, WITH (...) and FORMAT; INTO may
// stand before or after what is delivered.
func (p *parser) createSink(m createMods) ast.Statement {
	s := &ast.CreateSink{Pos: m.pos, OrReplace: m.orReplace}
	p.expect(lex.SINK)
	s.IfNotExists = p.ifNotExists()
	s.Name = p.qualifiedName()
	p.sinkInto(s)
	switch {
	case p.accept(lex.AS):
		s.Query = p.queryStatement()
	default:
		p.expect(lex.FROM)
		if p.isKind('(') {
			s.Query = p.parenQuery()
		} else {
			s.Table = p.relation()
		}
	}
	if s.Into == nil {
		p.sinkInto(s)
	}
	s.Options = p.optWith()
	s.Format = p.formatEncode()
	return s
}

func (p *parser) sinkInto(s *ast.CreateSink) {
	if !p.accept(lex.INTO) {
		return
	}
	n := p.qualifiedName()
	s.Into = &n
	s.Columns = p.optParenNames()
}

// formatEncode reads FORMAT word [(options)] ENCODE word [(options)].
func (p *parser) formatEncode() *ast.FormatEncode {
	if !p.isWord("format") {
		return nil
	}
	f := &ast.FormatEncode{Pos: p.pos()}
	p.next()
	f.Format = p.nonReserved()
	if p.isKind('(') {
		f.FormatOptions = p.options()
	}
	p.expectWord("encode")
	f.Encode = p.nonReserved()
	if p.isKind('(') {
		f.EncodeOptions = p.options()
	}
	return f
}

// createConnection reads CONNECTION name [TO kind] (options) | WITH (options).
func (p *parser) createConnection(m createMods) ast.Statement {
	c := &ast.CreateConnection{Pos: m.pos, OrReplace: m.orReplace}
	p.expect(lex.CONNECTION)
	c.IfNotExists = p.ifNotExists()
	c.Name = p.qualifiedName()
	if p.accept(lex.TO) {
		c.To = p.nonReserved()
	}
	p.accept(lex.WITH)
	c.Options = p.options()
	return c
}

// createSecret reads SECRET name [WITH (options)] AS value.
func (p *parser) createSecret(m createMods) ast.Statement {
	s := &ast.CreateSecret{Pos: m.pos, OrReplace: m.orReplace}
	p.expect(lex.SECRET)
	s.IfNotExists = p.ifNotExists()
	s.Name = p.qualifiedName()
	s.Options = p.optWith()
	p.expect(lex.AS)
	s.Value = p.expr()
	return s
}

// createSubscription reads our SUBSCRIPTION name FROM relation, and PostgreSQL's with CONNECTION.
func (p *parser) createSubscription(m createMods) ast.Statement {
	s := &ast.CreateSubscription{Pos: m.pos}
	p.expect(lex.SUBSCRIPTION)
	s.IfNotExists = p.ifNotExists()
	s.Name = p.qualifiedName()
	if p.accept(lex.CONNECTION) {
		s.Connection = p.str()
		p.expect(lex.PUBLICATION)
		p.commaList(func() { s.Publications = append(s.Publications, p.colID()) })
	} else {
		p.expect(lex.FROM)
		s.From = p.relation()
	}
	s.Options = p.optWith()
	return s
}

// createSchema reads SCHEMA with the statements that may follow inside it.
func (p *parser) createSchema(m createMods) ast.Statement {
	s := &ast.CreateSchema{Pos: m.pos}
	p.expect(lex.SCHEMA)
	s.IfNotExists = p.ifNotExists()
	if p.accept(lex.AUTHORIZATION) {
		s.Authorization = p.roleSpec()
	} else {
		s.Name = p.colID()
		if p.accept(lex.AUTHORIZATION) {
			s.Authorization = p.roleSpec()
		}
	}
	for p.is(lex.CREATE) || p.is(lex.GRANT) {
		if s.IfNotExists {
			p.fail(pgerr.New(pgerr.FeatureNotSupported, "CREATE SCHEMA IF NOT EXISTS cannot include schema elements").At(p.pos()))
		}
		outer := p.push()
		s.Elements = append(s.Elements, p.statement())
		p.pop(outer)
	}
	return s
}

func (p *parser) createDatabase(m createMods) ast.Statement {
	d := &ast.CreateDatabase{Pos: m.pos}
	p.expect(lex.DATABASE)
	d.Name = p.colID()
	p.accept(lex.WITH)
	d.Options = p.databaseOptions()
	return d
}

// databaseOptions reads options of the form name [=] value.
func (p *parser) databaseOptions() (list []ast.Option) {
	for isIdent(p.tok) || p.is(lex.CONNECTION) || p.is(lex.ENCODING) || p.is(lex.LOCATION) || p.is(lex.OWNER) ||
		p.is(lex.TABLESPACE) || p.is(lex.TEMPLATE) {
		o := ast.Option{Pos: p.pos()}
		if o.Name = p.colID(); o.Name == "connection" {
			p.expect(lex.LIMIT)
			o.Name = "connection_limit"
		}
		p.acceptKind('=')
		if !p.accept(lex.DEFAULT) {
			o.Value = p.settingValue()
		}
		list = append(list, o)
	}
	return list
}

func (p *parser) createExtension(m createMods) ast.Statement {
	e := &ast.CreateExtension{Pos: m.pos}
	p.expect(lex.EXTENSION)
	e.IfNotExists = p.ifNotExists()
	e.Name = p.colID()
	p.accept(lex.WITH)
	for {
		pos := p.pos()
		switch {
		case p.accept(lex.SCHEMA):
			e.Options = append(e.Options, stringOption("schema", p.colID(), pos))
		case p.accept(lex.VERSION):
			word := p.tok.Text
			if !p.acceptKind(lex.String) {
				word = p.nonReserved()
			}
			e.Options = append(e.Options, stringOption("version", word, pos))
		case p.accept(lex.CASCADE):
			e.Options = append(e.Options, flag("cascade", pos))
		default:
			return e
		}
	}
}
