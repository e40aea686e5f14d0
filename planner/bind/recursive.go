package bind

import (
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

// bindRecursive binds a WITH query that refers to itself. The base decides the columns' types; the step is bound with
// the reference standing for the work table, and made to work on all iterations at once.
func (b *Binder) bindRecursive(d *cte) (*Rel, error) {
	q := d.ast.Query.(*ast.Select)
	for inner, ok := q.Body.(*ast.Select); ok && q.With == nil && undecorated(q) == nil; inner, ok = q.Body.(*ast.Select) {
		q = inner
	}
	op, err := recursiveForm(d.ast, q)
	if err != nil {
		return nil, err
	}
	trace, err := b.newTracing(d.ast)
	if err == nil && trace != nil {
		err = trace.checkForm(op)
	}
	if err != nil {
		return nil, err
	}
	s, ctes, err := b.with(q.With, d.scope, false)
	if err != nil {
		return nil, err
	}
	base, err := b.recursionBase(op, s)
	if err != nil {
		return nil, err
	}
	basePos := bodyPos(op.Args[0])
	work, err := b.workTable(d, op, base, basePos)
	if err != nil {
		return nil, err
	}
	own := len(work.Cols)
	d.work = &Rel{Node: work, Cols: make([]OutCol, own)}
	for i, id := range work.Cols {
		d.work.Cols[i] = OutCol{Name: b.cols.At(id).Name, ID: id}
	}
	if trace != nil {
		base, d.work, err = trace.open(base, work, basePos)
	}
	last := op.Args[len(op.Args)-1]
	var step *Rel
	if err == nil {
		step, err = b.setOpArg(last, s)
	}
	d.work = nil
	if err == nil && trace != nil {
		step, err = trace.step(step, bodyPos(last))
	}
	if err != nil {
		return nil, err
	}
	united, err := b.combine(op, base, step, basePos, bodyPos(last))
	if err != nil {
		return nil, err
	}
	for i, c := range united.Cols[:own] {
		if got, want := b.cols.At(c.ID).T, b.cols.At(work.Cols[i]).T; got != want {
			return nil, pgerr.New(pgerr.DatatypeMismatch, "recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall",
				d.ast.Name, i+1, want, got).WithHint("Cast the output of the non-recursive term to the correct type.").At(basePos(i))
		}
	}
	node, err := b.recursion(d, op, united, work)
	if err != nil {
		return nil, err
	}
	rel := &Rel{Node: node, Cols: united.Cols, added: len(united.Cols) - own}
	if rel.Cols, err = d.names(rel.Cols); err != nil {
		return nil, err
	}
	return rel, b.unused(ctes)
}

// recursionBase binds all that is united but the last.
func (b *Binder) recursionBase(op *ast.SetOp, s *scope) (*Rel, error) {
	last := len(op.Args) - 1
	if last == 1 {
		return b.setOpArg(op.Args[0], s)
	}
	first := *op
	first.Args = op.Args[:last]
	return b.bindSetOp(&first, s)
}

// workTable makes the relation that the reference to itself reads. Untyped literals of the base are text.
func (b *Binder) workTable(d *cte, op *ast.SetOp, base *Rel, pos func(int) int) (*logical.WorkTable, error) {
	named, err := d.names(base.Cols)
	if err != nil {
		return nil, err
	}
	w := &logical.WorkTable{Name: d.ast.Name, Iteration: b.cols.Add(logical.Column{Name: "iteration", T: types.Of(types.Int8), Rel: d.ast.Name})}
	for i, c := range named {
		e, err := b.clause(&scope{}, "UNION").typed(base.expr(b, i), pos(i))
		if err != nil {
			return nil, err
		}
		w.Cols = append(w.Cols, b.cols.Add(logical.Column{Name: c.Name, T: e.Type(), Rel: d.ast.Name}))
	}
	w.AppendOnly = op.All && logical.NewAnalysis().AppendOnly(base.Node)
	return w, nil
}

// recursion makes the operator of the union of the base and the step.
func (b *Binder) recursion(d *cte, op *ast.SetOp, united *Rel, work *logical.WorkTable) (logical.Node, error) {
	node := united.Node
	if distinct, ok := node.(*logical.Distinct); ok {
		node = distinct.Input
	}
	u := node.(*logical.Union)
	step, iteration, err := b.perIteration(u.In[1], work)
	if err != nil {
		return nil, at(err, d.ast.Pos)
	}
	if iteration == 0 {
		return nil, pgerr.New(pgerr.InternalError, "the recursive term of \"%s\" does not read it", d.ast.Name)
	}
	an := logical.NewAnalysis()
	work.AppendOnly = work.AppendOnly && an.AppendOnly(step)
	return &logical.Recursive{
		Base: u.In[0], Step: step, Name: d.ast.Name, All: op.All, Cols: u.Cols, BaseCols: u.From[0], StepCols: u.From[1],
		StepIteration: iteration, Work: work.Iteration, AppendOnly: work.AppendOnly,
	}, nil
}
