package parser

import (
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

func (p *parser) createRole(m createMods) ast.Statement {
	r := &ast.CreateRole{Pos: m.pos, Kind: p.tok.Text}
	p.next()
	r.Name = *p.roleSpec()
	if r.Name.Kind == ast.RolePublic {
		p.fail(reservedRole("public", int32(r.Name.Pos)))
	}
	p.accept(lex.WITH)
	r.Options = p.roleOptions(true)
	return r
}

// roleFlags are the options of a role that are one word; NO before the word gives its opposite.
var roleFlags = []string{"superuser", "createrole", "createdb", "inherit", "login", "replication", "bypassrls"}

// roleOptions reads the options of a role. CREATE has a few more than ALTER.
func (p *parser) roleOptions(create bool) (list []ast.Option) {
	for {
		pos := p.pos()
		switch {
		case p.accept(lex.PASSWORD):
			o := flag("password", pos)
			if !p.accept(lex.NULL) {
				o = stringOption("password", p.str(), pos)
			}
			list = append(list, o)
		case p.is(lex.ENCRYPTED), p.is(lex.UNENCRYPTED):
			if p.accept(lex.UNENCRYPTED) {
				p.fail(pgerr.New(pgerr.FeatureNotSupported, "UNENCRYPTED PASSWORD is no longer supported").
					WithHint("Remove UNENCRYPTED to store the password in encrypted form instead.").At(pos))
			}
			p.next()
			p.expect(lex.PASSWORD)
			list = append(list, stringOption("password", p.str(), pos))
		case p.accept(lex.CONNECTION):
			p.expect(lex.LIMIT)
			list = append(list, ast.Option{Pos: pos, Name: "connection_limit", Value: p.number()})
		case p.accept(lex.VALID):
			p.expect(lex.UNTIL)
			list = append(list, stringOption("valid_until", p.str(), pos))
		case p.accept(lex.USER), create && p.accept(lex.ROLE):
			list = append(list, ast.Option{Pos: pos, Name: "role", Value: p.roleNames()})
		case create && p.accept(lex.ADMIN):
			list = append(list, ast.Option{Pos: pos, Name: "admin", Value: p.roleNames()})
		case create && p.accept(lex.SYSID):
			list = append(list, ast.Option{Pos: pos, Name: "sysid", Value: p.number()})
		case create && p.accept(lex.IN):
			if !p.accept(lex.ROLE) {
				p.expect(lex.GROUP)
			}
			list = append(list, ast.Option{Pos: pos, Name: "in_role", Value: p.roleNames()})
		default:
			o := p.roleFlag()
			if o == nil && isIdent(p.tok) {
				p.errorAt(int32(pos), `unrecognized role option "%s"`, p.tok.Text)
			}
			if o == nil {
				return list
			}
			list = append(list, *o)
		}
	}
}

func (p *parser) roleFlag() *ast.Option {
	if p.tok.Kind != lex.Ident {
		return nil
	}
	for _, name := range roleFlags {
		word, value := p.tok.Text, "true"
		if word != name && strings.TrimPrefix(word, "no") == name {
			word, value = name, "false"
		}
		if word == name {
			o := &ast.Option{Pos: p.pos(), Name: name, Value: &ast.Literal{Pos: p.pos(), Kind: ast.BoolLiteral, Text: value}}
			p.next()
			return o
		}
	}
	return nil
}

// roleNames reads role names as the value of an option.
func (p *parser) roleNames() ast.Expr {
	pos := p.pos()
	var names []string
	for _, r := range p.roleList() {
		if r.Kind != ast.RoleNamed {
			p.errorAt(int32(r.Pos), "a role's name is needed here")
		}
		names = append(names, r.Name)
	}
	return nameList(names, pos)
}

// grant reads GRANT and REVOKE, of privileges on objects or of roles.
func (p *parser) grant() ast.Statement {
	pos := p.pos()
	revoke := p.is(lex.REVOKE)
	p.next()
	optionFor, adminFor := false, false
	if revoke {
		optionFor, adminFor = p.is(lex.GRANT), p.ahead(lex.ADMIN, lex.OPTION)
		if optionFor || adminFor {
			p.next()
			p.expect(lex.OPTION, lex.FOR)
		}
	}
	privs, all := p.privileges()
	if adminFor || !p.is(lex.ON) {
		if all || optionFor {
			p.syntaxError()
		}
		return p.grantRole(&ast.GrantRole{Pos: pos, Revoke: revoke, OptionFor: adminFor, Roles: privs})
	}
	p.next()
	g := &ast.Grant{Pos: pos, Revoke: revoke, OptionFor: optionFor, Privileges: privs}
	p.grantObjects(g)
	p.grantDirection(revoke)
	g.Grantees = p.grantees()
	if !revoke && p.acceptAll(lex.WITH, lex.GRANT, lex.OPTION) {
		g.GrantOption = true
	}
	g.GrantedBy = p.grantedBy()
	if revoke {
		g.Cascade = p.cascade()
	}
	return g
}

func (p *parser) grantDirection(revoke bool) {
	if revoke {
		p.expect(lex.FROM)
	} else {
		p.expect(lex.TO)
	}
}

func (p *parser) grantees() (roles []ast.RoleSpec) {
	p.commaList(func() {
		p.accept(lex.GROUP)
		roles = append(roles, *p.roleSpec())
	})
	return roles
}

func (p *parser) grantedBy() *ast.RoleSpec {
	if !p.acceptAll(lex.GRANTED, lex.BY) {
		return nil
	}
	return p.roleSpec()
}

// privileges reads ALL [PRIVILEGES] [(columns)] or a list; for ALL without columns the list is nil.
func (p *parser) privileges() (list []ast.Privilege, all bool) {
	if pos := p.pos(); p.accept(lex.ALL) {
		p.accept(lex.PRIVILEGES)
		if p.isKind('(') {
			return []ast.Privilege{{Pos: pos, Name: "all", Columns: p.parenNames()}}, true
		}
		return nil, true
	}
	p.commaList(func() {
		v := ast.Privilege{Pos: p.pos()}
		switch p.tok.Kw {
		case lex.SELECT, lex.REFERENCES, lex.CREATE:
			v.Name = p.tok.Text
			p.next()
		case lex.ALTER:
			p.next()
			p.expect(lex.SYSTEM)
			v.Name = "alter system"
		default:
			v.Name = p.colID()
		}
		v.Columns = p.optParenNames()
		list = append(list, v)
	})
	return list, false
}

func (p *parser) grantRole(g *ast.GrantRole) ast.Statement {
	p.grantDirection(g.Revoke)
	g.Grantees = p.roleList()
	if !g.Revoke && p.acceptAll(lex.WITH, lex.ADMIN, lex.OPTION) {
		g.AdminOption = true
	}
	g.GrantedBy = p.grantedBy()
	if g.Revoke {
		g.Cascade = p.cascade()
	}
	return g
}

// grantObjects reads what privileges are granted on.
func (p *parser) grantObjects(g *ast.Grant) {
	names := func(kind ast.ObjectKind) {
		g.Kind = kind
		p.commaList(func() { g.Objects = append(g.Objects, &ast.DropObject{Name: p.qualifiedName()}) })
	}
	switch {
	case p.is(lex.ALL):
		p.next()
		kinds := map[lex.Keyword]ast.ObjectKind{
			lex.TABLES: ast.KindTable, lex.SEQUENCES: ast.KindSequence, lex.FUNCTIONS: ast.KindFunction,
			lex.PROCEDURES: ast.KindProcedure, lex.ROUTINES: ast.KindRoutine,
		}
		kind, ok := kinds[p.tok.Kw]
		if !ok {
			p.syntaxError()
		}
		p.next()
		p.expect(lex.IN, lex.SCHEMA)
		g.AllInSchema = true
		names(kind)
	case p.is(lex.FUNCTION), p.is(lex.PROCEDURE), p.is(lex.ROUTINE):
		g.Kind = ast.ObjectKind(strings.ToUpper(p.tok.Text))
		p.next()
		p.commaList(func() { g.Objects = append(g.Objects, p.functionObject()) })
	case p.ahead(lex.FOREIGN, lex.DATA), p.ahead(lex.FOREIGN, lex.SERVER), p.ahead(lex.LARGE, lex.OBJECT), p.is(lex.PARAMETER),
		p.is(lex.TABLESPACE), p.is(lex.LANGUAGE):
		p.unsupported(p.tok.Pos, "privileges on "+strings.ToLower(p.sourceWords(p.i, p.i+1))+" objects")
	case p.is(lex.TABLE), isColID(p.peek(1)) && (p.is(lex.DATABASE) || p.is(lex.DOMAIN) || p.is(lex.SCHEMA) ||
		p.is(lex.SEQUENCE) || p.is(lex.TYPE) || p.is(lex.STREAM) || p.is(lex.VIEW) || p.is(lex.SINK) ||
		p.is(lex.CONNECTION) || p.is(lex.SECRET) || p.is(lex.SUBSCRIPTION)):
		kind := ast.ObjectKind(strings.ToUpper(p.tok.Text))
		p.next()
		names(kind)
	case p.ahead(lex.MATERIALIZED, lex.VIEW) && isColID(p.peek(2)):
		p.next()
		p.next()
		names(ast.KindMaterializedView)
	default:
		names(ast.KindTable)
	}
}

// functionObject reads a function's name with the types of its parameters, where they are given.
func (p *parser) functionObject() *ast.DropObject {
	o := &ast.DropObject{}
	if next := p.peek(1).Kind; next != '(' && next != '.' {
		pos := p.pos()
		if !isColID(p.tok) && !isTypeFuncName(p.tok) {
			p.syntaxError()
		}
		o.Name = ast.ObjectName{Pos: pos, Name: p.colLabel()}
		return o
	}
	o.Name = p.funcName()
	if p.isKind('(') {
		o.HasArgs = true
		o.Args = p.funcParams(false)
	}
	return o
}
