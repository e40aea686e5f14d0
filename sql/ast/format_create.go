package ast

import (
	"strings"
)

// create writes the CREATE statements; false if it is none of them.
func (p *printer) create(s Statement) bool {
	switch s := s.(type) {
	case *CreateTable:
		p.createTable(s)
	case *CreateStream:
		p.createStream(s)
	case *CreateView:
		p.createView(s)
	case *CreateMaterializedView:
		p.createMaterializedView(s)
	case *CreateIndex:
		p.createIndex(s)
	case *CreateSink:
		p.createSink(s)
	case *CreateConnection:
		p.head(s.OrReplace, Permanent, "CONNECTION ", s.IfNotExists)
		p.name(s.Name)
		p.named(" TO ", s.To)
		p.with(s.Options)
	case *CreateSecret:
		p.head(s.OrReplace, Permanent, "SECRET ", s.IfNotExists)
		p.name(s.Name)
		p.with(s.Options)
		p.clause(" AS ", s.Value)
	case *CreateSubscription:
		p.head(false, Permanent, "SUBSCRIPTION ", s.IfNotExists)
		p.name(s.Name)
		if s.From != nil {
			p.w(" FROM ")
			p.modified(s.From)
		} else {
			p.w(" CONNECTION ")
			p.str(s.Connection)
			p.w(" PUBLICATION ")
			p.idents(s.Publications)
		}
		p.with(s.Options)
	case *CreateSchema:
		p.head(false, Permanent, "SCHEMA ", s.IfNotExists)
		p.named("", s.Name)
		if s.Authorization != nil {
			p.when(s.Name != "", " ")
			p.w("AUTHORIZATION ")
			p.role(*s.Authorization)
		}
		for _, e := range s.Elements {
			p.w(" ")
			p.node(e)
		}
	case *CreateDatabase:
		p.w("CREATE DATABASE ")
		p.ident(s.Name)
		p.databaseOptions(s.Options)
	case *CreateFunction:
		p.createFunction(s)
	case *CreateType:
		p.createType(s)
	case *CreateDomain:
		p.w("CREATE DOMAIN ")
		p.name(s.Name)
		p.w(" AS ")
		p.typeName(s.Type)
		p.collation(s.Collation)
		for _, c := range s.Constraints {
			p.columnConstraint(c)
		}
	case *CreateSequence:
		p.head(false, s.Persistence, "SEQUENCE ", s.IfNotExists)
		p.name(s.Name)
		if len(s.Options) > 0 {
			p.w(" ")
			p.sequenceOptions(s.Options)
		}
	case *CreateRole:
		p.w("CREATE ", strings.ToUpper(s.Kind), " ")
		p.role(s.Name)
		if len(s.Options) > 0 {
			p.w(" ")
			p.roleOptions(s.Options)
		}
	case *CreateExtension:
		p.createExtension(s)
	default:
		return false
	}
	return true
}

func (p *printer) head(orReplace bool, k Persistence, kind string, ifNotExists bool) {
	p.w("CREATE ")
	p.when(orReplace, "OR REPLACE ")
	p.w(persistence(k), kind)
	p.when(ifNotExists, "IF NOT EXISTS ")
}

func (p *printer) createTable(s *CreateTable) {
	p.head(false, s.Persistence, "TABLE ", s.IfNotExists)
	p.name(s.Name)
	if o := s.PartitionOf; o != nil {
		p.w(" PARTITION OF ")
		p.name(o.Parent)
	}
	if s.OfType != nil {
		p.w(" OF ")
		p.name(*s.OfType)
	}
	if s.Elements != nil {
		p.w(" ")
		parens(p, s.Elements, p.element)
	}
	optParens(p, s.Columns, p.ident)
	if o := s.PartitionOf; o != nil {
		p.partitionBound(o)
	}
	if len(s.Inherits) > 0 {
		p.w(" INHERITS ")
		parens(p, s.Inherits, p.name)
	}
	if b := s.PartitionBy; b != nil {
		p.named(" PARTITION BY ", b.Strategy)
		p.w(" ")
		parens(p, b.Elems, p.indexElem)
	}
	p.tableConflict(s.Conflict)
	p.named(" USING ", s.Using)
	p.with(s.Options)
	p.w([...]string{"", " ON COMMIT PRESERVE ROWS", " ON COMMIT DELETE ROWS", " ON COMMIT DROP"}[s.OnCommit])
	p.named(" TABLESPACE ", s.Tablespace)
	p.formatEncode(s.Format)
	p.named(" ON ERROR ", s.OnError)
	if s.As != nil {
		p.w(" AS ")
		p.node(s.As)
		p.when(s.NoData, " WITH NO DATA")
	}
}

