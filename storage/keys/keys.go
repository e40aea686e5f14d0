package keys

import (
	"millrace/delta"
	"millrace/types"
)

// Order is one column of a key and its direction.
type Order struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// Append appends the key of v's row to dst. With desc the order of values is reversed; nullsFirst says where
// NULL lies in the resulting order, whatever desc is.
func Append(dst []byte, v *delta.Vec, row int, desc, nullsFirst bool) []byte { panic("pending") }

// AppendDatum appends the key of a datum of type t, as [Append] does for a column's row.
func AppendDatum(dst []byte, t types.T, d types.Datum, desc, nullsFirst bool) []byte {
	panic("pending")
}

// AppendRow appends the keys of a row's columns, ascending with NULLs last.
func AppendRow(dst []byte, vecs []*delta.Vec, row int) []byte { panic("pending") }

// AppendRowOrder appends a row's key in the given columns and directions.
func AppendRowOrder(dst []byte, vecs []*delta.Vec, order []Order, row int) []byte { panic("pending") }

// PrefixEnd appends to dst the least byte string above every string that begins with prefix; the result is
// nil when there is none (a prefix of 0xFF only).
func PrefixEnd(dst, prefix []byte) []byte { panic("pending") }

// Hash is the 64-bit hash of a key. It is part of stored formats and never changes.
func Hash(key []byte) uint64 { panic("pending") }

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
func (k *KeyColumn) Reset() { panic("pending") }

// Append adds one key, copied, with its hash.
func (k *KeyColumn) Append(key []byte) { panic("pending") }

// AppendAll appends the keys of all rows of b in the columns cols, ascending with NULLs last.
func AppendAll(dst *KeyColumn, b *delta.Batch, cols []int) { panic("pending") }

// AppendAllOrder appends the keys of all rows of b in the given columns and directions.
func AppendAllOrder(dst *KeyColumn, b *delta.Batch, order []Order) { panic("pending") }
