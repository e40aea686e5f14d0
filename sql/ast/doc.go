// Package ast is the syntax tree of Millrace's SQL: PostgreSQL 15's dialect and the streaming additions.
//
// The tree is untyped and knows no catalog: names are as written (folded to lower case unless quoted), types are
// names with modifiers, and literals are text. Every node is a plain struct behind a pointer and carries Pos, the
// 1-based position in characters of the place PostgreSQL would point at in an error about that node: the operator
// of an operation, the first token of nearly everything else. [Start] gives the leftmost position of an expression.
// Pos is 0 in a tree that no parser made.
//
// What the parser normalises, so that consumers see one form:
//   - a chain of AND or of OR is one [And] or [Or] with all its operands; a chain of the same set operation is one
//     [SetOp] with all its inputs, to be read as a left fold; TABLE t is SELECT * FROM t;
//   - SQL's keyword types carry PostgreSQL's internal names (integer is pg_catalog.int4, char is pg_catalog.bpchar
//     with the modifier 1), and so do the functions behind special syntax ([FuncCall].Form keeps the spelling);
//   - parentheses are not kept, except as an implicit [Row].
//
// [Format] prints any node as SQL that parses back to an equal tree; [Equal] compares trees without positions;
// [Walk] visits every node. All three recurse, which is safe for the trees of package parser: it bounds their height
// (parser.MaxHeight). A tree built by hand has no such bound.
package ast
