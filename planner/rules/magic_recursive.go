package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
)

// recursive pushes the set into a recursion: its rows carry the combination that they are of, from the base on, and the
// step is computed for the combinations that the rows of the iteration have. So the recursions of all combinations run
// as one, and rows of different combinations do not meet.
func (m *magic) recursive(n *logical.Recursive) logical.Node {
	cols := m.c.Columns
	base, step := m.copy(), m.copy()
	r := *n
	r.AppendOnly = n.AppendOnly && m.c.Analysis.AppendOnly(m.left)
	r.Base = base.push(base.renameFrom(m, n.Base))
	of := make([]logical.ColID, len(m.cols))
	for i, id := range m.cols {
		of[i] = cols.Copy(id)
	}
	// Within the step a row of the work table is one of its combination, which makes all that reads it depend on the set.
	body := logical.Transform(step.renameFrom(m, n.Step), func(x logical.Node) logical.Node {
		w, ok := x.(*logical.WorkTable)
		if !ok || w.Iteration != n.Work {
			return x
		}
		t := *w
		t.Cols, t.Outer, t.AppendOnly = slices.Concat(w.Cols, of), of, r.AppendOnly
		return &logical.Filter{Input: &t, Preds: step.match(of)}
	})
	r.Step = step.push(body)
	r.Cols = slices.Concat(n.Cols, m.cols)
	r.BaseCols, r.StepCols = slices.Concat(n.BaseCols, base.cols), slices.Concat(n.StepCols, step.cols)
	return &r
}

// ofWork gives a work table's rows with the combinations that they carry as this set's columns, where n is such rows held to
// this set; nil elsewhere. The set itself need not be met: the rows came of it.
func (m *magic) ofWork(n *logical.Filter) logical.Node {
	w, ok := n.Input.(*logical.WorkTable)
	if !ok || len(w.Outer) != len(m.cols) || !slices.EqualFunc(n.Preds, m.match(w.Outer), expr.Equal) {
		return nil
	}
	items := make([]logical.Item, len(m.cols))
	for i, id := range m.cols {
		items[i] = logical.Item{Col: id, Expr: m.c.Columns.Ref(w.Outer[i])}
	}
	return m.c.Columns.Extend(w, items...)
}
