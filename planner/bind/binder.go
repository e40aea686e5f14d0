package bind

import (
	"maps"
	"slices"

	"millrace/catalog"
	"millrace/expr"
	"millrace/pgerr"
	"millrace/planner/logical"
	"millrace/sql/ast"
	"millrace/types"
)

const (
	// nodesMax bounds the operators of a bound plan: views and WITH queries that refer to others twice double at
	// each level.
	nodesMax = 20_000
	// exprMax bounds the nodes of an expression of which parts are repeated, as the left side of BETWEEN is: those that are
	// nested in one another double at each level.
	exprMax = 1 << 15
	// viewDepthMax bounds the nesting of views.
	viewDepthMax = 100
)

// Env is what a statement is bound in.
type Env struct {
	Catalog    *catalog.Snapshot
	SearchPath []string
	TypeEnv    *types.Env
	Params     []types.T // declared types of parameters; Invalid or Unknown is to be inferred
	View       bool      // for a view: no parameters, nothing that is not deterministic
	Transient  bool      // of such a plan: it serves one client and is not stored
	// Widths are the numbers of columns that * means of each relation, where it is not all of them.
	Widths map[uint32]int
	// Unbuilt tells of objects that have no rows or entries yet: materialized views are read by their queries, indexes are not used. nil
	// is none.
	Unbuilt func(id uint32) bool
	// Modifying: the statement's WITH clause may have data-modifying statements.
	Modifying bool
}

// Binder binds one statement.
type Binder struct {
	env    *Env
	cols   *logical.Columns
	params params
	// deps are the relations read, by id.
	deps map[uint32]bool
	// functions are the functions in SQL that are called, by id.
	functions map[uint32]bool
	// sqlArgs are what $n means in the body of the function in SQL that is being bound; nil elsewhere.
	sqlArgs *sqlArgs
	// types are the users' types named, by id.
	types map[uint32]bool
	// refs tells where a column reference stands in the text and how it was written.
	refs map[*expr.Column]colRef
	// literals tells where an untyped literal stands.
	literals map[*expr.Const]int
	// rows are the fields of rows made on the spot as they were written, untyped literals among them.
	rows map[*expr.Call][]expr.Expr
	// scans tells which scan of a table a column comes from.
	scans map[logical.ColID]*logical.Scan
	// path is the search path in force: the session's or that of the view being inlined.
	path      []string
	widths    map[uint32]int // likewise for Env.Widths
	viewDepth int
	inlined   []string // the views being inlined, outermost first
	nodes     int
	// volatile is set when a volatile function is bound.
	volatile bool
	noParams bool // an expression that is stored
	// modifying are the data-modifying statements of the WITH clause, and results the number of relations made for rows at hand.
	modifying []*Modifying
	results   uint32
	// asOf is the position or time at which relations are read; nil is now.
	asOf expr.Expr
}

type colRef struct {
	pos   int
	label string // t.a
}

// New makes a binder.
func New(env *Env) *Binder {
	b := &Binder{env: env, cols: &logical.Columns{}, deps: map[uint32]bool{}, functions: map[uint32]bool{}, types: map[uint32]bool{}, refs: map[*expr.Column]colRef{}, scans: map[logical.ColID]*logical.Scan{}, literals: map[*expr.Const]int{}, rows: map[*expr.Call][]expr.Expr{}, path: env.SearchPath, widths: env.Widths}
	b.params.types = slices.Clone(env.Params)
	for i, t := range b.params.types {
		if t.Kind == types.Invalid {
			b.params.types[i] = types.Of(types.Unknown)
		}
	}
	return b
}

// Columns is the table of the columns of all that this binder has bound.
func (b *Binder) Columns() *logical.Columns { return b.cols }

// DependsOn lists the relations that the statement reads, by id.
func (b *Binder) DependsOn() []uint32 { return slices.Sorted(maps.Keys(b.deps)) }

