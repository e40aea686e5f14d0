// Package rules rewrites logical plans: an explicit list of rules, each a function in a file of its own that says what
// the plan looks like before and after, why, and under which guard.
//
// A rule keeps the result the same for every input, errors included in one direction: an expression that can fail is
// never evaluated for a row for which it was not before, so no rule brings up an error that the query as written would
// not have had. It may take errors away, as any filter that is applied earlier does.
//
// [Run] applies the list round after round, from the leaves up, until nothing changes. Rules that the lowering depends
// on cannot be turned off; for the others, tests compare plans with and without.
package rules
