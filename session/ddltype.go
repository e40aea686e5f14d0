package session

import (
	"context"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/sql/parser"
	"millrace/types"
)

// createType makes an enum or a composite type.
func (s *Session) createType(ctx context.Context, st *ast.CreateType, c Client) error {
	schema, name, err := s.target(st.Name)
	if err != nil {
		return err
	}
	t := &catalog.Type{Schema: schema, Name: name, Owner: s.user}
	switch st.Kind {
	case ast.TypeEnum:
		t.Enum = true
		if err := checkLabels(st.Labels); err != nil {
			return err
		}
		t.Labels = types.EnumOrders(st.Labels)
	case ast.TypeComposite:
	case ast.TypeRange:
		return pgerr.Unsupported("CREATE TYPE ... AS RANGE").At(st.Pos)
	default:
		return pgerr.Unsupported("CREATE TYPE of a base type").At(st.Pos)
	}
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		t.Columns = nil // in a transaction block the edit is made twice
		if st.Kind == ast.TypeComposite {
			if err := s.typeColumns(t, st.Columns, e.Snapshot()); err != nil {
				return err
			}
		}
		return e.AddType(t)
	})
	if err != nil {
		return err
	}
	return c.Complete("CREATE TYPE")
}

func checkLabels(labels []string) error {
	for i, l := range labels {
		if err := checkLabel(l); err != nil {
			return err
		}
		if slices.Contains(labels[:i], l) {
			return pgerr.New(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"").
				WithDetail("Label \"%s\" is given more than once.", l)
		}
	}
	return nil
}

func checkLabel(l string) error {
	if len(l) > types.EnumLabelMax {
		return pgerr.New(pgerr.InvalidName, "invalid enum label \"%s\"", l).
			WithDetail("Labels must be %d bytes or less.", types.EnumLabelMax)
	}
	return nil
}

// typeColumns gives a composite type its columns.
func (s *Session) typeColumns(t *catalog.Type, defs []*ast.ColumnDef, cat *catalog.Snapshot) error {
	if len(defs) > types.RowFieldsMax {
		return pgerr.New(pgerr.TooManyColumns, "tables can have at most %d columns", types.RowFieldsMax)
	}
	for _, d := range defs {
		if d.Type == nil {
			return pgerr.New(pgerr.InvalidTableDefinition, "column %q has no type", d.Name).At(d.Pos)
		}
		ct, err := planner.ResolveType(d.Type, s.ddlEnv(cat))
		if err != nil {
			return err
		}
		if isPseudo(ct) {
			return pgerr.New(pgerr.InvalidTableDefinition, "column %q has pseudo-type %s", d.Name, ct)
		}
		if slices.ContainsFunc(t.Columns, func(c catalog.Column) bool { return c.Name == d.Name }) {
			return pgerr.New(pgerr.DuplicateColumn, "column %q specified more than once", d.Name)
		}
		t.Columns = append(t.Columns, catalog.Column{Name: d.Name, T: ct})
	}
	return nil
}

// isPseudo reports whether no column may have the type: those of expressions that have not found their type, and rows
// without a named type.
func isPseudo(t types.T) bool {
	if t.Is(types.Array) {
		return t.Elem == types.Record && isPseudo(t.ElemType())
	}
	switch t.Kind {
	case types.Unknown, types.Void:
		return true
	case types.Record:
		return t.Def == nil || !t.Def.Named()
	}
	return false
}

// typeNamed finds the type that a statement names. It is 42704 where there is none.
func (s *Session) typeNamed(n ast.ObjectName) (*catalog.Type, error) {
	cat := s.catalog()
	path := []string{n.Schema}
	if n.Schema == "" {
		path = s.searchPath()
	}
	for _, schema := range path {
		if t, ok := cat.LookupType(schema, n.Name); ok {
			return t, nil
		}
	}
	full := n.Name
	if n.Schema != "" {
		full = n.Schema + "." + n.Name
	}
	if _, ok := types.LookupType(n.Name); ok && (n.Schema == "" || n.Schema == catalog.PgCatalog) {
		return nil, pgerr.New(pgerr.InsufficientPrivilege, "must be owner of type %s", n.Name)
	}
	if _, err := s.relation(n); err == nil {
		return nil, pgerr.New(pgerr.WrongObjectType, "%s is not a type of its own but a relation's", full).
			WithHint("Change the relation.")
	}
	return nil, pgerr.New(pgerr.UndefinedObject, "type \"%s\" does not exist", full)
}

