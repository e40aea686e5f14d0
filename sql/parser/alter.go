package parser

import (
	"strings"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// objectKinds are the kinds of object that DROP, ALTER and COMMENT share, by their words.
var objectKinds = []struct {
	words []lex.Keyword
	kind  ast.ObjectKind
}{
	{[]lex.Keyword{lex.TABLE}, ast.KindTable},
	{[]lex.Keyword{lex.STREAM}, ast.KindStream},
	{[]lex.Keyword{lex.VIEW}, ast.KindView},
	{[]lex.Keyword{lex.MATERIALIZED, lex.VIEW}, ast.KindMaterializedView},
	{[]lex.Keyword{lex.INDEX}, ast.KindIndex},
	{[]lex.Keyword{lex.SINK}, ast.KindSink},
	{[]lex.Keyword{lex.CONNECTION}, ast.KindConnection},
	{[]lex.Keyword{lex.SECRET}, ast.KindSecret},
	{[]lex.Keyword{lex.SUBSCRIPTION}, ast.KindSubscription},
	{[]lex.Keyword{lex.SCHEMA}, ast.KindSchema},
	{[]lex.Keyword{lex.DATABASE}, ast.KindDatabase},
	{[]lex.Keyword{lex.ROLE}, ast.KindRole},
	{[]lex.Keyword{lex.USER}, ast.KindRole},
	{[]lex.Keyword{lex.GROUP}, ast.KindRole},
	{[]lex.Keyword{lex.FUNCTION}, ast.KindFunction},
	{[]lex.Keyword{lex.PROCEDURE}, ast.KindProcedure},
	{[]lex.Keyword{lex.ROUTINE}, ast.KindRoutine},
	{[]lex.Keyword{lex.AGGREGATE}, ast.KindAggregate},
	{[]lex.Keyword{lex.TYPE}, ast.KindType},
	{[]lex.Keyword{lex.DOMAIN}, ast.KindDomain},
	{[]lex.Keyword{lex.SEQUENCE}, ast.KindSequence},
	{[]lex.Keyword{lex.EXTENSION}, ast.KindExtension},
}

// objectKind reads a kind of object; "" with nothing read if none is there. USER MAPPING is another kind.
func (p *parser) objectKind() ast.ObjectKind {
	if p.ahead(lex.USER, lex.MAPPING) {
		return ""
	}
	for _, k := range objectKinds {
		if p.acceptAll(k.words...) {
			return k.kind
		}
	}
	return ""
}

func takesArgs(k ast.ObjectKind) bool {
	return k == ast.KindFunction || k == ast.KindProcedure || k == ast.KindRoutine || k == ast.KindAggregate
}

// drop reads DROP.
func (p *parser) drop() ast.Statement {
	d := &ast.Drop{Pos: p.pos()}
	start := p.i
	p.next()
	if p.acceptAll(lex.OWNED, lex.BY) {
		return p.unknown(start, "DROP OWNED")
	}
	d.Kind = p.objectKind()
	if d.Kind == "" {
		kind := p.otherKind()
		if kind == "" {
			p.syntaxError()
		}
		return p.unknown(start, "DROP "+string(kind))
	}
	if d.Kind == ast.KindIndex {
		d.Concurrently = p.accept(lex.CONCURRENTLY)
	}
	d.IfExists = p.ifExists()
	p.commaList(func() { d.Objects = append(d.Objects, p.dropObject(d.Kind)) })
	if d.Kind == ast.KindDatabase {
		if p.accept(lex.WITH) || p.isKind('(') {
			p.parenList(func() {
				d.Options = append(d.Options, flag("force", p.pos()))
				p.expect(lex.FORCE)
			})
		}
		return d
	}
	if d.Kind != ast.KindRole {
		d.Cascade = p.cascade()
	}
	return d
}

func (p *parser) dropObject(kind ast.ObjectKind) *ast.DropObject {
	switch {
	case kind == ast.KindAggregate:
		o := &ast.DropObject{Name: p.funcName(), HasArgs: true}
		p.expectKind('(')
		if p.acceptKind('*') {
			p.expectKind(')')
			return o
		}
		p.commaList(func() { o.Args = append(o.Args, p.funcParam()) })
		p.expectKind(')')
		return o
	case takesArgs(kind):
		return p.functionObject()
	case kind == ast.KindRole:
		r := p.roleSpec()
		if r.Kind != ast.RoleNamed {
			p.errorAt(int32(r.Pos), "cannot use special role specifier in DROP ROLE")
		}
		return &ast.DropObject{Name: ast.ObjectName{Pos: r.Pos, Name: r.Name}}
	case kind == ast.KindType || kind == ast.KindDomain:
		t := p.typeName()
		return &ast.DropObject{Name: t.Name}
	}
	return &ast.DropObject{Name: p.qualifiedName()}
}

// comment reads COMMENT ON.
func (p *parser) comment() ast.Statement {
	c := &ast.Comment{Pos: p.pos()}
	start := p.i
	p.next()
	p.expect(lex.ON)
	switch {
	case p.accept(lex.COLUMN):
		c.Kind = ast.KindColumn
		pos := p.pos()
		parts := p.dotted(p.colID())
		if len(parts) < 2 {
			p.later(pgerr.New(pgerr.SyntaxError, "column name must be qualified").At(pos))
			parts = []string{"", parts[0]}
		}
		c.Column = parts[len(parts)-1]
		c.Object = &ast.DropObject{Name: p.objectName(pos, parts[:len(parts)-1])}
	case p.accept(lex.CONSTRAINT):
		c.Kind = ast.KindConstraint
		c.Column = p.colID()
		p.expect(lex.ON)
		p.accept(lex.DOMAIN)
		c.Object = &ast.DropObject{Name: p.qualifiedName()}
	default:
		if c.Kind = p.objectKind(); c.Kind == "" {
			kind := p.otherKind()
			if kind == "" {
				p.syntaxError()
			}
			return p.unknown(start, "COMMENT ON "+string(kind))
		}
		c.Object = p.dropObject(c.Kind)
	}
	p.expect(lex.IS)
	if !p.accept(lex.NULL) {
		s := p.str()
		c.Text = &s
	}
	return c
}

// alter reads ALTER.
func (p *parser) alter() ast.Statement {
	a := &ast.Alter{Pos: p.pos()}
	start := p.i
	p.next()
	switch {
	case p.accept(lex.SYSTEM):
		return p.unknown(start, "ALTER SYSTEM")
	case p.acceptAll(lex.DEFAULT, lex.PRIVILEGES):
		return p.unknown(start, "ALTER DEFAULT PRIVILEGES")
	}
	a.Kind = p.objectKind()
	if a.Kind == "" {
		kind := p.otherKind()
		if kind == "" {
			p.syntaxError()
		}
		return p.unknown(start, "ALTER "+string(kind))
	}
	if p.is(lex.ALL) {
		return p.unknown(start, "ALTER "+string(a.Kind)+" ALL IN TABLESPACE")
	}
	a.IfExists = p.ifExists()
	p.alterName(a)
	if !hasActionList(a.Kind) {
		action := &ast.AlterAction{Pos: p.pos()}
		p.alterAction(a, action)
		a.Actions = []*ast.AlterAction{action}
		return a
	}
	p.commaList(func() {
		first := len(a.Actions) == 0
		action := &ast.AlterAction{Pos: p.pos()}
		p.alterAction(a, action)
		a.Actions = append(a.Actions, action)
		if !first || p.isKind(',') {
			p.listable(action)
		}
	})
	return a
}

// hasActionList says whether ALTER of a kind takes several actions with commas.
func hasActionList(k ast.ObjectKind) bool {
	switch k {
	case ast.KindTable, ast.KindStream, ast.KindView, ast.KindMaterializedView, ast.KindIndex, ast.KindSequence, ast.KindType,
		ast.KindSink, ast.KindSubscription:
		return true
	}
	return false
}

// listable refuses an action that must stand alone next to others.
func (p *parser) listable(a *ast.AlterAction) {
	switch a.Kind {
	case ast.AlterRename, ast.AlterRenameColumn, ast.AlterRenameConstraint, ast.AlterRenameValue, ast.AlterSetSchema,
		ast.AlterSwapWith, ast.AlterAddValue, ast.AlterSetSecret:
		p.syntaxError()
	}
}

func (p *parser) alterName(a *ast.Alter) {
	switch {
	case takesArgs(a.Kind):
		o := p.dropObject(a.Kind)
		a.Name, a.HasArgs, a.Args = &ast.TableName{ObjectName: o.Name}, o.HasArgs, o.Args
	case a.Kind == ast.KindRole:
		r := p.roleSpec()
		name := r.Name
		switch r.Kind {
		case ast.RoleCurrentRole, ast.RoleCurrentUser:
			name = "current_user"
		case ast.RoleSessionUser:
			name = "session_user"
		case ast.RolePublic:
			p.fail(reservedRole("public", int32(r.Pos)))
		}
		if r.Kind != ast.RoleNamed && p.is(lex.RENAME) {
			p.fail(pgerr.New(pgerr.ReservedName, "%s cannot be used as a role name here", strings.ToUpper(name)).At(r.Pos))
		}
		a.Name = &ast.TableName{ObjectName: ast.ObjectName{Pos: r.Pos, Name: name}}
	default:
		a.Name = p.relation()
	}
}

// alterAction reads one action.
func (p *parser) alterAction(a *ast.Alter, x *ast.AlterAction) {
	switch p.tok.Kw {
	case lex.RENAME:
		p.next()
		p.alterRename(a, x)
	case lex.SET:
		p.alterSet(a, x)
	case lex.RESET:
		if p.peek(1).Kind != '(' {
			p.alterOther(a, x)
			return
		}
		p.next()
		x.Kind = ast.AlterResetOptions
		x.Options = p.options()
	case lex.OWNER:
		p.next()
		p.expect(lex.TO)
		x.Kind = ast.AlterOwner
		x.Role = p.roleSpec()
	case lex.ADD, lex.DROP, lex.ALTER:
		if !hasActionList(a.Kind) && a.Kind != ast.KindDomain {
			p.alterOther(a, x)
			return
		}
		switch {
		case p.accept(lex.ADD):
			p.alterAdd(a, x)
		case p.accept(lex.DROP):
			p.alterDrop(a, x)
		case a.Kind == ast.KindDomain:
			p.syntaxError()
		default:
			p.alterColumn(a, x)
		}
	case lex.AS:
		if a.Kind != ast.KindSecret {
			p.alterSequenceOrOther(a, x)
			return
		}
		p.next()
		x.Kind = ast.AlterSetSecret
		x.Expr = p.expr()
	default:
		switch {
		case p.acceptWord("swap"):
			p.expect(lex.WITH)
			x.Kind = ast.AlterSwapWith
			n := p.qualifiedName()
			x.Target = &n
		case p.acceptWord("pause"):
			x.Kind = ast.AlterPause
		case p.acceptWord("resume"):
			x.Kind = ast.AlterResume
		default:
			p.alterSequenceOrOther(a, x)
		}
	}
}

// alterSequenceOrOther reads the options of a sequence or role, or an action that is known by name only.
func (p *parser) alterSequenceOrOther(a *ast.Alter, x *ast.AlterAction) {
	switch a.Kind {
	case ast.KindSequence:
		x.Options = p.sequenceOptions()
	case ast.KindRole:
		if p.is(lex.IN) {
			break
		}
		p.accept(lex.WITH)
		if x.Options = p.roleOptions(false); x.Options == nil && (p.isKind(lex.EOF) || p.isKind(';')) {
			x.Kind = ast.AlterRoleOptions
			return
		}
	}
	if x.Options != nil {
		x.Kind = ast.AlterRoleOptions
		return
	}
	p.alterOther(a, x)
}

// alterOther goes past an action and keeps its words: up to the first that is no keyword as the name, and all as
// NewName.
func (p *parser) alterOther(a *ast.Alter, x *ast.AlterAction) {
	list := hasActionList(a.Kind)
	if p.tok.Kind != lex.Ident || p.tok.Kw == lex.NoKeyword {
		p.syntaxError()
	}
	start, words := p.i, true
	for depth := 0; ; p.next() {
		switch p.tok.Kind {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				p.syntaxError()
			}
		case lex.Error:
			p.syntaxError()
		}
		if p.isKind(lex.EOF) || depth == 0 && (p.isKind(';') || list && p.isKind(',')) {
			break
		}
		if words = words && p.tok.Kind == lex.Ident && p.tok.Kw != lex.NoKeyword; words {
			x.Name = strings.TrimSpace(x.Name + " " + strings.ToUpper(p.tok.Text))
		}
	}
	if p.i == start {
		p.syntaxError()
	}
	x.Kind = ast.AlterOther
	x.NewName = p.src[p.toks[start].Start:p.toks[p.i-1].End]
}

