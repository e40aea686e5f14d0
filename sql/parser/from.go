package parser

import (
	"strings"

	"millrace/sql/ast"
	"millrace/sql/lex"
)

// tableRef reads an item of FROM with its joins.
func (p *parser) tableRef() ast.TableExpr {
	outer := p.push()
	defer p.pop(outer)
	return p.joins(p.tablePrimary())
}

// joinAhead says whether a join operator comes next.
func (p *parser) joinAhead() bool {
	switch p.tok.Kw {
	case lex.JOIN, lex.CROSS, lex.NATURAL, lex.INNER, lex.LEFT, lex.RIGHT, lex.FULL:
		return true
	}
	return p.asofAhead()
}

// asofAhead says whether ASOF here begins a join rather than being an alias.
func (p *parser) asofAhead() bool {
	if !p.is(lex.ASOF) {
		return false
	}
	switch p.peek(1).Kw {
	case lex.JOIN, lex.INNER, lex.LEFT, lex.RIGHT, lex.FULL:
		return true
	}
	return false
}

// joins reads the joins after a table. The right side of a join with a condition goes as far as that condition:
// a JOIN b JOIN c ON x ON y is a JOIN (b JOIN c ON x) ON y.
func (p *parser) joins(left ast.TableExpr) ast.TableExpr {
	for p.joinAhead() {
		j := &ast.Join{Pos: p.pos(), Left: left}
		p.grow()
		if p.accept(lex.CROSS) {
			p.expect(lex.JOIN)
			j.Type = ast.CrossJoin
			j.Right = p.tablePrimary()
			left = j
			continue
		}
		j.AsOf = p.accept(lex.ASOF)
		j.Natural = !j.AsOf && p.accept(lex.NATURAL)
		switch p.tok.Kw {
		case lex.INNER:
			p.next()
		case lex.LEFT, lex.RIGHT, lex.FULL:
			j.Type = map[lex.Keyword]ast.JoinType{lex.LEFT: ast.LeftJoin, lex.RIGHT: ast.RightJoin, lex.FULL: ast.FullJoin}[p.tok.Kw]
			p.next()
			p.accept(lex.OUTER)
		}
		if !j.Natural && !j.AsOf {
			j.AsOf = p.accept(lex.ASOF) // LEFT ASOF JOIN
		}
		p.expect(lex.JOIN)
		if j.Natural {
			j.Right = p.tablePrimary()
		} else {
			asof := p.inAsOf
			p.inAsOf = j.AsOf
			j.Right = p.tableRef()
			p.inAsOf = asof
			p.joinCondition(j)
		}
		left = j
	}
	return left
}

// joinCondition reads ON or USING, before which an ASOF JOIN may have MATCH_CONDITION and then needs neither.
func (p *parser) joinCondition(j *ast.Join) {
	if j.AsOf && p.matchConditionAhead() {
		p.next()
		p.expectKind('(')
		j.Match = p.expr()
		p.expectKind(')')
		if !p.is(lex.USING) && !p.is(lex.ON) {
			return
		}
	}
	if p.accept(lex.USING) {
		j.Using = p.parenNames()
		if p.accept(lex.AS) {
			j.UsingAlias = p.colID()
		}
		return
	}
	p.expect(lex.ON)
	j.On = p.expr()
}

// tablePrimary reads an item of FROM without joins.
func (p *parser) tablePrimary() ast.TableExpr {
	t := p.tok
	next := p.peek(1)
	switch {
	case t.Kind == '(':
		pos := p.pos()
		q, table := p.parenTable()
		if q != nil {
			return &ast.Subquery{Pos: pos, Query: q, Alias: p.alias()}
		}
		return table
	case t.Kw == lex.LATERAL:
		p.next()
		return p.lateral()
	case t.Kw == lex.ROWS && next.Kw == lex.FROM, t.Kw == lex.TABLE && next.Kind == '(':
		return p.funcTable(false)
	case t.Kw == lex.ONLY:
		return p.relationTail(p.relation())
	case t.Kw == lex.XMLTABLE && next.Kind == '(':
		p.unsupported(t.Pos, "XMLTABLE")
	case p.funcTableAhead():
		return p.funcTable(false)
	case t.Kind == lex.Ident && !isColID(t) && isTypeFuncName(t):
		p.syntaxErrorAt(p.i + 1) // a word that can only name a function
	}
	return p.relationTail(p.relation())
}

