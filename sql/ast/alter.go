package ast

// ObjectKind is a kind of object in DROP, ALTER, COMMENT and GRANT, in SQL's words and upper case: "TABLE",
// "MATERIALIZED VIEW".
type ObjectKind string

// The kinds of object that have a meaning in Millrace. Others appear with PostgreSQL's words.
const (
	KindTable            ObjectKind = "TABLE"
	KindStream           ObjectKind = "STREAM"
	KindView             ObjectKind = "VIEW"
	KindMaterializedView ObjectKind = "MATERIALIZED VIEW"
	KindIndex            ObjectKind = "INDEX"
	KindSink             ObjectKind = "SINK"
	KindConnection       ObjectKind = "CONNECTION"
	KindSecret           ObjectKind = "SECRET"
	KindSubscription     ObjectKind = "SUBSCRIPTION"
	KindSchema           ObjectKind = "SCHEMA"
	KindDatabase         ObjectKind = "DATABASE"
	KindRole             ObjectKind = "ROLE" // USER and GROUP too
	KindFunction         ObjectKind = "FUNCTION"
	KindProcedure        ObjectKind = "PROCEDURE"
	KindRoutine          ObjectKind = "ROUTINE"
	KindAggregate        ObjectKind = "AGGREGATE"
	KindType             ObjectKind = "TYPE"
	KindDomain           ObjectKind = "DOMAIN"
	KindSequence         ObjectKind = "SEQUENCE"
	KindColumn           ObjectKind = "COLUMN"
	KindConstraint       ObjectKind = "CONSTRAINT"
	KindExtension        ObjectKind = "EXTENSION"
)

// Drop is DROP.
type Drop struct {
	Pos          int
	Kind         ObjectKind
	IfExists     bool
	Concurrently bool
	Objects      []*DropObject
	Cascade      bool
	// Options is for DROP DATABASE ... WITH (FORCE).
	Options []Option
}

// DropObject is one object of a [Drop] or [Comment].
type DropObject struct {
	Name ObjectName
	// HasArgs says that (...) followed the name of a function; Args are its parameters.
	HasArgs bool
	Args    []*FuncParam
}

// Position implements [Node].
func (d *DropObject) Position() int { return d.Name.Pos }

// Alter is ALTER of one object, with one or more actions.
type Alter struct {
	Pos      int
	Kind     ObjectKind
	IfExists bool
	Name     *TableName // of functions the plain name; Only for ONLY t
	HasArgs  bool
	Args     []*FuncParam
	Actions  []*AlterAction
}

// AlterActionKind is the kind of an [AlterAction].
type AlterActionKind uint8

const (
	AlterRename            AlterActionKind = iota // RENAME TO NewName
	AlterRenameColumn                             // RENAME COLUMN Name TO NewName
	AlterRenameConstraint                         // RENAME CONSTRAINT Name TO NewName
	AlterRenameValue                              // RENAME VALUE 'Name' TO 'NewName', of an enum
	AlterSetSchema                                // SET SCHEMA NewName
	AlterOwner                                    // OWNER TO Role
	AlterSwapWith                                 // SWAP WITH Target
	AlterPause                                    // PAUSE
	AlterResume                                   // RESUME
	AlterAddColumn                                // ADD [COLUMN] [IF NOT EXISTS] Column
	AlterDropColumn                               // DROP [COLUMN] [IF EXISTS] Name [CASCADE]
	AlterColumnType                               // ALTER Name TYPE Type [COLLATE] [USING Expr]
	AlterColumnSetDefault                         // ALTER Name SET DEFAULT Expr
	AlterColumnDropDefault                        // ALTER Name DROP DEFAULT
	AlterColumnSetNotNull                         // ALTER Name SET NOT NULL
	AlterColumnDropNotNull                        // ALTER Name DROP NOT NULL
	AlterAddConstraint                            // ADD Constraint
	AlterDropConstraint                           // DROP CONSTRAINT [IF EXISTS] Name [CASCADE]
	AlterSetOptions                               // SET (Options); ALTER SYSTEM-like SET p = v of a role or database
	AlterResetOptions                             // RESET (Options)
	AlterAddValue                                 // ADD VALUE 'Name' [BEFORE | AFTER 'NewName'], of an enum
	AlterAddWatermark                             // ADD Watermark
	AlterDropWatermark                            // DROP WATERMARK
	AlterSetSecret                                // AS Expr, of a secret
	AlterRoleOptions                              // [WITH] Options, of a role; the options of a sequence
	AlterOther                                    // one that is known by its words only: Name holds them
)

// AlterAction is one action of an [Alter]. Which fields count depends on Kind.
type AlterAction struct {
	Pos        int
	Kind       AlterActionKind
	Name       string
	NewName    string
	IfExists   bool // IF EXISTS, or IF NOT EXISTS of ADD
	Cascade    bool
	Before     bool // AlterAddValue: BEFORE, else AFTER where NewName is not empty
	Target     *ObjectName
	Column     *ColumnDef
	Type       *TypeName
	Collation  *ObjectName
	Expr       Expr
	Constraint *TableConstraint
	Watermark  *Watermark
	Role       *RoleSpec
	Options    []Option
}

// Comment is COMMENT ON.
type Comment struct {
	Pos    int
	Kind   ObjectKind
	Object *DropObject
	// Column is set for COMMENT ON COLUMN, where Object is the relation; and the name of a constraint for COMMENT ON
	// CONSTRAINT.
	Column string
	// Text is nil for IS NULL.
	Text *string
}

// Refresh is REFRESH MATERIALIZED VIEW.
type Refresh struct {
	Pos          int
	Name         ObjectName
	Concurrently bool
	NoData       bool
}
