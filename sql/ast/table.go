package ast

// TableName is a relation in FROM.
type TableName struct {
	ObjectName
	Only  bool // ONLY t: without inheriting tables
	Alias *Alias
	// SystemTimeAsOf is the time of FOR SYSTEM_TIME AS OF, which makes a temporal join; nil for none.
	SystemTimeAsOf Expr
	Sample         *TableSample
}

// TableSample is TABLESAMPLE method (args) [REPEATABLE (seed)].
type TableSample struct {
	Pos        int
	Method     ObjectName
	Args       []Expr
	Repeatable Expr
}

// Subquery is a parenthesised query in FROM.
type Subquery struct {
	Pos     int
	Lateral bool
	Query   *Select
	Alias   *Alias // PostgreSQL 15 demands one; nil is left for the binder to refuse or to accept
}

// Join is a join of two items. A comma in FROM is not a Join but two items.
type Join struct {
	Pos     int // of the first word of the join operator
	Type    JoinType
	Natural bool
	AsOf    bool // ASOF JOIN: Match, or else On or the last column of Using, is the inequality that picks the nearest row
	Match   Expr // MATCH_CONDITION (...) of an ASOF JOIN
	Left    TableExpr
	Right   TableExpr
	On      Expr
	Using   []string
	// UsingAlias names the merged columns: JOIN ... USING (a) AS x.
	UsingAlias string
	// Alias names the whole join: (a JOIN b ON ...) AS x.
	Alias *Alias
}

// JoinType is the type of a [Join].
type JoinType uint8

const (
	InnerJoin JoinType = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// FuncTable is a function call in FROM.
type FuncTable struct {
	Pos        int
	Lateral    bool
	RowsFrom   bool // ROWS FROM (f(), g()): several functions side by side
	Funcs      []FuncTableItem
	Ordinality bool // WITH ORDINALITY
	Alias      *Alias
	// ColDefs types the result of a function that returns record: AS alias (a int, b text). One function only.
	ColDefs []*ColumnDef
}

// FuncTableItem is one function of a [FuncTable].
type FuncTableItem struct {
	// Call is a *FuncCall, or another function-like expression (*Coalesce, *SQLValue, *Cast ...).
	Call    Expr
	ColDefs []*ColumnDef // inside ROWS FROM only
}

// WindowTable is a window function over a relation: TUMBLE, HOP, CUMULATE or SESSION. Its result is the input's
// columns and window_start, window_end.
type WindowTable struct {
	Pos     int
	Kind    WindowKind
	Lateral bool
	// Input is a *TableName or a *Subquery.
	Input TableExpr
	// Time is the event time column; nil, which no text of this form has, is the relation's watermark column.
	Time Expr
	// Step is the slide of HOP and the step of CUMULATE, nil otherwise.
	Step Expr
	// Size is the window's length; for SESSION the gap.
	Size Expr
	// Offset shifts the windows from the epoch; nil for none.
	Offset Expr
	// TimeZone names the zone whose days, months and years the windows are; nil for none.
	TimeZone    Expr
	PartitionBy []Expr
	// Grace is for how long rows that are late still count, Retention for how long ksqlDB would keep a window; nil for none.
	// Only ksqlDB's clause has them.
	Grace, Retention Expr
	Alias            *Alias
}

// WindowKind is the kind of a [WindowTable].
type WindowKind uint8

const (
	Tumble WindowKind = iota
	Hop
	Cumulate
	Session
)

// String is the function's name, in upper case.
func (k WindowKind) String() string {
	return [...]string{"TUMBLE", "HOP", "CUMULATE", "SESSION"}[k]
}
