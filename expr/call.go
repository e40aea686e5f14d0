package expr

import (
	"slices"

	"millrace/delta"
	"millrace/types"
)

// callNode applies a function's kernel.
type callNode struct {
	fn   *Function
	args []operand
	out  delta.Vec
	in   Args
	memo any
	// loose says that the kernel may run over rows with NULL arguments: it cannot fail, and what their slots
	// hold cannot harm it.
	loose bool
	nulls delta.Bitmap // scratch: the union of the arguments' NULLs
	sel   []uint32     // scratch: the rows without NULL arguments
}

func newCall(fn *Function, t types.T, args []operand) *callNode {
	c := &callNode{fn: fn, args: args, loose: fn.Total && t.Rep() != types.RepBytes}
	c.out.Type = t
	c.in.V = make([]*delta.Vec, len(args))
	c.in.Const = make([]bool, len(args))
	for i, a := range args {
		c.in.Const[i] = a.constant
	}
	c.in.Memo = &c.memo
	return c
}

func (c *callNode) disown() {
	c.out = delta.Vec{Type: c.out.Type}
	c.nulls = nil
}

func (c *callNode) eval(f *frame, sel []uint32) *delta.Vec {
	for i := range c.args {
		c.in.V[i] = c.args[i].eval(f, sel)
	}
	c.out.Reset()
	if c.fn.NullCall {
		c.run(f, sel, nil)
		return &c.out
	}
	nulls, constNull := c.nullArgs(f.n)
	if constNull {
		allNull(&c.out, f.n)
		return &c.out
	}
	if nulls != nil && !c.looseNow() {
		c.sel = withoutNulls(c.sel[:0], f.rows(sel), nulls)
		sel = c.sel
		if len(sel) == 0 {
			allNull(&c.out, f.n)
			return &c.out
		}
	}
	c.run(f, sel, nulls)
	return &c.out
}

// run calls the kernel and adds the NULLs of arguments and failed rows.
func (c *callNode) run(f *frame, sel []uint32, nulls delta.Bitmap) {
	mark := len(f.errs.List)
	c.in.N, c.in.Sel = f.n, sel
	c.fn.Eval(f.ctx, c.in, &c.out, f.errs)
	if nulls != nil {
		if c.out.Nulls != nil {
			for i, w := range c.out.Nulls[:min(len(c.out.Nulls), len(nulls))] {
				nulls[i] |= w
			}
		}
		c.out.Nulls = nulls
	}
	for _, e := range f.errs.List[mark:] {
		c.out.SetNull(e.Row)
	}
}

// looseNow reports whether the kernel may be run over NULL slots: byte strings there are empty, which is no value of
// most types.
func (c *callNode) looseNow() bool {
	if !c.loose {
		return false
	}
	for _, v := range c.in.V {
		if v.Type.Rep() == types.RepBytes {
			return false
		}
	}
	return true
}

// nullArgs unites the NULLs of the arguments in scratch memory: nil where there are none, and constNull where a
// constant argument is NULL.
func (c *callNode) nullArgs(n int) (nulls delta.Bitmap, constNull bool) {
	words := (n + 63) / 64
	for i, v := range c.in.V {
		if v.Nulls == nil {
			continue
		}
		if c.in.Const[i] {
			if v.IsNull(0) {
				return nil, true
			}
			continue
		}
		if nulls == nil {
			c.nulls = slices.Grow(c.nulls[:0], words)[:words]
			clear(c.nulls)
			nulls = c.nulls
		}
		for w, word := range v.Nulls[:min(len(v.Nulls), words)] {
			nulls[w] |= word
		}
	}
	if nulls != nil && !nulls.Any() {
		nulls = nil
	}
	return nulls, false
}

// withoutNulls appends to dst the rows that are not in nulls.
func withoutNulls(dst, rows []uint32, nulls delta.Bitmap) []uint32 {
	base := len(dst)
	dst = slices.Grow(dst, len(rows))[:base+len(rows)]
	k := base
	for _, r := range rows {
		dst[k] = r
		k += int(^nulls[r>>6] >> (r & 63) & 1)
	}
	return dst[:k]
}

// allNull fills an empty vector with n NULLs.
func allNull(v *delta.Vec, n int) {
	grow(v, n)
	v.Nulls = delta.NewBitmap(n)
	for i := range v.Nulls {
		v.Nulls[i] = ^uint64(0)
	}
}

// grow adds n slots to v, of any value (empty for byte strings).
func grow(v *delta.Vec, n int) {
	switch v.Type.Rep() {
	case types.RepBool:
		GrowBools(v, n)
	case types.RepInt:
		GrowInts(v, n)
	case types.RepFloat:
		GrowFloats(v, n)
	default:
		if len(v.Off) == 0 {
			v.Off = append(v.Off, 0)
		}
		end := uint32(len(v.Data))
		for range n {
			v.Off = append(v.Off, end)
		}
	}
}
