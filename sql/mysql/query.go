package mysql

import (
	"strings"

	mast "github.com/pingcap/tidb/pkg/parser/ast"

	"millrace/pgerr"
	"millrace/sql/ast"
	"millrace/sql/lex"
)

// subquery lowers a query inside an expression or FROM.
func (l *lowerer) subquery(q mast.Node) *ast.Select {
	defer l.push()()
	l.depth++
	aliases, assigned := l.aliases, l.assigned
	l.aliases = nil
	defer func() {
		l.depth--
		l.aliases, l.assigned = aliases, assigned
	}()
	return l.query(q)
}

// query lowers a query.
func (l *lowerer) query(q mast.Node) *ast.Select {
	switch q := q.(type) {
	case *mast.SubqueryExpr:
		return l.query(q.Query)
	case *mast.SelectStmt:
		return l.selectStmt(q)
	case *mast.SetOprStmt:
		return l.setOperation(q.SelectList, q.With, q.OrderBy, q.Limit)
	case *mast.SetOprSelectList:
		return l.setOperation(q, q.With, q.OrderBy, q.Limit)
	}
	l.unsupported(l.at(q), "this query in MySQL's dialect")
	return nil
}

// selectStmt lowers SELECT, VALUES and TABLE.
func (l *lowerer) selectStmt(s *mast.SelectStmt) *ast.Select {
	pos := l.at(s)
	out := &ast.Select{Pos: pos, With: l.with(s.With)}
	if s.SelectIntoOpt != nil {
		l.unsupported(pos, "SELECT ... INTO of MySQL")
	}
	if s.SelectStmtOpts != nil && s.CalcFoundRows {
		l.unsupported(pos, "SQL_CALC_FOUND_ROWS")
	}
	if s.Kind == mast.SelectStmtKindValues {
		values := &ast.Values{Pos: pos}
		for _, row := range s.Lists {
			if len(row.Values) == 0 {
				fail(pgerr.New(pgerr.SyntaxError, "each row of VALUES must have at least one column").At(pos))
			}
			values.Rows = append(values.Rows, l.exprs(row.Values))
		}
		out.Body = values
		l.tail(out, s.OrderBy, s.Limit, nil)
		return out
	}
	core := &ast.SelectCore{Pos: pos, Distinct: s.Distinct}
	if s.From != nil {
		core.From = []ast.TableExpr{l.from(s.From.TableRefs)}
	}
	labels := l.targets(core, s)
	if s.Where != nil {
		core.Where = l.cond(s.Where)
	}
	l.groupBy(core, s, labels)
	for i := range s.WindowSpecs {
		core.Windows = append(core.Windows, l.window(&s.WindowSpecs[i], pos))
	}
	out.Body = core
	l.tail(out, s.OrderBy, s.Limit, labels)
	l.locking(out, s.LockInfo)
	return out
}

// labels are the select list's items by label in lower case.
type labels map[string]*ast.Target

// targets lowers the select list. An expression without a label gets its text as one, as MySQL does: the names that
// PostgreSQL would give to lowered expressions mean nothing to who wrote them, and two of them could be alike.
func (l *lowerer) targets(core *ast.SelectCore, s *mast.SelectStmt) labels {
	byLabel := labels{}
	if s.Kind == mast.SelectStmtKindTable {
		core.Targets = []*ast.Target{{Pos: core.Pos, Expr: &ast.Star{Pos: core.Pos}}}
		return byLabel
	}
	for _, f := range s.Fields.Fields {
		pos := l.src.position(f.Offset)
		if w := f.WildCard; w != nil {
			star := &ast.Star{Pos: pos}
			for _, q := range []mast.CIStr{w.Schema, w.Table} {
				if q.L != "" {
					star.Qualifier = append(star.Qualifier, name(q))
				}
			}
			core.Targets = append(core.Targets, &ast.Target{Pos: pos, Expr: star})
			continue
		}
		t := &ast.Target{Pos: pos}
		switch {
		case l.inserted == s:
			t.Expr = l.assignedValue(f.Expr)
		case l.inserted != nil && l.depth == 1: // an operand of UNION, where constants need a type of their own
			t.Expr = l.value(f.Expr)
		default:
			t.Expr = l.expr(f.Expr)
		}
		_, isColumn := f.Expr.(*mast.ColumnNameExpr)
		switch {
		case f.AsName.L != "":
			t.Name = l.label(f.AsName.O)
			byLabel[f.AsName.L] = t
		case !isColumn:
			t.Name = l.label(l.fieldText(f))
		case l.depth == 0 && !l.stored:
			if o := f.Expr.(*mast.ColumnNameExpr).Name.Name; o.O != o.L {
				t.Name = l.label(o.O)
			}
		}
		core.Targets = append(core.Targets, t)
	}
	return byLabel
}

