package bind

import (
	"slices"
	"strconv"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// row binds ROW(...) as a value. Untyped literals in it are text, unless the row is converted to a composite type, for which
// the fields are kept as they were written.
func (c *clause) row(e *ast.Row) (expr.Expr, error) {
	var raw, fields []expr.Expr
	var attrs []types.Attr
	add := func(x expr.Expr, pos int) error {
		raw = append(raw, x)
		x, err := c.typed(x, pos)
		if err != nil {
			return err
		}
		fields = append(fields, x)
		attrs = append(attrs, types.Attr{Name: "f" + strconv.Itoa(len(fields)), T: x.Type().WithoutMod()})
		return nil
	}
	for _, a := range e.Args {
		if star, ok := a.(*ast.Star); ok {
			cols, err := c.star(star)
			if err != nil {
				return nil, err
			}
			for _, col := range cols {
				if err := add(col.bound, col.pos); err != nil {
					return nil, err
				}
			}
			continue
		}
		x, err := c.bind(a)
		if err != nil {
			return nil, err
		}
		if err := add(x, ast.Start(a)); err != nil {
			return nil, err
		}
	}
	call, err := makeRow(fields, attrs, e.Pos)
	if err == nil {
		c.b.rows[call] = raw
	}
	return call, err
}

// makeRow builds a row without a named type.
func makeRow(fields []expr.Expr, attrs []types.Attr, pos int) (*expr.Call, error) {
	if len(fields) > types.RowFieldsMax {
		return nil, pgerr.New(pgerr.TooManyColumns, "ROW expressions can have at most %d entries", types.RowFieldsMax).At(pos)
	}
	t := types.RowOf(attrs)
	if err := t.Def.CheckDepth(); err != nil {
		return nil, at(err, pos)
	}
	return scalar.MakeRow(fields, t), nil
}

// wholeRow is a FROM item's row as a value. On the side of an outer join that may be missing, a missing row is NULL: it is
// told by a column that is never NULL in the relation, or else by all columns.
func (c *clause) wholeRow(it *fromItem, pos int) (expr.Expr, error) {
	cols := it.visibleCols()
	fields, attrs := make([]expr.Expr, len(cols)), make([]types.Attr, len(cols))
	for i, col := range cols {
		x := c.b.column(col.id, pos, it.label(col.name))
		fields[i], attrs[i] = x, types.Attr{Name: col.name, T: x.T}
	}
	row, err := makeRow(fields, attrs, pos)
	if err != nil || !it.nullable {
		return row, err
	}
	missing := expr.Expr(scalar.RowNull(row, false))
	for _, col := range it.cols {
		if scan := c.b.scans[col.id]; scan != nil && neverNull(scan, col.id) {
			missing = &expr.IsNull{Arg: c.b.column(col.id, pos, it.label(col.name))}
			break
		}
	}
	return &expr.Case{T: row.T, Else: row, Whens: []expr.When{{Cond: missing, Result: &expr.Const{Value: types.Null, T: row.T}}}}, nil
}

// composite binds an expression that must be a row.
func (c *clause) composite(e ast.Expr, field string) (expr.Expr, error) {
	x, err := c.bind(e)
	if err != nil {
		return nil, err
	}
	if t := x.Type(); !t.Is(types.Record) {
		what := "column notation ." + field
		if field == "*" {
			return nil, pgerr.New(pgerr.WrongObjectType, "type %s is not composite", t.WithoutMod()).At(ast.Start(e))
		}
		return nil, pgerr.New(pgerr.WrongObjectType, "%s applied to type %s, which is not a composite type", what, t.WithoutMod()).At(ast.Start(e))
	}
	return x, nil
}

// fieldSelect binds (x).field, also of the row that a set-returning function gives.
func (c *clause) fieldSelect(e *ast.FieldSelect) (expr.Expr, error) {
	if f, err := c.rowOf(e.Base); f != nil || err != nil {
		if err != nil {
			return nil, err
		}
		for _, col := range f.names {
			if col.name == e.Field {
				return c.b.column(col.id, e.Pos, col.name), nil
			}
		}
		return nil, pgerr.New(pgerr.UndefinedColumn, "could not identify column \"%s\" in record data type", e.Field).At(ast.Start(e.Base))
	}
	x, err := c.composite(e.Base, e.Field)
	if err != nil {
		return nil, err
	}
	t := x.Type()
	i := -1
	if t.Def != nil {
		i = t.Def.Attr(e.Field)
	}
	switch {
	case i >= 0:
		return scalar.Field(x, i), nil
	case t.Def != nil && t.Def.Named():
		return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" not found in data type %s", e.Field, t).At(ast.Start(e.Base))
	}
	return nil, pgerr.New(pgerr.UndefinedColumn, "could not identify column \"%s\" in record data type", e.Field).At(ast.Start(e.Base))
}

