package parser

import (
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// modify reads INSERT, UPDATE, DELETE or MERGE after its WITH clause.
func (p *parser) modify(w *ast.With) ast.Statement {
	outer := p.push()
	defer p.pop(outer)
	p.intoAllowed = false
	switch p.tok.Kw {
	case lex.INSERT:
		return p.insert(w)
	case lex.UPDATE:
		return p.update(w)
	case lex.DELETE:
		return p.delete(w)
	case lex.MERGE:
		return p.merge(w)
	}
	p.syntaxError()
	return nil
}

// stmtPos is the position of a statement that may begin with WITH.
func stmtPos(w *ast.With, here int) int {
	if w != nil {
		return w.Pos
	}
	return here
}

func (p *parser) insert(w *ast.With) ast.Statement {
	s := &ast.Insert{Pos: stmtPos(w, p.pos()), With: w}
	p.expect(lex.INSERT, lex.INTO)
	s.Table = p.qualifiedName()
	if p.accept(lex.AS) {
		s.Alias = p.colID()
	}
	if !p.acceptAll(lex.DEFAULT, lex.VALUES) {
		if p.isKind('(') && !p.queryInParens() {
			s.Columns = p.insertColumns()
		}
		s.Overriding = p.overriding()
		if !p.isKind('(') && !p.queryAhead() {
			p.syntaxError()
		}
		p.defaultAllowed = true
		s.Query = p.query()
		p.defaultAllowed = false
	}
	if p.is(lex.ON) {
		s.OnConflict = p.onConflict()
	}
	s.Returning = p.returning()
	return s
}

// queryInParens says whether the parenthesis here opens a query rather than a list of names.
func (p *parser) queryInParens() bool {
	n := 1
	for p.peek(n).Kind == '(' {
		n++
	}
	t := p.peek(n)
	return n > 1 || t.Kw == lex.SELECT || t.Kw == lex.WITH || t.Kw == lex.TABLE || t.Kw == lex.VALUES && p.peek(n+1).Kind == '('
}

func (p *parser) insertColumns() (cols []*ast.InsertColumn) {
	p.parenList(func() { cols = append(cols, p.insertColumn()) })
	return cols
}

// insertColumn reads a column that is given a value, with fields and subscripts.
func (p *parser) insertColumn() *ast.InsertColumn {
	outer := p.push()
	defer p.pop(outer)
	c := &ast.InsertColumn{Pos: p.pos(), Name: p.colID()}
	for {
		t := p.tok
		switch t.Kind {
		case '.':
			p.next()
			if p.isKind('*') {
				p.errorAt(p.tok.Pos, `improper use of "*"`)
			}
			c.Path = append(c.Path, &ast.FieldSelect{Pos: int(t.Pos), Field: p.colLabel()})
		case '[':
			c.Path = append(c.Path, p.subscript(nil))
		default:
			return c
		}
	}
}

func (p *parser) overriding() ast.Overriding {
	if !p.accept(lex.OVERRIDING) {
		return ast.OverridingNone
	}
	kind := ast.OverridingSystem
	if !p.accept(lex.SYSTEM) {
		p.expect(lex.USER)
		kind = ast.OverridingUser
	}
	p.expect(lex.VALUE)
	return kind
}

func (p *parser) onConflict() *ast.OnConflict {
	c := &ast.OnConflict{Pos: p.pos()}
	p.expect(lex.ON, lex.CONFLICT)
	switch {
	case p.isKind('('):
		c.TargetPos = p.pos()
		c.Elems = p.indexElems()
		c.Where = p.where()
	case p.is(lex.ON):
		p.next()
		p.expect(lex.CONSTRAINT)
		c.Constraint = p.colID()
	}
	p.expect(lex.DO)
	if p.accept(lex.NOTHING) {
		return c
	}
	p.expect(lex.UPDATE, lex.SET)
	c.DoUpdate = true
	c.Set = p.assignments()
	c.UpdateWhere = p.where()
	return c
}

func (p *parser) where() ast.Expr {
	if !p.accept(lex.WHERE) {
		return nil
	}
	return p.expr()
}

// whereOrCursor reads WHERE, which may be WHERE CURRENT OF cursor.
func (p *parser) whereOrCursor() ast.Expr {
	if p.ahead(lex.WHERE, lex.CURRENT, lex.OF) {
		p.next()
		pos := p.pos()
		p.next()
		p.next()
		return &ast.CurrentOf{Pos: pos, Cursor: p.colID()}
	}
	return p.where()
}

func (p *parser) returning() []*ast.Target {
	if !p.accept(lex.RETURNING) {
		return nil
	}
	return p.targets()
}

func (p *parser) assignments() (list []*ast.Assignment) {
	p.commaList(func() { list = append(list, p.assignment()) })
	return list
}

func (p *parser) assignment() *ast.Assignment {
	a := &ast.Assignment{Pos: p.pos()}
	if p.isKind('(') {
		a.Multi = true
		a.Columns = p.insertColumns()
	} else {
		a.Columns = []*ast.InsertColumn{p.insertColumn()}
	}
	p.expectKind('=')
	a.Value = p.assigned(a.Multi)
	return a
}

// assigned reads the right side of an assignment. DEFAULT may stand alone, and, where several columns are assigned,
// within a row.
func (p *parser) assigned(multi bool) ast.Expr {
	if p.is(lex.DEFAULT) {
		d := &ast.Default{Pos: p.pos()}
		p.next()
		return d
	}
	if !multi || !p.rowWithDefault() {
		return p.expr()
	}
	r := &ast.Row{Pos: p.pos(), Explicit: p.accept(lex.ROW)}
	p.parenList(func() {
		if p.is(lex.DEFAULT) {
			r.Args = append(r.Args, &ast.Default{Pos: p.pos()})
			p.next()
		} else {
			r.Args = append(r.Args, p.expr())
		}
	})
	return r
}

// rowWithDefault says whether a row stands here one of whose fields is DEFAULT. Only such a row needs to be read by
// hand.
func (p *parser) rowWithDefault() bool {
	n := 0
	if p.is(lex.ROW) {
		n = 1
	}
	if p.peek(n).Kind != '(' {
		return false
	}
	for depth := 0; ; n++ {
		switch t := p.peek(n); t.Kind {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return false
			}
		case lex.EOF, lex.Error, ';':
			return false
		case lex.Ident:
			if t.Kw == lex.DEFAULT && depth == 1 {
				return true
			}
		}
	}
}

