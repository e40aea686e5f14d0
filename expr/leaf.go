package expr

import (
	"millrace/delta"
	"millrace/types"
)

// columnNode is a column of the input, passed on as it is.
type columnNode struct{ index int }

func (c *columnNode) eval(f *frame, _ []uint32) *delta.Vec { return f.in.Cols[c.index] }
func (c *columnNode) disown()                              {}

// literalNode is a constant as a vector of one row.
type literalNode struct{ v *delta.Vec }

func newLiteral(t types.T, d types.Datum) *literalNode {
	v := delta.NewVec(t, 1)
	v.Append(d)
	return &literalNode{v: v}
}

func (l *literalNode) eval(*frame, []uint32) *delta.Vec { return l.v }
func (l *literalNode) disown()                          {}

// constantNode evaluates a subtree without columns over one row, which then stands for all. A failure is that of each
// row that asked.
type constantNode struct {
	inner node
	errs  Errors
}

// noColumns is the input of a constant.
var noColumns = &delta.Batch{N: 1}

func (c *constantNode) eval(f *frame, sel []uint32) *delta.Vec {
	c.errs.List = c.errs.List[:0]
	one := frame{ctx: f.ctx, in: noColumns, n: 1, errs: &c.errs}
	v := c.inner.eval(&one, nil)
	if len(c.errs.List) == 0 {
		return v
	}
	err := c.errs.List[0].Err
	for _, r := range f.rows(sel) {
		f.errs.Add(int(r), err)
	}
	null := delta.NewVec(v.Type, 1)
	null.AppendNull()
	return null
}

func (c *constantNode) disown() { c.inner.disown() }
