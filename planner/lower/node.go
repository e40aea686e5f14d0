package lower

import (
	"fmt"
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// node lowers an operator. The result has at least the columns of need.
func (l *lowering) node(n logical.Node, need logical.ColSet) (ref, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return l.scan(n, need)
	case *logical.Values:
		return l.values(n, need)
	case *logical.Filter:
		return l.filter(n, need)
	case *logical.Project:
		return l.projection(n, need)
	case *logical.Join:
		return l.join(n, need)
	case *logical.AsOf:
		return l.asOf(n, need)
	case *logical.Buckets:
		return l.timeBuckets(n, need)
	case *logical.Versions:
		return l.versions(n, need)
	case *logical.Lookup:
		return l.lookup(n, need)
	case *logical.Aggregate:
		return l.aggregate(n, need)
	case *logical.Distinct:
		in, err := l.exactly(n.Input, n.Input.Output())
		if err != nil {
			return in, err
		}
		return l.add(&physical.Distinct{Output: l.output(n, in.ids), Input: in.op}, in.ids), nil
	case *logical.Union:
		return l.union(n, need)
	case *logical.SetOp:
		return l.setOp(n)
	case *logical.TopN:
		return l.topN(n, need)
	case *logical.Over:
		return l.over(n, need)
	case *logical.Window:
		return l.window(n, need)
	case *logical.Session:
		return l.session(n, need)
	case *logical.Series:
		return l.series(n, need)
	case *logical.SingleRow:
		return l.singleRow(n, need)
	case *logical.Recursive:
		return l.recursive(n)
	case *logical.WorkTable:
		return l.workTable(n)
	}
	return ref{}, pgerr.New(pgerr.InternalError, "no lowering for %T", n)
}

// exactly lowers n to the columns ids, in that order.
func (l *lowering) exactly(n logical.Node, ids []logical.ColID) (ref, error) {
	if p, ok := n.(*logical.Project); ok {
		// The projection computes them in that order.
		x := &logical.Project{Input: p.Input}
		for _, id := range ids {
			if i := slices.IndexFunc(p.Items, func(it logical.Item) bool { return it.Col == id }); i >= 0 {
				x.Items = append(x.Items, p.Items[i])
			}
		}
		if len(x.Items) == len(ids) && !repeats(ids) {
			n = x
		}
	}
	r, err := l.node(n, logical.SetOf(ids...))
	if err != nil {
		return r, err
	}
	return l.arrange(r, ids)
}

func repeats(ids []logical.ColID) bool {
	seen := logical.ColSet{}
	for _, id := range ids {
		if seen.Has(id) {
			return true
		}
		seen.Add(id)
	}
	return false
}

// inputFor lowers n to the columns of want only, in the order of its own.
func (l *lowering) inputFor(n logical.Node, want logical.ColSet) (ref, error) {
	r, err := l.node(n, want)
	if err != nil {
		return r, err
	}
	return l.narrow(r, want)
}

func with(need, more logical.ColSet) logical.ColSet {
	s := need.Clone()
	s.Union(more)
	return s
}

func (l *lowering) values(n *logical.Values, need logical.ColSet) (ref, error) {
	var ids []logical.ColID
	var cols []int
	for i, id := range n.Cols {
		if need.Has(id) {
			ids, cols = append(ids, id), append(cols, i)
		}
	}
	v := &physical.Values{Output: l.output(n, ids), Rows: make([][]expr.Expr, len(n.Rows))}
	for i, r := range n.Rows {
		v.Rows[i] = make([]expr.Expr, len(cols))
		for j, c := range cols {
			x, err := l.expr(r[c], nil)
			if err != nil {
				return ref{}, err
			}
			v.Rows[i][j] = x
		}
	}
	return l.add(v, ids), nil
}

func (l *lowering) filter(n *logical.Filter, need logical.ColSet) (ref, error) {
	if plain, timed := l.timed(n.Preds); len(timed) > 0 {
		in, err := l.node(logical.NewFilter(n.Input, plain...), with(need, logical.ExprsCols(timed)))
		if err != nil {
			return in, err
		}
		return l.temporal(n, in, timed, need)
	}
	in, err := l.node(n.Input, with(need, logical.ExprsCols(n.Preds)))
	if err != nil {
		return in, err
	}
	pred, err := l.expr(logical.Conjoin(n.Preds), in.ids)
	if err != nil {
		return in, err
	}
	return l.add(&physical.Filter{Output: l.output(n, in.ids), Input: in.op, Pred: pred}, in.ids), nil
}

