package session

import (
	"context"
	"fmt"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// cursorStatement runs DECLARE, FETCH, MOVE and CLOSE. A cursor's query runs at its first FETCH and its rows are
// kept, so that it can be moved in both directions.
func (s *Session) cursorStatement(ctx context.Context, st ast.Statement, c Client) error {
	switch st := st.(type) {
	case *ast.Declare:
		return s.runDeclare(ctx, st, c)
	case *ast.Fetch:
		return s.runFetch(ctx, st, c)
	}
	name := st.(*ast.Close).Cursor
	if name == "" {
		for n, p := range s.portals {
			if p.cursor {
				s.dropPortal(n)
			}
		}
		return c.Complete("CLOSE CURSOR ALL")
	}
	if p := s.portals[name]; p == nil {
		return pgerr.New(pgerr.InvalidCursorName, "cursor %q does not exist", name)
	}
	s.dropPortal(name)
	return c.Complete("CLOSE CURSOR")
}

func (s *Session) runDeclare(ctx context.Context, st *ast.Declare, c Client) error {
	_, follow := isFollow(st.Query)
	switch {
	case follow && st.Scroll:
		return pgerr.Unsupported("DECLARE SCROLL CURSOR FOR SUBSCRIBE").At(st.Pos)
	case !follow && modifies(st.Query.(*ast.Select)):
		return pgerr.New(pgerr.FeatureNotSupported, "DECLARE CURSOR must not contain data-modifying statements in WITH")
	case st.Binary:
		return pgerr.Unsupported("DECLARE BINARY CURSOR").At(st.Pos)
	case !st.Hold && !s.inBlock():
		return pgerr.New(pgerr.NoActiveSQLTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	case s.portals[st.Name] != nil:
		return pgerr.New(pgerr.DuplicateCursor, "cursor %q already exists", st.Name)
	case len(s.portals) >= portalsMax:
		return pgerr.New(pgerr.ProgramLimitExceeded, "a session may have at most %d open portals", portalsMax)
	}
	p, err := s.prepare(&parser.Stmt{AST: st.Query, Text: ast.Format(st.Query)}, nil)
	if err != nil {
		return err
	}
	cur := &portal{name: st.Name, prepared: p, cursor: true, hold: st.Hold}
	if follow {
		if err := s.declareFollow(ctx, cur, c); err != nil {
			return err
		}
	}
	switch {
	case follow && !s.inBlock():
	case st.Hold && !s.inBlock():
		if err := s.keepRows(ctx, cur, c); err != nil {
			return err
		}
	case st.Hold:
		cur.txn = s.txn
	}
	s.portals[st.Name] = cur
	return c.Complete("DECLARE CURSOR")
}

func (s *Session) runFetch(ctx context.Context, st *ast.Fetch, c Client) error {
	p := s.portals[st.Cursor]
	if p == nil {
		return pgerr.New(pgerr.InvalidCursorName, "cursor %q does not exist", st.Cursor)
	}
	if p.prepared.follow != nil {
		return s.followFetch(ctx, p, st, c)
	}
	if len(st.Options) > 0 {
		return pgerr.Unsupported("WITH options of FETCH from a cursor that is not of a subscription").At(st.Pos)
	}
	if err := s.keepRows(ctx, p, c); err != nil {
		return err
	}
	from, to, reverse := p.move(st)
	n := to - from
	if st.Move {
		return c.Complete(fmt.Sprintf("MOVE %d", n))
	}
	if err := c.Columns(p.prepared.columns); err != nil {
		return err
	}
	if err := p.sendRange(c, from, to, reverse); err != nil {
		return err
	}
	return c.Complete(fmt.Sprintf("FETCH %d", n))
}

// move positions a cursor by a FETCH or MOVE and gives the rows [from, to) that it passes. p.at is the number of
// rows before the position: at n the cursor stands on row n-1, or before the first row at 0; one more than the
// number of rows is after the last.
func (p *portal) move(st *ast.Fetch) (from, to int64, reverse bool) {
	n := p.rows.n
	clamp := func(v int64) int64 { return max(0, min(v, n+1)) }
	one := func(at int64) (int64, int64, bool) {
		p.at = clamp(at)
		if p.at < 1 || p.at > n {
			return 0, 0, false
		}
		return p.at - 1, p.at, false
	}
	count := st.Count
	switch st.Direction {
	case ast.FetchAbsolute:
		if count < 0 {
			return one(n + 1 + count)
		}
		return one(count)
	case ast.FetchRelative:
		return one(p.at + count)
	case ast.FetchBackward:
		if count == ast.FetchAll {
			count = n + 1
		}
		count = -count
	}
	if count == 0 {
		return one(p.at)
	}
	if count > 0 {
		from = min(p.at, n)
		to = n
		if count < n-from {
			to = from + count
		}
		p.at = to
		if to-from < count {
			p.at = n + 1
		}
		return from, to, false
	}
	to = p.at - 1
	from = max(0, to+count)
	if to < 0 {
		to = 0
	}
	p.at = from + 1
	if to-from < -count {
		p.at = 0
	}
	return from, to, true
}

// sendRange sends kept rows, the last one first when reverse.
func (p *portal) sendRange(c Client, from, to int64, reverse bool) error {
	if from >= to {
		return nil
	}
	if !reverse {
		_, err := p.rows.send(c, from, to-from)
		return err
	}
	for i := to - 1; i >= from; i-- {
		if _, err := p.rows.send(c, i, 1); err != nil {
			return err
		}
	}
	return nil
}
