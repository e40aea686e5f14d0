package codec

import (
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/s2"

	"millrace/delta"
	"millrace/storage/keys"
	"millrace/types"
)

const (
	dictSample   = 64      // rows looked at before a dictionary is tried
	dictSizeMax  = 4096    // entries
	compressMin  = 256     // bytes below which compression is not tried
	compressTest = 2048    // bytes of a trial compression
	sizeOverflow = 1 << 32 // offsets are uint32
)

// bytesBody chooses among a numeric column, a dictionary and plain bytes.
func (e *encoder) bytesBody(dst []byte, v *delta.Vec, n int) (byte, []byte) {
	if v.Type.Kind == types.Numeric {
		if out, ok := e.numerics(dst, v, n); ok {
			return encNumeric, out
		}
	}
	if out, ok := e.dictionary(dst, v, n); ok {
		return encBytesDict, out
	}
	lens := e.scratch(n)
	var first, last uint32
	if n > 0 {
		first, last = v.Off[0], v.Off[n]
		for i := range lens {
			lens[i] = int64(v.Off[i+1] - v.Off[i])
		}
	}
	dst = e.ints(dst, lens)
	return encBytesPlain, appendPayload(dst, v.Data[first:last])
}

// numerics encodes a numeric column whose values are all in the fast form at one scale: as integers.
func (e *encoder) numerics(dst []byte, v *delta.Vec, n int) ([]byte, bool) {
	coefs := e.scratch(n)
	scale := int32(-1)
	for i := range n {
		coefs[i] = 0
		if v.IsNull(i) {
			if len(v.Bytes(i)) != 0 {
				return dst, false
			}
			continue
		}
		b := v.Bytes(i)
		coef, s, ok := types.NumericFast(b)
		if !ok || len(b) == 0 || scale >= 0 && s != scale {
			return dst, false
		}
		scale, coefs[i] = s, coef
	}
	if scale < 0 || scale > 0xFF {
		return dst, false
	}
	return e.ints(append(dst, byte(scale)), coefs), true
}

// dictionary encodes a column of few distinct values.
func (e *encoder) dictionary(dst []byte, v *delta.Vec, n int) ([]byte, bool) {
	if n < 8 || int(v.Off[n]-v.Off[0]) < 2*n || !fewDistinct(v, n) {
		return dst, false
	}
	limit := min(dictSizeMax, n/4+1)
	var d dict
	d.init(limit)
	idx := e.scratch(n)
	for i := range n {
		id, ok := d.add(v.Bytes(i), limit)
		if !ok {
			return dst, false
		}
		idx[i] = int64(id)
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.entries)))
	var lens [dictSizeMax]int64
	var data []byte
	for i, entry := range d.entries {
		lens[i] = int64(len(entry))
		data = append(data, entry...)
	}
	var inner encoder
	dst = inner.ints(dst, lens[:len(d.entries)])
	dst = appendPayload(dst, data)
	return e.ints(dst, idx), true
}

// fewDistinct looks at a sample and reports whether a dictionary has a chance.
func fewDistinct(v *delta.Vec, n int) bool {
	sample := min(dictSample, n)
	step := n / sample
	var d dict
	d.init(dictSample)
	for i := range sample {
		d.add(v.Bytes(i*step), dictSample)
	}
	return len(d.entries) <= sample/2
}

// dict is an open-addressing table of distinct byte strings, numbered in order of appearance.
type dict struct {
	slots   []uint16 // entry number + 1
	hashes  []uint64
	entries [][]byte
}

func (d *dict) init(limit int) {
	size := 16
	for size < 2*limit {
		size *= 2
	}
	d.slots = make([]uint16, size)
	d.hashes = make([]uint64, 0, limit)
	d.entries = make([][]byte, 0, limit)
}

func (d *dict) add(b []byte, limit int) (id int, ok bool) {
	h := keys.Hash(b)
	mask := uint64(len(d.slots) - 1)
	for p := h & mask; ; p = (p + 1) & mask {
		s := d.slots[p]
		if s == 0 {
			if len(d.entries) >= limit {
				return 0, false
			}
			d.entries = append(d.entries, b)
			d.hashes = append(d.hashes, h)
			d.slots[p] = uint16(len(d.entries))
			return len(d.entries) - 1, true
		}
		if d.hashes[s-1] == h && string(d.entries[s-1]) == string(b) {
			return int(s - 1), true
		}
	}
}

// The payload of byte columns is a byte for the method, the stored length in four bytes, and the bytes.
const (
	payloadRaw byte = 0
	payloadS2  byte = 1
)

