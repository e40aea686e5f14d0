package bind

import (
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
)

// from is a bound FROM item: a plan and what names find in it.
type from struct {
	node  logical.Node
	items []*fromItem
	// order is the ORDER BY of a subquery.
	order []logical.SortKey
}

// cols lists the columns that * expands to and unqualified names find.
func (f *from) cols() []scopeCol {
	var out []scopeCol
	for _, it := range f.items {
		if it.colsVisible {
			out = append(out, it.cols...)
		}
	}
	return out
}

// bindFrom binds a FROM list. The items are added to s as they come, so that lateral ones see those to their left.
func (b *Binder) bindFrom(list []ast.TableExpr, s *scope) (logical.Node, error) {
	var node logical.Node
	for _, t := range list {
		f, err := b.bindTable(t, s)
		if err != nil {
			return nil, err
		}
		if err := checkAliases(s.items, f.items, t.Position()); err != nil {
			return nil, err
		}
		s.items = append(s.items, f.items...)
		if node == nil {
			node = f.node
			if len(list) == 1 {
				s.order = f.order
			}
		} else {
			node = &logical.Join{Kind: physical.Inner, Left: node, Right: f.node}
		}
	}
	if node == nil {
		node = oneRow()
	}
	return node, nil
}

// checkAliases refuses two FROM items of one name.
func checkAliases(have, more []*fromItem, pos int) error {
	for _, m := range more {
		for _, h := range have {
			if m.name != "" && m.name == h.name && m.relVisible && h.relVisible && (m.schema == h.schema || m.schema == "" || h.schema == "") {
				return pgerr.New(pgerr.DuplicateAlias, "table name \"%s\" specified more than once", m.name).At(pos)
			}
		}
	}
	return nil
}

// bindTable binds one item of a FROM clause. s holds the items to its left.
func (b *Binder) bindTable(t ast.TableExpr, s *scope) (*from, error) {
	if err := b.grow(1); err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case *ast.TableName:
		return b.bindTableName(t, s)
	case *ast.Subquery:
		return b.bindFromSubquery(t, s)
	case *ast.Join:
		return b.bindJoin(t, s)
	case *ast.FuncTable:
		return b.bindFuncTable(t, s)
	case *ast.WindowTable:
		return b.bindWindowTable(t, s)
	}
	return nil, pgerr.Unsupported("this item of a FROM clause").At(t.Position())
}

func (b *Binder) bindTableName(t *ast.TableName, s *scope) (*from, error) {
	if t.SystemTimeAsOf != nil {
		if !b.atConstant(t) {
			return nil, misplacedSystemTime(t)
		}
		x := *t
		x.SystemTimeAsOf = nil
		var f *from
		err := b.asOfScope(t.SystemTimeAsOf, s, "FOR SYSTEM_TIME AS OF", func() (err error) {
			f, err = b.bindTableName(&x, s)
			return err
		})
		return f, err
	}
	if t.Sample != nil {
		if m := t.Sample.Method.Name; m != "system" && m != "bernoulli" {
			return nil, pgerr.New(pgerr.UndefinedObject, "tablesample method %s does not exist", m).At(t.Sample.Method.Pos)
		}
		return nil, pgerr.Unsupported("TABLESAMPLE").At(t.Sample.Pos)
	}
	if t.Schema == "" {
		if d := s.cte(t.Name); d != nil {
			rel, err := b.bindCTE(d, t.Pos)
			if err != nil {
				return nil, err
			}
			if d.work == nil {
				rel = &Rel{Node: b.apart(rel), Cols: rel.Cols, added: rel.added}
			}
			cols := toScope(rel.Cols)
			for i := len(cols) - rel.added; i < len(cols); i++ {
				cols[i].added, cols[i].hidden = true, s.level != d.level
			}
			f, err := b.aliased(rel.Node, cols, t.Name, "", t.Alias)
			if err == nil {
				f.items[0].recursive = d.work != nil
			}
			return f, err
		}
	}
	r, err := b.Relation(t.ObjectName)
	if err != nil {
		return nil, err
	}
	alias := r.Name
	if t.Alias != nil {
		alias = t.Alias.Name
	}
	node, cols, err := b.bindRelation(r, alias, t.Pos)
	if err != nil {
		return nil, err
	}
	return b.aliased(node, cols, r.Name, r.Schema, t.Alias)
}