// target of UPDATE and DELETE: a relation with an alias; SET is no alias without AS.
func (p *parser) modifiedTable() *ast.TableName {
	t := p.relation()
	if p.is(lex.AS) || isColID(p.tok) && !p.is(lex.SET) {
		p.accept(lex.AS)
		t.Alias = &ast.Alias{Pos: p.pos(), Name: p.colID()}
	}
	return t
}

func (p *parser) update(w *ast.With) ast.Statement {
	s := &ast.Update{Pos: stmtPos(w, p.pos()), With: w}
	p.expect(lex.UPDATE)
	s.Table = p.modifiedTable()
	p.expect(lex.SET)
	s.Set = p.assignments()
	if p.accept(lex.FROM) {
		p.commaList(func() { s.From = append(s.From, p.tableRef()) })
	}
	s.Where = p.whereOrCursor()
	s.Returning = p.returning()
	return s
}

func (p *parser) delete(w *ast.With) ast.Statement {
	s := &ast.Delete{Pos: stmtPos(w, p.pos()), With: w}
	p.expect(lex.DELETE, lex.FROM)
	s.Table = p.modifiedTable()
	if p.accept(lex.USING) {
		p.commaList(func() { s.Using = append(s.Using, p.tableRef()) })
	}
	s.Where = p.whereOrCursor()
	s.Returning = p.returning()
	return s
}

func (p *parser) merge(w *ast.With) ast.Statement {
	s := &ast.Merge{Pos: stmtPos(w, p.pos()), With: w}
	p.expect(lex.MERGE, lex.INTO)
	s.Table = p.modifiedTable()
	p.expect(lex.USING)
	s.Source = p.tableRef()
	p.expect(lex.ON)
	s.On = p.expr()
	for first := true; first || p.is(lex.WHEN); first = false {
		s.Whens = append(s.Whens, p.mergeWhen())
	}
	return s
}

func (p *parser) mergeWhen() *ast.MergeWhen {
	m := &ast.MergeWhen{Pos: p.pos()}
	p.expect(lex.WHEN)
	m.Matched = !p.accept(lex.NOT)
	p.expect(lex.MATCHED)
	if p.accept(lex.AND) {
		m.Condition = p.expr()
	}
	p.expect(lex.THEN)
	switch {
	case p.accept(lex.DO):
		p.expect(lex.NOTHING)
	case m.Matched && p.accept(lex.UPDATE):
		p.expect(lex.SET)
		m.Action = ast.MergeUpdate
		m.Set = p.assignments()
	case m.Matched && p.accept(lex.DELETE):
		m.Action = ast.MergeDelete
	case !m.Matched && p.accept(lex.INSERT):
		m.Action = ast.MergeInsert
		if p.acceptAll(lex.DEFAULT, lex.VALUES) {
			break
		}
		if p.isKind('(') {
			m.Columns = p.insertColumns()
		}
		m.Overriding = p.overriding()
		p.expect(lex.VALUES)
		p.parenList(func() {
			if p.is(lex.DEFAULT) {
				m.Values = append(m.Values, &ast.Default{Pos: p.pos()})
				p.next()
			} else {
				m.Values = append(m.Values, p.expr())
			}
		})
	default:
		p.syntaxError()
	}
	return m
}

func (p *parser) truncate() ast.Statement {
	s := &ast.Truncate{Pos: p.pos()}
	p.next()
	p.accept(lex.TABLE)
	p.commaList(func() { s.Tables = append(s.Tables, p.relation()) })
	switch {
	case p.accept(lex.CONTINUE):
		p.expect(lex.IDENTITY)
	case p.accept(lex.RESTART):
		p.expect(lex.IDENTITY)
		s.RestartIdentity = true
	}
	s.Cascade = p.cascade()
	return s
}

// subscribe reads SUBSCRIBE [TO] relation | (query) [WITH (...)] [AS OF e] [UP TO e].
func (p *parser) subscribe() ast.Statement {
	s := &ast.Subscribe{Pos: p.pos()}
	p.next()
	p.accept(lex.TO)
	switch {
	case p.isKind('('):
		s.Query = p.parenQuery()
	case p.queryAhead() && !p.is(lex.TABLE):
		s.Query = p.query()
		s.AsOf, s.Query.AsOf = s.Query.AsOf, nil // it says where the subscription begins
	default:
		p.accept(lex.TABLE)
		s.Table = p.relation()
	}
	for {
		switch { // in any order: others write the options last
		case s.Options == nil && p.accept(lex.WITH):
			s.Options = p.options()
		case s.AsOf == nil && p.accept(lex.AS):
			p.expect(lex.OF)
			s.AsOf = p.expr()
		case s.UpTo == nil && p.acceptWord("up"):
			p.expect(lex.TO)
			s.UpTo = p.expr()
		default:
			return s
		}
	}
}
