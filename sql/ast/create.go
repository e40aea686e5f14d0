package ast

// Persistence is TEMPORARY or UNLOGGED.
type Persistence uint8

const (
	Permanent Persistence = iota
	Temporary
	Unlogged
)

// CreateTable is CREATE TABLE, with columns or AS a query.
type CreateTable struct {
	Pos         int
	Name        ObjectName
	Persistence Persistence
	IfNotExists bool
	// Elements are columns, constraints, LIKE clauses and watermarks in the order written. With As they are absent
	// but for columns without a type, and Columns lists the names.
	Elements    []TableElement
	OfType      *ObjectName
	Inherits    []ObjectName
	PartitionBy *PartitionBy
	PartitionOf *PartitionOf
	// Conflict says what becomes of a new row whose key exists; nil: it is refused.
	Conflict   *TableConflict
	Using      string // access method
	Options    []Option
	OnCommit   OnCommit
	Tablespace string
	Format     *FormatEncode
	OnError    string // ON ERROR word, in lower case
	// As is CREATE TABLE AS: a *Select or an *Execute. Columns then names its columns.
	As      Statement
	Columns []string
	NoData  bool // AS ... WITH NO DATA
}

// TableConflict is ON CONFLICT action [WITH VERSION COLUMN (name)] after a table's columns.
type TableConflict struct {
	Pos    int
	Action ConflictAction
	// Version is the version column, at VersionPos; empty for none.
	Version    string
	VersionPos int
}

// ConflictAction is what a table does with a new row whose key exists.
type ConflictAction uint8

const (
	// ConflictOverwrite puts the new row in the old one's place.
	ConflictOverwrite ConflictAction = iota
	// ConflictIgnore leaves the new row out; DO NOTHING is the same.
	ConflictIgnore
	// ConflictUpdateIfNotNull takes what is not NULL of the new row.
	ConflictUpdateIfNotNull
)

// CreateStream is CREATE STREAM: an append-only relation, with columns, or AS a query, or with a connector.
type CreateStream struct {
	Pos         int
	Name        ObjectName
	Persistence Persistence
	IfNotExists bool
	OrReplace   bool
	Elements    []TableElement
	Options     []Option
	Format      *FormatEncode
	OnError     string
	As          *Select
	Columns     []string // with As
}

// ColumnDef is a column of a table.
type ColumnDef struct {
	Pos         int
	Name        string
	Type        *TypeName // nil where a query or OF gives the type
	Collation   *ObjectName
	Compression string
	Constraints []*ColumnConstraint
	FDWOptions  []Option
}

// ColumnConstraint is one constraint or property of a column.
type ColumnConstraint struct {
	Pos  int
	Name string // of CONSTRAINT name
	Kind ConstraintKind
	// Expr is for ConstraintDefault, ConstraintCheck and ConstraintGenerated.
	Expr       Expr
	NoInherit  bool           // ConstraintCheck
	NullsNot   bool           // ConstraintUnique: NULLS NOT DISTINCT
	References *References    // ConstraintForeignKey
	Always     bool           // ConstraintIdentity: GENERATED ALWAYS rather than BY DEFAULT
	Sequence   []Option       // ConstraintIdentity: the options of its sequence
	Index      IndexOptions   // ConstraintPrimaryKey, ConstraintUnique
	Timing     ConstraintTime // of any
}

// ConstraintKind is the kind of a column's or a table's constraint.
type ConstraintKind uint8

const (
	ConstraintNull ConstraintKind = iota
	ConstraintNotNull
	ConstraintDefault
	ConstraintCheck
	ConstraintPrimaryKey
	ConstraintUnique
	ConstraintForeignKey
	ConstraintGenerated // GENERATED ALWAYS AS (expr) STORED
	ConstraintIdentity  // GENERATED ... AS IDENTITY
	ConstraintExclude
)

// ConstraintTime holds the attributes that may follow a constraint.
type ConstraintTime struct {
	Deferrable        bool
	NotDeferrable     bool
	InitiallyDeferred bool
	InitiallyImmed    bool
	NotValid          bool
	NoInherit         bool
}

// IndexOptions are the properties of the index behind a constraint.
type IndexOptions struct {
	Include    []string
	Options    []Option
	Tablespace string
	UsingIndex string // ADD CONSTRAINT ... USING INDEX name
}

