package bind

import (
	"errors"
	"slices"

	"millrace/catalog"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// Relation finds a relation by name under the search path in force: 42P01 where there is none.
func (b *Binder) Relation(name ast.ObjectName) (*catalog.Relation, error) {
	var r *catalog.Relation
	var ok bool
	full := name.Name
	if name.Schema != "" {
		full = name.Schema + "." + name.Name
		r, ok = b.env.Catalog.Lookup(name.Schema, name.Name)
	} else {
		r, ok = b.env.Catalog.Resolve(b.path, name.Name)
	}
	if !ok {
		e := pgerr.New(pgerr.UndefinedTable, "relation \"%s\" does not exist", full).At(name.Pos)
		if near := b.nearRelation(name); near != "" {
			e.WithHint("Perhaps you meant the relation \"%s\".", near)
		}
		return nil, e
	}
	return r, nil
}

// nearRelation finds the relation that a misspelled name was meant to be; also one in a schema off the search path.
func (b *Binder) nearRelation(name ast.ObjectName) string {
	var names []string
	elsewhere := ""
	for _, r := range b.env.Catalog.Relations() {
		visible := slices.Contains(b.path, r.Schema)
		switch {
		case r.Kind == catalog.Index:
		case name.Schema != "" && r.Schema == name.Schema:
			names = append(names, r.Schema+"."+r.Name)
		case name.Schema == "" && visible:
			names = append(names, r.Name)
		case name.Schema == "" && r.Name == name.Name && r.Kind != catalog.System:
			elsewhere = r.Schema + "." + r.Name
		}
	}
	if elsewhere != "" {
		return elsewhere
	}
	if name.Schema != "" {
		return nearest(name.Schema+"."+name.Name, names)
	}
	return nearest(name.Name, names)
}

// typeEnv is what literals are read by: the session's settings, but in views fixed ones.
func (b *Binder) typeEnv() *types.Env {
	if b.env.View && !b.env.Transient || b.viewDepth > 0 || b.env.TypeEnv == nil {
		return types.DefaultEnv
	}
	return b.env.TypeEnv
}

// bindRelation binds a relation in FROM: a scan, or a view's query in its place.
func (b *Binder) bindRelation(r *catalog.Relation, alias string, pos int) (logical.Node, []scopeCol, error) {
	if err := b.grow(1); err != nil {
		return nil, nil, err
	}
	switch r.Kind {
	case catalog.Sink, catalog.Index:
		article := "a"
		if r.Kind == catalog.Index {
			article = "an"
		}
		return nil, nil, pgerr.New(pgerr.WrongObjectType, "cannot open relation \"%s\"", r.Name).
			WithDetail("It is %s %s.", article, r.Kind).At(pos)
	case catalog.View:
		b.deps[r.ID] = true
		return b.inlineView(r, alias, pos)
	case catalog.MaterializedView:
		if b.env.Unbuilt != nil && b.env.Unbuilt(r.ID) {
			b.deps[r.ID] = true
			return b.inlineView(r, alias, pos)
		}
	case catalog.Sequence:
		if b.env.View {
			return nil, nil, pgerr.Unsupported("a sequence in a materialized view").At(pos)
		}
	case catalog.System:
		if b.env.View {
			return nil, nil, pgerr.Unsupported("a system relation in a materialized view").At(pos)
		}
	}
	if b.asOf != nil {
		return b.bindPast(r, alias, pos)
	}
	b.deps[r.ID] = true
	scan := b.scan(r, alias)
	if r.Kind == catalog.Table {
		for _, id := range scan.Cols {
			b.scans[id] = scan
		}
	}
	return scan, b.scanned(scan), nil
}

// scanned gives the columns of a relation's scan to the names of a query.
func (b *Binder) scanned(scan *logical.Scan) []scopeCol {
	cols := make([]scopeCol, len(scan.Cols))
	for i, id := range scan.Cols {
		c := &scan.Relation.Columns[i]
		cols[i] = scopeCol{name: c.Name, id: id, hidden: c.Hidden || i >= b.width(scan.Relation)}
	}
	return cols
}

// width is the number of a relation's columns that * means.
func (b *Binder) width(r *catalog.Relation) int {
	if n, ok := b.widths[r.ID]; ok {
		return n
	}
	return len(r.Columns)
}

// scan reads all columns of a relation.
func (b *Binder) scan(r *catalog.Relation, alias string) *logical.Scan {
	s := &logical.Scan{Relation: r, Alias: alias, AppendOnly: r.AppendOnly || r.Kind == catalog.Stream || !b.env.View}
	if !b.env.View {
		for _, x := range b.env.Catalog.Indexes(r) {
			if b.env.Unbuilt == nil || !b.env.Unbuilt(x.ID) {
				s.Indexes = append(s.Indexes, x)
			}
		}
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		s.Attrs = append(s.Attrs, i)
		s.Cols = append(s.Cols, b.cols.Add(logical.Column{Name: c.Name, T: c.T, Table: r.ID, Attr: int16(i + 1), Rel: alias}))
	}
	return s
}

// inlineView binds a view's query. Its columns keep the names that the view gave them.
func (b *Binder) inlineView(r *catalog.Relation, alias string, pos int) (logical.Node, []scopeCol, error) {
	if b.viewDepth >= viewDepthMax {
		return nil, nil, pgerr.New(pgerr.StatementTooComplex, "views are nested more than %d deep", viewDepthMax).At(pos)
	}
	fullName := r.Schema + "." + r.Name
	if slices.Contains(b.inlined, fullName) {
		return nil, nil, pgerr.New(pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", r.Name).At(pos)
	}
	stmt, err := parser.ParseOne(r.Query)
	if err != nil {
		return nil, nil, within(err, "view "+fullName)
	}
	path, widths := b.path, b.widths
	b.widths = r.Widths()
	defer func() { b.widths = widths }()
	b.path, b.viewDepth, b.inlined = r.SearchPath, b.viewDepth+1, append(b.inlined, fullName)
	defer func() { b.path, b.viewDepth, b.inlined = path, b.viewDepth-1, b.inlined[:len(b.inlined)-1] }()
	q, ok := stmt.AST.(*ast.Select)
	if !ok {
		return nil, nil, pgerr.New(pgerr.InternalError, "the definition of view \"%s\" is not a query", fullName)
	}
	rel, err := b.bindSelect(q, &scope{}, selectOptions{})
	if err != nil {
		return nil, nil, within(err, "view "+fullName)
	}
	shown := len(r.Columns)
	for shown > 0 && r.Columns[shown-1].Hidden {
		shown--
	}
	if len(rel.Cols) < shown {
		return nil, nil, pgerr.New(pgerr.InternalError, "the definition of view \"%s\" gives %d columns rather than %d", fullName, len(rel.Cols), shown)
	}
	node := b.apart(rel)
	cols := make([]scopeCol, shown)
	for i := range cols {
		cols[i] = scopeCol{name: r.Columns[i].Name, id: rel.Cols[i].ID}
	}
	return node, cols, nil
}

// within takes the position from an error in a stored text, where it says nothing of the statement's text, and says which
// text it was.
func within(err error, text string) error {
	var e *pgerr.Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	c.Position = 0
	if c.Where == "" {
		c.Where = text
	}
	return &c
}
