package session

import (
	"context"
	"strings"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/exec"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// explainOptions are what EXPLAIN is asked for.
type explainOptions struct{ analyze, verbose, json bool }

func readExplainOptions(st *ast.Explain) (o explainOptions, err error) {
	for i := range st.Options {
		opt := &st.Options[i]
		text, _ := opt.Text()
		on := text == "" || strings.EqualFold(text, "true") || strings.EqualFold(text, "on") || text == "1"
		switch opt.Name {
		case "analyze":
			o.analyze = on
		case "verbose":
			o.verbose = on
		case "format":
			switch strings.ToLower(text) {
			case "text":
			case "json":
				o.json = true
			default:
				return o, pgerr.Unsupported("EXPLAIN with a format other than text and JSON").At(st.Pos)
			}
		}
	}
	return o, nil
}

// describeExplain plans the explained statement, so that mistakes in it show.
func (s *Session) describeExplain(p *prepared, st *ast.Explain) error {
	p.columns = textColumns("QUERY PLAN")
	if _, err := readExplainOptions(st); err != nil {
		return err
	}
	if st.Object != nil {
		_, err := s.explained(st)
		return err
	}
	_, err := s.explainPlan(p, st)
	return err
}

// explainPlan gives the plan that EXPLAIN prints.
func (s *Session) explainPlan(p *prepared, st *ast.Explain) (*physical.Plan, error) {
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

// explained finds the view or sink whose plan at work is asked for.
func (s *Session) explained(st *ast.Explain) (*catalog.Relation, error) {
	r, err := s.relation(*st.Object)
	if err != nil {
		return nil, err
	}
	want := catalog.MaterializedView
	if st.Kind == ast.KindSink {
		want = catalog.Sink
	}
	if r.Kind != want {
		return nil, wrongKind(r, want)
	}
	return r, nil
}

func (s *Session) runExplain(ctx context.Context, p *prepared, params []types.Datum, st *ast.Explain, c Client) error {
	opt, err := readExplainOptions(st)
	if err != nil {
		return err
	}
	var plan *physical.Plan
	var figures []planner.Figures
	switch {
	case st.Object != nil:
		plan, figures, err = s.explainRunning(ctx, st, opt, c)
	case opt.analyze:
		plan, figures, err = s.explainAnalyze(ctx, p, params, st, c)
	default:
		plan, err = s.explainPlan(p, st)
	}
	if err != nil {
		return err
	}
	var lines []string
	switch {
	case plan == nil:
		lines = []string{"Insert constant rows"}
	case opt.json:
		text, err := planner.ExplainJSON(plan, figures)
		if err != nil {
			return err
		}
		lines = []string{text}
	default:
		lines = strings.Split(strings.TrimRight(planner.ExplainFigures(plan, opt.verbose, figures), "\n"), "\n")
	}
	var rows [][]string
	for _, line := range lines {
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

// explainAnalyze runs a query, throws its rows away, and gives what went through its operators.
func (s *Session) explainAnalyze(ctx context.Context, p *prepared, params []types.Datum, st *ast.Explain, c Client) (*physical.Plan, []planner.Figures, error) {
	switch st.Query.(type) {
	case *ast.Select:
	case *ast.CreateMaterializedView, *ast.CreateSink:
		return nil, nil, pgerr.Unsupported("EXPLAIN ANALYZE of a definition").
			WithHint("EXPLAIN ANALYZE MATERIALIZED VIEW name shows a view at work.").At(st.Pos)
	default:
		return nil, nil, pgerr.Unsupported("EXPLAIN ANALYZE of a statement other than a query").At(st.Pos)
	}
	plan, err := s.explainPlan(p, st)
	if err != nil {
		return nil, nil, err
	}
	var ops []exec.OpStats
	err = s.runPlan(ctx, plan, params, c, &engine.Query{Emit: func(*delta.Batch) error { return nil }, Figures: &ops})
	if err != nil {
		return nil, nil, err
	}
	return plan, planFigures(ops, nil), nil
}

// explainRunning gives the plan by which a view or sink is kept and, with ANALYZE, what has gone through its operators
// and how much they keep, once the view has taken in what was committed before.
func (s *Session) explainRunning(ctx context.Context, st *ast.Explain, opt explainOptions, c Client) (*physical.Plan, []planner.Figures, error) {
	r, err := s.explained(st)
	if err != nil {
		return nil, nil, err
	}
	if opt.analyze && r.Kind == catalog.MaterializedView {
		_, done, err := s.beginRead(ctx, []uint32{r.ID}, c)
		if err != nil {
			return nil, nil, err
		}
		done()
	}
	f, ok, err := s.srv.Engine.Figures(ctx, r.ID, opt.analyze)
	switch {
	case err != nil:
		return nil, nil, err
	case !ok:
		return nil, nil, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "%s %q has no plan", r.Kind, r.Name)
	case !opt.analyze:
		return f.Plan, nil, nil
	}
	return f.Plan, planFigures(f.Operators, f.State), nil
}

// planFigures puts together what the printer shows. state is nil for a query that has run once.
func planFigures(ops []exec.OpStats, state []engine.StateSize) []planner.Figures {
	out := make([]planner.Figures, len(ops))
	for i, o := range ops {
		out[i] = planner.Figures{RowsIn: o.RowsIn, RowsOut: o.RowsOut, Nanos: o.Nanos, HeldBytes: o.PeakBytes}
		if state != nil {
			out[i].Stateful, out[i].StateRows, out[i].StateBytes = state[i].Rows > 0, state[i].Rows, state[i].Bytes
		}
	}
	return out
}
