package mysql

import (
	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
)

// insert lowers INSERT and REPLACE.
func (l *lowerer) insert(s *mast.InsertStmt) ast.Statement {
	table, ok := l.from(s.Table.TableRefs).(*ast.TableName)
	if !ok {
		l.unsupported(l.at(s), "INSERT into several tables")
	}
	out := &ast.Insert{Pos: l.at(s), Table: table.ObjectName}
	if table.Alias != nil {
		out.Alias = table.Alias.Name
	}
	if len(s.PartitionNames) > 0 {
		l.unsupported(out.Pos, "INSERT ... PARTITION")
	}
	for _, c := range s.Columns {
		out.Columns = append(out.Columns, &ast.InsertColumn{Pos: l.namePosition(name(c.Name)), Name: name(c.Name)})
	}
	switch {
	case s.Select != nil:
		l.inserted = s.Select
		out.Query = l.subquery(s.Select)
	case len(s.Lists) == 1 && len(s.Lists[0]) == 0 && len(out.Columns) == 0: // INSERT INTO t () VALUES ()
	default:
		values := &ast.Values{Pos: out.Pos}
		for _, row := range s.Lists {
			if len(row) == 0 {
				l.unsupported(out.Pos, "an empty row beside columns or other rows in VALUES")
			}
			lowered := make([]ast.Expr, len(row))
			for i, e := range row {
				lowered[i] = l.assignedValue(e)
			}
			values.Rows = append(values.Rows, lowered)
		}
		out.Query = &ast.Select{Pos: out.Pos, Body: values}
	}
	l.onConflict(out, s)
	return out
}

// onConflict lowers what a statement says about rows whose key exists.
func (l *lowerer) onConflict(out *ast.Insert, s *mast.InsertStmt) {
	switch {
	case s.IsReplace:
		out.OnConflict = &ast.OnConflict{Pos: out.Pos, DoUpdate: true, AnyKey: true, WholeRow: true}
	case len(s.OnDuplicate) > 0:
		out.OnConflict = &ast.OnConflict{Pos: out.Pos, DoUpdate: true, AnyKey: true}
		l.target = out.Table.Name
		if out.Alias != "" {
			l.target = out.Alias
		}
		out.OnConflict.Set = l.assignments(s.OnDuplicate, l.target)
		l.target = ""
	case s.IgnoreErr:
		out.OnConflict = &ast.OnConflict{Pos: out.Pos}
	}
}

// assignedValue lowers a value for a column. TRUE, FALSE, 1 and 0 are given as strings, which are constants of the
// column's own type: they suit columns of booleans and of numbers.
func (l *lowerer) assignedValue(e mast.ExprNode) ast.Expr {
	if v, ok := e.(*value); ok {
		switch v.v {
		case true, int64(1):
			return str(l.at(e), "1")
		case false, int64(0):
			return str(l.at(e), "0")
		}
		return l.constant(v)
	}
	return l.value(e)
}

// assignments lowers SET. MySQL assigns from left to right, and a column that has been assigned stands for its new value
// in what follows; in PostgreSQL all expressions see the old row.
func (l *lowerer) assignments(list []*mast.Assignment, table string) []*ast.Assignment {
	l.assigned, l.assignedTable = map[string]ast.Expr{}, table
	defer func() { l.assigned, l.assignedTable = nil, "" }()
	defer l.link(len(list))()
	var out []*ast.Assignment
	index := map[string]int{}
	for _, a := range list {
		column := name(a.Column.Name)
		v := l.assignedValue(a.Expr)
		item := &ast.Assignment{
			Pos:     l.namePosition(column),
			Columns: []*ast.InsertColumn{{Pos: l.namePosition(column), Name: column}},
			Value:   v,
		}
		if i, again := index[column]; again { // the last assignment counts
			out[i] = item
		} else {
			index[column] = len(out)
			out = append(out, item)
		}
		if _, isDefault := v.(*ast.Default); !isDefault {
			l.assigned[column] = v
		}
	}
	return out
}

// sources are the tables of an UPDATE or DELETE of several, joined by inner joins: a list, and the conditions.
type sources struct {
	tables []ast.TableExpr
	conds  []ast.Expr
}

