package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"millrace/catalog"
	"millrace/engine"
	"millrace/pgerr"
	"millrace/planner"
	"millrace/sql/ast"
	"millrace/types"
)

// createDomain makes a domain.
func (s *Session) createDomain(ctx context.Context, st *ast.CreateDomain, c Client) error {
	schema, name, err := s.target(st.Name)
	if err != nil {
		return err
	}
	err = s.ddl(ctx, func(e *catalog.Edit) error {
		env := s.ddlEnv(e.Snapshot())
		t, over, err := planner.ResolveColumnType(st.Type, env)
		if err != nil {
			return unplaced(err)
		}
		if isPseudo(t) {
			return pgerr.New(pgerr.DatatypeMismatch, "\"%s\" is not a valid base type for a domain", t)
		}
		d := &catalog.Type{Schema: schema, Name: name, Owner: s.user, Columns: catalog.DomainBase(t, over), Domain: &catalog.Domain{}}
		if err := s.domainConstraints(d, st.Constraints, env); err != nil {
			return unplaced(err)
		}
		return e.AddType(d)
	})
	if err != nil {
		return err
	}
	return c.Complete("CREATE DOMAIN")
}

// impossible are the constraints that a domain cannot have.
var impossible = map[ast.ConstraintKind]string{ast.ConstraintUnique: "unique", ast.ConstraintPrimaryKey: "primary key",
	ast.ConstraintForeignKey: "foreign key", ast.ConstraintExclude: "exclusion"}

// domainConstraints gives a domain its NOT NULL, DEFAULT and CHECKs.
func (s *Session) domainConstraints(d *catalog.Type, list []*ast.ColumnConstraint, env *planner.Env) error {
	base := d.Columns[0]
	var null, notNull, hasDefault bool
	for _, con := range list {
		if con.Timing != (ast.ConstraintTime{}) {
			return pgerr.New(pgerr.FeatureNotSupported, "specifying constraint deferrability not supported for domains")
		}
		switch con.Kind {
		case ast.ConstraintNull:
			null = true
		case ast.ConstraintNotNull:
			notNull = true
		case ast.ConstraintDefault:
			if hasDefault {
				return pgerr.New(pgerr.SyntaxError, "multiple default expressions")
			}
			hasDefault = true
			text, err := s.defaultText(con.Expr, env, &catalog.Column{Name: d.Name, T: base.T})
			if err != nil {
				return err
			}
			d.Domain.Default = text
		case ast.ConstraintCheck:
			if con.NoInherit {
				return pgerr.New(pgerr.InvalidObjectDefinition, "check constraints for domains cannot be marked NO INHERIT")
			}
			if err := addDomainCheck(d, con, env); err != nil {
				return err
			}
		default:
			if what, ok := impossible[con.Kind]; ok {
				return pgerr.New(pgerr.SyntaxError, "%s constraints not possible for domains", what)
			}
			return pgerr.Unsupported("generated and identity domains")
		}
		if null && notNull {
			return pgerr.New(pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
		}
	}
	d.Domain.NotNull = notNull
	// They are looked at in this order.
	slices.SortFunc(d.Domain.Checks, func(a, b catalog.Check) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func addDomainCheck(d *catalog.Type, con *ast.ColumnConstraint, env *planner.Env) error {
	if err := planner.CheckDomain(con.Expr, d.T(), env); err != nil {
		return err
	}
	taken := func(name string) bool {
		return slices.ContainsFunc(d.Domain.Checks, func(k catalog.Check) bool { return k.Name == name })
	}
	name := con.Name
	switch {
	case name == "":
		name = env.Catalog.ChooseName(d.Schema, d.Name, nil, "check", taken)
	case taken(name):
		return pgerr.New(pgerr.DuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", name, d.Name)
	}
	d.Domain.Checks = append(d.Domain.Checks, catalog.Check{Name: name, Expr: ast.Format(con.Expr)})
	return nil
}

// renames reports whether all that an ALTER does is to change a name or schema.
func renames(st *ast.Alter) bool {
	return !slices.ContainsFunc(st.Actions, func(a *ast.AlterAction) bool { return a.Kind != ast.AlterRename && a.Kind != ast.AlterSetSchema })
}

// typeDrop is a DROP TYPE or DROP DOMAIN with CASCADE being carried out.
type typeDrop struct {
	s       *Session
	e       *catalog.Edit
	t       *engine.Txn // what becomes of the rows of tables that lose columns
	ids     []uint32    // of the types that go
	notices []notice
}

func (d *typeDrop) tell(format string, args ...any) {
	d.notices = append(d.notices, notice{pgerr.SuccessfulCompletion, fmt.Sprintf(format, args...)})
}

// dependants drops what depends on the types: columns of tables, functions, and domains over them, which join the types.
func (d *typeDrop) dependants() error {
	for i := 0; i < len(d.ids); i++ { // ids grows
		var functions []uint32
		var tables []*catalog.Relation
		for _, u := range d.e.Snapshot().TypeUsers(d.ids[i]) {
			switch {
			case u.Function != nil:
				functions = append(functions, u.Function.ID)
				d.tell("drop cascades to %s", u)
			case u.Type != nil && u.Type.Domain != nil && !slices.Contains(d.ids, u.Type.ID):
				d.ids = append(d.ids, u.Type.ID)
				d.tell("drop cascades to %s", u)
			case u.Column != "" && u.Relation != nil && u.Relation.Kind == catalog.Table:
				d.tell("drop cascades to %s", u)
				if !slices.Contains(tables, u.Relation) {
					tables = append(tables, u.Relation)
				}
			}
		}
		for _, r := range tables {
			if err := d.columns(r.ID, d.ids[i]); err != nil {
				return err
			}
		}
		removed, err := d.e.DropFunctions(functions, true)
		if err != nil {
			return err
		}
		for _, r := range removed {
			d.tell("drop cascades to %s %s", r.Kind, r.Name)
		}
	}
	return nil
}

// columns drops a table's columns of a type.
func (d *typeDrop) columns(table, id uint32) error {
	r, ok := d.e.Snapshot().Relation(table)
	if !ok {
		return &engine.RelationGoneError{}
	}
	a := newAlteration(d.s, d.e, &ast.Alter{}, r)
	for i := range r.Columns {
		if r.Columns[i].Of(id) && !a.to.Columns[i].Dropped {
			if err := a.dropColumn(i, &ast.AlterAction{Cascade: true}); err != nil {
				return err
			}
		}
	}
	d.notices = append(d.notices, a.notices...)
	return a.finish(d.t)
}

// notDomain is the error of DROP DOMAIN for another type.
func notDomain(t *catalog.Type, n ast.ObjectName, kind ast.ObjectKind) error {
	if kind != ast.KindDomain || t != nil && t.Domain != nil {
		return nil
	}
	if _, builtin := types.LookupType(n.Name); t == nil && !builtin {
		return nil
	}
	return pgerr.New(pgerr.WrongObjectType, "\"%s\" is not a domain", n.Name)
}
