// Package pgcatalog serves PostgreSQL's system catalogs: schemas pg_catalog and information_schema, as relations that
// the ordinary planner reads.
//
// Every relation of PostgreSQL 15's two schemas is there with all its columns, in order, and so are columns that later
// versions of psql ask for, at the end. Those that say something about a Millrace database have rows: relations, their
// columns, types, keys, constraints, dependencies, comments, roles, settings. The others are empty.
//
// Contents are computed from a catalog snapshot and kept until the next one, so a client that asks many questions at its
// start pays for one. What PostgreSQL ships with (types, functions, operators, casts) is read from tables in data, which
// a test compares with a live server; functions are listed only where Millrace has one of that name.
//
// Object ids. Built-in types, functions and relations have PostgreSQL's ids, which clients know by heart. A relation's is
// its id in the Millrace catalog. What a relation brings with it (row type, array of that, index of a key, constraint,
// rule, default) has an id computed from the relation's; see oid.go. So ids stay the same over restarts.
//
// Relations show as the kind that serves tools best: streams and tables as tables (r), views as views (v), materialized
// views as such (m), indexes as indexes (i). Sinks do not show. Schema information_schema lists materialized views, too,
// which PostgreSQL's does not: tools that read nothing else would not see them.
package pgcatalog
