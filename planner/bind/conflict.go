package bind

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
)

// Conflict is a bound ON CONFLICT clause.
type Conflict struct {
	// Arbiters are the unique key spaces in which a row that exists already is a conflict: ids of indexes, 0 for the
	// primary key.
	Arbiters []uint32
	// Set are the new values of DO UPDATE, one for each of the relation's columns, nil where it stays; nil for DO
	// NOTHING. They and Where are over the existing row's columns, then those of the row that was proposed.
	Set   []expr.Expr
	Where expr.Expr // nil: always
	// Query computes Set, where it or Where has subqueries: it reads Rows, which has the existing row's columns, the proposed one's
	// and a number, and gives the number of each row that Where lets through, then the values of those columns that Set
	// has. The expressions in Set mean nothing then.
	Query *Rel
	Rows  *catalog.Relation
}

// conflict binds ON CONFLICT; nil without it.
func (in *insertion) conflict() (*Conflict, error) {
	oc := in.stmt.OnConflict
	if oc == nil {
		return nil, nil
	}
	if oc.DoUpdate && !oc.AnyKey && oc.Constraint == "" && len(oc.Elems) == 0 {
		return nil, pgerr.New(pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name).").At(oc.Pos)
	}
	out := &Conflict{}
	var err error
	if out.Arbiters, err = in.arbiters(oc); err != nil || !oc.DoUpdate {
		return out, err
	}
	return out, in.doUpdate(oc, out)
}

// unique lists the unique key spaces of the relation: id, columns.
func (in *insertion) unique() (ids []uint32, columns [][]int, names []string) {
	r := in.rel
	if r.Kind != catalog.Table {
		return nil, nil, nil
	}
	if _, hidden := r.RowID(); !hidden {
		ids, columns, names = append(ids, 0), append(columns, r.Key), append(names, r.PrimaryKeyName)
	}
	for _, x := range in.b.env.Catalog.Indexes(r) {
		if !x.Index.Unique {
			continue
		}
		name := ""
		if x.Index.Constraint {
			name = x.Name
		}
		ids, columns, names = append(ids, x.ID), append(columns, x.Index.Columns), append(names, name)
	}
	return ids, columns, names
}

