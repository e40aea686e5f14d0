// Package jsonpath is the SQL/JSON path language over jsonb values, as PostgreSQL 15 has it: strict and lax mode, accessors
// for members, elements and all levels, filters with three-valued logic, arithmetic, item methods and variables.
//
// A [Path] is parsed once and may be used by many goroutines. [Path.Run] walks a value and gives the items of the result one by
// one. Errors carry PostgreSQL's SQLSTATEs and messages; within a filter an error makes a condition unknown, as the standard
// says. Recursion is bounded by the depth of the path (depthMax, 54001) and of the value (types.JSONDepthMax).
//
// Not there: the method datetime(), which is refused by name. Ids that keyvalue() gives are numbers that differ between the
// objects of one value; PostgreSQL's are places in its own storage format.
package jsonpath
