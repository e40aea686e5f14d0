package session

import (
	"context"
	"fmt"
	"strings"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/sql/ast"
)

// replaceView carries out CREATE OR REPLACE MATERIALIZED VIEW for one that exists: the new view is built beside the old, which
// goes on serving, and takes its name when its first contents are there. Until then it is in the catalog under a name of
// its own; what a crash leaves of it goes at the next start.
func (s *Session) replaceView(ctx context.Context, st *ast.CreateMaterializedView, query *ast.Select, old *catalog.Relation, c Client) error {
	switch {
	case old.Kind != catalog.MaterializedView:
		return wrongKind(old, catalog.MaterializedView)
	case s.txn != nil:
		return pgerr.New(pgerr.ActiveSQLTransaction, "CREATE OR REPLACE MATERIALIZED VIEW of a view that exists cannot run inside a transaction block")
	}
	beside := ast.ObjectName{Pos: st.Name.Pos, Schema: old.Schema, Name: old.Name + " (new)"}
	r, _, err := s.create(ctx, beside, false, c, func(r *catalog.Relation, cat *catalog.Snapshot) error {
		if err := replaceable(old, cat, "replace"); err != nil {
			return err
		}
		if err := s.defineView(r, st, query, cat); err != nil {
			return err
		}
		for _, id := range r.DependsOn {
			if id == old.ID {
				return pgerr.New(pgerr.InvalidObjectDefinition, "materialized view %q would depend on itself", old.Name)
			}
		}
		plain := *st
		plain.OrReplace = false
		r.Create, r.Replaces = ast.Format(&plain), old.ID
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.waitLoaded(ctx, r, c); err != nil {
		return err
	}
	err = s.ddl(ctx, func(e *catalog.Edit) error { return takePlace(e, r.ID, old.ID) })
	if err == nil {
		return nil
	}
	drop := s.srv.Engine.DDL(context.WithoutCancel(ctx), func(e *catalog.Edit) error {
		_, err := e.Drop([]uint32{r.ID}, true)
		return err
	})
	if drop != nil {
		return fmt.Errorf("%w; the new view could not be dropped: %w", err, drop)
	}
	return err
}

// takePlace drops a view and gives another its name, owner and comment.
func takePlace(e *catalog.Edit, id, oldID uint32) error {
	old, ok := e.Snapshot().Relation(oldID)
	if !ok {
		return pgerr.New(pgerr.UndefinedTable, "the materialized view was dropped while its replacement was computed")
	}
	if err := replaceable(old, e.Snapshot(), "replace"); err != nil {
		return err
	}
	if _, err := e.Drop([]uint32{oldID}, false); err != nil {
		return err
	}
	r, ok := e.Snapshot().Relation(id)
	if !ok {
		return pgerr.New(pgerr.UndefinedTable, "the new materialized view was dropped while it was computed")
	}
	if err := rename(e, r, old.Schema, old.Name); err != nil {
		return err
	}
	return e.Modify(id, func(r *catalog.Relation) { r.Owner, r.Comment, r.Replaces = old.Owner, old.Comment, 0 })
}

// replaceable refuses to put another view in the place of one that something depends on: what was computed from its rows
// would not follow.
func replaceable(r *catalog.Relation, cat *catalog.Snapshot, verb string) error {
	var details []string
	for _, d := range cat.Dependants(r.ID) {
		details = append(details, fmt.Sprintf("%s %s depends on %s %s", d.Kind, d.Name, r.Kind, r.Name))
	}
	if len(details) == 0 {
		return nil
	}
	return pgerr.New(pgerr.DependentObjectsStillExist, "cannot %s %s %s because other objects depend on it", verb, r.Kind, r.Name).
		WithDetail("%s", strings.Join(details, "\n")).
		WithHint("Drop the dependent objects first and create them anew afterwards.")
}

// swapViews exchanges the names of two materialized views.
func (s *Session) swapViews(ctx context.Context, r *catalog.Relation, a *ast.AlterAction) error {
	other, err := s.relation(*a.Target)
	if err != nil {
		return err
	}
	for _, x := range []*catalog.Relation{r, other} {
		if x.Kind != catalog.MaterializedView {
			return wrongKind(x, catalog.MaterializedView)
		}
	}
	return s.ddl(ctx, func(e *catalog.Edit) error {
		for _, x := range []*catalog.Relation{r, other} {
			if err := replaceable(x, e.Snapshot(), "swap"); err != nil {
				return err
			}
		}
		return e.Swap(r.ID, other.ID)
	})
}
