package lower

import (
	"fmt"
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/types"
)

// Query is what is to be lowered: a plan and the result that is asked of it.
type Query struct {
	Node    logical.Node
	Names   []string        // of the result's columns
	Cols    []logical.ColID // the result's columns; one may come twice
	Order   []logical.SortKey
	Columns *logical.Columns
	// View says that the plan is maintained; otherwise it runs once, over inputs that do not change.
	View bool
}

// Lower makes the physical plan.
func Lower(q *Query, an *logical.Analysis) (*physical.Plan, error) {
	l := &lowering{q: q, an: an, plan: &physical.Plan{AdHoc: !q.View}, buckets: map[string][]int{}, workOps: map[logical.ColID]int{}}
	l.qualify = countRelations(q.Node) > 1
	r, err := l.root()
	if err != nil {
		return nil, err
	}
	if err := l.checkTime(); err != nil {
		return nil, err
	}
	if err := l.checkArrivals(); err != nil {
		return nil, err
	}
	p := l.plan
	for i, id := range q.Cols {
		c := q.Columns.At(id)
		p.Columns = append(p.Columns, physical.Column{Name: q.Names[i], T: c.T, Table: c.Table, Attr: c.Attr})
	}
	p.AppendOnly = p.Nodes[p.Root()].Out().AppendOnly
	if q.View {
		p.Key = l.storageKey(r)
	} else {
		p.Key = l.key(q.Node, r.ids)
		for _, o := range q.Order {
			p.Order = append(p.Order, physical.SortKey{Col: slices.Index(r.ids, o.Col), Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
	}
	return p, nil
}

func countRelations(n logical.Node) int {
	count := 0
	logical.Walk(n, func(x logical.Node) {
		if _, ok := x.(*logical.Scan); ok {
			count++
		}
	})
	return count
}

// lowering is one plan being made.
type lowering struct {
	q    *Query
	an   *logical.Analysis
	plan *physical.Plan
	// buckets finds nodes that may be equal, by kind and inputs.
	buckets map[string][]int
	// times are the columns of windows and buckets of time, once timesKnown.
	times      logical.ColSet
	timesKnown bool
	qualify    bool // EXPLAIN names columns with their relation
	// workOps are the work tables of the recursive queries that are being lowered, by their logical number.
	workOps    map[logical.ColID]int
	recursions []recursion
}

// ref is a lowered operator: its number, and which column stands where in its output.
type ref struct {
	op  int
	ids []logical.ColID
}

func (r *ref) at(id logical.ColID) int { return slices.Index(r.ids, id) }

// root lowers the whole, and arranges the result's columns: the visible ones, then hidden ones to sort by.
func (l *lowering) root() (ref, error) {
	want := slices.Clone(l.q.Cols)
	if !l.q.View {
		for _, o := range l.q.Order {
			if !slices.Contains(want, o.Col) {
				want = append(want, o.Col)
			}
		}
	}
	return l.exactly(l.q.Node, want)
}

// arrange gives exactly the columns ids in that order.
func (l *lowering) arrange(r ref, ids []logical.ColID) (ref, error) {
	if slices.Equal(r.ids, ids) {
		return r, nil
	}
	es := make([]expr.Expr, len(ids))
	for i, id := range ids {
		at := r.at(id)
		if at < 0 {
			return r, l.missing(id)
		}
		es[i] = l.columnAt(id, at)
	}
	return l.project(r, nil, es, ids), nil
}

// narrow gives the columns of want in the order in which r has them.
func (l *lowering) narrow(r ref, want logical.ColSet) (ref, error) {
	ids := slices.DeleteFunc(slices.Clone(r.ids), func(id logical.ColID) bool { return !want.Has(id) })
	return l.arrange(r, ids)
}

// project adds a Project; n is the logical operator that it stands for, nil when it only arranges columns.
func (l *lowering) project(r ref, n logical.Node, es []expr.Expr, ids []logical.ColID) ref {
	out := physical.Output{AppendOnly: l.plan.Nodes[r.op].Out().AppendOnly}
	if n != nil {
		out.Key = l.key(n, ids)
	} else {
		out.Key = arrangedKey(l.plan.Nodes[r.op].Out().Key, es)
	}
	return l.add(&physical.Project{Output: out, Input: r.op, Exprs: es}, ids)
}

// arrangedKey maps an input's key through a list of columns.
func arrangedKey(key []int, es []expr.Expr) []int {
	if key == nil {
		return nil
	}
	out := make([]int, len(key))
	for i, k := range key {
		at := slices.IndexFunc(es, func(e expr.Expr) bool { c, ok := e.(*expr.Column); return ok && c.Index == k })
		if at < 0 {
			return nil
		}
		out[i] = at
	}
	return out
}

// columnAt reads column id, which stands at a position.
func (l *lowering) columnAt(id logical.ColID, at int) *expr.Column {
	return &expr.Column{Index: at, T: l.q.Columns.At(id).T, Name: l.name(id)}
}

// name is a column's name in EXPLAIN.
func (l *lowering) name(id logical.ColID) string {
	c := l.q.Columns.At(id)
	if l.qualify && c.Rel != "" {
		return c.Rel + "." + c.Name
	}
	return c.Name
}

func (l *lowering) missing(id logical.ColID) error {
	return pgerr.New(pgerr.InternalError, "the plan lacks column %s (%d)", l.name(id), id)
}

// expr turns columns into positions among ids.
func (l *lowering) expr(e expr.Expr, ids []logical.ColID) (expr.Expr, error) {
	var err error
	out := expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		at := slices.Index(ids, c.Index)
		if at < 0 && err == nil {
			err = l.missing(c.Index)
		}
		return &expr.Column{Index: at, T: c.T, Name: l.name(c.Index)}
	})
	return out, err
}

func (l *lowering) exprs(es []expr.Expr, ids []logical.ColID) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		x, err := l.expr(e, ids)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// positions finds columns in an operator's output.
func (l *lowering) positions(ids []logical.ColID, r ref) ([]int, error) {
	out := make([]int, len(ids))
	for i, id := range ids {
		if out[i] = r.at(id); out[i] < 0 {
			return nil, l.missing(id)
		}
	}
	return out, nil
}

// key gives the least of the candidate keys whose columns are among ids, as positions.
func (l *lowering) key(n logical.Node, ids []logical.ColID) []int {
	var best []int
	for _, k := range l.an.Keys(n) {
		pos := make([]int, len(k))
		ok := true
		for i, id := range k {
			pos[i] = slices.Index(ids, id)
			ok = ok && pos[i] >= 0
		}
		if ok && (best == nil || len(pos) < len(best)) {
			best = pos
		}
	}
	return best
}

// output fills in what every node has; add completes types and names.
func (l *lowering) output(n logical.Node, ids []logical.ColID) physical.Output {
	return physical.Output{AppendOnly: !l.q.View || l.an.AppendOnly(n), Key: l.key(n, ids)}
}

// add appends a node, or finds the equal one that is there.
func (l *lowering) add(n physical.Node, ids []logical.ColID) ref {
	out := n.Out()
	out.Types = make([]types.T, len(ids))
	out.Names = make([]string, len(ids))
	for i, id := range ids {
		out.Types[i], out.Names[i] = l.q.Columns.At(id).T, l.name(id)
	}
	bucket := fmt.Sprintf("%T%v", n, n.Inputs())
	for _, i := range l.buckets[bucket] {
		if physical.SameNode(l.plan.Nodes[i], n) {
			return ref{i, ids}
		}
	}
	i := len(l.plan.Nodes)
	l.plan.Nodes = append(l.plan.Nodes, n)
	l.buckets[bucket] = append(l.buckets[bucket], i)
	return ref{i, ids}
}

// storageKey chooses the key under which a view's rows are stored: the ORDER BY columns of the view first, where they
// all ascend or there is a key without them anyway, then a candidate key's columns. nil stores a multiset.
func (l *lowering) storageKey(r ref) []int {
	key := l.key(l.q.Node, r.ids)
	if key == nil {
		return nil
	}
	var out []int
	for _, o := range l.q.Order {
		at := r.at(o.Col)
		if at < 0 || len(key) == 0 {
			break
		}
		if !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	for _, k := range key {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	if out == nil {
		out = []int{}
	}
	return out
}
