package session

import (
	"millrace/catalog"
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/parser"
)

// rename gives a relation another name or schema, and rewrites the stored queries that name it: there it keeps its old
// name as an alias, so that qualified columns still resolve.
func rename(e *catalog.Edit, r *catalog.Relation, schema, name string) error {
	if _, ok := e.Snapshot().Schema(schema); !ok {
		return pgerr.New(pgerr.InvalidSchemaName, "schema %q does not exist", schema)
	}
	before := e.Snapshot()
	texts := map[uint32]string{}
	for _, d := range before.Dependants(r.ID) {
		text, changed, err := renameIn(before, d, r, schema, name)
		if err != nil {
			return err
		}
		if changed {
			texts[d.ID] = text
		}
	}
	if err := e.Modify(r.ID, func(r *catalog.Relation) { r.Schema, r.Name = schema, name }); err != nil {
		return err
	}
	for _, x := range append(before.Indexes(r), before.OwnedSequences(r)...) {
		if x.Schema == schema {
			continue
		}
		if err := e.Modify(x.ID, func(x *catalog.Relation) { x.Schema = schema }); err != nil {
			return err
		}
	}
	for _, d := range before.Dependants(r.ID) {
		text, changed := texts[d.ID]
		if !changed {
			continue
		}
		if err := e.Modify(d.ID, func(d *catalog.Relation) { d.Query = text }); err != nil {
			return err
		}
	}
	return nil
}

// renameIn rewrites the stored query of d, which may reach r through views only and then does not name it.
func renameIn(cat *catalog.Snapshot, d, r *catalog.Relation, schema, name string) (text string, changed bool, err error) {
	st, err := parser.ParseOne(d.Query)
	if err != nil {
		return "", false, err
	}
	hidden := false // by a WITH query of the same name
	windowed := map[*ast.TableName]bool{}
	ast.Walk(st.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CTE:
			hidden = hidden || n.Name == r.Name
		case *ast.WindowTable:
			if inner, ok := n.Input.(*ast.TableName); ok {
				windowed[inner] = true // its alias belongs to the window function around it
				if n.Alias == nil && inner.Name == r.Name {
					n.Alias = &ast.Alias{Pos: inner.Pos, Name: inner.Name}
				}
			}
		}
		t, ok := n.(*ast.TableName)
		if !ok {
			return true
		}
		var found *catalog.Relation
		if t.Schema != "" {
			found, ok = cat.Lookup(t.Schema, t.Name)
		} else {
			found, ok = cat.Resolve(d.SearchPath, t.Name)
		}
		if !ok || found.ID != r.ID {
			return true
		}
		if t.Alias == nil && !windowed[t] {
			t.Alias = &ast.Alias{Pos: t.Pos, Name: t.Name}
		}
		t.Schema, t.Name = schema, name
		changed = true
		return true
	})
	if hidden && changed {
		return "", false, pgerr.Unsupported("renaming a relation whose name a WITH query of " + d.Kind.String() + " " + d.Name + " has, too")
	}
	return ast.Format(st.AST), changed, nil
}
