package ast

// Walk visits a node and all nodes in it, parents first and otherwise in the order of the text. Where visit returns
// false, the node's children are left out. A nil node is not visited.
//
// Subqueries are visited like everything else: a visitor that is to stay in one query returns false at *Select.
func Walk(n Node, visit func(Node) bool) {
	if n != nil && visit(n) {
		walker(visit).children(n)
	}
}

// MaxParam gives the highest number of a parameter in a node, 0 for none.
func MaxParam(n Node) int {
	highest := 0
	Walk(n, func(n Node) bool {
		if p, ok := n.(*Param); ok {
			highest = max(highest, p.Number)
		}
		return true
	})
	return highest
}

type walker func(Node) bool

// nodes visits those that are not nil.
func nodes[T interface {
	comparable
	Node
}](w walker, ns ...T) {
	var none T
	for _, n := range ns {
		if n != none {
			Walk(n, w)
		}
	}
}

func (w walker) exprs(es ...Expr) { nodes(w, es...) }

func (w walker) options(os []Option) {
	for i := range os {
		Walk(&os[i], w)
	}
}

func (w walker) objectNames(ns ...ObjectName) {
	for _, n := range ns {
		if n.Name != "" {
			Walk(n, w)
		}
	}
}

func (w walker) objectName(n *ObjectName) {
	if n != nil {
		Walk(*n, w)
	}
}

func (w walker) children(n Node) {
	switch n := n.(type) {
	case Statement:
		if q, ok := n.(*Select); ok {
			w.query(q)
		} else if !w.data(n) && !w.definition(n) {
			w.session(n)
		}
	case Expr:
		w.expr(n)
	case TableExpr:
		w.table(n)
	case QueryBody:
		w.body(n)
	case TableElement:
		w.element(n)
	default:
		w.part(n)
	}
}

// expr visits the parts of an expression.
func (w walker) expr(e Expr) {
	switch e := e.(type) {
	case *Star:
		w.exprs(e.Base)
	case *TypedLiteral:
		nodes(w, e.Type)
	case *SecretRef:
		w.objectNames(e.Name)
	case *BinaryOp:
		w.exprs(e.Left, e.Right)
	case *UnaryOp:
		w.exprs(e.Arg)
	case *And:
		w.exprs(e.Args...)
	case *Or:
		w.exprs(e.Args...)
	case *Not:
		w.exprs(e.Arg)
	case *IsNull:
		w.exprs(e.Arg)
	case *IsBool:
		w.exprs(e.Arg)
	case *IsDistinct:
		w.exprs(e.Left, e.Right)
	case *IsDocument:
		w.exprs(e.Arg)
	case *Between:
		w.exprs(e.Arg, e.Low, e.High)
	case *Like:
		w.exprs(e.Left, e.Pattern, e.Escape)
	case *In:
		w.exprs(e.Left)
		w.exprs(e.List...)
	case *InSubquery:
		w.exprs(e.Left)
		nodes(w, e.Query)
	case *AnyAll:
		w.exprs(e.Left, e.Array)
		nodes(w, e.Query)
	case *Exists:
		nodes(w, e.Query)
	case *ScalarSubquery:
		nodes(w, e.Query)
	case *ArraySubquery:
		nodes(w, e.Query)
	case *Case:
		w.exprs(e.Operand)
		for i := range e.Whens {
			w.exprs(e.Whens[i].Cond, e.Whens[i].Then)
		}
		w.exprs(e.Else)
	case *Cast:
		w.exprs(e.Arg)
		nodes(w, e.Type)
	case *Collate:
		w.exprs(e.Arg)
		w.objectNames(e.Collation)
	case *AtTimeZone:
		w.exprs(e.Arg, e.Zone)
	case *Array:
		w.exprs(e.Elems...)
	case *Row:
		w.exprs(e.Args...)
	case *Subscript:
		w.exprs(e.Base, e.Index, e.Upper)
	case *FieldSelect:
		w.exprs(e.Base)
	case *NamedArg:
		w.exprs(e.Value)
	case *FuncCall:
		w.objectNames(e.Name)
		w.exprs(e.Args...)
		nodes(w, e.OrderBy...)
		w.exprs(e.Filter)
		nodes(w, e.Over)
	case *Coalesce:
		w.exprs(e.Args...)
	case *NullIf:
		w.exprs(e.Left, e.Right)
	case *MinMax:
		w.exprs(e.Args...)
	case *Grouping:
		w.exprs(e.Args...)
	}
}

func (w walker) query(q *Select) {
	nodes(w, q.With)
	nodes(w, q.Into)
	nodes(w, q.Body)
	nodes(w, q.OrderBy...)
	w.exprs(q.Limit, q.Offset, q.AsOf)
	nodes(w, q.Locking...)
}