func (p *parser) alterRename(a *ast.Alter, x *ast.AlterAction) {
	switch {
	case p.accept(lex.TO):
		x.Kind = ast.AlterRename
		x.NewName = p.colID()
		return
	case p.is(lex.CONSTRAINT) && (a.Kind == ast.KindTable || a.Kind == ast.KindDomain):
		p.next()
		x.Kind = ast.AlterRenameConstraint
	case a.Kind == ast.KindType && p.accept(lex.VALUE):
		x.Kind = ast.AlterRenameValue
		x.Name = p.str()
		p.expect(lex.TO)
		x.NewName = p.str()
		return
	case a.Kind == ast.KindType:
		p.expect(lex.ATTRIBUTE)
		x.Kind = ast.AlterRenameColumn
		x.Name = p.colID()
		p.expect(lex.TO)
		x.NewName = p.colID()
		x.Cascade = p.cascade()
		return
	case a.Kind == ast.KindTable || a.Kind == ast.KindStream || a.Kind == ast.KindView || a.Kind == ast.KindMaterializedView:
		p.accept(lex.COLUMN)
		x.Kind = ast.AlterRenameColumn
	default:
		p.syntaxError()
	}
	x.Name = p.colID()
	p.expect(lex.TO)
	x.NewName = p.colID()
}

