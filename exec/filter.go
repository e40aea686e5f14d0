package exec

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
)

// filter keeps the rows for which a condition is true: linear, without state. A row for which the condition fails is
// an error row. It also is a Scan, whose filter may be absent.
type filter struct {
	*output
	pred *expr.Program // nil passes everything
	sel  []uint32
	errs expr.Errors
}

func newScan(o *output, n *physical.Scan) (*filter, error) { return newFilter(o, n.Filter) }

func newFilter(o *output, pred expr.Expr) (f *filter, err error) {
	f = &filter{output: o}
	if pred != nil {
		f.pred, err = expr.Compile(pred)
	}
	return f, err
}

// Push implements Operator.
func (f *filter) Push(_ int, b *delta.Batch) error {
	if f.pred == nil {
		return f.emit(b)
	}
	f.errs.List = f.errs.List[:0]
	f.sel = f.pred.EvalPred(f.d.opt.Context, b, f.sel, &f.errs)
	if err := f.failRows(&f.errs, b); err != nil {
		return err
	}
	switch len(f.sel) {
	case 0:
		return nil
	case b.N:
		return f.emit(b)
	}
	return f.emit(b.Gather(f.sel))
}

// Flush implements Operator.
func (f *filter) Flush() error { return nil }
