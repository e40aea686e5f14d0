package parser

import (
	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// createTable reads TABLE with columns, OF a type, PARTITION OF a table, or AS a query.
func (p *parser) createTable(m createMods) ast.Statement {
	t := &ast.CreateTable{Pos: m.pos, Persistence: m.persistence}
	p.expect(lex.TABLE)
	t.IfNotExists = p.ifNotExists()
	t.Name = p.qualifiedName()
	switch {
	case p.is(lex.PARTITION):
		p.partitionOf(t)
	case p.accept(lex.OF):
		n := p.qualifiedName()
		t.OfType = &n
		if p.isKind('(') {
			t.Elements = p.tableElements(true)
		}
	case p.isKind('('):
		t.Elements = p.tableElements(false)
	case !p.createTableAsAhead():
		p.syntaxError()
	}
	p.tableTail(t)
	switch {
	case p.is(lex.AS):
		p.createTableAs(t)
	case t.OfType != nil || t.PartitionOf != nil:
	case t.Elements == nil && t.Options == nil:
		p.syntaxError() // only a connector's options can stand in for the columns
	default:
		p.typed(t.Elements)
	}
	return t
}

// createTableAsAhead says whether a clause comes next that may stand between the name and AS.
func (p *parser) createTableAsAhead() bool {
	switch p.tok.Kw {
	case lex.AS, lex.USING, lex.WITH, lex.WITHOUT, lex.ON, lex.TABLESPACE:
		return true
	}
	return false
}

// tableTail reads the clauses after the columns, in their order.
func (p *parser) tableTail(t *ast.CreateTable) {
	if (p.is(lex.INHERITS) || p.is(lex.PARTITION)) && t.OfType == nil && t.PartitionOf == nil {
		p.typed(t.Elements)
	}
	if t.OfType == nil && t.PartitionOf == nil && p.accept(lex.INHERITS) {
		p.expectKind('(')
		t.Inherits = p.qualifiedNames()
		p.expectKind(')')
	}
	if pos := p.pos(); p.accept(lex.PARTITION) {
		p.expect(lex.BY)
		t.PartitionBy = &ast.PartitionBy{Pos: pos, Strategy: p.colID(), Elems: p.indexElems()}
	}
	t.Conflict = p.tableConflict()
	t.Using = p.usingMethod()
	if !p.acceptAll(lex.WITHOUT, lex.OIDS) {
		t.Options = p.optWith()
	}
	if p.acceptAll(lex.ON, lex.COMMIT) {
		switch {
		case p.accept(lex.DROP):
			t.OnCommit = ast.OnCommitDrop
		case p.accept(lex.DELETE):
			p.expect(lex.ROWS)
			t.OnCommit = ast.OnCommitDelete
		default:
			p.expect(lex.PRESERVE, lex.ROWS)
			t.OnCommit = ast.OnCommitPreserve
		}
	}
	t.Tablespace = p.tablespace()
	t.Format = p.formatEncode()
	t.OnError = p.onError()
}

// tableConflict reads ON CONFLICT action [WITH VERSION COLUMN (name)].
func (p *parser) tableConflict() *ast.TableConflict {
	if !p.is(lex.ON) || p.peek(1).Kw != lex.CONFLICT {
		return nil
	}
	c := &ast.TableConflict{Pos: p.pos()}
	p.next()
	p.next()
	switch {
	case p.acceptWord("overwrite"):
	case p.acceptWord("ignore"):
		c.Action = ast.ConflictIgnore
	default:
		p.expect(lex.DO)
		if p.accept(lex.NOTHING) {
			c.Action = ast.ConflictIgnore
			break
		}
		p.expect(lex.UPDATE, lex.IF, lex.NOT, lex.NULL)
		c.Action = ast.ConflictUpdateIfNotNull
	}
	if p.is(lex.WITH) && p.peek(1).Kw == lex.VERSION {
		p.next()
		p.next()
		p.expect(lex.COLUMN)
		p.expectKind('(')
		c.VersionPos, c.Version = p.pos(), p.colID()
		p.expectKind(')')
	}
	return c
}

// onError reads ON ERROR word.
func (p *parser) onError() string {
	if !p.is(lex.ON) || !wordIs(p.peek(1), "error") {
		return ""
	}
	p.next()
	p.next()
	return p.nonReserved()
}

// createTableAs reads AS with a query or EXECUTE. The columns before it may be names only.
func (p *parser) createTableAs(t *ast.CreateTable) {
	if t.Elements != nil && len(t.Elements) == 0 {
		p.syntaxError() // () is no list of names
	}
	t.Columns = p.nameElements(t.Elements)
	t.Elements = nil
	if t.OfType != nil || t.PartitionOf != nil || t.Inherits != nil || t.PartitionBy != nil {
		p.syntaxError()
	}
	p.next()
	if p.is(lex.EXECUTE) {
		t.As = p.execute()
	} else {
		t.As = p.queryStatement()
	}
	t.NoData = p.withNoData()
}

// nameElements gives the names of columns that have nothing but a name; the current token is AS, at which PostgreSQL
// would stop otherwise.
func (p *parser) nameElements(elems []ast.TableElement) (names []string) {
	for _, e := range elems {
		c, ok := e.(*ast.ColumnDef)
		if !ok || c.Type != nil || c.Constraints != nil {
			p.syntaxError()
		}
		names = append(names, c.Name)
	}
	return names
}

// createStream reads STREAM.
func (p *parser) createStream(m createMods) ast.Statement {
	s := &ast.CreateStream{Pos: m.pos, OrReplace: m.orReplace, Persistence: m.persistence}
	p.expect(lex.STREAM)
	s.IfNotExists = p.ifNotExists()
	s.Name = p.qualifiedName()
	if p.isKind('(') {
		s.Elements = p.tableElements(false)
	}
	s.Options = p.optWith()
	s.Format = p.formatEncode()
	s.OnError = p.onError()
	if p.is(lex.AS) {
		s.Columns = p.nameElements(s.Elements)
		s.Elements = nil
		p.next()
		s.As = p.queryStatement()
	} else if p.typed(s.Elements); s.Elements == nil && s.Options == nil {
		p.syntaxError()
	}
	return s
}

// tableElements reads the parenthesised list of a table or stream. A column may lack its type where a type or table
// gives it (untyped); and in a list of names before AS, which is known only once the list has been read.
func (p *parser) tableElements(untyped bool) []ast.TableElement {
	elems := []ast.TableElement{}
	p.expectKind('(')
	if p.isKind(')') && !untyped {
		p.next()
		return elems
	}
	names := !untyped && p.namesBeforeAs()
	p.commaList(func() { elems = append(elems, p.tableElement(untyped, names)) })
	p.expectKind(')')
	return elems
}

// namesBeforeAs says whether the list that begins here is one of names: its first item is nothing but a name.
func (p *parser) namesBeforeAs() bool {
	next := p.peek(1).Kind
	return isColID(p.tok) && (next == ',' || next == ')')
}

// typed refuses a list of names where no AS follows; the current token is where AS was possible.
func (p *parser) typed(elems []ast.TableElement) {
	if len(elems) == 0 {
		return
	}
	if c, ok := elems[0].(*ast.ColumnDef); ok && c.Type == nil {
		p.syntaxError()
	}
}

func (p *parser) tableElement(untyped, names bool) ast.TableElement {
	pos := p.pos()
	if names {
		return &ast.ColumnDef{Pos: pos, Name: p.colID()}
	}
	switch p.tok.Kw {
	case lex.CONSTRAINT, lex.CHECK, lex.UNIQUE, lex.PRIMARY, lex.FOREIGN:
		return p.tableConstraint()
	case lex.EXCLUDE:
		if k := p.peek(1); k.Kind == '(' || k.Kw == lex.USING {
			return p.tableConstraint()
		}
	case lex.LIKE:
		p.next()
		l := &ast.LikeClause{Pos: pos, Table: p.qualifiedName()}
		for p.is(lex.INCLUDING) || p.is(lex.EXCLUDING) {
			o := ast.LikeOption{Including: p.is(lex.INCLUDING)}
			p.next()
			switch p.tok.Kw {
			case lex.COMMENTS, lex.COMPRESSION, lex.CONSTRAINTS, lex.DEFAULTS, lex.IDENTITY, lex.GENERATED, lex.INDEXES,
				lex.STATISTICS, lex.STORAGE, lex.ALL:
				o.What = p.tok.Text
				p.next()
			default:
				p.syntaxError()
			}
			l.Options = append(l.Options, o)
		}
		return l
	case lex.WATERMARK:
		if p.peek(1).Kw == lex.FOR {
			return p.watermark()
		}
	}
	return p.columnDef(untyped)
}

// watermark reads WATERMARK FOR column AS expr [IDLE TIMEOUT interval].
func (p *parser) watermark() *ast.Watermark {
	w := &ast.Watermark{Pos: p.pos()}
	p.expect(lex.WATERMARK, lex.FOR)
	w.ColumnPos = p.pos()
	w.Column = p.colID()
	p.expect(lex.AS)
	w.Expr = p.expr()
	if p.acceptWord("idle") {
		p.expectWord("timeout")
		w.IdleTimeout = p.expr()
	}
	return w
}

// columnDef reads a column with its constraints.
func (p *parser) columnDef(untyped bool) *ast.ColumnDef {
	c := &ast.ColumnDef{Pos: p.pos(), Name: p.colID()}
	if untyped {
		if p.acceptAll(lex.WITH) {
			p.expect(lex.OPTIONS)
		}
	} else {
		c.Type = p.typeName()
		if p.is(lex.COMPRESSION) {
			p.next()
			if c.Compression = "default"; !p.accept(lex.DEFAULT) {
				c.Compression = p.colID()
			}
		}
		if p.is(lex.OPTIONS) && p.peek(1).Kind == '(' {
			p.next()
			c.FDWOptions = p.genericOptions()
		}
	}
	p.columnConstraints(c)
	return c
}

// genericOptions reads (name 'value', ...).
func (p *parser) genericOptions() (list []ast.Option) {
	p.parenList(func() {
		pos, name := p.pos(), p.colLabel()
		list = append(list, stringOption(name, p.str(), pos))
	})
	return list
}

// columnConstraints reads the constraints of a column, of which COLLATE is one by the grammar.
func (p *parser) columnConstraints(c *ast.ColumnDef) {
	for {
		if pos := p.tok.Pos; p.accept(lex.COLLATE) {
			n := p.qualifiedName()
			if c.Collation != nil {
				p.errorAt(pos, "multiple COLLATE clauses not allowed")
			}
			c.Collation = &n
			continue
		}
		k := p.columnConstraint()
		if k == nil {
			return
		}
		p.constraintTiming(&k.Timing, k.Kind, false)
		c.Constraints = append(c.Constraints, k)
	}
}

// columnConstraint reads one constraint; nil if none is there.
func (p *parser) columnConstraint() *ast.ColumnConstraint {
	k := &ast.ColumnConstraint{Pos: p.pos()}
	named := p.accept(lex.CONSTRAINT)
	if named {
		k.Name = p.colID()
	}
	switch {
	case p.acceptAll(lex.NOT, lex.NULL):
		k.Kind = ast.ConstraintNotNull
	case p.accept(lex.NULL):
		k.Kind = ast.ConstraintNull
	case p.accept(lex.UNIQUE):
		k.Kind = ast.ConstraintUnique
		k.NullsNot = p.nullsNotDistinct()
		p.constraintIndex(&k.Index, false)
	case p.accept(lex.PRIMARY):
		p.expect(lex.KEY)
		k.Kind = ast.ConstraintPrimaryKey
		p.constraintIndex(&k.Index, false)
	case p.accept(lex.CHECK):
		k.Kind = ast.ConstraintCheck
		p.expectKind('(')
		k.Expr = p.expr()
		p.expectKind(')')
		k.NoInherit = p.acceptAll(lex.NO, lex.INHERIT)
	case p.accept(lex.DEFAULT):
		k.Kind = ast.ConstraintDefault
		k.Expr = p.bExpr()
	case p.accept(lex.GENERATED):
		p.generated(k)
	case p.is(lex.REFERENCES):
		k.Kind = ast.ConstraintForeignKey
		k.References = p.references()
	case named:
		p.syntaxError()
	default:
		return nil
	}
	return k
}

// generated reads what follows GENERATED: an identity or a computed column.
func (p *parser) generated(k *ast.ColumnConstraint) {
	pos := p.tok.Pos
	k.Always = p.accept(lex.ALWAYS)
	if !k.Always {
		p.expect(lex.BY, lex.DEFAULT)
	}
	p.expect(lex.AS)
	if p.accept(lex.IDENTITY) {
		k.Kind = ast.ConstraintIdentity
		if p.acceptKind('(') {
			k.Sequence = p.sequenceOptions()
			if k.Sequence == nil {
				p.syntaxError()
			}
			p.expectKind(')')
		}
		return
	}
	k.Kind = ast.ConstraintGenerated
	p.expectKind('(')
	k.Expr = p.expr()
	p.expectKind(')')
	if !k.Always {
		p.errorAt(pos, "for a generated column, GENERATED ALWAYS must be specified")
	}
	p.expect(lex.STORED)
	k.Always = false // it is always so: the flag is for identities
}

// constraintIndex reads the clauses of the index behind a key.
func (p *parser) constraintIndex(x *ast.IndexOptions, include bool) {
	if include && p.accept(lex.INCLUDE) {
		x.Include = p.parenNames()
	}
	x.Options = p.optWith()
	if p.acceptAll(lex.USING, lex.INDEX) {
		p.expect(lex.TABLESPACE)
		x.Tablespace = p.colID()
	}
}

func (p *parser) references() *ast.References {
	r := &ast.References{Pos: p.pos()}
	p.expect(lex.REFERENCES)
	r.Table = p.qualifiedName()
	r.Columns = p.optParenNames()
	if p.accept(lex.MATCH) {
		switch p.tok.Kw {
		case lex.FULL, lex.PARTIAL, lex.SIMPLE:
			r.Match = p.tok.Text
			p.next()
		default:
			p.syntaxError()
		}
	}
	var del, upd bool
	for p.is(lex.ON) {
		switch {
		case p.peek(1).Kw == lex.DELETE && !del:
			p.next()
			p.next()
			del = true
			r.OnDelete, r.DeleteColumns = p.refAction()
		case p.peek(1).Kw == lex.UPDATE && !upd:
			p.next()
			p.next()
			upd = true
			pos := p.tok.Pos
			var cols []string
			if r.OnUpdate, cols = p.refAction(); cols != nil {
				p.fail(pgerr.New(pgerr.FeatureNotSupported, "a column list with SET NULL is only supported for ON DELETE actions").At(int(pos)))
			}
		default:
			return r
		}
	}
	return r
}

func (p *parser) refAction() (ast.RefAction, []string) {
	switch {
	case p.accept(lex.NO):
		p.expect(lex.ACTION)
		return ast.RefNoAction, nil
	case p.accept(lex.RESTRICT):
		return ast.RefRestrict, nil
	case p.accept(lex.CASCADE):
		return ast.RefCascade, nil
	}
	p.expect(lex.SET)
	action := ast.RefSetNull
	if !p.accept(lex.NULL) {
		p.expect(lex.DEFAULT)
		action = ast.RefSetDefault
	}
	return action, p.optParenNames()
}

// constraintTiming reads the attributes after a constraint; those of a table's constraint are more.
func (p *parser) constraintTiming(t *ast.ConstraintTime, kind ast.ConstraintKind, table bool) {
	for {
		switch {
		case p.accept(lex.DEFERRABLE):
			t.Deferrable = true
		case p.acceptAll(lex.NOT, lex.DEFERRABLE):
			t.NotDeferrable = true
		case p.is(lex.INITIALLY):
			p.next()
			if p.accept(lex.DEFERRED) {
				t.InitiallyDeferred = true
			} else {
				p.expect(lex.IMMEDIATE)
				t.InitiallyImmed = true
			}
		case table && p.acceptAll(lex.NOT, lex.VALID):
			t.NotValid = true
		case table && kind == ast.ConstraintCheck && p.acceptAll(lex.NO, lex.INHERIT):
			t.NoInherit = true
		default:
			return
		}
	}
}

// tableConstraint reads a constraint over columns.
func (p *parser) tableConstraint() *ast.TableConstraint {
	c := &ast.TableConstraint{Pos: p.pos()}
	if p.accept(lex.CONSTRAINT) {
		c.Name = p.colID()
	}
	switch {
	case p.accept(lex.CHECK):
		c.Kind = ast.ConstraintCheck
		p.expectKind('(')
		c.Expr = p.expr()
		p.expectKind(')')
	case p.is(lex.UNIQUE), p.is(lex.PRIMARY):
		if p.accept(lex.UNIQUE) {
			c.Kind = ast.ConstraintUnique
			c.NullsNot = p.nullsNotDistinct()
		} else {
			p.next()
			p.expect(lex.KEY)
			c.Kind = ast.ConstraintPrimaryKey
		}
		if p.acceptAll(lex.USING, lex.INDEX) {
			c.Index.UsingIndex = p.colID()
			break
		}
		c.Columns = p.parenNames()
		p.constraintIndex(&c.Index, true)
	case p.accept(lex.FOREIGN):
		p.expect(lex.KEY)
		c.Kind = ast.ConstraintForeignKey
		c.Columns = p.parenNames()
		c.References = p.references()
	case p.accept(lex.EXCLUDE):
		c.Kind = ast.ConstraintExclude
		c.Exclude = p.exclude(&c.Index)
	default:
		p.syntaxError()
	}
	p.constraintTiming(&c.Timing, c.Kind, true)
	return c
}

func (p *parser) exclude(x *ast.IndexOptions) *ast.Exclude {
	e := &ast.Exclude{Using: p.usingMethod()}
	p.parenList(func() {
		elem := &ast.ExcludeElem{Elem: p.indexElem()}
		p.expect(lex.WITH)
		if p.is(lex.OPERATOR) {
			elem.Op, elem.Schema = p.qualifiedOp()
		} else {
			elem.Op, elem.Schema = p.anyOperator()
		}
		e.Elems = append(e.Elems, elem)
	})
	p.constraintIndex(x, true)
	if p.accept(lex.WHERE) {
		p.expectKind('(')
		e.Where = p.expr()
		p.expectKind(')')
	}
	return e
}

// partitionOf reads PARTITION OF parent with its bounds.
func (p *parser) partitionOf(t *ast.CreateTable) {
	o := &ast.PartitionOf{Pos: p.pos()}
	p.expect(lex.PARTITION, lex.OF)
	o.Parent = p.qualifiedName()
	if p.isKind('(') {
		t.Elements = p.tableElements(true)
	}
	t.PartitionOf = o
	if p.accept(lex.DEFAULT) {
		o.Default = true
		return
	}
	p.expect(lex.FOR, lex.VALUES)
	switch {
	case p.accept(lex.WITH):
		p.parenList(func() {
			opt := ast.Option{Pos: p.pos(), Name: p.nonReserved()}
			if !p.isKind(lex.Integer) {
				p.syntaxError()
			}
			opt.Value = p.number()
			if opt.Name != "modulus" && opt.Name != "remainder" {
				p.errorAt(int32(opt.Pos), `unrecognized hash partition bound specification "%s"`, opt.Name)
			}
			o.Hash = append(o.Hash, opt)
		})
	case p.accept(lex.IN):
		o.In = p.parenExprList()
	default:
		p.expect(lex.FROM)
		o.From = p.parenExprList()
		p.expect(lex.TO)
		o.To = p.parenExprList()
	}
}
