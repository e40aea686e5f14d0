// Package physical is the physical dataflow plan as plain data: what planner/lower produces, EXPLAIN prints,
// the engine stores a fingerprint of, and exec builds operators from.
//
// A [Plan] is a list of nodes in topological order; a node names its inputs by index, and a node's index is
// its operator number, under which its state is stored. Node kinds are the struct types of this package. All
// decisions are in the fields: whether an aggregate keeps an ordered multiset for min and max, whether a join
// may drop a side's bookkeeping, which columns are keys. exec decides nothing.
package physical