// fieldText is the text of an item of the select list, as MySQL shows it: of a string constant its value.
func (l *lowerer) fieldText(f *mast.SelectField) string {
	if v, ok := f.Expr.(*value); ok {
		if s, ok := v.v.(string); ok && s != "" {
			return s
		}
	}
	from := min(f.Offset, len(l.src.text))
	to := min(from+len(f.OriginalText()), len(l.src.text))
	text := strings.TrimSpace(l.src.text[from:to])
	for _, g := range l.src.ignored {
		if g.start-l.src.start < to && g.end-l.src.start > from { // a comment
			return strings.Join(strings.Fields(f.OriginalText()), " ")
		}
	}
	return text
}

// label cuts a label as an identifier, and folds it where it can be looked up by name later.
func (l *lowerer) label(s string) string {
	noZero(s, 0)
	if l.depth > 0 || l.stored {
		s = strings.ToLower(s)
	}
	if len(s) > lex.IdentLengthMax {
		s = strings.ToValidUTF8(s[:lex.IdentLengthMax], "")
	}
	return s
}

// groupBy lowers GROUP BY and HAVING.
func (l *lowerer) groupBy(core *ast.SelectCore, s *mast.SelectStmt, byLabel labels) {
	grouped := map[string]bool{} // columns: HAVING means them rather than labels
	if s.GroupBy != nil {
		var items []ast.GroupItem
		for _, item := range s.GroupBy.Items {
			x := l.value(item.Expr)
			if ref, ok := x.(*ast.ColumnRef); ok && len(ref.Parts) == 1 {
				grouped[ref.Parts[0]] = true
				if t := byLabel[ref.Parts[0]]; t != nil && !hasAggregate(t.Expr) {
					grouped[ref.Parts[0]] = false
					ref.Parts[0] = t.Name
				}
			}
			items = append(items, ast.GroupItem{Pos: x.Position(), Kind: ast.GroupExpr, Expr: x})
		}
		core.GroupBy = items
		if s.GroupBy.Rollup {
			core.GroupBy = []ast.GroupItem{{Pos: items[0].Pos, Kind: ast.GroupRollup, Sets: items}}
		}
	}
	if s.Having == nil {
		return
	}
	l.aliases = map[string]ast.Expr{}
	for label, t := range byLabel {
		if !grouped[label] {
			l.aliases[label] = t.Expr
		}
	}
	having := l.cond(s.Having.Expr)
	l.aliases = nil
	if s.GroupBy == nil && !hasAggregate(append(targetExprs(core), having)...) { // it is a second WHERE
		if core.Where != nil {
			having = connect(true, core.Where.Position(), []ast.Expr{core.Where, having})
		}
		core.Where = having
		return
	}
	core.Having = having
}

func targetExprs(core *ast.SelectCore) []ast.Expr {
	var out []ast.Expr
	for _, t := range core.Targets {
		out = append(out, t.Expr)
	}
	return out
}

// hasAggregate says whether an aggregate is called in one of the expressions, subqueries left out.
func hasAggregate(exprs ...ast.Expr) bool {
	found := false
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Select:
			return false
		case *ast.FuncCall:
			found = found || isAggregate(n)
		}
		return !found
	}
	for _, e := range exprs {
		ast.Walk(e, visit)
	}
	return found
}

func isAggregate(f *ast.FuncCall) bool {
	if f.Over != nil || f.OverName != "" {
		return false
	}
	switch f.Name.Name {
	case "string_agg", "array_agg":
		return true
	}
	for _, a := range aggregates {
		if f.Name.Name == a {
			return true
		}
	}
	return false
}

// orderItems lowers the items of ORDER BY: in MySQL NULL comes before all values.
func (l *lowerer) orderItems(items []*mast.ByItem) []*ast.OrderItem {
	var out []*ast.OrderItem
	for _, item := range items {
		o := &ast.OrderItem{Expr: l.value(item.Expr), Desc: item.Desc, Nulls: ast.NullsFirst}
		if o.Pos = o.Expr.Position(); o.Desc {
			o.Nulls = ast.NullsLast
		}
		out = append(out, o)
	}
	return out
}

// tail lowers ORDER BY and LIMIT. A label alone is what PostgreSQL takes for one too; inside an expression it is
// replaced by what it stands for.
func (l *lowerer) tail(out *ast.Select, order *mast.OrderByClause, limit *mast.Limit, byLabel labels) {
	if order != nil {
		for _, item := range order.Items {
			bare, isColumn := item.Expr.(*mast.ColumnNameExpr)
			l.aliases = nil
			if !isColumn {
				l.aliases = map[string]ast.Expr{}
				for label, t := range byLabel {
					l.aliases[label] = t.Expr
				}
			}
			o := l.orderItems([]*mast.ByItem{item})[0]
			if isColumn && bare.Name.Table.L == "" {
				if t := byLabel[bare.Name.Name.L]; t != nil {
					o.Expr = &ast.ColumnRef{Pos: o.Pos, Parts: []string{t.Name}}
				}
			}
			out.OrderBy = append(out.OrderBy, o)
		}
		l.aliases = nil
	}
	if limit != nil {
		out.Limit = l.value(limit.Count)
		if limit.Offset != nil {
			out.Offset = l.value(limit.Offset)
		}
	}
}

