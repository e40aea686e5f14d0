package exec

import (
	"millrace/expr"
	"millrace/planner/physical"
)

// traits say what a node's output of one step can look like.
type traits struct {
	positive     bool // no negative weight
	consolidated bool // no row with weights of both signs, and none whose weights add up to zero
}

// clean reports whether the output can be given to a reader as it is.
func (t traits) clean() bool { return t.positive || t.consolidated }

// traits works out the traits of all nodes. In an ad-hoc query inputs have no negative weights, and each operator
// emits once, from nothing.
func (d *Dataflow) traits() []traits {
	ts := make([]traits, len(d.plan.Nodes))
	for i, n := range d.plan.Nodes {
		if d.opt.AdHoc {
			ts[i] = traits{positive: true}
			continue
		}
		ts[i] = nodeTraits(d.plan, n, ts)
	}
	return ts
}

func nodeTraits(p *physical.Plan, n physical.Node, of []traits) traits {
	switch n := n.(type) {
	case *physical.Scan:
		return traits{positive: n.AppendOnly}
	case *physical.WorkTable:
		return traits{positive: n.AppendOnly}
	case *physical.Recurse:
		return traits{positive: n.AppendOnly, consolidated: !n.All}
	case *physical.Values:
		return traits{positive: true}
	case *physical.Series:
		if n.Input < 0 {
			return traits{positive: true}
		}
		return of[n.Input]
	case *physical.Filter:
		return of[n.Input]
	case *physical.TemporalFilter:
		return traits{} // a row may leave by its time and be retracted in one step
	case *physical.Window:
		return of[n.Input]
	case *physical.Buckets:
		return of[n.Input]
	case *physical.Late:
		return of[n.Input]
	case *physical.Hold:
		return traits{positive: n.AppendOnly, consolidated: true}
	case *physical.Project:
		t := of[n.Input]
		t.consolidated = t.consolidated && keepsAll(n, len(p.Nodes[n.Input].Out().Types))
		return t
	case *physical.Union:
		t := traits{positive: true}
		for _, in := range n.In {
			t.positive = t.positive && of[in].positive
		}
		return t
	case *physical.Join:
		grows := n.Kind == physical.Inner || n.Kind == physical.Semi
		return traits{positive: grows && of[n.Left_].positive && of[n.Right_].positive}
	case *physical.Lookup:
		return traits{positive: of[n.Left_].positive}
	case *physical.DeltaJoin:
		t := traits{positive: true}
		for _, in := range n.In {
			t.positive = t.positive && of[in].positive
		}
		return t
	case *physical.AsOf:
		return traits{} // a left row may come and its kin get another partner in one step
	}
	// Aggregate, Distinct, SetOp, TopN, Over, Session and SingleRow emit differences, consolidated.
	return traits{consolidated: true}
}

// keepsAll reports whether a projection passes on every one of so many input columns, so that different rows stay
// different.
func keepsAll(n *physical.Project, width int) bool {
	kept := make([]bool, width)
	for _, e := range n.Exprs {
		if c, ok := e.(*expr.Column); ok && c.Index < len(kept) && !kept[c.Index] {
			kept[c.Index] = true
			width--
		}
	}
	return width == 0
}
