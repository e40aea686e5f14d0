package lower

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/clocked"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/types"
)

// timed divides conditions into those that a plain operator may decide and those for a temporal filter above it; plain is all of
// them where none depends on the time, and in a query that runs once, where the time stands still. A condition that can fail
// and comes after one on the time is evaluated after it, for the rows that passed.
func (l *lowering) timed(preds []expr.Expr) (plain, temporal []expr.Expr) {
	if !l.q.View || !slices.ContainsFunc(preds, clocked.Reads) {
		return preds, nil
	}
	for _, p := range preds {
		if clocked.Reads(p) || len(temporal) > 0 && logical.CanFail(p) {
			temporal = append(temporal, p)
		} else {
			plain = append(plain, p)
		}
	}
	return plain, temporal
}

// temporal filters the rows of in by conditions on the time. n is what in and the filter stand for together.
func (l *lowering) temporal(n logical.Node, in ref, preds []expr.Expr, need logical.ColSet) (ref, error) {
	// The filter keeps whole rows of its input.
	in, err := l.narrow(in, with(need, logical.ExprsCols(preds)))
	if err != nil {
		return in, err
	}
	t := &physical.TemporalFilter{Input: in.op}
	pred := logical.Conjoin(preds)
	turns, err := clocked.Turns(pred)
	if err != nil {
		return in, err
	}
	t.Ends = clocked.Ends(pred)
	now := &expr.Column{Index: len(in.ids), T: types.Of(types.TimestampTZ), Name: "now()"}
	at := func(e expr.Expr) (expr.Expr, error) {
		x, err := l.expr(e, in.ids)
		if err != nil {
			return nil, err
		}
		return clocked.Replace(x, now), nil
	}
	if t.Pred, err = at(pred); err != nil {
		return in, err
	}
	for _, turn := range turns {
		p := physical.Turn{Monthly: turn.Monthly, Shift: turn.Shift}
		if p.Cond, err = at(turn.Cond); err != nil {
			return in, err
		}
		if turn.At != nil {
			if p.At, err = at(turn.At); err != nil {
				return in, err
			}
		}
		t.Turns = append(t.Turns, p)
	}
	t.Output = physical.Output{Key: l.key(n, in.ids)}
	return l.add(t, in.ids), nil
}

// checkTime refuses what reads the time elsewhere than in a temporal filter: its value would have to change in rows that
// do not.
func (l *lowering) checkTime() error {
	if !l.q.View {
		return nil
	}
	within := l.plan.InRecursion()
	for i, n := range l.plan.Nodes {
		for _, e := range physical.Exprs(n) {
			if clocked.Reads(e) {
				return clocked.Refused(e)
			}
		}
		if _, ok := n.(*physical.TemporalFilter); ok && within[i] >= 0 {
			return pgerr.Unsupported("the current time in a recursive query of a materialized view").
				WithHint("Filter by the time in the query that reads the recursive one.")
		}
	}
	return nil
}
