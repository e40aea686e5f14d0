package session

import (
	"slices"

	"millrace/catalog"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// renameColumn renames a column of a stream or table, also in what is stored as text over the row: CHECK constraints, generated
// columns and the watermark.
func renameColumn(r *catalog.Relation, i int, name string) error {
	old := r.Columns[i].Name
	text := func(s string) (string, error) {
		e, err := parser.ParseExpr(s)
		if err != nil {
			return "", err
		}
		ast.Walk(e, func(n ast.Node) bool {
			c, ok := n.(*ast.ColumnRef)
			if !ok {
				return true
			}
			last := len(c.Parts) - 1
			if c.Parts[last] == old && (last == 0 || c.Parts[last-1] == r.Name) {
				c.Parts = slices.Clone(c.Parts)
				c.Parts[last] = name
			}
			return true
		})
		return ast.Format(e), nil
	}
	var err error
	r.Checks = slices.Clone(r.Checks)
	for k := range r.Checks {
		if r.Checks[k].Expr, err = text(r.Checks[k].Expr); err != nil {
			return err
		}
	}
	for k := range r.Columns {
		if r.Columns[k].Generated == catalog.StoredExpr {
			if r.Columns[k].Default, err = text(r.Columns[k].Default); err != nil {
				return err
			}
		}
	}
	if r.Watermark != nil {
		w := *r.Watermark
		if w.Expr, err = text(w.Expr); err != nil {
			return err
		}
		r.Watermark = &w
	}
	r.Columns[i].Name = name
	return nil
}
