package types

import (
	"encoding/binary"
	"math"

	"millrace/pgerr"
)

// An array value is a byte string; the element type stands beside it:
//
//	1 byte    number of dimensions (0 for the empty array) | 0x08 some element is NULL | 0x10 lower bounds follow
//	per dimension: uvarint length, then, with 0x10, zigzag varint lower bound (without it they are all 1)
//	with 0x08: null bitmap, one bit an element, lowest bit first
//	elements in row-major order, NULLs taking no space: booleans 1 byte, integers and floats 8 bytes little
//	endian, all others uvarint length and the value's own bytes
//
// The empty string, which stands in the slots of NULL rows, reads as the empty array.
const (
	arrayDimsMask   = 0x07
	arrayHasNulls   = 0x08
	arrayHasLowers  = 0x10
	arrayDimsMax    = 6
	arrayElementMax = 134217727 // PostgreSQL's MaxArraySize
)

// ArrayDim is one dimension: how many elements, and the subscript of the first.
type ArrayDim struct{ Len, Lower int32 }

// ArrayReader reads an array value. It aliases the value and does not allocate.
type ArrayReader struct {
	rep   Rep
	ndim  int
	dims  [arrayDimsMax]ArrayDim
	n     int
	nulls []byte
	data  []byte // all elements
	off   int    // where in data the element that Next reads begins
	i     int
}

// ReadArray begins to read the array b with elements of type elem. Bytes that are no array read as the empty one.
func ReadArray(elem T, b []byte) ArrayReader {
	r := ArrayReader{rep: elem.Rep()}
	if len(b) == 0 || b[0]&arrayDimsMask == 0 || b[0]&arrayDimsMask > arrayDimsMax {
		return r
	}
	head, rest := b[0], b[1:]
	n := 1
	ndim := int(head & arrayDimsMask)
	for i := range ndim {
		length, used := binary.Uvarint(rest)
		if used <= 0 || length > arrayElementMax {
			return ArrayReader{}
		}
		rest = rest[used:]
		r.dims[i] = ArrayDim{Len: int32(length), Lower: 1}
		if head&arrayHasLowers != 0 {
			lower, used := binary.Varint(rest)
			if used <= 0 {
				return ArrayReader{}
			}
			rest = rest[used:]
			r.dims[i].Lower = int32(lower)
		}
		if n *= int(length); n > arrayElementMax {
			return ArrayReader{}
		}
	}
	if head&arrayHasNulls != 0 {
		size := (n + 7) / 8
		if len(rest) < size {
			return ArrayReader{}
		}
		r.nulls, rest = rest[:size], rest[size:]
	} else if n*max(elementWidth(r.rep), 1) > len(rest) {
		return ArrayReader{}
	}
	r.ndim, r.n, r.data = ndim, n, rest
	return r
}

// Len is the number of elements over all dimensions.
func (r *ArrayReader) Len() int { return r.n }

// NumDims is the number of dimensions: 0 for the empty array.
func (r *ArrayReader) NumDims() int { return r.ndim }

// Dim gives dimension i, from 0.
func (r *ArrayReader) Dim(i int) ArrayDim { return r.dims[i] }

// Dims gives all dimensions; the slice belongs to r.
func (r *ArrayReader) Dims() []ArrayDim { return r.dims[:r.ndim] }

// HasNulls reports whether some element is NULL.
func (r *ArrayReader) HasNulls() bool { return r.nulls != nil }

// Next gives the elements one after the other in row-major order, and ok false at the end. Bytes alias the array.
func (r *ArrayReader) Next() (d Datum, ok bool) {
	if r.i >= r.n {
		return Datum{}, false
	}
	i := r.i
	r.i++
	if r.nulls != nil && r.nulls[i>>3]>>(i&7)&1 != 0 {
		return Null, true
	}
	return r.read()
}

// read reads the element at r.off; ok is false when the data ends before it does.
func (r *ArrayReader) read() (d Datum, ok bool) {
	b := r.data[r.off:]
	switch r.rep {
	case RepInt, RepFloat:
		if len(b) < 8 {
			return Null, false
		}
		r.off += 8
		d.I = int64(binary.LittleEndian.Uint64(b))
	case RepBool:
		if len(b) < 1 {
			return Null, false
		}
		r.off++
		d.I = int64(b[0])
	default:
		length, used := binary.Uvarint(b)
		if used <= 0 || length > uint64(len(b)-used) {
			return Null, false
		}
		end := used + int(length)
		r.off += end
		d.B = b[used:end:end]
	}
	return d, true
}

// At gives the element with the row-major index i, from 0. It takes constant time for elements of fixed size in an
// array without NULLs, else time in proportion to i. Out of range it gives NULL.
func (r *ArrayReader) At(i int) Datum {
	if i < 0 || i >= r.n {
		return Null
	}
	c := *r
	c.off, c.i = 0, 0
	if width := elementWidth(r.rep); width > 0 && r.nulls == nil {
		c.off, c.i = i*width, i
	}
	for c.i < i {
		c.Next()
	}
	d, ok := c.Next()
	if !ok {
		return Null
	}
	return d
}

// Index turns subscripts into a row-major index; ok is false when they are of the wrong number or out of bounds, where
// SQL's answer is NULL.
func (r *ArrayReader) Index(subscripts ...int64) (i int, ok bool) {
	if r.ndim == 0 || len(subscripts) != r.ndim {
		return 0, false
	}
	for k, s := range subscripts {
		dim := r.dims[k]
		off := s - int64(dim.Lower)
		if s < int64(dim.Lower) || off >= int64(dim.Len) {
			return 0, false
		}
		i = i*int(dim.Len) + int(off)
	}
	return i, true
}

