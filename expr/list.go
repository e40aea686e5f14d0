package expr

import (
	"slices"

	"millrace/delta"
	"millrace/types"
)

// constSet is a set of constants whose equality is that of their representation, for fast membership.
type constSet struct {
	ints    map[int64]struct{}
	few     []int64 // instead of ints for a short list
	bytes   map[string]struct{}
	hasNull bool
}

// fewConstants is the length up to which scanning a list of integers beats hashing.
const fewConstants = 8

// equalityClass groups the kinds among which SQL equality is equality of representation; 0 for other kinds.
func equalityClass(t types.T) int {
	switch t.Kind {
	case types.Int2, types.Int4, types.Int8:
		return 1
	case types.Text, types.Varchar:
		return 2
	case types.Date, types.Time, types.Timestamp, types.TimestampTZ, types.OID, types.UUID, types.Bytea, types.Name:
		return 2 + int(t.Kind)
	}
	return 0
}

// newConstSet makes the set of values of type elem for `left = value`, or nil where that needs the function.
func newConstSet(eq *Function, left, elem types.T, values []types.Datum) *constSet {
	if eq.Name != "=" || equalityClass(left) == 0 || equalityClass(left) != equalityClass(elem) {
		return nil
	}
	s := &constSet{}
	if left.Rep() == types.RepBytes {
		s.bytes = make(map[string]struct{}, len(values))
	} else if len(values) > fewConstants {
		s.ints = make(map[int64]struct{}, len(values))
	}
	for _, d := range values {
		switch {
		case d.Null:
			s.hasNull = true
		case s.bytes != nil:
			s.bytes[string(d.B)] = struct{}{}
		case s.ints != nil:
			s.ints[d.I] = struct{}{}
		default:
			s.few = append(s.few, d.I)
		}
	}
	return s
}

// has reports whether row i of v is in the set.
func (s *constSet) has(v *delta.Vec, i int) bool {
	var ok bool
	switch {
	case s.bytes != nil:
		_, ok = s.bytes[string(v.Bytes(i))]
	case s.ints != nil:
		_, ok = s.ints[v.Ints[i]]
	default:
		ok = slices.Contains(s.few, v.Ints[i])
	}
	return ok
}

// fill writes `left IN set`, or its negation, for rows.
func (s *constSet) fill(out *delta.Vec, rows []uint32, left *delta.Vec, negate bool) {
	if s.few != nil && !s.hasNull && left.Nulls == nil {
		for _, r := range rows {
			v, found := left.Ints[r], false
			for _, x := range s.few {
				found = found || x == v
			}
			out.Bools[r] = found != negate
		}
		return
	}
	for _, r := range rows {
		if left.IsNull(int(r)) {
			out.SetNull(int(r))
			continue
		}
		found := s.has(left, int(r))
		out.Bools[r] = found != negate
		if !found && s.hasNull {
			out.SetNull(int(r))
		}
	}
}

// search looks for a row's answer among several comparisons, in order: the first that gives the deciding value
// settles the row. It is the state shared by IN and ANY/ALL.
type search struct {
	boolOut
	op      *binary
	open    [2][]uint32
	turn    int
	unknown delta.Bitmap
}

// begin opens all rows.
func (s *search) begin(f *frame, sel []uint32) (rows []uint32) {
	s.start(f.n)
	words := (f.n + 63) / 64
	s.unknown = slices.Grow(s.unknown[:0], words)[:words]
	clear(s.unknown)
	return f.rows(sel)
}

// step notes the comparisons of the rows in open, settles those that are decided and gives the others.
func (s *search) step(open []uint32, v *delta.Vec, decides bool) []uint32 {
	s.turn ^= 1
	dst := s.open[s.turn][:0]
	for _, r := range open {
		switch {
		case v.IsNull(int(r)):
			s.unknown.Set(int(r))
		case v.Bools[r] == decides:
			s.out.Bools[r] = decides
			continue
		}
		dst = append(dst, r)
	}
	s.open[s.turn] = dst
	return dst
}

// end settles the rows that no comparison decided.
func (s *search) end(open []uint32, decides bool) {
	for _, r := range open {
		s.out.Bools[r] = !decides
		if s.unknown.Get(int(r)) {
			s.out.SetNull(int(r))
		}
	}
}

// inListNode is [NOT] IN: = with each element, for the rows where none before was equal.
type inListNode struct {
	search
	left   operand
	list   []operand
	set    *constSet
	negate bool
}

func newInList(e *InList, ops []operand) *inListNode {
	n := &inListNode{left: ops[0], list: ops[1:], negate: e.Negate}
	n.op = newBinary(e.Eq)
	values := make([]types.Datum, 0, len(e.List))
	for _, x := range e.List {
		c, ok := x.(*Const)
		if !ok || equalityClass(c.T) != equalityClass(e.Left.Type()) {
			return n
		}
		values = append(values, c.Value)
	}
	n.set = newConstSet(e.Eq, e.Left.Type(), e.Left.Type(), values)
	return n
}

func (n *inListNode) eval(f *frame, sel []uint32) *delta.Vec {
	left := n.left.eval(f, sel)
	open, openSel := n.begin(f, sel), sel
	if n.set != nil && !n.left.constant {
		n.set.fill(&n.out, open, left, n.negate)
		return &n.out
	}
	all := open
	for i := range n.list {
		elem := &n.list[i]
		v := n.op.apply(f, openSel, left, n.left.constant, elem.eval(f, openSel), elem.constant)
		open = n.step(open, v, true)
		openSel = open
		if len(open) == 0 {
			break
		}
	}
	n.end(open, true)
	if n.negate {
		for _, r := range all {
			n.out.Bools[r] = !n.out.Bools[r]
		}
	}
	return &n.out
}

