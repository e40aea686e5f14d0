package engine

import (
	"context"
	"slices"

	"millrace/exec"
	"millrace/planner/physical"
)

// StateSize is how much state an operator has stored.
type StateSize struct {
	Rows  int64 // entries: groups, or different rows
	Bytes int64 // of keys and values, before compression
}

// FlowFigures are what the operators of a view or sink have done and keep.
type FlowFigures struct {
	Plan *physical.Plan
	// Operators are by node of the plan, since the engine started; empty before the first step.
	Operators []exec.OpStats
	State     []StateSize // by node of the plan
	Stats     Stats
}

// Figures gives the figures of a view or sink as of its last step. Cost: it reads all of the stored state. ok is false where
// id is no view or sink, or has no plan. Without state the plan and the counters alone are given, at once.
func (e *Engine) Figures(ctx context.Context, id uint32, state bool) (f FlowFigures, ok bool, err error) {
	e.mu.Lock()
	d := e.flows[id]
	if d == nil || d.plan == nil {
		e.mu.Unlock()
		return f, false, nil
	}
	f = FlowFigures{Plan: d.plan, Operators: slices.Clone(d.figures), State: make([]StateSize, len(d.plan.Nodes)), Stats: d.stats}
	snap := e.store.DerivedSnapshot()
	e.mu.Unlock()
	defer snap.Close()
	if len(f.Operators) == 0 {
		f.Operators = make([]exec.OpStats, len(d.plan.Nodes))
	}
	if !state {
		return f, true, nil
	}
	interrupted := func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	err = snap.StateCounts(id, interrupted, func(op int, entries, bytes int64) error {
		if op < len(f.State) {
			f.State[op] = StateSize{entries, bytes}
		}
		return nil
	})
	return f, true, err
}
