package exec

import (
	"container/heap"
	"errors"
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
	"millrace/storage/state"
	"millrace/types"
)

// recurse is a recursive query: iteration 0 has the rows of the base, and iteration i+1 what the step makes of the rows
// of iteration i.
//
// Algebra: the rows of all iterations are kept apart by the number of their iteration, and a step of the dataflow changes
// them in ascending order of it. The changes of iteration i go through the step's operators, which carry the number
// along, and come back as changes of what iteration i+1 is made of. A change of what the step reads besides has met the
// rows that all iterations had before, and waits here by iteration. So each iteration is changed once, when all before it
// are final, and the result is what an evaluation from scratch gives. Under UNION a row is kept with each iteration in
// which something makes it, and how many times; it belongs to the first of these. What makes a row is thus always in an
// earlier iteration, and rows that only make each other, as those of a cycle that nothing leads to any more, are gone
// when the iteration that led to them is. This is differential computation over totally ordered inputs and nested
// iterations (McSherry, Murray, Isaacs, Isard, "Differential Dataflow", CIDR 2013) with the iteration as a column, and
// the counts per iteration are the counting of Gupta, Mumick and Subrahmanian ("Maintaining Views Incrementally", SIGMOD
// 1993), which is right for recursion when derivations are counted apart by iteration.
//
// State: under UNION, part 0 is a multimap from a row's key to the iterations that make it, with their numbers of ways,
// and, where the key does not determine it, the row. Under UNION ALL none.
//
// Cost: per row whose iteration changes, besides what the step's operators do with it, a table probe, a state change and
// a read of the first iteration of its key. A change that brings a row nearer to the base, or further away, costs as
// much as all rows that move with it.
type recurse struct {
	*output
	n     *physical.Recurse
	types []types.T
	work  *output // of the work table
	body  []int   // the operators between the work table and this one
	union *recursionRows

	levels levels
	at     int64 // the iteration that is being changed, -1 outside of Flush
	made   int   // bytes of the rows that changed in the present step
	rowsUp int64 // net number of rows that have come up in it
	growth growth
	kc     keys.KeyColumn
	cols   []int
	ids    []uint32
	buf    []byte
	rows   *delta.Batch // of the work table, being gathered
	out    builder
}

// recursionBytes bounds the rows that one step of a view may change in a recursion: what has changed is held in memory
// until the step's end.
var recursionBytes = 256 << 20 // a variable for tests

func newRecurse(o *output, n *physical.Recurse) (*recurse, error) {
	if n.Work < 0 || n.Work >= o.op {
		return nil, errors.New("exec: a recursion without work table")
	}
	r := &recurse{output: o, n: n, types: n.Types, work: o.d.outs[n.Work], at: -1, cols: upTo(len(n.Types)), out: newBuilder(o, n.Types)}
	for i, of := range o.d.inRecursion {
		if of == n.Work && i != n.Work && i < o.op {
			r.body = append(r.body, i)
		}
	}
	subs := subspace{o: o}
	if !n.All {
		m := subs.nextMultimap()
		if subs.err == nil && m == nil {
			return nil, errors.New("exec: a recursion without state")
		}
		r.union = &recursionRows{stored: !allFaithful(n.Types), state: m, limit: n.Limit}
	}
	return r, subs.err
}

// workTable is where the rows of a recursion come from. The recurse emits in its place.
type workTable struct{}

func (workTable) Push(int, *delta.Batch) error { return errors.New("exec: a work table has no input") }
func (workTable) Flush() error                 { return nil }

// Push implements Operator: port 0 is the base, port 1 the step, with the number of the iteration as the last column.
func (r *recurse) Push(port int, b *delta.Batch) error {
	var from []int64
	if port == 1 {
		from = b.Cols[len(r.types)].Ints
		b = &delta.Batch{Cols: b.Cols[:len(r.types)], Weights: b.Weights, N: b.N}
	}
	if r.union != nil {
		r.kc.Reset()
		keys.AppendAll(&r.kc, b, r.cols)
		var err error
		if r.ids, err = r.union.number(&r.kc, r.ids[:0]); err != nil {
			return err
		}
	}
	for i := range b.N {
		it := int64(0)
		if from != nil {
			it = from[i] + 1
			if r.at >= 0 && it != r.at+1 || it < 1 || it > r.n.Limit+1 {
				return fmt.Errorf("exec: operator %d: iteration %d made a row of iteration %d", r.op, r.at, it)
			}
		}
		if err := r.take(it, b, i); err != nil {
			return err
		}
	}
	return r.fits(r.holds(r.bytes()))
}

