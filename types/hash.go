package types

import (
	"math"

	"github.com/cespare/xxhash/v2"
)

// The hash of a value never changes: state and view keys hold partitions by it, and hash tables on disk its bits. It is
//
//	mix(bits XOR (seed * hashSeedFactor + hashSeedOffset))
//
// where bits is the value itself for integers, the IEEE bits for floats, and XXH64 of the bytes for byte strings, each
// after values that are equal have been made identical; mix is the finalizer of splitmix64 (Steele, Lea and Flood 2014,
// with the constants of Stafford's variant 13). The hash of several columns is made by giving the hash of one as the
// seed of the next. It is no defence against chosen keys: who can choose keys can make them collide.
const (
	hashSeedFactor = 0x9e3779b97f4a7c15
	hashSeedOffset = 0xd1b54a32d192ed03

	hashNullElement = -0x61c8864680b583eb // stands for a NULL inside an array
)

func hashMix(x, seed uint64) uint64 {
	x ^= seed*hashSeedFactor + hashSeedOffset
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Hash gives a 64-bit hash of a value that is not NULL. Values that are [Equal] have equal hashes, also across the
// integer kinds, across the two float kinds, and across text, varchar and name.
func Hash(t T, d Datum, seed uint64) uint64 {
	switch t.Kind {
	case Bool, Int2, Int4, Int8, Date, Time, Timestamp, TimestampTZ, OID, Char1, Regclass, Regtype, Regproc, Regnamespace, Regrole, Enum:
		return HashInt(d.I, seed)
	case Float4, Float8:
		return HashFloat(d.Float(), seed)
	case Numeric:
		return HashNumeric(d.B, seed)
	case Bpchar:
		return HashBytes(TrimBpchar(d.B), seed)
	case Interval:
		return HashInterval(d.B, seed)
	case JSONB:
		return HashJSONB(d.B, seed)
	case Array:
		return hashArray(t.ElemType(), d.B, seed)
	case Record:
		return hashRow(t, d.B, seed)
	}
	return HashBytes(d.B, seed)
}

// HashInt is the hash of a boolean, integer, date, time or timestamp.
func HashInt(v int64, seed uint64) uint64 { return hashMix(uint64(v), seed) }

// HashFloat is the hash of a float; it is the same for 0 and -0 and for every NaN.
func HashFloat(v float64, seed uint64) uint64 {
	switch {
	case v == 0:
		v = 0
	case v != v:
		return hashMix(0x7ff8000000000000, seed)
	}
	return hashMix(math.Float64bits(v), seed)
}

// HashBytes is the hash of a text, bytea or uuid.
func HashBytes(b []byte, seed uint64) uint64 { return hashMix(xxhash.Sum64(b), seed) }

// HashNumeric is the hash of a numeric; it is the same for every scale of one value.
func HashNumeric(b []byte, seed uint64) uint64 {
	coef, scale, ok := NumericFast(b)
	if !ok {
		if len(b) == 1 {
			return HashBytes(b, seed)
		}
		b = NumericTrimScale(nil, b)
		if coef, scale, ok = NumericFast(b); !ok {
			return HashBytes(b, seed)
		}
	}
	neg, m := abs64(coef)
	m, n := trimZeros(m, scale)
	if neg {
		m = -m
	}
	return hashMix(m, seed+uint64(scale-n))
}