func (p *printer) tableConflict(c *TableConflict) {
	if c == nil {
		return
	}
	p.w(" ON CONFLICT ", [...]string{"OVERWRITE", "IGNORE", "DO UPDATE IF NOT NULL"}[c.Action])
	if c.Version != "" {
		p.w(" WITH VERSION COLUMN (")
		p.ident(c.Version)
		p.w(")")
	}
}

func (p *printer) partitionBound(o *PartitionOf) {
	switch {
	case o.Default:
		p.w(" DEFAULT")
	case o.In != nil:
		p.w(" FOR VALUES IN ")
		p.parenExprs(o.In)
	case o.Hash != nil:
		p.w(" FOR VALUES WITH ")
		parens(p, o.Hash, p.wordOption)
	default:
		p.w(" FOR VALUES FROM ")
		p.parenExprs(o.From)
		p.w(" TO ")
		p.parenExprs(o.To)
	}
}

func (p *printer) createStream(s *CreateStream) {
	p.head(s.OrReplace, s.Persistence, "STREAM ", s.IfNotExists)
	p.name(s.Name)
	if s.Elements != nil {
		p.w(" ")
		parens(p, s.Elements, p.element)
	}
	optParens(p, s.Columns, p.ident)
	p.with(s.Options)
	p.formatEncode(s.Format)
	p.named(" ON ERROR ", s.OnError)
	if s.As != nil {
		p.w(" AS ")
		p.query(s.As)
	}
}

func (p *printer) formatEncode(f *FormatEncode) {
	if f == nil {
		return
	}
	p.named(" FORMAT ", f.Format)
	p.optOptions(f.FormatOptions)
	p.named(" ENCODE ", f.Encode)
	p.optOptions(f.EncodeOptions)
}

func (p *printer) optOptions(os []Option) { optParens(p, os, p.option) }

func (p *printer) element(e TableElement) {
	switch e := e.(type) {
	case *ColumnDef:
		p.columnDef(e)
	case *TableConstraint:
		p.tableConstraint(e)
	case *LikeClause:
		p.w("LIKE ")
		p.name(e.Table)
		for _, o := range e.Options {
			if o.Including {
				p.w(" INCLUDING ")
			} else {
				p.w(" EXCLUDING ")
			}
			p.w(strings.ToUpper(o.What))
		}
	case *Watermark:
		p.watermark(e)
	}
}

func (p *printer) watermark(w *Watermark) {
	p.w("WATERMARK FOR ")
	p.ident(w.Column)
	p.clause(" AS ", w.Expr)
	p.clause(" IDLE TIMEOUT ", w.IdleTimeout)
}

func (p *printer) collation(n *ObjectName) {
	if n != nil {
		p.w(" COLLATE ")
		p.name(*n)
	}
}

func (p *printer) columnDef(c *ColumnDef) {
	p.ident(c.Name)
	if c.Type != nil {
		p.w(" ")
		p.typeName(c.Type)
	}
	switch c.Compression {
	case "":
	case "default":
		p.w(" COMPRESSION DEFAULT")
	default:
		p.named(" COMPRESSION ", c.Compression)
	}
	if c.FDWOptions != nil {
		p.w(" OPTIONS ")
		parens(p, c.FDWOptions, func(o Option) {
			p.label(o.Name)
			p.w(" ")
			p.expr(o.Value, PrecLowest)
		})
	}
	p.collation(c.Collation)
	for _, k := range c.Constraints {
		p.columnConstraint(k)
	}
}

