package agg

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
)

// An exact sum of floats is kept as one long fixed-point number that spans the whole exponent range, so an
// addition is an integer addition: exact, in any order, and undone by its opposite. The idea is Kulisch's long
// accumulator (U. Kulisch, "Computer Arithmetic and Validity", 2008); R. Neal, "Fast exact summation using small
// and large superaccumulators", arXiv:1505.05571 (2015) shows that it is as fast as the error-free expansions
// of J. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", Discrete Comput. Geom. 18 (1997), which also
// lack the range for a sum that passes the largest float on its way back into range.
//
// The number is two's complement in 64-bit words, least significant first. For sums of float64 bit 0 stands for
// 2^-1074, for sums of their squares for 2^-2148.
const (
	sumWords    = 35 // 2^-1074 .. 2^1024, and more than 64 bits for the weights and the sign
	squareWords = 68 // 2^-2148 .. 2^2048, likewise
	sumOrigin   = -1074
	squareOrig  = -2148
)

// windowWords is how many words of the long number a slot keeps in place.
const windowWords = 5

// window is a slot's part of the long number around the first value that was added: values of similar size all
// fall into it. Others go to the spill, a long number of its own.
type window struct {
	w     [windowWords]uint64 // two's complement; |value| < 2^62 in units of the last word
	base  int16               // position of w[0] in the long number
	used  bool
	spill int32 // 1 + the number of the spill, 0 is none
}

// exactSums is a vector of exact sums.
type exactSums struct {
	slab[window]
	words   int      // of a long number
	spills  []uint64 // spills, words each
	scratch []uint64 // a long number for merging and results
}

func newExactSums(words int) exactSums {
	return exactSums{words: words, scratch: make([]uint64, words)}
}

// Reset forgets all slots.
func (e *exactSums) Reset() {
	e.slab.Reset()
	e.spills = e.spills[:0]
}

// Bytes is about the memory that the slots take.
func (e *exactSums) Bytes() int { return e.slab.Bytes() + 8*cap(e.spills) }

// term is a magnitude of up to four words, to be added at a word position.
type term struct {
	w   [4]uint64
	n   int // words in use
	pos int
}

// floatTerm is |x * weight| for a finite x, in units of 2^-1074.
func floatTerm(x float64, weight uint64) (t term) {
	m, pos := mantissa(x)
	hi, lo := bits.Mul64(m, weight)
	t.w[0], t.w[1] = lo, hi
	t.shift(pos)
	return t
}

// productTerm is |x * y * weight| for finite x and y, in units of 2^-2148.
func productTerm(x, y float64, weight uint64) (t term) {
	mx, px := mantissa(x)
	my, py := mantissa(y)
	hi, lo := bits.Mul64(mx, my)
	c0, w0 := bits.Mul64(lo, weight)
	c1, w1 := bits.Mul64(hi, weight)
	w1, carry := bits.Add64(w1, c0, 0)
	t.w[0], t.w[1], t.w[2] = w0, w1, c1+carry
	t.shift(px + py)
	return t
}

// mantissa gives |x| as m * 2^(pos-1074).
func mantissa(x float64) (m uint64, pos int) {
	b := math.Float64bits(x)
	m, pos = b&(1<<52-1), int(b>>52&0x7ff)
	if pos == 0 {
		return m, 0
	}
	return m | 1<<52, pos - 1
}

// shift moves t up by n bits, which leaves room: t has at most 169 bits.
func (t *term) shift(n int) {
	t.pos = n >> 6
	if s := uint(n) & 63; s != 0 {
		t.w[3] = t.w[3]<<s | t.w[2]>>(64-s)
		t.w[2] = t.w[2]<<s | t.w[1]>>(64-s)
		t.w[1] = t.w[1]<<s | t.w[0]>>(64-s)
		t.w[0] <<= s
	}
	t.n = 4
	for t.n > 0 && t.w[t.n-1] == 0 {
		t.n--
	}
}

// add adds a term, or subtracts it when neg, to a slot.
func (e *exactSums) add(slot uint32, t term, neg bool) {
	if t.n == 0 {
		return
	}
	s := &e.slots[slot]
	if !s.used {
		s.used, s.base = true, int16(max(t.pos-1, 0))
	}
	// A term below the window's last word leaves that word's top bits free, so the sum cannot wrap around.
	at := t.pos - int(s.base)
	if at < 0 || at+t.n > windowWords-1 {
		accumulate(e.spill(s), t, neg)
		return
	}
	addAt(s.w[:], at, t.w[:t.n], neg)
	if top := int64(s.w[windowWords-1]); top<<1>>1 != top {
		addSigned(e.spill(s), int(s.base), s.w[:])
		s.w = [windowWords]uint64{}
	}
}

// spill gives a slot's spill, made when it has none.
func (e *exactSums) spill(s *window) []uint64 {
	if s.spill == 0 {
		s.spill = int32(len(e.spills)/e.words) + 1
		for range e.words {
			e.spills = append(e.spills, 0)
		}
	}
	end := int(s.spill) * e.words
	return e.spills[end-e.words : end]
}

func accumulate(long []uint64, t term, neg bool) { addAt(long, t.pos, t.w[:t.n], neg) }

