package expr

import (
	"slices"

	"millrace/delta"
	"millrace/types"
)

// boolOut is the output of a node that gives booleans.
type boolOut struct{ out delta.Vec }

func (b *boolOut) disown() { b.out = delta.Vec{Type: types.Of(types.Bool)} }

// start empties the output and gives n slots of it.
func (b *boolOut) start(n int) []bool {
	b.out.Type = types.Of(types.Bool)
	b.out.Reset()
	return GrowBools(&b.out, n)
}

// junctionNode is AND (decides false) or OR (decides true): a row is settled by the first operand that has the
// deciding value, and only rows not settled yet reach the next operand. A NULL operand settles nothing.
type junctionNode struct {
	boolOut
	args    []operand
	decides bool
	scratch [2][]uint32
	unknown delta.Bitmap // rows with a NULL operand so far
}

func newJunction(args []operand, decides bool) *junctionNode {
	return &junctionNode{args: args, decides: decides}
}

func (j *junctionNode) eval(f *frame, sel []uint32) *delta.Vec {
	bools := j.start(f.n)
	open := f.rows(sel)
	for _, r := range open {
		bools[r] = j.decides
	}
	anyUnknown := false
	for i := range j.args {
		arg := &j.args[i]
		v := arg.eval(f, sel)
		if v.Nulls != nil && !anyUnknown {
			anyUnknown = true
			words := (f.n + 63) / 64
			j.unknown = slices.Grow(j.unknown[:0], words)[:words]
			clear(j.unknown)
		}
		buf := &j.scratch[i&1]
		*buf = j.undecided((*buf)[:0], open, arg, v)
		open = *buf
		if len(open) == 0 {
			return &j.out
		}
		sel = open
	}
	for _, r := range open {
		bools[r] = !j.decides
	}
	if anyUnknown {
		for _, r := range open {
			if j.unknown.Get(int(r)) {
				j.out.SetNull(int(r))
			}
		}
	}
	return &j.out
}

// undecided appends to dst the rows that operand value v leaves open.
func (j *junctionNode) undecided(dst, rows []uint32, arg *operand, v *delta.Vec) []uint32 {
	dst = slices.Grow(dst, len(rows))[:len(rows)]
	k := 0
	switch {
	case arg.constant:
		if v.IsNull(0) {
			for _, r := range rows {
				j.unknown.Set(int(r))
			}
		} else if v.Bools[0] == j.decides {
			return dst[:0]
		}
		k = copy(dst, rows)
	case v.Nulls == nil:
		for _, r := range rows {
			dst[k] = r
			k += int(bit(v.Bools[r] != j.decides))
		}
	default:
		for _, r := range rows {
			null := v.Nulls.Get(int(r))
			if null {
				j.unknown.Set(int(r))
			}
			dst[k] = r
			k += int(bit(null || v.Bools[r] != j.decides))
		}
	}
	return dst[:k]
}

type notNode struct {
	boolOut
	arg operand
}

func newNot(arg operand) *notNode { return &notNode{arg: arg} }

func (n *notNode) eval(f *frame, sel []uint32) *delta.Vec {
	v := n.arg.eval(f, sel)
	bools := n.start(f.n)
	for i, b := range v.Bools[:f.n] {
		bools[i] = !b
	}
	n.out.Nulls = slices.Clone(v.Nulls)
	return &n.out
}

// isNullNode is IS NULL, or IS NOT NULL when negate.
type isNullNode struct {
	boolOut
	arg    operand
	negate bool
}

func newIsNull(arg operand, negate bool) *isNullNode { return &isNullNode{arg: arg, negate: negate} }

func (n *isNullNode) eval(f *frame, sel []uint32) *delta.Vec {
	v := n.arg.eval(f, sel)
	bools := n.start(f.n)
	for i := range bools {
		bools[i] = n.negate
	}
	if v.Nulls != nil {
		for _, r := range f.rows(sel) {
			if v.Nulls.Get(int(r)) {
				bools[r] = !n.negate
			}
		}
	}
	return &n.out
}

// boolTestNode is IS [NOT] TRUE, FALSE or (want NULL) UNKNOWN.
type boolTestNode struct {
	boolOut
	arg    operand
	want   types.Datum
	negate bool
}

func newBoolTest(arg operand, want types.Datum, negate bool) *boolTestNode {
	return &boolTestNode{arg: arg, want: want, negate: negate}
}

func (n *boolTestNode) eval(f *frame, sel []uint32) *delta.Vec {
	v := n.arg.eval(f, sel)
	bools := n.start(f.n)
	for _, r := range f.rows(sel) {
		null := v.IsNull(int(r))
		match := null == n.want.Null && (null || v.Bools[r] == n.want.Bool())
		bools[r] = match != n.negate
	}
	return &n.out
}

// givenNode hands on a vector that another node computed, so that a function can be applied to it.
type givenNode struct{ v *delta.Vec }

func (g *givenNode) eval(*frame, []uint32) *delta.Vec { return g.v }
func (g *givenNode) disown()                          {}

// binary applies a function of two arguments to vectors that are already computed.
type binary struct {
	call  *callNode
	given [2]givenNode
}

func newBinary(fn *Function) *binary {
	b := &binary{}
	b.call = newCall(fn, types.Of(types.Bool), []operand{{node: &b.given[0]}, {node: &b.given[1]}})
	return b
}

func (b *binary) apply(f *frame, sel []uint32, left *delta.Vec, leftConst bool, right *delta.Vec, rightConst bool) *delta.Vec {
	b.given[0].v, b.given[1].v = left, right
	b.call.in.Const[0], b.call.in.Const[1] = leftConst, rightConst
	return b.call.eval(f, sel)
}

// distinctNode is IS [NOT] DISTINCT FROM.
type distinctNode struct {
	boolOut
	left, right operand
	eq          *binary
	negate      bool
}

func newDistinct(e *DistinctFrom, ops []operand) *distinctNode {
	return &distinctNode{left: ops[0], right: ops[1], eq: newBinary(e.Eq), negate: e.Negate}
}

func (n *distinctNode) eval(f *frame, sel []uint32) *delta.Vec {
	left, right := n.left.eval(f, sel), n.right.eval(f, sel)
	equal := n.eq.apply(f, sel, left, n.left.constant, right, n.right.constant)
	bools := n.start(f.n)
	for _, r := range f.rows(sel) {
		leftNull, rightNull := left.IsNull(n.left.at(r)), right.IsNull(n.right.at(r))
		distinct := leftNull != rightNull
		if !leftNull && !rightNull {
			distinct = !equal.Bools[r]
		}
		bools[r] = distinct != n.negate
	}
	return &n.out
}
