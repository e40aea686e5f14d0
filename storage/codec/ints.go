package codec

import (
	"encoding/binary"
	"math/bits"
)

// Integers are stored in frames of frameLen values: a byte of width, the least value as a zigzag varint, and each
// value's distance from it in width bits. Where differences between neighbours are narrower, they are stored in
// that way instead, after the first value. (The scheme is the known one of Zukowski et al., "Super-Scalar RAM-CPU
// Cache Compression", 2006, without its exceptions: small frames take their place.)
const frameLen = 128

// packedMax is the greatest width that is packed; wider frames take 64 bits a value, so that a packed value always
// lies within 8 bytes from the byte that it begins in.
const packedMax = 56

// intBody appends the integers and gives their encoding.
func (e *encoder) intBody(dst []byte, v []int64) (byte, []byte) {
	if len(v) == 0 {
		return encIntFOR, dst
	}
	plain, diff := 0, 0
	for at := 0; at < len(v); at += frameLen {
		p, d := frameCosts(v, at, min(at+frameLen, len(v)))
		plain += p
		diff += d
	}
	if diff >= plain {
		for at := 0; at < len(v); at += frameLen {
			dst = appendFrame(dst, v[at:min(at+frameLen, len(v))])
		}
		return encIntFOR, dst
	}
	dst = binary.AppendVarint(dst, v[0])
	var frame [frameLen]int64
	for at := 1; at < len(v); at += frameLen {
		end := min(at+frameLen, len(v))
		prev := v[at-1]
		for i, x := range v[at:end] {
			frame[i] = x - prev
			prev = x
		}
		dst = appendFrame(dst, frame[:end-at])
	}
	return encIntDelta, dst
}

// frameCosts estimates the bits that v[at:end] takes plain and as differences.
func frameCosts(v []int64, at, end int) (plain, diff int) {
	lo, hi := v[at], v[at]
	first := max(at, 1)
	var dlo, dhi int64
	if first < len(v) {
		dlo = v[first] - v[first-1]
		dhi = dlo
	}
	prev := v[max(at-1, 0)]
	for i, x := range v[at:end] {
		lo, hi = min(lo, x), max(hi, x)
		d := x - prev
		if at+i > 0 {
			dlo, dhi = min(dlo, d), max(dhi, d)
		}
		prev = x
	}
	n := end - at
	return n * bits.Len64(uint64(hi)-uint64(lo)), n * bits.Len64(uint64(dhi)-uint64(dlo))
}

// appendFrame appends up to frameLen values. Distances wrap around, so every range of int64 works.
func appendFrame(dst []byte, v []int64) []byte {
	lo, hi := v[0], v[0]
	for _, x := range v {
		lo, hi = min(lo, x), max(hi, x)
	}
	width := bits.Len64(uint64(hi) - uint64(lo))
	if width > packedMax {
		width = 64
	}
	dst = append(dst, byte(width))
	dst = binary.AppendVarint(dst, lo)
	switch width {
	case 0:
		return dst
	case 64:
		for _, x := range v {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(x)-uint64(lo))
		}
		return dst
	}
	var acc uint64
	filled := 0
	for _, x := range v {
		d := uint64(x) - uint64(lo)
		acc |= d << filled
		filled += width
		if filled >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			filled -= 64
			acc = d >> (width - filled)
		}
	}
	for ; filled > 0; filled -= 8 {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// ints reads a block of n integers with its encoding byte.
func (d *decoder) ints(r *reader, n int) []int64 {
	enc := r.byte()
	if enc != encIntFOR && enc != encIntDelta {
		d.failed = true
		return nil
	}
	return d.intBody(r, enc, n)
}

// intBody reads n integers.
func (d *decoder) intBody(r *reader, enc byte, n int) []int64 {
	if n == 0 {
		if enc == encIntDelta {
			d.failed = true
		}
		return []int64{}
	}
	// A frame takes at least two bytes, which bounds what short input can make us allocate.
	if len(r.b) < 2*((n-1)/frameLen) || !d.alloc(8*n) {
		d.failed = true
		return nil
	}
	out := make([]int64, n)
	rest := out
	if enc == encIntDelta {
		out[0] = r.varint()
		rest = out[1:]
	}
	for len(rest) > 0 {
		k := min(frameLen, len(rest))
		readFrame(r, rest[:k])
		if r.failed {
			d.failed = true
			return nil
		}
		rest = rest[k:]
	}
	if enc == encIntDelta {
		sum := out[0]
		for i, x := range out[1:] {
			sum += x
			out[i+1] = sum
		}
	}
	return out
}

// readFrame reads a frame of len(out) values.
func readFrame(r *reader, out []int64) {
	width := int(r.byte())
	lo := uint64(r.varint())
	switch {
	case width == 0:
		for i := range out {
			out[i] = int64(lo)
		}
		return
	case width == 64:
		raw := r.take(8 * len(out))
		if r.failed {
			return
		}
		for i := range out {
			out[i] = int64(lo + binary.LittleEndian.Uint64(raw[8*i:]))
		}
		return
	case width > packedMax:
		r.failed = true
		return
	}
	size := (len(out)*width + 7) / 8
	// Unpacking loads 8 bytes at a time, the last loads beyond the frame: lend it what follows, or a padded copy.
	raw := r.b
	if r.take(size); r.failed {
		return
	}
	if len(raw) < size+8 {
		padded := make([]byte, size+8)
		copy(padded, raw[:size])
		raw = padded
	}
	mask := uint64(1)<<width - 1
	bit := 0
	for i := range out {
		w := binary.LittleEndian.Uint64(raw[bit>>3:])
		out[i] = int64(lo + w>>(bit&7)&mask)
		bit += width
	}
}
