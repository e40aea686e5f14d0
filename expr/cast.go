package expr

import (
	"errors"
	"slices"
	"strconv"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// conversion is how a value of one kind becomes one of another: by a kernel of one argument, or, with retype, by
// nothing but the type, since the two have the same representation.
type conversion struct {
	kernel EvalFunc
	retype bool
	total  bool // never fails
	// modDone says that the kernel applies the target's modifier itself.
	modDone bool
}

// isTextual reports whether t's values are plain UTF-8 text.
func isTextual(t types.T) bool {
	switch t.Kind {
	case types.Text, types.Varchar, types.Bpchar, types.Name, types.Unknown:
		return true
	}
	return false
}

func isReg(t types.T) bool {
	switch t.Kind {
	case types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole:
		return true
	}
	return false
}

// castUses says what besides the value a cast reads: the session's settings (for an unknown literal, too), or its
// catalog.
func castUses(from, to types.T) Uses {
	if from.Is(types.Array) && to.Is(types.Array) {
		return castUses(from.ElemType(), to.ElemType())
	}
	other := types.T{}
	switch {
	case isTextual(from) && isTextual(to):
		return 0
	case isTextual(from):
		other = to
	case isTextual(to):
		other = from
	default:
		if (from.Is(types.TimestampTZ) || to.Is(types.TimestampTZ)) && from.Kind != to.Kind {
			return UsesSettings
		}
		return 0
	}
	return textUses(other, isTextual(from))
}

// textUses says what the conversion of a type to text reads besides the value, or from text where input.
func textUses(t types.T, input bool) Uses {
	if t.Is(types.Array) {
		t = t.ElemType()
	}
	switch t.Kind {
	case types.Record:
		uses := Uses(0)
		if t.Def != nil {
			for _, a := range t.Def.Attrs() {
				uses |= textUses(a.T, input)
			}
		}
		return uses
	case types.Date, types.Timestamp, types.TimestampTZ, types.Interval:
		return UsesSettings
	case types.Time:
		if input {
			return UsesSettings
		}
	case types.Bytea, types.Float4, types.Float8:
		if !input {
			return UsesSettings
		}
	}
	if isReg(t) {
		return UsesSession
	}
	return 0
}

// castIsTotal reports whether a cast never fails.
func castIsTotal(from, to types.T, explicit bool) bool {
	c, err := findConversion(from, to, explicit)
	if err != nil || !(c.retype || c.total) {
		return false
	}
	if to.Mod < 0 || from == to {
		return true
	}
	// Cutting text and rounding times always succeed.
	return explicit && isTextual(to) || to.Is(types.Time)
}

// errCannotCast is the error of a pair of types without any conversion.
func errCannotCast(from, to types.T) error {
	return pgerr.New(pgerr.CannotCoerce, "cannot cast type %s to %s", from.WithoutMod(), to.WithoutMod())
}

// findConversion chooses the conversion between two types.
func findConversion(from, to types.T, explicit bool) (conversion, error) {
	if from.Same(to) {
		return conversion{retype: true, total: true}, nil
	}
	switch {
	case from.Is(types.Array) && to.Is(types.Array):
		return arrayConversion(from, to, explicit)
	case isTextual(from) && isTextual(to):
		return textToText(from, to), nil
	case isTextual(from):
		return fromText(to, explicit), nil
	}
	if c, ok := conversions[[2]types.Kind{from.Kind, to.Kind}]; ok {
		return c, nil
	}
	if isTextual(to) {
		return conversion{kernel: toTextKernel, total: true}, nil
	}
	return conversion{}, errCannotCast(from, to)
}

// newCast compiles a cast: the conversion and then, where the target has a modifier, its enforcement.
func newCast(e *Cast, arg operand) (node, error) {
	from := e.Arg.Type()
	c, err := findConversion(from, e.To, e.Explicit)
	if err != nil {
		var pe *pgerr.Error
		if errors.As(err, &pe) {
			pe.At(e.Pos)
		}
		return nil, err
	}
	needMod := e.To.Mod >= 0 && !c.modDone && from != e.To
	result := e.To
	if needMod {
		result = result.WithoutMod()
	}
	var n node
	if c.retype {
		n = &retypeNode{arg: arg, t: result}
	} else {
		kernel := c.kernel
		if _, literal := e.Arg.(*Const); literal && e.Pos > 0 {
			kernel = positioned(kernel, e.Pos)
		}
		n = newCall(&Function{Name: "cast", Eval: kernel, Total: c.total}, result, []operand{arg})
	}
	if needMod {
		fit := &Function{Name: "cast", Eval: modKernel(e.Explicit)}
		n = newCall(fit, e.To, []operand{{node: n, constant: arg.constant}})
	}
	return n, nil
}

// positioned adds the position of a literal in the statement to what goes wrong with it.
func positioned(kernel EvalFunc, pos int) EvalFunc {
	return func(ctx *Context, args Args, out *delta.Vec, errs *Errors) {
		mark := len(errs.List)
		kernel(ctx, args, out, errs)
		for _, e := range errs.List[mark:] {
			var pe *pgerr.Error
			if errors.As(e.Err, &pe) {
				pe.At(pos)
			}
		}
	}
}

// retypeNode passes its argument on under another type of the same representation.
type retypeNode struct {
	arg operand
	t   types.T
	out delta.Vec
}

func (r *retypeNode) eval(f *frame, sel []uint32) *delta.Vec {
	r.out = *r.arg.eval(f, sel)
	r.out.Type = r.t
	return &r.out
}

func (r *retypeNode) disown() {
	r.arg.disown()
	r.out = delta.Vec{}
}

// datumKernel makes a kernel of a conversion of single values. The result may alias the argument.
func datumKernel(convert func(ctx *Context, from, to types.T, d types.Datum) (types.Datum, error)) EvalFunc {
	return func(ctx *Context, args Args, out *delta.Vec, errs *Errors) {
		v, from, to := args.V[0], args.V[0].Type, out.Type
		mask := args.Mask(0)
		if to.Rep() == types.RepBytes {
			args.EachBytes(out, errs, func(dst []byte, row int) ([]byte, error) {
				d, err := convert(ctx, from, to, v.Datum(row&mask))
				return append(dst, d.B...), err
			})
			return
		}
		put := fixedWriter(out, args.N)
		args.Each(func(row int) {
			d, err := convert(ctx, from, to, v.Datum(row&mask))
			if err != nil {
				errs.Add(row, err)
				return
			}
			put(row, d)
		})
	}
}

// fixedWriter adds n slots to a vector of a fixed-width type and gives the function that fills one.
func fixedWriter(out *delta.Vec, n int) func(row int, d types.Datum) {
	switch out.Type.Rep() {
	case types.RepBool:
		dst := GrowBools(out, n)
		return func(row int, d types.Datum) { dst[row] = d.Bool() }
	case types.RepInt:
		dst := GrowInts(out, n)
		return func(row int, d types.Datum) { dst[row] = d.I }
	}
	dst := GrowFloats(out, n)
	return func(row int, d types.Datum) { dst[row] = d.Float() }
}

// modKernel fits values to the output type's modifier.
func modKernel(explicit bool) EvalFunc {
	return datumKernel(func(_ *Context, _, to types.T, d types.Datum) (types.Datum, error) {
		return types.ApplyMod(to, d, explicit)
	})
}

// textToText converts among the text types: what changes is the padding of a character and the length of a name.
func textToText(from, to types.T) conversion {
	switch {
	case from.Is(types.Bpchar):
		return conversion{total: true, kernel: datumKernel(func(_ *Context, _, to types.T, d types.Datum) (types.Datum, error) {
			d.B = types.TrimBpchar(d.B)
			if to.Is(types.Name) {
				return types.ParseText(to, d.B, nil)
			}
			return d, nil
		})}
	case to.Is(types.Name):
		return conversion{total: true, kernel: datumKernel(func(_ *Context, _, to types.T, d types.Datum) (types.Datum, error) {
			return types.ParseText(to, d.B, nil)
		})}
	}
	return conversion{retype: true, total: true}
}

// fromText reads a value from its text. An interval's modifier says how to read it.
func fromText(to types.T, explicit bool) conversion {
	if to.Is(types.Interval) {
		return conversion{modDone: true, kernel: datumKernel(func(ctx *Context, _, to types.T, d types.Datum) (types.Datum, error) {
			return types.ParseText(to, d.B, ctx.Env)
		})}
	}
	return conversion{kernel: datumKernel(func(ctx *Context, _, to types.T, d types.Datum) (types.Datum, error) {
		return types.ParseText(to.WithoutMod(), d.B, ctx.Env)
	})}
}

// toTextKernel writes values as text, as clients see them.
func toTextKernel(ctx *Context, args Args, out *delta.Vec, errs *Errors) {
	v, t, mask := args.V[0], args.V[0].Type, args.Mask(0)
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8:
		args.EachBytes(out, errs, func(dst []byte, row int) ([]byte, error) {
			return strconv.AppendInt(dst, v.Ints[row&mask], 10), nil
		})
		return
	}
	args.EachBytes(out, errs, func(dst []byte, row int) ([]byte, error) {
		d := v.Datum(row & mask)
		if t.Is(types.Bool) && !out.Type.Is(types.Name) {
			// Unlike the output function, which says t and f.
			if d.Bool() {
				return append(dst, "true"...), nil
			}
			return append(dst, "false"...), nil
		}
		if t.Is(types.Inet) { // with its prefix even where the output function leaves that out
			return types.AppendInet(dst, types.DecodeInet(d.B), true), nil
		}
		return types.AppendText(dst, t, d, ctx.Env), nil
	})
}

