package exec

import (
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/planner/physical"
	"millrace/storage/codec"
	"millrace/storage/keys"
)

// deltaPath is the way of an input's changes through the arrangements of the others.
type deltaPath struct {
	steps []deltaStep
	// cond and emit are columns of the rows at the path's end.
	cond, emit []int
}

// deltaStep is a look-up on a path: the rows so far go in, and with each row found come out again.
type deltaStep struct {
	arr   *arranged
	key   []int
	carry []int // columns of the rows so far that are needed further on
	add   []int // columns of the rows found that are

	// The chunk at work.
	kc    keys.KeyColumn
	table keyTable
	keyOf []uint32
	of    []uint32 // rows by key
	start []uint32
	found *delta.Batch
	fw    []int64  // weights of found
	left  []uint32 // pairs: row so far, row found, weight
	right []uint32
	w     []int64
	limit int
	size  int
	// resume is where to go on in the group that is being read; nil when it has been read.
	resume []byte
	err    error
}

// plan works out which columns rows have along the path.
func (p *deltaPath) plan(j *deltaJoin, n *physical.DeltaJoin, input int, offsets, cond []int) error {
	lookups := n.Paths[input]
	if len(lookups) != len(n.In)-1 {
		return fmt.Errorf("exec: a path of a delta join has %d of %d look-ups", len(lookups), len(n.In)-1)
	}
	own := func(i int) []int {
		cols := upTo(len(j.inputs[i].types))
		for k := range cols {
			cols[k] += offsets[i]
		}
		return cols
	}
	layout := own(input)
	at := func(cols []int) ([]int, error) {
		out := make([]int, len(cols))
		for i, c := range cols {
			if out[i] = slices.Index(layout, c); out[i] < 0 {
				return nil, fmt.Errorf("exec: a path of a delta join has no column %d yet", c)
			}
		}
		return out, nil
	}
	for k, l := range lookups {
		arr := &j.arrs[l.Arrangement]
		if len(l.Key) != len(arr.key) || len(l.NullSafe) != len(l.Key) {
			return fmt.Errorf("exec: look-up of %d columns in an arrangement by %d", len(l.Key), len(arr.key))
		}
		s := deltaStep{arr: arr, found: delta.NewBatch(j.inputs[arr.input].types, 0)}
		var err error
		if s.key, err = at(l.Key); err != nil {
			return err
		}
		later := map[int]bool{}
		for _, c := range slices.Concat(cond, n.Cols) {
			later[c] = true
		}
		for _, m := range lookups[k+1:] {
			for _, c := range m.Key {
				later[c] = true
			}
		}
		var next []int
		for i, c := range layout {
			if later[c] {
				s.carry, next = append(s.carry, i), append(next, c)
			}
		}
		for i, c := range own(arr.input) {
			if later[c] {
				s.add, next = append(s.add, i), append(next, c)
			}
		}
		layout = next
		p.steps = append(p.steps, s)
	}
	var err error
	if p.cond, err = at(cond); err == nil {
		p.emit, err = at(n.Cols)
	}
	return err
}

// follow takes rows from step k of a path on to its end, in chunks.
func (j *deltaJoin) follow(p *deltaPath, k int, b *delta.Batch) error {
	if b.N == 0 {
		return nil
	}
	if k == len(p.steps) {
		return j.deliver(p, b)
	}
	if err := j.interrupted(); err != nil {
		return err
	}
	s := &p.steps[k]
	if err := s.group(b); err != nil {
		return err
	}
	n := uint32(s.table.len())
	if err := s.arr.mm.Prefetch(&s.table.keys, nil); err != nil {
		return err
	}
	j.lookups += int64(n)
	s.limit = rowsWithin(widest(b.Cols))
	for key := range n {
		if err := j.meet(p, k, key, b); err != nil {
			return err
		}
	}
	return j.pass(p, k, b)
}

