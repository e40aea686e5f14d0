package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// queryAhead says whether a query begins here without a parenthesis.
func (p *parser) queryAhead() bool {
	switch p.tok.Kw {
	case lex.SELECT, lex.TABLE, lex.WITH:
		return true
	case lex.VALUES:
		if p.peek(1).Kind == '(' {
			return true
		}
		p.missed(1)
	}
	return false
}

// continuesQuery says whether the current token continues a query that stands in parentheses.
func (p *parser) continuesQuery() bool {
	switch p.tok.Kw {
	case lex.UNION, lex.INTERSECT, lex.EXCEPT, lex.ORDER, lex.LIMIT, lex.OFFSET, lex.FETCH, lex.FOR:
		return true
	}
	return p.emitAhead()
}

// emitAhead says whether an EMIT clause comes next.
func (p *parser) emitAhead() bool {
	if !p.is(lex.EMIT) {
		return false
	}
	next := p.peek(1)
	return wordIs(next, "changes") || wordIs(next, "final") ||
		next.Kw == lex.ON && (p.peek(2).Kw == lex.UPDATE || p.peek(2).Kw == lex.WINDOW)
}

// query reads a query: PostgreSQL's SelectStmt.
func (p *parser) query() *ast.Select {
	pos := p.pos()
	var with *ast.With
	if p.is(lex.WITH) {
		with = p.with()
	}
	outer := p.push()
	defer p.pop(outer)
	body := p.setOperation(p.queryTerm(), 0)
	return p.finishQuery(body, with, pos)
}

// queryFrom continues a query whose first term, in parentheses, has been read.
func (p *parser) queryFrom(first *ast.Select, with *ast.With, pos int) *ast.Select {
	outer := p.push()
	defer p.pop(outer)
	p.grow()
	return p.finishQuery(p.setOperation(unwrap(first), 0), with, pos)
}

// parenQuery reads a query in parentheses, any number of them.
func (p *parser) parenQuery() *ast.Select {
	outer := p.push()
	defer p.pop(outer)
	p.expectKind('(')
	if !p.isKind('(') && !p.queryAhead() {
		p.syntaxError()
	}
	q := p.query()
	p.expectKind(')')
	return q
}

// unwrap gives the body of a query that has nothing but a body, or the query itself.
func unwrap(q *ast.Select) ast.QueryBody {
	if q.With == nil && q.OrderBy == nil && q.Limit == nil && q.Offset == nil && q.Locking == nil && q.Emit == ast.EmitDefault && q.AsOf == nil {
		return q.Body
	}
	return q
}

// setOperation reads UNION, INTERSECT and EXCEPT after the first term, at a level of at least min: INTERSECT binds more
// tightly. A chain of one operation becomes one node.
func (p *parser) setOperation(left ast.QueryBody, min int) ast.QueryBody {
	for {
		t := p.tok
		var kind ast.SetOpKind
		level := 1
		switch t.Kw {
		case lex.UNION:
		case lex.EXCEPT:
			kind = ast.Except
		case lex.INTERSECT:
			kind, level = ast.Intersect, 2
		default:
			return left
		}
		if level < min {
			return left
		}
		p.next()
		all := p.accept(lex.ALL)
		if !all {
			p.accept(lex.DISTINCT)
		}
		right := p.queryTerm()
		if level == 1 {
			right = p.setOperation(right, 2)
		}
		if s, ok := left.(*ast.SetOp); ok && s.Op == kind && s.All == all {
			s.Args = append(s.Args, right)
			continue
		}
		p.grow()
		left = &ast.SetOp{Pos: int(t.Pos), Op: kind, All: all, Args: []ast.QueryBody{left, right}}
	}
}

// queryTerm reads an operand of a set operation.
func (p *parser) queryTerm() ast.QueryBody {
	switch p.tok.Kw {
	case lex.SELECT:
		return p.selectCore()
	case lex.VALUES:
		return p.values()
	case lex.TABLE:
		pos := p.pos()
		p.next()
		p.intoAllowed, p.defaultAllowed = false, false
		return &ast.SelectCore{Pos: pos, Targets: []*ast.Target{{Pos: pos, Expr: &ast.Star{Pos: pos}}}, From: []ast.TableExpr{p.relation()}}
	}
	if !p.isKind('(') {
		p.syntaxError()
	}
	return unwrap(p.parenQuery())
}

