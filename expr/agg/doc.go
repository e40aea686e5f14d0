// Package agg holds the aggregate functions: their registry and their accumulators.
//
// An aggregate is split by algebra, so that exec needs no case per function:
//
//   - Linear (count, sum, avg, bool_and as a pair of counts): a change is added to a small state with its
//     weight, a retraction subtracts exactly.
//   - Ordered (min, max): needs the group's values in order once rows may be retracted; exec keeps a multiset
//     of values per group and asks for the first. Over an append-only input the extreme alone is enough, and
//     the function behaves as a linear one that ignores negative weights.
//
// DISTINCT is exec's: it counts values per group and passes on only the appearance and disappearance of a value.
//
// Sums are exact, so neither the order of rows nor what was added and retracted before shows in a result, and a group
// whose rows are gone is back at the empty state: integers in 128 bits, numerics in [types.NumericSum], floats in one
// fixed-point number that spans their whole range (see exact.go). A result out of range is a row error, which a later
// retraction cures.
//
// A batch is first collapsed per group: rows of one step are added into columns of partial states (one slot per
// group of the step), and only then is each group's stored state touched once.
package agg
