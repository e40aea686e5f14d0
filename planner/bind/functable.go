package bind

import (
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

const functionsInFrom = "functions in FROM"

// bindFuncTable binds function calls in FROM. Functions see the items to their left, with or without LATERAL.
func (b *Binder) bindFuncTable(t *ast.FuncTable, s *scope) (*from, error) {
	if len(t.ColDefs) > 0 && t.Ordinality {
		return nil, pgerr.New(pgerr.SyntaxError, "WITH ORDINALITY cannot be used with a column definition list").
			WithHint("Put the column definition list inside ROWS FROM().").At(t.ColDefs[0].Pos)
	}
	if call, ok := b.isChanges(t); ok {
		return b.bindChanges(t, call, s)
	}
	ft := &funcTable{c: b.clause(&scope{outer: s, ctes: s.ctes}, functionsInFrom)}
	name := ""
	defined := false
	for i, item := range t.Funcs {
		defs := item.ColDefs
		if len(t.ColDefs) > 0 {
			defs = t.ColDefs
		}
		defined = defined || len(defs) > 0
		fname := columnName(item.Call)
		if call, isCall := item.Call.(*ast.FuncCall); isCall {
			if fs := b.sqlFunctions(call.Name); len(fs) > 0 && !(call.Name.Schema == "" && hasBuiltin(call.Name.Name)) {
				n, ncols, ok, err := b.sqlFuncTable(ft.c, t, call, fs)
				if err != nil {
					return nil, err
				}
				if ok {
					return b.aliased(n, ncols, call.Name.Name, "", t.Alias)
				}
			}
		}
		if err := ft.add(item.Call, fname, defs); err != nil {
			return nil, err
		}
		if i == 0 {
			name = fname
		}
	}
	series := ft.node(t.Ordinality)
	node, cols := b.expandRows(series, ft.cols)
	// The only column of the only function is named as the table is.
	if len(cols) == 1 && t.Alias != nil && len(t.Funcs) == 1 && cols[0].name == name && !defined {
		cols[0].name = t.Alias.Name
	}
	if t.Ordinality {
		cols = append(cols, scopeCol{name: "ordinality", id: ordinality(series)})
	}
	return b.aliased(node, cols, name, "", t.Alias)
}

// funcTable is a FROM item of functions being bound.
type funcTable struct {
	c      *clause
	series logical.Series
	sets   bool // one of the functions returns a set
	cols   []scopeCol
}

// add binds one function. One that returns no set is one row, as a set.
func (ft *funcTable) add(e ast.Expr, name string, defs []*ast.ColumnDef) error {
	c := ft.c
	if call, ok := e.(*ast.FuncCall); ok && isSetFunc(call.Name.Name) && call.Over == nil {
		args, pos, err := c.setArgs(call)
		if err != nil {
			return err
		}
		fs, cols, err := c.setFuncs(call, args, pos, defs)
		ft.series.Funcs, ft.cols, ft.sets = append(ft.series.Funcs, fs...), append(ft.cols, cols...), true
		return err
	}
	x, err := c.bind(e)
	if err == nil {
		x, err = c.typed(x, ast.Start(e))
	}
	if err == nil && len(defs) > 0 {
		err = needlessColumns(false, defs)
	}
	if err != nil {
		return err
	}
	id := c.b.cols.Add(logical.Column{Name: name, T: x.Type()})
	ft.series.Funcs = append(ft.series.Funcs, logical.SetFunc{Name: "once", Args: []expr.Expr{x}, Cols: []logical.ColID{id}, Ret: []types.T{x.Type()}})
	ft.cols = append(ft.cols, scopeCol{name: name, id: id})
	return nil
}

// node makes the plan: set-returning functions side by side, or one row.
func (ft *funcTable) node(ordinal bool) logical.Node {
	cols := ft.c.b.cols
	int8 := types.Of(types.Int8)
	if ft.sets {
		if ordinal {
			ft.series.Ordinality = cols.Add(logical.Column{Name: "ordinality", T: int8})
		}
		if len(ft.c.pending) > 0 {
			ft.series.Input = ft.c.attach(oneRow())
		}
		return &ft.series
	}
	var items []logical.Item
	for _, f := range ft.series.Funcs {
		items = append(items, logical.Item{Col: f.Cols[0], Expr: f.Args[0]})
	}
	if ordinal {
		id := cols.Add(logical.Column{Name: "ordinality", T: int8})
		items = append(items, logical.Item{Col: id, Expr: &expr.Const{Value: types.NewInt(1), T: int8}})
	}
	return &logical.Project{Input: ft.c.attach(oneRow()), Items: items}
}

func ordinality(n logical.Node) logical.ColID {
	out := n.Output()
	return out[len(out)-1]
}

// setFuncs resolves a set-returning call in FROM. unnest of several arrays is several calls side by side.
func (c *clause) setFuncs(e *ast.FuncCall, args []expr.Expr, pos []int, defs []*ast.ColumnDef) ([]logical.SetFunc, []scopeCol, error) {
	if e.Name.Name != "unnest" || len(args) < 2 {
		f, cols, err := c.setFunc(e.Name.Name, args, pos, defs, e.Pos)
		return []logical.SetFunc{f}, cols, err
	}
	if len(defs) > 0 {
		return nil, nil, needlessColumns(false, defs)
	}
	var fs []logical.SetFunc
	var all []scopeCol
	for i := range args {
		f, cols, err := c.setFunc("unnest", args[i:i+1], pos[i:i+1], nil, e.Pos)
		if err != nil {
			return nil, nil, err
		}
		fs, all = append(fs, f), append(all, cols...)
	}
	return fs, all, nil
}
