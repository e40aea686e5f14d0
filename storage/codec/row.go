package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"millrace/delta"
	"millrace/types"
)

// AppendRow appends a row of b in the row format: its columns cols in that order, all of them when cols is nil.
// Equal bytes are the same row, and the same row is always the same bytes.
func AppendRow(dst []byte, b *delta.Batch, cols []int, row int) []byte {
	if cols == nil {
		return AppendVecs(dst, b.Cols, row)
	}
	at := len(dst)
	dst = appendZeros(dst, (len(cols)+7)/8)
	for i, c := range cols {
		dst = appendField(dst, at, i, b.Cols[c], row)
	}
	return dst
}

// AppendVecs appends the row of vecs in the row format.
func AppendVecs(dst []byte, vecs []*delta.Vec, row int) []byte {
	at := len(dst)
	dst = appendZeros(dst, (len(vecs)+7)/8)
	for i, v := range vecs {
		dst = appendField(dst, at, i, v, row)
	}
	return dst
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, 0)
	}
	return dst
}

// appendField appends column i of the row whose null bits lie at dst[at:].
func appendField(dst []byte, at, i int, v *delta.Vec, row int) []byte {
	if v.Nulls != nil && v.Nulls.Get(row) {
		dst[at+i>>3] |= 1 << (i & 7)
		return dst
	}
	switch v.Type.Rep() {
	case types.RepInt:
		return binary.AppendVarint(dst, v.Ints[row])
	case types.RepBool:
		if v.Bools[row] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case types.RepFloat:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Floats[row]))
	}
	b := v.Data[v.Off[row]:v.Off[row+1]]
	if v.Type.Kind == types.Numeric {
		return appendNumericField(dst, b)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// appendNumericField appends a numeric in its fast form as twice the scale and the coefficient as varints; in another
// form as twice the length plus one, and the bytes.
func appendNumericField(dst, b []byte) []byte {
	if coef, scale, ok := types.NumericFast(b); ok && len(b) > 0 {
		dst = binary.AppendUvarint(dst, uint64(scale)<<1)
		return binary.AppendVarint(dst, coef)
	}
	dst = binary.AppendUvarint(dst, uint64(len(b))<<1|1)
	return append(dst, b...)
}

// DecodeRow appends a row to a batch of the row's columns, with a weight. On an error the batch is unchanged.
func DecodeRow(src []byte, into *delta.Batch, weight int64) error {
	if err := DecodeRowInto(src, into.Cols); err != nil {
		return err
	}
	if into.Weights == nil && weight != 1 {
		into.Weights = make([]int64, into.N, max(into.N+1, 16))
		for i := range into.Weights {
			into.Weights[i] = 1
		}
	}
	if into.Weights != nil {
		into.Weights = append(into.Weights, weight)
	}
	into.N++
	return nil
}

// DecodeRowInto appends a row to vectors of its columns. On an error the vectors are unchanged.
func DecodeRowInto(src []byte, vecs []*delta.Vec) error {
	r := reader{b: src}
	nulls := r.take((len(vecs) + 7) / 8)
	if r.failed {
		return fmt.Errorf("%w: a row of %d bytes for %d columns", ErrCorrupt, len(src), len(vecs))
	}
	for i, v := range vecs {
		if nulls[i>>3]>>(i&7)&1 != 0 {
			v.AppendNull()
			continue
		}
		readField(&r, v)
		if r.failed {
			truncate(vecs[:i+1], v.Len()-1)
			return fmt.Errorf("%w: column %d of a row", ErrCorrupt, i+1)
		}
	}
	if len(r.b) != 0 {
		if len(vecs) > 0 {
			truncate(vecs, vecs[0].Len()-1)
		}
		return fmt.Errorf("%w: %d bytes after a row", ErrCorrupt, len(r.b))
	}
	return nil
}

// readField appends one value that is not NULL to v; what it appends when r fails means nothing.
func readField(r *reader, v *delta.Vec) {
	switch v.Type.Rep() {
	case types.RepInt:
		v.Ints = append(v.Ints, r.varint())
		growNulls(v)
	case types.RepBool:
		c := r.byte()
		r.failed = r.failed || c > 1
		v.Bools = append(v.Bools, c != 0)
		growNulls(v)
	case types.RepFloat:
		var f float64
		if raw := r.take(8); !r.failed {
			f = math.Float64frombits(binary.LittleEndian.Uint64(raw))
		}
		v.Floats = append(v.Floats, f)
		growNulls(v)
	default:
		if v.Type.Kind == types.Numeric {
			readNumericField(r, v)
			return
		}
		v.AppendBytes(r.take(int(min(r.uvarint(), math.MaxInt32))))
	}
}

func readNumericField(r *reader, v *delta.Vec) {
	head := r.uvarint()
	if head&1 != 0 {
		v.AppendBytes(r.take(int(min(head>>1, math.MaxInt32))))
		return
	}
	coef := r.varint()
	if head>>1 > 0xFF {
		r.failed = true
	}
	v.Data = types.AppendNumeric(v.Data, coef, int32(head>>1&0xFF))
	v.EndBytes()
}

func growNulls(v *delta.Vec) {
	if v.Nulls != nil {
		v.Nulls = v.Nulls.Grow(v.Len())
	}
}

// truncate cuts vectors back to n rows.
func truncate(vecs []*delta.Vec, n int) {
	for _, v := range vecs {
		for i := n; i < v.Len(); i++ {
			if v.Nulls.Get(i) {
				v.Nulls.Clear(i)
			}
		}
		switch v.Type.Rep() {
		case types.RepInt:
			v.Ints = v.Ints[:n]
		case types.RepBool:
			v.Bools = v.Bools[:n]
		case types.RepFloat:
			v.Floats = v.Floats[:n]
		default:
			v.Off = slices.Clip(v.Off[:n+1])
			v.Data = v.Data[:v.Off[n]]
		}
	}
}
