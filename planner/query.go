package planner

import (
	"millrace/catalog"
	"millrace/planner/logical"
	"millrace/planner/physical"
	"millrace/sql/ast"
	"millrace/types"
)

// Env is what a statement is planned in.
type Env struct {
	Catalog    *catalog.Snapshot
	SearchPath []string
	// TypeEnv is the session's environment, by which literals are read and constants folded; nil means
	// types.DefaultEnv, which is what a view's plan uses in any case.
	TypeEnv *types.Env
	// Params are the types that the client declared for $1, $2, ...; Invalid ones, and those beyond the end, are
	// inferred.
	Params []types.T
	// View asks for a plan that is maintained as its inputs change, rather than run once over a snapshot.
	View bool
	// DisabledRules names rewrite rules that are left out, for tests; "*" leaves out all optional ones.
	DisabledRules []string
}

// Query is a planned query.
type Query struct {
	Plan *physical.Plan
	// Params are the types of $1, $2, ..., all of them determined.
	Params []types.T
	// DependsOn lists the relations that the query names, directly or through inlined views, by id, each once.
	DependsOn []uint32
	// Columns are the result's columns as the client sees them.
	Columns []physical.Column
	// Logical is the plan after rewriting, for tests and EXPLAIN.
	Logical logical.Node
	// Notices are remarks for the client, as that an ORDER BY without LIMIT has no effect in a view.
	Notices []string
}

// PlanQuery plans a SELECT or VALUES.
func PlanQuery(stmt ast.Statement, env *Env) (*Query, error) { panic("pending") }
