package bind

import (
	"slices"
	"strconv"

	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// tracing is the SEARCH and CYCLE clauses of a recursive query: columns that its rows carry besides, by which they are
// ordered, or a row is known to have come up before on its own way. They are what PostgreSQL's documentation writes out by hand:
//
//   - SEARCH DEPTH FIRST: the rows on the way to this one, as an array; SEARCH BREADTH FIRST: the iteration, then the row.
//   - CYCLE: the same array, and a mark that says whether the row is in it already. Marked rows lead nowhere.
type tracing struct {
	b    *Binder
	ast  *ast.CTE
	name []string // of the query's columns
	work *logical.WorkTable
	// marked and unmarked are the values of the mark.
	marked, unmarked expr.Expr
	added            []trace
}

// trace is a column that is carried.
type trace struct {
	name string
	role string
	id   logical.ColID // in the work table
	base logical.ColID
}

// What the expressions below call the columns that they read; the query's own columns are called by their numbers.
const (
	traceSeq  = "seq"
	traceDeep = "depth"
	traceMark = "mark"
	tracePath = "path"
)

// newTracing binds the values of the mark; it is nil where there is neither clause.
func (b *Binder) newTracing(c *ast.CTE) (*tracing, error) {
	if c.Search == nil && c.Cycle == nil {
		return nil, nil
	}
	t := &tracing{b: b, ast: c}
	if c.Cycle == nil {
		return t, nil
	}
	boolean := types.Of(types.Bool)
	t.marked, t.unmarked = &expr.Const{Value: types.NewBool(true), T: boolean}, &expr.Const{Value: types.NewBool(false), T: boolean}
	cl := b.clause(&scope{}, "CYCLE")
	if c.Cycle.To != nil {
		var err error
		if t.marked, err = cl.bind(c.Cycle.To); err != nil {
			return nil, err
		}
		if t.unmarked, err = cl.bind(c.Cycle.Default); err != nil {
			return nil, err
		}
		to, dflt := ast.Start(c.Cycle.To), ast.Start(c.Cycle.Default)
		of, err := cl.commonType("CYCLE", []expr.Expr{t.marked, t.unmarked}, to, dflt)
		if err != nil {
			return nil, err
		}
		if t.marked, err = cl.coerce(t.marked, of, implicit, to); err != nil {
			return nil, err
		}
		if t.unmarked, err = cl.coerce(t.unmarked, of, implicit, dflt); err != nil {
			return nil, err
		}
	}
	_, err := cl.equality(t.marked.Type(), 0)
	return t, err
}

// checkForm refuses the terms that PostgreSQL refuses with these clauses.
func (t *tracing) checkForm(op *ast.SetOp) error {
	if _, nested := simple(op.Args[0]).(*ast.SetOp); nested || len(op.Args) > 2 {
		return pgerr.New(pgerr.FeatureNotSupported, "with a SEARCH or CYCLE clause, the left side of the UNION must be a SELECT")
	}
	right := simple(op.Args[1])
	core, ok := right.(*ast.SelectCore)
	if !ok {
		return pgerr.New(pgerr.SyntaxError, "with a SEARCH or CYCLE clause, the right side of the UNION must be a SELECT")
	}
	if !slices.ContainsFunc(core.From, t.reads) {
		return pgerr.New(pgerr.FeatureNotSupported,
			"with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its right-hand SELECT", t.ast.Name)
	}
	return nil
}

// simple takes the parentheses from a query.
func simple(body ast.QueryBody) ast.QueryBody {
	for {
		q, ok := body.(*ast.Select)
		if !ok {
			return body
		}
		body = q.Body
	}
}

// reads reports whether a FROM item is the recursive reference or a join with it.
func (t *tracing) reads(f ast.TableExpr) bool {
	switch f := f.(type) {
	case *ast.TableName:
		return f.Schema == "" && f.Name == t.ast.Name
	case *ast.Join:
		return t.reads(f.Left) || t.reads(f.Right)
	}
	return false
}

// checkNames holds the names in the clauses against the query's columns.
func (t *tracing) checkNames() error {
	list := func(what string, names []string, pos int) error {
		for i, n := range names {
			if !slices.Contains(t.name, n) {
				return pgerr.New(pgerr.SyntaxError, "%s column \"%s\" not in WITH query column list", what, n).At(pos)
			}
			if slices.Contains(names[:i], n) {
				return pgerr.New(pgerr.DuplicateColumn, "%s column \"%s\" specified more than once", what, n).At(pos)
			}
		}
		return nil
	}
	fresh := func(what, name string, pos int) error {
		if slices.Contains(t.name, name) {
			return pgerr.New(pgerr.SyntaxError, "%s column name \"%s\" already used in WITH query column list", what, name).At(pos)
		}
		return nil
	}
	different := func(a, an, b, bn string, pos int) error {
		if an == bn {
			return pgerr.New(pgerr.SyntaxError, "%s column name and %s column name are the same", a, b).At(pos)
		}
		return nil
	}
	var checks []error
	s, c := t.ast.Search, t.ast.Cycle
	if s != nil {
		checks = append(checks, list("search", s.By, s.Pos), fresh("search sequence", s.Set, s.Pos))
	}
	if c != nil {
		checks = append(checks, list("cycle", c.Columns, c.Pos), fresh("cycle mark", c.Mark, c.Pos), fresh("cycle path", c.Path, c.Pos),
			different("cycle mark", c.Mark, "cycle path", c.Path, c.Pos))
	}
	if s != nil && c != nil {
		checks = append(checks, different("search sequence", s.Set, "cycle mark", c.Mark, s.Pos), different("search sequence", s.Set, "cycle path", c.Path, s.Pos))
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// terms are the carried columns as expressions over the query's columns; first says whether a row is of the base.
func (t *tracing) terms(first bool) (as []trace, es []ast.Expr) {
	list := func(cols []string, before string) *ast.Row {
		r := &ast.Row{Explicit: true}
		if before != "" {
			r.Args = append(r.Args, traceRef(before))
		}
		for _, n := range cols {
			if i := slices.Index(t.name, n); i >= 0 { // else checkNames reports it
				r.Args = append(r.Args, traceRef(strconv.Itoa(i)))
			}
		}
		return r
	}
	longer := func(array string, row *ast.Row) ast.Expr {
		if first {
			return &ast.Array{Elems: []ast.Expr{row}}
		}
		return &ast.BinaryOp{Op: "||", Left: traceRef(array), Right: row}
	}
	if s := t.ast.Search; s != nil {
		as = append(as, trace{name: s.Set, role: traceSeq})
		if s.BreadthFirst {
			es = append(es, list(s.By, traceDeep))
		} else {
			es = append(es, longer(traceSeq, list(s.By, "")))
		}
	}
	if c := t.ast.Cycle; c != nil {
		as = append(as, trace{name: c.Mark, role: traceMark}, trace{name: c.Path, role: tracePath})
		es = append(es, &ast.AnyAll{Left: list(c.Columns, ""), Op: "=", Array: traceRef(tracePath)}, longer(tracePath, list(c.Columns, "")))
	}
	return as, es
}

func traceRef(name string) ast.Expr { return &ast.ColumnRef{Parts: []string{name}} }

// open adds the columns to the base and to the work table, and gives the base and what the reference to the query means in the
// recursive term.
func (t *tracing) open(base *Rel, work *logical.WorkTable, pos func(int) int) (*Rel, *Rel, error) {
	b := t.b
	t.work = work
	m := b.compute(base.Node)
	out := &Rel{}
	ref := &Rel{}
	c := b.clause(&scope{}, "UNION")
	for i, col := range base.Cols {
		e, err := c.typed(base.expr(b, i), pos(i))
		if err != nil {
			return nil, nil, err
		}
		out.Cols = append(out.Cols, OutCol{col.Name, m.column(e, col.Name)})
		name := b.cols.At(work.Cols[i]).Name
		t.name = append(t.name, name)
		ref.Cols = append(ref.Cols, OutCol{name, work.Cols[i]})
	}
	bigint := types.Of(types.Int8)
	depth := b.cols.Add(logical.Column{Name: traceDeep, T: bigint})
	m.items = append(m.items, logical.Item{Col: depth, Expr: &expr.Const{Value: types.NewInt(0), T: bigint}})
	if err := t.add(out, m, b.cols.Extend(base.Node, m.items...), scopeCol{name: traceDeep, id: depth}); err != nil {
		return nil, nil, err
	}
	for i := range t.added {
		a := &t.added[i]
		a.id = b.cols.Add(logical.Column{Name: a.name, T: b.cols.At(a.base).T, Rel: t.ast.Name})
		work.Cols = append(work.Cols, a.id)
		ref.Cols = append(ref.Cols, OutCol{a.name, a.id})
	}
	ref.Node, ref.added = work, len(t.added)
	if t.ast.Cycle == nil {
		return out, ref, nil
	}
	unmarked, err := c.operator("<>", b.cols.Ref(t.id(traceMark)), t.marked, 0)
	ref.Node = logical.NewFilter(work, unmarked)
	return out, ref, err
}

// id finds a carried column in the work table.
func (t *tracing) id(role string) logical.ColID {
	return t.added[slices.IndexFunc(t.added, func(a trace) bool { return a.role == role })].id
}

// add computes the carried columns over a term's plan, in which out's columns are and those of more.
func (t *tracing) add(out *Rel, m *computed, node logical.Node, more ...scopeCol) error {
	b := t.b
	it := &fromItem{colsVisible: true, cols: more}
	for i, col := range out.Cols {
		it.cols = append(it.cols, scopeCol{name: strconv.Itoa(i), id: col.ID})
	}
	c := b.clause(&scope{items: []*fromItem{it}}, "WITH")
	first := len(t.added) == 0
	as, es := t.terms(first)
	over := b.compute(node)
	for i, e := range es {
		var x expr.Expr
		mark := as[i].role == traceMark
		if mark && first {
			x = t.unmarked
		} else {
			var err error
			if x, err = c.bind(e); err != nil {
				return err
			}
		}
		if mark && !first {
			x = &expr.Case{T: t.marked.Type(), Whens: []expr.When{{Cond: x, Result: t.marked}}, Else: t.unmarked}
		}
		id := b.cols.Add(logical.Column{Name: as[i].name, T: x.Type()})
		over.items = append(over.items, logical.Item{Col: id, Expr: x})
		out.Cols = append(out.Cols, OutCol{as[i].name, id})
		if first {
			as[i].base = id
			t.added = append(t.added, as[i])
		}
	}
	out.Node = b.cols.Extend(node, over.items...)
	return nil
}

// step adds the columns to the recursive term.
func (t *tracing) step(step *Rel, pos func(int) int) (*Rel, error) {
	if err := t.checkNames(); err != nil {
		return nil, err
	}
	b := t.b
	have := logical.OutputSet(step.Node)
	if !have.Has(t.work.Iteration) || slices.ContainsFunc(t.added, func(a trace) bool { return !have.Has(a.id) }) {
		return nil, pgerr.Unsupported("SEARCH and CYCLE with a recursive term that combines rows").At(t.ast.Pos).
			WithHint("Move DISTINCT, GROUP BY and aggregates out of the recursive term.")
	}
	if len(step.Cols) != len(t.name) {
		return step, nil // which the union reports
	}
	m := b.compute(step.Node)
	out := &Rel{}
	c := b.clause(&scope{}, "UNION")
	for i, col := range step.Cols {
		e := step.expr(b, i)
		to := b.cols.At(t.work.Cols[i]).T
		if of, err := c.commonType("UNION", []expr.Expr{b.cols.Ref(t.work.Cols[i]), e}); err == nil && of == to {
			if e, err = c.coerce(e, to, implicit, pos(i)); err != nil {
				return nil, err
			}
		}
		out.Cols = append(out.Cols, OutCol{col.Name, m.column(e, col.Name)})
	}
	var more []scopeCol
	bigint := types.Of(types.Int8)
	next, err := c.operator("+", b.cols.Ref(t.work.Iteration), &expr.Const{Value: types.NewInt(1), T: bigint}, 0)
	if err != nil {
		return nil, err
	}
	more = append(more, scopeCol{name: traceDeep, id: m.column(next, traceDeep)})
	for _, a := range t.added {
		more = append(more, scopeCol{name: a.role, id: a.id})
	}
	return out, t.add(out, m, b.cols.Extend(step.Node, m.items...), more...)
}
