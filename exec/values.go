package exec

import (
	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
)

// values produces constant rows once: at the first Flush over a new state.
type values struct {
	*output
	types []types.T
	rows  [][]expr.Expr
}

// Push implements Operator; nothing is pushed.
func (v *values) Push(int, *delta.Batch) error { return nil }

// Flush implements Operator.
func (v *values) Flush() error {
	if !v.d.fresh {
		return nil
	}
	one := &delta.Batch{N: 1}
	var errs expr.Errors
	out := newBuilder(v.output, v.types)
	for _, row := range v.rows {
		b := out.batch()
		data := make([]types.Datum, len(row))
		errs.List = errs.List[:0]
		for c, e := range row {
			if k, ok := e.(*expr.Const); ok {
				data[c] = k.Value
				continue
			}
			p, err := expr.Compile(e)
			if err != nil {
				return err
			}
			data[c] = p.EvalOwned(v.d.opt.Context, one, &errs).Datum(0)
		}
		if len(errs.List) > 0 {
			if err := v.failRows(&errs, one); err != nil {
				return err
			}
			continue
		}
		b.AppendRow(data, 1)
		if err := out.spill(); err != nil {
			return err
		}
	}
	return out.end()
}

func newValues(o *output, n *physical.Values) (*values, error) {
	for _, row := range n.Rows {
		if _, err := compileAll(row); err != nil {
			return nil, err
		}
	}
	return &values{output: o, types: n.Types, rows: n.Rows}, nil
}
