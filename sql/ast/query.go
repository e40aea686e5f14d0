package ast

// Select is a whole query: a body with what applies to its result. It is a statement, a subquery, and (nested in
// parentheses) a body.
type Select struct {
	Pos     int
	With    *With
	Body    QueryBody
	OrderBy []*OrderItem
	// Limit is nil for none and for LIMIT ALL; FetchWithTies says that it was FETCH FIRST n ROWS WITH TIES.
	Limit         Expr
	Offset        Expr
	FetchWithTies bool
	Locking       []*Locking
	Emit          EmitMode
	Late          *LateData // behind Emit; nil for none
	// AsOf is the position or time of AS OF, at which the query reads all of its relations; nil for now.
	AsOf Expr
	// Into is the target of SELECT ... INTO, which creates a table; only on a top-level query.
	Into *Into
}

// EmitMode says when a continuous query gives out results.
type EmitMode uint8

const (
	EmitDefault       EmitMode = iota // no EMIT clause
	EmitOnUpdate                      // EMIT ON UPDATE
	EmitOnWindowClose                 // EMIT ON WINDOW CLOSE
	EmitChanges                       // EMIT CHANGES, ksqlDB's spelling of ON UPDATE
	EmitFinal                         // EMIT FINAL, ksqlDB's spelling of ON WINDOW CLOSE
	EmitOnUpdateFinal                 // EMIT ON UPDATE, FINAL AFTER WATERMARK
)

// LateData is LATE DATA UPDATE or LATE DATA TO stream: what becomes of rows that come after the watermark.
type LateData struct {
	Pos int
	// To is the stream that takes them; nil for UPDATE.
	To *ObjectName
}

// Into is the target of SELECT INTO.
type Into struct {
	Pos         int
	Name        ObjectName
	Persistence Persistence
}

// With is a WITH clause.
type With struct {
	Pos       int
	Recursive bool
	CTEs      []*CTE
}

// CTE is one named query of a WITH clause.
type CTE struct {
	Pos          int
	Name         string
	Columns      []string
	Materialized Materialized
	// Query is a *Select, *Insert, *Update or *Delete.
	Query  Statement
	Search *CTESearch
	Cycle  *CTECycle
}

// Materialized is the hint of a CTE.
type Materialized uint8

const (
	MaterializedDefault Materialized = iota
	MaterializedAlways               // AS MATERIALIZED
	MaterializedNever                // AS NOT MATERIALIZED
)

// CTESearch is SEARCH BREADTH | DEPTH FIRST BY columns SET column.
type CTESearch struct {
	Pos          int
	BreadthFirst bool
	By           []string
	Set          string
}

// CTECycle is CYCLE columns SET mark [TO value DEFAULT value] USING path.
type CTECycle struct {
	Pos     int
	Columns []string
	Mark    string
	To      Expr // nil where not written: true
	Default Expr // nil where not written: false
	Path    string
}

// SelectCore is SELECT ... FROM ... WHERE ... GROUP BY ... HAVING ... WINDOW ... QUALIFY.
type SelectCore struct {
	Pos        int
	Distinct   bool
	DistinctOn []Expr // with Distinct: SELECT DISTINCT ON (...)
	Targets    []*Target
	From       []TableExpr
	TimeWindow *TimeWindow // nil for none
	Where      Expr
	// GroupDistinct is GROUP BY DISTINCT: equal grouping sets count once.
	GroupDistinct bool
	GroupBy       []GroupItem
	Having        Expr
	Windows       []*WindowDef
	Qualify       Expr
}

// TimeWindow is ksqlDB's clause after FROM: WINDOW TUMBLING (SIZE 1 MINUTE), HOPPING (SIZE 1 MINUTE, ADVANCE BY 10 SECONDS) or
// SESSION (30 SECONDS). Durations are expressions of type interval.
type TimeWindow struct {
	Pos     int
	Kind    WindowKind
	Size    Expr // for SESSION the gap
	Advance Expr // of HOPPING, nil otherwise
	// Retention and Grace are RETENTION and GRACE PERIOD; nil for none.
	Retention, Grace Expr
}

