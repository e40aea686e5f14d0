package mysql

import (
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// statement lowers a statement that MySQL's grammar has read.
func (l *lowerer) statement(s mast.StmtNode) ast.Statement {
	switch s := s.(type) {
	case *mast.SelectStmt:
		return l.query(s)
	case *mast.SetOprStmt:
		return l.query(s)
	case *mast.InsertStmt:
		return l.insert(s)
	case *mast.UpdateStmt:
		return l.update(s)
	case *mast.DeleteStmt:
		return l.delete(s)
	}
	l.stored = true
	switch s := s.(type) {
	case *mast.CreateTableStmt:
		return l.createTable(s)
	case *mast.CreateIndexStmt:
		return l.createIndex(s)
	case *mast.AlterTableStmt:
		return l.alterTable(s)
	case *mast.RenameTableStmt:
		if len(s.TableToTables) != 1 {
			l.unsupported(l.src.position(0), "RENAME TABLE of several tables")
		}
		return l.renameTable(s.TableToTables[0].OldTable, s.TableToTables[0].NewTable)
	case *mast.DropTableStmt:
		out := &ast.Drop{Pos: l.src.position(0), Kind: ast.KindTable, IfExists: s.IfExists}
		if s.IsView {
			out.Kind = ast.KindView
		}
		for _, t := range s.Tables {
			out.Objects = append(out.Objects, &ast.DropObject{Name: l.objectName(t)})
		}
		return out
	case *mast.CreateDatabaseStmt:
		for range s.Options {
			l.notice("the options of CREATE DATABASE have no effect in Millrace")
		}
		return &ast.CreateSchema{Pos: l.src.position(0), Name: name(s.Name), IfNotExists: s.IfNotExists}
	case *mast.DropDatabaseStmt:
		schema := &ast.DropObject{Name: ast.ObjectName{Pos: l.src.position(0), Name: name(s.Name)}}
		return &ast.Drop{Pos: schema.Name.Pos, Kind: ast.KindSchema, IfExists: s.IfExists, Objects: []*ast.DropObject{schema}, Cascade: true}
	case *mast.TruncateTableStmt:
		return &ast.Truncate{Pos: l.src.position(0), Tables: []*ast.TableName{{ObjectName: l.objectName(s.Table)}}}
	}
	l.unsupported(l.src.position(0), "this statement in MySQL's dialect")
	return nil
}

// ownStatement reads those of MySQL's statements that neither parser does as Millrace means them; nil for others.
func (s *source) ownStatement() ast.Statement {
	c := &cursor{tokens: s.tokens}
	pos := s.position(0)
	isName := func(t *token) bool { return t.kind == wordToken || t.kind == quotedToken }
	switch {
	case c.words("use") && isName(c.at(1)) && len(s.tokens) == 2:
		return &ast.Set{Pos: pos, Name: "search_path", Values: []ast.Expr{str(pos, c.at(1).word)}}
	case (c.words("desc") || c.words("describe")) && isName(c.at(1)):
		n := ast.ObjectName{Pos: s.position(c.at(1).start - s.start), Name: c.at(1).word}
		switch {
		case len(s.tokens) == 4 && c.at(2).isPunct(".") && isName(c.at(3)):
			n.Schema, n.Name = n.Name, c.at(3).word
		case len(s.tokens) != 2:
			return nil
		}
		return &ast.Show{Pos: pos, Name: "columns", Listing: true, From: &n}
	case c.words("set", "names") && isName(c.at(2)) && strings.HasPrefix(c.at(2).word, "utf8"):
		return &ast.Set{Pos: pos, Name: "client_encoding", Values: []ast.Expr{str(pos, "UTF8")}}
	case c.words("set") && c.at(1).isPunct("@"):
		feature := "user variables (SET @...)"
		if c.at(2).isPunct("@") {
			feature = "system variables (SET @@...)"
		}
		fail(pgerr.Unsupported(feature).At(pos))
	case c.words("lock", "tables"), c.words("unlock", "tables"), c.words("load", "data"), c.words("handler"), c.words("optimize"),
		c.words("flush"), c.words("kill"), c.words("call"):
		fail(pgerr.Unsupported("the statement " + strings.ToUpper(c.at(0).word) + " of MySQL").At(pos))
	}
	return nil
}
