package parser

import (
	"slices"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// windowTableAhead says whether TUMBLE, HOP, CUMULATE or SESSION here is a window over a relation rather than a
// function of that name: its first argument then is the name of a relation, TABLE and a name, or a query. Inside
// TABLE (...) it can be nothing else.
func (p *parser) windowTableAhead(inTable bool) (ast.WindowKind, bool) {
	var kind ast.WindowKind
	switch p.tok.Kw {
	case lex.TUMBLE:
		kind = ast.Tumble
	case lex.HOP:
		kind = ast.Hop
	case lex.CUMULATE:
		kind = ast.Cumulate
	case lex.SESSION:
		kind = ast.Session
	default:
		return 0, false
	}
	if p.peek(1).Kind != '(' {
		return 0, false
	}
	if inTable {
		return kind, true
	}
	n := 2
	if k := p.peek(3).Kind; wordIs(p.peek(2), "data") && (k == lex.Arrow || k == lex.Assign) {
		return kind, true
	}
	first := p.peek(n)
	switch {
	case first.Kw == lex.TABLE:
		return kind, true
	case first.Kind == '(':
		for p.peek(n).Kind == '(' {
			n++
		}
		k := p.peek(n).Kw
		return kind, k == lex.SELECT || k == lex.WITH || k == lex.VALUES || k == lex.TABLE
	case isColID(first):
		for n++; p.peek(n).Kind == '.' && isColLabel(p.peek(n+1)); {
			n += 2
		}
		return kind, p.peek(n).Kind == ',' || p.peek(n).Kw == lex.PARTITION
	}
	return 0, false
}

// windowArgs are the parameters after the time column, in the order in which they may come without names.
var windowArgs = [...][]string{
	ast.Tumble:   {"size", "offset", "timezone"},
	ast.Hop:      {"slide", "size", "offset", "timezone"},
	ast.Cumulate: {"step", "size", "offset", "timezone"},
	ast.Session:  {"gap"},
}

// windowUsage is shown where the arguments do not fit.
var windowUsage = [...]string{
	ast.Tumble:   "TUMBLE(relation, time_column, size [, offset] [, timezone => zone])",
	ast.Hop:      "HOP(relation, time_column, slide, size [, offset] [, timezone => zone])",
	ast.Cumulate: "CUMULATE(relation, time_column, step, size [, offset] [, timezone => zone])",
	ast.Session:  "SESSION(relation [PARTITION BY columns], time_column, gap)",
}

// windowTable reads a window over a relation: TUMBLE(bids, ts, INTERVAL '10 seconds'), or the spelling of the SQL
// standard, TUMBLE(DATA => TABLE bids, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '10' SECOND). PARTITION BY may
// stand behind the relation (several columns then in parentheses) or at the end.
func (p *parser) windowTable(kind ast.WindowKind, lateral bool, pos int) *ast.WindowTable {
	outer := p.push()
	defer p.pop(outer)
	w := &ast.WindowTable{Pos: pos, Kind: kind, Lateral: lateral}
	p.next()
	p.expectKind('(')
	if name := p.argName(); name != "" && name != "data" {
		p.windowError(w)
	}
	w.Input = p.windowInput()
	if p.accept(lex.PARTITION) {
		p.expect(lex.BY)
		if p.isKind('(') {
			w.PartitionBy = p.parenExprList()
		} else {
			w.PartitionBy = []ast.Expr{p.expr()}
		}
	}
	slots := map[string]*ast.Expr{"timecol": &w.Time, "size": &w.Size, "gap": &w.Size, "slide": &w.Step, "step": &w.Step, "offset": &w.Offset, "timezone": &w.TimeZone}
	order := append([]string{"timecol"}, windowArgs[kind]...)
	for next := 0; p.acceptKind(','); next++ {
		pos := p.pos()
		name := p.argName()
		if name == "" {
			if next >= len(order) {
				p.windowError(w)
			}
			name = order[next]
		}
		if !slices.Contains(order, name) {
			p.fail(pgerr.New(pgerr.SyntaxError, "%s has no argument named \"%s\"", kind, name).WithHint("It is called as %s.", windowUsage[kind]).At(pos))
		}
		slot := slots[name]
		if *slot != nil {
			p.fail(pgerr.New(pgerr.SyntaxError, "argument \"%s\" of %s is given twice", name, kind).At(pos))
		}
		*slot = p.windowArg(name)
	}
	if p.is(lex.PARTITION) && w.PartitionBy == nil {
		p.next()
		p.expect(lex.BY)
		w.PartitionBy = p.exprList()
	}
	if p.isKind(')') && (w.Time == nil || w.Size == nil || (kind == ast.Hop || kind == ast.Cumulate) && w.Step == nil) {
		p.windowError(w)
	}
	p.expectKind(')')
	return w
}

func (p *parser) windowError(w *ast.WindowTable) {
	p.fail(pgerr.New(pgerr.SyntaxError, "wrong arguments for %s at or near \"%s\"", w.Kind, p.src[p.tok.Start:p.tok.End]).
		WithHint("It is called as %s.", windowUsage[w.Kind]).At(p.pos()))
}

// argName reads the name of a named argument, in lower case; "" where none comes next.
func (p *parser) argName() string {
	if k := p.peek(1).Kind; !isColLabel(p.tok) || k != lex.Arrow && k != lex.Assign {
		return ""
	}
	name := p.tok.Text
	p.next()
	p.next()
	return name
}

func (p *parser) windowInput() ast.TableExpr {
	if p.isKind('(') {
		return &ast.Subquery{Pos: p.pos(), Query: p.parenQuery()}
	}
	p.accept(lex.TABLE)
	return &ast.TableName{ObjectName: p.qualifiedName()}
}

// windowArg reads an argument after the relation; the time column may be written DESCRIPTOR(column).
func (p *parser) windowArg(name string) ast.Expr {
	if name == "timecol" && p.is(lex.DESCRIPTOR) && p.peek(1).Kind == '(' {
		p.next()
		p.next()
		e := p.expr()
		p.expectKind(')')
		return e
	}
	return p.expr()
}