// flatten takes inner joins apart.
func (l *lowerer) flatten(t ast.TableExpr, s *sources, statement string) {
	j, ok := t.(*ast.Join)
	if !ok {
		s.tables = append(s.tables, t)
		return
	}
	if j.Natural || j.Using != nil || j.Type != ast.InnerJoin && j.Type != ast.CrossJoin {
		l.unsupported(j.Pos, statement+" over a join other than an inner join with ON")
	}
	l.flatten(j.Left, s, statement)
	l.flatten(j.Right, s, statement)
	if j.On != nil {
		s.conds = append(s.conds, j.On)
	}
}

// take removes the table of that name from the list.
func (s *sources) take(table string) *ast.TableName {
	for i, t := range s.tables {
		tn, ok := t.(*ast.TableName)
		if ok && visibleName(tn) == table {
			s.tables = append(s.tables[:i:i], s.tables[i+1:]...)
			return tn
		}
	}
	return nil
}

func visibleName(t *ast.TableName) string {
	if t.Alias != nil {
		return t.Alias.Name
	}
	return t.Name
}

func (s *sources) where(pos int, where ast.Expr) ast.Expr {
	conds := s.conds
	if where != nil {
		conds = append(conds, where)
	}
	if len(conds) == 0 {
		return nil
	}
	return connect(true, pos, conds)
}

func (l *lowerer) update(s *mast.UpdateStmt) ast.Statement {
	pos := l.at(s)
	switch {
	case s.Order != nil || s.Limit != nil:
		l.unsupported(pos, "UPDATE with ORDER BY or LIMIT")
	case s.IgnoreErr:
		l.unsupported(pos, "UPDATE IGNORE")
	}
	out := &ast.Update{Pos: pos, With: l.with(s.With)}
	var src sources
	l.flatten(l.from(s.TableRefs.TableRefs), &src, "UPDATE")
	target := ""
	if len(src.tables) == 1 {
		if t, ok := src.tables[0].(*ast.TableName); ok {
			target = visibleName(t)
		}
	}
	for _, a := range s.List {
		table := name(a.Column.Table)
		switch {
		case table == "" && target == "":
			fail(pgerr.Unsupported("UPDATE of several tables with an unqualified column").At(pos).
				WithHint("Write the table before the column in SET."))
		case table != "" && target != "" && table != target:
			l.unsupported(pos, "UPDATE that changes several tables")
		case target == "":
			target = table
		}
	}
	if out.Table = src.take(target); out.Table == nil {
		fail(pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", target).At(pos))
	}
	if len(src.tables) > 0 {
		out.From = src.tables
	}
	out.Set = l.assignments(s.List, target)
	var where ast.Expr
	if s.Where != nil {
		where = l.cond(s.Where)
	}
	out.Where = src.where(pos, where)
	return out
}

func (l *lowerer) delete(s *mast.DeleteStmt) ast.Statement {
	pos := l.at(s)
	switch {
	case s.Order != nil || s.Limit != nil:
		l.unsupported(pos, "DELETE with ORDER BY or LIMIT")
	case s.IgnoreErr:
		l.unsupported(pos, "DELETE IGNORE")
	case s.IsMultiTable && len(s.Tables.Tables) > 1:
		l.unsupported(pos, "DELETE from several tables")
	}
	out := &ast.Delete{Pos: pos, With: l.with(s.With)}
	var src sources
	l.flatten(l.from(s.TableRefs.TableRefs), &src, "DELETE")
	if s.IsMultiTable {
		target := name(s.Tables.Tables[0].Name)
		if out.Table = src.take(target); out.Table == nil {
			fail(pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", target).At(l.namePosition(target)))
		}
	} else {
		t, ok := src.tables[0].(*ast.TableName)
		if !ok || len(src.tables) != 1 {
			l.unsupported(pos, "DELETE from what is not a table")
		}
		out.Table, src.tables = t, nil
	}
	if len(src.tables) > 0 {
		out.Using = src.tables
	}
	var where ast.Expr
	if s.Where != nil {
		where = l.cond(s.Where)
	}
	out.Where = src.where(pos, where)
	return out
}
