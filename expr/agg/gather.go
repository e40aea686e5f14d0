package agg

import (
	"slices"

	"millrace/delta"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/types"
)

// byteStrings are string_agg over text and over bytea.
func byteStrings() []*Function {
	of := func(oid uint32, k types.Kind) *Function {
		t := types.Of(k)
		return &Function{Name: "string_agg", OID: oid, Args: []types.T{t, t}, Ret: t, Strict: 1,
			Fold: func([]types.T) Fold { return &stringFold{} },
			Note: "The values that are not null, each but the first after its delimiter."}
	}
	return []*Function{of(3538, types.Text), of(3545, types.Bytea)}
}

// stringFold is string_agg. Cost: the length of the result.
type stringFold struct {
	buf []byte
	any bool
}

func (f *stringFold) Begin([]types.Datum, int64) (int64, error) {
	f.buf, f.any = f.buf[:0], false
	return 0, nil
}

func (f *stringFold) Row(args []types.Datum, at, n int64) (int64, error) {
	for range n {
		if f.any && !args[1].Null {
			f.buf = append(f.buf, args[1].B...)
		}
		f.buf = append(f.buf, args[0].B...)
		f.any = true
		if len(f.buf) > expr.MaxValueBytes {
			return Done, expr.ErrTooLarge()
		}
		if len(args[0].B) == 0 && (args[1].Null || len(args[1].B) == 0) {
			break // and so on
		}
	}
	return at + n, nil
}

func (f *stringFold) End(out *delta.Vec) error {
	if !f.any {
		out.AppendNull()
		return nil
	}
	out.AppendBytes(f.buf)
	return nil
}

// arrays are array_agg over scalars and over arrays.
func arrays() []*Function {
	return []*Function{
		{Name: "array_agg", OID: 2335, Args: []types.T{expr.AnyNonArray}, Ret: expr.AnyArray,
			RetOf: func(args []types.T) types.T { return types.ArrayOf(args[0].WithoutMod()) },
			Fold:  func(args []types.T) Fold { return &arrayFold{elem: args[0]} },
			Note:  "The values, nulls among them, as an array."},
		{Name: "array_agg", OID: 4053, Args: []types.T{expr.AnyArray}, Ret: expr.AnyArray,
			RetOf: func(args []types.T) types.T { return args[0].WithoutMod() },
			Fold:  func(args []types.T) Fold { return &matrixFold{elem: args[0].ElemType()} },
			Note:  "The arrays, which must have the same dimensions, as an array of one dimension more."},
	}
}

// arrayFold is array_agg over scalars. Cost: the length of the result.
type arrayFold struct {
	elem  types.T
	b     types.ArrayBuilder
	bytes int
}

func (f *arrayFold) Begin([]types.Datum, int64) (int64, error) {
	f.b.Reset(f.elem)
	f.bytes = 0
	return 0, nil
}

func (f *arrayFold) Row(args []types.Datum, at, n int64) (int64, error) {
	for range n {
		if f.bytes += 8 + len(args[0].B); f.bytes > expr.MaxValueBytes {
			return Done, expr.ErrTooLarge()
		}
		f.b.Append(args[0])
	}
	return at + n, nil
}

func (f *arrayFold) End(out *delta.Vec) error {
	if f.b.Len() == 0 {
		out.AppendNull()
		return nil
	}
	out.Data = f.b.Build(out.Data)
	out.EndBytes()
	return nil
}

// matrixFold is array_agg over arrays of the same dimensions.
type matrixFold struct {
	elem  types.T
	b     types.ArrayBuilder
	dims  []types.ArrayDim // of the first
	n     int64
	bytes int
}

func (f *matrixFold) Begin([]types.Datum, int64) (int64, error) {
	f.b.Reset(f.elem)
	f.dims, f.n, f.bytes = f.dims[:0], 0, 0
	return 0, nil
}

func (f *matrixFold) Row(args []types.Datum, at, n int64) (int64, error) {
	if args[0].Null {
		return Done, pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
	}
	r := types.ReadArray(f.elem, args[0].B)
	switch {
	case r.Len() == 0:
		return Done, pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
	case f.n == 0:
		f.dims = append(f.dims[:0], r.Dims()...)
	case !slices.Equal(f.dims, r.Dims()):
		return Done, pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	}
	for range n {
		if f.bytes += 8*r.Len() + len(args[0].B); f.bytes > expr.MaxValueBytes {
			return Done, expr.ErrTooLarge()
		}
		for e := r; ; {
			d, ok := e.Next()
			if !ok {
				break
			}
			f.b.Append(d)
		}
	}
	f.n += n
	return at + n, nil
}

func (f *matrixFold) End(out *delta.Vec) error {
	if f.n == 0 {
		out.AppendNull()
		return nil
	}
	dims := append([]types.ArrayDim{{Len: int32(f.n), Lower: 1}}, f.dims...)
	if _, err := types.CheckArrayDims(dims); err != nil {
		out.AppendNull()
		return err
	}
	out.Data = f.b.BuildDims(out.Data, dims)
	out.EndBytes()
	return nil
}
