package session

import (
	"context"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/connector"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// Connectors finds the connectors that streams and sinks may name.
type Connectors interface {
	Lookup(name string) (*connector.Definition, bool)
	Names() []string
}

// runDDL runs statements that change the catalog, and refuses by name what is not built.
func (s *Session) runDDL(ctx context.Context, st *parser.Stmt, c Client) error {
	switch n := st.AST.(type) {
	case *ast.CreateTable:
		return s.createTable(ctx, n, c)
	case *ast.CreateStream:
		return s.createStream(ctx, n, c)
	case *ast.CreateView:
		return s.createView(ctx, n, c)
	case *ast.CreateMaterializedView:
		return s.createMaterializedView(ctx, n, c)
	case *ast.CreateSink:
		return s.createSink(ctx, n, c)
	case *ast.CreateSchema:
		return s.createSchema(ctx, n, c)
	case *ast.CreateFunction:
		return s.createFunction(ctx, n, c)
	case *ast.CreateSequence:
		return s.createSequence(ctx, n, c)
	case *ast.CreateIndex:
		return s.createIndex(ctx, n, c)
	case *ast.CreateType:
		return s.createType(ctx, n, c)
	case *ast.CreateDomain:
		return s.createDomain(ctx, n, c)
	case *ast.Drop:
		if n.Kind == ast.KindFunction {
			return s.dropFunctions(ctx, n, c)
		}
		return s.runDrop(ctx, n, c)
	case *ast.Alter:
		return s.runAlter(ctx, n, c)
	case *ast.Comment:
		return s.runComment(ctx, n, c)
	case *ast.Lock:
		return c.Complete("LOCK TABLE")
	case *ast.Vacuum:
		if n.Analyze {
			return c.Complete("ANALYZE")
		}
		return c.Complete("VACUUM")
	case *ast.Checkpoint:
		if err := s.srv.Engine.Maintain(ctx); err != nil {
			return err
		}
		return c.Complete("CHECKPOINT")
	case *ast.Refresh:
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "materialized views are always current; REFRESH does nothing")); err != nil {
			return err
		}
		return c.Complete("REFRESH MATERIALIZED VIEW")
	}
	return pgerr.Unsupported(statementName(st.Text)).At(st.AST.Position())
}

// statementName is the leading words of a statement, for messages.
func statementName(text string) string {
	words := strings.Fields(text)
	if len(words) > 2 {
		words = words[:2]
	}
	return strings.ToUpper(strings.Join(words, " "))
}

// target decides in which schema a new object goes.
func (s *Session) target(n ast.ObjectName) (schema, name string, err error) {
	if n.Catalog != "" && n.Catalog != s.database {
		return "", "", pgerr.New(pgerr.FeatureNotSupported, "cross-database references are not implemented").At(n.Pos)
	}
	cat := s.catalog()
	if n.Schema != "" {
		if _, ok := cat.Schema(n.Schema); !ok {
			return "", "", pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", n.Schema).At(n.Pos)
		}
		return n.Schema, n.Name, nil
	}
	for _, schema := range s.searchPath() {
		if _, ok := cat.Schema(schema); ok {
			return schema, n.Name, nil
		}
	}
	return "", "", pgerr.New(pgerr.InvalidSchemaName, "no schema has been selected to create in").At(n.Pos)
}

// create runs a CREATE: make fills in the relation, whose id, schema, name and owner are set. It reports whether
// the object was made, or existed and IF NOT EXISTS let that pass with a notice.
func (s *Session) create(ctx context.Context, n ast.ObjectName, ifNotExists bool, c Client, make func(*catalog.Relation, *catalog.Snapshot) error) (*catalog.Relation, bool, error) {
	return s.createWith(ctx, n, ifNotExists, c, make, nil)
}

// createWith is create with something to be done once the relation is in the catalog.
func (s *Session) createWith(ctx context.Context, n ast.ObjectName, ifNotExists bool, c Client, make func(*catalog.Relation, *catalog.Snapshot) error, after func(*catalog.Edit, *catalog.Relation) error) (*catalog.Relation, bool, error) {
	schema, name, err := s.target(n)
	if err != nil {
		return nil, false, err
	}
	var made *catalog.Relation
	exists := false
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		if old, ok := e.Snapshot().Lookup(schema, name); ok && ifNotExists {
			made, exists = old, true
			return errExists
		}
		r := &catalog.Relation{ID: e.NewID(), Schema: schema, Name: name, Owner: s.user}
		if err := make(r, e.Snapshot()); err != nil {
			return err
		}
		made = r
		if err := e.AddRelation(r); err != nil || after == nil {
			return err
		}
		return after(e, r)
	})
	if exists {
		return made, false, s.notice(c, "NOTICE", pgerr.New(pgerr.DuplicateTable, "relation %q already exists, skipping", name))
	}
	return made, err == nil, err
}

