package delta

import (
	"encoding/binary"
	"math"

	"millrace/types"
)

// Consolidate sums the weights of equal rows and leaves out those that come to zero. Equal means the same
// bytes: values that SQL calls equal but shows differently stay apart. Rows keep the order of their first
// appearance. It is for the small changes of a transaction; operators have their own ways.
func Consolidate(b *Batch) *Batch {
	if b.Weights == nil {
		return b
	}
	index := make(map[string]int, b.N)
	var rows []uint32
	var sums []int64
	var key []byte
	for i := range b.N {
		key = appendExact(key[:0], b, i)
		if at, ok := index[string(key)]; ok {
			sums[at] += b.Weights[i]
			continue
		}
		index[string(key)] = len(rows)
		rows = append(rows, uint32(i))
		sums = append(sums, b.Weights[i])
	}
	out := &Batch{Cols: make([]*Vec, len(b.Cols))}
	sel := rows[:0]
	weights := sums[:0]
	for i, r := range rows {
		if sums[i] != 0 {
			sel = append(sel, r)
			weights = append(weights, sums[i])
		}
	}
	for c, v := range b.Cols {
		out.Cols[c] = v.Gather(sel)
	}
	out.N, out.Weights = len(sel), weights
	return out
}

// appendExact appends an unambiguous form of a row's bytes.
func appendExact(dst []byte, b *Batch, i int) []byte {
	for _, v := range b.Cols {
		if v.IsNull(i) {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
		switch v.Type.Rep() {
		case types.RepBool:
			if v.Bools[i] {
				dst = append(dst, 1)
			} else {
				dst = append(dst, 0)
			}
		case types.RepInt:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Ints[i]))
		case types.RepFloat:
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Floats[i]))
		default:
			dst = binary.AppendUvarint(dst, uint64(len(v.Bytes(i))))
			dst = append(dst, v.Bytes(i)...)
		}
	}
	return dst
}
