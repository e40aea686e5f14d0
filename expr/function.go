package expr

import (
	"millrace/delta"
	"millrace/types"
)

// Volatility is PostgreSQL's class of how a function's result may change.
type Volatility uint8

// The classes. Only Immutable functions are folded and allowed in views without further question; Stable
// ones (now(), settings) are evaluated once per statement; Volatile ones per row.
const (
	Immutable Volatility = iota
	Stable
	Volatile
)

// Function is one entry of the registry: a function or an operator (an operator's Name is its symbol, and its
// number of arguments says prefix or binary). Overloads are separate entries with the same Name.
type Function struct {
	Name       string
	OID        uint32 // PostgreSQL's OID where the function exists there, else 0
	Args       []types.T
	Variadic   bool // the last argument is an array that may be written as separate arguments
	Ret        types.T
	RetOf      func(args []types.T) types.T // for polymorphic results; nil means Ret
	NullCall   bool                         // called with NULL arguments; otherwise NULL in gives NULL out
	Volatility Volatility
	Operator   bool
	Commutator string // for comparison operators: the symbol with the arguments swapped
	Negator    string // for boolean operators: the symbol of the negation

	// ArgNames are the parameters' names where the function may be called with named arguments.
	ArgNames []string
	// Defaults are the values of the last parameters where a call may leave them out.
	Defaults []*Const
	// Total says that Eval never fails. A total function over fixed-width arguments may be run over rows that
	// are NULL, whose slots hold any value.
	Total bool
	// Uses says what a Stable function reads besides its arguments.
	Uses Uses

	// Eval computes the rows of sel (every row when sel is nil) into out, which it appends n values to: slots
	// of rows outside sel get NULL or any value. Nulls of strict functions are handled by the caller, who
	// passes a sel without them. Failures go to errs.
	Eval EvalFunc
}

// Uses is a set of things outside its arguments that an expression reads.
type Uses uint8

// What a Stable or Volatile expression may read. Settings are fixed within a view, Now advances with the log's
// clock, Session belongs to one client and Random is different at each evaluation.
const (
	UsesSettings Uses = 1 << iota // Context.Env without Now: time zone, date and interval style, ...
	UsesNow                       // Context.Env.Now
	UsesSession                   // Context.Session
	UsesRandom                    // Context.Random
)

// EvalFunc is a function's vector kernel. See [Function.Eval] and [Args].
type EvalFunc func(ctx *Context, args Args, out *delta.Vec, errs *Errors)

// Polymorphic argument kinds are written with these marker types in Function.Args: the binder unifies them.
var (
	AnyElement = types.T{Kind: types.Void, Elem: 1, Mod: -1}
	AnyArray   = types.T{Kind: types.Void, Elem: 2, Mod: -1}
	AnyType    = types.T{Kind: types.Void, Elem: 3, Mod: -1} // "any": no unification

	// AnyCompatible and AnyCompatibleArray unify to the common type of their arguments, where AnyElement
	// and AnyArray demand the same type.
	AnyCompatible      = types.T{Kind: types.Void, Elem: 4, Mod: -1}
	AnyCompatibleArray = types.T{Kind: types.Void, Elem: 5, Mod: -1}

	// AnyNonArray takes everything but arrays, converted to text: the operand of || beside a text.
	AnyNonArray = types.T{Kind: types.Void, Elem: 6, Mod: -1}

	// AnyEnum unifies as AnyElement does, with enums only.
	AnyEnum = types.T{Kind: types.Void, Elem: 7, Mod: -1}
)

// RowError is a failure of one row.
type RowError struct {
	Row int
	Err error // a *pgerr.Error
}

// Errors collects the failures of one evaluation, at most one a row, in order of row.
type Errors struct{ List []RowError }

// Add records a failure.
func (e *Errors) Add(row int, err error) { e.List = append(e.List, RowError{row, err}) }

// Context is what evaluation may depend on besides the rows.
type Context struct {
	Env *types.Env
	// Session answers session information functions (current_user, current_setting, ...); nil in views.
	Session SessionInfo
	// Random gives 64 random bits for volatile functions (random(), gen_random_uuid()); nil in views, where
	// such functions fail.
	Random func() uint64
}

// SessionInfo is what session information functions read.
type SessionInfo interface {
	CurrentUser() string
	SessionUser() string
	CurrentDatabase() string
	CurrentSchema() string
	SearchPath(includeImplicit bool) []string
	Setting(name string) (string, bool)
	BackendPID() int32
	// Catalog answers a catalog function by name with its arguments, as pg_get_viewdef or
	// pg_table_is_visible; ok is false where the session does not know it.
	Catalog(function string, args []types.Datum) (d types.Datum, ok bool, err error)
}

// Args are a kernel's arguments for N rows. Argument i is V[i]; when Const[i], V[i] has one row that stands for
// all. Sel lists the rows to compute, nil meaning all of [0, N).
type Args struct {
	V     []*delta.Vec
	Const []bool
	N     int
	Sel   []uint32
	// Memo belongs to the place in the program where the function is called: what a kernel derives from constant
	// arguments (a compiled pattern) may be kept there from batch to batch, together with the arguments that
	// it was derived from, which may differ from one batch to the next.
	Memo *any
}

// Row maps a row number to its index in argument i.
func (a *Args) Row(i, row int) int {
	if a.Const[i] {
		return 0
	}
	return row
}
