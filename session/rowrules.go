package session

import (
	"context"
	"errors"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/types"
)

// complete computes the generated columns of a table's new rows and holds the rows against domains, NOT NULL and CHECK. The rows
// are the columns of b from column at on; the result is b with the generated columns in place.
func (s *Session) complete(r *catalog.Relation, rules *planner.TableRules, b *delta.Batch, at int) (*delta.Batch, error) {
	row := &delta.Batch{Cols: b.Cols[at : at+len(r.Columns) : at+len(r.Columns)], N: b.N}
	if len(rules.Generated) > 0 {
		out := &delta.Batch{Cols: append([]*delta.Vec(nil), b.Cols...), Weights: b.Weights, N: b.N}
		// Values do not depend on a session's settings, since every session reads them.
		ec := &expr.Context{Env: types.DefaultEnv}
		for _, g := range rules.Generated {
			v, err := evaluate(ec, g.Expr, row)
			if err != nil {
				return nil, err
			}
			out.Cols[at+g.Column] = v
		}
		b, row.Cols = out, out.Cols[at:at+len(r.Columns):at+len(r.Columns)]
	}
	if bad, err := s.checkDomains(rules.Domains, row); err != nil {
		// An earlier row's violation comes first.
		if before := s.checkRows(r, rules, row.Slice(0, bad)); before != nil {
			err = before
		}
		return b, err
	}
	return b, s.checkRows(r, rules, row)
}

// checkDomains holds rows against the domains of their columns, and gives the first that may not be, with the error.
func (s *Session) checkDomains(domains []planner.GeneratedColumn, row *delta.Batch) (first int, failure error) {
	first = row.N
	ec := s.execContext()
	for _, d := range domains {
		prog, err := expr.Compile(d.Expr)
		if err != nil {
			return 0, err
		}
		var errs expr.Errors
		prog.EvalOwned(ec, row, &errs)
		if len(errs.List) > 0 && errs.List[0].Row < first {
			first, failure = errs.List[0].Row, errs.List[0].Err
		}
	}
	return first, failure
}

// evaluate computes an expression for all rows; the first error ends it.
func evaluate(ec *expr.Context, e expr.Expr, b *delta.Batch) (*delta.Vec, error) {
	prog, err := expr.Compile(e)
	if err != nil {
		return nil, err
	}
	var errs expr.Errors
	v := prog.EvalOwned(ec, b, &errs)
	if len(errs.List) > 0 {
		return nil, errs.List[0].Err
	}
	return v, nil
}

// checkRows holds new rows against NOT NULL and CHECK: of several violations, the first row's is reported, of one row NOT
// NULL before CHECK.
func (s *Session) checkRows(r *catalog.Relation, rules *planner.TableRules, b *delta.Batch) error {
	notNull := engine.CheckNotNull(&engine.Write{Relation: r, Batch: b})
	if len(rules.Checks) == 0 {
		return notNull
	}
	first, name := b.N, ""
	ec := s.execContext()
	for _, k := range rules.Checks {
		v, err := evaluate(ec, k.Expr, b)
		if err != nil {
			if notNull != nil {
				return notNull
			}
			return err
		}
		for i := range first {
			if !v.IsNull(i) && !v.Bools[i] {
				first, name = i, k.Name
				break
			}
		}
	}
	var null *engine.ConstraintError
	if errors.As(notNull, &null) && null.Row <= first {
		return notNull
	}
	if first == b.N {
		return nil
	}
	return &engine.ConstraintError{Violated: engine.CheckFails, Relation: r, Constraint: name, Row: first, Detail: engine.FailingRow(r, b, first)}
}

// checkViews holds new rows, the columns of b from at on, against the check options of views.
func (s *Session) checkViews(d *planner.DML, b *delta.Batch, at int) error {
	row := &delta.Batch{Cols: b.Cols[at : at+len(d.Relation.Columns)], N: b.N}
	first, view := b.N, ""
	for _, k := range d.Checks {
		v, err := evaluate(s.execContext(), k.Expr, row)
		if err != nil {
			return err
		}
		for i := range first {
			if v.IsNull(i) || !v.Bools[i] {
				first, view = i, k.View
				break
			}
		}
	}
	if first == b.N {
		return nil
	}
	return pgerr.New(pgerr.WithCheckOptionViolation, "new row violates check option for view \"%s\"", view).
		WithDetail("%s", engine.FailingRow(d.Relation, row, first))
}

// firstViolation gives the error for the first of an INSERT's rows that may not be: a key that an earlier row has in common
// with another comes before err, which is about a later one.
func (s *Session) firstViolation(ctx context.Context, r *catalog.Relation, b *delta.Batch, err error) error {
	var con *engine.ConstraintError
	if !errors.As(err, &con) || con.Row == 0 || b.Weights != nil {
		return err
	}
	if before := s.checkKeys(ctx, &engine.Write{Relation: r, Batch: b.Slice(0, con.Row)}); before != nil {
		return before
	}
	return err
}

// checkKeys finds rows of w whose key exists, among the committed rows or the transaction's own, so that the statement
// fails and not the commit. Keys that others insert later are found at commit.
func (s *Session) checkKeys(ctx context.Context, w *engine.Write) error {
	if len(engine.UniqueSpaces(w.Relation, s.catalog())) == 0 {
		return nil
	}
	read, err := s.srv.Engine.BeginRead(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer read.Close()
	return s.checkKeysAt(read, w)
}

// checkKeysAt is checkKeys with the committed rows of one epoch.
func (s *Session) checkKeysAt(read *engine.Read, w *engine.Write) error {
	spaces := engine.UniqueSpaces(w.Relation, s.catalog())
	first, broken := w.Batch.N, engine.KeySpace{}
	for _, k := range spaces {
		i, err := s.duplicate(read, k, w)
		if err != nil {
			return err
		}
		if i < first {
			first, broken = i, k
		}
	}
	if first < w.Batch.N {
		return broken.Duplicate(w.Batch, first)
	}
	return nil
}

// duplicate finds the first row of w whose key another row has; w.Batch.N is none.
func (s *Session) duplicate(read *engine.Read, k engine.KeySpace, w *engine.Write) (int, error) {
	b := w.Batch
	change := map[string]int{}
	var rows []int
	var keys [][]byte
	for i := range b.N {
		key, distinct := k.Key(b, i)
		switch {
		case distinct:
		case b.Weight(i) < 0:
			change[string(key)]--
		default:
			rows, keys = append(rows, i), append(keys, key)
		}
	}
	stored := make([]bool, len(rows))
	err := read.Exists(k, len(rows), func(i int) []byte { return keys[i] }, func(i int) { stored[i] = true })
	if err != nil {
		return 0, err
	}
	own := s.pending()[w.Relation.ID]
	for n, i := range rows {
		key := string(keys[n])
		change[key]++
		have := change[key]
		mine, _, gone := own.Find(k.ID(), keys[n])
		if mine != nil {
			have++
		}
		if stored[n] && !gone {
			have++
		}
		if have > 1 {
			return i, nil
		}
	}
	return b.N, nil
}