// References is the REFERENCES clause of a foreign key.
type References struct {
	Pos      int
	Table    ObjectName
	Columns  []string
	Match    string // "", "full", "partial" or "simple"
	OnDelete RefAction
	OnUpdate RefAction
	// DeleteColumns are those of ON DELETE SET NULL (a, b).
	DeleteColumns []string
}

// RefAction is what a foreign key does.
type RefAction uint8

const (
	RefNoAction RefAction = iota
	RefRestrict
	RefCascade
	RefSetNull
	RefSetDefault
)

// TableConstraint is a constraint over a table's columns.
type TableConstraint struct {
	Pos        int
	Name       string
	Kind       ConstraintKind
	Columns    []string
	Expr       Expr // ConstraintCheck
	NullsNot   bool
	References *References
	Index      IndexOptions
	Exclude    *Exclude
	Timing     ConstraintTime
}

// Exclude is an EXCLUDE constraint.
type Exclude struct {
	Using string
	Elems []*ExcludeElem
	Where Expr
}

// ExcludeElem is an element of an [Exclude] with its operator.
type ExcludeElem struct {
	Elem   *IndexElem
	Op     string
	Schema string
}

// LikeClause is LIKE table INCLUDING ... in a column list.
type LikeClause struct {
	Pos     int
	Table   ObjectName
	Options []LikeOption
}

// LikeOption is INCLUDING or EXCLUDING what, in lower case: "all", "defaults" and so on.
type LikeOption struct {
	Including bool
	What      string
}

// Watermark is WATERMARK FOR column AS expr [IDLE TIMEOUT interval] in a column list.
type Watermark struct {
	Pos         int
	Column      string
	ColumnPos   int
	Expr        Expr
	IdleTimeout Expr // nil: the default
}

// FormatEncode is FORMAT word [(...)] ENCODE word [(...)] of a stream, table or sink with a connector.
type FormatEncode struct {
	Pos           int
	Format        string // in lower case: "plain", "upsert", "debezium" ...
	FormatOptions []Option
	Encode        string // in lower case: "json", "avro", "csv" ...
	EncodeOptions []Option
}

// OnCommit is what happens to a temporary table at the end of a transaction.
type OnCommit uint8

const (
	OnCommitDefault OnCommit = iota
	OnCommitPreserve
	OnCommitDelete
	OnCommitDrop
)

// PartitionBy is PARTITION BY strategy (elements).
type PartitionBy struct {
	Pos      int
	Strategy string
	Elems    []*IndexElem
}

// PartitionOf is PARTITION OF parent with its bounds.
type PartitionOf struct {
	Pos     int
	Parent  ObjectName
	Default bool
	In      []Expr
	From    []Expr
	To      []Expr
	Hash    []Option // WITH (modulus, remainder)
}

// CreateView is CREATE VIEW.
type CreateView struct {
	Pos         int
	Name        ObjectName
	OrReplace   bool
	Persistence Persistence
	Recursive   bool
	IfNotExists bool
	Columns     []string
	Options     []Option
	Query       *Select
	Check       ViewCheck
}

// ViewCheck is WITH CHECK OPTION.
type ViewCheck uint8

const (
	NoCheckOption ViewCheck = iota
	CheckLocal
	CheckCascaded
)

// CreateMaterializedView is CREATE MATERIALIZED VIEW. The EMIT clause is that of its query.
type CreateMaterializedView struct {
	Pos         int
	Name        ObjectName
	OrReplace   bool
	Persistence Persistence
	IfNotExists bool
	Columns     []string
	Using       string
	Options     []Option
	Tablespace  string
	Query       Statement // *Select, or *Execute, which the binder refuses
	NoData      bool      // WITH NO DATA
}

// CreateIndex is CREATE INDEX.
type CreateIndex struct {
	Pos          int
	Name         string // "" for one that the server chooses
	Unique       bool
	Concurrently bool
	IfNotExists  bool
	Table        *TableName
	Using        string
	Elems        []*IndexElem
	Include      []*IndexElem
	NullsNot     bool
	Options      []Option
	Tablespace   string
	Where        Expr
}

// IndexElem is a column or expression of an index.
type IndexElem struct {
	Pos       int
	Column    string // one of Column and Expr is set
	Expr      Expr
	Collation *ObjectName
	OpClass   *ObjectName
	OpOptions []Option
	Desc      bool
	Asc       bool // written
	Nulls     NullsOrder
}

