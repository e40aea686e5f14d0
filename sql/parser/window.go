package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// windowSpec reads the parentheses of a window.
func (p *parser) windowSpec() *ast.WindowDef {
	w := &ast.WindowDef{Pos: p.pos()}
	p.expectKind('(')
	switch p.tok.Kw {
	case lex.PARTITION, lex.RANGE, lex.ROWS, lex.GROUPS:
	default:
		if isColID(p.tok) {
			w.Base = p.colID()
		}
	}
	if p.accept(lex.PARTITION) {
		p.expect(lex.BY)
		w.PartitionBy = p.exprList()
	}
	if p.is(lex.ORDER) {
		w.OrderBy = p.orderBy()
	}
	switch p.tok.Kw {
	case lex.RANGE, lex.ROWS, lex.GROUPS:
		w.Frame = p.frame()
	}
	p.expectKind(')')
	return w
}

func (p *parser) frame() *ast.Frame {
	f := &ast.Frame{Pos: p.pos()}
	switch p.tok.Kw {
	case lex.ROWS:
		f.Mode = ast.FrameRows
	case lex.GROUPS:
		f.Mode = ast.FrameGroups
	}
	p.next()
	if f.Between = p.accept(lex.BETWEEN); f.Between {
		f.Start = p.frameBound()
		p.expect(lex.AND)
		f.End = p.frameBound()
	} else {
		f.Start = p.frameBound()
		f.End = ast.FrameBound{Kind: ast.CurrentRow}
	}
	p.checkFrame(f)
	if p.accept(lex.EXCLUDE) {
		switch {
		case p.accept(lex.CURRENT):
			p.expect(lex.ROW)
			f.Exclude = ast.ExcludeCurrentRow
		case p.accept(lex.GROUP):
			f.Exclude = ast.ExcludeGroup
		case p.accept(lex.TIES):
			f.Exclude = ast.ExcludeTies
		default:
			p.expect(lex.NO, lex.OTHERS)
		}
	}
	return f
}

func (p *parser) frameBound() ast.FrameBound {
	b := ast.FrameBound{Pos: p.pos()}
	next := p.peek(1).Kw
	switch {
	case p.is(lex.UNBOUNDED) && (next == lex.PRECEDING || next == lex.FOLLOWING):
		p.next()
		if b.Kind = ast.UnboundedPreceding; next == lex.FOLLOWING {
			b.Kind = ast.UnboundedFollowing
		}
		p.next()
		return b
	case p.is(lex.CURRENT) && next == lex.ROW:
		p.next()
		p.next()
		b.Kind = ast.CurrentRow
		return b
	}
	b.Offset = p.expr()
	if p.accept(lex.PRECEDING) {
		b.Kind = ast.OffsetPreceding
	} else {
		p.expect(lex.FOLLOWING)
		b.Kind = ast.OffsetFollowing
	}
	return b
}

// checkFrame refuses bounds in the wrong order, which PostgreSQL's grammar does too.
func (p *parser) checkFrame(f *ast.Frame) {
	refuse := func(pos int, message string) {
		p.fail(pgerr.New(pgerr.WindowingError, "%s", message).At(pos))
	}
	switch {
	case f.Start.Kind == ast.UnboundedFollowing:
		refuse(f.Start.Pos, "frame start cannot be UNBOUNDED FOLLOWING")
	case f.End.Kind == ast.UnboundedPreceding:
		refuse(f.End.Pos, "frame end cannot be UNBOUNDED PRECEDING")
	case f.Start.Kind == ast.CurrentRow && f.End.Kind == ast.OffsetPreceding:
		refuse(f.End.Pos, "frame starting from current row cannot have preceding rows")
	case f.Start.Kind == ast.OffsetFollowing && f.End.Kind < ast.OffsetFollowing:
		if !f.Between {
			refuse(f.Start.Pos, "frame starting from following row cannot end with current row")
		}
		refuse(f.End.Pos, "frame starting from following row cannot have preceding rows")
	}
}
