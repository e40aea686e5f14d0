package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// deltaJoin is an inner join of three or more inputs that keeps none but these.
//
// Algebra: with dA, dB, dC the changes of a step and A' = A + dA,
//
//	d(A x B x C) = dA x B x C  +  A' x dB x C  +  A' x B' x dC
//
// Each term starts from a change and looks the rows of the other inputs up, one input after the other, by what is known by
// then: the first-order deltas of Koch, Ahmad et al., "DBToaster: Higher-order Delta Processing for Dynamic, Frequently Fresh
// Views" (VLDB Journal 23, 2014), evaluated through arrangements as the delta queries of Materialize are (McSherry,
// Lattuada, Schwarzkopf, Roscoe, "Shared Arrangements", VLDB 2020, section 6). Inputs are taken in order: the changes of one meet
// the others' states, then become part of its own.
//
// State: one part for each arrangement, the rows of an input by a key. A row that has NULL in a column by which it must be
// equal meets no other and is not kept.
//
// Cost: per row of a change, and per row that it has been extended to on its path, a probe of the chunk's table of keys; per
// distinct key of a chunk a look-up; per row found the columns that are needed further on. So a change costs as much as the rows
// that match it, as far as the path goes, and nothing for those that do not.
type deltaJoin struct {
	*output
	inputs  []deltaInput
	arrs    []arranged
	cond    *expr.Program // over the columns condCols of a path's end; nil is true
	lookups int64         // keys looked up
	found   int64         // rows read for them
	errs    expr.Errors
	sel     []uint32
	same    rowWeights
	buf     []byte
}

// deltaInput is an input, and its changes in the present step.
type deltaInput struct {
	types    []types.T
	required requiredRows
	arrs     []int // its arrangements
	path     deltaPath

	rows    *delta.Batch
	retract bool
}

// arranged is an arrangement at work.
type arranged struct {
	input int
	key   []int
	mm    *state.Multimap
}

func newDeltaJoin(o *output, n *physical.DeltaJoin) (*deltaJoin, error) {
	j := &deltaJoin{output: o}
	var offsets []int
	width := 0
	for _, in := range n.In {
		ts := o.d.plan.Nodes[in].Out().Types
		j.inputs = append(j.inputs, deltaInput{types: ts, rows: delta.NewBatch(ts, 0)})
		offsets = append(offsets, width)
		width += len(ts)
	}
	subs := subspace{o: o}
	for i, a := range n.Arrangements {
		j.arrs = append(j.arrs, arranged{input: a.Input, key: a.Key, mm: subs.nextMultimap()})
		j.inputs[a.Input].arrs = append(j.inputs[a.Input].arrs, i)
	}
	if subs.err != nil {
		return nil, subs.err
	}
	if len(n.Paths) != len(n.In) {
		return nil, fmt.Errorf("exec: a delta join of %d inputs has %d paths", len(n.In), len(n.Paths))
	}
	var cond []int
	if n.On != nil {
		cond = expr.Columns(n.On)
		at := map[int]int{}
		for i, c := range cond {
			at[c] = i
		}
		var err error
		if j.cond, err = expr.Compile(expr.RemapColumns(n.On, func(old int) int { return at[old] })); err != nil {
			return nil, err
		}
	}
	for i := range j.inputs {
		if err := j.inputs[i].path.plan(j, n, i, offsets, cond); err != nil {
			return nil, err
		}
	}
	for _, p := range n.Paths {
		for _, l := range p {
			a := &n.Arrangements[l.Arrangement]
			for k, c := range l.Key {
				if !l.NullSafe[k] {
					j.require(c, offsets)
					j.require(offsets[a.Input]+a.Key[k], offsets)
				}
			}
		}
	}
	return j, nil
}

// require notes that a row must not have NULL in a column.
func (j *deltaJoin) require(col int, offsets []int) {
	i := len(offsets) - 1
	for offsets[i] > col {
		i--
	}
	j.inputs[i].required.add(col - offsets[i])
}

