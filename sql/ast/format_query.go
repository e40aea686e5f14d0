package ast

func (p *printer) parenQuery(q *Select) {
	outer := p.restricted
	p.restricted = false
	p.w("(")
	p.query(q)
	p.w(")")
	p.restricted = outer
}

func (p *printer) query(q *Select) {
	p.withClause(q.With)
	if q.Into != nil {
		p.into = q.Into
	}
	if c, ok := q.Body.(*SelectCore); ok && q.Emit != EmitDefault && c.empty() {
		// After SELECT alone, EMIT would read as a column.
		p.w("(")
		p.core(c)
		p.w(")")
	} else {
		p.body(q.Body)
	}
	p.orderBy(q.OrderBy)
	switch {
	case q.FetchWithTies:
		// A negative or compound count needs parentheses: FETCH takes a primary.
		p.w(" FETCH FIRST ")
		p.expr(q.Limit, PrecPrimary)
		p.w(" ROWS WITH TIES")
	default:
		p.clause(" LIMIT ", q.Limit)
	}
	p.clause(" OFFSET ", q.Offset)
	for _, l := range q.Locking {
		p.w(" FOR ", [...]string{"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"}[l.Strength])
		if len(l.Of) > 0 {
			p.w(" OF ")
			p.names(l.Of)
		}
		p.w([...]string{"", " NOWAIT", " SKIP LOCKED"}[l.Wait])
	}
	p.clause(" AS OF ", q.AsOf)
	p.w([...]string{"", " EMIT ON UPDATE", " EMIT ON WINDOW CLOSE", " EMIT CHANGES", " EMIT FINAL", " EMIT ON UPDATE, FINAL AFTER WATERMARK"}[q.Emit])
	switch {
	case q.Late == nil:
	case q.Late.To == nil:
		p.w(" LATE DATA UPDATE")
	default:
		p.w(" LATE DATA TO ")
		p.name(*q.Late.To)
	}
}

func (p *printer) withClause(w *With) {
	if w == nil {
		return
	}
	p.w("WITH ")
	p.when(w.Recursive, "RECURSIVE ")
	list(p, w.CTEs, p.cte)
	p.w(" ")
}

func (p *printer) cte(c *CTE) {
	p.ident(c.Name)
	optParens(p, c.Columns, p.ident)
	p.w(" AS ", [...]string{"", "MATERIALIZED ", "NOT MATERIALIZED "}[c.Materialized], "(")
	p.node(c.Query)
	p.w(")")
	if s := c.Search; s != nil {
		if s.BreadthFirst {
			p.w(" SEARCH BREADTH FIRST BY ")
		} else {
			p.w(" SEARCH DEPTH FIRST BY ")
		}
		p.idents(s.By)
		p.named(" SET ", s.Set)
	}
	if y := c.Cycle; y != nil {
		p.w(" CYCLE ")
		p.idents(y.Columns)
		p.named(" SET ", y.Mark)
		p.clause(" TO ", y.To)
		p.clause(" DEFAULT ", y.Default)
		p.named(" USING ", y.Path)
	}
}

func (p *printer) body(b QueryBody) {
	switch b := b.(type) {
	case *SelectCore:
		p.core(b)
	case *Values:
		p.w("VALUES ")
		list(p, b.Rows, p.parenExprs)
	case *SetOp:
		p.setOp(b)
	case *Select:
		p.parenQuery(b)
	}
}

// empty says whether nothing follows the word SELECT.
func (s *SelectCore) empty() bool {
	return s.Targets == nil && s.From == nil && s.TimeWindow == nil && s.Where == nil && s.GroupBy == nil && s.Having == nil && s.Windows == nil
}

func setOpLevel(k SetOpKind) int {
	if k == Intersect {
		return 2
	}
	return 1
}

// setOp writes a chain of one operation. The first operand may be a chain of another operation that binds as tightly;
// the others must bind more tightly or stand in parentheses.
func (p *printer) setOp(s *SetOp) {
	for i, a := range s.Args {
		need := setOpLevel(s.Op)
		if i > 0 {
			p.w([...]string{" UNION ", " INTERSECT ", " EXCEPT "}[s.Op])
			p.when(s.All, "ALL ")
			need++
		}
		inner, ok := a.(*SetOp)
		if ok && (setOpLevel(inner.Op) < need || i == 0 && inner.Op == s.Op && inner.All == s.All) {
			p.w("(")
			p.setOp(inner)
			p.w(")")
			continue
		}
		p.body(a)
	}
}

