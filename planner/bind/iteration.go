package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/types"
)

// perIteration makes a recursive term work on the rows of all iterations at once: whatever reads the work table passes
// the number of the iteration on, and what combines rows combines those of one iteration. The result has the column
// iteration, which is 0 where n does not read the work table.
//
// A row that is joined to the work table's belongs to the iteration of that. What PostgreSQL evaluates once in each
// iteration whether or not it reads the work table is paired with the iterations that there are.
func (b *Binder) perIteration(n logical.Node, work *logical.WorkTable) (out logical.Node, iteration logical.ColID, err error) {
	in := n.Inputs()
	if len(in) == 0 {
		if n == logical.Node(work) {
			return n, work.Iteration, nil
		}
		return n, 0, nil
	}
	lifted, iterations := make([]logical.Node, len(in)), make([]logical.ColID, len(in))
	reads := 0
	for i, x := range in {
		if lifted[i], iterations[i], err = b.perIteration(x, work); err != nil {
			return nil, 0, err
		}
		if iterations[i] != 0 {
			reads++
			iteration = iterations[i]
		}
	}
	if reads == 0 {
		return n, 0, nil
	}
	switch n := n.(type) {
	case *logical.Filter, *logical.Distinct, *logical.Window:
		return n.WithInputs(lifted), iteration, nil
	case *logical.Series:
		return n.WithInputs(lifted), iteration, nil
	case *logical.Project:
		p := &logical.Project{Input: lifted[0], Items: append([]logical.Item(nil), n.Items...)}
		p.Items = append(p.Items, logical.Item{Col: iteration, Expr: b.cols.Ref(iteration)})
		return p, iteration, nil
	case *logical.Aggregate:
		if len(n.Group) == 0 && !n.Grouped {
			break // it has a row in an iteration whose rows its input drops
		}
		a := *n
		a.Input, a.Group = lifted[0], append([]logical.ColID{iteration}, n.Group...)
		return &a, iteration, nil
	case *logical.TopN:
		t := *n
		t.Input, t.Group = lifted[0], append([]logical.ColID{iteration}, n.Group...)
		return &t, iteration, nil
	case *logical.Over:
		o := *n
		o.Input, o.Partition = lifted[0], append([]logical.ColID{iteration}, n.Partition...)
		return &o, iteration, nil
	case *logical.Session:
		s := *n
		s.Input, s.Partition = lifted[0], append([]logical.ColID{iteration}, n.Partition...)
		return &s, iteration, nil
	case *logical.Join:
		left := n.Kind == physical.Inner || n.Kind == physical.Left || n.Kind == physical.Semi || n.Kind == physical.Anti
		right := n.Kind == physical.Inner || n.Kind == physical.Right
		if reads == 1 && (left && iterations[0] != 0 || right && iterations[1] != 0) {
			return n.WithInputs(lifted), iteration, nil
		}
	case *logical.AsOf:
		if iterations[1] == 0 {
			return n.WithInputs(lifted), iteration, nil
		}
	case *logical.Union:
		return b.unionPerIteration(n, lifted, iterations, work)
	}
	return nil, 0, pgerr.Unsupported("this use of the recursive reference in a recursive term")
}

// unionPerIteration gives the inputs that do not read the work table once for each iteration.
func (b *Binder) unionPerIteration(n *logical.Union, in []logical.Node, iterations []logical.ColID, work *logical.WorkTable) (logical.Node, logical.ColID, error) {
	all := b.cols.Copy(work.Iteration)
	u := &logical.Union{Cols: append(append([]logical.ColID(nil), n.Cols...), all)}
	for k := range in {
		it := iterations[k]
		if it == 0 {
			it = b.cols.Add(logical.Column{Name: "iteration", T: types.Of(types.Int8)})
			each := &logical.Distinct{Input: &logical.Project{Input: work, Items: []logical.Item{{Col: it, Expr: expr.Expr(b.cols.Ref(work.Iteration))}}}}
			in[k] = &logical.Join{Kind: physical.Inner, Left: in[k], Right: each}
		}
		u.In = append(u.In, in[k])
		u.From = append(u.From, append(append([]logical.ColID(nil), n.From[k]...), it))
	}
	return u, all, nil
}
