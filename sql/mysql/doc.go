// Package mysql reads statements in MySQL's dialect and gives them as trees of package ast, so that everything behind the
// parser knows one dialect only.
//
// [Parse] splits a text into statements by MySQL's lexical rules. Queries, INSERT, REPLACE, UPDATE, DELETE and the
// definitions that MySQL has are read by TiDB's parser and lowered. All other statements are Millrace's own and are read by
// package parser; where such a statement holds a query (CREATE MATERIALIZED VIEW v AS ..., EXPLAIN ..., DECLARE c
// CURSOR FOR ...), that query is in MySQL's dialect again and is put into the outer statement's tree.
//
// Lowering is syntactic: it knows neither tables nor types. Where MySQL's meaning depends on a type that only the binder
// will know, the lowered form is one that is right for every type, or PostgreSQL's strictness stays: what MySQL
// would convert in silence ('abc' = 0) is then an error and never another answer. The differences that remain are listed in
// docs/reference/mysql.md. What has no equivalent is refused by name with 0A000.
//
// The lowered tree can be printed by ast.Format and read by package parser: so view definitions are stored in
// Millrace's dialect, and a restart needs no second one.
//
// Hostile text: statements that would make TiDB's parser recurse without bound are refused with 54001 before it sees
// them, lowering counts its depth and the nodes that it copies, and a panic in the foreign parser becomes an XX000 error
// of the one statement.
package mysql