// take notes a row that an iteration is made of.
func (r *recurse) take(it int64, b *delta.Batch, i int) error {
	lv := r.levels.at(it)
	before := lv.rows.table.bytes()
	r.buf = r.buf[:0]
	if r.union != nil {
		r.buf = appendGroup(r.buf, r.ids[i])
	}
	r.buf = codec.AppendVecs(r.buf, b.Cols, i)
	if _, err := lv.rows.add(r.buf, b.Weight(i)); err != nil {
		return err
	}
	r.levels.bytes += lv.rows.table.bytes() - before
	return nil
}

func (r *recurse) bytes() int {
	n := r.levels.bytes
	if r.union != nil {
		n += r.union.bytes()
	}
	return n
}

// Flush implements Operator. The step's operators have met the changes of their other inputs; now the iterations are
// changed one after the other, each of them running those operators once.
func (r *recurse) Flush() error {
	defer func() { r.at = -1 }()
	for {
		lv, ok := r.levels.next()
		if !ok {
			break
		}
		if err := r.interrupted(); err != nil {
			return err
		}
		r.at = lv.iteration
		var err error
		if r.union != nil {
			err = r.union.change(r, lv)
		} else {
			err = r.changeAll(lv)
		}
		if err == nil && r.n.StopAfter > 0 && r.rowsUp >= r.n.StopAfter && r.at <= r.n.Limit {
			break // there is no other step
		}
		if err == nil {
			err = r.fits(r.iterate())
		}
		if err == nil {
			err = r.explodes()
		}
		if err != nil {
			return err
		}
	}
	r.at, r.made, r.rowsUp, r.growth = -1, 0, 0, growth{}
	if r.union != nil {
		if err := r.union.finish(r); err != nil {
			return err
		}
	}
	return r.out.end()
}

// iterate gives the step what has changed, and runs it.
func (r *recurse) iterate() error {
	if err := r.emitRows(); err != nil {
		return err
	}
	for _, op := range r.body {
		if err := r.d.flush(op); err != nil {
			return err
		}
	}
	return nil
}

// changeAll changes an iteration under UNION ALL: all that it is made of are its rows.
func (r *recurse) changeAll(lv *level) error {
	for id, w := range lv.rows.weights {
		if w == 0 {
			continue
		}
		if w > recursionCopiesMax || w < -recursionCopiesMax {
			return r.tooMany().WithDetail("An iteration makes one row more than %d times; it was iteration %d.", int64(recursionCopiesMax), r.at)
		}
		row := lv.rows.table.key(uint32(id))
		if err := r.change(row, w); err != nil {
			return err
		}
		if r.at > r.n.Limit {
			continue
		}
		if err := codec.DecodeRow(row, r.out.batch(), w); err != nil {
			return err
		}
		if err := r.out.spill(); err != nil {
			return err
		}
	}
	return nil
}

// change changes a row of the present iteration: the step is told, or beyond the limit the row is an error.
func (r *recurse) change(row []byte, w int64) error {
	if r.rows == nil {
		r.rows = delta.NewBatch(r.types, 16)
	}
	if err := codec.DecodeRow(row, r.rows, w); err != nil {
		return err
	}
	r.rowsUp += w
	if r.made += len(row) + rowOverhead; r.made > recursionBytes && !r.d.opt.AdHoc {
		return r.tooMany().WithDetail("One step of a view may change %d MiB of them; it was at iteration %d.", recursionBytes>>20, r.at)
	}
	if r.rows.N >= chunkRows || dataBytes(r.rows.Cols) >= chunkBytes {
		return r.emitRows()
	}
	return nil
}

func (r *recurse) tooMany() *pgerr.Error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "recursive query \"%s\" makes too many rows", r.n.Name).
		WithHint("A condition must bound the recursion; over a graph, CYCLE or UNION without ALL keeps it from going round.")
}

