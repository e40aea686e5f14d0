package scalar

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// What has special syntax over rows is a call of one of these functions, which no name finds.
var (
	// rowFunc makes a row of its arguments, of the call's type.
	rowFunc = &expr.Function{Name: "row", NullCall: true, Total: true, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
		fields := make([]types.Datum, x.len())
		for i := range fields {
			fields[i] = x.datum(i)
		}
		return types.AppendRow(dst, x.out, fields), nil
	})}
	// fieldFunc is (row).field, by its number from 0.
	fieldFunc = &expr.Function{Name: "row_field", Total: true, Eval: toDatum(func(x *row) (types.Datum, error) {
		return types.RowField(x.typ(0), x.bytes(0), int(x.int(1))), nil
	})}
	rowNullFunc    = &expr.Function{Name: "row_is_null", Ret: tBool, NullCall: true, Total: true, Eval: toBool(allFields(true))}
	rowNotNullFunc = &expr.Function{Name: "row_is_not_null", Ret: tBool, NullCall: true, Total: true, Eval: toBool(allFields(false))}
)

// allFields reports whether all fields of a row are NULL, or all are not; a NULL counts as a row of NULLs.
func allFields(null bool) func(x *row) (bool, error) {
	return func(x *row) (bool, error) {
		if x.null(0) {
			return null, nil
		}
		for r := types.ReadRow(x.typ(0), x.bytes(0)); ; {
			_, d, ok := r.Next()
			switch {
			case !ok:
				return true, nil
			case d.Null != null:
				return false, nil
			}
		}
	}
}

// MakeRow builds a row of type t, which has a field for each expression.
func MakeRow(fields []expr.Expr, t types.T) *expr.Call {
	return &expr.Call{Func: rowFunc, Args: fields, T: t}
}

// RowFields gives the expressions that make a row; ok is false for a row that is not made on the spot.
func RowFields(e expr.Expr) (fields []expr.Expr, ok bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Func != rowFunc {
		return nil, false
	}
	return c.Args, true
}

// Field builds the selection of field i, from 0, of a row.
func Field(e expr.Expr, i int) expr.Expr {
	if fields, ok := RowFields(e); ok {
		return fields[i]
	}
	number := &expr.Const{T: tInt4, Value: types.NewInt(int64(i))}
	return &expr.Call{Func: fieldFunc, Args: []expr.Expr{e, number}, T: e.Type().Def.Attrs()[i].T}
}

// RowNull builds row IS NULL, or IS NOT NULL, which look at the fields.
func RowNull(e expr.Expr, negate bool) expr.Expr {
	f := rowNullFunc
	if negate {
		f = rowNotNullFunc
	}
	return &expr.Call{Func: f, Args: []expr.Expr{e}, T: tBool}
}

// rowsComparable checks that rows of two types have fields that can be compared one by one, in PostgreSQL's words.
func rowsComparable(symbol string, a, b types.T) error {
	if a.Def == nil || b.Def == nil {
		return nil // a literal, which record has none of
	}
	p, q := a.Def.Attrs(), b.Def.Attrs()
	for i := range min(len(p), len(q)) {
		if !sameType(p[i].T, q[i].T) {
			return pgerr.New(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d", p[i].T.WithoutMod(), q[i].T.WithoutMod(), i+1)
		}
		if Compare(symbol, p[i].T) == nil {
			what := "a comparison function"
			if symbol == "=" || symbol == "<>" {
				what = "an equality operator"
			}
			return pgerr.New(pgerr.UndefinedFunction, "could not identify %s for type %s", what, p[i].T.WithoutMod())
		}
	}
	if len(p) != len(q) {
		return pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return nil
}

// recordFunctions are the functions that take any row.
func recordFunctions() []*expr.Function {
	return []*expr.Function{
		stable(&expr.Function{Name: "row_to_json", Args: with(tRecord), Ret: tJSON, Eval: toBytes(toJSON)}, expr.UsesSettings),
		stable(&expr.Function{Name: "row_to_json", Args: with(tRecord, tBool), Ret: tJSON, Eval: toBytes(func(x *row, dst []byte) ([]byte, error) {
			lines := ""
			if x.bool(1) {
				lines = jsonBreak
			}
			return appendJSONRow(dst, x.ctx, x.typ(0), x.bytes(0), lines)
		})}, expr.UsesSettings),
	}
}

// addJSONRow adds a row to a jsonb as an object.
func addJSONRow(b *types.JSONBuilder, ctx *expr.Context, t types.T, v []byte) error {
	b.BeginObject()
	r := types.ReadRow(t, v)
	for _, a := range attrs(t) {
		ft, d, _ := r.Next()
		b.Key([]byte(a.Name))
		if err := addJSON(b, ctx, ft, d); err != nil {
			return err
		}
	}
	b.EndObject()
	return nil
}

// appendJSONRow writes a row as a json object; lines is what follows its commas.
func appendJSONRow(dst []byte, ctx *expr.Context, t types.T, v []byte, lines string) ([]byte, error) {
	dst = append(dst, '{')
	r := types.ReadRow(t, v)
	for i, a := range attrs(t) {
		ft, d, _ := r.Next()
		if i > 0 {
			dst = append(append(dst, ','), lines...)
		}
		dst = append(types.AppendJSONString(dst, []byte(a.Name)), ':')
		var err error
		if dst, err = appendJSON(dst, ctx, ft, d); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func attrs(t types.T) []types.Attr {
	if t.Def == nil {
		return nil
	}
	return t.Def.Attrs()
}
