package codec

import (
	"encoding/binary"
	"math"

	"millrace/delta"
	"millrace/types"
)

// A column block begins with a byte: the encoding, and whether a null bitmap follows.
const (
	encIntFOR      byte = 1 + iota // frame of reference, see ints.go
	encIntDelta                    // the same over differences
	encBools                       // bitmap
	encFloatRaw                    // 8 bytes each
	encFloatScaled                 // scale byte, then the floats times 10^scale as integers
	encBytesPlain                  // lengths as integers, then the bytes
	encBytesDict                   // distinct values as a plain column, then indexes as integers
	encNumeric                     // scale byte, then the coefficients as integers
	encAllNull                     // nothing: every row is NULL

	flagNulls   byte = 0x80
	encKindMask byte = 0x7F
)

// encoder holds scratch memory of one Encode.
type encoder struct {
	tmp []int64
}

func (e *encoder) scratch(n int) []int64 {
	if cap(e.tmp) < n {
		e.tmp = make([]int64, n)
	}
	return e.tmp[:n]
}

// column appends the block of a column of n rows.
func (e *encoder) column(dst []byte, v *delta.Vec, n int) []byte {
	at := len(dst)
	var nulls delta.Bitmap
	if v.Nulls != nil {
		switch count := v.Nulls.Count(); {
		case count >= n && n > 0:
			return append(dst, encAllNull)
		case count > 0:
			nulls = v.Nulls
		}
	}
	dst = append(dst, 0) // the encoding, filled in below
	if nulls != nil {
		dst = appendBitmap(dst, nulls, n)
	}
	var enc byte
	switch v.Type.Rep() {
	case types.RepInt:
		enc, dst = e.intBody(dst, v.Ints[:n])
	case types.RepBool:
		enc, dst = encBools, appendBools(dst, v.Bools[:n])
	case types.RepFloat:
		enc, dst = e.floatBody(dst, v.Floats[:n])
	default:
		enc, dst = e.bytesBody(dst, v, n)
	}
	if nulls != nil {
		enc |= flagNulls
	}
	dst[at] = enc
	return dst
}

// ints appends a block of integers with its encoding byte.
func (e *encoder) ints(dst []byte, v []int64) []byte {
	at := len(dst)
	dst = append(dst, 0)
	enc, dst := e.intBody(dst, v)
	dst[at] = enc
	return dst
}

