package ast

// Precedence is how tightly an operator binds (PostgreSQL documentation, section 4.1.6).
type Precedence uint8

// The levels, loosest first. Operators of a level associate to the left, but for PrecNot and PrecUnary (prefix) and
// PrecIs, PrecCompare and PrecLike, whose operators do not associate: a < b < c is an error.
const (
	PrecLowest Precedence = iota
	PrecOr
	PrecAnd
	PrecNot
	PrecIs      // IS ISNULL NOTNULL
	PrecCompare // < > = <= >= <>
	PrecLike    // BETWEEN IN LIKE ILIKE SIMILAR
	PrecOp      // all other operators
	PrecAdd
	PrecMul
	PrecPow
	PrecAt
	PrecCollate
	PrecUnary
	PrecCast
	PrecPrimary
)

// OperatorPrecedence is the precedence of a binary operator by its name; one with a schema binds as OPERATOR(...).
func OperatorPrecedence(op, schema string) Precedence {
	if schema != "" {
		return PrecOp
	}
	switch op {
	case "<", ">", "=", "<=", ">=", "<>":
		return PrecCompare
	case "+", "-":
		return PrecAdd
	case "*", "/", "%":
		return PrecMul
	case "^":
		return PrecPow
	}
	return PrecOp
}

// precedence of an expression as it is printed.
func precedence(e Expr) Precedence {
	switch e := e.(type) {
	case *Or:
		return PrecOr
	case *And:
		return PrecAnd
	case *Not:
		return PrecNot
	case *IsNull, *IsBool, *IsDistinct, *IsDocument:
		return PrecIs
	case *BinaryOp:
		return OperatorPrecedence(e.Op, e.Schema)
	case *AnyAll:
		return OperatorPrecedence(e.Op, e.Schema)
	case *Between, *Like, *In, *InSubquery:
		return PrecLike
	case *UnaryOp:
		if e.Schema == "" && (e.Op == "+" || e.Op == "-") {
			return PrecUnary
		}
		return PrecOp
	case *AtTimeZone:
		return PrecAt
	case *Collate:
		return PrecCollate
	case *Cast:
		if !e.Call {
			return PrecCast
		}
	case *FuncCall:
		if e.Form == IsNormalizedForm || e.Form == OverlapsForm {
			return PrecIs
		}
	}
	return PrecPrimary
}

// closed says whether an expression ends in something other than an operand, so that an operator after it cannot be
// drawn into it, however tightly it binds.
func closed(e Expr) bool {
	switch e := e.(type) {
	case *IsNull, *IsBool, *IsDocument, *In, *InSubquery, *AnyAll, *Collate, *Cast:
		return true
	case *FuncCall:
		return e.Form == IsNormalizedForm || e.Form == OverlapsForm
	}
	return false
}

// wordy says whether an expression is not a b_expr of PostgreSQL's grammar at its top.
func wordy(e Expr) bool {
	switch e := e.(type) {
	case *Or, *And, *Not, *IsNull, *IsBool, *Between, *Like, *In, *InSubquery, *AnyAll, *AtTimeZone, *Collate:
		return true
	case *FuncCall:
		return e.Form == IsNormalizedForm || e.Form == OverlapsForm
	}
	return false
}