// Target is an item of a select list or RETURNING list.
type Target struct {
	Pos  int
	Expr Expr   // may be a *Star
	Name string // the label, "" where none was written
}

// GroupItem is an item of GROUP BY.
type GroupItem struct {
	Pos  int
	Kind GroupKind
	Expr Expr        // GroupExpr only; a *Row is a composite item, as in ROLLUP ((a, b), c)
	Sets []GroupItem // GroupRollup, GroupCube, GroupSets
}

// Position implements [Node].
func (g GroupItem) Position() int { return g.Pos }

// GroupKind is the form of a [GroupItem].
type GroupKind uint8

const (
	GroupExpr   GroupKind = iota // an expression
	GroupEmpty                   // ()
	GroupRollup                  // ROLLUP (...)
	GroupCube                    // CUBE (...)
	GroupSets                    // GROUPING SETS (...)
)

// Values is VALUES (...), (...). Rows need not have equal length; that is for the binder to refuse.
type Values struct {
	Pos  int
	Rows [][]Expr // may hold *Default where INSERT uses it
}

// SetOp is UNION, INTERSECT or EXCEPT of two or more inputs, read as a left fold: ((a op b) op c) op d.
type SetOp struct {
	Pos  int // of the first operator's right side keyword: UNION in "a UNION b"
	Op   SetOpKind
	All  bool
	Args []QueryBody
}

// SetOpKind is the kind of a [SetOp].
type SetOpKind uint8

const (
	Union SetOpKind = iota
	Intersect
	Except
)

// OrderItem is an item of ORDER BY.
type OrderItem struct {
	Pos   int // of the operator where there is one, else of the expression
	Expr  Expr
	Desc  bool
	Nulls NullsOrder
	// Using is the operator of ORDER BY x USING op, "" otherwise; UsingSchema qualifies it.
	Using       string
	UsingSchema string
}

// NullsOrder is NULLS FIRST or LAST.
type NullsOrder uint8

const (
	NullsDefault NullsOrder = iota // last when ascending, first when descending
	NullsFirst
	NullsLast
)

// Locking is FOR UPDATE and the like.
type Locking struct {
	Pos      int
	Strength LockStrength
	Of       []ObjectName
	Wait     LockWait
}

// LockStrength is the strength of a [Locking] clause.
type LockStrength uint8

const (
	ForUpdate LockStrength = iota
	ForNoKeyUpdate
	ForShare
	ForKeyShare
)

// LockWait says what to do about a row that is locked.
type LockWait uint8

const (
	LockBlock LockWait = iota
	LockNoWait
	LockSkip
)

// WindowDef is a named window of a WINDOW clause or the parentheses after OVER.
type WindowDef struct {
	Pos         int
	Name        string // the name given in a WINDOW clause; "" for an OVER (...)
	Base        string // the window that this one extends, "" for none
	PartitionBy []Expr
	OrderBy     []*OrderItem
	Frame       *Frame // nil: the default frame
}

// Frame is a window frame.
type Frame struct {
	Pos     int
	Mode    FrameMode
	Start   FrameBound
	End     FrameBound // CURRENT ROW where only the start was written
	Between bool       // written with BETWEEN
	Exclude FrameExclude
}

// FrameBound is one end of a frame.
type FrameBound struct {
	Pos    int
	Kind   BoundKind
	Offset Expr // OffsetPreceding and OffsetFollowing
}

// FrameMode is ROWS, RANGE or GROUPS.
type FrameMode uint8

const (
	FrameRange FrameMode = iota
	FrameRows
	FrameGroups
)

// BoundKind is the kind of a [FrameBound], in the order in which bounds may follow each other.
type BoundKind uint8

const (
	UnboundedPreceding BoundKind = iota
	OffsetPreceding
	CurrentRow
	OffsetFollowing
	UnboundedFollowing
)

// FrameExclude is the EXCLUDE option of a frame.
type FrameExclude uint8

const (
	ExcludeNoOthers FrameExclude = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)
