package expr

import "millrace/types"

// Expr is a typed scalar expression: one of the node types of this file.
type Expr interface {
	Type() types.T
	isExpr()
}

// Column is a column of the input batch by its index.
type Column struct {
	Index int
	T     types.T
	Name  string // for EXPLAIN only
}

// Const is a literal; Value may be NULL.
type Const struct {
	Value types.Datum
	T     types.T
}

// Param is $n (Index counts from 0) of a prepared statement. It must be replaced by a Const before Compile;
// see Substitute.
type Param struct {
	Index int
	T     types.T
}

// Call applies a function or operator of the registry. Args have been cast to the function's argument types.
type Call struct {
	Func *Function
	Args []Expr
	T    types.T
	Pos  int // position in the statement's text for errors, 0 unknown
}

// And and Or are n-ary with three-valued logic, evaluated from the left, stopping when decided.
type And struct{ Args []Expr }

// Or is true as soon as one operand is.
type Or struct{ Args []Expr }

// Not negates a boolean.
type Not struct{ Arg Expr }

// IsNull is `Arg IS NULL`, or `IS NOT NULL` when Negate.
type IsNull struct {
	Arg    Expr
	Negate bool
}

// BoolTest is `Arg IS [NOT] TRUE | FALSE | UNKNOWN`; Want NULL stands for UNKNOWN.
type BoolTest struct {
	Arg    Expr
	Want   types.Datum
	Negate bool
}

// DistinctFrom is `Left IS DISTINCT FROM Right`, or `IS NOT DISTINCT FROM` when Negate. Eq is the types' `=`.
type DistinctFrom struct {
	Left, Right Expr
	Eq          *Function
	Negate      bool
}

// Case is the searched CASE: the first When whose condition is true gives the result, else Else (nil is NULL).
type Case struct {
	Whens []When
	Else  Expr
	T     types.T
}

// When is one branch of a Case.
type When struct{ Cond, Result Expr }

// Coalesce is the first operand that is not NULL.
type Coalesce struct {
	Args []Expr
	T    types.T
}

// Extremum is GREATEST or LEAST: the extreme of the operands that are not NULL.
type Extremum struct {
	Args  []Expr
	Least bool
	T     types.T
}

// Cast converts Arg to To by the registry's cast of the two kinds (or through text input and output), and
// applies To's modifier. Explicit casts truncate where implicit and assignment casts refuse.
type Cast struct {
	Arg      Expr
	To       types.T
	Explicit bool
	Pos      int
}

// InList is `Left IN (List...)`, or NOT IN when Negate, with the NULL rule of SQL. Eq compares Left's type.
type InList struct {
	Left   Expr
	List   []Expr
	Eq     *Function
	Negate bool
}

// AnyAll is `Left op ANY (Array)`, or ALL when All: Op applied to Left and each element.
type AnyAll struct {
	Left  Expr
	Op    *Function
	Array Expr
	All   bool
	Pos   int
}

// MakeArray is ARRAY[...]; all elements have T's element type, or are arrays of T for more dimensions.
type MakeArray struct {
	Elems []Expr
	T     types.T
}

// Subscript is Arg[Index], or a slice Arg[Low:High] when Slice (nil bounds are open). The subscripts of one array,
// as a[1][2] or a[1:2][3:4], are a chain of nodes, of which all but the outermost have the array's type as T.
type Subscript struct {
	Arg       Expr
	Index     Expr
	Slice     bool
	Low, High Expr
	T         types.T
	// First begins a chain: Arg is the array, even where a rewriting has put a slice in its place.
	First bool
}

func (e *Column) Type() types.T       { return e.T }
func (e *Const) Type() types.T        { return e.T }
func (e *Param) Type() types.T        { return e.T }
func (e *Call) Type() types.T         { return e.T }
func (e *And) Type() types.T          { return types.Of(types.Bool) }
func (e *Or) Type() types.T           { return types.Of(types.Bool) }
func (e *Not) Type() types.T          { return types.Of(types.Bool) }
func (e *IsNull) Type() types.T       { return types.Of(types.Bool) }
func (e *BoolTest) Type() types.T     { return types.Of(types.Bool) }
func (e *DistinctFrom) Type() types.T { return types.Of(types.Bool) }
func (e *Case) Type() types.T         { return e.T }
func (e *Coalesce) Type() types.T     { return e.T }
func (e *Extremum) Type() types.T     { return e.T }
func (e *Cast) Type() types.T         { return e.To }
func (e *InList) Type() types.T       { return types.Of(types.Bool) }
func (e *AnyAll) Type() types.T       { return types.Of(types.Bool) }
func (e *MakeArray) Type() types.T    { return e.T }
func (e *Subscript) Type() types.T    { return e.T }

func (*Column) isExpr()       {}
func (*Const) isExpr()        {}
func (*Param) isExpr()        {}
func (*Call) isExpr()         {}
func (*And) isExpr()          {}
func (*Or) isExpr()           {}
func (*Not) isExpr()          {}
func (*IsNull) isExpr()       {}
func (*BoolTest) isExpr()     {}
func (*DistinctFrom) isExpr() {}
func (*Case) isExpr()         {}
func (*Coalesce) isExpr()     {}
func (*Extremum) isExpr()     {}
func (*Cast) isExpr()         {}
func (*InList) isExpr()       {}
func (*AnyAll) isExpr()       {}
func (*MakeArray) isExpr()    {}
func (*Subscript) isExpr()    {}
