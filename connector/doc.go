// Package connector holds the interfaces between Millrace and other systems: sources that feed a stream or table,
// sinks that take a relation's changes, and the declaration of their options.
//
// A connector declares its options once ([Option]): the declaration validates a WITH (...) list with suggestions
// for misspelt names, and documents itself. The registry is an explicit list in package connector/builtin.
//
// A [Source] owns its position: it returns, with each batch, the offset after it, and the engine stores both in
// one commit. On start it is opened with the last stored offset, so nothing is read twice and nothing skipped. A
// source never commits and knows no engine. It may block in Next; it must return soon after ctx ends.
package connector