// CreateSink is CREATE SINK name FROM relation | FROM (query) | AS query [INTO table] WITH (...).
type CreateSink struct {
	Pos         int
	Name        ObjectName
	OrReplace   bool
	IfNotExists bool
	// Table or Query is what is delivered.
	Table   *TableName
	Query   *Select
	Into    *ObjectName
	Columns []string // of Into
	Options []Option
	Format  *FormatEncode
}

// CreateConnection is CREATE CONNECTION name [TO kind] (options) or WITH (options).
type CreateConnection struct {
	Pos         int
	Name        ObjectName
	OrReplace   bool
	IfNotExists bool
	To          string
	Options     []Option
}

// CreateSecret is CREATE SECRET name [WITH (options)] AS value.
type CreateSecret struct {
	Pos         int
	Name        ObjectName
	OrReplace   bool
	IfNotExists bool
	Options     []Option
	Value       Expr
}

// CreateSubscription is CREATE SUBSCRIPTION name FROM relation [WITH (...)]: a durable reading position. PostgreSQL's
// CREATE SUBSCRIPTION ... CONNECTION is another thing; it fills Connection and Publications.
type CreateSubscription struct {
	Pos          int
	Name         ObjectName
	IfNotExists  bool
	From         *TableName
	Connection   string
	Publications []string
	Options      []Option
}

// CreateSchema is CREATE SCHEMA.
type CreateSchema struct {
	Pos           int
	Name          string // "" with AUTHORIZATION alone
	IfNotExists   bool
	Authorization *RoleSpec
	Elements      []Statement
}

// CreateDatabase is CREATE DATABASE.
type CreateDatabase struct {
	Pos     int
	Name    string
	Options []Option
}

// CreateFunction is CREATE FUNCTION or PROCEDURE.
type CreateFunction struct {
	Pos       int
	Name      ObjectName
	OrReplace bool
	Procedure bool
	Params    []*FuncParam
	Returns   *TypeName
	// ReturnsTable holds the columns of RETURNS TABLE.
	ReturnsTable []*FuncParam
	Language     string
	// As is the body as strings: one, or two for a C function.
	As []string
	// Return is the expression of RETURN expr; Atomic the statements of BEGIN ATOMIC ... END.
	Return Expr
	Atomic []Statement
	// Options are the others by lower case name: volatility, strict, security, parallel, leakproof, window, cost, rows,
	// support, transform, set.
	Options []Option
}

// FuncParam is a parameter of a function.
type FuncParam struct {
	Pos     int
	Mode    string // "", "in", "out", "inout", "variadic"
	Name    string
	Type    *TypeName
	Default Expr
}

// CreateType is CREATE TYPE: an enum, a composite type, or one of the kinds that only PostgreSQL has.
type CreateType struct {
	Pos     int
	Name    ObjectName
	Kind    CreateTypeKind
	Labels  []string     // TypeEnum
	Columns []*ColumnDef // TypeComposite
	Options []Option     // TypeRange, TypeBase
}

// CreateTypeKind is the kind of a [CreateType].
type CreateTypeKind uint8

const (
	TypeShell CreateTypeKind = iota
	TypeEnum
	TypeComposite
	TypeRange
	TypeBase
)

// CreateDomain is CREATE DOMAIN.
type CreateDomain struct {
	Pos         int
	Name        ObjectName
	Type        *TypeName
	Collation   *ObjectName
	Constraints []*ColumnConstraint
}

// CreateSequence is CREATE SEQUENCE.
type CreateSequence struct {
	Pos         int
	Name        ObjectName
	Persistence Persistence
	IfNotExists bool
	Options     []Option // increment, minvalue, maxvalue, start, cache, cycle, owned_by, as, restart; "no minvalue" has a nil Value
}

// CreateRole is CREATE ROLE, USER or GROUP.
type CreateRole struct {
	Pos     int
	Kind    string // "role", "user" or "group"
	Name    RoleSpec
	Options []Option
}

// CreateExtension is CREATE EXTENSION.
type CreateExtension struct {
	Pos         int
	Name        string
	IfNotExists bool
	Options     []Option // schema, version, cascade
}

// Unsupported is a statement of PostgreSQL's that Millrace knows by name only: its text was not looked at beyond the
// words that name it.
type Unsupported struct {
	Pos  int
	Name string // the words, in upper case: "CREATE TRIGGER"
	Text string // the whole statement
}
