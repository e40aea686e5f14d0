package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// bindFuncTable binds function calls in FROM. Functions see the items to their left, with or without LATERAL.
func (b *Binder) bindFuncTable(t *ast.FuncTable, s *scope) (*from, error) {
	if len(t.ColDefs) > 0 {
		return nil, pgerr.Unsupported("a column definition list").At(t.Pos)
	}
	c := b.clause(&scope{outer: s, ctes: s.ctes}, "functions in FROM")
	series := &logical.Series{}
	var scalars []logical.Item
	var cols []scopeCol
	name := ""
	for i, item := range t.Funcs {
		if len(item.ColDefs) > 0 {
			return nil, pgerr.Unsupported("a column definition list").At(t.Pos)
		}
		fname := columnName(item.Call)
		call, isCall := item.Call.(*ast.FuncCall)
		if isCall {
			if fs := b.sqlFunctions(call.Name); len(fs) > 0 && !(call.Name.Schema == "" && hasBuiltin(call.Name.Name)) {
				n, ncols, ok, err := b.sqlFuncTable(c, t, call, fs)
				if err != nil {
					return nil, err
				}
				if ok {
					return b.aliased(n, ncols, call.Name.Name, "", t.Alias)
				}
			}
		}
		switch {
		case isCall && isSetFunc(call.Name.Name) && call.Over == nil:
			args, pos, err := c.setArgs(call)
			if err != nil {
				return nil, err
			}
			f, fcols, err := c.setFuncs(call, args, pos)
			if err != nil {
				return nil, err
			}
			series.Funcs = append(series.Funcs, f...)
			cols = append(cols, fcols...)
		default:
			x, err := c.bind(item.Call)
			if err == nil {
				x, err = c.typed(x, ast.Start(item.Call))
			}
			if err != nil {
				return nil, err
			}
			id := b.cols.Add(logical.Column{Name: fname, T: x.Type()})
			scalars = append(scalars, logical.Item{Col: id, Expr: x})
			cols = append(cols, scopeCol{name: fname, id: id})
		}
		if i == 0 {
			name = fname
		}
	}
	if len(scalars) > 0 && len(series.Funcs) > 0 {
		return nil, pgerr.Unsupported("ROWS FROM with a function that returns no set").At(t.Pos)
	}
	node, err := b.functionNode(c, series, scalars, t.Ordinality)
	if err != nil {
		return nil, err
	}
	// The only column of the only function is named as the table is.
	if len(cols) == 1 && t.Alias != nil && len(t.Funcs) == 1 && cols[0].name == name {
		cols[0].name = t.Alias.Name
	}
	if t.Ordinality {
		cols = append(cols, scopeCol{name: "ordinality", id: ordinality(node)})
	}
	return b.aliased(node, cols, name, "", t.Alias)
}

// functionNode makes the plan of functions in FROM: set-returning ones, or one row of scalar ones.
func (b *Binder) functionNode(c *clause, series *logical.Series, scalars []logical.Item, ordinal bool) (logical.Node, error) {
	int8 := types.Of(types.Int8)
	if len(series.Funcs) > 0 {
		if ordinal {
			series.Ordinality = b.cols.Add(logical.Column{Name: "ordinality", T: int8})
		}
		if len(c.pending) > 0 {
			series.Input = c.attach(oneRow())
			return series, nil
		}
		return series, nil
	}
	if ordinal {
		id := b.cols.Add(logical.Column{Name: "ordinality", T: int8})
		scalars = append(scalars, logical.Item{Col: id, Expr: &expr.Const{Value: types.NewInt(1), T: int8}})
	}
	return &logical.Project{Input: c.attach(oneRow()), Items: scalars}, nil
}

func ordinality(n logical.Node) logical.ColID {
	out := n.Output()
	return out[len(out)-1]
}

// setFuncs resolves a set-returning call in FROM. unnest of several arrays is several calls side by side.
func (c *clause) setFuncs(e *ast.FuncCall, args []expr.Expr, pos []int) ([]logical.SetFunc, []scopeCol, error) {
	if e.Name.Name != "unnest" || len(args) < 2 {
		f, cols, err := c.setFunc(e.Name.Name, args, pos, e.Pos)
		return []logical.SetFunc{f}, cols, err
	}
	var fs []logical.SetFunc
	var all []scopeCol
	for i := range args {
		f, cols, err := c.setFunc("unnest", args[i:i+1], pos[i:i+1], e.Pos)
		if err != nil {
			return nil, nil, err
		}
		fs, all = append(fs, f), append(all, cols...)
	}
	return fs, all, nil
}
