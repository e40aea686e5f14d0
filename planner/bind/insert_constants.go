package bind

import (
	"strconv"

	"millrace/catalog"
	"millrace/delta"
	"millrace/expr"
	"millrace/sql/ast"
	"millrace/types"
)

// constants reads VALUES whose cells are all constants straight into columns. ok is false where one is not, and
// nothing has happened then. Defaults that must be computed for each row go to late. It is what makes an INSERT of many rows cheap: the common literals take no expression.
func (in *insertion) constants(v *ast.Values, late map[int]expr.Expr) (b *delta.Batch, ok bool, err error) {
	if in.parts {
		return nil, false, nil
	}
	b = delta.NewBatch(in.rel.Types(), len(v.Rows))
	c := in.b.clause(in.scope, "VALUES")
	given := make([]bool, len(in.rel.Columns))
	for j := range v.Rows[0] {
		given[in.targets[j]] = true
	}
	for col := range given {
		if given[col] {
			continue
		}
		d, err := in.deflt(col)
		if err != nil {
			return nil, false, err
		}
		k, isConst := d.(*expr.Const)
		if !isConst {
			if expr.VolatilityOf(d) != expr.Volatile {
				return nil, false, nil
			}
			late[col], k = d, &expr.Const{Value: types.Null}
		}
		for range v.Rows {
			b.Cols[col].Append(k.Value)
		}
	}
	for _, row := range v.Rows {
		for j, e := range row {
			col := in.targets[j]
			if in.rel.Columns[col].Generated == catalog.GivenOrDefault && appendLiteral(b.Cols[col], e, in.b.typeEnv()) {
				continue
			}
			if !maybeConstant(e) {
				return nil, false, nil
			}
			x, err := in.cell(c, e, j, nil)
			if err != nil {
				return nil, false, err
			}
			k, isConst := x.(*expr.Const)
			if !isConst {
				return nil, false, nil
			}
			b.Cols[col].Append(k.Value)
		}
	}
	b.N = len(v.Rows)
	return b, true, nil
}

// maybeConstant rules out what cannot become a constant, before it is bound.
func maybeConstant(e ast.Expr) bool {
	constant := true
	ast.Walk(e, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.Param, *ast.ColumnRef, *ast.Select:
			constant = false
		}
		return constant
	})
	return constant
}

// appendLiteral adds a literal to a column if it is of the plain kind: a number that fits an integer column, a string
// for any type without modifier, a boolean, NULL. false leaves the column as it was.
func appendLiteral(v *delta.Vec, e ast.Expr, env *types.Env) bool {
	negative := false
	if u, ok := e.(*ast.UnaryOp); ok && u.Op == "-" {
		negative, e = true, u.Arg
	}
	lit, ok := e.(*ast.Literal)
	if !ok || negative && lit.Kind != ast.IntLiteral {
		return false
	}
	switch lit.Kind {
	case ast.NullLiteral:
		v.AppendNull()
		return true
	case ast.BoolLiteral:
		if v.Type.Is(types.Bool) {
			v.Append(types.NewBool(lit.Text == "true"))
			return true
		}
	case ast.IntLiteral:
		return appendInt(v, lit.Text, negative)
	case ast.StringLiteral:
		if v.Type.Mod >= 0 {
			return false
		}
		switch v.Type.Kind {
		case types.Text, types.Varchar:
			v.AppendBytes([]byte(lit.Text))
			return true
		case types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole:
			return false
		}
		d, err := types.ParseText(v.Type, []byte(lit.Text), env)
		if err != nil {
			return false // the ordinary way gives the error its position
		}
		v.Append(d)
		return true
	}
	return false
}

func appendInt(v *delta.Vec, text string, negative bool) bool {
	lo, hi := int64(0), int64(0)
	switch v.Type.Kind {
	case types.Int2, types.Int4, types.Int8:
		lo, hi = expr.IntRange(v.Type.Kind)
	default:
		return false
	}
	if negative {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < lo || n > hi {
		return false
	}
	v.Append(types.NewInt(n))
	return true
}
