// Package slt runs sqllogictest files against a server that speaks the PostgreSQL protocol, and can write
// the server's answers into them.
//
// # Files
//
// A file is a list of records, separated by blank lines. A line that starts with # between records is a comment.
//
//	statement ok                    the statement succeeds
//	statement count 3               it succeeds and its command tag reports 3 rows
//	statement error                 it fails with any error
//	statement error 22012           it fails with this SQLSTATE; also written (22012)
//	statement error (22012) by zero it fails with this SQLSTATE and a message that matches the regular expression
//	statement error by zero         its message matches the regular expression
//	statement error pgcode 22012 by zero  another way to write (22012) by zero
//	query error ...                 the same as statement error
//	query <types> [<sort>] [<label>]
//
// The lines after the header, up to a blank line or ----, are the SQL: one statement, with or without its
// semicolon. (In the simple protocol several are accepted; a file that uses this says `onlyif simple`.) A `statement error` with
// no pattern may have the message, or a part of it, after a line ----. Only an error that
// the server reports satisfies `error`; a lost connection or a timeout always fails the record.
//
// A query's result follows a line ---- and ends at a blank line, so no rows is nothing after ----. <types> has one
// letter a column, which is held against the column's type: I for integers (int2, int4, int8, oid), R for other
// numbers (numeric, float4, float8), T for all else, ? for no check. Suites of other systems have further letters, which are
// taken as well: B boolean, F float4 and float8, O oid, D and P dates and times. <sort> is nosort (the default), rowsort (rows are
// sorted by their values as text, column by column) or valuesort (values are sorted with no regard to rows, and written
// one a line); expected and actual results are sorted alike. Queries with the same <label> in one file must have the same result.
// A result may be written as `30 values hashing to <MD5>`, the hash of the sorted values each followed by a newline.
//
// # Values
//
// A value is written as the server's text form; NULL as NULL and the empty string as (empty). A value that could be
// mistaken for something else is written as a Go string literal in double quotes: one with a control character, with
// two spaces together, or a space at an end, whose text is NULL or (empty), or that starts with a double quote and
// is not itself such a literal. Different values are never written alike.
//
// A row is one line. Columns are separated by a tab or by two or more spaces, and in a line that has neither, by single spaces. So
// the recorder's aligned columns and a hand-written `1 2 3` both work, and a value with a space in it needs two
// spaces beside it. In a query of one column the whole line is the value.
//
// Comparison is of text. numeric is exact and so its text is. A float8 that depends on the order of summation is
// not: a file that computes such values says `control floattolerance 1e-12`, and then float4 and float8 columns
// also match when |a-b| <= tolerance * max(|a|,|b|). There is no absolute tolerance: what should cancel to zero must.
//
// # Other records
//
//	hash-threshold 100     when recording, results of more values are written as a hash; 0 means never
//	halt                   the rest of the file is not run
//	include other.slt      runs a file, named relative to this one, in its place, or each that matches a pattern such as
//	                       *.part; it is not rewritten when recording
//	subtest name           a heading, without effect
//	restart                Options.Restart, if there is one; connections are closed and opened anew in any case
//	connection name        the next record uses this connection, opened when first named; records without
//	                       this line use the one called default
//	onlyif label           the next record is run only if the label applies: the engine's name
//	skipif label           (millrace, postgresql) or the protocol's (simple, extended)
//	control sortmode rowsort         the default of <sort> from here to the end of the file
//	control resultmode valuewise     the old form of results, see below
//	control floattolerance 1e-12     see above
//	control restart off              Options.RestartEvery does not apply to this file from here on, since it depends on session state
//	control asviews off              Options.AsViews does not apply to the queries from here on, since they depend on what a view does not see
//
// In `control resultmode valuewise`, results are those of the original test suite of SQLite: every value is on a line of
// its own; I columns are written as truncated integers, R columns with three decimals, and in T columns each byte
// that is not printable ASCII is written as @. Column types are not checked.
//
// With Options.Scenario, as in `millrace test`, there is a clock that moves only as the file says, and
//
//	clock '2026-01-01 00:00:00'      sets the clock; nothing happens until the next commit
//	advance to '2026-01-02 12:00:00' lets time pass until then
//	advance by '10 s'                lets so much time pass
//	changes v                        after ----, the changes of a view since the last such record or since it was made: the time, by how
//	                                 much the row's number has changed, the row; those of one commit are added up and sorted
//	state v                          after ----, lines such as `rows 5` or `bytes <= 1000`: what its operators keep
//
// After each record all views have followed it.
//
// `sleep` and `system` are refused: reads see earlier writes, so there is nothing to wait for, and a test
// file must not run programs. A query's `retry 3 backoff 1s` is accepted and has no effect, for the same reason.
//
// # Queries as views
//
// With Options.AsViews each query of the file, each text once, is also kept as a materialized view. After each definition
// (CREATE, ALTER, DROP, SET, RESET) the runner tries to create all that are not there yet, so a view is made as soon as the last
// relation that it reads exists, before that has rows, and follows all changes. At the query's record, once its answer is
// found right, the view must have the same rows and types; and again at the end of the file, or before a statement that begins with DROP, ALTER,
// CREATE OR REPLACE, SET or RESET, for which all views are removed, to be made anew afterwards. A query that the server answers
// but does not take as a view fails its record, unless the reason is 0A000 or 42P16: these are counted by their message in Result.NotAsViews, as are
// those within transaction blocks, where a view does not show the block's own changes. On PostgreSQL, whose materialized views
// stand still, the views are plain ones.
//
// # Recording
//
// With Options.Record a file's results are rewritten from the server's answers. What already matches is kept as it is,
// byte for byte. Type letters that are wrong or left out are filled in; a query of several rows with no sort mode and no ORDER BY gets
// rowsort, since its order means nothing; a bare `statement error` gets the SQLSTATE. The recorder never turns
// success into failure or the reverse: `statement ok` that fails, and `statement error` that does not, stay failures.
//
// # Failure
//
// Run reports every failed record with file, line, statement and a diff, goes on with the file, and gives it up after
// Options.FailuresPerFile. It returns an error only when it cannot do its work: no connection, an unreadable file,
// a cancelled context. A file with a syntax error counts as one failure and none of it is run.
package slt
