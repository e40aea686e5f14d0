package planner

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/bind"
	"millrace/planner/eventtime"
	"millrace/planner/logical"
	"millrace/planner/lower"
	"millrace/planner/physical"
	"millrace/planner/rules"
	"millrace/sql/ast"
	"millrace/types"
)

// Env is what a statement is planned in.
type Env struct {
	Catalog    *catalog.Snapshot
	SearchPath []string
	// TypeEnv is the session's environment, by which literals are read; nil means types.DefaultEnv, which is what a
	// view's plan uses in any case.
	TypeEnv *types.Env
	// Params are the types that the client declared for $1, $2, ...; Invalid ones, and those beyond the end, are
	// inferred.
	Params []types.T
	// View asks for a plan that is maintained as its inputs change, rather than run once over a snapshot.
	View bool
	// Transient says of such a plan that it serves one client and is not stored: it may have parameters, and reads literals as the
	// session does.
	Transient bool
	// RowCounts gives the approximate numbers of rows of relations, by id, from which the order of joins is chosen. It is
	// asked once, for all relations of a query that has several. Nil knows none. The plan of a view must be made with the same
	// numbers each time, or its stored state is of no use: see Query.Rows.
	RowCounts func(ids []uint32) map[uint32]int64
	// Widths are, for the query of a stored view, the numbers of columns that the relations had when it was written, by id.
	Widths map[uint32]int
	// Unbuilt tells of objects that have no rows or entries yet: materialized views are read by their queries, indexes are not
	// used. nil is none.
	Unbuilt func(id uint32) bool
	// Modifying: the statement's WITH clause may have data-modifying statements. Who sets it runs them; see With.
	Modifying bool
	// Lateness is how long, in microseconds, a view takes rows below the watermarks.
	Lateness int64
	// DisabledRules names rewrite rules that are left out, for tests; "*" leaves out all optional ones.
	DisabledRules []string
}

func (e *Env) bindEnv() *bind.Env {
	return &bind.Env{Catalog: e.Catalog, SearchPath: e.SearchPath, TypeEnv: e.TypeEnv, Params: e.Params, View: e.View, Transient: e.Transient, Widths: e.Widths, Unbuilt: e.Unbuilt, Modifying: e.Modifying}
}

// Query is a planned query.
type Query struct {
	Plan *physical.Plan
	// Params are the types of $1, $2, ..., all of them determined.
	Params []types.T
	// DependsOn lists the relations that the query names, directly or through inlined views, by id, each once.
	DependsOn []uint32
	// UsesFunctions lists the functions in SQL that it calls, by id, each once.
	UsesFunctions []uint32
	// UsesTypes lists the users' types that the query names, by id.
	UsesTypes []uint32
	// Columns are the result's columns as the client sees them.
	Columns []physical.Column
	// Rows are what RowCounts gave.
	Rows map[uint32]int64
	// NotNull says of each column whether it is known to be NULL in no row.
	NotNull []bool
	// Logical is the plan after rewriting, for tests.
	Logical logical.Node
	// Notices are remarks for the client, as that an ORDER BY without LIMIT has no effect in a view.
	Notices []string
	// With are the data-modifying statements of the query's WITH clause.
	With []*With
}

// PlanStandingInsert plans the query of an INSERT that is kept up: the columns of the result are those of the target, hidden ones
// included, with defaults filled in and assignment casts applied. DependsOn has the target only if the query reads it.
func PlanStandingInsert(stmt *ast.Insert, env *Env) (*Query, error) {
	query, time := emission(stmt.Query, env)
	bare := *stmt
	bare.Query = query.(*ast.Select)
	b := bind.New(env.bindEnv())
	in, err := b.Insert(&bare)
	if err != nil {
		return nil, err
	}
	if in.Source == nil {
		return nil, pgerr.Unsupported("a sink of constants").At(stmt.Query.Pos)
	}
	if len(in.Late) > 0 {
		return nil, pgerr.Unsupported("a sink into a relation with defaults from a sequence").At(stmt.Pos)
	}
	q, err := finish(b, in.Source, env)
	if err != nil {
		return nil, err
	}
	if err := q.applyTime(time, env); err != nil {
		return nil, err
	}
	reads := slices.ContainsFunc(q.Plan.Nodes, func(n physical.Node) bool {
		s, ok := n.(*physical.Scan)
		return ok && s.Relation == in.Relation.ID
	})
	if !reads {
		q.DependsOn = slices.DeleteFunc(q.DependsOn, func(id uint32) bool { return id == in.Relation.ID })
	}
	return q, nil
}

