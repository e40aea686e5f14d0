package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"millrace/catalog"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// progressEvery is how often CREATE MATERIALIZED VIEW tells how far it is.
const progressEvery = 2 * time.Second

// viewColumns names a view's columns and checks them.
func viewColumns(cols []physical.Column, names []string, pos int) ([]catalog.Column, error) {
	if len(names) > len(cols) {
		return nil, pgerr.New(pgerr.SyntaxError, "too many column names were specified").At(pos)
	}
	out := make([]catalog.Column, len(cols))
	seen := map[string]bool{}
	for i, c := range cols {
		name := c.Name
		if i < len(names) {
			name = names[i]
		}
		if seen[name] {
			return nil, pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", name).At(pos).
				WithHint("Give the columns different names with AS.")
		}
		seen[name] = true
		t := c.T
		if t.Kind == types.Unknown {
			t = types.Of(types.Text)
		}
		if isPseudo(t) {
			return nil, pgerr.New(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", name, t)
		}
		out[i] = catalog.Column{Name: name, T: t}
	}
	return out, nil
}

// recursiveView makes the query of CREATE RECURSIVE VIEW name (columns) AS query: WITH RECURSIVE name (columns) AS (query)
// SELECT columns FROM name.
func recursiveView(st *ast.CreateView) *ast.Select {
	core := &ast.SelectCore{Pos: st.Pos, From: []ast.TableExpr{&ast.TableName{ObjectName: ast.ObjectName{Pos: st.Name.Pos, Name: st.Name.Name}}}}
	for _, c := range st.Columns {
		core.Targets = append(core.Targets, &ast.Target{Pos: st.Pos, Expr: &ast.ColumnRef{Pos: st.Pos, Parts: []string{c}}})
	}
	with := &ast.With{Pos: st.Pos, Recursive: true, CTEs: []*ast.CTE{{Pos: st.Name.Pos, Name: st.Name.Name, Columns: st.Columns, Query: st.Query}}}
	return &ast.Select{Pos: st.Pos, With: with, Body: core}
}

// setUpdatable notes whether a view is updatable, and its WITH CHECK OPTION, which only one that is has.
func (s *Session) setUpdatable(r *catalog.Relation, st *ast.CreateView, query *ast.Select, cat *catalog.Snapshot) error {
	r.CheckOption = [...]string{ast.NoCheckOption: "", ast.CheckLocal: catalog.CheckLocal, ast.CheckCascaded: catalog.CheckCascaded}[st.Check]
	why, err := planner.Updatable(r, query, s.ddlEnv(cat))
	r.Updatable = err == nil && why == ""
	switch {
	case st.Check == ast.NoCheckOption:
		return nil
	case err == nil && why != "":
		return pgerr.New(pgerr.FeatureNotSupported, "WITH CHECK OPTION is supported only on automatically updatable views").WithHint("%s", why)
	}
	return err
}

func (s *Session) createView(ctx context.Context, st *ast.CreateView, c Client) error {
	switch {
	case st.Persistence == ast.Temporary:
		return pgerr.Unsupported("CREATE TEMPORARY VIEW").At(st.Pos)
	case modifies(st.Query):
		return pgerr.New(pgerr.FeatureNotSupported, "views must not contain data-modifying statements in WITH")
	}
	query := st.Query
	if st.Recursive {
		query = recursiveView(st)
	}
	define := func(r *catalog.Relation, cat *catalog.Snapshot) error {
		r.Kind = catalog.View
		q, err := planner.PlanQuery(query, s.ddlEnv(cat))
		if err != nil {
			return err
		}
		if len(q.Params) > 0 {
			return noParameter(query)
		}
		if r.Columns, err = viewColumns(q.Columns, st.Columns, st.Pos); err != nil {
			return err
		}
		r.Query, r.SearchPath = ast.Format(query), s.searchPath()
		r.SetDependencies(q.DependsOn, cat)
		r.UsesFunctions = q.UsesFunctions
		r.UsesTypes = q.UsesTypes
		r.Create = ast.Format(st)
		return s.setUpdatable(r, st, query, cat)
	}
	schema, name, err := s.target(st.Name)
	if err != nil {
		return err
	}
	old, exists := s.catalog().Lookup(schema, name)
	if !st.OrReplace || !exists {
		if _, _, err := s.create(ctx, st.Name, st.IfNotExists, c, define); err != nil {
			return err
		}
		return c.Complete("CREATE VIEW")
	}
	if old.Kind != catalog.View {
		return wrongKind(old, catalog.View)
	}
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		r := *old
		if err := define(&r, e.Snapshot()); err != nil {
			return err
		}
		if err := checkReplaceable(old, &r, e.Snapshot()); err != nil {
			return err
		}
		return e.Update(&r)
	})
	if err != nil {
		return err
	}
	return c.Complete("CREATE VIEW")
}

