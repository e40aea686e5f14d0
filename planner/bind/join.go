package bind

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
)

var joinKinds = map[ast.JoinType]physical.JoinKind{
	ast.InnerJoin: physical.Inner, ast.CrossJoin: physical.Inner, ast.LeftJoin: physical.Left, ast.RightJoin: physical.Right, ast.FullJoin: physical.Full,
}

// bindJoin binds a JOIN. A chain of joins is a left-deep tree, which is walked by a loop.
func (b *Binder) bindJoin(j *ast.Join, s *scope) (*from, error) {
	var chain []*ast.Join
	t := ast.TableExpr(j)
	for {
		x, ok := t.(*ast.Join)
		if !ok {
			break
		}
		chain = append(chain, x)
		t = x.Left
	}
	left, err := b.bindTable(t, s)
	if err != nil {
		return nil, err
	}
	for _, x := range slices.Backward(chain) {
		if left, err = b.joinStep(x, left, s); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// joinStep joins what is bound already with one more item.
func (b *Binder) joinStep(j *ast.Join, left *from, s *scope) (*from, error) {
	if j.AsOf {
		if err := asOfKind(j); err != nil {
			return nil, err
		}
	}
	versions, bare := systemTimeRight(j)
	if versions != nil && !ofArrival(versions.SystemTimeAsOf) && b.atConstant(versions) {
		versions = nil // a relation of its own, as elsewhere
	}
	if versions != nil {
		if err := checkSystemTime(j); err != nil {
			return nil, err
		}
		x := *j
		x.Right, j = bare, &x
		if ofArrival(versions.SystemTimeAsOf) && !b.env.View {
			versions = nil // a query that runs once arrives now
		}
	}
	kind := joinKinds[j.Type]
	items := left.items
	if kind == physical.Right || kind == physical.Full {
		items = nil
		for _, it := range left.items {
			c := *it
			c.blocked = true
			items = append(items, &c)
		}
	}
	right, err := b.bindTable(j.Right, &scope{outer: s.outer, within: s.within, items: slices.Concat(s.items, items), hidden: s.hidden, ctes: s.ctes, level: s.level})
	if err != nil {
		return nil, err
	}
	if err := checkAliases(left.items, right.items, j.Right.Position()); err != nil {
		return nil, err
	}
	if err := b.grow(1); err != nil {
		return nil, err
	}
	node := &logical.Join{Kind: kind, Left: left.node, Right: right.node}
	out := &from{node: node}
	switch {
	case versions != nil:
		if out, err = b.temporalJoin(j, versions, left, right, s); err != nil {
			return nil, err
		}
	case j.AsOf:
		if out, err = b.asOfJoin(j, left, right, s); err != nil {
			return nil, err
		}
	case j.Natural || len(j.Using) > 0:
		left.items, right.items = missing(kind, left.items, right.items)
		if out, err = b.joinUsing(j, node, left, right, s); err != nil {
			return nil, err
		}
	default:
		out.items = slices.Concat(left.items, right.items)
		if j.On != nil {
			if err := b.joinOn(j, out, s); err != nil {
				return nil, err
			}
		}
		l, r := missing(kind, out.items[:len(left.items)], out.items[len(left.items):])
		out.items = slices.Concat(l, r)
	}
	if j.Alias != nil {
		it := &fromItem{name: j.Alias.Name, cols: out.cols(), relVisible: true, colsVisible: true, recursive: hasRecursive(out.items)}
		if err := it.renameCols(j.Alias); err != nil {
			return nil, err
		}
		out.items = []*fromItem{it}
	}
	return out, nil
}

// missing notes the items that a row of an outer join may lack.
func missing(kind physical.JoinKind, left, right []*fromItem) (l, r []*fromItem) {
	note := func(items []*fromItem, nullable bool) []*fromItem {
		if !nullable {
			return items
		}
		out := make([]*fromItem, len(items))
		for i, it := range items {
			c := *it
			c.nullable = true
			out[i] = &c
		}
		return out
	}
	return note(left, kind == physical.Right || kind == physical.Full), note(right, kind == physical.Left || kind == physical.Full)
}

// hasRecursive reports whether a FROM clause has the recursive reference.
func hasRecursive(items []*fromItem) bool {
	return slices.ContainsFunc(items, func(it *fromItem) bool { return it.recursive })
}

// joinUsing binds USING and NATURAL: the columns of a name become one, which comes first.
func (b *Binder) joinUsing(j *ast.Join, node *logical.Join, left, right *from, s *scope) (*from, error) {
	lcols, rcols := left.cols(), right.cols()
	names := j.Using
	if j.Natural {
		for _, l := range lcols {
			if !l.hidden && slices.ContainsFunc(rcols, func(r scopeCol) bool { return r.name == l.name && !r.hidden }) && !slices.Contains(names, l.name) {
				names = append(names, l.name)
			}
		}
	}
	c := b.clause(&scope{outer: s.outer, ctes: s.ctes}, "JOIN/USING")
	merged := make([]scopeCol, 0, len(names))
	var extra []logical.Item
	var used logical.ColSet
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, pgerr.New(pgerr.DuplicateColumn, "column name \"%s\" appears more than once in USING clause", name).At(j.Pos)
		}
		l, err := usingColumn(lcols, name, "left", j.Pos)
		if err != nil {
			return nil, err
		}
		r, err := usingColumn(rcols, name, "right", j.Pos)
		if err != nil {
			return nil, err
		}
		used.Add(l.id)
		used.Add(r.id)
		le, re := expr.Expr(b.column(l.id, j.Pos, l.name)), expr.Expr(b.column(r.id, j.Pos, r.name))
		if _, err := c.commonType("JOIN/USING", []expr.Expr{le, re}, j.Pos, j.Pos); err != nil {
			return nil, err
		}
		eq, err := c.operator("=", le, re, j.Pos)
		if err != nil {
			return nil, err
		}
		node.On = append(node.On, eq)
		m, item, err := c.mergedColumn(node.Kind, name, le, re, j.Pos)
		if err != nil {
			return nil, err
		}
		if item != nil {
			extra = append(extra, *item)
		}
		merged = append(merged, scopeCol{name: name, id: m})
	}
	out := &from{node: b.cols.Extend(node, extra...)}
	// The join's own columns are found without a qualifier; those of its inputs with.
	all := &fromItem{cols: slices.Clone(merged), colsVisible: true}
	for _, col := range slices.Concat(lcols, rcols) {
		if !used.Has(col.id) || !slices.Contains(names, col.name) {
			all.cols = append(all.cols, col)
		}
	}
	for _, it := range slices.Concat(left.items, right.items) {
		x := *it
		x.colsVisible = false
		out.items = append(out.items, &x)
	}
	out.items = append(out.items, all)
	if j.UsingAlias != "" {
		out.items = append(out.items, &fromItem{name: j.UsingAlias, cols: merged, relVisible: true})
	}
	return out, nil
}

