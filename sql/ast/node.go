package ast

// Node is any part of the tree.
type Node interface {
	// Position is the node's Pos: 1-based, in characters, 0 where unknown.
	Position() int
}

// Statement is a complete SQL statement.
type Statement interface {
	Node
	statement()
}

// Expr is a scalar expression; some nodes are legal only in certain places ([Star], [NamedArg], [Default]).
type Expr interface {
	Node
	expr()
}

// TableExpr is an item of a FROM clause.
type TableExpr interface {
	Node
	tableExpr()
}

// QueryBody is what a [Select] orders and limits: [*SelectCore], [*Values], [*SetOp], or a nested parenthesised
// [*Select] that has clauses of its own.
type QueryBody interface {
	Node
	queryBody()
}

// TableElement is an item of the parenthesised list of CREATE TABLE or CREATE STREAM.
type TableElement interface {
	Node
	tableElement()
}

// ObjectName is a possibly qualified name of a table, view, type, function or the like.
type ObjectName struct {
	Pos     int
	Catalog string // database; "" where not written
	Schema  string // "" where not written
	Name    string
}

// Position implements [Node].
func (n ObjectName) Position() int { return n.Pos }

// Alias is a table alias, with names for the first columns.
type Alias struct {
	Pos     int
	Name    string
	Columns []string
}

// Option is one item of a parenthesised option list, or one option of a statement with its own spelling.
type Option struct {
	Pos  int
	Name string // folded as an identifier; with a namespace or dots as written: "toast.autovacuum_enabled"
	// Value is nil where only the name was given; a *Literal; a *ColumnRef for a bare word (on, all, json); a *Row
	// for a parenthesised list; a *Star for *; a *SecretRef; or a *TypedLiteral or *UnaryOp where the option takes an expression.
	Value Expr
}

// Text is the value of an option as a plain string: a literal's text, a bare word, "true" and "false" for booleans.
// It is "" and false for a list, a secret, or where there is no value.
func (o *Option) Text() (string, bool) { return optionText(o.Value) }

func optionText(v Expr) (string, bool) {
	switch v := v.(type) {
	case *Literal:
		return v.Text, v.Kind != NullLiteral
	case *ColumnRef:
		if len(v.Parts) == 1 {
			return v.Parts[0], true
		}
	case *UnaryOp:
		if s, ok := optionText(v.Arg); ok {
			return v.Op + s, true
		}
	case *TypedLiteral:
		return v.Value, true
	}
	return "", false
}
