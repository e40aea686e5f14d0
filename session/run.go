package session

import (
	"context"
	"fmt"

	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// run executes a planned statement with its parameters' values and completes it. Errors are not yet translated.
// final says that an implicit transaction of this statement alone may be committed before it completes.
func (s *Session) run(ctx context.Context, p *prepared, params []types.Datum, c Client, final bool) error {
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
	switch {
	case p.query != nil:
		return s.runQuery(ctx, p, params, c)
	case p.dml != nil:
		return s.runDML(ctx, p, params, c)
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
	err := s.query(ctx, p.query, params, c, func(b *delta.Batch) error {
		n, err := rowCount(b)
		if err != nil {
			return err
		}
		rows += n
		return c.Rows(b, len(p.columns))
	})
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
	return s.runPlan(ctx, q.Plan, params, c, emit)
}

// runPlan runs a physical plan over one epoch.
func (s *Session) runPlan(ctx context.Context, plan *physical.Plan, params []types.Datum, c Client, emit func(*delta.Batch) error) error {
	ids := scanned(plan)
	read, done, err := s.beginRead(ctx, ids, c)
	if err != nil {
		return err
	}
	defer done()
	if err := s.checkOpenErrors(ids, c); err != nil {
		return err
	}
	ec := s.execContext()
	bound, err := plan.Bind(ec, params)
	if err != nil {
		return err
	}
	return read.Run(ctx, &engine.Query{
		Plan:    bound,
		Context: ec,
		Pending: s.pending(),
		Emit:    emit,
	})
}

// scanned lists the relations that a plan reads.
func scanned(p *physical.Plan) []uint32 {
	var ids []uint32
	for _, n := range p.Nodes {
		if sc, ok := n.(*physical.Scan); ok && sc.System == "" {
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
		r, ok := s.srv.Engine.Catalog().Relation(id)
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

// runDML runs INSERT, UPDATE or DELETE.
func (s *Session) runDML(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	d := p.dml
	if s.txn != nil && s.txn.readOnly {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", dmlVerb(d.Kind))
	}
	for _, text := range d.Notices {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s", text)); err != nil {
			return err
		}
	}
	var affected int64
	var returned []*delta.Batch
	nothing := d.Conflict == planner.ConflictNothing
	err := s.retryConflicts(ctx, nothing, func() error {
		batch, source, n, err := s.dmlChange(ctx, d, params, c)
		if err != nil {
			return err
		}
		if nothing {
			if batch, err = s.withoutConflicts(d.Relation, batch); err != nil {
				return err
			}
			source, n = []*delta.Batch{batch}, int64(batch.N)
		}
		affected, returned = n, nil
		if d.Returning != nil {
			if returned, err = s.returning(d, params, source); err != nil {
				return err
			}
		}
		return s.write(ctx, engine.Write{Relation: d.Relation, Batch: batch})
	})
	if err != nil {
		return err
	}
	if d.Returning != nil {
		if err := c.Columns(p.columns); err != nil {
			return err
		}
		for _, b := range returned {
			if err := c.Rows(b, len(p.columns)); err != nil {
				return err
			}
		}
	}
	if d.Kind == planner.Insert {
		return c.Complete(fmt.Sprintf("INSERT 0 %d", affected))
	}
	return c.Complete(fmt.Sprintf("%s %d", dmlVerb(d.Kind), affected))
}

func dmlVerb(k planner.DMLKind) string {
	switch k {
	case planner.Insert:
		return "INSERT"
	case planner.Update:
		return "UPDATE"
	}
	return "DELETE"
}

// dmlChange computes the change of a statement: the batch to write, the rows of its source (for RETURNING) and the
// number of affected rows.
func (s *Session) dmlChange(ctx context.Context, d *planner.DML, params []types.Datum, c Client) (change *delta.Batch, source []*delta.Batch, n int64, err error) {
	ts := d.Relation.Types()
	change = delta.NewBatch(ts, 16)
	switch {
	case d.Rows != nil:
		source = []*delta.Batch{d.Rows}
	case d.ValueRows != nil:
		b, err := s.valueRows(d, params)
		if err != nil {
			return nil, nil, 0, err
		}
		source = []*delta.Batch{b}
	default:
		err = s.runPlan(ctx, d.Source, params, c, func(b *delta.Batch) error {
			source = append(source, b)
			return nil
		})
		if err != nil {
			return nil, nil, 0, err
		}
	}
	width := len(ts)
	for _, b := range source {
		count, err := rowCount(b)
		if err != nil {
			return nil, nil, 0, err
		}
		n += count
		if d.Kind != planner.Insert {
			appendCols(change, b, 0, width, -1)
		}
		if d.Kind == planner.Insert {
			appendCols(change, b, 0, width, 1)
		}
		if d.Kind == planner.Update {
			appendCols(change, b, width, width, 1)
		}
	}
	if d.Kind == planner.Update {
		change = delta.Consolidate(change) // rows that stay as they are
	}
	return change, source, n, nil
}

// appendCols appends width columns of b from column from on, each row as often as its weight, with weight w.
func appendCols(dst, b *delta.Batch, from, width int, w int64) {
	part := &delta.Batch{Cols: b.Cols[from : from+width], N: b.N}
	for i := range b.N {
		for range b.Weight(i) {
			dst.AppendFrom(part, i, w)
		}
	}
}

// valueRows evaluates an INSERT's VALUES of constants and parameters.
func (s *Session) valueRows(d *planner.DML, params []types.Datum) (*delta.Batch, error) {
	b := delta.NewBatch(d.Relation.Types(), len(d.ValueRows))
	ctx := s.execContext()
	row := make([]types.Datum, 0, len(b.Cols))
	for _, exprs := range d.ValueRows {
		row = row[:0]
		for _, e := range exprs {
			v, err := expr.EvalConst(ctx, expr.Substitute(e, params))
			if err != nil {
				return nil, err
			}
			row = append(row, v)
		}
		b.AppendRow(row, 1)
	}
	return b, nil
}

// returning evaluates the RETURNING list over a statement's source rows.
func (s *Session) returning(d *planner.DML, params []types.Datum, source []*delta.Batch) ([]*delta.Batch, error) {
	ctx := s.execContext()
	var out []*delta.Batch
	for _, b := range source {
		r := &delta.Batch{N: b.N, Weights: b.Weights}
		for _, e := range d.Returning {
			prog, err := expr.Compile(expr.Substitute(e, params))
			if err != nil {
				return nil, err
			}
			var errs expr.Errors
			v := prog.EvalOwned(ctx, b, &errs)
			if len(errs.List) > 0 {
				return nil, errs.List[0].Err
			}
			r.Cols = append(r.Cols, v)
		}
		out = append(out, r)
	}
	return out, nil
}

// utility runs what is neither a query nor DML nor transaction control.
func (s *Session) utility(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	if s.txn != nil && s.txn.readOnly && writesCatalog(p.stmt.AST) {
		return pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute this statement in a read-only transaction")
	}
	switch st := p.stmt.AST.(type) {
	case *ast.Set, *ast.Reset, *ast.Show, *ast.Discard:
		err := s.settingStatement(st, p, c)
		if s.txn == nil {
			s.settings.keep()
		}
		return err
	case *ast.Explain:
		return s.runExplain(p, st, c)
	case *ast.Prepare, *ast.Execute, *ast.Deallocate:
		return s.preparedStatement(ctx, st, c)
	case *ast.Declare, *ast.Fetch, *ast.Close:
		return s.cursorStatement(ctx, st, c)
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
		*ast.Declare, *ast.Fetch, *ast.Close, *ast.Lock, *ast.Listen, *ast.Unlisten:
		return false
	case *ast.Copy:
		return st.From
	}
	return true
}