func (w walker) body(b QueryBody) {
	switch b := b.(type) {
	case *SelectCore:
		w.exprs(b.DistinctOn...)
		nodes(w, b.Targets...)
		nodes(w, b.From...)
		nodes(w, b.TimeWindow)
		w.exprs(b.Where)
		w.groupItems(b.GroupBy)
		w.exprs(b.Having)
		nodes(w, b.Windows...)
		w.exprs(b.Qualify)
	case *Values:
		for _, r := range b.Rows {
			w.exprs(r...)
		}
	case *SetOp:
		nodes(w, b.Args...)
	}
}

func (w walker) groupItems(gs []GroupItem) {
	for _, g := range gs {
		Walk(g, w)
	}
}

func (w walker) table(t TableExpr) {
	switch t := t.(type) {
	case *TableName:
		w.exprs(t.SystemTimeAsOf)
		nodes(w, t.Alias)
		nodes(w, t.Sample)
	case *Subquery:
		nodes(w, t.Query)
		nodes(w, t.Alias)
	case *Join:
		nodes(w, t.Left, t.Right)
		w.exprs(t.Match, t.On)
		nodes(w, t.Alias)
	case *FuncTable:
		for i := range t.Funcs {
			w.exprs(t.Funcs[i].Call)
			nodes(w, t.Funcs[i].ColDefs...)
		}
		nodes(w, t.Alias)
		nodes(w, t.ColDefs...)
	case *WindowTable:
		nodes(w, t.Input)
		w.exprs(t.Time, t.Step, t.Size, t.Offset, t.TimeZone)
		w.exprs(t.PartitionBy...)
		nodes(w, t.Alias)
	}
}

// part visits the parts of what belongs to one kind of node only.
func (w walker) part(n Node) {
	switch n := n.(type) {
	case *TypeName:
		w.objectNames(n.Name)
		w.exprs(n.Mods...)
	case *Option:
		w.exprs(n.Value)
	case *Target:
		w.exprs(n.Expr)
	case *OrderItem:
		w.exprs(n.Expr)
	case GroupItem:
		w.exprs(n.Expr)
		w.groupItems(n.Sets)
	case *TimeWindow:
		w.exprs(n.Size, n.Advance, n.Retention, n.Grace)
	case *WindowDef:
		w.exprs(n.PartitionBy...)
		nodes(w, n.OrderBy...)
		nodes(w, n.Frame)
	case *Frame:
		w.exprs(n.Start.Offset, n.End.Offset)
	case *With:
		nodes(w, n.CTEs...)
	case *CTE:
		nodes(w, n.Query)
		nodes(w, n.Search)
		nodes(w, n.Cycle)
	case *CTECycle:
		w.exprs(n.To, n.Default)
	case *Into:
		w.objectNames(n.Name)
	case *Locking:
		w.objectNames(n.Of...)
	case *TableSample:
		w.objectNames(n.Method)
		w.exprs(n.Args...)
		w.exprs(n.Repeatable)
	case *InsertColumn:
		w.exprs(n.Path...)
	case *OnConflict:
		nodes(w, n.Elems...)
		w.exprs(n.Where)
		nodes(w, n.Set...)
		w.exprs(n.UpdateWhere)
	case *Assignment:
		nodes(w, n.Columns...)
		w.exprs(n.Value)
	case *MergeWhen:
		w.exprs(n.Condition)
		nodes(w, n.Set...)
		nodes(w, n.Columns...)
		w.exprs(n.Values...)
	case *IndexElem:
		w.exprs(n.Expr)
		w.objectName(n.Collation)
		w.objectName(n.OpClass)
		w.options(n.OpOptions)
	case *ColumnConstraint:
		w.exprs(n.Expr)
		nodes(w, n.References)
		w.options(n.Sequence)
		w.options(n.Index.Options)
	case *References:
		w.objectNames(n.Table)
	case *PartitionBy:
		nodes(w, n.Elems...)
	case *PartitionOf:
		w.objectNames(n.Parent)
		w.exprs(n.In...)
		w.exprs(n.From...)
		w.exprs(n.To...)
		w.options(n.Hash)
	case *FormatEncode:
		w.options(n.FormatOptions)
		w.options(n.EncodeOptions)
	case *FuncParam:
		nodes(w, n.Type)
		w.exprs(n.Default)
	case *DropObject:
		w.objectNames(n.Name)
		nodes(w, n.Args...)
	case *AlterAction:
		w.objectName(n.Target)
		nodes(w, n.Column)
		nodes(w, n.Type)
		w.objectName(n.Collation)
		w.exprs(n.Expr)
		nodes(w, n.Constraint)
		nodes(w, n.Watermark)
		nodes(w, n.Role)
		w.options(n.Options)
	}
}
