package agg

import (
	"bytes"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

// picks are the aggregates that give a value of one of the rows.
func picks() []*Function {
	first := func(args []types.T) types.T { return args[0].WithoutMod() }
	any := []types.T{expr.AnyElement}
	pair := []types.T{expr.AnyElement, expr.AnyType}
	fs := []*Function{
		{Name: "any_value", Args: any, RetOf: first, Strict: 1, Once: true,
			Note: "A value that is not null: the first by ORDER BY, else the least. As in PostgreSQL 16."},
		{Name: "first_value", Args: any, RetOf: first,
			Note: "The value of the first row by ORDER BY; without it the least. It may be null."},
		{Name: "last_value", Args: any, RetOf: first, Backward: true,
			Note: "The value of the last row by ORDER BY; without it the greatest. It may be null."},
	}
	for _, name := range []string{"arg_min", "min_by"} {
		fs = append(fs, &Function{Name: name, Args: pair, RetOf: first, Strict: 2, By: &By{Arg: 1}, Once: true,
			Note: "The first argument in the row with the least second; rows with a null in either are passed over. Of several such rows " +
				"the first by ORDER BY, else the one with the least first argument."})
	}
	for _, name := range []string{"arg_max", "max_by"} {
		fs = append(fs, &Function{Name: name, Args: pair, RetOf: first, Strict: 2, By: &By{Arg: 1, Desc: true}, Once: true,
			Note: "The first argument in the row with the greatest second; otherwise as arg_min."})
	}
	for _, f := range fs {
		f.Ret, f.Pick, f.Fold = expr.AnyElement, true, newPick
	}
	return fs
}

// pickFold gives the first argument of the first row. Cost: that of reading one row in order.
type pickFold struct{ v ownDatum }

func newPick([]types.T) Fold { return &pickFold{} }

func (f *pickFold) Begin([]types.Datum, int64) (int64, error) {
	f.v.set(types.Null)
	return 0, nil
}

func (f *pickFold) Row(args []types.Datum, _, _ int64) (int64, error) {
	f.v.set(args[0])
	return Done, nil
}

func (f *pickFold) End(out *delta.Vec) error {
	out.Append(f.v.Datum)
	return nil
}

// ownDatum is a datum with memory of its own.
type ownDatum struct {
	types.Datum
	buf []byte
}

func (d *ownDatum) set(v types.Datum) {
	if d.Datum = v; v.B != nil {
		d.buf = append(d.buf[:0], v.B...)
		d.B = d.buf
	}
}

// modes is mode.
func modes() []*Function {
	return []*Function{{Name: "mode", OID: 3984, Form: OrderedSet, Args: []types.T{expr.AnyElement}, Ret: expr.AnyElement,
		RetOf:  func(args []types.T) types.T { return args[0].WithoutMod() },
		Strict: 1, Fold: func(args []types.T) Fold { return &modeFold{t: args[0]} },
		Note: "The most frequent value; of several such the first in the order."}}
}

// modeFold is mode: the length of the runs of equal values. Cost: the number of distinct values.
type modeFold struct {
	t        types.T
	run      ownDatum // the first of the present run
	n, bestN int64
	best     ownDatum
}

func (f *modeFold) Begin([]types.Datum, int64) (int64, error) {
	f.n, f.bestN = 0, 0
	return 0, nil
}

func (f *modeFold) Row(args []types.Datum, at, n int64) (int64, error) {
	v := args[0]
	if f.n > 0 && (bytes.Equal(v.B, f.run.B) && v.I == f.run.I || types.Compare(f.t, v, f.run.Datum) == 0) {
		f.n += n
	} else {
		f.endRun()
		f.run.set(v)
		f.n = n
	}
	return at + n, nil
}

func (f *modeFold) endRun() {
	if f.n > f.bestN {
		f.bestN = f.n
		f.best.set(f.run.Datum)
	}
}

func (f *modeFold) End(out *delta.Vec) error {
	if f.endRun(); f.bestN == 0 {
		out.AppendNull()
		return nil
	}
	out.Append(f.best.Datum)
	return nil
}
