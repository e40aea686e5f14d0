package session

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/types"
)

// change is what an INSERT, UPDATE or DELETE does.
type change struct {
	batch *delta.Batch // to be written: old rows with weight -1, new rows
	// proposed: batch are rows of which the table's ON CONFLICT rule decides what they change.
	proposed bool
	// rows are those of the statement's source, which RETURNING is evaluated over.
	rows []*delta.Batch
	n    int64 // affected rows
}

// runDML runs INSERT, UPDATE or DELETE.
func (s *Session) runDML(ctx context.Context, p *prepared, params []types.Datum, c Client) error {
	n, returned, err := s.execDML(ctx, p, params, c)
	if err != nil {
		return err
	}
	if p.dml.ReturningColumns != nil {
		if err := c.Columns(p.columns); err != nil {
			return err
		}
		for _, b := range returned {
			if err := c.Rows(b, len(p.columns)); err != nil {
				return err
			}
		}
	}
	if p.dml.Kind == planner.Insert {
		return c.Complete(fmt.Sprintf("INSERT 0 %d", n))
	}
	return c.Complete(fmt.Sprintf("%s %d", dmlVerb(p.dml.Kind), n))
}

// execDML carries out an INSERT, UPDATE or DELETE; it gives the number of affected rows and those of RETURNING.
func (s *Session) execDML(ctx context.Context, p *prepared, params []types.Datum, c Client) (n int64, returned []*delta.Batch, err error) {
	d := p.dml
	if s.txn != nil && s.txn.readOnly {
		return 0, nil, pgerr.New(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", dmlVerb(d.Kind))
	}
	notices := d.Notices
	for _, w := range d.With {
		notices = append(slices.Clip(notices), w.Notices...)
	}
	for _, text := range notices {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s", text)); err != nil {
			return 0, nil, err
		}
	}
	err = s.retryConflicts(ctx, d.Conflict != nil || upserts(d.With), func() error {
		if err := s.current(p); err != nil { // another attempt may meet another catalog
			return err
		}
		d = p.dml
		var shared []*physical.Plan
		if d.ReturningPlan != nil || d.ConflictPlan != nil {
			shared = d.Plans()
		}
		return s.runParts(ctx, d.With, shared, params, c, func() (err error) {
			n, returned, err = s.runPart(ctx, d, params, c)
			return err
		})
	})
	return n, returned, err
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

// dmlChange computes the change of a statement.
func (s *Session) dmlChange(ctx context.Context, d *planner.DML, params []types.Datum, c Client) (*change, error) {
	source, err := s.dmlSource(ctx, d, params, c)
	if err != nil {
		return nil, err
	}
	ch := &change{proposed: d.Kind == planner.Insert && d.Conflict == nil && d.Relation.OnConflict != nil}
	width := len(d.Relation.Columns)
	for _, b := range source {
		if d.Kind != planner.Insert {
			b = s.parts.untouched(d.Relation, b)
		}
		count, err := rowCount(b)
		if err != nil {
			return nil, err
		}
		ch.n += count
		switch d.Kind {
		case planner.Insert:
			if b, err = s.late(d.Late, params, b); err != nil {
				break
			}
			given := b
			if b, err = s.complete(d.Relation, d.Rules, b, 0); err != nil && d.Conflict == nil && !ch.proposed {
				err = s.firstViolation(ctx, d.Relation, given, err)
			}
			if err == nil && d.Conflict == nil {
				err = s.checkViews(d, b, 0)
			}
		case planner.Update:
			if b, err = s.complete(d.Relation, d.Rules, b, width); err == nil {
				err = s.checkViews(d, b, width)
			}
		}
		if err != nil {
			return nil, err
		}
		ch.rows = append(ch.rows, b)
	}
	if d.Conflict != nil {
		return s.upsert(ctx, d, params, ch.rows, c)
	}
	ch.batch = delta.NewBatch(d.Relation.Types(), 16)
	for _, b := range ch.rows {
		switch d.Kind {
		case planner.Insert:
			appendCols(ch.batch, b, 0, width, 1)
		case planner.Update:
			appendCols(ch.batch, b, 0, width, -1)
			appendCols(ch.batch, b, width, width, 1)
		case planner.Delete:
			appendCols(ch.batch, b, 0, width, -1)
		}
	}
	if d.Kind == planner.Update {
		ch.batch = delta.Consolidate(ch.batch) // rows that stay as they are
	}
	return ch, nil
}

// dmlSource gives the rows that a statement is about.
func (s *Session) dmlSource(ctx context.Context, d *planner.DML, params []types.Datum, c Client) ([]*delta.Batch, error) {
	switch {
	case d.Rows != nil:
		return []*delta.Batch{d.Rows}, nil
	case d.ValueRows != nil:
		b, err := s.valueRows(d, params)
		return []*delta.Batch{b}, err
	}
	var source []*delta.Batch
	err := s.runPlan(ctx, d.Source, params, c, &engine.Query{Emit: func(b *delta.Batch) error {
		source = append(source, b)
		return nil
	}})
	return source, err
}

// late computes the defaults that depend on the order of rows, as those that take numbers from a sequence: in the order
// in which the source gives the rows, once for each. A row that comes several times is written out.
func (s *Session) late(defaults map[int]expr.Expr, params []types.Datum, b *delta.Batch) (*delta.Batch, error) {
	if len(defaults) == 0 {
		return b, nil
	}
	out := delta.NewBatch(b.Types(), b.N)
	appendCols(out, b, 0, len(b.Cols), 1)
	cols := slices.Sorted(maps.Keys(defaults))
	values := make([]*delta.Vec, len(cols))
	for i, c := range cols {
		values[i] = delta.NewVec(out.Cols[c].Type, out.N)
	}
	ec := s.execContext()
	for range out.N {
		for i, c := range cols {
			v, err := expr.EvalConst(ec, expr.Substitute(defaults[c], params))
			if err != nil {
				return nil, err
			}
			values[i].Append(v)
		}
	}
	for i, c := range cols {
		out.Cols[c] = values[i]
	}
	return out, nil
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
func (s *Session) returning(ctx context.Context, d *planner.DML, params []types.Datum, source []*delta.Batch, c Client) ([]*delta.Batch, error) {
	if d.ReturningPlan != nil {
		return s.returningQuery(ctx, d, params, source, c)
	}
	ec := s.execContext()
	var out []*delta.Batch
	for _, b := range source {
		r := &delta.Batch{N: b.N, Weights: b.Weights}
		for _, e := range d.Returning {
			v, err := evaluate(ec, expr.Substitute(e, params), b)
			if err != nil {
				return nil, err
			}
			r.Cols = append(r.Cols, v)
		}
		out = append(out, r)
	}
	return out, nil
}

// returningQuery runs a RETURNING list with subqueries. They see what was there before the statement.
func (s *Session) returningQuery(ctx context.Context, d *planner.DML, params []types.Datum, source []*delta.Batch, c Client) (out []*delta.Batch, err error) {
	if len(source) == 0 {
		return nil, nil
	}
	rows := delta.NewBatch(source[0].Types(), 16)
	for _, b := range source {
		appendCols(rows, b, 0, len(b.Cols), 1)
	}
	s.parts.setResult(d.ReturningRows, numbered(rows))
	err = s.runPlan(ctx, d.ReturningPlan, params, c, &engine.Query{Emit: func(b *delta.Batch) error {
		out = append(out, b)
		return nil
	}})
	return out, err
}
