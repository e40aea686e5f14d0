// Package parser turns SQL text into the tree of package ast: PostgreSQL 15's grammar and the streaming additions.
//
// It is a hand-written recursive descent over the tokens of package lex, with precedence climbing for operators after
// PostgreSQL's precedence table. Entries: [Parse] for a text of several statements, [ParseOne] for exactly one,
// [ParseExpr] and [ParseType] for fragments.
//
// It accepts what PostgreSQL's grammar accepts and rejects what that rejects, with the same error, position and
// SQLSTATE: an error points at the token at which PostgreSQL's own parser would stop. Exceptions: statements of
// PostgreSQL's that Millrace does not have come back as *ast.Unsupported without a look at what follows their name; and
// a few words that the additions use (EMIT, QUALIFY, ASOF) are taken for syntax where PostgreSQL would take them for an
// alias, but only if what follows makes no other sense. No word is reserved beyond PostgreSQL's.
//
// It does not check meaning: names, types, counts of columns. The few checks of meaning that PostgreSQL's grammar makes
// are made here too.
//
// Hostile text: no input makes it panic or recurse without bound. Nesting beyond MaxNesting and trees higher than
// MaxHeight are refused with 54001; long chains of operators, joins and set operations are read by loops. Time and
// memory are linear in the text.
package parser
