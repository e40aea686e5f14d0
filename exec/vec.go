package exec

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"millrace/delta"
	"millrace/types"
)

// errStepTooLarge ends a step that gathers more than a vector can address. The engine's row budget keeps the steps
// of views far below; an ad-hoc query over huge rows can come here.
var errStepTooLarge = errors.New("exec: one step holds more than 4 GiB of a column's values")

// appendVec appends the rows sel of src, all when sel is nil, to dst, which has the same representation.
func appendVec(dst, src *delta.Vec, sel []uint32) error {
	n := dst.Len()
	switch src.Type.Rep() {
	case types.RepInt:
		dst.Ints = appendSel(dst.Ints, src.Ints, sel)
	case types.RepFloat:
		dst.Floats = appendSel(dst.Floats, src.Floats, sel)
	case types.RepBool:
		dst.Bools = appendSel(dst.Bools, src.Bools, sel)
	default:
		if err := appendByteRows(dst, src, sel); err != nil {
			return err
		}
	}
	if src.Nulls == nil {
		if dst.Nulls != nil {
			dst.Nulls = dst.Nulls.Grow(dst.Len())
		}
		return nil
	}
	m := dst.Len() - n
	if dst.Nulls != nil {
		dst.Nulls = dst.Nulls.Grow(n + m)
	}
	for i := range m {
		r := i
		if sel != nil {
			r = int(sel[i])
		}
		if src.Nulls.Get(r) {
			if dst.Nulls == nil {
				dst.Nulls = delta.NewBitmap(n + m)
			}
			dst.Nulls.Set(n + i)
		}
	}
	return nil
}

func appendSel[E any](dst, src []E, sel []uint32) []E {
	if sel == nil {
		return append(dst, src...)
	}
	n := len(dst)
	dst = slices.Grow(dst, len(sel))[:n+len(sel)]
	for i, r := range sel {
		dst[n+i] = src[r]
	}
	return dst
}

func appendByteRows(dst, src *delta.Vec, sel []uint32) error {
	if len(dst.Off) == 0 {
		dst.Off = append(dst.Off, 0)
	}
	if sel == nil {
		n := src.Len()
		if n == 0 {
			return nil
		}
		first, end := src.Off[0], src.Off[n]
		if uint64(len(dst.Data))+uint64(end-first) > math.MaxUint32 {
			return errStepTooLarge
		}
		shift := uint32(len(dst.Data)) - first
		dst.Data = append(dst.Data, src.Data[first:end]...)
		for _, off := range src.Off[1 : n+1] {
			dst.Off = append(dst.Off, off+shift)
		}
		return nil
	}
	dst.Off = slices.Grow(dst.Off, len(sel))
	for _, r := range sel {
		dst.Data = append(dst.Data, src.Data[src.Off[r]:src.Off[r+1]]...)
		if len(dst.Data) > math.MaxUint32 {
			return errStepTooLarge
		}
		dst.Off = append(dst.Off, uint32(len(dst.Data)))
	}
	return nil
}

// sameValue reports whether a and b hold the very same value at i: equal bytes, not merely equal in SQL.
func sameValue(a *delta.Vec, i int, b *delta.Vec, j int) bool {
	if a.IsNull(i) || b.IsNull(j) {
		return a.IsNull(i) && b.IsNull(j)
	}
	switch a.Type.Rep() {
	case types.RepInt:
		return a.Ints[i] == b.Ints[j]
	case types.RepFloat:
		return math.Float64bits(a.Floats[i]) == math.Float64bits(b.Floats[j])
	case types.RepBool:
		return a.Bools[i] == b.Bools[j]
	}
	return bytes.Equal(a.Bytes(i), b.Bytes(j))
}

// faithful reports whether values of t that are equal in SQL are the same bytes, so that any row of a group can
// stand for its key.
func faithful(t types.T) bool {
	switch t.Kind {
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Date, types.Time, types.Timestamp, types.TimestampTZ,
		types.OID, types.Char1, types.Regclass, types.Regtype, types.Regproc, types.Regnamespace, types.Regrole, types.Enum,
		types.Text, types.Varchar, types.Name, types.Bytea, types.UUID, types.Inet, types.CIDR:
		return true
	case types.Array:
		return t.Elem != types.Array && faithful(t.ElemType())
	case types.Record:
		return t.Def != nil && !slices.ContainsFunc(t.Def.Attrs(), func(a types.Attr) bool { return !faithful(a.T) })
	}
	return false
}

func allFaithful(ts []types.T) bool {
	for _, t := range ts {
		if !faithful(t) {
			return false
		}
	}
	return true
}

// pick gives the elements of ts at the given indexes.
func pick[E any](ts []E, idx []int) []E {
	out := make([]E, len(idx))
	for i, c := range idx {
		out[i] = ts[c]
	}
	return out
}

// upTo gives the numbers below n.
func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// nullVec makes a vector of n NULLs.
func nullVec(t types.T, n int) *delta.Vec {
	v := &delta.Vec{Type: t, Nulls: delta.NewBitmap(n)}
	for i := range n {
		v.Nulls.Set(i)
	}
	switch t.Rep() {
	case types.RepInt:
		v.Ints = make([]int64, n)
	case types.RepFloat:
		v.Floats = make([]float64, n)
	case types.RepBool:
		v.Bools = make([]bool, n)
	default:
		v.Off = make([]uint32, n+1)
	}
	return v
}

// gatherBatch gives the rows sel of columns as a batch of n rows, with the given weights (nil is all +1).
func gatherBatch(cols []*delta.Vec, sel []uint32, weights []int64) *delta.Batch {
	b := &delta.Batch{Cols: make([]*delta.Vec, len(cols)), Weights: weights, N: len(sel)}
	for i, c := range cols {
		b.Cols[i] = c.Gather(sel)
	}
	return b
}

// widest is the most bytes that a row of some columns takes.
func widest(cols []*delta.Vec) int {
	most := 0
	for _, c := range cols {
		col := 8
		if c.Type.Rep() == types.RepBytes {
			for i := 1; i < len(c.Off); i++ {
				col = max(col, int(c.Off[i]-c.Off[i-1]))
			}
		}
		most += col
	}
	return most
}
