package parser

import (
	"strings"

	"millrace/sql/ast"
	"millrace/sql/lex"
)

// The four kinds of name of PostgreSQL's grammar, by the keywords that they may be.

func isIdent(t *lex.Token) bool {
	return t.Kind == lex.Ident && t.Kw == lex.NoKeyword || t.Kind == lex.QuotedIdent
}

// isColID: the name of a column, table and most other things.
func isColID(t *lex.Token) bool {
	if t.Kind == lex.Ident && t.Kw != lex.NoKeyword {
		c := t.Kw.Info().Class
		return c == lex.Unreserved || c == lex.ColumnName
	}
	return isIdent(t)
}

// isTypeFuncName: the unqualified name of a function or type.
func isTypeFuncName(t *lex.Token) bool {
	if t.Kind == lex.Ident && t.Kw != lex.NoKeyword {
		c := t.Kw.Info().Class
		return c == lex.Unreserved || c == lex.TypeFuncName
	}
	return isIdent(t)
}

// isNonReserved: isColID or isTypeFuncName, for words that are settings or roles.
func isNonReserved(t *lex.Token) bool {
	return isIdent(t) || t.Kind == lex.Ident && t.Kw.Info().Class != lex.Reserved
}

// isColLabel: any word at all.
func isColLabel(t *lex.Token) bool { return t.Kind == lex.Ident || t.Kind == lex.QuotedIdent }

func (p *parser) name(ok func(*lex.Token) bool) string {
	if !ok(p.tok) {
		p.syntaxError()
	}
	s := p.tok.Text
	p.next()
	return s
}

func (p *parser) colID() string        { return p.name(isColID) }
func (p *parser) typeFuncName() string { return p.name(isTypeFuncName) }
func (p *parser) colLabel() string     { return p.name(isColLabel) }
func (p *parser) nonReserved() string  { return p.name(isNonReserved) }

// dotted reads the parts of a name after its first.
func (p *parser) dotted(first string) []string {
	if p.tok.Kind != '.' {
		return []string{first}
	}
	parts := append(make([]string, 0, 2), first)
	for p.acceptKind('.') {
		parts = append(parts, p.colLabel())
	}
	return parts
}

// objectName makes a name of one to three parts.
func (p *parser) objectName(pos int, parts []string) ast.ObjectName {
	n := ast.ObjectName{Pos: pos}
	switch len(parts) {
	case 1:
		n.Name = parts[0]
	case 2:
		n.Schema, n.Name = parts[0], parts[1]
	case 3:
		n.Catalog, n.Schema, n.Name = parts[0], parts[1], parts[2]
	default:
		p.errorAt(int32(pos), "improper qualified name (too many dotted names): %s", strings.Join(parts, "."))
	}
	return n
}

// qualifiedName reads the name of a relation or another object: PostgreSQL's qualified_name and any_name.
func (p *parser) qualifiedName() ast.ObjectName {
	pos := p.pos()
	first := p.colID()
	if p.tok.Kind != '.' {
		return ast.ObjectName{Pos: pos, Name: first}
	}
	return p.objectName(pos, p.dotted(first))
}

func (p *parser) qualifiedNames() (names []ast.ObjectName) {
	p.commaList(func() { names = append(names, p.qualifiedName()) })
	return names
}

// funcName reads the name of a function: a type_function_name, or a qualified name.
func (p *parser) funcName() ast.ObjectName {
	pos := p.pos()
	if p.peek(1).Kind == '.' {
		return p.objectName(pos, p.dotted(p.colID()))
	}
	if !isTypeFuncName(p.tok) && isColID(p.tok) {
		p.syntaxErrorAt(p.i + 1)
	}
	return ast.ObjectName{Pos: pos, Name: p.typeFuncName()}
}

// names reads a list of column names.
func (p *parser) names() (names []string) {
	p.commaList(func() { names = append(names, p.colID()) })
	return names
}

func (p *parser) parenNames() []string {
	p.expectKind('(')
	names := p.names()
	p.expectKind(')')
	return names
}

// optParenNames reads a list of names in parentheses where one comes next.
func (p *parser) optParenNames() []string {
	if !p.isKind('(') {
		return nil
	}
	return p.parenNames()
}

// roleSpec reads the name of a role or a word for one.
func (p *parser) roleSpec() *ast.RoleSpec {
	r := &ast.RoleSpec{Pos: p.pos()}
	switch p.tok.Kw {
	case lex.CURRENT_ROLE:
		r.Kind = ast.RoleCurrentRole
	case lex.CURRENT_USER:
		r.Kind = ast.RoleCurrentUser
	case lex.SESSION_USER:
		r.Kind = ast.RoleSessionUser
	default:
		t := p.tok
		r.Name = p.nonReserved()
		switch {
		case wordIs(t, "public"):
			r.Kind, r.Name = ast.RolePublic, ""
		case r.Name == "none":
			p.fail(reservedRole(r.Name, t.Pos))
		}
		return r
	}
	p.next()
	return r
}

func (p *parser) roleList() (roles []ast.RoleSpec) {
	p.commaList(func() { roles = append(roles, *p.roleSpec()) })
	return roles
}

// ifNotExists reads IF NOT EXISTS.
func (p *parser) ifNotExists() bool {
	if !p.ahead(lex.IF, lex.NOT) {
		if p.is(lex.IF) {
			p.missed(1)
		}
		return false
	}
	p.next()
	p.expect(lex.NOT, lex.EXISTS)
	return true
}

// ifExists reads IF EXISTS.
func (p *parser) ifExists() bool {
	return p.acceptAll(lex.IF, lex.EXISTS)
}

// cascade reads CASCADE or RESTRICT.
func (p *parser) cascade() bool {
	if p.accept(lex.CASCADE) {
		return true
	}
	p.accept(lex.RESTRICT)
	return false
}
