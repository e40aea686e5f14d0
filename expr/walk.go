package expr

import (
	"slices"

	"millrace/types"
)

// operands gives e's direct operands, nil ones (an absent ELSE or slice bound) included.
func operands(e Expr) []Expr {
	switch e := e.(type) {
	case *Call:
		return e.Args
	case *And:
		return e.Args
	case *Or:
		return e.Args
	case *Not:
		return []Expr{e.Arg}
	case *IsNull:
		return []Expr{e.Arg}
	case *BoolTest:
		return []Expr{e.Arg}
	case *DistinctFrom:
		return []Expr{e.Left, e.Right}
	case *Case:
		list := make([]Expr, 0, 2*len(e.Whens)+1)
		for _, w := range e.Whens {
			list = append(list, w.Cond, w.Result)
		}
		return append(list, e.Else)
	case *Coalesce:
		return e.Args
	case *Extremum:
		return e.Args
	case *Cast:
		return []Expr{e.Arg}
	case *InList:
		return append([]Expr{e.Left}, e.List...)
	case *AnyAll:
		return []Expr{e.Left, e.Array}
	case *MakeArray:
		return e.Elems
	case *Subscript:
		return []Expr{e.Arg, e.Index, e.Low, e.High}
	}
	return nil
}

// withOperands gives a copy of e with other operands, in the order of [operands].
func withOperands(e Expr, ops []Expr) Expr {
	switch e := e.(type) {
	case *Call:
		c := *e
		c.Args = ops
		return &c
	case *And:
		return &And{Args: ops}
	case *Or:
		return &Or{Args: ops}
	case *Not:
		return &Not{Arg: ops[0]}
	case *IsNull:
		return &IsNull{Arg: ops[0], Negate: e.Negate}
	case *BoolTest:
		return &BoolTest{Arg: ops[0], Want: e.Want, Negate: e.Negate}
	case *DistinctFrom:
		return &DistinctFrom{Left: ops[0], Right: ops[1], Eq: e.Eq, Negate: e.Negate}
	case *Case:
		c := &Case{T: e.T, Whens: make([]When, len(e.Whens)), Else: ops[len(ops)-1]}
		for i := range c.Whens {
			c.Whens[i] = When{Cond: ops[2*i], Result: ops[2*i+1]}
		}
		return c
	case *Coalesce:
		return &Coalesce{Args: ops, T: e.T}
	case *Extremum:
		return &Extremum{Args: ops, Least: e.Least, T: e.T}
	case *Cast:
		c := *e
		c.Arg = ops[0]
		return &c
	case *InList:
		return &InList{Left: ops[0], List: ops[1:], Eq: e.Eq, Negate: e.Negate}
	case *AnyAll:
		c := *e
		c.Left, c.Array = ops[0], ops[1]
		return &c
	case *MakeArray:
		return &MakeArray{Elems: ops, T: e.T}
	case *Subscript:
		c := *e
		c.Arg, c.Index, c.Low, c.High = ops[0], ops[1], ops[2], ops[3]
		return &c
	}
	return e
}

// Walk calls f for e and then, where f returns true, for what is below it, from the left. A nil e is skipped.
func Walk(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, op := range operands(e) {
		Walk(op, f)
	}
}

// Rewrite replaces each subexpression, operands before what they are in, by what f gives for it. Nodes are never
// changed in place: what stays the same is shared with e, the rest is copied.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	old := operands(e)
	var changed []Expr
	for i, op := range old {
		if op == nil {
			continue
		}
		if r := Rewrite(op, f); r != op {
			if changed == nil {
				changed = slices.Clone(old)
			}
			changed[i] = r
		}
	}
	if changed != nil {
		e = withOperands(e, changed)
	}
	return f(e)
}

// Columns lists the columns that e reads, each once, in ascending order.
func Columns(e Expr) []int {
	var cols []int
	Walk(e, func(x Expr) bool {
		if c, ok := x.(*Column); ok && !slices.Contains(cols, c.Index) {
			cols = append(cols, c.Index)
		}
		return true
	})
	slices.Sort(cols)
	return cols
}

// RemapColumns renumbers the columns that e reads.
func RemapColumns(e Expr, index func(old int) int) Expr {
	return Rewrite(e, func(x Expr) Expr {
		c, ok := x.(*Column)
		if !ok {
			return x
		}
		i := index(c.Index)
		if i == c.Index {
			return x
		}
		return &Column{Index: i, T: c.T, Name: c.Name}
	})
}

