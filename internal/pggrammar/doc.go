// Package pggrammar holds Millrace's parser against PostgreSQL's own grammar, as pg_query_go compiles it into a library. It is a
// module of its own, since that needs a C compiler and a minute to build, and has tests only: run it with make grammar.
//
// The statements are those of the end-to-end suites, those that a grammar (testdata/grammar.txt) derives, and both of these with words
// removed, doubled or exchanged, so that many are wrong. On each the two parsers must agree: both accept it or both reject
// it. Where Millrace knows a construct and says that it is not supported (0A000) it accepts.
//
// Wanted differences are in testdata/differences.txt: a pattern with the reason, and an example that has to differ, so that no entry outlives
// its reason. The library has the grammar of PostgreSQL 17, while Millrace follows 15.
package pggrammar
