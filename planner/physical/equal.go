package physical

import (
	"slices"

	"millrace/expr"
	"millrace/expr/agg"
)

// SameNode reports whether two nodes describe the same computation over the same inputs, so that one can serve for
// both. Nodes with volatile expressions are the same as no other, and neither are those of different recursions.
func SameNode(a, b Node) bool {
	if !slices.Equal(a.Inputs(), b.Inputs()) || !slices.Equal(a.Out().Types, b.Out().Types) || a.Out().AppendOnly != b.Out().AppendOnly {
		return false
	}
	switch a := a.(type) {
	case *Scan:
		b, ok := b.(*Scan)
		return ok && a.Relation == b.Relation && a.System == b.System && slices.Equal(a.Cols, b.Cols) && same(a.Filter, b.Filter) &&
			sameList(a.Point, b.Point) && a.Index == b.Index && a.KeyOrder == b.KeyOrder && a.Reverse == b.Reverse && a.StopAfter == b.StopAfter && sameHistory(a.History, b.History)
	case *Values:
		b, ok := b.(*Values)
		return ok && slices.EqualFunc(a.Rows, b.Rows, sameList)
	case *Series:
		b, ok := b.(*Series)
		return ok && a.Ordinality == b.Ordinality && a.Outer == b.Outer && slices.EqualFunc(a.Funcs, b.Funcs, func(x, y SetFunc) bool {
			return x.Name == y.Name && sameList(x.Args, y.Args) && slices.Equal(x.Ret, y.Ret)
		})
	case *Filter:
		b, ok := b.(*Filter)
		return ok && same(a.Pred, b.Pred)
	case *TemporalFilter:
		b, ok := b.(*TemporalFilter)
		return ok && same(a.Pred, b.Pred) // the rest follows from it
	case *Project:
		b, ok := b.(*Project)
		return ok && sameList(a.Exprs, b.Exprs)
	case *Union:
		_, ok := b.(*Union)
		return ok
	case *Window:
		b, ok := b.(*Window)
		return ok && a.Time == b.Time && a.Size == b.Size && a.Slide == b.Slide && a.Shift == b.Shift && a.Cumulate == b.Cumulate &&
			(a.Calendar == b.Calendar || a.Calendar != nil && b.Calendar != nil && *a.Calendar == *b.Calendar)
	case *Session:
		b, ok := b.(*Session)
		return ok && a.Time == b.Time && a.Gap == b.Gap && slices.Equal(a.Partition, b.Partition)
	case *Join:
		b, ok := b.(*Join)
		return ok && a.Kind == b.Kind && slices.Equal(a.LeftKeys, b.LeftKeys) && slices.Equal(a.RightKeys, b.RightKeys) &&
			slices.Equal(a.NullSafe, b.NullSafe) && same(a.On, b.On) && a.NotIn == b.NotIn &&
			sameCols(a.LeftCols, b.LeftCols) && sameCols(a.RightCols, b.RightCols)
	case *Buckets:
		b, ok := b.(*Buckets)
		return ok && a.Time == b.Time && a.Size == b.Size && a.Lo == b.Lo && a.Hi == b.Hi
	case *Versions:
		b, ok := b.(*Versions)
		return ok && slices.Equal(a.Key, b.Key) && a.Time == b.Time
	case *Lookup:
		b, ok := b.(*Lookup)
		return ok && a.Outer == b.Outer && slices.Equal(a.LeftKeys, b.LeftKeys) && slices.Equal(a.RightKeys, b.RightKeys) &&
			slices.Equal(a.NullSafe, b.NullSafe) && slices.Equal(a.Row, b.Row) && sameCols(a.LeftCols, b.LeftCols) && sameCols(a.RightCols, b.RightCols)
	case *DeltaJoin:
		b, ok := b.(*DeltaJoin)
		return ok && a.same(b)
	case *AsOf:
		b, ok := b.(*AsOf)
		return ok && a.Outer == b.Outer && slices.Equal(a.LeftKeys, b.LeftKeys) && slices.Equal(a.RightKeys, b.RightKeys) &&
			slices.Equal(a.NullSafe, b.NullSafe) && a.LeftTime == b.LeftTime && a.RightTime == b.RightTime && a.After == b.After &&
			a.Strict == b.Strict && slices.Equal(a.Ties, b.Ties) && sameCols(a.LeftCols, b.LeftCols) && sameCols(a.RightCols, b.RightCols)
	case *Aggregate:
		b, ok := b.(*Aggregate)
		return ok && slices.Equal(a.Group, b.Group) && a.Grouped == b.Grouped && slices.EqualFunc(a.Aggs, b.Aggs, sameCall)
	case *Distinct:
		_, ok := b.(*Distinct)
		return ok
	case *SetOp:
		b, ok := b.(*SetOp)
		return ok && a.Except == b.Except && a.All == b.All
	case *TopN:
		b, ok := b.(*TopN)
		return ok && slices.Equal(a.Group, b.Group) && slices.Equal(a.Order, b.Order) && a.Limit == b.Limit && a.Offset == b.Offset &&
			same(a.LimitExpr, b.LimitExpr) && same(a.OffsetExpr, b.OffsetExpr) &&
			a.RowNumber == b.RowNumber && a.WithTies == b.WithTies && a.Rank == b.Rank
	case *Over:
		b, ok := b.(*Over)
		return ok && slices.Equal(a.Partition, b.Partition) && slices.Equal(a.Order, b.Order) && a.TiesReversed == b.TiesReversed &&
			slices.EqualFunc(a.Funcs, b.Funcs, sameOverFunc)
	case *SingleRow:
		b, ok := b.(*SingleRow)
		return ok && slices.Equal(a.Group, b.Group)
	}
	return false
}

// sameCols compares lists of which nil means all, and empty none.
func sameCols(a, b []int) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

func same(a, b expr.Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return expr.VolatilityOf(a) != expr.Volatile && expr.Equal(a, b)
}

func sameHistory(a, b *History) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Changes == b.Changes && same(a.From, b.From) && same(a.To, b.To)
}

func sameList(a, b []expr.Expr) bool { return slices.EqualFunc(a, b, same) }

func sameCall(a, b agg.Call) bool {
	return a.Func == b.Func && slices.Equal(a.Args, b.Args) && a.Filter == b.Filter && a.Distinct == b.Distinct &&
		a.T == b.T && a.AppendOnly == b.AppendOnly && slices.Equal(a.Order, b.Order) && sameList(a.Params, b.Params)
}

func sameOverFunc(a, b OverFunc) bool {
	if a.Kind != b.Kind || !slices.Equal(a.Args, b.Args) || !same(a.N, b.N) || a.T != b.T || !sameFrame(a.Frame, b.Frame) {
		return false
	}
	return a.Kind != OverAggregate || sameCall(a.Agg, b.Agg)
}

func sameFrame(a, b Frame) bool {
	return a.Mode == b.Mode && a.Exclude == b.Exclude && a.Start.Kind == b.Start.Kind && a.End.Kind == b.End.Kind &&
		same(a.Start.Offset, b.Start.Offset) && same(a.End.Offset, b.End.Offset)
}
