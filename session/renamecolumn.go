package session

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
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

// readByWatermark reports whether the watermark depends on a column.
func readByWatermark(r *catalog.Relation, i int, cat *catalog.Snapshot) (bool, error) {
	if r.Watermark == nil {
		return false, nil
	}
	if r.Watermark.Column == i {
		return true, nil
	}
	e, err := PlanWatermark(r, cat)
	if err != nil {
		return false, err
	}
	return slices.Contains(expr.Columns(e), i), nil
}

// alterWatermark is ADD WATERMARK and DROP WATERMARK of a stream or table. A new watermark knows nothing of rows that are there.
func (s *Session) alterWatermark(e *catalog.Edit, id uint32, a *ast.AlterAction) error {
	r, ok := e.Snapshot().Relation(id)
	if !ok || r.Kind != catalog.Stream && r.Kind != catalog.Table {
		return pgerr.New(pgerr.WrongObjectType, "only streams and tables have a watermark").At(a.Pos)
	}
	to := *r
	if a.Kind == ast.AlterAddWatermark {
		b := &columnBuilder{s: s, env: s.ddlEnv(e.Snapshot()), r: &to}
		if err := b.watermark(a.Watermark); err != nil {
			return err
		}
		return e.Update(&to)
	}
	if r.Watermark == nil {
		return pgerr.New(pgerr.UndefinedObject, "relation %q has no watermark", r.Name).At(a.Pos)
	}
	var details []string
	for _, d := range dependants(e.Snapshot(), id, map[uint32]bool{}) {
		if d.Kind == catalog.MaterializedView || d.Kind == catalog.Sink {
			details = append(details, d.Kind.String()+" "+d.Name+" may depend on the watermark of "+r.Kind.String()+" "+r.Name)
		}
	}
	if len(details) > 0 {
		return catalog.DependedOn("the watermark of "+r.Kind.String()+" "+r.Name, details).WithHint("Drop the dependent objects first.")
	}
	to.Watermark = nil
	return e.Update(&to)
}
