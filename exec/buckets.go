package exec

import (
	"fmt"
	"math"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/types"
)

// buckets gives a row once for each bucket of time that it touches, with the bucket's start: linear, without state. NULL has NULL as its
// bucket, and an infinite time itself.
//
// Cost: per row two divisions, and per copy its columns.
type buckets struct {
	*output
	n      *physical.Buckets
	sel    []uint32
	starts *delta.Vec
	limit  int // copies in a chunk
}

func newBuckets(o *output, n *physical.Buckets) (Operator, error) {
	const most = math.MaxInt64 / 8
	if n.Size <= 0 || n.Size > most || n.Lo > n.Hi || n.Lo < -most || n.Hi > most {
		return nil, fmt.Errorf("exec: buckets of %d from %d to %d", n.Size, n.Lo, n.Hi)
	}
	return &buckets{output: o, n: n}, nil
}

// Push implements Operator.
func (k *buckets) Push(_ int, b *delta.Batch) error {
	v := b.Cols[k.n.Time]
	k.limit = 4 * rowsWithin(widest(b.Cols))
	for i := range b.N {
		if v.IsNull(i) {
			if err := k.add(b, i, types.Null); err != nil {
				return err
			}
			continue
		}
		ts := v.Ints[i]
		first, last := ts, ts
		if types.TimestampIsFinite(ts) {
			first, last = bucketOf(ts+k.n.Lo, k.n.Size), bucketOf(ts+k.n.Hi, k.n.Size)
		}
		for at := first; ; at += k.n.Size {
			if err := k.add(b, i, types.NewInt(at)); err != nil {
				return err
			}
			if at >= last {
				break
			}
		}
	}
	return k.pass(b)
}

// bucketOf is the start of a time's bucket. Finite timestamps and the plan's bounds leave room for it.
func bucketOf(ts, size int64) int64 {
	r := ts % size
	if r < 0 {
		r += size
	}
	return ts - r
}

func (k *buckets) add(b *delta.Batch, i int, start types.Datum) error {
	if k.starts == nil {
		k.starts = &delta.Vec{Type: k.n.Types[len(k.n.Types)-1]}
	}
	k.sel = append(k.sel, uint32(i))
	k.starts.Append(start)
	if len(k.sel) < k.limit {
		return nil
	}
	if err := k.interrupted(); err != nil {
		return err
	}
	return k.pass(b)
}

// pass emits the copies gathered so far.
func (k *buckets) pass(b *delta.Batch) error {
	if len(k.sel) == 0 {
		return nil
	}
	var weights []int64
	if b.Weights != nil {
		weights = appendSel(nil, b.Weights, k.sel)
	}
	out := gatherBatch(b.Cols, k.sel, weights)
	out.Cols = append(out.Cols, k.starts)
	k.sel, k.starts = k.sel[:0], nil
	return k.emit(out)
}

// Flush implements Operator.
func (k *buckets) Flush() error { return nil }
