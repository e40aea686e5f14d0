package physical

import (
	"millrace/expr"
	"millrace/expr/agg"
	"millrace/types"
	"millrace/watermark"
)

// Column is a column of a node's output.
type Column struct {
	Name string
	T    types.T
	// Table and Attr name the base column that this one is, for RowDescription; 0 when it is computed.
	Table uint32
	Attr  int16
}

// Plan is a dataflow or an ad-hoc query: nodes in topological order, the last being the root.
type Plan struct {
	Nodes   []Node
	Columns []Column // the root's columns as the user sees them; the root may produce hidden columns after them
	// Key lists columns of the root's output that are unique together, in the order in which the result is
	// stored; nil when rows may repeat. An empty, non-nil Key means at most one row.
	Key []int
	// Order is the order in which a result must be delivered to a client (ad-hoc only; a view ignores it). Limits are
	// TopN nodes in either case.
	Order []SortKey
	// AppendOnly says that the root never retracts while no input does.
	AppendOnly bool
	// AdHoc says that the plan runs once over inputs that do not change: nothing is ever retracted.
	AdHoc bool
	// Watermarks lists the relations by whose watermarks the operators go, ascending.
	Watermarks []uint32
	// Lateness is how long, in microseconds, state is kept and rows are taken below the watermarks.
	Lateness int64
	// Marks bounds the columns of the root's output from below, by column: no row that is yet to come or to change has an
	// earlier time; nil where nothing is known. It is what views over this one go by.
	Marks []*watermark.Mark
}

// Clocked is a node whose output changes as the log's time goes on, without any input.
type Clocked interface {
	Node
	Clocked() bool
}

// Clocked reports whether a plan's result depends on the log's time.
func (p *Plan) Clocked() bool {
	for _, n := range p.Nodes {
		if c, ok := n.(Clocked); ok && c.Clocked() {
			return true
		}
	}
	return false
}

// Root is the index of the last node.
func (p *Plan) Root() int { return len(p.Nodes) - 1 }

// Node is an operator's description.
type Node interface {
	Inputs() []int // indexes of input nodes
	Out() *Output
}

// Output is what every node has: its output columns and properties.
type Output struct {
	Types      []types.T
	Names      []string // for EXPLAIN only
	AppendOnly bool     // never emits a negative weight
	Key        []int    // columns unique together, nil when unknown
}

// Out gives the embedded output.
func (o *Output) Out() *Output { return o }

// SortKey orders by a column of the input.
type SortKey struct {
	Col        int
	Desc       bool
	NullsFirst bool
}

// Scan reads a relation's changes (in a view) or contents (ad hoc): the columns Cols of it, in that order.
// The engine feeds it; exec gives it no behaviour but error-free filtering by Filter, which is over the
// scanned columns and may be nil.
type Scan struct {
	Output
	Relation uint32 // catalog id
	Name     string // for EXPLAIN
	Kind     string // "stream", "table", ...: for EXPLAIN
	Cols     []int  // column numbers in the relation; empty, not nil, for none
	Filter   expr.Expr
	// Point, when not nil, gives constants for a prefix of the relation's key columns: only rows with these
	// key values are needed (ad hoc only; Filter still holds every condition).
	Point []expr.Expr
	// Index is the index whose columns Point is for, and by which the rows are found; 0 is the key. IndexName is for
	// EXPLAIN.
	Index     uint32
	IndexName string
	// KeyOrder asks for rows in key order (Reverse: descending); StopAfter > 0 says that only so many rows
	// that pass Filter are needed (ad hoc only).
	KeyOrder, Reverse bool
	StopAfter         int64
	// System is set for system relations, whose contents the catalog computes by name at read time.
	System string
	// Result: Relation is none of the catalog's, but stands for rows that whoever runs the plan has at hand (ad hoc only).
	Result bool
	// History, when not nil, reads the relation back in time (ad hoc only).
	History *History
}