func (p *parser) alterSet(a *ast.Alter, x *ast.AlterAction) {
	next := p.peek(1)
	switch {
	case next.Kw == lex.SCHEMA:
		p.next()
		p.next()
		x.Kind = ast.AlterSetSchema
		x.NewName = p.colID()
	case next.Kind == '(':
		p.next()
		x.Kind = ast.AlterSetOptions
		x.Options = p.options()
	case a.Kind == ast.KindDomain && next.Kw == lex.DEFAULT:
		p.next()
		p.next()
		x.Kind = ast.AlterColumnSetDefault
		x.Expr = p.expr()
	case a.Kind == ast.KindDomain:
		p.next()
		p.expect(lex.NOT, lex.NULL)
		x.Kind = ast.AlterColumnSetNotNull
	default:
		p.alterOther(a, x)
	}
}

func (p *parser) alterAdd(a *ast.Alter, x *ast.AlterAction) {
	if a.Kind == ast.KindType {
		p.alterAddToType(x)
		return
	}
	switch {
	case p.is(lex.CONSTRAINT), p.is(lex.CHECK), p.is(lex.UNIQUE), p.is(lex.PRIMARY), p.is(lex.FOREIGN),
		p.is(lex.EXCLUDE) && (p.peek(1).Kind == '(' || p.peek(1).Kw == lex.USING):
		x.Kind = ast.AlterAddConstraint
		x.Constraint = p.tableConstraint()
	case p.is(lex.WATERMARK) && p.peek(1).Kw == lex.FOR:
		x.Kind = ast.AlterAddWatermark
		x.Watermark = p.watermark()
	case a.Kind == ast.KindDomain:
		p.syntaxError()
	default:
		p.accept(lex.COLUMN)
		x.Kind = ast.AlterAddColumn
		x.IfExists = p.ifNotExists()
		x.Column = p.columnDef(false)
	}
}