// dropTypes is DROP TYPE and DROP DOMAIN.
func (s *Session) dropTypes(ctx context.Context, st *ast.Drop, c Client) error {
	var removed []*catalog.Relation
	var skipped []string
	var drop *typeDrop
	t := &engine.Txn{}
	err := s.ddlRows(ctx, t, func(e *catalog.Edit) error {
		var ids []uint32
		skipped, drop = nil, nil
		for _, o := range st.Objects {
			t, err := s.typeNamed(o.Name)
			if wrong := notDomain(t, o.Name, st.Kind); wrong != nil {
				return wrong
			}
			if err != nil {
				if st.IfExists && pgerr.CodeOf(err) == pgerr.UndefinedObject {
					skipped = append(skipped, o.Name.Name)
					continue
				}
				return err
			}
			if !slices.Contains(ids, t.ID) {
				ids = append(ids, t.ID)
			}
		}
		if len(ids) == 0 {
			return errExists
		}
		var err error
		if st.Cascade {
			drop = &typeDrop{s: s, e: e, t: t, ids: ids}
			if err := drop.dependants(); err != nil {
				return err
			}
			ids = drop.ids
		}
		removed, err = e.DropTypes(ids, st.Cascade)
		return err
	})
	if err != nil && err != error(errExists) {
		return err
	}
	for _, name := range skipped {
		if err := s.notice(c, "NOTICE", pgerr.New(pgerr.SuccessfulCompletion, "type %q does not exist, skipping", name)); err != nil {
			return err
		}
	}
	if drop != nil {
		for _, n := range drop.notices {
			if err := s.notice(c, "NOTICE", pgerr.New(n.code, "%s", n.text)); err != nil {
				return err
			}
		}
	}
	if err := s.noticeCascade(c, removed, nil); err != nil {
		return err
	}
	return c.Complete("DROP " + string(st.Kind))
}

// alterType is ALTER TYPE.
func (s *Session) alterType(ctx context.Context, st *ast.Alter, c Client) error {
	for _, a := range st.Actions {
		skipped := ""
		err := s.ddl(ctx, func(e *catalog.Edit) error {
			t, err := s.typeNamed(st.Name.ObjectName)
			if err != nil {
				return err
			}
			switch a.Kind {
			case ast.AlterAddValue:
				skipped, err = addLabel(e, t, a)
			case ast.AlterRenameValue:
				err = renameLabel(e, t, a)
			case ast.AlterRename:
				err = renameType(e, t, t.Schema, a.NewName)
			case ast.AlterSetSchema:
				err = renameType(e, t, a.NewName, t.Name)
			default:
				err = pgerr.Unsupported("changing the attributes of a composite type").At(a.Pos)
			}
			return err
		})
		if err != nil && !(skipped != "" && err == error(errExists)) {
			return err
		}
		if skipped != "" {
			if err := s.notice(c, "NOTICE", pgerr.New(pgerr.DuplicateObject, "enum label \"%s\" already exists, skipping", skipped)); err != nil {
				return err
			}
		}
	}
	return c.Complete("ALTER " + string(st.Kind))
}

func errNotEnum(t *catalog.Type) error {
	return pgerr.New(pgerr.WrongObjectType, "%s is not an enum", t.T())
}

func labelIndex(t *catalog.Type, text string) int {
	return slices.IndexFunc(t.Labels, func(l types.Label) bool { return l.Text == text })
}

func errNoLabel(text string) error {
	return pgerr.New(pgerr.InvalidParameterValue, "\"%s\" is not an existing enum label", text)
}

// addLabel is ADD VALUE; it gives the label back where IF NOT EXISTS lets that it exists pass.
func addLabel(e *catalog.Edit, t *catalog.Type, a *ast.AlterAction) (skipped string, err error) {
	if !t.Enum {
		return "", errNotEnum(t)
	}
	if err := checkLabel(a.Name); err != nil {
		return "", err
	}
	if labelIndex(t, a.Name) >= 0 {
		if a.IfExists {
			return a.Name, errExists
		}
		return "", pgerr.New(pgerr.DuplicateObject, "enum label \"%s\" already exists", a.Name)
	}
	at := len(t.Labels)
	if a.NewName != "" || a.Before {
		if at = labelIndex(t, a.NewName); at < 0 {
			return "", errNoLabel(a.NewName)
		}
		if !a.Before {
			at++
		}
	}
	labels, ok := types.EnumInsert(t.Labels, a.Name, at)
	if !ok {
		return "", pgerr.New(pgerr.ProgramLimitExceeded, "there is no room for another label at this place of enum %s", t.Name).
			WithHint("Some thirty labels can be added one after another between the same two.")
	}
	return "", e.ModifyType(t.ID, func(t *catalog.Type) { t.Labels = labels })
}