// History says what of a relation's history a scan reads. Both bounds are constants: positions (bigint) or times (timestamptz).
type History struct {
	// Changes asks for the changes after From, up to and including To. The columns 0 and 1 are then the change's position and the
	// weight of the row; those of the relation follow. Without it, the relation is read as it was at To, and From is nil.
	Changes  bool
	From, To expr.Expr
}

// Values produces constant rows once.
type Values struct {
	Output
	Rows [][]expr.Expr
}

// Series produces rows of set-returning functions with constant or, with an input, per-row arguments
// (generate_series, unnest, ...): for each input row, the input's columns followed by the functions' columns.
// Several functions run in lock step, shorter ones padded with NULL.
type Series struct {
	Output
	Input      int // -1 without input
	Funcs      []SetFunc
	Ordinality bool // adds a bigint column counting from 1
	// Outer keeps an input row that produced none, padded with NULL (LEFT JOIN LATERAL ... ON true).
	Outer bool
}

// SetFunc is a set-returning function's call: Name is its registry name in exec.
type SetFunc struct {
	Name string
	Args []expr.Expr
	Ret  []types.T
}

// Filter keeps rows for which Pred is true.
type Filter struct {
	Output
	Input int
	Pred  expr.Expr
}

// Project computes a row from each row.
type Project struct {
	Output
	Input int
	Exprs []expr.Expr
}

// Union is UNION ALL.
type Union struct {
	Output
	In []int
}

// Window assigns each row to the windows that contain its time: it appends window_start and window_end.
// Rows with NULL time are dropped. Hop yields Size/Slide copies. Sizes are microseconds (fixed length).
type Window struct {
	Output
	Input              int
	Time               int // column
	Size, Slide, Shift int64
	Cumulate           bool // windows grow by Slide up to Size
	// Calendar has the size and slide instead where they are of the calendar. Shift is then the clock's time at which windows
	// begin, since their first day's midnight.
	Calendar *Calendar
}

// Calendar says how long windows are that are counted in days, months or years of a time zone. Each interval is either months or
// days, or, for windows within a day and for steps of growing windows, a time that divides 24 hours. For windows that do not
// grow, the slide is the size or divides it.
type Calendar struct {
	Zone        string // as AT TIME ZONE takes it; "" for UTC and for timestamps without time zone
	Size, Slide types.IntervalValue
}

// Session puts the rows of each partition into sessions: it appends window_start, the time of the session's first row, and
// window_end, that of its last plus Gap (microseconds, positive). Rows whose times differ by Gap or less are of one session,
// as are those between which other rows make such steps. Rows with NULL or infinite time are dropped.
type Session struct {
	Output
	Input     int
	Time      int // column
	Gap       int64
	Partition []int
	Expire    *Expire // of sessions, by their rows' times; Col is not used
}

// JoinKind is a join's kind. Semi and Anti produce left columns only.
type JoinKind uint8

// The join kinds.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
)

// Join joins its inputs on equality of the key columns and a residual condition.
type Join struct {
	Output
	Left_, Right_ int // inputs
	Kind          JoinKind
	LeftKeys      []int // columns; same length; equal under types.Compare
	RightKeys     []int
	NullSafe      []bool    // per key: IS NOT DISTINCT FROM instead of =
	On            expr.Expr // residual over left columns followed by right columns; nil is true
	// NotIn gives Anti the semantics of NOT IN over its (single) key: a NULL on the right, or a NULL on the
	// left with a non-empty right, drops the row.
	NotIn bool
	// LeftCols and RightCols choose what is emitted, from the left and the right input; nil means all.
	LeftCols, RightCols []int
	// LeftStatic, RightStatic: that side never changes after the first step (constants), so the other side
	// needs no state.
	LeftStatic, RightStatic bool
	Expire                  *Expire // over LeftKeys and RightKeys
}

