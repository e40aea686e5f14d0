package ast

// Explain is EXPLAIN.
type Explain struct {
	Pos     int
	Options []Option // analyze, verbose, format, costs ...; both spellings
	Query   Statement
	// Object, instead of Query, names a materialized view or a sink that is at work, of that Kind.
	Object *ObjectName
	Kind   ObjectKind
	// WhyPending is EXPLAIN WHY PENDING: what the next final result of Object, a materialized view, waits for.
	WhyPending bool
}

// Option gives the option of that name, the last one where there are several, or nil.
func (e *Explain) Option(name string) *Option {
	for i := len(e.Options) - 1; i >= 0; i-- {
		if e.Options[i].Name == name {
			return &e.Options[i]
		}
	}
	return nil
}

// SetScope is SESSION or LOCAL.
type SetScope uint8

const (
	ScopeDefault SetScope = iota // not written: session
	ScopeSession
	ScopeLocal
)

// Set is SET name = values, SET name TO DEFAULT, and the forms with their own words under the name of the setting:
// SET TIME ZONE is timezone, SET NAMES client_encoding, SET ROLE role, SET SCHEMA search_path, SET SESSION
// AUTHORIZATION session_authorization, SET XML OPTION xmloption.
type Set struct {
	Pos   int
	Scope SetScope
	Name  string // in lower case, with dots where qualified
	// Values are literals, bare words as string literals, -1 as a *UnaryOp, and for a time zone an INTERVAL '...'.
	Values      []Expr
	Default     bool // TO DEFAULT, or LOCAL
	FromCurrent bool
}

// SetTransaction is SET TRANSACTION or, with Session, SET SESSION CHARACTERISTICS AS TRANSACTION.
type SetTransaction struct {
	Pos      int
	Session  bool
	Local    bool // SET LOCAL TRANSACTION
	Modes    TransactionModes
	Snapshot string // SET TRANSACTION SNAPSHOT 'id'
}

// SetConstraints is SET CONSTRAINTS.
type SetConstraints struct {
	Pos      int
	Names    []ObjectName // nil: ALL
	Deferred bool
}

// Reset is RESET name or RESET ALL.
type Reset struct {
	Pos  int
	Name string // "" for ALL
}

// Show is SHOW name or SHOW ALL, and Millrace's listing forms.
type Show struct {
	Pos  int
	Name string // a setting's name; "all"; the words of a listing in lower case: "tables", "materialized views", "create table", "columns"
	// Listing tells a listing from a setting; of a listing From is the schema or relation, Like and Where the filter.
	Listing bool
	From    *ObjectName
	Like    *string
	Where   Expr
}

// Discard is DISCARD.
type Discard struct {
	Pos  int
	What string // "all", "plans", "sequences" or "temp"
}

// TransactionModes are the modes of BEGIN and SET TRANSACTION.
type TransactionModes struct {
	Isolation  string // "", or in lower case "serializable", "repeatable read", "read committed", "read uncommitted"
	ReadOnly   bool
	ReadWrite  bool
	Deferrable bool
	NotDefer   bool // NOT DEFERRABLE
}

// Begin is BEGIN or START TRANSACTION.
type Begin struct {
	Pos   int
	Start bool // written START TRANSACTION, which has its own command tag
	Modes TransactionModes
}

// Commit is COMMIT or END.
type Commit struct {
	Pos   int
	Chain bool
}

// Rollback is ROLLBACK or ABORT.
type Rollback struct {
	Pos   int
	Chain bool
}

// Savepoint is SAVEPOINT.
type Savepoint struct {
	Pos  int
	Name string
}

// Release is RELEASE [SAVEPOINT].
type Release struct {
	Pos  int
	Name string
}

// RollbackTo is ROLLBACK TO [SAVEPOINT].
type RollbackTo struct {
	Pos  int
	Name string
}

// TwoPhase is PREPARE TRANSACTION, COMMIT PREPARED or ROLLBACK PREPARED.
type TwoPhase struct {
	Pos    int
	Action string // "PREPARE TRANSACTION", "COMMIT PREPARED", "ROLLBACK PREPARED"
	ID     string
}

