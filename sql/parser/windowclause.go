package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// timeWindowAhead says whether WINDOW here begins ksqlDB's clause of a window in time: WINDOW TUMBLING (...), HOPPING (...) or
// SESSION (...). Behind the name of a window of the standard's WINDOW clause comes AS.
func (p *parser) timeWindowAhead() (kind ast.WindowKind, ok bool) {
	if !p.is(lex.WINDOW) || p.peek(2).Kind != '(' {
		return 0, false
	}
	switch name := p.peek(1); {
	case wordIs(name, "tumbling"):
		return ast.Tumble, true
	case wordIs(name, "hopping"):
		return ast.Hop, true
	case wordIs(name, "session"):
		return ast.Session, true
	}
	return 0, false
}

// timeWindowUsage is shown where the parts of the clause do not fit.
var timeWindowUsage = [...]string{
	ast.Tumble:  "WINDOW TUMBLING (SIZE 1 MINUTE [, RETENTION 1 HOUR] [, GRACE PERIOD 10 SECONDS])",
	ast.Hop:     "WINDOW HOPPING (SIZE 1 MINUTE, ADVANCE BY 10 SECONDS [, RETENTION 1 HOUR] [, GRACE PERIOD 10 SECONDS])",
	ast.Session: "WINDOW SESSION (30 SECONDS [, RETENTION 1 HOUR] [, GRACE PERIOD 10 SECONDS])",
}

// timeWindow reads ksqlDB's WINDOW clause. Its parts may come in any order, each once; a session's gap comes first.
func (p *parser) timeWindow(kind ast.WindowKind) *ast.TimeWindow {
	w := &ast.TimeWindow{Pos: p.pos(), Kind: kind}
	wrong := func() {
		p.fail(pgerr.New(pgerr.SyntaxError, "wrong parts of a WINDOW clause at or near \"%s\"", p.src[p.tok.Start:p.tok.End]).
			WithHint("It is written %s.", timeWindowUsage[kind]).At(p.pos()))
	}
	p.next()
	p.next()
	p.expectKind('(')
	if kind == ast.Session {
		w.Size = p.duration(wrong)
	}
	for first := kind != ast.Session; first || p.acceptKind(','); first = false {
		var slot *ast.Expr
		switch {
		case p.isWord("size") && kind != ast.Session:
			slot = &w.Size
		case p.isWord("advance") && kind == ast.Hop && p.peek(1).Kw == lex.BY:
			p.next()
			slot = &w.Advance
		case p.isWord("retention"):
			slot = &w.Retention
		case p.isWord("grace") && wordIs(p.peek(1), "period"):
			p.next()
			slot = &w.Grace
		}
		if slot == nil || *slot != nil {
			wrong()
		}
		p.next()
		*slot = p.duration(wrong)
	}
	if w.Size == nil || kind == ast.Hop && w.Advance == nil {
		wrong()
	}
	p.expectKind(')')
	return w
}

// durationUnits are ksqlDB's, which an interval's text can have as well.
var durationUnits = map[string]bool{
	"day": true, "days": true, "hour": true, "hours": true, "minute": true, "minutes": true, "second": true, "seconds": true,
	"millisecond": true, "milliseconds": true,
}

// duration reads a number with a unit, 10 SECONDS, or an expression of type interval.
func (p *parser) duration(wrong func()) ast.Expr {
	if !p.isKind(lex.Integer) {
		return p.expr()
	}
	pos, text := p.pos(), p.src[p.tok.Start:p.tok.End]
	p.next()
	if p.tok.Kind != lex.Ident || !durationUnits[p.tok.Text] {
		wrong()
	}
	text += " " + p.tok.Text
	p.next()
	return &ast.TypedLiteral{Pos: pos, Type: systemType(pos, "interval"), Value: text}
}
