package logical

import (
	"slices"

	"millrace/expr"
	"millrace/planner/physical"
)

// Over computes window functions: a column each, beside the input's.
type Over struct {
	Input     Node
	Partition []ColID
	Order     []SortKey
	Funcs     []OverFunc
	// TiesReversed is that of [physical.Over].
	TiesReversed bool
}

// OverFunc is a window function's call.
type OverFunc struct {
	Col  ColID
	Kind physical.OverKind
	Agg  Agg     // of an OverAggregate; its own Col means nothing
	Args []ColID // see [physical.OverFunc]
	N    expr.Expr
	// Frame is over columns of no operator: its offsets are constants or parameters.
	Frame physical.Frame
}

// SameOver reports whether two operators have the same partitions in the same order.
func SameOver(a, b *Over) bool {
	return a.TiesReversed == b.TiesReversed && slices.Equal(a.Order, b.Order) && len(a.Partition) == len(b.Partition) &&
		SetOf(a.Partition...).HasAll(b.Partition)
}

// used gives the columns that the operator names, without those of its expressions.
func (n *Over) used() ColSet {
	s := SetOf(n.Partition...)
	for _, k := range n.Order {
		s.Add(k.Col)
	}
	for i := range n.Funcs {
		f := &n.Funcs[i]
		s.AddAll(f.Args)
		s.AddAll(f.Agg.Args)
		if f.Agg.Filter != 0 {
			s.Add(f.Agg.Filter)
		}
	}
	return s
}

// renamed names other columns.
func (n *Over) renamed(to func(ColID) ColID, list func([]ColID) []ColID) *Over {
	c := *n
	c.Partition, c.Order, c.Funcs = list(n.Partition), slices.Clone(n.Order), slices.Clone(n.Funcs)
	for i := range c.Order {
		c.Order[i].Col = to(c.Order[i].Col)
	}
	for i := range c.Funcs {
		f := &c.Funcs[i]
		f.Args, f.Agg.Args, f.Agg.Filter = list(f.Args), list(f.Agg.Args), to(f.Agg.Filter)
	}
	return &c
}

// Inputs implements Node, as do the methods below.
func (n *Over) Inputs() []Node            { return []Node{n.Input} }
func (n *Over) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Over) Output() []ColID {
	ids := slices.Clone(n.Input.Output())
	for i := range n.Funcs {
		ids = append(ids, n.Funcs[i].Col)
	}
	return ids
}

func (n *Over) Exprs() []expr.Expr {
	var es []expr.Expr
	for i := range n.Funcs {
		for _, e := range n.Funcs[i].exprs() {
			if *e != nil {
				es = append(es, *e)
			}
		}
		es = append(es, n.Funcs[i].Agg.Params...)
	}
	return es
}

func (n *Over) WithExprs(es []expr.Expr) Node {
	c := *n
	c.Funcs = slices.Clone(n.Funcs)
	for i := range c.Funcs {
		for _, e := range c.Funcs[i].exprs() {
			if *e != nil {
				*e, es = es[0], es[1:]
			}
		}
		k := len(c.Funcs[i].Agg.Params)
		c.Funcs[i].Agg.Params, es = es[:k:k], es[k:]
	}
	return &c
}

func (f *OverFunc) exprs() [3]*expr.Expr {
	return [3]*expr.Expr{&f.N, &f.Frame.Start.Offset, &f.Frame.End.Offset}
}

// overKeys gives the input's keys, and a row's number with its partition.
func (a *Analysis) overKeys(n *Over) [][]ColID {
	keys := slices.Clone(a.Keys(n.Input))
	for i := range n.Funcs {
		if n.Funcs[i].Kind == physical.OverRowNumber {
			keys = append(keys, append(slices.Clone(n.Partition), n.Funcs[i].Col))
		}
	}
	return keys
}

func (a *Analysis) overNotNull(n *Over) ColSet {
	s := a.NotNull(n.Input).Clone()
	for i := range n.Funcs {
		f := &n.Funcs[i]
		switch f.Kind {
		case physical.OverRowNumber, physical.OverRank, physical.OverDenseRank, physical.OverPercentRank, physical.OverCumeDist:
			s.Add(f.Col)
		case physical.OverAggregate:
			if f.Agg.Func.Name == "count" {
				s.Add(f.Col)
			}
		}
	}
	return s
}
