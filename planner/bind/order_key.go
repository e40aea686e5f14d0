package bind

import (
	"strings"

	"millrace/expr"
	"millrace/expr/scalar"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// sortExpr is an item of an ORDER BY.
type sortExpr struct {
	expr             expr.Expr
	desc, nullsFirst bool
	pos              int
	target           int // the number of the select list's item that it is, from 1; 0 for an expression of its own
}

// sortKey gives an ORDER BY item's direction, and checks that its type has an order.
func (c *clause) sortKey(o *ast.OrderItem, x expr.Expr) (sortExpr, error) {
	x, err := c.typed(x, ast.Start(o.Expr))
	if err != nil {
		return sortExpr{}, err
	}
	s := sortExpr{expr: x, desc: o.Desc, pos: ast.Start(o.Expr)}
	switch strings.TrimSpace(o.Using) {
	case "":
	case "<":
		s.desc = false
	case ">":
		s.desc = true
	case "~<~", "~>~": // text is compared by bytes in any case
		if !x.Type().Is(types.Text) && !x.Type().Is(types.Varchar) && !x.Type().Is(types.Bpchar) {
			_, err := c.operator(o.Using, x, x, o.Pos)
			return s, err
		}
		s.desc = o.Using == "~>~"
	default:
		if _, err := c.operator(o.Using, x, x, o.Pos); err != nil {
			return s, err
		}
		return s, pgerr.New(pgerr.WrongObjectType, "operator %s is not a valid ordering operator", o.Using).
			WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families.").At(o.Pos)
	}
	s.nullsFirst = o.Nulls == ast.NullsFirst || o.Nulls == ast.NullsDefault && s.desc
	if scalar.Compare("<", x.Type()) == nil {
		return s, pgerr.New(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", x.Type().WithoutMod()).
			WithHint("Use an explicit ordering operator or modify the query.").At(ast.Start(o.Expr))
	}
	return s, nil
}

// sortKeys gives the columns of sort expressions; a column that came before, or is constant, decides nothing. targets
// are the columns of the select list.
func sortKeys(m *computed, order []sortExpr, targets []logical.ColID) []logical.SortKey {
	var keys []logical.SortKey
	var seen logical.ColSet
	for _, s := range order {
		if logical.IsConstant(s.expr) {
			continue
		}
		id := 0
		if s.target > 0 {
			id = targets[s.target-1]
		} else {
			id = m.column(s.expr, "order")
		}
		if seen.Has(id) {
			continue
		}
		seen.Add(id)
		keys = append(keys, logical.SortKey{Col: id, Desc: s.desc, NullsFirst: s.nullsFirst})
	}
	return keys
}
