// Package engine turns commits into epochs and epochs into current views.
//
// It owns the one order of everything: the committer (commit.go) is a single goroutine that drains waiting
// transactions, checks them against the current rows, gives the group one epoch, writes it in one synced
// durable batch, publishes it and acknowledges. Each materialized view and sink is a dataflow (dataflow.go)
// with a goroutine and a frontier of its own (run.go): it takes the epochs that wait for it (target.go), pushes their
// changes through its operators and applies state, rows, changelog and frontier as one derived batch (step.go). A read (read.go)
// takes one epoch E, registers it with each view it touches, and gets a snapshot of each at exactly E.
//
// Guarantees:
//   - A commit that was acknowledged is on disk; one that was not is wholly present or wholly absent.
//   - All relations of a transaction change in one epoch, for every view and every read.
//   - A view at frontier F equals its query over the inputs at F. After a crash it resumes from the frontier
//     found in the derived store, reading its inputs' changelogs onward: nothing twice, nothing lost.
//   - A view that is slow or fails delays no writer and no other view; only its own readers wait.
//   - Queues are bounded: the in-memory tails of changelogs by bytes, the committer's queue by transactions.
//
// Failure: an operator error that is not a row error, or a panic, puts that view in the state failed with its
// reason; it is tried again on restart, and set aside after repeated failures. A durable write that fails stops
// the committer: every later commit is answered with that error, reads go on.
//
// The package knows no SQL text and no client. It never reads the machine's clock except through Clock, and the
// time of a commit is recorded in it.
package engine
