package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// recordColumns gives a function that returns records the columns that a column definition list says, whose names the function
// gets as a further argument. In a select list there is none.
func (c *clause) recordColumns(f *logical.SetFunc, defs []*ast.ColumnDef, pos int) ([]scopeCol, error) {
	switch {
	case len(defs) == 0 && c.sets != nil:
		return nil, pgerr.New(pgerr.FeatureNotSupported, "could not determine row type for result of %s", f.Name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.").At(pos)
	case len(defs) == 0:
		return nil, pgerr.New(pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"").At(pos)
	}
	var cols []scopeCol
	text := types.Of(types.Text)
	names := types.NewArrayBuilder(text)
	seen := map[string]bool{}
	for _, d := range defs {
		if seen[d.Name] {
			return nil, pgerr.New(pgerr.DuplicateColumn, "column name \"%s\" specified more than once", d.Name).At(d.Pos)
		}
		seen[d.Name] = true
		t, err := c.b.Type(d.Type)
		if err != nil {
			return nil, err
		}
		id := c.b.cols.Add(logical.Column{Name: d.Name, T: t})
		f.Cols, f.Ret = append(f.Cols, id), append(f.Ret, t)
		cols = append(cols, scopeCol{name: d.Name, id: id})
		names.Append(types.NewString(d.Name))
	}
	f.Args = append(f.Args, &expr.Const{Value: types.NewBytes(names.Build(nil)), T: types.ArrayOf(text)})
	return cols, nil
}

// needlessColumns is the error for a column definition list of a function whose columns are known.
func needlessColumns(several bool, defs []*ast.ColumnDef) error {
	if several {
		return pgerr.New(pgerr.SyntaxError, "a column definition list is redundant for a function with OUT parameters").At(defs[0].Pos)
	}
	return pgerr.New(pgerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"").At(defs[0].Pos)
}
