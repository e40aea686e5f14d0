package ast

// ColumnRef is a column, a field path or a whole row: a, t.a, s.t.a, t.
type ColumnRef struct {
	Pos   int
	Parts []string
}

// Star is *, t.*, s.t.* or (expr).*.
type Star struct {
	Pos       int
	Qualifier []string // t.* has ["t"]
	Base      Expr     // the expr of (expr).*, else nil
	Except    []string // SELECT * EXCEPT (a, b); EXCLUDE is the same
}

// LiteralKind is the kind of a [Literal].
type LiteralKind uint8

const (
	NullLiteral    LiteralKind = iota
	BoolLiteral                // Text is "true" or "false"
	IntLiteral                 // Text is decimal digits, of any length: integer, bigint or numeric by its size
	NumericLiteral             // Text is a decimal with point or exponent, as written
	StringLiteral              // Text is the value, escapes done; its type is unknown until bound
	BitLiteral                 // Text is binary digits: B'101'
	HexLiteral                 // Text is hexadecimal digits: X'1F', a bit string as well
)

// Literal is a constant. A negative number is a [UnaryOp] of a literal: binders should fold it before they choose
// the type, as -2147483648 is an integer while 2147483648 is a bigint.
type Literal struct {
	Pos  int
	Kind LiteralKind
	Text string
}

// TypedLiteral is a type name before a string: DATE '2020-01-01', INTERVAL '10' SECOND, pg_catalog.int4 '5'.
type TypedLiteral struct {
	Pos   int
	Type  *TypeName
	Value string
}

// Param is $1, $2 and so on.
type Param struct {
	Pos    int
	Number int // from 1
}

// Default is DEFAULT in VALUES or in SET.
type Default struct{ Pos int }

// SecretRef is SECRET name as the value of an option.
type SecretRef struct {
	Pos  int
	Name ObjectName
}

// BinaryOp is a binary operator. <> is what != is lexed as.
type BinaryOp struct {
	Pos    int // of the operator
	Op     string
	Schema string // of OPERATOR(schema.op), else ""
	Left   Expr
	Right  Expr
}

// UnaryOp is a prefix operator.
type UnaryOp struct {
	Pos    int
	Op     string
	Schema string
	Arg    Expr
}

// And is a conjunction of two or more operands.
type And struct {
	Pos  int // of the first AND
	Args []Expr
}

// Or is a disjunction of two or more operands.
type Or struct {
	Pos  int // of the first OR
	Args []Expr
}

// Not is NOT x.
type Not struct {
	Pos int
	Arg Expr
}

// IsNull is x IS [NOT] NULL, and ISNULL and NOTNULL.
type IsNull struct {
	Pos int
	Arg Expr
	Not bool
}

// IsBool is x IS [NOT] TRUE, FALSE or UNKNOWN.
type IsBool struct {
	Pos   int
	Arg   Expr
	Value BoolTest
	Not   bool
}

// BoolTest is what [IsBool] tests for.
type BoolTest uint8

const (
	TestTrue BoolTest = iota
	TestFalse
	TestUnknown
)

// IsDistinct is a IS [NOT] DISTINCT FROM b.
type IsDistinct struct {
	Pos   int
	Left  Expr
	Right Expr
	Not   bool
}

// IsDocument is x IS [NOT] DOCUMENT, for XML.
type IsDocument struct {
	Pos int
	Arg Expr
	Not bool
}

// Between is x [NOT] BETWEEN [SYMMETRIC] low AND high.
type Between struct {
	Pos       int
	Arg       Expr
	Low       Expr
	High      Expr
	Not       bool
	Symmetric bool
}

// LikeKind is the kind of a [Like].
type LikeKind uint8

const (
	LikeLike LikeKind = iota
	LikeILike
	LikeSimilarTo
)

// Like is x [NOT] LIKE | ILIKE | SIMILAR TO pattern [ESCAPE c].
type Like struct {
	Pos     int
	Kind    LikeKind
	Not     bool
	Left    Expr
	Pattern Expr
	Escape  Expr // nil where not written
}

// In is x [NOT] IN (a, b, ...).
type In struct {
	Pos  int
	Left Expr
	Not  bool
	List []Expr
}

// InSubquery is x [NOT] IN (SELECT ...); x may be a [Row].
type InSubquery struct {
	Pos   int
	Left  Expr
	Not   bool
	Query *Select
}

// AnyAll is x op ANY | ALL (array or subquery). SOME is ANY. LIKE and ILIKE appear as the operators ~~ and ~~*,
// NOT LIKE and NOT ILIKE as !~~ and !~~*.
type AnyAll struct {
	Pos    int
	Left   Expr
	Op     string
	Schema string
	All    bool
	Array  Expr    // one of Array and Query is set
	Query  *Select // a subquery of one column
}

// Exists is EXISTS (SELECT ...).
type Exists struct {
	Pos   int
	Query *Select
}

// ScalarSubquery is (SELECT ...) as a value.
type ScalarSubquery struct {
	Pos   int
	Query *Select
}