// funcTableAhead says whether a call stands here rather than the name of a relation.
func (p *parser) funcTableAhead() bool {
	t := p.tok
	if t.Kind == lex.Ident && t.Kw.Info().Class == lex.Reserved && t.Kw != lex.NoKeyword {
		switch t.Kw {
		case lex.CAST, lex.CURRENT_DATE, lex.CURRENT_TIME, lex.CURRENT_TIMESTAMP, lex.LOCALTIME, lex.LOCALTIMESTAMP,
			lex.CURRENT_ROLE, lex.CURRENT_USER, lex.SESSION_USER, lex.USER, lex.CURRENT_CATALOG:
			return true
		}
		return false
	}
	if t.Kw == lex.CURRENT_SCHEMA || t.Kw == lex.COLLATION && p.peek(1).Kw == lex.FOR {
		return true
	}
	if !isColLabel(t) {
		return false
	}
	if t.Kind == lex.Ident && t.Kw.Info().Class == lex.ColumnName && t.Kw != lex.NoKeyword && p.peek(1).Kind == '(' {
		switch t.Kw {
		case lex.COALESCE, lex.EXTRACT, lex.GREATEST, lex.LEAST, lex.NORMALIZE, lex.NULLIF, lex.OVERLAY, lex.POSITION,
			lex.SUBSTRING, lex.TREAT, lex.TRIM:
			return true
		}
		return strings.HasPrefix(t.Text, "xml")
	}
	n := 1
	for p.peek(n).Kind == '.' && isColLabel(p.peek(n+1)) {
		n += 2
	}
	return p.peek(n).Kind == '('
}

func (p *parser) lateral() ast.TableExpr {
	if p.isKind('(') {
		return &ast.Subquery{Pos: p.pos(), Lateral: true, Query: p.parenQuery(), Alias: p.alias()}
	}
	if p.is(lex.XMLTABLE) {
		p.unsupported(p.tok.Pos, "XMLTABLE")
	}
	if !p.ahead(lex.ROWS, lex.FROM) && !(p.is(lex.TABLE) && p.peek(1).Kind == '(') && !p.funcTableAhead() {
		if isColLabel(p.tok) && (isColID(p.tok) || isTypeFuncName(p.tok)) {
			p.next() // it can only be the name of a function: the parenthesis is what is missing
			p.dotted("")
		}
		p.syntaxError()
	}
	return p.funcTable(true)
}

// parenTable reads parentheses in FROM: a query, whose alias is still to come, or a join. Which of them shows, as in
// parenGroup, perhaps only after inner parentheses.
func (p *parser) parenTable() (*ast.Select, ast.TableExpr) {
	outer := p.push()
	defer p.pop(outer)
	p.expectKind('(')
	if p.queryAhead() {
		q := p.query()
		p.expectKind(')')
		return q, nil
	}
	var table ast.TableExpr
	if p.isKind('(') {
		pos := p.pos()
		q, inner := p.parenTable()
		if q != nil {
			if p.isKind(')') || p.continuesQuery() {
				if !p.isKind(')') {
					q = p.queryFrom(q, nil, pos)
				}
				p.expectKind(')')
				return q, nil
			}
			inner = &ast.Subquery{Pos: pos, Query: q, Alias: p.alias()}
		}
		table = p.joins(inner)
	} else {
		table = p.tableRef()
	}
	j, ok := table.(*ast.Join)
	if !ok || j.Alias != nil {
		p.syntaxError() // only a join may stand in parentheses
	}
	p.expectKind(')')
	j.Alias = p.alias()
	return nil, j
}

// relation reads the name of a relation, with ONLY before or * after it.
func (p *parser) relation() *ast.TableName {
	t := &ast.TableName{}
	if p.accept(lex.ONLY) {
		t.Only = true
		paren := p.acceptKind('(')
		t.ObjectName = p.qualifiedName()
		if paren {
			p.expectKind(')')
		}
		return t
	}
	t.ObjectName = p.qualifiedName()
	p.acceptKind('*')
	return t
}

// relationTail reads what may follow a relation in FROM. Others write FOR SYSTEM_TIME before the alias, or after it.
func (p *parser) relationTail(t *ast.TableName) ast.TableExpr {
	t.SystemTimeAsOf = p.systemTime()
	t.Alias = p.alias()
	if t.SystemTimeAsOf == nil {
		t.SystemTimeAsOf = p.systemTime()
	}
	if pos := p.pos(); p.accept(lex.TABLESAMPLE) {
		s := &ast.TableSample{Pos: pos, Method: p.funcName(), Args: p.parenExprList()}
		if p.accept(lex.REPEATABLE) {
			p.expectKind('(')
			s.Repeatable = p.expr()
			p.expectKind(')')
		}
		t.Sample = s
	}
	return t
}

// asOfAhead says whether the AS OF clause of a query comes next. To PostgreSQL this is an alias "of", behind which no value can stand.
func (p *parser) asOfAhead() bool {
	if !p.ahead(lex.AS, lex.OF) {
		return false
	}
	switch t := p.peek(2); t.Kind {
	case lex.Integer, lex.String, lex.Param:
		return true
	case lex.Ident:
		switch t.Kw {
		case lex.NoKeyword, lex.TIMESTAMP, lex.CURRENT_TIMESTAMP, lex.LOCALTIMESTAMP, lex.CAST:
			return true
		}
	}
	return false
}

func (p *parser) systemTime() ast.Expr {
	if !p.ahead(lex.FOR, lex.SYSTEM_TIME) {
		return nil
	}
	p.next()
	p.next()
	p.expect(lex.AS, lex.OF)
	return p.expr()
}

