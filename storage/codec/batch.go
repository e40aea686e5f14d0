package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"millrace/delta"
	"millrace/types"
)

// ErrCorrupt means that bytes are not what an encoder of this package wrote.
var ErrCorrupt = errors.New("corrupt encoded data")

// Limits of a batch. A writer splits what is larger.
const (
	// RowsMax is the greatest number of rows in a batch.
	RowsMax = 1 << 24
	// DecodedMax bounds the memory of a decoded batch, in bytes.
	DecodedMax = 1 << 30
	// columnsMax bounds the directory; PostgreSQL allows 1600 columns.
	columnsMax = 1 << 13
)

const (
	batchVersion byte = 1
	flagWeights  byte = 1
	crcLen            = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode appends b in the batch format to dst. b must be within [RowsMax] and [DecodedMax].
func Encode(dst []byte, b *delta.Batch) []byte {
	start := len(dst)
	flags := byte(0)
	if b.Weights != nil {
		flags |= flagWeights
	}
	dst = append(dst, batchVersion, flags)
	dst = binary.AppendUvarint(dst, uint64(b.N))
	dst = binary.AppendUvarint(dst, uint64(len(b.Cols)))
	// The directory has one fixed-size entry a block, so that blocks can be written behind it and it be filled in.
	dir := len(dst)
	blocks := len(b.Cols)
	if b.Weights != nil {
		blocks++
	}
	dst = append(dst, make([]byte, 4*blocks)...)
	var e encoder
	for i := range blocks {
		at := len(dst)
		if i < len(b.Cols) {
			dst = e.column(dst, b.Cols[i], b.N)
		} else {
			dst = e.ints(dst, b.Weights[:b.N])
		}
		binary.LittleEndian.PutUint32(dst[dir+4*i:], uint32(len(dst)-at))
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// header is what an encoded batch says of itself.
type header struct {
	rows    int
	cols    int
	weights bool
	dir     []byte // 4 bytes a block
	body    []byte
}

func parseHeader(src []byte) (h header, err error) {
	if len(src) < 4+crcLen {
		return h, fmt.Errorf("%w: a batch of %d bytes", ErrCorrupt, len(src))
	}
	if src[0] != batchVersion {
		return h, fmt.Errorf("%w: batch version %d", ErrCorrupt, src[0])
	}
	if src[1]&^flagWeights != 0 {
		return h, fmt.Errorf("%w: batch flags %#x", ErrCorrupt, src[1])
	}
	h.weights = src[1]&flagWeights != 0
	r := reader{b: src[2 : len(src)-crcLen]}
	rows, cols := r.uvarint(), r.uvarint()
	if r.failed || rows > RowsMax || cols > columnsMax {
		return h, fmt.Errorf("%w: batch header", ErrCorrupt)
	}
	h.rows, h.cols = int(rows), int(cols)
	blocks := h.cols
	if h.weights {
		blocks++
	}
	h.dir = r.take(4 * blocks)
	h.body = r.b
	if r.failed {
		return h, fmt.Errorf("%w: batch directory", ErrCorrupt)
	}
	return h, nil
}

// block finds block i, given the offset of the block that lies before it.
func (h *header) blocks() ([][]byte, error) {
	out := make([][]byte, len(h.dir)/4)
	body := h.body
	for i := range out {
		n := binary.LittleEndian.Uint32(h.dir[4*i:])
		if uint64(n) > uint64(len(body)) {
			return nil, fmt.Errorf("%w: batch directory", ErrCorrupt)
		}
		out[i], body = body[:n:n], body[n:]
	}
	if len(body) != 0 {
		return nil, fmt.Errorf("%w: %d bytes after the last column", ErrCorrupt, len(body))
	}
	return out, nil
}

// Rows reads the number of rows of an encoded batch from its header. It does not verify the checksum.
func Rows(src []byte) (int, error) {
	h, err := parseHeader(src)
	return h.rows, err
}

// Decode decodes the columns cols (nil is all) of an encoded batch whose columns have the types ts; where cols says which,
// ts may go on with columns that came later. The result
// has len(cols) columns, in that order, and owns its memory. Columns that are not asked for are not decoded.
func Decode(src []byte, ts []types.T, cols []int) (*delta.Batch, error) {
	return decode(src, ts, cols, DecodedMax)
}

func decode(src []byte, ts []types.T, cols []int, limit int) (*delta.Batch, error) {
	h, err := parseHeader(src)
	if err != nil {
		return nil, err
	}
	sum := len(src) - crcLen
	if crc32.Checksum(src[:sum], castagnoli) != binary.LittleEndian.Uint32(src[sum:]) {
		return nil, fmt.Errorf("%w: checksum of a batch", ErrCorrupt)
	}
	if h.cols != len(ts) && !within(cols, h.cols, len(ts)) {
		return nil, fmt.Errorf("%w: a batch of %d columns, not %d", ErrCorrupt, h.cols, len(ts))
	}
	blocks, err := h.blocks()
	if err != nil {
		return nil, err
	}
	d := decoder{n: h.rows, limit: limit}
	out := &delta.Batch{N: h.rows}
	if cols == nil {
		out.Cols = make([]*delta.Vec, len(ts))
		for i, t := range ts {
			out.Cols[i] = d.column(blocks[i], t)
		}
	} else {
		out.Cols = make([]*delta.Vec, len(cols))
		for i, c := range cols {
			out.Cols[i] = d.column(blocks[c], ts[c])
		}
	}
	if h.weights {
		r := reader{b: blocks[h.cols]}
		out.Weights = d.ints(&r, d.n)
		d.done(&r)
	}
	if d.failed {
		return nil, fmt.Errorf("%w: a column of a batch", ErrCorrupt)
	}
	return out, nil
}

// within reports whether a batch of n columns has all the columns that are asked for, of a relation that has more by now.
func within(cols []int, n, now int) bool {
	return cols != nil && n < now && !slices.ContainsFunc(cols, func(c int) bool { return c >= n })
}

// reader takes bytes from the front of b. Reading past the end sets failed and gives zeros.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.failed = true
		r.b = nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.failed = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.failed = true
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.failed = true
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}
