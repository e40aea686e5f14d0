// Package logical is the logical plan: relational operators over numbered columns, what bind produces, rules
// rewrite and lower turns into a physical plan.
//
// Every column that any operator computes has a number that is unique in the statement ([ColID]); an operator
// that passes a column on keeps its number. So an expression means the same wherever its columns are at hand, and
// a rule moves it without renumbering. In the expressions of a logical plan, expr.Column.Index is a ColID; only
// lower turns them into positions. Names and types stand in the statement's [Columns].
//
// Plans are immutable trees: a rule that changes a node makes a new one (see [Node.WithInputs]). A [Join] whose
// right input reads columns of the left is a dependent join; the rules remove these before lowering.
//
// Properties that rules and lowering rely on (candidate keys, columns that are not NULL, append-only inputs)
// come from [Analysis].
package logical
