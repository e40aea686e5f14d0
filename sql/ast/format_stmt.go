package ast

import (
	"fmt"
	"strings"

	"millrace/sql/lex"
)

func (p *printer) statement(s Statement) {
	switch s := s.(type) {
	case *Select:
		p.query(s)
	case *Insert:
		p.insert(s)
	case *Update:
		p.update(s)
	case *Delete:
		p.delete(s)
	case *Merge:
		p.merge(s)
	case *Truncate:
		p.w("TRUNCATE TABLE ")
		list(p, s.Tables, p.tableName)
		p.when(s.RestartIdentity, " RESTART IDENTITY")
		p.cascade(s.Cascade)
	case *Copy:
		p.copy(s)
	case *Subscribe:
		p.subscribe(s)
	case *Drop:
		p.drop(s)
	case *Alter:
		p.alter(s)
	case *Comment:
		p.comment(s)
	case *Refresh:
		p.w("REFRESH MATERIALIZED VIEW ")
		p.when(s.Concurrently, "CONCURRENTLY ")
		p.name(s.Name)
		p.when(s.NoData, " WITH NO DATA")
	case *Grant:
		p.grant(s)
	case *GrantRole:
		p.grantRole(s)
	case *Unsupported:
		p.w(s.Text)
	default:
		if !p.create(s) && !p.session(s) {
			panic(fmt.Sprintf("ast.Format: no form for %T", s))
		}
	}
}

func (p *printer) cascade(c bool) { p.when(c, " CASCADE") }

func (p *printer) insert(s *Insert) {
	p.withClause(s.With)
	p.w("INSERT INTO ")
	p.name(s.Table)
	p.named(" AS ", s.Alias)
	optParens(p, s.Columns, p.insertColumn)
	p.w(overriding(s.Overriding))
	if s.Query == nil {
		p.w(" DEFAULT VALUES")
	} else {
		p.w(" ")
		p.query(s.Query)
	}
	if c := s.OnConflict; c != nil {
		p.w(" ON CONFLICT")
		if len(c.Elems) > 0 {
			p.w(" ")
			parens(p, c.Elems, p.indexElem)
			p.clause(" WHERE ", c.Where)
		}
		p.named(" ON CONSTRAINT ", c.Constraint)
		if c.DoUpdate {
			p.w(" DO UPDATE SET ")
			p.when(c.WholeRow, "ROW = excluded") // for readers only
			list(p, c.Set, p.assignment)
			p.clause(" WHERE ", c.UpdateWhere)
		} else {
			p.w(" DO NOTHING")
		}
	}
	p.returning(s.Returning)
}

func overriding(o Overriding) string {
	return [...]string{"", " OVERRIDING SYSTEM VALUE", " OVERRIDING USER VALUE"}[o]
}

func (p *printer) insertColumn(c *InsertColumn) {
	p.ident(c.Name)
	for _, e := range c.Path {
		p.primary(e)
	}
}

func (p *printer) assignment(a *Assignment) {
	if a.Multi {
		parens(p, a.Columns, p.insertColumn)
	} else {
		list(p, a.Columns, p.insertColumn)
	}
	p.clause(" = ", a.Value)
}

// modified writes the target of UPDATE, DELETE and MERGE.
func (p *printer) modified(t *TableName) {
	p.when(t.Only, "ONLY ")
	p.name(t.ObjectName)
	p.alias(t.Alias)
}

func (p *printer) update(s *Update) {
	p.withClause(s.With)
	p.w("UPDATE ")
	p.modified(s.Table)
	p.w(" SET ")
	list(p, s.Set, p.assignment)
	p.from(" FROM ", s.From)
	p.clause(" WHERE ", s.Where)
	p.returning(s.Returning)
}

func (p *printer) delete(s *Delete) {
	p.withClause(s.With)
	p.w("DELETE FROM ")
	p.modified(s.Table)
	p.from(" USING ", s.Using)
	p.clause(" WHERE ", s.Where)
	p.returning(s.Returning)
}

func (p *printer) merge(s *Merge) {
	p.withClause(s.With)
	p.w("MERGE INTO ")
	p.modified(s.Table)
	p.w(" USING ")
	p.table(s.Source)
	p.clause(" ON ", s.On)
	for _, m := range s.Whens {
		p.w(" WHEN", not(!m.Matched), " MATCHED")
		p.clause(" AND ", m.Condition)
		p.w(" THEN ")
		switch m.Action {
		case MergeDoNothing:
			p.w("DO NOTHING")
		case MergeDelete:
			p.w("DELETE")
		case MergeUpdate:
			p.w("UPDATE SET ")
			list(p, m.Set, p.assignment)
		case MergeInsert:
			p.w("INSERT")
			optParens(p, m.Columns, p.insertColumn)
			p.w(overriding(m.Overriding))
			if m.Values == nil {
				p.w(" DEFAULT VALUES")
			} else {
				p.w(" VALUES ")
				p.parenExprs(m.Values)
			}
		}
	}
}

