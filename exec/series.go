package exec

import (
	"fmt"

	"millrace/delta"
	"millrace/expr"
	"millrace/planner/physical"
	"millrace/types"
)

// series produces the rows of set-returning functions, for each input row or, without input, once: linear, without
// state. Several functions run in lock step, the shorter ones padded with NULLs. A row for which an argument or a
// function fails is an error row; what its functions gave before that is output, with the same weight.
//
// Output is made in chunks, so a function without end fills no memory; between chunks Options.Interrupt is asked.
type series struct {
	*output
	types      []types.T
	in         int // columns of the input; -1 without input
	ordinality bool
	outer      bool
	funcs      []setFunc

	errs  expr.Errors
	args  []*delta.Vec
	sel   []uint32
	cols  []*delta.Vec // what the functions gave, and the ordinality
	wrote []bool
	limit int // rows in a chunk
}

// setFunc is one function: its arguments and its source of rows.
type setFunc struct {
	args  []*expr.Program
	width int // columns
	src   rowSource
	data  []types.Datum // scratch: the arguments of a row
}

// rowSource is a set-returning function. A source serves one call after the other.
type rowSource interface {
	// start begins a call. Arguments may be NULL; the bytes that they refer to stay valid until the next start.
	start(args []types.Datum) error
	// next appends a row to out, the function's columns. After the last row, or on an error, it appends nothing.
	next(out []*delta.Vec) (ok bool, err error)
}

func newSeries(o *output, n *physical.Series) (*series, error) {
	s := &series{output: o, types: n.Types, in: -1, ordinality: n.Ordinality, outer: n.Outer}
	if n.Input >= 0 {
		s.in = len(o.d.plan.Nodes[n.Input].Out().Types)
	}
	for _, f := range n.Funcs {
		src, args, err := newRowSource(&f, o.d.opt.Context)
		if err != nil {
			return nil, err
		}
		progs, err := compileAll(args)
		if err != nil {
			return nil, err
		}
		s.funcs = append(s.funcs, setFunc{args: progs, width: len(f.Ret), src: src, data: make([]types.Datum, len(progs))})
	}
	s.wrote = make([]bool, len(s.funcs))
	want := max(s.in, 0)
	for _, f := range s.funcs {
		want += f.width
	}
	if s.ordinality {
		want++
	}
	if want != len(n.Types) {
		return nil, fmt.Errorf("exec: set-returning functions give %d columns, planned are %d", want, len(n.Types))
	}
	s.begin()
	return s, nil
}

// begin starts a new chunk.
func (s *series) begin() {
	made := s.types[max(s.in, 0):]
	s.cols = make([]*delta.Vec, len(made))
	for i, t := range made {
		s.cols[i] = delta.NewVec(t, 0)
	}
	s.sel = s.sel[:0]
}

// Push implements Operator.
func (s *series) Push(_ int, b *delta.Batch) error {
	s.errs.List = s.errs.List[:0]
	s.args = s.args[:0]
	for _, f := range s.funcs {
		for _, p := range f.args {
			s.args = append(s.args, p.Eval(s.d.opt.Context, b, &s.errs))
		}
	}
	s.limit = rowsWithin(widest(b.Cols))
	failed := s.errs.List
	for i := range b.N {
		if len(failed) > 0 && failed[0].Row == i {
			if err := s.fail(failed[0].Err, b, i, b.Weight(i)); err != nil {
				return err
			}
			failed = failed[1:]
			continue
		}
		rowErr, err := s.row(b, i)
		if err != nil {
			return err
		}
		if rowErr != nil {
			if err := s.fail(rowErr, b, i, b.Weight(i)); err != nil {
				return err
			}
		}
	}
	return s.pass(b)
}

// Flush implements Operator.
func (s *series) Flush() error {
	if s.in >= 0 || !s.d.fresh {
		return nil
	}
	return s.Push(0, &delta.Batch{N: 1})
}

// row produces the rows of input row i. rowErr is the row's own failure.
func (s *series) row(b *delta.Batch, i int) (rowErr, err error) {
	arg := s.args
	for _, f := range s.funcs {
		for k := range f.args {
			f.data[k] = arg[k].Datum(i)
		}
		arg = arg[len(f.args):]
		if err := f.src.start(f.data); err != nil {
			return err, nil
		}
	}
	for n := int64(1); ; n++ {
		more, rowErr := s.step(n)
		if rowErr != nil {
			return rowErr, nil
		}
		if !more {
			if n == 1 && s.outer {
				s.pad()
				s.sel = append(s.sel, uint32(i))
			}
			return nil, nil
		}
		s.sel = append(s.sel, uint32(i))
		if len(s.sel) < s.limit && dataBytes(s.cols) < chunkBytes {
			continue
		}
		if err := s.pass(b); err != nil {
			return nil, err
		}
		if err := s.interrupted(); err != nil {
			return nil, err
		}
	}
}

// step appends one row of the functions, or nothing when all have ended or one fails.
func (s *series) step(n int64) (more bool, err error) {
	before := len(s.sel)
	cols := s.cols
	for k, f := range s.funcs {
		if s.wrote[k], err = f.src.next(cols[:f.width]); err != nil {
			for _, c := range s.cols {
				truncate(c, before)
			}
			return false, err
		}
		more = more || s.wrote[k]
		cols = cols[f.width:]
	}
	if !more {
		return false, nil
	}
	cols = s.cols
	for k, f := range s.funcs {
		for _, c := range cols[:f.width] {
			if !s.wrote[k] {
				c.AppendNull()
			}
		}
		cols = cols[f.width:]
	}
	if s.ordinality {
		cols[0].Append(types.NewInt(n))
	}
	return true, nil
}

// pad appends a row of NULLs.
func (s *series) pad() {
	for _, c := range s.cols {
		c.AppendNull()
	}
}

// pass emits the chunk.
func (s *series) pass(b *delta.Batch) error {
	if len(s.sel) == 0 {
		return nil
	}
	out := &delta.Batch{N: len(s.sel)}
	if s.in >= 0 {
		for _, c := range b.Cols {
			out.Cols = append(out.Cols, c.Gather(s.sel))
		}
	}
	out.Cols = append(out.Cols, s.cols...)
	if b.Weights != nil {
		out.Weights = appendSel(nil, b.Weights, s.sel)
	}
	s.begin()
	return s.emit(out)
}

// truncate drops the rows of v from n on.
func truncate(v *delta.Vec, n int) {
	for i := n; i < v.Len(); i++ {
		if v.IsNull(i) {
			v.Nulls.Clear(i)
		}
	}
	switch v.Type.Rep() {
	case types.RepInt:
		v.Ints = v.Ints[:n]
	case types.RepFloat:
		v.Floats = v.Floats[:n]
	case types.RepBool:
		v.Bools = v.Bools[:n]
	default:
		if len(v.Off) > 0 {
			v.Data, v.Off = v.Data[:v.Off[n]], v.Off[:n+1]
		}
	}
}
