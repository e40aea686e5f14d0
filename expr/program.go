package expr

import (
	"fmt"
	"slices"

	"millrace/delta"
	"millrace/pgerr"
	"millrace/types"
)

// maxDepth bounds the nesting of an expression, since evaluation recurses over it.
const maxDepth = 5000

// Program is a compiled expression. It keeps scratch memory from one evaluation to the next and must not be used by
// two goroutines at once.
type Program struct {
	root  operand
	t     types.T
	f     frame
	fixed delta.Vec // a constant root, repeated
}

// frame is the state of one evaluation.
type frame struct {
	ctx  *Context
	in   *delta.Batch
	n    int // rows
	errs *Errors
	all  []uint32 // the identity selection, as long as the longest batch so far
}

// rows gives sel, or every row's number when sel is nil.
func (f *frame) rows(sel []uint32) []uint32 {
	if sel != nil {
		return sel
	}
	for len(f.all) < f.n {
		f.all = append(f.all, uint32(len(f.all)))
	}
	return f.all[:f.n]
}

// node is a compiled expression node.
type node interface {
	// eval computes the rows of sel (all when nil; never empty). The result has f.n rows, of which those outside
	// sel hold anything, and is valid until the next eval of the node. It is read-only for the caller.
	eval(f *frame, sel []uint32) *delta.Vec
	// disown gives the memory of the last result away: the node will not write to it again.
	disown()
}

// operand is a node and whether its result is one row that stands for all.
type operand struct {
	node
	constant bool
}

// at gives the index of a row in the operand's result.
func (o *operand) at(row uint32) int {
	if o.constant {
		return 0
	}
	return int(row)
}

// Compile makes a program of an expression. Parameters must have been substituted. Errors are those of an expression
// that cannot be evaluated at all: a cast that does not exist, or nesting beyond a fixed limit (54001).
func Compile(e Expr) (*Program, error) {
	root, err := compile(e, 0)
	if err != nil {
		return nil, err
	}
	return &Program{root: root.wrapped(), t: e.Type()}, nil
}

// Type is the type of the program's result.
func (p *Program) Type() types.T { return p.t }

// Eval evaluates the expression over all rows of in. A row that fails has NULL in the result and one entry in errs,
// which may be shared by several programs over the same batch: it keeps the first failure of a row.
//
// The result is read-only and valid until the program's next evaluation: it may be an input column or scratch
// memory of the program. Use [Program.EvalOwned] for a vector to keep.
func (p *Program) Eval(ctx *Context, in *delta.Batch, errs *Errors) *delta.Vec {
	if in.N == 0 {
		return delta.NewVec(p.t, 0)
	}
	mark := len(errs.List)
	p.begin(ctx, in, errs)
	v := p.root.eval(&p.f, nil)
	if p.root.constant {
		v = p.repeat(v, in.N, errs)
	}
	v = p.finish(v, mark, errs)
	return v
}

// EvalOwned is Eval with a result that stays valid. It may share memory with in, whose vectors are immutable, and the
// caller must not write to it for that reason; the program itself will not touch it again.
func (p *Program) EvalOwned(ctx *Context, in *delta.Batch, errs *Errors) *delta.Vec {
	v := p.Eval(ctx, in, errs)
	out := *v
	p.root.disown()
	if p.root.constant {
		p.fixed = delta.Vec{}
	}
	if out.Type != p.t {
		out.Type = p.t
	}
	return &out
}

// EvalPred evaluates a boolean expression and gives the rows where it is true, in order, in sel's memory. Rows that
// fail are not among them. A conjunction at the top evaluates each operand only for the rows that passed the ones
// before it, as PostgreSQL's WHERE does: there a NULL operand ends the row as false does.
func (p *Program) EvalPred(ctx *Context, in *delta.Batch, sel []uint32, errs *Errors) []uint32 {
	sel = sel[:0]
	if in.N == 0 {
		return sel
	}
	mark := len(errs.List)
	p.begin(ctx, in, errs)
	if p.root.constant {
		v := p.root.eval(&p.f, nil)
		if !v.IsNull(0) && v.Bools[0] {
			sel = append(sel, p.f.rows(nil)...)
		}
	} else {
		sel = predicate(&p.root, &p.f, nil, sel)
	}
	if len(errs.List) > mark {
		first := slices.Clone(errs.List[mark:])
		slices.SortFunc(first, byRow)
		errs.settle()
		sel = slices.DeleteFunc(sel, func(row uint32) bool {
			_, failed := slices.BinarySearchFunc(first, int(row), func(e RowError, r int) int { return e.Row - r })
			return failed
		})
	}
	return sel
}

