package codec

import "millrace/delta"

// AppendRow appends a row of b in the row format: its columns cols in that order, all of them when cols is nil.
// Equal bytes are the same row, and the same row is always the same bytes.
func AppendRow(dst []byte, b *delta.Batch, cols []int, row int) []byte { panic("pending") }

// AppendVecs appends the row of vecs in the row format.
func AppendVecs(dst []byte, vecs []*delta.Vec, row int) []byte { panic("pending") }

// DecodeRow appends a row to a batch of the row's columns, with a weight. On an error the batch is unchanged.
func DecodeRow(src []byte, into *delta.Batch, weight int64) error { panic("pending") }

// DecodeRowInto appends a row to vectors of its columns. On an error the vectors are unchanged.
func DecodeRowInto(src []byte, vecs []*delta.Vec) error { panic("pending") }
