package expr

import (
	"slices"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// maxArrayDims is PostgreSQL's MAXDIM.
const maxArrayDims = 6

// bytesOut is the output of a node that gives byte strings row by row.
type bytesOut struct{ out delta.Vec }

func (b *bytesOut) disown() { b.out = delta.Vec{Type: b.out.Type} }

// build calls row for each row of sel, in order. It appends the value to dst and returns it; nil is NULL.
func (b *bytesOut) build(t types.T, f *frame, sel []uint32, row func(dst []byte, r uint32) ([]byte, error)) *delta.Vec {
	b.out.Type = t
	b.out.Reset()
	args := Args{N: f.n, Sel: sel}
	mark := len(f.errs.List)
	var nulls []uint32
	args.EachBytes(&b.out, f.errs, func(dst []byte, r int) ([]byte, error) {
		v, err := row(dst, uint32(r))
		if v == nil && err == nil {
			nulls = append(nulls, uint32(r))
			return dst, nil
		}
		return v, err
	})
	for _, r := range nulls {
		b.out.SetNull(int(r))
	}
	for _, e := range f.errs.List[mark:] {
		b.out.SetNull(e.Row)
	}
	return &b.out
}

// makeArrayNode is ARRAY[...].
type makeArrayNode struct {
	bytesOut
	t     types.T
	elems []operand
	vecs  []*delta.Vec
	b     *types.ArrayBuilder
	// nested says that the elements are arrays themselves and become a further dimension.
	nested bool
}

func newMakeArray(t types.T, elems []operand, nested bool) *makeArrayNode {
	return &makeArrayNode{t: t, elems: elems, b: types.NewArrayBuilder(t.ElemType()), nested: nested}
}

func (m *makeArrayNode) eval(f *frame, sel []uint32) *delta.Vec {
	m.vecs = m.vecs[:0]
	for i := range m.elems {
		m.vecs = append(m.vecs, m.elems[i].eval(f, sel))
	}
	return m.build(m.t, f, sel, func(dst []byte, r uint32) ([]byte, error) {
		m.b.Reset(m.t.ElemType())
		if m.nested {
			return m.stack(dst, r)
		}
		for i, v := range m.vecs {
			m.b.Append(v.Datum(m.elems[i].at(r)))
		}
		return m.b.Build(emptyNotNil(dst)), nil
	})
}

// emptyNotNil keeps an empty value apart from NULL, which build takes nil for.
func emptyNotNil(dst []byte) []byte {
	if dst == nil {
		return []byte{}
	}
	return dst
}

func errArrayShape() error {
	return pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
}

// stack joins arrays of one shape to an array with one dimension more. NULL and empty arrays may only be among
// themselves, and give an empty array.
func (m *makeArrayNode) stack(dst []byte, r uint32) ([]byte, error) {
	var dims []types.ArrayDim
	empty := 0
	for i, v := range m.vecs {
		at := m.elems[i].at(r)
		if v.IsNull(at) {
			empty++
			continue
		}
		reader := types.ReadArray(m.t.ElemType(), v.Bytes(at))
		if reader.Len() == 0 {
			empty++
			continue
		}
		if dims == nil {
			dims = slices.Clone(reader.Dims())
		} else if !slices.Equal(dims, reader.Dims()) {
			return nil, errArrayShape()
		}
		for d, ok := reader.Next(); ok; d, ok = reader.Next() {
			m.b.Append(d)
		}
	}
	dst = emptyNotNil(dst)
	if empty == len(m.vecs) {
		return m.b.Build(dst), nil
	}
	if empty > 0 {
		return nil, errArrayShape()
	}
	if len(dims) >= maxArrayDims {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims)+1, maxArrayDims)
	}
	dims = slices.Insert(dims, 0, types.ArrayDim{Len: int32(len(m.vecs)), Lower: 1})
	return m.b.BuildDims(dst, dims), nil
}

// subscriptNode is arg[i][j]... or arg[l:h][l:h]..., one entry a dimension in the bounds.
type subscriptNode struct {
	t     types.T // of the result
	elem  types.T
	arg   operand
	slice bool
	low   []operand // nil nodes for open bounds; for an index low is the index and high unused
	high  []operand

	out  delta.Vec
	vecs [2][]*delta.Vec
	b    *types.ArrayBuilder
}

func (s *subscriptNode) disown() { s.out = delta.Vec{Type: s.t} }

// isOuterSubscript reports whether the array under e is itself subscripted as part of the same chain: a[1][2].
func isOuterSubscript(e *Subscript) (*Subscript, bool) {
	inner, ok := e.Arg.(*Subscript)
	if !ok || e.First || !inner.Arg.Type().Is(types.Array) || !inner.T.Is(types.Array) {
		return nil, false
	}
	return inner, true
}

