package bind

import (
	"slices"

	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// joinOn binds a join's condition. That of an inner join is a filter of its result; for the others see [outerJoin].
func (b *Binder) joinOn(j *ast.Join, f *from, s *scope) error {
	node := f.node.(*logical.Join)
	c := b.clause(&scope{outer: s.outer, within: s.within, items: f.items, hidden: s.items, ctes: s.ctes, level: s.level}, "JOIN conditions")
	if node.Kind == physical.Inner {
		n, err := c.where(node, j.On)
		f.node = n
		return err
	}
	preds, semis, err := c.bindWhere(j.On, c.name)
	if err != nil {
		return err
	}
	o := &outerJoin{c: c, kind: node.Kind, left: node.Left, right: node.Right, preds: preds}
	o.place(semis)
	if len(o.pairs) == 0 && len(o.semis) == 0 {
		f.node = &logical.Join{Kind: o.kind, Left: o.left, Right: o.right, On: o.preds}
		return nil
	}
	f.node = o.pairwise(f)
	return nil
}

// outerJoin is an outer join whose condition has subqueries. A subquery that reads columns of one side only is computed
// for the rows of that side, before the join. One that reads both sides is computed for pairs of rows: the join is then
// that of one side with those rows of the other, as a dependent subplan, that the condition holds for.
type outerJoin struct {
	c           *clause
	kind        physical.JoinKind
	left, right logical.Node
	preds       []expr.Expr
	pairs       []pending // subqueries that read both sides
	semis       []*semi   // conditions that are semi joins and read both sides
}

// reads tells which sides a set of columns has members of.
func (o *outerJoin) reads(cols logical.ColSet) (left, right bool) {
	left, right = cols.Intersects(logical.OutputSet(o.left)), cols.Intersects(logical.OutputSet(o.right))
	for _, p := range o.pairs {
		if cols.Intersects(logical.OutputSet(p.node)) {
			return true, true
		}
	}
	return left, right
}

// place puts each subquery where the columns are that it reads.
func (o *outerJoin) place(semis []*semi) {
	for _, s := range semis {
		cols := logical.ExprsCols(s.on)
		cols.Union(logical.Free(s.node))
		left, right := o.reads(cols)
		switch {
		case !left && o.kind == physical.Left && !o.readsPending(cols):
			o.right = s.join(o.right)
		case !right && o.kind == physical.Right && !o.readsPending(cols):
			o.left = s.join(o.left)
		case left && right:
			o.semis = append(o.semis, s)
		default:
			o.preds = append(o.preds, o.c.semiMark(s))
		}
	}
	list := o.c.pending
	o.c.pending = nil
	for _, p := range list {
		left, right := o.reads(logical.Free(p.node))
		switch {
		case left && right:
			o.pairs = append(o.pairs, p)
		case right:
			o.right = &logical.Join{Kind: p.kind, Left: o.right, Right: p.node}
		default:
			o.left = &logical.Join{Kind: p.kind, Left: o.left, Right: p.node}
		}
	}
}

// readsPending reports whether one of the columns is a subquery's value, which is not part of a side yet.
func (o *outerJoin) readsPending(cols logical.ColSet) bool {
	return slices.ContainsFunc(o.c.pending, func(p pending) bool { return cols.Intersects(logical.OutputSet(p.node)) })
}

// semiMark makes a semi join a boolean.
func (c *clause) semiMark(s *semi) expr.Expr {
	on := s.on
	if s.notIn {
		on = []expr.Expr{&expr.BoolTest{Arg: logical.Conjoin(on), Want: types.NewBool(false), Negate: true}}
	}
	x := c.existsMark(logical.NewFilter(s.node, on...), s.of)
	if s.anti {
		return &expr.Not{Arg: x}
	}
	return x
}

// matching is the rows of one side for which the condition holds together with a row of the other, which it reads from
// outside.
func (o *outerJoin) matching(side logical.Node) logical.Node {
	var before, after []expr.Expr
	for _, p := range o.preds {
		cols := logical.ExprCols(p)
		if slices.ContainsFunc(o.pairs, func(q pending) bool { return cols.Intersects(logical.OutputSet(q.node)) }) {
			after = append(after, p)
		} else {
			before = append(before, p)
		}
	}
	n := logical.NewFilter(side, before...)
	for _, p := range o.pairs {
		n = &logical.Join{Kind: p.kind, Left: n, Right: p.node}
	}
	n = logical.NewFilter(n, after...)
	for _, s := range o.semis {
		n = s.join(n)
	}
	return n
}

// pairwise makes the join over dependent subplans. A full join is the left join and the right side's rows without a
// match.
func (o *outerJoin) pairwise(f *from) logical.Node {
	if o.kind == physical.Right {
		return &logical.Join{Kind: physical.Left, Left: o.right, Right: o.matching(o.left)}
	}
	left := &logical.Join{Kind: physical.Left, Left: o.left, Right: o.matching(o.right)}
	if o.kind == physical.Left {
		return left
	}
	cols := o.c.b.cols
	rest := &logical.Project{Input: &logical.Join{Kind: physical.Anti, Left: o.right, Right: o.matching(o.left)}}
	u := &logical.Union{In: []logical.Node{left, rest}, From: make([][]logical.ColID, 2)}
	names := map[logical.ColID]logical.ColID{}
	isRight := logical.OutputSet(o.right)
	for _, it := range f.items {
		for _, col := range it.cols {
			if names[col.id] != 0 {
				continue
			}
			id, none := cols.Copy(col.id), cols.Copy(col.id)
			names[col.id] = id
			value := expr.Expr(&expr.Const{Value: types.Null, T: cols.At(id).T})
			if isRight.Has(col.id) {
				value = cols.Ref(col.id)
			}
			rest.Items = append(rest.Items, logical.Item{Col: none, Expr: value})
			u.Cols = append(u.Cols, id)
			u.From[0], u.From[1] = append(u.From[0], col.id), append(u.From[1], none)
		}
	}
	for i, it := range f.items {
		x := *it
		x.cols = slices.Clone(it.cols)
		for k := range x.cols {
			x.cols[k].id = names[x.cols[k].id]
		}
		f.items[i] = &x
	}
	return u
}
