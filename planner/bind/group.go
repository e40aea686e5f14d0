package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/sql/ast"
)

// bindGroupBy binds GROUP BY: a position, an input column, an output name, or an expression over the input.
func (k *core) bindGroupBy(input *clause) ([]expr.Expr, error) {
	c := k.b.clause(k.scope, "GROUP BY")
	var out []expr.Expr
	for i := range k.ast.GroupBy {
		g := &k.ast.GroupBy[i]
		switch g.Kind {
		case ast.GroupEmpty:
			continue
		case ast.GroupRollup, ast.GroupCube, ast.GroupSets:
			return nil, pgerr.Unsupported([...]string{ast.GroupRollup: "ROLLUP", ast.GroupCube: "CUBE", ast.GroupSets: "GROUPING SETS"}[g.Kind]).At(g.Pos)
		}
		items := []ast.Expr{g.Expr}
		if row, ok := g.Expr.(*ast.Row); ok && !row.Explicit {
			items = row.Args
		}
		for _, e := range items {
			x, err := k.groupItem(c, e)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
	}
	input.pending = append(input.pending, c.pending...)
	return out, nil
}

func (k *core) groupItem(c *clause, e ast.Expr) (expr.Expr, error) {
	i, isPosition, err := k.position(e, "GROUP BY")
	if err != nil {
		return nil, err
	}
	if !isPosition {
		i = -1
		if ref, ok := e.(*ast.ColumnRef); ok && len(ref.Parts) == 1 && !k.hasInput(ref.Parts[0]) {
			if i, err = k.outputName(e, "GROUP BY"); err != nil {
				return nil, err
			}
		}
	}
	var x expr.Expr
	switch {
	case i >= 0 && k.targets[i].ast == nil:
		x = k.targets[i].bound // a column of *
	case i >= 0 && k.targets[i].bound != nil:
		// Bound anew as part of GROUP BY, where aggregates are not allowed.
		x, err = c.bind(k.targets[i].ast)
	case i >= 0:
		x = k.targets[i].literal
	default:
		x, err = c.bind(e)
	}
	if err == nil {
		x, err = c.typed(x, ast.Start(e))
	}
	if err == nil {
		_, err = c.equality(x.Type(), ast.Start(e))
	}
	return x, err
}

// hasInput reports whether a column of this level's FROM clause has the name.
func (k *core) hasInput(name string) bool {
	for _, it := range k.scope.items {
		if _, n := it.find(name); it.colsVisible && n > 0 {
			return true
		}
	}
	return false
}