// Push implements Operator.
func (j *deltaJoin) Push(port int, b *delta.Batch) error {
	in := &j.inputs[port]
	sel := in.required.of(b)
	for i, c := range b.Cols {
		if err := appendVec(in.rows.Cols[i], c, sel); err != nil {
			return err
		}
	}
	n := countOf(sel, b.N)
	in.rows.N += n
	if b.Weights != nil || in.rows.Weights != nil {
		for i := len(in.rows.Weights); i < in.rows.N-n; i++ {
			in.rows.Weights = append(in.rows.Weights, 1)
		}
		for i := range n {
			r := i
			if sel != nil {
				r = int(sel[i])
			}
			w := b.Weight(r)
			in.rows.Weights = append(in.rows.Weights, w)
			in.retract = in.retract || w < 0
		}
	}
	bytes := 0
	for i := range j.inputs {
		bytes += j.inputs[i].rows.Bytes()
	}
	return j.holds(bytes)
}

// Flush implements Operator.
func (j *deltaJoin) Flush() error {
	for i := range j.inputs {
		in := &j.inputs[i]
		if in.rows.N == 0 {
			continue
		}
		if err := j.change(in); err != nil {
			return fmt.Errorf("operator %d: %w", j.op, err)
		}
		if in.rows.Bytes() > retainedBytes {
			in.rows = delta.NewBatch(in.types, 0)
		}
		in.rows.Reset()
		in.retract = false
	}
	return nil
}

// change meets the changes of an input with the other inputs, and makes them part of its own arrangements.
func (j *deltaJoin) change(in *deltaInput) error {
	rows, err := j.collapse(in)
	if err != nil || rows.N == 0 {
		return err
	}
	for lo := 0; lo < rows.N; lo += pathRows {
		part := rows
		if rows.N > pathRows {
			part = rows.Slice(lo, min(lo+pathRows, rows.N))
		}
		if err := j.follow(&in.path, 0, part); err != nil {
			return err
		}
	}
	var kc keys.KeyColumn
	for _, a := range in.arrs {
		arr := &j.arrs[a]
		kc.Reset()
		keys.AppendAll(&kc, rows, arr.key)
		for i := range rows.N {
			j.buf = codec.AppendVecs(j.buf[:0], rows.Cols, i)
			if err := arr.mm.Add(kc.Hash[i], kc.Key(i), j.buf, rows.Weight(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// collapse gives the changes, with each row once if some are retractions.
func (j *deltaJoin) collapse(in *deltaInput) (*delta.Batch, error) {
	if !in.retract {
		return in.rows, nil
	}
	defer j.same.reset()
	for i := range in.rows.N {
		j.buf = codec.AppendVecs(j.buf[:0], in.rows.Cols, i)
		if _, err := j.same.add(j.buf, in.rows.Weights[i]); err != nil {
			return nil, err
		}
	}
	out := delta.NewBatch(in.types, len(j.same.weights))
	for id, w := range j.same.weights {
		if w == 0 {
			continue
		}
		if err := codec.DecodeRow(j.same.table.key(uint32(id)), out, w); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// deliver emits rows that have been all along a path.
func (j *deltaJoin) deliver(p *deltaPath, b *delta.Batch) error {
	if j.cond != nil {
		in := &delta.Batch{N: b.N, Cols: pick(b.Cols, p.cond), Weights: b.Weights}
		j.errs.List = j.errs.List[:0]
		j.sel = j.cond.EvalPred(j.d.opt.Context, in, j.sel, &j.errs)
		if err := j.failRows(&j.errs, in); err != nil {
			return err
		}
		if len(j.sel) < b.N {
			b = b.Gather(j.sel)
		}
	}
	return j.emit(&delta.Batch{N: b.N, Cols: pick(b.Cols, p.emit), Weights: b.Weights})
}

// pathRows is how many changes take a path together. More share look-ups, and sort them better; but what they find is held.
const pathRows = 16 * chunkRows
