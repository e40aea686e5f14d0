package exec

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
)

// project computes a row from each row: linear, without state. A row for which an expression fails is an error row
// and gives no output.
type project struct {
	*output
	exprs []*expr.Program
	errs  expr.Errors
	good  []uint32
}

func newProject(o *output, n *physical.Project) (*project, error) {
	p := &project{output: o}
	var err error
	p.exprs, err = compileAll(n.Exprs)
	return p, err
}

func compileAll(es []expr.Expr) ([]*expr.Program, error) {
	ps := make([]*expr.Program, len(es))
	for i, e := range es {
		p, err := expr.Compile(e)
		if err != nil {
			return nil, err
		}
		ps[i] = p
	}
	return ps, nil
}

// Push implements Operator.
func (p *project) Push(_ int, b *delta.Batch) error {
	p.errs.List = p.errs.List[:0]
	out := &delta.Batch{Cols: make([]*delta.Vec, len(p.exprs)), Weights: b.Weights, N: b.N}
	for i, e := range p.exprs {
		out.Cols[i] = e.EvalOwned(p.d.opt.Context, b, &p.errs)
	}
	if len(p.errs.List) == 0 {
		return p.emit(out)
	}
	if err := p.failRows(&p.errs, b); err != nil {
		return err
	}
	p.good = withoutFailed(p.good[:0], b.N, &p.errs)
	return p.emit(out.Gather(p.good))
}

// withoutFailed appends to sel the rows below n that have no entry in errs.
func withoutFailed(sel []uint32, n int, errs *expr.Errors) []uint32 {
	failed := errs.List
	for i := range n {
		if len(failed) > 0 && failed[0].Row == i {
			failed = failed[1:]
			continue
		}
		sel = append(sel, uint32(i))
	}
	return sel
}

// Flush implements Operator.
func (p *project) Flush() error { return nil }