// anyAllNode is `left op ANY (array)` (decides true) or ALL (decides false).
type anyAllNode struct {
	search
	left, array operand
	elem        types.T
	set         *constSet
	decides     bool
	flat        delta.Vec // the elements of all rows' arrays
	flatLeft    delta.Vec // for each of them the left operand
	ends        []uint32  // by open row, the end of its elements in flat
	errs        Errors
}

func newAnyAll(e *AnyAll, ops []operand) *anyAllNode {
	n := &anyAllNode{left: ops[0], array: ops[1], elem: e.Array.Type().ElemType(), decides: !e.All}
	n.op = newBinary(e.Op)
	if c, ok := e.Array.(*Const); ok && !c.Value.Null && !e.All {
		n.set = newConstSet(e.Op, e.Left.Type(), n.elem, arrayDatums(n.elem, c.Value.B))
	}
	return n
}

func arrayDatums(elem types.T, b []byte) []types.Datum {
	r := types.ReadArray(elem, b)
	ds := make([]types.Datum, 0, r.Len())
	for d, ok := r.Next(); ok; d, ok = r.Next() {
		ds = append(ds, d)
	}
	return ds
}

func (n *anyAllNode) eval(f *frame, sel []uint32) *delta.Vec {
	left, array := n.left.eval(f, sel), n.array.eval(f, sel)
	open := n.begin(f, sel)
	switch {
	case n.array.constant && array.IsNull(0):
		for _, r := range open {
			n.out.SetNull(int(r))
		}
	case n.set != nil && !n.left.constant && len(n.set.few)+len(n.set.ints)+len(n.set.bytes) > 0:
		n.set.fill(&n.out, open, left, false)
	case n.array.constant:
		n.overConstant(f, sel, open, left, array)
	default:
		n.overRows(f, open, left, array)
	}
	return &n.out
}

// overConstant compares with each element of one array in turn.
func (n *anyAllNode) overConstant(f *frame, sel, open []uint32, left, array *delta.Vec) {
	one := delta.Vec{Type: n.elem}
	r := types.ReadArray(n.elem, array.Bytes(0))
	for d, ok := r.Next(); ok && len(open) > 0; d, ok = r.Next() {
		one.Reset()
		one.Append(d)
		v := n.op.apply(f, sel, left, n.left.constant, &one, true)
		open = n.step(open, v, n.decides)
		sel = open
	}
	n.end(open, n.decides)
}

// overRows compares with the elements of each row's own array: all elements of the batch in one column.
func (n *anyAllNode) overRows(f *frame, rows []uint32, left, array *delta.Vec) {
	n.flat.Type, n.flatLeft.Type = n.elem, left.Type
	n.flat.Reset()
	n.flatLeft.Reset()
	n.ends = n.ends[:0]
	for _, r := range rows {
		if !array.IsNull(int(r)) {
			reader := types.ReadArray(n.elem, array.Bytes(int(r)))
			if n.tooLarge(left, r, reader.Len()) {
				f.errs.Add(int(r), ErrTooLarge())
				n.out.SetNull(int(r))
				n.ends = append(n.ends, uint32(n.flat.Len()))
				continue
			}
			for d, ok := reader.Next(); ok; d, ok = reader.Next() {
				n.flat.Append(d)
				if !n.left.constant {
					n.flatLeft.AppendFrom(left, int(r))
				}
			}
		}
		n.ends = append(n.ends, uint32(n.flat.Len()))
	}
	var v *delta.Vec
	n.errs.List = n.errs.List[:0]
	if total := n.flat.Len(); total > 0 {
		sub := frame{ctx: f.ctx, n: total, errs: &n.errs}
		l := &n.flatLeft
		if n.left.constant {
			l = left
		}
		v = n.op.apply(&sub, nil, l, n.left.constant, &n.flat, false)
		n.errs.settle()
	}
	from, failed := 0, n.errs.List
	for i, r := range rows {
		end := int(n.ends[i])
		if array.IsNull(int(r)) {
			n.out.SetNull(int(r))
			continue
		}
		failed = n.settleRow(f, r, v, from, end, failed)
		from = end
	}
}

// tooLarge reports whether as many copies of row r's left operand as there are elements pass the limit on a vector.
func (n *anyAllNode) tooLarge(left *delta.Vec, r uint32, elements int) bool {
	if n.left.constant || left.Type.Rep() != types.RepBytes {
		return false
	}
	return len(n.flatLeft.Data)+elements*len(left.Bytes(int(r))) > maxVectorBytes
}

// settleRow reads the answers [from, end) of one row's elements, up to the first that decides or fails. It returns
// the failures beyond them.
func (n *anyAllNode) settleRow(f *frame, r uint32, v *delta.Vec, from, end int, failed []RowError) []RowError {
	n.out.Bools[r] = !n.decides
	unknown, settled := false, false
	for i := from; i < end && !settled; i++ {
		switch {
		case len(failed) > 0 && failed[0].Row == i:
			f.errs.Add(int(r), failed[0].Err)
			failed = failed[1:]
			unknown, settled = true, true
		case v.IsNull(i):
			unknown = true
		case v.Bools[i] == n.decides:
			n.out.Bools[r] = n.decides
			unknown, settled = false, true
		}
	}
	if unknown {
		n.out.SetNull(int(r))
	}
	for len(failed) > 0 && failed[0].Row < end {
		failed = failed[1:]
	}
	return failed
}