// fits says of a query that has run out of memory amid its iterations that the recursion is to blame.
func (r *recurse) fits(err error) error {
	if r.at < 0 || !errors.Is(err, state.ErrMemory) {
		return err
	}
	return r.tooMany().WithDetail("They need more than the %d MiB that the query may use; it was at iteration %d.", r.d.opt.Memory>>20, r.at)
}

// growth is how the iterations of a step have grown.
type growth struct {
	last int // bytes of the rows of the last one
	run  int // how many in a row were each half as large again as the one before
}

// growthRun is how many iterations must have grown for the next to be expected to.
const growthRun = 6

// explodes ends a recursion whose iterations have grown geometrically where one more iteration of the same growth, and even of
// three quarters of it, is more than may be held: most of the time that the whole takes would go into that one.
func (r *recurse) explodes() error {
	bytes := 0
	if lv := r.levels.of[r.at+1]; lv != nil {
		bytes = lv.rows.table.bytes()
	}
	last := r.growth.last
	if r.growth.last = bytes; last == 0 || 2*bytes < 3*last {
		r.growth.run = 0
		return nil
	}
	limit := int64(recursionBytes)
	if r.d.opt.AdHoc {
		limit = r.d.opt.Memory
	}
	next := int64(float64(bytes) * float64(bytes) / float64(last) * 3 / 4)
	if r.growth.run++; r.growth.run < growthRun || limit <= 0 || int64(bytes)+next <= limit {
		return nil
	}
	return r.tooMany().WithDetail("Each iteration makes %.1f times as many as the one before, and the next would need more than %d MiB; it was at iteration %d.",
		float64(bytes)/float64(last), limit>>20, r.at)
}

// recursionCopiesMax bounds how often a row may come up in one iteration under UNION ALL. Copies are counted, so they take no
// room, and would otherwise multiply until the number overflows.
const recursionCopiesMax = 1 << 40

// rowOverhead is about what a row costs in memory besides its bytes.
const rowOverhead = 64

// emitRows passes the gathered rows of the present iteration on to the step.
func (r *recurse) emitRows() error {
	b := r.rows
	r.rows = nil
	if b == nil || b.N == 0 {
		return nil
	}
	if r.at > r.n.Limit {
		err := pgerr.New(pgerr.ProgramLimitExceeded, "recursive query \"%s\" has not ended after %d iterations", r.n.Name, r.n.Limit).
			WithHint("A UNION ALL over a cycle does not end. UNION without ALL ends when nothing new comes up; otherwise a condition must bound the recursion.")
		for i := range b.N {
			if err := r.fail(err, b, i, b.Weight(i)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.interrupted(); err != nil {
		return err
	}
	it := delta.NewVec(types.Of(types.Int8), b.N)
	for range b.N {
		it.Append(types.NewInt(r.at))
	}
	return r.work.emit(&delta.Batch{Cols: append(slices.Clip(b.Cols), it), Weights: b.Weights, N: b.N})
}

// level is what an iteration is made of, as far as it changes.
type level struct {
	iteration int64
	rows      rowWeights
	visits    []uint32 // keys whose row may come up in this iteration, or leave it, without such a change
}

// levels are the iterations that have yet to be changed.
type levels struct {
	of    map[int64]*level
	order iterations
	bytes int
}

// iterations is a heap.
type iterations []int64

func (h iterations) Len() int           { return len(h) }
func (h iterations) Less(i, j int) bool { return h[i] < h[j] }
func (h iterations) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *iterations) Push(x any)        { *h = append(*h, x.(int64)) }
func (h *iterations) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// at gives an iteration's level.
func (l *levels) at(it int64) *level {
	if lv := l.of[it]; lv != nil {
		return lv
	}
	if l.of == nil {
		l.of = map[int64]*level{}
	}
	lv := &level{iteration: it}
	l.of[it] = lv
	heap.Push(&l.order, it)
	return lv
}

// next takes the lowest one out.
func (l *levels) next() (*level, bool) {
	if len(l.order) == 0 {
		return nil, false
	}
	it := heap.Pop(&l.order).(int64)
	lv := l.of[it]
	delete(l.of, it)
	l.bytes -= lv.rows.table.bytes()
	return lv, true
}
