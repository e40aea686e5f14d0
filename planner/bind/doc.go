// Package bind gives meaning to a syntax tree: it resolves names and types and makes a logical plan.
//
// Names follow PostgreSQL's rules: the search path for relations; the innermost query level whose FROM clause
// has the column; columns merged by USING and NATURAL; output names in ORDER BY, input names before output names
// in GROUP BY. Types follow its rules, too: untyped literals and parameters take the type of what they meet, and
// what is left of them at the end of a select list is text.
//
// Views are inlined: the definition is bound under the view's own search path. A WITH query is bound anew for each
// reference; lowering finds equal plans again and shares them.
//
// What a subquery in an expression computes becomes a column of a dependent join (see logical.Join), for the
// rules to untangle. Window functions become a logical.Over,
// the three that number rows a logical.TopN, which a condition on the number can bound.
//
// Errors are *pgerr.Error with PostgreSQL's SQLSTATE, wording and position; beyond PostgreSQL, a name that does
// not exist comes with a hint where another is a few letters away. The size of the plan is bounded by nodesMax,
// that of expressions which repeat others by exprMax, and the nesting of views by viewDepthMax, all with 54001.
package bind