func (p *printer) core(s *SelectCore) {
	p.w("SELECT")
	if s.Distinct {
		p.w(" DISTINCT")
		if len(s.DistinctOn) > 0 {
			p.w(" ON ")
			p.parenExprs(s.DistinctOn)
		}
	}
	if len(s.Targets) > 0 {
		p.w(" ")
		p.targets(s.Targets)
	}
	if into := p.into; into != nil {
		p.into = nil
		p.w(" INTO ", persistence(into.Persistence))
		p.w("TABLE ")
		p.name(into.Name)
	}
	p.from(" FROM ", s.From)
	if s.TimeWindow != nil {
		p.timeWindow(s.TimeWindow)
	}
	p.clause(" WHERE ", s.Where)
	if len(s.GroupBy) > 0 {
		p.w(" GROUP BY ")
		p.when(s.GroupDistinct, "DISTINCT ")
		list(p, s.GroupBy, p.groupItem)
	}
	p.clause(" HAVING ", s.Having)
	for i, w := range s.Windows {
		if i == 0 {
			p.w(" WINDOW ")
		} else {
			p.w(", ")
		}
		p.ident(w.Name)
		p.w(" AS ")
		p.window(w)
	}
	p.clause(" QUALIFY ", s.Qualify)
}

func (p *printer) from(word string, items []TableExpr) {
	if len(items) > 0 {
		p.w(word)
		list(p, items, p.table)
	}
}

func (p *printer) targets(ts []*Target) { list(p, ts, p.target) }

func (p *printer) target(t *Target) {
	p.expr(t.Expr, PrecLowest)
	if t.Name != "" {
		p.w(" AS ")
		p.ident(t.Name)
	}
}

func (p *printer) returning(ts []*Target) {
	if len(ts) > 0 {
		p.w(" RETURNING ")
		p.targets(ts)
	}
}

func (p *printer) groupItem(g GroupItem) {
	switch g.Kind {
	case GroupExpr:
		p.expr(g.Expr, PrecLowest)
	case GroupEmpty:
		p.w("()")
	default:
		p.w([...]string{GroupRollup: "ROLLUP ", GroupCube: "CUBE ", GroupSets: "GROUPING SETS "}[g.Kind])
		parens(p, g.Sets, p.groupItem)
	}
}

func (p *printer) orderBy(items []*OrderItem) {
	if len(items) == 0 {
		return
	}
	if s := p.String(); s != "" && s[len(s)-1] != '(' {
		p.w(" ")
	}
	p.w("ORDER BY ")
	list(p, items, p.orderItem)
}

func (p *printer) orderItem(o *OrderItem) {
	p.expr(o.Expr, PrecLowest)
	if o.Using != "" {
		p.w(" USING ")
		p.operator(o.Using, o.UsingSchema)
	}
	p.when(o.Desc, " DESC")
	p.nulls(o.Nulls)
}

func (p *printer) nulls(n NullsOrder) { p.w([...]string{"", " NULLS FIRST", " NULLS LAST"}[n]) }

func (p *printer) window(w *WindowDef) {
	p.w("(")
	sep := ""
	part := func(write func()) {
		p.w(sep)
		sep = " "
		write()
	}
	if w.Base != "" {
		part(func() { p.ident(w.Base) })
	}
	if len(w.PartitionBy) > 0 {
		part(func() {
			p.w("PARTITION BY ")
			p.exprs(w.PartitionBy)
		})
	}
	if len(w.OrderBy) > 0 {
		part(func() {
			p.w("ORDER BY ")
			list(p, w.OrderBy, p.orderItem)
		})
	}
	if w.Frame != nil {
		part(func() { p.frame(w.Frame) })
	}
	p.w(")")
}

func (p *printer) frame(f *Frame) {
	p.w([...]string{"RANGE ", "ROWS ", "GROUPS "}[f.Mode])
	if f.Between {
		p.w("BETWEEN ")
		p.bound(f.Start)
		p.w(" AND ")
		p.bound(f.End)
	} else {
		p.bound(f.Start)
	}
	p.w([...]string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude])
}