func (p *printer) columnConstraint(k *ColumnConstraint) {
	p.named(" CONSTRAINT ", k.Name)
	switch k.Kind {
	case ConstraintNull:
		p.w(" NULL")
	case ConstraintNotNull:
		p.w(" NOT NULL")
	case ConstraintDefault:
		p.w(" DEFAULT ")
		p.restricted = true
		p.expr(k.Expr, PrecLowest)
		p.restricted = false
	case ConstraintCheck:
		p.w(" CHECK ")
		p.parenExprs([]Expr{k.Expr})
		p.when(k.NoInherit, " NO INHERIT")
	case ConstraintPrimaryKey:
		p.w(" PRIMARY KEY")
	case ConstraintUnique:
		p.w(" UNIQUE")
		p.when(k.NullsNot, " NULLS NOT DISTINCT")
	case ConstraintForeignKey:
		p.references(k.References)
	case ConstraintGenerated:
		p.w(" GENERATED ALWAYS AS ")
		p.parenExprs([]Expr{k.Expr})
		p.w(" STORED")
	case ConstraintIdentity:
		if k.Always {
			p.w(" GENERATED ALWAYS AS IDENTITY")
		} else {
			p.w(" GENERATED BY DEFAULT AS IDENTITY")
		}
		if len(k.Sequence) > 0 {
			p.w(" (")
			p.sequenceOptions(k.Sequence)
			p.w(")")
		}
	}
	p.indexOptions(k.Index)
	p.timing(k.Timing)
}

func (p *printer) indexOptions(x IndexOptions) {
	p.named(" USING INDEX ", x.UsingIndex)
	if len(x.Include) > 0 {
		p.w(" INCLUDE ")
		parens(p, x.Include, p.ident)
	}
	p.with(x.Options)
	p.named(" USING INDEX TABLESPACE ", x.Tablespace)
}

func (p *printer) timing(t ConstraintTime) {
	p.when(t.Deferrable, " DEFERRABLE")
	p.when(t.NotDeferrable, " NOT DEFERRABLE")
	p.when(t.InitiallyDeferred, " INITIALLY DEFERRED")
	p.when(t.InitiallyImmed, " INITIALLY IMMEDIATE")
	p.when(t.NotValid, " NOT VALID")
	p.when(t.NoInherit, " NO INHERIT")
}

