package rules

import "millrace/planner/logical"

func decorrelate(c *Context, n logical.Node) logical.Node { return n }