func (p *printer) copy(s *Copy) {
	p.w("COPY ")
	if s.Query != nil {
		p.w("(")
		p.node(s.Query)
		p.w(")")
	} else {
		p.name(s.Table)
		optParens(p, s.Columns, p.ident)
	}
	stdio := " STDOUT"
	if s.From {
		p.w(" FROM")
		stdio = " STDIN"
	} else {
		p.w(" TO")
	}
	switch s.Target {
	case CopyStdio:
		p.w(stdio)
	case CopyFile:
		p.w(" ")
		p.str(s.File)
	case CopyProgram:
		p.w(" PROGRAM ")
		p.str(s.File)
	}
	if len(s.Options) > 0 {
		p.w(" WITH ")
		parens(p, s.Options, p.wordOption)
	}
	p.clause(" WHERE ", s.Where)
}

func (p *printer) subscribe(s *Subscribe) {
	p.w("SUBSCRIBE TO ")
	if s.Query != nil {
		p.parenQuery(s.Query)
	} else {
		p.modified(s.Table)
	}
	p.with(s.Options)
	p.clause(" AS OF ", s.AsOf)
	p.clause(" UP TO ", s.UpTo)
}

func (p *printer) drop(s *Drop) {
	p.w("DROP ", string(s.Kind), " ")
	p.when(s.Concurrently, "CONCURRENTLY ")
	p.when(s.IfExists, "IF EXISTS ")
	list(p, s.Objects, func(o *DropObject) { p.object(o, s.Kind) })
	if len(s.Options) > 0 {
		p.w(" WITH ")
		parens(p, s.Options, p.wordOption)
	}
	p.cascade(s.Cascade)
}

func (p *printer) object(o *DropObject, kind ObjectKind) {
	p.name(o.Name)
	p.signature(o.HasArgs, o.Args, kind)
}

func (p *printer) signature(has bool, args []*FuncParam, kind ObjectKind) {
	switch {
	case !has:
	case args == nil && kind == KindAggregate:
		p.w("(*)")
	default:
		parens(p, args, p.funcParam)
	}
}

func (p *printer) comment(s *Comment) {
	p.w("COMMENT ON ", string(s.Kind), " ")
	switch s.Kind {
	case KindColumn:
		p.name(s.Object.Name)
		p.w(".")
		p.ident(s.Column)
	case KindConstraint:
		p.ident(s.Column)
		p.w(" ON ")
		p.name(s.Object.Name)
	default:
		p.object(s.Object, s.Kind)
	}
	p.w(" IS ")
	if s.Text == nil {
		p.w("NULL")
	} else {
		p.str(*s.Text)
	}
}

func (p *printer) alter(s *Alter) {
	p.w("ALTER ", string(s.Kind), " ")
	p.when(s.IfExists, "IF EXISTS ")
	p.when(s.Name.Only, "ONLY ")
	p.name(s.Name.ObjectName)
	p.signature(s.HasArgs, s.Args, s.Kind)
	p.w(" ")
	list(p, s.Actions, func(a *AlterAction) { p.action(a, s.Kind) })
}