func (p *printer) bound(b FrameBound) {
	if b.Offset != nil {
		p.expr(b.Offset, PrecLowest)
		p.w(" ")
	}
	p.w([...]string{"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW", "FOLLOWING", "UNBOUNDED FOLLOWING"}[b.Kind])
}

func (p *printer) table(t TableExpr) {
	switch t := t.(type) {
	case *TableName:
		p.tableName(t)
	case *Subquery:
		p.when(t.Lateral, "LATERAL ")
		p.parenQuery(t.Query)
		p.alias(t.Alias)
	case *Join:
		p.join(t)
	case *FuncTable:
		p.funcTable(t)
	case *WindowTable:
		p.windowTable(t)
	}
}

func (p *printer) tableName(t *TableName) {
	p.when(t.Only, "ONLY ")
	p.name(t.ObjectName)
	p.clause(" FOR SYSTEM_TIME AS OF ", t.SystemTimeAsOf)
	p.alias(t.Alias)
	if s := t.Sample; s != nil {
		p.w(" TABLESAMPLE ")
		p.name(s.Method)
		p.parenExprs(s.Args)
		if s.Repeatable != nil {
			p.clause(" REPEATABLE (", s.Repeatable)
			p.w(")")
		}
	}
}

func (p *printer) join(j *Join) {
	if j.Alias != nil {
		p.w("(")
		bare := *j
		bare.Alias = nil
		p.join(&bare)
		p.w(")")
		p.alias(j.Alias)
		return
	}
	p.table(j.Left)
	p.when(j.Natural, " NATURAL")
	p.when(j.AsOf, " ASOF")
	p.w([...]string{"", " LEFT", " RIGHT", " FULL", " CROSS"}[j.Type], " JOIN ")
	if r, ok := j.Right.(*Join); ok && r.Alias == nil {
		p.w("(")
		p.join(r)
		p.w(")")
	} else {
		p.table(j.Right)
	}
	if j.Match != nil {
		p.clause(" MATCH_CONDITION (", j.Match)
		p.w(")")
	}
	p.clause(" ON ", j.On)
	if len(j.Using) > 0 {
		p.w(" USING ")
		parens(p, j.Using, p.ident)
		p.named(" AS ", j.UsingAlias)
	}
}

func (p *printer) funcTable(t *FuncTable) {
	p.when(t.Lateral, "LATERAL ")
	write := func(f FuncTableItem) {
		p.expr(f.Call, PrecLowest)
		if f.ColDefs != nil {
			p.w(" AS ")
			parens(p, f.ColDefs, p.columnDef)
		}
	}
	if t.RowsFrom {
		p.w("ROWS FROM ")
		parens(p, t.Funcs, write)
	} else {
		list(p, t.Funcs, write)
	}
	p.when(t.Ordinality, " WITH ORDINALITY")
	p.alias(t.Alias)
	if t.ColDefs != nil {
		p.when(t.Alias == nil, " AS")
		p.w(" ")
		parens(p, t.ColDefs, p.columnDef)
	}
}

func (p *printer) timeWindow(w *TimeWindow) {
	p.w(" WINDOW ", [...]string{Tumble: "TUMBLING (SIZE ", Hop: "HOPPING (SIZE ", Session: "SESSION ("}[w.Kind])
	p.expr(w.Size, PrecLowest)
	p.clause(", ADVANCE BY ", w.Advance)
	p.clause(", RETENTION ", w.Retention)
	p.clause(", GRACE PERIOD ", w.Grace)
	p.w(")")
}

func (p *printer) windowTable(t *WindowTable) {
	p.when(t.Lateral, "LATERAL ")
	p.w(t.Kind.String(), "(")
	p.table(t.Input)
	for _, e := range []Expr{t.Time, t.Step, t.Size, t.Offset} {
		p.clause(", ", e)
	}
	p.clause(", timezone => ", t.TimeZone)
	if len(t.PartitionBy) > 0 {
		p.w(" PARTITION BY ")
		p.exprs(t.PartitionBy)
	}
	p.w(")")
	p.alias(t.Alias)
}

func persistence(k Persistence) string {
	return [...]string{"", "TEMPORARY ", "UNLOGGED "}[k]
}
