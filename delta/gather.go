package delta

import "millrace/types"

// AppendFrom adds row i of src, which has the same representation.
func (v *Vec) AppendFrom(src *Vec, i int) {
	if src.IsNull(i) {
		v.AppendNull()
		return
	}
	switch v.Type.Rep() {
	case types.RepBool:
		v.Bools = append(v.Bools, src.Bools[i])
	case types.RepInt:
		v.Ints = append(v.Ints, src.Ints[i])
	case types.RepFloat:
		v.Floats = append(v.Floats, src.Floats[i])
	default:
		v.AppendBytes(src.Bytes(i))
		return
	}
	v.growNulls()
}

// Gather makes a vector of the rows in sel, in that order.
func (v *Vec) Gather(sel []uint32) *Vec {
	out := &Vec{Type: v.Type}
	switch v.Type.Rep() {
	case types.RepBool:
		out.Bools = gather(v.Bools, sel)
	case types.RepInt:
		out.Ints = gather(v.Ints, sel)
	case types.RepFloat:
		out.Floats = gather(v.Floats, sel)
	default:
		out.gatherBytes(v, sel)
	}
	if v.Nulls != nil {
		for i, s := range sel {
			if v.Nulls.Get(int(s)) {
				if out.Nulls == nil {
					out.Nulls = NewBitmap(len(sel))
				}
				out.Nulls.Set(i)
			}
		}
	}
	return out
}

func gather[E any](src []E, sel []uint32) []E {
	dst := make([]E, len(sel))
	for i, s := range sel {
		dst[i] = src[s]
	}
	return dst
}

func (v *Vec) gatherBytes(src *Vec, sel []uint32) {
	total := 0
	for _, s := range sel {
		total += int(src.Off[s+1] - src.Off[s])
	}
	v.Off = make([]uint32, 1, len(sel)+1)
	v.Data = make([]byte, 0, total)
	for _, s := range sel {
		v.Data = append(v.Data, src.Data[src.Off[s]:src.Off[s+1]]...)
		v.Off = append(v.Off, uint32(len(v.Data)))
	}
}

// Slice gives rows [from, to) as a vector that shares v's memory, except for the null bitmap and offsets.
func (v *Vec) Slice(from, to int) *Vec {
	out := &Vec{Type: v.Type}
	switch v.Type.Rep() {
	case types.RepBool:
		out.Bools = v.Bools[from:to:to]
	case types.RepInt:
		out.Ints = v.Ints[from:to:to]
	case types.RepFloat:
		out.Floats = v.Floats[from:to:to]
	default:
		if len(v.Off) > 0 {
			// Offsets need not start at zero: Data stays whole.
			out.Off, out.Data = v.Off[from:to+1:to+1], v.Data
		}
	}
	if v.Nulls != nil {
		for i := from; i < to; i++ {
			if v.Nulls.Get(i) {
				if out.Nulls == nil {
					out.Nulls = NewBitmap(to - from)
				}
				out.Nulls.Set(i - from)
			}
		}
	}
	return out
}

// Slice gives rows [from, to) as a batch that shares b's memory.
func (b *Batch) Slice(from, to int) *Batch {
	out := &Batch{Cols: make([]*Vec, len(b.Cols)), N: to - from}
	for i, c := range b.Cols {
		out.Cols[i] = c.Slice(from, to)
	}
	if b.Weights != nil {
		out.Weights = b.Weights[from:to:to]
	}
	return out
}
