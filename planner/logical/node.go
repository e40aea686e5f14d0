package logical

import (
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/planner/physical"
	"millrace/types"
)

// Node is a logical operator: one of the types of this file.
type Node interface {
	// Inputs are the operators that this one reads.
	Inputs() []Node
	// WithInputs gives a copy that reads other operators, which must provide the columns that it uses.
	WithInputs(in []Node) Node
	// Output lists the columns that the operator gives out, each once, in order.
	Output() []ColID
	// Exprs are the scalar expressions that the operator evaluates, and WithExprs a copy with others in their place.
	Exprs() []expr.Expr
	WithExprs(es []expr.Expr) Node
}

// Scan reads a relation.
type Scan struct {
	Relation *catalog.Relation
	Cols     []ColID
	Attrs    []int // per column: its number in the relation
	Alias    string
	// Filter holds conditions that cannot fail, for the reader of the relation to apply.
	Filter []expr.Expr
	// AppendOnly: no row of it is ever retracted.
	AppendOnly bool
	// Indexes are those by which the relation's rows can be found.
	Indexes []*catalog.Relation
	// History is set to read the relation back in time; Relation is then a copy without what holds for its present rows only.
	History *physical.History
}

// Values gives constant rows.
type Values struct {
	Cols []ColID
	Rows [][]expr.Expr
}

// Filter keeps the rows for which every predicate is true. They are evaluated in order, each only for rows that
// passed those before.
type Filter struct {
	Input Node
	Preds []expr.Expr
}

// Project computes columns. A column that is passed on is an item that reads itself.
type Project struct {
	Input Node
	Items []Item
}

// Item is a column and the expression that computes it.
type Item struct {
	Col  ColID
	Expr expr.Expr
}

// PassThrough reports whether the item passes its input column on under its number.
func (it *Item) PassThrough() bool {
	c, ok := it.Expr.(*expr.Column)
	return ok && c.Index == it.Col
}

// Join joins on the conjunction of On. The right input may read columns of the left (a dependent join) for the
// kinds Inner, Left, Semi and Anti, until the rules have removed that.
type Join struct {
	Kind        physical.JoinKind
	Left, Right Node
	On          []expr.Expr
	// NotIn makes an Anti join one of NOT IN: On is a single equality, of an expression over the left and one over
	// the right, and a row for which it is unknown for some right row is dropped, too.
	NotIn bool
	// Delta, when not nil, keeps the tree of inner joins of which this is the top as one operator.
	Delta *Delta

	out joinOutput
}

// Aggregate groups by columns. Without Group columns it gives one row, always, unless Grouped says that there
// was a GROUP BY list that turned out empty.
type Aggregate struct {
	Input   Node
	Group   []ColID
	Aggs    []Agg
	Grouped bool
	// Dependent are group columns whose values follow from the other group columns, as those of a table do from its key.
	Dependent []ColID
}

// Agg is one aggregate function's call.
type Agg struct {
	Col      ColID
	Func     *agg.Function
	Args     []ColID
	Filter   ColID // 0 without
	Distinct bool
	Order    []SortKey
	// Params are direct arguments, over columns of the group.
	Params []expr.Expr
}

// Reads gives the columns that the call names.
func (a *Agg) Reads() []ColID {
	ids := slices.Clone(a.Args)
	if a.Filter != 0 {
		ids = append(ids, a.Filter)
	}
	for _, k := range a.Order {
		ids = append(ids, k.Col)
	}
	return ids
}

// Distinct removes duplicates.
type Distinct struct{ Input Node }

// Union is UNION ALL: Cols[i] is From[k][i] of the k-th input.
type Union struct {
	In   []Node
	Cols []ColID
	From [][]ColID
}

// SetOp is INTERSECT or EXCEPT: Cols[i] is LeftCols[i], compared with RightCols[i].
type SetOp struct {
	Left, Right         Node
	Except, All         bool
	Cols                []ColID
	LeftCols, RightCols []ColID
}

