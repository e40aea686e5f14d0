package delta

import "millrace/types"

// Batch is a multiset change: rows in columns with weights.
type Batch struct {
	Cols    []*Vec
	Weights []int64 // nil means that every row has weight +1; no weight is zero in a consolidated batch
	N       int     // rows; kept apart from Cols since a batch may have no columns
}

// NewBatch makes an empty batch with columns of the given types and room for capacity rows.
func NewBatch(ts []types.T, capacity int) *Batch {
	b := &Batch{Cols: make([]*Vec, len(ts))}
	for i, t := range ts {
		b.Cols[i] = NewVec(t, capacity)
	}
	return b
}

// Weight gives row i's weight.
func (b *Batch) Weight(i int) int64 {
	if b.Weights == nil {
		return 1
	}
	return b.Weights[i]
}

// Types lists the columns' types.
func (b *Batch) Types() []types.T {
	ts := make([]types.T, len(b.Cols))
	for i, c := range b.Cols {
		ts[i] = c.Type
	}
	return ts
}

// AppendRow adds a row of data, copied, with a weight.
func (b *Batch) AppendRow(row []types.Datum, weight int64) {
	for i, d := range row {
		b.Cols[i].Append(d)
	}
	b.addWeight(weight)
}

// addWeight counts one more row, switching to explicit weights at the first weight other than +1.
func (b *Batch) addWeight(weight int64) {
	if b.Weights == nil && weight != 1 {
		b.Weights = make([]int64, b.N, max(b.N+1, 16))
		for i := range b.Weights {
			b.Weights[i] = 1
		}
	}
	if b.Weights != nil {
		b.Weights = append(b.Weights, weight)
	}
	b.N++
}

// AppendFrom adds row i of src, which has columns of the same representations, with a weight.
func (b *Batch) AppendFrom(src *Batch, i int, weight int64) {
	for c, v := range b.Cols {
		v.AppendFrom(src.Cols[c], i)
	}
	b.addWeight(weight)
}

// Reset empties b and keeps its memory. Only for batches that were never handed on.
func (b *Batch) Reset() {
	for _, c := range b.Cols {
		c.Reset()
	}
	b.Weights = nil
	b.N = 0
}

// Row gives row i as data that alias b.
func (b *Batch) Row(i int, dst []types.Datum) []types.Datum {
	for _, c := range b.Cols {
		dst = append(dst, c.Datum(i))
	}
	return dst
}

// Gather makes a batch of the rows in sel, in that order, with their weights.
func (b *Batch) Gather(sel []uint32) *Batch {
	out := &Batch{Cols: make([]*Vec, len(b.Cols)), N: len(sel)}
	for i, c := range b.Cols {
		out.Cols[i] = c.Gather(sel)
	}
	if b.Weights != nil {
		out.Weights = make([]int64, len(sel))
		for i, s := range sel {
			out.Weights[i] = b.Weights[s]
		}
	}
	return out
}

// Bytes estimates the memory that b holds.
func (b *Batch) Bytes() int {
	n := 8 * cap(b.Weights)
	for _, c := range b.Cols {
		n += cap(c.Bools) + 8*cap(c.Ints) + 8*cap(c.Floats) + 4*cap(c.Off) + cap(c.Data) + 8*cap(c.Nulls)
	}
	return n
}

// RowBytes is the size of row i's values.
func (b *Batch) RowBytes(i int) int {
	n := 8 * len(b.Cols)
	for _, c := range b.Cols {
		if c.Type.Rep() == types.RepBytes {
			n += int(c.Off[i+1] - c.Off[i])
		}
	}
	return n
}
