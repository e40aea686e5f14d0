package planner_test

import (
	"fmt"
	"strings"
	"testing"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// world is a catalog made by the DDL of a test file, and where statements are planned in it.
type world struct {
	cat  *catalog.Snapshot
	path []string
}

func newWorld() *world {
	system := []*catalog.Relation{{
		ID: 1259, Schema: catalog.PgCatalog, Name: "pg_class", Kind: catalog.System,
		Columns: []catalog.Column{{Name: "oid", T: mustType("oid")}, {Name: "relname", T: mustType("name")}, {Name: "relnamespace", T: mustType("oid")}},
	}, {
		ID: 2615, Schema: catalog.PgCatalog, Name: "pg_namespace", Kind: catalog.System,
		Columns: []catalog.Column{{Name: "oid", T: mustType("oid")}, {Name: "nspname", T: mustType("name")}},
	}}
	return &world{cat: catalog.Empty(system), path: []string{catalog.PublicSchema}}
}

func (w *world) env() *planner.Env { return &planner.Env{Catalog: w.cat, SearchPath: w.path} }

// ddl runs CREATE SCHEMA, TABLE, STREAM, VIEW and MATERIALIZED VIEW.
func (w *world) ddl(sql string) error {
	stmts, err := parser.Parse(sql)
	if err != nil {
		return err
	}
	for _, s := range stmts {
		edit := w.cat.Edit()
		if err := w.create(edit, s); err != nil {
			return err
		}
		w.cat = edit.Snapshot()
	}
	return nil
}

func (w *world) create(edit *catalog.Edit, s parser.Stmt) error {
	switch st := s.AST.(type) {
	case *ast.CreateSchema:
		return edit.AddSchema(st.Name, "test")
	case *ast.CreateTable:
		r, err := w.relation(edit, catalog.Table, st.Name, st.Elements)
		if err != nil {
			return err
		}
		if r.Key == nil {
			r.Columns = append(r.Columns, catalog.Column{Name: "_rowid", T: mustType("int8"), NotNull: true, Hidden: true})
			r.Key = []int{len(r.Columns) - 1}
		}
		return edit.AddRelation(r)
	case *ast.CreateStream:
		r, err := w.relation(edit, catalog.Stream, st.Name, st.Elements)
		if err != nil {
			return err
		}
		r.AppendOnly = true
		return edit.AddRelation(r)
	case *ast.CreateView:
		return w.view(edit, catalog.View, st.Name, st.Columns, st.Query)
	case *ast.CreateMaterializedView:
		return w.view(edit, catalog.MaterializedView, st.Name, st.Columns, st.Query.(*ast.Select))
	}
	return fmt.Errorf("the test harness has no %T", s.AST)
}

func (w *world) named(edit *catalog.Edit, kind catalog.Kind, n ast.ObjectName) *catalog.Relation {
	r := &catalog.Relation{ID: edit.NewID(), Schema: n.Schema, Name: n.Name, Kind: kind, SearchPath: w.path}
	if r.Schema == "" {
		r.Schema = catalog.PublicSchema
	}
	return r
}

func (w *world) relation(edit *catalog.Edit, kind catalog.Kind, name ast.ObjectName, elements []ast.TableElement) (*catalog.Relation, error) {
	r := w.named(edit, kind, name)
	for _, el := range elements {
		switch el := el.(type) {
		case *ast.ColumnDef:
			t, err := planner.ResolveType(el.Type, w.env())
			if err != nil {
				return nil, err
			}
			c := catalog.Column{Name: el.Name, T: t}
			for _, k := range el.Constraints {
				switch k.Kind {
				case ast.ConstraintNotNull:
					c.NotNull = true
				case ast.ConstraintDefault:
					c.Default = ast.Format(k.Expr)
				case ast.ConstraintPrimaryKey:
					c.NotNull = true
					r.Key = []int{len(r.Columns)}
				}
			}
			r.Columns = append(r.Columns, c)
		case *ast.Watermark:
			r.Watermark = &catalog.Watermark{Column: r.ColumnIndex(el.Column), Expr: ast.Format(el.Expr)}
		case *ast.TableConstraint:
			if el.Kind == ast.ConstraintPrimaryKey {
				for _, k := range el.Columns {
					i := r.ColumnIndex(k)
					r.Key = append(r.Key, i)
					r.Columns[i].NotNull = true
				}
			}
		}
	}
	return r, nil
}

func (w *world) view(edit *catalog.Edit, kind catalog.Kind, name ast.ObjectName, columns []string, query *ast.Select) error {
	env := w.env()
	env.View = kind == catalog.MaterializedView
	q, err := planner.PlanQuery(query, env)
	if err != nil {
		return err
	}
	r := w.named(edit, kind, name)
	r.Query, r.DependsOn = ast.Format(query), q.DependsOn
	for i, c := range q.Columns {
		if i < len(columns) {
			c.Name = columns[i]
		}
		r.Columns = append(r.Columns, catalog.Column{Name: c.Name, T: c.T, NotNull: env.View && q.NotNull[i]})
	}
	if env.View {
		r.Key, r.AppendOnly, r.Marks = q.Plan.Key, q.Plan.AppendOnly, q.Plan.Marks
	}
	return edit.AddRelation(r)
}

func mustType(name string) types.T {
	t, ok := types.LookupType(name)
	if !ok {
		panic("no type " + name)
	}
	return t
}

// parse reads one statement.
func parse(t *testing.T, sql string) ast.Statement {
	t.Helper()
	s, err := parser.ParseOne(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s.AST
}

// errorText prints an error with everything that a client sees of it, and marks its position in the statement.
func errorText(err error, sql string) string {
	e, ok := err.(*pgerr.Error)
	if !ok {
		return "NOT A USER ERROR: " + err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR %s: %s\n", e.Code, e.Message)
	if e.Detail != "" {
		fmt.Fprintf(&b, "DETAIL: %s\n", e.Detail)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "HINT: %s\n", e.Hint)
	}
	if e.Where != "" {
		fmt.Fprintf(&b, "WHERE: %s\n", e.Where)
	}
	if e.Position > 0 {
		text := []rune(sql)
		rest := string(text[min(e.Position-1, len(text)):])
		rest, _, _ = strings.Cut(rest, "\n")
		if len(rest) > 24 {
			rest = rest[:24] + "..."
		}
		fmt.Fprintf(&b, "AT: %s\n", rest)
	}
	return b.String()
}

// resultLine prints a result's columns and parameters.
func resultLine(q *planner.Query) string {
	var b strings.Builder
	parts := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		parts[i] = c.Name + " " + c.T.String()
		if q.NotNull[i] {
			parts[i] += " not null"
		}
	}
	fmt.Fprintf(&b, "Columns: %s\n", strings.Join(parts, ", "))
	b.WriteString(paramLine(q.Params))
	for _, n := range q.Notices {
		fmt.Fprintf(&b, "NOTICE: %s\n", n)
	}
	return b.String()
}
