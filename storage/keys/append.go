package keys

import (
	"bytes"
	"encoding/binary"
	"math"

	"millrace/delta"
	"millrace/types"
)

// Order is one column of a key and its direction.
type Order struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// The first byte of every column's key. It is not inverted in descending keys.
const (
	tagNullFirst byte = 0x00
	tagValue     byte = 0x01
	tagNullLast  byte = 0xFE
)

// Append appends the key of v's row to dst. With desc the order of values is reversed; nullsFirst says where
// NULL lies in the resulting order, whatever desc is.
func Append(dst []byte, v *delta.Vec, row int, desc, nullsFirst bool) []byte {
	return AppendDatum(dst, v.Type, v.Datum(row), desc, nullsFirst)
}

// AppendDatum appends the key of a datum of type t, as [Append] does for a column's row.
func AppendDatum(dst []byte, t types.T, d types.Datum, desc, nullsFirst bool) []byte {
	if d.Null {
		return appendNull(dst, nullsFirst)
	}
	dst = append(dst, tagValue)
	start := len(dst)
	switch t.Rep() {
	case types.RepInt:
		dst = appendInt(dst, d.I)
	case types.RepBool:
		dst = append(dst, byte(d.I&1))
	case types.RepFloat:
		dst = appendUint(dst, floatBits(math.Float64frombits(uint64(d.I))))
	default:
		dst = appendBytesRep(dst, t, d.B)
	}
	if desc {
		invert(dst[start:])
	}
	return dst
}

// AppendRow appends the keys of a row's columns, ascending with NULLs last.
func AppendRow(dst []byte, vecs []*delta.Vec, row int) []byte {
	for _, v := range vecs {
		dst = AppendDatum(dst, v.Type, v.Datum(row), false, false)
	}
	return dst
}

// AppendRowOrder appends a row's key in the given columns and directions.
func AppendRowOrder(dst []byte, vecs []*delta.Vec, order []Order, row int) []byte {
	for _, o := range order {
		v := vecs[o.Col]
		dst = AppendDatum(dst, v.Type, v.Datum(row), o.Desc, o.NullsFirst)
	}
	return dst
}

// PrefixEnd appends to dst the least byte string above every string that begins with prefix; the result is
// nil when there is none (a prefix of 0xFF only).
func PrefixEnd(dst, prefix []byte) []byte {
	for n := len(prefix); n > 0; n-- {
		if prefix[n-1] != 0xFF {
			dst = append(dst, prefix[:n]...)
			dst[len(dst)-1]++
			return dst
		}
	}
	return nil
}

func appendNull(dst []byte, nullsFirst bool) []byte {
	if nullsFirst {
		return append(dst, tagNullFirst)
	}
	return append(dst, tagNullLast)
}

// appendBytesRep appends the ascending payload of a value of RepBytes.
func appendBytesRep(dst []byte, t types.T, b []byte) []byte {
	switch t.Kind {
	case types.Numeric:
		return appendNumeric(dst, b)
	case types.Bpchar:
		return appendEscaped(dst, types.TrimBpchar(b))
	case types.UUID:
		return appendUUID(dst, b)
	case types.Inet, types.CIDR:
		return append(dst, b...) // the stored form is in order, and its first byte says how long it is
	case types.Interval:
		return appendInterval(dst, b)
	case types.JSONB:
		return appendJSONB(dst, b, true)
	case types.Array:
		return appendArray(dst, t.ElemType(), b)
	case types.Record:
		return appendRow(dst, t, b)
	}
	return appendEscaped(dst, b)
}

func appendUint(dst []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(dst, v) }

func appendInt(dst []byte, v int64) []byte { return appendUint(dst, uint64(v)^1<<63) }

// floatBits maps floats to integers of the same order: NaN is one value, above all others, and -0 is 0.
func floatBits(f float64) uint64 {
	if f != f {
		return math.MaxUint64
	}
	b := math.Float64bits(f + 0) // -0 + 0 is 0
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}

// A byte string ends with escape, terminator; an escape within it is followed by escaped, which sorts above the
// terminator. So a string sorts below its extensions, and no key is a prefix of another.
const (
	escape     byte = 0x00
	escaped    byte = 0xFF
	terminator byte = 0x01
)

func appendEscaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, escape)
		if i < 0 {
			dst = append(dst, b...)
			return append(dst, escape, terminator)
		}
		dst = append(dst, b[:i+1]...)
		dst = append(dst, escaped)
		b = b[i+1:]
	}
}

// appendUUID appends the 16 bytes as they are; whatever has another length, which is no uuid, is cut or padded.
func appendUUID(dst, b []byte) []byte {
	var u [16]byte
	copy(u[:], b)
	return append(dst, u[:]...)
}

func invert(b []byte) {
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, ^binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for i := range b {
		b[i] = ^b[i]
	}
}