// renameLabel is RENAME VALUE. Rows hold a label's place and follow by themselves; what a materialized view has made of its
// text would not.
func renameLabel(e *catalog.Edit, t *catalog.Type, a *ast.AlterAction) error {
	if !t.Enum {
		return errNotEnum(t)
	}
	if err := checkLabel(a.NewName); err != nil {
		return err
	}
	at := labelIndex(t, a.Name)
	if at < 0 {
		return errNoLabel(a.Name)
	}
	if labelIndex(t, a.NewName) >= 0 {
		return pgerr.New(pgerr.DuplicateObject, "enum label \"%s\" already exists", a.NewName)
	}
	if v := computedFrom(e.Snapshot(), t.ID, map[uint32]bool{}); v != nil {
		return pgerr.Unsupported("renaming a label of an enum from which a "+v.Kind.String()+" is computed").
			WithDetail("%s %s depends on type %s.", v.Kind, v.Name, t.Name)
	}
	labels := slices.Clone(t.Labels)
	labels[at].Text = a.NewName
	return e.ModifyType(t.ID, func(t *catalog.Type) { t.Labels = labels })
}

// computedFrom finds a materialized view or sink that sees values of a type, or of a type that is made of it.
func computedFrom(cat *catalog.Snapshot, id uint32, seen map[uint32]bool) *catalog.Relation {
	if seen[id] {
		return nil
	}
	seen[id] = true
	for _, u := range cat.TypeUsers(id) {
		if u.Function != nil {
			continue // a view that calls it names the type by way of it
		}
		if u.Type != nil {
			if v := computedFrom(cat, u.Type.ID, seen); v != nil {
				return v
			}
			continue
		}
		for _, r := range append([]*catalog.Relation{u.Relation}, dependants(cat, u.Relation.ID, map[uint32]bool{})...) {
			if r.Kind == catalog.MaterializedView || r.Kind == catalog.Sink {
				return r
			}
		}
	}
	return nil
}

// renameType gives a type another name or schema, unless stored text names it.
func renameType(e *catalog.Edit, t *catalog.Type, schema, name string) error {
	for _, r := range e.Snapshot().Relations() {
		if slices.Contains(r.UsesTypes, t.ID) {
			return pgerr.Unsupported("renaming a type that a view's query names").WithDetail("%s %s names type %s.", r.Kind, r.Name, t.Name)
		}
		for _, c := range r.Checks {
			if namesType(c.Expr, t.Name) {
				return pgerr.Unsupported("renaming a type that a constraint names").WithDetail("Constraint %s of %s %s names type %s.", c.Name, r.Kind, r.Name, t.Name)
			}
		}
		for _, c := range r.Columns {
			if namesType(c.Default, t.Name) {
				return pgerr.Unsupported("renaming a type that a column's default names").WithDetail("The default of column %s of %s %s names type %s.", c.Name, r.Kind, r.Name, t.Name)
			}
		}
	}
	return e.ModifyType(t.ID, func(t *catalog.Type) { t.Schema, t.Name = schema, name })
}

// namesType reports whether a stored expression names a type; text that does not parse counts as naming it.
func namesType(text, name string) bool {
	if text == "" || !strings.Contains(text, name) {
		return false
	}
	e, err := parser.ParseExpr(text)
	if err != nil {
		return true
	}
	found := false
	ast.Walk(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Cast:
			found = found || n.Type.Name.Name == name
		case *ast.TypedLiteral:
			found = found || n.Type.Name.Name == name
		case *ast.FuncCall:
			found = found || n.Name.Name == name
		}
		return true
	})
	return found
}

// commentType is COMMENT ON TYPE.
func (s *Session) commentType(ctx context.Context, n ast.ObjectName, text string, c Client) error {
	err := s.ddl(ctx, func(e *catalog.Edit) error {
		t, err := s.typeNamed(n)
		if err != nil {
			return err
		}
		return e.ModifyType(t.ID, func(t *catalog.Type) { t.Comment = text })
	})
	if err != nil {
		return err
	}
	return c.Complete("COMMENT")
}
