package exec

import (
	"bytes"

	"millrace/delta"
	"millrace/expr/agg"
	"millrace/types"
)

// pickAcc is a Pick over an input that never retracts: the first row in the call's order is all that is kept. Its Add takes
// all columns of the input. State: that row as sortedOrder writes it, after a byte that tells it from none.
//
// Cost: an encoding and a comparison per row.
type pickAcc struct {
	call   *agg.Call
	order  sortedOrder
	batch  delta.Batch
	vecs   []*delta.Vec
	datums []types.Datum
	slots  []pickedRow
	heap   []byte
	buf    []byte
}

// pickedRow is where a slot's row lies in the heap.
type pickedRow struct {
	off, len int
	set      bool
}

func newPickAcc(c *agg.Call, in []types.T) *pickAcc {
	a := &pickAcc{call: c, order: newSortedOrder(c, in), datums: make([]types.Datum, len(c.Args))}
	for _, t := range pick(in, c.Args) {
		a.vecs = append(a.vecs, delta.NewVec(t, 1))
	}
	return a
}

// Grow implements agg.Accumulator.
func (a *pickAcc) Grow(n int) {
	for len(a.slots) < n {
		a.slots = append(a.slots, pickedRow{})
	}
}

// Add implements agg.Accumulator.
func (a *pickAcc) Add(slots, sel []uint32, cols []*delta.Vec, weights []int64) {
	a.batch.Cols, a.batch.N = cols, len(slots)
	one := func(i int) {
		if weights != nil && weights[i] <= 0 {
			return
		}
		for _, c := range a.call.Args[:a.call.Func.Strict] {
			if cols[c].IsNull(i) {
				return
			}
		}
		a.buf = a.order.append(a.buf[:0], &a.batch, a.call.Args, i)
		a.offer(&a.slots[slots[i]])
	}
	if sel == nil {
		for i := range slots {
			one(i)
		}
	} else {
		for _, i := range sel {
			one(int(i))
		}
	}
	a.batch.Cols = nil
}

// offer takes the row in buf if it comes before the slot's; it goes where that one was if it fits there.
func (a *pickAcc) offer(s *pickedRow) {
	if s.set && bytes.Compare(a.buf, a.heap[s.off:s.off+s.len]) >= 0 {
		return
	}
	if !s.set || len(a.buf) > s.len {
		s.off = len(a.heap)
		a.heap = append(a.heap, a.buf...)
	} else {
		copy(a.heap[s.off:], a.buf)
	}
	s.len, s.set = len(a.buf), true
}

// Merge implements agg.Accumulator.
func (a *pickAcc) Merge(dst, state []byte, slot int) []byte {
	s := &a.slots[slot]
	row := a.heap[s.off : s.off+s.len]
	if !s.set || len(state) > 0 && bytes.Compare(state[1:], row) <= 0 {
		return append(dst, state...)
	}
	return append(append(dst, 1), row...)
}

// Result implements agg.Accumulator.
func (a *pickAcc) Result(state []byte, out *delta.Vec) error {
	if len(state) == 0 {
		out.AppendNull()
		return nil
	}
	if err := a.order.decode(state[1:], a.vecs, a.datums); err != nil {
		return err
	}
	out.Append(a.datums[0])
	return nil
}

// Reset implements agg.Accumulator.
func (a *pickAcc) Reset() {
	a.slots, a.heap = a.slots[:0], a.heap[:0]
}

// Bytes implements agg.Accumulator.
func (a *pickAcc) Bytes() int { return 24*cap(a.slots) + cap(a.heap) }