// AsOf joins each left row with the right row of equal keys that is nearest in time, if there is one. The output is the left's
// columns, then the right's.
type AsOf struct {
	Output
	Left_, Right_ int // inputs
	// Outer keeps left rows without a partner.
	Outer               bool
	LeftKeys, RightKeys []int  // columns; same length; equal under types.Compare
	NullSafe            []bool // per key: IS NOT DISTINCT FROM instead of =
	// LeftTime and RightTime are columns whose keys (package storage/keys) are in one order. The partner is the last row at or before the
	// left row's time, or with After the first at or after it; with Strict not at the same time.
	LeftTime, RightTime int
	After, Strict       bool
	// Ties are columns of the right input: of rows at the same time the greatest by these is taken, NULLs being greatest, and of
	// those that are still equal any, since they are the same row or differ in nothing that is emitted.
	Ties []int
	// LeftCols and RightCols choose what is emitted; nil means all.
	LeftCols, RightCols []int
	// Expire, when not nil, has the mark below which neither side's rows change any more; its Col means nothing.
	Expire *Expire
}

// Buckets cuts time into buckets that begin at multiples of Size, and gives a row once for each bucket that the times from Time + Lo to
// Time + Hi touch, with the bucket's start appended: NULL where the time is NULL, and an infinite time itself.
type Buckets struct {
	Output
	Input        int
	Time         int
	Size, Lo, Hi int64 // microseconds
}

// Versions keeps every version of a table's rows by key and time, from the table's changelog in its order: an inserted row is a
// version, in the place of the one of the same key and time; a retracted row takes nothing away. Rows with NULL as time are dropped.
type Versions struct {
	Output
	Input int
	Key   []int
	Time  int
	// Expire, when not nil, has the mark below which versions are not needed any more; its Col means nothing.
	Expire *Expire
}

// Lookup joins each left row with the right rows of equal keys at the step in which it comes, the right's changes of the step included,
// and never corrects that. A left row that goes takes with it what it was joined with; of identical ones the last that came goes
// first. See [Plan.Arrivals] for what it asks of steps. It is for views.
type Lookup struct {
	Output
	Left_, Right_       int
	Outer               bool
	LeftKeys, RightKeys []int
	NullSafe            []bool
	// Row are columns of the left that tell its rows apart, by which one that goes is found; not used over an append-only left.
	Row                 []int
	LeftCols, RightCols []int // what is emitted; nil means all
}

// Aggregate groups by columns and aggregates. Without Group columns it has exactly one output row, always,
// unless Grouped says that there was a GROUP BY list that turned out empty.
type Aggregate struct {
	Output
	Input   int
	Group   []int // columns; the output is these, then the aggregates
	Aggs    []agg.Call
	Grouped bool
	Expire  *Expire // over Group
}

// Distinct keeps one copy of each row.
type Distinct struct {
	Output
	Input  int
	Expire *Expire // over all columns
}

// SetOp is INTERSECT or EXCEPT, with ALL or without.
type SetOp struct {
	Output
	Left_, Right_ int
	Except, All   bool
	Expire        *Expire // over all columns
}

// TopN keeps, per group, the rows Offset+1 .. Offset+Limit in the given order; Limit < 0 is unlimited.
// Rows that tie on Order are ordered by all columns, so that the choice is deterministic. With RowNumber,
// the row's number within its group is appended as a bigint column (then a shift of numbers is emitted, too).
// WithTies keeps the rows that tie with the last, too.
type TopN struct {
	Output
	Input         int
	Group         []int
	Order         []SortKey
	Limit, Offset int64
	// LimitExpr and OffsetExpr stand for Limit and Offset while they depend on parameters; see Plan.Bind.
	LimitExpr, OffsetExpr expr.Expr
	RowNumber             bool
	WithTies              bool
	// Rank: number by rank() or dense_rank() rather than row_number().
	Rank   RankKind
	Expire *Expire // over Group
}

// RankKind is the numbering that a TopN filters by.
type RankKind uint8

// The numberings.
const (
	RowNumberRank RankKind = iota
	Rank
	DenseRank
)

