package session

import (
	"context"
	"fmt"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// preparedStatement runs PREPARE, EXECUTE and DEALLOCATE. Names are shared with the extended protocol's.
func (s *Session) preparedStatement(ctx context.Context, st ast.Statement, c Client) error {
	switch st := st.(type) {
	case *ast.Prepare:
		return s.runPrepare(st, c)
	case *ast.Execute:
		p, params, err := s.executeTarget(st)
		if err != nil {
			return err
		}
		return s.run(ctx, p, params, c)
	}
	name := st.(*ast.Deallocate).Name
	if name == "" {
		clear(s.prepared)
		return c.Complete("DEALLOCATE ALL")
	}
	if s.prepared[name] == nil {
		return pgerr.New(pgerr.InvalidSQLStatementName, "prepared statement %q does not exist", name)
	}
	delete(s.prepared, name)
	return c.Complete("DEALLOCATE")
}

func (s *Session) runPrepare(st *ast.Prepare, c Client) error {
	if s.prepared[st.Name] != nil {
		return pgerr.New(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", st.Name)
	}
	if len(s.prepared) >= preparedMax {
		return pgerr.New(pgerr.ProgramLimitExceeded, "a session may have at most %d prepared statements", preparedMax)
	}
	env := &planner.Env{Catalog: s.catalog(), SearchPath: s.searchPath(), TypeEnv: s.Env()}
	declared := make([]types.T, len(st.Types))
	for i, name := range st.Types {
		t, err := planner.ResolveType(name, env)
		if err != nil {
			return err
		}
		declared[i] = t
	}
	p, err := s.prepare(&parser.Stmt{AST: st.Query, Text: ast.Format(st.Query)}, declared)
	if err != nil {
		return err
	}
	p.fromSQL = true
	s.prepared[st.Name] = p
	return c.Complete("PREPARE")
}

// executeTarget finds the statement of EXECUTE and evaluates its arguments.
func (s *Session) executeTarget(st *ast.Execute) (*prepared, []types.Datum, error) {
	p, err := s.lookupPrepared(st.Name)
	if err != nil {
		return nil, nil, err
	}
	if len(st.Args) != len(p.params) {
		return nil, nil, pgerr.New(pgerr.SyntaxError, "wrong number of parameters for prepared statement %q", st.Name).
			WithDetail("Expected %d parameters but got %d.", len(p.params), len(st.Args))
	}
	ctx := s.execContext()
	env := &planner.Env{Catalog: s.catalog(), SearchPath: s.searchPath(), TypeEnv: ctx.Env}
	values := make([]types.Datum, len(st.Args))
	for i, a := range st.Args {
		e, err := planner.BindAssignment(a, env, nil, fmt.Sprintf("$%d", i+1), p.params[i])
		if err != nil {
			return nil, nil, err
		}
		if values[i], err = expr.EvalConst(ctx, e); err != nil {
			return nil, nil, err
		}
	}
	return p, values, nil
}

func (s *Session) describeExecute(p *prepared, st *ast.Execute) error {
	target, err := s.lookupPrepared(st.Name)
	if err != nil {
		return err
	}
	p.columns = target.columns
	return nil
}
