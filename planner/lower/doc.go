// Package lower makes the physical plan of a logical one. It decides strategy, where the rules of package rules decide
// shape:
//
//   - which columns of each relation are read and which columns each operator passes on (only what is used above it);
//   - which equalities of a join's condition are its keys, and what of the condition remains;
//   - whether an aggregate may keep its extreme only, which side of a join never changes;
//   - whether a relation is read by key: all of it, a point or range of keys, or in key order with an early end;
//   - under which key, in which order, a view's result is stored;
//   - that equal operators over equal inputs are one operator with several consumers.
//
// The result is deterministic. A logical plan that still has a dependent join, or an expression that reads a column
// that its input does not give, is an internal error (XX000): the rules have failed.
package lower