func usingColumn(cols []scopeCol, name, side string, pos int) (*scopeCol, error) {
	var found *scopeCol
	for i := range cols {
		if cols[i].name != name {
			continue
		}
		if found != nil {
			return nil, pgerr.New(pgerr.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side).At(pos)
		}
		found = &cols[i]
	}
	if found == nil {
		return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side).At(pos)
	}
	return found, nil
}

// mergedColumn chooses what a column of USING is: the column of the side that is never missing, or of a full join
// the first that is there. item is set when it has to be computed.
func (c *clause) mergedColumn(kind physical.JoinKind, name string, l, r expr.Expr, pos int) (logical.ColID, *logical.Item, error) {
	t, err := c.commonType("JOIN/USING", []expr.Expr{l, r}, pos, pos)
	if err != nil {
		return 0, nil, err
	}
	var e expr.Expr
	switch kind {
	case physical.Right:
		e, err = c.coerce(r, t, implicit, pos)
	case physical.Full:
		var args []expr.Expr
		if args, err = c.coerceAll([]expr.Expr{l, r}, t, pos); err == nil {
			e = &expr.Coalesce{Args: args, T: t}
		}
	default:
		e, err = c.coerce(l, t, implicit, pos)
	}
	if err != nil {
		return 0, nil, err
	}
	if col, ok := e.(*expr.Column); ok {
		return col.Index, nil, nil
	}
	id := c.b.cols.Add(logical.Column{Name: name, T: t})
	return id, &logical.Item{Col: id, Expr: e}, nil
}
