package session

import (
	"context"
	"strings"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// createFunction runs CREATE FUNCTION ... LANGUAGE SQL.
func (s *Session) createFunction(ctx context.Context, st *ast.CreateFunction, c Client) error {
	schema, name, err := s.target(st.Name)
	if err != nil {
		return err
	}
	f := &catalog.Function{Schema: schema, Name: name, Owner: s.user, SearchPath: s.SearchPath(false)}
	if err := functionOptions(st, f); err != nil {
		return err
	}
	if f.Body, err = functionBody(st); err != nil {
		return err
	}
	if err := s.functionParams(st, f); err != nil {
		return err
	}
	if err := s.functionResult(st, f); err != nil {
		return err
	}
	if err := planner.CheckFunction(f, s.ddlEnv(s.catalog())); err != nil {
		return err
	}
	err = s.ddl(ctx, func(e *catalog.Edit) error { return e.AddFunction(f, st.OrReplace) })
	if err != nil {
		return err
	}
	return c.Complete("CREATE FUNCTION")
}

// functionOptions takes what changes how a function works, and refuses what is not built.
func functionOptions(st *ast.CreateFunction, f *catalog.Function) error {
	switch language := strings.ToLower(st.Language); {
	case st.Procedure:
		return pgerr.Unsupported("CREATE PROCEDURE").At(st.Pos)
	case language == "" && st.Return == nil && len(st.Atomic) == 0:
		return pgerr.New(pgerr.InvalidFunctionDefinition, "no language specified").At(st.Pos)
	case language != "" && language != "sql":
		return pgerr.Unsupported("functions in the language " + st.Language).WithHint("Functions are written in SQL: LANGUAGE SQL.").At(st.Pos)
	}
	f.Volatility = 'v'
	for _, o := range st.Options {
		switch o.Name {
		case "volatility":
			word, _ := o.Text()
			f.Volatility = word[0]
		case "strict":
			word, _ := o.Text()
			f.Strict = word == "true"
		case "parallel", "leakproof", "cost", "rows", "security", "support":
			// They help PostgreSQL's planner, or say with whose rights the body runs: there is one role.
		default:
			return pgerr.Unsupported("the option " + strings.ToUpper(o.Name) + " of a function").At(st.Pos)
		}
	}
	return nil
}

// functionBody gives the text of the one query.
func functionBody(st *ast.CreateFunction) (string, error) {
	switch {
	case st.Return != nil:
		return "SELECT " + ast.Format(st.Return), nil
	case len(st.Atomic) == 1:
		return ast.Format(st.Atomic[0]), nil
	case len(st.Atomic) > 1:
		return "", pgerr.Unsupported("a function of several statements").At(st.Pos)
	case len(st.As) != 1:
		return "", pgerr.New(pgerr.InvalidFunctionDefinition, "no function body specified").At(st.Pos)
	}
	body := strings.TrimSpace(st.As[0])
	stmts, err := parser.Parse(body)
	if err != nil {
		return "", err
	}
	if len(stmts) != 1 {
		return "", pgerr.Unsupported("a function of several statements").At(st.Pos)
	}
	if q, ok := stmts[0].AST.(*ast.Select); !ok || modifies(q) {
		return "", pgerr.Unsupported("a function that changes data").At(st.Pos)
	}
	return body, nil
}

// functionParams takes the input parameters, and OUT parameters as columns of the result.
func (s *Session) functionParams(st *ast.CreateFunction, f *catalog.Function) error {
	for _, p := range st.Params {
		if p.Mode == "variadic" {
			return pgerr.Unsupported("VARIADIC parameters").At(p.Pos)
		}
		t, err := planner.ResolveType(p.Type, s.ddlEnv(s.catalog()))
		if err != nil {
			return err
		}
		col := catalog.Column{Name: p.Name, T: t}
		if p.Mode == "out" || p.Mode == "inout" {
			f.Result = append(f.Result, col)
		}
		if p.Mode == "out" {
			continue
		}
		if p.Default != nil {
			col.Default = ast.Format(p.Default)
		} else if n := len(f.Params); n > 0 && f.Params[n-1].Default != "" {
			return pgerr.New(pgerr.InvalidFunctionDefinition, "input parameters after one with a default value must also have defaults").At(p.Pos)
		}
		for _, o := range f.Params {
			if p.Name != "" && o.Name == p.Name {
				return pgerr.New(pgerr.InvalidFunctionDefinition, "parameter name \"%s\" used more than once", p.Name).At(p.Pos)
			}
		}
		f.Params = append(f.Params, col)
	}
	return nil
}

// functionResult takes RETURNS.
func (s *Session) functionResult(st *ast.CreateFunction, f *catalog.Function) error {
	if len(st.ReturnsTable) > 0 {
		if len(f.Result) > 0 {
			return pgerr.New(pgerr.SyntaxError, "OUT and INOUT arguments aren't allowed in TABLE functions").At(st.Pos)
		}
		f.Set, f.Table = true, true
		for _, p := range st.ReturnsTable {
			t, err := planner.ResolveType(p.Type, s.ddlEnv(s.catalog()))
			if err != nil {
				return err
			}
			f.Result = append(f.Result, catalog.Column{Name: p.Name, T: t})
		}
		return nil
	}
	outs := len(f.Result)
	if st.Returns == nil {
		if outs != 1 {
			return pgerr.Unsupported("a function that returns a record").WithHint("Use RETURNS TABLE (...).").At(st.Pos)
		}
		return nil
	}
	named := *st.Returns
	f.Set, named.SetOf = named.SetOf, false
	if f.Set && outs > 0 {
		f.Table = true // SETOF record with OUT parameters
		return nil
	}
	t, err := planner.ResolveType(&named, s.ddlEnv(s.catalog()))
	if err != nil {
		return err
	}
	if t.Is(types.Void) || t.Is(types.Record) {
		return pgerr.Unsupported("a function that returns " + t.String()).At(st.Returns.Pos)
	}
	if outs == 0 {
		f.Result = []catalog.Column{{Name: f.Name, T: t}}
	}
	return nil
}

// dropFunctions runs DROP FUNCTION.
func (s *Session) dropFunctions(ctx context.Context, st *ast.Drop, c Client) error {
	var removed []*catalog.Relation
	err := s.ddl(ctx, func(e *catalog.Edit) error {
		var ids []uint32
		for _, o := range st.Objects {
			f, err := s.functionToDrop(e.Snapshot(), o)
			if err != nil {
				if !st.IfExists || pgerr.CodeOf(err) != pgerr.UndefinedFunction {
					return err
				}
				if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "function %s() does not exist, skipping", o.Name.Name)); err != nil {
					return err
				}
				continue
			}
			ids = append(ids, f.ID)
		}
		if len(ids) == 0 {
			return errExists
		}
		var err error
		removed, err = e.DropFunctions(ids, st.Cascade)
		return err
	})
	if err != nil && err != errExists {
		return err
	}
	if err := s.noticeCascade(c, removed, nil); err != nil {
		return err
	}
	return c.Complete("DROP FUNCTION")
}