func (p *Program) begin(ctx *Context, in *delta.Batch, errs *Errors) {
	p.f.ctx, p.f.in, p.f.n, p.f.errs = orDefault(ctx), in, in.N, errs
}

var defaultContext = &Context{Env: types.DefaultEnv}

func orDefault(ctx *Context) *Context {
	if ctx == nil {
		return defaultContext
	}
	if ctx.Env == nil {
		c := *ctx
		c.Env = types.DefaultEnv
		return &c
	}
	return ctx
}

// finish puts NULL in the rows that failed since mark and orders errs.
func (p *Program) finish(v *delta.Vec, mark int, errs *Errors) *delta.Vec {
	if len(errs.List) == mark {
		return v
	}
	out := *v
	out.Nulls = slices.Clone(v.Nulls).Grow(v.Len())
	for _, e := range errs.List[mark:] {
		out.Nulls.Set(e.Row)
	}
	errs.settle()
	return &out
}

// repeat makes n rows of the one row of a constant result. Rows beyond the limit on a vector's bytes fail.
func (p *Program) repeat(v *delta.Vec, n int, errs *Errors) *delta.Vec {
	p.fixed.Type = p.t
	p.fixed.Reset()
	d := v.Datum(0)
	for r := range n {
		if len(p.fixed.Data)+len(d.B) > maxVectorBytes {
			errs.Add(r, ErrTooLarge())
			p.fixed.AppendNull()
			continue
		}
		p.fixed.Append(d)
	}
	return &p.fixed
}

func byRow(a, b RowError) int { return a.Row - b.Row }

// settle orders the list by row and keeps the first failure recorded for each.
func (e *Errors) settle() {
	if len(e.List) < 2 {
		return
	}
	slices.SortStableFunc(e.List, byRow)
	e.List = slices.CompactFunc(e.List, func(a, b RowError) bool { return a.Row == b.Row })
}

// predicate appends to dst the rows of sel where o is true. As the top of a WHERE it narrows from operand to
// operand of a conjunction.
func predicate(o *operand, f *frame, sel, dst []uint32) []uint32 {
	and, ok := o.node.(*junctionNode)
	if !ok || and.decides {
		return trueRows(o.eval(f, sel), o.constant, f, sel, dst)
	}
	for i := range and.args {
		arg := &and.args[i]
		buf := &and.scratch[i&1]
		*buf = trueRows(arg.eval(f, sel), arg.constant, f, sel, (*buf)[:0])
		if len(*buf) == 0 {
			return dst
		}
		sel = *buf
	}
	return append(dst, sel...)
}

