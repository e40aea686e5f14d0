package bind

import (
	"strconv"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// bindValues binds VALUES as a query. Its rows may read columns from around it.
func (b *Binder) bindValues(v *ast.Values, s *scope, opt selectOptions) (*Rel, error) {
	c := b.clause(&scope{outer: s, hidden: s.hidden, ctes: s.ctes}, "VALUES")
	n := len(v.Rows[0])
	rows := make([][]expr.Expr, len(v.Rows))
	for i, row := range v.Rows {
		if len(row) != n {
			return nil, pgerr.New(pgerr.SyntaxError, "VALUES lists must all be the same length").At(firstPos(row, v.Pos))
		}
		for _, e := range row {
			x, err := c.bind(e)
			if err != nil {
				return nil, err
			}
			rows[i] = append(rows[i], x)
		}
	}
	rel := &Rel{Cols: make([]OutCol, n)}
	ids := make([]logical.ColID, n)
	for j := range n {
		t, err := c.valuesColumn(v, rows, j)
		if err != nil {
			return nil, err
		}
		name := "column" + strconv.Itoa(j+1)
		ids[j] = b.cols.Add(logical.Column{Name: name, T: t})
		rel.Cols[j] = OutCol{name, ids[j]}
	}
	rel.Node = b.valuesNode(c, ids, rows)
	return rel, nil
}

func firstPos(row []ast.Expr, or int) int {
	if len(row) > 0 {
		return ast.Start(row[0])
	}
	return or
}

// valuesColumn finds a column's type and converts its cells.
func (c *clause) valuesColumn(v *ast.Values, rows [][]expr.Expr, j int) (types.T, error) {
	col := make([]expr.Expr, len(rows))
	pos := make([]int, len(rows))
	for i := range rows {
		col[i], pos[i] = rows[i][j], ast.Start(v.Rows[i][j])
	}
	t, err := c.commonType("VALUES", col, pos...)
	if err != nil {
		return t, err
	}
	for i := range rows {
		if rows[i][j], err = c.coerce(col[i], t, implicit, pos[i]); err != nil {
			return t, err
		}
	}
	return t, nil
}

// valuesNode makes the plan of rows: constant ones as they are; rows that read columns, or subqueries, each as a
// projection of its own.
func (b *Binder) valuesNode(c *clause, ids []logical.ColID, rows [][]expr.Expr) logical.Node {
	constant := len(c.pending) == 0
	for _, r := range rows {
		constant = constant && logical.ExprsCols(r).Empty()
	}
	if constant {
		return &logical.Values{Cols: ids, Rows: rows}
	}
	if len(rows) == 1 {
		p := &logical.Project{Input: c.attach(oneRow())}
		for j, x := range rows[0] {
			p.Items = append(p.Items, logical.Item{Col: ids[j], Expr: x})
		}
		return p
	}
	// Subqueries give one row each, so that all rows can be computed beside each other and then taken apart.
	input := c.attach(oneRow())
	u := &logical.Union{Cols: ids}
	for _, r := range rows {
		p := &logical.Project{Input: input}
		from := make([]logical.ColID, len(r))
		for j, x := range r {
			from[j] = b.cols.Copy(ids[j])
			p.Items = append(p.Items, logical.Item{Col: from[j], Expr: x})
		}
		u.In, u.From = append(u.In, p), append(u.From, from)
	}
	return u
}
