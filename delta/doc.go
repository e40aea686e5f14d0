// Package delta holds the change batch: rows in columns, with a weight each, which is the one form in which
// rows travel between the log, the operators and the clients.
//
// A [Batch] of n rows has one [Vec] per column and, unless every row is an insertion, a weight per row:
// +1 means the row appears once more, -1 once less. A batch is a multiset change; the order of its rows means
// nothing, except in a result that was sorted for a client.
//
// Ownership: a batch that has been handed on (pushed into an operator, published in a changelog's tail, given
// to a result writer) is immutable, and its vectors may be shared by other batches. Who builds a batch may
// write to it until then. Vectors hold no pointers per row, so the garbage collector has little to look at.
//
// The package knows types and their representations and nothing of SQL, storage or operators.
package delta
