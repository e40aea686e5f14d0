// Package expr holds typed scalar expressions: the tree that the binder makes, the registry interface of
// functions and casts, and the compiler from a tree to vector kernels.
//
// An [Expr] is plain data, fully resolved: every function, cast and type is decided. [Compile] turns it into a
// [Program], which evaluates over the rows of a batch and gives a vector and, for rows where evaluation
// failed, errors. Errors are data: a failing row has a NULL slot in the vector and an entry in the error list,
// and the caller decides (an operator of a view sends it to the view's error output, an ad-hoc query fails).
//
// Evaluation order follows PostgreSQL where it is visible: AND and OR stop at the first deciding operand from
// the left, CASE and COALESCE evaluate a branch only for the rows that reach it, so that
// `CASE WHEN b <> 0 THEN a / b END` never fails.
//
// What fails is decided by evaluation alone: [Fold] leaves a subexpression that fails as it is, and reads no settings,
// so that the text of a date or a time zone is not folded; a binder converts untyped literals by [EvalConst] with the
// session's context.
//
// Cost: an arithmetic or comparison node over fixed-width columns takes about a nanosecond a row, a string function some tens;
// nothing is allocated per row in the first case, nor for constants, which stay one row. NULLs cost a selection vector for
// functions that may fail. Limits keep hostile expressions from the machine's memory: on nesting, on the bytes of a value
// ([MaxValueBytes]) and of a result vector; rows beyond them fail with 54000.
//
// Programs hold scratch memory and are not safe for concurrent use; compile once per goroutine. The package
// has no clock and no randomness: statement time and session settings come in through [Context].
package expr
