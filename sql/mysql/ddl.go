package mysql

import (
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"
	mysqltype "github.com/pingcap/tidb/pkg/parser/mysql"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// createTable lowers CREATE TABLE.
func (l *lowerer) createTable(s *mast.CreateTableStmt) ast.Statement {
	out := &ast.CreateTable{Pos: l.src.position(0), Name: l.objectName(s.Table), IfNotExists: s.IfNotExists}
	if s.TemporaryKeyword != mast.TemporaryNone {
		out.Persistence = ast.Temporary
	}
	if s.Partition != nil {
		l.unsupported(out.Pos, "PARTITION BY of MySQL")
	}
	if s.ReferTable != nil {
		like := l.objectName(s.ReferTable)
		out.Elements = []ast.TableElement{&ast.LikeClause{Pos: like.Pos, Table: like, Options: []ast.LikeOption{{Including: true, What: "all"}}}}
		return out
	}
	if s.Select != nil {
		if len(s.Cols) > 0 {
			l.unsupported(out.Pos, "CREATE TABLE with columns and SELECT")
		}
		out.As = l.subquery(s.Select)
	}
	if len(s.Cols) == 0 && s.Select == nil {
		fail(pgerr.New(pgerr.InvalidTableDefinition, "a table must have at least one column").At(out.Pos))
	}
	for _, c := range s.Cols {
		out.Elements = append(out.Elements, l.columnDef(c))
		if c.Tp.GetType() == mysqltype.TypeEnum {
			out.Elements = append(out.Elements, l.enumCheck(c))
		}
	}
	for _, c := range s.Constraints {
		if e := l.tableConstraint(c); e != nil {
			out.Elements = append(out.Elements, e)
		}
	}
	for _, o := range s.Options {
		l.tableOption(o)
	}
	return out
}

// optionNames names the options that are worth naming in the notice that they are ignored.
var optionNames = map[mast.TableOptionType]string{
	mast.TableOptionEngine: "ENGINE", mast.TableOptionCharset: "CHARACTER SET", mast.TableOptionCollate: "COLLATE",
	mast.TableOptionComment: "COMMENT", mast.TableOptionRowFormat: "ROW_FORMAT", mast.TableOptionAutoIncrement: "AUTO_INCREMENT",
	mast.TableOptionKeyBlockSize: "KEY_BLOCK_SIZE",
}

func (l *lowerer) tableOption(o *mast.TableOption) {
	n, ok := optionNames[o.Tp]
	if !ok {
		n = "a table option"
	}
	l.notice(n + " has no effect in Millrace")
}

func (l *lowerer) columnDef(c *mast.ColumnDef) *ast.ColumnDef {
	n := name(c.Name.Name)
	out := &ast.ColumnDef{Pos: l.columnPosition(n), Name: n}
	out.Type = l.typeName(c.Tp, out.Pos)
	if c.Tp.GetFlag()&mysqltype.ZerofillFlag != 0 {
		l.notice("ZEROFILL has no effect in Millrace")
	}
	for _, o := range c.Options {
		if k := l.columnOption(o, out); k != nil {
			out.Constraints = append(out.Constraints, k)
		}
	}
	return out
}

// columnPosition finds a column's name in the text.
func (l *lowerer) columnPosition(name string) int {
	for i := range l.src.tokens {
		if t := &l.src.tokens[i]; t.word == name && (t.kind == wordToken || t.kind == quotedToken) && i > 0 {
			if before := &l.src.tokens[i-1]; before.isPunct("(") || before.isPunct(",") {
				return l.src.position(t.start - l.src.start)
			}
		}
	}
	return 0
}

// columnOption lowers one option of a column; nil for one that leaves nothing.
func (l *lowerer) columnOption(o *mast.ColumnOption, c *ast.ColumnDef) *ast.ColumnConstraint {
	k := &ast.ColumnConstraint{Pos: c.Pos}
	switch o.Tp {
	case mast.ColumnOptionPrimaryKey:
		k.Kind = ast.ConstraintPrimaryKey
	case mast.ColumnOptionNotNull:
		k.Kind = ast.ConstraintNotNull
	case mast.ColumnOptionNull:
		k.Kind = ast.ConstraintNull
	case mast.ColumnOptionUniqKey:
		k.Kind = ast.ConstraintUnique
	case mast.ColumnOptionAutoIncrement:
		k.Kind = ast.ConstraintIdentity
	case mast.ColumnOptionDefaultValue:
		k.Kind, k.Expr = ast.ConstraintDefault, l.assignedValue(o.Expr)
	case mast.ColumnOptionCheck:
		if !o.Enforced {
			l.notice("a CHECK that is NOT ENFORCED has no effect")
			return nil
		}
		k.Kind, k.Name, k.Expr = ast.ConstraintCheck, strings.ToLower(o.ConstraintName), l.cond(o.Expr)
	case mast.ColumnOptionGenerated:
		k.Kind, k.Expr = ast.ConstraintGenerated, l.value(o.Expr)
	case mast.ColumnOptionReference:
		l.notice("REFERENCES of a column has no effect, as in MySQL")
		return nil
	case mast.ColumnOptionComment:
		l.notice("COMMENT has no effect in Millrace")
		return nil
	case mast.ColumnOptionCollate:
		l.notice("COLLATE has no effect in Millrace")
		return nil
	case mast.ColumnOptionColumnFormat, mast.ColumnOptionStorage:
		l.notice("a storage option of a column has no effect in Millrace")
		return nil
	case mast.ColumnOptionOnUpdate:
		l.unsupported(c.Pos, "ON UPDATE CURRENT_TIMESTAMP")
	default:
		l.unsupported(c.Pos, "this option of a column in MySQL's dialect")
	}
	return k
}

// enumCheck is the constraint that holds the values of an ENUM.
func (l *lowerer) enumCheck(c *mast.ColumnDef) *ast.TableConstraint {
	n := name(c.Name.Name)
	pos := l.columnPosition(n)
	in := &ast.In{Pos: pos, Left: &ast.ColumnRef{Pos: pos, Parts: []string{n}}}
	for _, v := range c.Tp.GetElems() {
		noZero(v, pos)
		in.List = append(in.List, str(pos, v))
	}
	return &ast.TableConstraint{Pos: pos, Kind: ast.ConstraintCheck, Expr: in}
}

// keyColumns gives the columns of a key. A length of prefix and a direction have no effect on what is equal; an
// expression makes the key one that has no equivalent.
func (l *lowerer) keyColumns(keys []*mast.IndexPartSpecification, pos int) []string {
	var out []string
	for _, k := range keys {
		if k.Column == nil {
			l.unsupported(pos, "a key over an expression")
		}
		if k.Length > 0 {
			l.unsupported(pos, "a key over a prefix of a column")
		}
		out = append(out, name(k.Column.Name))
	}
	return out
}

// tableConstraint lowers an item of CREATE TABLE that is no column; nil for one that leaves nothing.
func (l *lowerer) tableConstraint(c *mast.Constraint) ast.TableElement {
	k := &ast.TableConstraint{Pos: l.src.position(0), Name: strings.ToLower(c.Name)}
	switch c.Tp {
	case mast.ConstraintPrimaryKey:
		k.Kind, k.Columns, k.Name = ast.ConstraintPrimaryKey, l.keyColumns(c.Keys, k.Pos), ""
	case mast.ConstraintUniq, mast.ConstraintUniqKey, mast.ConstraintUniqIndex:
		k.Kind, k.Columns = ast.ConstraintUnique, l.keyColumns(c.Keys, k.Pos)
	case mast.ConstraintForeignKey:
		k.Kind, k.Columns, k.References = ast.ConstraintForeignKey, l.keyColumns(c.Keys, k.Pos), l.references(c.Refer, k.Pos)
	case mast.ConstraintCheck:
		if !c.Enforced {
			l.notice("a CHECK that is NOT ENFORCED has no effect")
			return nil
		}
		k.Kind, k.Expr = ast.ConstraintCheck, l.cond(c.Expr)
	case mast.ConstraintKey, mast.ConstraintIndex, mast.ConstraintFulltext:
		l.notice("KEY without UNIQUE in CREATE TABLE has no effect in Millrace; CREATE INDEX makes an index")
		return nil
	default:
		l.unsupported(k.Pos, "this kind of key in MySQL's dialect")
	}
	return k
}

func (l *lowerer) references(r *mast.ReferenceDef, pos int) *ast.References {
	out := &ast.References{Pos: pos, Table: l.objectName(r.Table), Columns: l.keyColumns(r.IndexPartSpecifications, pos)}
	action := func(o mast.ReferOptionType) ast.RefAction {
		switch o {
		case mast.ReferOptionRestrict:
			return ast.RefRestrict
		case mast.ReferOptionCascade:
			return ast.RefCascade
		case mast.ReferOptionSetNull:
			return ast.RefSetNull
		case mast.ReferOptionSetDefault:
			return ast.RefSetDefault
		}
		return ast.RefNoAction
	}
	if r.OnDelete != nil {
		out.OnDelete = action(r.OnDelete.ReferOpt)
	}
	if r.OnUpdate != nil {
		out.OnUpdate = action(r.OnUpdate.ReferOpt)
	}
	return out
}

func (l *lowerer) createIndex(s *mast.CreateIndexStmt) ast.Statement {
	out := &ast.CreateIndex{
		Pos: l.src.position(0), Name: strings.ToLower(s.IndexName), IfNotExists: s.IfNotExists,
		Unique: s.KeyType == mast.IndexKeyTypeUnique, Table: &ast.TableName{ObjectName: l.objectName(s.Table)},
	}
	if s.KeyType != mast.IndexKeyTypeUnique && s.KeyType != mast.IndexKeyTypeNone {
		l.unsupported(out.Pos, "this kind of index in MySQL's dialect")
	}
	for _, p := range s.IndexPartSpecifications {
		e := &ast.IndexElem{Pos: out.Pos, Desc: p.Desc}
		switch {
		case p.Length > 0:
			l.unsupported(out.Pos, "an index over a prefix of a column")
		case p.Column != nil:
			e.Column = name(p.Column.Name)
		default:
			e.Expr = l.value(p.Expr)
		}
		out.Elems = append(out.Elems, e)
	}
	return out
}

func (l *lowerer) renameTable(from, to *mast.TableName) ast.Statement {
	a := &ast.AlterAction{Pos: l.src.position(0), Kind: ast.AlterRename, NewName: name(to.Name)}
	if to.Schema.L != "" && to.Schema.L != from.Schema.L {
		l.unsupported(a.Pos, "RENAME into another database")
	}
	return &ast.Alter{Pos: a.Pos, Kind: ast.KindTable, Name: &ast.TableName{ObjectName: l.objectName(from)}, Actions: []*ast.AlterAction{a}}
}

// alterTable lowers ALTER TABLE as far as the actions have equivalents.
func (l *lowerer) alterTable(s *mast.AlterTableStmt) ast.Statement {
	pos := l.src.position(0)
	if len(s.Specs) == 1 && s.Specs[0].Tp == mast.AlterTableRenameTable {
		return l.renameTable(s.Table, s.Specs[0].NewTable)
	}
	out := &ast.Alter{Pos: pos, Kind: ast.KindTable, Name: &ast.TableName{ObjectName: l.objectName(s.Table)}}
	for _, spec := range s.Specs {
		a := &ast.AlterAction{Pos: pos}
		switch spec.Tp {
		case mast.AlterTableRenameColumn:
			a.Kind, a.Name, a.NewName = ast.AlterRenameColumn, name(spec.OldColumnName.Name), name(spec.NewColumnName.Name)
		case mast.AlterTableDropColumn:
			a.Kind, a.Name, a.IfExists = ast.AlterDropColumn, name(spec.OldColumnName.Name), spec.IfExists
		case mast.AlterTableAddColumns:
			if spec.Position != nil && spec.Position.Tp != mast.ColumnPositionNone {
				l.unsupported(pos, "ADD COLUMN at a position")
			}
			for _, c := range spec.NewColumns {
				out.Actions = append(out.Actions, &ast.AlterAction{Pos: pos, Kind: ast.AlterAddColumn, IfExists: spec.IfNotExists, Column: l.columnDef(c)})
			}
			continue
		case mast.AlterTableAddConstraint:
			k, ok := l.tableConstraint(spec.Constraint).(*ast.TableConstraint)
			if !ok {
				continue
			}
			a.Kind, a.Constraint = ast.AlterAddConstraint, k
		case mast.AlterTableOption:
			for _, o := range spec.Options {
				l.tableOption(o)
			}
			continue
		default:
			l.unsupported(pos, "this action of ALTER TABLE in MySQL's dialect")
		}
		out.Actions = append(out.Actions, a)
	}
	if len(out.Actions) == 0 {
		l.unsupported(pos, "ALTER TABLE with nothing but options that have no effect")
	}
	return out
}
