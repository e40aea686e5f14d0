package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// orderJoins chooses the order of inner joins.
//
// Before: FROM a, b, c WHERE a.x = c.x AND b.y = c.y, which joins as written: all of a with all of b first.
// After: (a JOIN c) JOIN b, so that every join has a condition and the intermediate results are small.
// Why: each intermediate result is computed, and in a view kept as state.
// Guard: a condition that can fail is evaluated for the rows that the joins before it leave, so joins with one stay as they
// are: in FROM a JOIN b ON a.k = b.k JOIN c ON 1 / (a.x - b.x) = c.x another order could divide by zero for rows of a and
// b that do not meet. Outer joins stay where they are; what is within one is ordered by itself.
//
// The order is greedy: from the smallest join on, each time what makes the smallest result, which is near the best for the
// usual queries and quadratic in the number of inputs (in the manner of Fegaras, "A New Heuristic for Optimizing Large
// Queries", DEXA 1998). Sizes are estimates ([sizes]), so the written order stays unless another promises to be
// much better. The choice follows from the plan and the row counts that the context has, so the same counts give the same
// plan.
func orderJoins(c *Context, n logical.Node) logical.Node {
	if j, ok := n.(*logical.Join); ok && j.Kind == physical.Inner {
		k := &joinCluster{c: c, sizes: newSizes(c)}
		if k.gather(j); len(k.inputs) > 2 && len(k.inputs) <= clusterMax && !slices.ContainsFunc(k.preds, func(p expr.Expr) bool { return !safe(p) }) {
			if out, ok := k.order(j); ok {
				return out
			}
		}
		// The inputs have been ordered by themselves; the joins stay.
		return k.rebuild(j)
	}
	return logical.MapInputs(n, func(in logical.Node) logical.Node { return orderJoins(c, in) })
}

const (
	// clusterMax bounds the inputs of joins that are ordered together.
	clusterMax = 100
	// betterBy is how much smaller the sum of the intermediate results must be for another order than the written one.
	betterBy = 2
)

// joinCluster is a tree of inner joins: what they join, and all their conditions.
type joinCluster struct {
	c      *Context
	sizes  *sizes
	inputs []logical.Node
	at     map[logical.Node]logical.Node // an input as it was to what it is
	preds  []expr.Expr
}

func (k *joinCluster) gather(n logical.Node) {
	if j, ok := n.(*logical.Join); ok && j.Kind == physical.Inner {
		k.gather(j.Left)
		k.gather(j.Right)
		k.preds = append(k.preds, j.On...)
		return
	}
	in := orderJoins(k.c, n)
	if k.at == nil {
		k.at = map[logical.Node]logical.Node{}
	}
	k.at[n] = in
	k.inputs = append(k.inputs, in)
}

// rebuild is the tree as written over the inputs as they are now.
func (k *joinCluster) rebuild(n logical.Node) logical.Node {
	if j, ok := n.(*logical.Join); ok && j.Kind == physical.Inner {
		return logical.MapInputs(n, k.rebuild)
	}
	return k.at[n]
}

// part is a join of some of the inputs.
type part struct {
	node logical.Node
	cols logical.ColSet
	rows float64
	cost float64 // the rows of all joins in it
}

// condition is a conjunct of the joins' conditions.
type condition struct {
	pred        expr.Expr
	cols        logical.ColSet
	selectivity float64
}

// pair is what two parts would give.
type pair struct {
	rows      float64
	connected bool // a condition relates the two
}

// better reports whether p is to be joined rather than q.
func (p pair) better(q pair) bool {
	if p.connected != q.connected {
		return p.connected
	}
	return p.rows < q.rows
}

// order joins the inputs in another order, where that promises enough.
func (k *joinCluster) order(written *logical.Join) (logical.Node, bool) {
	inputs := make([]*part, len(k.inputs))
	var all logical.ColSet
	for i, in := range k.inputs {
		inputs[i] = &part{node: in, cols: logical.OutputSet(in), rows: k.sizes.rows(in)}
		if all.Intersects(inputs[i].cols) {
			return nil, false
		}
		all.Union(inputs[i].cols)
	}
	old := k.asWritten(written, inputs)
	parts, left := slices.Clone(inputs), k.conditions(k.preds)
	pairs := make([][]pair, len(parts)) // pairs[i][j] for j < i
	for i := range parts {
		for j := range i {
			pairs[i] = append(pairs[i], estimate(parts[i], parts[j], left))
		}
	}
	for range len(parts) - 1 {
		a, b := smallest(parts, pairs)
		parts[a], left = join(parts[a], parts[b], left)
		parts[b] = nil
		for i := range parts {
			if i != a && parts[i] != nil {
				pairs[max(a, i)][min(a, i)] = estimate(parts[a], parts[i], left)
			}
		}
	}
	for _, p := range parts {
		// The result itself is the same in any order.
		if p != nil && (p.cost-p.rows)*betterBy <= old.cost-old.rows && len(left) == 0 {
			return p.node, true
		}
	}
	return nil, false
}

func (k *joinCluster) conditions(preds []expr.Expr) []condition {
	out := make([]condition, len(preds))
	for i, p := range preds {
		out[i] = condition{p, logical.ExprCols(p), k.sizes.selectivity(p)}
	}
	return out
}

// asWritten estimates the tree as it is.
func (k *joinCluster) asWritten(n logical.Node, inputs []*part) *part {
	j, ok := n.(*logical.Join)
	if !ok || j.Kind != physical.Inner {
		return inputs[slices.Index(k.inputs, k.at[n])]
	}
	out, _ := join(k.asWritten(j.Left, inputs), k.asWritten(j.Right, inputs), k.conditions(j.On))
	return out
}

// smallest finds the two parts, a before b, whose join is the smallest; two that no condition connects only where there are
// no others.
func smallest(parts []*part, pairs [][]pair) (a, b int) {
	found := false
	for i := range parts {
		for j := range i {
			if parts[i] != nil && parts[j] != nil && (!found || pairs[i][j].better(pairs[b][a])) {
				found, a, b = true, j, i
			}
		}
	}
	return a, b
}

// join joins two parts with the conditions that can be decided then, and gives those that are left.
func join(l, r *part, conditions []condition) (*part, []condition) {
	cols := l.cols.Clone()
	cols.Union(r.cols)
	node := &logical.Join{Kind: physical.Inner, Left: l.node, Right: r.node}
	var left []condition
	for _, c := range conditions {
		if c.cols.SubsetOf(cols) {
			node.On = append(node.On, c.pred)
		} else {
			left = append(left, c)
		}
	}
	rows := estimate(l, r, conditions).rows
	return &part{node: node, cols: cols, rows: rows, cost: rows + l.cost + r.cost}, left
}

// estimate estimates a join.
func estimate(l, r *part, conditions []condition) pair {
	out := pair{rows: l.rows * r.rows}
	cols := l.cols.Clone()
	cols.Union(r.cols)
	for _, c := range conditions {
		if c.cols.SubsetOf(cols) {
			out.connected = out.connected || c.cols.Intersects(l.cols) && c.cols.Intersects(r.cols)
			out.rows *= c.selectivity
		}
	}
	out.rows = max(out.rows, 1)
	return out
}
