package session

import (
	"context"
	"errors"
	"fmt"

	"millrace/catalog"
	"millrace/delta"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// selectInto runs SELECT INTO, which is CREATE TABLE AS in other words.
func (s *Session) selectInto(ctx context.Context, st *ast.Select, c Client) error {
	query := *st
	query.Into = nil
	return s.createTableAs(ctx, &ast.CreateTable{Pos: st.Into.Pos, Name: st.Into.Name, Persistence: st.Into.Persistence, As: &query}, c)
}

// createTableAs makes a table of a query's rows, in one commit.
func (s *Session) createTableAs(ctx context.Context, st *ast.CreateTable, c Client) (err error) {
	query, ok := st.As.(*ast.Select)
	if !ok {
		return pgerr.Unsupported("CREATE TABLE AS EXECUTE").At(st.Pos)
	}
	if st.Persistence == ast.Temporary {
		return pgerr.Unsupported("CREATE TEMPORARY TABLE").At(st.Pos)
	}
	if st.Conflict != nil {
		return noConflictKey(st.Conflict)
	}
	schema, name, err := s.target(st.Name)
	if err != nil {
		return err
	}
	if _, ok := s.catalog().Lookup(schema, name); ok && st.IfNotExists {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.DuplicateTable, "relation %q already exists, skipping", name)); err != nil {
			return err
		}
		return c.Complete("CREATE TABLE AS")
	}
	own := s.txn == nil
	if own {
		s.txn = s.newTxn(true)
		defer func() {
			if err != nil && s.txn != nil {
				s.endTxn()
			}
		}()
	}
	n, err := s.fillTable(ctx, st, query, c)
	if err != nil {
		return err
	}
	if own {
		if err := s.commitTxn(ctx); err != nil {
			return err
		}
	}
	if st.NoData {
		return c.Complete("CREATE TABLE AS")
	}
	return c.Complete(fmt.Sprintf("SELECT %d", n))
}

// fillTable creates the table in the open transaction and writes the query's rows to it.
func (s *Session) fillTable(ctx context.Context, st *ast.CreateTable, query *ast.Select, c Client) (int64, error) {
	q, err := planner.PlanQuery(query, s.planEnv(&prepared{catalog: s.catalog()}))
	if err != nil {
		return 0, err
	}
	if len(q.Params) > 0 {
		return 0, noParameter(query)
	}
	rows := delta.NewBatch(typesOf(q.Columns), 16)
	var n int64
	if !st.NoData {
		err = s.query(ctx, q, nil, c, func(b *delta.Batch) error {
			count, err := rowCount(b)
			n += count
			appendCols(rows, b, 0, len(q.Columns), 1)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	r, _, err := s.create(ctx, st.Name, false, c, func(r *catalog.Relation, _ *catalog.Snapshot) error {
		r.Kind = catalog.Table
		var err error
		if r.Columns, err = viewColumns(q.Columns, st.Columns, 0); err != nil {
			return unhinted(err)
		}
		r.Columns = append(r.Columns, catalog.Column{Name: rowIDName, T: types.Of(types.Int8), Hidden: true})
		r.Key = []int{len(r.Columns) - 1}
		r.Create = ast.Format(st)
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i := range rows.Cols {
		rows.Cols[i].Type = r.Columns[i].T // an untyped literal's column is text
	}
	rows.Cols = append(rows.Cols, nulls(types.Of(types.Int8), rows.N))
	return n, s.write(ctx, engine.Write{Relation: r, Batch: rows})
}

// unhinted takes the hint from an error, where PostgreSQL gives none.
func unhinted(err error) error {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Hint = ""
	return &c
}

func typesOf(cols []physical.Column) []types.T {
	ts := make([]types.T, len(cols))
	for i, c := range cols {
		ts[i] = c.T
	}
	return ts
}

// likeOptions are what LIKE takes over besides names, types and NOT NULL.
type likeOptions struct {
	defaults, constraints, identity, generated, indexes, comments bool
}

func readLikeOptions(list []ast.LikeOption) (o likeOptions) {
	for _, l := range list {
		for what, flag := range map[string]*bool{
			"defaults": &o.defaults, "constraints": &o.constraints, "identity": &o.identity, "generated": &o.generated, "indexes": &o.indexes, "comments": &o.comments,
		} {
			if l.What == what || l.What == "all" {
				*flag = l.Including
			}
		}
	}
	return o
}

// like copies the columns of another relation.
func (b *columnBuilder) like(l *ast.LikeClause) error {
	src, err := b.s.relation(l.Table)
	if err != nil {
		return err
	}
	switch src.Kind {
	case catalog.Index, catalog.Sequence, catalog.Sink:
		return pgerr.New(pgerr.WrongObjectType, "relation %q is invalid in LIKE clause", src.Name).
			WithDetail("This operation is not supported for %ss.", src.Kind).At(l.Pos)
	}
	o := readLikeOptions(l.Options)
	at := make([]int, len(src.Columns)) // where each column went
	for i := range src.Columns {
		c := &src.Columns[i]
		if c.Hidden {
			continue
		}
		if b.r.ColumnIndex(c.Name) >= 0 {
			return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", c.Name)
		}
		at[i] = len(b.r.Columns)
		col := catalog.Column{Name: c.Name, T: c.T, Domain: c.Domain, NotNull: c.NotNull}
		if o.comments {
			col.Comment = c.Comment
		}
		switch c.Generated {
		case catalog.GivenOrDefault:
			if o.defaults {
				col.Default = c.Default
			}
		case catalog.StoredExpr:
			if o.generated {
				col.Default, col.Generated = c.Default, c.Generated
			}
		default:
			if o.identity {
				col.Generated = c.Generated
				b.counters = append(b.counters, counted{at: at[i], pos: l.Pos})
			}
		}
		b.r.Columns = append(b.r.Columns, col)
	}
	return b.likeConstraints(l, o, src, at)
}

func (b *columnBuilder) likeConstraints(l *ast.LikeClause, o likeOptions, src *catalog.Relation, at []int) error {
	if o.constraints {
		for _, k := range src.Checks {
			e, err := parser.ParseExpr(k.Expr)
			if err != nil {
				return err
			}
			b.given = append(b.given, &givenCheck{k.Name, e})
		}
	}
	if !o.indexes || src.Kind != catalog.Table {
		return nil
	}
	moved := func(cols []int) []int {
		out := make([]int, len(cols))
		for i, c := range cols {
			out[i] = at[c]
		}
		return out
	}
	if _, hidden := src.RowID(); !hidden {
		if err := b.primaryKey(moved(src.Key), "", l.Pos); err != nil {
			return err
		}
	}
	for _, x := range b.env.Catalog.Indexes(src) {
		if x.Index.Unique {
			if err := b.unique(moved(x.Index.Columns), "", x.Index.NullsEqual, l.Pos); err != nil {
				return err
			}
		}
	}
	return nil
}
