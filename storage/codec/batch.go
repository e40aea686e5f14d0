package codec

import (
	"millrace/delta"
	"millrace/types"
)

// Encode appends b in the batch format to dst.
func Encode(dst []byte, b *delta.Batch) []byte { panic("pending") }

// Rows reads the number of rows of an encoded batch from its header.
func Rows(src []byte) (int, error) { panic("pending") }

// Decode decodes the columns cols (nil is all) of an encoded batch whose columns have the types ts. The result
// has len(cols) columns, in that order, and owns its memory. Columns that are not asked for are not touched.
func Decode(src []byte, ts []types.T, cols []int) (*delta.Batch, error) { panic("pending") }
