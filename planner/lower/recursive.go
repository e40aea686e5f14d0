package lower

import (
	"slices"

	"millrace/planner/logical"
	"millrace/planner/physical"
)

// recursion is a recursive query that has been lowered.
type recursion struct {
	op   int // its Recurse
	work ref
}

// recursive lowers a recursive query. Where one over the same base is there already, the step is lowered as if over its
// work table: if that gives the same operators, the two are the same. Otherwise what was made of it is taken back.
func (l *lowering) recursive(n *logical.Recursive) (ref, error) {
	base, err := l.exactly(n.Base, n.BaseCols)
	if err != nil {
		return base, err
	}
	for _, r := range l.recursions {
		old := l.plan.Nodes[r.op].(*physical.Recurse)
		if old.Base != base.op || old.All != n.All || old.StopAfter > 0 || len(r.work.ids) != len(n.Cols)+1 {
			continue
		}
		before := len(l.plan.Nodes)
		step, err := l.step(n, r.work.op)
		if err == nil && step.op == old.Step {
			return ref{r.op, n.Cols}, nil
		}
		l.truncate(before)
	}
	w := findWorkTable(n)
	work := l.add(&physical.WorkTable{Output: physical.Output{AppendOnly: !l.q.View || n.AppendOnly}, Name: n.Name}, w.Output())
	step, err := l.step(n, work.op)
	if err != nil {
		return step, err
	}
	p := &physical.Recurse{Output: l.output(n, n.Cols), Base: base.op, Step: step.op, Work: work.op, All: n.All, Name: n.Name, Limit: physical.IterationsMax}
	out := l.add(p, n.Cols)
	l.recursions = append(l.recursions, recursion{out.op, work})
	return out, nil
}

// step lowers the recursive term over the work table that is operator op.
func (l *lowering) step(n *logical.Recursive, op int) (ref, error) {
	old, had := l.workOps[n.Work]
	l.workOps[n.Work] = op
	step, err := l.exactly(n.Step, append(slices.Clone(n.StepCols), n.StepIteration))
	if delete(l.workOps, n.Work); had {
		l.workOps[n.Work] = old
	}
	return step, err
}

// findWorkTable finds the work table that the step reads; any with the same columns where the step has turned out to
// read none.
func findWorkTable(n *logical.Recursive) *logical.WorkTable {
	w := &logical.WorkTable{Name: n.Name, Cols: n.Cols, Iteration: n.Work}
	logical.Walk(n.Step, func(x logical.Node) {
		if t, ok := x.(*logical.WorkTable); ok && t.Iteration == n.Work {
			w = t
		}
	})
	return w
}

func (l *lowering) workTable(n *logical.WorkTable) (ref, error) {
	op, ok := l.workOps[n.Iteration]
	if !ok {
		return ref{}, errInternal("a work table outside of its recursive query")
	}
	return ref{op, n.Output()}, nil
}

// truncate takes back the operators from number n on.
func (l *lowering) truncate(n int) {
	l.plan.Nodes = l.plan.Nodes[:n]
	for k, ops := range l.buckets {
		l.buckets[k] = slices.DeleteFunc(ops, func(op int) bool { return op >= n })
	}
}

// depends reports whether an operator reads a work table.
func (l *lowering) depends(op int) bool { return l.plan.InRecursion()[op] >= 0 }