// alterAddToType reads ADD VALUE of an enum and ADD ATTRIBUTE of a composite type.
func (p *parser) alterAddToType(x *ast.AlterAction) {
	if p.accept(lex.ATTRIBUTE) {
		x.Kind = ast.AlterAddColumn
		x.Column = &ast.ColumnDef{Pos: p.pos(), Name: p.colID(), Type: p.typeName()}
		x.Cascade = p.cascade()
		return
	}
	p.expect(lex.VALUE)
	x.Kind = ast.AlterAddValue
	x.IfExists = p.ifNotExists()
	x.Name = p.str()
	if x.Before = p.accept(lex.BEFORE); x.Before || p.accept(lex.AFTER) {
		x.NewName = p.str()
	}
}

func (p *parser) alterDrop(a *ast.Alter, x *ast.AlterAction) {
	switch {
	case p.accept(lex.CONSTRAINT):
		x.Kind = ast.AlterDropConstraint
	case p.is(lex.WATERMARK) && p.peek(1).Kind != ',' && isEnd(p.peek(1)):
		p.next()
		x.Kind = ast.AlterDropWatermark
		return
	case a.Kind == ast.KindDomain && p.acceptAll(lex.NOT, lex.NULL):
		x.Kind = ast.AlterColumnDropNotNull
		return
	case a.Kind == ast.KindDomain && p.accept(lex.DEFAULT):
		x.Kind = ast.AlterColumnDropDefault
		return
	default:
		switch a.Kind {
		case ast.KindType:
			p.expect(lex.ATTRIBUTE)
		case ast.KindDomain:
			p.syntaxError()
		default:
			p.accept(lex.COLUMN)
		}
		x.Kind = ast.AlterDropColumn
	}
	x.IfExists = p.ifExists()
	x.Name = p.colID()
	x.Cascade = p.cascade()
}

