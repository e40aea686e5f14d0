package parser

import (
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// set reads SET.
func (p *parser) set() ast.Statement {
	s := &ast.Set{Pos: p.pos()}
	p.next()
	if next := p.peek(1); (p.is(lex.SESSION) || p.is(lex.LOCAL)) && next.Kind != '=' && next.Kw != lex.TO && next.Kind != '.' {
		s.Scope = ast.ScopeSession
		if p.is(lex.LOCAL) {
			s.Scope = ast.ScopeLocal
		}
		// In SET SESSION AUTHORIZATION and SET SESSION CHARACTERISTICS the word belongs to the name; the scope may still
		// stand before it.
		if next.Kw != lex.AUTHORIZATION && next.Kw != lex.CHARACTERISTICS || p.is(lex.LOCAL) {
			p.next()
		} else {
			s.Scope = ast.ScopeDefault
		}
	}
	if p.is(lex.SESSION) && p.peek(1).Kw == lex.CHARACTERISTICS {
		p.next()
		p.next()
		p.expect(lex.AS, lex.TRANSACTION)
		return &ast.SetTransaction{Pos: s.Pos, Session: true, Modes: p.transactionModes(true)}
	}
	if p.is(lex.CONSTRAINTS) && s.Scope == ast.ScopeDefault {
		if k := p.peek(1); k.Kind != '=' && k.Kw != lex.TO {
			return p.setConstraints(s.Pos)
		}
	}
	next := p.peek(1)
	if next.Kind == '=' || next.Kw == lex.TO || next.Kind == '.' {
		p.setVariable(s)
		return s
	}
	if p.is(lex.TRANSACTION) {
		return p.setTransaction(s)
	}
	if !p.setSpecial(s) {
		p.setVariable(s)
	}
	return s
}

func (p *parser) setTransaction(s *ast.Set) ast.Statement {
	p.next()
	t := &ast.SetTransaction{Pos: s.Pos, Local: s.Scope == ast.ScopeLocal}
	if p.accept(lex.SNAPSHOT) {
		t.Snapshot = p.str()
	} else {
		t.Modes = p.transactionModes(true)
	}
	return t
}

func (p *parser) setConstraints(pos int) ast.Statement {
	c := &ast.SetConstraints{Pos: pos}
	p.next()
	if !p.accept(lex.ALL) {
		c.Names = p.qualifiedNames()
	}
	if c.Deferred = p.accept(lex.DEFERRED); !c.Deferred {
		p.expect(lex.IMMEDIATE)
	}
	return c
}

// setSpecial reads the settings that have words of their own; false if none is there.
func (p *parser) setSpecial(s *ast.Set) bool {
	word := func() {
		l := p.literal(ast.StringLiteral, p.tok.Text)
		if !p.acceptKind(lex.String) {
			p.nonReserved()
		}
		s.Values = []ast.Expr{l}
	}
	switch {
	case p.acceptAll(lex.TIME, lex.ZONE):
		s.Name = "timezone"
		p.timeZone(s)
	case p.accept(lex.CATALOG):
		p.unsupported(p.tok.Pos, "current database change by SET CATALOG")
	case p.accept(lex.SCHEMA):
		s.Name = "search_path"
		s.Values = []ast.Expr{p.constantString()}
	case p.accept(lex.NAMES):
		s.Name = "client_encoding"
		if p.isKind(lex.String) {
			s.Values = []ast.Expr{p.constantString()}
		} else {
			p.accept(lex.DEFAULT)
			s.Default = true
		}
	case p.accept(lex.ROLE):
		s.Name = "role"
		word()
	case p.acceptAll(lex.SESSION, lex.AUTHORIZATION):
		s.Name = "session_authorization"
		if s.Default = p.accept(lex.DEFAULT); !s.Default {
			word()
		}
	case p.acceptAll(lex.XML, lex.OPTION):
		s.Name = "xmloption"
		l := p.literal(ast.StringLiteral, p.tok.Text)
		if !p.accept(lex.DOCUMENT) {
			p.expect(lex.CONTENT)
		}
		s.Values = []ast.Expr{l}
	default:
		return false
	}
	return true
}

func (p *parser) constantString() ast.Expr {
	if !p.isKind(lex.String) {
		p.syntaxError()
	}
	return p.constant(ast.StringLiteral)
}

// timeZone reads the value of SET TIME ZONE.
func (p *parser) timeZone(s *ast.Set) {
	switch t := p.tok; {
	case t.Kw == lex.DEFAULT, t.Kw == lex.LOCAL:
		p.next()
		s.Default = true
	case t.Kw == lex.INTERVAL:
		i := p.i
		if k := p.peek(1).Kind; k != lex.String && k != '(' {
			p.syntaxErrorAt(p.i + 1)
		}
		v := p.typedConstant().(*ast.TypedLiteral)
		if f := v.Type.Fields; f != "" && f != "HOUR" && f != "HOUR TO MINUTE" {
			p.errorAt(p.toks[i+2].Pos, "time zone interval must be HOUR or HOUR TO MINUTE")
		}
		s.Values = []ast.Expr{v}
	case t.Kind == lex.String, isIdent(t):
		s.Values = []ast.Expr{p.constant(ast.StringLiteral)}
	default:
		s.Values = []ast.Expr{p.number()}
	}
}

// variableName reads the name of a setting, with dots.
func (p *parser) variableName() string {
	name := p.colID()
	for p.acceptKind('.') {
		name += "." + p.colID()
	}
	return name
}

func (p *parser) setVariable(s *ast.Set) {
	s.Name = p.variableName()
	if p.acceptAll(lex.FROM, lex.CURRENT) {
		s.FromCurrent = true
		return
	}
	if !p.accept(lex.TO) {
		p.expectKind('=')
	}
	if s.Default = p.accept(lex.DEFAULT); s.Default {
		return
	}
	p.commaList(func() { s.Values = append(s.Values, p.settingValue()) })
}

// settingWords reads the names of settings that are several words: of RESET and SHOW.
func (p *parser) settingWords() string {
	switch {
	case p.acceptAll(lex.TIME, lex.ZONE):
		return "timezone"
	case p.ahead(lex.TRANSACTION, lex.ISOLATION):
		p.next()
		p.expect(lex.ISOLATION, lex.LEVEL)
		return "transaction_isolation"
	case p.acceptAll(lex.SESSION, lex.AUTHORIZATION):
		return "session_authorization"
	}
	return p.variableName()
}

func (p *parser) reset() ast.Statement {
	r := &ast.Reset{Pos: p.pos()}
	p.next()
	if !p.accept(lex.ALL) {
		r.Name = p.settingWords()
	}
	return r
}

// showLists are the listings of SHOW by their words; they are no names of settings.
var showLists = map[string]bool{
	"databases": true, "schemas": true, "tables": true, "streams": true, "views": true, "indexes": true, "sinks": true,
	"connections": true, "secrets": true, "subscriptions": true, "functions": true, "roles": true, "users": true,
	"watermarks": true, "sequences": true, "types": true, "jobs": true, "columns": true, "cursors": true, "settings": true,
}

// show reads SHOW of a setting, SHOW CREATE of an object, and SHOW of a kind of object with FROM, LIKE and WHERE.
func (p *parser) show() ast.Statement {
	s := &ast.Show{Pos: p.pos()}
	p.next()
	switch {
	case p.accept(lex.ALL):
		s.Name = "all"
		return s
	case p.is(lex.CREATE):
		p.next()
		kind := p.objectKind()
		if kind == "" {
			p.syntaxError()
		}
		n := p.qualifiedName()
		s.Name, s.Listing, s.From = "create "+strings.ToLower(string(kind)), true, &n
		return s
	case p.is(lex.MATERIALIZED) && p.peek(1).Kw == lex.VIEWS:
		p.next()
		p.next()
		s.Name = "materialized views"
	case p.tok.Kind == lex.Ident && showLists[p.tok.Text] && p.listingAhead():
		s.Name = p.tok.Text
		p.next()
	default:
		s.Name = p.settingWords()
		return s
	}
	s.Listing = true
	if p.accept(lex.FROM) || p.accept(lex.IN) {
		n := p.qualifiedName()
		s.From = &n
	}
	if p.accept(lex.LIKE) {
		text := p.str()
		s.Like = &text
	}
	s.Where = p.where()
	return s
}

// listingAhead says whether what follows the current word fits a listing.
func (p *parser) listingAhead() bool {
	next := p.peek(1)
	switch next.Kw {
	case lex.FROM, lex.IN, lex.LIKE, lex.WHERE:
		return true
	}
	return isEnd(next)
}

// transactionModes reads the modes of a transaction, with or without commas between them.
func (p *parser) transactionModes(required bool) (m ast.TransactionModes) {
	for first := true; ; first = false {
		comma := !first && p.acceptKind(',')
		switch {
		case p.acceptAll(lex.ISOLATION, lex.LEVEL):
			m.Isolation = p.isolationLevel()
		case p.acceptAll(lex.READ, lex.ONLY):
			m.ReadOnly, m.ReadWrite = true, false
		case p.acceptAll(lex.READ, lex.WRITE):
			m.ReadOnly, m.ReadWrite = false, true
		case p.accept(lex.DEFERRABLE):
			m.Deferrable, m.NotDefer = true, false
		case p.acceptAll(lex.NOT, lex.DEFERRABLE):
			m.Deferrable, m.NotDefer = false, true
		default:
			if comma || first && required {
				p.syntaxError()
			}
			return m
		}
	}
}

func (p *parser) isolationLevel() string {
	switch {
	case p.accept(lex.SERIALIZABLE):
		return "serializable"
	case p.accept(lex.REPEATABLE):
		p.expect(lex.READ)
		return "repeatable read"
	}
	p.expect(lex.READ)
	if p.accept(lex.COMMITTED) {
		return "read committed"
	}
	p.expect(lex.UNCOMMITTED)
	return "read uncommitted"
}

// transactionWord reads the noise after BEGIN, COMMIT and ROLLBACK.
func (p *parser) transactionWord() {
	if !p.accept(lex.WORK) {
		p.accept(lex.TRANSACTION)
	}
}

// chain reads AND [NO] CHAIN.
func (p *parser) chain() bool {
	if !p.accept(lex.AND) {
		return false
	}
	no := p.accept(lex.NO)
	p.expect(lex.CHAIN)
	return !no
}

// transaction reads the statements that begin and end transactions.
func (p *parser) transaction() ast.Statement {
	t := p.tok
	pos := int(t.Pos)
	p.next()
	switch t.Kw {
	case lex.BEGIN:
		p.transactionWord()
		return &ast.Begin{Pos: pos, Modes: p.transactionModes(false)}
	case lex.START:
		p.expect(lex.TRANSACTION)
		return &ast.Begin{Pos: pos, Start: true, Modes: p.transactionModes(false)}
	case lex.COMMIT, lex.END:
		if t.Kw == lex.COMMIT && p.accept(lex.PREPARED) {
			return &ast.TwoPhase{Pos: pos, Action: "COMMIT PREPARED", ID: p.str()}
		}
		p.transactionWord()
		return &ast.Commit{Pos: pos, Chain: p.chain()}
	case lex.SAVEPOINT:
		return &ast.Savepoint{Pos: pos, Name: p.colID()}
	case lex.RELEASE:
		return &ast.Release{Pos: pos, Name: p.savepointName()}
	}
	if t.Kw == lex.ROLLBACK && p.accept(lex.PREPARED) {
		return &ast.TwoPhase{Pos: pos, Action: "ROLLBACK PREPARED", ID: p.str()}
	}
	p.transactionWord()
	if t.Kw == lex.ROLLBACK && p.accept(lex.TO) {
		return &ast.RollbackTo{Pos: pos, Name: p.savepointName()}
	}
	return &ast.Rollback{Pos: pos, Chain: p.chain()}
}

// savepointName reads [SAVEPOINT] name.
func (p *parser) savepointName() string {
	if p.is(lex.SAVEPOINT) && isColID(p.peek(1)) {
		p.next()
	}
	return p.colID()
}

// lock reads LOCK TABLE.
func (p *parser) lock() ast.Statement {
	l := &ast.Lock{Pos: p.pos(), Mode: "access exclusive"}
	p.next()
	p.accept(lex.TABLE)
	p.commaList(func() { l.Tables = append(l.Tables, p.relation()) })
	if p.accept(lex.IN) {
		start := p.i
		switch {
		case p.accept(lex.ACCESS):
			if !p.accept(lex.SHARE) {
				p.expect(lex.EXCLUSIVE)
			}
		case p.accept(lex.ROW):
			if !p.accept(lex.SHARE) {
				p.expect(lex.EXCLUSIVE)
			}
		case p.accept(lex.SHARE):
			if p.accept(lex.UPDATE) || p.accept(lex.ROW) {
				p.expect(lex.EXCLUSIVE)
			}
		default:
			p.expect(lex.EXCLUSIVE)
		}
		l.Mode = strings.ToLower(p.sourceWords(start, p.i))
		p.expect(lex.MODE)
	}
	l.NoWait = p.accept(lex.NOWAIT)
	return l
}

// discard reads DISCARD.
func (p *parser) discard() ast.Statement {
	d := &ast.Discard{Pos: p.pos()}
	p.next()
	switch p.tok.Kw {
	case lex.ALL, lex.PLANS, lex.SEQUENCES, lex.TEMP:
		d.What = p.tok.Text
	case lex.TEMPORARY:
		d.What = "temp"
	default:
		p.syntaxError()
	}
	p.next()
	return d
}

// vacuum reads VACUUM and ANALYZE.
func (p *parser) vacuum() ast.Statement {
	v := &ast.Vacuum{Pos: p.pos(), Analyze: !p.is(lex.VACUUM)}
	p.next()
	add := func(k lex.Keyword) {
		if pos := p.pos(); p.accept(k) {
			v.Options = append(v.Options, flag(k.String(), pos))
		}
	}
	switch {
	case p.isKind('('):
		p.parenList(func() { v.Options = append(v.Options, p.wordOption()) })
	case v.Analyze:
		add(lex.VERBOSE)
	default:
		add(lex.FULL)
		add(lex.FREEZE)
		add(lex.VERBOSE)
		if pos := p.pos(); p.accept(lex.ANALYZE) || p.accept(lex.ANALYSE) {
			v.Options = append(v.Options, flag("analyze", pos))
		}
	}
	if isColID(p.tok) {
		p.commaList(func() {
			v.Tables = append(v.Tables, ast.VacuumTable{Name: p.qualifiedName(), Columns: p.optParenNames()})
		})
	}
	return v
}

// doBlock reads DO.
func (p *parser) doBlock() ast.Statement {
	d := &ast.Do{Pos: p.pos()}
	p.next()
	body := false
	for !isEnd(p.tok) {
		if p.accept(lex.LANGUAGE) {
			if p.isKind(lex.String) {
				d.Language = p.str()
			} else {
				d.Language = p.nonReserved()
			}
			continue
		}
		if body && p.isKind(lex.String) {
			p.fail(pgerr.New(pgerr.SyntaxError, "conflicting or redundant options").At(p.pos()))
		}
		d.Body = p.str()
		body = true
	}
	if !body {
		if d.Language == "" {
			p.syntaxError()
		}
		p.fail(pgerr.New(pgerr.SyntaxError, "no inline code specified"))
	}
	return d
}