// arbiters finds the key spaces that the clause means: those with exactly its columns, the constraint that it names, or
// all.
func (in *insertion) arbiters(oc *ast.OnConflict) ([]uint32, error) {
	ids, columns, names := in.unique()
	if oc.Constraint != "" {
		if i := slices.Index(names, oc.Constraint); i >= 0 {
			return ids[i : i+1], nil
		}
		if slices.ContainsFunc(in.rel.Checks, func(c catalog.Check) bool { return c.Name == oc.Constraint }) {
			return nil, pgerr.New(pgerr.WrongObjectType, "constraint in ON CONFLICT clause has no associated index")
		}
		return nil, pgerr.New(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", oc.Constraint, in.rel.Name)
	}
	if len(oc.Elems) == 0 {
		return ids, nil
	}
	var want []int
	for _, e := range oc.Elems {
		i := in.rel.ColumnIndex(e.Column)
		if in.view != nil {
			at := slices.IndexFunc(in.view.cols, func(c viewColumn) bool { return c.name == e.Column })
			if i = -1; at >= 0 {
				i = in.view.cols[at].attr
			}
		}
		if e.Column != "" && i < 0 {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", e.Column).At(oc.TargetPos)
		}
		want = append(want, i)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	var out []uint32
	for i, cols := range columns {
		cols = slices.Clone(cols)
		slices.Sort(cols)
		if slices.Equal(cols, want) {
			out = append(out, ids[i])
		}
	}
	if out == nil {
		return nil, pgerr.New(pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return out, nil
}

// doUpdate binds SET and WHERE of DO UPDATE over the existing row and the proposed one, "excluded".
func (in *insertion) doUpdate(oc *ast.OnConflict, out *Conflict) error {
	old, new := in.row(), in.row()
	existing, proposed := old.item, new.item
	proposed.name, proposed.schema, proposed.own = "excluded", "", ""
	var items []logical.Item
	var absent logical.ColSet
	if in.view != nil {
		items = append(slices.Clone(old.view.items), new.view.items...)
		absent.Union(old.view.absent)
		absent.Union(new.view.absent)
	}
	c := in.b.clause(&scope{items: []*fromItem{existing, proposed}, ctes: in.scope.ctes}, "UPDATE")
	values := make([]expr.Expr, len(in.rel.Columns))
	ch := &changed{b: in.b, rel: in.rel, view: in.view, old: old.ids}
	set := oc.Set
	if oc.WholeRow {
		if in.view != nil {
			return pgerr.Unsupported("REPLACE into a view").At(oc.Pos)
		}
		set = in.wholeRow(oc.Pos)
	}
	for _, a := range set {
		if err := ch.assign(c, a, values); err != nil {
			return err
		}
	}
	where := in.b.clause(c.scope, "WHERE")
	var preds []expr.Expr
	var semis []*semi
	if oc.UpdateWhere != nil {
		var err error
		if preds, semis, err = where.bindWhere(oc.UpdateWhere, "WHERE"); err != nil {
			return err
		}
	}
	out.Set = values
	read := logical.ExprsCols(preds)
	for _, x := range values {
		if x != nil {
			read.AddAll(expr.Columns(x))
		}
	}
	for _, p := range append(slices.Clone(c.pending), where.pending...) {
		read.Union(logical.Free(p.node))
	}
	for _, x := range semis {
		read.Union(logical.Free(x.join(oneRow())))
	}
	if err := refuseAbsent(read, absent, oc.Pos); err != nil {
		return err
	}
	if len(c.pending) > 0 || len(where.pending) > 0 || len(semis) > 0 {
		rows, scan, number := in.b.numbered("conflicts", append(slices.Clone(old.ids), new.ids...))
		out.Rows = rows
		out.Query = in.b.updateQuery(c.attach(where.applyWhere(in.b.cols.Extend(scan, items...), preds, semis)), number, in.rel, values)
		return nil
	}
	both := append(slices.Clone(old.ids), new.ids...)
	index := func(id logical.ColID) int { return slices.Index(both, id) }
	for i := range values {
		if values[i] != nil {
			values[i] = in.b.fold(expr.RemapColumns(replaceComputed(values[i], items), index))
		}
	}
	if len(preds) > 0 {
		out.Where = in.b.fold(expr.RemapColumns(replaceComputed(logical.Conjoin(preds), items), index))
	}
	return nil
}

// updateQuery gives a row's number and the new values of its columns.
func (b *Binder) updateQuery(n logical.Node, number logical.ColID, r *catalog.Relation, values []expr.Expr) *Rel {
	p := &logical.Project{Input: n, Items: []logical.Item{{Col: number, Expr: b.cols.Ref(number)}}}
	q := &Rel{Node: p, Cols: []OutCol{{"number", number}}}
	for i, x := range values {
		if x == nil {
			continue
		}
		id := b.cols.Add(logical.Column{Name: r.Columns[i].Name, T: r.Columns[i].T})
		p.Items = append(p.Items, logical.Item{Col: id, Expr: x})
		q.Cols = append(q.Cols, OutCol{r.Columns[i].Name, id})
	}
	return q
}

// wholeRow is the SET that puts the proposed row in the existing one's place: each column that is not computed from
// others gets its proposed value.
func (in *insertion) wholeRow(pos int) []*ast.Assignment {
	var set []*ast.Assignment
	for i := range in.rel.Columns {
		c := &in.rel.Columns[i]
		if c.Hidden || c.Generated == catalog.StoredExpr {
			continue
		}
		set = append(set, &ast.Assignment{
			Pos:     pos,
			Columns: []*ast.InsertColumn{{Pos: pos, Name: c.Name}},
			Value:   &ast.ColumnRef{Pos: pos, Parts: []string{"excluded", c.Name}},
		})
	}
	return set
}