func (p *printer) action(a *AlterAction, kind ObjectKind) {
	column := "COLUMN "
	if kind == KindType {
		column = "ATTRIBUTE "
	}
	rename := func(what string) {
		p.w("RENAME ", what)
		p.ident(a.Name)
		p.named(" TO ", a.NewName)
		p.cascade(a.Cascade)
	}
	alter := func(what string) {
		p.w("ALTER ", column)
		p.ident(a.Name)
		p.w(" ", what)
	}
	switch a.Kind {
	case AlterRename:
		p.named("RENAME TO ", a.NewName)
	case AlterRenameColumn:
		rename(column)
	case AlterRenameConstraint:
		rename("CONSTRAINT ")
	case AlterRenameValue:
		p.w("RENAME VALUE ", lex.QuoteString(a.Name), " TO ", lex.QuoteString(a.NewName))
	case AlterSetSchema:
		p.named("SET SCHEMA ", a.NewName)
	case AlterOwner:
		p.w("OWNER TO ")
		p.role(*a.Role)
	case AlterSwapWith:
		p.w("SWAP WITH ")
		p.name(*a.Target)
	case AlterPause:
		p.w("PAUSE")
	case AlterResume:
		p.w("RESUME")
	case AlterAddColumn:
		p.w("ADD ", column)
		p.when(a.IfExists, "IF NOT EXISTS ")
		p.columnDef(a.Column)
		p.cascade(a.Cascade)
	case AlterDropColumn, AlterDropConstraint:
		if a.Kind == AlterDropConstraint {
			column = "CONSTRAINT "
		}
		p.w("DROP ", column)
		p.when(a.IfExists, "IF EXISTS ")
		p.ident(a.Name)
		p.cascade(a.Cascade)
	case AlterColumnType:
		alter("TYPE ")
		p.typeName(a.Type)
		p.collation(a.Collation)
		p.clause(" USING ", a.Expr)
		p.cascade(a.Cascade)
	case AlterColumnSetDefault:
		if kind == KindDomain {
			p.w("SET DEFAULT ")
		} else {
			alter("SET DEFAULT ")
		}
		p.expr(a.Expr, PrecLowest)
	case AlterColumnDropDefault, AlterColumnSetNotNull, AlterColumnDropNotNull:
		what := map[AlterActionKind]string{AlterColumnDropDefault: "DROP DEFAULT", AlterColumnSetNotNull: "SET NOT NULL", AlterColumnDropNotNull: "DROP NOT NULL"}[a.Kind]
		if kind == KindDomain {
			p.w(what)
		} else {
			alter(what)
		}
	case AlterAddConstraint:
		p.w("ADD ")
		p.tableConstraint(a.Constraint)
	case AlterSetOptions:
		p.w("SET ")
		p.options(a.Options)
	case AlterResetOptions:
		p.w("RESET ")
		p.options(a.Options)
	case AlterAddValue:
		p.w("ADD VALUE ")
		p.when(a.IfExists, "IF NOT EXISTS ")
		p.str(a.Name)
		if a.Before {
			p.w(" BEFORE ", lex.QuoteString(a.NewName))
		} else if a.NewName != "" {
			p.w(" AFTER ", lex.QuoteString(a.NewName))
		}
	case AlterAddWatermark:
		p.w("ADD ")
		p.watermark(a.Watermark)
	case AlterDropWatermark:
		p.w("DROP WATERMARK")
	case AlterSetSecret:
		p.clause("AS ", a.Expr)
	case AlterRoleOptions:
		if kind == KindSequence {
			p.sequenceOptions(a.Options)
		} else {
			p.roleOptions(a.Options)
		}
	case AlterOther:
		p.w(a.NewName)
	}
}

func (p *printer) grant(s *Grant) {
	word := "GRANT "
	if s.Revoke {
		word = "REVOKE "
	}
	p.w(word)
	p.when(s.OptionFor, "GRANT OPTION FOR ")
	if s.Privileges == nil {
		p.w("ALL")
	} else {
		p.privileges(s.Privileges)
	}
	p.w(" ON ")
	if s.AllInSchema {
		p.w("ALL ", string(s.Kind), "S IN SCHEMA ")
	} else {
		p.w(string(s.Kind), " ")
	}
	list(p, s.Objects, func(o *DropObject) { p.object(o, s.Kind) })
	p.grantees(s.Revoke, s.Grantees)
	p.when(s.GrantOption, " WITH GRANT OPTION")
	p.grantedBy(s.GrantedBy)
	p.cascade(s.Cascade)
}

func (p *printer) privileges(vs []Privilege) {
	list(p, vs, func(v Privilege) {
		switch v.Name {
		case "select", "references", "create", "all", "alter system":
			p.w(strings.ToUpper(v.Name))
		default:
			p.ident(v.Name)
		}
		optParens(p, v.Columns, p.ident)
	})
}

func (p *printer) grantees(revoke bool, rs []RoleSpec) {
	if revoke {
		p.w(" FROM ")
	} else {
		p.w(" TO ")
	}
	p.roles(rs)
}

func (p *printer) grantedBy(r *RoleSpec) {
	if r != nil {
		p.w(" GRANTED BY ")
		p.role(*r)
	}
}

func (p *printer) grantRole(s *GrantRole) {
	if s.Revoke {
		p.w("REVOKE ")
		p.when(s.OptionFor, "ADMIN OPTION FOR ")
	} else {
		p.w("GRANT ")
	}
	p.privileges(s.Roles)
	p.grantees(s.Revoke, s.Grantees)
	p.when(s.AdminOption, " WITH ADMIN OPTION")
	p.grantedBy(s.GrantedBy)
	p.cascade(s.Cascade)
}