func (l *lowering) projection(n *logical.Project, need logical.ColSet) (ref, error) {
	var items []logical.Item
	var used logical.ColSet
	pass := true
	for _, it := range n.Items {
		if need.Has(it.Col) {
			items = append(items, it)
			used.Union(logical.ExprCols(it.Expr))
			pass = pass && it.PassThrough()
		}
	}
	in, err := l.node(n.Input, used)
	if err != nil {
		return in, err
	}
	if pass {
		return in, nil // whoever needs exactly these columns arranges them
	}
	es, ids := make([]expr.Expr, len(items)), make([]logical.ColID, len(items))
	for i, it := range items {
		if es[i], err = l.expr(it.Expr, in.ids); err != nil {
			return in, err
		}
		ids[i] = it.Col
	}
	return l.project(in, n, es, ids), nil
}

func (l *lowering) aggregate(n *logical.Aggregate, need logical.ColSet) (ref, error) {
	used := logical.SetOf(n.Group...)
	var aggs []logical.Agg
	for _, a := range n.Aggs {
		if !need.Has(a.Col) {
			continue
		}
		aggs = append(aggs, a)
		used.AddAll(a.Reads())
	}
	in, err := l.node(n.Input, used)
	if err != nil {
		return in, err
	}
	ids := slices.Clone(n.Group)
	p := &physical.Aggregate{Input: in.op, Grouped: n.Grouped && len(n.Group) == 0}
	if p.Group, err = l.positions(n.Group, in); err != nil {
		return in, err
	}
	for _, a := range aggs {
		call, err := l.call(a, in, n.Group)
		if err != nil {
			return in, err
		}
		p.Aggs, ids = append(p.Aggs, call), append(ids, a.Col)
	}
	p.Output = l.output(n, ids)
	return l.add(p, ids), nil
}

// call lowers an aggregate's call, whose direct arguments read the columns of the group.
func (l *lowering) call(a logical.Agg, in ref, group []logical.ColID) (agg.Call, error) {
	call := agg.Call{Func: a.Func, Filter: -1, Distinct: a.Distinct, T: l.q.Columns.At(a.Col).T, AppendOnly: l.plan.Nodes[in.op].Out().AppendOnly}
	var err error
	if call.Args, err = l.positions(a.Args, in); err != nil {
		return call, err
	}
	if a.Filter != 0 {
		if call.Filter = in.at(a.Filter); call.Filter < 0 {
			return call, l.missing(a.Filter)
		}
	}
	keys, err := l.sortKeys(a.Order, in)
	if err != nil {
		return call, err
	}
	for _, k := range keys {
		call.Order = append(call.Order, agg.SortKey(k))
	}
	call.Params, err = l.exprs(a.Params, group)
	return call, err
}

func (l *lowering) union(n *logical.Union, need logical.ColSet) (ref, error) {
	u := &physical.Union{}
	var ids []logical.ColID
	var keep []int
	for i, id := range n.Cols {
		if need.Has(id) {
			ids, keep = append(ids, id), append(keep, i)
		}
	}
	for k, in := range n.In {
		from := make([]logical.ColID, len(keep))
		for j, i := range keep {
			from[j] = n.From[k][i]
		}
		r, err := l.exactly(in, from)
		if err != nil {
			return r, err
		}
		u.In = append(u.In, r.op)
	}
	u.Output = l.output(n, ids)
	return l.add(u, ids), nil
}

func (l *lowering) setOp(n *logical.SetOp) (ref, error) {
	left, err := l.exactly(n.Left, n.LeftCols)
	if err != nil {
		return left, err
	}
	right, err := l.exactly(n.Right, n.RightCols)
	if err != nil {
		return right, err
	}
	return l.add(&physical.SetOp{Output: l.output(n, n.Cols), Left_: left.op, Right_: right.op, Except: n.Except, All: n.All}, n.Cols), nil
}

