package exec

import (
	"encoding/binary"

	"millrace/delta"
	"millrace/expr/agg"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// orderedAgg is a min or max that may have to retract: the values of each group as an ordered multiset, the result
// being the first or the last. Of values that are equal in SQL but not in their bytes, the order is that of the bytes.
type orderedAgg struct {
	index int // of the call
	call  *agg.Call
	mm    *state.Multimap
	enc   valueOrder
	old   *delta.Vec // per group of the step: the extreme before the step
	buf   []byte
}

func newOrderedAgg(i int, c *agg.Call, mm *state.Multimap) orderedAgg {
	return orderedAgg{index: i, call: c, mm: mm, enc: valueOrder{c.T}, old: delta.NewVec(c.T, 0)}
}

// begin notes the extremes of the step's groups from known on, before the first change of theirs.
func (o *orderedAgg) begin(t *keyTable, known int) error {
	rows := make([]uint32, 0, t.len()-known)
	for id := known; id < t.len(); id++ {
		rows = append(rows, uint32(id))
	}
	if err := o.mm.Prefetch(&t.keys, rows); err != nil {
		return err
	}
	for _, id := range rows {
		if err := o.extreme(t, id, o.old); err != nil {
			return err
		}
	}
	return nil
}

// extreme appends a group's present result to v.
func (o *orderedAgg) extreme(t *keyTable, id uint32, v *delta.Vec) error {
	end := o.mm.First
	if o.call.Func.Desc {
		end = o.mm.Last
	}
	row, weight, ok, err := end(t.hash(id), t.key(id))
	switch {
	case err != nil:
		return err
	case !ok:
		v.AppendNull()
		return nil
	case weight < 0:
		return ErrNegative
	}
	return o.enc.decode(row, v)
}

// add adds the values of the rows sel of b.
func (o *orderedAgg) add(a *aggregate, b *delta.Batch, sel []uint32) error {
	v := b.Cols[o.call.Args[0]]
	one := func(i int) error {
		if v.IsNull(i) {
			return nil
		}
		o.buf = o.enc.append(o.buf[:0], v, i)
		id := a.ids[i]
		return o.mm.Add(a.table.hash(id), a.table.key(id), o.buf, b.Weight(i))
	}
	if sel == nil {
		for i := range b.N {
			if err := one(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := one(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// results appends the group's rows before and after the step.
func (o *orderedAgg) results(a *aggregate, id uint32, old, now *aggRows) error {
	row := len(old.there) - 1
	if old.there[row] {
		old.cols[o.index].AppendFrom(o.old, int(id))
	} else {
		old.cols[o.index].AppendNull()
	}
	if !now.there[row] {
		now.cols[o.index].AppendNull()
		return nil
	}
	return o.extreme(&a.table, id, now.cols[o.index])
}

func (o *orderedAgg) reset() { o.old.Reset() }

// valueOrder writes single values, not NULL, as byte strings that sort as the values do and hold them exactly.
type valueOrder struct{ t types.T }

// bytewise reports whether the value's bytes themselves sort as the values do.
func (e valueOrder) bytewise() bool {
	switch e.t.Kind {
	case types.Text, types.Varchar, types.Name, types.Bytea, types.UUID:
		return true
	}
	return false
}

// append appends row i of v: an integer as 8 bytes, big-endian, with the sign bit inverted; bytes that sort as they
// are; anything else as its key, the value in the row format, and the length of the key.
func (e valueOrder) append(dst []byte, v *delta.Vec, i int) []byte {
	if e.t.Rep() == types.RepInt {
		return binary.BigEndian.AppendUint64(dst, uint64(v.Ints[i])^1<<63)
	}
	if e.bytewise() {
		return append(dst, v.Bytes(i)...)
	}
	start := len(dst)
	dst = keys.Append(dst, v, i, false, false)
	n := len(dst) - start
	dst = codec.AppendVecs(dst, []*delta.Vec{v}, i)
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

// decode appends the value of a row to v.
func (e valueOrder) decode(row []byte, v *delta.Vec) error {
	if e.t.Rep() == types.RepInt {
		if len(row) != 8 {
			return errState
		}
		v.Append(types.NewInt(int64(binary.BigEndian.Uint64(row) ^ 1<<63)))
		return nil
	}
	if e.bytewise() {
		v.AppendBytes(row)
		return nil
	}
	if len(row) < 4 {
		return errState
	}
	n := binary.LittleEndian.Uint32(row[len(row)-4:])
	if uint64(n)+4 > uint64(len(row)) {
		return errState
	}
	return codec.DecodeRowInto(row[n:len(row)-4], []*delta.Vec{v})
}