// Over computes window functions: for each row a value that depends on the rows of its partition in an order. The
// output is the input's columns, then one for each function. Rows that tie on Order are ordered by their other columns, so
// that the choice is deterministic; all functions of one Over see one order.
type Over struct {
	Output
	Input     int
	Partition []int
	Order     []SortKey
	Funcs     []OverFunc
	// TiesReversed orders rows that tie in descending order: an Over whose order is another's reversed is that one read
	// from its end.
	TiesReversed bool
	Expire       *Expire // over Partition
}

// OverFunc is a window function's call.
type OverFunc struct {
	Kind OverKind
	// Agg is the aggregate of an OverAggregate; it is never DISTINCT.
	Agg agg.Call
	// Args are columns of the input: the value of lag, lead, first_value, last_value and nth_value, then a default of
	// lag and lead where there is one, of the same type.
	Args []int
	// N is the offset of lag and lead, the number of nth_value and the buckets of ntile: an integer, either a column of
	// the input or without columns.
	N     expr.Expr
	Frame Frame // of aggregates, first_value, last_value and nth_value
	T     types.T
}

// OverKind is a kind of window function.
type OverKind uint8

// The window functions.
const (
	OverAggregate OverKind = iota
	OverRowNumber
	OverRank
	OverDenseRank
	OverPercentRank
	OverCumeDist
	OverNtile
	OverLag
	OverLead
	OverFirstValue
	OverLastValue
	OverNthValue
)

// Frame is the rows that a window function looks at, relative to the current row.
type Frame struct {
	Mode       FrameMode
	Start, End Bound
	Exclude    FrameExclude
}

// Bound is an end of a frame. A RANGE frame with an offset has exactly one key to order by, and the offset's type follows
// from it: bigint for integers, double precision for floats, numeric, interval for dates, times and intervals.
type Bound struct {
	Kind   BoundKind
	Offset expr.Expr // without columns; bigint for ROWS and GROUPS
}

// FrameMode says what a frame's offsets count.
type FrameMode uint8

// The modes.
const (
	Range FrameMode = iota
	Rows
	Groups
)

// BoundKind is a kind of bound, in the order in which bounds follow each other.
type BoundKind uint8

// The kinds.
const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameExclude is what of a frame is left out: the current row, its peers, or both.
type FrameExclude uint8

// The exclusions.
const (
	ExcludeNone FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// SingleRow fails with 21000 when its input has more than one row, and gives exactly one row (NULLs when
// its input is empty): a scalar subquery. Per group when Group is set (then an empty group gives no row).
type SingleRow struct {
	Output
	Input int
	Group []int
}

func (n *Scan) Inputs() []int   { return nil }
func (n *Values) Inputs() []int { return nil }
func (n *Series) Inputs() []int {
	if n.Input < 0 {
		return nil
	}
	return []int{n.Input}
}
func (n *Filter) Inputs() []int    { return []int{n.Input} }
func (n *Project) Inputs() []int   { return []int{n.Input} }
func (n *Union) Inputs() []int     { return n.In }
func (n *Window) Inputs() []int    { return []int{n.Input} }
func (n *Session) Inputs() []int   { return []int{n.Input} }
func (n *Join) Inputs() []int      { return []int{n.Left_, n.Right_} }
func (n *AsOf) Inputs() []int      { return []int{n.Left_, n.Right_} }
func (n *Buckets) Inputs() []int   { return []int{n.Input} }
func (n *Versions) Inputs() []int  { return []int{n.Input} }
func (n *Lookup) Inputs() []int    { return []int{n.Left_, n.Right_} }
func (n *Aggregate) Inputs() []int { return []int{n.Input} }
func (n *Distinct) Inputs() []int  { return []int{n.Input} }
func (n *SetOp) Inputs() []int     { return []int{n.Left_, n.Right_} }
func (n *TopN) Inputs() []int      { return []int{n.Input} }
func (n *Over) Inputs() []int      { return []int{n.Input} }
func (n *SingleRow) Inputs() []int { return []int{n.Input} }