// alias reads an alias with or without AS, and names for columns.
func (p *parser) alias() *ast.Alias {
	if !p.is(lex.AS) && !p.bareAliasAhead() || p.asOfAhead() {
		return nil
	}
	p.accept(lex.AS)
	a := &ast.Alias{Pos: p.pos(), Name: p.colID()}
	a.Columns = p.optParenNames()
	return a
}

// bareAliasAhead says whether an alias without AS comes next. The words of the streaming clauses are aliases unless
// what follows makes them a clause.
func (p *parser) bareAliasAhead() bool {
	if !isColID(p.tok) {
		return false
	}
	switch p.tok.Kw {
	case lex.EMIT:
		return !p.emitAhead()
	case lex.ASOF:
		return !p.asofAhead()
	case lex.QUALIFY:
		return p.endsTable(1)
	}
	return !p.inAsOf || !p.matchConditionAhead()
}

// matchConditionAhead says whether the condition by which an ASOF JOIN picks its row comes next.
func (p *parser) matchConditionAhead() bool {
	return p.tok.Kind == lex.Ident && p.tok.Text == "match_condition" && p.peek(1).Kind == '('
}

// endsTable says whether the token n places ahead can follow a table's alias.
func (p *parser) endsTable(n int) bool {
	t := p.peek(n)
	switch t.Kw {
	case lex.LEFT, lex.RIGHT:
		return p.peek(n+1).Kind != '(' // also functions
	case lex.JOIN, lex.CROSS, lex.NATURAL, lex.INNER, lex.FULL, lex.ON, lex.USING, lex.TABLESAMPLE,
		lex.QUALIFY, lex.EMIT, lex.ASOF, lex.SET, lex.RETURNING:
		return true
	}
	return endsTarget(t)
}

// funcTable reads a call in FROM, ROWS FROM (...), TABLE (...), or a window over a relation.
func (p *parser) funcTable(lateral bool) ast.TableExpr {
	f := &ast.FuncTable{Pos: p.pos(), Lateral: lateral}
	switch {
	case p.acceptAll(lex.ROWS, lex.FROM):
		f.RowsFrom = true
		p.parenList(func() {
			item := ast.FuncTableItem{Call: p.windowless()}
			if p.accept(lex.AS) {
				item.ColDefs = p.columnDefs()
			}
			f.Funcs = append(f.Funcs, item)
		})
	case p.accept(lex.TABLE):
		p.expectKind('(')
		if kind, ok := p.windowTableAhead(true); ok {
			w := p.windowTable(kind, lateral, f.Pos)
			p.expectKind(')')
			w.Alias = p.alias()
			return w
		}
		f.Funcs = []ast.FuncTableItem{{Call: p.windowless()}}
		p.expectKind(')')
	default:
		if kind, ok := p.windowTableAhead(false); ok {
			w := p.windowTable(kind, lateral, f.Pos)
			w.Alias = p.alias()
			return w
		}
		f.Funcs = []ast.FuncTableItem{{Call: p.windowless()}}
	}
	if p.ahead(lex.WITH, lex.ORDINALITY) {
		p.next()
		p.next()
		f.Ordinality = true
	}
	p.funcAlias(f)
	return f
}

// windowless reads a call without FILTER and OVER, or an expression of the kind of a function.
func (p *parser) windowless() ast.Expr {
	start := p.i
	if p.plainCallAhead() {
		return p.callArgs(p.funcName())
	}
	e := p.primary()
	switch e := e.(type) {
	case *ast.FuncCall, *ast.Coalesce, *ast.NullIf, *ast.MinMax, *ast.SQLValue:
		return e
	case *ast.Cast:
		if e.Call {
			return e
		}
	}
	p.syntaxErrorAt(start)
	return nil
}

// plainCallAhead says whether an ordinary call begins here: a function's name and a parenthesis.
func (p *parser) plainCallAhead() bool {
	n := 1
	for p.peek(n).Kind == '.' && isColLabel(p.peek(n+1)) {
		n += 2
	}
	if p.peek(n).Kind != '(' {
		return false
	}
	if n > 1 {
		return isColID(p.tok)
	}
	return isTypeFuncName(p.tok)
}

// funcAlias reads the alias of a function in FROM, with names or with definitions of its columns.
func (p *parser) funcAlias(f *ast.FuncTable) {
	as := p.accept(lex.AS)
	if as && p.isKind('(') {
		f.ColDefs = p.columnDefs()
		return
	}
	if !as && !p.bareAliasAhead() {
		return
	}
	f.Alias = &ast.Alias{Pos: p.pos(), Name: p.colID()}
	if !p.isKind('(') {
		return
	}
	if k := p.peek(2).Kind; k == ',' || k == ')' {
		f.Alias.Columns = p.parenNames()
		return
	}
	f.ColDefs = p.columnDefs()
}

// columnDefs reads (name type, ...).
func (p *parser) columnDefs() (defs []*ast.ColumnDef) {
	p.parenList(func() {
		d := &ast.ColumnDef{Pos: p.pos(), Name: p.colID(), Type: p.typeName()}
		if p.accept(lex.COLLATE) {
			n := p.qualifiedName()
			d.Collation = &n
		}
		defs = append(defs, d)
	})
	return defs
}