// errExists leaves an edit that has nothing to do.
var errExists = pgerr.New(pgerr.DuplicateTable, "relation already exists")

func (s *Session) ddlEnv(cat *catalog.Snapshot) *planner.Env {
	return &planner.Env{Catalog: cat, SearchPath: s.searchPath(), TypeEnv: s.Env()}
}

func (s *Session) createSchema(ctx context.Context, st *ast.CreateSchema, c Client) error {
	name := st.Name
	if name == "" && st.Authorization != nil {
		name = st.Authorization.Name
	}
	if len(st.Elements) > 0 {
		return pgerr.Unsupported("CREATE SCHEMA with elements").At(st.Pos)
	}
	exists := false
	err := s.ddl(ctx, func(e *catalog.Edit) error {
		if _, ok := e.Snapshot().Schema(name); ok && st.IfNotExists {
			exists = true
			return errExists
		}
		return e.AddSchema(name, s.user)
	})
	if exists {
		if err = s.notice(c, "NOTICE", pgerr.New(pgerr.DuplicateSchema, "schema %q already exists, skipping", name)); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return c.Complete("CREATE SCHEMA")
}

// kindOf maps the words of a statement to a relation kind.
var kindOf = map[ast.ObjectKind]catalog.Kind{
	ast.KindTable: catalog.Table, ast.KindStream: catalog.Stream, ast.KindView: catalog.View,
	ast.KindMaterializedView: catalog.MaterializedView, ast.KindSink: catalog.Sink, ast.KindIndex: catalog.Index,
	ast.KindSequence: catalog.Sequence,
}

// article gives a kind with its article.
func article(k catalog.Kind) string {
	if k == catalog.Index {
		return "an index"
	}
	return "a " + k.String()
}

// wrongKind refuses to treat one kind of relation as another.
func wrongKind(r *catalog.Relation, want catalog.Kind) error {
	e := pgerr.New(pgerr.WrongObjectType, "%q is not %s", r.Name, article(want))
	if r.Kind != catalog.System {
		e.Hint = "Use " + strings.ToUpper(r.Kind.String()) + " in the statement: it is " + article(r.Kind) + "."
	}
	return e
}

func (s *Session) runDrop(ctx context.Context, st *ast.Drop, c Client) error {
	tag := "DROP " + string(st.Kind)
	if st.Kind == ast.KindSchema {
		return s.dropSchemas(ctx, st, c, tag)
	}
	if st.Kind == ast.KindType || st.Kind == ast.KindDomain {
		return s.dropTypes(ctx, st, c)
	}
	kind, ok := kindOf[st.Kind]
	if !ok {
		return pgerr.Unsupported(tag).At(st.Pos)
	}
	var removed []*catalog.Relation
	var skipped, notices []string
	named := map[uint32]bool{}
	err := s.ddl(ctx, func(e *catalog.Edit) error {
		clear(named)
		skipped, notices = nil, nil
		var ids []uint32
		for _, o := range st.Objects {
			r, err := s.relation(o.Name)
			if err != nil {
				if st.IfExists && pgerr.CodeOf(err) == pgerr.UndefinedTable {
					skipped = append(skipped, o.Name.Name)
					continue
				}
				return dropMissing(err, kind, o.Name)
			}
			if r.Kind != kind {
				return dropKind(r, kind)
			}
			if !named[r.ID] {
				named[r.ID] = true
				ids = append(ids, r.ID)
			}
		}
		if len(ids) == 0 {
			return errExists
		}
		var err error
		if kind == catalog.Index {
			if err := dropIndexes(e, ids); err != nil {
				return err
			}
		}
		if kind == catalog.Sequence {
			if notices, err = dropDefaults(e, ids, st.Cascade); err != nil {
				return err
			}
		}
		removed, err = e.Drop(ids, st.Cascade)
		return err
	})
	if err != nil && !(len(named) == 0 && len(skipped) > 0) {
		return err
	}
	for _, name := range skipped {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s %q does not exist, skipping", kind, name)); err != nil {
			return err
		}
	}
	for _, n := range notices {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "%s", n)); err != nil {
			return err
		}
	}
	if err := s.noticeCascade(c, removed, named); err != nil {
		return err
	}
	return c.Complete(tag)
}

// dropKind is wrongKind in the words of DROP.
func dropKind(r *catalog.Relation, want catalog.Kind) error {
	e := pgerr.New(pgerr.WrongObjectType, "%q is not %s", r.Name, article(want))
	if r.Kind != catalog.System {
		e.Hint = "Use DROP " + strings.ToUpper(r.Kind.String()) + " to remove " + article(r.Kind) + "."
	}
	return e
}

