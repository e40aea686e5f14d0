package rules

import (
	"slices"

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
	// Need are the columns that the query gives or is ordered by.
	Need logical.ColSet
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
var List = []Rule{}

// last are the rules that prepare the lowering; they run once.
var last = []Rule{}

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

// Run rewrites a plan. disabled names rules to leave out; "*" stands for all that are not required.
func Run(c *Context, n logical.Node, disabled []string) logical.Node {
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
	for range roundsMax {
		before := n
		apply(List)
		if n == before {
			break
		}
	}
	apply(last)
	return n
}

func (r *Rule) apply(c *Context, n logical.Node) logical.Node {
	if r.Plan != nil {
		return r.Plan(c, n)
	}
	return logical.Transform(n, func(x logical.Node) logical.Node { return r.Node(c, x) })
}
