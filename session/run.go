package session

import (
	"context"
	"errors"
	"fmt"

	"millrace/delta"
	"millrace/engine"
	"millrace/exec"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// run executes a planned statement with its parameters' values and completes it. Errors are not yet translated.
func (s *Session) run(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	err := s.runStatement(ctx, p, params, c)
	if s.txn != nil {
		return err
	}
	if err != nil {
		s.notes = notes{}
		return err
	}
	return s.commitNotes(ctx, func() error { return nil })
}

func (s *Session) runStatement(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	st := p.stmt.AST
	if st == nil {
		return c.Empty()
	}
	if err := s.checkFailed(st); err != nil {
		return err
	}
	if handled, err := s.transaction(ctx, st, c); handled {
		return err
	}
	if err := s.current(p); err != nil {
		return err
	}
	for _, text := range p.stmt.Notices {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s", text)); err != nil {
			return err
		}
	}
	switch {
	case p.query != nil:
		return s.runQuery(ctx, p, params, c)
	case p.dml != nil:
		return s.runDML(ctx, p, params, c)
	case p.follow != nil:
		return s.runFollow(ctx, p, params, c)
	}
	return s.utility(ctx, p, params, c)
}

// runQuery sends a query's rows.
func (s *Session) runQuery(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	if err := c.Columns(p.columns); err != nil {
		return err
	}
	n, err := s.sendQuery(ctx, p, params, c)
	if err != nil {
		return err
	}
	return c.Complete(fmt.Sprintf("SELECT %d", n))
}

// sendQuery runs a query and sends its rows; it gives their number.
func (s *Session) sendQuery(ctx context.Context, p *prepared, params []types.Datum, c Client) (int64, error) {
	if p.point != nil && s.txn == nil {
		if n, handled, err := s.sendPoint(p, params, c); handled {
			return n, err
		}
	}
	var rows int64
	run := func() error {
		return s.query(ctx, p.query, params, c, func(b *delta.Batch) error {
			n, err := rowCount(b)
			if err != nil {
				return err
			}
			rows += n
			return c.Rows(b, len(p.columns))
		})
	}
	err := run()
	var gone *engine.RelationGoneError
	if errors.As(err, &gone) && rows == 0 && s.txn == nil && s.current(p) == nil {
		err = run() // another view has taken the place of one that the plan reads
	}
	return rows, err
}

// rowCount sums a result's weights, none of which may be negative.
func rowCount(b *delta.Batch) (int64, error) {
	if b.Weights == nil {
		return int64(b.N), nil
	}
	var n int64
	for _, w := range b.Weights {
		if w < 0 {
			return 0, fmt.Errorf("a result has a row of weight %d", w)
		}
		n += w
	}
	return n, nil
}

// query runs a planned query over one epoch.
func (s *Session) query(ctx context.Context, q *planner.Query, params []types.Datum, c Client, emit func(*delta.Batch) error) error {
	for _, text := range q.Notices {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s", text)); err != nil {
			return err
		}
	}
	if len(q.With) > 0 {
		return s.modifyingQuery(ctx, q, params, c, emit)
	}
	return s.runPlan(ctx, q.Plan, params, c, &engine.Query{Emit: emit})
}

// runPlan runs a physical plan over one epoch, as q says, whose plan and surroundings it fills in.
func (s *Session) runPlan(ctx context.Context, plan *physical.Plan, params []types.Datum, c Client, q *engine.Query) error {
	ids := scanned(plan)
	read, done, err := s.beginRead(ctx, ids, c)
	if err != nil {
		return err
	}
	defer done()
	if err := s.checkOpenErrors(ids, c); err != nil {
		return err
	}
	if err := s.checkAltered(ids); err != nil {
		return err
	}
	ec := s.execContext()
	if q.Plan, err = plan.Bind(ec, params); err != nil {
		return err
	}
	q.Context, q.Pending, q.Catalog = ec, s.pending(), s.catalog()
	if s.parts != nil {
		q.Results = s.parts.results
	}
	if s.measured == nil {
		return read.Run(ctx, q)
	}
	var ops []exec.OpStats
	q.Figures = &ops
	err = read.Run(ctx, q)
	s.measured.Plans[plan] = addFigures(s.measured.Plans[plan], planFigures(ops, nil))
	return err
}

// scanned lists the relations that a plan reads.
func scanned(p *physical.Plan) []uint32 {
	var ids []uint32
	for _, n := range p.Nodes {
		if sc, ok := n.(*physical.Scan); ok && sc.System == "" && !sc.Result {
			ids = append(ids, sc.Relation)
		}
	}
	return ids
}

// checkOpenErrors tells the client that a view lacks the rows that failed, or refuses to read it when
// strict_errors is on.
func (s *Session) checkOpenErrors(ids []uint32, c Client) error {
	for _, id := range ids {
		n := s.srv.Engine.OpenErrors(id)
		if n == 0 {
			continue
		}
		r, ok := s.catalog().Relation(id)
		if !ok {
			continue
		}
		rows := "rows"
		if n == 1 {
			rows = "row"
		}
		e := pgerr.New(pgerr.Warning, "view %q lacks %d %s that could not be computed", r.Name, n, rows).
			WithHint("SELECT * FROM millrace.view_errors shows them.")
		if s.settings.isOn("strict_errors") {
			e.Code = pgerr.DataException
			return e
		}
		if err := s.notice(c, "WARNING", e); err != nil {
			return err
		}
	}
	return nil
}

// utility runs what is neither a query nor DML nor transaction control.
func (s *Session) utility(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	if s.txn != nil && s.txn.readOnly && writesCatalog(p.stmt.AST) {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute this statement in a read-only transaction")
	}
	switch st := p.stmt.AST.(type) {
	case *ast.Select:
		return s.selectInto(ctx, st, c)
	case *ast.Set, *ast.Reset, *ast.Show, *ast.Discard:
		err := s.settingStatement(st, p, c)
		if s.txn == nil {
			s.settings.keep()
		}
		return err
	case *ast.Explain:
		return s.runExplain(ctx, p, params, st, c)
	case *ast.Prepare, *ast.Execute, *ast.Deallocate:
		return s.preparedStatement(ctx, st, c)
	case *ast.Declare, *ast.Fetch, *ast.Close:
		return s.cursorStatement(ctx, st, c)
	case *ast.Listen, *ast.Unlisten, *ast.Notify:
		return s.notifyStatement(st, c)
	case *ast.Copy:
		return s.runCopy(ctx, st, c)
	case *ast.Truncate:
		return s.runTruncate(ctx, st, c)
	}
	return s.runDDL(ctx, &p.stmt, c)
}

func writesCatalog(st ast.Statement) bool {
	switch st := st.(type) {
	case *ast.Set, *ast.Reset, *ast.Show, *ast.Discard, *ast.Explain, *ast.Prepare, *ast.Execute, *ast.Deallocate,
		*ast.Declare, *ast.Fetch, *ast.Close, *ast.Lock, *ast.Listen, *ast.Unlisten, *ast.Notify:
		return false
	case *ast.Copy:
		return st.From
	}
	return true
}