// expandRow binds (x).* as the list of x's fields.
func (c *clause) expandRow(e *ast.Star) ([]target, error) {
	x, err := c.composite(e.Base, "*")
	if err != nil {
		return nil, err
	}
	t := x.Type()
	if t.Def == nil {
		return nil, pgerr.New(pgerr.UndefinedObject, "record type has not been registered").At(e.Pos)
	}
	var out []target
	for i, a := range t.Def.Attrs() {
		out = append(out, target{name: a.Name, bound: scalar.Field(x, i), pos: e.Pos})
	}
	return out, nil
}

// coerceRow converts a row made on the spot to a composite type, field by field.
func (c *clause) coerceRow(row expr.Expr, fields []expr.Expr, to types.T, ctx castContext, pos int) (expr.Expr, error) {
	attrs := to.Def.Attrs()
	cannot := func(detail string, args ...any) error {
		return pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", row.Type(), to).WithDetail(detail, args...).At(pos)
	}
	switch {
	case len(fields) < len(attrs):
		return nil, cannot("Input has too few columns.")
	case len(fields) > len(attrs):
		return nil, cannot("Input has too many columns.")
	}
	out := make([]expr.Expr, len(fields))
	for i, f := range fields {
		if !scalar.CanCast(f.Type(), attrs[i].T, ctx) {
			if _, ok := scalar.RowFields(f); !ok {
				return nil, cannot("Cannot cast type %s to %s in column %d.", f.Type().WithoutMod(), attrs[i].T.WithoutMod(), i+1)
			}
		}
		x, err := c.coerce(f, attrs[i].T, ctx, pos)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return scalar.MakeRow(out, to), nil
}

// madeRow gives the fields of a row made on the spot, as written.
func (b *Binder) madeRow(e expr.Expr) ([]expr.Expr, bool) {
	fields, ok := scalar.RowFields(e)
	if !ok {
		return nil, false
	}
	if raw, kept := b.rows[e.(*expr.Call)]; kept {
		return raw, true
	}
	return fields, true
}

// neverNull reports whether a table's column is NULL in none of its rows: the hidden row id is not.
func neverNull(scan *logical.Scan, id logical.ColID) bool {
	i := slices.Index(scan.Cols, id)
	if i < 0 {
		return false
	}
	c := &scan.Relation.Columns[scan.Attrs[i]]
	return c.NotNull || c.Hidden && !c.Dropped
}

// rowBecomes reports whether x is a row made on the spot and to a composite type, which the row may become field by field.
func (b *Binder) rowBecomes(x expr.Expr, to types.T) bool {
	_, made := b.madeRow(x)
	return made && to.Is(types.Record) && to.Def != nil && to.Def.Named()
}

// expandRows puts the fields of rows that functions in FROM give in place of the rows.
func (b *Binder) expandRows(node logical.Node, cols []scopeCol) (logical.Node, []scopeCol) {
	p := &logical.Project{Input: node}
	for _, id := range node.Output() {
		p.Items = append(p.Items, logical.Item{Col: id, Expr: b.cols.Ref(id)})
	}
	var out []scopeCol
	expanded := false
	for _, col := range cols {
		row := b.cols.Ref(col.id)
		if !row.T.Is(types.Record) || row.T.Def == nil {
			out = append(out, col)
			continue
		}
		expanded = true
		for i, a := range row.T.Def.Attrs() {
			id := b.cols.Add(logical.Column{Name: a.Name, T: a.T})
			p.Items = append(p.Items, logical.Item{Col: id, Expr: scalar.Field(row, i)})
			out = append(out, scopeCol{name: a.Name, id: id})
		}
	}
	if !expanded {
		return node, cols
	}
	return p, out
}
