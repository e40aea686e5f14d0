package ast

// TypeName is the name of a type as written, keyword types under PostgreSQL's internal names.
type TypeName struct {
	Pos  int
	Name ObjectName
	// SetOf is for the results of functions.
	SetOf bool
	// PercentType is name%TYPE: Name is then a column.
	PercentType bool
	// Mods are the modifiers: numeric(10, 2) has two. PostgreSQL accepts any expressions for types of its own.
	Mods []Expr
	// Fields are the fields of an interval, in upper case: "DAY TO SECOND"; "" for all.
	Fields string
	// Bounds has one entry for each dimension of an array: the length written, or -1. They have no meaning beyond
	// that it is an array.
	Bounds []int
}