func (l *lowering) topN(n *logical.TopN, need logical.ColSet) (ref, error) {
	want := need.Clone()
	want.Remove(n.RowNumber)
	want.AddAll(n.Group)
	for _, k := range n.Order {
		want.Add(k.Col)
	}
	in, err := l.inputFor(n.Input, want)
	if err != nil {
		return in, err
	}
	t := &physical.TopN{Input: in.op, Limit: -1, WithTies: n.WithTies, Rank: n.Rank}
	if t.Group, err = l.positions(n.Group, in); err != nil {
		return in, err
	}
	if t.Order, err = l.sortKeys(n.Order, in); err != nil {
		return in, err
	}
	t.Limit, t.LimitExpr = rowCount(n.Limit, -1)
	t.Offset, t.OffsetExpr = rowCount(n.Offset, 0)
	ids := slices.Clone(in.ids)
	if n.RowNumber != 0 && need.Has(n.RowNumber) {
		t.RowNumber = true
		ids = append(ids, n.RowNumber)
	}
	t.Output = l.output(n, ids)
	l.readInOrder(t, in)
	return l.add(t, ids), nil
}

// rowCount splits a limit into a number, where it is known, and an expression.
func rowCount(e expr.Expr, none int64) (int64, expr.Expr) {
	switch k := e.(type) {
	case nil:
		return none, nil
	case *expr.Const:
		if k.Value.Null {
			return none, nil
		}
		return k.Value.I, nil
	}
	return none, e
}

func (l *lowering) sortKeys(keys []logical.SortKey, in ref) ([]physical.SortKey, error) {
	var out []physical.SortKey
	for _, k := range keys {
		at := in.at(k.Col)
		if at < 0 {
			return nil, l.missing(k.Col)
		}
		out = append(out, physical.SortKey{Col: at, Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	return out, nil
}

func (l *lowering) window(n *logical.Window, need logical.ColSet) (ref, error) {
	want := need.Clone()
	want.Add(n.Time)
	in, err := l.node(n.Input, want)
	if err != nil {
		return in, err
	}
	// Copies of a row cost by its width.
	if in, err = l.narrow(in, want); err != nil {
		return in, err
	}
	time := in.at(n.Time)
	if time < 0 {
		return in, l.missing(n.Time)
	}
	ids := append(slices.Clone(in.ids), n.Start, n.End)
	w := &physical.Window{Output: l.output(n, ids), Input: in.op, Time: time, Size: n.Size, Slide: n.Slide, Shift: n.Shift, Cumulate: n.Cumulate,
		Calendar: n.Calendar}
	return l.add(w, ids), nil
}

func (l *lowering) session(n *logical.Session, need logical.ColSet) (ref, error) {
	in, err := l.inputFor(n.Input, with(need, logical.Used(n)))
	if err != nil {
		return in, err
	}
	s := &physical.Session{Input: in.op, Time: in.at(n.Time), Gap: n.Gap}
	if s.Time < 0 {
		return in, l.missing(n.Time)
	}
	if s.Partition, err = l.positions(n.Partition, in); err != nil {
		return in, err
	}
	ids := append(slices.Clone(in.ids), n.Start, n.End)
	s.Output = l.output(n, ids)
	return l.add(s, ids), nil
}

func (l *lowering) series(n *logical.Series, need logical.ColSet) (ref, error) {
	s := &physical.Series{Input: -1, Outer: n.Outer}
	var in ref
	if n.Input != nil {
		var err error
		if in, err = l.inputFor(n.Input, with(need, logical.ExprsCols(n.Exprs()))); err != nil {
			return in, err
		}
		s.Input = in.op
	}
	ids := slices.Clone(in.ids)
	for _, f := range n.Funcs {
		args, err := l.exprs(f.Args, in.ids)
		if err != nil {
			return in, err
		}
		s.Funcs = append(s.Funcs, physical.SetFunc{Name: f.Name, Args: args, Ret: f.Ret})
		ids = append(ids, f.Cols...)
	}
	if n.Ordinality != 0 {
		s.Ordinality = true
		ids = append(ids, n.Ordinality)
	}
	s.Output = l.output(n, ids)
	return l.add(s, ids), nil
}

func (l *lowering) singleRow(n *logical.SingleRow, need logical.ColSet) (ref, error) {
	in, err := l.inputFor(n.Input, with(need, logical.SetOf(n.Group...)))
	if err != nil {
		return in, err
	}
	group, err := l.positions(n.Group, in)
	if err != nil {
		return in, err
	}
	return l.add(&physical.SingleRow{Output: l.output(n, in.ids), Input: in.op, Group: group}, in.ids), nil
}

func errInternal(format string, args ...any) error {
	return pgerr.New(pgerr.InternalError, "%s", fmt.Sprintf(format, args...))
}
