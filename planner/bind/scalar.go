package bind

import (
	"strings"

	"millrace/catalog"
	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// ScalarColumn is a column that a lone expression may refer to.
type ScalarColumn struct {
	Name string
	T    types.T
}

// Scalar binds an expression outside of a query over the given columns: in the result, expr.Column.Index counts in
// columns.
func (b *Binder) Scalar(e ast.Expr, columns []ScalarColumn) (expr.Expr, error) {
	c, index := b.lone(columns)
	x, err := c.bind(e)
	if err == nil {
		x, err = c.typed(x, ast.Start(e))
	}
	if err != nil {
		return nil, err
	}
	return b.fold(expr.RemapColumns(x, index)), nil
}

// Assignment is [Binder.Scalar] with a conversion to the type of the column that the value is for. Without columns it is a
// column's default, or where name is a parameter's, its value.
func (b *Binder) Assignment(e ast.Expr, columns []ScalarColumn, name string, to types.T) (expr.Expr, error) {
	c, index := b.lone(columns)
	if columns == nil && !strings.HasPrefix(name, "$") {
		c.noColumns = "cannot use column reference in DEFAULT expression"
	}
	x, err := c.bind(e)
	if err == nil {
		x, err = c.assign(x, name, to, ast.Start(e))
	}
	if err != nil {
		return nil, err
	}
	return b.fold(expr.RemapColumns(x, index)), nil
}

// RowExpr is what an expression over a table's row is for.
type RowExpr uint8

// The kinds.
const (
	PlainRow RowExpr = iota
	CheckExpr
	GenerationExpr
	CopyFilter
	TransformExpr
)

// words are how messages name the place: "not allowed in %s", "cannot use subquery in %s".
func (k RowExpr) words() (places, place string) {
	switch k {
	case CheckExpr:
		return "check constraints", "check constraint"
	case GenerationExpr:
		return "column generation expressions", "column generation expression"
	case TransformExpr:
		return "transform expressions", "transform expression"
	case CopyFilter:
		return "COPY FROM WHERE conditions", "COPY FROM WHERE condition"
	}
	return "this expression", "this expression"
}

// Row binds an expression over a table's row and converts it to a type; name is the column's that it is for. In the result,
// expr.Column.Index counts in the table's columns.
func (b *Binder) Row(e ast.Expr, r *catalog.Relation, kind RowExpr, name string, to types.T) (expr.Expr, error) {
	columns := make([]ScalarColumn, len(r.Columns))
	for i := range columns {
		columns[i] = ScalarColumn{Name: r.Columns[i].Name, T: r.Columns[i].T}
	}
	c, index := b.lone(columns)
	it := c.scope.items[0]
	it.name, it.schema = r.Name, r.Schema
	for i := range it.cols {
		it.cols[i].hidden = r.Columns[i].Hidden
	}
	places, place := kind.words()
	c.name, c.subqueryError = places, "cannot use subquery in "+place
	x, err := c.bind(e)
	if err != nil {
		return nil, err
	}
	switch kind {
	case CheckExpr:
		x, err = c.toBool(x, "CHECK", ast.Start(e))
	case CopyFilter:
		x, err = c.toBool(x, "WHERE", ast.Start(e))
	default:
		x, err = c.assign(x, name, to, ast.Start(e))
	}
	if err != nil {
		return nil, err
	}
	return b.fold(expr.RemapColumns(x, index)), nil
}

// lone makes the context of an expression outside of a query.
func (b *Binder) lone(columns []ScalarColumn) (*clause, func(int) int) {
	it := &fromItem{relVisible: true, colsVisible: true}
	at := map[logical.ColID]int{}
	for i, col := range columns {
		id := b.cols.Add(logical.Column{Name: col.Name, T: col.T})
		it.cols = append(it.cols, scopeCol{name: col.Name, id: id})
		at[id] = i
	}
	c := b.clause(&scope{items: []*fromItem{it}}, "this expression")
	c.noSubqueries = "a subquery in this expression"
	b.noParams = true
	return c, func(id int) int { return at[id] }
}

// assign converts a value to the type of the column that it is stored in: 42804 where that takes an explicit cast.
func (c *clause) assign(x expr.Expr, name string, to types.T, pos int) (expr.Expr, error) {
	return c.assignAs(x, name, to, to.WithoutMod().String(), pos)
}

// assignColumn is assign to a column of a table, which may be of a domain.
func (c *clause) assignColumn(x expr.Expr, col *catalog.Column, pos int) (expr.Expr, error) {
	if domain, ok := c.b.env.Catalog.DomainName(col.Domain); ok {
		return c.assignAs(x, col.Name, col.T, domain, pos)
	}
	return c.assign(x, col.Name, col.T, pos)
}

func (c *clause) assignAs(x expr.Expr, name string, to types.T, typeName string, pos int) (expr.Expr, error) {
	if from := x.Type(); !scalar.CanCast(from, to, assignment) && !c.b.rowBecomes(x, to) {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", name, typeName, from.WithoutMod()).
			WithHint("You will need to rewrite or cast the expression.").At(pos)
	}
	return c.coerce(x, to, assignment, pos)
}