// trueRows appends to dst the rows of sel where the boolean vector v is true.
func trueRows(v *delta.Vec, constant bool, f *frame, sel, dst []uint32) []uint32 {
	if constant {
		if !v.IsNull(0) && v.Bools[0] {
			dst = append(dst, f.rows(sel)...)
		}
		return dst
	}
	rows := f.rows(sel)
	base := len(dst)
	dst = slices.Grow(dst, len(rows))[:base+len(rows)]
	k := base
	if v.Nulls == nil {
		// Writing always and advancing by the boolean avoids a branch that real data makes unpredictable.
		for _, r := range rows {
			dst[k] = r
			k += int(bit(v.Bools[r]))
		}
		return dst[:k]
	}
	for _, r := range rows {
		dst[k] = r
		k += int(bit(v.Bools[r] && !v.Nulls.Get(int(r))))
	}
	return dst[:k]
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// compile makes the node of e. A constant result is not wrapped yet: its operands give one row each, too.
func compile(e Expr, depth int) (operand, error) {
	if depth > maxDepth {
		return operand{}, pgerr.New(pgerr.StatementTooComplex, "expression is nested too deeply").
			WithHint("The limit is %d levels.", maxDepth)
	}
	switch e := e.(type) {
	case *Column:
		return operand{node: &columnNode{index: e.Index}}, nil
	case *Const:
		return operand{node: newLiteral(e.T, e.Value), constant: true}, nil
	case nil, *Param:
		return operand{}, fmt.Errorf("expr: cannot compile %s", String(e))
	}
	c := compiler{depth: depth + 1}
	n, err := c.node(e)
	if err != nil {
		return operand{}, err
	}
	return operand{node: n, constant: c.constant}, nil
}

// wrapped makes a constant operand usable among operands that are not: it is evaluated once, over one row.
func (o operand) wrapped() operand {
	if _, literal := o.node.(*literalNode); o.constant && !literal {
		return operand{node: &constantNode{inner: o.node}, constant: true}
	}
	return o
}

// compiler compiles one node.
type compiler struct {
	depth    int
	constant bool // all operands are, and the node is not volatile
}

// args compiles operands: all constant, or with the constant ones wrapped. volatile forces the latter.
func (c *compiler) args(es []Expr, volatile bool) ([]operand, error) {
	ops := make([]operand, len(es))
	c.constant = !volatile
	for i, e := range es {
		if e == nil {
			continue
		}
		op, err := compile(e, c.depth)
		if err != nil {
			return nil, err
		}
		ops[i] = op
		c.constant = c.constant && op.constant
	}
	for i := range ops {
		if !c.constant && ops[i].node != nil {
			ops[i] = ops[i].wrapped()
		}
	}
	return ops, nil
}

func (c *compiler) node(e Expr) (node, error) {
	if s, ok := e.(*Subscript); ok {
		return c.subscript(s)
	}
	volatile := false
	switch x := e.(type) {
	case *Call:
		volatile = x.Func.Volatility == Volatile
	case *AnyAll:
		volatile = x.Op.Volatility == Volatile
	}
	ops, err := c.args(operands(e), volatile)
	if err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case *Call:
		return newCall(e.Func, e.T, ops), nil
	case *And:
		return newJunction(ops, false), nil
	case *Or:
		return newJunction(ops, true), nil
	case *Not:
		return newNot(ops[0]), nil
	case *IsNull:
		return newIsNull(ops[0], e.Negate), nil
	case *BoolTest:
		return newBoolTest(ops[0], e.Want, e.Negate), nil
	case *DistinctFrom:
		return newDistinct(e, ops), nil
	case *Case:
		return newCase(e, ops), nil
	case *Coalesce:
		return newCoalesce(e.T, ops), nil
	case *Extremum:
		return newExtremum(e, ops), nil
	case *Cast:
		return newCast(e, ops[0])
	case *InList:
		return newInList(e, ops), nil
	case *AnyAll:
		return newAnyAll(e, ops), nil
	case *MakeArray:
		nested := len(e.Elems) > 0 && e.Elems[0].Type().Is(types.Array)
		return newMakeArray(e.T, ops, nested), nil
	}
	return nil, fmt.Errorf("expr: cannot compile a %T", e)
}

// subscript compiles a chain of subscripts of one array, a[1][2] or a[1:2][3:4], into one node.
func (c *compiler) subscript(e *Subscript) (node, error) {
	if e.Arg.Type().Is(types.JSONB) && !e.Slice {
		ops, err := c.args([]Expr{e.Arg, e.Index}, false)
		if err != nil {
			return nil, err
		}
		return &jsonSubscriptNode{t: e.T, arg: ops[0], index: ops[1], byName: e.Index.Type().Rep() == types.RepBytes}, nil
	}
	chain := []*Subscript{e}
	slice := e.Slice
	for inner, ok := isOuterSubscript(e); ok; inner, ok = isOuterSubscript(inner) {
		chain = append(chain, inner)
		slice = slice || inner.Slice
	}
	slices.Reverse(chain)
	if len(chain) > maxArrayDims {
		return nil, pgerr.New(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(chain), maxArrayDims)
	}
	exprs := []Expr{chain[0].Arg}
	for _, x := range chain {
		low, high := x.Low, x.High
		if !x.Slice {
			low, high = x.Index, nil
			if slice { // among slices, [n] stands for [1:n]
				low, high = &Const{Value: types.NewInt(1), T: types.Of(types.Int4)}, x.Index
			}
		}
		exprs = append(exprs, low, high)
	}
	ops, err := c.args(exprs, false)
	if err != nil {
		return nil, err
	}
	elem := chain[0].Arg.Type().ElemType()
	n := &subscriptNode{t: e.T, elem: elem, arg: ops[0], slice: slice, b: types.NewArrayBuilder(elem)}
	for i := 1; i < len(ops); i += 2 {
		n.low, n.high = append(n.low, ops[i]), append(n.high, ops[i+1])
	}
	return n, nil
}
