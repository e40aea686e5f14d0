package state

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A group's rows are records, one after another: the weight as a zigzag varint, the length as a varint, the row.

type record struct {
	row []byte
	w   int64
}

func recordSize(row []byte, w int64) int {
	return varintLen(uint64(w<<1)^uint64(w>>63)) + varintLen(uint64(len(row))) + len(row)
}

func varintLen(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

func appendRecord(dst []byte, row []byte, w int64) []byte {
	dst = binary.AppendVarint(dst, w)
	dst = binary.AppendUvarint(dst, uint64(len(row)))
	return append(dst, row...)
}

// putRecord writes a record to the front of b, which has room, and gives its size.
func putRecord(b, row []byte, w int64) int {
	n := binary.PutVarint(b, w)
	n += binary.PutUvarint(b[n:], uint64(len(row)))
	return n + copy(b[n:], row)
}

// readRecord takes the record at the front of b.
func readRecord(b []byte) (r record, rest []byte) {
	if len(b) >= 2 && b[0] < 0x80 && b[1] < 0x80 { // short weight, short row: nearly all
		w := int64(b[0]>>1) ^ -int64(b[0]&1)
		end := 2 + int(b[1])
		return record{b[2:end:end], w}, b[end:]
	}
	w, n := binary.Varint(b)
	size, k := binary.Uvarint(b[n:])
	n += k
	end := n + int(size)
	return record{b[n:end:end], w}, b[end:]
}

func appendRecords(dst []record, b []byte) []record {
	for len(b) > 0 {
		var r record
		r, b = readRecord(b)
		dst = append(dst, r)
	}
	return dst
}

// consolidate sorts records by row, sums the weights of equal rows and drops those that come to nothing.
func consolidate(recs []record) []record {
	if !isConsolidated(recs) {
		slices.SortFunc(recs, func(a, b record) int { return bytes.Compare(a.row, b.row) })
	}
	out := recs[:0]
	for _, r := range recs {
		if n := len(out); n > 0 && string(out[n-1].row) == string(r.row) {
			out[n-1].w += r.w
			continue
		}
		if n := len(out); n > 0 && out[n-1].w == 0 {
			out = out[:n-1]
		}
		out = append(out, r)
	}
	if n := len(out); n > 0 && out[n-1].w == 0 {
		out = out[:n-1]
	}
	return out
}

func isConsolidated(recs []record) bool {
	for i := 1; i < len(recs); i++ {
		if string(recs[i-1].row) >= string(recs[i].row) {
			return false
		}
	}
	return true
}

// mergeRecords merges two consolidated lists into dst.
func mergeRecords(dst, a, b []record) []record {
	for len(a) > 0 && len(b) > 0 {
		switch c := bytes.Compare(a[0].row, b[0].row); {
		case c < 0:
			dst, a = append(dst, a[0]), a[1:]
		case c > 0:
			dst, b = append(dst, b[0]), b[1:]
		default:
			if w := a[0].w + b[0].w; w != 0 {
				dst = append(dst, record{a[0].row, w})
			}
			a, b = a[1:], b[1:]
		}
	}
	return append(append(dst, a...), b...)
}
