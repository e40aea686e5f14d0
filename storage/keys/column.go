package keys

import (
	"bytes"
	"encoding/binary"
	"slices"

	"millrace/delta"
	"millrace/types"
)

// KeyColumn holds the keys of a batch's rows, one after another, and their hashes.
type KeyColumn struct {
	Off  []uint32 // row i is Data[Off[i]:Off[i+1]]; len n+1, or 0 when empty
	Data []byte
	Hash []uint64 // Hash(key) per row
}

// Len is the number of keys.
func (k *KeyColumn) Len() int { return len(k.Hash) }

// Key gives key i, aliasing k.
func (k *KeyColumn) Key(i int) []byte { return k.Data[k.Off[i]:k.Off[i+1]:k.Off[i+1]] }

// Reset empties k and keeps its memory.
func (k *KeyColumn) Reset() { k.Off, k.Data, k.Hash = k.Off[:0], k.Data[:0], k.Hash[:0] }

// Append adds one key, copied, with its hash.
func (k *KeyColumn) Append(key []byte) {
	k.Data = append(k.Data, key...)
	k.end(len(k.Data) - len(key))
}

// end closes the key that was written to Data from start on.
func (k *KeyColumn) end(start int) {
	if len(k.Off) == 0 {
		k.Off = append(k.Off, uint32(start))
	}
	k.Off = append(k.Off, uint32(len(k.Data)))
	k.Hash = append(k.Hash, Hash(k.Data[start:]))
}

// AppendAll appends the keys of all rows of b in the columns cols, ascending with NULLs last.
func AppendAll(dst *KeyColumn, b *delta.Batch, cols []int) {
	order := make([]Order, len(cols))
	for i, c := range cols {
		order[i].Col = c
	}
	AppendAllOrder(dst, b, order)
}

// AppendAllOrder appends the keys of all rows of b in the given columns and directions. The keys of one batch
// together must stay below 4 GiB.
func AppendAllOrder(dst *KeyColumn, b *delta.Batch, order []Order) {
	if b.N == 0 {
		return
	}
	dst.Off = slices.Grow(dst.Off, b.N+1)
	dst.Hash = slices.Grow(dst.Hash, b.N)
	dst.Data = slices.Grow(dst.Data, sizeHint(b, order))
	if isFixed(b, order) {
		appendFixed(dst, b, order)
		return
	}
	data, off, hash := dst.Data, dst.Off, dst.Hash
	if len(off) == 0 {
		off = append(off, uint32(len(data)))
	}
	for i := range b.N {
		start := len(data)
		for _, o := range order {
			data = appendFast(data, b.Cols[o.Col], i, o)
		}
		off = append(off, uint32(len(data)))
		hash = append(hash, Hash(data[start:]))
	}
	dst.Data, dst.Off, dst.Hash = data, off, hash
}

// appendFast is Append with the common representations first.
func appendFast(dst []byte, v *delta.Vec, row int, o Order) []byte {
	if o.Desc || (v.Nulls != nil && v.Nulls.Get(row)) {
		return Append(dst, v, row, o.Desc, o.NullsFirst)
	}
	switch v.Type.Kind {
	case types.Int2, types.Int4, types.Int8, types.Date, types.Timestamp, types.TimestampTZ:
		return appendInt(append(dst, tagValue), v.Ints[row])
	case types.Text, types.Varchar:
		b := v.Data[v.Off[row]:v.Off[row+1]]
		if bytes.IndexByte(b, escape) < 0 {
			dst = append(dst, tagValue)
			dst = append(dst, b...)
			return append(dst, escape, terminator)
		}
	}
	return Append(dst, v, row, false, o.NullsFirst)
}

// sizeHint is about what the keys will take.
func sizeHint(b *delta.Batch, order []Order) int {
	n := 0
	for _, o := range order {
		v := b.Cols[o.Col]
		if v.Type.Rep() == types.RepBytes {
			if len(v.Off) > 0 {
				n += int(v.Off[len(v.Off)-1]-v.Off[0]) + 3*b.N
			}
			continue
		}
		n += 9 * b.N
	}
	return n
}

// isFixed reports whether all columns are ascending integers without NULLs, whose keys have one length.
func isFixed(b *delta.Batch, order []Order) bool {
	for _, o := range order {
		v := b.Cols[o.Col]
		if o.Desc || v.Type.Rep() != types.RepInt || v.Nulls.Any() {
			return false
		}
	}
	return true
}

// appendFixed writes column after column at a constant stride.
func appendFixed(dst *KeyColumn, b *delta.Batch, order []Order) {
	const width = 9
	stride := width * len(order)
	start := len(dst.Data)
	data := dst.Data[:start+stride*b.N]
	for c, o := range order {
		at := start + c*width
		for _, v := range b.Cols[o.Col].Ints[:b.N] {
			data[at] = tagValue
			binary.BigEndian.PutUint64(data[at+1:], uint64(v)^1<<63)
			at += stride
		}
	}
	dst.Data = data
	if len(dst.Off) == 0 {
		dst.Off = append(dst.Off, uint32(start))
	}
	for i := range b.N {
		at := start + i*stride
		dst.Off = append(dst.Off, uint32(at+stride))
		dst.Hash = append(dst.Hash, Hash(data[at:at+stride]))
	}
}
