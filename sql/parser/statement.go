package parser

import (
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// statement reads one statement.
func (p *parser) statement() ast.Statement {
	p.intoAllowed, p.defaultAllowed, p.into = false, false, nil
	t := p.tok
	if t.Kind == '(' {
		return p.topQuery()
	}
	switch t.Kw {
	case lex.SELECT, lex.VALUES, lex.TABLE, lex.WITH:
		return p.topQuery()
	case lex.INSERT, lex.UPDATE, lex.DELETE, lex.MERGE:
		return p.modify(nil)
	case lex.CREATE:
		return p.create()
	case lex.DROP:
		return p.drop()
	case lex.ALTER:
		return p.alter()
	case lex.COMMENT:
		return p.comment()
	case lex.TRUNCATE:
		return p.truncate()
	case lex.COPY:
		return p.copy()
	case lex.SUBSCRIBE:
		return p.subscribe()
	case lex.EXPLAIN:
		return p.explain()
	case lex.SET:
		return p.set()
	case lex.RESET:
		return p.reset()
	case lex.SHOW:
		return p.show()
	case lex.DISCARD:
		return p.discard()
	case lex.BEGIN, lex.START, lex.COMMIT, lex.END, lex.ROLLBACK, lex.ABORT, lex.SAVEPOINT, lex.RELEASE:
		return p.transaction()
	case lex.PREPARE, lex.EXECUTE, lex.DEALLOCATE:
		return p.prepared()
	case lex.DECLARE, lex.FETCH, lex.MOVE, lex.CLOSE:
		return p.cursor()
	case lex.LISTEN, lex.UNLISTEN, lex.NOTIFY:
		return p.notification()
	case lex.GRANT, lex.REVOKE:
		return p.grant()
	case lex.LOCK:
		return p.lock()
	case lex.VACUUM, lex.ANALYZE, lex.ANALYSE:
		return p.vacuum()
	case lex.CHECKPOINT:
		p.next()
		return &ast.Checkpoint{Pos: int(t.Pos)}
	case lex.DO:
		return p.doBlock()
	case lex.CALL:
		p.next()
		if !p.plainCallAhead() {
			p.funcName()
			p.syntaxError()
		}
		return &ast.Call{Pos: int(t.Pos), Func: p.callArgs(p.funcName())}
	case lex.REFRESH:
		return p.refresh()
	}
	return p.otherStatement()
}

// otherStatement reads a statement that is known by name only.
func (p *parser) otherStatement() ast.Statement {
	start := p.i
	for _, words := range [][]lex.Keyword{
		{lex.CLUSTER}, {lex.REINDEX}, {lex.LOAD}, {lex.REASSIGN, lex.OWNED}, {lex.SECURITY, lex.LABEL},
		{lex.IMPORT, lex.FOREIGN, lex.SCHEMA},
	} {
		if p.acceptAll(words...) {
			return p.unknown(start, p.sourceWords(start, p.i))
		}
	}
	p.syntaxError()
	return nil
}

// topQuery reads a query that is a statement of its own, which may have INTO.
func (p *parser) topQuery() ast.Statement {
	p.intoAllowed, p.into = true, nil
	var s ast.Statement
	if p.is(lex.WITH) {
		s = p.withStatement()
	} else {
		s = p.query()
	}
	if q, ok := s.(*ast.Select); ok && p.into != nil {
		q.Into = p.into
		p.into = nil
	}
	return s
}

// explain reads EXPLAIN.
func (p *parser) explain() ast.Statement {
	e := &ast.Explain{Pos: p.pos()}
	p.next()
	if p.isKind('(') && !p.queryInParens() {
		p.parenList(func() { e.Options = append(e.Options, p.wordOption()) })
	} else {
		if pos := p.pos(); p.accept(lex.ANALYZE) || p.accept(lex.ANALYSE) {
			e.Options = append(e.Options, flag("analyze", pos))
		}
		if pos := p.pos(); p.accept(lex.VERBOSE) {
			e.Options = append(e.Options, flag("verbose", pos))
		}
	}
	switch {
	case p.isWord("why") && wordIs(p.peek(1), "pending") && len(e.Options) == 0:
		p.next()
		p.next()
		e.Kind, e.WhyPending = ast.KindMaterializedView, true
	case p.acceptAll(lex.MATERIALIZED, lex.VIEW):
		e.Kind = ast.KindMaterializedView
	case p.accept(lex.SINK):
		e.Kind = ast.KindSink
	}
	if e.Kind != "" {
		name := p.qualifiedName()
		e.Object = &name
		return e
	}
	start := p.i
	switch p.tok.Kw {
	case lex.SELECT, lex.VALUES, lex.TABLE, lex.WITH, lex.INSERT, lex.UPDATE, lex.DELETE, lex.MERGE, lex.DECLARE, lex.EXECUTE,
		lex.CREATE, lex.REFRESH, lex.SUBSCRIBE:
	default:
		if !p.isKind('(') {
			p.syntaxError()
		}
	}
	e.Query = p.statement()
	if !explainable(e.Query) {
		p.syntaxErrorAt(start)
	}
	return e
}

// explainable says whether a statement has a plan.
func explainable(s ast.Statement) bool {
	switch s := s.(type) {
	case *ast.CreateTable:
		return s.As != nil
	case *ast.CreateStream:
		return s.As != nil
	case *ast.CreateMaterializedView, *ast.CreateView, *ast.CreateSink, *ast.CreateIndex, *ast.Refresh:
		return true
	case *ast.Select, *ast.Insert, *ast.Update, *ast.Delete, *ast.Merge, *ast.Declare, *ast.Execute, *ast.Subscribe:
		return true
	}
	return false
}

func (p *parser) refresh() ast.Statement {
	r := &ast.Refresh{Pos: p.pos()}
	p.next()
	p.expect(lex.MATERIALIZED, lex.VIEW)
	r.Concurrently = p.accept(lex.CONCURRENTLY)
	r.Name = p.qualifiedName()
	r.NoData = p.withNoData()
	return r
}

// prepared reads PREPARE, EXECUTE and DEALLOCATE.
func (p *parser) prepared() ast.Statement {
	pos := p.pos()
	switch {
	case p.is(lex.EXECUTE):
		return p.execute()
	case p.accept(lex.DEALLOCATE):
		if p.is(lex.PREPARE) && (isColID(p.peek(1)) || p.peek(1).Kw == lex.ALL) {
			p.next()
		}
		if p.accept(lex.ALL) {
			return &ast.Deallocate{Pos: pos}
		}
		return &ast.Deallocate{Pos: pos, Name: p.colID()}
	}
	p.next()
	if p.is(lex.TRANSACTION) && p.peek(1).Kind == lex.String {
		p.next()
		return &ast.TwoPhase{Pos: pos, Action: "PREPARE TRANSACTION", ID: p.str()}
	}
	s := &ast.Prepare{Pos: pos, Name: p.colID()}
	if p.acceptKind('(') {
		p.commaList(func() { s.Types = append(s.Types, p.typeName()) })
		p.expectKind(')')
	}
	p.expect(lex.AS)
	s.Query = p.preparable()
	return s
}

func (p *parser) execute() ast.Statement {
	s := &ast.Execute{Pos: p.pos()}
	p.expect(lex.EXECUTE)
	s.Name = p.colID()
	if p.isKind('(') {
		s.Args = p.parenExprList()
	}
	return s
}

// cursor reads DECLARE, FETCH, MOVE and CLOSE.
func (p *parser) cursor() ast.Statement {
	t := p.tok
	p.next()
	switch t.Kw {
	case lex.DECLARE:
		return p.declare(int(t.Pos))
	case lex.CLOSE:
		c := &ast.Close{Pos: int(t.Pos)}
		if !p.accept(lex.ALL) {
			c.Cursor = p.colID()
		}
		return c
	}
	f := &ast.Fetch{Pos: int(t.Pos), Move: t.Kw == lex.MOVE, Count: 1}
	p.fetch(f)
	if !f.Move && p.is(lex.WITH) {
		p.next()
		f.Options = p.options()
	}
	return f
}

func (p *parser) declare(pos int) ast.Statement {
	d := &ast.Declare{Pos: pos, Name: p.colID()}
	for done := false; !done; {
		switch {
		case p.accept(lex.BINARY):
			d.Binary = true
		case p.accept(lex.INSENSITIVE):
			d.Insensitive = true
		case p.accept(lex.ASENSITIVE):
			d.Asensitive = true
		case p.accept(lex.SCROLL):
			d.Scroll = true
		case p.acceptAll(lex.NO, lex.SCROLL):
			d.NoScroll = true
		default:
			done = true
		}
	}
	p.expect(lex.CURSOR)
	switch {
	case p.accept(lex.WITH):
		p.expect(lex.HOLD)
		d.Hold = true
	case p.accept(lex.WITHOUT):
		p.expect(lex.HOLD)
	}
	p.expect(lex.FOR)
	if p.is(lex.SUBSCRIBE) {
		d.Query = p.subscribe()
	} else {
		d.Query = p.queryStatement()
	}
	return d
}

// fetch reads the direction and the cursor of FETCH and MOVE. The words of direction may also be the cursor's name.
func (p *parser) fetch(f *ast.Fetch) {
	if isColID(p.tok) && (isEnd(p.peek(1)) || p.peek(1).Kw == lex.WITH) {
		f.Cursor = p.colID()
		return
	}
	switch p.tok.Kw {
	case lex.NEXT:
		p.next()
	case lex.PRIOR:
		p.next()
		f.Direction = ast.FetchBackward
	case lex.FIRST:
		p.next()
		f.Direction = ast.FetchAbsolute
	case lex.LAST:
		p.next()
		f.Direction, f.Count = ast.FetchAbsolute, -1
	case lex.ABSOLUTE:
		p.next()
		f.Direction, f.Count = ast.FetchAbsolute, p.signedInt()
	case lex.RELATIVE:
		p.next()
		f.Direction, f.Count = ast.FetchRelative, p.signedInt()
	case lex.ALL:
		p.next()
		f.Count = ast.FetchAll
	case lex.FORWARD, lex.BACKWARD:
		if p.is(lex.BACKWARD) {
			f.Direction = ast.FetchBackward
		}
		p.next()
		switch {
		case p.accept(lex.ALL):
			f.Count = ast.FetchAll
		case p.isKind('+'), p.isKind('-'), p.isKind(lex.Integer):
			f.Count = p.signedInt()
		}
	default:
		if p.isKind('+') || p.isKind('-') || p.isKind(lex.Integer) {
			f.Count = p.signedInt()
		}
	}
	if !p.accept(lex.FROM) {
		p.accept(lex.IN)
	}
	f.Cursor = p.colID()
}

// signedInt reads an integer constant with a sign.
func (p *parser) signedInt() int64 {
	negative := p.isKind('-')
	if negative || p.isKind('+') {
		p.next()
	}
	n := int64(p.intConst())
	if negative {
		return -n
	}
	return n
}

// notification reads LISTEN, UNLISTEN and NOTIFY.
func (p *parser) notification() ast.Statement {
	t := p.tok
	pos := int(t.Pos)
	p.next()
	switch t.Kw {
	case lex.LISTEN:
		return &ast.Listen{Pos: pos, Channel: p.colID()}
	case lex.UNLISTEN:
		if p.acceptKind('*') {
			return &ast.Unlisten{Pos: pos}
		}
		return &ast.Unlisten{Pos: pos, Channel: p.colID()}
	}
	n := &ast.Notify{Pos: pos, Channel: p.colID()}
	if p.acceptKind(',') {
		n.Payload = p.str()
	}
	return n
}
