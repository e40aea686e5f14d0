package keys

import (
	"encoding/binary"
	"math/bits"
)

// The multipliers of the hash: odd constants with mixed bits, from the fractional parts of square roots of primes.
const (
	hashK0 uint64 = 0x6a09e667f3bcc909 // 2
	hashK1 uint64 = 0xbb67ae8584caa73b // 3
	hashK2 uint64 = 0x3c6ef372fe94f82b // 5
	hashK3 uint64 = 0xa54ff53a5f1d36f1 // 7
)

// Hash is the 64-bit hash of a key. It is part of stored formats (virtual partitions are its top byte) and never
// changes. The construction is that of Wang Yi's wyhash: the halves of 64x64-bit products are folded together.
// It is no defence against keys chosen to collide; tables built on it must stay correct, and do, at the price of
// longer probes.
func Hash(key []byte) uint64 {
	n := uint64(len(key))
	h := hashK0 ^ n*hashK3
	for len(key) > 16 {
		h = fold(load8(key)^hashK1, load8(key[8:])^h)
		key = key[16:]
	}
	var a, b uint64
	switch {
	case len(key) >= 8:
		a, b = load8(key), load8(key[len(key)-8:])
	case len(key) >= 4:
		a = uint64(load4(key))
		b = uint64(load4(key[len(key)-4:]))
	case len(key) > 0:
		a = uint64(key[0])<<16 | uint64(key[len(key)/2])<<8 | uint64(key[len(key)-1])
	}
	h = fold(a^hashK2, b^h)
	return fold(h^hashK1, n^hashK3)
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func load8(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
func load4(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
