package mysql

import (
	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/sql/ast"
)

// from lowers the tables of a FROM clause. TiDB's parser gives commas as joins, too; a chain of joins leans to the left
// and is followed by a loop.
func (l *lowerer) from(n mast.ResultSetNode) ast.TableExpr {
	defer l.push()()
	var spine []*mast.Join
	for {
		j, ok := n.(*mast.Join)
		if !ok {
			break
		}
		spine = append(spine, j)
		n = j.Left
	}
	defer l.link(len(spine))()
	out := l.tableSource(n)
	for i := len(spine) - 1; i >= 0; i-- {
		if j := spine[i]; j.Right != nil {
			out = l.join(j, out)
		}
	}
	return out
}

func (l *lowerer) join(j *mast.Join, left ast.TableExpr) ast.TableExpr {
	out := &ast.Join{Natural: j.NaturalJoin, Left: left, Right: l.from(j.Right)}
	out.Pos = out.Right.Position()
	switch j.Tp {
	case mast.LeftJoin:
		out.Type = ast.LeftJoin
	case mast.RightJoin:
		out.Type = ast.RightJoin
	default:
		out.Type = ast.InnerJoin
		if j.On == nil && len(j.Using) == 0 && !j.NaturalJoin {
			out.Type = ast.CrossJoin
		}
	}
	if j.On != nil {
		out.On = l.cond(j.On.Expr)
	}
	for _, c := range j.Using {
		out.Using = append(out.Using, name(c.Name))
	}
	return out
}

// tableSource lowers a table or a derived table.
func (l *lowerer) tableSource(n mast.ResultSetNode) ast.TableExpr {
	source, ok := n.(*mast.TableSource)
	if !ok {
		l.unsupported(l.at(n), "this item of FROM in MySQL's dialect")
	}
	var alias *ast.Alias
	if source.AsName.L != "" || len(source.ColumnNames) > 0 {
		alias = &ast.Alias{Name: name(source.AsName), Columns: names(source.ColumnNames)}
	}
	switch t := source.Source.(type) {
	case *mast.TableName:
		if w := l.src.windows[t.Name.L]; w != nil && t.Schema.L == "" {
			w.Alias = alias
			if alias != nil {
				alias.Pos = w.Pos
			}
			return w
		}
		out := &ast.TableName{ObjectName: l.objectName(t), Alias: alias}
		if t.TableSample != nil {
			l.unsupported(out.Pos, "TABLESAMPLE")
		}
		if t.AsOf != nil {
			l.unsupported(out.Pos, "AS OF in MySQL's dialect")
		}
		if alias != nil {
			alias.Pos = out.Pos
		}
		return out
	case *mast.Join:
		return l.from(t)
	default:
		q := l.subquery(t)
		if alias != nil {
			alias.Pos = q.Pos
		}
		return &ast.Subquery{Pos: q.Pos, Lateral: source.Lateral, Query: q, Alias: alias}
	}
}
