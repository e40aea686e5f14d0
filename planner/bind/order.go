package bind

import (
	"strconv"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
)

// position reads a constant in ORDER BY, GROUP BY or DISTINCT ON, which stands for an item of the select list.
func (k *core) position(e ast.Expr, clause string) (i int, ok bool, err error) {
	return position(e, clause, len(k.targets))
}

func position(e ast.Expr, clause string, n int) (i int, ok bool, err error) {
	lit, ok := e.(*ast.Literal)
	if minus, negative := e.(*ast.UnaryOp); negative && minus.Op == "-" {
		// A sign is part of the constant.
		if arg, number := minus.Arg.(*ast.Literal); number && (arg.Kind == ast.IntLiteral || arg.Kind == ast.NumericLiteral) {
			lit, ok = &ast.Literal{Pos: minus.Pos, Kind: arg.Kind, Text: "-" + arg.Text}, true
		}
	}
	if !ok || lit.Kind == ast.NullLiteral && clause == "" {
		return 0, false, nil
	}
	if lit.Kind != ast.IntLiteral {
		return 0, false, pgerr.New(pgerr.SyntaxError, "non-integer constant in %s", clause).At(lit.Pos)
	}
	v, convErr := strconv.Atoi(lit.Text)
	if convErr != nil || v < 1 || v > n {
		return 0, false, pgerr.New(pgerr.InvalidColumnReference, "%s position %s is not in select list", clause, lit.Text).At(lit.Pos)
	}
	return v - 1, true, nil
}

// outputName finds the select list's item that a bare name means; i is -1 where there is none. Several items of one
// name are ambiguous unless they are the same.
func (k *core) outputName(e ast.Expr, clause string) (i int, err error) {
	ref, ok := e.(*ast.ColumnRef)
	if !ok || len(ref.Parts) != 1 {
		return -1, nil
	}
	found := -1
	for j := range k.targets {
		if k.targets[j].name != ref.Parts[0] {
			continue
		}
		if found >= 0 && !expr.Equal(k.targets[found].bound, k.targets[j].bound) {
			return -1, pgerr.New(pgerr.AmbiguousColumn, "%s \"%s\" is ambiguous", clause, ref.Parts[0]).At(ref.Pos)
		}
		if found < 0 {
			found = j
		}
	}
	return found, nil
}

// bindOrderBy binds ORDER BY: a position or an output name where there is one, else an expression over the input.
func (k *core) bindOrderBy(items []*ast.OrderItem) ([]sortExpr, error) {
	c := k.list.child("ORDER BY")
	var out []sortExpr
	for _, o := range spread(items) {
		i, err := k.sortTarget(o.Expr, "ORDER BY")
		if err != nil {
			return nil, err
		}
		var x expr.Expr
		if i >= 0 {
			x = k.targets[i].bound
		} else if x, err = c.bind(o.Expr); err != nil {
			return nil, err
		}
		s, err := c.sortKey(o, x)
		if err != nil {
			return nil, err
		}
		s.target = i + 1
		out = append(out, s)
	}
	k.list.pending = append(k.list.pending, c.pending...)
	return out, nil
}

// spread orders by the fields of a row in the place of the row.
func spread(items []*ast.OrderItem) []*ast.OrderItem {
	var out []*ast.OrderItem
	for _, o := range items {
		row, ok := o.Expr.(*ast.Row)
		if !ok {
			out = append(out, o)
			continue
		}
		for _, e := range row.Args {
			field := *o
			field.Expr = e
			out = append(out, &field)
		}
	}
	return out
}

// sortTarget finds the select list's item that an item of ORDER BY or DISTINCT ON means, -1 for none.
func (k *core) sortTarget(e ast.Expr, clause string) (int, error) {
	i, ok, err := k.position(e, clause)
	if err != nil || ok {
		return i, err
	}
	return k.outputName(e, clause)
}

// bindDistinctOn binds the expressions of DISTINCT ON.
func (k *core) bindDistinctOn() ([]expr.Expr, error) {
	c := k.list.child("DISTINCT ON")
	c.windows = nil
	var out []expr.Expr
	for _, e := range k.ast.DistinctOn {
		i, err := k.sortTarget(e, "DISTINCT ON")
		if err != nil {
			return nil, err
		}
		var x expr.Expr
		if i >= 0 {
			x = k.targets[i].bound
		} else if x, err = c.bind(e); err == nil {
			x, err = c.typed(x, ast.Start(e))
		}
		if err == nil {
			_, err = c.equality(x.Type(), ast.Start(e))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	k.list.pending = append(k.list.pending, c.pending...)
	return out, nil
}

// orderByOutput binds the ORDER BY of a set operation or VALUES, which may name its columns only.
func (b *Binder) orderByOutput(rel *Rel, items []*ast.OrderItem, s *scope, what string) error {
	var seen logical.ColSet
	c := b.clause(s, "ORDER BY")
	for _, o := range items {
		i, ok, err := position(o.Expr, "ORDER BY", len(rel.Cols))
		if err != nil {
			return err
		}
		if !ok {
			if i, err = outputColumn(rel, o.Expr); err != nil {
				return err
			}
		}
		if i < 0 {
			if _, err := b.clause(&scope{outer: s, items: []*fromItem{{cols: toScope(rel.Cols), colsVisible: true}}}, "ORDER BY").bind(o.Expr); err != nil {
				return err
			}
			return pgerr.New(pgerr.FeatureNotSupported, "invalid %s ORDER BY clause", what).
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(ast.Start(o.Expr))
		}
		k, err := c.sortKey(o, b.cols.Ref(rel.Cols[i].ID))
		if err != nil {
			return err
		}
		if id := rel.Cols[i].ID; !seen.Has(id) {
			seen.Add(id)
			rel.Order = append(rel.Order, logical.SortKey{Col: id, Desc: k.desc, NullsFirst: k.nullsFirst})
		}
	}
	return nil
}

func outputColumn(rel *Rel, e ast.Expr) (int, error) {
	ref, ok := e.(*ast.ColumnRef)
	if !ok || len(ref.Parts) != 1 {
		return -1, nil
	}
	found := -1
	var names []string
	for i, c := range rel.Cols {
		names = append(names, c.Name)
		if c.Name != ref.Parts[0] {
			continue
		}
		if found >= 0 && rel.Cols[found].ID != c.ID {
			return -1, pgerr.New(pgerr.AmbiguousColumn, "ORDER BY \"%s\" is ambiguous", c.Name).At(ref.Pos)
		}
		found = i
	}
	if found < 0 {
		e := pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", ref.Parts[0]).At(ref.Pos)
		if near := nearest(ref.Parts[0], names); near != "" {
			e.WithHint("Perhaps you meant to reference the column \"%s\".", near)
		}
		return -1, e
	}
	return found, nil
}