func (s *subscriptNode) eval(f *frame, sel []uint32) *delta.Vec {
	arg := s.arg.eval(f, sel)
	s.vecs[0] = evalBounds(s.vecs[0][:0], s.low, f, sel)
	s.vecs[1] = evalBounds(s.vecs[1][:0], s.high, f, sel)
	s.out.Type = s.t
	s.out.Reset()
	next := uint32(0)
	for _, r := range f.rows(sel) {
		grow(&s.out, int(r-next))
		next = r + 1
		at := s.arg.at(r)
		if arg.IsNull(at) {
			s.out.AppendNull()
			continue
		}
		reader := types.ReadArray(s.elem, arg.Bytes(at))
		if s.slice {
			s.appendSlice(&reader, r)
		} else {
			s.appendElement(&reader, r)
		}
	}
	grow(&s.out, f.n-int(next))
	return &s.out
}

func evalBounds(dst []*delta.Vec, ops []operand, f *frame, sel []uint32) []*delta.Vec {
	for i := range ops {
		if ops[i].node == nil {
			dst = append(dst, nil)
			continue
		}
		dst = append(dst, ops[i].eval(f, sel))
	}
	return dst
}

// appendElement appends the element at row r's subscripts, NULL where there is none.
func (s *subscriptNode) appendElement(reader *types.ArrayReader, r uint32) {
	dims := reader.Dims()
	if len(dims) != len(s.low) {
		s.out.AppendNull()
		return
	}
	flat := int64(0)
	for d, v := range s.vecs[0] {
		at := s.low[d].at(r)
		if v.IsNull(at) {
			s.out.AppendNull()
			return
		}
		i := v.Ints[at] - int64(dims[d].Lower)
		if i < 0 || i >= int64(dims[d].Len) {
			s.out.AppendNull()
			return
		}
		flat = flat*int64(dims[d].Len) + i
	}
	s.out.Append(reader.At(int(flat)))
}

// appendSlice appends the sub-array between row r's bounds; its subscripts start at 1. Bounds that exclude
// everything, or more bounds than dimensions, give an empty array.
func (s *subscriptNode) appendSlice(reader *types.ArrayReader, r uint32) {
	dims := reader.Dims()
	from := make([]int64, len(dims))
	count := make([]types.ArrayDim, len(dims))
	empty := len(dims) == 0 || len(s.low) > len(dims)
	for d := range max(len(dims), len(s.low)) {
		low, high := int64(1), int64(0)
		if d < len(dims) {
			low, high = int64(dims[d].Lower), int64(dims[d].Lower)+int64(dims[d].Len)-1
		}
		if d < len(s.low) {
			var null bool
			if low, null = bound(s.vecs[0][d], s.low[d], r, low, false); null {
				s.out.AppendNull()
				return
			}
			if high, null = bound(s.vecs[1][d], s.high[d], r, high, true); null {
				s.out.AppendNull()
				return
			}
		}
		if d < len(dims) {
			from[d] = low - int64(dims[d].Lower)
			count[d] = types.ArrayDim{Len: int32(max(high-low+1, 0)), Lower: 1}
		}
		empty = empty || high < low
	}
	s.b.Reset(s.elem)
	if empty {
		s.out.AppendBytes(s.b.Build(nil))
		return
	}
	s.copySlice(reader, dims, from, count, 0, 0)
	s.out.Data = s.b.BuildDims(s.out.Data, count)
	s.out.EndBytes()
}

// bound reads one bound of row r, clipped to limit, which also stands for an open bound.
func bound(v *delta.Vec, o operand, r uint32, limit int64, upper bool) (b int64, null bool) {
	if v == nil {
		return limit, false
	}
	at := o.at(r)
	if v.IsNull(at) {
		return 0, true
	}
	if upper {
		return min(v.Ints[at], limit), false
	}
	return max(v.Ints[at], limit), false
}

func (s *subscriptNode) copySlice(reader *types.ArrayReader, dims []types.ArrayDim, from []int64, count []types.ArrayDim, d int, base int64) {
	for i := int64(0); i < int64(count[d].Len); i++ {
		at := base*int64(dims[d].Len) + from[d] + i
		if d == len(dims)-1 {
			s.b.Append(reader.At(int(at)))
		} else {
			s.copySlice(reader, dims, from, count, d+1, at)
		}
	}
}

// jsonSubscriptNode is arg[index] of a jsonb value: a field by text, an element by number.
type jsonSubscriptNode struct {
	bytesOut
	t          types.T
	arg, index operand
	byName     bool
}

func (j *jsonSubscriptNode) eval(f *frame, sel []uint32) *delta.Vec {
	arg, index := j.arg.eval(f, sel), j.index.eval(f, sel)
	return j.build(j.t, f, sel, func(dst []byte, r uint32) ([]byte, error) {
		a, i := j.arg.at(r), j.index.at(r)
		if arg.IsNull(a) || index.IsNull(i) {
			return nil, nil
		}
		var v []byte
		var ok bool
		if j.byName {
			v, ok = types.JSONGetField(arg.Bytes(a), string(index.Bytes(i)))
		} else {
			v, ok = types.JSONGetIndex(arg.Bytes(a), index.Ints[i])
		}
		if !ok {
			return nil, nil
		}
		return append(emptyNotNil(dst), v...), nil
	})
}