// TopN keeps, per group, rows by their place in an order.
type TopN struct {
	Input Node
	Group []ColID
	Order []SortKey
	// Limit and Offset are bigint constants or parameters; nil is none.
	Limit, Offset expr.Expr
	WithTies      bool
	// RowNumber, when not 0, is a bigint column with the row's number by Rank.
	RowNumber ColID
	Rank      physical.RankKind
}

// SortKey orders by a column.
type SortKey struct {
	Col              ColID
	Desc, NullsFirst bool
}

// Window assigns rows to time windows and appends the columns Start and End. Rows with NULL time are dropped.
type Window struct {
	Input              Node
	Time               ColID
	Size, Slide, Shift int64 // microseconds
	Cumulate           bool
	Calendar           *physical.Calendar // see [physical.Window]
	Start, End         ColID
	// Grace is the allowed lateness that ksqlDB's GRACE PERIOD gives, in microseconds; -1 for none.
	Grace int64
}

// Session puts the rows of each partition into sessions and appends the columns Start and End; see [physical.Session]. Rows
// with NULL time are dropped.
type Session struct {
	Input      Node
	Time       ColID
	Gap        int64 // microseconds
	Partition  []ColID
	Start, End ColID
	Grace      int64 // as of Window
}

// Series runs set-returning functions for each input row (once, without input).
type Series struct {
	Input      Node // nil without
	Funcs      []SetFunc
	Ordinality ColID // 0 without
	Outer      bool  // keep input rows that give none
}

// SetFunc is a set-returning function's call and the columns of its result.
type SetFunc struct {
	Name string
	Args []expr.Expr
	Cols []ColID
	Ret  []types.T
}

// SingleRow checks that there is at most one row, per group when Group is set. Without Group it gives one row of
// NULLs when there is none.
type SingleRow struct {
	Input Node
	Group []ColID
}

func (n *Scan) Inputs() []Node   { return nil }
func (n *Values) Inputs() []Node { return nil }
func (n *Series) Inputs() []Node {
	if n.Input == nil {
		return nil
	}
	return []Node{n.Input}
}
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Join) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Distinct) Inputs() []Node  { return []Node{n.Input} }
func (n *Union) Inputs() []Node     { return n.In }
func (n *SetOp) Inputs() []Node     { return []Node{n.Left, n.Right} }
func (n *TopN) Inputs() []Node      { return []Node{n.Input} }
func (n *Window) Inputs() []Node    { return []Node{n.Input} }
func (n *Session) Inputs() []Node   { return []Node{n.Input} }
func (n *SingleRow) Inputs() []Node { return []Node{n.Input} }

func (n *Scan) WithInputs([]Node) Node   { return n }
func (n *Values) WithInputs([]Node) Node { return n }
func (n *Series) WithInputs(in []Node) Node {
	c := *n
	if len(in) > 0 {
		c.Input = in[0]
	}
	return &c
}
func (n *Filter) WithInputs(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Project) WithInputs(in []Node) Node   { c := *n; c.Input = in[0]; return &c }
func (n *Join) WithInputs(in []Node) Node      { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *Aggregate) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }
func (n *Distinct) WithInputs(in []Node) Node  { return &Distinct{in[0]} }
func (n *Union) WithInputs(in []Node) Node     { c := *n; c.In = in; return &c }
func (n *SetOp) WithInputs(in []Node) Node     { c := *n; c.Left, c.Right = in[0], in[1]; return &c }
func (n *TopN) WithInputs(in []Node) Node      { c := *n; c.Input = in[0]; return &c }
func (n *Window) WithInputs(in []Node) Node    { c := *n; c.Input = in[0]; return &c }
func (n *Session) WithInputs(in []Node) Node   { c := *n; c.Input = in[0]; return &c }
func (n *SingleRow) WithInputs(in []Node) Node { c := *n; c.Input = in[0]; return &c }