// apart finishes a query as a relation whose columns are all different ones: SELECT a, a gives two columns, which
// grouping sets tell apart.
func (b *Binder) apart(rel *Rel) logical.Node {
	var seen logical.ColSet
	var copies []logical.Item
	for i, c := range rel.Cols {
		if seen.Has(c.ID) {
			id := b.cols.Copy(c.ID)
			copies = append(copies, logical.Item{Col: id, Expr: b.cols.Ref(c.ID)})
			rel.Cols[i].ID = id
		}
		seen.Add(c.ID)
	}
	return b.cols.Extend(rel.Finish(), copies...)
}

func toScope(cols []OutCol) []scopeCol {
	out := make([]scopeCol, len(cols))
	for i, c := range cols {
		out[i] = scopeCol{name: c.Name, id: c.ID}
	}
	return out
}

// aliased makes the namespace entry of a relation, subquery or function.
func (b *Binder) aliased(node logical.Node, cols []scopeCol, name, schema string, alias *ast.Alias) (*from, error) {
	it := &fromItem{name: name, schema: schema, cols: cols, relVisible: true, colsVisible: true}
	if alias != nil {
		it.name, it.schema = alias.Name, ""
		if alias.Name != name {
			it.own = name
		}
		if err := it.renameCols(alias); err != nil {
			return nil, err
		}
	}
	return &from{node: node, items: []*fromItem{it}}, nil
}

func (it *fromItem) renameCols(alias *ast.Alias) error {
	it.cols = append([]scopeCol(nil), it.cols...)
	k := 0
	for i := range it.cols {
		if it.cols[i].hidden || it.cols[i].added || k >= len(alias.Columns) {
			continue
		}
		it.cols[i].name = alias.Columns[k]
		k++
	}
	if k < len(alias.Columns) {
		return pgerr.New(pgerr.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified",
			alias.Name, k, len(alias.Columns)).At(alias.Pos)
	}
	return nil
}

// bindFromSubquery binds a subquery in FROM, which sees the items to its left only if it is LATERAL.
func (b *Binder) bindFromSubquery(t *ast.Subquery, s *scope) (*from, error) {
	inner := &scope{outer: s.outer, within: s.within, hidden: s.items, ctes: s.ctes, level: s.level}
	if t.Lateral {
		inner = &scope{outer: s, ctes: s.ctes, level: s.level}
	}
	if t.Alias == nil {
		what, example := "subquery", "SELECT"
		if _, ok := t.Query.Body.(*ast.Values); ok {
			what, example = "VALUES", "VALUES"
		}
		return nil, pgerr.New(pgerr.SyntaxError, "%s in FROM must have an alias", what).
			WithHint("For example, FROM (%s ...) [AS] foo.", example).At(t.Pos)
	}
	rel, err := b.bindSubselect(t.Query, inner, nil)
	if err != nil {
		return nil, err
	}
	f, err := b.aliased(b.apart(rel), toScope(rel.Cols), t.Alias.Name, "", t.Alias)
	if err == nil {
		f.order = rel.Order
	}
	return f, err
}

// bindSubselect binds a query one level down: what is in scope there is outside of the query. within is the clause that the
// query is part of, nil for FROM.
func (b *Binder) bindSubselect(q *ast.Select, outside *scope, within *clause) (*Rel, error) {
	return b.bindSelect(q, &scope{outer: outside, within: within, hidden: outside.hidden, ctes: outside.ctes, level: outside.level + 1}, selectOptions{})
}
