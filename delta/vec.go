package delta

import (
	"math"

	"millrace/types"
)

// Vec is a column: n values of one type in the type's physical representation. Exactly one of Bools, Ints,
// Floats or (Off, Data) is in use, by Type.Rep(). A NULL row still has a slot in the value slice, with an
// unspecified value (an empty byte string for RepBytes).
type Vec struct {
	Type   types.T
	Nulls  Bitmap // a set bit is a NULL; nil means that no row is NULL
	Bools  []bool
	Ints   []int64
	Floats []float64
	Off    []uint32 // RepBytes: row i is Data[Off[i]:Off[i+1]]; len n+1 (or 0 when empty)
	Data   []byte
}

// NewVec makes an empty vector with room for capacity rows.
func NewVec(t types.T, capacity int) *Vec {
	v := &Vec{Type: t}
	switch t.Rep() {
	case types.RepBool:
		v.Bools = make([]bool, 0, capacity)
	case types.RepInt:
		v.Ints = make([]int64, 0, capacity)
	case types.RepFloat:
		v.Floats = make([]float64, 0, capacity)
	default:
		v.Off = make([]uint32, 1, capacity+1)
	}
	return v
}

// Len is the number of rows.
func (v *Vec) Len() int {
	switch v.Type.Rep() {
	case types.RepBool:
		return len(v.Bools)
	case types.RepInt:
		return len(v.Ints)
	case types.RepFloat:
		return len(v.Floats)
	}
	if len(v.Off) == 0 {
		return 0
	}
	return len(v.Off) - 1
}

// Reset empties v and keeps its memory.
func (v *Vec) Reset() {
	v.Nulls = nil
	v.Bools, v.Ints, v.Floats, v.Data = v.Bools[:0], v.Ints[:0], v.Floats[:0], v.Data[:0]
	if v.Type.Rep() == types.RepBytes {
		if cap(v.Off) == 0 {
			v.Off = make([]uint32, 1, 16)
		}
		v.Off = v.Off[:1]
		v.Off[0] = 0
	}
}

// IsNull reports whether row i is NULL.
func (v *Vec) IsNull(i int) bool { return v.Nulls != nil && v.Nulls.Get(i) }

// Bytes gives row i of a RepBytes vector, aliasing it.
func (v *Vec) Bytes(i int) []byte { return v.Data[v.Off[i]:v.Off[i+1]:v.Off[i+1]] }

// Datum gives row i as a datum that aliases v.
func (v *Vec) Datum(i int) types.Datum {
	if v.IsNull(i) {
		return types.Null
	}
	switch v.Type.Rep() {
	case types.RepBool:
		return types.NewBool(v.Bools[i])
	case types.RepInt:
		return types.Datum{I: v.Ints[i]}
	case types.RepFloat:
		return types.NewFloat(v.Floats[i])
	}
	return types.Datum{B: v.Bytes(i)}
}

// Append adds a datum of v's representation; RepBytes data is copied.
func (v *Vec) Append(d types.Datum) {
	if d.Null {
		v.AppendNull()
		return
	}
	switch v.Type.Rep() {
	case types.RepBool:
		v.Bools = append(v.Bools, d.I != 0)
	case types.RepInt:
		v.Ints = append(v.Ints, d.I)
	case types.RepFloat:
		v.Floats = append(v.Floats, math.Float64frombits(uint64(d.I)))
	default:
		v.AppendBytes(d.B)
		return
	}
	v.growNulls()
}

// AppendBytes adds a RepBytes row, copying b.
func (v *Vec) AppendBytes(b []byte) {
	v.Data = append(v.Data, b...)
	v.closeBytes()
}

// EndBytes ends a row whose bytes the caller has appended to v.Data itself.
func (v *Vec) EndBytes() { v.closeBytes() }

func (v *Vec) closeBytes() {
	if len(v.Off) == 0 {
		v.Off = append(v.Off, 0)
	}
	v.Off = append(v.Off, uint32(len(v.Data)))
	v.growNulls()
}

// AppendNull adds a NULL row.
func (v *Vec) AppendNull() {
	n := v.Len()
	switch v.Type.Rep() {
	case types.RepBool:
		v.Bools = append(v.Bools, false)
	case types.RepInt:
		v.Ints = append(v.Ints, 0)
	case types.RepFloat:
		v.Floats = append(v.Floats, 0)
	default:
		if len(v.Off) == 0 {
			v.Off = append(v.Off, 0)
		}
		v.Off = append(v.Off, uint32(len(v.Data)))
	}
	v.Nulls = v.Nulls.Grow(n + 1)
	v.Nulls.Set(n)
}

// growNulls keeps a non-nil null bitmap as long as the vector.
func (v *Vec) growNulls() {
	if v.Nulls != nil {
		v.Nulls = v.Nulls.Grow(v.Len())
	}
}

// SetNull marks row i, which must exist, as NULL.
func (v *Vec) SetNull(i int) {
	v.Nulls = v.Nulls.Grow(v.Len())
	v.Nulls.Set(i)
}
