package logical

import (
	"slices"

	"millrace/expr"
)

// Walk visits n and all operators below it, inputs after what reads them.
func Walk(n Node, f func(Node)) {
	f(n)
	for _, in := range n.Inputs() {
		Walk(in, f)
	}
}

// Transform rebuilds a plan from its leaves: f gets each operator with its inputs already transformed.
func Transform(n Node, f func(Node) Node) Node {
	return f(MapInputs(n, func(in Node) Node { return Transform(in, f) }))
}

// MapInputs replaces n's inputs, and gives n itself where none changes.
func MapInputs(n Node, f func(Node) Node) Node {
	in := n.Inputs()
	var changed []Node
	for i, x := range in {
		if y := f(x); y != x {
			if changed == nil {
				changed = append([]Node(nil), in...)
			}
			changed[i] = y
		}
	}
	if changed == nil {
		return n
	}
	return n.WithInputs(changed)
}

// MapExprs replaces n's expressions, and gives n itself where none changes.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	es := n.Exprs()
	var changed []expr.Expr
	for i, x := range es {
		if y := f(x); y != x {
			if changed == nil {
				changed = append([]expr.Expr(nil), es...)
			}
			changed[i] = y
		}
	}
	if changed == nil {
		return n
	}
	return n.WithExprs(changed)
}

// Used gives the columns that n itself reads, whether from its inputs or (in a dependent join's right side) from
// outside: those of its expressions and those that it names.
func Used(n Node) ColSet {
	if _, ok := n.(*Scan); ok {
		return ColSet{} // its filter reads what it gives out
	}
	s := ExprsCols(n.Exprs())
	switch n := n.(type) {
	case *Aggregate:
		s.AddAll(n.Group)
		for i := range n.Aggs {
			s.AddAll(n.Aggs[i].Reads())
		}
	case *Distinct:
		s.AddAll(n.Input.Output())
	case *Union:
		for _, from := range n.From {
			s.AddAll(from)
		}
	case *SetOp:
		s.AddAll(n.LeftCols)
		s.AddAll(n.RightCols)
	case *TopN:
		s.AddAll(n.Group)
		for _, k := range n.Order {
			s.Add(k.Col)
		}
	case *Over:
		s.Union(n.used())
	case *AsOf:
		s.Union(n.used())
	case *Buckets:
		s.Add(n.Time)
	case *Versions:
		s.AddAll(n.Key)
		s.Add(n.Time)
	case *Lookup:
		s.AddAll(n.LeftKeys)
		s.AddAll(n.RightKeys)
		s.AddAll(n.Row)
	case *Window:
		s.Add(n.Time)
	case *Session:
		s.Add(n.Time)
		s.AddAll(n.Partition)
	case *SingleRow:
		s.AddAll(n.Group)
	case *Recursive:
		s.AddAll(n.BaseCols)
		s.AddAll(n.StepCols)
		s.Add(n.StepIteration)
	}
	return s
}

// Provided gives the columns that n or an operator below it computes.
func Provided(n Node) ColSet {
	var s ColSet
	Walk(n, func(x Node) { s.AddAll(x.Output()) })
	return s
}

// Free gives the columns that the plan reads from outside of itself: those by which it depends on the left side
// of a dependent join.
func Free(n Node) ColSet {
	var used ColSet
	Walk(n, func(x Node) { used.Union(Used(x)) })
	for _, id := range Provided(n).List() {
		used.Remove(id)
	}
	return used
}

// RenameExpr replaces columns in an expression by others.
func RenameExpr(e expr.Expr, names map[ColID]expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			if to, ok := names[c.Index]; ok {
				return to
			}
		}
		return x
	})
}

// Conjuncts splits an expression at its top-level ANDs.
func Conjuncts(e expr.Expr) []expr.Expr {
	if and, ok := e.(*expr.And); ok {
		var out []expr.Expr
		for _, a := range and.Args {
			out = append(out, Conjuncts(a)...)
		}
		return out
	}
	return []expr.Expr{e}
}

// Conjoin makes one expression of conjuncts; nil of none.
func Conjoin(es []expr.Expr) expr.Expr {
	switch len(es) {
	case 0:
		return nil
	case 1:
		return es[0]
	}
	return &expr.And{Args: es}
}

