// Package lint holds the house rules of this repository as a Go test, so that a rule is something that fails rather
// than something to remember.
//
// The rules:
//
//   - imports go downwards only, in the order of the table in layers.go, which is the table of ARCHITECTURE.md; a
//     third-party package is imported only where dependencies.go says;
//   - no package or file is named for nothing (util, common, helpers, manager);
//   - every package has a doc.go with the package comment;
//   - ARCHITECTURE.md names only paths that exist;
//   - no test sleeps: it waits for a condition, or its clock is an input;
//   - operators, expressions, planner, batches and types have no clock, no randomness, no goroutine and no I/O, since a
//     replay must give the same bytes;
//   - writes to the durable store are synced: Pebble's unsynced ones are found only in files that say derived and in the
//     functions listed in calls.go;
//   - a file has at most 900 lines and a function 150 (tests apart). What exceeds that is listed in size.go with its
//     ceiling; an entry that is no longer needed must go.
//
// [Check] only parses: no type information, no build, no process. A package that hides a clock behind a variable
// gets past it; it is there for slips, not for adversaries. Nested modules, testdata and hidden folders are not looked at.
//
// To add a rule, add it to the list in check.go with a test that breaks it.
package lint