// Substitute replaces parameters by constants: $1 by params[0] and so on. Parameters beyond params stay.
func Substitute(e Expr, params []types.Datum) Expr {
	return Rewrite(e, func(x Expr) Expr {
		p, ok := x.(*Param)
		if !ok || p.Index < 0 || p.Index >= len(params) {
			return x
		}
		return &Const{Value: params[p.Index], T: p.T}
	})
}

// VolatilityOf is the least stable class of the functions and casts in e. Columns are immutable here: what
// matters is whether the same row gives the same value.
func VolatilityOf(e Expr) Volatility {
	v := Immutable
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Call:
			v = max(v, x.Func.Volatility)
		case *AnyAll:
			v = max(v, x.Op.Volatility)
		case *Cast:
			if castUses(x.Arg.Type(), x.To) != 0 {
				v = max(v, Stable)
			}
		}
		return true
	})
	return v
}

// UsesOf is the set of what e reads besides its columns.
func UsesOf(e Expr) Uses {
	var u Uses
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Call:
			u |= x.Func.Uses
		case *AnyAll:
			u |= x.Op.Uses
		case *Cast:
			u |= castUses(x.Arg.Type(), x.To)
		}
		return true
	})
	return u
}

// CanFail reports whether the evaluation of e may give an error for some row. It is conservative: true where
// that is not known.
func CanFail(e Expr) bool {
	fails := false
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Column, *Const, *And, *Or, *Not, *IsNull, *BoolTest, *Case, *Coalesce, *Extremum, *Subscript:
		case *Call:
			fails = fails || !x.Func.Total
		case *InList:
			fails = fails || !x.Eq.Total
		case *DistinctFrom:
			fails = fails || !x.Eq.Total
		case *AnyAll:
			fails = fails || !x.Op.Total
		case *Cast:
			fails = fails || !castIsTotal(x.Arg.Type(), x.To, x.Explicit)
		case *MakeArray:
			fails = fails || len(x.Elems) > 0 && x.Elems[0].Type().Is(types.Array)
		default:
			fails = true
		}
		return !fails
	})
	return fails
}

// Equal reports whether a and b are the same expression: equal in every node, function, type and constant.
// Constants are compared by representation, so that 1.0 and 1.00 differ; names of columns and positions in the text
// do not count. It does not say whether they give the same values; for volatile ones they need not.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a == b {
		return true
	}
	if a.Type() != b.Type() || !sameNode(a, b) {
		return false
	}
	return slices.EqualFunc(operands(a), operands(b), Equal)
}

// sameNode compares two nodes of equal type without their operands.
func sameNode(a, b Expr) bool {
	switch a := a.(type) {
	case *Column:
		b, ok := b.(*Column)
		return ok && a.Index == b.Index
	case *Const:
		b, ok := b.(*Const)
		return ok && a.Value.Null == b.Value.Null && a.Value.I == b.Value.I && string(a.Value.B) == string(b.Value.B)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.Index == b.Index
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Func == b.Func
	case *And:
		_, ok := b.(*And)
		return ok
	case *Or:
		_, ok := b.(*Or)
		return ok
	case *Not:
		_, ok := b.(*Not)
		return ok
	case *IsNull:
		b, ok := b.(*IsNull)
		return ok && a.Negate == b.Negate
	case *BoolTest:
		b, ok := b.(*BoolTest)
		return ok && a.Negate == b.Negate && a.Want.Null == b.Want.Null && a.Want.I == b.Want.I
	case *DistinctFrom:
		b, ok := b.(*DistinctFrom)
		return ok && a.Eq == b.Eq && a.Negate == b.Negate
	case *Case:
		_, ok := b.(*Case)
		return ok
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *Extremum:
		b, ok := b.(*Extremum)
		return ok && a.Least == b.Least
	case *Cast:
		b, ok := b.(*Cast)
		return ok && a.Explicit == b.Explicit
	case *InList:
		b, ok := b.(*InList)
		return ok && a.Eq == b.Eq && a.Negate == b.Negate
	case *AnyAll:
		b, ok := b.(*AnyAll)
		return ok && a.Op == b.Op && a.All == b.All
	case *MakeArray:
		_, ok := b.(*MakeArray)
		return ok
	case *Subscript:
		b, ok := b.(*Subscript)
		return ok && a.Slice == b.Slice && a.First == b.First
	}
	return false
}
