// Package agg holds the aggregate functions: their registry, their accumulators and their folds.
//
// An aggregate is split by algebra, so that exec needs no case per function:
//
//   - Linear (count, sum, avg, the variance and regression families, bool_and and bit_and as counts, the
//     hypothetical-set functions): a change is added to a small state with its weight, a retraction subtracts exactly.
//     These have an [Accumulator].
//   - Ordered (min, max): needs the group's values in order once rows may be retracted; exec keeps a multiset
//     of values per group and asks for the first. Over an append-only input the extreme alone is enough, and
//     the function behaves as a linear one that ignores negative weights.
//   - Folded (string_agg, array_agg, JSON, mode, percentiles, the functions that pick a row's value): computed from the group's
//     rows in the call's order by a [Fold]. exec keeps the rows as an ordered multiset and folds those of a group again when
//     they have changed. A Pick over an append-only input keeps its one row.
//
// DISTINCT is exec's: for linear functions it counts values per group and passes on only the appearance and disappearance
// of a value; a fold gets equal rows once.
//
// Results do not depend on the order in which rows came. What a fold's ORDER BY leaves open is decided by the
// arguments, in their rising order with nulls last, and then by their bytes: so array_agg(x) is in the order of x. (PostgreSQL
// leaves it open, and gives the order in which it happens to read.)
//
// Sums are exact, so neither the order of rows nor what was added and retracted before shows in a result, and a group
// whose rows are gone is back at the empty state: integers in 128 bits, numerics in [types.NumericSum], floats in one
// fixed-point number that spans their whole range (see exact.go). A result out of range is a row error, which a later
// retraction cures.
//
// A batch is first collapsed per group: rows of one step are added into columns of partial states (one slot per
// group of the step), and only then is each group's stored state touched once.
//
// To add a function, write its file and add its list to buildFunctions; whatever binding, planning and execution have to know of
// it is in its [Function].
package agg
