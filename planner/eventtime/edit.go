package eventtime

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/types"
)

// editor puts nodes of one input behind nodes of a plan, and numbers the nodes anew.
type editor struct {
	plan  *physical.Plan
	after map[int][]physical.Node // by node, what comes behind it, in that order
	flags bool                    // a Hold appends a column, which goes on to the root
}

// late puts l directly behind node i.
func (e *editor) late(i int, l *physical.Late) {
	e.after[i] = append([]physical.Node{l}, e.after[i]...)
}

// hold puts h behind node i. once says that what has been given out is never corrected.
func (e *editor) hold(i int, h *physical.Hold, once bool) {
	in := e.plan.Nodes[i].Out()
	h.Output = *in
	if h.Flag {
		e.flags = true
		h.Types, h.Names = appended(in.Types, types.Of(types.Bool)), appended(in.Names, FinalColumn)
		h.AppendOnly = false // a row's flag changes
	} else {
		h.AppendOnly = in.AppendOnly || once
	}
	e.after[i] = append(e.after[i], h)
}

func appended[T any](list []T, x T) []T { return append(append([]T(nil), list...), x) }

// apply makes the plan.
func (e *editor) apply() error {
	old := e.plan.Nodes
	nodes := make([]physical.Node, 0, len(old)+len(e.after))
	at := make([]int, len(old))
	held := false // a Hold has been: what follows is the chain from it to the root
	for i, n := range old {
		kind := n
		if n = physical.Rewire(n, func(in int) int { return at[in] }); n == nil {
			return pgerr.New(pgerr.InternalError, "a %T cannot be in a plan with event time", kind)
		}
		if held {
			n = e.behindHold(n, nodes)
		}
		nodes = append(nodes, n)
		at[i] = len(nodes) - 1
		for _, x := range e.after[i] {
			nodes = append(nodes, physical.Rewire(x, func(int) int { return at[i] }))
			_, hold := x.(*physical.Hold)
			held = held || hold
			at[i] = len(nodes) - 1
		}
	}
	e.plan.Nodes = nodes
	return nil
}

// behindHold adapts a node of the chain behind a Hold: it grows if what it reads only grows, and it passes the flag on.
func (e *editor) behindHold(n physical.Node, nodes []physical.Node) physical.Node {
	switch n := n.(type) {
	case *physical.Filter:
		in := nodes[n.Input].Out()
		n.AppendOnly, n.Types, n.Names = in.AppendOnly, in.Types, in.Names
	case *physical.Project:
		in := nodes[n.Input].Out()
		n.AppendOnly = in.AppendOnly
		if e.flags {
			last := len(in.Types) - 1
			n.Exprs = appended(n.Exprs, expr.Expr(&expr.Column{Index: last, T: in.Types[last], Name: FinalColumn}))
			n.Types, n.Names = appended(n.Types, in.Types[last]), appended(n.Names, FinalColumn)
		}
	}
	return n
}