// checkReplaceable holds PostgreSQL's rule: a replaced view keeps its columns and may add some at the end. A view
// that a materialized view computes from cannot change, since the computed rows would not follow.
func checkReplaceable(old, r *catalog.Relation, cat *catalog.Snapshot) error {
	if len(r.Columns) < len(old.Columns) {
		return pgerr.New(pgerr.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i, c := range old.Columns {
		switch n := r.Columns[i]; {
		case n.Name != c.Name:
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change name of view column %q to %q", c.Name, n.Name)
		case n.T != c.T:
			return pgerr.New(pgerr.InvalidTableDefinition, "cannot change data type of view column %q from %s to %s", c.Name, c.T, n.T)
		}
	}
	for _, id := range r.DependsOn {
		if id == r.ID {
			return pgerr.New(pgerr.InvalidObjectDefinition, "view %q would depend on itself", r.Name)
		}
	}
	for _, d := range dependants(cat, old.ID, map[uint32]bool{}) {
		if d.Kind == catalog.MaterializedView || d.Kind == catalog.Sink {
			return pgerr.New(pgerr.DependentObjectsStillExist, "cannot replace view %q because %s %q is computed from it", old.Name, d.Kind, d.Name)
		}
	}
	return nil
}

// dependants lists everything that depends on a relation, transitively.
func dependants(cat *catalog.Snapshot, id uint32, seen map[uint32]bool) []*catalog.Relation {
	var out []*catalog.Relation
	for _, d := range cat.Dependants(id) {
		if !seen[d.ID] {
			seen[d.ID] = true
			out = append(append(out, d), dependants(cat, d.ID, seen)...)
		}
	}
	return out
}

// defineFlow plans the query of a materialized view or sink and fills in the relation.
func (s *Session) defineFlow(r *catalog.Relation, query *ast.Select, names []string, pos int, cat *catalog.Snapshot) error {
	env := s.ddlEnv(cat)
	env.View, env.RowCounts = true, s.srv.Engine.RowCounts
	var err error
	if env.Lateness, err = lateness(r); err != nil {
		return err
	}
	q, err := planFlow(r, query, env)
	if err != nil {
		return err
	}
	if len(q.Params) > 0 {
		return noParameter(query)
	}
	if err := s.checkBounded(q.Plan); err != nil {
		return err
	}
	if r.Columns, err = viewColumns(q.Columns, names, pos); err != nil {
		return err
	}
	root := q.Plan.Nodes[q.Plan.Root()].Out()
	for i := len(r.Columns); i < len(root.Types); i++ {
		r.Columns = append(r.Columns, catalog.Column{Name: fmt.Sprintf("_hidden_%d", i), T: root.Types[i], Hidden: true})
	}
	r.Key, r.AppendOnly, r.Marks = q.Plan.Key, q.Plan.AppendOnly, q.Plan.Marks
	r.Query, r.SearchPath, r.Rows = ast.Format(query), s.searchPath(), q.Rows
	if query.Late != nil && query.Late.To != nil {
		if err := s.routeLate(r, query.Late, q.Plan); err != nil {
			return err
		}
		q.DependsOn = append(q.DependsOn, r.Late.To) // which cannot be dropped before the view
	}
	r.SetDependencies(q.DependsOn, cat)
	r.UsesFunctions = q.UsesFunctions
	r.UsesTypes = q.UsesTypes
	return nil
}

// PlanFlow makes the plan of a stored materialized view or sink: the engine calls it on every start.
func PlanFlow(r *catalog.Relation, cat *catalog.Snapshot) (*physical.Plan, string, error) {
	q, err := planStored(r, cat)
	if err != nil {
		return nil, "", err
	}
	return q.Plan, planner.Fingerprint(q.Plan), nil
}

// planStored plans the query of a view or sink as it stands in the catalog.
func planStored(r *catalog.Relation, cat *catalog.Snapshot) (*planner.Query, error) {
	st, err := parser.ParseOne(r.Query)
	if err != nil {
		return nil, err
	}
	late, err := lateness(r)
	if err != nil {
		return nil, err
	}
	return planFlow(r, st.AST, &planner.Env{
		Catalog: cat, SearchPath: r.SearchPath, TypeEnv: types.DefaultEnv, View: r.Kind != catalog.View, Widths: r.Widths(), Lateness: late,
		RowCounts: func([]uint32) map[uint32]int64 { return r.Rows },
	})
}

func (s *Session) createMaterializedView(ctx context.Context, st *ast.CreateMaterializedView, c Client) error {
	query, ok := st.Query.(*ast.Select)
	switch {
	case !ok:
		return pgerr.Unsupported("CREATE MATERIALIZED VIEW over EXECUTE").At(st.Pos)
	case st.OrReplace:
		schema, name, err := s.target(st.Name)
		if err != nil {
			return err
		}
		if old, exists := s.catalog().Lookup(schema, name); exists {
			if err := s.replaceView(ctx, st, query, old, c); err != nil {
				return err
			}
			return c.Complete("CREATE MATERIALIZED VIEW")
		}
	}
	r, made, err := s.create(ctx, st.Name, st.IfNotExists, c, func(r *catalog.Relation, cat *catalog.Snapshot) error {
		r.Create = ast.Format(st)
		return s.defineView(r, st, query, cat)
	})
	if err != nil {
		return err
	}
	switch {
	case made && s.txn != nil:
		s.txn.views = append(s.txn.views, r.ID)
	case made && !s.settings.isOn("background_ddl"):
		if err := s.waitLoaded(ctx, r, c); err != nil {
			return err
		}
	}
	return c.Complete("CREATE MATERIALIZED VIEW")
}

// defineView fills in a materialized view.
func (s *Session) defineView(r *catalog.Relation, st *ast.CreateMaterializedView, query *ast.Select, cat *catalog.Snapshot) error {
	r.Kind = catalog.MaterializedView
	if err := setViewOptions(r, st.Options); err != nil {
		return err
	}
	return s.defineFlow(r, query, st.Columns, st.Pos, cat)
}

// waitLoaded waits for a new view's first contents. When the wait is canceled the view is dropped.
func (s *Session) waitLoaded(ctx context.Context, r *catalog.Relation, c Client) error {
	start := s.srv.Engine.Now()
	err := s.srv.Engine.WaitLoaded(ctx, r.ID, progressEvery, func(b engine.Behind) {
		seconds := float64(s.srv.Engine.Now()-start) / 1e6
		n := pgerr.New(pgerr.SuccessfulCompletion, "%s: %d rows read, %.0f rows/s", r.Name, b.Rows, float64(b.Rows)/max(seconds, 0.001))
		if b.Total > b.Rows && b.Rows > 0 {
			n.Detail = fmt.Sprintf("About %.0f s are left.", seconds*float64(b.Total-b.Rows)/float64(b.Rows))
		}
		_ = s.notice(c, "NOTICE", n) // a connection that is gone shows at the next write
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = canceledCause(ctx, err)
	}
	drop := s.srv.Engine.DDL(context.WithoutCancel(ctx), func(e *catalog.Edit) error {
		_, err := e.Drop([]uint32{r.ID}, false)
		return err
	})
	if drop != nil {
		return fmt.Errorf("%w; the view could not be dropped: %w", err, drop)
	}
	return err
}

// sinkQuery is the query that a sink delivers.
func sinkQuery(st *ast.CreateSink) *ast.Select {
	if st.Query != nil {
		return st.Query
	}
	return &ast.Select{Pos: st.Pos, Body: &ast.SelectCore{
		Pos: st.Pos, Targets: []*ast.Target{{Pos: st.Pos, Expr: &ast.Star{Pos: st.Pos}}}, From: []ast.TableExpr{st.Table},
	}}
}

func (s *Session) createSink(ctx context.Context, st *ast.CreateSink, c Client) error {
	switch {
	case st.OrReplace:
		return pgerr.Unsupported("CREATE OR REPLACE SINK").At(st.Pos)
	case st.Format != nil:
		return pgerr.Unsupported("FORMAT ... ENCODE").At(st.Format.Pos)
	}
	r, made, err := s.createWith(ctx, st.Name, st.IfNotExists, c, func(r *catalog.Relation, cat *catalog.Snapshot) error {
		r.Kind = catalog.Sink
		if st.Into != nil {
			return s.defineInto(r, st, cat)
		}
		if err := s.setOptions(r, st.Options); err != nil {
			return err
		}
		name, ok := r.Option("connector")
		if !ok {
			return pgerr.New(pgerr.InvalidParameterValue, "a sink needs the option \"connector\"").At(st.Pos).
				WithHint("WITH (connector = 'blackhole') discards the changes.")
		}
		d, err := s.connector(name)
		if err != nil {
			return err
		}
		if d.Sink == nil {
			return pgerr.New(pgerr.WrongObjectType, "connector %q cannot be written to", name)
		}
		if _, err := d.Check(r.Options); err != nil {
			return err
		}
		if err := s.defineFlow(r, sinkQuery(st), nil, st.Pos, cat); err != nil {
			return err
		}
		r.Create = ast.Format(st)
		return nil
	}, placeOfSink)
	if err != nil {
		return err
	}
	switch {
	case made && s.txn != nil:
		s.txn.views = append(s.txn.views, r.ID)
	case made && !s.settings.isOn("background_ddl"):
		if err := s.waitLoaded(ctx, r, c); err != nil {
			return err
		}
	}
	return c.Complete("CREATE SINK")
}

func (s *Session) runAlter(ctx context.Context, st *ast.Alter, c Client) error {
	tag := "ALTER " + string(st.Kind)
	if st.Kind == ast.KindType || st.Kind == ast.KindDomain && renames(st) {
		return s.alterType(ctx, st, c)
	}
	kind, ok := kindOf[st.Kind]
	if !ok {
		return pgerr.Unsupported(tag).At(st.Pos)
	}
	r, err := s.relation(st.Name.ObjectName)
	if err != nil {
		if st.IfExists && pgerr.CodeOf(err) == pgerr.UndefinedTable {
			if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "relation %q does not exist, skipping", st.Name.Name)); err != nil {
				return err
			}
			return c.Complete(tag)
		}
		return unplaced(err)
	}
	if r.Kind != kind && st.Kind != ast.KindTable { // PostgreSQL lets ALTER TABLE rename any relation
		return wrongKind(r, kind)
	}
	if len(s.catalog().Sinks(r.ID)) > 0 && !renames(st) {
		return pgerr.Unsupported("altering a relation that a sink writes to").At(st.Pos)
	}
	if r.Kind == catalog.Table && !slices.ContainsFunc(st.Actions, func(a *ast.AlterAction) bool { return !alterable(a.Kind) }) {
		if err := s.alterTable(ctx, r, st, c); err != nil {
			return err
		}
		return c.Complete(tag)
	}
	for _, a := range st.Actions {
		if err := s.alterAction(ctx, r, a); err != nil {
			return err
		}
	}
	return c.Complete(tag)
}

func (s *Session) alterAction(ctx context.Context, r *catalog.Relation, a *ast.AlterAction) error {
	switch a.Kind {
	case ast.AlterRename:
		return s.ddl(ctx, func(e *catalog.Edit) error {
			return rename(e, r, r.Schema, a.NewName)
		})
	case ast.AlterSetSchema:
		return s.ddl(ctx, func(e *catalog.Edit) error {
			return rename(e, r, a.NewName, r.Name)
		})
	case ast.AlterRenameColumn:
		return s.ddl(ctx, func(e *catalog.Edit) error {
			i := r.ColumnIndex(a.Name)
			switch {
			case i < 0:
				return undefinedColumn(a.Name, r)
			case r.ColumnIndex(a.NewName) >= 0:
				return pgerr.New(pgerr.DuplicateColumn, "column %q of relation %q already exists", a.NewName, r.Name)
			case len(e.Snapshot().Dependants(r.ID)) > 0:
				return pgerr.Unsupported("renaming a column that views read").At(a.Pos)
			}
			var err error
			return errors.Join(e.Modify(r.ID, func(r *catalog.Relation) { err = renameColumn(r, i, a.NewName) }), err)
		})
	case ast.AlterAddWatermark, ast.AlterDropWatermark:
		return s.ddl(ctx, func(e *catalog.Edit) error { return s.alterWatermark(e, r.ID, a) })
	case ast.AlterSetOptions, ast.AlterResetOptions:
		return s.alterOptions(ctx, r, a)
	case ast.AlterSwapWith:
		return s.swapViews(ctx, r, a)
	case ast.AlterPause, ast.AlterResume:
		return s.pauseOrResume(ctx, r, a)
	case ast.AlterRoleOptions:
		if r.Kind == catalog.Sequence {
			return s.alterSequence(ctx, r, a.Options)
		}
	}
	return pgerr.Unsupported("this ALTER action").At(a.Pos)
}

// pauseOrResume stops or starts a stream's connector, a view or a sink.
func (s *Session) pauseOrResume(ctx context.Context, r *catalog.Relation, a *ast.AlterAction) error {
	if r.Kind == catalog.MaterializedView || r.Kind == catalog.Sink {
		return s.pauseFlow(ctx, r, a.Kind == ast.AlterPause)
	}
	if s.inBlock() {
		return pgerr.Unsupported("PAUSE and RESUME of a connector in a transaction block").At(a.Pos)
	}
	eng := s.srv.Engine
	if _, ok := r.Option("connector"); !ok {
		return pgerr.New(pgerr.WrongObjectType, "%q has no connector", r.Name)
	}
	err := s.ddl(ctx, func(e *catalog.Edit) error {
		return e.Modify(r.ID, func(r *catalog.Relation) { r.SetPaused(a.Kind == ast.AlterPause) })
	})
	if err != nil {
		return err
	}
	if now, ok := eng.Catalog().Relation(r.ID); ok {
		eng.RestartSource(now)
	}
	return nil
}

// pauseFlow pauses or resumes a view or sink. RESUME also starts one again that has failed.
func (s *Session) pauseFlow(ctx context.Context, r *catalog.Relation, pause bool) error {
	if pause == r.Paused() {
		switch {
		case pause:
			return nil
		case s.inBlock():
			return pgerr.New(pgerr.ActiveSQLTransaction, "RESUME of a %s that is not paused cannot run inside a transaction block", r.Kind)
		}
		return s.srv.Engine.Resume(r.ID)
	}
	if v, ok := s.srv.Engine.ViewStatus(r.ID); ok && pause && v.Status == engine.Loading {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cannot pause %s %q while it computes its first contents", r.Kind, r.Name).
			WithHint("Wait until it is running, or drop it.")
	}
	return s.ddl(ctx, func(e *catalog.Edit) error {
		return e.Modify(r.ID, func(r *catalog.Relation) { r.SetPaused(pause) })
	})
}
