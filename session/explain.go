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
	"millrace/sql/parser"
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
	target, _, err := s.explainTarget(p, st)
	if err != nil || target != nil {
		return err
	}
	_, err = s.explainPlan(p, st)
	return err
}

// explainTarget gives the statement that EXPLAIN is about, planned, with its parameters, where it is not the definition of a
// view or sink.
func (s *Session) explainTarget(p *prepared, st *ast.Explain) (*prepared, []types.Datum, error) {
	switch q := st.Query.(type) {
	case *ast.Select, *ast.Insert, *ast.Update, *ast.Delete:
		target, err := s.prepare(&parser.Stmt{AST: q, Text: ast.Format(q)}, p.declared)
		if err != nil {
			return nil, nil, err
		}
		if target.query == nil && target.dml == nil {
			return nil, nil, pgerr.Unsupported("EXPLAIN of this statement").At(st.Pos)
		}
		p.params = target.params
		return target, nil, nil
	case *ast.Execute:
		target, params, err := s.executeTarget(q)
		if err == nil && target.query == nil && target.dml == nil {
			err = pgerr.Unsupported("EXPLAIN of this statement").At(st.Pos)
		}
		return target, params, err
	}
	return nil, nil, nil
}

// explainPlan gives the plan that EXPLAIN prints.
func (s *Session) explainPlan(p *prepared, st *ast.Explain) (*physical.Plan, error) {
	env := s.planEnv(p)
	env.Catalog = s.catalog()
	switch q := st.Query.(type) {
	case *ast.CreateMaterializedView:
		view := &catalog.Relation{}
		if err := setViewOptions(view, q.Options); err != nil {
			return nil, err
		}
		var err error
		if env.Lateness, err = lateness(view); err != nil {
			return nil, err
		}
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
	var text string
	if st.WhyPending {
		text, err = s.explainPending(ctx, st, c)
	} else if st.Object != nil {
		text, err = s.explainRunning(ctx, st, opt, c)
	} else {
		text, err = s.explainStatement(ctx, p, params, st, opt, c)
	}
	if err != nil {
		return err
	}
	lines := []string{text}
	if !opt.json {
		lines = strings.Split(strings.TrimRight(text, "\n"), "\n")
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

// explainStatement explains a query, a statement that changes rows, or a definition.
func (s *Session) explainStatement(ctx context.Context, p *prepared, params []types.Datum, st *ast.Explain, opt explainOptions, c Client) (string, error) {
	target, own, err := s.explainTarget(p, st)
	if err != nil {
		return "", err
	}
	if own != nil {
		params = own
	}
	switch {
	case target == nil && opt.analyze:
		return "", pgerr.Unsupported("EXPLAIN ANALYZE of a definition").
			WithHint("EXPLAIN ANALYZE MATERIALIZED VIEW name shows a view at work.").At(st.Pos)
	case target == nil:
		plan, err := s.explainPlan(p, st)
		if err != nil {
			return "", err
		}
		return explainText(plan, opt, nil)
	}
	var m *planner.Measured
	if opt.analyze {
		if m, err = s.measure(ctx, target, params, c); err != nil {
			return "", err
		}
	}
	switch d, q := target.dml, target.query; {
	case d != nil && opt.json:
		return planner.ExplainDMLJSON(d, m)
	case d != nil:
		return planner.ExplainDML(d, opt.verbose, m), nil
	case len(q.With) > 0 && opt.json:
		return planner.ExplainModifyingJSON(q, m)
	case len(q.With) > 0:
		return planner.ExplainModifying(q, opt.verbose, m), nil
	case m != nil:
		return explainText(q.Plan, opt, m.Plans[q.Plan])
	}
	return explainText(target.query.Plan, opt, nil)
}

func explainText(plan *physical.Plan, opt explainOptions, figures []planner.Figures) (string, error) {
	if opt.json {
		return planner.ExplainJSON(plan, figures)
	}
	return planner.ExplainFigures(plan, opt.verbose, figures), nil
}

// measure runs a statement, throws the rows that it gives away, and tells what went through its operators.
func (s *Session) measure(ctx context.Context, target *prepared, params []types.Datum, c Client) (*planner.Measured, error) {
	m := &planner.Measured{}
	s.measured = m
	defer func() { s.measured = nil }()
	clearMeasured(m)
	var err error
	if target.dml != nil {
		_, _, err = s.execDML(ctx, target, params, c)
	} else {
		err = s.query(ctx, target.query, params, c, func(*delta.Batch) error { return nil })
	}
	return m, err
}

// clearMeasured forgets what an attempt that is made again has measured.
func clearMeasured(m *planner.Measured) {
	if m != nil {
		m.Plans, m.Rows = map[*physical.Plan][]planner.Figures{}, map[*planner.DML]int64{}
	}
}

// addFigures adds up what runs of one plan have measured.
func addFigures(sum, more []planner.Figures) []planner.Figures {
	if sum == nil {
		return more
	}
	for i := range sum {
		sum[i].RowsIn += more[i].RowsIn
		sum[i].RowsOut += more[i].RowsOut
		sum[i].Nanos += more[i].Nanos
		sum[i].HeldBytes = max(sum[i].HeldBytes, more[i].HeldBytes)
	}
	return sum
}

// explainRunning gives the plan by which a view or sink is kept and, with ANALYZE, what has gone through its operators
// and how much they keep, once the view has taken in what was committed before.
func (s *Session) explainRunning(ctx context.Context, st *ast.Explain, opt explainOptions, c Client) (string, error) {
	r, err := s.explained(st)
	if err != nil {
		return "", err
	}
	if opt.analyze && r.Kind == catalog.MaterializedView {
		_, done, err := s.beginRead(ctx, []uint32{r.ID}, c)
		if err != nil {
			return "", err
		}
		done()
	}
	f, ok, err := s.srv.Engine.Figures(ctx, r.ID, opt.analyze)
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", pgerr.New(pgerr.ObjectNotInPrerequisiteState, "%s %q has no plan", r.Kind, r.Name)
	case !opt.analyze:
		return explainText(f.Plan, opt, nil)
	}
	return explainText(f.Plan, opt, planFigures(f.Operators, f.State))
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