// arrayConversion converts arrays element by element: the elements of all rows as one column, then apart again.
func arrayConversion(from, to types.T, explicit bool) (conversion, error) {
	elemFrom, elemTo := from.ElemType(), to.ElemType()
	elem, err := findConversion(elemFrom, elemTo, explicit)
	if err != nil {
		return conversion{}, errCannotCast(from, to)
	}
	if elem.retype {
		return conversion{retype: true, total: true}, nil
	}
	fn := &Function{Name: "cast", Eval: elem.kernel, Total: elem.total}
	kernel := func(ctx *Context, args Args, out *delta.Vec, errs *Errors) {
		v, mask := args.V[0], args.Mask(0)
		flat := delta.NewVec(elemFrom, args.N)
		args.Each(func(row int) {
			r := types.ReadArray(elemFrom, v.Bytes(row&mask))
			for d, ok := r.Next(); ok; d, ok = r.Next() {
				flat.Append(d)
			}
		})
		var given givenNode
		given.v = flat
		call := newCall(fn, elemTo.WithoutMod(), []operand{{node: &given}})
		var failed Errors
		res := call.eval(&frame{ctx: ctx, n: flat.Len(), errs: &failed}, nil)
		failed.settle()
		b := types.NewArrayBuilder(elemTo)
		next, failures := 0, failed.List
		args.EachBytes(out, errs, func(dst []byte, row int) ([]byte, error) {
			r := types.ReadArray(elemFrom, v.Bytes(row&mask))
			b.Reset(elemTo)
			end := next + r.Len()
			for ; next < end; next++ {
				b.Append(res.Datum(next))
			}
			var err error
			if len(failures) > 0 && failures[0].Row < end {
				err = failures[0].Err
				n := slices.IndexFunc(failures, func(e RowError) bool { return e.Row >= end })
				if n < 0 {
					n = len(failures)
				}
				failures = failures[n:]
			}
			return b.BuildDims(dst, slices.Clone(r.Dims())), err
		})
	}
	return conversion{kernel: kernel, total: elem.total}, nil
}