// ArraySubquery is ARRAY (SELECT ...).
type ArraySubquery struct {
	Pos   int
	Query *Select
}

// Case is CASE [operand] WHEN ... THEN ... ELSE ... END.
type Case struct {
	Pos     int
	Operand Expr // nil for a searched CASE
	Whens   []When
	Else    Expr
}

// When is one branch of a [Case].
type When struct {
	Pos  int
	Cond Expr // with an operand: what it is compared with
	Then Expr
}

// Cast is CAST(x AS t) or x::t.
type Cast struct {
	Pos  int
	Arg  Expr
	Type *TypeName
	// Call says that it was written CAST(x AS t), which can be a function call in FROM.
	Call bool
}

// Collate is x COLLATE name.
type Collate struct {
	Pos       int
	Arg       Expr
	Collation ObjectName
}

// AtTimeZone is x AT TIME ZONE zone.
type AtTimeZone struct {
	Pos  int
	Arg  Expr
	Zone Expr
}

// Array is ARRAY[...]; an inner [...] is an Array too.
type Array struct {
	Pos   int
	Elems []Expr
}

// Row is ROW(...) or (a, b, ...).
type Row struct {
	Pos      int
	Explicit bool // written with ROW, or with fewer than two fields
	Args     []Expr
}

// Subscript is x[i] or, with Slice, x[low:high].
type Subscript struct {
	Pos   int
	Base  Expr
	Slice bool
	Index Expr // the index; for a slice the lower bound or nil
	Upper Expr // for a slice the upper bound or nil
	// Grouped says that it stands in parentheses before a further subscript, which then is one of its value: (x[1:2])[1]
	// and x[1:2][1] differ.
	Grouped bool
}

// FieldSelect is (x).field.
type FieldSelect struct {
	Pos   int
	Base  Expr
	Field string
}

// NamedArg is name => value in a call; := is the same.
type NamedArg struct {
	Pos   int
	Name  string
	Value Expr
}

// CallForm is the special syntax in which a [FuncCall] was written.
type CallForm uint8

const (
	PlainCall         CallForm = iota
	ExtractForm                // EXTRACT(field FROM x): pg_catalog.extract('field', x)
	SubstringForm              // SUBSTRING(x FROM a FOR b): pg_catalog.substring(x, a, b)
	SubstringSimilar           // SUBSTRING(x SIMILAR p ESCAPE e): pg_catalog.substring(x, p, e)
	PositionForm               // POSITION(a IN b): pg_catalog.position(b, a), the arguments exchanged
	OverlayForm                // OVERLAY(x PLACING y FROM a FOR b): pg_catalog.overlay(x, y, a, b)
	TrimForm                   // TRIM(BOTH | LEADING | TRAILING y FROM x): pg_catalog.btrim, ltrim, rtrim(x, y)
	NormalizeForm              // NORMALIZE(x, NFC): pg_catalog.normalize(x, 'NFC')
	IsNormalizedForm           // x IS NFC NORMALIZED: pg_catalog.is_normalized(x, 'NFC')
	OverlapsForm               // (a, b) OVERLAPS (c, d): pg_catalog.overlaps(a, b, c, d)
	CollationForForm           // COLLATION FOR (x): pg_catalog.pg_collation_for(x)
	TreatForm                  // TREAT(x AS t): pg_catalog.t(x)
	CurrentSchemaForm          // CURRENT_SCHEMA without parentheses: current_schema()
)

// FuncCall is a call of a function, aggregate or window function.
type FuncCall struct {
	Pos      int
	Name     ObjectName
	Form     CallForm
	Args     []Expr // may hold *NamedArg
	Star     bool   // f(*)
	Distinct bool
	Variadic bool // the last argument is VARIADIC
	OrderBy  []*OrderItem
	// WithinGroup says that OrderBy is that of WITHIN GROUP: an ordered-set aggregate.
	WithinGroup bool
	Filter      Expr
	// Over is the window of OVER (...); OverName that of OVER name.
	Over     *WindowDef
	OverName string
}

// Coalesce is COALESCE(...).
type Coalesce struct {
	Pos  int
	Args []Expr
}

// NullIf is NULLIF(a, b).
type NullIf struct {
	Pos   int
	Left  Expr
	Right Expr
}

// MinMax is GREATEST(...) or LEAST(...).
type MinMax struct {
	Pos   int
	Least bool
	Args  []Expr
}

// Grouping is GROUPING(...).
type Grouping struct {
	Pos  int
	Args []Expr
}

// SQLValue is CURRENT_DATE and the like.
type SQLValue struct {
	Pos       int
	Kind      SQLValueKind
	Precision int // of the timed ones; -1 where not written
}

// SQLValueKind is the kind of a [SQLValue].
type SQLValueKind uint8

const (
	CurrentDate SQLValueKind = iota
	CurrentTime
	CurrentTimestamp
	LocalTime
	LocalTimestamp
	CurrentRole
	CurrentUser
	SessionUser
	User
	CurrentCatalog
)

// CurrentOf is WHERE CURRENT OF cursor.
type CurrentOf struct {
	Pos    int
	Cursor string
}
