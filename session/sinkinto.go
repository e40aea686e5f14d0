package session

import (
	"context"
	"errors"
	"slices"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/types"
)

// planFlow plans the query of a view or sink; that of a sink into a relation of ours is planned as an INSERT there.
func planFlow(r *catalog.Relation, query ast.Statement, env *planner.Env) (*planner.Query, error) {
	sel, ok := query.(*ast.Select)
	if r.Into == 0 || !ok {
		return planner.PlanQuery(query, env)
	}
	target, found := env.Catalog.Relation(r.Into)
	if !found {
		return nil, pgerr.New(pgerr.UndefinedTable, "the relation that sink %q writes to does not exist", r.Name)
	}
	in := &ast.Insert{Pos: sel.Pos, Query: sel, Table: ast.ObjectName{Pos: sel.Pos, Schema: target.Schema, Name: target.Name}}
	for _, c := range r.IntoColumns {
		in.Columns = append(in.Columns, &ast.InsertColumn{Pos: sel.Pos, Name: c})
	}
	return planner.PlanStandingInsert(in, env)
}

// placeOfSink gives a sink into a relation of ours an id under which the place of its delivery is kept.
func placeOfSink(e *catalog.Edit, r *catalog.Relation) error {
	if r.Into == 0 {
		return nil
	}
	id := e.NewID()
	return e.Modify(r.ID, func(r *catalog.Relation) { r.Storage = id })
}

// defineInto fills in CREATE SINK ... INTO.
func (s *Session) defineInto(r *catalog.Relation, st *ast.CreateSink, cat *catalog.Snapshot) error {
	if len(st.Options) > 0 {
		return pgerr.New(pgerr.InvalidParameterValue, "a sink into a stream or table takes no options").At(st.Options[0].Pos)
	}
	target, err := s.relation(*st.Into)
	if err != nil {
		return err
	}
	r.Create = ast.Format(st)
	return s.flowInto(r, target, sinkQuery(st), st.Columns, st.Into.Pos, cat)
}

// flowInto fills in a sink that writes a query's rows to a stream or table.
func (s *Session) flowInto(r, target *catalog.Relation, query *ast.Select, columns []string, pos int, cat *catalog.Snapshot) error {
	if err := receives(target, pos); err != nil {
		return err
	}
	r.Kind, r.Into, r.IntoColumns = catalog.Sink, target.ID, columns
	if err := s.defineFlow(r, query, nil, query.Pos, cat); err != nil {
		return err
	}
	if reaches(cat, r.DependsOn, target.ID, map[uint32]bool{}) {
		return pgerr.New(pgerr.InvalidObjectDefinition, "sink %q would write to %s %q, from which its rows come", r.Name, target.Kind, target.Name).At(pos)
	}
	if r.AppendOnly {
		return nil
	}
	_, numbered := target.RowID()
	switch {
	case target.Kind == catalog.Stream:
		return pgerr.New(pgerr.InvalidTableDefinition, "the rows of the query change, and a stream keeps what it was given").At(query.Pos).
			WithHint("End the query with EMIT ON WINDOW CLOSE, or write to a table with a primary key.")
	case numbered:
		return pgerr.New(pgerr.InvalidTableDefinition, "the rows of the query change, and table %q has no primary key by which to find them", target.Name).At(query.Pos).
			WithHint("Write to a table with a primary key.")
	}
	unique, err := s.uniqueInto(target, query, columns, cat)
	if err != nil {
		return err
	}
	if !unique {
		return pgerr.New(pgerr.InvalidTableDefinition, "several rows of the query may have the same primary key of table %q", target.Name).At(query.Pos).
			WithHint("Group the query by the columns of the key, or make the key that of the rows.")
	}
	return nil
}

// uniqueInto reports whether no two rows of a query have the same primary key of the table that they go to: they are unique by
// some of its columns, before the casts to the table's types and after them.
func (s *Session) uniqueInto(target *catalog.Relation, query *ast.Select, columns []string, cat *catalog.Snapshot) (bool, error) {
	env := s.ddlEnv(cat)
	env.View = true
	q, err := planner.PlanQuery(query, env)
	if err != nil || q.Plan.Key == nil {
		return false, err
	}
	for _, c := range q.Plan.Key {
		if c >= len(q.Columns) {
			return false, nil // a hidden column
		}
		at := c
		if columns != nil {
			at = target.ColumnIndex(columns[c])
		}
		if !slices.Contains(target.Key, at) || !staysDistinct(q.Columns[c].T, target.Columns[at].T) {
			return false, nil
		}
	}
	return true, nil
}