func appendBitmap(dst []byte, b delta.Bitmap, n int) []byte {
	for i := 0; i < n; i += 64 {
		var w uint64
		if i>>6 < len(b) {
			w = b[i>>6]
		}
		if rest := n - i; rest < 64 {
			w &= 1<<rest - 1
			var buf [8]byte
			binary.LittleEndian.PutUint64(buf[:], w)
			return append(dst, buf[:(rest+7)/8]...)
		}
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

func appendBools(dst []byte, v []bool) []byte {
	for len(v) > 0 {
		c := byte(0)
		for i, b := range v[:min(8, len(v))] {
			if b {
				c |= 1 << i
			}
		}
		dst = append(dst, c)
		v = v[min(8, len(v)):]
	}
	return dst
}

// floatScaleMax is the greatest number of decimals tried for floats that are decimals in disguise.
const floatScaleMax = 6

var pow10 = [floatScaleMax + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}

// floatBody encodes floats that are all short decimals (prices, whole numbers) as integers: v = i / 10^scale must
// give back the same bits. Other columns are raw.
func (e *encoder) floatBody(dst []byte, v []float64) (byte, []byte) {
	scale := 0
	for _, f := range v[:min(len(v), 16)] {
		for scale <= floatScaleMax && !isScaled(f, scale) {
			scale++
		}
	}
	if scale <= floatScaleMax {
		ints := e.scratch(len(v))
		ok := true
		for i, f := range v {
			if !isScaled(f, scale) {
				ok = false
				break
			}
			ints[i] = int64(math.Round(f * pow10[scale]))
		}
		if ok {
			return encFloatScaled, e.ints(append(dst, byte(scale)), ints)
		}
	}
	for _, f := range v {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
	}
	return encFloatRaw, dst
}

func isScaled(f float64, scale int) bool {
	const exact = 1 << 53
	r := math.Round(f * pow10[scale])
	return r > -exact && r < exact && math.Float64bits(r/pow10[scale]) == math.Float64bits(f) && (r != 0 || !math.Signbit(f))
}

// decoder decodes the columns of one batch. After the first failure results mean nothing.
type decoder struct {
	n      int
	limit  int // bytes that may still be allocated
	failed bool
}

// alloc counts bytes about to be allocated against the limit.
func (d *decoder) alloc(bytes int) bool {
	if bytes < 0 || bytes > d.limit || d.failed {
		d.failed = true
		return false
	}
	d.limit -= bytes
	return true
}

// done checks that r was read to its end without failing.
func (d *decoder) done(r *reader) {
	if r.failed || len(r.b) != 0 {
		d.failed = true
	}
}

// column decodes a block as a column of type t.
func (d *decoder) column(block []byte, t types.T) *delta.Vec {
	v := &delta.Vec{Type: t}
	r := reader{b: block}
	head := r.byte()
	if head == encAllNull {
		d.allNull(v)
		d.done(&r)
		return v
	}
	if head&flagNulls != 0 {
		v.Nulls = d.bitmap(&r)
	}
	enc := head & encKindMask
	switch rep := t.Rep(); {
	case rep == types.RepInt && (enc == encIntFOR || enc == encIntDelta):
		v.Ints = d.intBody(&r, enc, d.n)
	case rep == types.RepBool && enc == encBools:
		v.Bools = d.bools(&r)
	case rep == types.RepFloat && (enc == encFloatRaw || enc == encFloatScaled):
		v.Floats = d.floats(&r, enc)
	case rep == types.RepBytes:
		d.bytesBody(&r, enc, v)
	default:
		d.failed = true
	}
	d.done(&r)
	return v
}

func (d *decoder) allNull(v *delta.Vec) {
	if !d.alloc(9*d.n + 4) {
		return
	}
	switch v.Type.Rep() {
	case types.RepInt:
		v.Ints = make([]int64, d.n)
	case types.RepBool:
		v.Bools = make([]bool, d.n)
	case types.RepFloat:
		v.Floats = make([]float64, d.n)
	default:
		v.Off = make([]uint32, d.n+1)
	}
	v.Nulls = delta.NewBitmap(d.n)
	for i := range v.Nulls {
		v.Nulls[i] = ^uint64(0)
	}
	if rest := d.n & 63; rest != 0 {
		v.Nulls[len(v.Nulls)-1] = 1<<rest - 1
	}
}

func (d *decoder) bitmap(r *reader) delta.Bitmap {
	raw := r.take((d.n + 7) / 8)
	if r.failed || !d.alloc(len(raw)+8) {
		d.failed = true
		return nil
	}
	b := delta.NewBitmap(d.n)
	for i := range b {
		if len(raw) >= 8 {
			b[i] = binary.LittleEndian.Uint64(raw)
			raw = raw[8:]
			continue
		}
		var buf [8]byte
		copy(buf[:], raw)
		b[i] = binary.LittleEndian.Uint64(buf[:])
	}
	if rest := d.n & 63; rest != 0 && b[len(b)-1]>>rest != 0 {
		d.failed = true
	}
	return b
}

func (d *decoder) bools(r *reader) []bool {
	raw := r.take((d.n + 7) / 8)
	if r.failed || !d.alloc(d.n) {
		d.failed = true
		return nil
	}
	out := make([]bool, d.n)
	for i := range out {
		out[i] = raw[i>>3]>>(i&7)&1 != 0
	}
	return out
}

func (d *decoder) floats(r *reader, enc byte) []float64 {
	if enc == encFloatScaled {
		scale := int(r.byte())
		ints := d.ints(r, d.n)
		if r.failed || scale > floatScaleMax || !d.alloc(8*d.n) || ints == nil && d.n > 0 {
			d.failed = true
			return nil
		}
		out := make([]float64, d.n)
		for i, v := range ints {
			out[i] = float64(v) / pow10[scale]
		}
		return out
	}
	raw := r.take(8 * d.n)
	if r.failed || !d.alloc(8*d.n) {
		d.failed = true
		return nil
	}
	out := make([]float64, d.n)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
	}
	return out
}
