package delta

import "math/bits"

// Bitmap is a set of row numbers. A nil Bitmap is empty.
type Bitmap []uint64

// NewBitmap makes an empty bitmap for n rows.
func NewBitmap(n int) Bitmap { return make(Bitmap, (n+63)/64) }

// Grow returns a bitmap with room for n rows, keeping its bits; it never returns nil for n > 0.
func (b Bitmap) Grow(n int) Bitmap {
	for len(b)*64 < n {
		b = append(b, 0)
	}
	return b
}

// Get reports whether i is in the set; i beyond the bitmap's room is not.
func (b Bitmap) Get(i int) bool {
	w := i >> 6
	return w < len(b) && b[w]&(1<<(uint(i)&63)) != 0
}

// Set adds i, for which there must be room.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (uint(i) & 63) }

// Clear removes i, for which there must be room.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (uint(i) & 63) }

// Count is the number of members.
func (b Bitmap) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Any reports whether the set has a member.
func (b Bitmap) Any() bool {
	for _, w := range b {
		if w != 0 {
			return true
		}
	}
	return false
}