// finishQuery puts WITH and the clauses after the body on a query. Where the body is itself a query with clauses, in
// parentheses, both sets of clauses are those of one query, as in PostgreSQL, and none may come twice.
func (p *parser) finishQuery(body ast.QueryBody, with *ast.With, pos int) *ast.Select {
	q, ok := body.(*ast.Select)
	if !ok {
		q = &ast.Select{Pos: pos, Body: body}
	}
	if with != nil {
		if q.With != nil {
			p.errorAt(int32(q.With.Pos), "multiple WITH clauses not allowed")
		}
		q.With = with
	}
	if p.is(lex.ORDER) {
		if q.OrderBy != nil {
			p.errorAt(p.peek(2).Pos, "multiple ORDER BY clauses not allowed")
		}
		q.OrderBy = p.orderBy()
	}
	if p.is(lex.FOR) {
		p.locking(q)
		p.limits(q)
	} else {
		p.limits(q)
		if p.is(lex.FOR) {
			p.locking(q)
		}
	}
	if q.FetchWithTies && q.OrderBy == nil {
		p.fail(pgerr.New(pgerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause"))
	}
	for _, l := range q.Locking {
		if q.FetchWithTies && l.Wait == ast.LockSkip {
			p.fail(pgerr.New(pgerr.SyntaxError, "SKIP LOCKED and WITH TIES options cannot be used together"))
		}
	}
	if p.asOfAhead() {
		if q.AsOf != nil {
			p.errorAt(p.tok.Pos, "multiple AS OF clauses not allowed")
		}
		p.next()
		p.next()
		q.AsOf = p.expr()
	}
	if p.emit(q); q.Emit != ast.EmitDefault && q.Limit == nil && p.is(lex.LIMIT) {
		p.limits(q) // ksqlDB's order
	}
	return q
}

func (p *parser) emit(q *ast.Select) {
	if !p.is(lex.EMIT) {
		return
	}
	t := p.tok
	p.next()
	mode := ast.EmitChanges
	switch {
	case p.acceptWord("changes"):
	case p.acceptWord("final"):
		mode = ast.EmitFinal
	default:
		p.expect(lex.ON)
		if p.accept(lex.UPDATE) {
			if mode = ast.EmitOnUpdate; p.isKind(',') && wordIs(p.peek(1), "final") {
				p.next()
				p.next()
				p.expect(lex.AFTER)
				p.expect(lex.WATERMARK)
				mode = ast.EmitOnUpdateFinal
			}
			break
		}
		p.expect(lex.WINDOW)
		p.expect(lex.CLOSE)
		mode = ast.EmitOnWindowClose
	}
	if q.Emit != ast.EmitDefault {
		p.errorAt(t.Pos, "multiple EMIT clauses not allowed")
	}
	q.Emit = mode
	if p.isWord("late") {
		q.Late = p.lateData()
	}
}

// lateData reads LATE DATA UPDATE or LATE DATA TO stream.
func (p *parser) lateData() *ast.LateData {
	l := &ast.LateData{Pos: p.pos()}
	p.expectWord("late")
	p.expect(lex.DATA)
	if !p.accept(lex.UPDATE) {
		p.expect(lex.TO)
		name := p.qualifiedName()
		l.To = &name
	}
	return l
}

// limits reads LIMIT or FETCH, and OFFSET, in either order.
func (p *parser) limits(q *ast.Select) {
	var limit, offset bool
	for {
		t := p.tok
		switch {
		case t.Kw == lex.LIMIT && !limit:
			p.next()
			limit = true
			start := p.tok.Pos
			var n ast.Expr
			if !p.accept(lex.ALL) {
				n = p.expr()
			}
			if p.acceptKind(',') {
				p.expr()
				p.fail(pgerr.New(pgerr.SyntaxError, "LIMIT #,# syntax is not supported").
					WithHint("Use separate LIMIT and OFFSET clauses.").At(int(t.Pos)))
			}
			p.setLimit(q, n, start)
		case t.Kw == lex.FETCH && !limit:
			limit = true
			p.fetchFirst(q)
		case t.Kw == lex.OFFSET && !offset:
			p.next()
			offset = true
			if q.Offset != nil {
				p.errorAt(p.tok.Pos, "multiple OFFSET clauses not allowed")
			}
			if q.FetchWithTies && !limit {
				p.fail(pgerr.New(pgerr.SyntaxError, "multiple limit options not allowed"))
			}
			q.Offset = p.rowCount(true)
		default:
			return
		}
	}
}

func (p *parser) setLimit(q *ast.Select, n ast.Expr, pos int32) {
	if q.Limit != nil {
		p.errorAt(pos, "multiple LIMIT clauses not allowed")
	}
	q.Limit = n
}

// rowCount reads the number of FETCH or OFFSET: a primary or a signed number, or for OFFSET without ROWS any
// expression.
func (p *parser) rowCount(offset bool) ast.Expr {
	outer := p.push()
	defer p.pop(outer)
	t := p.tok
	sign := t.Kind == '+' || t.Kind == '-'
	var n ast.Expr
	switch next := p.peek(1).Kind; {
	case sign && (!offset || (next == lex.Integer || next == lex.Numeric) && isRows(p.peek(2))):
		p.next()
		n = &ast.UnaryOp{Pos: int(t.Pos), Op: t.Text, Arg: p.unsigned()}
	case offset && (sign || t.Kw == lex.NOT || t.Kind == lex.Op || t.Kw == lex.OPERATOR):
		return p.operand(ast.PrecLowest, modeAny)
	default:
		n = p.primary()
	}
	if !offset || p.accept(lex.ROW) || p.accept(lex.ROWS) {
		return n
	}
	return p.infix(p.overlaps(n, modeAny), ast.PrecLowest, modeAny)
}

func isRows(t *lex.Token) bool { return t.Kw == lex.ROW || t.Kw == lex.ROWS }

// fetchFirst reads FETCH FIRST n ROWS ONLY | WITH TIES.
func (p *parser) fetchFirst(q *ast.Select) {
	t := p.tok
	p.next()
	if !p.accept(lex.FIRST) {
		p.expect(lex.NEXT)
	}
	var n ast.Expr = &ast.Literal{Kind: ast.IntLiteral, Text: "1"}
	if !isRows(p.tok) || isRows(p.peek(1)) { // a column may be called row
		n = p.rowCount(false)
	}
	if !p.accept(lex.ROW) {
		p.expect(lex.ROWS)
	}
	if !p.accept(lex.ONLY) {
		p.expect(lex.WITH, lex.TIES)
		q.FetchWithTies = true
	}
	p.setLimit(q, n, t.Pos)
}

// locking reads FOR UPDATE and its like; FOR READ ONLY says nothing.
func (p *parser) locking(q *ast.Select) {
	if p.ahead(lex.FOR, lex.READ) {
		p.next()
		p.next()
		p.expect(lex.ONLY)
		return
	}
	for p.is(lex.FOR) {
		l := &ast.Locking{Pos: p.pos()}
		p.next()
		switch {
		case p.accept(lex.UPDATE):
		case p.accept(lex.NO):
			p.expect(lex.KEY, lex.UPDATE)
			l.Strength = ast.ForNoKeyUpdate
		case p.accept(lex.SHARE):
			l.Strength = ast.ForShare
		default:
			p.expect(lex.KEY, lex.SHARE)
			l.Strength = ast.ForKeyShare
		}
		if p.accept(lex.OF) {
			l.Of = p.qualifiedNames()
		}
		switch {
		case p.accept(lex.NOWAIT):
			l.Wait = ast.LockNoWait
		case p.accept(lex.SKIP):
			p.expect(lex.LOCKED)
			l.Wait = ast.LockSkip
		}
		q.Locking = append(q.Locking, l)
	}
}

// values reads VALUES.
func (p *parser) values() ast.QueryBody {
	v := &ast.Values{Pos: p.pos()}
	defaults := p.defaultAllowed
	p.intoAllowed, p.defaultAllowed = false, false
	p.next()
	for {
		p.expectKind('(')
		base := len(p.scratch)
		for {
			if p.is(lex.DEFAULT) && defaults && (p.peek(1).Kind == ',' || p.peek(1).Kind == ')') {
				p.scratch = append(p.scratch, &ast.Default{Pos: p.pos()})
				p.next()
			} else {
				p.scratch = append(p.scratch, p.expr())
			}
			if !p.acceptKind(',') {
				break
			}
		}
		p.expectKind(')')
		v.Rows = append(v.Rows, p.gather(base))
		if !p.acceptKind(',') {
			return v
		}
	}
}

// selectCore reads SELECT up to what a query has once.
func (p *parser) selectCore() *ast.SelectCore {
	s := &ast.SelectCore{Pos: p.pos()}
	into := p.intoAllowed
	p.intoAllowed, p.defaultAllowed = false, false
	p.expect(lex.SELECT)
	if p.accept(lex.DISTINCT) {
		s.Distinct = true
		if p.accept(lex.ON) {
			s.DistinctOn = p.parenExprList()
		}
		s.Targets = p.targets()
	} else {
		p.accept(lex.ALL)
		if !endsTarget(p.tok) || p.isKind(',') {
			s.Targets = p.targets()
		}
	}
	if p.is(lex.INTO) {
		p.selectInto(into)
	}
	if p.accept(lex.FROM) {
		p.commaList(func() { s.From = append(s.From, p.tableRef()) })
	}
	if kind, ok := p.timeWindowAhead(); ok {
		s.TimeWindow = p.timeWindow(kind)
	}
	if p.accept(lex.WHERE) {
		s.Where = p.expr()
	}
	if p.accept(lex.GROUP) {
		p.expect(lex.BY)
		if s.GroupDistinct = p.accept(lex.DISTINCT); !s.GroupDistinct {
			p.accept(lex.ALL)
		}
		p.commaList(func() { s.GroupBy = append(s.GroupBy, p.groupItem()) })
	}
	if p.accept(lex.HAVING) {
		s.Having = p.expr()
	}
	if p.accept(lex.WINDOW) {
		p.commaList(func() {
			pos, name := p.pos(), p.colID()
			p.expect(lex.AS)
			w := p.windowSpec()
			w.Pos, w.Name = pos, name
			s.Windows = append(s.Windows, w)
		})
	}
	if p.accept(lex.QUALIFY) {
		s.Qualify = p.expr()
	}
	return s
}

// selectInto reads INTO, where the query is one that may have it.
func (p *parser) selectInto(allowed bool) {
	pos := p.tok.Pos
	p.next()
	into := &ast.Into{Pos: int(pos)}
	if next := p.peek(1); next.Kw == lex.TABLE || isColID(next) {
		into.Persistence = p.persistence()
	}
	p.accept(lex.TABLE)
	into.Name = p.qualifiedName()
	if !allowed {
		p.later(pgerr.New(pgerr.SyntaxError, "SELECT ... INTO is not allowed here").At(into.Name.Pos))
		return
	}
	p.into = into
}

// persistence reads [LOCAL | GLOBAL] TEMPORARY | TEMP, or UNLOGGED.
func (p *parser) persistence() ast.Persistence {
	switch p.tok.Kw {
	case lex.LOCAL, lex.GLOBAL:
		if k := p.peek(1).Kw; k != lex.TEMPORARY && k != lex.TEMP {
			p.missed(1)
			return ast.Permanent
		}
		p.next()
		p.next()
		return ast.Temporary
	case lex.TEMPORARY, lex.TEMP:
		p.next()
		return ast.Temporary
	case lex.UNLOGGED:
		p.next()
		return ast.Unlogged
	}
	return ast.Permanent
}

func (p *parser) targets() (list []*ast.Target) {
	p.commaList(func() { list = append(list, p.target()) })
	return list
}

// target reads an item of a select list.
func (p *parser) target() *ast.Target {
	t := &ast.Target{Pos: p.pos()}
	if p.isKind('*') {
		star := &ast.Star{Pos: p.pos()}
		p.next()
		p.starExcept(star)
		t.Expr = star
		return t
	}
	t.Expr = p.exprMode(modeLabel)
	if star, ok := t.Expr.(*ast.Star); ok {
		p.starExcept(star)
	}
	switch {
	case p.accept(lex.AS):
		t.Name = p.colLabel()
	case p.bareLabelAhead():
		t.Name = p.tok.Text
		p.next()
	}
	return t
}

// bareLabelAhead says whether a label without AS comes next.
func (p *parser) bareLabelAhead() bool {
	t := p.tok
	if t.Kind != lex.Ident || t.Kw == lex.NoKeyword {
		return isIdent(t)
	}
	if p.emitAhead() || t.Kw == lex.QUALIFY && !endsTarget(p.peek(1)) {
		return false
	}
	return t.Kw.Info().BareLabel
}

// starExcept reads EXCEPT (columns) or EXCLUDE (columns) after a star. EXCEPT with a query in the parentheses is the set
// operation.
func (p *parser) starExcept(s *ast.Star) {
	if p.peek(1).Kind != '(' || !p.is(lex.EXCEPT) && !p.is(lex.EXCLUDE) {
		return
	}
	if p.is(lex.EXCEPT) {
		switch next := p.peek(2); {
		case next.Kind == '(', next.Kw == lex.SELECT, next.Kw == lex.WITH, next.Kw == lex.TABLE,
			next.Kw == lex.VALUES && p.peek(3).Kind == '(':
			return
		}
	}
	p.next()
	s.Except = p.parenNames()
}

// groupItem reads an item of GROUP BY.
func (p *parser) groupItem() ast.GroupItem {
	outer := p.push()
	defer p.pop(outer)
	g := ast.GroupItem{Pos: p.pos()}
	next := p.peek(1)
	switch {
	case p.isKind('(') && next.Kind == ')':
		p.next()
		p.next()
		g.Kind = ast.GroupEmpty
	case (p.is(lex.ROLLUP) || p.is(lex.CUBE)) && next.Kind == '(':
		if g.Kind = ast.GroupCube; p.is(lex.ROLLUP) {
			g.Kind = ast.GroupRollup
		}
		p.next()
		p.parenList(func() { g.Sets = append(g.Sets, ast.GroupItem{Pos: p.pos(), Expr: p.expr()}) })
	case p.is(lex.GROUPING) && next.Kw == lex.SETS:
		p.next()
		p.next()
		g.Kind = ast.GroupSets
		p.parenList(func() { g.Sets = append(g.Sets, p.groupItem()) })
	default:
		g.Expr = p.expr()
	}
	return g
}

// orderBy reads ORDER BY with its items.
func (p *parser) orderBy() (items []*ast.OrderItem) {
	p.expect(lex.ORDER, lex.BY)
	p.commaList(func() {
		o := &ast.OrderItem{Pos: p.pos(), Expr: p.expr()}
		switch {
		case p.accept(lex.USING):
			o.Pos = p.pos()
			if p.is(lex.OPERATOR) {
				o.Using, o.UsingSchema = p.qualifiedOp()
			} else {
				if !isOperator(p.tok) {
					p.syntaxError()
				}
				o.Using = p.tok.Text
				p.next()
			}
		case p.accept(lex.DESC):
			o.Desc = true
		default:
			p.accept(lex.ASC)
		}
		o.Nulls = p.nullsOrder()
		items = append(items, o)
	})
	return items
}

func (p *parser) nullsOrder() ast.NullsOrder {
	switch {
	case p.ahead(lex.NULLS, lex.FIRST):
		p.next()
		p.next()
		return ast.NullsFirst
	case p.ahead(lex.NULLS, lex.LAST):
		p.next()
		p.next()
		return ast.NullsLast
	}
	return ast.NullsDefault
}