// functionToDrop finds the one function that DROP names.
func (s *Session) functionToDrop(cat *catalog.Snapshot, o *ast.DropObject) (*catalog.Function, error) {
	schemas := []string{o.Name.Schema}
	if o.Name.Schema == "" {
		schemas = s.SearchPath(false)
	}
	var found []*catalog.Function
	for _, schema := range schemas {
		found = append(found, cat.FunctionsNamed(schema, o.Name.Name)...)
	}
	if !o.HasArgs {
		switch len(found) {
		case 0:
			return nil, pgerr.New(pgerr.UndefinedFunction, "could not find a function named \"%s\"", o.Name.Name).At(o.Name.Pos)
		case 1:
			return found[0], nil
		}
		return nil, pgerr.New(pgerr.AmbiguousFunction, "function name \"%s\" is not unique", o.Name.Name).
			WithHint("Specify the argument list to select the function unambiguously.").At(o.Name.Pos)
	}
	var ts []types.T
	for _, p := range o.Args {
		if p.Mode == "out" {
			continue
		}
		t, err := planner.ResolveType(p.Type, s.ddlEnv(s.catalog()))
		if err != nil {
			return nil, err
		}
		ts = append(ts, t)
	}
	for _, f := range found {
		if f.Takes(ts) {
			return f, nil
		}
	}
	missing := catalog.Function{Name: o.Name.Name}
	for _, t := range ts {
		missing.Params = append(missing.Params, catalog.Column{T: t})
	}
	return nil, pgerr.New(pgerr.UndefinedFunction, "function %s does not exist", missing.Signature()).At(o.Name.Pos)
}
