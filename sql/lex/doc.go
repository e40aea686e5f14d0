// Package lex splits SQL text into tokens by PostgreSQL 15's lexical rules (PostgreSQL documentation, section 4.1).
//
// [Scan] reads the whole text at once into a slice that the caller may reuse: the parser can then look ahead as far as
// it needs, and a long INSERT costs no allocation per token. The text of a token is a piece of the input wherever
// nothing had to be decoded.
//
// It guarantees that the input holds valid UTF-8 and no NUL (SQLSTATE 22021 otherwise), that identifiers are folded
// (ASCII only) and cut to 63 bytes, and that positions count characters from 1. A lexical error does not fail the scan:
// it becomes the last token, so that a syntax error before it is the one reported, as in PostgreSQL.
//
// Cost: linear in the text; no recursion (comments nest by a counter).
package lex
