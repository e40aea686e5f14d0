package expr

import (
	"cmp"
	"slices"

	"millrace/delta"
	"millrace/types"
)

// merge builds a vector whose rows come from several: each row from one of them, or NULL. Values of fixed width are written
// as they are taken, byte strings at the end, when the source of every row is known.
type merge struct {
	out   delta.Vec
	parts []*delta.Vec
	konst []bool
	which []int32 // by row, the part; -1 is NULL; for byte strings
}

func (m *merge) disown() { m.out = delta.Vec{Type: m.out.Type} }

func (m *merge) start(t types.T, f *frame, sel []uint32) {
	m.out.Type = t
	m.out.Reset()
	if t.Rep() != types.RepBytes {
		grow(&m.out, f.n)
		return
	}
	m.parts, m.konst = m.parts[:0], m.konst[:0]
	m.which = slices.Grow(m.which[:0], f.n)[:f.n]
	for _, r := range f.rows(sel) {
		m.which[r] = -1
	}
}

// take says that rows come from v.
func (m *merge) take(rows []uint32, v *delta.Vec, constant bool) {
	switch m.out.Type.Rep() {
	case types.RepBool:
		scatter(m.out.Bools, v.Bools, rows, constant)
	case types.RepInt:
		scatter(m.out.Ints, v.Ints, rows, constant)
	case types.RepFloat:
		scatter(m.out.Floats, v.Floats, rows, constant)
	default:
		part := int32(len(m.parts))
		m.parts, m.konst = append(m.parts, v), append(m.konst, constant)
		for _, r := range rows {
			m.which[r] = part
		}
		return
	}
	switch {
	case v.Nulls == nil:
	case constant:
		if v.IsNull(0) {
			m.null(rows)
		}
	default:
		for _, r := range rows {
			if v.Nulls.Get(int(r)) {
				m.out.SetNull(int(r))
			}
		}
	}
}

// scatter copies rows of src, or its only one, to their places in dst.
func scatter[E any](dst, src []E, rows []uint32, constant bool) {
	if constant {
		v := src[0]
		for _, r := range rows {
			dst[r] = v
		}
		return
	}
	for _, r := range rows {
		dst[r] = src[r]
	}
}

// null says that rows are NULL.
func (m *merge) null(rows []uint32) {
	if m.out.Type.Rep() == types.RepBytes {
		return
	}
	for _, r := range rows {
		m.out.SetNull(int(r))
	}
}

// finish gives the result for the rows of sel.
func (m *merge) finish(f *frame, sel []uint32) *delta.Vec {
	if m.out.Type.Rep() == types.RepBytes {
		m.finishBytes(f, f.rows(sel))
	}
	return &m.out
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

// finishBytes copies the values in order. A constant may be long and taken by many rows: beyond the limit on a vector,
// rows fail.
func (m *merge) finishBytes(f *frame, rows []uint32) {
	n, out := f.n, &m.out
	out.Off = slices.Grow(out.Off, n)
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
			if b := v.Bytes(i); len(out.Data)+len(b) <= maxVectorBytes {
				out.Data = append(out.Data, b...)
			} else {
				f.errs.Add(int(r), ErrTooLarge())
			}
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
	} else {
		c.null(open)
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
	open [2][]uint32 // rows without a value so far
	full []uint32    // rows that the current operand has a value for
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
		if arg.constant || v.Nulls == nil {
			c.take(open, v, arg.constant)
			return c.finish(f, sel)
		}
		rest := &c.open[i&1]
		c.full, *rest = c.full[:0], (*rest)[:0]
		for _, r := range open {
			if v.Nulls.Get(int(r)) {
				*rest = append(*rest, r)
			} else {
				c.full = append(c.full, r)
			}
		}
		c.take(c.full, v, false)
		open, openSel = *rest, *rest
		if len(open) == 0 {
			return c.finish(f, sel)
		}
	}
	c.null(open)
	return c.finish(f, sel)
}

// extremumNode is GREATEST or LEAST.
type extremumNode struct {
	merge
	t     types.T
	args  []operand
	least bool
	found []bool // by row, whether an operand was not NULL
}

func newExtremum(e *Extremum, ops []operand) *extremumNode {
	return &extremumNode{t: e.T, args: ops, least: e.Least}
}

func (x *extremumNode) eval(f *frame, sel []uint32) *delta.Vec {
	x.start(x.t, f, sel)
	if x.t.Rep() == types.RepBytes {
		return x.evalBytes(f, sel)
	}
	rows := f.rows(sel)
	x.found = slices.Grow(x.found[:0], f.n)[:f.n]
	clear(x.found)
	for i := range x.args {
		arg := &x.args[i]
		v := arg.eval(f, sel)
		if x.t.Rep() == types.RepInt && v.Nulls == nil {
			x.better(rows, arg, v)
			continue
		}
		for _, r := range rows {
			at := arg.at(r)
			if v.IsNull(at) || x.found[r] && !x.wins(compareAt(x.t, v, at, &x.out, int(r))) {
				continue
			}
			x.found[r] = true
			switch x.t.Rep() {
			case types.RepBool:
				x.out.Bools[r] = v.Bools[at]
			case types.RepInt:
				x.out.Ints[r] = v.Ints[at]
			default:
				x.out.Floats[r] = v.Floats[at]
			}
		}
	}
	for _, r := range rows {
		if !x.found[r] {
			x.out.SetNull(int(r))
		}
	}
	return &x.out
}

// better takes the integers of an operand without NULLs that are more extreme than what was found.
func (x *extremumNode) better(rows []uint32, arg *operand, v *delta.Vec) {
	for _, r := range rows {
		c := v.Ints[arg.at(r)]
		if !x.found[r] || (c < x.out.Ints[r]) == x.least && c != x.out.Ints[r] {
			x.out.Ints[r] = c
		}
		x.found[r] = true
	}
}

// wins tells from a comparison with the extreme so far whether a value takes its place.
func (x *extremumNode) wins(c int) bool { return x.least && c < 0 || !x.least && c > 0 }

func (x *extremumNode) evalBytes(f *frame, sel []uint32) *delta.Vec {
	for i := range x.args {
		arg := &x.args[i]
		v := arg.eval(f, sel)
		x.parts, x.konst = append(x.parts, v), append(x.konst, arg.constant)
		for _, r := range f.rows(sel) {
			at := arg.at(r)
			if v.IsNull(at) {
				continue
			}
			best, bestAt := x.source(r)
			if best == nil || x.wins(compareAt(x.t, v, at, best, bestAt)) {
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