// isEnd says whether a token ends a statement.
func isEnd(t *lex.Token) bool { return t.Kind == ';' || t.Kind == lex.EOF }

// alterColumn reads ALTER [COLUMN] name action.
func (p *parser) alterColumn(a *ast.Alter, x *ast.AlterAction) {
	start := p.i
	p.next()
	if p.is(lex.CONSTRAINT) {
		p.i, p.tok = start, &p.toks[start]
		p.alterOther(a, x)
		return
	}
	if a.Kind == ast.KindType {
		p.expect(lex.ATTRIBUTE)
	} else {
		p.accept(lex.COLUMN)
	}
	if p.isKind(lex.Integer) {
		p.i, p.tok = start, &p.toks[start]
		p.alterOther(a, x)
		return
	}
	x.Name = p.colID()
	switch {
	case p.is(lex.TYPE), p.ahead(lex.SET, lex.DATA):
		if p.accept(lex.SET) {
			p.next()
		}
		p.expect(lex.TYPE)
		x.Kind = ast.AlterColumnType
		x.Type = p.typeName()
		if p.accept(lex.COLLATE) {
			n := p.qualifiedName()
			x.Collation = &n
		}
		if a.Kind == ast.KindType {
			x.Cascade = p.cascade()
		} else if p.accept(lex.USING) {
			x.Expr = p.expr()
		}
	case p.acceptAll(lex.SET, lex.DEFAULT):
		x.Kind = ast.AlterColumnSetDefault
		x.Expr = p.expr()
	case p.acceptAll(lex.DROP, lex.DEFAULT):
		x.Kind = ast.AlterColumnDropDefault
	case p.acceptAll(lex.SET, lex.NOT, lex.NULL):
		x.Kind = ast.AlterColumnSetNotNull
	case p.acceptAll(lex.DROP, lex.NOT, lex.NULL):
		x.Kind = ast.AlterColumnDropNotNull
	case p.is(lex.SET), p.is(lex.DROP), p.is(lex.RESET), p.is(lex.ADD), p.is(lex.RESTART):
		x.Name = ""
		p.i, p.tok = start, &p.toks[start]
		p.alterOther(a, x)
	default:
		p.syntaxError()
	}
}
