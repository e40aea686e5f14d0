package agg

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"millrace/delta"
	"millrace/expr"
	"millrace/types"
)

// extremes is min or max over every ordered type that PostgreSQL has it for, and over bytea and uuid, for which
// PostgreSQL 18 has it. oids are those of the kinds in the order below.
func extremes(name string, desc bool, oids [14]uint32) []*Function {
	kinds := [...]types.Kind{types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8, types.Text,
		types.Bpchar, types.Date, types.Time, types.Timestamp, types.TimestampTZ, types.Interval, types.OID}
	acc, arrays, enums, inets := newMin, uint32(2051), uint32(3527), uint32(3565)
	if desc {
		acc, arrays, enums, inets = newMax, 2050, 3526, 3564
	}
	var fs []*Function
	for i, k := range kinds {
		fs = append(fs, unary(name, oids[i], k, k, acc))
	}
	fs = append(fs, unary(name, 0, types.Bytea, types.Bytea, acc), unary(name, 0, types.UUID, types.UUID, acc))
	fs = append(fs, &Function{Name: name, OID: arrays, Args: []types.T{expr.AnyArray}, Ret: expr.AnyArray,
		RetOf: func(args []types.T) types.T { return args[0].WithoutMod() }, New: acc})
	fs = append(fs, unary(name, inets, types.Inet, types.Inet, acc))
	fs = append(fs, &Function{Name: name, OID: enums, Args: []types.T{expr.AnyEnum}, Ret: expr.AnyEnum,
		RetOf: func(args []types.T) types.T { return args[0] }, New: acc})
	for _, f := range fs {
		f.Ordered, f.Desc, f.Once, f.Combine = true, desc, true, name
	}
	if desc {
		return described("The greatest value.", fs)
	}
	return described("The least value.", fs)
}

// extreme is the best value of a slot. Bytes lie in the accumulator's heap, from off.
type extreme struct {
	i        int64 // RepInt, RepBool and RepFloat: the datum's I
	off, len uint32
	set      bool
}

// extremeAcc is min and max over an input that never retracts: the extreme alone is the state, and rows of
// negative weight are ignored. Of values that are equal in SQL but not in their bytes it keeps the one that comes
// first (last for max) by bytes, so that the order of rows does not matter. State: a 1, then 8 bytes or the byte
// string.
type extremeAcc struct {
	slab[extreme]
	t    types.T
	rep  types.Rep
	max  bool
	heap []byte
}

func newMin(args []types.T) Accumulator { return newExtreme(args[0], false) }
func newMax(args []types.T) Accumulator { return newExtreme(args[0], true) }

func newExtreme(t types.T, largest bool) Accumulator {
	return &extremeAcc{t: t, rep: t.Rep(), max: largest}
}

func (a *extremeAcc) Reset() {
	a.slab.Reset()
	a.heap = a.heap[:0]
}

func (a *extremeAcc) Bytes() int { return a.slab.Bytes() + cap(a.heap) }

func (a *extremeAcc) Add(slots, sel []uint32, args []*delta.Vec, weights []int64) {
	v := args[0]
	if a.rep == types.RepInt {
		a.addInts(slots, sel, v, weights)
		return
	}
	eachRow(slots, sel, v, weights, func(i int, slot uint32, w int64) {
		if w <= 0 {
			return
		}
		s, d := &a.slots[slot], v.Datum(i)
		if s.set && !a.better(d, a.datum(s)) {
			return
		}
		a.set(s, d)
	})
}

func (a *extremeAcc) addInts(slots, sel []uint32, v *delta.Vec, weights []int64) {
	ints, largest := v.Ints, a.max
	eachRow(slots, sel, v, weights, func(i int, slot uint32, w int64) {
		s, x := &a.slots[slot], ints[i]
		if w > 0 && (!s.set || x != s.i && x > s.i == largest) {
			s.i, s.set = x, true
		}
	})
}

// set keeps d in s; a byte string goes where the old one was if it fits there.
func (a *extremeAcc) set(s *extreme, d types.Datum) {
	if a.rep == types.RepBytes {
		if uint32(len(d.B)) > s.len {
			s.off = uint32(len(a.heap))
			a.heap = append(a.heap, d.B...)
		} else {
			copy(a.heap[s.off:], d.B)
		}
		s.len = uint32(len(d.B))
	}
	s.i, s.set = d.I, true
}

func (a *extremeAcc) datum(s *extreme) types.Datum {
	if a.rep == types.RepBytes {
		return types.NewBytes(a.heap[s.off : s.off+s.len])
	}
	return types.NewInt(s.i)
}

// better reports whether x replaces y.
func (a *extremeAcc) better(x, y types.Datum) bool {
	c := types.Compare(a.t, x, y)
	if c == 0 {
		if c = bytes.Compare(x.B, y.B); c == 0 {
			c = cmp.Compare(x.I, y.I) // of the zeros, -0 comes first
		}
	}
	return c != 0 && c > 0 == a.max
}

func (a *extremeAcc) read(state []byte) types.Datum {
	if a.rep == types.RepBytes {
		return types.NewBytes(state[1:])
	}
	return types.NewInt(int64(binary.LittleEndian.Uint64(state[1:])))
}

func (a *extremeAcc) Merge(dst, state []byte, slot int) []byte {
	s := &a.slots[slot]
	if !s.set || len(state) > 0 && !a.better(a.datum(s), a.read(state)) {
		return append(dst, state...)
	}
	dst = append(dst, 1)
	if a.rep == types.RepBytes {
		return append(dst, a.datum(s).B...)
	}
	return binary.LittleEndian.AppendUint64(dst, uint64(s.i))
}

func (a *extremeAcc) Result(state []byte, out *delta.Vec) error {
	if len(state) == 0 {
		out.AppendNull()
		return nil
	}
	out.Append(a.read(state))
	return nil
}