// PlanQuery plans a SELECT or VALUES.
func PlanQuery(stmt ast.Statement, env *Env) (*Query, error) {
	b := bind.New(env.bindEnv())
	stmt, time := emission(stmt, env)
	rel, err := b.Query(stmt)
	if err != nil {
		return nil, err
	}
	q, err := finish(b, rel, env)
	if err != nil {
		return nil, err
	}
	if env.View {
		if err := q.applyTime(time, env); err != nil {
			return nil, err
		}
	}
	q.With, err = planWith(b, env)
	return q, err
}

// emission takes what a view's query says of the time of its results off it.
func emission(stmt ast.Statement, env *Env) (ast.Statement, eventtime.Config) {
	c := eventtime.Config{Lateness: env.Lateness}
	s, ok := stmt.(*ast.Select)
	if !ok || !env.View {
		return stmt, c
	}
	switch s.Emit {
	case ast.EmitOnWindowClose, ast.EmitFinal:
		c.Emit = eventtime.OnClose
	case ast.EmitOnUpdateFinal:
		c.Emit = eventtime.OnUpdateEnd
	}
	c.TakeOpen = s.Late != nil && s.Late.To == nil
	bare := *s
	bare.Emit, bare.Late = ast.EmitDefault, nil
	return &bare, c
}

// applyTime adds event time to the plan of a view.
func (q *Query) applyTime(c eventtime.Config, env *Env) error {
	c.Catalog = env.Catalog
	logical.Walk(q.Logical, func(n logical.Node) {
		switch n := n.(type) {
		case *logical.Window:
			c.Grace(n.Grace)
		case *logical.Session:
			c.Grace(n.Grace)
		}
	})
	plan, err := eventtime.Apply(q.Plan, c)
	if err != nil {
		return err
	}
	for range len(plan.Columns) - len(q.Columns) {
		q.NotNull = append(q.NotNull, true)
	}
	q.Plan, q.Columns = plan, plan.Columns
	return nil
}

// finish rewrites and lowers a bound query.
func finish(b *bind.Binder, rel *bind.Rel, env *Env) (*Query, error) {
	params, err := b.Params()
	if err != nil {
		return nil, err
	}
	q := &Query{Params: params, DependsOn: b.DependsOn(), UsesFunctions: b.Functions(), UsesTypes: b.UsesTypes()}
	if env.RowCounts != nil && len(q.DependsOn) > 1 {
		q.Rows = env.RowCounts(q.DependsOn)
	}
	node := rel.Finish()
	if len(params) > 0 {
		node = typeParams(node, params)
	}
	low := &lower.Query{Columns: b.Columns(), Order: rel.Order, View: env.View}
	ctx := &rules.Context{Columns: b.Columns(), Analysis: logical.NewAnalysis(), View: env.View, Rows: q.Rows}
	for _, c := range rel.Cols {
		low.Names, low.Cols = append(low.Names, c.Name), append(low.Cols, c.ID)
		ctx.Need.Add(c.ID)
	}
	for _, o := range rel.Order {
		ctx.Need.Add(o.Col)
	}
	if env.View && len(rel.Order) > 0 && rel.Limit == nil && rel.Offset == nil {
		q.Notices = append(q.Notices, "ORDER BY without LIMIT does not order a view's rows for those who read it")
	}
	if low.Node, err = rules.Run(ctx, node, env.DisabledRules); err != nil {
		return nil, err
	}
	q.Logical = low.Node
	if q.Plan, err = lower.Lower(low, ctx.Analysis); err != nil {
		return nil, err
	}
	q.Columns = q.Plan.Columns
	notNull := ctx.Analysis.NotNull(low.Node)
	for _, id := range low.Cols {
		q.NotNull = append(q.NotNull, notNull.Has(id))
	}
	return q, nil
}

// typeParams gives parameters whose type was decided after they were met that type.
func typeParams(n logical.Node, ts []types.T) logical.Node {
	return logical.Transform(n, func(n logical.Node) logical.Node {
		return logical.MapExprs(n, func(e expr.Expr) expr.Expr { return typeParam(e, ts) })
	})
}

func typeParam(e expr.Expr, ts []types.T) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if p, ok := x.(*expr.Param); ok && p.T.Is(types.Unknown) {
			return &expr.Param{Index: p.Index, T: ts[p.Index]}
		}
		return x
	})
}