// staysDistinct reports whether a cast gives different values for different ones.
func staysDistinct(from, to types.T) bool {
	if from == to {
		return true
	}
	integer := map[types.Kind]int{types.Int2: 1, types.Int4: 2, types.Int8: 3}
	a, b := integer[from.Kind], integer[to.Kind]
	return a > 0 && b >= a
}

// receives refuses what a sink cannot write to.
func receives(r *catalog.Relation, pos int) error {
	switch {
	case r.Kind != catalog.Stream && r.Kind != catalog.Table:
		return pgerr.New(pgerr.WrongObjectType, "%q is not a stream or table", r.Name).At(pos)
	case len(r.Checks) > 0:
		return pgerr.Unsupported("a sink into a table with CHECK constraints").At(pos)
	case r.OnConflict != nil:
		return pgerr.Unsupported("a sink into a table with an ON CONFLICT rule").At(pos)
	}
	for _, c := range r.Columns {
		if c.Generated != catalog.GivenOrDefault {
			return pgerr.Unsupported("a sink into a table with generated columns").At(pos)
		}
		if c.Domain != 0 {
			return pgerr.Unsupported("a sink into a table with columns of a domain").At(pos)
		}
	}
	if _, ok := r.Option("connector"); ok {
		return pgerr.Unsupported("a sink into a stream with a connector").At(pos)
	}
	return nil
}

// reaches reports whether rows of target come to one of the given relations, through queries or sinks.
func reaches(cat *catalog.Snapshot, ids []uint32, target uint32, seen map[uint32]bool) bool {
	for _, id := range ids {
		if id == target {
			return true
		}
		r, ok := cat.Relation(id)
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		if reaches(cat, r.DependsOn, target, seen) {
			return true
		}
		for _, k := range cat.Sinks(id) {
			if reaches(cat, k.DependsOn, target, seen) {
				return true
			}
		}
	}
	return false
}

// createStreamAs makes a stream of a query's columns and a sink that writes the query's rows to it, which is dropped with it.
func (s *Session) createStreamAs(ctx context.Context, st *ast.CreateStream, c Client) error {
	if len(st.Options) > 0 {
		return pgerr.New(pgerr.InvalidParameterValue, "CREATE STREAM AS takes no options").At(st.Options[0].Pos)
	}
	var sink *catalog.Relation
	stream, made, err := s.createWith(ctx, st.Name, st.IfNotExists, c, func(r *catalog.Relation, cat *catalog.Snapshot) error {
		r.Kind, r.AppendOnly = catalog.Stream, true
		env := s.ddlEnv(cat)
		env.View = true
		q, err := planner.PlanQuery(st.As, env)
		if err != nil {
			return err
		}
		if len(q.Params) > 0 {
			return noParameter(st.As)
		}
		if r.Columns, err = viewColumns(q.Columns, st.Columns, st.Pos); err != nil {
			return err
		}
		r.Create = ast.Format(st)
		return nil
	}, func(e *catalog.Edit, r *catalog.Relation) error {
		name := e.Snapshot().ChooseName(r.Schema, r.Name, nil, "sink", func(string) bool { return false })
		sink = &catalog.Relation{ID: e.NewID(), Schema: r.Schema, Name: name, Owner: s.user, Owned: true}
		if err := s.flowInto(sink, r, st.As, nil, st.Pos, e.Snapshot()); err != nil {
			return err
		}
		sink.Create = r.Create
		if err := e.AddRelation(sink); err != nil {
			return err
		}
		return placeOfSink(e, sink)
	})
	if err != nil {
		return err
	}
	switch {
	case made && s.txn != nil:
		s.txn.views = append(s.txn.views, sink.ID)
	case made && !s.settings.isOn("background_ddl"):
		if err := s.waitLoaded(ctx, sink, c); err != nil {
			return errors.Join(err, s.srv.Engine.DDL(context.WithoutCancel(ctx), func(e *catalog.Edit) error {
				_, err := e.Drop([]uint32{stream.ID}, false)
				return err
			}))
		}
	}
	return c.Complete("CREATE STREAM")
}
