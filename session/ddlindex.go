package session

import (
	"context"
	"errors"
	"slices"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/sql/ast"
)

func (s *Session) createIndex(ctx context.Context, st *ast.CreateIndex, c Client) error {
	exists := ""
	err := s.ddl(ctx, func(e *catalog.Edit) error {
		r, err := s.relation(st.Table.ObjectName)
		if err != nil {
			return unplaced(err)
		}
		switch r.Kind {
		case catalog.Table:
		case catalog.MaterializedView, catalog.Stream:
			return pgerr.Unsupported("CREATE INDEX on a " + r.Kind.String()).At(st.Pos)
		default:
			return pgerr.New(pgerr.WrongObjectType, "cannot create index on relation %q", r.Name).
				WithDetail("This operation is not supported for %ss.", r.Kind)
		}
		cat := e.Snapshot()
		if old, ok := cat.Lookup(r.Schema, st.Name); ok && st.IfNotExists && st.Name != "" {
			exists = old.Name
			return errExists
		}
		cols, err := indexColumns(st, r)
		if err != nil {
			return err
		}
		name := st.Name
		if name == "" {
			name = cat.ChooseName(r.Schema, r.Name, columnNames(r, cols), "idx", nil)
		}
		return e.AddIndex(&catalog.Relation{ID: e.NewID(), Name: name, Create: ast.Format(st),
			Index: &catalog.IndexDef{Table: r.ID, Columns: cols, Unique: st.Unique, NullsEqual: st.NullsNot}})
	})
	if exists != "" {
		err = s.notice(c, "NOTICE", pgerr.New(pgerr.DuplicateTable, "relation %q already exists, skipping", exists))
	}
	if err != nil {
		return err
	}
	return c.Complete("CREATE INDEX")
}

// unplaced takes the position from an error, where PostgreSQL gives none.
func unplaced(err error) error {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Position = 0
	return &c
}

// indexColumns finds the columns of an index. Its direction and that of NULL do not matter to what it is read for.
func indexColumns(st *ast.CreateIndex, r *catalog.Relation) ([]int, error) {
	switch {
	case st.Using != "" && st.Using != "btree":
		return nil, pgerr.Unsupported("an index of the kind " + st.Using).At(st.Pos)
	case st.Where != nil:
		return nil, pgerr.Unsupported("partial indexes").At(st.Where.Position())
	}
	var cols []int
	for _, el := range st.Elems {
		if el.Column == "" {
			return nil, pgerr.Unsupported("indexes over expressions").At(el.Pos)
		}
		i := r.ColumnIndex(el.Column)
		if i < 0 || r.Columns[i].Hidden {
			return nil, pgerr.New(pgerr.UndefinedColumn, "column \"%s\" does not exist", el.Column)
		}
		cols = append(cols, i)
	}
	return cols, indexable(r, cols, 0)
}

// dropIndexes refuses to drop indexes that constraints need.
func dropIndexes(e *catalog.Edit, ids []uint32) error {
	for _, id := range ids {
		x, ok := e.Snapshot().Relation(id)
		if !ok || !x.Index.Constraint {
			continue
		}
		t, ok := e.Snapshot().Relation(x.Index.Table)
		if !ok || slices.Contains(ids, t.ID) {
			continue
		}
		return pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop index %s because constraint %s on table %s requires it", x.Name, x.Name, t.Name).
			WithHint("You can drop constraint %s on table %s instead.", x.Name, t.Name)
	}
	return nil
}
