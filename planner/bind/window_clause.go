package bind

import (
	"slices"
	"strconv"
	"strings"

	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
)

// timeWindow writes ksqlDB's WINDOW clause as what it means: the relation of FROM becomes a window function of it over its
// watermark column, and the rows of each group are those of one window. A session is one of each group.
func timeWindow(q *ast.SelectCore) (*ast.SelectCore, error) {
	w := q.TimeWindow
	if len(q.From) != 1 {
		return nil, pgerr.Unsupported("a WINDOW clause over several relations").WithHint("Join in a subquery, or join window functions in FROM.").At(w.Pos)
	}
	t := &ast.WindowTable{Pos: q.From[0].Position(), Kind: w.Kind, Size: w.Size, Step: w.Advance, Grace: w.Grace, Retention: w.Retention}
	switch in := q.From[0].(type) {
	case *ast.TableName:
		named := *in
		named.Alias = nil
		t.Input, t.Alias = &named, in.Alias
	case *ast.Subquery:
		t.Input, t.Alias = in, in.Alias
	default:
		return nil, pgerr.Unsupported("a WINDOW clause over a join or a function").WithHint("Join in a subquery, or join window functions in FROM.").At(w.Pos)
	}
	if len(q.GroupBy) == 0 {
		return nil, pgerr.New(pgerr.GroupingError, "a WINDOW clause needs GROUP BY").
			WithHint("Rows with their windows are given by %s(relation, time_column, ...) in FROM.", w.Kind).At(w.Pos)
	}
	if w.Kind == ast.Session {
		for i := range q.GroupBy {
			e, err := sessionKey(q, &q.GroupBy[i])
			if err != nil {
				return nil, err
			}
			t.PartitionBy = append(t.PartitionBy, e)
		}
	}
	out := *q
	out.TimeWindow, out.From = nil, []ast.TableExpr{t}
	out.GroupBy = slices.Clone(q.GroupBy)
	for _, name := range []string{"window_start", "window_end"} {
		out.GroupBy = append(out.GroupBy, ast.GroupItem{Pos: w.Pos, Expr: &ast.ColumnRef{Pos: w.Pos, Parts: []string{name}}})
	}
	return &out, nil
}

// sessionKey gives the expression of a GROUP BY item, by which sessions are apart.
func sessionKey(q *ast.SelectCore, item *ast.GroupItem) (ast.Expr, error) {
	if item.Kind != ast.GroupExpr {
		return nil, pgerr.Unsupported("grouping sets with WINDOW SESSION").At(item.Pos)
	}
	if n, ok := item.Expr.(*ast.Literal); ok && n.Kind == ast.IntLiteral {
		for i, t := range q.Targets {
			if _, star := t.Expr.(*ast.Star); n.Text == strconv.Itoa(i+1) && !star {
				return t.Expr, nil
			}
		}
	}
	return item.Expr, nil
}

// watermarkColumn gives the column of in that is the watermark column of the relation that it reads.
func (b *Binder) watermarkColumn(t *ast.WindowTable, in logical.Node) (logical.ColID, error) {
	var found []logical.ColID
	out := logical.SetOf(in.Output()...)
	logical.Walk(in, func(n logical.Node) {
		scan, ok := n.(*logical.Scan)
		if !ok || scan.Relation.Watermark == nil {
			return
		}
		for i, attr := range scan.Attrs {
			if attr == scan.Relation.Watermark.Column && out.Has(scan.Cols[i]) {
				found = append(found, scan.Cols[i])
			}
		}
	})
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "the relation of a WINDOW clause has no watermark column").
			WithHint("Declare one: WATERMARK FOR column AS expression; or name the column: %s(relation, time_column, ...) in FROM.", t.Kind).At(t.Pos)
	}
	return 0, pgerr.New(pgerr.AmbiguousColumn, "the relation of a WINDOW clause has several watermark columns").
		WithHint("Name the column: %s(relation, time_column, ...) in FROM.", t.Kind).At(t.Pos)
}

// isGroupWindow reports whether a name is one of Flink's window functions of GROUP BY, which are older than those of FROM.
func isGroupWindow(name string) bool {
	kind, _, _ := strings.Cut(name, "_")
	switch kind {
	case "tumble", "hop", "session":
	default:
		return false
	}
	switch strings.TrimPrefix(name, kind) {
	case "", "_start", "_end", "_rowtime", "_proctime":
		return true
	}
	return false
}

func groupWindow(name string) *pgerr.Error {
	kind, _, _ := strings.Cut(name, "_")
	return pgerr.Unsupported("a window function in GROUP BY").
		WithHint("Write FROM %s(relation, time_column, ...) GROUP BY window_start, window_end.", strings.ToUpper(kind))
}