func (p *printer) references(r *References) {
	p.w(" REFERENCES ")
	p.name(r.Table)
	optParens(p, r.Columns, p.ident)
	if r.Match != "" {
		p.w(" MATCH ", strings.ToUpper(r.Match))
	}
	actions := [...]string{"", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"}
	if r.OnDelete != RefNoAction {
		p.w(" ON DELETE ", actions[r.OnDelete])
		optParens(p, r.DeleteColumns, p.ident)
	}
	if r.OnUpdate != RefNoAction {
		p.w(" ON UPDATE ", actions[r.OnUpdate])
	}
}

func (p *printer) tableConstraint(c *TableConstraint) {
	if c.Name != "" {
		p.named("CONSTRAINT ", c.Name)
		p.w(" ")
	}
	switch c.Kind {
	case ConstraintCheck:
		p.w("CHECK ")
		p.parenExprs([]Expr{c.Expr})
	case ConstraintUnique:
		p.w("UNIQUE")
		p.when(c.NullsNot, " NULLS NOT DISTINCT")
	case ConstraintPrimaryKey:
		p.w("PRIMARY KEY")
	case ConstraintForeignKey:
		p.w("FOREIGN KEY")
	case ConstraintExclude:
		p.w("EXCLUDE")
		p.named(" USING ", c.Exclude.Using)
		p.w(" ")
		parens(p, c.Exclude.Elems, func(e *ExcludeElem) {
			p.indexElem(e.Elem)
			p.w(" WITH ")
			p.operator(e.Op, e.Schema)
		})
	}
	optParens(p, c.Columns, p.ident)
	if c.References != nil {
		p.references(c.References)
	}
	p.indexOptions(c.Index)
	if c.Exclude != nil && c.Exclude.Where != nil {
		p.w(" WHERE ")
		p.parenExprs([]Expr{c.Exclude.Where})
	}
	p.timing(c.Timing)
}

func (p *printer) createView(s *CreateView) {
	p.w("CREATE ")
	p.when(s.OrReplace, "OR REPLACE ")
	p.w(persistence(s.Persistence))
	p.when(s.Recursive, "RECURSIVE ")
	p.w("VIEW ")
	p.when(s.IfNotExists, "IF NOT EXISTS ")
	p.name(s.Name)
	optParens(p, s.Columns, p.ident)
	p.with(s.Options)
	p.w(" AS ")
	p.query(s.Query)
	p.w([...]string{"", " WITH LOCAL CHECK OPTION", " WITH CASCADED CHECK OPTION"}[s.Check])
}

func (p *printer) createMaterializedView(s *CreateMaterializedView) {
	p.head(s.OrReplace, s.Persistence, "MATERIALIZED VIEW ", s.IfNotExists)
	p.name(s.Name)
	optParens(p, s.Columns, p.ident)
	p.named(" USING ", s.Using)
	p.with(s.Options)
	p.named(" TABLESPACE ", s.Tablespace)
	p.w(" AS ")
	p.node(s.Query)
	p.when(s.NoData, " WITH NO DATA")
}

func (p *printer) createIndex(s *CreateIndex) {
	p.w("CREATE ")
	p.when(s.Unique, "UNIQUE ")
	p.w("INDEX ")
	p.when(s.Concurrently, "CONCURRENTLY ")
	p.when(s.IfNotExists, "IF NOT EXISTS ")
	if s.Name != "" {
		p.ident(s.Name)
		p.w(" ")
	}
	p.w("ON ")
	p.modified(s.Table)
	p.named(" USING ", s.Using)
	p.w(" ")
	parens(p, s.Elems, p.indexElem)
	if len(s.Include) > 0 {
		p.w(" INCLUDE ")
		parens(p, s.Include, p.indexElem)
	}
	p.when(s.NullsNot, " NULLS NOT DISTINCT")
	p.with(s.Options)
	p.named(" TABLESPACE ", s.Tablespace)
	p.clause(" WHERE ", s.Where)
}

func (p *printer) indexElem(e *IndexElem) {
	if e.Expr != nil {
		p.parenExprs([]Expr{e.Expr})
	} else {
		p.ident(e.Column)
	}
	p.collation(e.Collation)
	if e.OpClass != nil {
		p.w(" ")
		p.name(*e.OpClass)
		p.optOptions(e.OpOptions)
	}
	p.when(e.Desc, " DESC")
	p.when(e.Asc, " ASC")
	p.nulls(e.Nulls)
}

func (p *printer) createSink(s *CreateSink) {
	p.head(s.OrReplace, Permanent, "SINK ", s.IfNotExists)
	p.name(s.Name)
	if s.Into != nil {
		p.w(" INTO ")
		p.name(*s.Into)
		optParens(p, s.Columns, p.ident)
	}
	p.w(" FROM ")
	if s.Query != nil {
		p.parenQuery(s.Query)
	} else {
		p.modified(s.Table)
	}
	p.with(s.Options)
	p.formatEncode(s.Format)
}

func (p *printer) databaseOptions(os []Option) {
	for _, o := range os {
		if o.Name == "connection_limit" {
			p.w(" CONNECTION LIMIT ")
		} else {
			p.w(" ")
			p.ident(o.Name)
			p.w(" ")
		}
		if o.Value == nil {
			p.w("DEFAULT")
		} else {
			p.expr(o.Value, PrecLowest)
		}
	}
}

func (p *printer) createExtension(s *CreateExtension) {
	p.head(false, Permanent, "EXTENSION ", s.IfNotExists)
	p.ident(s.Name)
	for _, o := range s.Options {
		text, _ := o.Text()
		switch o.Name {
		case "schema":
			p.named(" SCHEMA ", text)
		case "version":
			p.w(" VERSION ")
			p.str(text)
		default:
			p.w(" CASCADE")
		}
	}
}