// appendPayload appends data, compressed when a trial says that it pays.
func appendPayload(dst, data []byte) []byte {
	if len(data) >= compressMin && compressible(data) {
		at := len(dst)
		dst = append(dst, payloadS2, 0, 0, 0, 0)
		if room := s2.MaxEncodedLen(len(data)); room > 0 {
			dst = slices.Grow(dst, room)
			out := s2.Encode(dst[len(dst):len(dst)+room], data)
			if len(out) < len(data)-len(data)/8 {
				binary.LittleEndian.PutUint32(dst[at+1:], uint32(len(out)))
				return dst[:len(dst)+len(out)]
			}
		}
		dst = dst[:at]
	}
	dst = append(dst, payloadRaw, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(dst[len(dst)-4:], uint32(len(data)))
	return append(dst, data...)
}

// compressible compresses a piece from the middle of data and reports whether it shrank by an eighth.
func compressible(data []byte) bool {
	if len(data) <= compressTest {
		return true
	}
	at := (len(data) - compressTest) / 2
	var buf [compressTest + compressTest/2]byte
	piece := data[at : at+compressTest]
	return len(s2.Encode(buf[:], piece)) < len(piece)-len(piece)/8
}

func (d *decoder) payload(r *reader) []byte {
	method := r.byte()
	size := r.take(4)
	if r.failed {
		d.failed = true
		return nil
	}
	raw := r.take(int(binary.LittleEndian.Uint32(size)))
	switch {
	case r.failed:
	case method == payloadRaw && d.alloc(len(raw)):
		return append(make([]byte, 0, len(raw)), raw...)
	case method == payloadS2:
		// s2 states the decoded length in front, so it can be held against the limit.
		if n, err := s2.DecodedLen(raw); err == nil && d.alloc(n) {
			if out, err := s2.Decode(make([]byte, n), raw); err == nil {
				return out
			}
		}
	}
	d.failed = true
	return nil
}

func (d *decoder) bytesBody(r *reader, enc byte, v *delta.Vec) {
	switch enc {
	case encBytesPlain:
		v.Off, v.Data = d.plain(r, d.n)
	case encBytesDict:
		d.dictionary(r, v)
	case encNumeric:
		d.numerics(r, v)
	default:
		d.failed = true
	}
}

// plain reads n byte strings as offsets and data.
func (d *decoder) plain(r *reader, n int) ([]uint32, []byte) {
	lens := d.ints(r, n)
	data := d.payload(r)
	if d.failed || r.failed || !d.alloc(4*n+4) {
		d.failed = true
		return nil, nil
	}
	off := make([]uint32, n+1)
	sum := uint64(0)
	for i, l := range lens {
		sum += uint64(l)
		if uint64(l) >= sizeOverflow || sum > uint64(len(data)) {
			d.failed = true
			return nil, nil
		}
		off[i+1] = uint32(sum)
	}
	if sum != uint64(len(data)) {
		d.failed = true
	}
	return off, data
}

func (d *decoder) dictionary(r *reader, v *delta.Vec) {
	size := r.uvarint()
	if r.failed || size > dictSizeMax {
		d.failed = true
		return
	}
	off, data := d.plain(r, int(size))
	idx := d.ints(r, d.n)
	if d.failed || r.failed {
		d.failed = true
		return
	}
	total := 0
	for _, x := range idx {
		if uint64(x) >= size {
			d.failed = true
			return
		}
		total += int(off[x+1] - off[x])
	}
	if total >= sizeOverflow || !d.alloc(total+4*d.n+4) {
		d.failed = true
		return
	}
	v.Off = make([]uint32, d.n+1)
	v.Data = make([]byte, 0, total)
	for i, x := range idx {
		v.Data = append(v.Data, data[off[x]:off[x+1]]...)
		v.Off[i+1] = uint32(len(v.Data))
	}
}

func (d *decoder) numerics(r *reader, v *delta.Vec) {
	scale := r.byte()
	coefs := d.ints(r, d.n)
	const width = 9
	if v.Type.Kind != types.Numeric || r.failed || d.failed || !d.alloc(width*d.n+4*d.n+4) {
		d.failed = true
		return
	}
	v.Off = make([]uint32, d.n+1)
	v.Data = make([]byte, 0, width*d.n)
	for i, c := range coefs {
		if !v.IsNull(i) {
			v.Data = types.AppendNumeric(v.Data, c, int32(scale))
		}
		v.Off[i+1] = uint32(len(v.Data))
	}
}
