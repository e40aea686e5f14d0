package lower

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/planner/physical"
)

// scan reads the columns that are needed, and those that its filter reads.
func (l *lowering) scan(n *logical.Scan, need logical.ColSet) (ref, error) {
	if plain, timed := l.timed(n.Filter); len(timed) > 0 {
		x := *n
		x.Filter = plain
		in, err := l.scan(&x, with(need, logical.ExprsCols(timed)))
		if err != nil {
			return in, err
		}
		return l.temporal(n, in, timed, need)
	}
	want := with(need, logical.ExprsCols(n.Filter))
	r := n.Relation
	s := &physical.Scan{Relation: r.ID, Name: r.Name, Kind: r.Kind.String(), Cols: []int{}}
	if r.Schema != catalog.PublicSchema {
		s.Name = r.Schema + "." + r.Name
	}
	s.Result = r.Kind == catalog.Result
	s.History = n.History
	if r.Kind == catalog.System {
		s.System = r.Schema + "." + r.Name
	}
	var ids []logical.ColID
	for i, id := range n.Cols {
		if want.Has(id) {
			ids, s.Cols = append(ids, id), append(s.Cols, n.Attrs[i])
		}
	}
	var err error
	if len(n.Filter) > 0 {
		if s.Filter, err = l.expr(logical.Conjoin(n.Filter), ids); err != nil {
			return ref{}, err
		}
	}
	s.Output = l.output(n, ids)
	if !l.q.View {
		if s.Point, s.Index, s.IndexName, err = l.point(n); err != nil {
			return ref{}, err
		}
	}
	return l.add(s, ids), nil
}

// ordered reports whether a relation is stored in the order of its key.
func ordered(r *catalog.Relation) bool {
	return r.Key != nil && (r.Kind == catalog.Table || r.Kind == catalog.MaterializedView)
}

// point finds constants for a prefix of the key of a relation that is stored by key or, where the key's are fewer, of the
// columns of an index. A whole key is best: it is one row.
func (l *lowering) point(n *logical.Scan) (point []expr.Expr, index uint32, name string, err error) {
	if !ordered(n.Relation) || len(n.Filter) == 0 {
		return nil, 0, "", nil
	}
	constant := logical.ConstantCols(n.Filter)
	best := prefix(n, n.Relation.Key, constant)
	if len(best) < len(n.Relation.Key) {
		for _, x := range n.Indexes {
			p := prefix(n, x.Index.Columns, constant)
			whole := x.Index.Unique && len(p) == len(x.Index.Columns)
			if len(p) > len(best) || whole && len(p) > 0 && index == 0 {
				best, index, name = p, x.ID, x.Name
			}
		}
	}
	for _, e := range best {
		x, err := l.expr(e, nil)
		if err != nil {
			return nil, 0, "", err
		}
		point = append(point, x)
	}
	return point, index, name, nil
}

// prefix gives the constants that the first of some columns are held to.
func prefix(n *logical.Scan, attrs []int, constant map[logical.ColID]expr.Expr) (out []expr.Expr) {
	for _, attr := range attrs {
		i := slices.Index(n.Attrs, attr)
		if i < 0 || constant[n.Cols[i]] == nil {
			break
		}
		out = append(out, constant[n.Cols[i]])
	}
	return out
}

// readInOrder lets a scan, or a recursion whose order does not matter, end early where a TopN reads it, but for projections directly: the relation is stored in the
// order that is asked for, or the order does not matter. Only in an ad-hoc plan, where the rows do not change.
func (l *lowering) readInOrder(t *physical.TopN, in ref) {
	if l.q.View || len(t.Group) > 0 || t.WithTies || t.RowNumber || t.Rank != physical.RowNumberRank || t.Limit < 0 || t.OffsetExpr != nil || t.Limit > 1<<31 || t.Offset > 1<<31 {
		return
	}
	op, readers := in.op, 0
	order := slices.Clone(t.Order)
	for {
		if l.readers(op) > readers {
			return // somebody else needs all the rows
		}
		readers = 1
		p, ok := l.plan.Nodes[op].(*physical.Project)
		if !ok {
			break
		}
		for i := range order {
			c, ok := p.Exprs[order[i].Col].(*expr.Column)
			if !ok {
				return
			}
			order[i].Col = c.Index
		}
		op = p.Input
	}
	if r, ok := l.plan.Nodes[op].(*physical.Recurse); ok && len(order) == 0 && t.Limit+t.Offset > 0 {
		r.StopAfter = t.Limit + t.Offset
		return
	}
	s, ok := l.plan.Nodes[op].(*physical.Scan)
	if !ok || s.System != "" || t.Limit+t.Offset == 0 {
		return
	}
	rel, ok := l.relation(s.Relation)
	if !ok {
		return
	}
	keyed, reverse := keyOrder(rel, s, order)
	if len(order) > 0 && !keyed {
		return
	}
	s.StopAfter = t.Limit + t.Offset
	s.KeyOrder, s.Reverse = len(order) > 0, len(order) > 0 && reverse
}

// readers counts the operators that read op so far.
func (l *lowering) readers(op int) int {
	count := 0
	for _, n := range l.plan.Nodes {
		for _, in := range n.Inputs() {
			if in == op {
				count++
			}
		}
	}
	return count
}

func (l *lowering) relation(id uint32) (rel *catalog.Relation, ok bool) {
	logical.Walk(l.q.Node, func(n logical.Node) {
		if s, isScan := n.(*logical.Scan); isScan && s.Relation.ID == id {
			rel, ok = s.Relation, true
		}
	})
	return rel, ok
}

// keyOrder reports whether the order in which rel is stored, or its reverse, is the order asked for. Key columns that
// are held to a constant come anywhere.
func keyOrder(rel *catalog.Relation, s *physical.Scan, order []physical.SortKey) (ok, reverse bool) {
	if !ordered(rel) || len(order) == 0 || s.Index != 0 || s.History != nil {
		return false, false
	}
	reverse = order[0].Desc
	key := rel.Key[len(s.Point):]
	for i, o := range order {
		if i >= len(key) {
			// All of the key has been compared: no two rows are left to order.
			return true, reverse
		}
		attr := s.Cols[o.Col]
		notNull := rel.Columns[attr].NotNull || rel.Kind == catalog.Table
		if attr != key[i] || o.Desc != reverse || !notNull && o.NullsFirst != o.Desc {
			return false, false
		}
	}
	return true, reverse
}