// dropMissing words the error as DROP does.
func dropMissing(err error, kind catalog.Kind, n ast.ObjectName) error {
	pe, ok := translate(err).(*pgerr.Error)
	if !ok || pe.Code != pgerr.UndefinedTable {
		return err
	}
	e := *pe
	e.Position, e.Hint = 0, ""
	if kind == catalog.Index {
		e.Code = pgerr.UndefinedObject
	}
	e.Message = kind.String() + " \"" + n.Name + "\" does not exist"
	return &e
}

func (s *Session) noticeCascade(c Client, removed []*catalog.Relation, named map[uint32]bool) error {
	for _, r := range removed {
		if !named[r.ID] && !r.Owned {
			if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "drop cascades to %s %s", r.Kind, r.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) dropSchemas(ctx context.Context, st *ast.Drop, c Client, tag string) error {
	for _, o := range st.Objects {
		var removed []*catalog.Relation
		err := s.ddl(ctx, func(e *catalog.Edit) (err error) {
			removed, err = e.DropSchema(o.Name.Name, st.Cascade)
			return err
		})
		if err != nil {
			if st.IfExists && pgerr.CodeOf(err) == pgerr.InvalidSchemaName {
				if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "schema %q does not exist, skipping", o.Name.Name)); err != nil {
					return err
				}
				continue
			}
			return err
		}
		if err := s.noticeCascade(c, removed, nil); err != nil {
			return err
		}
	}
	return c.Complete(tag)
}

func (s *Session) runComment(ctx context.Context, st *ast.Comment, c Client) error {
	text := ""
	if st.Text != nil {
		text = *st.Text
	}
	if st.Kind == ast.KindSchema {
		err := s.ddl(ctx, func(e *catalog.Edit) error { return e.CommentSchema(st.Object.Name.Name, text) })
		if err != nil {
			return err
		}
		return c.Complete("COMMENT")
	}
	if st.Kind == ast.KindType || st.Kind == ast.KindDomain {
		return s.commentType(ctx, st.Object.Name, text, c)
	}
	kind, ok := kindOf[st.Kind]
	if !ok && st.Kind != ast.KindColumn {
		return pgerr.Unsupported("COMMENT ON " + string(st.Kind)).At(st.Pos)
	}
	r, err := s.relation(st.Object.Name)
	if err != nil {
		return err
	}
	if st.Kind != ast.KindColumn && r.Kind != kind {
		return wrongKind(r, kind)
	}
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		if st.Kind != ast.KindColumn {
			return e.Modify(r.ID, func(r *catalog.Relation) { r.Comment = text })
		}
		i := r.ColumnIndex(st.Column)
		if i < 0 {
			return undefinedColumn(st.Column, r)
		}
		return e.Modify(r.ID, func(r *catalog.Relation) { r.Columns[i].Comment = text })
	})
	if err != nil {
		return err
	}
	return c.Complete("COMMENT")
}

func undefinedColumn(name string, r *catalog.Relation) error {
	return pgerr.New(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, r.Name)
}

// runTruncate empties tables: it deletes their rows, so that views follow, all in one commit.
func (s *Session) runTruncate(ctx context.Context, st *ast.Truncate, c Client) error {
	var tables []*catalog.Relation
	for _, t := range st.Tables {
		r, err := s.relation(t.ObjectName)
		if err != nil {
			return err
		}
		if r.Kind != catalog.Table {
			return wrongKind(r, catalog.Table)
		}
		if !slices.Contains(tables, r) {
			tables = append(tables, r)
		}
	}
	err := s.retryConflicts(ctx, false, func() error {
		var writes []engine.Write
		for _, r := range tables {
			name := &ast.TableName{ObjectName: ast.ObjectName{Pos: st.Pos, Schema: r.Schema, Name: r.Name}}
			d, err := planner.PlanDelete(&ast.Delete{Pos: st.Pos, Table: name}, s.ddlEnv(s.catalog()))
			if err != nil {
				return err
			}
			ch, err := s.dmlChange(ctx, d, nil, c)
			if err != nil {
				return err
			}
			if ch.batch.N > 0 {
				writes = append(writes, engine.Write{Relation: d.Relation, Batch: ch.batch})
			}
		}
		return s.writeAll(ctx, writes)
	})
	if err != nil {
		return err
	}
	for _, r := range tables {
		for _, x := range s.catalog().OwnedSequences(r) {
			if !st.RestartIdentity {
				continue
			}
			if err := s.setSequence(x, x.Sequence.Start, false); err != nil {
				return err
			}
		}
	}
	return c.Complete("TRUNCATE TABLE")
}
