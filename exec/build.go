package exec

import (
	"errors"
	"fmt"
	"slices"

	"millrace/planner/physical"
	"millrace/storage/state"
)

// Build makes the operators of a plan. It fails for plans that no planner should make and for expressions that
// cannot be compiled.
func Build(p *physical.Plan, opt Options) (*Dataflow, error) {
	switch {
	case len(p.Nodes) == 0:
		return nil, errors.New("exec: the plan is empty")
	case opt.Space == nil && !opt.AdHoc:
		return nil, errors.New("exec: a view needs a state space")
	case opt.Emit == nil:
		return nil, errors.New("exec: nobody takes the output")
	}
	if opt.Memory == 0 && opt.AdHoc {
		opt.Memory = adHocMemory
	}
	d := &Dataflow{opt: opt, plan: p, timer: timer{now: opt.Now}, fresh: opt.Fresh || opt.AdHoc, inRecursion: make([]int, len(p.Nodes))}
	for relation, at := range opt.Watermarks {
		d.SetWatermark(relation, at)
	}
	d.marks.endStep()
	if slices.ContainsFunc(p.Nodes, isRecurse) {
		d.inRecursion = p.InRecursion()
	} else {
		for i := range d.inRecursion {
			d.inRecursion[i] = -1
		}
	}
	if opt.Space == nil && slices.ContainsFunc(p.Nodes, worksOnState) {
		d.opt.Space = state.NewSpace(nil, 0, state.NewBudget(opt.Memory))
	}
	for i, n := range p.Nodes {
		o := &output{d: d, op: i}
		op, err := d.build(o, n)
		if err != nil {
			return nil, fmt.Errorf("operator %d: %w", i, err)
		}
		for port, in := range n.Inputs() {
			if in < 0 || in >= i {
				return nil, fmt.Errorf("exec: operator %d reads operator %d", i, in)
			}
			d.outs[in].to = append(d.outs[in].to, edge{op, port, o})
		}
		d.ops, d.outs = append(d.ops, op), append(d.outs, o)
		if c, ok := op.(clocked); ok {
			d.clocked = append(d.clocked, c)
		}
		if _, ok := n.(*physical.Scan); ok {
			d.scans = append(d.scans, i)
		}
	}
	root := d.outs[p.Root()]
	if traits := d.traits(); traits[p.Root()].clean() {
		root.to = append(root.to, edge{op: sink{opt.Emit}})
	} else {
		d.root = newConsolidator(p.Nodes[p.Root()].Out().Types, opt.Emit)
		root.to = append(root.to, edge{op: d.root})
	}
	return d, nil
}

func isRecurse(n physical.Node) bool {
	_, ok := n.(*physical.Recurse)
	return ok
}

// worksOnState reports whether an operator, or those of its recursion, needs state even in an ad-hoc query.
func worksOnState(n physical.Node) bool {
	_, ok := n.(*physical.DeltaJoin)
	return ok || isRecurse(n)
}

// keepsState reports whether an operator needs state: in an ad-hoc query only one that is run again and again, or finds its rows in it.
func (d *Dataflow) keepsState(op int) bool {
	if d.opt.Space == nil {
		return false
	}
	return !d.opt.AdHoc || d.inRecursion[op] >= 0 || worksOnState(d.plan.Nodes[op])
}

// build makes the operator of one node.
func (d *Dataflow) build(o *output, n physical.Node) (Operator, error) {
	switch n := n.(type) {
	case *physical.Scan:
		return newScan(o, n)
	case *physical.Values:
		return newValues(o, n)
	case *physical.Filter:
		return newFilter(o, n.Pred)
	case *physical.TemporalFilter:
		return newTemporal(o, n)
	case *physical.Project:
		return newProject(o, n)
	case *physical.Union:
		return &union{o}, nil
	case *physical.Window:
		return newWindow(o, n)
	case *physical.Session:
		return newSession(o, n)
	case *physical.Join:
		return newJoin(o, n)
	case *physical.DeltaJoin:
		return newDeltaJoin(o, n)
	case *physical.AsOf:
		return newAsOf(o, n)
	case *physical.Buckets:
		return newBuckets(o, n)
	case *physical.Versions:
		return newVersions(o, n)
	case *physical.Lookup:
		return newLookup(o, n)
	case *physical.Series:
		return newSeries(o, n)
	case *physical.SetOp:
		return newSetOp(o, n)
	case *physical.TopN:
		return newTopN(o, n)
	case *physical.Over:
		return newOver(o, n)
	case *physical.SingleRow:
		return newSingleRow(o, n)
	case *physical.Aggregate:
		return newAggregate(o, n)
	case *physical.Distinct:
		return newDistinct(o, n)
	case *physical.Late:
		return newLate(o, n), nil
	case *physical.Hold:
		return newHold(o, n)
	case *physical.Recurse:
		return newRecurse(o, n)
	case *physical.WorkTable:
		return workTable{}, nil
	}
	return nil, fmt.Errorf("exec: there is no operator for a %T", n)
}