// addAt adds the magnitude m, or subtracts it when neg, at word at of the long number w.
func addAt(w []uint64, at int, m []uint64, neg bool) {
	var c uint64
	if neg {
		for i, v := range m {
			w[at+i], c = bits.Sub64(w[at+i], v, c)
		}
		for i := at + len(m); c != 0 && i < len(w); i++ {
			w[i], c = bits.Sub64(w[i], 0, c)
		}
		return
	}
	for i, v := range m {
		w[at+i], c = bits.Add64(w[at+i], v, c)
	}
	for i := at + len(m); c != 0 && i < len(w); i++ {
		w[i], c = bits.Add64(w[i], 0, c)
	}
}

// addSigned adds the two's complement number v at word at of w. Words of v beyond the end of w repeat its sign.
func addSigned(w []uint64, at int, v []uint64) {
	var c uint64
	ext := uint64(int64(v[len(v)-1]) >> 63)
	i := at
	for ; i < len(w) && i-at < len(v); i++ {
		w[i], c = bits.Add64(w[i], v[i-at], c)
	}
	// The rest is all zeros or all ones: with a carry of the same kind it changes nothing.
	for ; i < len(w) && c != ext&1; i++ {
		w[i], c = bits.Add64(w[i], ext, c)
	}
}

// addSlot adds a slot to the long number w.
func (e *exactSums) addSlot(w []uint64, slot int) {
	s := &e.slots[slot]
	if s.used {
		addSigned(w, int(s.base), s.w[:])
	}
	if s.spill != 0 {
		addSigned(w, 0, e.spill(s))
	}
}

// appendLong appends w in canonical form: nothing for zero, else the position of the lowest byte that is not zero
// and the bytes from there, as few as keep the sign, preceded by their number.
func appendLong(dst []byte, w []uint64) []byte {
	lo := 0
	for lo < len(w) && w[lo] == 0 {
		lo++
	}
	if lo == len(w) {
		return binary.AppendUvarint(dst, 0)
	}
	ext := uint64(int64(w[len(w)-1]) >> 63)
	hi := len(w)
	for hi > lo+1 && w[hi-1] == ext && (w[hi-2]^ext)>>63 == 0 {
		hi--
	}
	first := 8*lo + bits.TrailingZeros64(w[lo])/8
	// Of the last word, the bytes that only repeat the sign go.
	last := 8*hi - (bits.LeadingZeros64(w[hi-1]^ext)-1)/8
	if w[hi-1] == ext {
		last = 8*hi - 7
	}
	dst = binary.AppendUvarint(dst, uint64(last-first))
	dst = binary.AppendUvarint(dst, uint64(first))
	for i := first; i < last; i++ {
		dst = append(dst, byte(w[i>>3]>>(8*(i&7))))
	}
	return dst
}

// readLong sets w, which is zero, to what appendLong wrote, and gives the rest of b.
func readLong(w []uint64, b []byte) []byte {
	n, k := binary.Uvarint(b)
	if k <= 0 || n == 0 {
		return b[max(k, 0):]
	}
	b = b[k:]
	first, k := binary.Uvarint(b)
	b = b[max(k, 0):]
	if n > uint64(len(b)) || first > uint64(8*len(w)) || first+n > uint64(8*len(w)) {
		return nil
	}
	i := int(first)
	for _, v := range b[:n] {
		w[i>>3] |= uint64(v) << (8 * (i & 7))
		i++
	}
	if b[n-1] >= 0x80 {
		if i&7 != 0 {
			w[i>>3] |= ^uint64(0) << (8 * (i & 7))
			i = (i | 7) + 1
		}
		for i >>= 3; i < len(w); i++ {
			w[i] = ^uint64(0)
		}
	}
	return b[n:]
}

// negative reports the sign of a long number.
func negative(w []uint64) bool { return int64(w[len(w)-1]) < 0 }

// negate replaces w by its opposite.
func negate(w []uint64) {
	c := uint64(1)
	for i := range w {
		w[i], c = bits.Add64(^w[i], 0, c)
	}
}

// round rounds the long number w, whose bit 0 stands for 2^origin and which it destroys, to q * 2^exp: q has at
// most prec bits, exp is not below least, ties go to the even q. It is the correctly rounded value of a binary
// format with that precision and that least exponent, except for overflow.
func round(w []uint64, origin, prec, least int) (q float64, exp int) {
	neg := negative(w)
	if neg {
		negate(w)
	}
	top := len(w) - 1
	for top >= 0 && w[top] == 0 {
		top--
	}
	if top < 0 {
		return 0, least
	}
	length := 64*top + bits.Len64(w[top])
	low := max(length-prec, least-origin, 0) // the bit that becomes the last of q
	v := w[low>>6] >> (low & 63)
	if low&63 != 0 && low>>6 < top {
		v |= w[low>>6+1] << (64 - low&63)
	}
	if low > 0 {
		half := w[(low-1)>>6]>>((low-1)&63)&1 == 1
		if half && (v&1 == 1 || anyBelow(w, low-1)) {
			v++
		}
	}
	if q = float64(v); neg {
		q = -q
	}
	return q, low + origin
}

// anyBelow reports whether a bit below bit n is set.
func anyBelow(w []uint64, n int) bool {
	for _, v := range w[:n>>6] {
		if v != 0 {
			return true
		}
	}
	return w[n>>6]&(1<<(n&63)-1) != 0
}

// bigLong gives the long number w, which it destroys, as an integer.
func bigLong(w []uint64) *big.Int {
	neg := negative(w)
	if neg {
		negate(w)
	}
	b := make([]byte, 8*len(w))
	for i, v := range w {
		binary.BigEndian.PutUint64(b[8*(len(w)-1-i):], v)
	}
	x := new(big.Int).SetBytes(b)
	if neg {
		x.Neg(x)
	}
	return x
}