// NewFilter filters by more predicates, merging with a filter that n already is; without any it is n.
func NewFilter(n Node, preds ...expr.Expr) Node {
	if len(preds) == 0 {
		return n
	}
	if f, ok := n.(*Filter); ok {
		return &Filter{Input: f.Input, Preds: append(f.Preds[:len(f.Preds):len(f.Preds)], preds...)}
	}
	return &Filter{Input: n, Preds: preds}
}

// Extend adds computed columns to all that n gives out; without any it is n.
func (c *Columns) Extend(n Node, items ...Item) Node {
	if len(items) == 0 {
		return n
	}
	out := n.Output()
	p := &Project{Input: n, Items: make([]Item, 0, len(out)+len(items))}
	for _, id := range out {
		p.Items = append(p.Items, Item{Col: id, Expr: c.Ref(id)})
	}
	p.Items = append(p.Items, items...)
	return p
}

// Narrow gives a plan with exactly the columns ids, each once, in that order.
func (c *Columns) Narrow(n Node, ids []ColID) Node {
	p := &Project{Input: n}
	var seen ColSet
	for _, id := range ids {
		if !seen.Has(id) {
			seen.Add(id)
			p.Items = append(p.Items, Item{Col: id, Expr: c.Ref(id)})
		}
	}
	out := n.Output()
	if len(out) == len(p.Items) {
		same := true
		for i, id := range out {
			same = same && p.Items[i].Col == id
		}
		if same {
			return n
		}
	}
	return p
}

// RenameCols makes n's expressions and the columns that it names read other columns.
func RenameCols(n Node, names map[ColID]expr.Expr) Node {
	n = MapExprs(n, func(e expr.Expr) expr.Expr { return RenameExpr(e, names) })
	to := func(id ColID) ColID {
		if c, ok := names[id].(*expr.Column); ok {
			return c.Index
		}
		return id
	}
	list := func(ids []ColID) []ColID {
		out := make([]ColID, len(ids))
		for i, id := range ids {
			out[i] = to(id)
		}
		return out
	}
	if !Used(n).HasAnyOf(names) {
		return n
	}
	switch n := n.(type) {
	case *Aggregate:
		c := *n
		c.Group, c.Aggs = list(n.Group), append([]Agg(nil), n.Aggs...)
		for i := range c.Aggs {
			c.Aggs[i].Args = list(c.Aggs[i].Args)
			c.Aggs[i].Filter = to(c.Aggs[i].Filter)
			c.Aggs[i].Order = slices.Clone(c.Aggs[i].Order)
			for k := range c.Aggs[i].Order {
				c.Aggs[i].Order[k].Col = to(c.Aggs[i].Order[k].Col)
			}
		}
		return &c
	case *Union:
		c := *n
		c.From = make([][]ColID, len(n.From))
		for i := range n.From {
			c.From[i] = list(n.From[i])
		}
		return &c
	case *SetOp:
		c := *n
		c.LeftCols, c.RightCols = list(n.LeftCols), list(n.RightCols)
		return &c
	case *TopN:
		c := *n
		c.Group, c.Order = list(n.Group), append([]SortKey(nil), n.Order...)
		for i := range c.Order {
			c.Order[i].Col = to(c.Order[i].Col)
		}
		return &c
	case *Over:
		return n.renamed(to, list)
	case *AsOf:
		return n.renamed(to, list)
	case *Buckets:
		c := *n
		c.Time = to(n.Time)
		return &c
	case *Versions:
		return &Versions{Input: n.Input, Key: list(n.Key), Time: to(n.Time)}
	case *Lookup:
		c := *n
		c.LeftKeys, c.RightKeys, c.Row = list(n.LeftKeys), list(n.RightKeys), list(n.Row)
		return &c
	case *Window:
		c := *n
		c.Time = to(n.Time)
		return &c
	case *Session:
		c := *n
		c.Time, c.Partition = to(n.Time), list(n.Partition)
		return &c
	case *SingleRow:
		return &SingleRow{Input: n.Input, Group: list(n.Group)}
	case *Recursive:
		c := *n
		c.BaseCols, c.StepCols, c.StepIteration = list(n.BaseCols), list(n.StepCols), to(n.StepIteration)
		return &c
	}
	return n
}
