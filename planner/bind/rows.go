package bind

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// resultBase is the id of the first relation that stands for rows at hand. No object of a catalog gets that far.
const resultBase = 0xff000000

// result makes a relation that stands for rows which the statement has at hand while it runs. It is in no catalog: who runs the
// plan gives the rows under its id.
func (b *Binder) result(name string, cols []ScalarColumn) *catalog.Relation {
	b.results++
	r := &catalog.Relation{ID: resultBase + b.results, Schema: catalog.PublicSchema, Name: name, Kind: catalog.Result, AppendOnly: true}
	for _, c := range cols {
		r.Columns = append(r.Columns, catalog.Column{Name: c.Name, T: c.T})
	}
	return r
}

// scanResult reads a result's columns as ids.
func scanResult(r *catalog.Relation, ids []logical.ColID) *logical.Scan {
	s := &logical.Scan{Relation: r, Alias: r.Name, AppendOnly: true, Cols: ids}
	for i := range ids {
		s.Attrs = append(s.Attrs, i)
	}
	return s
}

// numbered makes a result of rows with columns ids and, last, a number by which they are told apart, and its scan.
func (b *Binder) numbered(name string, ids []logical.ColID) (r *catalog.Relation, scan *logical.Scan, number logical.ColID) {
	cols := make([]ScalarColumn, len(ids), len(ids)+1)
	for i, id := range ids {
		cols[i] = ScalarColumn{Name: b.cols.At(id).Name, T: b.cols.At(id).T}
	}
	n := ScalarColumn{Name: "number", T: types.Of(types.Int8)}
	number = b.cols.Add(logical.Column{Name: n.Name, T: n.T})
	r = b.result(name, append(cols, n))
	return r, scanResult(r, append(append([]logical.ColID(nil), ids...), number)), number
}

// Returning is a bound RETURNING clause. One of Exprs and Query computes it.
type Returning struct {
	Cols []ScalarColumn
	// Exprs are over the rows that the clause is evaluated for, by the number of their columns.
	Exprs []expr.Expr
	// Query is for a list with subqueries: it reads Rows, which has the rows' columns and their number, and gives its own in that
	// order.
	Query *Rel
	Rows  *catalog.Relation
}

// returned says what a RETURNING list is evaluated over.
type returned struct {
	// at says where a column stands in the rows; it may add the column to them.
	at func(logical.ColID) int
	// cols are the rows' columns, once at has been asked for all.
	cols func() []logical.ColID
	// view is set where the rows are those of a view's base.
	view *viewRow
}

// replaceComputed puts what computes them in the place of columns.
func replaceComputed(e expr.Expr, items []logical.Item) expr.Expr {
	if len(items) == 0 {
		return e
	}
	names := map[logical.ColID]expr.Expr{}
	for _, it := range items {
		names[it.Col] = it.Expr
	}
	return logical.RenameExpr(e, names)
}

// returning binds a RETURNING list.
func (c *clause) returning(list []*ast.Target, rows returned) (*Returning, error) {
	targets, err := c.targets(list, false)
	if err != nil {
		return nil, err
	}
	out := &Returning{Cols: make([]ScalarColumn, len(targets))}
	for i, t := range targets {
		out.Cols[i] = ScalarColumn{Name: t.name, T: t.bound.Type()}
	}
	var read logical.ColSet
	for _, t := range targets {
		read.AddAll(expr.Columns(t.bound))
	}
	for _, p := range c.pending {
		read.Union(logical.Free(p.node))
	}
	var items []logical.Item
	if rows.view != nil {
		items = rows.view.items
		if err := refuseAbsent(read, rows.view.absent, list[0].Pos); err != nil {
			return nil, err
		}
	}
	if len(c.pending) == 0 {
		for _, t := range targets {
			out.Exprs = append(out.Exprs, c.b.fold(expr.RemapColumns(replaceComputed(t.bound, items), rows.at)))
		}
		return out, nil
	}
	for _, it := range c.scope.items {
		for _, col := range it.cols {
			if read.Has(col.id) && !slices.ContainsFunc(items, func(x logical.Item) bool { return x.Col == col.id }) {
				rows.at(col.id)
			}
		}
	}
	r, scan, number := c.b.numbered("returning", rows.cols())
	p := &logical.Project{Input: c.attach(c.b.cols.Extend(scan, items...))}
	q := &Rel{Node: p, Order: []logical.SortKey{{Col: number}}}
	for i, t := range targets {
		id := c.b.cols.Add(logical.Column{Name: t.name, T: t.bound.Type()})
		p.Items = append(p.Items, logical.Item{Col: id, Expr: t.bound})
		q.Cols = append(q.Cols, OutCol{out.Cols[i].Name, id})
	}
	p.Items = append(p.Items, logical.Item{Col: number, Expr: c.b.cols.Ref(number)})
	out.Query, out.Rows = q, r
	return out, nil
}
