package rules

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/types"
)

// deltaJoins keeps a tree of inner joins as one operator.
//
// Before: a view over a JOIN b ON a.x = b.x JOIN c ON b.y = c.y, with all of a JOIN b as state of the second join.
// After: one join with a by x, b by x, b by y and c by y as state. A change of a looks up b by x, then c by y; one of b looks
// up a and c; one of c looks up b by y, then a by x.
// Why: what a part of the inputs gives together is often much more than these, and can be without bound where keys repeat.
// Guard: only where conditions link all inputs, and the estimate of the state is smaller by a tenth at least: a table that has two
// keys is kept twice, which is worse than a small intermediate result, as of joins that leave few rows. A condition that can fail
// must not be asked of other pairs than before. In a query that runs once nothing is kept. In a recursion inputs change with each
// iteration, which two-way joins are made for. Of joins by a time, as of windows, watermarks drop the state key by key, which needs
// joins of two.
//
// The estimate: each kept row takes a fixed number of bytes and so many for each column that is needed further on. Joins of
// two keep each of the inputs once and each intermediate result; the one operator keeps each input once for each set of columns
// by which a path meets it. Rows are estimated as for the order of joins ([sizes]), so equal counts give equal plans; but a
// relation with fewer rows than are taken for one that nothing is known of counts as one of these, since views are often made
// before their data.
//
// A path goes where the fewest rows are to be expected next, which is greedy. If some of the columns that are equal are a key of the
// input, those alone are looked up, so that paths share what is kept by the key.
func deltaJoins(c *Context, n logical.Node) logical.Node {
	if !c.View {
		return n
	}
	grown := *c
	grown.Rows = map[uint32]int64{}
	for id, n := range c.Rows {
		grown.Rows[id] = max(n, unknownRows)
	}
	d := &deltaPlanner{c: c, sizes: newSizes(&grown)}
	return d.walk(n, c.Need)
}

const (
	deltaInputsMax = 16
	// keptRow and keptColumn are the bytes that state takes, about, for a row and for a column in it.
	keptRow    = 24
	keptColumn = 8
)

type deltaPlanner struct {
	c     *Context
	sizes *sizes
}

// walk goes down a plan; need are the columns that are read above n.
func (d *deltaPlanner) walk(n logical.Node, need logical.ColSet) logical.Node {
	if _, ok := n.(*logical.Recursive); ok {
		return n
	}
	inputs, preds := logical.InnerJoins(n)
	if len(inputs) < 3 {
		below := need.Clone()
		below.Union(logical.Used(n))
		return logical.MapInputs(n, func(in logical.Node) logical.Node { return d.walk(in, below) })
	}
	below := need.Clone()
	below.Union(logical.ExprsCols(preds))
	out := logical.MapInnerJoins(n, func(in logical.Node) logical.Node { return d.walk(in, below) })
	p, ok := out.(*logical.Project)
	if ok {
		// It passes columns on; the join below has them all.
		return &logical.Project{Input: d.walk(p.Input, below), Items: p.Items}
	}
	inputs, _ = logical.InnerJoins(out)
	t := &joinTree{d: d, top: out.(*logical.Join), inputs: inputs, preds: preds, need: need}
	if delta := t.plan(); delta != nil {
		x := *t.top
		x.Delta = delta
		return &x
	}
	return out
}

// joinTree is a tree of inner joins that may become one operator.
type joinTree struct {
	d      *deltaPlanner
	top    *logical.Join
	inputs []logical.Node
	cols   []logical.ColSet // of the inputs
	preds  []expr.Expr
	need   logical.ColSet // above
	equal  []equality
}

// equality is a condition that equates columns of two inputs.
type equality struct {
	pred int // its number
	in   [2]int
	col  [2]logical.ColID
	safe bool // NULL equals NULL
}

// plan gives the paths, where they pay.
func (t *joinTree) plan() *logical.Delta {
	if len(t.inputs) > deltaInputsMax || slices.ContainsFunc(t.preds, func(p expr.Expr) bool { return !safe(p) }) {
		return nil
	}
	var all logical.ColSet
	for _, in := range t.inputs {
		cols := logical.OutputSet(in)
		if all.Intersects(cols) || t.d.c.Analysis.Constant(in) {
			return nil
		}
		all.Union(cols)
		t.cols = append(t.cols, cols)
	}
	for i, p := range t.preds {
		if e, ok := t.equality(p); ok {
			if t.isInTime(e) {
				return nil
			}
			e.pred = i
			t.equal = append(t.equal, e)
		}
	}
	delta := &logical.Delta{}
	unmet := make([]bool, len(t.preds))
	for i := range unmet {
		unmet[i] = !slices.ContainsFunc(t.equal, func(e equality) bool { return e.pred == i })
	}
	kept := make([][][]logical.ColID, len(t.inputs)) // of each input: the columns that it is met by
	for i := range t.inputs {
		path, ok := t.path(i, kept, unmet)
		if !ok {
			return nil
		}
		delta.Paths = append(delta.Paths, path)
	}
	for i, p := range t.preds {
		if unmet[i] {
			delta.Rest = append(delta.Rest, p)
		}
	}
	one := 0.0
	for i, keys := range kept {
		one += float64(len(keys)) * t.bytes(t.inputs[i], t.cols[i])
	}
	if _, two := t.binary(t.top); one > 0.9*two {
		return nil
	}
	return delta
}

