package logical

import (
	"slices"

	"millrace/expr"
	"millrace/planner/physical"
)

// Output implementations. A column never appears twice in an operator's output.

func (n *Scan) Output() []ColID     { return n.Cols }
func (n *Values) Output() []ColID   { return n.Cols }
func (n *Filter) Output() []ColID   { return n.Input.Output() }
func (n *Distinct) Output() []ColID { return n.Input.Output() }
func (n *Union) Output() []ColID    { return n.Cols }
func (n *SetOp) Output() []ColID    { return n.Cols }
func (n *Project) Output() []ColID {
	ids := make([]ColID, len(n.Items))
	for i := range n.Items {
		ids[i] = n.Items[i].Col
	}
	return ids
}

// joinOutput remembers a join's output: in a chain of many joins it is asked for again and again at each. It holds
// while the inputs are those that it was made of, so that a changed copy of the join does not use it.
type joinOutput struct {
	left, right Node
	ids         []ColID
	set         ColSet
}

func (n *Join) Output() []ColID {
	if n.Kind == physical.Semi || n.Kind == physical.Anti {
		return n.Left.Output()
	}
	n.remember()
	return n.out.ids
}

func (n *Join) remember() {
	if n.out.left != n.Left || n.out.right != n.Right {
		ids := slices.Concat(n.Left.Output(), n.Right.Output())
		n.out = joinOutput{n.Left, n.Right, slices.Clip(ids), SetOf(ids...)}
	}
}

// OutputSet gives n's output as a set, which must not be changed.
func OutputSet(n Node) ColSet {
	switch n := n.(type) {
	case *Join:
		if n.Kind == physical.Semi || n.Kind == physical.Anti {
			return OutputSet(n.Left)
		}
		n.remember()
		return n.out.set
	case *Filter:
		return OutputSet(n.Input)
	case *Distinct:
		return OutputSet(n.Input)
	case *SingleRow:
		return OutputSet(n.Input)
	}
	return SetOf(n.Output()...)
}

func (n *Aggregate) Output() []ColID {
	ids := slices.Clone(n.Group)
	for i := range n.Aggs {
		ids = append(ids, n.Aggs[i].Col)
	}
	return ids
}

func (n *TopN) Output() []ColID {
	if n.RowNumber == 0 {
		return n.Input.Output()
	}
	return append(slices.Clone(n.Input.Output()), n.RowNumber)
}

func (n *Window) Output() []ColID {
	return append(slices.Clone(n.Input.Output()), n.Start, n.End)
}

func (n *Session) Output() []ColID {
	return append(slices.Clone(n.Input.Output()), n.Start, n.End)
}

func (n *Series) Output() []ColID {
	var ids []ColID
	if n.Input != nil {
		ids = slices.Clone(n.Input.Output())
	}
	for i := range n.Funcs {
		ids = append(ids, n.Funcs[i].Cols...)
	}
	if n.Ordinality != 0 {
		ids = append(ids, n.Ordinality)
	}
	return ids
}

func (n *SingleRow) Output() []ColID { return n.Input.Output() }

// Exprs implementations.

func (n *Scan) Exprs() []expr.Expr { return n.Filter }
func (n *Values) Exprs() []expr.Expr {
	var es []expr.Expr
	for _, r := range n.Rows {
		es = append(es, r...)
	}
	return es
}
func (n *Filter) Exprs() []expr.Expr { return n.Preds }
func (n *Project) Exprs() []expr.Expr {
	es := make([]expr.Expr, len(n.Items))
	for i := range n.Items {
		es[i] = n.Items[i].Expr
	}
	return es
}
func (n *Join) Exprs() []expr.Expr { return n.On }
func (n *Aggregate) Exprs() []expr.Expr {
	var es []expr.Expr
	for i := range n.Aggs {
		es = append(es, n.Aggs[i].Params...)
	}
	return es
}
func (n *Distinct) Exprs() []expr.Expr { return nil }
func (n *Union) Exprs() []expr.Expr    { return nil }
func (n *SetOp) Exprs() []expr.Expr    { return nil }
func (n *TopN) Exprs() []expr.Expr {
	var es []expr.Expr
	if n.Limit != nil {
		es = append(es, n.Limit)
	}
	if n.Offset != nil {
		es = append(es, n.Offset)
	}
	return es
}
func (n *Window) Exprs() []expr.Expr  { return nil }
func (n *Session) Exprs() []expr.Expr { return nil }
func (n *Series) Exprs() []expr.Expr {
	var es []expr.Expr
	for i := range n.Funcs {
		es = append(es, n.Funcs[i].Args...)
	}
	return es
}
func (n *SingleRow) Exprs() []expr.Expr { return nil }

// WithExprs implementations.

func (n *Scan) WithExprs(es []expr.Expr) Node { c := *n; c.Filter = es; return &c }
func (n *Values) WithExprs(es []expr.Expr) Node {
	c := *n
	c.Rows = make([][]expr.Expr, len(n.Rows))
	for i, r := range n.Rows {
		c.Rows[i], es = es[:len(r):len(r)], es[len(r):]
	}
	return &c
}
func (n *Filter) WithExprs(es []expr.Expr) Node { c := *n; c.Preds = es; return &c }
func (n *Project) WithExprs(es []expr.Expr) Node {
	c := *n
	c.Items = slices.Clone(n.Items)
	for i := range c.Items {
		c.Items[i].Expr = es[i]
	}
	return &c
}
func (n *Join) WithExprs(es []expr.Expr) Node { c := *n; c.On = es; return &c }
func (n *Aggregate) WithExprs(es []expr.Expr) Node {
	c := *n
	c.Aggs = slices.Clone(n.Aggs)
	for i := range c.Aggs {
		k := len(c.Aggs[i].Params)
		c.Aggs[i].Params, es = es[:k:k], es[k:]
	}
	return &c
}
func (n *Distinct) WithExprs([]expr.Expr) Node { return n }
func (n *Union) WithExprs([]expr.Expr) Node    { return n }
func (n *SetOp) WithExprs([]expr.Expr) Node    { return n }
func (n *TopN) WithExprs(es []expr.Expr) Node {
	c := *n
	if n.Limit != nil {
		c.Limit, es = es[0], es[1:]
	}
	if n.Offset != nil {
		c.Offset = es[0]
	}
	return &c
}
func (n *Window) WithExprs([]expr.Expr) Node  { return n }
func (n *Session) WithExprs([]expr.Expr) Node { return n }
func (n *Series) WithExprs(es []expr.Expr) Node {
	c := *n
	c.Funcs = slices.Clone(n.Funcs)
	for i := range c.Funcs {
		k := len(c.Funcs[i].Args)
		c.Funcs[i].Args, es = es[:k:k], es[k:]
	}
	return &c
}
func (n *SingleRow) WithExprs([]expr.Expr) Node { return n }