// group orders the rows of b by the key that they look up.
func (s *deltaStep) group(b *delta.Batch) (err error) {
	s.table.reset()
	if s.keyOf, err = s.table.number(&s.kc, b, s.key, nil, s.keyOf[:0]); err != nil {
		return err
	}
	n := s.table.len()
	s.start = append(s.start[:0], make([]uint32, n+2)...)
	for _, id := range s.keyOf {
		s.start[id+2]++
	}
	for i := 2; i < len(s.start); i++ {
		s.start[i] += s.start[i-1]
	}
	s.of = append(s.of[:0], make([]uint32, b.N)...)
	for i, id := range s.keyOf {
		s.of[s.start[id+1]] = uint32(i)
		s.start[id+1]++
	}
	return nil
}

// meet reads the rows of a key and pairs them with the rows so far that look it up.
func (j *deltaJoin) meet(p *deltaPath, k int, key uint32, b *delta.Batch) error {
	s := &p.steps[k]
	hash, bytes := s.table.hash(key), s.table.key(key)
	for from := []byte(nil); ; from = s.resume {
		first := s.found.N
		s.resume, s.err = nil, nil
		var err error
		if from == nil {
			err = s.arr.mm.Scan(hash, bytes, s.decode)
		} else {
			err = s.arr.mm.ScanFrom(hash, bytes, from, s.decode)
		}
		if err == nil {
			err = s.err
		}
		if err != nil {
			return err
		}
		j.found += int64(s.found.N - first)
		for r := first; r < s.found.N; r++ {
			for _, i := range s.of[s.start[key]:s.start[key+1]] {
				w, err := mulWeights(b.Weight(int(i)), s.fw[r])
				if err != nil {
					return err
				}
				s.left, s.right, s.w = append(s.left, i), append(s.right, uint32(r)), append(s.w, w)
				if len(s.left) >= s.limit {
					if err := j.extend(p, k, b); err != nil {
						return err
					}
				}
			}
		}
		if s.full() {
			if err := j.pass(p, k, b); err != nil {
				return err
			}
		}
		if s.resume == nil {
			return nil
		}
	}
}

func (s *deltaStep) full() bool { return s.found.N >= readRows || s.size >= chunkBytes }

// decode takes a row that was found; it is false when those before must be passed on first.
func (s *deltaStep) decode(row []byte, w int64) bool {
	if w < 0 {
		s.err = ErrNegative
		return false
	}
	if s.full() {
		s.resume = append([]byte{}, row...)
		return false
	}
	if s.err = codec.DecodeRow(row, s.found, 1); s.err != nil {
		return false
	}
	s.size += len(row)
	s.fw = append(s.fw, w)
	s.limit = min(s.limit, rowsWithin(len(row)))
	return true
}

// extend takes the pairs on to the next step.
func (j *deltaJoin) extend(p *deltaPath, k int, b *delta.Batch) error {
	s := &p.steps[k]
	if len(s.left) == 0 {
		return nil
	}
	next := &delta.Batch{N: len(s.left), Cols: make([]*delta.Vec, 0, len(s.carry)+len(s.add))}
	for _, c := range s.carry {
		next.Cols = append(next.Cols, b.Cols[c].Gather(s.left))
	}
	for _, c := range s.add {
		next.Cols = append(next.Cols, s.found.Cols[c].Gather(s.right))
	}
	if slices.ContainsFunc(s.w, func(w int64) bool { return w != 1 }) {
		next.Weights = slices.Clone(s.w)
	}
	s.left, s.right, s.w = s.left[:0], s.right[:0], s.w[:0]
	return j.follow(p, k+1, next)
}

// pass takes the pairs on and forgets the rows that were found.
func (j *deltaJoin) pass(p *deltaPath, k int, b *delta.Batch) error {
	if err := j.extend(p, k, b); err != nil {
		return err
	}
	s := &p.steps[k]
	s.found.Reset()
	s.fw, s.size = s.fw[:0], 0
	return nil
}