// Prepare is PREPARE name (types) AS statement.
type Prepare struct {
	Pos   int
	Name  string
	Types []*TypeName
	Query Statement
}

// Execute is EXECUTE name (args).
type Execute struct {
	Pos  int
	Name string
	Args []Expr
}

// Deallocate is DEALLOCATE.
type Deallocate struct {
	Pos  int
	Name string // "" for ALL
}

// Declare is DECLARE name CURSOR FOR query.
type Declare struct {
	Pos         int
	Name        string
	Binary      bool
	Insensitive bool
	Asensitive  bool
	Scroll      bool
	NoScroll    bool
	Hold        bool
	// Query is a *Select or a *Subscribe.
	Query Statement
}

// FetchDirection is the direction of FETCH and MOVE.
type FetchDirection uint8

const (
	FetchForward FetchDirection = iota
	FetchBackward
	FetchAbsolute
	FetchRelative
)

// FetchAll is the count of FETCH ALL.
const FetchAll = int64(1<<63 - 1)

// Fetch is FETCH or MOVE. NEXT is forward 1, PRIOR backward 1, FIRST absolute 1, LAST absolute -1.
type Fetch struct {
	Pos       int
	Move      bool
	Direction FetchDirection
	Count     int64 // FetchAll for ALL; may be negative
	Cursor    string
	Options   []Option // FETCH ... WITH (timeout = '1s')
}

// Close is CLOSE cursor.
type Close struct {
	Pos    int
	Cursor string // "" for ALL
}

// Listen is LISTEN.
type Listen struct {
	Pos     int
	Channel string
}

// Unlisten is UNLISTEN.
type Unlisten struct {
	Pos     int
	Channel string // "" for *
}

// Notify is NOTIFY channel [, payload].
type Notify struct {
	Pos     int
	Channel string
	Payload string
}

// Lock is LOCK TABLE.
type Lock struct {
	Pos    int
	Tables []*TableName
	Mode   string // in lower case: "access exclusive" where none is written
	NoWait bool
}

// Vacuum is VACUUM or ANALYZE.
type Vacuum struct {
	Pos     int
	Analyze bool // written ANALYZE
	Options []Option
	Tables  []VacuumTable
}

// VacuumTable is a table of a [Vacuum] with columns.
type VacuumTable struct {
	Name    ObjectName
	Columns []string
}

// Checkpoint is CHECKPOINT.
type Checkpoint struct{ Pos int }

// Do is DO, an anonymous code block.
type Do struct {
	Pos      int
	Language string
	Body     string
}

// Call is CALL procedure(...).
type Call struct {
	Pos  int
	Func *FuncCall
}

// RoleSpec is the name of a role or one of the words for it.
type RoleSpec struct {
	Pos  int
	Kind RoleKind
	Name string // RoleNamed
}

// RoleKind is the kind of a [RoleSpec].
type RoleKind uint8

const (
	RoleNamed RoleKind = iota
	RolePublic
	RoleCurrentRole
	RoleCurrentUser
	RoleSessionUser
)

// Grant is GRANT or REVOKE of privileges on objects.
type Grant struct {
	Pos         int
	Revoke      bool
	OptionFor   bool        // REVOKE GRANT OPTION FOR
	Privileges  []Privilege // nil: ALL
	Kind        ObjectKind  // of Objects; KindTable where none was written
	AllInSchema bool        // ON ALL TABLES IN SCHEMA: Objects are schemas
	Objects     []*DropObject
	Grantees    []RoleSpec
	GrantOption bool // WITH GRANT OPTION
	GrantedBy   *RoleSpec
	Cascade     bool
}

// Privilege is one privilege with columns.
type Privilege struct {
	Pos     int
	Name    string // in lower case
	Columns []string
}

// GrantRole is GRANT or REVOKE of roles.
type GrantRole struct {
	Pos         int
	Revoke      bool
	OptionFor   bool // REVOKE ADMIN OPTION FOR
	Roles       []Privilege
	Grantees    []RoleSpec
	AdminOption bool
	GrantedBy   *RoleSpec
	Cascade     bool
}
