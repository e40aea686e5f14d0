// Package exec holds the incremental operators, one file each, and builds them from a physical plan.
//
// A [Dataflow] takes changes of the scanned relations with [Dataflow.Push], as many and in any order, and ends a step
// with [Dataflow.Flush]: then the operators, in topological order, emit what the step changed in their output. Linear
// operators (filter, project, union, window, series) pass changes on at once and keep nothing. The others collapse
// the changes of a step per key first, touch each key's state once at Flush, and emit the difference between the
// output before and after the step.
//
// Guarantees:
//
//   - The output of the root, added up over all steps, is the query's result over the sum of all input changes,
//     whatever their order within a step and however they are split into batches and steps. Within a step a row may be
//     retracted before it is inserted.
//   - The root's output of one step is consolidated: no weight is zero, and no row occurs with weights of both signs.
//     A step that changes nothing emits nothing.
//   - State returns to its size when changes are undone: nothing is remembered of a row that is gone.
//   - Equal inputs give equal outputs, byte for byte: there is no clock, no randomness, no goroutine and no
//     dependence on the order of a map.
//
// Errors are data. A row for which an expression fails goes to [Options.OnError] with the row's weight instead of to
// the output, so that its error is retracted with it; a group whose aggregate is out of range is an error of
// weight +1 until that is cured. In an ad-hoc query ([Options.AdHoc]) the first error ends it.
//
// An error that a method returns is final: the dataflow and its uncommitted state must be thrown away. [ErrNegative]
// means that a row has been retracted more often than inserted, which is an error in the engine or an operator
// and never goes unnoticed.
//
// An ad-hoc query is the same operators fed with one step. They then keep no state beyond the step.
//
// Methods of a Dataflow are called by one goroutine. Cost per row is written at each operator.
package exec
