package session

import (
	"context"
	"fmt"
	"strings"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
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
		return s.run(ctx, p, params, c, false)
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

// describeExplain plans the explained statement, so that mistakes in it show.
func (s *Session) describeExplain(p *prepared, st *ast.Explain) error {
	p.columns = textColumns("QUERY PLAN")
	_, err := s.explainPlan(p, st)
	return err
}

// explainPlan gives the plan that EXPLAIN prints.
func (s *Session) explainPlan(p *prepared, st *ast.Explain) (*physical.Plan, error) {
	if o := st.Option("analyze"); o != nil {
		if v, _ := o.Text(); v == "" || strings.EqualFold(v, "true") || strings.EqualFold(v, "on") {
			return nil, pgerr.Unsupported("EXPLAIN ANALYZE").At(st.Pos)
		}
	}
	if o := st.Option("format"); o != nil {
		if v, _ := o.Text(); !strings.EqualFold(v, "text") {
			return nil, pgerr.Unsupported("EXPLAIN with a format other than text").At(st.Pos)
		}
	}
	env := s.planEnv(p)
	env.Catalog = s.catalog()
	switch q := st.Query.(type) {
	case *ast.Select:
		r, err := planner.PlanQuery(q, env)
		if err != nil {
			return nil, err
		}
		p.params = r.Params
		return r.Plan, nil
	case *ast.CreateMaterializedView:
		env.View = true
		r, err := planner.PlanQuery(q.Query, env)
		if err != nil {
			return nil, err
		}
		return r.Plan, nil
	case *ast.CreateSink:
		env.View = true
		r, err := planner.PlanQuery(sinkQuery(q), env)
		if err != nil {
			return nil, err
		}
		return r.Plan, nil
	case *ast.Insert, *ast.Update, *ast.Delete:
		d, err := planDML(q, env)
		if err != nil {
			return nil, err
		}
		p.params = d.Params
		return d.Source, nil
	case *ast.Execute:
		target, err := s.lookupPrepared(q.Name)
		if err != nil {
			return nil, err
		}
		if target.query != nil {
			return target.query.Plan, nil
		}
	}
	return nil, pgerr.Unsupported("EXPLAIN of this statement").At(st.Pos)
}

func (s *Session) runExplain(p *prepared, st *ast.Explain, c Client) error {
	plan, err := s.explainPlan(p, st)
	if err != nil {
		return err
	}
	verbose := st.Option("verbose") != nil
	text := "Insert constant rows"
	if plan != nil {
		text = planner.Explain(plan, verbose)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		rows = append(rows, []string{line})
	}
	if err := c.Columns(p.columns); err != nil {
		return err
	}
	if err := c.Rows(textBatch(1, rows), 1); err != nil {
		return err
	}
	return c.Complete("EXPLAIN")
}
