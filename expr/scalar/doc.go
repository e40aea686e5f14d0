// Package scalar is the registry of built-in scalar functions and operators, and PostgreSQL's rules for choosing
// among them.
//
// Each family of functions has a file with its kernels and the list of its entries; [Functions] is the lists one after
// the other. To add a function, write its kernel and its entry. Overloads are entries with the same name.
//
// [Resolve] and [ResolveOperator] choose an overload for argument types as PostgreSQL does (its documentation,
// chapter 10): exact match, implicit casts, preferred types, untyped literals, polymorphic and variadic parameters.
// [Call], [Operator] and [Coerce] build the typed expression, conversions included. [CanCast] is PostgreSQL's pg_cast.
//
// Kernels run over whole columns. Those of arithmetic and comparison are loops over the columns' slices; the others call a
// function per row. None allocates per row unless its value demands it. Results, errors and their wording are
// PostgreSQL's; where they differ on purpose, the kernel says so. Two differences run through the package: values are
// limited to [expr.MaxValueBytes] where PostgreSQL allows 1 GB, and text is compared and sorted by code point, with
// character classes by Unicode's simple case mapping, whatever the locale.
package scalar
