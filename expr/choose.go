package expr

import (
	"cmp"
	"slices"

	"millrace/delta"
	"millrace/types"
)

// merge builds a vector whose rows come from several: each row from one of them, or NULL.
type merge struct {
	out   delta.Vec
	parts []*delta.Vec
	konst []bool
	which []int32 // by row, the part; -1 is NULL
}

func (m *merge) disown() { m.out = delta.Vec{Type: m.out.Type} }

func (m *merge) start(t types.T, f *frame, sel []uint32) {
	m.out.Type = t
	m.out.Reset()
	m.parts, m.konst = m.parts[:0], m.konst[:0]
	m.which = slices.Grow(m.which[:0], f.n)[:f.n]
	for _, r := range f.rows(sel) {
		m.which[r] = -1
	}
}

// take says that rows come from v.
func (m *merge) take(rows []uint32, v *delta.Vec, constant bool) {
	part := int32(len(m.parts))
	m.parts, m.konst = append(m.parts, v), append(m.konst, constant)
	for _, r := range rows {
		m.which[r] = part
	}
}

// finish builds the result for the rows of sel.
func (m *merge) finish(f *frame, sel []uint32) *delta.Vec {
	rows := f.rows(sel)
	switch m.out.Type.Rep() {
	case types.RepBool:
		dst := GrowBools(&m.out, f.n)
		m.scatter(rows, func(r uint32, v *delta.Vec, i int) { dst[r] = v.Bools[i] })
	case types.RepInt:
		dst := GrowInts(&m.out, f.n)
		m.scatter(rows, func(r uint32, v *delta.Vec, i int) { dst[r] = v.Ints[i] })
	case types.RepFloat:
		dst := GrowFloats(&m.out, f.n)
		m.scatter(rows, func(r uint32, v *delta.Vec, i int) { dst[r] = v.Floats[i] })
	default:
		m.finishBytes(f.n, rows)
	}
	return &m.out
}

func (m *merge) scatter(rows []uint32, put func(r uint32, v *delta.Vec, i int)) {
	for _, r := range rows {
		v, i := m.source(r)
		if v == nil || v.IsNull(i) {
			m.out.SetNull(int(r))
			continue
		}
		put(r, v, i)
	}
}

// source gives the vector and index that row r comes from, nil for NULL.
func (m *merge) source(r uint32) (*delta.Vec, int) {
	part := m.which[r]
	if part < 0 {
		return nil, 0
	}
	if m.konst[part] {
		return m.parts[part], 0
	}
	return m.parts[part], int(r)
}

func (m *merge) finishBytes(n int, rows []uint32) {
	out := &m.out
	next := uint32(0)
	pad := func(end uint32) {
		for ; next < end; next++ {
			out.Off = append(out.Off, uint32(len(out.Data)))
		}
	}
	nulls := false
	for _, r := range rows {
		pad(r)
		if v, i := m.source(r); v != nil && !v.IsNull(i) {
			out.Data = append(out.Data, v.Bytes(i)...)
		} else {
			nulls = true
		}
		next++
		out.Off = append(out.Off, uint32(len(out.Data)))
	}
	pad(uint32(n))
	if !nulls {
		return
	}
	for _, r := range rows {
		if v, i := m.source(r); v == nil || v.IsNull(i) {
			out.SetNull(int(r))
		}
	}
}

// caseNode is the searched CASE: a condition is evaluated for the rows that no earlier one took, a result for
// those that its condition took.
type caseNode struct {
	merge
	t       types.T
	conds   []operand
	results []operand // one more than conds: the ELSE, whose node is nil where there is none
	taken   []uint32
	open    [2][]uint32
}

func newCase(e *Case, ops []operand) *caseNode {
	c := &caseNode{t: e.T}
	for i := range e.Whens {
		c.conds = append(c.conds, ops[2*i])
		c.results = append(c.results, ops[2*i+1])
	}
	c.results = append(c.results, ops[len(ops)-1])
	return c
}

func (c *caseNode) eval(f *frame, sel []uint32) *delta.Vec {
	c.start(c.t, f, sel)
	open, openSel := f.rows(sel), sel
	for i := range c.conds {
		cond := &c.conds[i]
		v := cond.eval(f, openSel)
		c.taken = trueRows(v, cond.constant, f, openSel, c.taken[:0])
		if len(c.taken) == 0 {
			continue
		}
		c.take(c.taken, c.results[i].eval(f, c.taken), c.results[i].constant)
		buf := &c.open[i&1]
		*buf = difference((*buf)[:0], open, c.taken)
		open, openSel = *buf, *buf
		if len(open) == 0 {
			return c.finish(f, sel)
		}
	}
	if last := &c.results[len(c.results)-1]; last.node != nil {
		c.take(open, last.eval(f, openSel), last.constant)
	}
	return c.finish(f, sel)
}

// difference appends to dst the rows that are not in remove, a subsequence of rows.
func difference(dst, rows, remove []uint32) []uint32 {
	k := 0
	for _, r := range rows {
		if k < len(remove) && remove[k] == r {
			k++
			continue
		}
		dst = append(dst, r)
	}
	return dst
}

// coalesceNode evaluates an operand for the rows where all before it were NULL.
type coalesceNode struct {
	merge
	t    types.T
	args []operand
	open [2][]uint32
}

func newCoalesce(t types.T, args []operand) *coalesceNode { return &coalesceNode{t: t, args: args} }

func (c *coalesceNode) eval(f *frame, sel []uint32) *delta.Vec {
	c.start(c.t, f, sel)
	open, openSel := f.rows(sel), sel
	for i := range c.args {
		arg := &c.args[i]
		v := arg.eval(f, openSel)
		if arg.constant && v.IsNull(0) {
			continue
		}
		c.take(open, v, arg.constant)
		if arg.constant || v.Nulls == nil {
			break
		}
		buf := &c.open[i&1]
		*buf = (*buf)[:0]
		for _, r := range open {
			if v.IsNull(int(r)) {
				*buf = append(*buf, r)
			}
		}
		open, openSel = *buf, *buf
		if len(open) == 0 {
			break
		}
	}
	return c.finish(f, sel)
}

// extremumNode is GREATEST or LEAST.
type extremumNode struct {
	merge
	t     types.T
	args  []operand
	least bool
}

func newExtremum(e *Extremum, ops []operand) *extremumNode {
	return &extremumNode{t: e.T, args: ops, least: e.Least}
}

func (x *extremumNode) eval(f *frame, sel []uint32) *delta.Vec {
	x.start(x.t, f, sel)
	rows := f.rows(sel)
	for i := range x.args {
		arg := &x.args[i]
		v := arg.eval(f, sel)
		x.parts, x.konst = append(x.parts, v), append(x.konst, arg.constant)
		for _, r := range rows {
			at := arg.at(r)
			if v.IsNull(at) {
				continue
			}
			best, bestAt := x.source(r)
			if best == nil {
				x.which[r] = int32(i)
				continue
			}
			c := compareAt(x.t, v, at, best, bestAt)
			if x.least {
				c = -c
			}
			if c > 0 {
				x.which[r] = int32(i)
			}
		}
	}
	return x.finish(f, sel)
}

// compareAt compares two values of type t in vectors, neither NULL.
func compareAt(t types.T, a *delta.Vec, i int, b *delta.Vec, j int) int {
	if t.Rep() == types.RepInt {
		return cmp.Compare(a.Ints[i], b.Ints[j])
	}
	return types.Compare(t, a.Datum(i), b.Datum(j))
}