func elementWidth(rep Rep) int {
	switch rep {
	case RepBool:
		return 1
	case RepInt, RepFloat:
		return 8
	}
	return 0
}

// ArrayBuilder collects elements and encodes them as an array. Its zero value must be Reset before use.
type ArrayBuilder struct {
	rep      Rep
	n        int
	data     []byte
	nulls    []byte
	hasNulls bool
}

// NewArrayBuilder makes a builder for elements of type elem.
func NewArrayBuilder(elem T) *ArrayBuilder { return &ArrayBuilder{rep: elem.Rep()} }

// Reset empties b for elements of type elem, keeping its memory.
func (b *ArrayBuilder) Reset(elem T) {
	*b = ArrayBuilder{rep: elem.Rep(), data: b.data[:0], nulls: b.nulls[:0]}
}

// Len is the number of elements so far.
func (b *ArrayBuilder) Len() int { return b.n }

// Append adds an element, copying its bytes.
func (b *ArrayBuilder) Append(d Datum) {
	if b.n&7 == 0 {
		b.nulls = append(b.nulls, 0)
	}
	i := b.n
	b.n++
	if d.Null {
		b.nulls[i>>3] |= 1 << (i & 7)
		b.hasNulls = true
		return
	}
	b.appendValue(d)
}

// appendValue appends a value that is not NULL.
func (b *ArrayBuilder) appendValue(d Datum) {
	switch b.rep {
	case RepBool:
		b.data = append(b.data, byte(d.I))
	case RepInt, RepFloat:
		b.data = binary.LittleEndian.AppendUint64(b.data, uint64(d.I))
	default:
		b.data = binary.AppendUvarint(b.data, uint64(len(d.B)))
		b.data = append(b.data, d.B...)
	}
}

// Build appends the elements as an array of one dimension with the lower bound 1; no elements give the empty array.
func (b *ArrayBuilder) Build(dst []byte) []byte {
	if b.n == 0 {
		return append(dst, 0)
	}
	dim := [1]ArrayDim{{Len: int32(b.n), Lower: 1}}
	return b.BuildDims(dst, dim[:])
}

// BuildDims appends the elements as an array with the given dimensions (at most 6), whose lengths must multiply to
// [ArrayBuilder.Len]; see [CheckArrayDims]. No dimensions, or no elements, give the empty array.
func (b *ArrayBuilder) BuildDims(dst []byte, dims []ArrayDim) []byte {
	if len(dims) == 0 || b.n == 0 {
		return append(dst, 0)
	}
	head := byte(len(dims))
	if b.hasNulls {
		head |= arrayHasNulls
	}
	for _, d := range dims {
		if d.Lower != 1 {
			head |= arrayHasLowers
		}
	}
	dst = append(dst, head)
	for _, d := range dims {
		dst = binary.AppendUvarint(dst, uint64(d.Len))
		if head&arrayHasLowers != 0 {
			dst = binary.AppendVarint(dst, int64(d.Lower))
		}
	}
	if b.hasNulls {
		dst = append(dst, b.nulls[:(b.n+7)/8]...)
	}
	return append(dst, b.data...)
}

// CheckArrayDims gives the number of elements of an array with the given dimensions, or PostgreSQL's error (54000) when
// there are too many dimensions or elements, or a subscript would overflow.
func CheckArrayDims(dims []ArrayDim) (int, error) {
	if len(dims) > arrayDimsMax {
		return 0, errArrayDims(len(dims))
	}
	n := int64(1)
	for _, d := range dims {
		if n *= int64(d.Len); n > arrayElementMax {
			return 0, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", arrayElementMax)
		}
		if int64(d.Lower)+int64(d.Len) > math.MaxInt32 {
			return 0, pgerr.New(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", d.Lower)
		}
	}
	if len(dims) == 0 {
		n = 0
	}
	return int(n), nil
}

func errArrayDims(n int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, arrayDimsMax)
}

// compareArrays orders as PostgreSQL's array_cmp: element by element, NULL after everything; then the shorter array
// first; then by dimensions and lower bounds, which only has to tell different arrays apart.
func compareArrays(elem T, a, b []byte) int {
	x, y := ReadArray(elem, a), ReadArray(elem, b)
	for {
		p, okx := x.Next()
		q, oky := y.Next()
		if !okx || !oky {
			break
		}
		if c := compareElements(elem, p, q); c != 0 {
			return c
		}
	}
	if c := compareInts(int64(x.n), int64(y.n)); c != 0 {
		return c
	}
	if c := compareInts(int64(x.ndim), int64(y.ndim)); c != 0 {
		return c
	}
	for i := range x.ndim {
		if c := compareInts(int64(x.dims[i].Len), int64(y.dims[i].Len)); c != 0 {
			return c
		}
	}
	for i := range x.ndim {
		if c := compareInts(int64(x.dims[i].Lower), int64(y.dims[i].Lower)); c != 0 {
			return c
		}
	}
	return 0
}

// compareElements orders elements of an array or fields of a row: NULLs are equal to each other and after everything else.
func compareElements(t T, a, b Datum) int {
	switch {
	case !a.Null && !b.Null:
		return Compare(t, a, b)
	case !b.Null:
		return 1
	case !a.Null:
		return -1
	}
	return 0
}

// hashArray is consistent with compareArrays.
func hashArray(elem T, b []byte, seed uint64) uint64 {
	r := ReadArray(elem, b)
	h := HashInt(int64(r.ndim), seed)
	for _, d := range r.Dims() {
		h = HashInt(int64(d.Len)<<32|int64(uint32(d.Lower)), h)
	}
	for {
		d, ok := r.Next()
		if !ok {
			return h
		}
		if d.Null {
			h = HashInt(hashNullElement, h)
			continue
		}
		h = Hash(elem, d, h)
	}
}
