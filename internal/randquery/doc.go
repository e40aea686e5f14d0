// Package randquery writes random schemas, queries and changes in SQL that Millrace and PostgreSQL both take, and makes
// failing cases small.
//
// A [Schema] has a few tables, with and without a key, whose columns have few values: keys meet, tie and repeat, about one
// in six is NULL, and some are at the ends of their type. A [Generator] writes queries over it ([Generator.Query]) and transactions
// that change it ([Generator.Transaction]). All come from one seeded source and from nothing else.
//
// # What a query guarantees
//
// The answer is determined as a multiset of rows: limits, window functions and ordered aggregates come with an order that
// leaves no choice that shows; floats are sums of few binary digits, so that the order of addition does not matter. [Query.Ordered]
// says that the order of the rows is determined too. A query whose generator has [Options.Fallible] may fail for some rows'
// values (overflow, division by zero); which of these PostgreSQL comes across is not determined. PostgreSQL refuses a few queries in a
// hundred, for instance a full join on a condition that it cannot hash.
//
// [Query.Uses] names the constructs in it, for a caller that counts what is covered and what is refused.
//
// # Reduction
//
// Queries and changes are trees of text ([Node]). A node knows what kind of thing it is, so that [Reduce] can put a smaller thing of the
// same kind in its place (hierarchical delta debugging) with no knowledge of SQL: PostgreSQL refuses what has become
// meaningless, and that is then no smaller case.
package randquery
