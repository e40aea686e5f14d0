package bind

import (
	"slices"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/types"
)

// target is an item of a select list, * expanded.
type target struct {
	name    string
	ast     ast.Expr // nil for a column of *
	bound   expr.Expr
	literal expr.Expr // instead of bound: an untyped literal or parameter that the caller types
	pos     int
}

// bindTargets expands and binds the select list.
func (k *core) bindTargets(keepUnknown bool) ([]target, error) {
	return k.list.targets(k.ast.Targets, keepUnknown)
}

func (c *clause) targets(list []*ast.Target, keepUnknown bool) ([]target, error) {
	var out []target
	for _, t := range list {
		if star, ok := t.Expr.(*ast.Star); ok {
			cols, err := c.star(star)
			if err != nil {
				return nil, err
			}
			out = append(out, cols...)
			continue
		}
		x, err := c.bind(t.Expr)
		if err != nil {
			return nil, err
		}
		tg := target{name: t.Name, ast: t.Expr, bound: x, pos: ast.Start(t.Expr)}
		if tg.name == "" {
			tg.name = columnName(t.Expr)
		}
		if keepUnknown && x.Type().Is(types.Unknown) {
			tg.literal, tg.bound = x, nil
		} else if tg.bound, err = c.typed(x, tg.pos); err != nil {
			return nil, err
		}
		out = append(out, tg)
	}
	if len(out) > targetsMax {
		return nil, pgerr.New(pgerr.TooManyColumns, "target lists can have at most %d entries", targetsMax)
	}
	return out, nil
}

// targetsMax is PostgreSQL's MaxTupleAttributeNumber.
const targetsMax = 1664

// star expands *, t.* and s.t.*.
func (c *clause) star(e *ast.Star) ([]target, error) {
	if e.Base != nil {
		f, err := c.rowOf(e.Base)
		if f != nil || err != nil {
			return c.columnsOf(f, e, err)
		}
		return c.expandRow(e)
	}
	var items []*fromItem
	if len(e.Qualifier) > 0 {
		it, err := c.qualifier(e.Qualifier, e.Pos)
		if err != nil {
			return nil, err
		}
		items = []*fromItem{it}
	} else {
		for _, it := range c.scope.items {
			if it.colsVisible {
				items = append(items, it)
			}
		}
		if len(items) == 0 {
			return nil, pgerr.New(pgerr.SyntaxError, "SELECT * with no tables specified is not valid").At(e.Pos)
		}
	}
	var out []target
	seen := map[string]bool{}
	for _, it := range items {
		for _, col := range it.visibleCols() {
			seen[col.name] = true
			if slices.Contains(e.Except, col.name) {
				continue
			}
			out = append(out, target{name: col.name, bound: c.b.column(col.id, e.Pos, it.label(col.name)), pos: e.Pos})
		}
	}
	for _, x := range e.Except {
		if !seen[x] {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", x).At(e.Pos)
		}
	}
	return out, nil
}

// columnsOf expands (f()).*.
func (c *clause) columnsOf(f *setCall, e *ast.Star, err error) ([]target, error) {
	if err != nil {
		return nil, err
	}
	var out []target
	for _, col := range f.names {
		out = append(out, target{name: col.name, bound: c.b.column(col.id, e.Pos, col.name), pos: e.Pos})
	}
	return out, nil
}

// columnName is the name that PostgreSQL gives to a column of a select list without a label.
func columnName(e ast.Expr) string {
	name, _ := figureName(e)
	if name == "" {
		return "?column?"
	}
	return name
}

// How good a name is: a type's name yields to that of the expression in the cast.
const (
	noName = iota
	weakName
	strongName
)

func figureName(e ast.Expr) (string, int) {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Parts[len(e.Parts)-1], strongName
	case *ast.FieldSelect:
		return e.Field, strongName
	case *ast.Subscript:
		return figureName(e.Base)
	case *ast.FuncCall:
		if e.Form == ast.IsNormalizedForm {
			return "is_normalized", strongName
		}
		return e.Name.Name, strongName
	case *ast.AtTimeZone:
		return "timezone", strongName
	case *ast.NullIf:
		return "nullif", strongName
	case *ast.Cast:
		if name, strength := figureName(e.Arg); strength == strongName {
			return name, strength
		}
		return e.Type.Name.Name, weakName
	case *ast.TypedLiteral:
		return e.Type.Name.Name, weakName
	case *ast.Collate:
		return figureName(e.Arg)
	case *ast.Grouping:
		return "grouping", strongName
	case *ast.Exists:
		return "exists", strongName
	case *ast.ArraySubquery, *ast.Array:
		return "array", strongName
	case *ast.ScalarSubquery:
		return subqueryName(e.Query)
	case *ast.Case:
		if e.Else != nil {
			if name, strength := figureName(e.Else); strength == strongName {
				return name, strength
			}
		}
		return "case", weakName
	case *ast.Coalesce:
		return "coalesce", strongName
	case *ast.MinMax:
		if e.Least {
			return "least", strongName
		}
		return "greatest", strongName
	case *ast.Row:
		return "row", strongName
	case *ast.SQLValue:
		return sqlValueName[e.Kind], strongName
	}
	return "", noName
}

var sqlValueName = map[ast.SQLValueKind]string{
	ast.CurrentDate: "current_date", ast.CurrentTime: "current_time", ast.CurrentTimestamp: "current_timestamp",
	ast.LocalTime: "localtime", ast.LocalTimestamp: "localtimestamp", ast.CurrentRole: "current_role", ast.CurrentUser: "current_user",
	ast.SessionUser: "session_user", ast.User: "user", ast.CurrentCatalog: "current_catalog",
}

// subqueryName is the name of a scalar subquery's column.
func subqueryName(q *ast.Select) (string, int) {
	switch body := q.Body.(type) {
	case *ast.SelectCore:
		if len(body.Targets) == 1 {
			if t := body.Targets[0]; t.Name != "" {
				return t.Name, strongName
			}
			return figureName(body.Targets[0].Expr)
		}
	case *ast.Select:
		return subqueryName(body)
	case *ast.Values:
		return "column1", strongName
	}
	return "", noName
}