// isInTime reports whether an equality is one of times that watermarks bound on both sides.
func (t *joinTree) isInTime(e equality) bool {
	for k := range e.in {
		marked := false
		logical.Walk(t.inputs[e.in[k]], func(n logical.Node) {
			s, ok := n.(*logical.Scan)
			marked = marked || ok && s.Relation.TimeMarks() != nil
		})
		if typ := t.d.c.Columns.At(e.col[k]).T; !marked || !typ.Is(types.Timestamp) && !typ.Is(types.TimestampTZ) {
			return false
		}
	}
	return true
}

func (t *joinTree) equality(p expr.Expr) (equality, bool) {
	a, b, nullSafe, ok := logical.Equality(p)
	if !ok {
		return equality{}, false
	}
	x, okx := a.(*expr.Column)
	y, oky := b.(*expr.Column)
	if !okx || !oky {
		return equality{}, false
	}
	e := equality{col: [2]logical.ColID{x.Index, y.Index}, safe: nullSafe}
	for k, id := range e.col {
		e.in[k] = slices.IndexFunc(t.cols, func(s logical.ColSet) bool { return s.Has(id) })
		ok = ok && e.in[k] >= 0
	}
	return e, ok && e.in[0] != e.in[1]
}

// path leads from one input to all others. It notes by what they are met, and which conditions are not met on the way.
func (t *joinTree) path(from int, kept [][][]logical.ColID, unmet []bool) ([]logical.DeltaStep, bool) {
	been := map[int]bool{from: true}
	var path []logical.DeltaStep
	for len(been) < len(t.inputs) {
		var best logical.DeltaStep
		var met []int
		least := -1.0
		for i := range t.inputs {
			if been[i] {
				continue
			}
			step, preds := t.step(i, been)
			if len(step.Pairs) == 0 {
				continue
			}
			rows := t.d.sizes.rows(t.inputs[i])
			var to logical.ColSet
			for _, p := range step.Pairs {
				to.Add(p.To)
				rows /= max(1, t.d.sizes.distinct(p.To, rows))
			}
			if t.d.c.Analysis.HasKey(t.inputs[i], to) {
				rows = min(rows, 1)
			}
			if least < 0 || rows < least {
				best, met, least = step, preds, rows
			}
		}
		if least < 0 {
			return nil, false // no condition links the rest
		}
		been[best.Input] = true
		path = append(path, best)
		key := make([]logical.ColID, len(best.Pairs))
		for i, p := range best.Pairs {
			key[i] = p.To
		}
		if !slices.ContainsFunc(kept[best.Input], func(k []logical.ColID) bool { return slices.Equal(k, key) }) {
			kept[best.Input] = append(kept[best.Input], key)
		}
		for _, e := range t.equal {
			if been[e.in[0]] && been[e.in[1]] && (e.in[0] == best.Input || e.in[1] == best.Input) && !slices.Contains(met, e.pred) {
				unmet[e.pred] = true
			}
		}
	}
	return path, true
}

// step gives the columns by which a path that has been to some inputs meets another one, in their order, and the conditions that
// hold then.
func (t *joinTree) step(to int, been map[int]bool) (logical.DeltaStep, []int) {
	type pair struct {
		logical.DeltaPair
		pred int
	}
	var pairs []pair
	var cols logical.ColSet
	for _, e := range t.equal {
		for k := range e.in {
			if e.in[k] != to || !been[e.in[1-k]] || cols.Has(e.col[k]) {
				continue
			}
			cols.Add(e.col[k])
			pairs = append(pairs, pair{logical.DeltaPair{From: e.col[1-k], To: e.col[k], NullSafe: e.safe}, e.pred})
		}
	}
	if key := leastKey(t.d.c.Analysis.Keys(t.inputs[to]), cols); key != nil {
		pairs = slices.DeleteFunc(pairs, func(p pair) bool { return !slices.Contains(key, p.To) })
	}
	slices.SortFunc(pairs, func(a, b pair) int { return a.To - b.To })
	step := logical.DeltaStep{Input: to}
	var preds []int
	for _, p := range pairs {
		step.Pairs, preds = append(step.Pairs, p.DeltaPair), append(preds, p.pred)
	}
	return step, preds
}

// leastKey finds the shortest key within cols that has columns at all.
func leastKey(keys [][]logical.ColID, cols logical.ColSet) []logical.ColID {
	var least []logical.ColID
	for _, k := range keys {
		if len(k) > 0 && cols.HasAll(k) && (least == nil || len(k) < len(least)) {
			least = k
		}
	}
	return least
}

// bytes estimates what the rows of a part of the tree take, which has the columns cols: those that anything else reads.
func (t *joinTree) bytes(n logical.Node, cols logical.ColSet) float64 {
	read := t.need.Clone()
	for _, p := range t.preds {
		if c := logical.ExprCols(p); !c.SubsetOf(cols) {
			read.Union(c)
		}
	}
	return t.d.sizes.rows(n) * float64(keptRow+keptColumn*len(cols.Intersect(read).List()))
}

// binary estimates the state of a part of the tree as joins of two: what is below its top.
func (t *joinTree) binary(n logical.Node) (cols logical.ColSet, bytes float64) {
	in := n.Inputs()
	if slices.Contains(t.inputs, n) {
		return logical.OutputSet(n), 0
	}
	if len(in) == 1 { // a projection
		return t.binary(in[0])
	}
	for _, x := range in {
		c, b := t.binary(x)
		cols.Union(c)
		bytes += b + t.bytes(x, c)
	}
	return cols, bytes
}
