package parser

import (
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// with reads a WITH clause.
func (p *parser) with() *ast.With {
	into, defaults := p.intoAllowed, p.defaultAllowed
	p.intoAllowed, p.defaultAllowed = false, false
	w := &ast.With{Pos: p.pos()}
	p.expect(lex.WITH)
	if next := p.peek(1); next.Kw != lex.AS && next.Kind != '(' {
		w.Recursive = p.accept(lex.RECURSIVE) // else it is the name of a query
	}
	p.commaList(func() { w.CTEs = append(w.CTEs, p.cte()) })
	p.intoAllowed, p.defaultAllowed = into, defaults
	return w
}

func (p *parser) cte() *ast.CTE {
	c := &ast.CTE{Pos: p.pos(), Name: p.colID()}
	c.Columns = p.optParenNames()
	p.expect(lex.AS)
	switch {
	case p.accept(lex.MATERIALIZED):
		c.Materialized = ast.MaterializedAlways
	case p.accept(lex.NOT):
		p.expect(lex.MATERIALIZED)
		c.Materialized = ast.MaterializedNever
	}
	p.expectKind('(')
	outer := p.push()
	c.Query = p.preparable()
	p.pop(outer)
	p.expectKind(')')
	if pos := p.pos(); p.accept(lex.SEARCH) {
		s := &ast.CTESearch{Pos: pos}
		if s.BreadthFirst = p.accept(lex.BREADTH); !s.BreadthFirst {
			p.expect(lex.DEPTH)
		}
		p.expect(lex.FIRST, lex.BY)
		s.By = p.names()
		p.expect(lex.SET)
		s.Set = p.colID()
		c.Search = s
	}
	if pos := p.pos(); p.accept(lex.CYCLE) {
		y := &ast.CTECycle{Pos: pos, Columns: p.names()}
		p.expect(lex.SET)
		y.Mark = p.colID()
		if p.accept(lex.TO) {
			y.To = p.constantExpr()
			p.expect(lex.DEFAULT)
			y.Default = p.constantExpr()
		}
		p.expect(lex.USING)
		y.Path = p.colID()
		c.Cycle = y
	}
	return c
}

// constantExpr reads a constant: PostgreSQL's AexprConst.
func (p *parser) constantExpr() ast.Expr {
	i := p.i
	e := p.primary()
	switch e.(type) {
	case *ast.Literal, *ast.TypedLiteral:
		return e
	}
	p.syntaxErrorAt(i)
	return nil
}

// preparable reads a statement that may stand in WITH, PREPARE and COPY.
func (p *parser) preparable() ast.Statement {
	switch p.tok.Kw {
	case lex.INSERT, lex.UPDATE, lex.DELETE:
		return p.modify(nil)
	case lex.WITH:
		return p.withStatement()
	}
	if !p.isKind('(') && !p.queryAhead() {
		p.syntaxError()
	}
	return p.query()
}

// withStatement reads a statement that begins with WITH.
func (p *parser) withStatement() ast.Statement {
	pos := p.pos()
	w := p.with()
	switch p.tok.Kw {
	case lex.INSERT, lex.UPDATE, lex.DELETE, lex.MERGE:
		return p.modify(w)
	case lex.WITH:
		p.syntaxError()
	}
	outer := p.push()
	defer p.pop(outer)
	return p.finishQuery(p.setOperation(p.queryTerm(), 0), w, pos)
}
