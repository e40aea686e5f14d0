// Package planner turns a syntax tree into a physical dataflow plan. It is the façade over its sub-packages:
//
//	bind      names, scopes and types: syntax tree to logical plan
//	logical   the logical plan: relational operators over numbered columns
//	rules     rewrites of the logical plan, an explicit list
//	lower     strategy: logical plan to physical plan
//	physical  the physical plan as plain data, the only part that exec and engine import
//
// The same plan serves an ad-hoc query and a view; [Env].View says which, since they differ in what is known
// of the input (a snapshot never retracts) and in what is allowed (no volatile functions in a view).
//
// Planning is deterministic: the same tree, catalog and environment give the same plan, byte for byte in
// [Explain] and [Fingerprint]. It does no I/O and keeps no state. Errors are *pgerr.Error with PostgreSQL's
// SQLSTATE, wording and position. Depth and size of the plan are bounded (54001), so that a hostile statement
// costs an error and neither stack nor memory.
package planner