func (l *lowerer) locking(out *ast.Select, info *mast.SelectLockInfo) {
	if info == nil || info.LockType == mast.SelectLockNone {
		return
	}
	lock := &ast.Locking{Pos: out.Pos}
	switch info.LockType {
	case mast.SelectLockForShare, mast.SelectLockForShareNoWait, mast.SelectLockForShareSkipLocked:
		lock.Strength = ast.ForShare
	}
	switch info.LockType {
	case mast.SelectLockForUpdateNoWait, mast.SelectLockForShareNoWait, mast.SelectLockForUpdateWaitN:
		lock.Wait = ast.LockNoWait
	case mast.SelectLockForUpdateSkipLocked, mast.SelectLockForShareSkipLocked:
		lock.Wait = ast.LockSkip
	}
	for _, t := range info.Tables {
		lock.Of = append(lock.Of, l.objectName(t))
	}
	out.Locking = []*ast.Locking{lock}
}

func (l *lowerer) with(w *mast.WithClause) *ast.With {
	if w == nil {
		return nil
	}
	out := &ast.With{Pos: l.at(w), Recursive: w.IsRecursive}
	for _, c := range w.CTEs {
		out.CTEs = append(out.CTEs, &ast.CTE{Pos: l.at(c.Query), Name: name(c.Name), Columns: names(c.ColNameList), Query: l.subquery(c.Query)})
	}
	return out
}

// setOperation lowers UNION and the like, which TiDB's parser gives as a flat list. INTERSECT binds more tightly than
// the others, which are taken from the left.
func (l *lowerer) setOperation(list *mast.SetOprSelectList, with *mast.WithClause, order *mast.OrderByClause, limit *mast.Limit) *ast.Select {
	out := &ast.Select{Pos: l.at(list), With: l.with(with)}
	defer l.link(len(list.Selects))()
	type term struct {
		body ast.QueryBody
		op   mast.SetOprType
		pos  int
	}
	var terms []term
	for i, s := range list.Selects {
		t := term{body: l.operandOf(s), pos: l.at(s)}
		if i > 0 {
			t.op = operatorOf(s)
		}
		if last := len(terms) - 1; i > 0 && (t.op == mast.Intersect || t.op == mast.IntersectAll) {
			terms[last].body = combine(terms[last].body, t.body, ast.Intersect, t.op == mast.IntersectAll, t.pos)
			continue
		}
		terms = append(terms, t)
	}
	body := terms[0].body
	for _, t := range terms[1:] {
		op := ast.Union
		if t.op == mast.Except || t.op == mast.ExceptAll {
			op = ast.Except
		}
		body = combine(body, t.body, op, t.op == mast.UnionAll || t.op == mast.ExceptAll, t.pos)
	}
	out.Body = body
	l.tail(out, order, limit, resultLabels(terms[0].body))
	return out
}

// resultLabels are the labels of a set operation's result, those of its first query.
func resultLabels(body ast.QueryBody) labels {
	out := labels{}
	for {
		switch b := body.(type) {
		case *ast.SetOp:
			body = b.Args[0]
			continue
		case *ast.Select:
			body = b.Body
			continue
		case *ast.SelectCore:
			for _, t := range b.Targets {
				if t.Name != "" {
					out[strings.ToLower(t.Name)] = t
				}
			}
		}
		return out
	}
}

// combine makes left op right, in one node with left where that has the same operator.
func combine(left, right ast.QueryBody, op ast.SetOpKind, all bool, pos int) ast.QueryBody {
	if s, ok := left.(*ast.SetOp); ok && s.Op == op && s.All == all {
		s.Args = append(s.Args, right)
		return s
	}
	return &ast.SetOp{Pos: pos, Op: op, All: all, Args: []ast.QueryBody{left, right}}
}

func operatorOf(s mast.Node) mast.SetOprType {
	var op *mast.SetOprType
	switch s := s.(type) {
	case *mast.SelectStmt:
		op = s.AfterSetOperator
	case *mast.SetOprSelectList:
		op = s.AfterSetOperator
	}
	if op == nil {
		fail(pgerr.New(pgerr.InternalError, "a set operation without an operator"))
	}
	return *op
}

// operandOf lowers an operand of a set operation: its body alone where it has no clauses of its own.
func (l *lowerer) operandOf(s mast.Node) ast.QueryBody {
	q := l.operandQuery(s)
	_, nested := q.Body.(*ast.SetOp)
	if q.With == nil && q.OrderBy == nil && q.Limit == nil && q.Offset == nil && q.Locking == nil && !nested {
		return q.Body
	}
	return q
}

// operandQuery lowers an operand of a set operation, whose labels are the result's: they may stay as written.
func (l *lowerer) operandQuery(s mast.Node) *ast.Select {
	defer l.push()()
	return l.query(s)
}
