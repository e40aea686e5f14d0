package rules

import (
	"slices"

	"millrace/pgerr"
	"millrace/planner/logical"
)

// roundsMax bounds how often the list is applied. Rules make plans simpler, so that a few rounds are enough; a plan that
// has not settled by then is correct all the same.
const roundsMax = 12

// Context is what rules know besides the plan.
type Context struct {
	Columns *logical.Columns
	// Analysis derives properties. It is kept by operator, and operators are immutable, so it stays valid.
	Analysis *logical.Analysis
	// View: the plan is maintained over changing inputs.
	View bool
	// Rows are the approximate numbers of rows of relations, by id, where they are known.
	Rows map[uint32]int64
	// Need are the columns that the query gives or is ordered by.
	Need logical.ColSet

	magic int // see magicMax
	err   error
}

// fail remembers the first error.
func (c *Context) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// Rule is one rewrite.
type Rule struct {
	Name string
	// Required rules cannot be turned off.
	Required bool
	// Node rewrites one operator, whose inputs are rewritten already; it gives the operator itself where the rule does
	// not apply.
	Node func(c *Context, n logical.Node) logical.Node
	// Plan, instead of Node, rewrites a whole plan.
	Plan func(c *Context, n logical.Node) logical.Node
}

// first are the rules that put a plan into the form that the others expect; they run once.
var first = []Rule{
	{Name: "decorrelate", Required: true, Plan: decorrelate},
}

// List is the rules that run to a fixpoint, in order.
var List = []Rule{
	{Name: "fold_constants", Node: foldConstants},
	{Name: "fold_empty", Node: foldEmpty},
	{Name: "remove_constant_joins", Node: removeConstantJoins},
	{Name: "merge_projects", Node: mergeProjects},
	{Name: "flatten_unions", Node: flattenUnions},
	{Name: "remove_single_row", Node: removeSingleRow},
	{Name: "simplify_outer_joins", Node: simplifyOuterJoins},
	{Name: "push_filters", Node: pushFilters},
	{Name: "transfer_constants", Node: transferConstants},
	{Name: "rank_limit", Node: rankLimit},
	{Name: "simplify_semi_joins", Node: simplifySemiJoins},
	{Name: "simplify_aggregates", Node: simplifyAggregates},
	{Name: "group_to_distinct", Node: groupToDistinct},
	{Name: "remove_distinct", Node: removeDistinct},
	{Name: "push_limits", Node: pushLimits},
	{Name: "prune_columns", Plan: pruneColumns},
}

// last are the rules that prepare the lowering; they run once.
var last = []Rule{
	{Name: "push_semi_joins", Node: pushSemiJoins},
	{Name: "order_joins", Plan: orderJoins},
	{Name: "interval_joins", Node: intervalJoins},
	{Name: "hop_panes", Node: hopPanes},
	{Name: "number_rows", Node: numberRows},
	{Name: "sink_windows", Node: sinkWindows},
	{Name: "join_keys", Node: joinKeys},
	{Name: "not_in_columns", Required: true, Node: notInColumns},
	{Name: "prune_columns", Plan: pruneColumns},
	{Name: "delta_joins", Plan: deltaJoins},
}

// Names lists all rules.
func Names() []string {
	var names []string
	for _, list := range [][]Rule{first, List, last} {
		for _, r := range list {
			names = append(names, r.Name)
		}
	}
	return names
}

// Run rewrites a plan. disabled names rules to leave out; "*" stands for all that are not
// required. The error is for queries that cannot be maintained.
func Run(c *Context, n logical.Node, disabled []string) (logical.Node, error) {
	off := func(r *Rule) bool {
		return !r.Required && (slices.Contains(disabled, "*") || slices.Contains(disabled, r.Name))
	}
	apply := func(list []Rule) {
		for i := range list {
			if !off(&list[i]) {
				n = list[i].apply(c, n)
			}
		}
	}
	apply(first)
	if c.err == nil && !c.Analysis.Free(n).Empty() {
		c.fail(pgerr.Unsupported("this form of a correlated subquery"))
	}
	if c.err != nil {
		return nil, c.err
	}
	for range roundsMax {
		before := n
		apply(List)
		if n == before {
			break
		}
	}
	apply(last)
	return n, c.err
}

func (r *Rule) apply(c *Context, n logical.Node) logical.Node {
	if r.Plan != nil {
		return r.Plan(c, n)
	}
	return logical.Transform(n, func(x logical.Node) logical.Node { return r.Node(c, x) })
}