// UsesTypes lists the users' types that the statement names, by id.
func (b *Binder) UsesTypes() []uint32 { return slices.Sorted(maps.Keys(b.types)) }

// Params gives the types of $1 and following; 42P18 where one could not be determined.
func (b *Binder) Params() ([]types.T, error) { return b.params.resolved() }

// grow counts operators against the bound.
func (b *Binder) grow(n int) error {
	if b.nodes += n; b.nodes > nodesMax {
		return pgerr.New(pgerr.StatementTooComplex, "statement is too complex").
			WithDetail("Its plan has more than %d operators, views and WITH queries counted at each use.", nodesMax)
	}
	return nil
}

// repeated bounds an expression that stands n times in another. A small one may stand as often as the statement is long.
func repeated(x expr.Expr, n int) error {
	const small = 64
	if tooLarge(x, max(exprMax/max(n, 1), small)) {
		return pgerr.New(pgerr.StatementTooComplex, "statement is too complex").
			WithDetail("Expressions that are evaluated several times are nested in one another.")
	}
	return nil
}

// tooLarge reports whether an expression has more than limit nodes; it looks at no more than these.
func tooLarge(x expr.Expr, limit int) bool {
	expr.Walk(x, func(expr.Expr) bool {
		limit--
		return limit >= 0
	})
	return limit < 0
}

// column makes the node for a reference to a column.
func (b *Binder) column(id logical.ColID, pos int, label string) *expr.Column {
	c := b.cols.Ref(id)
	b.refs[c] = colRef{pos, label}
	return c
}

// oneRow is the input of a query without FROM.
func oneRow() logical.Node { return &logical.Values{Rows: [][]expr.Expr{{}}} }

// OutCol is a column of a query's result: several may be the same column of the plan.
type OutCol struct {
	Name string
	ID   logical.ColID
}

// Rel is a bound query. Its order and limits are not part of Node yet: a subquery needs them as an operator (see
// Finish), the outermost ad-hoc query has the client served in that order.
type Rel struct {
	Node          logical.Node
	Cols          []OutCol
	Order         []logical.SortKey
	Limit, Offset expr.Expr // nil is none
	WithTies      bool
	// literals are the columns, by number, that are untyped literals or parameters so far, where the caller asked for that (see
	// selectOptions): they are not part of Node and have no ID.
	literals map[int]expr.Expr
	scope    *scope // of the one SELECT that this is
	added    int    // how many of the last columns SEARCH and CYCLE have added
}

func (r *Rel) literal(i int, k expr.Expr) {
	if r.literals == nil {
		r.literals = map[int]expr.Expr{}
	}
	r.literals[i] = k
}

// expr gives a column as an expression over Node, or the untyped literal that it is.
func (r *Rel) expr(b *Binder, i int) expr.Expr {
	if k := r.literals[i]; k != nil {
		return k
	}
	return b.cols.Ref(r.Cols[i].ID)
}

// ids lists the result's columns in order, with repeats.
func (r *Rel) ids() []logical.ColID {
	ids := make([]logical.ColID, len(r.Cols))
	for i, c := range r.Cols {
		ids[i] = c.ID
	}
	return ids
}

// Finish makes limits an operator. Without a limit an order means nothing in a relation and is dropped.
func (r *Rel) Finish() logical.Node {
	if r.Limit == nil && r.Offset == nil {
		return r.Node
	}
	return &logical.TopN{Input: r.Node, Order: r.Order, Limit: r.Limit, Offset: r.Offset, WithTies: r.WithTies}
}

// Query binds a whole query.
func (b *Binder) Query(stmt ast.Statement) (*Rel, error) {
	sel, ok := stmt.(*ast.Select)
	if !ok {
		return nil, pgerr.Unsupported("this statement as a query").At(stmt.Position())
	}
	return b.bindSelect(sel, &scope{}, selectOptions{top: true})
}
